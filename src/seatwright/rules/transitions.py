"""From one offer to another inside a term: whether the vendor has a way, what an own way costs, and in which order.

A vendor transition cannot be undone and opens no return window. Where there is none, seats of the new offer are bought,
people are moved one by one, and the old seats are returned or leave at the renewal; meanwhile both are paid, at most as
quoted (invariant 25). Sources: Partner Center reference 5.4, 5.7, 6.1, 6.3; product idea 4.
"""

import datetime as dt
import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from seatwright.rules import money, periods, proration, terms, windows


class Way(enum.StrEnum):
    """How a vendor carries out a transition."""

    FULL = "full"
    PARTIAL = "partial"
    MERGE = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One subscription of a transition; its term ends before `ends_on`.

    `is_in_window` counts for the target of a merge: whether it can still be cancelled as a whole.
    """

    subscription_key: str
    offer: str
    quantity: int
    term: terms.Term
    ends_on: dt.date
    is_active: bool = True
    is_provisioned: bool = True
    is_trial: bool = False
    has_add_ons: bool = False
    is_in_window: bool = False


class Obstacle(enum.StrEnum):
    """Why a transition is not possible."""

    NO_PATH = "no_path"
    SOURCE_NOT_ACTIVE = "source_not_active"
    SOURCE_NOT_PROVISIONED = "source_not_provisioned"
    SOURCE_IS_TRIAL = "source_is_trial"
    SOURCE_HAS_ADD_ONS = "source_has_add_ons"
    MORE_THAN_HELD = "more_than_held"
    TARGET_IS_SOURCE = "target_is_source"
    TARGET_NOT_ACTIVE = "target_not_active"
    TARGET_IN_WINDOW = "target_in_window"
    TARGET_OTHER_OFFER = "target_other_offer"
    TARGET_TERM_SHORTER = "target_term_shorter"
    TARGET_ENDS_EARLIER = "target_ends_earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasibility:
    """The way in which a transition would go, and everything against it."""

    way: Way
    obstacles: tuple[Obstacle, ...]

    @property
    def is_possible(self) -> bool:
        return not self.obstacles


def feasibility(
    *, source: Side, to_offer: str, quantity: int, paths: Collection[tuple[str, str]], into: Side | None = None
) -> Feasibility:
    """Whether `quantity` seats of `source` can go over to `to_offer`, as a whole, in part, or `into` another one.

    All seats without `into` keep the subscription's id; fewer make a new one that ends with the source. A trial is
    converted, not transitioned (reference 5.8). Raises ValueError for fewer than one seat.
    """
    if quantity < 1:
        raise ValueError("a transition moves at least one seat")
    tests = [
        ((source.offer, to_offer) not in paths, Obstacle.NO_PATH),
        (not source.is_active, Obstacle.SOURCE_NOT_ACTIVE),
        (not source.is_provisioned, Obstacle.SOURCE_NOT_PROVISIONED),
        (source.is_trial, Obstacle.SOURCE_IS_TRIAL),
        (source.has_add_ons, Obstacle.SOURCE_HAS_ADD_ONS),
        (quantity > source.quantity, Obstacle.MORE_THAN_HELD),
    ]
    if into is None:
        way = Way.FULL if quantity >= source.quantity else Way.PARTIAL
    else:
        way = Way.MERGE
        tests += [
            (into.subscription_key == source.subscription_key, Obstacle.TARGET_IS_SOURCE),
            (not into.is_active, Obstacle.TARGET_NOT_ACTIVE),
            (into.is_in_window, Obstacle.TARGET_IN_WINDOW),
            (into.offer != to_offer, Obstacle.TARGET_OTHER_OFFER),
            (into.term.months < source.term.months, Obstacle.TARGET_TERM_SHORTER),
            (into.ends_on < source.ends_on, Obstacle.TARGET_ENDS_EARLIER),
        ]
    return Feasibility(way=way, obstacles=tuple(obstacle for applies, obstacle in tests if applies))


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLots:
    """The seat lots on both sides after a transition; `source` is empty when everything went over."""

    source: tuple[windows.SeatLot, ...]
    target: tuple[windows.SeatLot, ...]


def lots_after(
    *, way: Way, lots: Sequence[windows.SeatLot], quantity: int, at: dt.datetime, policy: windows.WindowPolicy
) -> MovedLots:
    """Where the lots of the source are after the transition; no window is opened or made longer (invariant 14).

    A full one keeps them, a partial one inherits the windows of the lots that `windows.moved` takes. What becomes of
    the windows of merged seats is not documented: they count as closed until the vendor says otherwise.
    """
    moved = windows.moved(lots=lots, quantity=quantity, at=at, policy=policy)
    taken = {lot.lot_id: lot.quantity for lot in moved}
    rest = (replace(lot, quantity=lot.quantity - taken.get(lot.lot_id, 0)) for lot in lots)
    if way is Way.MERGE:
        moved = tuple(replace(lot, returnable_until=None) for lot in moved)
    return MovedLots(source=tuple(lot for lot in rest if lot.quantity), target=moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What old seats cost while they are held beside the new ones, quoted for the longest that it may take.

    Days from `from_on` up to, not including, `latest_on`; `cycles` are the uncut charge cycles that hold them.
    """

    quantity: int
    unit_rate: money.Rate
    from_on: dt.date
    latest_on: dt.date
    cycles: tuple[periods.Period, ...]

    def __post_init__(self) -> None:
        if self.quantity < 0 or self.latest_on < self.from_on:
            raise ValueError("an overlap has seats and does not end before it begins")
        day = self.from_on
        for cycle in self.cycles:
            if day < self.latest_on and day not in cycle:
                raise ValueError(f"{day} is in no given cycle")
            day = max(day, cycle.end_on)
        if day < self.latest_on:
            raise ValueError(f"{day} is in no given cycle")

    @property
    def days(self) -> int:
        return (self.latest_on - self.from_on).days

    @property
    def maximum(self) -> money.Money:
        return self.until(self.latest_on)

    def until(self, ended_on: dt.date) -> money.Money:
        """What is charged when the old seats were gone on `ended_on`: never more than the maximum (invariant 25)."""
        stop_on = min(ended_on, self.latest_on)
        parts = [
            proration.part_of_period(
                quantity=self.quantity,
                unit_rate=self.unit_rate,
                cycle=cycle,
                during=periods.Period(max(cycle.start_on, self.from_on), min(cycle.end_on, stop_on)),
            )
            for cycle in self.cycles
            if max(cycle.start_on, self.from_on) < min(cycle.end_on, stop_on)
        ]
        return money.total(parts, currency=self.unit_rate.currency)

    def per_day(self) -> tuple[tuple[dt.date, money.Money], ...]:
        """What each day adds; the amounts add up to the maximum, so that two days may differ by a minor unit."""
        on = [self.from_on + dt.timedelta(days=number) for number in range(self.days)]
        return tuple((day, self.until(day + dt.timedelta(days=1)) - self.until(day)) for day in on)


class StepKind(enum.StrEnum):
    """What one step of a swap does."""

    TRANSITION = "transition"
    BUY = "buy"
    AWAIT_FREE = "await_free"
    MOVE = "move"
    VERIFY = "verify"
    RETURN = "return"
    SCHEDULE_FEWER = "schedule_fewer"
    END = "end"
    SCHEDULE_END = "schedule_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a swap, with what must hold right before it; each can be looked up again after a crash.

    `quantity` seats are transitioned, bought, awaited free, returned or scheduled away; `person` is the one moved, in
    one call that gives the new licence and takes the old one. `needs_free_new` new seats must be unassigned before the
    step, and `keeps_old_for` is how many people may hold old seats at most for it to be sent (invariant 13).
    """

    kind: StepKind
    quantity: int = 0
    person: str = ""
    needs_free_new: int = 0
    keeps_old_for: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The vendor's way for the seats of a swap; `quantity` is all of them for a full one."""

    way: Way
    quantity: int


def swap_steps(*, people: Sequence[str], free_new: int, transition: Transition | None) -> tuple[Step, ...]:
    """The steps up to the point where everybody has been looked up with the new licence; then `give_back` decides.

    `transition` is the vendor's way, if there is one: a full one moves licences by itself, which is verified all the
    same. Without one only the seats are bought that `free_new`, the unassigned seats of the new offer, do not cover.
    No prefix of the plan leaves anybody without a licence. Raises ValueError for nobody, for a person named twice, and
    for a transition of fewer seats than people.
    """
    if not people or len(set(people)) != len(people):
        raise ValueError("a swap is for at least one person, each named once")
    count = len(people)
    first = []
    if transition is not None:
        if transition.quantity < count:
            raise ValueError(f"{transition.quantity} seats for {count} people")
        first.append(Step(kind=StepKind.TRANSITION, quantity=transition.quantity))
    elif count > free_new:
        first.append(Step(kind=StepKind.BUY, quantity=count - max(free_new, 0)))
    verified = [Step(kind=StepKind.VERIFY, person=person) for person in people]
    if transition is not None and transition.way is Way.FULL:
        return (*first, *verified)
    first.append(Step(kind=StepKind.AWAIT_FREE, quantity=count))
    moves = [Step(kind=StepKind.MOVE, person=person, needs_free_new=1) for person in people]
    return (*first, *moves, *verified)


def give_back(*, moved: int, held: int, assigned: int, returnable: int, minimum: int = 1) -> tuple[Step, ...]:
    """What happens to the old seats of the `moved` people: returned now as far as allowed, the rest at the renewal.

    `held`, `assigned` and `returnable` are of the old offer, read right before; failed people are not in `moved`. When
    nobody holds a seat any more and all of them were moved, the subscription ends, since it cannot have none: at once
    when every seat is returnable, else with its term (reference 6.3; invariants 12, 13, 14).
    """
    leaving = min(moved, held - assigned)
    if leaving <= 0:
        return ()
    if leaving == held:
        kind = StepKind.END if returnable >= held else StepKind.SCHEDULE_END
        return (Step(kind=kind, quantity=held, keeps_old_for=0),)
    leaving = min(leaving, held - max(minimum, 1))
    now = min(leaving, returnable)
    steps = []
    if now > 0:
        steps.append(Step(kind=StepKind.RETURN, quantity=now, keeps_old_for=held - now))
    if leaving > now:
        left = leaving - max(now, 0)
        steps.append(Step(kind=StepKind.SCHEDULE_FEWER, quantity=left, keeps_old_for=held - leaving))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class ShorterTerm:
    """Inside a term only a longer one can be begun; a shorter one can be scheduled for the renewal."""

    code: ClassVar[str] = "shorter_term"


@dataclass(frozen=True, slots=True)
class NotDuringTrial:
    """A trial's term cannot be changed."""

    code: ClassVar[str] = "not_during_trial"


@dataclass(frozen=True, slots=True)
class CombinationNotOffered:
    """The term or billing plan cannot be had from here; `offered` are those that can."""

    code: ClassVar[str] = "combination_not_offered"
    offered: tuple[tuple[terms.Term, terms.BillingPlan], ...]


def term_changes(*, term: terms.Term) -> tuple[tuple[terms.Term, terms.BillingPlan], ...]:
    """What can be begun at once instead of the running `term`: every longer one with each of its plans (5.7)."""
    return tuple(
        (longer, plan) for longer in terms.Term if longer.months > term.months for plan in terms.allowed_plans(longer)
    )


def frequency_changes(*, term: terms.Term, billing_plan: terms.BillingPlan) -> tuple[terms.BillingPlan, ...]:
    """The billing plans that can follow at the next charge cycle: nothing leads to or from paying upfront (5.7)."""
    if billing_plan.months >= term.months:
        return ()
    return tuple(plan for plan in terms.allowed_plans(term) if plan is not billing_plan and plan.months < term.months)


def term_change_refusal(
    *,
    term: terms.Term,
    to_term: terms.Term,
    to_plan: terms.BillingPlan,
    on_sale: Collection[tuple[terms.Term, terms.BillingPlan]],
    is_trial: bool,
) -> NotDuringTrial | ShorterTerm | CombinationNotOffered | None:
    """Why the term cannot be changed at once, None when it can; `on_sale` are the combinations sold today.

    A change starts a new term today, at today's price; `timeline` is rebased onto it.
    """
    if is_trial:
        return NotDuringTrial()
    if to_term.months < term.months:
        return ShorterTerm()
    offered = tuple(pair for pair in term_changes(term=term) if pair in on_sale)
    return None if (to_term, to_plan) in offered else CombinationNotOffered(offered)
