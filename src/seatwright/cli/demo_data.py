"""The demo's companies: what the vendor simulator's books hold, and who may sign in to the portal.

Everything in the portal's tables besides companies and logins comes from reading the simulator, by the same code that
reads a real vendor.
"""

import datetime as dt
import functools
import uuid
from dataclasses import dataclass, field
from typing import Any

from seatwright.access import changes as access
from seatwright.access.actors import Role, operator
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import demo_catalogue
from seatwright.customers import changes as customers
from seatwright.customers import queries as customer_queries
from seatwright.workflows import sync_tenant

PASSWORD = "Seats-for-everyone-2026"  # noqa: S105 - printed on the screen; exists in demo installations only
NAMESPACE = uuid.UUID("0d7b1b0e-6b0c-4d5c-9a57-7b6f2b6c1f00")
FOREIGN_PARTNER = "00000000-0000-4000-8000-00000000f0f0"
FIRST_NAMES = tuple(
    (
        "Anna Bram Carla Daan Eva Finn Greta Hugo Ines Jan Kaat Lars Marie Nils Olga Pieter Quinten Rosa Sven "
        "Tessa Ulla Viktor Wout Xenia Yara Zeno"
    ).split()
)
LAST_NAMES = tuple(
    ("Adams Baert Claes Dewulf Evers Fabry Goossens Hermans Ivens Jacobs Koch Lambert Maes Nagel Otten").split()
)
DEPARTMENTS = ("Sales", "Finance", "Production", "Support", "Management")
BASIC = "O365_BUSINESS_ESSENTIALS"
STANDARD = "O365_BUSINESS_PREMIUM"
PREMIUM = "SPB"
EXCHANGE = "EXCHANGESTANDARD"
VISIO = "VISIOCLIENT"
COPILOT = "Microsoft_365_Copilot"
POWER_BI = "POWER_BI_PRO"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A subscription of a demo company; `batches` are seats with the hours since they were added."""

    part_number: str
    batches: tuple[tuple[int, int], ...]
    days_old: int
    assigned: int
    term: str = "P1Y"
    billing_cycle: str = "monthly"
    is_foreign: bool = False
    status: str = "active"
    auto_renew: bool = True

    @property
    def seats(self) -> int:
        """All seats together."""
        return sum(seats for seats, _ in self.batches)


@dataclass(frozen=True, kw_only=True)
class Company:
    """A demo customer; `vat_id` decides how it is taxed."""

    name: str
    domain: str
    country: str
    vat_id: str
    people: int
    held: tuple[Held, ...]
    logins: tuple[tuple[str, str, Role], ...] = ()

    @property
    def tenant_id(self) -> str:
        """The same id in every demo."""
        return str(uuid.uuid5(NAMESPACE, self.domain))


# Teams Rooms Pro: the reseller plans rooms together with the customer.
ASKED_FOR = "CFQ7TTC0QW7C:0001"
STORY = (
    Company(
        name="Kade Logistics",
        domain="kade-logistics.example",
        country="BE",
        vat_id="BE0000000000",
        people=26,
        held=(
            Held(part_number=STANDARD, batches=((12, 24 * 160), (6, 50)), days_old=160, assigned=14),
            Held(part_number=BASIC, batches=((8, 24 * 340),), days_old=340, assigned=7),
            Held(part_number=EXCHANGE, batches=((3, 24 * 20),), days_old=20, assigned=3, term="P1M"),
            Held(part_number=COPILOT, batches=((2, 30),), days_old=2, assigned=1, billing_cycle="annual"),
            Held(part_number=VISIO, batches=((4, 24 * 90),), days_old=90, assigned=2, is_foreign=True),
        ),
        logins=(
            ("owner@kade-logistics.example", "Contract owner, Kade Logistics", Role.CONTRACT_OWNER),
            ("admin@kade-logistics.example", "Licence administrator, Kade Logistics", Role.LICENCE_ADMIN),
        ),
    ),
    Company(
        name="Kade Studio",
        domain="kade-studio.example",
        country="BE",
        vat_id="BE0000000001",
        people=9,
        held=(
            Held(part_number=PREMIUM, batches=((9, 24 * 355),), days_old=355, assigned=8),
            Held(part_number=POWER_BI, batches=((2, 24 * 45),), days_old=45, assigned=2),
        ),
        logins=(("owner@kade-logistics.example", "Contract owner, Kade Logistics", Role.CONTRACT_OWNER),),
    ),
    Company(
        name="Bäckerei Morgenrot",
        domain="morgenrot.example",
        country="DE",
        vat_id="DE000000000",
        people=14,
        held=(
            Held(part_number=BASIC, batches=((10, 24 * 250), (2, 100)), days_old=250, assigned=11),
            Held(part_number=PREMIUM, batches=((3, 24 * 12),), days_old=12, assigned=1, term="P1M", auto_renew=False),
        ),
        logins=(("owner@morgenrot.example", "Contract owner, Bäckerei Morgenrot", Role.CONTRACT_OWNER),),
    ),
)
TRADES = tuple(
    ("Bikes Books Cheese Clinic Dairy Design Energy Flowers Garden Glass Hotel Joinery Legal Metal Paper").split()
)
PLACES = ["Aalst", "Breda", "Calais", "Delft", "Emmen", "Forst", "Gent", "Hasselt", "Ieper", "Jülich"]


def companies(*, extra: int) -> tuple[Company, ...]:
    """The story's three companies and `extra` small ones, so that lists have something to search."""
    more = []
    for number in range(extra):
        trade, place = TRADES[number % len(TRADES)], PLACES[(number // len(TRADES)) % len(PLACES)]
        series = number // (len(TRADES) * len(PLACES))
        suffix = f" {series + 1}" if series else ""
        name = f"{place} {trade}{suffix}"
        domain = name.lower().replace(" ", "-").replace("ü", "ue") + ".example"
        held = (Held(part_number=BASIC, batches=((3 + number % 5, 24 * 200),), days_old=200, assigned=2),)
        more.append(Company(name=name, domain=domain, country="BE", vat_id="", people=3, held=held))
    return (*STORY, *more)


def simulator_seed(*, shown: tuple[Company, ...], at: dt.datetime) -> dict[str, Any]:
    """The books of the vendor simulator for these companies as of `at`."""
    rows = {row["part_number"]: row for row in demo_catalogue.read().rows}
    return {
        "products": [_product(row) for row in rows.values()],
        "promotions": [_promotion(rows[PREMIUM], at)],
        "customers": [
            {
                "customerId": company.tenant_id,
                "tenantId": company.tenant_id,
                "company": company.name,
                "domain": company.domain,
                "country": company.country,
                "subscriptions": [_subscription(held, rows[held.part_number], at) for held in company.held],
            }
            for company in shown
        ],
        "directories": [_directory(company, rows) for company in shown],
    }


def _promotion(row: dict[str, str], at: dt.datetime) -> dict[str, Any]:
    """A tenth off a year of this product billed monthly, for up to 50 seats of a customer."""
    return {
        "id": f"{row['product_id']}:{row['vendor_sku_id']}:WELCOME",
        "country": "BE",
        "name": "Welcome offer",
        "description": "A tenth off the first year",
        "startDate": (at - dt.timedelta(days=30)).isoformat(),
        "endDate": (at + dt.timedelta(days=90)).isoformat(),
        "properties": {"isAutoApplicable": False},
        "requiredProducts": [
            {
                "productId": row["product_id"],
                "skuId": row["vendor_sku_id"],
                "term": {"duration": "P1Y", "billingCycle": "Monthly"},
                "pricingPolicies": [{"policyType": "PercentDiscount", "value": "0.10"}],
            }
        ],
        "caps": {"totalSeats": 50},
    }


def _product(row: dict[str, str]) -> dict[str, Any]:
    plans = [f"{term}:{plan.lower()}" for (term, plan), column in demo_catalogue.PRICE_COLUMNS.items() if row[column]]
    return {
        "productId": row["product_id"],
        "title": row["title"],
        "skus": [
            {
                "skuId": row["vendor_sku_id"],
                "title": row["title"],
                "provisioningId": row["sku_id"],
                "partNumber": row["part_number"],
                "appliesTo": "User" if row["applies_to"] == "user" else "Company",
                "minimum": int(row["minimum"]),
                "maximum": int(row["maximum"] or 10_000_000),
                "isAddon": row["is_add_on"] == "yes",
                "prerequisites": [key for key in row["prerequisites"].split("|") if key],
                "upgrades": [key for key in row["upgrades_to"].split("|") if key],
                "renewsInto": sorted(_below(f"{row['product_id']}:{row['vendor_sku_id']}")),
                "plans": plans,
                "segments": ["commercial"],
            }
        ],
    }


@functools.cache
def _below(key: str) -> frozenset[str]:
    """The products from which upgrade paths lead to this one, over any number of steps."""
    rows = demo_catalogue.read().rows
    keys = {f"{row['product_id']}:{row['vendor_sku_id']}" for row in rows if key in row["upgrades_to"].split("|")}
    return frozenset(keys).union(*(_below(each) for each in keys))


def _subscription(held: Held, row: dict[str, str], at: dt.datetime) -> dict[str, Any]:
    midnight = at.replace(hour=9, minute=12, second=0, microsecond=0)
    seed: dict[str, Any] = {
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": held.seats,
        "term": held.term,
        "billingCycle": held.billing_cycle,
        "createdAt": (midnight - dt.timedelta(days=held.days_old)).isoformat(),
        "status": held.status,
        "autoRenew": held.auto_renew,
        "batches": [
            {"quantity": seats, "addedAt": (at - dt.timedelta(hours=hours)).isoformat()}
            for seats, hours in held.batches
        ],
    }
    if held.is_foreign:
        seed["ownerTenantId"] = FOREIGN_PARTNER
    return seed


@dataclass
class _Desk:
    """Licences still to be handed to a company's people."""

    left: dict[str, int] = field(default_factory=dict)


def _directory(company: Company, rows: dict[str, dict[str, str]]) -> dict[str, Any]:
    people: list[dict[str, Any]] = []
    for number in range(company.people):
        first = FIRST_NAMES[(number * 7 + len(company.name)) % len(FIRST_NAMES)]
        last = LAST_NAMES[(number * 4 + number // len(LAST_NAMES) + len(company.domain)) % len(LAST_NAMES)]
        address = f"{first}.{last}{number or ''}@{company.domain}".lower()
        people.append(
            {
                "id": str(uuid.uuid5(NAMESPACE, address)),
                "displayName": f"{first} {last}",
                "givenName": first,
                "surname": last,
                "userPrincipalName": address,
                "mail": address,
                "department": DEPARTMENTS[number % len(DEPARTMENTS)],
                "usageLocation": company.country,
                "licenses": [],
            }
        )
    place = 0
    for held in company.held:
        for offset in range(held.assigned):
            person = people[(place + offset) % len(people)]
            person["licenses"].append({"skuId": rows[held.part_number]["sku_id"]})
        place += held.assigned if held.part_number in (STANDARD, BASIC, PREMIUM) else 0
    return {
        "tenantId": company.tenant_id,
        "organization": {"displayName": company.name, "countryLetterCode": company.country},
        "domains": [{"id": company.domain, "isVerified": True}],
        "users": people,
    }


def install(*, shown: tuple[Company, ...], partner_tenant_id: str, at: dt.datetime) -> None:
    """Enter the reseller, its customers, the logins and the catalogue, and queue a reading of every tenant."""
    catalogue.load_demo_catalogue(at=at)
    reseller_id = customers.create_reseller(
        name="Noordkaap Cloud",
        country="BE",
        time_zone="Europe/Brussels",
        currency="EUR",
        support_contact="desk@noordkaap.example",
        at=at,
    )
    catalogue.set_self_service(reseller_id=reseller_id, product_key=ASKED_FOR, is_self_service=False)
    account_id = customers.connect_account(
        reseller_id=reseller_id, vendor_key="microsoft", partner_tenant_id=partner_tenant_id, label="Microsoft CSP"
    )
    users: dict[str, int] = {}
    for email, name, role in (
        ("staff@noordkaap.example", "Reseller administrator", Role.RESELLER_ADMIN),
        ("support@noordkaap.example", "Reseller support", Role.RESELLER_SUPPORT),
    ):
        user_id = _login(users, email=email, name=name, country="BE", at=at)
        customers.grant(user_id=user_id, role=role, reseller_id=reseller_id, at=at)
    for company in shown:
        customer_id = customers.create_customer(
            reseller_id=reseller_id,
            name=company.name,
            country=company.country,
            vat_id=company.vat_id,
            time_zone="Europe/Berlin" if company.country == "DE" else "Europe/Brussels",
            at=at,
        )
        customers.add_tenant(
            customer_id=customer_id,
            account_id=account_id,
            vendor_tenant_id=company.tenant_id,
            vendor_customer_id=company.tenant_id,
            primary_domain=company.domain,
        )
        for email, name, role in company.logins:
            user_id = _login(users, email=email, name=name, country=company.country, at=at)
            customers.grant(user_id=user_id, role=role, reseller_id=reseller_id, customer_id=customer_id, at=at)
    sync_tenant.request_all(at=at)


def read_now(*, at: dt.datetime) -> None:
    """Read every tenant in this process, so that the first page already shows the demo's licences."""
    assert operator(label="demo").is_system
    for tenant in customer_queries.tenants_of_installation():
        sync_tenant.read_tenant(tenant=tenant, at=at)


def _login(users: dict[str, int], *, email: str, name: str, country: str, at: dt.datetime) -> int:
    if email not in users:
        users[email] = access.create_user(
            email=email,
            name=name,
            password=PASSWORD,
            language="de" if country == "DE" else "en",
            time_zone="Europe/Berlin" if country == "DE" else "Europe/Brussels",
            at=at,
        )
    return users[email]
