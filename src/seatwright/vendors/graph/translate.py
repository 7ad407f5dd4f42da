"""Graph's resources as plain values of the port."""

import datetime as dt
import functools

from msgspec import UNSET, UnsetType

from seatwright.vendors import instants, port
from seatwright.vendors.graph import wire

MAX_TEXT = 500

_FIELDS_BY_MEMBER = {
    "user_principal_name": "user_principal_name",
    "display_name": "display_name",
    "mail": "mail",
    "account_enabled": "is_enabled",
    "user_type": "is_guest",
    "usage_location": "usage_location",
    "department": "department",
}


def pool(seen: wire.SubscribedSku) -> port.LicencePool:
    """The port's value of a SKU's units; raises `port.VendorGarbled` without the SKU's id or its units."""
    units = seen.prepaid_units
    if not seen.sku_id or units is None or units.enabled is None or seen.consumed_units is None:
        raise port.VendorGarbled("Microsoft Graph sent a licence pool without its units")
    return port.LicencePool(
        sku_id=text(seen.sku_id).lower(),
        sku_part_number=text(seen.sku_part_number),
        applies_to=text(seen.applies_to),
        enabled=units.enabled,
        warning=units.warning or 0,
        suspended=units.suspended or 0,
        locked_out=units.locked_out or 0,
        consumed=seen.consumed_units,
        capability_status=text(seen.capability_status),
        plan_ids=frozenset(
            text(plan.service_plan_id).lower() for plan in seen.service_plans or () if plan.service_plan_id
        ),
    )


def pool_source(seen: wire.CompanySubscription) -> port.PoolSource:
    """The port's value of a subscription behind a pool; raises `port.VendorGarbled` without id, SKU or count."""
    if not seen.id or not seen.sku_id or seen.total_licenses is None:
        raise port.VendorGarbled("Microsoft Graph sent a subscription without id, SKU or count")
    return port.PoolSource(
        source_id=text(seen.id).lower(),
        commerce_subscription_id=text(seen.commerce_subscription_id).lower(),
        sku_id=text(seen.sku_id).lower(),
        sku_part_number=text(seen.sku_part_number),
        status=text(seen.status),
        total=seen.total_licenses,
        owner_tenant_id=text(seen.owner_tenant_id).lower(),
        next_lifecycle_at=_instant(seen.next_lifecycle_date_time),
    )


def person(seen: wire.User) -> port.VendorPerson:
    """The port's value of a user; members that were left out read as empty; raises `port.VendorGarbled` without id."""
    if not seen.id:
        raise port.VendorGarbled("Microsoft Graph sent a user without an id")
    return port.VendorPerson(
        person_id=text(seen.id).lower(),
        user_principal_name=text(seen.user_principal_name),
        display_name=text(seen.display_name),
        mail=text(seen.mail),
        is_enabled=seen.account_enabled is True,
        is_guest=text(seen.user_type).lower() == "guest",
        usage_location=text(seen.usage_location).upper(),
        department=text(seen.department),
        licences=_licences(seen),
        removed=seen.removed is not None,
    )


def left_out(seen: wire.User) -> frozenset[str]:
    """The fields of `VendorPerson` about which `seen` says nothing."""
    names = {field for member, field in _FIELDS_BY_MEMBER.items() if getattr(seen, member) is UNSET}
    if seen.license_assignment_states is UNSET and seen.assigned_licenses is UNSET:
        names.add("licences")
    return frozenset(names)


def text(value: str | UnsetType | None) -> str:
    """Foreign text made fit to store: no NUL characters, at most `MAX_TEXT` characters."""
    if not isinstance(value, str):
        return ""
    if len(value) > MAX_TEXT or "\x00" in value:
        return value.replace("\x00", "")[:MAX_TEXT]
    return value


def _licences(seen: wire.User) -> tuple[port.PersonLicence, ...]:
    """By origin when the vendor says so; else the plain list, as if every licence were assigned directly."""
    if isinstance(seen.license_assignment_states, list):
        return tuple(
            [
                _licence(
                    text(state.sku_id),
                    text(state.assigned_by_group),
                    text(state.state),
                    text(state.error),
                    tuple(state.disabled_plans or ()),
                )
                for state in seen.license_assignment_states
                if state.sku_id
            ]
        )
    if isinstance(seen.assigned_licenses, list):
        return tuple(
            [
                _licence(text(licence.sku_id), "", "Active", "", tuple(licence.disabled_plans or ()))
                for licence in seen.assigned_licenses
                if licence.sku_id
            ]
        )
    return ()


@functools.lru_cache(maxsize=4096)
def _licence(sku_id: str, group_id: str, state: str, error: str, disabled_plans: tuple[str, ...]) -> port.PersonLicence:
    """One value for all people who hold the same licence the same way: a tenant has few of them."""
    return port.PersonLicence(
        sku_id=sku_id.lower(),
        group_id=group_id.lower(),
        state=state,
        error="" if error.lower() == "none" else error,
        disabled_plans=tuple(sorted(text(plan).lower() for plan in disabled_plans)),
    )


def _instant(value: str | None) -> dt.datetime | None:
    try:
        return instants.instant(value)
    except (ValueError, OverflowError):
        return None
