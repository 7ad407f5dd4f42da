"""Buying and scheduling at the same time: what becomes of the wish is asked once, and kept as it was answered."""

import datetime as dt
import uuid

import pytest

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.orders import calculation as frozen
from seatwright.orders import intents
from seatwright.rules import timeline
from seatwright.rules.rebasing import Way
from seatwright.workflows import change_seats, follow_order, rebase_wishes
from tests.stories.test_schedule_change import plan, scheduled_quantity, wish
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)
Dimension = timeline.Dimension


def quoted(world: World, **seats: int) -> change_seats.Prepared:
    actor = world.actor("north_admin")
    wishes = world.wish("north", **seats)
    quote_id = change_seats.prepare(by=actor, customer_id=world.customer_ids["north"], wishes=wishes, at=world.at)
    return change_seats.prepared(by=actor, quote_id=quote_id, at=world.at)


def place(world: World, quote: change_seats.Prepared, *, way: Way | None = None) -> uuid.UUID:
    order_id = change_seats.place(
        by=world.actor("north_admin"),
        quote_id=quote.quote_id,
        idempotency_key=quote.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        answers={} if way is None else {world.holding("north", BASIC).subscription_id: way},
        at=world.at,
    )
    world.work()
    return order_id


def wished_seats(world: World) -> timeline.Value | None:
    key = world.holding("north", BASIC).subscription_id
    rows = intents.open_intents(subscription_ids=[key]).get(key, ())
    return rows[0].pending.changes.get(Dimension.QUANTITY) if rows else None


@pytest.mark.parametrize(
    ("way", "then", "kept"),
    [(Way.FOLLOWS, 11, timeline.SeatsBy(-2)), (Way.STAYS, 8, timeline.SeatsTotal(8, is_settled=True))],
)
def test_a_wished_total_is_asked_about_once_and_kept_as_answered(
    world: World, way: Way, then: int, kept: timeline.Seats
) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    quote = quoted(world, basic=13)
    (question,) = quote.calculation.questions
    # Twelve cycles of the next year at 5.88: 11 seats are 64.68 a month, 8 seats 47.04.
    assert question == frozen.WishQuestion(
        subscription_id=world.holding("north", BASIC).subscription_id,
        effective_on=dt.date(2027, 1, 30),
        wished=8,
        follows=frozen.WishResult(seats=11, next_term_minor=12 * 6468),
        stays=frozen.WishResult(seats=8, next_term_minor=12 * 4704),
    )
    with pytest.raises(rebase_wishes.Unanswered) as unanswered:
        place(world, quote)
    assert unanswered.value.questions == (question,)
    assert world.open_operations() == 0

    order_id = place(world, quote, way=way)
    assert (wished_seats(world), plan(world).following.quantity, scheduled_quantity(world)) == (kept, then, then)
    (line,) = follow_order.order(by=world.actor("north_admin"), order_id=order_id).lines
    assert (line.way, line.question) == (str(way), question)
    key = world.holding("north", BASIC).subscription_id
    told = [entry.action for entry in audit.history(seen_by=SYSTEM, subject_kind="subscription", subject_id=key)]
    assert f"intent.{'followed' if way is Way.FOLLOWS else 'stayed'}" in told

    again = quoted(world, basic=15)
    assert again.calculation.questions == ()
    place(world, again)
    assert plan(world).following.quantity == (13 if way is Way.FOLLOWS else 8)


def test_nothing_is_asked_without_a_wished_total_and_where_only_one_way_is_possible(world: World) -> None:
    assert quoted(world, basic=13).calculation.questions == ()
    wish(world, quantity=timeline.SeatsBy(-3))
    assert quoted(world, basic=13).calculation.questions == ()
    wish(world, quantity=timeline.SeatsTotal(2))
    # Two seats returned: following, the wish would come to none at all, so it stays without a question.
    assert quoted(world, basic=8, standard=6).calculation.questions == ()
    world.work()
    place(world, quoted(world, basic=8))
    assert (wished_seats(world), plan(world).following.quantity) == (timeline.SeatsTotal(2, is_settled=False), 2)


def test_another_wish_than_the_one_asked_about_is_asked_about_anew(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    quote = quoted(world, basic=13)
    wish(world, quantity=timeline.SeatsTotal(7))
    world.work()
    with pytest.raises(change_seats.QuoteChanged) as changed:
        place(world, quote, way=Way.FOLLOWS)
    fresh = change_seats.prepared(by=world.actor("north_admin"), quote_id=changed.value.fresh_quote_id, at=world.at)
    assert fresh.calculation.questions[0].follows.seats == 10
    key = world.holding("north", BASIC).subscription_id
    change_seats.place(
        by=world.actor("north_admin"),
        quote_id=fresh.quote_id,
        idempotency_key=fresh.idempotency_key,
        agreed_words="x",
        on_behalf_reason="",
        answers={key: Way.FOLLOWS},
        at=world.at,
    )
    wish(world, quantity=timeline.SeatsTotal(6))  # while the order runs: the answer was about another number
    world.work()
    assert (wished_seats(world), scheduled_quantity(world)) == (timeline.SeatsTotal(6), 6)
