"""Tokens are asked for once per tenant and audience, renewed early, and never shown."""

import datetime as dt
import urllib.parse
from collections.abc import Iterator

import pytest
import respx
import structlog
from hypothesis import given
from hypothesis import strategies as st

from seatwright.vendors import http, port, tokens
from tests.vendors.conftest import AT, LOGIN, SECRET, TOKEN

TENANT_A = "aaaaaaaa-0000-4000-8000-000000000000"
TENANT_B = "bbbbbbbb-0000-4000-8000-000000000000"
RESOURCE = "https://api.partnercenter.microsoft.com"
SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
def kept() -> Iterator[tokens.Tokens]:
    login = http.HttpClient(vendor="The sign-in service", base_url=LOGIN)
    yield tokens.Tokens(login=login, application=tokens.Application(client_id="app", client_secret=SECRET))
    login.close()


def answer(router: respx.Router, tenant_id: str, path: str, token: str, expires_in: object = 3599) -> respx.Route:
    return router.post(f"{LOGIN}/{tenant_id}/{path}").respond(
        200, json={"access_token": token, "expires_in": expires_in}
    )


def form(route: respx.Route) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(route.calls.last.request.content.decode()))


def test_both_forms_of_the_request_are_sent_as_documented(kept: tokens.Tokens, httpx2_mock: respx.Router) -> None:
    old = answer(httpx2_mock, TENANT_A, "oauth2/token", "one")
    new = answer(httpx2_mock, TENANT_A, "oauth2/v2.0/token", "two")
    assert kept.for_resource(tenant_id=TENANT_A, resource=RESOURCE, at=AT) == "one"
    assert kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT) == "two"
    common = {"grant_type": "client_credentials", "client_id": "app", "client_secret": SECRET}
    assert form(old) == common | {"resource": RESOURCE}
    assert form(new) == common | {"scope": SCOPE}


def test_a_token_is_used_until_shortly_before_it_expires(kept: tokens.Tokens, httpx2_mock: respx.Router) -> None:
    route = answer(httpx2_mock, TENANT_A, "oauth2/v2.0/token", TOKEN, "3600")
    for minute, asked in [(0, 1), (54, 1), (55, 2), (56, 2)]:
        kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT + dt.timedelta(minutes=minute))
        assert route.call_count == asked


def test_a_clock_set_back_by_an_hour_asks_for_a_new_token(kept: tokens.Tokens, httpx2_mock: respx.Router) -> None:
    route = answer(httpx2_mock, TENANT_A, "oauth2/v2.0/token", TOKEN)
    kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT)
    kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT - dt.timedelta(hours=1))
    assert route.call_count == 2


def test_a_tenants_token_is_never_used_for_another_tenant(kept: tokens.Tokens, httpx2_mock: respx.Router) -> None:
    answer(httpx2_mock, TENANT_A, "oauth2/v2.0/token", "for-a")
    answer(httpx2_mock, TENANT_B, "oauth2/v2.0/token", "for-b")
    for _ in range(2):
        assert kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT) == "for-a"
        assert kept.for_scope(tenant_id=TENANT_B, scope=SCOPE, at=AT) == "for-b"


def test_a_forgotten_token_is_replaced_but_its_successor_is_kept(
    kept: tokens.Tokens, httpx2_mock: respx.Router
) -> None:
    answer(httpx2_mock, TENANT_A, "oauth2/v2.0/token", "first")
    kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT)
    route = answer(httpx2_mock, TENANT_A, "oauth2/v2.0/token", "second")
    kept.forget(token="first")
    assert kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT) == "second"
    kept.forget(token="first")
    asked = route.call_count
    assert kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT) == "second"
    assert route.call_count == asked


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": "invalid_client", "error_description": f"AADSTS7000215: {SECRET}"}, port.VendorDenied),
        (400, {"error": "invalid_request", "error_description": f"AADSTS90002: {SECRET}"}, port.VendorDenied),
        (429, {}, port.VendorBusy),
        (500, {}, port.VendorDown),
        (200, {"token_type": "Bearer"}, port.VendorGarbled),
        (200, {"access_token": "line\r\nbreak"}, port.VendorGarbled),
        (200, {"access_token": ""}, port.VendorGarbled),
        (200, ["access_token"], port.VendorGarbled),
    ],
)
def test_a_refusal_is_named_without_the_secret(
    kept: tokens.Tokens, httpx2_mock: respx.Router, status: int, body: object, kind: type[port.VendorTrouble]
) -> None:
    httpx2_mock.post(f"{LOGIN}/{TENANT_A}/oauth2/v2.0/token").respond(status, json=body)
    with structlog.testing.capture_logs() as logged, pytest.raises(kind) as raised:
        kept.for_scope(tenant_id=TENANT_A, scope=SCOPE, at=AT)
    application = tokens.Application(client_id="app", client_secret=SECRET)
    assert SECRET not in repr([raised.value, str(raised.value), logged, kept, application])
    if status in (400, 401):
        assert "AADSTS" in raised.value.safe_text


@pytest.mark.parametrize(
    ("status", "kind"), [(200, port.VendorGarbled), (502, port.VendorDown), (400, port.VendorDenied)]
)
def test_a_page_instead_of_a_token_is_trouble(
    kept: tokens.Tokens, httpx2_mock: respx.Router, status: int, kind: type[port.VendorTrouble]
) -> None:
    httpx2_mock.post(f"{LOGIN}/{TENANT_A}/oauth2/token").respond(status, html="<html>Sign in</html>")
    with pytest.raises(kind):
        kept.for_resource(tenant_id=TENANT_A, resource=RESOURCE, at=AT)


@given(value=st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.lists(st.integers()))
def test_a_token_lives_between_a_minute_and_a_day_whatever_the_answer_says(value: object) -> None:
    assert tokens.SHORTEST_LIFE_S <= tokens._life_s(value) <= tokens.LONGEST_LIFE_S
