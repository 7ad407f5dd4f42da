"""Why a timeline cannot come out as wished: a closed family of reasons beside `refusals`, found for every date at once.

A wish is never bent to fit: the timeline keeps what the customer said, and what speaks against it is listed here with
the date and the dimension, for the page to show and for the sender to obey. Sources: Partner Center reference 3.2, 3.6,
5.5, 5.6, 6.3, 6.8, 6.10; invariants 12, 13 and 15.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from seatwright.rules import instants, periods, refusals, renewals, terms
from seatwright.rules import timeline as timelines

Dimension = timelines.Dimension
TermAndPlan = tuple[terms.Term, terms.BillingPlan]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimits:
    """What one offer allows in a next term; `maximum` None is without limit.

    An offer that is not on sale can be renewed as it is, but nothing can be scheduled into it.
    """

    combinations: frozenset[TermAndPlan]
    minimum: int = 1
    maximum: int | None = None
    step: int = 1
    is_on_sale: bool = True
    family: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyLimit:
    """A limit over several offers of one tenant; `elsewhere` are the seats of it that others will hold by then."""

    maximum: int
    elsewhere: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A discount that the customer counts on at the renewal; the vendor sells at full price where it does not match."""

    promotion_id: str
    offer: str
    combinations: frozenset[TermAndPlan]
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What the catalogue, the vendor and the tenant allow at the next renewal.

    `targets` are the offers that can be scheduled from the one held now, `end_dates` the exclusive co-terminous ends of
    `renewals.aligned_ends`, `assigned` the seats in use now, None when nobody knows. `families` are those with a limit.
    """

    offers: Mapping[str, OfferLimits]
    targets: frozenset[str] = frozenset()
    end_dates: frozenset[dt.date] = frozenset()
    endings: frozenset[renewals.Ending] = frozenset({renewals.Ending.RENEW, renewals.Ending.CANCEL})
    assigned: int | None = None
    promotion: Promotion | None = None
    families: Mapping[str, FamilyLimit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StillAssigned:
    """More people hold a seat today than there would be: no reason against the wish, but one to release in time."""

    code: ClassVar[str] = "still_assigned"
    assigned: int
    would_be: int


@dataclass(frozen=True, slots=True)
class FamilyFull:
    """Over all offers of the family the tenant may hold `maximum` seats, and others hold `elsewhere` of them.

    What is `held` already may stay even where that is more than is left.
    """

    code: ClassVar[str] = "family_full"
    family: str
    maximum: int
    elsewhere: int
    held: int = field(default=0, compare=False)

    @property
    def most(self) -> int:
        """The seats that can be wished for."""
        return max(self.maximum - self.elsewhere, self.held)


@dataclass(frozen=True, slots=True)
class NotReachable:
    """No scheduled change leads from the offer held to the wished one, or the wished one is not known."""

    code: ClassVar[str] = "not_reachable"
    offer: str


@dataclass(frozen=True, slots=True)
class NotOnSale:
    """The offer is not sold any more, so that nothing new can be scheduled for it."""

    code: ClassVar[str] = "not_on_sale"
    offer: str


@dataclass(frozen=True, slots=True)
class PlanNotOffered:
    """The offer is not sold with that term and billing plan; `plans` are those it has with that term."""

    code: ClassVar[str] = "plan_not_offered"
    term: terms.Term
    billing_plan: terms.BillingPlan
    plans: tuple[terms.BillingPlan, ...]


@dataclass(frozen=True, slots=True)
class EndDateNotAllowed:
    """The next term cannot end there; `allowed` are the exclusive ends that it can have besides the full term's."""

    code: ClassVar[str] = "end_date_not_allowed"
    end_on: dt.date
    allowed: tuple[dt.date, ...]


@dataclass(frozen=True, slots=True)
class EndingNotOffered:
    """The subscription's term cannot end that way."""

    code: ClassVar[str] = "ending_not_offered"
    ending: renewals.Ending


@dataclass(frozen=True, slots=True)
class Contradicts:
    """The wish has no meaning with that ending: what is cancelled or runs on is not renewed with anything."""

    code: ClassVar[str] = "contradicts_ending"
    ending: renewals.Ending


@dataclass(frozen=True, slots=True)
class AfterTheEnd:
    """By then nothing is renewed any more, since `ending` takes effect on `ended_on`."""

    code: ClassVar[str] = "after_the_end"
    ending: renewals.Ending
    ended_on: dt.date


@dataclass(frozen=True, slots=True)
class NotARenewal:
    """No term begins on that date; the nearest ones begin on `earlier_on` and `later_on`."""

    code: ClassVar[str] = "not_a_renewal"
    earlier_on: dt.date
    later_on: dt.date


@dataclass(frozen=True, slots=True)
class PromotionMismatch:
    """The promotion does not go with the next term's offer, term, billing plan or number of seats."""

    code: ClassVar[str] = "promotion_mismatch"
    promotion_id: str


@dataclass(frozen=True, slots=True)
class Locked:
    """Instructions for the renewal have been left alone since `since_at`."""

    code: ClassVar[str] = "locked"
    since_at: dt.datetime


Reason = (
    StillAssigned
    | FamilyFull
    | NotReachable
    | NotOnSale
    | PlanNotOffered
    | EndDateNotAllowed
    | EndingNotOffered
    | Contradicts
    | AfterTheEnd
    | NotARenewal
    | PromotionMismatch
    | Locked
    | refusals.BelowMinimum
    | refusals.AboveMaximum
    | refusals.StepSize
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One reason against the wish of one dimension for one date."""

    effective_on: dt.date
    dimension: Dimension
    reason: Reason

    @property
    def is_blocking(self) -> bool:
        """Whether the wish cannot be booked; otherwise it is a task until the renewal."""
        return not isinstance(self.reason, StillAssigned)


def locked(*, at: dt.datetime, renews_on: dt.date, policy: renewals.RenewalPolicy) -> Locked | None:
    """The reason against any change of the next renewal from the lock on, which is itself locked."""
    since_at = renewals.term_ends_at(renews_on=renews_on) - policy.lock_before_renewal
    return Locked(since_at) if instants.utc(at) >= since_at else None


def found(*, timeline: timelines.Timeline, allowed: Allowed) -> tuple[Conflict, ...]:
    """Everything that speaks against the timeline, by date; nothing means that it can be carried out.

    `allowed` is known for the next renewal; later ones are judged by it as far as it can tell, and cannot have an end
    date, since nobody knows their choices. After a date with a blocking conflict nothing is judged any more.
    """
    conflicts: list[Conflict] = []
    running: timelines.Running | None = timeline.running
    since_on = timeline.running.anchor_on
    ended = timeline.running.ending
    for entry in timeline.pending:
        reached = _reached(running, entry.effective_on, since_on, ended)
        if not isinstance(reached, timelines.Running):
            wished = next(iter(entry.changes))
            return (*conflicts, Conflict(effective_on=entry.effective_on, dimension=wished, reason=reached))
        is_next = entry.effective_on == timeline.running.renews_on
        here = [
            Conflict(effective_on=entry.effective_on, dimension=dimension, reason=reason)
            for dimension, reason in _judge(reached, entry, allowed, is_next)
        ]
        conflicts += here
        if any(conflict.is_blocking for conflict in here):
            break
        after = timelines.after_renewal(timeline=timelines.Timeline(running=reached, pending=(entry,)))
        ended = entry.ending or reached.ending
        since_on = entry.effective_on
        running = after.running if after else None
    return tuple(conflicts)


def _reached(
    running: timelines.Running | None, on: dt.date, since_on: dt.date, ended: renewals.Ending
) -> timelines.Running | AfterTheEnd | NotARenewal:
    """The term that runs until the renewal `on`, or why there is no such renewal."""
    if running is None:
        return AfterTheEnd(ended, since_on)
    if on == running.renews_on:
        return running
    if on < running.renews_on:
        return NotARenewal(since_on, running.renews_on)
    if running.ending is not renewals.Ending.RENEW:
        return AfterTheEnd(running.ending, running.renews_on)
    first = renewals.term_ahead(anchor_on=running.anchor_on, starts_on=running.renews_on, term=running.term)
    around = periods.term_containing(anchor_on=first.anchor_on, term=running.term, on=on)
    if around.start_on != on:
        return NotARenewal(around.start_on, around.end_on)
    return replace(running, anchor_on=first.anchor_on, renews_on=on)


Found = list[tuple[Dimension, Reason]]


def _judge(running: timelines.Running, entry: timelines.Pending, allowed: Allowed, is_next: bool) -> Found:
    ending = entry.ending or running.ending
    if ending not in allowed.endings:
        return [(Dimension.ENDING, EndingNotOffered(ending))]
    if ending is not renewals.Ending.RENEW:
        # An extended term goes on with the seats that there are: the vendor takes no instructions for it.
        return [(wished, Contradicts(ending)) for wished in entry.changes if wished is not Dimension.ENDING]
    offer = entry.offer or running.offer
    is_reachable = entry.offer is None or not is_next or offer in allowed.targets
    if offer not in allowed.offers or not is_reachable:
        return [(Dimension.OFFER, NotReachable(offer))]
    return [
        *_judge_combination(running, entry, allowed.offers[offer]),
        *_judge_seats(running, entry, allowed),
        *_judge_end_date(running, entry, allowed, is_next),
        *(_judge_promotion(running, entry, allowed.promotion) if is_next else []),
    ]


def _combination(running: timelines.Running, entry: timelines.Pending) -> TermAndPlan:
    return entry.term or running.term, entry.billing_plan or running.billing_plan


def _judge_combination(running: timelines.Running, entry: timelines.Pending, limits: OfferLimits) -> Found:
    wished = [key for key in (Dimension.BILLING_PLAN, Dimension.TERM, Dimension.OFFER) if key in entry.changes]
    if not wished:
        return []
    if not limits.is_on_sale:
        return [(wished[-1], NotOnSale(entry.offer or running.offer))]
    term, billing_plan = _combination(running, entry)
    if (term, billing_plan) in limits.combinations:
        return []
    plans = tuple(plan for plan in terms.BillingPlan if (term, plan) in limits.combinations)
    return [(wished[0], PlanNotOffered(term, billing_plan, plans))]


def _judge_seats(running: timelines.Running, entry: timelines.Pending, allowed: Allowed) -> Found:
    """Limits count where the number or the offer changes; a total above the limit may come down towards it."""
    if entry.seats is None and entry.offer is None:
        return []
    dimension = Dimension.OFFER if entry.seats is None else Dimension.QUANTITY
    limits = allowed.offers.get(entry.offer or running.offer, OfferLimits(combinations=frozenset()))
    quantity = running.quantity if entry.seats is None else entry.seats.of(running.quantity)
    reasons: list[Reason] = []
    minimum = max(limits.minimum, 1)
    if quantity < minimum:
        reasons.append(refusals.BelowMinimum(minimum))
    held_of_it = running.quantity if entry.offer is None else 0
    if limits.maximum is not None and quantity > max(limits.maximum, held_of_it):
        reasons.append(refusals.AboveMaximum(limits.maximum))
    family = allowed.families.get(limits.family)
    if family is not None:
        held_of_family = running.quantity if _family(allowed, running.offer) == limits.family else 0
        full = FamilyFull(limits.family, family.maximum, family.elsewhere, held_of_family)
        if quantity > full.most:
            reasons.append(full)
    over = quantity % limits.step
    if over:
        reasons.append(refusals.StepSize(limits.step, quantity - over, quantity - over + limits.step))
    if allowed.assigned is not None and quantity < allowed.assigned:
        reasons.append(StillAssigned(allowed.assigned, quantity))
    return [(dimension, reason) for reason in reasons]


def _family(allowed: Allowed, offer: str) -> str:
    return allowed.offers[offer].family if offer in allowed.offers else ""


def _judge_end_date(running: timelines.Running, entry: timelines.Pending, allowed: Allowed, is_next: bool) -> Found:
    if entry.end_on is None:
        return []
    term, _ = _combination(running, entry)
    full = renewals.term_ahead(anchor_on=running.anchor_on, starts_on=running.renews_on, term=term).period
    known = tuple(sorted(end_on for end_on in allowed.end_dates if full.start_on < end_on <= full.end_on))
    possible = known if is_next else ()
    return [] if entry.end_on in possible else [(Dimension.END_DATE, EndDateNotAllowed(entry.end_on, possible))]


def _judge_promotion(running: timelines.Running, entry: timelines.Pending, promotion: Promotion | None) -> Found:
    """The vendor refuses no mismatch, it charges the list price silently; so we refuse it (reference 3.6)."""
    if promotion is None:
        return []
    reason = PromotionMismatch(promotion.promotion_id)
    if (entry.offer or running.offer) != promotion.offer:
        return [(Dimension.OFFER, reason)]
    if _combination(running, entry) not in promotion.combinations:
        return [(Dimension.BILLING_PLAN if Dimension.BILLING_PLAN in entry.changes else Dimension.TERM, reason)]
    quantity = entry.seats.of(running.quantity) if entry.seats else running.quantity
    if promotion.maximum is not None and quantity > promotion.maximum:
        return [(Dimension.QUANTITY, reason)]
    return []
