"""Groups on the simulated Graph: members, licences that reach them in the background, and what goes wrong with one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import graph_scene
from tests.simulator.graph_scene import ADA, BOB, CLEO, DORA, EMIL, KIOSK, LAST_ONE, NEWCOMERS, OFFICE, SALES
from vendor_simulator import testing


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with graph_scene.running(tmp_path_factory.mktemp("graph")) as started:
        yield started


@pytest.fixture
def scene(simulator: testing.Simulator) -> Iterator[graph_scene.Scene]:
    with graph_scene.fresh(simulator) as found:
        yield found


def assign(scene: graph_scene.Scene, group: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Any:
    body = {"addLicenses": [{"skuId": sku_id} for sku_id in add], "removeLicenses": list(remove)}
    return scene.send("POST", f"/groups/{group}/assignLicense", body)


def join(scene: graph_scene.Scene, group: str, user: str) -> int:
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}
    return scene.send("POST", f"/groups/{group}/members/$ref", body).status_code


def states(scene: graph_scene.Scene, user: str) -> list[tuple[str, str, str]]:
    found = scene.get(f"/users/{user}?$select=licenseAssignmentStates").json()["licenseAssignmentStates"]
    return sorted((state["skuId"], state["state"], state["error"]) for state in found)


def test_groups_and_their_members_are_listed(scene: graph_scene.Scene) -> None:
    assert [group["displayName"] for group in scene.get("/groups").json()["value"]] == ["Sales", "Newcomers"]
    for path in (f"/groups/{SALES}/members", f"/groups/{SALES}/members/microsoft.graph.user"):
        members = scene.get(path).json()["value"]
        assert [(member["id"], member["@odata.type"]) for member in members] == [
            (DORA, "#microsoft.graph.user"),
            (EMIL, "#microsoft.graph.user"),
        ]
    chosen = scene.get(f"/groups/{SALES}?$select=assignedLicenses,licenseProcessingState").json()
    assert chosen["assignedLicenses"] == [{"skuId": OFFICE, "disabledPlans": []}]
    assert chosen["licenseProcessingState"] == {"state": "ProcessingComplete"}


def test_a_group_licence_is_accepted_at_once_and_reaches_the_members_later(scene: graph_scene.Scene) -> None:
    scene.set("group_lag_s", 120)
    join(scene, NEWCOMERS, BOB)
    assert assign(scene, NEWCOMERS, add=(OFFICE,)).status_code == 202
    assert scene.held(BOB) == []
    scene.advance(120)
    assert scene.held(BOB) == [(OFFICE, NEWCOMERS)]


def test_who_joins_gets_the_licence_and_who_leaves_loses_it(scene: graph_scene.Scene) -> None:
    assert join(scene, SALES, BOB) == 204
    assert scene.held(BOB) == [(OFFICE, SALES)]
    assert scene.pool(OFFICE)["consumedUnits"] == 4
    assert scene.send("DELETE", f"/groups/{SALES}/members/{BOB}/$ref").status_code == 204
    assert scene.held(BOB) == []
    assert scene.pool(OFFICE)["consumedUnits"] == 3


def test_a_group_licence_needs_no_usage_location(scene: graph_scene.Scene) -> None:
    join(scene, SALES, CLEO)
    assert states(scene, CLEO) == [(OFFICE, "Active", "None")]


def test_a_member_without_a_unit_carries_the_error_and_gets_none_of_the_licences(scene: graph_scene.Scene) -> None:
    join(scene, NEWCOMERS, BOB)
    join(scene, NEWCOMERS, CLEO)
    assign(scene, NEWCOMERS, add=(LAST_ONE, OFFICE))
    served, left_out = states(scene, BOB), states(scene, CLEO)
    assert served == [(OFFICE, "Active", "None"), (LAST_ONE, "Active", "None")]
    assert left_out == [(OFFICE, "Error", "CountViolation"), (LAST_ONE, "Error", "CountViolation")]
    assert scene.get(f"/users/{CLEO}?$select=assignedLicenses").json()["assignedLicenses"] == []
    assert scene.pool(OFFICE)["consumedUnits"] == 4
    in_error = scene.get(f"/groups/{NEWCOMERS}/membersWithLicenseErrors").json()["value"]
    assert [person["id"] for person in in_error] == [CLEO]
    troubled = scene.get("/groups?$filter=hasMembersWithLicenseErrors eq true").json()["value"]
    assert [group["id"] for group in troubled] == [NEWCOMERS]


def test_a_clash_with_a_direct_licence_stays_on_the_person(scene: graph_scene.Scene) -> None:
    join(scene, NEWCOMERS, ADA)
    assign(scene, NEWCOMERS, add=(KIOSK,))
    assert states(scene, ADA) == [(OFFICE, "Active", "None"), (KIOSK, "Error", "MutuallyExclusiveViolation")]


def test_a_swap_of_a_group_changes_every_member_in_one_step(scene: graph_scene.Scene) -> None:
    assert scene.assign(DORA, remove=[OFFICE]).status_code == 200
    assert assign(scene, SALES, add=(KIOSK,), remove=(OFFICE,)).status_code == 202
    assert scene.held(DORA) == [(KIOSK, SALES)]
    assert scene.held(EMIL) == [(KIOSK, SALES)]


def test_membership_cannot_be_doubled_and_strangers_cannot_leave(scene: graph_scene.Scene) -> None:
    assert join(scene, SALES, DORA) == 400
    assert join(scene, SALES, "c0000000-0000-4000-8000-0000000000ff") == 404
    assert scene.send("DELETE", f"/groups/{SALES}/members/{BOB}/$ref").status_code == 404
    assert scene.get("/groups/d0000000-0000-4000-8000-0000000000ff").status_code == 404


def test_a_licence_that_the_group_does_not_have_cannot_be_removed(scene: graph_scene.Scene) -> None:
    assert assign(scene, NEWCOMERS, remove=(OFFICE,)).status_code == 400
    assert assign(scene, NEWCOMERS, add=(graph_scene.FOREIGN_SKU,)).status_code == 400
    assert scene.effects() == []
