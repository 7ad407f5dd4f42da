"""A small tenant with every case that the Graph tests need; each reply is held to the published description."""

import contextlib
import datetime as dt
import pathlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.simulator import openapi_check
from vendor_simulator import books, testing, tokens

TENANT = "11111111-1111-4111-8111-111111111111"
LARGE_TENANT = "22222222-2222-4222-8222-222222222222"
RESELLER = books.Settings().partner_tenant_id
OTHER_RESELLER = "88888888-8888-4888-8888-888888888888"

MAIL = "a0000000-0000-4000-8000-000000000001"
MEETINGS = "a0000000-0000-4000-8000-000000000002"
ARCHIVE = "a0000000-0000-4000-8000-000000000003"
KIOSK_MAIL = "a0000000-0000-4000-8000-000000000004"
STORAGE = "a0000000-0000-4000-8000-000000000005"

OFFICE = "b0000000-0000-4000-8000-000000000001"
ARCHIVING = "b0000000-0000-4000-8000-000000000002"
KIOSK = "b0000000-0000-4000-8000-000000000003"
LAST_ONE = "b0000000-0000-4000-8000-000000000004"
CAPACITY = "b0000000-0000-4000-8000-000000000005"
FOREIGN_SKU = "b0000000-0000-4000-8000-0000000000ff"

ADA = "c0000000-0000-4000-8000-000000000001"
BOB = "c0000000-0000-4000-8000-000000000002"
CLEO = "c0000000-0000-4000-8000-000000000003"
DORA = "c0000000-0000-4000-8000-000000000004"
EMIL = "c0000000-0000-4000-8000-000000000005"
GUEST = "c0000000-0000-4000-8000-000000000006"
SALES = "d0000000-0000-4000-8000-000000000001"
NEWCOMERS = "d0000000-0000-4000-8000-000000000002"

PLANS = {MAIL: "MAIL", MEETINGS: "MEETINGS", ARCHIVE: "ARCHIVE", KIOSK_MAIL: "KIOSK_MAIL", STORAGE: "STORAGE"}


def _product(number: int, sku_id: str, part_number: str, *plans: str, applies_to: str = "User") -> dict[str, Any]:
    service_plans = [{"servicePlanId": plan, "servicePlanName": PLANS[plan]} for plan in plans]
    sku = {
        "skuId": "0001",
        "provisioningId": sku_id,
        "partNumber": part_number,
        "appliesTo": applies_to,
        "servicePlans": service_plans,
    }
    return {"productId": f"P{number}", "title": part_number.title(), "skus": [sku]}


def bought(number: int, product: int, seats: int, status: str = "active", owner: str = RESELLER) -> dict[str, Any]:
    """A yearly subscription that began on 1 January 2026."""
    return {
        "id": f"e0000000-0000-4000-8000-{number:012}",
        "productId": f"P{product}",
        "skuId": "0001",
        "quantity": seats,
        "status": status,
        "ownerTenantId": owner,
        "createdAt": "2026-01-01T00:00:00Z",
    }


def _person(user_id: str, name: str, **members: Any) -> dict[str, Any]:
    address = f"{name.lower()}@alpenblick.example"
    return {
        "id": user_id,
        "displayName": name,
        "userPrincipalName": address,
        "mail": address,
        "usageLocation": "DE",
        "department": "Sales",
        "createdDateTime": "2025-05-01T08:00:00Z",
    } | members


SEED: dict[str, Any] = {
    "clock": {"now": "2026-03-02T09:00:00Z"},
    "products": [
        _product(0, OFFICE, "OFFICE", MAIL, MEETINGS),
        _product(1, ARCHIVING, "ARCHIVING", ARCHIVE),
        _product(2, KIOSK, "KIOSK", KIOSK_MAIL),
        _product(3, LAST_ONE, "LAST_ONE", STORAGE),
        _product(4, CAPACITY, "CAPACITY", STORAGE, applies_to="Company"),
    ],
    "customers": [
        {
            "tenantId": TENANT,
            "company": "Alpenblick GmbH",
            "domain": "alpenblick.onmicrosoft.com",
            "subscriptions": [
                bought(1, 0, 5),
                bought(2, 0, 2, owner=OTHER_RESELLER),
                bought(3, 0, 1, "expired"),
                bought(4, 0, 4, "suspended"),
                bought(5, 1, 10),
                bought(6, 2, 10),
                bought(7, 3, 1),
                bought(8, 4, 1),
            ],
        },
        {"tenantId": LARGE_TENANT, "company": "Nordlicht AG", "domain": "nordlicht.onmicrosoft.com"},
    ],
    "planDependencies": [{"plan": ARCHIVE, "needsOneOf": [MAIL, KIOSK_MAIL]}],
    "planExclusions": [[MAIL, KIOSK_MAIL]],
    "directories": [
        {
            "tenantId": TENANT,
            "domains": [{"id": "alpenblick.example"}, {"id": "alpenblick.onmicrosoft.com"}],
            "users": [
                _person(ADA, "Ada", licenses=[{"skuId": OFFICE, "disabledPlans": [MEETINGS]}]),
                _person(BOB, "Bob", department="Service", accountEnabled=False),
                _person(CLEO, "Cleo", usageLocation=None),
                _person(DORA, "Dora", licenses=[{"skuId": OFFICE}]),
                _person(EMIL, "Emil", createdDateTime="2026-02-01T08:00:00Z"),
                _person(
                    GUEST,
                    "Guest",
                    userType="Guest",
                    usageLocation=None,
                    userPrincipalName="guest_elsewhere.example#EXT#@alpenblick.onmicrosoft.com",
                    mail="guest@elsewhere.example",
                ),
            ],
            "groups": [
                {"id": SALES, "displayName": "Sales", "members": [DORA, EMIL], "licenses": [{"skuId": OFFICE}]},
                {"id": NEWCOMERS, "displayName": "Newcomers"},
            ],
        },
        {
            "tenantId": LARGE_TENANT,
            "domains": [{"id": "nordlicht.example"}],
            "generatedUsers": {"count": 250, "domain": "nordlicht.example", "usageLocation": "DE"},
        },
    ],
}


@dataclass(kw_only=True)
class Scene:
    """The served tenant: `client` asks as an app with every role, `connection` is the vendor's own books."""

    client: httpx2.Client
    connection: sqlite3.Connection
    simulator: testing.Simulator

    def token(
        self, *, tenant_id: str = TENANT, roles: tuple[str, ...] = (), audience: str = books.GRAPH_AUDIENCE
    ) -> str:
        now = books.now(self.connection)
        claims = tokens.Claims(
            audience=audience,
            tenant_id=tenant_id,
            app_id="app",
            has_user=False,
            ends_at=now + dt.timedelta(hours=1),
            roles=roles,
        )
        return tokens.issue(self.connection, claims=claims, base_url=self.simulator.base_url, at=now)

    def get(self, url: str, *, tenant_id: str = TENANT, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Authorization", f"Bearer {self.token(tenant_id=tenant_id)}")
        return self.client.get(url if url.startswith("http") else f"/v1.0{url}", headers=named)

    def send(self, method: str, url: str, body: object = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token()}"}
        return self.client.request(method, f"/v1.0{url}", json=body, headers=headers)

    def assign(self, user: str, *, add: Sequence[Any] = (), remove: Sequence[str] = ()) -> httpx2.Response:
        """POST assignLicense; an entry of `add` is a licence id or a whole assignedLicense."""
        entries = [{"skuId": entry, "disabledPlans": []} if isinstance(entry, str) else entry for entry in add]
        return self.send(
            "POST", f"/users/{user}/assignLicense", {"addLicenses": entries, "removeLicenses": list(remove)}
        )

    def held(self, user: str) -> list[tuple[str, str | None]]:
        """(licence, group) of each source that the person holds a licence from."""
        states = self.get(f"/users/{user}?$select=licenseAssignmentStates").json()["licenseAssignmentStates"]
        return sorted(((state["skuId"], state["assignedByGroup"]) for state in states), key=str)

    def set(self, name: str, value: float) -> None:
        """Change a setting of the tenant's directory."""
        self.simulator.seed({"directories": [{"tenantId": TENANT, "settings": {name: value}}]})

    def pool(self, sku_id: str) -> dict[str, Any]:
        skus = self.get("/subscribedSkus").json()["value"]
        found: dict[str, Any] = next(sku for sku in skus if sku["skuId"] == sku_id)
        return found

    def advance(self, seconds: float) -> None:
        self.simulator.clock(advance_s=seconds)

    def effects(self) -> list[tuple[str, str]]:
        """(kind, subject) of everything that took effect on this face."""
        found = [effect for effect in self.simulator.effects() if effect["face"] == "graph"]
        return [(effect["kind"], effect["subject"]) for effect in found]


@contextlib.contextmanager
def running(folder: pathlib.Path) -> Iterator[testing.Simulator]:
    """A simulator process with books in `folder`; `fresh` fills it for each test."""
    with testing.running(folder / "books.sqlite3") as simulator:
        yield simulator


@contextlib.contextmanager
def fresh(simulator: testing.Simulator) -> Iterator[Scene]:
    """The scene as seeded, whatever an earlier test did."""
    simulator.reset()
    simulator.seed(SEED)
    connection = books.open_books(simulator.books_path)
    with httpx2.Client(base_url=simulator.base_url, transport=openapi_check.validating_transport()) as client:
        yield Scene(client=client, connection=connection, simulator=simulator)
    connection.close()
