"""Graph's adapter: pools, people, changes of people and licence assignments."""

import datetime as dt
import json
from typing import Any

import httpcore2
import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors.conftest import AT, GRAPH, TENANT, TOKEN

SKU = "f245ecc8-75af-4f8e-b61f-27d8114de5f3"
PERSON = "44444444-4444-4444-8444-444444444444"
ASSIGN = f"{GRAPH}/v1.0/users/{PERSON}/assignLicense"


@pytest.fixture(autouse=True)
def _signed_in(graph_token: respx.Route) -> None:
    """Every call here is made with a token of the customer's tenant."""


def user(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"ID-{number}",
        "userPrincipalName": f"p{number}@customer.example",
        "displayName": f"Person {number}",
        "mail": None,
        "accountEnabled": True,
        "userType": "Member",
        "usageLocation": "de",
        "department": None,
        "assignedLicenses": [{"skuId": SKU, "disabledPlans": ["C"]}],
        "licenseAssignmentStates": [
            {
                "skuId": SKU.upper(),
                "assignedByGroup": None,
                "state": "Active",
                "error": "None",
                "disabledPlans": ["b", "A"],
            },
            {"skuId": SKU, "assignedByGroup": "GROUP", "state": "Error", "error": "CountViolation"},
        ],
        "newMember": 1,
    } | changes


def page(route: respx.Route, *bodies: dict[str, Any]) -> None:
    route.side_effect = [respx.MockResponse(200, json=body) for body in bodies]


def test_a_pool_carries_every_count_of_its_units(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.get(f"{GRAPH}/v1.0/subscribedSkus")
    units = {"enabled": 10, "suspended": 1, "warning": 2, "lockedOut": 3}
    sku = {"skuId": SKU.upper(), "skuPartNumber": "O365_BUSINESS", "appliesTo": "User", "capabilityStatus": "Enabled"}
    plans = {"servicePlans": [{"servicePlanId": "AB-1", "servicePlanName": "TEAMS1"}, {"servicePlanId": None}]}
    page(route, {"value": [sku | plans | {"consumedUnits": 12, "prepaidUnits": units}]})
    assert vendor.list_pools(tenant=TENANT, at=AT) == [
        port.LicencePool(
            sku_id=SKU,
            sku_part_number="O365_BUSINESS",
            applies_to="User",
            enabled=10,
            warning=2,
            suspended=1,
            locked_out=3,
            consumed=12,
            capability_status="Enabled",
            plan_ids=frozenset({"ab-1"}),
        )
    ]
    assert route.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


def test_a_source_joins_a_pool_to_the_commerce_subscription(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    source = {
        "id": "S1",
        "commerceSubscriptionId": "ABC",
        "skuId": SKU,
        "skuPartNumber": "O365_BUSINESS",
        "status": "Enabled",
        "totalLicenses": 25,
        "ownerTenantId": "OWNER",
        "nextLifecycleDateTime": "2027-01-15T00:00:00Z",
    }
    page(httpx2_mock.get(f"{GRAPH}/v1.0/directory/subscriptions"), {"value": [source]})
    (seen,) = vendor.list_pool_sources(tenant=TENANT, at=AT)
    assert (seen.commerce_subscription_id, seen.total, seen.owner_tenant_id) == ("abc", 25, "owner")
    assert seen.next_lifecycle_at == dt.datetime(2027, 1, 15, tzinfo=dt.UTC)


def test_people_come_page_by_page_with_their_licences_by_origin(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    route = httpx2_mock.get(f"{GRAPH}/v1.0/users")
    following = f"{GRAPH}/v1.0/users?$select=id&$skiptoken=a%3d%3d"
    page(
        route,
        {"value": [user(1)], "@odata.nextLink": following},
        {"value": [], "@odata.nextLink": following + "2"},
        {"value": [user(2, userType="Guest", accountEnabled=None, licenseAssignmentStates=None)]},
    )
    first, second = vendor.iter_people(tenant=TENANT, at=AT)
    assert (first.person_id, first.usage_location, first.mail, first.is_guest) == ("id-1", "DE", "", False)
    assert first.licences == (
        port.PersonLicence(sku_id=SKU, group_id="", state="Active", error="", disabled_plans=("a", "b")),
        port.PersonLicence(sku_id=SKU, group_id="group", state="Error", error="CountViolation"),
    )
    assert (second.is_guest, second.is_enabled) == (True, False)
    only = port.PersonLicence(sku_id=SKU, group_id="", state="Active", error="", disabled_plans=("c",))
    assert second.licences == (only,)
    assert "licenseAssignmentStates" in route.calls[0].request.url.params["$select"]
    assert route.calls[1].request.url == following


@pytest.mark.parametrize("link", ["https://evil.example/v1.0/users", "http://graph.example/v1.0/users"])
def test_a_next_link_to_another_host_gets_no_token(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, link: str
) -> None:
    page(httpx2_mock.get(f"{GRAPH}/v1.0/users"), {"value": [user()], "@odata.nextLink": link})
    elsewhere = httpx2_mock.get(link)
    with pytest.raises(port.VendorGarbled):
        list(vendor.iter_people(tenant=TENANT, at=AT))
    assert elsewhere.call_count == 0


def test_pages_in_a_circle_are_given_up(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    link = f"{GRAPH}/v1.0/users?$skiptoken=1"
    route = httpx2_mock.get(f"{GRAPH}/v1.0/users").respond(200, json={"value": [], "@odata.nextLink": link})
    with pytest.raises(port.VendorGarbled):
        list(vendor.iter_people(tenant=TENANT, at=AT))
    assert route.call_count == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"value": {}}',
        b'{"value": [1]}',
        b'{"value": [{"displayName": "no id"}]}',
        b'{"value": [{"id": NaN}]}',
        b'{"value": [{"id": 5}]}',
        b'{"value": [{"id": "a", "accountEnabled": "perhaps"}]}',
        b'{"value": [',
        b'{"value": ' + b"[" * 100_000,
        b'{"value": [{"id": "\xff"}]}',
    ],
    ids=lambda body: body[:24],
)
def test_a_body_that_is_not_a_list_of_users_is_garbled(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, body: bytes
) -> None:
    httpx2_mock.get(f"{GRAPH}/v1.0/users").respond(200, content=body)
    with pytest.raises(port.VendorGarbled):
        list(vendor.iter_people(tenant=TENANT, at=AT))


def test_a_byte_order_mark_before_a_list_is_skipped(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"value": [user()]}).encode()
    httpx2_mock.get(f"{GRAPH}/v1.0/users").respond(200, content=body)
    assert [seen.person_id for seen in vendor.iter_people(tenant=TENANT, at=AT)] == ["id-1"]


DELTA = f"{GRAPH}/v1.0/users/delta"
LATEST = f"{DELTA}?$deltatoken=new"


def test_changes_since_a_link_are_merged_by_the_fields_that_came(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    gone = {"id": "GONE", "@removed": {"reason": "changed"}}
    partial = {"id": "P", "displayName": "New name", "department": None}
    route = httpx2_mock.get(DELTA)
    page(
        route,
        {"value": [partial], "@odata.nextLink": f"{DELTA}?$skiptoken=x"},
        {"value": [gone], "@odata.deltaLink": LATEST},
    )
    first, last = vendor.iter_people_changes(tenant=TENANT, since=f"{DELTA}?$deltatoken=old", at=AT)
    assert (first.link, first.is_full, first.people[0].display_name) == ("", False, "New name")
    assert first.missing == {
        "p": frozenset({"user_principal_name", "mail", "is_enabled", "is_guest", "usage_location", "licences"})
    }
    assert (last.link, last.people[0].person_id, last.people[0].removed) == (LATEST, "gone", True)
    assert last.missing == {}


@pytest.mark.parametrize(("status", "code"), [(410, "anything"), (400, "syncStateNotFound"), (404, "resyncRequired")])
def test_a_link_that_the_vendor_forgot_leads_to_a_full_listing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, status: int, code: str
) -> None:
    route = httpx2_mock.get(DELTA)
    route.side_effect = [
        respx.MockResponse(status, json={"error": {"code": code}}),
        respx.MockResponse(200, json={"value": [user()], "@odata.deltaLink": LATEST}),
    ]
    (only,) = vendor.iter_people_changes(tenant=TENANT, since=f"{DELTA}?$deltatoken=old", at=AT)
    assert (only.is_full, only.link, only.missing) == (True, LATEST, {})
    assert "$select" in route.calls.last.request.url.params


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, port.VendorDenied), (403, port.VendorDenied), (429, port.VendorBusy), (502, port.VendorDown)],
)
def test_a_failed_read_is_trouble_with_the_vendors_code_only(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, status: int, kind: type[port.VendorTrouble]
) -> None:
    body = {"error": {"code": "Some_Code", "message": "private text"}}
    httpx2_mock.get(f"{GRAPH}/v1.0/subscribedSkus").respond(status, json=body)
    with pytest.raises(kind) as raised:
        vendor.list_pools(tenant=TENANT, at=AT)
    assert "Some_Code" in raised.value.safe_text
    assert "private" not in repr(raised.value)


def assign(vendor: microsoft.MicrosoftVendor) -> port.Outcome:
    return vendor.assign_licences(tenant=TENANT, person_id=PERSON, add={SKU: ["plan"]}, remove=[], at=AT)


def test_an_assignment_always_names_both_lists(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.post(ASSIGN).respond(200, json={"id": PERSON})
    assert isinstance(assign(vendor), port.Done)
    assert json.loads(route.calls.last.request.content) == {
        "addLicenses": [{"skuId": SKU, "disabledPlans": ["plan"]}],
        "removeLicenses": [],
    }


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"status_code": 202}, port.Later, ""),
        ({"status_code": 400, "json": {"error": {"code": "Request_BadRequest"}}}, port.Refused, "other"),
        ({"status_code": 400, "content": b"<html>"}, port.Unclear, ""),
        ({"status_code": 401}, port.Refused, "not_sent"),
        ({"status_code": 403, "json": {"error": {"code": "Authorization_RequestDenied"}}}, port.Refused, "denied"),
        ({"status_code": 404, "json": {"error": {"code": "Request_ResourceNotFound"}}}, port.Refused, "not_found"),
        (
            {"status_code": 400, "json": {"error": {"code": "Directory_ConcurrencyViolation"}}},
            port.Refused,
            "operation_pending",
        ),
        ({"status_code": 429, "headers": {"Retry-After": "2.128"}}, port.Refused, "throttled"),
        ({"status_code": 500}, port.Unclear, ""),
        ({"status_code": 503}, port.Unclear, ""),
        ({"status_code": 302}, port.Unclear, ""),
    ],
)
def test_an_assignments_answer_means_one_outcome(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, answer: dict[str, Any], kind: type, reason: str
) -> None:
    route = httpx2_mock.post(ASSIGN).respond(**answer)
    outcome = assign(vendor)
    assert isinstance(outcome, kind), outcome
    assert getattr(outcome, "reason", "") == reason
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("error", "kind"), [(httpcore2.ConnectError(), port.Refused), (httpcore2.ReadTimeout(), port.Unclear)]
)
def test_a_lost_assignment_is_unclear_unless_it_was_never_sent(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, error: Exception, kind: type
) -> None:
    route = httpx2_mock.post(ASSIGN).mock(side_effect=error)
    assert isinstance(assign(vendor), kind)
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status_code": 401, "json": {"error_description": "AADSTS7000215"}}, "denied"),
        ({"status_code": 429, "headers": {"Retry-After": "5"}}, "throttled"),
        ({"status_code": 500}, "not_sent"),
    ],
)
def test_trouble_at_sign_in_sends_no_assignment(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    graph_token: respx.Route,
    answer: dict[str, Any],
    reason: str,
) -> None:
    graph_token.respond(**answer)
    route = httpx2_mock.post(ASSIGN)
    outcome = assign(vendor)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, route.call_count) == (reason, 0)


@pytest.mark.parametrize(
    ("path", "read", "item"),
    [
        ("subscribedSkus", "list_pools", {"skuId": SKU, "prepaidUnits": {"enabled": 1}}),
        ("subscribedSkus", "list_pools", {"skuId": SKU, "consumedUnits": 1}),
        ("directory/subscriptions", "list_pool_sources", {"id": "S", "skuId": SKU}),
    ],
)
def test_a_pool_without_its_counts_is_garbled_instead_of_empty(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, path: str, read: str, item: dict[str, Any]
) -> None:
    page(httpx2_mock.get(f"{GRAPH}/v1.0/{path}"), {"value": [item]})
    with pytest.raises(port.VendorGarbled):
        getattr(vendor, read)(tenant=TENANT, at=AT)


def test_foreign_text_about_a_person_cannot_break_a_database(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    page(httpx2_mock.get(f"{GRAPH}/v1.0/users"), {"value": [user(displayName="a\x00" + "b" * 600)]})
    (seen,) = vendor.iter_people(tenant=TENANT, at=AT)
    assert seen.display_name == "a" + "b" * 499


def test_a_person_whose_licences_were_left_out_holds_none_here(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    page(httpx2_mock.get(f"{GRAPH}/v1.0/users"), {"value": [{"id": "A"}]})
    (seen,) = vendor.iter_people(tenant=TENANT, at=AT)
    assert (seen.licences, seen.is_enabled) == ((), False)
