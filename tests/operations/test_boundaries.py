"""What the room keeps out: the engine from web processes, armed checkpoints from installations, two heirs of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from seatwright.operations import beats, checkpoints, durable
from seatwright.operations.models import WorkerBeat

LOAD = """
import django, importlib, pkgutil, sys
django.setup()
importlib.import_module("seatwright.config.urls")
import seatwright.operations as room
for module in pkgutil.iter_modules(room.__path__):
    if module.name not in ("durable", "migrations"):
        importlib.import_module(f"seatwright.operations.{module.name}")
sys.exit(3 if "dbos" in sys.modules else 0)
"""


def test_a_web_process_never_loads_the_durable_engine() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "seatwright.config.settings"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    assert subprocess.run([sys.executable, "-c", LOAD], env=environment, check=False).returncode == 0


def test_checkpoints_do_nothing_until_a_test_arms_them(tmp_path: Path) -> None:
    checkpoints.checkpoint("intent.committed")
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_cannot_be_armed_outside_the_test_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "RUNS_UNDER_TEST", False)
    with pytest.raises(RuntimeError, match="test profile"):
        checkpoints.arm(kill_at="intent.committed", nth=1, hits_file=tmp_path / "hits")


def test_a_process_is_told_from_every_other_one_that_had_its_number() -> None:
    here = beats.place(pid=os.getpid())
    assert not beats._is_gone(place_of_other=here)
    assert beats._is_gone(place_of_other=here.rpartition("/")[0] + "/1")
    assert not beats._is_gone(place_of_other="another-machine/pid:[1]/17/4711")
    assert not beats._is_gone(place_of_other="")


@pytest.mark.django_db
def test_only_one_survivor_takes_over_unless_it_dies_over_it() -> None:
    for worker_id in ("dead", "first", "second"):
        beats.enlist(worker_id=worker_id)
    WorkerBeat.objects.filter(worker_id="dead").update(stopped_at="2026-01-01T00:00Z")
    assert beats.dead(takeover_s=10, but="first") == ["dead"]
    assert beats.begin_takeover(dead_id="dead", by="first", dead_ids=["dead"])
    assert not beats.begin_takeover(dead_id="dead", by="second", dead_ids=["dead"])
    assert beats.begin_takeover(dead_id="dead", by="second", dead_ids=["dead", "first"])
    assert not beats.beat(worker_id="dead")
    beats.end_takeover(dead_id="dead")
    assert beats.known() == {"first", "second"}


class Status:
    def __init__(self, status: str, executor_id: str | None) -> None:
        self.status, self.executor_id = status, executor_id


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (None, "start"),
        (Status("PENDING", "alive"), "nothing"),
        (Status("PENDING", "dead"), "resume"),
        (Status("PENDING", "forgotten"), "resume"),
        (Status("PENDING", None), "resume"),
        (Status("ENQUEUED", None), "nothing"),
        (Status("SUCCESS", "alive"), "put_back"),
        (Status("ERROR", "alive"), "put_back"),
        (Status("CANCELLED", "alive"), "put_back"),
    ],
)
def test_a_row_in_hand_gets_what_the_engine_knows_it_needs(status: Status | None, remedy: str) -> None:
    assert durable.remedy(status=status, dead_ids=["dead"], known_ids=["alive"]) == remedy  # type: ignore[arg-type]
