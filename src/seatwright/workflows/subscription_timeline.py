"""One line of time for a subscription: what happened, what is under way and what is ahead, wishes too. Reads only."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from seatwright.operations import queries as operations
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import connections, overview, schedule_change

TOLD = frozenset(
    {
        "intent.scheduled",
        "intent.revoked",
        "intent.refused",
        "intent.followed",
        "intent.stayed",
        "status.changed",
        "status.refused",
        "subscription.ending",
        "subscription.ended",
        "term.renewed",
        "term.priced",
        "term.changed",
        "term.refused",
        "seats.swapped",
        "billing.changed",
        "seats.refused",
        "drift.adopted",
    }
)
PAST_MOST = 30


@dataclass(frozen=True, kw_only=True)
class Past:
    """Something that happened: seats by the ledger (`what` is the kind of the entry), or what somebody did."""

    at: dt.datetime
    what: str
    seats: int = 0
    total: int | None = None
    who: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class UnderWay:
    """A change that is being carried out; `what` is the kind of its operation, `state` how it stands."""

    since_at: dt.datetime
    what: str
    state: str
    wanted: int | None = None
    order_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Something that will happen at `at` if nobody does anything.

    `what` is window (`seats` can be returned; `until` is the vendor's edge, `at` the last safe moment), cycle, lock,
    renewal or end. A renewal carries the plan with its wishes.
    """

    at: dt.datetime
    what: str
    seats: int = 0
    until: dt.datetime | None = None
    plan: schedule_change.Plan | None = None


@dataclass(frozen=True, kw_only=True)
class Course:
    """The whole line: past newest first, then what is under way, then what is ahead, earliest first."""

    past: tuple[Past, ...]
    under_way: tuple[UnderWay, ...]
    ahead: tuple[Ahead, ...]


def course(
    *, page: overview.SubscriptionPage, row: holdings.HoldingRow, plan: schedule_change.Plan | None, at: dt.datetime
) -> Course:
    """The line of time of a subscription whose page and plan were read before, with the rights that this took."""
    return Course(
        past=_past(page),
        under_way=tuple(_under_way(page, row)),
        ahead=tuple(sorted(_ahead(page, row, plan, at=at), key=lambda each: (each.at, each.what))),
    )


def _past(page: overview.SubscriptionPage) -> tuple[Past, ...]:
    seats = [
        Past(at=entry.at, what=entry.kind, seats=entry.seats, total=entry.total, note=entry.note)
        for entry in page.ledger
    ]
    done = [
        Past(at=entry.at, what=entry.action, who=entry.actor_label, note=entry.reason)
        for entry in page.events
        if entry.action in TOLD
    ]
    return tuple(sorted([*seats, *done], key=lambda each: each.at, reverse=True)[:PAST_MOST])


def _under_way(page: overview.SubscriptionPage, row: holdings.HoldingRow) -> Iterable[UnderWay]:
    key = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    for view in operations.open_with_key(lease_key=key):
        is_order = page.row.order_id is not None and view.kind != "apply_schedule"
        yield UnderWay(
            since_at=view.created_at,
            what=view.kind,
            state=view.state,
            wanted=view.intent.get("seats_after"),
            order_id=page.row.order_id if is_order else None,
        )


def _ahead(
    page: overview.SubscriptionPage,
    row: holdings.HoldingRow,
    plan: schedule_change.Plan | None,
    *,
    at: dt.datetime,
) -> Iterable[Ahead]:
    for batch in page.row.returnable:
        yield Ahead(at=batch.last_safe_at, what="window", seats=batch.seats, until=batch.until)
    ends_at = renewals.term_ends_at(renews_on=row.commitment_end_on)
    if row.status == "active" and page.cycle.end_on < row.commitment_end_on and page.cycle.days > 1:
        yield Ahead(at=renewals.term_ends_at(renews_on=page.cycle.end_on), what="cycle")
    if plan is None or row.status != "active":
        if row.status in ("active", "pending", "suspended") and at < ends_at:
            yield Ahead(at=ends_at, what="end" if row.status == "suspended" or not row.auto_renew else "renewal")
        return
    if not plan.is_locked:
        yield Ahead(at=plan.lock_at, what="lock")
    if at < ends_at:
        yield Ahead(at=ends_at, what="renewal", plan=plan)


def wishes_of(plan: schedule_change.Plan) -> dict[timeline.Dimension, timeline.Value]:
    """The wishes for the coming renewal, dimension by dimension."""
    return next((dict(each.changes) for each in plan.pending if each.effective_on == plan.renews_on), {})
