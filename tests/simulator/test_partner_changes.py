"""PATCH of a subscription: the full-resource rule, seats and their windows, states, terms and schedules."""

import uuid

import pytest

from tests.simulator.partner_scene import ALPHA, BASIC, BETA, BETA_BASIC, Partner, code_of
from vendor_simulator import books

NEXT_TERM = {
    "product": {
        "productId": "CFQ7TTC0AAA1",
        "skuId": "0001",
        "availabilityId": "any",
        "billingCycle": "Monthly",
        "termDuration": "P1Y",
    },
    "quantity": 8,
}


def test_added_seats_open_a_window_of_their_own_of_168_hours(partner: Partner) -> None:
    found = partner.set_seats(18).json()
    assert found["quantity"] == 18
    assert found["refundableQuantity"] == {
        "totalQuantity": 8,
        "details": [
            {"quantity": 5, "allowedUntilDateTime": "2026-03-08T12:00:00.0000000Z"},
            {"quantity": 3, "allowedUntilDateTime": "2026-03-09T09:30:00.0000000Z"},
        ],
    }


@pytest.mark.parametrize(("now", "is_taken_back"), [("2026-03-08T11:59:59Z", True), ("2026-03-08T12:00:00Z", False)])
def test_a_window_is_open_until_its_last_second_and_no_longer(partner: Partner, now: str, is_taken_back: bool) -> None:
    partner.simulator.clock(now=now)
    partner.renew_token()
    answer = partner.set_seats(10)
    if is_taken_back:
        assert answer.json()["quantity"] == 10
        assert answer.json()["refundableQuantity"] == {"totalQuantity": 0, "details": []}
    else:
        assert code_of(answer) == (400, 800090)
        assert partner.subscription()["quantity"] == 15


def test_more_seats_than_the_open_windows_hold_are_not_taken_back(partner: Partner) -> None:
    assert code_of(partner.set_seats(9)) == (400, 800090)
    partner.simulator.settings(window_refusal=900214)
    assert code_of(partner.set_seats(9)) == (400, 900214)


@pytest.mark.parametrize(("first", "left"), [("newest", [5, 1]), ("earliest", [3, 3])])
def test_returned_seats_come_from_the_batch_that_the_vendor_prefers(
    partner: Partner, first: str, left: list[int]
) -> None:
    partner.simulator.settings(reduce_first=first)
    partner.set_seats(18)
    details = partner.set_seats(16).json()["refundableQuantity"]["details"]
    assert [detail["quantity"] for detail in details] == left


@pytest.mark.parametrize("quantity", [0, -1, 301, 10.5, "12", None, True, 9_000_000_000_000_000_000])
def test_quantities_outside_the_products_limits_are_refused(partner: Partner, quantity: object) -> None:
    assert code_of(partner.patch(partner.subscription() | {"quantity": quantity})) == (400, 2002)
    assert partner.simulator.effects() == []


def test_a_body_without_auto_renewal_turns_it_off_and_erases_the_schedule(partner: Partner) -> None:
    scheduled = partner.patch(partner.subscription() | {"scheduledNextTermInstructions": NEXT_TERM}).json()
    assert scheduled["scheduledNextTermInstructions"]["quantity"] == 8
    assert partner.patch(scheduled | {"friendlyName": "Office"}).json()["scheduledNextTermInstructions"]
    answer = partner.patch({"friendlyName": "Ours"})
    assert answer.json()["friendlyName"] == "Ours"
    assert answer.json()["autoRenewEnabled"] is False
    assert "scheduledNextTermInstructions" not in answer.json()


def test_an_absent_schedule_is_erased_while_the_subscription_goes_on_renewing(partner: Partner) -> None:
    scheduled = partner.patch(partner.subscription() | {"scheduledNextTermInstructions": NEXT_TERM}).json()
    del scheduled["scheduledNextTermInstructions"]
    answer = partner.patch(scheduled).json()
    assert answer["autoRenewEnabled"] is True
    assert "scheduledNextTermInstructions" not in answer


def test_a_change_of_seats_wipes_the_schedule_even_when_it_is_sent_along(partner: Partner) -> None:
    scheduled = partner.patch(partner.subscription() | {"scheduledNextTermInstructions": NEXT_TERM}).json()
    answer = partner.patch(scheduled | {"quantity": 16}).json()
    assert answer["quantity"] == 16
    assert answer["autoRenewEnabled"] is True
    assert "scheduledNextTermInstructions" not in answer


def test_scheduled_actions_count_alone_and_take_either_spelling(partner: Partner) -> None:
    action = {"scheduledType": "TermEnd", "actionType": "RenewToNewTerm", "instructions": NEXT_TERM}
    body = partner.subscription() | {"scheduledNextTermInstructions": NEXT_TERM, "scheduledActions": [action]}
    answer = partner.patch(body).json()
    assert "scheduledNextTermInstructions" not in answer
    assert answer["scheduledActions"][0]["scheduleType"] == "TermEnd"
    assert answer["scheduledActions"][0]["instructions"]["quantity"] == 8


def test_a_subscription_that_does_not_renew_takes_no_schedule(partner: Partner) -> None:
    body = partner.subscription() | {"autoRenewEnabled": False, "scheduledNextTermInstructions": NEXT_TERM}
    assert code_of(partner.patch(body)) == (400, 800093)


def test_names_in_pascal_case_are_understood(partner: Partner) -> None:
    answer = partner.patch({"Quantity": 17, "AutoRenewEnabled": True, "FriendlyName": "Loud"}).json()
    assert (answer["quantity"], answer["autoRenewEnabled"], answer["friendlyName"]) == (17, True, "Loud")


def test_a_stale_entity_tag_is_refused_and_the_present_one_taken(partner: Partner) -> None:
    before = partner.subscription()
    stale = before["attributes"]["etag"]
    fresh = partner.set_seats(16).json()["attributes"]["etag"]
    assert fresh != stale
    assert code_of(partner.patch(before | {"quantity": 17}, If_Match=f'"{stale}"')) == (400, 2055)
    assert partner.patch(before | {"quantity": 17}, If_Match=f'"{fresh}"').json()["quantity"] == 17


def test_entity_tags_can_be_left_out_as_the_published_samples_do(partner: Partner) -> None:
    partner.simulator.settings(etags=False)
    assert partner.subscription()["attributes"] == {"objectType": "Subscription"}


def test_suspending_turns_renewal_off_hides_the_windows_and_keeps_seats_as_they_are(partner: Partner) -> None:
    scheduled = partner.patch(partner.subscription() | {"scheduledNextTermInstructions": NEXT_TERM}).json()
    suspended = partner.patch(scheduled | {"status": "suspended"}).json()
    assert suspended["status"] == "suspended"
    assert suspended["suspensionReasons"] == ["CustomerCancellation"]
    assert suspended["autoRenewEnabled"] is False
    assert "refundableQuantity" not in suspended
    assert "scheduledNextTermInstructions" not in suspended
    assert code_of(partner.patch(suspended | {"quantity": 16})) == (400, 2001)
    assert code_of(partner.patch(suspended | {"autoRenewEnabled": True})) == (400, 800091)
    active = partner.patch(suspended | {"status": "active"}).json()
    assert (active["status"], active["autoRenewEnabled"]) == ("active", False)
    assert active["refundableQuantity"]["totalQuantity"] == 5


def test_cancelling_works_inside_the_window_only_and_is_final(partner: Partner) -> None:
    path = f"/customers/{BETA}/subscriptions/{BETA_BASIC}"
    assert code_of(partner.patch(partner.subscription() | {"status": "deleted"})) == (400, 900213)
    body = partner.get(path).json()
    assert body["cancellationAllowedUntilDate"] == "2026-03-09T09:30:00.0000000Z"
    assert partner.patch(body | {"status": "deleted"}, path=path).json()["status"] == "deleted"
    assert code_of(partner.patch(body | {"quantity": 5}, path=path)) == (400, 2011)
    assert code_of(partner.patch(partner.subscription() | {"status": "expired"})) == (400, 800040)


@pytest.mark.parametrize(("now", "status"), [("2026-03-09T09:29:59Z", 200), ("2026-03-09T09:30:00Z", 400)])
def test_a_subscription_can_be_cancelled_for_168_hours_to_the_second(partner: Partner, now: str, status: int) -> None:
    partner.simulator.clock(now=now)
    partner.renew_token()
    path = f"/customers/{BETA}/subscriptions/{BETA_BASIC}"
    assert partner.patch(partner.get(path).json() | {"status": "deleted"}, path=path).status_code == status


def test_a_subscription_takes_1200_updates_and_no_more(partner: Partner) -> None:
    connection = books.open_books(partner.simulator.books_path)
    connection.execute("UPDATE subscriptions SET updates = 1199 WHERE subscription_id = ?", (BASIC,))
    assert partner.set_seats(16).status_code == 200
    assert code_of(partner.set_seats(17)) == (400, 900311)


@pytest.mark.parametrize("quantity", [0, 301, True, None])
def test_a_schedule_keeps_to_the_limits_of_its_product(partner: Partner, quantity: object) -> None:
    wrong = partner.subscription() | {"scheduledNextTermInstructions": NEXT_TERM | {"quantity": quantity}}
    assert code_of(partner.patch(wrong)) == (400, 2002)
    unknown = NEXT_TERM | {"product": {"productId": "CFQ7TTC0ZZZZ", "skuId": "0001"}}
    wrong = partner.subscription() | {"scheduledNextTermInstructions": unknown}
    assert code_of(partner.patch(wrong)) == (404, 400018)


def test_a_longer_term_starts_now_and_a_shorter_one_is_refused(partner: Partner) -> None:
    body = partner.subscription()
    assert code_of(partner.patch(body | {"termDuration": "P1M"})) == (400, 800122)
    assert code_of(partner.patch(body | {"billingCycle": "annual"})) == (400, 800097)
    longer = partner.patch(body | {"termDuration": "P3Y", "billingCycle": "Annual"}).json()
    assert (longer["termDuration"], longer["billingCycle"]) == ("P3Y", "annual")
    assert longer["commitmentEndDate"] == "2029-03-01T00:00:00Z"
    frequency = partner.patch(longer | {"billingCycle": "monthly"}).json()
    assert frequency["billingCycle"] == "annual"
    assert frequency["nextChargeInstructions"]["product"]["billingCycle"] == "monthly"


def test_an_accepted_change_shows_later_and_keeps_others_out_until_then(partner: Partner) -> None:
    partner.simulator.settings(patch_async_s=600)
    answer = partner.set_seats(20)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Location"] == f"/customers/{ALPHA}/subscriptions/{BASIC}"
    assert partner.subscription()["quantity"] == 15
    assert code_of(partner.set_seats(21)) == (409, 900278)
    status = partner.get(f"/customers/{ALPHA}/subscriptions/{BASIC}/provisioningstatus").json()
    assert status["status"] == "pending"
    partner.simulator.clock(advance_s=599)
    assert partner.subscription()["quantity"] == 15
    partner.simulator.clock(advance_s=1)
    assert partner.subscription()["quantity"] == 20


def test_the_directory_sees_a_change_after_its_lag(partner: Partner) -> None:
    partner.simulator.settings(pool_lag_s=1200)
    partner.set_seats(20)
    connection = books.open_books(partner.simulator.books_path)
    assert books.pool_sources(connection, ALPHA)[0].quantity == 15
    partner.simulator.clock(advance_s=1200)
    assert books.pool_sources(connection, ALPHA)[0].quantity == 20


def test_a_repeated_request_gets_the_first_answer_and_no_second_effect(partner: Partner) -> None:
    request_id = str(uuid.uuid4())
    first = partner.set_seats(16, request_id=request_id)
    assert partner.set_seats(12).json()["quantity"] == 12
    again = partner.set_seats(16, request_id=request_id)
    assert again.content == first.content
    assert partner.subscription()["quantity"] == 12
    assert [effect["after"]["quantity"] for effect in partner.simulator.effects()] == [16, 12]
    assert [call["is_replay"] for call in partner.simulator.calls() if call["method"] == "PATCH"] == [0, 0, 1]


def test_a_repeated_request_takes_effect_again_when_the_vendor_forgets(partner: Partner) -> None:
    request_id = str(uuid.uuid4())
    partner.set_seats(16, request_id=request_id)
    partner.set_seats(12)
    partner.simulator.fault("no_dedupe", match={"method": "PATCH"})
    partner.set_seats(16, request_id=request_id)
    assert partner.subscription()["quantity"] == 16
    assert partner.simulator.fired()["no_dedupe"] == 1


def test_effects_say_who_asked_and_what_was_before(partner: Partner) -> None:
    request_id = str(uuid.uuid4())
    partner.set_seats(16, request_id=request_id)
    (effect,) = partner.simulator.effects()
    assert (effect["kind"], effect["subject"], effect["request_id"]) == ("subscription.changed", BASIC, request_id)
    assert (effect["before"]["quantity"], effect["after"]["quantity"]) == (15, 16)


def test_writing_back_what_was_read_changes_nothing(partner: Partner) -> None:
    before = partner.subscription()
    assert partner.patch(before).json() == before
    assert partner.simulator.effects() == []


def test_a_seat_change_becomes_an_order(partner: Partner) -> None:
    partner.set_seats(18)
    partner.set_seats(17)
    orders = partner.get(f"/customers/{ALPHA}/orders").json()["items"]
    lines = [(order["lineItems"][0]["transactionType"], order["lineItems"][0]["quantity"]) for order in orders]
    assert sorted(lines) == [("addQuantity", 3), ("removeQuantity", 1)]
