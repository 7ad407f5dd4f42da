"""Charges of each charge cycle, posted on the day it begins: what should be posted is computed, what is missing posted.

A cycle is charged for the seats held on its first day; changes during it were charged when they were made, or with it
where no price was known then. Running this again posts nothing. A cycle that was missed while the product stood still,
or that waited for a change whose outcome is not known yet, is posted late with the same figures.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.billing import changes as billing
from seatwright.billing import queries as charges
from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.customers.queries import CustomerRow
from seatwright.operations import queries as operation_queries
from seatwright.orders import queries as orders
from seatwright.rules import business_dates, money, periods, proration, renewals, tax, terms
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import connections, pricing

NAMESPACE_WORD = "cycle"
_Cycle = tuple[holdings.Term, periods.Period]

log = structlog.get_logger(__name__)


def post_due(*, at: dt.datetime) -> int:
    """Post every cycle charge that is due at `at` and not posted yet; returns how many were posted."""
    posted, after = 0, None
    while ids := holdings.running_ids(after=after):
        posted += _post_page(ids, at=at)
        after = ids[-1]
    return posted


def post_of(*, subscription_ids: Sequence[uuid.UUID], is_ending: bool = False, at: dt.datetime) -> int:
    """Post what is due at `at` of these subscriptions, whatever their state; returns how many were posted.

    What is being changed or ended is waited for, but not by whoever books the end, whose call `is_ending`: no seats are
    changed then, and a swap whose old seats end keeps a line of its own open meanwhile.
    """
    return _post_page(subscription_ids, is_ending=is_ending, at=at)


def starts(*, within: dt.timedelta, at: dt.datetime) -> list[dt.datetime]:
    """The instants after `at` at which cycles of running subscriptions begin and fall due, up to so much later."""
    found: set[dt.datetime] = set()
    after = None
    while ids := holdings.running_ids(after=after):
        held = holdings.terms(subscription_ids=ids)
        rows = holdings.by_ids(subscription_ids=ids)
        buyers = customers.by_ids(customer_ids=list({row.customer_id for row in rows}))
        for row in rows:
            zone = buyers[row.customer_id].reseller_time_zone
            last_on = business_dates.business_date(at=at + within, zone=zone)
            found |= {
                business_dates.start_of_day(on=first_day(term, cycle), zone=zone)
                for term in held.get(row.subscription_id, ())
                for cycle in cycles_of(term, until_on=last_on)
            }
        after = ids[-1]
    return sorted(moment for moment in found if at < moment <= at + within)


def charge_id(*, subscription_id: uuid.UUID, start_on: dt.date) -> uuid.UUID:
    """The id under which the charge of the cycle that starts on that day is posted: the same whoever computes it."""
    return uuid.uuid5(subscription_id, f"{NAMESPACE_WORD}:{start_on.isoformat()}")


def _post_page(ids: Sequence[uuid.UUID], *, is_ending: bool = False, at: dt.datetime) -> int:
    held = holdings.terms(subscription_ids=ids)
    rows = holdings.by_ids(subscription_ids=ids)
    buyers = customers.by_ids(customer_ids=list({row.customer_id for row in rows}))
    _follow_plans(rows, buyers, held, at=at)
    begun = {row.subscription_id: _begun(row, buyers[row.customer_id], held, at=at) for row in rows}
    known = charges.posted(operation_ids=[key for cycles in begun.values() for key in cycles])
    posted = 0
    for row in rows:
        missing = {key: each for key, each in begun[row.subscription_id].items() if key not in known}
        if missing:
            posted += _post_missing(row, buyers[row.customer_id], missing, is_ending=is_ending, at=at)
    return posted


def _follow_plans(
    rows: Sequence[holdings.HoldingRow],
    buyers: Mapping[uuid.UUID, CustomerRow],
    held: Mapping[uuid.UUID, Sequence[holdings.Term]],
    *,
    at: dt.datetime,
) -> None:
    """Make billing plans that were ordered ahead the present ones, once their first charge cycle has begun."""
    for row in rows:
        today = business_dates.business_date(at=at, zone=buyers[row.customer_id].reseller_time_zone)
        begun = [term for term in held.get(row.subscription_id, ()) if row.term_start_on < term.start_on <= today]
        if begun and begun[-1].billing_plan != row.billing_plan:
            with transaction.atomic():
                subscriptions.follow(subscription_id=row.subscription_id, on=today)


def _begun(
    row: holdings.HoldingRow,
    customer: CustomerRow,
    held: Mapping[uuid.UUID, Sequence[holdings.Term]],
    *,
    at: dt.datetime,
) -> dict[uuid.UUID, _Cycle]:
    """The cycles that have begun and are ours to charge, by the id under which they are posted."""
    today = pricing.day_of(row, at=at, zone=customer.reseller_time_zone)
    return {
        charge_id(subscription_id=row.subscription_id, start_on=first_day(term, cycle)): (term, cycle)
        for term in held.get(row.subscription_id, ())
        for cycle in cycles_of(term, until_on=today)
        if cycle.start_on >= term.charged_from_on
    }


def _post_missing(
    row: holdings.HoldingRow,
    customer: CustomerRow,
    missing: Mapping[uuid.UUID, _Cycle],
    *,
    is_ending: bool,
    at: dt.datetime,
) -> int:
    """Post what is missing while the subscription stands still; 0 while a change of it is under way.

    A change booked before the cycle began counts for it and is charged on its own only up to there, so the cycle waits
    until it is known whether the change happened; it is posted late then, with the figures of its first day.
    """
    with transaction.atomic():
        subscriptions.hold_still(subscription_ids=[row.subscription_id])
        is_changing = orders.open_lines(subscription_ids=[row.subscription_id]) or _is_being_ended(row)
        if is_changing and not is_ending:
            return 0
        # Read again under the lock: a term may have been begun since, whose cycles take the place of these.
        held = holdings.terms(subscription_ids=[row.subscription_id])
        missing = {key: each for key, each in _begun(row, customer, held, at=at).items() if key in missing}
        known = charges.posted(operation_ids=list(missing))
        changes = holdings.seat_changes(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())
        own = charges.charged_from(operation_ids=[each.operation_id for each in changes if each.operation_id])
        posted = 0
        for operation_id, (term, cycle) in missing.items():
            seats = seats_on(changes, on=first_day(term, cycle), zone=customer.reseller_time_zone, charged_from=own)
            if operation_id in known or seats < 1:
                continue
            try:
                due = [_charge(row, customer, term, cycle, seats=seats)]
                if term.is_priced_late:
                    later = [change for change in changes if change.operation_id not in own]
                    due += _changed_without_price(row, customer, term, cycle, later, seats=seats)
            except tax.NoRateKnown:
                log.exception("no tax rate is known", subscription_id=str(row.subscription_id))
                continue
            _post(row, due, operation_id=operation_id, at=at)
            posted += 1
        return posted


def _is_being_ended(row: holdings.HoldingRow) -> bool:
    """Whether an end of the subscription has been ordered, priced for the day of the order, and is not booked yet."""
    key = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    return any(view.intent.get("status") == "deleted" for view in operation_queries.open_with_key(lease_key=key))


def cycles_of(term: holdings.Term, *, until_on: dt.date) -> tuple[periods.Period, ...]:
    """The charge cycles of a term that have begun by `until_on`, uncut; those of a term inside it are not its.

    A plan that began inside a cycle which it charges itself has that one too, from its `first_day` on.
    """
    is_sold = pricing.is_sold(term=term.term, billing_plan=term.billing_plan)
    if not term.unit_rate or not is_sold or until_on < term.start_on:
        return ()
    last_on = min(until_on + dt.timedelta(days=1), term.end_on)
    whole = periods.charge_cycles(
        anchor_on=term.anchor_on,
        term=terms.Term(term.term),
        billing_plan=terms.BillingPlan(term.billing_plan),
        within=periods.Period(term.start_on, last_on),
    )
    from_on = min(term.start_on, term.charged_from_on)
    over_on = term.followed_on or last_on
    return tuple(cycle for cycle in whole if from_on <= cycle.start_on < last_on and cycle.start_on <= over_on)


def first_day(term: holdings.Term, cycle: periods.Period) -> dt.date:
    """The first day of the cycle that the term charges."""
    return max(cycle.start_on, term.start_on)


def seats_on(
    changes: Sequence[holdings.SeatChange], *, on: dt.date, zone: str, charged_from: Mapping[uuid.UUID, dt.date]
) -> int:
    """The seats that a cycle beginning on the day `on` is charged for.

    A change that has charges of its own, from the day in `charged_from`, counts in the cycles that begin after that
    day, however long it took to carry out; any other (found at the vendor, come with a renewal) in those from its own
    day on, by the clock that shows the earlier one: the reseller's or the vendor's.
    """

    return sum(change.seats for change in changes if _counts(change, on=on, zone=zone, charged_from=charged_from))


def _counts(change: holdings.SeatChange, *, on: dt.date, zone: str, charged_from: Mapping[uuid.UUID, dt.date]) -> bool:
    own = None if change.operation_id is None else charged_from.get(change.operation_id)
    if own is not None:
        return own < on
    return pricing.counts_from_on(change, zone=zone) <= on


def _post(
    row: holdings.HoldingRow, due: Sequence[billing.NewCharge], *, operation_id: uuid.UUID, at: dt.datetime
) -> None:
    charge = due[0]
    billing.post(
        operation_id=operation_id,
        order_line_id=None,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        charges=list(due),
        at=at,
    )
    audit.record(
        by=SYSTEM,
        action="cycle.charged",
        subject_kind="subscription",
        subject_id=row.subscription_id,
        before={},
        after={
            "seats": charge.seats,
            "start_on": charge.period_start_on.isoformat(),
            "amount_minor": sum(each.amount_minor for each in due),
        },
        at=at,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        operation_id=operation_id,
    )


def _charge(
    row: holdings.HoldingRow, customer: CustomerRow, term: holdings.Term, cycle: periods.Period, *, seats: int
) -> billing.NewCharge:
    rate = money.Rate.parse(term.unit_rate, term.currency)
    during = periods.Period(first_day(term, cycle), min(cycle.end_on, term.end_on))
    amount = proration.part_of_period(quantity=seats, unit_rate=rate, cycle=cycle, during=during)
    return _due(row, customer, term, cycle, during, seats=seats, amount=amount)


def _changed_without_price(
    row: holdings.HoldingRow,
    customer: CustomerRow,
    term: holdings.Term,
    cycle: periods.Period,
    changes: Sequence[holdings.SeatChange],
    *,
    seats: int,
) -> list[billing.NewCharge]:
    """What those of these changes add or give back that are not among the cycle's `seats`, each for the rest of it."""
    rate, zone = money.Rate.parse(term.unit_rate, term.currency), customer.reseller_time_zone
    begins_on, end_on, found = first_day(term, cycle), min(cycle.end_on, term.end_on), []
    for change in changes:
        on = business_dates.business_date(at=change.at, zone=zone)
        # What the end of the term brought, at the vendor's midnight, is of the next one to the west of it too.
        is_inside = change.at < renewals.term_ends_at(renews_on=term.end_on)
        if is_inside and on < end_on and not _counts(change, on=begins_on, zone=zone, charged_from={}):
            during = periods.Period(on, end_on)
            after = seats + change.seats
            priced = proration.change(before=seats, after=after, unit_rate=rate, cycle=cycle, during=during)
            due = _due(row, customer, term, cycle, during, seats=priced.seats, amount=priced.amount)
            found.append(replace(due, rounding_minor=priced.rounding_minor))
            seats = after
    return found


def _due(
    row: holdings.HoldingRow,
    customer: CustomerRow,
    term: holdings.Term,
    cycle: periods.Period,
    during: periods.Period,
    *,
    seats: int,
    amount: money.Money,
) -> billing.NewCharge:
    rule = tax.tax_for(
        seller_country=customer.reseller_country,
        buyer_country=customer.country,
        buyer_vat_id=customer.vat_id,
        on=during.start_on,
    )
    return billing.NewCharge(
        kind="cycle",
        name=_name(row, term),
        seats=seats,
        days=during.days,
        cycle_days=cycle.days,
        period_start_on=during.start_on,
        period_end_on=during.end_on,
        unit_rate=term.unit_rate,
        price_list_version=term.price_list_version,
        amount_minor=amount.minor,
        rounding_minor=0,
        currency=term.currency,
        tax_basis_points=rule.rate_basis_points,
        tax_treatment=str(rule.treatment),
    )


def _name(row: holdings.HoldingRow, term: holdings.Term) -> str:
    """What the licence was called in that term, where it has become another product since."""
    then, now = naming.offer_key(term.offer_key), naming.offer_key(row.offer_key)
    if then is None or now is None or (then.product_id, then.vendor_sku_id) == (now.product_id, now.vendor_sku_id):
        return row.name
    try:
        offer = catalogue.offer(offer_key=term.offer_key, reseller_id=row.reseller_id)
    except catalogue.OfferUnknown:
        return row.name
    return offer.own_label or offer.title
