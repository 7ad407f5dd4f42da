"""What the books say against a purchase: limits of the offer and its family, prerequisites, what is for sale at all."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.rules import purchases
from seatwright.subscriptions import queries as holdings

KIND = "buy"


def judge(
    by: Actor,
    customer: customers.CustomerRow,
    offer: catalogue.OfferRow | None,
    tenant_id: uuid.UUID,
    held: Sequence[holdings.HoldingRow],
    *,
    seats: int,
    has_price: bool,
    on: dt.date,
) -> tuple[purchases.Refusal, ...]:
    """Every reason in the books against buying; a person of the reseller may sell what is not self-service."""
    if offer is None:
        return (purchases.NotSold(),)
    needs = catalogue.product_names(product_keys=offer.prerequisites, reseller_id=customer.reseller_id)
    return purchases.judge(
        purchases.Wanted(
            seats=seats,
            is_sold=True,
            has_price=has_price,
            is_self_service=offer.is_self_service or by.is_staff or by.is_system,
            minimum=offer.minimum,
            maximum=offer.maximum,
            prerequisites=tuple(sorted(each.name for each in needs.values())),
            has_prerequisite=_has_any(needs.values(), tenant_id, held),
            family=_family(customer, offer, tenant_id, held, on=on),
        )
    )


def _has_any(needs: Iterable[catalogue.ProductName], tenant_id: uuid.UUID, held: Sequence[holdings.HoldingRow]) -> bool:
    """Whether the tenant has one of these products, from us or, by its pools, from anybody else (reference 3.4)."""
    keys = {each.product_key for each in needs}
    skus = {each.sku_id for each in needs if each.sku_id}
    ours = {product_of(row.offer_key) for row in held if row.status == "active"}
    pools = assignments.pools(tenant_ids=[tenant_id]).values()
    return bool(keys & ours) or any(pool.sku_id in skus and pool.enabled_units > 0 for pool in pools)


def product_of(offer_key: str) -> str:
    """The `product_id:vendor_sku_id` of an offer key; empty for what is none."""
    return ":".join(offer_key.split(":")[1:3])


def _family(
    customer: customers.CustomerRow,
    offer: catalogue.OfferRow,
    tenant_id: uuid.UUID,
    held: Sequence[holdings.HoldingRow],
    *,
    on: dt.date,
) -> purchases.Family | None:
    """The cap over the offer's family with every seat that counts: held or ordered from us, and those of others."""
    cap = catalogue.family_cap(vendor_key=offer.vendor_key, family=offer.family, on=on) if offer.family else None
    if cap is None:
        return None
    under_way = orders.open_lines(subscription_ids=[row.subscription_id for row in held])
    known = catalogue.offers(offer_keys=[row.offer_key for row in held], reseller_id=customer.reseller_id)
    members = {key for key, each in known.items() if each.family == offer.family}
    seats = sum(
        max(row.seats, under_way[row.subscription_id][1]) if row.subscription_id in under_way else row.seats
        for row in held
        if row.offer_key in members
    )
    seats += seats_elsewhere(customer=customer, tenant_id=tenant_id, vendor_key=offer.vendor_key, family=offer.family)
    return purchases.Family(name=offer.family, maximum=cap, seats=seats)


def seats_elsewhere(*, customer: customers.CustomerRow, tenant_id: uuid.UUID, vendor_key: str, family: str) -> int:
    """The tenant's seats of a family that no subscription of ours holds: those being bought, and other sellers'."""
    ordered = [
        (plain["purchase"]["offer_key"], plain["seats_after"])
        for plain in open_purchases(customer_id=customer.customer_id, tenant_id=tenant_id)
    ]
    known = catalogue.offers(offer_keys=[key for key, _ in ordered], reseller_id=customer.reseller_id)
    being_bought: int = sum(number for key, number in ordered if key in known and known[key].family == family)
    pools = assignments.pools(tenant_ids=[tenant_id])
    families = catalogue.family_of(sku_ids=[sku_id for _, sku_id in pools], vendor_key=vendor_key)
    return being_bought + sum(pool.foreign_units for pool in pools.values() if families.get(pool.sku_id) == family)


def open_purchases(*, customer_id: uuid.UUID, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
    """The lines, as JSON, of purchases for this tenant that have not ended, those that wait for a person among them."""
    views = operations.open_views(kind=KIND, customer_id=customer_id)
    lines = [view.intent["calculation"]["lines"][0] for view in views]
    return [line for line in lines if line["purchase"]["tenant_id"] == str(tenant_id)]


def products_being_bought(*, customer_id: uuid.UUID, tenant_id: uuid.UUID) -> frozenset[str]:
    """The products, as `product_id:vendor_sku_id`, that are being bought for the tenant right now.

    A subscription of one of these that the books do not know may be the very one: its own operation enters it.
    """
    lines = open_purchases(customer_id=customer_id, tenant_id=tenant_id)
    return frozenset(product_of(line["purchase"]["offer_key"]).upper() for line in lines)
