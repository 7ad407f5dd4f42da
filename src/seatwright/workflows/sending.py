"""One change sent to a vendor at most once: what every operation that changes something there has in common.

A step asks `was_sent`; if not, it judges on what the vendor shows now and calls `send`. A later step reads back and,
where the change is not visible, returns `look_again`, which alone decides that the change may be sent a second time:
after a read-back, once the vendor's settle window has passed (laws 1 and 3; invariants 16 and 18).
"""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.vendors import port
from seatwright.workflows import connections

LOOK_AGAIN = dt.timedelta(seconds=2)
LOOK_AGAIN_MOST = dt.timedelta(minutes=5)
SENDS_MOST = 5
REFUSED = "refused"

Refuse = Callable[[port.Refused], engine.StepResult]


def was_sent(view: OperationView, *, at: dt.datetime) -> bool:
    """Whether the change was sent before and nothing proves that it did nothing; a lost answer is noted as unclear.

    A refusal whose booking was lost with the process proves that nothing happened: the change is judged anew.
    """
    if view.is_unanswered:
        if view.unclear_at is None:
            operations.mark_unclear(
                operation_id=view.id, fence=view.fence, at=at, note="The answer was lost with the process."
            )
        return True
    if view.answered_at is not None and view.progress.get("answer") == REFUSED and "confirmed_at" not in view.progress:
        with transaction.atomic(durable=True):
            operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note=REFUSED)
            operations.note_progress(operation_id=view.id, fence=view.fence, at=at, answer="")
        return False
    return view.answered_at is not None


def send(
    view: OperationView, *, call: Callable[[], port.Outcome], refuse: Refuse, at: dt.datetime
) -> engine.StepResult:
    """Note that the change is sent, send it by `call`, and note the answer; `refuse` ends what the vendor refused.

    Next means that the vendor says it is done: read it back. A missing right parks the operation, since a person must
    act, and being told to wait is not a refusal.
    """
    operations.mark_sent(operation_id=view.id, fence=view.fence, at=at)
    checkpoint("submit.before_call")
    outcome = call()
    checkpoint("submit.after_call")
    match outcome:
        case port.Done():
            operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, answer="done")
        case port.Later(at=look_at):
            operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, answer="accepted")
            checkpoint("submit.answered")
            return engine.Again(at=look_at, why="The vendor accepted the change and works on it.")
        case port.Unclear(why=why):
            operations.mark_unclear(operation_id=view.id, fence=view.fence, at=at, note=why)
            checkpoint("submit.unclear")
            return engine.Again(at=at + LOOK_AGAIN, why=why)
        case port.Refused(reason="not_sent" | "throttled" | "operation_pending" as reason, retry_at=retry_at):
            operations.mark_not_sent(
                operation_id=view.id, fence=view.fence, at=at, note=reason, is_answered=reason == "operation_pending"
            )
            return engine.Again(at=retry_at or at + engine.backoff(view=view), why=reason, is_trouble=True)
        case port.Refused(reason="denied"):
            operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note="denied")
            return engine.Park(reason="vendor_denied", note=outcome.safe_text)
        case port.Refused(code=code):
            operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, answer=REFUSED, code=code)
            return refuse(outcome)
    checkpoint("submit.answered")
    return engine.Next()


def takes_from_people(*, vendor: port.Vendor, tenant: port.TenantRef, sku_id: str, seats: int, at: dt.datetime) -> bool:
    """Whether so many seats fewer would be fewer than people hold, in the pool as the vendor shows it now.

    Asked in the very operation that takes them (invariant 13). A pool that the vendor does not show holds nobody.
    """
    for pool in vendor.list_pools(tenant=tenant, at=at):
        if pool.sku_id.lower() == sku_id and pool.applies_to.lower() != "company":
            return pool.enabled - seats < pool.consumed
    return False


def is_settled(view: OperationView, *, at: dt.datetime) -> bool:
    """Whether a send without an answer lies so far back that what it did would show by now."""
    since = view.unclear_at or view.sent_at or at
    return connections.settled(since=since, at=at, settle_s=settings.ENVIRONMENT.worker_settle_s)


def look_again(view: OperationView, *, at: dt.datetime) -> engine.StepResult:
    """What follows when a read-back does not show the change: look later, send again, or leave it to a person.

    It may be sent again only when no answer came and the settle window has passed since, and only so often.
    """
    since = view.unclear_at or view.sent_at or at
    if at >= view.deadline_at:
        return engine.Park(reason="deadline_passed", note="The change was sent and is not visible at the vendor.")
    if view.answered_at is None and is_settled(view, at=at):
        sends = int(view.progress.get("sends", 1))
        if sends >= SENDS_MOST:
            return engine.Park(reason="sent_too_often", note=f"Sent {sends} times without effect.")
        operations.note_progress(operation_id=view.id, fence=view.fence, at=at, sends=sends + 1)
        operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note="absent after the settle window")
        checkpoint("confirm.proven_absent")
        return engine.Again(at=at, why="A read-back proved that the change did not happen.")
    pause = max(LOOK_AGAIN, min((at - since) / 8, LOOK_AGAIN_MOST))
    return engine.Again(at=at + pause, why="The change is not visible at the vendor yet.")
