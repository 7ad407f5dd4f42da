"""The check of Graph replies against the published description: it passes good replies and catches bad ones."""

import json
from typing import Any

import httpx2
import pytest

from tests.simulator import openapi_check

SKU = {
    "id": "t_s",
    "skuId": "b0000000-0000-4000-8000-000000000001",
    "prepaidUnits": {"enabled": 1, "lockedOut": 0, "suspended": 0, "warning": 0},
    "consumedUnits": 1,
    "servicePlans": [],
}
ERROR = {"error": {"code": "BadRequest", "message": "no", "innerError": {"date": "2026-03-02T09:00:00"}}}


@pytest.fixture
def checker() -> openapi_check.Checker:
    found = openapi_check.checker()
    if found is None:
        pytest.skip(openapi_check.ABSENT)
    return found


def check(checker: openapi_check.Checker, path: str, body: Any, *, method: str = "GET", status: int = 200) -> None:
    checker.check(
        method=method,
        url=f"https://graph.example/v1.0{path}",
        status=status,
        content_type="application/json;odata.metadata=minimal",
        body=json.dumps(body).encode(),
    )


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/subscribedSkus", {"value": [SKU]}, 200),
        ("/users/delta", {"value": [{"id": "1", "@removed": {"reason": "changed"}}], "@odata.deltaLink": "x"}, 200),
        ("/users/delta()", {"value": [], "@odata.nextLink": "x"}, 200),
        ("/users('1')", {"id": "1", "assignedLicenses": []}, 200),
        ("/users/1", ERROR, 404),
        ("/no/such/thing", ERROR, 404),
    ],
)
def test_replies_in_the_published_form_pass(checker: openapi_check.Checker, path: str, body: Any, status: int) -> None:
    before = sum(checker.counts.values())
    check(checker, path, body, status=status)
    assert sum(checker.counts.values()) == before + 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/subscribedSkus", {"value": [SKU | {"consumedUnits": "1"}]}, 200),
        ("/subscribedSkus", {"value": [SKU | {"skuId": "OFFICE"}]}, 200),
        ("/subscribedSkus", {"value": [SKU | {"prepaidUnits": {"enabled": 1, "locked": 0}}]}, 200),
        ("/subscribedSkus", {"value": [SKU | {"quantity": 1}]}, 200),
        ("/subscribedSkus", {"value": SKU}, 200),
        ("/users/delta", {"value": [{"id": 1}]}, 200),
        ("/users", {"value": [{"accountEnabled": "true"}]}, 200),
        ("/users", {"value": [{"createdDateTime": "2026-03-02 09:00"}]}, 200),
        ("/users/1", {"error": "no"}, 404),
        ("/users/1", {"error": {"code": "x"}}, 404),
        ("/no/such/thing", {"error": {"message": "x"}}, 404),
        ("/no/such/thing", {"value": []}, 200),
    ],
)
def test_replies_in_another_form_are_caught(checker: openapi_check.Checker, path: str, body: Any, status: int) -> None:
    with pytest.raises(openapi_check.Mismatch):
        check(checker, path, body, status=status)


def test_a_body_where_none_belongs_is_caught(checker: openapi_check.Checker) -> None:
    with pytest.raises(openapi_check.Mismatch):
        check(checker, "/users/1", {"id": "1"}, method="DELETE", status=204)


def test_the_transport_checks_what_passes_through_it(checker: openapi_check.Checker) -> None:
    replies = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"value": [{"id": 1}]}))
    client = httpx2.Client(transport=openapi_check.validating_transport(replies))
    with pytest.raises(openapi_check.Mismatch):
        client.get("https://graph.example/v1.0/users")
    assert client.get("https://partner.example/v1/customers").json() == {"value": [{"id": 1}]}
