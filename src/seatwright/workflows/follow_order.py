"""An order as people follow it: where each line stands, how long it usually takes, and what to do afterwards."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.customers import queries as customers
from seatwright.operations import queries as operations
from seatwright.orders import calculation as frozen
from seatwright.orders import queries as orders
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import follow_swap, swap


@dataclass(frozen=True, kw_only=True)
class LineProgress:
    """One line with its stages; `stage` is booked, sent, accepted, checking, parked, done or refused.

    `checking` means that no clear answer came and the vendor's state is being read; nothing is billed meanwhile. `way`
    is what was answered about a wish for the renewal: follows, stays, or empty where nothing was asked.
    """

    subscription_id: uuid.UUID
    operation_id: uuid.UUID
    name: str
    seats_before: int
    seats_after: int
    stage: str
    refusal: str
    trouble: str
    booked_at: dt.datetime
    sent_at: dt.datetime | None
    accepted_at: dt.datetime | None
    available_at: dt.datetime | None
    settled_at: dt.datetime | None
    free_now: int
    price: frozen.Line
    question: frozen.WishQuestion | None = None
    way: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderPage:
    """An order; while `is_running` its page asks again. The estimates are seconds measured over past orders.

    `swap` is set where people change their plan with it.
    """

    order_id: uuid.UUID
    customer: customers.CustomerRow
    state: str
    placed_by: str
    on_behalf_reason: str
    placed_at: dt.datetime
    finished_at: dt.datetime | None
    agreed_words: str
    calculation: frozen.Calculation
    lines: tuple[LineProgress, ...]
    usual_s: float | None
    most_s: float | None
    measured: int
    may_see_people: bool
    swap: follow_swap.Progress | None = None

    @property
    def is_running(self) -> bool:
        """Whether anything can still happen without a person."""
        return self.state == "running"


@dataclass(frozen=True, kw_only=True)
class OrdersList:
    """A customer's orders, newest first; `after` continues the list."""

    customer: customers.CustomerRow
    rows: tuple[orders.OrderRow, ...]
    after: str


def order(*, by: Actor, order_id: uuid.UUID) -> OrderPage:
    """The order; raises access.permissions.Unknown for a foreign or unknown id, NotAllowed without the right."""
    row = orders.order(seen_by=by, order_id=order_id)
    customer = customers.customer(seen_by=by, customer_id=row.customer_id, action="orders.view")
    views = operations.views(operation_ids=[line.operation_id for line in row.lines])
    calculation = frozen.from_json(row.calculation)
    prices = {line.subscription_id: line for line in calculation.lines}
    asked = {each.subscription_id: each for each in calculation.questions}
    usual = operations.durations(kind=row.kind)
    free = _free_now([line for line in row.lines if line.state == "done"])
    return OrderPage(
        order_id=row.order_id,
        customer=customer,
        state=row.state,
        placed_by=row.placed_by,
        on_behalf_reason=row.on_behalf_reason,
        placed_at=row.placed_at,
        finished_at=row.finished_at,
        agreed_words=row.agreed_words,
        calculation=calculation,
        lines=tuple(
            replace(
                _progress(row, line, views[line.operation_id], prices[line.subscription_id], free.get(line.line_id, 0)),
                question=asked.get(line.subscription_id),
                way=views[line.operation_id].intent.get("wish", {}).get("way", ""),
            )
            for line in row.lines
            if _is_shown(line, views)
        ),
        swap=follow_swap.of_order(by=by, order=row) if row.kind == swap.KIND else None,
        usual_s=usual.median_s,
        most_s=usual.p95_s,
        measured=usual.count,
        may_see_people=permissions.allowed(
            by=by, action="people.view", reseller_id=row.reseller_id, customer_id=row.customer_id
        ),
    )


def _is_shown(line: orders.LineRow, views: Mapping[uuid.UUID, operations.OperationView]) -> bool:
    """Whether the line is a change of its own: that of a swap as a whole is told person by person.

    A line whose operation is opened by another one appears with it.
    """
    return line.operation_id in views and views[line.operation_id].kind != swap.KIND


def orders_of(*, by: Actor, customer_id: uuid.UUID, after: str) -> OrdersList:
    """A page of the customer's orders; raises access.permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="orders.view")
    page = orders.orders(seen_by=by, customer_id=customer_id, after=after)
    return OrdersList(customer=customer, rows=page.rows, after=page.after)


def _progress(
    order_row: orders.OrderRow,
    line: orders.LineRow,
    view: operations.OperationView,
    price: frozen.Line,
    free_now: int,
) -> LineProgress:
    confirmed = view.progress.get("confirmed_at")
    return LineProgress(
        subscription_id=line.subscription_id,
        operation_id=line.operation_id,
        name=line.name,
        seats_before=line.seats_before,
        seats_after=line.seats_after,
        stage=_stage(line, view),
        refusal=line.refusal,
        trouble=view.last_error if view.state in ("waiting", "unclear", "parked") else "",
        booked_at=order_row.placed_at,
        sent_at=view.sent_at,
        accepted_at=view.answered_at if line.state != "refused" else None,
        available_at=dt.datetime.fromisoformat(confirmed) if confirmed else None,
        settled_at=line.finished_at,
        free_now=free_now,
        price=price,
    )


def _stage(line: orders.LineRow, view: operations.OperationView) -> str:
    if line.state in ("done", "refused"):
        return line.state
    if view.state in ("parked", "unclear"):
        return "parked" if view.state == "parked" else "checking"
    if view.sent_at is None:
        return "booked"
    return "sent" if view.answered_at is None else "accepted"


def _free_now(done: Sequence[orders.LineRow]) -> dict[uuid.UUID, int]:
    """How many seats are free to assign after each of these lines that were carried out."""
    rows = holdings.by_ids(subscription_ids=[line.subscription_id for line in done])
    held = {row.subscription_id: (row.tenant_id, row.sku_id) for row in rows}
    pools = assignments.pools(tenant_ids=sorted({row.tenant_id for row in rows}))
    return {line.line_id: _free_of(line, pools.get(held[line.subscription_id])) for line in done}


def _free_of(line: orders.LineRow, pool: assignments.PoolRow | None) -> int:
    if pool is None:
        # The directory shows a new product's licences some time after they were bought.
        return line.seats_after if line.seats_before == 0 else 0
    is_counted = line.finished_at is None or pool.read_at > line.finished_at
    return max(pool.assignable + (0 if is_counted else line.seats_after - line.seats_before), 0)
