"""The three durable steps of another term or billing plan: sent once, read back, and booked as it was quoted.

A new term begins on the day for which it was priced, so that nothing is sent once that day is over at the vendor. Where
the day ends on the way, the books follow the vendor's days.
"""

import datetime as dt
import uuid

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM, Actor
from seatwright.billing import changes as billing
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.rules import terms
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import carry_wishes, connections, readings, sending

KIND = "change_term"
# What was judged before midnight and carried out after it, or the other way round, begins and ends a day apart.
MIDNIGHT = dt.timedelta(days=1)


def pair_of(line: frozen.Line) -> tuple[terms.Term, terms.BillingPlan]:
    """The term and plan that the line leads to."""
    return terms.Term(line.term), terms.BillingPlan(line.billing_plan)


def _quoted(view: OperationView) -> tuple[frozen.Calculation, frozen.Line, frozen.TermChange]:
    order, _line = order_queries.order_of_operation(operation_id=view.id)
    quoted = frozen.from_json(order.calculation)
    (line,) = quoted.lines
    assert line.term_change is not None
    return quoted, line, line.term_change


def _look(view: OperationView, at: dt.datetime) -> tuple[port.Vendor, port.TenantRef, port.VendorSubscription]:
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=uuid.UUID(view.intent["tenant_id"]))
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    seen = vendor.read_subscription(tenant=ref, subscription_id=view.intent["vendor_subscription_id"], at=at)
    return vendor, ref, seen


def _is_there(view: OperationView, seen: port.VendorSubscription) -> bool:
    wanted = (view.intent["term"], view.intent["billing_plan"])
    return (seen.term, seen.next_billing_cycle or seen.billing_cycle) == wanted


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Send the change once, unless it was sent before; judged on what the vendor shows now."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    checkpoint("submit.before_look")
    vendor, ref, seen = _look(view, at)
    if view.progress.get("sends") and _is_there(view, seen):
        return engine.Next()
    refusal = _why_not_now(view, seen, at=at)
    if refusal:
        return _refuse(view, refusal, at=at)
    return sending.send(
        view,
        call=lambda: vendor.set_term(
            tenant=ref,
            subscription_id=view.intent["vendor_subscription_id"],
            term=view.intent["term"],
            billing_cycle=view.intent["billing_plan"],
            request_id=view.request_id,
            at=at,
        ),
        refuse=lambda refused: _refuse(view, f"vendor_{refused.reason}", at=at),
        at=at,
    )


def _why_not_now(view: OperationView, seen: port.VendorSubscription, *, at: dt.datetime) -> str:
    """Why the change may not be sent at this moment; empty when it may."""
    _quotation, line, change = _quoted(view)
    if seen.status != "active":
        return "not_active"
    is_as_priced = (seen.term, seen.billing_cycle, seen.quantity) == (
        change.from_term,
        change.from_plan,
        line.seats_before,
    )
    if not is_as_priced:
        return "changed_elsewhere"
    on = at.astimezone(dt.UTC).date()
    is_too_late = on != change.start_on if change.is_new_term else on >= change.start_on
    return "day_over" if is_too_late else ""


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Look at the vendor's state: there, go on; absent, wait, and send again only once absence is proven."""
    if view.progress.get("confirmed_at"):
        return engine.Next()
    checkpoint("confirm.before_look")
    _vendor, _ref, seen = _look(view, at)
    checkpoint("confirm.after_look")
    _quotation, line, change = _quoted(view)
    if _is_there(view, seen):
        ends_on = (seen.commitment_end_on if change.is_new_term else None) or line.commitment_end_on
        if abs(ends_on - line.commitment_end_on) > MIDNIGHT:
            return engine.Park(reason="third_value", note=f"The vendor shows a term until {ends_on}.")
        operations.mark_answered(
            operation_id=view.id, fence=view.fence, at=at, confirmed_at=at.isoformat(), ends_on=ends_on.isoformat()
        )
        checkpoint("confirm.noted")
        return engine.Next()
    if (seen.term, seen.billing_cycle) != (change.from_term, change.from_plan):
        return engine.Park(reason="third_value", note=f"The vendor shows {seen.term} billed {seen.billing_cycle}.")
    return sending.look_again(view, at=at)


def record(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Book what was confirmed, as quoted: the new term, charges, order line, wishes and audit together."""
    _vendor, _ref, seen = _look(view, at)
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        book(view=view, by=SYSTEM, at=at)
        row = holdings.holding(seen_by=SYSTEM, subscription_id=uuid.UUID(view.intent["subscription_id"]))
        readings.take_in(row=row, seen=readings.reading(seen, ends_on=row.commitment_end_on), at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def hold_still(*, view: OperationView) -> None:
    """Lock what the change's end writes: subscription, then order."""
    subscriptions.hold_still(subscription_ids=[uuid.UUID(view.intent["subscription_id"])])
    orders.hold_still(operation_id=view.id)


def book(*, view: OperationView, by: Actor, at: dt.datetime) -> None:
    """The bookings of a change that happened, in the caller's transaction; the database refuses a second time.

    The windows of the seats stay those of their lots, and what the vendor says about them outranks that as ever. A new
    term has the days that the vendor gave it; what is charged stays as quoted.
    """
    hold_still(view=view)
    order, order_line = order_queries.order_of_operation(operation_id=view.id)
    quoted, line, change = _quoted(view)
    row = holdings.holding(seen_by=SYSTEM, subscription_id=line.subscription_id)
    shown = view.intent.get("stored")
    carry_over = carry_wishes.before_change(subscription_id=line.subscription_id, shown=shown)
    ends_on = dt.date.fromisoformat(view.progress.get("ends_on", line.commitment_end_on.isoformat()))
    later = ends_on - line.commitment_end_on
    following = subscriptions.NextTerm(
        start_on=change.start_on + later,
        end_on=ends_on,
        anchor_on=change.anchor_on + later,
        term=line.term,
        billing_plan=line.billing_plan,
        offer_key=change.offer_key,
        sku_id=row.sku_id,
        name=row.name,
        unit_rate=line.unit_rate,
        currency=quoted.currency,
        price_list_version=line.price_list_version,
    )
    enter = subscriptions.begin_term if change.is_new_term else subscriptions.plan_ahead
    enter(subscription_id=line.subscription_id, following=following, charged_from_on=change.charged_from_on, at=at)
    carry_over(by=by, at=at)
    billing.post(
        operation_id=view.id,
        order_line_id=order_line.line_id,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        subscription_id=line.subscription_id,
        charges=[_new_charge(quoted, line, each) for each in line.charges],
        at=at,
    )
    orders.end_line(operation_id=view.id, state="done", at=at)
    audit.record(
        by=by,
        action="term.changed" if change.is_new_term else "billing.changed",
        subject_kind="subscription",
        subject_id=line.subscription_id,
        before={"term": change.from_term, "billing_plan": change.from_plan},
        after={"term": line.term, "billing_plan": line.billing_plan, "from": change.start_on.isoformat()},
        at=at,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        operation_id=view.id,
    )
    readings.settle_drift(subscription_id=line.subscription_id, at=at)


def _new_charge(quoted: frozen.Calculation, line: frozen.Line, charge: frozen.Charge) -> billing.NewCharge:
    assert line.term_change is not None
    version = line.term_change.from_price_list if charge.seats < 0 else line.price_list_version
    return billing.NewCharge(
        kind=charge.kind,
        name=line.name,
        seats=charge.seats,
        days=charge.days,
        cycle_days=charge.cycle_days,
        period_start_on=charge.start_on,
        period_end_on=charge.end_on,
        unit_rate=charge.unit_rate,
        price_list_version=version,
        amount_minor=charge.amount_minor,
        rounding_minor=charge.rounding_minor,
        currency=quoted.currency,
        tax_basis_points=quoted.tax_basis_points,
        tax_treatment=quoted.tax_treatment,
    )


def holds_up(*, row: holdings.HoldingRow) -> bool:
    """Whether a renewal can only be entered once a change of this subscription's term under way has ended.

    Both show a later end of the term: which of the two brought it is known when the change has been found or refused.
    """
    lease = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    return any(view.kind == KIND for view in operation_queries.open_with_key(lease_key=lease))


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    with transaction.atomic(durable=True):
        refuse(view=view, by=SYSTEM, refusal=refusal, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def refuse(*, view: OperationView, by: Actor, refusal: str, at: dt.datetime) -> None:
    """Note on the order that it did not happen, in the caller's transaction; nothing is charged."""
    hold_still(view=view)
    orders.end_line(operation_id=view.id, state="refused", at=at, refusal=refusal)
    audit.record(
        by=by,
        action="term.refused",
        subject_kind="subscription",
        subject_id=view.intent["subscription_id"],
        before={},
        after={"refusal": refusal},
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )
    readings.settle_drift(subscription_id=uuid.UUID(view.intent["subscription_id"]), at=at)


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm), ("record", record))))
