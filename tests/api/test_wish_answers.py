"""A program orders seats of a licence with a wish for its renewal: it is asked once, in the quote."""

import pytest

from seatwright.rules import timeline
from seatwright.workflows import schedule_change
from tests.api.program import Programs, codes
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.usefixtures("db")


def test_the_quote_asks_the_order_answers_and_without_an_answer_nothing_is_ordered(world: World, ask: Programs) -> None:
    key = world.holding("north", BASIC).subscription_id
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=key,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
        at=world.at,
    )
    quote = ask.quoted("north_admin", "north", basic=13)
    (question,) = quote["calculation"]["questions"]
    assert (question["wished"], question["follows"]["seats"], question["stays"]["seats"]) == (8, 11, 8)
    assert question["stays"]["next_term"] == {"minor": 56448, "currency": "EUR", "decimal": "564.48"}
    refused = ask.ordered("north_admin", quote)
    assert (refused.status_code, codes(refused)) == (422, [("wishes", "wish_unanswered")])
    assert refused.json()["errors"][0]["data"]["subscription_id"] == str(key)
    twice = [{"subscription_id": str(key), "way": "stays"}] * 2
    assert codes(ask.ordered("north_admin", quote, wishes=twice)) == [("wishes", "named_twice")]

    answer = [{"subscription_id": str(key), "way": "follows"}]
    placed = ask.ordered("north_admin", quote, wishes=answer)
    assert placed.status_code == 201
    order = ask.by("north_admin").get(f"/orders/{placed.json()['id']}").json()
    assert [line["wish"] for line in order["lines"]] == ["follows"]
    assert ask.ordered("north_admin", quote, wishes=answer).json() == placed.json()
    other = ask.ordered("north_admin", quote, wishes=[{**answer[0], "way": "stays"}])
    assert codes(other) == [("Idempotency-Key", "key_reused")]
