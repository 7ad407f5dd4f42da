"""Every question about renewal sheets; rows are plain values, complete with their lines."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.orders.models import RenewalSheet, RenewalSheetLine, RenewalSheetNotice, RenewalSheetRecord

SHOWN_MOST = 100


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One licence of a sheet; `options` are as the line was priced, and `seats` and `term_minor` those decided."""

    line_id: uuid.UUID
    position: int
    subscription_id: uuid.UUID
    renews_on: dt.date
    facts: Mapping[str, Any]
    options: tuple[Mapping[str, Any], ...]
    wishes: Mapping[str, Any]
    answered_over: Mapping[str, Any] | None
    state: str
    choice: str
    seats: int | None
    term_minor: int | None
    note: str
    decided_by: str
    decided_at: dt.datetime | None

    def option(self, key: str) -> Mapping[str, Any] | None:
        """The option of that key; None where the line has none."""
        return next((each for each in self.options if each["key"] == key), None)


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """A renewal sheet with its lines in order; `deadline_at` is exclusive."""

    sheet_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    state: str
    default: str
    deadline_at: dt.datetime
    language: str
    policy_version: str
    made_by: str
    made_at: dt.datetime
    sent_at: dt.datetime | None
    content_hash: str
    closed_at: dt.datetime | None
    closed_by: str
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, kw_only=True)
class NoticeRow:
    """That somebody was written to; `before` is the stage of a reminder, zero for other mails."""

    kind: str
    before: dt.timedelta
    user_id: int
    name: str
    email: str
    queued_at: dt.datetime


def sheet(*, seen_by: Actor, sheet_id: uuid.UUID, action: str = "sheets.view") -> SheetRow:
    """One sheet; raises access.permissions.Unknown for a foreign or unknown id and for the customer's eyes on a draft.

    Raises NotAllowed without the right.
    """
    row = RenewalSheet.objects.filter(pk=sheet_id).first()
    if row is None:
        raise permissions.Unknown
    place = {"reseller_id": row.reseller_id, "customer_id": row.customer_id}
    permissions.require(by=seen_by, action=action, **place)
    if row.state == "draft" and not permissions.allowed(by=seen_by, action="sheets.make", **place):
        raise permissions.Unknown
    return with_lines([row])[0]


def sheets(*, seen_by: Actor, customer_id: uuid.UUID) -> list[SheetRow]:
    """The customer's newest sheets that the actor may see, newest first; drafts only for those who make them."""
    rows = RenewalSheet.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="sheets.view"), customer_id=customer_id
    )
    mine = list(rows.order_by("-made_at", "-id")[:SHOWN_MOST])
    return with_lines(
        [
            row
            for row in mine
            if row.state != "draft"
            or permissions.allowed(
                by=seen_by, action="sheets.make", reseller_id=row.reseller_id, customer_id=row.customer_id
            )
        ]
    )


def waiting(*, seen_by: Actor, customer_ids: Sequence[uuid.UUID]) -> list[SheetRow]:
    """The sheets of these customers that the actor may see and that wait for an answer, soonest deadline first."""
    rows = RenewalSheet.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="sheets.view"), customer_id__in=customer_ids, state="sent"
    )
    return with_lines(list(rows.order_by("deadline_at", "id")[:SHOWN_MOST]))


def sent(*, after: uuid.UUID | None = None, limit: int = 200) -> list[SheetRow]:
    """A page of the sheets that wait for an answer, by id; for the product's own scheduled work."""
    rows = RenewalSheet.objects.filter(state="sent")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return with_lines(list(rows.order_by("pk")[:limit]))


def notices(*, sheet_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[NoticeRow, ...]]:
    """Who was written to about these sheets, oldest first."""
    found: dict[uuid.UUID, list[NoticeRow]] = {}
    for row in RenewalSheetNotice.objects.filter(sheet_id__in=sheet_ids).order_by("id"):
        found.setdefault(row.sheet_id, []).append(
            NoticeRow(
                kind=row.kind,
                before=dt.timedelta(seconds=row.before_s),
                user_id=row.user_id,
                name=row.name,
                email=row.email,
                queued_at=row.queued_at,
            )
        )
    return {key: tuple(rows) for key, rows in found.items()}


def has_record(*, sheet_id: uuid.UUID) -> bool:
    """Whether the document of who decided is there."""
    return RenewalSheetRecord.objects.filter(sheet_id=sheet_id).exists()


def record(*, sheet_id: uuid.UUID) -> bytes | None:
    """The document of who decided, the same bytes every time; the caller has read the sheet with permission."""
    row = RenewalSheetRecord.objects.filter(sheet_id=sheet_id).first()
    return None if row is None else bytes(row.document)


def with_lines(rows: Sequence[RenewalSheet]) -> list[SheetRow]:
    """These sheets with their lines, for this room's own use."""
    lines: dict[uuid.UUID, list[LineRow]] = {}
    found: QuerySet[RenewalSheetLine] = RenewalSheetLine.objects.filter(sheet_id__in=[row.pk for row in rows])
    for line in found.order_by("sheet_id", "position"):
        lines.setdefault(line.sheet_id, []).append(_line_row(line))
    return [_sheet_row(row, tuple(lines.get(row.pk, ()))) for row in rows]


def _sheet_row(row: RenewalSheet, lines: tuple[LineRow, ...]) -> SheetRow:
    return SheetRow(
        sheet_id=row.pk,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        state=row.state,
        default=row.default,
        deadline_at=row.deadline_at,
        language=row.language,
        policy_version=row.policy_version,
        made_by=row.made_by,
        made_at=row.made_at,
        sent_at=row.sent_at,
        content_hash=row.content_hash,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        lines=lines,
    )


def _line_row(line: RenewalSheetLine) -> LineRow:
    return LineRow(
        line_id=line.pk,
        position=line.position,
        subscription_id=line.subscription_id,
        renews_on=line.renews_on,
        facts=line.facts,
        options=tuple(line.options),
        wishes=line.wishes,
        answered_over=line.answered_over,
        state=line.state,
        choice=line.choice,
        seats=line.seats,
        term_minor=line.term_minor,
        note=line.note,
        decided_by=line.decided_by,
        decided_at=line.decided_at,
    )
