"""Each check can fail: what is broken on purpose is found by the invariant that it goes against, within a few seeds."""

import contextlib
import dataclasses
from unittest import mock

import pytest

from tests.sim import plans, runner, sabotage

SEEDS = range(201, 213)
pytestmark = pytest.mark.simulation


@pytest.mark.parametrize("broken", sabotage.ALL, ids=lambda broken: broken.what)
def test_what_is_broken_is_found_by_its_invariant(broken: sabotage.Sabotage, unblocked: None) -> None:
    found = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(broken.done())
        if broken.what in sabotage.BLIND:
            place, name, by = sabotage.BLIND[broken.what]
            stack.enter_context(mock.patch.object(place, name, by(getattr(place, name))))
        for seed in SEEDS:
            plan = plans.drawn(seed, customers=2, days=90, is_dense=True)
            if broken.actions:
                plan = dataclasses.replace(plan, customers=(0,), actions=broken.actions)
            found.append(runner.run(plan).violation)
            if found[-1]:
                break
    assert found[-1][:2] == broken.found_by, found
