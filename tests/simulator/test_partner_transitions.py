"""Upgrades: whole, in part and into an existing subscription; over time, with events, licences and failures."""

import uuid
from typing import Any

import pytest

from tests.simulator.partner_scene import code_of
from tests.simulator.terms_scene import (
    GAMMA,
    PATH,
    PLUS,
    PLUS_LICENCE,
    PLUS_SKU,
    STARTER,
    STARTER_LICENCE,
    STARTER_SKU,
    Desk,
    next_term,
)


def consumed(desk: Desk) -> dict[str, tuple[int, int, int]]:
    """Total, assigned and available units by licence, as Partner Center tells them."""
    items = desk.partner.get(f"/customers/{GAMMA}/subscribedskus").json()["items"]
    return {
        item["productSku"]["id"]: (item["totalUnits"], item["consumedUnits"], item["availableUnits"]) for item in items
    }


def events(desk: Desk, *, subscription_id: str = STARTER) -> list[tuple[str, str, str]]:
    found = desk.partner.get(f"{PATH}/{subscription_id}/transitions").json()["transition"]
    return [(event["name"], event["status"], event["timestamp"][11:16]) for event in found[-1]["events"]]


def test_what_a_subscription_may_become_is_told_with_the_destinations_that_exist(desk: Desk) -> None:
    path = f"{PATH}/{STARTER}/transitionEligibilities"
    (now,) = desk.partner.get(f"{path}?eligibilityType=immediate").json()["items"]
    (later,) = desk.partner.get(f"{path}?eligibilityType=scheduled").json()["items"]
    assert now["catalogItemId"] == desk.item(PLUS_SKU)
    assert (now["title"], now["quantity"]) == ("Plus", 10)
    assert [one["isEligible"] for one in now["eligibilities"]] == [True, True]
    (destination,) = now["subscriptionEligibilities"]
    assert (destination["subscriptionId"], destination["isEligible"]) == (PLUS, True)
    assert later["subscriptionEligibilities"] == []
    assert desk.partner.get(f"{PATH}/{PLUS}/transitionEligibilities").json()["items"] == []
    assert code_of(desk.partner.get(f"{path}?eligibilityType=tomorrow")) == (400, 400)


def test_a_suspended_source_and_missing_admin_rights_are_named(desk: Desk) -> None:
    desk.change(status="suspended")
    desk.simulator.seed(
        {"customers": [{"tenantId": GAMMA, "company": "Gamma", "domain": "gamma.example", "isConsented": False}]}
    )
    (found,) = desk.partner.get(f"{PATH}/{STARTER}/transitionEligibilities").json()["items"]
    plain, with_licences = found["eligibilities"]
    assert [error["code"] for error in plain["errors"]] == [2]
    assert [error["code"] for error in with_licences["errors"]] == [2, 13]
    assert code_of(desk.upgrade()) == (400, 800091)


def test_a_whole_upgrade_keeps_the_id_the_term_and_the_window_and_wipes_the_schedule(desk: Desk) -> None:
    desk.change(quantity=12)
    desk.change(scheduledNextTermInstructions=next_term(8))
    answer = desk.upgrade(quantity=12)
    assert answer.status_code == 200
    after = desk.read()
    assert (after["offerId"], after["offerName"], after["quantity"]) == (desk.item(PLUS_SKU), "Plus", 12)
    assert (after["commitmentEndDate"], after["autoRenewEnabled"]) == ("2026-06-14T00:00:00Z", True)
    assert after["refundableQuantity"]["details"] == [
        {"quantity": 2, "allowedUntilDateTime": "2026-03-09T09:30:00.0000000Z"}
    ]
    assert "scheduledNextTermInstructions" not in after
    assert [line["quantity"] for _, line in desk.lines("convert")] == [12, 12]


def test_a_partial_upgrade_makes_a_subscription_that_ends_with_its_parent_and_inherits_the_window(desk: Desk) -> None:
    parent = desk.bought(quantity=9)
    assert desk.upgrade(parent["id"], quantity=4).status_code == 200
    rest = desk.read(parent["id"])
    (born,) = [
        item for item in desk.partner.get(PATH).json()["items"] if item["offerName"] == "Plus" and item["id"] != PLUS
    ]
    assert (rest["quantity"], rest["offerName"]) == (5, "Starter")
    assert (born["quantity"], born["commitmentEndDate"]) == (4, parent["commitmentEndDate"])
    assert born["cancellationAllowedUntilDate"] == parent["cancellationAllowedUntilDate"]
    assert born["refundableQuantity"]["details"] == [
        {"quantity": 4, "allowedUntilDateTime": "2026-03-09T09:30:00.0000000Z"}
    ]
    assert rest["refundableQuantity"]["totalQuantity"] == 5
    desk.at("2027-03-02T00:00:00Z")
    assert desk.read(born["id"])["commitmentEndDate"] == "2028-03-01T00:00:00Z"


def test_a_merge_adds_seats_without_a_window_and_ends_an_emptied_source(desk: Desk) -> None:
    part = desk.upgrade(quantity=4, toSubscriptionId=PLUS)
    assert part.status_code == 200
    grown = desk.read(PLUS)
    assert (grown["quantity"], grown["commitmentEndDate"]) == (9, "2026-08-31T00:00:00Z")
    assert grown["refundableQuantity"]["totalQuantity"] == 0
    assert desk.read()["quantity"] == 6
    assert desk.upgrade(quantity=6, toSubscriptionId=PLUS).status_code == 200
    assert desk.read()["status"] == "deleted"
    assert desk.read(PLUS)["quantity"] == 15


def test_a_merge_is_refused_unless_the_destination_fits(desk: Desk) -> None:
    fresh = desk.bought(PLUS_SKU)
    earlier = desk.bought(PLUS_SKU, customTermEndDate="2026-05-31")
    desk.at("2026-03-09T09:30:00Z")
    shorter = desk.bought(PLUS_SKU, termDuration="P1M")
    desk.at("2026-03-16T09:30:00Z")
    refused = {
        "source": desk.upgrade(toSubscriptionId=STARTER),
        "unknown": desk.upgrade(toSubscriptionId=str(uuid.uuid4())),
        "shorter": desk.upgrade(toSubscriptionId=shorter["id"]),
        "earlier": desk.upgrade(toSubscriptionId=earlier["id"]),
        "other item": desk.upgrade(fresh["id"], toSubscriptionId=STARTER, toCatalogItemId=desk.item(STARTER_SKU)),
    }
    desk.change(PLUS, status="suspended")
    refused["inactive"] = desk.upgrade(toSubscriptionId=PLUS)
    young = desk.bought(PLUS_SKU)
    refused["in its window"] = desk.upgrade(toSubscriptionId=young["id"])
    assert {name: code_of(answer) for name, answer in refused.items()} == {
        "source": (400, 900259),
        "unknown": (404, 20003),
        "shorter": (400, 900267),
        "earlier": (400, 900236),
        "other item": (403, 800020),
        "inactive": (400, 900258),
        "in its window": (400, 900261),
    }
    assert desk.upgrade(quantity=2, toSubscriptionId=fresh["id"]).status_code == 200


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"quantity": 0}, (400, 2002)),
        ({"quantity": 11}, (400, 2002)),
        ({"quantity": "2"}, (400, 2002)),
        ({"transitionType": "teleport"}, (400, 400)),
        ({"toCatalogItemId": "CFQ7TTC0BBB2:0001:STALE"}, (404, 400019)),
        ({"termDuration": "P1M"}, (400, 900267)),
        ({"termDuration": "P9Y"}, (400, 900268)),
        ({"billingCycle": "weekly"}, (400, 900269)),
        ({"billingCycle": "triennial"}, (400, 900270)),
    ],
)
def test_an_upgrade_that_is_not_offered_is_refused(
    desk: Desk, members: dict[str, Any], refusal: tuple[int, int]
) -> None:
    assert code_of(desk.upgrade(**members)) == refusal
    assert desk.simulator.effects() == []


def test_only_listed_paths_exist(desk: Desk) -> None:
    assert code_of(desk.upgrade(toCatalogItemId=desk.item("CFQ7TTC0AAA1:0001"))) == (403, 800020)


def test_an_upgrade_takes_its_time_and_keeps_others_out(desk: Desk) -> None:
    desk.simulator.settings(transition_s=2160, licence_transfer_s=600)
    request_id = str(uuid.uuid4())
    answer = desk.upgrade(request_id=request_id, transitionType="transition_with_license_transfer").json()
    assert answer["events"][0]["status"] == "Started "
    assert desk.read()["offerName"] == "Starter"
    assert code_of(desk.change(quantity=11)) == (409, 900278)
    assert code_of(desk.upgrade()) == (409, 900278)
    assert consumed(desk) == {STARTER_LICENCE: (10, 3, 7), PLUS_LICENCE: (5, 0, 5)}
    desk.simulator.clock(advance_s=2159)
    assert desk.read()["offerName"] == "Starter"
    desk.simulator.clock(advance_s=1)
    assert desk.read()["offerName"] == "Plus"
    assert consumed(desk)[PLUS_LICENCE] == (15, 0, 15)
    desk.simulator.clock(advance_s=600)
    assert consumed(desk)[PLUS_LICENCE] == (15, 3, 12)
    assert events(desk) == [
        ("Conversion", "Started ", "09:30"),
        ("Conversion", "Completed", "10:06"),
        ("LicenseReassignment", "Started ", "10:06"),
        ("LicenseReassignment", "Completed", "10:16"),
    ]
    told = [(effect["kind"], effect["request_id"], effect["at"][11:16]) for effect in desk.simulator.effects()]
    assert told == [
        ("transition.accepted", request_id, "09:30"),
        ("subscription.transitioned", request_id, "10:06"),
        ("licences.moved", request_id, "10:16"),
    ]


def test_a_leap_of_the_clock_completes_an_upgrade_at_its_own_instant(desk: Desk) -> None:
    desk.simulator.settings(transition_s=2160, licence_transfer_s=600)
    desk.upgrade()
    desk.at("2026-06-20T00:00:00Z")
    assert [event[2] for event in events(desk)] == ["09:30", "10:06", "10:06", "10:16"]
    kinds = [effect["kind"] for effect in desk.simulator.effects()]
    assert kinds.index("licences.moved") < kinds.index("subscription.renewed")
    assert (desk.read()["offerName"], desk.read()["commitmentEndDate"]) == ("Plus", "2027-06-14T00:00:00Z")


def test_licences_that_cannot_be_moved_leave_people_where_they_are(desk: Desk) -> None:
    desk.simulator.settings(transition_failure="licences")
    desk.upgrade(transitionType="transition_with_license_transfer")
    assert desk.read()["offerName"] == "Plus"
    assert [event[:2] for event in events(desk)][-1] == ("LicenseReassignment", "Failed")
    assert consumed(desk)[PLUS_LICENCE] == (15, 0, 15)


def test_a_failed_conversion_changes_nothing(desk: Desk) -> None:
    before = desk.read()
    desk.simulator.settings(transition_failure="conversion")
    desk.upgrade()
    assert desk.read() == before
    assert [event[:2] for event in events(desk)] == [("Conversion", "Started "), ("Conversion", "Failed")]


def test_a_partial_upgrade_moves_nobody(desk: Desk) -> None:
    desk.upgrade(quantity=4, transitionType="transition_with_license_transfer")
    assert [event[0] for event in events(desk)] == ["Conversion", "Conversion"]
    assert consumed(desk) == {STARTER_LICENCE: (6, 3, 3), PLUS_LICENCE: (9, 0, 9)}


def test_the_history_can_be_told_without_the_published_quirks_and_by_operation(desk: Desk) -> None:
    desk.simulator.settings(transition_quirks=False)
    first = desk.upgrade(quantity=2).json()["operationId"]
    desk.upgrade(quantity=2)
    path = f"{PATH}/{STARTER}/transitions"
    assert len(desk.partner.get(path).json()["items"]) == 2
    (found,) = desk.partner.get(f"{path}?operationId={first}").json()["items"]
    assert (found["operationId"], found["events"][0]["status"]) == (first, "Started")
    assert found["fromSubscriptionId"] == STARTER


def test_a_repeated_request_upgrades_once(desk: Desk) -> None:
    request_id = str(uuid.uuid4())
    first = desk.upgrade(quantity=3, request_id=request_id)
    assert desk.upgrade(quantity=3, request_id=request_id).content == first.content
    assert desk.read()["quantity"] == 7
    assert len(desk.effects("subscription.transitioned")) == 1


def test_a_longer_term_can_be_had_with_the_upgrade(desk: Desk) -> None:
    desk.upgrade(termDuration="P3Y", billingCycle="annual")
    after = desk.read()
    assert (after["termDuration"], after["billingCycle"]) == ("P3Y", "annual")
    assert after["commitmentEndDate"] == "2029-03-01T00:00:00Z"


def test_an_upgrade_whose_source_is_gone_by_then_fails(desk: Desk) -> None:
    """Starter's last day is 2026-06-14; the conversion would be done ten minutes into the next one."""
    desk.simulator.settings(transition_s=1200, extended_from="2030-01-01")
    desk.change(autoRenewEnabled=False)
    desk.at("2026-06-14T23:50:00Z")
    desk.upgrade(quantity=4, toSubscriptionId=PLUS)
    desk.at("2026-06-15T01:00:00Z")
    assert [event[1:] for event in events(desk)] == [("Started ", "23:50"), ("Failed", "00:10")]
    assert (desk.read()["status"], desk.read(PLUS)["quantity"]) == ("expired", 5)
