"""Promotions: who gets them, their caps, and the full price that nobody is told of."""

from typing import Any

import pytest

from tests.simulator.partner_scene import code_of
from tests.simulator.terms_scene import GAMMA, PLUS, PLUS_SKU, STARTER_SKU, Desk, next_term

SPRING = "39NFJQT1PLUS:0001:39NFJQT1AAAA"
SUMMER = "39NFJQT1PLUS:0001:39NFJQT1BBBB"


def promotion(promotion_id: str = SPRING, **members: Any) -> dict[str, Any]:
    """Plus for a year billed by the month, from February to June 2026, in Germany."""
    term = {"duration": "P1Y", "billingCycle": "Monthly"}
    required = {"productId": "CFQ7TTC0BBB2", "skuId": "0001", "term": term}
    required["pricingPolicies"] = [{"policyType": "PercentDiscount", "value": "0.15"}]
    return {
        "id": promotion_id,
        "country": "DE",
        "name": "Spring",
        "startDate": "2026-02-01T00:00:00Z",
        "endDate": "2026-06-30T23:59:59Z",
        "properties": {"isAutoApplicable": False},
        "requiredProducts": [required],
    } | members


def judged(desk: Desk, *, quantity: int = 3, cycle: str = "Monthly", **members: Any) -> list[dict[str, Any]]:
    item = {"catalogItemId": desk.item(PLUS_SKU), "quantity": quantity, "termDuration": "P1Y", "billingCycle": cycle}
    path = f"/customers/{GAMMA}/promotionEligibilities"
    answer = desk.partner.call("POST", path, {"items": [item | members]})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"][0]["eligibilities"]
    return found


def test_what_the_vendor_knows_of_its_caps_is_not_on_the_wire(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion(caps={"totalSeats": 5})]})
    listed = desk.partner.get("/productpromotions?country=DE&segment=commercial").json()["items"]
    (found,) = [item for item in listed if item["id"] == SPRING]
    assert set(found) == {"id", "name", "startDate", "endDate", "properties", "requiredProducts"}
    assert desk.partner.get(f"/productpromotions/{SPRING}?country=DE").json() == found


def test_an_eligible_purchase_carries_its_promotion(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion()]})
    assert judged(desk) == [{"promotionId": SPRING, "isEligible": True, "errors": []}]
    assert desk.bought(PLUS_SKU, promotionId=SPRING)["promotionId"] == SPRING
    assert "promotionId" not in desk.bought(PLUS_SKU)


def test_a_promotion_that_applies_by_itself_needs_no_name(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion(properties={"isAutoApplicable": True})]})
    assert desk.bought(PLUS_SKU)["promotionId"] == SPRING


def test_another_term_is_named_by_the_check_and_sold_at_full_price_without_a_word(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion()]})
    (found,) = judged(desk, cycle="Annual")
    assert found["isEligible"] is False
    (error,) = found["errors"]
    assert (error["type"], error["eligibleTerms"]) == ("Term", [{"duration": "P1Y", "billingCycle": "Monthly"}])
    sold = desk.bought(PLUS_SKU, promotionId=SPRING, billingCycle="annual")
    assert "promotionId" not in sold


@pytest.mark.parametrize(
    ("caps", "quantity", "kind"),
    [
        ({"minimumSeats": 4}, 3, "SeatCount"),
        ({"maximumSeats": 2}, 3, "SeatCount"),
        ({"totalSeats": 2}, 3, "SeatCount"),
        ({"firstPurchase": True}, 3, "OfferPurchasedPreviously"),
        ({"redemptions": 0}, 3, "RedemptionLimit"),
    ],
)
def test_caps_are_named_and_refuse_the_purchase(desk: Desk, caps: dict[str, int], quantity: int, kind: str) -> None:
    desk.simulator.seed({"promotions": [promotion(caps=caps)]})
    assert [error["type"] for error in judged(desk, quantity=quantity)[0]["errors"]] == [kind]
    assert code_of(desk.order(PLUS_SKU, quantity=quantity, promotionId=SPRING)) == (400, 10014)
    assert "promotionId" not in desk.bought(PLUS_SKU, quantity=quantity)


def test_seats_count_across_promotions_of_the_product_and_even_after_cancelling(desk: Desk) -> None:
    cap = {"totalSeats": 10}
    desk.simulator.seed({"promotions": [promotion(caps=cap), promotion(SUMMER, caps=cap)]})
    first = desk.bought(PLUS_SKU, quantity=4, promotionId=SPRING)
    desk.change(first["id"], status="deleted")
    second = desk.bought(PLUS_SKU, quantity=4, promotionId=SUMMER)
    (error,) = judged(desk, promotionId=SPRING)[0]["errors"]
    assert (error["type"], error["availableSeats"]) == ("SeatCount", 2)
    assert code_of(desk.change(second["id"], quantity=7)) == (400, 800088)
    assert desk.change(second["id"], quantity=6).status_code == 200
    assert code_of(desk.change(second["id"], quantity=7)) == (400, 800088)


def test_seats_bought_from_others_count_too(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion(caps={"totalSeats": 10})]})
    foreign = {"productId": "CFQ7TTC0BBB2", "skuId": "0001", "quantity": 9, "promotionId": SPRING}
    foreign["ownerTenantId"] = "88888888-8888-4888-8888-888888888888"
    foreign["id"] = "5a000000-0000-4000-8000-000000000099"
    customer = {"tenantId": GAMMA, "company": "Gamma", "domain": "gamma.example", "subscriptions": [foreign]}
    desk.simulator.seed({"customers": [customer]})
    assert judged(desk, quantity=2)[0]["errors"][0]["availableSeats"] == 1


def test_unknown_promotions_and_items_are_told_apart(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion()]})
    kinds = [
        judged(desk, promotionId="39NFJQT1NONE:0001:X")[0]["errors"][0]["type"],
        judged(desk, catalogItemId=desk.item(STARTER_SKU))[0]["errors"][0]["type"],
        judged(desk, catalogItemId="CFQ7TTC0BBB2:0001:STALE")[0]["errors"][0]["type"],
    ]
    assert kinds == ["InvalidPromotion", "NoPromotionsAvailable", "InvalidCatalogItemId"]
    assert code_of(desk.order(PLUS_SKU, promotionId="39NFJQT1NONE:0001:X")) == (400, 10014)


@pytest.mark.parametrize(("ends", "kept"), [("2026-09-01T23:59:59Z", True), ("2026-08-31T23:59:59Z", False)])
def test_a_renewal_keeps_the_promotion_only_inside_its_own_window(desk: Desk, ends: str, kept: bool) -> None:
    """Plus renews on 2026-09-01."""
    offer = promotion(endDate=ends, properties={"isAutoApplicable": True})
    desk.simulator.seed({"promotions": [offer]})
    planned = desk.change(PLUS, scheduledNextTermInstructions=next_term(7, sku=PLUS_SKU)).json()
    product = planned["scheduledNextTermInstructions"]["product"]
    assert product.get("promotionId") == (SPRING if kept else None)
    desk.at("2026-09-01T00:00:00Z")
    assert desk.read(PLUS).get("promotionId") == (SPRING if kept else None)


def test_a_merge_into_a_subscription_without_a_promotion_adds_none(desk: Desk) -> None:
    desk.simulator.seed({"promotions": [promotion(properties={"isAutoApplicable": True})]})
    desk.upgrade(quantity=2, toSubscriptionId=PLUS)
    assert "promotionId" not in desk.read(PLUS)
    desk.upgrade(quantity=8)
    assert desk.read()["promotionId"] == SPRING
