"""Idea 1, the alarm: what is planned and missing at the vendor is noticed 72 and 25 hours before, once each."""

import datetime as dt

import pytest
from django.core import mail

from seatwright.access.actors import SYSTEM
from seatwright.catalogue import changes as catalogue
from seatwright.operations.models import Operation
from seatwright.rules import timeline
from seatwright.subscriptions import renewal_alarms
from seatwright.subscriptions.models import RenewalAlarm
from seatwright.workflows import run_desk, schedule_change, watch_renewals
from tests.stories.test_schedule_change import at_the_vendor, scheduled_quantity, wish
from tests.stories.world import BASIC, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
ENDS_AT = dt.datetime(2027, 1, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def go_to(world: World, hours_before: float) -> None:
    """Move product and vendor to that many hours before the end of the term."""
    world.at = ENDS_AT - hours_before * HOUR
    world.simulator.clock(now=world.at.isoformat())


def wipe(world: World) -> None:
    """Somebody removes the schedule in the vendor's own console."""
    import httpx2

    body = at_the_vendor(world)
    body.pop("scheduledNextTermInstructions")
    vendor_id = world.holding("north", BASIC).vendor_subscription_id
    url = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{vendor_id}"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    assert httpx2.patch(url, headers=headers, json=body).status_code == 200
    assert scheduled_quantity(world) is None


def refuse_patches(world: World) -> None:
    """The vendor answers every change with an error from now on."""
    world.simulator.fault(
        "error_5xx_before_effect", match={"method": "PATCH", "path": "/subscriptions/", "times": 1000}
    )


def chores(world: World) -> int:
    """What the worker does once a minute, and what follows from it."""
    watch_renewals.close_answered(at=world.at)
    queued = watch_renewals.request_due(at=world.at)
    world.work()
    watch_renewals.close_answered(at=world.at)
    return queued


def rows() -> list[tuple[int, str, str]]:
    """Every look: hours before, state, and how an alarm was closed."""
    found = RenewalAlarm.objects.order_by("id").values_list("before_s", "state", "closed_how")
    return [(before_s // 3600, state, how) for before_s, state, how in found]


@pytest.fixture
def planned(world: World) -> World:
    """Eight seats are wished for the renewal on 30 January 2027, and stored at the vendor."""
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    return world


def test_what_is_stored_raises_no_alarm_and_each_stage_is_looked_at_once(planned: World) -> None:
    for hours, queued in ((73, 0), (72, 1), (71, 0), (26, 0), (25, 1), (24.5, 0), (1, 0)):
        go_to(planned, hours)
        assert chores(planned) == queued, hours
    assert rows() == [(72, "held", ""), (25, "held", "")]
    assert mail.outbox == []


def test_a_lost_wish_is_alarmed_stored_again_and_the_alarm_closes_by_itself(planned: World) -> None:
    wipe(planned)
    go_to(planned, 71.9)
    assert chores(planned) == 1
    assert scheduled_quantity(planned) == 8
    assert rows() == [(72, "closed", "stored")]
    assert sorted(message.to[0] for message in mail.outbox) == ["staff@example.test", "support@example.test"]
    text = mail.outbox[0].subject + mail.outbox[0].body
    assert "North: the vendor lacks what is planned for" in text
    assert "Sat 30 Jan 2027, 01:00 CET (00:00 UTC)" in text
    assert f"/subscriptions/{planned.holding('north', BASIC).subscription_id}" in text
    wipe(planned)
    go_to(planned, 25)
    chores(planned)
    assert rows() == [(72, "closed", "stored"), (25, "closed", "stored")]
    assert len(mail.outbox) == 4


def test_an_alarm_stands_on_the_desk_and_with_the_customer_until_it_is_read_back(planned: World) -> None:
    wipe(planned)
    refuse_patches(planned)
    go_to(planned, 72)
    watch_renewals.request_due(at=planned.at)
    planned.work(rounds=6)
    watch_renewals.close_answered(at=planned.at)
    owner = planned.actor("north_owner")
    (seen,) = renewal_alarms.open_alarms(seen_by=owner, customer_ids=[planned.customer_ids["north"]])
    assert (seen.before, seen.is_too_late, seen.renews_on) == (72 * HOUR, False, dt.date(2027, 1, 30))
    assert renewal_alarms.open_alarms(seen_by=planned.actor("south_owner")) == []
    assert renewal_alarms.open_alarms(seen_by=planned.actor("other_staff")) == []
    assert [alarm.alarm_id for alarm in run_desk.queue(by=planned.actor("support")).alarms] == [seen.alarm_id]
    planned.simulator.clear_faults()
    planned.move(minutes=30)
    chores(planned)
    assert renewal_alarms.open_alarms(seen_by=SYSTEM) == []
    assert rows() == [(72, "closed", "stored")]


def test_a_clock_that_jumps_over_both_stages_alarms_once_and_says_that_it_is_too_late(planned: World) -> None:
    wipe(planned)
    go_to(planned, 20)
    assert chores(planned) == 1
    (row,) = RenewalAlarm.objects.all()
    assert (row.before_s // 3600, row.is_too_late) == (25, True)
    assert "The last safe moment is over." in mail.outbox[0].body
    assert chores(planned) == 0


def test_a_clock_that_goes_back_and_comes_again_finds_its_stage_looked_at(planned: World) -> None:
    wipe(planned)
    for hours in (60, 100, 80, 71):
        planned.at = ENDS_AT - hours * HOUR
        chores(planned)
    assert [row[0] for row in rows()] == [72]
    assert len(mail.outbox) == 2


def test_a_wish_made_between_the_stages_is_given_time_to_be_stored(world: World) -> None:
    go_to(world, 60)
    wish(world, quantity=timeline.SeatsTotal(8))
    assert watch_renewals.request_due(at=world.at) == 1
    world.work(rounds=200)
    assert rows() == [(72, "held", "")]
    assert mail.outbox == []


def test_an_alarm_closes_when_the_wish_is_taken_back_and_after_the_term(planned: World) -> None:
    wipe(planned)
    refuse_patches(planned)
    go_to(planned, 70)
    watch_renewals.request_due(at=planned.at)
    planned.work(rounds=3)
    subscription_id = planned.holding("north", BASIC).subscription_id
    schedule_change.revoke(
        by=planned.actor("north_owner"), subscription_id=subscription_id, dimension=None, at=planned.at
    )
    assert watch_renewals.close_answered(at=planned.at) == 1
    assert rows() == [(72, "closed", "revoked")]
    RenewalAlarm.objects.update(state="open", closed_at=None, closed_how="", renews_on=dt.date(2026, 1, 30))
    assert watch_renewals.close_answered(at=planned.at) == 1
    assert rows() == [(72, "closed", "over")]


def test_alarms_follow_the_policy_row_that_is_in_force(planned: World) -> None:
    catalogue.add_policy_figure(
        vendor_key="microsoft",
        subject="renewal",
        figure="alarm_1",
        amount=96 * 3600,
        unit="seconds",
        valid_from_on=dt.date(2027, 1, 1),
        source="the reseller",
    )
    wipe(planned)
    go_to(planned, 95)
    assert chores(planned) == 1
    assert rows() == [(96, "closed", "stored")]


def test_who_lost_the_role_meanwhile_gets_no_mail(planned: World) -> None:
    from seatwright.customers.models import Membership

    wipe(planned)
    go_to(planned, 72)
    watch_renewals.request_due(at=planned.at)
    operation = Operation.objects.get(kind=watch_renewals.KIND)
    from seatwright.operations import engine

    engine.run_once(operation_id=operation.pk, at_clock=planned.clock, worker_id="w")
    Membership.objects.filter(user_id=planned.user_ids["support"]).delete()
    planned.work()
    assert [message.to for message in mail.outbox] == [["staff@example.test"]]
    states = Operation.objects.filter(kind="send_mail").values_list("state", flat=True)
    assert sorted(states) == ["done", "refused"]
