"""The vendor's calendar: when terms and charge cycles of a subscription end. All days are UTC days."""

import calendar
import datetime as dt

MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}


def add_months(anchor: dt.date, months: int) -> dt.date:
    """The day `months` after `anchor`, or the last day of that month if it is shorter."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return dt.date(year, month + 1, min(anchor.day, _length(year, month + 1)))


def term_end(anchor: dt.date, *, term: str, after: dt.date) -> dt.date:
    """The first day after the term that holds `after`, counted in whole terms from `anchor`."""
    step = MONTHS[term]
    number = 1
    while add_months(anchor, number * step) <= after:
        number += 1
    return add_months(anchor, number * step)


def cycle_end(anchor: dt.date, *, billing_cycle: str, term_ends_on: dt.date, on: dt.date) -> dt.date:
    """The first day after the charge cycle that holds `on`; never later than the end of the term (exclusive).

    A start on a month's last day keeps to last days and one on the day before keeps to that day
    (reference: Billing scenarios for one-time and recurring purchases in NCE).
    """
    step = CYCLE_MONTHS.get(billing_cycle)
    if step is None:
        return term_ends_on
    from_month_end = _length(anchor.year, anchor.month) - anchor.day
    number = 1
    while (end := _cycle_start(anchor, number * step, from_month_end)) <= on:
        number += 1
    return min(end, term_ends_on)


def _cycle_start(anchor: dt.date, months: int, from_month_end: int) -> dt.date:
    plain = add_months(anchor, months)
    if from_month_end > 1:
        return plain
    return plain.replace(day=_length(plain.year, plain.month) - from_month_end)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def midnight(day: dt.date) -> dt.datetime:
    """00:00 UTC at the start of `day`."""
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
