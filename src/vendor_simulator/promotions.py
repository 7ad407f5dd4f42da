"""Promotions: which one fits a purchase, what is left of its caps, and what was used of it.

A seed's promotion is written as on the wire; its `caps` (`minimumSeats`, `maximumSeats`, `totalSeats`,
`redemptions`, `firstPurchase`) and its `needs` (`product:sku` that the tenant must own) are the vendor's own knowledge.
"""

import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vendor_simulator import books

_PRIVATE = frozenset({"country", "segment", "caps", "needs"})

Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """Seats of `product:sku` that a tenant buys, adds to what it has, or renews."""

    tenant_id: str
    sku: str
    quantity: int
    term: str
    billing_cycle: str


def on_the_wire(document: Document) -> dict[str, object]:
    return {name: value for name, value in document.items() if name not in _PRIVATE}


def find(connection: sqlite3.Connection, *, promotion_id: str) -> Document | None:
    row = connection.execute(
        "SELECT document FROM promotions WHERE promotion_id = ?", (promotion_id.strip().upper(),)
    ).fetchone()
    if row is None:
        return None
    document: Document = json.loads(row["document"])
    return document


def for_sku(connection: sqlite3.Connection, *, tenant_id: str, sku: str, at: dt.datetime) -> list[Document]:
    """The promotions of the tenant's country and segment that are open at `at` and meant for the SKU."""
    rows = connection.execute(
        "SELECT p.document FROM promotions p JOIN customers c ON c.country = p.country AND c.segment = p.segment"
        " WHERE c.tenant_id = ? ORDER BY p.promotion_id",
        (tenant_id,),
    ).fetchall()
    documents = [json.loads(row["document"]) for row in rows]
    return [document for document in documents if sku in _skus(document) and is_open(document, at=at)]


def is_open(document: Document, *, at: dt.datetime) -> bool:
    starts, ends = document.get("startDate"), document.get("endDate")
    return (not starts or books.instant(starts) <= at) and (not ends or at <= books.instant(ends))


def is_for_plan(document: Document, purchase: Purchase) -> bool:
    """Whether the SKU is promoted for the purchase's term and billing cycle."""
    return (purchase.sku, purchase.term, purchase.billing_cycle) in _plans(document)


def errors(
    connection: sqlite3.Connection, document: Document, purchase: Purchase, *, is_renewal: bool = False
) -> list[dict[str, object]]:
    """Why the purchase does not get the promotion, in the wire's form; empty when it does."""
    caps = document.get("caps", {})
    found: list[dict[str, object]] = []
    if purchase.sku not in _skus(document):
        return [{"type": "InvalidPromotion", "description": "The promotion is not for this item."}]
    if not is_for_plan(document, purchase):
        terms = [
            {"duration": term, "billingCycle": cycle.capitalize()}
            for sku, term, cycle in sorted(_plans(document))
            if sku == purchase.sku
        ]
        text = "The promotion is not for this term and billing cycle."
        found.append({"type": "Term", "description": text, "eligibleTerms": terms})
    if not is_renewal:
        found += _cap_errors(connection, document, purchase, caps)
    needs = document.get("needs", [])
    if needs and not _owns_any(connection, purchase.tenant_id, needs):
        text = "The promotion needs another product."
        found.append({"type": "PrerequisiteProductOwnership", "description": text})
    return found


def _cap_errors(
    connection: sqlite3.Connection, document: Document, purchase: Purchase, caps: Mapping[str, int]
) -> list[dict[str, object]]:
    uses, seats = _used(connection, document, purchase.tenant_id)
    found: list[dict[str, object]] = []
    left = caps.get("totalSeats", 10**9) - seats
    lowest, highest = caps.get("minimumSeats", 1), caps.get("maximumSeats", 10**9)
    if not lowest <= purchase.quantity <= min(highest, left):
        error: dict[str, object] = {"type": "SeatCount", "description": "The number of seats is outside the limits."}
        error["minimumRequiredSeats"] = lowest
        if "maximumSeats" in caps or "totalSeats" in caps:
            error["maximumRequiredSeats"] = min(highest, caps.get("totalSeats", highest))
            error["availableSeats"] = max(0, left)
        found.append(error)
    if "redemptions" in caps and uses >= caps["redemptions"]:
        found.append(
            {
                "type": "RedemptionLimit",
                "description": "The promotion was used as often as it may be.",
                "maxPromotionRedemptionCount": caps["redemptions"],
                "remainingPromotionRedemptionCount": 0,
            }
        )
    if caps.get("firstPurchase") and _owned_before(connection, purchase):
        found.append({"type": "OfferPurchasedPreviously", "description": "The item was bought before."})
    return found


def chosen(
    connection: sqlite3.Connection, purchase: Purchase, *, at: dt.datetime, wished: str = "", is_renewal: bool = False
) -> str:
    """The promotion that the purchase gets, empty for the list price: the wished one first, else one that applies by
    itself. One that does not fit is dropped without a word, as the vendor does.
    """
    open_ones = for_sku(connection, tenant_id=purchase.tenant_id, sku=purchase.sku, at=at)
    wanted = [document for document in open_ones if document["id"].upper() == wished.strip().upper()]
    if not wished:
        wanted = [document for document in open_ones if document.get("properties", {}).get("isAutoApplicable")]
    for document in wanted:
        if not errors(connection, document, purchase, is_renewal=is_renewal):
            return str(document["id"])
    return ""


def seats_left(connection: sqlite3.Connection, *, tenant_id: str, promotion_id: str) -> int | None:
    """How many more seats the promotion gives the tenant; None for no cap."""
    document = find(connection, promotion_id=promotion_id)
    if document is None or "totalSeats" not in document.get("caps", {}):
        return None
    return int(document["caps"]["totalSeats"]) - _used(connection, document, tenant_id)[1]


def note_use(connection: sqlite3.Connection, *, tenant_id: str, promotion_id: str, seats: int, at: dt.datetime) -> None:
    """Counts seats against the caps; nothing ever gives them back."""
    if promotion_id:
        connection.execute(
            "INSERT INTO promotion_uses (tenant_id, promotion_key, seats, at) VALUES (?, ?, ?, ?)",
            (tenant_id, _key(promotion_id), seats, books.stamp(at)),
        )


def _used(connection: sqlite3.Connection, document: Document, tenant_id: str) -> tuple[int, int]:
    row = connection.execute(
        "SELECT COUNT(*), COALESCE(SUM(seats), 0) FROM promotion_uses WHERE tenant_id = ? AND promotion_key = ?",
        (tenant_id, _key(document["id"])),
    ).fetchone()
    return int(row[0]), int(row[1])


def _key(promotion_id: str) -> str:
    """Caps are shared by all promotions with the same product and SKU part."""
    return ":".join(promotion_id.strip().upper().split(":")[:2])


def _skus(document: Document) -> set[str]:
    return {sku for sku, _, _ in _plans(document)}


def _plans(document: Document) -> set[tuple[str, str, str]]:
    return {
        (
            f"{product['productId']}:{product['skuId']}".upper(),
            str(product["term"]["duration"]).upper(),
            str(product["term"]["billingCycle"]).lower(),
        )
        for product in document.get("requiredProducts", [])
    }


def _owned_before(connection: sqlite3.Connection, purchase: Purchase) -> bool:
    return has_held(connection, tenant_id=purchase.tenant_id, sku=purchase.sku)


def has_held(connection: sqlite3.Connection, *, tenant_id: str, sku: str) -> bool:
    """Whether any subscription of the tenant ever was of this `product:sku`."""
    product_id, sku_id = sku.split(":")
    row = connection.execute(
        "SELECT 1 FROM subscriptions s JOIN pool_history h USING (subscription_id)"
        " WHERE s.tenant_id = ? AND h.product_id = ? AND h.sku_id = ? LIMIT 1",
        (tenant_id, product_id, sku_id),
    ).fetchone()
    return row is not None


def _owns_any(connection: sqlite3.Connection, tenant_id: str, needed: list[str]) -> bool:
    rows = connection.execute(
        "SELECT product_id, sku_id FROM subscriptions WHERE tenant_id = ? AND status = 'active'", (tenant_id,)
    ).fetchall()
    return not {f"{row['product_id']}:{row['sku_id']}" for row in rows}.isdisjoint(needed)
