"""Journey 3: buy a product that is not held yet, in its term and billing plan.

`preview` prices a choice while it is made, `prepare` asks the vendor and stores the quote, `place` books it; the steps
in `buy_operation` carry it out. What stands against it is said before anything is sent.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import Actor
from seatwright.customers import agreements
from seatwright.customers import changes as customer_changes
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import checkpoints
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.orders import requests as offer_requests
from seatwright.rules import purchases
from seatwright.subscriptions import changes as subscriptions
from seatwright.vendors import port
from seatwright.workflows import (
    agreement_operation,
    buy_facts,
    buy_limits,
    buy_operation,
    buy_pricing,
    change_seats,
    connections,
)

KIND = buy_limits.KIND


@dataclass(frozen=True, kw_only=True)
class Signatory:
    """Who accepts the vendor's agreement on the customer's side."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""


def preview(*, by: Actor, customer_id: uuid.UUID, choice: buy_pricing.Choice, at: dt.datetime) -> buy_pricing.Priced:
    """The price of the choice as of `at`, or why it is refused; nothing is stored.

    The vendor is asked only about a promotion. Raises access.permissions.Unknown for a foreign customer or tenant.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="catalogue.view")
    return _with_promotion(by=by, customer=customer, choice=choice, at=at)


def _with_promotion(
    *, by: Actor, customer: customers.CustomerRow, choice: buy_pricing.Choice, at: dt.datetime
) -> buy_pricing.Priced:
    tenant = buy_pricing.tenant_of(by=by, customer=customer, tenant_id=choice.tenant_id)
    offer = buy_pricing.offer_of(customer=customer, tenant=tenant, offer_key=choice.offer_key)
    against: tuple[purchases.Refusal, ...] = ()
    if offer is not None:
        try:
            choice, against = buy_facts.with_promotion(
                customer=customer, tenant=tenant, offer=offer, choice=choice, at=at
            )
        except port.VendorTrouble:
            against = (purchases.VendorNotReached(),)
    priced = buy_pricing.price(by=by, customer=customer, choice=choice, subscription_id=identifiers.new_id(), at=at)
    return priced.refused(*against)


def prepare(
    *,
    by: Actor,
    customer_id: uuid.UUID,
    choice: buy_pricing.Choice,
    at: dt.datetime,
    signatory: Signatory | None = None,
    on_whose_word: str = "",
) -> uuid.UUID:
    """Store the priced choice for half an hour with a fresh idempotency key; returns the quote's id.

    The vendor is asked about agreement, promotion and end first. With a `signatory` the acceptance of its agreement is
    entered and sent to it at once, by an operation of its own. Raises buy_pricing.Refused, and stores no quote then;
    change_seats.ReasonMissing for staff who accept without saying on whose word.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="seats.quote")
    priced = _with_promotion(by=by, customer=customer, choice=choice, at=at)
    if priced.calculation is None:
        raise buy_pricing.Refused(priced)
    tenant = customers.tenant(seen_by=by, tenant_id=choice.tenant_id)
    against = _asked(lambda: _vendor_against(tenant, priced, at=at))
    against = against or _asked(
        lambda: _agreement_against(
            by=by, tenant=tenant, signatory=signatory, on_whose_word=on_whose_word.strip(), at=at
        )
    )
    if against:
        raise buy_pricing.Refused(priced.refused(*against))
    return _save(by=by, customer=customer, calculation=priced.calculation, at=at)


def _asked(question: Callable[[], tuple[purchases.Refusal, ...]]) -> tuple[purchases.Refusal, ...]:
    try:
        return question()
    except port.VendorTrouble:
        return (purchases.VendorNotReached(),)


def _vendor_against(
    tenant: customers.TenantRow, priced: buy_pricing.Priced, *, at: dt.datetime
) -> tuple[purchases.Refusal, ...]:
    """What the vendor would not grant: the promotion to this very purchase, or the end of the first term."""
    choice, offer = priced.choice, priced.offer
    assert offer is not None
    if choice.custom_end_on is not None:
        possible = tuple(each.end_on for each in buy_facts.ends_of(tenant=tenant, term=offer.term, at=at))
        if choice.custom_end_on not in possible:
            return (purchases.EndDateNotPossible(possible),)
    if choice.promotion_id:
        return buy_facts.promotion_verdict(tenant=tenant, offer=offer, choice=choice, at=at)
    return ()


def _agreement_against(
    *, by: Actor, tenant: customers.TenantRow, signatory: Signatory | None, on_whose_word: str, at: dt.datetime
) -> tuple[purchases.Refusal, ...]:
    if buy_facts.note_vendors_record(tenant=tenant, at=at):
        return ()
    template = connections.vendor_of(tenant).agreement_template(at=at)
    if signatory is None:
        return (purchases.AgreementMissing(template.link),)
    if by.is_staff and not on_whose_word:
        raise change_seats.ReasonMissing
    _accept(by=by, tenant=tenant, template=template, signatory=signatory, on_whose_word=on_whose_word, at=at)
    return ()


def _accept(
    *,
    by: Actor,
    tenant: customers.TenantRow,
    template: port.AgreementTemplate,
    signatory: Signatory,
    on_whose_word: str,
    at: dt.datetime,
) -> None:
    """Enter the acceptance and queue telling the vendor, together."""
    permissions.require(by=by, action="seats.book", reseller_id=tenant.reseller_id, customer_id=tenant.customer_id)
    operation_id = identifiers.new_id()
    with transaction.atomic(durable=True):
        customer_changes.hold_still(customer_id=tenant.customer_id)
        if agreement_operation.is_under_way(tenant_id=tenant.tenant_id):
            return
        acceptance = _acceptance(template, signatory, on_whose_word=on_whose_word, at=at)
        agreements.record(by=by, tenant=tenant, acceptance=acceptance, at=at)
        operations.open_operation(
            operation_id=operation_id,
            kind=agreement_operation.KIND,
            lease_key=agreement_operation.lease_key(tenant_id=tenant.tenant_id),
            intent={
                "tenant_id": str(tenant.tenant_id),
                "template_id": template.template_id,
                "first_name": signatory.first_name,
                "last_name": signatory.last_name,
                "email": signatory.email,
                "phone": signatory.phone,
                "accepted_at": at.isoformat(),
            },
            policy_version="",
            request_id=identifiers.new_id(),
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            by=by,
            due_at=at,
            deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
            at=at,
        )
        audit.record(
            by=by,
            action="agreement.accepted",
            subject_kind="customer",
            subject_id=tenant.customer_id,
            before={},
            after={"template_id": template.template_id, "accepted_by": f"{signatory.first_name} {signatory.last_name}"},
            at=at,
            reason=on_whose_word,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            operation_id=operation_id,
        )


def _acceptance(
    template: port.AgreementTemplate, signatory: Signatory, *, on_whose_word: str, at: dt.datetime
) -> agreements.Acceptance:
    return agreements.Acceptance(
        template_id=template.template_id,
        version=template.version,
        link=template.link,
        first_name=signatory.first_name,
        last_name=signatory.last_name,
        email=signatory.email,
        phone=signatory.phone,
        accepted_at=at,
        source="portal",
        on_whose_word=on_whose_word,
    )


def _save(*, by: Actor, customer: customers.CustomerRow, calculation: frozen.Calculation, at: dt.datetime) -> uuid.UUID:
    return orders.save_quote(
        by=by,
        reseller_id=customer.reseller_id,
        customer_id=customer.customer_id,
        kind=KIND,
        calculation=frozen.to_json(calculation),
        fingerprint=frozen.fingerprint(calculation),
        at=at,
        expires_at=at + change_seats.QUOTE_LIFE,
    )


def prepared(*, by: Actor, quote_id: uuid.UUID, at: dt.datetime) -> change_seats.Prepared:
    """The stored quote of a purchase; raises access.permissions.Unknown for a foreign or unknown id."""
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
    request_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Book a quoted purchase and return the order's id; the same quote and key again return the same order.

    It is judged and priced once more while nothing else of the customer's can be bought, and booked only as quoted.
    Order, operation and audit events are committed together, and a customer's request (`request_id`) for this product
    in this tenant is closed with them; one for anything else stays open. The caller has asked for fresh proof of
    identity. Raises change_seats.KeyMismatch, QuoteExpired, QuoteChanged and ReasonMissing, buy_pricing.Refused,
    orders.requests.WrongState.
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
    quoted = frozen.from_json(row.calculation)
    customer = customers.customer(seen_by=by, customer_id=row.customer_id, action="seats.book")
    try:
        with transaction.atomic(durable=True):
            customer_changes.hold_still(customer_id=row.customer_id)
            subscriptions.hold_customer_still(customer_id=row.customer_id)
            earlier = order_queries.order_of_quote(quote_id=quote_id)
            if earlier is not None:
                return earlier
            _require_as_quoted(by=by, customer=customer, quote=row, quoted=quoted, at=at)
            order_id = _commit(
                by=by,
                customer=customer,
                quote=row,
                quoted=quoted,
                agreed_words=agreed_words,
                reason=on_behalf_reason.strip(),
                at=at,
            )
            if request_id is not None:
                _close_request(by, row, quoted.lines[0], request_id=request_id, order_id=order_id, at=at)
            checkpoints.checkpoint("intent.before_commit")
    except _Differs as differs:
        # With an id of its own for the subscription: of two fresh quotes each can be bought.
        (line,) = differs.calculation.lines
        fresh = replace(differs.calculation, lines=(replace(line, subscription_id=identifiers.new_id()),))
        fresh_quote_id = _save(by=by, customer=customer, calculation=fresh, at=at)
        raise change_seats.QuoteChanged(fresh_quote_id=fresh_quote_id) from None
    checkpoints.checkpoint("intent.committed")
    return order_id


class _Differs(Exception):
    """The purchase is possible and costs something else than was quoted."""

    def __init__(self, calculation: frozen.Calculation) -> None:
        super().__init__("differs")
        self.calculation = calculation


def _require_as_quoted(
    *,
    by: Actor,
    customer: customers.CustomerRow,
    quote: order_queries.QuoteRow,
    quoted: frozen.Calculation,
    at: dt.datetime,
) -> None:
    (line,) = quoted.lines
    priced = buy_pricing.price(
        by=by,
        customer=customer,
        choice=buy_pricing.choice_of(line),
        subscription_id=line.subscription_id,
        at=at,
    )
    if priced.calculation is None:
        raise buy_pricing.Refused(priced)
    if agreements.newest(tenant_id=priced.choice.tenant_id) is None:
        raise buy_pricing.Refused(priced.refused(purchases.AgreementMissing("")))
    if frozen.fingerprint(priced.calculation) != quote.fingerprint:
        raise _Differs(priced.calculation)


def _close_request(
    by: Actor,
    quote: order_queries.QuoteRow,
    bought: frozen.Line,
    *,
    request_id: uuid.UUID,
    order_id: uuid.UUID,
    at: dt.datetime,
) -> None:
    asked = offer_requests.request(seen_by=by, request_id=request_id, action="offers.answer")
    if asked.customer_id != quote.customer_id:
        raise permissions.Unknown
    assert bought.purchase is not None
    wanted = (asked.tenant_id, buy_limits.product_of(asked.offer_key))
    if wanted != (bought.purchase.tenant_id, buy_limits.product_of(bought.purchase.offer_key)):
        return
    offer_requests.move(by=by, request_id=request_id, state="booked", answer="", order_id=order_id, at=at)


def _commit(
    *,
    by: Actor,
    customer: customers.CustomerRow,
    quote: order_queries.QuoteRow,
    quoted: frozen.Calculation,
    agreed_words: str,
    reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    operation_id = identifiers.new_id()
    (line,) = quoted.lines
    order_id = orders.place(
        by=by,
        quote_id=quote.quote_id,
        lines=[
            orders.NewLine(
                subscription_id=line.subscription_id,
                operation_id=operation_id,
                name=line.name,
                seats_before=0,
                seats_after=line.seats_after,
            )
        ],
        agreed_words=agreed_words,
        on_behalf_reason=reason,
        at=at,
    )
    buy_operation.open_purchase(by=by, operation_id=operation_id, customer=customer, calculation=quoted, at=at)
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
            "lines": [f"{line.name}: 0 -> {line.seats_after}"],
        },
        at=at,
        reason=reason,
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
    )
    return order_id
