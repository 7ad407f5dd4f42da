"""Visits to the edges of days: something done within minutes of a midnight at which a cycle or a term begins or ends.

They are drawn from a stream of their own, so that the rest of a plan is what it was. The time that a visit takes is
borrowed, and paid back by the long waits after it.
"""

import random
from typing import Any

from tests.sim import actions

Action = tuple[Any, ...]
# How likely each attempt is to be followed by a visit.
RATE = 0.025
OFTEN = {"more": 4, "fewer": 4, "buy": 3, "end": 2, "change_term": 2, "swap": 2, "transition": 1, "foreign_seats": 3}
OFTEN |= {"suspend": 1, "resume": 1, "wish_seats": 1, "several": 1, "place_quote": 1, "quote": 1}
KINDS = {kind.name: kind for kind in (*actions.DEEDS, *actions.CONSOLES)}
# How many of the swaps are under way when the day ends.
UNDER_WAY = 0.4
WORK: Action = ("work", 8, 60)


def visit(chance: random.Random, *, customers: int) -> list[Action]:
    """One licence is changed at such an instant, perhaps after it was read, and perhaps again at the next one."""
    number, share = chance.randrange(customers), actions.share(chance)
    found: list[Action] = []
    for _ in range(chance.choice((1, 1, 2))):
        found.append(("approach", number, share, actions.share(chance), chance.randint(-900, 900)))
        if chance.random() < 0.5:
            found += [("sync", number), WORK]
        for _ in range(chance.choice((1, 2))):
            found += _deed(chance, number, share)
        if chance.random() < 0.2:
            found.append(("charge",))
    return found


def _deed(chance: random.Random, number: int, share: float) -> list[Action]:
    (name,) = chance.choices(list(OFTEN), weights=list(OFTEN.values()))
    drawn = KINDS[name].draw(chance)
    done: Action = (name, number, share, *drawn[1:]) if name != "several" else (name, number, *drawn)
    if name in ("swap", "transition") and chance.random() < UNDER_WAY:
        return [done, ("work", 1, 0), ("pass", chance.choice((600, 7200, 40_000))), ("sync", number), WORK]
    if name == "transition":
        return [done, *actions.WORKED_OFF]
    if name == "foreign_seats":
        return [done, ("sync", number), WORK, ("adopt",)]
    return [done, WORK]
