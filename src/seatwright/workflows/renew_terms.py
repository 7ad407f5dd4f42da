"""Journey 7, the booking half: enter the terms that the vendor has renewed, with the price frozen for each.

The vendor renews, some hours after the old term's end; we read it and never assume it. Seats that an intent scheduled
for the renewal become part of the books with it; any other number is drift like at any other time.
"""

import datetime as dt
import uuid

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers.queries import CustomerRow
from seatwright.orders import intents
from seatwright.rules import business_dates, periods, renewals, terms, timeline, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import pricing, wishes


def is_renewed(*, row: holdings.HoldingRow, seen: port.VendorSubscription, at: dt.datetime) -> bool:
    """Whether the vendor shows a term that begins where the books' term ended.

    One that was suspended in the meantime counts: a suspended term is not renewed, so it was renewed before.
    """
    if seen.commitment_end_on is None or seen.status not in ("active", "suspended"):
        return False
    over = at >= dt.datetime.combine(row.commitment_end_on, dt.time(), tzinfo=dt.UTC)
    return over and seen.commitment_end_on > row.commitment_end_on


def enter(
    *,
    customer: CustomerRow,
    row: holdings.HoldingRow,
    seen: port.VendorSubscription,
    expected_seats: int,
    at: dt.datetime,
) -> bool:
    """Book the renewed term, and the seats with it where the vendor shows the `expected_seats`; False if it was booked.

    One transaction; the price of the new term is the one in force on its first day (invariant 9).
    """
    following = _following(customer, row, seen)
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=following.start_on)
    with transaction.atomic(durable=True):
        is_new = subscriptions.renew(
            subscription_id=row.subscription_id,
            following=following,
            renewed_at=at,
            reopened_until=windows.window_end(added_at=at, policy=policy),
            at=at,
        )
        if not is_new:
            return False
        if seen.quantity == expected_seats != row.seats:
            _book_seats(row, after=expected_seats, policy=policy, at=at)
        state = "carried_out" if _is_as_wished(row, seen) else "lapsed"
        was_wished = intents.close(
            subscription_id=row.subscription_id, effective_on=following.start_on, state=state, at=at
        )
        audit.record(
            by=SYSTEM,
            action="term.renewed",
            subject_kind="subscription",
            subject_id=row.subscription_id,
            before={"seats": row.seats, "commitment_end_on": row.commitment_end_on.isoformat()},
            after={
                "seats": seen.quantity,
                "commitment_end_on": following.end_on.isoformat(),
                "unit_rate": following.unit_rate,
                "price_list_version": following.price_list_version,
                **({"wishes": state} if was_wished else {}),
            },
            at=at,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
        )
    return True


def _is_as_wished(row: holdings.HoldingRow, seen: port.VendorSubscription) -> bool:
    """Whether the vendor renewed what the wishes came to; false where it had lost them or renewed a cancelled term."""
    try:
        wished = timeline.next_term(timeline=wishes.timeline_of(row))
    except (wishes.NotRunning, ValueError):
        return False
    if wished.outcome is not renewals.Ending.RENEW:
        return wished.outcome is renewals.Ending.EXTENDED
    parts = naming.offer_key(wished.offer)
    product = None if parts is None else (parts.product_id, parts.vendor_sku_id)
    shown = (seen.quantity, seen.term, seen.billing_cycle)
    return (wished.quantity, wished.term, wished.billing_plan) == shown and product == (
        seen.product_id,
        seen.vendor_sku_id,
    )


def _following(
    customer: CustomerRow, row: holdings.HoldingRow, seen: port.VendorSubscription
) -> subscriptions.NextTerm:
    assert seen.commitment_end_on is not None
    start_on, end_on = row.commitment_end_on, seen.commitment_end_on
    key = naming.OfferKey(
        row.vendor_key,
        seen.product_id,
        seen.vendor_sku_id,
        customer.segment,
        seen.term,
        seen.billing_cycle,
        customer.country,
    )
    offer = catalogue.offers(offer_keys=[str(key)], reseller_id=customer.reseller_id).get(str(key))
    price = None if offer is None else _price(customer, offer.offer_key, seats=seen.quantity, on=start_on)
    return subscriptions.NextTerm(
        start_on=start_on,
        end_on=end_on,
        anchor_on=_anchor(row, term=seen.term, start_on=start_on, end_on=end_on),
        term=seen.term[:8],
        billing_plan=seen.billing_cycle[:16],
        offer_key="" if offer is None else offer.offer_key,
        sku_id=row.sku_id if offer is None else offer.sku_id,
        name=(seen.name if offer is None else offer.own_label or offer.title)[:200],
        unit_rate="" if price is None else f"{price.amount:f}",
        currency=row.currency if price is None else price.currency,
        price_list_version="" if price is None else price.price_list_version,
    )


def _anchor(row: holdings.HoldingRow, *, term: str, start_on: dt.date, end_on: dt.date) -> dt.date:
    """The original start date where the new term lies where counting from it puts it, else the new term's own start."""
    try:
        counted = periods.term_containing(anchor_on=row.anchor_on, term=terms.Term(term), on=start_on)
    except ValueError:
        return start_on
    return row.anchor_on if counted == periods.Period(start_on, end_on) else start_on


def _price(customer: CustomerRow, offer_key: str, *, seats: int, on: dt.date) -> catalogue.UnitRate | None:
    try:
        return catalogue.sales_rate(
            reseller_id=customer.reseller_id,
            offer_key=offer_key,
            on=on,
            quantity=max(seats, 1),
            currency=customer.currency,
        )
    except (catalogue.PriceMissing, catalogue.OfferUnknown):
        return None


def _book_seats(row: holdings.HoldingRow, *, after: int, policy: windows.WindowPolicy, at: dt.datetime) -> None:
    effective_at = business_dates.start_of_day(on=row.commitment_end_on, zone="UTC")
    operation_id = uuid.uuid5(row.subscription_id, f"renewed:{row.commitment_end_on.isoformat()}")
    if after > row.seats:
        subscriptions.add_lot(
            subscription_id=row.subscription_id,
            seats=after - row.seats,
            kind="renewed",
            effective_at=effective_at,
            returnable_until=windows.window_end(added_at=at, policy=policy),
            policy_version=policy.version,
            operation_id=operation_id,
        )
        return
    taken = windows.allocate(lots=pricing.seat_lots(row), quantity=row.seats - after, at=at, policy=policy)
    subscriptions.take_from_lots(
        subscription_id=row.subscription_id,
        takes=[subscriptions.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken],
        kind="renewed",
        effective_at=effective_at,
        policy_version=policy.version,
        operation_id=operation_id,
    )
