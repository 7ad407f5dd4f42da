"""The durable steps that set a subscription's state at the vendor, read it back and book what follows."""

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM, Actor
from seatwright.billing import changes as billing
from seatwright.billing import queries as charges
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import intents
from seatwright.rules import business_dates, money, periods, proration, tax, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import charge_cycles, connections, pricing, readings, schedule_change, sending

KIND = "change_status"
STATUSES: dict[str, port.Status] = {"active": "active", "suspended": "suspended", "deleted": "deleted"}


def hold(row: holdings.HoldingRow) -> None:
    """Lock the subscription until the caller's transaction ends."""
    subscriptions.hold_still(subscription_ids=[row.subscription_id])


def refund(row: holdings.HoldingRow, *, at: dt.datetime, zone: str) -> list[dict[str, Any]]:
    """What ending at `at` gives back for the rest of the running cycle, as JSON; empty without a price."""
    on = pricing.day_of(row, at=at, zone=zone)
    cycle = pricing.cycle_of(row, on=on)
    until = min(cycle.end_on, row.commitment_end_on)
    if not row.unit_rate or not cycle.start_on <= on < until:
        return []
    priced = proration.change(
        before=row.seats,
        after=0,
        unit_rate=money.Rate.parse(row.unit_rate, row.currency),
        cycle=cycle,
        during=periods.Period(on, until),
    )
    return [
        {
            "seats": priced.seats,
            "days": priced.days,
            "cycle_days": priced.cycle_days,
            "start_on": priced.period.start_on.isoformat(),
            "end_on": priced.period.end_on.isoformat(),
            "amount_minor": priced.amount.minor,
            "rounding_minor": priced.rounding_minor,
        }
    ]


def stored_before(row: holdings.HoldingRow) -> dict[str, Any] | None:
    """What the vendor was to do at the end of the term before we suspended the subscription; None when we did not.

    None also where the seats or the term are others by now: it was resumed in between, and that was meant for before.
    """
    key = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    present = (row.seats, row.commitment_end_on.isoformat())
    for view in operation_queries.newest_done(kind=KIND, lease_key=key, limit=1):
        is_of_present = (view.intent["seats"], view.intent.get("commitment_end_on")) == present
        if view.intent["status"] == "suspended" and is_of_present:
            return dict(view.intent["stored_before"])
    return None


def submit(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Send the state once, unless it was sent before; judged on what the vendor shows now."""
    if sending.was_sent(view, at=at):
        return engine.Next()
    row, tenant = _subject(view)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    checkpoint("submit.before_look")
    seen = vendor.read_subscription(tenant=ref, subscription_id=row.vendor_subscription_id, at=at)
    if view.progress.get("sends") and seen.status == view.intent["status"]:
        return engine.Next()
    if seen.status != view.intent["status_before"]:
        return _refuse(view, "changed_elsewhere", at=at)
    if view.intent["status"] == "deleted":
        if seen.quantity != view.intent["seats"]:
            return _refuse(view, "changed_elsewhere", at=at)
        if seen.cancellable_until is None or at >= seen.cancellable_until:
            return _refuse(view, "window_closed", at=at)
        if view.intent.get("only_unassigned") and sending.takes_from_people(
            vendor=vendor, tenant=ref, sku_id=row.sku_id, seats=seen.quantity, at=at
        ):
            return _refuse(view, "below_assigned", at=at)
    return sending.send(
        view,
        call=lambda: vendor.set_status(
            tenant=ref,
            subscription_id=row.vendor_subscription_id,
            status=STATUSES[view.intent["status"]],
            request_id=view.request_id,
            at=at,
        ),
        refuse=lambda refused: _refuse(view, f"vendor_{refused.reason}", at=at),
        at=at,
    )


def _subject(view: OperationView) -> tuple[holdings.HoldingRow, customers.TenantRow]:
    row = holdings.holding(seen_by=SYSTEM, subscription_id=uuid.UUID(view.intent["subscription_id"]))
    return row, customers.tenant(seen_by=SYSTEM, tenant_id=row.tenant_id)


def confirm(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """Read the state back and book what follows; send again only once absence is proven."""
    row, tenant = _subject(view)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    seen = vendor.read_subscription(tenant=ref, subscription_id=row.vendor_subscription_id, at=at)
    if seen.status == view.intent["status"]:
        return _record(view, row, seen, at=at)
    if seen.status != view.intent["status_before"]:
        return engine.Park(reason="third_value", note=f"The vendor shows the state {seen.status}.")
    return sending.look_again(view, at=at)


def _record(
    view: OperationView, row: holdings.HoldingRow, seen: port.VendorSubscription, *, at: dt.datetime
) -> engine.StepResult:
    with transaction.atomic(durable=True):
        if seen.commitment_end_on is not None:
            subscriptions.record_reading(subscription_id=row.subscription_id, reading=readings.reading(seen), at=at)
        book(view=view, by=SYSTEM, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    return engine.Finished()


def hold_still(*, view: OperationView) -> None:
    """Lock what the change's end writes: the subscription."""
    subscriptions.hold_still(subscription_ids=[uuid.UUID(view.intent["subscription_id"])])


def book(*, view: OperationView, by: Actor, at: dt.datetime) -> None:
    """What follows from a state that the vendor has taken on, in the caller's transaction."""
    hold_still(view=view)
    row, _tenant = _subject(view)
    if view.intent["status"] == "deleted":
        _book_end(view, row, at=at)
    elif view.intent["status"] == "active":
        schedule_change.store_again(row=row, stored=stored_before(row), at=at)
    audit.record(
        by=by,
        action="status.changed",
        subject_kind="subscription",
        subject_id=row.subscription_id,
        before={"status": view.intent["status_before"]},
        after={"status": view.intent["status"]},
        at=at,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        operation_id=view.id,
    )


def _book_end(view: OperationView, row: holdings.HoldingRow, *, at: dt.datetime) -> None:
    """All seats leave the ledger, and the rest of the running cycle is given back as it was shown.

    The cycle is charged before; where it is ours to charge and could not be, nothing of it is given back.
    """
    # What begins after the day that the end was priced on is not charged: nothing of it would be given back.
    charge_cycles.post_of(subscription_ids=[row.subscription_id], is_ending=True, at=view.created_at)
    intents.close_all(subscription_id=row.subscription_id, state="lapsed", at=at)
    customer = customers.customer(seen_by=SYSTEM, customer_id=row.customer_id)
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=on)
    subscriptions.mark_ended(subscription_id=row.subscription_id)
    if row.seats:
        taken = windows.allocate(lots=pricing.seat_lots(row), quantity=row.seats, at=at, policy=policy)
        subscriptions.take_from_lots(
            subscription_id=row.subscription_id,
            takes=[subscriptions.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken],
            kind="ended",
            effective_at=view.sent_at or at,
            policy_version=policy.version,
            operation_id=view.id,
        )
    rule = tax.tax_for(
        seller_country=customer.reseller_country,
        buyer_country=customer.country,
        buyer_vat_id=customer.vat_id,
        on=on,
    )
    billing.post(
        operation_id=view.id,
        order_line_id=None,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        charges=[_charge(row, each, rule) for each in view.intent["charges"] if _was_charged(row, each)],
        at=at,
    )


def _was_charged(row: holdings.HoldingRow, plain: dict[str, Any]) -> bool:
    """Whether the days that are given back were charged, by us or, before the licence was ours to charge, by others."""
    on = dt.date.fromisoformat(plain["start_on"])
    term = holdings.terms(subscription_ids=[row.subscription_id])[row.subscription_id][-1]
    if max(pricing.cycle_of(row, on=on).start_on, term.start_on) < term.charged_from_on:
        return True
    posted = charges.charges(seen_by=SYSTEM, customer_id=row.customer_id, subscription_id=row.subscription_id)
    return sum(each.seats for each in posted if each.period_start_on <= on < each.period_end_on) >= -int(plain["seats"])


def _charge(row: holdings.HoldingRow, plain: dict[str, Any], rule: tax.TaxRule) -> billing.NewCharge:
    return billing.NewCharge(
        kind="ended",
        name=row.name,
        seats=plain["seats"],
        days=plain["days"],
        cycle_days=plain["cycle_days"],
        period_start_on=dt.date.fromisoformat(plain["start_on"]),
        period_end_on=dt.date.fromisoformat(plain["end_on"]),
        unit_rate=row.unit_rate,
        price_list_version=row.price_list_version,
        amount_minor=plain["amount_minor"],
        rounding_minor=plain["rounding_minor"],
        currency=row.currency,
        tax_basis_points=rule.rate_basis_points,
        tax_treatment=str(rule.treatment),
    )


def _refuse(view: OperationView, refusal: str, *, at: dt.datetime) -> engine.StepResult:
    with transaction.atomic(durable=True):
        refuse(view=view, by=SYSTEM, refusal=refusal, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="refused", at=at, note=refusal)
    return engine.Finished()


def refuse(*, view: OperationView, by: Actor, refusal: str, at: dt.datetime) -> None:
    """Note that it did not happen, in the caller's transaction."""
    audit.record(
        by=by,
        action="status.refused",
        subject_kind="subscription",
        subject_id=view.intent["subscription_id"],
        before={"status": view.intent["status_before"]},
        after={"refusal": refusal},
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("submit", submit), ("confirm", confirm))))
