"""A program books seats: the refusals, permissions, audit and decisions of the portal."""

import datetime as dt
import uuid

import pytest

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations import changes as operations
from seatwright.operations import runs
from tests.api.program import Programs, codes
from tests.stories.world import World

pytestmark = pytest.mark.usefixtures("db")


def test_the_audit_names_the_person_the_token_and_the_request(world: World, ask: Programs) -> None:
    placed = ask.ordered("north_admin", ask.quoted("north_admin", "north", basic=11))
    (entry,) = audit.history(seen_by=SYSTEM, subject_kind="order", subject_id=placed.json()["id"])
    assert (entry.action, entry.actor_label) == ("order.placed", "North Admin (API token ci)")
    assert entry.channel == "api"
    assert list(audit.breaks()) == []


def test_a_preview_has_the_price_of_the_quote_and_stores_nothing(world: World, ask: Programs) -> None:
    wish = ask.wish("north", basic=12, standard=6)
    path = f"/customers/{world.customer_ids['north']}/seat-quotes"
    preview = ask.by("north_admin", scope="read").post(f"{path}/preview", wish)
    assert preview.status_code == 200
    stored = ask.by("north_admin").post(path, wish)
    assert preview.json()["calculation"] == stored.json()["calculation"]
    assert "id" not in preview.json()


def test_a_refusal_has_the_code_and_the_data_of_the_rules_at_its_line(world: World, ask: Programs) -> None:
    wish = ask.wish("north", standard=5, basic=7)  # standard stays as it is, so only basic is judged
    customer = f"/customers/{world.customer_ids['north']}"
    for path in (f"{customer}/seat-quotes/preview", f"{customer}/seat-quotes"):
        answer = ask.by("north_admin").post(path, wish)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/refused")
        (fault,) = answer.json()["errors"]
        assert (fault["location"], fault["field"], fault["code"]) == ("body", "quantities.1.seats", "not_returnable")
        until = fault["data"].pop("until")
        assert dt.datetime.fromisoformat(until) > world.at
        assert fault["data"] == {
            "subscription_id": wish["quantities"][1]["subscription_id"],
            "wanted": 3,
            "returnable_now": 2,
            "next_possible_on": "2027-01-30",
        }


def test_staff_say_on_whose_word_they_order(world: World, ask: Programs) -> None:
    quote = ask.quoted("staff", "north", basic=11)
    for reason in ("", "   "):
        refused = ask.ordered("staff", quote, on_behalf_reason=reason)
        assert (refused.status_code, codes(refused)) == (422, [("on_behalf_reason", "reason_missing")])
    placed = ask.ordered("staff", quote, on_behalf_reason="Asked for by telephone")
    assert (placed.status_code, placed.json()["on_behalf_reason"]) == (201, "Asked for by telephone")


def test_an_expired_quote_orders_nothing(world: World, ask: Programs) -> None:
    quote = ask.quoted("north_admin", "north", basic=11)
    world.at += dt.timedelta(minutes=30)
    assert ask.by("north_admin").get(f"/seat-quotes/{quote['id']}").json()["is_expired"] is True
    refused = ask.ordered("north_admin", quote)
    assert (refused.status_code, codes(refused)) == (422, [("expires_at", "quote_expired")])
    assert world.open_operations() == 0


def test_a_changed_price_orders_nothing_and_hands_out_a_fresh_quote(world: World, ask: Programs) -> None:
    world.at = dt.datetime(2026, 3, 17, 22, 55, tzinfo=dt.UTC)
    quote = ask.quoted("north_admin", "north", basic=12)
    world.at += dt.timedelta(minutes=10)  # past midnight in Brussels: one day fewer to pay
    refused = ask.ordered("north_admin", quote)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/quote-changed")
    assert world.open_operations() == 0
    fresh_id = refused.json()["errors"][0]["data"]["quote_id"]
    fresh = ask.by("north_admin").get(f"/seat-quotes/{fresh_id}").json()
    before, after = (each["calculation"]["lines"][0]["charges"][0]["days"] for each in (quote, fresh))
    assert after == before - 1
    assert ask.ordered("north_admin", fresh).status_code == 201


def test_what_became_impossible_since_the_quote_is_refused_at_the_quotes_line(world: World, ask: Programs) -> None:
    first, second = (ask.quoted("north_admin", "north", basic=seats) for seats in (11, 12))
    assert ask.ordered("north_admin", first).status_code == 201
    refused = ask.ordered("north_admin", second)
    (fault,) = refused.json()["errors"]
    assert (fault["location"], fault["field"]) == ("quote", "calculation.lines.0.seats")
    assert (fault["code"], fault["data"]["status"]) == ("not_changeable", "change_under_way")


def test_a_reading_is_queued_once(world: World, ask: Programs) -> None:
    path = f"/customers/{world.customer_ids['north']}/sync"
    answers = [ask.by("north_admin").post(path, "") for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, {"queued": 1}), (202, {"queued": 0})]


def test_staff_settle_a_parked_order_and_customers_cannot(world: World, ask: Programs) -> None:
    operation_id = park_an_order(world, ask)
    (line,) = ask.by("support").get("/operations/parked").json()["items"]
    assert (line["id"], line["seats_before"], line["seats_after"]) == (operation_id, 10, 12)
    assert ask.by("north_owner").get("/operations/parked").status_code == 403
    decision = {"decision": "done", "reason": "Seen in the vendor's portal"}
    assert ask.by("north_owner").post(f"/operations/{operation_id}/settle", decision).status_code == 403
    assert ask.by("other_staff").post(f"/operations/{operation_id}/settle", decision).status_code == 404
    blank = ask.by("support").post(f"/operations/{operation_id}/settle", decision | {"reason": "  "})
    assert (blank.status_code, codes(blank)) == (422, [("reason", "reason_missing")])
    done = ask.by("support").post(f"/operations/{operation_id}/settle", decision)
    assert (done.status_code, done.content) == (204, b"")
    again = ask.by("support").post(f"/operations/{operation_id}/settle", decision)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/too-late")
    assert ask.by("support").get("/operations/parked").json() == {"items": []}
    assert len(billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])) == 1


def park_an_order(world: World, ask: Programs) -> str:
    """An order of two seats more whose operation waits for a person; returns the operation's id."""
    placed = ask.ordered("north_admin", ask.quoted("north_admin", "north", basic=12)).json()
    (line,) = ask.by("north_admin").get(f"/orders/{placed['id']}").json()["lines"]
    operation_id = uuid.UUID(line["operation_id"])
    hold = runs.claim(operation_id=operation_id, worker_id="test", at=world.at)
    assert hold is not None
    operations.park(operation_id=operation_id, fence=hold.fence, reason="third_value", at=world.at)
    return str(operation_id)
