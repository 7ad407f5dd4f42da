"""Assigning licences on the simulated Graph: what is allowed, what is refused in which words, all or nothing."""

from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.simulator import graph_scene
from tests.simulator.graph_scene import (
    ADA,
    ARCHIVING,
    BOB,
    CAPACITY,
    CLEO,
    DORA,
    EMIL,
    FOREIGN_SKU,
    GUEST,
    KIOSK,
    LAST_ONE,
    MAIL,
    MEETINGS,
    NEWCOMERS,
    OFFICE,
    SALES,
    STORAGE,
)
from vendor_simulator import testing


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with graph_scene.running(tmp_path_factory.mktemp("graph")) as started:
        yield started


@pytest.fixture
def scene(simulator: testing.Simulator) -> Iterator[graph_scene.Scene]:
    with graph_scene.fresh(simulator) as found:
        yield found


def test_an_assigned_licence_shows_on_the_person_in_the_details_and_in_the_pool(scene: graph_scene.Scene) -> None:
    answer = scene.assign(BOB, add=[{"skuId": OFFICE, "disabledPlans": [MEETINGS]}])
    assert (answer.status_code, answer.json()["id"]) == (200, BOB)
    assert scene.held(BOB) == [(OFFICE, None)]
    (details,) = scene.get(f"/users/{BOB}/licenseDetails").json()["value"]
    states = {plan["servicePlanName"]: plan["provisioningStatus"] for plan in details["servicePlans"]}
    assert (details["skuPartNumber"], states) == ("OFFICE", {"MAIL": "Success", "MEETINGS": "Disabled"})
    assert scene.pool(OFFICE)["consumedUnits"] == 4
    assert scene.effects() == [("licences_assigned", BOB)]


def test_a_removed_licence_frees_its_unit(scene: graph_scene.Scene) -> None:
    assert scene.assign(ADA, remove=[OFFICE]).status_code == 200
    assert scene.held(ADA) == []
    assert scene.pool(OFFICE)["consumedUnits"] == 2


def test_the_action_answers_to_its_long_name_and_to_the_principal_name(scene: graph_scene.Scene) -> None:
    body = {"addLicenses": [{"skuId": OFFICE}], "removeLicenses": []}
    assert scene.send("POST", "/users/bob@alpenblick.example/microsoft.graph.assignLicense", body).status_code == 200
    assert scene.held(BOB) == [(OFFICE, None)]


REFUSALS: dict[str, tuple[Callable[[graph_scene.Scene], httpx2.Response], str]] = {
    "no usage location": (lambda scene: scene.assign(CLEO, add=[OFFICE]), "invalid usage location"),
    "guest without usage location": (lambda scene: scene.assign(GUEST, add=[OFFICE]), "invalid usage location"),
    "licence the tenant does not own": (
        lambda scene: scene.assign(BOB, add=[FOREIGN_SKU]),
        f"License {FOREIGN_SKU} does not correspond to a valid company License",
    ),
    "licence for the company": (
        lambda scene: scene.assign(BOB, add=[CAPACITY]),
        f"License {CAPACITY} does not correspond to a valid company License",
    ),
    "removal of what is not held": (
        lambda scene: scene.assign(BOB, remove=[OFFICE]),
        "User does not have a corresponding license",
    ),
    "removal of what a group gives": (
        lambda scene: scene.assign(EMIL, remove=[OFFICE]),
        "User license is inherited from a group membership and it cannot be removed directly from the user",
    ),
    "add-on without its base": (lambda scene: scene.assign(BOB, add=[ARCHIVING]), "depends on the service plan(s)"),
    "add-on with the needed plan off": (
        lambda scene: scene.assign(BOB, add=[ARCHIVING, {"skuId": OFFICE, "disabledPlans": [MAIL]}]),
        "depends on the service plan(s)",
    ),
    "plans that exclude each other": (lambda scene: scene.assign(ADA, add=[KIOSK]), "are mutually exclusive"),
    "plan of another licence": (
        lambda scene: scene.assign(BOB, add=[{"skuId": OFFICE, "disabledPlans": [STORAGE]}]),
        f"Service plan {STORAGE} is not part of the license {OFFICE}",
    ),
    "same licence twice": (lambda scene: scene.assign(BOB, add=[OFFICE, OFFICE]), "named twice"),
    "added and removed at once": (lambda scene: scene.assign(ADA, add=[OFFICE], remove=[OFFICE]), "in removeLicenses"),
    "malformed id": (lambda scene: scene.assign(BOB, add=["OFFICE"]), "Edm.Guid"),
    "malformed plan id": (
        lambda scene: scene.assign(BOB, add=[{"skuId": OFFICE, "disabledPlans": ["MAIL"]}]),
        "Edm.Guid",
    ),
    "no removeLicenses": (
        lambda scene: scene.send("POST", f"/users/{BOB}/assignLicense", {"addLicenses": [{"skuId": OFFICE}]}),
        "One or more parameters of the operation 'assignLicense' are missing",
    ),
    "no addLicenses": (
        lambda scene: scene.send("POST", f"/users/{ADA}/assignLicense", {"removeLicenses": [OFFICE]}),
        "One or more parameters of the operation 'assignLicense' are missing",
    ),
    "null instead of a list": (
        lambda scene: scene.send(
            "POST", f"/users/{ADA}/assignLicense", {"addLicenses": None, "removeLicenses": [OFFICE]}
        ),
        "One or more parameters of the operation 'assignLicense' are missing",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_the_recognisable_words_and_changes_nothing(scene: graph_scene.Scene, case: str) -> None:
    ask, words = REFUSALS[case]
    before = {user: scene.held(user) for user in (ADA, BOB, CLEO, EMIL, GUEST)}
    refused = ask(scene)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "Request_BadRequest"
    assert words in refused.json()["error"]["message"]
    assert {user: scene.held(user) for user in before} == before
    assert scene.effects() == []


def test_an_unknown_person_is_not_found(scene: graph_scene.Scene) -> None:
    refused = scene.assign("nobody@alpenblick.example", add=[OFFICE])
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_the_last_unit_goes_once(scene: graph_scene.Scene) -> None:
    assert scene.assign(BOB, add=[LAST_ONE]).status_code == 200
    refused = scene.assign(ADA, add=[LAST_ONE])
    assert f"Subscription with SKU {LAST_ONE} does not have any available licenses" in refused.text
    assert scene.assign(BOB, remove=[LAST_ONE]).status_code == 200
    assert scene.assign(ADA, add=[LAST_ONE]).status_code == 200


def test_who_holds_the_last_unit_needs_no_second_one(scene: graph_scene.Scene) -> None:
    assert scene.assign(BOB, add=[LAST_ONE]).status_code == 200
    assert scene.assign(BOB, add=[{"skuId": LAST_ONE, "disabledPlans": [STORAGE]}]).status_code == 200
    body = {"addLicenses": [{"skuId": LAST_ONE}], "removeLicenses": []}
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{BOB}"}
    assert scene.send("POST", f"/groups/{NEWCOMERS}/members/$ref", reference).status_code == 204
    assert scene.send("POST", f"/groups/{NEWCOMERS}/assignLicense", body).status_code == 202
    assert scene.held(BOB) == [(LAST_ONE, NEWCOMERS), (LAST_ONE, None)]
    assert scene.pool(LAST_ONE)["consumedUnits"] == 1


def test_units_in_grace_can_be_assigned_and_suspended_ones_cannot(scene: graph_scene.Scene) -> None:
    # 7 enabled + 1 in grace - 3 in use = 5 to give; 4 suspended ones are not among them.
    scene.send("PATCH", f"/users/{CLEO}", {"usageLocation": "DE"})
    scene.send("PATCH", f"/users/{GUEST}", {"usageLocation": "DE"})
    extra = []
    for number in range(3):
        body = {
            "accountEnabled": True,
            "displayName": f"Extra {number}",
            "mailNickname": f"extra{number}",
            "userPrincipalName": f"extra{number}@alpenblick.example",
            "passwordProfile": {"password": "long enough 1!"},
            "usageLocation": "DE",
        }
        extra.append(scene.send("POST", "/users", body).json()["id"])
    answers = [scene.assign(user, add=[OFFICE]).status_code for user in (BOB, CLEO, GUEST, *extra)]
    assert answers == [200, 200, 200, 200, 200, 400]


def test_a_swap_is_one_step_without_a_clash_between_old_and_new(scene: graph_scene.Scene) -> None:
    assert scene.assign(ADA, add=[KIOSK], remove=[OFFICE]).status_code == 200
    assert scene.held(ADA) == [(KIOSK, None)]


def test_a_swap_that_fails_takes_nothing_away(scene: graph_scene.Scene) -> None:
    assert scene.assign(BOB, add=[LAST_ONE]).status_code == 200
    assert scene.assign(ADA, add=[LAST_ONE], remove=[OFFICE]).status_code == 400
    assert scene.held(ADA) == [(OFFICE, None)]


def test_interdependent_licences_are_added_and_removed_in_one_call(scene: graph_scene.Scene) -> None:
    assert scene.assign(BOB, add=[ARCHIVING, OFFICE]).status_code == 200
    refused = scene.assign(BOB, remove=[OFFICE])
    assert "depends on the service plan(s)" in refused.json()["error"]["message"]
    assert scene.assign(BOB, remove=[OFFICE, ARCHIVING]).status_code == 200
    assert scene.held(BOB) == []


def test_adding_what_is_held_replaces_the_disabled_plans_and_costs_nothing(scene: graph_scene.Scene) -> None:
    before = scene.pool(OFFICE)["consumedUnits"]
    assert scene.assign(ADA, add=[{"skuId": OFFICE, "disabledPlans": []}]).status_code == 200
    (held,) = scene.get(f"/users/{ADA}?$select=assignedLicenses").json()["assignedLicenses"]
    assert held == {"skuId": OFFICE, "disabledPlans": []}
    assert scene.pool(OFFICE)["consumedUnits"] == before


def test_adding_the_same_again_is_accepted_and_takes_no_effect(scene: graph_scene.Scene) -> None:
    scene.assign(BOB, add=[OFFICE])
    assert scene.assign(BOB, add=[OFFICE]).status_code == 200
    assert scene.effects() == [("licences_assigned", BOB)]


def test_a_direct_licence_can_go_while_the_groups_stays(scene: graph_scene.Scene) -> None:
    assert scene.assign(DORA, remove=[OFFICE]).status_code == 200
    assert scene.held(DORA) == [(OFFICE, SALES)]
    assert scene.pool(OFFICE)["consumedUnits"] == 3


def test_plans_of_two_sources_are_merged(scene: graph_scene.Scene) -> None:
    scene.assign(DORA, add=[{"skuId": OFFICE, "disabledPlans": [MEETINGS]}])
    found = scene.get(f"/users/{DORA}?$select=assignedLicenses,assignedPlans").json()
    assert found["assignedLicenses"] == [{"skuId": OFFICE, "disabledPlans": []}]
    assert {plan["servicePlanId"] for plan in found["assignedPlans"]} == {MAIL, MEETINGS}


def test_a_deleted_person_gives_the_units_back_at_once(scene: graph_scene.Scene) -> None:
    assert scene.send("DELETE", f"/users/{ADA}").status_code == 204
    assert scene.pool(OFFICE)["consumedUnits"] == 2
    assert scene.get(f"/users/{ADA}").status_code == 404


def test_a_written_licence_shows_only_after_the_lag_though_it_counts_at_once(scene: graph_scene.Scene) -> None:
    scene.set("read_lag_s", 30)
    assert scene.assign(BOB, add=[LAST_ONE]).status_code == 200
    assert scene.held(BOB) == []
    assert scene.assign(ADA, add=[LAST_ONE]).status_code == 400
    scene.advance(30)
    assert scene.held(BOB) == [(LAST_ONE, None)]
