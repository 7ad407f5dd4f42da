"""Suspend, resume and end a licence from its page: the consequences first, then fresh proof, then one operation."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.operations import queries as operations
from seatwright.web import wording
from seatwright.workflows import change_status
from tests.web import scene as scenes
from tests.web.test_editor import plain


def path(key: uuid.UUID, action: str) -> str:
    return f"{reverse('change_status', args=[key])}?action={action}"


def fingerprint(client: Client, key: uuid.UUID, action: str) -> str:
    found = re.search(r'name="fingerprint" value="([^"]+)"', client.get(path(key, action)).content.decode())
    assert found is not None
    return found.group(1)


def do(client: Client, key: uuid.UUID, action: str, **values: Any) -> Any:
    return client.post(path(key, action), {"fingerprint": fingerprint(client, key, action), **values})


def test_suspending_says_what_it_means_and_is_placed_with_fresh_proof(owner: Client, scene: scenes.Scene) -> None:
    text = plain(owner.get(path(scene.basic, "suspend")).content.decode())
    assert "People lose access to this licence at once." in text
    assert "It is billed as before until the end of its term." in text
    assert "It no longer renews by itself." in text
    assert operations.unfinished_count() == 0
    answer = do(owner, scene.basic, "suspend")
    assert answer.headers["Location"].startswith("/account/confirm/")
    assert operations.unfinished_count() == 0
    scenes.confirm(owner)
    done = do(owner, scene.basic, "suspend")
    assert done.status_code == 303
    assert done.headers["Location"] == reverse("subscription", args=[scene.basic])
    assert operations.unfinished_count() == 1
    page = plain(owner.get(done.headers["Location"]).content.decode())
    assert "This is being carried out at the vendor." in page
    assert "Suspension asked for" in page


def test_ending_shows_what_is_credited_and_until_when_it_is_possible(owner: Client, scene: scenes.Scene) -> None:
    key = scenes.hold_returnable(scene)
    text = plain(owner.get(path(key, "end")).content.decode())
    # 3 x 10.00 a month; on 17 March 15 of 31 days are left: 14.516 -> 14.52.
    assert "Credited to you, without tax €14.52" in text
    assert re.search(r"Possible until \w{3} 22 Mar 2026, \d\d:\d\d CET \(\d\d:\d\d UTC\)", text)
    assert "This cannot be undone." in text
    scenes.confirm(owner)
    assert do(owner, key, "end").status_code == 303
    assert operations.unfinished_count() == 1


def test_what_is_not_possible_says_why_and_has_no_button(owner: Client, scene: scenes.Scene) -> None:
    for action, sentence in (("end", "return window of some of its seats has closed"), ("resume", "another state")):
        answer = owner.get(path(scene.basic, action))
        assert answer.status_code == 422
        assert sentence in plain(answer.content.decode())
        assert 'name="fingerprint"' not in answer.content.decode()
        scenes.confirm(owner)
        assert owner.post(path(scene.basic, action), {"fingerprint": "x"}).status_code == 422
    assert operations.unfinished_count() == 0


def test_a_page_older_than_the_last_change_is_shown_again_before_it_is_done(owner: Client, scene: scenes.Scene) -> None:
    scenes.confirm(owner)
    answer = owner.post(path(scene.basic, "suspend"), {"fingerprint": "suspended:9:2026-03-16:0"})
    assert answer.status_code == 422
    assert "Something changed since you opened the page." in plain(answer.content.decode())
    assert f'value="{fingerprint(owner, scene.basic, "suspend")}"' in answer.content.decode()
    assert operations.unfinished_count() == 0


def test_a_second_click_does_not_do_it_twice(owner: Client, scene: scenes.Scene) -> None:
    scenes.confirm(owner)
    mark = fingerprint(owner, scene.basic, "suspend")
    answers = [owner.post(path(scene.basic, "suspend"), {"fingerprint": mark}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert "A change of this licence is under way." in plain(answers[1].content.decode())
    assert operations.unfinished_count() == 1


def test_staff_say_on_whose_word_and_it_is_kept(staff: Client, scene: scenes.Scene) -> None:
    scenes.confirm(staff)
    answer = do(staff, scene.basic, "suspend", reason="  ")
    assert answer.status_code == 422
    assert "Say on whose word you do this" in answer.content.decode()
    assert operations.unfinished_count() == 0
    assert do(staff, scene.basic, "suspend", reason="Ms North by phone").status_code == 303
    events = audit.history(seen_by=SYSTEM, subject_kind="subscription", subject_id=scene.basic)
    assert "Ms North by phone" in [event.reason for event in events]


@pytest.mark.parametrize("query", ["", "?action=", "?action=deleted", "?action=suspend&action=end", "?action=SUSPEND"])
def test_an_action_that_is_none_is_not_there(owner: Client, scene: scenes.Scene, query: str) -> None:
    scenes.confirm(owner)
    address = reverse("change_status", args=[scene.basic]) + query
    assert owner.get(address).status_code == 404
    assert owner.post(address, {"fingerprint": "x"}).status_code == 404


def test_fields_sent_twice_or_unknown_are_refused(owner: Client, scene: scenes.Scene) -> None:
    scenes.confirm(owner)
    mark = fingerprint(owner, scene.basic, "suspend")
    for values in ({"fingerprint": [mark, mark]}, {"fingerprint": mark, "status": "deleted"}):
        assert owner.post(path(scene.basic, "suspend"), values).status_code == 422
    assert operations.unfinished_count() == 0


def test_strangers_see_nothing_and_a_post_from_elsewhere_is_refused(owner: Client, scene: scenes.Scene) -> None:
    for who, status in (("north_billing", 403), ("south_owner", 404), ("other_staff", 404)):
        other = scenes.sign_in(Client(), who)
        scenes.confirm(other)
        assert other.get(path(scene.basic, "suspend")).status_code == status
        assert other.post(path(scene.basic, "suspend"), {"fingerprint": "x"}).status_code == status
        assert other.get(path(uuid.uuid4(), "suspend")).status_code == 404
    strict = scenes.sign_in(Client(), "north_owner")
    scenes.confirm(strict)
    strict.handler.enforce_csrf_checks = True
    assert strict.post(path(scene.basic, "suspend"), {"fingerprint": "x"}).status_code == 403
    assert operations.unfinished_count() == 0


def test_every_consequence_and_refusal_has_its_sentence_in_both_languages() -> None:
    assert set(wording.EFFECTS) == set(change_status.Effect)
    for words in (*wording.EFFECTS.values(), *wording.STATUS_REFUSALS.values()):
        with translation.override("en"):
            english = str(words)
        with translation.override("de"):
            assert str(words) != english
