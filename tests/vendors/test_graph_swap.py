"""Swapping a person's licences: one call that adds and takes away, and what its refusals mean for the person."""

import json
from typing import Any

import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors.conftest import AT, GRAPH, TENANT

PERSON = "c0000000-0000-4000-8000-000000000001"
OLD = "3b555118-da6a-4418-894f-7df1e2096870"
NEW = "f245ecc8-75af-4f8e-b61f-27d8114de5f3"
ASSIGN = f"{GRAPH}/v1.0/users/{PERSON}/assignLicense"
NOT_HELD = "User does not have a corresponding license."

pytestmark = pytest.mark.usefixtures("graph_token")


def refusal(text: str) -> dict[str, Any]:
    return {"status_code": 400, "json": {"error": {"code": "Request_BadRequest", "message": text}}}


def assign(vendor: microsoft.MicrosoftVendor, add: tuple[str, ...], remove: tuple[str, ...]) -> port.Outcome:
    return vendor.assign_licences(tenant=TENANT, person_id=PERSON, add=dict.fromkeys(add, ()), remove=remove, at=AT)


def test_a_swap_is_one_call(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.post(ASSIGN).respond(200, json={"id": PERSON})
    assert isinstance(assign(vendor, (NEW,), (OLD,)), port.Done)
    assert route.call_count == 1
    assert json.loads(route.calls.last.request.content) == {
        "addLicenses": [{"skuId": NEW, "disabledPlans": []}],
        "removeLicenses": [OLD],
    }


def test_a_licence_that_is_gone_already_is_taken_away(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    route = httpx2_mock.post(ASSIGN).respond(**refusal(NOT_HELD))
    assert isinstance(assign(vendor, (), (OLD,)), port.Done)
    assert route.call_count == 1


@pytest.mark.parametrize(("add", "remove"), [((NEW,), (OLD,)), ((), (OLD, NEW))])
def test_a_call_of_more_than_one_removal_was_refused_whole(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    httpx2_mock.post(ASSIGN).respond(**refusal(NOT_HELD))
    outcome = assign(vendor, add, remove)
    assert isinstance(outcome, port.Refused)
    assert outcome.reason == "licence_not_held"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("License assignment cannot be done for user with invalid usage location.", "usage_location_missing"),
        (f"Subscription with SKU {NEW} does not have any available licenses.", "no_licence_left"),
        (f"License {NEW} does not correspond to a valid company License.", "licence_unknown"),
        (NOT_HELD, "licence_not_held"),
        (
            "User license is inherited from a group membership and it cannot be removed directly from the user.",
            "licence_from_group",
        ),
        ("License assignment failed because service plan A depends on the service plan(s) B", "plan_dependency"),
        ("License assignment failed because service plans A, B are mutually exclusive", "plan_conflict"),
        ("Something that nobody has seen yet", "other"),
        ("", "other"),
    ],
)
def test_a_refusal_names_what_a_person_can_mend(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, text: str, reason: str
) -> None:
    route = httpx2_mock.post(ASSIGN).respond(**refusal(text))
    outcome = assign(vendor, (NEW,), (OLD,))
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, outcome.code, outcome.retry_at) == (reason, "Request_BadRequest", None)
    assert reason in port.REASONS
    assert text not in outcome.safe_text or not text
    assert route.call_count == 1


def test_a_person_just_created_is_missing_and_later_there(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    missing = {"error": {"code": "Request_ResourceNotFound", "message": "Resource does not exist."}}
    user = {
        "id": PERSON,
        "displayName": "Ada",
        "licenseAssignmentStates": [
            {"skuId": OLD.upper(), "assignedByGroup": None, "state": "Active", "error": "None"},
            {"skuId": NEW, "assignedByGroup": "G1", "state": "Active", "error": "None"},
        ],
    }
    route = httpx2_mock.get(f"{GRAPH}/v1.0/users/{PERSON}")
    route.side_effect = [respx.MockResponse(404, json=missing), respx.MockResponse(200, json=user)]
    with pytest.raises(port.VendorMissing):
        vendor.read_person(tenant=TENANT, person_id=PERSON, at=AT)
    seen = vendor.read_person(tenant=TENANT, person_id=PERSON, at=AT)
    assert [(each.sku_id, each.group_id) for each in seen.licences] == [(OLD, ""), (NEW, "g1")]
    assert "licenseAssignmentStates" in route.calls.last.request.url.params["$select"]


def test_an_assignment_for_a_person_just_created_finds_nobody(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router
) -> None:
    httpx2_mock.post(ASSIGN).respond(404, json={"error": {"code": "Request_ResourceNotFound", "message": "x"}})
    outcome = assign(vendor, (NEW,), ())
    assert isinstance(outcome, port.Refused)
    assert outcome.reason == "not_found"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"displayName": "Ada"}', b"\xff"])
def test_a_person_that_cannot_be_read_is_garbled(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, body: bytes
) -> None:
    httpx2_mock.get(f"{GRAPH}/v1.0/users/{PERSON}").respond(200, content=body)
    with pytest.raises(port.VendorGarbled):
        vendor.read_person(tenant=TENANT, person_id=PERSON, at=AT)
