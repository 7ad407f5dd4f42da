"""What is sold to a customer, under which promotion and end dates, and the agreement needed for it."""

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors.conftest import AT, PARTNER, TENANT

CUSTOMER = f"{PARTNER}/v1/customers/{TENANT.customer_id}"
AVAILABILITIES = f"{CUSTOMER}/products/CFQ7TTC0LH18/skus/0001/availabilities"
REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")
PROMOTION = "39NFJQT1PJQB:0001:39NFJQT1Q5KN"

pytestmark = pytest.mark.usefixtures("partner_token")


def available(**changes: Any) -> dict[str, Any]:
    return {
        "id": "CFQ7TTC0K971",
        "productId": "CFQ7TTC0LH18",
        "skuId": "0001",
        "catalogItemId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "segment": "commercial",
        "isPurchasable": True,
        "terms": [
            {"duration": "P1Y", "billingCycle": "Monthly"},
            {"duration": "P1Y", "billingCycle": "Annual"},
        ],
    } | changes


def ask(
    vendor: microsoft.MicrosoftVendor,
    term: str = "P1Y",
    billing_cycle: str = "monthly",
    segment: str = "commercial",
) -> str | None:
    return vendor.availability(
        tenant=TENANT,
        product_id="CFQ7TTC0LH18",
        vendor_sku_id="0001",
        term=term,
        billing_cycle=billing_cycle,
        segment=segment,
        at=AT,
    )


def test_the_item_is_asked_for_anew_each_time(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.get(AVAILABILITIES)
    drifted = available(catalogItemId="CFQ7TTC0LH18:0001:CFQ7TTC0NEXT")
    route.side_effect = [
        respx.MockResponse(200, json={"items": [available()]}),
        respx.MockResponse(200, json={"items": [drifted]}),
    ]
    assert ask(vendor) == "CFQ7TTC0LH18:0001:CFQ7TTC0K971"
    assert ask(vendor) == "CFQ7TTC0LH18:0001:CFQ7TTC0NEXT"
    assert route.calls.last.request.url.query == b"targetSegment=commercial"


@pytest.mark.parametrize(
    "items",
    [
        [],
        [available(isPurchasable=False)],
        [available(segment="education")],
        [available(terms=[{"duration": "P1M", "billingCycle": "Monthly"}])],
        [available(terms=[])],
        [available(terms=None)],
        [available(skuId="0002")],
        [available(catalogItemId=None)],
        [available(catalogItemId="CFQ7TTC0LH18")],
    ],
)
def test_what_is_not_sold_so_has_no_item(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, items: list[dict[str, Any]]
) -> None:
    httpx2_mock.get(AVAILABILITIES).respond(200, json={"items": items})
    assert ask(vendor) is None


def test_the_matching_one_of_several_is_taken(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    other = available(segment="Education", catalogItemId="CFQ7TTC0LH18:0001:EDU")
    unmarked = {name: value for name, value in available().items() if name not in ("isPurchasable", "segment")}
    httpx2_mock.get(AVAILABILITIES).respond(200, json={"items": [other, unmarked]})
    assert ask(vendor, billing_cycle="annual") == "CFQ7TTC0LH18:0001:CFQ7TTC0K971"


@pytest.mark.parametrize("segment", ["commercial", "education", "government", "non_profit"])
def test_a_segment_is_asked_for_and_read_in_the_words_of_the_vendor(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, segment: str
) -> None:
    theirs = {"non_profit": "nonprofit"}.get(segment, segment)
    others = {"commercial", "education", "government", "nonprofit"} - {theirs}
    shelf = [available(segment=each, catalogItemId=f"CFQ7TTC0LH18:0001:{each.upper()}") for each in sorted(others)]
    route = httpx2_mock.get(AVAILABILITIES)
    for told in (theirs, theirs.capitalize()):
        route.respond(200, json={"items": [*shelf, available(segment=told)]})
        assert ask(vendor, segment=segment) == "CFQ7TTC0LH18:0001:CFQ7TTC0K971"
    route.respond(200, json={"items": shelf})
    assert ask(vendor, segment=segment) is None
    promoted_to = httpx2_mock.get(f"{PARTNER}/v1/productpromotions").respond(200, json={"items": []})
    assert vendor.promotions(country="DE", segment=segment, at=AT) == []
    queries = [each.calls.last.request.url.query.decode() for each in (route, promoted_to)]
    assert queries == [f"targetSegment={theirs}", f"country=DE&segment={theirs}"]


@pytest.mark.parametrize("code", [400013, 400018, 400019])
def test_an_unknown_product_is_not_sold(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, code: int
) -> None:
    httpx2_mock.get(AVAILABILITIES).respond(404, json={"code": code})
    assert ask(vendor) is None


def test_an_unknown_customer_is_trouble_and_not_an_empty_shelf(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    httpx2_mock.get(AVAILABILITIES).respond(404, json={"code": 60003})
    with pytest.raises(port.VendorMissing) as raised:
        ask(vendor)
    assert raised.value.code == "60003"


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": [1]}, []])
def test_a_list_without_items_is_not_an_empty_one(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, body: Any
) -> None:
    httpx2_mock.get(AVAILABILITIES).respond(200, json=body)
    with pytest.raises(port.VendorGarbled):
        ask(vendor)


def promoted(**changes: Any) -> dict[str, Any]:
    return {
        "id": PROMOTION,
        "name": "Visio Plan 1",
        "description": "A promotion",
        "startDate": "2026-09-23T00:00:00+00:00",
        "endDate": "2026-11-30T23:59:59+00:00",
        "properties": {"isAutoApplicable": True},
        "requiredProducts": [
            {
                "productId": "CFQ7TTC0HD33",
                "skuId": "0003",
                "term": {"duration": "P1Y", "billingCycle": "Annual"},
                "pricingPolicies": [{"policyType": "PercentDiscount", "value": "0.05"}],
            }
        ],
    } | changes


def test_promotions_are_plain_values(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.get(f"{PARTNER}/v1/productpromotions").respond(200, json={"items": [promoted()]})
    (seen,) = vendor.promotions(country="DE", segment="commercial", at=AT)
    assert route.calls.last.request.url.query == b"country=DE&segment=commercial"
    plan = port.Plan(term="P1Y", billing_cycle="annual")
    assert seen == port.Promotion(
        promotion_id=PROMOTION,
        name="Visio Plan 1",
        description="A promotion",
        starts_on=dt.date(2026, 9, 23),
        ends_on=dt.date(2026, 12, 1),
        is_automatic=True,
        products=(
            port.PromotedProduct(product_id="CFQ7TTC0HD33", vendor_sku_id="0003", plan=plan, share_off=Decimal("0.05")),
        ),
    )


@pytest.mark.parametrize(
    ("policies", "share_off"),
    [
        ([{"policyType": "PercentDiscount", "value": 0.167}], Decimal("0.167")),
        ([{"policyType": "percent_discount", "value": "0.1"}], Decimal("0.1")),
        ([{"policyType": "FixedPrice", "value": "3"}], None),
        ([], None),
        (None, None),
    ],
)
def test_only_a_percentage_is_a_share(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, policies: Any, share_off: Decimal | None
) -> None:
    products = [{"productId": "P", "skuId": "1", "pricingPolicies": policies}]
    httpx2_mock.get(f"{PARTNER}/v1/productpromotions").respond(
        200, json={"items": [promoted(requiredProducts=products, properties=None)]}
    )
    (seen,) = vendor.promotions(country="DE", segment="commercial", at=AT)
    assert (seen.products[0].share_off, seen.is_automatic) == (share_off, False)


@pytest.mark.parametrize(
    ("sku", "term", "cycle", "on", "is_covered"),
    [
        ("0003", "P1Y", "annual", dt.date(2026, 9, 23), True),
        ("0003", "P1Y", "annual", dt.date(2026, 11, 30), True),
        ("0003", "P1Y", "annual", dt.date(2026, 12, 1), False),
        ("0003", "P1Y", "annual", dt.date(2026, 9, 22), False),
        ("0003", "P1Y", "monthly", dt.date(2026, 11, 1), False),
        ("0003", "P3Y", "annual", dt.date(2026, 11, 1), False),
        ("0004", "P1Y", "annual", dt.date(2026, 11, 1), False),
    ],
)
def test_a_promotion_covers_its_very_plan_in_its_time_only(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    sku: str,
    term: str,
    cycle: str,
    on: dt.date,
    is_covered: bool,
) -> None:
    httpx2_mock.get(f"{PARTNER}/v1/productpromotions").respond(200, json={"items": [promoted()]})
    (seen,) = vendor.promotions(country="DE", segment="commercial", at=AT)
    plan = port.Plan(term=term, billing_cycle=cycle)
    assert seen.covers(product_id="cfq7ttc0hd33", vendor_sku_id=sku, plan=plan, on=on) is is_covered


def eligibility(vendor: microsoft.MicrosoftVendor) -> port.PromotionVerdict:
    return vendor.promotion_eligibility(
        tenant=TENANT,
        catalogue_id="CFQ7TTC0KZ59:0001:CFQ7TTC0KZ59",
        quantity=3,
        term="P1Y",
        billing_cycle="monthly",
        promotion_id=PROMOTION,
        at=AT,
    )


def verdict(*errors: dict[str, Any], is_eligible: Any = False, **changes: Any) -> dict[str, Any]:
    told = {"promotionId": f" {PROMOTION.lower()} ", "isEligible": is_eligible, "errors": list(errors)}
    return {"catalogItemId": "CFQ7TTC0KZ59:0001:CFQ7TTC0KZ59", "quantity": 3, "eligibilities": [told]} | changes


def test_a_granted_promotion_is_asked_for_by_a_post_that_changes_nothing(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor
) -> None:
    route = httpx2_mock.post(f"{CUSTOMER}/promotionEligibilities").respond(
        200, json={"items": [verdict(is_eligible=True)]}
    )
    assert eligibility(vendor) == port.PromotionVerdict(promotion_id=PROMOTION, refused=None, problems=())
    assert json.loads(route.calls.last.request.content) == {
        "items": [
            {
                "catalogItemId": "CFQ7TTC0KZ59:0001:CFQ7TTC0KZ59",
                "quantity": 3,
                "termDuration": "P1Y",
                "billingCycle": "monthly",
                "promotionId": PROMOTION,
            }
        ]
    }


TERM_ERROR = {"type": "Term", "eligibleTerms": [{"duration": "P3Y", "billingCycle": "Monthly"}]}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (verdict(TERM_ERROR), "promotion_term"),
        (verdict({"type": "SeatCount", "minRequiredSeats": 25}, TERM_ERROR), "promotion_term"),
        (verdict(TERM_ERROR, is_eligible=True), "promotion_term"),
        (verdict({"type": "SeatCount", "minimumRequiredSeats": 25}), "promotion_seats"),
        (verdict({"type": "PrerequisiteProductOwnership"}), "prerequisite_missing"),
        (verdict({"type": "InvalidCatalogItemId"}), "catalogue_changed"),
        (verdict({"type": "FirstPurchase"}), "promotion_not_allowed"),
        (verdict({"type": "OfTomorrow"}), "promotion_not_allowed"),
        (verdict({"type": None}), "promotion_not_allowed"),
        (verdict(), "promotion_not_allowed"),
        (verdict(is_eligible=None), "promotion_not_allowed"),
        (verdict(eligibilities=[]), "promotion_not_allowed"),
        (verdict(eligibilities=None), "promotion_not_allowed"),
        (verdict(eligibilities=[{"promotionId": "ANOTHER", "isEligible": True}]), "promotion_not_allowed"),
    ],
)
def test_a_promotion_that_is_not_plainly_granted_is_refused_by_us(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor, item: dict[str, Any], reason: str
) -> None:
    httpx2_mock.post(f"{CUSTOMER}/promotionEligibilities").respond(200, json={"items": [item]})
    seen = eligibility(vendor)
    assert seen.refused is not None
    assert not seen.is_eligible
    assert seen.refused.reason == reason
    assert reason in port.REASONS


def test_a_problem_tells_what_would_be_accepted(httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor) -> None:
    seats = {"type": "SeatCount", "minRequiredSeats": 0, "maximumRequiredSeats": 500, "availableSeats": 7}
    limit = {"type": "RedemptionLimit", "remainingPromotionRedemptionCount": 0}
    httpx2_mock.post(f"{CUSTOMER}/promotionEligibilities").respond(
        200, json={"items": [verdict(TERM_ERROR, seats, limit)]}
    )
    term, seat, used = eligibility(vendor).problems
    assert term.plans == (port.Plan(term="P3Y", billing_cycle="monthly"),)
    assert (seat.kind, seat.minimum_seats, seat.maximum_seats, seat.available_seats) == ("seat_count", 0, 500, 7)
    assert (used.kind, used.redemptions_left) == ("redemption_limit", 0)


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {},
        {"items": [verdict(catalogItemId="CFQ7TTC0KZ59:0002:CFQ7TTC0KZ59", is_eligible=True)]},
        {"items": [verdict(termDuration="P3Y", is_eligible=True)]},
        {"items": [verdict(billingCycle="annual", is_eligible=True)]},
        {"items": [verdict(quantity=4, is_eligible=True)]},
    ],
)
def test_a_verdict_about_another_purchase_is_none(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor, body: dict[str, Any]
) -> None:
    httpx2_mock.post(f"{CUSTOMER}/promotionEligibilities").respond(200, json=body)
    with pytest.raises(port.VendorGarbled):
        eligibility(vendor)


def test_end_dates_come_over_pages_named_in_a_header(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor
) -> None:
    month = {"allowedCustomTermEndDateType": "calendarMonthAligned", "allowedCustomTermEndDate": "2028-02-29T00:00:00Z"}
    other = {
        "allowedCustomTermEndDateType": "subscriptionAligned",
        "allowedCustomTermEndDate": "2027-10-01T23:59:59Z",
        "cotermSubscriptionIds": ["ABC"],
    }
    route = httpx2_mock.get(f"{CUSTOMER}/subscriptions/customTermEndDates")
    route.side_effect = [
        respx.MockResponse(200, json={"items": [month]}, headers={"MS-ContinuationToken": "more=="}),
        respx.MockResponse(200, json={"items": [other]}),
    ]
    seen = vendor.custom_ends(tenant=TENANT, term="P1Y", starts_on=dt.date(2026, 11, 22), at=AT, align_with="ABC")
    assert list(seen) == [
        port.CustomEnd(end_on=dt.date(2028, 3, 1), is_month_end=True, subscription_ids=()),
        port.CustomEnd(end_on=dt.date(2027, 10, 2), is_month_end=False, subscription_ids=("abc",)),
    ]
    first, second = (call.request for call in route.calls)
    assert first.url.query == b"term_duration=P1Y&term_start_date=2026-11-22&target_coterm_subscription_id=ABC"
    assert (second.url.query, second.headers["ms-continuationtoken"]) == (first.url.query, "more==")


def test_a_header_that_always_names_the_same_page_is_given_up(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor
) -> None:
    route = httpx2_mock.get(f"{CUSTOMER}/subscriptions/customTermEndDates").respond(
        200, json={"items": []}, headers={"MS-ContinuationToken": "same"}
    )
    with pytest.raises(port.VendorGarbled):
        vendor.custom_ends(tenant=TENANT, term="P1Y", starts_on=dt.date(2026, 11, 22), at=AT)
    assert route.call_count < 5


@pytest.mark.parametrize("day", [None, "", "soon", "0001-01-01T00:00:00"])
def test_an_end_date_without_a_day_is_garbled(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor, day: str | None
) -> None:
    httpx2_mock.get(f"{CUSTOMER}/subscriptions/customTermEndDates").respond(
        200, json={"items": [{"allowedCustomTermEndDate": day}]}
    )
    with pytest.raises(port.VendorGarbled):
        vendor.custom_ends(tenant=TENANT, term="P1Y", starts_on=dt.date(2026, 11, 22), at=AT)
