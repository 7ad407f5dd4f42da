"""The OpenAPI document: what ninja derives from the operations, completed by the problems that each may answer."""

import functools
from typing import Any

from seatwright.api import problems
from seatwright.api.interface import api

PREFIX = "/api/v1"
EVERYWHERE = (401, 403, 422, 429)
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal (RFC 9457). `type` is documented in the reference; `errors` name each place and reason.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "enum": [kind.uri for kind in problems.KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "maxItems": problems.FAULTS_MOST,
            "items": {
                "type": "object",
                "required": ["location", "field", "code", "detail", "data"],
                "properties": {
                    "location": {"type": "string", "enum": ["body", "query", "header", "quote"]},
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "data": {"type": "object"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


@functools.cache
def document() -> dict[str, Any]:
    """The whole document; the same for everybody, and built once a process."""
    found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=f"{PREFIX}/"))
    found["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for path, methods in found["paths"].items():
        for operation in methods.values():
            _complete(operation, path=path)
    return found


def _complete(operation: dict[str, Any], *, path: str) -> None:
    statuses = [*EVERYWHERE]
    if "{" in path:
        statuses.append(404)
    if "requestBody" in operation:
        statuses += [400, 413, 415]
    if operation.pop("x-may-be-too-late", False):
        statuses.append(409)
    for status in sorted(statuses):
        titles = [kind.title for kind in problems.KINDS if kind.status == status]
        answer: dict[str, Any] = {
            "description": " / ".join(titles),
            "content": {problems.MEDIA_TYPE: {"schema": PROBLEM_REF}},
        }
        if status == problems.TOO_MANY.status:
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "required": True}}
        operation["responses"][status] = answer
    operation["responses"] = {str(status): each for status, each in operation["responses"].items()}
    if "201" in operation["responses"]:
        operation["responses"]["201"]["headers"] = {"Location": {"schema": {"type": "string"}, "required": True}}
