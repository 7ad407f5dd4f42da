"""Renewals: wish for one with fresh proof of identity, take wishes back."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from seatwright.customers import queries as customers
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.web import errors, renewal_form, requests, views_customer, wording
from seatwright.workflows import renewal_choices, schedule_change, wishes


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def schedule(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Store what is wished for the renewal; refused, the same form comes back with the reason at its field."""
    by, at = requests.acting(request), requests.now()
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    choices = renewal_choices.choices(by=by, subscription_id=subscription_id, at=at)
    if choices is None:
        return _not_running(request)
    typed = renewal_form.read(posted=request.POST, choices=choices)
    if not typed.errors:
        try:
            schedule_change.schedule(
                by=by,
                subscription_id=subscription_id,
                wishes=typed.wishes,
                clear=typed.clear,
                only_over=choices.plan.stored,
                at=at,
            )
        except schedule_change.WishedMeanwhile:
            typed = renewal_form.refused(typed, "form", renewal_form.changed_meanwhile())
        except schedule_change.Conflicted as conflicted:
            zone = customers.customer(seen_by=by, customer_id=row.customer_id).time_zone
            typed = renewal_form.with_conflicts(typed, conflicted.found, zone=zone)
        except wishes.NotRunning:
            return _not_running(request)
        else:
            messages.success(request, _("The renewal is planned and is being stored at the vendor."))
            return _back(subscription_id)
    return views_customer.subscription_page(request, subscription_id, typed=typed, status=422)


@require_POST
def preview(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """What the wishes as typed come to and cost, or what speaks against them, as a fragment; nothing is stored."""
    by, at = requests.acting(request), requests.now()
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    zone = customers.customer(seen_by=by, customer_id=row.customer_id).time_zone
    choices = renewal_choices.choices(by=by, subscription_id=subscription_id, at=at)
    if choices is None:
        return _not_running(request)
    typed = renewal_form.read(posted=request.POST, choices=choices)
    shown = None
    if not typed.errors:
        try:
            shown = schedule_change.preview(
                by=by, subscription_id=subscription_id, wishes=typed.wishes, clear=typed.clear, at=at
            )
        except wishes.NotRunning:
            return _not_running(request)
        typed = renewal_form.with_conflicts(typed, shown.found, zone=zone)
    values = {
        "typed": typed,
        "shown": shown,
        "outcome": wording.renewal_outcome(shown.following) if shown and shown.following else "",
        "warnings": [wording.conflict(each.reason, zone=zone) for each in shown.found] if shown else [],
        "errors": {name: typed.errors.get(name, ()) for name in ("form", *set(renewal_form.FIELD_OF.values()))},
    }
    return render(request, "pages/renewal_price.html", values, status=422 if typed.errors and shown is None else 200)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def revoke(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """Take back the one wish that was named, or all of them."""
    by, at = requests.acting(request), requests.now()
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    named = request.POST.getlist("wish")
    if len(named) != 1 or named[0] not in ("all", *timeline.Dimension):
        return errors.refused(
            request, text=_("The form does not say which wish is taken back. Load the page again and repeat it.")
        )
    dimension = None if named[0] == "all" else timeline.Dimension(named[0])
    try:
        schedule_change.revoke(by=by, subscription_id=subscription_id, dimension=dimension, at=at)
    except schedule_change.Conflicted as conflicted:
        zone = customers.customer(seen_by=by, customer_id=row.customer_id).time_zone
        return errors.refused(request, text=wording.conflict(conflicted.found[0].reason, zone=zone))
    except wishes.NotRunning:
        return _not_running(request)
    messages.success(request, _("The wish was taken back."))
    return _back(subscription_id)


def _back(subscription_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("subscription", args=[subscription_id]) + "#renewal", status=303)


def _not_running(request: HttpRequest) -> HttpResponse:
    return errors.refused(
        request,
        text=_("Only an active licence whose offer is known has a renewal to plan."),
        hint=_("Your reseller can help."),
    )
