"""The vendor's own application called directly by the product's HTTP client: the same bytes, no sockets, no waiting.

The simulator's coroutines wait for nothing but the request's body, so they are driven to their end without an event
loop. A connection that the simulator cuts becomes the error that the client would see. Two faults are the wire's own:
a connection that is refused, and an answer that breaks off in its body.
"""

import urllib.parse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.applications import Starlette

BASE_URL = "http://127.0.0.1:8300"
WIRE_FAULTS = ("refused", "broken_off")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One call and what became of it; `status` is 0 when no answer came, `was_heard` says that the vendor got it."""

    method: str
    path: str
    body: bytes
    request_id: str
    status: int
    was_heard: bool


class Wire(httpx2.BaseTransport):
    """A transport to one application; `before` sees every call before the vendor does, `after` when it is over."""

    def __init__(
        self, app: Starlette, *, before: Callable[[httpx2.Request], None], after: Callable[[Exchange], None]
    ) -> None:
        self._app = app
        self._before = before
        self._after = after
        self._is_cut = False
        self._armed: list[tuple[str, str, int]] = []
        self.fired: Counter[str] = Counter()
        self.calls = 0

    def cut(self, _client: object) -> bool:
        """What the simulator does to hang up."""
        self._is_cut = True
        return True

    def arm(self, kind: str, *, method: str, nth: int) -> None:
        """Let the nth call with this method from now on meet a fault of the wire's own."""
        self._armed.append((kind, method, nth))

    def disarm(self) -> None:
        self._armed.clear()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        self._before(request)
        fault = self._draw(request.method)
        body = request.read()
        if fault == "refused":
            self._tell(request, body, status=0, was_heard=False)
            raise httpx2.ConnectError("refused", request=request)
        status, headers, content = self._call(request, body)
        if self._is_cut or fault == "broken_off":
            self._is_cut = False
            self._tell(request, body, status=0, was_heard=True)
            raise httpx2.RemoteProtocolError("the vendor hung up", request=request)
        self._tell(request, body, status=status, was_heard=True)
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content), request=request)

    def _draw(self, method: str) -> str:
        drawn, left = "", []
        for kind, of, nth in self._armed:
            if of != method:
                left.append((kind, of, nth))
            elif nth > 1 or drawn:
                left.append((kind, of, max(nth - 1, 1)))
            else:
                drawn = kind
        self._armed = left
        if drawn:
            self.fired[drawn] += 1
        return drawn

    def _call(self, request: httpx2.Request, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        sent: list[dict[str, Any]] = []
        path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "asgi": {"version": "3.0"},
            "method": request.method,
            "scheme": "http",
            "path": urllib.parse.unquote(path.decode()),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": ("127.0.0.1", 8300),
            "client": ("simulated", 0),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        running = self._app(scope, receive, send).__await__()
        try:
            next(running)
        except StopIteration:
            content = b"".join(part.get("body", b"") for part in sent[1:])
            return sent[0]["status"], list(sent[0]["headers"]), content
        raise AssertionError("the simulator waited for something other than the request")

    def _tell(self, request: httpx2.Request, body: bytes, *, status: int, was_heard: bool) -> None:
        self._after(
            Exchange(
                method=request.method,
                path=request.url.path,
                body=body,
                request_id=request.headers.get("MS-RequestId", ""),
                status=status,
                was_heard=was_heard,
            )
        )
