"""Requests for what customers do not order themselves: how their rows change, and every question about them."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.orders.models import REQUEST_TRANSITIONS, OfferRequest

OPEN_STATES = tuple(sorted(state for state, after in REQUEST_TRANSITIONS.items() if after))


class WrongState(Exception):
    """The request has been booked or declined before; nothing follows from that."""


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """A request with what became of it; `order_id` is the order that it was booked with."""

    request_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    tenant_id: uuid.UUID
    offer_key: str
    name: str
    seats: int
    wish: str
    state: str
    asked_by: str
    created_at: dt.datetime
    answer: str
    promised_at: dt.datetime | None
    answered_by: str
    answered_at: dt.datetime | None
    order_id: uuid.UUID | None

    @property
    def is_open(self) -> bool:
        """Whether something can still become of it."""
        return self.state in OPEN_STATES


def ask(
    *,
    by: Actor,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    tenant_id: uuid.UUID,
    offer_key: str,
    name: str,
    seats: int,
    wish: str,
    at: dt.datetime,
) -> uuid.UUID:
    """Enter a request in the caller's transaction and return its id."""
    row = OfferRequest(
        reseller_id=reseller_id,
        customer_id=customer_id,
        tenant_id=tenant_id,
        offer_key=offer_key,
        name=name[:200],
        seats=seats,
        wish=wish[:1000],
        state="open",
        asked_by_user_id=by.user_id,
        asked_by=by.label[:200],
        created_at=at,
    )
    row.save(force_insert=True)
    return row.pk


def move(
    *,
    by: Actor,
    request_id: uuid.UUID,
    state: str,
    answer: str,
    at: dt.datetime,
    promised_at: dt.datetime | None = None,
    order_id: uuid.UUID | None = None,
) -> None:
    """Answer, decline or book a request in the caller's transaction; locks it. Raises WrongState.

    An empty answer leaves the earlier one, which may have promised something.
    """
    row = OfferRequest.objects.select_for_update().get(pk=request_id)
    if state not in REQUEST_TRANSITIONS[row.state]:
        raise WrongState(f"{row.state} -> {state}")
    row.state, row.answered_by, row.answered_at, row.order_id = state, by.label[:200], at, order_id
    row.answer = answer[:1000] or row.answer
    row.promised_at = promised_at or row.promised_at
    row.save(update_fields=["state", "answered_by", "answered_at", "order", "answer", "promised_at"])


def request(*, seen_by: Actor, request_id: uuid.UUID, action: str = "catalogue.view") -> RequestRow:
    """One request; raises access.permissions.Unknown for a foreign or unknown id, NotAllowed without the right."""
    row = OfferRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise permissions.Unknown
    permissions.require(by=seen_by, action=action, reseller_id=row.reseller_id, customer_id=row.customer_id)
    return _row(row)


def requests(
    *, seen_by: Actor, customer_id: uuid.UUID | None = None, states: Sequence[str] | None = None, limit: int = 200
) -> list[RequestRow]:
    """The requests that the actor may see, newest first, of one customer or in some states if named."""
    rows = OfferRequest.objects.filter(permissions.visible_rows(seen_by=seen_by, action="catalogue.view"))
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    if states is not None:
        rows = rows.filter(state__in=states)
    return [_row(row) for row in rows.order_by("-created_at", "-id")[:limit]]


def _row(row: OfferRequest) -> RequestRow:
    return RequestRow(
        request_id=row.pk,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        tenant_id=row.tenant_id,
        offer_key=row.offer_key,
        name=row.name,
        seats=row.seats,
        wish=row.wish,
        state=row.state,
        asked_by=row.asked_by,
        created_at=row.created_at,
        answer=row.answer,
        promised_at=row.promised_at,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        order_id=row.order_id,
    )
