"""Partner Center resources as they are on the wire: customers, subscriptions, carts, orders, licences, errors.

Field names and forms follow the pages "Subscription resources", "Cart resources", "Order resources", "License
resources", "Customer resources" and "Partner Center REST error codes". Dates stay text here: see `vendors.instants`.
Enumerations are text too, because new values appear without notice. Prices are exact decimals.
"""

from decimal import Decimal
from typing import Any

import msgspec

from seatwright.vendors.lossless import Wire


class Attributes(Wire):
    object_type: str | None = None
    etag: str | None = None


class Link(Wire):
    uri: str | None = None
    method: str | None = None
    body: Any | None = None
    headers: tuple[dict[str, Any], ...] | None = None


class Links(Wire):
    itself: Link | None = msgspec.field(default=None, name="self")
    next: Link | None = None
    previous: Link | None = None
    offer: Link | None = None
    entitlement: Link | None = None
    parent_subscription: Link | None = None
    subscription: Link | None = None
    product: Link | None = None
    skus: Link | None = None
    sku: Link | None = None
    availabilities: Link | None = None
    availability: Link | None = None
    activation_links: Link | None = None
    provisioning_status: Link | None = None
    patch_operation: Link | None = None


class Resource(Wire):
    """What every resource may carry; on its own, the view of a resource that the product does not use."""

    links: Links | None = None
    attributes: Attributes | None = None


class Page[Item: Wire](Resource):
    """One page of a collection."""

    total_count: int | None = None
    items: tuple[Item, ...] | None = None


class ProductType(Wire):
    id: str | None = None
    display_name: str | None = None
    sub_type: dict[str, Any] | None = None


class RefundOption(Wire):
    type: str | None = None
    expires_at: str | None = None
    expires_after: str | None = None
    sequence_id: int | None = None


class RefundableBatch(Wire):
    quantity: int | None = None
    allowed_until_date_time: str | None = None


class RefundableQuantity(Wire):
    total_quantity: int | None = None
    details: tuple[RefundableBatch, ...] | None = None


class NextTermProduct(Wire):
    product_id: str | None = None
    sku_id: str | None = None
    availability_id: str | None = None
    billing_cycle: str | None = None
    term_duration: str | None = None
    promotion_id: str | None = None


class NextTermInstructions(Wire):
    product: NextTermProduct | None = None
    quantity: int | None = None
    custom_term_end_date: str | None = None


class ScheduledAction(Wire):
    """One change waiting for the term's end; sources disagree on the first two names, so both are read."""

    schedule_type: str | None = None
    scheduled_type: str | None = None
    action_type: str | None = None
    effective_date: str | None = None
    instructions: NextTermInstructions | None = None


class Subscription(Resource):
    id: str | None = None
    offer_id: str | None = None
    entitlement_id: str | None = None
    offer_name: str | None = None
    friendly_name: str | None = None
    product_type: ProductType | None = None
    quantity: int | None = None
    unit_type: str | None = None
    parent_subscription_id: str | None = None
    has_purchasable_addons: bool | None = None
    creation_date: str | None = None
    effective_start_date: str | None = None
    commitment_end_date: str | None = None
    commitment_end_date_time: str | None = None
    billing_cycle_end_date: str | None = None
    billing_cycle_end_date_time: str | None = None
    cancellation_allowed_until_date: str | None = None
    refund_options: tuple[RefundOption, ...] | None = None
    refundable_quantity: RefundableQuantity | None = None
    status: str | None = None
    suspension_reasons: tuple[str, ...] | None = None
    auto_renew_enabled: bool | None = None
    is_trial: bool | None = None
    is_microsoft_product: bool | None = None
    billing_type: str | None = None
    billing_cycle: str | None = None
    term_duration: str | None = None
    renewal_term_duration: str | None = None
    actions: tuple[str, ...] | None = None
    partner_id: str | None = None
    additional_partner_ids: tuple[str, ...] | None = None
    contract_type: str | None = None
    promotion_id: str | None = None
    migrated_from_subscription_id: str | None = None
    scheduled_next_term_instructions: NextTermInstructions | None = None
    scheduled_actions: tuple[ScheduledAction, ...] | None = None
    next_charge_instructions: NextTermInstructions | None = None
    consumption_type: str | None = None
    custom_term_end_date: str | None = None
    attention_needed: bool | None = None
    action_taken: bool | None = None
    order_id: str | None = None
    publisher_name: str | None = None
    product_order_id: str | None = None
    line_items: tuple[dict[str, Any], ...] | None = None


class Address(Wire):
    id: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    district: str | None = None
    city: str | None = None
    state: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone_number: str | None = None


class CompanyProfile(Resource):
    tenant_id: str | None = None
    domain: str | None = None
    company_name: str | None = None
    organization_registration_number: str | None = None
    address: Address | None = None
    email: str | None = None


class BillingProfile(Resource):
    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    culture: str | None = None
    language: str | None = None
    company_name: str | None = None
    default_address: Address | None = None


class Customer(Resource):
    id: str | None = None
    commerce_id: str | None = None
    company_profile: CompanyProfile | None = None
    billing_profile: BillingProfile | None = None
    relationship_to_partner: str | None = None
    allow_delegated_access: bool | None = None
    user_credentials: dict[str, Any] | None = None
    custom_domains: tuple[str, ...] | None = None
    associated_partner_id: str | None = None


class Pricing(Wire):
    list_price: Decimal | None = None
    discounted_price: Decimal | None = None
    prorated_price: Decimal | None = None
    price: Decimal | None = None
    extended_price: Decimal | None = None


class RenewsTo(Wire):
    term_duration: str | None = None


class CartError(Wire):
    error_code: str | None = None
    error_description: str | None = None
    additional_information: dict[str, Any] | None = None


class CartLineItem(Resource):
    id: int | None = None
    catalog_item_id: str | None = None
    friendly_name: str | None = None
    quantity: int | None = None
    currency_code: str | None = None
    billing_cycle: str | None = None
    term_duration: str | None = None
    custom_term_end_date: str | None = None
    promotion_id: str | None = None
    participants: tuple[dict[str, Any], ...] | None = None
    provisioning_context: dict[str, Any] | None = None
    order_group: str | None = None
    addon_items: tuple["CartLineItem", ...] | None = None
    renews_to: RenewsTo | None = None
    attestation_accepted: bool | None = None
    error: CartError | None = None
    pricing: Pricing | None = None


class Cart(Resource):
    id: str | None = None
    creation_timestamp: str | None = None
    last_modified_timestamp: str | None = None
    expiration_timestamp: str | None = None
    last_modified_user: str | None = None
    status: str | None = None
    line_items: tuple[CartLineItem, ...] | None = None
    partner_on_record_attestation_accepted: bool | None = None


class OrderLineItem(Resource):
    line_item_number: int | None = None
    offer_id: str | None = None
    subscription_id: str | None = None
    parent_subscription_id: str | None = None
    term_duration: str | None = None
    custom_term_end_date: str | None = None
    transaction_type: str | None = None
    friendly_name: str | None = None
    quantity: int | None = None
    pricing: Pricing | None = None
    partner_id_on_record: str | None = None
    additional_partner_ids_on_record: tuple[str, ...] | None = None
    provisioning_context: dict[str, Any] | None = None
    promotion_id: str | None = None
    renews_to: RenewsTo | None = None
    attestation_accepted: bool | None = None


class Order(Resource):
    id: str | None = None
    alternate_id: str | None = None
    reference_customer_id: str | None = None
    billing_cycle: str | None = None
    currency_code: str | None = None
    currency_symbol: str | None = None
    line_items: tuple[OrderLineItem, ...] | None = None
    creation_date: str | None = None
    status: str | None = None
    transaction_type: str | None = None
    total_price: Decimal | None = None
    client: dict[str, Any] | None = None


class OrderError(Wire):
    order_group_id: str | None = None
    code: str | None = None
    description: str | None = None


class CartCheckoutResult(Resource):
    orders: tuple[Order, ...] | None = None
    order_errors: tuple[OrderError, ...] | None = None


class SubscriptionProvisioningStatus(Resource):
    sku_id: str | None = None
    status: str | None = None
    quantity: int | None = None
    end_date: str | None = None


class OrderLineProvisioningStatus(Resource):
    line_item_number: int | None = None
    status: str | None = None
    quantity_provisioning_information: tuple[dict[str, Any], ...] | None = None


class ServicePlan(Wire):
    id: str | None = None
    display_name: str | None = None
    service_name: str | None = None
    capability_status: str | None = None
    target_type: str | None = None


class ProductSku(Wire):
    id: str | None = None
    name: str | None = None
    sku_part_number: str | None = None
    target_type: str | None = None
    license_group_id: str | None = None


class SubscribedSku(Resource):
    available_units: int | None = None
    active_units: int | None = None
    consumed_units: int | None = None
    suspended_units: int | None = None
    total_units: int | None = None
    warning_units: int | None = None
    product_sku: ProductSku | None = None
    service_plans: tuple[ServicePlan, ...] | None = None
    capability_status: str | None = None


class License(Resource):
    product_sku: ProductSku | None = None
    service_plans: tuple[ServicePlan, ...] | None = None


class LicenseUpdate(Resource):
    licenses_to_assign: tuple[dict[str, Any], ...] | None = None
    licenses_to_remove: tuple[str, ...] | None = None
    license_warnings: tuple[dict[str, Any], ...] | None = None


class Error(Wire):
    """Any of the three error bodies; `code` is a number or a text on the wire and text here."""

    code: str | None = None
    description: str | None = None
    data: Any | None = None
    source: str | None = None
    message: str | None = None
    error_name: str | None = None
    is_retryable: bool | None = None
    parameters: dict[str, Any] | None = None
    error_message_extended: str | None = None
    status_code: int | None = None
