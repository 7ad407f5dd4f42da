"""What a purchase costs and whether it is allowed, from the books alone; what the vendor says comes in `buy_facts`.

A purchase starts its own term and its own charge cycles, on the vendor's day, which is UTC (reference 6.7). Its first
cycle is charged in full unless the first term ends before the cycle does.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import calculation as frozen
from seatwright.rules import business_dates, money, periods, purchases, tax, terms
from seatwright.rules import quote as rules
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy_limits, pricing

CHARGE_KIND = "purchase"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is to be bought: seats of an offer in a tenant; the promotion's share comes from the vendor ("0.05").

    `custom_end_on` is the first day after a first term that ends early, None for a whole term.
    """

    tenant_id: uuid.UUID
    offer_key: str
    seats: int
    promotion_id: str = ""
    promotion_share: str = ""
    custom_end_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A judged and priced purchase; `calculation` is None exactly when it is refused.

    `quote` tells amounts also where the purchase is refused, None where there is no price to tell them from.
    `same_offer` are subscriptions of the very offer, whose seats could be raised instead.
    """

    customer: customers.CustomerRow
    choice: Choice
    offer: catalogue.OfferRow | None
    quote: rules.Quote | None
    refusals: tuple[purchases.Refusal, ...]
    calculation: frozen.Calculation | None
    same_offer: tuple[holdings.HoldingRow, ...]

    def refused(self, *more: purchases.Refusal) -> "Priced":
        """The same with these reasons against it too."""
        if not more:
            return self
        return replace(self, refusals=(*self.refusals, *more), calculation=None)


class Refused(Exception):
    """The purchase is refused; `priced` says why."""

    def __init__(self, priced: Priced) -> None:
        super().__init__("refused")
        self.priced = priced


def price(
    *, by: Actor, customer: customers.CustomerRow, choice: Choice, subscription_id: uuid.UUID, at: dt.datetime
) -> Priced:
    """Judge and price the purchase as of `at`; the subscription will have this id, so that a quote can promise it.

    Raises access.permissions.Unknown for a tenant of somebody else.
    """
    tenant = tenant_of(by=by, customer=customer, tenant_id=choice.tenant_id)
    offer = offer_of(customer=customer, tenant=tenant, offer_key=choice.offer_key)
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    rate = None if offer is None else _rate(customer, offer, choice, on=priced_on(customer, at=at))
    held = live_in(tenant)
    refusals = buy_limits.judge(
        by, customer, offer, choice.tenant_id, held, seats=choice.seats, has_price=rate is not None, on=on
    )
    quote, calculation = None, None
    if offer is not None and rate is not None:
        wanted = _Wanted(customer, offer, choice, rate, subscription_id, start_on(at=at))
        refusals = (*refusals, *wanted.end_refusals())
        quote = _quote(wanted, on=on, at=at)
        calculation = None if refusals else _calculation(quote, wanted)
    return Priced(
        customer=customer,
        choice=choice,
        offer=offer,
        quote=quote,
        refusals=refusals,
        calculation=calculation,
        same_offer=tuple(row for row in held if row.offer_key == choice.offer_key),
    )


def start_on(*, at: dt.datetime) -> dt.date:
    """The first day of a term bought at `at`: the vendor's day."""
    return at.astimezone(dt.UTC).date()


def priced_on(customer: customers.CustomerRow, *, at: dt.datetime) -> dt.date:
    """The day whose price list holds for a purchase at `at`: the business date, or the term's first day if later."""
    return max(business_dates.business_date(at=at, zone=customer.reseller_time_zone), start_on(at=at))


def tenant_of(*, by: Actor, customer: customers.CustomerRow, tenant_id: uuid.UUID) -> customers.TenantRow:
    """The customer's tenant; raises access.permissions.Unknown for another one's."""
    tenant = customers.tenant(seen_by=by, tenant_id=tenant_id, action="catalogue.view")
    if tenant.customer_id != customer.customer_id:
        raise permissions.Unknown
    return tenant


def live_in(tenant: customers.TenantRow) -> list[holdings.HoldingRow]:
    """The tenant's subscriptions that have not ended."""
    rows = holdings.holdings_of_tenant(tenant_id=tenant.tenant_id).values()
    return [row for row in rows if row.status in pricing.LIVE_STATES]


def offer_of(
    *, customer: customers.CustomerRow, tenant: customers.TenantRow, offer_key: str
) -> catalogue.OfferRow | None:
    """The offer, if it is on sale to this customer: its market and segment, shown by the reseller, no trial."""
    try:
        offer = catalogue.offer(offer_key=offer_key, reseller_id=customer.reseller_id)
    except catalogue.OfferUnknown:
        return None
    is_meant = (offer.vendor_key, offer.market, offer.segment) == (
        tenant.vendor_key,
        customer.country,
        customer.segment,
    )
    return offer if is_meant and offer.is_offered and not offer.is_trial else None


@dataclass(frozen=True)
class _Rate:
    rate: money.Rate
    price_list_version: str


def _rate(customer: customers.CustomerRow, offer: catalogue.OfferRow, choice: Choice, *, on: dt.date) -> _Rate | None:
    """The price frozen for the first term: the sales price of the day, less the promotion's share."""
    try:
        found = catalogue.sales_rate(
            reseller_id=customer.reseller_id,
            offer_key=offer.offer_key,
            on=on,
            quantity=max(choice.seats, 1),
            currency=customer.currency,
        )
    except (catalogue.PriceMissing, catalogue.OfferUnknown):
        return None
    rate = money.Rate.parse(found.amount, found.currency)
    if choice.promotion_share:
        rate = purchases.promoted(rate=rate, share=Decimal(choice.promotion_share))
    return _Rate(rate, found.price_list_version)


@dataclass(frozen=True)
class _Wanted:
    customer: customers.CustomerRow
    offer: catalogue.OfferRow
    choice: Choice
    price: _Rate
    subscription_id: uuid.UUID
    start_on: dt.date

    @property
    def whole_term(self) -> periods.Period:
        return periods.term_period(anchor_on=self.start_on, term=terms.Term(self.offer.term), index=0)

    @property
    def has_custom_end(self) -> bool:
        custom = self.choice.custom_end_on
        return custom is not None and self.start_on < custom <= self.whole_term.end_on

    @property
    def term_end_on(self) -> dt.date:
        custom = self.choice.custom_end_on
        return custom if custom is not None and self.has_custom_end else self.whole_term.end_on

    @property
    def cycle(self) -> periods.Period:
        return periods.charge_cycle(
            anchor_on=self.start_on,
            term=terms.Term(self.offer.term),
            billing_plan=terms.BillingPlan(self.offer.billing_plan),
            on=self.start_on,
        )

    def end_refusals(self) -> tuple[purchases.Refusal, ...]:
        if self.choice.custom_end_on is None or self.has_custom_end:
            return ()
        return (purchases.EndDateNotPossible((self.whole_term.end_on,)),)


def _quote(wanted: _Wanted, *, on: dt.date, at: dt.datetime) -> rules.Quote:
    """The amounts, by the rules of every other booking: a purchase is a change from no seats on its first day."""
    customer, key = wanted.customer, str(wanted.subscription_id)
    holding = rules.Holding(
        subscription_key=key,
        name=wanted.offer.own_label or wanted.offer.title,
        quantity=0,
        assigned=None,
        holders=(),
        minimum=1,
        maximum=None,
        currency=customer.currency,
        unit_rate=wanted.price.rate,
        price_list_version=wanted.price.price_list_version,
        term=terms.Term(wanted.offer.term),
        billing_plan=terms.BillingPlan(wanted.offer.billing_plan),
        anchor_on=wanted.start_on,
        cycle=wanted.cycle,
        commitment_end_on=wanted.term_end_on,
        lots=(),
        vendor_returnable=None,
        status="active",
        is_self_service=True,
        counts_as_active=True,
        package_key="",
    )
    return rules.quote(
        wishes=[rules.LineWish(key, max(wanted.choice.seats, 1))],
        holdings=[holding],
        package_minimum=1,
        on=wanted.start_on,
        at=at,
        policy=pricing.window_policy(vendor_key=wanted.offer.vendor_key, on=wanted.start_on),
        tax=tax.tax_for(
            seller_country=customer.reseller_country,
            buyer_country=customer.country,
            buyer_vat_id=customer.vat_id,
            on=on,
        ),
    )


def _calculation(quote: rules.Quote, wanted: _Wanted) -> frozen.Calculation:
    assert quote.totals is not None
    return frozen.Calculation(
        on=quote.on,
        currency=wanted.customer.currency,
        tax_basis_points=quote.tax.rate_basis_points,
        tax_treatment=str(quote.tax.treatment),
        policy_version=quote.policy_version,
        lines=(_line(quote.lines[0], wanted),),
        due_now=_sums(quote.totals.due_now),
        next_period=_sums(quote.totals.next_period),
        rest_of_term=_sums(quote.totals.rest_of_term),
    )


def _sums(total: rules.Total) -> frozen.Sums:
    return frozen.Sums(net_minor=total.net.minor, tax_minor=total.tax.minor, gross_minor=total.gross.minor)


def _line(line: rules.QuoteLine, wanted: _Wanted) -> frozen.Line:
    return frozen.Line(
        subscription_id=wanted.subscription_id,
        name=line.name,
        term=wanted.offer.term,
        billing_plan=wanted.offer.billing_plan,
        seats_before=0,
        seats_after=line.quantity_after,
        unit_rate=wanted.price.rate.text,
        price_list_version=wanted.price.price_list_version,
        commitment_end_on=line.commitment_end_on,
        cycle_end_on=min(wanted.cycle.end_on, line.commitment_end_on),
        due_now_minor=line.due_now.minor,
        cycle_before_minor=0,
        cycle_after_minor=line.next_period.minor,
        rest_of_term_minor=line.rest_of_term.minor,
        charges=tuple(_charge(charge) for charge in line.charges),
        takes=(),
        purchase=frozen.Purchase(
            tenant_id=wanted.choice.tenant_id,
            offer_key=wanted.offer.offer_key,
            sku_id=wanted.offer.sku_id,
            start_on=wanted.start_on,
            promotion_id=wanted.choice.promotion_id,
            promotion_share=wanted.choice.promotion_share,
            has_custom_end=wanted.has_custom_end,
        ),
    )


def _charge(charge: rules.ChargeLine) -> frozen.Charge:
    return frozen.Charge(
        kind=CHARGE_KIND,
        seats=charge.seats,
        days=charge.days,
        cycle_days=charge.cycle_days,
        start_on=charge.period.start_on,
        end_on=charge.period.end_on,
        unit_rate=charge.unit_rate.text,
        amount_minor=charge.amount.minor,
        rounding_minor=charge.rounding_minor,
    )


def choice_of(line: frozen.Line) -> Choice:
    """The choice that the line was priced from, so that it can be priced again."""
    bought = line.purchase
    assert bought is not None
    return Choice(
        tenant_id=bought.tenant_id,
        offer_key=bought.offer_key,
        seats=line.seats_after,
        promotion_id=bought.promotion_id,
        promotion_share=bought.promotion_share,
        custom_end_on=line.commitment_end_on if bought.has_custom_end else None,
    )


def product_of(line: frozen.Line) -> str:
    """The `product_id:vendor_sku_id` that the line buys."""
    assert line.purchase is not None
    return buy_limits.product_of(line.purchase.offer_key)
