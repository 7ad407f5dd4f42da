"""A run's list of actions, drawn from its seed before anything happens, with every decision written into it.

An action is a tuple of its name and plain numbers; what a number picks out of what is there is decided when the action
is done. Leaving actions out therefore changes nothing in the others, which is what makes a failing run shrink.
"""

import dataclasses
import random
from typing import Any

from tests.sim import actions, midnights, prices, seeding

DAYS = 365
DAY_S = 86_400
# Attempts at a change that each customer sees in a year, whoever makes them; some are refused.
ATTEMPTS = 46
DENSE_EVERY = 20
# Where the reseller's day begins, from the last to the first on earth.
ZONES = ("America/Los_Angeles", "America/New_York", "UTC", "Europe/Brussels", "Asia/Kolkata", "Pacific/Auckland")
# How many of the customers begin with a trial.
TRIALS = 0.1
Action = tuple[Any, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a world begins with and what is done in it; equal plans have equal outcomes."""

    seed: int
    customers: tuple[int, ...]
    days: int
    vendor: dict[str, Any]
    actions: tuple[Action, ...]
    zone: str = seeding.ZONE
    lists: tuple[prices.Listed, ...] = ()
    trials: tuple[int, ...] = ()

    @property
    def years(self) -> float:
        return len(self.customers) * self.days / DAYS


def drawn(seed: int, *, customers: int = 5, days: int = DAYS, is_dense: bool = False) -> Plan:
    """The plan of this seed: which faults there are at all and how many is drawn first (a swarm), then the actions.

    Most worlds are lean: the tenants' people and other consoles make most changes, as they do in life. Every
    twentieth is dense with the product's own.
    """
    chance = random.Random(f"plan {seed}")
    swarm = actions.Swarm.drawn(chance)
    pace = actions.DENSE if is_dense or seed % DENSE_EVERY == 0 else actions.LEAN
    count = round(ATTEMPTS * customers * days / DAYS)
    late = random.Random(f"midnights {seed}")
    listing = random.Random(f"prices {seed}")
    lists, trying = prices.drawn(listing, days=days), random.Random(f"trials {seed}")
    completed_at = {listing.randrange(count): number for number, each in enumerate(lists) if each.lacks}
    done: list[Action] = [("sync_all",), ("work", 6, 3600)]
    for number, span_s in enumerate(_spans(count, chance=chance, total_s=days * DAY_S)):
        done.append(("pass", span_s))
        done += actions.attempt(chance, swarm, pace, customers=customers)
        done += actions.routine(chance, swarm, pace, customers=customers)
        if number in completed_at:
            done.append(("price_list", completed_at[number]))
        if late.random() < midnights.RATE:
            done += midnights.visit(late, customers=customers)
        if number == count // 2:
            done.append(("calm",))
    done.append(("calm",))
    vendor = _vendor(chance)
    return Plan(
        seed=seed,
        customers=tuple(range(customers)),
        days=days,
        vendor=vendor,
        actions=tuple(done),
        zone=random.Random(f"zone:{seed}").choice(ZONES),
        lists=lists,
        trials=tuple(number for number in range(customers) if trying.random() < TRIALS),
    )


def _spans(count: int, *, chance: random.Random, total_s: int) -> list[int]:
    """Seconds between the attempts, from minutes to weeks, adding up to about the whole run."""
    raw = [chance.choice((0.005, 0.05, 0.3, 1.0, 3.0)) * chance.random() for _ in range(count)]
    scale = total_s / sum(raw)
    return [max(1, round(span * scale)) for span in raw]


def _vendor(chance: random.Random) -> dict[str, Any]:
    """How this world's vendor behaves throughout."""
    return {
        "renewal_delay_s": chance.choice((0, 600, 7200, 86_400)),
        "pool_lag_s": chance.choice((0, 0, 120)),
        "dedupe": chance.random() < 0.5,
        "reduce_first": chance.choice(("newest", "earliest")),
        "token_life_s": chance.choice((3600, 86_400, 86_400)),
        "window_refusal": chance.choice((800090, 900214, 900257)),
        "cancel_refusal": chance.choice((900213, 900117)),
        "extended_auto_renews": chance.random() < 0.3,
        "transition_s": chance.choice((0, 0, 600, 7200, 90_000)),
        "licence_transfer_s": chance.choice((0, 0, 600, 18_000)),
        "transition_failure": chance.choice(("", "", "", "", "conversion", "licences")),
    }
