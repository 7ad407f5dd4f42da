"""The durable steps that tell the vendor who accepted its agreement with customers; what it has on record counts."""

import datetime as dt
import uuid
from typing import Literal

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.vendors import port
from seatwright.workflows import connections, sending

KIND = "confirm_agreement"


def lease_key(*, tenant_id: uuid.UUID) -> str:
    """The key under which at most one acceptance is being told for a tenant."""
    return f"{KIND}:{tenant_id}"


def is_under_way(*, tenant_id: uuid.UUID) -> bool:
    """Whether an acceptance for this tenant is on its way to the vendor, or waits for a person."""
    return operation_queries.is_open(lease_key=lease_key(tenant_id=tenant_id))


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Tell the vendor once, unless it knows already."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    tenant = _tenant(view)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    checkpoint("submit.before_look")
    if vendor.agreement_status(tenant=ref, at=at).is_accepted:
        return engine.Next()
    accepted = view.intent
    return sending.send(
        view,
        call=lambda: vendor.confirm_agreement(
            tenant=ref,
            contact=port.AgreementContact(
                first_name=accepted["first_name"],
                last_name=accepted["last_name"],
                email=accepted["email"],
                phone=accepted["phone"],
            ),
            template_id=accepted["template_id"],
            agreed_at=dt.datetime.fromisoformat(accepted["accepted_at"]),
            request_id=view.request_id,
            at=at,
        ),
        refuse=lambda refused: _end(view, state="refused", note=f"vendor_{refused.reason}", at=at),
        at=at,
    )


def _tenant(view: OperationView) -> customers.TenantRow:
    return customers.tenant(seen_by=SYSTEM, tenant_id=uuid.UUID(view.intent["tenant_id"]))


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Read the vendor's record back; tell it again only once it is proven that it does not know."""
    tenant = _tenant(view)
    checkpoint("confirm.before_look")
    status = connections.vendor_of(tenant).agreement_status(tenant=connections.reference(tenant), at=at)
    checkpoint("confirm.after_look")
    return _end(view, state="done", note="", at=at) if status.is_accepted else sending.look_again(view, at=at)


def _end(view: OperationView, *, state: Literal["done", "refused"], note: str, at: dt.datetime) -> engine.StepResult:
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        audit.record(
            by=SYSTEM,
            action="agreement.confirmed" if state == "done" else "agreement.refused",
            subject_kind="customer",
            subject_id=str(view.customer_id),
            before={},
            after={"template_id": view.intent["template_id"], "note": note},
            at=at,
            reseller_id=view.reseller_id,
            customer_id=view.customer_id,
            operation_id=view.id,
        )
        operations.finish(operation_id=view.id, fence=view.fence, state=state, at=at, note=note)
    checkpoint("record.committed")
    return engine.Finished()


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm))))
