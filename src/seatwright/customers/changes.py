"""Every way rows of the customers room change."""

import datetime as dt
import uuid

from seatwright.access.actors import Role
from seatwright.customers.models import Customer, Membership, Reseller, Tenant, VendorAccount


def create_reseller(
    *, name: str, country: str, time_zone: str, currency: str, support_contact: str, at: dt.datetime
) -> uuid.UUID:
    """Create a reseller and return its id."""
    row = Reseller(
        name=name,
        country=country,
        time_zone=time_zone,
        currency=currency,
        support_contact=support_contact,
        created_at=at,
    )
    row.save(force_insert=True)
    return row.id


def create_customer(
    *,
    reseller_id: uuid.UUID,
    name: str,
    country: str,
    vat_id: str,
    time_zone: str,
    at: dt.datetime,
    segment: str = "commercial",
) -> uuid.UUID:
    """Create a customer of the reseller and return its id."""
    row = Customer(
        reseller_id=reseller_id,
        name=name,
        country=country,
        vat_id=vat_id,
        segment=segment,
        time_zone=time_zone,
        search_text=name.casefold(),
        created_at=at,
    )
    row.save(force_insert=True)
    return row.id


def hold_still(*, customer_id: uuid.UUID) -> None:
    """Lock the customer until the caller's transaction ends, so that one purchase is judged after the other.

    Whoever locks subscriptions of the customer too, locks the customer first.
    """
    Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def connect_account(*, reseller_id: uuid.UUID, vendor_key: str, partner_tenant_id: str, label: str) -> uuid.UUID:
    """Note that the reseller transacts with the vendor under this partner tenant; returns the account's id."""
    row, _ = VendorAccount.objects.get_or_create(
        vendor_key=vendor_key,
        partner_tenant_id=partner_tenant_id,
        defaults={"reseller_id": reseller_id, "label": label},
    )
    return row.id


def add_tenant(
    *,
    customer_id: uuid.UUID,
    account_id: uuid.UUID,
    vendor_tenant_id: str,
    vendor_customer_id: str,
    primary_domain: str,
) -> uuid.UUID:
    """Add a tenant to a customer and return its id; the customer can then be found by its domain too."""
    customer = Customer.objects.get(pk=customer_id)
    account = VendorAccount.objects.get(pk=account_id, reseller_id=customer.reseller_id)
    row = Tenant(
        reseller_id=customer.reseller_id,
        customer=customer,
        account=account,
        vendor_key=account.vendor_key,
        vendor_tenant_id=vendor_tenant_id.lower(),
        vendor_customer_id=vendor_customer_id.lower(),
        primary_domain=primary_domain.lower(),
    )
    row.save(force_insert=True)
    text = f"{customer.search_text} {row.primary_domain}"[:400]
    Customer.objects.filter(pk=customer.pk).update(search_text=text)
    return row.id


def grant(
    *, user_id: int, role: Role, reseller_id: uuid.UUID, at: dt.datetime, customer_id: uuid.UUID | None = None
) -> None:
    """Give a person a role at a customer, or at the reseller when `customer_id` is None."""
    Membership(user_id=user_id, reseller_id=reseller_id, customer_id=customer_id, role=role.value, created_at=at).save(
        force_insert=True
    )
