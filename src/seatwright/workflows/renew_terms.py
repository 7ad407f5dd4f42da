"""Journey 7, the booking half: enter the terms that the vendor has renewed, with the price frozen for each.

The vendor renews, some hours after the old term's end; we read it and never assume it. Seats that an intent scheduled
for the renewal become part of the books with it; any other number is drift like at any other time.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers.queries import CustomerRow
from seatwright.orders import intents
from seatwright.rules import business_dates, periods, renewals, terms, timeline, unread_terms, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import end_of_life, extended_service, price_terms, pricing, wishes


def is_renewed(*, row: holdings.HoldingRow, seen: port.VendorSubscription, at: dt.datetime) -> bool:
    """Whether the vendor shows a term that begins where the books' term ended.

    One that was suspended or has ended in the meantime counts: such a term is not renewed, so it was renewed before.
    """
    if seen.commitment_end_on is None or seen.status not in ("active", "suspended", *end_of_life.STATES):
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

    One transaction. Where several terms went by unread, each is booked with its own price: the one in force on its
    first day (invariant 9). No window is taken to open later than the vendor may have finished the renewal.
    """
    ahead = _ahead(row, seen)
    starts = [each.period.start_on for each in ahead]
    extended = extended_service.months_shown(row=row, seen=seen, starts=starts)
    entered = tuple(
        _following(customer, row, seen, each, is_extended) for each, is_extended in zip(ahead, extended, strict=True)
    )
    first, last, is_extended = entered[0], entered[-1], extended[-1]
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=last.start_on)
    with transaction.atomic(durable=True):
        subscriptions.hold_still(subscription_ids=[row.subscription_id])
        ends_on, row = row.commitment_end_on, holdings.by_ids(subscription_ids=[row.subscription_id])[0]
        if row.commitment_end_on != ends_on:
            return False
        if not _write(row, entered, policy=policy, at=at):
            return False
        if seen.quantity == expected_seats != row.seats:
            _book_seats(row, after=expected_seats, policy=policy, at=at)
        state = "carried_out" if _is_as_wished(row, seen, is_extended=extended[0]) else "lapsed"
        was_wished = intents.close(subscription_id=row.subscription_id, effective_on=first.start_on, state=state, at=at)
        audit.record(
            by=SYSTEM,
            action="term.renewed",
            subject_kind="subscription",
            subject_id=row.subscription_id,
            before={"seats": row.seats, "commitment_end_on": row.commitment_end_on.isoformat()},
            after={
                "seats": seen.quantity,
                "commitment_end_on": last.end_on.isoformat(),
                "unit_rate": last.unit_rate,
                "price_list_version": last.price_list_version,
                **({"extended_service": True} if is_extended else {}),
                **({"terms": len(entered)} if len(entered) > 1 else {}),
                **({"wishes": state} if was_wished else {}),
            },
            at=at,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
        )
    return True


def _write(
    row: holdings.HoldingRow,
    entered: Sequence[subscriptions.NextTerm],
    *,
    policy: windows.WindowPolicy,
    at: dt.datetime,
) -> bool:
    """Enter the terms in their order; False, and nothing written, where the first is in the books already."""
    processing = wishes.renewal_policy(row).processing
    for following in entered:
        renewed_at = min(at, renewals.term_ends_at(renews_on=following.start_on) + processing)
        is_new = subscriptions.renew(
            subscription_id=row.subscription_id,
            following=following,
            renewed_at=renewed_at,
            reopened_until=windows.window_end(added_at=renewed_at, policy=policy),
            at=at,
        )
        if not is_new:
            return False
    return True


def _ahead(row: holdings.HoldingRow, seen: port.VendorSubscription) -> tuple[renewals.TermAhead, ...]:
    """The terms from the end of the books' one to the end that the vendor shows: several where some went by unread."""
    assert seen.commitment_end_on is not None
    during = periods.Period(row.commitment_end_on, seen.commitment_end_on)
    try:
        return unread_terms.terms_between(anchor_on=row.anchor_on, term=terms.Term(seen.term), during=during)
    except ValueError:
        return (renewals.TermAhead(period=during, anchor_on=during.start_on, is_cut=True),)


def _is_as_wished(row: holdings.HoldingRow, seen: port.VendorSubscription, *, is_extended: bool) -> bool:
    """Whether the vendor renewed what the wishes came to; false where it had lost them or renewed a cancelled term."""
    try:
        wished = timeline.next_term(timeline=wishes.timeline_of(row))
    except (wishes.NotRunning, ValueError):
        return False
    if wished.outcome is renewals.Ending.EXTENDED:
        return is_extended and wished.quantity == seen.quantity
    if wished.outcome is not renewals.Ending.RENEW or is_extended:
        return False
    parts = naming.offer_key(wished.offer)
    product = None if parts is None else (parts.product_id, parts.vendor_sku_id)
    shown = (seen.quantity, seen.term, seen.billing_cycle)
    return (wished.quantity, wished.term, wished.billing_plan) == shown and product == (
        seen.product_id,
        seen.vendor_sku_id,
    )


def _following(
    customer: CustomerRow,
    row: holdings.HoldingRow,
    seen: port.VendorSubscription,
    ahead: renewals.TermAhead,
    is_extended: bool,
) -> subscriptions.NextTerm:
    start_on = ahead.period.start_on
    shown = price_terms.offer_key_of(customer=customer, vendor_key=row.vendor_key, seen=seen)
    key = str(shown)
    if is_extended:
        # A wish for another product may have been carried out in a term that went by unread.
        behind = extended_service.offer_behind(customer=customer, shown=shown, sku_id=row.sku_id)
        key = row.offer_key if behind is None else behind.offer_key
        price = extended_service.rate(customer=customer, offer_key=key, quantity=seen.quantity, on=start_on)
        key = key if price is None else price.offer_key
    offer = catalogue.offers(offer_keys=[key], reseller_id=customer.reseller_id).get(key)
    if seen.is_trial:
        price = None
    elif not is_extended:
        price = price_terms.rate(customer=customer, offer_key=key, seats=seen.quantity, on=start_on)
    return subscriptions.NextTerm(
        start_on=start_on,
        end_on=ahead.period.end_on,
        anchor_on=ahead.anchor_on,
        term=seen.term[:8],
        billing_plan=seen.billing_cycle[:16],
        offer_key="" if offer is None else offer.offer_key,
        sku_id=row.sku_id if offer is None else offer.sku_id,
        name=(seen.name if offer is None else offer.own_label or offer.title)[:200],
        unit_rate="" if price is None else f"{price.amount:f}",
        currency=row.currency if price is None else price.currency,
        price_list_version="" if price is None else price.price_list_version,
        shown_key=str(shown),
        is_extended=is_extended,
        is_trial=seen.is_trial,
    )


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
