"""Suspend, resume and end a subscription: what it means is read first, and confirmed with fresh proof of identity."""

import uuid
from dataclasses import replace

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from seatwright.customers import queries as customers
from seatwright.subscriptions import queries as holdings
from seatwright.web import errors, requests, wording
from seatwright.workflows import change_status

Action = change_status.Action
ACTIONS = {action.name.lower(): action for action in Action}
FIELDS = frozenset({"fingerprint", "reason", "csrfmiddlewaretoken"})


@require_http_methods(["GET", "POST"])
def status(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponseBase:
    """What `?action=` would mean now, and the form that does it."""
    named = request.GET.getlist("action")
    if len(named) != 1 or named[0] not in ACTIONS:
        return errors.not_found(request)
    action = ACTIONS[named[0]]
    if request.method == "POST":
        answer: HttpResponse = _place(request, subscription_id, action)
        return answer
    return _page(request, subscription_id, action)


@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def _place(request: HttpRequest, subscription_id: uuid.UUID, action: Action) -> HttpResponse:
    by, at = requests.acting(request), requests.now()
    reason = requests.text(request.POST, "reason", longest=300)
    if set(request.POST) - FIELDS or any(len(request.POST.getlist(name)) != 1 for name in request.POST):
        error = _("A field was sent twice or does not belong to this page. Read it again, then confirm.")
        return _page(request, subscription_id, action, error=error, reason=reason)
    if by.is_staff and not reason.strip():
        error = _("Say on whose word you do this for the customer.")
        return _page(request, subscription_id, action, reason_error=error)
    try:
        now = change_status.preview(by=by, subscription_id=subscription_id, action=action, at=at)
        shown = replace(now, fingerprint=requests.text(request.POST, "fingerprint", longest=200))
        change_status.place(by=by, shown=shown, reason=reason, at=at)
    except change_status.NotPossible as refused:
        error = wording.named(wording.STATUS_REFUSALS, refused.why)
        return _page(request, subscription_id, action, error=error, reason=reason)
    messages.success(request, _("This is being carried out at the vendor. The page shows the new state once it is."))
    return HttpResponseRedirect(reverse("subscription", args=[subscription_id]), status=303)


def _page(
    request: HttpRequest,
    subscription_id: uuid.UUID,
    action: Action,
    *,
    error: str = "",
    reason: str = "",
    reason_error: str = "",
) -> HttpResponse:
    by = requests.acting(request)
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    customer = customers.customer(seen_by=by, customer_id=row.customer_id)
    requests.enter(request, customer_id=customer.customer_id)
    preview = None
    try:
        preview = change_status.preview(by=by, subscription_id=subscription_id, action=action, at=requests.now())
    except change_status.NotPossible as refused:
        error = wording.named(wording.STATUS_REFUSALS, refused.why)
    values = {
        "customer": customer,
        "row": row,
        "action": action.name.lower(),
        "preview": preview,
        "effects": [wording.EFFECTS[effect] for effect in preview.effects] if preview else [],
        "error": error,
        "needs_reason": by.is_staff,
        "reason": reason,
        "reason_error": reason_error,
        "time_zone": customer.time_zone,
    }
    return render(request, "pages/status.html", values, status=422 if error or reason_error else 200)
