"""The model's own arithmetic, written without the product's rules: days, cycles, and money in cents by fractions."""

import calendar
import datetime as dt
import math
import zoneinfo
from collections.abc import Iterable
from fractions import Fraction

from tests.sim import seeding

ZONE = zoneinfo.ZoneInfo(seeding.ZONE)
CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}


def business_day(at: dt.datetime) -> dt.date:
    return at.astimezone(ZONE).date()


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def cycle(anchor: dt.date, *, plan: str, on: dt.date) -> tuple[dt.date, dt.date]:
    """The charge cycle around a day, counted from the anchor; the second date is the first day after."""
    step, number = CYCLE_MONTHS[plan], 0
    while months_later(anchor, (number + 1) * step) <= on:
        number += 1
    return months_later(anchor, number * step), months_later(anchor, (number + 1) * step)


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


PRICES: dict[tuple[str, str, str, str], str] = {
    (row["product_id"], row["vendor_sku_id"], *plan.split(":")): row[column]
    for row in seeding.ROWS
    for column, plan in seeding.PLANS.items()
    if row[column]
}
