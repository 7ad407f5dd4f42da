"""The frame of the simulated Graph: tokens and roles, headers, error bodies, metadata, faults, batches."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import graph_scene
from tests.simulator.graph_scene import ADA, BOB, CLEO, OFFICE, TENANT
from vendor_simulator import books, testing


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with graph_scene.running(tmp_path_factory.mktemp("graph")) as started:
        yield started


@pytest.fixture
def scene(simulator: testing.Simulator) -> Iterator[graph_scene.Scene]:
    with graph_scene.fresh(simulator) as found:
        yield found


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_call_needs_a_token_that_is_good_here_and_now(scene: graph_scene.Scene) -> None:
    unusable = (
        "",
        "Bearer",
        "Bearer made.up.token",
        f"Basic {scene.token()}",
        f"Bearer {scene.token(audience=books.PARTNER_AUDIENCE)}",
    )
    for header in unusable:
        refused = scene.get("/users", Authorization=header)
        assert refusal(refused) == (401, "InvalidAuthenticationToken")
        assert refused.headers["www-authenticate"].startswith("Bearer")
    token = scene.token()
    scene.advance(3600)
    assert refusal(scene.get("/users", Authorization=f"Bearer {token}")) == (401, "InvalidAuthenticationToken")


def test_a_tenant_without_directory_is_denied(scene: graph_scene.Scene) -> None:
    assert refusal(scene.get("/users", tenant_id=str(uuid.uuid4()))) == (403, "Authorization_RequestDenied")


def test_a_token_with_roles_is_held_to_them(scene: graph_scene.Scene) -> None:
    reader = f"Bearer {scene.token(roles=('User.Read.All', 'LicenseAssignment.Read.All'))}"
    assert scene.get("/users", Authorization=reader).status_code == 200
    assert scene.get("/subscribedSkus", Authorization=reader).status_code == 200
    assert refusal(scene.get("/groups", Authorization=reader)) == (403, "Authorization_RequestDenied")
    body = {"addLicenses": [{"skuId": OFFICE}], "removeLicenses": []}
    refused = scene.client.post(f"/v1.0/users/{BOB}/assignLicense", json=body, headers={"Authorization": reader})
    assert refusal(refused) == (403, "Authorization_RequestDenied")
    assert scene.held(BOB) == []


def test_a_customer_of_the_books_has_an_empty_directory_from_the_start(scene: graph_scene.Scene) -> None:
    tenant_id = str(uuid.uuid4())
    customer = {"tenantId": tenant_id, "company": "Neu GmbH", "domain": "neu.onmicrosoft.com", "country": "AT"}
    scene.simulator.seed({"customers": [customer]})
    (found,) = scene.get("/organization", tenant_id=tenant_id).json()["value"]
    assert (found["displayName"], found["countryLetterCode"]) == ("Neu GmbH", "AT")
    assert [domain["id"] for domain in scene.get("/domains", tenant_id=tenant_id).json()["value"]] == [
        "neu.onmicrosoft.com"
    ]
    assert scene.get("/users", tenant_id=tenant_id).json()["value"] == []


def test_every_answer_carries_its_ids_and_an_error_repeats_them(scene: graph_scene.Scene) -> None:
    mine = str(uuid.uuid4())
    good = scene.get("/users", client_request_id=mine)
    bad = scene.get("/users/nobody", client_request_id=mine)
    for answer in (good, bad):
        assert answer.headers["client-request-id"] == mine
        assert answer.headers["odata-version"] == "4.0"
        assert "x-ms-ags-diagnostic" in answer.headers
    assert good.headers["request-id"] != bad.headers["request-id"]
    inner = bad.json()["error"]["innerError"]
    assert (inner["request-id"], inner["client-request-id"]) == (bad.headers["request-id"], mine)
    assert inner["date"] == "2026-03-02T09:00:00"
    without = scene.get("/users")
    assert without.headers["client-request-id"] == without.headers["request-id"]


def test_metadata_is_minimal_unless_the_caller_wants_none(scene: graph_scene.Scene) -> None:
    minimal = scene.get("/users?$top=1")
    none = scene.get("/users?$top=1", Accept="application/json;odata.metadata=none")
    assert minimal.json()["@odata.context"].endswith("/v1.0/$metadata#users")
    assert minimal.headers["content-type"].startswith("application/json;odata.metadata=minimal;odata.streaming=true")
    assert set(none.json()) == {"@odata.nextLink", "value"}
    assert none.headers["content-type"].startswith("application/json;odata.metadata=none")


def test_unknown_segments_and_wrong_methods_have_their_own_codes(scene: graph_scene.Scene) -> None:
    assert refusal(scene.get("/teapots")) == (404, "ResourceNotFound")
    assert refusal(scene.get(f"/users/{ADA}/teapots/1")) == (404, "ResourceNotFound")
    assert refusal(scene.send("DELETE", "/users")) == (405, "Request_BadRequest")
    assert refusal(scene.send("POST", f"/users/{ADA}/licenseDetails", {})) == (405, "Request_BadRequest")


def test_a_body_that_is_no_json_object_is_refused(scene: graph_scene.Scene) -> None:
    headers = {"Authorization": f"Bearer {scene.token()}", "Content-Type": "application/json"}
    for content in (b"", b"[]", b"{", b"\xff", b"[" * 100_000):
        answer = scene.client.post(f"/v1.0/users/{ADA}/assignLicense", content=content, headers=headers)
        assert refusal(answer) == (400, "BadRequest")


def test_an_option_given_twice_is_refused(scene: graph_scene.Scene) -> None:
    assert refusal(scene.get("/users?$top=1&$top=2")) == (400, "BadRequest")


def test_a_throttled_call_is_told_to_wait_and_changes_nothing(scene: graph_scene.Scene) -> None:
    match = {"face": "graph", "method": "POST", "path": "assignLicense"}
    scene.simulator.fault("throttle_429", match=match, wait_s=7)
    throttled = scene.assign(BOB, add=[OFFICE])
    assert refusal(throttled) == (429, "TooManyRequests")
    assert throttled.headers["retry-after"] == "7"
    assert scene.held(BOB) == []
    assert scene.assign(BOB, add=[OFFICE]).status_code == 200


@pytest.mark.parametrize(
    ("kind", "took_effect"), [("error_5xx_before_effect", False), ("error_5xx_after_effect", True)]
)
def test_a_server_error_says_nothing_about_the_effect(scene: graph_scene.Scene, kind: str, took_effect: bool) -> None:
    scene.simulator.fault(kind, match={"path": "assignLicense"}, status=503)
    assert refusal(scene.assign(BOB, add=[OFFICE])) == (503, "ServiceUnavailable")
    assert bool(scene.held(BOB)) is took_effect


def test_a_late_write_shows_after_its_span_and_an_ignored_one_never(scene: graph_scene.Scene) -> None:
    scene.simulator.fault("late_visibility", match={"path": f"{BOB}/assignLicense"}, visible_after_s=90)
    scene.simulator.fault("ignored_write", match={"path": f"{ADA}/assignLicense"})
    assert scene.assign(BOB, add=[OFFICE]).status_code == 200
    assert scene.assign(ADA, remove=[OFFICE]).status_code == 200
    assert scene.held(BOB) == []
    scene.advance(90)
    assert scene.held(BOB) == [(OFFICE, None)]
    assert scene.held(ADA) == [(OFFICE, None)]
    fired = scene.simulator.fired()
    assert (fired["late_visibility"], fired["ignored_write"]) == (1, 1)


def batch(scene: graph_scene.Scene, *requests: dict[str, Any]) -> Any:
    return scene.send("POST", "/$batch", {"requests": list(requests)})


def test_a_batch_answers_each_part_on_its_own(scene: graph_scene.Scene) -> None:
    wanted = {"addLicenses": [{"skuId": OFFICE}], "removeLicenses": []}
    headers = {"Content-Type": "application/json"}
    answer = batch(
        scene,
        {"id": "a", "method": "GET", "url": "/users?$select=id&$top=2"},
        {"id": "b", "method": "POST", "url": f"/users/{BOB}/assignLicense", "headers": headers, "body": wanted},
        {"id": "c", "method": "POST", "url": f"/users/{CLEO}/assignLicense", "headers": headers, "body": wanted},
        {"id": "d", "method": "DELETE", "url": f"/users/{ADA}"},
        {"id": "e", "method": "GET", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
        {"id": "f", "method": "GET", "url": "/teapots"},
    )
    parts = {part["id"]: part for part in answer.json()["responses"]}
    assert {name: part["status"] for name, part in parts.items()} == {
        "a": 200,
        "b": 200,
        "c": 400,
        "d": 204,
        "e": 200,
        "f": 404,
    }
    assert len(parts["a"]["body"]["value"]) == 2
    assert "invalid usage location" in parts["c"]["body"]["error"]["message"]
    assert ("body" in parts["d"], parts["e"]["body"]) == (False, "5")
    assert scene.held(BOB) == [(OFFICE, None)]


def test_a_part_waits_for_the_one_it_depends_on_and_fails_with_it(scene: graph_scene.Scene) -> None:
    answer = batch(
        scene,
        {"id": "1", "method": "GET", "url": "/users/nobody"},
        {"id": "2", "method": "DELETE", "url": f"/users/{ADA}", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": f"/users/{ADA}"},
    )
    assert [part["status"] for part in answer.json()["responses"]] == [404, 424, 200]


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"id": str(number), "method": "GET", "url": "/users"} for number in range(21)],
        [{"id": "A", "method": "GET", "url": "/users"}, {"id": "a", "method": "GET", "url": "/users"}],
        [{"id": "1", "method": "POST", "url": "/users", "body": {}}],
        [{"id": "1", "method": "POST", "url": "/$batch", "headers": {"Content-Type": "x"}, "body": {}}],
        [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"]}],
        [{"id": "1", "url": "/users"}],
    ],
)
def test_a_malformed_batch_is_refused_whole(scene: graph_scene.Scene, requests: list[dict[str, Any]]) -> None:
    assert refusal(batch(scene, *requests)) == (400, "BadRequest")


def test_twenty_parts_are_a_batch(scene: graph_scene.Scene) -> None:
    requests = [{"id": str(number), "method": "GET", "url": f"/users/{ADA}"} for number in range(20)]
    assert [part["status"] for part in batch(scene, *requests).json()["responses"]] == [200] * 20


def test_the_books_name_tenant_and_request_of_each_effect(scene: graph_scene.Scene) -> None:
    scene.assign(BOB, add=[OFFICE])
    (effect,) = scene.simulator.effects()
    assert (effect["face"], effect["tenant_id"]) == ("graph", TENANT)
    assert (effect["kind"], effect["subject"]) == ("licences_assigned", BOB)
