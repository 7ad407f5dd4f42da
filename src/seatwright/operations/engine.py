"""Runs operations: a kind is a row of plain steps, and every fact that must last is in the operation's row.

`run_once` and `run_due` run the very same steps in this process; the worker runs them as durable workflows. The engine
is the only place that turns an unexpected exception into a parked operation.

What a step may raise:

    anything declared busy   wait until the exception's `retry_at`
    anything declared down   wait longer each time, within a budget
    anything declared denied park: a person must act
    StaleFence               another worker has taken over: leave the row alone
    any other exception      park as a bug, with a reference that is also in the log
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from seatwright.operations import changes, queries, runs, states
from seatwright.operations.models import RUNNABLE, State

RETRY_BUDGET = 60
RETRY_FIRST = dt.timedelta(seconds=2)
RETRY_MOST = dt.timedelta(minutes=15)
WAIT_LEAST = dt.timedelta(milliseconds=100)
WAIT_MOST = dt.timedelta(hours=48)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Next:
    """The step is complete; go on with the next one."""


@dataclass(frozen=True, kw_only=True)
class Again:
    """Nothing more can be done before `at` (UTC, by the installation's clock); `why` is shown to staff."""

    at: dt.datetime
    why: str
    is_trouble: bool = False


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The step has brought the operation to its end (`changes.finish`)."""


@dataclass(frozen=True, kw_only=True)
class Park:
    """A person must decide; `reason` is a short key, `note` a sentence without secrets."""

    reason: str
    note: str = ""


StepResult = Next | Again | Finished | Park
Step = Callable[[queries.OperationView, dt.datetime], StepResult]
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of operation: its name, and its steps by name in their order."""

    name: str
    steps: tuple[tuple[str, Step], ...]


class Superseded(Exception):
    """This process no longer holds the run; whoever does will go on."""


_KINDS: dict[str, Kind] = {}
_EXPECTED: dict[str, tuple[type[Exception], ...]] = {"busy": (), "down": (), "denied": ()}


def register(kind: Kind) -> None:
    """Make a kind known to this process; registering it again replaces it."""
    _KINDS[kind.name] = kind


def expect(
    *,
    busy: tuple[type[Exception], ...] = (),
    down: tuple[type[Exception], ...] = (),
    denied: tuple[type[Exception], ...] = (),
) -> None:
    """Declare which exceptions of steps are vendor trouble; `busy` ones carry `retry_at`. The wiring calls this."""
    _EXPECTED.update(busy=busy, down=down, denied=denied)


def step_names(*, kind: str) -> tuple[str, ...]:
    """The names of the steps of this kind; KeyError when this process does not know it."""
    return tuple(name for name, _step in _KINDS[kind].steps)


def known_kinds() -> list[str]:
    """The names of the kinds that this process can run; it leaves other operations to newer or older processes."""
    return sorted(_KINDS)


def kind_of(*, operation_id: uuid.UUID) -> str:
    """The kind of this operation."""
    return queries.view(operation_id=operation_id).kind


def pack(result: StepResult) -> dict[str, Any]:
    """The result as JSON values, for an engine that stores it."""
    values = {"result": type(result).__name__, **asdict(result)}
    return {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in values.items()}


def unpack(values: dict[str, Any]) -> StepResult:
    """The result that `pack` made these values of."""
    given = {name: value for name, value in values.items() if name != "result"}
    if values["result"] == "Again":
        return Again(at=dt.datetime.fromisoformat(given.pop("at")), **given)
    if values["result"] == "Park":
        return Park(**given)
    return Next() if values["result"] == "Next" else Finished()


def perform(*, operation_id: uuid.UUID, run: int, worker_id: str, step_name: str, clock: Clock) -> StepResult:
    """Run one step and return what it says; vendor trouble and bugs are turned into `Again` or `Park`.

    Raises Superseded when this worker does not hold the run, before or after the step.
    """
    view = queries.view(operation_id=operation_id)
    if view.run != run or view.worker_id != worker_id or view.state not in RUNNABLE:
        raise Superseded(f"run {run} of operation {operation_id} is not with {worker_id}")
    at = clock()
    try:
        return dict(_KINDS[view.kind].steps)[step_name](view, at)
    except states.StaleFence as error:
        raise Superseded(str(error)) from error
    except Exception as error:  # noqa: BLE001 - the one place where a bug parks its operation and spares the others
        return _trouble(error=error, view=view, step_name=step_name, at=clock())


def _trouble(*, error: Exception, view: queries.OperationView, step_name: str, at: dt.datetime) -> StepResult:
    note = getattr(error, "safe_text", type(error).__name__)
    if isinstance(error, _EXPECTED["denied"]):
        return Park(reason="vendor_denied", note=note)
    if isinstance(error, _EXPECTED["busy"]):
        retry_at: dt.datetime = error.retry_at  # type: ignore[attr-defined]
        return Again(at=max(retry_at, at + RETRY_FIRST), why=note, is_trouble=True)
    if isinstance(error, _EXPECTED["down"]):
        return Again(at=at + backoff(view=view), why=note, is_trouble=True)
    reference = f"{view.id.hex[:8]}-{view.run}-{step_name}"
    log.error("operation step failed", operation_id=str(view.id), reference=reference, exc_info=error)
    return Park(reason="bug", note=f"{type(error).__name__}; look for {reference} in the log.")


def backoff(*, view: queries.OperationView) -> dt.timedelta:
    """How long to wait after vendor trouble: doubling from `RETRY_FIRST` to `RETRY_MOST`, plus up to a quarter.

    The share that is added is derived from the operation and the number of troubles, so that operations spread out and
    a simulation repeats exactly.
    """
    doubled: dt.timedelta = min(RETRY_FIRST * 2 ** min(view.troubles, 16), RETRY_MOST)
    digest = hashlib.sha256(f"{view.id}:{view.troubles}".encode()).digest()
    return doubled + doubled * digest[0] / 1020


def conclude(*, hold: runs.Hold, result: StepResult | None, at: dt.datetime) -> None:
    """Write how the run ended; `result` None means that all steps passed without one saying that it is finished.

    Limits hold here: a deadline passed while it is not known what happened, too many runs, too much trouble in a row
    (invariant 21). Raises StaleFence.
    """
    view = queries.view(operation_id=hold.operation_id)
    if view.state not in RUNNABLE:
        return
    if result is None or isinstance(result, Next | Finished):
        result = Park(reason="bug", note="The steps ended and the operation did not.")
    if isinstance(result, Again):
        result = _within_limits(view=view, result=result, at=at)
    if isinstance(result, Park):
        changes.park(operation_id=view.id, fence=hold.fence, reason=result.reason, at=at, note=result.note)
        log.warning("operation parked", operation_id=str(view.id), reason=result.reason)
        return
    runs.wait(
        operation_id=view.id,
        fence=hold.fence,
        due_at=result.at,
        why=result.why,
        at=at,
        is_trouble=result.is_trouble,
    )


def _within_limits(*, view: queries.OperationView, result: Again, at: dt.datetime) -> Again | Park:
    may_have_happened = view.state == State.UNCLEAR or view.is_unanswered
    if may_have_happened and at >= view.deadline_at:
        return Park(reason="deadline_passed", note=f"It is not known whether the change happened. {result.why}")
    if view.run >= runs.RUN_LIMIT:
        return Park(reason="run_limit", note=result.why)
    if result.is_trouble and view.troubles + 1 >= RETRY_BUDGET:
        return Park(reason="retry_budget", note=result.why)
    due_at = min(max(result.at, at + WAIT_LEAST), at + WAIT_MOST)
    if may_have_happened:
        due_at = min(due_at, view.deadline_at)
    return Again(at=due_at, why=result.why, is_trouble=result.is_trouble)


def run_once(*, operation_id: uuid.UUID, at_clock: Clock, worker_id: str) -> str:
    """Run the operation's next run in this process, without the durable engine, and return its state afterwards.

    A run that this worker began and did not end (a simulated crash) is gone through again from the first step. Nothing
    happens when the operation is not due, or another one is ahead of it.
    """
    _run(operation_id=operation_id, clock=at_clock, worker_id=worker_id)
    return queries.view(operation_id=operation_id).state


def _run(*, operation_id: uuid.UUID, clock: Clock, worker_id: str) -> bool:
    """Whether there was a run for this worker to go through."""
    view = queries.view(operation_id=operation_id)
    hold = _begin(view=view, at=clock(), worker_id=worker_id)
    if hold is None:
        return False
    try:
        _go(hold=hold, kind=view.kind, clock=clock, worker_id=worker_id)
    except (Superseded, states.StaleFence) as error:
        log.warning("run given up", operation_id=str(operation_id), why=str(error))
    return True


def _begin(*, view: queries.OperationView, at: dt.datetime, worker_id: str) -> runs.Hold | None:
    if view.worker_id == worker_id and view.state in RUNNABLE and view.due_at is None:
        return runs.hold(operation_id=view.id, run=view.run, worker_id=worker_id, at=at)
    return runs.claim(operation_id=view.id, worker_id=worker_id, at=at)


def _go(*, hold: runs.Hold, kind: str, clock: Clock, worker_id: str) -> None:
    result: StepResult | None = None
    for name in step_names(kind=kind):
        result = perform(operation_id=hold.operation_id, run=hold.run, worker_id=worker_id, step_name=name, clock=clock)
        if not isinstance(result, Next):
            break
    conclude(hold=hold, result=result, at=clock())


def run_due(*, clock: Clock, limit: int = 1000, worker_id: str = "in-process") -> int:
    """Run what is due in this process, each operation at most once, and return how many runs were begun.

    First come runs that this worker began and did not end. For tests, simulations and the demo's data; an installation
    uses the worker.
    """
    waiting = [operation_id for operation_id, _number in runs.in_hand(worker_id=worker_id)]
    due = queries.due(at=clock(), limit=limit, kinds=known_kinds())
    return sum(_run(operation_id=operation_id, clock=clock, worker_id=worker_id) for operation_id in [*waiting, *due])
