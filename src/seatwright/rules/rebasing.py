"""What becomes of pending changes when something changes inside the term: kept, moved, dropped, or asked once.

Rules, applied to the timeline before the change and the running term after it:

- *Seats, wished as a difference*: kept; five fewer stay five fewer.
- *Seats, wished as a total*: the customer is asked once whether the wish follows ("becomes 23 -> 18") or stays ("stays
  at 15"). The answer is kept in the wish itself: what follows is a difference from then on, what stays is settled.
- *A total that is reached or overtaken* by the change is dropped: fewer seats wished must not become more of them.
- *Offer*: fulfilled when the change brought it; kept while it can be reached from the new offer; dropped otherwise.
- *Term, billing plan*: kept, and fulfilled when the change brought them. *Ending*: kept.
- *Date*: when the change moved the renewal, wishes up to it move along; a chosen end date does not and is dropped.

Sources: product idea 2, invariant 15; Partner Center reference 5.4, 5.5 and 5.7 for what the vendor wipes.
"""

import datetime as dt
import enum
from collections.abc import Collection
from dataclasses import dataclass, replace

from seatwright.rules import timeline as timelines


class Way(enum.StrEnum):
    """How a wished total is carried over a change of seats; `ONLY` where there is nothing to ask."""

    ONLY = "only"
    FOLLOWS = "follows"
    STAYS = "stays"


class Why(enum.StrEnum):
    """Why a wish is gone."""

    FULFILLED = "fulfilled"
    REACHED = "reached"
    NOT_REACHABLE = "not_reachable"
    DATE_MOVED = "date_moved"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A wish that the change has taken away; `effective_on` is the date it was for."""

    effective_on: dt.date
    dimension: timelines.Dimension
    why: Why


@dataclass(frozen=True, slots=True)
class Moved:
    """Wishes whose renewal has another date now."""

    from_on: dt.date
    to_on: dt.date


@dataclass(frozen=True, slots=True)
class SeatsMove:
    """Seats right before and after `effective_on`, as this choice has them."""

    effective_on: dt.date
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One possible timeline after the change, with what differs from the one before it."""

    way: Way
    timeline: timelines.Timeline
    seats: tuple[SeatsMove, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    """The choices after a change inside the term: one, or two when a person has to be asked."""

    choices: tuple[Choice, ...]
    moved: tuple[Moved, ...]

    @property
    def is_question(self) -> bool:
        return len(self.choices) > 1


def rebase(
    *, timeline: timelines.Timeline, after: timelines.Running, targets: Collection[str] | None = None
) -> Rebased:
    """The pending changes of `timeline` carried over to the running term `after` a change inside the term.

    `targets` are the offers that can be scheduled from the offer held after it, None when nobody knows: then a wished
    offer is kept. Seats that went to another subscription (a partial swap) are seats less here, like returned ones.
    """
    before = timeline.running
    pending, moved, moved_away = _onto_new_date(timeline, after)
    pending, lost = _reachable(pending, before, after, targets)
    carried = replace(timeline, running=replace(before, renews_on=after.renews_on), pending=pending)
    gone = (*moved_away, *lost, *_brought(carried, after))
    follows, stays = (_choice(way, carried, after, gone) for way in (Way.FOLLOWS, Way.STAYS))
    if follows.timeline == stays.timeline:
        return Rebased(choices=(replace(stays, way=Way.ONLY),), moved=moved)
    return Rebased(choices=(follows, stays), moved=moved)


def _onto_new_date(
    timeline: timelines.Timeline, after: timelines.Running
) -> tuple[tuple[timelines.Pending, ...], tuple[Moved, ...], tuple[Dropped, ...]]:
    old_on, new_on = timeline.running.renews_on, after.renews_on
    if old_on == new_on:
        return timeline.pending, (), ()
    until_on = max(old_on, new_on)
    moving = [entry for entry in timeline.pending if entry.effective_on <= until_on and entry.effective_on != new_on]
    dropped = tuple(
        Dropped(entry.effective_on, timelines.Dimension.END_DATE, Why.DATE_MOVED)
        for entry in moving
        if entry.end_on is not None
    )
    pending = timelines.merged(pending=timeline.pending, until_on=until_on, onto=new_on)
    return pending, tuple(Moved(entry.effective_on, new_on) for entry in moving), dropped


def _reachable(
    pending: tuple[timelines.Pending, ...],
    before: timelines.Running,
    after: timelines.Running,
    targets: Collection[str] | None,
) -> tuple[tuple[timelines.Pending, ...], tuple[Dropped, ...]]:
    """The entries without a wish for an offer to which no path leads from the new one."""
    if targets is None or after.offer == before.offer:
        return pending, ()
    kept = []
    dropped = []
    holds = after.offer
    for entry in pending:
        wished = entry.offer
        changes = dict(entry.changes)
        if wished is not None and holds == after.offer and wished != after.offer and wished not in targets:
            del changes[timelines.Dimension.OFFER]
            dropped.append(Dropped(entry.effective_on, timelines.Dimension.OFFER, Why.NOT_REACHABLE))
        else:
            holds = wished or holds
        if changes:
            kept.append(replace(entry, changes=changes))
    return tuple(kept), tuple(dropped)


def _brought(carried: timelines.Timeline, after: timelines.Running) -> tuple[Dropped, ...]:
    """Wishes, other than for seats, that the change has fulfilled: the normal form has no place for them any more."""
    left = timelines.Timeline(running=after, pending=carried.pending)
    return tuple(
        Dropped(entry.effective_on, dimension, Why.FULFILLED)
        for entry in carried.pending
        for dimension in entry.changes
        if dimension is not timelines.Dimension.QUANTITY and dimension not in left.at(entry.effective_on)
    )


def _choice(way: Way, carried: timelines.Timeline, after: timelines.Running, gone: tuple[Dropped, ...]) -> Choice:
    old = carried.running.quantity
    new = after.quantity
    entries = []
    dropped = []
    for entry in carried.pending:
        if entry.seats is None:
            entries.append(entry)
            continue
        wish = _carried(entry.seats, old, new, way)
        changes = dict(entry.changes)
        del changes[timelines.Dimension.QUANTITY]
        if wish is None:
            dropped.append(Dropped(entry.effective_on, timelines.Dimension.QUANTITY, Why.REACHED))
        else:
            changes[timelines.Dimension.QUANTITY] = wish
        if changes:
            entries.append(replace(entry, changes=changes))
        old = entry.seats.of(old)
        new = new if wish is None else wish.of(new)
    rebased = timelines.Timeline(running=after, pending=tuple(entries))
    return Choice(way=way, timeline=rebased, seats=_seats(rebased), dropped=(*gone, *dropped))


def _carried(wish: timelines.Seats, old: int, new: int, way: Way) -> timelines.Seats | None:
    """The wish for seats when `new` instead of `old` are held before it; None when it is reached or overtaken."""
    if isinstance(wish, timelines.SeatsBy) or old == new:
        return wish
    if way is Way.FOLLOWS and not wish.is_settled:
        return timelines.SeatsBy(wish.total - old)
    if (wish.total - old) * (wish.total - new) <= 0:
        return None
    return replace(wish, is_settled=True)


def _seats(timeline: timelines.Timeline) -> tuple[SeatsMove, ...]:
    held = timeline.running.quantity
    moves = []
    for entry in timeline.pending:
        if entry.seats is not None:
            moves.append(SeatsMove(entry.effective_on, held, entry.seats.of(held)))
            held = entry.seats.of(held)
    return tuple(moves)
