"""Partner Center's catalogue, promotions and agreements as plain values of the port."""

from collections.abc import Iterable

from seatwright.vendors import port
from seatwright.vendors.partner_center import refusals, values, wire_catalogue

AGREEMENT_TYPE = "MicrosoftCustomerAgreement"
PERCENT = "percentdiscount"

_PROMOTION_REASONS = {
    "term": "promotion_term",
    "seatcount": "promotion_seats",
    "prerequisiteproductownership": "prerequisite_missing",
    "invalidcatalogitemid": "catalogue_changed",
}


def sells(seen: wire_catalogue.Availability, *, item: tuple[str, str], plan: port.Plan, segment: str) -> bool:
    """Whether this is how `item` (product, SKU) is sold in the port's `segment` under the plan."""
    is_meant = (
        (values.text(seen.product_id).upper(), values.text(seen.sku_id).upper()) == (item[0].upper(), item[1].upper())
        and values.segment(seen.segment) in ("", segment)
        and seen.is_purchasable is not False
    )
    return is_meant and plan in {_plan(term.duration, term.billing_cycle) for term in seen.terms or ()}


def promotion(seen: wire_catalogue.Promotion) -> port.Promotion:
    """The port's value; raises `port.VendorGarbled` without an id or with dates that cannot be read."""
    if not seen.id:
        raise port.VendorGarbled("Partner Center sent a promotion without an id")
    return port.Promotion(
        promotion_id=values.text(seen.id).strip(),
        name=values.text(seen.name),
        description=values.text(seen.description),
        starts_on=values.day(seen.start_date),
        ends_on=values.day_after(seen.end_date, is_inclusive=False),
        is_automatic=(seen.properties or {}).get("isAutoApplicable") is True,
        products=tuple(_promoted(each) for each in seen.required_products or ()),
    )


def verdict(seen: Iterable[wire_catalogue.PromotionEligibilities], *, promotion_id: str) -> port.PromotionVerdict:
    """What the answer says about one promotion; nothing said means that it is not granted."""
    wanted = promotion_id.strip().upper()
    told = [
        each
        for item in seen
        for each in item.eligibilities or ()
        if values.text(each.promotion_id).strip().upper() == wanted
    ]
    errors = [error for each in told for error in each.errors or ()]
    problems = tuple(_promotion_problem(error) for error in errors)
    is_granted = bool(told) and all(each.is_eligible is True for each in told) and not problems
    return port.PromotionVerdict(
        promotion_id=promotion_id, refused=None if is_granted else _refused(problems), problems=problems
    )


def custom_end(seen: wire_catalogue.CustomTermEndDate) -> port.CustomEnd:
    """The port's value; raises `port.VendorGarbled` without a readable day."""
    end_on = values.day_after(seen.allowed_custom_term_end_date)
    if end_on is None:
        raise port.VendorGarbled("Partner Center sent an end date without a day")
    return port.CustomEnd(
        end_on=end_on,
        is_month_end=values.squeezed(seen.allowed_custom_term_end_date_type) == "calendarmonthaligned",
        subscription_ids=tuple(values.text(each).lower() for each in seen.coterm_subscription_ids or ()),
    )


def agreement_template(seen: Iterable[wire_catalogue.Agreement]) -> port.AgreementTemplate:
    """The latest template; raises `port.VendorMissing` when there is none."""
    known = [each for each in seen if each.template_id and _is_customer_agreement(each)]
    if not known:
        raise port.VendorMissing("Partner Center named no agreement for customers")
    latest = max(known, key=lambda each: each.version_rank or 0)
    return port.AgreementTemplate(
        template_id=values.text(latest.template_id),
        link=values.text(latest.agreement_link),
        version=latest.version_rank,
    )


def accepted_agreements(seen: Iterable[wire_catalogue.Agreement]) -> tuple[port.AcceptedAgreement, ...]:
    return tuple(_accepted(each) for each in seen if each.template_id and _is_customer_agreement(each))


def _accepted(seen: wire_catalogue.Agreement) -> port.AcceptedAgreement:
    contact = seen.primary_contact or wire_catalogue.PrimaryContact()
    return port.AcceptedAgreement(
        template_id=values.text(seen.template_id),
        agreed_at=values.optional_instant(seen.date_agreed),
        contact=port.AgreementContact(
            first_name=values.text(contact.first_name),
            last_name=values.text(contact.last_name),
            email=values.text(contact.email),
            phone=values.text(contact.phone_number),
        ),
    )


def _is_customer_agreement(seen: wire_catalogue.Agreement) -> bool:
    return values.text(seen.type or seen.agreement_type).casefold() in ("", AGREEMENT_TYPE.casefold())


def _plan(term: str | None, billing_cycle: str | None) -> port.Plan:
    return port.Plan(term=values.text(term).strip().upper(), billing_cycle=values.snake(billing_cycle))


def _promoted(seen: wire_catalogue.RequiredProduct) -> port.PromotedProduct:
    term = seen.term or wire_catalogue.PromotionTerm()
    percents = [
        policy.value
        for policy in seen.pricing_policies or ()
        if values.squeezed(policy.policy_type) == PERCENT and policy.value is not None
    ]
    return port.PromotedProduct(
        product_id=values.text(seen.product_id),
        vendor_sku_id=values.text(seen.sku_id),
        plan=_plan(term.duration, term.billing_cycle),
        share_off=percents[0] if len(percents) == 1 else None,
    )


def _promotion_problem(seen: wire_catalogue.PromotionError) -> port.PromotionProblem:
    return port.PromotionProblem(
        reason=_PROMOTION_REASONS.get(values.squeezed(seen.type), "promotion_not_allowed"),
        kind=values.snake(seen.type),
        minimum_seats=_first(seen.minimum_required_seats, seen.min_required_seats),
        maximum_seats=_first(seen.maximum_required_seats, seen.max_required_seats),
        available_seats=seen.available_seats,
        redemptions_left=seen.remaining_promotion_redemption_count,
        plans=tuple(_plan(term.duration, term.billing_cycle) for term in seen.eligible_terms or ()),
    )


def _refused(problems: tuple[port.PromotionProblem, ...]) -> port.Refused:
    """A wrong plan is named first: it is the one mistake that the vendor would sell at full price without a word."""
    reasons = [problem.reason for problem in problems] or ["promotion_not_allowed"]
    reason = "promotion_term" if "promotion_term" in reasons else reasons[0]
    kind = next((problem.kind for problem in problems if problem.reason == reason), "")
    return refusals.refusal(reason=reason, code=refusals.safe_code(kind) or "promotion")


def _first(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)
