"""The protocol frame of the simulated Graph: JSON envelopes, errors, headers, links and the face for the exchange.

A 401 means that the token cannot be used here (missing, expired, for another service); a 403 that it can, but not for
this call (no role, no such tenant).
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from vendor_simulator import books, exchange

Document = dict[str, Any]

CODES: Mapping[int, str] = {
    400: "Request_BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    409: "Directory_ConcurrencyViolation",
    410: "resyncRequired",
    429: "TooManyRequests",
    501: "NotImplemented",
    503: "ServiceUnavailable",
}
DENIALS: Mapping[str, str] = {
    "missing": "Access token is empty or cannot be read.",
    "expired": "Lifetime validation failed, the token is expired.",
    "wrong_audience": "Access token validation failure. Invalid audience.",
}


class GraphError(Exception):
    """A refusal with its status, the vendor's code and a message; `headers` are added to the answer."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def bad_request(message: str) -> GraphError:
    """400 Request_BadRequest, the directory's answer to most wrong writes."""
    return GraphError(400, "Request_BadRequest", message)


def not_found(*, what: str) -> GraphError:
    """404 Request_ResourceNotFound for an object that is missing or not visible yet."""
    return GraphError(404, "Request_ResourceNotFound", f"Resource '{what}' does not exist or cannot be seen here.")


def options_of(*, call: exchange.Call) -> dict[str, str]:
    """The query options by name; each may be given once only."""
    options: dict[str, str] = {}
    for name, value in call.query:
        if name in options:
            raise GraphError(400, "BadRequest", f"Query option '{name}' was specified more than once.")
        options[name] = value
    return options


def link(*, call: exchange.Call, options: Mapping[str, str], path: str = "") -> str:
    """A link to this (or another) path with these options, from the scheme and host that the caller used."""
    query = urlencode(options, safe="$,/:()'", quote_via=quote)
    return f"{call.base_url}{quote(path or call.path, safe="/()'$@")}?{query}"


def metadata_level(*, call: exchange.Call) -> str:
    """none, minimal or full, as the Accept header asks; minimal where it says nothing."""
    found = re.search(r"odata\.metadata\s*=\s*(none|minimal|full)", call.header("accept"), re.IGNORECASE)
    return found[1].lower() if found else "minimal"


def answer(body: Document, *, call: exchange.Call, context: str = "", status: int = 200) -> exchange.Answer:
    """A JSON answer with its @odata.context (a fragment of $metadata).

    Under odata.metadata=none the control members are dropped, except links, count and removal marks.
    """
    level = metadata_level(call=call)
    if level == "none":
        body = without_metadata(body)
    elif context:
        body = {"@odata.context": f"{call.base_url}/v1.0/$metadata#{context}"} | body
    kind = f"application/json;odata.metadata={level};odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    return exchange.Answer(status=status, body=body, content_type=kind)


def without_metadata(body: Any) -> Any:
    """`body` without @odata.type and @odata.context at any depth."""
    if isinstance(body, dict):
        dropped = {"@odata.type", "@odata.context"}
        return {name: without_metadata(value) for name, value in body.items() if name not in dropped}
    if isinstance(body, list):
        return [without_metadata(value) for value in body]
    return body


def nothing() -> exchange.Answer:
    """204 without a body."""
    return exchange.Answer(status=204)


def plain(text: str) -> exchange.Answer:
    """A text/plain answer, as $count gives."""
    return exchange.Answer(body=text.encode(), content_type="text/plain")


def json_body(*, call: exchange.Call) -> Document:
    """The request's JSON object, else a refusal."""
    try:
        body = json.loads(call.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.")
    return body


def refusal(*, call: exchange.Call, error: GraphError) -> exchange.Answer:
    """The answer to a call that ended in `error`; the date in it has no zone."""
    inner = {
        "date": call.now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": call.correlation_id,
        "client-request-id": call.header("client-request-id") or call.correlation_id,
    }
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return exchange.Answer(status=error.status, body=body, headers=error.headers, content_type="application/json")


def _denied(call: exchange.Call, reason: str) -> exchange.Answer:
    message = DENIALS.get(reason, "Access token validation failure.")
    challenge = {"WWW-Authenticate": f'Bearer realm="", authorization_uri="{call.base_url}/common/oauth2/authorize"'}
    return refusal(call=call, error=GraphError(401, "InvalidAuthenticationToken", message, headers=challenge))


def _failed(call: exchange.Call, status: int, code: int) -> exchange.Answer:
    name = CODES.get(status, "UnknownError" if status >= 500 else "BadRequest")
    return refusal(call=call, error=GraphError(status, name, f"The request failed on purpose ({code or status})."))


def _throttled(call: exchange.Call, wait_s: int) -> exchange.Answer:
    message = f"Too many requests. Try again in {wait_s} seconds."
    return refusal(call=call, error=GraphError(429, "TooManyRequests", message))


def _echoes(call: exchange.Call) -> dict[str, str]:
    diagnostic = {"ServerInfo": {"DataCenter": "Simulated", "Slice": "E", "Ring": "1", "ScaleUnit": "000"}}
    return {
        "request-id": call.correlation_id,
        "client-request-id": call.header("client-request-id") or call.correlation_id,
        "x-ms-ags-diagnostic": json.dumps(diagnostic, separators=(",", ":")),
        "x-ms-resource-unit": "1",
        "Cache-Control": "no-cache",
        "OData-Version": "4.0",
        "Strict-Transport-Security": "max-age=31536000",
    }


FACE = exchange.Face(
    name="graph",
    audience=books.GRAPH_AUDIENCE,
    denied=_denied,
    failed=_failed,
    throttled=_throttled,
    echoes=_echoes,
    replays=False,
)
