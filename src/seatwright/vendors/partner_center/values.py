"""How Partner Center writes texts, days and instants, and what they become in the port."""

import datetime as dt
import re

from seatwright.vendors import instants, port

MAX_TEXT = 500
_END_OF_DAY = dt.time(23, 59)
_DAY = dt.timedelta(days=1)
_OUR_SEGMENTS = {"nonprofit": "non_profit"}
_THEIR_SEGMENTS = {ours: theirs for theirs, ours in _OUR_SEGMENTS.items()}
_CATALOGUE_ITEM = re.compile(r"[^:]+:[^:]+:[^:]+")


def text(value: str | None) -> str:
    """Foreign text made fit to store: no NUL characters, at most `MAX_TEXT` characters."""
    return (value or "").replace("\x00", "")[:MAX_TEXT]


def snake(name: str | None) -> str:
    """`OneTime`, `one_time` and `OneTime ` alike as `one_time`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text(name).strip()).lower()


def squeezed(name: str | None) -> str:
    """`TermEnd`, `termEnd` and `term_end` alike as `termend`."""
    return snake(name).replace("_", "")


def segment(seen: str | None) -> str:
    """The port's word for a segment that the vendor wrote, in whatever case; empty when it wrote none."""
    name = squeezed(seen)
    return _OUR_SEGMENTS.get(name, name)


def their_segment(segment: str) -> str:
    """A segment of the port as the vendor wants it in a question: its `nonprofit` for `non_profit`, the others alike.

    Any other word than its own four is answered with 403 and code 400030.
    """
    return _THEIR_SEGMENTS.get(segment, segment)


def is_catalogue_item(item: str) -> bool:
    """Whether `item` is of the form `product:sku:availability`."""
    return bool(_CATALOGUE_ITEM.fullmatch(item))


def catalogue_parts(item: str) -> tuple[str, str]:
    """Product and SKU of a catalogue item; the whole text and nothing for what is none."""
    if not is_catalogue_item(item):
        return text(item), ""
    product_id, sku_id, _ = item.split(":")
    return text(product_id), text(sku_id)


def optional_instant(value: str | None) -> dt.datetime | None:
    """The instant, None also for one that cannot be read."""
    try:
        return instants.instant(value)
    except (ValueError, OverflowError):
        return None


def instant(value: str | None) -> dt.datetime | None:
    """The instant; raises `port.VendorGarbled` for one that cannot be read."""
    try:
        return instants.instant(value)
    except (ValueError, OverflowError):
        raise port.VendorGarbled("Partner Center sent a date that cannot be read") from None


def day(value: str | None) -> dt.date | None:
    moment = instant(value)
    return moment.date() if moment else None


def day_after(value: str | None, *, is_inclusive: bool = True) -> dt.date | None:
    """The first day after a period whose end the vendor gave; a day that lasts until 23:59 is always inside."""
    moment = instant(value)
    if moment is None:
        return None
    whole_day_counts = is_inclusive or moment.time() >= _END_OF_DAY
    return moment.date() + (_DAY if whole_day_counts else dt.timedelta())


def optional_day_after(value: str | None) -> dt.date | None:
    """The first day after, None also for a day that cannot be read."""
    found = optional_instant(value)
    return found.date() + _DAY if found else None


def last_day(end_on: dt.date | None) -> str | None:
    """The vendor's inclusive end for a first day after."""
    return f"{(end_on - _DAY).isoformat()}T00:00:00Z" if end_on else None


def moment(at: dt.datetime) -> str:
    """An instant as the vendor writes it, to the millisecond."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
