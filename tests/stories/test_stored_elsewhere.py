"""What somebody stored for the renewal in the vendor's own console, beside changes that are made here."""

import datetime as dt
from typing import Any

import httpx2
import pytest
from django.db import transaction

from seatwright.access.actors import SYSTEM
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import carry_wishes, follow_swap
from tests.stories.swapping import ALL, STANDARD_KEY, book, choice, more_of, order_of, quoted, rows_of
from tests.stories.test_late_prices import next_product
from tests.stories.test_swap_renewal import evening_before_the_renewal, hours_pass
from tests.stories.test_swap_room import reasons
from tests.stories.world import BASIC, ROWS, STANDARD, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)


def in_the_console(world: World, sku: str, **members: Any) -> None:
    path = f"customers/{tenant_id('north')}/subscriptions/{world.holding('north', sku).vendor_subscription_id}"
    url = f"{world.simulator.base_url}/v1/{path}"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    body = httpx2.get(url, headers=headers).json() | members
    assert httpx2.patch(url, headers=headers, json=body).status_code == 200
    world.sync()


def next_term(world: World, sku: str, *, seats: int) -> None:
    product = next_product(world, ROWS[sku], term="P1Y")
    in_the_console(world, sku, scheduledNextTermInstructions={"product": product, "quantity": seats})


def stored(world: World, sku: str) -> tuple[str, int] | None:
    world.sync()
    found = world.holding("north", sku).next_term
    return None if found is None else (f"{found['product_id']}:{found['vendor_sku_id']}", found["quantity"])


def test_nobody_is_moved_to_seats_that_it_takes(world: World) -> None:
    next_term(world, STANDARD, seats=2)
    assert reasons(world, choice(world, 1, 2, way=more_of(world))) == []
    assert reasons(world, choice(world, 1, 2, 3, way=more_of(world))) == [("target_shrinks", 2)]


@pytest.mark.parametrize(("wanted", "held", "expected"), [(9, 8, None), (7, 8, 7), (9, 11, 9), (12, 11, 12)])
def test_fewer_seats_never_become_more_by_a_change_made_here(
    world: World, wanted: int, held: int, expected: int | None
) -> None:
    next_term(world, BASIC, seats=wanted)
    world.book("north_owner", "north", basic=held)
    world.work(rounds=60, step_s=10)
    left = stored(world, BASIC)
    assert (world.holding("north", BASIC).seats, left and left[1]) == (held, expected)


def test_a_whole_licence_renews_as_the_plan_that_it_was_swapped_to(world: World) -> None:
    next_term(world, BASIC, seats=9)
    key = world.holding("north", BASIC).subscription_id
    order_id = book(world, choice(world, *ALL, is_whole=True))
    world.work(rounds=120, step_s=30)
    assert order_of(world, order_id).state == "done"
    world.sync()
    (row,) = holdings.by_ids(subscription_ids=[key])
    assert row.next_term is not None
    shown = f"{row.next_term['product_id']}:{row.next_term['vendor_sku_id']}"
    assert (shown, row.next_term["quantity"]) == (STANDARD_KEY, 9)
    world.move(seconds=(dt.datetime(2027, 1, 31, 12, tzinfo=dt.UTC) - world.at).total_seconds())
    world.sync()
    (row,) = holdings.by_ids(subscription_ids=[key])
    assert (row.sku_id, row.unit_rate, row.vendor_seats) == (STANDARD, "12.29", 9)


def test_old_seats_of_a_licence_that_it_ends_leave_with_the_term(world: World) -> None:
    at_end = [{"scheduleType": "TermEnd", "actionType": "Cancel"}]
    in_the_console(world, BASIC, autoRenewEnabled=False, scheduledActions=at_end)
    order_id = book(world, choice(world, 1, 2, 3, 4, 5, way=more_of(world)))
    world.work(rounds=120, step_s=30)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert (quoted(world, order_id).swap.seats, old.returned, old.kept, old.ends_with_term) == (0, 2, 0, True)
    assert world.holding("north", BASIC).end_of_term == "cancel"
    assert holdings.open_drifts(seen_by=SYSTEM) == []


def test_a_swap_over_the_renewal_that_brings_it_is_found(world: World) -> None:
    """The renewal brings eight of ten, the vendor moves one of them; the difference of two waits for a person."""
    next_term(world, BASIC, seats=8)
    evening_before_the_renewal(world, seats=None)
    order_id = book(world, choice(world, 1))
    hours_pass(world, 8)
    (basic,) = rows_of(world, BASIC)
    assert (order_of(world, order_id).state, basic.seats, basic.vendor_seats) == ("done", 9, 7)
    assert (basic.commitment_end_on, len(holdings.open_drifts(seen_by=SYSTEM))) == (dt.date(2028, 1, 30), 1)


def test_a_shortened_end_is_not_stored_again_for_another_term(world: World) -> None:
    row = world.holding("north", BASIC)
    decided = {
        "ending": "renew",
        "next_term": {
            "offer": row.offer_key,
            "quantity": 9,
            "term": row.term,
            "billing_plan": row.billing_plan,
            "aligned_end_on": "2027-06-30",
        },
        "beside": {
            "offer": row.offer_key,
            "quantity": 10,
            "term": row.term,
            "billing_plan": row.billing_plan,
            "ends_on": "2026-12-30",
        },
    }
    with transaction.atomic():
        carry_wishes.keep(row, decided, at=world.at)
    world.work(rounds=20, step_s=10)
    assert stored(world, BASIC) == (row.offer_key.split(":commercial")[0].removeprefix("microsoft:"), 9)
    found = world.holding("north", BASIC).next_term
    assert found is not None
    assert found["custom_end_on"] is None
