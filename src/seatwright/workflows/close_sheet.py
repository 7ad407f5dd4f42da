"""Journey 7, the silent half: reminders while nobody answers, and at the deadline the default, once and by the system.

A licence that ends meanwhile needs no answer: its line is ended at once, and the sheet with the last such line.

Nothing here can be asked for by a person. The default is applied only at or after the deadline, only to a line that
nobody answered, and only while the licence and its wishes are what they were when the sheet was made: a wish made
elsewhere counts more than silence, and so does one taken back.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence

from django.db import transaction

from seatwright.access import audit, identifiers
from seatwright.access.actors import SYSTEM
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import sheet_changes, sheets
from seatwright.rules import reminders, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import answer_sheet, renewal_sheets, schedule_change, sheet_options, wish_limits
from seatwright.workflows import wishes as wishing

KIND = "close_sheet"
DEADLINE = dt.timedelta(days=3)
LOOK_AGAIN_AFTER = dt.timedelta(seconds=5)
# A closing that gave up is tried anew, so that a default is never lost to it; not oftener, since it may fail for ever.
ANEW_AFTER = dt.timedelta(hours=1)


class DecidedMeanwhile(Exception):
    """A person answered the line between the moment it was read and the moment it was to be decided."""


def remind_and_close(*, at: dt.datetime) -> int:
    """End the lines of licences that are over, remind of the stage reached, queue closing what is past; how many."""
    done, after = 0, None
    while page := sheets.sent(after=after):
        ended = _ended_in(page, at=at)
        for sheet in page:
            is_ended = any(line.subscription_id in ended for line in _undecided(sheet))
            if is_ended and _end_lines(sheet, ended, at=at):
                done += 1
            else:
                done += _queue_closing(sheet, at=at) if at >= sheet.deadline_at else _remind(sheet, at=at)
        after = page[-1].sheet_id
    return done


def _undecided(sheet: sheets.SheetRow) -> list[sheets.LineRow]:
    return [line for line in sheet.lines if line.state in renewal_sheets.UNDECIDED]


def _ended_in(page: Sequence[sheets.SheetRow], *, at: dt.datetime) -> frozenset[uuid.UUID]:
    """The licences with undecided lines that are over."""
    asked = {line.subscription_id for sheet in page for line in _undecided(sheet)}
    rows = holdings.by_ids(subscription_ids=sorted(asked))
    return frozenset(row.subscription_id for row in rows if sheet_options.has_ended(row, at=at))


def _end_lines(sheet: sheets.SheetRow, ended: Collection[uuid.UUID], *, at: dt.datetime) -> bool:
    """Write that these licences need no answer; whether that was the last thing open, which closes the sheet."""
    with transaction.atomic(durable=True):
        held = sheet_changes.hold(sheet_id=sheet.sheet_id)
        if held.state != "sent":
            return True
        for line in _undecided(held):
            if line.subscription_id in ended:
                _end_line(held, line, at=at)
        held = sheet_changes.hold(sheet_id=sheet.sheet_id)
        if _undecided(held):
            return False
        answer_sheet.close(held, state=answer_sheet.outcome(held), by=SYSTEM, at=at)
    return True


def _end_line(sheet: sheets.SheetRow, line: sheets.LineRow, *, at: dt.datetime) -> None:
    """Write that the licence ended before its line was decided, in the transaction that holds the sheet."""
    if line.state == "answering":
        sheet_changes.settle_line(line_id=line.line_id, state="ended")
    else:
        sheet_changes.decide_line(line_id=line.line_id, state="ended", by=SYSTEM, at=at)
    _audit_line(sheet, line, state="ended", at=at)


def _remind(sheet: sheets.SheetRow, *, at: dt.datetime) -> int:
    told = sheets.notices(sheet_ids=[sheet.sheet_id]).get(sheet.sheet_id, ())
    if _stage(sheet, told, at=at) is None:
        return 0
    customer = customers.customer(seen_by=SYSTEM, customer_id=sheet.customer_id)
    owners = customers.members(
        roles=renewal_sheets.OWNERS, reseller_id=sheet.reseller_id, customer_id=sheet.customer_id
    )
    with transaction.atomic(durable=True):
        held = sheet_changes.hold(sheet_id=sheet.sheet_id)
        told = sheets.notices(sheet_ids=[sheet.sheet_id]).get(sheet.sheet_id, ())
        stage = _stage(held, told, at=at)
        if held.state != "sent" or stage is None or not owners:
            return 0
        renewal_sheets.write_to(held, owners, kind="reminder", before=stage, customer=customer, at=at)
        audit.record(
            by=SYSTEM,
            action="sheet.reminded",
            subject_kind="renewal_sheet",
            subject_id=sheet.sheet_id,
            before={},
            after={"days_before": stage.days, "to": [owner.email for owner in owners]},
            at=at,
            reseller_id=sheet.reseller_id,
            customer_id=sheet.customer_id,
        )
    return 1


def _stage(sheet: sheets.SheetRow, told: tuple[sheets.NoticeRow, ...], *, at: dt.datetime) -> dt.timedelta | None:
    assert sheet.sent_at is not None
    return reminders.due(
        deadline_at=sheet.deadline_at,
        sent_at=sheet.sent_at,
        before=catalogue.sheet_rules(on=sheet.sent_at.date()).reminders_before,
        told=[notice.before for notice in told if notice.kind == "reminder"],
        at=at,
    )


def _queue_closing(sheet: sheets.SheetRow, *, at: dt.datetime) -> int:
    key = f"{KIND}:{sheet.sheet_id}"
    with transaction.atomic(durable=True):
        for parked in operation_queries.views(operation_ids=operation_queries.parked_ids(lease_key=key)).values():
            if at < parked.created_at + ANEW_AFTER:
                return 0
            operations.settle(operation_id=parked.id, by=SYSTEM, decision="not_done", reason="closed anew", at=at)
        if operation_queries.is_open(lease_key=key):
            return 0
        operations.open_operation(
            operation_id=identifiers.new_id(),
            kind=KIND,
            lease_key=key,
            intent={"sheet_id": str(sheet.sheet_id)},
            policy_version=sheet.policy_version,
            request_id=identifiers.new_id(),
            reseller_id=sheet.reseller_id,
            customer_id=sheet.customer_id,
            by=SYSTEM,
            due_at=at,
            deadline_at=at + DEADLINE,
            at=at,
        )
    return 1


def settle(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """The operation's one step: decide every line that is left, one by one, then close the sheet."""
    sheet_id = uuid.UUID(view.intent["sheet_id"])
    sheet = sheets.sheet(seen_by=SYSTEM, sheet_id=sheet_id)
    if sheet.state != "sent":
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at, note="closed before")
        return engine.Finished()
    if at < sheet.deadline_at:
        return engine.Again(at=sheet.deadline_at, why="The deadline is still ahead.")
    try:
        for line in sheet.lines:
            if line.state == "answering":
                _finish_answer(sheet, line, at=at)
            elif line.state == "open":
                _decide(sheet, line, at=at)
    except DecidedMeanwhile:
        return engine.Again(at=at + LOOK_AGAIN_AFTER, why="A line was answered in the last second.")
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        held = sheet_changes.hold(sheet_id=sheet_id)
        if held.state == "sent":
            answer_sheet.close(held, state=answer_sheet.outcome(held), by=SYSTEM, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def _finish_answer(sheet: sheets.SheetRow, line: sheets.LineRow, *, at: dt.datetime) -> None:
    """Carry out what a person had chosen when their request was cut off; silence it was not.

    Not over a wish made since: that one is newer than what they chose.
    """
    state, note = _carried_out(line, at=at)
    with transaction.atomic(durable=True):
        held = sheet_changes.hold(sheet_id=sheet.sheet_id)
        if answer_sheet.line_of(held, line.line_id).state != "answering":
            raise DecidedMeanwhile
        sheet_changes.settle_line(line_id=line.line_id, state=state, note=note)


def _carried_out(line: sheets.LineRow, *, at: dt.datetime) -> tuple[str, str]:
    """The line's state and note once what its person chose stands as a wish, or cannot."""
    row = holdings.by_ids(subscription_ids=[line.subscription_id])[0]
    if sheet_options.has_ended(row, at=at):
        return "ended", ""
    if not sheet_options.is_as_asked(row, line):
        return "left", "changed"
    wishes, clear = sheet_options.chosen(key=line.choice, seats=line.seats or 0, held_seats=row.seats)
    if sheet_options.wishes_now(row) != line.answered_over:
        is_theirs = _comes_to(row, wishes, clear, at=at)
        return ("answered", "") if is_theirs else ("standing", "wished")
    try:
        trouble = answer_sheet.carry_out(by=SYSTEM, line=line, only_over=line.answered_over, at=at)
    except schedule_change.WishedMeanwhile:
        return "standing", "wished"
    return ("answered", "") if trouble is None else ("left", trouble.problem)


def _decide(sheet: sheets.SheetRow, line: sheets.LineRow, *, at: dt.datetime) -> None:
    """What becomes of a line that nobody answered: the wish that stands, the default, or nothing."""
    row = holdings.by_ids(subscription_ids=[line.subscription_id])[0]
    if sheet_options.has_ended(row, at=at):
        _write(sheet, line, state="ended", at=at)
        return
    if sheet.default == "nothing":
        _write(sheet, line, state="left", note="silence", at=at)
        return
    if not sheet_options.is_as_asked(row, line):
        _write(sheet, line, state="standing", note="changed", at=at)
        return
    try:
        _apply_default(sheet, line, row, at=at)
    except schedule_change.WishedMeanwhile:
        _write(sheet, line, state="standing", note="wished", at=at)
    except schedule_change.Conflicted as conflicted:
        _write(sheet, line, state="left", note=str(conflicted.found[0].reason.code), at=at)
    except wishing.NotRunning:
        _write(sheet, line, state="left", note="not_running", at=at)


def _apply_default(sheet: sheets.SheetRow, line: sheets.LineRow, row: holdings.HoldingRow, *, at: dt.datetime) -> None:
    """Make wishes of the default, unless a wish stands or was taken back; raises what `schedule` raises."""
    choice, seats = _default(sheet, line, row)
    wishes, clear = sheet_options.chosen(key=choice, seats=seats, held_seats=row.seats)
    standing = sheet_options.wishes_now(row)
    if standing and not (line.note == answer_sheet.APPLYING and _comes_to(row, wishes, clear, at=at)):
        _write(sheet, line, state="standing", note="wished", at=at)
        return
    if standing != line.wishes and not standing:
        _write(sheet, line, state="standing", note="revoked", at=at)
        return
    stored = sheet_options.stored(row)
    if not standing and any(stored.values()) and stored != line.facts.get("stored", stored):
        # Somebody has decided it in another console since they were asked, which counts more than silence.
        _write(sheet, line, state="standing", note="elsewhere", at=at)
        return
    _mark_applying(sheet, line, at=at)
    checkpoint("intent.committed")
    schedule_change.schedule(
        by=SYSTEM, subscription_id=row.subscription_id, wishes=wishes, clear=clear, only_over=standing, at=at
    )
    amount = sheet_options.amount_minor(asked=line, row=row, key=choice, seats=seats)
    _write(sheet, line, state="defaulted", choice=choice, seats=seats, term_minor=amount, at=at)


def _default(sheet: sheets.SheetRow, line: sheets.LineRow, row: holdings.HoldingRow) -> tuple[str, int]:
    """The option that silence chooses, and its seats: never fewer than people use by now."""
    reduced = line.option(sheet_options.REDUCE)
    if sheet.default == "cancel":
        return sheet_options.CANCEL, 0
    if sheet.default == "keep" or reduced is None:
        return sheet_options.KEEP, row.seats
    used = wish_limits.allowed(row=row, term=terms.Term(row.term)).assigned or 0
    seats = max(int(reduced["seats"]), used)
    return (sheet_options.REDUCE, seats) if seats < row.seats else (sheet_options.KEEP, row.seats)


def _comes_to(
    row: holdings.HoldingRow,
    wishes: dict[timeline.Dimension, timeline.Value],
    clear: Collection[timeline.Dimension],
    *,
    at: dt.datetime,
) -> bool:
    """Whether the wishes that stand are those of the default, applied before this run was cut off."""
    seen = schedule_change.preview(by=SYSTEM, subscription_id=row.subscription_id, wishes=wishes, clear=clear, at=at)
    return seen.following is not None and seen.following == timeline.next_term(timeline=wishing.timeline_of(row))


def _mark_applying(sheet: sheets.SheetRow, line: sheets.LineRow, *, at: dt.datetime) -> None:
    """Shut the line to answers, so that a person and the default never both decide it; raises DecidedMeanwhile."""
    with transaction.atomic(durable=True):
        _require_undecided(sheet, line)
        sheet_changes.decide_line(line_id=line.line_id, state="open", by=None, note=answer_sheet.APPLYING, at=at)


def _require_undecided(sheet: sheets.SheetRow, line: sheets.LineRow) -> None:
    held = sheet_changes.hold(sheet_id=sheet.sheet_id)
    if answer_sheet.line_of(held, line.line_id).state != "open":
        raise DecidedMeanwhile


def _write(
    sheet: sheets.SheetRow,
    line: sheets.LineRow,
    *,
    state: str,
    choice: str = "",
    seats: int | None = None,
    term_minor: int | None = None,
    note: str = "",
    at: dt.datetime,
) -> None:
    with transaction.atomic(durable=True):
        _require_undecided(sheet, line)
        sheet_changes.decide_line(
            line_id=line.line_id,
            state=state,
            by=SYSTEM,
            choice=choice,
            seats=seats,
            term_minor=term_minor,
            note=note,
            at=at,
        )
        _audit_line(sheet, line, state=state, choice=choice, seats=seats, note=note, at=at)


def _audit_line(
    sheet: sheets.SheetRow,
    line: sheets.LineRow,
    *,
    state: str,
    choice: str = "",
    seats: int | None = None,
    note: str = "",
    at: dt.datetime,
) -> None:
    audit.record(
        by=SYSTEM,
        action=f"sheet.line_{state}",
        subject_kind="renewal_sheet",
        subject_id=sheet.sheet_id,
        before={"subscription_id": str(line.subscription_id)},
        after={"choice": choice, "seats": seats, "note": note},
        at=at,
        reseller_id=sheet.reseller_id,
        customer_id=sheet.customer_id,
    )


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("settle", settle),)))
