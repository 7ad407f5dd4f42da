"""Reads the forms of renewal sheets strictly, and lays a sheet out for its page with what was typed."""

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from seatwright.orders import sheets
from seatwright.rules import quantities
from seatwright.web import wording, wording_sheets
from seatwright.workflows import answer_sheet, renewal_sheets, sheet_options

# Until when on its last day a sheet can be answered, by the customer's clock.
LAST_HOUR = dt.time(17, 0)
OTHER_FIELDS = frozenset({"csrfmiddlewaretoken", "content"})


@dataclass(frozen=True, kw_only=True)
class TypedLine:
    """What was typed for one licence, with what is wrong with it."""

    choice: str = ""
    seats: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The answers as typed; `answers` of the lines without an error."""

    lines: Mapping[uuid.UUID, TypedLine] = field(default_factory=dict)
    answers: Mapping[uuid.UUID, answer_sheet.Answer] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option as a radio button."""

    key: str
    words: str
    term_minor: int | None
    difference_minor: int | None
    unit_rate: str
    billing_plan: str
    has_seats: bool
    seats_most: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """A licence of the sheet as the page shows it."""

    row: sheets.LineRow
    key: str
    name: str
    options: tuple[Option, ...]
    typed: TypedLine
    currency: str
    lock_at: dt.datetime
    state_words: str
    note: str
    decision: str
    is_open: bool
    has_plan: bool


def read_answers(*, posted: QueryDict, sheet: sheets.SheetRow) -> Typed:
    """The answers in the form; unknown and repeated fields are refused, licences without a choice are left open."""
    keys = {str(line.subscription_id): line for line in sheet.lines}
    known = OTHER_FIELDS | {f"{name}-{key}" for key in keys for name in ("choice", "seats")}
    if set(posted) - known or any(len(posted.getlist(name)) != 1 for name in posted):
        return Typed(error=_("The form does not belong to this page. Load the page again."))
    lines, answers = {}, {}
    for key, line in keys.items():
        choice = posted.get(f"choice-{key}", "")[:40]
        seats = posted.get(f"seats-{key}", "")[:10]
        if not choice:
            continue
        typed, answer = _line_answer(line, choice=choice, seats=seats)
        lines[line.subscription_id] = typed
        if answer is not None:
            answers[line.subscription_id] = answer
    return Typed(lines=lines, answers=answers)


def _line_answer(line: sheets.LineRow, *, choice: str, seats: str) -> tuple[TypedLine, answer_sheet.Answer | None]:
    if line.option(choice) is None:
        error = wording.named(wording_sheets.TROUBLES, "no_such_option")
        return TypedLine(choice=choice, seats=seats, error=error), None
    if choice != sheet_options.REDUCE or not seats:
        return TypedLine(choice=choice, seats=seats), answer_sheet.Answer(option=choice)
    try:
        number = quantities.parse_quantity(seats)
    except quantities.BadQuantity as bad:
        return TypedLine(choice=choice, seats=seats, error=wording.quantity_refusal(bad.reason_code)), None
    return TypedLine(choice=choice, seats=seats), answer_sheet.Answer(option=choice, seats=number)


def with_troubles(typed: Typed, troubles: Mapping[uuid.UUID, answer_sheet.Trouble], *, zone: str) -> Typed:
    """The form with the reason at each line that was not decided."""
    lines = dict(typed.lines)
    for key, trouble in troubles.items():
        before = lines.get(key, TypedLine())
        words = " ".join(wording.conflict(each.reason, zone=zone) for each in trouble.found)
        error = words or wording.named(wording_sheets.TROUBLES, trouble.problem)
        lines[key] = TypedLine(choice=before.choice, seats=before.seats, error=error)
    return Typed(lines=lines)


def lines(*, page: renewal_sheets.SheetPage, typed: Typed, at: dt.datetime) -> tuple[Line, ...]:
    """The licences of the sheet with what was typed for them."""
    takes_answers = page.sheet.state == "sent" and at < page.sheet.deadline_at and page.may_answer
    return tuple(
        Line(
            row=row,
            key=str(row.subscription_id),
            name=str(row.facts["name"]),
            options=tuple(_option(option, row) for option in row.options),
            typed=typed.lines.get(row.subscription_id, TypedLine()),
            currency=str(row.facts["currency"]),
            lock_at=dt.datetime.fromisoformat(row.facts["lock_at"]),
            state_words=wording.named(wording_sheets.LINE_STATES, row.state),
            note=wording_sheets.note(row.note),
            decision=_decision(row),
            is_open=takes_answers and row.state in ("open", "answering"),
            has_plan=bool(row.wishes),
        )
        for row in page.sheet.lines
    )


def _option(option: Mapping[str, Any], row: sheets.LineRow) -> Option:
    return Option(
        key=option["key"],
        words=wording_sheets.option(option),
        term_minor=option["term_minor"],
        difference_minor=option.get("difference_minor"),
        unit_rate=option.get("unit_rate", ""),
        billing_plan=option["billing_plan"],
        has_seats=option["key"] == sheet_options.REDUCE,
        seats_most=int(row.facts["seats"]) - 1,
    )


def _decision(row: sheets.LineRow) -> str:
    option = row.option(row.choice) if row.choice else None
    if option is None:
        return ""
    return wording_sheets.option_words(
        key=row.choice, seats=row.seats, term=option["term"], billing_plan=option["billing_plan"]
    )


@dataclass(frozen=True, kw_only=True)
class TypedSheet:
    """A new sheet as typed; `error` of the whole form."""

    asked: tuple[str, ...] = ()
    default: str = ""
    deadline: str = ""
    error: str = ""
    subscription_ids: tuple[uuid.UUID, ...] = ()
    deadline_at: dt.datetime | None = None


def read_sheet(*, posted: QueryDict, zone: str) -> TypedSheet:
    """The new sheet in the form."""
    typed = TypedSheet(
        asked=tuple(each[:40] for each in posted.getlist("ask")[: renewal_sheets.LINES_MOST + 1]),
        default=posted.get("default", "")[:10],
        deadline=posted.get("deadline", "")[:10],
    )
    try:
        ids = tuple(uuid.UUID(each) for each in typed.asked)
    except ValueError:
        return replace(typed, error=_("The form does not belong to this page. Load the page again."))
    if typed.default not in renewal_sheets.DEFAULTS:
        return replace(typed, error=_("Choose what happens if nobody answers."))
    try:
        on = dt.date.fromisoformat(typed.deadline)
        deadline_at = dt.datetime.combine(on, LAST_HOUR, tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError, zoneinfo.ZoneInfoNotFoundError):
        return replace(typed, error=_("Write the last day to answer, for example 2027-02-15."))
    return replace(typed, subscription_ids=ids, deadline_at=deadline_at)
