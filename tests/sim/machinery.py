"""What neither people nor vendors do: time passes, workers work and die, faults strike, and everything calms down."""

import datetime as dt
from typing import Any

from seatwright.operations import queries
from seatwright.workflows import charge_cycles
from tests.sim import arithmetic, asking, deeds, prices, seeding, wire
from tests.sim.world import World
from vendor_simulator import ageing, faults

DRAIN = dt.timedelta(days=20)
DRAIN_ROUNDS = 400
READINGS_MOST = 5
SOON = dt.timedelta(days=32)
NEVER_SHORTENED = dt.timedelta(days=2)


def let_pass(world: World, seconds: int) -> None:
    """Time passes; a long wait is shorter by what was borrowed of it before."""
    span = dt.timedelta(seconds=seconds)
    paid = min(world.borrowed, max(span - NEVER_SHORTENED, dt.timedelta()))
    world.borrowed -= paid
    _pass(world, span - paid)


def approach(world: World, number: int, share: float, which: float, offset_s: int) -> None:
    """Wait for one of the midnights to come, the vendor's or the reseller's, or until shortly before or after it."""
    row = deeds.picked(deeds.held(world, number), share)
    if row is None:
        return
    term = arithmetic.term_on(world.model.held[row.subscription_id].terms, world.at.date())
    days = {term["start_on"], term["end_on"], term["end_on"] - dt.timedelta(days=1)}
    if term["unit_rate"]:
        on = world.at.date()
        days |= {*arithmetic.cycle(term["anchor_on"], term=term["term"], plan=term["billing_plan"], on=on)}
    days |= {each.from_on for each in world.lists}
    midnights = {arithmetic.midnight(on, zone=zone) for on in days for zone in ("UTC", world.plan.zone)}
    shortly = {each + dt.timedelta(seconds=offset_s) for each in midnights}
    at = deeds.picked(sorted(each for each in shortly if world.at < each < world.at + SOON), which)
    if at is not None:
        world.did["midnight"] += 1
        world.borrowed += at - world.at
        _pass(world, at - world.at)


def _pass(world: World, span: dt.timedelta) -> None:
    """Where the deadline of a renewal sheet is on the way, the chores are done there, as every minute."""
    until = world.at + span
    deadline_at = world.model.sheets.next_deadline(until=until)
    while deadline_at is not None:
        world.pass_time(deadline_at + world.behind - world.at)
        asking.watch(world)
        world.work(rounds=8, patience=dt.timedelta(minutes=1))
        world.model.check()
        following = world.model.sheets.next_deadline(until=until)
        deadline_at = None if following == deadline_at else following
    world.pass_time(until - world.at)


def set_back(world: World, seconds: int) -> None:
    """The product's clock is behind the vendor's by this much from now on, within what is ordinary."""
    world.behind = dt.timedelta(seconds=seconds)


def work(world: World, rounds: int, patience_s: int) -> None:
    world.work(rounds=rounds, patience=dt.timedelta(seconds=patience_s))


def die(world: World, nth: int) -> None:
    world.dies_at = nth


def pause(world: World, nth: int) -> None:
    world.pauses_at = nth


def fault(world: World, kind: str, method: str, nth: int, members: dict[str, Any]) -> None:
    if kind in wire.WIRE_FAULTS:
        world.wire.arm(kind, method=method, nth=nth)
        return
    world.books.execute("DELETE FROM fault_rules WHERE fired > 0")
    match = {"method": method, "nth": nth, "times": 1}
    faults.add_rule(world.books, {"match": match, "fault": {"kind": kind, **members}})


def sync_all(world: World) -> None:
    """Every customer that the vendor knows here is read."""
    for number in world.plan.customers:
        deeds.sync(world, number)


def price_list(world: World, number: int) -> None:
    """A list that left products out is brought in again with all of them, for the same days."""
    if number < len(world.plan.lists):
        listed = prices.completed(world.plan.lists[number])
        prices.bring_in(listed, at=world.now())
        world.lists.append(listed)
        world.did["late prices"] += 1


def charge(world: World) -> None:
    """The chore that posts what cycles and terms owe."""
    charge_cycles.post_due(at=world.now())


def calm(world: World) -> None:
    """Faults off; everything is worked off, staff decide what is left, and the books are held against the vendor's."""
    world.calm_down()
    asking.watch(world)
    for _ in range(3):
        world.work(rounds=DRAIN_ROUNDS, patience=DRAIN)
        deeds.settle(world)
    to_read = list(world.plan.customers)
    for _ in range(READINGS_MOST):
        newest = _newest_effect(world)
        for number in to_read:
            deeds.sync(world, number)
        world.work(rounds=DRAIN_ROUNDS, patience=DRAIN)
        ageing.settle(world.books, now=world.at)
        # Where the vendor renewed something meanwhile, what was read is old.
        to_read = _changed_since(world, newest)
        if not to_read:
            break
    charge(world)
    asking.watch(world)
    world.work(rounds=DRAIN_ROUNDS, patience=dt.timedelta(minutes=1))
    world.model.require(queries.unfinished_count() == 0, "20: work is left that does not end")
    world.model.calm()


def _newest_effect(world: World) -> int:
    return int(world.books.execute("SELECT COALESCE(MAX(effect_id), 0) FROM effects").fetchone()[0])


def _changed_since(world: World, effect_id: int) -> list[int]:
    """The customers at whose subscriptions something happened after that effect, whoever did it."""
    rows = world.books.execute("SELECT DISTINCT tenant_id FROM effects WHERE effect_id > ?", (effect_id,))
    tenants = {row["tenant_id"] for row in rows}
    return [number for number in world.plan.customers if seeding.tenant_id(number) in tenants]
