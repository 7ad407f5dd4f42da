"""The installation's clock: the system's time, or a test clock that a person moves; and the guard against jumps."""

import datetime as dt
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from seatwright.access import audit, permissions
from seatwright.access.actors import Actor
from seatwright.operations.models import TestClock

TOLERANCE = dt.timedelta(seconds=5)


class ClockRefused(Exception):
    """The clock can only be moved forwards, and only where the installation runs on a test clock."""


class OnlyForwards(ClockRefused):
    """The moment named lies before the time that the test clock shows."""

    def __init__(self, current: dt.datetime) -> None:
        super().__init__(f"the clock stands at {current.isoformat()} and only goes forwards")


def system_now() -> dt.datetime:
    """The system's time in UTC."""
    return dt.datetime.now(dt.UTC)


def now() -> dt.datetime:
    """The time of this installation in UTC: the system's, or on a test clock what a person has set it to."""
    if not _is_test_clock():
        return system_now()
    return _reading(TestClock.objects.filter(pk=1).first())


def _is_test_clock() -> bool:
    return bool(settings.ENVIRONMENT.test_clock)


def _reading(row: TestClock | None) -> dt.datetime:
    if row is None:
        return system_now()
    return row.frozen_at or system_now() + dt.timedelta(microseconds=row.ahead_us)


@transaction.atomic
def advance(*, by: Actor, to: dt.datetime, on_journey: bool = False, at: dt.datetime) -> bool:
    """Move the test clock forwards to `to`; a frozen clock stays frozen there, a running one runs on from there.

    With `on_journey` only while it is being moved somewhere, and not back where it has run past `to` already: False
    once somebody has stopped it. Needs the permission `clock.advance` at a reseller. Raises ClockRefused when the
    installation has no test clock or `to` is earlier than its time.
    """
    _require(by=by)
    row = _locked_row()
    if on_journey and row.travels_to is None:
        return False
    to = max(to, _reading(row)) if on_journey else to
    current = _require_forwards(row, to)
    if row.frozen_at is not None:
        row.frozen_at = to
    else:
        row.ahead_us = (to - system_now()) // dt.timedelta(microseconds=1)
    row.save()
    _note(by=by, action="clock.advanced", before=current, after=to, at=at)
    return True


@transaction.atomic
def travel(*, by: Actor, to: dt.datetime | None, at: dt.datetime) -> None:
    """Name where the test clock is to be moved; None lets it stay where it has come to.

    Moving it is the worker's work. Needs what `advance` needs, and raises what it raises.
    """
    _require(by=by)
    row = _locked_row()
    if to is not None:
        _require_forwards(row, to)
    before, row.travels_to = row.travels_to or now(), to
    row.save(update_fields=["travels_to"])
    _note(by=by, action="clock.sent" if to else "clock.stopped", before=before, after=to or now(), at=at)


def destination() -> dt.datetime | None:
    """Where the test clock is being moved to; None while it stays, and on the system's time."""
    if not _is_test_clock():
        return None
    return TestClock.objects.filter(pk=1).values_list("travels_to", flat=True).first()


def arrive() -> None:
    """Forget a destination that has been reached."""
    TestClock.objects.filter(pk=1, travels_to__lte=now()).update(travels_to=None)


def check_advance(*, by: Actor, to: dt.datetime) -> None:
    """Raise what `advance` would raise, with nothing moved."""
    _require(by=by)
    _require_forwards(TestClock.objects.filter(pk=1).first(), to)


def _require_forwards(row: TestClock | None, to: dt.datetime) -> dt.datetime:
    """The time that the clock shows; raises OnlyForwards where `to` lies before it."""
    current = _reading(row)
    if to < current:
        raise OnlyForwards(current)
    return current


@transaction.atomic
def freeze(*, by: Actor, to: dt.datetime, at: dt.datetime) -> None:
    """Stop the test clock at `to`, which may not be earlier than its time once it has been set."""
    _require(by=by)
    known = TestClock.objects.filter(pk=1).first()
    current = _reading(None) if known is None else _require_forwards(known, to)
    row = _locked_row()
    row.frozen_at, row.ahead_us = to, 0
    row.save()
    _note(by=by, action="clock.frozen", before=current, after=to, at=at)


def _require(*, by: Actor) -> None:
    if not _is_test_clock():
        raise ClockRefused("this installation runs on the system's time")
    if by.is_system:
        return
    reseller_ids = [grant.reseller_id for grant in by.grants if grant.customer_id is None]
    if not any(permissions.allowed(by=by, action="clock.advance", reseller_id=each) for each in reseller_ids):
        raise permissions.NotAllowed("clock.advance")


def _locked_row() -> TestClock:
    TestClock.objects.bulk_create([TestClock()], ignore_conflicts=True)
    return TestClock.objects.select_for_update().get(pk=1)


def _note(*, by: Actor, action: str, before: dt.datetime, after: dt.datetime, at: dt.datetime) -> None:
    audit.record(
        by=by,
        action=action,
        subject_kind="clock",
        subject_id="installation",
        before={"now": before.isoformat()},
        after={"now": after.isoformat()},
        at=at,
    )


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The system's time and the seconds since the machine started, read together."""

    wall: dt.datetime
    since_boot_s: float


def reading() -> Reading:
    """Both clocks of this machine now; the second one also counts while the machine sleeps, where it can."""
    source = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Reading(wall=system_now(), since_boot_s=time.clock_gettime(source))


def jump(*, before: Reading, after: Reading) -> dt.timedelta:
    """How far the system's time moved more (or, negative, less) than the time that really passed."""
    return (after.wall - before.wall) - dt.timedelta(seconds=after.since_boot_s - before.since_boot_s)


def trouble(*, start: Reading, after: Reading, last_seen_at: dt.datetime | None, database_now: dt.datetime) -> str:
    """Why nothing may be sent now, or an empty text (invariant 24).

    `start` is the reading at which the worker began, `last_seen_at` the newest heartbeat of any worker. A difference up
    to `TOLERANCE` is ordinary. Trouble ends by itself when the clocks agree again; after a jump forwards that was a
    correction, a restart of the worker accepts it.
    """
    moved = jump(before=start, after=after)
    if abs(moved) > TOLERANCE:
        return f"the system's time jumped by {moved.total_seconds():.1f} s"
    if last_seen_at is not None and after.wall < last_seen_at - TOLERANCE:
        return f"the system's time is earlier than the last heartbeat at {last_seen_at.isoformat()}"
    if abs(after.wall - database_now) > TOLERANCE:
        return f"the system's time and the database's differ by {(after.wall - database_now).total_seconds():.1f} s"
    return ""
