"""The three durable steps of a seat change, each written so that running it again after a crash does nothing twice.

    submit    judge once more at the moment of sending, note that we send, send once
    confirm   read back; an unclear send is settled here, after the vendor's settle window
    record    seats, charges, order line and audit in one transaction, all carrying the operation's id

No transaction is open while the vendor is asked (law 2).
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM, Actor
from seatwright.billing import changes as billing
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.rules import windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import carry_wishes, connections, pricing, readings, rebase_wishes, sending


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What the steps need to know of the operation's subscription and wish."""

    subscription_id: uuid.UUID
    vendor_subscription_id: str
    tenant: customers.TenantRow
    vendor: port.Vendor
    before: int
    after: int

    def read(self, at: dt.datetime) -> port.VendorSubscription:
        return self.vendor.read_subscription(
            tenant=connections.reference(self.tenant), subscription_id=self.vendor_subscription_id, at=at
        )


def _job(view: OperationView) -> _Job:
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=uuid.UUID(view.intent["tenant_id"]))
    return _Job(
        subscription_id=uuid.UUID(view.intent["subscription_id"]),
        vendor_subscription_id=view.intent["vendor_subscription_id"],
        tenant=tenant,
        vendor=connections.vendor_of(tenant),
        before=view.intent["seats_before"],
        after=view.intent["seats_after"],
    )


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Send the change once, unless it was sent before; a send without a noted answer is unclear, not repeated."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    job = _job(view)
    checkpoint("submit.before_look")
    seen = job.read(at)
    if view.progress.get("sends") and seen.quantity == job.after:
        # An earlier send, thought absent, has become visible after all; it is ours and is not sent again.
        return engine.Next()
    refusal = _why_not_now(view, job, seen, at=at)
    if refusal:
        return _refuse(view, refusal, at=at)
    return sending.send(
        view,
        call=lambda: job.vendor.set_seats(
            tenant=connections.reference(job.tenant),
            subscription_id=job.vendor_subscription_id,
            quantity=job.after,
            request_id=view.request_id,
            at=at,
        ),
        refuse=lambda refused: _refuse(view, f"vendor_{refused.reason}", at=at),
        at=at,
    )


def _why_not_now(view: OperationView, job: _Job, seen: port.VendorSubscription, *, at: dt.datetime) -> str:
    """Why the change may not be sent at this moment, judged on what the vendor shows now; empty when it may."""
    row = holdings.holding(seen_by=SYSTEM, subscription_id=job.subscription_id)
    if seen.status != "active":
        return "not_active"
    if seen.quantity != job.before:
        readings.take_in(row=row, seen=readings.reading(seen, ends_on=row.commitment_end_on), at=at)
        return "changed_elsewhere"
    customer = customers.customer(seen_by=SYSTEM, customer_id=job.tenant.customer_id)
    on = pricing.day_of(row, at=at, zone=customer.reseller_time_zone)
    if on >= _quoted(view)[1].commitment_end_on:
        return "term_over"
    if job.after > job.before:
        return ""
    policy = pricing.window_policy(vendor_key=job.tenant.vendor_key, on=on)
    says = None if seen.returnable is None else tuple((batch.quantity, batch.until) for batch in seen.returnable)
    open_now = windows.returnable(lots=pricing.seat_lots(row), vendor_says=says, at=at, policy=policy)
    if job.before - job.after > open_now.total:
        return "window_closed"
    ref = connections.reference(job.tenant)
    too_many = sending.takes_from_people(
        vendor=job.vendor, tenant=ref, sku_id=row.sku_id, seats=job.before - job.after, at=at
    )
    return "below_assigned" if too_many else ""


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Look at the vendor's state: there, go on; absent, wait, and send again only once absence is proven."""
    if view.progress.get("confirmed_at"):
        return engine.Next()
    job = _job(view)
    checkpoint("confirm.before_look")
    seen = job.read(at)
    checkpoint("confirm.after_look")
    if seen.quantity == job.after:
        operations.mark_answered(operation_id=view.id, fence=view.fence, at=at, confirmed_at=at.isoformat())
        _take_in_reading(job, seen, at=at)
        checkpoint("confirm.noted")
        return engine.Next()
    if seen.quantity != job.before:
        _take_in_reading(job, seen, at=at)
        return engine.Park(reason="third_value", note=f"The vendor shows {seen.quantity} seats.")
    return sending.look_again(view, at=at)


def _take_in_reading(job: _Job, seen: port.VendorSubscription, *, at: dt.datetime) -> None:
    row = holdings.holding(seen_by=SYSTEM, subscription_id=job.subscription_id)
    readings.take_in(row=row, seen=readings.reading(seen, ends_on=row.commitment_end_on), at=at)


def record(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Book what was confirmed, as quoted: seat ledger, charges, order line, audit and the operation's end together."""
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        book(view=view, by=SYSTEM, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def book(*, view: OperationView, by: Actor, at: dt.datetime) -> None:
    """The bookings of a change that happened, in the caller's transaction; the database refuses a second time."""
    hold_still(view=view)
    order, line = order_queries.order_of_operation(operation_id=view.id)
    quoted, priced = _quoted(view)
    held = holdings.holding(seen_by=SYSTEM, subscription_id=line.subscription_id)
    way = rebase_wishes.answered(intent=view.intent, row=held)
    shown = view.intent.get("stored")
    carry_over = carry_wishes.before_change(subscription_id=line.subscription_id, way=way, shown=shown)
    _book_seats(view, quoted, priced, at=at)
    carry_over(by=by, at=at)
    billing.post(
        operation_id=view.id,
        order_line_id=line.line_id,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        subscription_id=line.subscription_id,
        charges=[new_charge(quoted, priced, charge) for charge in priced.charges],
        at=at,
    )
    orders.end_line(operation_id=view.id, state="done", at=at)
    audit.record(
        by=by,
        action="seats.changed",
        subject_kind="subscription",
        subject_id=line.subscription_id,
        before={"seats": line.seats_before},
        after={"seats": line.seats_after, "order_id": str(order.order_id)},
        at=at,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        operation_id=view.id,
    )
    readings.settle_drift(subscription_id=line.subscription_id, at=at)


def hold_still(*, view: OperationView) -> None:
    """Lock what the change's end writes: subscription, then order, before any operation or audit chain.

    Everything that ends a line takes the locks in this order, or two of them would wait for each other.
    """
    subscriptions.hold_still(subscription_ids=[uuid.UUID(view.intent["subscription_id"])])
    orders.hold_still(operation_id=view.id)


def _quoted(view: OperationView) -> tuple[frozen.Calculation, frozen.Line]:
    """The calculation of this operation's own intent, else that of its order, and the operation's line of it."""
    order, line = order_queries.order_of_operation(operation_id=view.id)
    quoted = frozen.from_json(view.intent.get("calculation", order.calculation))
    return quoted, next(each for each in quoted.lines if each.subscription_id == line.subscription_id)


def _book_seats(view: OperationView, quoted: frozen.Calculation, priced: frozen.Line, *, at: dt.datetime) -> None:
    sent_at = view.sent_at or at
    if priced.delta < 0:
        subscriptions.take_from_lots(
            subscription_id=priced.subscription_id,
            takes=[subscriptions.Take(lot_id=take.lot_id, seats=take.seats) for take in priced.takes],
            kind="returned",
            effective_at=sent_at,
            policy_version=quoted.policy_version,
            operation_id=view.id,
        )
        return
    row = holdings.holding(seen_by=SYSTEM, subscription_id=priced.subscription_id)
    if row.seats == priced.seats_after and row.term_start_on >= priced.commitment_end_on:
        # The renewal was to bring the same seats and has brought them to the books while the answer was waited for.
        return
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=quoted.on)
    subscriptions.add_lot(
        subscription_id=priced.subscription_id,
        seats=priced.delta,
        kind="added",
        effective_at=sent_at,
        returnable_until=windows.window_end(added_at=sent_at, policy=policy),
        policy_version=quoted.policy_version,
        operation_id=view.id,
    )


def new_charge(quoted: frozen.Calculation, line: frozen.Line, charge: frozen.Charge) -> billing.NewCharge:
    """The quoted charge as the row that is billed."""
    return billing.NewCharge(
        kind=charge.kind,
        name=line.name,
        seats=charge.seats,
        days=charge.days,
        cycle_days=charge.cycle_days,
        period_start_on=charge.start_on,
        period_end_on=charge.end_on,
        unit_rate=charge.unit_rate,
        price_list_version=line.price_list_version,
        amount_minor=charge.amount_minor,
        rounding_minor=charge.rounding_minor,
        currency=quoted.currency,
        tax_basis_points=quoted.tax_basis_points,
        tax_treatment=quoted.tax_treatment,
    )


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    with transaction.atomic(durable=True):
        refuse(view=view, by=SYSTEM, refusal=refusal, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def refuse(*, view: OperationView, by: Actor, refusal: str, at: dt.datetime) -> None:
    """Note on the order that this line did not happen, in the caller's transaction; nothing is charged."""
    hold_still(view=view)
    orders.end_line(operation_id=view.id, state="refused", at=at, refusal=refusal)
    audit.record(
        by=by,
        action="seats.refused",
        subject_kind="subscription",
        subject_id=view.intent["subscription_id"],
        before={"seats": view.intent["seats_before"]},
        after={"refusal": refusal},
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )
    readings.settle_drift(subscription_id=uuid.UUID(view.intent["subscription_id"]), at=at)
