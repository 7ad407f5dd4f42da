"""The durable steps by which the vendor itself turns seats of one plan into seats of another (reference 5.4).

    submit    judge on what the vendor offers now, note what was there before, send once
    confirm   find the transition again in the vendor's list, wait until it is worked off, look at what came of it
    record    both subscriptions, charges, order line and audit in one transaction, all carrying the operation's id

A transition cannot be undone and a repeated part would move twice, so an unclear send is settled by the vendor's list:
what was not on it before and fits is ours. While one is open, a reading of the tenant leaves what it makes alone.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from django.db import transaction

from seatwright.access.actors import SYSTEM
from seatwright.catalogue import naming
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import swap_terms
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import connections, renew_terms, sending, transition_booking, wishes

KIND = "transition"
PATIENCE = dt.timedelta(hours=48)
ABSENT, WORKING, FAILED = "absent", "working", "failed"
Way = swap_terms.Way


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What the steps need to know."""

    swap: swap_terms.Swap
    vendor: port.Vendor
    ref: port.TenantRef

    @property
    def source_key(self) -> str:
        return self.swap.source.vendor_subscription_id

    @property
    def product(self) -> tuple[str, str]:
        """Product and SKU that the seats become, as the vendor names them."""
        parts = naming.offer_key(self.swap.target.offer_key)
        assert parts is not None
        return parts.product_id.upper(), parts.vendor_sku_id.upper()

    def read(self, key: str, at: dt.datetime) -> port.VendorSubscription:
        return self.vendor.read_subscription(tenant=self.ref, subscription_id=key, at=at)

    def listed(self, at: dt.datetime) -> list[port.Transition]:
        """The vendor's transitions of the source that fit what was asked for."""
        found = self.vendor.list_transitions(tenant=self.ref, subscription_id=self.source_key, at=at)
        return [
            each
            for each in found
            if _product_of(each.to_catalogue_id) == self.product and each.quantity in (None, self.swap.seats)
        ]


def _product_of(catalogue_id: str) -> tuple[str, str]:
    product_id, _, rest = catalogue_id.upper().partition(":")
    return product_id, rest.partition(":")[0]


def _job(view: OperationView) -> _Job:
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=uuid.UUID(view.intent["tenant_id"]))
    return _Job(
        swap=transition_booking.swap_of(view), vendor=connections.vendor_of(tenant), ref=connections.reference(tenant)
    )


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Send the transition once, unless it was sent before; judged on what the vendor offers at this moment."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    job = _job(view)
    checkpoint("submit.before_look")
    if view.progress.get("sends") and _found(view, job, at=at) != ABSENT:
        # An earlier send, thought absent, has become visible after all; it is ours and is not sent again.
        return engine.Next()
    seen = job.read(job.source_key, at)
    refusal = _why_not_now(job, seen, at=at)
    if refusal:
        return _refuse(view, refusal, at=at)
    if _is_busy(job.swap, view):
        return _later(view, "Another change of the receiving subscription is under way.", at=at)
    offered = job.vendor.transition_targets(tenant=job.ref, subscription_id=job.source_key, is_scheduled=False, at=at)
    target = next((each for each in offered if _product_of(each.catalogue_id) == job.product), None)
    refusal = _why_closed(job.swap, target)
    if refusal or target is None:
        return _refuse(view, refusal, at=at)
    if "known" not in view.progress:
        # Told apart by what was there before the first send; a second one must not take the first for something old.
        operations.note_progress(operation_id=view.id, fence=view.fence, at=at, **_known(job, at=at))
    is_merge = job.swap.way is Way.MERGE
    return sending.send(
        view,
        call=lambda: job.vendor.start_transition(
            tenant=job.ref,
            subscription_id=job.source_key,
            to_catalogue_id=target.catalogue_id,
            to_subscription_id=job.swap.target.vendor_subscription_id if is_merge else None,
            quantity=job.swap.seats,
            term=job.swap.source.term,
            billing_cycle=job.swap.source.billing_plan,
            with_licence_transfer=job.swap.way is Way.FULL and target.moves_licences,
            request_id=view.request_id,
            at=at,
        ),
        refuse=lambda refused: _refuse(view, f"vendor_{refused.reason}", at=at),
        at=at,
    )


def _why_not_now(job: _Job, seen: port.VendorSubscription, *, at: dt.datetime) -> str:
    if at.astimezone(dt.UTC).date() >= job.swap.source.commitment_end_on:
        return "term_over"
    if seen.status != "active":
        return "not_active"
    is_other = (seen.product_id.upper(), seen.vendor_sku_id.upper()) == job.product
    return "changed_elsewhere" if is_other or seen.quantity != job.swap.source.seats else ""


def _is_busy(swap: swap_terms.Swap, view: OperationView) -> bool:
    """Whether something else is changing the subscription that takes the seats in (invariant 19)."""
    if swap.way is not Way.MERGE:
        return False
    vendor_key = view.lease_key.partition(":")[0]
    lease = connections.lease_of_subscription(
        vendor_key=vendor_key, vendor_subscription_id=swap.target.vendor_subscription_id
    )
    return operation_queries.is_open(lease_key=lease)


def _why_closed(swap: swap_terms.Swap, target: port.TransitionTarget | None) -> str:
    """Why the vendor's way is closed at this moment; empty when it is open."""
    if target is None:
        return "no_path"
    if not target.is_possible:
        return f"transition_{target.problems[0].reason}" if target.problems else "no_path"
    if swap.way is not Way.MERGE:
        return ""
    into = next((each for each in target.into if each.subscription_id == swap.target.vendor_subscription_id), None)
    if into is None:
        return "transition_no_way"
    return "" if into.is_possible else f"target_{into.problems[0].reason if into.problems else 'other'}"


def _known(job: _Job, *, at: dt.datetime) -> dict[str, object]:
    """What is there before the send: by it, what the send makes is told from everything else."""
    return {
        "known": [each.operation_id for each in job.listed(at)],
        "subscriptions": [
            each.subscription_id.lower() for each in job.vendor.list_subscriptions(tenant=job.ref, at=at)
        ],
        "into_before": job.read(job.swap.target.vendor_subscription_id, at).quantity
        if job.swap.way is Way.MERGE
        else 0,
    }


def _found(view: OperationView, job: _Job, *, at: dt.datetime) -> str:
    """What the vendor shows of the send: ABSENT, WORKING, FAILED, or the id of the subscription that has the seats now.

    It is ours when it fits and was not listed before, the latest of several. A list that lags does not hide it: what
    the subscriptions show counts as well.
    """
    ours = [each for each in job.listed(at) if each.operation_id not in view.progress["known"]]
    if ours and ours[-1].status != "completed":
        return FAILED if ours[-1].status == "failed" else WORKING
    return _reached(view, job, at=at) or (WORKING if ours else ABSENT)


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Find the transition, wait for it, and look at what came of it; send again only once absence is proven."""
    if view.progress.get("confirmed_at"):
        return engine.Next()
    job = _job(view)
    checkpoint("confirm.before_look")
    found = _found(view, job, at=at)
    checkpoint("confirm.after_look")
    if found == ABSENT:
        return sending.look_again(view, at=at)
    if view.answered_at is None:
        operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, answer="found at the vendor")
    if found == FAILED:
        return _refuse(view, "transition_failed", at=at)
    # The vendor's time begins with the call, which may have been made long after the order.
    if found == WORKING and at >= (view.sent_at or view.created_at) + PATIENCE:
        return engine.Park(reason="transition_stuck", note="The vendor took the change and does not finish it.")
    if found == WORKING:
        return _later(view, "The vendor works on the change.", at=at)
    operations.note_progress(operation_id=view.id, fence=view.fence, at=at, reached=found, confirmed_at=at.isoformat())
    checkpoint("confirm.noted")
    return engine.Next()


def _later(view: OperationView, why: str, *, at: dt.datetime) -> engine.Again:
    pause = max(sending.LOOK_AGAIN, min((at - view.created_at) / 8, sending.LOOK_AGAIN_MOST))
    return engine.Again(at=at + pause, why=why)


def _reached(view: OperationView, job: _Job, *, at: dt.datetime) -> str | None:
    """The vendor's id of the subscription that has the seats now; None as long as not all of it shows."""
    swap = job.swap
    source = job.read(job.source_key, at)
    if swap.way is Way.FULL:
        is_there = (source.product_id.upper(), source.vendor_sku_id.upper()) == job.product
        seats = _seats_before(swap.source, source, known=swap.seats)
        return job.source_key if is_there and source.quantity in seats else None
    if source.quantity + swap.seats not in _seats_before(swap.source, source, known=swap.source.seats):
        return None
    if swap.way is Way.MERGE:
        target = job.read(swap.target.vendor_subscription_id, at)
        before = _seats_before(swap.target, target, known=view.progress["into_before"])
        return target.subscription_id.lower() if target.quantity - swap.seats in before else None
    # Both sides may have been renewed together before the new one was seen.
    ends = {swap.source.commitment_end_on, source.commitment_end_on}
    born = [
        each
        for each in job.vendor.list_subscriptions(tenant=job.ref, at=at)
        if each.subscription_id.lower() not in view.progress["subscriptions"]
        and (each.product_id.upper(), each.vendor_sku_id.upper()) == job.product
        and each.quantity == swap.seats
        and each.commitment_end_on in ends
    ]
    return born[0].subscription_id.lower() if born else None


def _seats_before(side: swap_terms.Side, shown: port.VendorSubscription, *, known: int) -> set[int]:
    """The seats that a side can have had before the vendor moved some: those `known`, or what its renewal brought."""
    (row,) = holdings.by_ids(subscription_ids=[side.subscription_id])
    is_renewed = shown.commitment_end_on not in (None, side.commitment_end_on)
    return {known, row.seats, wishes.expected_seats(row), wishes.seats_to_come(row)} if is_renewed else {known}


def record(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Read both sides once more and book what was confirmed, as quoted, in one transaction."""
    job = _job(view)
    reached = str(view.progress["reached"])
    keys = [job.source_key] if job.swap.way is Way.FULL else [job.source_key, reached]
    seen = {key: job.read(key, at) for key in keys}
    if job.swap.way is not Way.FULL:
        _enter_renewals(job.swap, seen, at=at)
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        transition_booking.book(view=view, by=SYSTEM, seen=seen, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def _enter_renewals(swap: swap_terms.Swap, seen: dict[str, port.VendorSubscription], *, at: dt.datetime) -> None:
    """Enter first what a renewal brought that was seen together with the move only: the seats that were wished for."""
    moved = _moved(swap)
    for row in holdings.by_ids(subscription_ids=list(moved)):
        expected, shown = wishes.expected_seats(row), seen[row.vendor_subscription_id]
        is_unread = row.seats != expected == shown.quantity - moved[row.subscription_id]
        if is_unread and renew_terms.is_renewed(row=row, seen=shown, at=at):
            customer = customers.customer(seen_by=SYSTEM, customer_id=row.customer_id)
            renewed = replace(shown, quantity=expected)
            renew_terms.enter(customer=customer, row=row, seen=renewed, expected_seats=expected, at=at)


def _moved(swap: swap_terms.Swap) -> dict[uuid.UUID, int]:
    """How many seats come to each subscription in the books, fewer than 0 where they leave it."""
    moved = {swap.source.subscription_id: -swap.seats}
    return moved | {swap.target.subscription_id: swap.seats} if swap.way is Way.MERGE else moved


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    with transaction.atomic(durable=True):
        transition_booking.refuse(view=view, by=SYSTEM, refusal=refusal, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def makes(*, customer_id: uuid.UUID, seen: port.VendorSubscription) -> bool:
    """Whether a transition under way may have made this subscription, so that no reading enters it on its own."""
    for view in operation_queries.open_views(kind=KIND, customer_id=customer_id):
        parts = naming.offer_key(view.intent["offer_key"])
        is_that = parts is not None and (parts.product_id.upper(), parts.vendor_sku_id.upper()) == (
            seen.product_id.upper(),
            seen.vendor_sku_id.upper(),
        )
        if is_that and seen.subscription_id.lower() not in view.progress.get("subscriptions", ()):
            return True
    return False


def holds_up(*, row: holdings.HoldingRow) -> bool:
    """Whether a renewal can only be entered once a transition under way is booked.

    The vendor makes the whole subscription another one, or moves seats before or after the renewal: which of the two
    brought the number that it shows is known when the move has been found.
    """
    views = operation_queries.open_views(kind=KIND, customer_id=row.customer_id)
    return any(row.subscription_id in _moved(transition_booking.swap_of(view)) for view in views)


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm), ("record", record))))
