"""What the vendor lists of a tenant's subscriptions, with what it leaves out or cannot be read."""

import datetime as dt
import uuid
from collections.abc import Collection

from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port

LISTED_STATES = ("active", "suspended")


def read(
    vendor: port.Vendor, ref: port.TenantRef, *, tenant_id: uuid.UUID, at: dt.datetime
) -> tuple[dict[str, port.VendorSubscription], set[str]]:
    """The vendor's subscriptions by their id, and the ids of those in the books that cannot be read now.

    One that cannot be read spoils the vendor's list. Those in the books are then read one by one, so that it keeps no
    other one's renewal from being seen; what is new waits. Raises port.VendorGarbled where none can be read.
    """
    try:
        return {each.subscription_id.lower(): each for each in vendor.list_subscriptions(tenant=ref, at=at)}, set()
    except port.VendorGarbled as trouble:
        spoilt = trouble
    listed, unreadable = {}, set[str]()
    for key, row in holdings.holdings_of_tenant(tenant_id=tenant_id).items():
        if row.status != "deleted":
            try:
                listed[key] = vendor.read_subscription(tenant=ref, subscription_id=key, at=at)
            except port.VendorGarbled:
                unreadable.add(key)
            except port.VendorMissing:
                continue
    if not listed:
        raise spoilt
    return listed, unreadable


def missing(
    vendor: port.Vendor,
    ref: port.TenantRef,
    *,
    tenant_id: uuid.UUID,
    listed: dict[str, port.VendorSubscription],
    unreadable: Collection[str],
    at: dt.datetime,
) -> list[holdings.HoldingRow]:
    """Subscriptions in the books that the vendor neither lists nor shows when asked; those it shows join the list.

    What is pending may not be visible yet and is left alone.
    """
    found = []
    for key, row in holdings.holdings_of_tenant(tenant_id=tenant_id).items():
        if key in listed or key in unreadable or row.status not in LISTED_STATES:
            continue
        try:
            listed[key] = vendor.read_subscription(tenant=ref, subscription_id=key, at=at)
        except port.VendorMissing:
            found.append(row)
    return found
