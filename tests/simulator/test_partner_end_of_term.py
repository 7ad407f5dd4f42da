"""The end of a term: renewal and its processing, cancelling, the extended service term, and the states after it."""

import pathlib
import time
from typing import Any

import pytest

from tests.simulator.partner_scene import code_of
from tests.simulator.terms_scene import (
    GAMMA,
    PLUS,
    PLUS_SKU,
    SEED,
    STARTER,
    Desk,
    action,
    next_term,
)
from vendor_simulator import ageing, books, seeds


def test_a_scheduled_change_of_everything_is_applied_with_the_renewal(desk: Desk) -> None:
    wanted = next_term(8, sku=PLUS_SKU, term="P3Y", cycle="annual")
    assert desk.change(scheduledNextTermInstructions=wanted).status_code == 200
    desk.at("2026-06-14T23:59:59Z")
    assert desk.read()["offerName"] == "Starter"
    desk.at("2026-06-15T00:00:00Z")
    after = desk.read()
    assert (after["offerName"], after["quantity"]) == ("Plus", 8)
    assert (after["termDuration"], after["billingCycle"]) == ("P3Y", "annual")
    assert after["commitmentEndDate"] == "2029-06-14T00:00:00Z"
    ((kind, line),) = desk.lines("renew")
    assert (kind, line["quantity"], line["termDuration"]) == ("SystemPurchase", 8, "P3Y")


def test_a_term_may_be_scheduled_down_but_not_to_a_product_without_a_path(desk: Desk) -> None:
    assert code_of(desk.change(PLUS, scheduledNextTermInstructions=next_term(5))) == (403, 800020)
    desk.change(scheduledNextTermInstructions=next_term(10, term="P1M"))
    desk.at("2026-06-15T00:00:00Z")
    assert (desk.read()["termDuration"], desk.read()["commitmentEndDate"]) == ("P1M", "2026-07-14T00:00:00Z")


def test_a_renewal_being_processed_is_read_only_and_opens_the_windows_when_it_is_done(desk: Desk) -> None:
    desk.simulator.settings(renewal_delay_s=86400)
    desk.at("2026-06-15T12:00:00Z")
    for members in (
        {"autoRenewEnabled": False},
        {"status": "suspended"},
        {"scheduledNextTermInstructions": next_term(8)},
    ):
        assert code_of(desk.change(**members)) == (400, 900280)
    assert code_of(desk.change(quantity=11)) == (409, 900278)
    assert code_of(desk.change(friendlyName="Later")) == (409, 900278)
    assert code_of(desk.upgrade()) == (409, 900278)
    desk.at("2026-06-16T00:00:00Z")
    after = desk.read()
    assert after["effectiveStartDate"] == "2026-06-15T00:00:00.0000000Z"
    assert after["refundableQuantity"]["details"] == [
        {"quantity": 10, "allowedUntilDateTime": "2026-06-23T00:00:00.0000000Z"}
    ]
    (effect,) = [one for one in desk.effects("subscription.renewed") if one["subject"] == STARTER]
    assert (effect["at"], effect["request_id"]) == ("2026-06-16T00:00:00.000000Z", "")


def test_auto_renewal_that_is_merely_off_leads_into_the_extended_service_term(desk: Desk) -> None:
    assert desk.change(autoRenewEnabled=False).status_code == 200
    desk.at("2026-06-15T00:00:00Z")
    after = desk.read()
    assert (after["status"], after["quantity"], after["autoRenewEnabled"]) == ("active", 10, False)
    assert (after["termDuration"], after["billingCycle"]) == ("P1M", "monthly")
    assert after["offerId"].startswith("CFQ7TTC0BBB1:00ES:")
    assert after["offerName"] == "Starter Extended Service Term"
    assert after["scheduledActions"] == [{"scheduleType": "TermEnd", "actionType": "RenewToExtendedServiceTerm"}]
    assert after["commitmentEndDate"] == "2026-07-14T00:00:00Z"
    assert after["cancellationAllowedUntilDate"] == "2026-07-15T00:00:00.0000000Z"
    desk.at("2026-08-20T00:00:00Z")
    assert desk.read()["commitmentEndDate"] == "2026-09-14T00:00:00Z"
    assert [effect["at"][:10] for effect in desk.effects("subscription.extended")] == [
        "2026-06-15",
        "2026-07-15",
        "2026-08-15",
    ]
    assert desk.change(status="deleted").json()["status"] == "deleted"


def test_an_extended_service_term_shows_where_the_catalogue_has_no_item_of_its_own(desk: Desk) -> None:
    desk.simulator.settings(extended_auto_renews=True, schedule_member="scheduledType")
    desk.change(PLUS, autoRenewEnabled=False)
    desk.at("2026-09-01T00:00:00Z")
    after = desk.read(PLUS)
    assert after["offerName"] == "Plus Extended Service Term"
    assert after["autoRenewEnabled"] is True
    assert after["scheduledActions"] == [{"scheduledType": "TermEnd", "actionType": "RenewToExtendedServiceTerm"}]
    desk.at("2026-10-01T00:00:00Z")
    assert desk.read(PLUS)["commitmentEndDate"] == "2026-10-31T00:00:00Z"


@pytest.mark.parametrize("spelling", ["scheduleType", "scheduledType"])
def test_cancelling_at_the_end_must_be_said_and_is_final(desk: Desk, spelling: str) -> None:
    said = [{spelling: "TermEnd", "actionType": "Cancel"}]
    assert code_of(desk.change(scheduledActions=said)) == (400, 800093)
    kept = desk.change(autoRenewEnabled=False, scheduledActions=said).json()
    assert kept["scheduledActions"] == action("Cancel")["scheduledActions"]
    desk.at("2026-06-15T00:00:00Z")
    assert desk.read()["status"] == "deleted"
    assert [effect["kind"] for effect in desk.simulator.effects()][-1] == "subscription.deleted"


def test_a_mid_term_change_wipes_the_cancellation_and_lets_it_run_into_the_extended_term(desk: Desk) -> None:
    desk.change(autoRenewEnabled=False, **action("Cancel"))
    assert "scheduledActions" not in desk.change(quantity=11).json()
    desk.at("2026-06-15T00:00:00Z")
    assert desk.read()["offerName"] == "Starter Extended Service Term"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"extended_from": "2026-06-14"}, "active"),
        ({"extended_from": "2026-06-15"}, "expired"),
        ({"bought_from": "2025-06-15"}, "active"),
        ({"bought_from": "2025-06-16"}, "expired"),
    ],
)
def test_only_terms_of_certain_days_fall_under_the_new_rules(desk: Desk, settings: dict[str, Any], status: str) -> None:
    desk.simulator.settings(**settings)
    desk.change(autoRenewEnabled=False)
    desk.at("2026-06-15T00:00:00Z")
    assert desk.read()["status"] == status


def test_the_extended_service_term_may_be_chosen_and_left_again(desk: Desk) -> None:
    desk.change(**action("RenewToExtendedServiceTerm"))
    desk.at("2026-06-20T09:00:00Z")
    assert desk.read()["termDuration"] == "P1M"
    back = desk.change(termDuration="P1Y", billingCycle="annual").json()
    assert (back["offerName"], back["termDuration"]) == ("Starter", "P1Y")
    assert back["commitmentEndDate"] == "2027-06-19T00:00:00Z"
    assert back["refundableQuantity"]["details"] == [
        {"quantity": 10, "allowedUntilDateTime": "2026-06-27T09:00:00.0000000Z"}
    ]


def test_an_extended_month_can_be_followed_by_an_ordinary_term(desk: Desk) -> None:
    desk.change(autoRenewEnabled=False)
    desk.at("2026-06-20T09:00:00Z")
    wanted = action("RenewToNewTerm", instructions=next_term(6))
    assert desk.change(autoRenewEnabled=True, **wanted).status_code == 200
    desk.at("2026-07-15T00:00:00Z")
    after = desk.read()
    assert (after["offerName"], after["quantity"], after["termDuration"]) == ("Starter", 6, "P1Y")
    assert after["commitmentEndDate"] == "2027-07-14T00:00:00Z"


def test_actions_for_another_day_than_the_terms_end_are_refused(desk: Desk) -> None:
    custom = [{"scheduleType": "CustomDate", "actionType": "Cancel", "effectiveDate": "2026-04-01"}]
    assert code_of(desk.change(autoRenewEnabled=False, scheduledActions=custom)) == (400, 800096)


@pytest.mark.parametrize(
    ("last", "first", "after"), [("2026-10-12T23:59:59Z", "2026-10-13T00:00:00Z", ["disabled", "deleted"])]
)
def test_a_suspended_subscription_ends_with_its_term_and_stays_120_days(
    desk: Desk, last: str, first: str, after: list[str]
) -> None:
    desk.change(status="suspended")
    desk.at("2026-06-14T23:59:59Z")
    seen = [desk.read()["status"]]
    for instant in (last, first):
        desk.at(instant)
        seen.append(desk.read()["status"])
    assert seen == ["suspended", *after]


def test_an_ended_subscription_can_only_be_looked_at(desk: Desk) -> None:
    desk.simulator.settings(extended_from="2030-01-01")
    desk.change(autoRenewEnabled=False)
    desk.at("2026-07-01T00:00:00Z")
    assert code_of(desk.change(status="active")) == (400, 900279)
    assert "refundableQuantity" not in desk.read()
    assert "cancellationAllowedUntilDate" not in desk.read()


def test_a_change_of_the_billing_frequency_is_made_with_the_next_charge_even_after_suspension(desk: Desk) -> None:
    found = desk.bought(termDuration="P3Y", billingCycle="monthly")
    changed = desk.change(found["id"], billingCycle="annual").json()
    assert (changed["billingCycle"], changed["billingCycleEndDate"]) == ("monthly", "2026-04-01T00:00:00Z")
    suspended = desk.change(found["id"], status="suspended").json()
    assert suspended["nextChargeInstructions"]["product"]["billingCycle"] == "annual"
    desk.at("2026-04-01T23:59:59Z")
    assert desk.read(found["id"])["billingCycle"] == "monthly"
    desk.at("2026-04-02T00:00:00Z")
    after = desk.read(found["id"])
    assert (after["billingCycle"], after["billingCycleEndDate"]) == ("annual", "2027-03-01T00:00:00Z")
    assert "nextChargeInstructions" not in after
    assert after["commitmentEndDate"] == "2029-03-01T00:00:00Z"
    assert len(desk.effects("subscription.charged")) == 1


def test_charge_cycles_can_be_orders(desk: Desk) -> None:
    desk.simulator.settings(cycle_orders=True)
    desk.bought(termDuration="P1Y", billingCycle="monthly")
    desk.at("2026-05-20T00:00:00Z")
    charged = [line for kind, line in desk.lines("renew") if kind == "SystemBilling"]
    assert [line["quantity"] for line in charged] == [3, 3]


def test_term_changes_follow_the_published_table(desk: Desk) -> None:
    month = desk.bought(termDuration="P1M")
    three = desk.bought(termDuration="P3Y", billingCycle="triennial")
    assert code_of(desk.change(month["id"], billingCycle="annual")) == (400, 800097)
    assert code_of(desk.change(three["id"], billingCycle="annual")) == (400, 800097)
    assert code_of(desk.change(three["id"], termDuration="P1Y")) == (400, 800122)
    assert code_of(desk.change(month["id"], termDuration="P5Y")) == (400, 800121)
    assert code_of(desk.change(month["id"], termDuration="P1Y", billingCycle="triennial")) == (400, 800121)
    after = desk.change(month["id"], termDuration="P3Y", billingCycle="triennial").json()
    assert (after["termDuration"], after["commitmentEndDate"]) == ("P3Y", "2029-03-01T00:00:00Z")


def test_cancelling_too_late_is_refused_in_days_or_hours(desk: Desk) -> None:
    assert code_of(desk.change(status="deleted")) == (400, 900213)
    desk.simulator.settings(cancel_refusal=900117)
    assert code_of(desk.change(status="deleted")) == (400, 900117)
    fresh = desk.bought()
    assert desk.change(fresh["id"], status="deleted").json()["status"] == "deleted"
    assert [line["subscriptionId"] for _, line in desk.lines("cancel")] == [fresh["id"]]


def test_an_item_that_is_no_longer_sold_renews_but_cannot_be_bought_or_scheduled(desk: Desk) -> None:
    item = desk.item(PLUS_SKU)
    desk.simulator.seed({"products": [_withdrawn()]})
    path = f"/customers/{GAMMA}/products/CFQ7TTC0BBB2/skus/0001/availabilities"
    assert desk.partner.get(path).json()["items"] == []
    assert desk.partner.get(path.replace("/availabilities", "")).json()["id"] == "0001"
    line = {"offerId": item, "quantity": 1, "termDuration": "P1Y"}
    order = desk.partner.call("POST", f"/customers/{GAMMA}/orders", {"billingCycle": "monthly", "lineItems": [line]})
    assert code_of(order) == (404, 400019)
    assert code_of(desk.change(scheduledNextTermInstructions=next_term(5, sku=PLUS_SKU))) == (403, 2091)
    assert desk.partner.get(f"/customers/{GAMMA}/subscriptions/{STARTER}/transitionEligibilities").json()["items"] == []
    assert desk.change(PLUS, quantity=6).status_code == 200
    assert code_of(desk.change(PLUS, termDuration="P3Y")) == (403, 2091)
    desk.at("2026-09-01T00:00:00Z")
    assert desk.read(PLUS)["commitmentEndDate"] == "2027-08-31T00:00:00Z"


def test_a_schedule_of_before_the_end_of_sale_still_runs(desk: Desk) -> None:
    desk.change(scheduledNextTermInstructions=next_term(5, sku=PLUS_SKU))
    desk.simulator.seed({"products": [_withdrawn()]})
    desk.at("2026-06-15T00:00:00Z")
    assert desk.read()["offerName"] == "Plus"


def test_an_item_at_the_end_of_its_life_does_not_renew(desk: Desk) -> None:
    desk.simulator.seed({"products": [_withdrawn(isRenewable=False)]})
    desk.at("2026-09-01T00:00:00Z")
    assert desk.read(PLUS)["status"] == "expired"


def _withdrawn(**members: Any) -> dict[str, Any]:
    plus: dict[str, Any] = SEED["products"][1]
    return plus | {"skus": [plus["skus"][0] | {"isOnSale": False} | members]}


def _many() -> dict[str, Any]:
    """Fifty months and fifty years from 2026-03-02: twelve renewals and one each within a year."""
    bought = [{"productId": "CFQ7TTC0BBB1", "skuId": "0001", "quantity": 2, "term": "P1M"} for _ in range(50)]
    bought += [one | {"term": "P1Y"} for one in bought]
    tenant = {"tenantId": "77777777-7777-4777-8777-777777777777", "company": "Many", "domain": "many.example"}
    return {"customers": [tenant | {"subscriptions": bought}]}


def test_a_leap_of_a_year_renews_everything_in_the_order_of_time(desk: Desk) -> None:
    desk.simulator.seed(_many())
    desk.simulator.clock(now="2027-03-02T00:00:00Z")
    renewed = [one for one in desk.effects("subscription.renewed") if one["tenant_id"].startswith("7777")]
    assert len(renewed) == 50 * 12 + 50
    everything = [effect["at"] for effect in desk.simulator.effects()]
    assert everything == sorted(everything)


def test_a_year_of_a_hundred_subscriptions_costs_less_than_a_second_of_work(tmp_path: pathlib.Path) -> None:
    """In this process, because another one's share of a busy machine says nothing."""
    connection = books.open_books(tmp_path / "books.sqlite3")
    for seed in ({"clock": {"now": "2026-03-02T09:30:00Z"}}, SEED, _many()):
        seeds.load(connection, seed)
    seeds.set_clock(connection, {"now": "2027-03-02T00:00:00Z"})
    started_s = time.process_time()
    assert ageing.settle(connection, now=books.now(connection)) == 650 + 2
    assert time.process_time() - started_s < 1


def test_one_leap_and_many_small_steps_end_in_the_same_books(desk: Desk) -> None:
    """From 2026-03-02 to 2027-01-10, at once and in 187 steps of forty hours and one last."""
    desk.simulator.settings(renewal_delay_s=7200)
    _end_of_a_year(desk)
    leapt = _by_time_alone(desk)
    desk.simulator.reset()
    desk.simulator.seed({"clock": {"now": "2026-03-02T09:30:00Z"}, "settings": {"renewal_delay_s": 7200}})
    desk.partner.renew_token()
    _end_of_a_year(Desk(desk.partner), steps=187)
    assert _by_time_alone(desk) == leapt
    assert len(leapt) == 10 + 7 + 1


def _end_of_a_year(desk: Desk, *, steps: int = 0) -> None:
    """A month bought now, Starter into its extended service term, Plus renewing: 10, 7 and 1 happenings."""
    desk.change(autoRenewEnabled=False)
    desk.bought(termDuration="P1M")
    for _ in range(steps):
        desk.simulator.clock(advance_s=40 * 3600)
    desk.at("2027-01-10T00:00:00Z")


def _by_time_alone(desk: Desk) -> list[tuple[str, str]]:
    effects = [one for one in desk.simulator.effects() if one["tenant_id"] == GAMMA and one["face"] == "clock"]
    return [(effect["at"], effect["kind"]) for effect in effects]
