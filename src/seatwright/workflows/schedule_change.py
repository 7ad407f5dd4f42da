"""Journey 2: wishes for the renewal (fewer seats, other plan, other term or billing plan, end), kept as our own.

The wish is stored here in the customer's words and is the truth. An operation stores at the vendor what it comes to,
and does so again whenever a change inside the term has wiped it there; a reading that misses it queues it anew.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.db import transaction

from seatwright.access import audit, identifiers
from seatwright.access.actors import SYSTEM, Actor
from seatwright.customers import changes as customer_changes
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import queries as operation_queries
from seatwright.orders import intents
from seatwright.rules import alarms, conflicts, renewals, timeline
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import connections, next_term_price, schedule_operation, wish_limits
from seatwright.workflows import wishes as wishing

DEADLINE = dt.timedelta(days=14)
TRY_AGAIN_AFTER = dt.timedelta(days=1)
Dimension = timeline.Dimension


class Conflicted(Exception):
    """The wish cannot be booked; `found` says why, dimension by dimension."""

    def __init__(self, found: tuple[conflicts.Conflict, ...]) -> None:
        super().__init__("conflicted")
        self.found = found


class WishMaker(Protocol):
    """Makes the wishes out of the subscription as it stands under its lock; what it raises stores nothing."""

    def __call__(self, row: holdings.HoldingRow, /) -> Mapping[Dimension, timeline.Value]: ...


class WishedMeanwhile(Exception):
    """The wishes are no longer those that this one was to replace."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The renewal of one subscription as it stands: the wishes, what they come to, and whether the vendor knows.

    `stored` are the open wishes by date as JSON, for `schedule` with `only_over`. `lock_at` is the last moment,
    exclusive, at which wishes change. `found` is all that speaks against the wishes as things stand: what is blocking
    has come about since they were made, and the vendor would refuse it.
    """

    subscription_id: uuid.UUID
    customer_id: uuid.UUID
    name: str
    seats: int
    pending: tuple[timeline.Pending, ...]
    following: timeline.NextTerm
    found: tuple[conflicts.Conflict, ...]
    price: next_term_price.NextTermPrice | None
    renews_on: dt.date
    lock_at: dt.datetime
    is_locked: bool
    is_applied: bool
    is_sending: bool
    wished_by: str
    changed_at: dt.datetime | None
    stored: Mapping[str, Any]


def plan(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> Plan:
    """The subscription's renewal.

    Raises wishes.NotRunning where the offer is not known, access.permissions.Unknown or NotAllowed.
    """
    row = holdings.holding(seen_by=by, subscription_id=subscription_id)
    line = wishing.timeline_of(row)
    rows = intents.open_intents(subscription_ids=[subscription_id]).get(subscription_id, ())
    lock_at = alarms.lock_at(renews_on=row.commitment_end_on, policy=wishing.renewal_policy(row))
    following = timeline.next_term(timeline=line)
    return Plan(
        subscription_id=subscription_id,
        customer_id=row.customer_id,
        name=row.name,
        seats=row.seats,
        pending=line.pending,
        following=following,
        found=conflicts.found(timeline=line, allowed=_allowed(row, line)),
        price=_price(row, following),
        renews_on=row.commitment_end_on,
        lock_at=lock_at,
        is_locked=at >= lock_at,
        is_applied=not rows or wishing.is_stored(row=row, line=line),
        is_sending=operation_queries.is_open(lease_key=_queue_key(row)),
        wished_by=rows[0].wished_by if rows else "",
        changed_at=rows[0].changed_at if rows else None,
        stored={each.pending.effective_on.isoformat(): intents.to_json(each.pending.changes) for each in rows},
    )


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What wishes would come to: the following term, what speaks against it, and its price where it is known."""

    following: timeline.NextTerm | None
    found: tuple[conflicts.Conflict, ...]
    price: next_term_price.NextTermPrice | None


def preview(
    *,
    by: Actor,
    subscription_id: uuid.UUID,
    wishes: Mapping[Dimension, timeline.Value],
    clear: Collection[Dimension] = (),
    at: dt.datetime,
) -> Preview:
    """What `schedule` would store as of `at`; nothing is stored. Raises what `schedule` raises, but for Conflicted."""
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    try:
        _require_unlocked(row, at=at)
    except Conflicted as locked:
        return Preview(following=None, found=locked.found, price=None)
    line = wished(_before(row, wishes), wishes, clear)
    found = conflicts.found(timeline=line, allowed=_allowed(row, line))
    if any(conflict.is_blocking for conflict in found):
        return Preview(following=None, found=found, price=None)
    following = timeline.next_term(timeline=line)
    return Preview(following=following, found=found, price=_price(row, following))


def _price(row: holdings.HoldingRow, following: timeline.NextTerm) -> next_term_price.NextTermPrice | None:
    customer = customers.by_ids(customer_ids=[row.customer_id])[row.customer_id]
    return next_term_price.of(row=row, customer=customer, following=following)


def _before(row: holdings.HoldingRow, wishes: Mapping[Dimension, timeline.Value]) -> timeline.Timeline:
    """The timeline that the wishes are laid over.

    An ending that somebody names stands as a wish, also where the vendor shows it already: it may be changed there.
    """
    line = wishing.timeline_of(row)
    ending = renewals.Ending.RENEW if Dimension.ENDING in wishes else line.running.ending
    return replace(line, running=replace(line.running, ending=ending))


def wished(
    line: timeline.Timeline, wishes: Mapping[Dimension, timeline.Value], clear: Collection[Dimension]
) -> timeline.Timeline:
    """The timeline with these wishes for the next renewal, and without those of the dimensions to be cleared."""
    for dimension in clear:
        line = timeline.revoke(timeline=line, dimension=dimension)
    for dimension, value in wishes.items():
        line = timeline.schedule(timeline=line, dimension=dimension, value=value)
    return line


def schedule(
    *,
    by: Actor,
    subscription_id: uuid.UUID,
    wishes: Mapping[Dimension, timeline.Value] | WishMaker,
    clear: Collection[Dimension] = (),
    only_over: Mapping[str, Any] | None = None,
    only_while: Callable[[], bool] | None = None,
    is_decided: bool = False,
    at: dt.datetime,
) -> None:
    """Wish for the next renewal, one value for each dimension named; others stay as they were wished.

    A value that would hold anyway clears its dimension (invariant 15), and so does naming it in `clear`; only that the
    term renews is kept where it `is_decided`. Stored with an operation that tells the vendor, in one transaction. With
    `only_over`, the open wishes by date as JSON, nothing is stored over others, and nothing unless `only_while` holds
    under the lock: raises WishedMeanwhile. Raises Conflicted, wishes.NotRunning, access.permissions.Unknown or
    NotAllowed.
    """
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    _require_unlocked(row, at=at)
    with transaction.atomic(durable=True):
        # Wishes for two products of one capped family are judged one after the other.
        customer_changes.hold_still(customer_id=row.customer_id)
        row = _held_still(subscription_id)
        if row.status != "active":
            raise wishing.NotRunning
        if only_over is not None and intents.open_as_json(subscription_id=subscription_id) != only_over:
            raise WishedMeanwhile
        if only_while is not None and not only_while():
            raise WishedMeanwhile
        wanted = wishes(row) if callable(wishes) else wishes
        line = wished(_before(row, wanted), wanted, clear)
        if blocking := _blocking(row, line):
            raise Conflicted(blocking)
        store(by=by, row=row, line=line, action="intent.scheduled", is_decided=is_decided, at=at)


def revoke(*, by: Actor, subscription_id: uuid.UUID, dimension: Dimension | None, at: dt.datetime) -> None:
    """Take back one wish for the next renewal, or all of them when no dimension is named.

    Raises Conflicted once the renewal is locked, and where another wish cannot stand without that one, which is then
    taken back first or with it; wishes.NotRunning, access.permissions.Unknown or NotAllowed.
    """
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    _require_unlocked(row, at=at)
    with transaction.atomic(durable=True):
        row = _held_still(subscription_id)
        if row.status != "active":
            raise wishing.NotRunning
        before = wishing.timeline_of(row)
        line = timeline.revoke(timeline=before, dimension=dimension)
        known = _blocking(row, before) if line.pending else ()
        if blocking := tuple(each for each in _blocking(row, line) if each not in known):
            raise Conflicted(blocking)
        store(by=by, row=row, line=line, action="intent.revoked", at=at)


def _held_still(subscription_id: uuid.UUID) -> holdings.HoldingRow:
    """The subscription as it stands under its lock: seats may have been booked since it was first looked at."""
    subscriptions.hold_still(subscription_ids=[subscription_id])
    return holdings.by_ids(subscription_ids=[subscription_id])[0]


def _require_unlocked(row: holdings.HoldingRow, *, at: dt.datetime) -> None:
    if row.status != "active" or not row.offer_key:
        raise wishing.NotRunning
    reason = conflicts.locked(at=at, renews_on=row.commitment_end_on, policy=wishing.renewal_policy(row))
    if reason is not None:
        conflict = conflicts.Conflict(effective_on=row.commitment_end_on, dimension=Dimension.ENDING, reason=reason)
        raise Conflicted((conflict,))


def _blocking(row: holdings.HoldingRow, line: timeline.Timeline) -> tuple[conflicts.Conflict, ...]:
    return tuple(each for each in conflicts.found(timeline=line, allowed=_allowed(row, line)) if each.is_blocking)


def _allowed(row: holdings.HoldingRow, line: timeline.Timeline) -> conflicts.Allowed:
    return wish_limits.allowed(row=row, term=wishing.wished_term(line))


def store(
    *,
    by: Actor,
    row: holdings.HoldingRow,
    line: timeline.Timeline,
    action: str,
    is_decided: bool = False,
    at: dt.datetime,
) -> None:
    """Keep the wishes of the timeline and queue telling the vendor, in the caller's transaction under the lock.

    That a term renews is kept as a wish of its own where that `is_decided`, not only left as it is.
    """
    before = intents.open_intents(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())
    pending = _with_renewal_decided(row, line, before, is_decided=is_decided)
    intents.put(
        by=by,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        pending=pending,
        at=at,
    )
    audit.record(
        by=by,
        action=action,
        subject_kind="subscription",
        subject_id=row.subscription_id,
        before={each.pending.effective_on.isoformat(): intents.to_json(each.pending.changes) for each in before},
        after={each.effective_on.isoformat(): intents.to_json(each.changes) for each in pending},
        at=at,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
    )
    request_apply(by=by, row=row, at=at)


def _with_renewal_decided(
    row: holdings.HoldingRow, line: timeline.Timeline, before: Sequence[intents.IntentRow], *, is_decided: bool
) -> tuple[timeline.Pending, ...]:
    """What is to be kept: the wishes, and that the term renews where that was decided or another ending was before.

    Without a wish the vendor's word decides how a term ends, and it still holds the ending that was taken back. So the
    renewal stays decided by us until it comes about, is stored like any wish, and is missed where it is lost.
    """
    on = row.commitment_end_on
    was_decided = any(timeline.Dimension.ENDING in each.pending.changes for each in before)
    renews = line.running.ending is renewals.Ending.RENEW and Dimension.ENDING not in line.at(on)
    if not renews or not (is_decided or was_decided or wishing.ending_shown(row) is not renewals.Ending.RENEW):
        return line.pending
    decided = timeline.Pending(effective_on=on, changes={**line.at(on), Dimension.ENDING: renewals.Ending.RENEW})
    return (decided, *(each for each in line.pending if each.effective_on != on))


def request_apply(
    *, by: Actor, row: holdings.HoldingRow, stored: Mapping[str, Any] | None = None, at: dt.datetime
) -> None:
    """Queue telling the vendor what the wishes come to, in the caller's transaction; once, however often asked.

    Where there are no wishes, the instruction that was `stored`, as JSON, is to be stored again.
    """
    _let_go_of_unsent(row, at=at)
    if operation_queries.is_queued(kind=schedule_operation.KIND, lease_key=_queue_key(row)):
        return
    operations.open_operation(
        operation_id=identifiers.new_id(),
        kind=schedule_operation.KIND,
        lease_key=_queue_key(row),
        intent={
            "subscription_id": str(row.subscription_id),
            "tenant_id": str(row.tenant_id),
            "vendor_subscription_id": row.vendor_subscription_id,
            **({} if stored is None else {"stored": dict(stored)}),
        },
        policy_version=wishing.renewal_policy(row).version,
        request_id=identifiers.new_id(),
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        by=by,
        due_at=at,
        deadline_at=at + DEADLINE,
        at=at,
    )


def _let_go_of_unsent(row: holdings.HoldingRow, *, at: dt.datetime) -> None:
    """End a telling that gave up before anything was sent: it decides nothing and must hold up no other change."""
    for view in operation_queries.open_with_key(lease_key=_queue_key(row)):
        if view.kind == schedule_operation.KIND and view.state == "parked" and view.sent_at is None:
            operations.settle(operation_id=view.id, by=SYSTEM, decision="not_done", reason="told anew", at=at)


def store_again(*, row: holdings.HoldingRow, stored: Mapping[str, Any] | None = None, at: dt.datetime) -> None:
    """Queue storing the open wishes at the vendor anew, in the caller's transaction; without any, what was `stored`."""
    if intents.open_intents(subscription_ids=[row.subscription_id]) or stored is not None:
        request_apply(by=SYSTEM, row=row, stored=stored, at=at)


def reapply_if_missing(*, row: holdings.HoldingRow, seen: port.VendorSubscription, at: dt.datetime) -> bool:
    """Queue storing the wishes anew where the vendor has lost them (idea 1); True when that was needed."""
    if seen.status != "active" or seen.commitment_end_on != row.commitment_end_on:
        return False
    if not intents.open_intents(subscription_ids=[row.subscription_id]):
        return False
    with transaction.atomic():
        _let_go_of_unsent(row, at=at)
    if operation_queries.is_open(lease_key=_queue_key(row)) or _was_refused(row, at=at):
        return False
    try:
        wanted = wishing.instruction_of(wishing.timeline_of(row))
    except (wishing.NotRunning, ValueError):
        return False
    if wishing.is_held(wanted, seen=seen):
        return False
    with transaction.atomic():
        request_apply(by=SYSTEM, row=row, at=at)
    return True


def _was_refused(row: holdings.HoldingRow, *, at: dt.datetime) -> bool:
    """Whether the vendor refused to store the wishes as they stand, less than `TRY_AGAIN_AFTER` ago."""
    last = operation_queries.newest_ended(kind=schedule_operation.KIND, lease_key=_queue_key(row))
    return (
        last is not None
        and last.state == "refused"
        and "decision" not in last.progress
        and last.finished_at is not None
        and at < last.finished_at + TRY_AGAIN_AFTER
    )


def _queue_key(row: holdings.HoldingRow) -> str:
    return connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
