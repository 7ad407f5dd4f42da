"""The model's own arithmetic, written without the product's rules: days, cycles, and money in cents by fractions."""

import calendar
import datetime as dt
import math
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

TERM_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}


def business_day(at: dt.datetime, *, zone: str) -> dt.date:
    return at.astimezone(zoneinfo.ZoneInfo(zone)).date()


def midnight(on: dt.date, *, zone: str) -> dt.datetime:
    """When the day begins there."""
    return dt.datetime.combine(on, dt.time(), tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)


def charged_on(terms: Sequence[dict[str, Any]], at: dt.datetime, *, zone: str) -> dt.date:
    """The day from which a change is charged: the reseller's, kept inside the term that runs by the vendor's calendar.

    The whole of that calendar's first day counts as the term's first one.
    """
    on, vendors_on = business_day(at, zone=zone), at.astimezone(dt.UTC).date()
    for term in reversed(terms):
        if term["start_on"] == vendors_on and not term.get("is_inside"):
            return vendors_on
        if term["start_on"] <= vendors_on < term["end_on"]:
            return min(max(on, term["start_on"]), term["end_on"] - dt.timedelta(days=1))
    return on


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def cycle(anchor: dt.date, *, term: str, plan: str, on: dt.date) -> tuple[dt.date, dt.date]:
    """The charge cycle around a day, counted from the anchor; the second date is the first day after.

    A monthly cycle of a longer term that begins on a month's last day, or on the day before, stays with the last days
    (Partner Center reference 6.7); the term itself keeps the day of the month.
    """
    months, step, number = TERM_MONTHS[term], CYCLE_MONTHS[plan], 0
    while months_later(anchor, (number + 1) * months) <= on:
        number += 1
    ends = months_later(anchor, (number + 1) * months)
    starts = [months_later(anchor, number * months)]
    for passed in range(step, months, step):
        starts.append(_within(anchor, number * months + passed, keeps_to_the_end=plan == "monthly"))
    first = max(start for start in starts if start <= on)
    return first, min([start for start in starts if start > on], default=ends)


def term_on(terms: Sequence[dict[str, Any]], on: dt.date) -> dict[str, Any]:
    """The term in which the day lies, the last one before it when none does."""
    inside = [term for term in terms if term["start_on"] <= on]
    return inside[-1] if inside else terms[0]


def _within(anchor: dt.date, months: int, *, keeps_to_the_end: bool) -> dt.date:
    day = months_later(anchor.replace(day=1), months)
    last = calendar.monthrange(day.year, day.month)[1]
    from_last = calendar.monthrange(anchor.year, anchor.month)[1] - anchor.day
    return day.replace(day=last - from_last if keeps_to_the_end and from_last <= 1 else min(anchor.day, last))


def nearest(exact: Fraction) -> int:
    """The nearest integer, halves away from zero."""
    whole = math.floor(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def cents(seats: int, rate: str, *, first: int, last: int, days: int) -> int:
    """What seats cost from one day of a cycle to another, as the difference of two rounded sums."""
    whole = seats * Fraction(rate) * 100
    return nearest(whole * Fraction(last, days)) - nearest(whole * Fraction(first, days))


def seats_by_day(changes: Iterable[tuple[dt.date, int]], *, first: dt.date, last: dt.date) -> list[int]:
    """The sum of the changes in force on each day from `first` up to, not including, `last`."""
    held = [0] * (last - first).days
    for on, seats in changes:
        for day in range(max((on - first).days, 0), len(held)):
            held[day] += seats
    return held


# Extended service: percent of the monthly price, or of the year's billed by the month where there is no monthly term.
EXTENDED = ((("P1M", "monthly"), 103), (("P1Y", "monthly"), 123))
EXTENDED_FROM_ON = dt.date(2026, 5, 4)


def extended_rate(priced: Callable[[tuple[str, str]], str], *, on: dt.date) -> Fraction:
    """What a seat costs for a month of extended service that begins on that day, 0 where it has no price.

    `priced` tells the price of a seat by term and billing plan.
    """
    for plan, percent in EXTENDED if on >= EXTENDED_FROM_ON else ():
        if rate := priced(plan):
            return Fraction(rate) * Fraction(percent, 100)
    return Fraction()
