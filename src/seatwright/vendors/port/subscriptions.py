"""What a vendor says about its customers and their subscriptions."""

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Literal

ScheduleShape = Literal["classic", "actions"]
Status = Literal["active", "suspended", "deleted"]


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


class EndOfTerm(enum.StrEnum):
    """What happens when a term is over: a new term, the end of service at once, or paid monthly continuation."""

    RENEW = "renew"
    CANCEL = "cancel"
    EXTENDED = "extended"


@dataclass(frozen=True, kw_only=True)
class NextTerm:
    """What the next term shall be; `quantity` is its total of seats, `custom_end_on` its first day after.

    `catalogue_id` is the item as it is sold at the moment of scheduling. Texts that the vendor left out are empty.
    """

    product_id: str
    vendor_sku_id: str
    catalogue_id: str
    quantity: int
    term: str
    billing_cycle: str
    promotion_id: str = ""
    custom_end_on: dt.date | None = None

    def is_kept_by(self, shown: "NextTerm | None") -> bool:
        """Whether `shown` is this term; the catalogue id may drift, a promotion not asked for may be added."""
        return shown is not None and (
            _plan(self) == _plan(shown)
            and self.custom_end_on == shown.custom_end_on
            and self.promotion_id.upper() in ("", shown.promotion_id.upper())
        )


@dataclass(frozen=True, kw_only=True)
class VendorSubscription:
    """One subscription as the vendor reports it; dates are half-open here whatever the vendor's own convention.

    `returnable` is None when the vendor said nothing about it (suspended, or a vendor without windows) and an empty
    tuple when it said that nothing can be returned. `commitment_end_on` and `cycle_end_on` are the first day after.
    `end_of_term` is what the vendor says will happen, None when it leaves that open or what it says is contradictory:
    then it does what its rules of the day are, which may be to continue and bill. `next_billing_cycle` waits for the
    next charge inside the term; it is empty when nothing waits. `is_extended_service` is set where the vendor's own
    product line or title says that the running term is extended service; one that keeps the ordinary line leaves it.
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
    next_term: NextTerm | None = None
    end_of_term: EndOfTerm | None = None
    next_billing_cycle: str = ""
    promotion_id: str = ""
    is_extended_service: bool = False

    def ends_as(self, *, outcome: EndOfTerm, next_term: NextTerm | None, shape: ScheduleShape) -> bool:
        """Whether this shows what `Vendor.set_end_of_term` with these arguments asks for.

        A next term that repeats the present one counts as none. The classic shape has no cancellation of its own:
        there, auto-renew off with nothing scheduled is all that can be seen of it.
        """
        if outcome is EndOfTerm.EXTENDED:
            return self.end_of_term is outcome
        if outcome is EndOfTerm.CANCEL:
            is_bare = shape == "classic" and self.scheduled is None
            return not self.auto_renew and (is_bare or self.end_of_term is outcome)
        return self.auto_renew and self.end_of_term is outcome and self.keeps(next_term)

    def keeps(self, next_term: NextTerm | None) -> bool:
        """Whether this next term is stored; for None whether none is, or one that repeats the present term."""
        shown = self.next_term
        if next_term is not None:
            return next_term.is_kept_by(shown)
        return shown is None or (_plan(shown) == _plan(self) and shown.custom_end_on is None)


def _plan(of: NextTerm | VendorSubscription) -> tuple[str, str, int, str, str]:
    return of.product_id.upper(), of.vendor_sku_id.upper(), of.quantity, of.term, of.billing_cycle
