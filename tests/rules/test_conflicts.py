"""What speaks against a timeline, each reason once, by date and dimension."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from seatwright.rules import conflicts, refusals
from seatwright.rules.conflicts import Allowed, Conflict, OfferLimits, Promotion
from seatwright.rules.renewals import Ending, RenewalPolicy
from seatwright.rules.terms import BillingPlan, Term, allowed_plans
from seatwright.rules.timeline import Dimension, SeatsBy, SeatsTotal, Timeline
from tests.rules.timelines import NOTHING, RENEWAL, SECOND, TWENTY, wished

EVERY = frozenset((term, plan) for term in Term for plan in allowed_plans(term))
YEARLY_ONLY = frozenset({(Term.P1Y, BillingPlan.MONTHLY), (Term.P1Y, BillingPlan.ANNUAL)})
OFFERS = {
    "standard": OfferLimits(combinations=EVERY, minimum=2, maximum=300),
    "premium": OfferLimits(combinations=YEARLY_ONLY, minimum=10, maximum=50, step=5),
    "retired": OfferLimits(combinations=EVERY, is_on_sale=False),
}
ALLOWED = Allowed(offers=OFFERS, targets=frozenset({"premium", "retired"}), endings=frozenset(Ending))


def against(timeline: Timeline, **changes: Any) -> list[tuple[Dimension, Any]]:
    found = conflicts.found(timeline=timeline, allowed=replace(ALLOWED, **changes))
    return [(conflict.dimension, conflict.reason) for conflict in found]


def plan(**values: Any) -> Timeline:
    """The wishes for the next renewal, named by dimension."""
    return wished(NOTHING, *[(Dimension(name), value, RENEWAL) for name, value in values.items()])


def test_nothing_pending_and_ordinary_wishes_have_no_conflict() -> None:
    assert against(NOTHING) == []
    assert against(plan(quantity=SeatsTotal(15), term=Term.P3Y, billing_plan=BillingPlan.TRIENNIAL)) == []
    assert against(plan(quantity=SeatsTotal(25), offer="premium")) == []
    assert against(plan(ending=Ending.CANCEL)) == []
    assert against(plan(ending=Ending.EXTENDED)) == []


def test_a_shorter_term_is_allowed_at_the_renewal() -> None:
    assert against(plan(term=Term.P1M)) == []


def test_invariant_12_no_wish_can_bring_the_seats_below_the_minimum_or_below_one() -> None:
    assert against(plan(quantity=SeatsTotal(1))) == [(Dimension.QUANTITY, refusals.BelowMinimum(2))]
    assert against(plan(quantity=SeatsTotal(2))) == []
    none = {"standard": replace(OFFERS["standard"], minimum=0)}
    for seats in (SeatsTotal(0), SeatsBy(-20), SeatsBy(-25)):
        assert against(plan(quantity=seats), offers=none) == [(Dimension.QUANTITY, refusals.BelowMinimum(1))]


def test_invariant_13_more_people_than_seats_to_be_is_a_task_until_the_renewal() -> None:
    assert against(plan(quantity=SeatsTotal(15)), assigned=15) == []
    (found,) = conflicts.found(timeline=plan(quantity=SeatsTotal(15)), allowed=replace(ALLOWED, assigned=16))
    assert found == Conflict(effective_on=RENEWAL, dimension=Dimension.QUANTITY, reason=conflicts.StillAssigned(16, 15))
    assert not found.is_blocking


def test_the_limits_are_those_of_the_target_offer() -> None:
    assert against(plan(quantity=SeatsTotal(9), offer="premium")) == [
        (Dimension.QUANTITY, refusals.BelowMinimum(10)),
        (Dimension.QUANTITY, refusals.StepSize(5, 5, 10)),
    ]
    assert against(plan(quantity=SeatsTotal(55), offer="premium")) == [(Dimension.QUANTITY, refusals.AboveMaximum(50))]
    assert against(plan(offer="premium")) == []
    assert against(plan(quantity=SeatsTotal(50), offer="premium")) == []
    sixty = Timeline(running=replace(TWENTY, quantity=60))
    assert against(wished(sixty, (Dimension.OFFER, "premium", RENEWAL))) == [
        (Dimension.OFFER, refusals.AboveMaximum(50))
    ]


def test_a_family_of_offers_is_full_with_the_seats_that_others_hold() -> None:
    offers = {name: replace(OFFERS[name], family="business", maximum=None) for name in ("standard", "premium")}
    full = {"families": {"business": conflicts.FamilyLimit(maximum=30, elsewhere=5)}}
    reason = conflicts.FamilyFull("business", 30, 5)
    assert against(plan(quantity=SeatsTotal(25)), offers=offers, **full) == []
    assert against(plan(quantity=SeatsTotal(26)), offers=offers, **full) == [(Dimension.QUANTITY, reason)]
    assert against(plan(quantity=SeatsTotal(30), offer="premium"), offers=offers, **full) == [
        (Dimension.QUANTITY, reason)
    ]
    other = {"families": {"other": conflicts.FamilyLimit(maximum=1, elsewhere=5)}}
    assert against(plan(quantity=SeatsTotal(26)), offers=offers, **other) == []
    # Who is above the limit may stay there and come down, and change the plan inside the family.
    over = {"families": {"business": conflicts.FamilyLimit(maximum=30, elsewhere=25)}}
    assert against(plan(quantity=SeatsTotal(19)), offers=offers, **over) == []
    assert against(plan(offer="premium"), offers=offers, **over) == []
    ((_, full_up),) = against(plan(quantity=SeatsTotal(21)), offers=offers, **over)
    assert (full_up.held, full_up.most) == (20, 20)
    assert reason.most == 25
    entered = offers | {"standard": replace(offers["standard"], family="")}
    assert against(plan(offer="premium"), offers=entered, **over) == [
        (Dimension.OFFER, conflicts.FamilyFull("business", 30, 25))
    ]
    unknown = {"premium": offers["premium"]}
    assert against(plan(offer="premium"), offers=unknown, **over) == [
        (Dimension.OFFER, conflicts.FamilyFull("business", 30, 25))
    ]


def test_a_total_above_the_limit_may_come_down_towards_it() -> None:
    many = Timeline(running=replace(TWENTY, quantity=400))
    assert against(wished(many, (Dimension.QUANTITY, SeatsTotal(350), RENEWAL))) == []
    assert against(wished(many, (Dimension.QUANTITY, SeatsTotal(401), RENEWAL))) == [
        (Dimension.QUANTITY, refusals.AboveMaximum(300))
    ]


def test_an_offer_needs_a_path_and_limits_that_are_known() -> None:
    reason = conflicts.NotReachable("premium")
    assert against(plan(offer="premium"), targets=frozenset()) == [(Dimension.OFFER, reason)]
    assert against(plan(offer="premium"), offers={}) == [(Dimension.OFFER, reason)]
    assert against(plan(quantity=SeatsTotal(15)), offers={}) == [(Dimension.OFFER, conflicts.NotReachable("standard"))]


def test_nothing_is_scheduled_into_what_is_not_sold_any_more() -> None:
    assert against(plan(offer="retired")) == [(Dimension.OFFER, conflicts.NotOnSale("retired"))]
    held = Timeline(running=replace(TWENTY, offer="retired"))
    assert against(wished(held, (Dimension.QUANTITY, SeatsTotal(15), RENEWAL))) == []
    assert against(wished(held, (Dimension.TERM, Term.P3Y, RENEWAL))) == [
        (Dimension.TERM, conflicts.NotOnSale("retired"))
    ]
    assert against(wished(held, (Dimension.BILLING_PLAN, BillingPlan.ANNUAL, RENEWAL))) == [
        (Dimension.BILLING_PLAN, conflicts.NotOnSale("retired"))
    ]


def test_term_and_billing_plan_must_be_sold_together() -> None:
    assert against(plan(term=Term.P1M, billing_plan=BillingPlan.ANNUAL)) == [
        (
            Dimension.BILLING_PLAN,
            conflicts.PlanNotOffered(Term.P1M, BillingPlan.ANNUAL, (BillingPlan.MONTHLY,)),
        )
    ]
    assert against(plan(offer="premium", term=Term.P3Y)) == [
        (Dimension.TERM, conflicts.PlanNotOffered(Term.P3Y, BillingPlan.MONTHLY, ()))
    ]
    upfront = Timeline(running=replace(TWENTY, term=Term.P3Y, billing_plan=BillingPlan.TRIENNIAL))
    assert against(wished(upfront, (Dimension.OFFER, "premium", RENEWAL))) == [
        (Dimension.OFFER, conflicts.PlanNotOffered(Term.P3Y, BillingPlan.TRIENNIAL, ()))
    ]


def test_what_is_cancelled_is_not_renewed_with_anything() -> None:
    reason = conflicts.Contradicts(Ending.CANCEL)
    both = plan(ending=Ending.CANCEL, quantity=SeatsTotal(15), term=Term.P3Y)
    assert against(both) == [(Dimension.QUANTITY, reason), (Dimension.TERM, reason)]


def test_an_extended_term_goes_on_with_what_there_is_and_takes_no_other_wish() -> None:
    reason = conflicts.Contradicts(Ending.EXTENDED)
    assert against(plan(ending=Ending.EXTENDED, quantity=SeatsTotal(15), offer="premium")) == [
        (Dimension.QUANTITY, reason),
        (Dimension.OFFER, reason),
    ]
    off = Timeline(running=replace(TWENTY, ending=Ending.EXTENDED))
    assert against(wished(off, (Dimension.OFFER, "premium", RENEWAL))) == [(Dimension.OFFER, reason)]


def test_an_ending_that_the_subscription_cannot_have_is_refused() -> None:
    old_rules = frozenset({Ending.RENEW, Ending.CANCEL})
    assert against(plan(ending=Ending.EXTENDED), endings=old_rules) == [
        (Dimension.ENDING, conflicts.EndingNotOffered(Ending.EXTENDED))
    ]
    end_of_life = frozenset({Ending.CANCEL})
    assert against(plan(quantity=SeatsTotal(15)), endings=end_of_life) == [
        (Dimension.ENDING, conflicts.EndingNotOffered(Ending.RENEW))
    ]


def test_an_end_date_must_be_among_the_choices_and_within_the_full_term() -> None:
    october = dt.date(2027, 10, 2)
    choices = frozenset({october, RENEWAL, dt.date(2029, 10, 2)})
    assert against(plan(end_date=october), end_dates=choices) == []
    november = dt.date(2027, 11, 2)
    assert against(plan(end_date=november), end_dates=choices) == [
        (Dimension.END_DATE, conflicts.EndDateNotAllowed(november, (october,)))
    ]
    for outside in (RENEWAL, dt.date(2029, 10, 2)):
        assert against(plan(end_date=outside), end_dates=choices) == [
            (Dimension.END_DATE, conflicts.EndDateNotAllowed(outside, (october,)))
        ]
    assert against(plan(end_date=SECOND), end_dates=frozenset({SECOND})) == []
    later = wished(NOTHING, (Dimension.END_DATE, dt.date(2028, 10, 2), SECOND))
    assert against(later, end_dates=frozenset({dt.date(2028, 10, 2)})) == [
        (Dimension.END_DATE, conflicts.EndDateNotAllowed(dt.date(2028, 10, 2), ()))
    ]


def test_a_promotion_that_does_not_fit_the_next_term_is_refused_by_us() -> None:
    promotion = Promotion(promotion_id="spring", offer="standard", combinations=YEARLY_ONLY, maximum=30)
    mismatch = conflicts.PromotionMismatch("spring")
    expected: list[tuple[dict[str, Any], list[tuple[Dimension, Any]]]] = [
        ({"quantity": SeatsTotal(30)}, []),
        ({"billing_plan": BillingPlan.ANNUAL}, []),
        ({"quantity": SeatsTotal(31)}, [(Dimension.QUANTITY, mismatch)]),
        ({"quantity": SeatsBy(11)}, [(Dimension.QUANTITY, mismatch)]),
        ({"quantity": SeatsBy(10)}, []),
        ({"term": Term.P3Y}, [(Dimension.TERM, mismatch)]),
        ({"term": Term.P3Y, "billing_plan": BillingPlan.TRIENNIAL}, [(Dimension.BILLING_PLAN, mismatch)]),
        ({"offer": "premium"}, [(Dimension.OFFER, mismatch)]),
    ]
    for wish, found in expected:
        assert against(plan(**wish), promotion=promotion) == found
    unlimited = replace(promotion, maximum=None)
    assert against(plan(quantity=SeatsTotal(299)), promotion=unlimited) == []
    later = wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(31), SECOND))
    assert against(later, promotion=promotion) == []


def test_a_wish_must_be_for_the_first_day_of_a_term() -> None:
    off_grid = wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(15), dt.date(2028, 4, 1)))
    assert against(off_grid) == [(Dimension.QUANTITY, conflicts.NotARenewal(dt.date(2028, 3, 1), dt.date(2029, 3, 1)))]
    (found,) = conflicts.found(timeline=off_grid, allowed=ALLOWED)
    assert (found.effective_on, found.is_blocking) == (dt.date(2028, 4, 1), True)
    assert against(wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(15), dt.date(2036, 3, 1)))) == []
    longer = wished(NOTHING, (Dimension.TERM, Term.P3Y, RENEWAL), (Dimension.QUANTITY, SeatsTotal(15), SECOND))
    assert against(longer) == [(Dimension.QUANTITY, conflicts.NotARenewal(RENEWAL, dt.date(2030, 3, 1)))]


def test_later_dates_are_judged_with_what_the_earlier_ones_bring() -> None:
    chain = wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(15), RENEWAL), (Dimension.QUANTITY, SeatsBy(-14), SECOND))
    found = conflicts.found(timeline=chain, allowed=ALLOWED)
    assert [(one.effective_on, one.reason) for one in found] == [(SECOND, refusals.BelowMinimum(2))]
    third = dt.date(2029, 3, 1)
    late = wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(15), SECOND), (Dimension.QUANTITY, SeatsBy(-14), third))
    assert [one.effective_on for one in conflicts.found(timeline=late, allowed=ALLOWED)] == [third]
    other = wished(NOTHING, (Dimension.OFFER, "premium", RENEWAL), (Dimension.OFFER, "standard", SECOND))
    assert against(other) == []


def test_nothing_is_judged_behind_a_date_that_is_blocked_but_behind_a_mere_task() -> None:
    seats = (Dimension.QUANTITY, SeatsBy(-20), SECOND)
    blocked = wished(NOTHING, (Dimension.OFFER, "unknown", RENEWAL), seats)
    assert against(blocked) == [(Dimension.OFFER, conflicts.NotReachable("unknown"))]
    task = wished(NOTHING, (Dimension.QUANTITY, SeatsTotal(19), RENEWAL), seats)
    assert against(task, assigned=20) == [
        (Dimension.QUANTITY, conflicts.StillAssigned(20, 19)),
        (Dimension.QUANTITY, refusals.BelowMinimum(2)),
        (Dimension.QUANTITY, conflicts.StillAssigned(20, -1)),
    ]


def test_nothing_can_be_wished_for_after_the_end() -> None:
    seats = (Dimension.QUANTITY, SeatsTotal(15), SECOND)
    cancelled = wished(NOTHING, (Dimension.ENDING, Ending.CANCEL, RENEWAL), seats)
    assert against(cancelled) == [(Dimension.QUANTITY, conflicts.AfterTheEnd(Ending.CANCEL, RENEWAL))]
    by_itself = wished(Timeline(running=replace(TWENTY, ending=Ending.EXTENDED)), seats)
    assert against(by_itself) == [(Dimension.QUANTITY, conflicts.AfterTheEnd(Ending.EXTENDED, RENEWAL))]
    extended = wished(by_itself, (Dimension.QUANTITY, SeatsTotal(19), RENEWAL))
    assert against(extended) == [(Dimension.QUANTITY, conflicts.Contradicts(Ending.EXTENDED))]


@pytest.mark.parametrize(("minutes", "is_locked"), [(-1, False), (0, True), (1, True), (24 * 60 + 1, True)])
def test_the_lock_is_24_hours_before_the_end_of_the_term_in_utc(minutes: int, is_locked: bool) -> None:
    policy = RenewalPolicy(
        version="1",
        lock_before_renewal=dt.timedelta(hours=24),
        alarms_before_renewal=(),
        processing=dt.timedelta(hours=24),
        source="made up for tests",
    )
    lock_at = dt.datetime(2027, 2, 28, tzinfo=dt.UTC)
    berlin = dt.timezone(dt.timedelta(hours=1))
    at = (lock_at + dt.timedelta(minutes=minutes)).astimezone(berlin)
    found = conflicts.locked(at=at, renews_on=RENEWAL, policy=policy)
    assert found == (conflicts.Locked(lock_at) if is_locked else None)


def test_every_reason_has_a_code_of_its_own() -> None:
    reasons = conflicts.Reason.__args__
    codes = [reason.code for reason in reasons]
    assert len(set(codes)) == len(codes) == 15
