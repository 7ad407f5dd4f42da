"""Journey 7, the asking half: a renewal sheet is made for a customer, sent to its contract owners, or withdrawn.

Making prices every option and writes the amounts down; sending freezes what is asked, and the deadline and the default
with it, and writes to each owner. What owners answer is in `answer_sheet`, what silence brings in `close_sheet`.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from django.db import transaction

from seatwright.access import audit, permissions
from seatwright.access import queries as people
from seatwright.access.actors import Actor, Role
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import sheet_changes, sheets
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import send_mail, sheet_options

Default = Literal["keep", "reduce", "cancel", "nothing"]
DEFAULTS: tuple[Default, ...] = get_args(Default)
OWNERS = frozenset({Role.CONTRACT_OWNER})
LINES_MOST = 50
UNDECIDED = ("open", "answering")
WHOLE_YEAR = dt.timedelta(days=366)
# Between the deadline and the lock the default is stored at the vendor, retries included.
LATEST_BEFORE_LOCK = dt.timedelta(hours=1)
Why = Literal[
    "nothing_to_ask",
    "too_many",
    "deadline_past",
    "deadline_after_lock",
    "locked_too_soon",
    "nobody_to_ask",
    "asked_already",
    "changed",
    "closed",
]


class Refused(Exception):
    """The sheet cannot be made, sent or withdrawn; `why` says what is in the way, `latest_at` bounds a deadline."""

    def __init__(self, why: Why, *, latest_at: dt.datetime | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.latest_at = latest_at


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A licence that a sheet can ask about; `is_asked` when another sheet does already."""

    subscription_id: uuid.UUID
    name: str
    term: str
    billing_plan: str
    seats: int
    renews_on: dt.date
    lock_at: dt.datetime
    is_asked: bool


@dataclass(frozen=True, kw_only=True)
class Making:
    """What the page for a new sheet needs: the licences that renew in the window, and the deadline proposed."""

    customer: customers.CustomerRow
    candidates: tuple[Candidate, ...]
    owners: tuple[people.Person, ...]
    deadline_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class SheetPage:
    """A sheet with its customer, who was written to, and what the reader may do."""

    customer: customers.CustomerRow
    sheet: sheets.SheetRow
    notices: tuple[sheets.NoticeRow, ...]
    has_record: bool
    may_answer: bool
    may_make: bool


def candidates(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime, within: dt.timedelta = WHOLE_YEAR) -> Making:
    """The licences of the customer whose renewals can be asked about; raises Unknown or NotAllowed.

    Months that roll on are not asked about, nor what is locked before any answer could be stored. The deadline proposed
    is the soonest lock less the time that the rules leave for storing answers, or the latest possible moment where that
    is past; None where nothing can be asked.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="sheets.make")
    asked = {
        each.subscription_id for sheet in sheets.sheets(seen_by=by, customer_id=customer_id) for each in _live(sheet)
    }
    rows = [
        row
        for row in holdings.holdings(seen_by=by, customer_ids=[customer_id])
        if row.term != "P1M" and row.commitment_end_on <= (at + within).date()
    ]
    lock_ats = sheet_options.lock_ats(rows=rows, at=at)
    found = []
    for row in rows:
        lock_at = lock_ats.get(row.subscription_id)
        if lock_at is None or lock_at - LATEST_BEFORE_LOCK <= at:
            continue
        found.append(
            Candidate(
                subscription_id=row.subscription_id,
                name=row.name,
                term=row.term,
                billing_plan=row.billing_plan,
                seats=row.seats,
                renews_on=row.commitment_end_on,
                lock_at=lock_at,
                is_asked=row.subscription_id in asked,
            )
        )
    found.sort(key=lambda each: (each.renews_on, each.name))
    locks = [each.lock_at for each in found if not each.is_asked]
    margin = catalogue.sheet_rules(on=at.date()).answer_before_lock
    proposed = None
    if locks:
        latest_at = min(locks) - LATEST_BEFORE_LOCK
        proposed = min(max(min(locks) - margin, at + dt.timedelta(hours=1)), latest_at)
    return Making(
        customer=customer,
        candidates=tuple(found),
        owners=tuple(_owners(customer)),
        deadline_at=proposed,
    )


def _live(sheet: sheets.SheetRow) -> tuple[sheets.LineRow, ...]:
    return sheet.lines if sheet.state in ("draft", "sent") else ()


def _owners(customer: customers.CustomerRow) -> list[people.Person]:
    return customers.members(roles=OWNERS, reseller_id=customer.reseller_id, customer_id=customer.customer_id)


def make(
    *,
    by: Actor,
    customer_id: uuid.UUID,
    subscription_ids: Collection[uuid.UUID],
    default: Default,
    deadline_at: dt.datetime,
    at: dt.datetime,
) -> uuid.UUID:
    """Price every option of these licences, write them down as a draft and return its id.

    Raises Refused, access.permissions.Unknown (also for a licence that is not the customer's) or NotAllowed.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="sheets.make")
    chosen = set(subscription_ids)
    rows = [row for row in holdings.holdings(seen_by=by, customer_ids=[customer_id]) if row.subscription_id in chosen]
    if len(rows) != len(chosen):
        raise permissions.Unknown
    if not rows:
        raise Refused("nothing_to_ask")
    if len(rows) > LINES_MOST:
        raise Refused("too_many")
    asking = sheet_options.Asking(by=by, customer=customer, rows=rows, at=at)
    keys, days = {row.offer_key for row in rows}, {row.commitment_end_on for row in rows}
    with catalogue.each_once(offer_keys=keys, days=days):
        lines = [line for row in rows if (line := asking.line(row)) is not None]
    if len(lines) != len(rows):
        raise Refused("nothing_to_ask")
    _require_deadline(deadline_at, [line.facts for line in lines], at=at)
    lines.sort(key=lambda line: (line.renews_on, str(line.facts["name"])))
    with transaction.atomic(durable=True):
        try:
            sheet_id = sheet_changes.make(
                by=by,
                reseller_id=customer.reseller_id,
                customer_id=customer_id,
                default=default,
                deadline_at=deadline_at,
                policy_version=catalogue.sheet_rules(on=at.date()).version,
                lines=lines,
                at=at,
            )
        except sheet_changes.AskedAlready:
            raise Refused("asked_already") from None
        _audit(by, "sheet.made", sheet_id, customer, after={"default": default, "lines": len(lines)}, at=at)
    return sheet_id


def _latest_at(facts: Sequence[Any]) -> dt.datetime:
    """The latest possible deadline, inclusive: later, the default could not be stored before the soonest lock."""
    return min(dt.datetime.fromisoformat(each["lock_at"]) for each in facts) - LATEST_BEFORE_LOCK


def _require_deadline(deadline_at: dt.datetime, facts: Sequence[Any], *, at: dt.datetime) -> None:
    latest_at = _latest_at(facts)
    if latest_at <= at:
        raise Refused("locked_too_soon", latest_at=latest_at)
    if deadline_at <= at:
        raise Refused("deadline_past", latest_at=latest_at)
    if deadline_at > latest_at:
        raise Refused("deadline_after_lock", latest_at=latest_at)


def send(*, by: Actor, sheet_id: uuid.UUID, at: dt.datetime) -> None:
    """Send a draft to the customer's contract owners: what is asked is frozen and each of them gets a mail.

    Raises Refused: when a licence or a wish changed since the sheet was made, it is made anew. Raises
    access.permissions.Unknown or NotAllowed.
    """
    seen = sheets.sheet(seen_by=by, sheet_id=sheet_id, action="sheets.make")
    customer = customers.customer(seen_by=by, customer_id=seen.customer_id)
    owners = _owners(customer)
    if not owners:
        raise Refused("nobody_to_ask")
    with transaction.atomic(durable=True):
        sheet = sheet_changes.hold(sheet_id=sheet_id)
        if sheet.state != "draft":
            raise Refused("closed")
        _require_deadline(sheet.deadline_at, [line.facts for line in sheet.lines], at=at)
        rows = holdings.by_ids(subscription_ids=[line.subscription_id for line in sheet.lines])
        held, wishes = {row.subscription_id: row for row in rows}, sheet_options.wishes_of(rows)
        for line in sheet.lines:
            row = held[line.subscription_id]
            if not sheet_options.is_as_asked(row, line) or wishes[row.subscription_id] != line.wishes:
                raise Refused("changed")
        content = _content(sheet, customer)
        hash_ = sheet_changes.mark_sent(sheet_id=sheet_id, content=content, language=owners[0].language, at=at)
        write_to(sheet, owners, kind="sent", before=dt.timedelta(), customer=customer, at=at)
        _audit(
            by, "sheet.sent", sheet_id, customer, after={"content_hash": hash_, "to": [o.email for o in owners]}, at=at
        )


def _content(sheet: sheets.SheetRow, customer: customers.CustomerRow) -> dict[str, Any]:
    """What the owners are asked, word for word in figures."""
    return {
        "sheet_id": str(sheet.sheet_id),
        "customer": customer.name,
        "reseller": customer.reseller_name,
        "default": sheet.default,
        "deadline_at": sheet.deadline_at.isoformat(),
        "made_at": sheet.made_at.isoformat(),
        "lines": [
            {
                "subscription_id": str(line.subscription_id),
                "renews_on": line.renews_on.isoformat(),
                "facts": dict(line.facts),
                "options": [dict(option) for option in line.options],
                "wishes": dict(line.wishes),
            }
            for line in sheet.lines
        ],
    }


def write_to(
    sheet: sheets.SheetRow,
    readers: Collection[people.Person],
    *,
    kind: str,
    before: dt.timedelta,
    customer: customers.CustomerRow,
    at: dt.datetime,
) -> None:
    """Queue a mail about the sheet to each reader and note it, in the caller's transaction."""
    ids = send_mail.queue(
        readers=readers,
        template=f"renewal_sheet_{kind}",
        values={
            "sheet_id": str(sheet.sheet_id),
            "customer_name": customer.name,
            "reseller_name": customer.reseller_name,
            "deadline_at": sheet.deadline_at.isoformat(),
            "default": sheet.default,
            "licences": [
                str(line.facts["name"]) for line in sheet.lines if kind != "reminder" or line.state in UNDECIDED
            ],
            "until_at": sheet.deadline_at.isoformat(),
        },
        action="sheets.view",
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
        at=at,
    )
    for reader, operation_id in zip(readers, ids, strict=True):
        sheet_changes.note_notice(
            sheet=sheet,
            kind=kind,
            before=before,
            user_id=reader.user_id,
            name=reader.name,
            email=reader.email,
            operation_id=operation_id,
            at=at,
        )


def withdraw(*, by: Actor, sheet_id: uuid.UUID, at: dt.datetime) -> None:
    """Take a draft or a sent sheet back: nothing of it is decided any more, and what was answered stays.

    Raises Refused, access.permissions.Unknown or NotAllowed.
    """
    seen = sheets.sheet(seen_by=by, sheet_id=sheet_id, action="sheets.make")
    customer = customers.customer(seen_by=by, customer_id=seen.customer_id)
    with transaction.atomic(durable=True):
        sheet = sheet_changes.hold(sheet_id=sheet_id)
        if sheet.state not in ("draft", "sent"):
            raise Refused("closed")
        sheet_changes.close(sheet_id=sheet_id, state="withdrawn", by=by, at=at)
        if sheet.state == "sent":
            write_to(sheet, _owners(customer), kind="withdrawn", before=dt.timedelta(), customer=customer, at=at)
        _audit(by, "sheet.withdrawn", sheet_id, customer, after={"state_before": sheet.state}, at=at)


def page(*, by: Actor, sheet_id: uuid.UUID) -> SheetPage:
    """One sheet as its reader may see it; raises access.permissions.Unknown or NotAllowed."""
    sheet = sheets.sheet(seen_by=by, sheet_id=sheet_id)
    customer = customers.customer(seen_by=by, customer_id=sheet.customer_id)
    place = {"reseller_id": sheet.reseller_id, "customer_id": sheet.customer_id}
    return SheetPage(
        customer=customer,
        sheet=sheet,
        notices=sheets.notices(sheet_ids=[sheet_id]).get(sheet_id, ()),
        has_record=sheets.has_record(sheet_id=sheet_id),
        may_answer=by.user_id is not None and permissions.allowed(by=by, action="sheets.answer", **place),
        may_make=permissions.allowed(by=by, action="sheets.make", **place),
    )


def listed(*, by: Actor, customer_id: uuid.UUID) -> tuple[sheets.SheetRow, ...]:
    """The sheets of the customer, newest first; raises access.permissions.Unknown or NotAllowed."""
    customers.customer(seen_by=by, customer_id=customer_id, action="sheets.view")
    return tuple(sheets.sheets(seen_by=by, customer_id=customer_id))


def document(*, by: Actor, sheet_id: uuid.UUID) -> bytes | None:
    """The record of who decided, None until it is there; raises access.permissions.Unknown or NotAllowed."""
    sheets.sheet(seen_by=by, sheet_id=sheet_id)
    return sheets.record(sheet_id=sheet_id)


def _audit(
    by: Actor,
    action: str,
    sheet_id: uuid.UUID,
    customer: customers.CustomerRow,
    *,
    after: dict[str, Any],
    at: dt.datetime,
) -> None:
    audit.record(
        by=by,
        action=action,
        subject_kind="renewal_sheet",
        subject_id=sheet_id,
        before={},
        after=after,
        at=at,
        reseller_id=customer.reseller_id,
        customer_id=customer.customer_id,
    )
