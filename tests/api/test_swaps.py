"""A program swaps people: the refusals, permissions and progress of the portal."""

import pathlib
import re
import uuid
from typing import Any

import pytest

from seatwright.web import wording_swap
from seatwright.workflows import swap
from tests.api.program import Programs, codes
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.usefixtures("db")
STANDARD_KEY = "CFQ7TTC0LDPB:0001"
PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")


def path(world: World) -> str:
    return f"/subscriptions/{world.holding('north', BASIC).subscription_id}"


def options(world: World, ask: Programs, *, by: str = "north_admin") -> Any:
    return ask.by(by).get(f"{path(world)}/swap")


def quote(world: World, ask: Programs, *, by: str = "north_admin", **wish: Any) -> Any:
    return ask.by(by).post(f"{path(world)}/swap-quotes", {"to": STANDARD_KEY, **wish})


def test_a_swap_is_quoted_ordered_once_and_followed(world: World, ask: Programs) -> None:
    offered = options(world, ask).json()
    plan = next(each for each in offered["plans"] if each["to"] == STANDARD_KEY)
    assert [way["key"].partition(":")[0] for way in plan["ways"]] == ["transition", "more", "buy"]
    assert (plan["unit_rate"], [way["is_by_vendor"] for way in plan["ways"]]) == ("12.29", [True, False, False])
    assert len(offered["people"]) == 7
    people = [each["key"] for each in offered["people"][:2]]
    stored = quote(world, ask, people=people)
    assert (stored.status_code, stored.json()["swap"]["way"]) == (201, "partial")
    assert (stored.json()["swap"]["cannot_be_undone"], stored.json()["swap"]["overlap"]) == (True, None)
    # 2 x (12.29 - 5.88) x 13/31, each side rounded by itself: 10.31 - 4.93.
    assert stored.json()["calculation"]["due_now"]["net"]["decimal"] == "5.38"
    again = ask.by("north_admin").get(stored.headers["Location"].removeprefix("/api/v1"))
    assert again.json() == stored.json()
    place = f"/swap-quotes/{stored.json()['id']}/orders"
    key = stored.json()["idempotency_key"]
    placed = ask.by("north_admin").post(place, {"agrees_to_pay": True}, key=key)
    assert placed.status_code == 201
    assert ask.by("north_admin").post(place, {"agrees_to_pay": True}, key=key).content == placed.content
    other = ask.by("north_admin").post(place, {"agrees_to_pay": True, "on_behalf_reason": "x"}, key=key)
    assert codes(other) == [("Idempotency-Key", "key_reused")]
    follow = f"/orders/{placed.json()['id']}/swap"
    progress = ask.by("north_billing").get(follow).json()
    assert (progress["is_running"], progress["moved"], progress["people"]) == (True, 0, [])
    shown = ask.by("north_admin").get(follow).json()["people"]
    assert [each["state"] for each in shown] == ["waiting", "waiting"]
    too_early = ask.by("north_admin").post(f"{follow}/again")
    assert (too_early.status_code, too_early.json()["type"]) == (409, "/problems/too-late")
    assert ask.by("south_owner").get(follow).status_code == 404
    assert ask.by("north_billing").post(f"{follow}/again").status_code == 403


def test_failed_people_are_tried_again(world: World, ask: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "again", lambda **_asked: None)
    assert ask.by("north_admin").post(f"/orders/{uuid.uuid4()}/swap/again").status_code == 204


def test_the_overlap_is_told_with_the_most_that_it_can_cost(world: World, ask: Programs) -> None:
    offered = options(world, ask).json()
    plan = next(each for each in offered["plans"] if each["to"] == STANDARD_KEY)
    stored = quote(world, ask, everybody=True, way=plan["ways"][1]["key"]).json()
    assert (stored["swap"]["way"], stored["swap"]["people"], stored["swap"]["seats"]) == ("more", 7, 2)
    # 7 x 5.88 x 13/31 = 17.26, then 10 cycles of 41.16.
    assert stored["swap"]["overlap"]["most"]["decimal"] == "428.86"
    assert stored["swap"]["overlap"]["returnable"] == 2


def test_a_refusal_names_its_code_and_the_people(world: World, ask: Programs) -> None:
    assert codes(quote(world, ask, people=[])) == [("people", "nobody")]
    assert codes(quote(world, ask, people=[str(uuid.uuid4())])) == [("people", "people_changed")]
    assert codes(quote(world, ask, everybody=True, way="merge:1")) == [("", "no_way")]
    refused = quote(world, ask, people=[options(world, ask).json()["people"][0]["key"]], whole=True)
    assert codes(refused) == [("people", "others_hold_it")]
    assert len(refused.json()["errors"][0]["data"]["people"]) == 6
    twice = quote(world, ask, people=["a", "a"])
    assert codes(twice) == [("people", "named_twice")]


def test_only_who_may_see_people_swaps_them(world: World, ask: Programs) -> None:
    assert options(world, ask, by="north_billing").status_code == 403
    assert options(world, ask, by="south_owner").status_code == 404
    assert quote(world, ask, by="south_owner", everybody=True).status_code == 404
    assert ask.by("north_admin", scope="read").post(f"{path(world)}/swap-quotes", {}).status_code == 403


def test_every_code_of_a_refused_swap_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)`", PAGE))
    assert {"people_blocked", "others_hold_it", *wording_swap.REASONS} - documented == set()
