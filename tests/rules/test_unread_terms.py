"""Where terms that nobody read began and ended, worked out from what the vendor shows afterwards."""

import datetime as dt

import pytest

from seatwright.rules import unread_terms
from seatwright.rules.periods import Period
from seatwright.rules.terms import Term

on = dt.date.fromisoformat
CUT = {("2026-05-07", "2026-06-20"), ("2027-03-07", "2027-06-01")}


@pytest.mark.parametrize(
    ("anchor", "term", "start", "end", "starts"),
    [
        ("2026-03-07", Term.P1M, "2026-05-07", "2026-06-07", ["2026-05-07"]),
        ("2026-03-07", Term.P1M, "2026-05-07", "2026-08-07", ["2026-05-07", "2026-06-07", "2026-07-07"]),
        ("2026-01-31", Term.P1M, "2027-01-31", "2027-04-30", ["2027-01-31", "2027-02-28", "2027-03-31"]),
        ("2024-02-29", Term.P1M, "2025-02-28", "2025-04-28", ["2025-02-28", "2025-03-28"]),
        ("2024-02-29", Term.P1Y, "2025-02-28", "2027-02-28", ["2025-02-28", "2026-02-28"]),
        ("2026-02-28", Term.P1M, "2026-03-31", "2026-07-31", ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]),
        ("2026-04-30", Term.P1M, "2026-04-30", "2026-07-31", ["2026-04-30", "2026-05-31", "2026-06-30"]),
        ("2026-02-28", Term.P1M, "2026-02-28", "2026-05-30", ["2026-02-28", "2026-03-30", "2026-04-30"]),
        ("2026-08-31", Term.P1M, "2026-12-31", "2027-03-28", ["2026-12-31", "2027-01-31", "2027-02-28"]),
        ("2026-03-07", Term.P1M, "2026-05-07", "2026-06-20", ["2026-05-07"]),
        ("2026-03-07", Term.P1Y, "2027-03-07", "2027-06-01", ["2027-03-07"]),
    ],
    ids=[
        "one",
        "three",
        "month ends",
        "counted anew",
        "years",
        "from another day",
        "from a 31st",
        "from a 30th",
        "anew from the middle on",
        "no whole months",
        "cut",
    ],
)
def test_terms_that_went_by_fill_the_days_one_after_another(
    anchor: str, term: Term, start: str, end: str, starts: list[str]
) -> None:
    found = unread_terms.terms_between(anchor_on=on(anchor), term=term, during=Period(on(start), on(end)))
    assert [each.period.start_on for each in found] == [on(each) for each in starts]
    assert [each.period.end_on for each in found] == [*(each.period.start_on for each in found[1:]), on(end)]
    assert [each.is_cut for each in found] == [(start, end) in CUT] * len(found)


@pytest.mark.parametrize(
    ("term", "start", "end", "anchor"),
    [
        (Term.P1M, "2026-02-28", "2026-03-31", "2025-12-31"),
        (Term.P1M, "2026-02-28", "2026-03-30", "2025-12-30"),
        (Term.P1M, "2026-02-28", "2026-03-28", "2026-02-28"),
        (Term.P1M, "2026-04-30", "2026-05-31", "2025-12-31"),
        (Term.P1M, "2026-03-31", "2026-04-30", "2026-03-31"),
        (Term.P1M, "2026-03-10", "2026-03-31", "2026-03-10"),
        (Term.P1Y, "2026-02-28", "2027-02-28", "2026-02-28"),
        (Term.P1Y, "2027-02-28", "2028-02-29", "2024-02-29"),
        (Term.P1Y, "2026-05-07", "2026-06-20", "2026-05-07"),
    ],
)
def test_a_term_tells_from_which_day_it_was_counted(term: Term, start: str, end: str, anchor: str) -> None:
    assert unread_terms.anchor_of(term=term, during=Period(on(start), on(end))) == on(anchor)
