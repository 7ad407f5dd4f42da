"""What becomes of the wishes for a renewal when something is changed inside the term: they are carried over it."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Protocol

from seatwright.access.actors import SYSTEM, Actor
from seatwright.rules import rebasing, renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import rebase_wishes, schedule_change
from seatwright.workflows import wishes as wishing

CARRIED: dict[rebasing.Way | None, str] = {rebasing.Way.FOLLOWS: "intent.followed", rebasing.Way.STAYS: "intent.stayed"}


class CarryOver(Protocol):
    """Carries the wishes over, once the change has been booked."""

    def __call__(self, *, by: Actor, at: dt.datetime) -> None: ...


def stored_ending(row: holdings.HoldingRow) -> str:
    """The ending of the running term that the vendor shows as decided; empty where it shows none, or a renewal."""
    return row.end_of_term if row.end_of_term in (renewals.Ending.CANCEL, renewals.Ending.EXTENDED) else ""


def ending_of(row: holdings.HoldingRow) -> str:
    """The ending of the running term as it is wished or shown; empty where it renews."""
    try:
        line = wishing.timeline_of(row)
        outcome = timeline.next_term(timeline=line).outcome if line.pending else None
    except (wishing.NotRunning, ValueError):
        outcome = None
    if outcome is None:
        return stored_ending(row)
    return "" if outcome is renewals.Ending.RENEW else outcome.value


def before_change(
    *, subscription_id: uuid.UUID, way: rebasing.Way | None = None, ending: str | None = None
) -> CarryOver:
    """Remember the wishes as they stand before a change inside the term; call the result after booking it.

    Both run in the caller's transaction. A wished total follows the change or stays, as `way` says; where nobody was
    asked it stays the number that the customer typed. A difference stays a difference, what the change has reached or
    overtaken is dropped; the vendor, which has forgotten all of it, is told anew (`rules.rebasing`). Without wishes
    that is the `ending` which it showed when the change was ordered, by default when this is called.
    """
    before = holdings.by_ids(subscription_ids=[subscription_id])[0]
    shown = stored_ending(before) if ending is None else ending
    try:
        line = wishing.timeline_of(before)
    except wishing.NotRunning:
        line = None

    def carry_over(*, by: Actor, at: dt.datetime) -> None:
        row = holdings.by_ids(subscription_ids=[subscription_id])[0]
        if line is None or not line.pending:
            keep_ending(row, shown, at=at)
            return
        kept = rebase_wishes.carried(row=row, line=line, after=_running(line, row), way=way)
        schedule_change.store(by=by, row=row, line=kept, action=CARRIED.get(way, "intent.carried_over"), at=at)

    return carry_over


def keep_ending(row: holdings.HoldingRow, ending: str, *, at: dt.datetime) -> None:
    """Have an ending stored again that the vendor forgot with a change of ours, unless somebody has it renew since.

    Nobody here wished for it, so that no wish keeps it; still it is not for our change to make the term run on.
    """
    if ending and row.status == "active" and not row.auto_renew:
        schedule_change.request_apply(by=SYSTEM, row=row, ending=renewals.Ending(ending), at=at)


def _running(line: timeline.Timeline, row: holdings.HoldingRow) -> timeline.Running:
    """The term as it runs after the change."""
    return replace(
        line.running,
        offer=row.offer_key,
        quantity=row.seats,
        term=terms.Term(row.term),
        billing_plan=terms.BillingPlan(wishing.plan_then(row)),
        anchor_on=row.anchor_on,
        renews_on=row.commitment_end_on,
    )
