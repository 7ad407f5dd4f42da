"""The mails of the product in the reader's language and time zone; each is a pair of templates under `mail/`."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from seatwright.access.queries import Person
from seatwright.web import wording
from seatwright.workflows import send_mail

# Names of customers and licences stand in one line of a mail, and no longer than this.
LONGEST_NAME = 200


def compose(template: str, values: Mapping[str, Any], reader: Person) -> send_mail.Message:
    """The mail of this template; instants among the values (`*_at`) are put into the reader's zone and UTC."""
    with translation.override(reader.language):
        shown = {name: _shown(name, value, zone=reader.time_zone) for name, value in values.items()}
        shown |= {"reader": _line(reader.name or reader.email), "base_url": settings.ENVIRONMENT.base_url.rstrip("/")}
        return send_mail.Message(
            subject=_line(render_to_string(f"mail/{template}_subject.txt", shown)),
            text=render_to_string(f"mail/{template}.txt", shown).strip() + "\n",
        )


def _shown(name: str, value: Any, *, zone: str) -> Any:
    if name.endswith("_at") and isinstance(value, str):
        return wording.both_clocks(value=dt.datetime.fromisoformat(value), zone=zone)
    return _line(value) if isinstance(value, str) else value


def _line(text: str) -> str:
    """The text as one line, so that no name adds lines of its own."""
    return " ".join(text.split())[:LONGEST_NAME]
