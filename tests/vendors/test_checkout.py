"""Checkout and orders: one send, and what was bought is never told from anything but an order."""

import datetime as dt
import json
import uuid
from typing import Any

import httpcore2
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import http, microsoft, port
from seatwright.vendors.partner_center import answers, carts
from tests.vendors.conftest import AT, PARTNER, TENANT

CARTS = f"{PARTNER}/v1/customers/{TENANT.customer_id}/carts"
ORDERS = f"{PARTNER}/v1/customers/{TENANT.customer_id}/orders"
CART_ID = "6b6ba6ea-d1ea-4c2c-9e1c-bec4f61e2049"
REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")
ITEM = "CFQ7TTC0LFLZ:0002:CFQ7TTC0K4TS"

pytestmark = pytest.mark.usefixtures("partner_token")


def order(order_id: str = "a68736758d9c", **changes: Any) -> dict[str, Any]:
    return {
        "id": order_id,
        "billingCycle": "monthly",
        "lineItems": [
            {
                "lineItemNumber": 0,
                "offerId": ITEM,
                "subscriptionId": "EF2E1307-86E6-40E3-A794-872403FBD31C",
                "termDuration": "P1Y",
                "transactionType": "New",
                "quantity": 3,
            }
        ],
        "creationDate": "2026-11-22T12:00:00.76+00:00",
        "status": "completed",
        "transactionType": "UserPurchase",
    } | changes


def checkout(vendor: microsoft.MicrosoftVendor) -> port.CheckoutOutcome:
    return vendor.checkout(tenant=TENANT, cart_id=CART_ID, request_id=REQUEST_ID, at=AT)


def test_a_checkout_is_one_send_without_a_body(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    look = httpx2_mock.get(f"{CARTS}/{CART_ID}")
    route = httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").respond(201, json={"orders": [order()]})
    outcome = checkout(vendor)
    assert isinstance(outcome, port.Bought)
    (bought,) = outcome.orders
    assert (bought.order_id, bought.status, bought.transaction) == ("a68736758d9c", "completed", "user_purchase")
    (line,) = bought.lines
    assert line == port.OrderLine(
        number=0,
        catalogue_id=ITEM,
        product_id="CFQ7TTC0LFLZ",
        vendor_sku_id="0002",
        subscription_id="ef2e1307-86e6-40e3-a794-872403fbd31c",
        quantity=3,
        term="P1Y",
        transaction="new",
        promotion_id="",
        custom_end_on=None,
    )
    sent = route.calls.last.request
    assert (sent.content, sent.headers["content-length"]) == (b"", "0")
    assert sent.headers["ms-requestid"] == str(REQUEST_ID)
    assert (route.call_count, look.call_count) == (1, 0)


def test_an_order_in_the_making_has_no_subscription_yet(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    lines = [{"lineItemNumber": 0, "offerId": ITEM, "quantity": 3}]
    pending = order(status="pending", lineItems=lines)
    httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").respond(201, json={"orders": [pending]})
    outcome = checkout(vendor)
    assert isinstance(outcome, port.Bought)
    assert (outcome.orders[0].status, outcome.orders[0].lines[0].subscription_id) == ("pending", "")


def test_what_was_bought_and_what_was_not_are_told_apart(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    errors = [{"orderGroupId": "1", "code": 2002, "description": "private"}]
    httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").respond(201, json={"orders": [order()], "orderErrors": errors})
    outcome = checkout(vendor)
    assert isinstance(outcome, port.Bought)
    assert len(outcome.orders) == 1
    (problem,) = outcome.problems
    assert (problem.order_group, problem.code, problem.reason) == ("1", "2002", "quantity_out_of_range")
    assert "private" not in repr(outcome)


@pytest.mark.parametrize("orders", [{}, {"orders": []}, {"orders": None}])
def test_a_cart_of_which_nothing_was_bought_is_refused(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, orders: dict[str, Any]
) -> None:
    errors = [{"orderGroupId": "0", "code": 400019, "description": "x"}]
    httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").respond(201, json=orders | {"orderErrors": errors})
    outcome = checkout(vendor)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, outcome.code) == ("catalogue_changed", "400019")


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"status_code": 202}, port.Later, ""),
        ({"status_code": 409, "json": {"code": 800064}}, port.Later, ""),
        ({"status_code": 409, "json": {"code": 800060}}, port.Unclear, ""),
        ({"status_code": 400, "json": {"code": 800065}}, port.Unclear, ""),
        ({"status_code": 404, "json": {"code": 800008}}, port.Refused, "cart_gone"),
        ({"status_code": 403, "json": {"code": 13605}}, port.Refused, "agreement_missing"),
        ({"status_code": 403, "json": {"code": 800023}}, port.Refused, "credit_limit"),
        ({"status_code": 403, "json": {"code": 800069}}, port.Refused, "denied"),
        ({"status_code": 429, "headers": {"Retry-After": "57"}}, port.Refused, "throttled"),
        ({"status_code": 401}, port.Refused, "not_sent"),
        ({"status_code": 200, "json": {"orders": [order()]}}, port.Bought, ""),
        ({"status_code": 201, "json": {"Orders": [order()], "new": 1}}, port.Bought, ""),
        ({"status_code": 201, "json": {}}, port.Unclear, ""),
        ({"status_code": 201, "json": {"orders": []}}, port.Unclear, ""),
        ({"status_code": 201, "json": {"orders": [order(id=None)]}}, port.Unclear, ""),
        ({"status_code": 201, "json": {"orders": [order(), "x"]}}, port.Unclear, ""),
        ({"status_code": 201, "json": {"orders": "x", "orderErrors": [{"code": 1}]}}, port.Unclear, ""),
        ({"status_code": 201, "json": {"orders": [order()], "orderErrors": "x"}}, port.Unclear, ""),
        ({"status_code": 201, "content": b"{"}, port.Unclear, ""),
        ({"status_code": 500}, port.Unclear, ""),
        ({"status_code": 503, "headers": {"Retry-After": "5"}}, port.Unclear, ""),
        ({"status_code": 302, "headers": {"Location": "/"}}, port.Unclear, ""),
    ],
)
def test_a_checkouts_answer_means_one_outcome(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, answer: dict[str, Any], kind: type, reason: str
) -> None:
    route = httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").respond(**answer)
    outcome = checkout(vendor)
    assert isinstance(outcome, kind), outcome
    assert getattr(outcome, "reason", "") == reason
    assert route.call_count == 1


def test_a_cart_in_process_is_looked_at_after_a_while(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").respond(409, json={"code": 800064})
    outcome = checkout(vendor)
    assert isinstance(outcome, port.Later)
    assert outcome.at == AT + dt.timedelta(minutes=2)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpcore2.ConnectError(), port.Refused),
        (httpcore2.ReadTimeout(), port.Unclear),
        (httpcore2.WriteError(), port.Unclear),
        (httpcore2.RemoteProtocolError(), port.Unclear),
    ],
)
def test_a_lost_checkout_is_unclear_unless_it_was_never_sent(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, error: Exception, kind: type
) -> None:
    route = httpx2_mock.post(f"{CARTS}/{CART_ID}/checkout").mock(side_effect=error)
    assert isinstance(checkout(vendor), kind)
    assert route.call_count == 1


@given(
    status=st.integers(200, 599) | st.sampled_from([200, 201, 202, 400, 409]),
    body=st.binary(max_size=40)
    | st.dictionaries(
        st.sampled_from(["orders", "Orders", "orderErrors", "code", "message", "id"]),
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.sampled_from([{"id": "o1"}, {"id": None}, {"code": 2002}, 7, {}]), max_size=3),
    ).map(lambda tree: json.dumps(tree).encode()),
)
def test_every_conceivable_answer_is_one_outcome_and_bought_only_with_an_order(status: int, body: bytes) -> None:
    reply = http.Reply(status=status, headers={}, body=body)
    outcome = answers.meaning(reply, proof=carts._spent, at=AT, proving=answers.OK_OR_CREATED)
    assert isinstance(outcome, port.Bought | port.Later | port.Unclear | port.Refused)
    if isinstance(outcome, port.Bought):
        assert status in (200, 201)
        assert outcome.orders
        assert all(each.order_id for each in outcome.orders)
    if isinstance(outcome, port.Refused):
        assert outcome.reason in port.REASONS
    if status >= 500:
        assert isinstance(outcome, port.Unclear)


def test_an_order_that_does_not_show_yet_is_missing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    route = httpx2_mock.get(f"{ORDERS}/a68736758d9c").respond(404, json={"code": 20000})
    with pytest.raises(port.VendorMissing):
        vendor.read_order(tenant=TENANT, order_id="a68736758d9c", at=AT)
    route.respond(200, json=order())
    assert vendor.read_order(tenant=TENANT, order_id="a68736758d9c", at=AT).lines[0].quantity == 3
    route.respond(200, json=order("another"))
    with pytest.raises(port.VendorGarbled):
        vendor.read_order(tenant=TENANT, order_id="a68736758d9c", at=AT)


def test_orders_of_a_customer_are_listed_with_their_kind(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    renewal = order("b1", transactionType="SystemPurchase", lineItems=[{"offerId": "a legacy offer"}])
    httpx2_mock.get(ORDERS).respond(200, json={"items": [order(), renewal]})
    first, second = vendor.list_orders(tenant=TENANT, at=AT)
    assert (first.transaction, second.transaction) == ("user_purchase", "system_purchase")
    assert (second.lines[0].product_id, second.lines[0].quantity) == ("a legacy offer", None)
