"""Named points at which a test kills this process; in any other process they do nothing.

`arm` is called by test entry points alone, and only the test profile may.
"""

import os
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings


@dataclass
class _Plan:
    kill_at: str
    nth: int
    hits_file: Path
    seen: dict[str, int] = field(default_factory=dict)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)


_plan: _Plan | None = None


def arm(*, kill_at: str, nth: int, hits_file: Path) -> None:
    """From now on note every checkpoint in `hits_file`, and die by SIGKILL at the `nth` pass (from 1) of `kill_at`.

    An empty `kill_at` only notes. Raises RuntimeError outside the test profile.
    """
    global _plan
    if not settings.RUNS_UNDER_TEST:
        raise RuntimeError("checkpoints are armed in the test profile only")
    _plan = _Plan(kill_at=kill_at, nth=nth, hits_file=hits_file)


def checkpoint(name: str) -> None:
    """Do nothing, or, when armed, note the pass on disk and die here if the plan says so."""
    if _plan is not None:
        with _plan.one_at_a_time:
            _pass(plan=_plan, name=name)


def _pass(*, plan: _Plan, name: str) -> None:
    plan.seen[name] = plan.seen.get(name, 0) + 1
    dies = name == plan.kill_at and plan.seen[name] == plan.nth
    with plan.hits_file.open("a", encoding="ascii") as file:
        file.write(f"{name} {plan.seen[name]}{' killed' if dies else ''}\n")
        file.flush()
        os.fsync(file.fileno())
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
