"""Draws the record of who decided a renewal sheet as PDF/A, in the language of those who were asked.

Texts reach the typesetter as JSON, so that no name is read as markup. The instant is given, fonts are those of the
program first, and the result is stored, so that every download has the same bytes.
"""

import datetime as dt
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from seatwright.orders import sheet_changes
from seatwright.web import formats, wording, wording_sheets

TEMPLATE = pathlib.Path(__file__).parent / "documents" / "renewal_record.typ"
LONGEST_TEXT = 400


def draw(content: Mapping[str, Any], language: str, at: dt.datetime) -> bytes:
    """The document for that content; a character that no font has is written as its code point."""
    with translation.override(language):
        data = _shown(content, language)
    try:
        return _compiled(data, at)
    except RuntimeError:
        return _compiled(_spelled_out(data), at)


def _compiled(data: Mapping[str, Any], at: dt.datetime) -> bytes:
    import typst

    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    document = typst.compile(
        TEMPLATE, format="pdf", sys_inputs=inputs, pdf_standards="a-3b", timestamp=int(at.timestamp())
    )
    assert isinstance(document, bytes)
    return document


def _spelled_out(value: Any) -> Any:
    """The same with every character beyond Latin, Greek and Cyrillic as its code point."""
    if isinstance(value, str):
        return "".join(
            each if ord(each) < 0x530 or 0x2000 <= ord(each) < 0x20D0 else f"[U+{ord(each):04X}]" for each in value
        )
    if isinstance(value, list):
        return [_spelled_out(each) for each in value]
    if isinstance(value, dict):
        return {name: _spelled_out(each) for name, each in value.items()}
    return value


def _text(value: Any) -> str:
    """The value as one printable line."""
    plain = " ".join(str(value).split())
    return "".join(each for each in plain if each.isprintable())[:LONGEST_TEXT]


def _instant(text: str, zone: str) -> str:
    return wording.both_clocks(value=dt.datetime.fromisoformat(text), zone=zone) if text else "–"


def _shown(content: Mapping[str, Any], language: str) -> dict[str, Any]:
    zone = content["time_zone"]
    hash_ = sheet_changes.digest(content)
    return {
        "lang": language,
        "title": _("Renewal sheet: who decided what"),
        "author": _text(content["reseller"]),
        "lead": _text(
            _("%(reseller)s asked %(customer)s what becomes of these licences at their renewals.")
            % {"reseller": content["reseller"], "customer": content["customer"]}
        ),
        "facts": [
            [_("Customer"), _text(content["customer"])],
            [_("Reseller"), _text(content["reseller"])],
            [_("Outcome"), wording.named(wording_sheets.STATES, content["state"])],
            [_("Made"), f"{_text(content['made_by'])}, {_instant(content['made_at'], zone)}"],
            [_("Sent"), _instant(content["sent_at"], zone)],
            [_("Deadline"), _instant(content["deadline_at"], zone)],
            [_("If nobody answers"), wording.named(wording_sheets.DEFAULTS, content["default"])],
            [_("Closed"), _instant(content["closed_at"], zone)],
        ],
        "decisions_title": _("Decisions"),
        "lines": [_line(line, zone) for line in content["lines"]],
        "notices_title": _("Who was written to"),
        "no_notices": _("Nobody."),
        "notice_heads": [_("What"), _("To"), _("When")],
        "notices": [
            [
                wording.named(wording_sheets.NOTICES, each["kind"]),
                _text(f"{each['name']} <{each['email']}>"),
                _instant(each["queued_at"], zone),
            ]
            for each in content["notices"]
        ],
        "prices_note": _(
            "Amounts are without tax, for the whole next term, at the prices known when the sheet was made. A price "
            "list that comes into force before the renewal counts instead."
        ),
        "footer": f"{_('Sheet')} {content['sheet_id']}",
        "hash_note": f"{_('SHA-256 of what is recorded here:')} {hash_}",
    }


def _line(line: Mapping[str, Any], zone: str) -> dict[str, Any]:
    chosen = (
        wording_sheets.option_words(
            key=line["choice"], seats=line["seats"], term=line["next_term"], billing_plan=line["next_plan"]
        )
        if line["choice"]
        else "–"
    )
    note = wording_sheets.note(line["note"])
    state = wording.named(wording_sheets.LINE_STATES, line["state"])
    amount = "–" if line["term_minor"] is None else formats.money(minor=line["term_minor"], currency=line["currency"])
    held = f"{wording.named(wording.TERMS, line['term'])}, {wording.named(wording.PLANS, line['billing_plan'])}"
    facts = [
        [_("Until now"), f"{formats.number(value=line['seats_before'])} {_('seats')}, {held}"],
        [_("Renewal"), formats.day(value=dt.date.fromisoformat(line["renews_on"]))],
        [_("Decision"), chosen],
        [_("Next term, without tax"), amount],
        [_("How"), f"{state} ({note})" if note else state],
        [_("Decided by"), f"{_text(line['decided_by']) or '–'}, {_instant(line['decided_at'], zone)}"],
    ]
    return {"name": _text(line["name"]), "facts": facts}
