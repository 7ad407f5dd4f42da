"""Terms and charge cycles on the calendar: half-open, without gaps, counted from the original start date.

Nothing is chained from an earlier, already shortened date: 31 January plus one month is 28 February, plus two months is
31 March. Charge cycles inside longer terms follow the vendor's convention, so that both sides invoice the same days.
"""

import calendar
import datetime as dt
from dataclasses import dataclass

from seatwright.rules import terms


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start_on` up to, not including, `end_on`; never empty."""

    start_on: dt.date
    end_on: dt.date

    def __post_init__(self) -> None:
        if self.end_on <= self.start_on:
            raise ValueError(f"empty period {self.start_on} to {self.end_on}")

    @property
    def days(self) -> int:
        return (self.end_on - self.start_on).days

    def __contains__(self, on: dt.date) -> bool:
        return self.start_on <= on < self.end_on


def add_months(*, on: dt.date, months: int) -> dt.date:
    """The same day of the month `months` later, or that month's last day where it has no such day."""
    year, month = _month_after(on, months)
    return dt.date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


def term_period(*, anchor_on: dt.date, term: terms.Term, index: int) -> Period:
    """Term number `index` (0 is the first) of a subscription that started on `anchor_on`."""
    if index < 0:
        raise ValueError("terms are counted from 0")
    return Period(
        add_months(on=anchor_on, months=index * term.months),
        add_months(on=anchor_on, months=(index + 1) * term.months),
    )


def term_containing(*, anchor_on: dt.date, term: terms.Term, on: dt.date) -> Period:
    """The term in which the day `on` lies; raises ValueError for a day before the start."""
    index = _months_between(anchor_on, on) // term.months
    if add_months(on=anchor_on, months=index * term.months) > on:
        index -= 1
    return term_period(anchor_on=anchor_on, term=term, index=index)


def charge_cycle(*, anchor_on: dt.date, term: terms.Term, billing_plan: terms.BillingPlan, on: dt.date) -> Period:
    """The charge cycle in which the day `on` lies; raises ValueError before the start, `PlanNotAllowed` on a bad pair.

    A cycle as long as its term is the term. Yearly cycles keep the day of the year. Monthly cycles of a longer term
    keep the day of the month, except that a start on a month's last day stays on last days and a start one day before
    stays one day before. The first and the last cycle of each term are cut to the term, so that cycles tile it.
    Source: Partner Center reference 6.7.
    """
    terms.require_allowed(term=term, billing_plan=billing_plan)
    whole = term_containing(anchor_on=anchor_on, term=term, on=on)
    count = term.months // billing_plan.months
    index = min(_months_between(whole.start_on, on) // billing_plan.months, count - 1)
    if _cycle_start(anchor_on, whole, billing_plan, index) > on:
        index -= 1
    end_on = whole.end_on if index + 1 == count else _cycle_start(anchor_on, whole, billing_plan, index + 1)
    return Period(_cycle_start(anchor_on, whole, billing_plan, index), end_on)


def charge_cycles(
    *, anchor_on: dt.date, term: terms.Term, billing_plan: terms.BillingPlan, within: Period
) -> tuple[Period, ...]:
    """Every charge cycle that shares a day with `within`, in order and uncut."""
    cycles = [charge_cycle(anchor_on=anchor_on, term=term, billing_plan=billing_plan, on=within.start_on)]
    while cycles[-1].end_on < within.end_on:
        cycles.append(charge_cycle(anchor_on=anchor_on, term=term, billing_plan=billing_plan, on=cycles[-1].end_on))
    return tuple(cycles)


def _cycle_start(anchor_on: dt.date, whole: Period, billing_plan: terms.BillingPlan, index: int) -> dt.date:
    """First day of cycle number `index` of the term `whole`, 0 being the term's own first day."""
    if index == 0:
        return whole.start_on
    months = _months_between(anchor_on, whole.start_on) + index * billing_plan.months
    if billing_plan is not terms.BillingPlan.MONTHLY:
        return add_months(on=anchor_on, months=months)
    year, month = _month_after(anchor_on, months)
    last_day = calendar.monthrange(year, month)[1]
    days_before_last = calendar.monthrange(anchor_on.year, anchor_on.month)[1] - anchor_on.day
    if days_before_last <= 1:
        return dt.date(year, month, last_day - days_before_last)
    return dt.date(year, month, min(anchor_on.day, last_day))


def _month_after(on: dt.date, months: int) -> tuple[int, int]:
    year, month0 = divmod(on.year * 12 + on.month - 1 + months, 12)
    return year, month0 + 1


def _months_between(earlier_on: dt.date, later_on: dt.date) -> int:
    """Difference of the calendar months, whatever the days."""
    return (later_on.year - earlier_on.year) * 12 + later_on.month - earlier_on.month
