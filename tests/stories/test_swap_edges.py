"""The edges of a swap: what closes the vendor's way at the last moment, whom it cannot move, which seats stay."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seatwright.access import permissions
from seatwright.catalogue import queries as catalogue
from seatwright.operations import changes as operations
from seatwright.operations import queries, runs
from seatwright.orders import intents
from seatwright.orders.models import Quote
from seatwright.rules import timeline
from seatwright.vendors import port
from seatwright.workflows import follow_swap, run_desk, schedule_change, swap, swap_plan
from tests.stories.swapping import (
    PREMIUM_KEY,
    Answer,
    assign,
    book,
    charged,
    choice,
    failed,
    licences,
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


def closed(*problems: port.TransitionProblem) -> Answer:
    return lambda plain, **asked: [replace(each, is_possible=False, problems=problems) for each in plain(**asked)]


def suspended(plain: Answer, **asked: Any) -> port.VendorSubscription:
    seen: port.VendorSubscription = plain(**asked)
    return replace(seen, status="suspended")


def refused(_plain: Answer, **_asked: Any) -> port.Refused:
    return port.Refused(code="1", reason="credit_limit", safe_text="No.")


BUSY = port.TransitionProblem(code="4", reason="busy")
CLOSED: dict[str, dict[str, Answer]] = {
    "no_path": {"transition_targets": closed()},
    "transition_busy": {"transition_targets": closed(BUSY)},
    "not_active": {"read_subscription": suspended},
    "vendor_credit_limit": {"start_transition": refused},
}


@pytest.mark.parametrize("refusal", CLOSED)
def test_what_closes_the_vendors_way_at_the_last_moment_refuses_the_swap(
    world: World, alter: Callable[..., None], refusal: str
) -> None:
    order_id = book(world, choice(world, 1))
    alter(**CLOSED[refusal])
    world.work(rounds=20, step_s=30)
    assert [line.refusal for line in order_of(world, order_id).lines] == [refusal, "seats_refused"]
    assert (charged(world), licences(world, 1)) == ([], [{BASIC}])
    shown = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id)
    assert (shown.seats_state, shown.people[0].reason, shown.may_try_again) == ("refused", "seats_refused", False)
    with pytest.raises(swap.NobodyLeft):
        swap.again(by=world.actor("north_owner"), order_id=order_id, at=world.at)


def test_a_plan_that_is_not_offered_any_more_or_a_term_that_is_over_refuses_too(
    world: World, alter: Callable[..., None]
) -> None:
    order_id = book(world, choice(world, 1))
    alter(transition_targets=lambda plain, **asked: [])
    world.work(rounds=20, step_s=30)
    assert order_of(world, order_id).lines[0].refusal == "no_path"
    late = book(world, choice(world, 1))
    world.move(days=330)
    world.work(rounds=20, step_s=30)
    assert order_of(world, late).lines[0].refusal == "term_over"


@pytest.mark.parametrize("kind", ["gone", "closed", "closed_without_a_word"])
def test_a_receiving_licence_that_takes_no_seats_refuses_the_swap(
    world: World, alter: Callable[..., None], kind: str
) -> None:
    book(world, choice(world, 1))
    world.work(rounds=60, step_s=30)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 1)
    order_id = book(world, choice(world, 2, way=f"merge:{born.subscription_id}"))
    problems = {"gone": None, "closed": (port.TransitionProblem(code="4", reason="ends_earlier"),)}.get(kind, ())

    def into(plain: Answer, **asked: Any) -> list[port.TransitionTarget]:
        shut = [
            replace(each, into=tuple(replace(one, is_possible=False, problems=problems or ()) for one in each.into))
            for each in plain(**asked)
        ]
        return [replace(each, into=()) for each in shut] if problems is None else shut

    alter(transition_targets=into)
    world.work(rounds=20, step_s=30)
    expected = {"gone": "transition_no_way", "closed": "target_ends_earlier"}.get(kind, "target_other")
    assert order_of(world, order_id).lines[0].refusal == expected


def test_seats_join_a_licence_only_when_nothing_else_is_changing_it(world: World) -> None:
    book(world, choice(world, 1))
    world.work(rounds=60, step_s=30)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 1)
    order_id = book(world, choice(world, 2, way=f"merge:{born.subscription_id}"))
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=born.subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(4)},
        at=world.at,
    )
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    (kept,) = intents.open_intents(subscription_ids=[born.subscription_id])[born.subscription_id]
    assert kept.pending.changes[timeline.Dimension.QUANTITY] == timeline.SeatsTotal(4)


def test_an_effect_that_the_vendors_list_hides_is_found_at_the_subscriptions_and_not_sent_again(
    world: World, alter: Callable[..., None]
) -> None:
    alter(list_transitions=lambda plain, **asked: [])
    order_id = book(world, choice(world, 1, 2))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert sorted(row.seats for row in rows_of(world, STANDARD)) == [2, 5]


def test_an_effect_that_shows_only_after_it_was_thought_absent_is_not_sent_again(
    world: World, alter: Callable[..., None]
) -> None:
    hidden = {"now": True}
    before = len(world.simulator.effects())

    def first_later(plain: Answer, **asked: Any) -> Any:
        seen = plain(**asked)
        return replace(seen, quantity=10) if hidden["now"] and seen.quantity == 8 else seen

    world.simulator.fault("timeout_after_effect", match={"method": "POST", "path": "/transitions$", "times": 1})
    order_id = book(world, choice(world, 1, 2))

    def sent_again(plain: Answer, **asked: Any) -> Any:
        raise AssertionError("the change was sent a second time")

    alter(
        read_subscription=first_later, list_transitions=lambda plain, **asked: [] if hidden["now"] else plain(**asked)
    )
    for _ in range(40):
        world.work(rounds=1, step_s=5)
        acquire = order_of(world, order_id).lines[0].operation_id
        view = queries.views(operation_ids=[acquire]).get(acquire)
        if view is not None and view.progress.get("sends"):
            hidden["now"] = False
            alter(start_transition=sent_again)
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    converted = [each for each in world.simulator.effects()[before:] if each["kind"] == "subscription.transitioned"]
    assert len(converted) == 1


def no_licence(_plain: Answer, **_asked: Any) -> port.Refused:
    return port.Refused(code="c", reason="no_licence_left", safe_text="None is free.")


def unknown_person(_plain: Answer, **_asked: Any) -> port.Refused:
    return port.Refused(code="c", reason="not_found", safe_text="Nobody.")


def clash(_plain: Answer, **_asked: Any) -> port.Refused:
    return port.Refused(code="c", reason="plan_conflict", safe_text="They exclude each other.")


def by_group(plain: Answer, **asked: Any) -> port.VendorPerson:
    seen: port.VendorPerson = plain(**asked)
    return replace(seen, licences=tuple(replace(each, group_id="sales") for each in seen.licences))


def removed(plain: Answer, **asked: Any) -> port.VendorPerson:
    seen: port.VendorPerson = plain(**asked)
    return replace(seen, removed=True)


STUCK: dict[str, dict[str, Answer]] = {
    "no_licence_left": {"assign_licences": no_licence},
    "person_gone": {"assign_licences": unknown_person},
    "plan_conflict": {"assign_licences": clash},
    "licence_from_group": {"read_person": by_group},
    "person_gone ": {"read_person": removed},
}


@pytest.mark.parametrize("reason", STUCK)
def test_who_cannot_be_moved_keeps_the_old_licence_and_says_why(
    world: World, alter: Callable[..., None], reason: str
) -> None:
    order_id = book(world, choice(world, 1, way=more_of(world)))
    alter(**STUCK[reason])
    world.work(rounds=80, step_s=120)
    assert failed(world) == {"Person 1 of north": reason.strip()}
    # Nothing was bought and nobody moved, so nothing was done and no seat is given back.
    assert (order_of(world, order_id).state, licences(world, 1)) == ("failed", [{BASIC}])
    assert world.holding("north", BASIC).seats == 10


def test_a_person_changed_between_look_and_call_is_looked_at_again(world: World, alter: Callable[..., None]) -> None:
    calls: list[str] = []

    def once(plain: Answer, **asked: Any) -> Any:
        calls.append(asked["person_id"])
        if len(calls) == 1:
            return port.Refused(code="c", reason="licence_not_held", safe_text="Not held.")
        return plain(**asked)

    alter(assign_licences=once)
    order_id = book(world, choice(world, 1, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    assert (order_of(world, order_id).state, len(calls)) == ("done", 2)


def test_a_person_who_is_deleted_right_after_the_change_is_gone(world: World, alter: Callable[..., None]) -> None:
    looks: list[str] = []

    def gone_later(plain: Answer, **asked: Any) -> Any:
        looks.append(asked["person_id"])
        if len(looks) > 1:
            raise port.VendorMissing("Nobody.")
        return plain(**asked)

    alter(read_person=gone_later)
    book(world, choice(world, 1, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    assert failed(world) == {"Person 1 of north": "person_gone"}


def test_who_holds_both_loses_only_the_old_one_and_who_moved_already_counts_as_done(world: World) -> None:
    assign(world, 1, add=(STANDARD,))
    assign(world, 2, add=(STANDARD,), remove=(BASIC,))
    assign(world, 2, add=(BASIC,))
    world.sync()
    order_id = book(world, choice(world, 1, 2, way=more_of(world)))
    assert [person.needs_seat for person in quoted(world, order_id).swap.people] == [False, False]
    assign(world, 2, remove=(BASIC,))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert licences(world, 1, 2) == [{STANDARD}, {STANDARD}]


def test_without_a_price_or_a_vendor_nothing_is_bought(world: World, alter: Callable[..., None]) -> None:
    def down(_plain: Answer, **_asked: Any) -> None:
        raise port.VendorDown("No answer.")

    alter(agreement_status=down)
    with pytest.raises(swap_plan.NotPossible) as found:
        book(world, choice(world, 1, to=PREMIUM_KEY, way="buy"))
    assert [reason.code for reason in found.value.planned.reasons] == ["vendor_not_reached"]


def test_a_plan_without_a_price_cannot_be_entered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_asked: object) -> None:
        raise catalogue.PriceMissing

    monkeypatch.setattr(catalogue, "sales_rate", missing)
    planned = swap.preview(by=world.actor("north_owner"), choice=choice(world, 1, to=PREMIUM_KEY), at=world.at)
    assert [reason.code for reason in planned.reasons] == ["no_way"]


def test_people_are_moved_once_the_new_seats_can_be_assigned(world: World, alter: Callable[..., None]) -> None:
    free = {"now": False}

    def pools(plain: Answer, **asked: Any) -> list[port.LicencePool]:
        return [each for each in plain(**asked) if free["now"] or each.sku_id != STANDARD]

    alter(list_pools=pools)
    order_id = book(world, choice(world, 1))
    world.work(rounds=10, step_s=30)
    shown = follow_swap.progress(by=world.actor("north_owner"), order_id=order_id)
    assert (shown.seats_state, shown.people[0].state) == ("there", "waiting")
    free["now"] = True
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"


def test_a_quote_or_an_order_of_something_else_is_no_swap(world: World) -> None:
    actor = world.actor("north_owner")
    order_id = world.book("north_owner", "north", basic=11)
    with pytest.raises(permissions.Unknown):
        follow_swap.progress(by=actor, order_id=order_id)
    with pytest.raises(permissions.Unknown):
        swap.again(by=actor, order_id=order_id, at=world.at)
    with pytest.raises(permissions.Unknown):
        swap.prepared(by=actor, quote_id=Quote.objects.get().pk, at=world.at)


@pytest.mark.parametrize(("decision", "state"), [("done", "partly_done"), ("not_done", "partly_done")])
def test_staff_end_a_swap_that_stands_still(world: World, decision: run_desk.Decision, state: str) -> None:
    order_id = book(world, choice(world, 1, 2))
    world.work(rounds=2, step_s=1)
    line = order_of(world, order_id).lines[-1]
    park(line.operation_id, at=world.at)
    run_desk.settle(
        by=world.actor("support"),
        operation_id=line.operation_id,
        decision=decision,
        reason="It stands still.",
        at=world.at,
    )
    world.work(rounds=40, step_s=30)
    assert order_of(world, order_id).lines[-1].state in ("partly_done", "refused")
    assert order_of(world, order_id).state == state


def park(operation_id: uuid.UUID, *, at: dt.datetime) -> None:
    """Hand a waiting operation to a person, as the engine does when its limits are reached."""
    hold = runs.claim(operation_id=operation_id, worker_id="test", at=at + dt.timedelta(hours=2))
    assert hold is not None
    operations.park(operation_id=operation_id, fence=hold.fence, reason="run_limit", at=at)
