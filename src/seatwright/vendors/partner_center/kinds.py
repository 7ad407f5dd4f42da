"""Which view a Partner Center body gets: by its `objectType`, else by the members that give its form away."""

from typing import Any

from seatwright.vendors import bodies, lossless
from seatwright.vendors.partner_center import wire, wire_catalogue, wire_records

BY_OBJECT_TYPE: dict[str, type[lossless.Wire]] = {
    "AuditRecord": wire_records.AuditRecord,
    "Availability": wire_catalogue.Availability,
    "Cart": wire.Cart,
    "CartCheckoutResult": wire.CartCheckoutResult,
    "Conversion": wire_records.Conversion,
    "ConversionResult": wire_records.Conversion,
    "Customer": wire.Customer,
    "CustomerBillingProfile": wire.BillingProfile,
    "CustomerCompanyProfile": wire.CompanyProfile,
    "CustomerUser": wire_records.CustomerUser,
    "DailyUsageLineItem": wire_records.UsageBasedLineItem,
    "Invoice": wire_records.Invoice,
    "InvoiceDetail": wire_records.InvoiceDetail,
    "InvoiceSummary": wire_records.InvoiceSummary,
    "License": wire.License,
    "LicenseBasedLineItem": wire_records.LicenseBasedLineItem,
    "LicenseUpdate": wire.LicenseUpdate,
    "NewCommerceMigration": wire_records.Migration,
    "Offer": wire_catalogue.Offer,
    "OfferCategory": wire_catalogue.OfferCategory,
    "OneTimeInvoiceLineItem": wire_records.OneTimeInvoiceLineItem,
    "Order": wire.Order,
    "OrderLineItem": wire.OrderLineItem,
    "OrderLineItemProvisioningStatus": wire.OrderLineProvisioningStatus,
    "PartnerRelationship": wire_records.PartnerRelationship,
    "Product": wire_catalogue.Product,
    "Promotion": wire_catalogue.Promotion,
    "PromotionEligibilities": wire_catalogue.PromotionEligibilities,
    "Sku": wire_catalogue.Sku,
    "SubscribedSku": wire.SubscribedSku,
    "Subscription": wire.Subscription,
    "SubscriptionProvisioningStatus": wire.SubscriptionProvisioningStatus,
    "Transition": wire_records.Transition,
    "TransitionEligibility": wire_records.Transition,
    "UsageBasedLineItem": wire_records.UsageBasedLineItem,
    "UserMember": wire_records.CustomerUser,
}

BY_MEMBERS: tuple[tuple[frozenset[str], type[lossless.Wire]], ...] = (
    (frozenset({"orders", "ordererrors"}), wire.CartCheckoutResult),
    (frozenset({"eventname", "resourceuri"}), wire_records.WebhookEvent),
    (frozenset({"webhookurl", "webhookevents"}), wire_records.WebhookRegistration),
    (frozenset({"correlationid", "results"}), wire_records.WebhookValidation),
    (frozenset({"statuscode", "message"}), wire.Error),
    (frozenset({"code", "description"}), wire.Error),
    (frozenset({"code", "message"}), wire.Error),
    (frozenset({"currentsubscriptionid"}), wire_records.Migration),
    (frozenset({"tocatalogitemid", "transitiontype"}), wire_records.Transition),
    (frozenset({"relationshiptopartner"}), wire.Customer),
    (frozenset({"offerid", "orderid", "quantity"}), wire.Subscription),
    (frozenset({"quantity", "status", "autorenewenabled"}), wire.Subscription),
    (frozenset({"referencecustomerid", "lineitems"}), wire.Order),
    (frozenset({"lineitems"}), wire.Cart),
    (frozenset({"catalogitemid", "productid", "skuid"}), wire_catalogue.Availability),
    (frozenset({"catalogitemid", "quantity"}), wire_catalogue.PromotionEligibilities),
    (frozenset({"requiredproducts"}), wire_catalogue.Promotion),
    (frozenset({"productid", "title"}), wire_catalogue.Sku),
    (frozenset({"id", "title"}), wire_catalogue.Product),
    (frozenset({"templateid"}), wire_catalogue.Agreement),
    (frozenset({"issigned"}), wire_catalogue.Agreement),
    (frozenset({"title", "period", "link"}), wire_records.EstimateLink),
    (frozenset({"licensestoassign"}), wire.LicenseUpdate),
    (frozenset({"linenumber", "status"}), wire.OrderLineProvisioningStatus),
    (frozenset({"lineitemnumber", "status"}), wire.OrderLineProvisioningStatus),
)


def recognised(tree: Any) -> type[lossless.Wire]:
    """The view for a JSON object; `wire.Resource` when nothing more is known about it."""
    if not isinstance(tree, dict):
        return wire.Resource
    plain = lossless.from_tree(tree, kind=wire.Resource)
    named = (plain.attributes and plain.attributes.object_type) or ""
    folded = {name.casefold() for name in tree}
    if named.casefold() == "collection" or "items" in folded:
        return _page_of(tree)
    by_name = {name.casefold(): kind for name, kind in BY_OBJECT_TYPE.items()}
    if named.casefold() in by_name:
        return by_name[named.casefold()]
    return next((kind for members, kind in BY_MEMBERS if members <= folded), wire.Resource)


def decode(body: bytes) -> lossless.Wire:
    """Any Partner Center object in its view; raises `bodies.UnreadableBody` when `body` is not a JSON object."""
    tree = bodies.parse(body)
    return lossless.from_tree(tree, kind=recognised(tree))


def _page_of(tree: dict[str, Any]) -> type[lossless.Wire]:
    items = next((value for name, value in tree.items() if name.casefold() == "items"), None)
    item: Any = recognised(items[0]) if isinstance(items, list) and items else wire.Resource
    page: type[lossless.Wire] = wire.Page[item]
    return page
