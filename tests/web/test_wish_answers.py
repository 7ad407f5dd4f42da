"""The one question about a wish for the renewal on the review page, and what the order says of the answer."""

import html
import re
import uuid

from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.orders import queries as orders
from tests.web import scene as scenes
from tests.web.test_editor import plain
from tests.web.test_renewal import wish


def test_the_review_asks_with_both_results_and_books_nothing_unanswered(owner: Client, scene: scenes.Scene) -> None:
    key = scenes.sell(scene)
    assert wish(owner, key, total="9").status_code == 303
    typed = {f"total-{key}": "13", f"direction-{key}": "more", f"by-{key}": "", f"base-{key}": "10"}
    path = owner.post(reverse("review", args=[scene.customers["north"]]), typed).headers["Location"]
    page = owner.get(path).content.decode()
    text = plain(page)
    assert "Business Premium: you wished for 9 seats from 1 Mar 2027 on." in text
    assert re.search(
        r"It follows: 12 seats from then on .*? €[\d,.]+ It stays: 9 seats from then on .*? €[\d,.]+", text
    )
    assert not re.search(r'name="wish-[^"]+" value="\w+" checked', page)

    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    booking = {"key": html.unescape(found.group(1))}
    refused = owner.post(f"{path}/book", booking)
    assert refused.status_code == 422
    assert f'id="wish-{key}-error"' in refused.content.decode()
    assert placed(scene) == ()
    assert owner.post(f"{path}/book", {**booking, f"wish-{key}": ["follows", "stays"]}).status_code == 422
    done = owner.post(f"{path}/book", {**booking, f"wish-{key}": "follows"})
    (order,) = placed(scene)
    assert done.headers["Location"] == reverse("order", args=[order.order_id])
    shown = plain(owner.get(done.headers["Location"]).content.decode())
    assert re.search(r"Your wish for the renewal: It follows: 12 seats from then on \( ?1 Mar 2027 ?\)", shown)


def placed(scene: scenes.Scene) -> tuple[orders.OrderRow, ...]:
    return orders.orders(seen_by=SYSTEM, customer_id=scene.customers["north"]).rows


def test_a_licence_without_a_wish_is_booked_without_a_question(owner: Client, scene: scenes.Scene) -> None:
    key: uuid.UUID = scene.basic
    typed = {f"total-{key}": "13", f"direction-{key}": "more", f"by-{key}": "", f"base-{key}": "10"}
    path = owner.post(reverse("review", args=[scene.customers["north"]]), typed).headers["Location"]
    assert "Your wish for the renewal" not in plain(owner.get(path).content.decode())
