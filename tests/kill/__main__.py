"""The kill matrix: `python -m tests.kill [--full] [--database sqlite|postgresql]`.

Without `--full`: every point singly under one scenario each, and sampled ordered pairs. With it: every point under
every scenario, and every ordered pair under one scenario each. Both databases at once, a table of figures at the end,
and an exit code of 1 when anything was sent again, doubled, lost, wrongly resolved, parked, stuck, or never hit.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BAD = ("resent", "doubled", "lost", "wrong", "parked", "stuck")
PAIRS_SAMPLED = 5
MONTHLY_SAMPLED, MONTHLY_FULL = 30, 400
SAMPLED = ("timeout_after_effect",)
PROGRESS_EVERY_S = 30.0


def main() -> int:
    """Run one lane per database side by side and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--lane", choices=["sqlite", "postgresql"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.lane:
        _say(json.dumps(_lane(database=given.lane, is_full=given.full)))
        return 0
    from scripts import postgres

    databases = [given.database] if given.database else ["sqlite", "postgresql"]
    with contextlib.ExitStack() as stack:
        environment = _environment()
        if "postgresql" in databases:
            environment["SEATWRIGHT_TEST_POSTGRES"] = stack.enter_context(postgres.server())
        started = time.monotonic()
        lanes = [(each, _start(database=each, is_full=given.full, environment=environment)) for each in databases]
        reports = {database: _report_of(process) for database, process in lanes}
        return _tell(reports=reports, took_s=time.monotonic() - started)


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "SEATWRIGHT_PROFILE": "test",
        "SEATWRIGHT_LOG_LEVEL": "CRITICAL",
        "SEATWRIGHT_SECRET_KEY": "tests-only-" + "k" * 50,
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "seatwright.config.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }


def _start(*, database: str, is_full: bool, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.kill", "--lane", database, *(["--full"] if is_full else [])]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def _report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a lane of the kill matrix ended with {process.returncode}")
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    return report


def _lane(*, database: str, is_full: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="seatwright-kill-") as folder:
        os.environ["SEATWRIGHT_DATA_DIR"] = folder
        import django

        django.setup()
        from tests.kill import lane
        from tests.operations import installation

        if database == "sqlite":
            place = installation.on_sqlite(template=Path(folder) / "template", folder=Path(folder) / "lane")
        else:
            url = os.environ["SEATWRIGHT_TEST_POSTGRES"]
            place = installation.on_postgres(server_url=url, folder=Path(folder) / "lane")
        with lane.opened(place=place, monthly=MONTHLY_FULL if is_full else MONTHLY_SAMPLED) as opened:
            return _run_all(opened, is_full=is_full)


def _run_all(lane: Any, *, is_full: bool) -> dict[str, Any]:
    from seatwright.access import audit
    from tests.kill import jobs
    from tests.kill.lane import SCENARIOS

    figures: dict[str, Counter[str]] = {"alone": Counter(), "single": Counter(), "pair": Counter()}
    notes: list[str] = []
    points = {}
    said_at = time.monotonic()
    pairs = [("seats", scenario) for scenario in SCENARIOS]
    pairs += [(job, scenario) for job in jobs.JOBS for scenario in (SCENARIOS if is_full else SAMPLED)]
    for job, scenario in pairs:
        points[job, scenario], verdict = lane.discover(scenario, job=job)
        _count(figures["alone"], verdict, notes)
    for case in _cases(points, is_full=is_full):
        verdict = lane.run(case)
        _count(figures["single" if len(case.kills) == 1 else "pair"], verdict, notes)
        if time.monotonic() - said_at > PROGRESS_EVERY_S:
            said_at = time.monotonic()
            sys.stderr.write(f"{sum(each['cases'] for each in figures.values())} cases\n")
        if verdict.stuck or verdict.parked:
            notes.append("the lane ends here, because the next order would wait behind this one")
            break
    return {
        "figures": figures,
        "hits": lane.hits,
        "points": sum(len(each) for each in points.values()),
        "fired": lane.world.simulator.fired(),
        "chain_breaks": sum(1 for _ in audit.breaks()),
        "notes": notes,
    }


def _cases(points: dict[tuple[str, str], Any], *, is_full: bool) -> Iterator[Any]:
    """Each point alone, under every job and fault or under one of them in turn; then ordered pairs of points."""
    from tests.kill.lane import Case

    every = list(dict.fromkeys(point for each in points.values() for point in each))
    for number, point in enumerate(every):
        holding = [key for key in points if point in points[key]]
        for job, scenario in holding if is_full else [holding[number % len(holding)]]:
            yield Case(job=job, scenario=scenario, kills=(point,))
    pairs = [(first, second) for first in every for second in every if first.nth == second.nth == 1]
    chosen = pairs if is_full else pairs[:: max(1, len(pairs) // PAIRS_SAMPLED)]
    for number, (first, second) in enumerate(chosen):
        holding = [key for key in points if first in points[key]]
        job, scenario = holding[number % len(holding)]
        yield Case(job=job, scenario=scenario, kills=(first, second))


def _count(figures: Counter[str], verdict: Any, notes: list[str]) -> None:
    figures["cases"] += 1
    figures["planned"] += len(verdict.case.kills)
    figures["killed"] += len(verdict.killed)
    figures["fired"] += verdict.fired
    for name in BAD:
        figures[name] += getattr(verdict, name)
    missed = [point for point in verdict.case.kills if point not in verdict.killed and point.nth == 1]
    if len(verdict.case.kills) == 1 and missed:
        # How often a run looks again depends on how busy the machine is, so only the first pass is certain.
        figures["missed"] += 1
        notes.append(f"{verdict.case.job}, {verdict.case.scenario}: nobody passed {missed[0].name}")
    kills = " then ".join(f"{point.name}#{point.nth}" for point in verdict.case.kills) or "nobody dies"
    notes.extend(f"{verdict.case.job}, {verdict.case.scenario}, {kills}: {note}" for note in verdict.notes)


def _tell(*, reports: dict[str, dict[str, Any]], took_s: float) -> int:
    from tests.kill import points

    columns = ("cases", "planned", "killed", "fired", *BAD)
    _say(f"{'kill matrix':<22}" + "".join(f"{name:>9}" for name in columns))
    is_good = True
    for database, report in reports.items():
        for kind, figures in report["figures"].items():
            _say(f"{database + ' ' + kind:<22}" + "".join(f"{figures.get(name, 0):>9}" for name in columns))
            is_good &= not any(figures.get(name) for name in BAD)
        single = report["figures"]["single"]
        never = sorted(points.names() - set(report["hits"]))
        is_good &= not single.get("missed") and not report["chain_breaks"] and not never
        _say(
            f"  {report['points']} points; breaks of the audit chain: {report['chain_breaks']}; never hit: {never or 0}"
        )
        _say(f"  faults fired: { {kind: count for kind, count in report['fired'].items() if count} }")
        for note in report["notes"]:
            _say(f"  ! {note}")
    _say(f"took {took_s:.0f} s: {'all as it must be' if is_good else 'NOT as it must be'}")
    return 0 if is_good else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    sys.exit(main())
