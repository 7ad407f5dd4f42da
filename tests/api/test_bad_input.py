"""Bad input gets a refusal that names its place, and leaves nothing behind."""

import json
from typing import Any

import pytest
from django.test import Client

from seatwright.api import reading
from seatwright.orders import models as order_rows
from tests.api.program import UNKNOWN, Programs, codes
from tests.stories.world import World

pytestmark = pytest.mark.usefixtures("db")
NOT_WHOLE = "not_an_integer"
SEATS = {
    "-1": "too_small",
    "1000001": "too_large",
    "9000000000000000000": "too_large",
    "9e18": NOT_WHOLE,
    "1e3": NOT_WHOLE,
    "7.0": NOT_WHOLE,
    "0.5": NOT_WHOLE,
    '"7"': NOT_WHOLE,
    '" 7 "': NOT_WHOLE,
    '"\uff17"': NOT_WHOLE,
    "true": NOT_WHOLE,
    "null": NOT_WHOLE,
    "[7]": NOT_WHOLE,
    '{"seats": 7}': NOT_WHOLE,
}
MALFORMED = {
    "1_0": "not_json",
    "007": "not_json",
    "+7": "not_json",
    "0x7": "not_json",
    "NaN": "not_json",
    "Infinity": "not_json",
    "\uff17": "not_json",
    "": "not_json",
    "9" * 5000: "not_json",
    "[" * 20_000: "not_json",
    '{"seats": 7, "seats": 8}': "member_twice",
}


def paths(world: World) -> list[str]:
    base = f"/customers/{world.customer_ids['north']}/seat-quotes"
    return [base, f"{base}/preview"]


def body(ask: Programs, seats: str) -> str:
    """A wish whose number of seats is written as given."""
    wish = ask.wish("north", basic=11)
    return json.dumps(wish).replace('"seats": 11', f'"seats": {seats}')


@pytest.fixture(autouse=True)
def _nothing_is_stored(world: World, request: pytest.FixtureRequest) -> Any:
    yield
    assert order_rows.Quote.objects.count() == 0
    assert world.open_operations() == 0


@pytest.mark.parametrize(("seats", "code"), SEATS.items())
def test_a_number_of_seats_is_a_json_integer_within_bounds(world: World, ask: Programs, seats: str, code: str) -> None:
    for path in paths(world):
        answer = ask.by("north_admin").post(path, body(ask, seats))
        assert (answer.status_code, codes(answer)) == (422, [("quantities.0.seats", code)])


@pytest.mark.parametrize(("seats", "code"), MALFORMED.items(), ids=lambda value: value[:20])
def test_what_is_no_json_is_not_guessed(world: World, ask: Programs, seats: str, code: str) -> None:
    for path in paths(world):
        answer = ask.by("north_admin").post(path, body(ask, seats))
        assert (answer.status_code, codes(answer)) == (400, [("", code)])


def test_no_seats_at_all_is_a_number_that_the_rules_judge(world: World, ask: Programs) -> None:
    for path in paths(world):
        answer = ask.by("north_admin").post(path, body(ask, "0"))
        assert answer.status_code == 422
        assert ("quantities.0.seats", "below_assigned") in codes(answer)


def test_the_present_number_is_not_a_change(world: World, ask: Programs) -> None:
    for path in paths(world):
        answer = ask.by("north_admin").post(path, ask.wish("north", basic=10))
        assert (answer.status_code, codes(answer)) == (422, [("quantities.0.seats", "not_a_change")])


def test_members_that_are_not_listed_are_refused_by_name(world: World, ask: Programs) -> None:
    wish = ask.wish("north", basic=11)
    for path in paths(world):
        answer = ask.by("north_admin").post(path, wish | {"price": 1, "customer_id": str(UNKNOWN)})
        assert (answer.status_code, codes(answer)) == (
            422,
            [("price", "unknown_member"), ("customer_id", "unknown_member")],
        )
        line = wish["quantities"][0] | {"unit_rate": "0.01"}
        answer = ask.by("north_admin").post(path, {"quantities": [line]})
        assert (answer.status_code, codes(answer)) == (422, [("quantities.0.unit_rate", "unknown_member")])


def test_a_subscription_is_named_once_by_its_plain_id(world: World, ask: Programs) -> None:
    (line,) = ask.wish("north", basic=11)["quantities"]
    known = line["subscription_id"]
    for path in paths(world):
        twice = ask.by("north_admin").post(path, {"quantities": [line, line | {"subscription_id": known.upper()}]})
        assert (twice.status_code, codes(twice)) == (422, [("quantities", "named_twice")])
        for spelling in (known.replace("-", ""), "{" + known + "}", f"urn:uuid:{known}", known + "\n", 7, None):
            answer = ask.by("north_admin").post(path, {"quantities": [line | {"subscription_id": spelling}]})
            assert (answer.status_code, codes(answer)) == (422, [("quantities.0.subscription_id", "not_an_id")])


def test_a_booking_has_one_to_a_hundred_lines(world: World, ask: Programs) -> None:
    lines = [{"subscription_id": str(UNKNOWN)[:-3] + f"{n:03}", "seats": 1} for n in range(101)]
    for path in paths(world):
        for wrong, code in (([], "too_few"), (lines, "too_many"), ({}, "invalid"), (None, "invalid")):
            answer = ask.by("north_admin").post(path, {"quantities": wrong})
            assert (answer.status_code, codes(answer)) == (422, [("quantities", code)])
        for wrong_body in ("[]", "null", "7", '"text"'):
            assert ask.by("north_admin").post(path, wrong_body).status_code == 422
        empty = ask.by("north_admin").post(path, "")
        assert (empty.status_code, codes(empty)) == (422, [("", "required")])


def test_a_huge_body_is_refused_before_it_is_read(world: World, ask: Programs) -> None:
    for path in paths(world):
        answer = ask.by("north_admin").post(path, " " * (reading.BODY_MOST_BYTES + 1))
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
        just = ask.by("north_admin").post(path, " " * reading.BODY_MOST_BYTES)
        assert just.status_code == 400


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_read(world: World, ask: Programs, media_type: str) -> None:
    program = ask.by("north_admin")
    for path in paths(world):
        answer = program.client.post(
            "/api/v1" + path, body(ask, "11"), content_type=media_type, headers=program.headers()
        )
        assert (answer.status_code, answer.json()["type"]) == (415, "/problems/wrong-media-type")


def test_bodies_are_utf_8(world: World, ask: Programs) -> None:
    program = ask.by("north_admin")
    for content in (body(ask, "11").encode("utf-16"), b"\xff\xfe", b"\x00"):
        for path in paths(world):
            answer = program.client.post(
                "/api/v1" + path, content, content_type="application/json", headers=program.headers()
            )
            assert (answer.status_code, codes(answer)) == (400, [("", "not_json")])


def test_parameters_are_known_given_once_and_without_control_characters(world: World, ask: Programs) -> None:
    program, people = ask.by("north_admin"), f"/customers/{world.customer_ids['north']}/people"
    for query, field, code in (
        ("?customer_id=1", "customer_id", "unknown_parameter"),
        ("?q=a&q=b", "q", "given_twice"),
        ("?q=%00", "q", "wrong_form"),
        ("?q=" + "x" * 81, "q", "too_long"),
        ("?unlicensed=1", "unlicensed", "not_a_choice"),
        ("?unlicensed=", "unlicensed", "not_a_choice"),
        ("?after=nonsense", "after", "bad_cursor"),
        ("?after=" + "x" * 2001, "after", "too_long"),
    ):
        answer = program.get(people + query)
        assert (answer.status_code, codes(answer)) == (422, [(field, code)]), query


def test_an_order_says_that_it_obliges_to_pay(world: World, ask: Programs) -> None:
    key = "x" * 32
    for agreement in ({}, {"agrees_to_pay": False}, {"agrees_to_pay": 1}, {"agrees_to_pay": "true"}):
        answer = ask.by("north_admin").post(f"/seat-quotes/{UNKNOWN}/orders", agreement, key=key)
        assert (answer.status_code, codes(answer)[0][0]) == (422, "agrees_to_pay")
    for reason in ("x" * 301, "\x00", "a\nb", "\ud800", 7):
        agreement = {"agrees_to_pay": True, "on_behalf_reason": reason}
        answer = ask.by("north_admin").post(f"/seat-quotes/{UNKNOWN}/orders", agreement, key=key)
        assert (answer.status_code, codes(answer)[0][0]) == (422, "on_behalf_reason")


def test_a_decision_is_one_of_three_with_a_reason(world: World, ask: Programs) -> None:
    for settlement, field in (
        ({"decision": "maybe", "reason": "x"}, "decision"),
        ({"decision": "done"}, "reason"),
        ({"decision": "done", "reason": ""}, "reason"),
        ({"decision": "done", "reason": "x", "by": "me"}, "by"),
    ):
        answer = ask.by("support").post(f"/operations/{UNKNOWN}/settle", settlement)
        assert (answer.status_code, codes(answer)[0][0]) == (422, field)


def test_other_methods_and_addresses_are_problems_too(world: World, ask: Programs) -> None:
    client, headers = Client(), ask.by("north_admin").headers()
    path = f"/api/v1/customers/{world.customer_ids['north']}/licences"
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = client.generic(method, path, headers=headers)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
        assert answer.json()["type"] == "/problems/wrong-method"
    for unknown in ("/api/v1/", "/api/v1/nothing", "/api/v1/customers/", "/api/v1/customers/7/licences", "/api/v1/%00"):
        answer = client.get(unknown, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_what_breaks_shows_no_inside(world: World, ask: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    from seatwright.workflows import overview

    def break_down(**_given: Any) -> None:
        raise RuntimeError("SELECT secret FROM inside")

    monkeypatch.setattr(overview, "licences", break_down)
    answer = ask.by("north_admin").get(f"/customers/{world.customer_ids['north']}/licences")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/broken")
    assert b"SELECT" not in answer.content
    assert len(answer.headers["X-Request-ID"]) == 16


def test_nothing_may_be_kept_by_caches(world: World, ask: Programs) -> None:
    for answer in (
        ask.by("staff").get("/customers"),
        ask.by("staff").get("/nothing"),
        Client().get("/api/v1/customers"),
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        assert not answer.cookies
