"""The vendor's agreement with customers: its text, who accepted it, and telling the vendor so."""

import datetime as dt
import json
import uuid
from typing import Any

import httpcore2
import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors.conftest import AT, PARTNER, TENANT

CUSTOMER = f"{PARTNER}/v1/customers/{TENANT.customer_id}"
REQUEST_ID = uuid.UUID("55555555-5555-4555-8555-555555555555")

pytestmark = pytest.mark.usefixtures("partner_token")

CONTACT = {"firstName": "Tania", "lastName": "Carr", "email": "tania@example.com", "phoneNumber": "123"}
ACCEPTED = {
    "primaryContact": CONTACT,
    "templateId": "117a77b0",
    "dateAgreed": "2026-08-26T00:00:00",
    "type": "MicrosoftCustomerAgreement",
}


def test_an_acceptance_on_record_is_asked_for_by_its_type(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor
) -> None:
    route = httpx2_mock.get(f"{CUSTOMER}/agreements").respond(
        200, json={"items": [ACCEPTED | {"type": "MicrosoftCloudAgreement"}, ACCEPTED]}
    )
    direct = httpx2_mock.get(f"{CUSTOMER}/directSignedMicrosoftCustomerAgreementStatus")
    seen = vendor.agreement_status(tenant=TENANT, at=AT)
    assert seen.is_accepted
    (accepted,) = seen.accepted
    assert accepted.agreed_at == dt.datetime(2026, 8, 26, tzinfo=dt.UTC)
    assert accepted.contact == port.AgreementContact(
        first_name="Tania", last_name="Carr", email="tania@example.com", phone="123"
    )
    assert route.calls.last.request.url.query == b"agreementType=MicrosoftCustomerAgreement"
    assert direct.call_count == 0


@pytest.mark.parametrize(
    ("answer", "is_direct"),
    [
        ({"status_code": 200, "json": {"isSigned": True}}, True),
        ({"status_code": 200, "json": {"isSigned": False}}, False),
        ({"status_code": 200, "json": {}}, False),
        ({"status_code": 404}, False),
    ],
)
def test_a_customer_may_have_signed_with_the_vendor_itself(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor, answer: dict[str, Any], is_direct: bool
) -> None:
    httpx2_mock.get(f"{CUSTOMER}/agreements").respond(200, json={"items": []})
    httpx2_mock.get(f"{CUSTOMER}/directSignedMicrosoftCustomerAgreementStatus").respond(**answer)
    seen = vendor.agreement_status(tenant=TENANT, at=AT)
    assert (seen.is_direct, seen.is_accepted) == (is_direct, is_direct)


def test_the_latest_template_counts(httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor) -> None:
    def template(name: str, rank: int) -> dict[str, Any]:
        return {"templateId": name, "agreementType": "MicrosoftCustomerAgreement", "versionRank": rank}

    route = httpx2_mock.get(f"{PARTNER}/v1/agreements")
    route.respond(200, json={"items": [template("old", 0), template("new", 2), template("mid", 1)]})
    assert vendor.agreement_template(at=AT).template_id == "new"
    route.respond(200, json={"items": []})
    with pytest.raises(port.VendorMissing):
        vendor.agreement_template(at=AT)


def confirm(vendor: microsoft.MicrosoftVendor) -> port.Outcome:
    return vendor.confirm_agreement(
        tenant=TENANT,
        contact=port.AgreementContact(first_name="Tania", last_name="Carr", email="tania@example.com"),
        template_id="117a77b0",
        agreed_at=dt.datetime(2026, 11, 22, 11, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        request_id=REQUEST_ID,
        at=AT,
    )


def test_an_acceptance_is_recorded_in_utc(httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor) -> None:
    route = httpx2_mock.post(f"{CUSTOMER}/agreements").respond(201, json=ACCEPTED | {"userId": "u"})
    assert isinstance(confirm(vendor), port.Done)
    sent = route.calls.last.request
    assert json.loads(sent.content) == {
        "primaryContact": {"firstName": "Tania", "lastName": "Carr", "email": "tania@example.com"},
        "templateId": "117a77b0",
        "dateAgreed": "2026-11-22T10:30:00.000Z",
        "type": "MicrosoftCustomerAgreement",
    }
    assert sent.headers["ms-requestid"] == str(REQUEST_ID)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"status_code": 400, "json": {"code": 600061, "message": "m", "errorName": "n"}}, port.Done, ""),
        ({"status_code": 403, "json": {"code": 900329}}, port.Refused, "denied"),
        ({"status_code": 400, "json": {"code": 400}}, port.Refused, "other"),
        ({"status_code": 201, "json": {}}, port.Unclear, ""),
        ({"status_code": 201, "json": ACCEPTED | {"templateId": "another"}}, port.Unclear, ""),
        ({"status_code": 201, "content": b""}, port.Unclear, ""),
        ({"status_code": 500}, port.Unclear, ""),
    ],
)
def test_an_acceptance_known_before_is_done(
    httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor, answer: dict[str, Any], kind: type, reason: str
) -> None:
    route = httpx2_mock.post(f"{CUSTOMER}/agreements").respond(**answer)
    outcome = confirm(vendor)
    assert isinstance(outcome, kind), outcome
    assert getattr(outcome, "reason", "") == reason
    assert route.call_count == 1


def test_a_lost_acceptance_is_unclear(httpx2_mock: respx.Router, vendor: microsoft.MicrosoftVendor) -> None:
    route = httpx2_mock.post(f"{CUSTOMER}/agreements").mock(side_effect=httpcore2.ReadTimeout())
    assert isinstance(confirm(vendor), port.Unclear)
    assert route.call_count == 1
