"""The one place where an instant becomes a business date of a time zone, and a business date becomes instants."""

import datetime as dt
import zoneinfo

from seatwright.rules import instants

_MICROSECOND = dt.timedelta(microseconds=1)


class UnknownZone(ValueError):
    """The name is not in the time zone database."""


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """The zone of that IANA name; raises `UnknownZone`."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None


def business_date(*, at: dt.datetime, zone: str) -> dt.date:
    """The calendar date that the clocks of `zone` show at the instant `at`."""
    return instants.utc(at).astimezone(zone_named(zone)).date()


def start_of_day(*, on: dt.date, zone: str) -> dt.datetime:
    """The first instant, in UTC, at which the clocks of `zone` show the date `on`.

    Usually local midnight. Where the clocks jump over midnight it is the jump; where they jump over the whole date
    (Apia, 30 December 2011) the date is empty and its start is the start of the next one.
    """
    named = zone_named(zone)
    midnight = dt.datetime.combine(on, dt.time(), tzinfo=named)
    latest = midnight.astimezone(dt.UTC)
    if latest.astimezone(named).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return latest
    return _first_instant(midnight.replace(fold=1).astimezone(dt.UTC), latest, on, named)


def _first_instant(before: dt.datetime, reached: dt.datetime, on: dt.date, named: zoneinfo.ZoneInfo) -> dt.datetime:
    """The jump between an instant before the date `on` and one that has reached it, by halving."""
    while reached - before > _MICROSECOND:
        middle = before + (reached - before) // 2
        if middle.astimezone(named).date() >= on:
            reached = middle
        else:
            before = middle
    return reached
