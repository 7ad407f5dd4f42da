"""Whether there is room in the plan that people go to: now, beside other swaps, and at its next renewal."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatwright.access.actors import SYSTEM
from seatwright.assignments import queries as assignments
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import swap_operation, wishes


@dataclass(frozen=True, kw_only=True)
class _UnderWay:
    """What swaps do to a pool: people who still take a seat of it, seats that come for them, and those not booked.

    `beyond` are the people for whom their own swap has no seat to book any more.
    """

    people: int
    seats: int
    unbooked: int
    beyond: int


def free(*, pool: assignments.PoolRow | None, rows: Sequence[holdings.HoldingRow], customer_id: uuid.UUID) -> int:
    """The seats of the pool that nobody holds and that no swap under way is going to take; 0 without a pool.

    `rows` are our subscriptions of the plan. Seats that a swap gets may show in the pool before they are booked, or
    only after it.
    """
    if pool is None:
        return 0
    going = _under_way(pool, customer_id)
    ours = sum(row.seats for row in rows) + going.unbooked
    unseen = min(max(pool.foreign_units + ours - pool.enabled_units, 0), going.seats)
    return max(pool.assignable - max(going.people - unseen, 0), 0)


def people(*, pool: assignments.PoolRow, customer_id: uuid.UUID) -> int:
    """Those who hold seats of the pool, or are going to with a swap under way that is to book none for them."""
    return pool.consumed_units + _under_way(pool, customer_id).beyond


def _under_way(pool: assignments.PoolRow, customer_id: uuid.UUID) -> _UnderWay:
    found = _UnderWay(people=0, seats=0, unbooked=0, beyond=0)
    for view in operations.open_views(kind=swap_operation.KIND, customer_id=customer_id):
        order = orders.order(seen_by=SYSTEM, order_id=uuid.UUID(view.intent["order_id"]))
        swap = swap_terms.from_json(order.calculation).swap
        # The vendor moves the people of a whole licence itself, together with their seats.
        if (swap.tenant_id, swap.target.sku_id) != (pool.tenant_id, pool.sku_id) or swap.way is swap_terms.Way.FULL:
            continue
        wanted = [person.key for person in swap.people if person.needs_seat and person.key in view.intent["people"]]
        moves = [swap_operation.move_id(operation_id=view.id, person=key) for key in wanted]
        got = swap_operation.acquire_id(root_id=uuid.UUID(view.intent["root_id"]))
        views = operations.views(operation_ids=[got, *moves])
        unbooked = 0 if got in views and views[got].state == "done" else swap.seats
        people = sum(key not in views or not _is_over(views[key], pool) for key in moves)
        found = _UnderWay(
            people=found.people + people,
            seats=found.seats + swap.seats,
            unbooked=found.unbooked + unbooked,
            beyond=found.beyond + max(people - unbooked, 0),
        )
    return found


def _is_over(move: operations.OperationView, pool: assignments.PoolRow) -> bool:
    """Whether the person takes no seat any more that the pool, as it was read, shows as free."""
    return move.is_finished and (move.state != "done" or (move.finished_at or pool.read_at) <= pool.read_at)


def shrinks_to(
    rows: Sequence[holdings.HoldingRow], *, into: holdings.HoldingRow | None, more: int, people: int, foreign: int
) -> int | None:
    """The seats that renewals leave where those are too few for so many people; None where they suffice.

    `rows` are the subscriptions of the plan, of which `into` gets so many seats `more`; other sellers' seats count too.
    """
    found = foreign
    for row in rows:
        is_into = into is not None and row.subscription_id == into.subscription_id
        found += wishes.seats_to_come(replace(row, seats=row.seats + more) if is_into else row)
    now = foreign + sum(row.seats for row in rows) + more
    return found if found < min(people, now) else None
