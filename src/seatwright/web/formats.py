"""Numbers, money, dates and instants as people read them, in the language of the page."""

import datetime as dt
import functools
import re
import zoneinfo
from decimal import Decimal

from babel import Locale, dates, numbers
from django.utils import translation

from seatwright.rules import money as amounts

_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])")
LOCALES = {"en": "en_GB", "de": "de_DE"}


def locale() -> Locale:
    """The locale of the active language; English is that of Europe, with the day before the month."""
    language = (translation.get_language() or "en").split("-")[0]
    return Locale.parse(LOCALES.get(language, "en_GB"))


def number(*, value: int) -> str:
    """A whole number with the thousands separator of the language."""
    return numbers.format_decimal(value, locale=locale())


def plain_money(*, minor: int, currency: str) -> str:
    """The amount as a machine reads it, `12.10 EUR`; the number of decimals is the currency's own."""
    decimals = amounts.exponent(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f} {currency}"


def money(*, minor: int, currency: str) -> str:
    """The amount with its currency sign, as the language writes it, and every digit down to the minor unit."""
    decimals = amounts.exponent(currency)
    return _written(Decimal(minor).scaleb(-decimals), currency, fraction="0" * decimals)


def rate(*, text: str, currency: str) -> str:
    """A price for one seat, with every decimal that it really has and at least those of the currency."""
    return _written(
        Decimal(text), currency, fraction="0" * amounts.exponent(currency) + "#" * amounts.MAX_RATE_DECIMALS
    )


def _written(value: Decimal, currency: str, *, fraction: str) -> str:
    """The number with its currency sign; `fraction` is the pattern of its decimals, empty for none.

    How many decimals are written is never left to CLDR: it has fewer than ISO 4217 for some currencies, by which the
    books count, and would round what is owed.
    """
    pattern = _pattern(locale(), fraction)
    return _spaced(numbers.format_currency(value, currency, format=pattern, locale=locale(), currency_digits=False))


@functools.cache
def _pattern(written_in: Locale, fraction: str) -> numbers.NumberPattern:
    plain = written_in.currency_formats["standard"].pattern.split(";")[0]
    return numbers.parse_pattern(plain.replace("0.00", f"0.{fraction}" if fraction else "0"))


def _spaced(text: str) -> str:
    """A currency that is written in letters does not touch the digits, as CLDR asks and Babel forgets."""
    return _LETTER_BEFORE_DIGIT.sub("\u00a0", text)


def percent(*, basis_points: int) -> str:
    """A rate in hundredths of a percent as the language writes percentages: 21 % or 5.5 %."""
    return numbers.format_percent(Decimal(basis_points).scaleb(-4), format="#,##0.##\u00a0%", locale=locale())


def day(*, value: dt.date) -> str:
    """A calendar date with its weekday left out: 24 Nov 2026."""
    return dates.format_date(value, format="medium", locale=locale())


def weekday(*, value: dt.date) -> str:
    """A calendar date with its weekday: Tue 24 Nov 2026."""
    pattern = "EEE, d. MMM y" if locale().language == "de" else "EEE d MMM y"
    return dates.format_date(value, format=pattern, locale=locale())


def zone(name: str) -> dt.tzinfo:
    """The time zone of that name, or UTC when the name is not one."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


def instant(*, value: dt.datetime, zone_name: str) -> tuple[str, str]:
    """The instant in that zone, named, and its UTC time; the UTC part names its day only where that differs."""
    local = value.astimezone(zone(zone_name))
    utc = value.astimezone(dt.UTC)
    zone_text = dates.get_timezone_name(local, width="short", locale=locale())
    local_text = f"{weekday(value=local.date())}, {local:%H:%M} {zone_text}"
    if local.utcoffset() == dt.timedelta(0):
        return local_text, ""
    utc_day = "" if utc.date() == local.date() else f"{weekday(value=utc.date())}, "
    return local_text, f"{utc_day}{utc:%H:%M} UTC"
