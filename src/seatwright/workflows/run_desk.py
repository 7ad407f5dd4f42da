"""Journey 12, the desk: find a customer, watch the order queue, and decide what a machine must not guess."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import queries as operation_queries
from seatwright.orders import queries as orders
from seatwright.subscriptions import late_prices, renewal_alarms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    buy_booking,
    buy_limits,
    change_seats,
    seat_operation,
    status_operation,
    swap_operation,
    term_operation,
    transition_booking,
    transition_operation,
)

Decision = Literal["look_again", "done", "not_done"]
# What a person's decision books, by the kind of the operation; other kinds have nothing to book.
BOOKINGS = {
    change_seats.KIND: seat_operation,
    buy_limits.KIND: buy_booking,
    status_operation.KIND: status_operation,
    swap_operation.KIND: swap_operation,
    term_operation.KIND: term_operation,
    transition_operation.KIND: transition_booking,
}
ORDERED = BOOKINGS.keys() - {status_operation.KIND}


class ReasonMissing(Exception):
    """A decision on a parked operation is recorded with its reason."""


@dataclass(frozen=True, kw_only=True)
class CustomerLine:
    """A customer in the staff's list with what holds money or trouble."""

    customer: customers.CustomerRow
    domains: tuple[str, ...]
    seats: int
    subscriptions: int
    drifts: int


@dataclass(frozen=True, kw_only=True)
class CustomersPage:
    """A page of the staff's customers; `after` continues it."""

    rows: tuple[CustomerLine, ...]
    after: str
    total: int


@dataclass(frozen=True, kw_only=True)
class ParkedLine:
    """A parked operation with both views: what was ordered and what the vendor showed when last read.

    One that carries out no order has no `order_id`, the held seats before and after, and the name of its subscription
    or tenant.
    """

    operation: operation_queries.OperationView
    customer: customers.CustomerRow
    order_id: uuid.UUID | None
    name: str
    seats_before: int
    seats_after: int
    vendor_seats: int
    read_at: dt.datetime
    may_settle: bool


@dataclass(frozen=True, kw_only=True)
class QueueLine:
    """An order that is under way, with its customer."""

    order: orders.OrderRow
    customer: customers.CustomerRow


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The staff's order queue."""

    parked: tuple[ParkedLine, ...]
    running: tuple[QueueLine, ...]
    drifts: tuple[holdings.DriftRow, ...]
    alarms: tuple[renewal_alarms.AlarmRow, ...]
    unpriced: tuple[late_prices.UnpricedTerm, ...]


@dataclass(frozen=True, kw_only=True)
class _Behind:
    """What parked operations are about, read for all of them at once; `domains` are those of the tenants."""

    lines: Mapping[uuid.UUID, tuple[uuid.UUID, orders.LineRow]]
    holdings: Mapping[uuid.UUID, holdings.HoldingRow]
    customers: Mapping[uuid.UUID, customers.CustomerRow]
    domains: Mapping[uuid.UUID, str]


def customer_list(*, by: Actor, text: str, after: str) -> CustomersPage:
    """A page of the customers whom the actor serves; raises NotAllowed when they are no reseller's staff."""
    if not by.is_staff:
        raise permissions.NotAllowed("staff.customers")
    page = customers.search(seen_by=by, text=text, after=after)
    ids = [row.customer_id for row in page.rows]
    domains: dict[uuid.UUID, list[str]] = {}
    for tenant in customers.tenants(seen_by=by, customer_ids=ids):
        domains.setdefault(tenant.customer_id, []).append(tenant.primary_domain)
    counts = holdings.counts(customer_ids=ids)
    drifts = holdings.open_drifts(seen_by=by, customer_ids=ids)
    return CustomersPage(
        rows=tuple(
            CustomerLine(
                customer=row,
                domains=tuple(domains.get(row.customer_id, ())),
                subscriptions=counts.get(row.customer_id, (0, 0))[0],
                seats=counts.get(row.customer_id, (0, 0))[1],
                drifts=sum(drift.customer_id == row.customer_id for drift in drifts),
            )
            for row in page.rows
        ),
        after=page.after,
        total=customers.count(seen_by=by),
    )


def queue(*, by: Actor) -> Queue:
    """What is under way and what waits for a person; raises NotAllowed when the actor is no reseller's staff."""
    if not by.is_staff:
        raise permissions.NotAllowed("staff.queue")
    running = orders.orders(seen_by=by, only_running=True, limit=100).rows
    buyers = customers.by_ids(customer_ids=list({row.customer_id for row in running}))
    return Queue(
        parked=_parked_lines([view for view in operation_queries.parked(seen_by=by) if view.customer_id], by=by),
        running=tuple(QueueLine(order=row, customer=buyers[row.customer_id]) for row in running),
        drifts=tuple(holdings.open_drifts(seen_by=by)),
        alarms=tuple(renewal_alarms.open_alarms(seen_by=by)),
        unpriced=tuple(late_prices.unpriced(seen_by=by)),
    )


def _parked_lines(parked: Sequence[operation_queries.OperationView], *, by: Actor) -> tuple[ParkedLine, ...]:
    """Parked operations of any kind: each holds up whatever else waits for its subscription or tenant."""
    customer_ids = sorted({view.customer_id for view in parked if view.customer_id is not None})
    subscription_ids = sorted({key for view in parked if (key := _subscription_of(view)) is not None})
    behind = _Behind(
        lines=orders.lines_of_operations(operation_ids=[view.id for view in parked if view.kind in ORDERED]),
        holdings={row.subscription_id: row for row in holdings.by_ids(subscription_ids=subscription_ids)},
        customers=customers.by_ids(customer_ids=customer_ids),
        domains={row.tenant_id: row.primary_domain for row in customers.tenants(seen_by=by, customer_ids=customer_ids)},
    )
    return tuple(_parked_line(view, behind, by=by) for view in parked)


def _parked_line(view: operation_queries.OperationView, behind: _Behind, *, by: Actor) -> ParkedLine:
    assert view.customer_id is not None
    order_id, seats, name = None, (0, 0), ""
    subscription_id = _subscription_of(view)
    holding = None if subscription_id is None else behind.holdings[subscription_id]
    if view.kind in ORDERED:
        order_id, line = behind.lines[view.id]
        seats, name = (line.seats_before, line.seats_after), line.name
    elif holding is not None:
        seats = (holding.seats, holding.seats)
    tenant_id = view.intent.get("tenant_id", str(uuid.UUID(int=0)))
    return ParkedLine(
        operation=view,
        customer=behind.customers[view.customer_id],
        order_id=order_id,
        name=name or (behind.domains.get(uuid.UUID(tenant_id), "") if holding is None else holding.name),
        seats_before=seats[0],
        seats_after=seats[1],
        vendor_seats=view.progress.get("seen", {}).get("seats", 0) if holding is None else holding.vendor_seats,
        read_at=view.created_at if holding is None else holding.read_at,
        may_settle=permissions.allowed(
            by=by, action="operations.settle", reseller_id=view.reseller_id, customer_id=view.customer_id
        ),
    )


def _subscription_of(view: operation_queries.OperationView) -> uuid.UUID | None:
    subscription_id = view.intent.get("subscription_id")
    return None if subscription_id is None else uuid.UUID(subscription_id)


def settle(*, by: Actor, operation_id: uuid.UUID, decision: Decision, reason: str, at: dt.datetime) -> None:
    """Carry out a person's decision on parked work, with everything that follows from it, in one transaction.

    `look_again` only reads once more; `done` books seats and charges as quoted; `not_done` refuses the line.
    Raises ReasonMissing, access.permissions.Unknown or NotAllowed, and operations.changes.NotPossible.
    """
    try:
        view = operation_queries.view(operation_id=operation_id)
    except operation_queries.NoSuchOperation:
        raise permissions.Unknown from None
    permissions.require(by=by, action="operations.settle", reseller_id=view.reseller_id, customer_id=view.customer_id)
    if not reason.strip():
        raise ReasonMissing
    booking = BOOKINGS.get(view.kind)
    with transaction.atomic(durable=True):
        if booking is not None:
            booking.hold_still(view=view)
        operations.settle(operation_id=operation_id, by=by, decision=decision, reason=reason.strip(), at=at)
        if booking is None:
            return
        if decision == "done":
            booking.book(view=view, by=by, at=at)
        elif decision == "not_done":
            booking.refuse(view=view, by=by, refusal="settled_not_done", at=at)
