"""Whether there is room in the plan that people go to: now, beside other swaps, and at its next renewal."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from seatwright.access.actors import SYSTEM
from seatwright.assignments import queries as assignments
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import swap_operation, wishes


def free(*, pool: assignments.PoolRow | None, customer_id: uuid.UUID) -> int:
    """The seats of the pool that nobody holds and that no swap under way is going to take; 0 without a pool."""
    if pool is None:
        return 0
    under_way = operations.open_views(kind=swap_operation.KIND, customer_id=customer_id)
    return max(pool.assignable - sum(_takes(view, pool) for view in under_way), 0)


def _takes(view: operations.OperationView, pool: assignments.PoolRow) -> int:
    """How many seats of the pool as it was read this round of a swap takes beyond those that it gets for itself."""
    order = orders.order(seen_by=SYSTEM, order_id=uuid.UUID(view.intent["order_id"]))
    swap = swap_terms.from_json(order.calculation).swap
    if (swap.tenant_id, swap.target.sku_id) != (pool.tenant_id, pool.sku_id) or swap.way in swap_terms.TRANSITIONS:
        return 0
    wanted = [person.key for person in swap.people if person.needs_seat and person.key in view.intent["people"]]
    moves = [swap_operation.move_id(operation_id=view.id, person=key) for key in wanted]
    got = swap_operation.acquire_id(root_id=uuid.UUID(view.intent["root_id"]))
    coming = swap.seats if swap.way is not swap_terms.Way.FREE and _not_shown([got], pool) else 0
    return max(_not_shown(moves, pool) - coming, 0)


def _not_shown(operation_ids: Sequence[uuid.UUID], pool: assignments.PoolRow) -> int:
    """How many of these operations had not been done when the pool was read."""
    found = operations.views(operation_ids=list(operation_ids)).values()
    shown = [view for view in found if view.state == "done" and view.finished_at and view.finished_at <= pool.read_at]
    return len(operation_ids) - len(shown)


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
