"""What becomes of a swap when people cannot be moved, answers get lost, the power goes, or the vendor never ends."""

import threading
import types
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.operations import checkpoints, engine
from seatwright.operations.changes import NotPossible
from seatwright.orders import intents
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import (
    connections,
    run_desk,
    swap,
    sync_tenant,
)
from tests.stories.swapping import (
    ALL,
    ASSIGN,
    TRANSITION,
    ShowsPeople,
    assign,
    book,
    charged,
    choice,
    failed,
    graph,
    key,
    licences,
    more_of,
    order_of,
    require_nobody_ever_without,
    rows_of,
)
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


class PowerCut(BaseException):
    """The process ends here; nothing after it runs."""


def test_who_cannot_be_moved_keeps_the_old_licence_and_is_tried_again_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = book(world, choice(world, 1, 2, 3, 4, way=more_of(world)))
    assign(world, 2, remove=(BASIC,))
    graph(world, "DELETE", 3)
    plain = connections.vendor_of
    nowhere = key(4)

    def without_place(seen: port.VendorPerson) -> port.VendorPerson:
        return replace(seen, usage_location="") if seen.person_id == nowhere else seen

    monkeypatch.setattr(connections, "vendor_of", lambda tenant: ShowsPeople(plain(tenant), without_place))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "partly_done"
    assert failed(world) == {
        "Person 2 of north": "licence_not_held",
        "Person 3 of north": "person_gone",
        "Person 4 of north": "usage_location_missing",
    }
    assert licences(world, 1, 4) == [{STANDARD}, {BASIC}]
    assert world.holding("north", BASIC).seats == 9
    left = [person.name for person in swap.unmoved(order_of(world, order_id))]
    assert left == ["Person 2 of north", "Person 3 of north", "Person 4 of north"]
    with pytest.raises(permissions.Unknown):
        swap.again(by=world.actor("south_owner"), order_id=order_id, at=world.at)
    with pytest.raises(permissions.NotAllowed):
        swap.again(by=world.actor("north_billing"), order_id=order_id, at=world.at)

    nowhere = ""
    assign(world, 2, add=(BASIC,))
    swap.again(by=world.actor("north_admin"), order_id=order_id, at=world.at)
    with pytest.raises(swap.NobodyLeft):
        swap.again(by=world.actor("north_admin"), order_id=order_id, at=world.at)
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "partly_done"
    assert licences(world, 1, 2, 4) == [{STANDARD}, {STANDARD}, {STANDARD}]
    # The first round has returned one of the two returnable seats, the second the other one.
    basic = world.holding("north", BASIC)
    assert basic.seats == 8
    (kept,) = intents.open_intents(subscription_ids=[basic.subscription_id])[basic.subscription_id]
    assert kept.pending.changes[timeline.Dimension.QUANTITY] == timeline.SeatsTotal(7)


@pytest.mark.parametrize("match", [TRANSITION, ASSIGN], ids=["transition", "assign"])
@pytest.mark.parametrize("kind", ["timeout_after_effect", "timeout_before_effect", "error_5xx_after_effect"])
def test_a_lost_answer_leaves_one_effect(world: World, kind: str, match: dict[str, Any]) -> None:
    world.simulator.fault(kind, match=match)
    order_id = book(world, choice(world, 1, 2))
    world.work(rounds=80, step_s=30)
    assert world.simulator.fired()[kind] == 1
    assert order_of(world, order_id).state == "done"
    converted = [each for each in world.simulator.effects() if each["kind"] == "subscription.transitioned"]
    assert (len(converted), sorted(row.seats for row in rows_of(world, STANDARD))) == (1, [2, 5])
    assert licences(world, 1, 2) == [{STANDARD}, {STANDARD}]
    require_nobody_ever_without(world)
    assert [seats for _kind, _name, seats, _amount in charged(world)] == [-2, 2]


@pytest.mark.parametrize("way", ["transition", "more"])
def test_a_power_cut_at_every_point_leaves_one_effect_of_each_step(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    order_id = book(world, choice(world, *ALL[:6], way=way if way == "transition" else more_of(world)))
    passed: Counter[str] = Counter()

    def cut(*, plan: object, name: str) -> None:
        passed[name] += 1
        if passed[name] % 2:
            raise PowerCut

    monkeypatch.setattr(checkpoints, "_plan", types.SimpleNamespace(one_at_a_time=threading.RLock()))
    monkeypatch.setattr(checkpoints, "_pass", cut)
    for _ in range(600):
        try:
            engine.run_due(clock=world.clock)
        except PowerCut:
            continue
        if not world.open_operations():
            break
        world.move(seconds=30)
    assert sum(passed.values()) > 60
    assert order_of(world, order_id).state == "done"
    assert licences(world, *ALL[:6]) == [{STANDARD}] * 6
    require_nobody_ever_without(world)
    kinds = [(kind, seats) for kind, _name, seats, _amount in charged(world)]
    if way == "transition":
        assert kinds == [("swapped_out", -6), ("swapped_in", 6)]
    else:
        assert kinds == [("increase", 1), ("return", -2)]
    assert (holdings.miscounted(), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def settle(world: World, decision: run_desk.Decision) -> None:
    (line,) = run_desk.queue(by=world.actor("support")).parked
    run_desk.settle(
        by=world.actor("support"),
        operation_id=line.operation.id,
        decision=decision,
        reason="Read in the vendor's console.",
        at=world.at,
    )


def test_a_transition_that_the_vendor_does_not_finish_waits_for_a_person_who_books_or_refuses_it(world: World) -> None:
    world.simulator.settings(transition_s=30 * 86400)
    refused = book(world, choice(world, 1))
    world.work(rounds=120, step_s=3600)
    assert run_desk.queue(by=world.actor("support")).parked[0].operation.parked_reason == "transition_stuck"
    with pytest.raises(NotPossible):
        settle(world, "done")
    settle(world, "not_done")
    world.work(rounds=10, step_s=3600)
    assert order_of(world, refused).state == "failed"
    assert [line.refusal for line in order_of(world, refused).lines] == ["settled_not_done", "seats_refused"]
    assert (charged(world), licences(world, 1)) == ([], [{BASIC}])


def test_a_transition_of_all_seats_can_be_booked_by_a_person_who_knows(world: World) -> None:
    world.simulator.settings(transition_s=30 * 86400)
    order_id = book(world, choice(world, *ALL, is_whole=True))
    world.work(rounds=120, step_s=3600)
    world.simulator.settings(transition_s=0)
    settle(world, "done")
    assert [row.seats for row in rows_of(world, BASIC)] == []
    assert [seats for _kind, _name, seats, _amount in charged(world)] == [-10, 10]
    assert order_of(world, order_id).state == "running"


def test_the_vendors_failure_is_a_refusal_and_nothing_is_charged(world: World) -> None:
    world.simulator.settings(transition_failure="conversion", transition_s=60)
    order_id = book(world, choice(world, 1, 2))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "failed"
    assert [line.refusal for line in order_of(world, order_id).lines] == ["transition_failed", "seats_refused"]
    assert (charged(world), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def test_people_whom_the_vendor_failed_to_move_are_moved_one_by_one(world: World) -> None:
    world.simulator.settings(transition_failure="licences", licence_transfer_s=60)
    order_id = book(world, choice(world, *ALL, is_whole=True))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert licences(world, *ALL) == [{STANDARD}] * 7
    require_nobody_ever_without(world)


def test_a_reading_while_a_transition_is_open_enters_nothing_and_finds_no_drift(world: World) -> None:
    order_id = book(world, choice(world, 1, 2))
    for _ in range(3):
        engine.run_due(clock=world.clock)
        world.move(seconds=1)
    sync_tenant.request_all(at=world.at)
    engine.run_due(clock=world.clock)
    engine.run_due(clock=world.clock)
    assert world.vendor_seats("north", BASIC) == 8
    assert [row.seats for row in rows_of(world, STANDARD)] == [5]
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert sorted(row.seats for row in rows_of(world, STANDARD)) == [2, 5]


def test_what_changed_at_the_vendor_since_the_booking_refuses_the_transition(world: World) -> None:
    order_id = book(world, choice(world, 1, 2))
    change_at_the_vendor(world, world.holding("north", BASIC).vendor_subscription_id, seats=12)
    world.work(rounds=20, step_s=30)
    assert order_of(world, order_id).lines[0].refusal == "changed_elsewhere"
    assert order_of(world, order_id).state == "failed"


def test_an_order_is_done_once_those_who_were_left_have_been_moved_too(world: World) -> None:
    order_id = book(world, choice(world, 1, 2, way=more_of(world)))
    assign(world, 2, remove=(BASIC,))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "partly_done"
    assign(world, 2, add=(BASIC,))
    swap.again(by=world.actor("north_owner"), order_id=order_id, at=world.at)
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert licences(world, 1, 2) == [{STANDARD}, {STANDARD}]
