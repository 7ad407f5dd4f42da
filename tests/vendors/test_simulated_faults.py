"""Each changing call against the simulator: each fault gives the outcome that the port promises."""

from typing import Any

import pytest

from seatwright.vendors import microsoft, port
from tests.vendors.scene import (
    CANCEL,
    CHECKOUT,
    EXTENDED,
    MONTHLY,
    NEW,
    RENEW,
    TRANSITION,
    TRIENNIAL,
    Call,
    auto_renew,
    buy,
    confirm,
    end_of_term,
    make_cart,
    status,
    term,
    transit,
)
from vendor_simulator import testing


@pytest.fixture
def vendor(connected: microsoft.MicrosoftVendor) -> microsoft.MicrosoftVendor:
    return connected


PATCH = {"face": "partner", "method": "PATCH"}
CART = {"face": "partner", "method": "POST", "path": "/carts$"}
AGREEMENT = {"face": "partner", "method": "POST", "path": "/agreements$"}

# The call, which request of it is struck, what a success is, and the effect that it has.
CALLS: dict[str, tuple[Call, dict[str, Any], type, str]] = {
    "schedule, classic": (end_of_term(RENEW, "classic", is_scheduled=True), PATCH, port.Done, "subscription.changed"),
    "schedule, newer": (end_of_term(RENEW, "actions", is_scheduled=True), PATCH, port.Done, "subscription.changed"),
    "cancel at the end": (end_of_term(CANCEL, "actions"), PATCH, port.Done, "subscription.changed"),
    "extend at the end": (end_of_term(EXTENDED, "actions"), PATCH, port.Done, "subscription.changed"),
    "auto-renew off": (auto_renew(is_on=False), PATCH, port.Done, "subscription.changed"),
    "suspend": (status("suspended"), PATCH, port.Done, "subscription.changed"),
    "end now": (status("deleted", NEW), PATCH, port.Done, "subscription.changed"),
    "longer term": (term("P1Y", "monthly", MONTHLY), PATCH, port.Done, "subscription.changed"),
    "billing cycle": (term("P3Y", "annual", TRIENNIAL), PATCH, port.Done, "subscription.changed"),
    "cart": (make_cart, CART, port.Cart, "cart.created"),
    "checkout": (buy, CHECKOUT, port.Bought, "subscription.created"),
    "agreement": (confirm, AGREEMENT, port.Done, "agreement.confirmed"),
    "transition": (transit, TRANSITION, port.Later, "transition.accepted"),
}

# Fault, its members, the outcome (None: the call's success), its reason, whether the change took effect.
FAULTS: list[tuple[str, dict[str, Any], type | None, str, bool]] = [
    ("timeout_before_effect", {}, port.Unclear, "", False),
    ("timeout_after_effect", {}, port.Unclear, "", True),
    ("timeout_after_effect", {"variant": "mid_body"}, port.Unclear, "", True),
    ("error_5xx_before_effect", {"status": 503}, port.Unclear, "", False),
    ("error_5xx_after_effect", {"status": 502}, port.Unclear, "", True),
    ("throttle_429", {"variant": "decimal"}, port.Refused, "throttled", False),
    ("refuse", {"status": 409, "code": 800082}, port.Refused, "operation_pending", False),
    ("refuse", {"status": 403, "code": 20002}, port.Refused, "denied", False),
    ("refuse", {"status": 401, "code": 800001}, port.Refused, "not_sent", False),
    ("garbled", {"variant": "truncated"}, port.Unclear, "", True),
    ("garbled", {"variant": "html"}, port.Unclear, "", True),
    ("garbled", {"variant": "empty"}, port.Unclear, "", True),
    ("garbled", {"variant": "wrong_content_type"}, port.Unclear, "", True),
    ("garbled", {"variant": "deep_nesting"}, port.Unclear, "", True),
    ("garbled", {"variant": "bom"}, None, "", True),
    ("garbled", {"variant": "extra_fields"}, None, "", True),
]
IN_PLACE_FAULTS: list[tuple[str, dict[str, Any], type | None, str, bool]] = [
    ("garbled", {"variant": "duplicate_keys"}, port.Unclear, "", True),
    ("garbled", {"variant": "nan"}, port.Unclear, "", True),
    ("garbled", {"variant": "missing_fields"}, port.Unclear, "", True),
    ("answer_202", {}, port.Later, "", True),
    ("ignored_write", {}, port.Unclear, "", False),
    ("refuse", {"status": 400, "code": 2055}, port.Refused, "stale", False),
    ("refuse", {"status": 400, "code": 900280}, port.Refused, "operation_pending", False),
]
CASES = [(name, *fault) for name in CALLS for fault in FAULTS] + [
    (name, *fault) for name, (_, match, _, _) in CALLS.items() for fault in IN_PLACE_FAULTS if match is PATCH
]


@pytest.mark.parametrize(
    ("name", "kind", "members", "expected", "reason", "has_effect"),
    CASES,
    ids=[f"{case[0]}: {case[1]} {' '.join(map(str, case[2].values()))}".strip() for case in CASES],
)
def test_a_fault_at_any_change_gives_the_outcome_that_the_port_promises(
    simulator: testing.Simulator,
    vendor: microsoft.MicrosoftVendor,
    name: str,
    kind: str,
    members: dict[str, Any],
    expected: type | None,
    reason: str,
    has_effect: bool,
) -> None:
    call, match, success, effect = CALLS[name]
    before = simulator.fired().get(kind, 0)
    simulator.fault(kind, match=match, **members)
    outcome = call(vendor)
    assert isinstance(outcome, expected or success), outcome
    assert getattr(outcome, "reason", "") == reason
    assert simulator.fired()[kind] == before + 1
    struck = [each for each in simulator.calls() if _matches(each, match)]
    assert len(struck) == 1
    assert sum(each["kind"] == effect for each in simulator.effects()) == int(has_effect)


def _matches(call: dict[str, Any], match: dict[str, Any]) -> bool:
    ending = match.get("path", "").strip("$")
    return call["method"] == match["method"] and str(call["path"]).endswith(ending) and call["face"] == match["face"]
