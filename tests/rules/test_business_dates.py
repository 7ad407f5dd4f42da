"""An instant has one business date in each zone, whatever the clocks there do."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import business_dates, instants

MICROSECOND = dt.timedelta(microseconds=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia",
         "Pacific/Kiritimati", "Etc/GMT+12", "UTC", "America/Santiago", "Asia/Beirut", "America/Nuuk")  # fmt: skip


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        ("2026-03-28T22:59:59Z", "Europe/Berlin", "2026-03-28"),
        ("2026-03-28T23:00:00Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T21:59:59Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "Europe/Berlin", "2026-03-30"),
        ("2026-01-01T04:59:59Z", "America/New_York", "2025-12-31"),
        ("2026-07-01T04:00:00Z", "America/New_York", "2026-07-01"),
        ("2026-04-04T12:59:59Z", "Australia/Lord_Howe", "2026-04-04"),
        ("2026-04-04T13:00:00Z", "Australia/Lord_Howe", "2026-04-05"),
        ("2026-04-05T13:29:59Z", "Australia/Lord_Howe", "2026-04-05"),
        ("2026-04-05T13:30:00Z", "Australia/Lord_Howe", "2026-04-06"),
        ("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29"),
        ("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"),
        ("2026-12-31T10:00:00Z", "Pacific/Kiritimati", "2027-01-01"),
        ("2027-01-01T11:59:59Z", "Etc/GMT+12", "2026-12-31"),
        ("2026-06-30T23:30:00-05:00", "UTC", "2026-07-01"),
    ],
)
def test_invariant_24_a_business_date_is_what_the_local_clock_shows(at: str, zone: str, expected: str) -> None:
    assert business_dates.business_date(at=instant(at), zone=zone) == dt.date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("on", "zone", "expected"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z"),
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00Z"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z"),
        ("2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00Z"),
        ("2026-03-08", "America/New_York", "2026-03-08T05:00:00Z"),
        ("2026-03-09", "America/New_York", "2026-03-09T04:00:00Z"),
        ("2026-10-05", "Australia/Lord_Howe", "2026-10-04T13:00:00Z"),
        ("2026-04-06", "Australia/Lord_Howe", "2026-04-05T13:30:00Z"),
        ("2026-02-16", "Africa/Casablanca", "2026-02-16T00:00:00Z"),
        ("2026-03-23", "Africa/Casablanca", "2026-03-22T23:00:00Z"),
        ("2011-12-29", "Pacific/Apia", "2011-12-29T10:00:00Z"),
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"),
    ],
)
def test_invariant_24_a_day_starts_at_local_midnight(on: str, zone: str, expected: str) -> None:
    assert business_dates.start_of_day(on=dt.date.fromisoformat(on), zone=zone) == instant(expected)


def test_a_date_that_the_clocks_left_out_is_empty() -> None:
    left_out = business_dates.start_of_day(on=dt.date(2011, 12, 30), zone="Pacific/Apia")
    assert left_out == business_dates.start_of_day(on=dt.date(2011, 12, 31), zone="Pacific/Apia")


def test_a_day_whose_midnight_does_not_exist_starts_at_the_jump() -> None:
    """Chile puts its clocks forward at midnight: 6 September 2026 begins at 01:00 local time."""
    start = business_dates.start_of_day(on=dt.date(2026, 9, 6), zone="America/Santiago")
    assert start == instant("2026-09-06T04:00:00Z")
    assert start.astimezone(zoneinfo.ZoneInfo("America/Santiago")).time() == dt.time(1)


def test_a_jump_across_midnight_from_before_is_found_to_the_microsecond() -> None:
    """Toronto jumped from 23:30 to 00:30 on 30 March 1919: the 31st began with the jump, not half an hour later."""
    start = business_dates.start_of_day(on=dt.date(1919, 3, 31), zone="America/Toronto")
    assert start == instant("1919-03-31T04:30:00Z")


def test_a_start_of_day_is_told_in_utc() -> None:
    assert business_dates.start_of_day(on=dt.date(2026, 7, 1), zone="Europe/Berlin").tzinfo is dt.UTC
    assert business_dates.start_of_day(on=dt.date(2026, 9, 6), zone="America/Santiago").tzinfo is dt.UTC


@given(on=st.dates(dt.date(2012, 1, 1), dt.date(2037, 12, 31)), zone=st.sampled_from(ZONES))
def test_invariant_24_days_tile_time_in_every_zone(on: dt.date, zone: str) -> None:
    start = business_dates.start_of_day(on=on, zone=zone)
    next_start = business_dates.start_of_day(on=on + dt.timedelta(days=1), zone=zone)
    assert business_dates.business_date(at=start, zone=zone) == on
    assert business_dates.business_date(at=start - MICROSECOND, zone=zone) == on - dt.timedelta(days=1)
    assert business_dates.business_date(at=next_start - MICROSECOND, zone=zone) == on
    assert dt.timedelta(hours=22) <= next_start - start <= dt.timedelta(hours=26)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "/etc/localtime", "a\0b"])
def test_an_unknown_zone_is_named_as_such(name: str) -> None:
    with pytest.raises(business_dates.UnknownZone):
        business_dates.zone_named(name)


def test_a_time_without_zone_is_no_instant() -> None:
    naive = dt.datetime(2026, 1, 1, 12)
    with pytest.raises(instants.NaiveInstant, match="2026-01-01T12:00:00"):
        instants.utc(naive)
    with pytest.raises(instants.NaiveInstant):
        business_dates.business_date(at=naive, zone="UTC")


def test_an_instant_told_in_another_zone_is_normalised_to_utc() -> None:
    """Adding 168 hours to a Berlin wall clock over the change of clocks would be an hour off."""
    berlin = dt.datetime(2026, 3, 25, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    week_later = instants.utc(berlin) + dt.timedelta(hours=168)
    assert week_later == instant("2026-04-01T11:00:00Z")
    assert instants.utc(berlin).tzinfo is dt.UTC
