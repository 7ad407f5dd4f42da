"""Does a plan's actions one after the other and holds product and vendor against the model after each of them."""

import dataclasses
import hashlib
import json
import time
from collections import Counter
from typing import Any

from django.apps import apps

from tests.sim import asking, consoles, contracts, deeds, invariants, machinery, models, plans
from tests.sim import world as worlds
from vendor_simulator import faults

DOERS = {"pass": machinery.let_pass}
CHANGES = ("foreign change", "assigned", "unassigned")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a plan; `violation` is empty when every invariant held."""

    plan: plans.Plan
    violation: str
    failed_at: int
    state: str
    mutations: int
    actions: int
    vendor_calls: int
    fired: Counter[str]
    did: Counter[str]
    took_s: float


def doer(name: str) -> Any:
    found = DOERS.get(name)
    for module in (deeds, contracts, asking, consoles, machinery):
        found = found or getattr(module, name, None)
    assert found is not None, name
    return found


def run(plan: plans.Plan, *, is_postgres: bool = False, with_state: bool = False) -> Outcome:
    """The outcome of the plan in a world of its own; reading every row for its `state` is left out unless asked for."""
    started = time.process_time()
    model = models.Model()
    violation, done = "", 0
    with worlds.opened(plan, before=model.before_call, after=model.after_call, is_postgres=is_postgres) as world:
        model.look_at(world)
        try:
            for name, *numbers in plan.actions:
                doer(name)(world, *numbers)
                model.check()
                done += 1
            invariants.invariant_28_the_audit_chain_is_whole(model)
        except invariants.Violated as violated:
            violation = str(violated)
        fired = Counter({kind: count for kind, count in faults.counts(world.books).items() if count})
        fired += world.wire.fired + world.deaths
        return Outcome(
            plan=plan,
            violation=violation,
            failed_at=done,
            state=state() if with_state else "",
            mutations=model.mutations + sum(world.did[name] for name in CHANGES),
            actions=done,
            vendor_calls=world.wire.calls,
            fired=fired,
            did=world.did,
            took_s=time.process_time() - started,
        )


def run_seed(seed: int) -> Outcome:
    """The outcome of the seed's own plan."""
    return run(plans.drawn(seed))


def warm_up() -> None:
    """Lay out what all worlds of this process and those forked from it begin with."""
    with worlds.opened(plans.drawn(0)):
        pass


def state() -> str:
    """SHA-256 over every row of the product's own tables."""
    digest = hashlib.sha256()
    for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
        if model.__module__.startswith("seatwright."):
            rows = model._default_manager.order_by("pk").values_list()
            digest.update(json.dumps(list(rows), default=str, sort_keys=True).encode())
    return digest.hexdigest()
