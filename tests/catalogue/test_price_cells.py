"""Single cells of a price sheet: what they mean, and what is refused."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.catalogue import price_cells


@given(st.decimals(min_value=0, max_value=9_999_999_999, places=8))
def test_every_price_of_eight_decimals_is_kept_exactly(price: Decimal) -> None:
    assert Decimal(price_cells.price_e8(f"{price:f}")) / 10**8 == price


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "NaN", "inf", "1e5", "-1", "+1", "1,5", "1,234.50", "1.234,50", "1_0", "１２", "٣", "1.", ".5"),
        *("5 EUR", "0x10", "1.123456789", "12345678901", "1 000", "=1+1"),
    ],
)
def test_what_is_not_digits_and_a_dot_is_no_price(text: str) -> None:
    with pytest.raises(price_cells.Wrong):
        price_cells.price_e8(text)


@given(st.text(max_size=12))
def test_any_text_is_a_price_or_refused(text: str) -> None:
    try:
        amount = price_cells.price_e8(text)
    except price_cells.Wrong:
        return
    assert amount >= 0
    assert text.isascii()


@pytest.mark.parametrize(
    ("text", "day", "is_midnight"),
    [
        ("2/1/2019 12:00:00 AM", dt.date(2019, 2, 1), True),
        ("12/31/2026 11:59:59 PM", dt.date(2026, 12, 31), False),
        ("2/1/2019", dt.date(2019, 2, 1), True),
        ("2/1/2019 12:30 PM", dt.date(2019, 2, 1), False),
        ("2026-02-01", dt.date(2026, 2, 1), True),
        ("2026-02-01T00:00:00.0000000Z", dt.date(2026, 2, 1), True),
        ("2026-02-01 23:59:59", dt.date(2026, 2, 1), False),
        ("2026-02-01T00:30:00+02:00", dt.date(2026, 1, 31), False),
        ("9999-12-31T23:59:59-05:00", dt.date(9999, 12, 31), False),
    ],
)
def test_us_and_iso_dates_are_read_as_utc_days(text: str, day: dt.date, is_midnight: bool) -> None:
    assert price_cells.day(text) == (day, is_midnight)


@pytest.mark.parametrize(
    "text",
    [
        *("31/12/2026", "2/29/2026", "2026-13-01", "1.2.2026", "2/1/26", "0/1/2026", "2/1/2026 13:00 PM", "45000", ""),
        *("2026-02-01T25:00", "2026-02-01Tnoon", "0001-01-01T00:00:00+23:00"),
    ],
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(price_cells.Wrong):
        price_cells.day(text)


def test_leading_zeros_that_a_spreadsheet_took_are_put_back() -> None:
    assert price_cells.vendor_sku_id("1") == "0001"
    assert price_cells.vendor_sku_id("000p") == "000P"


def test_charity_is_non_profit_and_nothing_is_commercial() -> None:
    assert price_cells.segment("Charity") == "non_profit"
    assert price_cells.segment("") == "commercial"
    with pytest.raises(price_cells.Wrong):
        price_cells.segment("Pirates")


@pytest.mark.parametrize("text", ["EURO", "E", "XXX", "€", ""])
def test_unknown_currencies_are_refused(text: str) -> None:
    with pytest.raises(price_cells.Wrong):
        price_cells.currency(text)
