"""Partner Center's record of who accepted the customer agreement, kept in the customer's details."""

import json
import sqlite3

from vendor_simulator import books, exchange, partner_customers, partner_wire

_TYPE = "MicrosoftCustomerAgreement"
_TEMPLATE_ID = "7d1f5a30-2c52-4c0e-9c41-5c5f0a6f1d20"
_LINK = "https://simulator.example/customer-agreement"
_CONTACT = ("firstName", "lastName", "email")


def list_templates(call: exchange.Call) -> exchange.Answer:
    """The agreement's present form; another type has none."""
    template = {"templateId": _TEMPLATE_ID, "agreementType": _TYPE, "agreementLink": _LINK, "versionRank": 0}
    return exchange.Answer(body=_collection([template] if _is_asked(call) else []))


def list_agreements(call: exchange.Call) -> exchange.Answer:
    """Acceptances in the order of their recording; without the type's name the answer is about the old agreement."""
    found = _accepted(partner_customers.require(call)) if _is_asked(call) else []
    return exchange.Answer(body=_collection([agreement | {"agreementLink": _LINK} for agreement in found]))


def confirm(call: exchange.Call) -> exchange.Answer:
    """Records an acceptance, after which the customer can be sold to; the same contact twice is refused."""
    partner_wire.require_user(call)
    customer = partner_customers.require(call)
    agreement = _read(call)
    accepted = _accepted(customer)
    if any(earlier["primaryContact"] == agreement["primaryContact"] for earlier in accepted):
        raise exchange.Refused(_already_recorded())
    details = json.loads(customer["details"]) | {"agreements": [*accepted, agreement]}
    call.connection.execute(
        "UPDATE customers SET details = ?, has_agreement = 1 WHERE customer_id = ?",
        (json.dumps(details), customer["customer_id"]),
    )
    call.record_effect(
        kind="agreement.confirmed",
        tenant_id=customer["tenant_id"],
        subject=customer["customer_id"],
        before={"count": len(accepted)},
        after={"count": len(accepted) + 1},
    )
    user_id = "" if call.claims is None else call.claims.app_id
    return exchange.Answer(status=201, body={"userId": user_id} | agreement)


def _is_asked(call: exchange.Call) -> bool:
    return call.parameter("agreementType").lower() in {_TYPE.lower(), "*"}


def _accepted(customer: sqlite3.Row) -> list[partner_wire.Document]:
    found = json.loads(customer["details"]).get("agreements", [])
    assert isinstance(found, list)
    return found


def _read(call: exchange.Call) -> partner_wire.Document:
    body = partner_wire.read_json(call)
    contact = body.get("primaryContact")
    if not isinstance(contact, dict) or not all(contact.get(name) for name in _CONTACT):
        raise partner_wire.refusal(400, 400, "The primary contact needs a first name, a last name and an e-mail.")
    if body.get("type") != _TYPE or body.get("templateId") != _TEMPLATE_ID:
        raise partner_wire.refusal(400, 400, "The agreement's type or template is not known.")
    try:
        agreed_at = books.instant(str(body.get("dateAgreed")))
    except ValueError:
        raise partner_wire.refusal(400, 400, "The date of the agreement is not valid.") from None
    if agreed_at > call.now:
        raise partner_wire.refusal(400, 400, "The date of the agreement cannot be in the future.")
    return {name: body[name] for name in ("primaryContact", "templateId", "dateAgreed", "type")}


def _collection(items: list[partner_wire.Document]) -> partner_wire.Document:
    return {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}


def _already_recorded() -> exchange.Answer:
    """The wider error body that newer services of the vendor use."""
    text = "A partner confirmed agreement already exists for the customer."
    body = {
        "code": 600061,
        "message": text,
        "description": text,
        "errorName": "PartnerConfirmedAgreementAlreadyExists",
        "isRetryable": False,
        "parameters": {},
        "errorMessageExtended": "InternalErrorCode=600061",
    }
    return exchange.Answer(status=400, body=body)
