"""A renewal that the vendor takes hours for: entered once, charged once, its wishes carried out once."""

import datetime as dt

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations.models import Operation
from seatwright.orders import intents
from seatwright.orders.models import ChangeIntent
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import charge_cycles, pricing, schedule_change, watch_renewals
from tests.stories.test_alarms import wipe
from tests.stories.test_schedule_change import wish
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)
ENDS_AT = dt.datetime(2027, 1, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def go_to(world: World, at: dt.datetime) -> None:
    world.at = at
    world.simulator.clock(now=at.isoformat())


def an_hour_passes(world: World, at: dt.datetime) -> None:
    """What the worker does in an hour: chores, a reading, what is due."""
    go_to(world, at)
    world.sync()
    charge_cycles.post_due(at=world.at)
    watch_renewals.close_answered(at=world.at)
    watch_renewals.request_due(at=world.at)
    world.work()


def cycle_charges(world: World) -> list[tuple[str, int]]:
    rows = billing.charges(
        seen_by=SYSTEM,
        customer_id=world.customer_ids["north"],
        subscription_id=world.holding("north", BASIC).subscription_id,
    )
    return [
        (row.period_start_on.isoformat(), row.seats)
        for row in rows
        if row.kind == "cycle" and row.period_start_on >= ENDS_AT.date()
    ]


@pytest.fixture
def slow(world: World) -> World:
    """Eight of ten seats are to be renewed, and the vendor takes 20 hours for a renewal."""
    world.simulator.settings(renewal_delay_s=20 * 3600)
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    return world


def test_a_renewal_that_takes_twenty_hours_is_entered_charged_and_carried_out_once(slow: World) -> None:
    subscription_id = slow.holding("north", BASIC).subscription_id
    for hours in (-2, 1, 7, 19):
        an_hour_passes(slow, ENDS_AT + hours * HOUR)
        row = slow.holding("north", BASIC)
        assert (row.seats, row.commitment_end_on) == (10, ENDS_AT.date()), hours
        assert len(holdings.terms(subscription_ids=[subscription_id])[subscription_id]) == 1
    assert cycle_charges(slow) == []
    with pytest.raises(schedule_change.Conflicted) as locked:
        wish(slow, quantity=timeline.SeatsTotal(9))
    assert locked.value.found[0].reason.code == "locked"
    for hours in (21, 22, 23, 47):
        an_hour_passes(slow, ENDS_AT + hours * HOUR)
    row = slow.holding("north", BASIC)
    assert (row.seats, row.vendor_seats, row.commitment_end_on) == (8, 8, dt.date(2028, 1, 30))
    assert len(holdings.terms(subscription_ids=[subscription_id])[subscription_id]) == 2
    assert cycle_charges(slow) == [("2027-01-30", 8)]
    assert intents.open_intents(subscription_ids=[subscription_id]) == {}
    assert list(ChangeIntent.objects.values_list("state", flat=True)) == ["carried_out"]
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    assert holdings.miscounted() == []
    assert not Operation.objects.filter(state="parked").exists()


def test_a_change_asked_for_while_the_vendor_renews_is_refused_in_words_and_possible_afterwards(slow: World) -> None:
    an_hour_passes(slow, ENDS_AT + 3 * HOUR)
    with pytest.raises(pricing.Refused) as refused:
        slow.book("north_admin", "north", basic=13)
    (line,) = refused.value.priced.quote.lines
    assert [each.code for each in line.refusals] == ["cycle_not_current"]
    an_hour_passes(slow, ENDS_AT + 21 * HOUR)
    slow.book("north_admin", "north", basic=13)
    slow.work()
    assert (slow.holding("north", BASIC).seats, slow.vendor_seats("north", BASIC)) == (13, 13)


def test_a_change_that_is_under_way_when_the_term_ends_waits_and_is_never_sent_twice(slow: World) -> None:
    go_to(slow, ENDS_AT - dt.timedelta(minutes=90))
    slow.book("north_admin", "north", basic=13)
    go_to(slow, ENDS_AT + dt.timedelta(minutes=1))
    slow.work(rounds=5)
    assert slow.vendor_seats("north", BASIC) == 10
    for hours in (5, 21, 22, 30):
        an_hour_passes(slow, ENDS_AT + hours * HOUR)
    row = slow.holding("north", BASIC)
    assert row.seats == row.vendor_seats
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    assert holdings.miscounted() == []
    (change,) = Operation.objects.filter(kind="change_seats")
    assert (change.state, change.last_error) == ("refused", "term_over")
    assert cycle_charges(slow) == [("2027-01-30", 8)]


def test_a_vendor_that_throttles_while_it_renews_is_waited_for_and_the_term_is_entered_once(slow: World) -> None:
    slow.simulator.fault("throttle_429", match={"method": "GET", "path": "/subscriptions", "times": 2}, wait_s=30)
    for hours in (1, 21, 22):
        an_hour_passes(slow, ENDS_AT + hours * HOUR)
    slow.book("north_admin", "north", basic=9)
    slow.work()
    assert (slow.holding("north", BASIC).seats, cycle_charges(slow)) == (9, [("2027-01-30", 8)])
    assert not Operation.objects.filter(state="parked").exists()


def test_a_wish_that_is_found_missing_while_the_vendor_renews_harms_nothing(slow: World) -> None:
    go_to(slow, ENDS_AT - HOUR)
    wipe(slow)
    for hours in (1, 5, 21, 22):
        an_hour_passes(slow, ENDS_AT + hours * HOUR)
    row = slow.holding("north", BASIC)
    assert (row.seats, row.vendor_seats, cycle_charges(slow)) == (10, 10, [("2027-01-30", 10)])
    assert list(ChangeIntent.objects.values_list("state", flat=True)) == ["lapsed"]
    assert not Operation.objects.filter(state="parked").exists()
