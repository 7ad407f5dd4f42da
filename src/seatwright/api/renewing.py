"""The API's operations for coming renewals and renewal sheets, with what they take and send."""

import datetime as dt
import uuid
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from seatwright.api import answers_licences, bearer, cursors, inputs, parameters, planning_faults, problems
from seatwright.api.amounts import Amount, amount
from seatwright.api.errors import Fault
from seatwright.operations import clock
from seatwright.orders import sheets
from seatwright.rules import quantities
from seatwright.workflows import answer_sheet, renewal_radar, renewal_sheets

router = Router(auth=bearer.READ)
router.add_decorator(parameters.exact)
Within = Annotated[int, Query(ge=0, le=3660, description="Only renewals within so many days.")]
TROUBLES = {
    "closed": "The sheet was closed meanwhile.",
    "too_late": "The deadline passed meanwhile.",
    "decided": "The licence has been decided already.",
    "changed": "The licence changed since the sheet was made.",
    "no_such_option": "Name one of the options of the licence.",
    "seats": "Seats are from 1 to one fewer than there are now, and only for the option `reduce`.",
    "not_running": "The licence no longer runs.",
}


class ComingRenewal(BaseModel):
    """A coming renewal; `decide_until` is exclusive. Amounts are at the frozen price, null where none is known.

    `surcharge` is what the next month of extended service costs more than an ordinary one, null where none runs on.
    `is_planned_elsewhere` tells of a next term stored at the vendor that nobody planned here: no amount follows it.
    """

    subscription_id: uuid.UUID
    customer_id: uuid.UUID
    name: str
    term: str
    billing_plan: str
    seats: int
    unassigned: int
    renews_on: dt.date
    decide_until: dt.datetime
    is_decidable: bool
    is_rollover: bool
    has_wish: bool
    has_alarm: bool
    is_planned_elsewhere: bool
    outcome: str
    seats_then: int | None
    at_stake: Amount | None
    next_term: Amount | None
    surcharge: Amount | None


class ComingRenewals(BaseModel):
    """Coming renewals; `next` continues a list of all customers."""

    items: list[ComingRenewal]
    next: str | None


class SheetOption(BaseModel):
    """What can be chosen for a licence, priced when the sheet was made."""

    option: str
    seats: int
    term: str
    billing_plan: str
    next_term: Amount | None


class SheetLine(BaseModel):
    """One licence of a sheet, and what became of it."""

    subscription_id: uuid.UUID
    name: str
    seats: int
    assigned: int | None
    renews_on: dt.date
    state: str
    options: list[SheetOption]
    option: str
    seats_then: int | None
    next_term: Amount | None
    note: str
    decided_by: str
    decided_at: dt.datetime | None


class Sheet(BaseModel):
    """A renewal sheet; what is answered is what `content_hash` stands for."""

    id: uuid.UUID
    customer: answers_licences.Customer
    state: str
    default: str
    deadline_at: dt.datetime
    sent_at: dt.datetime | None
    closed_at: dt.datetime | None
    content_hash: str
    has_record: bool
    may_answer: bool
    lines: list[SheetLine]


class SheetSummary(BaseModel):
    """A renewal sheet in a list."""

    id: uuid.UUID
    state: str
    default: str
    deadline_at: dt.datetime
    licences: int


class Sheets(BaseModel):
    """The sheets of a customer, newest first."""

    items: list[SheetSummary]


class RefusedAnswer(BaseModel):
    """A licence that was not decided, and why."""

    subscription_id: uuid.UUID
    code: str
    detail: str


class Answered(BaseModel):
    """The sheet after the answers; each licence was decided by itself, and `refused` are those that were not."""

    sheet: Sheet
    refused: list[RefusedAnswer]


class SheetAnswer(inputs.Body):
    """What becomes of one licence."""

    subscription_id: uuid.UUID
    option: Annotated[str, Field(min_length=1, max_length=32, pattern=inputs.NO_CONTROLS)]
    seats: (
        Annotated[
            int,
            Field(strict=True, ge=1, le=quantities.MAX_QUANTITY, description="For `reduce`, another number of seats."),
        ]
        | None
    ) = None


class SheetAnswers(inputs.Body):
    """The answers to a sheet; licences left out stay open."""

    content_hash: Annotated[str, Field(min_length=64, max_length=64, pattern="^[0-9a-f]+$")]
    answers: Annotated[list[SheetAnswer], Field(min_length=1, max_length=50)]


@router.get("/renewals", response=ComingRenewals, tags=["renewals"])
def list_renewals(
    request: HttpRequest,
    q: inputs.Text = "",
    within: Within = 3660,
    savable: inputs.Flag = "false",
    after: inputs.After = "",
) -> ComingRenewals:
    """The coming renewals of all customers that the reseller's staff serves, soonest first; rollovers are left out."""
    page = renewal_radar.staff_radar(
        by=bearer.acting(request),
        text=q,
        within_days=within,
        only_savable=savable == "true",
        after=cursors.opened(cursor=after, list_name="renewals"),
        at=clock.now(),
    )
    return ComingRenewals(
        items=[_renewal(line.renewal) for line in page.rows],
        next=cursors.sealed(after=page.after, list_name="renewals"),
    )


@router.get("/customers/{uuid:customer_id}/renewals", response=ComingRenewals, tags=["renewals"])
def list_renewals_of_customer(request: HttpRequest, customer_id: uuid.UUID) -> ComingRenewals:
    """A customer's coming renewals: what a decision can save first, months that roll on last."""
    page = renewal_radar.radar(by=bearer.acting(request), customer_id=customer_id, at=clock.now())
    return ComingRenewals(items=[_renewal(each) for each in (*page.rows, *page.rollovers)], next=None)


@router.get("/customers/{uuid:customer_id}/renewal-sheets", response=Sheets, tags=["renewals"])
def list_sheets(request: HttpRequest, customer_id: uuid.UUID) -> Sheets:
    """The renewal sheets of a customer, newest first."""
    rows = renewal_sheets.listed(by=bearer.acting(request), customer_id=customer_id)
    return Sheets(
        items=[
            SheetSummary(
                id=row.sheet_id,
                state=row.state,
                default=row.default,
                deadline_at=row.deadline_at,
                licences=len(row.lines),
            )
            for row in rows
        ]
    )


@router.get("/renewal-sheets/{uuid:sheet_id}", response=Sheet, tags=["renewals"])
def read_sheet(request: HttpRequest, sheet_id: uuid.UUID) -> Sheet:
    """One renewal sheet with its options and what became of each licence."""
    return _sheet(renewal_sheets.page(by=bearer.acting(request), sheet_id=sheet_id))


@router.post("/renewal-sheets/{uuid:sheet_id}/answers", response=Answered, auth=bearer.WRITE, tags=["renewals"])
def answer_renewal_sheet(request: HttpRequest, sheet_id: uuid.UUID, body: SheetAnswers) -> Answered:
    """Decide licences of a sheet, each by itself; 422 when none of them could be decided."""
    by = bearer.acting(request)
    answers = {each.subscription_id: answer_sheet.Answer(option=each.option, seats=each.seats) for each in body.answers}
    if len(answers) != len(body.answers):
        detail = "Name each licence once."
        raise problems.Invalid(Fault(location="body", field="answers", code="named_twice", detail=detail))
    troubles = answer_sheet.answer(
        by=by, sheet_id=sheet_id, content_hash=body.content_hash, answers=answers, at=clock.now()
    )
    refused = [_refused(key, trouble) for key, trouble in troubles.items()]
    if len(refused) == len(answers):
        raise problems.NothingAnswered(
            *(Fault(location="body", field="answers", code=each.code, detail=each.detail) for each in refused)
        )
    return Answered(sheet=_sheet(renewal_sheets.page(by=by, sheet_id=sheet_id)), refused=refused)


def _refused(subscription_id: uuid.UUID, trouble: answer_sheet.Trouble) -> RefusedAnswer:
    if trouble.found:
        fault = planning_faults.conflict(trouble.found[0])
        return RefusedAnswer(subscription_id=subscription_id, code=fault.code, detail=fault.detail)
    detail = TROUBLES[trouble.problem]
    return RefusedAnswer(subscription_id=subscription_id, code=trouble.problem, detail=detail)


def _amount(minor: int | None, currency: str) -> Amount | None:
    return None if minor is None or not currency else amount(minor=minor, currency=currency)


def _renewal(row: renewal_radar.Renewal) -> ComingRenewal:
    return ComingRenewal(
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        name=row.name,
        term=row.term,
        billing_plan=row.billing_plan,
        seats=row.seats,
        unassigned=row.unassigned,
        renews_on=row.renews_on,
        decide_until=row.decide_until,
        is_decidable=row.is_decidable,
        is_rollover=row.is_rollover,
        has_wish=row.has_wish,
        has_alarm=row.has_alarm,
        is_planned_elsewhere=row.is_planned_elsewhere,
        outcome="" if row.following is None else str(row.following.outcome),
        seats_then=None if row.following is None else row.following.quantity,
        at_stake=_amount(row.at_stake_minor, row.currency),
        next_term=_amount(row.next_term_minor, row.currency),
        surcharge=_amount(row.surcharge_minor, row.currency),
    )


def _sheet(page: renewal_sheets.SheetPage) -> Sheet:
    row = page.sheet
    return Sheet(
        id=row.sheet_id,
        customer=answers_licences.customer(page.customer),
        state=row.state,
        default=row.default,
        deadline_at=row.deadline_at,
        sent_at=row.sent_at,
        closed_at=row.closed_at,
        content_hash=row.content_hash,
        has_record=page.has_record,
        may_answer=page.may_answer,
        lines=[_line(line) for line in row.lines],
    )


def _line(line: sheets.LineRow) -> SheetLine:
    currency = str(line.facts["currency"])
    return SheetLine(
        subscription_id=line.subscription_id,
        name=str(line.facts["name"]),
        seats=int(line.facts["seats"]),
        assigned=line.facts["assigned"],
        renews_on=line.renews_on,
        state=line.state,
        options=[
            SheetOption(
                option=each["key"],
                seats=each["seats"],
                term=each["term"],
                billing_plan=each["billing_plan"],
                next_term=_amount(each["term_minor"], currency),
            )
            for each in line.options
        ],
        option=line.choice,
        seats_then=line.seats,
        next_term=_amount(line.term_minor, currency),
        note=line.note,
        decided_by=line.decided_by,
        decided_at=line.decided_at,
    )
