"""The one way to change an operation: lock the row, check the fence and the transition, write, audit."""

import dataclasses
import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from seatwright.access import actors, audit
from seatwright.operations.models import RUNNABLE, TRANSITIONS, Operation, State

_NOT_AUDITED = frozenset({"progress", "fence", "troubles"})


class NotPossible(Exception):
    """The operation is in a state from which this cannot be done."""

    def __init__(self, *, state: str, action: str) -> None:
        super().__init__(f"{action} is not possible while the operation is {state}")
        self.state = state
        self.action = action


class StaleFence(Exception):
    """Another worker has taken over this operation; whatever this one was about to write is refused (invariant 19)."""


def locked(*, operation_id: uuid.UUID, fence: int | None = None) -> Operation:
    """The row under its lock until the caller's transaction ends; raises StaleFence when `fence` is not its fence."""
    row = Operation.objects.select_for_update().get(pk=operation_id)
    if fence is not None and row.fence != fence:
        raise StaleFence(f"fence {fence} of operation {operation_id} was replaced by {row.fence}")
    return row


@transaction.atomic
def change(
    *,
    operation_id: uuid.UUID,
    fence: int,
    action: str,
    to: State | None,
    at: dt.datetime,
    by: actors.Actor | None = None,
    reason: str = "",
    **values: Any,
) -> Operation:
    """Lock the row, check it, write `values` and the state, and return the row as written.

    `to` None keeps the state, which is possible only while a run works on the row. Raises StaleFence, and NotPossible
    when `to` does not follow or the row is not in a run's hands. Usable inside the caller's transaction.
    """
    row = locked(operation_id=operation_id, fence=fence)
    if row.state not in RUNNABLE:
        raise NotPossible(state=row.state, action=action)
    write(row=row, action=action, to=to, at=at, by=by, reason=reason, **values)
    return row


def write(
    *,
    row: Operation,
    action: str,
    to: State | None,
    at: dt.datetime,
    by: actors.Actor | None = None,
    reason: str = "",
    **values: Any,
) -> None:
    """The second half of `change`, on a row that `locked` gave; a change of state adds exactly one audit event."""
    before = State(row.state)
    after = before if to is None else to
    stays = before == after and before in RUNNABLE
    if not stays and after not in TRANSITIONS[before]:
        raise NotPossible(state=before, action=action)
    row.state = after
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *values])
    if stays:
        return
    shown = {name: _plain(value) for name, value in values.items() if name not in _NOT_AUDITED}
    audit.record(
        by=by or dataclasses.replace(actors.SYSTEM, request_ref=str(row.request_id)),
        action=f"operation.{action}",
        subject_kind="operation",
        subject_id=row.pk,
        before={"state": str(before)},
        after={"state": str(after), **shown},
        at=at,
        reason=reason,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        operation_id=row.pk,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, dt.datetime) else value
