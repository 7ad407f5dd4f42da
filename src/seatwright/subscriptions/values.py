"""Plain values that the subscriptions room is told, or tells of what it wrote."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the vendor said about a subscription; `returnable` is None when it said nothing about returns.

    `end_of_term` is renew, cancel or extended, empty where the vendor leaves it open; `next_term` what it has stored.
    """

    status: str
    seats: int
    auto_renew: bool
    commitment_end_on: dt.date
    returnable: tuple[tuple[int, dt.datetime], ...] | None
    scheduled: dict[str, Any] | None
    cancellable_until: dt.datetime | None
    end_of_term: str = ""
    next_term: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class NewSubscription:
    """A subscription found at the vendor for the first time, with the price frozen for its running term.

    Charge cycles that start from `charged_from_on` on are charged by us; None means from the day it was found, in UTC.
    `shown_key` is the offer as the vendor shows it, where that may be none of the catalogue.
    """

    tenant_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    vendor_key: str
    vendor_subscription_id: str
    offer_key: str
    sku_id: str
    name: str
    term: str
    billing_plan: str
    anchor_on: dt.date
    term_start_on: dt.date
    unit_rate: str
    currency: str
    price_list_version: str
    is_trial: bool
    charged_from_on: dt.date | None = None
    shown_key: str = ""
    is_extended: bool = False


@dataclass(frozen=True, kw_only=True)
class NextTerm:
    """The term that follows the present one, as the vendor shows it, with the price frozen for it.

    `shown_key` is the offer as the vendor shows it, where that may be none of the catalogue.
    """

    start_on: dt.date
    end_on: dt.date
    anchor_on: dt.date
    term: str
    billing_plan: str
    offer_key: str
    sku_id: str
    name: str
    unit_rate: str
    currency: str
    price_list_version: str
    shown_key: str = ""
    is_extended: bool = False
    is_trial: bool = False


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a subscription is an instance of, with the price frozen for it."""

    offer_key: str
    sku_id: str
    name: str
    unit_rate: str
    currency: str
    price_list_version: str


@dataclass(frozen=True, kw_only=True)
class Take:
    """Seats taken from one lot."""

    lot_id: int
    seats: int


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a reading brought: whether anything but the time was new, and the state that the books had before."""

    is_new: bool
    status_before: str


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The seats in our books and at the vendor when last read; `opened` or `closed` when a drift was by comparing."""

    ours: int
    theirs: int
    opened: bool = False
    closed: bool = False
