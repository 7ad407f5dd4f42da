"""Renewal sheets: staff make, send and withdraw them; contract owners answer with fresh proof of who they are."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from seatwright.web import errors, requests, sheet_form, sheet_links, wording, wording_sheets
from seatwright.workflows import answer_sheet, renewal_sheets


@require_http_methods(["GET", "HEAD", "POST"])
def new_sheet(request: HttpRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Choose licences, a deadline and what silence means; the draft is then looked at before it is sent."""
    by, at = requests.acting(request), requests.now()
    making = renewal_sheets.candidates(by=by, customer_id=customer_id, at=at)
    zone = making.customer.time_zone
    typed = sheet_form.TypedSheet()
    if request.method == "POST":
        typed = sheet_form.read_sheet(posted=request.POST, zone=zone)
        if not typed.error and typed.deadline_at is not None:
            try:
                sheet_id = renewal_sheets.make(
                    by=by,
                    customer_id=customer_id,
                    subscription_ids=typed.subscription_ids,
                    default=typed.default,  # type: ignore[arg-type]
                    deadline_at=typed.deadline_at,
                    at=at,
                )
            except renewal_sheets.Refused as refused:
                error = wording_sheets.refusal(refused.why, latest_at=refused.latest_at, zone=zone)
                typed = sheet_form.TypedSheet(
                    asked=typed.asked, default=typed.default, deadline=typed.deadline, error=error
                )
            else:
                messages.success(request, _("The sheet is a draft. Look at it, then send it."))
                return HttpResponseRedirect(reverse("renewal_sheet", args=[sheet_id]), status=303)
    requests.enter(request, customer_id=customer_id)
    values = {
        "making": making,
        "typed": typed,
        "is_fresh": request.method != "POST",
        "defaults": wording_sheets.DEFAULTS.items(),
        "proposed": "" if making.deadline_at is None else making.deadline_at.date().isoformat(),
        "time_zone": zone,
    }
    return render(request, "pages/sheet_new.html", values, status=422 if typed.error else 200)


@require_GET
def sheet(request: HttpRequest, sheet_id: uuid.UUID) -> HttpResponse:
    """One sheet: its questions with amounts, or what became of them."""
    return _sheet_page(request, sheet_id, typed=sheet_form.Typed())


def _sheet_page(
    request: HttpRequest, sheet_id: uuid.UUID, *, typed: sheet_form.Typed, status: int = 200
) -> HttpResponse:
    at = requests.now()
    page = renewal_sheets.page(by=requests.acting(request), sheet_id=sheet_id)
    requests.enter(request, customer_id=page.customer.customer_id)
    lines = sheet_form.lines(page=page, typed=typed, at=at)
    values = {
        "page": page,
        "lines": lines,
        "error": typed.error,
        "is_open": any(line.is_open for line in lines),
        "is_past": page.sheet.state == "sent" and at >= page.sheet.deadline_at,
        "state_words": wording.named(wording_sheets.STATES, page.sheet.state),
        "default_words": wording.named(wording_sheets.DEFAULTS, page.sheet.default),
        "notices": [(wording.named(wording_sheets.NOTICES, each.kind), each) for each in page.notices],
        "time_zone": page.customer.time_zone,
    }
    return render(request, "pages/sheet.html", values, status=status)


@require_POST
@reauthentication_required(app="seatwright")  # type: ignore[untyped-decorator]
def answer(request: HttpRequest, sheet_id: uuid.UUID) -> HttpResponse:
    """Decide the licences that a choice was made for; what could not be decided comes back with its reason."""
    by, at = requests.acting(request), requests.now()
    page = renewal_sheets.page(by=by, sheet_id=sheet_id)
    typed = sheet_form.read_answers(posted=request.POST, sheet=page.sheet)
    if typed.error or any(line.error for line in typed.lines.values()):
        return _sheet_page(request, sheet_id, typed=typed, status=422)
    content = request.POST.get("content", "")[:64]
    try:
        troubles = answer_sheet.answer(by=by, sheet_id=sheet_id, content_hash=content, answers=typed.answers, at=at)
    except answer_sheet.NotAnswerable as refused:
        error = wording.named(wording_sheets.ANSWER_REFUSALS, refused.problem)
        return _sheet_page(request, sheet_id, typed=sheet_form.Typed(lines=typed.lines, error=error), status=422)
    decided = len(typed.answers) - len(troubles)
    if decided:
        text = ngettext(
            "%(n)s licence is decided and is being stored at the vendor.",
            "%(n)s licences are decided and are being stored at the vendor.",
            decided,
        )
        messages.success(request, text % {"n": decided})
    if troubles:
        shown = sheet_form.with_troubles(typed, troubles, zone=page.customer.time_zone)
        return _sheet_page(request, sheet_id, typed=shown, status=422)
    return _to(sheet_id)


@require_POST
def send(request: HttpRequest, sheet_id: uuid.UUID) -> HttpResponse:
    """Send a draft to the customer's contract owners."""
    by, at = requests.acting(request), requests.now()
    page = renewal_sheets.page(by=by, sheet_id=sheet_id)
    try:
        renewal_sheets.send(by=by, sheet_id=sheet_id, at=at)
    except renewal_sheets.Refused as refused:
        return _refused(request, refused, zone=page.customer.time_zone)
    messages.success(request, _("The sheet is on its way to the contract owners."))
    return _to(sheet_id)


@require_POST
def withdraw(request: HttpRequest, sheet_id: uuid.UUID) -> HttpResponse:
    """Take a sheet back."""
    by, at = requests.acting(request), requests.now()
    page = renewal_sheets.page(by=by, sheet_id=sheet_id)
    try:
        renewal_sheets.withdraw(by=by, sheet_id=sheet_id, at=at)
    except renewal_sheets.Refused as refused:
        return _refused(request, refused, zone=page.customer.time_zone)
    messages.success(request, _("The sheet is withdrawn."))
    return _to(sheet_id)


def _refused(request: HttpRequest, refused: renewal_sheets.Refused, *, zone: str) -> HttpResponse:
    return errors.refused(request, text=wording_sheets.refusal(refused.why, latest_at=refused.latest_at, zone=zone))


def _to(sheet_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("renewal_sheet", args=[sheet_id]), status=303)


@require_GET
def record(request: HttpRequest, sheet_id: uuid.UUID) -> HttpResponse:
    """The record of who decided, as a download: the stored bytes."""
    document = renewal_sheets.document(by=requests.acting(request), sheet_id=sheet_id)
    if document is None:
        raise Http404
    response = HttpResponse(document, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="renewal-sheet-{sheet_id}.pdf"'
    return response


@require_GET
def open_sheet(request: HttpRequest, key: str) -> HttpResponse:
    """Follow the link of a mail: to the sheet, for those who may see it; anybody else finds nothing there."""
    try:
        sheet_id = sheet_links.opened(key=key, at=requests.now())
    except sheet_links.NoLink as refused:
        if not refused.is_over:
            raise Http404 from None
        return errors.refused(
            request,
            text=_("The time to answer is over, and so is this link."),
            hint=_("What became of it stands on the page Renewals of your organisation."),
        )
    renewal_sheets.page(by=requests.acting(request), sheet_id=sheet_id)
    return _to(sheet_id)
