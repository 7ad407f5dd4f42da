"""Dates as vendors write them, and the waits they ask for. Pure; no clock."""

import datetime as dt
import email.utils
import re
from collections.abc import Mapping

LONGEST_WAIT_S = 86_400
DEFAULT_WAIT_S = 30

_INSTANT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.(?P<fraction>[0-9]{1,12}))?)?"
    r" ?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_SECONDS = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?")


def instant(text: str | None) -> dt.datetime | None:
    """The UTC instant in `text`; None for no text and for the vendors' "none" (year 1) and "never" (year 9999).

    Seven fraction digits are cut to six, no zone means UTC, blanks around colons are ignored. Raises `ValueError`.
    """
    if text is None or not text.strip():
        return None
    found = _INSTANT.fullmatch(re.sub(r"\s*:\s*", ":", text.strip()))
    if found is None:
        raise ValueError("not an instant")
    if found["date"][:4] in ("0000", "0001", "9999"):
        return None
    moment = dt.datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00:00'}")
    moment += dt.timedelta(microseconds=int((found["fraction"] or "0")[:6].ljust(6, "0")))
    return moment.replace(tzinfo=dt.UTC) - _offset(found["zone"])


def _offset(zone: str | None) -> dt.timedelta:
    if zone is None or zone in "Zz":
        return dt.timedelta()
    size = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -size if zone[0] == "-" else size


def retry_at(headers: Mapping[str, str], *, at: dt.datetime, missing_s: int = DEFAULT_WAIT_S) -> dt.datetime:
    """When the vendor wants to be asked again: its `retry-after`, between one second and a day from `at`.

    Whole and decimal seconds and HTTP dates are understood; a date is compared with the answer's own `date`, so that
    clocks may differ, or with `at` when it lies before that. A missing, negative or unreadable value means `missing_s`.
    Header names are lower case.
    """
    wait_s = _wait_s(headers.get("retry-after", "").strip(), answered=headers.get("date", ""), at=at)
    if wait_s is None or wait_s < 0:
        wait_s = missing_s
    return at + dt.timedelta(seconds=min(max(wait_s, 1.0), LONGEST_WAIT_S))


def _wait_s(value: str, *, answered: str, at: dt.datetime) -> float | None:
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _http_date(value)
    if until is None:
        return None
    return next(
        (wait for now in (_http_date(answered), at) if now and (wait := (until - now).total_seconds()) >= 0), None
    )


def _http_date(value: str) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
