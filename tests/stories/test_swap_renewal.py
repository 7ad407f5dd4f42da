"""Swaps that are booked in the last hours of a term and that the vendor finishes in the next one."""

import datetime as dt
import uuid

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.customers import queries as customers
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import charge_cycles, schedule_change, swap_plan, sync_tenant
from tests.stories.swapping import ALL, STANDARD_KEY, assign, book, choice, key, more_of, order_of, rows_of
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
EVENING = dt.datetime(2027, 1, 29, 22, tzinfo=dt.UTC)
THAT_DAY = EVENING.date()


def evening_before_the_renewal(world: World, *, seats: int | None) -> None:
    if seats is not None:
        schedule_change.schedule(
            by=world.actor("north_owner"),
            subscription_id=world.holding("north", BASIC).subscription_id,
            wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(seats)},
            at=world.at,
        )
    world.work()
    world.move(seconds=(EVENING - world.at).total_seconds())
    world.sync()
    charge_cycles.post_due(at=world.at)
    world.simulator.settings(transition_s=7200)


def hours_pass(world: World, hours: int) -> None:
    for _ in range(hours):
        world.work(rounds=12, step_s=300)
        sync_tenant.request_all(at=world.at)
        world.work(rounds=2)
        charge_cycles.post_due(at=world.at)


def both_come_while_no_worker_runs(world: World) -> None:
    """The renewal and the vendor's end of the swap, before the tenant is read and the swap looked after."""
    world.work(rounds=6, step_s=300)
    world.move(hours=3)
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=world.holding("north", BASIC).tenant_id)
    sync_tenant.read_tenant(tenant=tenant, at=world.at)


def charges(
    world: World, subscription_id: uuid.UUID, *, from_on: dt.date = THAT_DAY
) -> list[tuple[str, str, int, str, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=subscription_id)
    return [
        (
            row.kind,
            row.name.removeprefix("Microsoft 365 "),
            row.seats,
            row.period_start_on.isoformat(),
            row.amount_minor,
        )
        for row in rows
        if row.period_start_on >= from_on
    ]


def test_a_whole_licence_renews_as_what_the_vendor_makes_of_it(world: World) -> None:
    evening_before_the_renewal(world, seats=None)
    key = world.holding("north", BASIC).subscription_id
    order_id = book(world, choice(world, *ALL, is_whole=True))
    hours_pass(world, 8)
    assert order_of(world, order_id).state == "done"
    (row,) = holdings.by_ids(subscription_ids=[key])
    assert (row.sku_id, row.seats, row.unit_rate, row.commitment_end_on) == (
        STANDARD,
        10,
        "12.29",
        dt.date(2028, 1, 30),
    )
    # The last of the 30 days since 30 December is Standard's, then its first whole cycle.
    assert charges(world, key) == [
        ("swapped_out", "Business Basic", -10, "2027-01-29", -190),
        ("swapped_in", "Business Standard", 10, "2027-01-29", 396),
        ("cycle", "Business Standard", 10, "2027-01-30", 12290),
    ]
    assert (holdings.open_drifts(seen_by=SYSTEM), holdings.miscounted()) == ([], [])


@pytest.mark.parametrize("is_read_first", [False, True], ids=["confirmed first", "read first"])
@pytest.mark.parametrize("wished", [None, 8])
def test_a_part_of_a_licence_is_told_from_what_the_renewal_brought(
    world: World, wished: int | None, is_read_first: bool
) -> None:
    evening_before_the_renewal(world, seats=wished)
    order_id = book(world, choice(world, 1))
    if is_read_first:
        both_come_while_no_worker_runs(world)
    hours_pass(world, 8)
    assert order_of(world, order_id).state == "done"
    left = (wished or 10) - 1
    (basic,) = rows_of(world, BASIC)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 1)
    assert world.vendor_seats("north", BASIC) == left
    assert (basic.seats, basic.commitment_end_on, born.commitment_end_on) == (
        left,
        dt.date(2028, 1, 30),
        dt.date(2028, 1, 30),
    )
    assert charges(world, basic.subscription_id)[-1] == ("cycle", "Business Basic", left, "2027-01-30", 588 * left)
    assert charges(world, born.subscription_id)[-1] == ("cycle", "Business Standard", 1, "2027-01-30", 1229)
    assert (holdings.open_drifts(seen_by=SYSTEM), holdings.miscounted()) == ([], [])


def test_seats_that_left_by_a_swap_are_not_taken_for_those_that_a_renewal_took(world: World) -> None:
    """Nine are wished for; the vendor moves one of ten, forgets the nine and renews what is left: nine."""
    evening_before_the_renewal(world, seats=9)
    world.simulator.settings(transition_s=3600)
    order_id = book(world, choice(world, 1))
    both_come_while_no_worker_runs(world)
    hours_pass(world, 4)
    (basic,) = rows_of(world, BASIC)
    assert (order_of(world, order_id).state, basic.seats, world.vendor_seats("north", BASIC)) == ("done", 9, 9)
    assert charges(world, basic.subscription_id)[-1] == ("cycle", "Business Basic", 9, "2027-01-30", 5292)
    assert (holdings.open_drifts(seen_by=SYSTEM), holdings.miscounted()) == ([], [])


@pytest.mark.parametrize("is_read_first", [False, True], ids=["confirmed first", "read first"])
def test_seats_join_a_licence_whose_renewal_brings_another_number(world: World, is_read_first: bool) -> None:
    """Two seats of Standard that were made of Basic become four with the renewal, and one of Basic joins them then."""
    book(world, choice(world, 1, 2))
    world.work(rounds=60, step_s=30)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 2)
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=born.subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(4)},
        at=world.at,
    )
    evening_before_the_renewal(world, seats=None)
    order_id = book(world, choice(world, 3, way=f"merge:{born.subscription_id}"))
    if is_read_first:
        both_come_while_no_worker_runs(world)
    hours_pass(world, 8)
    (after,) = holdings.by_ids(subscription_ids=[born.subscription_id])
    (basic,) = rows_of(world, BASIC)
    assert (order_of(world, order_id).state, basic.seats, after.seats, after.vendor_seats) == ("done", 7, 5, 5)
    assert charges(world, born.subscription_id)[-1] == ("cycle", "Business Standard", 5, "2027-01-30", 6145)
    assert (holdings.open_drifts(seen_by=SYSTEM), holdings.miscounted()) == ([], [])


def test_a_cycle_that_is_charged_late_bears_the_name_that_the_licence_had_on_its_first_day(world: World) -> None:
    world.move(days=13)
    world.sync()
    key = world.holding("north", BASIC).subscription_id
    book(world, choice(world, *ALL, is_whole=True))
    world.work(rounds=60, step_s=30)
    charge_cycles.post_due(at=world.at)
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=key)
    (cycle,) = [row for row in rows if row.kind == "cycle"]
    assert (cycle.name, cycle.amount_minor) == ("Microsoft 365 Business Basic", 5880)


def test_the_days_until_a_swap_ends_the_old_licence_are_charged(world: World) -> None:
    """Exchange renewed on 7 April; its one person leaves it, and ends on the 10th: 27 of 30 days of 4.44 go back."""
    assign(world, 8, add=(EXCHANGE,))
    world.move(seconds=(dt.datetime(2026, 4, 7, 0, 30, tzinfo=dt.UTC) - world.at).total_seconds())
    world.sync()
    old = world.holding("north", EXCHANGE).subscription_id
    order_id = book(world, swap_plan.Choice(subscription_id=old, to=STANDARD_KEY, people=(key(8),), way=more_of(world)))
    world.move(days=3)
    charge_cycles.post_due(at=world.at)
    assert charges(world, old, from_on=dt.date(2026, 4, 1)) == []
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert charges(world, old, from_on=dt.date(2026, 4, 1)) == [
        ("cycle", "Exchange Online (Plan 1)", 1, "2026-04-07", 444),
        ("ended", "Exchange Online (Plan 1)", -1, "2026-04-10", -400),
    ]
