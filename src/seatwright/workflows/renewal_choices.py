"""What can be chosen for the renewal of one subscription, each with the amount that it comes to. Reads only."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from seatwright.access.actors import Actor
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.rules import renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import next_term_price, schedule_change, wish_limits
from seatwright.workflows import wishes as wishing

Price = next_term_price.NextTermPrice
Product = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class OfferChoice:
    """A product that the renewal can bring; `keys` are its offers by term and plan, `price` that of the wished plan."""

    product: Product
    name: str
    keys: dict[tuple[terms.Term, terms.BillingPlan], str]
    is_held: bool
    price: Price | None

    @property
    def value(self) -> str:
        """The product in one text: `product_id:vendor_sku_id`."""
        return ":".join(self.product)


@dataclass(frozen=True, kw_only=True)
class PlanChoice:
    """A term with its billing plan; `only_for` names the products sold so where the planned one is not."""

    term: terms.Term
    billing_plan: terms.BillingPlan
    price: Price | None
    only_for: tuple[str, ...]

    @property
    def value(self) -> str:
        """The pair in one text: `P1Y:monthly`."""
        return f"{self.term}:{self.billing_plan}"


@dataclass(frozen=True, kw_only=True)
class EndChoice:
    """A day, the first one after it, on which the next term may end early; `names` of what it ends together with."""

    end_on: dt.date
    is_month_end: bool
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The renewal as it stands and everything that may be wished for it; `is_open` says that it can be changed now."""

    plan: schedule_change.Plan
    held_offer: str
    held_term: terms.Term
    held_plan: terms.BillingPlan
    offers: tuple[OfferChoice, ...]
    plans: tuple[PlanChoice, ...]
    ends: tuple[EndChoice, ...]
    endings: tuple[tuple[renewals.Ending, Price | None], ...]
    offer_names: dict[str, str]
    is_open: bool

    @property
    def chosen(self) -> OfferChoice | None:
        """The product of the following term; None where the catalogue no longer knows it."""
        return next((each for each in self.offers if self.plan.following.offer in each.keys.values()), None)


def choices(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> Choices | None:
    """The choices for a live subscription's renewal, None where its offer is not known.

    Raises access.permissions.Unknown for a foreign or unknown id.
    """
    row = holdings.holding(seen_by=by, subscription_id=subscription_id)
    if row.status not in ("active", "pending", "suspended") or not row.offer_key:
        return None
    try:
        plan = schedule_change.plan(by=by, subscription_id=subscription_id, at=at)
        held = catalogue.offer(offer_key=row.offer_key, reseller_id=row.reseller_id)
    except (wishing.NotRunning, catalogue.OfferUnknown):
        return None
    sold = wish_limits.renewal_offers(held=held, reseller_id=row.reseller_id)
    with catalogue.each_once(offer_keys=[each.offer_key for each in sold]):
        pricing = _Pricing(row=row, plan=plan)
        offers = _offers(row, sold, pricing)
        plans = _plans(offers, pricing)
        endings = tuple((ending, pricing.ending(ending)) for ending in _endings(row))
    return Choices(
        plan=plan,
        held_offer=row.offer_key,
        held_term=terms.Term(row.term),
        held_plan=terms.BillingPlan(row.billing_plan),
        offers=offers,
        plans=plans,
        ends=_ends(row),
        endings=endings,
        offer_names={each.offer_key: each.own_label or each.title for each in sold},
        is_open=row.status == "active" and not plan.is_locked,
    )


class _Pricing:
    """Prices of terms that differ from the one planned in one respect."""

    def __init__(self, *, row: holdings.HoldingRow, plan: schedule_change.Plan) -> None:
        self.row = row
        self.customer = customers.by_ids(customer_ids=[row.customer_id])[row.customer_id]
        self.renewed = plan.following
        if plan.following.outcome is not renewals.Ending.RENEW:
            self.renewed = timeline.next_term(timeline=timeline.Timeline(running=_renewing(row)))

    def of(self, following: timeline.NextTerm) -> Price | None:
        return next_term_price.of(row=self.row, customer=self.customer, following=following)

    def offer(self, key: str) -> Price | None:
        return self.of(replace(self.renewed, offer=key))

    def plan(self, term: terms.Term, billing_plan: terms.BillingPlan) -> Price | None:
        ahead = renewals.term_ahead(anchor_on=self.row.anchor_on, starts_on=self.renewed.starts_on, term=term)
        return self.of(replace(self.renewed, term=term, billing_plan=billing_plan, end_on=ahead.period.end_on))

    def ending(self, ending: renewals.Ending) -> Price | None:
        if ending is renewals.Ending.RENEW:
            return self.of(self.renewed)
        running = replace(_renewing(self.row), ending=ending)
        return self.of(timeline.next_term(timeline=timeline.Timeline(running=running)))


def _renewing(row: holdings.HoldingRow) -> timeline.Running:
    """The running term as though it renewed just as it is."""
    return timeline.Running(
        offer=row.offer_key,
        quantity=row.seats,
        term=terms.Term(row.term),
        billing_plan=terms.BillingPlan(row.billing_plan),
        anchor_on=row.anchor_on,
        renews_on=row.commitment_end_on,
    )


def _offers(
    row: holdings.HoldingRow, sold: tuple[catalogue.OfferRow, ...], pricing: _Pricing
) -> tuple[OfferChoice, ...]:
    by_product: dict[Product, list[catalogue.OfferRow]] = {}
    for each in sold:
        by_product.setdefault((each.product_id, each.vendor_sku_id), []).append(each)
    found = []
    for product, rows in by_product.items():
        keys = {(terms.Term(each.term), terms.BillingPlan(each.billing_plan)): each.offer_key for each in rows}
        is_held = row.offer_key in keys.values()
        if not is_held and not any(each.is_offered for each in rows):
            continue
        key = keys.get((pricing.renewed.term, pricing.renewed.billing_plan))
        name = rows[0].own_label or rows[0].title
        price = None if key is None else pricing.offer(key)
        found.append(OfferChoice(product=product, name=name, keys=keys, is_held=is_held, price=price))
    return tuple(sorted(found, key=lambda each: (not each.is_held, each.name)))


def _plans(offers: tuple[OfferChoice, ...], pricing: _Pricing) -> tuple[PlanChoice, ...]:
    pairs = {pair for each in offers for pair in each.keys}
    found = []
    for term, plan in sorted(pairs, key=lambda pair: (pair[0].months, pair[1].months)):
        sold = [each for each in offers if (term, plan) in each.keys]
        is_planned = any(pricing.renewed.offer in each.keys.values() for each in sold)
        found.append(
            PlanChoice(
                term=term,
                billing_plan=plan,
                price=pricing.plan(term, plan) if is_planned else None,
                only_for=() if is_planned else tuple(each.name for each in sold),
            )
        )
    return tuple(found)


def _ends(row: holdings.HoldingRow) -> tuple[EndChoice, ...]:
    others = holdings.holdings_of_tenant(tenant_id=row.tenant_id).values()
    names = {str(each.subscription_id): each.name for each in others}
    found: dict[dt.date, EndChoice] = {}
    for term in terms.Term:
        for choice in wish_limits.end_choices(row=row, term=term, others=others):
            together = tuple(names[key] for key in choice.subscription_keys)
            known = found.get(choice.end_on, EndChoice(end_on=choice.end_on, is_month_end=False, names=()))
            is_month_end = known.is_month_end or choice.aligned_to is renewals.AlignedTo.CALENDAR_MONTH
            found[choice.end_on] = EndChoice(
                end_on=choice.end_on, is_month_end=is_month_end, names=together or known.names
            )
    return tuple(found[on] for on in sorted(found))


def _endings(row: holdings.HoldingRow) -> tuple[renewals.Ending, ...]:
    extended = (renewals.Ending.EXTENDED,) if wish_limits.can_be_extended(row=row) else ()
    return (renewals.Ending.RENEW, renewals.Ending.CANCEL, *extended)
