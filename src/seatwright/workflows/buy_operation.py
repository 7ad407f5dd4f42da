"""The durable steps of a purchase: a cart is made and noted, checked out once, and followed until it can be booked.

    submit    judge once more with the vendor (agreement, availability, promotion), note a cart, check it out once
    confirm   the cart and the order tell what came of it; the subscription is read back when the order has brought it
    record    subscription, term with its frozen price, first lot, charges, order line and audit in one transaction

A cart is a token that can be spent once: to make another one is harmless, and after any doubt the noted one is asked
(reliability.md, finding 3). No transaction is open while the vendor is asked (law 2).
"""

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.db import transaction

from seatwright.access import identifiers
from seatwright.access.actors import SYSTEM, Actor
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.vendors import port
from seatwright.workflows import agreement_operation, buy_booking, buy_limits, buy_orders, pricing, sending, sync_tenant

KIND = buy_limits.KIND
CARTS_MOST = 5
READ_AFTER = dt.timedelta(minutes=1)
STALE_CART = ("cart_gone", "catalogue_changed")
ENDED_ORDERS = ("cancelled", "error", "po_review_rejected", "suspended")


def open_purchase(
    *,
    by: Actor,
    operation_id: uuid.UUID,
    customer: customers.CustomerRow,
    calculation: frozen.Calculation,
    at: dt.datetime,
) -> None:
    """Open the operation that buys the one line of `calculation`, in the caller's transaction.

    The line has a `purchase` (made by `buy_pricing.price`), and the transaction adds an order line with this
    operation's id and the line's subscription id. The operation ends that order line itself. It has succeeded when its
    state is `done`: then the subscription with the line's `subscription_id` is in the books with its seats and its
    price, and the charges of the line are posted. `refused` means that nothing was bought and nothing is charged;
    `parked` that a person must look, who ends it as one of the two. The licences' pool may show up later still.
    """
    (line,) = calculation.lines
    assert line.purchase is not None, "only what is not held yet is bought"
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=line.purchase.tenant_id)
    operations.open_operation(
        operation_id=operation_id,
        kind=KIND,
        lease_key=f"{tenant.vendor_key}:purchase:{line.subscription_id}",
        intent={"calculation": frozen.to_json(calculation), "tenant_id": str(tenant.tenant_id), "seats_before": 0},
        policy_version=calculation.policy_version,
        request_id=identifiers.new_id(),
        reseller_id=customer.reseller_id,
        customer_id=customer.customer_id,
        by=by,
        due_at=at,
        deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
        at=at,
    )


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Check a noted cart out once, unless that was done before; judged on what the vendor shows at this moment."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    job = buy_booking.job_of(view)
    checkpoint("submit.before_look")
    cart_id = view.progress.get("cart_id", "")
    if cart_id and _status_of(job, cart_id, at=at) == "ordered":
        # An earlier checkout, thought absent, has become visible after all; it is ours and is not sent again.
        return engine.Next()
    looked = _look(view, job, at=at)
    if not isinstance(looked, str):
        return looked
    made = cart_id or _make_cart(view, job, catalogue_id=looked, at=at)
    if not isinstance(made, str):
        return made
    return _check_out(view, job, cart_id=made, at=at)


def _status_of(job: buy_booking.Job, cart_id: str, *, at: dt.datetime) -> str:
    """The state of the cart; empty when the vendor does not keep it."""
    try:
        return job.vendor.read_cart(tenant=job.ref, cart_id=cart_id, at=at).status
    except port.VendorMissing:
        return ""


def _look(view: OperationView, job: buy_booking.Job, *, at: dt.datetime) -> str | engine.StepResult:
    """The catalogue id to buy under now, or why it cannot be bought at this moment."""
    if at.astimezone(dt.UTC).date() != job.bought.start_on:
        # Another day makes another term and another price than the one agreed to.
        return _refuse(view, "day_over", at=at)
    if not job.vendor.agreement_status(tenant=job.ref, at=at).is_accepted:
        if agreement_operation.is_under_way(tenant_id=job.tenant.tenant_id):
            return _later(view, "The customer's agreement is being recorded first.", at=at)
        return _refuse(view, "agreement_missing", at=at)
    catalogue_id = job.vendor.availability(
        tenant=job.ref,
        product_id=job.offer.product_id,
        vendor_sku_id=job.offer.vendor_sku_id,
        term=job.offer.term,
        billing_cycle=job.offer.billing_plan,
        segment=job.offer.segment,
        at=at,
    )
    if catalogue_id is None:
        return _refuse(view, "vendor_not_for_sale", at=at)
    if job.bought.promotion_id:
        verdict = job.vendor.promotion_eligibility(
            tenant=job.ref,
            catalogue_id=catalogue_id,
            quantity=job.line.seats_after,
            term=job.offer.term,
            billing_cycle=job.offer.billing_plan,
            promotion_id=job.bought.promotion_id,
            at=at,
        )
        if verdict.refused is not None:
            return _refuse(view, f"vendor_{verdict.refused.reason}", at=at)
    return catalogue_id


def _make_cart(
    view: OperationView, job: buy_booking.Job, *, catalogue_id: str, at: dt.datetime
) -> str | engine.StepResult:
    """Make a cart and note its id before it is checked out; without an answer another one is made later."""
    number = int(view.progress.get("carts", 0))
    outcome = job.vendor.create_cart(
        tenant=job.ref,
        lines=[
            port.CartLine(
                catalogue_id=catalogue_id,
                quantity=job.line.seats_after,
                term=job.offer.term,
                billing_cycle=job.offer.billing_plan,
                promotion_id=job.bought.promotion_id,
                custom_end_on=job.custom_end_on,
            )
        ],
        request_id=uuid.uuid5(view.request_id, f"cart:{number}"),
        at=at,
    )
    match outcome:
        case port.Cart(problems=(), cart_id=cart_id):
            operations.note_progress(operation_id=view.id, fence=view.fence, at=at, cart_id=cart_id, carts=number + 1)
            return cart_id
        case port.Cart(problems=(problem, *_)):
            return _refuse(view, f"vendor_{problem.reason}", at=at)
        case port.Later(at=look_at):
            return engine.Again(at=look_at, why="The vendor has not made the cart yet.")
        case port.Unclear(why=why):
            return engine.Again(at=at + engine.backoff(view=view), why=why, is_trouble=True)
        case port.Refused(reason="not_sent" | "throttled" | "operation_pending" as reason, retry_at=retry_at):
            return engine.Again(at=retry_at or at + engine.backoff(view=view), why=reason, is_trouble=True)
        case port.Refused(reason="denied"):
            return engine.Park(reason="vendor_denied", note=outcome.safe_text)
        case port.Refused(reason=reason):
            return _refuse(view, f"vendor_{reason}", at=at)
    raise AssertionError(outcome)


def _check_out(view: OperationView, job: buy_booking.Job, *, cart_id: str, at: dt.datetime) -> engine.StepResult:
    def call() -> port.Outcome:
        outcome = _checkout(view, job, cart_id, at=at)
        if not isinstance(outcome, port.Bought):
            return outcome
        _note_order(view, outcome, at=at)
        return port.Done(seen=None, request_ref=outcome.request_ref)

    def refuse(refused: port.Refused) -> engine.StepResult:
        if refused.reason not in STALE_CART or int(view.progress.get("carts", 0)) >= CARTS_MOST:
            return _refuse(view, f"vendor_{refused.reason}", at=at)
        operations.note_progress(operation_id=view.id, fence=view.fence, at=at, cart_id="")
        operations.mark_not_sent(operation_id=view.id, fence=view.fence, at=at, note=refused.reason)
        return engine.Again(at=at, why="The cart was too old; another one is made.", is_trouble=True)

    return sending.send(view, call=call, refuse=refuse, at=at)


def _checkout(view: OperationView, job: buy_booking.Job, cart_id: str, *, at: dt.datetime) -> port.CheckoutOutcome:
    return job.vendor.checkout(
        tenant=job.ref, cart_id=cart_id, request_id=uuid.uuid5(view.request_id, f"checkout:{cart_id}"), at=at
    )


def _note_order(view: OperationView, outcome: port.Bought, *, at: dt.datetime) -> None:
    operations.note_progress(operation_id=view.id, fence=view.fence, at=at, order_id=outcome.orders[0].order_id)


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Follow the order until it has brought the subscription; send again only once the cart proves absence."""
    if view.progress.get("confirmed_at"):
        return engine.Next()
    job = buy_booking.job_of(view)
    checkpoint("confirm.before_look")
    order_id = view.progress.get("order_id", "")
    if not order_id:
        return _find_order(view, job, at=at)
    try:
        order = job.vendor.read_order(tenant=job.ref, order_id=order_id, at=at)
        if order.status in ENDED_ORDERS:
            return engine.Park(reason="order_failed", note=f"The vendor shows its order {order_id} as {order.status}.")
        subscription_id = order.lines[0].subscription_id if order.lines else ""
        if order.status != "completed" or not subscription_id:
            return _later(view, "The vendor is setting the subscription up.", at=at)
        seen = job.vendor.read_subscription(tenant=job.ref, subscription_id=subscription_id, at=at)
    except port.VendorMissing:
        return _later(view, "What was bought does not show at the vendor yet.", at=at)
    checkpoint("confirm.after_look")
    if seen.status == "pending":
        return _later(view, "The vendor is setting the subscription up.", at=at)
    return _compare(view, job, seen, at=at)


def _later(view: OperationView, why: str, *, at: dt.datetime) -> engine.StepResult:
    """Look again after an eighth of the time that it has taken so far."""
    since = view.sent_at or view.created_at
    pause = max(sending.LOOK_AGAIN, min((at - since) / 8, sending.LOOK_AGAIN_MOST))
    return engine.Again(at=at + pause, why=why)


def _find_order(view: OperationView, job: buy_booking.Job, *, at: dt.datetime) -> engine.StepResult:
    """Which order the noted cart became, when the checkout's answer was lost.

    A spent cart answers with its result when it is checked out again; where it does not, or is not kept any more, the
    customer's orders tell.
    """
    cart_id = view.progress["cart_id"]
    status = _status_of(job, cart_id, at=at)
    checkpoint("confirm.after_look")
    if status == "active":
        return sending.look_again(view, at=at)
    order_id = _named_order(view, job, cart_id, at=at) if status == "ordered" else ""
    if not order_id and (status == "ordered" or sending.is_settled(view, at=at)):
        order_id = buy_orders.made_by(view, job, at=at)
    if order_id:
        operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, answer="done", order_id=order_id)
        return engine.Again(at=at, why="The vendor has named the order.")
    if at >= view.deadline_at:
        return engine.Park(reason="deadline_passed", note="The cart was checked out, and no order is known for it.")
    return _later(view, "The vendor has not named the order yet.", at=at)


def _named_order(view: OperationView, job: buy_booking.Job, cart_id: str, *, at: dt.datetime) -> str:
    """The order that a spent cart names when it is checked out again; empty when it does not."""
    outcome = _checkout(view, job, cart_id, at=at)
    return outcome.orders[0].order_id if isinstance(outcome, port.Bought) else ""


def _compare(
    view: OperationView, job: buy_booking.Job, seen: port.VendorSubscription, *, at: dt.datetime
) -> engine.StepResult:
    """Note what was bought; anything else than what was agreed to waits for a person, whom nobody charges meanwhile."""
    facts = {"vendor_subscription_id": seen.subscription_id, "seen": _seen_json(seen)}
    different = _differences(job, seen)
    if different:
        operations.note_progress(operation_id=view.id, fence=view.fence, at=at, **facts)
        return engine.Park(reason="bought_otherwise", note=" ".join(different))
    operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, confirmed_at=at.isoformat(), **facts)
    checkpoint("confirm.noted")
    return engine.Next()


def _differences(job: buy_booking.Job, seen: port.VendorSubscription) -> list[str]:
    """In which points the vendor's subscription is not the one that was quoted."""
    pairs: dict[str, tuple[object, object]] = {
        "seats": (seen.quantity, job.line.seats_after),
        "product": (
            f"{seen.product_id}:{seen.vendor_sku_id}".upper(),
            f"{job.offer.product_id}:{job.offer.vendor_sku_id}".upper(),
        ),
        "term": (seen.term, job.offer.term),
        "billing": (seen.billing_cycle, job.offer.billing_plan),
        "start": (seen.effective_start_on, job.bought.start_on),
        "end": (seen.commitment_end_on, job.line.commitment_end_on),
    }
    if seen.status not in pricing.LIVE_STATES:
        pairs["state"] = (seen.status, "active")
    if job.bought.promotion_id:
        pairs["promotion"] = (seen.promotion_id.upper(), job.bought.promotion_id.upper())
    return [f"The vendor shows {name} {one}, not {other}." for name, (one, other) in pairs.items() if one != other]


def _seen_json(seen: port.VendorSubscription) -> dict[str, Any]:
    """What the books need of the vendor's answer, as JSON."""
    return {
        "status": seen.status,
        "seats": seen.quantity,
        "auto_renew": seen.auto_renew,
        "start_on": seen.effective_start_on.isoformat() if seen.effective_start_on else "",
        "end_on": seen.commitment_end_on.isoformat() if seen.commitment_end_on else "",
        "returnable": None
        if seen.returnable is None
        else [[batch.quantity, batch.until.isoformat()] for batch in seen.returnable],
        "cancellable_until": seen.cancellable_until.isoformat() if seen.cancellable_until else "",
        "end_of_term": "" if seen.end_of_term is None else str(seen.end_of_term),
    }


def record(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Book what was bought, as quoted, and the operation's end together."""
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        tenant = buy_booking.book(view=view, by=SYSTEM, at=at)
        # The directory shows the licences some time after they were bought.
        sync_tenant.request_later(tenant=tenant, due_at=at + READ_AFTER, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    with transaction.atomic(durable=True):
        buy_booking.refuse(view=view, by=SYSTEM, refusal=refusal, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm), ("record", record))))
