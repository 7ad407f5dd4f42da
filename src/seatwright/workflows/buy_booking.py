"""What a purchase is, read from its operation, and the bookings with which it ends."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from seatwright.access import audit
from seatwright.access.actors import SYSTEM, Actor
from seatwright.billing import changes as billing
from seatwright.catalogue import naming
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.rules import periods, terms, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.vendors import port
from seatwright.workflows import connections, pricing, seat_operation


@dataclass(frozen=True, kw_only=True)
class Job:
    """What the steps need to know of the purchase."""

    customer: customers.CustomerRow
    tenant: customers.TenantRow
    vendor: port.Vendor
    ref: port.TenantRef
    calculation: frozen.Calculation
    line: frozen.Line
    bought: frozen.Purchase
    offer: naming.OfferKey

    @property
    def custom_end_on(self) -> dt.date | None:
        return self.line.commitment_end_on if self.bought.has_custom_end else None


def job_of(view: OperationView) -> Job:
    """The purchase that the operation carries out, with the vendor to ask."""
    calculation = frozen.from_json(view.intent["calculation"])
    (line,) = calculation.lines
    assert line.purchase is not None
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=line.purchase.tenant_id)
    offer = naming.offer_key(line.purchase.offer_key)
    assert offer is not None
    return Job(
        customer=customers.customer(seen_by=SYSTEM, customer_id=tenant.customer_id),
        tenant=tenant,
        vendor=connections.vendor_of(tenant),
        ref=connections.reference(tenant),
        calculation=calculation,
        line=line,
        bought=line.purchase,
        offer=offer,
    )


def hold_still(*, view: OperationView) -> None:
    """Lock what the purchase's end writes before any operation or audit chain: its order."""
    orders.hold_still(operation_id=view.id)


def book(*, view: OperationView, by: Actor, at: dt.datetime) -> customers.TenantRow:
    """The bookings of a purchase that happened, in the caller's transaction; the database refuses a second time.

    Seats, price and charges are those agreed to. Returns the tenant that was bought for. Raises
    operations.changes.NotPossible while it is not known which subscription was bought.
    """
    told = view.progress.get("seen")
    if told is None:
        raise operations.NotPossible(state=view.state, action="booking without a subscription")
    hold_still(view=view)
    order, ordered = order_queries.order_of_operation(operation_id=view.id)
    job = job_of(view)
    line = job.line
    policy = pricing.window_policy(vendor_key=job.tenant.vendor_key, on=job.bought.start_on)
    subscriptions.adopt(
        subscription_id=line.subscription_id,
        new=_new_subscription(view, job, told),
        reading=_reading(line, told),
        policy_version=policy.version,
        lots=[(line.seats_after, windows.window_end(added_at=view.sent_at or at, policy=policy))],
        kind="bought",
        operation_id=view.id,
        at=at,
    )
    billing.post(
        operation_id=view.id,
        order_line_id=ordered.line_id,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        subscription_id=line.subscription_id,
        charges=[_new_charge(job, charge, _first_cycle(job, told)) for charge in line.charges],
        at=at,
    )
    orders.end_line(operation_id=view.id, state="done", at=at)
    audit.record(
        by=by,
        action="subscription.bought",
        subject_kind="subscription",
        subject_id=line.subscription_id,
        before={},
        after={
            "seats": line.seats_after,
            "offer_key": job.bought.offer_key,
            "unit_rate": line.unit_rate,
            "vendor_subscription_id": view.progress["vendor_subscription_id"],
            "order_id": str(order.order_id),
        },
        at=at,
        reseller_id=order.reseller_id,
        customer_id=order.customer_id,
        operation_id=view.id,
    )
    return job.tenant


def _new_subscription(view: OperationView, job: Job, told: dict[str, Any]) -> subscriptions.NewSubscription:
    line, first = job.line, _first_cycle(job, told)
    return subscriptions.NewSubscription(
        tenant_id=job.tenant.tenant_id,
        reseller_id=job.tenant.reseller_id,
        customer_id=job.tenant.customer_id,
        vendor_key=job.tenant.vendor_key,
        vendor_subscription_id=view.progress["vendor_subscription_id"],
        offer_key=job.bought.offer_key,
        sku_id=job.bought.sku_id,
        name=line.name,
        term=line.term,
        billing_plan=line.billing_plan,
        anchor_on=first.start_on,
        term_start_on=first.start_on,
        unit_rate=line.unit_rate,
        currency=job.calculation.currency,
        price_list_version=line.price_list_version,
        is_trial=False,
        # The first cycle was charged as it was quoted, whatever its day became.
        charged_from_on=first.start_on if first.start_on == job.bought.start_on else first.end_on,
    )


def _first_cycle(job: Job, told: dict[str, Any]) -> periods.Period:
    """The first charge cycle, counted from the day on which the vendor began the term."""
    line, start_on = job.line, _day(told["start_on"]) or job.bought.start_on
    return periods.charge_cycle(
        anchor_on=start_on, term=terms.Term(line.term), billing_plan=terms.BillingPlan(line.billing_plan), on=start_on
    )


def _new_charge(job: Job, charge: frozen.Charge, first: periods.Period) -> billing.NewCharge:
    """The quoted charge as it is billed; one for a whole cycle bears the days of the cycle that the vendor began."""
    made = seat_operation.new_charge(job.calculation, job.line, charge)
    if first.start_on == job.bought.start_on or charge.days != charge.cycle_days:
        return made
    return replace(
        made, days=first.days, cycle_days=first.days, period_start_on=first.start_on, period_end_on=first.end_on
    )


def _reading(line: frozen.Line, told: dict[str, Any]) -> subscriptions.Reading:
    """The vendor's answer with the seats agreed to: other ones become a drift at the next reading."""
    returnable = told["returnable"]
    return subscriptions.Reading(
        status=told["status"],
        seats=line.seats_after,
        auto_renew=told["auto_renew"],
        commitment_end_on=_day(told["end_on"]) or line.commitment_end_on,
        returnable=None
        if returnable is None
        else tuple((quantity, dt.datetime.fromisoformat(until)) for quantity, until in returnable),
        scheduled=None,
        cancellable_until=dt.datetime.fromisoformat(told["cancellable_until"]) if told["cancellable_until"] else None,
        end_of_term=told["end_of_term"],
    )


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def refuse(*, view: OperationView, by: Actor, refusal: str, at: dt.datetime) -> None:
    """Note on the order that nothing was bought, in the caller's transaction; nothing is charged."""
    hold_still(view=view)
    orders.end_line(operation_id=view.id, state="refused", at=at, refusal=refusal)
    audit.record(
        by=by,
        action="purchase.refused",
        subject_kind="tenant",
        subject_id=view.intent["tenant_id"],
        before={},
        after={"refusal": refusal, "name": view.intent["calculation"]["lines"][0]["name"]},
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )
