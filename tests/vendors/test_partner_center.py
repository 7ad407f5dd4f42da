"""Partner Center's adapter: exactly what goes out, and exactly what each answer means."""

import datetime as dt
import json
import uuid
from typing import Any

import httpcore2
import pytest
import respx
import structlog
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import http, lossless, microsoft, port
from seatwright.vendors.partner_center import adapter, translate, wire
from tests.vendors.conftest import AT, PARTNER, SECRET, TENANT, TOKEN, settings

SUBSCRIPTION_ID = "a4c1340d-6911-4758-bba3-0c4c6007d161"
URL = f"{PARTNER}/v1/customers/{TENANT.customer_id}/subscriptions/{SUBSCRIPTION_ID}"
REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")


def resource(**changes: Any) -> dict[str, Any]:
    return {
        "id": SUBSCRIPTION_ID.upper(),
        "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "offerName": "Business Basic",
        "friendlyName": "Büro",
        "productType": {"id": "OnlineServicesNCE"},
        "quantity": 10,
        "creationDate": "2026-01-15T16:57:15.0966728Z",
        "effectiveStartDate": "2026-01-15T16:57:14.498252Z",
        "commitmentEndDate": "2027-01-14T00:00:00Z",
        "billingCycleEndDate": "2026-12-14T00:00:00Z",
        "cancellationAllowedUntilDate": None,
        "status": "active",
        "autoRenewEnabled": True,
        "isTrial": False,
        "billingCycle": "monthly",
        "termDuration": "P1Y",
        "scheduledNextTermInstructions": {"quantity": 8, "product": {"productId": "CFQ7TTC0LH18"}},
        "promotionPrice": 12.50,
        "memberOfTomorrow": {"a": [1, None]},
        "attributes": {"objectType": "Subscription", "etag": "v2"},
    } | changes


def set_seats(vendor: microsoft.MicrosoftVendor, quantity: int = 7) -> port.Outcome:
    return vendor.set_seats(
        tenant=TENANT, subscription_id=SUBSCRIPTION_ID, quantity=quantity, request_id=REQUEST_ID, at=AT
    )


@pytest.fixture
def read(httpx2_mock: respx.Router, partner_token: respx.Route) -> respx.Route:
    return httpx2_mock.get(URL).respond(200, json=resource())


def test_a_change_writes_back_the_whole_resource_once(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, partner_token: respx.Route
) -> None:
    patch = httpx2_mock.patch(URL.replace(SUBSCRIPTION_ID, SUBSCRIPTION_ID.upper())).respond(
        200, json=resource(quantity=7)
    )
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Done)
    assert outcome.seen is not None
    assert outcome.seen.quantity == 7
    assert (read.call_count, patch.call_count, partner_token.call_count) == (1, 1, 1)
    sent = patch.calls.last.request
    assert json.loads(sent.content) == resource(quantity=7)
    assert list(json.loads(sent.content)) == list(resource())
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["ms-requestid"] == str(REQUEST_ID)
    assert uuid.UUID(sent.headers["ms-correlationid"]) != REQUEST_ID
    assert sent.headers["if-match"] == '"v2"'
    assert sent.headers["content-type"] == "application/json"


@pytest.mark.parametrize("attributes", [{"objectType": "Subscription"}, {"etag": ""}, None])
def test_without_an_etag_no_precondition_is_sent(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route, attributes: Any
) -> None:
    httpx2_mock.get(URL).respond(200, json=resource(attributes=attributes))
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(200, json=resource(quantity=7))
    set_seats(vendor)
    assert "if-match" not in patch.calls.last.request.headers


@pytest.mark.parametrize(("etag", "sent"), [('"v2"', '"v2"'), ("eyJpZCI6MX0=", '"eyJpZCI6MX0="')])
def test_an_etag_is_sent_back_in_quotes(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route, etag: str, sent: str
) -> None:
    httpx2_mock.get(URL).respond(200, json=resource(attributes={"etag": etag}))
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(200, json=resource(quantity=7))
    set_seats(vendor)
    assert patch.calls.last.request.headers["if-match"] == sent


@pytest.mark.parametrize("etag", ["a\r\nX-Evil: 1", "ä", 'a"b', " "])
def test_an_etag_that_is_none_sends_nothing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route, etag: str
) -> None:
    httpx2_mock.get(URL).respond(200, json=resource(attributes={"etag": etag}))
    patch = httpx2_mock.patch(url__startswith=PARTNER)
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, patch.call_count) == ("not_sent", 0)


def test_seats_that_are_already_as_wanted_are_not_sent(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route
) -> None:
    patch = httpx2_mock.patch(url__startswith=PARTNER)
    outcome = set_seats(vendor, quantity=10)
    assert isinstance(outcome, port.Done)
    assert patch.call_count == 0


REFUSALS = [
    (400, {"code": 800090, "description": "x", "data": [], "source": "PartnerFD"}, "window_closed", "800090"),
    (400, {"code": "900214"}, "window_closed", "900214"),
    (400, {"code": 900257}, "window_closed", "900257"),
    (400, {"code": 2002}, "quantity_out_of_range", "2002"),
    (400, {"code": 900275}, "quantity_out_of_range", "900275"),
    (400, {"Code": 2055}, "stale", "2055"),
    (412, {}, "stale", "http-412"),
    (409, {"code": 800082}, "operation_pending", "800082"),
    (409, {}, "operation_pending", "http-409"),
    (400, {"code": 2001}, "suspended", "2001"),
    (400, {"code": 800091}, "suspended", "800091"),
    (400, {"code": 2011}, "ended", "2011"),
    (400, {"code": 900279}, "ended", "900279"),
    (403, {"code": 13605}, "agreement_missing", "13605"),
    (403, {"code": 800023}, "credit_limit", "800023"),
    (404, {"code": 20003}, "not_found", "20003"),
    (403, {"code": 20002}, "denied", "20002"),
    (403, {}, "denied", "http-403"),
    (401, {}, "not_sent", "http-401"),
    (400, {"code": 4711}, "other", "4711"),
    (400, {"code": "<b>no code</b>"}, "other", "http-400"),
    (400, {"code": 600061, "message": "m", "errorName": "n", "isRetryable": False}, "other", "600061"),
]


@pytest.mark.parametrize(("status", "body", "reason", "code"), REFUSALS)
def test_a_refusal_is_named_by_its_code_else_by_its_status(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    read: respx.Route,
    status: int,
    body: dict[str, Any],
    reason: str,
    code: str,
) -> None:
    patch = httpx2_mock.patch(url__startswith=PARTNER)
    patch.respond(status, **({"json": body | {"note": SECRET}} if body else {}))  # type: ignore[arg-type]
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, outcome.code) == (reason, code)
    assert reason in port.REASONS
    assert SECRET not in repr(outcome)
    assert patch.call_count == 1


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason", "waits_s"),
    [
        (429, b'{"statusCode": 429, "message": "Rate limit is exceeded."}', {"Retry-After": "57"}, "throttled", 57),
        (429, b"<html>", {"Retry-After": "2.128"}, "throttled", 2.128),
        (429, b"", {}, "throttled", 30),
        (409, b'{"code": 900278}', {}, "operation_pending", 900),
        (409, b'{"code": 800082}', {}, "operation_pending", 120),
        (409, b'{"code": 800082}', {"Retry-After": "9"}, "operation_pending", 9),
    ],
)
def test_a_refusal_for_now_says_when_to_ask_again(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    read: respx.Route,
    status: int,
    body: bytes,
    headers: dict[str, str],
    reason: str,
    waits_s: float,
) -> None:
    httpx2_mock.patch(url__startswith=PARTNER).respond(status, content=body, headers=headers)
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Refused)
    assert outcome.reason == reason
    assert outcome.retry_at == AT + dt.timedelta(seconds=waits_s)


@pytest.mark.parametrize(("headers", "waits_s"), [({"Location": "/customers/x"}, 30), ({"Retry-After": "300"}, 300)])
def test_an_accepted_change_is_looked_at_later(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    read: respx.Route,
    headers: dict[str, str],
    waits_s: int,
) -> None:
    httpx2_mock.patch(url__startswith=PARTNER).respond(202, headers=headers)
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Later)
    assert outcome.at == AT + dt.timedelta(seconds=waits_s)


def answered(body: bytes, kind: str = "application/json") -> dict[str, Any]:
    return {"status_code": 200, "content": body, "headers": {"Content-Type": kind}}


WHOLE = json.dumps(resource(quantity=7)).encode()


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 500},
        {"status_code": 502, "content": b"<html>"},
        {"status_code": 503, "headers": {"Retry-After": "5"}},
        {"status_code": 504},
        {"status_code": 408},
        {"status_code": 302, "headers": {"Location": "https://evil.example/"}},
        {"status_code": 204},
        {"status_code": 201, "content": WHOLE},
        {"status_code": 400, "content": b'{"code": 800090'},
        {"status_code": 400, "content": b"<html>", "headers": {"Content-Type": "text/html"}},
        {"status_code": 403, "content": b"<html>", "headers": {"Content-Type": "text/html"}},
        answered(b""),
        answered(b"null"),
        answered(b"[]"),
        answered(b"{}"),
        answered(WHOLE[:-9]),
        answered(WHOLE, "text/html"),
        answered(b"<html><body>OK</body></html>"),
        answered(WHOLE.replace(b'"quantity": 7', b'"quantity": NaN')),
        answered(WHOLE.replace(b'"quantity": 7', b'"quantity": 7, "quantity": 10')),
        answered(WHOLE.replace(b'"quantity": 7', b'"quantity": 10')),
        answered(WHOLE.replace(b'"quantity": 7', b'"seats": 7')),
        answered(WHOLE.replace(SUBSCRIPTION_ID.upper().encode(), b"another")),
        answered(b"[" * 100_000),
        answered(b" " * 9_000_000),
    ],
)
def test_an_answer_that_proves_nothing_is_unclear(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, answer: dict[str, Any]
) -> None:
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(**answer)
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Unclear), outcome
    assert outcome.request_ref
    assert patch.call_count == 1


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + WHOLE,
        WHOLE.replace(b'"active"', b'"hibernating"'),
        WHOLE.replace(b'"quantity": 7', b'"Quantity": "7"'),
        WHOLE.replace(b'"quantity": 7', b'"quantity": 7, "extra": [1, {"deep": null}]'),
    ],
    ids=["mark", "unknown state", "text and capitals", "extra members"],
)
def test_an_unusual_answer_that_shows_the_wanted_seats_is_done(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, body: bytes
) -> None:
    httpx2_mock.patch(url__startswith=PARTNER).respond(**answered(body))
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Done)
    assert outcome.seen is not None
    assert outcome.seen.quantity == 7


@given(
    status=st.integers(200, 599) | st.sampled_from([200, 202, 400, 401, 403, 404, 409, 412, 429, 503]),
    headers=st.dictionaries(st.sampled_from(["retry-after", "date", "content-type", "location"]), st.text(max_size=20)),
    body=st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["id", "quantity", "Quantity", "status", "code", "message", "refundableQuantity", "links"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=9)
        | st.lists(st.integers(), max_size=2)
        | st.sampled_from([SUBSCRIPTION_ID, 7, 800090, "active"]),
    ).map(lambda tree: json.dumps(tree).encode()),
)
def test_every_conceivable_answer_is_one_outcome_and_done_only_with_proof(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    reply = http.Reply(status=status, headers=headers, body=body)
    outcome = adapter._outcome(reply, quantity=7, subscription_id=SUBSCRIPTION_ID, at=AT)
    assert isinstance(outcome, port.Done | port.Later | port.Unclear | port.Refused)
    if isinstance(outcome, port.Done):
        assert status == 200
        assert outcome.seen is not None
        assert (outcome.seen.subscription_id, outcome.seen.quantity) == (SUBSCRIPTION_ID, 7)
    if isinstance(outcome, port.Refused):
        assert 400 <= status < 500
        assert outcome.reason in port.REASONS
    if status >= 500:
        assert isinstance(outcome, port.Unclear)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpcore2.ConnectError(), port.Refused),
        (httpcore2.ConnectTimeout(), port.Refused),
        (httpcore2.PoolTimeout(), port.Refused),
        (httpcore2.ReadTimeout(), port.Unclear),
        (httpcore2.ReadError(), port.Unclear),
        (httpcore2.WriteTimeout(), port.Unclear),
        (httpcore2.WriteError(), port.Unclear),
        (httpcore2.RemoteProtocolError(), port.Unclear),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_missing_connection_proves_that_nothing_was_sent(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, error: Exception, kind: type
) -> None:
    patch = httpx2_mock.patch(url__startswith=PARTNER).mock(side_effect=error)
    outcome = set_seats(vendor)
    assert isinstance(outcome, kind)
    if isinstance(outcome, port.Refused):
        assert outcome.reason == "not_sent"
    assert patch.call_count == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status_code": 500}, "not_sent"),
        ({"status_code": 429, "headers": {"Retry-After": "5"}}, "throttled"),
        ({"status_code": 403, "json": {"code": 900329}}, "denied"),
        ({"status_code": 404, "json": {"code": 20003}}, "not_found"),
        ({"status_code": 200, "content": b"{"}, "not_sent"),
        ({"status_code": 200, "json": {"id": "another", "quantity": 1, "status": "active"}}, "not_sent"),
        ({"status_code": 200, "json": {"id": SUBSCRIPTION_ID, "status": "active"}}, "not_sent"),
    ],
)
def test_trouble_while_looking_first_sends_nothing(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    answer: dict[str, Any],
    reason: str,
) -> None:
    httpx2_mock.get(URL).respond(**answer)
    patch = httpx2_mock.patch(url__startswith=PARTNER)
    outcome = set_seats(vendor)
    assert isinstance(outcome, port.Refused)
    assert outcome.reason == reason
    assert patch.call_count == 0


def test_a_token_refused_for_a_read_is_replaced_once(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    route = httpx2_mock.get(URL).respond(401)
    with pytest.raises(port.VendorDenied):
        vendor.read_subscription(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, at=AT)
    assert (route.call_count, partner_token.call_count) == (2, 2)


def test_a_token_refused_for_a_change_is_replaced_by_the_next_run_only(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, partner_token: respx.Route
) -> None:
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(401)
    set_seats(vendor)
    assert (patch.call_count, partner_token.call_count) == (1, 1)
    set_seats(vendor)
    assert (patch.call_count, partner_token.call_count) == (2, 2)


def test_a_read_is_repeated_after_a_fault_on_the_vendors_side(
    httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    connected = microsoft.connect(settings(read_attempts=3))
    route = httpx2_mock.get(URL)
    route.side_effect = [httpcore2.ReadTimeout(), respx.MockResponse(503), respx.MockResponse(200, json=resource())]
    assert connected.read_subscription(tenant=TENANT, subscription_id=SUBSCRIPTION_ID, at=AT).quantity == 10
    assert route.call_count == 3


def test_no_secret_reaches_a_log_line_or_a_representation(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route
) -> None:
    httpx2_mock.patch(url__startswith=PARTNER).respond(400, json={"code": 4711, "description": f"{SECRET} {TOKEN}"})
    with structlog.testing.capture_logs() as logged:
        outcome = set_seats(vendor)
    shown = repr([logged, outcome, vendor, vars(vendor), vars(vendor._partner_center)])
    assert SECRET not in shown
    assert TOKEN not in shown
    assert {entry["event"] for entry in logged} == {"vendor_call"}


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


def translated(**changes: Any) -> port.VendorSubscription:
    body = json.dumps({name: value for name, value in resource(**changes).items() if value != "ABSENT"}).encode()
    return translate.subscription(lossless.decode(body, kind=wire.Subscription))


def test_a_subscription_becomes_plain_half_open_values() -> None:
    seen = translated()
    assert seen.subscription_id == SUBSCRIPTION_ID
    assert (seen.catalogue_id, seen.product_id, seen.vendor_sku_id) == (
        "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "CFQ7TTC0LH18",
        "0001",
    )
    assert seen.effective_start_on == dt.date(2026, 1, 15)
    assert seen.commitment_end_on == dt.date(2027, 1, 15)
    assert seen.cycle_end_on == dt.date(2026, 12, 15)
    assert seen.created_at == dt.datetime(2026, 1, 15, 16, 57, 15, 96672, tzinfo=dt.UTC)
    assert (seen.term, seen.billing_cycle, seen.status, seen.auto_renew) == ("P1Y", "monthly", "active", True)
    assert seen.name == "Büro"
    assert seen.etag == "v2"
    assert seen.unknown == {"promotionPrice": "12.5", "memberOfTomorrow": {"a": [1, None]}}
    assert seen.scheduled == {
        "scheduledNextTermInstructions": {"quantity": 8, "product": {"productId": "CFQ7TTC0LH18"}}
    }
    json.dumps([seen.unknown, seen.scheduled])


@pytest.mark.parametrize(
    ("changes", "ends_on"),
    [
        ({}, dt.date(2027, 1, 15)),
        ({"commitmentEndDateTime": "2027-01-14T23:59:59Z"}, dt.date(2027, 1, 15)),
        ({"productType": None}, dt.date(2027, 1, 15)),
        ({"productType": None, "offerId": "796B6B5F-613C-4E24-A17C-EBA730D49C02"}, dt.date(2027, 1, 14)),
        ({"commitmentEndDate": "9999-12-14T00:00:00Z"}, None),
        ({"commitmentEndDate": "0001-01-01T00:00:00"}, None),
        ({"commitmentEndDate": "ABSENT"}, None),
        ({"commitmentEndDate": "2028-02-28T00:00:00Z"}, dt.date(2028, 2, 29)),
        ({"commitmentEndDate": "2026-12-31T00:00:00Z"}, dt.date(2027, 1, 1)),
    ],
)
def test_the_last_day_becomes_the_first_day_after(changes: dict[str, Any], ends_on: dt.date | None) -> None:
    assert translated(**changes).commitment_end_on == ends_on


def batch(quantity: object, until: object = "2026-11-25T10:00:00.1234567Z") -> dict[str, object]:
    return {"quantity": quantity, "allowedUntilDateTime": until}


UNTIL = dt.datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("refundable", "expected"),
    [
        ("ABSENT", None),
        (None, None),
        ({"totalQuantity": 0}, ()),
        ({"totalQuantity": 0, "details": []}, ()),
        ({"totalQuantity": 3}, None),
        ({"totalQuantity": 3, "details": [batch(3)]}, (port.ReturnableSeats(quantity=3, until=UNTIL),)),
        ({"details": [batch("3")]}, (port.ReturnableSeats(quantity=3, until=UNTIL),)),
        ({"details": [batch(0), batch(-1), batch(None), batch(2, None), batch(2, "soon")]}, ()),
        ("unreadable", None),
    ],
)
def test_returnable_seats_say_nothing_or_none_or_how_many_until_when(refundable: Any, expected: Any) -> None:
    assert translated(refundableQuantity=refundable).returnable == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"quantity": None},
        {"quantity": "many"},
        {"quantity": -1},
        {"status": ""},
        {"commitmentEndDate": "soon"},
        {"effectiveStartDate": "2026-02-30T00:00:00Z"},
    ],
)
def test_a_subscription_without_its_bones_is_garbled(changes: dict[str, Any]) -> None:
    with pytest.raises(port.VendorGarbled):
        translated(**changes)


@pytest.mark.parametrize(
    ("wired", "plain"), [("OneTime", "one_time"), ("one_time", "one_time"), ("Annual", "annual"), (None, "")]
)
def test_billing_cycles_are_spelled_one_way(wired: str | None, plain: str) -> None:
    assert translated(billingCycle=wired).billing_cycle == plain


def test_foreign_text_cannot_break_a_database() -> None:
    seen = translated(friendlyName="a\x00b" + "x" * 1000, newMember={"k\x00": "v\x00"})
    assert seen.name == "ab" + "x" * 498
    assert seen.unknown["newMember"] == {"k": "v"}


def test_the_newer_form_of_a_scheduled_change_counts() -> None:
    actions = [{"scheduledType": "TermEnd", "actionType": "Cancel"}]
    assert translated(scheduledActions=actions).scheduled == {"scheduledActions": actions}
