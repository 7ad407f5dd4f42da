"""What is sent about swaps: lists of fields allowed out, never whole rows (S11)."""

import datetime as dt
import uuid

from pydantic import BaseModel

from seatwright.api.amounts import Amount, amount
from seatwright.api.answers_orders import Calculation, calculation
from seatwright.assignments import queries as assignments
from seatwright.orders import swap_terms
from seatwright.workflows import follow_swap, swap, swap_plan, swap_wish


class Way(BaseModel):
    """A way to a plan; `into_subscription_id` is the subscription that takes seats in, if one does."""

    key: str
    is_by_vendor: bool
    into_subscription_id: uuid.UUID | None


class SwapPlan(BaseModel):
    """A plan that people can change to; `unit_rate` is empty where no price was looked up."""

    to: str
    name: str
    unit_rate: str
    ways: list[Way]


class Holder(BaseModel):
    """Somebody who holds the plan; `problems` are codes of what would make moving them fail."""

    key: str
    name: str
    address: str
    problems: list[str]


class Options(BaseModel):
    """What can be left, entered, and by whom."""

    subscription_id: uuid.UUID
    name: str
    unit_rate: str
    currency: str
    plans: list[SwapPlan]
    people: list[Holder]


class Overlap(BaseModel):
    """Old seats held beside the new ones: what they cost at most, and if everybody moves at once; without tax."""

    seats: int
    from_on: dt.date
    latest_on: dt.date
    most: Amount
    expected: Amount
    returnable: int
    returnable_until: dt.datetime | None


class Swap(BaseModel):
    """What is swapped; `way` is full, partial, merge, more, free or buy."""

    way: str
    cannot_be_undone: bool
    from_subscription_id: uuid.UUID
    from_name: str
    to_name: str
    seats: int
    people: int
    overlap: Overlap | None
    lost_services: list[str]
    gained_services: list[str]


class SwapQuote(BaseModel):
    """A stored price; it can be ordered once, with its `idempotency_key`, before `expires_at`."""

    id: uuid.UUID
    customer_id: uuid.UUID
    idempotency_key: str
    expires_at: dt.datetime
    is_expired: bool
    order_id: uuid.UUID | None
    swap: Swap
    calculation: Calculation


class MovedPerson(BaseModel):
    """How far one person is: `state` is waiting, moving, checking, parked, moved or failed, with its `reason`."""

    key: str
    name: str
    address: str
    state: str
    reason: str
    ended_at: dt.datetime | None


class OldSeats(BaseModel):
    """What became of the old seats so far."""

    returned: int
    scheduled: int
    kept: int
    is_ended: bool
    ends_with_term: bool


class Progress(BaseModel):
    """A swap as it stands now; `people` is empty for those who may not see people."""

    swap: Swap
    is_running: bool
    may_try_again: bool
    new_seats: str
    moved: int
    failed: int
    people: list[MovedPerson]
    old_seats: OldSeats


def options(field: swap_plan.Field) -> Options:
    """What the subscription can be swapped for."""
    return Options(
        subscription_id=field.source.subscription_id,
        name=field.source.name,
        unit_rate=field.source.unit_rate,
        currency=field.source.currency,
        plans=[_plan(target) for target in field.targets],
        people=[_holder(each) for each in field.holders],
    )


def _plan(target: swap_plan.Target) -> SwapPlan:
    return SwapPlan(
        to=target.to,
        name=target.name,
        unit_rate=f"{target.rate.amount:f}" if target.rate else "",
        ways=[
            Way(
                key=way.key,
                is_by_vendor=way.is_transition,
                into_subscription_id=way.into.subscription_id if way.into else None,
            )
            for way in target.ways
        ],
    )


def _holder(each: assignments.Holder) -> Holder:
    return Holder(key=each.key, name=each.name, address=each.address, problems=list(swap_wish.problems(each)))


def _swap(asked: swap_terms.Swap, *, currency: str) -> Swap:
    return Swap(
        way=asked.way.value,
        cannot_be_undone=asked.is_final,
        from_subscription_id=asked.source.subscription_id,
        from_name=asked.source.name,
        to_name=asked.target.name,
        seats=asked.seats,
        people=len(asked.people),
        overlap=_overlap(asked.overlap, currency=currency) if asked.overlap else None,
        lost_services=list(asked.lost_plans),
        gained_services=list(asked.gained_plans),
    )


def _overlap(held: swap_terms.Overlap, *, currency: str) -> Overlap:
    return Overlap(
        seats=held.seats,
        from_on=held.from_on,
        latest_on=held.latest_on,
        most=amount(minor=held.most_minor, currency=currency),
        expected=amount(minor=held.expected_minor, currency=currency),
        returnable=held.returnable,
        returnable_until=held.returnable_until,
    )


def quote(prepared: swap.Prepared) -> SwapQuote:
    """The stored quote."""
    return SwapQuote(
        id=prepared.quote_id,
        customer_id=prepared.customer_id,
        idempotency_key=prepared.idempotency_key,
        expires_at=prepared.expires_at,
        is_expired=prepared.is_expired,
        order_id=prepared.order_id,
        swap=_swap(prepared.calculation.swap, currency=prepared.calculation.currency),
        calculation=calculation(prepared.calculation),
    )


def progress(page: follow_swap.Progress) -> Progress:
    """The swap with its people."""
    old = page.old_seats
    return Progress(
        swap=_swap(page.swap, currency=page.currency),
        is_running=page.is_running,
        may_try_again=page.may_try_again,
        new_seats=page.seats_state,
        moved=page.moved,
        failed=page.failed,
        people=[
            MovedPerson(
                key=each.key,
                name=each.name,
                address=each.address,
                state=each.state,
                reason=each.reason,
                ended_at=each.ended_at,
            )
            for each in page.people
        ],
        old_seats=OldSeats(
            returned=old.returned,
            scheduled=old.scheduled,
            kept=old.kept,
            is_ended=old.is_ended,
            ends_with_term=old.ends_with_term,
        ),
    )
