"""Money at the edges of a charge cycle: midnight between click and delivery, the first day, a change that hangs."""

import datetime as dt

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.workflows import charge_cycles, follow_order, run_desk
from tests.stories.test_vendor_faults import PATCH
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)
# 30 March, on which a cycle of `basic` begins, starts in Brussels at 22:00 UTC: the clocks went forward that Sunday.
BEFORE_MIDNIGHT = dt.datetime(2026, 3, 29, 21, 59, 55, tzinfo=dt.UTC)


def charges_of(world: World, sku_id: str) -> list[tuple[str, str, int, int, int]]:
    subscription_id = world.holding("north", sku_id).subscription_id
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=subscription_id)
    return [(row.kind, row.period_start_on.isoformat(), row.seats, row.days, row.amount_minor) for row in rows]


def go_to(world: World, at: dt.datetime) -> None:
    world.at = at
    world.simulator.clock(now=at.isoformat())


@pytest.mark.parametrize(
    ("seats", "own", "cycle_minor"),
    [(15, ("increase", "2026-03-29", 3, 1, 57), 8820), (11, ("return", "2026-03-29", -1, 1, -19), 6468)],
)
def test_a_change_ordered_just_before_a_cycle_begins_and_delivered_just_after_it_counts_in_that_cycle(
    world: World, seats: int, own: tuple[str, str, int, int, int], cycle_minor: int
) -> None:
    go_to(world, BEFORE_MIDNIGHT - dt.timedelta(hours=2))
    world.book("north_owner", "north", basic=12)
    world.work()
    go_to(world, BEFORE_MIDNIGHT)
    order_id = world.book("north_owner", "north", basic=seats)
    world.move(seconds=10)
    charge_cycles.post_due(at=world.at)  # the worker's chores run while the order is on its way
    world.work()
    charge_cycles.post_due(at=world.at)
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    # The last of 31 days at 5.88 a seat for the order itself, then the whole cycle for what it came to.
    assert charges_of(world, BASIC)[1:] == [own, ("cycle", "2026-03-30", seats, 30, cycle_minor)]


def test_a_cycle_waits_for_a_change_whose_outcome_is_not_known_and_is_charged_late_with_the_same_figures(
    world: World,
) -> None:
    go_to(world, BEFORE_MIDNIGHT)
    world.simulator.fault("ignored_write", match=PATCH)
    world.book("north_owner", "north", basic=12)
    world.move(days=2)
    world.work(rounds=30, step_s=3600)
    (parked,) = run_desk.queue(by=world.actor("support")).parked
    charge_cycles.post_due(at=world.at)
    assert charges_of(world, BASIC) == []
    run_desk.settle(
        by=world.actor("support"),
        operation_id=parked.operation.id,
        decision="not_done",
        reason="The vendor's log has no trace of it.",
        at=world.at,
    )
    charge_cycles.post_due(at=world.at)
    assert charges_of(world, BASIC) == [("cycle", "2026-03-30", 10, 30, 5880)]
