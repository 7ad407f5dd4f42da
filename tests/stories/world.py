"""A small world for stories: one reseller, two customers, their logins, and the vendor simulator as a real server."""

import dataclasses
import datetime as dt
import pathlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from seatwright.access import changes as access
from seatwright.access.actors import SYSTEM, Actor, Role
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import demo_catalogue
from seatwright.config import wiring
from seatwright.customers import changes as customers
from seatwright.customers import queries as customer_queries
from seatwright.operations import engine
from seatwright.rules import rebasing
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import change_seats, connections, pricing, sync_tenant
from vendor_simulator import testing

NOW = dt.datetime(2026, 3, 17, 10, 0, tzinfo=dt.UTC)
PASSWORD = "correct horse battery staple"
PARTNER_TENANT_ID = "00000000-0000-4000-8000-00000000a001"
BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
STANDARD = "f245ecc8-75af-4f8e-b61f-27d8114de5f3"
EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"
ROWS = {row["sku_id"]: row for row in demo_catalogue.read().rows}


@dataclasses.dataclass
class World:
    """Who and what is in the world; `clock` is moved by the story, product and simulator together."""

    simulator: testing.Simulator
    reseller_id: uuid.UUID
    customer_ids: dict[str, uuid.UUID]
    user_ids: dict[str, int]
    at: dt.datetime = NOW

    def clock(self) -> dt.datetime:
        return self.at

    def move(self, **delta: float) -> None:
        self.at += dt.timedelta(**delta)
        self.simulator.clock(now=self.at.isoformat())

    def actor(self, name: str) -> Actor:
        actor = customer_queries.actor(user_id=self.user_ids[name], channel="test", request_ref="")
        assert actor is not None
        return actor

    def sync(self) -> None:
        sync_tenant.request_all(at=self.at)
        self.work()

    def work(self, *, rounds: int = 30, step_s: float = 5.0) -> None:
        """Run what is due until nothing is left to do by itself, letting time pass between the rounds."""
        for _ in range(rounds):
            engine.run_due(clock=self.clock)
            if not self.open_operations():
                return
            self.move(seconds=step_s)

    def open_operations(self) -> int:
        from seatwright.operations import queries

        return queries.unfinished_count()

    def holding(self, customer: str, sku_id: str) -> holdings.HoldingRow:
        rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[self.customer_ids[customer]])
        return next(row for row in rows if row.sku_id == sku_id)

    def wish(self, customer: str, **seats: int) -> list[pricing.Wish]:
        skus = {"basic": BASIC, "standard": STANDARD, "exchange": EXCHANGE}
        return [
            pricing.Wish(subscription_id=self.holding(customer, skus[name]).subscription_id, seats=number)
            for name, number in seats.items()
        ]

    def book(self, by: str, customer: str, *, reason: str = "", **seats: int) -> uuid.UUID:
        """Quote and place in one go, and return the order's id; wishes for the renewal that are asked about stay."""
        actor = self.actor(by)
        quote_id = change_seats.prepare(
            by=actor, customer_id=self.customer_ids[customer], wishes=self.wish(customer, **seats), at=self.at
        )
        quote = change_seats.prepared(by=actor, quote_id=quote_id, at=self.at)
        return change_seats.place(
            by=actor,
            quote_id=quote_id,
            idempotency_key=quote.idempotency_key,
            agreed_words="Order with obligation to pay",
            on_behalf_reason=reason,
            answers={each.subscription_id: rebasing.Way.STAYS for each in quote.calculation.questions},
            at=self.at,
        )

    def vendor_seats(self, customer: str, sku_id: str) -> int:
        vendor_id = self.holding(customer, sku_id).vendor_subscription_id
        token = self.simulator.token()
        import httpx2

        tenant = tenant_id(customer)
        answer = httpx2.get(
            f"{self.simulator.base_url}/v1/customers/{tenant}/subscriptions/{vendor_id}",
            headers={"Authorization": f"Bearer {token}"},
        )
        return int(answer.json()["quantity"])

    def quantity_effects(self) -> list[dict[str, Any]]:
        return [effect for effect in self.simulator.effects() if "quantity" in str(effect).lower()]


def tenant_id(customer: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, customer))


def key_of(row: dict[str, str]) -> str:
    return f"{row['product_id']}:{row['vendor_sku_id']}"


def _product(sku_id: str) -> dict[str, Any]:
    row = ROWS[sku_id]
    sku = {
        "skuId": row["vendor_sku_id"],
        "provisioningId": sku_id,
        "partNumber": row["part_number"],
        "maximum": int(row["maximum"] or 10_000_000),
        "upgrades": [target for target in row["upgrades_to"].split("|") if target],
        "renewsInto": [key_of(other) for other in ROWS.values() if key_of(row) in other["upgrades_to"].split("|")],
    }
    return {"productId": row["product_id"], "title": row["title"], "skus": [sku]}


def _held(sku_id: str, *batches: tuple[int, int], days_old: int, now: dt.datetime, term: str = "P1Y") -> dict[str, Any]:
    """A subscription billed monthly; `batches` are seats with the hours since they were added."""
    row = ROWS[sku_id]
    return {
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": sum(seats for seats, _ in batches),
        "term": term,
        "billingCycle": "monthly",
        "createdAt": (now - dt.timedelta(days=days_old)).isoformat(),
        "autoRenew": True,
        "batches": [
            {"quantity": seats, "addedAt": (now - dt.timedelta(hours=hours)).isoformat()} for seats, hours in batches
        ],
    }


def _customer(name: str, country: str, subscriptions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tenantId": tenant_id(name),
        "company": name.title(),
        "domain": f"{name}.example",
        "country": country,
        "subscriptions": subscriptions,
    }


def _directory(name: str, *, people: int, licensed: int) -> dict[str, Any]:
    """A tenant whose first `licensed` people hold a basic licence."""
    return {
        "tenantId": tenant_id(name),
        "organization": {"displayName": name.title(), "countryLetterCode": "BE"},
        "domains": [{"id": f"{name}.example", "isVerified": True}],
        "users": [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{name}")),
                "displayName": f"Person {number} of {name}",
                "userPrincipalName": f"person{number}@{name}.example",
                "usageLocation": "BE",
                "licenses": [{"skuId": BASIC}] if number <= licensed else [],
            }
            for number in range(1, people + 1)
        ],
    }


def seed(*, now: dt.datetime = NOW) -> dict[str, Any]:
    """Books with two customers; `north` holds 10 basic seats (2 added two days ago), 5 standard and 1 exchange."""
    north = [
        _held(BASIC, (8, 24 * 46), (2, 48), days_old=46, now=now),
        _held(STANDARD, (5, 24 * 100), days_old=100, now=now),
        _held(EXCHANGE, (1, 24 * 10), days_old=10, term="P1M", now=now),
    ]
    south = [_held(BASIC, (4, 24 * 30), days_old=30, now=now)]
    return {
        "products": [_product(sku_id) for sku_id in ROWS],
        "customers": [_customer("north", "BE", north), _customer("south", "DE", south)],
        "directories": [_directory("north", people=12, licensed=7), _directory("south", people=3, licensed=2)],
    }


def connect(simulator: testing.Simulator) -> None:
    """Point this process's vendor connection at the simulator."""
    wiring.connect.cache_clear()
    connections.plug_in(wiring.connect)
    environment = settings.ENVIRONMENT
    for name, value in {
        "vendor_partner_tenant_id": PARTNER_TENANT_ID,
        "vendor_client_id": "00000000-0000-4000-8000-00000000c001",
        "vendor_partner_base_url": simulator.base_url,
        "vendor_graph_base_url": simulator.base_url,
        "vendor_login_base_url": simulator.base_url,
        "worker_settle_s": 60,
    }.items():
        setattr(environment, name, value)
    from pydantic import SecretStr

    environment.vendor_client_secret = SecretStr("simulator-secret")


def people_the_books(*, at: dt.datetime) -> tuple[uuid.UUID, dict[str, uuid.UUID], dict[str, int]]:
    """Enter the reseller, its customers and their logins; another reseller and its staff stand beside them."""
    catalogue.load_demo_catalogue(at=at, markets=("BE", "DE"))
    reseller_id = customers.create_reseller(
        name="Reseller", country="BE", time_zone="Europe/Brussels", currency="EUR", support_contact="", at=at
    )
    account_id = customers.connect_account(
        reseller_id=reseller_id, vendor_key="microsoft", partner_tenant_id=PARTNER_TENANT_ID, label="CSP"
    )
    ids: dict[str, uuid.UUID] = {}
    for name, country in (("north", "BE"), ("south", "DE")):
        ids[name] = customers.create_customer(
            reseller_id=reseller_id,
            name=name.title(),
            country=country,
            vat_id="",
            time_zone="Europe/Brussels",
            at=at,
        )
        customers.add_tenant(
            customer_id=ids[name],
            account_id=account_id,
            vendor_tenant_id=tenant_id(name),
            vendor_customer_id=tenant_id(name),
            primary_domain=f"{name}.example",
        )
    other_reseller_id = customers.create_reseller(
        name="Other", country="BE", time_zone="Europe/Brussels", currency="EUR", support_contact="", at=at
    )
    users: dict[str, int] = {}
    for name, role, place, customer in (
        ("north_owner", Role.CONTRACT_OWNER, reseller_id, "north"),
        ("north_admin", Role.LICENCE_ADMIN, reseller_id, "north"),
        ("north_billing", Role.BILLING_CONTACT, reseller_id, "north"),
        ("south_owner", Role.CONTRACT_OWNER, reseller_id, "south"),
        ("staff", Role.RESELLER_ADMIN, reseller_id, None),
        ("support", Role.RESELLER_SUPPORT, reseller_id, None),
        ("other_staff", Role.RESELLER_ADMIN, other_reseller_id, None),
    ):
        users[name] = access.create_user(
            email=f"{name}@example.test",
            name=name.replace("_", " ").title(),
            password=PASSWORD,
            language="en",
            time_zone="Europe/Brussels",
            at=at,
        )
        customers.grant(
            user_id=users[name], role=role, reseller_id=place, customer_id=ids[customer] if customer else None, at=at
        )
    return reseller_id, ids, users


@contextmanager
def running(books: pathlib.Path) -> Iterator[World]:
    """The world with everything read once from the vendor."""
    with testing.running(books) as simulator:
        yield begun(simulator)


def begun(simulator: testing.Simulator) -> World:
    """The world on a simulator that other stories may have used, or killed, before."""
    if not simulator.is_up:
        simulator.start()
    simulator.reset()
    simulator.clock(now=NOW.isoformat())
    simulator.seed(seed())
    connect(simulator)
    reseller_id, customer_ids, user_ids = people_the_books(at=NOW)
    world = World(simulator=simulator, reseller_id=reseller_id, customer_ids=customer_ids, user_ids=user_ids)
    world.sync()
    return world
