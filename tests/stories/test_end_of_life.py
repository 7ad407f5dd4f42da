"""The end of a subscription's life, from both shapes that the vendor has for it: no charge, wish or alarm is left over.

Ten seats of Basic, billed by the month, end on 30 January 2027 (00:00 UTC). The last cycle begins on 30 December.
"""

import datetime as dt

import django.test
import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.orders import intents
from seatwright.orders.models import ChangeIntent
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions import renewal_alarms
from seatwright.workflows import (
    change_status,
    pricing,
    renewal_choices,
    renewal_radar,
    schedule_change,
    settle_drift,
    watch_renewals,
    wishes,
)
from seatwright.workflows.change_status import Action
from tests.stories.test_alarms import refuse_patches
from tests.stories.test_change_status import do
from tests.stories.test_extended_service import charged, day
from tests.stories.test_renewal_processing import an_hour_passes, go_to
from tests.stories.test_schedule_change import turn_auto_renew_off, wish
from tests.stories.test_unpriced import in_the_console
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)
LAST_CYCLE = ("cycle", "2026-12-30", 5880)
OLD_RULES = {"extended_from": "2030-01-01"}


def state(world: World, at: dt.datetime) -> tuple[str, int, int]:
    an_hour_passes(world, at)
    row = world.holding("north", BASIC)
    return row.status, row.seats, row.vendor_seats


def nothing_is_left(world: World) -> None:
    row = world.holding("north", BASIC)
    assert charged(world, since=dt.date(2026, 12, 30)) == [LAST_CYCLE]
    assert intents.open_intents(subscription_ids=[row.subscription_id]) == {}
    assert renewal_alarms.open_alarms(seen_by=SYSTEM) == []
    assert (holdings.open_drifts(seen_by=SYSTEM), holdings.miscounted(), world.open_operations()) == ([], [], 0)


def nothing_can_be_done(world: World) -> None:
    """Everything that a page or a script could ask for is refused in words, and nothing is offered."""
    owner, row = world.actor("north_owner"), world.holding("north", BASIC)
    for action in Action:
        with pytest.raises(change_status.NotPossible):
            change_status.preview(by=owner, subscription_id=row.subscription_id, action=action, at=world.at)
    with pytest.raises(wishes.NotRunning):
        schedule_change.preview(
            by=owner,
            subscription_id=row.subscription_id,
            wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
            at=world.at,
        )
    with pytest.raises(pricing.Refused):
        world.book("north_admin", "north", basic=13)
    assert renewal_choices.choices(by=owner, subscription_id=row.subscription_id, at=world.at) is None
    radar = renewal_radar.renewals_of(by=owner, customer_id=world.customer_ids["north"], at=world.at)
    assert row.subscription_id not in {each.subscription_id for each in radar}


def page(world: World) -> str:
    """The subscription's page as its owner sees it."""
    client = django.test.Client()
    with time_machine.travel(world.at, tick=False):
        client.force_login(get_user_model().objects.get(pk=world.user_ids["north_owner"]))
        answer = client.get(reverse("subscription", args=[world.holding("north", BASIC).subscription_id]))
    assert answer.status_code == 200
    return answer.content.decode()


def shows_no_way_on(world: World, access: str) -> None:
    text = page(world)
    assert access in text
    assert "It is not billed any more." in text
    for button in ("Change seats", "Change term or billing", "Swap people", "Suspend<", "Resume<", "End now"):
        assert button not in text, button


def test_an_end_that_was_wished_for_deletes_it_with_its_term_as_was_wished(world: World) -> None:
    wish(world, ending=renewals.Ending.CANCEL)
    world.work()
    assert state(world, day(2027, 1, 29)) == ("active", 10, 10)
    assert state(world, day(2027, 1, 30)) == ("deleted", 0, 0)
    assert list(ChangeIntent.objects.values_list("state", flat=True)) == ["carried_out"]
    nothing_can_be_done(world)
    shows_no_way_on(world, "Nobody can work with it any more.")
    assert state(world, day(2027, 4, 1)) == ("deleted", 0, 0)
    nothing_is_left(world)


def test_under_the_older_rules_it_expires_is_disabled_and_deleted(world: World) -> None:
    """Its wish was wiped too late to be stored again, so that an alarm stands until the term is over."""
    world.simulator.settings(**OLD_RULES)
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    go_to(world, day(2027, 1, 29, hour=10))
    turn_auto_renew_off(world)
    refuse_patches(world)
    watch_renewals.request_due(at=world.at)
    world.work()
    assert len(renewal_alarms.open_alarms(seen_by=SYSTEM)) == 1
    for at, shown in (
        (day(2027, 1, 31), ("expired", 10, 10)),
        (day(2027, 3, 1), ("disabled", 10, 10)),
        (day(2027, 5, 29), ("disabled", 10, 10)),
        (day(2027, 5, 31), ("deleted", 0, 0)),
    ):
        assert state(world, at) == shown
        nothing_can_be_done(world)
        nothing_is_left(world)


def test_a_suspended_one_is_billed_to_its_term_end_then_disabled_and_deleted(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    do(world, Action.SUSPEND)
    assert state(world, day(2027, 1, 29)) == ("suspended", 10, 10)
    assert "Resume<" in page(world)
    assert state(world, day(2027, 1, 30)) == ("disabled", 10, 10)
    assert list(ChangeIntent.objects.values_list("state", flat=True)) == ["lapsed"]
    nothing_can_be_done(world)
    shows_no_way_on(world, "only administrators get at the data")
    assert state(world, day(2027, 5, 29)) == ("disabled", 10, 10)
    assert state(world, day(2027, 5, 31)) == ("deleted", 0, 0)
    nothing_is_left(world)


def test_a_life_that_ended_while_nobody_read_is_charged_to_its_end_and_not_beyond(world: World) -> None:
    wish(world, ending=renewals.Ending.CANCEL)
    world.work()
    assert state(world, day(2027, 6, 1)) == ("deleted", 0, 0)
    assert [each for each in charged(world, since=dt.date(2026, 11, 1)) if each[1] < "2026-12-30"] == [
        ("cycle", "2026-11-29", 5880)
    ]
    nothing_is_left(world)


def test_one_deleted_elsewhere_inside_its_term_stays_a_difference_beyond_its_end_and_is_charged_for_no_more(
    world: World,
) -> None:
    for at in (day(2027, 1, 30), day(2027, 1, 31)):
        an_hour_passes(world, at)
    begun = charged(world)
    in_the_console(world, BASIC, status="deleted")
    for at in (day(2027, 1, 31, 7), day(2027, 6, 1), day(2028, 1, 31), day(2028, 3, 1)):
        assert state(world, at) == ("deleted", 10, 0)
    (drift,) = holdings.open_drifts(seen_by=SYSTEM)
    assert (drift.ours, drift.theirs, charged(world)) == ("10", "0", begun)
    settle_drift.adopt(
        by=world.actor("staff"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        reason="cancelled in the vendor's portal",
        at=world.at,
    )
    assert state(world, day(2028, 3, 2)) == ("deleted", 0, 0)
    assert (holdings.open_drifts(seen_by=SYSTEM), charged(world)) == ([], begun)
