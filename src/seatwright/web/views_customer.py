"""A customer's pages that only show: home, licences, one subscription, people, orders; and the sync button."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.operations import queries as operations
from seatwright.rules import business_dates, renewals
from seatwright.subscriptions import queries as holdings
from seatwright.web import editor, formats, renewal_form, requests, timeline_words, wording, wording_term
from seatwright.workflows import (
    change_status,
    end_of_life,
    follow_order,
    licence_rows,
    look_ahead,
    overview,
    renewal_choices,
    renewal_radar,
    stored_elsewhere,
    subscription_timeline,
    swap_plan,
    sync_tenant,
)

LOOK_AHEAD = dt.timedelta(days=92)
# A reading that goes on within this time is under way for whoever looks at the page.
SOON = dt.timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A licence with what is typed for it in the editor."""

    row: licence_rows.LicenceRow
    typed: editor.Typed
    is_open: bool
    planned: str

    @property
    def key(self) -> str:
        """The subscription's id as the names of the fields hold it."""
        return str(self.row.subscription_id)

    @property
    def used_total(self) -> int:
        """The fewest seats that leave everybody what they have (R015)."""
        return max(self.row.ours - max(self.row.free, 0), 1)

    @property
    def renewal_text(self) -> str:
        """The day on which the term ends, in words."""
        return formats.day(value=self.row.renewal_on)


@dataclass(frozen=True, kw_only=True)
class BandLines:
    """A band of the licences page with the lines of its editor."""

    band: licence_rows.Band
    vendor: str
    lines: tuple[Line, ...]
    is_open: bool
    is_changeable: bool
    is_reading: bool
    next_reading_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class Return:
    """What returning a licence's unused seats asks the review page for: the total now and the one wished."""

    base: int
    total: int


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The organisations of the person; staff who belong to none start at their customers."""
    by = requests.acting(request)
    if by.is_staff and not any(grant.customer_id for grant in by.grants):
        return HttpResponseRedirect(reverse("staff_customers"))
    page = overview.home(by=by, at=requests.now())
    values = {
        "page": page,
        "names": {tile.customer_id: tile.name for tile in page.tiles},
        "returns": _returns(page, by=by),
    }
    return render(request, "pages/home.html", values)


def _returns(page: overview.Home, *, by: Actor) -> dict[uuid.UUID, Return]:
    """For every licence with unused seats that can still be returned, what its button asks for."""
    unused = {need.subscription_id: need.seats for need in page.needs if need.kind == "window_closing"}
    changeable = [tile.customer_id for tile in page.tiles if tile.may_change]
    if not unused or not changeable:
        return {}
    return {
        row.subscription_id: Return(base=row.seats, total=row.seats - unused[row.subscription_id])
        for row in holdings.holdings(seen_by=by, customer_ids=changeable)
        if row.subscription_id in unused and row.unit_rate and not row.is_trial
    }


@require_GET
def licences(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The licences of a customer; `?edit=` opens the editor of one licence, or of all."""
    page = overview.licences(by=requests.acting(request), customer_id=customer_id, at=requests.now())
    return licences_page(request, page, read=editor.Read(), opened=request.GET.get("edit", ""))


def licences_page(
    request: HttpRequest, page: overview.Licences, *, read: editor.Read, opened: str = "", status: int = 200
) -> HttpResponse:
    """The licences page with its editor as typed."""
    customer_id = page.customer.customer_id
    requests.enter(request, customer_id=customer_id)
    ahead = renewal_radar.renewals_of(by=requests.acting(request), customer_id=customer_id, at=requests.now())
    planned = {
        each.subscription_id: wording.renewal_outcome(each.following)
        for each in ahead
        if each.has_wish and each.following is not None
    }
    keys = {band.tenant_id: f"{sync_tenant.KIND}:{band.tenant_id}" for band in page.bands}
    next_at = operations.next_runs_at(lease_keys=keys.values(), at=requests.now())
    bands = tuple(
        _band(band, next_at.get(keys[band.tenant_id]), read, opened, planned=planned, may_change=page.may_change)
        for band in page.bands
    )
    values = {"page": page, "bands": bands, "errors": read.errors, "time_zone": page.customer.time_zone}
    return render(request, "pages/licences.html", values, status=status)


def _band(
    band: licence_rows.Band,
    next_at: dt.datetime | None,
    read: editor.Read,
    opened: str,
    *,
    planned: Mapping[uuid.UUID, str],
    may_change: bool,
) -> BandLines:
    lines, at = [], requests.now()
    for row in band.rows:
        typed = read.lines.get(row.subscription_id) or editor.untouched(row)
        is_touched = bool(typed.errors) or (typed.seats is not None and typed.seats != row.ours)
        is_open = row.is_changeable and may_change and (is_touched or opened in ("all", str(row.subscription_id)))
        lines.append(Line(row=row, typed=typed, is_open=is_open, planned=planned.get(row.subscription_id, "")))
    return BandLines(
        band=band,
        vendor=wording.VENDORS.get(band.vendor_key, band.vendor_key),
        lines=tuple(lines),
        is_open=any(line.is_open for line in lines),
        is_changeable=may_change and any(row.is_changeable for row in band.rows),
        is_reading=next_at is not None and next_at <= at + SOON,
        next_reading_at=next_at,
    )


@require_POST
def sync(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Ask for a reading of the customer's tenants and go back to the licences."""
    queued = sync_tenant.request(by=requests.acting(request), customer_id=customer_id, at=requests.now())
    if queued:
        text = ngettext("%(n)s tenant is being read.", "%(n)s tenants are being read.", queued) % {"n": queued}
    else:
        text = _("A reading is under way already, or waits until the vendor can be asked again.")
    messages.info(request, text)
    return HttpResponseRedirect(reverse("licences", args=[customer_id]), status=303)


@require_GET
def subscription(request: HttpRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """One subscription with its seat lots and history."""
    return subscription_page(request, subscription_id)


def subscription_page(
    request: HttpRequest, subscription_id: uuid.UUID, *, typed: renewal_form.Typed | None = None, status: int = 200
) -> HttpResponse:
    """The page of one subscription with the form for its renewal as typed."""
    by, at = requests.acting(request), requests.now()
    page = overview.subscription(by=by, subscription_id=subscription_id, at=at)
    requests.enter(request, customer_id=page.customer.customer_id)
    zone = page.customer.time_zone
    today = business_dates.business_date(at=at, zone=page.customer.reseller_time_zone)
    choices = renewal_choices.choices(by=by, subscription_id=subscription_id, at=at)
    row = holdings.holding(seen_by=by, subscription_id=subscription_id)
    course = subscription_timeline.course(page=page, row=row, plan=None if choices is None else choices.plan, at=at)
    names = {} if choices is None else choices.offer_names
    values = {
        "renewal": None if choices is None else renewal_form.card(choices=choices, typed=typed, zone=zone),
        "elsewhere": _elsewhere(row, choices),
        "state": wording_term.STATES.get(page.row.status),
        "course": timeline_words.course(course, names=names),
        "page": page,
        "time_zone": zone,
        "vendor": wording.VENDORS.get(page.tenant.vendor_key, page.tenant.vendor_key),
        "may_change": permissions.allowed(
            by=by, action="seats.book", reseller_id=page.customer.reseller_id, customer_id=page.customer.customer_id
        ),
        "is_running": row.status in licence_rows.LIVE_STATES
        and at < renewals.term_ends_at(renews_on=row.commitment_end_on),
        "has_ended": page.row.status in end_of_life.STATES,
        "can_end_now": change_status.ends_until(row=row, on=today, at=at) is not None,
        "now": at,
    }
    return render(request, "pages/subscription.html", values, status=status)


def _elsewhere(row: holdings.HoldingRow, choices: renewal_choices.Choices | None) -> stored_elsewhere.Elsewhere | None:
    """What the vendor holds for the renewal without a plan of ours behind it, or one that was just taken back."""
    if choices is None or choices.plan.pending or choices.plan.is_sending:
        return None
    return stored_elsewhere.of(row, reseller_id=row.reseller_id)


@require_GET
def people(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The people of a customer with the licences that they hold."""
    text, after = requests.text(request.GET, "q", longest=80), requests.text(request.GET, "after", longest=300)
    only_unlicensed = request.GET.get("show") == "unlicensed"
    page = overview.people(
        by=requests.acting(request), customer_id=customer_id, text=text, only_unlicensed=only_unlicensed, after=after
    )
    requests.enter(request, customer_id=customer_id)
    values = {
        "page": page,
        "text": text,
        "only_unlicensed": only_unlicensed,
        "is_continued": bool(after),
        "leavable": swap_plan.leavable(by=requests.acting(request), customer_id=customer_id),
    }
    return render(request, "pages/people.html", values)


@require_GET
def orders(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The orders of a customer, newest first."""
    page = follow_order.orders_of(
        by=requests.acting(request), customer_id=customer_id, after=requests.text(request.GET, "after", longest=100)
    )
    requests.enter(request, customer_id=customer_id)
    return render(request, "pages/orders.html", {"page": page, "time_zone": page.customer.time_zone})


@require_GET
def ahead(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What the customer will hold and owe on a chosen day; without a day, in three months."""
    by, at = requests.acting(request), requests.now()
    typed = requests.text(request.GET, "on", longest=10)
    error, status = "", 200
    chosen = (at + LOOK_AHEAD).date()
    try:
        chosen = dt.date.fromisoformat(typed) if typed else chosen
        page = look_ahead.licences(by=by, customer_id=customer_id, on=chosen, at=at)
    except (ValueError, look_ahead.DayRefused):
        error, status = _("Choose a day from today to three years ahead, for example 2027-03-01."), 422
        page = look_ahead.licences(by=by, customer_id=customer_id, on=(at + LOOK_AHEAD).date(), at=at)
    requests.enter(request, customer_id=customer_id)
    values = {
        "page": page,
        "typed": typed or page.on.isoformat(),
        "on_text": formats.weekday(value=page.on),
        "error": error,
        "time_zone": page.customer.time_zone,
    }
    return render(request, "pages/ahead.html", values, status=status)
