"""Which vendor a tenant is reached through; `config.wiring` plugs the vendors in, steps of operations ask here."""

import datetime as dt
from collections.abc import Callable

from seatwright.customers.queries import TenantRow
from seatwright.vendors import port

Connect = Callable[[str, str], port.Vendor]
_connect: list[Connect] = []


def plug_in(connect: Connect) -> None:
    """Use `connect(vendor_key, partner_tenant_id)` from now on, in place of what was plugged in before."""
    _connect[:] = [connect]


def vendor_of(tenant: TenantRow) -> port.Vendor:
    """The vendor account that this tenant is reached through; raises VendorDenied when none is connected."""
    if not _connect:
        raise port.VendorDenied("No vendor is connected to this installation.")
    return _connect[0](tenant.vendor_key, tenant.partner_tenant_id)


def reference(tenant: TenantRow) -> port.TenantRef:
    """The tenant as the vendors' port names it."""
    return port.TenantRef(tenant_id=tenant.vendor_tenant_id, customer_id=tenant.vendor_customer_id)


def lease_of_subscription(*, vendor_key: str, vendor_subscription_id: str) -> str:
    """The key under which at most one change is in flight for a vendor subscription (invariant 19)."""
    return f"{vendor_key}:subscription:{vendor_subscription_id.lower()}"


def settled(*, since: dt.datetime, at: dt.datetime, settle_s: int) -> bool:
    """Whether so much time has passed since `since` that a read shows every effect of it (invariant 18)."""
    return at >= since + dt.timedelta(seconds=settle_s)
