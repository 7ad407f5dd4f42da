"""Room for people in the plan that they go to, beside other swaps and at its renewal; what stays of the old plan."""

import pytest

from seatwright.assignments import queries as assignments
from seatwright.assignments.models import Pool
from seatwright.catalogue.models import Product
from seatwright.operations import engine
from seatwright.orders import intents
from seatwright.rules import renewals, timeline
from seatwright.workflows import follow_swap, schedule_change, swap, swap_plan, swap_room, sync_tenant
from seatwright.workflows.change_seats import QuoteChanged
from tests.stories.swapping import (
    ALL,
    STANDARD_KEY,
    Way,
    accept_the_agreement,
    assign,
    book,
    choice,
    failed,
    key,
    more_of,
    order_of,
    quoted,
    rows_of,
)
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
D = timeline.Dimension


def wish(world: World, sku_id: str, wanted: dict[D, timeline.Value]) -> None:
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", sku_id).subscription_id,
        wishes=wanted,
        at=world.at,
    )
    world.work()


def reasons(world: World, wanted: swap_plan.Choice) -> list[tuple[str, int | None]]:
    planned = swap.preview(by=world.actor("north_owner"), choice=wanted, at=world.at)
    return [(reason.code, reason.number) for reason in planned.reasons]


def test_free_seats_are_promised_to_one_swap_and_not_to_two(world: World) -> None:
    assign(world, 8, add=(EXCHANGE,))
    world.sync()
    first = book(world, choice(world, 1, 2, 3, 4, 5, way=more_of(world)))
    assert quoted(world, first).swap.way is Way.FREE, "all five seats of Standard were free"
    leaving = swap_plan.Choice(
        subscription_id=world.holding("north", EXCHANGE).subscription_id,
        to=STANDARD_KEY,
        people=(key(8),),
        way=more_of(world),
    )
    second = book(world, leaving)
    assert (quoted(world, second).swap.way, quoted(world, second).swap.seats) == (Way.MORE, 1)
    world.work(rounds=120, step_s=60)
    assert (order_of(world, first).state, order_of(world, second).state, failed(world)) == ("done", "done", {})
    assert sum(row.seats for row in rows_of(world, STANDARD)) == 6


def leaving_exchange(world: World, **more: str) -> swap_plan.Choice:
    return swap_plan.Choice(
        subscription_id=world.holding("north", EXCHANGE).subscription_id, to=STANDARD_KEY, people=(key(12),), **more
    )


def test_converted_seats_are_free_for_nobody_else_before_their_people_have_moved(world: World) -> None:
    assign(world, 12, add=(EXCHANGE,))
    for number in (7, 8, 9, 10, 11):
        assign(world, number, add=(STANDARD,))
    world.sync()
    first = book(world, choice(world, 1, 2))
    assert quoted(world, first).swap.way is Way.PARTIAL
    pool = Pool.objects.filter(sku_id=STANDARD, enabled_units=7, consumed_units=5)
    for _ in range(60):
        world.move(seconds=2)
        sync_tenant.request_all(at=world.at)
        engine.run_due(clock=world.clock)
        if pool.exists():
            break
    assert (pool.exists(), order_of(world, first).state) == (True, "running"), "a reading shows two seats unused"
    planned = swap.preview(by=world.actor("north_owner"), choice=leaving_exchange(world, way="buy"), at=world.at)
    assert planned.calculation is not None
    assert (planned.calculation.swap.way, planned.calculation.swap.seats) == (Way.BUY, 1)


@pytest.mark.parametrize(
    ("wanted", "people", "expected"),
    [
        ({D.ENDING: renewals.Ending.CANCEL}, (1,), [("target_ends", None)]),
        ({D.QUANTITY: timeline.SeatsTotal(2)}, (1, 2), []),
        ({D.QUANTITY: timeline.SeatsTotal(2)}, (1, 2, 3), [("target_shrinks", 2)]),
        ({D.QUANTITY: timeline.SeatsBy(-3)}, (1, 2, 3), [("target_shrinks", 2)]),
    ],
)
def test_nobody_is_moved_to_a_seat_that_the_next_renewal_takes(
    world: World, wanted: dict[D, timeline.Value], people: tuple[int, ...], expected: list[tuple[str, int | None]]
) -> None:
    wish(world, STANDARD, wanted)
    assert reasons(world, choice(world, *people, way=more_of(world))) == expected


def test_who_is_on_the_way_by_another_swap_counts_at_the_renewal_too(world: World) -> None:
    assign(world, 12, add=(EXCHANGE,))
    world.sync()
    wish(world, STANDARD, {D.QUANTITY: timeline.SeatsTotal(3)})
    assert reasons(world, leaving_exchange(world, way=more_of(world))) == []
    book(world, choice(world, 1, 2, 3, way=more_of(world)))
    assert reasons(world, leaving_exchange(world, way=more_of(world))) == [("target_shrinks", 3)]


def test_seats_that_one_swap_gets_are_not_those_of_whoever_is_on_the_way_by_another(world: World) -> None:
    for number in (1, 2):
        assign(world, number, add=(STANDARD,))
    assign(world, 12, add=(EXCHANGE,))
    world.sync()
    tenant_id, customer_id = world.holding("north", STANDARD).tenant_id, world.customer_ids["north"]
    (pool,) = (each for each in assignments.pools(tenant_ids=[tenant_id]).values() if each.sku_id == STANDARD)
    book(world, leaving_exchange(world, way=more_of(world)))
    assert swap_room.people(pool=pool, customer_id=customer_id) == 2 + 1
    second = book(world, choice(world, 1, 2))
    assert (quoted(world, second).swap.way, quoted(world, second).swap.seats) == (Way.PARTIAL, 2)
    assert swap_room.people(pool=pool, customer_id=customer_id) == 2 + 1


def test_a_purchase_fills_no_seats_of_a_licence_that_ends_with_its_term(world: World) -> None:
    accept_the_agreement(world)
    wish(world, STANDARD, {D.ENDING: renewals.Ending.CANCEL})
    # Five of the seven would sit on seats that end; once those are taken, all seven are bought.
    assert reasons(world, choice(world, *ALL, way="buy")) == [("target_shrinks", 0)]
    for number in (8, 9, 10, 11, 12):
        assign(world, number, add=(STANDARD,))
    world.sync()
    assert reasons(world, choice(world, *ALL, way="buy")) == []


def test_seats_that_join_a_licence_are_not_taken_by_a_total_that_was_wished_before(world: World) -> None:
    for number in (8, 9, 10, 11, 12):
        assign(world, number, add=(STANDARD,))
    world.sync()
    wish(world, STANDARD, {D.QUANTITY: timeline.SeatsTotal(6)})
    assert reasons(world, choice(world, 1, way=more_of(world))) == []
    assert reasons(world, choice(world, 1, 2, way=more_of(world))) == [("target_shrinks", 6)]


def test_a_swap_that_has_become_a_purchase_waits_for_the_agreement_too(world: World) -> None:
    actor, wanted = world.actor("north_owner"), choice(world, 1, 2, way="buy")
    quote = swap.prepared(by=actor, quote_id=swap.prepare(by=actor, choice=wanted, at=world.at), at=world.at)
    assert quote.calculation.swap.way is Way.FREE
    Pool.objects.filter(sku_id=STANDARD).update(consumed_units=5)
    with pytest.raises((swap_plan.NotPossible, QuoteChanged)) as refused:
        swap.place(
            by=actor,
            quote_id=quote.quote_id,
            idempotency_key=quote.idempotency_key,
            agreed_words="Order with obligation to pay",
            on_behalf_reason="",
            at=world.at,
        )
    assert isinstance(refused.value, swap_plan.NotPossible)
    assert [reason.code for reason in refused.value.planned.reasons] == ["agreement_missing"]


def test_a_licence_keeps_the_least_seats_of_its_offer(world: World) -> None:
    Product.objects.filter(product_id="CFQ7TTC0LH18").update(minimum=9)
    order_id = book(world, choice(world, 1, 2, 3, way=more_of(world)))
    overlap = quoted(world, order_id).swap.overlap
    assert overlap is not None
    assert (overlap.seats, overlap.returnable) == (3, 1)
    world.work(rounds=80, step_s=60)
    assert world.vendor_seats("north", BASIC) == world.holding("north", BASIC).seats == 9


@pytest.mark.parametrize(
    ("wanted", "scheduled"),
    [({D.ENDING: renewals.Ending.CANCEL}, 0), ({D.QUANTITY: timeline.SeatsBy(-6)}, 3)],
    ids=["the licence ends", "fewer seats"],
)
def test_seats_that_leave_with_the_term_anyway_are_not_told_as_kept(
    world: World, wanted: dict[D, timeline.Value], scheduled: int
) -> None:
    """Two of the five seats can be returned; the others leave with what was planned before."""
    wish(world, BASIC, wanted)
    order_id = book(world, choice(world, 1, 2, 3, 4, 5, way=more_of(world)))
    world.work(rounds=80, step_s=30)
    assert order_of(world, order_id).state == "done"
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert (old.returned, old.kept, old.scheduled, old.ends_with_term) == (2, 0, scheduled, scheduled == 0)
    subscription_id = world.holding("north", BASIC).subscription_id
    (standing,) = intents.open_intents(subscription_ids=[subscription_id])[subscription_id]
    assert dict(standing.pending.changes) == wanted
