"""The auto-renew switch with its consequence (R045): what the end of the term brings if it is on, and what "off" means.

Under the vendor's rules for terms that end from 4 May 2026 on, switching it off alone lets the licence run on as
extended service, billed by the month with a surcharge. So "off" is never stored by itself: it is a wish to end with the
term, or a wish to run on, and goes the way of every wish (`schedule_change`).
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import renewal_choices, schedule_change

Dimension = timeline.Dimension
# Wishes that mean nothing beside an ending: what is cancelled is not renewed with anything, an extension keeps its
# plan.
DROPPED: dict[renewals.Ending, tuple[Dimension, ...]] = {
    renewals.Ending.RENEW: (),
    renewals.Ending.CANCEL: (
        Dimension.QUANTITY,
        Dimension.OFFER,
        Dimension.TERM,
        Dimension.BILLING_PLAN,
        Dimension.END_DATE,
    ),
    renewals.Ending.EXTENDED: tuple(each for each in Dimension if each is not Dimension.ENDING),
}


class ChangedMeanwhile(Exception):
    """The plan for the renewal is no longer the one that the page was made from."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way for the term to end, with its price where there is one; `drops` says that wishes made before are lost."""

    ending: renewals.Ending
    price: renewal_choices.Price | None
    is_chosen: bool
    drops: bool


@dataclass(frozen=True, kw_only=True)
class Switch:
    """The switch of one licence: the ways its term can end, and what follows where nothing is stored for "off".

    `surcharge_basis_points` is that of an extended term for this licence; `extends` says that the rules of extended
    service apply to it. `base` tells a page that is older than the last change.
    """

    customer: customers.CustomerRow
    subscription_id: uuid.UUID
    name: str
    seats: int
    renews_on: dt.date
    lock_at: dt.datetime
    ways: tuple[Way, ...]
    extends: bool
    surcharge_basis_points: int
    grace_days: int
    base: str
    is_open: bool

    @property
    def is_on(self) -> bool:
        """Whether the term renews as things stand."""
        return any(way.is_chosen and way.ending is renewals.Ending.RENEW for way in self.ways)


def switch(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> Switch | None:
    """The switch, None where the licence's offer is not known; raises access.permissions.Unknown."""
    row = holdings.holding(seen_by=by, subscription_id=subscription_id)
    found = renewal_choices.choices(by=by, subscription_id=subscription_id, at=at)
    if found is None:
        return None
    plan, outcome = found.plan, found.plan.following.outcome
    wished = {dimension for each in plan.pending for dimension in each.changes}
    rules = catalogue.after_term(vendor_key=row.vendor_key, on=row.commitment_end_on - dt.timedelta(days=1))
    extends = any(ending is renewals.Ending.EXTENDED for ending, _price in found.endings)
    return Switch(
        customer=customers.customer(seen_by=by, customer_id=row.customer_id, action="licences.view"),
        subscription_id=subscription_id,
        name=row.name,
        seats=row.seats,
        renews_on=plan.renews_on,
        lock_at=plan.lock_at,
        ways=tuple(
            Way(
                ending=ending,
                price=price,
                is_chosen=ending is outcome,
                drops=ending is not outcome and bool(wished & set(DROPPED[ending])),
            )
            for ending, price in found.endings
        ),
        extends=extends,
        surcharge_basis_points=_surcharge(row, rules),
        grace_days=rules.grace_days,
        base=_base(plan),
        is_open=found.is_open
        and permissions.allowed(by=by, action="seats.book", reseller_id=row.reseller_id, customer_id=row.customer_id),
    )


def _surcharge(row: holdings.HoldingRow, rules: catalogue.AfterTerm) -> int:
    """The surcharge on the monthly list price, or the higher one where no list has the licence by the month."""
    key = naming.offer_key(row.offer_key)
    assert key is not None
    monthly = str(key._replace(term="P1M", billing_plan="monthly"))
    is_monthly = catalogue.is_listed(reseller_id=row.reseller_id, offer_key=monthly, on=row.commitment_end_on)
    return rules.surcharge_basis_points if is_monthly else rules.surcharge_without_monthly_basis_points


def _base(plan: schedule_change.Plan) -> str:
    return f"{plan.seats}:{plan.changed_at.isoformat() if plan.changed_at else ''}"


def choose(*, by: Actor, subscription_id: uuid.UUID, ending: renewals.Ending, base: str, at: dt.datetime) -> None:
    """Let the term end that way; wishes that mean nothing beside it are cleared with it, in one transaction.

    Raises ChangedMeanwhile, and what `schedule_change.plan` and `schedule_change.schedule` raise.
    """
    plan = schedule_change.plan(by=by, subscription_id=subscription_id, at=at)
    if _base(plan) != base:
        raise ChangedMeanwhile
    try:
        schedule_change.schedule(
            by=by,
            subscription_id=subscription_id,
            wishes={Dimension.ENDING: ending},
            clear=DROPPED[ending],
            only_over=plan.stored,
            at=at,
        )
    except schedule_change.WishedMeanwhile:
        raise ChangedMeanwhile from None
