"""The answers that a change can have."""

import datetime as dt
from dataclasses import dataclass

from seatwright.vendors.port.subscriptions import VendorSubscription


@dataclass(frozen=True, kw_only=True)
class Done:
    """The vendor says that the change took effect; `seen` is the state in its answer, if it sent one."""

    seen: VendorSubscription | None
    request_ref: str = ""


@dataclass(frozen=True, kw_only=True)
class Later:
    """The vendor accepted the change and works on it; look again at `at` (UTC).

    `operation_id` is the vendor's name for the work, where it has one.
    """

    at: dt.datetime
    request_ref: str = ""
    operation_id: str = ""


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
    "status_not_allowed",
    "renewal_not_allowed",
    "term_not_allowed",
    "end_date_not_allowed",
    "transition_not_allowed",
    "catalogue_changed",
    "not_for_sale",
    "prerequisite_missing",
    "promotion_term",
    "promotion_seats",
    "promotion_not_allowed",
    "cart_gone",
    "line_refused",
    "usage_location_missing",
    "no_licence_left",
    "licence_unknown",
    "licence_not_held",
    "licence_from_group",
    "plan_dependency",
    "plan_conflict",
    "other",
)
