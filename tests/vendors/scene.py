"""A simulated customer with subscriptions of every kind, and the port's calls as short words."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from seatwright.vendors import http, microsoft, port
from vendor_simulator import books

AT = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
NOW = "2026-11-22T12:00:00Z"
TENANT_ID = "22222222-2222-4222-8222-222222222222"
TENANT = port.TenantRef(tenant_id=TENANT_ID, customer_id=TENANT_ID)
BASIC, PREMIUM = ("CFQ7TTC0LH18", "0001"), ("CFQ7TTC0LCHC", "0002")
MAIN = "a4c1340d-6911-4758-bba3-0c4c6007d161"
OTHER = "b4c1340d-6911-4758-bba3-0c4c6007d162"
MONTHLY = "c4c1340d-6911-4758-bba3-0c4c6007d163"
TRIENNIAL = "d4c1340d-6911-4758-bba3-0c4c6007d164"
NEW = "e4c1340d-6911-4758-bba3-0c4c6007d165"
PROMOTION = "39NFJQT1PJQB:0001:39NFJQT1Q5KN"
PLANS = ["P1M:monthly", "P1Y:monthly", "P1Y:annual", "P3Y:monthly", "P3Y:annual", "P3Y:triennial"]


def sku(number: str, part: str, **more: Any) -> dict[str, Any]:
    names = {"skuId": number, "provisioningId": str(uuid.uuid5(uuid.NAMESPACE_OID, part)), "partNumber": part}
    return names | {"plans": PLANS, "maximum": 300} | more


def holding(subscription_id: str, item: tuple[str, str] = BASIC, **more: Any) -> dict[str, Any]:
    base = {"productId": item[0], "skuId": item[1], "id": subscription_id, "quantity": 10}
    return base | {"createdAt": "2026-10-05T09:30:00Z"} | more


SEED: dict[str, Any] = {
    "clock": {"now": NOW},
    "products": [
        {"productId": BASIC[0], "title": "Basic", "skus": [sku("0001", "BASIC", upgrades=[":".join(PREMIUM)])]},
        {"productId": PREMIUM[0], "title": "Premium", "skus": [sku("0002", "PREMIUM")]},
    ],
    "promotions": [
        {
            "id": PROMOTION,
            "country": "DE",
            "segment": "commercial",
            "name": "Premium for a year",
            "startDate": "2026-09-01T00:00:00Z",
            "endDate": "2026-12-31T23:59:59Z",
            "properties": {"isAutoApplicable": True},
            "requiredProducts": [
                {
                    "productId": PREMIUM[0],
                    "skuId": PREMIUM[1],
                    "term": {"duration": "P1Y", "billingCycle": "Annual"},
                    "pricingPolicies": [{"policyType": "PercentDiscount", "value": "0.15"}],
                }
            ],
        }
    ],
    "customers": [
        {
            "tenantId": TENANT_ID,
            "company": "Contoso",
            "domain": "contoso.onmicrosoft.com",
            "subscriptions": [
                holding(MAIN),
                holding(OTHER, PREMIUM, createdAt="2026-10-20T09:30:00Z"),
                holding(MONTHLY, term="P1M", createdAt="2026-11-05T09:30:00Z"),
                holding(TRIENNIAL, term="P3Y"),
                holding(NEW, createdAt="2026-11-20T09:30:00Z"),
            ],
        }
    ],
}


def connect(base_url: str) -> microsoft.MicrosoftVendor:
    """The vendor at a simulator, impatient and without a second try."""
    ours = books.Settings()
    return microsoft.connect(
        microsoft.MicrosoftSettings(
            partner_tenant_id=ours.partner_tenant_id,
            client_id=ours.client_id,
            client_secret=ours.client_secret,
            partner_base_url=base_url,
            graph_base_url=base_url,
            login_base_url=base_url,
            timeouts=http.Timeouts(connect_s=2, read_s=2, total_s=4),
            read_attempts=1,
        )
    )


TRANSITION = {"face": "partner", "method": "POST", "path": "/transitions$"}
CHECKOUT = {"face": "partner", "method": "POST", "path": "/checkout$"}
RENEW, CANCEL, EXTENDED = port.EndOfTerm.RENEW, port.EndOfTerm.CANCEL, port.EndOfTerm.EXTENDED


def read(vendor: microsoft.MicrosoftVendor, subscription_id: str = MAIN) -> port.VendorSubscription:
    return vendor.read_subscription(tenant=TENANT, subscription_id=subscription_id, at=AT)


def available(
    vendor: microsoft.MicrosoftVendor,
    item: tuple[str, str] = PREMIUM,
    term: str = "P1Y",
    billing_cycle: str = "monthly",
    at: dt.datetime = AT,
) -> str:
    found = vendor.availability(
        tenant=TENANT,
        product_id=item[0],
        vendor_sku_id=item[1],
        term=term,
        billing_cycle=billing_cycle,
        segment="commercial",
        at=at,
    )
    assert found is not None
    return found


def next_term(vendor: microsoft.MicrosoftVendor, **changes: Any) -> port.NextTerm:
    wanted = port.NextTerm(
        product_id=BASIC[0],
        vendor_sku_id=BASIC[1],
        catalogue_id=available(vendor, BASIC),
        quantity=6,
        term="P1Y",
        billing_cycle="monthly",
    )
    return dataclasses.replace(wanted, **changes)


Call = Callable[[microsoft.MicrosoftVendor], Any]


def end_of_term(
    outcome: port.EndOfTerm, shape: port.ScheduleShape, *, is_scheduled: bool = False, subscription_id: str = MAIN
) -> Call:
    return lambda vendor: vendor.set_end_of_term(
        tenant=TENANT,
        subscription_id=subscription_id,
        outcome=outcome,
        next_term=next_term(vendor) if is_scheduled else None,
        shape=shape,
        request_id=uuid.uuid4(),
        at=AT,
    )


def auto_renew(*, is_on: bool) -> Call:
    return lambda vendor: vendor.set_auto_renew(
        tenant=TENANT, subscription_id=MAIN, is_on=is_on, request_id=uuid.uuid4(), at=AT
    )


def status(wanted: port.Status, subscription_id: str = MAIN) -> Call:
    return lambda vendor: vendor.set_status(
        tenant=TENANT, subscription_id=subscription_id, status=wanted, request_id=uuid.uuid4(), at=AT
    )


def term(wanted: str, billing_cycle: str, subscription_id: str) -> Call:
    return lambda vendor: vendor.set_term(
        tenant=TENANT,
        subscription_id=subscription_id,
        term=wanted,
        billing_cycle=billing_cycle,
        request_id=uuid.uuid4(),
        at=AT,
    )


def line(vendor: microsoft.MicrosoftVendor, **changes: Any) -> port.CartLine:
    wanted = port.CartLine(catalogue_id=available(vendor), quantity=5, term="P1Y", billing_cycle="monthly")
    return dataclasses.replace(wanted, **changes)


def make_cart(vendor: microsoft.MicrosoftVendor, *lines: port.CartLine) -> Any:
    return vendor.create_cart(tenant=TENANT, lines=lines or (line(vendor),), request_id=uuid.uuid4(), at=AT)


def check_out(vendor: microsoft.MicrosoftVendor, cart_id: str, at: dt.datetime = AT) -> port.CheckoutOutcome:
    return vendor.checkout(tenant=TENANT, cart_id=cart_id, request_id=uuid.uuid4(), at=at)


def buy(vendor: microsoft.MicrosoftVendor) -> Any:
    return check_out(vendor, make_cart(vendor).cart_id)


def transit(
    vendor: microsoft.MicrosoftVendor,
    quantity: int = 10,
    into: str | None = None,
    *,
    term: str = "P1Y",
    moving: bool = False,
) -> port.Outcome:
    return vendor.start_transition(
        tenant=TENANT,
        subscription_id=MAIN,
        to_catalogue_id=available(vendor),
        to_subscription_id=into,
        quantity=quantity,
        term=term,
        billing_cycle="monthly",
        with_licence_transfer=moving,
        request_id=uuid.uuid4(),
        at=AT,
    )


def confirm(vendor: microsoft.MicrosoftVendor, name: str = "Tania") -> port.Outcome:
    return vendor.confirm_agreement(
        tenant=TENANT,
        contact=port.AgreementContact(first_name=name, last_name="Carr", email="tania@example.com"),
        template_id=vendor.agreement_template(at=AT).template_id,
        agreed_at=AT - dt.timedelta(hours=1),
        request_id=uuid.uuid4(),
        at=AT,
    )
