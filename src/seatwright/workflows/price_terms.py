"""Terms for which no price was known when they began: looked for again with every reading, and frozen when found.

Until then nobody is charged for them, which the staff's queue says. The price is the one in force on the day from which
the term is charged (invariant 9), however late it is found; the cycles that have begun since are charged then.
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
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import late_prices
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import charge_cycles, extended_service, pricing


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

    The prices are looked up for all of them at once: some wait for long, and every reading asks anew. What a
    subscription still owes that has ended and left is charged at once: nobody looks at it any more.
    """
    found = _priced(customer, unpriced)
    keys = {price.offer_key for price in found.values()}
    offers = catalogue.offers(offer_keys=keys, reseller_id=customer.reseller_id) if keys else {}
    priced = []
    for term in unpriced:
        price = found.get((term.subscription_id, term.start_on))
        if price is not None and _freeze(customer, term, offers[price.offer_key], price, at=at):
            priced.append(term)
    if left := sorted({term.subscription_id for term in priced if term.has_left}):
        charge_cycles.post_of(subscription_ids=left, at=at)
    return len(priced)


def _freeze(
    customer: CustomerRow,
    term: late_prices.UnpricedTerm,
    offer: catalogue.OfferRow,
    price: catalogue.UnitRate,
    *,
    at: dt.datetime,
) -> bool:
    found = subscriptions.Offer(
        offer_key=offer.offer_key,
        sku_id=offer.sku_id or term.sku_id,
        name=(offer.own_label or offer.title)[:200],
        unit_rate=f"{price.amount:f}",
        currency=price.currency,
        price_list_version=price.price_list_version,
    )
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


def _priced(
    customer: CustomerRow, unpriced: Sequence[late_prices.UnpricedTerm]
) -> dict[tuple[uuid.UUID, dt.date], catalogue.UnitRate]:
    """The price of what each term is an instance of, by subscription and first day, where the catalogue has it.

    That is what the vendor showed when the term was entered, whatever it has become since.
    """
    keyed = [(term, key) for term in unpriced if (key := naming.offer_key(term.shown_key)) is not None]
    extended = {(key, term.sku_id) for term, key in keyed if term.is_extended}
    behind = extended_service.offers_behind(customer=customer, shown=extended)
    rules = catalogue.AfterTerms(vendor_keys={key.vendor_key for key, _ in extended})
    changes = holdings.seat_changes(subscription_ids=[term.subscription_id for term in unpriced])
    known = {offer.offer_key for offer in behind.values() if offer is not None} | {str(key) for _, key in keyed}
    found = {}
    with catalogue.each_once(offer_keys=known, days={term.priced_on for term, _ in keyed}):
        for term, key in keyed:
            seats = _seats_on(changes.get(term.subscription_id, ()), customer, term.priced_on)
            if term.is_extended:
                offer = behind[key, term.sku_id]
                price = (
                    None
                    if offer is None
                    else extended_service.rate(
                        customer=customer, offer_key=offer.offer_key, quantity=seats, on=term.priced_on, rules=rules
                    )
                )
            else:
                price = rate(customer=customer, offer_key=str(key), seats=seats, on=term.priced_on)
            if price is not None:
                found[term.subscription_id, term.start_on] = price
    return found


def _seats_on(changes: Sequence[holdings.SeatChange], customer: CustomerRow, on: dt.date) -> int:
    zone = customer.reseller_time_zone
    return sum(each.seats for each in changes if pricing.counts_from_on(each, zone=zone) <= on)
