"""The API's operations for swaps: what is possible, a quote, its order, progress, and trying failed people again."""

import uuid

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from seatwright.api import (
    answers_orders,
    answers_swapping,
    bearer,
    endpoints,
    inputs,
    inputs_buying,
    inputs_swapping,
    parameters,
    problems,
)
from seatwright.operations import clock
from seatwright.workflows import follow_order, follow_swap, swap, swap_plan

router = Router(auth=bearer.READ)
router.add_decorator(parameters.exact)


@router.get("/subscriptions/{uuid:subscription_id}/swap", response=answers_swapping.Options, tags=["swaps"])
def read_swap_options(request: HttpRequest, subscription_id: uuid.UUID) -> answers_swapping.Options:
    """The plans that people of a subscription can change to, on which ways, and who holds it."""
    field = swap.survey(by=bearer.acting(request), subscription_id=subscription_id, at=clock.now())
    return answers_swapping.options(field)


@router.post(
    "/subscriptions/{uuid:subscription_id}/swap-quotes",
    response={201: answers_swapping.SwapQuote},
    auth=bearer.WRITE,
    tags=["swaps"],
)
def create_swap_quote(
    request: HttpRequest, response: HttpResponse, subscription_id: uuid.UUID, wish: inputs_swapping.SwapWish
) -> Status[answers_swapping.SwapQuote]:
    """Store the price of a swap for half an hour, with the key that orders it once."""
    by, at = bearer.acting(request), clock.now()
    people = tuple(wish.people)
    if wish.everybody:
        field = swap.survey(by=by, subscription_id=subscription_id, at=at)
        people = tuple(each.key for each in field.holders)
    choice = swap_plan.Choice(
        subscription_id=subscription_id, to=wish.to, people=people, way=wish.way, is_whole=wish.whole
    )
    quote_id = swap.prepare(by=by, choice=choice, at=at)
    response.headers["Location"] = f"/api/v1/swap-quotes/{quote_id}"
    return Status(201, answers_swapping.quote(swap.prepared(by=by, quote_id=quote_id, at=at)))


@router.get("/swap-quotes/{uuid:quote_id}", response=answers_swapping.SwapQuote, tags=["swaps"])
def read_swap_quote(request: HttpRequest, quote_id: uuid.UUID) -> answers_swapping.SwapQuote:
    """A stored quote of a swap; `order_id` is the order that it became, if it did."""
    return answers_swapping.quote(swap.prepared(by=bearer.acting(request), quote_id=quote_id, at=clock.now()))


@router.post(
    "/swap-quotes/{uuid:quote_id}/orders",
    response={201: answers_orders.Receipt},
    auth=bearer.WRITE,
    tags=["swaps"],
)
def place_swap(
    request: HttpRequest,
    response: HttpResponse,
    quote_id: uuid.UUID,
    agreement: inputs_buying.PurchaseAgreement,
    idempotency_key: inputs.Key,
) -> Status[answers_orders.Receipt]:
    """Order a quoted swap with obligation to pay; the same key and body again order nothing more."""
    by, reason, at = bearer.acting(request), agreement.on_behalf_reason.strip(), clock.now()
    order_id = swap.place(
        by=by,
        quote_id=quote_id,
        idempotency_key=idempotency_key,
        agreed_words=endpoints.AGREED_WORDS,
        on_behalf_reason=reason,
        at=at,
    )
    page = follow_order.order(by=by, order_id=order_id)
    if (page.agreed_words, page.on_behalf_reason) != (endpoints.AGREED_WORDS, reason):
        raise problems.KeyReused
    response.headers["Location"] = f"/api/v1/orders/{order_id}"
    return Status(201, answers_orders.receipt(page, quote_id=quote_id))


@router.get("/orders/{uuid:order_id}/swap", response=answers_swapping.Progress, tags=["swaps"])
def read_swap(request: HttpRequest, order_id: uuid.UUID) -> answers_swapping.Progress:
    """How far a swap is, person by person, and what became of the old seats; ask again while `is_running`."""
    return answers_swapping.progress(follow_swap.progress(by=bearer.acting(request), order_id=order_id))


@router.post(
    "/orders/{uuid:order_id}/swap/again",
    response={204: None},
    auth=bearer.WRITE,
    tags=["swaps"],
    openapi_extra={"x-may-be-too-late": True},
)
def try_swap_again(request: HttpRequest, order_id: uuid.UUID) -> Status[None]:
    """Try those once more who could not be moved; nothing is bought for it."""
    swap.again(by=bearer.acting(request), order_id=order_id, at=clock.now())
    return Status(204, None)
