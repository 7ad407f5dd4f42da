"""Partner Center's resources as values of the port."""

import datetime as dt
import json
from typing import Any

import pytest

from seatwright.vendors import lossless, port
from seatwright.vendors.partner_center import translate, wire
from tests.vendors.samples import SUBSCRIPTION_ID, resource


def translated(**changes: Any) -> port.VendorSubscription:
    body = json.dumps({name: value for name, value in resource(**changes).items() if value != "ABSENT"}).encode()
    return translate.subscription(lossless.decode(body, kind=wire.Subscription))


def test_a_subscription_becomes_plain_half_open_values() -> None:
    seen = translated()
    assert seen.subscription_id == SUBSCRIPTION_ID
    assert (seen.catalogue_id, seen.product_id, seen.vendor_sku_id) == (
        "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
        "CFQ7TTC0LH18",
        "0001",
    )
    assert seen.effective_start_on == dt.date(2026, 1, 15)
    assert seen.commitment_end_on == dt.date(2027, 1, 15)
    assert seen.cycle_end_on == dt.date(2026, 12, 15)
    assert seen.created_at == dt.datetime(2026, 1, 15, 16, 57, 15, 96672, tzinfo=dt.UTC)
    assert (seen.term, seen.billing_cycle, seen.status, seen.auto_renew) == ("P1Y", "monthly", "active", True)
    assert seen.name == "Büro"
    assert seen.etag == "v2"
    assert seen.unknown == {"promotionPrice": "12.5", "memberOfTomorrow": {"a": [1, None]}}
    assert seen.scheduled == {
        "scheduledNextTermInstructions": {"quantity": 8, "product": {"productId": "CFQ7TTC0LH18"}}
    }
    json.dumps([seen.unknown, seen.scheduled])


@pytest.mark.parametrize(
    ("changes", "ends_on"),
    [
        ({}, dt.date(2027, 1, 15)),
        ({"commitmentEndDateTime": "2027-01-14T23:59:59Z"}, dt.date(2027, 1, 15)),
        ({"commitmentEndDateTime": "0001-01-01T00:00:00Z"}, dt.date(2027, 1, 15)),
        ({"productType": None}, dt.date(2027, 1, 15)),
        ({"productType": None, "offerId": "796B6B5F-613C-4E24-A17C-EBA730D49C02"}, dt.date(2027, 1, 14)),
        ({"commitmentEndDate": "9999-12-14T00:00:00Z"}, None),
        ({"commitmentEndDate": "0001-01-01T00:00:00"}, None),
        ({"commitmentEndDate": "ABSENT"}, None),
        ({"commitmentEndDate": "2028-02-28T00:00:00Z"}, dt.date(2028, 2, 29)),
        ({"commitmentEndDate": "2026-12-31T00:00:00Z"}, dt.date(2027, 1, 1)),
    ],
)
def test_the_last_day_becomes_the_first_day_after(changes: dict[str, Any], ends_on: dt.date | None) -> None:
    assert translated(**changes).commitment_end_on == ends_on


def batch(quantity: object, until: object = "2026-11-25T10:00:00.1234567Z") -> dict[str, object]:
    return {"quantity": quantity, "allowedUntilDateTime": until}


UNTIL = dt.datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("refundable", "expected"),
    [
        ("ABSENT", None),
        (None, None),
        ({"totalQuantity": 0}, ()),
        ({"totalQuantity": 0, "details": []}, ()),
        ({"totalQuantity": 3}, None),
        ({"totalQuantity": 3, "details": [batch(3)]}, (port.ReturnableSeats(quantity=3, until=UNTIL),)),
        ({"details": [batch("3")]}, (port.ReturnableSeats(quantity=3, until=UNTIL),)),
        ({"details": [batch(0), batch(-1), batch(None), batch(2, None), batch(2, "soon")]}, ()),
        ("unreadable", None),
    ],
)
def test_returnable_seats_say_nothing_or_none_or_how_many_until_when(refundable: Any, expected: Any) -> None:
    assert translated(refundableQuantity=refundable).returnable == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"quantity": None},
        {"quantity": "many"},
        {"quantity": -1},
        {"status": ""},
        {"commitmentEndDate": "soon"},
        {"effectiveStartDate": "2026-02-30T00:00:00Z"},
    ],
)
def test_a_subscription_without_its_bones_is_garbled(changes: dict[str, Any]) -> None:
    with pytest.raises(port.VendorGarbled):
        translated(**changes)


@pytest.mark.parametrize(
    ("wired", "plain"), [("OneTime", "one_time"), ("one_time", "one_time"), ("Annual", "annual"), (None, "")]
)
def test_billing_cycles_are_spelled_one_way(wired: str | None, plain: str) -> None:
    assert translated(billingCycle=wired).billing_cycle == plain


@pytest.mark.parametrize(
    ("changes", "is_extended"),
    [
        ({}, False),
        ({"offerName": "Business Basic Extended Service Term"}, True),
        ({"offerId": "CFQ7TTC0LH18:00ES:CFQ7TTC0K971"}, True),
        ({"friendlyName": "Not the extended service term"}, False),
        ({"offerName": None, "friendlyName": "Business Basic Extended Service Term"}, True),
    ],
)
def test_the_vendors_name_tells_extended_service_and_a_partners_only_without_it(
    changes: dict[str, Any], is_extended: bool
) -> None:
    assert translated(**changes).is_extended_service is is_extended


def test_foreign_text_cannot_break_a_database() -> None:
    seen = translated(friendlyName="a\x00b" + "x" * 1000, newMember={"k\x00": "v\x00"})
    assert seen.name == "ab" + "x" * 498
    assert seen.unknown["newMember"] == {"k": "v"}


def test_the_newer_form_of_a_scheduled_change_counts() -> None:
    actions = [{"scheduledType": "TermEnd", "actionType": "Cancel"}]
    assert translated(scheduledActions=actions).scheduled == {"scheduledActions": actions}
