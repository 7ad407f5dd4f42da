"""A failing plan made small: actions are left out as long as the same invariant still fails."""

import dataclasses
from collections.abc import Callable, Sequence

from tests.sim import actions as actions_table
from tests.sim import plans, runner

RUNS_MOST = 200


def shrunk(outcome: runner.Outcome, *, run: Callable[[plans.Plan], runner.Outcome] = runner.run) -> runner.Outcome:
    """The outcome of the smallest plan found that violates the invariant of `outcome`; deterministic."""
    number, plan, left = outcome.violation[:2], outcome.plan, RUNS_MOST

    def fails(actions: Sequence[plans.Action]) -> runner.Outcome | None:
        nonlocal left
        left -= 1
        found = run(dataclasses.replace(plan, actions=tuple(actions)))
        return found if found.violation[:2] == number else None

    best = fails(outcome.plan.actions[: outcome.failed_at + 1])
    assert best is not None, "the plan fails no more"
    best = _with_one_customer(best, run=run)
    plan = best.plan
    best = _without_whole_kinds(best, fails=fails)
    best = _smaller(best, fails=fails, may_go_on=lambda: left > 0, is_kept=_is_pass)
    best = fails(_together(best.plan.actions)) or best
    return _smaller(best, fails=fails, may_go_on=lambda: left > 0, is_kept=lambda action: False)


def _is_pass(action: plans.Action) -> bool:
    return bool(action[0] == "pass")


def _together(actions: Sequence[plans.Action]) -> list[plans.Action]:
    """The same with the time that passes in one piece wherever nothing is done in between."""
    found: list[plans.Action] = []
    for action in actions:
        if found and _is_pass(action) and _is_pass(found[-1]):
            found[-1] = ("pass", found[-1][1] + action[1])
        else:
            found.append(action)
    return found


def _smaller(
    best: runner.Outcome,
    *,
    fails: Callable[[Sequence[plans.Action]], runner.Outcome | None],
    may_go_on: Callable[[], bool],
    is_kept: Callable[[plans.Action], bool],
) -> runner.Outcome:
    """The outcome without any part that it does not take, large parts first; actions that `is_kept` stay."""
    size = max(len(best.plan.actions) // 2, 1)
    while may_go_on():
        smaller = _without_a_part(best.plan.actions, size=size, fails=fails, may_go_on=may_go_on, is_kept=is_kept)
        if smaller is not None:
            best = smaller
            size = min(size, max(len(best.plan.actions) // 2, 1))
        elif size == 1:
            break
        else:
            size //= 2
    return best


def _with_one_customer(outcome: runner.Outcome, *, run: Callable[[plans.Plan], runner.Outcome]) -> runner.Outcome:
    """The outcome with nobody but the one customer that it takes; unchanged when it takes several."""
    if len(outcome.plan.customers) == 1:
        return outcome
    for number in outcome.plan.customers:
        actions = tuple(
            action for action in outcome.plan.actions if actions_table.customer_of(action) in (number, None)
        )
        trials = tuple(each for each in outcome.plan.trials if each == number)
        found = run(dataclasses.replace(outcome.plan, customers=(number,), trials=trials, actions=actions))
        if found.violation[:2] == outcome.violation[:2]:
            return found
    return outcome


def _without_whole_kinds(
    outcome: runner.Outcome, *, fails: Callable[[Sequence[plans.Action]], runner.Outcome | None]
) -> runner.Outcome:
    """The outcome without every kind of action that it does not take at all."""
    for name in sorted({action[0] for action in outcome.plan.actions}):
        without = [action for action in outcome.plan.actions if action[0] != name]
        outcome = (fails(without) if without else None) or outcome
    return outcome


def _without_a_part(
    actions: Sequence[plans.Action],
    *,
    size: int,
    fails: Callable[[Sequence[plans.Action]], runner.Outcome | None],
    may_go_on: Callable[[], bool],
    is_kept: Callable[[plans.Action], bool],
) -> runner.Outcome | None:
    """The outcome without as many parts of that size as possible, from the end on; None when every part is needed."""
    best, kept = None, list(actions)
    for start in range(len(actions) - size, -size, -size):
        if not may_go_on():
            break
        part = kept[max(start, 0) : start + size]
        without = kept[: max(start, 0)] + [each for each in part if is_kept(each)] + kept[start + size :]
        found = fails(without) if 0 < len(without) < len(kept) else None
        if found is not None:
            best, kept = found, list(found.plan.actions)
    return best


def told(outcome: runner.Outcome) -> str:
    """The plan as an entry that can be pasted into `found.FOUND`."""
    plan = outcome.plan
    lines = [f"    {outcome.violation!r}: plans.Plan("]
    lines += [f"        seed={plan.seed},", f"        customers={plan.customers},", f"        days={plan.days},"]
    lists = ", ".join(f"prices.{each!r}" for each in plan.lists)
    lines += [f"        zone={plan.zone!r},", f"        lists=({lists},)," if lists else "        lists=(),"]
    lines += [f"        trials={plan.trials!r},"]
    lines += [f"        vendor={plan.vendor!r},", "        actions=("]
    lines += [f"            {action!r}," for action in plan.actions]
    return "\n".join([*lines, "        ),", "    ),"])
