"""Journey 1: more seats at any time, fewer only what is returnable now, several lines in one booking.

`preview` prices a wish while it is typed, `prepare` stores it with a key, `place` books it, and three steps carry each
line out: `submit` sends it once, `confirm` reads it back, `record` books seats, charges and order in one transaction.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import Actor
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import checkpoints, engine
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.subscriptions import changes as subscriptions
from seatwright.workflows import carry_wishes, connections, pricing, rebase_wishes, seat_operation

KIND = "change_seats"
NO_ANSWERS: rebase_wishes.Answers = {}
QUOTE_LIFE = dt.timedelta(minutes=30)


class QuoteExpired(Exception):
    """The quote's time is over; the same wish is priced again and shown before it can be booked."""


class QuoteChanged(Exception):
    """Prices, seats or windows changed since the quote; `fresh_quote_id` is the same wish priced now."""

    def __init__(self, *, fresh_quote_id: uuid.UUID) -> None:
        super().__init__(str(fresh_quote_id))
        self.fresh_quote_id = fresh_quote_id


class KeyMismatch(Exception):
    """The idempotency key is not the one issued with this quote."""


class ReasonMissing(Exception):
    """Staff who book for a customer say on whose word they do so (R077)."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A stored quote as its review page shows it."""

    quote_id: uuid.UUID
    idempotency_key: str
    customer_id: uuid.UUID
    calculation: frozen.Calculation
    expires_at: dt.datetime
    is_expired: bool
    order_id: uuid.UUID | None


def preview(*, by: Actor, customer_id: uuid.UUID, wishes: Sequence[pricing.Wish], at: dt.datetime) -> pricing.Priced:
    """The price of the wish as of `at`, or why it is refused, line by line; nothing is stored.

    Raises access.permissions.Unknown for a subscription that is not this customer's.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="seats.quote")
    return _price(by=by, customer=customer, wishes=wishes, at=at)


def _price(
    *, by: Actor, customer: customers.CustomerRow, wishes: Sequence[pricing.Wish], at: dt.datetime
) -> pricing.Priced:
    """The price with what has to be asked about wishes for the renewals of these licences."""
    priced = pricing.price(by=by, customer=customer, wishes=wishes, at=at)
    if priced.calculation is None:
        return priced
    seats = {wish.subscription_id: wish.seats for wish in wishes}
    asked = rebase_wishes.questions(customer=customer, seats=seats, at=at)
    return replace(priced, calculation=replace(priced.calculation, questions=asked))


def prepare(*, by: Actor, customer_id: uuid.UUID, wishes: Sequence[pricing.Wish], at: dt.datetime) -> uuid.UUID:
    """Store the priced wish for half an hour with a fresh idempotency key; returns the quote's id.

    Raises pricing.Refused, which holds the refusals of each line, and stores nothing then.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="seats.quote")
    priced = _price(by=by, customer=customer, wishes=wishes, at=at)
    if priced.calculation is None:
        raise pricing.Refused(priced)
    return _save(by=by, customer=customer, calculation=priced.calculation, at=at)


def _save(*, by: Actor, customer: customers.CustomerRow, calculation: frozen.Calculation, at: dt.datetime) -> uuid.UUID:
    return orders.save_quote(
        by=by,
        reseller_id=customer.reseller_id,
        customer_id=customer.customer_id,
        kind=KIND,
        calculation=frozen.to_json(calculation),
        fingerprint=frozen.fingerprint(calculation),
        at=at,
        expires_at=at + QUOTE_LIFE,
    )


def prepared(*, by: Actor, quote_id: uuid.UUID, at: dt.datetime) -> Prepared:
    """The stored quote; raises access.permissions.Unknown for a foreign or unknown id."""
    row = order_queries.quote(seen_by=by, quote_id=quote_id)
    return Prepared(
        quote_id=row.quote_id,
        idempotency_key=row.idempotency_key,
        customer_id=row.customer_id,
        calculation=frozen.from_json(row.calculation),
        expires_at=row.expires_at,
        is_expired=at >= row.expires_at,
        order_id=row.order_id,
    )


def is_quoted(*, by: Actor, quote_id: uuid.UUID) -> bool:
    """Whether the quote is for a change of seats; raises access.permissions.Unknown for a foreign or unknown id."""
    return order_queries.quote(seen_by=by, quote_id=quote_id, action="seats.book").kind == KIND


def place(
    *,
    by: Actor,
    quote_id: uuid.UUID,
    idempotency_key: str,
    agreed_words: str,
    on_behalf_reason: str,
    at: dt.datetime,
    answers: rebase_wishes.Answers = NO_ANSWERS,
) -> uuid.UUID:
    """Book a quote and return the order's id; the same quote and key again return the same order and do nothing.

    The wish is priced once more while nothing else of the customer's can be booked, because pools, packages and family
    caps reach over several subscriptions: the order is placed only when every number is still the quoted one. Order,
    operations and audit events are committed together, before anything is sent (law 1). The caller has asked for fresh
    proof of identity. `answers` say for each question of the quote whether the wish follows the change or stays. Raises
    access.permissions.Unknown for a quote of another kind, KeyMismatch, QuoteExpired, QuoteChanged, ReasonMissing,
    rebase_wishes.Unanswered, and what `preview` raises.
    """
    row = order_queries.quote(seen_by=by, quote_id=quote_id, action="seats.book")
    if row.kind != KIND:
        raise permissions.Unknown
    if row.idempotency_key != idempotency_key:
        raise KeyMismatch
    if row.order_id is not None:
        return row.order_id
    if by.is_staff and not on_behalf_reason.strip():
        raise ReasonMissing
    if at >= row.expires_at:
        raise QuoteExpired
    quoted = frozen.from_json(row.calculation)
    rebase_wishes.require_answers(asked=quoted.questions, answers=answers)
    customer = customers.customer(seen_by=by, customer_id=row.customer_id, action="seats.book")
    wishes = [pricing.Wish(subscription_id=line.subscription_id, seats=line.seats_after) for line in quoted.lines]
    try:
        with transaction.atomic(durable=True):
            subscriptions.hold_customer_still(customer_id=row.customer_id)
            earlier = order_queries.order_of_quote(quote_id=quote_id)
            if earlier is not None:
                return earlier
            _require_as_quoted(_price(by=by, customer=customer, wishes=wishes, at=at), row)
            order_id = _commit(
                by=by,
                quote=row,
                quoted=quoted,
                answers=answers,
                agreed_words=agreed_words,
                reason=on_behalf_reason.strip(),
                at=at,
            )
            checkpoints.checkpoint("intent.before_commit")
    except _Differs as differs:
        fresh_quote_id = _save(by=by, customer=customer, calculation=differs.calculation, at=at)
        raise QuoteChanged(fresh_quote_id=fresh_quote_id) from None
    checkpoints.checkpoint("intent.committed")
    return order_id


class _Differs(Exception):
    """The wish is possible and costs something else than was quoted."""

    def __init__(self, calculation: frozen.Calculation) -> None:
        super().__init__("differs")
        self.calculation = calculation


def _require_as_quoted(priced: pricing.Priced, quote: order_queries.QuoteRow) -> None:
    if priced.calculation is None:
        raise pricing.Refused(priced)
    if frozen.fingerprint(priced.calculation) != quote.fingerprint:
        raise _Differs(priced.calculation)


def _commit(
    *,
    by: Actor,
    quote: order_queries.QuoteRow,
    quoted: frozen.Calculation,
    answers: rebase_wishes.Answers,
    agreed_words: str,
    reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    operation_ids = [identifiers.new_id() for _ in quoted.lines]
    order_id = orders.place(
        by=by,
        quote_id=quote.quote_id,
        lines=[
            orders.NewLine(
                subscription_id=line.subscription_id,
                operation_id=operation_id,
                name=line.name,
                seats_before=line.seats_before,
                seats_after=line.seats_after,
            )
            for line, operation_id in zip(quoted.lines, operation_ids, strict=True)
        ],
        agreed_words=agreed_words,
        on_behalf_reason=reason,
        at=at,
    )
    asked = {each.subscription_id: each for each in quoted.questions}
    for line, operation_id in zip(quoted.lines, operation_ids, strict=True):
        answer = rebase_wishes.as_intent(question=asked.get(line.subscription_id), answers=answers)
        _open(by=by, quote=quote, quoted=quoted, line=line, answer=answer, operation_id=operation_id, at=at)
    audit.record(
        by=by,
        action="order.placed",
        subject_kind="order",
        subject_id=order_id,
        before={},
        after={
            "quote_id": str(quote.quote_id),
            "due_now_minor": quoted.due_now.gross_minor,
            "currency": quoted.currency,
            "lines": [f"{line.name}: {line.seats_before} -> {line.seats_after}" for line in quoted.lines],
        },
        at=at,
        reason=reason,
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
    )
    return order_id


def _open(
    *,
    by: Actor,
    quote: order_queries.QuoteRow,
    quoted: frozen.Calculation,
    line: frozen.Line,
    answer: dict[str, Any],
    operation_id: uuid.UUID,
    at: dt.datetime,
) -> None:
    holding = pricing.holding_of(by=by, subscription_id=line.subscription_id)
    operations.open_operation(
        operation_id=operation_id,
        kind=KIND,
        lease_key=connections.lease_of_subscription(
            vendor_key=holding.vendor_key, vendor_subscription_id=holding.vendor_subscription_id
        ),
        intent={
            "subscription_id": str(line.subscription_id),
            "tenant_id": str(holding.tenant_id),
            "vendor_subscription_id": holding.vendor_subscription_id,
            "seats_before": line.seats_before,
            "seats_after": line.seats_after,
            "stored": carry_wishes.stored(holding),
            **answer,
        },
        policy_version=quoted.policy_version,
        request_id=identifiers.new_id(),
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
        by=by,
        due_at=at,
        deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
        at=at,
    )


def register() -> None:
    """Tell the engine how this journey's operation runs."""
    engine.register(
        engine.Kind(
            name=KIND,
            steps=(
                ("submit", seat_operation.submit),
                ("confirm", seat_operation.confirm),
                ("record", seat_operation.record),
            ),
        )
    )
