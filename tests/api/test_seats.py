"""A program changes seats at the vendor: the portal's journey with the same prices, operations and charges."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, connections

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from tests.api.program import Programs
from tests.api.test_idempotency import orders_of
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_program_quotes_orders_and_follows_three_more_seats_until_they_are_charged_as_quoted(
    world: World, ask: Programs
) -> None:
    quote = ask.quoted("north_admin", "north", basic=13)
    # 17 to 29 March are 13 of the cycle's 31 days: 3 x 5.88 x 13 / 31 = 7.397 -> 7.40, and 21 % of it is 1.554 -> 1.55.
    assert quote["calculation"]["due_now"] == {
        "net": {"minor": 740, "currency": "EUR", "decimal": "7.40"},
        "tax": {"minor": 155, "currency": "EUR", "decimal": "1.55"},
        "gross": {"minor": 895, "currency": "EUR", "decimal": "8.95"},
    }
    assert dt.datetime.fromisoformat(quote["expires_at"]) == world.at + dt.timedelta(minutes=30)

    placed = ask.ordered("north_admin", quote)
    assert (placed.status_code, placed.headers["Location"]) == (201, f"/api/v1/orders/{placed.json()['id']}")
    running = ask.by("north_admin").get(f"/orders/{placed.json()['id']}").json()
    assert (running["state"], running["is_running"], running["lines"][0]["stage"]) == ("running", True, "booked")

    world.work()
    done = ask.by("north_admin").get(f"/orders/{placed.json()['id']}").json()
    assert (done["state"], done["is_running"], done["lines"][0]["stage"]) == ("done", False, "done")
    assert world.vendor_seats("north", BASIC) == 13
    (charge,) = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert charge.amount_minor == 740

    subscription_id = quote["calculation"]["lines"][0]["subscription_id"]
    page = ask.by("north_admin").get(f"/subscriptions/{subscription_id}").json()
    assert (page["licence"]["ours"], [lot["seats"] for lot in page["lots"]]) == (13, [8, 2, 3])
    assert page["charges"][0]["amount"]["decimal"] == "7.40"
    listed = ask.by("north_admin").get(f"/customers/{world.customer_ids['north']}/orders").json()
    assert [(row["id"], row["state"]) for row in listed["items"]] == [(placed.json()["id"], "done")]


def test_the_holders_of_seats_are_named_when_too_few_would_remain(world: World, ask: Programs) -> None:
    ask.ordered("north_owner", ask.quoted("north_owner", "north", basic=8))
    world.work()
    path = f"/customers/{world.customer_ids['north']}/seat-quotes/preview"
    faults = ask.by("north_owner").post(path, ask.wish("north", basic=6)).json()["errors"]
    below = next(fault for fault in faults if fault["code"] == "below_assigned")
    assert below["data"]["assigned"] == 7
    assert below["data"]["holders"][:2] == ["Person 1 of north", "Person 2 of north"]


def test_a_repeated_request_gets_the_same_bytes_and_orders_nothing_more_even_after_it_is_done(
    world: World, ask: Programs
) -> None:
    quote = ask.quoted("north_admin", "north", basic=11)
    first, second = (ask.ordered("north_admin", quote) for _ in range(2))
    world.work()
    world.move(hours=24)
    third = ask.ordered("north_admin", quote)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (first.status_code, first.content) == (third.status_code, third.content)
    assert first.headers["Location"] == third.headers["Location"]
    assert (orders_of(world), world.vendor_seats("north", BASIC)) == (1, 11)


def race(world: World, ask: Programs, *, threads: int) -> list[Any]:
    """The answers to the same order sent by this many threads at once."""
    quote = ask.quoted("north_admin", "north", basic=11)
    ask.by("north_admin")
    start, answers = threading.Barrier(threads), []

    def order() -> None:
        start.wait()
        try:
            answers.append(ask.ordered("north_admin", quote))
        finally:
            connections.close_all()

    running = [threading.Thread(target=order) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return answers


if connection.vendor == "postgresql":  # the database in memory that SQLite's tests use has one connection

    def test_the_same_order_sent_by_eight_threads_at_once_is_one_order_with_one_answer(
        world: World, ask: Programs
    ) -> None:
        answers = race(world, ask, threads=8)
        assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
        assert (len(answers), orders_of(world), world.open_operations()) == (8, 1, 1)
