"""Whether something that is not held yet can be bought, and how the prices of its plans compare.

Reasons carry data and no words, each with what is possible instead, like those in `refusals`, some of which are shared.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import ClassVar

from seatwright.rules import money, refusals, terms

Plan = tuple[terms.Term, terms.BillingPlan]

PROMOTED_DECIMALS = Decimal("1E-8")


@dataclass(frozen=True, slots=True)
class NotSold:
    """The product is not sold to this customer's market and segment, or not in this term and billing plan."""

    code: ClassVar[str] = "not_sold"


@dataclass(frozen=True, slots=True)
class NoPrice:
    """No price is known for this plan; the reseller can tell one."""

    code: ClassVar[str] = "no_price"


@dataclass(frozen=True, slots=True)
class PrerequisiteMissing:
    """The add-on needs something else in the tenant first; any one of the products in `any_of` is enough."""

    code: ClassVar[str] = "prerequisite_missing"
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreementMissing:
    """Nobody has accepted the vendor's agreement for this customer; its text is at `link`, which may be empty."""

    code: ClassVar[str] = "agreement_missing"
    link: str


@dataclass(frozen=True, slots=True)
class PromotionWrongPlan:
    """The promotion is for other terms and billing plans, `plans`; the vendor would sell at full price silently."""

    code: ClassVar[str] = "promotion_wrong_plan"
    plans: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PromotionWrongSeats:
    """The promotion is for `minimum` to `maximum` seats, of which `available` are left; None where it does not say."""

    code: ClassVar[str] = "promotion_wrong_seats"
    minimum: int | None
    maximum: int | None
    available: int | None


@dataclass(frozen=True, slots=True)
class PromotionUsed:
    """The customer has used the promotion, or held the product, before."""

    code: ClassVar[str] = "promotion_used"


@dataclass(frozen=True, slots=True)
class PromotionNotGranted:
    """The vendor does not grant the promotion, for a reason that it names or not."""

    code: ClassVar[str] = "promotion_not_granted"


@dataclass(frozen=True, slots=True)
class EndDateNotPossible:
    """The first term cannot end then; `possible` are the first days after the ends that the vendor allows."""

    code: ClassVar[str] = "end_date_not_possible"
    possible: tuple[dt.date, ...]


@dataclass(frozen=True, slots=True)
class VendorNotReached:
    """The vendor has to be asked first and could not be; the same is possible in some minutes."""

    code: ClassVar[str] = "vendor_not_reached"


Refusal = (
    NotSold
    | NoPrice
    | PrerequisiteMissing
    | AgreementMissing
    | PromotionWrongPlan
    | PromotionWrongSeats
    | PromotionUsed
    | PromotionNotGranted
    | EndDateNotPossible
    | VendorNotReached
    | refusals.BelowMinimum
    | refusals.AboveMaximum
    | refusals.AboveFamilyMaximum
    | refusals.NotSelfService
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A limit over several products of one tenant, and how many seats it has, ordered and foreign ones too."""

    name: str
    maximum: int
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A purchase with everything that decides about it; `maximum` None means no limit.

    `prerequisites` are names, any one of which is enough; none are needed when it is empty.
    """

    seats: int
    is_sold: bool
    has_price: bool
    is_self_service: bool
    minimum: int
    maximum: int | None
    prerequisites: tuple[str, ...]
    has_prerequisite: bool
    family: Family | None


def judge(wanted: Wanted) -> tuple[Refusal, ...]:
    """Every reason against the purchase; where it is not sold, not priced or not self-service, only that."""
    if not wanted.is_sold:
        return (NotSold(),)
    if not wanted.is_self_service:
        return (refusals.NotSelfService(),)
    if not wanted.has_price:
        return (NoPrice(),)
    found: list[Refusal] = []
    if wanted.seats < wanted.minimum:
        found.append(refusals.BelowMinimum(wanted.minimum))
    if wanted.maximum is not None and wanted.seats > wanted.maximum:
        found.append(refusals.AboveMaximum(wanted.maximum))
    family = wanted.family
    if family is not None and family.seats + wanted.seats > family.maximum:
        found.append(refusals.AboveFamilyMaximum(family.name, family.maximum, family.seats + wanted.seats))
    if wanted.prerequisites and not wanted.has_prerequisite:
        found.append(PrerequisiteMissing(wanted.prerequisites))
    return tuple(found)


def promoted(*, rate: money.Rate, share: Decimal) -> money.Rate:
    """The rate with `share` (0.05 for 5 %) taken off, to the eighth decimal; ValueError unless 0 <= share <= 1."""
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share}")
    less = (rate.amount * (1 - share)).quantize(PROMOTED_DECIMALS, rounding=ROUND_HALF_UP).normalize()
    return money.Rate(Decimal(f"{less:f}"), rate.currency)


def per_month(*, rate: money.Rate, billing_plan: terms.BillingPlan) -> Fraction:
    """The price of one seat for a month, in exact minor units, whatever the billing plan charges at a time."""
    return rate.minor * Fraction(1, billing_plan.months)


def surcharges(*, rates: Mapping[Plan, money.Rate]) -> dict[Plan, int]:
    """How much dearer per month each plan is than the cheapest, in basis points, half up; 0 for the cheapest."""
    months = {plan: per_month(rate=rate, billing_plan=plan[1]) for plan, rate in rates.items()}
    cheapest = min((amount for amount in months.values() if amount), default=None)
    if cheapest is None:
        return dict.fromkeys(rates, 0)
    return {plan: max(_basis_points(amount - cheapest, of=cheapest), 0) for plan, amount in months.items()}


def _basis_points(part: Fraction, *, of: Fraction) -> int:
    share = Fraction(part.numerator * of.denominator, part.denominator * of.numerator)
    return int(share * 10_000 + Fraction(1, 2))
