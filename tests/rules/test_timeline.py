"""Pending changes: one wish per date and dimension, none for what would hold anyway, and what the next term is then."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import timeline
from seatwright.rules.renewals import Ending
from seatwright.rules.terms import BillingPlan, Term
from seatwright.rules.timeline import Dimension, Pending, SeatsBy, SeatsTotal, Timeline
from tests.rules.timelines import NOTHING, RENEWAL, SECOND, START, TWENTY, any_timeline, wished, wishes


def values(of: Timeline, on: dt.date = RENEWAL) -> Mapping[Dimension, Any]:
    return of.at(on)


@given(any_timeline(), wishes())
def test_invariant_15_scheduling_twice_is_scheduling_once(
    before: Timeline, wish: tuple[Dimension, Any, dt.date]
) -> None:
    once = wished(before, wish)
    assert wished(once, wish) == once


@given(any_timeline(), wishes(), wishes())
def test_invariant_15_the_order_of_touching_two_dimensions_does_not_matter(
    before: Timeline, one: tuple[Dimension, Any, dt.date], other: tuple[Dimension, Any, dt.date]
) -> None:
    if one[0] is not other[0]:
        assert wished(before, one, other) == wished(before, other, one)


@given(any_timeline(), wishes())
def test_invariant_15_touching_one_dimension_keeps_the_others(
    before: Timeline, wish: tuple[Dimension, Any, dt.date]
) -> None:
    after = wished(before, wish)
    for on in (RENEWAL, SECOND):
        others_before = {key: value for key, value in before.at(on).items() if key is not wish[0]}
        others_after = {key: value for key, value in after.at(on).items() if key is not wish[0]}
        assert others_after == others_before


@given(any_timeline(), wishes())
def test_invariant_15_revoking_what_was_just_scheduled_gives_back_the_timeline_without_that_wish(
    before: Timeline, wish: tuple[Dimension, Any, dt.date]
) -> None:
    """A wish of the same dimension for a later date may have been cleared with it; it is revoked first here."""
    dimension, _, on = wish
    for date in (RENEWAL, SECOND):
        before = timeline.revoke(timeline=before, dimension=dimension, effective_on=date)
    assert timeline.revoke(timeline=wished(before, wish), dimension=dimension, effective_on=on) == before


@given(st.lists(wishes(), max_size=12))
def test_invariant_15_no_sequence_of_changes_yields_two_wishes_for_one_dimension_or_one_without_effect(
    sequence: list[tuple[Dimension, Any, dt.date]],
) -> None:
    after = NOTHING
    for wish in sequence:
        after = wished(after, wish)
        dates = [entry.effective_on for entry in after.pending]
        assert dates == sorted(set(dates))
        held = TWENTY.quantity
        for entry in after.pending:
            assert len(entry.changes) == len(set(entry.changes)) > 0
            if entry.seats is not None:
                assert entry.seats.of(held) != held
                held = entry.seats.of(held)


@given(st.lists(wishes(), max_size=12))
def test_invariant_15_revoking_everything_leaves_no_residue(sequence: list[tuple[Dimension, Any, dt.date]]) -> None:
    after = wished(NOTHING, *sequence)
    for dimension in Dimension:
        for on in (RENEWAL, SECOND):
            after = timeline.revoke(timeline=after, dimension=dimension, effective_on=on)
    assert after == NOTHING
    assert after.pending == ()


@given(st.lists(wishes(), max_size=12))
def test_the_next_term_is_what_a_naive_interpreter_computes(sequence: list[tuple[Dimension, Any, dt.date]]) -> None:
    last = {dimension: value for dimension, value, on in sequence if on == RENEWAL}
    seats = last.get(Dimension.QUANTITY, SeatsBy(0))
    quantity = seats.total if isinstance(seats, SeatsTotal) else 20 + seats.difference
    ending = last.get(Dimension.ENDING, Ending.RENEW)
    term = last.get(Dimension.TERM, Term.P1Y)
    end_on = {Term.P1M: dt.date(2027, 4, 1), Term.P1Y: SECOND, Term.P3Y: dt.date(2030, 3, 1)}[term]
    found = timeline.next_term(timeline=wished(NOTHING, *sequence))
    assert found.outcome is ending
    assert found.starts_on == RENEWAL
    if ending is Ending.RENEW:
        assert (found.quantity, found.term) == (quantity, term)
        assert found.offer == last.get(Dimension.OFFER, "standard")
        assert found.billing_plan == last.get(Dimension.BILLING_PLAN, BillingPlan.MONTHLY)
        assert found.end_on == last.get(Dimension.END_DATE, end_on)
        assert found.aligned_end_on == last.get(Dimension.END_DATE)
    elif ending is Ending.CANCEL:
        assert (found.quantity, found.end_on) == (0, None)
    else:
        assert (found.offer, found.quantity, found.end_on) == ("standard", quantity, None)
        assert (found.term, found.billing_plan) == (Term.P1M, BillingPlan.MONTHLY)


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (Dimension.QUANTITY, SeatsTotal(20)),
        (Dimension.QUANTITY, SeatsTotal(20, is_settled=True)),
        (Dimension.QUANTITY, SeatsBy(0)),
        (Dimension.OFFER, "standard"),
        (Dimension.TERM, Term.P1Y),
        (Dimension.BILLING_PLAN, BillingPlan.MONTHLY),
        (Dimension.ENDING, Ending.RENEW),
    ],
)
def test_invariant_15_returning_to_the_present_value_clears_the_wish(dimension: Dimension, value: Any) -> None:
    """Polar kept the old decrease armed when the seats were set back (B46)."""
    other = {
        Dimension.QUANTITY: SeatsTotal(15),
        Dimension.OFFER: "premium",
        Dimension.TERM: Term.P3Y,
        Dimension.BILLING_PLAN: BillingPlan.ANNUAL,
        Dimension.ENDING: Ending.CANCEL,
    }[dimension]
    armed = wished(NOTHING, (dimension, other, RENEWAL))
    assert values(armed) == {dimension: other}
    assert wished(armed, (dimension, value, RENEWAL)) == NOTHING


def test_invariant_15_changing_seats_does_not_drop_a_scheduled_product_change() -> None:
    """Polar lost it (B46)."""
    after = wished(NOTHING, (Dimension.OFFER, "premium", RENEWAL), (Dimension.QUANTITY, SeatsTotal(15), RENEWAL))
    after = wished(after, (Dimension.QUANTITY, SeatsTotal(20), RENEWAL))
    assert values(after) == {Dimension.OFFER: "premium"}


def test_invariant_15_a_later_wish_that_has_become_void_is_no_residue() -> None:
    """Fifteen at the first renewal and back to twenty at the second; without the first the second says nothing."""
    both = wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(15), RENEWAL), (Dimension.QUANTITY, SeatsTotal(20), SECOND))
    assert values(both, SECOND) == {Dimension.QUANTITY: SeatsTotal(20)}
    assert timeline.revoke(timeline=both, dimension=Dimension.QUANTITY) == NOTHING


def test_an_end_date_is_for_one_term_and_a_renewal_is_the_standing_end_of_the_second() -> None:
    same_on = dt.date(2028, 1, 1)
    after = wished(NOTHING, (Dimension.END_DATE, same_on, RENEWAL), (Dimension.ENDING, Ending.RENEW, SECOND))
    assert values(after) == {Dimension.END_DATE: same_on}
    assert values(after, SECOND) == {}
    assert values(wished(after, (Dimension.END_DATE, same_on, SECOND)), SECOND) == {Dimension.END_DATE: same_on}


def test_where_the_term_ends_by_itself_renewing_is_a_wish_of_its_own() -> None:
    off = Timeline(running=replace(TWENTY, ending=Ending.EXTENDED))
    assert timeline.next_term(timeline=off).outcome is Ending.EXTENDED
    on = wished(off, (Dimension.ENDING, Ending.RENEW, RENEWAL))
    assert values(on) == {Dimension.ENDING: Ending.RENEW}
    assert timeline.next_term(timeline=on).outcome is Ending.RENEW


def test_revoking_without_a_dimension_clears_that_date_only() -> None:
    after = wished(
        NOTHING,
        (Dimension.QUANTITY, SeatsTotal(15), RENEWAL),
        (Dimension.OFFER, "premium", RENEWAL),
        (Dimension.TERM, Term.P3Y, SECOND),
    )
    cleared = timeline.revoke(timeline=after)
    assert values(cleared) == {}
    assert values(cleared, SECOND) == {Dimension.TERM: Term.P3Y}
    assert timeline.revoke(timeline=cleared) == cleared


def test_a_value_of_another_dimension_is_refused() -> None:
    wrong: list[tuple[Dimension, Any]] = [
        (Dimension.QUANTITY, 15),
        (Dimension.OFFER, Term.P1Y),
        (Dimension.TERM, "P1Y"),
        (Dimension.BILLING_PLAN, Term.P1Y),
        (Dimension.END_DATE, dt.datetime(2027, 4, 1, tzinfo=dt.UTC)),
        (Dimension.ENDING, "cancel"),
    ]
    for dimension, value in wrong:
        with pytest.raises(TypeError, match=dimension):
            wished(NOTHING, (dimension, value, RENEWAL))


def test_impossible_timelines_cannot_be_made() -> None:
    one = Pending(effective_on=RENEWAL, changes={Dimension.OFFER: "premium"})
    with pytest.raises(ValueError, match="one entry"):
        Timeline(running=TWENTY, pending=(one, one))
    with pytest.raises(ValueError, match="inside the running term"):
        wished(NOTHING, (Dimension.OFFER, "premium", RENEWAL - dt.timedelta(days=1)))
    with pytest.raises(ValueError, match="changes something"):
        Pending(effective_on=RENEWAL, changes={})
    with pytest.raises(ValueError, match="-1 seats"):
        replace(TWENTY, quantity=-1)
    with pytest.raises(ValueError, match="20 seats"):
        replace(TWENTY, renews_on=START - dt.timedelta(days=1))


def test_entries_stand_in_the_order_of_their_dates_and_wishes_in_one_order() -> None:
    late = Pending(effective_on=SECOND, changes={Dimension.TERM: Term.P3Y})
    early = Pending(effective_on=RENEWAL, changes={Dimension.OFFER: "premium", Dimension.QUANTITY: SeatsBy(2)})
    assert Timeline(running=TWENTY, pending=(late, early)).pending == (early, late)
    assert list(early.changes) == [Dimension.QUANTITY, Dimension.OFFER]


def test_a_pending_change_tells_each_wish_by_its_kind() -> None:
    every: dict[Dimension, Any] = {
        Dimension.QUANTITY: SeatsBy(-5),
        Dimension.OFFER: "premium",
        Dimension.TERM: Term.P3Y,
        Dimension.BILLING_PLAN: BillingPlan.ANNUAL,
        Dimension.END_DATE: SECOND,
        Dimension.ENDING: Ending.CANCEL,
    }
    full = Pending(effective_on=RENEWAL, changes=every)
    assert [full.seats, full.offer, full.term, full.billing_plan, full.end_on, full.ending] == list(every.values())
    for dimension in Dimension:
        one = Pending(effective_on=RENEWAL, changes={dimension: every[dimension]})
        told = [one.seats, one.offer, one.term, one.billing_plan, one.end_on, one.ending]
        assert [value for value in told if value is not None] == [every[dimension]]


def test_after_the_renewal_the_next_term_runs_and_its_wishes_are_used_up() -> None:
    before = wished(
        NOTHING,
        (Dimension.QUANTITY, SeatsTotal(15), RENEWAL),
        (Dimension.BILLING_PLAN, BillingPlan.ANNUAL, RENEWAL),
        (Dimension.QUANTITY, SeatsBy(2), SECOND),
    )
    after = timeline.after_renewal(timeline=before)
    assert after is not None
    assert after.running == replace(TWENTY, quantity=15, billing_plan=BillingPlan.ANNUAL, renews_on=SECOND)
    assert values(after, SECOND) == {Dimension.QUANTITY: SeatsBy(2)}
    assert timeline.next_term(timeline=after).quantity == 17


def test_nothing_follows_a_cancelled_or_extended_term() -> None:
    for ending in (Ending.CANCEL, Ending.EXTENDED):
        ended = wished(NOTHING, (Dimension.ENDING, ending, RENEWAL))
        assert timeline.after_renewal(timeline=ended) is None


def test_a_co_terminous_term_ends_early_and_the_terms_after_it_are_full() -> None:
    cut = wished(NOTHING, (Dimension.END_DATE, dt.date(2027, 10, 2), RENEWAL))
    found = timeline.next_term(timeline=cut)
    assert (found.end_on, found.aligned_end_on) == (dt.date(2027, 10, 2), dt.date(2027, 10, 2))
    after = timeline.after_renewal(timeline=cut)
    assert after is not None
    assert after.running.renews_on == dt.date(2027, 10, 2)
    assert timeline.next_term(timeline=after).end_on == dt.date(2028, 10, 2)


def test_the_full_terms_own_end_is_no_alignment() -> None:
    found = timeline.next_term(timeline=wished(NOTHING, (Dimension.END_DATE, SECOND, RENEWAL)))
    assert (found.end_on, found.aligned_end_on) == (SECOND, None)


def test_wishes_inside_a_longer_term_move_to_its_end() -> None:
    before = wished(NOTHING, (Dimension.TERM, Term.P3Y, RENEWAL), (Dimension.QUANTITY, SeatsBy(-5), SECOND))
    after = timeline.after_renewal(timeline=before)
    assert after is not None
    assert [entry.effective_on for entry in after.pending] == [dt.date(2030, 3, 1)]
    assert timeline.next_term(timeline=after).quantity == 15


FIRST_TO_SECOND = [
    (SeatsTotal(15), SeatsBy(2), SeatsTotal(17)),
    (SeatsTotal(15, is_settled=True), SeatsBy(2), SeatsTotal(17, is_settled=True)),
    (SeatsBy(-5), SeatsBy(2), SeatsBy(-3)),
    (SeatsBy(-5), SeatsTotal(12), SeatsTotal(12)),
]


@pytest.mark.parametrize(("first", "second", "together"), FIRST_TO_SECOND)
def test_two_wishes_put_together_are_one_after_the_other(
    first: timeline.Seats, second: timeline.Seats, together: timeline.Seats
) -> None:
    entries = [
        Pending(effective_on=SECOND, changes={Dimension.QUANTITY: second}),
        Pending(effective_on=RENEWAL, changes={Dimension.QUANTITY: first, Dimension.OFFER: "premium"}),
    ]
    late = dt.date(2030, 3, 1)
    (one,) = timeline.merged(pending=entries, until_on=SECOND, onto=late)
    assert one == Pending(effective_on=late, changes={Dimension.QUANTITY: together, Dimension.OFFER: "premium"})


@given(any_timeline(), st.sampled_from(Dimension), st.sampled_from([RENEWAL, SECOND]))
def test_invariant_15_revoking_one_dimension_keeps_the_others(
    before: Timeline, dimension: Dimension, on: dt.date
) -> None:
    after = timeline.revoke(timeline=before, dimension=dimension, effective_on=on)
    assert dimension not in after.at(on)
    for date in (RENEWAL, SECOND):
        others_before = {key: value for key, value in before.at(date).items() if key is not dimension}
        others_after = {key: value for key, value in after.at(date).items() if key is not dimension}
        assert others_after == others_before


def test_a_cancelled_subscription_is_described_as_it_was() -> None:
    upfront = Timeline(running=replace(TWENTY, billing_plan=BillingPlan.ANNUAL))
    found = timeline.next_term(timeline=wished(upfront, (Dimension.ENDING, Ending.CANCEL, RENEWAL)))
    assert (found.term, found.billing_plan, found.next_anchor_on) == (Term.P1Y, BillingPlan.ANNUAL, RENEWAL)


def test_a_subscription_without_seats_can_be_described() -> None:
    assert timeline.next_term(timeline=Timeline(running=replace(TWENTY, quantity=0))).quantity == 0


def test_an_end_date_does_not_move_with_its_renewal() -> None:
    cut = Pending(effective_on=RENEWAL, changes={Dimension.END_DATE: dt.date(2027, 10, 2)})
    later = Pending(effective_on=SECOND, changes={Dimension.OFFER: "premium"})
    assert timeline.merged(pending=(cut,), until_on=RENEWAL, onto=SECOND) == ()
    last = Pending(effective_on=dt.date(2029, 3, 1), changes={Dimension.TERM: Term.P3Y})
    entries = (cut, later, last)
    assert timeline.merged(pending=entries, until_on=RENEWAL, onto=RENEWAL) == entries
