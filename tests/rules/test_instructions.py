"""What has to be stored at the vendor for the next renewal, and whether a wiped or left-over schedule is noticed."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from seatwright.rules import instructions, timeline
from seatwright.rules.instructions import Instruction, Mismatch, NextTermTerms, Seen
from seatwright.rules.renewals import Ending
from seatwright.rules.terms import BillingPlan, PlanNotAllowed, Term, allowed_plans
from seatwright.rules.timeline import Dimension, SeatsBy, SeatsTotal, Timeline
from tests.rules.timelines import NOTHING, RENEWAL, SECOND, TWENTY, any_timeline, wished

AS_IT_RUNS = NextTermTerms(offer="standard", quantity=20, term=Term.P1Y, billing_plan=BillingPlan.MONTHLY)
FIFTEEN = replace(AS_IT_RUNS, quantity=15)


def wanted(of: Timeline) -> Instruction | None:
    return instructions.wanted_upstream(next_term=timeline.next_term(timeline=of))


def plan(**values: Any) -> Timeline:
    return wished(NOTHING, *[(Dimension(name), value, RENEWAL) for name, value in values.items()])


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, None),
        ({"end_date": SECOND}, None),
        ({"quantity": SeatsTotal(15)}, Instruction(ending=Ending.RENEW, next_term=FIFTEEN)),
        ({"quantity": SeatsBy(-5)}, Instruction(ending=Ending.RENEW, next_term=FIFTEEN)),
        (
            {"offer": "premium", "billing_plan": BillingPlan.ANNUAL},
            Instruction(
                ending=Ending.RENEW,
                next_term=replace(AS_IT_RUNS, offer="premium", billing_plan=BillingPlan.ANNUAL),
            ),
        ),
        ({"term": Term.P1M}, Instruction(ending=Ending.RENEW, next_term=replace(AS_IT_RUNS, term=Term.P1M))),
        (
            {"end_date": dt.date(2027, 10, 2)},
            Instruction(ending=Ending.RENEW, next_term=replace(AS_IT_RUNS, aligned_end_on=dt.date(2027, 10, 2))),
        ),
        ({"ending": Ending.CANCEL}, Instruction(ending=Ending.CANCEL)),
        ({"ending": Ending.EXTENDED}, Instruction(ending=Ending.EXTENDED)),
        (
            {"ending": Ending.EXTENDED, "quantity": SeatsTotal(15)},
            Instruction(ending=Ending.EXTENDED, next_term=replace(FIFTEEN, term=Term.P1M)),
        ),
    ],
)
def test_only_what_differs_from_a_plain_renewal_is_stored(wishes: dict[str, Any], expected: Instruction | None) -> None:
    assert wanted(plan(**wishes)) == expected


def test_a_wish_for_a_later_renewal_is_not_stored_yet() -> None:
    assert wanted(wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(15), SECOND))) is None


def test_auto_renew_that_is_off_stays_off_until_somebody_wishes_to_renew() -> None:
    off = Timeline(running=replace(TWENTY, ending=Ending.EXTENDED))
    assert wanted(off) == Instruction(ending=Ending.EXTENDED)
    assert wanted(wished(off, (Dimension.ENDING, Ending.RENEW, RENEWAL))) is None


def test_where_auto_renew_is_off_the_full_terms_own_end_still_needs_nothing_stored() -> None:
    off = Timeline(running=replace(TWENTY, ending=Ending.EXTENDED))
    both = wished(off, (Dimension.ENDING, Ending.RENEW, RENEWAL), (Dimension.END_DATE, SECOND, RENEWAL))
    assert wanted(both) is None


def test_invariant_12_an_impossible_renewal_is_never_sent() -> None:
    with pytest.raises(ValueError, match="0 seats"):
        wanted(plan(quantity=SeatsBy(-20)))
    with pytest.raises(ValueError, match="-1 seats"):
        wanted(plan(quantity=SeatsBy(-21), ending=Ending.EXTENDED))
    with pytest.raises(PlanNotAllowed):
        wanted(plan(billing_plan=BillingPlan.TRIENNIAL))


@pytest.mark.parametrize(
    ("instruction", "seen", "expected"),
    [
        (None, Seen(ending=Ending.RENEW), None),
        (None, Seen(ending=Ending.RENEW, next_term=FIFTEEN), Mismatch.RESIDUE),
        (None, Seen(ending=Ending.RENEW, next_term=AS_IT_RUNS), Mismatch.RESIDUE),
        (None, Seen(ending=Ending.EXTENDED), Mismatch.ENDING),
        (None, Seen(ending=None), Mismatch.ENDING),
        (Instruction(ending=Ending.RENEW, next_term=FIFTEEN), Seen(ending=Ending.RENEW), Mismatch.MISSING),
        (
            Instruction(ending=Ending.RENEW, next_term=FIFTEEN),
            Seen(ending=Ending.RENEW, next_term=replace(FIFTEEN, quantity=18)),
            Mismatch.OTHER,
        ),
        (
            Instruction(ending=Ending.RENEW, next_term=FIFTEEN),
            Seen(ending=Ending.EXTENDED, next_term=FIFTEEN),
            Mismatch.ENDING,
        ),
        (Instruction(ending=Ending.RENEW, next_term=FIFTEEN), Seen(ending=Ending.RENEW, next_term=FIFTEEN), None),
        (Instruction(ending=Ending.CANCEL), Seen(ending=Ending.CANCEL), None),
        (Instruction(ending=Ending.CANCEL), Seen(ending=Ending.EXTENDED), Mismatch.ENDING),
        (Instruction(ending=Ending.CANCEL), Seen(ending=Ending.RENEW), Mismatch.ENDING),
    ],
)
def test_a_schedule_that_is_wiped_changed_or_left_over_is_noticed(
    instruction: Instruction | None, seen: Seen, expected: Mismatch | None
) -> None:
    assert instructions.mismatch(instruction=instruction, seen=seen) is expected
    assert instructions.is_applied(instruction=instruction, seen=seen) is (expected is None)


@given(any_timeline())
def test_what_is_stored_and_read_back_is_applied_and_what_is_wiped_is_not(of: Timeline) -> None:
    following = timeline.next_term(timeline=of)
    is_possible = following.quantity > 0 and following.billing_plan in allowed_plans(following.term)
    if not (is_possible or following.outcome is Ending.CANCEL):
        return
    instruction = instructions.wanted_upstream(next_term=following)
    wiped = Seen(ending=Ending.RENEW)
    assert instructions.is_applied(instruction=instruction, seen=wiped) is (instruction is None)
    if instruction is not None:
        stored = Seen(ending=instruction.ending, next_term=instruction.next_term)
        assert instructions.is_applied(instruction=instruction, seen=stored)
        assert not instructions.is_applied(instruction=None, seen=stored)
