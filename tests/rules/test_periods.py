"""Terms and charge cycles tile the calendar and never drift from the original start."""

import calendar
import datetime as dt
import json
import pathlib
from collections.abc import Iterator

import pytest

from seatwright.rules import periods, terms
from seatwright.rules.periods import Period
from seatwright.rules.terms import BillingPlan, Term

COMBINATIONS = [(term, plan) for term in Term for plan in terms.allowed_plans(term)]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def start_days() -> Iterator[dt.date]:
    on = dt.date(2024, 1, 1)
    while on.year <= 2032:
        yield on
        on += dt.timedelta(days=1)


def independent_month_later(on: dt.date, months: int) -> dt.date:
    """A second, slower way to the same day: walk the months one by one, then step back to a day that exists."""
    year, month = on.year, on.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for candidate in range(on.day, 0, -1):
        try:
            return dt.date(year, month, candidate)
        except ValueError:
            continue
    raise AssertionError


def test_allowed_billing_plans_are_those_of_the_vendor() -> None:
    assert terms.allowed_plans(Term.P1M) == (BillingPlan.MONTHLY,)
    assert terms.allowed_plans(Term.P1Y) == (BillingPlan.MONTHLY, BillingPlan.ANNUAL)
    assert terms.allowed_plans(Term.P3Y) == (BillingPlan.MONTHLY, BillingPlan.ANNUAL, BillingPlan.TRIENNIAL)
    assert [term.months for term in Term] == [1, 12, 36]
    assert [plan.months for plan in BillingPlan] == [1, 12, 36]
    with pytest.raises(terms.PlanNotAllowed, match="P1M cannot be billed annual"):
        terms.require_allowed(term=Term.P1M, billing_plan=BillingPlan.ANNUAL)
    with pytest.raises(terms.PlanNotAllowed, match="P1Y cannot be billed triennial"):
        periods.charge_cycle(
            anchor_on=day("2026-01-01"), term=Term.P1Y, billing_plan=BillingPlan.TRIENNIAL, on=day("2026-01-01")
        )


def test_a_period_is_half_open_and_never_empty() -> None:
    week = Period(day("2026-03-01"), day("2026-03-08"))
    assert week.days == 7
    assert day("2026-03-01") in week
    assert day("2026-03-07") in week
    assert day("2026-03-08") not in week
    assert day("2026-02-28") not in week
    for end in ("2026-03-01", "2026-02-28"):
        with pytest.raises(ValueError, match="empty period 2026-03-01"):
            Period(day("2026-03-01"), day(end))


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2026-05-31", 1, "2026-06-30"),
    ],
)
def test_months_are_added_to_the_original_day_and_clipped_once(on: str, months: int, expected: str) -> None:
    assert periods.add_months(on=day(on), months=months) == day(expected)


def test_a_term_is_counted_from_the_start_and_not_from_the_term_before() -> None:
    renewals = [
        periods.term_period(anchor_on=day("2026-01-31"), term=Term.P1M, index=index).end_on for index in range(4)
    ]
    assert renewals == [day("2026-02-28"), day("2026-03-31"), day("2026-04-30"), day("2026-05-31")]
    with pytest.raises(ValueError, match="counted from 0"):
        periods.term_period(anchor_on=day("2026-01-31"), term=Term.P1M, index=-1)


def test_thirty_days_are_not_a_month() -> None:
    march = periods.term_period(anchor_on=day("2026-03-01"), term=Term.P1M, index=0)
    assert march == Period(day("2026-03-01"), day("2026-04-01"))
    assert march.days == 31


def test_a_day_before_the_start_is_in_no_term() -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        periods.term_containing(anchor_on=day("2026-03-10"), term=Term.P1Y, on=day("2026-03-09"))
    with pytest.raises(ValueError, match="counted from 0"):
        periods.term_containing(anchor_on=day("2026-03-10"), term=Term.P1M, on=day("2025-01-09"))


def test_a_start_on_the_last_day_keeps_cycles_on_last_days() -> None:
    starts = [
        cycle.start_on.isoformat()
        for cycle in periods.charge_cycles(
            anchor_on=day("2026-04-30"),
            term=Term.P1Y,
            billing_plan=BillingPlan.MONTHLY,
            within=Period(day("2026-04-30"), day("2026-10-01")),
        )
    ]
    assert starts == ["2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30"]


def test_a_start_one_day_before_the_last_keeps_that_distance() -> None:
    cycles = periods.charge_cycles(
        anchor_on=day("2021-01-30"),
        term=Term.P1Y,
        billing_plan=BillingPlan.MONTHLY,
        within=Period(day("2021-01-30"), day("2021-04-29")),
    )
    assert [(cycle.start_on, cycle.end_on) for cycle in cycles] == [
        (day("2021-01-30"), day("2021-02-27")),
        (day("2021-02-27"), day("2021-03-30")),
        (day("2021-03-30"), day("2021-04-29")),
    ]


def test_a_start_two_days_before_the_last_is_an_ordinary_day_of_the_month() -> None:
    cycle = periods.charge_cycle(
        anchor_on=day("2021-01-29"), term=Term.P1Y, billing_plan=BillingPlan.MONTHLY, on=day("2021-03-29")
    )
    assert cycle == Period(day("2021-03-29"), day("2021-04-29"))
    clipped = periods.charge_cycle(
        anchor_on=day("2021-01-29"), term=Term.P1Y, billing_plan=BillingPlan.MONTHLY, on=day("2021-02-28")
    )
    assert clipped == Period(day("2021-02-28"), day("2021-03-29"))


def test_cycles_at_the_edge_of_a_leap_year_term_are_cut_to_the_term() -> None:
    """28 February 2023 is a last day: the year ends on 28 February 2024, the month's cycles turn on the 29th."""
    last = periods.charge_cycle(
        anchor_on=day("2023-02-28"), term=Term.P1Y, billing_plan=BillingPlan.MONTHLY, on=day("2024-02-27")
    )
    first = periods.charge_cycle(
        anchor_on=day("2023-02-28"), term=Term.P1Y, billing_plan=BillingPlan.MONTHLY, on=day("2024-02-28")
    )
    assert last == Period(day("2024-01-31"), day("2024-02-28"))
    assert first == Period(day("2024-02-28"), day("2024-03-31"))
    inside_three_years = periods.charge_cycle(
        anchor_on=day("2023-02-28"), term=Term.P3Y, billing_plan=BillingPlan.MONTHLY, on=day("2024-02-28")
    )
    assert inside_three_years == Period(day("2024-01-31"), day("2024-02-29"))


def test_yearly_cycles_of_a_leap_day_start_are_counted_from_the_leap_day() -> None:
    starts = [
        cycle.start_on
        for cycle in periods.charge_cycles(
            anchor_on=day("2024-02-29"),
            term=Term.P3Y,
            billing_plan=BillingPlan.ANNUAL,
            within=Period(day("2024-02-29"), day("2028-03-01")),
        )
    ]
    assert starts == [day("2024-02-29"), day("2025-02-28"), day("2026-02-28"), day("2027-02-28"), day("2028-02-29")]


@pytest.mark.parametrize(("term", "plan"), COMBINATIONS)
def test_invariant_04_charge_cycles_tile_every_term_from_every_start_day(term: Term, plan: BillingPlan) -> None:
    for anchor_on in start_days():
        cursor = anchor_on
        for index in range(1 if term is Term.P3Y else 2):
            whole = periods.term_period(anchor_on=anchor_on, term=term, index=index)
            months = (index + 1) * term.months
            assert whole.start_on == cursor, (anchor_on, index)
            assert whole.end_on == independent_month_later(anchor_on, months), (anchor_on, index)
            cycles = periods.charge_cycles(anchor_on=anchor_on, term=term, billing_plan=plan, within=whole)
            assert len(cycles) == term.months // plan.months, (anchor_on, index)
            for cycle in cycles:
                assert cycle.start_on == cursor, (anchor_on, cycle)
                assert 0 < cycle.days <= {1: 32, 12: 366, 36: 1096}[plan.months], (anchor_on, cycle)
                cursor = cycle.end_on
            assert cursor == whole.end_on, (anchor_on, index)


@pytest.mark.parametrize(("term", "plan"), COMBINATIONS)
def test_invariant_04_every_day_finds_the_one_cycle_it_lies_in(term: Term, plan: BillingPlan) -> None:
    for anchor_on in (day(text) for text in ("2023-02-28", "2024-02-28", "2024-02-29", "2024-01-30", "2025-05-31")):
        previous = Period(anchor_on, anchor_on + dt.timedelta(days=1))
        on = anchor_on
        while on < day("2029-06-01"):
            cycle = periods.charge_cycle(anchor_on=anchor_on, term=term, billing_plan=plan, on=on)
            assert on in cycle, (anchor_on, on)
            assert on == anchor_on or cycle == previous or cycle.start_on == on == previous.end_on, (anchor_on, on)
            previous = cycle
            on += dt.timedelta(days=1)


def test_invariant_04_monthly_cycles_of_a_year_follow_the_month_end_convention_from_every_start_day() -> None:
    for anchor_on in start_days():
        from_end = calendar.monthrange(anchor_on.year, anchor_on.month)[1] - anchor_on.day
        whole = periods.term_period(anchor_on=anchor_on, term=Term.P1Y, index=0)
        cycles = periods.charge_cycles(
            anchor_on=anchor_on, term=Term.P1Y, billing_plan=BillingPlan.MONTHLY, within=whole
        )
        for cycle in cycles[1:]:
            last_day = calendar.monthrange(cycle.start_on.year, cycle.start_on.month)[1]
            expected = last_day - from_end if from_end <= 1 else min(anchor_on.day, last_day)
            assert cycle.start_on.day == expected, (anchor_on, cycle)


def vectors(contracts: pathlib.Path) -> dict[str, object]:
    loaded = json.loads((contracts / "partner-center" / "vectors" / "nce-proration.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_term_ends_match_the_published_ones(contracts: pathlib.Path) -> None:
    table = vectors(contracts)["termEnd"]
    assert isinstance(table, dict)
    assert table
    for term_name, rows in table.items():
        assert rows
        for row in rows:
            whole = periods.term_period(anchor_on=day(row["start"]), term=Term(term_name), index=0)
            assert whole.end_on == day(row["renew"]), row
            assert whole.end_on - dt.timedelta(days=1) == day(row["end"]), row


def test_charge_cycles_match_the_published_ones(contracts: pathlib.Path) -> None:
    table = vectors(contracts)["chargeCycles"]
    assert isinstance(table, dict)
    rows = table["P1Y-monthly-from-2021-01-31"]
    cycles = periods.charge_cycles(
        anchor_on=day("2021-01-31"),
        term=Term.P1Y,
        billing_plan=BillingPlan.MONTHLY,
        within=Period(day("2021-01-31"), day("2022-01-31")),
    )
    shown = [[cycle.start_on.isoformat(), (cycle.end_on - dt.timedelta(days=1)).isoformat()] for cycle in cycles]
    assert len(rows) == 12
    assert shown == rows
