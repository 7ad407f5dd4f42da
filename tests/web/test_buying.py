"""The catalogue, a product's page, its review and booking, and requests to the reseller, as people see them."""

import datetime as dt
import decimal
import html
import re
import typing
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from seatwright.access.actors import SYSTEM
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import queries as offers
from seatwright.customers import agreements
from seatwright.customers import changes as customer_changes
from seatwright.customers import queries as customers
from seatwright.customers.models import Tenant
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.orders import requests as offer_requests
from seatwright.rules import purchases, refusals
from seatwright.web import requests, wording_buy
from tests.web import scene as scenes
from tests.web.test_editor import plain

E3 = "CFQ7TTC0LFLX:0001"
CALLING = "EXAMPLE00007:0001"
OFFER = f"microsoft:{E3}:commercial:P1Y:monthly:BE"


def tenant_of(scene: scenes.Scene) -> customers.TenantRow:
    return customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]


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
    return client.post(
        asked.headers["Location"], {"password": scenes.PASSWORD, "next": f"{path.partition('?')[0]}/book"}
    )


def test_the_catalogue_finds_a_product_by_an_old_name_and_says_what_is_held(owner: Client, shop: scenes.Scene) -> None:
    where = reverse("catalogue", args=[shop.customers["north"]])
    text = plain(owner.get(where).content.decode())
    assert "Microsoft 365 Business Premium" in text
    assert "Microsoft 365 Business Premium SPB 10 from €20.60 per month" in text
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
    assert "€42.84 per month 20 % dearer: €85.68 a year for each seat" in text
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


def test_a_purchase_that_cannot_be_is_refused_at_its_field_with_what_is_possible(
    owner: Client, shop: scenes.Scene
) -> None:
    over = reviewed(owner, shop, plan="microsoft:CFQ7TTC0LCHC:0002:commercial:P1Y:monthly:BE")
    assert over.status_code == 422
    assert "Choose one of the terms." in plain(over.content.decode())
    typed = choose(shop, plan="microsoft:CFQ7TTC0LCHC:0002:commercial:P1Y:monthly:BE", seats="291")
    capped = owner.post(address(shop, "purchase_review", "CFQ7TTC0LCHC:0002"), typed)
    assert capped.status_code == 422
    assert "over all plans of this family at most 300 are allowed" in plain(capped.content.decode())
    assert 'value="291"' in capped.content.decode()
    ends = plain(reviewed(owner, shop, end="P3Y:2027-01-01").content.decode())
    assert "This end belongs to another term." in ends
    end = plain(reviewed(owner, shop, end="P1Y:2026-10-01").content.decode())
    assert "The vendor cannot be asked at the moment. Nothing was ordered" in end
    promoted = plain(reviewed(owner, shop, promotion="X:0001:Y").content.decode())
    assert "The vendor cannot be asked at the moment" in promoted
    tenant = reviewed(owner, shop, tenant=str(uuid.uuid4()))
    assert "Choose the tenant that the licence is for." in plain(tenant.content.decode())
    assert owner.get(address(shop, "purchase_review")).headers["Location"] == address(shop)


def test_somebody_accepts_the_agreement_with_name_and_address(owner: Client, scene: scenes.Scene) -> None:
    scenes.sell(scene)
    answer = reviewed(owner, scene, agree="yes", first_name="Ada", last_name="", email="nowhere")
    assert answer.status_code == 422
    text = plain(answer.content.decode())
    assert "Write the name and the address of the person who accepts." in text
    assert "Write an e-mail address, for example ada@example.org." in text


def test_an_expired_or_changed_price_is_shown_again_before_it_binds(
    owner: Client, shop: scenes.Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = reviewed(owner, shop).headers["Location"]
    monkeypatch.setattr(requests, "now", lambda: scenes.NOW + dt.timedelta(minutes=31))
    text = plain(owner.get(path).content.decode())
    assert "This price is no longer held" in text
    again = owner.post(f"{path}/again")
    assert again.status_code == 303
    assert again.headers["Location"] != path
    assert owner.post(f"{path}/book", {}).status_code == 302


def test_what_is_not_self_service_is_asked_for_answered_and_booked_by_the_desk(
    owner: Client, staff: Client, shop: scenes.Scene
) -> None:
    where = reverse("product", args=[shop.customers["north"], CALLING])
    offer = f"microsoft:{CALLING}:commercial:P1Y:monthly:BE"
    assert "Send the request" in plain(owner.get(where).content.decode())
    asked = owner.post(f"{where}/ask", choose(shop, plan=offer, seats="2", wish="For the shop"))
    mine = reverse("requests", args=[shop.customers["north"]])
    assert asked.headers["Location"] == mine
    assert "For the shop" in plain(owner.get(mine).content.decode())
    assert owner.post(f"{where}/ask", choose(shop, plan=offer, seats="x")).status_code == 422
    desk = plain(staff.get(reverse("staff_requests")).content.decode())
    assert "Microsoft Teams Domestic Calling Plan (240 min)" in desk
    assert owner.get(reverse("staff_requests")).status_code == 403
    (row,) = offer_requests.requests(seen_by=SYSTEM)
    reply = reverse("answer_request", args=[row.request_id])
    for form, sentence in (
        ({"decision": "perhaps", "answer": "x"}, "Choose what becomes of it."),
        ({"decision": "answer", "answer": " "}, "Write an answer; the customer reads it."),
        ({"decision": "answer", "answer": "x", "promised": "2020-01-01"}, "Choose a day from today on."),
    ):
        refused = staff.post(reply, form)
        assert refused.status_code == 422
        assert sentence in plain(refused.content.decode())
    assert staff.post(reply, {"decision": "answer", "answer": "Soon", "promised": "2026-03-20"}).status_code == 303
    text = plain(owner.get(mine).content.decode())
    assert "Soon" in text
    assert "Promised until Sat 21 Mar 2026" in text
    form = staff.get(f"{where}?request={row.request_id}").content.decode()
    assert f'value="{row.request_id}"' in form
    assert "Review" in plain(form)
    assert staff.post(reply, {"decision": "decline", "answer": "No"}).status_code == 303
    assert staff.post(reply, {"decision": "answer", "answer": "Yes"}).status_code == 422
    assert "declined" in plain(owner.get(mine).content.decode()).lower()


def test_staff_book_a_request_on_the_customers_word(owner: Client, staff: Client, shop: scenes.Scene) -> None:
    owner.post(address(shop, "ask_for_product"), choose(shop, wish="E3 please"))
    (row,) = offer_requests.requests(seen_by=SYSTEM)
    path = reviewed(staff, shop, request=str(row.request_id)).headers["Location"]
    assert path.endswith(f"?request={row.request_id}")
    confirmed(staff, path, request=str(row.request_id))  # the password is fresh from here on
    again = staff.post(
        f"{path.partition('?')[0]}/book", {"key": _key(staff, path), "reason": "", "request": str(row.request_id)}
    )
    assert again.status_code == 422
    assert "Say on whose word you book" in plain(again.content.decode())
    done = staff.post(
        f"{path.partition('?')[0]}/book",
        {"key": _key(staff, path), "reason": "telephone", "request": str(row.request_id)},
    )
    assert done.status_code == 303
    (booked,) = offer_requests.requests(seen_by=SYSTEM)
    assert (booked.state, done.headers["Location"]) == ("booked", reverse("order", args=[booked.order_id]))


@pytest.mark.parametrize("how", ["expired", "changed"])
def test_a_request_stays_with_its_purchase_when_the_price_is_made_again(
    owner: Client, staff: Client, shop: scenes.Scene, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    owner.post(address(shop, "ask_for_product"), choose(shop, wish="E3 please"))
    (row,) = offer_requests.requests(seen_by=SYSTEM)
    named = {"request": str(row.request_id)}
    path = reviewed(staff, shop, **named).headers["Location"]
    confirmed(staff, path, **named)  # the password is fresh from here on
    if how == "expired":
        monkeypatch.setattr(requests, "now", lambda: scenes.NOW + dt.timedelta(minutes=31))
        form = staff.get(path).content.decode()
        assert f'name="request" value="{row.request_id}"' in form
        fresh = staff.post(f"{path.partition('?')[0]}/again", named)
    else:
        dearer(shop)
        words = {"key": _key(staff, path), "reason": "telephone", **named}
        fresh = staff.post(f"{path.partition('?')[0]}/book", words)
    then = fresh.headers["Location"]
    assert then.endswith(f"?request={row.request_id}")
    assert then != path
    done = staff.post(f"{then.partition('?')[0]}/book", {"key": _key(staff, then), "reason": "telephone", **named})
    assert done.status_code == 303
    assert [each.state for each in offer_requests.requests(seen_by=SYSTEM)] == ["booked"]


def test_a_request_is_for_one_tenant_and_one_product(owner: Client, staff: Client, shop: scenes.Scene) -> None:
    first = tenant_of(shop)
    second = customer_changes.add_tenant(
        customer_id=shop.customers["north"],
        account_id=Tenant.objects.get(pk=first.tenant_id).account_id,
        vendor_tenant_id=str(uuid.uuid4()),
        vendor_customer_id=str(uuid.uuid4()),
        primary_domain="second.example",
    )
    owner.post(address(shop, "ask_for_product"), choose(shop, tenant=str(second), wish="E3 please"))
    (row,) = offer_requests.requests(seen_by=SYSTEM)
    assert "second.example" in plain(staff.get(reverse("staff_requests")).content.decode())
    form = staff.get(f"{address(shop)}?request={row.request_id}").content.decode()
    assert re.search(rf'value="{second}"\s+(selected|checked)', form)
    named = {"request": str(row.request_id)}
    path = reviewed(staff, shop, **named).headers["Location"]  # for the first tenant after all
    confirmed(staff, path, **named)
    words = {"key": _key(staff, path), "reason": "telephone", **named}
    assert staff.post(f"{path.partition('?')[0]}/book", words).status_code == 303
    assert [each.state for each in offer_requests.requests(seen_by=SYSTEM)] == ["open"]


def dearer(shop: scenes.Scene) -> None:
    catalogue.price_fixed(
        reseller_id=tenant_of(shop).reseller_id,
        offer_pk=offers.offer(offer_key=OFFER).offer_pk,
        valid_from_on=dt.date(2026, 3, 1),
        amount=decimal.Decimal("50"),
        currency="EUR",
        at=scenes.NOW,
    )


def _key(client: Client, path: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(path).content.decode())
    assert found is not None
    return html.unescape(found.group(1))


def test_the_reseller_says_who_orders_a_product(owner: Client, staff: Client, shop: scenes.Scene) -> None:
    where = address(shop, "self_service")
    assert owner.post(where, {"self_service": "no"}).status_code == 403
    assert staff.post(where, {"self_service": "perhaps"}).status_code == 422
    assert staff.post(where, {"self_service": "no"}).status_code == 303
    assert "Send the request" in plain(owner.get(address(shop)).content.decode())
    assert staff.post(where, {"self_service": "yes"}).status_code == 303
    assert "What it costs" in plain(owner.get(address(shop)).content.decode())


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_reason_against_a_purchase_has_its_sentence(language: str) -> None:
    samples = [
        refusals.BelowMinimum(2),
        refusals.AboveMaximum(300),
        refusals.AboveFamilyMaximum("business", 300, 304),
        refusals.NotSelfService(),
        purchases.NotSold(),
        purchases.NoPrice(),
        purchases.PrerequisiteMissing(("A", "B")),
        purchases.AgreementMissing("https://example.test"),
        purchases.PromotionWrongPlan((("P1Y", "monthly"),)),
        purchases.PromotionWrongPlan(()),
        purchases.PromotionWrongSeats(5, None, None),
        purchases.PromotionWrongSeats(1, 50, 7),
        purchases.PromotionUsed(),
        purchases.PromotionNotGranted(),
        purchases.EndDateNotPossible(()),
        purchases.EndDateNotPossible((dt.date(2026, 10, 1),)),
        purchases.VendorNotReached(),
    ]
    assert {type(each) for each in samples} == set(typing.get_args(purchases.Refusal))
    with translation.override(language):
        for each in samples:
            assert wording_buy.refusal(each).endswith(".")
        assert wording_buy.line_refusal("day_over").endswith(".")
        assert wording_buy.line_refusal("not_active").endswith(".")


def test_the_command_palette_finds_a_product_by_an_old_name(owner: Client, shop: scenes.Scene) -> None:
    text = owner.get(reverse("palette"), {"q": "essentials"}).content.decode()
    assert address(shop, product="CFQ7TTC0LH18:0001") in text
