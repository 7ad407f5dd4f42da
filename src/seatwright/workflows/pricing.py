"""Brings together what a price is made of: holdings, people, offers, policy and tax, judged by `rules.quote`."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers.queries import CustomerRow
from seatwright.orders import calculation as frozen
from seatwright.orders import queries as orders
from seatwright.rules import business_dates, money, periods, proration, tax, terms, windows
from seatwright.rules import quote as rules
from seatwright.rules.refusals import Refusal
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy_limits

LIVE_STATES = ("active", "pending", "suspended")
NO_LIMIT_WINDOW = dt.timedelta(days=36500)
NAMES_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The total number of seats wished for a subscription."""

    subscription_id: uuid.UUID
    seats: int


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A priced wish; `calculation` is None exactly when it is refused. `quote` has amounts and refusals by line."""

    customer: CustomerRow
    quote: rules.Quote
    calculation: frozen.Calculation | None

    @property
    def refusals(self) -> dict[str, tuple[Refusal, ...]]:
        """The refusals of each line by subscription id as text; those of the whole booking under the empty text."""
        found: dict[str, tuple[Refusal, ...]] = {}
        for key, refusal in self.quote.all_refusals:
            found[key] = (*found.get(key, ()), refusal)
        return found


class Refused(Exception):
    """The booking is refused; `priced` says why, line by line."""

    def __init__(self, priced: Priced) -> None:
        super().__init__("refused")
        self.priced = priced


def price(*, by: Actor, customer: CustomerRow, wishes: Sequence[Wish], at: dt.datetime) -> Priced:
    """Judge and price the wish as of `at`; raises access.permissions.Unknown for a subscription of somebody else."""
    rows = {
        row.subscription_id: row
        for row in holdings.holdings(seen_by=by, customer_ids=[customer.customer_id], action="seats.quote")
    }
    if any(wish.subscription_id not in rows for wish in wishes):
        raise permissions.Unknown
    wanted = {wish.subscription_id: wish.seats for wish in wishes}
    concerned = [row for row in rows.values() if row.status in LIVE_STATES or row.subscription_id in wanted]
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    vendors = {key: rows[key].vendor_key for key in wanted}
    by_vendor = {each: window_policy(vendor_key=each, on=on) for each in sorted({*vendors.values()} or {"microsoft"})}
    policies = {str(key): by_vendor[vendor_key] for key, vendor_key in vendors.items()}
    offers = _offers(concerned, customer)
    may_all = by.is_staff or by.is_system
    days = {row.subscription_id: day_of(row, at=at, zone=customer.reseller_time_zone) for row in concerned}
    assembly = _Assembly(
        customer=customer, rows=concerned, wanted=wanted, offers=offers, may_all=may_all, on=on, days=days
    )
    quote = rules.quote(
        wishes=[rules.LineWish(str(wish.subscription_id), wish.seats) for wish in wishes],
        holdings=[assembly.holding(row) for row in concerned],
        package_minimum=customer.package_minimum,
        on=on,
        at=at,
        policy=next(iter(by_vendor.values())),
        policies=policies,
        tax=tax.tax_for(
            seller_country=customer.reseller_country,
            buyer_country=customer.country,
            buyer_vat_id=customer.vat_id,
            on=on,
        ),
        families=assembly.families(),
    )
    calculation = None if quote.is_refused else _calculation(quote, rows, policies=policies, days=days)
    return Priced(customer=customer, quote=quote, calculation=calculation)


class _Assembly:
    """The rows of one customer turned into what the rules judge."""

    def __init__(
        self,
        *,
        customer: CustomerRow,
        rows: Sequence[holdings.HoldingRow],
        wanted: Mapping[uuid.UUID, int],
        offers: Mapping[uuid.UUID, catalogue.OfferRow | None],
        may_all: bool,
        on: dt.date,
        days: Mapping[uuid.UUID, dt.date],
    ) -> None:
        self.may_all = may_all
        self.days = days
        self.customer = customer
        self.rows = rows
        self.wanted = wanted
        self.offers = offers
        self.on = on
        tenant_ids = sorted({row.tenant_id for row in rows})
        self.pools = assignments.pools(tenant_ids=tenant_ids)
        self.under_way = orders.open_lines(subscription_ids=[row.subscription_id for row in rows])
        self.plans_ahead = holdings.plans_ahead(subscription_ids=list(wanted))

    def holding(self, row: holdings.HoldingRow) -> rules.Holding:
        offer = self.offers[row.subscription_id]
        priced = bool(row.unit_rate) and is_sold(term=row.term, billing_plan=row.billing_plan)
        is_wished = row.subscription_id in self.wanted
        return rules.Holding(
            subscription_key=str(row.subscription_id),
            name=row.name,
            quantity=row.seats if is_wished else self._seats_to_be(row),
            assigned=self._assigned(row),
            holders=assignments.holders(tenant_id=row.tenant_id, sku_id=row.sku_id, limit=NAMES_SHOWN)
            if is_wished and self.wanted[row.subscription_id] < row.seats
            else (),
            minimum=1 if offer is None else offer.minimum,
            maximum=None if offer is None else offer.maximum,
            currency=row.currency,
            unit_rate=money.Rate.parse(row.unit_rate or "0", row.currency),
            price_list_version=row.price_list_version,
            term=terms.Term(row.term) if priced else terms.Term.P1M,
            billing_plan=terms.BillingPlan(row.billing_plan) if priced else terms.BillingPlan.MONTHLY,
            anchor_on=row.anchor_on,
            cycle=cycle_of(row, on=self.days[row.subscription_id]),
            commitment_end_on=row.commitment_end_on,
            lots=seat_lots(row),
            vendor_returnable=row.returnable,
            status="change_under_way" if row.subscription_id in self.under_way else row.status,
            is_self_service=priced and not row.is_trial and (offer is None or offer.is_self_service or self.may_all),
            counts_as_active=row.status in LIVE_STATES,
            package_key=str(row.tenant_id),
            plan_then=self._plan_then(row),
            counts_from_on=self.days[row.subscription_id],
        )

    def _plan_then(self, row: holdings.HoldingRow) -> tuple[terms.BillingPlan, money.Rate] | None:
        billing_plan, unit_rate = self.plans_ahead.get(row.subscription_id, ("", ""))
        return (terms.BillingPlan(billing_plan), money.Rate.parse(unit_rate, row.currency)) if unit_rate else None

    def _seats_to_be(self, row: holdings.HoldingRow) -> int:
        """The seats as ordered: what is under way counts for caps and packages as though it had happened."""
        return self.under_way[row.subscription_id][1] if row.subscription_id in self.under_way else row.seats

    def _seats_surely(self, row: holdings.HoldingRow) -> int:
        """The seats that people can count on: a return under way is gone, an increase not there yet."""
        return self.wanted.get(row.subscription_id, min(row.seats, self._seats_to_be(row)))

    def _assigned(self, row: holdings.HoldingRow) -> int | None:
        """How many of this subscription's seats people need, once all others of its pool have been used up.

        None where nobody counts: a licence of the whole company is not held by people (R065).
        """
        pool = self.pools.get((row.tenant_id, row.sku_id))
        if pool is None or not pool.is_for_people:
            return None
        others = sum(
            self._seats_surely(each)
            for each in self.rows
            if (each.tenant_id, each.sku_id) == (row.tenant_id, row.sku_id)
            and each.subscription_id != row.subscription_id
            and each.status in ("active", "pending")
        )
        return max(pool.consumed_units - pool.foreign_units - others, 0)

    def families(self) -> list[rules.FamilyCap]:
        """The caps over the families of these subscriptions, each with the seats that none of them holds."""
        wanted = {
            (row.tenant_id, offer.vendor_key, offer.family)
            for row in self.rows
            if (offer := self.offers[row.subscription_id]) is not None and offer.family
        }
        if not wanted:
            return []
        known = buy_limits.Families(customer_ids=[self.customer.customer_id], rows=self.rows)
        found = (
            known.of(tenant_id=tenant_id, vendor_key=vendor_key, family=family, on=self.on)
            for tenant_id, vendor_key, family in sorted(wanted)
        )
        return [
            rules.FamilyCap(
                family=each.name,
                subscription_keys=frozenset(map(str, each.ours)),
                maximum=each.maximum,
                elsewhere=each.elsewhere,
            )
            for each in found
            if each is not None
        ]


def _offers(rows: Sequence[holdings.HoldingRow], customer: CustomerRow) -> dict[uuid.UUID, catalogue.OfferRow | None]:
    """The offer of each subscription; None where the catalogue does not know it."""
    keys = sorted({row.offer_key for row in rows if row.offer_key})
    found = catalogue.offers(offer_keys=keys, reseller_id=customer.reseller_id)
    return {row.subscription_id: found.get(row.offer_key) for row in rows}


def is_sold(*, term: str, billing_plan: str) -> bool:
    """Whether term and billing plan are a pair that seats are sold in."""
    try:
        terms.require_allowed(term=terms.Term(term), billing_plan=terms.BillingPlan(billing_plan))
    except ValueError:
        return False
    return True


def _calculation(
    quote: rules.Quote,
    rows: Mapping[uuid.UUID, holdings.HoldingRow],
    *,
    policies: Mapping[str, windows.WindowPolicy],
    days: Mapping[uuid.UUID, dt.date],
) -> frozen.Calculation:
    assert quote.totals is not None

    def frozen_line(line: rules.QuoteLine) -> frozen.Line:
        row = rows[uuid.UUID(line.subscription_key)]
        return _frozen_line(line, row, quote, policies[line.subscription_key], on=days[row.subscription_id])

    return frozen.Calculation(
        on=quote.on,
        currency=quote.lines[0].due_now.currency,
        tax_basis_points=quote.tax.rate_basis_points,
        tax_treatment=str(quote.tax.treatment),
        policy_version=quote.policy_version,
        lines=tuple(frozen_line(line) for line in quote.lines),
        due_now=_sums(quote.totals.due_now),
        next_period=_sums(quote.totals.next_period),
        rest_of_term=_sums(quote.totals.rest_of_term),
    )


def _sums(total: rules.Total) -> frozen.Sums:
    return frozen.Sums(net_minor=total.net.minor, tax_minor=total.tax.minor, gross_minor=total.gross.minor)


def _frozen_line(
    line: rules.QuoteLine, row: holdings.HoldingRow, quote: rules.Quote, policy: windows.WindowPolicy, *, on: dt.date
) -> frozen.Line:
    taken = (
        windows.consume(
            lots=seat_lots(row), quantity=-line.delta, at=quote.at, policy=policy, vendor_says=row.returnable
        )
        if line.delta < 0
        else ()
    )
    return frozen.Line(
        subscription_id=row.subscription_id,
        name=row.name,
        term=row.term,
        billing_plan=row.billing_plan,
        seats_before=line.quantity_before,
        seats_after=line.quantity_after,
        unit_rate=row.unit_rate,
        price_list_version=row.price_list_version,
        commitment_end_on=line.commitment_end_on,
        cycle_end_on=cycle_of(row, on=on).end_on,
        due_now_minor=line.due_now.minor,
        cycle_before_minor=line.per_cycle_before.minor,
        cycle_after_minor=line.next_period.minor,
        rest_of_term_minor=line.rest_of_term.minor,
        charges=tuple(
            frozen.Charge(
                kind=charge.kind,
                seats=charge.seats,
                days=charge.days,
                cycle_days=charge.cycle_days,
                start_on=charge.period.start_on,
                end_on=charge.period.end_on,
                unit_rate=charge.unit_rate.text,
                amount_minor=charge.amount.minor,
                rounding_minor=charge.rounding_minor,
            )
            for charge in line.charges
        ),
        takes=tuple(frozen.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken),
    )


def window_policy(*, vendor_key: str, on: dt.date) -> windows.WindowPolicy:
    """The return rule in force on that day, as the rules judge it (policy data, never a constant)."""
    stored = catalogue.return_policy(vendor_key=vendor_key, on=on)
    window = stored.return_window
    if window is None:
        window = NO_LIMIT_WINDOW if stored.is_any_time else dt.timedelta()
    return windows.WindowPolicy(
        version=stored.version, return_window=window, safety_margin=stored.safety_margin, source=stored.source
    )


def seat_lots(row: holdings.HoldingRow) -> tuple[windows.SeatLot, ...]:
    """The subscription's lots as the rules judge them."""
    return tuple(
        windows.SeatLot(
            lot_id=str(lot.lot_id), quantity=lot.seats, added_at=lot.added_at, returnable_until=lot.returnable_until
        )
        for lot in row.lots
    )


def returnable_of(row: holdings.HoldingRow, *, at: dt.datetime, policy: windows.WindowPolicy) -> windows.Returnable:
    """The seats of the subscription that can be returned at `at`; none while it is suspended or over."""
    says = row.returnable if row.status == "active" else ()
    return windows.returnable(lots=seat_lots(row), vendor_says=says, at=at, policy=policy)


def counts_from_on(change: holdings.SeatChange, *, zone: str) -> dt.date:
    """The day from which a change of seats without charges of its own counts: the earlier one of both calendars."""
    return min(business_dates.business_date(at=change.at, zone=zone), change.at.astimezone(dt.UTC).date())


def day_of(row: holdings.HoldingRow, *, at: dt.datetime, zone: str) -> dt.date:
    """The day from which a change of the subscription at `at` is charged or given back: the business date of `zone`.

    Terms begin and end on the vendor's days, which are UTC's (reference 6.7). On the first day of the running one and
    on the last it is therefore the vendor's day, so that no day is counted that belongs to the term before or after.
    """
    vendors_on, on = at.astimezone(dt.UTC).date(), business_dates.business_date(at=at, zone=zone)
    last_on = row.commitment_end_on - dt.timedelta(days=1)
    if not row.term_start_on <= vendors_on <= last_on:
        return on
    return row.term_start_on if vendors_on == row.term_start_on else min(max(on, row.term_start_on), last_on)


def cycle_of(row: holdings.HoldingRow, *, on: dt.date) -> periods.Period:
    """The charge cycle in which `on` lies, the first one before it has begun; one day where there are no cycles.

    A subscription that starts today for the vendor, who counts in UTC, may start tomorrow for a reseller further west.
    """
    on = max(on, row.anchor_on)
    if not is_sold(term=row.term, billing_plan=row.billing_plan):
        return periods.Period(on, on + dt.timedelta(days=1))
    return periods.charge_cycle(
        anchor_on=row.anchor_on, term=terms.Term(row.term), billing_plan=terms.BillingPlan(row.billing_plan), on=on
    )


def rest_of_term_minor(row: holdings.HoldingRow, *, seats: int, on: dt.date) -> int:
    """What `seats` of the subscription cost from `on` until the commitment ends; 0 once it has ended."""
    if (
        not row.unit_rate
        or not is_sold(term=row.term, billing_plan=row.billing_plan)
        or not row.anchor_on <= on < row.commitment_end_on
    ):
        return 0
    rate = money.Rate.parse(row.unit_rate, row.currency)
    within = periods.Period(on, row.commitment_end_on)
    cycles = periods.charge_cycles(
        anchor_on=row.anchor_on,
        term=terms.Term(row.term),
        billing_plan=terms.BillingPlan(row.billing_plan),
        within=within,
    )
    return sum(
        proration.part_of_period(
            quantity=seats,
            unit_rate=rate,
            cycle=cycle,
            during=periods.Period(max(cycle.start_on, within.start_on), min(cycle.end_on, within.end_on)),
        ).minor
        for cycle in cycles
    )


def holding_of(*, by: Actor, subscription_id: uuid.UUID) -> holdings.HoldingRow:
    """The subscription for which a change is opened; raises Unknown or NotAllowed."""
    return holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
