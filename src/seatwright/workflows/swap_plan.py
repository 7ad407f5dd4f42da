"""Which plans people of a subscription can change to, and on which ways, from the books alone.

The vendor's own way comes first where it offers one (reference 5.4); what it says at the moment of sending outranks
this.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatwright.access.actors import SYSTEM, Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import swap_terms
from seatwright.rules import tax, terms, transitions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy_limits, pricing, swap_pricing

Way = swap_terms.Way
RUNNING = "active"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is wished: the plan `to` as `product_id:vendor_sku_id`, for the people with these keys of the directory.

    `way` is `transition`, `buy`, or `merge:` or `more:` with the id of a subscription of that plan, empty for the first
    way that is open. With `is_whole` a transition takes all seats along, those that nobody holds too.
    """

    subscription_id: uuid.UUID
    to: str
    people: tuple[str, ...]
    way: str = ""
    is_whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why the swap cannot be booked; `people` are the names of those concerned, `number` a limit."""

    code: str
    people: tuple[str, ...] = ()
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class Open:
    """A way that is open, with the subscription that takes seats in where there is one."""

    key: str
    is_transition: bool
    into: holdings.HoldingRow | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """A plan that people can change to; `offer` is the one of the same term and billing plan, None where not sold.

    The price, `rate`, is looked up where the vendor or the customer has a way there already, or where it is asked for.
    """

    to: str
    name: str
    sku_id: str
    offer: catalogue.OfferRow | None
    rate: catalogue.UnitRate | None
    ways: tuple[Open, ...]

    @property
    def is_by_vendor(self) -> bool:
        """Whether the vendor itself turns seats of the old plan into seats of this one."""
        return any(way.is_transition for way in self.ways)


@dataclass(frozen=True, kw_only=True)
class Field:
    """Everything known around the subscription that is left."""

    customer: customers.CustomerRow
    source: holdings.HoldingRow
    rows: tuple[holdings.HoldingRow, ...]
    offer: catalogue.OfferRow
    targets: tuple[Target, ...]
    holders: tuple[assignments.Holder, ...]
    moment: swap_pricing.Moment
    by: Actor


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A judged swap; `calculation` is None exactly when there are reasons against it."""

    field: Field
    target: Target | None
    reasons: tuple[Reason, ...]
    calculation: swap_terms.Calculation | None


class NotPossible(Exception):
    """The swap cannot be booked; `planned` says why."""

    def __init__(self, planned: Planned) -> None:
        super().__init__("not possible")
        self.planned = planned


class NothingToLeave(Exception):
    """The subscription is not one that people could change from: it has no plan of its own for people, or no price."""


def leavable(*, by: Actor, customer_id: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """The customer's licences that people could leave, with their names; raises Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="people.view")
    rows = holdings.holdings(seen_by=by, customer_ids=[customer.customer_id], action="seats.quote")
    held = assignments.holder_counts(tenant_ids=sorted({row.tenant_id for row in rows}))
    return [
        (row.subscription_id, row.name)
        for row in rows
        if row.status == RUNNING and row.unit_rate and not row.is_trial and (row.tenant_id, row.sku_id) in held
    ]


def survey(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime, to: str = "") -> Field:
    """What can be left and entered from there, with the price of the plan `to`.

    Raises NothingToLeave, access.permissions.Unknown or NotAllowed.
    """
    source = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.quote")
    customer = customers.customer(seen_by=by, customer_id=source.customer_id, action="people.view")
    sold = catalogue.offers_for(
        market=customer.country,
        segment=customer.segment,
        reseller_id=customer.reseller_id,
        vendor_key=source.vendor_key,
    )
    offer = next((each for each in sold if each.offer_key == source.offer_key), None)
    if offer is None or offer.is_non_user or not source.unit_rate or source.is_trial:
        raise NothingToLeave
    on = pricing.day_of(source, at=at, zone=customer.reseller_time_zone)
    moment = swap_pricing.Moment(
        at=at,
        on=on,
        policy=pricing.window_policy(vendor_key=source.vendor_key, on=on),
        tax=tax.tax_for(
            seller_country=customer.reseller_country,
            buyer_country=customer.country,
            buyer_vat_id=customer.vat_id,
            on=on,
        ),
    )
    rows = tuple(
        row
        for row in holdings.holdings(seen_by=SYSTEM, customer_ids=[customer.customer_id])
        if row.tenant_id == source.tenant_id and row.status in pricing.LIVE_STATES
    )
    field = Field(
        customer=customer,
        source=source,
        rows=rows,
        offer=offer,
        targets=(),
        holders=tuple(assignments.holders_of(seen_by=by, tenant_id=source.tenant_id, sku_id=source.sku_id)),
        moment=moment,
        by=by,
    )
    priced = {to, *offer.upgrade_targets, *(buy_limits.product_of(row.offer_key) for row in rows)}
    with catalogue.each_once(offer_keys=[each.offer_key for each in sold if _product(each) in priced], days=[on]):
        return replace(field, targets=_targets(field, sold, to=to))


def _targets(field: Field, sold: Sequence[catalogue.OfferRow], *, to: str) -> tuple[Target, ...]:
    """The other plans for people to which at least one way is open, those of the vendor's own ways first."""
    products: dict[str, list[catalogue.OfferRow]] = {}
    for each in sold:
        is_other = each.sku_id and each.sku_id != field.offer.sku_id
        if is_other and not (each.is_add_on or each.is_trial or each.is_non_user):
            products.setdefault(_product(each), []).append(each)
    found = [_target(field, key, offers, is_priced=key == to) for key, offers in products.items()]
    ready = [target for target in found if target.ways]
    return tuple(sorted(ready, key=lambda target: (not target.is_by_vendor, target.name)))


def _product(offer: catalogue.OfferRow) -> str:
    return f"{offer.product_id}:{offer.vendor_sku_id}"


def _target(field: Field, to: str, offers: Sequence[catalogue.OfferRow], *, is_priced: bool) -> Target:
    plan = (field.source.term, field.source.billing_plan)
    same = next((each for each in offers if (each.term, each.billing_plan) == plan and each.is_offered), None)
    keys = {each.offer_key for each in offers}
    held = [row for row in field.rows if row.offer_key in keys and row.status == RUNNING and row.unit_rate]
    has_path = to in field.offer.upgrade_targets
    is_needed = has_path or held or is_priced
    rate = rate_of(field, same, quantity=field.source.seats) if same is not None and is_needed else None
    may_buy = same is not None and (same.is_self_service or field.by.is_staff)
    ways: list[Open] = []
    if has_path and may_buy and rate is not None:
        ways.append(Open(key="transition", is_transition=True))
    if has_path:
        mergeable = [row for row in held if not obstacles(field, to, row)]
        ways += [Open(key=f"merge:{row.subscription_id}", is_transition=True, into=row) for row in mergeable]
    ways += [Open(key=f"more:{row.subscription_id}", is_transition=False, into=row) for row in held]
    if may_buy and (rate is not None or not is_priced):
        ways.append(Open(key="buy", is_transition=False))
    return Target(
        to=to,
        name=offers[0].own_label or offers[0].title,
        sku_id=offers[0].sku_id,
        offer=same,
        rate=rate,
        ways=tuple(ways),
    )


def rate_of(field: Field, offer: catalogue.OfferRow, *, quantity: int) -> catalogue.UnitRate | None:
    """Today's price of a seat of the offer when so many are taken, in the source's currency; None without one."""
    try:
        return catalogue.sales_rate(
            reseller_id=field.customer.reseller_id,
            offer_key=offer.offer_key,
            on=field.moment.on,
            quantity=quantity,
            currency=field.source.currency,
        )
    except (catalogue.PriceMissing, catalogue.OfferUnknown):
        return None


def _side(row: holdings.HoldingRow, product: str, at: dt.datetime) -> transitions.Side:
    return transitions.Side(
        subscription_key=str(row.subscription_id),
        offer=product,
        quantity=row.seats,
        term=terms.Term(row.term),
        ends_on=row.commitment_end_on,
        is_active=row.status == RUNNING,
        is_trial=row.is_trial,
        is_in_window=row.cancellable_until is not None and at < row.cancellable_until,
    )


def obstacles(field: Field, to: str, into: holdings.HoldingRow | None, seats: int = 1) -> tuple[str, ...]:
    at, product = field.moment.at, _product(field.offer)
    judged = transitions.feasibility(
        source=_side(field.source, product, at),
        to_offer=to,
        quantity=seats,
        paths={(product, each) for each in field.offer.upgrade_targets},
        into=None if into is None else _side(into, to, at),
    )
    return tuple(each.value for each in judged.obstacles)
