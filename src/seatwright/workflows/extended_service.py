"""Extended service: a term that nobody renews or ends runs on by the month, at the monthly price with a surcharge.

The one place that knows when it applies, how the vendor shows it and what it costs, so that what is shown before and
what is charged are one calculation. Source: Partner Center reference 6.8.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.rules import renewals, terms
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port

SUBJECT = "extended_service_term"
WITHOUT_MONTHLY = f"{SUBJECT}:no_monthly_term"
WHOLE = 10_000


def applies(*, row: holdings.HoldingRow, rules: catalogue.AfterTerms | None = None) -> bool:
    """Whether the running term runs on as extended service where nobody decides; a trial never does.

    Of many rows the `rules` are read once.
    """
    rules = rules or catalogue.AfterTerms(vendor_keys=[row.vendor_key])
    last_day_on = row.commitment_end_on - dt.timedelta(days=1)
    key = naming.offer_key(row.offer_key)
    try:
        found = rules.on(last_day_on, vendor_key=row.vendor_key)
    except catalogue.PolicyMissing:
        return False
    if row.is_trial or key is None or found.extended_from_on is None or found.bought_from_on is None:
        return False
    wanted = renewals.AfterTermRules(
        version=found.version,
        bought_from_on=found.bought_from_on,
        last_day_from_on=found.extended_from_on,
        segments=frozenset({"commercial", "education", "non_profit"}),
        grace_days=found.grace_days,
        disabled_days=found.disabled_days,
        source=found.source,
    )
    return renewals.extended_term_applies(
        renews_on=row.commitment_end_on, bought_or_renewed_on=row.term_start_on, segment=key.segment, rules=wanted
    )


def is_shown(*, row: holdings.HoldingRow, seen: port.VendorSubscription) -> bool:
    """Whether the term that the vendor shows after the books' one is extended service: by its product line or title.

    A vendor that keeps the ordinary line for it is believed when it says that the month leads to extended service, and
    the last reading did not say that the term before would lead elsewhere; a month after a longer term is enough where
    nothing was stored for it.
    """
    if not _is_monthly(seen):
        return False
    return seen.is_extended_service or (seen.end_of_term is port.EndOfTerm.EXTENDED and _leads_there(row))


def months_shown(
    *, row: holdings.HoldingRow, seen: port.VendorSubscription, starts: Sequence[dt.date]
) -> tuple[bool, ...]:
    """Which of the terms since the books' one, by their first days, were extended service, the oldest first.

    The vendor shows the last one only. Those before it, that nobody read, were too where the books' term led there and
    the vendor's rules had it by then. They are taken to be ordinary months otherwise: the lower price where nobody can
    know.
    """
    is_last = is_shown(row=row, seen=seen)
    led_there = is_last and _leads_there(row)
    return (*(led_there and _exists(row.vendor_key, ended_on=start_on) for start_on in starts[:-1]), is_last)


def _exists(vendor_key: str, *, ended_on: dt.date) -> bool:
    """Whether the vendor had extended service for a term whose first day after was `ended_on`."""
    last_day_on = ended_on - dt.timedelta(days=1)
    try:
        found = catalogue.after_term(vendor_key=vendor_key, on=last_day_on)
    except catalogue.PolicyMissing:
        return False
    return found.extended_from_on is not None and found.extended_from_on <= last_day_on


def is_certain(seen: port.VendorSubscription) -> bool:
    """Whether the vendor's product line or title says that the running month is extended service."""
    return seen.is_extended_service and _is_monthly(seen)


def _is_monthly(seen: port.VendorSubscription) -> bool:
    return (seen.term, seen.billing_cycle) == (terms.Term.P1M, terms.BillingPlan.MONTHLY)


def _leads_there(row: holdings.HoldingRow) -> bool:
    """Whether a month after the books' term is extended service: no ordinary one was to follow it when last read."""
    is_other_term = row.term != terms.Term.P1M and row.next_term is None
    return row.end_of_term in ("", port.EndOfTerm.EXTENDED) or is_other_term


def offer_behind(*, customer: customers.CustomerRow, shown: naming.OfferKey, sku_id: str) -> catalogue.OfferRow | None:
    """The offer whose price the month of extended service `shown` at the vendor lies on; None where there is none.

    The vendor's own line for it is no offer of the catalogue: the same licence of the same product by the month is, and
    where that is not sold, by the year billed by the month.
    """
    return offers_behind(customer=customer, shown={(shown, sku_id)})[shown, sku_id]


def offers_behind(
    *, customer: customers.CustomerRow, shown: Collection[tuple[naming.OfferKey, str]]
) -> dict[tuple[naming.OfferKey, str], catalogue.OfferRow | None]:
    """The `offer_behind` of each of these months, given with the licences' SKU; one look-up for each vendor."""
    sold: list[catalogue.OfferRow] = []
    for vendor_key in sorted({key.vendor_key for key, _ in shown}):
        sold += catalogue.offers_of_products(
            market=customer.country,
            segment=customer.segment,
            reseller_id=customer.reseller_id,
            vendor_key=vendor_key,
            product_ids={key.product_id for key, _ in shown if key.vendor_key == vendor_key},
        )
    return {(key, sku_id): _behind(key, sku_id, sold) for key, sku_id in shown}


def _behind(shown: naming.OfferKey, sku_id: str, offers: Iterable[catalogue.OfferRow]) -> catalogue.OfferRow | None:
    product = (shown.vendor_key, shown.product_id)
    sold = [each for each in offers if (each.vendor_key, each.product_id) == product]
    same_line = [each for each in sold if each.vendor_sku_id == shown.vendor_sku_id]
    same_licence = [each for each in sold if sku_id and each.sku_id == sku_id.lower()]
    monthly = [each for each in same_line or same_licence if each.billing_plan == terms.BillingPlan.MONTHLY]
    by_term = {each.term: each for each in reversed(monthly)}
    return by_term.get(terms.Term.P1M) or by_term.get(terms.Term.P1Y)


def rate(
    *,
    customer: customers.CustomerRow,
    offer_key: str,
    quantity: int,
    on: dt.date,
    rules: catalogue.AfterTerms | None = None,
) -> catalogue.UnitRate | None:
    """What a seat costs for a month of extended service that begins on the day `on`; None where no price is known.

    The surcharge lies on the price of the monthly term, and a higher one on that of the year billed by the month where
    no price list has a monthly term; one that is listed without a price for this customer is waited for. The rate's
    `offer_key` and price list version are those of the price it lies on. Of many licences the `rules` are read once.
    """
    key = naming.offer_key(offer_key)
    if key is None:
        return None
    rules = rules or catalogue.AfterTerms(vendor_keys=[key.vendor_key])
    for term, subject in ((terms.Term.P1M, SUBJECT), (terms.Term.P1Y, WITHOUT_MONTHLY)):
        basis = key._replace(term=term.value, billing_plan=terms.BillingPlan.MONTHLY.value)
        try:
            price = catalogue.sales_rate(
                reseller_id=customer.reseller_id,
                offer_key=str(basis),
                on=on,
                quantity=max(quantity, 1),
                currency=customer.currency,
            )
            added = rules.surcharge_basis_points(on, vendor_key=key.vendor_key, subject=subject)
        except (catalogue.OfferUnknown, catalogue.PriceMissing, catalogue.PolicyMissing):
            if catalogue.is_listed(reseller_id=customer.reseller_id, offer_key=str(basis), on=on):
                return None
            continue
        amount = (price.amount * Decimal(WHOLE + added) / WHOLE).normalize()
        return replace(price, amount=Decimal(f"{amount:f}"))
    return None
