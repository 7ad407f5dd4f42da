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
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import late_prices
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import extended_service


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


def price_late(
    *,
    customer: CustomerRow,
    row: holdings.HoldingRow,
    seen: port.VendorSubscription,
    unpriced: Sequence[late_prices.UnpricedTerm],
    at: dt.datetime,
) -> int:
    """Freeze the price of each of these terms of the subscription that has one by now; returns how many have."""
    return sum(_price_late(customer, row, seen, term, is_last=term is unpriced[-1], at=at) for term in unpriced)


def _price_late(
    customer: CustomerRow,
    row: holdings.HoldingRow,
    seen: port.VendorSubscription,
    term: late_prices.UnpricedTerm,
    *,
    is_last: bool,
    at: dt.datetime,
) -> bool:
    found = _offer(customer, row, seen, term, is_last=is_last)
    if found is None:
        return False
    with transaction.atomic():
        is_new = late_prices.freeze(subscription_id=row.subscription_id, start_on=term.start_on, offer=found, at=at)
        if is_new:
            audit.record(
                by=SYSTEM,
                action="term.priced",
                subject_kind="subscription",
                subject_id=row.subscription_id,
                before={"start_on": term.start_on.isoformat()},
                after={"unit_rate": found.unit_rate, "price_list_version": found.price_list_version},
                at=at,
                reseller_id=row.reseller_id,
                customer_id=row.customer_id,
            )
    return is_new


def _offer(
    customer: CustomerRow,
    row: holdings.HoldingRow,
    seen: port.VendorSubscription,
    term: late_prices.UnpricedTerm,
    *,
    is_last: bool,
) -> subscriptions.Offer | None:
    """What the term is an instance of, with its price; None while the catalogue lacks either.

    A term that follows on an offer of another length is extended service, and so is the running one that the vendor
    shows as such.
    """
    key, is_extended = naming.offer_key(term.offer_key), False
    if is_last and term.end_on == row.commitment_end_on and extended_service.is_certain(seen):
        behind = extended_service.offer_behind(
            customer=customer, seen=seen, vendor_key=row.vendor_key, sku_id=row.sku_id
        )
        key, is_extended = (None if behind is None else naming.offer_key(behind.offer_key)), True
    elif key is None:
        shown = offer_key_of(customer=customer, vendor_key=row.vendor_key, seen=seen)
        key = shown._replace(term=term.term, billing_plan=term.billing_plan)
    else:
        is_extended = (key.term, key.billing_plan) != (term.term, term.billing_plan)
    if key is None:
        return None
    if is_extended:
        price = extended_service.rate(customer=customer, offer_key=str(key), quantity=seen.quantity, on=term.priced_on)
    else:
        price = rate(customer=customer, offer_key=str(key), seats=seen.quantity, on=term.priced_on)
    if price is None:
        return None
    offer = catalogue.offer(offer_key=price.offer_key, reseller_id=customer.reseller_id)
    return subscriptions.Offer(
        offer_key=offer.offer_key,
        sku_id=offer.sku_id or row.sku_id,
        name=(offer.own_label or offer.title)[:200],
        unit_rate=f"{price.amount:f}",
        currency=price.currency,
        price_list_version=price.price_list_version,
    )
