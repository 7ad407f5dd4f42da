"""The algebra of pending changes: what a subscription holds now, and what is wished for its coming renewals.

The wishes are ours. A vendor keeps one schedule, wipes it at every change inside the term, and knows nothing of how the
customer put it; so the wish is kept in the customer's words, at most one per date and dimension, and `instructions`
computes from it what has to be stored upstream. A timeline is always in normal form: a wish for the very value that
would hold anyway does not exist, whichever way that came about, since it would turn into a change of its own after the
next mid-term change (invariant 15, B46). Sources: Partner Center reference 5.5, 5.6, 6.8.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from seatwright.rules import renewals, terms


class Dimension(enum.StrEnum):
    """What can be wished for a renewal, each independent of the others."""

    QUANTITY = "quantity"
    OFFER = "offer"
    TERM = "term"
    BILLING_PLAN = "billing_plan"
    END_DATE = "end_date"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class SeatsTotal:
    """So many seats in all; `is_settled` when the customer said that it stays so whatever changes before."""

    total: int
    is_settled: bool = False

    def of(self, quantity: int) -> int:
        return self.total


@dataclass(frozen=True, slots=True)
class SeatsBy:
    """So many seats more, or fewer when negative, than are held right before."""

    difference: int

    def of(self, quantity: int) -> int:
        return quantity + self.difference


Seats = SeatsTotal | SeatsBy
Value = Seats | str | terms.Term | terms.BillingPlan | dt.date | renewals.Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Wishes that take effect together on `effective_on`, the first day of a term: one value for each dimension.

    The value of `OFFER` is the key of the offer, that of `END_DATE` the first day after a co-terminous term, `QUANTITY`
    is a total or a difference. Raises ValueError when there is no wish, TypeError for a value of another dimension.
    """

    effective_on: dt.date
    changes: Mapping[Dimension, Value]

    def __post_init__(self) -> None:
        if not self.changes:
            raise ValueError("a pending change changes something")
        for dimension, value in self.changes.items():
            _require_kind(dimension, value)
        in_order = {dimension: self.changes[dimension] for dimension in Dimension if dimension in self.changes}
        object.__setattr__(self, "changes", in_order)

    @property
    def seats(self) -> Seats | None:
        value = self.changes.get(Dimension.QUANTITY)
        return value if isinstance(value, SeatsTotal | SeatsBy) else None

    @property
    def offer(self) -> str | None:
        value = self.changes.get(Dimension.OFFER)
        return value if isinstance(value, str) else None

    @property
    def term(self) -> terms.Term | None:
        value = self.changes.get(Dimension.TERM)
        return value if isinstance(value, terms.Term) else None

    @property
    def billing_plan(self) -> terms.BillingPlan | None:
        value = self.changes.get(Dimension.BILLING_PLAN)
        return value if isinstance(value, terms.BillingPlan) else None

    @property
    def end_on(self) -> dt.date | None:
        value = self.changes.get(Dimension.END_DATE)
        return value if isinstance(value, dt.date) else None

    @property
    def ending(self) -> renewals.Ending | None:
        value = self.changes.get(Dimension.ENDING)
        return value if isinstance(value, renewals.Ending) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The running term: what is held, and what its end brings if nobody does anything.

    `renews_on` is the first day after it; the terms from then on are counted from `anchor_on`, the day of purchase or,
    after a co-terminous term, its end.
    """

    offer: str
    quantity: int
    term: terms.Term
    billing_plan: terms.BillingPlan
    anchor_on: dt.date
    renews_on: dt.date
    ending: renewals.Ending = renewals.Ending.RENEW

    def __post_init__(self) -> None:
        if self.quantity < 0 or self.renews_on < self.anchor_on:
            raise ValueError(f"{self.quantity} seats from {self.anchor_on} to {self.renews_on}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The running term and the wishes for the renewals after it, by date, in normal form.

    Raises ValueError for two entries of one date and for one before the renewal.
    """

    running: Running
    pending: tuple[Pending, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.pending, key=lambda entry: entry.effective_on)
        dates = [entry.effective_on for entry in ordered]
        if len(set(dates)) != len(dates):
            raise ValueError("one entry holds all wishes of a date")
        if dates and dates[0] < self.running.renews_on:
            raise ValueError(f"{dates[0]} lies inside the running term")
        object.__setattr__(self, "pending", _normal(self.running, ordered))

    def at(self, effective_on: dt.date) -> Mapping[Dimension, Value]:
        """The wishes for that date, none if there are none."""
        return next((entry.changes for entry in self.pending if entry.effective_on == effective_on), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTerm:
    """What the renewal on `starts_on` brings as wished, which may still be impossible (`conflicts`).

    A renewed term ends before `end_on`, and the term after it is counted from `next_anchor_on`; a cancelled one has no
    seats, and neither it nor an extended one, which runs from month to month, has an end of its own. `aligned_end_on`
    is the co-terminous end unless it is that of the full term anyway. `wished` are the dimensions with a wish.
    """

    starts_on: dt.date
    outcome: renewals.Ending
    offer: str
    quantity: int
    term: terms.Term
    billing_plan: terms.BillingPlan
    end_on: dt.date | None
    aligned_end_on: dt.date | None
    next_anchor_on: dt.date
    wished: frozenset[Dimension]


def schedule(
    *, timeline: Timeline, dimension: Dimension, value: Value, effective_on: dt.date | None = None
) -> Timeline:
    """The timeline with that one wish, for the next renewal unless another is named; no other dimension is touched.

    Wishing for what would hold anyway clears the dimension at that date.
    """
    on = effective_on or timeline.running.renews_on
    others = tuple(entry for entry in timeline.pending if entry.effective_on != on)
    changes = {**timeline.at(on), dimension: value}
    return replace(timeline, pending=(*others, Pending(effective_on=on, changes=changes)))


def revoke(*, timeline: Timeline, dimension: Dimension | None = None, effective_on: dt.date | None = None) -> Timeline:
    """The timeline without that wish, or without any of that date when no dimension is named; nothing else changes.

    Without `effective_on` the next renewal is meant. Revoking what was never wished changes nothing.
    """
    on = effective_on or timeline.running.renews_on
    kept = {} if dimension is None else {key: value for key, value in timeline.at(on).items() if key != dimension}
    others = tuple(entry for entry in timeline.pending if entry.effective_on != on)
    entry = (Pending(effective_on=on, changes=kept),) if kept else ()
    return replace(timeline, pending=(*others, *entry))


def next_term(*, timeline: Timeline) -> NextTerm:
    """The term that follows the running one.

    Raises ValueError for a co-terminous end outside the full term; `conflicts.found` tells it before.
    """
    running = timeline.running
    wish = next((entry for entry in timeline.pending if entry.effective_on == running.renews_on), None)
    outcome = (wish and wish.ending) or running.ending
    quantity = wish.seats.of(running.quantity) if wish and wish.seats else running.quantity
    if outcome is not renewals.Ending.RENEW:
        is_extended = outcome is renewals.Ending.EXTENDED
        return NextTerm(
            starts_on=running.renews_on,
            outcome=outcome,
            offer=running.offer,
            quantity=quantity if is_extended else 0,
            term=terms.Term.P1M if is_extended else running.term,
            billing_plan=terms.BillingPlan.MONTHLY if is_extended else running.billing_plan,
            end_on=None,
            aligned_end_on=None,
            next_anchor_on=running.renews_on,
            wished=frozenset(wish.changes if wish else ()),
        )
    term = (wish and wish.term) or running.term
    ahead = renewals.term_ahead(
        anchor_on=running.anchor_on,
        starts_on=running.renews_on,
        term=term,
        aligned_end_on=wish.end_on if wish else None,
    )
    return NextTerm(
        starts_on=running.renews_on,
        outcome=outcome,
        offer=(wish and wish.offer) or running.offer,
        quantity=quantity,
        term=term,
        billing_plan=(wish and wish.billing_plan) or running.billing_plan,
        end_on=ahead.period.end_on,
        aligned_end_on=ahead.period.end_on if ahead.is_cut else None,
        next_anchor_on=ahead.next_anchor_on,
        wished=frozenset(wish.changes if wish else ()),
    )


def after_renewal(*, timeline: Timeline) -> Timeline | None:
    """The timeline once the renewal is done as wished, its wishes used up; None when nothing is renewed.

    Wishes for a date inside the new term, which no check lets pass, move to its end as in `rebasing`. Raises ValueError
    when fewer than no seats would be left.
    """
    following = next_term(timeline=timeline)
    if following.end_on is None:
        return None
    running = Running(
        offer=following.offer,
        quantity=following.quantity,
        term=following.term,
        billing_plan=following.billing_plan,
        anchor_on=following.next_anchor_on,
        renews_on=following.end_on,
    )
    later = [entry for entry in timeline.pending if entry.effective_on > following.starts_on]
    return Timeline(running=running, pending=merged(pending=later, until_on=following.end_on, onto=following.end_on))


def merged(*, pending: Iterable[Pending], until_on: dt.date, onto: dt.date) -> tuple[Pending, ...]:
    """The entries with all those up to and on `until_on` put together on the date `onto`, as if one after the other.

    Per dimension the later value holds, and differences of seats add up. An end date does not move with the date that
    it was chosen for.
    """
    together: dict[Dimension, Value] = {}
    kept = []
    for entry in sorted(pending, key=lambda entry: entry.effective_on):
        if entry.effective_on > until_on:
            kept.append(entry)
            continue
        changes = dict(entry.changes)
        if entry.effective_on != onto:
            changes.pop(Dimension.END_DATE, None)
        before = together.get(Dimension.QUANTITY)
        if isinstance(before, SeatsTotal | SeatsBy) and entry.seats is not None:
            changes[Dimension.QUANTITY] = _in_a_row(before, entry.seats)
        together |= changes
    first = (Pending(effective_on=onto, changes=together),) if together else ()
    return (*first, *kept)


def _in_a_row(first: Seats, second: Seats) -> Seats:
    if isinstance(second, SeatsTotal):
        return second
    if isinstance(first, SeatsTotal):
        return replace(first, total=first.total + second.difference)
    return SeatsBy(first.difference + second.difference)


def _normal(running: Running, ordered: Iterable[Pending]) -> tuple[Pending, ...]:
    """The entries without wishes for what would hold anyway at their date, given those before it."""
    holds: dict[Dimension, Value] = {
        Dimension.QUANTITY: SeatsTotal(running.quantity),
        Dimension.OFFER: running.offer,
        Dimension.TERM: running.term,
        Dimension.BILLING_PLAN: running.billing_plan,
        Dimension.ENDING: running.ending,
    }
    normal = []
    for entry in ordered:
        if entry.effective_on > running.renews_on:
            holds[Dimension.ENDING] = renewals.Ending.RENEW
        effective = {
            dimension: value
            for dimension, value in entry.changes.items()
            if _becomes(value, holds.get(dimension)) != holds.get(dimension)
        }
        holds |= {dimension: _becomes(value, holds.get(dimension)) for dimension, value in effective.items()}
        holds.pop(Dimension.END_DATE, None)
        if effective:
            normal.append(Pending(effective_on=entry.effective_on, changes=effective))
    return tuple(normal)


def _becomes(value: Value, before: Value | None) -> Value:
    """The value that holds after the wish, seats as a plain total."""
    if isinstance(value, SeatsTotal | SeatsBy):
        assert isinstance(before, SeatsTotal)
        return SeatsTotal(value.of(before.total))
    return value


def _require_kind(dimension: Dimension, value: Value) -> None:
    is_other_kind = isinstance(value, dt.datetime) or (dimension is Dimension.OFFER and isinstance(value, enum.Enum))
    if is_other_kind or not isinstance(value, _KINDS[dimension]):
        raise TypeError(f"{value!r} is no {dimension}")


_KINDS: dict[Dimension, type | tuple[type, ...]] = {
    Dimension.QUANTITY: (SeatsTotal, SeatsBy),
    Dimension.OFFER: str,
    Dimension.TERM: terms.Term,
    Dimension.BILLING_PLAN: terms.BillingPlan,
    Dimension.END_DATE: dt.date,
    Dimension.ENDING: renewals.Ending,
}
