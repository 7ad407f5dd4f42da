"""Member names and nesting of the simulator's answers, held against the vendor's published samples."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator import terms_scene
from tests.simulator.partner_scene import ALPHA, BASIC, Partner
from tests.simulator.terms_scene import Desk

CATALOGUE = "/products/CFQ7TTC0AAA1/skus/0001/availabilities"
# Documented on the resource pages later than the samples were published.
NEWER = {
    "get-a-subscription-by-id": {
        "attributes.etag",
        "billingCycleEndDate",
        "billingCycleEndDateTime",
        "commitmentEndDateTime",
        "refundableQuantity",
        "refundableQuantity.details",
        "refundableQuantity.details.allowedUntilDateTime",
        "refundableQuantity.details.quantity",
        "refundableQuantity.totalQuantity",
    },
}


def paths(value: object, prefix: str = "") -> set[str]:
    """Every member's path, list items merged into one."""
    if isinstance(value, list):
        return set().union(*(paths(item, prefix) for item in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for name, member in value.items():
        found |= {f"{prefix}{name}"} | paths(member, f"{prefix}{name}.")
    return found


def published(contracts: pathlib.Path, name: str, *, holding: str) -> dict[str, Any]:
    """The strict JSON answer of a sample file whose text holds `holding`."""
    folder = contracts / "partner-center" / "docs-samples-2021"
    document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8-sig"))
    bodies = [
        message["body"]
        for message in document["messages"]
        if message["kind"] != "request" and message["body"] and holding in json.dumps(message["body"])
    ]
    assert bodies, f"{name} has no answer with {holding}"
    body: dict[str, Any] = bodies[-1]
    return body


def whole_subscription(partner: Partner) -> dict[str, Any]:
    return partner.subscription(subscription_id=BASIC)


def one_cart(partner: Partner) -> dict[str, Any]:
    line = {"catalogItemId": partner.catalogue_item(), "quantity": 1, "termDuration": "P1Y", "billingCycle": "annual"}
    cart: dict[str, Any] = partner.call("POST", f"/customers/{ALPHA}/carts", {"lineItems": [line]}).json()
    return cart


def read(path: str) -> Callable[[Partner], dict[str, Any]]:
    return lambda partner: partner.get(path).json()


@pytest.mark.parametrize(
    ("name", "holding", "answer"),
    [
        ("get-a-list-of-customers", "companyProfile", read("/customers?size=40")),
        ("get-a-customer-by-id", "billingProfile", read(f"/customers/{ALPHA}")),
        ("get-a-subscription-by-id", "OnlineServicesNCE", whole_subscription),
        (
            "get-subscription-provisioning-status",
            "skuId",
            read(f"/customers/{ALPHA}/subscriptions/{BASIC}/provisioningstatus"),
        ),
        ("create-a-cart", "CFQ7TTC0LFLZ", one_cart),
    ],
)
def test_answers_have_the_members_of_the_published_samples(
    partner: Partner,
    contracts: pathlib.Path,
    name: str,
    holding: str,
    answer: Callable[[Partner], dict[str, Any]],
) -> None:
    wanted = paths(published(contracts, name, holding=holding))
    ours = paths(answer(partner))
    missing = {path for path in wanted - ours if ".address." not in path and ".defaultAddress." not in path}
    assert missing == set()
    assert ours - wanted - NEWER.get(name, set()) == set()


def test_refusals_have_the_members_and_types_of_the_published_one(partner: Partner, contracts: pathlib.Path) -> None:
    sample = published(contracts, "change-the-quantity-of-a-subscription", holding="PartnerFD")
    ours = partner.set_seats(9).json()
    assert ours == sample


def test_the_answer_to_too_many_calls_is_the_published_one(partner: Partner, contracts: pathlib.Path) -> None:
    sample = published(contracts, "api-throttling-guidance", holding="Rate limit")
    partner.simulator.fault("throttle_429", wait_s=57)
    assert partner.get("/customers").json() == sample


def test_agreements_have_the_published_members_and_refusal(partner: Partner, contracts: pathlib.Path) -> None:
    templates = published(contracts, "get-customer-agreement-metadata", holding="templateId")
    refusal = published(contracts, "confirm-customer-consent-customer-agreement", holding="600061")
    ours = partner.get("/agreements?agreementType=MicrosoftCustomerAgreement").json()
    assert paths(ours) == paths(templates)
    agreement = {
        "primaryContact": {"firstName": "Tia", "lastName": "Kern", "email": "tia@alpha.example"},
        "templateId": ours["items"][0]["templateId"],
        "dateAgreed": "2026-03-01T00:00:00Z",
        "type": "MicrosoftCustomerAgreement",
    }
    answers = [partner.call("POST", f"/customers/{ALPHA}/agreements", agreement).json() for _ in range(2)]
    assert answers[1] == refusal


def test_promotions_are_collected_as_published(partner: Partner, contracts: pathlib.Path) -> None:
    sample = published(contracts, "get-promotions", holding="requiredProducts")
    partner.simulator.seed({"promotions": [item | {"country": "US"} for item in sample["items"]]})
    ours = partner.get("/productpromotions?country=US&segment=commercial").json()
    assert ours["items"] == sample["items"]


def test_samples_with_gaps_still_name_the_members_of_catalogue_and_orders(
    partner: Partner, contracts: pathlib.Path
) -> None:
    """These pages print ellipses, so that only the names in their text can be compared."""
    cart = one_cart(partner)
    partner.call("POST", f"/customers/{ALPHA}/carts/{cart['id']}/checkout")
    answers = {
        "get-a-list-of-products": read("/products?country=DE&targetView=OnlineServices"),
        "get-a-list-of-skus-for-a-product": read("/products/CFQ7TTC0AAA1/skus?country=DE"),
        "get-a-list-of-availabilities-for-a-sku": read(f"{CATALOGUE}?country=DE"),
        "get-all-of-a-customer-s-orders": read(f"/customers/{ALPHA}/orders"),
    }
    later = {"transactionType", "termDuration", "alternateId", "currencySymbol", "client", "product", "availability"}
    for name, answer in answers.items():
        document = json.loads(
            (contracts / "partner-center" / "docs-samples-2021" / f"{name}.json").read_text(encoding="utf-8-sig")
        )
        texts = " ".join(message["body_raw"] or "" for message in document["messages"])
        names = {path.rpartition(".")[2] for path in paths(answer(partner))}
        unknown = {member for member in names - later if f'"{member}"' not in texts}
        assert unknown == set(), name


def test_upgrades_and_licences_are_told_with_the_published_members(desk: Desk, contracts: pathlib.Path) -> None:
    upgrades = published(contracts, "transition-a-new-commerce-subscription", holding="TransitionEligibility")
    licences = published(contracts, "get-a-list-of-available-licenses", holding="availableUnits")
    found = desk.partner.get(f"{terms_scene.PATH}/{terms_scene.STARTER}/transitionEligibilities").json()
    pools = desk.partner.get(f"/customers/{terms_scene.GAMMA}/subscribedskus").json()
    errors = {"items.eligibilities.errors.code", "items.eligibilities.errors.description"}
    assert paths(upgrades) - paths(found) == errors
    assert {path.split(".")[1] for path in paths(found) - paths(upgrades)} == {"subscriptionEligibilities"}
    plans = {path for path in paths(licences) if path.startswith("items.servicePlans.")}
    assert paths(licences) - paths(pools) == plans
    assert paths(pools) - paths(licences) == set()


def test_a_transition_has_the_members_of_the_published_request(desk: Desk, contracts: pathlib.Path) -> None:
    folder = contracts / "partner-center" / "docs-samples-2021"
    document = json.loads((folder / "transition-a-new-commerce-subscription.json").read_text(encoding="utf-8-sig"))
    (sample,) = [message["body"] for message in document["messages"] if "toCatalogItemId" in (message["body"] or {})]
    members = {"quantity": sample["quantity"], "transitionType": sample["transitionType"]}
    answer = desk.upgrade(toSubscriptionId=terms_scene.PLUS, **members)
    assert answer.status_code == 200
    assert set(sample) - {"termDuration", "billingCycle"} <= set(answer.json())


def test_the_check_of_a_promotion_answers_the_published_question(desk: Desk, contracts: pathlib.Path) -> None:
    sample = published(contracts, "verify-promotion-eligibility", holding="PromotionEligibilities")
    folder = contracts / "partner-center" / "docs-samples-2021"
    document = json.loads((folder / "verify-promotion-eligibility.json").read_text(encoding="utf-8-sig"))
    (asked,) = [message["body"] for message in document["messages"] if message["kind"] == "request"]
    answer = desk.partner.call("POST", f"/customers/{ALPHA}/promotionEligibilities", asked)
    assert answer.status_code == 200
    unknown = {path for path in paths(sample) - paths(answer.json()) if ".errors." not in path}
    assert unknown == set()
    assert answer.json()["items"][0]["eligibilities"][0]["errors"][0]["type"] == "InvalidCatalogItemId"
