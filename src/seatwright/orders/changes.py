"""Every way rows of the orders room change; the one function that moves a line's state is `end_line`."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seatwright.access import identifiers
from seatwright.access.actors import Actor
from seatwright.orders.models import LINE_TRANSITIONS, Order, OrderLine, Quote

FINAL_LINE_STATES = frozenset(state for state, after in LINE_TRANSITIONS.items() if not after)


class WrongState(Exception):
    """The line is not in a state from which this may follow."""


class AlreadyPlaced(Exception):
    """The quote was placed before; `order_id` is the order that it became."""

    def __init__(self, order_id: uuid.UUID) -> None:
        super().__init__(str(order_id))
        self.order_id = order_id


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """One subscription's change in an order about to be placed."""

    subscription_id: uuid.UUID
    operation_id: uuid.UUID
    name: str
    seats_before: int
    seats_after: int


def save_quote(
    *,
    by: Actor,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    kind: str,
    calculation: dict[str, Any],
    fingerprint: str,
    at: dt.datetime,
    expires_at: dt.datetime,
) -> uuid.UUID:
    """Store a priced wish with a fresh idempotency key, before any page shows it (invariant 17); returns its id."""
    row = Quote(
        reseller_id=reseller_id,
        customer_id=customer_id,
        kind=kind,
        idempotency_key=identifiers.new_key(),
        calculation=calculation,
        fingerprint=fingerprint,
        made_by_user_id=by.user_id,
        made_by=by.label[:200],
        created_at=at,
        expires_at=expires_at,
    )
    row.save(force_insert=True)
    return row.pk


def place(
    *,
    by: Actor,
    quote_id: uuid.UUID,
    lines: Sequence[NewLine],
    agreed_words: str,
    on_behalf_reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    """Turn a quote into an order with its lines; runs in the caller's transaction and locks the quote.

    Raises AlreadyPlaced when the quote has become an order before, whoever asked.
    """
    quote = Quote.objects.select_for_update().get(pk=quote_id)
    earlier = Order.objects.filter(quote=quote).first()
    if earlier is not None:
        raise AlreadyPlaced(earlier.pk)
    order = Order(
        quote=quote,
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
        kind=quote.kind,
        state="running",
        calculation=quote.calculation,
        agreed_words=agreed_words,
        placed_by_user_id=by.user_id,
        placed_by=by.label[:200],
        on_behalf_reason=on_behalf_reason[:300],
        placed_at=at,
    )
    order.save(force_insert=True)
    OrderLine.objects.bulk_create(_line(order, line, position=position) for position, line in enumerate(lines))
    return order.pk


def add_line(*, order_id: uuid.UUID, line: NewLine) -> None:
    """Add a line that became known after the order was placed; an order that had ended runs again until it ends.

    Runs in the caller's transaction and locks the order. What such a line may cost was part of the order's calculation
    as a maximum; its own price is kept with its operation.
    """
    order = Order.objects.select_for_update().get(pk=order_id)
    position = OrderLine.objects.filter(order=order).count()
    _line(order, line, position=position).save(force_insert=True)
    order.state, order.finished_at = "running", None
    order.save(update_fields=["state", "finished_at"])


def _line(order: Order, line: NewLine, *, position: int) -> OrderLine:
    return OrderLine(
        order=order,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        position=position,
        subscription_id=line.subscription_id,
        operation_id=line.operation_id,
        name=line.name,
        seats_before=line.seats_before,
        seats_after=line.seats_after,
        state="booked",
    )


def hold_still(*, operation_id: uuid.UUID) -> None:
    """Lock the order of this operation's line until the caller's transaction ends; it has one."""
    order_id = OrderLine.objects.values_list("order_id", flat=True).get(operation_id=operation_id)
    Order.objects.select_for_update().get(pk=order_id)


def end_line(*, operation_id: uuid.UUID, state: str, at: dt.datetime, refusal: str = "", mends: str = "") -> None:
    """Move the operation's line to `done`, `partly_done` or `refused`, and its order along once every line has ended.

    The order counts lines that ended with the refusal `mends` before as done: this one has made up for them. Runs in
    the caller's transaction; locks the order, then the line. Raises WrongState when it may not follow.
    """
    order_id = OrderLine.objects.values_list("order_id", flat=True).get(operation_id=operation_id)
    order = Order.objects.select_for_update().get(pk=order_id)
    line = OrderLine.objects.select_for_update().get(operation_id=operation_id)
    if state not in LINE_TRANSITIONS[line.state]:
        raise WrongState(f"{line.state} -> {state}")
    line.state, line.refusal, line.finished_at = state, refusal, at
    line.save(update_fields=["state", "refusal", "finished_at"])
    _settle_order(order, mended=mends, at=at)


def _settle_order(order: Order, *, mended: str, at: dt.datetime) -> None:
    lines = OrderLine.objects.filter(order=order).values_list("state", "refusal")
    states = {"done" if mended and refusal == mended else state for state, refusal in lines}
    if not states <= FINAL_LINE_STATES:
        return
    order.state = "done" if states == {"done"} else "failed" if states == {"refused"} else "partly_done"
    order.finished_at = at
    order.save(update_fields=["state", "finished_at"])
