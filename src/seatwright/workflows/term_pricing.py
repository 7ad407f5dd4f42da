"""What another term or billing plan inside the running term costs, judged and frozen as an order's calculation."""

import datetime as dt
import uuid
from dataclasses import dataclass

from seatwright.access.actors import Actor
from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.operations import queries as operation_queries
from seatwright.orders import calculation as frozen
from seatwright.orders import queries as orders
from seatwright.rules import business_dates, money, proration, rebasing, tax, term_change, terms, timeline, transitions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import connections, pricing
from seatwright.workflows import wishes as wishing

Pair = tuple[terms.Term, terms.BillingPlan]
CREDIT, FIRST = "term_credit", "term"


class NotPossible(Exception):
    """The change cannot be made inside the term; `why` is a short key, `offered` what can be begun instead."""

    def __init__(self, why: str, *, offered: tuple[Pair, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.offered = offered


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The subscription that is judged, with its customer.

    `hidden` are the keys of its product's offers that the reseller does not sell: no term is begun with them.
    `on` is the day of the vendor's calendar (UTC), on which a new term begins, `local_on` the reseller's, on which
    charge cycles are posted: where a cycle begins between the two, it is charged on one side and not on the other.
    """

    row: holdings.HoldingRow
    customer: customers.CustomerRow
    term: terms.Term
    billing_plan: terms.BillingPlan
    hidden: frozenset[str]
    on: dt.date
    local_on: dt.date
    at: dt.datetime


def subject(*, by: Actor, subscription_id: uuid.UUID, action: str, at: dt.datetime) -> Subject:
    """The subscription as it stands, if its term may be changed at all.

    Raises NotPossible, access.permissions.Unknown or NotAllowed.
    """
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action=action)
    customer = customers.customer(seen_by=by, customer_id=row.customer_id, action=action)
    key = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    if row.status != "active":
        raise NotPossible("wrong_state")
    if row.is_trial:
        raise NotPossible("not_during_trial")
    if not row.offer_key or not row.unit_rate or not pricing.is_sold(term=row.term, billing_plan=row.billing_plan):
        raise NotPossible("not_sold")
    offers = _offers(row, customer)
    if not (by.is_staff or by.is_system or all(offer.is_self_service for offer in offers)):
        raise NotPossible("not_self_service")
    if orders.open_lines(subscription_ids=[row.subscription_id]) or operation_queries.is_open(lease_key=key):
        raise NotPossible("change_under_way")
    on = at.astimezone(dt.UTC).date()
    if on >= row.commitment_end_on:
        raise NotPossible("term_over")
    held = holdings.terms(subscription_ids=[row.subscription_id])[row.subscription_id]
    if held[-1].start_on >= on:
        raise NotPossible("began_today" if held[-1].start_on <= on + dt.timedelta(days=1) else "plan_waits")
    return Subject(
        row=row,
        customer=customer,
        term=terms.Term(row.term),
        billing_plan=terms.BillingPlan(row.billing_plan),
        hidden=frozenset(offer.offer_key for offer in offers if not offer.is_offered),
        on=on,
        local_on=business_dates.business_date(at=at, zone=customer.reseller_time_zone),
        at=at,
    )


def _offers(row: holdings.HoldingRow, customer: customers.CustomerRow) -> tuple[catalogue.OfferRow, ...]:
    """What the catalogue has of the licence's product, hidden or not; nothing where it does not know the product."""
    parts = naming.offer_key(row.offer_key)
    assert parts is not None
    return catalogue.offers_of(
        market=parts.market,
        segment=parts.segment,
        reseller_id=customer.reseller_id,
        vendor_key=parts.vendor_key,
        products={(parts.product_id, parts.vendor_sku_id)},
    )


def offered(of: Subject) -> tuple[Pair, ...]:
    """What the vendor lets one begin inside the running term and the reseller sells at a price, shortest first."""
    wanted = [
        *((of.term, plan) for plan in transitions.frequency_changes(term=of.term, billing_plan=of.billing_plan)),
        *transitions.term_changes(term=of.term),
    ]
    return tuple(pair for pair in wanted if not _is_hidden(of, pair) and _price(of, pair) is not None)


def priced(of: Subject, *, to: Pair) -> frozen.Calculation:
    """The calculation of going over to that term and plan; raises NotPossible with what is possible instead."""
    if to == (of.term, of.billing_plan):
        raise NotPossible("not_a_change")
    possible = offered(of)
    if to not in possible:
        raise NotPossible(_why_not(of, to), offered=possible)
    price = _price(of, to)
    assert price is not None
    rate = money.Rate.parse(f"{price.amount:f}", price.currency)
    running = term_change.Running(
        quantity=of.row.seats,
        unit_rate=money.Rate.parse(of.row.unit_rate, of.row.currency),
        anchor_on=of.row.anchor_on,
        term=of.term,
        billing_plan=of.billing_plan,
        ends_on=of.row.commitment_end_on,
    )
    is_new_term = to[0] is not of.term
    if running.cycle(of.on) != running.cycle(of.local_on):
        raise NotPossible("between_days", offered=possible)
    found = (
        term_change.new_term(running=running, start_on=of.on, unit_rate=rate, term=to[0], billing_plan=to[1])
        if is_new_term
        else term_change.new_plan(running=running, on=of.on, unit_rate=rate, billing_plan=to[1])
    )
    if found is None:
        raise NotPossible("last_cycle", offered=possible)
    return _calculation(of, to, price, rate, running, found)


def _is_hidden(of: Subject, to: Pair) -> bool:
    return offer_key(of.row, to) in of.hidden


def _why_not(of: Subject, to: Pair) -> str:
    if to[0].months < of.term.months:
        return "shorter_term"
    if _is_hidden(of, to):
        return "not_offered"
    return "upfront" if to[0] is of.term else "not_sold"


def _price(of: Subject, to: Pair) -> catalogue.UnitRate | None:
    try:
        return catalogue.sales_rate(
            reseller_id=of.customer.reseller_id,
            offer_key=offer_key(of.row, to),
            on=of.on,
            quantity=max(of.row.seats, 1),
            currency=of.row.currency,
        )
    except (catalogue.OfferUnknown, catalogue.PriceMissing):
        return None


def offer_key(row: holdings.HoldingRow, to: Pair) -> str:
    """The key of the same product's offer with that term and plan."""
    parts = naming.offer_key(row.offer_key)
    assert parts is not None
    return str(parts._replace(term=to[0].value, billing_plan=to[1].value))


def _calculation(
    of: Subject,
    to: Pair,
    price: catalogue.UnitRate,
    rate: money.Rate,
    running: term_change.Running,
    found: term_change.Priced,
) -> frozen.Calculation:
    row = of.row
    charges = tuple(
        _charge(kind, each, of.row.unit_rate if kind == CREDIT else rate.text)
        for kind, each in ((CREDIT, found.credit), (FIRST, found.first))
        if each is not None
    )
    due_now = sum(charge.amount_minor for charge in charges)
    after = proration.cycle_amount(quantity=row.seats, unit_rate=rate).minor
    rest = due_now + found.whole.minor - (found.first.amount.minor if found.first else 0)
    line = frozen.Line(
        subscription_id=row.subscription_id,
        name=row.name,
        term=to[0].value,
        billing_plan=to[1].value,
        seats_before=row.seats,
        seats_after=row.seats,
        unit_rate=rate.text,
        price_list_version=price.price_list_version,
        commitment_end_on=found.term.end_on,
        cycle_end_on=found.cycle.end_on,
        due_now_minor=due_now,
        cycle_before_minor=proration.cycle_amount(quantity=row.seats, unit_rate=running.unit_rate).minor,
        cycle_after_minor=after,
        rest_of_term_minor=rest,
        charges=charges,
        takes=(),
        term_change=_change(of, to, found),
    )
    rule = tax.tax_for(
        seller_country=of.customer.reseller_country,
        buyer_country=of.customer.country,
        buyer_vat_id=of.customer.vat_id,
        on=of.on,
    )
    return frozen.Calculation(
        on=of.on,
        currency=row.currency,
        tax_basis_points=rule.rate_basis_points,
        tax_treatment=str(rule.treatment),
        policy_version=pricing.window_policy(vendor_key=row.vendor_key, on=of.on).version,
        lines=(line,),
        due_now=_sums(due_now, row.currency, rule),
        next_period=_sums(after, row.currency, rule),
        rest_of_term=_sums(rest, row.currency, rule),
    )


def _change(of: Subject, to: Pair, found: term_change.Priced) -> frozen.TermChange:
    is_new_term = to[0] is not of.term
    return frozen.TermChange(
        is_new_term=is_new_term,
        start_on=found.term.start_on,
        anchor_on=of.on if is_new_term else of.row.anchor_on,
        charged_from_on=found.cycle.end_on if is_new_term else found.cycle.start_on,
        from_term=of.row.term,
        from_plan=of.row.billing_plan,
        from_price_list=of.row.price_list_version,
        offer_key=offer_key(of.row, to),
        instead_minor=found.instead.minor,
    )


def _sums(net_minor: int, currency: str, rule: tax.TaxRule) -> frozen.Sums:
    tax_minor = rule.of(money.Money(net_minor, currency)).minor
    return frozen.Sums(net_minor=net_minor, tax_minor=tax_minor, gross_minor=net_minor + tax_minor)


def _charge(kind: str, change: proration.ProratedChange, unit_rate: str) -> frozen.Charge:
    return frozen.Charge(
        kind=kind,
        seats=change.seats,
        days=change.days,
        cycle_days=change.cycle_days,
        start_on=change.period.start_on,
        end_on=change.period.end_on,
        unit_rate=unit_rate,
        amount_minor=change.amount.minor,
        rounding_minor=change.rounding_minor,
    )


def rebased(of: Subject, line: frozen.Line) -> rebasing.Rebased | None:
    """What becomes of the wishes for the renewal; None without any."""
    wished = wishing.timelines_of(rows=[of.row]).get(of.row.subscription_id)
    change = line.term_change
    if wished is None or not wished.pending or change is None:
        return None
    after = timeline.Running(
        offer=change.offer_key,
        quantity=of.row.seats,
        term=terms.Term(line.term),
        billing_plan=terms.BillingPlan(line.billing_plan),
        anchor_on=change.anchor_on,
        renews_on=line.commitment_end_on,
    )
    return rebasing.rebase(timeline=wished, after=after)
