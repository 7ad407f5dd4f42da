"""The mails of the product in the reader's language and time zone; each is a pair of templates under `mail/`."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from seatwright.access.queries import Person
from seatwright.web import sheet_links, wording, wording_sheets
from seatwright.workflows import send_mail

# Names of customers and licences stand in one line of a mail, and no longer than this.
LONGEST_NAME = 200


def compose(template: str, values: Mapping[str, Any], reader: Person) -> send_mail.Message:
    """The mail of this template; instants among the values (`*_at`) are put into the reader's zone and UTC."""
    with translation.override(reader.language):
        shown = {name: _shown(name, value, zone=reader.time_zone) for name, value in values.items()}
        shown |= {"reader": _line(reader.name or reader.email), "base_url": settings.ENVIRONMENT.base_url.rstrip("/")}
        if "default" in values:
            shown["default_words"] = wording.named(wording_sheets.DEFAULTS, values["default"])
        if "until_at" in values:
            shown["sheet_path"] = sheet_links.path(
                sheet_id=uuid.UUID(values["sheet_id"]),
                user_id=reader.user_id,
                until=dt.datetime.fromisoformat(values["until_at"]),
            )
        return send_mail.Message(
            subject=_line(render_to_string(f"mail/{template}_subject.txt", shown)),
            text=render_to_string(f"mail/{template}.txt", shown).strip() + "\n",
        )


def _shown(name: str, value: Any, *, zone: str) -> Any:
    if name.endswith("_at") and isinstance(value, str):
        return wording.both_clocks(value=dt.datetime.fromisoformat(value), zone=zone)
    if isinstance(value, list):
        return [_line(each) for each in value]
    return _line(value) if isinstance(value, str) else value


def _line(text: str) -> str:
    """The text as one line, so that no name adds lines of its own."""
    return " ".join(text.split())[:LONGEST_NAME]
