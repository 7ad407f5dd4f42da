"""A change of seats at Partner Center: exactly what goes out, and exactly what each answer means."""

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

from seatwright.vendors import http, microsoft, port
from seatwright.vendors.partner_center import adapter, answers
from tests.vendors.conftest import AT, PARTNER, SECRET, TENANT, TOKEN
from tests.vendors.samples import SUBSCRIPTION_ID, URL, resource

REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")


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
        (400, b'{"code": 900280}', {}, "operation_pending", 900),
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


def shows_seven_seats(reply: http.Reply) -> port.Done | None:
    return adapter.shown(reply, subscription_id=SUBSCRIPTION_ID, is_there=lambda seen: seen.quantity == 7)


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
    outcome = answers.meaning(reply, proof=shows_seven_seats, at=AT)
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


def test_a_token_refused_for_a_change_is_replaced_by_the_next_run_only(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, read: respx.Route, partner_token: respx.Route
) -> None:
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(401)
    set_seats(vendor)
    assert (patch.call_count, partner_token.call_count) == (1, 1)
    set_seats(vendor)
    assert (patch.call_count, partner_token.call_count) == (2, 2)


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
