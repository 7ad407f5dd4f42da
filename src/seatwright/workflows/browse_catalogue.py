"""What a customer may buy: the catalogue as a list and one product with its plans; reads only."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.rules import money, purchases, terms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy_limits, buy_pricing, pricing

PAGE_SIZE = 40


@dataclass(frozen=True, kw_only=True)
class CatalogueRow:
    """A product in the list; `from_minor` is its lowest price for a seat and month, None where none is known.

    `old_name` is the former name by which it was found; `held` are the seats of it that the customer has.
    """

    product_key: str
    name: str
    title: str
    part_number: str
    old_name: str
    is_add_on: bool
    is_self_service: bool
    held: int
    from_minor: int | None


@dataclass(frozen=True, kw_only=True)
class CataloguePage:
    """A page of the catalogue; `next_skip` continues it, None on the last page."""

    customer: customers.CustomerRow
    text: str
    rows: tuple[CatalogueRow, ...]
    total: int
    next_skip: int | None
    may_buy: bool


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """A term and billing plan of a product with its price, None where none is known; amounts are net, for one seat.

    `unit_minor` is charged each cycle, `month_minor` its share of a month, `term_minor` the whole commitment.
    `surcharge` is how much dearer a month is than in the cheapest plan, in basis points; `saving_minor` what the
    cheapest plan would save in a year.
    """

    offer_key: str
    term: str
    billing_plan: str
    unit_minor: int | None
    month_minor: int | None
    term_minor: int | None
    surcharge: int
    saving_minor: int


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product with everything that its page shows before the vendor is asked.

    `names` are those of all the customer's subscriptions, by the vendor's id.
    """

    customer: customers.CustomerRow
    product_key: str
    name: str
    title: str
    part_number: str
    minimum: int
    maximum: int | None
    family_maximum: int | None
    is_add_on: bool
    is_self_service: bool
    prerequisites: tuple[str, ...]
    plans: tuple[PlanRow, ...]
    tenants: tuple[customers.TenantRow, ...]
    held: tuple[holdings.HoldingRow, ...]
    names: Mapping[str, str]
    may_quote: bool
    may_buy: bool
    may_ask: bool
    may_edit: bool
    is_staff_visit: bool

    @property
    def is_to_order(self) -> bool:
        """Whether this actor may order it here; otherwise it is asked for."""
        return self.may_quote and (self.is_self_service or self.is_staff_visit)


def catalogue_page(*, by: Actor, customer_id: uuid.UUID, text: str, skip: int, at: dt.datetime) -> CataloguePage:
    """A page of what the customer may buy, by name or found by any name it ever had.

    Raises access.permissions.Unknown or NotAllowed.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="catalogue.view")
    shown, total = catalogue.shelf(
        reseller_id=customer.reseller_id,
        market=customer.country,
        segment=customer.segment,
        text=text,
        skip=skip,
        limit=PAGE_SIZE,
    )
    prices = _lowest_months(customer, shown, at=at)
    held: dict[str, int] = {}
    for row in _live(customer, by=by):
        key = buy_limits.product_of(row.offer_key)
        held[key] = held.get(key, 0) + row.seats
    rows = tuple(
        CatalogueRow(
            product_key=each.product_key,
            name=each.name,
            title=each.title,
            part_number=each.part_number,
            old_name=each.old_name,
            is_add_on=each.is_add_on,
            is_self_service=each.is_self_service,
            held=held.get(each.product_key, 0),
            from_minor=prices.get(each.product_key),
        )
        for each in shown
    )
    more = skip + len(shown)
    return CataloguePage(
        customer=customer,
        text=text,
        rows=rows,
        total=total,
        next_skip=more if more < total else None,
        may_buy=permissions.allowed(
            by=by, action="seats.book", reseller_id=customer.reseller_id, customer_id=customer_id
        ),
    )


def _lowest_months(
    customer: customers.CustomerRow, shown: Sequence[catalogue.ShelfProduct], *, at: dt.datetime
) -> dict[str, int]:
    on = buy_pricing.priced_on(customer, at=at)
    pks = [pk for each in shown for pk in each.offer_pks]
    priced = catalogue.rates(reseller_id=customer.reseller_id, offer_pks=pks, on=on, currency=customer.currency)
    lowest = {}
    for each in shown:
        months = [_month(priced[pk], customer.currency) for pk in each.offer_pks if pk in priced]
        if months:
            lowest[each.product_key] = money.Money.rounded(min(months), customer.currency).minor
    return lowest


def _month(rate: catalogue.OfferRate, currency: str) -> Fraction:
    return purchases.per_month(
        rate=money.Rate(rate.amount, currency), billing_plan=terms.BillingPlan(rate.billing_plan)
    )


def _live(customer: customers.CustomerRow, *, by: Actor) -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=by, customer_ids=[customer.customer_id], action="catalogue.view")
    return [row for row in rows if row.status in pricing.LIVE_STATES]


def product(*, by: Actor, customer_id: uuid.UUID, product_key: str, at: dt.datetime) -> Product:
    """One product on sale to the customer, with its plans and how their prices compare.

    Raises access.permissions.Unknown for a product that is not, as for one that does not exist.
    """
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="catalogue.view")
    product_id, _, vendor_sku_id = product_key.partition(":")
    offers = [
        each
        for each in catalogue.offers_for(
            market=customer.country,
            segment=customer.segment,
            reseller_id=customer.reseller_id,
            product_id=product_id,
            vendor_sku_id=vendor_sku_id,
        )
        if product_id and vendor_sku_id and each.is_offered and not each.is_trial
    ]
    if not offers:
        raise permissions.Unknown
    live = _live(customer, by=by)
    first, place = offers[0], {"reseller_id": customer.reseller_id, "customer_id": customer_id}
    on = buy_pricing.priced_on(customer, at=at)
    needs = catalogue.product_names(product_keys=first.prerequisites, reseller_id=customer.reseller_id)
    return Product(
        customer=customer,
        product_key=product_key,
        name=first.own_label or first.title,
        title=first.title,
        part_number=first.part_number,
        minimum=first.minimum,
        maximum=first.maximum,
        family_maximum=catalogue.family_cap(vendor_key=first.vendor_key, family=first.family, on=on)
        if first.family
        else None,
        is_add_on=first.is_add_on,
        is_self_service=first.is_self_service,
        prerequisites=tuple(sorted(each.name for each in needs.values())),
        plans=_plans(customer, offers, on=on),
        tenants=tuple(
            tenant
            for tenant in customers.tenants(seen_by=by, customer_ids=[customer_id], action="catalogue.view")
            if tenant.vendor_key == first.vendor_key
        ),
        names={row.vendor_subscription_id: row.name for row in live},
        held=tuple(row for row in live if buy_limits.product_of(row.offer_key) == product_key),
        may_quote=permissions.allowed(by=by, action="seats.quote", **place),
        may_buy=permissions.allowed(by=by, action="seats.book", **place),
        may_ask=permissions.allowed(by=by, action="offers.request", **place),
        may_edit=permissions.allowed(by=by, action="catalogue.edit", **place),
        is_staff_visit=by.is_staff,
    )


def _plans(
    customer: customers.CustomerRow, offers: Sequence[catalogue.OfferRow], *, on: dt.date
) -> tuple[PlanRow, ...]:
    """The plans from the shortest commitment on, those without a price among them."""
    priced = catalogue.rates(
        reseller_id=customer.reseller_id,
        offer_pks=[each.offer_pk for each in offers],
        on=on,
        currency=customer.currency,
    )
    rates = {
        (terms.Term(each.term), terms.BillingPlan(each.billing_plan)): money.Rate(
            priced[each.offer_pk].amount, customer.currency
        )
        for each in offers
        if each.offer_pk in priced
    }
    surcharges = purchases.surcharges(rates=rates)
    cheapest = min((rate.minor * Fraction(1, plan.months) for (_, plan), rate in rates.items()), default=Fraction(0))
    rows = [_plan(each, rates, surcharges, cheapest) for each in offers]
    return tuple(
        sorted(rows, key=lambda row: (terms.Term(row.term).months, terms.BillingPlan(row.billing_plan).months))
    )


def _plan(
    offer: catalogue.OfferRow,
    rates: Mapping[purchases.Plan, money.Rate],
    surcharges: Mapping[purchases.Plan, int],
    cheapest: Fraction,
) -> PlanRow:
    term, billing_plan = terms.Term(offer.term), terms.BillingPlan(offer.billing_plan)
    rate = rates.get((term, billing_plan))
    if rate is None:
        return PlanRow(
            offer_key=offer.offer_key,
            term=offer.term,
            billing_plan=offer.billing_plan,
            unit_minor=None,
            month_minor=None,
            term_minor=None,
            surcharge=0,
            saving_minor=0,
        )
    month = purchases.per_month(rate=rate, billing_plan=billing_plan)
    currency = rate.currency
    unit = money.Money.rounded(rate.minor, currency)
    return PlanRow(
        offer_key=offer.offer_key,
        term=offer.term,
        billing_plan=offer.billing_plan,
        unit_minor=unit.minor,
        month_minor=money.Money.rounded(month, currency).minor,
        # As it is charged: each cycle by itself.
        term_minor=unit.minor * (term.months // billing_plan.months),
        surcharge=surcharges[term, billing_plan],
        saving_minor=money.Money.rounded((month - cheapest) * 12, currency).minor,
    )
