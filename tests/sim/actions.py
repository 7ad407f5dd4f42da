"""The table of actions: how likely each is, which numbers are drawn for it, and the function that does it.

One more action is one more `Kind` in one of the tables and one function in `deeds`, `consoles` or `machinery`.
"""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

Action = tuple[Any, ...]
Draw = Callable[[random.Random], tuple[Any, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """An action that somebody takes on behalf of one customer, with how often and with which numbers."""

    name: str
    weight: float
    draw: Draw = lambda chance: (share(chance),)


def share(chance: random.Random) -> float:
    """From 0 up to, not including, 1."""
    return min(round(chance.random(), 4), 0.9999)


def _shares(count: int) -> Draw:
    return lambda chance: tuple(share(chance) for _ in range(count))


def _seats(chance: random.Random) -> tuple[Any, ...]:
    return share(chance), chance.randint(1, 6)


DEEDS = (
    Kind(name="more", weight=10, draw=_seats),
    Kind(name="fewer", weight=7, draw=_shares(2)),
    Kind(name="any_number", weight=2, draw=lambda chance: (share(chance), chance.randint(0, 320))),
    Kind(name="several", weight=4, draw=lambda chance: tuple(chance.randint(-3, 4) for _ in range(5))),
    Kind(name="quote", weight=2, draw=_seats),
    Kind(name="place_quote", weight=2),
    Kind(name="book_twice", weight=2, draw=_seats),
    Kind(name="wish_seats", weight=5, draw=lambda chance: (share(chance), chance.randint(0, 2), chance.randint(-6, 6))),
    Kind(name="wish_term", weight=2, draw=_shares(2)),
    Kind(name="wish_offer", weight=1, draw=_shares(2)),
    Kind(name="wish_ending", weight=2, draw=_shares(2)),
    Kind(name="auto_renew", weight=1.5, draw=_shares(2)),
    Kind(name="revoke", weight=2, draw=_shares(2)),
    Kind(name="buy", weight=1.2, draw=lambda chance: (share(chance), share(chance), chance.randint(1, 8))),
    Kind(name="change_term", weight=1.5, draw=_shares(2)),
    Kind(name="swap", weight=1.5, draw=lambda chance: (share(chance), share(chance), chance.choice((1, 1, 2, 3, 20)))),
    Kind(
        name="transition",
        weight=1.5,
        draw=lambda chance: (share(chance), share(chance), chance.choice((0, 0, 1, 1, 2, 3))),
    ),
    Kind(name="suspend", weight=1.5),
    Kind(name="resume", weight=3),
    Kind(name="end", weight=0.7),
    Kind(name="look_ahead", weight=1, draw=lambda chance: (chance.randint(0, 500),)),
)
CONSOLES = (
    Kind(
        name="assign", weight=10, draw=lambda chance: (share(chance), share(chance) / 2, chance.choice((1, 1, 2, 20)))
    ),
    Kind(name="unassign", weight=8, draw=_shares(1)),
    Kind(name="foreign_seats", weight=2, draw=lambda chance: (share(chance), chance.choice((-3, -1, 1, 2, 5)))),
    Kind(name="foreign_auto_renew", weight=1),
    Kind(name="foreign_wipe", weight=1),
)
ASKING = (
    Kind(
        name="send_sheet",
        weight=2,
        draw=lambda chance: (
            share(chance),
            chance.choice((1, 2, 3, 5)),
            chance.randrange(4),
            share(chance),
        ),
    ),
    Kind(
        name="answer_sheet",
        weight=10,
        draw=lambda chance: (
            share(chance),
            share(chance),
            chance.choice((1, 1, 2, 5)),
            share(chance),
            chance.choice((1, 3, 3, 3)),
        ),
    ),
    Kind(name="withdraw_sheet", weight=0.3),
)

# A transition is worked off before more time passes; `midnights` leaves some under way over a renewal.
WORKED_OFF: list[Action] = [("work", 8, 60), ("pass", 100_000), ("work", 30, 7200)]
RETRY_AFTER = ("integer", "decimal", "http_date", "missing", "negative", "day")
GARBLED = ("truncated", "html", "empty", "wrong_content_type", "bom", "nan", "duplicate_keys", "unknown_enum")
GARBLED += ("extra_fields", "missing_fields")
LATE_S = (2, 20, 55)
# How each kind of fault is armed: the methods that it strikes and the members that are drawn for it.
FAULTS: dict[str, tuple[tuple[str, ...], Callable[[random.Random], dict[str, Any]]]] = {
    "timeout_before_effect": (("PATCH", "POST", "GET"), lambda chance: {}),
    "timeout_after_effect": (("PATCH", "PATCH", "POST", "GET"), lambda chance: {"variant": "closed"}),
    "throttle_429": (
        ("PATCH", "GET"),
        lambda chance: {"variant": chance.choice(RETRY_AFTER), "wait_s": chance.choice((2, 90))},
    ),
    "error_5xx_before_effect": (("PATCH", "GET"), lambda chance: {"status": chance.choice((500, 502, 503, 504))}),
    "error_5xx_after_effect": (("PATCH", "PATCH", "GET"), lambda chance: {"status": chance.choice((500, 503, 504))}),
    "refuse": (("PATCH",), lambda chance: {"status": 409, "code": 900278}),
    "late_visibility": (("PATCH",), lambda chance: {"visible_after_s": chance.choice(LATE_S)}),
    "flapping": (("PATCH",), lambda chance: {"visible_after_s": chance.choice(LATE_S)}),
    "answer_202": (("PATCH",), lambda chance: {"visible_after_s": chance.choice(LATE_S)}),
    "ignored_write": (("PATCH",), lambda chance: {}),
    "no_dedupe": (("PATCH",), lambda chance: {}),
    "garbled": (("PATCH", "PATCH", "GET"), lambda chance: {"variant": chance.choice(GARBLED)}),
    "refused": (("PATCH", "GET"), lambda chance: {}),
    "broken_off": (("PATCH", "PATCH", "GET"), lambda chance: {}),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Swarm:
    """What goes wrong in a world at all, and how often: other kinds and rates in each, so that no two hide a third."""

    faults: tuple[str, ...]
    fault_rate: float
    death_rate: float
    pause_rate: float
    clock_rate: float

    @classmethod
    def drawn(cls, chance: random.Random) -> "Swarm":
        kinds = tuple(kind for kind in FAULTS if chance.random() < 0.5)
        return cls(
            faults=kinds,
            fault_rate=chance.choice((0.0, 0.1, 0.3, 0.5)) if kinds else 0.0,
            death_rate=chance.choice((0.0, 0.05, 0.2)),
            pause_rate=chance.choice((0.0, 0.0, 0.1)),
            clock_rate=chance.choice((0.0, 0.1)),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """How the changes are shared between the product and others, and how often the installation does its chores."""

    deeds: float
    syncs: float
    sweeps: float
    asking: float


LEAN = Pace(deeds=0.22, syncs=0.03, sweeps=0.005, asking=0.1)
DENSE = Pace(deeds=0.7, syncs=0.12, sweeps=0.04, asking=0.3)


def attempt(chance: random.Random, swarm: Swarm, pace: Pace, *, customers: int) -> list[Action]:
    """One thing that somebody does for one customer; what the product does is followed by work, and perhaps trouble."""
    is_deed = chance.random() < pace.deeds
    kinds = DEEDS if is_deed else CONSOLES
    kind = chance.choices(kinds, weights=[each.weight for each in kinds])[0]
    done: list[Action] = [(kind.name, chance.randrange(customers), *kind.draw(chance))]
    if is_deed:
        done += trouble(chance, swarm)
        done += WORKED_OFF if kind.name == "transition" else [("work", *patience(chance))]
    return done


def customer_of(action: Action) -> int | None:
    """The number of the customer on whose behalf the action is done; None for one of the machinery."""
    names = {kind.name for kind in (*DEEDS, *CONSOLES, *ASKING)} | {"sync", "approach"}
    return int(action[1]) if action[0] in names else None


def trouble(chance: random.Random, swarm: Swarm) -> list[Action]:
    """What is about to go wrong in the work that follows."""
    found: list[Action] = []
    if chance.random() < swarm.fault_rate:
        kind = chance.choice(swarm.faults)
        methods, members = FAULTS[kind]
        found.append(("fault", kind, chance.choice(methods), chance.choice((1, 1, 1, 2, 3)), members(chance)))
    if chance.random() < swarm.death_rate:
        found.append(("die", chance.randint(1, 10)))
    if chance.random() < swarm.pause_rate:
        found.append(("pause", chance.randint(1, 8)))
    if chance.random() < swarm.clock_rate:
        found.append(("set_back", chance.randint(0, 4)))
    return found


def patience(chance: random.Random) -> tuple[int, int]:
    """Rounds of the workers, and how many seconds they wait for what falls due; now and then hardly any."""
    return chance.choice(((1, 0), (3, 10), (12, 300), (25, 1800), (25, 7200)))


def routine(chance: random.Random, swarm: Swarm, pace: Pace, *, customers: int) -> list[Action]:
    """What an installation does by itself, and its staff."""
    found: list[Action] = []
    if chance.random() < pace.syncs:
        found += [("sync", chance.randrange(customers)), ("work", 8, 60)]
    if chance.random() < 0.02:
        found.append(("charge",))
    if chance.random() < pace.asking:
        kind = chance.choices(ASKING, weights=[each.weight for each in ASKING])[0]
        found += trouble(chance, swarm)
        found += [(kind.name, chance.randrange(customers), *kind.draw(chance)), ("work", *patience(chance))]
    if chance.random() < 0.02:
        found += [("watch",), ("work", 8, 60)]
    if chance.random() < pace.sweeps:
        found += [("sync_all",), ("work", 8, 60), ("settle",), ("adopt",), ("work", 4, 60)]
    return found
