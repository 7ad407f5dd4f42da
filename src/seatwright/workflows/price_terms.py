"""Terms for which no price was known when they began: looked for again with every reading, and frozen when found.

Until then nobody is charged for them, which the staff's queue says. The price is the one in force on the day from which
the term is charged (invariant 9), however late it is found; the cycles that have begun since are charged then.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers.queries import CustomerRow
from seatwright.rules import business_dates
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import late_prices
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import charge_cycles, extended_service


def offer_key_of(*, customer: CustomerRow, vendor_key: str, seen: port.VendorSubscription) -> naming.OfferKey:
    """The key under which the catalogue has the offer that the vendor shows, if it has it."""
    return naming.OfferKey(
        vendor_key,
        seen.product_id,
        seen.vendor_sku_id,
        customer.segment,
        seen.term,
        seen.billing_cycle,
        customer.country,
    )


def rate(*, customer: CustomerRow, offer_key: str, seats: int, on: dt.date) -> catalogue.UnitRate | None:
    """The customer's price for one of so many seats on that day; None where no price is known."""
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


def price_late(*, customer: CustomerRow, unpriced: Sequence[late_prices.UnpricedTerm], at: dt.datetime) -> int:
    """Freeze the price of each of these terms of the customer that has one by now; returns how many have.

    What a subscription still owes that has ended and left is charged at once: nobody looks at it any more.
    """
    changes = holdings.seat_changes(subscription_ids=[term.subscription_id for term in unpriced])
    priced = []
    for term in unpriced:
        held = sum(
            each.seats
            for each in changes.get(term.subscription_id, ())
            if business_dates.business_date(at=each.at, zone=customer.reseller_time_zone) <= term.priced_on
        )
        if _price_late(customer, term, seats=held, at=at):
            priced.append(term)
    if left := sorted({term.subscription_id for term in priced if term.has_left}):
        charge_cycles.post_of(subscription_ids=left, at=at)
    return len(priced)


def _price_late(customer: CustomerRow, term: late_prices.UnpricedTerm, *, seats: int, at: dt.datetime) -> bool:
    found = _offer(customer, term, seats=seats)
    if found is None:
        return False
    with transaction.atomic():
        is_new = late_prices.freeze(subscription_id=term.subscription_id, start_on=term.start_on, offer=found, at=at)
        if is_new:
            audit.record(
                by=SYSTEM,
                action="term.priced",
                subject_kind="subscription",
                subject_id=term.subscription_id,
                before={"start_on": term.start_on.isoformat()},
                after={"unit_rate": found.unit_rate, "price_list_version": found.price_list_version},
                at=at,
                reseller_id=customer.reseller_id,
                customer_id=customer.customer_id,
            )
    return is_new


def _offer(customer: CustomerRow, term: late_prices.UnpricedTerm, *, seats: int) -> subscriptions.Offer | None:
    """What the term is an instance of, with its price; None while the catalogue lacks either.

    That is what the vendor showed when the term was entered, whatever it has become since.
    """
    shown = naming.offer_key(term.shown_key)
    if shown is None:
        return None
    if term.is_extended:
        behind = extended_service.offer_behind(customer=customer, shown=shown, sku_id=term.sku_id)
        key = "" if behind is None else behind.offer_key
        price = extended_service.rate(customer=customer, offer_key=key, quantity=seats, on=term.priced_on)
    else:
        price = rate(customer=customer, offer_key=str(shown), seats=seats, on=term.priced_on)
    if price is None:
        return None
    offer = catalogue.offer(offer_key=price.offer_key, reseller_id=customer.reseller_id)
    return subscriptions.Offer(
        offer_key=offer.offer_key,
        sku_id=offer.sku_id or term.sku_id,
        name=(offer.own_label or offer.title)[:200],
        unit_rate=f"{price.amount:f}",
        currency=price.currency,
        price_list_version=price.price_list_version,
    )
