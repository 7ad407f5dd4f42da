"""The durable engine of the worker process: each run of an operation is a DBOS workflow of its kind's steps.

Only the worker imports this module. The engine remembers which steps of a run are complete, and nothing else: losing
its files loses no work, because the operation's row says what happened and a run may always begin anew.
"""

import datetime as dt
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowStatus
from django.db import connection, connections

from seatwright.operations import checkpoints, clock, engine, runs, states

APPLICATION_VERSION = "seatwright-1"
SCHEMA = "seatwright_worker"
BUSY_TIMEOUT_MS = 20_000
_this_worker = ""
_superseded = threading.Event()


class Abandoned(BaseException):
    """Ends the workflow's thread without recording an outcome: the run now belongs to another process.

    Not an Exception, because the engine would store one as the result of the step, and replay it to the new owner.
    """


def launch(*, worker_id: str, data_dir: Path, threads: int, superseded: threading.Event) -> None:
    """Start the engine in this process as executor `worker_id`; sets `superseded` when a run was taken away from it.

    Beside PostgreSQL the engine keeps its tables in the schema `seatwright_worker` of the same database, beside SQLite
    in a file of its own in `data_dir`.
    """
    global _this_worker, _superseded
    _this_worker, _superseded = worker_id, superseded
    config: DBOSConfig = {
        "name": "seatwright",
        "executor_id": worker_id,
        "application_version": APPLICATION_VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "system_database_engine": _engine(data_dir=data_dir, threads=threads),
        "use_listen_notify": False,
        "enable_otlp": False,
        "log_level": "ERROR",
    }
    if connection.vendor == "postgresql":
        config["dbos_system_schema"] = SCHEMA
    DBOS(config=config)
    DBOS.launch()


def _engine(*, data_dir: Path, threads: int) -> sa.Engine:
    pool = {"pool_size": threads + 6, "max_overflow": 10, "pool_pre_ping": True}
    if connection.vendor == "postgresql":
        given = connection.settings_dict
        url = sa.URL.create(
            "postgresql+psycopg",
            username=given["USER"] or None,
            password=given["PASSWORD"] or None,
            port=int(given["PORT"]) if given["PORT"] else None,
            database=given["NAME"],
            query={"host": given["HOST"]} if given["HOST"] else {},
        )
        return sa.create_engine(url, **pool)
    data_dir.mkdir(parents=True, exist_ok=True)
    made = sa.create_engine(sa.URL.create("sqlite", database=str(data_dir / "worker-1.sqlite3")), **pool)
    sa.event.listen(made, "connect", _prepare_sqlite)
    return made


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    raw.isolation_level = "IMMEDIATE"
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")
    if sqlite3.sqlite_version_info < (3, 42):
        raw.create_function("unixepoch", 1, lambda _precision: round(time.time(), 3))


def shut_down() -> None:
    """Stop the engine's threads; runs that are not complete stay recorded as pending."""
    DBOS.destroy()


def workflow_id(*, operation_id: uuid.UUID, run: int) -> str:
    """The name of this run in the engine."""
    return f"{operation_id}:{run}"


def start(*, operation_id: uuid.UUID, run: int) -> None:
    """Begin the run in the background; does nothing when the engine has it already."""
    with SetWorkflowID(workflow_id(operation_id=operation_id, run=run)):
        DBOS.start_workflow(run_operation, str(operation_id), run)


@DBOS.workflow(name="run_operation")
def run_operation(operation_id: str, run: int) -> str:
    """One run: hold the row, take the steps, write how the run ended; returns that in a word.

    Everything outside `DBOS.run_step` happens again whenever a process resumes the run, which is meant for the hold.
    """
    hold = _in_database(
        lambda: runs.hold(operation_id=uuid.UUID(operation_id), run=run, worker_id=_this_worker, at=clock.now())
    )
    if hold is None:
        return "superseded"
    checkpoints.checkpoint("run.held")
    kind = _in_database(lambda: engine.kind_of(operation_id=hold.operation_id))
    result: engine.StepResult | None = None
    for name in engine.step_names(kind=kind):
        packed: dict[str, Any] = DBOS.run_step({"name": name}, _perform, operation_id, run, name)
        checkpoints.checkpoint(f"{name}.recorded")
        result = engine.unpack(packed)
        if not isinstance(result, engine.Next):
            break
    outcome = result
    _in_database(lambda: engine.conclude(hold=hold, result=outcome, at=clock.now()))
    checkpoints.checkpoint("run.ended")
    return type(result).__name__


def _perform(operation_id: str, run: int, name: str) -> dict[str, Any]:
    result = _in_database(
        lambda: engine.perform(
            operation_id=uuid.UUID(operation_id), run=run, worker_id=_this_worker, step_name=name, clock=clock.now
        )
    )
    checkpoints.checkpoint(f"{name}.returned")
    return engine.pack(result)


def _in_database[T](work: Callable[[], T]) -> T:
    """Do the work and close this thread's database connections, or threads that rest would keep them all."""
    try:
        return work()
    except (engine.Superseded, states.StaleFence) as error:
        _superseded.set()
        raise Abandoned(str(error)) from error
    finally:
        connections.close_all()


def statuses(*, of: Iterable[tuple[uuid.UUID, int]]) -> dict[tuple[uuid.UUID, int], WorkflowStatus]:
    """What the engine knows of these runs; those that it does not know are left out."""
    wanted = {workflow_id(operation_id=operation_id, run=run): (operation_id, run) for operation_id, run in of}
    if not wanted:
        return {}
    found = DBOS.list_workflows(workflow_ids=list(wanted), load_input=False, load_output=False)
    return {wanted[status.workflow_id]: status for status in found}


def resume_all_of(*, executor_id: str) -> int:
    """Make every run that the dead executor left pending run again, on whichever worker is free; returns how many."""
    pending = DBOS.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
    ids = [status.workflow_id for status in pending]
    if ids:
        DBOS.resume_workflows(ids)
    return len(ids)


def forget_finished(*, before: dt.datetime, limit: int = 1000) -> int:
    """Delete up to `limit` of the engine's records of runs that ended before then; returns how many.

    The operations' rows keep everything that matters, so the records serve only while their run lasts.
    """
    finished = DBOS.list_workflows(
        status=["SUCCESS", "ERROR"],
        completed_before=before.isoformat(),
        limit=limit,
        load_input=False,
        load_output=False,
    )
    ids = [status.workflow_id for status in finished]
    if ids:
        DBOS.delete_workflows(ids)
    return len(ids)


Remedy = Literal["start", "resume", "put_back", "nothing"]


def remedy(*, status: WorkflowStatus | None, dead_ids: Collection[str], known_ids: Collection[str]) -> Remedy:
    """What a row in hand needs, given what the engine knows of its run.

    A run that the engine never heard of, or lost, is started; one that it thinks complete though the row is not, is put
    back for another run; one that is pending with a dead or forgotten executor is resumed.
    """
    if status is None:
        return "start"
    if status.status == "PENDING":
        executor_id = status.executor_id or ""
        is_lost = executor_id in dead_ids or executor_id not in known_ids
        return "resume" if is_lost else "nothing"
    return "nothing" if status.status in ("ENQUEUED", "DELAYED") else "put_back"


def mend(*, held: list[tuple[uuid.UUID, int]], dead_ids: list[str], known_ids: set[str], at: dt.datetime) -> int:
    """Bring runs that nobody works on back to work; returns how many needed it."""
    found = statuses(of=held)
    count = 0
    for operation_id, run in held:
        what = remedy(status=found.get((operation_id, run)), dead_ids=dead_ids, known_ids=known_ids)
        if what == "start":
            start(operation_id=operation_id, run=run)
        elif what == "resume":
            DBOS.resume_workflows([workflow_id(operation_id=operation_id, run=run)])
        elif what == "put_back":
            runs.put_back(operation_id=operation_id, run=run, at=at)
        count += what != "nothing"
    return count
