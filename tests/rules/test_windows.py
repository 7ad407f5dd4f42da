"""Each addition of seats has its own return window, and the vendor's word outranks ours."""

import datetime as dt
import zoneinfo
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import instants, windows
from seatwright.rules.windows import SeatLot, Taken, WindowPolicy

T0 = dt.datetime(2026, 11, 2, 10, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(hours=168)
MICROSECOND = dt.timedelta(microseconds=1)
EXACT = WindowPolicy(version="1", return_window=WEEK, safety_margin=dt.timedelta(), source="made up for tests")
CAREFUL = replace(EXACT, safety_margin=dt.timedelta(minutes=10))


def lot(lot_id: str, quantity: int, added_at: dt.datetime, until: dt.datetime | None = None) -> SeatLot:
    until = windows.window_end(added_at=added_at, policy=EXACT) if until is None else until
    return SeatLot(lot_id=lot_id, quantity=quantity, added_at=added_at, returnable_until=until)


def never(lot_id: str, quantity: int, added_at: dt.datetime) -> SeatLot:
    return SeatLot(lot_id=lot_id, quantity=quantity, added_at=added_at, returnable_until=None)


TEN_THEN_FIVE = (lot("first", 10, T0), lot("second", 5, T0 + 5 * DAY))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (dt.timedelta(), 15),
        (6 * DAY, 15),
        (7 * DAY - MICROSECOND, 15),
        (7 * DAY, 5),
        (8 * DAY, 5),
        (12 * DAY - MICROSECOND, 5),
        (12 * DAY, 0),
        (13 * DAY, 0),
    ],
)
def test_invariant_14_seats_are_returnable_while_the_window_of_their_own_addition_is_open(
    after: dt.timedelta, expected: int
) -> None:
    found = windows.returnable(lots=TEN_THEN_FIVE, vendor_says=None, at=T0 + after, policy=EXACT)
    assert found.total == expected
    assert sum(batch.quantity for batch in found.batches) == expected


@pytest.mark.parametrize("margin", [dt.timedelta(), dt.timedelta(minutes=10), dt.timedelta(hours=3)])
def test_invariant_14_the_last_safe_instant_is_one_margin_before_the_edge_and_closed_itself(
    margin: dt.timedelta,
) -> None:
    policy = replace(EXACT, safety_margin=margin)
    one = (lot("only", 4, T0),)
    edge = T0 + WEEK - margin
    for vendor_says in (None, ((4, T0 + WEEK),)):
        before = windows.returnable(lots=one, vendor_says=vendor_says, at=edge - MICROSECOND, policy=policy)
        assert before.total == 4
        assert before.batches == (windows.Batch(quantity=4, until=T0 + WEEK, last_safe_at=edge),)
        for late in (edge, edge + MICROSECOND, T0 + WEEK):
            closed = windows.returnable(lots=one, vendor_says=vendor_says, at=late, policy=policy)
            assert closed.total == 0
            assert closed.batches == ()


def test_invariant_14_a_later_addition_does_not_reopen_the_first_purchase() -> None:
    old = lot("old", 20, T0 - 30 * DAY)
    new = lot("new", 3, T0)
    found = windows.returnable(lots=(old, new), vendor_says=None, at=T0 + DAY, policy=EXACT)
    assert found.total == 3


def test_a_window_is_counted_in_hours_and_not_on_the_wall_clock() -> None:
    """Over the change of clocks on 25 October 2026 the wall clock in Berlin shows an hour less after 168 hours."""
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    end = windows.window_end(added_at=dt.datetime(2026, 10, 22, 14, 3, tzinfo=berlin), policy=EXACT)
    assert end == dt.datetime(2026, 10, 29, 12, 3, tzinfo=dt.UTC)
    assert end.tzinfo is dt.UTC
    assert end.astimezone(berlin).time() == dt.time(13, 3)


def test_what_the_vendor_says_outranks_our_arithmetic_both_ways() -> None:
    late = T0 + 20 * DAY
    more = windows.returnable(lots=TEN_THEN_FIVE, vendor_says=((6, late + DAY),), at=late, policy=EXACT)
    assert more.total == 6
    less = windows.returnable(lots=TEN_THEN_FIVE, vendor_says=((2, T0 + 7 * DAY),), at=T0, policy=EXACT)
    assert less.total == 2
    none = windows.returnable(lots=TEN_THEN_FIVE, vendor_says=(), at=T0, policy=EXACT)
    assert none.total == 0


def test_the_vendors_batches_are_merged_per_deadline_sorted_and_freed_of_nonsense() -> None:
    said = ((5, T0 + 2 * DAY), (0, T0 + DAY), (-3, T0 + DAY), (4, T0 + DAY), (1, T0 + 2 * DAY))
    found = windows.returnable(lots=(), vendor_says=said, at=T0, policy=CAREFUL)
    margin = dt.timedelta(minutes=10)
    assert found.batches == (
        (4, T0 + DAY, T0 + DAY - margin),
        (6, T0 + 2 * DAY, T0 + 2 * DAY - margin),
    )
    assert found.total == 10


def test_the_same_deadline_in_another_zone_is_the_same_batch_in_utc() -> None:
    tokyo = (T0 + DAY).astimezone(zoneinfo.ZoneInfo("Asia/Tokyo"))
    found = windows.returnable(lots=(), vendor_says=((1, T0 + DAY), (2, tokyo)), at=T0, policy=EXACT)
    assert found.batches == ((3, T0 + DAY, T0 + DAY),)
    assert found.batches[0].until.tzinfo is dt.UTC


def test_seats_without_a_window_are_never_returnable() -> None:
    found = windows.returnable(lots=(never("adopted", 9, T0),), vendor_says=None, at=T0, policy=EXACT)
    assert found.total == 0


def test_a_time_without_zone_is_refused_everywhere() -> None:
    naive = dt.datetime(2026, 11, 2)
    with pytest.raises(instants.NaiveInstant):
        windows.returnable(lots=(), vendor_says=None, at=naive, policy=EXACT)
    with pytest.raises(instants.NaiveInstant):
        windows.returnable(lots=(), vendor_says=((1, naive),), at=T0, policy=EXACT)
    with pytest.raises(instants.NaiveInstant):
        SeatLot(lot_id="x", quantity=1, added_at=naive, returnable_until=T0)
    with pytest.raises(instants.NaiveInstant):
        SeatLot(lot_id="x", quantity=1, added_at=T0, returnable_until=naive)
    with pytest.raises(instants.NaiveInstant):
        windows.allocate(lots=TEN_THEN_FIVE, quantity=1, at=naive, policy=EXACT)
    with pytest.raises(instants.NaiveInstant):
        windows.window_end(added_at=naive, policy=EXACT)


def test_a_vendor_without_a_window_takes_nothing_back() -> None:
    none = replace(EXACT, return_window=dt.timedelta())
    end = windows.window_end(added_at=T0, policy=none)
    assert windows.returnable(lots=(lot("x", 1, T0, end),), vendor_says=None, at=T0, policy=none).total == 0


def test_impossible_lots_and_policies_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="fewer than no seats"):
        lot("x", -1, T0)
    with pytest.raises(ValueError, match="cannot be negative"):
        replace(EXACT, return_window=-MICROSECOND)
    with pytest.raises(ValueError, match="cannot be negative"):
        replace(EXACT, safety_margin=-MICROSECOND)


def test_returned_seats_are_taken_from_the_window_that_closes_first() -> None:
    taken = windows.consume(lots=tuple(reversed(TEN_THEN_FIVE)), quantity=12, at=T0 + 6 * DAY, policy=EXACT)
    assert taken == (Taken("first", 10), Taken("second", 2))
    assert windows.consume(lots=TEN_THEN_FIVE, quantity=10, at=T0 + 6 * DAY, policy=EXACT) == (Taken("first", 10),)
    assert windows.consume(lots=TEN_THEN_FIVE, quantity=5, at=T0 + 7 * DAY, policy=EXACT) == (Taken("second", 5),)


def test_the_deadline_counts_and_not_the_day_of_addition() -> None:
    """A part moved here by an upgrade kept its parent's earlier deadline."""
    inherited = lot("inherited", 2, T0 + 3 * DAY, until=T0 + 4 * DAY)
    own = lot("own", 2, T0)
    assert windows.consume(lots=(own, inherited), quantity=2, at=T0 + 3 * DAY, policy=EXACT) == (Taken("inherited", 2),)


def test_lots_with_one_deadline_are_taken_in_order_of_addition_and_then_of_name() -> None:
    until = T0 + WEEK
    lots = (lot("b", 1, T0, until), lot("c", 1, T0 - DAY, until), lot("a", 1, T0, until))
    taken = windows.consume(lots=lots, quantity=3, at=T0, policy=EXACT)
    assert [one.lot_id for one in taken] == ["c", "a", "b"]


def test_more_than_returnable_is_refused_with_the_number_available() -> None:
    with pytest.raises(windows.NotEnoughSeats, match="only 5 available") as caught:
        windows.consume(lots=TEN_THEN_FIVE, quantity=6, at=T0 + 7 * DAY, policy=EXACT)
    assert caught.value.available == 5


def test_what_the_vendor_takes_back_is_booked_even_where_our_window_had_closed() -> None:
    late = T0 + 20 * DAY
    taken = windows.consume(lots=TEN_THEN_FIVE, quantity=6, at=late, policy=EXACT, vendor_says=((6, late + DAY),))
    assert taken == (Taken("second", 5), Taken("first", 1))
    with pytest.raises(windows.NotEnoughSeats, match="only 2 available"):
        windows.consume(lots=TEN_THEN_FIVE, quantity=3, at=T0, policy=EXACT, vendor_says=((2, T0 + DAY),))


def test_an_effect_already_seen_is_taken_from_open_lots_first_then_from_the_newest() -> None:
    lots = (
        never("oldest", 3, T0 - 90 * DAY),
        lot("empty", 0, T0),
        lot("closed", 2, T0 - 30 * DAY),
        lot("twin", 1, T0 - 30 * DAY),
        lot("open", 1, T0),
    )
    taken = windows.allocate(lots=lots, quantity=6, at=T0 + DAY, policy=EXACT)
    assert taken == (Taken("open", 1), Taken("twin", 1), Taken("closed", 2), Taken("oldest", 2))


def test_a_lot_inside_the_safety_margin_counts_as_closed_when_taking() -> None:
    nearly = lot("nearly", 1, T0)
    later = lot("later", 1, T0 + DAY)
    at = T0 + WEEK - dt.timedelta(minutes=10)
    assert windows.allocate(lots=(nearly, later), quantity=1, at=at, policy=CAREFUL) == (Taken("later", 1),)
    assert windows.allocate(lots=(nearly, later), quantity=1, at=at - MICROSECOND, policy=CAREFUL) == (
        Taken("nearly", 1),
    )


def test_nothing_can_be_taken_beyond_what_is_held_and_never_fewer_than_one() -> None:
    with pytest.raises(windows.NotEnoughSeats, match="only 15 available"):
        windows.allocate(lots=TEN_THEN_FIVE, quantity=16, at=T0, policy=EXACT)
    assert sum(t.quantity for t in windows.allocate(lots=TEN_THEN_FIVE, quantity=15, at=T0, policy=EXACT)) == 15
    for quantity in (0, -1):
        with pytest.raises(ValueError, match="at least one seat"):
            windows.allocate(lots=TEN_THEN_FIVE, quantity=quantity, at=T0, policy=EXACT)


def test_invariant_14_a_partial_upgrade_keeps_the_parents_windows() -> None:
    parts = windows.moved(lots=TEN_THEN_FIVE, quantity=12, at=T0 + 6 * DAY, policy=EXACT)
    assert parts == (TEN_THEN_FIVE[0], replace(TEN_THEN_FIVE[1], quantity=2))


def test_invariant_14_a_renewal_reopens_every_seat_from_the_instant_it_finished() -> None:
    renewed_at = T0 + 365 * DAY
    anew = windows.reopened(lots=(*TEN_THEN_FIVE, never("old", 3, T0)), renewed_at=renewed_at, policy=EXACT)
    assert [one.returnable_until for one in anew] == [renewed_at + WEEK] * 3
    assert [one.added_at for one in anew] == [T0, T0 + 5 * DAY, T0]
    found = windows.returnable(lots=anew, vendor_says=None, at=renewed_at + WEEK - MICROSECOND, policy=EXACT)
    assert found.total == 18


lots_strategy = st.lists(
    st.builds(
        lambda index, quantity, hours: lot(f"lot-{index}", quantity, T0 + dt.timedelta(hours=hours)),
        st.integers(0, 10**6),
        st.integers(0, 50),
        st.integers(-400, 400),
    ),
    max_size=8,
    unique_by=lambda one: one.lot_id,
)


@given(lots=lots_strategy, margin_minutes=st.integers(0, 600), hours=st.integers(-400, 600))
def test_invariant_14_returnable_is_the_sum_over_lots_whose_own_window_is_open(
    lots: list[SeatLot], margin_minutes: int, hours: int
) -> None:
    policy = replace(EXACT, safety_margin=dt.timedelta(minutes=margin_minutes))
    at = T0 + dt.timedelta(hours=hours)
    found = windows.returnable(lots=lots, vendor_says=None, at=at, policy=policy)
    expected = sum(one.quantity for one in lots if at + policy.safety_margin < one.added_at + WEEK)
    assert found.total == expected
    assert list(found.batches) == sorted(found.batches, key=lambda batch: batch.until)
    assert len({batch.until for batch in found.batches}) == len(found.batches)


@given(lots=lots_strategy, hours=st.integers(-400, 600), data=st.data())
def test_taking_seats_leaves_exactly_the_others_and_favours_later_deadlines(
    lots: list[SeatLot], hours: int, data: st.DataObject
) -> None:
    at = T0 + dt.timedelta(hours=hours)
    before = windows.returnable(lots=lots, vendor_says=None, at=at, policy=EXACT)
    if before.total == 0:
        with pytest.raises(windows.NotEnoughSeats):
            windows.consume(lots=lots, quantity=1, at=at, policy=EXACT)
        return
    quantity = data.draw(st.integers(1, before.total))
    taken = {one.lot_id: one.quantity for one in windows.consume(lots=lots, quantity=quantity, at=at, policy=EXACT)}
    left = [replace(one, quantity=one.quantity - taken.get(one.lot_id, 0)) for one in lots]
    assert sum(taken.values()) == quantity
    after = windows.returnable(lots=left, vendor_says=None, at=at, policy=EXACT)
    assert after.total == before.total - quantity
    assert after.batches[1:] == (before.batches[-len(after.batches) :][1:] if after.batches else ())
