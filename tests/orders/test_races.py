"""Orders placed by several processes at the same moment, on SQLite and on PostgreSQL (invariants 13, 17, 19)."""

import multiprocessing
import uuid

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.assignments import changes as assignments
from seatwright.customers import queries as customers
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.workflows import change_seats, pricing
from tests.operations import processes
from tests.operations.installation import Installation
from tests.orders import racing
from tests.web import scene as scenes

ROUNDS = 25
Wanted = dict[uuid.UUID, int]


def quote(scene: scenes.Scene, wanted: Wanted) -> tuple[uuid.UUID, str]:
    """A stored quote of north's owner with its key."""
    actor = customers.actor(user_id=scene.users["north_owner"], channel="test", request_ref="")
    assert actor is not None
    quote_id = change_seats.prepare(
        by=actor,
        customer_id=scene.customers["north"],
        wishes=[pricing.Wish(subscription_id=key, seats=seats) for key, seats in wanted.items()],
        at=scenes.NOW,
    )
    return quote_id, change_seats.prepared(by=actor, quote_id=quote_id, at=scenes.NOW).idempotency_key


def race(place: Installation, scene: scenes.Scene, racers: list[list[tuple[uuid.UUID, str]]]) -> list[list[str]]:
    """Let every racer place its quotes in step with the others; what came of each, racer by racer."""
    start = multiprocessing.get_context("forkserver").Barrier(len(racers))
    started = []
    for number, quotes in enumerate(racers):
        plan = {
            "user_id": scene.users["north_owner"],
            "quotes": quotes,
            "start": start,
            "at": scenes.NOW,
            "file": str(place.data_dir / f"racer-{number}"),
        }
        started.append(processes.process(racing.run, data_dir=place.data_dir, url=place.url, plan=plan))
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * len(racers)
    return [(place.data_dir / f"racer-{n}").read_text(encoding="ascii").splitlines() for n in range(len(racers))]


def holdings_for(scene: scenes.Scene, name: str, seats: int, count: int = ROUNDS) -> list[uuid.UUID]:
    """So many more subscriptions of north, every seat of them returnable."""
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]
    batch = ((seats, scenes.RETURNABLE_UNTIL),)
    return [scenes._hold(tenant, f"{name} {n}", f"{name}-{n}", seats, "6.00", returnable=batch) for n in range(count)]


def placed_orders(scene: scenes.Scene) -> list[orders.OrderRow]:
    return list(orders.orders(seen_by=SYSTEM, customer_id=scene.customers["north"], limit=1000).rows)


def test_one_quote_placed_by_eight_processes_with_one_key_is_one_order_and_all_learn_its_id(
    place: Installation,
) -> None:
    scene = scenes.build()
    quotes = [quote(scene, {key: 6}) for key in holdings_for(scene, "same", 5, count=6)]
    outcomes = race(place, scene, [quotes] * 8)
    for round_ in zip(*outcomes, strict=True):
        assert len(set(round_)) == 1, round_
    assert {str(row.order_id) for row in placed_orders(scene)} == set(outcomes[0])
    assert len(placed_orders(scene)) == operations.unfinished_count() == 6


def test_two_administrators_who_book_one_licence_at_the_same_moment_get_one_order(place: Installation) -> None:
    scene = scenes.build()
    keys = holdings_for(scene, "rival", 5)
    outcomes = race(place, scene, [[quote(scene, {key: seats}) for key in keys] for seats in (6, 7)])
    for one, other in zip(*outcomes, strict=True):
        assert [one, other].count("NotChangeable") == 1, (one, other)
    assert len(placed_orders(scene)) == operations.unfinished_count() == ROUNDS


@pytest.mark.parametrize(("people", "refused"), [(6, 0), (8, 1)], ids=["both-fit", "only-one-fits"])
def test_two_returns_from_one_pool_at_the_same_moment_never_leave_people_without_a_seat(
    place: Installation, people: int, refused: int
) -> None:
    scene = scenes.build()
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]
    batch = ((5, scenes.RETURNABLE_UNTIL),)
    pairs = [
        [scenes._hold(tenant, f"{half} {n}", f"pool-{n}", 5, "6.00", returnable=batch) for half in ("one", "other")]
        for n in range(ROUNDS)
    ]
    # Ten seats in two subscriptions: with 8 people one return of 2 is possible, with 6 both are.
    assignments.replace_pools(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        pools=[
            assignments.FoundPool(
                sku_id=f"pool-{n}",
                part_number="PART",
                applies_to="User",
                enabled_units=10,
                warning_units=0,
                suspended_units=0,
                consumed_units=people,
                foreign_units=0,
            )
            for n in range(ROUNDS)
        ],
        at=scenes.NOW,
    )
    outcomes = race(place, scene, [[quote(scene, {pair[side]: 3}) for pair in pairs] for side in (0, 1)])
    for one, other in zip(*outcomes, strict=True):
        assert [one, other].count("BelowAssigned") == refused, (one, other)
