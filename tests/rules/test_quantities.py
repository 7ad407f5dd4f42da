"""Typed numbers of seats are plain digits, or they are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import quantities
from seatwright.rules.quantities import Direction


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("1", 1), ("7", 7), ("007", 7), ("0000001", 1), ("300", 300), ("999999", 999999), ("1000000", 1000000)],
)
def test_plain_digits_are_read_as_decimal(text: str, expected: int) -> None:
    assert quantities.parse_quantity(text) == expected


@pytest.mark.parametrize(
    ("text", "reason_code"),
    [
        ("", "empty"),
        (" ", "not_digits"),
        (" 7 ", "not_digits"),
        ("7\n", "not_digits"),
        ("+5", "not_digits"),
        ("-1", "not_digits"),
        ("1e3", "not_digits"),
        ("9e18", "not_digits"),
        ("1_0", "not_digits"),
        ("1,000", "not_digits"),
        ("1.000", "not_digits"),
        ("0.5", "not_digits"),
        ("0x10", "not_digits"),
        ("１２", "not_digits"),
        ("٣", "not_digits"),
        ("²", "not_digits"),
        ("NaN", "not_digits"),
        ("=1+1", "not_digits"),
        ("1000001", "too_large"),
        ("9999999", "too_large"),
        ("00000001", "too_large"),
        ("9223372036854775808", "too_large"),
        ("9" * 10_000, "too_large"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, reason_code: str) -> None:
    with pytest.raises(quantities.BadQuantity, match=reason_code) as caught:
        quantities.parse_quantity(text)
    assert caught.value.reason_code == reason_code


@given(st.text())
def test_a_text_with_anything_but_ascii_digits_is_never_a_number(text: str) -> None:
    text += "\u0661"
    with pytest.raises(quantities.BadQuantity, match="not_digits"):
        quantities.parse_quantity(text)


@given(st.from_regex(r"[0-9]{1,12}", fullmatch=True))
def test_digits_are_read_up_to_the_limit_and_refused_above(text: str) -> None:
    if len(text) <= 7 and int(text) <= quantities.MAX_QUANTITY:
        assert quantities.parse_quantity(text) == int(text)
        return
    with pytest.raises(quantities.BadQuantity, match="too_large"):
        quantities.parse_quantity(text)


@given(st.integers(0, quantities.MAX_QUANTITY))
def test_every_acceptable_number_is_read_back(quantity: int) -> None:
    assert quantities.parse_quantity(str(quantity)) == quantity


def test_a_difference_becomes_a_total() -> None:
    assert quantities.after_difference(quantity=7, direction=Direction.MORE, by=3) == 10
    assert quantities.after_difference(quantity=7, direction=Direction.FEWER, by=3) == 4
    assert quantities.after_difference(quantity=7, direction=Direction.FEWER, by=7) == 0
    assert quantities.after_difference(quantity=999_999, direction=Direction.MORE, by=1) == 1_000_000


@pytest.mark.parametrize(
    ("direction", "by", "reason_code"), [(Direction.FEWER, 8, "below_zero"), (Direction.MORE, 999_994, "too_large")]
)
def test_a_difference_beyond_the_bounds_is_refused(direction: Direction, by: int, reason_code: str) -> None:
    with pytest.raises(quantities.BadQuantity, match=reason_code):
        quantities.after_difference(quantity=7, direction=direction, by=by)
