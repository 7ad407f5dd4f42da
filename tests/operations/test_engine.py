"""The steps of a run, what they may raise, and the limits at which a person is asked."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import transaction

from seatwright.operations import changes, engine, queries, runs
from seatwright.operations.models import Operation
from tests.operations.conftest import MINUTE, T0, open_one

pytestmark = pytest.mark.django_db
Kinds = Callable[..., None]
View = queries.OperationView
HOUR = dt.timedelta(hours=1)


class Busy(Exception):
    safe_text = "The vendor asks us to wait."

    def __init__(self, *, retry_at: dt.datetime) -> None:
        super().__init__()
        self.retry_at = retry_at


class Down(Exception):
    safe_text = "The vendor cannot be reached."


class Denied(Exception):
    safe_text = "The consent is gone."


@pytest.fixture(autouse=True)
def _trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_EXPECTED", {"busy": (), "down": (), "denied": ()})
    engine.expect(busy=(Busy,), down=(Down,), denied=(Denied,))


def run(operation_id: object, at: dt.datetime = T0) -> View:
    engine.run_once(operation_id=operation_id, at_clock=lambda: at, worker_id="w1")  # type: ignore[arg-type]
    return queries.view(operation_id=operation_id)  # type: ignore[arg-type]


def end(view: View, at: dt.datetime) -> engine.StepResult:
    changes.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    return engine.Finished()


def test_steps_run_in_their_order_until_one_finishes(kinds: Kinds) -> None:
    seen: list[str] = []

    def look(view: View, at: dt.datetime) -> engine.StepResult:
        seen.append("look")
        return engine.Next()

    def never(view: View, at: dt.datetime) -> engine.StepResult:
        seen.append("never")
        return engine.Next()

    kinds("probe", look, end, never)
    view = run(open_one())
    assert (view.state, view.run, view.finished_at, seen) == ("done", 1, T0, ["look"])


def test_again_ends_the_run_and_the_next_one_begins_when_its_time_has_come(kinds: Kinds) -> None:
    def wait_an_hour(view: View, at: dt.datetime) -> engine.StepResult:
        return engine.Next() if view.run > 1 else engine.Again(at=at + HOUR, why="not there yet")

    kinds("probe", wait_an_hour, end)
    operation_id = open_one()
    view = run(operation_id)
    assert (view.state, view.due_at, view.last_error) == ("waiting", T0 + HOUR, "not there yet")
    assert run(operation_id, T0 + HOUR - MINUTE).run == 1
    view = run(operation_id, T0 + HOUR)
    assert (view.state, view.run) == ("done", 2)


def test_a_busy_vendor_is_asked_again_when_it_said(kinds: Kinds) -> None:
    def ask(view: View, at: dt.datetime) -> engine.StepResult:
        raise Busy(retry_at=T0 + 7 * MINUTE)

    kinds("probe", ask)
    view = run(open_one())
    assert (view.state, view.due_at, view.troubles) == ("waiting", T0 + 7 * MINUTE, 1)
    assert view.last_error == "The vendor asks us to wait."


def test_a_vendor_that_is_down_is_asked_less_and_less_often_and_not_forever(kinds: Kinds) -> None:
    def ask(view: View, at: dt.datetime) -> engine.StepResult:
        raise Down

    kinds("probe", ask)
    operation_id, at, waits = open_one(), T0, []
    while (view := run(operation_id, at)).due_at is not None:
        waits.append((view.due_at - at).total_seconds())
        at = view.due_at
    assert 2 <= waits[0] <= 2.5
    assert 4 <= waits[1] <= 5
    assert 64 <= waits[5] <= 80
    assert all(900 <= wait <= 1125 for wait in waits[9:])
    assert (view.state, view.parked_reason, len(waits)) == ("parked", "retry_budget", engine.RETRY_BUDGET - 1)


def test_the_wait_after_trouble_is_the_same_in_every_repetition(kinds: Kinds) -> None:
    view = queries.view(operation_id=open_one())
    assert engine.backoff(view=view) == engine.backoff(view=view)


def test_a_step_that_succeeds_forgets_earlier_trouble(kinds: Kinds) -> None:
    def ask(view: View, at: dt.datetime) -> engine.StepResult:
        if view.run == 1:
            raise Down
        return engine.Again(at=at + MINUTE, why="accepted")

    kinds("probe", ask)
    operation_id = open_one()
    assert run(operation_id).troubles == 1
    assert run(operation_id, T0 + MINUTE).troubles == 0


def test_a_denied_call_parks_with_the_sentence_for_staff(kinds: Kinds) -> None:
    def ask(view: View, at: dt.datetime) -> engine.StepResult:
        raise Denied

    kinds("probe", ask)
    view = run(open_one())
    assert (view.state, view.parked_reason, view.last_error) == ("parked", "vendor_denied", "The consent is gone.")


def test_a_bug_parks_with_a_reference_and_without_the_exceptions_text(kinds: Kinds) -> None:
    def boom(view: View, at: dt.datetime) -> engine.StepResult:
        raise ValueError("the password is hunter2")

    kinds("probe", boom)
    operation_id = open_one()
    view = run(operation_id)
    assert (view.state, view.parked_reason) == ("parked", "bug")
    assert view.last_error == f"ValueError; look for {operation_id.hex[:8]}-1-boom in the log."


def test_steps_that_end_without_an_end_are_a_bug(kinds: Kinds) -> None:
    def nothing(view: View, at: dt.datetime) -> engine.StepResult:
        return engine.Next()

    kinds("probe", nothing)
    view = run(open_one())
    assert (view.state, view.parked_reason) == ("parked", "bug")


def send_and_hear_nothing(view: View, at: dt.datetime) -> engine.StepResult:
    if view.sent_at is None:
        changes.mark_sent(operation_id=view.id, fence=view.fence, at=at)
        changes.mark_unclear(operation_id=view.id, fence=view.fence, at=at, note="no answer")
    return engine.Again(at=at + 40 * MINUTE, why="not visible")


def test_an_unclear_operation_is_looked_at_once_more_at_its_deadline_and_then_parked(kinds: Kinds) -> None:
    kinds("probe", send_and_hear_nothing)
    operation_id = open_one()
    view = run(operation_id)
    assert (view.state, view.due_at) == ("unclear", T0 + 40 * MINUTE)
    view = run(operation_id, T0 + 40 * MINUTE)
    assert (view.state, view.due_at, view.unclear_at) == ("unclear", T0 + HOUR, T0)
    view = run(operation_id, T0 + HOUR)
    assert (view.state, view.parked_reason) == ("parked", "deadline_passed")


def test_an_operation_that_was_never_sent_outlives_its_deadline(kinds: Kinds) -> None:
    def not_yet(view: View, at: dt.datetime) -> engine.StepResult:
        return engine.Again(at=at + 2 * HOUR, why="closed")

    kinds("probe", not_yet)
    operation_id = open_one()
    run(operation_id)
    assert run(operation_id, T0 + 2 * HOUR).state == "waiting"


def test_an_operation_that_runs_without_end_is_parked(kinds: Kinds) -> None:
    def not_yet(view: View, at: dt.datetime) -> engine.StepResult:
        return engine.Again(at=at, why="soon")

    kinds("probe", not_yet)
    operation_id = open_one()
    Operation.objects.filter(pk=operation_id).update(run=runs.RUN_LIMIT - 1)
    view = run(operation_id)
    assert (view.state, view.parked_reason) == ("parked", "run_limit")


def test_a_wait_is_never_shorter_than_a_tenth_of_a_second_nor_longer_than_two_days(kinds: Kinds) -> None:
    def back_and_far(view: View, at: dt.datetime) -> engine.StepResult:
        return engine.Again(at=at - HOUR if view.run == 1 else at + 1000 * HOUR, why="odd")

    kinds("probe", back_and_far)
    operation_id = open_one()
    assert run(operation_id).due_at == T0 + dt.timedelta(milliseconds=100)
    assert run(operation_id, T0 + MINUTE).due_at == T0 + MINUTE + 48 * HOUR


class PowerCut(BaseException):
    """Stands for the end of the process: nothing may catch it."""


def test_a_run_cut_off_in_the_middle_is_gone_through_again_by_the_same_worker(kinds: Kinds) -> None:
    def submit(view: View, at: dt.datetime) -> engine.StepResult:
        if view.sent_at is not None:
            return engine.Next()
        changes.mark_sent(operation_id=view.id, fence=view.fence, at=at)
        raise PowerCut

    kinds("probe", submit, end)
    operation_id = open_one()
    with pytest.raises(PowerCut):
        run(operation_id)
    cut = queries.view(operation_id=operation_id)
    assert (cut.state, cut.due_at, cut.is_unanswered) == ("running", None, True)
    assert engine.run_due(clock=lambda: T0, worker_id="w1") == 1
    view = queries.view(operation_id=operation_id)
    assert (view.state, view.run, view.fence) == ("done", 1, 2)


def test_run_due_begins_each_due_operation_once_and_says_how_many(kinds: Kinds) -> None:
    kinds("probe", end)
    due = [open_one() for _ in range(3)]
    later = open_one(due_at=T0 + MINUTE)
    open_one(kind="of-a-newer-version")
    assert engine.run_due(clock=lambda: T0) == 3
    assert {queries.view(operation_id=each).state for each in due} == {"done"}
    assert queries.view(operation_id=later).state == "queued"
    assert engine.run_due(clock=lambda: T0) == 0


def test_a_worker_that_was_taken_over_in_the_middle_of_a_step_writes_nothing_more(kinds: Kinds) -> None:
    def taken_over(view: View, at: dt.datetime) -> engine.StepResult:
        runs.hold(operation_id=view.id, run=view.run, worker_id="survivor", at=at)
        return end(view, at)

    kinds("probe", taken_over)
    view = run(open_one())
    assert (view.state, view.worker_id) == ("running", "survivor")


def test_a_worker_that_was_taken_over_between_two_steps_begins_no_further_step(kinds: Kinds) -> None:
    def lose(view: View, at: dt.datetime) -> engine.StepResult:
        runs.hold(operation_id=view.id, run=view.run, worker_id="survivor", at=at)
        return engine.Next()

    kinds("probe", lose, end)
    view = run(open_one())
    assert (view.state, view.worker_id, view.fence) == ("running", "survivor", 2)


def test_a_stale_fence_takes_the_callers_whole_transaction_with_it(kinds: Kinds) -> None:
    operation_id = open_one()
    stale = runs.claim(operation_id=operation_id, worker_id="w1", at=T0)
    assert stale is not None
    runs.hold(operation_id=operation_id, run=stale.run, worker_id="w2", at=T0)
    before = Operation.objects.count()
    with pytest.raises(changes.StaleFence), transaction.atomic():  # noqa: PT012 -- what is written before it matters
        open_one(kind="booked with the end")
        changes.finish(operation_id=operation_id, fence=stale.fence, state="done", at=T0)
    assert Operation.objects.count() == before
    assert queries.view(operation_id=operation_id).state == "running"


def test_a_run_that_has_ended_cannot_be_held_again() -> None:
    operation_id = open_one()
    first = runs.claim(operation_id=operation_id, worker_id="w1", at=T0)
    assert first is not None
    runs.wait(operation_id=operation_id, fence=first.fence, due_at=T0, why="", at=T0, is_trouble=False)
    assert runs.hold(operation_id=operation_id, run=1, worker_id="w2", at=T0) is None
    runs.claim(operation_id=operation_id, worker_id="w1", at=T0)
    assert runs.hold(operation_id=operation_id, run=1, worker_id="w2", at=T0) is None


def test_a_run_that_nobody_will_end_is_put_back_and_parked_when_that_goes_on() -> None:
    operation_id = open_one()
    for number in range(1, runs.LOST_RUNS_MOST + 1):
        assert runs.claim(operation_id=operation_id, worker_id="w1", at=T0) is not None
        runs.put_back(operation_id=operation_id, run=number, at=T0)
    view = queries.view(operation_id=operation_id)
    assert (view.state, view.parked_reason) == ("parked", "runs_lost")
    runs.put_back(operation_id=operation_id, run=view.run, at=T0)
    assert queries.view(operation_id=operation_id) == view


@pytest.mark.parametrize(
    "result",
    [
        engine.Next(),
        engine.Finished(),
        engine.Again(at=T0, why="soon", is_trouble=True),
        engine.Park(reason="denied", note="ask"),
    ],
)
def test_results_survive_being_stored(result: engine.StepResult) -> None:
    assert engine.unpack(engine.pack(result)) == result


def test_durations_are_observed_values_of_finished_operations(kinds: Kinds) -> None:
    kinds("probe", end)
    assert queries.durations(kind="probe") == queries.Durations(count=0, median_s=None, p95_s=None)
    for seconds in range(1, 21):
        run(open_one(), T0 + dt.timedelta(seconds=seconds))
    assert queries.durations(kind="probe") == queries.Durations(count=20, median_s=10.0, p95_s=19.0)
