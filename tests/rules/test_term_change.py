"""A term begun inside another, and another rhythm of billing, priced by hand."""

import datetime as dt

import pytest

from seatwright.rules import money, periods, term_change, terms

RUNNING = term_change.Running(
    quantity=2,
    unit_rate=money.Rate.parse("31", "EUR"),
    anchor_on=dt.date(2026, 1, 1),
    term=terms.Term.P1Y,
    billing_plan=terms.BillingPlan.MONTHLY,
    ends_on=dt.date(2027, 1, 1),
)


def test_a_new_term_gives_the_rest_of_the_cycle_back_and_charges_its_first_one() -> None:
    found = term_change.new_term(
        running=RUNNING,
        start_on=dt.date(2026, 3, 11),
        unit_rate=money.Rate.parse("300", "EUR"),
        term=terms.Term.P3Y,
        billing_plan=terms.BillingPlan.ANNUAL,
    )
    assert found.credit is not None
    assert found.first is not None
    assert (found.credit.days, found.credit.amount.minor) == (21, -21 * 2 * 100)
    assert (found.first.days, found.first.amount.minor) == (365, 60000)
    assert found.term == periods.Period(dt.date(2026, 3, 11), dt.date(2029, 3, 11))
    assert (found.whole.minor, found.instead.minor) == (3 * 60000, 21 * 200 + 9 * 6200)


def test_another_currency_is_no_price_for_it() -> None:
    with pytest.raises(money.CurrencyMismatch):
        term_change.new_term(
            running=RUNNING,
            start_on=dt.date(2026, 3, 11),
            unit_rate=money.Rate.parse("300", "USD"),
            term=terms.Term.P3Y,
            billing_plan=terms.BillingPlan.ANNUAL,
        )


def test_another_plan_begins_with_the_next_cycle_and_there_is_none_after_the_last() -> None:
    rate, plan = money.Rate.parse("365", "EUR"), terms.BillingPlan.ANNUAL
    found = term_change.new_plan(running=RUNNING, on=dt.date(2026, 11, 30), unit_rate=rate, billing_plan=plan)
    assert found is not None
    assert found.term == periods.Period(dt.date(2026, 12, 1), dt.date(2027, 1, 1))
    assert found.cycle == periods.Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    assert (found.whole.minor, found.instead.minor) == (31 * 200, 6200)
    assert term_change.new_plan(running=RUNNING, on=dt.date(2026, 12, 1), unit_rate=rate, billing_plan=plan) is None
