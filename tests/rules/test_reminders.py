"""Reminders: one at each stage before the deadline, one and not four after a jump of the clock."""

import datetime as dt

import pytest

from seatwright.rules import reminders

DEADLINE = dt.datetime(2027, 1, 27, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LADDER = tuple(number * DAY for number in (30, 14, 7, 2))
SECOND = dt.timedelta(seconds=1)


def stage(before: dt.timedelta, *, told: tuple[int, ...] = (), sent_days_before: int = 60) -> int | None:
    found = reminders.due(
        deadline_at=DEADLINE,
        sent_at=DEADLINE - sent_days_before * DAY,
        before=LADDER,
        told=[number * DAY for number in told],
        at=DEADLINE - before,
    )
    return None if found is None else found.days


@pytest.mark.parametrize(
    ("before", "told", "expected"),
    [
        (30 * DAY + SECOND, (), None),
        (30 * DAY, (), 30),
        (29 * DAY, (30,), None),
        (14 * DAY, (30,), 14),
        (7 * DAY, (30, 14), 7),
        (2 * DAY, (30, 14, 7), 2),
        (1 * DAY, (), 2),
        (SECOND, (2,), None),
        (0 * DAY, (), None),
        (-DAY, (), None),
    ],
)
def test_each_stage_is_told_once_and_a_jump_over_several_tells_only_the_last(
    before: dt.timedelta, told: tuple[int, ...], expected: int | None
) -> None:
    assert stage(before, told=told) == expected


def test_a_clock_that_goes_back_tells_no_stage_again() -> None:
    assert stage(14 * DAY, told=(7,)) is None
    assert stage(30 * DAY, told=(7,)) is None


def test_stages_that_were_over_when_it_was_sent_are_left_out() -> None:
    assert stage(9 * DAY, sent_days_before=10) is None
    assert stage(7 * DAY, sent_days_before=10) == 7
    assert stage(6 * DAY, sent_days_before=7) is None
