"""The tenant on the simulated Graph: who it is, what it owns, and from whom."""

import copy
from collections.abc import Iterator

import pytest

from tests.simulator import graph_scene
from vendor_simulator import testing


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with graph_scene.running(tmp_path_factory.mktemp("graph")) as started:
        yield started


@pytest.fixture
def scene(simulator: testing.Simulator) -> Iterator[graph_scene.Scene]:
    with graph_scene.fresh(simulator) as found:
        yield found


def test_the_organisation_is_the_tenant_of_the_token(scene: graph_scene.Scene) -> None:
    (found,) = scene.get("/organization").json()["value"]
    assert (found["id"], found["displayName"]) == (graph_scene.TENANT, "Alpenblick GmbH")
    assert [domain["name"] for domain in found["verifiedDomains"]] == [
        "alpenblick.example",
        "alpenblick.onmicrosoft.com",
    ]
    (other,) = scene.get("/organization", tenant_id=graph_scene.LARGE_TENANT).json()["value"]
    assert other["displayName"] == "Nordlicht AG"


def test_domains_say_which_is_default_and_which_came_with_the_tenant(scene: graph_scene.Scene) -> None:
    domains = scene.get("/domains").json()["value"]
    assert [(domain["id"], domain["isDefault"], domain["isInitial"]) for domain in domains] == [
        ("alpenblick.example", True, False),
        ("alpenblick.onmicrosoft.com", False, True),
    ]
    assert scene.get("/domains/alpenblick.example").json()["isVerified"] is True
    assert scene.get("/domains/elsewhere.example").status_code == 404


def test_a_pool_sums_our_seats_and_foreign_ones_by_state(scene: graph_scene.Scene) -> None:
    pool = scene.pool(graph_scene.OFFICE)
    assert pool["prepaidUnits"] == {"enabled": 5 + 2, "warning": 1, "suspended": 4, "lockedOut": 0}
    assert pool["capabilityStatus"] == "Enabled"
    assert len(pool["subscriptionIds"]) == 4
    assert [plan["servicePlanName"] for plan in pool["servicePlans"]] == ["MAIL", "MEETINGS"]


def test_a_person_with_the_licence_from_two_sources_costs_one_unit(scene: graph_scene.Scene) -> None:
    assert len(scene.held(graph_scene.DORA)) == 2
    assert scene.pool(graph_scene.OFFICE)["consumedUnits"] == len({"Ada", "Dora", "Emil"})


def test_one_pool_is_read_by_tenant_and_licence(scene: graph_scene.Scene) -> None:
    found = scene.get(f"/subscribedSkus/{graph_scene.TENANT}_{graph_scene.OFFICE}").json()
    assert found["skuPartNumber"] == "OFFICE"
    assert scene.get(f"/subscribedSkus/{graph_scene.TENANT}_{graph_scene.FOREIGN_SKU}").status_code == 404


def test_pools_cannot_be_filtered(scene: graph_scene.Scene) -> None:
    refused = scene.get("/subscribedSkus?$filter=skuPartNumber eq 'OFFICE'")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


def test_a_tenant_without_purchases_has_no_pools(scene: graph_scene.Scene) -> None:
    assert scene.get("/subscribedSkus", tenant_id=graph_scene.LARGE_TENANT).json()["value"] == []


def test_subscriptions_lead_from_the_pool_to_commerce_and_name_the_seller(scene: graph_scene.Scene) -> None:
    listed = scene.get("/directory/subscriptions").json()["value"]
    by_id = {entry["id"]: entry for entry in listed}
    behind = [by_id[subscription_id] for subscription_id in scene.pool(graph_scene.OFFICE)["subscriptionIds"]]
    assert [(entry["status"], entry["totalLicenses"]) for entry in behind] == [
        ("Enabled", 5),
        ("Enabled", 2),
        ("Warning", 1),
        ("Suspended", 4),
    ]
    assert behind[0]["commerceSubscriptionId"] == "e0000000-0000-4000-8000-000000000001"
    assert [entry["ownerTenantId"] for entry in behind[:2]] == [graph_scene.RESELLER, graph_scene.OTHER_RESELLER]


def test_a_subscription_is_found_by_its_commerce_id(scene: graph_scene.Scene) -> None:
    commerce_id = "e0000000-0000-4000-8000-000000000006"
    found = scene.get(f"/directory/subscriptions(commerceSubscriptionId='{commerce_id}')").json()
    assert found["skuPartNumber"] == "KIOSK"
    assert scene.get(f"/directory/subscriptions/{found['id']}").json()["commerceSubscriptionId"] == commerce_id
    assert scene.get("/directory/subscriptions(commerceSubscriptionId='none')").status_code == 404


def test_subscriptions_are_counted_filtered_and_paged(scene: graph_scene.Scene) -> None:
    assert scene.get("/directory/subscriptions/$count").text == "8"
    foreign = scene.get(f"/directory/subscriptions?$filter=ownerTenantId eq '{graph_scene.OTHER_RESELLER}'").json()
    assert [entry["totalLicenses"] for entry in foreign["value"]] == [2]
    first = scene.get("/directory/subscriptions?$top=5").json()
    second = scene.get(first["@odata.nextLink"]).json()
    assert (len(first["value"]), len(second["value"]), "@odata.nextLink" in second) == (5, 3, False)


def test_bought_seats_reach_the_pool_after_the_lag(scene: graph_scene.Scene) -> None:
    scene.simulator.settings(pool_lag_s=600)
    path = f"/v1/customers/{graph_scene.TENANT}/subscriptions/e0000000-0000-4000-8000-000000000001"
    headers = {"Authorization": f"Bearer {scene.simulator.token()}"}
    bought = scene.client.get(path, headers=headers).json() | {"quantity": 9}
    assert scene.client.patch(path, headers=headers, json=bought).status_code == 200
    assert scene.pool(graph_scene.OFFICE)["prepaidUnits"]["enabled"] == 5 + 2
    scene.advance(600)
    assert scene.pool(graph_scene.OFFICE)["prepaidUnits"]["enabled"] == 9 + 2


def test_seats_lowered_below_use_leave_the_pool_over_assigned(scene: graph_scene.Scene) -> None:
    fewer = copy.deepcopy(graph_scene.SEED)
    fewer["customers"][0]["subscriptions"] = [graph_scene.bought(1, 0, 2)]
    scene.simulator.reset()
    scene.simulator.seed(fewer)
    pool = scene.pool(graph_scene.OFFICE)
    assert (pool["prepaidUnits"]["enabled"], pool["consumedUnits"]) == (2, 3)
    refused = scene.assign(graph_scene.BOB, add=[graph_scene.OFFICE])
    assert "does not have any available licenses" in refused.json()["error"]["message"]
