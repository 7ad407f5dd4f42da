"""One HTTP client for all vendors: bound to a host, certificates verified, no redirects, bounded in time and size.

What a caller must know after a failed call is whether bytes may have reached the vendor:

    NotSent      no connection: nothing happened, safe to repeat
    AnswerLost   sent, no usable answer: the effect is unknown
    AnswerRefused  an answer came that is too big, badly packed or a redirect; its status is known, its body is not
"""

import datetime as dt
import functools
import http.cookiejar
import ssl
import time
import urllib.parse
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import structlog

from seatwright.vendors import bodies, deadline, instants, port

MAX_BODY_BYTES = 8 * 1024 * 1024
JSON_TYPES = ("application/json", "text/json")
LOOPBACK = ("localhost", "127.0.0.1", "::1")

_log = structlog.get_logger(__name__)


class NotSent(port.VendorDown):
    """No connection came about; nothing reached the vendor."""


class AnswerLost(port.VendorDown):
    """The request may have reached the vendor; no usable answer came back."""


class AnswerRefused(port.VendorGarbled):
    """An answer came and was not read to its end because of its form."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, and for one whole call."""

    connect_s: float = 5.0
    read_s: float = 30.0
    total_s: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; header names are lower case, `request_ref` is the vendor's name for the call."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    request_ref: str = ""

    def json(self) -> Any:
        """The body as a JSON tree; raises `bodies.UnreadableBody`, also for a content type that is not JSON."""
        return bodies.parse(self.json_bytes())

    def json_bytes(self) -> bytes:
        """The body of an answer whose content type is JSON or not given; else raises `bodies.UnreadableBody`."""
        kind = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind and kind not in JSON_TYPES and not kind.endswith("+json"):
            raise bodies.UnreadableBody("not marked as JSON")
        return self.body


class HttpClient:
    """Calls to one host. `base_url` may hold a path; plain HTTP is for this machine only.

    `ca_file` replaces the trusted authorities. Thread-safe. Nothing is ever sent twice in here.
    """

    def __init__(
        self,
        *,
        vendor: str,
        base_url: str,
        ca_file: str = "",
        timeouts: Timeouts | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
    ) -> None:
        self._vendor = vendor
        self._base = httpx2.URL(base_url.rstrip("/"))
        self._timeouts = timeouts or Timeouts()
        self._max_body_bytes = max_body_bytes
        self.new_id = new_id
        if self._base.scheme != "https" and not (self._base.scheme == "http" and self._base.host in LOOPBACK):
            raise ValueError(f"{vendor}: the address must begin with https://")
        cookie_policy = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
        self._client = httpx2.Client(
            transport=deadline.Transport(verify=_trust(ca_file)),
            timeout=httpx2.Timeout(self._timeouts.read_s, connect=self._timeouts.connect_s),
            follow_redirects=False,
            trust_env=False,
            cookies=http.cookiejar.CookieJar(policy=cookie_policy),
        )

    def __repr__(self) -> str:
        return f"HttpClient({self._vendor!r}, {self._base.host!r})"

    def close(self) -> None:
        self._client.close()

    def target(self, link: str) -> str:
        """The absolute address of a path below the base, or of a link that points to the very same host.

        Raises `AnswerRefused` for any other link: credentials never leave their host.
        """
        if link.startswith("/") and not link.startswith("//"):
            address = httpx2.URL(f"{self._base}{link}")
        else:
            address = _address(link)
        here = (self._base.scheme, self._base.host, self._base.port)
        if (address.scheme, address.host, address.port) != here or address.userinfo:
            raise AnswerRefused(f"{self._vendor} sent a link to another host")
        return str(address)

    def send(
        self,
        *,
        method: str,
        link: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        correlation_id: str = "",
    ) -> Reply:
        """One request, one answer of any status; raises `NotSent`, `AnswerLost` or `AnswerRefused`."""
        address = self.target(link)
        started = time.monotonic()
        outcome: int | str = "failed"
        size = 0
        try:
            with deadline.within(seconds=self._timeouts.total_s):
                reply = self._exchange(method, address, headers, content, correlation_id)
            outcome, size = reply.status, len(reply.body)
            return reply
        except port.VendorTrouble as trouble:
            outcome = type(trouble).__name__
            raise
        finally:
            _log.info(
                "vendor_call",
                vendor=self._vendor,
                method=method,
                path=urllib.parse.urlsplit(address).path,
                outcome=outcome,
                size_bytes=size,
                duration_ms=round((time.monotonic() - started) * 1000),
                correlation_id=correlation_id,
            )

    def _exchange(
        self, method: str, address: str, headers: Mapping[str, str], content: bytes | None, correlation_id: str
    ) -> Reply:
        try:
            request = self._client.build_request(
                method, address, headers={"Accept-Encoding": "gzip", **headers}, content=content
            )
            response = self._client.send(request, stream=True)
            try:
                return self._read(response, correlation_id)
            finally:
                response.close()
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as error:
            raise NotSent(f"{self._vendor} cannot be reached ({type(error).__name__})") from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise AnswerLost(
                f"{self._vendor} gave no usable answer ({type(error).__name__})", request_ref=correlation_id
            ) from None

    def _read(self, response: httpx2.Response, correlation_id: str) -> Reply:
        headers = {name.lower(): value[:2000] for name, value in response.headers.items()}
        request_ref = _request_ref(headers) or correlation_id
        if 300 <= response.status_code < 400:
            raise AnswerRefused(f"{self._vendor} answered with a redirect", request_ref=request_ref)
        try:
            body = _unpacked(response.iter_raw(), headers.get("content-encoding", ""), self._max_body_bytes)
        except bodies.UnreadableBody as error:
            raise AnswerRefused(
                f"{self._vendor} answered {response.status_code}, but {error}", request_ref=request_ref
            ) from None
        return Reply(status=response.status_code, headers=headers, body=body, request_ref=request_ref)


def trouble_of(reply: Reply, *, vendor: str, at: dt.datetime, detail: str = "") -> port.VendorTrouble:
    """The trouble that a failed read stands for; `detail` is a code that is safe to show."""
    said = f"{vendor} answered {reply.status}" + (f" ({detail})" if detail else "")
    ref = reply.request_ref
    if reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers):
        wait_until = instants.retry_at(reply.headers, at=at)
        return port.VendorBusy(said, retry_at=wait_until, request_ref=ref, code=detail)
    kind: type[port.VendorTrouble] = port.VendorGarbled
    if reply.status in (401, 403):
        kind = port.VendorDenied
    elif reply.status == 404:
        kind = port.VendorMissing
    elif reply.status >= 500 or reply.status == 408:
        kind = port.VendorDown
    return kind(said, request_ref=ref, code=detail)


def path_part(identifier: str) -> str:
    """An identifier made safe as one segment of a path; raises `ValueError` for one that would change the path."""
    if not identifier or identifier in (".", "..") or len(identifier) > 200:
        raise ValueError("not an identifier")
    return urllib.parse.quote(identifier, safe="")


def _address(link: str) -> httpx2.URL:
    try:
        return httpx2.URL(link)
    except (httpx2.InvalidURL, ValueError):
        raise AnswerRefused("a link cannot be read") from None


@functools.cache
def _trust(ca_file: str) -> ssl.SSLContext:
    """The trusted authorities, read once per process because reading them takes long."""
    if ca_file:
        return ssl.create_default_context(cafile=str(Path(ca_file)))
    return httpx2.create_ssl_context(trust_env=False)


def _request_ref(headers: Mapping[str, str]) -> str:
    named = next((headers[name] for name in ("ms-correlationid", "request-id", "ms-requestid") if name in headers), "")
    return "".join(letter for letter in named.split(",")[0].strip()[:64] if letter.isalnum() or letter in "-_.")


def _unpacked(pieces: Iterator[bytes], encoding: str, limit: int) -> bytes:
    """The body, unpacked piece by piece and never beyond `limit` bytes; raises `bodies.UnreadableBody`."""
    packed = encoding.strip().lower()
    if packed not in ("", "identity", "gzip"):
        raise bodies.UnreadableBody("its packing was not asked for")
    unpacker = zlib.decompressobj(wbits=31) if packed == "gzip" else None
    body = bytearray()
    for piece in pieces:
        try:
            body += unpacker.decompress(piece, limit + 1 - len(body)) if unpacker else piece
        except zlib.error:
            raise bodies.UnreadableBody("its packing is broken") from None
        if len(body) > limit:
            raise bodies.UnreadableBody(f"its body is larger than {limit} bytes")
    if unpacker and body and not unpacker.eof:
        raise bodies.UnreadableBody("its packing is cut off")
    return bytes(body)
