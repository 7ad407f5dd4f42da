"""What happens at the vendor between two readings is entered as it was: once, with its own price, and never lost."""

import datetime as dt
from decimal import Decimal

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.customers import queries as customers
from seatwright.customers.models import Reseller
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import charge_cycles, pricing, settle_drift, sync_tenant
from tests.stories.test_late_prices import charges, in_the_console, sold, waiting
from tests.stories.test_renewal_processing import an_hour_passes, go_to
from tests.stories.test_schedule_change import wish
from tests.stories.test_unpriced import day, serve_west, take_west_over, west
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)


def drifts() -> list[tuple[str, str]]:
    return [(drift.ours, drift.theirs) for drift in holdings.open_drifts(seen_by=SYSTEM)]


def serve_trial(world: World, *, country: str) -> None:
    """A third customer with a trial of 25 seats, which becomes a year billed by the month on 9 April 2026."""
    trial = {"quantity": 25, "billingCycle": "none", "isTrial": True}
    serve_west(world, country=country, created_at="2026-03-10T10:00:00+00:00", term="P1M", **trial)


def test_a_trial_that_became_a_paid_year_is_charged_and_changed_like_any_other(world: World) -> None:
    """The trial was of the paid licence that costs 25 x 12.29 = 307.25 a month."""
    serve_trial(world, country="BE")
    take_west_over(world, country="BE")
    assert (west(world).is_trial, west(world).unit_rate, waiting(world)) == (True, "", [])
    an_hour_passes(world, day(2026, 4, 11))
    row = west(world)
    assert (row.is_trial, row.term, row.unit_rate, charges(world)) == (False, "P1Y", "12.29", [("2026-04-09", 30725)])
    customer = customers.customer(seen_by=SYSTEM, customer_id=world.customer_ids["west"])
    more = [pricing.Wish(subscription_id=row.subscription_id, seats=26)]
    assert pricing.price(by=SYSTEM, customer=customer, wishes=more, at=world.at).refusals == {}


def test_a_trial_costs_nothing_where_the_year_that_it_became_waits_for_its_price(world: World) -> None:
    serve_trial(world, country="FR")
    take_west_over(world, country="FR")
    an_hour_passes(world, day(2026, 4, 11))
    assert waiting(world) == ["2026-04-09"]
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    an_hour_passes(world, day(2026, 5, 10))
    assert (waiting(world), charges(world)) == ([], [("2026-04-09", 30725), ("2026-05-09", 30725)])


@pytest.mark.parametrize(
    ("bought", "met", "expected"),
    [
        ({"created_at": "2026-03-10T10:00:00+00:00", "term": "P1M"}, day(2026, 6, 14), [("2026-06-10", 2688)]),
        ({"created_at": "2025-06-10T10:00:00+00:00", "auto_renew": False}, day(2026, 6, 14), [("2026-06-10", 2769)]),
        (
            {"created_at": "2026-03-10T10:00:00+00:00", "term": "P1M"},
            day(2026, 8, 14),
            [("2026-06-10", 2688), ("2026-07-10", 2688), ("2026-08-10", 2688)],
        ),
    ],
    ids=["a month", "extended service", "three months"],
)
def test_what_was_renewed_and_ended_before_it_was_read_is_charged_until_a_person_takes_the_end_over(
    world: World, bought: dict[str, object], met: dt.datetime, expected: list[tuple[str, int]]
) -> None:
    """Four seats by the month are 4 x 6.72 = 26.88, as extended service 27.69; the vendor ended them on the 14th."""
    serve_west(world, country="BE", **bought)  # type: ignore[arg-type]
    take_west_over(world, country="BE")
    for month in (4, 5):
        an_hour_passes(world, day(2026, month, 11))
    before = charges(world)
    go_to(world, met)
    in_the_console(world, status="deleted")
    for _ in range(2):
        an_hour_passes(world, met)
        assert (west(world).status, drifts(), charges(world)) == ("deleted", [("4", "0")], before + expected)
    settle_drift.adopt(
        by=world.actor("support"), subscription_id=west(world).subscription_id, reason="Ended there.", at=world.at
    )
    on, end_on = met.date(), dt.date(met.year, met.month + 1, 10)
    days = (end_on - dt.date(met.year, met.month, 10)).days
    back = -round(Decimal(expected[-1][1]) * (end_on - on).days / days)
    assert (west(world).seats, charges(world)[-1]) == (0, (on.isoformat(), back))


@pytest.mark.parametrize("fault", ["timeout_after_effect", "timeout_before_effect"])
def test_seats_of_an_order_without_an_answer_that_the_renewal_was_to_bring_too_are_booked_once(
    world: World, fault: str
) -> None:
    """10 seats, 15 from 30 January on; on the 29th 15 are ordered for now: 5 x 5.88 / 31 = 0.95, then 15 x 5.88."""
    go_to(world, dt.datetime(2027, 1, 28, 10, tzinfo=dt.UTC))
    world.sync()
    charge_cycles.post_due(at=world.at)
    wish(world, quantity=timeline.SeatsTotal(15))
    world.work()
    world.simulator.fault(fault, match={"method": "PATCH", "path": "/subscriptions/", "times": 1})
    go_to(world, dt.datetime(2027, 1, 29, 22, 50, tzinfo=dt.UTC))
    world.book("north_admin", "north", basic=15)
    unread = {"method": "GET", "path": "/subscriptions/[0-9a-f-]+$", "nth": 3, "times": 200}
    world.simulator.fault("error_5xx_before_effect", match=unread)
    world.work(rounds=4)
    go_to(world, dt.datetime(2027, 1, 30, 3, tzinfo=dt.UTC))
    sync_tenant.request_all(at=world.at)
    world.work(rounds=1)
    world.simulator.clear_faults()
    for hour in (6, 9, 12):
        an_hour_passes(world, dt.datetime(2027, 1, 30, hour, tzinfo=dt.UTC))
    row = world.holding("north", BASIC)
    assert (row.seats, row.vendor_seats, row.commitment_end_on, drifts()) == (15, 15, dt.date(2028, 1, 30), [])
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=row.subscription_id)
    late = sorted((each.period_start_on.isoformat(), each.amount_minor) for each in rows)
    # Where the vendor never heard of it, nobody can tell any more: it shows what was ordered.
    assert late[-2:] == [("2027-01-29", 95), ("2027-01-30", 8820)]
    assert holdings.miscounted() == []


def test_a_licence_met_on_the_evening_before_its_first_day_has_the_price_of_that_day(world: World) -> None:
    """In New York it is still 31 March when the term of 1 April begins in UTC; 9.99 holds from April on."""
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone="America/New_York")
    offer = sold(term="P1Y")
    catalogue.price_fixed(
        reseller_id=world.reseller_id,
        offer_pk=offer.pk,
        amount=Decimal("9.99"),
        currency="EUR",
        valid_from_on=dt.date(2026, 4, 1),
        at=world.at,
    )
    go_to(world, dt.datetime(2026, 4, 1, 2, tzinfo=dt.UTC))
    serve_west(world, country="BE", created_at="2026-04-01T01:00:00+00:00")
    take_west_over(world, country="BE")
    an_hour_passes(world, day(2026, 4, 2))
    assert (west(world).unit_rate, charges(world)) == ("9.99", [("2026-04-01", 3996)])


def test_a_licence_that_began_today_for_the_vendor_is_charged_from_then_where_it_was_yesterday(world: World) -> None:
    """In Auckland it is already 1 April when a licence bought elsewhere on 31 March is met, minutes after it."""
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone="Pacific/Auckland")
    go_to(world, dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC))
    serve_west(world, country="BE", created_at="2026-03-31T19:50:00+00:00")
    take_west_over(world, country="BE")
    an_hour_passes(world, day(2026, 4, 2))
    assert charges(world) == [("2026-03-31", 2352)]
