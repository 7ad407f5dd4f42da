"""What can be wished for a renewal: offers, plans, end dates and endings that the catalogue and the vendor allow."""

import uuid
from collections.abc import Collection, Iterable, Sequence

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
    return Limits(rows=[row]).allowed(row=row, term=term)


class Limits:
    """What the renewals of these subscriptions may bring, with what is the same for several read once."""

    def __init__(self, *, rows: Sequence[holdings.HoldingRow]) -> None:
        self._held: dict[tuple[uuid.UUID, str], catalogue.OfferRow] = {}
        for reseller_id in {row.reseller_id for row in rows}:
            keys = {row.offer_key for row in rows if row.reseller_id == reseller_id}
            found = catalogue.offers(offer_keys=keys - {""}, reseller_id=reseller_id)
            self._held |= {(reseller_id, key): offer for key, offer in found.items()}
        self._pools = assignments.pools(tenant_ids=sorted({row.tenant_id for row in rows}))
        self._sold: dict[tuple[uuid.UUID, str], tuple[catalogue.OfferRow, ...]] = {}
        self._tenants: dict[uuid.UUID, _Tenant] = {}
        self._runs_on: dict[tuple[object, ...], bool] = {}

    def allowed(self, *, row: holdings.HoldingRow, term: terms.Term) -> conflicts.Allowed:
        """What the next renewal may bring when its term is `term`; raises wishes.NotRunning for an unknown offer."""
        held = self.held(row)
        limits: dict[str, conflicts.OfferLimits] = {}
        targets: set[str] = set()
        by_product: dict[tuple[str, str], list[catalogue.OfferRow]] = {}
        offers = self.sold(row)
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
        tenant = self._tenant(row)
        return conflicts.Allowed(
            offers=limits,
            targets=frozenset(targets),
            end_dates=frozenset(choice.end_on for choice in end_choices(row=row, term=term, others=tenant.rows)),
            endings=ENDINGS | {renewals.Ending.EXTENDED} if self._can_be_extended(row) else ENDINGS,
            assigned=_assigned(row, self._pools.get((row.tenant_id, row.sku_id)), tenant.rows),
            families=tenant.families(row, {each.family for each in offers if each.family}),
        )

    def held(self, row: holdings.HoldingRow) -> catalogue.OfferRow:
        """The offer held; raises wishes.NotRunning where nobody knows it."""
        try:
            return self._held[row.reseller_id, row.offer_key]
        except KeyError:
            raise wishing.NotRunning from None

    def sold(self, row: holdings.HoldingRow) -> tuple[catalogue.OfferRow, ...]:
        """`renewal_offers` of what is held; raises wishes.NotRunning where nobody knows it."""
        key = (row.reseller_id, row.offer_key)
        if key not in self._sold:
            self._sold[key] = renewal_offers(held=self.held(row), reseller_id=row.reseller_id)
        return self._sold[key]

    def _tenant(self, row: holdings.HoldingRow) -> "_Tenant":
        if row.tenant_id not in self._tenants:
            self._tenants[row.tenant_id] = _Tenant(row)
        return self._tenants[row.tenant_id]

    def _can_be_extended(self, row: holdings.HoldingRow) -> bool:
        key = (row.vendor_key, row.offer_key, row.is_trial, row.term_start_on, row.commitment_end_on)
        if key not in self._runs_on:
            self._runs_on[key] = can_be_extended(row=row)
        return self._runs_on[key]


class _Tenant:
    """The subscriptions of one tenant, and the families of what they hold or will hold by their own wishes."""

    def __init__(self, row: holdings.HoldingRow) -> None:
        self.rows = tuple(holdings.holdings_of_tenant(tenant_id=row.tenant_id).values())
        self._customer_id, self._reseller_id = row.customer_id, row.reseller_id
        self._known: buy_limits.Families | None = None
        self._lines: dict[uuid.UUID, timeline.Timeline] = {}

    def families(self, row: holdings.HoldingRow, names: Collection[str]) -> dict[str, conflicts.FamilyLimit]:
        """The families with a cap on the day of the renewal, and how many seats of each others will hold by then.

        A wish for a later day counts where it is for more of the family, since two such wishes could not both come
        about.
        """
        if not names:
            return {}
        known = self._families()
        certain = {row.subscription_id: (row.offer_key, 0)}
        later: dict[uuid.UUID, tuple[str, int]] = {}
        for each in known.rows:
            line = self._lines.get(each.subscription_id)
            planned = None if line is None else _planned(each, line)
            if planned is not None and each.subscription_id != row.subscription_id:
                is_by_then = each.commitment_end_on <= row.commitment_end_on
                (certain if is_by_then else later)[each.subscription_id] = planned
        found = {}
        for name in sorted(names):
            more = {key: wish for key, wish in later.items() if known.is_more(key, wish, (row.vendor_key, name))}
            family = known.of(
                tenant_id=row.tenant_id,
                vendor_key=row.vendor_key,
                family=name,
                on=row.commitment_end_on,
                instead=certain | more,
            )
            if family is not None:
                found[name] = conflicts.FamilyLimit(maximum=family.maximum, elsewhere=family.seats)
        return found

    def _families(self) -> buy_limits.Families:
        if self._known is None:
            live = [each for each in self.rows if each.status in LIVE]
            self._lines = wishing.timelines_of(rows=live)
            wished = {entry.offer for line in self._lines.values() for entry in line.pending if entry.offer}
            self._known = buy_limits.Families(
                customer_id=self._customer_id, reseller_id=self._reseller_id, rows=live, more_keys=wished
            )
        return self._known


def _planned(row: holdings.HoldingRow, line: timeline.Timeline) -> tuple[str, int] | None:
    """The offer and the seats that another subscription will have by its own wishes; None for as it is."""
    try:
        following = timeline.next_term(timeline=line)
    except ValueError:
        return None
    if following.outcome is renewals.Ending.CANCEL:
        return row.offer_key, 0
    if following.outcome is not renewals.Ending.RENEW or not line.pending:
        return None
    return following.offer, following.quantity


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


def end_choices(
    *, row: holdings.HoldingRow, term: terms.Term, others: Iterable[holdings.HoldingRow]
) -> tuple[renewals.EndChoice, ...]:
    """The days on which the next term may end early: with one of the `others` of the tenant, or with a month."""
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


def _assigned(
    row: holdings.HoldingRow, pool: assignments.PoolRow | None, rows: Iterable[holdings.HoldingRow]
) -> int | None:
    """How many of this subscription's seats people need, once the others of its pool have been used up."""
    if pool is None or not pool.is_for_people:
        return None
    others = sum(
        each.seats
        for each in rows
        if each.sku_id == row.sku_id and each.subscription_id != row.subscription_id and each.status in NEEDING
    )
    return max(pool.consumed_units - pool.foreign_units - others, 0)
