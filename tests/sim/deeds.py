"""What customers and staff do, through the product's own workflows; a refusal is an answer like any other.

Each function takes the world, the customer's number and the numbers that the plan drew. A share picks out of what is
there: 0.0 the first, 0.99 the last.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.catalogue import naming
from seatwright.operations import changes as operations
from seatwright.operations import queries
from seatwright.orders import calculation as frozen
from seatwright.orders import intents
from seatwright.orders import queries as orders
from seatwright.rules import renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy as buying
from seatwright.workflows import (
    change_seats,
    change_status,
    pricing,
    rebase_wishes,
    run_desk,
    schedule_change,
    settle_drift,
    status_operation,
    sync_tenant,
    transition_operation,
    wishes,
)
from seatwright.workflows import change_term as changing_term
from seatwright.workflows import (
    look_ahead as looking,
)
from tests.sim import seeding, swap_model
from tests.sim.world import Died, World

AGREED = "Order with obligation to pay"
Dimension = timeline.Dimension


def held(world: World, number: int, *, status: str = "active") -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.people.customer_ids[number]])
    return sorted((row for row in rows if row.status == status), key=lambda row: row.vendor_subscription_id)


def picked[T](found: Sequence[T], share: float) -> T | None:
    return found[int(share * len(found))] if found else None


def book(world: World, number: int, seats: dict[uuid.UUID, int], *, is_double: bool = False) -> None:
    """Quote and place; a person whose click was lost with the process clicks again."""
    quote_id = _quoted(world, number, seats)
    if quote_id is not None:
        _place(world, number, quote_id)
        if is_double:
            _place(world, number, quote_id)


def _quoted(world: World, number: int, seats: dict[uuid.UUID, int]) -> uuid.UUID | None:
    chosen = [pricing.Wish(subscription_id=key, seats=total) for key, total in seats.items()]
    if not chosen:
        return None
    world.model.asked(seats, at=world.now())
    try:
        return change_seats.prepare(
            by=world.owner(number), customer_id=world.people.customer_ids[number], wishes=chosen, at=world.now()
        )
    except pricing.Refused:
        world.did["refused quote"] += 1
        return None


def _place(world: World, number: int, quote_id: uuid.UUID) -> None:
    by = world.owner(number)
    for _ in range(3):
        quote = change_seats.prepared(by=by, quote_id=quote_id, at=world.now())
        answers = _answers(quote.calculation)
        try:
            order_id = change_seats.place(
                by=by,
                quote_id=quote_id,
                idempotency_key=quote.idempotency_key,
                agreed_words=AGREED,
                on_behalf_reason="",
                at=world.now(),
                answers=answers,
            )
        except change_seats.QuoteChanged as changed:
            quote_id = changed.fresh_quote_id
            world.did["quote changed"] += 1
            continue
        except change_seats.QuoteExpired:
            world.did["quote expired"] += 1
            return
        except pricing.Refused:
            world.did["refused order"] += 1
            return
        except Died:
            world.worker += 1
            continue
        world.model.placed(orders.order(seen_by=SYSTEM, order_id=order_id), quote.calculation, answers, at=world.now())
        return


def _answers(calculation: frozen.Calculation) -> dict[uuid.UUID, rebase_wishes.Way]:
    """Whether each wish that is asked about follows the change or stays: as the new number is odd or even."""
    seats = {line.subscription_id: line.seats_after for line in calculation.lines}
    ways = (rebase_wishes.Way.STAYS, rebase_wishes.Way.FOLLOWS)
    return {each.subscription_id: ways[seats[each.subscription_id] % 2] for each in calculation.questions}


def more(world: World, number: int, share: float, amount: int) -> None:
    row = picked(held(world, number), share)
    if row is not None:
        book(world, number, {row.subscription_id: row.seats + amount})


def fewer(world: World, number: int, share: float, part: float) -> None:
    """Return some of what the product says can be returned."""
    found = []
    for row in held(world, number):
        policy = pricing.window_policy(vendor_key=row.vendor_key, on=world.now().date())
        total = min(pricing.returnable_of(row, at=world.now(), policy=policy).total, row.seats - 1)
        if total > 0:
            found.append((row, total))
    chosen = picked(found, share)
    if chosen is not None:
        row, total = chosen
        book(world, number, {row.subscription_id: row.seats - 1 - int(part * total)})


def any_number(world: World, number: int, share: float, total: int) -> None:
    row = picked(held(world, number), share)
    if row is not None:
        book(world, number, {row.subscription_id: total})


def several(world: World, number: int, *differences: int) -> None:
    rows = held(world, number)
    pairs = [(row, by) for row, by in zip(rows, differences, strict=False) if by]
    book(world, number, {row.subscription_id: max(row.seats + by, 1) for row, by in pairs})


def quote(world: World, number: int, share: float, amount: int) -> None:
    """Leave a quote lying until `place_quote`; meanwhile it may become stale."""
    row = picked(held(world, number), share)
    if row is not None:
        world.quotes[number] = _quoted(world, number, {row.subscription_id: row.seats + amount})


def place_quote(world: World, number: int, _share: float) -> None:
    quote_id = world.quotes.pop(number, None)
    if quote_id is not None:
        _place(world, number, quote_id)


def book_twice(world: World, number: int, share: float, amount: int) -> None:
    row = picked(held(world, number), share)
    if row is not None:
        book(world, number, {row.subscription_id: row.seats + amount}, is_double=True)


def _wish(world: World, number: int, row: holdings.HoldingRow | None, wished: dict[Dimension, Any]) -> None:
    if row is None:
        return
    try:
        schedule_change.schedule(
            by=world.owner(number), subscription_id=row.subscription_id, wishes=wished, at=world.now()
        )
    except (schedule_change.Conflicted, wishes.NotRunning):
        world.did["refused wish"] += 1
        return
    world.model.wished(row.subscription_id, wished)


def wish_seats(world: World, number: int, share: float, form: int, amount: int) -> None:
    row = picked(held(world, number), share)
    if row is not None:
        total = max(row.seats + amount, 1)
        forms = (timeline.SeatsTotal(total), timeline.SeatsTotal(total, is_settled=True), timeline.SeatsBy(amount))
        _wish(world, number, row, {Dimension.QUANTITY: forms[form]})


def wish_term(world: World, number: int, share: float, which: float) -> None:
    plans = (("P1M", "monthly"), ("P1Y", "monthly"), ("P1Y", "annual"), ("P3Y", "annual"))
    term, plan = plans[int(which * len(plans))]
    wished = {Dimension.TERM: terms.Term(term), Dimension.BILLING_PLAN: terms.BillingPlan(plan)}
    _wish(world, number, picked(held(world, number), share), wished)


def wish_offer(world: World, number: int, share: float, which: float) -> None:
    """Another licence from the renewal on, one that the present one can become."""
    row = picked(held(world, number), share)
    parts = None if row is None else naming.offer_key(row.offer_key)
    if row is not None and parts is not None:
        target = picked(seeding.upgrades(parts.product_id, parts.vendor_sku_id), which)
        if target is not None:
            product_id, _, vendor_sku_id = target.partition(":")
            offer = parts._replace(product_id=product_id, vendor_sku_id=vendor_sku_id)
            _wish(world, number, row, {Dimension.OFFER: str(offer)})


def wish_ending(world: World, number: int, share: float, which: float) -> None:
    ending = list(renewals.Ending)[int(which * 3)]
    _wish(world, number, picked(held(world, number), share), {Dimension.ENDING: ending})


def revoke(world: World, number: int, share: float, which: float) -> None:
    """Take back one wish of a subscription that has some, or all of them."""
    rows = {row.subscription_id: row for row in held(world, number)}
    opened = intents.open_intents(subscription_ids=list(rows))
    row = picked([row for key, row in rows.items() if key in opened], share)
    if row is None:
        return
    wished = [*opened[row.subscription_id][0].pending.changes, None]
    dimension = wished[int(which * len(wished))]
    try:
        schedule_change.revoke(
            by=world.owner(number), subscription_id=row.subscription_id, dimension=dimension, at=world.now()
        )
    except (schedule_change.Conflicted, wishes.NotRunning):
        world.did["refused wish"] += 1
        return
    world.model.revoked(row.subscription_id, dimension)


def suspend(world: World, number: int, share: float) -> None:
    _set_status(world, number, picked(held(world, number), share), change_status.Action.SUSPEND)


def resume(world: World, number: int, share: float) -> None:
    rows = held(world, number, status="suspended")
    _set_status(world, number, picked(rows, share), change_status.Action.RESUME)


def end(world: World, number: int, share: float) -> None:
    """End one that can be ended now, unless it is the customer's last."""
    rows = held(world, number)
    at = world.now()
    can_end = [row for row in rows if row.cancellable_until is not None and at < row.cancellable_until]
    if len(rows) > 1:
        _set_status(world, number, picked(can_end, share), change_status.Action.END)


def _set_status(world: World, number: int, row: holdings.HoldingRow | None, action: change_status.Action) -> None:
    if row is None:
        return
    by, at = world.owner(number), world.now()
    try:
        shown = change_status.preview(by=by, subscription_id=row.subscription_id, action=action, at=at)
        operation_id = change_status.place(by=by, shown=shown, reason="", at=at)
    except change_status.NotPossible:
        world.did["refused status"] += 1
        return
    world.model.status_wanted(operation_id, row.subscription_id, action.value, shown.refund_minor, at=at)


def look_ahead(world: World, number: int, days: int) -> None:
    """Look at a future day; nothing may change by looking."""
    before = world.model.fingerprint()
    at, customer_id = world.now(), world.people.customer_ids[number]
    # The business day has begun before the UTC one.
    on = max((at + dt.timedelta(days=days)).date(), world.model.business_day(at))
    looking.licences(by=world.owner(number), customer_id=customer_id, on=on, at=at)
    world.model.require(world.model.fingerprint() == before, "28: looking ahead changed something")


def sync(world: World, number: int) -> None:
    sync_tenant.request(by=world.owner(number), customer_id=world.people.customer_ids[number], at=world.now())


def adopt(world: World) -> None:
    """Staff take over what somebody changed elsewhere."""
    for drift in holdings.open_drifts(seen_by=world.staff()):
        try:
            settle_drift.adopt(
                by=world.staff(), subscription_id=drift.subscription_id, reason="asked the customer", at=world.now()
            )
        except (settle_drift.NothingToSettle, settle_drift.TermUnread, settle_drift.PriceUnknown):
            continue
        world.model.adopted(drift.subscription_id, at=world.now())


def settle(world: World) -> None:
    """Staff decide what is parked, by looking at the vendor's own page."""
    for view in queries.parked(seen_by=world.staff()):
        decision = _decision(world, view)
        try:
            run_desk.settle(
                by=world.staff(), operation_id=view.id, decision=decision, reason="looked it up", at=world.now()
            )
        except (operations.NotPossible, permissions.Unknown):
            continue
        world.did[f"settled {decision}"] += 1


def _decision(world: World, view: queries.OperationView) -> run_desk.Decision:
    truth = world.model.vendor_seats(view.intent.get("vendor_subscription_id", ""))
    if view.kind == buying.KIND:
        return "look_again" if world.model.has_effect(world.model.operations[view.id]) else "not_done"
    if view.kind == transition_operation.KIND:
        operation = world.model.operations[view.id]
        is_there = world.model.has_effect(operation) or swap_model.is_pending(world.model, operation["request_id"])
        return "look_again" if is_there else "not_done"
    if view.kind == changing_term.KIND:
        return "done" if world.model.has_effect(world.model.operations[view.id]) else "not_done"
    if view.kind == change_seats.KIND:
        has_effect = world.model.has_effect(world.model.operations[view.id])
        return "done" if has_effect and truth == view.intent["seats_after"] else "not_done"
    if view.kind == status_operation.KIND:
        shown = world.model.vendor_row(world.model.held[uuid.UUID(view.intent["subscription_id"])].vendor_id)
        return "look_again" if shown["status"] == view.intent["status"] else "not_done"
    return "not_done"
