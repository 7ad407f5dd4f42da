"""From the review page to the order: fresh proof, one effect, and what the customer is told."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.web import requests
from tests.web import scene as scenes
from tests.web.test_editor import fields, plain, post


def quote(client: Client, scene: scenes.Scene, *, total: str = "13") -> tuple[str, str]:
    """The path of a fresh quote for Basic and its key."""
    answer = post(client, "review", scene, fields(scene, total=total))
    assert answer.status_code == 303
    path = answer.headers["Location"]
    found = re.search(r'name="key" value="([^"]+)"', client.get(path).content.decode())
    assert found is not None
    return path, html.unescape(found.group(1))


def book(client: Client, path: str, key: str, **values: Any) -> Any:
    return client.post(f"{path}/book", {"key": key, **values})


def placed(scene: scenes.Scene) -> tuple[orders.OrderRow, ...]:
    return orders.orders(seen_by=SYSTEM, customer_id=scene.customers["north"]).rows


def test_the_review_says_what_when_what_it_costs_and_until_when_it_binds(owner: Client, scene: scenes.Scene) -> None:
    path, _ = quote(owner, scene)
    text = plain(owner.get(path).content.decode())
    assert "Business Basic 1 year, billed monthly P1Y · monthly 10 13 +3 17 Mar 2026 1 Mar 2027" in text
    assert "€10.54" in text
    assert "This price is held until Tue 17 Mar 2026, 11:30 CET (10:30 UTC)" in text
    assert "Order with obligation to pay" in text


def test_booking_asks_for_the_password_first_and_then_books_once(owner: Client, scene: scenes.Scene) -> None:
    path, key = quote(owner, scene)
    answer = book(owner, path, key)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/confirm/")
    assert placed(scene) == ()
    wrong = owner.post(answer.headers["Location"], {"password": "not the password", "next": f"{path}/book"})
    assert wrong.status_code == 422
    assert placed(scene) == ()
    done = owner.post(answer.headers["Location"], {"password": scenes.PASSWORD, "next": f"{path}/book"})
    assert done.status_code in (302, 303)
    (order,) = placed(scene)
    assert done.headers["Location"] == reverse("order", args=[order.order_id])
    assert order.agreed_words == "Order with obligation to pay"
    assert [(line.seats_before, line.seats_after) for line in order.lines] == [(10, 13)]


def test_a_double_click_the_back_button_and_a_retry_lead_to_the_same_order(owner: Client, scene: scenes.Scene) -> None:
    scenes.confirm(owner)
    path, key = quote(owner, scene)
    targets = {book(owner, path, key).headers["Location"] for _ in range(3)}
    (order,) = placed(scene)
    assert targets == {reverse("order", args=[order.order_id])}
    assert operations.unfinished_count() == 1
    assert owner.get(path).headers["Location"] == reverse("order", args=[order.order_id])


@pytest.mark.parametrize("keys", [["guess"], [], ["guess", "guess"]])
def test_without_the_key_of_the_review_page_nothing_is_booked(
    owner: Client, scene: scenes.Scene, keys: list[str]
) -> None:
    scenes.confirm(owner)
    path, _ = quote(owner, scene)
    answer = owner.post(f"{path}/book", {"key": keys})
    assert answer.status_code == 422
    assert placed(scene) == ()


def test_an_expired_price_is_made_again_before_it_can_be_booked(
    owner: Client, scene: scenes.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.confirm(owner)
    path, key = quote(owner, scene)
    monkeypatch.setattr(requests, "now", lambda: scenes.NOW + dt.timedelta(minutes=30))
    answer = book(owner, path, key)
    assert answer.status_code == 422
    assert "This price is no longer held" in answer.content.decode()
    assert placed(scene) == ()
    fresh = owner.post(f"{path}/again")
    assert fresh.status_code == 303
    assert fresh.headers["Location"] != path


def test_the_next_day_costs_another_amount_and_is_shown_before_booking(
    owner: Client, scene: scenes.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 22:50 UTC is still 17 March in Brussels; twenty minutes later it is 18 March and a day less is charged.
    monkeypatch.setattr(requests, "now", lambda: dt.datetime(2026, 3, 17, 22, 50, tzinfo=dt.UTC))
    scenes.confirm(owner)
    path, key = quote(owner, scene)
    monkeypatch.setattr(requests, "now", lambda: dt.datetime(2026, 3, 17, 23, 10, tzinfo=dt.UTC))
    answer = book(owner, path, key)
    assert answer.status_code == 303
    assert answer.headers["Location"] != path
    text = plain(owner.get(answer.headers["Location"]).content.decode())
    # 18 to 31 March are 14 of 31 days: 3 x 6.00 x 14 / 31 = 8.129 -> 8.13; tax 1.7073 -> 1.71.
    assert "Due now €9.84 €8.13 + €1.71" in text
    assert "This is the price as of now" in text
    assert placed(scene) == ()


def test_staff_must_say_on_whose_word_they_book(staff: Client, scene: scenes.Scene) -> None:
    scenes.confirm(staff)
    path, key = quote(staff, scene)
    page = staff.get(path).content.decode()
    assert "You are working for <strong>North</strong> as staff of Reseller" in page
    answer = book(staff, path, key, reason="  ")
    assert answer.status_code == 422
    assert "Say on whose word you book" in answer.content.decode()
    assert placed(scene) == ()
    done = book(staff, path, key, reason="Ms North by phone, 17 March")
    assert done.status_code == 303
    assert "Ms North by phone, 17 March" in staff.get(done.headers["Location"]).content.decode()


def test_who_may_not_book_is_refused_even_with_the_path_and_the_key(owner: Client, scene: scenes.Scene) -> None:
    path, key = quote(owner, scene)
    for name, status in (("north_billing", 403), ("south_owner", 404), ("other_staff", 404), ("billing_staff", 403)):
        other = scenes.sign_in(Client(), name)
        scenes.confirm(other)
        assert book(other, path, key).status_code == status, name
    assert placed(scene) == ()


def test_the_order_page_asks_again_by_itself_only_while_something_can_happen(
    owner: Client, scene: scenes.Scene
) -> None:
    scenes.confirm(owner)
    path, key = quote(owner, scene)
    target = book(owner, path, key).headers["Location"]
    page = owner.get(target).content.decode()
    assert f'hx-get="{target}/progress" hx-trigger="every 2s"' in page
    fragment = owner.get(f"{target}/progress").content.decode()
    assert "<html" not in fragment
    assert 'id="progress"' in fragment
    (order,) = placed(scene)
    refuse(order, scene)
    fragment = owner.get(f"{target}/progress").content.decode()
    assert "hx-get" not in fragment
    assert "Nothing was changed and nothing is charged" in plain(fragment)
    assert "The vendor refused the change" in plain(fragment)


def refuse(order: orders.OrderRow, scene: scenes.Scene) -> None:
    """End the order's only line as a vendor's refusal does."""
    from seatwright.orders import changes

    changes.end_line(
        operation_id=order.lines[0].operation_id, state="refused", at=scenes.NOW, refusal="vendor_not_allowed"
    )


def test_a_licence_with_a_change_under_way_cannot_be_changed_again(owner: Client, scene: scenes.Scene) -> None:
    scenes.confirm(owner)
    path, key = quote(owner, scene)
    book(owner, path, key)
    page = owner.get(reverse("licences", args=[scene.customers["north"]]) + "?edit=all").content.decode()
    assert "13 ordered" in plain(page)
    assert f'name="total-{scene.basic}"' not in page
    answer = post(owner, "review", scene, fields(scene, total="14"))
    assert answer.status_code == 422
