"""The radar: the coming renewals of one customer, and for staff those of all customers of the reseller."""

import uuid
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from seatwright.web import requests, wording, wording_sheets
from seatwright.workflows import renewal_radar

SPANS = {"30": _("30 days"), "90": _("90 days"), "365": _("a year"), "": _("any time")}


@require_GET
def radar(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The coming renewals of a customer: what a decision can save first."""
    page = renewal_radar.radar(by=requests.acting(request), customer_id=customer_id, at=requests.now())
    requests.enter(request, customer_id=customer_id)
    values = {
        "page": page,
        "planned": _planned((*page.rows, *page.rollovers)),
        "sheets": [(each, wording.named(wording_sheets.STATES, each.state)) for each in page.sheets],
        "time_zone": page.customer.time_zone,
    }
    return render(request, "pages/renewals.html", values)


def _planned(rows: Iterable[renewal_radar.Renewal]) -> dict[uuid.UUID, str]:
    """What each renewal will bring, in words; none where the vendor would bring what nobody planned."""
    return {
        each.subscription_id: wording.renewal_outcome(each.following)
        for each in rows
        if each.following is not None and not each.is_planned_elsewhere
    }


@require_GET
def staff_renewals(request: HttpRequest) -> HttpResponse:
    """A page of the renewals of all customers, narrowed by name, time, and whether a decision saves money."""
    text, after = requests.text(request.GET, "q", longest=80), requests.text(request.GET, "after", longest=60)
    typed = requests.text(request.GET, "within", longest=3)
    within = typed if typed in SPANS else ""
    only_savable = request.GET.get("savable") == "yes"
    page = renewal_radar.staff_radar(
        by=requests.acting(request),
        text=text,
        within_days=int(within) if within else None,
        only_savable=only_savable,
        after=after,
        at=requests.now(),
    )
    rows = [line.renewal for line in page.rows]
    values = {
        "page": page,
        "rows": rows,
        "names": {line.customer.customer_id: line.customer.name for line in page.rows},
        "planned": _planned(rows),
        "text": text,
        "within": within,
        "spans": SPANS.items(),
        "only_savable": only_savable,
        "is_continued": bool(after),
    }
    return render(request, "pages/staff_renewals.html", values)
