"""The sampled kill matrix on both databases, in `./dev simulate` the whole of it (`python -m tests.kill --full`)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.kill import lane as lanes
from tests.kill import points
from tests.operations import installation

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.kill


def test_dying_at_any_checkpoint_doubles_loses_and_misjudges_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    size = ["--full"] if os.environ.get("SEATWRIGHT_TEST_SIZE") == "nightly" else []
    done = subprocess.run([sys.executable, "-m", "tests.kill", *size], cwd=ROOT, check=False)
    table = capfd.readouterr().out
    with capfd.disabled():
        sys.stdout.write("\n" + table)
    assert done.returncode == 0, table


@pytest.fixture
def lane(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[lanes.Lane]:
    place = installation.on_sqlite(template=tmp_path / "template", folder=tmp_path / "lane")
    with django_db_blocker.unblock(), lanes.opened(place=place) as opened:
        yield opened


def test_the_matrix_notices_a_second_send_within_the_settle_window(
    lane: lanes.Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings.ENVIRONMENT, "worker_settle_s", 1)
    verdict = lane.run(lanes.Case(scenario="late_visibility", kills=(lanes.Point("submit.after_call"),)))
    assert (verdict.resent, verdict.is_good) == (1, False)


def test_the_source_names_the_checkpoints_of_a_seat_change() -> None:
    assert {"intent.committed", "submit.before_call", "record.committed", "run.claimed", "confirm.recorded"} <= set(
        points.names()
    )
