"""The test of the test: pages with a known mistake are planted, and the probe has to say what is wrong with each."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import clear_url_caches, get_resolver, path

from tests.isolation import planted, principals, prober, probes, routes
from tests.isolation.world import World

FINDS = {
    "unscoped": "the body shows CANARY-",
    "number_only": "the body shows ",
    "telling": "is answered otherwise than",
    "asking_more": "takes other queries than",
    "in_a_message": "a message shows CANARY-",
    "in_the_log": "the log shows CANARY-",
    "everybody": "the body shows CANARY-",
    "in_a_header": "the headers shows CANARY-",
    "by_mail": "a mail to ['somebody@example.test'] shows CANARY-",
    "writes_by_get": "changes state by GET",
    "takes_any_form": "answered 200 to a form without its token",
    "asks_the_vendor": "asked the vendor: ['list_pools']",
    "breaks": "answered 500",
    "open_to_all": "anonymous: GET /planted/open [plain]: the body shows CANARY-",
    "staff_for_all": "answered 200 to somebody who is not of the staff",
}


@pytest.fixture(scope="module")
def everybody(world: World) -> list[principals.Principal]:
    return principals.all_of(world)


@pytest.fixture(scope="module")
def planted_pages() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.isolation.planted"):
        clear_url_caches()
        yield
    clear_url_caches()


def findings(world: World, everybody: list[principals.Principal], name: str) -> list[str]:
    names = ("anonymous", "a_viewer", "a_owner", "b_owner", "r1_admin", "token a write", "token r1 staff")
    few = [each for each in everybody if each.name in names]
    found = {each.name: each for each in routes.walk(planted.urlpatterns)}
    generator = probes.Generator(world, few, every=30)
    calls = len(world.vendor.calls)
    tally = prober.Prober(world).run([routes.classified(found[name])], generator)
    del world.vendor.calls[calls:]
    return tally.findings


@pytest.mark.django_db
@pytest.mark.usefixtures("planted_pages")
@pytest.mark.parametrize("name", sorted(FINDS))
def test_a_planted_mistake_is_found(world: World, everybody: list[principals.Principal], name: str) -> None:
    found = findings(world, everybody, name)
    assert [each for each in found if FINDS[name] in each] != [], found[:5]


@pytest.mark.django_db
@pytest.mark.usefixtures("planted_pages")
def test_rows_changed_by_a_stranger_are_named_by_their_owner(
    world: World, everybody: list[principals.Principal]
) -> None:
    found = findings(world, everybody, "writes_by_get")
    assert any(each.startswith("a_owner") and each.endswith("changed rows of B, C") for each in found)
    assert any(each.startswith("r1_admin") and each.endswith("changed rows of C") for each in found)


@pytest.mark.django_db
def test_an_answer_that_caches_may_keep_is_found(world: World, everybody: list[principals.Principal]) -> None:
    without = [each for each in settings.MIDDLEWARE if not each.endswith("UnkeptAnswers")]
    with override_settings(MIDDLEWARE=without, ROOT_URLCONF="tests.isolation.planted"):
        clear_url_caches()
        found = findings(world, everybody, "everybody")
    clear_url_caches()
    assert any("may be kept by caches" in each for each in found)


@pytest.mark.django_db
@pytest.mark.usefixtures("planted_pages")
def test_a_right_page_is_left_in_peace(world: World, everybody: list[principals.Principal]) -> None:
    for name in ("licences", "quote", "staff_queue", "settle", "account_login"):
        assert findings(world, everybody, name) == [], name


@pytest.mark.parametrize("mistake", sorted(planted.UNCLASSIFIABLE))
def test_a_route_that_cannot_be_tried_stops_the_run_and_says_what_to_do(mistake: str) -> None:
    with pytest.raises(routes.Unclassified, match=r"tests/isolation/exemptions\.txt"):
        routes.all_routes([planted.UNCLASSIFIABLE[mistake]], exempt=[])


def test_an_exemption_lets_a_route_pass_and_must_be_needed_reasoned_and_of_a_known_kind() -> None:
    odd = planted.UNCLASSIFIABLE["another parameter"]
    fine = path("y", planted.everybody, name="y")
    good = routes.exemptions(text="# said above\nuntried x  shows the weather of the place named\n")
    assert routes.all_routes([odd, fine], exempt=good) == [routes.Route("y", "/y", (), "own")]
    assert routes.complaints(exempt=good, patterns=[odd, fine]) == []
    for text, complaint in (
        ("untried x because", "say in a sentence why"),
        ("untried y  this page is of no interest", "the probe can try it, remove the line"),
        ("untried z  this page was here last year", "there is no such route any more"),
        ("ignored x  this page is of no interest", "is no kind of exemption"),
        ("untried x  shows the weather of the place\n" * 11, "are the most"),
    ):
        wrong = routes.complaints(exempt=routes.exemptions(text=text), patterns=[odd, fine])
        assert any(complaint in each for each in wrong), text


def test_an_unanswered_route_is_tried_like_every_other() -> None:
    fine = path("y", planted.everybody, name="y")
    exempt = routes.exemptions(text="unanswered y  the world has nothing to show there")
    assert [each.name for each in routes.all_routes([fine], exempt=exempt)] == ["y"]


def test_no_route_is_lost_on_the_way_through_includes() -> None:
    """As many as the resolver itself can reverse by name, and those without a name besides."""
    found = list(routes.walk(get_resolver().url_patterns))
    named = {each.name for each in found}
    reversible = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    spaces = {
        f"{space}:{name}"
        for space, (_prefix, resolver) in get_resolver().namespace_dict.items()
        for name in resolver.reverse_dict
        if isinstance(name, str)
    }
    assert reversible | spaces <= named
    assert len(found) >= 50
