"""The link in a mail about a renewal sheet: signed, for this one purpose, and good until the sheet's deadline.

It is a way and no key: whoever follows it signs in first, and then sees and decides only what they may anyway.
"""

import datetime as dt
import uuid

from django.core import signing
from django.urls import reverse

SALT = "seatwright.renewal-sheet-link"


class NoLink(Exception):
    """The text is no link that was given out for this purpose, or its time is over (`is_over`)."""

    def __init__(self, *, is_over: bool) -> None:
        super().__init__(is_over)
        self.is_over = is_over


def path(*, sheet_id: uuid.UUID, user_id: int, until: dt.datetime) -> str:
    """The address for the mail to this person, good until that instant, exclusive."""
    key = signing.dumps([str(sheet_id), user_id, int(until.timestamp())], salt=SALT)
    return reverse("open_sheet", args=[key])


def opened(*, key: str, at: dt.datetime) -> uuid.UUID:
    """The sheet that the key names; raises NoLink."""
    try:
        sheet_id, _user_id, until_s = signing.loads(key, salt=SALT)
        found = uuid.UUID(sheet_id)
    except (signing.BadSignature, ValueError, TypeError):
        raise NoLink(is_over=False) from None
    if at.timestamp() >= until_s:
        raise NoLink(is_over=True)
    return found
