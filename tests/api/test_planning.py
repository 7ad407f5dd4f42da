"""A program plans a renewal, changes a state and a term, and looks ahead."""

import typing

import pytest

from seatwright.api import planning_faults
from seatwright.catalogue.models import CatalogueItem, Product
from seatwright.rules import conflicts
from tests.api.program import Programs, codes
from tests.stories.world import BASIC, EXCHANGE, World

pytestmark = pytest.mark.usefixtures("db")


def path_of(world: World, sku_id: str = BASIC) -> str:
    return f"/subscriptions/{world.holding('north', sku_id).subscription_id}"


def test_a_renewal_is_wished_for_read_and_taken_back(world: World, ask: Programs) -> None:
    owner, path = ask.by("north_owner"), path_of(world)
    before = owner.get(f"{path}/renewal").json()
    assert (before["wishes"], before["stored"], before["lock_at"]) == ([], "", "2027-01-29T00:00:00Z")
    answer = owner.post(f"{path}/renewal/wishes", {"seats": 8, "billing_plan": "annual"})
    assert answer.status_code == 200, answer.content
    wished = answer.json()
    assert [each["dimension"] for each in wished["wishes"]] == ["quantity", "billing_plan"]
    assert (wished["following"]["seats"], wished["stored"]) == (8, "sending")
    # Eight seats at 67.20 a year, against ten at 5.88 a month.
    price = wished["following"]["price"]
    assert (price["whole"]["minor"], price["as_now"]["minor"], price["difference"]["minor"]) == (53760, 70560, -16800)
    fewer = owner.post(f"{path}/renewal/wishes", {"seats": -3, "seats_are": "difference"}).json()
    assert fewer["wishes"][0]["value"] == {"difference": -3}
    assert fewer["following"]["billing_plan"] == "annual"
    ended = owner.post(f"{path}/renewal/wishes", {"ending": "extended"}).json()
    assert [each["dimension"] for each in ended["wishes"]] == ["ending"]
    assert owner.post(f"{path}/renewal/revoke", {"dimension": "all"}).json()["wishes"] == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"seats": 0}, ("seats", "below_minimum")),
        ({"seats": -1}, ("seats", "too_small")),
        ({"seats": 1.5}, ("seats", "not_an_integer")),
        ({"term": "P3Y"}, ("term", "plan_not_offered")),
        ({"to_offer_key": "microsoft:X:0001:commercial:P1Y:monthly:BE"}, ("to_offer_key", "not_reachable")),
        ({"ends_on": "2027-05-05"}, ("ends_on", "end_date_not_allowed")),
        ({"ends_on": "5 May"}, ("ends_on", "wrong_form")),
    ],
)
def test_a_wish_that_cannot_be_is_refused_at_its_member(
    world: World, ask: Programs, body: dict[str, object], fault: tuple[str, str]
) -> None:
    answer = ask.by("north_owner").post(f"{path_of(world)}/renewal/wishes", body)
    assert (answer.status_code, codes(answer)) == (422, [fault])
    assert ask.by("north_owner").get(f"{path_of(world)}/renewal").json()["wishes"] == []


def test_every_conflict_has_a_sentence_that_can_be_said() -> None:
    assert {each.code for each in typing.get_args(conflicts.Reason)} == planning_faults.CONFLICTS.keys()


def test_a_state_is_previewed_and_changed_and_ending_needs_its_fingerprint(world: World, ask: Programs) -> None:
    owner, path = ask.by("north_owner"), path_of(world)
    shown = owner.post(f"{path}/status/preview", {"action": "suspend"}).json()
    assert "billing_goes_on" in shown["effects"]
    assert codes(owner.post(f"{path}/status/preview", {"action": "end"})) == [("action", "window_closed")]
    refused = owner.post(f"{path}/status", {"action": "suspend", "fingerprint": "other"})
    assert codes(refused) == [("action", "changed")]
    assert codes(ask.by("staff").post(f"{path}/status", {"action": "suspend"})) == [
        ("on_behalf_reason", "reason_missing")
    ]
    started = owner.post(f"{path}/status", {"action": "suspend", "fingerprint": shown["fingerprint"]})
    assert (started.status_code, set(started.json())) == (202, {"operation_id"})
    assert codes(owner.post(f"{path}/status", {"action": "suspend"})) == [("action", "change_under_way")]


def test_a_longer_term_is_quoted_and_ordered_like_seats(world: World, ask: Programs) -> None:
    owner, path = ask.by("north_owner"), path_of(world, EXCHANGE)
    choices = owner.get(f"{path}/term-choices").json()["items"]
    assert [(each["term"], each["billing_plan"]) for each in choices] == [("P1Y", "monthly"), ("P1Y", "annual")]
    assert choices[0]["due_now"]["minor"] == 88
    refused = ask.by("north_owner").post(f"{path_of(world)}/term-quotes", {"term": "P1M", "billing_plan": "monthly"})
    assert codes(refused) == [("term", "shorter_term")]
    quote = owner.post(f"{path}/term-quotes", {"term": "P1Y", "billing_plan": "monthly"})
    assert quote.status_code == 201
    assert owner.get(f"/seat-quotes/{quote.json()['id']}").json() == quote.json()
    placed = ask.ordered("north_owner", quote.json())
    assert placed.status_code == 201, placed.content
    assert ask.ordered("north_owner", quote.json()).json() == placed.json()
    order = owner.get(f"/orders/{placed.json()['id']}").json()
    assert order["calculation"]["due_now"]["net"]["minor"] == 88


@pytest.mark.parametrize(
    ("changed", "code"), [({"is_self_service": False}, "not_self_service"), ({"is_offered": False}, "not_offered")]
)
def test_a_term_that_only_the_reseller_begins_or_does_not_sell_is_refused_by_its_code(
    world: World, ask: Programs, changed: dict[str, bool], code: str
) -> None:
    owner, path = ask.by("north_owner"), path_of(world, EXCHANGE)
    _, product_id, vendor_sku_id, *_ = world.holding("north", EXCHANGE).offer_key.split(":")
    product = Product.objects.get(product_id=product_id, vendor_sku_id=vendor_sku_id)
    CatalogueItem.objects.update_or_create(reseller_id=world.reseller_id, product=product, defaults=changed)
    refused = owner.post(f"{path}/term-quotes", {"term": "P1Y", "billing_plan": "monthly"})
    assert (refused.status_code, codes(refused)) == (422, [("term", code)])
    assert refused.json()["errors"][0]["detail"] == planning_faults.TERMS[code]
    assert refused.json()["errors"][0]["data"] == {"offered": []}


def test_a_day_ahead_has_seats_windows_and_charges(world: World, ask: Programs) -> None:
    path = f"/customers/{world.customer_ids['north']}/ahead"
    page = ask.by("north_billing", scope="read").get(path, on="2026-04-30").json()
    basic = next(line for line in page["lines"] if line["name"] == "Microsoft 365 Business Basic")
    assert [charge["amount"]["minor"] for charge in basic["charges"]] == [5880, 5880]
    assert (basic["seats"], basic["returnable"]) == (10, 0)
    plain = ask.by("north_owner").get(path)
    assert plain.status_code == 200, plain.content
    assert plain.json()["on"] == "2026-06-17"
    assert codes(ask.by("north_owner").get(path, on="2020-01-01")) == [("on", "out_of_range")]
    for text in ("tomorrow", "2026-02-31"):
        assert codes(ask.by("north_owner").get(path, on=text)) == [("on", "wrong_form")]
