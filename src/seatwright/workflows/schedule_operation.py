"""The durable steps that store at the vendor what the wishes for a renewal come to, and read them back.

    submit    compute what the vendor has to hold from the wishes as they stand, look, send once if it does not
    confirm   read back; an unclear send is settled here, after the vendor's settle window

What was sent is noted on the operation. Wishes that change meanwhile bring an operation of their own, so that one
request id never stands for two contents.
"""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.catalogue import naming
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.rules import instructions, renewals, terms
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import connections, readings, sending, wishes

KIND = "apply_schedule"


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Send what is wanted, unless the vendor holds it already or it was sent before."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    row, tenant = _subject(view)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    checkpoint("submit.before_look")
    seen = vendor.read_subscription(tenant=ref, subscription_id=row.vendor_subscription_id, at=at)
    wanted = _wanted(view, row, seen)
    if wanted is None or wishes.is_held(wanted, seen=seen):
        return _finish(view, row, seen, note="" if wanted is not None else "nothing to store", at=at)
    catalogue_id = _catalogue_id(wanted, seen, vendor=vendor, ref=ref, at=at)
    if catalogue_id is None:
        return _refuse(view, "not_sold", at=at)
    operations.note_progress(operation_id=view.id, fence=view.fence, at=at, wanted=_to_json(wanted))
    return sending.send(
        view,
        call=lambda: vendor.set_end_of_term(
            tenant=ref,
            subscription_id=row.vendor_subscription_id,
            outcome=port.EndOfTerm(wanted.ending.value),
            next_term=wishes.for_vendor(wanted, catalogue_id=catalogue_id),
            shape="actions" if wanted.ending is not renewals.Ending.RENEW else "classic",
            request_id=view.request_id,
            at=at,
        ),
        refuse=lambda refused: _refuse(view, f"vendor_{refused.reason}", at=at),
        at=at,
    )


def _subject(view: OperationView) -> tuple[holdings.HoldingRow, customers.TenantRow]:
    row = holdings.holding(seen_by=SYSTEM, subscription_id=uuid.UUID(view.intent["subscription_id"]))
    return row, customers.tenant(seen_by=SYSTEM, tenant_id=row.tenant_id)


def _wanted(
    view: OperationView, row: holdings.HoldingRow, seen: port.VendorSubscription
) -> instructions.Instruction | None:
    """What the vendor has to hold; None when the subscription no longer runs in the term that the wishes are for."""
    if seen.status != "active" or seen.commitment_end_on != row.commitment_end_on:
        return None
    try:
        line = wishes.timeline_of(row)
        if not line.pending and "stored" in view.intent:
            return _again(view.intent["stored"], seen)
        return wishes.instruction_of(line)
    except (wishes.NotRunning, ValueError):
        return None


def _again(stored: dict[str, Any], seen: port.VendorSubscription) -> instructions.Instruction | None:
    """What was stored before; None where somebody has stored another next term meanwhile."""
    wanted = _from_json(stored)
    following = seen.next_term
    if wanted is None or wanted.next_term is None or following is None or wishes.is_held(wanted, seen=seen):
        return wanted
    plain = (seen.product_id, seen.vendor_sku_id, seen.quantity, seen.term, seen.billing_cycle, None)
    is_plain = plain == (
        following.product_id,
        following.vendor_sku_id,
        following.quantity,
        following.term,
        following.billing_cycle,
        following.custom_end_on,
    )
    return wanted if is_plain else None


def _catalogue_id(
    wanted: instructions.Instruction,
    seen: port.VendorSubscription,
    *,
    vendor: port.Vendor,
    ref: port.TenantRef,
    at: dt.datetime,
) -> str | None:
    """The catalogue item of the next term as it is sold now; the present one's where the product stays."""
    following = wishes.for_vendor(wanted, catalogue_id="")
    if following is None or (following.product_id, following.vendor_sku_id) == (seen.product_id, seen.vendor_sku_id):
        return seen.catalogue_id
    assert wanted.next_term is not None
    offer = naming.offer_key(wanted.next_term.offer)
    assert offer is not None
    return vendor.availability(
        tenant=ref,
        product_id=following.product_id,
        vendor_sku_id=following.vendor_sku_id,
        term=following.term,
        billing_cycle=following.billing_cycle,
        segment=offer.segment,
        at=at,
    )


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Read back what was sent; send again only once its absence is proven."""
    row, tenant = _subject(view)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    seen = vendor.read_subscription(tenant=ref, subscription_id=row.vendor_subscription_id, at=at)
    sent = _from_json(view.progress.get("wanted"))
    if sent is None or wishes.is_held(sent, seen=seen):
        return _finish(view, row, seen, note="", at=at)
    if _wanted(view, row, seen) == sent:
        return sending.look_again(view, at=at)
    # A call without an answer may still take effect: until that is settled, nothing else may be stored here.
    if view.is_unanswered and not sending.is_settled(view, at=at):
        return engine.Again(at=at + sending.LOOK_AGAIN, why="Another wish has come since; the answer is waited for.")
    return _finish(view, row, seen, note="", at=at)


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    """End what the vendor will not store, so that it holds up no other change; the wish stands and is tried daily."""
    with transaction.atomic(durable=True):
        audit.record(
            by=SYSTEM,
            action="intent.refused",
            subject_kind="subscription",
            subject_id=view.intent["subscription_id"],
            before={},
            after={"refusal": refusal},
            at=at,
            reseller_id=view.reseller_id,
            customer_id=view.customer_id,
            operation_id=view.id,
        )
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def _finish(
    view: OperationView, row: holdings.HoldingRow, seen: port.VendorSubscription, *, note: str, at: dt.datetime
) -> engine.StepResult:
    with transaction.atomic():
        if seen.commitment_end_on == row.commitment_end_on:
            readings.take_in(row=row, seen=readings.reading(seen), at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at, note=note)
    return engine.Finished()


def _to_json(wanted: instructions.Instruction) -> dict[str, Any]:
    following = wanted.next_term
    return {
        "ending": wanted.ending.value,
        "next_term": None
        if following is None
        else {
            "offer": following.offer,
            "quantity": following.quantity,
            "term": following.term.value,
            "billing_plan": following.billing_plan.value,
            "aligned_end_on": following.aligned_end_on.isoformat() if following.aligned_end_on else None,
        },
    }


def _from_json(plain: dict[str, Any] | None) -> instructions.Instruction | None:
    if plain is None:
        return None
    stored = plain["next_term"]
    following = None
    if stored is not None:
        ends_on = stored["aligned_end_on"]
        following = instructions.NextTermTerms(
            offer=stored["offer"],
            quantity=stored["quantity"],
            term=terms.Term(stored["term"]),
            billing_plan=terms.BillingPlan(stored["billing_plan"]),
            aligned_end_on=dt.date.fromisoformat(ends_on) if ends_on else None,
        )
    return instructions.Instruction(ending=renewals.Ending(plain["ending"]), next_term=following)


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm))))
