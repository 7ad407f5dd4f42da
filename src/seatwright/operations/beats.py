"""Which worker processes are alive: each writes a heartbeat by the database's clock, and a survivor finds the dead.

On its own machine a process need not wait for a heartbeat to grow old: it looks whether the other one still runs.
"""

import datetime as dt
import os
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from seatwright.operations.models import WorkerBeat

_PROC = Path("/proc")


def place(*, pid: int) -> str:
    """A name for this process that no other one ever has, on any machine; empty where /proc does not exist."""
    started = _started_ticks(pid=pid)
    machine = _machine()
    return f"{machine}/{pid}/{started}" if started and machine else ""


def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started_ticks(*, pid: int) -> str:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]


def _is_gone(*, place_of_other: str) -> bool:
    """Whether the process at that place certainly runs no more; False when it is on another machine or unknown."""
    machine, _, rest = place_of_other.rpartition("/")
    machine, _, pid = machine.rpartition("/")
    return bool(pid) and machine == _machine() and _started_ticks(pid=int(pid)) != rest


def enlist(*, worker_id: str) -> None:
    """Make this process known as a worker."""
    here = place(pid=os.getpid())
    WorkerBeat.objects.create(worker_id=worker_id, place=here, started_at=Now(), beat_at=Now())


def beat(*, worker_id: str) -> bool:
    """Renew the heartbeat; False when another worker has taken over, so that this one must stop."""
    return bool(WorkerBeat.objects.filter(worker_id=worker_id, taken_over_by="").update(beat_at=Now()))


def leave(*, worker_id: str, is_idle: bool) -> None:
    """Say that this worker ends; when it is not idle, others may take its work over at once."""
    rows = WorkerBeat.objects.filter(worker_id=worker_id)
    if is_idle:
        rows.delete()
    else:
        rows.update(stopped_at=Now())


def dead(*, takeover_s: float, but: str) -> list[str]:
    """The workers other than `but` that stopped with work in hand, are gone, or whose heartbeat is `takeover_s` old."""
    old = Q(beat_at__lt=Now() - dt.timedelta(seconds=takeover_s)) | Q(stopped_at__isnull=False)
    others = WorkerBeat.objects.exclude(worker_id=but)
    known = set(others.filter(old).values_list("worker_id", flat=True))
    for worker_id, where in others.exclude(worker_id__in=known).values_list("worker_id", "place"):
        if _is_gone(place_of_other=where):
            known.add(worker_id)
    return sorted(known)


def known() -> set[str]:
    """The ids of all workers that have a heartbeat, young or old."""
    return set(WorkerBeat.objects.values_list("worker_id", flat=True))


def begin_takeover(*, dead_id: str, by: str, dead_ids: list[str]) -> bool:
    """Whether `by` is the one survivor that takes over from `dead_id`; another one may when `by` dies over it."""
    free = Q(taken_over_by="") | Q(taken_over_by__in=dead_ids) | Q(taken_over_by=by)
    return bool(WorkerBeat.objects.filter(free, worker_id=dead_id).update(taken_over_by=by))


def end_takeover(*, dead_id: str) -> None:
    """Forget a worker whose work has been taken over."""
    WorkerBeat.objects.filter(worker_id=dead_id).delete()


def last_seen_at(*, but: str) -> dt.datetime | None:
    """The newest heartbeat of any other worker."""
    newest: dt.datetime | None = WorkerBeat.objects.exclude(worker_id=but).aggregate(newest=Max("beat_at"))["newest"]
    return newest


@transaction.atomic
def forget_future(*, system_now: dt.datetime) -> int:
    """Remove heartbeats from after `system_now`, left by a clock that was wrong; returns how many there were."""
    count, _ = WorkerBeat.objects.filter(beat_at__gt=system_now).delete()
    return count


def database_now() -> dt.datetime:
    """The database's time in UTC; on SQLite that is this machine's."""
    if connection.vendor == "sqlite":
        return dt.datetime.now(dt.UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (value,) = cursor.fetchone()
    assert isinstance(value, dt.datetime)
    return value
