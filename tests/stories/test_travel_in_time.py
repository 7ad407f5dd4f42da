"""The clock of a demo is moved, and with it the vendor's: terms, windows, states and charges follow as in real time."""

import datetime as dt
import uuid
import zoneinfo

import pytest
from django.conf import settings

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.access.models import AuditEvent
from seatwright.billing import queries as billing
from seatwright.cli import main
from seatwright.operations import clock, engine
from seatwright.operations import queries as operations
from seatwright.operations.models import TestClock
from seatwright.orders import sheets
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions.models import RenewalAlarm
from seatwright.vendors import simulator_clock
from seatwright.workflows import overview, travel_in_time
from tests.stories.test_renewal_sheet import DEADLINE, sheet_of
from tests.stories.test_schedule_change import wish
from tests.stories.world import BASIC, NOW, World
from vendor_simulator import testing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world as a demo: its clock stands still at the beginning of the story until somebody moves it."""

    def move(to: dt.datetime) -> None:
        simulator_clock.advance(base_url=world.simulator.base_url, admin_token=testing.ADMIN_TOKEN, to=to)

    monkeypatch.setattr(settings.ENVIRONMENT, "test_clock", True)
    monkeypatch.setattr(travel_in_time, "_move_vendor", [move])
    clock.freeze(by=SYSTEM, to=world.at, at=world.at)
    return world


def advance(world: World, to: dt.datetime) -> list[dt.datetime]:
    """What the operator and then the worker do, by the installation's own clock; the stops on the way."""
    travel_in_time.advance(by=world.actor("staff"), to=to, at=clock.now())
    chores, stops = main._chores(sync_every_s=0), [clock.now()]
    while chores() or operations.due(at=clock.now(), limit=1):
        if clock.now() != stops[-1]:
            stops.append(clock.now())
        engine.run_due(clock=clock.now)
        assert len(stops) < 400
    world.at = clock.now()
    return stops


def returnable(world: World) -> int:
    row = world.holding("north", BASIC)
    page = overview.subscription(by=world.actor("north_owner"), subscription_id=row.subscription_id, at=clock.now())
    return page.row.returnable_total


def every(world: World) -> list[uuid.UUID]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    return [row.subscription_id for row in rows]


def charged(world: World) -> list[tuple[str, int, int]]:
    key = world.holding("north", BASIC).subscription_id
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=key)
    return sorted((row.period_start_on.isoformat(), row.seats, row.amount_minor) for row in rows)


def test_moving_the_clock_closes_windows_renews_terms_carries_out_wishes_and_charges(demo: World) -> None:
    wish(demo, quantity=timeline.SeatsTotal(8))
    demo.work()
    assert returnable(demo) == 2
    advance(demo, NOW + dt.timedelta(days=8))
    assert (clock.now().date(), returnable(demo)) == (dt.date(2026, 3, 25), 0)
    assert charged(demo) == []

    advance(demo, dt.datetime(2026, 6, 2, 9, tzinfo=dt.UTC))
    rate = charged(demo)[0][2]
    # A term that began one day before its month's last is charged one day before each month's last.
    assert charged(demo) == [("2026-03-30", 10, rate), ("2026-04-29", 10, rate), ("2026-05-30", 10, rate)]

    advance(demo, dt.datetime(2027, 2, 1, 9, tzinfo=dt.UTC))
    row = demo.holding("north", BASIC)
    assert (row.seats, row.commitment_end_on) == (8, dt.date(2028, 1, 30))
    assert demo.vendor_seats("north", BASIC) == 8
    assert returnable(demo) == 8
    assert [charge[:2] for charge in charged(demo)][-2:] == [("2026-12-30", 10), ("2027-01-30", 8)]
    renewed = {each.start_on for row in every(demo) for each in holdings.terms(subscription_ids=[row])[row]}
    zone = zoneinfo.ZoneInfo("Europe/Brussels")
    rows = billing.charges(seen_by=SYSTEM, customer_id=demo.customer_ids["north"])
    inside = [each for each in rows if each.kind == "cycle" and each.period_start_on not in renewed]
    assert len(inside) == 10
    assert {each.booked_at.astimezone(zone).date() - each.period_start_on for each in inside} == {dt.timedelta()}
    advance(demo, dt.datetime(2027, 2, 8, 9, tzinfo=dt.UTC))
    assert returnable(demo) == 0
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    assert holdings.miscounted() == []
    moved = AuditEvent.objects.filter(action="clock.sent", actor_label="Staff")
    assert moved.count() == 4


def test_time_goes_forwards_only_at_a_permitted_hand_and_never_without_the_vendor(
    demo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + dt.timedelta(days=1)
    with pytest.raises(permissions.NotAllowed):
        travel_in_time.advance(by=demo.actor("north_owner"), to=later, at=NOW)
    with pytest.raises(clock.ClockRefused):
        travel_in_time.advance(by=demo.actor("staff"), to=NOW - dt.timedelta(days=1), at=NOW)
    with pytest.raises(permissions.NotAllowed):
        travel_in_time.stop(by=demo.actor("north_owner"), at=NOW)
    assert clock.destination() is None
    demo.simulator.kill()
    travel_in_time.advance(by=demo.actor("staff"), to=later, at=NOW)
    for _ in range(3):
        assert travel_in_time.go_on(at=NOW)
    assert (clock.now(), clock.destination(), operations.unfinished_count()) == (NOW, later, 0)
    travel_in_time.stop(by=demo.actor("staff"), at=NOW)
    assert (travel_in_time.go_on(at=NOW), clock.now(), clock.destination()) == (False, NOW, None)
    monkeypatch.setattr(settings.ENVIRONMENT, "test_clock", False)
    with pytest.raises(clock.ClockRefused):
        travel_in_time.advance(by=demo.actor("staff"), to=later, at=NOW)
    assert travel_in_time.go_on(at=NOW) is False


def test_a_running_clock_can_be_stopped_on_its_way_and_stays_there(
    demo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    TestClock.objects.update(frozen_at=None, ahead_us=0)
    monkeypatch.setattr(travel_in_time, "_move_vendor", [])
    staff, days = demo.actor("staff"), dt.timedelta(days=300)
    travel_in_time.advance(by=staff, to=clock.now() + days, at=clock.now())
    assert travel_in_time.go_on(at=clock.now())
    travel_in_time.stop(by=staff, at=clock.now())
    assert clock.destination() is None
    with pytest.raises(clock.OnlyForwards):
        travel_in_time.advance(by=staff, to=clock.now(), at=clock.now())
    # Somebody stops it while the vendor's clock is being moved already.
    travel_in_time.advance(by=staff, to=clock.now() + days, at=clock.now())
    monkeypatch.setattr(travel_in_time, "_move_vendor", [lambda to: travel_in_time.stop(by=staff, at=clock.now())])
    before = clock.now()
    while operations.due(at=clock.now(), limit=1):
        engine.run_due(clock=clock.now)
    assert travel_in_time.go_on(at=clock.now()) is False
    assert clock.now() - before < dt.timedelta(minutes=1)


def test_on_the_way_owners_are_reminded_silence_becomes_the_default_and_wishes_are_watched(demo: World) -> None:
    """A sheet in March, to be answered by 30 November, that nobody answers: seven of ten seats are in use."""
    sheet_id = sheet_of(demo)
    stops = advance(demo, dt.datetime(2027, 2, 2, 9, tzinfo=dt.UTC))
    told = sheets.notices(sheet_ids=[sheet_id])[sheet_id]
    reminded = [(DEADLINE - each.before, each.queued_at) for each in told if each.kind == "reminder"]
    assert [each.before.days for each in told if each.kind == "reminder"] == [30, 14, 7, 2]
    assert [due_at for due_at, _ in reminded] == [queued_at for _, queued_at in reminded]
    sheet = sheets.sheet(seen_by=SYSTEM, sheet_id=sheet_id)
    assert {line.state for line in sheet.lines} == {"defaulted"}
    assert sheet.closed_at is not None
    assert sheet.closed_at - DEADLINE < dt.timedelta(minutes=10)

    ends_at = dt.datetime(2027, 1, 30, tzinfo=dt.UTC)
    assert {ends_at - dt.timedelta(hours=hours) for hours in (72, 25, 24, 0)} <= set(stops)
    looked = RenewalAlarm.objects.filter(kind="missing", renews_on=ends_at.date()).order_by("-before_s")
    assert list(looked.values_list("before_s", "state")) == [(72 * 3600, "held"), (25 * 3600, "held")]
    assert (demo.holding("north", BASIC).seats, demo.vendor_seats("north", BASIC)) == (7, 7)
    assert holdings.open_drifts(seen_by=SYSTEM) == []
