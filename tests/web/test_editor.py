"""The quantity editor on the page: what is typed, what is shown, and what is refused at the field."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.operations import queries as operations
from seatwright.orders.models import Quote
from tests.web import scene as scenes

Fields = dict[str, Any]


def fields(scene: scenes.Scene, **changed: str) -> Fields:
    """The form as the page sends it when nothing was changed, with the named fields of Basic changed."""
    values: Fields = {}
    for key, seats in ((scene.basic, 10), (scene.standard, 5)):
        values |= {f"base-{key}": str(seats), f"total-{key}": str(seats), f"direction-{key}": "more", f"by-{key}": ""}
    return values | {f"{name}-{scene.basic}": value for name, value in changed.items()}


def error_of(text: str, key: object) -> str:
    """The message at the licence's field, as a reader sees it."""
    found = re.search(rf'id="error-{key}"[^>]*>(.*?)</p>', text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", found.group(1))).strip() if found else ""


def plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def post(client: Client, name: str, scene: scenes.Scene, values: Fields) -> Any:
    return client.post(reverse(name, args=[scene.customers["north"]]), values)


def test_three_more_seats_show_their_price_with_days_and_tax(owner: Client, scene: scenes.Scene) -> None:
    answer = post(owner, "preview", scene, fields(scene, total="13"))
    text = plain(answer.content.decode())
    assert answer.status_code == 200
    # 17 to 31 March are 15 of 31 days: 3 x 6.00 x 15 / 31 = 8.7097 -> 8.71; 21 % of it 1.8291 -> 1.83; together 10.54.
    assert "Due now €10.54 €8.71 + €1.83 tax (21 %)" in text
    assert "3 seats × 15 of 31 days × €6.00 = €8.71" in text
    # From April on 13 x 6.00 = 78.00 a month, before 60.00.
    assert "€78.00 per month (before: €60.00 )" in text


def test_a_difference_gives_the_same_price_as_the_total(owner: Client, scene: scenes.Scene) -> None:
    total = plain(post(owner, "preview", scene, fields(scene, total="13")).content.decode())
    assert plain(post(owner, "preview", scene, fields(scene, by="3")).content.decode()) == total
    assert plain(post(owner, "preview", scene, fields(scene, by="3", total="13")).content.decode()) == total
    fewer = plain(post(owner, "preview", scene, fields(scene, by="2", direction="fewer")).content.decode())
    assert "−2" in fewer
    assert "Credited now" in fewer


def test_a_total_and_a_difference_that_disagree_are_refused(owner: Client, scene: scenes.Scene) -> None:
    answer = post(owner, "preview", scene, fields(scene, by="3", total="14"))
    assert answer.status_code == 422
    assert "do not agree" in error_of(answer.content.decode(), scene.basic)


def test_a_form_in_which_nothing_was_changed_has_no_price_and_cannot_be_reviewed(
    owner: Client, scene: scenes.Scene
) -> None:
    assert "Change a number" in post(owner, "preview", scene, fields(scene)).content.decode()
    answer = post(owner, "review", scene, fields(scene))
    assert answer.status_code == 422
    assert "No number was changed" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("-1", "digits only"),
        ("1e3", "digits only"),
        ("1_0", "digits only"),
        ("１２", "digits only"),
        ("0.5", "digits only"),
        ("0,5", "digits only"),
        (" 7 ", "digits only"),
        ("0x1F", "digits only"),
        ("", "Write the number"),
        ("9000000000000000000", "more than the 1,000,000 seats"),
        ("1000001", "more than the 1,000,000 seats"),
        ("<script>", "digits only"),
    ],
)
@pytest.mark.parametrize("name", ["preview", "review"])
def test_what_is_no_number_of_seats_is_refused_at_its_field_and_stored_nowhere(
    owner: Client, scene: scenes.Scene, name: str, typed: str, reason: str
) -> None:
    answer = post(owner, name, scene, fields(scene, total=typed))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert reason in error_of(text, scene.basic)
    assert "<script>" not in text.replace("<script src", "")
    assert not Quote.objects.exists()
    assert operations.unfinished_count() == 0


def test_zero_seats_are_refused_with_what_is_possible_instead(owner: Client, scene: scenes.Scene) -> None:
    answer = post(owner, "preview", scene, fields(scene, total="0"))
    assert answer.status_code == 422
    assert "sold from 1 seats" in error_of(answer.content.decode(), scene.basic)


@pytest.mark.parametrize("field", ["total", "by", "base", "direction"])
def test_a_field_sent_twice_is_refused(owner: Client, scene: scenes.Scene, field: str) -> None:
    values = fields(scene, total="13")
    name = f"{field}-{scene.basic}"
    answer = post(owner, "review", scene, {**values, name: [values[name], values[name]]})
    assert answer.status_code == 422
    assert "sent twice" in error_of(answer.content.decode(), scene.basic)
    assert not Quote.objects.exists()


def test_a_field_that_the_page_does_not_have_is_refused(owner: Client, scene: scenes.Scene) -> None:
    for extra in ({"price": "0"}, {f"total-{scene.south_basic}": "9"}):
        answer = post(owner, "review", scene, {**fields(scene, total="13"), **extra})
        assert answer.status_code == 422
        assert "does not belong to this page" in answer.content.decode()
    assert not Quote.objects.exists()


def test_a_page_older_than_the_last_change_is_refused_with_the_number_of_now(
    owner: Client, scene: scenes.Scene
) -> None:
    answer = post(owner, "review", scene, fields(scene, total="13", base="8"))
    assert answer.status_code == 422
    assert "has changed to 10" in error_of(answer.content.decode(), scene.basic)


def test_more_than_can_be_returned_now_names_how_many_until_when_and_the_next_date(
    owner: Client, scene: scenes.Scene
) -> None:
    answer = post(owner, "review", scene, fields(scene, total="7"))
    message = error_of(answer.content.decode(), scene.basic)
    assert answer.status_code == 422
    assert message.startswith("Only 2 of 3 seats can be returned now, until ")
    assert "CET (" in message
    assert "UTC)" in message
    assert message.endswith("The other 1 can end with the term on 1 Mar 2027.")
    assert 'value="7"' in answer.content.decode()


def test_fewer_seats_than_people_hold_names_who_holds_them(owner: Client, scene: scenes.Scene) -> None:
    answer = post(owner, "preview", scene, fields(scene, total="6"))
    message = error_of(answer.content.decode(), scene.basic)
    assert "7 people use seats of this licence, so you can lower it to 7." in message
    assert "Held by: Person 01, Person 02, Person 03, Person 04, Person 05 and 2 more." in message


def test_a_refused_form_comes_back_whole_with_everything_typed(owner: Client, scene: scenes.Scene) -> None:
    values = fields(scene, total="abc") | {f"total-{scene.standard}": "6"}
    answer = post(owner, "review", scene, values)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="abc"' in text
    assert re.search(rf'name="total-{scene.standard}" value="6"', text)
    assert 'aria-invalid="true"' in text
    assert f'aria-describedby="error-{scene.basic}"' in text


def test_several_lines_are_one_booking(owner: Client, scene: scenes.Scene) -> None:
    answer = post(owner, "review", scene, fields(scene, total="13") | {f"total-{scene.standard}": "6"})
    assert answer.status_code == 303
    page = plain(owner.get(answer.headers["Location"]).content.decode())
    assert "Business Basic" in page
    assert "Business Standard" in page
    # 8.71 as above, and 1 x 12.50 x 15 / 31 = 6.0484 -> 6.05; together 14.76, 21 % of it 3.0996 -> 3.10.
    assert "Due now €17.86 €14.76 + €3.10 tax (21 %)" in page


def test_the_price_fragment_brings_each_message_to_its_field(owner: Client, scene: scenes.Scene) -> None:
    text = post(owner, "preview", scene, fields(scene, total="abc")).content.decode()
    assert f'id="error-{scene.basic}" hx-swap-oob="true"' in text
    assert error_of(text, scene.standard) == ""


def test_a_billing_contact_sees_the_licences_but_no_editor(scene: scenes.Scene, client: Client) -> None:
    scenes.sign_in(client, "north_billing")
    page = client.get(reverse("licences", args=[scene.customers["north"]]))
    assert page.status_code == 200
    assert "editor-fields" not in page.content.decode()
    assert post(client, "preview", scene, fields(scene, total="13")).status_code == 403
    assert post(client, "review", scene, fields(scene, total="13")).status_code == 403


def test_a_foreign_customer_s_form_is_answered_like_an_unknown_one(scene: scenes.Scene, client: Client) -> None:
    scenes.sign_in(client, "south_owner")
    for name in ("preview", "review"):
        assert post(client, name, scene, fields(scene, total="13")).status_code == 404
