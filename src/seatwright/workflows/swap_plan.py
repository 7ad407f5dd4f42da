"""Which ways lead from one plan to another, and the whole plan of a swap: judged and priced, from the books alone.

The vendor's own way comes first where it offers one (reference 5.4); what it says at the moment of sending outranks
this. Nobody whose licence cannot be moved is part of a transition, because their old seat goes with it at once.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatwright.access.actors import SYSTEM, Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.rules import alarms, business_dates, tax, terms, transitions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import pricing, swap_pricing, wishes

Way = swap_terms.Way
RUNNING = "active"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is wished: the plan `to` as `product_id:vendor_sku_id`, for the people with these keys of the directory.

    `way` is `transition`, or `merge:` or `more:` with the id of a subscription of that plan, empty for the first way
    that is open. With `is_whole` a transition takes all seats along, those that nobody holds too.
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
    """A plan that people can change to; `offer` is the one of the same term and billing plan, None where not sold."""

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


def survey(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> Field:
    """What can be left and entered from there; raises NothingToLeave, access.permissions.Unknown or NotAllowed."""
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
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
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
    )
    return replace(field, targets=_targets(field, sold))


def _targets(field: Field, sold: Sequence[catalogue.OfferRow]) -> tuple[Target, ...]:
    """The other plans for people to which at least one way is open, those of the vendor's own ways first."""
    products: dict[str, list[catalogue.OfferRow]] = {}
    for each in sold:
        is_other = each.sku_id and each.sku_id != field.offer.sku_id
        if is_other and not (each.is_add_on or each.is_trial or each.is_non_user):
            products.setdefault(_product(each), []).append(each)
    found = [_target(field, to, offers) for to, offers in products.items()]
    ready = [target for target in found if target.ways]
    return tuple(sorted(ready, key=lambda target: (not target.is_by_vendor, target.name)))


def _product(offer: catalogue.OfferRow) -> str:
    return f"{offer.product_id}:{offer.vendor_sku_id}"


def _target(field: Field, to: str, offers: Sequence[catalogue.OfferRow]) -> Target:
    plan = (field.source.term, field.source.billing_plan)
    same = next((each for each in offers if (each.term, each.billing_plan) == plan and each.is_offered), None)
    rate = None if same is None else _rate(field, same)
    keys = {each.offer_key for each in offers}
    held = [row for row in field.rows if row.offer_key in keys and row.status == RUNNING and row.unit_rate]
    ways: list[Open] = []
    has_path = to in field.offer.upgrade_targets
    if has_path and same is not None and rate is not None and same.is_self_service:
        ways.append(Open(key="transition", is_transition=True))
    if has_path:
        mergeable = [row for row in held if not _obstacles(field, to, row)]
        ways += [Open(key=f"merge:{row.subscription_id}", is_transition=True, into=row) for row in mergeable]
    ways += [Open(key=f"more:{row.subscription_id}", is_transition=False, into=row) for row in held]
    return Target(
        to=to,
        name=offers[0].own_label or offers[0].title,
        sku_id=offers[0].sku_id,
        offer=same,
        rate=rate,
        ways=tuple(ways),
    )


def _rate(field: Field, offer: catalogue.OfferRow) -> catalogue.UnitRate | None:
    try:
        return catalogue.sales_rate(
            reseller_id=field.customer.reseller_id,
            offer_key=offer.offer_key,
            on=field.moment.on,
            quantity=field.source.seats,
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


def _obstacles(field: Field, to: str, into: holdings.HoldingRow | None, seats: int = 1) -> tuple[str, ...]:
    at, product = field.moment.at, _product(field.offer)
    judged = transitions.feasibility(
        source=_side(field.source, product, at),
        to_offer=to,
        quantity=seats,
        paths={(product, each) for each in field.offer.upgrade_targets},
        into=None if into is None else _side(into, to, at),
    )
    return tuple(each.value for each in judged.obstacles)


def problems(holder: assignments.Holder) -> tuple[str, ...]:
    """What would make moving this person fail, as far as the directory was read."""
    found = []
    if not holder.usage_location:
        found.append("usage_location_missing")
    if holder.is_by_group:
        found.append("licence_from_group")
    return tuple(found)


def build(*, by: Actor, choice: Choice, new_id: uuid.UUID, at: dt.datetime) -> Planned:
    """Judge and price the swap as of `at`; a subscription that it makes will have the id `new_id`.

    Raises NothingToLeave, access.permissions.Unknown or NotAllowed.
    """
    field = survey(by=by, subscription_id=choice.subscription_id, at=at)
    target = next((each for each in field.targets if each.to == choice.to), None)
    chosen = [holder for holder in field.holders if holder.key in set(choice.people)]
    if target is None:
        return Planned(field=field, target=None, reasons=(Reason(code="no_way"),), calculation=None)
    way = next((each for each in target.ways if not choice.way or each.key == choice.way), None)
    if way is None:
        return Planned(field=field, target=target, reasons=(Reason(code="no_way"),), calculation=None)
    if len(chosen) < len(set(choice.people)) or not chosen:
        code = "people_changed" if chosen or choice.people else "nobody"
        return Planned(field=field, target=target, reasons=(Reason(code=code),), calculation=None)
    wish = _Wish(field, target, way, chosen, is_whole=choice.is_whole, new_id=new_id)
    found = wish.reasons()
    if found:
        return Planned(field=field, target=target, reasons=found, calculation=None)
    return Planned(field=field, target=target, reasons=(), calculation=wish.calculation())


class _Wish:
    """One way to one plan for some people, judged and priced."""

    def __init__(
        self,
        field: Field,
        target: Target,
        opened: Open,
        chosen: Sequence[assignments.Holder],
        *,
        is_whole: bool,
        new_id: uuid.UUID,
    ) -> None:
        self.field, self.target, self.opened, self.chosen = field, target, opened, chosen
        self.source, self.moment = field.source, field.moment
        self.new_id = new_id
        pools = assignments.pools(tenant_ids=[self.source.tenant_id])
        self.new_pool = pools.get((self.source.tenant_id, target.sku_id))
        count = len(chosen)
        if opened.is_transition:
            self.seats = self.source.seats if is_whole and opened.into is None else count
            partial = Way.FULL if self.seats == self.source.seats else Way.PARTIAL
            self.way = partial if opened.into is None else Way.MERGE
        else:
            needed = sum(target.sku_id not in holder.sku_ids for holder in chosen)
            free = 0 if self.new_pool is None else max(self.new_pool.assignable, 0)
            self.seats = max(needed - free, 0)
            self.way = Way.MORE if self.seats else Way.FREE

    def reasons(self) -> tuple[Reason, ...]:
        """Everything against it."""
        row, on = self.source, self.moment.on
        concerned = [row, *([self.opened.into] if self.opened.into else [])]
        under_way = orders.open_lines(subscription_ids=[each.subscription_id for each in concerned])
        tests = [
            (row.status != RUNNING, "not_active"),
            (bool(under_way), "change_under_way"),
            (any(not _is_current(each, on) for each in concerned), "term_over"),
            (any(each.currency != row.currency for each in concerned), "other_currency"),
            (not self.field.offer.is_self_service, "not_self_service"),
        ]
        found = [Reason(code=code) for applies, code in tests if applies]
        found += self._against_transition() if self.opened.is_transition else self._against_increase()
        return tuple(found)

    def _against_transition(self) -> list[Reason]:
        found = [
            Reason(code=code) for code in _obstacles(self.field, self.target.to, self.opened.into, seats=self.seats)
        ]
        stuck = tuple(holder.name for holder in self.chosen if problems(holder))
        if stuck:
            found.append(Reason(code="people_blocked", people=stuck))
        left = self.source.seats - self.seats
        if self.way is Way.MERGE and left == 0:
            found.append(Reason(code="all_into_other"))
        if 0 < left < self.field.offer.minimum:
            found.append(Reason(code="below_minimum", number=self.field.offer.minimum))
        if self.way is Way.FULL:
            others = [each.name for each in self.field.holders if each not in self.chosen]
            twins = [each for each in self.field.rows if each.sku_id == self.source.sku_id and each != self.source]
            if others or twins:
                found.append(Reason(code="others_hold_it", people=tuple(others)))
            if any(term.start_on > self.moment.on for term in _terms(self.source)):
                found.append(Reason(code="converted_today"))
        return found + self._against_total()

    def _against_total(self) -> list[Reason]:
        """The limits of the plan that is entered; a move inside a family is no increase of it."""
        offer = self.target.offer
        found: list[Reason] = []
        if offer is None:
            return found
        before = 0 if self.opened.into is None else self.opened.into.seats
        after = before + self.seats
        if after < offer.minimum:
            found.append(Reason(code="below_minimum", number=offer.minimum))
        if offer.maximum is not None and after > offer.maximum:
            found.append(Reason(code="above_maximum", number=offer.maximum))
        if offer.family and offer.family != self.field.offer.family:
            cap = catalogue.family_cap(vendor_key=offer.vendor_key, family=offer.family, on=self.moment.on)
            held = catalogue.offers(offer_keys=[row.offer_key for row in self.field.rows if row.offer_key])
            now = sum(row.seats for row in self.field.rows if _family(held, row) == offer.family)
            if cap is not None and now + self.seats > cap:
                found.append(Reason(code="above_maximum", number=cap))
        return found

    def _against_increase(self) -> list[Reason]:
        policy = wishes.renewal_policy(self.source)
        lock_at = alarms.lock_at(renews_on=self.source.commitment_end_on, policy=policy)
        return [Reason(code="renewal_locked")] if self.moment.at >= lock_at else []

    def calculation(self) -> swap_terms.Calculation:
        """The priced swap."""
        into, rate = self.opened.into, self.target.rate
        if into is not None:
            row = into
        else:
            assert rate is not None
            assert self.target.offer is not None
            row = swap_pricing.as_target(
                source=self.source,
                offer=_offered(self.target.offer, rate, self.source),
                currency=rate.currency,
                subscription_id=self.source.subscription_id if self.way is Way.FULL else self.new_id,
            )
        if self.opened.is_transition:
            lines = swap_pricing.transition_lines(
                source=self.source, target=row, way=self.way, seats=self.seats, moment=self.moment
            )
            overlap = None
        else:
            lines = swap_pricing.increase_lines(source=self.source, target=row, seats=self.seats, moment=self.moment)
            overlap = swap_pricing.overlap(source=self.source, seats=len(self.chosen), moment=self.moment)
        old = catalogue.service_plans(sku_id=self.source.sku_id, vendor_key=self.source.vendor_key)
        new = catalogue.service_plans(sku_id=self.target.sku_id, vendor_key=self.source.vendor_key)
        swap = swap_terms.Swap(
            way=self.way,
            tenant_id=self.source.tenant_id,
            source=side(self.source),
            target=side(row, vendor_subscription_id="" if into is None else into.vendor_subscription_id),
            seats=self.seats,
            people=tuple(
                swap_terms.Person(
                    key=each.key,
                    name=each.name,
                    address=each.address,
                    needs_seat=self.target.sku_id not in each.sku_ids,
                )
                for each in self.chosen
            ),
            overlap=overlap,
            lost_plans=tuple(title for key, title in old.items() if key not in new),
            gained_plans=tuple(title for key, title in new.items() if key not in old),
        )
        return swap_pricing.calculation(lines=lines, currency=self.source.currency, swap=swap, moment=self.moment)


def side(row: holdings.HoldingRow, *, vendor_subscription_id: str | None = None) -> swap_terms.Side:
    """A subscription as one side of a swap."""
    return swap_terms.Side(
        subscription_id=row.subscription_id,
        vendor_subscription_id=row.vendor_subscription_id if vendor_subscription_id is None else vendor_subscription_id,
        offer_key=row.offer_key,
        sku_id=row.sku_id,
        name=row.name,
        seats=row.seats,
        term=row.term,
        billing_plan=row.billing_plan,
        unit_rate=row.unit_rate,
        price_list_version=row.price_list_version,
        commitment_end_on=row.commitment_end_on,
    )


def _offered(offer: catalogue.OfferRow, rate: catalogue.UnitRate, source: holdings.HoldingRow) -> swap_terms.Side:
    return replace(
        side(source),
        offer_key=offer.offer_key,
        sku_id=offer.sku_id,
        name=(offer.own_label or offer.title)[:200],
        unit_rate=f"{rate.amount:f}",
        price_list_version=rate.price_list_version,
    )


def _family(held: dict[str, catalogue.OfferRow], row: holdings.HoldingRow) -> str:
    return held[row.offer_key].family if row.offer_key in held else ""


def _terms(row: holdings.HoldingRow) -> tuple[holdings.Term, ...]:
    return holdings.terms(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())


def _is_current(row: holdings.HoldingRow, on: dt.date) -> bool:
    cycle = pricing.cycle_of(row, on=on)
    return cycle.start_on <= on < min(cycle.end_on, row.commitment_end_on)
