"""The frozen calculation of a swap: an ordinary one, and beside its amounts the way, the people, and the most it costs.

Its charges are exact. What old seats go on costing until they are returned or leave with a renewal cannot be known
before; `overlap` holds the most that it can come to, and returned seats are credited against it (invariant 25).
"""

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from seatwright.orders import calculation as frozen


class Way(enum.StrEnum):
    """How the new seats come about."""

    FULL = "full"
    PARTIAL = "partial"
    MERGE = "merge"
    MORE = "more"
    FREE = "free"
    BUY = "buy"


TRANSITIONS = frozenset({Way.FULL, Way.PARTIAL, Way.MERGE})


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who is to change; `key` is the directory's id, `needs_seat` False for those who hold the new one too."""

    key: str
    name: str
    address: str
    needs_seat: bool


@dataclass(frozen=True, kw_only=True)
class Side:
    """A plan that is left or entered; `subscription_id` of the target may be that of a subscription still to come."""

    subscription_id: uuid.UUID
    vendor_subscription_id: str
    offer_key: str
    sku_id: str
    name: str
    seats: int
    term: str
    billing_plan: str
    unit_rate: str
    price_list_version: str
    commitment_end_on: dt.date


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Old seats held beside the new ones: the most that they cost from `from_on` until `latest_on`, without tax.

    `returnable` of them can be returned until `returnable_until` if everybody has moved by then, which leaves
    `expected_minor`.
    """

    seats: int
    from_on: dt.date
    latest_on: dt.date
    most_minor: int
    expected_minor: int
    returnable: int
    returnable_until: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class Swap:
    """What is swapped for whom; `seats` move with a transition or are bought, and are 0 where enough are free."""

    way: Way
    tenant_id: uuid.UUID
    source: Side
    target: Side
    seats: int
    people: tuple[Person, ...]
    overlap: Overlap | None
    lost_plans: tuple[str, ...]
    gained_plans: tuple[str, ...]

    @property
    def is_final(self) -> bool:
        """Whether the vendor offers no way back: a transition opens no return window."""
        return self.way in TRANSITIONS


@dataclass(frozen=True, kw_only=True)
class Calculation(frozen.Calculation):
    """A swap's calculation; read as an ordinary one it is the same without the swap."""

    swap: Swap


def from_json(stored: dict[str, Any]) -> Calculation:
    """The calculation that was stored; raises msgspec.ValidationError when the JSON is not one of a swap."""
    return msgspec.convert(stored, Calculation)
