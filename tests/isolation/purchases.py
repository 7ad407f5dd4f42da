"""What buying leaves behind: an accepted agreement, a quote of a purchase, and requests with their answers."""

import datetime as dt
import uuid
from collections.abc import Callable

from seatwright.access.actors import Actor
from seatwright.customers import agreements
from seatwright.customers.queries import TenantRow
from seatwright.orders import requests as offer_requests
from seatwright.workflows import buy, buy_pricing
from tests.isolation.shop import OFFER


def leave(
    *, owner: Actor, tenant: TenantRow, text: Callable[[], str], seats: int, at: dt.datetime
) -> tuple[uuid.UUID, list[str]]:
    """Enter them with the owner's own words and numbers; the ids of the quote and of the requests."""
    acceptance = agreements.Acceptance(
        template_id=text(),
        version=1,
        link=text(),
        first_name=text(),
        last_name=text(),
        email=text(),
        phone=text(),
        accepted_at=at,
        source="vendor",
        on_whose_word=text(),
    )
    agreements.record(by=owner, tenant=tenant, acceptance=acceptance, at=at)
    choice = buy_pricing.Choice(tenant_id=tenant.tenant_id, offer_key=OFFER, seats=seats + 611)
    quote_id = buy.prepare(by=owner, customer_id=tenant.customer_id, choice=choice, at=at)
    requests = []
    for state in ("open", "answered"):
        request_id = offer_requests.ask(
            by=owner,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            tenant_id=tenant.tenant_id,
            offer_key=OFFER,
            name=text(),
            seats=seats + 701,
            wish=text(),
            at=at,
        )
        requests.append(str(request_id))
        if state == "answered":
            offer_requests.move(by=owner, request_id=request_id, state=state, answer=text(), at=at)
    return quote_id, requests
