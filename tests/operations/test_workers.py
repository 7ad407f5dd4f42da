"""Worker processes that are killed, paused, told to stop, and left alone with two of them on one queue."""

import contextlib
import datetime as dt
import os
import signal
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess

import psycopg
import pytest

from seatwright.operations import clock, queries
from seatwright.operations.models import Operation, WorkerBeat
from tests.operations.conftest import open_one
from tests.operations.installation import Installation

TAKEOVER_MOST_S = 30.0


@contextlib.contextmanager
def worker(place: Installation, **plan: object) -> Iterator[ForkServerProcess]:
    """A worker for the time of the block; killed at its end if it still runs."""
    process = place.worker(**plan)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def exit_code(process: ForkServerProcess, *, timeout_s: float = 60) -> int | None:
    """How the process ended, or None when it has not within the time."""
    process.join(timeout_s)
    return process.exitcode


def tell(process: ForkServerProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)


def work_until_idle(place: Installation, **plan: object) -> int | None:
    with worker(place, until_idle=True, **plan) as process:
        return exit_code(process)


def wait_for(what: Callable[[], bool], *, timeout_s: float = 30.0) -> float:
    """Seconds until `what` became true; fails after `timeout_s`."""
    start = time.monotonic()
    while not what():
        assert time.monotonic() - start < timeout_s, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - start


def open_now(kind: str, **given: object) -> uuid.UUID:
    return open_one(kind=kind, at=clock.now(), **given)  # type: ignore[arg-type]


def state(operation_id: uuid.UUID) -> str:
    return queries.view(operation_id=operation_id).state


def steps(place: Installation, operation_id: uuid.UUID) -> list[str]:
    return [what for each, _run, what, _pid in place.effects() if each == operation_id]


def test_after_kill_minus_nine_a_restart_resumes_at_the_last_finished_step(place: Installation) -> None:
    operation_id = open_now("three")
    assert work_until_idle(place, kill_at="second.returned") == -signal.SIGKILL
    assert state(operation_id) == "running"
    assert work_until_idle(place) == 0
    assert steps(place, operation_id) == ["first", "second", "second", "last"]
    view = queries.view(operation_id=operation_id)
    assert (view.state, view.run, view.fence) == ("done", 1, 3)
    assert WorkerBeat.objects.count() == 0


@pytest.mark.parametrize("kill_at", ["run.claimed", "run.held", "first.recorded", "last.returned", "run.ended"])
def test_wherever_the_worker_dies_the_operation_ends_once(place: Installation, kill_at: str) -> None:
    operation_id = open_now("three")
    assert work_until_idle(place, kill_at=kill_at) == -signal.SIGKILL
    assert work_until_idle(place) == 0
    assert state(operation_id) == "done"
    assert steps(place, operation_id) == ["first", "second", "last"]


def test_a_wait_ends_the_run_and_a_bug_spares_the_others(place: Installation) -> None:
    late, crash, three = open_now("late"), open_now("crash"), open_now("three")
    assert work_until_idle(place) == 0
    assert [state(each) for each in (late, crash, three)] == ["done", "parked", "done"]
    assert queries.view(operation_id=late).run == 2


def test_losing_the_engines_own_records_loses_no_work(place: Installation) -> None:
    operation_id = open_now("three")
    work_until_idle(place, kill_at="second.returned")
    if place.url:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA seatwright_worker CASCADE")
    else:
        for file in place.data_dir.glob("worker-1.sqlite3*"):
            file.unlink()
    assert work_until_idle(place) == 0
    assert state(operation_id) == "done"


def test_the_engines_records_are_forgotten_some_time_after_their_run(place: Installation) -> None:
    open_now("three")
    assert work_until_idle(place) == 0
    assert records(place) == 1
    assert work_until_idle(place) == 0
    assert records(place) == 1
    assert work_until_idle(place, forget_after_s=0) == 0
    assert records(place) == 0


def records(place: Installation) -> int:
    """How many runs the engine remembers."""
    if place.url:
        with psycopg.connect(place.url) as database:
            row = database.execute("SELECT count(*) FROM seatwright_worker.workflow_status").fetchone()
    else:
        with contextlib.closing(sqlite3.connect(place.data_dir / "worker-1.sqlite3")) as database:
            row = database.execute("SELECT count(*) FROM workflow_status").fetchone()
    assert row is not None
    return int(row[0])


def test_told_to_stop_a_worker_finishes_what_it_has_begun_and_begins_nothing(place: Installation) -> None:
    begun = open_now("slow", intent={"seconds": 1.5})
    with worker(place) as process:
        wait_for(lambda: steps(place, begun) == ["slow"])
        later = open_now("three", due_at=clock.now() + dt.timedelta(seconds=0.3))
        tell(process, signal.SIGTERM)
        assert exit_code(process) == 0
    assert (state(begun), state(later)) == ("done", "queued")
    assert WorkerBeat.objects.count() == 0


def test_heartbeats_from_the_future_stop_all_sending_until_somebody_accepts_the_clock(place: Installation) -> None:
    future = clock.system_now() + dt.timedelta(hours=1)
    WorkerBeat.objects.create(worker_id="before", place="", started_at=future, beat_at=future)
    operation_id = open_now("three")
    with worker(place):
        wait_for(lambda: WorkerBeat.objects.count() == 2)
        time.sleep(1)
        assert state(operation_id) == "queued"
    assert work_until_idle(place, accept_clock=True) == 0
    assert state(operation_id) == "done"


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_two_workers_run_each_of_forty_operations_once(place: Installation) -> None:
    ids = [open_now("three", lease_key=f"lease-{number % 10}") for number in range(40)]
    with worker(place, until_idle=True) as one, worker(place, until_idle=True) as two:
        assert (exit_code(one), exit_code(two)) == (0, 0)
    counts = Counter((operation_id, what) for operation_id, _run, what, _pid in place.effects())
    assert counts == {(each, what): 1 for each in ids for what in ("first", "second", "last")}
    assert len({pid for *_, pid in place.effects()}) == 2
    assert Operation.objects.filter(state="done", run=1).count() == 40


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same machine", "other machine"])
def test_a_survivor_takes_over_from_a_dead_worker_within_thirty_seconds(place: Installation, elsewhere: bool) -> None:
    operation_id = open_now("slow", intent={"seconds": 2})
    with worker(place, elsewhere=elsewhere) as doomed:
        wait_for(lambda: steps(place, operation_id) == ["slow"])
        with worker(place):
            wait_for(lambda: WorkerBeat.objects.count() == 2)
            doomed.kill()
            took_s = wait_for(lambda: state(operation_id) == "done", timeout_s=TAKEOVER_MOST_S)
    assert took_s < TAKEOVER_MOST_S
    assert steps(place, operation_id) == ["slow", "slow", "slow-done"]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_worker_that_was_only_asleep_is_fenced_off_and_stops(place: Installation) -> None:
    operation_id = open_now("slow", intent={"seconds": 1.5})
    with worker(place, elsewhere=True, takeover_s=3) as sleeper:
        wait_for(lambda: steps(place, operation_id) == ["slow"])
        tell(sleeper, signal.SIGSTOP)
        with worker(place, takeover_s=3):
            wait_for(lambda: state(operation_id) == "done")
            done = queries.view(operation_id=operation_id)
            tell(sleeper, signal.SIGCONT)
            assert exit_code(sleeper) == 75
    assert steps(place, operation_id) == ["slow", "slow", "slow-done"]
    assert queries.view(operation_id=operation_id) == done
