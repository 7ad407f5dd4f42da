"""The API's addresses, each guarded, and a last one for everything that is none of them."""

import json
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path

from seatwright.api import bearer, document, guard
from seatwright.api.interface import api

app_name = "api"


@api.get("/openapi.json", include_in_schema=False, auth=bearer.READ)
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for callers with a token."""
    return HttpResponse(json.dumps(document.document()), content_type="application/json")


def _guarded(pattern: URLPattern) -> URLPattern:
    pattern.callback = guard.guarded(pattern.callback)
    return pattern


urlpatterns = [
    *(_guarded(cast("URLPattern", pattern)) for pattern in api.urls[0]),
    re_path("", guard.nothing_here, name="nothing_here"),
]
