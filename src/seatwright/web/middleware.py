"""What holds for every page: no caching, a request reference, the person's language, and refusals mapped once."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from seatwright.access import permissions
from seatwright.web import errors, requests, wording_buy
from seatwright.workflows import buy_pricing, change_seats, pricing

Answer = Callable[[HttpRequest], HttpResponseBase]


class UnkeptAnswers:
    """No answer may be kept by anybody (S49), not even a redirect that Django gives before a page is asked.

    Stands above all that answers by itself, and below what serves assets.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        response = self.get_response(request)
        response.headers["Cache-Control"] = "no-store"
        return response


class PrivatePages:
    """Pages carry a reference, and speak the language that the person chose."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request within its log context."""
        reference = requests.request_id(request)
        with structlog.contextvars.bound_contextvars(request_id=reference):
            self._speak(request)
            response = self.get_response(request)
        response.headers["X-Request-ID"] = reference
        return _for_fragments(request, response)

    @staticmethod
    def _speak(request: HttpRequest) -> None:
        person = requests.person(request)
        if person is not None:
            translation.activate(person.language)
            request.LANGUAGE_CODE = translation.get_language() or "en"


def _for_fragments(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A redirect seen by a fragment's request moves the whole page, so that no sign-in form lands in a table cell."""
    location = response.headers.get("Location", "")
    if request.headers.get("HX-Request") != "true" or not location:
        return response
    if not location.startswith(reverse("account_login")) and response.status_code not in (302, 303):
        return response
    moved = HttpResponse(status=204)
    for name, value in response.headers.items():
        if name not in ("Location", "Content-Type", "Content-Length"):
            moved.headers[name] = value
    moved.headers["HX-Redirect"] = location
    moved.cookies = response.cookies
    return moved


class RefusalPages:
    """Turns what a workflow refuses into its one status and page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; exceptions come to `process_exception`."""
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        told = errors.wrong_method(request)
        told.headers["Allow"] = response.headers["Allow"]
        return told

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """The page for a refusal; None for everything else, which stays an error."""
        if isinstance(exception, permissions.Unknown):
            return errors.not_found(request)
        if isinstance(exception, permissions.NotAllowed):
            return errors.not_allowed(request)
        if isinstance(exception, change_seats.KeyMismatch):
            return errors.refused(
                request, text=_("This booking did not come from its review page. Open the quote again.")
            )
        if isinstance(exception, buy_pricing.Refused):
            return errors.refused(
                request, text=" ".join(wording_buy.refusal(each) for each in exception.priced.refusals)
            )
        if isinstance(exception, pricing.Refused):
            return errors.refused(
                request,
                text=_("Something changed since the price was made, and this is not possible any more."),
                hint=_("Open the licences again to see what is possible now."),
            )
        return None

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        """A form that comes back with errors answers 422, so that a refusal is never taken for success."""
        form = (response.context_data or {}).get("form")
        if request.method == "POST" and response.status_code == 200 and getattr(form, "errors", None):
            response.status_code = 422
        return response
