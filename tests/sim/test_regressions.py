"""What the simulation found once, told as short as it can be, and found no more."""

import datetime as dt
import json
from collections.abc import Iterator

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.subscriptions import queries as holdings
from tests.sim import deeds, found, found_later, models, plans, runner, seeding
from tests.sim import world as worlds

pytestmark = pytest.mark.simulation
FOUND = {**found.FOUND, **found_later.FOUND}
PLAN = plans.Plan(seed=2, customers=(0,), days=0, vendor={"renewal_delay_s": 0}, actions=())


@pytest.fixture
def world(unblocked: None) -> Iterator[worlds.World]:
    model = models.Model()
    with worlds.opened(PLAN, before=model.before_call, after=model.after_call) as opened:
        model.look_at(opened)
        read(opened)
        yield opened


@pytest.mark.parametrize("what", FOUND)
def test_a_plan_that_failed_once_passes(what: str, unblocked: None) -> None:
    plan = FOUND[what]
    outcome = runner.run(plan)
    assert (outcome.violation, outcome.actions) == ("", len(plan.actions))


def read(world: worlds.World) -> None:
    deeds.sync(world, 0)
    world.work(rounds=8, patience=dt.timedelta(minutes=1))


def test_a_term_that_was_renewed_and_then_suspended_is_entered_at_the_next_reading(world: worlds.World) -> None:
    row = min((row for row in deeds.held(world, 0) if row.auto_renew), key=lambda row: row.commitment_end_on)
    ends_at = dt.datetime.combine(row.commitment_end_on, dt.time(9), tzinfo=dt.UTC)
    world.pass_time(ends_at - world.at)
    path = f"/v1/customers/{seeding.tenant_id(0)}/subscriptions/{row.vendor_subscription_id}"
    page = world.by_another_console("GET", path).json()
    changed = world.by_another_console("PATCH", path, json.dumps(page | {"status": "suspended"}).encode())
    assert changed.status_code == 200
    read(world)
    after = holdings.holding(seen_by=SYSTEM, subscription_id=row.subscription_id)
    assert (after.status, after.term_start_on) == ("suspended", row.commitment_end_on)
    entered = holdings.terms(subscription_ids=[row.subscription_id])[row.subscription_id]
    assert [term.start_on for term in entered] == [row.term_start_on, row.commitment_end_on]
