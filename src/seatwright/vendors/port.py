"""What Seatwright asks of any vendor, and the four answers that a change can have.

Adapters translate these calls to one vendor's wire protocol. Plain values only; no Django, no clock: `at` is passed in.

Trouble, as opposed to an answer to a change, is raised:

    VendorTrouble
    |-- VendorBusy      told to wait (429, 503 with Retry-After); carries `retry_at`
    |-- VendorDown      nothing was sent, or a read failed: safe to try again
    |-- VendorDenied    our credential or consent is not good enough (401, 403); a person must act
    |-- VendorMissing   the thing asked for is not there, or not visible yet (404)
    `-- VendorGarbled   an answer came that cannot be understood
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class VendorTrouble(Exception):
    """A vendor could not be asked; `safe_text` may be shown to staff and holds no secret and no response body."""

    def __init__(self, safe_text: str, *, request_ref: str = "") -> None:
        super().__init__(safe_text)
        self.safe_text = safe_text
        self.request_ref = request_ref


class VendorBusy(VendorTrouble):
    """The vendor asks us to wait until `retry_at` (UTC)."""

    def __init__(self, safe_text: str, *, retry_at: dt.datetime, request_ref: str = "") -> None:
        super().__init__(safe_text, request_ref=request_ref)
        self.retry_at = retry_at


class VendorDown(VendorTrouble):
    """The vendor cannot be reached, or a read failed on its side."""


class VendorDenied(VendorTrouble):
    """Our credential, role or consent does not allow the call."""


class VendorMissing(VendorTrouble):
    """The resource does not exist for us, or is not visible yet."""


class VendorGarbled(VendorTrouble):
    """The answer is not in the vendor's documented form."""


@dataclass(frozen=True, kw_only=True)
class TenantRef:
    """A customer's tenant at a vendor: `tenant_id` in the directory, `customer_id` at the partner interface."""

    tenant_id: str
    customer_id: str


@dataclass(frozen=True, kw_only=True)
class VendorTenant:
    """A customer as the vendor lists it; `relationship` is the vendor's word in snake case, `reseller` for ours."""

    tenant: TenantRef
    name: str
    domain: str
    relationship: str


@dataclass(frozen=True, kw_only=True)
class ReturnableSeats:
    """Seats of one batch that the vendor takes back until `until` (UTC instant, exclusive)."""

    quantity: int
    until: dt.datetime


@dataclass(frozen=True, kw_only=True)
class VendorSubscription:
    """One subscription as the vendor reports it; dates are half-open here whatever the vendor's own convention.

    `returnable` is None when the vendor said nothing about it (suspended, or a vendor without windows) and an empty
    tuple when it said that nothing can be returned. `commitment_end_on` and `cycle_end_on` are the first day after.
    """

    subscription_id: str
    catalogue_id: str
    product_id: str
    vendor_sku_id: str
    name: str
    quantity: int
    status: str
    term: str
    billing_cycle: str
    auto_renew: bool
    is_trial: bool
    created_at: dt.datetime | None
    effective_start_on: dt.date | None
    commitment_end_on: dt.date | None
    cycle_end_on: dt.date | None
    cancellable_until: dt.datetime | None
    returnable: tuple[ReturnableSeats, ...] | None
    scheduled: dict[str, object] | None
    etag: str
    order_id: str
    unknown: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LicencePool:
    """Units of one SKU in a tenant, summed over all sellers; `assignable` follows the smaller of the two readings."""

    sku_id: str
    sku_part_number: str
    applies_to: str
    enabled: int
    warning: int
    suspended: int
    locked_out: int
    consumed: int
    capability_status: str


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
    """One licence of a person by origin; `group_id` is empty for a direct assignment."""

    sku_id: str
    group_id: str
    state: str
    error: str


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


@dataclass(frozen=True, kw_only=True)
class Done:
    """The vendor says that the change took effect; `seen` is the state in its answer, if it sent one."""

    seen: VendorSubscription | None
    request_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Later:
    """The vendor accepted the change and works on it; look again at `at` (UTC)."""

    at: dt.datetime
    request_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """No usable answer after sending: the change may or may not have happened."""

    why: str
    request_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The vendor refused; nothing changed. `code` is the vendor's, `reason` one of ours (see `REASONS`)."""

    code: str
    reason: str
    safe_text: str
    retry_at: dt.datetime | None = None
    request_ref: str = ""


Outcome = Done | Later | Unclear | Refused

REASONS = (
    "window_closed",
    "quantity_out_of_range",
    "stale",
    "operation_pending",
    "suspended",
    "ended",
    "agreement_missing",
    "credit_limit",
    "not_found",
    "denied",
    "throttled",
    "not_sent",
    "other",
)


class Vendor(Protocol):
    """Calls of one connected vendor account. Reads raise `VendorTrouble`; changes answer with an `Outcome`."""

    def set_seats(
        self, *, tenant: TenantRef, subscription_id: str, quantity: int, request_id: uuid.UUID, at: dt.datetime
    ) -> Outcome:
        """Set the total number of seats to `quantity`.

        Reads the subscription and writes the whole resource back (absent members are erased by the vendor). One send,
        never repeated inside: `Refused(reason="not_sent")` or `Refused(reason="throttled")` mean that nothing
        happened, `Unclear` means that bytes may have arrived.
        """
        ...

    def read_subscription(self, *, tenant: TenantRef, subscription_id: str, at: dt.datetime) -> VendorSubscription: ...

    def list_subscriptions(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[VendorSubscription]: ...

    def list_tenants(self, *, at: dt.datetime) -> Iterator[VendorTenant]:
        """All customers of the connected account, whatever their relationship."""
        ...

    def list_pools(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[LicencePool]: ...

    def list_pool_sources(self, *, tenant: TenantRef, at: dt.datetime) -> Sequence[PoolSource]: ...

    def iter_people(self, *, tenant: TenantRef, at: dt.datetime) -> Iterator[VendorPerson]: ...
