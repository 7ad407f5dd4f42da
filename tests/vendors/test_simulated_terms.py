"""Scheduling, suspending, ending and changing terms against the simulator."""

import datetime as dt
import uuid

import pytest

from seatwright.vendors import microsoft, port
from tests.vendors.scene import (
    AT,
    CANCEL,
    EXTENDED,
    MAIN,
    MONTHLY,
    NEW,
    RENEW,
    TENANT,
    TRIENNIAL,
    end_of_term,
    next_term,
    read,
    status,
    term,
)
from vendor_simulator import testing


@pytest.fixture
def vendor(connected: microsoft.MicrosoftVendor) -> microsoft.MicrosoftVendor:
    return connected


@pytest.mark.parametrize("shape", ["classic", "actions"])
def test_a_schedule_is_kept_read_back_and_forgotten_again(
    vendor: microsoft.MicrosoftVendor, shape: port.ScheduleShape
) -> None:
    wanted = next_term(vendor)
    outcome = end_of_term(RENEW, shape, is_scheduled=True)(vendor)
    assert isinstance(outcome, port.Done)
    seen = read(vendor)
    assert (seen.next_term, seen.end_of_term, seen.auto_renew, seen.quantity) == (wanted, RENEW, True, 10)
    assert seen.ends_as(outcome=RENEW, next_term=wanted, shape=shape)
    assert isinstance(end_of_term(RENEW, shape)(vendor), port.Done)
    assert read(vendor).next_term is None


def test_all_outcomes_follow_each_other_in_the_newer_form(vendor: microsoft.MicrosoftVendor) -> None:
    for outcome, is_on in ((CANCEL, False), (EXTENDED, False), (RENEW, True), (CANCEL, False), (RENEW, True)):
        assert isinstance(end_of_term(outcome, "actions")(vendor), port.Done)
        seen = read(vendor)
        assert (seen.end_of_term, seen.auto_renew) == (outcome, is_on)


def test_the_other_spelling_of_the_newer_form_is_understood(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    simulator.settings(schedule_member="scheduledType")
    assert isinstance(end_of_term(CANCEL, "actions")(vendor), port.Done)
    assert read(vendor).end_of_term == CANCEL
    assert isinstance(end_of_term(RENEW, "classic", is_scheduled=True)(vendor), port.Done)
    assert read(vendor).next_term == next_term(vendor)


def test_a_change_inside_the_term_erases_the_schedule_and_it_can_be_set_again(
    vendor: microsoft.MicrosoftVendor,
) -> None:
    end_of_term(RENEW, "classic", is_scheduled=True)(vendor)
    more = vendor.set_seats(tenant=TENANT, subscription_id=MAIN, quantity=12, request_id=uuid.uuid4(), at=AT)
    assert isinstance(more, port.Done)
    assert more.seen is not None
    assert more.seen.next_term is None
    assert isinstance(end_of_term(RENEW, "classic", is_scheduled=True)(vendor), port.Done)
    assert read(vendor).next_term == next_term(vendor)


def test_a_custom_end_is_offered_scheduled_and_read_as_the_first_day_after(vendor: microsoft.MicrosoftVendor) -> None:
    ends = vendor.custom_ends(tenant=TENANT, term="P1Y", starts_on=dt.date(2027, 10, 5), at=AT)
    (month_end,) = (end.end_on for end in ends if end.is_month_end)
    assert month_end == dt.date(2028, 10, 1)
    wanted = next_term(vendor, custom_end_on=month_end)
    outcome = vendor.set_end_of_term(
        tenant=TENANT,
        subscription_id=MAIN,
        outcome=RENEW,
        next_term=wanted,
        shape="classic",
        request_id=uuid.uuid4(),
        at=AT,
    )
    assert isinstance(outcome, port.Done)
    assert read(vendor).next_term == wanted


def test_suspending_turns_auto_renew_off_and_coming_back_does_not_turn_it_on(
    vendor: microsoft.MicrosoftVendor,
) -> None:
    end_of_term(RENEW, "classic", is_scheduled=True)(vendor)
    suspended = status("suspended")(vendor)
    assert isinstance(suspended, port.Done)
    assert suspended.seen is not None
    seen = suspended.seen
    assert (seen.status, seen.auto_renew, seen.end_of_term, seen.next_term) == ("suspended", False, None, None)
    refused = vendor.set_seats(tenant=TENANT, subscription_id=MAIN, quantity=12, request_id=uuid.uuid4(), at=AT)
    assert isinstance(refused, port.Refused)
    assert refused.reason == "suspended"
    assert isinstance(status("active")(vendor), port.Done)
    assert not read(vendor).auto_renew


def test_an_end_is_taken_inside_its_window_only_and_stays(vendor: microsoft.MicrosoftVendor) -> None:
    late = status("deleted")(vendor)
    assert isinstance(late, port.Refused)
    assert late.reason == "window_closed"
    assert isinstance(status("deleted", NEW)(vendor), port.Done)
    assert isinstance(status("deleted", NEW)(vendor), port.Done)
    back = status("active", NEW)(vendor)
    assert isinstance(back, port.Refused)
    assert back.reason == "ended"


def test_a_longer_term_begins_now_and_a_shorter_one_is_refused(vendor: microsoft.MicrosoftVendor) -> None:
    longer = term("P1Y", "annual", MONTHLY)(vendor)
    assert isinstance(longer, port.Done)
    assert longer.seen is not None
    assert (longer.seen.term, longer.seen.billing_cycle) == ("P1Y", "annual")
    assert longer.seen.commitment_end_on == dt.date(2027, 11, 22)
    shorter = term("P1M", "monthly", MONTHLY)(vendor)
    assert isinstance(shorter, port.Refused)
    assert shorter.reason == "term_not_allowed"


def test_a_new_billing_cycle_waits_and_can_be_withdrawn(vendor: microsoft.MicrosoftVendor) -> None:
    assert isinstance(term("P3Y", "annual", TRIENNIAL)(vendor), port.Done)
    seen = read(vendor, TRIENNIAL)
    assert (seen.billing_cycle, seen.next_billing_cycle) == ("monthly", "annual")
    assert isinstance(term("P3Y", "monthly", TRIENNIAL)(vendor), port.Done)
    assert read(vendor, TRIENNIAL).next_billing_cycle == ""


def test_a_renewal_in_process_asks_for_patience(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    simulator.settings(renewal_delay_s=7200)
    now = dt.datetime(2027, 10, 5, 0, 30, tzinfo=dt.UTC)
    simulator.clock(now=now.isoformat())
    outcome = vendor.set_auto_renew(tenant=TENANT, subscription_id=MAIN, is_on=False, request_id=uuid.uuid4(), at=now)
    assert isinstance(outcome, port.Refused)
    assert (outcome.reason, outcome.retry_at) == ("operation_pending", now + dt.timedelta(minutes=15))
    simulator.clock(advance_s=2 * 7200)
    outcome = vendor.set_auto_renew(
        tenant=TENANT,
        subscription_id=MAIN,
        is_on=False,
        request_id=uuid.uuid4(),
        at=now + dt.timedelta(hours=4),
    )
    assert isinstance(outcome, port.Done)
