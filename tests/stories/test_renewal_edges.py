"""Renewals with their troubles: a change that meets one, a full day of processing, an outage of months; the radars."""

import datetime as dt

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.customers.models import Reseller
from seatwright.operations.models import Operation
from seatwright.orders.models import ChangeIntent
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions import renewal_alarms
from seatwright.workflows import renewal_radar, schedule_change
from tests.stories.test_renewal_processing import ENDS_AT, HOUR, an_hour_passes, cycle_charges, go_to
from tests.stories.test_schedule_change import wish
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def sends(world: World) -> list[tuple[int, int]]:
    """Every change of the number of Basic seats that the vendor carried out, but for renewals: before and after."""
    vendor_id = world.holding("north", BASIC).vendor_subscription_id
    return [
        (effect["before"]["quantity"], effect["after"]["quantity"])
        for effect in world.simulator.effects()
        if vendor_id in effect["subject"]
        and effect["face"] != "clock"
        and effect["before"]
        and effect["before"]["quantity"] != effect["after"]["quantity"]
    ]


def test_a_change_that_meets_the_vendors_409_waits_and_is_carried_out_once(world: World) -> None:
    """West of Greenwich the term's last day still runs while the vendor renews already, answering 409 for two hours."""
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone="America/New_York")
    world.simulator.settings(renewal_delay_s=2 * 3600)
    go_to(world, ENDS_AT + HOUR)
    world.book("north_admin", "north", basic=13)
    world.work(rounds=3)
    (change,) = Operation.objects.filter(kind="change_seats")
    assert (change.state, change.sent_at, world.vendor_seats("north", BASIC)) == ("waiting", None, 10)
    assert change.last_error == "operation_pending"
    go_to(world, ENDS_AT + 2 * HOUR)
    world.work(rounds=30, step_s=300)
    assert (world.holding("north", BASIC).seats, world.vendor_seats("north", BASIC)) == (13, 13)
    for hours in (3, 6, 30):
        an_hour_passes(world, ENDS_AT + hours * HOUR)
    row = world.holding("north", BASIC)
    assert (row.seats, row.commitment_end_on, sends(world)) == (13, dt.date(2028, 1, 30), [(10, 13)])
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=row.subscription_id)
    # Three seats for the last day of the cycle from 30 December: 3 x 5.88 / 31 = 0.569; then all 13 for the next one.
    since = [each for each in rows if each.period_start_on >= dt.date(2027, 1, 29)]
    charged = {(each.kind, each.period_start_on.isoformat(), each.amount_minor) for each in since}
    assert charged == {("increase", "2027-01-29", 57), ("cycle", "2027-01-30", 7644)}
    assert (holdings.open_drifts(seen_by=SYSTEM), holdings.miscounted()) == ([], [])


def test_a_renewal_of_exactly_a_day_is_entered_once_and_alarms_nobody(world: World) -> None:
    world.simulator.settings(renewal_delay_s=24 * 3600)
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    for hours in (-73, -26, -1, 1, 12, 23):
        an_hour_passes(world, ENDS_AT + hours * HOUR)
        assert renewal_alarms.open_alarms(seen_by=SYSTEM) == [], hours
    an_hour_passes(world, ENDS_AT + 24 * HOUR - dt.timedelta(minutes=1))
    assert (world.holding("north", BASIC).commitment_end_on, cycle_charges(world)) == (ENDS_AT.date(), [])
    for hours in (24, 25, 48):
        an_hour_passes(world, ENDS_AT + hours * HOUR)
        row = world.holding("north", BASIC)
        assert (row.seats, row.commitment_end_on) == (8, dt.date(2028, 1, 30)), hours
        assert cycle_charges(world) == [("2027-01-30", 8)]
    assert len(holdings.terms(subscription_ids=[row.subscription_id])[row.subscription_id]) == 2
    assert list(ChangeIntent.objects.values_list("state", flat=True)) == ["carried_out"]
    assert (renewal_alarms.open_alarms(seen_by=SYSTEM), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def test_three_months_without_a_reading_are_three_terms_with_a_charge_each(world: World) -> None:
    """Exchange, one seat by the month at 4.44, renews on the 7th; the outage lasts from 17 March to 20 June."""
    before = world.holding("north", EXCHANGE)
    an_hour_passes(world, dt.datetime(2026, 6, 20, 6, tzinfo=dt.UTC))
    entered = holdings.terms(subscription_ids=[before.subscription_id])[before.subscription_id]
    assert [(term.start_on.isoformat(), term.end_on.isoformat(), term.unit_rate) for term in entered[1:]] == [
        ("2026-04-07", "2026-05-07", "4.44"),
        ("2026-05-07", "2026-06-07", "4.44"),
        ("2026-06-07", "2026-07-07", "4.44"),
    ]
    rows = billing.charges(
        seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=before.subscription_id
    )
    assert [(row.period_start_on.isoformat(), row.days, row.amount_minor) for row in rows] == [
        ("2026-04-07", 30, 444),
        ("2026-05-07", 31, 444),
        ("2026-06-07", 30, 444),
    ]
    # The window of the last renewal closed at the latest on 15 June; none is taken to be open.
    (lot,) = world.holding("north", EXCHANGE).lots
    assert lot.returnable_until is not None
    assert lot.returnable_until <= dt.datetime(2026, 6, 15, tzinfo=dt.UTC)
    an_hour_passes(world, world.at + HOUR)
    assert len(holdings.terms(subscription_ids=[before.subscription_id])[before.subscription_id]) == 4


def test_the_radars_put_deadline_and_money_first_and_keep_months_that_roll_on_silent(world: World) -> None:
    """North's Basic ends on 30 January and its Standard on 7 December, south's Basic on 15 February.

    Seven of north's ten Basic seats are assigned, none of its five Standard ones.
    """
    owner, staff, north = world.actor("north_owner"), world.actor("staff"), world.customer_ids["north"]

    def customers_view() -> tuple[list[str], list[str]]:
        found = renewal_radar.radar(by=owner, customer_id=north, at=world.at)
        return [row.renews_on.isoformat() for row in found.rows], [row.name for row in found.rollovers]

    exchange = world.holding("north", EXCHANGE)
    assert customers_view() == (["2026-12-07", "2027-01-30"], [exchange.name])
    shown = renewal_radar.staff_radar(by=staff, at=world.at).rows
    assert [(line.renewal.renews_on.isoformat(), line.customer.name) for line in shown] == [
        ("2026-12-07", "North"),
        ("2027-01-30", "North"),
        ("2027-02-15", "South"),
    ]
    # Month after month goes by without a line; only one with a wish of its own is told.
    go_to(world, world.at + dt.timedelta(days=25))
    world.sync()
    assert customers_view()[1] == [exchange.name]
    told = renewal_radar.staff_radar(by=staff, at=world.at).rows
    assert exchange.subscription_id not in {line.renewal.subscription_id for line in told}
    # Nothing is saved on Standard once it ends with its term, so that it comes after what a decision can still save.
    schedule_change.schedule(
        by=owner,
        subscription_id=world.holding("north", STANDARD).subscription_id,
        wishes={timeline.Dimension.ENDING: renewals.Ending.CANCEL},
        at=world.at,
    )
    schedule_change.schedule(
        by=owner,
        subscription_id=exchange.subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(3)},
        at=world.at,
    )
    assert customers_view() == (["2026-05-07", "2027-01-30", "2026-12-07"], [])
    assert [line.renewal.renews_on.isoformat() for line in renewal_radar.staff_radar(by=staff, at=world.at).rows] == [
        "2026-05-07",
        "2026-12-07",
        "2027-01-30",
        "2027-02-15",
    ]
    savable = renewal_radar.staff_radar(by=staff, only_savable=True, at=world.at).rows
    assert all(line.renewal.at_stake_minor for line in savable)
    assert "2026-12-07" not in [line.renewal.renews_on.isoformat() for line in savable]
