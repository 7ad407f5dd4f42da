"""What seats cost over a stretch of days, checked against cycles that one can add up by hand."""

import datetime as dt

from seatwright.rules import money, periods, stretches, terms

RATE = money.Rate.parse("31", "EUR")
ANCHOR = dt.date(2026, 1, 1)


def cost(start: str, end: str, plan: terms.BillingPlan = terms.BillingPlan.MONTHLY) -> int:
    return stretches.of_plan(
        quantity=2,
        unit_rate=RATE,
        anchor_on=ANCHOR,
        term=terms.Term.P1Y,
        billing_plan=plan,
        during=periods.Period(dt.date.fromisoformat(start), dt.date.fromisoformat(end)),
    ).minor


def test_whole_cycles_cost_their_rate_and_parts_their_days() -> None:
    assert cost("2026-01-01", "2027-01-01") == 12 * 2 * 3100
    assert cost("2026-01-31", "2026-02-01") == 2 * 100  # a day of January
    assert cost("2026-01-31", "2026-03-02") == 2 * 100 + 2 * 3100 + 2 * 100  # and February, and a day of March


def test_a_year_at_once_is_cut_to_its_days() -> None:
    assert cost("2026-01-01", "2026-03-15", terms.BillingPlan.ANNUAL) == 1240  # 73 of 365 days are a fifth of 62.00


def test_cycles_outside_the_days_cost_nothing() -> None:
    cycles = (
        periods.Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1)),
        periods.Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1)),
    )
    during = periods.Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    assert stretches.cost(quantity=1, unit_rate=RATE, cycles=cycles, during=during) == money.Money(3100, "EUR")
