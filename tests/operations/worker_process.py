"""What a worker process under test does: it knows kinds made for tests, and may be told where to die.

The plan: `kill_at`, `nth`, `hits_file`, `effects_file`, `takeover_s`, `poll_s`, `until_idle`, `accept_clock`,
`forget_after_s`, and `elsewhere` (pretend to run on another machine, so that only heartbeats tell whether this process
lives).
"""

import datetime as dt
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def note(path: str, line: str) -> None:
    """Append one line in one write, so that lines of several processes never mix."""
    with Path(path).open("a", encoding="ascii") as file:
        file.write(line + "\n")


def register_kinds(*, effects_file: str) -> None:
    """Kind `three` leaves one line per step; `slow` takes two seconds; `late` waits once; `crash` has a bug."""
    from seatwright.operations import changes, engine, queries

    def effect(name: str, view: queries.OperationView) -> None:
        note(effects_file, f"{view.id} {view.run} {name} {os.getpid()}")

    def first(view: queries.OperationView, at: dt.datetime) -> engine.StepResult:
        effect("first", view)
        return engine.Next()

    def second(view: queries.OperationView, at: dt.datetime) -> engine.StepResult:
        effect("second", view)
        return engine.Next()

    def last(view: queries.OperationView, at: dt.datetime) -> engine.StepResult:
        changes.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
        effect("last", view)
        return engine.Finished()

    def slow(view: queries.OperationView, at: dt.datetime) -> engine.StepResult:
        effect("slow", view)
        time.sleep(float(view.intent["seconds"]))
        changes.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
        effect("slow-done", view)
        return engine.Finished()

    def late(view: queries.OperationView, at: dt.datetime) -> engine.StepResult:
        if "looked" in view.progress:
            return engine.Next()
        changes.note_progress(operation_id=view.id, fence=view.fence, at=at, looked=True)
        return engine.Again(at=at + dt.timedelta(milliseconds=200), why="not yet")

    def crash(view: queries.OperationView, at: dt.datetime) -> engine.StepResult:
        raise ValueError("a bug")

    engine.register(engine.Kind(name="three", steps=(("first", first), ("second", second), ("last", last))))
    engine.register(engine.Kind(name="slow", steps=(("slow", slow),)))
    engine.register(engine.Kind(name="late", steps=(("late", late), ("last", last))))
    engine.register(engine.Kind(name="crash", steps=(("crash", crash),)))


def work(plan: Mapping[str, Any]) -> int:
    """Arm the checkpoints, register the kinds and work; returns the worker's exit code."""
    from django.conf import settings

    from seatwright.cli import worker
    from seatwright.operations import beats, checkpoints

    if plan.get("elsewhere"):
        beats._machine = lambda: "another-machine/pid:[1]"
    worker.FORGET_AFTER = dt.timedelta(seconds=plan.get("forget_after_s", 3600))
    register_kinds(effects_file=plan["effects_file"])
    checkpoints.arm(kill_at=plan.get("kill_at", ""), nth=plan.get("nth", 1), hits_file=Path(plan["hits_file"]))
    return worker.run_worker(
        data_dir=settings.ENVIRONMENT.data_dir,
        poll_s=plan.get("poll_s", 0.05),
        takeover_s=plan.get("takeover_s", 10),
        until_idle=plan.get("until_idle", False),
        accept_clock=plan.get("accept_clock", False),
    )
