"""What a subscription leaves behind when its life ends at the vendor: wishes that nobody will carry out, and its seats.

A term that nobody renews expires or is disabled, which keeps the seats for a while, and is deleted in the end; one that
was cancelled for its end is deleted with it. Nothing is charged after the term, for no term follows; what the term
itself still owes is charged before the seats leave. A deletion inside the term is somebody's doing elsewhere and stays
a difference for a person, beyond the term's end too. Source: Partner Center reference 5.9, 6.8.
"""

import datetime as dt
import uuid

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.operations import queries as operation_queries
from seatwright.orders import intents
from seatwright.orders import queries as orders
from seatwright.rules import renewals, timeline, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import charge_cycles, connections, pricing, wishes

STATES = frozenset({"expired", "disabled", "deleted"})


def enter(*, subscription_id: uuid.UUID, at: dt.datetime) -> bool:
    """Close the wishes of a subscription that the vendor last showed in one of `STATES`; True when its seats left.

    Nothing happens while a change of it is under way. Running it again changes nothing.
    """
    row = holdings.by_ids(subscription_ids=[subscription_id])[0]
    if row.status not in STATES or _is_changing(row):
        return False
    ends_at = renewals.term_ends_at(renews_on=row.commitment_end_on)
    is_over = row.status == "deleted" and at >= ends_at and not _was_deleted_before(row, ends_at)
    if is_over and row.seats:
        charge_cycles.post_of(subscription_ids=[subscription_id], at=at)
    with transaction.atomic():
        subscriptions.hold_still(subscription_ids=[subscription_id])
        row = holdings.by_ids(subscription_ids=[subscription_id])[0]
        closed = _close_wishes(row, at=at)
        leaves = bool(is_over and row.seats and not _is_changing(row))
        if leaves:
            _take_seats(row, at=at)
        if closed or leaves:
            audit.record(
                by=SYSTEM,
                action="subscription.ended" if leaves else "subscription.ending",
                subject_kind="subscription",
                subject_id=subscription_id,
                before={"seats": row.seats},
                after={"status": row.status, **({"wishes": closed} if closed else {})},
                at=at,
                reseller_id=row.reseller_id,
                customer_id=row.customer_id,
            )
    return leaves


def _was_deleted_before(row: holdings.HoldingRow, ends_at: dt.datetime) -> bool:
    """Whether the seats were missed before the term's end: only a person knows from when on nothing is owed."""
    found_at = holdings.missing_since(subscription_id=row.subscription_id)
    return found_at is not None and found_at < ends_at


def _is_changing(row: holdings.HoldingRow) -> bool:
    lease = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    return bool(orders.open_lines(subscription_ids=[row.subscription_id])) or operation_queries.is_open(lease_key=lease)


def _close_wishes(row: holdings.HoldingRow, *, at: dt.datetime) -> str:
    """How the open wishes ended: carried out where the end was wished for, else lapsed; empty without any."""
    open_now = intents.open_intents(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())
    if not open_now:
        return ""
    state = "lapsed"
    try:
        wished = timeline.next_term(timeline=wishes.timeline_of(row))
        if wished.outcome is renewals.Ending.CANCEL and at >= renewals.term_ends_at(renews_on=wished.starts_on):
            state = "carried_out"
    except (wishes.NotRunning, ValueError):
        pass
    for each in open_now:
        intents.close(subscription_id=row.subscription_id, effective_on=each.pending.effective_on, state=state, at=at)
    return state


def _take_seats(row: holdings.HoldingRow, *, at: dt.datetime) -> None:
    ended_at = renewals.term_ends_at(renews_on=row.commitment_end_on)
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=row.commitment_end_on)
    taken = windows.allocate(lots=pricing.seat_lots(row), quantity=row.seats, at=at, policy=policy)
    subscriptions.take_from_lots(
        subscription_id=row.subscription_id,
        takes=[subscriptions.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken],
        kind="ended",
        effective_at=ended_at,
        policy_version=policy.version,
        operation_id=uuid.uuid5(row.subscription_id, f"ended:{row.commitment_end_on.isoformat()}"),
    )
