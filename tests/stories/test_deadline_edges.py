"""Deadlines with a silent or slow vendor or a lock close by: looks that fail, overdue renewals, sheets and swaps."""

import datetime as dt
import uuid

import pytest
from django.core import mail

from seatwright.access.actors import SYSTEM
from seatwright.cli import main
from seatwright.operations import clock, engine
from seatwright.operations.models import Operation
from seatwright.rules import timeline
from seatwright.subscriptions import renewal_alarms
from seatwright.subscriptions.models import RenewalAlarm
from seatwright.workflows import charge_cycles, close_sheet, renewal_sheets, run_desk, watch_renewals
from tests.stories.swapping import more_of
from tests.stories.test_alarms import ENDS_AT, HOUR, chores, go_to, wipe
from tests.stories.test_renewal_sheet import DEADLINE, line, seen, sheet_of
from tests.stories.test_renewal_sheet import chores as sheet_chores
from tests.stories.test_renewal_sheet import go_to as go_to_instant
from tests.stories.test_schedule_change import wish
from tests.stories.test_swap_old_seats import reasons
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)


def refuse_reads(world: World) -> None:
    """The vendor answers no question about a subscription from now on."""
    world.simulator.fault(
        "error_5xx_before_effect", match={"method": "GET", "path": "/subscriptions/", "times": 100_000}
    )


def rows() -> list[tuple[str, int, str, str]]:
    """Every alarm and look: kind, hours before, state, and how an alarm was closed."""
    found = RenewalAlarm.objects.order_by("id").values_list("kind", "before_s", "state", "closed_how")
    return [(kind, before_s // 3600, state, how) for kind, before_s, state, how in found]


def looks(state: str) -> int:
    return Operation.objects.filter(kind=watch_renewals.KIND, state=state).count()


def time_passes(world: World, *, minutes: int) -> None:
    """The worker's chores and runs every ten minutes."""
    for _ in range(minutes // 10):
        watch_renewals.close_answered(at=world.at)
        watch_renewals.request_due(at=world.at)
        engine.run_due(clock=world.clock)
        world.move(minutes=10)


def test_a_look_that_gave_up_is_an_alarm_and_neither_silences_the_next_one_nor_floods(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    go_to(world, 72)
    refuse_reads(world)
    time_passes(world, minutes=180)
    assert rows() == [("unverified", 72, "open", "")]
    parked = Operation.objects.get(kind=watch_renewals.KIND)
    Operation.objects.filter(pk=parked.pk).update(state="parked", parked_reason="retry_budget", due_at=None)
    time_passes(world, minutes=60)
    assert (looks("refused"), looks("waiting")) == (1, 1)
    Operation.objects.filter(kind=watch_renewals.KIND, state="waiting").update(
        state="parked", parked_reason="retry_budget", due_at=None, created_at=world.at
    )
    time_passes(world, minutes=20)
    assert (looks("refused"), looks("parked")) == (1, 1)
    (seen,) = run_desk.queue(by=world.actor("support")).alarms
    assert (seen.kind, seen.before, seen.is_too_late) == ("unverified", 72 * HOUR, False)
    assert len(mail.outbox) == 2
    assert "could not be verified" in mail.outbox[0].subject
    world.simulator.clear_faults()
    wipe(world)
    go_to(world, 25)
    chores(world)
    chores(world)
    assert rows() == [("unverified", 72, "closed", "looked"), ("missing", 25, "closed", "stored")]
    assert looks("parked") == 0
    assert renewal_alarms.open_alarms(seen_by=SYSTEM) == []


def test_a_renewal_that_the_vendor_does_not_make_in_its_time_is_an_alarm_until_it_is_entered(world: World) -> None:
    world.simulator.settings(renewal_delay_s=40 * 3600)

    def read_at(hours: float) -> None:
        go_to(world, -hours)
        world.sync()
        watch_renewals.close_answered(at=world.at)
        watch_renewals.request_due(at=world.at)
        world.work()

    def of_basic() -> list[tuple[str, str, str]]:
        key = world.holding("north", BASIC).subscription_id
        found = RenewalAlarm.objects.filter(subscription_id=key, renews_on=ENDS_AT.date())
        return list(found.values_list("kind", "state", "closed_how"))

    read_at(23.9)
    assert of_basic() == []
    read_at(24)
    assert of_basic() == [("overdue", "open", "")]
    assert any("the renewal of" in message.subject and "is overdue" in message.subject for message in mail.outbox)
    owner = world.actor("north_owner")
    assert "overdue" in {each.kind for each in renewal_alarms.open_alarms(seen_by=owner)}
    told = len(mail.outbox)
    read_at(30)
    assert (of_basic(), len(mail.outbox)) == ([("overdue", "open", "")], told)
    read_at(41)
    watch_renewals.close_answered(at=world.at)
    assert world.holding("north", BASIC).commitment_end_on == dt.date(2028, 1, 30)
    assert of_basic() == [("overdue", "closed", "over")]


def test_a_closing_that_gave_up_is_tried_anew_once_an_hour_and_the_default_still_comes(world: World) -> None:
    sheet_id = sheet_of(world, default="cancel")
    go_to_instant(world, DEADLINE)
    assert close_sheet.remind_and_close(at=world.at) == 1
    given_up = Operation.objects.filter(kind=close_sheet.KIND)
    given_up.update(state="parked", parked_reason="bug", due_at=None)
    world.move(minutes=59)
    sheet_chores(world)
    assert (seen(sheet_id).state, given_up.count()) == ("sent", 1)
    world.move(minutes=1)
    sheet_chores(world)
    assert (seen(sheet_id).state, line(world, sheet_id).state) == ("defaulted", "defaulted")
    assert sorted(given_up.values_list("state", flat=True)) == ["done", "refused"]


def test_a_deadline_leaves_the_default_time_before_the_lock_and_the_latest_moment_is_named(world: World) -> None:
    go_to(world, 24 * 20)
    world.sync()
    staff, north = world.actor("staff"), world.customer_ids["north"]
    basic = world.holding("north", BASIC).subscription_id
    latest_at = ENDS_AT - 25 * HOUR

    def make(deadline_at: dt.datetime) -> uuid.UUID:
        return renewal_sheets.make(
            by=staff,
            customer_id=north,
            subscription_ids=[basic],
            default="cancel",
            deadline_at=deadline_at,
            at=world.at,
        )

    for deadline_at in (latest_at + HOUR, latest_at + dt.timedelta(minutes=1)):
        with pytest.raises(renewal_sheets.Refused) as refused:
            make(deadline_at)
        assert (refused.value.why, refused.value.latest_at) == ("deadline_after_lock", latest_at)
    sheet_id = make(latest_at)
    renewal_sheets.send(by=staff, sheet_id=sheet_id, at=world.at)
    go_to_instant(world, latest_at)
    sheet_chores(world)
    assert (seen(sheet_id).state, line(world, sheet_id).state) == ("defaulted", "defaulted")


def test_near_the_lock_the_latest_deadline_is_proposed_and_nearer_nothing_is_asked_about(world: World) -> None:
    go_to(world, 26.5)
    world.sync()
    staff, north = world.actor("staff"), world.customer_ids["north"]
    basic = world.holding("north", BASIC).subscription_id
    making = renewal_sheets.candidates(by=staff, customer_id=north, at=world.at)
    assert basic in {each.subscription_id for each in making.candidates}
    assert making.deadline_at == ENDS_AT - 25.5 * HOUR
    go_to(world, 25.25)
    making = renewal_sheets.candidates(by=staff, customer_id=north, at=world.at)
    assert making.deadline_at == ENDS_AT - 25 * HOUR
    go_to(world, 25)
    making = renewal_sheets.candidates(by=staff, customer_id=north, at=world.at)
    assert basic not in {each.subscription_id for each in making.candidates}
    with pytest.raises(renewal_sheets.Refused, match="locked_too_soon"):
        renewal_sheets.make(
            by=staff,
            customer_id=north,
            subscription_ids=[basic],
            default="cancel",
            deadline_at=ENDS_AT - 24.5 * HOUR,
            at=world.at,
        )


def test_old_seats_are_not_promised_to_leave_with_a_renewal_that_may_lock_before(
    world: World,
) -> None:
    lock_at = ENDS_AT - 24 * HOUR
    go_to_instant(world, lock_at - 5 * HOUR - dt.timedelta(minutes=1))
    world.sync()
    assert reasons(world, 1, way=more_of(world)) == []
    go_to_instant(world, lock_at - 5 * HOUR)
    assert reasons(world, 1, way=more_of(world)) == ["renewal_locked"]


def test_a_chore_that_fails_keeps_no_deadline_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_asked: object) -> int:
        raise RuntimeError("one row that nobody expected")

    sheet_id = sheet_of(world, default="cancel")
    go_to_instant(world, DEADLINE)
    monkeypatch.setattr(charge_cycles, "post_due", broken)
    monkeypatch.setattr(clock, "now", world.clock)
    assert main._chores(sync_every_s=0)() is False
    world.work()
    assert seen(sheet_id).state == "defaulted"
