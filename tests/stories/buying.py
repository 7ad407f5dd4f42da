"""What the stories about buying share: the products, and quoting, placing and looking at the vendor in one call."""

import uuid
from typing import Any

import httpx2

from seatwright.access.actors import SYSTEM
from seatwright.rules import purchases
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy, buy_pricing, change_seats
from tests.stories.world import BASIC, ROWS, World, tenant_id

PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
PHONE = next(row for row in ROWS.values() if row["part_number"] == "MCOEV")
E3 = next(row for row in ROWS.values() if row["part_number"] == "SPE_E3")
CALLING = next(row for row in ROWS.values() if row["part_number"] == "MCOPSTN_6")
ROOM = next(row for row in ROWS.values() if row["part_number"] == "PHONESYSTEM_VIRTUALUSER")
SIGNATORY = buy.Signatory(first_name="Nora", last_name="North", email="nora@north.example")
WORDS = "Order with obligation to pay"


def key(row: dict[str, str], *, term: str = "P1Y", billing_plan: str = "monthly", market: str = "BE") -> str:
    return f"microsoft:{row['product_id']}:{row['vendor_sku_id']}:commercial:{term}:{billing_plan}:{market}"


def choice(world: World, row: dict[str, str], *, seats: int = 3, **more: Any) -> buy_pricing.Choice:
    plan = {name: more.pop(name) for name in ("term", "billing_plan") if name in more}
    tenant = world.holding("north", BASIC).tenant_id
    return buy_pricing.Choice(tenant_id=tenant, offer_key=key(row, **plan), seats=seats, **more)


def against(world: World, wanted: buy_pricing.Choice, *, by: str = "north_owner") -> tuple[purchases.Refusal, ...]:
    return buy.preview(by=world.actor(by), customer_id=world.customer_ids["north"], choice=wanted, at=world.at).refusals


def quote(world: World, wanted: buy_pricing.Choice, *, by: str = "north_owner", **more: Any) -> change_seats.Prepared:
    quote_id = buy.prepare(
        by=world.actor(by),
        customer_id=world.customer_ids["north"],
        choice=wanted,
        at=world.at,
        **{"signatory": SIGNATORY} | more,
    )
    return buy.prepared(by=world.actor(by), quote_id=quote_id, at=world.at)


def place(world: World, made: change_seats.Prepared, *, by: str = "north_owner", **more: Any) -> uuid.UUID:
    return buy.place(
        by=world.actor(by),
        quote_id=made.quote_id,
        idempotency_key=made.idempotency_key,
        agreed_words=WORDS,
        on_behalf_reason=more.pop("reason", ""),
        at=world.at,
        **more,
    )


def at_the_vendor(world: World) -> list[dict[str, Any]]:
    answer = httpx2.get(
        f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions",
        headers={"Authorization": f"Bearer {world.simulator.token()}"},
    )
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def bought(world: World) -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    return [row for row in rows if any(lot.kind == "bought" for lot in row.lots)]


def created(world: World) -> int:
    return sum(effect["kind"] == "subscription.created" for effect in world.simulator.effects())


def without_agreement(world: World) -> None:
    """From now on the vendor knows of no acceptance of north's."""
    tenant = tenant_id("north")
    customer = {"tenantId": tenant, "company": "North", "domain": "north.example", "country": "BE"}
    world.simulator.seed({"customers": [customer | {"hasAgreement": False}]})


SPRING = f"{E3['product_id']}:{E3['vendor_sku_id']}:SPRING"


def promotion(**caps: int) -> dict[str, Any]:
    """10 % off the year billed monthly."""
    return {
        "id": SPRING,
        "country": "BE",
        "name": "Spring",
        "description": "",
        "startDate": "2026-01-01T00:00:00Z",
        "endDate": "2026-12-31T00:00:00Z",
        "properties": {"isAutoApplicable": False},
        "requiredProducts": [
            {
                "productId": E3["product_id"],
                "skuId": E3["vendor_sku_id"],
                "term": {"duration": "P1Y", "billingCycle": "Monthly"},
                "pricingPolicies": [{"policyType": "PercentDiscount", "value": "0.10"}],
            }
        ],
        "caps": caps,
    }
