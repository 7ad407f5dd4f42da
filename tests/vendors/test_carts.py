"""Carts: what was asked is kept or a problem, and a look at a cart decides whether it was bought."""

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import lossless, microsoft, port
from seatwright.vendors.partner_center import translate_orders, wire
from tests.vendors.conftest import AT, PARTNER, TENANT

CARTS = f"{PARTNER}/v1/customers/{TENANT.customer_id}/carts"
ORDERS = f"{PARTNER}/v1/customers/{TENANT.customer_id}/orders"
CART_ID = "6b6ba6ea-d1ea-4c2c-9e1c-bec4f61e2049"
REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")
ITEM = "CFQ7TTC0LFLZ:0002:CFQ7TTC0K4TS"
LINE = port.CartLine(catalogue_id=ITEM, quantity=3, term="P1Y", billing_cycle="monthly")
FULL_LINE = port.CartLine(
    catalogue_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    quantity=5,
    term="P3Y",
    billing_cycle="annual",
    promotion_id="PROMO:0001:X",
    custom_end_on=dt.date(2028, 3, 1),
    name="Büro",
    reseller_partner_id="4711",
    is_attested=True,
)

pytestmark = pytest.mark.usefixtures("partner_token")


def kept(**changes: Any) -> dict[str, Any]:
    return {
        "id": 0,
        "catalogItemId": ITEM,
        "quantity": 3,
        "currencyCode": "USD",
        "billingCycle": "Monthly",
        "termDuration": "P1Y",
        "orderGroup": "0",
        "pricing": {"price": 30.40, "extendedPrice": 364.8},
    } | changes


FULL_KEPT = {
    "id": 1,
    "catalogItemId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    "quantity": 5,
    "billingCycle": "annual",
    "termDuration": "P3Y",
    "promotionId": "PROMO:0001:X",
    "customTermEndDate": "2028-02-29T23:59:59Z",
    "orderGroup": "1",
}


def cart(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": CART_ID,
        "expirationTimestamp": "2026-11-29T12:00:00.0035129Z",
        "status": "Active",
        "lineItems": list(lines),
    } | changes


def create(vendor: microsoft.MicrosoftVendor, *lines: port.CartLine) -> port.CartOutcome:
    return vendor.create_cart(tenant=TENANT, lines=lines or (LINE,), request_id=REQUEST_ID, at=AT)


def test_a_cart_is_made_as_asked(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.post(CARTS).respond(201, json=cart(kept(), FULL_KEPT))
    made = create(vendor, LINE, FULL_LINE)
    assert isinstance(made, port.Cart)
    assert (made.cart_id, made.status, made.problems) == (CART_ID, "active", ())
    assert made.expires_at == dt.datetime(2026, 11, 29, 12, 0, 0, 3512, tzinfo=dt.UTC)
    first, second = made.lines
    assert (first.order_group, first.currency, first.unit_price) == ("0", "USD", Decimal("30.4"))
    assert (second.custom_end_on, second.promotion_id, second.unit_price) == (
        dt.date(2028, 3, 1),
        "PROMO:0001:X",
        None,
    )
    sent = route.calls.last.request
    assert sent.headers["ms-requestid"] == str(REQUEST_ID)
    assert json.loads(sent.content) == {
        "lineItems": [
            {"id": 0, "catalogItemId": ITEM, "quantity": 3, "billingCycle": "monthly", "termDuration": "P1Y"},
            {
                "id": 1,
                "catalogItemId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
                "friendlyName": "Büro",
                "quantity": 5,
                "billingCycle": "annual",
                "termDuration": "P3Y",
                "customTermEndDate": "2028-02-29T00:00:00Z",
                "promotionId": "PROMO:0001:X",
                "participants": [{"key": "transaction_reseller", "value": "4711"}],
                "attestationAccepted": True,
            },
        ],
        "partnerOnRecordAttestationAccepted": True,
    }


@pytest.mark.parametrize(
    ("lines", "code", "reason"),
    [
        ([kept(error={"errorCode": 10001, "errorDescription": "x"})], "10001", "catalogue_changed"),
        ([kept(error={"errorCode": "10013"})], "10013", "term_not_allowed"),
        ([kept(error={"errorCode": "invalid_promotion_id"})], "invalid_promotion_id", "promotion_not_allowed"),
        ([kept(error={"errorCode": 400041})], "400041", "prerequisite_missing"),
        ([kept(error={})], "other", "line_refused"),
        ([kept(error={"errorCode": "<b>"})], "other", "line_refused"),
        ([kept(quantity=4)], "changed", "line_refused"),
        ([kept(catalogItemId="CFQ7TTC0LFLZ:0002:OTHER")], "changed", "line_refused"),
        ([kept(termDuration="P1M")], "changed", "line_refused"),
        ([kept(termDuration=None)], "changed", "line_refused"),
        ([kept(billingCycle="annual")], "changed", "line_refused"),
        ([kept(customTermEndDate="2027-06-30T00:00:00Z")], "changed", "line_refused"),
        ([kept(id=7)], "left-out", "line_refused"),
        ([], "left-out", "line_refused"),
    ],
)
def test_a_line_that_is_refused_or_kept_otherwise_is_a_problem(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    lines: list[dict[str, Any]],
    code: str,
    reason: str,
) -> None:
    httpx2_mock.post(CARTS).respond(201, json=cart(*lines))
    made = create(vendor)
    assert isinstance(made, port.Cart)
    (problem,) = made.problems
    assert (problem.line, problem.code, problem.reason) == (0, code, reason)
    assert problem.safe_text


def test_a_promotion_that_the_vendor_dropped_is_a_problem_and_one_it_added_is_none(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    route = httpx2_mock.post(CARTS)
    route.respond(201, json=cart(kept(promotionId="PROMO:0001:X")))
    made = create(vendor)
    assert isinstance(made, port.Cart)
    assert made.problems == ()
    dropped = {name: value for name, value in FULL_KEPT.items() if name != "promotionId"} | {"id": 0}
    route.respond(201, json=cart(dropped))
    made = create(vendor, FULL_LINE)
    assert isinstance(made, port.Cart)
    assert [problem.code for problem in made.problems] == ["changed"]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"status_code": 200, "json": cart(kept())}, port.Cart, ""),
        ({"status_code": 201, "content": b"\xef\xbb\xbf" + json.dumps(cart(kept())).encode()}, port.Cart, ""),
        ({"status_code": 201, "json": cart(kept(), expirationTimestamp="soon")}, port.Cart, ""),
        ({"status_code": 201, "json": cart(kept(), status="Ordered")}, port.Unclear, ""),
        ({"status_code": 201, "json": cart(kept(), status=None)}, port.Unclear, ""),
        ({"status_code": 201, "json": cart(kept(), kept(id=1))}, port.Unclear, ""),
        ({"status_code": 201, "json": cart(kept(), id=None)}, port.Unclear, ""),
        ({"status_code": 201, "json": cart(kept(quantity=None))}, port.Unclear, ""),
        ({"status_code": 201, "json": cart(lineItems=None)}, port.Unclear, ""),
        ({"status_code": 201, "content": b""}, port.Unclear, ""),
        ({"status_code": 502}, port.Unclear, ""),
        ({"status_code": 400, "json": {"code": 900206}}, port.Refused, "agreement_missing"),
        ({"status_code": 400, "json": {"code": 800009}}, port.Refused, "line_refused"),
        ({"status_code": 429}, port.Refused, "throttled"),
        ({"status_code": 401}, port.Refused, "not_sent"),
    ],
)
def test_a_carts_answer_means_one_outcome(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, answer: dict[str, Any], kind: type, reason: str
) -> None:
    route = httpx2_mock.post(CARTS).respond(**answer)
    outcome = create(vendor)
    assert isinstance(outcome, kind), outcome
    assert getattr(outcome, "reason", "") == reason
    assert route.call_count == 1


lines = st.builds(
    port.CartLine,
    catalogue_id=st.sampled_from([ITEM, "CFQ7TTC0LH18:0001:CFQ7TTC0K971"]),
    quantity=st.integers(1, 10**6),
    term=st.sampled_from(["P1M", "P1Y", "P3Y"]),
    billing_cycle=st.sampled_from(["monthly", "annual", "triennial"]),
    promotion_id=st.sampled_from(["", "PROMO:0001:X"]),
    custom_end_on=st.none() | st.dates(dt.date(2026, 1, 2), dt.date(2040, 1, 1)),
    name=st.text(max_size=9),
    reseller_partner_id=st.sampled_from(["", "4711"]),
    is_attested=st.booleans(),
)


@given(asked=st.lists(lines, min_size=1, max_size=4), other=lines)
def test_a_cart_echoed_as_sent_has_no_problem_and_an_exchanged_line_always_has_one(
    asked: list[port.CartLine], other: port.CartLine
) -> None:
    sent = json.loads(lossless.encode(translate_orders.cart_body(asked, is_partner_attested=True)))
    echoed = sent | {"id": CART_ID, "status": "Active"}
    assert translate_orders.cart(lossless.from_tree(echoed, kind=wire.Cart), asked=asked).problems == ()
    exchanged = translate_orders.cart(lossless.from_tree(echoed, kind=wire.Cart), asked=[other, *asked[1:]])
    first = asked[0]
    is_same_purchase = (other.catalogue_id, other.quantity, other.term, other.billing_cycle, other.custom_end_on) == (
        first.catalogue_id,
        first.quantity,
        first.term,
        first.billing_cycle,
        first.custom_end_on,
    ) and other.promotion_id in ("", first.promotion_id)
    assert (exchanged.problems == ()) is is_same_purchase


@pytest.mark.parametrize(("told", "status"), [("Active", "active"), ("Ordered", "ordered"), ("ordered ", "ordered")])
def test_a_look_at_the_cart_decides_whether_it_was_bought(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, told: str, status: str
) -> None:
    httpx2_mock.get(f"{CARTS}/{CART_ID}").respond(200, json=cart(kept(), status=told))
    assert vendor.read_cart(tenant=TENANT, cart_id=CART_ID.upper().lower(), at=AT).status == status


@pytest.mark.parametrize("body", [cart(kept(), id="another"), cart(kept(), status=None), {"id": CART_ID}])
def test_a_cart_that_cannot_be_understood_decides_nothing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, body: dict[str, Any]
) -> None:
    httpx2_mock.get(f"{CARTS}/{CART_ID}").respond(200, json=body)
    with pytest.raises(port.VendorGarbled):
        vendor.read_cart(tenant=TENANT, cart_id=CART_ID, at=AT)
