"""What holds for every address of the API before and after its operation.

Sign-in by session is not asked for (a token is), sizes and media types are checked before anything is read, nothing may
be kept by caches, and every failure is a problem.
"""

import functools
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from seatwright.api import problems, reading

View = Callable[..., HttpResponseBase]


def guarded(view: View) -> View:
    """The view behind these checks; it is exempt from the session's sign-in and from CSRF, as it reads no cookie."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = _answered(view, request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    return csrf_exempt(login_not_required(answer))


def _answered(view: View, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
    problem = _wrong_body(request)
    if problem is not None:
        return problem.response()
    try:
        response = view(request, *args, **kwargs)
    except Http404 as error:
        return problems.answer(request, error)
    if isinstance(response, HttpResponseNotAllowed):
        allowed = ", ".join(sorted(response.headers["Allow"].split(", ")))
        detail = f"Use {allowed}."
        return problems.Problem(kind=problems.WRONG_METHOD, detail=detail, headers={"Allow": allowed}).response()
    return response


def _wrong_body(request: HttpRequest) -> problems.Problem | None:
    """What is wrong with the body before a byte of it is read."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    length = int(announced) if announced.isascii() and announced.isdigit() else 0
    if length > reading.BODY_MOST_BYTES:
        return problems.Problem(kind=problems.TOO_LARGE, detail=f"At most {reading.BODY_MOST_BYTES} bytes.")
    if length and request.content_type != "application/json":
        return problems.Problem(kind=problems.WRONG_MEDIA_TYPE, detail="Send 'Content-Type: application/json'.")
    return None


@guarded
def nothing_here(_request: HttpRequest) -> HttpResponseBase:
    """Every address that is none of the API's: the same answer as for an unknown id."""
    return problems.not_found().response()
