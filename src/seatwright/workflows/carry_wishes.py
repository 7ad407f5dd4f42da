"""What becomes of the wishes for a renewal when something is changed inside the term: they are carried over it."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any, Protocol

from seatwright.access.actors import SYSTEM, Actor
from seatwright.catalogue import naming
from seatwright.rules import rebasing, renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import rebase_wishes, schedule_change, stored_elsewhere
from seatwright.workflows import wishes as wishing

Stored = dict[str, Any]
CARRIED: dict[rebasing.Way | None, str] = {rebasing.Way.FOLLOWS: "intent.followed", rebasing.Way.STAYS: "intent.stayed"}


class CarryOver(Protocol):
    """Carries the wishes over, once the change has been booked."""

    def __call__(self, *, by: Actor, at: dt.datetime) -> None: ...


def stored(row: holdings.HoldingRow) -> Stored:
    """What the vendor shows as decided about the end of the running term, by whomever; empty where it just renews.

    JSON for an operation's intent: an instruction, and the term beside which it was decided.
    """
    if row.end_of_term in (renewals.Ending.CANCEL, renewals.Ending.EXTENDED):
        return {"ending": row.end_of_term, "next_term": None}
    following = stored_elsewhere.terms_of(row)
    if following is None:
        return {}
    beside = {
        "offer": row.offer_key,
        "quantity": row.vendor_seats,
        "term": row.term,
        "billing_plan": row.billing_plan,
        "ends_on": row.commitment_end_on.isoformat(),
    }
    return {"ending": renewals.Ending.RENEW.value, "next_term": following, "beside": beside}


def ending_of(row: holdings.HoldingRow) -> str:
    """The ending of the running term as it is wished or shown; empty where it renews."""
    try:
        line = wishing.timeline_of(row)
        outcome = timeline.next_term(timeline=line).outcome if line.pending else None
    except (wishing.NotRunning, ValueError):
        outcome = None
    ending = stored(row).get("ending", renewals.Ending.RENEW) if outcome is None else outcome.value
    return "" if ending == renewals.Ending.RENEW else str(ending)


def before_change(
    *, subscription_id: uuid.UUID, way: rebasing.Way | None = None, shown: Stored | None = None
) -> CarryOver:
    """Remember the wishes as they stand before a change inside the term; call the result after booking it.

    Both run in the caller's transaction. A wished total follows the change or stays, as `way` says; where nobody was
    asked it stays the number that the customer typed. A difference stays a difference, what the change has reached or
    overtaken is dropped; the vendor, which has forgotten all of it, is told anew (`rules.rebasing`). Without wishes
    that is what it has `shown` as `stored` when the change was ordered, by default when this is called.
    """
    before = holdings.by_ids(subscription_ids=[subscription_id])[0]
    decided = stored(before) if shown is None else shown
    try:
        line = wishing.timeline_of(before)
    except wishing.NotRunning:
        line = None

    def carry_over(*, by: Actor, at: dt.datetime) -> None:
        row = holdings.by_ids(subscription_ids=[subscription_id])[0]
        if line is None or not line.pending:
            keep(row, decided, at=at)
            return
        kept = rebase_wishes.carried(row=row, line=line, after=_running(line, row), way=way)
        schedule_change.store(by=by, row=row, line=kept, action=CARRIED.get(way, "intent.carried_over"), at=at)

    return carry_over


def keep(row: holdings.HoldingRow, decided: Stored, *, at: dt.datetime) -> None:
    """Have stored again what the vendor forgot with a change of ours, unless somebody has decided otherwise since.

    Nobody here wished for it, so that no wish keeps it; still it is not for our change to make the term end or run on.
    """
    if not decided or row.status != "active" or row.auto_renew is (decided["ending"] != renewals.Ending.RENEW):
        return
    left = decided if decided["next_term"] is None else _beside(decided, row)
    if left:
        schedule_change.request_apply(by=SYSTEM, row=row, stored=left, at=at)


def _beside(decided: Stored, row: holdings.HoldingRow) -> Stored:
    """The same beside the term as it runs now, empty where nothing is left to decide.

    What was as in the running term is so again, and seats that the change has reached or overtaken are those held:
    fewer of them must not become more.
    """
    following, before = decided["next_term"], decided["beside"]
    now = {"term": row.term, "billing_plan": row.billing_plan}
    same: dict[str, Any] = {name: value for name, value in now.items() if following[name] == before[name]}
    if (following["quantity"] - before["quantity"]) * (following["quantity"] - row.seats) <= 0:
        same["quantity"] = row.seats
    if before["ends_on"] != row.commitment_end_on.isoformat():
        same["aligned_end_on"] = None
    then, was, runs = (naming.offer_key(each) for each in (following["offer"], before["offer"], row.offer_key))
    if then is not None and was is not None and runs is not None and then[1:3] == was[1:3]:
        same["offer"] = str(then._replace(product_id=runs.product_id, vendor_sku_id=runs.vendor_sku_id))
    left = {**following, **same}
    is_other = {**now, "quantity": row.seats, "aligned_end_on": None}.items() - left.items() or "offer" not in same
    return {"ending": decided["ending"], "next_term": left} if is_other else {}


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
