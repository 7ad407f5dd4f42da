"""What is sent about renewals, states, terms and the days ahead: lists of fields allowed out (S11)."""

import datetime as dt
import uuid

from pydantic import BaseModel, Field

from seatwright.api.amounts import Amount, amount
from seatwright.orders import intents
from seatwright.rules import timeline
from seatwright.workflows import change_status, change_term, look_ahead, next_term_price, schedule_change
from seatwright.workflows import subscription_timeline as courses


class TermPrice(BaseModel):
    """Net, at the prices known today for the days from `start_on` up to, not including, `end_on`."""

    start_on: dt.date
    end_on: dt.date
    cycle: Amount
    whole: Amount
    as_now: Amount
    difference: Amount


class Following(BaseModel):
    """The term after the running one; `end_on` is null where nothing is renewed for a term."""

    outcome: str
    seats: int
    offer_key: str
    term: str
    billing_plan: str
    starts_on: dt.date
    end_on: dt.date | None
    price: TermPrice | None


class Wish(BaseModel):
    """One wish in the words in which it was made; `value` is a text, or an object for seats."""

    dimension: str
    value: str | dict[str, int | bool]


class Obstacle(BaseModel):
    """What speaks against a wish; one that is not blocking is a task until the renewal."""

    dimension: str
    code: str
    is_blocking: bool


class Renewal(BaseModel):
    """A renewal as it stands; `stored` is stored, sending, missing, or empty where there is nothing to store."""

    subscription_id: uuid.UUID
    seats: int
    renews_on: dt.date
    lock_at: dt.datetime
    is_locked: bool
    wishes: list[Wish]
    stored: str
    wished_by: str
    changed_at: dt.datetime | None
    following: Following
    obstacles: list[Obstacle]


class StatusPreview(BaseModel):
    """What a change of state means now; `until` is the last safe moment for ending."""

    action: str
    effects: list[str]
    refund: Amount
    until: dt.datetime | None
    fingerprint: str


class Started(BaseModel):
    """The operation that carries the change out."""

    operation_id: uuid.UUID


class TermChoice(BaseModel):
    """A term with its billing plan that can begin now, and what it costs before tax."""

    term: str
    billing_plan: str
    is_new_term: bool
    begins_on: dt.date
    ends_on: dt.date
    due_now: Amount
    cycle_after: Amount
    whole: Amount
    old_term_would_cost: Amount


class TermChoices(BaseModel):
    """What can begin inside the running term."""

    items: list[TermChoice]


class ExpectedCharge(BaseModel):
    """A charge that a billing period will bring; `is_frozen` is false where the price may still change."""

    start_on: dt.date
    end_on: dt.date
    seats: int
    amount: Amount
    is_frozen: bool


class AheadLine(BaseModel):
    """One subscription as it will stand on the day; `seats` is 0 where it will have ended.

    Where `is_priced` is false, no price is known for some of the days, and `charges` leave them out;
    `is_planned_elsewhere` tells of a next term stored at the vendor that nobody planned here, `is_blocked` of
    wishes that cannot come about any more but are counted, `is_changing` of an order that has not ended and is not
    counted. `name` is that of the plan held by then.
    """

    subscription_id: uuid.UUID
    name: str
    seats: int
    renewals: int
    term_end_on: dt.date
    returnable: int
    returnable_until: dt.datetime | None
    charges: list[ExpectedCharge]
    total: Amount
    is_priced: bool
    is_planned_elsewhere: bool
    is_blocked: bool
    is_changing: bool


class Ahead(BaseModel):
    """A customer's seats, windows and expected charges up to and on the day; nothing is changed by asking."""

    today: dt.date
    on: dt.date
    lines: list[AheadLine]
    totals: list[Amount] = Field(description="One for each currency.")
    being_bought: list[str] = Field(description="What has been ordered and is not booked, so not counted.")


def renewal(plan: schedule_change.Plan) -> Renewal:
    """The plan of a renewal."""
    stored = "stored" if plan.is_applied else "sending" if plan.is_sending else "missing"
    return Renewal(
        subscription_id=plan.subscription_id,
        seats=plan.seats,
        renews_on=plan.renews_on,
        lock_at=plan.lock_at,
        is_locked=plan.is_locked,
        wishes=[Wish(dimension=name, value=value) for name, value in _wishes(plan).items()],
        stored=stored if plan.wished_by else "",
        wished_by=plan.wished_by,
        changed_at=plan.changed_at,
        following=_following(plan.following, plan.price),
        obstacles=[
            Obstacle(dimension=str(each.dimension), code=each.reason.code, is_blocking=each.is_blocking)
            for each in plan.found
        ],
    )


def _wishes(plan: schedule_change.Plan) -> dict[str, str | dict[str, int | bool]]:
    return dict(intents.to_json(courses.wishes_of(plan)))


def _following(following: timeline.NextTerm, price: next_term_price.NextTermPrice | None) -> Following:
    return Following(
        outcome=str(following.outcome),
        seats=following.quantity,
        offer_key=following.offer,
        term=str(following.term),
        billing_plan=str(following.billing_plan),
        starts_on=following.starts_on,
        end_on=following.end_on,
        price=None if price is None else _price(price),
    )


def _price(price: next_term_price.NextTermPrice) -> TermPrice:
    def of(minor: int) -> Amount:
        return amount(minor=minor, currency=price.currency)

    return TermPrice(
        start_on=price.start_on,
        end_on=price.end_on,
        cycle=of(price.cycle_minor),
        whole=of(price.term_minor),
        as_now=of(price.as_now_minor),
        difference=of(price.difference_minor),
    )


def status_preview(shown: change_status.Preview) -> StatusPreview:
    """The preview of a change of state."""
    return StatusPreview(
        action=shown.action.name.lower(),
        effects=[str(effect) for effect in shown.effects],
        refund=amount(minor=shown.refund_minor, currency=shown.currency),
        until=shown.until,
        fingerprint=shown.fingerprint,
    )


def term_choice(shown: change_term.Preview) -> TermChoice:
    """A term that can begin, with its price."""
    line, currency = shown.line, shown.calculation.currency

    def of(minor: int) -> Amount:
        return amount(minor=minor, currency=currency)

    return TermChoice(
        term=line.term,
        billing_plan=line.billing_plan,
        is_new_term=shown.change.is_new_term,
        begins_on=shown.change.start_on,
        ends_on=line.commitment_end_on,
        due_now=of(line.due_now_minor),
        cycle_after=of(line.cycle_after_minor),
        whole=of(line.rest_of_term_minor),
        old_term_would_cost=of(shown.change.instead_minor),
    )


def ahead(page: look_ahead.Ahead) -> Ahead:
    """The days ahead."""
    return Ahead(
        today=page.today,
        on=page.on,
        lines=[_ahead_line(line) for line in page.lines],
        totals=[amount(minor=minor, currency=currency) for currency, minor in sorted(page.totals.items())],
        being_bought=list(page.being_bought),
    )


def _ahead_line(line: look_ahead.Line) -> AheadLine:
    return AheadLine(
        subscription_id=line.subscription_id,
        name=line.name,
        seats=line.seats,
        renewals=line.renewals,
        term_end_on=line.term_end_on,
        returnable=line.returnable,
        returnable_until=line.returnable_until,
        charges=[
            ExpectedCharge(
                start_on=each.start_on,
                end_on=each.end_on,
                seats=each.seats,
                amount=amount(minor=each.amount_minor, currency=line.currency),
                is_frozen=each.is_frozen,
            )
            for each in line.charges
        ],
        total=amount(minor=line.total_minor, currency=line.currency),
        is_priced=line.is_priced,
        is_planned_elsewhere=line.is_planned_elsewhere,
        is_blocked=line.is_blocked,
        is_changing=line.is_changing,
    )
