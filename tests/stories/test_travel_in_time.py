"""The clock of a demo is moved, and with it the vendor's: terms, windows, states and charges follow as in real time."""

import datetime as dt

import pytest
from django.conf import settings

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.access.models import AuditEvent
from seatwright.billing import queries as billing
from seatwright.operations import clock, engine
from seatwright.operations import queries as operations
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import simulator_clock
from seatwright.workflows import charge_cycles, overview, travel_in_time
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


def advance(world: World, to: dt.datetime) -> None:
    """What the operator and then the worker do, by the installation's own clock."""
    assert travel_in_time.advance(by=world.actor("staff"), to=to, at=clock.now()) == 2
    world.at = clock.now()
    for _ in range(30):
        engine.run_due(clock=clock.now)
        if not operations.unfinished_count():
            break
        world.at += dt.timedelta(seconds=5)
        clock.advance(by=SYSTEM, to=world.at, at=world.at)
    charge_cycles.post_due(at=clock.now())


def returnable(world: World) -> int:
    row = world.holding("north", BASIC)
    page = overview.subscription(by=world.actor("north_owner"), subscription_id=row.subscription_id, at=clock.now())
    return page.row.returnable_total


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
    advance(demo, dt.datetime(2027, 2, 8, 9, tzinfo=dt.UTC))
    assert returnable(demo) == 0
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    assert holdings.miscounted() == []
    moved = AuditEvent.objects.filter(action="clock.advanced", actor_label="Staff")
    assert moved.count() == 4


def test_time_goes_forwards_only_at_a_permitted_hand_and_never_without_the_vendor(
    demo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + dt.timedelta(days=1)
    with pytest.raises(permissions.NotAllowed):
        travel_in_time.advance(by=demo.actor("north_owner"), to=later, at=NOW)
    with pytest.raises(clock.ClockRefused):
        travel_in_time.advance(by=demo.actor("staff"), to=NOW - dt.timedelta(days=1), at=NOW)
    demo.simulator.kill()
    with pytest.raises(travel_in_time.VendorStays):
        travel_in_time.advance(by=demo.actor("staff"), to=later, at=NOW)
    monkeypatch.setattr(settings.ENVIRONMENT, "test_clock", False)
    with pytest.raises(clock.ClockRefused):
        travel_in_time.advance(by=demo.actor("staff"), to=later, at=NOW)
    monkeypatch.setattr(settings.ENVIRONMENT, "test_clock", True)
    assert (clock.now(), operations.unfinished_count()) == (NOW, 0)
