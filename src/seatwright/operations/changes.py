"""Every way an operation changes at the hand of a workflow or a person; `runs` holds what the engine does.

Refusals: NotPossible (wrong state), StaleFence (taken over), AlreadySent (a second send without proof that the first
one did nothing). Only the system's own steps carry a fence; a person decides parked operations.
"""

import datetime as dt
import uuid
from typing import Any, Literal

from django.db import transaction
from django.db.models import Max

from seatwright.access import audit, identifiers
from seatwright.access.actors import Actor
from seatwright.operations import states
from seatwright.operations.models import Operation, State
from seatwright.operations.states import NotPossible, StaleFence

__all__ = ["AlreadySent", "NotPossible", "StaleFence"]


class AlreadySent(Exception):
    """The change was sent before and nothing proves that it did not happen, so it is not sent again (invariant 18)."""


def open_operation(
    *,
    operation_id: uuid.UUID,
    kind: str,
    lease_key: str,
    intent: dict[str, Any],
    policy_version: str,
    request_id: uuid.UUID,
    reseller_id: uuid.UUID | None,
    customer_id: uuid.UUID | None,
    by: Actor,
    due_at: dt.datetime,
    deadline_at: dt.datetime,
    at: dt.datetime,
) -> None:
    """Queue the operation inside the caller's transaction, behind those that wait for the same `lease_key`.

    An empty `lease_key` waits for nobody. Raises IntegrityError on `operation_request_once` when the request id is
    already taken.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an operation is opened in the transaction of what it carries out")
    last = Operation.objects.filter(lease_key=lease_key).aggregate(last=Max("place"))["last"] if lease_key else None
    Operation.objects.bulk_create(
        [
            Operation(
                id=operation_id,
                kind=kind,
                lease_key=lease_key,
                place=(last or 0) + 1,
                intent=intent,
                policy_version=policy_version,
                request_id=request_id,
                reseller_id=reseller_id,
                customer_id=customer_id,
                actor=_as_json(by),
                due_at=due_at,
                deadline_at=deadline_at,
                created_at=at,
            )
        ]
    )
    audit.record(
        by=by,
        action="operation.opened",
        subject_kind="operation",
        subject_id=operation_id,
        before={},
        after={"state": str(State.QUEUED), "kind": kind, "due_at": due_at.isoformat()},
        at=at,
        reseller_id=reseller_id,
        customer_id=customer_id,
        operation_id=operation_id,
    )


def bring_forward(*, kind: str, lease_key: str, at: dt.datetime) -> int:
    """Let what is queued with this key for later begin at `at`, in the caller's transaction; returns how many.

    What has begun keeps its time: it may wait because the vendor asked for that.
    """
    later = Operation.objects.filter(kind=kind, lease_key=lease_key, state=State.QUEUED, due_at__gt=at)
    return later.update(due_at=at)


def _as_json(by: Actor) -> dict[str, Any]:
    return {"kind": by.kind, "user_id": by.user_id, "label": by.label, "channel": by.channel, "request": by.request_ref}


@transaction.atomic
def note_progress(*, operation_id: uuid.UUID, fence: int, at: dt.datetime, **facts: Any) -> None:
    """Merge `facts` (JSON values or UTC instants) into the operation's progress in a transaction of its own."""
    row = states.locked(operation_id=operation_id, fence=fence)
    states.write(row=row, action="noted", to=None, at=at, progress={**row.progress, **facts})


@transaction.atomic
def mark_sent(*, operation_id: uuid.UUID, fence: int, at: dt.datetime) -> None:
    """Note, before the first byte goes out, that the vendor may have been told; raises AlreadySent.

    A second send is possible only after `mark_answered` or `mark_not_sent`.
    """
    row = states.locked(operation_id=operation_id, fence=fence)
    if row.state == State.UNCLEAR or (row.sent_at is not None and row.answered_at is None):
        raise AlreadySent(f"operation {operation_id} was sent at {row.sent_at}")
    states.write(row=row, action="sent", to=None, at=at, sent_at=at, answered_at=None)


@transaction.atomic
def mark_answered(*, operation_id: uuid.UUID, fence: int, at: dt.datetime, **facts: Any) -> None:
    """Note that the vendor answered the last send, with `facts` of the answer merged into the progress.

    An unclear operation that a read-back settled goes back to running.
    """
    row = states.locked(operation_id=operation_id, fence=fence)
    to = State.RUNNING if row.state == State.UNCLEAR else None
    states.write(row=row, action="answered", to=to, at=at, answered_at=at, progress={**row.progress, **facts})


@transaction.atomic
def mark_unclear(*, operation_id: uuid.UUID, fence: int, at: dt.datetime, note: str = "") -> None:
    """Say that the change was sent and no usable answer came; raises NotPossible when nothing was sent."""
    row = states.locked(operation_id=operation_id, fence=fence)
    if row.sent_at is None:
        raise NotPossible(state=row.state, action="unclear without a send")
    to = None if row.state == State.UNCLEAR else State.UNCLEAR
    states.write(
        row=row, action="unclear", to=to, at=at, reason=note, unclear_at=row.unclear_at or at, last_error=note[:500]
    )


@transaction.atomic
def mark_not_sent(
    *, operation_id: uuid.UUID, fence: int, at: dt.datetime, note: str = "", is_answered: bool = False
) -> None:
    """Say that nothing happened at the vendor, so that the change may be sent again.

    To be called only on the vendor's own word (not sent, throttled) or after a read-back that proves absence once the
    settle window has passed (invariant 18). `is_answered` says that the vendor answered that it will not do it now:
    under the same request id it would repeat that answer for ever, so that the next send gets another one.
    """
    row = states.locked(operation_id=operation_id, fence=fence)
    to = State.RUNNING if row.state == State.UNCLEAR else None
    anew: dict[str, Any] = {"request_id": identifiers.new_id()} if is_answered else {}
    states.write(
        row=row,
        action="not_sent",
        to=to,
        at=at,
        reason=note,
        sent_at=None,
        unclear_at=None,
        answered_at=None,
        **anew,
    )


def finish(
    *,
    operation_id: uuid.UUID,
    fence: int,
    state: Literal["done", "refused"],
    at: dt.datetime,
    note: str = "",
) -> None:
    """End the operation, in the same transaction as what follows from it (ledger, charges, order)."""
    states.change(
        operation_id=operation_id,
        fence=fence,
        action=state,
        to=State(state),
        at=at,
        reason=note,
        finished_at=at,
        due_at=None,
        last_error="" if state == "done" else note[:500],
    )


def park(*, operation_id: uuid.UUID, fence: int, reason: str, at: dt.datetime, note: str = "") -> None:
    """Hand the operation to a person; it keeps its lease, so that nothing else is sent for the same subscription."""
    states.change(
        operation_id=operation_id,
        fence=fence,
        action="parked",
        to=State.PARKED,
        at=at,
        reason=reason,
        parked_reason=reason[:200],
        due_at=None,
        last_error=(note or reason)[:500],
    )


Decision = Literal["look_again", "done", "not_done"]


@transaction.atomic
def settle(*, operation_id: uuid.UUID, by: Actor, decision: Decision, reason: str, at: dt.datetime) -> None:
    """Carry out a person's decision on a parked operation; raises NotPossible when it is not parked.

    `look_again` gives it one more run (an operation that may have been sent stays unclear, so it is read, not sent),
    `done` and `not_done` end it: the caller records what follows in the same transaction and has asked for the
    permission `operations.settle`.
    """
    row = states.locked(operation_id=operation_id)
    if row.state != State.PARKED:
        raise NotPossible(state=row.state, action="settle")
    values: dict[str, Any] = {
        "parked_reason": "",
        "fence": row.fence + 1,
        "progress": {**row.progress, "decision": decision, "decided_by": by.label, "decided_at": at},
    }
    if decision == "look_again":
        may_have_been_sent = row.sent_at is not None and row.answered_at is None
        to = State.UNCLEAR if may_have_been_sent else State.QUEUED
        values |= {"due_at": at, "troubles": 0}
        if may_have_been_sent:
            values["unclear_at"] = row.unclear_at or at
    else:
        to = State.DONE if decision == "done" else State.REFUSED
        values |= {"finished_at": at, "due_at": None}
    states.write(row=row, action=f"settled_{decision}", to=to, at=at, by=by, reason=reason, **values)
