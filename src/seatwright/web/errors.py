"""Pages for what went wrong: each says what is known, gives the request's reference and never an inside (S54)."""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from seatwright.web import requests

_log = logging.getLogger(__name__)
PLAIN = "<!doctype html><title>Seatwright</title><h1>Something broke on our side</h1><p>Reference: {reference}</p>"


def page(request: HttpRequest, *, status: int, title: str, text: str, hint: str = "") -> HttpResponse:
    """The error page in the frame of the portal, or bare when the frame itself cannot be drawn."""
    values = {"status_code": status, "title": title, "text": text, "hint": hint}
    values["request_reference"] = requests.request_id(request)
    return HttpResponse(_drawn(request, values), status=status)


def _drawn(request: HttpRequest, values: dict[str, object]) -> str:
    fragment = request.headers.get("HX-Request") == "true"
    try:
        return render_to_string("errors/fragment.html" if fragment else "errors/page.html", values, request)
    except Exception:  # noqa: BLE001  the last page before the visitor sees nothing
        _log.exception("the error page could not be drawn")
        return PLAIN.format(reference=values["request_reference"])


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """400: the request itself is malformed."""
    return page(
        request,
        status=400,
        title=_("This request could not be read"),
        text=_("The address or the form that your browser sent is not complete."),
        hint=_("Go back, load the page again and repeat what you did."),
    )


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """403: visible, but not with this role."""
    return page(
        request,
        status=403,
        title=_("Your role does not allow this"),
        text=_("You can see this page, but this action needs another role."),
        hint=_("Ask the contract owner of your organisation, or your reseller."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """404: nothing there for this person; the same for a foreign and for an invented address."""
    return page(
        request,
        status=404,
        title=_("There is nothing here for you"),
        text=_("The address is wrong, or it belongs to an organisation that you cannot see."),
        hint=_("Start again from the home page or press Ctrl+K to search."),
    )


def wrong_method(request: HttpRequest) -> HttpResponse:
    """405: an address that takes a form only, opened as a page, perhaps after a sign-in in between."""
    return page(
        request,
        status=405,
        title=_("Nothing was changed"),
        text=_(
            "This address only takes a form, and none came with it. A form that was sent before you signed in is lost."
        ),
        hint=_("Start again from the home page and repeat what you did."),
    )


def refused(request: HttpRequest, *, text: str, hint: str = "") -> HttpResponse:
    """422: understood and refused, with the reason in the user's words."""
    return page(request, status=422, title=_("This is not possible now"), text=text, hint=hint)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """403: the form is not one that this browser session was given."""
    return page(
        request,
        status=403,
        title=_("This form is no longer valid"),
        text=_("The page was open too long, or it did not come from this portal. Nothing was changed."),
        hint=_("Go back, load the page again and repeat what you did."),
    )


def broken(request: HttpRequest) -> HttpResponseBase:
    """500: our mistake; drawn without the frame, because the frame may be what broke."""
    values = {
        "status_code": 500,
        "title": _("Something broke on our side"),
        "text": _("Your last step may or may not have been saved. Look before you repeat it."),
        "hint": _("If it happens again, tell us the reference below."),
        "request_reference": requests.request_id(request),
    }
    try:
        return HttpResponse(render_to_string("errors/bare.html", values), status=500)
    except Exception:  # noqa: BLE001  the last page before the visitor sees nothing
        _log.exception("the error page could not be drawn")
        return HttpResponse(PLAIN.format(reference=values["request_reference"]), status=500)
