"""Coming renewals and renewal sheets for programs: the portal's rules, amounts and refusals."""

import datetime as dt
from typing import Any

import pytest

from seatwright.workflows import renewal_sheets
from tests.api.program import UNKNOWN, Programs
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.usefixtures("db")
DEADLINE = dt.datetime(2026, 11, 30, 16, 0, tzinfo=dt.UTC)


@pytest.fixture
def sheet(world: World) -> str:
    """A sheet about north's basic and standard seats that waits for its answer."""
    staff = world.actor("staff")
    sheet_id = renewal_sheets.make(
        by=staff,
        customer_id=world.customer_ids["north"],
        subscription_ids=[world.holding("north", sku).subscription_id for sku in (BASIC, STANDARD)],
        default="reduce",
        deadline_at=DEADLINE,
        at=world.at,
    )
    renewal_sheets.send(by=staff, sheet_id=sheet_id, at=world.at)
    return f"/renewal-sheets/{sheet_id}"


def answers(world: World, ask: Programs, sheet: str, **said: Any) -> dict[str, Any]:
    skus = {"basic": BASIC, "standard": STANDARD}
    return {
        "content_hash": ask.by("north_owner").get(sheet).json()["content_hash"],
        "answers": [
            {"subscription_id": str(world.holding("north", skus[name]).subscription_id), **values}
            for name, values in said.items()
        ],
    }


def test_coming_renewals_say_what_is_at_stake_and_until_when_to_decide(world: World, ask: Programs) -> None:
    rows = ask.by("north_owner").get(f"/customers/{world.customer_ids['north']}/renewals").json()["items"]
    by_id = {row["subscription_id"]: row for row in rows}
    basic = by_id[str(world.holding("north", BASIC).subscription_id)]
    # 3 of 10 seats are unassigned, at 5.88 a month for a year.
    assert (basic["unassigned"], basic["at_stake"]["minor"], basic["next_term"]["minor"]) == (3, 3 * 588 * 12, 70_560)
    assert (basic["renews_on"], basic["decide_until"]) == ("2027-01-30", "2027-01-29T00:00:00Z")
    exchange = by_id[str(world.holding("north", EXCHANGE).subscription_id)]
    assert (exchange["is_rollover"], rows[-1]) == (True, exchange)
    staff = ask.by("staff").get("/renewals", q="north").json()
    assert [row["renews_on"] for row in staff["items"]] == ["2026-12-07", "2027-01-30"]
    assert ask.by("other_staff").get("/renewals").json() == {"items": [], "next": None}
    assert ask.by("north_owner").get("/renewals").status_code == 403
    assert ask.by("staff").get("/renewals", within=30).json()["items"] == []


def test_an_owner_answers_and_reads_what_was_decided(world: World, ask: Programs, sheet: str) -> None:
    program = ask.by("north_owner")
    shown = program.get(sheet).json()
    assert (shown["state"], shown["default"], shown["may_answer"]) == ("sent", "reduce", True)
    assert [line["options"][0]["option"] for line in shown["lines"]] == ["keep", "keep"]
    body = answers(world, ask, sheet, basic={"option": "reduce", "seats": 8}, standard={"option": "cancel"})
    done = program.post(f"{sheet}/answers", body).json()
    assert (done["refused"], done["sheet"]["state"]) == ([], "answered")
    decided = {line["name"]: (line["option"], line["seats_then"]) for line in done["sheet"]["lines"]}
    assert sorted(decided.values()) == [("cancel", 0), ("reduce", 8)]
    listed = program.get(f"/customers/{world.customer_ids['north']}/renewal-sheets").json()["items"]
    assert [(each["state"], each["licences"]) for each in listed] == [("answered", 2)]
    again = program.post(f"{sheet}/answers", body)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "closed")


def test_what_cannot_be_decided_is_told_licence_by_licence(world: World, ask: Programs, sheet: str) -> None:
    program = ask.by("north_owner")
    mixed = answers(world, ask, sheet, basic={"option": "reduce", "seats": 10}, standard={"option": "keep"})
    done = program.post(f"{sheet}/answers", mixed)
    assert (done.status_code, [each["code"] for each in done.json()["refused"]]) == (200, ["seats"])
    none = answers(world, ask, sheet, basic={"option": "explode"})
    refused = program.post(f"{sheet}/answers", none)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "no_such_option")
    twice = none | {"answers": none["answers"] * 2}
    assert program.post(f"{sheet}/answers", twice).json()["errors"][0]["code"] == "named_twice"
    stale = none | {"content_hash": "0" * 64}
    assert program.post(f"{sheet}/answers", stale).json()["errors"][0]["code"] == "changed"
    foreign = none | {"answers": [{"subscription_id": str(UNKNOWN), "option": "keep"}]}
    assert program.post(f"{sheet}/answers", foreign).status_code == 404
    own = str(world.holding("south", BASIC).subscription_id)
    strange = none | {"answers": [{"subscription_id": own, "option": "keep"}]}
    assert program.post(f"{sheet}/answers", strange).content == program.post(f"{sheet}/answers", foreign).content


def test_only_the_owners_token_with_the_scope_write_answers(world: World, ask: Programs, sheet: str) -> None:
    body = answers(world, ask, sheet, basic={"option": "cancel"})
    for who, status in (("north_admin", 403), ("staff", 403), ("south_owner", 404), ("other_staff", 404)):
        assert ask.by(who).post(f"{sheet}/answers", body).status_code == status, who
    assert ask.by("north_owner", scope="read").post(f"{sheet}/answers", body).status_code == 403
    assert ask.by("south_owner").get(sheet).content == ask.by("south_owner").get(f"/renewal-sheets/{UNKNOWN}").content
