"""The simulation by hand: `python -m tests.sim --years 10000`, `--seed 17` for one world, `--replay` to shrink it.

Runs worlds from a first seed on, split over processes, says how far it is, and ends with a table: years, actions, calls
at the vendor, faults that fired by kind, violations. Every failing seed is shrunk to a printed list of actions.
"""

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRESS_EVERY_S = 30.0
SHRUNK_MOST = 5


def main() -> int:
    """Run what was asked for; exit code 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim")
    parser.add_argument("--years", type=int, default=50, help="customer-years, in worlds of several customers")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, action="append", help="only this seed; may be given again")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    _set_up()
    from tests.sim import plans, runner, summary

    per_world = plans.drawn(0).years
    worlds = -(-given.years // round(per_world))
    seeds = given.seed or list(range(given.first, given.first + worlds))
    total = summary.Summary()
    said_at = time.monotonic()
    runner.warm_up()
    # Forked after everything is loaded and the database's template is laid out, so that each begins at once.
    with multiprocessing.get_context("fork").Pool(min(given.processes, len(seeds))) as pool:
        for outcome in pool.imap_unordered(runner.run_seed, seeds):
            total.add(outcome)
            if outcome.violation:
                _say(f"seed {outcome.plan.seed}: {outcome.violation}")
            if time.monotonic() - said_at > PROGRESS_EVERY_S:
                said_at = time.monotonic()
                _say(f"{total.years:.0f} customer-years, {len(total.failed)} violations")
    _say(total.told())
    for outcome in total.failed[:SHRUNK_MOST]:
        _say(_shrunk(outcome))
    return 1 if total.failed else 0


def _set_up() -> None:
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    os.environ.update(
        SEATWRIGHT_PROFILE="test",
        SEATWRIGHT_LOG_LEVEL="CRITICAL",
        SEATWRIGHT_SECRET_KEY="tests-only-" + "k" * 50,
        DATABASE_URL="sqlite:///:memory:",
        DJANGO_SETTINGS_MODULE="seatwright.config.settings",
    )
    import django

    django.setup()


def _shrunk(outcome: Any) -> str:
    from tests.sim import shrinking

    return shrinking.told(shrinking.shrunk(outcome))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
