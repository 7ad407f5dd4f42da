"""Changing one product into another: what goes out, what is promised, and how its progress is read."""

import datetime as dt
import json
import uuid
from typing import Any

import httpcore2
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import http, lossless, microsoft, port
from seatwright.vendors.partner_center import answers, transitions, translate_transitions, wire_records
from tests.vendors.conftest import AT, TENANT
from tests.vendors.samples import SUBSCRIPTION_ID, URL, resource

TRANSITIONS = f"{URL}/transitions"
REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")
TARGET = "CFQ7TTC0LF8R:0001:CFQ7TTC0KCSV"
OPERATION = "9d3a2a1c-0f0e-4f3e-8d39-1a2b3c4d5e6f"

pytestmark = pytest.mark.usefixtures("partner_token")


def start(
    vendor: microsoft.MicrosoftVendor, into: str | None = None, target: str = TARGET, moving: bool = False
) -> port.Outcome:
    return vendor.start_transition(
        tenant=TENANT,
        subscription_id=SUBSCRIPTION_ID,
        to_catalogue_id=target,
        to_subscription_id=into,
        quantity=4,
        term="P1Y",
        billing_cycle="monthly",
        with_licence_transfer=moving,
        request_id=REQUEST_ID,
        at=AT,
    )


def event(name: str = "Conversion", status: str = "Started ", at: Any = "2026-11-22T12:00:00Z") -> dict[str, Any]:
    return {"name": name, "status": status, "timestamp": at}


def told(**changes: Any) -> dict[str, Any]:
    return {
        "operationId": OPERATION,
        "fromCatalogItemId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "fromSubscriptionId": SUBSCRIPTION_ID.upper(),
        "toCatalogItemId": TARGET,
        "quantity": 4,
        "termDuration": "P1Y",
        "billingCycle": "Monthly",
        "transitionType": "transition_only",
        "events": [event()],
    } | changes


@pytest.fixture
def read(httpx2_mock: respx.Router) -> respx.Route:
    return httpx2_mock.get(URL).respond(200, json=resource())


@pytest.mark.parametrize(
    ("into", "moving", "kind"),
    [(None, True, "transition_with_license_transfer"), ("0af52192-4a2a-4364-d25b-c8ecab3a5697", False, None)],
)
def test_a_transition_is_sent_once_from_what_the_subscription_is_now(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    read: respx.Route,
    into: str | None,
    moving: bool,
    kind: str | None,
) -> None:
    route = httpx2_mock.post(TRANSITIONS).respond(200, json=told())
    outcome = start(vendor, into, moving=moving)
    assert isinstance(outcome, port.Later)
    assert (outcome.operation_id, outcome.at) == (OPERATION, AT + dt.timedelta(seconds=20))
    sent = route.calls.last.request
    assert json.loads(sent.content) == {
        "fromCatalogItemId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "fromSubscriptionId": SUBSCRIPTION_ID.upper(),
        "toCatalogItemId": TARGET,
        "quantity": 4,
        "termDuration": "P1Y",
        "billingCycle": "monthly",
        "transitionType": kind or "transition_only",
    } | ({"toSubscriptionId": into} if into else {})
    assert sent.headers["ms-requestid"] == str(REQUEST_ID)
    assert (read.call_count, route.call_count) == (1, 1)


@pytest.mark.parametrize("item", ["CFQ7TTC0LF8R:0001:CFQ7TTC0KCSV", "cfq7ttc0lf8r:0001:CFQ7TTC0OLD"])
def test_a_subscription_that_is_that_product_already_is_done(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, item: str
) -> None:
    read.respond(200, json=resource(offerId=item))
    route = httpx2_mock.post(TRANSITIONS).respond(200, json=told())
    assert isinstance(start(vendor), port.Done)
    assert route.call_count == 0
    assert isinstance(start(vendor, into="0af52192-4a2a-4364-d25b-c8ecab3a5697"), port.Later)


def failed(*codes: object) -> dict[str, Any]:
    return event(status="Failed") | {"errors": [{"code": code, "description": "private"} for code in codes]}


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"status_code": 201, "json": told()}, port.Later, ""),
        ({"status_code": 202}, port.Later, ""),
        ({"status_code": 200, "json": told(operationId=None)}, port.Later, ""),
        ({"status_code": 200, "json": {"Events": [event()]} | told(events=None)}, port.Later, ""),
        ({"status_code": 200, "json": told(toCatalogItemId=TARGET.lower(), newMember=1)}, port.Later, ""),
        ({"status_code": 200, "json": told(events=[event(status="Completed")])}, port.Later, ""),
        ({"status_code": 200, "json": told(events=[failed(3)])}, port.Refused, "transition_not_allowed"),
        ({"status_code": 200, "json": told(toCatalogItemId="A:B:C")}, port.Unclear, ""),
        ({"status_code": 200, "json": told(quantity=5)}, port.Unclear, ""),
        ({"status_code": 200, "json": told(quantity=None)}, port.Unclear, ""),
        ({"status_code": 200, "json": {}}, port.Unclear, ""),
        ({"status_code": 200, "content": b""}, port.Unclear, ""),
        ({"status_code": 500}, port.Unclear, ""),
        ({"status_code": 400, "json": {"code": 900236}}, port.Refused, "transition_not_allowed"),
        ({"status_code": 400, "json": {"code": 900258}}, port.Refused, "transition_not_allowed"),
        ({"status_code": 400, "json": {"code": 900261}}, port.Refused, "transition_not_allowed"),
        ({"status_code": 400, "json": {"code": 900267}}, port.Refused, "term_not_allowed"),
        ({"status_code": 400, "json": {"code": 900270}}, port.Refused, "term_not_allowed"),
        ({"status_code": 403, "json": {"code": 900263}}, port.Refused, "transition_not_allowed"),
        ({"status_code": 409, "json": {"code": 900278}}, port.Refused, "operation_pending"),
        ({"status_code": 429}, port.Refused, "throttled"),
        ({"status_code": 401}, port.Refused, "not_sent"),
    ],
)
def test_a_transitions_answer_means_one_outcome(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    read: respx.Route,
    answer: dict[str, Any],
    kind: type,
    reason: str,
) -> None:
    route = httpx2_mock.post(TRANSITIONS).respond(**answer)
    outcome = start(vendor)
    assert isinstance(outcome, kind), outcome
    assert getattr(outcome, "reason", "") == reason
    assert "private" not in repr(outcome)
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("error", "kind"), [(httpcore2.ConnectError(), port.Refused), (httpcore2.ReadTimeout(), port.Unclear)]
)
def test_a_lost_transition_is_unclear_unless_it_was_never_sent(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, error: Exception, kind: type
) -> None:
    route = httpx2_mock.post(TRANSITIONS).mock(side_effect=error)
    assert isinstance(start(vendor), kind)
    assert route.call_count == 1


@pytest.mark.parametrize(("status", "reason"), [(404, "not_found"), (500, "not_sent"), (429, "throttled")])
def test_trouble_while_looking_first_sends_nothing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, status: int, reason: str
) -> None:
    read.respond(status)
    route = httpx2_mock.post(TRANSITIONS)
    outcome = start(vendor)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, route.call_count) == (reason, 0)


STARTED, DONE, FAILED = (event(status=status) for status in ("Started ", "Completed", "Failed"))
LATER = "2026-11-22T12:36:00Z"


@pytest.mark.parametrize(
    ("events", "status", "licences"),
    [
        (None, "started", ""),
        ([], "started", ""),
        ([STARTED], "started", ""),
        ([STARTED, event(status="Completed", at=LATER)], "completed", ""),
        ([event(status="Completed", at=LATER), STARTED], "completed", ""),
        ([STARTED, event(status="completed ", at=None)], "completed", ""),
        ([STARTED, DONE], "completed", ""),
        ([event(status="Failed", at=LATER), STARTED], "failed", ""),
        ([DONE, event("LicenseReassignment", "Started", LATER)], "completed", "started"),
        ([DONE, event("LicenseReassignment", "Failed", LATER)], "completed", "failed"),
        ([DONE, event("license_reassignment ", "Completed")], "completed", "completed"),
        ([event("OfTomorrow", "Failed")], "started", ""),
    ],
)
def test_the_latest_event_tells_how_far_a_transition_is(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, events: Any, status: str, licences: str
) -> None:
    route = httpx2_mock.get(TRANSITIONS).respond(200, json={"items": [told(events=events)]})
    seen = vendor.read_transition(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, operation_id=OPERATION, at=AT)
    assert (seen.status, seen.licences) == (status, licences)
    assert (seen.operation_id, seen.from_subscription_id, seen.quantity) == (OPERATION, SUBSCRIPTION_ID, 4)
    assert route.calls.last.request.url.query == f"operationId={OPERATION}".encode()


def test_a_failed_step_tells_why(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    httpx2_mock.get(TRANSITIONS).respond(200, json={"items": [told(events=[failed(12, "99", None)])]})
    seen = vendor.read_transition(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, operation_id=OPERATION, at=AT)
    assert [(problem.code, problem.reason) for problem in seen.events[0].problems] == [
        ("12", "licences"),
        ("99", "other"),
        ("0", "other"),
    ]


@pytest.mark.parametrize("member", ["items", "transition", "transitions", "Transition"])
def test_the_history_is_understood_under_each_of_its_names(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, member: str
) -> None:
    httpx2_mock.get(TRANSITIONS).respond(200, json={"totalCount": 2, member: [told(operationId="other"), told()]})
    seen = vendor.list_transitions(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, at=AT)
    assert [each.operation_id for each in seen] == ["other", OPERATION]


@pytest.mark.parametrize("body", [{}, {"items": "x"}, {"items": [1]}])
def test_a_history_that_cannot_be_understood_is_not_an_empty_one(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, body: dict[str, Any]
) -> None:
    httpx2_mock.get(TRANSITIONS).respond(200, json=body)
    with pytest.raises(port.VendorGarbled):
        vendor.list_transitions(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, at=AT)


@pytest.mark.parametrize("items", [[], [told(operationId="other")], [told(operationId=None)]])
def test_a_transition_that_does_not_show_is_missing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, items: list[dict[str, Any]]
) -> None:
    httpx2_mock.get(TRANSITIONS).respond(200, json={"items": items})
    with pytest.raises(port.VendorMissing):
        vendor.read_transition(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, operation_id=OPERATION, at=AT)


@pytest.mark.parametrize(("is_scheduled", "kind"), [(True, b"scheduled"), (False, b"immediate")])
def test_targets_tell_what_is_possible_and_what_stands_against_the_rest(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, is_scheduled: bool, kind: bytes
) -> None:
    item = {
        "catalogItemId": TARGET,
        "title": "Microsoft 365 E5",
        "quantity": 10,
        "eligibilities": [
            {"isEligible": True, "transitionType": "transition_only", "errors": []},
            {
                "isEligible": False,
                "transitionType": "TransitionWithLicenseTransfer",
                "errors": [{"code": 3, "description": "x"}],
            },
        ],
        "subscriptionEligibilities": [
            {"isEligible": True, "subscriptionId": "ABC", "subscriptionTermDuration": "P1Y"},
            {"isEligible": False, "subscriptionId": "DEF", "errors": [{"code": "2"}, {"code": 4}]},
        ],
    }
    closed = {"catalogItemId": "CFQ7TTC0L4M3:0001:X", "eligibilities": [{"isEligible": False}]}
    route = httpx2_mock.get(f"{URL}/transitionEligibilities").respond(200, json={"items": [item, closed]})
    first, second = vendor.transition_targets(
        tenant=TENANT, subscription_id=SUBSCRIPTION_ID, is_scheduled=is_scheduled, at=AT
    )
    assert route.calls.last.request.url.query == b"eligibilityType=" + kind
    assert (first.product_id, first.vendor_sku_id, first.quantity) == ("CFQ7TTC0LF8R", "0001", 10)
    assert (first.is_possible, first.moves_licences) == (True, False)
    assert [problem.reason for problem in first.problems] == ["conflicting_services"]
    assert [(each.subscription_id, each.is_possible) for each in first.into] == [("abc", True), ("def", False)]
    assert [problem.reason for problem in first.into[1].problems] == ["in_return_window", "ends_earlier"]
    assert (second.is_possible, second.moves_licences, second.into) == (False, False, ())


def test_a_target_without_its_item_is_garbled(vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router) -> None:
    httpx2_mock.get(f"{URL}/transitionEligibilities").respond(200, json={"items": [{"title": "E5"}]})
    with pytest.raises(port.VendorGarbled):
        vendor.transition_targets(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, is_scheduled=False, at=AT)


@given(
    status=st.integers(200, 599) | st.sampled_from([200, 201, 202, 400, 409]),
    body=st.binary(max_size=40)
    | st.dictionaries(
        st.sampled_from(["toCatalogItemId", "quantity", "operationId", "events", "Events", "code"]),
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.sampled_from([TARGET, 4, [event()], [event(status="Failed")], [{}], [1]]),
    ).map(lambda tree: json.dumps(tree).encode()),
)
def test_every_conceivable_answer_is_one_outcome_and_never_done(status: int, body: bytes) -> None:
    asked = wire_records.Transition(to_catalog_item_id=TARGET, quantity=4)
    reply = http.Reply(status=status, headers={}, body=body)
    outcome = answers.meaning(
        reply,
        proof=lambda told: transitions._started(told, asked=asked, at=AT),
        at=AT,
        proving=answers.OK_OR_CREATED,
    )
    assert isinstance(outcome, port.Later | port.Unclear | port.Refused)
    if isinstance(outcome, port.Later):
        assert status in (200, 201, 202)
    if status >= 500:
        assert isinstance(outcome, port.Unclear)


@given(
    statuses=st.lists(st.sampled_from(["Started", "Completed", "Failed"]), min_size=1, max_size=5),
    minutes=st.permutations(range(5)),
)
def test_the_order_in_which_events_are_listed_does_not_matter(statuses: list[str], minutes: list[int]) -> None:
    listed = [
        event(status=status, at=f"2026-11-22T12:{minute:02}:00Z")
        for status, minute in zip(statuses, minutes, strict=False)
    ]
    latest = max(zip(minutes, statuses, strict=False))[1].lower()
    seen = translate_transitions.transition(lossless.from_tree(told(events=listed), kind=wire_records.Transition))
    assert seen.status == latest
