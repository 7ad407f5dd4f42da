"""What a world begins with: the product's customers and logins, and the vendor's books drawn from the seed."""

import datetime as dt
import random
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from seatwright.access import changes as access
from seatwright.access.actors import Role
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import demo_catalogue
from seatwright.customers import changes as customers
from vendor_simulator import app, books, seeds

START = dt.datetime(2026, 3, 17, 10, 0, tzinfo=dt.UTC)
CUSTOMERS = 5
PARTNER_TENANT_ID = "00000000-0000-4000-8000-00000000a001"
ZONE = "Europe/Brussels"
ROWS = demo_catalogue.read().rows
PLANS = {
    "example_eur_P1M_monthly": "P1M:monthly",
    "example_eur_P1Y_monthly": "P1Y:monthly",
    "example_eur_P1Y_annual": "P1Y:annual",
    "example_eur_P3Y_annual": "P3Y:annual",
}
SOLD = (
    "O365_BUSINESS_ESSENTIALS",
    "O365_BUSINESS_PREMIUM",
    "SPB",
    "EXCHANGESTANDARD",
    "EXCHANGEENTERPRISE",
    "STANDARDPACK",
    "ENTERPRISEPACK",
    "SPE_E3",
)
SOLD_KEYS = frozenset(f"{row['product_id']}:{row['vendor_sku_id']}" for row in ROWS if row["part_number"] in SOLD)
BY_PART = {row["part_number"]: row for row in ROWS}
# A trial turns into the first licence that its own can become, or into that itself.
TRIED = tuple(part for part in SOLD if BY_PART[part]["upgrades_to"].partition("|")[0] in {"", *SOLD_KEYS})


def upgrades(product_id: str, vendor_sku_id: str) -> list[str]:
    """What this licence can become, of what is sold here."""
    row = next(row for row in ROWS if (row["product_id"], row["vendor_sku_id"]) == (product_id, vendor_sku_id))
    return sorted(SOLD_KEYS & set(row["upgrades_to"].split("|")))


@dataclass(frozen=True, kw_only=True)
class People:
    """Who acts: user ids by customer number, and the staff member's."""

    customer_ids: tuple[uuid.UUID, ...]
    owner_ids: tuple[int, ...]
    admin_ids: tuple[int, ...]
    staff_id: int


def tenant_id(number: int) -> str:
    """The tenant of the customer with this number."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"simulated-{number}.example"))


def populate() -> People:
    """Enter catalogue, reseller, customers and logins into the product's empty database."""
    catalogue.restore_vendor_rules()
    catalogue.load_demo_catalogue(at=START, markets=("BE",))
    reseller_id = customers.create_reseller(
        name="Reseller", country="BE", time_zone=ZONE, currency="EUR", support_contact="", at=START
    )
    account_id = customers.connect_account(
        reseller_id=reseller_id, vendor_key="microsoft", partner_tenant_id=PARTNER_TENANT_ID, label="CSP"
    )
    customer_ids, owner_ids, admin_ids = [], [], []
    for number in range(CUSTOMERS):
        customer_id = customers.create_customer(
            reseller_id=reseller_id, name=f"Customer {number}", country="BE", vat_id="", time_zone=ZONE, at=START
        )
        customers.add_tenant(
            customer_id=customer_id,
            account_id=account_id,
            vendor_tenant_id=tenant_id(number),
            vendor_customer_id=tenant_id(number),
            primary_domain=f"simulated-{number}.example",
        )
        customer_ids.append(customer_id)
        for ids, role in ((owner_ids, Role.CONTRACT_OWNER), (admin_ids, Role.LICENCE_ADMIN)):
            ids.append(_login(f"{role}{number}"))
            customers.grant(user_id=ids[-1], role=role, reseller_id=reseller_id, customer_id=customer_id, at=START)
    staff_id = _login("staff")
    customers.grant(user_id=staff_id, role=Role.RESELLER_ADMIN, reseller_id=reseller_id, customer_id=None, at=START)
    return People(
        customer_ids=tuple(customer_ids), owner_ids=tuple(owner_ids), admin_ids=tuple(admin_ids), staff_id=staff_id
    )


def move_to(zone: str) -> None:
    """Let everybody live in that time zone."""
    for label in ("customers.Reseller", "customers.Customer", "access.User"):
        apps.get_model(label).objects.update(time_zone=zone)


def _login(name: str) -> int:
    return access.create_user(
        email=f"{name}@example.test",
        name=name,
        password="correct horse battery",
        language="en",
        time_zone=ZONE,
        at=START,
    )


def open_vendor(
    settings: dict[str, Any], *, seed: int, customers_used: Sequence[int], trials: Sequence[int] = ()
) -> Any:
    """The vendor's application over books in memory, with products, customers, subscriptions and people."""
    made = app.create_app(":memory:")
    connection: sqlite3.Connection = made.state.books
    connection.execute("PRAGMA synchronous=OFF")
    books.freeze_clock(connection, START)
    seeds.load(
        connection,
        {
            "settings": settings,
            "products": [_product(BY_PART[part]) for part in SOLD],
            "customers": [_customer(number, _chance(seed, number)) for number in customers_used],
        },
    )
    people = [_directory(connection, number, _chance(seed, number)) for number in customers_used]
    seeds.load(connection, {"directories": people})
    on_trial = [_on_trial(number, random.Random(f"trial of {number} in {seed}")) for number in trials]
    seeds.load(connection, {"customers": on_trial})
    return made


def _chance(seed: int, number: int) -> random.Random:
    """Drawn for each customer alone, so that one is the same whoever else is there."""
    return random.Random(f"customer {number} of {seed}")


def _product(row: dict[str, str]) -> dict[str, Any]:
    sku = {
        "skuId": row["vendor_sku_id"],
        "provisioningId": row["sku_id"],
        "partNumber": row["part_number"],
        "maximum": int(row["maximum"] or 10_000_000),
        "plans": [plan for column, plan in PLANS.items() if row[column]],
        "upgrades": [key for key in row["upgrades_to"].split("|") if key],
    }
    return {"productId": row["product_id"], "title": row["title"], "skus": [sku]}


def _customer(number: int, chance: random.Random) -> dict[str, Any]:
    parts = chance.sample(SOLD, k=chance.randint(1, 5))
    return _company(number) | {"subscriptions": [_subscription(BY_PART[part], chance) for part in parts]}


def _company(number: int) -> dict[str, Any]:
    return {
        "tenantId": tenant_id(number),
        "company": f"Customer {number}",
        "domain": f"simulated-{number}.example",
        "country": "BE",
    }


def _on_trial(number: int, chance: random.Random) -> dict[str, Any]:
    """The customer with one licence more: 25 seats that cost nothing for thirty days, and then a year."""
    row = BY_PART[chance.choice(TRIED)]
    created_at = START - dt.timedelta(days=chance.randint(0, 27), seconds=chance.randint(0, 30_000))
    trial = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"trial.simulated-{number}")),
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": 25,
        "billingCycle": "none",
        "isTrial": True,
        "createdAt": created_at.isoformat(),
    }
    return _company(number) | {"subscriptions": [trial]}


def _subscription(row: dict[str, str], chance: random.Random) -> dict[str, Any]:
    """Seats bought up to three years ago, the last of them perhaps within the window."""
    plans = [plan for column, plan in PLANS.items() if row[column]]
    term, cycle = chance.choice([*plans, "P1Y:monthly"]).split(":")
    days_old = chance.randint(0, 364) if chance.random() < 0.7 else chance.randint(0, 1000)
    created_at = START - dt.timedelta(days=days_old, seconds=chance.randint(0, 30_000))
    seats = chance.choice((1, 2, 3, 5, 8, 12, 20))
    batches = [{"quantity": seats, "addedAt": created_at.isoformat()}]
    if days_old > 1 and chance.random() < 0.4:
        added_at = START - dt.timedelta(hours=chance.randint(1, min(24 * days_old - 1, 200)))
        batches.append({"quantity": chance.randint(1, 5), "addedAt": added_at.isoformat()})
    return {
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": sum(batch["quantity"] for batch in batches),
        "term": term,
        "billingCycle": cycle,
        "createdAt": created_at.isoformat(),
        "autoRenew": chance.random() < 0.85,
        "batches": batches,
    }


def _directory(connection: sqlite3.Connection, number: int, chance: random.Random) -> dict[str, Any]:
    """People of whom some hold what the tenant has seats for."""
    pools: dict[str, int] = {}
    for source in books.pool_sources(connection, tenant_id(number)):
        pools[source.sku_id] = pools.get(source.sku_id, 0) + source.quantity
    count = chance.randint(3, 15)
    held: list[list[str]] = [[] for _ in range(count)]
    for sku_id, seats in sorted(pools.items()):
        most = min(seats, count)
        for person in chance.sample(range(count), k=most if chance.random() < 0.5 else chance.randint(0, most)):
            held[person].append(sku_id)
    return {
        "tenantId": tenant_id(number),
        "organization": {"displayName": f"Customer {number}", "countryLetterCode": "BE"},
        "domains": [{"id": f"simulated-{number}.example", "isVerified": True}],
        "users": [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{person}.simulated-{number}")),
                "displayName": f"Person {person}",
                "userPrincipalName": f"person{person}@simulated-{number}.example",
                "usageLocation": "BE",
                "licenses": [{"skuId": sku_id} for sku_id in held[person]],
            }
            for person in range(count)
        ],
    }
