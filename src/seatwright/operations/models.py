"""Tables of the operations room: work that survives a crash, who is working, and the test clock."""

import uuid
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """Where an operation stands; `UNCLEAR` means sent without an answer, `PARKED` means a person must decide."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    UNCLEAR = "unclear"
    PARKED = "parked"
    DONE = "done"
    REFUSED = "refused"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING}),
    State.RUNNING: frozenset({State.WAITING, State.UNCLEAR, State.PARKED, State.DONE, State.REFUSED}),
    State.WAITING: frozenset({State.RUNNING}),
    State.UNCLEAR: frozenset({State.RUNNING, State.PARKED, State.DONE, State.REFUSED}),
    State.PARKED: frozenset({State.QUEUED, State.UNCLEAR, State.DONE, State.REFUSED}),
    State.DONE: frozenset(),
    State.REFUSED: frozenset(),
}
TERMINAL = frozenset({State.DONE, State.REFUSED})
DUE = frozenset({State.QUEUED, State.WAITING, State.UNCLEAR})
RUNNABLE = frozenset({State.RUNNING, State.UNCLEAR})
HOLDS_LEASE = frozenset({State.RUNNING, State.WAITING, State.UNCLEAR, State.PARKED})


class Operation(models.Model):
    """One intended change at a vendor or one job of our own; the row is the truth and the outbox.

    `due_at` is None exactly while a run works on the row. `place` orders operations with the same `lease_key`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    reseller_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    lease_key = models.CharField(max_length=160)
    place = models.BigIntegerField()
    intent: Any = models.JSONField(encoder=DjangoJSONEncoder)
    policy_version = models.CharField(max_length=64)
    request_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    due_at = models.DateTimeField(null=True)
    run = models.PositiveIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    troubles = models.PositiveIntegerField(default=0)
    worker_id = models.CharField(max_length=64, default="")
    progress: Any = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    unclear_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()
    parked_reason = models.CharField(max_length=200, default="")
    actor: Any = models.JSONField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, default="")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["request_id"], name="operation_request_once"),
            models.UniqueConstraint(
                fields=["lease_key"],
                condition=Q(state__in=sorted(HOLDS_LEASE)) & ~Q(lease_key=""),
                name="operation_lease_once",
            ),
            models.CheckConstraint(condition=Q(state__in=sorted(State)), name="operation_state_known"),
            models.CheckConstraint(
                condition=~Q(state="unclear") | Q(sent_at__isnull=False, unclear_at__isnull=False),
                name="operation_unclear_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(TERMINAL), finished_at__isnull=False)
                | Q(~Q(state__in=sorted(TERMINAL)), finished_at__isnull=True),
                name="operation_finished_has_instant",
            ),
            models.CheckConstraint(
                condition=Q(~Q(parked_reason=""), state="parked") | Q(~Q(state="parked"), parked_reason=""),
                name="operation_parked_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "waiting"], due_at__isnull=False)
                | Q(state="unclear")
                | Q(state__in=["running", "parked", "done", "refused"], due_at__isnull=True),
                name="operation_waits_until_instant",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="operation_due"),
            models.Index(fields=["lease_key", "place"], name="operation_by_lease"),
            models.Index(fields=["kind", "state", "-finished_at"], name="operation_by_kind"),
            models.Index(fields=["worker_id"], condition=Q(state__in=sorted(RUNNABLE)), name="operation_by_worker"),
            models.Index(fields=["reseller_id", "created_at"], condition=Q(state="parked"), name="operation_parked"),
            models.Index(fields=["customer_id", "-created_at"], name="operation_by_customer"),
        ]


class WorkerBeat(models.Model):
    """A worker process and when it was last seen, by the database's clock; `place` names machine and process."""

    worker_id = models.CharField(max_length=64, primary_key=True)
    place = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    taken_over_by = models.CharField(max_length=64, default="")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-beat_at"], name="worker_by_beat")]


class TestClock(models.Model):
    """The one row that moves the clock of a demo or test installation: frozen at an instant, or running ahead.

    `travels_to` is where it is being moved, from one moment at which something happens to the next.
    """

    __test__ = False
    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    frozen_at = models.DateTimeField(null=True)
    ahead_us = models.BigIntegerField(default=0)
    travels_to = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="test_clock_is_one"),
            models.CheckConstraint(condition=Q(ahead_us__gte=0), name="test_clock_runs_ahead"),
        ]
