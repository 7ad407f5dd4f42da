"""The auto-renew switch: what on and off mean in words and amounts, chosen with fresh proof of identity."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from seatwright.rules import renewals
from seatwright.web import errors, requests, wording
from seatwright.workflows import auto_renew, schedule_change, wishes


@require_GET
def auto_renewal(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """The ways in which the term can end, with what each means."""
    return _page(request, subscription_id)


def _page(request: HttpRequest, subscription_id: uuid.UUID, *, error: str = "", status: int = 200) -> HttpResponse:
    switch = auto_renew.switch(by=requests.acting(request), subscription_id=subscription_id, at=requests.now())
    if switch is None:
        return _not_running(request)
    requests.enter(request, customer_id=switch.customer.customer_id)
    values = {"switch": switch, "error": error, "time_zone": switch.customer.time_zone}
    return render(request, "pages/auto_renew.html", values, status=status)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def choose(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Store the way that was chosen."""
    by, at = requests.acting(request), requests.now()
    typed = request.POST.get("ending", "")
    if typed not in list(renewals.Ending):
        return _page(request, subscription_id, error=_("Choose how the term ends."), status=422)
    try:
        auto_renew.choose(
            by=by,
            subscription_id=subscription_id,
            ending=renewals.Ending(typed),
            base=request.POST.get("base", ""),
            at=at,
        )
    except auto_renew.ChangedMeanwhile:
        error = _("The plan for this renewal was changed since you opened the page. Look at it again.")
        return _page(request, subscription_id, error=error, status=422)
    except schedule_change.Conflicted as conflicted:
        switch = auto_renew.switch(by=by, subscription_id=subscription_id, at=at)
        zone = "UTC" if switch is None else switch.customer.time_zone
        error = " ".join(wording.conflict(each.reason, zone=zone) for each in conflicted.found)
        return _page(request, subscription_id, error=error, status=422)
    except wishes.NotRunning:
        return _not_running(request)
    messages.success(request, _("The renewal is planned and is being stored at the vendor."))
    return HttpResponseRedirect(reverse("subscription", args=[subscription_id]) + "#renewal", status=303)


def _not_running(request: HttpRequest) -> HttpResponse:
    return errors.refused(
        request,
        text=_("Only an active licence whose offer is known has a renewal to plan."),
        hint=_("Your reseller can help."),
    )
