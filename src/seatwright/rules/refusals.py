"""Why a wished quantity cannot be booked: a closed family of reasons that carry data and no words.

`code` is stable and names the reason to programs; the sentence a person reads is made in a template.
"""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class NotAChange:
    """The wished quantity is the present one, or nothing was wished."""

    code: ClassVar[str] = "not_a_change"


@dataclass(frozen=True, slots=True)
class NamedTwice:
    """The booking names the same subscription more than once."""

    code: ClassVar[str] = "named_twice"


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """The line is priced in `currency`, the booking's first line in `booking_currency`; they cannot be totalled."""

    code: ClassVar[str] = "other_currency"
    currency: str
    booking_currency: str


@dataclass(frozen=True, slots=True)
class NotChangeable:
    """The subscription is in a state in which seats cannot be changed."""

    code: ClassVar[str] = "not_changeable"
    status: str


@dataclass(frozen=True, slots=True)
class NotSelfService:
    """The line is changed by staff on request (R048)."""

    code: ClassVar[str] = "not_self_service"


@dataclass(frozen=True, slots=True)
class CycleNotCurrent:
    """The business date lies outside the charge cycle or commitment last known, so that no price can be told."""

    code: ClassVar[str] = "cycle_not_current"
    on: dt.date


@dataclass(frozen=True, slots=True)
class BelowAssigned:
    """Fewer seats than people hold (R007); `holders` are their names as far as they are known."""

    code: ClassVar[str] = "below_assigned"
    assigned: int
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BelowMinimum:
    """Fewer seats than the offer allows."""

    code: ClassVar[str] = "below_minimum"
    minimum: int


@dataclass(frozen=True, slots=True)
class AboveMaximum:
    """More seats than the offer allows."""

    code: ClassVar[str] = "above_maximum"
    maximum: int


@dataclass(frozen=True, slots=True)
class AboveFamilyMaximum:
    """More seats than are allowed over all offers of a family together; `would_be` is their sum after the booking."""

    code: ClassVar[str] = "above_family_maximum"
    family: str
    maximum: int
    would_be: int


@dataclass(frozen=True, slots=True)
class PackageNeedsOne:
    """The package would keep `would_leave` active seats over all its lines, fewer than its `minimum` (R008)."""

    code: ClassVar[str] = "package_needs_one"
    minimum: int
    would_leave: int


@dataclass(frozen=True, slots=True)
class NotReturnable:
    """More seats given back than can be returned now.

    `until` is the instant, exclusive, at which the first of the `returnable_now` seats closes, None when there are
    none. `next_possible_on` is the day on which the commitment ends and any number can be given back.
    """

    code: ClassVar[str] = "not_returnable"
    wanted: int
    returnable_now: int
    until: dt.datetime | None
    next_possible_on: dt.date


@dataclass(frozen=True, slots=True)
class StepSize:
    """Seats are sold in blocks of `step`; `below` and `above` are the nearest totals that fit."""

    code: ClassVar[str] = "step_size"
    step: int
    below: int
    above: int


Refusal = (
    NotAChange
    | NamedTwice
    | OtherCurrency
    | NotChangeable
    | NotSelfService
    | CycleNotCurrent
    | BelowAssigned
    | BelowMinimum
    | AboveMaximum
    | AboveFamilyMaximum
    | PackageNeedsOne
    | NotReturnable
    | StepSize
)
