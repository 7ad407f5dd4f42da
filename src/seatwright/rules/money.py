"""Amounts of money as whole minor units, exact unit rates, and the one rounding function between the two."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

_CODES_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
        "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG "
        "HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
        "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD "
        "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG "
        "YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: digits for digits, codes in _CODES_BY_EXPONENT.items() for code in codes.split()}

MAX_RATE_WHOLE_DIGITS = 12
MAX_RATE_DECIMALS = 12
_RATE_TEXT = re.compile(rf"[0-9]{{1,{MAX_RATE_WHOLE_DIGITS}}}(\.[0-9]{{1,{MAX_RATE_DECIMALS}}})?")


class UnknownCurrency(ValueError):
    """The code is not an active ISO 4217 currency with minor units (metals and test codes have none)."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one calculation."""


class BadRate(ValueError):
    """The price is not a plain non-negative decimal number of bounded length."""


def exponent(currency: str) -> int:
    """Decimal digits between the unit and the minor unit of `currency`; raises `UnknownCurrency`. Source: ISO 4217."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def round_half_away(numerator: int, denominator: int) -> int:
    """The integer nearest to the fraction, a tie going away from zero, so that a credit mirrors its charge.

    `denominator` must be positive. Every conversion to minor units of what we charge passes through here.
    """
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


@dataclass(frozen=True, slots=True)
class Money:
    """A whole number of minor units of one currency, positive or negative."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("minor units are whole numbers")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    @classmethod
    def rounded(cls, exact_minor: Fraction | int, currency: str) -> Self:
        """The exact number of minor units rounded once, half away from zero."""
        return cls(round_half_away(exact_minor.numerator, exact_minor.denominator), currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._like(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._like(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._like(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._like(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._like(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._like(other)

    def _like(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.minor


def total(moneys: Iterable[Money], *, currency: str) -> Money:
    """The sum of `moneys`, zero when there are none; raises `CurrencyMismatch` on another currency."""
    result = Money.zero(currency)
    for amount in moneys:
        result += amount
    return result


@dataclass(frozen=True, slots=True)
class Rate:
    """A price per seat and charge cycle in whole currency units, exact to every decimal the price list gave.

    Never negative; zero is a free offer. A float is refused, since it has already lost the price.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("a rate is a Decimal; parse texts with Rate.parse")
        exponent(self.currency)
        if not self.amount.is_finite() or self.amount.is_signed():
            raise BadRate(str(self.amount))
        if self.amount.adjusted() >= MAX_RATE_WHOLE_DIGITS or self._decimals() > MAX_RATE_DECIMALS:
            raise BadRate(str(self.amount))

    @classmethod
    def parse(cls, text: str | Decimal, currency: str) -> Self:
        """The rate written as ASCII digits with an optional point; raises `BadRate` for any other spelling."""
        if isinstance(text, Decimal):
            return cls(text, currency)
        if not isinstance(text, str):
            raise TypeError("a rate is parsed from text or Decimal")
        if not _RATE_TEXT.fullmatch(text):
            raise BadRate(text[:40])
        return cls(Decimal(text), currency)

    @property
    def minor(self) -> Fraction:
        """The price of one seat in minor units, exact and often not whole."""
        minor_per_unit: int = 10 ** exponent(self.currency)
        return Fraction(self.amount) * minor_per_unit

    @property
    def text(self) -> str:
        """The amount as plain digits, the form that `parse` reads back."""
        return f"{self.amount:f}"

    def times(self, quantity: int) -> Fraction:
        """The price of `quantity` seats in minor units, exact; round it with `Money.rounded`."""
        return self.minor * quantity

    def _decimals(self) -> int:
        digits_after_point = self.amount.as_tuple().exponent
        assert isinstance(digits_after_point, int)
        return -digits_after_point
