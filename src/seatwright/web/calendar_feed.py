"""Deadlines as a calendar (RFC 5545): instants in UTC, both clocks in the words, one lasting id for each deadline.

A deadline that was decided stays in the feed as cancelled, so that calendar programs take it off.
"""

import datetime as dt
from collections.abc import Callable, Iterable

import icalendar
from django.utils.translation import gettext as _

from seatwright.web import formats
from seatwright.workflows import deadline_feed

REFRESH = dt.timedelta(hours=1)


def written(
    *, deadlines: Iterable[deadline_feed.Deadline], is_staff: bool, address: Callable[[deadline_feed.Deadline], str]
) -> bytes:
    """The calendar in the active language; the same deadlines give the same bytes, `address` leads to the decision."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Seatwright//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Licence deadlines"))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(REFRESH))
    for each in deadlines:
        calendar.add_component(_event(each, is_staff=is_staff, address=address(each)))
    return bytes(calendar.to_ical())


def _event(each: deadline_feed.Deadline, *, is_staff: bool, address: str) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{each.key}@seatwright")
    # The day of the deadline, since a stamp of the moment would make every reading of the feed look new.
    event.add("dtstamp", each.at.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    event.add("dtstart", each.at.astimezone(dt.UTC))
    event.add("summary", _summary(each, is_staff=is_staff))
    event.add("description", _description(each))
    event.add("url", address)
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if each.is_decided else "CONFIRMED")
    event.add("sequence", 1 if each.is_decided else 0)
    return event


def _clocks(at: dt.datetime, each: deadline_feed.Deadline) -> str:
    local, utc = formats.instant(value=at, zone_name=each.time_zone)
    return f"{local} ({utc})" if utc else local


def _summary(each: deadline_feed.Deadline, *, is_staff: bool) -> str:
    facts = {"name": each.name, "n": each.seats, "when": _clocks(each.at, each)}
    if each.kind == "window":
        text = _("Last safe moment to return %(n)s of %(name)s: %(when)s") % facts
    else:
        text = _("Decide on the renewal of %(name)s (%(n)s seats) before %(when)s") % facts
    return f"{each.customer_name}: {text}" if is_staff else text


def _description(each: deadline_feed.Deadline) -> str:
    if each.kind == "window":
        text = _(
            "The vendor closes the return window on %(when)s; from then on the seats are paid until the term ends."
        )
    else:
        text = _("The term ends on %(when)s. The renewal can be changed until the last safe moment; then it is locked.")
    return text % {"when": _clocks(each.edge_at, each)}
