"""Several Graph requests in one: at most 20 parts, each with its own answer, in the order that `dependsOn` asks for."""

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from vendor_simulator import exchange, graph_replies

Document = dict[str, Any]
Dispatch = Callable[[exchange.Call], exchange.Answer]

MOST_PARTS = 20


def run(call: exchange.Call, *, dispatch: Dispatch) -> exchange.Answer:
    """200 with one response per part; 400 only where the batch itself is malformed."""
    parts = _parts(graph_replies.json_body(call=call).get("requests"))
    statuses: dict[str, int] = {}
    responses = []
    for part in parts:
        failed = [name for name in part.get("dependsOn", ()) if statuses[str(name).lower()] >= 400]
        answer = _failed_dependency(call) if failed else _answer_part(call, part, dispatch)
        statuses[str(part["id"]).lower()] = answer.status
        responses.append(_response(part, answer))
    return graph_replies.answer({"responses": responses}, call=call)


def _parts(requests: object) -> list[Document]:
    if not isinstance(requests, list) or not requests:
        raise _malformed("the member 'requests' must be a list that is not empty")
    if len(requests) > MOST_PARTS:
        raise _malformed(f"a batch holds at most {MOST_PARTS} requests, not {len(requests)}")
    seen: set[str] = set()
    for part in requests:
        if not isinstance(part, dict) or not all(isinstance(part.get(name), str) for name in ("id", "method", "url")):
            raise _malformed("each request needs the texts 'id', 'method' and 'url'")
        if part["id"].lower() in seen:
            raise _malformed(f"the id '{part['id']}' is used twice")
        if part.get("body") is not None and "content-type" not in _headers(part):
            raise _malformed(f"request '{part['id']}' has a body but no Content-Type header")
        if part["url"].lstrip("/").startswith("$batch"):
            raise _malformed("a batch cannot hold a batch")
        needed = part.get("dependsOn", [])
        if not isinstance(needed, list) or not {str(name).lower() for name in needed} <= seen:
            raise _malformed(f"request '{part['id']}' depends on one that does not come before it")
        seen.add(part["id"].lower())
    return requests


def _malformed(why: str) -> graph_replies.GraphError:
    return graph_replies.GraphError(400, "BadRequest", f"Invalid batch payload: {why}.")


def _headers(part: Mapping[str, Any]) -> dict[str, str]:
    given = part.get("headers") or {}
    if not isinstance(given, dict):
        raise _malformed(f"the headers of request '{part['id']}' must be an object")
    return {str(name).lower(): str(value) for name, value in given.items()}


def _answer_part(call: exchange.Call, part: Document, dispatch: Dispatch) -> exchange.Answer:
    path, _, query = part["url"].partition("?")
    body = part.get("body")
    inner = dataclasses.replace(
        call,
        method=part["method"].upper(),
        path=f"/v1.0/{unquote(path).lstrip('/')}",
        path_params={},
        query=parse_qsl(query, keep_blank_values=True),
        headers=_headers(part),
        body=b"" if body is None else json.dumps(body).encode(),
        fault=None,
    )
    call.connection.execute("SAVEPOINT batch_part")
    try:
        answer = dispatch(inner)
    except exchange.Refused as refusal:
        call.connection.execute("ROLLBACK TO batch_part")
        answer = refusal.answer
    call.connection.execute("RELEASE batch_part")
    return answer


def _failed_dependency(call: exchange.Call) -> exchange.Answer:
    error = graph_replies.GraphError(424, "FailedDependency", "A request that this one depends on has failed.")
    return graph_replies.refusal(call=call, error=error)


def _response(part: Document, answer: exchange.Answer) -> Document:
    response: Document = {"id": part["id"], "status": answer.status}
    if answer.body is None:
        return response
    body = answer.body
    if isinstance(body, bytes):
        is_text = answer.content_type.startswith("text/plain")
        body = body.decode() if is_text else base64.b64encode(body).decode()
    return response | {"headers": {"Content-Type": answer.content_type, **answer.headers}, "body": body}
