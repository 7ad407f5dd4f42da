"""Carts, checkout and orders, with provisioning that takes its time."""

import uuid
from typing import Any

import httpx2

from tests.simulator.partner_scene import ALPHA, BETA, Partner, code_of

CARTS = f"/customers/{ALPHA}/carts"
ARCHIVING = "CFQ7TTC0AAA2"


def line(partner: Partner, *, product_id: str = "CFQ7TTC0AAA1", quantity: int = 3, **members: Any) -> dict[str, Any]:
    item = {"catalogItemId": partner.catalogue_item(product_id), "quantity": quantity}
    return item | {"termDuration": "P1Y", "billingCycle": "annual"} | members


def filled(partner: Partner, *lines: dict[str, Any]) -> dict[str, Any]:
    answer = partner.call("POST", CARTS, {"lineItems": list(lines)})
    assert answer.status_code == 201, answer.text
    cart: dict[str, Any] = answer.json()
    return cart


def checked_out(partner: Partner, cart: dict[str, Any], *, request_id: str = "") -> httpx2.Response:
    path = f"{CARTS}/{cart['id']}/checkout"
    return partner.call("POST", path, MS_RequestId=request_id or str(uuid.uuid4()))


def test_a_cart_becomes_an_order_with_a_subscription(partner: Partner) -> None:
    cart = filled(partner, line(partner))
    assert (cart["status"], cart["expirationTimestamp"]) == ("Active", "2026-03-09T09:30:00.0000000Z")
    answer = checked_out(partner, cart)
    assert answer.status_code == 201
    (order,) = answer.json()["orders"]
    assert order["status"] == "completed"
    bought = partner.subscription(subscription_id=order["lineItems"][0]["subscriptionId"])
    assert (bought["quantity"], bought["termDuration"], bought["billingCycle"]) == (3, "P1Y", "annual")
    assert bought["cancellationAllowedUntilDate"] == "2026-03-09T09:30:00.0000000Z"
    assert bought["commitmentEndDate"] == "2027-03-01T00:00:00Z"
    assert partner.get(f"{CARTS}/{cart['id']}").json()["status"] == "Ordered"


def test_checking_out_again_repeats_the_first_result_even_under_another_request_id(partner: Partner) -> None:
    cart = filled(partner, line(partner))
    first, second = checked_out(partner, cart), checked_out(partner, cart)
    assert second.json() == first.json()
    kinds = [effect["kind"] for effect in partner.simulator.effects()]
    assert kinds.count("subscription.created") == 1
    assert code_of(partner.call("PUT", f"{CARTS}/{cart['id']}", {"lineItems": [line(partner)]})) == (400, 800065)


def test_a_bad_line_does_not_stop_the_cart_but_its_part_of_the_order(partner: Partner) -> None:
    cart = filled(
        partner, line(partner), line(partner, catalogItemId="CFQ7TTC0AAA1:0001:STALE", billingCycle="monthly")
    )
    assert "error" not in cart["lineItems"][0]
    assert cart["lineItems"][1]["error"]["errorCode"] == 10001
    result = checked_out(partner, cart).json()
    assert len(result["orders"]) == 1
    assert [(error["orderGroupId"], error["code"]) for error in result["orderErrors"]] == [("1", 400019)]


def test_lines_are_judged_by_plan_seats_and_prerequisites(partner: Partner) -> None:
    cart = filled(
        partner,
        line(partner, billingCycle="triennial"),
        line(partner, quantity=301),
        line(partner, quantity=0),
        line(partner, product_id=ARCHIVING),
    )
    errors = [item.get("error", {}).get("errorCode") for item in cart["lineItems"]]
    assert errors == [10013, 10015, 10010, None]


def test_an_addon_needs_a_base_that_the_tenant_has_or_buys_along(partner: Partner) -> None:
    partner.simulator.clock(now="2027-01-01T00:00:00Z")
    partner.renew_token()
    path = f"/customers/{ALPHA}/subscriptions"
    assert filled(partner, line(partner, product_id=ARCHIVING))["lineItems"][0].get("error") is None
    for held in partner.get(path).json()["items"]:
        partner.patch(held | {"status": "suspended"}, path=f"{path}/{held['id']}")
    partner.simulator.clock(now="2026-12-01T00:00:00Z")
    connectionless = "44444444-4444-4444-8444-444444444444"
    partner.simulator.seed({"customers": [{"tenantId": connectionless, "company": "New", "domain": "new.example"}]})
    carts = f"/customers/{connectionless}/carts"
    alone = partner.call("POST", carts, {"lineItems": [line(partner, product_id=ARCHIVING)]}).json()
    along = partner.call("POST", carts, {"lineItems": [line(partner, product_id=ARCHIVING), line(partner)]}).json()
    assert alone["lineItems"][0]["error"]["errorCode"] == 400041
    assert "error" not in along["lineItems"][0]


def test_a_replaced_cart_holds_the_new_lines_and_an_expired_one_is_gone(partner: Partner) -> None:
    cart = filled(partner, line(partner))
    changed = partner.call("PUT", f"{CARTS}/{cart['id']}", {"LineItems": [line(partner, quantity=9)]}).json()
    assert [item["quantity"] for item in changed["lineItems"]] == [9]
    partner.simulator.clock(advance_s=7 * 86400)
    partner.renew_token()
    assert code_of(checked_out(partner, cart)) == (404, 800008)
    assert code_of(partner.get(f"{CARTS}/{uuid.uuid4()}")) == (404, 800008)


def test_nothing_is_sold_before_the_agreement_is_accepted(partner: Partner) -> None:
    path = f"/customers/{BETA}"
    cart = partner.call("POST", f"{path}/carts", {"lineItems": [line(partner)]}).json()
    assert code_of(partner.call("POST", f"{path}/carts/{cart['id']}/checkout")) == (403, 13605)
    assert code_of(partner.call("POST", f"{path}/orders", {"lineItems": [line(partner)]})) == (403, 13605)


def test_a_recorded_acceptance_opens_the_shop_and_counts_once(partner: Partner) -> None:
    (template,) = partner.get("/agreements?agreementType=MicrosoftCustomerAgreement").json()["items"]
    contact = {"firstName": "Tia", "lastName": "Kern", "email": "tia@beta.example"}
    agreement = {
        "primaryContact": contact,
        "templateId": template["templateId"],
        "dateAgreed": "2026-03-02T00:00:00.000Z",
        "type": "MicrosoftCustomerAgreement",
    }
    path = f"/customers/{BETA}/agreements"
    assert code_of(partner.call("POST", path, agreement | {"dateAgreed": "2026-03-03T00:00:00Z"})) == (400, 400)
    assert partner.call("POST", path, agreement).status_code == 201
    again = partner.call("POST", path, agreement)
    assert code_of(again) == (400, 600061)
    assert {"message", "errorName", "isRetryable", "parameters", "errorMessageExtended"} < set(again.json())
    listed = partner.get(f"{path}?agreementType=MicrosoftCustomerAgreement").json()["items"]
    assert [item["primaryContact"] for item in listed] == [contact]
    assert partner.get(path).json()["items"] == []
    order = partner.call("POST", f"/customers/{BETA}/orders", {"lineItems": [line(partner)]})
    assert order.status_code == 201


def test_an_order_is_pending_and_nameless_until_provisioned_and_listed_late(partner: Partner) -> None:
    partner.simulator.settings(provisioning_s=1800, order_lag_s=900)
    order = checked_out(partner, filled(partner, line(partner))).json()["orders"][0]
    path = f"/customers/{ALPHA}/orders/{order['id']}"
    assert order["status"] == "pending"
    assert "subscriptionId" not in order["lineItems"][0]
    assert code_of(partner.get(path)) == (404, 20000)
    partner.simulator.clock(advance_s=900)
    assert partner.get(path).json()["status"] == "pending"
    status = partner.get(f"{path}/provisioningstatus").json()["items"][0]
    assert (status["status"], len(partner.get(f"/customers/{ALPHA}/subscriptions").json()["items"])) == (
        "unfulfilled",
        1,
    )
    partner.simulator.clock(advance_s=900)
    done = partner.get(path).json()
    assert done["status"] == "completed"
    assert partner.subscription(subscription_id=done["lineItems"][0]["subscriptionId"])["quantity"] == 3
    assert partner.get(f"{path}/provisioningstatus").json()["items"][0]["status"] == "fulfilled"


def test_an_order_can_be_placed_in_one_step_and_only_whole(partner: Partner) -> None:
    good = {"offerId": partner.catalogue_item(), "quantity": 2, "termDuration": "P1Y"}
    bad = good | {"offerId": "CFQ7TTC0AAA1:0001:STALE"}
    path = f"/customers/{ALPHA}/orders"
    refused = partner.call("POST", path, {"billingCycle": "annual", "lineItems": [good, bad]})
    assert code_of(refused) == (404, 400019)
    assert partner.simulator.effects() == []
    placed = partner.call("POST", path, {"billingCycle": "Annual", "lineItems": [good]})
    assert (placed.status_code, placed.json()["billingCycle"]) == (201, "annual")
    assert partner.get(f"{path}?billingType=monthly").json()["items"] == []
    assert len(partner.get(f"{path}?billingType=annual").json()["items"]) == 1
    assert code_of(partner.call("POST", path, {"lineItems": []})) == (400, 400)


def test_a_late_checkout_hides_order_and_subscription_until_its_instant(partner: Partner) -> None:
    cart = filled(partner, line(partner))
    partner.simulator.fault("late_visibility", match={"path": "checkout$"}, visible_after_s=1200)
    order = checked_out(partner, cart).json()["orders"][0]
    assert code_of(partner.get(f"/customers/{ALPHA}/orders/{order['id']}")) == (404, 20000)
    partner.simulator.clock(advance_s=1200)
    done = partner.get(f"/customers/{ALPHA}/orders/{order['id']}").json()
    assert done["lineItems"][0]["subscriptionId"]
    assert partner.simulator.fired()["late_visibility"] == 1
