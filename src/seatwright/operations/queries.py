"""Every question about operations; answers are frozen values."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Exists, OuterRef, Q

from seatwright.access import audit, permissions
from seatwright.access.actors import Actor
from seatwright.operations.models import HOLDS_LEASE, TERMINAL, Operation, State

DURATIONS_SAMPLE = 500


class NoSuchOperation(Exception):
    """There is no operation with this id."""


@dataclass(frozen=True, kw_only=True)
class OperationView:
    """One operation as it stood when asked; all instants are UTC."""

    id: uuid.UUID
    kind: str
    reseller_id: uuid.UUID | None
    customer_id: uuid.UUID | None
    lease_key: str
    intent: Mapping[str, Any]
    policy_version: str
    request_id: uuid.UUID
    state: str
    due_at: dt.datetime | None
    run: int
    fence: int
    troubles: int
    worker_id: str
    progress: Mapping[str, Any]
    sent_at: dt.datetime | None
    answered_at: dt.datetime | None
    unclear_at: dt.datetime | None
    deadline_at: dt.datetime
    parked_reason: str
    actor: Mapping[str, Any]
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    last_error: str

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in TERMINAL

    @property
    def is_unanswered(self) -> bool:
        """Whether the change was sent and no answer was noted: it may or may not have happened."""
        return self.sent_at is not None and self.answered_at is None


@dataclass(frozen=True, kw_only=True)
class Durations:
    """How long operations of one kind took from opening to done, over the newest `count` of them."""

    count: int
    median_s: float | None
    p95_s: float | None


_FIELDS = tuple(field.name for field in fields(OperationView))


def _view(row: Operation) -> OperationView:
    return OperationView(**{name: getattr(row, name) for name in _FIELDS})


def view(*, operation_id: uuid.UUID) -> OperationView:
    """The operation with this id; raises NoSuchOperation.

    For steps, and for pages that reached the operation through an order the reader may see.
    """
    row = Operation.objects.filter(pk=operation_id).first()
    if row is None:
        raise NoSuchOperation(str(operation_id))
    return _view(row)


def views(*, operation_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, OperationView]:
    """The operations with these ids, by id, in one query; unknown ids are left out."""
    return {row.pk: _view(row) for row in Operation.objects.filter(pk__in=operation_ids)}


def is_open(*, lease_key: str) -> bool:
    """Whether any operation with this key is not finished yet."""
    return Operation.objects.filter(lease_key=lease_key).exclude(state__in=TERMINAL).exists()


def next_runs_at(*, lease_keys: Collection[str], at: dt.datetime) -> dict[str, dt.datetime]:
    """When the operations with each key go on: `at` where one runs or is due; those that wait for no time left out."""
    rows = Operation.objects.filter(lease_key__in=lease_keys).exclude(state__in=[*TERMINAL, State.PARKED])
    found: dict[str, dt.datetime] = {}
    for key, due_at in rows.values_list("lease_key", "due_at"):
        goes_on_at = at if due_at is None else max(due_at, at)
        found[key] = min(found.get(key, goes_on_at), goes_on_at)
    return found


def open_views(*, kind: str, customer_id: uuid.UUID) -> list[OperationView]:
    """The customer's operations of this kind that are not finished yet, parked ones among them, the oldest first."""
    return open_views_of(kind=kind, customer_ids=[customer_id])


def open_views_of(*, kind: str, customer_ids: Collection[uuid.UUID]) -> list[OperationView]:
    """The `open_views` of all these customers, the oldest first."""
    rows = Operation.objects.filter(kind=kind, customer_id__in=customer_ids).exclude(state__in=TERMINAL)
    return [_view(row) for row in rows.order_by("created_at", "id")]


def open_with_key(*, lease_key: str) -> list[OperationView]:
    """The operations with this key that are not finished yet, in the order in which they will run."""
    rows = Operation.objects.filter(lease_key=lease_key).exclude(state__in=TERMINAL)
    return [_view(row) for row in rows.order_by("place")]


def newest_done(*, kind: str, lease_key: str, limit: int = 20) -> list[OperationView]:
    """The operations of this kind with this key that were carried out, the newest first."""
    rows = Operation.objects.filter(kind=kind, lease_key=lease_key, state=State.DONE)
    return [_view(row) for row in rows.order_by("-place")[:limit]]


def newest_ended(*, kind: str, lease_key: str) -> OperationView | None:
    """The operation of this kind with this key that ended last in its queue, done or refused."""
    row = Operation.objects.filter(kind=kind, lease_key=lease_key, state__in=TERMINAL).order_by("-place").first()
    return None if row is None else _view(row)


def parked_ids(*, lease_key: str) -> list[uuid.UUID]:
    """The operations with this key that wait for a person; at most one, since a parked one keeps its lease."""
    return list(Operation.objects.filter(lease_key=lease_key, state=State.PARKED).values_list("id", flat=True))


def is_queued(*, kind: str, lease_key: str) -> bool:
    """Whether an operation of this kind waits behind this key and has not begun."""
    return Operation.objects.filter(lease_key=lease_key, kind=kind, state=State.QUEUED).exists()


def due(*, at: dt.datetime, limit: int, kinds: Collection[str] | None = None) -> list[uuid.UUID]:
    """Up to `limit` operations of these kinds (None: all) that a run may begin on at `at`, the longest due first.

    An operation behind another one on the same lease is left out; claiming decides once more, under a lock.
    """
    same = Operation.objects.filter(lease_key=OuterRef("lease_key")).exclude(pk=OuterRef("pk"))
    before = Q(place__lt=OuterRef("place")) | Q(place=OuterRef("place"), pk__lt=OuterRef("pk"))
    ahead = same.filter(Q(state__in=HOLDS_LEASE) | Q(before, state=State.QUEUED, due_at__lte=at))
    rows = Operation.objects.filter(due_at__isnull=False, due_at__lte=at)
    rows = rows.filter(~Q(state=State.QUEUED) | Q(lease_key="") | ~Exists(ahead))
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return list(rows.order_by("due_at", "place", "id").values_list("id", flat=True)[:limit])


def next_due_at() -> dt.datetime | None:
    """When the next operation falls due, or None when none is waiting; in the past when some are due now."""
    return Operation.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()


def next_due_after(*, at: dt.datetime) -> dt.datetime | None:
    """When the first operation falls due that is not due at `at` yet; None without one."""
    return Operation.objects.filter(due_at__gt=at).order_by("due_at").values_list("due_at", flat=True).first()


def unfinished_count() -> int:
    """How many operations are neither done, refused nor parked."""
    return Operation.objects.exclude(state__in=[*TERMINAL, State.PARKED]).count()


def parked(*, seen_by: Actor, limit: int = 200) -> list[OperationView]:
    """The parked operations that the actor may see in the staff's queue, the oldest first."""
    visible = permissions.visible_rows(seen_by=seen_by, action="staff.queue")
    rows = Operation.objects.filter(visible, state=State.PARKED).order_by("created_at", "id")[:limit]
    return [_view(row) for row in rows]


def timeline(*, seen_by: Actor, operation_id: uuid.UUID) -> list[audit.Entry]:
    """What happened to the operation, oldest first, as far as the actor may see it."""
    entries = audit.history(seen_by=seen_by, subject_kind="operation", subject_id=operation_id)
    return list(reversed(entries))


def durations(*, kind: str) -> Durations:
    """The measured time from opening to done over the newest finished operations of this kind.

    Percentiles are observed values (nearest rank), None when nothing has been done yet.
    """
    rows = Operation.objects.filter(kind=kind, state=State.DONE).order_by("-finished_at")
    spans = sorted(
        (finished - created).total_seconds()
        for created, finished in rows.values_list("created_at", "finished_at")[:DURATIONS_SAMPLE]
        if finished is not None
    )
    return Durations(count=len(spans), median_s=_rank(spans, 50), p95_s=_rank(spans, 95))


def _rank(spans: Sequence[float], percent: int) -> float | None:
    if not spans:
        return None
    return spans[-(-len(spans) * percent // 100) - 1]
