"""Changing seats: live price, review, booking with fresh proof of identity, and the order that follows."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from seatwright.web import editor, requests, views_customer, wish_answers, wording
from seatwright.workflows import change_seats, follow_order, licence_rows, overview, pricing, rebase_wishes


@require_POST
def preview(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The price of what is typed, or why it is refused, as a fragment; nothing is stored."""
    by, at = requests.acting(request), requests.now()
    page = overview.licences(by=by, customer_id=customer_id, at=at)
    read = editor.read(posted=request.POST, rows=_rows(page))
    priced = None
    if read.is_readable and read.wishes:
        priced = change_seats.preview(by=by, customer_id=customer_id, wishes=read.wishes, at=at)
        read = _with_refusals(read, priced, page)
    values = {
        "read": read,
        "calculation": priced.calculation if priced else None,
        "time_zone": page.customer.time_zone,
    }
    return render(request, "pages/price.html", values, status=200 if read.is_readable else 422)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Store the priced wish and show it for review; refused, the same form comes back with the reason at its field."""
    if request.method == "GET":
        return HttpResponseRedirect(reverse("licences", args=[customer_id]))
    by, at = requests.acting(request), requests.now()
    page = overview.licences(by=by, customer_id=customer_id, at=at)
    read = editor.read(posted=request.POST, rows=_rows(page))
    if read.is_readable and not read.wishes:
        read = replace(read, errors=(_("No number was changed. Change at least one to go on."),))
    if read.is_readable:
        try:
            quote_id = change_seats.prepare(by=by, customer_id=customer_id, wishes=read.wishes, at=at)
        except pricing.Refused as refused:
            read = _with_refusals(read, refused.priced, page)
        else:
            return HttpResponseRedirect(reverse("quote", args=[quote_id]), status=303)
    return views_customer.licences_page(request, page, read=read, status=422)


def _rows(page: overview.Licences) -> list[licence_rows.LicenceRow]:
    return [row for band in page.bands for row in band.rows]


def _with_refusals(read: editor.Read, priced: pricing.Priced, page: overview.Licences) -> editor.Read:
    """The form with the sentence of each refusal at its field."""
    zone, rows = page.customer.time_zone, {row.subscription_id: row for row in _rows(page)}
    lines: Mapping[uuid.UUID, editor.Typed] = read.lines
    whole: tuple[str, ...] = ()
    for key, found in priced.refusals.items():
        before = rows[uuid.UUID(key)].ours if key else 0
        sentences = tuple(wording.refusal(each, seats_before=before, zone=zone) for each in found)
        if key:
            lines = {**lines, uuid.UUID(key): replace(lines[uuid.UUID(key)], errors=sentences)}
        else:
            whole = sentences
    return replace(read, lines=lines, errors=(*read.errors, *whole))


@require_GET
def quote(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """A stored quote for review; one that was booked already leads to its order."""
    return _quote_page(request, quote_id)


def _quote_page(
    request: HttpRequest,
    quote_id: uuid.UUID,
    *,
    error: str = "",
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    by = requests.acting(request)
    prepared = change_seats.prepared(by=by, quote_id=quote_id, at=requests.now())
    answers = wish_answers.read(posted=request.POST, calculation=prepared.calculation)
    if prepared.order_id is not None:
        return HttpResponseRedirect(reverse("order", args=[prepared.order_id]))
    requests.enter(request, customer_id=prepared.customer_id)
    values = {
        "quote": prepared,
        "calculation": prepared.calculation,
        "asked": wish_answers.asked(
            calculation=prepared.calculation, answers=answers, is_refused=request.method == "POST"
        ),
        "order_words": order_words(),
        "needs_reason": by.is_staff,
        "reason": reason,
        "reason_error": error,
    }
    return render(request, "pages/quote.html", values, status=status)


@require_POST
def requote(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """Price an expired quote's wish again and show the new quote."""
    by, at = requests.acting(request), requests.now()
    old = change_seats.prepared(by=by, quote_id=quote_id, at=at)
    wishes = [
        pricing.Wish(subscription_id=line.subscription_id, seats=line.seats_after) for line in old.calculation.lines
    ]
    fresh = change_seats.prepare(by=by, customer_id=old.customer_id, wishes=wishes, at=at)
    return HttpResponseRedirect(reverse("quote", args=[fresh]), status=303)


def order_words() -> str:
    """The words on the button that binds the customer, in the language in which they were read."""
    return _("Order with obligation to pay")


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def book(request: HttpRequest, quote_id: uuid.UUID) -> HttpResponse:
    """Book the quote once, whatever is clicked twice, and go to its order."""
    keys = request.POST.getlist("key")
    if len(keys) != 1:
        raise change_seats.KeyMismatch
    reason = requests.text(request.POST, "reason", longest=300)
    by = requests.acting(request)
    calculation = change_seats.prepared(by=by, quote_id=quote_id, at=requests.now()).calculation
    try:
        order_id = change_seats.place(
            by=by,
            quote_id=quote_id,
            idempotency_key=keys[0],
            agreed_words=order_words(),
            on_behalf_reason=reason,
            answers=wish_answers.read(posted=request.POST, calculation=calculation),
            at=requests.now(),
        )
    except change_seats.ReasonMissing:
        missing = _("Say on whose word you book, for example a name and a date.")
        return _quote_page(request, quote_id, error=missing, status=422)
    except (change_seats.QuoteExpired, rebase_wishes.Unanswered):
        return _quote_page(request, quote_id, reason=reason, status=422)
    except change_seats.QuoteChanged as changed:
        messages.warning(request, _("Something changed since the price was made. This is the price as of now."))
        return HttpResponseRedirect(reverse("quote", args=[changed.fresh_quote_id]), status=303)
    return HttpResponseRedirect(reverse("order", args=[order_id]), status=303)


@require_GET
def order(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """The order with its progress and receipt."""
    return _order_page(request, order_id, template="pages/order.html")


@require_GET
def progress(request: HttpRequest, order_id: uuid.UUID) -> HttpResponse:
    """The part of the order page that changes while the order runs; it asks again by itself until nothing can."""
    return _order_page(request, order_id, template="pages/order.html#progress")


def _order_page(request: HttpRequest, order_id: uuid.UUID, *, template: str) -> HttpResponse:
    page = follow_order.order(by=requests.acting(request), order_id=order_id)
    requests.enter(request, customer_id=page.customer.customer_id)
    said = {
        line.operation_id: wish_answers.result_words(question=line.question, way=wish_answers.Way(line.way))
        for line in page.lines
        if line.question is not None and line.way
    }
    return render(request, template, {"page": page, "said": said, "time_zone": page.customer.time_zone})
