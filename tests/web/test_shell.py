"""What holds on every page: headers, errors, language, and no way out of the portal."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.web import errors
from tests.web import scene as scenes

INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


def pages(scene: scenes.Scene) -> list[str]:
    north = scene.customers["north"]
    return [
        "/",
        reverse("licences", args=[north]),
        reverse("licences", args=[north]) + "?edit=all",
        reverse("people", args=[north]),
        reverse("orders", args=[north]),
        reverse("renewals", args=[north]),
        reverse("change_status", args=[scene.basic]) + "?action=suspend",
        reverse("subscription", args=[scenes.sell(scene)]),
        reverse("subscription", args=[scene.basic]),
        reverse("palette"),
        reverse("mfa_index"),
        reverse("usersessions_list"),
        reverse("account_change_password"),
        "/nothing-here",
    ]


def test_no_page_can_be_kept_by_a_cache_or_run_a_script_that_is_not_ours(owner: Client, scene: scenes.Scene) -> None:
    for path in pages(scene):
        answer = owner.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_a_redirect_from_a_link_that_lost_its_last_slash_is_not_kept_either(client: Client) -> None:
    answer = client.get(reverse("account_reset_password_from_key", args=["1", "abc-def"]).rstrip("/"))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (301, "no-store")


def test_no_page_holds_inline_script_or_style_or_names_another_host(owner: Client, scene: scenes.Scene) -> None:
    for path in pages(scene):
        text = owner.get(path).content.decode()
        assert INLINE.search(text) is None, path
        assert re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text) == [], path


def test_every_page_has_one_heading_a_title_a_skip_link_and_its_language(owner: Client, scene: scenes.Scene) -> None:
    for path in pages(scene):
        text = owner.get(path).content.decode()
        assert len(re.findall(r"<h1", text)) == 1, path
        assert re.search(r"<title>[^<·]+ · ", text), path
        assert '<a class="skip" href="#main">' in text
        assert '<html lang="en"' in text


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(scene: scenes.Scene, client: Client) -> None:
    for path in pages(scene)[:-1]:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/account/login/?next="), path


def test_a_foreign_and_an_invented_address_are_answered_alike(owner: Client, scene: scenes.Scene) -> None:
    foreign = {
        "licences": scene.customers["south"],
        "people": scene.customers["south"],
        "orders": scene.customers["south"],
        "subscription": scene.south_basic,
    }
    for name, key in foreign.items():
        answers = []
        for each in (key, uuid.uuid4()):
            answer = owner.get(reverse(name, args=[each]))
            assert answer.status_code == 404
            text = answer.content.decode().replace(answer.headers["X-Request-ID"], "").replace(str(each), "")
            answers.append(re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text))
        assert answers[0] == answers[1], name


def test_a_role_without_the_right_is_refused_with_403_and_told_whom_to_ask(scene: scenes.Scene, client: Client) -> None:
    scenes.sign_in(client, "north_billing")
    answer = client.get(reverse("people", args=[scene.customers["north"]]))
    assert answer.status_code == 403
    assert "Ask the contract owner" in answer.content.decode()


def test_an_error_page_shows_the_reference_and_nothing_from_inside(
    owner: Client, scene: scenes.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("secret detail of the database")

    monkeypatch.setattr("seatwright.workflows.overview.home", fail)
    owner.raise_request_exception = False
    answer = owner.get("/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in text
    assert "secret detail" not in text
    assert "Traceback" not in text


def test_when_even_the_error_page_cannot_be_drawn_the_reference_is_still_shown(
    owner: Client, scene: scenes.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise RuntimeError("no template")

    monkeypatch.setattr(errors, "render_to_string", fail)
    answer = owner.get("/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["X-Request-ID"] in answer.content.decode()


def test_a_form_without_its_token_changes_nothing_and_says_so(scene: scenes.Scene) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/language", {"language": "de", "next": "/"})
    assert answer.status_code == 403
    assert "This form is no longer valid" in answer.content.decode()
    assert "seatwright-language" not in answer.cookies


def test_a_form_sent_before_signing_in_leads_to_a_page_that_says_that_it_is_lost(
    owner: Client, scene: scenes.Scene
) -> None:
    path = reverse("schedule_renewal", args=[scene.basic])
    sent = Client().post(path, {"ending": "cancel"})
    assert sent.headers["Location"].endswith(f"?next={path}")
    answer = owner.get(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Nothing was changed" in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


@pytest.mark.parametrize("path", ["/language", "/quotes/{id}/book", "/o/{id}/sync", "/o/{id}/licences/preview"])
def test_what_changes_something_does_not_answer_get(owner: Client, scene: scenes.Scene, path: str) -> None:
    assert owner.get(path.format(id=scene.customers["north"])).status_code == 405


def test_the_chosen_language_is_kept_for_the_person_and_outlives_the_session(
    owner: Client, scene: scenes.Scene
) -> None:
    answer = owner.post("/language", {"language": "de", "next": "/account/sessions/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions/")
    assert "Ihre Organisationen" in owner.get("/").content.decode()
    elsewhere = scenes.sign_in(Client(), "north_owner")
    text = elsewhere.get("/").content.decode()
    assert '<html lang="de"' in text
    assert "Das wartet auf Sie" in text


def test_an_unknown_language_is_refused(owner: Client) -> None:
    assert owner.post("/language", {"language": "xx", "next": "/"}).status_code == 422


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_redirect_leads_out_of_the_portal(scene: scenes.Scene, target: str) -> None:
    visitor = Client()
    assert visitor.post("/language", {"language": "de", "next": target}).headers["Location"] == "/"
    answer = visitor.post(
        "/account/login/", {"login": "north_owner@example.test", "password": scenes.PASSWORD, "next": target}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_fragment_asked_for_after_the_session_ended_moves_the_whole_page(scene: scenes.Scene, client: Client) -> None:
    answer = client.get("/palette", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/account/login/")


def test_the_theme_of_the_cookie_is_drawn_by_the_server_and_nothing_else_from_it(owner: Client) -> None:
    owner.cookies["seatwright-theme"] = "dark"
    assert '<html lang="en" data-bs-theme="dark">' in owner.get("/").content.decode()
    owner.cookies["seatwright-theme"] = '"><script>'
    assert '<html lang="en">' in owner.get("/").content.decode()
