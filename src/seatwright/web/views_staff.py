"""The reseller's staff: customers, the order queue, and the decision on what a machine must not guess."""

import datetime as dt
import uuid
from typing import get_args

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.operations import changes as operations
from seatwright.operations import clock
from seatwright.rules import quantities
from seatwright.web import errors, requests, wording
from seatwright.workflows import run_desk, settle_drift, travel_in_time

DECISIONS: dict[str, run_desk.Decision] = {name: name for name in get_args(run_desk.Decision)}


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The customers that the person serves, by name."""
    text, after = requests.text(request.GET, "q", longest=80), requests.text(request.GET, "after", longest=300)
    page = run_desk.customer_list(by=requests.acting(request), text=text, after=after)
    return render(request, "pages/staff_customers.html", {"page": page, "text": text, "is_continued": bool(after)})


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Orders under way and operations that wait for a person."""
    return _queue_page(request)


def _queue_page(
    request: HttpRequest, *, refused_id: uuid.UUID | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    by = requests.acting(request)
    values = {
        "page": run_desk.queue(by=by),
        "refused_id": refused_id,
        "error": error,
        "has_test_clock": settings.ENVIRONMENT.test_clock and _may_advance(by),
        "travels_to": clock.destination(),
    }
    return render(request, "pages/staff_queue.html", values, status=status)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def settle(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Record a person's decision on a parked operation."""
    decision = DECISIONS.get(request.POST.get("decision", ""))
    if decision is None:
        error = _("Choose what happened.")
        return _queue_page(request, refused_id=operation_id, error=error, status=422)
    try:
        run_desk.settle(
            by=requests.acting(request),
            operation_id=operation_id,
            decision=decision,
            reason=requests.text(request.POST, "reason", longest=500),
            at=requests.now(),
        )
    except run_desk.ReasonMissing:
        error = _("Write down why, so that others can follow the decision.")
        return _queue_page(request, refused_id=operation_id, error=error, status=422)
    except operations.NotPossible:
        return errors.refused(request, text=_("Somebody else has decided this meanwhile, or it went on by itself."))
    messages.success(request, _("The decision is recorded."))
    return HttpResponseRedirect(reverse("staff_queue"), status=303)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def adopt(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Take over the vendor's number of seats into the books, charged or credited from today."""
    try:
        settle_drift.adopt(
            by=requests.acting(request),
            subscription_id=subscription_id,
            reason=requests.text(request.POST, "reason", longest=500),
            at=requests.now(),
        )
    except settle_drift.ReasonMissing:
        error = _("Write down why, so that others can follow the decision.")
        return _queue_page(request, refused_id=subscription_id, error=error, status=422)
    except settle_drift.NothingToSettle:
        return errors.refused(request, text=_("The books and the vendor agree by now, or a change is under way."))
    except settle_drift.TermUnread:
        error = _(
            "The term in the books is over. Sync the licences first, so that the seats are charged in the new one."
        )
        return _queue_page(request, refused_id=subscription_id, error=error, status=422)
    except settle_drift.PriceUnknown:
        error = _(
            "No price is known for this licence yet. Import its price sheet and sync, so that the seats can be charged."
        )
        return _queue_page(request, refused_id=subscription_id, error=error, status=422)
    messages.success(request, _("The vendor's number is in the books and charged from today."))
    return HttpResponseRedirect(reverse("subscription", args=[subscription_id]), status=303)


def _may_advance(by: Actor) -> bool:
    resellers = [grant.reseller_id for grant in by.grants if grant.customer_id is None]
    return any(permissions.allowed(by=by, action="clock.advance", reseller_id=each) for each in resellers)


@require_POST
def advance_clock(request: HttpRequest) -> HttpResponse:
    """Send the test clock of a demo forwards, product and simulator together, or let it stay where it is."""
    by, at = requests.acting(request), requests.now()
    if not _may_advance(by):
        raise permissions.NotAllowed("clock.advance")
    try:
        if request.POST.get("stop"):
            travel_in_time.stop(by=by, at=at)
            return HttpResponseRedirect(reverse("staff_queue"), status=303)
        days = quantities.parse_quantity(requests.text(request.POST, "days", longest=7))
        travel_in_time.advance(by=by, to=at + dt.timedelta(days=min(days, 1100)), at=at)
    except clock.OnlyForwards:
        return errors.refused(request, text=_("The clock only goes forwards. Enter at least one day."))
    except quantities.BadQuantity as bad:
        return errors.refused(request, text=wording.quantity_refusal(bad.reason_code))
    except clock.ClockRefused:
        return errors.refused(request, text=_("This installation runs on the time of the day and cannot be moved."))
    messages.success(request, _("The clock is on its way, and what time brings happens on its day."))
    return HttpResponseRedirect(reverse("staff_queue"), status=303)
