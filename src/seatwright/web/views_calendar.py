"""The calendar feed: the page on which a person makes and ends its address, and the feed itself."""

import hashlib

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from seatwright.access import feeds
from seatwright.access import queries as people
from seatwright.customers import queries as customers
from seatwright.web import calendar_feed, requests
from seatwright.workflows import deadline_feed


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Whether there is a feed, and its new address once, right after it was made."""
    by, at = requests.acting(request), requests.now()
    address = ""
    if request.method == "POST":
        if request.POST.get("feed") != "make":
            feeds.revoke(by=by, at=at)
            messages.info(request, _("The address counts no more. Calendars that read it find nothing now."))
            return HttpResponseRedirect(reverse("calendar"), status=303)
        secret = feeds.replace(by=by, at=at)
        address = request.build_absolute_uri(reverse("calendar_feed", args=[secret]))
    return render(request, "pages/calendar.html", {"feed": feeds.of(by=by), "address": address})


@require_GET
@login_not_required
def feed(request: HttpRequest, key: str) -> HttpResponse:
    """The deadlines of the feed's owner; who knows no feed's secret finds nothing. Needs no cookie and sets none."""
    at = requests.now()
    user_id = feeds.redeem(secret=key, at=at)
    by = None
    if user_id is not None:
        by = customers.actor(user_id=user_id, channel="feed", request_ref=requests.request_id(request))
    person = None if by is None or by.user_id is None else people.person(user_id=by.user_id)
    if by is None or person is None:
        raise Http404
    with translation.override(person.language):
        body = calendar_feed.written(
            deadlines=deadline_feed.deadlines(by=by, at=at),
            is_staff=by.is_staff,
            address=lambda each: request.build_absolute_uri(reverse("subscription", args=[each.subscription_id])),
        )
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    response.headers["ETag"] = tag
    return response
