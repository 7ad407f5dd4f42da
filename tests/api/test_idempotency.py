"""One key, one order, one answer: repeated, raced, changed and borrowed keys (invariant 17)."""

from typing import Any

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.orders import queries as orders
from tests.api.program import Programs, codes
from tests.stories.world import World

pytestmark = pytest.mark.usefixtures("db")
KEY = "Idempotency-Key"


def orders_of(world: World, customer: str = "north") -> int:
    return len(orders.orders(seen_by=SYSTEM, customer_id=world.customer_ids[customer]).rows)


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(world: World, ask: Programs) -> None:
    quote = ask.quoted("staff", "north", basic=11)
    assert ask.ordered("staff", quote, on_behalf_reason="Ann, by telephone").status_code == 201
    other = ask.ordered("staff", quote, on_behalf_reason="Ben, by mail")
    assert (other.status_code, codes(other)) == (422, [(KEY, "key_reused")])
    assert ask.ordered("staff", quote, on_behalf_reason="Ann, by telephone").status_code == 201
    assert orders_of(world) == 1


def test_a_missing_key_a_guessed_key_and_the_key_of_another_quote_order_nothing(world: World, ask: Programs) -> None:
    quote, other = (ask.quoted("north_admin", "north", basic=seats) for seats in (11, 12))
    program, path = ask.by("north_admin"), f"/seat-quotes/{quote['id']}/orders"
    agreement = {"agrees_to_pay": True}
    missing = program.post(path, agreement)
    assert (missing.status_code, codes(missing)) == (422, [(KEY, "required")])
    for key in ("x" * 32, other["idempotency_key"], quote["idempotency_key"] + "x"):
        wrong = program.post(path, agreement, key=key)
        assert (wrong.status_code, codes(wrong)) == (422, [(KEY, "wrong_key")])
    for key in ("", "short", "ü" * 20, "x" * 65):
        malformed = program.post(path, agreement, key=key)
        assert (malformed.status_code, codes(malformed)[0][0]) == (422, KEY)
    assert (orders_of(world), world.open_operations()) == (0, 0)


def test_a_strangers_key_does_not_even_exist(world: World, ask: Programs) -> None:
    quote = ask.quoted("north_admin", "north", basic=11)
    for name in ("south_owner", "other_staff"):
        assert ask.ordered(name, quote).status_code == 404
    assert orders_of(world) == 0


def test_a_request_that_overtakes_its_twin_between_check_and_commit_leaves_one_order(
    world: World, ask: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote, customer = ask.quoted("north_admin", "north", basic=11), customers.customer
    overtaking: list[Any] = []

    def read_while_the_twin_runs(**given: Any) -> customers.CustomerRow:
        row = customer(**given)
        if given.get("action") == "seats.book" and not overtaking:
            overtaking.append(None)
            overtaking[0] = ask.ordered("north_admin", quote)
        return row

    monkeypatch.setattr(customers, "customer", read_while_the_twin_runs)
    slow = ask.ordered("north_admin", quote)
    assert (slow.status_code, slow.content) == (201, overtaking[0].content)
    assert (orders_of(world), world.open_operations()) == (1, 1)


def test_the_loser_of_a_race_with_another_body_is_told_so(
    world: World, ask: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote, customer = ask.quoted("staff", "north", basic=11), customers.customer
    winner: list[Any] = []

    def read_while_the_other_runs(**given: Any) -> customers.CustomerRow:
        row = customer(**given)
        if given.get("action") == "seats.book" and not winner:
            winner.append(None)
            winner[0] = ask.ordered("staff", quote, on_behalf_reason="Ann")
        return row

    monkeypatch.setattr(customers, "customer", read_while_the_other_runs)
    loser = ask.ordered("staff", quote, on_behalf_reason="Ben")
    assert (winner[0].status_code, loser.status_code, codes(loser)) == (201, 422, [(KEY, "key_reused")])
    assert orders_of(world) == 1
