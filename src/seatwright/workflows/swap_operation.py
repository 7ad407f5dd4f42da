"""The operation that carries a swap through: it changes nothing at the vendor itself and opens one for each change.

    acquire    the vendor's transition, or more seats of the new plan; without either nothing else is done
    await      until the new seats can be assigned, and the vendor has moved whom it moves itself
    move       one operation for each person; those who cannot be moved keep what they have and are listed
    give_back  what is really free of the old plan: returned now, scheduled for the renewal, or ended with the term
    close      the order's line, in one transaction

The ids of the operations it opens follow from its own, so that opening them again after a crash opens nothing twice.
Failed people are tried again by a further operation of this kind, for them alone (decision 0009).
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM, Actor
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.orders import swap_terms
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    buy_operation,
    carry_wishes,
    connections,
    move_operation,
    sending,
    swap_give_back,
    sync_tenant,
    transition_operation,
)

KIND = "swap"
LEFT = "people_left"
SEATS_KIND = "change_seats"
LONGEST_PAUSE = dt.timedelta(hours=1)
AWAIT_MOST = dt.timedelta(hours=4)
OPENED_AT_ONCE = 50
Way = swap_terms.Way


@dataclass(frozen=True, kw_only=True)
class _Job:
    """The swap with what belongs to this round of it: all its people at first, the failed ones when tried again."""

    order: order_queries.OrderRow
    quoted: swap_terms.Calculation
    tenant: customers.TenantRow
    root_id: uuid.UUID
    people: tuple[swap_terms.Person, ...]

    @property
    def swap(self) -> swap_terms.Swap:
        return self.quoted.swap


def acquire_id(*, root_id: uuid.UUID) -> uuid.UUID:
    """The id of the operation that brings the new seats; `root_id` is that of the swap's first operation."""
    return uuid.uuid5(root_id, "acquire")


def move_id(*, operation_id: uuid.UUID, person: str) -> uuid.UUID:
    """The id of the operation that moves this person in the round of that operation."""
    return uuid.uuid5(operation_id, f"move:{person.lower()}")


def _job(view: OperationView) -> _Job:
    order = order_queries.order(seen_by=SYSTEM, order_id=uuid.UUID(view.intent["order_id"]))
    quoted = swap_terms.from_json(order.calculation)
    wanted = set(view.intent["people"])
    return _Job(
        order=order,
        quoted=quoted,
        tenant=customers.tenant(seen_by=SYSTEM, tenant_id=quoted.swap.tenant_id),
        root_id=uuid.UUID(view.intent["root_id"]),
        people=tuple(person for person in quoted.swap.people if person.key in wanted),
    )


def _pause(view: OperationView, *, at: dt.datetime, why: str) -> engine.Again:
    """Look again soon at first, then ever later: waiting costs next to nothing, and a run is a run."""
    waited = at - view.created_at
    return engine.Again(at=at + max(sending.LOOK_AGAIN, min(waited / 8, LONGEST_PAUSE)), why=why)


def acquire(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Open what brings the new seats and wait for its end; refused, the whole swap ends and nobody is moved."""
    job = _job(view)
    if job.swap.way is Way.FREE:
        return engine.Next()
    child_id = acquire_id(root_id=job.root_id)
    child = operation_queries.views(operation_ids=[child_id]).get(child_id)
    if child is None:
        with transaction.atomic(durable=True):
            operations.note_progress(operation_id=view.id, fence=view.fence, at=at, acquire=str(child_id))
            _open_acquire(view, job, child_id, at=at)
            checkpoint("intent.before_commit")
        checkpoint("intent.committed")
        return engine.Again(at=at, why="The new seats are being got.")
    if child.state == "refused":
        return _close(view, job, refusal="seats_refused", at=at)
    return engine.Next() if child.state == "done" else _pause(view, at=at, why="The new seats are being got.")


def _open_acquire(view: OperationView, job: _Job, child_id: uuid.UUID, *, at: dt.datetime) -> None:
    if job.swap.way is Way.BUY:
        bought = tuple(line for line in job.quoted.lines if line.purchase is not None)
        calculation = replace(frozen.from_json(job.order.calculation), lines=bought)
        customer = customers.customer(seen_by=SYSTEM, customer_id=job.order.customer_id)
        buy_operation.open_purchase(by=SYSTEM, operation_id=child_id, customer=customer, calculation=calculation, at=at)
        return
    swap = job.swap
    is_transition = swap.way in swap_terms.TRANSITIONS
    side = swap.source if is_transition else swap.target
    intent: dict[str, Any] = {
        "subscription_id": str(side.subscription_id),
        "tenant_id": str(swap.tenant_id),
        "vendor_subscription_id": side.vendor_subscription_id,
    }
    if is_transition:
        intent |= {
            "way": swap.way.value,
            "offer_key": swap.target.offer_key,
            "to_subscription_id": str(swap.target.subscription_id),
            "to_vendor_subscription_id": swap.target.vendor_subscription_id,
            "seats": swap.seats,
            "stored": {
                str(row.subscription_id): carry_wishes.stored(row)
                for row in holdings.by_ids(subscription_ids=[swap.source.subscription_id, swap.target.subscription_id])
            },
        }
    else:
        (target,) = holdings.by_ids(subscription_ids=[side.subscription_id])
        intent |= {"seats_before": swap.target.seats, "seats_after": swap.target.seats + swap.seats}
        intent["stored"] = carry_wishes.stored(target)
    operations.open_operation(
        operation_id=child_id,
        kind=transition_operation.KIND if is_transition else SEATS_KIND,
        lease_key=connections.lease_of_subscription(
            vendor_key=job.tenant.vendor_key, vendor_subscription_id=side.vendor_subscription_id
        ),
        intent=intent,
        policy_version=job.quoted.policy_version,
        request_id=uuid.uuid5(child_id, "request"),
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        by=SYSTEM,
        due_at=at,
        deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
        at=at,
    )


def wait(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Wait until the new seats can be assigned, and after a full transition until the vendor has moved licences.

    Not for ever: people are then moved one by one as far as it goes, and each says what is in the way.
    """
    if view.progress.get("awaited"):
        return engine.Next()
    job = _job(view)
    since = view.progress.get("waiting_since")
    if since is None:
        operations.note_progress(operation_id=view.id, fence=view.fence, at=at, waiting_since=at.isoformat())
        since = at.isoformat()
    is_ready = _has_vendor_moved(job, at=at) if job.swap.way is Way.FULL else _is_free(job, at=at)
    if not is_ready and at < dt.datetime.fromisoformat(since) + AWAIT_MOST:
        return _pause(view, at=at, why="The new seats cannot be assigned yet.")
    operations.note_progress(operation_id=view.id, fence=view.fence, at=at, awaited=True)
    return engine.Next()


def _is_free(job: _Job, *, at: dt.datetime) -> bool:
    needed = sum(person.needs_seat for person in job.people)
    pools = connections.vendor_of(job.tenant).list_pools(tenant=connections.reference(job.tenant), at=at)
    free = [pool.enabled - pool.consumed for pool in pools if pool.sku_id.lower() == job.swap.target.sku_id]
    return needed == 0 or (bool(free) and free[0] >= needed)


def _has_vendor_moved(job: _Job, *, at: dt.datetime) -> bool:
    found = connections.vendor_of(job.tenant).list_transitions(
        tenant=connections.reference(job.tenant),
        subscription_id=job.swap.source.vendor_subscription_id,
        at=at,
    )
    return bool(found) and found[-1].licences in ("completed", "failed")


def move(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Open the moves of all people and wait until each has ended, one way or the other."""
    job = _job(view)
    ids = {person.key: move_id(operation_id=view.id, person=person.key) for person in job.people}
    found = operation_queries.views(operation_ids=list(ids.values()))
    missing = [person for person in job.people if ids[person.key] not in found]
    if missing:
        with transaction.atomic(durable=True):
            operations.note_progress(operation_id=view.id, fence=view.fence, at=at, moves_opened_at=at.isoformat())
            for person in missing[:OPENED_AT_ONCE]:
                _open_move(view, job, person, ids[person.key], at=at)
            checkpoint("intent.before_commit")
        checkpoint("intent.committed")
        return engine.Again(at=at, why="People are being moved.")
    if all(child.is_finished for child in found.values()):
        return engine.Next()
    return _pause(view, at=at, why="People are being moved.")


def _open_move(
    view: OperationView, job: _Job, person: swap_terms.Person, child_id: uuid.UUID, *, at: dt.datetime
) -> None:
    operations.open_operation(
        operation_id=child_id,
        kind=move_operation.KIND,
        lease_key=move_operation.lease_of(
            vendor_key=job.tenant.vendor_key, tenant_id=job.tenant.tenant_id, person=person.key
        ),
        intent=move_operation.intent(
            tenant_id=job.tenant.tenant_id,
            order_id=job.order.order_id,
            person=person.key,
            name=person.name,
            old_sku_id=job.swap.source.sku_id,
            new_sku_id=job.swap.target.sku_id,
        ),
        policy_version=job.quoted.policy_version,
        request_id=uuid.uuid5(child_id, "request"),
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        by=SYSTEM,
        due_at=at,
        deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
        at=at,
    )


def moved_people(view: OperationView, people: Sequence[swap_terms.Person]) -> tuple[swap_terms.Person, ...]:
    """Those of the people whose move in this round was verified."""
    ids = {person.key: move_id(operation_id=view.id, person=person.key) for person in people}
    found = operation_queries.views(operation_ids=list(ids.values()))
    return tuple(person for person in people if ids[person.key] in found and found[ids[person.key]].state == "done")


def give_back(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Give back what the moved people have left, as far as it is really free; a transition leaves nothing."""
    job = _job(view)
    if job.swap.way in swap_terms.TRANSITIONS:
        return engine.Next()
    moved = len(moved_people(view, job.people))
    return swap_give_back.step(view=view, order=job.order, quoted=job.quoted, tenant=job.tenant, moved=moved, at=at)


def close(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """End the order's line: done when everybody moved, partly done when some did, refused when nothing came of it."""
    job = _job(view)
    sync_tenant.request(by=SYSTEM, customer_id=job.order.customer_id, at=at)
    return _close(view, job, refusal="", at=at)


def _close(view: OperationView, job: _Job, *, refusal: str, at: dt.datetime) -> engine.StepResult:
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        hold_still(view=view)
        state = _end(view, job, by=SYSTEM, refusal=refusal, at=at)
        operations.finish(
            operation_id=view.id,
            fence=view.fence,
            state="refused" if state == "refused" else "done",
            at=at,
            note=refusal,
        )
    checkpoint("record.committed")
    swap_give_back.settle_drifts(job.quoted, at=at)
    return engine.Finished()


def hold_still(*, view: OperationView) -> None:
    """Lock what the end of a swap writes: the subscription that is left, then the order."""
    subscriptions.hold_still(subscription_ids=[uuid.UUID(view.intent["subscription_id"])])
    orders.hold_still(operation_id=view.id)


def book(*, view: OperationView, by: Actor, at: dt.datetime) -> None:
    """End the order's line as far as the swap has come, in the caller's transaction."""
    _end(view, _job(view), by=by, refusal="", at=at)


def refuse(*, view: OperationView, by: Actor, refusal: str, at: dt.datetime) -> None:
    """End the order's line as refused, in the caller's transaction; what was moved stays moved."""
    _end(view, _job(view), by=by, refusal=refusal, at=at)


def _end(view: OperationView, job: _Job, *, by: Actor, refusal: str, at: dt.datetime) -> str:
    """End the line, and return the state that it has come to."""
    moved = len(moved_people(view, job.people))
    if refusal:
        state = "refused"
    elif moved == len(job.people):
        state = "done"
    else:
        # Seats that were converted or bought are there even if nobody could be moved to them.
        state = "partly_done" if moved or job.swap.way is not Way.FREE else "refused"
        refusal = LEFT
    orders.end_line(operation_id=view.id, state=state, refusal=refusal, mends=LEFT if state == "done" else "", at=at)
    audit.record(
        by=by,
        action=f"swap.{state}",
        subject_kind="order",
        subject_id=job.order.order_id,
        before={},
        after={"people": len(job.people), "moved": moved, "refusal": refusal},
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )
    return state


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(
        engine.Kind(
            name=KIND,
            steps=(
                ("acquire", acquire),
                ("await", wait),
                ("move", move),
                ("give_back", give_back),
                ("close", close),
            ),
        )
    )
