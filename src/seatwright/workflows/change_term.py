"""Another term or billing plan inside the running term: a longer term at once, another rhythm from the next charge on.

`preview` prices it, `prepare` stores it with a key, `place` books it; the steps of `term_operation` carry it out. A
shorter term, and paying a running term at once, wait for the renewal: the vendor does not allow them before (5.7).
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import Actor
from seatwright.operations import changes as operations
from seatwright.operations import checkpoints
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.rules import rebasing
from seatwright.subscriptions import changes as subscriptions
from seatwright.workflows import carry_wishes, change_seats, connections, term_operation, term_pricing

KIND = term_operation.KIND
NotPossible = term_pricing.NotPossible
Pair = term_pricing.Pair


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A priced change; `rebased` is what becomes of wishes for the renewal, None where there are none."""

    calculation: frozen.Calculation
    rebased: rebasing.Rebased | None

    @property
    def line(self) -> frozen.Line:
        """The one line of the calculation."""
        return self.calculation.lines[0]

    @property
    def change(self) -> frozen.TermChange:
        """What changes."""
        assert self.line.term_change is not None
        return self.line.term_change

    @property
    def fingerprint(self) -> str:
        """Equal exactly when every number, date and name is."""
        return frozen.fingerprint(self.calculation)


def choices(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> tuple[Preview, ...]:
    """Every term and plan that can be begun now, each with its price, shortest term first.

    Raises NotPossible where the term cannot be changed at all, access.permissions.Unknown or NotAllowed.
    """
    of = term_pricing.subject(by=by, subscription_id=subscription_id, action="seats.quote", at=at)
    found = []
    for pair in term_pricing.offered(of):
        try:
            calculation = term_pricing.priced(of, to=pair)
        except NotPossible:
            continue
        found.append(Preview(calculation=calculation, rebased=term_pricing.rebased(of, calculation.lines[0])))
    return tuple(found)


def preview(*, by: Actor, subscription_id: uuid.UUID, to: Pair, at: dt.datetime) -> Preview:
    """What that change costs as of `at`; nothing is stored.

    Raises NotPossible, with what can be had instead, access.permissions.Unknown or NotAllowed.
    """
    of = term_pricing.subject(by=by, subscription_id=subscription_id, action="seats.quote", at=at)
    calculation = term_pricing.priced(of, to=to)
    return Preview(calculation=calculation, rebased=term_pricing.rebased(of, calculation.lines[0]))


def prepare(*, by: Actor, subscription_id: uuid.UUID, to: Pair, at: dt.datetime) -> uuid.UUID:
    """Store the priced change for half an hour with a fresh idempotency key; returns the quote's id.

    Raises what `preview` raises.
    """
    of = term_pricing.subject(by=by, subscription_id=subscription_id, action="seats.quote", at=at)
    return _save(by=by, of=of, calculation=term_pricing.priced(of, to=to), at=at)


def _save(*, by: Actor, of: term_pricing.Subject, calculation: frozen.Calculation, at: dt.datetime) -> uuid.UUID:
    return orders.save_quote(
        by=by,
        reseller_id=of.row.reseller_id,
        customer_id=of.row.customer_id,
        kind=KIND,
        calculation=frozen.to_json(calculation),
        fingerprint=frozen.fingerprint(calculation),
        at=at,
        expires_at=at + change_seats.QUOTE_LIFE,
    )


def prepared(*, by: Actor, quote_id: uuid.UUID, at: dt.datetime) -> change_seats.Prepared:
    """The stored quote; raises access.permissions.Unknown for a foreign or unknown id, and for one of another kind."""
    if order_queries.quote(seen_by=by, quote_id=quote_id).kind != KIND:
        raise permissions.Unknown
    return change_seats.prepared(by=by, quote_id=quote_id, at=at)


def place(
    *,
    by: Actor,
    quote_id: uuid.UUID,
    idempotency_key: str,
    agreed_words: str,
    on_behalf_reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    """Book a quoted change and return the order's id; the same quote and key again return the same order.

    Judged and priced once more under the subscription's lock, and booked only as quoted. Order, operation and audit
    event are committed together. The caller has asked for fresh proof of identity. Raises NotPossible,
    change_seats.KeyMismatch, QuoteExpired, QuoteChanged and ReasonMissing, access.permissions.Unknown or NotAllowed.
    """
    row = order_queries.quote(seen_by=by, quote_id=quote_id, action="seats.book")
    if row.kind != KIND:
        raise permissions.Unknown
    if row.idempotency_key != idempotency_key:
        raise change_seats.KeyMismatch
    if row.order_id is not None:
        return row.order_id
    if by.is_staff and not on_behalf_reason.strip():
        raise change_seats.ReasonMissing
    if at >= row.expires_at:
        raise change_seats.QuoteExpired
    (line,) = frozen.from_json(row.calculation).lines
    with transaction.atomic(durable=True):
        subscriptions.hold_still(subscription_ids=[line.subscription_id])
        earlier = order_queries.order_of_quote(quote_id=quote_id)
        if earlier is not None:
            return earlier
        of = term_pricing.subject(by=by, subscription_id=line.subscription_id, action="seats.book", at=at)
        fresh = term_pricing.priced(of, to=term_operation.pair_of(line))
        is_as_quoted = frozen.fingerprint(fresh) == row.fingerprint
        if is_as_quoted:
            order_id = _commit(
                by=by, of=of, quote=row, line=line, agreed_words=agreed_words, reason=on_behalf_reason.strip(), at=at
            )
            checkpoints.checkpoint("intent.before_commit")
    if not is_as_quoted:
        raise change_seats.QuoteChanged(fresh_quote_id=_save(by=by, of=of, calculation=fresh, at=at))
    checkpoints.checkpoint("intent.committed")
    return order_id


def _commit(
    *,
    by: Actor,
    of: term_pricing.Subject,
    quote: order_queries.QuoteRow,
    line: frozen.Line,
    agreed_words: str,
    reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    operation_id = identifiers.new_id()
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
        ],
        agreed_words=agreed_words,
        on_behalf_reason=reason,
        at=at,
    )
    _open(by=by, of=of, quote=quote, line=line, operation_id=operation_id, at=at)
    audit.record(
        by=by,
        action="order.placed",
        subject_kind="order",
        subject_id=order_id,
        before={"term": of.row.term, "billing_plan": of.row.billing_plan},
        after={"quote_id": str(quote.quote_id), "term": line.term, "billing_plan": line.billing_plan},
        at=at,
        reason=reason,
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
    )
    return order_id


def _open(
    *,
    by: Actor,
    of: term_pricing.Subject,
    quote: order_queries.QuoteRow,
    line: frozen.Line,
    operation_id: uuid.UUID,
    at: dt.datetime,
) -> None:
    operations.open_operation(
        operation_id=operation_id,
        kind=KIND,
        lease_key=connections.lease_of_subscription(
            vendor_key=of.row.vendor_key, vendor_subscription_id=of.row.vendor_subscription_id
        ),
        intent={
            "subscription_id": str(line.subscription_id),
            "tenant_id": str(of.row.tenant_id),
            "vendor_subscription_id": of.row.vendor_subscription_id,
            "seats_before": line.seats_before,
            "seats_after": line.seats_after,
            "term": line.term,
            "billing_plan": line.billing_plan,
            "stored": carry_wishes.stored(of.row),
        },
        policy_version=str(quote.calculation["policy_version"]),
        request_id=identifiers.new_id(),
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
        by=by,
        due_at=at,
        deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
        at=at,
    )
