"""People on the simulated Graph: pages, members, filters and writes."""

import urllib.parse
from collections.abc import Iterator

import pytest

from tests.simulator import graph_scene
from tests.simulator.graph_scene import ADA, BOB, CLEO, EMIL, GUEST, LARGE_TENANT, OFFICE
from vendor_simulator import testing


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with graph_scene.running(tmp_path_factory.mktemp("graph")) as started:
        yield started


@pytest.fixture
def scene(simulator: testing.Simulator) -> Iterator[graph_scene.Scene]:
    with graph_scene.fresh(simulator) as found:
        yield found


def names(scene: graph_scene.Scene, query: str, **headers: str) -> list[str]:
    """Display names in the answer's order, told apart from an error by failing on it."""
    answer = scene.get(f"/users?{query}", **headers)
    assert answer.status_code == 200, answer.text
    return [person["displayName"] for person in answer.json()["value"]]


def test_pages_hold_a_hundred_people_and_their_links_lead_through_everybody_once(scene: graph_scene.Scene) -> None:
    sizes, seen, url = [], [], "/users"
    while url:
        page = scene.get(url, tenant_id=LARGE_TENANT).json()
        sizes.append(len(page["value"]))
        seen += [person["id"] for person in page["value"]]
        url = page.get("@odata.nextLink", "")
    assert sizes == [100, 100, 50]
    assert len(set(seen)) == 250


def test_a_link_repeats_the_callers_host_and_keeps_the_options(scene: graph_scene.Scene) -> None:
    answer = scene.get("/users?$top=2&$select=id", Host="graph.example:8443")
    link = urllib.parse.urlsplit(answer.json()["@odata.nextLink"])
    options = dict(urllib.parse.parse_qsl(link.query))
    assert (link.scheme, link.netloc, link.path) == ("http", "graph.example:8443", "/v1.0/users")
    assert (options["$top"], options["$select"]) == ("2", "id")
    assert set(options) == {"$top", "$select", "$skiptoken"}


def test_people_added_while_paging_do_not_shift_the_pages(scene: graph_scene.Scene) -> None:
    first = scene.get("/users?$top=3").json()
    scene.send("DELETE", f"/users/{first['value'][0]['id']}")
    second = scene.get(first["@odata.nextLink"]).json()
    assert [person["displayName"] for person in second["value"]] == ["Dora", "Emil", "Guest"]


@pytest.mark.parametrize("size", ["0", "1000", "-1", "ten", "1e2"])
def test_page_sizes_outside_1_to_999_are_refused(scene: graph_scene.Scene, size: str) -> None:
    refused = scene.get(f"/users?$top={size}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


def test_a_page_of_999_is_the_largest(scene: graph_scene.Scene) -> None:
    page = scene.get("/users?$top=999", tenant_id=LARGE_TENANT).json()
    assert (len(page["value"]), "@odata.nextLink" in page) == (250, False)


def test_a_page_token_of_another_tenant_is_refused(scene: graph_scene.Scene) -> None:
    link = scene.get("/users?$top=5").json()["@odata.nextLink"]
    assert scene.get(link, tenant_id=LARGE_TENANT).json()["error"]["code"] == "Directory_ExpiredPageToken"
    assert scene.get("/users?$skiptoken=made-up").status_code == 400


def test_licence_members_come_only_when_selected(scene: graph_scene.Scene) -> None:
    plain = scene.get(f"/users/{ADA}").json()
    assert set(plain) - {"@odata.context"} == {
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    }
    chosen = scene.get(f"/users/{ADA}?$select=usageLocation,licenseAssignmentStates").json()
    assert set(chosen) - {"@odata.context"} == {"usageLocation", "licenseAssignmentStates"}
    (state,) = chosen["licenseAssignmentStates"]
    assert (state["skuId"], state["state"], state["error"], state["assignedByGroup"]) == (
        OFFICE,
        "Active",
        "None",
        None,
    )


def test_dollar_signs_may_be_written_as_percent_24(scene: graph_scene.Scene) -> None:
    page = scene.get("/users?%24top=1&%24select=displayName").json()
    assert page["value"] == [{"displayName": "Ada"}]


def test_an_unknown_member_is_refused_and_an_untracked_one_is_not_implemented(scene: graph_scene.Scene) -> None:
    assert scene.get("/users?$select=id,shoeSize").json()["error"]["code"] == "BadRequest"
    refused = scene.get("/users?$select=id,skills")
    assert (refused.status_code, refused.json()["error"]["code"]) == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("accountEnabled eq false", ["Bob"]),
        ("userType eq 'Guest'", ["Guest"]),
        ("userPrincipalName eq 'ADA@alpenblick.example'", ["Ada"]),
        ("displayName in ('Bob','cleo')", ["Bob", "Cleo"]),
        ("startsWith(displayName,'a')", ["Ada"]),
        ("startswith(displayName,'D') or startswith(displayName,'E')", ["Dora", "Emil"]),
        ("department eq 'Sales' and accountEnabled eq true and userType eq 'Member'", ["Ada", "Cleo", "Dora", "Emil"]),
        ("displayName eq 'Ada' or displayName eq 'Bob' and accountEnabled eq true", ["Ada"]),
        ("(displayName eq 'Ada' or displayName eq 'Bob') and accountEnabled eq false", ["Bob"]),
        ("usageLocation eq null", ["Cleo", "Guest"]),
        ("createdDateTime ge 2026-01-01T00:00:00Z", ["Emil"]),
        (f"assignedLicenses/any(l:l/skuId eq {OFFICE})", ["Ada", "Dora", "Emil"]),
        (f"assignedLicenses/any(x:x/skuId eq {OFFICE}) and startsWith(mail,'ada')", ["Ada"]),
        ("displayName eq 'O''Neill'", []),
    ],
)
def test_plain_filters_choose_the_people_they_describe(
    scene: graph_scene.Scene, clause: str, expected: list[str]
) -> None:
    assert names(scene, f"$filter={urllib.parse.quote(clause)}") == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("assignedLicenses/$count eq 0", ["Bob", "Cleo", "Guest"]),
        ("assignedLicenses/$count ne 0", ["Ada", "Dora", "Emil"]),
        ("displayName ne 'Ada' and userType eq 'Member'", ["Bob", "Cleo", "Dora", "Emil"]),
        ("not startsWith(displayName,'A') and not(userType eq 'Guest')", ["Bob", "Cleo", "Dora", "Emil"]),
        ("endsWith(mail,'@elsewhere.example')", ["Guest"]),
    ],
)
def test_advanced_filters_need_the_header_and_the_count(
    scene: graph_scene.Scene, clause: str, expected: list[str]
) -> None:
    query = f"$filter={urllib.parse.quote(clause)}"
    for refused in (
        scene.get(f"/users?{query}"),
        scene.get(f"/users?{query}&$count=true"),
        scene.get(f"/users?{query}", ConsistencyLevel="eventual"),
    ):
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    assert names(scene, f"{query}&$count=true", ConsistencyLevel="eventual") == expected


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ("shoeSize eq 4", "BadRequest"),
        ("displayName eq", "BadRequest"),
        ("displayName eq 'Ada' extra", "BadRequest"),
        ("displayName 'Ada'", "BadRequest"),
        ("(displayName eq 'Ada'", "BadRequest"),
        ('displayName eq "Ada"', "BadRequest"),
        ("(" * 50 + "displayName eq 'Ada'" + ")" * 50, "BadRequest"),
        ("displayName gt 'Ada'", "Request_UnsupportedQuery"),
        ("licenseAssignmentStates eq 'Error'", "Request_UnsupportedQuery"),
        ("endsWith(displayName,'a')", "Request_UnsupportedQuery"),
        ("assignedLicenses/$count eq 2", "Request_UnsupportedQuery"),
    ],
)
def test_filters_that_the_directory_does_not_know_are_refused(scene: graph_scene.Scene, clause: str, code: str) -> None:
    refused = scene.get(f"/users?$filter={urllib.parse.quote(clause)}&$count=true", ConsistencyLevel="eventual")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)


def test_filtered_pages_hold_matches_only_and_end(scene: graph_scene.Scene) -> None:
    query = "$filter=" + urllib.parse.quote("department eq 'Sales'") + "&$top=2&$select=displayName"
    first = scene.get(f"/users?{query}").json()
    second = scene.get(first["@odata.nextLink"]).json()
    third = scene.get(second["@odata.nextLink"]).json()
    pages = [[person["displayName"] for person in page["value"]] for page in (first, second, third)]
    assert pages == [["Ada", "Cleo"], ["Dora", "Emil"], ["Guest"]]
    assert "@odata.nextLink" not in third


def test_the_count_is_on_the_first_page_and_only_with_the_header(scene: graph_scene.Scene) -> None:
    assert "@odata.count" not in scene.get("/users?$count=true").json()
    first = scene.get("/users?$count=true&$top=4", ConsistencyLevel="eventual").json()
    second = scene.get(first["@odata.nextLink"], ConsistencyLevel="eventual").json()
    assert (first["@odata.count"], "@odata.count" in second) == (6, False)


def test_people_are_counted_as_plain_text_with_the_header_only(scene: graph_scene.Scene) -> None:
    assert scene.get("/users/$count").json()["error"]["code"] == "Request_BadRequest"
    counted = scene.get("/users/$count?$filter=userType eq 'Guest'", ConsistencyLevel="eventual")
    assert (counted.text, counted.headers["content-type"].partition(";")[0]) == ("1", "text/plain")


def test_sorted_and_searched_lists(scene: graph_scene.Scene) -> None:
    assert names(scene, "$orderby=displayName desc&$top=2") == ["Guest", "Emil"]
    assert names(scene, '$search="displayName:il"', ConsistencyLevel="eventual") == ["Emil"]
    assert scene.get('/users?$search="displayName:il"').status_code == 400
    assert scene.get("/users?$orderby=department").status_code == 400
    assert scene.get("/users?$skip=2").status_code == 400


def test_a_person_answers_to_id_and_principal_name_in_every_spelling(scene: graph_scene.Scene) -> None:
    for key in (ADA, ADA.upper(), "ada@alpenblick.example", "ADA@ALPENBLICK.EXAMPLE"):
        assert scene.get(f"/users/{key}").json()["id"] == ADA
        assert scene.get(f"/users('{key}')").json()["id"] == ADA
    guest = urllib.parse.quote("guest_elsewhere.example#EXT#@alpenblick.onmicrosoft.com")
    assert scene.get(f"/users/{guest}").json()["id"] == GUEST


NEW = {
    "accountEnabled": True,
    "displayName": "Fritz",
    "mailNickname": "fritz",
    "userPrincipalName": "fritz@alpenblick.example",
    "passwordProfile": {"password": "long enough 1!", "forceChangePasswordNextSignIn": True},
}


def test_a_new_person_is_shown_with_the_default_members_and_an_address(scene: graph_scene.Scene) -> None:
    answer = scene.send("POST", "/users", NEW | {"usageLocation": "de"})
    created = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"/v1.0/users/{created['id']}")
    assert "passwordProfile" not in created
    read = scene.get(f"/users/{created['id']}?$select=usageLocation,userType,passwordProfile").json()
    assert (read["usageLocation"], read["userType"], read["passwordProfile"]) == ("DE", "Member", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"displayName": ""}, "displayName"),
        ({"passwordProfile": {}}, "passwordProfile"),
        ({"passwordProfile": {"password": ""}}, "password"),
        ({"userPrincipalName": "fritz@elsewhere.example"}, "verified"),
        ({"userPrincipalName": "frïtz@alpenblick.example"}, "userPrincipalName is invalid"),
        ({"userPrincipalName": "ada@alpenblick.example"}, "already exists"),
        ({"userPrincipalName": "ADA@Alpenblick.example"}, "already exists"),
        ({"usageLocation": "Germany"}, "usageLocation"),
        ({"displayName": "x" * 257}, "256"),
        ({"shoeSize": 44}, "shoeSize"),
        ({"assignedLicenses": []}, "assignedLicenses"),
    ],
)
def test_a_wrong_new_person_is_refused_and_not_kept(
    scene: graph_scene.Scene, changes: dict[str, object], words: str
) -> None:
    refused = scene.send("POST", "/users", NEW | changes)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_BadRequest")
    assert words in refused.json()["error"]["message"]
    assert len(scene.get("/users").json()["value"]) == 6


def test_members_are_changed_without_an_answer_body(scene: graph_scene.Scene) -> None:
    answer = scene.send("PATCH", f"/users/{CLEO}", {"usageLocation": "FR", "department": None})
    assert (answer.status_code, answer.content) == (204, b"")
    read = scene.get(f"/users/{CLEO}?$select=usageLocation,department").json()
    assert (read["usageLocation"], read["department"]) == ("FR", None)


def test_annotations_of_typed_clients_are_passed_over(scene: graph_scene.Scene) -> None:
    annotation = {"@odata.type": "#microsoft.graph.user"}
    assert scene.send("PATCH", f"/users/{CLEO}", annotation | {"usageLocation": "FR"}).status_code == 204
    created = scene.send("POST", "/users", annotation | NEW)
    assert (created.status_code, "@odata.type" in created.json()) == (201, False)


def test_a_usage_location_cannot_be_emptied_and_licences_cannot_be_patched(scene: graph_scene.Scene) -> None:
    assert scene.send("PATCH", f"/users/{BOB}", {"usageLocation": None}).status_code == 400
    assert scene.send("PATCH", f"/users/{BOB}", {"assignedLicenses": []}).status_code == 400
    assert scene.send("PATCH", f"/users/{BOB}", {"userPrincipalName": "ada@alpenblick.example"}).status_code == 400
    assert scene.effects() == []


def test_a_deleted_person_is_gone_and_the_name_is_free(scene: graph_scene.Scene) -> None:
    assert scene.send("DELETE", f"/users/{EMIL}").status_code == 204
    assert scene.send("DELETE", f"/users/{EMIL}").status_code == 404
    assert scene.send("POST", "/users", NEW | {"userPrincipalName": "emil@alpenblick.example"}).status_code == 201


def test_a_new_person_can_be_missing_for_the_span_of_the_lag(scene: graph_scene.Scene) -> None:
    scene.set("read_lag_s", 60)
    created = scene.send("POST", "/users", NEW).json()["id"]
    assert scene.get(f"/users/{created}").status_code == 404
    assert len(scene.get("/users").json()["value"]) == 6
    scene.advance(60)
    assert scene.get(f"/users/{created}").status_code == 200
    assert len(scene.get("/users").json()["value"]) == 7


def test_one_tenant_never_shows_in_another(scene: graph_scene.Scene) -> None:
    assert scene.get(f"/users/{ADA}", tenant_id=LARGE_TENANT).status_code == 404
    assert scene.get("/users/ada@alpenblick.example", tenant_id=LARGE_TENANT).status_code == 404
