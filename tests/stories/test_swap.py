"""People change from one plan to another in one booking, told on the real simulator."""

import uuid
from typing import Any

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import swap, swap_plan
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
STANDARD_KEY = "CFQ7TTC0LDPB:0001"
BOTH = frozenset({BASIC, STANDARD})


def key(number: int, customer: str = "north") -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{customer}"))


def choice(world: World, *numbers: int, **more: Any) -> swap_plan.Choice:
    return swap_plan.Choice(
        subscription_id=world.holding("north", BASIC).subscription_id,
        to=STANDARD_KEY,
        people=tuple(key(number) for number in numbers),
        **more,
    )


def book(world: World, wish: swap_plan.Choice, *, by: str = "north_owner") -> uuid.UUID:
    actor = world.actor(by)
    quote_id = swap.prepare(by=actor, choice=wish, at=world.at)
    quote = swap.prepared(by=actor, quote_id=quote_id, at=world.at)
    return swap.place(
        by=actor,
        quote_id=quote_id,
        idempotency_key=quote.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        at=world.at,
    )


def order_of(world: World, order_id: uuid.UUID) -> orders.OrderRow:
    return orders.order(seen_by=world.actor("north_owner"), order_id=order_id)


def quoted(world: World, order_id: uuid.UUID) -> swap_terms.Calculation:
    return swap_terms.from_json(order_of(world, order_id).calculation)


def licences(world: World, number: int) -> set[str]:
    """What the simulator's directory has given this person in the end."""
    held = {BASIC}
    for effect in world.simulator.effects():
        if effect["kind"] == "licences_assigned" and effect["subject"] == key(number):
            held = set(effect["after"])
    return held


def rows_of(world: World, sku_id: str) -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    return [row for row in rows if row.sku_id == sku_id]


def charged(world: World) -> list[tuple[str, str, int, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    return [(row.kind, row.name, row.seats, row.amount_minor) for row in rows]


def test_part_of_the_seats_go_to_a_subscription_of_their_own_that_ends_with_the_old_one(world: World) -> None:
    order_id = book(world, choice(world, 1, 2, 3))
    assert quoted(world, order_id).swap.way is swap_terms.Way.PARTIAL
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    (basic,) = rows_of(world, BASIC)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 3)
    assert (basic.seats, born.commitment_end_on, born.anchor_on) == (7, basic.commitment_end_on, basic.anchor_on)
    # Two of the ten seats were added two days ago: they go first, and keep the five days that are left to return them.
    assert [(lot.seats, lot.returnable_until is None) for lot in born.lots] == [(2, False), (1, True)]
    assert [licences(world, number) for number in (1, 2, 3, 4)] == [{STANDARD}, {STANDARD}, {STANDARD}, {BASIC}]
    # 13 of the 31 days from 27 February: 3 x 5.88 x 13/31 = 7.40 back, 3 x 12.29 x 13/31 = 15.46 more.
    assert charged(world) == [
        ("swapped_out", "Microsoft 365 Business Basic", -3, -740),
        ("swapped_in", "Microsoft 365 Business Standard", 3, 1546),
    ]
    assert quoted(world, order_id).due_now.net_minor == 806
    assert holdings.miscounted() == []
