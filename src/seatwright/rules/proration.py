"""Day-exact prices that add up: what seats cost for part of a charge cycle, and what a change of seats costs.

With `q` seats at the exact rate `P` in a cycle of `D` days, the days from `a` up to `b` cost
round(q*P*b/D) - round(q*P*a/D). Neighbouring parts share their rounded edge, so any split of a cycle adds up to
round(q*P). A change on day `a` costs the rest of the cycle with the new quantity minus the rest with the old one, so
only the quantities before and after count, never the way between. Source: R093, invariant 3;
docs/reference/proration.md.
"""

from dataclasses import dataclass
from fractions import Fraction

from seatwright.rules import money, periods


@dataclass(frozen=True, slots=True, kw_only=True)
class ProratedChange:
    """What a change costs, with everything needed to check it by hand.

    `seats` is signed, `days` of `cycle_days` are charged, `plain` is seats x rate x days / cycle days rounded by itself
    and `rounding_minor` is how many minor units `amount` differs from it so that the cycle adds up.
    """

    seats: int
    period: periods.Period
    days: int
    cycle_days: int
    unit_rate: money.Rate
    amount: money.Money
    plain: money.Money

    @property
    def rounding_minor(self) -> int:
        return self.amount.minor - self.plain.minor


def cycle_amount(*, quantity: int, unit_rate: money.Rate) -> money.Money:
    """What `quantity` seats cost for one whole charge cycle."""
    return money.Money.rounded(unit_rate.times(quantity), unit_rate.currency)


def part(*, quantity: int, unit_rate: money.Rate, cycle_days: int, start_day: int, end_day: int) -> money.Money:
    """What `quantity` seats cost from day `start_day` up to, not including, `end_day`, counted from the cycle's start.

    Raises ValueError unless 0 <= start_day <= end_day <= cycle_days and the quantity is not negative.
    """
    if not 0 <= start_day <= end_day <= cycle_days or cycle_days == 0:
        raise ValueError(f"days {start_day} to {end_day} of {cycle_days}")
    if quantity < 0:
        raise ValueError("seats cannot be negative")
    whole = unit_rate.times(quantity)
    until_end = money.Money.rounded(whole * Fraction(end_day, cycle_days), unit_rate.currency)
    return until_end - money.Money.rounded(whole * Fraction(start_day, cycle_days), unit_rate.currency)


def part_of_period(
    *, quantity: int, unit_rate: money.Rate, cycle: periods.Period, during: periods.Period
) -> money.Money:
    """What `quantity` seats cost for the days of `during`, which must lie within `cycle`."""
    return part(
        quantity=quantity,
        unit_rate=unit_rate,
        cycle_days=cycle.days,
        start_day=(during.start_on - cycle.start_on).days,
        end_day=(during.end_on - cycle.start_on).days,
    )


def change(
    *, before: int, after: int, unit_rate: money.Rate, cycle: periods.Period, during: periods.Period
) -> ProratedChange:
    """What it costs to hold `after` instead of `before` seats for the days of `during`, up to the commitment's end.

    Negative when seats are given back. `during` starts on the first day of the new quantity and lies within `cycle`.
    """
    amount = part_of_period(quantity=after, unit_rate=unit_rate, cycle=cycle, during=during) - part_of_period(
        quantity=before, unit_rate=unit_rate, cycle=cycle, during=during
    )
    plain = unit_rate.times(after - before) * Fraction(during.days, cycle.days)
    return ProratedChange(
        seats=after - before,
        period=during,
        days=during.days,
        cycle_days=cycle.days,
        unit_rate=unit_rate,
        amount=amount,
        plain=money.Money.rounded(plain, unit_rate.currency),
    )
