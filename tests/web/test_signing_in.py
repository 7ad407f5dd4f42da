"""Signing in, the second step, and what is deliberately not there."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.web import scene as scenes


@pytest.fixture(autouse=True)
def one_moment() -> Iterator[None]:
    """The app's code changes every half minute, which must not happen between reading and typing it."""
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False):
        yield


def switch_on_two_steps(client: Client) -> str:
    """Activate the authenticator app as its page says, and return its secret."""
    scenes.confirm(client)
    page = client.get(reverse("mfa_activate_totp"))
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page.content.decode())
    assert found is not None
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    secret = found.group(1)
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("mfa_view_recovery_codes"))
    return secret


def code_of(secret: str) -> str:
    """The six digits that the app shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


def recovery_codes(client: Client) -> list[str]:
    text = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    return re.findall(r"<li><code>([0-9a-zA-Z]+)</code></li>", text)


def test_a_wrong_password_is_refused_with_422_and_tells_no_more_than_an_unknown_address(scene: scenes.Scene) -> None:
    texts = []
    for login in ("north_owner@example.test", "nobody@example.test"):
        answer = Client().post("/account/login/", {"login": login, "password": "wrong password here"})
        assert answer.status_code == 422
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        texts.append(text.replace(answer.headers["X-Request-ID"], "").replace(login, ""))
    assert texts[0] == texts[1]


def test_the_sixth_wrong_password_for_one_address_is_stopped(scene: scenes.Scene) -> None:
    form = {"login": "north_owner@example.test", "password": "wrong password here"}
    answers = [Client().post("/account/login/", form) for _ in range(6)]
    assert "Too many failed login attempts" not in answers[4].content.decode()
    assert "Too many failed login attempts" in answers[5].content.decode()
    right = Client().post("/account/login/", {**form, "password": scenes.PASSWORD})
    assert "Too many failed login attempts" in right.content.decode()


def test_the_session_cookie_is_for_this_host_and_not_for_scripts(scene: scenes.Scene, client: Client) -> None:
    answer = client.post("/account/login/", {"login": "north_owner@example.test", "password": scenes.PASSWORD})
    cookie = answer.cookies["seatwright"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["domain"] == ""


@pytest.mark.parametrize(
    "name", ["account_signup", "account_email", "account_set_password", "socialaccount_connections"]
)
def test_pages_that_the_product_does_not_want_have_no_address(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_the_second_step_stands_between_the_password_and_the_portal(owner: Client, scene: scenes.Scene) -> None:
    secret = switch_on_two_steps(owner)
    visitor = Client()
    answer = visitor.post("/account/login/", {"login": "north_owner@example.test", "password": scenes.PASSWORD})
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert visitor.get("/").headers["Location"].startswith("/account/login/")
    assert visitor.get(reverse("licences", args=[scene.customers["north"]])).status_code == 302
    assert visitor.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 422
    assert visitor.get("/").status_code == 302
    code = code_of(secret)
    assert visitor.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert visitor.get("/").status_code == 200
    thief = Client()
    thief.post("/account/login/", {"login": "north_owner@example.test", "password": scenes.PASSWORD})
    assert thief.post(reverse("mfa_authenticate"), {"code": code}).status_code == 422


def test_a_recovery_code_works_once(owner: Client, scene: scenes.Scene) -> None:
    switch_on_two_steps(owner)
    code = recovery_codes(owner)[0]
    for expected in (302, 422):
        visitor = Client()
        visitor.post("/account/login/", {"login": "north_owner@example.test", "password": scenes.PASSWORD})
        assert visitor.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_the_second_step_is_switched_off_only_after_fresh_proof(owner: Client, scene: scenes.Scene) -> None:
    switch_on_two_steps(owner)
    later = Client()
    later.post("/account/login/", {"login": "north_owner@example.test", "password": scenes.PASSWORD})
    later.post(reverse("mfa_authenticate"), {"code": recovery_codes(owner)[0]})
    answer = later.post(reverse("mfa_deactivate_totp"))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/confirm/")
    assert "You are asked for a code" in later.get(reverse("mfa_index")).content.decode()


def test_a_changed_password_ends_every_session(owner: Client, scene: scenes.Scene) -> None:
    elsewhere = scenes.sign_in(Client(), "north_owner")
    answer = owner.post(
        reverse("account_change_password"),
        {"oldpassword": scenes.PASSWORD, "password1": "another long sentence", "password2": "another long sentence"},
    )
    assert answer.status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert owner.get("/").status_code == 302


def test_a_short_password_is_refused_at_its_field(owner: Client) -> None:
    answer = owner.post(
        reverse("account_change_password"),
        {"oldpassword": scenes.PASSWORD, "password1": "short", "password2": "short"},
    )
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_link_for_a_new_password_works_once_and_unknown_addresses_get_the_same_answer(scene: scenes.Scene) -> None:
    answers = [
        Client().post(reverse("account_reset_password"), {"email": each})
        for each in ("north_owner@example.test", "nobody@example.test")
    ]
    assert [answer.headers["Location"] for answer in answers] == [reverse("account_reset_password_done")] * 2
    known = next(message for message in mail.outbox if message.to == ["north_owner@example.test"])
    assert known.subject == "Seatwright: Choose a new password"
    found = re.search(r"https?://[^/]+(/account/password/reset/key/\S+)", str(known.body))
    assert found is not None
    form = {"password1": "another long sentence", "password2": "another long sentence"}
    first = Client()
    target = first.get(found.group(1)).headers["Location"]
    assert first.post(target, form).status_code == 302
    assert "This link no longer works" in Client().get(found.group(1)).content.decode()


def test_the_sessions_page_ends_all_others(owner: Client, scene: scenes.Scene) -> None:
    elsewhere = scenes.sign_in(Client(), "north_owner")
    assert elsewhere.get("/").status_code == 200
    owner.get("/")
    assert owner.post(reverse("usersessions_list")).status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert owner.get("/").status_code == 200
