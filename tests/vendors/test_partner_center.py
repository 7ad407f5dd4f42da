"""Reads of Partner Center: repeated when that is safe, page by page, and never half."""

from typing import Any

import httpcore2
import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors.conftest import AT, PARTNER, TENANT, settings
from tests.vendors.samples import SUBSCRIPTION_ID, URL, resource


def test_a_token_refused_for_a_read_is_replaced_once(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    route = httpx2_mock.get(URL).respond(401)
    with pytest.raises(port.VendorDenied):
        vendor.read_subscription(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, at=AT)
    assert (route.call_count, partner_token.call_count) == (2, 2)


def test_a_read_is_repeated_after_a_fault_on_the_vendors_side(
    httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    connected = microsoft.connect(settings(read_attempts=3))
    route = httpx2_mock.get(URL)
    route.side_effect = [httpcore2.ReadTimeout(), respx.MockResponse(503), respx.MockResponse(200, json=resource())]
    assert connected.read_subscription(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, at=AT).quantity == 10
    assert route.call_count == 3


def test_customers_are_listed_page_by_page_with_the_continuation_token(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    def customer(number: int) -> dict[str, Any]:
        profile = {"tenantId": f"T{number}", "companyName": f"Customer {number}", "domain": f"c{number}.example"}
        return {"id": f"C{number}", "companyProfile": profile, "relationshipToPartner": "reseller"}

    following = {
        "uri": "/customers?size=500&seekOperation=Next",
        "method": "GET",
        "headers": [{"key": "MS-ContinuationToken", "value": "more=="}],
    }
    route = httpx2_mock.get(f"{PARTNER}/v1/customers")
    route.side_effect = [
        respx.MockResponse(200, json={"items": [customer(1), customer(2)], "links": {"next": following}}),
        respx.MockResponse(200, json={"items": [customer(3)], "links": {}}),
    ]
    tenants = list(vendor.list_tenants(at=AT))
    assert [(seen.tenant.customer_id, seen.tenant.tenant_id, seen.name) for seen in tenants] == [
        ("c1", "t1", "Customer 1"),
        ("c2", "t2", "Customer 2"),
        ("c3", "t3", "Customer 3"),
    ]
    assert route.calls[0].request.headers.get("ms-continuationtoken") is None
    assert route.calls[1].request.headers["ms-continuationtoken"] == "more=="
    assert route.calls[1].request.url.query == b"size=500&seekOperation=Next"


def test_a_list_that_runs_in_a_circle_is_given_up(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    following = {"next": {"uri": "/customers?size=500", "headers": []}}
    route = httpx2_mock.get(f"{PARTNER}/v1/customers").respond(200, json={"items": [], "links": following})
    with pytest.raises(port.VendorGarbled):
        list(vendor.list_tenants(at=AT))
    assert route.call_count < 5


@pytest.mark.parametrize("uri", ["https://evil.example/v1/customers", "//evil.example/v1/customers"])
def test_a_next_page_on_another_host_is_not_asked_for(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route, uri: str
) -> None:
    httpx2_mock.get(f"{PARTNER}/v1/customers").respond(200, json={"items": [], "links": {"next": {"uri": uri}}})
    evil = httpx2_mock.route(host="evil.example")
    with pytest.raises(port.VendorGarbled):
        list(vendor.list_tenants(at=AT))
    assert evil.call_count == 0


def test_one_unusable_subscription_spoils_the_list_instead_of_looking_gone(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    route = httpx2_mock.get(f"{PARTNER}/v1/customers/{TENANT.customer_id}/subscriptions")
    route.respond(200, json={"totalCount": 1, "items": [resource()]})
    assert [seen.quantity for seen in vendor.list_subscriptions(tenant=TENANT, at=AT)] == [10]
    route.respond(200, json={"totalCount": 2, "items": [resource(), {"id": "x"}]})
    with pytest.raises(port.VendorGarbled):
        vendor.list_subscriptions(tenant=TENANT, at=AT)
