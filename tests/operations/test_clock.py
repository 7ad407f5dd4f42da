"""The installation's clock goes forwards only and is moved by those who may; a jump of the system's is noticed."""

import datetime as dt
import uuid

import pytest
from django.conf import settings

from seatwright.access import actors, permissions
from seatwright.access.models import AuditEvent
from seatwright.operations import clock
from tests.operations.conftest import T0

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
SYSTEM = actors.SYSTEM


def person(role: actors.Role, customer_id: uuid.UUID | None = None) -> actors.Actor:
    grant = actors.Grant(role=role, reseller_id=uuid.UUID(int=1), customer_id=customer_id)
    return actors.Actor(kind="person", label="Ada", grants=(grant,))


@pytest.fixture
def test_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENVIRONMENT", settings.ENVIRONMENT.model_copy(update={"test_clock": True}))


def test_without_a_test_clock_the_time_is_the_systems_and_nobody_moves_it() -> None:
    assert abs(clock.now() - dt.datetime.now(dt.UTC)) < 5 * SECOND
    with pytest.raises(clock.ClockRefused):
        clock.advance(by=SYSTEM, to=clock.now() + DAY, at=T0)


def test_a_frozen_clock_stands_still_and_moves_to_where_it_is_put(test_clock: None) -> None:
    clock.freeze(by=SYSTEM, to=T0, at=T0)
    assert clock.now() == T0
    clock.advance(by=SYSTEM, to=T0 + DAY, at=T0)
    assert clock.now() == T0 + DAY


def test_a_running_test_clock_runs_on_from_where_it_was_put(test_clock: None) -> None:
    assert abs(clock.now() - dt.datetime.now(dt.UTC)) < 5 * SECOND
    to = clock.now() + 365 * DAY
    clock.advance(by=SYSTEM, to=to, at=T0)
    assert to <= clock.now() < to + 5 * SECOND


def test_the_clock_never_goes_backwards(test_clock: None) -> None:
    clock.freeze(by=SYSTEM, to=T0, at=T0)
    with pytest.raises(clock.ClockRefused, match="only goes forwards"):
        clock.advance(by=SYSTEM, to=T0 - SECOND, at=T0)
    with pytest.raises(clock.ClockRefused, match="only goes forwards"):
        clock.freeze(by=SYSTEM, to=T0 - SECOND, at=T0)
    assert clock.now() == T0


@pytest.mark.parametrize("role", sorted(actors.Role))
def test_only_a_resellers_administrator_moves_the_clock(test_clock: None, role: actors.Role) -> None:
    clock.freeze(by=SYSTEM, to=T0, at=T0)
    if role == actors.Role.RESELLER_ADMIN:
        clock.advance(by=person(role), to=T0 + DAY, at=T0)
        assert clock.now() == T0 + DAY
        return
    with pytest.raises(permissions.NotAllowed):
        clock.advance(by=person(role), to=T0 + DAY, at=T0)
    assert clock.now() == T0


def test_each_move_of_the_clock_is_in_the_audit(test_clock: None) -> None:
    clock.freeze(by=SYSTEM, to=T0, at=T0)
    clock.advance(by=person(actors.Role.RESELLER_ADMIN), to=T0 + DAY, at=T0)
    events = list(AuditEvent.objects.filter(subject_kind="clock").order_by("id"))
    assert [event.action for event in events] == ["clock.frozen", "clock.advanced"]
    assert (events[1].actor_label, events[1].before, events[1].after) == (
        "Ada",
        {"now": "2026-11-02T09:00:00+00:00"},
        {"now": "2026-11-03T09:00:00+00:00"},
    )


def reading(*, wall_s: float, boot_s: float) -> clock.Reading:
    return clock.Reading(wall=T0 + wall_s * SECOND, since_boot_s=boot_s)


@pytest.mark.parametrize(
    ("moved_s", "is_trouble"),
    [(0, False), (1, False), (-1, False), (5, False), (6, True), (-6, True), (3600, True), (-3600, True),
     (25 * 3600, True), (-25 * 3600, True), (40 * 86400, True), (-40 * 86400, True)],
)  # fmt: skip
def test_a_jump_of_the_systems_time_beyond_five_seconds_stops_all_sending(moved_s: int, is_trouble: bool) -> None:
    start, after = reading(wall_s=0, boot_s=100), reading(wall_s=60 + moved_s, boot_s=160)
    what = clock.trouble(start=start, after=after, last_seen_at=None, database_now=after.wall)
    assert bool(what) == is_trouble


def test_a_clock_earlier_than_the_last_heartbeat_stops_all_sending() -> None:
    start = reading(wall_s=0, boot_s=100)
    seen = {"start": start, "after": start, "database_now": start.wall}
    assert clock.trouble(last_seen_at=start.wall + 5 * SECOND, **seen) == ""  # type: ignore[arg-type]
    assert "last heartbeat" in clock.trouble(last_seen_at=start.wall + 6 * SECOND, **seen)  # type: ignore[arg-type]


@pytest.mark.parametrize("apart_s", [-6, 6])
def test_a_clock_apart_from_the_databases_stops_all_sending(apart_s: int) -> None:
    start = reading(wall_s=0, boot_s=100)
    what = clock.trouble(start=start, after=start, last_seen_at=None, database_now=start.wall + apart_s * SECOND)
    assert "the database's differ" in what


def test_the_clocks_of_this_machine_agree() -> None:
    first, second = clock.reading(), clock.reading()
    assert abs(clock.jump(before=first, after=second)) < SECOND
