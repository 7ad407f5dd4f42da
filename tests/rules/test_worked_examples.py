"""The tables of docs/reference/proration.md, computed again."""

import datetime as dt

import pytest

from seatwright.rules import periods, proration
from seatwright.rules.money import Rate
from seatwright.rules.periods import Period
from seatwright.rules.terms import BillingPlan, Term

JUNE = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1))
RATE = Rate.parse("10.05", "EUR")


@pytest.mark.parametrize(("start_day", "end_day", "minor"), [(0, 10, 333), (10, 20, 334), (20, 30, 333), (0, 30, 1000)])
def test_parts_of_june(start_day: int, end_day: int, minor: int) -> None:
    part = proration.part(
        quantity=1, unit_rate=Rate.parse("10.00", "EUR"), cycle_days=30, start_day=start_day, end_day=end_day
    )
    assert part.minor == minor


@pytest.mark.parametrize(
    ("seats", "june", "until", "rest"), [(12, 12060, 7638, 4422), (13, 13065, 8275, 4790), (15, 15075, 9548, 5527)]
)
def test_states_of_june(seats: int, june: int, until: int, rest: int) -> None:
    before, after = (
        proration.part(quantity=seats, unit_rate=RATE, cycle_days=30, start_day=start, end_day=end).minor
        for start, end in ((0, 19), (19, 30))
    )
    assert (before, after) == (until, rest)
    assert before + after == june


@pytest.mark.parametrize(
    ("before", "after", "charged", "rounding"),
    [(12, 13, 368, -1), (13, 15, 737, 0), (12, 15, 1105, -1), (13, 12, -368, 1)],
)
def test_changes_on_20_june(before: int, after: int, charged: int, rounding: int) -> None:
    change = proration.change(
        before=before, after=after, unit_rate=RATE, cycle=JUNE, during=Period(dt.date(2026, 6, 20), JUNE.end_on)
    )
    assert (change.amount.minor, change.rounding_minor) == (charged, rounding)


@pytest.mark.parametrize(
    ("start", "term", "plan", "begins"),
    [
        ("2026-01-15", Term.P1Y, BillingPlan.MONTHLY, ["2026-02-15", "2026-03-15", "2026-04-15"]),
        ("2026-01-31", Term.P1Y, BillingPlan.MONTHLY, ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2026-01-30", Term.P1Y, BillingPlan.MONTHLY, ["2026-02-27", "2026-03-30", "2026-04-29"]),
        ("2026-01-29", Term.P1Y, BillingPlan.MONTHLY, ["2026-02-28", "2026-03-29", "2026-04-29"]),
        ("2026-01-30", Term.P1M, BillingPlan.MONTHLY, ["2026-02-28", "2026-03-30", "2026-04-30"]),
        ("2024-02-29", Term.P3Y, BillingPlan.ANNUAL, ["2025-02-28", "2026-02-28"]),
    ],
)
def test_beginnings_of_cycles(start: str, term: Term, plan: BillingPlan, begins: list[str]) -> None:
    anchor_on, last_on = dt.date.fromisoformat(start), dt.date.fromisoformat(begins[-1])
    cycles = periods.charge_cycles(
        anchor_on=anchor_on, term=term, billing_plan=plan, within=Period(anchor_on, last_on + dt.timedelta(days=1))
    )
    assert [cycle.start_on.isoformat() for cycle in cycles[1:]] == begins
