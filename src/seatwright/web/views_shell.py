"""What belongs to the frame of every page: language, search and the page of all components."""

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from seatwright.access import changes as people
from seatwright.access import permissions
from seatwright.web import errors, requests, states
from seatwright.web import palette as searching


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak the posted language from now on: kept in a cookie, and with the person when one is signed in."""
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES):
        return errors.refused(request, text=_("This language is not offered."))
    user_id = requests.user_id(request)
    if user_id is not None:
        people.set_language(user_id=user_id, language=code)
    response = HttpResponseRedirect(requests.safe_next(request), status=303)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    translation.activate(code)
    return response


@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """The pages and customers that fit the words typed: options for the palette, or a page of its own."""
    text = requests.text(request.GET, "q", longest=80)
    found = searching.entries(by=requests.acting(request), text=text)
    template = "pages/palette.html#options" if request.headers.get("HX-Request") == "true" else "pages/palette.html"
    return render(request, template, {"entries": found, "text": text})


class SampleForm(forms.Form):
    """Fields for the page of components."""

    name = forms.CharField(label=gettext_lazy("Name"), help_text=gettext_lazy("As on the invoice."))
    seats = forms.CharField(label=gettext_lazy("Seats"))
    agreed = forms.BooleanField(label=gettext_lazy("I have read the agreement"), required=False)


@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """Every component in every state; for the reseller's staff."""
    if not requests.acting(request).is_staff:
        raise permissions.Unknown
    refused = SampleForm(data={"name": "Bäckerei Sonne"})
    refused.full_clean()
    values = {
        "form": SampleForm(auto_id="plain_%s", initial={"name": "Bäckerei Sonne", "seats": "12"}),
        "refused": refused,
        "states": sorted(states.STATES),
        "moment": requests.now(),
        "today": requests.now().date(),
    }
    return render(request, "pages/components.html", values)
