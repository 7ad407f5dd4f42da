"""What is sent about the catalogue and requests: lists of fields allowed out, never whole rows (S11)."""

import datetime as dt
import uuid

from pydantic import BaseModel

from seatwright.api.amounts import Amount, amount
from seatwright.orders import requests as offer_requests
from seatwright.workflows import browse_catalogue


class Listed(BaseModel):
    """A product in the list; `from_per_month` is its lowest price for a seat and month, before tax."""

    product_key: str
    name: str
    title: str
    part_number: str
    old_name: str
    is_add_on: bool
    is_self_service: bool
    seats_held: int
    from_per_month: Amount | None


class Catalogue(BaseModel):
    """A page of the catalogue; `next` continues it."""

    items: list[Listed]
    next: str | None
    total: int


class Plan(BaseModel):
    """A term and billing plan; amounts are for one seat before tax, null where no price is known.

    `per_cycle` is charged each billing cycle. `surcharge_basis_points` says how much dearer a month is than in the
    cheapest plan.
    """

    offer_key: str
    term: str
    billing_plan: str
    per_cycle: Amount | None
    per_month: Amount | None
    whole_term: Amount | None
    surcharge_basis_points: int


class Product(BaseModel):
    """A product with what it takes to buy it; any one of `needs_any_of` in the tenant is enough."""

    product_key: str
    name: str
    title: str
    part_number: str
    minimum: int
    maximum: int | None
    family_maximum: int | None
    is_add_on: bool
    is_self_service: bool
    needs_any_of: list[str]
    plans: list[Plan]


class Request(BaseModel):
    """A request to the reseller; `state` is open, answered, booked or declined."""

    id: uuid.UUID
    customer_id: uuid.UUID
    tenant_id: uuid.UUID
    offer_key: str
    name: str
    seats: int
    words: str
    state: str
    asked_by: str
    created_at: dt.datetime
    answer: str
    promised_at: dt.datetime | None
    order_id: uuid.UUID | None


class Requests(BaseModel):
    """A customer's requests, newest first."""

    items: list[Request]


def listed(row: browse_catalogue.CatalogueRow, *, currency: str) -> Listed:
    """The product as the list shows it."""
    return Listed(
        product_key=row.product_key,
        name=row.name,
        title=row.title,
        part_number=row.part_number,
        old_name=row.old_name,
        is_add_on=row.is_add_on,
        is_self_service=row.is_self_service,
        seats_held=row.held,
        from_per_month=_amount(row.from_minor, currency),
    )


def product(page: browse_catalogue.Product) -> Product:
    """The product with its plans."""
    currency = page.customer.currency
    return Product(
        product_key=page.product_key,
        name=page.name,
        title=page.title,
        part_number=page.part_number,
        minimum=page.minimum,
        maximum=page.maximum,
        family_maximum=page.family_maximum,
        is_add_on=page.is_add_on,
        is_self_service=page.is_self_service,
        needs_any_of=list(page.prerequisites),
        plans=[
            Plan(
                offer_key=row.offer_key,
                term=row.term,
                billing_plan=row.billing_plan,
                per_cycle=_amount(row.unit_minor, currency),
                per_month=_amount(row.month_minor, currency),
                whole_term=_amount(row.term_minor, currency),
                surcharge_basis_points=row.surcharge,
            )
            for row in page.plans
        ],
    )


def _amount(minor: int | None, currency: str) -> Amount | None:
    return None if minor is None else amount(minor=minor, currency=currency)


def request(row: offer_requests.RequestRow) -> Request:
    """The request with its answer."""
    return Request(
        id=row.request_id,
        customer_id=row.customer_id,
        tenant_id=row.tenant_id,
        offer_key=row.offer_key,
        name=row.name,
        seats=row.seats,
        words=row.wish,
        state=row.state,
        asked_by=row.asked_by,
        created_at=row.created_at,
        answer=row.answer,
        promised_at=row.promised_at,
        order_id=row.order_id,
    )
