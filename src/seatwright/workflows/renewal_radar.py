"""What people look at before a renewal: the sheet of one subscription, and the radar over a customer's. Reads only."""

import datetime as dt
import uuid
from dataclasses import dataclass

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import intents
from seatwright.rules import alarms, renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import licence_rows, schedule_change
from seatwright.workflows import wishes as wishing


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One renewal to decide on; `combinations` are those that the following offer is sold with, shortest first.

    `offer_names` names the offers of the plan. `is_open` says that wishes can be changed now.
    """

    plan: schedule_change.Plan
    combinations: tuple[tuple[terms.Term, terms.BillingPlan], ...]
    offer_names: dict[str, str]
    held_offer: str
    held_term: terms.Term
    held_plan: terms.BillingPlan
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """A coming renewal in the radar; `decide_until` is exclusive, `unassigned` the seats of its pool nobody holds.

    `following` is None where the plan is not known. A rollover is a month that just goes on.
    """

    subscription_id: uuid.UUID
    name: str
    term: str
    billing_plan: str
    seats: int
    unassigned: int
    renews_on: dt.date
    decide_until: dt.datetime
    is_decidable: bool
    is_rollover: bool
    has_wish: bool
    following: timeline.NextTerm | None


@dataclass(frozen=True, kw_only=True)
class Radar:
    """The coming renewals of a customer by deadline, what can still be decided first, and the rollovers apart."""

    customer: customers.CustomerRow
    rows: tuple[Renewal, ...]
    rollovers: tuple[Renewal, ...]
    may_change: bool


def sheet(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> Sheet | None:
    """The renewal of a running subscription, None where its offer is not known.

    Raises access.permissions.Unknown for a foreign or unknown id.
    """
    row = holdings.holding(seen_by=by, subscription_id=subscription_id)
    if row.status not in licence_rows.LIVE_STATES or not row.offer_key:
        return None
    try:
        plan = schedule_change.plan(by=by, subscription_id=subscription_id, at=at)
    except (wishing.NotRunning, catalogue.OfferUnknown):
        return None
    named = catalogue.offers(offer_keys=[row.offer_key, plan.following.offer], reseller_id=row.reseller_id)
    held = named.get(plan.following.offer)
    sold = () if held is None else _sold(held, reseller_id=row.reseller_id)
    return Sheet(
        plan=plan,
        combinations=tuple(sorted(sold, key=lambda each: (each[0].months, each[1].months))),
        held_offer=row.offer_key,
        held_term=terms.Term(row.term),
        held_plan=terms.BillingPlan(row.billing_plan),
        offer_names={key: each.own_label or each.title for key, each in named.items()},
        is_open=row.status == "active" and not plan.is_locked,
    )


def _sold(held: catalogue.OfferRow, *, reseller_id: uuid.UUID) -> frozenset[tuple[terms.Term, terms.BillingPlan]]:
    rows = catalogue.offers_for(
        market=held.market,
        segment=held.segment,
        reseller_id=reseller_id,
        vendor_key=held.vendor_key,
        product_id=held.product_id,
        vendor_sku_id=held.vendor_sku_id,
    )
    return frozenset((terms.Term(each.term), terms.BillingPlan(each.billing_plan)) for each in rows)


def radar(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime) -> Radar:
    """Every coming renewal of the customer; raises access.permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="licences.view")
    found = sorted(
        renewals_of(by=by, customer_id=customer_id, at=at),
        key=lambda each: (not each.is_decidable, each.decide_until, each.name),
    )
    return Radar(
        customer=customer,
        rows=tuple(each for each in found if not each.is_rollover),
        rollovers=tuple(each for each in found if each.is_rollover),
        may_change=permissions.allowed(
            by=by, action="seats.book", reseller_id=customer.reseller_id, customer_id=customer_id
        ),
    )


def renewals_of(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime) -> tuple[Renewal, ...]:
    """The coming renewals of what the customer holds, in no order; terms that are over are left out."""
    rows = [
        row
        for row in holdings.holdings(seen_by=by, customer_ids=[customer_id])
        if row.status in licence_rows.LIVE_STATES and at < renewals.term_ends_at(renews_on=row.commitment_end_on)
    ]
    wished = intents.open_intents(subscription_ids=[row.subscription_id for row in rows])
    pools = assignments.pools(tenant_ids=sorted({row.tenant_id for row in rows}))
    policies: dict[tuple[str, dt.date], renewals.RenewalPolicy] = {}
    found = []
    for row in rows:
        key = (row.vendor_key, row.commitment_end_on)
        if key not in policies:
            policies[key] = wishing.renewal_policy(row)
        until = alarms.lock_at(renews_on=row.commitment_end_on, policy=policies[key])
        pool = pools.get((row.tenant_id, row.sku_id))
        has_wish = row.subscription_id in wished
        found.append(
            Renewal(
                subscription_id=row.subscription_id,
                name=row.name,
                term=row.term,
                billing_plan=row.billing_plan,
                seats=row.seats,
                unassigned=row.seats if pool is None else min(max(pool.assignable, 0), row.seats),
                renews_on=row.commitment_end_on,
                decide_until=until,
                is_decidable=at < until and row.status == "active",
                is_rollover=row.term == terms.Term.P1M and not has_wish,
                has_wish=has_wish,
                following=_following(row),
            )
        )
    return tuple(found)


def _following(row: holdings.HoldingRow) -> timeline.NextTerm | None:
    try:
        return timeline.next_term(timeline=wishing.timeline_of(row))
    except (wishing.NotRunning, ValueError):
        return None
