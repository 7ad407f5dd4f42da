"""What can be wished for a renewal: offers, plans, end dates and endings that the catalogue and the vendor allow."""

import datetime as dt
import uuid
from collections.abc import Collection

from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.rules import conflicts, renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy_limits, extended_service
from seatwright.workflows import wishes as wishing

ENDINGS = frozenset({renewals.Ending.RENEW, renewals.Ending.CANCEL})
NEEDING = ("active", "pending")
LIVE = (*NEEDING, "suspended")


def allowed(*, row: holdings.HoldingRow, term: terms.Term) -> conflicts.Allowed:
    """What the next renewal may bring when its term is `term`; raises wishes.NotRunning for an unknown offer."""
    held = _held(row)
    limits: dict[str, conflicts.OfferLimits] = {}
    targets: set[str] = set()
    by_product: dict[tuple[str, str], list[catalogue.OfferRow]] = {}
    offers = renewal_offers(held=held, reseller_id=row.reseller_id)
    for each in offers:
        by_product.setdefault((each.product_id, each.vendor_sku_id), []).append(each)
    for product, sold in by_product.items():
        plans = frozenset((terms.Term(each.term), terms.BillingPlan(each.billing_plan)) for each in sold)
        for each in sold:
            limits[each.offer_key] = conflicts.OfferLimits(
                combinations=plans, minimum=each.minimum, maximum=each.maximum, family=each.family
            )
            if product != (held.product_id, held.vendor_sku_id):
                targets.add(each.offer_key)
    return conflicts.Allowed(
        offers=limits,
        targets=frozenset(targets),
        end_dates=frozenset(choice.end_on for choice in end_choices(row=row, term=term)),
        endings=ENDINGS | {renewals.Ending.EXTENDED} if can_be_extended(row=row) else ENDINGS,
        assigned=_assigned(row),
        families=_families(row, {each.family for each in offers if each.family}),
    )


def _families(row: holdings.HoldingRow, names: Collection[str]) -> dict[str, conflicts.FamilyLimit]:
    """The families with a cap on the day of the renewal, and how many seats of each others will hold by then."""
    if not names:
        return {}
    others = [
        each
        for each in holdings.holdings_of_tenant(tenant_id=row.tenant_id).values()
        if each.status in LIVE and each.subscription_id != row.subscription_id
    ]
    lines = wishing.timelines_of(rows=others)
    instead = {}
    for each in others:
        line = lines.get(each.subscription_id)
        planned = None if line is None else _planned(each, line, by_on=row.commitment_end_on)
        if planned is not None:
            instead[each.subscription_id] = planned
    known = buy_limits.Families(
        customer_id=row.customer_id,
        reseller_id=row.reseller_id,
        rows=others,
        tenant_ids=[row.tenant_id],
        more_keys=[key for key, _ in instead.values()],
    )
    found = {}
    for name in sorted(names):
        family = known.of(
            tenant_id=row.tenant_id,
            vendor_key=row.vendor_key,
            family=name,
            on=row.commitment_end_on,
            instead=instead,
        )
        if family is not None:
            found[name] = conflicts.FamilyLimit(maximum=family.maximum, elsewhere=family.seats)
    return found


def _planned(row: holdings.HoldingRow, line: timeline.Timeline, *, by_on: dt.date) -> tuple[str, int] | None:
    """The offer and the seats that another subscription will have on that day by its own wishes; None for as it is.

    A wish for a later day counts where it is for more, since two such wishes could not both come about.
    """
    try:
        following = timeline.next_term(timeline=line)
    except ValueError:
        return None
    is_by_then = row.commitment_end_on <= by_on
    if following.outcome is renewals.Ending.CANCEL:
        return (row.offer_key, 0) if is_by_then else None
    if following.outcome is not renewals.Ending.RENEW or not line.pending:
        return None
    if is_by_then:
        return following.offer, following.quantity
    is_for_more = following.offer == row.offer_key and following.quantity > row.seats
    return (row.offer_key, following.quantity) if is_for_more else None


def _held(row: holdings.HoldingRow) -> catalogue.OfferRow:
    try:
        return catalogue.offer(offer_key=row.offer_key, reseller_id=row.reseller_id)
    except catalogue.OfferUnknown:
        raise wishing.NotRunning from None


def renewal_offers(*, held: catalogue.OfferRow, reseller_id: uuid.UUID) -> tuple[catalogue.OfferRow, ...]:
    """The offers of the product held and of those that a renewal can bring instead of it, by title, term and plan.

    A renewal may go along the vendor's paths in either direction and over several steps; inside a term only up.
    """
    related = catalogue.related_products(
        vendor_key=held.vendor_key, product_id=held.product_id, vendor_sku_id=held.vendor_sku_id
    )
    return catalogue.offers_of(
        market=held.market,
        segment=held.segment,
        reseller_id=reseller_id,
        vendor_key=held.vendor_key,
        products={(held.product_id, held.vendor_sku_id), *related},
    )


def end_choices(*, row: holdings.HoldingRow, term: terms.Term) -> tuple[renewals.EndChoice, ...]:
    """The days on which the next term may end early: with another subscription of the tenant, or with a month."""
    others = holdings.holdings_of_tenant(tenant_id=row.tenant_id).values()
    targets = [
        renewals.AlignmentTarget(
            subscription_key=str(each.subscription_id),
            ends_on=each.commitment_end_on,
            term=terms.Term(each.term),
            is_active=each.status == "active",
            is_trial=each.is_trial,
        )
        for each in others
        if each.subscription_id != row.subscription_id and each.term in list(terms.Term)
    ]
    return renewals.aligned_ends(anchor_on=row.anchor_on, starts_on=row.commitment_end_on, term=term, targets=targets)


def can_be_extended(*, row: holdings.HoldingRow) -> bool:
    """Whether a term that ends then falls under the vendor's rules for extended service terms (reference 6.8)."""
    return extended_service.applies(row=row)


def _assigned(row: holdings.HoldingRow) -> int | None:
    """How many of this subscription's seats people need, once the others of its pool have been used up."""
    pool = assignments.pools(tenant_ids=[row.tenant_id]).get((row.tenant_id, row.sku_id))
    if pool is None or not pool.is_for_people:
        return None
    others = sum(
        each.seats
        for each in holdings.holdings_of_tenant(tenant_id=row.tenant_id).values()
        if each.sku_id == row.sku_id and each.subscription_id != row.subscription_id and each.status in NEEDING
    )
    return max(pool.consumed_units - pool.foreign_units - others, 0)
