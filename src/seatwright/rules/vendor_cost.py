"""What the vendor charges the reseller for licence subscriptions, in the vendor's own arithmetic.

This is not how customers are charged (see `proration`): the vendor divides by the days of the calendar month in which
the cycle starts and cuts decimals off instead of rounding. Its published examples follow two orders of cutting; which
one belongs to which kind of charge is read off the examples. Source: Partner Center reference 6.5.
"""

import calendar
import datetime as dt
import enum
from dataclasses import dataclass
from fractions import Fraction

from seatwright.rules import money, periods, terms


class ChargeType(enum.StrEnum):
    """Kinds of lines on the vendor's statement, as it spells them."""

    NEW = "new"
    RENEW = "renew"
    CYCLE_CHARGE = "cycleCharge"
    ADD_QUANTITY = "addQuantity"
    REMOVE_QUANTITY = "removeQuantity"
    CANCEL_IMMEDIATE = "cancelImmediate"
    CONVERT = "convert"


class Convention(enum.Enum):
    """Where decimals are cut off: at the effective unit price (A), or at the line after multiplying (B)."""

    A = "unit_then_multiply"
    B = "multiply_then_cut"


_MULTIPLIED_FIRST = frozenset({ChargeType.ADD_QUANTITY, ChargeType.REMOVE_QUANTITY})


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One expected statement line; `quantity` is positive, a credit has a negative `subtotal`."""

    charge_type: ChargeType
    quantity: int
    billable_days: int
    cycle_days: int
    subtotal: money.Money


def convention_of(charge_type: ChargeType) -> Convention:
    """The order of cutting that the vendor's examples show for this kind of charge."""
    return Convention.B if charge_type in _MULTIPLIED_FIRST else Convention.A


def cycle_days(*, cycle_start_on: dt.date, billing_plan: terms.BillingPlan) -> int:
    """The vendor's divisor: days of the month in which a monthly cycle starts, real days of a longer cycle."""
    if billing_plan is terms.BillingPlan.MONTHLY:
        return calendar.monthrange(cycle_start_on.year, cycle_start_on.month)[1]
    end_on = periods.add_months(on=cycle_start_on, months=billing_plan.months)
    return (end_on - cycle_start_on).days


def subtotal(*, unit_rate: money.Rate, quantity: int, billable: Fraction, convention: Convention) -> money.Money:
    """The price of `quantity` seats for the share `billable` of a cycle, decimals cut off towards zero."""
    price = unit_rate.minor * billable
    if convention is Convention.A:
        return money.Money(_cut(price) * quantity, unit_rate.currency)
    return money.Money(_cut(price * quantity), unit_rate.currency)


def line(
    *,
    charge_type: ChargeType,
    unit_rate: money.Rate,
    quantity: int,
    cycle: periods.Period,
    event_on: dt.date,
    billing_plan: terms.BillingPlan,
    is_credit: bool = False,
) -> CostLine:
    """The expected line for seats from `event_on` (inclusive, in UTC) to the end of the charge cycle.

    An event on the first day is the whole cycle, and no share is more than whole: month-end cycles can be shorter or
    longer than the month they start in, and the vendor shows no example of that (reference 12).
    """
    if event_on not in cycle:
        raise ValueError(f"{event_on} is not in the cycle from {cycle.start_on}")
    divisor = cycle_days(cycle_start_on=cycle.start_on, billing_plan=billing_plan)
    days = (cycle.end_on - event_on).days
    share = Fraction(1) if event_on == cycle.start_on else min(Fraction(1), Fraction(days, divisor))
    amount = subtotal(unit_rate=unit_rate, quantity=quantity, billable=share, convention=convention_of(charge_type))
    return CostLine(
        charge_type=charge_type,
        quantity=quantity,
        billable_days=days,
        cycle_days=divisor,
        subtotal=-amount if is_credit else amount,
    )


def seat_change(
    *,
    before: int,
    after: int,
    unit_rate: money.Rate,
    cycle: periods.Period,
    event_on: dt.date,
    billing_plan: terms.BillingPlan,
) -> tuple[CostLine, CostLine]:
    """The two lines of a change of seats: the old quantity credited and the new one charged for the rest of the cycle.

    Equal quantities give equal and opposite lines.
    """
    charge_type = ChargeType.ADD_QUANTITY if after >= before else ChargeType.REMOVE_QUANTITY
    credit, charge = (
        line(
            charge_type=charge_type,
            unit_rate=unit_rate,
            quantity=quantity,
            cycle=cycle,
            event_on=event_on,
            billing_plan=billing_plan,
            is_credit=is_credit,
        )
        for quantity, is_credit in ((before, True), (after, False))
    )
    return credit, charge


def plan_change(
    *, new_unit_rate: money.Rate, quantity: int, months: int, billing_plan: terms.BillingPlan
) -> money.Money:
    """The first charge after a change of billing plan inside a term, counted in whole months of the new cycle."""
    return subtotal(
        unit_rate=new_unit_rate,
        quantity=quantity,
        billable=Fraction(months, billing_plan.months),
        convention=Convention.A,
    )


def tolerance(*, quantity: int, currency: str) -> money.Money:
    """How far a statement line may differ before it is a finding: one minor unit per seat (reference 6.5)."""
    return money.Money(quantity, currency)


def _cut(exact_minor: Fraction) -> int:
    """Whole minor units, the rest dropped; prices are never negative here, credits are negated afterwards."""
    return exact_minor.numerator // exact_minor.denominator
