"""Terms that end with other things: the dates on offer, on purchases and at renewals, and their refusals."""

from typing import Any

import pytest

from tests.simulator.partner_scene import code_of
from tests.simulator.terms_scene import PATH, PLUS, PLUS_SKU, STARTER, STARTER_SKU, Desk, next_term


def offered(desk: Desk, query: str) -> list[tuple[str, str, list[str]]]:
    answer = desk.partner.get(f"{PATH}/customTermEndDates?{query}")
    assert answer.status_code == 200, answer.text
    return [
        (
            item["allowedCustomTermEndDateType"].removesuffix("Aligned"),
            item["allowedCustomTermEndDate"][:10],
            item["cotermSubscriptionIds"],
        )
        for item in answer.json()["items"]
    ]


def test_a_year_may_end_with_another_subscription_or_at_the_last_months_end(desk: Desk) -> None:
    assert offered(desk, "term_duration=P1Y") == [
        ("subscription", "2026-06-14", [STARTER]),
        ("subscription", "2026-08-31", [PLUS]),
        ("calendarMonth", "2027-02-28", []),
    ]


@pytest.mark.parametrize(
    ("query", "last"),
    [
        ("term_duration=P1Y&term_start_date=2022-07-15", "2023-06-30"),
        ("term_duration=P3Y&term_start_date=2022-07-15", "2025-06-30"),
        ("term_duration=P1M&term_start_date=2022-07-15", "2022-07-31"),
        ("term_duration=P1Y&term_start_date=2023-02-04", "2024-01-31"),
    ],
)
def test_the_published_examples_of_month_ends_hold(desk: Desk, query: str, last: str) -> None:
    assert offered(desk, query)[-1] == ("calendarMonth", last, [])


def test_three_years_end_on_the_last_common_anniversary(desk: Desk) -> None:
    """As published: bought 2022-07-01 beside a year ending 2022-10-01, ends 2024-10-01."""
    desk.at("2022-07-01T08:00:00Z")
    year = {"productId": "CFQ7TTC0BBB2", "skuId": "0001", "quantity": 1, "createdAt": "2021-10-02T08:00:00Z"}
    tenant = {"tenantId": "66666666-6666-4666-8666-666666666666", "company": "Delta", "domain": "delta.example"}
    desk.simulator.seed({"customers": [tenant | {"subscriptions": [year]}]})
    path = f"/customers/{tenant['tenantId']}/subscriptions/customTermEndDates"
    for term, day in (("P3Y", "2024-10-01"), ("P1Y", "2022-10-01")):
        items = desk.partner.get(f"{path}?term_duration={term}").json()["items"]
        assert items[0]["allowedCustomTermEndDate"][:10] == day


def test_a_month_aligns_to_days_that_every_month_has(desk: Desk) -> None:
    assert offered(desk, "term_duration=P1M&term_start_date=2026-03-02") == [
        ("subscription", "2026-03-14", [STARTER]),
        ("subscription", "2026-03-31", [PLUS]),
        ("calendarMonth", "2026-03-31", []),
    ]
    uneven = desk.bought(customTermEndDate="2026-09-30")
    assert offered(desk, f"term_duration=P1M&target_coterm_subscription_id={uneven['id']}") == [
        ("subscription", "2026-03-31", [uneven["id"]])
    ]
    desk.at("2026-03-30T08:00:00Z")
    odd = desk.bought(PLUS_SKU)
    assert odd["commitmentEndDate"] == "2027-03-29T00:00:00Z"
    assert offered(desk, f"term_duration=P1M&target_coterm_subscription_id={odd['id']}") == []


def test_years_do_not_align_to_months(desk: Desk) -> None:
    month = desk.bought(termDuration="P1M")
    assert offered(desk, f"term_duration=P1Y&target_coterm_subscription_id={month['id']}") == []
    assert code_of(desk.partner.get(f"{PATH}/customTermEndDates?term_duration=P2Y")) == (400, 400)


def test_an_aligned_purchase_has_a_short_first_term_and_full_ones_after_it(desk: Desk) -> None:
    found = desk.bought(customTermEndDate="2026-06-14T00:00:00Z", billingCycle="annual")
    assert (found["commitmentEndDate"], found["customTermEndDate"]) == ("2026-06-14T00:00:00Z",) * 2
    assert found["billingCycleEndDate"] == "2026-06-14T00:00:00Z"
    desk.at("2026-06-15T00:00:00Z")
    renewed = desk.read(found["id"])
    assert renewed["commitmentEndDate"] == "2027-06-14T00:00:00Z"
    assert "customTermEndDate" not in renewed


def test_a_cart_marks_a_wrong_end_date_and_the_order_carries_a_right_one(desk: Desk) -> None:
    def line(**members: Any) -> dict[str, Any]:
        sent = {"catalogItemId": desk.item(STARTER_SKU), "quantity": 1, "termDuration": "P1Y"}
        return sent | {"billingCycle": "monthly"} | members

    lines = [line(customTermEndDate=day) for day in ("2026-06-13", "2027-03-31", "soon", "2026-06-30")]
    path = PATH.replace("subscriptions", "carts")
    cart = desk.partner.call("POST", path, {"lineItems": lines}).json()
    assert [item.get("error", {}).get("errorCode") for item in cart["lineItems"]] == [10017, 10017, 10017, None]
    good = desk.partner.call("POST", path, {"lineItems": lines[3:]}).json()
    order = desk.partner.call("POST", f"{path}/{good['id']}/checkout").json()["orders"][0]
    assert order["lineItems"][0]["customTermEndDate"] == "2026-06-30T00:00:00Z"


@pytest.mark.parametrize(
    ("day", "code"), [("2026-06-13", 900242), ("2027-03-31", 900245), ("2026-03-01", 900245), ("x", 900242)]
)
def test_an_order_refuses_a_wrong_end_date(desk: Desk, day: str, code: int) -> None:
    assert code_of(desk.order(customTermEndDate=day)) == (400, code)
    assert desk.simulator.effects() == []


def test_the_next_term_can_be_aligned_by_the_schedule(desk: Desk) -> None:
    """Starter's next term begins on 2026-06-15; Plus ends on 2026-08-31 and, renewed, a year later."""
    wrong = desk.change(scheduledNextTermInstructions=next_term(10) | {"customTermEndDate": "2026-07-03"})
    beyond = desk.change(scheduledNextTermInstructions=next_term(10) | {"customTermEndDate": "2027-06-30"})
    assert (code_of(wrong), code_of(beyond)) == ((400, 900246), (400, 900245))
    kept = desk.change(scheduledNextTermInstructions=next_term(10) | {"customTermEndDate": "2026-08-31T00:00:00Z"})
    assert kept.json()["scheduledNextTermInstructions"]["customTermEndDate"] == "2026-08-31T00:00:00Z"
    desk.at("2026-06-15T00:00:00Z")
    assert desk.read()["commitmentEndDate"] == "2026-08-31T00:00:00Z"
    desk.at("2026-09-01T00:00:00Z")
    assert {desk.read(one)["commitmentEndDate"] for one in (STARTER, PLUS)} == {"2027-08-31T00:00:00Z"}


@pytest.mark.parametrize("day", ["x", "9999-12-31", "0001-01-01", "2026-02-30", "1e99"])
def test_a_start_that_is_no_day_of_this_age_is_refused(desk: Desk, day: str) -> None:
    answer = desk.partner.get(f"{PATH}/customTermEndDates?term_duration=P3Y&term_start_date={day}")
    assert answer.status_code == 400
