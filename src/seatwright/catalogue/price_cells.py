"""The cells of a price sheet: prices, dates and the vendor's words, each either a value or advice on what to do.

Pure. A `Wrong` is raised with the advice; the caller knows line and column.
"""

import datetime as dt
import functools
import re

from seatwright.rules import money, terms

PRICE_SCALE = 8
_UNIT = 100_000_000
_PRICE = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,8}))?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_US_DATE = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))? ?([AaPp][Mm])?)?"
)
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ](.+))?")
_ISO_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?")
_PRODUCT_ID = re.compile(r"[A-Z0-9-]{4,40}")
_VENDOR_SKU_ID = re.compile(r"[A-Z0-9]{1,20}")

SEGMENTS = {
    "commercial": "commercial",
    "education": "education",
    "government": "government",
    "charity": "non_profit",
    "nonprofit": "non_profit",
    "non-profit": "non_profit",
    "non_profit": "non_profit",
}
OTHER_TERMS = frozenset({"NOTERM", "P5Y", "P2Y", "P6M", "P3M", "P1D", "P7D", "P30D"})
OTHER_BILLING_PLANS = frozenset({"one_time", "onetime", "none", "biennial"})


class Wrong(Exception):
    """A cell that cannot be used; the text says what to do about it."""


def price_e8(text: str) -> int:
    """The exact price in hundred-millionths of the currency's main unit; only plain ASCII digits with a dot."""
    match = _PRICE.fullmatch(text)
    if match is None:
        raise Wrong(
            "is not a price; write it like 115.2: digits and a dot, no sign, exponent, blank or thousands separator."
        )
    whole, decimals = match.groups()
    return int(whole) * _UNIT + int((decimals or "").ljust(PRICE_SCALE, "0"))


def whole_number(text: str) -> int:
    """A number of seats from 0 to 999,999,999."""
    if not _WHOLE.fullmatch(text):
        raise Wrong("is not a number of seats; write it like 25, or leave the cell empty.")
    return int(text)


@functools.lru_cache(maxsize=4096)
def day(text: str) -> tuple[dt.date, bool]:
    """The UTC day, and whether the text says the very start of it; US dates (month first) or ISO 8601."""
    try:
        if us := _US_DATE.fullmatch(text):
            moment = _us_moment(us)
        elif iso := _ISO_DATE.fullmatch(text):
            moment = _iso_moment(iso)
        else:
            raise Wrong("is not a date; write it like 2/1/2026 12:00:00 AM (month first) or 2026-02-01.")
    except (ValueError, OverflowError) as trouble:
        raise Wrong(
            "is a date that does not exist; the vendor's sheets write the month first, or ISO 8601."
        ) from trouble
    return moment.date(), moment.time() == dt.time(0)


def _us_moment(match: re.Match[str]) -> dt.datetime:
    month, date, year, hour, minute, second, half = match.groups()
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(hours)
        hours = hours % 12 + (12 if half.casefold() == "pm" else 0)
    return dt.datetime(int(year), int(month), int(date), hours, int(minute or 0), int(second or 0), tzinfo=dt.UTC)


def _iso_moment(match: re.Match[str]) -> dt.datetime:
    year, month, date, clock = match.groups()
    start = dt.datetime(int(year), int(month), int(date), tzinfo=dt.UTC)
    if clock is None:
        return start
    time = _ISO_TIME.fullmatch(clock)
    if time is None:
        raise ValueError(clock)
    hour, minute, second, sign, off_hours, off_minutes = time.groups()
    moment = start.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    if sign is None or start.year >= 9999:
        return moment
    offset = dt.timedelta(hours=int(off_hours), minutes=int(off_minutes))
    return moment - offset if sign == "+" else moment + offset


def product_id(text: str) -> str:
    """The product id in upper case."""
    if not _PRODUCT_ID.fullmatch(text.upper()):
        raise Wrong("is not a product id such as CFQ7TTC0LH18; copy it from the vendor's sheet.")
    return text.upper()


def vendor_sku_id(text: str) -> str:
    """The SKU id inside its product in upper case, with the leading zeros that spreadsheets take away (1 is 0001)."""
    if not _VENDOR_SKU_ID.fullmatch(text.upper()):
        raise Wrong("is not a SKU id such as 0001; copy it from the vendor's sheet.")
    return text.upper().rjust(4, "0")


@functools.lru_cache(maxsize=1024)
def market(text: str) -> str:
    """The ISO 3166 code of a country in upper case."""
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise Wrong("is not a market; write the two letters of the country, such as DE.")
    return text.upper()


@functools.lru_cache(maxsize=1024)
def currency(text: str) -> str:
    """The ISO 4217 code of a currency in upper case."""
    try:
        money.exponent(text.upper())
    except money.UnknownCurrency as unknown:
        raise Wrong("is not a currency; write its three letters, such as EUR.") from unknown
    return text.upper()


def segment(text: str) -> str:
    """Our word for the vendor's segment; an empty cell means commercial."""
    found = SEGMENTS.get(text.casefold() or "commercial")
    if found is None:
        raise Wrong("is not a segment; Commercial, Education, Government and Charity are known.")
    return found


@functools.lru_cache(maxsize=1024)
def term(text: str) -> terms.Term | None:
    """The term, or None for one in which no seats are sold (NoTerm, P5Y and the like)."""
    upper = text.upper()
    if upper in set(terms.Term):
        return terms.Term(upper)
    if upper in OTHER_TERMS:
        return None
    raise Wrong("is not a term; P1M, P1Y and P3Y are sold, NoTerm and other lengths the vendor uses are left out.")


@functools.lru_cache(maxsize=1024)
def billing_plan(text: str) -> terms.BillingPlan | None:
    """The billing plan, or None for one in which no seats are sold (None, OneTime)."""
    lower = text.casefold()
    if lower in set(terms.BillingPlan):
        return terms.BillingPlan(lower)
    if lower in OTHER_BILLING_PLANS:
        return None
    raise Wrong("is not a billing plan; Monthly, Annual and Triennial are known.")
