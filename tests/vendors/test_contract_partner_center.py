"""Every published or recorded Partner Center body goes through the wire types and comes back whole."""

import contextlib
import dataclasses
import json
import pathlib
import random
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from seatwright.vendors import bodies, lossless, port
from seatwright.vendors.partner_center import (
    kinds,
    translate,
    translate_catalogue,
    translate_orders,
    translate_transitions,
    wire,
    wire_catalogue,
    wire_records,
)

FOLDERS = ("docs-samples-2021", "recordings-2018-bodies", "recordings-2019-http")

# File and message number -> view. A body of a resource that the product does not use is a plain `Resource`.
MAPPED = {
    "docs-samples-2021/api-throttling-guidance/0": "Error",
    "docs-samples-2021/assign-licenses-to-a-user/0": "LicenseUpdate",
    "docs-samples-2021/assign-licenses-to-a-user/1": "LicenseUpdate",
    "docs-samples-2021/assign-licenses-to-a-user/2": "Error",
    "docs-samples-2021/change-the-quantity-of-a-subscription/0": "Subscription",
    "docs-samples-2021/change-the-quantity-of-a-subscription/2": "Subscription",
    "docs-samples-2021/change-the-quantity-of-a-subscription/4": "Error",
    "docs-samples-2021/check-which-licenses-are-assigned-to-a-user/1": "Page[License]",
    "docs-samples-2021/confirm-customer-consent-customer-agreement/0": "Error",
    "docs-samples-2021/confirm-customer-consent-customer-agreement/1": "Agreement",
    "docs-samples-2021/confirm-customer-consent-customer-agreement/2": "Agreement",
    "docs-samples-2021/convert-a-trial-subscription-to-paid/0": "Conversion",
    "docs-samples-2021/convert-a-trial-subscription-to-paid/1": "Conversion",
    "docs-samples-2021/create-a-cart-with-add-ons/0": "Cart",
    "docs-samples-2021/create-a-cart-with-add-ons/1": "Cart",
    "docs-samples-2021/create-a-cart-with-add-ons/2": "Cart",
    "docs-samples-2021/create-a-cart-with-add-ons/3": "Cart",
    "docs-samples-2021/create-a-cart/1": "Cart",
    "docs-samples-2021/create-a-cart/2": "Cart",
    "docs-samples-2021/create-a-cart/3": "Cart",
    "docs-samples-2021/create-a-customer/1": "Customer",
    "docs-samples-2021/create-migration/0": "Migration",
    "docs-samples-2021/create-migration/3": "Migration",
    "docs-samples-2021/create-user-accounts-for-a-customer/1": "CustomerUser",
    "docs-samples-2021/get-a-collection-of-invoices/1": "Page[Invoice]",
    "docs-samples-2021/get-a-customer-by-id/1": "Customer",
    "docs-samples-2021/get-a-customer-s-company-profile/1": "CompanyProfile",
    "docs-samples-2021/get-a-list-of-all-user-accounts-for-a-customer/1": "Page[CustomerUser]",
    "docs-samples-2021/get-a-list-of-available-licenses/1": "Page[SubscribedSku]",
    "docs-samples-2021/get-a-list-of-customers/1": "Page[Customer]",
    "docs-samples-2021/get-a-list-of-offer-categories-by-country-and-locale/1": "Page[OfferCategory]",
    "docs-samples-2021/get-a-list-of-orders-by-customer-and-billing-cycle-type/1": "Page[Order]",
    "docs-samples-2021/get-a-list-of-products-by-customer/2": "Page[Sku]",
    "docs-samples-2021/get-a-list-of-trial-conversion-offers/1": "Page[Conversion]",
    "docs-samples-2021/get-a-product-by-id/1": "Product",
    "docs-samples-2021/get-a-product-by-id/2": "Product",
    "docs-samples-2021/get-a-record-of-partner-center-activity-by-user/1": "Page[AuditRecord]",
    "docs-samples-2021/get-a-subscription-by-id/1": "Subscription",
    "docs-samples-2021/get-a-subscription-by-id/2": "Subscription",
    "docs-samples-2021/get-a-subscription-by-id/3": "Subscription",
    "docs-samples-2021/get-a-subscription-s-support-contact/1": "Resource",
    "docs-samples-2021/get-all-of-a-customer-s-billing-profiles/1": "BillingProfile",
    "docs-samples-2021/get-all-of-a-customer-s-subscriptions/1": "Page[Subscription]",
    "docs-samples-2021/get-all-of-a-customer-s-subscriptions/2": "Page[Subscription]",
    "docs-samples-2021/get-customer-agreement-metadata/1": "Page[Agreement]",
    "docs-samples-2021/get-direct-sign-status-of-customer-agreement/1": "Agreement",
    "docs-samples-2021/get-invoice-by-id/1": "Invoice",
    "docs-samples-2021/get-invoice-estimate-links/1": "Page[EstimateLink]",
    "docs-samples-2021/get-invoiceline-items/1": "Page[LicenseBasedLineItem]",
    "docs-samples-2021/get-invoiceline-items/3": "Page[UsageBasedLineItem]",
    "docs-samples-2021/get-invoiceline-items/5": "Page[UsageBasedLineItem]",
    "docs-samples-2021/get-invoiceline-items/9": "Page[OneTimeInvoiceLineItem]",
    "docs-samples-2021/get-promotions/1": "Page[Promotion]",
    "docs-samples-2021/get-subscription-provisioning-status/1": "SubscriptionProvisioningStatus",
    "docs-samples-2021/partner-center-webhook-events/0": "WebhookEvent",
    "docs-samples-2021/partner-center-webhook-events/1": "WebhookEvent",
    "docs-samples-2021/partner-center-webhook-events/2": "WebhookEvent",
    "docs-samples-2021/partner-center-webhook-events/3": "WebhookEvent",
    "docs-samples-2021/partner-center-webhook-events/4": "WebhookEvent",
    "docs-samples-2021/partner-center-webhook-events/5": "WebhookEvent",
    "docs-samples-2021/partner-center-webhooks/0": "WebhookEvent",
    "docs-samples-2021/partner-center-webhooks/1": "WebhookEvent",
    "docs-samples-2021/partner-center-webhooks/3": "list",
    "docs-samples-2021/partner-center-webhooks/4": "WebhookRegistration",
    "docs-samples-2021/partner-center-webhooks/5": "WebhookRegistration",
    "docs-samples-2021/partner-center-webhooks/7": "WebhookRegistration",
    "docs-samples-2021/partner-center-webhooks/8": "WebhookRegistration",
    "docs-samples-2021/partner-center-webhooks/9": "WebhookRegistration",
    "docs-samples-2021/partner-center-webhooks/11": "Resource",
    "docs-samples-2021/partner-center-webhooks/13": "WebhookValidation",
    "docs-samples-2021/purchase-an-add-on-to-a-subscription/0": "Order",
    "docs-samples-2021/purchase-an-add-on-to-a-subscription/1": "Order",
    "docs-samples-2021/remove-a-reseller-relationship-with-a-customer/0": "Customer",
    "docs-samples-2021/remove-a-reseller-relationship-with-a-customer/1": "Customer",
    "docs-samples-2021/request-reseller-relationship/1": "Resource",
    "docs-samples-2021/reset-user-password-for-a-customer/1": "CustomerUser",
    "docs-samples-2021/suspend-a-subscription/0": "Subscription",
    "docs-samples-2021/suspend-a-subscription/1": "Subscription",
    "docs-samples-2021/transition-a-new-commerce-subscription/1": "Page[Transition]",
    "docs-samples-2021/transition-a-new-commerce-subscription/2": "Transition",
    "docs-samples-2021/update-user-accounts-for-a-customer/0": "CustomerUser",
    "docs-samples-2021/update-user-accounts-for-a-customer/1": "CustomerUser",
    "docs-samples-2021/verify-promotion-eligibility/0": "Page[PromotionEligibilities]",
    "docs-samples-2021/verify-promotion-eligibility/1": "Page[PromotionEligibilities]",
    "docs-samples-2021/view-a-deleted-user/1": "Page[CustomerUser]",
    "recordings-2018-bodies/AddCustomerUserRoleMember/0": "CustomerUser",
    "recordings-2018-bodies/GetAuditRecord/0": "Page[AuditRecord]",
    "recordings-2018-bodies/GetCountryValidationRules-GB/0": "Resource",
    "recordings-2018-bodies/GetCountryValidationRules-US/0": "Resource",
    "recordings-2018-bodies/GetCustomerLicense/0": "Page[SubscribedSku]",
    "recordings-2018-bodies/GetCustomerLicenseUser/0": "Page[License]",
    "recordings-2018-bodies/GetCustomerManagedServices/0": "Page[Resource]",
    "recordings-2018-bodies/GetCustomerSubscription/0": "Page[Subscription]",
    "recordings-2018-bodies/GetCustomerUserAll/0": "Page[CustomerUser]",
    "recordings-2018-bodies/GetIndirectResellers/0": "Page[PartnerRelationship]",
    "recordings-2018-bodies/GetInvoiceById/0": "Invoice",
    "recordings-2018-bodies/GetInvoiceSummary/0": "Page[InvoiceSummary]",
    "recordings-2018-bodies/GetMpnProfile/0": "Resource",
    "recordings-2018-bodies/GetPartnerLicensesUsageInsights/0": "Page[Resource]",
    "recordings-2018-bodies/GetProduct/0": "Page[Product]",
    "recordings-2018-bodies/GetProductAvailabilityById/0": "Availability",
    "recordings-2018-bodies/GetProductSku/0": "Page[Sku]",
    "recordings-2018-bodies/GetResellerRelationshipLink/0": "Resource",
    "recordings-2018-bodies/RemoveResellerRelationship/0": "Customer",
    "recordings-2018-bodies/UpdateUserLicense/0": "LicenseUpdate",
    "recordings-2019-http/GetPartnerCountryValidation/1": "Resource",
    "recordings-2019-http/GetPartnerOffer/1": "Page[Offer]",
    "recordings-2019-http/GetPartnerOfferCategory/1": "Page[OfferCategory]",
}

# Placeholders of the pages that are no member of the resource.
NOT_MEMBERS = {"attributes/objectType"}


@dataclasses.dataclass(frozen=True)
class Sample:
    name: str
    body: bytes


@pytest.fixture(scope="module")
def samples(contracts: pathlib.Path) -> list[Sample]:
    """All usable bodies; a sample page counts only where its JSON is strict."""
    folder = contracts / "partner-center"
    found = []
    for path in sorted(file for name in FOLDERS for file in (folder / name).glob("*.json")):
        for number, body in enumerate(_bodies(path)):
            if body is not None and body.strip():
                found.append(Sample(f"{path.parent.name}/{path.stem}/{number}", body))
    return found


def _bodies(path: pathlib.Path) -> list[bytes | None]:
    if path.parent.name == "recordings-2018-bodies":
        return [path.read_bytes()]
    document = json.loads(path.read_bytes().decode("utf-8-sig"))
    if path.parent.name == "recordings-2019-http":
        texts = (entry[name] for entry in document for name in ("RequestBody", "ResponseBody"))
        return [text.encode() if text else None for text in texts]
    return [
        message["body_raw"].encode() if message["body_is_strict_json"] else None for message in document["messages"]
    ]


def _view_name(tree: Any) -> str:
    if isinstance(tree, list):
        return "list"
    view = lossless.from_tree(tree, kind=kinds.recognised(tree))
    if isinstance(view, wire.Page):
        assert view.items is not None
        return f"Page[{type(view.items[0]).__name__}]"
    return type(view).__name__


def _parts(view: lossless.Wire) -> list[lossless.Wire]:
    return [view, *(view.items or ())] if isinstance(view, wire.Page) else [view]


def test_every_body_is_mapped_to_the_view_it_gets(samples: list[Sample], capsys: pytest.CaptureFixture[str]) -> None:
    unmapped = [sample.name for sample in samples if sample.name not in MAPPED]
    assert not unmapped, f"these bodies have no view yet, add them to MAPPED: {unmapped}"
    got = {sample.name: _view_name(bodies.parse(sample.body)) for sample in samples}
    assert got == MAPPED
    typed = sum(name not in ("Resource", "Page[Resource]", "list") for name in got.values())
    with capsys.disabled():
        sys.stdout.write(f"\nPartner Center contract: {len(got)} of {len(samples)} bodies read, {typed} by own views\n")


def test_every_body_comes_back_without_loss(samples: list[Sample]) -> None:
    for sample in samples:
        tree = bodies.parse(sample.body)
        if isinstance(tree, dict):
            written = lossless.encode(kinds.decode(sample.body))
            assert _exact(bodies.parse(written)) == _exact(tree), sample.name


def test_every_declared_member_of_every_body_can_be_read(samples: list[Sample]) -> None:
    for sample in samples:
        tree = bodies.parse(sample.body)
        if isinstance(tree, dict):
            assert list(lossless.unreadable_members(kinds.decode(sample.body))) == [], sample.name


def test_no_view_of_the_product_leaves_a_member_of_the_samples_unnamed(samples: list[Sample]) -> None:
    for sample in samples:
        tree = bodies.parse(sample.body)
        if isinstance(tree, dict):
            for part in _parts(kinds.decode(sample.body)):
                if type(part) is not wire.Resource:
                    assert set(lossless.unknown_members(part)) <= NOT_MEMBERS, sample.name


def test_every_subscription_takes_a_new_quantity_and_keeps_the_rest(samples: list[Sample]) -> None:
    changed = 0
    for sample in samples:
        tree = bodies.parse(sample.body)
        parts = _parts(kinds.decode(sample.body)) if isinstance(tree, dict) else []
        for part in parts:
            if isinstance(part, wire.Subscription):
                written = bodies.parse(lossless.encode(msgspec.structs.replace(part, quantity=4711)))
                name = "Quantity" if "Quantity" in part.as_received else "quantity"
                assert _exact(written) == _exact(part.as_received | {name: 4711}), sample.name
                changed += 1
    assert changed >= 10


def test_every_subscription_that_the_vendor_sends_becomes_a_value_of_the_port(samples: list[Sample]) -> None:
    translated: list[port.VendorSubscription] = []
    for sample in samples:
        tree = bodies.parse(sample.body)
        for part in _parts(kinds.decode(sample.body)) if isinstance(tree, dict) else []:
            if isinstance(part, wire.Subscription):
                translated.append(translate.subscription(part))
    assert len(translated) >= 10
    by_id = {seen.subscription_id: seen for seen in translated}
    new_commerce = by_id["a4c1340d-6911-4758-bba3-0c4c6007d161"]
    assert new_commerce.commitment_end_on is not None
    assert new_commerce.commitment_end_on.isoformat() == "2022-01-14"
    legacy = by_id["968ba1cf-c146-4adf-a300-308dcf718eee"]
    assert legacy.commitment_end_on is not None
    assert legacy.commitment_end_on.isoformat() == "2018-02-10"


TRANSLATORS: dict[type[lossless.Wire], Callable[[Any], Any]] = {
    wire.Subscription: translate.subscription,
    wire.Customer: translate.tenant,
    wire.Cart: translate_orders.cart,
    wire.Order: translate_orders.order,
    wire.CartCheckoutResult: lambda seen: translate_orders.bought(seen, request_ref=""),
    wire_catalogue.Availability: lambda seen: translate_catalogue.sells(
        seen, item=("A", "1"), plan=port.Plan(term="P1Y", billing_cycle="annual"), segment="commercial"
    ),
    wire_catalogue.Promotion: translate_catalogue.promotion,
    wire_catalogue.PromotionEligibilities: lambda seen: translate_catalogue.verdict([seen], promotion_id="A:1:B"),
    wire_catalogue.Agreement: lambda seen: translate_catalogue.accepted_agreements([seen]),
    wire_records.Transition: lambda seen: (
        translate_transitions.target(seen) if seen.catalog_item_id else translate_transitions.transition(seen)
    ),
}


def test_what_the_vendor_sends_about_buying_and_changing_becomes_values_of_the_port(samples: list[Sample]) -> None:
    told: dict[str, int] = {}
    for sample in samples:
        tree = bodies.parse(sample.body)
        for part in _parts(kinds.decode(sample.body)) if isinstance(tree, dict) else []:
            is_whole = not isinstance(part, wire.Cart | wire.Customer | wire.Order) or part.id
            if type(part) in TRANSLATORS and is_whole:
                assert TRANSLATORS[type(part)](part) is not None, sample.name
                told[type(part).__name__] = told.get(type(part).__name__, 0) + 1
    assert set(told) >= {"Cart", "Order", "Promotion", "PromotionEligibilities", "Transition", "Agreement"}


@pytest.mark.parametrize("seed", range(20))
def test_bent_copies_are_translated_or_garbled_and_nothing_else(samples: list[Sample], seed: int) -> None:
    dice = random.Random(seed)
    for sample in samples:
        tree = bodies.parse(sample.body)
        for part in _parts(kinds.decode(sample.body)) if isinstance(tree, dict) else []:
            if type(part) in TRANSLATORS:
                bent = lossless.from_tree(_bent(part.as_received, dice), kind=type(part))
                with contextlib.suppress(port.VendorGarbled):
                    TRANSLATORS[type(part)](bent)


@pytest.mark.parametrize("seed", range(20))
def test_bent_copies_of_every_body_still_come_back_without_loss(samples: list[Sample], seed: int) -> None:
    """Other samples differ by rule: capitalisation, new, missing and null members, new values, numbers as text."""
    dice = random.Random(seed)
    for sample in samples:
        if len(sample.body) > 100_000:
            continue
        tree = _bent(bodies.parse(sample.body), dice)
        if isinstance(tree, dict):
            view = lossless.from_tree(tree, kind=kinds.recognised(tree))
            assert _exact(bodies.parse(lossless.encode(view))) == _exact(tree), sample.name


def _bent(tree: Any, dice: random.Random) -> Any:
    if isinstance(tree, list):
        return [_bent(item, dice) for item in tree]
    if isinstance(tree, dict):
        bent = {}
        for name, value in tree.items():
            fate = dice.random()
            if fate < 0.05:
                continue
            spelled = name[:1].swapcase() + name[1:] if dice.random() < 0.2 else name
            bent[spelled] = None if fate < 0.1 else "somethingNew" if fate < 0.13 else _bent(value, dice)
        if dice.random() < 0.3:
            bent["memberOfTomorrow"] = {"deep": [1, {"deeper": None}]}
        return bent
    if isinstance(tree, int) and not isinstance(tree, bool) and dice.random() < 0.2:
        return str(tree)
    return tree


def _exact(tree: Any) -> Any:
    """The tree with types and digits visible, so that 1, 1.0, 1.00, true and "1" are five different things."""
    if isinstance(tree, dict):
        return {name: _exact(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_exact(value) for value in tree]
    return type(tree).__name__, str(tree)
