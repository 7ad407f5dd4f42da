"""The sampled kill matrix on both databases, in `./dev simulate` the whole of it (`python -m tests.kill --full`)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.kill import __main__ as matrix
from tests.kill import jobs, journeys, points, swaps
from tests.kill import lane as lanes
from tests.operations import installation, processes
from tests.stories import world as worlds

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


def test_a_crash_of_the_interpreter_is_one_more_death_and_told_with_its_trace(
    lane: lanes.Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed: list[object] = []
    let_time_pass = lane._let_time_pass

    def crash_once(process: ForkServerProcess) -> None:
        has_begun = (lane.place.data_dir / "hits").exists()
        if has_begun and not crashed:
            crashed.append(process)
            os.kill(process.pid, signal.SIGSEGV)
        let_time_pass()

    make = processes.process

    def watched(*given: Any, **named: Any) -> ForkServerProcess:
        process = make(*given, **named)
        monkeypatch.setattr(lane, "_let_time_pass", lambda: crash_once(process))
        return process

    monkeypatch.setattr(processes, "process", watched)
    verdict = lane.run(lanes.Case(scenario="no fault", kills=()))
    assert (verdict.crashed, verdict.is_good, len(verdict.notes)) == (1, True, 1)
    assert verdict.notes[0].startswith("crashed with -11: Fatal Python error: Segmentation fault")


def test_the_source_names_the_checkpoints_of_a_seat_change() -> None:
    assert {"intent.committed", "submit.before_call", "record.committed", "run.claimed", "confirm.recorded"} <= set(
        points.names()
    )


def test_every_checkpoint_is_died_at_on_one_of_the_databases_and_every_job_dies_on_each() -> None:
    passed = {("seats", "no fault"): "abcdefgh", ("swap", "no fault"): "abcdxy", ("end", "no fault"): "abc"}
    known = {key: [lanes.Point(name) for name in names] + [lanes.Point("a", 2)] for key, names in passed.items()}
    shares = [list(matrix._some_cases(known, place=place, count=2)) for place in (0, 1)]
    singles = [[case for case in cases if len(case.kills) == 1] for cases in shares]
    assert {case.kills[0].name for cases in singles for case in cases} == set("abcdefghxy")
    for cases in singles:
        assert {case.job for case in cases} == {"seats", "swap", "end"}
        assert all(case.kills[0] in known[case.job, case.scenario] for case in cases)


def test_somebody_left_without_or_changed_twice_is_noticed() -> None:
    def assigned(person: str, *plans: str) -> dict[str, object]:
        return {"kind": "licences_assigned", "subject": person, "after": {plan: [] for plan in plans}}

    def wronged(*effects: dict[str, object], calls: int = 0) -> list[str]:
        call = {"path": "/v1.0/users/ada/assignLicense", "fault": ""}
        return swaps.people_wronged(news(effects=list(effects), calls=[call] * calls), people=("ada", "ben"))

    assert wronged(assigned("ada", worlds.STANDARD), assigned("ben", worlds.STANDARD, worlds.BASIC), calls=1) == []
    assert wronged(assigned("ada")) == ["ada was left without"]
    assert wronged(assigned("ada", worlds.EXCHANGE)) == ["ada was left without"]
    assert wronged(*[assigned("ben", worlds.STANDARD)] * 2) == ["ben was changed 2 times"]
    assert wronged(assigned("eve", worlds.STANDARD)) == ["eve was not asked for"]
    assert wronged(calls=2) == ["/v1.0/users/ada/assignLicense was sent 2 times"]


def test_a_mail_that_came_twice_or_not_at_all_is_noticed() -> None:
    def wronged(*mails: tuple[str, str]) -> list[str]:
        return journeys._Mailing.wrong(journeys.Alarm(), None, jobs.Wanted(plan={}), news(mails=list(mails)))

    assert wronged(("ada", "alarm"), ("ben", "alarm")) == []
    assert wronged(("ada", "alarm")) == ["1 mails of 2"]
    assert wronged(("ada", "alarm"), ("ada", "alarm")) == ["('ada', 'alarm') came 2 times"]


def news(**parts: list[object]) -> jobs.News:
    return jobs.News(**{"calls": [], "effects": [], "mails": [], "opened": []} | parts)
