"""Holds every Graph reply of the simulator against Microsoft's published description of Graph v1.0.

The description is a file of the shared contract data, which is not part of this project: it is looked for in
`SEATWRIGHT_CONTRACTS`, else in `../shared/contracts` beside the checkout. Without it `checker()` is None, replies pass
unchecked, and the tests that are about the description say `ABSENT` in the summary.
"""

import functools
import json
import os
import pathlib
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import openapi_core
import yaml
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

ABSENT = "the contract data is not there (graph/openapi-slice.yaml): set SEATWRIGHT_CONTRACTS to its folder"
HOST = "https://graph.microsoft.com"
ROOT = "/v1.0"
# The description writes functions and casts in one way only; the service understands several.
SPELLINGS = (
    (re.compile(r"/(?:microsoft\.graph\.|graph\.)?delta(?:\(\))?(?=/|$)"), "/delta()"),
    (re.compile(r"/(?:microsoft\.graph\.|graph\.)assignLicense(?=/|$)"), "/assignLicense"),
    (re.compile(r"/members/(?:microsoft\.graph\.|graph\.)user(?=/|$)"), "/members/graph.user"),
    (re.compile(r"/(users|groups)\('([^']*)'\)"), r"/\1/\2"),
)


class Mismatch(AssertionError):
    """A reply that the published description does not allow."""


def contracts_folder() -> pathlib.Path:
    """Where the shared contract data is looked for."""
    default = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "contracts"
    return pathlib.Path(os.environ.get("SEATWRIGHT_CONTRACTS") or default)


@functools.cache
def checker() -> "Checker | None":
    """The check over the published description, or None where that is absent."""
    path = contracts_folder() / "graph" / "openapi-slice.yaml"
    return Checker(yaml.safe_load(path.read_text())) if path.exists() else None


class Checker:
    """Checks replies and counts them by path template."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description
        self.openapi = openapi_core.OpenAPI.from_dict(description)
        self.counts: dict[str, int] = {}

    def check(self, *, method: str, url: str, status: int, content_type: str, body: bytes) -> None:
        """Raises Mismatch unless this reply may follow this request."""
        path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
        if not path.startswith(ROOT + "/"):
            return
        path = path.removeprefix(ROOT)
        for pattern, written in SPELLINGS:
            path = pattern.sub(written, path)
        label = f"{method} {path} -> {status}"
        if path == "/$batch":
            self._check_batch(label, status, body)
            return
        template = self._template(path)
        operation = None if template is None else self.description["paths"][template].get(method.lower())
        self.counts[f"{method} {template}"] = self.counts.get(f"{method} {template}", 0) + 1
        if operation is not None:
            self._check_operation(label, operation, method, path, status, content_type, body)
        elif status >= 400:
            self._check_error(label, body)
        else:
            raise Mismatch(f"{label}: the description has no such operation")

    def _check_operation(
        self,
        label: str,
        operation: Mapping[str, Any],
        method: str,
        path: str,
        status: int,
        content_type: str,
        body: bytes,
    ) -> None:
        if status == 204:
            if body:
                raise Mismatch(f"{label}: 204 with a body")
        elif content_type.startswith("text/plain"):
            self._check_number(label, operation, body)
        else:
            self._check_described(label, method, path, status, content_type, body)
            unknown = list(self._unknown(self._schema(operation, status), json.loads(body), "reply"))
            if unknown:
                raise Mismatch(f"{label}: members that the description does not have: {', '.join(unknown)}")

    def _check_described(
        self,
        label: str,
        method: str,
        path: str,
        status: int,
        content_type: str,
        body: bytes,
    ) -> None:
        encoded = ROOT + urllib.parse.quote(path, safe="/()'$=@")
        request = MockRequest(HOST, method.lower(), encoded)
        response = MockResponse(data=body, status_code=status, content_type=content_type.partition(";")[0])
        try:
            self.openapi.validate_response(request, response)
        except OpenAPIError as error:
            causes = [str(cause) for cause in getattr(error.__cause__, "schema_errors", ())] or [str(error.__cause__)]
            raise Mismatch(f"{label}: {error}: {'; '.join(causes)[:2000]}") from error

    def _check_number(self, label: str, operation: Mapping[str, Any], body: bytes) -> None:
        """The validator reads no numbers out of plain text, so a count is checked here."""
        described = self._resolved(operation["responses"]["2XX"])["content"]
        if "text/plain" not in described or not re.fullmatch(rb"[0-9]+", body):
            raise Mismatch(f"{label}: plain text {body[:80]!r} where the description has {sorted(described)}")

    def _check_batch(self, label: str, status: int, body: bytes) -> None:
        """A batch is not part of the description; its refusal is an error body as any other."""
        if status >= 400:
            self._check_error(label, body)
            return
        for response in json.loads(body)["responses"]:
            if not isinstance(response.get("status"), int) or not isinstance(response.get("id"), str):
                raise Mismatch(f"{label}: a response of a batch needs id and status")

    def _check_error(self, label: str, body: bytes) -> None:
        schema = self.description["components"]["schemas"]["microsoft.graph.ODataErrors.ODataError"]
        document = json.loads(body)
        error = document.get("error", {})
        if not isinstance(error.get("code"), str) or not isinstance(error.get("message"), str):
            raise Mismatch(f"{label}: the error needs the texts code and message")
        unknown = list(self._unknown(schema, document, "reply"))
        if unknown:
            raise Mismatch(f"{label}: members that the description does not have: {', '.join(unknown)}")

    def _template(self, path: str) -> str | None:
        """The path template that matches; one without keys before one with."""
        found = [template for template in self.description["paths"] if _pattern(template).fullmatch(path)]
        return min(found, key=lambda template: template.count("{"), default=None)

    def _schema(self, operation: Mapping[str, Any], status: int) -> Mapping[str, Any]:
        responses = operation["responses"]
        response = self._resolved(responses.get(str(status)) or responses[f"{status // 100}XX"])
        schema: Mapping[str, Any] = response["content"]["application/json"]["schema"]
        return schema

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self.description
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = target
        return node

    def _unknown(self, schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
        """Members of `value`, at any depth, that no branch of `schema` names; a validator lets them pass."""
        if isinstance(value, list):
            items = self._items(schema)
            for number, entry in enumerate(value):
                yield from self._unknown(items, entry, f"{where}[{number}]")
        if not isinstance(value, dict):
            return
        known = self._members(schema)
        for name, inner in value.items():
            if name in known:
                yield from self._unknown(known[name], inner, f"{where}.{name}")
            elif not name.startswith("@"):
                yield f"{where}.{name}"

    def _branches(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        schema = self._resolved(schema)
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for branch in schema.get(word, ()):
                yield from self._branches(branch)

    def _members(self, schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """All members that the branches name; a member of people is known in every list of directory objects."""
        known: dict[str, Mapping[str, Any]] = {}
        for branch in self._branches(schema):
            known |= branch.get("properties", {})
        if branch_title(known) == "directoryObject":
            return self._members(self.description["components"]["schemas"]["microsoft.graph.user"])
        return known

    def _items(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        return next((branch["items"] for branch in self._branches(schema) if "items" in branch), {})


def branch_title(known: Mapping[str, object]) -> str:
    """Names a set of members that is no more than what every directory object has."""
    return "directoryObject" if set(known) == {"id", "deletedDateTime", "@odata.type"} else ""


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", template))
    )


class ValidatingTransport(httpx2.BaseTransport):
    """Passes requests on and checks each Graph reply that comes back."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self.inner.handle_request(request)
        found = checker()
        if found is None:
            return response
        body = response.read()
        found.check(
            method=request.method,
            url=str(request.url),
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=body,
        )
        return response

    def close(self) -> None:
        self.inner.close()


def validating_transport(inner: httpx2.BaseTransport | None = None) -> ValidatingTransport:
    """A transport for `httpx2.Client` that checks every Graph reply; checks nothing where the description is absent."""
    return ValidatingTransport(inner or httpx2.HTTPTransport())
