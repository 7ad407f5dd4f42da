"""Every way a renewal sheet changes; callers have checked permission and audit in the same transaction."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from seatwright.access.actors import Actor
from seatwright.orders import sheets
from seatwright.orders.models import (
    SHEET_LINE_TRANSITIONS,
    SHEET_TRANSITIONS,
    RenewalSheet,
    RenewalSheetLine,
    RenewalSheetNotice,
    RenewalSheetRecord,
)


class AskedAlready(Exception):
    """A renewal of these is in another sheet that is a draft or waits for its answer."""


class WrongState(Exception):
    """The sheet or line is in a state from which this does not follow."""


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """One licence to ask about, with its priced options and the wishes that stand."""

    subscription_id: uuid.UUID
    renews_on: dt.date
    facts: Mapping[str, Any]
    options: Sequence[Mapping[str, Any]]
    wishes: Mapping[str, Any]


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of the content."""
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def make(
    *,
    by: Actor,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    default: str,
    deadline_at: dt.datetime,
    policy_version: str,
    lines: Sequence[NewLine],
    at: dt.datetime,
) -> uuid.UUID:
    """Write a draft in the caller's transaction and return its id; raises AskedAlready."""
    sheet = RenewalSheet(
        reseller_id=reseller_id,
        customer_id=customer_id,
        state="draft",
        default=default,
        deadline_at=deadline_at,
        language="en",
        policy_version=policy_version,
        made_by_user_id=by.user_id,
        made_by=by.label[:200],
        made_at=at,
    )
    sheet.save(force_insert=True)
    rows = [
        RenewalSheetLine(
            sheet=sheet,
            reseller_id=reseller_id,
            customer_id=customer_id,
            position=position,
            subscription_id=line.subscription_id,
            renews_on=line.renews_on,
            facts=dict(line.facts),
            options=[dict(option) for option in line.options],
            wishes=dict(line.wishes),
            is_live=True,
            state="open",
        )
        for position, line in enumerate(lines)
    ]
    try:
        with transaction.atomic():
            RenewalSheetLine.objects.bulk_create(rows)
    except IntegrityError as error:
        raise AskedAlready from error
    return sheet.pk


def hold(*, sheet_id: uuid.UUID) -> sheets.SheetRow:
    """The sheet under its lock until the caller's transaction ends; whoever answers, defaults or closes holds it."""
    row = RenewalSheet.objects.select_for_update().get(pk=sheet_id)
    return sheets.with_lines([row])[0]


def mark_sent(*, sheet_id: uuid.UUID, content: Mapping[str, Any], language: str, at: dt.datetime) -> str:
    """Freeze what is asked and note that it goes out; returns its digest. Raises WrongState."""
    row = _in(sheet_id, to="sent")
    row.state, row.content, row.content_hash, row.language, row.sent_at = (
        "sent",
        dict(content),
        digest(content),
        language,
        at,
    )
    row.save(update_fields=["state", "content", "content_hash", "language", "sent_at"])
    return row.content_hash


def close(*, sheet_id: uuid.UUID, state: str, by: Actor, at: dt.datetime) -> None:
    """End the sheet; its renewals may be asked about anew. Raises WrongState."""
    row = _in(sheet_id, to=state)
    row.state, row.closed_at, row.closed_by = state, at, by.label[:200]
    row.save(update_fields=["state", "closed_at", "closed_by"])
    RenewalSheetLine.objects.filter(sheet_id=sheet_id).update(is_live=False)


def _in(sheet_id: uuid.UUID, *, to: str) -> RenewalSheet:
    row = RenewalSheet.objects.select_for_update().get(pk=sheet_id)
    if to not in SHEET_TRANSITIONS[row.state]:
        raise WrongState
    return row


def decide_line(
    *,
    line_id: uuid.UUID,
    state: str,
    by: Actor | None,
    choice: str = "",
    seats: int | None = None,
    term_minor: int | None = None,
    note: str = "",
    over: Mapping[str, Any] | None = None,
    at: dt.datetime,
) -> None:
    """Write what becomes of a line, which its sheet's lock protects; `open` again forgets what was chosen.

    `over` are the wishes that stand while it is being answered. Writing the state that it has keeps it; any other must
    follow. Raises WrongState.
    """
    line = RenewalSheetLine.objects.get(pk=line_id)
    if state != line.state and state not in SHEET_LINE_TRANSITIONS[line.state]:
        raise WrongState
    is_open = state == "open"
    line.state, line.choice, line.seats, line.term_minor, line.note = state, choice, seats, term_minor, note[:64]
    line.decided_by = "" if is_open or by is None else by.label[:200]
    line.decided_by_user_id = None if is_open or by is None else by.user_id
    line.decided_at, line.answered_over = None if is_open else at, None if over is None else dict(over)
    line.save(
        update_fields=[
            "state",
            "choice",
            "seats",
            "term_minor",
            "note",
            "decided_by",
            "decided_by_user_id",
            "decided_at",
            "answered_over",
        ]
    )


def settle_line(*, line_id: uuid.UUID, state: str, note: str = "") -> None:
    """End a line that somebody is answering with what they chose, who and when unchanged; raises WrongState."""
    line = RenewalSheetLine.objects.get(pk=line_id)
    if state not in SHEET_LINE_TRANSITIONS[line.state]:
        raise WrongState
    line.state, line.note = state, note[:64]
    line.save(update_fields=["state", "note"])


def note_notice(
    *,
    sheet: sheets.SheetRow,
    kind: str,
    before: dt.timedelta,
    user_id: int,
    name: str,
    email: str,
    operation_id: uuid.UUID,
    at: dt.datetime,
) -> None:
    """Write that a mail was queued, in the transaction that queued it; the database refuses a second one."""
    RenewalSheetNotice(
        sheet_id=sheet.sheet_id,
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
        kind=kind,
        before_s=int(before.total_seconds()),
        user_id=user_id,
        name=name[:200],
        email=email[:254],
        operation_id=operation_id,
        queued_at=at,
    ).save(force_insert=True)


def keep_record(*, sheet: sheets.SheetRow, content: Mapping[str, Any], document: bytes, at: dt.datetime) -> bool:
    """Store the document of a closed sheet, in the caller's transaction; False when it was stored before."""
    if RenewalSheetRecord.objects.filter(sheet_id=sheet.sheet_id).exists():
        return False
    RenewalSheetRecord(
        sheet_id=sheet.sheet_id,
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
        content=dict(content),
        content_hash=digest(content),
        document=document,
        document_hash=hashlib.sha256(document).hexdigest(),
        made_at=at,
    ).save(force_insert=True)
    return True
