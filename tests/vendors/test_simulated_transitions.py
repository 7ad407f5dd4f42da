"""Changing one product into another against the simulator."""

import pytest

from seatwright.vendors import microsoft, port
from tests.vendors.scene import AT, MAIN, OTHER, PREMIUM, TENANT, TRANSITION, read, transit
from vendor_simulator import testing


@pytest.fixture
def vendor(connected: microsoft.MicrosoftVendor) -> microsoft.MicrosoftVendor:
    return connected


def test_targets_tell_where_seats_can_go(vendor: microsoft.MicrosoftVendor) -> None:
    (target,) = vendor.transition_targets(tenant=TENANT, subscription_id=MAIN, is_scheduled=False, at=AT)
    assert (target.product_id, target.vendor_sku_id, target.quantity) == (*PREMIUM, 10)
    assert (target.is_possible, target.moves_licences) == (True, True)
    assert [(each.subscription_id, each.is_possible) for each in target.into] == [(OTHER, True)]
    (later,) = vendor.transition_targets(tenant=TENANT, subscription_id=MAIN, is_scheduled=True, at=AT)
    assert later.into == ()


@pytest.mark.parametrize("quirks", [True, False])
def test_a_full_transition_keeps_the_subscription_and_is_done_when_asked_again(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, quirks: bool
) -> None:
    simulator.settings(transition_s=2160, transition_quirks=quirks)
    started = transit(vendor)
    assert isinstance(started, port.Later)
    assert started.operation_id

    def progress() -> port.Transition:
        return vendor.read_transition(tenant=TENANT, subscription_id=MAIN, operation_id=started.operation_id, at=AT)

    assert progress().status == "started"
    busy = transit(vendor)
    assert isinstance(busy, port.Refused)
    assert busy.reason == "operation_pending"
    simulator.clock(advance_s=2160)
    assert progress().status == "completed"
    seen = read(vendor)
    assert ((seen.product_id, seen.vendor_sku_id), seen.quantity) == (PREMIUM, 10)
    assert isinstance(transit(vendor), port.Done)
    assert len(vendor.list_transitions(tenant=TENANT, subscription_id=MAIN, at=AT)) == 1


def test_a_part_goes_to_a_new_subscription_with_the_same_end(vendor: microsoft.MicrosoftVendor) -> None:
    known = {each.subscription_id for each in vendor.list_subscriptions(tenant=TENANT, at=AT)}
    started = transit(vendor, 4)
    assert isinstance(started, port.Later)
    source = read(vendor)
    (target,) = (each for each in vendor.list_subscriptions(tenant=TENANT, at=AT) if each.subscription_id not in known)
    assert (source.quantity, target.quantity) == (6, 4)
    assert source.commitment_end_on == target.commitment_end_on


def test_a_part_goes_into_a_subscription_that_is_there(vendor: microsoft.MicrosoftVendor) -> None:
    assert isinstance(transit(vendor, 4, OTHER), port.Later)
    assert (read(vendor).quantity, read(vendor, OTHER).quantity) == (6, 14)


def test_a_lost_transition_is_found_in_the_history(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    simulator.fault("timeout_after_effect", match=TRANSITION)
    assert isinstance(transit(vendor, 4), port.Unclear)
    (found,) = vendor.list_transitions(tenant=TENANT, subscription_id=MAIN, at=AT)
    assert (found.status, found.quantity, found.from_subscription_id) == ("completed", 4, MAIN)


@pytest.mark.parametrize(
    ("failure", "expected"), [("conversion", ("failed", "")), ("licences", ("completed", "failed"))]
)
def test_a_transition_that_fails_on_the_way_says_at_what(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, failure: str, expected: tuple[str, str]
) -> None:
    simulator.settings(transition_failure=failure, transition_s=60, licence_transfer_s=60)
    started = transit(vendor, moving=True)
    assert isinstance(started, port.Later)
    simulator.clock(advance_s=200)
    seen = vendor.read_transition(tenant=TENANT, subscription_id=MAIN, operation_id=started.operation_id, at=AT)
    assert (seen.status, seen.licences) == expected
    assert any(event.problems for event in seen.events)


@pytest.mark.parametrize(
    ("quantity", "wanted", "reason"), [(10, "P1M", "term_not_allowed"), (11, "P1Y", "quantity_out_of_range")]
)
def test_a_transition_against_the_rules_is_refused(
    vendor: microsoft.MicrosoftVendor, quantity: int, wanted: str, reason: str
) -> None:
    refused = transit(vendor, quantity, term=wanted)
    assert isinstance(refused, port.Refused)
    assert refused.reason == reason
