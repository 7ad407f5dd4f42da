"""A foreign id and an invented one get the same bytes, wherever they stand, and nothing of another customer leaks."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest

from seatwright.api import document
from seatwright.workflows import renewal_sheets
from tests.api.program import BASE, UNKNOWN, Program, Programs
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.usefixtures("db")
STRANGERS = ("south_owner", "other_staff")
OFFER = "microsoft:CFQ7TTC0LFLX:0001:commercial:P1Y:monthly:BE"
# A change of seats is no purchase and no swap.
OTHER_KIND = {"read_purchase_quote", "place_purchase", "read_swap_quote", "place_swap", "read_swap", "try_swap_again"}


@pytest.fixture
def norths(world: World, ask: Programs) -> dict[str, str]:
    """An id of north's for every path parameter of the API."""
    quote = ask.quoted("north_owner", "north", basic=11)
    order = ask.ordered("north_owner", quote).json()
    (line,) = ask.by("north_owner").get(f"/orders/{order['id']}").json()["lines"]
    return {
        "customer_id": str(world.customer_ids["north"]),
        "subscription_id": line["subscription_id"],
        "quote_id": quote["id"],
        "order_id": order["id"],
        "operation_id": line["operation_id"],
        "product_key": "CFQ7TTC0LFLX:0001",
        "tenant_id": str(world.holding("north", BASIC).tenant_id),
        "key": quote["idempotency_key"],
        "sheet_id": str(sheet_of(world)),
    }


def sheet_of(world: World) -> uuid.UUID:
    """A renewal sheet about north's basic seats that waits for its answer."""
    staff, deadline_at = world.actor("staff"), world.at + dt.timedelta(days=30)
    sheet_id = renewal_sheets.make(
        by=staff,
        customer_id=world.customer_ids["north"],
        subscription_ids=[world.holding("north", BASIC).subscription_id],
        default="keep",
        deadline_at=deadline_at,
        at=world.at,
    )
    renewal_sheets.send(by=staff, sheet_id=sheet_id, at=world.at)
    return sheet_id


def ask_everything(program: Program, ids: dict[str, str]) -> dict[str, Any]:
    """The answers to a well-formed request to every operation that has an id in its address."""
    bodies = {
        "preview_seats": {"quantities": [{"subscription_id": ids["subscription_id"], "seats": 12}]},
        "create_quote": {"quantities": [{"subscription_id": ids["subscription_id"], "seats": 12}]},
        "place_order": {"agrees_to_pay": True, "on_behalf_reason": "telephone"},
        "create_purchase_quote": {"tenant_id": ids["tenant_id"], "offer_key": OFFER, "seats": 3},
        "create_offer_request": {"tenant_id": ids["tenant_id"], "offer_key": OFFER, "seats": 3},
        "place_purchase": {"agrees_to_pay": True, "on_behalf_reason": "telephone"},
        "settle_operation": {"decision": "done", "reason": "x"},
        "wish_for_renewal": {"seats": 12},
        "revoke_wish": {"dimension": "all"},
        "answer_renewal_sheet": {
            "content_hash": "0" * 64,
            "answers": [{"subscription_id": ids["subscription_id"], "option": "keep"}],
        },
        "preview_status": {"action": "suspend"},
        "change_state": {"action": "suspend", "on_behalf_reason": "telephone"},
        "create_term_quote": {"term": "P1Y", "billing_plan": "annual"},
        "create_swap_quote": {"to": "CFQ7TTC0LDPB:0001", "everybody": True},
        "place_swap": {"agrees_to_pay": True, "on_behalf_reason": "telephone"},
    }
    queries = {"look_at_day": {"on": "2026-06-01"}}
    answers = {}
    for path, methods in document.document()["paths"].items():
        if "{" not in path:
            continue
        place = path.removeprefix(BASE).format(**ids)
        for method, operation in methods.items():
            name = operation["operationId"]
            answers[name] = (
                program.get(place, **queries.get(name, {}))
                if method == "get"
                else program.post(place, bodies.get(name, ""), key=ids["key"])
            )
    return answers


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_foreign_id_and_an_invented_one_are_answered_with_the_same_bytes(
    world: World, ask: Programs, norths: dict[str, str], stranger: str
) -> None:
    program = ask.by(stranger)
    shared = {name: norths[name] for name in ("key", "product_key")}
    invented = {name: str(uuid.uuid4()) for name in norths} | shared
    foreign, missing = ask_everything(program, norths), ask_everything(program, invented)
    assert len(foreign) == 36
    for name, answer in foreign.items():
        assert answer.status_code == 404, name
        assert answer.content == missing[name].content, name
        differing = {"X-Request-ID"}
        assert {k: v for k, v in answer.headers.items() if k not in differing} == {
            k: v for k, v in missing[name].headers.items() if k not in differing
        }


def test_the_owner_of_the_ids_does_get_answers(world: World, ask: Programs, norths: dict[str, str]) -> None:
    found = {name: answer.status_code for name, answer in ask_everything(ask.by("north_owner"), norths).items()}
    assert {name for name, status in found.items() if status == 404} == OTHER_KIND
    assert found["settle_operation"] == 403


def test_foreign_ids_within_bodies_are_unknown_too(world: World, ask: Programs) -> None:
    foreign = world.holding("south", BASIC).subscription_id
    for path in ("seat-quotes", "seat-quotes/preview"):
        answers = []
        for strange in (foreign, UNKNOWN):
            wish = ask.wish("north", basic=11)
            wish["quantities"].append({"subscription_id": str(strange), "seats": 5})
            answers.append(ask.by("north_owner").post(f"/customers/{world.customer_ids['north']}/{path}", wish))
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content


def test_another_reseller_sees_nothing_in_its_lists(world: World, ask: Programs, norths: dict[str, str]) -> None:
    program = ask.by("other_staff")
    assert program.get("/customers").json() == {"items": [], "next": None, "total": 0}
    assert program.get("/customers", q="north").json()["items"] == []
    assert program.get("/operations/parked").json() == {"items": []}


def test_customers_have_no_lists_of_the_staff(ask: Programs) -> None:
    for name in ("north_owner", "north_admin", "north_billing", "south_owner"):
        for path in ("/customers", "/operations/parked"):
            answer = ask.by(name).get(path)
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")


def test_nothing_of_north_is_in_what_south_may_read(world: World, ask: Programs, norths: dict[str, str]) -> None:
    south, program = world.customer_ids["south"], ask.by("south_owner")
    read = [program.get(f"/customers/{south}/{what}").content for what in ("licences", "people", "orders")]
    text = b"".join(read).decode().lower()
    assert "south" in text
    for canary in ("north", *(value for name, value in norths.items())):
        assert canary.lower() not in text


def test_a_list_of_people_continues_where_it_ended(
    world: World, ask: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seatwright.assignments import queries as assignments

    people = assignments.people
    monkeypatch.setattr(assignments, "people", lambda **given: people(**given, limit=5))
    program, path = ask.by("north_owner"), f"/customers/{world.customer_ids['north']}/people"
    pages, after = [], ""
    while after is not None:
        page = program.get(path, **({"after": after} if after else {})).json()
        pages.append([row["user_principal_name"] for row in page["items"]])
        after = page["next"]
    assert [len(page) for page in pages] == [5, 5, 2]
    assert len({name for page in pages for name in page}) == 12
    assert program.get(path, unlicensed="true").json()["unlicensed"] == 5
    assert len(program.get(path, q="person 12").json()["items"]) == 1


def test_a_cursor_is_good_for_its_own_list_only(world: World, ask: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    from seatwright.customers import queries as customers

    search = customers.search
    monkeypatch.setattr(customers, "search", lambda **given: search(**given, limit=1))
    program = ask.by("staff")
    first = program.get("/customers").json()
    second = program.get("/customers", after=first["next"]).json()
    assert [[row["name"] for row in page["items"]] for page in (first, second)] == [["North"], ["South"]]
    assert second["next"] is None
    for path in ("people", "orders"):
        answer = program.get(f"/customers/{world.customer_ids['north']}/{path}", after=first["next"])
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "bad_cursor")


def test_answers_hold_listed_fields_only(world: World, ask: Programs, norths: dict[str, str]) -> None:
    # The seats of a wish are told as they were wished, which the description leaves open.
    known = {"difference", "is_settled", "total"} | {
        field
        for schema in document.document()["components"]["schemas"].values()
        for field in schema.get("properties", {})
    }

    def fields(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*(fields(each) for each in value.values()))
        return set().union(*(fields(each) for each in value)) if isinstance(value, list) else set()

    answers = ask_everything(ask.by("north_owner"), norths)
    for name, answer in answers.items():
        if answer.status_code < 300:
            assert fields(json.loads(answer.content)) <= known, name
