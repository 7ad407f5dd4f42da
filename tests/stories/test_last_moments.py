"""A seat change at the last moment before sending, after a crash, and in the hands of the reseller's staff."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.customers import queries as customer_queries
from seatwright.operations import engine
from seatwright.operations import queries as operations
from seatwright.rules import refusals, timeline
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions.models import Subscription
from seatwright.workflows import (
    change_seats,
    connections,
    follow_order,
    pricing,
    run_desk,
    schedule_change,
    seat_operation,
    sending,
    settle_drift,
    wishes,
)
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.test_readings import alter as alter
from tests.stories.test_readings import drifts, events
from tests.stories.test_vendor_faults import PATCH, effects_on_seats
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
Alter = Callable[..., None]


class PowerCut(BaseException):
    """The process ends here; nothing after it runs."""


def outcome(world: World, order_id: uuid.UUID) -> tuple[str, str, str]:
    """The order's state with stage and refusal of its first line."""
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    return page.state, page.lines[0].stage, page.lines[0].refusal


def charged(world: World) -> list[tuple[str, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    return [(row.kind, row.seats) for row in rows]


def settle(world: World, decision: run_desk.Decision) -> None:
    (line,) = run_desk.queue(by=world.actor("support")).parked
    run_desk.settle(
        by=world.actor("support"),
        operation_id=line.operation.id,
        decision=decision,
        reason="Read in the vendor's log.",
        at=world.at,
    )


def test_a_refused_wish_is_not_stored(world: World) -> None:
    with pytest.raises(pricing.Refused) as refused:
        world.book("north_owner", "north", basic=1)
    assert {type(each) for each in sum(refused.value.priced.refusals.values(), ())} >= {refusals.BelowAssigned}


@pytest.mark.parametrize("at_point", ["submit.before_call", "submit.after_call"])
def test_a_power_cut_around_the_call_leaves_one_effect_and_one_charge(
    world: World, monkeypatch: pytest.MonkeyPatch, at_point: str
) -> None:
    def cut(name: str) -> None:
        if name == at_point:
            raise PowerCut

    order_id = world.book("north_owner", "north", basic=12)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "checkpoint", cut)
        with pytest.raises(PowerCut):
            engine.run_due(clock=world.clock)
    assert outcome(world, order_id)[:2] == ("running", "sent")
    world.work()
    assert outcome(world, order_id) == ("done", "done", "")
    assert (effects_on_seats(world), charged(world)) == ([(10, 12)], [("increase", 2)])


def test_a_refusal_whose_booking_was_cut_off_ends_the_line_at_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_given: object, **_named: object) -> None:
        raise PowerCut

    world.simulator.fault("refuse", match=PATCH | {"times": 2}, status=400, code=800067)
    order_id = world.book("north_owner", "north", basic=12)
    with monkeypatch.context() as patch:
        patch.setattr(seat_operation, "refuse", cut)
        with pytest.raises(PowerCut):
            engine.run_due(clock=world.clock)
    assert outcome(world, order_id)[0] == "running"
    world.work(rounds=3)
    assert outcome(world, order_id) == ("failed", "refused", "vendor_quantity_out_of_range")
    assert (effects_on_seats(world), charged(world)) == ([], [])


def test_a_run_that_ended_after_the_look_does_not_look_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(name: str) -> None:
        if name == "confirm.noted":
            raise PowerCut

    order_id = world.book("north_owner", "north", basic=12)
    with monkeypatch.context() as patch:
        patch.setattr(seat_operation, "checkpoint", cut)
        with pytest.raises(PowerCut):
            engine.run_due(clock=world.clock)
    world.simulator.kill()
    engine.run_due(clock=world.clock)
    assert outcome(world, order_id) == ("done", "done", "")


def test_an_effect_that_shows_only_after_it_was_thought_absent_is_not_sent_again(world: World, alter: Alter) -> None:
    def hidden(seen: Any) -> Any:
        (view,) = operations.views(operation_ids=ids).values()
        return seen if view.progress.get("sends") else dataclasses.replace(seen, quantity=10)

    world.simulator.fault("timeout_after_effect", match=PATCH)
    order_id = world.book("north_owner", "north", basic=12)
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    ids = [line.operation_id for line in page.lines]
    alter(world, BASIC, hidden)
    world.work(rounds=60)
    assert outcome(world, order_id) == ("done", "done", "")
    assert (effects_on_seats(world), charged(world)) == ([(10, 12)], [("increase", 2)])


def test_a_change_that_never_takes_effect_is_sent_five_times_and_then_left_to_a_person(world: World) -> None:
    world.simulator.fault("timeout_before_effect", match={**PATCH, "times": 20})
    order_id = world.book("north_owner", "north", basic=12)
    world.work(rounds=120, step_s=20)
    (line,) = run_desk.queue(by=world.actor("support")).parked
    assert line.operation.parked_reason == "sent_too_often"
    settle(world, "not_done")
    assert outcome(world, order_id) == ("failed", "refused", "settled_not_done")
    assert (charged(world), drifts()) == ([], [])


def test_nothing_is_sent_to_a_subscription_that_is_no_longer_active(world: World, alter: Alter) -> None:
    order_id = world.book("north_owner", "north", basic=12)
    alter(world, BASIC, lambda seen: dataclasses.replace(seen, status="suspended"))
    world.work()
    assert outcome(world, order_id) == ("failed", "refused", "not_active")
    assert (effects_on_seats(world), charged(world)) == ([], [])


def test_nothing_is_sent_at_the_old_price_once_the_term_that_it_was_for_is_over(world: World) -> None:
    world.move(days=20)  # 6 April; the month ends on the 7th
    order_id = world.book("north_owner", "north", exchange=2)
    world.move(days=1)
    world.work()
    assert outcome(world, order_id) == ("failed", "refused", "term_over")
    assert (world.vendor_seats("north", EXCHANGE), charged(world)) == (1, [])


def test_seats_of_a_pool_that_the_directory_does_not_show_are_returned(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = connections.vendor_of

    class WithoutPools:
        def __init__(self, vendor: Any) -> None:
            self._vendor = vendor

        def __getattr__(self, name: str) -> Any:
            return getattr(self._vendor, name)

        def list_pools(self, **_asked: Any) -> list[Any]:
            return []

    order_id = world.book("north_owner", "north", basic=9)
    monkeypatch.setattr(connections, "vendor_of", lambda tenant: WithoutPools(plain(tenant)))
    world.work()
    assert outcome(world, order_id) == ("done", "done", "")


def test_a_denied_call_waits_for_a_person_and_goes_on_when_they_say_so(world: World) -> None:
    world.simulator.fault("refuse", match=PATCH, status=403, code=2000)
    order_id = world.book("north_owner", "north", basic=12)
    world.work()
    (line,) = run_desk.queue(by=world.actor("support")).parked
    assert (line.operation.parked_reason, line.order_id) == ("vendor_denied", order_id)
    settle(world, "look_again")
    world.work()
    assert outcome(world, order_id) == ("done", "done", "")
    assert charged(world) == [("increase", 2)]


def test_a_number_that_nobody_ordered_is_shown_to_staff_and_stays_a_difference_after_their_decision(
    world: World,
) -> None:
    world.simulator.fault("timeout_after_effect", match=PATCH)
    world.simulator.fault("error_5xx_before_effect", match={"method": "GET", "path": "/subscriptions/", "nth": 3})
    order_id = world.book("north_owner", "north", basic=12)
    world.work(rounds=1)
    change_at_the_vendor(world, world.holding("north", BASIC).vendor_subscription_id, seats=15)
    world.simulator.clear_faults()
    world.work()
    (line,) = run_desk.queue(by=world.actor("support")).parked
    assert (line.operation.parked_reason, line.vendor_seats) == ("third_value", 15)
    settle(world, "done")
    assert outcome(world, order_id) == ("done", "done", "")
    assert (drifts(), charged(world)) == ([("12", "15")], [("increase", 2)])
    settle_drift.adopt(
        by=world.actor("support"),
        subscription_id=line.operation.intent["subscription_id"],
        reason="The customer bought three more in the portal.",
        at=world.at,
    )
    assert (drifts(), charged(world)) == ([], [("increase", 2), ("adopted", 3)])
    assert events(world, BASIC) == [
        "subscription.adopted",
        "seats.changed",
        "drift.opened",
        "drift.adopted",
    ]


def test_a_difference_is_not_taken_over_while_a_change_is_under_way(world: World) -> None:
    subscription_id = world.holding("north", BASIC).subscription_id
    change_at_the_vendor(world, world.holding("north", BASIC).vendor_subscription_id, seats=15)
    world.sync()
    world.book("north_owner", "north", basic=11)
    with pytest.raises(settle_drift.NothingToSettle):
        settle_drift.adopt(by=world.actor("support"), subscription_id=subscription_id, reason="Now.", at=world.at)
    assert world.holding("north", BASIC).seats == 10


@pytest.mark.parametrize("shown", ["active", "suspended", "quiescent"])
def test_after_the_term_a_difference_waits_until_the_new_term_is_read_and_charged(world: World, shown: str) -> None:
    vendor_id = world.holding("north", EXCHANGE).vendor_subscription_id
    change_at_the_vendor(world, vendor_id, seats=2)
    world.sync()
    world.move(days=21)
    Subscription.objects.filter(vendor_subscription_id=vendor_id).update(status=shown)

    def adopt() -> None:
        settle_drift.adopt(
            by=world.actor("support"),
            subscription_id=world.holding("north", EXCHANGE).subscription_id,
            reason="Bought in the portal.",
            at=world.at,
        )

    with pytest.raises(settle_drift.TermUnread):
        adopt()
    assert (world.holding("north", EXCHANGE).seats, charged(world)) == (1, [])
    world.sync()
    adopt()
    assert (world.holding("north", EXCHANGE).seats, charged(world)) == (2, [("adopted", 1)])


def test_what_is_under_way_counts_for_the_cap_of_a_family(world: World) -> None:
    world.book("north_owner", "north", standard=200)
    priced = change_seats.preview(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        wishes=world.wish("north", basic=120),
        at=world.at,
    )
    (refusal,) = priced.refusals[str(world.holding("north", BASIC).subscription_id)]
    assert isinstance(refusal, refusals.AboveFamilyMaximum)
    assert (refusal.maximum, refusal.would_be) == (300, 320)


def test_staff_see_their_own_customers_with_what_they_hold_and_nobody_else_does(world: World) -> None:
    page = run_desk.customer_list(by=world.actor("support"), text="", after="")
    assert [(line.customer.name, line.domains, line.seats, line.subscriptions, line.drifts) for line in page.rows] == [
        ("North", ("north.example",), 16, 3, 0),
        ("South", ("south.example",), 4, 1, 0),
    ]
    assert run_desk.customer_list(by=world.actor("other_staff"), text="", after="").rows == ()
    for ask in (
        lambda by: run_desk.customer_list(by=by, text="", after=""),
        lambda by: run_desk.queue(by=by),
    ):
        with pytest.raises(permissions.NotAllowed):
            ask(world.actor("north_owner"))
    with pytest.raises(permissions.Unknown):
        run_desk.settle(
            by=world.actor("support"), operation_id=uuid.uuid4(), decision="done", reason="Just so.", at=world.at
        )
    assert holdings.miscounted() == []


def test_another_kind_of_parked_work_is_settled_without_touching_seats(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "vendor_of", lambda tenant: None)
    world.move(hours=1)
    world.sync()
    lines = run_desk.queue(by=world.actor("support")).parked
    assert sorted((line.name, line.operation.parked_reason) for line in lines) == [
        ("north.example", "bug"),
        ("south.example", "bug"),
    ]
    for line in lines:
        run_desk.settle(
            by=world.actor("support"),
            operation_id=line.operation.id,
            decision="not_done",
            reason="The next reading comes anyway.",
            at=world.at,
        )
    assert run_desk.queue(by=world.actor("support")).parked == ()


def test_a_change_accepted_and_never_visible_is_parked_when_its_time_is_over(world: World) -> None:
    world.simulator.fault("answer_202", match=PATCH, visible_after_s=10 * 86400.0)
    world.book("north_owner", "north", basic=12)
    world.work(rounds=3)
    world.move(days=2)
    world.work(rounds=3)
    (line,) = run_desk.queue(by=world.actor("support")).parked
    assert (line.operation.parked_reason, line.vendor_seats, charged(world)) == ("deadline_passed", 10, [])


def entered_beside(world: World, *, offer_key: str) -> uuid.UUID:
    """Four more seats of `basic` in a subscription of their own."""
    row = world.holding("north", BASIC)
    fields = {field.name: getattr(row, field.name, None) for field in dataclasses.fields(subscriptions.NewSubscription)}
    own = {"offer_key": offer_key, "vendor_subscription_id": str(uuid.uuid4()), "charged_from_on": world.at.date()}
    shown = {"shown_key": offer_key, "is_extended": False}
    return subscriptions.adopt(
        new=subscriptions.NewSubscription(**{**fields, **own, **shown}),
        reading=subscriptions.Reading(
            status="active",
            seats=4,
            auto_renew=True,
            commitment_end_on=row.commitment_end_on,
            returnable=None,
            scheduled=None,
            cancellable_until=None,
        ),
        policy_version="test",
        at=world.at,
    )


def test_seats_of_another_subscription_of_the_same_licence_may_carry_the_people_at_the_renewal(world: World) -> None:
    by, row = world.actor("north_owner"), world.holding("north", BASIC)
    wish = {timeline.Dimension.QUANTITY: timeline.SeatsTotal(3)}
    schedule_change.schedule(by=by, subscription_id=row.subscription_id, wishes=wish, at=world.at)

    def warned() -> list[str]:
        plan = schedule_change.plan(by=by, subscription_id=row.subscription_id, at=world.at)
        assert plan.following.quantity == 3
        return [conflict.reason.code for conflict in plan.found if not conflict.is_blocking]

    assert warned() == ["still_assigned"]
    entered_beside(world, offer_key=row.offer_key)
    assert warned() == []


def test_a_licence_that_the_catalogue_does_not_know_has_no_renewal_to_plan(world: World) -> None:
    unknown = entered_beside(world, offer_key="microsoft:gone:0001:commercial:P1Y:monthly:BE")
    with pytest.raises(wishes.NotRunning):
        schedule_change.plan(by=world.actor("north_owner"), subscription_id=unknown, at=world.at)


def test_each_licence_of_a_booking_is_judged_by_the_return_rules_of_its_own_vendor(world: World) -> None:
    """The two basic seats can be returned for five days more; their vendor here wants to know six days before."""
    Subscription.objects.filter(pk=world.holding("north", BASIC).subscription_id).update(vendor_key="early")
    catalogue.add_return_policy(
        vendor_key="early",
        offer_class="licence",
        valid_from_on=dt.date(2026, 1, 1),
        return_window=dt.timedelta(days=7),
        safety_margin=dt.timedelta(days=6),
        source="made up for tests",
    )
    customer = customer_queries.customer(seen_by=SYSTEM, customer_id=world.customer_ids["north"])

    def price(**seats: int) -> pricing.Priced:
        wishes = world.wish("north", **seats)
        return pricing.price(by=world.actor("north_owner"), customer=customer, wishes=wishes, at=world.at)

    for wished in ({"standard": 6, "basic": 8}, {"basic": 8, "standard": 6}):
        ((key, (reason,)),) = price(**wished).refusals.items()
        assert (key, type(reason)) == (str(world.wish("north", basic=8)[0].subscription_id), refusals.NotReturnable)
    both = price(standard=6, basic=11)
    assert both.calculation is not None
    assert len(both.calculation.policy_version.split("+")) == 2
    assert world.holding("north", STANDARD).vendor_key == "microsoft"
