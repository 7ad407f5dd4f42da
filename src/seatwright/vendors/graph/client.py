"""Calls to Microsoft Graph over HTTP, with one token per customer tenant. Reads are repeated, writes go once."""

import codecs
import datetime as dt
import functools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import stamina

from seatwright.vendors import bodies, http, port, tokens
from seatwright.vendors.graph import wire

VENDOR = "Microsoft Graph"
MAX_PAGES = 20_000
START_OVER = ("syncstatenotfound", "resyncrequired", "syncstateinvalid")

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class StartOver(port.VendorMissing):
    """The link of a delta is too old; everything has to be listed anew."""


class GraphClient:
    """Access to many tenants as one application; `scope` follows the host in national clouds."""

    def __init__(self, *, channel: http.HttpClient, tokens: tokens.Tokens, scope: str, read_attempts: int = 3) -> None:
        self._channel = channel
        self._tokens = tokens
        self._scope = scope
        self._read_attempts = read_attempts

    def __repr__(self) -> str:
        return f"GraphClient({self._channel!r})"

    def pages[Item](self, *, tenant_id: str, link: str, item: type[Item], at: dt.datetime) -> Iterator[wire.Page[Item]]:
        """All pages from `link` on; next links are followed as given, only on the same host, and never in a circle."""
        kind: type[wire.Page[Item]] = wire.Page[item]  # type: ignore[valid-type]
        seen: set[str] = set()
        following: str | None = link
        while following:
            if following in seen or len(seen) >= MAX_PAGES:
                raise port.VendorGarbled(f"{VENDOR} repeats a page of its list")
            seen.add(following)
            page = self._read(tenant_id, following, kind, at)
            yield page
            following = page.next_link

    def one[Item](self, *, tenant_id: str, link: str, kind: type[Item], at: dt.datetime) -> Item:
        """The single resource at `link`."""
        return self._read(tenant_id, link, kind, at)

    def post(self, *, tenant_id: str, link: str, content: bytes, at: dt.datetime) -> http.Reply:
        """One write, sent once; the answer may have any status. A refused token is forgotten, not replaced."""
        token = self._token(tenant_id, at)
        headers = self._headers(token) | {"Content-Type": "application/json"}
        reply = self._channel.send(
            method="POST", link=link, headers=headers, content=content, correlation_id=headers["client-request-id"]
        )
        if reply.status == 401:
            self._tokens.forget(token=token)
        return reply

    def sign_in(self, *, tenant_id: str, at: dt.datetime) -> None:
        """Make sure that a token is at hand, so that a write cannot fail on the way to one."""
        self._token(tenant_id, at)

    def _token(self, tenant_id: str, at: dt.datetime) -> str:
        return self._tokens.for_scope(tenant_id=tenant_id, scope=self._scope, at=at)

    def _headers(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "client-request-id": str(self._channel.new_id()),
        }

    def _read[View](self, tenant_id: str, link: str, kind: type[View], at: dt.datetime) -> View:
        for attempt in stamina.retry_context(
            on=port.VendorDown,
            attempts=self._read_attempts,
            timeout=20.0,
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.2,
        ):
            with attempt:
                return self._read_once(tenant_id, link, kind, at)
        raise AssertionError("the last attempt either returns or raises")

    def _read_once[View](self, tenant_id: str, link: str, kind: type[View], at: dt.datetime) -> View:
        reply = self._get(tenant_id, link, at)
        if reply.status != 200:
            code = error_code(reply)
            if reply.status == 410 or code.lower() in START_OVER:
                raise StartOver(f"{VENDOR} wants to start over", request_ref=reply.request_ref)
            raise http.trouble_of(reply, vendor=VENDOR, at=at, detail=code)
        try:
            view: View = _decoder(kind).decode(_without_mark(reply))  # type: ignore[arg-type]
        except (msgspec.MsgspecError, bodies.UnreadableBody, UnicodeDecodeError, RecursionError):
            raise port.VendorGarbled(
                f"{VENDOR} sent a body that cannot be read", request_ref=reply.request_ref
            ) from None
        return view

    def _get(self, tenant_id: str, link: str, at: dt.datetime) -> http.Reply:
        """One read; a token that is refused is replaced once."""
        for fresh in (False, True):
            token = self._token(tenant_id, at)
            headers = self._headers(token)
            reply = self._channel.send(
                method="GET", link=link, headers=headers, correlation_id=headers["client-request-id"]
            )
            if reply.status != 401 or fresh:
                break
            self._tokens.forget(token=token)
        return reply


def error_code(reply: http.Reply) -> str:
    """The code in an error body, or nothing when there is no readable one."""
    return error_in(reply)[0]


def error_in(reply: http.Reply) -> tuple[str, str]:
    """Code and text of an error body, each empty when not readable; the text is for guessing, never for showing."""
    try:
        body = _decoder(wire.ErrorBody).decode(_without_mark(reply))
    except (msgspec.MsgspecError, bodies.UnreadableBody, UnicodeDecodeError, RecursionError):
        return "", ""
    code = (body.error and body.error.code) or ""
    text = (body.error and body.error.message) or ""
    return (code if _CODE.fullmatch(code) else ""), text


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False)


def _without_mark(reply: http.Reply) -> bytes:
    return reply.json_bytes().removeprefix(codecs.BOM_UTF8)
