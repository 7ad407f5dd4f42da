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
        link, headers = f"/v1/customers?size={PAGE_SIZE}", dict[str, str]()
        seen: set[tuple[str, str]] = set()
        while link:
            page = self._read(f"{link}", wire.Page[wire.Customer], at=at, headers=headers)
            yield from _items(page)
            link, headers = _following(page)
            step = (link, headers.get("MS-ContinuationToken", ""))
            if step in seen or len(seen) >= MAX_PAGES:
                raise port.VendorGarbled(f"{VENDOR} repeats a page of its list")
            seen.add(step)

    def subscriptions(self, *, customer_id: str, at: dt.datetime) -> tuple[wire.Subscription, ...]:
        """All subscriptions of a customer, whatever their state; the vendor sends them in one piece."""
        page = self._read(f"{_customer(customer_id)}/subscriptions", wire.Page[wire.Subscription], at=at)
        return _items(page)

    def subscription(self, *, customer_id: str, subscription_id: str, at: dt.datetime) -> wire.Subscription:
        """One subscription with every member it has, so that it can be written back."""
        link = f"{_customer(customer_id)}/subscriptions/{http.path_part(subscription_id)}"
        return self._read(link, wire.Subscription, at=at)

    def patch_subscription(
        self, *, customer_id: str, changed: wire.Subscription, request_id: uuid.UUID, at: dt.datetime
    ) -> http.Reply:
        """Write the whole resource back, once; the answer may have any status.

        Raises `http.NotSent`, or another `port.VendorTrouble` before sending (sign-in), `http.AnswerLost` and
        `http.AnswerRefused` after it. A token that the vendor no longer takes is forgotten, not replaced: the next
        run of the operation gets a fresh one.
        """
        assert changed.id
        token = self._token(at)
        headers = self._headers(token) | {
            "Content-Type": "application/json",
            "MS-RequestId": str(request_id),
        }
        etag = (changed.attributes and changed.attributes.etag) or ""
        if etag and not _ETAG.fullmatch(etag):
            raise port.VendorGarbled(f"{VENDOR} sent an entity tag that cannot be sent back")
        if etag:
            headers["If-Match"] = f'"{etag.strip(QUOTE)}"'
        reply = self._channel.send(
            method="PATCH",
            link=f"{_customer(customer_id)}/subscriptions/{http.path_part(changed.id)}",
            headers=headers,
            content=lossless.encode(changed),
            correlation_id=headers["MS-CorrelationId"],
        )
        if reply.status == 401:
            self._tokens.forget(token=token)
        return reply

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
        self, link: str, kind: type[W], *, at: dt.datetime, headers: Mapping[str, str] | None = None
    ) -> W:
        for attempt in stamina.retry_context(
            on=port.VendorDown,
            attempts=self._read_attempts,
            timeout=20.0,
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.2,
        ):
            with attempt:
                return self._read_once(link, kind, at, headers or {})
        raise AssertionError("the last attempt either returns or raises")

    def _read_once[W: lossless.Wire](self, link: str, kind: type[W], at: dt.datetime, extra: Mapping[str, str]) -> W:
        reply = self._get(link, at, extra)
        if reply.status != 200:
            detail = refusals.code_of(refusals.error_in(reply), reply)
            raise http.trouble_of(reply, vendor=VENDOR, at=at, detail="" if detail.startswith("http") else detail)
        try:
            return lossless.from_tree(reply.json(), kind=kind)
        except bodies.UnreadableBody as error:
            raise port.VendorGarbled(f"{VENDOR} sent a body that is {error}", request_ref=reply.request_ref) from None

    def _get(self, link: str, at: dt.datetime, extra: Mapping[str, str]) -> http.Reply:
        """One read; a token that is refused is replaced once."""
        for fresh in (False, True):
            token = self._token(at)
            headers = self._headers(token) | {"MS-RequestId": str(self._channel.new_id())} | dict(extra)
            reply = self._channel.send(
                method="GET", link=link, headers=headers, correlation_id=headers["MS-CorrelationId"]
            )
            if reply.status != 401 or fresh:
                break
            self._tokens.forget(token=token)
        return reply


def _customer(customer_id: str) -> str:
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
    token = headers.get("MS-ContinuationToken", "")
    return (f"{path}?{parts.query}" if parts.query else path), {"MS-ContinuationToken": token} if token else {}
