"""Every way an operation changes at the hand of the engine: taken for a run, held after a crash, put back, handed on.

A run is one pass over the steps; its number and the operation's id name the durable workflow. A fence is a number that
rises whenever another process takes the row, so that the one before can no longer write.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q

from seatwright.operations import states
from seatwright.operations.models import DUE, HOLDS_LEASE, RUNNABLE, Operation, State

RUN_LIMIT = 500
LOST_RUNS_MOST = 20


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A worker's right to write on an operation for one run."""

    operation_id: uuid.UUID
    run: int
    fence: int


def claim(*, operation_id: uuid.UUID, worker_id: str, at: dt.datetime) -> Hold | None:
    """Begin the next run of a due operation; None when it is not due, not first in its queue, or taken.

    Two workers that claim at once get one Hold between them: the row is locked, and the constraint
    `operation_lease_once` keeps a second mutation of the same subscription out.
    """
    try:
        with transaction.atomic():
            row = states.locked(operation_id=operation_id)
            if row.state not in DUE or row.due_at is None or row.due_at > at or not _is_first(row=row, at=at):
                return None
            states.write(
                row=row,
                action="started",
                to=None if row.state == State.UNCLEAR else State.RUNNING,
                at=at,
                run=row.run + 1,
                fence=row.fence + 1,
                worker_id=worker_id,
                due_at=None,
                started_at=row.started_at or at,
            )
            return Hold(operation_id=row.pk, run=row.run, fence=row.fence)
    except IntegrityError as error:
        if "operation_lease_once" not in str(error) and "lease_key" not in str(error):
            raise
        return None


def _is_first(*, row: Operation, at: dt.datetime) -> bool:
    if row.state != State.QUEUED or not row.lease_key:
        return True
    ahead = Q(state__in=HOLDS_LEASE) | Q(
        Q(place__lt=row.place) | Q(place=row.place, pk__lt=row.pk), state=State.QUEUED, due_at__lte=at
    )
    return not Operation.objects.filter(ahead, lease_key=row.lease_key).exclude(pk=row.pk).exists()


@transaction.atomic
def hold(*, operation_id: uuid.UUID, run: int, worker_id: str, at: dt.datetime) -> Hold | None:
    """Take the row for this process within run `run`; None when that run has ended or another has begun.

    Called whenever a process begins or resumes the run, so that a process that was thought dead is fenced off.
    """
    row = states.locked(operation_id=operation_id)
    if row.run != run or row.state not in RUNNABLE or row.due_at is not None:
        return None
    states.write(row=row, action="held", to=None, at=at, fence=row.fence + 1, worker_id=worker_id)
    return Hold(operation_id=row.pk, run=row.run, fence=row.fence)


@transaction.atomic
def wait(
    *, operation_id: uuid.UUID, fence: int, due_at: dt.datetime, why: str, at: dt.datetime, is_trouble: bool
) -> None:
    """End the run; the operation falls due again at `due_at` and keeps its lease and, if unclear, that state."""
    row = states.locked(operation_id=operation_id, fence=fence)
    if row.state not in RUNNABLE:
        raise states.NotPossible(state=row.state, action="waits")
    states.write(
        row=row,
        action="waits",
        to=None if row.state == State.UNCLEAR else State.WAITING,
        at=at,
        reason=why,
        due_at=due_at,
        worker_id="",
        troubles=row.troubles + 1 if is_trouble else 0,
        last_error=why[:500],
    )


def in_hand(*, worker_id: str) -> list[tuple[uuid.UUID, int]]:
    """The operations that this worker has begun and not ended, each with its run number."""
    rows = Operation.objects.filter(worker_id=worker_id, state__in=RUNNABLE, due_at__isnull=True)
    return list(rows.order_by("started_at", "id").values_list("id", "run"))


def all_in_hand() -> list[tuple[uuid.UUID, int]]:
    """Every operation that some worker has begun and not ended, each with its run number."""
    rows = Operation.objects.filter(state__in=RUNNABLE, due_at__isnull=True)
    return list(rows.order_by("started_at", "id").values_list("id", "run"))


@transaction.atomic
def put_back(*, operation_id: uuid.UUID, run: int, at: dt.datetime) -> None:
    """End a run that no process will end, so that the next one may begin at once; nothing if it ended meanwhile.

    An operation to which this happens `LOST_RUNS_MOST` times in a row is parked.
    """
    row = states.locked(operation_id=operation_id)
    if row.run != run or row.state not in RUNNABLE or row.due_at is not None:
        return
    why = "The run ended without a word."
    if row.troubles + 1 >= LOST_RUNS_MOST:
        states.write(
            row=row,
            action="parked",
            to=State.PARKED,
            at=at,
            reason="runs_lost",
            fence=row.fence + 1,
            parked_reason="runs_lost",
            last_error=why,
        )
        return
    states.write(
        row=row,
        action="put_back",
        to=None if row.state == State.UNCLEAR else State.WAITING,
        at=at,
        reason=why,
        fence=row.fence + 1,
        troubles=row.troubles + 1,
        worker_id="",
        due_at=at,
    )
