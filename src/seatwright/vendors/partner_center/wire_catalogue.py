"""Partner Center's catalogue on the wire: products, SKUs, availabilities, legacy offers, promotions, agreements."""

from decimal import Decimal
from typing import Any

from seatwright.vendors.lossless import Wire
from seatwright.vendors.partner_center.wire import ProductType, RefundOption, Resource


class Product(Resource):
    id: str | None = None
    title: str | None = None
    description: str | None = None
    product_type: ProductType | None = None
    is_microsoft_product: bool | None = None
    publisher_name: str | None = None


class Sku(Resource):
    id: str | None = None
    product_id: str | None = None
    title: str | None = None
    description: str | None = None
    minimum_quantity: int | None = None
    maximum_quantity: int | None = None
    is_trial: bool | None = None
    supported_billing_cycles: tuple[str, ...] | None = None
    purchase_prerequisites: tuple[str, ...] | None = None
    inventory_variables: tuple[str, ...] | None = None
    provisioning_variables: tuple[str, ...] | None = None
    actions: tuple[str, ...] | None = None
    constraints: tuple[dict[str, Any], ...] | None = None
    dynamic_attributes: dict[str, Any] | None = None
    attestation_properties: dict[str, Any] | None = None
    consumption_type: str | None = None


class Currency(Wire):
    code: str | None = None
    symbol: str | None = None


class CancellationPolicy(Wire):
    refund_options: tuple[RefundOption, ...] | None = None


class Term(Wire):
    id: str | None = None
    duration: str | None = None
    description: str | None = None
    billing_cycle: str | None = None
    renewal_options: tuple[dict[str, Any], ...] | None = None
    cancellation_policies: tuple[CancellationPolicy, ...] | None = None


class Availability(Resource):
    id: str | None = None
    product_id: str | None = None
    sku_id: str | None = None
    catalog_item_id: str | None = None
    default_currency: Currency | None = None
    segment: str | None = None
    country: str | None = None
    is_purchasable: bool | None = None
    is_renewable: bool | None = None
    renewal_instructions: tuple[dict[str, Any], ...] | None = None
    terms: tuple[Term, ...] | None = None


class OfferCategory(Resource):
    id: str | None = None
    name: str | None = None
    rank: int | None = None
    locale: str | None = None
    country: str | None = None


class OfferProduct(Wire):
    id: str | None = None
    name: str | None = None
    unit: str | None = None


class Offer(Resource):
    id: str | None = None
    name: str | None = None
    description: str | None = None
    minimum_quantity: int | None = None
    maximum_quantity: int | None = None
    rank: int | None = None
    uri: str | None = None
    locale: str | None = None
    country: str | None = None
    category: OfferCategory | None = None
    limit_unit_of_measure: str | None = None
    limit: int | None = None
    term_unit_of_measure: str | None = None
    term: int | None = None
    prerequisite_offers: tuple[str, ...] | None = None
    is_add_on: bool | None = None
    has_add_ons: bool | None = None
    is_available_for_purchase: bool | None = None
    billing: str | None = None
    supported_billing_cycles: tuple[str, ...] | None = None
    is_auto_renewable: bool | None = None
    is_internal: bool | None = None
    is_microsoft_product: bool | None = None
    conversion_target_offers: tuple[str, ...] | None = None
    upgrade_target_offers: tuple[str, ...] | None = None
    resellee_qualifications: tuple[str, ...] | None = None
    reseller_qualifications: tuple[str, ...] | None = None
    sales_group_id: str | None = None
    is_trial: bool | None = None
    acquisition_type: str | None = None
    supported_catalog_types: tuple[str, ...] | None = None
    actions: tuple[str, ...] | None = None
    product: OfferProduct | None = None
    unit_type: str | None = None


class PricingPolicy(Wire):
    policy_type: str | None = None
    value: Decimal | None = None


class PromotionTerm(Wire):
    duration: str | None = None
    billing_cycle: str | None = None


class RequiredProduct(Wire):
    product_id: str | None = None
    sku_id: str | None = None
    term: PromotionTerm | None = None
    pricing_policies: tuple[PricingPolicy, ...] | None = None


class Promotion(Resource):
    id: str | None = None
    name: str | None = None
    description: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    properties: dict[str, Any] | None = None
    required_products: tuple[RequiredProduct, ...] | None = None
    constraints: Any | None = None


class PromotionError(Wire):
    """What stands against a promotion; pages and samples name the seat limits differently."""

    type: str | None = None
    description: str | None = None
    minimum_required_seats: int | None = None
    maximum_required_seats: int | None = None
    min_required_seats: int | None = None
    max_required_seats: int | None = None
    available_seats: int | None = None
    max_promotion_redemption_count: int | None = None
    remaining_promotion_redemption_count: int | None = None
    eligible_terms: tuple[PromotionTerm, ...] | None = None


class PromotionEligibility(Wire):
    promotion_id: str | None = None
    is_eligible: bool | None = None
    errors: tuple[PromotionError, ...] | None = None


class PromotionEligibilities(Resource):
    """One item of the question and of the answer: the answer adds `eligibilities`."""

    id: str | None = None
    catalog_item_id: str | None = None
    quantity: int | None = None
    term_duration: str | None = None
    billing_cycle: str | None = None
    promotion_id: str | None = None
    eligibilities: tuple[PromotionEligibility, ...] | None = None


class PromotionQuestion(Wire):
    items: tuple[PromotionEligibilities, ...] | None = None


class CustomTermEndDate(Wire):
    """A day on which a shortened first term may end, inclusive."""

    allowed_custom_term_end_date_type: str | None = None
    allowed_custom_term_end_date: str | None = None
    coterm_subscription_ids: tuple[str, ...] | None = None


class PrimaryContact(Wire):
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone_number: str | None = None


class Agreement(Resource):
    """An acceptance (customer's side) or a template (catalogue's side) of the customer agreement."""

    user_id: str | None = None
    primary_contact: PrimaryContact | None = None
    template_id: str | None = None
    date_agreed: str | None = None
    type: str | None = None
    agreement_type: str | None = None
    agreement_link: str | None = None
    version_rank: int | None = None
    is_signed: bool | None = None
