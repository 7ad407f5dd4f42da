"""The kill matrix: `python -m tests.kill [--full] [--minutes M] [--database sqlite|postgresql]`.

Without `--full`: every checkpoint on one of the two databases, some under each job, and a few ordered pairs. With it:
every point under every job, and every ordered pair of checkpoints that one job passes, scenarios by turns, in an order
by chance and until the minutes are over. Both databases at once, a table of figures at the end, and an exit code of 1
when anything was sent again, doubled, lost, wrongly resolved, parked, stuck, or never hit.
"""

import argparse
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BAD = ("resent", "doubled", "lost", "wrong", "parked", "stuck")
PAIRS_SAMPLED = 3
SINGLES_OF_A_JOB = 2
# A crash of the interpreter is not the product's doing and must do it no harm; more than this in a run are a sign.
CRASHES_MOST = 1
# How many cases of one job there is enough for.
CASES_SAMPLED, CASES_FULL = 24, 350
SAMPLED = ("timeout_after_effect",)
DATABASES = ("sqlite", "postgresql")
PROGRESS_EVERY_S = 30.0


def main() -> int:
    """Run one lane per database side by side and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--minutes", type=float, default=600, help="no case is begun after so long")
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument("--lane", choices=DATABASES, help=argparse.SUPPRESS)
    parser.add_argument("--share", default="0/1", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.lane:
        _say(json.dumps(_lane(given)))
        return 0
    from scripts import postgres

    databases = [given.database] if given.database else list(DATABASES)
    with contextlib.ExitStack() as stack:
        environment = _environment()
        if "postgresql" in databases:
            environment["SEATWRIGHT_TEST_POSTGRES"] = stack.enter_context(postgres.server())
        started = time.monotonic()
        options = [*(["--full"] if given.full else []), f"--minutes={given.minutes}"]
        lanes = [
            (each, _start([f"--lane={each}", f"--share={place}/{len(databases)}", *options], environment=environment))
            for place, each in enumerate(databases)
        ]
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


def _start(options: list[str], *, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.kill", *options]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def _report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a lane of the kill matrix ended with {process.returncode}")
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    return report


def _lane(given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="seatwright-kill-") as folder:
        os.environ["SEATWRIGHT_DATA_DIR"] = folder
        import django

        django.setup()
        from tests.kill import lane
        from tests.operations import installation

        if given.lane == "sqlite":
            place = installation.on_sqlite(template=Path(folder) / "template", folder=Path(folder) / "lane")
        else:
            url = os.environ["SEATWRIGHT_TEST_POSTGRES"]
            place = installation.on_postgres(server_url=url, folder=Path(folder) / "lane")
        with lane.opened(place=place, cases=CASES_FULL if given.full else CASES_SAMPLED) as opened:
            return _run_all(opened, given)


def _run_all(lane: Any, given: argparse.Namespace) -> dict[str, Any]:
    from seatwright.access import audit
    from tests.kill import journeys
    from tests.kill.lane import SCENARIOS

    figures: dict[str, Counter[str]] = {"alone": Counter(), "single": Counter(), "pair": Counter()}
    notes: list[str] = []
    points = {}
    said_at = time.monotonic()
    ends_at_s = said_at + 60 * given.minutes
    begun = [("seats", scenario) for scenario in SCENARIOS]
    begun += [(job, scenario) for job in journeys.JOBS for scenario in (SCENARIOS if given.full else SAMPLED)]
    for job, scenario in begun:
        points[job, scenario], verdict = lane.discover(scenario, job=job)
        _count(figures["alone"], verdict, notes)
    place, count = (int(part) for part in given.share.split("/"))
    cases = list(_all_cases(points) if given.full else _some_cases(points, place=place, count=count))
    for number, case in enumerate(cases):
        if time.monotonic() > ends_at_s:
            notes.append(f"the time is over: {len(cases) - number} of {len(cases)} cases were not begun")
            break
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


Points = dict[tuple[str, str], Any]


def _all_cases(points: Points) -> Iterator[Any]:
    """Each point under every job, then ordered pairs of checkpoints that one job passes; the scenarios take turns."""
    from tests.kill.lane import Case

    passing: dict[tuple[str, Any], list[str]] = {}
    holding: dict[Any, list[tuple[str, str]]] = {}
    for (job, scenario), passed in points.items():
        for point in passed:
            passing.setdefault((job, point), []).append(scenario)
        for kills in itertools.product([each for each in passed if each.nth == 1], repeat=2):
            holding.setdefault(kills, []).append((job, scenario))
    for number, ((job, point), scenarios) in enumerate(_by_chance(passing)):
        yield Case(job=job, scenario=scenarios[number % len(scenarios)], kills=(point,))
    for number, (kills, keys) in enumerate(_by_chance(holding)):
        job, scenario = keys[number % len(keys)]
        yield Case(job=job, scenario=scenario, kills=kills)


def _by_chance(found: dict[Any, Any]) -> list[tuple[Any, Any]]:
    """The same order every time."""
    return sorted(found.items(), key=lambda item: zlib.crc32(str(item[0]).encode()))


def _some_cases(points: Points, *, place: int, count: int) -> Iterator[Any]:
    """This database's share of the checkpoints under the jobs by turns, at least some of each job, and some pairs."""
    from tests.kill.lane import Case

    holding: dict[Any, list[tuple[str, str]]] = {}
    for key, passed in points.items():
        for point in passed:
            if point.nth == 1:
                holding.setdefault(point, []).append(key)
    had: Counter[str] = Counter()
    rarest_first = sorted(holding, key=lambda point: (len(holding[point]), point.name))
    chosen = []
    for point in rarest_first[place::count]:
        job, scenario = min(holding[point], key=lambda key: (had[key[0]], key))
        had[job] += 1
        chosen.append((job, scenario, point))
    for job, scenario in points:
        further = [point for point in holding if (job, scenario) in holding[point]][place::count]
        for point in further[had[job] :: 3][: max(SINGLES_OF_A_JOB - had[job], 0)]:
            had[job] += 1
            chosen.append((job, scenario, point))
    for job, scenario, point in chosen:
        yield Case(job=job, scenario=scenario, kills=(point,))
    for (job, scenario, first), other in list(itertools.pairwise(chosen))[:: max(1, len(chosen) // PAIRS_SAMPLED)]:
        yield Case(job=job, scenario=scenario, kills=(first, other[2]))


def _count(figures: Counter[str], verdict: Any, notes: list[str]) -> None:
    figures["cases"] += 1
    figures["planned"] += len(verdict.case.kills)
    figures["killed"] += len(verdict.killed)
    figures["fired"] += verdict.fired
    figures["crashed"] += verdict.crashed
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

    columns = ("cases", "planned", "killed", "fired", "crashed", *BAD)
    _say(f"{'kill matrix':<22}" + "".join(f"{name:>9}" for name in columns))
    is_good, crashes = True, 0
    for database, report in reports.items():
        for kind, figures in report["figures"].items():
            _say(f"{database + ' ' + kind:<22}" + "".join(f"{figures.get(name, 0):>9}" for name in columns))
            is_good &= not any(figures.get(name) for name in BAD)
            crashes += figures.get("crashed", 0)
        single = report["figures"]["single"]
        never = sorted(points.names() - set(report["hits"]))
        is_good &= not single.get("missed") and not report["chain_breaks"] and not never
        _say(
            f"  {report['points']} points; breaks of the audit chain: {report['chain_breaks']}; never hit: {never or 0}"
        )
        _say(f"  faults fired: { {kind: count for kind, count in report['fired'].items() if count} }")
        for note in report["notes"]:
            _say(f"  ! {note}")
    is_good &= crashes <= CRASHES_MOST
    _say(f"took {took_s:.0f} s: {'all as it must be' if is_good else 'NOT as it must be'}")
    return 0 if is_good else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    sys.exit(main())
