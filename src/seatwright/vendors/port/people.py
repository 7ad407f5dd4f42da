"""What a vendor says about the licences in a tenant and the people who hold them."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LicencePool:
    """Units of one SKU in a tenant, summed over all sellers; `plan_ids` are the service plans in it."""

    sku_id: str
    sku_part_number: str
    applies_to: str
    enabled: int
    warning: int
    suspended: int
    locked_out: int
    consumed: int
    capability_status: str
    plan_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class PoolSource:
    """One subscription behind a pool; `commerce_subscription_id` joins it to a `VendorSubscription`."""

    source_id: str
    commerce_subscription_id: str
    sku_id: str
    sku_part_number: str
    status: str
    total: int
    owner_tenant_id: str
    next_lifecycle_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class PersonLicence:
    """One licence of a person by origin; `group_id` is empty for a direct assignment.

    `disabled_plans` are the ids of the service plans that are turned off in it, in order.
    """

    sku_id: str
    group_id: str
    state: str
    error: str
    disabled_plans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class VendorPerson:
    """A user of the tenant with the licences held; `removed` marks a deletion in a delta."""

    person_id: str
    user_principal_name: str
    display_name: str
    mail: str
    is_enabled: bool
    is_guest: bool
    usage_location: str
    department: str
    licences: tuple[PersonLicence, ...]
    removed: bool = False


@dataclass(frozen=True, kw_only=True)
class PeopleChanges:
    """A piece of what changed in a tenant since a link; `is_full` when it is part of a listing of everyone.

    The last piece carries the `link` from which the next question continues; it holds no credential and is of use for
    about a week. A person may come more than once, the last one counts. `missing` names, by person id, the fields that
    the vendor left out, which keep their former value.
    """

    people: tuple[VendorPerson, ...]
    missing: dict[str, frozenset[str]]
    is_full: bool
    link: str = ""
