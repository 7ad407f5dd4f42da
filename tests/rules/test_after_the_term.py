"""What follows when a term is not renewed, and when a renewal counts as done."""

import datetime as dt
from dataclasses import replace

import pytest

from seatwright.rules import renewals
from seatwright.rules.money import Money, Rate
from seatwright.rules.renewals import (
    AfterTerm,
    AfterTermRules,
    RenewalPolicy,
    RenewalState,
    TermPrice,
)
from seatwright.rules.terms import BillingPlan, Term
from seatwright.rules.windows import WindowPolicy

HOUR = dt.timedelta(hours=1)
MICROSECOND = dt.timedelta(microseconds=1)
POLICY = RenewalPolicy(
    version="1",
    lock_before_renewal=24 * HOUR,
    alarms_before_renewal=(72 * HOUR, 25 * HOUR),
    processing=24 * HOUR,
    source="made up for tests",
)
WINDOW = WindowPolicy(version="1", return_window=168 * HOUR, safety_margin=dt.timedelta(), source="made up for tests")


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def price(quantity: int, rate: str, term: Term = Term.P1Y, plan: BillingPlan = BillingPlan.MONTHLY) -> TermPrice:
    return TermPrice(quantity=quantity, unit_rate=Rate.parse(rate, "EUR"), term=term, billing_plan=plan)


RULES = AfterTermRules(
    version="1",
    bought_from_on=on("2025-04-01"),
    last_day_from_on=on("2026-05-04"),
    segments=frozenset({"commercial", "education", "non_profit"}),
    grace_days=30,
    disabled_days=90,
    source="made up for tests",
)


@pytest.mark.parametrize(
    ("renews", "bought", "segment", "applies"),
    [
        ("2026-05-05", "2025-05-05", "commercial", True),
        ("2026-05-04", "2025-05-04", "commercial", False),
        ("2026-06-01", "2025-04-01", "commercial", True),
        ("2028-03-31", "2025-03-31", "commercial", False),
        ("2027-01-01", "2026-01-01", "education", True),
        ("2027-01-01", "2026-01-01", "government", False),
    ],
)
def test_extended_terms_apply_by_purchase_and_last_day(renews: str, bought: str, segment: str, applies: bool) -> None:
    found = renewals.extended_term_applies(
        renews_on=on(renews), bought_or_renewed_on=on(bought), segment=segment, rules=RULES
    )
    assert found is applies


@pytest.mark.parametrize(
    ("extended", "cancel", "suspended", "what", "is_billed", "used_until", "admin_until"),
    [
        (True, False, False, AfterTerm.EXTENDED, True, None, None),
        (True, True, False, AfterTerm.STOPPED, False, "2027-03-01", None),
        (False, False, False, AfterTerm.EXPIRED, False, "2027-03-31", "2027-06-29"),
        (False, True, False, AfterTerm.EXPIRED, False, "2027-03-31", "2027-06-29"),
        (False, False, True, AfterTerm.DISABLED, False, None, "2027-06-29"),
        (True, True, True, AfterTerm.DISABLED, False, None, "2027-06-29"),
    ],
)
def test_what_follows_when_auto_renew_is_off(
    extended: bool,
    cancel: bool,
    suspended: bool,
    what: AfterTerm,
    is_billed: bool,
    used_until: str | None,
    admin_until: str | None,
) -> None:
    found = renewals.if_not_renewed(
        renews_on=on("2027-03-01"),
        has_extended_term=extended,
        cancel_is_stored=cancel,
        is_suspended=suspended,
        rules=RULES,
    )
    assert (found.what, found.is_billed) == (what, is_billed)
    assert found.used_until_on == (used_until and on(used_until))
    assert found.admin_access_until_on == (admin_until and on(admin_until))


def test_an_extended_month_costs_the_list_price_and_its_surcharge() -> None:
    """10 x 12.00 and 3 %: 123.60; without a monthly term 10 x 120.00 a year and 23 %: 123.00."""
    monthly = renewals.extended_month(price=price(10, "12.00", Term.P1M), surcharge_basis_points=300)
    assert monthly == eur(12_360)
    yearly = price(10, "120.00", Term.P1Y, BillingPlan.ANNUAL)
    assert renewals.extended_month(price=yearly, surcharge_basis_points=2_300) == eur(12_300)


ENDS_AT = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("after_end", "seen", "state"),
    [
        (-MICROSECOND, "2027-03-01", RenewalState.WAITING),
        (dt.timedelta(), "2027-03-01", RenewalState.PROCESSING),
        (24 * HOUR - MICROSECOND, "2027-03-01", RenewalState.PROCESSING),
        (24 * HOUR, "2027-03-01", RenewalState.OVERDUE),
        (24 * HOUR, None, RenewalState.OVERDUE),
        (HOUR, "2028-03-01", RenewalState.DONE),
        (30 * HOUR, "2028-03-01", RenewalState.DONE),
        (HOUR, "2027-02-01", RenewalState.PROCESSING),
    ],
)
def test_a_renewal_is_done_by_the_vendors_word_and_overdue_after_its_time(
    after_end: dt.timedelta, seen: str | None, state: RenewalState
) -> None:
    berlin = dt.timezone(HOUR)
    found = renewals.renewal_state(
        at=(ENDS_AT + after_end).astimezone(berlin),
        renews_on=on("2027-03-01"),
        seen_renews_on=None if seen is None else on(seen),
        policy=POLICY,
    )
    assert found is state


def test_a_policy_has_no_negative_length() -> None:
    for name in ("lock_before_renewal", "processing"):
        with pytest.raises(ValueError, match="negative"):
            replace(POLICY, **{name: -MICROSECOND})
    with pytest.raises(ValueError, match="negative"):
        replace(POLICY, alarms_before_renewal=(HOUR, -MICROSECOND))
    assert replace(POLICY, lock_before_renewal=dt.timedelta(), alarms_before_renewal=()).processing == 24 * HOUR


def test_terms_of_changing_length_follow_each_other_without_a_gap() -> None:
    """The 31st comes back in March; the year from 31 March counts anew, and so do the three from 30 April."""
    anchor_on = starts_on = on("2024-01-31")
    ended = []
    for term in (Term.P1M, Term.P1M, Term.P1Y, Term.P1M, Term.P3Y, Term.P1M):
        ahead = renewals.term_ahead(anchor_on=anchor_on, starts_on=starts_on, term=term)
        assert ahead.period.start_on == starts_on
        anchor_on, starts_on = ahead.next_anchor_on, ahead.period.end_on
        ended.append(starts_on.isoformat())
    assert ended == ["2024-02-29", "2024-03-31", "2025-03-31", "2025-04-30", "2028-04-30", "2028-05-30"]
