"""Delta rounds on the simulated Graph: what changed since a link was given."""

import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import graph_scene
from tests.simulator.graph_scene import ADA, BOB, CLEO, EMIL, LARGE_TENANT, OFFICE, TENANT
from vendor_simulator import testing

LICENCES = "/users/delta?$select=id,displayName,assignedLicenses,licenseAssignmentStates"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with graph_scene.running(tmp_path_factory.mktemp("graph")) as started:
        yield started


@pytest.fixture
def scene(simulator: testing.Simulator) -> Iterator[graph_scene.Scene]:
    with graph_scene.fresh(simulator) as found:
        yield found


def round_of(scene: graph_scene.Scene, url: str, *, tenant_id: str = TENANT) -> tuple[list[dict[str, Any]], str, int]:
    """(objects, delta link, pages) of a whole round."""
    found: list[dict[str, Any]] = []
    pages = 0
    while True:
        answer = scene.get(url, tenant_id=tenant_id)
        assert answer.status_code == 200, answer.text
        pages += 1
        found += answer.json()["value"]
        if "@odata.deltaLink" in answer.json():
            return found, answer.json()["@odata.deltaLink"], pages
        url = answer.json()["@odata.nextLink"]


def test_the_first_round_brings_everybody_over_several_pages(scene: graph_scene.Scene) -> None:
    found, _, pages = round_of(scene, "/users/delta?$select=id", tenant_id=LARGE_TENANT)
    assert (len({person["id"] for person in found}), pages) == (250, 3)


@pytest.mark.parametrize("spelling", ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"])
def test_every_spelling_of_the_function_works_and_is_kept_in_the_link(scene: graph_scene.Scene, spelling: str) -> None:
    found, link, _ = round_of(scene, f"/users/{spelling}")
    assert len(found) == 6
    assert urllib.parse.urlsplit(link).path == f"/v1.0/users/{spelling}"
    assert round_of(scene, link)[0] == []


def test_a_later_round_brings_who_changed_and_whom_it_lost(scene: graph_scene.Scene) -> None:
    _, link, _ = round_of(scene, LICENCES)
    scene.assign(BOB, add=[OFFICE])
    scene.send("PATCH", f"/users/{CLEO}", {"displayName": "Cleopatra"})
    scene.send("DELETE", f"/users/{EMIL}")
    found, link, _ = round_of(scene, link)
    by_id = {person["id"]: person for person in found}
    assert by_id[BOB]["assignedLicenses"] == [{"skuId": OFFICE, "disabledPlans": []}]
    assert by_id[CLEO]["displayName"] == "Cleopatra"
    assert by_id[EMIL] == {"id": EMIL, "@removed": {"reason": "changed"}}
    assert len(by_id) == len(found) == 3
    assert round_of(scene, link)[0] == []


def test_a_link_used_twice_brings_the_same_again(scene: graph_scene.Scene) -> None:
    _, link, _ = round_of(scene, LICENCES)
    scene.assign(BOB, add=[OFFICE])
    assert round_of(scene, link)[0] == round_of(scene, link)[0] != []


def test_changes_of_members_that_were_not_selected_do_not_show(scene: graph_scene.Scene) -> None:
    _, link, _ = round_of(scene, "/users/delta?$select=id,displayName")
    scene.send("PATCH", f"/users/{ADA}", {"department": "Board"})
    scene.assign(BOB, add=[OFFICE])
    assert round_of(scene, link)[0] == []


def test_new_people_show_whatever_was_selected(scene: graph_scene.Scene) -> None:
    _, link, _ = round_of(scene, "/users/delta?$select=id,department")
    body = {
        "accountEnabled": True,
        "displayName": "Fritz",
        "mailNickname": "fritz",
        "userPrincipalName": "fritz@alpenblick.example",
        "passwordProfile": {"password": "long enough 1!"},
    }
    created = scene.send("POST", "/users", body).json()["id"]
    assert [person["id"] for person in round_of(scene, link)[0]] == [created]


def test_a_round_from_latest_starts_empty_and_then_brings_changes(scene: graph_scene.Scene) -> None:
    found, link, _ = round_of(scene, LICENCES + "&$deltatoken=latest")
    assert found == []
    scene.assign(BOB, add=[OFFICE])
    assert [person["id"] for person in round_of(scene, link)[0]] == [BOB]


def test_changes_made_while_the_first_round_is_paged_come_in_the_next(scene: graph_scene.Scene) -> None:
    scene.set("page_size", 4)
    first = scene.get(LICENCES).json()
    scene.assign(ADA, remove=[OFFICE])
    _, link, _ = round_of(scene, first["@odata.nextLink"])
    (changed,) = round_of(scene, link)[0]
    assert (changed["id"], changed["assignedLicenses"]) == (ADA, [])


def test_a_change_that_is_not_visible_yet_comes_once_it_is(scene: graph_scene.Scene) -> None:
    _, link, _ = round_of(scene, LICENCES)
    scene.set("read_lag_s", 60)
    scene.assign(BOB, add=[OFFICE])
    found, link, _ = round_of(scene, link)
    assert found == []
    scene.advance(60)
    (changed,) = round_of(scene, link)[0]
    assert [held["skuId"] for held in changed["assignedLicenses"]] == [OFFICE]


def test_a_link_older_than_seven_days_is_gone_and_says_where_to_start_again(scene: graph_scene.Scene) -> None:
    _, link, _ = round_of(scene, LICENCES)
    scene.advance(7 * 24 * 3600 - 1)
    assert scene.get(link).status_code == 200
    scene.advance(1)
    gone = scene.get(link)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "resyncRequired")
    assert len(round_of(scene, gone.headers["location"])[0]) == 6


def test_only_the_people_asked_for_by_id(scene: graph_scene.Scene) -> None:
    clause = urllib.parse.quote(f"id eq '{ADA}' or id eq '{BOB}'")
    found, link, _ = round_of(scene, f"/users/delta?$filter={clause}")
    assert {person["id"] for person in found} == {ADA, BOB}
    scene.send("PATCH", f"/users/{CLEO}", {"displayName": "Cleopatra"})
    scene.send("PATCH", f"/users/{BOB}", {"displayName": "Robert"})
    assert [person["id"] for person in round_of(scene, link)[0]] == [BOB]


@pytest.mark.parametrize(
    "query",
    ["$top=5", "$orderby=displayName", "$expand=manager", "$filter=displayName eq 'Ada'", "$select=id,shoeSize"],
)
def test_options_that_delta_does_not_take_are_refused(scene: graph_scene.Scene, query: str) -> None:
    assert scene.get(f"/users/delta?{query}").status_code == 400


def test_a_token_that_was_never_given_is_not_found(scene: graph_scene.Scene) -> None:
    refused = scene.get("/users/delta?$deltatoken=made-up")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "syncStateNotFound")
    _, link, _ = round_of(scene, LICENCES)
    assert scene.get(link, tenant_id=LARGE_TENANT).json()["error"]["code"] == "syncStateNotFound"
