"""A swap judged and priced: one way from one plan to another for chosen people.

Nobody whose licence cannot be moved is part of a transition, because their old seat goes with it at once.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seatwright.access.actors import SYSTEM, Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.operations import queries as operations
from seatwright.orders import calculation as frozen
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.rules import alarms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    buy_limits,
    buy_pricing,
    pricing,
    swap_operation,
    swap_plan,
    swap_pricing,
    swap_room,
    wishes,
)

# A swap may wait for its new seats, and only afterwards asks that the old ones leave with the renewal.
DONE_BEFORE_LOCK = swap_operation.AWAIT_MOST + dt.timedelta(hours=1)
Way = swap_terms.Way
Reason = swap_plan.Reason


def problems(holder: assignments.Holder) -> tuple[str, ...]:
    """What would make moving this person fail, as far as the directory was read."""
    found = []
    if not holder.usage_location:
        found.append("usage_location_missing")
    if holder.is_by_group:
        found.append("licence_from_group")
    return tuple(found)


def build(*, by: Actor, choice: swap_plan.Choice, new_id: uuid.UUID, at: dt.datetime) -> swap_plan.Planned:
    """Judge and price the swap as of `at`; a subscription that it makes will have the id `new_id`.

    Raises NothingToLeave, access.permissions.Unknown or NotAllowed.
    """
    field = swap_plan.survey(by=by, subscription_id=choice.subscription_id, to=choice.to, at=at)
    target = next((each for each in field.targets if each.to == choice.to), None)
    chosen = [holder for holder in field.holders if holder.key in set(choice.people)]
    ways = () if target is None else target.ways
    way = next((each for each in ways if not choice.way or each.key == choice.way), None)
    if target is None or way is None:
        return _refused(field, target, "no_way")
    if not chosen or len(chosen) < len(set(choice.people)):
        return _refused(field, target, "people_changed" if choice.people else "nobody")
    wish = _Wish(field, target, way, chosen, is_whole=choice.is_whole, new_id=new_id)
    found = wish.reasons()
    return swap_plan.Planned(
        field=field, target=target, reasons=found, calculation=None if found else wish.calculation()
    )


def _refused(field: swap_plan.Field, target: swap_plan.Target | None, code: str) -> swap_plan.Planned:
    return swap_plan.Planned(field=field, target=target, reasons=(Reason(code=code),), calculation=None)


class _Wish:
    """One way to one plan for some people, judged and priced."""

    def __init__(
        self,
        field: swap_plan.Field,
        target: swap_plan.Target,
        opened: swap_plan.Open,
        chosen: Sequence[assignments.Holder],
        *,
        is_whole: bool,
        new_id: uuid.UUID,
    ) -> None:
        self.field, self.target, self.opened, self.chosen = field, target, opened, chosen
        self.source, self.moment, self.into = field.source, field.moment, opened.into
        self.new_id = new_id
        pools = assignments.pools(tenant_ids=[self.source.tenant_id])
        self.new_pool = pools.get((self.source.tenant_id, target.sku_id))
        self.held = [row for row in field.rows if row.sku_id == target.sku_id and row.status == swap_plan.RUNNING]
        count = len(chosen)
        if opened.is_transition:
            self.seats = self.source.seats if is_whole and opened.into is None else count
            partial = Way.FULL if self.seats == self.source.seats else Way.PARTIAL
            self.way = partial if opened.into is None else Way.MERGE
        else:
            needed = sum(target.sku_id not in holder.sku_ids for holder in chosen)
            free = swap_room.free(pool=self.new_pool, rows=self.held, customer_id=field.customer.customer_id)
            self.seats = max(needed - free, 0)
            self.way = Way.FREE if not self.seats else Way.BUY if self.into is None else Way.MORE

    def reasons(self) -> tuple[Reason, ...]:
        """Everything against it."""
        row, on = self.source, self.moment.on
        concerned = [row, *([self.into] if self.into else [])]
        under_way = orders.open_lines(subscription_ids=[each.subscription_id for each in concerned])
        tests = [
            (row.status != swap_plan.RUNNING, "not_active"),
            (bool(under_way) or self._is_in_a_chain(), "change_under_way"),
            (any(not _is_current(each, on) for each in concerned), "term_over"),
            (any(each.currency != row.currency for each in concerned) or self._is_bought_otherwise(), "other_currency"),
            (not (self.field.offer.is_self_service or self.field.by.is_staff), "not_self_service"),
        ]
        found = [Reason(code=code) for applies, code in tests if applies]
        found += self._against_transition() if self.opened.is_transition else self._against_increase()
        return (*found, *self._against_renewal())

    def _against_renewal(self) -> list[Reason]:
        """Plans for the renewal of the licence that people go to, by which they would lose it again."""
        if self.into is not None and wishes.seats_to_come(self.into) == 0:
            return [Reason(code="target_ends")]
        arriving = sum(self.target.sku_id not in holder.sku_ids for holder in self.chosen)
        if self.way is Way.BUY:
            # For the others seats are held already.
            arriving -= self.seats
        if self.way in (Way.FULL, Way.PARTIAL) or not arriving or self.new_pool is None:
            return []
        left = swap_room.shrinks_to(
            self.held,
            into=self.into,
            more=0 if self.into is None else self.seats,
            people=swap_room.people(pool=self.new_pool, customer_id=self.field.customer.customer_id) + arriving,
            foreign=self.new_pool.foreign_units,
        )
        return [] if left is None else [Reason(code="target_shrinks", number=left)]

    def _is_bought_otherwise(self) -> bool:
        """Whether new seats would be bought in the customer's currency while the old ones are held in another."""
        return self.way is Way.BUY and self.field.customer.currency != self.source.currency

    def _is_in_a_chain(self) -> bool:
        """Whether people are on their way to this plan, or from the one wished for, where the vendor moves them.

        It moves by plan, so that those who have just arrived would be taken on.
        """
        for view in operations.open_views(kind=swap_operation.KIND, customer_id=self.field.customer.customer_id):
            order = orders.order(seen_by=SYSTEM, order_id=uuid.UUID(view.intent["order_id"]))
            other = swap_terms.from_json(order.calculation).swap
            meets = self.source.sku_id == other.target.sku_id or self.target.sku_id == other.source.sku_id
            is_by_vendor = self.opened.is_transition or other.way in (Way.FULL, Way.PARTIAL, Way.MERGE)
            if other.tenant_id == self.source.tenant_id and meets and is_by_vendor:
                return True
        return False

    def _against_transition(self) -> list[Reason]:
        found = [
            Reason(code=code) for code in swap_plan.obstacles(self.field, self.target.to, self.into, seats=self.seats)
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
        before = 0 if self.into is None else self.into.seats
        after = before + self.seats
        if after < offer.minimum:
            found.append(Reason(code="below_minimum", number=offer.minimum))
        if offer.maximum is not None and after > offer.maximum:
            found.append(Reason(code="above_maximum", number=offer.maximum))
        if offer.family and offer.family != self.field.offer.family:
            families = buy_limits.Families(
                customer_ids=[self.field.customer.customer_id],
                rows=self.field.rows,
                tenant_ids=[self.source.tenant_id],
            )
            entered = families.of(
                tenant_id=self.source.tenant_id,
                vendor_key=offer.vendor_key,
                family=offer.family,
                on=self.moment.on,
            )
            if entered is not None and entered.seats + self.seats > entered.maximum:
                found.append(Reason(code="above_maximum", number=entered.maximum))
        return found

    def _against_increase(self) -> list[Reason]:
        """Old seats leave with the renewal where they cannot be returned, so that must still be possible afterwards."""
        policy = wishes.renewal_policy(self.source)
        lock_at = alarms.lock_at(renews_on=self.source.commitment_end_on, policy=policy)
        found = [Reason(code="renewal_locked")] if self.moment.at >= lock_at - DONE_BEFORE_LOCK else []
        if self.way is Way.MORE:
            found += [_as_reason(refusal) for _key, refusal in self._increase().quote.all_refusals]
        elif self.way is Way.BUY:
            found += [_as_reason(refusal) for refusal in self._purchase().refusals]
        return found

    def _increase(self) -> pricing.Priced:
        assert self.into is not None
        wished = pricing.Wish(subscription_id=self.into.subscription_id, seats=self.into.seats + self.seats)
        return pricing.price(by=self.field.by, customer=self.field.customer, wishes=[wished], at=self.moment.at)

    def _purchase(self) -> buy_pricing.Priced:
        assert self.target.offer is not None
        return buy_pricing.price(
            by=self.field.by,
            customer=self.field.customer,
            choice=buy_pricing.Choice(
                tenant_id=self.source.tenant_id, offer_key=self.target.offer.offer_key, seats=self.seats
            ),
            subscription_id=self.new_id,
            at=self.moment.at,
        )

    def _lines(self, target: holdings.HoldingRow) -> tuple[frozen.Line, ...]:
        """The priced lines; the old plan's comes first."""
        if self.opened.is_transition:
            return swap_pricing.transition_lines(
                source=self.source, target=target, way=self.way, seats=self.seats, moment=self.moment
            )
        if self.way is Way.FREE:
            return (swap_pricing.unchanged_line(self.source, moment=self.moment),)
        priced = self._increase() if self.way is Way.MORE else self._purchase()
        assert priced.calculation is not None
        return swap_pricing.unchanged_line(self.source, moment=self.moment), *priced.calculation.lines

    def _target_row(self) -> holdings.HoldingRow:
        """The subscription that takes the people in, as it is or as it will be before its seats come."""
        if self.into is not None:
            return self.into
        offer = self.target.offer
        assert offer is not None
        # A list may have another price for as many seats as go than for as many as there are.
        rate = swap_plan.rate_of(self.field, offer, quantity=max(self.seats, 1)) or self.target.rate
        assert rate is not None
        return swap_pricing.as_target(
            source=self.source,
            offer=_offered(offer, rate, self.source),
            currency=rate.currency,
            subscription_id=self.source.subscription_id if self.way is Way.FULL else self.new_id,
        )

    def calculation(self) -> swap_terms.Calculation:
        """The priced swap."""
        row = self._target_row()
        lines = self._lines(row)
        overlap = None
        if not self.opened.is_transition:
            overlap = swap_pricing.overlap(
                source=self.source,
                seats=min(len(self.chosen), self.source.seats),
                minimum=self.field.offer.minimum,
                moment=self.moment,
            )
        old = catalogue.service_plans(sku_id=self.source.sku_id, vendor_key=self.source.vendor_key)
        new = catalogue.service_plans(sku_id=self.target.sku_id, vendor_key=self.source.vendor_key)
        swap = swap_terms.Swap(
            way=self.way,
            tenant_id=self.source.tenant_id,
            source=side(self.source),
            target=side(row, vendor_subscription_id="" if self.into is None else row.vendor_subscription_id),
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


def _as_reason(refusal: Any) -> Reason:
    """A refusal of the increase or the purchase as a reason against the swap, with its limit where it has one."""
    return Reason(code=refusal.code, number=getattr(refusal, "maximum", None))


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


def _terms(row: holdings.HoldingRow) -> tuple[holdings.Term, ...]:
    return holdings.terms(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())


def _is_current(row: holdings.HoldingRow, on: dt.date) -> bool:
    cycle = pricing.cycle_of(row, on=on)
    return cycle.start_on <= on < min(cycle.end_on, row.commitment_end_on)
