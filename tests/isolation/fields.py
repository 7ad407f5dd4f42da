"""What a request may carry besides its path, found in the product's own source: a new field is tried by itself."""

import ast
import functools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from seatwright.api import document
from tests.isolation import shop
from tests.isolation.canaries import missing_id
from tests.isolation.subjects import Subject

WEB = pathlib.Path(__file__).parents[2] / "src" / "seatwright" / "web"
# Members of bodies whose text must be of a kind.
API_TEXTS = {
    "to": shop.PRODUCT,
    "way": "buy",
    "content_hash": "0" * 64,
    "option": "keep",
    "offer_key": shop.OFFER,
    "promotion": "",
    "first_term_ends_on": "",
    "to_offer_key": "",
    "ends_on": "",
    "fingerprint": "",
    "email": "ada@example.test",
}
# What stands in a form field unless a probe puts something else there.
FORM_VALUES = {
    "reason": "On the word of somebody at the counter",
    "decision": "look_again",
    "language": "de",
    "next": "/",
    "key": "",
    "days": "1",
    "stop": "",
    "to": "P3Y:annual",
    "fingerprint": "f",
    "wish": "all",
    "ask": "",
    "default": "keep",
    "deadline": "2026-06-01",
    "content": "",
    "base": "",
    "ending": "renew",
    "answer": "Until Friday",
    "promised": "",
    "self_service": "yes",
    "feed": "make",
}
QUERY_VALUES = {
    "to": "",
    "from": "",
    "person": "",
    "q": "",
    "after": "",
    "show": "unlicensed",
    "edit": "all",
    "on": "2026-06-01",
    "action": "suspend",
    "within": "90",
    "skip": "0",
    "request": "",
    "savable": "yes",
}
# The editor refuses every field that is not one of its own.
EDITOR_PATHS = ("/preview", "/review")
SWAP_PATHS = ("/swap/preview", "/swap/review")
# Names that frameworks and careless filters listen to; nothing here may widen what a page shows.
STRAY_NAMES = ("customer_id", "reseller_id", "user", "as", "order_by", "sort", "filter", "include", "expand", "depth")


class Unknown(Exception):
    """The product reads a field that the probe has no value for; the text says what to do."""


@functools.cache
def read_by_the_portal() -> dict[str, frozenset[str]]:
    """The names of form fields ("POST") and query parameters ("GET") that the portal's source reads."""
    found: dict[str, set[str]] = {"POST": set(), "GET": set()}
    for file in sorted(WEB.rglob("*.py")):
        for kind, name in _reads(ast.parse(file.read_text())):
            found[kind].add(name)
    return {kind: frozenset(names) for kind, names in found.items()}


def _reads(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each `request.POST.get("x")`, `.getlist("x")`, `request.GET["x"]` and `anything(request.GET, "x")`."""
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "getlist") and node.args:
                pairs.append((node.func.value, node.args[0]))
            pairs += zip(node.args, node.args[1:], strict=False)
        elif isinstance(node, ast.Subscript):
            pairs.append((node.value, node.slice))
        for owner, key in pairs:
            if isinstance(owner, ast.Attribute) and owner.attr in ("GET", "POST") and isinstance(key, ast.Constant):
                yield owner.attr, str(key.value)


def complaints() -> list[str]:
    """The fields that the portal reads and the probe does not know."""
    read = read_by_the_portal()
    return [
        f"the portal reads the {kind} field {name!r}: give it a value in {where} of tests/isolation/fields.py"
        for kind, known, where in (("POST", FORM_VALUES, "FORM_VALUES"), ("GET", QUERY_VALUES, "QUERY_VALUES"))
        for name in sorted(read[kind] - known.keys())
    ]


def form(*, path: str, named: list[Subject]) -> dict[str, str]:
    """The form of the page at `path`: the editor's fields of each subject named, or every other field there is.

    The form of a product refuses every field that is not one of its own too, and asks its price by itself.
    """
    if path.endswith(SWAP_PATHS):
        return {"to": shop.PRODUCT, "way": "buy", "everybody": "yes"}
    if path.endswith("/price"):
        return {"tenant": named[0].ids["tenant_id"], "plan": shop.OFFER, "seats": "3"}
    if not path.endswith(EDITOR_PATHS):
        return FORM_VALUES | {"key": named[0].key}
    fields = {}
    for subject in named:
        subscription_id = subject.ids["subscription_id"]
        fields |= {
            f"total-{subscription_id}": str(subject.seats + 3),
            f"direction-{subscription_id}": "more",
            f"by-{subscription_id}": "",
            f"base-{subscription_id}": str(subject.seats),
        }
    return fields


@functools.cache
def api_operations() -> dict[tuple[str, str], dict[str, Any]]:
    """The API's operations by method and path, from its own OpenAPI document."""
    paths: Mapping[str, Mapping[str, Any]] = document.document()["paths"]
    return {(method.upper(), path): each for path, methods in paths.items() for method, each in methods.items()}


def api_body(operation: Mapping[str, Any], *, named: list[Subject]) -> Any:
    """A JSON body that fits the operation's schema and names these subjects; None where it takes no body."""
    if "requestBody" not in operation:
        return None
    content = operation["requestBody"]["content"]["application/json"]
    return _value("", content["schema"], named)


def api_headers(operation: Mapping[str, Any], *, named: list[Subject]) -> dict[str, str]:
    """The headers that the operation asks for."""
    headers = [each for each in operation.get("parameters", []) if each["in"] == "header"]
    unknown = [each["name"] for each in headers if each["name"].lower() != "idempotency-key"]
    if unknown:
        raise Unknown(f"the API reads the headers {unknown}: give them a value in tests/isolation/fields.py")
    return {each["name"]: named[0].key or missing_id(7) for each in headers}


def api_query_names(operation: Mapping[str, Any]) -> list[str]:
    """The query parameters of the operation."""
    return [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]


def _value(name: str, schema: Mapping[str, Any], named: list[Subject]) -> Any:
    """A value that fits the schema; ids and seats are those of the subject, chosen by the member's name."""
    if "$ref" in schema:
        parts = schema["$ref"].lstrip("#/").split("/")
        return _value(name, functools.reduce(lambda found, part: found[part], parts, document.document()), named)
    if "anyOf" in schema:
        return _value(name, schema["anyOf"][0], named)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if name in API_TEXTS or name.endswith("_id"):
        return API_TEXTS[name] if name in API_TEXTS else _id(name, named[0])
    match schema.get("type"):
        case "object":
            return {each: _value(each, inner, named) for each, inner in schema["properties"].items()}
        case "array":
            return [_value(name, schema["items"], [subject]) for subject in named]
        case "integer":
            return named[0].seats + 3
        case "boolean":
            return True
        case "string":
            return "On the word of somebody at the counter"
    raise Unknown(f"{name!r} has the schema {schema}, for which tests/isolation/fields.py makes no value yet")


def _id(name: str, subject: Subject) -> str:
    if name not in subject.ids:
        raise Unknown(f"the API reads the id {name!r}, of which nobody knows what it names: teach it to the world")
    return subject.ids[name]
