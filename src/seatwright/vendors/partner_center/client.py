"""Calls to Partner Center over HTTP. Reads are repeated a few times and raise `port.VendorTrouble`; writes go once."""

import datetime as dt
import re
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import stamina

from seatwright.vendors import bodies, http, lossless, port, tokens
from seatwright.vendors.partner_center import refusals, wire

VENDOR = "Partner Center"
PAGE_SIZE = 500
MAX_PAGES = 2_000
QUOTE = '"'
TOKEN_HEADER = "MS-ContinuationToken"  # noqa: S105 - a page's name, no secret

_ETAG = re.compile(r'"[!#-~]{1,1000}"|[!#-~]{1,1000}')


class PartnerCenterClient:
    """One partner tenant's access. `resource` is the token audience, the real host's name in production."""

    def __init__(
        self,
        *,
        channel: http.HttpClient,
        tokens: tokens.Tokens,
        partner_tenant_id: str,
        resource: str,
        read_attempts: int = 3,
    ) -> None:
        self._channel = channel
        self._tokens = tokens
        self._partner_tenant_id = partner_tenant_id
        self._resource = resource
        self._read_attempts = read_attempts

    def __repr__(self) -> str:
        return f"PartnerCenterClient({self._channel!r})"

    def customers(self, *, at: dt.datetime) -> Iterator[wire.Customer]:
        """All customers, page by page."""
        return self.pages(f"/v1/customers?size={PAGE_SIZE}", item=wire.Customer, at=at)

    def subscriptions(self, *, customer_id: str, at: dt.datetime) -> tuple[wire.Subscription, ...]:
        """All subscriptions of a customer, whatever their state; the vendor sends them in one piece."""
        page = self.read(f"{customer_path(customer_id)}/subscriptions", kind=wire.Page[wire.Subscription], at=at)
        return _items(page)

    def subscription(self, *, customer_id: str, subscription_id: str, at: dt.datetime) -> wire.Subscription:
        """One subscription with every member it has, so that it can be written back.

        Raises `port.VendorGarbled` also when another one comes.
        """
        link = f"{customer_path(customer_id)}/subscriptions/{http.path_part(subscription_id)}"
        seen = self.read(link, kind=wire.Subscription, at=at)
        if (seen.id or "").lower() != subscription_id.lower():
            raise port.VendorGarbled(f"{VENDOR} answered with another subscription")
        return seen

    def patch_subscription(
        self, *, customer_id: str, changed: wire.Subscription, request_id: uuid.UUID, at: dt.datetime
    ) -> http.Reply:
        """Write the whole resource back, once; see `write`."""
        assert changed.id
        return self.write(
            "PATCH",
            f"{customer_path(customer_id)}/subscriptions/{http.path_part(changed.id)}",
            content=lossless.encode(changed),
            request_id=request_id,
            at=at,
            etag=(changed.attributes and changed.attributes.etag) or "",
        )

    def write(
        self,
        method: str,
        link: str,
        *,
        content: bytes | None,
        request_id: uuid.UUID,
        at: dt.datetime,
        etag: str = "",
    ) -> http.Reply:
        """One change, sent once; the answer may have any status.

        Raises `http.NotSent`, or another `port.VendorTrouble` before sending (sign-in), `http.AnswerLost` and
        `http.AnswerRefused` after it. A token that the vendor no longer takes is forgotten, not replaced: the next
        run of the operation gets a fresh one.
        """
        token = self._token(at)
        headers = self._headers(token) | {
            "Content-Type": "application/json",
            "MS-RequestId": str(request_id),
        }
        if etag and not _ETAG.fullmatch(etag):
            raise port.VendorGarbled(f"{VENDOR} sent an entity tag that cannot be sent back")
        if etag:
            headers["If-Match"] = f'"{etag.strip(QUOTE)}"'
        reply = self._channel.send(
            method=method, link=link, headers=headers, content=content, correlation_id=headers["MS-CorrelationId"]
        )
        if reply.status == 401:
            self._tokens.forget(token=token)
        return reply

    def read[W: lossless.Wire](self, link: str, *, kind: type[W], at: dt.datetime, question: bytes | None = None) -> W:
        """What is at `link`, or the answer to a `question` posted there that changes nothing; tried again if lost."""
        return self._read(link, kind, at=at, question=question)[0]

    def pages[W: lossless.Wire](
        self, link: str, *, item: type[W], at: dt.datetime, is_token_in_header: bool = False
    ) -> Iterator[W]:
        """All items of a list from `link` on, page by page, and never in a circle.

        With `is_token_in_header` the next page is the same link with the token that came beside the last one.
        """
        first = link
        extra: dict[str, str] = {}
        seen: set[tuple[str, str]] = set()
        kind: type[wire.Page[W]] = wire.Page[item]  # type: ignore[valid-type]
        while link:
            page, headers = self._read(link, kind, at=at, extra=extra)
            yield from _items(page)
            if is_token_in_header:
                token = headers.get(TOKEN_HEADER.lower(), "")
                link, extra = (first, {TOKEN_HEADER: token}) if token else ("", {})
            else:
                link, extra = _following(page)
            step = (link, extra.get(TOKEN_HEADER, ""))
            if step in seen or len(seen) >= MAX_PAGES:
                raise port.VendorGarbled(f"{VENDOR} repeats a page of its list")
            seen.add(step)

    def sign_in(self, *, at: dt.datetime) -> None:
        """Make sure that a token is at hand, so that a write cannot fail on the way to one."""
        self._token(at)

    def _token(self, at: dt.datetime) -> str:
        return self._tokens.for_resource(tenant_id=self._partner_tenant_id, resource=self._resource, at=at)

    def _headers(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "MS-CorrelationId": str(self._channel.new_id()),
            "X-Locale": "en-US",
        }

    def _read[W: lossless.Wire](
        self,
        link: str,
        kind: type[W],
        *,
        at: dt.datetime,
        extra: Mapping[str, str] | None = None,
        question: bytes | None = None,
    ) -> tuple[W, Mapping[str, str]]:
        """The view and the headers of the answer."""
        for attempt in stamina.retry_context(
            on=port.VendorDown,
            attempts=self._read_attempts,
            timeout=20.0,
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.2,
        ):
            with attempt:
                reply = self._get(link, at, extra or {}, question)
                return _view(reply, kind, at=at), reply.headers
        raise AssertionError("the last attempt either returns or raises")

    def _get(self, link: str, at: dt.datetime, extra: Mapping[str, str], question: bytes | None) -> http.Reply:
        """One read; a token that is refused is replaced once."""
        method = "GET" if question is None else "POST"
        kind = {} if question is None else {"Content-Type": "application/json"}
        for fresh in (False, True):
            token = self._token(at)
            headers = self._headers(token) | {"MS-RequestId": str(self._channel.new_id())} | kind | dict(extra)
            reply = self._channel.send(
                method=method,
                link=link,
                headers=headers,
                content=question,
                correlation_id=headers["MS-CorrelationId"],
            )
            if reply.status != 401 or fresh:
                break
            self._tokens.forget(token=token)
        return reply


def _view[W: lossless.Wire](reply: http.Reply, kind: type[W], *, at: dt.datetime) -> W:
    if reply.status != 200:
        detail = refusals.code_of(refusals.error_in(reply), reply)
        raise http.trouble_of(reply, vendor=VENDOR, at=at, detail="" if detail.startswith("http") else detail)
    try:
        return lossless.from_tree(reply.json(), kind=kind)
    except bodies.UnreadableBody as error:
        raise port.VendorGarbled(f"{VENDOR} sent a body that is {error}", request_ref=reply.request_ref) from None


def customer_path(customer_id: str) -> str:
    """The path below which everything of a customer is."""
    return f"/v1/customers/{http.path_part(customer_id)}"


def _items[W: lossless.Wire](page: wire.Page[W]) -> tuple[W, ...]:
    if page.items is None:
        raise port.VendorGarbled(f"{VENDOR} sent a list without items")
    return page.items


def _following(page: wire.Page[Any]) -> tuple[str, dict[str, str]]:
    """The next page's path and extra headers, or an empty path at the end; links may lack the version segment."""
    following = page.links and page.links.next
    if not following or not following.uri:
        return "", {}
    parts = urllib.parse.urlsplit(following.uri)
    if parts.scheme or parts.netloc:
        raise port.VendorGarbled(f"{VENDOR} sent a link to another host")
    path = parts.path if parts.path.startswith("/v1/") else f"/v1/{parts.path.lstrip('/')}"
    headers = {str(header.get("key", "")): str(header.get("value", "")) for header in following.headers or ()}
    token = headers.get(TOKEN_HEADER, "")
    return (f"{path}?{parts.query}" if parts.query else path), {TOKEN_HEADER: token} if token else {}
