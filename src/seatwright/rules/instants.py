"""Instants: what counts as one and how it is normalised."""

import datetime as dt


class NaiveInstant(ValueError):
    """A date and time without a zone is not an instant."""


def utc(at: dt.datetime) -> dt.datetime:
    """The same instant in UTC, so that adding hours to it adds hours; raises `NaiveInstant` for a zoneless one."""
    if at.utcoffset() is None:
        raise NaiveInstant(at.isoformat())
    return at.astimezone(dt.UTC)
