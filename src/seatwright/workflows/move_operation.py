"""The durable steps that move one person from one plan to another, in one call that adds the new and removes the old.

    submit    read the person; moved already counts as done, what cannot work is refused with its reason; send once
    confirm   read the person again; an unclear send is settled here, after the vendor's settle window

What was turned off for the person in the old plan stays off in the new one, where that has it.

Without a free licence nothing is taken away: the person keeps the old one, and the move waits and looks again until its
deadline (reference graph 3.4). At no moment does anybody have neither.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM, Actor
from seatwright.assignments import changes as assignments
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.vendors import port
from seatwright.workflows import connections, readings, sending

KIND = "move_person"
WAITS_FOR = frozenset({"no_licence_left", "licence_unknown"})
PATIENCE = dt.timedelta(hours=2)
WITHOUT_EFFECT = frozenset({"error", "disabled"})


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What the steps need to know."""

    tenant: customers.TenantRow
    vendor: port.Vendor
    ref: port.TenantRef
    person: str
    old: str
    new: str

    def read(self, at: dt.datetime) -> port.VendorPerson:
        return self.vendor.read_person(tenant=self.ref, person_id=self.person, at=at)


@dataclass(frozen=True, kw_only=True)
class _Held:
    """How a person holds the two licences."""

    old_direct: bool
    old_by_group: bool
    new: bool
    new_direct: bool

    @property
    def is_moved(self) -> bool:
        return self.new and not (self.old_direct or self.old_by_group)


def intent(
    *, tenant_id: uuid.UUID, order_id: uuid.UUID, person: str, name: str, old_sku_id: str, new_sku_id: str
) -> dict[str, Any]:
    """What an operation of this kind is opened with."""
    return {
        "tenant_id": str(tenant_id),
        "order_id": str(order_id),
        "person": person,
        "name": name,
        "old_sku_id": old_sku_id,
        "new_sku_id": new_sku_id,
    }


def lease_of(*, vendor_key: str, tenant_id: uuid.UUID, person: str) -> str:
    """The key under which at most one change of a person's licences is in flight."""
    return f"{vendor_key}:person:{tenant_id}:{person.lower()}"[:160]


def _job(view: OperationView) -> _Job:
    told: Mapping[str, Any] = view.intent
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=uuid.UUID(told["tenant_id"]))
    return _Job(
        tenant=tenant,
        vendor=connections.vendor_of(tenant),
        ref=connections.reference(tenant),
        person=told["person"],
        old=told["old_sku_id"],
        new=told["new_sku_id"],
    )


def _held(job: _Job, seen: port.VendorPerson) -> _Held:
    of_old = {licence.group_id for licence in seen.licences if licence.sku_id.lower() == job.old}
    # A licence in error gives nothing to anybody, so that it does not stand for the new one.
    of_new = {
        licence.group_id
        for licence in seen.licences
        if licence.sku_id.lower() == job.new and licence.state.lower() not in WITHOUT_EFFECT
    }
    return _Held(old_direct="" in of_old, old_by_group=bool(of_old - {""}), new=bool(of_new), new_direct="" in of_new)


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Send the change once, unless it was sent before or is there already."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    job = _job(view)
    checkpoint("submit.before_look")
    try:
        seen = job.read(at)
    except port.VendorMissing:
        return _refuse(view, "person_gone", at=at)
    held = _held(job, seen)
    if held.is_moved:
        return _finish(view, job, seen, at=at)
    refusal = _why_not(seen, held)
    if refusal:
        return _refuse(view, refusal, at=at)
    off = () if held.new else _stays_off(job, seen, at=at)
    return sending.send(
        view,
        call=lambda: job.vendor.assign_licences(
            tenant=job.ref,
            person_id=job.person,
            add={} if held.new else {job.new: off},
            remove=[job.old],
            at=at,
        ),
        refuse=lambda refused: _refused(view, refused, at=at),
        at=at,
    )


def _stays_off(job: _Job, seen: port.VendorPerson, *, at: dt.datetime) -> tuple[str, ...]:
    """The service plans of the new licence that are turned off in the old one; the vendor refuses any that it lacks."""
    of_old = (licence for licence in seen.licences if licence.sku_id.lower() == job.old and not licence.group_id)
    off = {plan for licence in of_old for plan in licence.disabled_plans}
    if not off:
        return ()
    pools = job.vendor.list_pools(tenant=job.ref, at=at)
    known = {plan for pool in pools if pool.sku_id.lower() == job.new for plan in pool.plan_ids}
    return tuple(sorted(off & known))


def _why_not(seen: port.VendorPerson, held: _Held) -> str:
    """Why the person cannot be moved, as they are now; empty when they can."""
    if seen.removed:
        return "person_gone"
    if held.old_by_group:
        return "licence_from_group"
    if not held.old_direct:
        return "licence_not_held"
    return "" if seen.usage_location or held.new else "usage_location_missing"


def _refused(view: OperationView, refused: port.Refused, *, at: dt.datetime) -> engine.StepResult:
    """What the vendor's refusal means: no free licence may be one that is still on its way."""
    if refused.reason in WAITS_FOR and at < (view.started_at or view.created_at) + PATIENCE:
        operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note=refused.reason)
        pause = max(sending.LOOK_AGAIN, min((at - view.created_at) / 8, sending.LOOK_AGAIN_MOST))
        return engine.Again(at=at + pause, why=refused.reason)
    if refused.reason == "licence_not_held":
        # Somebody changed the person between our look and our call; nothing happened, so look anew.
        operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note=refused.reason)
        return engine.Again(at=at + sending.LOOK_AGAIN, why=refused.reason, is_trouble=True)
    return _refuse(view, "person_gone" if refused.reason == "not_found" else refused.reason, at=at)


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Read the person again; send again only once it is proven that nothing happened."""
    job = _job(view)
    checkpoint("confirm.before_look")
    try:
        seen = job.read(at)
    except port.VendorMissing:
        return _refuse(view, "person_gone", at=at)
    checkpoint("confirm.after_look")
    held = _held(job, seen)
    if held.new and not held.old_direct:
        return _finish(view, job, seen, at=at)
    return sending.look_again(view, at=at)


def _finish(view: OperationView, job: _Job, seen: port.VendorPerson, *, at: dt.datetime) -> engine.StepResult:
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        assignments.replace_person(
            tenant_id=job.tenant.tenant_id,
            reseller_id=job.tenant.reseller_id,
            customer_id=job.tenant.customer_id,
            person=readings.person(seen),
        )
        note(view=view, by=SYSTEM, action="person.moved", after={"sku_id": job.new}, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    with transaction.atomic(durable=True):
        note(view=view, by=SYSTEM, action="person.not_moved", after={"refusal": refusal}, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def note(*, view: OperationView, by: Actor, action: str, after: dict[str, Any], at: dt.datetime) -> None:
    """Write what became of the person's move into the audit, in the caller's transaction."""
    audit.record(
        by=by,
        action=action,
        subject_kind="person",
        subject_id=view.intent["person"],
        before={"sku_id": view.intent["old_sku_id"]},
        after={**after, "order_id": view.intent["order_id"]},
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm))))
