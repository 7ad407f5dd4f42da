"""A small tenant with every case that the Graph tests need; each reply is held to the published description."""

import datetime as dt
import json
import pathlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.testclient import TestClient
from tests.simulator import openapi_check

from vendor_simulator import app, books, directory, holdings, tokens

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
LARGE_TENANT = "22222222-2222-4222-8222-222222222222"
RESELLER = "99999999-9999-4999-8999-999999999999"
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
SKUS = {
    OFFICE: ("OFFICE", "User", (MAIL, MEETINGS)),
    ARCHIVING: ("ARCHIVING", "User", (ARCHIVE,)),
    KIOSK: ("KIOSK", "User", (KIOSK_MAIL,)),
    LAST_ONE: ("LAST_ONE", "User", (STORAGE,)),
    CAPACITY: ("CAPACITY", "Company", (STORAGE,)),
}
# (subscription id, sku, seats, state, owner)
SUBSCRIPTIONS = (
    ("e0000000-0000-4000-8000-000000000001", OFFICE, 5, "active", RESELLER),
    ("e0000000-0000-4000-8000-000000000002", OFFICE, 2, "active", OTHER_RESELLER),
    ("e0000000-0000-4000-8000-000000000003", OFFICE, 1, "expired", RESELLER),
    ("e0000000-0000-4000-8000-000000000004", OFFICE, 4, "suspended", RESELLER),
    ("e0000000-0000-4000-8000-000000000005", ARCHIVING, 10, "active", RESELLER),
    ("e0000000-0000-4000-8000-000000000006", KIOSK, 10, "active", RESELLER),
    ("e0000000-0000-4000-8000-000000000007", LAST_ONE, 1, "active", RESELLER),
    ("e0000000-0000-4000-8000-000000000008", CAPACITY, 1, "active", RESELLER),
)


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
    "planDependencies": [{"plan": ARCHIVE, "needsOneOf": [MAIL, KIOSK_MAIL]}],
    "planExclusions": [[MAIL, KIOSK_MAIL]],
    "directories": [
        {
            "tenantId": TENANT,
            "organization": {"displayName": "Alpenblick GmbH", "countryLetterCode": "DE"},
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
            "organization": {"displayName": "Nordlicht AG"},
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
        return tokens.issue(self.connection, claims=claims, base_url="http://testserver", at=now)

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

    def pool(self, sku_id: str) -> dict[str, Any]:
        skus = self.get("/subscribedSkus").json()["value"]
        found: dict[str, Any] = next(sku for sku in skus if sku["skuId"] == sku_id)
        return found

    def advance(self, seconds: float) -> None:
        books.advance_clock(self.connection, seconds)

    def effects(self) -> list[tuple[str, str]]:
        """(kind, subject) of everything that took effect on this face."""
        rows = self.connection.execute("SELECT kind, subject FROM effects WHERE face = 'graph' ORDER BY effect_id")
        return [(row["kind"], row["subject"]) for row in rows]


def served(folder: pathlib.Path) -> Scene:
    """The scene over new books in `folder`, with the clock standing at `NOW`."""
    application = app.create_app(folder / "books.sqlite3")
    connection: sqlite3.Connection = application.state.books
    books.freeze_clock(connection, NOW)
    directory.create_tables(connection)
    for number, (sku_id, (part_number, applies_to, plans)) in enumerate(SKUS.items()):
        _write_sku(connection, f"P{number}", sku_id, part_number, applies_to, plans)
    for subscription_id, sku_id, seats, status, owner in SUBSCRIPTIONS:
        write_subscription(connection, subscription_id, sku_id, seats, status=status, owner=owner)
    directory.load(connection, SEED)
    client = TestClient(application, base_url="http://testserver")
    client._transport = openapi_check.validating_transport(client._transport)
    return Scene(client=client, connection=connection)


def _write_sku(
    connection: sqlite3.Connection,
    product_id: str,
    sku_id: str,
    part_number: str,
    applies_to: str,
    plans: tuple[str, ...],
) -> None:
    service_plans = [{"servicePlanId": plan, "servicePlanName": PLANS[plan], "appliesTo": "User"} for plan in plans]
    connection.execute(
        "INSERT INTO skus (product_id, sku_id, title, description, provisioning_id, part_number, applies_to, minimum,"
        " maximum, is_trial, is_addon, is_on_sale, prerequisites, upgrades, plans, service_plans)"
        " VALUES (?, '0001', ?, '', ?, ?, ?, 1, 1000, 0, 0, 1, '[]', '[]', '[]', ?)",
        (product_id, part_number, sku_id, part_number, applies_to, json.dumps(service_plans)),
    )


def write_subscription(
    connection: sqlite3.Connection, subscription_id: str, sku_id: str, seats: int, *, status: str, owner: str
) -> None:
    """A yearly subscription that began on 1 January 2026."""
    began = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    holdings.add(
        connection,
        holdings.Subscription(
            subscription_id=subscription_id,
            tenant_id=TENANT,
            owner_tenant_id=owner,
            product_id=f"P{list(SKUS).index(sku_id)}",
            sku_id="0001",
            availability_id="A",
            offer_name=sku_id,
            friendly_name="",
            quantity=seats,
            term="P1Y",
            billing_cycle="monthly",
            status=status,
            suspension_reasons=(),
            is_auto_renew=True,
            is_trial=False,
            created_at=began,
            term_started_at=began,
            term_ends_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
            anchored_on=began.date(),
            state_since=began,
            cancellable_until=None,
            scheduled=None,
            next_charge=None,
            promotion_id="",
            partner_id="",
            order_id="",
            version=1,
            updates=0,
            visible_from=began,
            next_due_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC),
            batches=(),
        ),
    )
