"""One call in, one answer out: what every face of the simulator shares.

A face (Partner Center, Graph, the token endpoint) writes plain handlers `handler(call) -> Answer` and lists them as
`route(...)`. This module reads the request, checks the token, plays the fault plan, runs the handler in ONE
transaction, notes the call and sends the answer. A handler that raises `Refused` changes nothing.
"""

import asyncio
import datetime as dt
import json
import sqlite3
import traceback
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from vendor_simulator import ageing, books, connection_cut, faults, replays, throttling, tokens

_UNTIL_SENT_S = 0.05
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back: `body` None sends no bytes, bytes go out as they are, anything else as JSON."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


class Refused(Exception):
    """The vendor refuses; the transaction is rolled back and `answer` is sent."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Face:
    """What differs between the faces.

    `audience` None asks for no token. `denied(call, reason)` makes the 401 body for the reasons `missing`, `expired`,
    `wrong_audience`, `wrong_tenant`; `failed(call, status, code)` any other error body, code 0 meaning none in
    particular; `throttled(call, wait_s)` the body of a 429. `echoes(call)` are headers of every answer.
    `replays` says whether a repeated MS-RequestId on a write gets the first answer again.
    """

    name: str
    audience: str | None
    denied: Callable[["Call", str], Answer]
    failed: Callable[["Call", int, int], Answer]
    throttled: Callable[["Call", int], Answer]
    echoes: Callable[["Call"], dict[str, str]]
    replays: bool


@dataclass(kw_only=True)
class Call:
    """One request with all that a handler may use; `now` is the vendor's clock, `fault` what the plan drew, if any."""

    face: Face
    method: str
    path: str
    path_params: dict[str, str]
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    client: tuple[str, int] | None
    connection: sqlite3.Connection
    now: dt.datetime
    settings: books.Settings
    request_id: str
    correlation_id: str
    claims: tokens.Claims | None = None
    fault: faults.Fault | None = None

    def parameter(self, name: str, default: str = "") -> str:
        """The first query parameter of that name, compared without regard to case."""
        return next((value for key, value in self.query if key.lower() == name.lower()), default)

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def strikes(self, kind: str) -> bool:
        """Whether this call's fault is of that kind; counts it as fired, so ask where it takes hold."""
        if self.fault is None or self.fault.kind != kind:
            return False
        faults.count(self.connection, kind)
        return True

    def record_effect(self, *, kind: str, tenant_id: str, subject: str, before: object, after: object) -> None:
        books.record_effect(
            self.connection,
            at=self.now,
            face=self.face.name,
            kind=kind,
            tenant_id=tenant_id,
            subject=subject,
            request_id=self.request_id,
            correlation_id=self.correlation_id,
            before=before,
            after=after,
        )


Handler = Callable[[Call], Answer]


def route(method: str, path: str, handler: Handler, *, face: Face) -> Route:
    """A Starlette route that takes `handler` through the common exchange; `path` is Starlette's, `{name}` included."""

    async def endpoint(request: Request) -> Response:
        budget: throttling.Budget = request.app.state.budget
        return await _exchange(await _read(request, face), handler, budget)

    found = Route(path, endpoint, methods=[method])
    found.methods = {method}
    return found


async def _read(request: Request, face: Face) -> Call:
    connection: sqlite3.Connection = request.app.state.books
    body = await request.body()
    client = request.client
    return Call(
        face=face,
        method=request.method,
        path=request.url.path,
        path_params=dict(request.path_params),
        query=request.query_params.multi_items(),
        headers=request.headers,
        body=body,
        base_url=str(request.base_url).rstrip("/"),
        client=None if client is None else (client.host, int(client.port)),
        connection=connection,
        now=books.now(connection),
        settings=books.read_settings(connection),
        request_id=request.headers.get("ms-requestid") or request.headers.get("client-request-id") or str(uuid.uuid4()),
        correlation_id=request.headers.get("ms-correlationid") or str(uuid.uuid4()),
    )


async def _exchange(call: Call, handler: Handler, budget: throttling.Budget) -> Response:
    ageing.settle(call.connection, now=call.now)
    denial = _identify(call)
    call.fault = _draw(call)
    call_id = _note_call(call)
    if call.fault is not None and call.fault.is_before_effect:
        answer = await _spoil_before(call, call.fault)
    else:
        answer = denial or _over_budget(call, budget) or _run(call, handler, call_id)
        if call.fault is not None:
            answer = await _spoil_after(call, call.fault, answer)
    call.connection.execute("UPDATE calls SET status = ? WHERE call_id = ?", (answer.status, call_id))
    return _response(call, answer)


def _draw(call: Call) -> faults.Fault | None:
    tenant_id = "" if call.claims is None else call.claims.tenant_id
    return faults.draw(call.connection, face=call.face.name, method=call.method, path=call.path, tenant_id=tenant_id)


def _over_budget(call: Call, budget: throttling.Budget) -> Answer | None:
    if call.settings.calls_per_minute <= 0 or call.face.audience is None:
        return None
    tenant_id = "" if call.claims is None else call.claims.tenant_id
    key = f"{call.face.name}:{tenant_id}:{call.path_params.get('customer_id', '')}"
    wait_s = budget.wait_s(key=key, calls_per_minute=call.settings.calls_per_minute)
    if wait_s == 0:
        return None
    return Answer(status=429, body=call.face.throttled(call, wait_s).body, headers={"Retry-After": str(wait_s)})


def _response(call: Call, answer: Answer) -> Response:
    headers = call.face.echoes(call) | dict(answer.headers)
    payload = answer.payload()
    if payload:
        headers["Content-Type"] = answer.content_type
    if call.fault is not None and call.fault.kind == "timeout_after_effect" and call.fault.variant == "mid_body":
        headers["Content-Length"] = str(len(payload) + 1)
        return StreamingResponse(_half(call, payload), answer.status, headers)
    return Response(payload, answer.status, headers)


async def _half(call: Call, payload: bytes) -> AsyncIterator[bytes]:
    """The first half of the bytes, then the connection is closed."""
    yield payload[: len(payload) // 2]
    await asyncio.sleep(_UNTIL_SENT_S)
    connection_cut.cut(call.client)


def _run(call: Call, handler: Handler, call_id: int) -> Answer:
    """The handler's answer, or the first answer of a repeated write; everything in one transaction."""
    remembers = call.face.replays and call.method in WRITES and call.settings.dedupe and "ms-requestid" in call.headers
    call.connection.execute("BEGIN IMMEDIATE")
    try:
        earlier = _earlier(call) if remembers else None
        if earlier is None:
            answer = handler(call)
            if remembers:
                _remember(call, answer)
        else:
            answer = earlier
            call.connection.execute("UPDATE calls SET is_replay = 1 WHERE call_id = ?", (call_id,))
        call.connection.execute("COMMIT")
    except Refused as refusal:
        call.connection.execute("ROLLBACK")
        if remembers:
            _remember(call, refusal.answer)
        return refusal.answer
    except BaseException:
        call.connection.execute("ROLLBACK")
        traceback.print_exc()
        raise
    return answer


def _earlier(call: Call) -> Answer | None:
    kept = replays.find(call.connection, request_id=call.request_id, method=call.method, path=call.path)
    if kept is None or call.strikes("no_dedupe"):
        return None
    return Answer(status=kept.status, body=kept.body or None, headers=kept.headers)


def _remember(call: Call, answer: Answer) -> None:
    replays.keep(
        call.connection,
        request_id=call.request_id,
        method=call.method,
        path=call.path,
        kept=replays.Kept(status=answer.status, headers=dict(answer.headers), body=answer.payload()),
        at=call.now,
    )


def _identify(call: Call) -> Answer | None:
    """Reads the token into the call; the answer that turns a caller without a fitting one away, else None."""
    if call.face.audience is None:
        return None
    read = tokens.read(call.connection, authorization=call.header("authorization"), now=call.now)
    if isinstance(read, str):
        return call.face.denied(call, read)
    if read.audience != call.face.audience:
        return call.face.denied(call, "wrong_audience")
    call.claims = read
    return None


def _note_call(call: Call) -> int:
    cursor = call.connection.execute(
        "INSERT INTO calls (at, face, method, path, query, status, request_id, correlation_id, fault, is_replay)"
        " VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, 0)",
        (
            books.stamp(call.now),
            call.face.name,
            call.method,
            call.path,
            json.dumps(call.query),
            call.request_id,
            call.correlation_id,
            "" if call.fault is None else call.fault.kind,
        ),
    )
    return int(cursor.lastrowid or 0)


async def _spoil_before(call: Call, fault: faults.Fault) -> Answer:
    """The answer of a fault that strikes before the handler runs: nothing has changed in the books."""
    if fault.kind == "timeout_before_effect":
        return await _fall_silent(call, fault)
    if fault.kind == "throttle_429":
        answer = call.face.throttled(call, fault.wait_s)
        retry_after = faults.retry_after(fault, now=call.now)
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return Answer(status=429, body=answer.body, headers=headers)
    status = fault.status if fault.kind == "error_5xx_before_effect" else (fault.status or 400)
    answer = call.face.failed(call, status, fault.code)
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return Answer(status=status, body=answer.body, headers=headers)


async def _spoil_after(call: Call, fault: faults.Fault, answer: Answer) -> Answer:
    """What is left of `answer` after a fault that strikes when the effect is already in the books."""
    if fault.kind == "timeout_after_effect" and fault.variant != "mid_body":
        return await _fall_silent(call, fault)
    if fault.kind == "error_5xx_after_effect":
        return call.face.failed(call, fault.status, fault.code)
    if fault.kind == "garbled":
        garbled = faults.garble(fault.variant, answer.payload())
        encoding = {"Content-Encoding": garbled.encoding} if garbled.encoding else {}
        return Answer(
            status=200 if fault.variant in {"html", "empty"} else answer.status,
            body=garbled.payload or None,
            headers=dict(answer.headers) | encoding,
            content_type=garbled.content_type,
        )
    return answer


async def _fall_silent(call: Call, fault: faults.Fault) -> Answer:
    """Leaves the caller without an answer: at once by closing the connection, or after `hang_s` real seconds."""
    if fault.hang_s > 0:
        await asyncio.sleep(fault.hang_s)
    connection_cut.cut(call.client)
    return Answer(status=504)
