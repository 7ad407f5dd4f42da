"""A program reads the catalogue, buys, and asks for offers: the refusals, permissions and prices of the portal."""

import uuid
from typing import Any

import pytest

from seatwright.operations import queries as operations
from tests.api.program import Programs, codes
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.usefixtures("db")
E3 = "CFQ7TTC0LFLX:0001"
OFFER = f"microsoft:{E3}:commercial:P1Y:monthly:BE"
SIGNATORY = {"first_name": "Nora", "last_name": "North", "email": "nora@north.example"}


def customer(world: World) -> str:
    return f"/customers/{world.customer_ids['north']}"


def wish(world: World, **more: Any) -> dict[str, Any]:
    tenant = world.holding("north", BASIC).tenant_id
    return {"tenant_id": str(tenant), "offer_key": OFFER, "seats": 3, "signatory": SIGNATORY} | more


def test_the_catalogue_is_found_by_old_names_and_priced_by_the_month(world: World, ask: Programs) -> None:
    program = ask.by("north_billing", scope="read")
    page = program.get(f"{customer(world)}/catalogue", q="office 365 business essentials").json()
    (basic,) = [each for each in page["items"] if each["part_number"] == "O365_BUSINESS_ESSENTIALS"]
    assert (basic["seats_held"], basic["old_name"] != "") == (10, True)
    first = program.get(f"{customer(world)}/catalogue").json()
    second = program.get(f"{customer(world)}/catalogue", after=first["next"]).json()
    assert len(first["items"]) + len(second["items"]) == first["total"]
    assert second["next"] is None
    plans = program.get(f"{customer(world)}/catalogue/{E3}").json()["plans"]
    found = {(each["term"], each["billing_plan"]): each for each in plans}
    assert found["P1Y", "annual"]["surcharge_basis_points"] == 0
    assert found["P1M", "monthly"]["surcharge_basis_points"] == 2000
    assert found["P1Y", "monthly"]["per_cycle"]["decimal"] == "37.49"
    assert program.get(f"{customer(world)}/catalogue/NOTHING:0001").status_code == 404


def test_a_purchase_is_quoted_and_ordered_once(world: World, ask: Programs) -> None:
    program = ask.by("north_admin")
    made = program.post(f"{customer(world)}/purchase-quotes", wish(world))
    assert made.status_code == 201
    quote = made.json()
    assert made.headers["Location"] == f"/api/v1/purchase-quotes/{quote['id']}"
    (line,) = quote["calculation"]["lines"]
    assert (line["seats_before"], line["seats_after"], line["due_now"]["minor"]) == (0, 3, 11247)
    assert program.get(f"/purchase-quotes/{quote['id']}").json() == quote
    path = f"/purchase-quotes/{quote['id']}/orders"
    first = program.post(path, {"agrees_to_pay": True}, key=quote["idempotency_key"])
    again = program.post(path, {"agrees_to_pay": True}, key=quote["idempotency_key"])
    assert (first.status_code, first.content) == (201, again.content)
    assert len(operations.open_views(kind="buy", customer_id=world.customer_ids["north"])) == 1
    other = program.post(path, {"agrees_to_pay": True, "on_behalf_reason": "x"}, key=quote["idempotency_key"])
    assert codes(other) == [("Idempotency-Key", "key_reused")]
    order = program.get(f"/orders/{first.json()['id']}").json()
    assert [each["name"] for each in order["lines"]] == ["Microsoft 365 E3"]
    assert ask.by("south_owner").get(f"/purchase-quotes/{quote['id']}").status_code == 404


def test_a_refused_purchase_has_its_reason_at_the_member_it_is_about(world: World, ask: Programs) -> None:
    program, path = ask.by("north_admin"), f"{customer(world)}/purchase-quotes"
    premium = "microsoft:CFQ7TTC0LCHC:0002:commercial:P1Y:monthly:BE"
    room = "microsoft:EXAMPLE00006:0001:commercial:P1Y:monthly:BE"
    for more, expected in (
        ({"offer_key": premium, "seats": 301}, [("seats", "above_maximum"), ("seats", "above_family_maximum")]),
        ({"offer_key": "nonsense"}, [("offer_key", "not_sold")]),
        ({"offer_key": room}, [("offer_key", "prerequisite_missing")]),
        ({"promotion": "A:B:C"}, [("promotion", "promotion_not_granted")]),
        ({"first_term_ends_on": "2026-10-02"}, [("first_term_ends_on", "end_date_not_possible")]),
        ({"signatory": None}, [("signatory", "agreement_missing")]),
    ):
        answer = program.post(path, wish(world, **more))
        assert (answer.status_code, codes(answer)) == (422, expected)
    for more in ({"first_term_ends_on": "2026-13-02"}, {"first_term_ends_on": "20261002"}, {"seats": 0}, {"x": 1}):
        assert program.post(path, wish(world, **more)).json()["type"] == "/problems/invalid"
    assert program.post(path, wish(world, tenant_id=str(uuid.uuid4()))).status_code == 404
    assert operations.open_views(kind="buy", customer_id=world.customer_ids["north"]) == []


def test_what_became_impossible_is_not_ordered(world: World, ask: Programs) -> None:
    program, premium = ask.by("north_admin"), "microsoft:CFQ7TTC0LCHC:0002:commercial:P1Y:monthly:BE"
    quotes = [
        program.post(f"{customer(world)}/purchase-quotes", wish(world, offer_key=premium, seats=200)).json()
        for _ in range(2)
    ]
    answers = [
        program.post(f"/purchase-quotes/{each['id']}/orders", {"agrees_to_pay": True}, key=each["idempotency_key"])
        for each in quotes
    ]
    assert [answer.status_code for answer in answers] == [201, 422]
    assert codes(answers[1]) == [("", "above_family_maximum")]


def test_an_offer_is_asked_for_by_the_customer_and_listed(world: World, ask: Programs) -> None:
    body = wish(world, words="for May")
    del body["signatory"]
    made = ask.by("north_billing").post(f"{customer(world)}/offer-requests", body)
    assert (made.status_code, made.json()["state"], made.json()["words"]) == (201, "open", "for May")
    listed = ask.by("staff").get(f"{customer(world)}/offer-requests").json()["items"]
    assert listed == [made.json()]
    assert ask.by("staff").post(f"{customer(world)}/offer-requests", body).status_code == 403
