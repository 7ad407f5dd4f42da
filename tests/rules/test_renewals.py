"""Where the next term lies, what it costs, what happens without one, and how far the vendor has got with it."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import money, renewals, windows
from seatwright.rules.money import Money, Rate
from seatwright.rules.periods import Period
from seatwright.rules.renewals import (
    AlignedTo,
    AlignmentTarget,
    EndChoice,
    RenewalPolicy,
    TermPrice,
)
from seatwright.rules.terms import BillingPlan, PlanNotAllowed, Term, allowed_plans
from seatwright.rules.windows import SeatLot, WindowPolicy

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


@pytest.mark.parametrize(
    ("anchor", "starts", "term", "ends"),
    [
        ("2021-01-14", "2022-01-14", Term.P1Y, "2023-01-14"),
        ("2021-01-31", "2021-02-28", Term.P1M, "2021-03-31"),
        ("2021-05-31", "2021-06-30", Term.P1M, "2021-07-31"),
        ("2021-01-30", "2021-02-28", Term.P1M, "2021-03-30"),
        ("2024-02-29", "2027-02-28", Term.P1Y, "2028-02-29"),
        ("2026-01-15", "2026-04-15", Term.P1Y, "2027-04-15"),
        ("2026-03-01", "2027-03-01", Term.P3Y, "2030-03-01"),
        ("2026-03-01", "2029-03-01", Term.P1M, "2029-04-01"),
    ],
)
def test_the_next_term_is_full_and_counted_from_the_original_start(
    anchor: str, starts: str, term: Term, ends: str
) -> None:
    ahead = renewals.term_ahead(anchor_on=on(anchor), starts_on=on(starts), term=term)
    assert ahead.period == Period(on(starts), on(ends))
    assert ahead.is_cut is False


def test_counting_starts_anew_only_where_the_old_count_has_no_such_day() -> None:
    kept = renewals.term_ahead(anchor_on=on("2026-01-31"), starts_on=on("2026-02-28"), term=Term.P1M)
    assert kept.anchor_on == kept.next_anchor_on == on("2026-01-31")
    anew = renewals.term_ahead(anchor_on=on("2026-01-31"), starts_on=on("2026-02-28"), term=Term.P1Y)
    assert anew.anchor_on == anew.next_anchor_on == on("2026-02-28")
    assert anew.period.end_on == on("2027-02-28")


def test_a_cut_term_ends_at_its_alignment_and_the_next_one_is_counted_from_there() -> None:
    """P1Y from 2022-07-01 with another that ends 2022-10-01 inclusive: next term 2022-10-02 to 2023-10-01 (5.6)."""
    cut = renewals.term_ahead(
        anchor_on=on("2022-07-01"), starts_on=on("2022-07-01"), term=Term.P1Y, aligned_end_on=on("2022-10-02")
    )
    assert (cut.period, cut.is_cut) == (Period(on("2022-07-01"), on("2022-10-02")), True)
    after = renewals.term_ahead(anchor_on=cut.next_anchor_on, starts_on=cut.period.end_on, term=Term.P1Y)
    assert after.period == Period(on("2022-10-02"), on("2023-10-02"))


def test_an_alignment_to_the_full_terms_end_cuts_nothing_and_one_outside_is_impossible() -> None:
    facts: dict[str, Any] = {"anchor_on": on("2022-07-01"), "starts_on": on("2022-07-01"), "term": Term.P1Y}
    assert not renewals.term_ahead(**facts, aligned_end_on=on("2023-07-01")).is_cut
    with pytest.raises(ValueError, match="beyond the full term"):
        renewals.term_ahead(**facts, aligned_end_on=on("2023-07-02"))
    with pytest.raises(ValueError, match="empty period"):
        renewals.term_ahead(**facts, aligned_end_on=on("2022-07-01"))
    with pytest.raises(ValueError, match="counted from 0"):
        renewals.term_ahead(anchor_on=on("2022-07-02"), starts_on=on("2022-07-01"), term=Term.P1Y)


def ends(starts: str, term: Term, *targets: AlignmentTarget) -> list[tuple[str, AlignedTo]]:
    choices = renewals.aligned_ends(anchor_on=on(starts), starts_on=on(starts), term=term, targets=targets)
    return [(choice.end_on.isoformat(), choice.aligned_to) for choice in choices]


def other(ends_on: str, term: Term = Term.P1Y, **facts: Any) -> AlignmentTarget:
    return AlignmentTarget(subscription_key="other", ends_on=on(ends_on), term=term, **facts)


@pytest.mark.parametrize(
    ("starts", "term", "month_end"),
    [
        ("2022-07-15", Term.P1Y, "2023-07-01"),
        ("2022-07-15", Term.P3Y, "2025-07-01"),
        ("2022-07-15", Term.P1M, "2022-08-01"),
        ("2023-02-04", Term.P1Y, "2024-02-01"),
        ("2022-01-31", Term.P1M, "2022-02-01"),
    ],
)
def test_the_last_month_end_before_the_full_terms_end_can_be_chosen(starts: str, term: Term, month_end: str) -> None:
    """The vendor's own examples, whose inclusive ends are one day earlier (5.6)."""
    assert ends(starts, term) == [(month_end, AlignedTo.CALENDAR_MONTH)]


def test_a_full_term_that_ends_with_a_month_anyway_offers_no_month_end() -> None:
    assert ends("2022-07-01", Term.P1Y) == []


@pytest.mark.parametrize(("term", "end_on"), [(Term.P3Y, "2024-10-02"), (Term.P1Y, "2022-10-02")])
def test_the_last_end_of_another_subscription_within_the_full_term_can_be_chosen(term: Term, end_on: str) -> None:
    """Bought 2022-07-01; the other yearly one ends 2022-10-01 inclusive, and each year again (5.6)."""
    assert ends("2022-07-01", term, other("2022-10-02")) == [(end_on, AlignedTo.SUBSCRIPTION)]


def test_every_later_end_of_another_subscription_counts() -> None:
    """Three years from 2022-12-01 hold the ends of 2023, 2024 and 2025, one year from 2023-01-01 that of 2023."""
    assert ("2025-10-02", AlignedTo.SUBSCRIPTION) in ends("2022-12-01", Term.P3Y, other("2022-10-02"))
    assert ends("2023-01-01", Term.P1Y, other("2022-10-02")) == [("2023-10-02", AlignedTo.SUBSCRIPTION)]


def test_restrictions_of_alignment() -> None:
    yearly = "2022-07-01", Term.P1Y
    assert ends(*yearly, other("2022-10-02", is_trial=True)) == []
    assert ends(*yearly, other("2022-10-02", is_active=False)) == []
    passed_over = other("2022-10-02", is_active=False)
    assert ends(*yearly, passed_over, other("2022-11-05")) == [("2022-11-05", AlignedTo.SUBSCRIPTION)]
    assert ends(*yearly, other("2022-07-20", Term.P1M)) == []
    assert ends("2022-07-01", Term.P3Y, other("2022-07-20", Term.P1M)) == []
    assert ends("2022-07-01", Term.P1M, other("2022-07-20", Term.P1M)) == [("2022-07-20", AlignedTo.SUBSCRIPTION)]
    assert ends("2022-07-01", Term.P1M, other("2022-07-20", Term.P3Y)) == [("2022-07-20", AlignedTo.SUBSCRIPTION)]
    assert ends(*yearly, other("2023-07-01")) == []
    assert ends(*yearly, other("2024-01-01", Term.P3Y)) == []
    assert ends(*yearly, other("2022-07-01")) == []


@pytest.mark.parametrize(
    ("end_on", "is_offered"),
    [
        ("2022-07-28", True),
        ("2022-07-29", False),
        ("2022-07-30", False),
        ("2022-07-31", False),
        ("2022-08-01", True),
        ("2022-08-02", True),
    ],
)
def test_a_monthly_term_cannot_end_on_a_28th_29th_or_30th_that_is_not_the_last(end_on: str, is_offered: bool) -> None:
    found = ends("2022-07-05", Term.P1M, other(end_on))
    assert ((end_on, AlignedTo.SUBSCRIPTION) in found) is is_offered


def test_a_monthly_term_may_end_on_a_30th_that_is_the_last_and_a_yearly_one_on_any() -> None:
    assert (("2022-07-01", AlignedTo.SUBSCRIPTION)) in ends("2022-06-05", Term.P1M, other("2022-07-01"))
    assert (("2022-07-30", AlignedTo.SUBSCRIPTION)) in ends("2022-07-05", Term.P1Y, other("2022-07-30"))


def test_subscriptions_with_the_same_end_are_one_choice_and_choices_stand_by_date() -> None:
    targets = [AlignmentTarget(subscription_key=key, ends_on=on("2022-10-02"), term=Term.P1Y) for key in ("b", "a")]
    found = renewals.aligned_ends(
        anchor_on=on("2022-07-15"), starts_on=on("2022-07-15"), term=Term.P1Y, targets=targets
    )
    assert found == (
        EndChoice(end_on=on("2022-10-02"), aligned_to=AlignedTo.SUBSCRIPTION, subscription_keys=("a", "b")),
        EndChoice(end_on=on("2023-07-01"), aligned_to=AlignedTo.CALENDAR_MONTH, subscription_keys=()),
    )


@given(
    st.dates(on("2020-01-01"), on("2030-12-31")),
    st.sampled_from(Term),
    st.lists(st.tuples(st.dates(on("2020-01-01"), on("2034-12-31")), st.sampled_from(Term)), max_size=3),
)
def test_every_choice_is_a_shorter_first_term(
    starts_on: dt.date, term: Term, others: list[tuple[dt.date, Term]]
) -> None:
    targets = [
        AlignmentTarget(subscription_key=str(number), ends_on=end_on, term=other_term)
        for number, (end_on, other_term) in enumerate(others)
    ]
    for choice in renewals.aligned_ends(anchor_on=starts_on, starts_on=starts_on, term=term, targets=targets):
        ahead = renewals.term_ahead(anchor_on=starts_on, starts_on=starts_on, term=term, aligned_end_on=choice.end_on)
        assert ahead.is_cut
        assert ahead.period.end_on == choice.end_on


RENEWED_AT = dt.datetime(2027, 3, 1, 7, 42, tzinfo=dt.UTC)


def lot(lot_id: str, quantity: int, days_ago: int) -> SeatLot:
    added_at = RENEWED_AT - dt.timedelta(days=days_ago)
    return SeatLot(
        lot_id=lot_id,
        quantity=quantity,
        added_at=added_at,
        returnable_until=windows.window_end(added_at=added_at, policy=WINDOW),
    )


LOTS = (lot("old", 10, 365), lot("open", 5, 3), lot("newer", 5, 90))


def renewed(quantity: int) -> dict[str, int]:
    found = renewals.lots_after_renewal(
        lots=LOTS, quantity=quantity, new_lot_id="new", renewed_at=RENEWED_AT, policy=WINDOW
    )
    assert {one.returnable_until for one in found} == {RENEWED_AT + 168 * HOUR}
    return {one.lot_id: one.quantity for one in found}


def test_invariant_14_a_renewal_opens_every_window_anew_from_the_instant_it_finished() -> None:
    assert renewed(20) == {"old": 10, "open": 5, "newer": 5}


def test_seats_that_are_not_renewed_leave_the_lots_and_new_ones_make_a_lot_of_their_own() -> None:
    assert renewed(18) == {"old": 10, "open": 3, "newer": 5}
    assert renewed(12) == {"old": 10, "newer": 2}
    assert renewed(1) == {"old": 1}
    assert renewed(23) == {"old": 10, "open": 5, "newer": 5, "new": 3}
    with pytest.raises(ValueError, match="at least one"):
        renewed(0)


def test_the_difference_at_the_renewal_is_split_into_price_and_seats() -> None:
    """20 x 10.00 against 15 x 10.50 a month for a year: +120.00 for the price of 20, then -630.00 for 5 fewer."""
    found = renewals.price_change(before=price(20, "10.00"), after=price(15, "10.50"))
    assert found.months == 12
    assert (found.before, found.after) == (eur(240_000), eur(189_000))
    assert (found.by_rate, found.by_quantity) == (eur(12_000), eur(-63_000))
    assert found.difference == eur(-51_000)


def test_terms_of_different_length_are_compared_over_the_longer_one() -> None:
    """A monthly term at 12.00 against a yearly one at 120.00 upfront: 144.00 against 120.00 over twelve months."""
    monthly = price(1, "12.00", Term.P1M)
    yearly = price(1, "120.00", Term.P1Y, BillingPlan.ANNUAL)
    for before, after, difference in ((monthly, yearly, -2_400), (yearly, monthly, 2_400)):
        found = renewals.price_change(before=before, after=after)
        assert (found.months, found.difference) == (12, eur(difference))
    with pytest.raises(money.CurrencyMismatch):
        renewals.price_change(before=monthly, after=replace(yearly, unit_rate=Rate.parse("1", "USD")))


RATES = st.decimals(0, 999, places=3).map(lambda amount: Rate(abs(amount), "EUR"))


@st.composite
def prices(draw: st.DrawFn) -> TermPrice:
    term = draw(st.sampled_from(Term))
    plan = draw(st.sampled_from(allowed_plans(term)))
    return TermPrice(quantity=draw(st.integers(0, 500)), unit_rate=draw(RATES), term=term, billing_plan=plan)


@given(prices(), prices())
def test_the_two_causes_add_up_to_the_difference(before: TermPrice, after: TermPrice) -> None:
    found = renewals.price_change(before=before, after=after)
    assert found.by_rate + found.by_quantity == found.difference


@given(prices(), st.dates(on("2020-01-01"), on("2030-12-31")))
def test_a_full_term_costs_its_whole_cycles(of: TermPrice, starts_on: dt.date) -> None:
    ahead = renewals.term_ahead(anchor_on=starts_on, starts_on=starts_on, term=of.term)
    assert renewals.term_amount(price=of, ahead=ahead) == of.over(of.term.months)


def test_a_cut_term_is_charged_by_day() -> None:
    """73 of 365 days of 10 x 100.00 paid upfront; then three whole months and 10 of 31 days at 10 x 31.00."""
    upfront = renewals.term_ahead(
        anchor_on=on("2026-03-01"), starts_on=on("2026-03-01"), term=Term.P1Y, aligned_end_on=on("2026-05-13")
    )
    assert renewals.term_amount(price=price(10, "100.00", Term.P1Y, BillingPlan.ANNUAL), ahead=upfront) == eur(20_000)
    monthly = renewals.term_ahead(
        anchor_on=on("2026-05-01"), starts_on=on("2026-05-01"), term=Term.P1Y, aligned_end_on=on("2026-08-11")
    )
    assert renewals.term_amount(price=price(10, "31.00"), ahead=monthly) == eur(3 * 31_000 + 10_000)


def test_a_price_needs_an_allowed_plan_and_whole_cycles() -> None:
    with pytest.raises(PlanNotAllowed):
        price(1, "1", Term.P1M, BillingPlan.ANNUAL)
    with pytest.raises(ValueError, match="no whole cycles"):
        price(1, "1", Term.P1Y, BillingPlan.ANNUAL).over(6)
