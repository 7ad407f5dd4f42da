"""Changes of a subscription in place: the whole resource goes out once, and only its new state proves the change."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpcore2
import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors.conftest import AT, PARTNER, TENANT
from tests.vendors.samples import SUBSCRIPTION_ID, URL, resource

REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")
NEXT_TERM = port.NextTerm(
    product_id="CFQ7TTC0LH18",
    vendor_sku_id="0001",
    catalogue_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    quantity=6,
    term="P3Y",
    billing_cycle="annual",
)
NEXT_TERM_SENT = {
    "quantity": 6,
    "product": {
        "productId": "CFQ7TTC0LH18",
        "skuId": "0001",
        "availabilityId": "CFQ7TTC0K971",
        "billingCycle": "annual",
        "termDuration": "P3Y",
    },
}
CANCEL_ACTION = {"scheduleType": "TermEnd", "actionType": "Cancel"}
WAITING = {"product": {"productId": "CFQ7TTC0LH18", "skuId": "0001", "billingCycle": "annual"}, "quantity": 10}

Call = Callable[[microsoft.MicrosoftVendor], port.Outcome]


def calling(name: str, **arguments: Any) -> Call:
    def call(vendor: microsoft.MicrosoftVendor) -> port.Outcome:
        outcome: port.Outcome = getattr(vendor, name)(
            tenant=TENANT, subscription_id=SUBSCRIPTION_ID, request_id=REQUEST_ID, at=AT, **arguments
        )
        return outcome

    return call


def ending(outcome: port.EndOfTerm, shape: str, next_term: port.NextTerm | None = None) -> Call:
    return calling("set_end_of_term", outcome=outcome, shape=shape, next_term=next_term)


# The call, what is held before, and the members that differ in what goes out.
CHANGES: dict[str, tuple[Call, dict[str, Any], dict[str, Any]]] = {
    "schedule, classic": (
        ending(port.EndOfTerm.RENEW, "classic", NEXT_TERM),
        {"autoRenewEnabled": False},
        {"autoRenewEnabled": True, "scheduledNextTermInstructions": NEXT_TERM_SENT},
    ),
    "schedule, newer": (
        ending(port.EndOfTerm.RENEW, "actions", NEXT_TERM),
        {},
        {
            "scheduledNextTermInstructions": None,
            "scheduledActions": [
                {"scheduleType": "TermEnd", "actionType": "RenewToNewTerm", "instructions": NEXT_TERM_SENT}
            ],
        },
    ),
    "forget the schedule": (
        ending(port.EndOfTerm.RENEW, "classic"),
        {},
        {"scheduledNextTermInstructions": None},
    ),
    "cancel at the end": (
        ending(port.EndOfTerm.CANCEL, "actions"),
        {},
        {"autoRenewEnabled": False, "scheduledNextTermInstructions": None, "scheduledActions": [CANCEL_ACTION]},
    ),
    "extend at the end": (
        ending(port.EndOfTerm.EXTENDED, "actions"),
        {"scheduledActions": [CANCEL_ACTION], "autoRenewEnabled": False},
        {
            "scheduledNextTermInstructions": None,
            "scheduledActions": [{"scheduleType": "TermEnd", "actionType": "RenewToExtendedServiceTerm"}],
        },
    ),
    "auto-renew on": (calling("set_auto_renew", is_on=True), {"autoRenewEnabled": False}, {"autoRenewEnabled": True}),
    "auto-renew off": (calling("set_auto_renew", is_on=False), {}, {"autoRenewEnabled": False}),
    "suspend": (calling("set_status", status="suspended"), {}, {"status": "suspended"}),
    "reactivate": (calling("set_status", status="active"), {"status": "suspended"}, {"status": "active"}),
    "end now": (calling("set_status", status="deleted"), {}, {"status": "deleted"}),
    "longer term": (
        calling("set_term", term="P3Y", billing_cycle="annual"),
        {},
        {"termDuration": "P3Y", "billingCycle": "annual"},
    ),
    "keep the present billing cycle": (
        calling("set_term", term="P1Y", billing_cycle="monthly"),
        {"nextChargeInstructions": WAITING},
        {"nextChargeInstructions": None},
    ),
}


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> tuple[Call, dict[str, Any], dict[str, Any]]:
    return CHANGES[request.param]


def test_a_change_sends_the_whole_resource_once_with_its_tag(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    change: tuple[Call, dict[str, Any], dict[str, Any]],
) -> None:
    call, held, changed = change
    read = httpx2_mock.get(URL).respond(200, json=resource(**held))
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(200, json=resource(**held | changed))
    outcome = call(vendor)
    assert isinstance(outcome, port.Done), outcome
    assert outcome.seen is not None
    assert (read.call_count, patch.call_count) == (1, 1)
    sent = patch.calls.last.request
    assert json.loads(sent.content) == resource(**held) | changed
    assert list(json.loads(sent.content))[: len(resource())] == list(resource())
    assert sent.headers["ms-requestid"] == str(REQUEST_ID)
    assert sent.headers["if-match"] == '"v2"'


def test_what_is_already_so_is_not_sent(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    change: tuple[Call, dict[str, Any], dict[str, Any]],
) -> None:
    call, held, changed = change
    httpx2_mock.get(URL).respond(200, json=resource(**held | changed))
    patch = httpx2_mock.patch(url__startswith=PARTNER)
    assert isinstance(call(vendor), port.Done)
    assert patch.call_count == 0


def test_an_answer_that_still_shows_the_old_state_proves_nothing(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    change: tuple[Call, dict[str, Any], dict[str, Any]],
) -> None:
    call, held, _ = change
    httpx2_mock.get(URL).respond(200, json=resource(**held))
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(200, json=resource(**held))
    assert isinstance(call(vendor), port.Unclear)
    assert patch.call_count == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status_code": 202}, port.Later),
        ({"status_code": 204}, port.Unclear),
        ({"status_code": 200, "content": b"{"}, port.Unclear),
        ({"status_code": 200, "json": resource(id="another")}, port.Unclear),
        ({"status_code": 503}, port.Unclear),
        ({"status_code": 400, "content": b"<html>"}, port.Unclear),
        ({"status_code": 429}, port.Refused),
        ({"status_code": 412}, port.Refused),
    ],
)
def test_each_change_reads_an_answer_the_same_way(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    change: tuple[Call, dict[str, Any], dict[str, Any]],
    answer: dict[str, Any],
    kind: type,
) -> None:
    call, held, _ = change
    httpx2_mock.get(URL).respond(200, json=resource(**held))
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(**answer)
    assert isinstance(call(vendor), kind)
    assert patch.call_count == 1


@pytest.mark.parametrize(
    ("error", "kind"), [(httpcore2.ConnectTimeout(), port.Refused), (httpcore2.ReadError(), port.Unclear)]
)
def test_a_change_is_never_repeated_when_its_answer_is_lost(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    change: tuple[Call, dict[str, Any], dict[str, Any]],
    error: Exception,
    kind: type,
) -> None:
    call, held, _ = change
    httpx2_mock.get(URL).respond(200, json=resource(**held))
    patch = httpx2_mock.patch(url__startswith=PARTNER).mock(side_effect=error)
    assert isinstance(call(vendor), kind)
    assert patch.call_count == 1


def test_a_new_billing_cycle_is_done_when_it_waits_for_the_next_charge(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    held = {"termDuration": "P3Y"}
    httpx2_mock.get(URL).respond(200, json=resource(**held))
    patch = httpx2_mock.patch(url__startswith=PARTNER).respond(
        200, json=resource(**held, nextChargeInstructions=WAITING)
    )
    outcome = calling("set_term", term="P3Y", billing_cycle="annual")(vendor)
    assert isinstance(outcome, port.Done)
    assert outcome.seen is not None
    assert (outcome.seen.billing_cycle, outcome.seen.next_billing_cycle) == ("monthly", "annual")
    assert json.loads(patch.calls.last.request.content)["billingCycle"] == "annual"


def test_a_schedule_without_the_promotion_asked_for_proves_nothing(
    vendor: microsoft.MicrosoftVendor, httpx2_mock: respx.Router, partner_token: respx.Route
) -> None:
    httpx2_mock.get(URL).respond(200, json=resource())
    httpx2_mock.patch(url__startswith=PARTNER).respond(200, json=resource(scheduledNextTermInstructions=NEXT_TERM_SENT))
    promoted = port.NextTerm(
        product_id="CFQ7TTC0LH18",
        vendor_sku_id="0001",
        catalogue_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        quantity=6,
        term="P3Y",
        billing_cycle="annual",
        promotion_id="PROMO:0001:X",
    )
    outcome = ending(port.EndOfTerm.RENEW, "classic", promoted)(vendor)
    assert isinstance(outcome, port.Unclear)


@pytest.mark.parametrize(
    ("call", "code", "reason"),
    [
        ("suspend", 800040, "status_not_allowed"),
        ("end now", 900117, "window_closed"),
        ("end now", 900213, "window_closed"),
        ("reactivate", 2011, "ended"),
        ("auto-renew on", 800093, "renewal_not_allowed"),
        ("auto-renew off", 900278, "operation_pending"),
        ("longer term", 800107, "term_not_allowed"),
        ("longer term", 800121, "term_not_allowed"),
        ("longer term", 800122, "term_not_allowed"),
        ("longer term", 800097, "term_not_allowed"),
        ("schedule, classic", 900242, "end_date_not_allowed"),
        ("schedule, classic", 900246, "end_date_not_allowed"),
        ("schedule, classic", 2091, "not_for_sale"),
        ("schedule, classic", 400019, "catalogue_changed"),
        ("schedule, newer", 800091, "suspended"),
        ("schedule, newer", 900311, "ended"),
        ("schedule, newer", 2055, "stale"),
    ],
)
def test_a_refusal_says_which_rule_of_the_vendor_it_was(
    vendor: microsoft.MicrosoftVendor,
    httpx2_mock: respx.Router,
    partner_token: respx.Route,
    call: str,
    code: int,
    reason: str,
) -> None:
    do, held, _ = CHANGES[call]
    httpx2_mock.get(URL).respond(200, json=resource(**held))
    httpx2_mock.patch(url__startswith=PARTNER).respond(400, json={"code": code, "description": "x"})
    outcome = do(vendor)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, outcome.code) == (reason, str(code))
    assert reason in port.REASONS
    assert outcome.safe_text
