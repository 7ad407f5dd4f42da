"""The radar: coming renewals, what a decision about each can save, and until when. Reads only (idea 7)."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import intents, sheets
from seatwright.rules import alarms, money, proration, renewals, stretches, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions import renewal_alarms
from seatwright.workflows import extended_service, licence_rows, pricing, stored_elsewhere
from seatwright.workflows import wishes as wishing

ExtendedMoney = tuple[int | None, int | None, int | None]
PAGE = 50
CANDIDATES = 500


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """A coming renewal in the radar; `decide_until` is exclusive, the last moment at which a decision is still sent.

    `unassigned` are the seats of its pool that nobody holds. `at_stake_minor` is what such seats cost over the whole
    next term if nobody decides, and `next_term_minor` all of the next term, both at the customer's own frozen price;
    None where no price is known or the next term is another one. `following` is None where the plan is not known. A
    rollover is a month that just goes on at its ordinary price.

    Where the term runs on as extended service, `surcharge_minor` is what all seats cost more in its next month than an
    ordinary month, `next_term_minor` that month, and `at_stake_minor` what of it a decision to renew or to end saves:
    the surcharge and the seats that nobody holds, at the prices known for that month.

    `is_planned_elsewhere` tells of a next term that the vendor holds and nobody planned here: no amount follows it.
    """

    subscription_id: uuid.UUID
    customer_id: uuid.UUID
    name: str
    term: str
    billing_plan: str
    seats: int
    unassigned: int
    renews_on: dt.date
    ends_at: dt.datetime
    decide_until: dt.datetime
    is_decidable: bool
    is_rollover: bool
    has_wish: bool
    has_alarm: bool
    is_planned_elsewhere: bool
    following: timeline.NextTerm | None
    at_stake_minor: int | None
    next_term_minor: int | None
    surcharge_minor: int | None
    currency: str

    @property
    def can_save(self) -> bool:
        """Whether a decision that is still possible keeps money from being spent for nothing."""
        return self.is_decidable and bool(self.at_stake_minor)

    @property
    def is_urgent(self) -> bool:
        """Whether it is worth a decision that is still possible: money is saved, or something unplanned prevented."""
        return self.can_save or (self.is_decidable and self.is_planned_elsewhere)


@dataclass(frozen=True, kw_only=True)
class Radar:
    """The coming renewals of a customer: what a decision can save first, soonest first, and the rollovers apart."""

    customer: customers.CustomerRow
    rows: tuple[Renewal, ...]
    rollovers: tuple[Renewal, ...]
    alarms: tuple[renewal_alarms.AlarmRow, ...]
    sheets: tuple[sheets.SheetRow, ...]
    may_change: bool
    may_ask: bool


@dataclass(frozen=True, kw_only=True)
class StaffLine:
    """A coming renewal of one of the reseller's customers."""

    renewal: Renewal
    customer: customers.CustomerRow


@dataclass(frozen=True, kw_only=True)
class StaffRadar:
    """A page of the staff's renewals, soonest first and within a day the most money first; `after` continues it."""

    rows: tuple[StaffLine, ...]
    after: str


def radar(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime) -> Radar:
    """Every coming renewal of the customer; raises access.permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="licences.view")
    found = sorted(renewals_of(by=by, customer_id=customer_id, at=at), key=_urgency)
    return Radar(
        customer=customer,
        rows=tuple(each for each in found if not each.is_rollover),
        rollovers=tuple(each for each in found if each.is_rollover),
        alarms=tuple(renewal_alarms.open_alarms(seen_by=by, customer_ids=[customer_id])),
        sheets=tuple(sheets.sheets(seen_by=by, customer_id=customer_id)),
        may_change=permissions.allowed(
            by=by, action="seats.book", reseller_id=customer.reseller_id, customer_id=customer_id
        ),
        may_ask=permissions.allowed(
            by=by, action="sheets.make", reseller_id=customer.reseller_id, customer_id=customer_id
        ),
    )


def _urgency(each: Renewal) -> tuple[bool, bool, dt.datetime, int, str]:
    """What can be saved or surprises comes first, and of that what must be decided soonest."""
    return not each.is_decidable, not each.is_urgent, each.decide_until, -(each.at_stake_minor or 0), each.name


def staff_radar(
    *,
    by: Actor,
    text: str = "",
    within_days: int | None = None,
    only_savable: bool = False,
    after: str = "",
    at: dt.datetime,
) -> StaffRadar:
    """A page of the renewals of all customers that the staff serve, in the same few queries however many there are.

    Each page looks through at most `CANDIDATES` renewals, so that one with `only_savable` may be short and still be
    continued. Raises access.permissions.NotAllowed when the actor is no reseller's staff.
    """
    if not by.is_staff:
        raise permissions.NotAllowed("staff.customers")
    wished = intents.wished_ids(seen_by=by)
    found = holdings.coming(
        seen_by=by,
        from_on=at.date(),
        until_on=None if within_days is None else at.date() + dt.timedelta(days=within_days + 1),
        words=text.casefold().split()[:8],
        monthly_ids=wished,
        after=_opened(after),
        limit=CANDIDATES + 1 if only_savable else PAGE + 1,
    )
    looked_at = found[:CANDIDATES] if only_savable else found[:PAGE]
    shown: list[Renewal] = []
    last = None
    for each, row in zip(_renewals(looked_at, by=by, at=at), looked_at, strict=True):
        last = row
        if each is not None and not each.is_rollover and (each.is_urgent or not only_savable):
            shown.append(each)
        if len(shown) == PAGE:
            break
    is_more = last is not None and last.subscription_id != found[-1].subscription_id
    named = customers.by_ids(customer_ids=sorted({each.customer_id for each in shown}))
    in_order = sorted(shown, key=lambda each: (each.renews_on, -(each.at_stake_minor or 0), each.name))
    return StaffRadar(
        rows=tuple(StaffLine(renewal=each, customer=named[each.customer_id]) for each in in_order),
        after=f"{last.commitment_end_on.isoformat()}|{last.subscription_id}" if is_more and last is not None else "",
    )


def _opened(after: str) -> tuple[dt.date, uuid.UUID] | None:
    """The place that a cursor names; one that nobody gave out begins at the start."""
    on, _, last_id = after.partition("|")
    try:
        return dt.date.fromisoformat(on), uuid.UUID(last_id)
    except ValueError:
        return None


def renewals_of(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime) -> tuple[Renewal, ...]:
    """The coming renewals of what the customer holds, in no order; terms that are over are left out."""
    return renewals_of_all(by=by, customer_ids=[customer_id], at=at)


def renewals_of_all(*, by: Actor, customer_ids: Sequence[uuid.UUID], at: dt.datetime) -> tuple[Renewal, ...]:
    """The `renewals_of` these customers together."""
    rows = [
        row
        for row in holdings.holdings(seen_by=by, customer_ids=customer_ids)
        if row.status in licence_rows.LIVE_STATES
    ]
    return tuple(each for each in _renewals(rows, by=by, at=at) if each is not None)


def to_decide(
    *, by: Actor, customer_ids: Sequence[uuid.UUID], within: dt.timedelta, at: dt.datetime
) -> tuple[Renewal, ...]:
    """The renewals worth a decision `within` that time that nobody has decided or is asked about.

    Months that just go on are left out, and so are renewals that a sheet asks about.
    """
    asked = {
        line.subscription_id
        for sheet in sheets.waiting(seen_by=by, customer_ids=customer_ids)
        for line in sheet.lines
        if line.state == "open"
    }
    rows = [
        row
        for row in holdings.holdings(seen_by=by, customer_ids=list(customer_ids))
        if row.status in licence_rows.LIVE_STATES and row.subscription_id not in asked
    ]
    return tuple(
        each
        for each in _renewals(rows, by=by, at=at)
        if each is not None
        and each.is_urgent
        and not (each.is_rollover or each.has_wish)
        and each.decide_until <= at + within
    )


def _renewals(rows: Sequence[holdings.HoldingRow], *, by: Actor, at: dt.datetime) -> list[Renewal | None]:
    """The renewal of each row, in their order; None for terms that are over. In a fixed number of queries."""
    wished = intents.open_intents(subscription_ids=[row.subscription_id for row in rows])
    pools = assignments.pools(tenant_ids=sorted({row.tenant_id for row in rows}))
    lines = wishing.timelines_of(rows=rows)
    vendor_keys = {row.vendor_key for row in rows}
    rules = catalogue.RenewalRules(vendor_keys=vendor_keys)
    after_terms = catalogue.AfterTerms(vendor_keys=vendor_keys)
    customer_ids = sorted({row.customer_id for row in rows})
    raised = renewal_alarms.open_alarms(seen_by=by, customer_ids=customer_ids)
    alarmed = {each.subscription_id for each in raised if each.kind == "missing"}
    followings = {row.subscription_id: _following(row, lines.get(row.subscription_id)) for row in rows}
    unassigned_of = {row.subscription_id: _unassigned(row, pools) for row in rows}
    running_on = [row for row in rows if _runs_on(row, followings[row.subscription_id], rules=after_terms)]
    extended = _extended_money_of(running_on, followings, unassigned_of, rules=after_terms)
    found: list[Renewal | None] = []
    for row in rows:
        ends_at = renewals.term_ends_at(renews_on=row.commitment_end_on)
        if at >= ends_at:
            found.append(None)
            continue
        until = alarms.lock_at(renews_on=row.commitment_end_on, policy=wishing.policy_in(rules, row))
        unassigned, following = unassigned_of[row.subscription_id], followings[row.subscription_id]
        runs_on = row.subscription_id in extended
        has_wish = row.subscription_id in wished
        is_elsewhere = not has_wish and stored_elsewhere.is_there(row)
        at_stake = whole = surcharge = None
        if runs_on:
            at_stake, whole, surcharge = extended[row.subscription_id]
        elif not is_elsewhere:
            at_stake, whole = _money(row, following, unassigned=unassigned)
        found.append(
            Renewal(
                subscription_id=row.subscription_id,
                customer_id=row.customer_id,
                name=row.name,
                term=row.term,
                billing_plan=row.billing_plan,
                seats=row.seats,
                unassigned=unassigned,
                renews_on=row.commitment_end_on,
                ends_at=ends_at,
                decide_until=until,
                is_decidable=at < until and row.status == "active",
                is_rollover=row.term == terms.Term.P1M and not (has_wish or runs_on or is_elsewhere),
                has_wish=has_wish,
                has_alarm=row.subscription_id in alarmed,
                is_planned_elsewhere=is_elsewhere,
                following=following,
                at_stake_minor=at_stake,
                next_term_minor=whole,
                surcharge_minor=surcharge,
                currency=row.currency,
            )
        )
    return found


def _following(row: holdings.HoldingRow, line: timeline.Timeline | None) -> timeline.NextTerm | None:
    """What follows the running term; a suspended one ends with it, whatever is wished or shown (reference 5.9)."""
    try:
        found = None if line is None else timeline.next_term(timeline=line)
    except ValueError:
        return None
    return found if found is None or row.status != "suspended" else replace(found, outcome=renewals.Ending.CANCEL)


def _runs_on(row: holdings.HoldingRow, following: timeline.NextTerm | None, *, rules: catalogue.AfterTerms) -> bool:
    """Whether the term runs on as extended service as things stand; not where the vendor's older rules end it."""
    is_extended = following is not None and following.outcome is renewals.Ending.EXTENDED
    return is_extended and extended_service.applies(row=row, rules=rules)


def _unassigned(row: holdings.HoldingRow, pools: Mapping[tuple[uuid.UUID, str], assignments.PoolRow]) -> int:
    pool = pools.get((row.tenant_id, row.sku_id))
    return row.seats if pool is None else min(max(pool.assignable, 0), row.seats)


def _extended_money_of(
    rows: Sequence[holdings.HoldingRow],
    followings: Mapping[uuid.UUID, timeline.NextTerm | None],
    unassigned_of: Mapping[uuid.UUID, int],
    *,
    rules: catalogue.AfterTerms,
) -> dict[uuid.UUID, ExtendedMoney]:
    """The `_extended_money` of each of these licences that run on."""
    named = customers.by_ids(customer_ids=sorted({row.customer_id for row in rows})) if rows else {}
    found = {}
    with catalogue.each_once(offer_keys={row.offer_key for row in rows}, days={row.commitment_end_on for row in rows}):
        for row in rows:
            following, unassigned = followings[row.subscription_id], unassigned_of[row.subscription_id]
            if following is not None:
                customer = named[row.customer_id]
                found[row.subscription_id] = _extended_money(customer, following, unassigned=unassigned, rules=rules)
    return found


def _extended_money(
    customer: customers.CustomerRow, following: timeline.NextTerm, *, unassigned: int, rules: catalogue.AfterTerms
) -> ExtendedMoney:
    """What a decision saves in the next month of extended service, the whole month, and its surcharge alone."""
    seats, on = following.quantity, following.starts_on
    found = extended_service.rate(customer=customer, offer_key=following.offer, quantity=seats, on=on, rules=rules)
    if found is None:
        return None, None, None
    plain = catalogue.sales_rate(
        reseller_id=customer.reseller_id,
        offer_key=found.offer_key,
        on=on,
        quantity=max(seats, 1),
        currency=found.currency,
    )
    month, ordinary, used = (
        proration.cycle_amount(quantity=number, unit_rate=money.Rate(rate.amount, rate.currency)).minor
        for number, rate in ((seats, found), (seats, plain), (max(seats - unassigned, 0), plain))
    )
    return month - used, month, month - ordinary


def _money(
    row: holdings.HoldingRow, following: timeline.NextTerm | None, *, unassigned: int
) -> tuple[int | None, int | None]:
    """What seats that nobody will use, and all seats, cost over the next term at the price frozen for this one."""
    if following is None or not row.unit_rate or not pricing.is_sold(term=row.term, billing_plan=row.billing_plan):
        return None, None
    if following.outcome is renewals.Ending.CANCEL:
        return 0, 0
    plan = (row.offer_key, row.term, row.billing_plan)
    if (following.offer, following.term, following.billing_plan) != plan:
        return None, None
    unused = max(following.quantity - (row.seats - unassigned), 0)
    ahead = renewals.term_ahead(
        anchor_on=row.anchor_on,
        starts_on=following.starts_on,
        term=following.term,
        aligned_end_on=following.aligned_end_on,
    )
    at_stake, whole = (
        stretches.of_plan(
            quantity=seats,
            unit_rate=money.Rate.parse(row.unit_rate, row.currency),
            anchor_on=ahead.anchor_on,
            term=following.term,
            billing_plan=following.billing_plan,
            during=ahead.period,
        ).minor
        for seats in (unused, following.quantity)
    )
    return at_stake, whole
