"""The reseller's staff: customers, the order queue, and the decision on what a machine must not guess."""

import uuid
from typing import get_args

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from seatwright.operations import changes as operations
from seatwright.web import errors, requests
from seatwright.workflows import run_desk

DECISIONS: dict[str, run_desk.Decision] = {name: name for name in get_args(run_desk.Decision)}


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The customers that the person serves, by name."""
    text, after = request.GET.get("q", "")[:80], request.GET.get("after", "")[:300]
    page = run_desk.customer_list(by=requests.acting(request), text=text, after=after)
    return render(request, "pages/staff_customers.html", {"page": page, "text": text, "is_continued": bool(after)})


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Orders under way and operations that wait for a person."""
    return _queue_page(request)


def _queue_page(
    request: HttpRequest, *, operation_id: uuid.UUID | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    page = run_desk.queue(by=requests.acting(request))
    values = {"page": page, "refused_id": operation_id, "error": error}
    return render(request, "pages/staff_queue.html", values, status=status)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def settle(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponse:
    """Record a person's decision on a parked operation."""
    decision = DECISIONS.get(request.POST.get("decision", ""))
    if decision is None:
        error = _("Choose what happened.")
        return _queue_page(request, operation_id=operation_id, error=error, status=422)
    try:
        run_desk.settle(
            by=requests.acting(request),
            operation_id=operation_id,
            decision=decision,
            reason=request.POST.get("reason", "")[:500],
            at=requests.now(),
        )
    except run_desk.ReasonMissing:
        error = _("Write down why, so that others can follow the decision.")
        return _queue_page(request, operation_id=operation_id, error=error, status=422)
    except operations.NotPossible:
        return errors.refused(request, text=_("Somebody else has decided this meanwhile, or it went on by itself."))
    messages.success(request, _("The decision is recorded."))
    return HttpResponseRedirect(reverse("staff_queue"), status=303)
