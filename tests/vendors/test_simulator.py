"""The whole vendor against the simulator over real HTTP: each fault gives the outcome that the port promises."""

import datetime as dt
import pathlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from seatwright.vendors import microsoft, port
from tests.vendors.scene import connect
from vendor_simulator import books, testing

AT = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
NOW = "2026-11-22T12:00:00Z"
TENANT_ID = "22222222-2222-4222-8222-222222222222"
SKU_ID = "3b555118-da6a-4418-894f-7df1e2096870"
PERSON_ID = "c0000000-0000-4000-8000-000000000001"
PATCHES = {"face": "partner", "method": "PATCH"}
SEED: dict[str, Any] = {
    "clock": {"now": NOW},
    "products": [
        {
            "productId": "CFQ7TTC0LH18",
            "title": "Business Basic",
            "skus": [{"skuId": "0001", "provisioningId": SKU_ID, "partNumber": "O365_BUSINESS_ESSENTIALS"}],
        }
    ],
    "customers": [
        {
            "tenantId": TENANT_ID,
            "company": "Contoso",
            "domain": "contoso.onmicrosoft.com",
            "subscriptions": [
                {
                    "productId": "CFQ7TTC0LH18",
                    "skuId": "0001",
                    "createdAt": "2026-10-05T09:30:00Z",
                    "batches": [
                        {"quantity": 8, "addedAt": "2026-10-05T09:30:00Z"},
                        {"quantity": 2, "addedAt": "2026-11-20T09:30:00Z"},
                    ],
                }
            ],
        }
    ],
    "directories": [
        {
            "tenantId": TENANT_ID,
            "settings": {"page_size": 2},
            "users": [
                {
                    "id": PERSON_ID,
                    "userPrincipalName": "ada@contoso.onmicrosoft.com",
                    "displayName": "Ada",
                    "usageLocation": "DE",
                    "licenses": [{"skuId": SKU_ID}],
                }
            ],
            "generatedUsers": {"count": 4, "domain": "contoso.onmicrosoft.com", "usageLocation": "DE"},
        }
    ],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with testing.running(tmp_path_factory.mktemp("books") / "books.sqlite3") as simulator:
        yield simulator


@pytest.fixture
def simulator(running: testing.Simulator) -> testing.Simulator:
    running.reset()
    running.seed(SEED)
    return running


@pytest.fixture
def vendor(simulator: testing.Simulator) -> Iterator[microsoft.MicrosoftVendor]:
    connected = connect(simulator.base_url)
    yield connected
    connected.close()


@pytest.fixture
def tenant(vendor: microsoft.MicrosoftVendor) -> port.TenantRef:
    (found,) = vendor.list_tenants(at=AT)
    assert (found.name, found.relationship) == ("Contoso", "reseller")
    return found.tenant


@pytest.fixture
def held(vendor: microsoft.MicrosoftVendor, tenant: port.TenantRef) -> port.VendorSubscription:
    (found,) = vendor.list_subscriptions(tenant=tenant, at=AT)
    return found


def set_seats(
    vendor: microsoft.MicrosoftVendor, held: port.VendorSubscription, quantity: int = 13, at: dt.datetime = AT
) -> port.Outcome:
    return vendor.set_seats(
        tenant=port.TenantRef(tenant_id=TENANT_ID, customer_id=TENANT_ID),
        subscription_id=held.subscription_id,
        quantity=quantity,
        request_id=uuid.uuid4(),
        at=at,
    )


def patches(simulator: testing.Simulator) -> int:
    return sum(call["method"] == "PATCH" for call in simulator.calls())


def seat_changes(simulator: testing.Simulator) -> int:
    return sum(effect["face"] == "partner" for effect in simulator.effects())


def test_a_subscription_shows_what_can_be_returned_until_when(held: port.VendorSubscription) -> None:
    assert (held.quantity, held.status, held.term, held.billing_cycle) == (10, "active", "P1Y", "monthly")
    assert held.returnable == (port.ReturnableSeats(quantity=2, until=dt.datetime(2026, 11, 27, 9, 30, tzinfo=dt.UTC)),)
    assert held.commitment_end_on == dt.date(2027, 10, 5)
    assert held.cycle_end_on == dt.date(2026, 12, 5)
    assert held.unknown == {}


def test_more_seats_are_done_once_and_read_back(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, held: port.VendorSubscription
) -> None:
    outcome = set_seats(vendor, held)
    assert isinstance(outcome, port.Done)
    assert outcome.seen is not None
    assert outcome.seen.quantity == 13
    assert (patches(simulator), seat_changes(simulator)) == (1, 1)
    again = set_seats(vendor, held)
    assert isinstance(again, port.Done)
    assert patches(simulator) == 1
    assert outcome.seen.etag != held.etag
    assert outcome.seen.auto_renew


@pytest.mark.parametrize(("quantity", "kind"), [(8, port.Done), (7, port.Refused)])
def test_fewer_seats_are_taken_back_within_their_window_only(
    vendor: microsoft.MicrosoftVendor, held: port.VendorSubscription, quantity: int, kind: type
) -> None:
    outcome = set_seats(vendor, held, quantity)
    assert isinstance(outcome, kind)
    if isinstance(outcome, port.Refused):
        assert outcome.reason == "window_closed"


# Fault, its members, the outcome, its reason, whether the change took effect.
FAULTS = [
    ("timeout_before_effect", {}, port.Unclear, "", False),
    ("timeout_before_effect", {"hang_s": 3}, port.Unclear, "", False),
    ("timeout_after_effect", {}, port.Unclear, "", True),
    ("timeout_after_effect", {"hang_s": 3}, port.Unclear, "", True),
    ("timeout_after_effect", {"variant": "mid_body"}, port.Unclear, "", True),
    ("error_5xx_before_effect", {"status": 500}, port.Unclear, "", False),
    ("error_5xx_before_effect", {"status": 503}, port.Unclear, "", False),
    ("error_5xx_after_effect", {"status": 502}, port.Unclear, "", True),
    ("error_5xx_after_effect", {"status": 504}, port.Unclear, "", True),
    ("throttle_429", {"variant": "integer"}, port.Refused, "throttled", False),
    ("throttle_429", {"variant": "decimal"}, port.Refused, "throttled", False),
    ("throttle_429", {"variant": "http_date"}, port.Refused, "throttled", False),
    ("throttle_429", {"variant": "missing"}, port.Refused, "throttled", False),
    ("throttle_429", {"variant": "negative"}, port.Refused, "throttled", False),
    ("throttle_429", {"variant": "day"}, port.Refused, "throttled", False),
    ("refuse", {"status": 400, "code": 800090}, port.Refused, "window_closed", False),
    ("refuse", {"status": 400, "code": 2055}, port.Refused, "stale", False),
    ("refuse", {"status": 409, "code": 800082}, port.Refused, "operation_pending", False),
    ("refuse", {"status": 403, "code": 20002}, port.Refused, "denied", False),
    ("refuse", {"status": 401, "code": 800001}, port.Refused, "not_sent", False),
    ("garbled", {"variant": "truncated"}, port.Unclear, "", True),
    ("garbled", {"variant": "html"}, port.Unclear, "", True),
    ("garbled", {"variant": "empty"}, port.Unclear, "", True),
    ("garbled", {"variant": "wrong_content_type"}, port.Unclear, "", True),
    ("garbled", {"variant": "nan"}, port.Unclear, "", True),
    ("garbled", {"variant": "duplicate_keys"}, port.Unclear, "", True),
    ("garbled", {"variant": "deep_nesting"}, port.Unclear, "", True),
    ("garbled", {"variant": "missing_fields"}, port.Unclear, "", True),
    ("garbled", {"variant": "huge"}, port.Unclear, "", True),
    ("garbled", {"variant": "gzip_bomb"}, port.Unclear, "", True),
    ("garbled", {"variant": "bom"}, port.Done, "", True),
    ("garbled", {"variant": "unknown_enum"}, port.Done, "", True),
    ("garbled", {"variant": "extra_fields"}, port.Done, "", True),
    ("answer_202", {}, port.Later, "", True),
    ("ignored_write", {}, port.Unclear, "", False),
]


@pytest.mark.parametrize(("kind", "members", "expected", "reason", "has_effect"), FAULTS)
def test_a_fault_at_the_change_gives_the_outcome_that_the_port_promises(
    simulator: testing.Simulator,
    vendor: microsoft.MicrosoftVendor,
    held: port.VendorSubscription,
    kind: str,
    members: dict[str, Any],
    expected: type,
    reason: str,
    has_effect: bool,
) -> None:
    before = simulator.fired().get(kind, 0)
    simulator.fault(kind, match=PATCHES, **members)
    outcome = set_seats(vendor, held)
    assert isinstance(outcome, expected), outcome
    assert getattr(outcome, "reason", "") == reason
    assert simulator.fired()[kind] == before + 1
    assert patches(simulator) == 1
    assert seat_changes(simulator) == int(has_effect)


WAITS_S = {"integer": 2, "decimal": 2.128, "http_date": 2, "missing": 30, "negative": 30, "day": 86_400}


@pytest.mark.parametrize("variant", WAITS_S)
def test_the_wait_of_a_throttling_vendor_is_passed_on(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, held: port.VendorSubscription, variant: str
) -> None:
    simulator.fault("throttle_429", match=PATCHES, variant=variant)
    outcome = set_seats(vendor, held)
    assert isinstance(outcome, port.Refused)
    assert outcome.retry_at is not None
    waits = outcome.retry_at - AT
    assert abs(waits - dt.timedelta(seconds=WAITS_S[variant])) <= dt.timedelta(seconds=1)


@pytest.mark.parametrize("kind", ["timeout_before_effect", "error_5xx_before_effect", "garbled", "throttle_429"])
def test_a_fault_at_the_look_before_the_change_sends_nothing(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, held: port.VendorSubscription, kind: str
) -> None:
    simulator.fault(kind, match={"face": "partner", "method": "GET"})
    outcome = set_seats(vendor, held)
    assert isinstance(outcome, port.Refused)
    assert outcome.reason == ("throttled" if kind == "throttle_429" else "not_sent")
    assert patches(simulator) == 0


def test_a_vendor_that_is_away_got_nothing(tmp_path: pathlib.Path) -> None:
    with testing.running(tmp_path / "books.sqlite3", seed=SEED) as simulator:
        connected = connect(simulator.base_url)
        (held,) = connected.list_subscriptions(tenant=port.TenantRef(tenant_id=TENANT_ID, customer_id=TENANT_ID), at=AT)
        simulator.kill()
        outcome = set_seats(connected, held)
        assert isinstance(outcome, port.Refused)
        assert outcome.reason == "not_sent"
        connected.close()


def test_an_expired_token_is_replaced_without_being_noticed(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, held: port.VendorSubscription
) -> None:
    simulator.clock(advance_s=2 * 3600)
    outcome = set_seats(vendor, held, at=AT)
    assert isinstance(outcome, port.Done)


def test_pools_and_sources_join_the_subscription(
    vendor: microsoft.MicrosoftVendor, tenant: port.TenantRef, held: port.VendorSubscription
) -> None:
    (pool,) = vendor.list_pools(tenant=tenant, at=AT)
    assert (pool.sku_id, pool.enabled, pool.consumed) == (SKU_ID, 10, 1)
    (source,) = vendor.list_pool_sources(tenant=tenant, at=AT)
    assert (source.commerce_subscription_id, source.total) == (held.subscription_id, 10)
    assert source.owner_tenant_id == books.Settings().partner_tenant_id


def test_people_are_read_over_several_pages(vendor: microsoft.MicrosoftVendor, tenant: port.TenantRef) -> None:
    people = list(vendor.iter_people(tenant=tenant, at=AT))
    assert len(people) == len({person.person_id for person in people}) == 5
    (ada,) = (person for person in people if person.person_id == PERSON_ID)
    assert [licence.sku_id for licence in ada.licences] == [SKU_ID]
    assert ada.usage_location == "DE"


def test_an_assignment_shows_in_the_next_changes_only(
    vendor: microsoft.MicrosoftVendor, tenant: port.TenantRef
) -> None:
    first = list(vendor.iter_people_changes(tenant=tenant, since="", at=AT))
    assert all(piece.is_full for piece in first)
    assert sum(len(piece.people) for piece in first) == 5
    other = next(person for piece in first for person in piece.people if person.person_id != PERSON_ID)
    outcome = vendor.assign_licences(tenant=tenant, person_id=other.person_id, add={SKU_ID: []}, remove=[], at=AT)
    assert isinstance(outcome, port.Done)
    second = list(vendor.iter_people_changes(tenant=tenant, since=first[-1].link, at=AT))
    changed = {person.person_id: person for piece in second for person in piece.people}
    assert set(changed) == {other.person_id}
    assert [licence.sku_id for licence in changed[other.person_id].licences] == [SKU_ID]
    assert not any(piece.is_full for piece in second)
    refused = vendor.assign_licences(tenant=tenant, person_id=PERSON_ID, add={str(uuid.uuid4()): []}, remove=[], at=AT)
    assert isinstance(refused, port.Refused)
