"""Journey 8, the deciding half: take over the vendor's number of seats where somebody changed it elsewhere.

A difference is never adopted silently (invariant 10): a person decides with a reason, seats and charges are booked from
that day on, and the drift is closed.
"""

import datetime as dt
import uuid

from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import Actor
from seatwright.billing import changes as billing
from seatwright.customers import queries as customers
from seatwright.orders import queries as orders
from seatwright.rules import money, periods, proration, tax, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import end_of_life, pricing


class ReasonMissing(Exception):
    """Taking over a number of seats is recorded with its reason."""


class NothingToSettle(Exception):
    """The books and the vendor agree, a change of our own is under way, or the vendor's number cannot stand.

    A running subscription without seats is no state that the vendor leaves anything in: it is read again first.
    """


class TermUnread(Exception):
    """The term in the books is over and the one that follows unread: no cycle is known to charge the seats in."""


class PriceUnknown(Exception):
    """No price is known for the running term; one found later is charged for the seats that each cycle began with."""


def adopt(*, by: Actor, subscription_id: uuid.UUID, reason: str, at: dt.datetime) -> None:
    """Make the books show the vendor's number of seats and charge or credit the difference from today on.

    Needs `operations.settle`. Raises ReasonMissing, NothingToSettle, TermUnread, PriceUnknown,
    access.permissions.Unknown or NotAllowed.
    """
    found = holdings.holding(seen_by=by, subscription_id=subscription_id)
    place = {"reseller_id": found.reseller_id, "customer_id": found.customer_id}
    permissions.require(by=by, action="operations.settle", **place)
    if not reason.strip():
        raise ReasonMissing
    customer = customers.customer(seen_by=by, customer_id=found.customer_id)
    operation_id = identifiers.new_id()
    with transaction.atomic(durable=True):
        subscriptions.hold_still(subscription_ids=[subscription_id])
        row = holdings.by_ids(subscription_ids=[subscription_id])[0]
        if row.seats == row.vendor_seats or orders.open_lines(subscription_ids=[subscription_id]):
            raise NothingToSettle
        on = pricing.day_of(row, at=at, zone=customer.reseller_time_zone)
        _require_chargeable(row, on=on)
        _book_seats(row, on=on, operation_id=operation_id, at=at)
        billing.post(
            operation_id=operation_id,
            order_line_id=None,
            subscription_id=subscription_id,
            charges=_charges(row, customer, on=on),
            at=at,
            reseller_id=found.reseller_id,
            customer_id=found.customer_id,
        )
        subscriptions.close_drift(subscription_id=subscription_id, kind="quantity", how="adopted", at=at)
        audit.record(
            by=by,
            action="drift.adopted",
            subject_kind="subscription",
            subject_id=subscription_id,
            before={"seats": row.seats},
            after={"seats": row.vendor_seats},
            at=at,
            reason=reason.strip(),
            operation_id=operation_id,
            **place,
        )


def _require_chargeable(row: holdings.HoldingRow, *, on: dt.date) -> None:
    """Refuse what would leave seats uncharged; only what has ended costs nothing any more, whatever else is shown."""
    if row.status in end_of_life.STATES:
        return
    if row.vendor_seats == 0:
        raise NothingToSettle
    if on >= row.commitment_end_on:
        raise TermUnread
    if not row.unit_rate and not row.is_trial:
        raise PriceUnknown


def _book_seats(row: holdings.HoldingRow, *, on: dt.date, operation_id: uuid.UUID, at: dt.datetime) -> None:
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=on)
    more = row.vendor_seats - row.seats
    if more > 0:
        subscriptions.add_lot(
            subscription_id=row.subscription_id,
            seats=more,
            kind="adopted",
            effective_at=at,
            returnable_until=None,
            policy_version=policy.version,
            operation_id=operation_id,
        )
        return
    taken = windows.allocate(lots=pricing.seat_lots(row), quantity=-more, at=at, policy=policy)
    subscriptions.take_from_lots(
        subscription_id=row.subscription_id,
        takes=[subscriptions.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken],
        kind="adopted",
        effective_at=at,
        policy_version=policy.version,
        operation_id=operation_id,
    )


def _charges(row: holdings.HoldingRow, customer: customers.CustomerRow, *, on: dt.date) -> list[billing.NewCharge]:
    """One charge for the rest of the running cycle; none where no price is known or the commitment is over."""
    cycle = pricing.cycle_of(row, on=on)
    until = min(cycle.end_on, row.commitment_end_on)
    if not row.unit_rate or not cycle.start_on <= on < until:
        return []
    priced = proration.change(
        before=row.seats,
        after=row.vendor_seats,
        unit_rate=money.Rate.parse(row.unit_rate, row.currency),
        cycle=cycle,
        during=periods.Period(on, until),
    )
    rule = tax.tax_for(
        seller_country=customer.reseller_country,
        buyer_country=customer.country,
        buyer_vat_id=customer.vat_id,
        on=on,
    )
    return [
        billing.NewCharge(
            kind="adopted",
            name=row.name,
            seats=priced.seats,
            days=priced.days,
            cycle_days=priced.cycle_days,
            period_start_on=priced.period.start_on,
            period_end_on=priced.period.end_on,
            unit_rate=row.unit_rate,
            price_list_version=row.price_list_version,
            amount_minor=priced.amount.minor,
            rounding_minor=priced.rounding_minor,
            currency=row.currency,
            tax_basis_points=rule.rate_basis_points,
            tax_treatment=str(rule.treatment),
        )
    ]
