"""Charges of each charge cycle, posted on the day it begins: what should be posted is computed, what is missing posted.

A cycle is charged for the seats held on its first day; changes during it were charged when they were made. Running this
again posts nothing, and a cycle missed while the product stood still is posted late with the same figures.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.billing import changes as billing
from seatwright.billing import queries as charges
from seatwright.customers import queries as customers
from seatwright.customers.queries import CustomerRow
from seatwright.rules import business_dates, money, periods, proration, tax, terms
from seatwright.subscriptions import queries as holdings

NAMESPACE_WORD = "cycle"


def post_due(*, at: dt.datetime) -> int:
    """Post every cycle charge that is due at `at` and not posted yet; returns how many were posted."""
    posted, after = 0, None
    while ids := holdings.running_ids(after=after):
        posted += _post_page(ids, at=at)
        after = ids[-1]
    return posted


def charge_id(*, subscription_id: uuid.UUID, start_on: dt.date) -> uuid.UUID:
    """The id under which the charge of the cycle that starts on that day is posted: the same whoever computes it."""
    return uuid.uuid5(subscription_id, f"{NAMESPACE_WORD}:{start_on.isoformat()}")


def _post_page(ids: Sequence[uuid.UUID], *, at: dt.datetime) -> int:
    held = holdings.terms(subscription_ids=ids)
    changes = holdings.seat_changes(subscription_ids=ids)
    posted = 0
    for row in holdings.by_ids(subscription_ids=ids):
        customer = customers.customer(seen_by=SYSTEM, customer_id=row.customer_id)
        today = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
        due = [
            (term, cycle)
            for term in held.get(row.subscription_id, ())
            for cycle in cycles_of(term, until_on=today)
            if cycle.start_on >= term.charged_from_on
        ]
        known = charges.posted(
            operation_ids=[charge_id(subscription_id=row.subscription_id, start_on=c.start_on) for _, c in due]
        )
        for term, cycle in due:
            operation_id = charge_id(subscription_id=row.subscription_id, start_on=cycle.start_on)
            if operation_id in known:
                continue
            seats = seats_on(changes.get(row.subscription_id, ()), on=cycle.start_on, zone=customer.reseller_time_zone)
            posted += _post(row, customer, term, cycle, seats=seats, operation_id=operation_id, at=at)
    return posted


def cycles_of(term: holdings.Term, *, until_on: dt.date) -> tuple[periods.Period, ...]:
    """The charge cycles of a term that have begun by `until_on`, the last one cut where the term ends."""
    if not term.unit_rate or until_on < term.start_on:
        return ()
    last_on = min(until_on + dt.timedelta(days=1), term.end_on)
    whole = periods.charge_cycles(
        anchor_on=term.anchor_on,
        term=terms.Term(term.term),
        billing_plan=terms.BillingPlan(term.billing_plan),
        within=periods.Period(term.start_on, last_on),
    )
    return tuple(cycle for cycle in whole if term.start_on <= cycle.start_on < last_on)


def seats_on(changes: Sequence[holdings.SeatChange], *, on: dt.date, zone: str) -> int:
    """The seats with which the day began: changes made during it were charged by themselves, a renewal's were not."""
    return sum(
        change.seats
        for change in changes
        if (day := business_dates.business_date(at=change.at, zone=zone)) < on
        or (change.came_with_renewal and day == on)
    )


def _post(
    row: holdings.HoldingRow,
    customer: CustomerRow,
    term: holdings.Term,
    cycle: periods.Period,
    *,
    seats: int,
    operation_id: uuid.UUID,
    at: dt.datetime,
) -> int:
    if seats < 1:
        return 0
    charge = _charge(row, customer, term, cycle, seats=seats)
    with transaction.atomic():
        billing.post(
            operation_id=operation_id,
            order_line_id=None,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            charges=[charge],
            at=at,
        )
        audit.record(
            by=SYSTEM,
            action="cycle.charged",
            subject_kind="subscription",
            subject_id=row.subscription_id,
            before={},
            after={
                "seats": seats,
                "start_on": charge.period_start_on.isoformat(),
                "amount_minor": charge.amount_minor,
            },
            at=at,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            operation_id=operation_id,
        )
    return 1


def _charge(
    row: holdings.HoldingRow, customer: CustomerRow, term: holdings.Term, cycle: periods.Period, *, seats: int
) -> billing.NewCharge:
    rate = money.Rate.parse(term.unit_rate, term.currency)
    during = periods.Period(cycle.start_on, min(cycle.end_on, term.end_on))
    rule = tax.tax_for(
        seller_country=customer.reseller_country,
        buyer_country=customer.country,
        buyer_vat_id=customer.vat_id,
        on=cycle.start_on,
    )
    return billing.NewCharge(
        kind="cycle",
        name=row.name,
        seats=seats,
        days=during.days,
        cycle_days=cycle.days,
        period_start_on=during.start_on,
        period_end_on=during.end_on,
        unit_rate=term.unit_rate,
        price_list_version=term.price_list_version,
        amount_minor=proration.part_of_period(quantity=seats, unit_rate=rate, cycle=cycle, during=during).minor,
        rounding_minor=0,
        currency=term.currency,
        tax_basis_points=rule.rate_basis_points,
        tax_treatment=str(rule.treatment),
    )
