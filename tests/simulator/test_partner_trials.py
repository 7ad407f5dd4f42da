"""Trials, and what else decides about a purchase: segments, ids that change daily, products of other sellers."""

from typing import Any

import pytest

from tests.simulator.partner_scene import ALPHA, code_of
from tests.simulator.terms_scene import (
    GAMMA,
    PATH,
    PEOPLE,
    PLUS,
    STARTER,
    STARTER_LICENCE,
    STARTER_SKU,
    TRIAL_SKU,
    Desk,
    next_term,
)

TRIAL = {"quantity": 25, "termDuration": "P1M", "billingCycle": "none"}


def test_a_trial_is_25_seats_for_30_days_and_becomes_a_paid_year(desk: Desk) -> None:
    trial = desk.bought(TRIAL_SKU, **TRIAL)
    assert (trial["isTrial"], trial["quantity"], trial["autoRenewEnabled"]) == (True, 25, True)
    assert trial["commitmentEndDate"] == "2026-03-31T00:00:00Z"
    planned = trial["scheduledNextTermInstructions"]
    assert (planned["quantity"], planned["product"]["termDuration"], planned["product"]["billingCycle"]) == (
        25,
        "P1Y",
        "monthly",
    )
    assert trial["refundableQuantity"]["totalQuantity"] == 0
    assert "cancellationAllowedUntilDate" not in trial
    desk.at("2026-04-01T00:00:00Z")
    paid = desk.read(trial["id"])
    assert (paid["isTrial"], paid["offerName"], paid["quantity"]) == (False, "Starter", 25)
    assert paid["commitmentEndDate"] == "2027-03-31T00:00:00Z"
    assert paid["cancellationAllowedUntilDate"] == "2026-04-08T00:00:00.0000000Z"
    assert [kind for kind, _ in desk.lines("convert")] == ["SystemPurchase"]


def test_a_trial_cannot_be_changed_but_planned_smaller_or_let_go(desk: Desk) -> None:
    trial = desk.bought(TRIAL_SKU, **TRIAL)["id"]
    assert code_of(desk.change(trial, quantity=26)) == (400, 800095)
    assert code_of(desk.change(trial, status="suspended")) == (400, 800040)
    assert code_of(desk.change(trial, status="deleted")) == (400, 800040)
    assert code_of(desk.change(trial, termDuration="P1Y", billingCycle="monthly")) == (400, 800107)
    smaller = desk.change(trial, scheduledNextTermInstructions=next_term(4, term="P1M")).json()
    assert smaller["scheduledNextTermInstructions"]["quantity"] == 4
    desk.change(trial, autoRenewEnabled=False)
    desk.at("2026-04-01T00:00:00Z")
    assert desk.read(trial)["status"] == "expired"


def test_a_trial_planned_smaller_is_paid_for_with_fewer_seats(desk: Desk) -> None:
    trial = desk.bought(TRIAL_SKU, **TRIAL)["id"]
    desk.change(trial, scheduledNextTermInstructions=next_term(4, term="P1M"))
    desk.at("2026-04-01T00:00:00Z")
    paid = desk.read(trial)
    assert (paid["quantity"], paid["termDuration"], paid["commitmentEndDate"]) == (4, "P1M", "2026-04-30T00:00:00Z")


def test_a_trial_becomes_paid_early_with_no_fewer_seats_and_no_window(desk: Desk) -> None:
    trial = desk.bought(TRIAL_SKU, renewsTo={"termDuration": "P1M"}, **TRIAL)["id"]
    paid_item = desk.item(STARTER_SKU)
    (target,) = desk.partner.get(f"{PATH}/{trial}/transitionEligibilities").json()["items"]
    assert (target["catalogItemId"], target["subscriptionEligibilities"]) == (paid_item, [])
    assert code_of(desk.upgrade(trial, toCatalogItemId=paid_item, quantity=24)) == (400, 2002)
    desk.simulator.clock(advance_s=86400)
    desk.partner.renew_token()
    assert desk.upgrade(trial, toCatalogItemId=paid_item, quantity=30).status_code == 200
    paid = desk.read(trial)
    assert (paid["isTrial"], paid["offerName"], paid["quantity"]) == (False, "Starter", 30)
    assert (paid["termDuration"], paid["commitmentEndDate"]) == ("P1Y", "2027-03-02T00:00:00Z")
    assert "cancellationAllowedUntilDate" not in paid
    assert "scheduledNextTermInstructions" not in paid


def test_a_trial_that_is_to_become_something_unheard_of_becomes_a_year(desk: Desk) -> None:
    trial = desk.bought(TRIAL_SKU, renewsTo={"termDuration": "P9Y"}, **TRIAL)["id"]
    desk.at("2026-04-01T00:00:00Z")
    assert desk.read(trial)["commitmentEndDate"] == "2027-03-31T00:00:00Z"


def test_a_trial_is_had_once_and_takes_no_end_date(desk: Desk) -> None:
    assert code_of(desk.order(TRIAL_SKU, customTermEndDate="2026-03-31", **TRIAL)) == (400, 900244)
    assert code_of(desk.order(TRIAL_SKU, **(TRIAL | {"quantity": 24}))) == (400, 900275)
    desk.bought(TRIAL_SKU, **TRIAL)
    assert code_of(desk.order(TRIAL_SKU, **TRIAL)) == (403, 800066)


def test_a_seeded_trial_is_in_the_middle_of_its_thirty_days(desk: Desk) -> None:
    trial: dict[str, Any] = {"id": "5a000000-0000-4000-8000-000000000077", "productId": "CFQ7TTC0BBB1"}
    trial |= {"skuId": "00TR", "quantity": 25, "createdAt": "2026-02-20T08:00:00Z"}
    tenant = {"tenantId": GAMMA, "company": "Gamma", "domain": "gamma.example", "subscriptions": [trial]}
    desk.simulator.seed({"customers": [tenant]})
    found = desk.read(trial["id"])
    assert (found["isTrial"], found["commitmentEndDate"]) == (True, "2026-03-21T00:00:00Z")
    assert found["scheduledNextTermInstructions"]["product"]["skuId"] == "0001"


def test_a_nonprofit_item_needs_a_nonprofit_customer(desk: Desk) -> None:
    path = f"/customers/{GAMMA}/products/CFQ7TTC0BBB1/skus/0001/availabilities?targetSegment=nonprofit"
    (found,) = desk.partner.get(path).json()["items"]
    assert code_of(desk.order(offerId=found["catalogItemId"])) == (400, 800086)
    desk.simulator.seed(
        {"customers": [{"tenantId": GAMMA, "company": "Gamma", "domain": "gamma.example", "segment": "nonprofit"}]}
    )
    assert desk.order(offerId=found["catalogItemId"]).status_code == 201


def test_an_item_of_yesterday_is_stale(desk: Desk) -> None:
    desk.simulator.settings(catalogue_drifts=True)
    stale = desk.item(STARTER_SKU)
    assert desk.order(offerId=stale).status_code == 201
    desk.at("2026-03-03T00:00:00Z")
    assert code_of(desk.order(offerId=stale)) == (404, 400019)
    assert code_of(desk.upgrade(toCatalogItemId=stale)) == (404, 400019)
    assert desk.order(offerId=desk.item(STARTER_SKU)).status_code == 201


@pytest.mark.parametrize(("needed", "is_sold"), [("CFQ7TTC0AAA1:0001", True), ("CFQ7TTC0BBB2:0001", False)])
def test_a_prerequisite_may_come_from_another_seller(desk: Desk, needed: str, is_sold: bool) -> None:
    """Alpha holds Office Basic from another reseller as well; its own is suspended here."""
    own = f"/customers/{ALPHA}/subscriptions/5a000000-0000-4000-8000-000000000001"
    desk.partner.patch(desk.partner.get(own).json() | {"status": "suspended"}, path=own)
    addon: dict[str, Any] = {
        "skuId": "0009",
        "provisioningId": "b1000000-0000-4000-8000-000000000019",
        "partNumber": "ADDON",
    }
    addon |= {"isAddon": True, "prerequisites": ["CFQ7TTC0XXXX:0001", needed]}
    desk.simulator.seed({"products": [{"productId": "CFQ7TTC0CCC1", "title": "Add-on", "skus": [addon]}]})
    line = {"catalogItemId": desk.item("CFQ7TTC0CCC1:0009"), "quantity": 1, "termDuration": "P1Y"}
    cart = {"lineItems": [line | {"billingCycle": "monthly"}]}
    answer = desk.partner.call("POST", f"/customers/{ALPHA}/carts", cart).json()
    assert ("error" not in answer["lineItems"][0]) is is_sold


def test_a_pool_may_hold_more_people_than_seats_after_a_reduction(desk: Desk) -> None:
    desk.change(scheduledNextTermInstructions=next_term(2))
    desk.at("2026-06-15T00:00:00Z")
    items = desk.partner.get(f"/customers/{GAMMA}/subscribedskus").json()["items"]
    (pool,) = [item for item in items if item["productSku"]["id"] == STARTER_LICENCE]
    assert (pool["totalUnits"], pool["consumedUnits"], pool["availableUnits"]) == (2, len(PEOPLE), -1)
    assert desk.partner.get(f"/customers/{GAMMA}/subscribedskus?licenseGroupIds=Group2").json()["items"] == []


def test_pools_hold_suspended_units_apart_and_want_a_signed_in_user_when_told_so(desk: Desk) -> None:
    desk.change(status="suspended")
    items = desk.partner.get(f"/customers/{GAMMA}/subscribedskus").json()["items"]
    units = {item["productSku"]["id"]: (item["activeUnits"], item["suspendedUnits"]) for item in items}
    assert units[STARTER_LICENCE] == (0, 10)
    desk.simulator.settings(app_only_refused=True)
    assert code_of(desk.partner.get(f"/customers/{GAMMA}/subscribedskus")) == (403, 900329)


def test_every_effect_carries_the_request_that_asked_for_it_and_time_carries_none(desk: Desk) -> None:
    asked = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)]
    desk.change(PLUS, quantity=6, request_id=asked[0])
    desk.upgrade(quantity=2, toSubscriptionId=PLUS, request_id=asked[1])
    desk.change(status="suspended", request_id=asked[2])
    desk.at("2026-09-01T00:00:00Z")
    told = [
        (effect["kind"], effect["request_id"])
        for effect in desk.simulator.effects()
        if effect["subject"] in {STARTER, PLUS}
    ]
    assert told == [
        ("subscription.changed", asked[0]),
        ("transition.accepted", asked[1]),
        ("subscription.transitioned", asked[1]),
        ("subscription.changed", asked[2]),
        ("subscription.disabled", ""),
        ("subscription.renewed", ""),
    ]
