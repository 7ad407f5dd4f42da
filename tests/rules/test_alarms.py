"""Deadlines in UTC, alarms for instructions that are missing upstream, and what to decide first."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import alarms, instants, windows
from seatwright.rules.alarms import Alarm, Answer, DeadlineKind, DecidedBy, RadarLine
from seatwright.rules.money import Money, Rate
from seatwright.rules.renewals import Ending, TermPrice
from seatwright.rules.terms import BillingPlan, Term
from tests.rules.test_renewals import HOUR, MICROSECOND, POLICY

RENEWS_ON = dt.date(2027, 3, 1)
ENDS_AT = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
LOCK_AT = ENDS_AT - 24 * HOUR


def before_end(hours: int) -> dt.datetime:
    return ENDS_AT - hours * HOUR


def test_the_lock_is_24_hours_before_the_terms_end_in_utc() -> None:
    assert alarms.lock_at(renews_on=RENEWS_ON, policy=POLICY) == dt.datetime(2027, 2, 28, tzinfo=dt.UTC)


def test_deadlines_ahead_stand_by_their_last_safe_moment() -> None:
    margin = dt.timedelta(minutes=10)
    early, late = before_end(100), before_end(20)
    batches = (windows.Batch(4, early, early - margin), windows.Batch(2, late, late - margin))
    returnable = windows.Returnable(total=6, batches=batches)

    def kinds(at: dt.datetime) -> list[tuple[DeadlineKind, dt.datetime, int | None]]:
        found = alarms.deadlines(returnable=returnable, renews_on=RENEWS_ON, at=at, policy=POLICY)
        return [(one.kind, one.last_safe_at, one.quantity) for one in found]

    first = (DeadlineKind.RETURN_WINDOW, early - margin, 4)
    lock = (DeadlineKind.RENEWAL_LOCK, LOCK_AT, None)
    last = (DeadlineKind.RETURN_WINDOW, late - margin, 2)
    assert kinds(before_end(200)) == [first, lock, last]
    every = alarms.deadlines(returnable=returnable, renews_on=RENEWS_ON, at=before_end(200), policy=POLICY)
    assert [one.at for one in every] == [early, ENDS_AT, late]
    assert kinds(early - margin) == [lock, last]
    assert kinds(LOCK_AT - MICROSECOND) == [lock, last]
    assert kinds(LOCK_AT) == [last]
    assert kinds(ENDS_AT) == []


def due(at: dt.datetime, *raised: int, is_applied: bool = False) -> Alarm | None:
    return alarms.alarm_due(
        is_applied=is_applied,
        renews_on=RENEWS_ON,
        raised=[hours * HOUR for hours in raised],
        at=at,
        policy=POLICY,
    )


def test_an_instruction_missing_upstream_is_alarmed_at_72_and_25_hours_before_the_end() -> None:
    assert due(before_end(72) - MICROSECOND) is None
    assert due(before_end(72)) == Alarm(before=72 * HOUR, due_at=before_end(72), is_too_late=False)
    assert due(before_end(26), 72) is None
    assert due(before_end(25), 72) == Alarm(before=25 * HOUR, due_at=before_end(25), is_too_late=False)
    assert due(before_end(24), 72, 25) is None


def test_after_sleeping_through_both_alarms_only_the_later_is_raised_and_says_that_it_is_too_late() -> None:
    assert due(LOCK_AT - MICROSECOND) == Alarm(before=25 * HOUR, due_at=before_end(25), is_too_late=False)
    assert due(LOCK_AT) == Alarm(before=25 * HOUR, due_at=before_end(25), is_too_late=True)
    assert due(ENDS_AT) is None


def test_what_is_upstream_is_not_alarmed_and_what_vanishes_again_is() -> None:
    assert due(before_end(72), is_applied=True) is None
    assert due(before_end(50)) == Alarm(before=72 * HOUR, due_at=before_end(72), is_too_late=False)


def test_the_vendor_is_looked_at_at_every_alarm_the_lock_the_end_and_after_its_processing() -> None:
    looks = []
    at: dt.datetime | None = before_end(1000)
    while at is not None:
        at = alarms.next_look_at(renews_on=RENEWS_ON, at=at, policy=POLICY)
        looks.append(at)
    assert looks == [before_end(72), before_end(25), LOCK_AT, ENDS_AT, before_end(-24), None]


def monthly(rate: str, term: Term = Term.P1Y) -> TermPrice:
    return TermPrice(quantity=20, unit_rate=Rate.parse(rate, "EUR"), term=term, billing_plan=BillingPlan.MONTHLY)


def line(key: str, minor: int = 0, renews: str = "2027-03-01", **facts: Any) -> RadarLine:
    values: dict[str, Any] = {
        "subscription_key": key,
        "renews_on": dt.date.fromisoformat(renews),
        "term": Term.P1Y,
        "at_stake": Money(minor, "EUR"),
        "wants_attention": False,
    }
    return RadarLine(**values | facts)


def shown(at: dt.datetime, *lines: RadarLine) -> list[str]:
    return [entry.line.subscription_key for entry in alarms.radar(lines=lines, at=at, policy=POLICY)]


def test_the_radar_shows_possible_decisions_first_then_the_deadline_then_the_money() -> None:
    lines = [
        line("locked", 99_999, "2027-02-20"),
        line("later, much", 90_000, "2027-03-02"),
        line("soon, little", 100),
        line("soon, much", 5_000),
        line("soon, as little", 100),
        line("soon, dollars", 7_000, at_stake=Money(7_000, "USD")),
    ]
    at = dt.datetime(2027, 2, 19, 12, tzinfo=dt.UTC)
    expected = ["soon, much", "soon, as little", "soon, little", "soon, dollars", "later, much", "locked"]
    assert shown(at, *lines) == expected
    assert shown(at, *reversed(lines)) == expected


def test_monthly_rollovers_are_silent_unless_something_is_pending_or_missing() -> None:
    at = before_end(200)
    assert shown(at, line("rollover", 5_000, term=Term.P1M)) == []
    assert shown(at, line("rollover", 5_000, term=Term.P1M), line("yearly")) == ["yearly"]
    assert shown(at, line("with a wish", 5_000, term=Term.P1M, wants_attention=True)) == ["with a wish"]


def test_a_term_that_is_over_is_off_the_radar_and_a_locked_one_cannot_be_decided() -> None:
    def decidable(at: dt.datetime) -> list[bool]:
        return [entry.is_decidable for entry in alarms.radar(lines=[line("one")], at=at, policy=POLICY)]

    assert decidable(LOCK_AT - MICROSECOND) == [True]
    assert decidable(LOCK_AT) == [False]
    assert decidable(ENDS_AT - MICROSECOND) == [False]
    assert decidable(ENDS_AT) == []


ANSWER_UNTIL = before_end(48)
KEEP = (Ending.RENEW, 20)
WISH = (Ending.RENEW, 15)


def answered(hours: int, ending: Ending, quantity: int) -> Answer:
    return Answer(answered_at=before_end(hours), ending=ending, quantity=quantity)


def decided(
    *answers: Answer, at: dt.datetime = ENDS_AT, standing: tuple[Ending, int] | None = None
) -> tuple[DecidedBy, Ending, int]:
    found = alarms.decision(answers=answers, standing=standing, default=KEEP, answer_until_at=ANSWER_UNTIL, at=at)
    assert found.is_final is (at >= ANSWER_UNTIL)
    return found.by, found.ending, found.quantity


def test_whoever_is_silent_gets_the_wish_that_stands_or_the_default() -> None:
    for at in (before_end(100), ANSWER_UNTIL - MICROSECOND, ANSWER_UNTIL, ENDS_AT):
        assert decided(at=at) == (DecidedBy.DEFAULT, *KEEP)
        assert decided(at=at, standing=WISH) == (DecidedBy.STANDING_WISH, *WISH)


def test_the_last_answer_in_time_decides() -> None:
    reduce = answered(60, Ending.RENEW, 12)
    cancel = answered(50, Ending.CANCEL, 0)
    too_late = answered(48, Ending.RENEW, 20)
    assert decided(reduce, standing=WISH) == (DecidedBy.ANSWER, Ending.RENEW, 12)
    assert decided(cancel, reduce, too_late) == (DecidedBy.ANSWER, Ending.CANCEL, 0)
    assert decided(too_late) == (DecidedBy.DEFAULT, *KEEP)


@given(st.integers(0, 200), st.sampled_from([(), (72,), (25,), (72, 25)]))
def test_an_alarm_is_raised_once_and_never_outside_its_time(hours: int, raised: tuple[int, ...]) -> None:
    found = due(before_end(hours), *raised)
    if found is not None:
        assert found.before not in [one * HOUR for one in raised]
        assert found.due_at <= before_end(hours) < ENDS_AT


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(instants.NaiveInstant):
        due(dt.datetime(2027, 2, 1))
    with pytest.raises(instants.NaiveInstant):
        alarms.next_look_at(renews_on=RENEWS_ON, at=dt.datetime(2027, 2, 1), policy=replace(POLICY))
