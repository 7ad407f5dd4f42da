"""What only the vendor knows about a purchase: agreement, promotions, possible ends of a first term.

Asked while no transaction is open. A page that shows choices does without what the vendor does not tell; a choice that
rests on it is refused until the vendor has been asked.
"""

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from seatwright.access.actors import SYSTEM
from seatwright.catalogue import queries as catalogue
from seatwright.customers import agreements
from seatwright.customers import queries as customers
from seatwright.rules import purchases
from seatwright.vendors import port
from seatwright.workflows import agreement_operation, buy_pricing, connections

USED = frozenset({"redemption_limit", "offer_purchased_previously"})


@dataclass(frozen=True, kw_only=True)
class OfferedPromotion:
    """A promotion of a product: the share of its price that is taken off ("0.05"), and for which plans."""

    promotion_id: str
    name: str
    share: str
    plans: tuple[tuple[str, str], ...]
    ends_on: dt.date | None


@dataclass(frozen=True, kw_only=True)
class PossibleEnd:
    """A first day after a shortened first term: a month's end, or together with subscriptions of the customer."""

    end_on: dt.date
    is_month_end: bool
    vendor_subscription_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Whether somebody has accepted the vendor's agreement for the tenant; if not, which text is to be accepted.

    `template` is None where the vendor could not be asked.
    """

    is_accepted: bool
    template: port.AgreementTemplate | None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the vendor said for a product page; `was_reached` is False when some of it is missing."""

    was_reached: bool
    agreement: Agreement
    promotions: tuple[OfferedPromotion, ...]
    ends: Mapping[str, tuple[PossibleEnd, ...]]


def ask(
    *,
    customer: customers.CustomerRow,
    tenant: customers.TenantRow,
    product_id: str,
    vendor_sku_id: str,
    plan_terms: Sequence[str],
    at: dt.datetime,
) -> Asked:
    """Everything that a page offers for this product, with the possible ends for each of the terms."""
    trouble: list[port.VendorTrouble] = []
    no_promotions: tuple[OfferedPromotion, ...] = ()
    no_ends: tuple[PossibleEnd, ...] = ()

    def tolerant[Answer](question: Callable[[], Answer], otherwise: Answer) -> Answer:
        if trouble:
            return otherwise
        try:
            return question()
        except port.VendorTrouble as found:
            trouble.append(found)
            return otherwise

    unknown = Agreement(is_accepted=_is_known(tenant), template=None)
    agreement = tolerant(lambda: agreement_of(tenant=tenant, at=at), unknown)
    promotions = tolerant(
        lambda: promotions_of(
            customer=customer, tenant=tenant, product_id=product_id, vendor_sku_id=vendor_sku_id, at=at
        ),
        no_promotions,
    )
    ends = {term: tolerant(functools.partial(ends_of, tenant=tenant, term=term, at=at), no_ends) for term in plan_terms}
    return Asked(was_reached=not trouble, agreement=agreement, promotions=promotions, ends=ends)


def agreement_of(*, tenant: customers.TenantRow, at: dt.datetime) -> Agreement:
    """Whether there is an acceptance, first in our books, then at the vendor; raises port.VendorTrouble."""
    if _is_known(tenant):
        return Agreement(is_accepted=True, template=None)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    if vendor.agreement_status(tenant=ref, at=at).is_accepted:
        return Agreement(is_accepted=True, template=None)
    return Agreement(is_accepted=False, template=vendor.agreement_template(at=at))


def _is_known(tenant: customers.TenantRow) -> bool:
    """Whether the vendor has an acceptance on record, or is being told of one."""
    known = agreements.newest(tenant_id=tenant.tenant_id)
    if known is None:
        return False
    return known.source == "vendor" or agreement_operation.is_under_way(tenant_id=tenant.tenant_id)


def note_vendors_record(*, tenant: customers.TenantRow, at: dt.datetime) -> bool:
    """Whether somebody has accepted; what only the vendor knew is entered into our books. Raises port.VendorTrouble."""
    if _is_known(tenant):
        return True
    status = connections.vendor_of(tenant).agreement_status(tenant=connections.reference(tenant), at=at)
    if not status.is_accepted:
        return False
    known = status.accepted[-1] if status.accepted else None
    acceptance = agreements.Acceptance(
        template_id=known.template_id if known else "",
        version=None,
        link="",
        first_name=known.contact.first_name if known else "",
        last_name=known.contact.last_name if known else "",
        email=known.contact.email if known else "",
        phone=known.contact.phone if known else "",
        accepted_at=known.agreed_at if known else None,
        source="vendor",
        on_whose_word="",
    )
    agreements.record(by=SYSTEM, tenant=tenant, acceptance=acceptance, at=at)
    return True


def promotions_of(
    *,
    customer: customers.CustomerRow,
    tenant: customers.TenantRow,
    product_id: str,
    vendor_sku_id: str,
    at: dt.datetime,
) -> tuple[OfferedPromotion, ...]:
    """The promotions of the product that are open now and take a share off its price; raises port.VendorTrouble.

    A plan of it without a share, or with one that is no part of the price, is not among them.
    """
    vendor, today = connections.vendor_of(tenant), at.astimezone(dt.UTC).date()
    found = []
    for promotion in vendor.promotions(country=customer.country, segment=customer.segment, at=at):
        ours = [
            each
            for each in promotion.products
            if (each.product_id.upper(), each.vendor_sku_id.upper()) == (product_id.upper(), vendor_sku_id.upper())
            and each.share_off is not None
            and each.share_off.is_finite()
            and 0 <= each.share_off <= 1
        ]
        is_open = (promotion.starts_on is None or promotion.starts_on <= today) and (
            promotion.ends_on is None or today < promotion.ends_on
        )
        shares = {each.share_off for each in ours}
        if is_open and len(shares) == 1:
            plans = tuple(sorted((each.plan.term, each.plan.billing_cycle) for each in ours))
            found.append(
                OfferedPromotion(
                    promotion_id=promotion.promotion_id,
                    name=promotion.name,
                    share=f"{shares.pop():f}",
                    plans=plans,
                    ends_on=promotion.ends_on,
                )
            )
    return tuple(found)


def ends_of(*, tenant: customers.TenantRow, term: str, at: dt.datetime) -> tuple[PossibleEnd, ...]:
    """The ends that the vendor allows for a term that starts now, by day; raises port.VendorTrouble."""
    answer = connections.vendor_of(tenant).custom_ends(
        tenant=connections.reference(tenant), term=term, starts_on=buy_pricing.start_on(at=at), at=at
    )
    by_day: dict[dt.date, PossibleEnd] = {}
    for each in answer:
        known = by_day.get(each.end_on)
        by_day[each.end_on] = PossibleEnd(
            end_on=each.end_on,
            is_month_end=each.is_month_end or (known is not None and known.is_month_end),
            vendor_subscription_ids=(*(known.vendor_subscription_ids if known else ()), *each.subscription_ids),
        )
    return tuple(by_day[day] for day in sorted(by_day))


def with_promotion(
    *,
    customer: customers.CustomerRow,
    tenant: customers.TenantRow,
    offer: catalogue.OfferRow,
    choice: buy_pricing.Choice,
    at: dt.datetime,
) -> tuple[buy_pricing.Choice, tuple[purchases.Refusal, ...]]:
    """The choice with its promotion's share, or why the promotion does not fit, before anything is sent.

    The vendor would sell another plan at full price without a word (reference 3.6). Raises port.VendorTrouble.
    """
    if not choice.promotion_id:
        return choice, ()
    known = promotions_of(
        customer=customer, tenant=tenant, product_id=offer.product_id, vendor_sku_id=offer.vendor_sku_id, at=at
    )
    promotion = next((each for each in known if each.promotion_id.upper() == choice.promotion_id.upper()), None)
    if promotion is None:
        return choice, (purchases.PromotionNotGranted(),)
    if (offer.term, offer.billing_plan) not in promotion.plans:
        return choice, (purchases.PromotionWrongPlan(promotion.plans),)
    return replace(choice, promotion_id=promotion.promotion_id, promotion_share=promotion.share), ()


def promotion_verdict(
    *, tenant: customers.TenantRow, offer: catalogue.OfferRow, choice: buy_pricing.Choice, at: dt.datetime
) -> tuple[purchases.Refusal, ...]:
    """Why the vendor would not grant the promotion to this very purchase; raises port.VendorTrouble."""
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    catalogue_id = vendor.availability(
        tenant=ref,
        product_id=offer.product_id,
        vendor_sku_id=offer.vendor_sku_id,
        term=offer.term,
        billing_cycle=offer.billing_plan,
        segment=offer.segment,
        at=at,
    )
    if catalogue_id is None:
        return (purchases.NotSold(),)
    verdict = vendor.promotion_eligibility(
        tenant=ref,
        catalogue_id=catalogue_id,
        quantity=choice.seats,
        term=offer.term,
        billing_cycle=offer.billing_plan,
        promotion_id=choice.promotion_id,
        at=at,
    )
    if verdict.is_eligible:
        return ()
    return tuple(_against(problem) for problem in verdict.problems) or (purchases.PromotionNotGranted(),)


def _against(problem: port.PromotionProblem) -> purchases.Refusal:
    if problem.reason == "promotion_term":
        return purchases.PromotionWrongPlan(tuple((plan.term, plan.billing_cycle) for plan in problem.plans))
    if problem.reason == "promotion_seats":
        return purchases.PromotionWrongSeats(problem.minimum_seats, problem.maximum_seats, problem.available_seats)
    return purchases.PromotionUsed() if problem.kind in USED else purchases.PromotionNotGranted()
