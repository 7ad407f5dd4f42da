"""The operations of the API: each asks one workflow and sends its answer; the rules live where the portal's do."""

import uuid

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from seatwright.api import (
    answers_licences,
    answers_orders,
    bearer,
    cursors,
    inputs,
    line_refusals,
    parameters,
    problems,
)
from seatwright.operations import clock
from seatwright.workflows import (
    change_seats,
    change_term,
    follow_order,
    overview,
    pricing,
    rebase_wishes,
    run_desk,
    sync_tenant,
)

AGREED_WORDS = "Order with obligation to pay"
router = Router(auth=bearer.READ)
router.add_decorator(parameters.exact)


@router.get("/customers", response=answers_licences.Customers, tags=["staff"])
def list_customers(request: HttpRequest, q: inputs.Text = "", after: inputs.After = "") -> answers_licences.Customers:
    """The customers that the reseller's staff serves, by name."""
    cursor = cursors.opened(cursor=after, list_name="customers")
    page = run_desk.customer_list(by=bearer.acting(request), text=q, after=cursor)
    return answers_licences.Customers(
        items=[answers_licences.served(line) for line in page.rows],
        next=cursors.sealed(after=page.after, list_name="customers"),
        total=page.total,
    )


@router.get("/customers/{uuid:customer_id}/licences", response=answers_licences.Licences, tags=["licences"])
def read_licences(request: HttpRequest, customer_id: uuid.UUID) -> answers_licences.Licences:
    """A customer's licences by tenant: ours, foreign, assigned, free, and what can be returned until when."""
    page = overview.licences(by=bearer.acting(request), customer_id=customer_id, at=clock.now())
    return answers_licences.licences(page)


@router.get("/subscriptions/{uuid:subscription_id}", response=answers_licences.Subscription, tags=["licences"])
def read_subscription(request: HttpRequest, subscription_id: uuid.UUID) -> answers_licences.Subscription:
    """One subscription with its seat lots, ledger, charges and events."""
    page = overview.subscription(by=bearer.acting(request), subscription_id=subscription_id, at=clock.now())
    return answers_licences.subscription(page)


@router.get("/customers/{uuid:customer_id}/people", response=answers_licences.People, tags=["people"])
def list_people(
    request: HttpRequest,
    customer_id: uuid.UUID,
    q: inputs.Text = "",
    unlicensed: inputs.Flag = "false",
    after: inputs.After = "",
) -> answers_licences.People:
    """A customer's people by name, with the licences they hold."""
    cursor = cursors.opened(cursor=after, list_name="people")
    page = overview.people(
        by=bearer.acting(request), customer_id=customer_id, text=q, only_unlicensed=unlicensed == "true", after=cursor
    )
    return answers_licences.People(
        items=[answers_licences.person(row) for row in page.rows],
        next=cursors.sealed(after=page.after, list_name="people"),
        total=page.total,
        unlicensed=page.unlicensed,
    )


@router.post("/customers/{uuid:customer_id}/seat-quotes/preview", response=answers_orders.Preview, tags=["seats"])
def preview_seats(request: HttpRequest, customer_id: uuid.UUID, wish: inputs.SeatWish) -> answers_orders.Preview:
    """The price of the wished totals, or why they are refused; nothing is stored."""
    priced = change_seats.preview(
        by=bearer.acting(request), customer_id=customer_id, wishes=_wishes(wish), at=clock.now()
    )
    if priced.calculation is None:
        raise line_refusals.NotBookable(priced, lines=_named(wish))
    return answers_orders.Preview(calculation=answers_orders.calculation(priced.calculation))


@router.post(
    "/customers/{uuid:customer_id}/seat-quotes",
    response={201: answers_orders.Quote},
    auth=bearer.WRITE,
    tags=["seats"],
)
def create_quote(
    request: HttpRequest, response: HttpResponse, customer_id: uuid.UUID, wish: inputs.SeatWish
) -> Status[answers_orders.Quote]:
    """Store the price of the wished totals for half an hour, with the key that orders it once."""
    by, at = bearer.acting(request), clock.now()
    try:
        quote_id = change_seats.prepare(by=by, customer_id=customer_id, wishes=_wishes(wish), at=at)
    except pricing.Refused as refused:
        raise line_refusals.NotBookable(refused.priced, lines=_named(wish)) from refused
    response.headers["Location"] = f"/api/v1/seat-quotes/{quote_id}"
    return Status(201, answers_orders.quote(change_seats.prepared(by=by, quote_id=quote_id, at=at)))


@router.get("/seat-quotes/{uuid:quote_id}", response=answers_orders.Quote, tags=["seats"])
def read_quote(request: HttpRequest, quote_id: uuid.UUID) -> answers_orders.Quote:
    """A stored quote; `order_id` is the order that it became, if it did."""
    return answers_orders.quote(change_seats.prepared(by=bearer.acting(request), quote_id=quote_id, at=clock.now()))


@router.post(
    "/seat-quotes/{uuid:quote_id}/orders",
    response={201: answers_orders.Receipt},
    auth=bearer.WRITE,
    tags=["seats"],
)
def place_order(
    request: HttpRequest,
    response: HttpResponse,
    quote_id: uuid.UUID,
    agreement: inputs.Agreement,
    idempotency_key: inputs.Key,
) -> Status[answers_orders.Receipt]:
    """Order a quote with obligation to pay; the same key and body again get the same answer and order nothing more."""
    by, reason, at = bearer.acting(request), agreement.on_behalf_reason.strip(), clock.now()
    answers = {each.subscription_id: rebase_wishes.Way(each.way) for each in agreement.wishes}
    order_id: uuid.UUID | None
    try:
        if change_seats.is_quoted(by=by, quote_id=quote_id):
            order_id = change_seats.place(
                by=by,
                quote_id=quote_id,
                idempotency_key=idempotency_key,
                agreed_words=AGREED_WORDS,
                on_behalf_reason=reason,
                answers=answers,
                at=at,
            )
        else:
            order_id = change_term.place(
                by=by,
                quote_id=quote_id,
                idempotency_key=idempotency_key,
                agreed_words=AGREED_WORDS,
                on_behalf_reason=reason,
                at=at,
            )
    except pricing.Refused as refused:
        # What is in the way may be this very order, placed by a twin of this request a moment ago.
        order_id = change_seats.prepared(by=by, quote_id=quote_id, at=at).order_id
        if order_id is None:
            lines = [line.subscription_key for line in refused.priced.quote.lines]
            raise problems.NoLongerPossible(refused.priced, lines=lines) from refused
    page = follow_order.order(by=by, order_id=order_id)
    said = {line.subscription_id: line.way for line in page.lines if line.way}
    is_same = all(answers.get(key) == way for key, way in said.items())
    if (page.agreed_words, page.on_behalf_reason) != (AGREED_WORDS, reason) or not is_same:
        raise problems.KeyReused
    response.headers["Location"] = f"/api/v1/orders/{order_id}"
    return Status(201, answers_orders.receipt(page, quote_id=quote_id))


@router.get("/orders/{uuid:order_id}", response=answers_orders.Order, tags=["orders"])
def read_order(request: HttpRequest, order_id: uuid.UUID) -> answers_orders.Order:
    """An order with the progress of each line; ask again while `is_running`."""
    return answers_orders.order(follow_order.order(by=bearer.acting(request), order_id=order_id))


@router.get("/customers/{uuid:customer_id}/orders", response=answers_orders.Orders, tags=["orders"])
def list_orders(request: HttpRequest, customer_id: uuid.UUID, after: inputs.After = "") -> answers_orders.Orders:
    """A customer's orders, newest first."""
    cursor = cursors.opened(cursor=after, list_name="orders")
    page = follow_order.orders_of(by=bearer.acting(request), customer_id=customer_id, after=cursor)
    return answers_orders.Orders(
        items=[answers_orders.summary(row) for row in page.rows],
        next=cursors.sealed(after=page.after, list_name="orders"),
    )


@router.post(
    "/customers/{uuid:customer_id}/sync", response={202: answers_licences.Queued}, auth=bearer.WRITE, tags=["licences"]
)
def request_sync(request: HttpRequest, customer_id: uuid.UUID) -> Status[answers_licences.Queued]:
    """Queue a reading of each of the customer's tenants that has none under way."""
    queued = sync_tenant.request(by=bearer.acting(request), customer_id=customer_id, at=clock.now())
    return Status(202, answers_licences.Queued(queued=queued))


@router.get("/operations/parked", response=answers_licences.Parked, tags=["staff"])
def list_parked(request: HttpRequest) -> answers_licences.Parked:
    """The operations that wait for a decision of the reseller's staff, the oldest first."""
    queue = run_desk.queue(by=bearer.acting(request))
    return answers_licences.Parked(items=[answers_licences.parked(line) for line in queue.parked])


@router.post(
    "/operations/{uuid:operation_id}/settle",
    response={204: None},
    auth=bearer.WRITE,
    tags=["staff"],
    openapi_extra={"x-may-be-too-late": True},
)
def settle_operation(request: HttpRequest, operation_id: uuid.UUID, settlement: inputs.Settlement) -> Status[None]:
    """Decide a parked operation: read once more, or book it as done or as not done."""
    run_desk.settle(
        by=bearer.acting(request),
        operation_id=operation_id,
        decision=settlement.decision,
        reason=settlement.reason,
        at=clock.now(),
    )
    return Status(204, None)


def _wishes(wish: inputs.SeatWish) -> list[pricing.Wish]:
    return [pricing.Wish(subscription_id=line.subscription_id, seats=line.seats) for line in wish.quantities]


def _named(wish: inputs.SeatWish) -> list[uuid.UUID]:
    return [line.subscription_id for line in wish.quantities]
