"""Who a request acts for: a token in the Authorization header, and nothing else.

Cookies are not looked at, so that no page of another site can act for somebody signed in, and nothing needs a CSRF
token. What a token may do is the least of three: the roles that its user has now, its scope, and the one customer it is
bound to, if any (invariant 27). A token with the scope `write` stands for the fresh proof of identity that the portal
asks for at a booking: it was made for this purpose, is shown once, ends by itself and can be revoked at once.
"""

import dataclasses
import uuid

import structlog
from django.http import HttpRequest
from ninja.security import HttpBearer

from seatwright.access import permissions, tokens
from seatwright.access.actors import Actor
from seatwright.api import problems, rates
from seatwright.customers import queries as customers
from seatwright.operations import clock


class Bearer(HttpBearer):
    """Accepts a token whose scope reaches what the operation needs."""

    openapi_bearerFormat = "swt_ followed by 32 characters"  # noqa: N815  the name is ninja's

    def __init__(self, *, needs: tokens.Scope) -> None:
        super().__init__()
        self.needs: tokens.Scope = needs

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor for whom the request is made, or None when the token does not count.

        Raises problems.TooManyRequests and problems.TokenReadsOnly.
        """
        known = tokens.redeem(secret=token, at=clock.now())
        if known is None:
            return None
        rates.count(token_id=known.token_id)
        person = customers.actor(user_id=known.user_id, channel="api", request_ref=_reference())
        if person is None:
            return None
        if not known.reaches(self.needs):
            raise problems.TokenReadsOnly
        by = dataclasses.replace(person, label=f"{person.label} (API token {known.label})")
        return by if known.customer_id is None else narrowed(by, customer_id=known.customer_id)


READ = Bearer(needs="read")
WRITE = Bearer(needs="write")


def acting(request: HttpRequest) -> Actor:
    """The actor that authentication found for this request."""
    by: Actor = request.auth  # type: ignore[attr-defined]
    return by


def narrowed(by: Actor, *, customer_id: uuid.UUID) -> Actor:
    """The same person with no right anywhere but at this customer; staff keep their roles for it alone."""
    try:
        customer = customers.customer(seen_by=by, customer_id=customer_id)
    except (permissions.Unknown, permissions.NotAllowed):
        return dataclasses.replace(by, grants=())
    return dataclasses.replace(
        by,
        grants=tuple(
            dataclasses.replace(grant, customer_id=customer_id)
            for grant in by.grants
            if grant.customer_id == customer_id
            or (grant.customer_id is None and grant.reseller_id == customer.reseller_id)
        ),
    )


def _reference() -> str:
    """The request's reference, which is bound to the log context and sent as X-Request-ID."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
