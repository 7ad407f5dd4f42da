"""What the books say against a purchase: limits of the offer and its family, prerequisites, what is for sale at all."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class FamilySeats:
    """A capped family in one tenant: its seats by our subscription, and those `elsewhere`, being bought or foreign."""

    name: str
    maximum: int
    ours: Mapping[uuid.UUID, int]
    elsewhere: int

    @property
    def seats(self) -> int:
        """All seats that count for the cap."""
        return sum(self.ours.values()) + self.elsewhere


class Families:
    """Every seat of every family in the tenants of these customers' subscriptions, read once and asked for any family.

    The one count for purchases, increases and wishes: held or ordered from us, whichever is more, being bought, and
    other sellers'.
    """

    def __init__(
        self,
        *,
        customer_ids: Collection[uuid.UUID],
        rows: Sequence[holdings.HoldingRow],
        tenant_ids: Iterable[uuid.UUID] = (),
        more_keys: Iterable[str] = (),
    ) -> None:
        self._of_tenant: dict[uuid.UUID, dict[uuid.UUID, holdings.HoldingRow]] = {}
        for row in rows:
            self._of_tenant.setdefault(row.tenant_id, {})[row.subscription_id] = row
        self._under_way = orders.open_lines(subscription_ids=[row.subscription_id for row in rows])
        self._bought = [
            (plain["purchase"]["tenant_id"], plain["purchase"]["offer_key"], int(plain["seats_after"]))
            for plain in _purchases(customer_ids=customer_ids)
        ]
        keys = {row.offer_key for row in rows} | {key for _, key, _ in self._bought} | set(more_keys)
        known = catalogue.offers(offer_keys=keys - {""})
        self._families = {key: (offer.vendor_key, offer.family) for key, offer in known.items()}
        self._pools = assignments.pools(tenant_ids=sorted({row.tenant_id for row in rows} | set(tenant_ids)))
        self._by_sku: dict[str, dict[str, str]] = {}
        self._caps = catalogue.FamilyCaps()

    def of(
        self,
        *,
        tenant_id: uuid.UUID,
        vendor_key: str,
        family: str,
        on: dt.date,
        instead: Mapping[uuid.UUID, tuple[str, int]] | None = None,
    ) -> FamilySeats | None:
        """The family in that tenant with its cap of the day `on`; None for no family and for one without a cap.

        `instead` are the offer and the seats that some subscriptions will have by then.
        """
        maximum = None
        if family:
            maximum = catalogue.family_cap(vendor_key=vendor_key, family=family, on=on, caps=self._caps)
        if maximum is None:
            return None
        wanted = (vendor_key, family)
        by_then = {
            key: (instead or {}).get(key, (row.offer_key, self._held_or_ordered(row)))
            for key, row in self._of_tenant.get(tenant_id, {}).items()
        }
        bought = sum(
            seats
            for bought_for, key, seats in self._bought
            if bought_for == str(tenant_id) and self._families.get(key) == wanted
        )
        foreign = sum(
            pool.foreign_units
            for pool in self._pools.values()
            if pool.tenant_id == tenant_id and self._family_of_sku(vendor_key, pool.sku_id) == family
        )
        return FamilySeats(
            name=family,
            maximum=maximum,
            ours={key: seats for key, (offer, seats) in by_then.items() if self._families.get(offer) == wanted},
            elsewhere=bought + foreign,
        )

    def rows_of(self, tenant_id: uuid.UUID) -> Collection[holdings.HoldingRow]:
        """Those of the subscriptions that are in that tenant."""
        return self._of_tenant.get(tenant_id, {}).values()

    def is_more(self, row: holdings.HoldingRow, wish: tuple[str, int], family: tuple[str, str]) -> bool:
        """Whether that offer with so many seats would be more of the family, by vendor and name, than what is there."""
        now = self._held_or_ordered(row) if self._families.get(row.offer_key) == family else 0
        return self._families.get(wish[0]) == family and wish[1] > now

    def _held_or_ordered(self, row: holdings.HoldingRow) -> int:
        _, ordered = self._under_way.get(row.subscription_id, (None, 0))
        return max(row.seats, ordered)

    def _family_of_sku(self, vendor_key: str, sku_id: str) -> str:
        if vendor_key not in self._by_sku:
            skus = {pool.sku_id for pool in self._pools.values()}
            self._by_sku[vendor_key] = catalogue.family_of(sku_ids=skus, vendor_key=vendor_key)
        return self._by_sku[vendor_key].get(sku_id, "")


def _family(
    customer: customers.CustomerRow,
    offer: catalogue.OfferRow,
    tenant_id: uuid.UUID,
    held: Sequence[holdings.HoldingRow],
    *,
    on: dt.date,
) -> purchases.Family | None:
    if not offer.family:
        return None
    families = Families(customer_ids=[customer.customer_id], rows=held, tenant_ids=[tenant_id])
    found = families.of(tenant_id=tenant_id, vendor_key=offer.vendor_key, family=offer.family, on=on)
    return None if found is None else purchases.Family(name=found.name, maximum=found.maximum, seats=found.seats)


def _purchases(*, customer_ids: Collection[uuid.UUID]) -> list[dict[str, Any]]:
    views = operations.open_views_of(kind=KIND, customer_ids=customer_ids)
    return [view.intent["calculation"]["lines"][0] for view in views]


def open_purchases(*, customer_id: uuid.UUID, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
    """The lines, as JSON, of purchases for this tenant that have not ended, those that wait for a person among them."""
    found = _purchases(customer_ids=[customer_id])
    return [line for line in found if line["purchase"]["tenant_id"] == str(tenant_id)]


def names_being_bought(*, customer_id: uuid.UUID) -> tuple[str, ...]:
    """The names of what has been ordered for the customer and is not booked yet, the first ordered first."""
    return tuple(str(line["name"]) for line in _purchases(customer_ids=[customer_id]))


def products_being_bought(*, customer_id: uuid.UUID, tenant_id: uuid.UUID) -> frozenset[str]:
    """The products, as `product_id:vendor_sku_id`, that are being bought for the tenant right now.

    A subscription of one of these that the books do not know may be the very one: its own operation enters it.
    """
    lines = open_purchases(customer_id=customer_id, tenant_id=tenant_id)
    return frozenset(product_of(line["purchase"]["offer_key"]).upper() for line in lines)
