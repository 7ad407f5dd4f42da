"""Suspending, resuming and ending, told as stories with what each brings."""

import datetime as dt

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.customers.models import Reseller
from seatwright.orders import intents
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import change_status, run_desk, schedule_change
from seatwright.workflows.change_status import Action, Effect
from tests.stories.test_schedule_change import at_the_vendor, scheduled_quantity
from tests.stories.world import BASIC, EXCHANGE, World

pytestmark = pytest.mark.django_db(transaction=True)


def do(world: World, action: Action, *, sku_id: str = BASIC, by: str = "north_owner") -> change_status.Preview:
    shown = change_status.preview(
        by=world.actor(by),
        subscription_id=world.holding("north", sku_id).subscription_id,
        action=action,
        at=world.at,
    )
    change_status.place(by=world.actor(by), shown=shown, reason="as asked", at=world.at)
    world.work()
    return shown


def test_suspending_keeps_the_wishes_and_resuming_stores_them_again(world: World) -> None:
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
        at=world.at,
    )
    world.work()
    shown = do(world, Action.SUSPEND)
    assert {Effect.ACCESS_STOPS, Effect.BILLING_GOES_ON, Effect.WISHES_ARE_KEPT} <= set(shown.effects)
    body = at_the_vendor(world)
    assert (body["status"], body["autoRenewEnabled"]) == ("suspended", False)
    assert world.holding("north", BASIC).status == "suspended"
    with pytest.raises(change_status.NotPossible, match="wrong_state"):
        do(world, Action.SUSPEND)

    shown = do(world, Action.RESUME)
    assert shown.effects == (Effect.ACCESS_RETURNS, Effect.WISHES_ARE_STORED_AGAIN)
    body = at_the_vendor(world)
    assert (body["status"], body["autoRenewEnabled"]) == ("active", True)
    assert scheduled_quantity(world) == 8
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []


def test_resuming_brings_the_renewal_back_as_it_was_before_the_suspension(world: World) -> None:
    do(world, Action.SUSPEND)
    assert at_the_vendor(world)["autoRenewEnabled"] is False
    shown = do(world, Action.RESUME)
    assert shown.effects == (Effect.ACCESS_RETURNS, Effect.AUTO_RENEW_COMES_BACK)
    assert at_the_vendor(world)["autoRenewEnabled"] is True
    holding = world.holding("north", BASIC)
    assert (holding.auto_renew, holding.end_of_term) == (True, "renew")


def test_a_subscription_whose_window_is_open_ends_at_once_with_its_money_back(world: World) -> None:
    world.move(days=22)
    world.sync()  # the month was renewed on 7 April, so that its seat can be returned
    shown = do(world, Action.END, sku_id=EXCHANGE)
    holding = world.holding("north", EXCHANGE)
    assert (holding.status, holding.seats, holding.lots) == ("deleted", 0, ())
    charged = billing.charges(
        seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=holding.subscription_id
    )
    # 4.44 for 30 days from 7 April, charged before it is given back; on 8 April 29 days are left: 4.292 back.
    assert [(each.kind, each.seats, each.amount_minor) for each in charged] == [("cycle", 1, 444), ("ended", -1, -429)]
    assert shown.refund_minor == 429
    assert holdings.miscounted() == []


def test_ending_closes_the_wishes_and_to_the_west_gives_the_new_term_back_whole(world: World) -> None:
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone="America/New_York")
    key = world.holding("north", EXCHANGE).subscription_id
    world.at = dt.datetime(2026, 4, 7, 2, 30, tzinfo=dt.UTC)
    world.simulator.clock(now=world.at.isoformat())
    world.sync()
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=key,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(2)},
        at=world.at,
    )
    world.work()
    assert do(world, Action.END, sku_id=EXCHANGE).refund_minor == 444
    charged = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=key)
    assert [(each.kind, each.seats, each.amount_minor) for each in charged] == [("cycle", 1, 444), ("ended", -1, -444)]
    assert intents.open_intents(subscription_ids=[key]) == {}
    assert holdings.miscounted() == []


@pytest.mark.parametrize("decision", ["done", "not_done"])
def test_an_end_that_only_a_person_can_confirm_is_booked_as_they_decide(
    world: World, decision: run_desk.Decision
) -> None:
    world.move(days=22)
    world.sync()
    world.simulator.fault("ignored_write", match={"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 9})
    do(world, Action.END, sku_id=EXCHANGE)
    world.work(rounds=60, step_s=60)
    (line,) = run_desk.queue(by=world.actor("support")).parked
    assert (line.order_id, line.seats_before, line.seats_after) == (None, 1, 1)
    run_desk.settle(
        by=world.actor("support"), operation_id=line.operation.id, decision=decision, reason="Asked them.", at=world.at
    )
    holding = world.holding("north", EXCHANGE)
    assert holding.seats == (0 if decision == "done" else 1)
    ended = [
        charge.amount_minor
        for charge in billing.charges(
            seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=holding.subscription_id
        )
    ]
    assert ended == ([444, -429] if decision == "done" else [])
    assert holdings.miscounted() == []


def test_ending_is_refused_once_a_window_is_closed_and_for_those_who_may_not(world: World) -> None:
    with pytest.raises(change_status.NotPossible, match="window_closed"):
        do(world, Action.END)
    with pytest.raises(permissions.NotAllowed):
        do(world, Action.SUSPEND, by="north_billing")
    with pytest.raises(permissions.Unknown):
        do(world, Action.SUSPEND, by="south_owner")
    assert world.open_operations() == 0


@pytest.mark.parametrize("kind", ["timeout_after_effect", "timeout_before_effect", "error_5xx_after_effect"])
def test_a_fault_on_the_call_leaves_one_change_of_state(world: World, kind: str) -> None:
    world.simulator.fault(kind, match={"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1})
    do(world, Action.SUSPEND)
    world.work(rounds=60)
    assert world.simulator.fired()[kind] >= 1
    assert at_the_vendor(world)["status"] == "suspended"
    assert world.holding("north", BASIC).status == "suspended"
    vendor_id = world.holding("north", BASIC).vendor_subscription_id
    changed = [
        effect
        for effect in world.simulator.effects()
        if vendor_id in effect["subject"]
        and effect["before"]
        and effect["before"]["status"] != effect["after"]["status"]
    ]
    assert len(changed) == 1
