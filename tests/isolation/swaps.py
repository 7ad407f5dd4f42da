"""What swaps leave in the probe's world: a quote for everybody who holds a licence, and an order that is under way."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from seatwright.access.actors import SYSTEM
from seatwright.orders import queries as orders
from seatwright.workflows import swap, swap_plan
from tests.isolation.shop import PRODUCT

if TYPE_CHECKING:
    from tests.isolation.world import World


def leave(world: "World", letter: str, *, at: dt.datetime) -> None:
    """Quote a swap of two licences' people, and order one of them; its new seats are never got."""
    customer = world.customers[letter]
    owner = world.actor(f"{letter.lower()}_owner")
    for purpose in ("plain", "done"):
        subscription_id = uuid.UUID(customer.subscription[purpose])
        found = swap.survey(by=owner, subscription_id=subscription_id, at=at)
        people = tuple(each.key for each in found.holders)
        choice = swap_plan.Choice(subscription_id=subscription_id, to=PRODUCT, people=people, way="buy")
        quote_id = swap.prepare(by=owner, choice=choice, at=at)
        customer.keys[str(quote_id)] = orders.quote(seen_by=SYSTEM, quote_id=quote_id).idempotency_key
        if purpose == "done":
            swap.place(
                by=owner,
                quote_id=quote_id,
                idempotency_key=customer.keys[str(quote_id)],
                agreed_words=world.canaries.text(letter),
                on_behalf_reason="",
                at=at,
            )
