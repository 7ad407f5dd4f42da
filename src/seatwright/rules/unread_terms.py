"""Terms that began while nobody read the vendor, and the day from which one met in the middle of its life was counted.

Source: Partner Center reference 5.6, 6.8.
"""

import calendar
import datetime as dt

from seatwright.rules import periods, renewals, terms


def terms_between(*, anchor_on: dt.date, term: terms.Term, during: periods.Period) -> tuple[renewals.TermAhead, ...]:
    """The terms of one length that fill `during` one after another.

    Counted from `anchor_on`, or else from its start, or from a month's end that had moved to its start in a shorter
    month; or so up to the start of one that is counted anew, as extended service is. Where no count ends with it, all
    of it is one cut term. Raises ValueError for a start before the anchor.
    """
    counts = [_counted(each, term=term, during=during) for each in (anchor_on, *_possible_anchors(during.start_on))]
    for found in counts:
        if found[-1].period.end_on == during.end_on:
            return found
    for found in counts:
        for kept in range(len(found) - 1, 0, -1):
            anew_on = found[kept].period.start_on
            rest = _counted(anew_on, term=term, during=periods.Period(anew_on, during.end_on))
            if rest[-1].period.end_on == during.end_on:
                return found[:kept] + rest
    return (renewals.TermAhead(period=during, anchor_on=during.start_on, is_cut=True),)


def _counted(anchor_on: dt.date, *, term: terms.Term, during: periods.Period) -> tuple[renewals.TermAhead, ...]:
    """The terms from the start of `during` on, the last of which ends with it or after it."""
    found: list[renewals.TermAhead] = []
    start_on = during.start_on
    while start_on < during.end_on:
        found.append(renewals.term_ahead(anchor_on=anchor_on, starts_on=start_on, term=term))
        start_on, anchor_on = found[-1].period.end_on, found[-1].next_anchor_on
    return tuple(found)


def anchor_of(*, term: terms.Term, during: periods.Period) -> dt.date:
    """The day from which a term met in the middle of its life was counted; its start where that is not told by it.

    A month from 28 February to 31 March was counted from a day 31, a year from 28 February to the 29th from a leap day.
    """
    possible = _possible_anchors(during.start_on)
    ends = (
        renewals.term_ahead(anchor_on=each, starts_on=during.start_on, term=term).period.end_on for each in possible
    )
    return next((each for each, end_on in zip(possible, ends, strict=True) if end_on == during.end_on), during.start_on)


def _possible_anchors(start_on: dt.date) -> tuple[dt.date, ...]:
    """The day itself, and on a short month's last day the days of a long one or a leap day that may have moved."""
    is_last = (start_on + dt.timedelta(days=1)).day == 1
    longer = [dt.date(start_on.year - 1, 12, day) for day in range(31, start_on.day, -1) if is_last]
    leap_year = next(year for year in range(start_on.year - 1, 0, -1) if calendar.isleap(year))
    leap_day = [dt.date(leap_year, 2, 29)] if is_last and (start_on.month, start_on.day) == (2, 28) else []
    return (start_on, *longer, *leap_day)
