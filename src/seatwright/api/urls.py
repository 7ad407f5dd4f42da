"""The API's addresses, each guarded, and a last one for everything that is none of them."""

import json
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_GET

from seatwright.api import bearer, document, guard, problems
from seatwright.api.interface import api

app_name = "api"


@guard.guarded
@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for callers with a token; no operation of its own, so that it does not describe itself."""
    try:
        caller = bearer.READ(request)
    except problems.TooManyRequests as error:
        return problems.answer(request, error)
    if caller is None:
        return problems.no_token().response()
    return HttpResponse(json.dumps(document.document()), content_type="application/json")


def _guarded(pattern: URLPattern) -> URLPattern:
    pattern.callback = guard.guarded(pattern.callback)
    return pattern


urlpatterns = [
    path("openapi.json", openapi, name="openapi"),
    *(_guarded(cast("URLPattern", pattern)) for pattern in api.urls[0]),
    re_path("", guard.nothing_here, name="nothing_here"),
]
