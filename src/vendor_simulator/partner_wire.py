"""Partner Center's way of writing: error bodies, links, collections, dates and the echo headers."""

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence

from vendor_simulator import books, exchange

Document = dict[str, object]

_REASONS = {
    "missing": (800001, "Partner authentication token is missing or invalid."),
    "expired": (800001, "Partner authentication token has expired."),
    "wrong_audience": (900420, "The audience of the access token is not supported."),
    "wrong_tenant": (900420, "The access token belongs to another tenant."),
}


def error(status: int, code: int, description: str, *, data: Sequence[str] = ()) -> exchange.Answer:
    """The documented error body; `code` is a number on the wire although the documents call it a text."""
    body = {"code": code, "description": description[:1024], "data": list(data), "source": "PartnerFD"}
    return exchange.Answer(status=status, body=body)


def refusal(status: int, code: int, description: str, *, data: Sequence[str] = ()) -> exchange.Refused:
    return exchange.Refused(error(status, code, description, data=data))


def _denied(_call: exchange.Call, reason: str) -> exchange.Answer:
    code, description = _REASONS[reason]
    return error(401, code, description)


def _failed(_call: exchange.Call, status: int, code: int) -> exchange.Answer:
    return error(status, code or status, "The service could not complete the request.")


def _throttled(_call: exchange.Call, wait_s: int) -> exchange.Answer:
    message = f"Rate limit is exceeded. Try again in {wait_s} seconds."
    return exchange.Answer(status=429, body={"statusCode": 429, "message": message})


def _echoes(call: exchange.Call) -> dict[str, str]:
    """The caller's ids again; the catalogue says each of them twice, as the real one does."""
    echoes = {
        "MS-RequestId": call.request_id,
        "MS-CorrelationId": call.correlation_id,
        "X-Locale": call.header("x-locale") or "en-US",
    }
    if "/products" in call.path:
        echoes = {name: f"{value},{value}" for name, value in echoes.items()}
    return echoes | {"MS-CV": f"{call.correlation_id[:16]}.0", "MS-ServerId": "simulator"}


FACE = exchange.Face(
    name="partner",
    audience=books.PARTNER_AUDIENCE,
    denied=_denied,
    failed=_failed,
    throttled=_throttled,
    echoes=_echoes,
    replays=True,
)


def read_json(call: exchange.Call) -> Document:
    """The request's body with member names in camel case, whichever case they came in; 400 if it is no JSON object."""
    try:
        document = json.loads(call.body.decode("utf-8-sig"))
    except ValueError:
        raise refusal(400, 400, "The request body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise refusal(400, 400, "The request body must be a JSON object.")
    return {name[:1].lower() + name[1:]: _camel(value) for name, value in document.items()}


def _camel(value: object) -> object:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_camel(member) for member in value]
    return value


def link(uri: str, *, headers: Sequence[Mapping[str, str]] = ()) -> Document:
    return {"uri": uri, "method": "GET", "headers": [dict(header) for header in headers]}


def collection(items: Sequence[object], *, self_uri: str, total: int | None = None, **links: Document) -> Document:
    return {
        "totalCount": len(items) if total is None else total,
        "items": list(items),
        "links": {"self": link(self_uri), **links},
        "attributes": {"objectType": "Collection"},
    }


def moment(at: dt.datetime) -> str:
    """An instant with seven digits of a second and Z."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def day_start(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def day_end(day: dt.date) -> str:
    return f"{day.isoformat()}T23:59:59Z"


def require_user(call: exchange.Call) -> None:
    """403 for calls that want a signed-in user, when the vendor is set to insist on it."""
    if call.settings.app_only_refused and call.claims is not None and not call.claims.has_user:
        raise refusal(403, 900329, "App-only tokens are not supported for this operation.")


def require_guid(text: str, *, code: int, what: str) -> str:
    """The id in lower case; 404 with `code` for what is no GUID."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise refusal(404, code, f"{what} was not found.") from None
