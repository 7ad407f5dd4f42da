"""Partner Center's records on the wire: invoices and their lines, activity, webhooks, transitions, users.

Amounts are exact decimals. Field lists follow "Invoice resources", "Recon file fields for CSP new commerce invoice",
"Auditing resources", "Partner Center webhooks", "Transition resources" and "User resources".
"""

from decimal import Decimal
from typing import Any

from seatwright.vendors.lossless import Wire
from seatwright.vendors.partner_center.wire import Link, Resource


class InvoiceDetail(Resource):
    invoice_line_item_type: str | None = None
    billing_provider: str | None = None


class Invoice(Resource):
    id: str | None = None
    invoice_date: str | None = None
    billing_period_start_date: str | None = None
    billing_period_end_date: str | None = None
    total_charges: Decimal | None = None
    paid_amount: Decimal | None = None
    currency_code: str | None = None
    currency_symbol: str | None = None
    pdf_download_link: str | None = None
    tax_receipts: tuple[dict[str, Any], ...] | None = None
    invoice_details: tuple[InvoiceDetail, ...] | None = None
    amendments: tuple["Invoice", ...] | None = None
    document_type: str | None = None
    amends_of: str | None = None
    invoice_type: str | None = None


class InvoiceSummary(Resource):
    balance_amount: Decimal | None = None
    currency_code: str | None = None
    currency_symbol: str | None = None
    accounting_date: str | None = None
    first_invoice_creation_date: str | None = None
    last_payment_date: str | None = None
    last_payment_amount: Decimal | None = None
    latest_invoice_date: str | None = None
    details: tuple["InvoiceSummaryDetail", ...] | None = None


class InvoiceSummaryDetail(Wire):
    invoice_type: str | None = None
    summary: InvoiceSummary | None = None


class EstimateLink(Wire):
    type: str | None = None
    title: str | None = None
    description: str | None = None
    period: str | None = None
    link: Link | None = None


class InvoiceLineItem(Resource):
    """What all line items share; quantities may have decimals, identifiers may come as numbers."""

    partner_id: str | None = None
    customer_id: str | None = None
    domain_name: str | None = None
    mpn_id: str | None = None
    invoice_number: str | None = None
    order_id: str | None = None
    subscription_id: str | None = None
    subscription_description: str | None = None
    charge_start_date: str | None = None
    charge_end_date: str | None = None
    charge_type: str | None = None
    currency: str | None = None
    invoice_line_item_type: str | None = None
    billing_provider: str | None = None


class LicenseBasedLineItem(InvoiceLineItem):
    customer_name: str | None = None
    tier2_mpn_id: str | None = None
    syndication_partner_subscription_number: str | None = None
    offer_id: str | None = None
    durable_offer_id: str | None = None
    offer_name: str | None = None
    billing_cycle_type: str | None = None
    subscription_name: str | None = None
    subscription_start_date: str | None = None
    subscription_end_date: str | None = None
    unit_price: Decimal | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None
    total_other_discount: Decimal | None = None
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    total_for_customer: Decimal | None = None


class UsageBasedLineItem(InvoiceLineItem):
    """A usage line, monthly or daily."""

    detail_line_item_id: str | None = None
    sku: str | None = None
    included_quantity: Decimal | None = None
    overage_quantity: Decimal | None = None
    list_price: Decimal | None = None
    pretax_charges: Decimal | None = None
    tax_amount: Decimal | None = None
    post_tax_total: Decimal | None = None
    pretax_effective_rate: Decimal | None = None
    post_tax_effective_rate: Decimal | None = None
    partner_name: str | None = None
    partner_billable_account_id: str | None = None
    customer_billable_account: str | None = None
    customer_company_name: str | None = None
    usage_date: str | None = None
    tier2_mpn_id: str | None = None
    subscription_name: str | None = None
    billing_cycle_type: str | None = None
    service_name: str | None = None
    service_type: str | None = None
    resource_guid: str | None = None
    resource_name: str | None = None
    region: str | None = None
    consumed_quantity: Decimal | None = None
    unit: str | None = None


class OneTimeInvoiceLineItem(InvoiceLineItem):
    """A line of the new-commerce invoice; refunds have a negative effective unit price and a positive quantity."""

    customer_name: str | None = None
    customer_domain_name: str | None = None
    customer_country: str | None = None
    reseller_mpn_id: str | None = None
    order_date: str | None = None
    product_id: str | None = None
    sku_id: str | None = None
    availability_id: str | None = None
    product_name: str | None = None
    sku_name: str | None = None
    product_qualifiers: tuple[str, ...] | None = None
    unit_price: Decimal | None = None
    effective_unit_price: Decimal | None = None
    unit_type: str | None = None
    quantity: Decimal | None = None
    billable_quantity: Decimal | None = None
    subtotal: Decimal | None = None
    tax_total: Decimal | None = None
    total_for_customer: Decimal | None = None
    publisher_name: str | None = None
    publisher_id: str | None = None
    subscription_start_date: str | None = None
    subscription_end_date: str | None = None
    term_and_billing_cycle: str | None = None
    alternate_id: str | None = None
    reference_id: str | None = None
    price_adjustment_description: str | None = None
    discount_details: str | None = None
    pricing_currency: str | None = None
    pc_to_bc_exchange_rate: Decimal | None = None
    pc_to_bc_exchange_rate_date: str | None = None
    meter_description: str | None = None
    billing_frequency: str | None = None
    reservation_order_id: str | None = None
    credit_reason_code: str | None = None
    promotion_id: str | None = None


class AuditRecord(Resource):
    id: str | None = None
    partner_id: str | None = None
    participants: tuple[str, ...] | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    user_principal_name: str | None = None
    application_id: str | None = None
    session_id: str | None = None
    resource_type: str | None = None
    resource_old_value: str | None = None
    resource_new_value: str | None = None
    operation_type: str | None = None
    original_correlation_id: str | None = None
    operation_date: str | None = None
    operation_status: str | None = None
    customized_data: tuple[dict[str, Any], ...] | None = None


class WebhookEvent(Wire):
    event_name: str | None = None
    resource_uri: str | None = None
    resource_name: str | None = None
    audit_uri: str | None = None
    resource_change_utc_date: str | None = None


class WebhookRegistration(Wire):
    subscriber_id: str | None = None
    webhook_url: str | None = None
    webhook_events: tuple[str, ...] | None = None
    signature_token_to_ms_signature_header: bool | None = None
    last_modified_timestamp: str | None = None
    properties: dict[str, Any] | None = None


class WebhookValidation(Wire):
    correlation_id: str | None = None
    partner_id: str | None = None
    status: str | None = None
    callback_url: str | None = None
    results: tuple[dict[str, Any], ...] | None = None


class TransitionError(Wire):
    code: str | None = None
    description: str | None = None


class TransitionEligibility(Wire):
    """One way to transition: with or without moving people's licences."""

    is_eligible: bool | None = None
    transition_type: str | None = None
    errors: tuple[TransitionError, ...] | None = None


class SubscriptionEligibility(Wire):
    """A subscription into which the seats could go."""

    is_eligible: bool | None = None
    subscription_id: str | None = None
    subscription_friendly_name: str | None = None
    subscription_term_duration: str | None = None
    subscription_billing_cycle: str | None = None
    errors: tuple[TransitionError, ...] | None = None


class TransitionEvent(Resource):
    name: str | None = None
    status: str | None = None
    timestamp: str | None = None
    errors: tuple[TransitionError, ...] | None = None


class Transition(Resource):
    """A possible, requested or running transition to another catalogue item."""

    operation_id: str | None = None
    catalog_item_id: str | None = None
    title: str | None = None
    description: str | None = None
    from_catalog_item_id: str | None = None
    from_subscription_id: str | None = None
    to_catalog_item_id: str | None = None
    to_subscription_id: str | None = None
    quantity: int | None = None
    term_duration: str | None = None
    billing_cycle: str | None = None
    transition_type: str | None = None
    promotion_id: str | None = None
    eligibilities: tuple[TransitionEligibility, ...] | None = None
    subscription_eligibilities: tuple[SubscriptionEligibility, ...] | None = None
    events: tuple[TransitionEvent, ...] | None = None


class Transitions(Resource):
    """A subscription's transitions; the published sample has them under a member name of its own."""

    total_count: int | None = None
    items: tuple[Transition, ...] | None = None
    transition: tuple[Transition, ...] | None = None
    transitions: tuple[Transition, ...] | None = None


class Conversion(Resource):
    """A legacy trial conversion: its offer, the request and the result."""

    subscription_id: str | None = None
    offer_id: str | None = None
    target_offer_id: str | None = None
    order_id: str | None = None
    quantity: int | None = None
    billing_cycle: str | None = None
    error: dict[str, Any] | None = None


class Migration(Resource):
    id: str | None = None
    started_time: str | None = None
    completed_time: str | None = None
    current_subscription_id: str | None = None
    status: str | None = None
    customer_tenant_id: str | None = None
    catalog_item_id: str | None = None
    new_commerce_subscription_id: str | None = None
    new_commerce_order_id: str | None = None
    subscription_end_date: str | None = None
    quantity: int | None = None
    term_duration: str | None = None
    billing_cycle: str | None = None
    purchase_full_term: bool | None = None
    custom_term_end_date: str | None = None
    add_on_migrations: tuple[dict[str, Any], ...] | None = None
    is_eligible: bool | None = None
    errors: tuple[dict[str, Any], ...] | None = None


class CustomerUser(Resource):
    id: str | None = None
    usage_location: str | None = None
    user_principal_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    immutable_id: str | None = None
    password_profile: dict[str, Any] | None = None
    last_directory_sync_time: str | None = None
    user_domain_type: str | None = None
    state: str | None = None
    soft_deletion_time: str | None = None
    phone_number: str | None = None
    role_id: str | None = None


class PartnerRelationship(Resource):
    id: str | None = None
    name: str | None = None
    relationship_type: str | None = None
    state: str | None = None
    mpn_id: str | None = None
    location: str | None = None
