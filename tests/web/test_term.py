"""Changing the term on its page: what can begin, what it costs, booking with fresh proof, and what is refused."""

import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.catalogue.models import CatalogueItem, Product
from seatwright.orders import queries as orders
from tests.web import scene as scenes
from tests.web.test_editor import plain

YEAR = "P1Y:monthly"


@pytest.fixture
def monthly(scene: scenes.Scene) -> uuid.UUID:
    """2 seats of Premium at 24.00 a month, which run from month to month."""
    scenes.sell(scene)
    return scenes.hold_monthly(scene, offer_key=scenes.PREMIUM_OFFER.replace("P1Y", "P1M"))


def page(client: Client, key: uuid.UUID, to: str = "") -> str:
    return client.get(reverse("change_term", args=[key]), {"to": to} if to else {}).content.decode()


def book(client: Client, key: uuid.UUID, to: str = YEAR, **values: Any) -> Any:
    found = re.search(r'name="fingerprint" value="([^"]+)"', page(client, key, to))
    scenes.confirm(client)
    form = {"to": to, "fingerprint": html.unescape(found.group(1)) if found else "", **values}
    return client.post(reverse("change_term", args=[key]), form)


def placed(scene: scenes.Scene) -> tuple[orders.OrderRow, ...]:
    return orders.orders(seen_by=SYSTEM, customer_id=scene.customers["north"]).rows


def test_the_page_lists_what_can_begin_with_its_price_and_what_it_binds_to(owner: Client, monthly: uuid.UUID) -> None:
    text = plain(page(owner, monthly, YEAR))
    assert "1 year, billed monthly P1Y · monthly 17 Mar 2026 17 Mar 2027" in text
    assert "1 year, billed yearly" in text
    # 15 of March's 31 days at 2 x 24.00 come back: 23.23; the first month of the year costs 2 x 21.63.
    assert "Given back for the rest of the running period: -2 seats × 15 of 31 days × €24.00 = -€23.23" in text
    assert "First period of the new term: 2 seats × 31 of 31 days × €21.63 = €43.26" in text
    assert "Return windows of seats stay as they are" in text


def test_it_is_booked_once_with_fresh_proof_and_shown_as_an_order(
    owner: Client, monthly: uuid.UUID, scene: scenes.Scene
) -> None:
    path = reverse("change_term", args=[monthly])
    assert owner.post(path, {"to": YEAR}).headers["Location"].startswith("/account/confirm/")
    done = book(owner, monthly)
    (order,) = placed(scene)
    assert done.headers["Location"] == reverse("order", args=[order.order_id])
    shown = plain(owner.get(done.headers["Location"]).content.decode())
    assert "1 month, billed monthly P1M · monthly → 1 year, billed monthly P1Y · monthly" in shown
    again = book(owner, monthly)
    assert again.status_code == 422
    assert "A change of this licence is under way" in plain(again.content.decode())
    timeline = plain(owner.get(reverse("subscription", args=[monthly])).content.decode())
    assert "Under way A change to 2 seats is under way" in timeline


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"to": "P3Y:decennial"}, "Choose one of the terms listed."),
        ({"to": "P1M:monthly"}, "has this term and billing plan already"),
        ({"fingerprint": "0"}, "Something changed since you opened the page"),
        ({"to": [YEAR, YEAR]}, "sent twice"),
        ({"extra": "1"}, "does not belong to this page"),
    ],
)
def test_what_cannot_be_is_refused_and_books_nothing(
    owner: Client, monthly: uuid.UUID, scene: scenes.Scene, values: dict[str, Any], sentence: str
) -> None:
    answer = book(owner, monthly, **values)
    assert answer.status_code == 422
    assert sentence in plain(answer.content.decode())
    assert placed(scene) == ()


def test_a_shorter_term_is_refused_with_the_way_to_the_renewal(owner: Client, scene: scenes.Scene) -> None:
    key = scenes.sell(scene)
    text = page(owner, key, "P1M:monthly")
    assert "A running term cannot be made shorter." in plain(text)
    assert f'href="{reverse("subscription", args=[key])}#renewal"' in text
    assert "Change term or billing" in plain(owner.get(reverse("subscription", args=[key])).content.decode())


def test_staff_say_on_whose_word(staff: Client, monthly: uuid.UUID, scene: scenes.Scene) -> None:
    assert book(staff, monthly, reason=" ").status_code == 422
    assert book(staff, monthly, reason="Ms Claes, by telephone").status_code == 303
    assert placed(scene)[0].on_behalf_reason == "Ms Claes, by telephone"


@pytest.mark.parametrize(
    ("changed", "english", "german"),
    [
        (
            {"is_self_service": False},
            "Your reseller changes the term of this licence. Ask them",
            "Die Laufzeit dieser Lizenz ändert Ihr Händler. Fragen Sie ihn",
        ),
        (
            {"is_offered": False},
            "The reseller does not sell this licence at present",
            "Der Händler verkauft diese Lizenz zurzeit nicht",
        ),
    ],
)
def test_what_the_reseller_keeps_or_does_not_sell_says_whom_to_ask(
    owner: Client, monthly: uuid.UUID, scene: scenes.Scene, changed: dict[str, bool], english: str, german: str
) -> None:
    _, product_id, vendor_sku_id, *_ = scenes.PREMIUM_OFFER.split(":")
    product = Product.objects.get(product_id=product_id, vendor_sku_id=vendor_sku_id)
    CatalogueItem.objects.update_or_create(reseller_id=scene.reseller_id, product=product, defaults=changed)
    answer = book(owner, monthly)
    assert answer.status_code == 422
    assert english in plain(answer.content.decode())
    assert "Review and book" not in plain(answer.content.decode())
    owner.post("/language", {"language": "de", "next": "/"})
    assert german in plain(page(owner, monthly, YEAR))
    assert placed(scene) == ()
