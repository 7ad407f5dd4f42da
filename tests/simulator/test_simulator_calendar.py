"""The vendor's calendar: ends of terms and charge cycles, by the published tables."""

import datetime as dt

import pytest

from vendor_simulator import terms


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("bought", "term", "last_days"),
    [
        ("2021-01-14", "P1Y", ["2022-01-13", "2023-01-13"]),
        ("2021-01-31", "P1M", ["2021-02-27", "2021-03-30", "2021-04-29"]),
        ("2021-05-31", "P1M", ["2021-06-29"]),
        ("2021-02-28", "P1M", ["2021-03-27"]),
        ("2021-01-30", "P1M", ["2021-02-27", "2021-03-29"]),
        ("2024-02-29", "P1Y", ["2025-02-27", "2026-02-27", "2027-02-27", "2028-02-28"]),
        ("2024-02-29", "P3Y", ["2027-02-27"]),
    ],
)
def test_a_term_ends_on_the_day_before_its_anniversary(bought: str, term: str, last_days: list[str]) -> None:
    on, seen = day(bought), []
    for _ in last_days:
        on = terms.term_end(day(bought), term=term, after=on)
        seen.append((on - dt.timedelta(days=1)).isoformat())
    assert seen == last_days


@pytest.mark.parametrize(
    ("bought", "last_days"),
    [
        ("2021-01-31", ["2021-02-27", "2021-03-30", "2021-04-29", "2021-05-30"]),
        ("2021-01-30", ["2021-02-26", "2021-03-29", "2021-04-28", "2021-05-29"]),
        ("2021-01-14", ["2021-02-13", "2021-03-13", "2021-04-13", "2021-05-13"]),
    ],
)
def test_monthly_charge_cycles_keep_to_the_end_of_the_month_they_began_at(bought: str, last_days: list[str]) -> None:
    term_ends_on = terms.term_end(day(bought), term="P1Y", after=day(bought))
    on, seen = day(bought), []
    for _ in last_days:
        on = terms.cycle_end(day(bought), billing_cycle="monthly", term_ends_on=term_ends_on, on=on)
        seen.append((on - dt.timedelta(days=1)).isoformat())
    assert seen == last_days


def test_a_charge_cycle_never_outlasts_its_term() -> None:
    ends_on = terms.cycle_end(
        day("2021-01-31"), billing_cycle="annual", term_ends_on=day("2021-02-28"), on=day("2021-02-01")
    )
    assert ends_on == day("2021-02-28")
