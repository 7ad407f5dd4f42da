"""Two hundred customer-years of business with everything going wrong, and every invariant held after each step.

`./dev simulate` adds ten thousand (`test_nightly`). A failing seed is shrunk to a printed list of actions, which goes
into `found` and runs for ever; its number goes into `seeds.txt` and runs with the others, each once.
"""

import dataclasses
import datetime as dt
import sys
from pathlib import Path

import pytest
import time_machine
from django.db import connection

from tests.sim import actions, plans, runner, shrinking, summary

SEEDS_FILE = Path(__file__).parent / "seeds.txt"
PARTS = 8
WORLDS = 40
WORLDS_ON_POSTGRES = 1
CHANGES_IN_A_YEAR = 27
pytestmark = pytest.mark.simulation


def failed_once() -> list[int]:
    lines = SEEDS_FILE.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def seeds_of_part(part: int) -> list[int]:
    """The seeds of this part of all: the first ones, and every other that failed once."""
    return sorted({*range(1, 1 + WORLDS), *failed_once()})[part::PARTS]


def require_good(outcomes: list[runner.Outcome]) -> summary.Summary:
    total = summary.Summary()
    for outcome in outcomes:
        total.add(outcome)
    sys.stdout.write(total.told() + "\n")
    if total.failed:
        first = total.failed[0]
        pytest.fail(f"seed {first.plan.seed}: {first.violation}\n{shrinking.told(shrinking.shrunk(first))}")
    return total


@pytest.mark.parametrize("part", range(PARTS))
def test_customer_years_pass_without_a_violation(part: int, unblocked: None) -> None:
    seeds = seeds_of_part(part)
    total = require_good([runner.run_seed(seed) for seed in seeds])
    assert total.years == 5 * len(seeds) >= 5 * (WORLDS // PARTS)
    assert total.mutations >= CHANGES_IN_A_YEAR * total.years


@pytest.mark.usefixtures("django_db_setup")
def test_customer_years_pass_on_the_database_of_this_run(unblocked: None) -> None:
    is_postgres = connection.vendor == "postgresql"
    plan = plans.drawn(3, customers=2, days=120)
    require_good([runner.run(plan, is_postgres=is_postgres) for _ in range(WORLDS_ON_POSTGRES)])


def test_the_same_seed_ends_in_the_same_state_whatever_the_machines_clock_says(unblocked: None) -> None:
    for seed in range(101, 121):
        plan = plans.drawn(seed, customers=1, days=30, is_dense=True)
        first = runner.run(plan, with_state=True)
        with time_machine.travel(dt.datetime(2031, 5, 6, 7, 8, tzinfo=dt.UTC), tick=True):
            again = runner.run(plan, with_state=True)
        assert first.state
        assert (first.state, first.fired, first.did) == (again.state, again.fired, again.did), seed


def test_another_seed_ends_in_another_state(unblocked: None) -> None:
    worlds = [runner.run(plans.drawn(seed, customers=1, days=30), with_state=True) for seed in (1, 2, 3)]
    assert len({world.state for world in worlds}) == 3


def test_every_action_has_somebody_who_does_it() -> None:
    names = {kind.name for kind in (*actions.DEEDS, *actions.CONSOLES, *actions.ASKING)}
    drawn = {action[0] for seed in range(40) for action in plans.drawn(seed).actions}
    assert names <= drawn
    assert all(callable(runner.doer(name)) for name in drawn)


def test_a_failing_plan_shrinks_to_what_it_takes() -> None:

    def has_both(tried: plans.Plan) -> bool:
        names = [action[0] for action in tried.actions]
        return "foreign_wipe" in names and "charge" in names[names.index("foreign_wipe") :]

    def fails_with_both(tried: plans.Plan) -> runner.Outcome:
        return dataclasses.replace(blank, plan=tried, violation="10: planted" if has_both(tried) else "")

    plan = next(drawn for seed in range(1, 40) if has_both(drawn := plans.drawn(seed)))

    blank = runner.Outcome(
        plan=plan,
        violation="10: planted",
        failed_at=len(plan.actions) - 1,
        state="",
        mutations=0,
        actions=0,
        vendor_calls=0,
        fired=summary.Counter(),
        did=summary.Counter(),
        took_s=0.0,
    )
    found = shrinking.shrunk(blank, run=fails_with_both)
    assert [action[0] for action in found.plan.actions] == ["foreign_wipe", "charge"]
    assert found.plan.customers == (found.plan.actions[0][1],)
    assert "('charge',)" in shrinking.told(found)
