"""Idea 20, the harmless half: what a customer will hold and owe on a chosen day, with nothing changed.

Terms that renew by themselves are assumed to renew with the same seats, and prices that are not frozen yet to stay as
they are; the page says so. Windows are those known today: seats added later will open others.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from seatwright.access.actors import Actor
from seatwright.billing import queries as billing
from seatwright.customers import queries as customers
from seatwright.rules import business_dates, money, periods, proration, terms, windows
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import charge_cycles, pricing

FURTHEST = dt.timedelta(days=3 * 366)


class DayRefused(Exception):
    """The day lies in the past or more than three years ahead."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A charge that a charge cycle will bring; `is_frozen` is False where the price may change with a renewal."""

    start_on: dt.date
    end_on: dt.date
    seats: int
    amount_minor: int
    is_frozen: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One subscription as it will stand on the day; `seats` is 0 where it will have ended by then."""

    subscription_id: uuid.UUID
    name: str
    seats: int
    renewals: int
    term_end_on: dt.date
    returnable: int
    returnable_until: dt.datetime | None
    currency: str
    charges: tuple[Expected, ...]

    @property
    def total_minor(self) -> int:
        """The sum of the expected charges, without tax."""
        return sum(charge.amount_minor for charge in self.charges)


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """A customer's licences and expected charges from today until the chosen day, that day included."""

    customer: customers.CustomerRow
    today: dt.date
    on: dt.date
    lines: tuple[Line, ...]
    totals: dict[str, int]


def licences(*, by: Actor, customer_id: uuid.UUID, on: dt.date, at: dt.datetime) -> Ahead:
    """What the customer will hold and owe on the day `on`; raises DayRefused, permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="licences.view")
    today = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    if not today <= on <= today + FURTHEST:
        raise DayRefused
    rows = [
        row for row in holdings.holdings(seen_by=by, customer_ids=[customer_id]) if row.status in pricing.LIVE_STATES
    ]
    held = holdings.terms(subscription_ids=[row.subscription_id for row in rows])
    lines = tuple(
        _line(row, held.get(row.subscription_id, ()), customer=customer, today=today, on=on, at=at) for row in rows
    )
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.currency] = totals.get(line.currency, 0) + line.total_minor
    return Ahead(customer=customer, today=today, on=on, lines=lines, totals=totals)


def _line(
    row: holdings.HoldingRow,
    held: Sequence[holdings.Term],
    *,
    customer: customers.CustomerRow,
    today: dt.date,
    on: dt.date,
    at: dt.datetime,
) -> Line:
    last_end_on, renewals = _term_end(row, on=on)
    is_over = on >= last_end_on
    instant = at if on == today else business_dates.start_of_day(on=on, zone=customer.reseller_time_zone)
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=on)
    open_then = windows.returnable(lots=pricing.seat_lots(row), vendor_says=row.returnable, at=instant, policy=policy)
    return Line(
        subscription_id=row.subscription_id,
        name=row.name,
        seats=0 if is_over else row.seats,
        renewals=renewals,
        term_end_on=last_end_on,
        returnable=0 if is_over else open_then.total,
        returnable_until=open_then.batches[-1].last_safe_at if open_then.batches and not is_over else None,
        currency=row.currency,
        charges=_charges(row, held, today=today, on=on, last_end_on=last_end_on),
    )


def _term_end(row: holdings.HoldingRow, *, on: dt.date) -> tuple[dt.date, int]:
    """When the term in which `on` lies ends, and how many renewals come before it; the present end if none follows."""
    end_on, renewals = row.commitment_end_on, 0
    if not row.auto_renew or row.status != "active":
        return end_on, renewals
    try:
        months = terms.Term(row.term).months
    except ValueError:
        return end_on, renewals
    while end_on <= on:
        renewals += 1
        end_on = periods.add_months(on=row.commitment_end_on, months=months * renewals)
    return end_on, renewals


def _charges(
    row: holdings.HoldingRow,
    held: Sequence[holdings.Term],
    *,
    today: dt.date,
    on: dt.date,
    last_end_on: dt.date,
) -> tuple[Expected, ...]:
    if not held or not row.unit_rate:
        return ()
    present = held[-1]
    rate = money.Rate.parse(present.unit_rate, present.currency)
    stretched = holdings.Term(
        start_on=present.start_on,
        end_on=last_end_on,
        anchor_on=present.anchor_on,
        term=present.term,
        billing_plan=present.billing_plan,
        unit_rate=present.unit_rate,
        currency=present.currency,
        price_list_version=present.price_list_version,
        charged_from_on=present.charged_from_on,
    )
    due = [
        cycle
        for cycle in charge_cycles.cycles_of(stretched, until_on=on)
        if cycle.start_on >= max(present.charged_from_on, today)
    ]
    posted = billing.posted(
        operation_ids=[
            charge_cycles.charge_id(subscription_id=row.subscription_id, start_on=cycle.start_on) for cycle in due
        ]
    )
    return tuple(
        Expected(
            start_on=cycle.start_on,
            end_on=min(cycle.end_on, last_end_on),
            seats=row.seats,
            amount_minor=proration.part_of_period(
                quantity=row.seats,
                unit_rate=rate,
                cycle=cycle,
                during=periods.Period(cycle.start_on, min(cycle.end_on, last_end_on)),
            ).minor,
            is_frozen=cycle.start_on < row.commitment_end_on,
        )
        for cycle in due
        if charge_cycles.charge_id(subscription_id=row.subscription_id, start_on=cycle.start_on) not in posted
    )
