"""What can be wished for a renewal: offers, plans, end dates and endings that the catalogue and the vendor allow."""

import functools
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

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
    """What the renewals of these subscriptions may bring, read in as many queries for many as for few.

    The offers alone are asked for once for each reseller, vendor, market and segment among them.
    """

    def __init__(self, *, rows: Sequence[holdings.HoldingRow]) -> None:
        self._rows = rows
        self._held: dict[tuple[uuid.UUID, str], catalogue.OfferRow] = {}
        for reseller_id in {row.reseller_id for row in rows}:
            keys = {row.offer_key for row in rows if row.reseller_id == reseller_id}
            found = catalogue.offers(offer_keys=keys - {""}, reseller_id=reseller_id)
            self._held |= {(reseller_id, key): offer for key, offer in found.items()}
        self._pools = assignments.pools(tenant_ids=sorted({row.tenant_id for row in rows}))
        self._after_terms = catalogue.AfterTerms(vendor_keys={row.vendor_key for row in rows})

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
        neighbours = self._neighbours.of(row)
        return conflicts.Allowed(
            offers=limits,
            targets=frozenset(targets),
            end_dates=frozenset(choice.end_on for choice in end_choices(row=row, term=term, others=neighbours)),
            endings=ENDINGS | {renewals.Ending.EXTENDED} if self._can_be_extended(row) else ENDINGS,
            assigned=_assigned(row, self._pools.get((row.tenant_id, row.sku_id)), neighbours),
            families=self._neighbours.families(row, {each.family for each in offers if each.family}),
        )

    def held(self, row: holdings.HoldingRow) -> catalogue.OfferRow:
        """The offer held; raises wishes.NotRunning where nobody knows it."""
        try:
            return self._held[row.reseller_id, row.offer_key]
        except KeyError:
            raise wishing.NotRunning from None

    def sold(self, row: holdings.HoldingRow) -> tuple[catalogue.OfferRow, ...]:
        """`renewal_offers` of what is held; raises wishes.NotRunning where nobody knows it."""
        return self._sold[row.reseller_id, self.held(row).offer_key]

    @functools.cached_property
    def _sold(self) -> dict[tuple[uuid.UUID, str], tuple[catalogue.OfferRow, ...]]:
        found: dict[tuple[uuid.UUID, str], tuple[catalogue.OfferRow, ...]] = {}
        for reseller_id in {reseller_id for reseller_id, _ in self._held}:
            held = [offer for (of_reseller, _), offer in self._held.items() if of_reseller == reseller_id]
            sold = _renewal_offers(held=held, reseller_id=reseller_id)
            found |= {(reseller_id, key): offers for key, offers in sold.items()}
        return found

    @functools.cached_property
    def _neighbours(self) -> "_Neighbours":
        return _Neighbours(self._rows)

    def _can_be_extended(self, row: holdings.HoldingRow) -> bool:
        return can_be_extended(row=row, rules=self._after_terms)


class _Neighbours:
    """All subscriptions in the tenants of these, and the families of what they hold or will hold by their wishes."""

    def __init__(self, rows: Sequence[holdings.HoldingRow]) -> None:
        self._of_tenant: dict[uuid.UUID, list[holdings.HoldingRow]] = {row.tenant_id: [] for row in rows}
        for each in holdings.holdings_of_tenants(tenant_ids=sorted(self._of_tenant)):
            self._of_tenant[each.tenant_id].append(each)

    def of(self, row: holdings.HoldingRow) -> Sequence[holdings.HoldingRow]:
        """The subscriptions of its tenant, itself among them."""
        return self._of_tenant[row.tenant_id]

    def families(self, row: holdings.HoldingRow, names: Collection[str]) -> dict[str, conflicts.FamilyLimit]:
        """The families with a cap on the day of the renewal, and how many seats of each others will hold by then.

        A wish for a later day counts where it is for more of the family, since two such wishes could not both come
        about.
        """
        if not names:
            return {}
        known = self._families
        certain = {row.subscription_id: (row.offer_key, 0)}
        later: list[tuple[holdings.HoldingRow, tuple[str, int]]] = []
        for each in known.rows_of(row.tenant_id):
            planned = self._planned.get(each.subscription_id)
            if planned is None or each.subscription_id == row.subscription_id:
                continue
            if each.commitment_end_on <= row.commitment_end_on:
                certain[each.subscription_id] = planned
            else:
                later.append((each, planned))
        found = {}
        for name in sorted(names):
            wanted = (row.vendor_key, name)
            more = {each.subscription_id: wish for each, wish in later if known.is_more(each, wish, wanted)}
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

    @functools.cached_property
    def _live(self) -> list[holdings.HoldingRow]:
        return [each for rows in self._of_tenant.values() for each in rows if each.status in LIVE]

    @functools.cached_property
    def _lines(self) -> Mapping[uuid.UUID, timeline.Timeline]:
        return wishing.timelines_of(rows=self._live)

    @functools.cached_property
    def _planned(self) -> dict[uuid.UUID, tuple[str, int]]:
        """The offer and the seats that subscriptions will have by their wishes; those that stay as they are not."""
        found = {}
        for each in self._live:
            line = self._lines.get(each.subscription_id)
            planned = None if line is None else _planned(each, line)
            if planned is not None:
                found[each.subscription_id] = planned
        return found

    @functools.cached_property
    def _families(self) -> buy_limits.Families:
        return buy_limits.Families(
            customer_ids={each.customer_id for each in self._live},
            rows=self._live,
            more_keys={entry.offer for line in self._lines.values() for entry in line.pending if entry.offer},
        )


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
    return _renewal_offers(held=[held], reseller_id=reseller_id)[held.offer_key]


def _renewal_offers(
    *, held: Iterable[catalogue.OfferRow], reseller_id: uuid.UUID
) -> dict[str, tuple[catalogue.OfferRow, ...]]:
    """The `renewal_offers` of each of the offers held, by its key."""
    shelves: dict[tuple[str, str, str], list[catalogue.OfferRow]] = {}
    for each in held:
        shelves.setdefault((each.vendor_key, each.market, each.segment), []).append(each)
    paths = {vendor_key: catalogue.Paths(vendor_key=vendor_key) for vendor_key in {key for key, _, _ in shelves}}
    found = {}
    for (vendor_key, market, segment), rows in shelves.items():
        lead_to = {
            each.offer_key: {
                (each.product_id, each.vendor_sku_id),
                *paths[vendor_key].related(product_id=each.product_id, vendor_sku_id=each.vendor_sku_id),
            }
            for each in rows
        }
        sold = catalogue.offers_of(
            market=market,
            segment=segment,
            reseller_id=reseller_id,
            vendor_key=vendor_key,
            products=set().union(*lead_to.values()),
        )
        for key, products in lead_to.items():
            found[key] = tuple(each for each in sold if (each.product_id, each.vendor_sku_id) in products)
    return found


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


def can_be_extended(*, row: holdings.HoldingRow, rules: catalogue.AfterTerms | None = None) -> bool:
    """Whether a term that ends then falls under the vendor's rules for extended service terms (reference 6.8)."""
    return extended_service.applies(row=row, rules=rules)


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
