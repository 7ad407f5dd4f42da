"""Every question about quotes and orders."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.orders.models import LINE_TRANSITIONS, Order, OrderLine, Quote

OPEN_LINE_STATES = tuple(sorted(state for state, after in LINE_TRANSITIONS.items() if after))


@dataclass(frozen=True, kw_only=True)
class QuoteRow:
    """A stored quote; `order_id` is the order it became, if it did."""

    quote_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    kind: str
    idempotency_key: str
    calculation: dict[str, Any]
    fingerprint: str
    made_by: str
    created_at: dt.datetime
    expires_at: dt.datetime
    order_id: uuid.UUID | None


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One line of an order."""

    line_id: uuid.UUID
    position: int
    subscription_id: uuid.UUID
    operation_id: uuid.UUID
    name: str
    seats_before: int
    seats_after: int
    state: str
    refusal: str
    finished_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """An order with its lines and the frozen calculation."""

    order_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    kind: str
    state: str
    calculation: dict[str, Any]
    agreed_words: str
    placed_by: str
    on_behalf_reason: str
    placed_at: dt.datetime
    finished_at: dt.datetime | None
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, kw_only=True)
class OrdersPage:
    """A page of orders, newest first; `after` continues it and is empty on the last page."""

    rows: tuple[OrderRow, ...]
    after: str


def quote(*, seen_by: Actor, quote_id: uuid.UUID, action: str = "seats.quote") -> QuoteRow:
    """One quote; raises access.permissions.Unknown for a foreign or unknown id, NotAllowed without the right."""
    row = Quote.objects.filter(pk=quote_id).first()
    if row is None:
        raise permissions.Unknown
    permissions.require(by=seen_by, action=action, reseller_id=row.reseller_id, customer_id=row.customer_id)
    order_id = Order.objects.filter(quote_id=row.pk).values_list("pk", flat=True).first()
    return QuoteRow(
        quote_id=row.pk,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        kind=row.kind,
        idempotency_key=row.idempotency_key,
        calculation=row.calculation,
        fingerprint=row.fingerprint,
        made_by=row.made_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        order_id=order_id,
    )


def order_of_quote(*, quote_id: uuid.UUID) -> uuid.UUID | None:
    """The order that the quote became, or None; for whoever is about to place it."""
    return Order.objects.filter(quote_id=quote_id).values_list("pk", flat=True).first()


def order(*, seen_by: Actor, order_id: uuid.UUID) -> OrderRow:
    """One order; raises access.permissions.Unknown for a foreign or unknown id, NotAllowed without the right."""
    row = Order.objects.filter(pk=order_id).first()
    if row is None:
        raise permissions.Unknown
    permissions.require(by=seen_by, action="orders.view", reseller_id=row.reseller_id, customer_id=row.customer_id)
    return _with_lines([row])[0]


def order_of_operation(*, operation_id: uuid.UUID) -> tuple[OrderRow, LineRow]:
    """The order and line that an operation carries out; for the operation's own steps."""
    line = OrderLine.objects.select_related("order").get(operation_id=operation_id)
    return _with_lines([line.order])[0], _line_row(line)


def lines_of_operations(*, operation_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, LineRow]]:
    """The order and the line that each of these operations carries out; those that carry out none are left out."""
    rows = OrderLine.objects.filter(operation_id__in=operation_ids)
    return {row.operation_id: (row.order_id, _line_row(row)) for row in rows}


def orders(
    *,
    seen_by: Actor,
    customer_id: uuid.UUID | None = None,
    subscription_id: uuid.UUID | None = None,
    only_running: bool = False,
    after: str = "",
    limit: int = 50,
) -> OrdersPage:
    """A page of the orders that the actor may see, newest first, of one customer or subscription if named."""
    rows = Order.objects.filter(permissions.visible_rows(seen_by=seen_by, action="orders.view"))
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    if subscription_id is not None:
        rows = rows.filter(orderline__subscription_id=subscription_id)
    if only_running:
        rows = rows.filter(state="running")
    cursor = _cursor(after)
    if cursor is not None:
        rows = rows.filter(Q(placed_at__lt=cursor[0]) | Q(placed_at=cursor[0], pk__lt=cursor[1]))
    found = list(rows.order_by("-placed_at", "-id")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    more = f"{last.placed_at.isoformat()}|{last.pk}" if last else ""
    return OrdersPage(rows=tuple(_with_lines(found[:limit])), after=more)


def open_lines(
    *, subscription_ids: Sequence[uuid.UUID] | None = None, customer_id: uuid.UUID | None = None
) -> dict[uuid.UUID, tuple[uuid.UUID, int]]:
    """The order and wanted total of each subscription with an unfinished line, of those named or of one customer."""
    rows = OrderLine.objects.filter(state__in=OPEN_LINE_STATES)
    if subscription_ids is not None:
        rows = rows.filter(subscription_id__in=subscription_ids)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    return {
        row.subscription_id: (row.order_id, row.seats_after) for row in rows.order_by("order__placed_at", "position")
    }


def _cursor(after: str) -> tuple[dt.datetime, uuid.UUID] | None:
    placed_at, _, last_id = after.partition("|")
    try:
        instant = dt.datetime.fromisoformat(placed_at)
        # The first and the last instants of the calendar overflow in UTC when they are written with an offset.
        return (instant.astimezone(dt.UTC), uuid.UUID(last_id)) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _with_lines(rows: list[Order]) -> list[OrderRow]:
    lines: dict[uuid.UUID, list[LineRow]] = {}
    for line in OrderLine.objects.filter(order_id__in=[row.pk for row in rows]).order_by("order_id", "position"):
        lines.setdefault(line.order_id, []).append(_line_row(line))
    return [
        OrderRow(
            order_id=row.pk,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            kind=row.kind,
            state=row.state,
            calculation=row.calculation,
            agreed_words=row.agreed_words,
            placed_by=row.placed_by,
            on_behalf_reason=row.on_behalf_reason,
            placed_at=row.placed_at,
            finished_at=row.finished_at,
            lines=tuple(lines.get(row.pk, [])),
        )
        for row in rows
    ]


def _line_row(line: OrderLine) -> LineRow:
    return LineRow(
        line_id=line.pk,
        position=line.position,
        subscription_id=line.subscription_id,
        operation_id=line.operation_id,
        name=line.name,
        seats_before=line.seats_before,
        seats_after=line.seats_after,
        state=line.state,
        refusal=line.refusal,
        finished_at=line.finished_at,
    )
