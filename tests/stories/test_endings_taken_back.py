"""A decision about a term's end is taken back at the vendor too, and a wish that cannot be stored blocks nothing."""

from typing import Any

import pytest

from seatwright.operations.models import Operation
from seatwright.orders import intents
from seatwright.rules import rebasing, renewals, timeline
from seatwright.workflows import auto_renew, change_seats, look_ahead, schedule_change
from tests.stories.test_renewal_sheet import DEADLINE, answer, chores, go_to, sheet_of
from tests.stories.test_schedule_change import wish
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
Ending, Dimension = renewals.Ending, timeline.Dimension
PATCH = {"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 9}


def at_the_end(world: World) -> tuple[bool, str]:
    world.work()
    world.sync()
    row = world.holding("north", BASIC)
    return row.auto_renew, row.end_of_term


@pytest.mark.parametrize("ending", [Ending.CANCEL, Ending.EXTENDED])
@pytest.mark.parametrize("by_switch", [True, False], ids=["switch", "revoked"])
def test_an_ending_that_is_stored_already_is_taken_back_at_the_vendor(
    world: World, ending: Ending, by_switch: bool
) -> None:
    owner, key = world.actor("north_owner"), world.holding("north", BASIC).subscription_id
    wish(world, ending=ending)
    assert at_the_end(world) == (False, str(ending))
    if by_switch:
        shown = auto_renew.switch(by=owner, subscription_id=key, at=world.at)
        assert shown is not None
        auto_renew.choose(by=owner, subscription_id=key, ending=Ending.RENEW, base=shown.base, at=world.at)
    else:
        schedule_change.revoke(by=owner, subscription_id=key, dimension=None, at=world.at)
    assert at_the_end(world) == (True, "renew")
    plan = schedule_change.plan(by=owner, subscription_id=key, at=world.at)
    assert (plan.pending, plan.following.outcome, plan.is_applied) == ((), Ending.RENEW, True)
    wish(world, quantity=timeline.SeatsTotal(8))
    assert at_the_end(world) == (True, "renew")


def test_an_owner_who_answers_keep_keeps_what_was_to_be_cancelled(world: World) -> None:
    wish(world, ending=Ending.CANCEL)
    assert at_the_end(world) == (False, "cancel")
    sheet_id = sheet_of(world)
    assert answer(world, sheet_id, basic="keep", standard="keep") == {}
    assert at_the_end(world) == (True, "renew")
    go_to(world, DEADLINE)
    chores(world)
    assert at_the_end(world) == (True, "renew")


def test_a_wish_that_the_vendor_refuses_holds_up_no_change_and_is_tried_again_the_next_day(world: World) -> None:
    key = world.holding("north", BASIC).subscription_id
    world.simulator.fault("refuse", match={**PATCH, "times": 1}, status=400, code=800067)
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    told = Operation.objects.filter(kind="apply_schedule")
    assert [each.state for each in told] == ["refused"]
    world.sync()
    assert told.count() == 1
    world.move(days=1)
    world.sync()
    assert [each.state for each in told.order_by("place")] == ["refused", "done"]
    assert schedule_change.plan(by=world.actor("north_owner"), subscription_id=key, at=world.at).is_applied


def test_a_telling_that_gave_up_in_an_outage_is_told_anew_and_lets_changes_pass(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    Operation.objects.filter(kind="apply_schedule").update(state="parked", parked_reason="retry_budget", due_at=None)
    world.sync()
    assert [each.state for each in Operation.objects.filter(kind="apply_schedule").order_by("place")] == [
        "refused",
        "done",
    ]
    order_id = world.book("north_owner", "north", basic=12)
    world.work()
    assert (world.holding("north", BASIC).seats, order_id is not None) == (12, True)


def test_a_wish_made_between_the_look_and_the_switch_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, key = world.actor("north_owner"), world.holding("north", BASIC).subscription_id
    shown = auto_renew.switch(by=owner, subscription_id=key, at=world.at)
    assert shown is not None
    looked = schedule_change.plan

    def wished_meanwhile(**asked: Any) -> schedule_change.Plan:
        found = looked(**asked)
        monkeypatch.undo()
        wish(world, quantity=timeline.SeatsTotal(8))
        return found

    monkeypatch.setattr(schedule_change, "plan", wished_meanwhile)
    with pytest.raises(auto_renew.ChangedMeanwhile):
        auto_renew.choose(by=owner, subscription_id=key, ending=Ending.CANCEL, base=shown.base, at=world.at)
    plan = schedule_change.plan(by=owner, subscription_id=key, at=world.at)
    assert (plan.following.outcome, plan.following.quantity) == (Ending.RENEW, 8)


def test_a_difference_that_too_few_seats_cannot_bear_is_dropped(world: World) -> None:
    owner, held = world.actor("north_owner"), world.holding("north", STANDARD)
    book(world, 12, rebasing.Way.STAYS)
    schedule_change.schedule(
        by=owner,
        subscription_id=held.subscription_id,
        wishes={Dimension.QUANTITY: timeline.SeatsTotal(5)},
        at=world.at,
    )
    world.work()
    book(world, 13, rebasing.Way.FOLLOWS)
    book(world, 5, rebasing.Way.FOLLOWS)
    plan = schedule_change.plan(by=owner, subscription_id=held.subscription_id, at=world.at)
    assert (plan.pending, plan.following.quantity) == ((), 5)
    assert intents.open_intents(subscription_ids=[held.subscription_id]) == {}
    look_ahead.licences(by=owner, customer_id=world.customer_ids["north"], on=held.commitment_end_on, at=world.at)


def book(world: World, seats: int, way: rebasing.Way) -> None:
    actor = world.actor("north_owner")
    wishes = world.wish("north", standard=seats)
    quote_id = change_seats.prepare(by=actor, customer_id=world.customer_ids["north"], wishes=wishes, at=world.at)
    quote = change_seats.prepared(by=actor, quote_id=quote_id, at=world.at)
    change_seats.place(
        by=actor,
        quote_id=quote_id,
        idempotency_key=quote.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        answers={each.subscription_id: way for each in quote.calculation.questions},
        at=world.at,
    )
    world.work()
