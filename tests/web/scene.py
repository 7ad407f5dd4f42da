"""A small reseller for the portal's tests, entered straight into the books; no vendor runs beside it.

`north` holds 10 seats of Basic (2 of them returnable for five more days, 7 held by people) and 5 of Standard (none
held), both bought on 1 March 2026 for a year and billed monthly; `south` holds 4 of Basic.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.test import Client

from seatwright.access import changes as access
from seatwright.access.actors import SYSTEM, Role
from seatwright.assignments import changes as assignments
from seatwright.catalogue import changes as catalogue
from seatwright.customers import changes as customers
from seatwright.customers import queries as customer_queries
from seatwright.subscriptions import changes as subscriptions

NOW = dt.datetime(2026, 3, 17, 10, 0, tzinfo=dt.UTC)
PASSWORD = "correct horse battery staple"
BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
STANDARD = "f245ecc8-75af-4f8e-b61f-27d8114de5f3"
EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
PREMIUM_OFFER = "microsoft:CFQ7TTC0LCHC:0002:commercial:P1Y:monthly:BE"
RETURNABLE_UNTIL = NOW + dt.timedelta(days=5)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The ids of what is there."""

    reseller_id: uuid.UUID
    customers: dict[str, uuid.UUID]
    users: dict[str, int]
    basic: uuid.UUID
    standard: uuid.UUID
    south_basic: uuid.UUID


def build() -> Scene:
    """Enter everything into the test's database."""
    catalogue.restore_vendor_rules()
    reseller_id = _reseller("Reseller")
    customer_ids = {name: _customer(name, reseller_id=reseller_id) for name in ("north", "south")}
    users = _users(reseller_id=reseller_id, other_id=_reseller("Other"), customer_ids=customer_ids)
    rows = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[*customer_ids.values()])
    tenants = {row.customer_id: row for row in rows}
    north, south = tenants[customer_ids["north"]], tenants[customer_ids["south"]]
    basic = _hold(north, "Business Basic", BASIC, 10, "6.00", returnable=((2, RETURNABLE_UNTIL),))
    standard = _hold(north, "Business Standard", STANDARD, 5, "12.50")
    south_basic = _hold(south, "Business Basic", BASIC, 4, "6.00")
    _pools(north, {BASIC: (10, 7, 0), STANDARD: (5, 0, 0), EXCHANGE: (3, 1, 3)})
    _people(north)
    return Scene(
        reseller_id=reseller_id,
        customers=customer_ids,
        users=users,
        basic=basic,
        standard=standard,
        south_basic=south_basic,
    )


def sell(scene: Scene) -> uuid.UUID:
    """Let `north` hold 10 seats of Premium too, an offer of the catalogue, 9 of them held by people."""
    catalogue.load_demo_catalogue(at=NOW, markets=("BE",))
    (tenant,) = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])
    premium = _hold(tenant, "Business Premium", PREMIUM, 10, "20.00", offer_key=PREMIUM_OFFER)
    _pools(tenant, {BASIC: (10, 7, 0), STANDARD: (5, 0, 0), EXCHANGE: (3, 1, 3), PREMIUM: (10, 9, 0)})
    return premium


def hold_monthly(scene: Scene, *, offer_key: str = "") -> uuid.UUID:
    """Let `north` hold 2 seats of a licence that runs from month to month."""
    (tenant,) = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])
    ends_on = dt.date(2026, 4, 1)
    return _hold(tenant, "Rolling Premium", PREMIUM, 2, "24.00", term="P1M", ends_on=ends_on, offer_key=offer_key)


def hold_returnable(scene: Scene) -> uuid.UUID:
    """Let `north` hold 3 seats at 10.00 a month that can all still be returned."""
    (tenant,) = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])
    return _hold(tenant, "Visio", PREMIUM, 3, "10.00", returnable=((3, RETURNABLE_UNTIL),))


def _reseller(name: str) -> uuid.UUID:
    return customers.create_reseller(
        name=name,
        country="BE",
        time_zone="Europe/Brussels",
        currency="EUR",
        support_contact="help@reseller.example",
        at=NOW,
    )


def _customer(name: str, *, reseller_id: uuid.UUID) -> uuid.UUID:
    account_id = customers.connect_account(
        reseller_id=reseller_id, vendor_key="microsoft", partner_tenant_id="partner", label="CSP"
    )
    customer_id = customers.create_customer(
        reseller_id=reseller_id, name=name.title(), country="BE", vat_id="", time_zone="Europe/Brussels", at=NOW
    )
    customers.add_tenant(
        customer_id=customer_id,
        account_id=account_id,
        vendor_tenant_id=name,
        vendor_customer_id=name,
        primary_domain=f"{name}.example",
    )
    return customer_id


def _users(*, reseller_id: uuid.UUID, other_id: uuid.UUID, customer_ids: dict[str, uuid.UUID]) -> dict[str, int]:
    users = {}
    for name, role, place, customer in (
        ("north_owner", Role.CONTRACT_OWNER, reseller_id, "north"),
        ("north_billing", Role.BILLING_CONTACT, reseller_id, "north"),
        ("south_owner", Role.CONTRACT_OWNER, reseller_id, "south"),
        ("staff", Role.RESELLER_ADMIN, reseller_id, None),
        ("billing_staff", Role.RESELLER_BILLING, reseller_id, None),
        ("other_staff", Role.RESELLER_ADMIN, other_id, None),
    ):
        users[name] = access.create_user(
            email=f"{name}@example.test",
            name=name.replace("_", " ").title(),
            password=PASSWORD,
            language="en",
            time_zone="Europe/Brussels",
            at=NOW,
        )
        customer_id = customer_ids[customer] if customer else None
        customers.grant(user_id=users[name], role=role, reseller_id=place, customer_id=customer_id, at=NOW)
    return users


def _hold(
    tenant: customer_queries.TenantRow,
    name: str,
    sku_id: str,
    seats: int,
    unit_rate: str,
    returnable: tuple[tuple[int, dt.datetime], ...] = (),
    offer_key: str = "",
    term: str = "P1Y",
    ends_on: dt.date = dt.date(2027, 3, 1),
    auto_renew: bool = True,
) -> uuid.UUID:
    return subscriptions.adopt(
        new=subscriptions.NewSubscription(
            tenant_id=tenant.tenant_id,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            vendor_key="microsoft",
            vendor_subscription_id=str(uuid.uuid4()),
            offer_key=offer_key,
            sku_id=sku_id,
            name=name,
            term=term,
            billing_plan="monthly",
            anchor_on=dt.date(2026, 3, 1),
            term_start_on=dt.date(2026, 3, 1),
            unit_rate=unit_rate,
            currency="EUR",
            price_list_version="test",
            is_trial=False,
        ),
        reading=subscriptions.Reading(
            status="active",
            seats=seats,
            auto_renew=auto_renew,
            commitment_end_on=ends_on,
            returnable=returnable,
            scheduled=None,
            cancellable_until=None,
        ),
        policy_version="test",
        at=NOW,
    )


def _pools(tenant: customer_queries.TenantRow, units: dict[str, tuple[int, int, int]]) -> None:
    assignments.replace_pools(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        pools=[
            assignments.FoundPool(
                sku_id=sku_id,
                part_number="PART",
                applies_to="User",
                enabled_units=enabled,
                warning_units=0,
                suspended_units=0,
                consumed_units=consumed,
                foreign_units=foreign,
            )
            for sku_id, (enabled, consumed, foreign) in units.items()
        ],
        at=NOW,
    )


def _people(tenant: customer_queries.TenantRow) -> None:
    held = assignments.Held(sku_id=BASIC, group_id="", state="active", error="")
    assignments.replace_people(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        people=[
            assignments.FoundPerson(
                vendor_person_id=str(number),
                user_principal_name=f"person{number}@north.example",
                display_name=f"Person {number:02}",
                mail="",
                department="<b>Sales</b>",
                usage_location="BE",
                is_enabled=True,
                is_guest=False,
                held=(held,) if number <= 7 else (),
            )
            for number in range(1, 10)
        ],
    )


def sign_in(client: Client, name: str) -> Client:
    """Sign in on the page, as a person does."""
    answer = client.post("/account/login/", {"login": f"{name}@example.test", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def confirm(client: Client) -> None:
    """Give fresh proof of identity, which then holds for five minutes."""
    assert client.post("/account/confirm/?next=/", {"password": PASSWORD}).status_code == 302
