"""A customer with plans to upgrade, align, extend and renew; added to the small reseller of `partner_scene`.

The clock stands at 2026-03-02T09:30Z. STARTER runs from 2025-06-15 to 2026-06-14 with ten seats, PLUS from 2025-09-01
to 2026-08-31 with five; three people hold Starter.
"""

import uuid
from typing import Any

import httpx2

from tests.simulator.partner_scene import Partner

GAMMA = "55555555-5555-4555-8555-555555555555"
STARTER = "5a000000-0000-4000-8000-000000000011"
PLUS = "5a000000-0000-4000-8000-000000000012"
STARTER_LICENCE = "b1000000-0000-4000-8000-000000000011"
PLUS_LICENCE = "b1000000-0000-4000-8000-000000000012"
STARTER_SKU, PLUS_SKU, TRIAL_SKU = "CFQ7TTC0BBB1:0001", "CFQ7TTC0BBB2:0001", "CFQ7TTC0BBB1:00TR"
PEOPLE = [f"7e000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]
PATH = f"/customers/{GAMMA}/subscriptions"

_PLANS = ["P1M:monthly", "P1Y:monthly", "P1Y:annual", "P3Y:monthly", "P3Y:annual", "P3Y:triennial"]

SEED: dict[str, Any] = {
    "products": [
        {
            "productId": "CFQ7TTC0BBB1",
            "title": "Starter",
            "skus": [
                {
                    "skuId": "0001",
                    "provisioningId": STARTER_LICENCE,
                    "partNumber": "STARTER",
                    "plans": _PLANS,
                    "upgrades": [PLUS_SKU],
                    "segments": ["commercial", "nonprofit"],
                    "extendedSku": "CFQ7TTC0BBB1:00ES",
                },
                {
                    "skuId": "00ES",
                    "title": "Starter Extended Service Term",
                    "provisioningId": STARTER_LICENCE,
                    "partNumber": "STARTER",
                    "plans": ["P1M:monthly"],
                    "isOnSale": False,
                },
                {
                    "skuId": "00TR",
                    "title": "Starter Trial",
                    "provisioningId": STARTER_LICENCE,
                    "partNumber": "STARTER",
                    "isTrial": True,
                    "upgrades": [STARTER_SKU],
                },
            ],
        },
        {
            "productId": "CFQ7TTC0BBB2",
            "title": "Plus",
            "skus": [
                {
                    "skuId": "0001",
                    "provisioningId": PLUS_LICENCE,
                    "partNumber": "PLUS",
                    "plans": _PLANS,
                    "maximum": 300,
                }
            ],
        },
    ],
    "customers": [
        {
            "tenantId": GAMMA,
            "company": "Gamma",
            "domain": "gamma.example",
            "subscriptions": [
                {
                    "id": STARTER,
                    "productId": "CFQ7TTC0BBB1",
                    "skuId": "0001",
                    "quantity": 10,
                    "createdAt": "2025-06-15T08:00:00Z",
                },
                {
                    "id": PLUS,
                    "productId": "CFQ7TTC0BBB2",
                    "skuId": "0001",
                    "quantity": 5,
                    "createdAt": "2025-09-01T08:00:00Z",
                },
            ],
        }
    ],
    "directories": [
        {
            "tenantId": GAMMA,
            "users": [
                {
                    "id": person,
                    "userPrincipalName": f"p{number}@gamma.example",
                    "displayName": f"P{number}",
                    "usageLocation": "DE",
                    "licenses": [{"skuId": STARTER_LICENCE}],
                }
                for number, person in enumerate(PEOPLE)
            ],
        }
    ],
}


class Desk:
    """The customer Gamma at the reseller's desk."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner
        self.simulator = partner.simulator
        self.simulator.seed(SEED)

    def at(self, instant: str) -> None:
        """Moves the vendor's clock and gets a token that is good then."""
        self.simulator.clock(now=instant)
        self.partner.renew_token()

    def read(self, subscription_id: str = STARTER) -> dict[str, Any]:
        return self.partner.subscription(tenant_id=GAMMA, subscription_id=subscription_id)

    def change(self, subscription_id: str = STARTER, *, request_id: str = "", **members: Any) -> httpx2.Response:
        """Reads the subscription and writes it back with other members."""
        body = self.read(subscription_id) | members
        return self.partner.patch(body, path=f"{PATH}/{subscription_id}", request_id=request_id)

    def item(self, sku: str) -> str:
        product_id, sku_id = sku.split(":")
        path = f"/customers/{GAMMA}/products/{product_id}/skus/{sku_id}/availabilities?targetSegment=commercial"
        return str(self.partner.get(path).json()["items"][0]["catalogItemId"])

    def order(self, sku: str = STARTER_SKU, *, quantity: int = 3, **members: Any) -> httpx2.Response:
        line = {"offerId": self.item(sku), "quantity": quantity, "termDuration": "P1Y"} | members
        body = {"billingCycle": members.get("billingCycle", "monthly"), "lineItems": [line]}
        return self.partner.call("POST", f"/customers/{GAMMA}/orders", body, MS_RequestId=str(uuid.uuid4()))

    def bought(self, sku: str = STARTER_SKU, *, quantity: int = 3, **members: Any) -> dict[str, Any]:
        answer = self.order(sku, quantity=quantity, **members)
        assert answer.status_code == 201, answer.text
        return self.read(answer.json()["lineItems"][0]["subscriptionId"])

    def upgrade(
        self, subscription_id: str = STARTER, *, quantity: int = 10, request_id: str = "", **members: Any
    ) -> httpx2.Response:
        body = {"toCatalogItemId": self.item(PLUS_SKU), "quantity": quantity, "transitionType": "transition_only"}
        path = f"{PATH}/{subscription_id}/transitions"
        return self.partner.call("POST", path, body | members, MS_RequestId=request_id or str(uuid.uuid4()))

    def lines(self, transaction_type: str) -> list[tuple[str, dict[str, Any]]]:
        """The lines of that kind in the customer's orders, each with the order's own kind."""
        orders = self.partner.get(f"/customers/{GAMMA}/orders").json()["items"]
        return [
            (order["transactionType"], line)
            for order in orders
            for line in order["lineItems"]
            if line["transactionType"] == transaction_type
        ]

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return [effect for effect in self.simulator.effects() if effect["kind"] == kind]


def next_term(quantity: int, *, sku: str = STARTER_SKU, term: str = "P1Y", cycle: str = "monthly") -> dict[str, Any]:
    product_id, sku_id = sku.split(":")
    product = {"productId": product_id, "skuId": sku_id, "availabilityId": "any"}
    return {"product": product | {"billingCycle": cycle, "termDuration": term}, "quantity": quantity}


def action(kind: str, **members: Any) -> dict[str, Any]:
    return {"scheduledActions": [{"scheduleType": "TermEnd", "actionType": kind} | members]}
