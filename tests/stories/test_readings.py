"""What a reading of the vendor makes of odd lists: gone, doubled, renewed early, deleted elsewhere, impossible."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.customers import queries as customers
from seatwright.operations import queries as operations
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions import sync_runs
from seatwright.vendors import port
from seatwright.workflows import charge_cycles, connections, run_desk, settle_drift, sync_tenant
from tests.stories.world import BASIC, EXCHANGE, World

pytestmark = pytest.mark.django_db(transaction=True)


class Altered:
    """The vendor account, with what it says about subscriptions passed through `alter` first."""

    def __init__(self, vendor: port.Vendor, alter: Callable[[port.VendorSubscription], port.VendorSubscription | None]):
        self._vendor = vendor
        self._alter = alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vendor, name)

    def list_subscriptions(self, **asked: Any) -> list[port.VendorSubscription]:
        altered = (self._alter(each) for each in self._vendor.list_subscriptions(**asked))
        return [each for each in altered if each is not None]

    def read_subscription(self, **asked: Any) -> port.VendorSubscription:
        altered = self._alter(self._vendor.read_subscription(**asked))
        if altered is None:
            raise port.VendorMissing("There is no such subscription.")
        return altered


@pytest.fixture
def alter(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """From now on the vendor shows each subscription of this SKU as `change` makes it; None hides it."""
    plain = connections.vendor_of

    def install(world: World, sku_id: str, change: Callable[[Any], port.VendorSubscription | None]) -> None:
        vendor_id = world.holding("north", sku_id).vendor_subscription_id

        def only(seen: port.VendorSubscription) -> port.VendorSubscription | None:
            return change(seen) if seen.subscription_id == vendor_id else seen

        monkeypatch.setattr(connections, "vendor_of", lambda tenant: Altered(plain(tenant), only))

    return install


def charges_of(world: World, sku_id: str) -> list[tuple[str, str, int, int]]:
    subscription_id = world.holding("north", sku_id).subscription_id
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=subscription_id)
    return [(row.kind, row.period_start_on.isoformat(), row.seats, row.amount_minor) for row in rows]


def drifts() -> list[tuple[str, str]]:
    return [(drift.ours, drift.theirs) for drift in holdings.open_drifts(seen_by=SYSTEM)]


def events(world: World, sku_id: str) -> list[str]:
    subscription_id = world.holding("north", sku_id).subscription_id
    found = audit.history(seen_by=SYSTEM, subject_kind="subscription", subject_id=subscription_id)
    return [entry.action for entry in reversed(found)]


def adopt(world: World, sku_id: str) -> None:
    settle_drift.adopt(
        by=world.actor("support"),
        subscription_id=world.holding("north", sku_id).subscription_id,
        reason="It was ended in the vendor's portal.",
        at=world.at,
    )


def test_a_subscription_that_the_vendor_no_longer_knows_is_a_drift_and_is_charged_no_further(
    world: World, alter: Callable[..., None]
) -> None:
    alter(world, BASIC, lambda seen: None)
    world.sync()
    assert world.holding("north", BASIC).status == "deleted"
    assert drifts() == [("10", "0")]
    assert events(world, BASIC) == ["subscription.adopted", "subscription.status_seen", "drift.opened"]
    world.sync()
    assert events(world, BASIC) == ["subscription.adopted", "subscription.status_seen", "drift.opened"]
    world.move(days=20)
    charge_cycles.post_due(at=world.at)
    assert charges_of(world, BASIC) == []

    world.at -= dt.timedelta(days=20)
    adopt(world, BASIC)
    # 10 x 5.88 x 13 / 31 days are given back: 24.658.
    assert charges_of(world, BASIC) == [("adopted", "2026-03-17", -10, -2466)]
    assert (drifts(), world.holding("north", BASIC).seats, holdings.miscounted()) == ([], 0, [])


def test_a_subscription_left_out_of_one_list_is_asked_for_and_nothing_happens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = connections.vendor_of
    left_out = world.holding("north", BASIC).vendor_subscription_id

    class Forgetful(Altered):
        def read_subscription(self, **asked: Any) -> port.VendorSubscription:
            return self._vendor.read_subscription(**asked)

    monkeypatch.setattr(
        connections,
        "vendor_of",
        lambda tenant: Forgetful(plain(tenant), lambda seen: None if seen.subscription_id == left_out else seen),
    )
    world.sync()
    assert (world.holding("north", BASIC).status, drifts()) == ("active", [])


def test_a_subscription_that_came_back_is_a_drift_until_a_person_takes_it_over(
    world: World, alter: Callable[..., None]
) -> None:
    alter(world, BASIC, lambda seen: replace(seen, status="deleted"))
    world.sync()
    adopt(world, BASIC)
    alter(world, BASIC, lambda seen: seen)
    world.move(minutes=5)
    world.sync()
    assert (world.holding("north", BASIC).status, drifts()) == ("deleted", [("0", "10")])
    adopt(world, BASIC)
    world.move(minutes=5)
    world.sync()
    assert (world.holding("north", BASIC).status, world.holding("north", BASIC).seats, drifts()) == ("active", 10, [])


def test_a_subscription_listed_twice_is_entered_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = connections.vendor_of

    class Doubling(Altered):
        def list_subscriptions(self, **asked: Any) -> list[port.VendorSubscription]:
            seen = list(self._vendor.list_subscriptions(**asked))
            twice = [replace(each, subscription_id="11111111-1111-4111-8111-111111111111") for each in seen[:1]]
            return [*seen, *twice, *twice, *seen]

    monkeypatch.setattr(connections, "vendor_of", lambda tenant: Doubling(plain(tenant), lambda seen: seen))
    before = len(holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]]))
    world.sync()
    assert len(holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])) == before + 1
    assert drifts() == []


def test_one_subscription_that_cannot_be_read_keeps_no_other_one_from_being_read(
    world: World, alter: Callable[..., None]
) -> None:
    def garbled(_: port.VendorSubscription) -> port.VendorSubscription:
        raise port.VendorGarbled("Partner Center sent a subscription without id, quantity or status")

    alter(world, BASIC, garbled)
    world.move(days=21)
    world.sync()
    assert (world.holding("north", BASIC).status, drifts()) == ("active", [])
    assert "term.renewed" in events(world, EXCHANGE)
    tenant_id = world.holding("north", BASIC).tenant_id
    read = sync_runs.sync_states(tenant_ids=[tenant_id])[tenant_id]
    assert (read.state, read.note) == ("done", "Something could not be read and stays as it was.")


def test_a_running_subscription_without_seats_is_a_drift_that_cannot_be_taken_over(
    world: World, alter: Callable[..., None]
) -> None:
    alter(world, BASIC, lambda seen: replace(seen, quantity=0, commitment_end_on=None))
    world.sync()
    assert drifts() == [("10", "0")]
    with pytest.raises(settle_drift.NothingToSettle):
        adopt(world, BASIC)
    alter(world, BASIC, lambda seen: seen)
    world.move(minutes=5)
    world.sync()
    assert (drifts(), events(world, BASIC)) == ([], ["subscription.adopted", "drift.opened", "drift.closed"])


def test_a_renewal_shown_before_our_clock_reaches_it_is_entered_afterwards_and_charged(
    world: World, alter: Callable[..., None]
) -> None:
    alter(world, EXCHANGE, lambda seen: replace(seen, commitment_end_on=dt.date(2026, 5, 7)))
    world.move(days=20)  # 6 April: the term in the books ends on the 7th
    world.sync()
    assert world.holding("north", EXCHANGE).commitment_end_on == dt.date(2026, 4, 7)
    world.move(days=2)
    world.sync()
    charge_cycles.post_due(at=world.at)
    assert world.holding("north", EXCHANGE).commitment_end_on == dt.date(2026, 5, 7)
    assert charges_of(world, EXCHANGE) == [("cycle", "2026-04-07", 1, 444)]


def test_more_returnable_seats_than_are_held_do_not_make_more_seats(world: World, alter: Callable[..., None]) -> None:
    until = world.at + dt.timedelta(days=3)
    new = "22222222-2222-4222-8222-222222222222"
    told = tuple(port.ReturnableSeats(quantity=seats, until=until) for seats in (0, 4, 9))
    alter(world, BASIC, lambda seen: replace(seen, subscription_id=new, returnable=told))
    world.sync()
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    (fresh,) = [row for row in rows if row.vendor_subscription_id == new]
    assert ([lot.seats for lot in fresh.lots], fresh.seats, holdings.miscounted()) == ([4, 6], 10, [])


def test_a_trial_is_entered_without_a_price_and_never_charged(world: World, alter: Callable[..., None]) -> None:
    new = "33333333-3333-4333-8333-333333333333"
    alter(world, BASIC, lambda seen: replace(seen, subscription_id=new, is_trial=True))
    world.sync()
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    (trial,) = [row for row in rows if row.vendor_subscription_id == new]
    world.move(days=40)
    charge_cycles.post_due(at=world.at)
    charged = billing.charges(
        seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=trial.subscription_id
    )
    assert (trial.unit_rate, charged) == ("", [])


def test_a_reading_that_gave_up_shows_in_the_queue_and_is_replaced_by_the_next_one(world: World) -> None:
    world.simulator.fault("refuse", match={"method": "GET", "path": "/subscriptions$"}, status=403, code=2000)
    world.move(hours=1)
    sync_tenant.request(by=world.actor("north_admin"), customer_id=world.customer_ids["north"], at=world.at)
    world.work(rounds=2)
    (line,) = run_desk.queue(by=world.actor("support")).parked
    assert (line.name, line.order_id) == ("north.example", None)
    world.simulator.clear_faults()
    world.move(hours=1)
    assert sync_tenant.request_stale(older_than=dt.timedelta(minutes=30), at=world.at) == 2
    world.work()
    assert operations.parked(seen_by=SYSTEM) == []
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])[0]
    assert sync_runs.sync_states(tenant_ids=[tenant.tenant_id])[tenant.tenant_id].state == "done"


def test_a_reading_that_fails_by_a_bug_is_not_shown_as_running_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "vendor_of", lambda tenant: None)
    world.sync()
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])[0]
    assert sync_runs.sync_states(tenant_ids=[tenant.tenant_id])[tenant.tenant_id].state == "failed"


def test_one_customers_request_leaves_readings_under_way_alone(world: World) -> None:
    actor = world.actor("north_admin")
    asked = [sync_tenant.request(by=actor, customer_id=world.customer_ids["north"], at=world.at) for _ in range(2)]
    assert asked == [1, 0]
