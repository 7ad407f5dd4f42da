"""Dates and waits as vendors write them."""

import datetime as dt
import email.utils

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seatwright.vendors import instants

AT = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-01-14T16:57:15.0966728Z", dt.datetime(2021, 1, 14, 16, 57, 15, 96672, tzinfo=dt.UTC)),
        ("2019-01-09T00:21:45.9263727+00:00", dt.datetime(2019, 1, 9, 0, 21, 45, 926372, tzinfo=dt.UTC)),
        ("2023-07-31T00:00:00", dt.datetime(2023, 7, 31, tzinfo=dt.UTC)),
        ("2023-07-31", dt.datetime(2023, 7, 31, tzinfo=dt.UTC)),
        ("2023-07-31T22:00:00-08:00", dt.datetime(2023, 8, 1, 6, 0, tzinfo=dt.UTC)),
        ("2015-11-25T06: 41: 12Z", dt.datetime(2015, 11, 25, 6, 41, 12, tzinfo=dt.UTC)),
        ("2018-04-04T17:08:20.7Z", dt.datetime(2018, 4, 4, 17, 8, 20, 700000, tzinfo=dt.UTC)),
        ("0001-01-01T00:00:00", None),
        ("9999-12-14T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_an_instant_is_read_in_every_form_on_the_wire(text: str | None, expected: dt.datetime | None) -> None:
    assert instants.instant(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "2021-13-01", "2021-02-30T00:00:00Z", "14/01/2021", "2021-01-14T25:00Z"])
def test_what_is_not_a_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        instants.instant(text)


@given(text=st.text() | st.from_regex(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}\.\d{0,9})?([+-]\d{2}:\d{2}|Z)?"))
def test_no_text_makes_the_reader_of_dates_crash(text: str) -> None:
    try:
        moment = instants.instant(text)
    except (ValueError, OverflowError):
        return
    assert moment is None or moment.tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("value", "waits_s"),
    [
        ("57", 57),
        ("2.128", 2.128),
        ("0", 1),
        ("86400", 86_400),
        ("999999999", 86_400),
        ("-5", 30),
        ("soon", 30),
        ("", 30),
        (None, 30),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 30),
    ],
)
def test_the_vendors_wait_is_obeyed_between_a_second_and_a_day(value: str | None, waits_s: float) -> None:
    headers = {} if value is None else {"retry-after": value}
    assert instants.retry_at(headers, at=AT) == AT + dt.timedelta(seconds=waits_s)


def test_a_date_to_wait_for_is_measured_by_the_vendors_own_clock() -> None:
    headers = {"retry-after": "Sun, 22 Nov 2026 12:10:30 GMT", "date": "Sun, 22 Nov 2026 12:10:00 GMT"}
    assert instants.retry_at(headers, at=AT) == AT + dt.timedelta(seconds=30)


def test_a_date_to_wait_for_before_the_vendors_own_date_is_measured_by_ours() -> None:
    headers = {"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "Sun, 22 Nov 2026 14:00:00 GMT"}
    assert instants.retry_at(headers, at=AT) == AT + dt.timedelta(seconds=30)


@given(value=st.text() | st.floats().map(str) | st.integers().map(str), date=st.text())
@example(value="1e5", date="")
@example(value="٣", date="")
@example(value="Mon, 31 Feb 2026 12:00:00 GMT", date="x")
def test_no_wait_is_shorter_than_a_second_or_longer_than_a_day(value: str, date: str) -> None:
    until = instants.retry_at({"retry-after": value, "date": date}, at=AT)
    assert AT + dt.timedelta(seconds=1) <= until <= AT + dt.timedelta(days=1)


@given(seconds=st.integers(1, 86_400))
def test_a_date_waits_as_long_as_the_same_number_of_seconds(seconds: int) -> None:
    date = email.utils.format_datetime(AT + dt.timedelta(seconds=seconds), usegmt=True)
    assert instants.retry_at({"retry-after": date}, at=AT) == instants.retry_at({"retry-after": str(seconds)}, at=AT)
