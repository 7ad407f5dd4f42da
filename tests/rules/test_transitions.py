"""From one offer to another inside a term: what is possible, what the overlap costs, and that nobody is left out."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import transitions, windows
from seatwright.rules.money import Money, Rate
from seatwright.rules.periods import Period
from seatwright.rules.terms import BillingPlan, Term, allowed_plans
from seatwright.rules.transitions import Obstacle, Overlap, Side, Step, StepKind, Transition, Way
from seatwright.rules.windows import SeatLot, WindowPolicy

AT = dt.datetime(2026, 6, 20, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
POLICY = WindowPolicy(
    version="1", return_window=7 * DAY, safety_margin=dt.timedelta(minutes=10), source="made up for tests"
)
PATHS = {("standard", "premium")}
SOURCE = Side(subscription_key="one", offer="standard", quantity=20, term=Term.P1Y, ends_on=dt.date(2027, 3, 1))
INTO = replace(SOURCE, subscription_key="two", offer="premium", quantity=5)


def feasible(source: Side = SOURCE, quantity: int = 20, **facts: Any) -> transitions.Feasibility:
    return transitions.feasibility(source=source, to_offer="premium", quantity=quantity, paths=PATHS, **facts)


@pytest.mark.parametrize(
    ("quantity", "into", "way"),
    [(20, None, Way.FULL), (19, None, Way.PARTIAL), (1, None, Way.PARTIAL), (8, INTO, Way.MERGE)],
)
def test_all_seats_are_a_full_transition_fewer_a_partial_one_and_into_another_a_merge(
    quantity: int, into: Side | None, way: Way
) -> None:
    found = feasible(quantity=quantity, into=into)
    assert (found.way, found.obstacles, found.is_possible) == (way, (), True)


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({"offer": "windows"}, Obstacle.NO_PATH),
        ({"is_active": False}, Obstacle.SOURCE_NOT_ACTIVE),
        ({"is_provisioned": False}, Obstacle.SOURCE_NOT_PROVISIONED),
        ({"is_trial": True}, Obstacle.SOURCE_IS_TRIAL),
        ({"has_add_ons": True}, Obstacle.SOURCE_HAS_ADD_ONS),
        ({"quantity": 19}, Obstacle.MORE_THAN_HELD),
    ],
)
def test_what_can_be_wrong_with_the_source(change: dict[str, Any], obstacle: Obstacle) -> None:
    found = feasible(source=replace(SOURCE, **change))
    assert found.obstacles == (obstacle,)
    assert not found.is_possible


@pytest.mark.parametrize(
    ("change", "obstacles"),
    [
        ({"subscription_key": "one"}, [Obstacle.TARGET_IS_SOURCE]),
        ({"is_active": False}, [Obstacle.TARGET_NOT_ACTIVE]),
        ({"is_in_window": True}, [Obstacle.TARGET_IN_WINDOW]),
        ({"offer": "enterprise"}, [Obstacle.TARGET_OTHER_OFFER]),
        ({"term": Term.P1M}, [Obstacle.TARGET_TERM_SHORTER]),
        ({"term": Term.P3Y}, []),
        ({"ends_on": dt.date(2027, 2, 28)}, [Obstacle.TARGET_ENDS_EARLIER]),
        ({"ends_on": dt.date(2027, 3, 2)}, []),
        (
            {"is_active": False, "term": Term.P1M, "ends_on": dt.date(2026, 7, 1)},
            [Obstacle.TARGET_NOT_ACTIVE, Obstacle.TARGET_TERM_SHORTER, Obstacle.TARGET_ENDS_EARLIER],
        ),
    ],
)
def test_what_can_be_wrong_with_the_target_of_a_merge(change: dict[str, Any], obstacles: list[Obstacle]) -> None:
    assert list(feasible(quantity=8, into=replace(INTO, **change)).obstacles) == obstacles


def test_both_sides_of_a_merge_are_judged() -> None:
    found = feasible(source=replace(SOURCE, has_add_ons=True), quantity=8, into=replace(INTO, is_active=False))
    assert found.obstacles == (Obstacle.SOURCE_HAS_ADD_ONS, Obstacle.TARGET_NOT_ACTIVE)


def test_a_transition_moves_at_least_one_seat() -> None:
    with pytest.raises(ValueError, match="at least one seat"):
        feasible(quantity=0)


def lot(lot_id: str, quantity: int, days_ago: int) -> SeatLot:
    added_at = AT - days_ago * DAY
    until = windows.window_end(added_at=added_at, policy=POLICY)
    return SeatLot(lot_id=lot_id, quantity=quantity, added_at=added_at, returnable_until=until)


LOTS = (lot("old", 15, 100), lot("open", 5, 3))


def after(way: Way, quantity: int) -> transitions.MovedLots:
    return transitions.lots_after(way=way, lots=LOTS, quantity=quantity, at=AT, policy=POLICY)


def returnable(lots: tuple[SeatLot, ...]) -> int:
    return windows.returnable(lots=lots, vendor_says=None, at=AT, policy=POLICY).total


def test_invariant_14_a_partial_transition_inherits_the_windows_of_the_seats_it_takes() -> None:
    found = after(Way.PARTIAL, 8)
    assert sorted((one.lot_id, one.quantity, one.returnable_until) for one in found.target) == [
        ("old", 3, LOTS[0].returnable_until),
        ("open", 5, LOTS[1].returnable_until),
    ]
    assert found.source == (replace(LOTS[0], quantity=12),)


def test_invariant_14_a_full_transition_keeps_the_windows_and_opens_none() -> None:
    found = after(Way.FULL, 20)
    assert found.source == ()
    assert set(found.target) == set(LOTS)


def test_invariant_14_merged_seats_count_as_closed_until_the_vendor_says_otherwise() -> None:
    found = after(Way.MERGE, 8)
    assert {one.returnable_until for one in found.target} == {None}
    assert (returnable(found.target), returnable(found.source)) == (0, 0)


@given(st.sampled_from([Way.PARTIAL, Way.MERGE]), st.integers(1, 20))
def test_invariant_14_no_transition_makes_or_loses_a_seat_or_makes_one_returnable(way: Way, quantity: int) -> None:
    found = after(way, quantity)
    assert sum(one.quantity for one in found.target) == quantity
    assert sum(one.quantity for one in (*found.source, *found.target)) == 20
    assert returnable(found.source) + returnable(found.target) <= returnable(LOTS)


JUNE = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1))
JULY = Period(dt.date(2026, 7, 1), dt.date(2026, 8, 1))


def overlap(latest: str, *cycles: Period, quantity: int = 4, rate: str = "15.00") -> Overlap:
    return Overlap(
        quantity=quantity,
        unit_rate=Rate.parse(rate, "EUR"),
        from_on=dt.date(2026, 6, 20),
        latest_on=dt.date.fromisoformat(latest),
        cycles=cycles,
    )


def test_the_overlap_costs_the_old_seats_for_each_day_that_they_are_held() -> None:
    """4 x 15.00 a month are 2.00 a day in June: seven days 14.00, one day 2.00."""
    week = overlap("2026-06-27", JUNE)
    assert week.days == 7
    assert week.maximum == Money(1_400, "EUR")
    assert week.per_day() == tuple((dt.date(2026, 6, day), Money(200, "EUR")) for day in range(20, 27))
    assert week.until(dt.date(2026, 6, 21)) == Money(200, "EUR")
    assert week.until(dt.date(2026, 6, 20)) == Money(0, "EUR")


def test_an_overlap_over_two_cycles_counts_each_by_its_own_days() -> None:
    """11 days of June at 2.00 and 31 days of July for 60.00."""
    found = overlap("2026-08-01", JUNE, JULY)
    assert found.maximum == Money(2_200 + 6_000, "EUR")
    assert sum(amount.minor for _, amount in found.per_day()) == 8_200


@given(
    st.integers(0, 300),
    st.decimals(0, 99, places=3).map(abs),
    st.integers(0, 42),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_invariant_25_the_overlap_is_charged_at_most_as_quoted(
    quantity: int, rate: Any, days: int, one: int, other: int
) -> None:
    quoted = Overlap(
        quantity=quantity,
        unit_rate=Rate(rate, "EUR"),
        from_on=dt.date(2026, 6, 20),
        latest_on=dt.date(2026, 6, 20) + days * DAY,
        cycles=(JUNE, JULY),
    )
    early, late = sorted((one, other))
    sooner = quoted.until(quoted.from_on + early * DAY)
    later = quoted.until(quoted.from_on + late * DAY)
    assert Money(0, "EUR") <= sooner <= later <= quoted.maximum
    per_day = quoted.per_day()
    assert len(per_day) == days
    assert sum(amount.minor for _, amount in per_day) == quoted.maximum.minor


def test_an_overlap_needs_a_cycle_for_each_of_its_days() -> None:
    assert overlap("2026-06-20").maximum == Money(0, "EUR")
    assert overlap("2026-07-01", JUNE, JULY).days == 11
    for latest, cycles in (("2026-06-21", ()), ("2026-07-02", (JUNE,)), ("2026-07-02", (JULY,))):
        with pytest.raises(ValueError, match="in no given cycle"):
            overlap(latest, *cycles)
    with pytest.raises(ValueError, match="does not end before"):
        overlap("2026-06-19", JUNE)
    with pytest.raises(ValueError, match="does not end before"):
        overlap("2026-06-21", JUNE, quantity=-1)


def test_without_a_path_seats_are_bought_awaited_and_moved_one_person_at_a_time() -> None:
    found = transitions.swap_steps(people=["ann", "bob"], free_new=0, transition=None)
    assert found == (
        Step(kind=StepKind.BUY, quantity=2),
        Step(kind=StepKind.AWAIT_FREE, quantity=2),
        Step(kind=StepKind.MOVE, person="ann", needs_free_new=1),
        Step(kind=StepKind.MOVE, person="bob", needs_free_new=1),
        Step(kind=StepKind.VERIFY, person="ann"),
        Step(kind=StepKind.VERIFY, person="bob"),
    )


@pytest.mark.parametrize(("free", "bought"), [(-1, [2]), (0, [2]), (1, [1]), (2, []), (9, [])])
def test_free_seats_of_the_new_offer_are_used_first(free: int, bought: list[int]) -> None:
    steps = transitions.swap_steps(people=["ann", "bob"], free_new=free, transition=None)
    assert [step.quantity for step in steps if step.kind is StepKind.BUY] == bought


def test_a_full_transition_moves_everybody_by_itself_and_is_verified_all_the_same() -> None:
    full = Transition(way=Way.FULL, quantity=20)
    assert transitions.swap_steps(people=["ann"], free_new=0, transition=full) == (
        Step(kind=StepKind.TRANSITION, quantity=20),
        Step(kind=StepKind.VERIFY, person="ann"),
    )


@pytest.mark.parametrize("way", [Way.PARTIAL, Way.MERGE])
def test_after_another_transition_people_are_moved_by_hand(way: Way) -> None:
    steps = transitions.swap_steps(people=["ann"], free_new=0, transition=Transition(way=way, quantity=1))
    assert [step.kind for step in steps] == [
        StepKind.TRANSITION,
        StepKind.AWAIT_FREE,
        StepKind.MOVE,
        StepKind.VERIFY,
    ]


def test_impossible_swaps_have_no_plan() -> None:
    for people in ([], ["ann", "ann"]):
        with pytest.raises(ValueError, match="at least one person"):
            transitions.swap_steps(people=people, free_new=0, transition=None)
    with pytest.raises(ValueError, match="1 seats for 2 people"):
        transitions.swap_steps(people=["ann", "bob"], free_new=0, transition=Transition(way=Way.PARTIAL, quantity=1))


class World:
    """What a swap works on: old and new seats, and who holds which licence."""

    def __init__(self, old_seats: int, new_seats: int, old: set[str], new: set[str]) -> None:
        self.old_seats = old_seats
        self.new_seats = new_seats
        self.old = old
        self.new = new

    def carry_out(self, step: Step) -> None:
        if step.kind is StepKind.BUY:
            self.new_seats += step.quantity
        elif step.kind is StepKind.AWAIT_FREE:
            assert self.new_seats - len(self.new) >= step.quantity
        elif step.kind is StepKind.MOVE:
            assert self.new_seats - len(self.new) >= step.needs_free_new == 1
            self.new.add(step.person)
            self.old.remove(step.person)
        elif step.kind is StepKind.VERIFY:
            assert step.person in self.new
            assert step.person not in self.old
        elif step.kind in (StepKind.RETURN, StepKind.END):
            assert step.keeps_old_for is not None
            assert len(self.old) <= step.keeps_old_for
            self.old_seats -= step.quantity


@given(st.data())
def test_invariant_13_no_prefix_of_a_swap_leaves_anybody_without_a_licence_or_a_seat(data: st.DataObject) -> None:
    everybody = [f"person {number}" for number in range(data.draw(st.integers(1, 8)))]
    swapped = data.draw(st.lists(st.sampled_from(everybody), min_size=1, unique=True))
    failed = set(data.draw(st.lists(st.sampled_from(swapped), unique=True)))
    free = data.draw(st.integers(0, 5))
    idle = data.draw(st.integers(0, 3))
    world = World(len(everybody) + idle, free, set(everybody), set())
    steps = transitions.swap_steps(people=swapped, free_new=free, transition=None)
    for step in (step for step in steps if step.person not in failed):
        world.carry_out(step)
        assert world.old | world.new == set(everybody)
        assert len(world.old) <= world.old_seats
        assert len(world.new) <= world.new_seats
    moved = len(swapped) - len(failed)
    returnable_now = data.draw(st.integers(0, world.old_seats))
    rest = transitions.give_back(moved=moved, held=world.old_seats, assigned=len(world.old), returnable=returnable_now)
    leaving = sum(step.quantity for step in rest)
    assert leaving <= moved
    assert leaving >= min(moved, len(everybody) + idle - 1)
    for step in rest:
        world.carry_out(step)
        assert len(world.old) <= world.old_seats


def gone(moved: int, held: int, assigned: int, returnable: int, minimum: int = 1) -> list[tuple[StepKind, int, Any]]:
    steps = transitions.give_back(moved=moved, held=held, assigned=assigned, returnable=returnable, minimum=minimum)
    return [(step.kind, step.quantity, step.keeps_old_for) for step in steps]


@pytest.mark.parametrize(
    ("moved", "held", "assigned", "returnable_now", "expected"),
    [
        (4, 10, 6, 4, [(StepKind.RETURN, 4, 6)]),
        (4, 10, 6, 9, [(StepKind.RETURN, 4, 6)]),
        (4, 10, 6, 3, [(StepKind.RETURN, 3, 7), (StepKind.SCHEDULE_FEWER, 1, 6)]),
        (4, 10, 6, 0, [(StepKind.SCHEDULE_FEWER, 4, 6)]),
        (4, 10, 8, 4, [(StepKind.RETURN, 2, 8)]),
        (4, 10, 10, 4, []),
        (4, 10, 11, 4, []),
        (0, 10, 0, 4, []),
        (10, 10, 0, 10, [(StepKind.END, 10, 0)]),
        (10, 10, 0, 9, [(StepKind.SCHEDULE_END, 10, 0)]),
        (9, 10, 0, 10, [(StepKind.RETURN, 9, 1)]),
    ],
)
def test_old_seats_go_back_as_far_as_windows_and_people_allow(
    moved: int, held: int, assigned: int, returnable_now: int, expected: list[tuple[StepKind, int, int]]
) -> None:
    assert gone(moved, held, assigned, returnable_now) == expected


def test_invariant_12_old_seats_stay_at_the_minimum_of_their_offer() -> None:
    assert gone(9, 10, 0, 10, minimum=5) == [(StepKind.RETURN, 5, 5)]
    assert gone(9, 10, 0, 2, minimum=5) == [(StepKind.RETURN, 2, 8), (StepKind.SCHEDULE_FEWER, 3, 5)]
    assert gone(9, 10, 0, 10, minimum=10) == []
    assert gone(9, 10, 0, 10, minimum=12) == []
    assert gone(9, 10, 0, 10, minimum=0) == [(StepKind.RETURN, 9, 1)]


M, A, T = BillingPlan.MONTHLY, BillingPlan.ANNUAL, BillingPlan.TRIENNIAL


@pytest.mark.parametrize(
    ("term", "plan", "new_terms", "new_plans"),
    [
        (Term.P1M, M, {(Term.P1Y, M), (Term.P1Y, A), (Term.P3Y, M), (Term.P3Y, A), (Term.P3Y, T)}, ()),
        (Term.P1Y, A, {(Term.P3Y, M), (Term.P3Y, A), (Term.P3Y, T)}, ()),
        (Term.P1Y, M, {(Term.P3Y, M), (Term.P3Y, A), (Term.P3Y, T)}, ()),
        (Term.P3Y, M, set(), (A,)),
        (Term.P3Y, A, set(), (M,)),
        (Term.P3Y, T, set(), ()),
    ],
)
def test_the_vendors_table_of_changes_inside_a_term(
    term: Term, plan: BillingPlan, new_terms: set[Any], new_plans: tuple[BillingPlan, ...]
) -> None:
    """The table of reference 5.7, row by row."""
    assert set(transitions.term_changes(term=term)) == new_terms
    assert transitions.frequency_changes(term=term, billing_plan=plan) == new_plans


def test_why_a_term_cannot_be_changed_at_once() -> None:
    every = {(term, plan) for term in Term for plan in allowed_plans(term)}

    def refusal(term: Term, to: Term, plan: BillingPlan, is_trial: bool = False, sold: set[Any] = every) -> object:
        return transitions.term_change_refusal(term=term, to_term=to, to_plan=plan, on_sale=sold, is_trial=is_trial)

    assert refusal(Term.P1M, Term.P1Y, A) is None
    assert refusal(Term.P1Y, Term.P1M, M) == transitions.ShorterTerm()
    assert refusal(Term.P1M, Term.P1Y, A, is_trial=True) == transitions.NotDuringTrial()
    assert refusal(Term.P3Y, Term.P3Y, A) == transitions.CombinationNotOffered(())
    assert refusal(Term.P1Y, Term.P3Y, T, sold={(Term.P3Y, M)}) == transitions.CombinationNotOffered(((Term.P3Y, M),))
    codes = {
        transitions.ShorterTerm.code,
        transitions.NotDuringTrial.code,
        transitions.CombinationNotOffered.code,
    }
    assert codes == {"shorter_term", "not_during_trial", "combination_not_offered"}
