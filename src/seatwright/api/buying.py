"""The API's operations for buying: the catalogue, a quote, its order, and requests to the reseller."""

import datetime as dt
import uuid

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from seatwright.api import (
    answers_buying,
    answers_orders,
    bearer,
    cursors,
    endpoints,
    inputs,
    inputs_buying,
    line_refusals,
    parameters,
    problems,
)
from seatwright.operations import clock
from seatwright.workflows import ask_for_offers, browse_catalogue, buy, buy_pricing, follow_order

router = Router(auth=bearer.READ)
router.add_decorator(parameters.exact)


@router.get("/customers/{uuid:customer_id}/catalogue", response=answers_buying.Catalogue, tags=["buying"])
def list_catalogue(
    request: HttpRequest, customer_id: uuid.UUID, q: inputs.Text = "", after: inputs.After = ""
) -> answers_buying.Catalogue:
    """What the customer may buy, by name, or found by any name or part number that it ever had."""
    cursor = cursors.opened(cursor=after, list_name="catalogue")
    page = browse_catalogue.catalogue_page(
        by=bearer.acting(request), customer_id=customer_id, text=q, skip=int(cursor or 0), at=clock.now()
    )
    after = "" if page.next_skip is None else str(page.next_skip)
    return answers_buying.Catalogue(
        items=[answers_buying.listed(row, currency=page.customer.currency) for row in page.rows],
        next=cursors.sealed(after=after, list_name="catalogue"),
        total=page.total,
    )


@router.get(
    "/customers/{uuid:customer_id}/catalogue/{str:product_key}", response=answers_buying.Product, tags=["buying"]
)
def read_product(request: HttpRequest, customer_id: uuid.UUID, product_key: str) -> answers_buying.Product:
    """One product with its terms, their prices, and what it takes to buy it."""
    page = browse_catalogue.product(
        by=bearer.acting(request), customer_id=customer_id, product_key=product_key, at=clock.now()
    )
    return answers_buying.product(page)


@router.post(
    "/customers/{uuid:customer_id}/purchase-quotes",
    response={201: answers_orders.Quote},
    auth=bearer.WRITE,
    tags=["buying"],
)
def create_purchase_quote(
    request: HttpRequest, response: HttpResponse, customer_id: uuid.UUID, wish: inputs_buying.PurchaseWish
) -> Status[answers_orders.Quote]:
    """Store the price of a purchase for half an hour, with the key that orders it once."""
    by, at = bearer.acting(request), clock.now()
    signatory = wish.signatory
    try:
        quote_id = buy.prepare(
            by=by,
            customer_id=customer_id,
            choice=_choice(wish),
            signatory=None if signatory is None else buy.Signatory(**signatory.model_dump()),
            on_whose_word=wish.on_behalf_reason,
            at=at,
        )
    except buy_pricing.Refused as refused:
        raise line_refusals.NotForSale(refused.priced) from refused
    response.headers["Location"] = f"/api/v1/purchase-quotes/{quote_id}"
    return Status(201, answers_orders.quote(buy.prepared(by=by, quote_id=quote_id, at=at)))


def _choice(wish: inputs_buying.PurchaseWish) -> buy_pricing.Choice:
    return buy_pricing.Choice(
        tenant_id=wish.tenant_id,
        offer_key=wish.offer_key,
        seats=wish.seats,
        promotion_id=wish.promotion,
        custom_end_on=dt.date.fromisoformat(wish.first_term_ends_on) if wish.first_term_ends_on else None,
    )


@router.get("/purchase-quotes/{uuid:quote_id}", response=answers_orders.Quote, tags=["buying"])
def read_purchase_quote(request: HttpRequest, quote_id: uuid.UUID) -> answers_orders.Quote:
    """A stored quote of a purchase; `order_id` is the order that it became, if it did."""
    return answers_orders.quote(buy.prepared(by=bearer.acting(request), quote_id=quote_id, at=clock.now()))


@router.post(
    "/purchase-quotes/{uuid:quote_id}/orders",
    response={201: answers_orders.Receipt},
    auth=bearer.WRITE,
    tags=["buying"],
)
def place_purchase(
    request: HttpRequest,
    response: HttpResponse,
    quote_id: uuid.UUID,
    agreement: inputs_buying.PurchaseAgreement,
    idempotency_key: inputs.Key,
) -> Status[answers_orders.Receipt]:
    """Order a quoted purchase with obligation to pay; the same key and body again order nothing more."""
    by, reason, at = bearer.acting(request), agreement.on_behalf_reason.strip(), clock.now()
    order_id: uuid.UUID | None
    try:
        order_id = buy.place(
            by=by,
            quote_id=quote_id,
            idempotency_key=idempotency_key,
            agreed_words=endpoints.AGREED_WORDS,
            on_behalf_reason=reason,
            at=at,
        )
    except buy_pricing.Refused as refused:
        order_id = buy.prepared(by=by, quote_id=quote_id, at=at).order_id
        if order_id is None:
            raise line_refusals.NoLongerForSale(refused.priced) from refused
    page = follow_order.order(by=by, order_id=order_id)
    if (page.agreed_words, page.on_behalf_reason) != (endpoints.AGREED_WORDS, reason):
        raise problems.KeyReused
    response.headers["Location"] = f"/api/v1/orders/{order_id}"
    return Status(201, answers_orders.receipt(page, quote_id=quote_id))


@router.get("/customers/{uuid:customer_id}/offer-requests", response=answers_buying.Requests, tags=["buying"])
def list_offer_requests(request: HttpRequest, customer_id: uuid.UUID) -> answers_buying.Requests:
    """What the customer has asked the reseller for, newest first, at most 200."""
    page = ask_for_offers.requests_of(by=bearer.acting(request), customer_id=customer_id)
    return answers_buying.Requests(items=[answers_buying.request(row) for row in page.rows])


@router.post(
    "/customers/{uuid:customer_id}/offer-requests",
    response={201: answers_buying.Request},
    auth=bearer.WRITE,
    tags=["buying"],
)
def create_offer_request(
    request: HttpRequest, response: HttpResponse, customer_id: uuid.UUID, wish: inputs_buying.OfferWish
) -> Status[answers_buying.Request]:
    """Ask the reseller for an offer that is not ordered by oneself."""
    by = bearer.acting(request)
    made = ask_for_offers.ask(
        by=by,
        customer_id=customer_id,
        tenant_id=wish.tenant_id,
        offer_key=wish.offer_key,
        seats=wish.seats,
        wish=wish.words,
        at=clock.now(),
    )
    response.headers["Location"] = f"/api/v1/customers/{customer_id}/offer-requests"
    page = ask_for_offers.requests_of(by=by, customer_id=customer_id)
    return Status(201, answers_buying.request(next(row for row in page.rows if row.request_id == made)))
