"""What a transition writes into the books, once the vendor has carried it out: exactly what its order quoted.

A full one is the same subscription under another offer and price from that day on; a part of the seats goes to a new
subscription that ends with the old one and inherits its windows, or into another one, where no window is known.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from seatwright.access import audit
from seatwright.access.actors import Actor
from seatwright.billing import changes as billing
from seatwright.operations import changes as operations
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.orders import swap_terms
from seatwright.rules import renewals, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import carry_wishes, pricing, readings, swap_pricing

Way = swap_terms.Way
Seen = Mapping[str, port.VendorSubscription]
LEDGER_KIND = "swapped"
NOTHING: Seen = {}


def swap_of(view: OperationView) -> swap_terms.Swap:
    """The swap that the operation's order was placed with."""
    order, _line = order_queries.order_of_operation(operation_id=view.id)
    return swap_terms.from_json(order.calculation).swap


def hold_still(*, view: OperationView) -> None:
    """Lock what the end of a transition writes: both subscriptions, then the order."""
    swap = swap_of(view)
    subscriptions.hold_still(subscription_ids=[swap.source.subscription_id, swap.target.subscription_id])
    orders.hold_still(operation_id=view.id)


def book(*, view: OperationView, by: Actor, at: dt.datetime, seen: Seen = NOTHING) -> None:
    """The bookings of a transition that happened, in the caller's transaction; `seen` is what the vendor shows.

    Raises operations.changes.NotPossible while it is not known which subscription was made.
    """
    order, line = order_queries.order_of_operation(operation_id=view.id)
    quoted = swap_terms.from_json(order.calculation)
    swap = quoted.swap
    if swap.way is Way.PARTIAL and "reached" not in view.progress:
        raise operations.NotPossible(state=view.state, action="booking without the new subscription")
    hold_still(view=view)
    held = [swap.source.subscription_id, *([swap.target.subscription_id] if swap.way is Way.MERGE else [])]
    stored = view.intent.get("stored", {})
    carry_overs = [carry_wishes.before_change(subscription_id=each, shown=stored.get(str(each))) for each in held]
    source = holdings.by_ids(subscription_ids=[swap.source.subscription_id])[0]
    ending = carry_wishes.ending_of(source) or stored.get(str(source.subscription_id), {}).get("ending", "renew")
    if swap.way is Way.FULL:
        _convert(quoted, at=at)
    else:
        _move(view, quoted, source, seen, at=at)
    for subscription_id in held:
        _take_in(subscription_id, seen, at=at)
    for carry_over in carry_overs:
        carry_over(by=by, at=at)
    if swap.way is Way.PARTIAL:
        # What ends with its term ends with it for the seats that became a licence of their own too.
        (born,) = holdings.by_ids(subscription_ids=[swap.target.subscription_id])
        if ending != renewals.Ending.RENEW:
            carry_wishes.keep(born, {"ending": ending, "next_term": None}, at=at)
    _charge(view, order, line, quoted, at=at)
    orders.end_line(operation_id=view.id, state="done", at=at)
    _note(view, by=by, action="seats.swapped", after=_told(swap, order), at=at)


def _told(swap: swap_terms.Swap, order: order_queries.OrderRow) -> dict[str, Any]:
    return {
        "way": swap.way.value,
        "seats": swap.seats,
        "from": swap.source.name,
        "to": swap.target.name,
        "to_subscription_id": str(swap.target.subscription_id),
        "order_id": str(order.order_id),
    }


def refuse(*, view: OperationView, by: Actor, refusal: str, at: dt.datetime) -> None:
    """Note on the order that the vendor converted nothing, in the caller's transaction; nothing is charged."""
    hold_still(view=view)
    orders.end_line(operation_id=view.id, state="refused", at=at, refusal=refusal[:64])
    _note(view, by=by, action="transition.refused", after={"refusal": refusal}, at=at)


def _note(view: OperationView, *, by: Actor, action: str, after: dict[str, Any], at: dt.datetime) -> None:
    audit.record(
        by=by,
        action=action,
        subject_kind="subscription",
        subject_id=view.intent["subscription_id"],
        before={},
        after=after,
        at=at,
        reseller_id=view.reseller_id,
        customer_id=view.customer_id,
        operation_id=view.id,
    )


def _convert(quoted: swap_terms.Calculation, *, at: dt.datetime) -> None:
    target = quoted.swap.target
    subscriptions.convert(
        subscription_id=target.subscription_id,
        offer=subscriptions.Offer(
            offer_key=target.offer_key,
            sku_id=target.sku_id,
            name=target.name,
            unit_rate=target.unit_rate,
            currency=quoted.currency,
            price_list_version=target.price_list_version,
        ),
        on=quoted.on,
        at=at,
    )


def _move(
    view: OperationView,
    quoted: swap_terms.Calculation,
    source: holdings.HoldingRow,
    seen: Seen,
    *,
    at: dt.datetime,
) -> None:
    """Take the seats from the lots that the order named and enter them where they went, with what windows they keep."""
    swap, sent_at = quoted.swap, view.sent_at or at
    takes = _takes(quoted, source, at=at)
    subscriptions.take_from_lots(
        subscription_id=source.subscription_id,
        takes=[subscriptions.Take(lot_id=take.lot_id, seats=take.seats) for take in takes],
        kind=LEDGER_KIND,
        effective_at=sent_at,
        policy_version=quoted.policy_version,
        operation_id=view.id,
    )
    if swap.way is Way.MERGE:
        subscriptions.add_lot(
            subscription_id=swap.target.subscription_id,
            seats=swap.seats,
            kind=LEDGER_KIND,
            effective_at=sent_at,
            returnable_until=None,
            policy_version=quoted.policy_version,
            operation_id=view.id,
            part=len(takes),
        )
        return
    until = {lot.lot_id: lot.returnable_until for lot in source.lots}
    lots = [(take.seats, until[take.lot_id]) for take in takes]
    _enter(view, quoted, source, seen, lots=lots, at=at)


def _takes(quoted: swap_terms.Calculation, source: holdings.HoldingRow, *, at: dt.datetime) -> tuple[frozen.Take, ...]:
    """From which lots the seats go: those of the order, unless a renewal has taken seats from them in between."""
    ordered = next(line for line in quoted.lines if line.subscription_id == source.subscription_id).takes
    left = {lot.lot_id: lot.seats for lot in source.lots}
    if all(left.get(take.lot_id, 0) >= take.seats for take in ordered):
        return ordered
    policy = pricing.window_policy(vendor_key=source.vendor_key, on=quoted.on)
    found = windows.allocate(lots=pricing.seat_lots(source), quantity=quoted.swap.seats, at=at, policy=policy)
    return tuple(frozen.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in found)


def _enter(
    view: OperationView,
    quoted: swap_terms.Calculation,
    source: holdings.HoldingRow,
    seen: Seen,
    *,
    lots: Sequence[tuple[int, dt.datetime | None]],
    at: dt.datetime,
) -> None:
    """The new subscription with the source's term and the windows of the lots that it came from (invariant 14)."""
    target, reached = quoted.swap.target, str(view.progress["reached"])
    subscriptions.adopt(
        new=subscriptions.NewSubscription(
            tenant_id=source.tenant_id,
            reseller_id=source.reseller_id,
            customer_id=source.customer_id,
            vendor_key=source.vendor_key,
            vendor_subscription_id=reached,
            offer_key=target.offer_key,
            sku_id=target.sku_id,
            name=target.name,
            term=source.term,
            billing_plan=source.billing_plan,
            anchor_on=source.anchor_on,
            term_start_on=source.term_start_on,
            unit_rate=target.unit_rate,
            currency=quoted.currency,
            price_list_version=target.price_list_version,
            is_trial=False,
            charged_from_on=quoted.on + dt.timedelta(days=1),
        ),
        reading=_reading(source, quoted.swap, seen.get(reached)),
        policy_version=quoted.policy_version,
        at=at,
        lots=lots,
        kind=LEDGER_KIND,
        operation_id=view.id,
        first_part=len(lots),
        subscription_id=target.subscription_id,
    )


def _reading(
    source: holdings.HoldingRow, swap: swap_terms.Swap, shown: port.VendorSubscription | None
) -> subscriptions.Reading:
    """What the vendor shows of the new subscription; what follows from the transition where it was not read again."""
    if shown is not None:
        return readings.reading(shown, ends_on=source.commitment_end_on)
    return subscriptions.Reading(
        status="active",
        seats=swap.seats,
        auto_renew=source.auto_renew,
        commitment_end_on=source.commitment_end_on,
        returnable=None,
        scheduled=None,
        cancellable_until=None,
    )


def _take_in(subscription_id: uuid.UUID, seen: Seen, *, at: dt.datetime) -> None:
    row = holdings.by_ids(subscription_ids=[subscription_id])[0]
    shown = seen.get(row.vendor_subscription_id)
    if shown is not None:
        readings.take_in(row=row, seen=readings.reading(shown, ends_on=row.commitment_end_on), at=at)


def _charge(
    view: OperationView,
    order: order_queries.OrderRow,
    line: order_queries.LineRow,
    quoted: swap_terms.Calculation,
    *,
    at: dt.datetime,
) -> None:
    """Post the credit of the old seats and the charge of the new ones, each under the name that it was quoted with."""
    swap, position = quoted.swap, 0
    for priced in quoted.lines:
        billing.post(
            operation_id=view.id,
            order_line_id=line.line_id,
            reseller_id=order.reseller_id,
            customer_id=order.customer_id,
            subscription_id=priced.subscription_id,
            charges=[_new_charge(quoted, swap, charge) for charge in priced.charges],
            at=at,
            first_position=position,
        )
        position += len(priced.charges)


def _new_charge(quoted: swap_terms.Calculation, swap: swap_terms.Swap, charge: frozen.Charge) -> billing.NewCharge:
    side = swap.source if charge.kind == swap_pricing.OUT else swap.target
    return billing.NewCharge(
        kind=charge.kind,
        name=side.name,
        seats=charge.seats,
        days=charge.days,
        cycle_days=charge.cycle_days,
        period_start_on=charge.start_on,
        period_end_on=charge.end_on,
        unit_rate=charge.unit_rate,
        price_list_version=side.price_list_version,
        amount_minor=charge.amount_minor,
        rounding_minor=charge.rounding_minor,
        currency=quoted.currency,
        tax_basis_points=quoted.tax_basis_points,
        tax_treatment=quoted.tax_treatment,
    )
