"""The ninja API: operations, strict reading, and every failure turned into a problem."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation

from seatwright.api import buying, endpoints, planning, problems, reading, renewing, swapping
from seatwright.api.errors import Fault

CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_member",
    "int_type": "not_an_integer",
    "int_parsing_size": "too_large",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "string_type": "not_text",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "wrong_form",
    "uuid_form": "not_an_id",
    "uuid_type": "not_an_id",
    "too_short": "too_few",
    "too_long": "too_many",
    "named_twice": "named_twice",
    "wrong_form": "wrong_form",
    "literal_error": "not_a_choice",
    "not_agreed": "not_agreed",
}


def _unreadable(error: HttpError) -> problems.Problem:
    """ninja's own refusals: a body that is no JSON, and nothing else that this API uses."""
    code = "member_twice" if isinstance(error.__cause__, reading.DoubledMember) else "not_json"
    detail = "An object names a member twice." if code == "member_twice" else "The body is not a JSON text in UTF-8."
    fault = Fault(location="body", field="", code=code, detail=detail)
    return problems.Problem(kind=problems.MALFORMED, detail="Nothing was done.", faults=[fault])


def _fault(error: dict[str, Any]) -> Fault:
    location, *path = error["loc"]
    if location == "body":
        # ninja puts the name of the function's parameter first, which is nothing that a client wrote.
        path = path[1:]
    return Fault(
        location=str(location),
        field=".".join(str(each) for each in path),
        code=CODES.get(error["type"], "invalid"),
        detail=str(error["msg"])[:300],
    )


class Interface(NinjaAPI):
    """A NinjaAPI whose operations are named by their function and whose every failure is a problem."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function, which is also that of its address."""
        return str(operation.view_func.__name__)

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        """The problem for whatever was raised while an operation ran, or before it."""
        match exc:
            case AuthenticationError():
                return problems.no_token().response()
            case ValidationError():
                return problems.answer(request, problems.Invalid(*(_fault(each) for each in exc.errors)))
            case HttpError():
                return _unreadable(exc).response()
            case _:
                return problems.answer(request, exc)


api = Interface(
    title="Seatwright",
    version="1",
    description="The licence control panel for programs: the portal's rules, permissions, audit and refusals.",
    openapi_url=None,
    docs_url=None,
    parser=reading.StrictParser(),
    urls_namespace="api",
)
api.add_router("", endpoints.router)
api.add_router("", buying.router)
api.add_router("", planning.router)
api.add_router("", renewing.router)
api.add_router("", swapping.router)
