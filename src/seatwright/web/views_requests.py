"""Requests for what is not ordered by oneself: the customer's list, and the reseller's desk that answers them."""

import datetime as dt
import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from seatwright.orders import requests as offer_requests
from seatwright.rules import business_dates
from seatwright.web import errors, requests
from seatwright.workflows import ask_for_offers

DECISIONS = {"answer": False, "decline": True}


@require_GET
def mine(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The customer's requests with their answers, newest first."""
    page = ask_for_offers.requests_of(by=requests.acting(request), customer_id=customer_id)
    requests.enter(request, customer_id=customer_id)
    return render(request, "pages/requests.html", {"page": page, "time_zone": page.customer.time_zone})


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The requests that wait for the reseller, the oldest first."""
    return _desk_page(request)


def _desk_page(
    request: HttpRequest, *, refused_id: uuid.UUID | None = None, error: str = "", text: str = "", status: int = 200
) -> HttpResponse:
    values = {
        "lines": ask_for_offers.desk(by=requests.acting(request)),
        "refused_id": refused_id,
        "error": error,
        "text": text,
    }
    return render(request, "pages/staff_requests.html", values, status=status)


@require_POST
def answer(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Answer a request in words, with the day by which it is settled, or decline it."""
    by, at = requests.acting(request), requests.now()
    decided = request.POST.getlist("decision")
    text = requests.text(request.POST, "answer", longest=1000)
    if len(decided) != 1 or decided[0] not in DECISIONS:
        return _desk_page(request, refused_id=request_id, error=_("Choose what becomes of it."), text=text, status=422)
    try:
        promised_at = _end_of(requests.text(request.POST, "promised", longest=10), at=at)
        ask_for_offers.answer(
            by=by,
            request_id=request_id,
            text=text,
            promised_at=promised_at,
            is_declined=DECISIONS[decided[0]],
            at=at,
        )
    except ask_for_offers.AnswerMissing:
        error = _("Write an answer; the customer reads it.")
        return _desk_page(request, refused_id=request_id, error=error, status=422)
    except ValueError:
        error = _("Choose a day from today on.")
        return _desk_page(request, refused_id=request_id, error=error, text=text, status=422)
    except offer_requests.WrongState:
        return errors.refused(request, text=_("Somebody has booked or declined this request meanwhile."))
    messages.success(request, _("The customer sees your answer."))
    return HttpResponseRedirect(reverse("staff_requests"), status=303)


def _end_of(text: str, *, at: dt.datetime) -> dt.datetime | None:
    """The end of the day that was promised, in UTC, None for none; raises ValueError for a day that is over or none."""
    if not text:
        return None
    on = dt.date.fromisoformat(text)
    if on < at.date() or on > at.date() + dt.timedelta(days=366):
        raise ValueError(text)
    return business_dates.start_of_day(on=on + dt.timedelta(days=1), zone="UTC")
