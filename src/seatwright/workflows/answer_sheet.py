"""Journey 7, the answering half: a contract owner says what becomes of each licence of a renewal sheet.

The atomic unit is the line. First what the person chose is committed with the line (`answering`); then it becomes
wishes by `schedule_change.schedule`, one transaction of its own; then the line is `answered`. A conflict opens the line
again and stores nothing of it, while other lines stand. What a crash leaves `answering` is what the person said: the
same person may say it again, and at the deadline `close_sheet` carries it out instead of the default.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import SYSTEM, Actor
from seatwright.operations import changes as operations
from seatwright.operations.checkpoints import checkpoint
from seatwright.orders import sheet_changes, sheets
from seatwright.rules import conflicts
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import schedule_change, sheet_options
from seatwright.workflows import wishes as wishing

RECORD_KIND = "record_sheet"
RECORD_DEADLINE = dt.timedelta(days=7)
# A line with this note has its default under way: nobody answers it any more, and what the default brought is not
# taken for somebody's wish after a crash.
APPLYING = "applying"
Problem = Literal["closed", "too_late", "decided", "changed", "no_such_option", "seats", "conflict", "not_running"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One licence's answer: the key of an option, and for `reduce` the number of seats, None for the one offered."""

    option: str
    seats: int | None = None


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a line was not answered; `found` are the conflicts where `problem` is `conflict`."""

    problem: Problem
    found: tuple[conflicts.Conflict, ...] = ()


class NotAnswerable(Exception):
    """The sheet takes no answers: it is `closed`, its deadline is past (`too_late`), or it is not as shown."""

    def __init__(self, problem: Literal["closed", "too_late", "changed", "nothing"]) -> None:
        super().__init__(problem)
        self.problem = problem


def answer(
    *, by: Actor, sheet_id: uuid.UUID, content_hash: str, answers: Mapping[uuid.UUID, Answer], at: dt.datetime
) -> dict[uuid.UUID, Trouble]:
    """Decide the named licences of a sheet and return what went wrong, licence by licence; empty when nothing did.

    Only a person who is the customer's contract owner answers, whatever link they came by, and only what `content_hash`
    says they were shown. Licences left out stay open. Raises NotAnswerable, access.permissions.Unknown (also for a
    licence that is not in the sheet) or NotAllowed.
    """
    sheet = sheets.sheet(seen_by=by, sheet_id=sheet_id)
    if by.user_id is None:
        raise permissions.NotAllowed("sheets.answer")
    permissions.require(by=by, action="sheets.answer", reseller_id=sheet.reseller_id, customer_id=sheet.customer_id)
    _require_open(sheet, at=at)
    if not answers:
        raise NotAnswerable("nothing")
    if content_hash != sheet.content_hash:
        raise NotAnswerable("changed")
    lines = {line.subscription_id: line for line in sheet.lines}
    if set(answers) - set(lines):
        raise permissions.Unknown
    troubles = {}
    for line in sheet.lines:
        if line.subscription_id in answers:
            trouble = _answer_line(by=by, sheet_id=sheet_id, line=line, said=answers[line.subscription_id], at=at)
            if trouble is not None:
                troubles[line.subscription_id] = trouble
    return troubles


def _require_open(sheet: sheets.SheetRow, *, at: dt.datetime) -> None:
    if sheet.state != "sent":
        raise NotAnswerable("closed")
    if at >= sheet.deadline_at:
        raise NotAnswerable("too_late")


def _answer_line(
    *, by: Actor, sheet_id: uuid.UUID, line: sheets.LineRow, said: Answer, at: dt.datetime
) -> Trouble | None:
    claimed = _claim(by=by, sheet_id=sheet_id, line=line, said=said, at=at)
    if isinstance(claimed, Trouble):
        return claimed
    checkpoint("intent.committed")

    def is_still_ours() -> bool:
        return _is_same(line_of(sheets.sheet(seen_by=SYSTEM, sheet_id=sheet_id), claimed.line_id), claimed)

    try:
        trouble = carry_out(by=by, line=claimed, only_while=is_still_ours, at=at)
    except schedule_change.WishedMeanwhile:
        # Somebody has answered the line since, and it is theirs to carry out.
        return Trouble(problem="decided")
    with transaction.atomic(durable=True):
        sheet = sheet_changes.hold(sheet_id=sheet_id)
        now = line_of(sheet, claimed.line_id)
        if not _is_same(now, claimed):
            return trouble or Trouble(problem="decided")
        if now.state != "answering":
            return None if now.state == "answered" else trouble or Trouble(problem="decided")
        if trouble is not None:
            sheet_changes.decide_line(line_id=line.line_id, state="open", by=None, note=_code(trouble), at=at)
            return trouble
        note_answered(by=by, sheet=sheet, line=now, at=at)
    checkpoint("record.committed")
    return None


def _is_same(now: sheets.LineRow, claimed: sheets.LineRow) -> bool:
    """Whether the line still says what was claimed, by the same person at the same moment."""
    one, other = ((each.choice, each.seats, each.decided_by, each.decided_at) for each in (now, claimed))
    return one == other


def _claim(
    *, by: Actor, sheet_id: uuid.UUID, line: sheets.LineRow, said: Answer, at: dt.datetime
) -> sheets.LineRow | Trouble:
    """Commit what the person chose for the line, or say why it cannot be chosen."""
    with transaction.atomic(durable=True):
        sheet = sheet_changes.hold(sheet_id=sheet_id)
        now = line_of(sheet, line.line_id)
        if sheet.state != "sent":
            return Trouble(problem="closed")
        if at >= sheet.deadline_at:
            return Trouble(problem="too_late")
        if now.state not in ("open", "answering"):
            return Trouble(problem="decided")
        if now.note == APPLYING:
            return Trouble(problem="too_late")
        option = now.option(said.option)
        if option is None:
            return Trouble(problem="no_such_option")
        row = holdings.by_ids(subscription_ids=[line.subscription_id])[0]
        if sheet_options.has_ended(row, at=at):
            return Trouble(problem="not_running")
        if not sheet_options.is_as_asked(row, now):
            return Trouble(problem="changed")
        seats = int(option["seats"]) if said.seats is None else said.seats
        if said.seats is not None and (said.option != sheet_options.REDUCE or not 1 <= seats < row.seats):
            return Trouble(problem="seats")
        sheet_changes.decide_line(
            line_id=line.line_id,
            state="answering",
            by=by,
            choice=said.option,
            seats=seats,
            term_minor=sheet_options.amount_minor(asked=now, row=row, key=said.option, seats=seats),
            over=sheet_options.wishes_now(row),
            at=at,
        )
        return line_of(sheet_changes.hold(sheet_id=sheet_id), line.line_id)


def carry_out(
    *,
    by: Actor,
    line: sheets.LineRow,
    only_over: Mapping[str, Any] | None = None,
    only_while: Callable[[], bool] | None = None,
    at: dt.datetime,
) -> Trouble | None:
    """Make wishes of what the line chose, in one transaction; what speaks against it, None when it stands.

    Whoever keeps a licence has decided that it renews, and that is kept like every wish.
    With `only_over` nothing is laid over other wishes, and nothing is done unless `only_while` holds under the lock:
    raises schedule_change.WishedMeanwhile.
    """
    wishes, clear = sheet_options.chosen(key=line.choice, seats=line.seats or 0, held_seats=int(line.facts["seats"]))
    try:
        schedule_change.schedule(
            by=by,
            subscription_id=line.subscription_id,
            wishes=wishes,
            clear=clear,
            only_over=only_over,
            only_while=only_while,
            is_decided=line.choice == sheet_options.KEEP,
            at=at,
        )
    except schedule_change.Conflicted as conflicted:
        return Trouble(problem="conflict", found=conflicted.found)
    except wishing.NotRunning:
        return Trouble(problem="not_running")
    return None


def note_answered(*, by: Actor, sheet: sheets.SheetRow, line: sheets.LineRow, at: dt.datetime) -> None:
    """The line's answer stands: write it, and close the sheet with the last one; in the transaction that holds it."""
    sheet_changes.settle_line(line_id=line.line_id, state="answered")
    audit.record(
        by=by,
        action="sheet.line_answered",
        subject_kind="renewal_sheet",
        subject_id=sheet.sheet_id,
        before={"subscription_id": str(line.subscription_id)},
        after={"choice": line.choice, "seats": line.seats, "term_minor": line.term_minor, "for": line.decided_by},
        at=at,
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
    )
    others = [each for each in sheet.lines if each.line_id != line.line_id]
    if sheet.state == "sent" and all(each.state in ("answered", "ended") for each in others):
        close(sheet, state="answered", by=by, at=at)


def outcome(sheet: sheets.SheetRow) -> str:
    """The state in which a sheet ends with its lines as they are; a licence that ended needed no answer."""
    states = {line.state for line in sheet.lines} - {"ended"}
    if not states:
        return "ended"
    if states == {"answered"}:
        return "answered"
    return "defaulted" if "defaulted" in states else "expired"


def close(sheet: sheets.SheetRow, *, state: str, by: Actor, at: dt.datetime) -> None:
    """End the sheet and queue the record of who decided, in the caller's transaction."""
    sheet_changes.close(sheet_id=sheet.sheet_id, state=state, by=by, at=at)
    audit.record(
        by=by,
        action=f"sheet.{state}",
        subject_kind="renewal_sheet",
        subject_id=sheet.sheet_id,
        before={"state": "sent"},
        after={"state": state},
        at=at,
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
    )
    operations.open_operation(
        operation_id=identifiers.new_id(),
        kind=RECORD_KIND,
        lease_key=f"{RECORD_KIND}:{sheet.sheet_id}",
        intent={"sheet_id": str(sheet.sheet_id)},
        policy_version=sheet.policy_version,
        request_id=identifiers.new_id(),
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
        by=SYSTEM,
        due_at=at,
        deadline_at=at + RECORD_DEADLINE,
        at=at,
    )


def line_of(sheet: sheets.SheetRow, line_id: uuid.UUID) -> sheets.LineRow:
    """That line of the sheet."""
    return next(line for line in sheet.lines if line.line_id == line_id)


def _code(trouble: Trouble) -> str:
    return str(trouble.found[0].reason.code) if trouble.found else trouble.problem
