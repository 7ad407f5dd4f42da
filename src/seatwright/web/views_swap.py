"""Swapping people to another plan: choosing with a live price, review, booking, and trying failed people again."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from seatwright.subscriptions import queries as holdings
from seatwright.web import requests, swap_form, wording_swap
from seatwright.workflows import change_seats, swap, swap_plan


@require_GET
def start(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """From people chosen in the directory to the swap of the licence that they leave."""
    by = requests.acting(request)
    leavable = dict(swap_plan.leavable(by=by, customer_id=customer_id))
    try:
        chosen = uuid.UUID(requests.text(request.GET, "from", longest=40))
    except ValueError:
        chosen = uuid.UUID(int=0)
    if chosen not in leavable:
        messages.warning(request, _("Choose the licence that these people leave."))
        return HttpResponseRedirect(reverse("people", args=[customer_id]))
    people = [key[:64] for key in request.GET.getlist("person")]
    query = urlencode({"person": people}, doseq=True)
    return HttpResponseRedirect(f"{reverse('swap', args=[chosen])}?{query}")


@require_GET
def choose(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """The plans that can be entered, and for a chosen one who changes and on which way."""
    return _page(request, subscription_id, swap_form.read(request.GET))


def _page(
    request: HttpRequest,
    subscription_id: uuid.UUID,
    typed: swap_form.Typed,
    *,
    errors: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    by, at = requests.acting(request), requests.now()
    try:
        field = swap.survey(by=by, subscription_id=subscription_id, at=at, to=typed.to)
    except swap_plan.NothingToLeave:
        return _nothing(request, subscription_id)
    requests.enter(request, customer_id=field.customer.customer_id)
    target = next((each for each in field.targets if each.to == typed.to), None)
    rows, more = swap_form.people(field, typed, target=target)
    planned = None
    if target is not None and (typed.people or typed.is_everybody):
        wish = swap_form.choice(typed, subscription_id=subscription_id, holders=field.holders)
        planned = swap.preview(by=by, choice=wish, at=at)
    near = [each for each in field.targets if _is_near(each)]
    values = {
        "field": field,
        "near": near,
        "far": [each for each in field.targets if not _is_near(each)],
        "is_far": not near or (target is not None and not _is_near(target)),
        "customer": field.customer,
        "row": field.source,
        "target": target,
        "typed": typed,
        "people": rows,
        "more": more,
        "ways": swap_form.ways(target, typed),
        "carried": urlencode({"person": sorted(typed.people)}, doseq=True),
        "planned": planned,
        "reasons": _reasons(planned),
        "errors": (*typed.errors, *errors),
        "time_zone": field.customer.time_zone,
    }
    return render(request, "pages/swap.html", values, status=status)


def _is_near(target: swap_plan.Target) -> bool:
    """Whether the vendor has a way to the plan, or the customer holds it: those come first, the others are folded."""
    return any(way.is_transition or way.into is not None for way in target.ways)


def _reasons(planned: swap_plan.Planned | None) -> tuple[str, ...]:
    return () if planned is None else tuple(wording_swap.reason(each) for each in planned.reasons)


def _nothing(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    row = holdings.holding(seen_by=requests.acting(request), subscription_id=subscription_id)
    requests.enter(request, customer_id=row.customer_id)
    return render(request, "pages/swap_none.html", {"row": row})


@require_POST
def preview(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """The price of what is chosen, or why it cannot be booked, as a fragment; nothing is stored."""
    by, at = requests.acting(request), requests.now()
    typed = swap_form.read(request.POST)
    planned = None
    try:
        if not typed.errors:
            field = swap.survey(by=by, subscription_id=subscription_id, at=at)
            wish = swap_form.choice(typed, subscription_id=subscription_id, holders=field.holders)
            planned = swap.preview(by=by, choice=wish, at=at)
    except swap_plan.NothingToLeave:
        return _nothing(request, subscription_id)
    values = {
        "planned": planned,
        "reasons": (*typed.errors, *_reasons(planned)),
        "time_zone": planned.field.customer.time_zone if planned else "UTC",
    }
    return render(request, "pages/swap_price.html", values, status=422 if typed.errors else 200)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Store the priced choice for review; refused, the same form comes back and says why."""
    if request.method == "GET":
        return HttpResponseRedirect(reverse("swap", args=[subscription_id]))
    by, at = requests.acting(request), requests.now()
    typed = swap_form.read(request.POST)
    if typed.errors:
        return _page(request, subscription_id, typed, status=422)
    try:
        field = swap.survey(by=by, subscription_id=subscription_id, at=at)
        wish = swap_form.choice(typed, subscription_id=subscription_id, holders=field.holders)
        quote_id = swap.prepare(by=by, choice=wish, at=at)
    except swap_plan.NothingToLeave:
        return _nothing(request, subscription_id)
    except swap_plan.NotPossible as refused:
        return _page(request, subscription_id, typed, errors=_reasons(refused.planned), status=422)
    return HttpResponseRedirect(reverse("swap_quote", args=[quote_id]), status=303)


@require_GET
def quote(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """A stored swap for review; one that was booked already leads to its order."""
    return _quote_page(request, quote_id)


def _quote_page(
    request: HttpRequest,
    quote_id: uuid.UUID,
    *,
    error: str = "",
    reason: str = "",
    reasons: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    by = requests.acting(request)
    prepared = swap.prepared(by=by, quote_id=quote_id, at=requests.now())
    if prepared.order_id is not None:
        return HttpResponseRedirect(reverse("order", args=[prepared.order_id]))
    requests.enter(request, customer_id=prepared.customer_id)
    values = {
        "quote": prepared,
        "calculation": prepared.calculation,
        "swap": prepared.calculation.swap,
        "order_words": _order_words(),
        "needs_reason": by.is_staff,
        "reason": reason,
        "reason_error": error,
        "reasons": reasons,
    }
    return render(request, "pages/swap_quote.html", values, status=status)


def _order_words() -> str:
    """The words on the button that binds the customer, in the language in which they were read."""
    return _("Order with obligation to pay")


@require_POST
def requote(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """Price an expired swap again and show the new price."""
    by, at = requests.acting(request), requests.now()
    old = swap.prepared(by=by, quote_id=quote_id, at=at)
    try:
        fresh = swap.prepare(by=by, choice=swap.choice_of(old.calculation), at=at)
    except swap_plan.NotPossible as refused:
        return _quote_page(request, quote_id, reasons=_reasons(refused.planned), status=422)
    return HttpResponseRedirect(reverse("swap_quote", args=[fresh]), status=303)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def book(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """Book the swap once, whatever is clicked twice, and go to its order."""
    keys = request.POST.getlist("key")
    if len(keys) != 1:
        raise change_seats.KeyMismatch
    reason = requests.text(request.POST, "reason", longest=300)
    try:
        order_id = swap.place(
            by=requests.acting(request),
            quote_id=quote_id,
            idempotency_key=keys[0],
            agreed_words=_order_words(),
            on_behalf_reason=reason,
            at=requests.now(),
        )
    except change_seats.ReasonMissing:
        missing = _("Say on whose word you book, for example a name and a date.")
        return _quote_page(request, quote_id, error=missing, status=422)
    except change_seats.QuoteExpired:
        return _quote_page(request, quote_id, reason=reason, status=422)
    except swap_plan.NotPossible as refused:
        return _quote_page(request, quote_id, reason=reason, reasons=_reasons(refused.planned), status=422)
    except change_seats.QuoteChanged as changed:
        messages.warning(request, _("Something changed since the price was made. This is the price as of now."))
        return HttpResponseRedirect(reverse("swap_quote", args=[changed.fresh_quote_id]), status=303)
    return HttpResponseRedirect(reverse("order", args=[order_id]), status=303)


@require_POST
def again(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """Try those who could not be moved once more; it costs nothing more."""
    try:
        swap.again(by=requests.acting(request), order_id=order_id, at=requests.now())
    except swap.NobodyLeft:
        messages.info(request, _("There is nobody to try again: it is under way already, or everybody has moved."))
    else:
        messages.success(request, _("The people who could not be moved are tried again."))
    return HttpResponseRedirect(reverse("order", args=[order_id]), status=303)
