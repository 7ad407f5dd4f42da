"""A small reseller at the simulated Partner Center, and a client that speaks its protocol."""

import uuid
from typing import Any

import httpx2

from vendor_simulator import books, testing

NOW = "2026-03-02T09:30:00Z"
ALPHA = "11111111-1111-4111-8111-111111111111"
BETA = "22222222-2222-4222-8222-222222222222"
GONE = "33333333-3333-4333-8333-333333333333"
OTHER_RESELLER = "88888888-8888-4888-8888-888888888888"
BASIC = "5a000000-0000-4000-8000-000000000001"
FOREIGN = "5a000000-0000-4000-8000-000000000002"
BETA_BASIC = "5a000000-0000-4000-8000-000000000003"
BASIC_LICENCE = "b1000000-0000-4000-8000-000000000001"

SEED: dict[str, Any] = {
    "clock": {"now": NOW},
    "products": [
        {
            "productId": "CFQ7TTC0AAA1",
            "title": "Office Basic",
            "skus": [
                {
                    "skuId": "0001",
                    "provisioningId": BASIC_LICENCE,
                    "partNumber": "OFFICE_BASIC",
                    "maximum": 300,
                    "plans": ["P1M:monthly", "P1Y:monthly", "P1Y:annual", "P3Y:monthly", "P3Y:annual"],
                    "segments": ["commercial", "nonprofit"],
                },
                {
                    "skuId": "0002",
                    "title": "Office Basic, old",
                    "provisioningId": "b1000000-0000-4000-8000-000000000002",
                    "partNumber": "OFFICE_OLD",
                    "isOnSale": False,
                },
            ],
        },
        {
            "productId": "CFQ7TTC0AAA2",
            "title": "Archiving",
            "skus": [
                {
                    "skuId": "0001",
                    "provisioningId": "b1000000-0000-4000-8000-000000000003",
                    "partNumber": "ARCHIVING",
                    "isAddon": True,
                    "prerequisites": ["CFQ7TTC0AAA1:0001"],
                    "plans": ["P1Y:annual"],
                }
            ],
        },
    ],
    "promotions": [{"id": "39NFJQT1PJQB:0001:39NFJQT1Q5KN", "country": "DE", "name": "Spring"}],
    "customers": [
        {
            "tenantId": ALPHA,
            "company": "Alpha",
            "domain": "alpha.example",
            "subscriptions": [
                {
                    "id": BASIC,
                    "productId": "CFQ7TTC0AAA1",
                    "skuId": "0001",
                    "createdAt": "2025-06-15T08:00:00Z",
                    "batches": [
                        {"quantity": 10, "addedAt": "2025-06-15T08:00:00Z"},
                        {"quantity": 5, "addedAt": "2026-03-01T12:00:00Z"},
                    ],
                },
                {
                    "id": FOREIGN,
                    "productId": "CFQ7TTC0AAA1",
                    "skuId": "0001",
                    "quantity": 7,
                    "ownerTenantId": OTHER_RESELLER,
                    "createdAt": "2025-06-15T08:00:00Z",
                },
            ],
        },
        {
            "tenantId": BETA,
            "company": "Beta",
            "domain": "beta.example",
            "hasAgreement": False,
            "subscriptions": [
                {"id": BETA_BASIC, "productId": "CFQ7TTC0AAA1", "skuId": "0001", "term": "P1M", "quantity": 4}
            ],
        },
        {"tenantId": GONE, "company": "Gone", "domain": "gone.example", "relationship": "none"},
    ],
}


class Partner:
    """Calls of a reseller's program; paths are as links have them, without the version."""

    def __init__(self, simulator: testing.Simulator) -> None:
        self.simulator = simulator
        self.client = httpx2.Client(base_url=f"{simulator.base_url}/v1", timeout=10)
        self.renew_token()

    def renew_token(self, *, audience: str = books.PARTNER_AUDIENCE) -> None:
        self.client.headers["Authorization"] = f"Bearer {self.simulator.token(audience=audience)}"

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx2.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return (
            self.client.request(method, path, json=body, headers=sent)
            if body is not None
            else self.client.request(method, path, headers=sent)
        )

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.call("GET", path, **headers)

    def subscription(self, *, tenant_id: str = ALPHA, subscription_id: str = BASIC) -> dict[str, Any]:
        answer = self.get(f"/customers/{tenant_id}/subscriptions/{subscription_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def patch(self, body: dict[str, Any], *, path: str = "", request_id: str = "", **headers: str) -> httpx2.Response:
        path = path or f"/customers/{ALPHA}/subscriptions/{BASIC}"
        return self.call("PATCH", path, body, MS_RequestId=request_id or str(uuid.uuid4()), **headers)

    def set_seats(self, quantity: int, *, request_id: str = "") -> httpx2.Response:
        """Reads the subscription and writes it back with another total, as the documents ask for."""
        return self.patch(self.subscription() | {"quantity": quantity}, request_id=request_id)

    def catalogue_item(self, product_id: str = "CFQ7TTC0AAA1", sku_id: str = "0001") -> str:
        path = f"/customers/{ALPHA}/products/{product_id}/skus/{sku_id}/availabilities?targetSegment=commercial"
        return str(self.get(path).json()["items"][0]["catalogItemId"])


def code_of(answer: httpx2.Response) -> tuple[int, object]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]
