"""Requests for what customers do not order themselves: asked here, answered at the desk, booked like any purchase."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from seatwright.access import audit, permissions
from seatwright.access.actors import Actor
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue.queries import OfferUnknown
from seatwright.customers import queries as customers
from seatwright.orders import requests as offer_requests
from seatwright.workflows import buy_pricing


class AnswerMissing(Exception):
    """A request is answered or declined in words, which the customer reads."""


@dataclass(frozen=True, kw_only=True)
class RequestList:
    """A customer's requests, newest first."""

    customer: customers.CustomerRow
    rows: tuple[offer_requests.RequestRow, ...]
    may_answer: bool


@dataclass(frozen=True, kw_only=True)
class DeskLine:
    """A request that waits at the reseller's desk, with who asks and for which tenant."""

    request: offer_requests.RequestRow
    customer: customers.CustomerRow
    domain: str
    may_answer: bool


def ask(
    *,
    by: Actor,
    customer_id: uuid.UUID,
    tenant_id: uuid.UUID,
    offer_key: str,
    seats: int,
    wish: str,
    at: dt.datetime,
) -> uuid.UUID:
    """Ask the reseller for seats of an offer; returns the request's id.

    Raises access.permissions.Unknown for a foreign tenant or an offer that is not sold to this customer.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="offers.request")
    tenant = buy_pricing.tenant_of(by=by, customer=customer, tenant_id=tenant_id)
    offer = buy_pricing.offer_of(customer=customer, tenant=tenant, offer_key=offer_key)
    if offer is None:
        raise permissions.Unknown
    with transaction.atomic(durable=True):
        request_id = offer_requests.ask(
            by=by,
            reseller_id=customer.reseller_id,
            customer_id=customer_id,
            tenant_id=tenant_id,
            offer_key=offer_key,
            name=offer.own_label or offer.title,
            seats=max(seats, 1),
            wish=wish.strip(),
            at=at,
        )
        _note(by=by, row=offer_requests.request(seen_by=by, request_id=request_id), action="asked", at=at)
    return request_id


def answer(
    *,
    by: Actor,
    request_id: uuid.UUID,
    text: str,
    promised_at: dt.datetime | None,
    is_declined: bool,
    at: dt.datetime,
) -> None:
    """Answer a request, with a promised time if there is one, or decline it in words.

    Raises access.permissions.Unknown or NotAllowed, AnswerMissing, orders.requests.WrongState.
    """
    row = offer_requests.request(seen_by=by, request_id=request_id, action="offers.answer")
    if not text.strip():
        raise AnswerMissing
    state = "declined" if is_declined else "answered"
    with transaction.atomic(durable=True):
        offer_requests.move(
            by=by,
            request_id=request_id,
            state=state,
            answer=text.strip(),
            promised_at=None if is_declined else promised_at,
            at=at,
        )
        _note(by=by, row=row, action=state, at=at, text=text.strip())


def _note(*, by: Actor, row: offer_requests.RequestRow, action: str, at: dt.datetime, text: str = "") -> None:
    audit.record(
        by=by,
        action=f"offer_request.{action}",
        subject_kind="offer_request",
        subject_id=row.request_id,
        before={"state": row.state} if action != "asked" else {},
        after={"name": row.name, "seats": row.seats, "text": text},
        at=at,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
    )


def requests_of(*, by: Actor, customer_id: uuid.UUID) -> RequestList:
    """The customer's requests; raises access.permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="catalogue.view")
    return RequestList(
        customer=customer,
        rows=tuple(offer_requests.requests(seen_by=by, customer_id=customer_id)),
        may_answer=permissions.allowed(
            by=by, action="offers.answer", reseller_id=customer.reseller_id, customer_id=customer_id
        ),
    )


def desk(*, by: Actor) -> tuple[DeskLine, ...]:
    """The requests that wait at the reseller's desk, the oldest first; raises NotAllowed for others than its staff."""
    if not by.is_staff:
        raise permissions.NotAllowed("staff.queue")
    rows = offer_requests.requests(seen_by=by, states=offer_requests.OPEN_STATES)
    buyers = customers.by_ids(customer_ids=list({row.customer_id for row in rows}))
    domains = {row.tenant_id: row.primary_domain for row in customers.tenants(seen_by=by, customer_ids=list(buyers))}
    return tuple(
        DeskLine(
            request=row,
            customer=buyers[row.customer_id],
            domain=domains.get(row.tenant_id, ""),
            may_answer=permissions.allowed(
                by=by, action="offers.answer", reseller_id=row.reseller_id, customer_id=row.customer_id
            ),
        )
        for row in reversed(rows)
    )


def for_booking(*, by: Actor, request_id: uuid.UUID) -> offer_requests.RequestRow:
    """The request that is about to be booked; raises Unknown or NotAllowed, WrongState if it ended."""
    row = offer_requests.request(seen_by=by, request_id=request_id, action="offers.answer")
    if not row.is_open:
        raise offer_requests.WrongState(row.state)
    return row


def set_self_service(
    *, by: Actor, customer_id: uuid.UUID, product_key: str, is_self_service: bool, at: dt.datetime
) -> None:
    """Let all customers of this customer's reseller order a product themselves, or have them ask for it.

    Raises access.permissions.Unknown or NotAllowed.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="catalogue.edit")
    with transaction.atomic(durable=True):
        try:
            catalogue.set_self_service(
                reseller_id=customer.reseller_id, product_key=product_key, is_self_service=is_self_service
            )
        except OfferUnknown:
            raise permissions.Unknown from None
        audit.record(
            by=by,
            action="catalogue.self_service",
            subject_kind="product",
            subject_id=product_key,
            before={},
            after={"is_self_service": is_self_service},
            at=at,
            reseller_id=customer.reseller_id,
        )
