"""Money is whole minor units, rates keep every decimal, and one function rounds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import money
from seatwright.rules.money import Money, Rate


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("JPY", 0),
        ("CLP", 0),
        ("ISK", 0),
        ("EUR", 2),
        ("USD", 2),
        ("HUF", 2),
        ("CHF", 2),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
    ],
)
def test_minor_digits_follow_iso_4217(currency: str, digits: int) -> None:
    assert money.exponent(currency) == digits


@pytest.mark.parametrize("code", ["", "eur", "XAU", "XXX", "EURO", "???"])
def test_a_code_without_minor_units_is_no_currency(code: str) -> None:
    with pytest.raises(money.UnknownCurrency):
        money.exponent(code)


def test_an_amount_in_an_unknown_currency_cannot_exist() -> None:
    with pytest.raises(money.UnknownCurrency):
        Money(1, "ABC")


@pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), None])
def test_only_whole_numbers_are_minor_units(minor: object) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        Money(minor, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (0, 3, 0),
        (1, 3, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (3, 2, 2),
        (5, 2, 3),
        (-5, 2, -3),
        (49, 100, 0),
        (50, 100, 1),
        (51, 100, 1),
        (-49, 100, 0),
        (7, 1, 7),
        (-7, 1, -7),
        (10**30 + 1, 2, (10**30 + 2) // 2),
    ],
)
def test_rounding_takes_the_nearest_and_ties_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert money.round_half_away(numerator, denominator) == expected


@pytest.mark.parametrize("denominator", [0, -2])
def test_rounding_refuses_a_denominator_that_is_not_positive(denominator: int) -> None:
    with pytest.raises(ValueError, match="denominator must be positive"):
        money.round_half_away(1, denominator)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_a_credit_rounds_as_the_mirror_of_its_charge(numerator: int, denominator: int) -> None:
    rounded = money.round_half_away(numerator, denominator)
    assert money.round_half_away(-numerator, denominator) == -rounded
    assert abs(rounded - Fraction(numerator, denominator)) <= Fraction(1, 2)


def test_amounts_of_one_currency_add_subtract_negate_and_compare() -> None:
    one, two = Money(100, "EUR"), Money(250, "EUR")
    assert one + two == Money(350, "EUR")
    assert one - two == Money(-150, "EUR")
    assert -one == Money(-100, "EUR")
    assert one < two
    assert two > one
    assert not one < one
    assert not one > one
    assert one <= one
    assert one >= one
    assert not two <= one
    assert not one >= two
    assert Money.zero("EUR") == Money(0, "EUR")
    assert one != Money(100, "USD")


def test_amounts_of_two_currencies_never_meet() -> None:
    euro, dollar = Money(1, "EUR"), Money(1, "USD")
    for clash in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
        lambda: euro > dollar,
        lambda: euro >= dollar,
        lambda: money.total([euro, dollar], currency="EUR"),
    ):
        with pytest.raises(money.CurrencyMismatch, match=r"EUR and USD|USD and EUR"):
            clash()


def test_a_total_starts_at_zero_of_its_currency() -> None:
    assert money.total([], currency="JPY") == Money(0, "JPY")
    assert money.total([Money(5, "JPY"), Money(-7, "JPY")], currency="JPY") == Money(-2, "JPY")


def test_a_rate_keeps_all_its_decimals() -> None:
    rate = Rate.parse("10.0833", "EUR")
    assert rate.minor == Fraction(100833, 100)
    assert rate.times(3) == Fraction(302499, 100)
    assert rate.text == "10.0833"
    assert Money.rounded(rate.times(3), "EUR") == Money(3025, "EUR")
    assert Rate.parse(Decimal("10.0833"), "EUR") == rate


def test_minor_units_of_a_rate_follow_the_currency() -> None:
    assert Rate.parse("1200", "JPY").minor == 1200
    assert Rate.parse("1.2345", "KWD").minor == Fraction(12345, 10)


def test_a_rate_written_with_an_exponent_as_decimal_is_the_same_price() -> None:
    assert Rate(Decimal("1E+2"), "EUR").text == "100"
    assert Rate(Decimal("1E+2"), "EUR").minor == 10_000


@pytest.mark.parametrize("text", ["999999999999.999999999999", "0", "0.000000000001", "000001.50"])
def test_the_longest_and_the_smallest_rates_are_read_back_from_their_text(text: str) -> None:
    rate = Rate.parse(text, "EUR")
    assert Rate.parse(rate.text, "EUR") == rate


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "1e3", "1_0", "1,5", ".5", "5.", "1.2.3", "NaN", "Infinity", "１", "٣", "1\n",
     "1234567890123", "0.1234567890123"],
)  # fmt: skip
def test_any_other_spelling_of_a_price_is_refused(text: str) -> None:
    with pytest.raises(money.BadRate):
        Rate.parse(text, "EUR")


def test_a_refused_price_is_told_only_in_part() -> None:
    with pytest.raises(money.BadRate) as caught:
        Rate.parse("x" * 1000, "EUR")
    assert str(caught.value) == "x" * 40


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "-0.01", "1E+12", "1E-13", "1000000000000"])
def test_a_decimal_that_is_no_bounded_price_is_refused(amount: str) -> None:
    with pytest.raises(money.BadRate, match=r".+"):
        Rate(Decimal(amount), "EUR")


def test_a_float_is_never_a_price() -> None:
    with pytest.raises(TypeError, match="text or Decimal"):
        Rate.parse(10.08, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is a Decimal"):
        Rate(10.08, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is a Decimal"):
        Rate("10.08", "EUR")  # type: ignore[arg-type]


def test_a_rate_needs_a_currency_with_minor_units() -> None:
    with pytest.raises(money.UnknownCurrency):
        Rate.parse("1", "XAU")
