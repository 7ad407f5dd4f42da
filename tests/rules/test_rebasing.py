"""What becomes of pending changes when seats, offer or term change inside the term."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import rebasing, timeline
from seatwright.rules.rebasing import Choice, Dropped, Moved, SeatsMove, Way, Why
from seatwright.rules.renewals import Ending
from seatwright.rules.terms import BillingPlan, Term
from seatwright.rules.timeline import Dimension, Running, SeatsBy, SeatsTotal, Timeline
from tests.rules.timelines import NOTHING, RENEWAL, SECOND, TWENTY, any_timeline, wished

QUANTITY = Dimension.QUANTITY


def fifteen_on_1_march() -> Timeline:
    return wished(NOTHING, (QUANTITY, SeatsTotal(15), RENEWAL))


def holding(quantity: int) -> Running:
    return replace(TWENTY, quantity=quantity)


def by_way(rebased: rebasing.Rebased) -> dict[Way, Choice]:
    return {choice.way: choice for choice in rebased.choices}


def only(rebased: rebasing.Rebased) -> Choice:
    (choice,) = rebased.choices
    assert choice.way is Way.ONLY
    assert not rebased.is_question
    return choice


def test_three_more_seats_ask_whether_20_to_15_becomes_23_to_18_or_stays_at_15() -> None:
    rebased = rebasing.rebase(timeline=fifteen_on_1_march(), after=holding(23))
    assert rebased.is_question
    choices = by_way(rebased)
    assert choices[Way.FOLLOWS].seats == (SeatsMove(RENEWAL, 23, 18),)
    assert choices[Way.STAYS].seats == (SeatsMove(RENEWAL, 23, 15),)
    assert choices[Way.FOLLOWS].timeline.at(RENEWAL) == {QUANTITY: SeatsBy(-5)}
    assert choices[Way.STAYS].timeline.at(RENEWAL) == {QUANTITY: SeatsTotal(15, is_settled=True)}
    assert choices[Way.FOLLOWS].dropped == choices[Way.STAYS].dropped == ()


def test_the_answer_is_remembered_and_nobody_is_asked_again() -> None:
    for way, seats in ((Way.FOLLOWS, SeatsMove(RENEWAL, 25, 20)), (Way.STAYS, SeatsMove(RENEWAL, 25, 15))):
        answered = by_way(rebasing.rebase(timeline=fifteen_on_1_march(), after=holding(23)))[way].timeline
        assert only(rebasing.rebase(timeline=answered, after=holding(25))).seats == (seats,)


def test_a_difference_in_the_customers_own_words_follows_without_a_question() -> None:
    fewer = wished(NOTHING, (QUANTITY, SeatsBy(-5), RENEWAL))
    assert only(rebasing.rebase(timeline=fewer, after=holding(23))).seats == (SeatsMove(RENEWAL, 23, 18),)


@pytest.mark.parametrize(("total", "held"), [(15, 12), (15, 15), (25, 25), (25, 30)])
def test_a_total_that_is_reached_or_overtaken_is_dropped_instead_of_turning_round(total: int, held: int) -> None:
    before = wished(NOTHING, (QUANTITY, SeatsTotal(total), RENEWAL))
    choices = by_way(rebasing.rebase(timeline=before, after=holding(held)))
    assert choices[Way.STAYS].timeline == Timeline(running=holding(held))
    assert choices[Way.STAYS].dropped == (Dropped(RENEWAL, QUANTITY, Why.REACHED),)
    assert choices[Way.FOLLOWS].seats == (SeatsMove(RENEWAL, held, held + total - 20),)
    settled = wished(NOTHING, (QUANTITY, SeatsTotal(total, is_settled=True), RENEWAL))
    assert only(rebasing.rebase(timeline=settled, after=holding(held))).timeline.pending == ()


@pytest.mark.parametrize(("total", "held"), [(15, 16), (15, 30), (25, 24), (25, 10), (19, 21)])
def test_a_total_that_is_still_ahead_stays(total: int, held: int) -> None:
    before = wished(NOTHING, (QUANTITY, SeatsTotal(total), RENEWAL))
    choices = by_way(rebasing.rebase(timeline=before, after=holding(held)))
    assert choices[Way.STAYS].seats == (SeatsMove(RENEWAL, held, total),)


def test_a_dropped_wish_for_seats_leaves_the_other_wishes_of_that_date() -> None:
    before = wished(fifteen_on_1_march(), (Dimension.TERM, Term.P3Y, RENEWAL))
    stays = by_way(rebasing.rebase(timeline=before, after=holding(12)))[Way.STAYS]
    assert stays.timeline.at(RENEWAL) == {Dimension.TERM: Term.P3Y}


def test_only_totals_that_count_from_the_changed_number_are_asked_about() -> None:
    chain = wished(fifteen_on_1_march(), (QUANTITY, SeatsTotal(25), SECOND))
    choices = by_way(rebasing.rebase(timeline=chain, after=holding(23)))
    assert choices[Way.FOLLOWS].seats == (SeatsMove(RENEWAL, 23, 18), SeatsMove(SECOND, 18, 28))
    assert choices[Way.STAYS].seats == (SeatsMove(RENEWAL, 23, 15), SeatsMove(SECOND, 15, 25))
    assert choices[Way.STAYS].timeline.at(SECOND) == {QUANTITY: SeatsTotal(25)}


def test_a_question_can_come_up_for_a_later_total_when_the_settled_one_before_it_falls_away() -> None:
    chain = wished(NOTHING, (QUANTITY, SeatsTotal(15, is_settled=True), RENEWAL), (QUANTITY, SeatsTotal(10), SECOND))
    choices = by_way(rebasing.rebase(timeline=chain, after=holding(12)))
    assert choices[Way.FOLLOWS].seats == (SeatsMove(SECOND, 12, 7),)
    assert choices[Way.STAYS].seats == (SeatsMove(SECOND, 12, 10),)


def test_a_change_without_other_seats_asks_nothing_about_seats() -> None:
    same = only(rebasing.rebase(timeline=fifteen_on_1_march(), after=replace(TWENTY, ending=Ending.EXTENDED)))
    assert same.timeline.at(RENEWAL) == {QUANTITY: SeatsTotal(15)}


def test_a_change_of_seats_keeps_every_other_wish() -> None:
    others: list[tuple[Dimension, Any, dt.date]] = [
        (Dimension.OFFER, "premium", RENEWAL),
        (Dimension.TERM, Term.P3Y, RENEWAL),
        (Dimension.BILLING_PLAN, BillingPlan.ANNUAL, RENEWAL),
        (Dimension.END_DATE, dt.date(2027, 10, 2), RENEWAL),
        (Dimension.ENDING, Ending.CANCEL, SECOND),
    ]
    before = wished(NOTHING, *others)
    assert only(rebasing.rebase(timeline=before, after=holding(21))).timeline.pending == before.pending


def test_an_offer_that_the_swap_brought_is_fulfilled() -> None:
    before = wished(NOTHING, (Dimension.OFFER, "premium", RENEWAL), (QUANTITY, SeatsTotal(15), RENEWAL))
    choice = only(rebasing.rebase(timeline=before, after=replace(TWENTY, offer="premium"), targets=()))
    assert choice.dropped == (Dropped(RENEWAL, Dimension.OFFER, Why.FULFILLED),)
    assert choice.timeline.at(RENEWAL) == {QUANTITY: SeatsTotal(15)}


def test_a_wished_offer_is_kept_while_a_path_leads_there_and_dropped_otherwise() -> None:
    before = wished(NOTHING, (Dimension.OFFER, "enterprise", RENEWAL))
    after = replace(TWENTY, offer="premium")
    kept = only(rebasing.rebase(timeline=before, after=after, targets={"enterprise"}))
    assert kept.timeline.at(RENEWAL) == {Dimension.OFFER: "enterprise"}
    unknown = only(rebasing.rebase(timeline=before, after=after))
    assert unknown.timeline.at(RENEWAL) == {Dimension.OFFER: "enterprise"}
    dropped = only(rebasing.rebase(timeline=before, after=after, targets={"basic"}))
    assert dropped.timeline == Timeline(running=after)
    assert dropped.dropped == (Dropped(RENEWAL, Dimension.OFFER, Why.NOT_REACHABLE),)


def test_paths_are_asked_from_the_new_offer_only_and_other_wishes_of_the_date_are_kept() -> None:
    before = wished(
        NOTHING,
        (Dimension.OFFER, "enterprise", RENEWAL),
        (Dimension.TERM, Term.P3Y, RENEWAL),
        (Dimension.OFFER, "frontline", SECOND),
    )
    after = replace(TWENTY, offer="premium")
    followed = only(rebasing.rebase(timeline=before, after=after, targets={"enterprise"}))
    assert followed.timeline.pending == before.pending
    both = only(rebasing.rebase(timeline=before, after=after, targets=set()))
    assert both.timeline.at(RENEWAL) == {Dimension.TERM: Term.P3Y}
    assert both.timeline.at(SECOND) == {}
    assert [gone.effective_on for gone in both.dropped] == [RENEWAL, SECOND]
    late = wished(NOTHING, (Dimension.TERM, Term.P3Y, RENEWAL), (Dimension.OFFER, "enterprise", SECOND))
    assert only(rebasing.rebase(timeline=late, after=after, targets=set())).timeline.at(SECOND) == {}


def test_seats_that_went_to_another_subscription_are_seats_less() -> None:
    """Eight of twenty went over in a partial swap: the wish for five fewer goes on from twelve, or is reached."""
    choices = by_way(rebasing.rebase(timeline=fifteen_on_1_march(), after=holding(12)))
    assert choices[Way.FOLLOWS].seats == (SeatsMove(RENEWAL, 12, 7),)
    assert choices[Way.STAYS].seats == ()


THREE_YEARS = replace(
    TWENTY,
    term=Term.P3Y,
    billing_plan=BillingPlan.ANNUAL,
    anchor_on=dt.date(2026, 11, 22),
    renews_on=dt.date(2029, 11, 22),
)


def test_a_longer_term_begun_today_takes_the_wishes_along_to_its_end() -> None:
    before = wished(
        NOTHING,
        (QUANTITY, SeatsTotal(15), RENEWAL),
        (Dimension.TERM, Term.P3Y, RENEWAL),
        (Dimension.END_DATE, dt.date(2027, 10, 2), RENEWAL),
        (QUANTITY, SeatsBy(2), SECOND),
        (Dimension.ENDING, Ending.CANCEL, dt.date(2030, 3, 1)),
    )
    rebased = rebasing.rebase(timeline=before, after=THREE_YEARS)
    choice = only(rebased)
    assert rebased.moved == (Moved(RENEWAL, THREE_YEARS.renews_on), Moved(SECOND, THREE_YEARS.renews_on))
    assert choice.timeline.at(THREE_YEARS.renews_on) == {QUANTITY: SeatsTotal(17)}
    assert choice.timeline.at(dt.date(2030, 3, 1)) == {Dimension.ENDING: Ending.CANCEL}
    assert choice.dropped == (
        Dropped(RENEWAL, Dimension.END_DATE, Why.DATE_MOVED),
        Dropped(THREE_YEARS.renews_on, Dimension.TERM, Why.FULFILLED),
    )


def test_an_earlier_renewal_takes_its_wishes_along_too() -> None:
    earlier = replace(TWENTY, renews_on=dt.date(2027, 1, 1))
    choice = only(rebasing.rebase(timeline=fifteen_on_1_march(), after=earlier))
    assert choice.timeline.at(dt.date(2027, 1, 1)) == {QUANTITY: SeatsTotal(15)}


def test_a_question_about_seats_tells_moved_wishes_as_well() -> None:
    earlier = replace(TWENTY, quantity=23, renews_on=dt.date(2027, 1, 1))
    rebased = rebasing.rebase(timeline=fifteen_on_1_march(), after=earlier)
    assert rebased.is_question
    assert rebased.moved == (Moved(RENEWAL, dt.date(2027, 1, 1)),)


def test_a_wish_that_stands_on_the_new_date_already_has_not_moved() -> None:
    before = wished(NOTHING, (QUANTITY, SeatsBy(-5), SECOND), (Dimension.END_DATE, dt.date(2028, 5, 1), SECOND))
    rebased = rebasing.rebase(timeline=before, after=replace(TWENTY, renews_on=SECOND))
    assert rebased.moved == ()
    assert only(rebased).timeline.pending == before.pending


@given(any_timeline(), st.integers(1, 40), st.sampled_from(["standard", "premium", "other"]))
def test_invariant_15_rebasing_and_revoking_everything_leaves_the_present_state(
    before: Timeline, quantity: int, offer: str
) -> None:
    after = replace(TWENTY, quantity=quantity, offer=offer)
    for choice in rebasing.rebase(timeline=before, after=after, targets={"basic"}).choices:
        left = choice.timeline
        for on in (RENEWAL, SECOND):
            left = timeline.revoke(timeline=left, effective_on=on)
        assert left == Timeline(running=after)


@given(any_timeline(), st.integers(1, 40), st.integers(1, 40))
def test_a_chosen_answer_is_final_whatever_changes_next(before: Timeline, first: int, second: int) -> None:
    """A question may only come up again for a later wish that starts to count from the changed number."""
    single = wished(NOTHING, *[(key, value, RENEWAL) for key, value in before.at(RENEWAL).items()])
    for choice in rebasing.rebase(timeline=single, after=holding(first)).choices:
        if first != 20:
            assert not rebasing.rebase(timeline=choice.timeline, after=holding(second)).is_question


@given(any_timeline())
def test_no_change_changes_nothing(before: Timeline) -> None:
    choice = only(rebasing.rebase(timeline=before, after=TWENTY, targets=set()))
    assert choice.timeline == before
    assert choice.dropped == ()


@given(any_timeline(), st.integers(1, 40))
def test_following_keeps_every_difference(before: Timeline, quantity: int) -> None:
    unsettled = Timeline(
        running=TWENTY,
        pending=tuple(entry for entry in before.pending if not getattr(entry.seats, "is_settled", False)),
    )
    choices = by_way(rebasing.rebase(timeline=unsettled, after=holding(quantity)))
    follows = choices.get(Way.FOLLOWS) or choices[Way.ONLY]
    held, differences = 20, []
    for entry in unsettled.pending:
        if entry.seats is not None:
            differences.append(entry.seats.of(held) - held)
            held = entry.seats.of(held)
    assert [move.after - move.before for move in follows.seats] == differences
