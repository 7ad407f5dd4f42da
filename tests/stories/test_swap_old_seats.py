"""What stays of the plan that people left: returned, asked away, ended or kept; and the limits of both plans."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from seatwright.assignments.models import Pool
from seatwright.catalogue import queries as catalogue
from seatwright.catalogue.models import Product
from seatwright.operations.models import Operation
from seatwright.orders import intents
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import follow_swap, schedule_change, status_operation, swap, swap_give_back, swap_plan
from tests.stories.swapping import (
    ALL,
    PREMIUM,
    PREMIUM_KEY,
    STANDARD_KEY,
    Answer,
    accept_the_agreement,
    assign,
    book,
    charged,
    choice,
    key,
    more_of,
    order_of,
    quoted,
    rows_of,
)
from tests.stories.swapping import (
    alter as alter,
)
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
PATCH = {"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}


def standing(world: World) -> timeline.Value:
    basic = world.holding("north", BASIC)
    (kept,) = intents.open_intents(subscription_ids=[basic.subscription_id])[basic.subscription_id]
    return kept.pending.changes[timeline.Dimension.QUANTITY]


@pytest.mark.parametrize(
    ("wished", "after"),
    [
        (timeline.SeatsBy(-1), timeline.SeatsBy(-2)),
        (timeline.SeatsTotal(5), timeline.SeatsTotal(5)),
        (timeline.SeatsTotal(12), timeline.SeatsTotal(7)),
    ],
)
def test_a_wish_that_stands_already_is_taken_further(
    world: World, wished: timeline.Value, after: timeline.Value
) -> None:
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        wishes={timeline.Dimension.QUANTITY: wished},
        at=world.at,
    )
    book(world, choice(world, 1, 2, 3, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    assert standing(world) == after


def test_a_wish_is_taken_further_once_even_where_the_worker_dies_right_after_storing_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule, calls = schedule_change.schedule, []

    def die_once(**asked: Any) -> None:
        schedule(**asked)
        calls.append(asked)
        if len(calls) == 1:
            raise ConnectionError("the database went away")

    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsBy(-2)},
        at=world.at,
    )
    monkeypatch.setattr(schedule_change, "schedule", die_once)
    order_id = book(world, choice(world, 1, 2, 3, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert (standing(world), len(calls), old.returned, old.scheduled) == (timeline.SeatsBy(-3), 1, 2, 1)


def test_a_return_that_the_vendor_refuses_at_its_last_moment_becomes_a_wish(world: World) -> None:
    order_id = book(world, choice(world, 1, 2, 3, way=more_of(world)))
    world.simulator.fault("refuse", match=PATCH, status=400, code=900257)
    world.work(rounds=60, step_s=30)
    assert [line.refusal for line in order_of(world, order_id).lines] == ["", "vendor_window_closed"]
    assert (world.holding("north", BASIC).seats, standing(world), charged(world)) == (10, timeline.SeatsTotal(7), [])


def test_seats_that_cannot_be_asked_away_are_told_as_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflicted(**_asked: object) -> None:
        raise schedule_change.Conflicted(())

    monkeypatch.setattr(schedule_change, "schedule", conflicted)
    order_id = book(world, choice(world, 1, 2, 3, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert (old.returned, old.scheduled, old.kept) == (2, 0, 1)


def test_seats_that_the_vendor_still_counts_as_used_are_not_given_back(
    world: World, alter: Callable[..., None]
) -> None:
    def all_used(plain: Answer, **asked: Any) -> list[port.LicencePool]:
        return [replace(pool, consumed=pool.enabled) if pool.sku_id == BASIC else pool for pool in plain(**asked)]

    alter(list_pools=all_used)
    order_id = book(world, choice(world, 1, 2, way=more_of(world)))
    world.work(rounds=60, step_s=60)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert (old.returned, old.scheduled, old.kept) == (0, 0, 2)
    assert world.holding("north", BASIC).seats == 10


def test_nothing_is_given_back_of_a_licence_that_was_changed_elsewhere(
    world: World, alter: Callable[..., None]
) -> None:
    def more(plain: Answer, **asked: Any) -> port.VendorSubscription:
        seen: port.VendorSubscription = plain(**asked)
        return replace(seen, quantity=seen.quantity + 1) if seen.quantity == 10 else seen

    alter(read_subscription=more)
    order_id = book(world, choice(world, 1, 2, way=more_of(world)))
    world.work(rounds=60, step_s=60)
    assert order_of(world, order_id).state == "done"
    assert follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats.kept == 2


@pytest.mark.parametrize("days", [0, 8], ids=["returnable", "bound"])
def test_a_licence_that_everybody_leaves_ends_at_once_or_with_its_term(world: World, days: int) -> None:
    accept_the_agreement(world)
    book(world, choice(world, 1, 2, to=PREMIUM_KEY, way="buy"))
    world.work(rounds=80, step_s=60)
    world.move(days=days)
    world.sync()
    wish = swap_plan.Choice(
        subscription_id=world.holding("north", PREMIUM).subscription_id,
        to=STANDARD_KEY,
        people=(key(1), key(2)),
        way=more_of(world),
    )
    order_id = book(world, wish)
    held = quoted(world, order_id).swap.overlap
    assert held is not None
    assert (held.seats, held.returnable) == (2, 0 if days else 2)
    world.work(rounds=80, step_s=60)
    assert order_of(world, order_id).state == "done"
    premium = world.holding("north", PREMIUM)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    if days:
        (kept,) = intents.open_intents(subscription_ids=[premium.subscription_id])[premium.subscription_id]
        assert kept.pending.changes[timeline.Dimension.ENDING] is renewals.Ending.CANCEL
        assert (premium.status, old.ends_with_term, old.is_ended) == ("active", True, False)
    else:
        assert (premium.status, premium.seats, old.ends_with_term, old.is_ended) == ("deleted", 0, False, True)
        assert charged(world)[-1][0] == "ended"
    assert holdings.miscounted() == []


def test_a_licence_that_somebody_got_in_the_last_moment_does_not_end_under_them(
    world: World, alter: Callable[..., None]
) -> None:
    def used_again(plain: Answer, **asked: Any) -> list[port.LicencePool]:
        is_ending = Operation.objects.filter(kind=status_operation.KIND).exists()
        used = {PREMIUM} if is_ending else set()
        return [replace(pool, consumed=1) if pool.sku_id in used else pool for pool in plain(**asked)]

    accept_the_agreement(world)
    book(world, choice(world, 1, 2, to=PREMIUM_KEY, way="buy"))
    world.work(rounds=80, step_s=60)
    world.sync()
    wish = swap_plan.Choice(
        subscription_id=world.holding("north", PREMIUM).subscription_id,
        to=STANDARD_KEY,
        people=(key(1), key(2)),
        way=more_of(world),
    )
    order_id = book(world, wish)
    alter(list_pools=used_again)
    world.work(rounds=80, step_s=60)
    refused = Operation.objects.get(kind=status_operation.KIND)
    assert (refused.state, refused.last_error, world.vendor_seats("north", PREMIUM)) == ("refused", "below_assigned", 2)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert (old.is_ended, old.scheduled, old.kept) == (False, 1, 1)


def reasons(world: World, *numbers: int, **more: Any) -> list[str]:
    planned = swap.preview(by=world.actor("north_owner"), choice=choice(world, *numbers, **more), at=world.at)
    return [reason.code for reason in planned.reasons]


def test_the_limits_of_both_plans_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    standard = Product.objects.filter(product_id="CFQ7TTC0LDPB")
    standard.update(minimum=2)
    assert reasons(world, 1) == ["below_minimum"]
    standard.update(minimum=1, maximum=2)
    assert reasons(world, 1, 2, 3) == ["above_maximum"]
    assert reasons(world, *ALL, way=more_of(world)) == ["above_maximum"]
    standard.update(maximum=300, family="other")
    monkeypatch.setattr(catalogue.FamilyCaps, "on", lambda *_of, **_asked: 6)
    assert reasons(world, 1, 2) == ["above_maximum"]
    monkeypatch.setattr(catalogue.FamilyCaps, "on", lambda *_of, **_asked: 7)
    assert reasons(world, 1, 2) == []
    Pool.objects.filter(sku_id=STANDARD).update(foreign_units=1)
    assert reasons(world, 1, 2) == ["above_maximum"], "another seller's seats count too"
    monkeypatch.setattr(catalogue.FamilyCaps, "on", lambda *_of, **_asked: None)
    assert reasons(world, 1, 2) == []
    standard.update(family="m365_business")
    Product.objects.filter(product_id="CFQ7TTC0LH18").update(minimum=9)
    assert reasons(world, 1, 2) == ["below_minimum"]
    Product.objects.filter(product_id="CFQ7TTC0LH18").update(minimum=1, is_self_service=False)
    assert reasons(world, 1) == ["not_self_service"]


def test_a_renewal_that_is_fixed_already_closes_the_ways_with_old_seats(world: World) -> None:
    world.move(days=318)
    world.sync()
    assert reasons(world, 1, way=more_of(world)) == ["renewal_locked"]


def test_one_licence_changes_its_plan_once_a_day_and_not_as_a_whole_into_another(world: World) -> None:
    for number in (8, 9, 10):
        assign(world, number, add=(BASIC,))
    world.sync()
    book(world, choice(world, 1, 2, 3, 4, 5))
    world.work(rounds=60, step_s=30)
    born = next(row for row in rows_of(world, STANDARD) if "swapped" in {lot.kind for lot in row.lots})
    assert reasons(world, 6, 7, 8, 9, 10, way=f"merge:{born.subscription_id}") == ["all_into_other"]
    left = world.holding("north", BASIC).subscription_id
    book(world, choice(world, 6, 7, 8, 9, 10))
    world.work(rounds=60, step_s=30)
    everybody = tuple(key(number) for number in range(1, 11))
    again = swap_plan.Choice(subscription_id=left, to=PREMIUM_KEY, people=everybody, is_whole=True)
    planned = swap.preview(by=world.actor("north_owner"), choice=again, at=world.at)
    assert "converted_today" in [reason.code for reason in planned.reasons]


def test_a_wish_made_while_old_seats_are_judged_is_taken_further_and_not_overwritten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = schedule_change.schedule
    basic = world.holding("north", BASIC)

    def after_another(**asked: Any) -> None:
        monkeypatch.setattr(schedule_change, "schedule", really)
        wishes = {timeline.Dimension.QUANTITY: timeline.SeatsTotal(5)}
        really(by=world.actor("north_owner"), subscription_id=basic.subscription_id, wishes=wishes, at=world.at)
        really(**asked)

    monkeypatch.setattr(schedule_change, "schedule", after_another)
    book(world, choice(world, 1, 2, 3, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    assert standing(world) == timeline.SeatsTotal(5)


@pytest.mark.parametrize("kind", ["return", "wish"])
def test_nothing_is_given_back_of_seats_that_were_booked_while_the_old_ones_were_judged(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A seat more is booked between the judging and the lock, so that the vendor and the books differ from then on."""
    if kind == "wish":
        world.move(days=8)
        world.sync()
    really, booked = swap_give_back._Round.steps, []

    def with_another_booked(round_of: Any, **asked: Any) -> Any:
        found = really(round_of, **asked)
        if found and not booked:
            booked.append(found)
            with transaction.atomic():
                subscriptions.add_lot(
                    subscription_id=round_of.row.subscription_id,
                    seats=1,
                    kind="added",
                    effective_at=world.at,
                    returnable_until=None,
                    policy_version="test",
                    operation_id=None,
                )
        return found

    monkeypatch.setattr(swap_give_back._Round, "steps", with_another_booked)
    order_id = book(world, choice(world, 1, 2, 3, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    old = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id).old_seats
    assert booked
    assert (old.returned, old.scheduled, old.kept, world.vendor_seats("north", BASIC)) == (0, 0, 3, 10)
