"""The catalogue, a product's page, its review and booking, and requests to the reseller, as people see them."""

import datetime as dt
import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seatwright.access.actors import SYSTEM
from seatwright.customers import agreements
from seatwright.customers import queries as customers
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.orders import requests as offer_requests
from seatwright.web import requests
from tests.web import scene as scenes
from tests.web.test_editor import plain

E3 = "CFQ7TTC0LFLX:0001"
CALLING = "EXAMPLE00007:0001"
OFFER = f"microsoft:{E3}:commercial:P1Y:monthly:BE"


def tenant_of(scene: scenes.Scene) -> customers.TenantRow:
    (tenant,) = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])
    return tenant


@pytest.fixture
def shop(scene: scenes.Scene) -> scenes.Scene:
    """The scene with a catalogue, and with the vendor's agreement accepted long ago."""
    scenes.sell(scene)
    acceptance = agreements.Acceptance(
        template_id="",
        version=None,
        link="",
        first_name="",
        last_name="",
        email="",
        phone="",
        accepted_at=None,
        source="vendor",
        on_whose_word="",
    )
    agreements.record(by=SYSTEM, tenant=tenant_of(scene), acceptance=acceptance, at=scenes.NOW)
    return scene


def choose(scene: scenes.Scene, **typed: str) -> dict[str, str]:
    return {"tenant": str(tenant_of(scene).tenant_id), "plan": OFFER, "seats": "3"} | typed


def address(scene: scenes.Scene, name: str = "product", product: str = E3) -> str:
    return reverse(name, args=[scene.customers["north"], product])


def reviewed(client: Client, scene: scenes.Scene, **typed: str) -> Any:
    return client.post(address(scene, "purchase_review"), choose(scene, **typed))


def confirmed(client: Client, path: str, **values: str) -> Any:
    """The answer to booking, after the password was given."""
    found = re.search(r'name="key" value="([^"]+)"', client.get(path).content.decode())
    assert found is not None
    form = {"key": html.unescape(found.group(1)), **values}
    asked = client.post(f"{path.partition('?')[0]}/book", form)
    if asked.status_code != 302:
        return asked
    return client.post(asked.headers["Location"], {"password": scenes.PASSWORD, "next": f"{path.partition('?')[0]}/book"})


def test_the_catalogue_finds_a_product_by_an_old_name_and_says_what_is_held(owner: Client, shop: scenes.Scene) -> None:
    where = reverse("catalogue", args=[shop.customers["north"]])
    text = plain(owner.get(where).content.decode())
    assert "Microsoft 365 Business Premium" in text
    assert re.search(r"Microsoft 365 Business Premium product SPB 10 from €[0-9.]+ per month, without tax", text)
    found = plain(owner.get(where, {"q": "essentials"}, headers={"HX-Request": "true"}).content.decode())
    assert "Business Basic" in found
    assert "Microsoft 365 E3" not in found
    assert "Search the catalogue" not in found
    nothing = plain(owner.get(where, {"q": "zzz"}).content.decode())
    assert "Nothing is called like that" in nothing


def test_the_product_page_compares_its_terms_and_prices_what_is_typed(owner: Client, shop: scenes.Scene) -> None:
    text = plain(owner.get(address(shop)).content.decode())
    assert "1 year, billed yearly" in text
    assert "the lowest price per month" in text
    assert "dearer" in text, text
    assert "The vendor cannot be asked at the moment" in text
    priced = owner.post(address(shop, "purchase_price"), choose(shop, seats="5"))
    assert priced.status_code == 200
    assert "Due now" in plain(priced.content.decode())
    refused = plain(owner.post(address(shop, "purchase_price"), choose(shop, seats="0")).content.decode())
    assert "This offer is sold from 1 seats" in refused
    unread = owner.post(address(shop, "purchase_price"), choose(shop, seats="many"))
    assert unread.status_code == 422
    assert owner.get(address(shop, product="CFQ7TTC0LFLX:9999")).status_code == 404
    strange = owner.post(address(shop, "purchase_review"), choose(shop) | {"rate": "0"})
    assert strange.status_code == 422


def test_a_purchase_is_reviewed_and_booked_with_the_password(owner: Client, shop: scenes.Scene) -> None:
    answer = reviewed(owner, shop)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    text = plain(owner.get(path).content.decode())
    assert "Product Microsoft 365 E3" in text
    assert "17 Mar 2026 – 16 Mar 2027" in text
    assert "Order with obligation to pay" in text
    done = confirmed(owner, path)
    (order,) = orders.orders(seen_by=SYSTEM, customer_id=shop.customers["north"]).rows
    assert done.headers["Location"] == reverse("order", args=[order.order_id])
    (view,) = operations.open_views(kind="buy", customer_id=shop.customers["north"])
    assert view.intent["calculation"]["lines"][0]["purchase"]["offer_key"] == OFFER
    page = plain(owner.get(done.headers["Location"]).content.decode())
    assert "Microsoft 365 E3" in page
    assert owner.get(path).headers["Location"] == done.headers["Location"]
