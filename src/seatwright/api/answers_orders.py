"""What is sent about prices, quotes and orders: lists of fields allowed out, never whole rows (S11)."""

import datetime as dt
import uuid

from pydantic import BaseModel, Field

from seatwright.api.amounts import Amount, Sums, amount, sums
from seatwright.orders import calculation as frozen
from seatwright.orders import queries as orders
from seatwright.workflows import change_seats, follow_order


class Charge(BaseModel):
    """Seats times days times price; `seats` is the difference and `end_on` the first day not charged."""

    kind: str
    seats: int
    days: int
    cycle_days: int
    start_on: dt.date
    end_on: dt.date
    unit_rate: str
    amount: Amount
    rounding: Amount


class PricedLine(BaseModel):
    """One subscription's change with its price, before tax."""

    subscription_id: uuid.UUID
    name: str
    term: str
    billing_plan: str
    seats_before: int
    seats_after: int
    unit_rate: str
    price_list_version: str
    commitment_end_on: dt.date
    cycle_end_on: dt.date
    due_now: Amount
    cycle_before: Amount
    cycle_after: Amount
    rest_of_term: Amount
    charges: list[Charge]


class WishResult(BaseModel):
    """Seats at the renewal; `next_term` is the whole next term net at today's prices, null where no price is known."""

    seats: int
    next_term: Amount | None


class WishQuestion(BaseModel):
    """A wished total for a renewal: the order says whether it `follows` the change or `stays`, asked once."""

    subscription_id: uuid.UUID
    effective_on: dt.date
    wished: int
    follows: WishResult
    stays: WishResult


class Calculation(BaseModel):
    """A whole booking, priced; `on` is the business date on which it takes effect."""

    on: dt.date
    currency: str
    tax_basis_points: int
    tax_treatment: str
    policy_version: str
    lines: list[PricedLine]
    due_now: Sums
    next_period: Sums
    rest_of_term: Sums
    questions: list[WishQuestion]


class Preview(BaseModel):
    """A price that is stored nowhere."""

    calculation: Calculation


class Quote(BaseModel):
    """A stored price; it can be ordered once, with its `idempotency_key`, before `expires_at`."""

    id: uuid.UUID
    customer_id: uuid.UUID
    idempotency_key: str
    expires_at: dt.datetime
    is_expired: bool
    order_id: uuid.UUID | None
    calculation: Calculation


class Receipt(BaseModel):
    """An order as it was placed; nothing here ever changes, so that a repeated request gets the same bytes."""

    id: uuid.UUID
    quote_id: uuid.UUID
    customer_id: uuid.UUID
    placed_by: str
    placed_at: dt.datetime
    agreed_words: str
    on_behalf_reason: str
    calculation: Calculation


class LineProgress(BaseModel):
    """How far one line is; `stage` is booked, sent, accepted, checking, parked, done, partly_done or refused."""

    subscription_id: uuid.UUID
    operation_id: uuid.UUID
    name: str
    seats_before: int
    seats_after: int
    stage: str
    refusal: str
    booked_at: dt.datetime
    sent_at: dt.datetime | None
    accepted_at: dt.datetime | None
    available_at: dt.datetime | None
    settled_at: dt.datetime | None
    wish: str = Field(description="What was answered about a wish for the renewal: follows, stays, or empty.")


class Order(BaseModel):
    """An order as it stands now; the estimates are seconds measured over past orders."""

    id: uuid.UUID
    customer_id: uuid.UUID
    state: str
    is_running: bool
    placed_by: str
    placed_at: dt.datetime
    finished_at: dt.datetime | None
    agreed_words: str
    on_behalf_reason: str
    usual_s: float | None
    most_s: float | None
    lines: list[LineProgress]
    calculation: Calculation


class OrderLine(BaseModel):
    """One line in a list of orders."""

    subscription_id: uuid.UUID
    name: str
    seats_before: int
    seats_after: int
    state: str
    refusal: str


class OrderSummary(BaseModel):
    """An order in a list."""

    id: uuid.UUID
    customer_id: uuid.UUID
    state: str
    placed_by: str
    placed_at: dt.datetime
    finished_at: dt.datetime | None
    on_behalf_reason: str
    due_now: Sums
    lines: list[OrderLine]


class Orders(BaseModel):
    """A page of orders, newest first; `next` continues it."""

    items: list[OrderSummary]
    next: str | None


def calculation(stored: frozen.Calculation) -> Calculation:
    """The frozen calculation without the ledger's own lot numbers."""
    currency = stored.currency
    return Calculation(
        on=stored.on,
        currency=currency,
        tax_basis_points=stored.tax_basis_points,
        tax_treatment=stored.tax_treatment,
        policy_version=stored.policy_version,
        lines=[_line(line, currency) for line in stored.lines],
        due_now=sums(stored.due_now, currency=currency),
        next_period=sums(stored.next_period, currency=currency),
        rest_of_term=sums(stored.rest_of_term, currency=currency),
        questions=[question(each, currency=currency) for each in stored.questions],
    )


def question(asked: frozen.WishQuestion, *, currency: str) -> WishQuestion:
    """The question with both results."""
    return WishQuestion(
        subscription_id=asked.subscription_id,
        effective_on=asked.effective_on,
        wished=asked.wished,
        follows=_result(asked.follows, currency),
        stays=_result(asked.stays, currency),
    )


def _result(result: frozen.WishResult, currency: str) -> WishResult:
    minor = result.next_term_minor
    return WishResult(seats=result.seats, next_term=None if minor is None else amount(minor=minor, currency=currency))


def _line(line: frozen.Line, currency: str) -> PricedLine:
    return PricedLine(
        subscription_id=line.subscription_id,
        name=line.name,
        term=line.term,
        billing_plan=line.billing_plan,
        seats_before=line.seats_before,
        seats_after=line.seats_after,
        unit_rate=line.unit_rate,
        price_list_version=line.price_list_version,
        commitment_end_on=line.commitment_end_on,
        cycle_end_on=line.cycle_end_on,
        due_now=amount(minor=line.due_now_minor, currency=currency),
        cycle_before=amount(minor=line.cycle_before_minor, currency=currency),
        cycle_after=amount(minor=line.cycle_after_minor, currency=currency),
        rest_of_term=amount(minor=line.rest_of_term_minor, currency=currency),
        charges=[_charge(charge, currency) for charge in line.charges],
    )


def _charge(charge: frozen.Charge, currency: str) -> Charge:
    return Charge(
        kind=charge.kind,
        seats=charge.seats,
        days=charge.days,
        cycle_days=charge.cycle_days,
        start_on=charge.start_on,
        end_on=charge.end_on,
        unit_rate=charge.unit_rate,
        amount=amount(minor=charge.amount_minor, currency=currency),
        rounding=amount(minor=charge.rounding_minor, currency=currency),
    )


def quote(prepared: change_seats.Prepared) -> Quote:
    """The stored quote."""
    return Quote(
        id=prepared.quote_id,
        customer_id=prepared.customer_id,
        idempotency_key=prepared.idempotency_key,
        expires_at=prepared.expires_at,
        is_expired=prepared.is_expired,
        order_id=prepared.order_id,
        calculation=calculation(prepared.calculation),
    )


def receipt(page: follow_order.OrderPage, *, quote_id: uuid.UUID) -> Receipt:
    """What was agreed when the order was placed."""
    return Receipt(
        id=page.order_id,
        quote_id=quote_id,
        customer_id=page.customer.customer_id,
        placed_by=page.placed_by,
        placed_at=page.placed_at,
        agreed_words=page.agreed_words,
        on_behalf_reason=page.on_behalf_reason,
        calculation=calculation(page.calculation),
    )


def order(page: follow_order.OrderPage) -> Order:
    """The order with its progress."""
    return Order(
        id=page.order_id,
        customer_id=page.customer.customer_id,
        state=page.state,
        is_running=page.is_running,
        placed_by=page.placed_by,
        placed_at=page.placed_at,
        finished_at=page.finished_at,
        agreed_words=page.agreed_words,
        on_behalf_reason=page.on_behalf_reason,
        usual_s=page.usual_s,
        most_s=page.most_s,
        lines=[_progress(line) for line in page.lines],
        calculation=calculation(page.calculation),
    )


def _progress(line: follow_order.LineProgress) -> LineProgress:
    return LineProgress(
        subscription_id=line.subscription_id,
        operation_id=line.operation_id,
        name=line.name,
        seats_before=line.seats_before,
        seats_after=line.seats_after,
        stage=line.stage,
        refusal=line.refusal,
        booked_at=line.booked_at,
        sent_at=line.sent_at,
        accepted_at=line.accepted_at,
        available_at=line.available_at,
        settled_at=line.settled_at,
        wish=line.way,
    )


def summary(row: orders.OrderRow) -> OrderSummary:
    """The order as a list shows it."""
    stored = frozen.from_json(row.calculation)
    return OrderSummary(
        id=row.order_id,
        customer_id=row.customer_id,
        state=row.state,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        finished_at=row.finished_at,
        on_behalf_reason=row.on_behalf_reason,
        due_now=sums(stored.due_now, currency=stored.currency),
        lines=[
            OrderLine(
                subscription_id=line.subscription_id,
                name=line.name,
                seats_before=line.seats_before,
                seats_after=line.seats_after,
                state=line.state,
                refusal=line.refusal,
            )
            for line in row.lines
        ],
    )
