"""Tokens in the older and the newer form, and the directory's own error bodies."""

import base64
from typing import Any

import httpx2
import pytest

from tests.simulator.partner_scene import ALPHA
from vendor_simulator import books, testing

SETTINGS = books.Settings()
FORM = {
    "grant_type": "client_credentials",
    "client_id": SETTINGS.client_id,
    "client_secret": SETTINGS.client_secret,
    "scope": f"{books.GRAPH_AUDIENCE}/.default",
}


def asked(simulator: testing.Simulator, tenant: str, **changes: str) -> httpx2.Response:
    form = {name: value for name, value in (FORM | changes).items() if value}
    return httpx2.post(f"{simulator.base_url}/{tenant}/oauth2/v2.0/token", data=form)


def test_the_newer_form_answers_with_numbers_and_no_refresh_token(simulator: testing.Simulator) -> None:
    body = asked(simulator, ALPHA).json()
    assert {name: type(value) for name, value in body.items()} == {
        "token_type": str,
        "expires_in": int,
        "ext_expires_in": int,
        "access_token": str,
    }
    assert asked(simulator, "alpha.example").status_code == 200


def test_the_older_form_answers_with_texts_and_rotates_the_refresh_token(simulator: testing.Simulator) -> None:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": SETTINGS.refresh_token,
        "client_id": SETTINGS.client_id,
        "client_secret": SETTINGS.client_secret,
        "resource": books.PARTNER_AUDIENCE,
    }
    body: dict[str, Any] = httpx2.post(
        f"{simulator.base_url}/{SETTINGS.partner_tenant_id}/oauth2/token", data=form
    ).json()
    assert {type(value) for value in body.values()} == {str}
    assert (body["resource"], body["expires_in"]) == (books.PARTNER_AUDIENCE, "3599")
    assert body["refresh_token"] == SETTINGS.refresh_token
    simulator.settings(app_only_refused=True)
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    path = f"/v1/customers/{ALPHA}/orders/none/provisioningstatus"
    assert httpx2.get(simulator.base_url + path, headers=headers).json()["code"] == 20000


@pytest.mark.parametrize(
    ("tenant", "changes", "status", "code", "error"),
    [
        (ALPHA, {"client_secret": "wrong"}, 401, 7000215, "invalid_client"),
        (ALPHA, {"client_id": "00000000-0000-4000-8000-00000000dead"}, 400, 700016, "unauthorized_client"),
        ("00000000-0000-4000-8000-00000000dead", {}, 400, 90002, "invalid_request"),
        (ALPHA, {"scope": "User.Read"}, 400, 70011, "invalid_scope"),
        (ALPHA, {"scope": "https://unheard.example/.default"}, 400, 500011, "invalid_resource"),
        (ALPHA, {"grant_type": "password"}, 400, 70003, "unsupported_grant_type"),
        (ALPHA, {"grant_type": ""}, 400, 900144, "invalid_request"),
        (ALPHA, {"grant_type": "refresh_token", "refresh_token": "old"}, 400, 700082, "invalid_grant"),
    ],
)
def test_refusals_carry_the_directorys_codes(
    simulator: testing.Simulator, tenant: str, changes: dict[str, str], status: int, code: int, error: str
) -> None:
    answer = asked(simulator, tenant, **changes)
    body = answer.json()
    assert (answer.status_code, body["error_codes"], body["error"]) == (status, [code], error)
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(body)


def test_a_tenant_without_consent_does_not_know_the_app(simulator: testing.Simulator) -> None:
    tenant_id = "44444444-4444-4444-8444-444444444444"
    customer = {"tenantId": tenant_id, "company": "Shy", "domain": "shy.example", "isConsented": False}
    simulator.seed({"customers": [customer]})
    assert asked(simulator, tenant_id).json()["error_codes"] == [700016]


def test_the_secret_may_come_as_basic_authentication(simulator: testing.Simulator) -> None:
    pair = base64.b64encode(f"{SETTINGS.client_id}:{SETTINGS.client_secret}".encode()).decode()
    form = {"grant_type": "client_credentials", "scope": FORM["scope"]}
    url = f"{simulator.base_url}/{ALPHA}/oauth2/v2.0/token"
    assert httpx2.post(url, data=form, headers={"Authorization": f"Basic {pair}"}).status_code == 200


def test_a_forged_token_is_no_token(simulator: testing.Simulator) -> None:
    token = simulator.token()
    head, payload, signature = token.split(".")
    forged = f"{head}.{payload[:-2]}xx.{signature}"
    for wrong in (forged, "plain", f"{head}.{payload}.", f"{head}.{payload}.%%%"):
        answer = httpx2.get(f"{simulator.base_url}/v1/customers", headers={"Authorization": f"Bearer {wrong}"})
        assert (answer.status_code, answer.json()["code"]) == (401, 800001)


def test_the_discovery_document_names_this_origin(simulator: testing.Simulator) -> None:
    found = httpx2.get(f"{simulator.base_url}/{ALPHA}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{simulator.base_url}/{ALPHA}/oauth2/v2.0/token"
    assert found["issuer"] == f"{simulator.base_url}/{ALPHA}/v2.0"
