"""What a swap must come to: people never without both licences, and both sides charged as their seats cost alone.

A transition of the vendor's own takes seats of one plan and makes seats of another of them: all of a subscription keep
its id under another offer, a part becomes a new subscription that ends with the old one, or joins one that there is.
"""

import dataclasses
import datetime as dt
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.sim import arithmetic, invariants, sheet_model
from tests.sim.records import Expected

if TYPE_CHECKING:
    from tests.sim.models import Model
    from tests.sim.records import Held, News

FULL, PARTIAL, MERGE = "full", "partial", "merge"
OUT, IN = "swapped_out", "swapped_in"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overlap:
    """Old seats of a swap that cost on until they go back or leave with the renewal on `latest_on`.

    Without the swap that renewal was to bring `due_seats`.
    """

    subscription_id: uuid.UUID
    latest_on: dt.date
    most_minor: int
    asked_at: dt.datetime
    due_seats: int


def ordered(model: "Model", order: Any, calculation: Any, tenant_id: str, *, at: dt.datetime) -> None:
    """People are to leave one plan for another; the same order again changes nothing."""
    swap = calculation.swap
    if order.order_id in model.swaps:
        return
    model.swaps.add(order.order_id)
    model.mutations += 1
    model.world.did[f"swap: {swap.way.value}"] += 1
    for subscription_id in (swap.source.subscription_id, swap.target.subscription_id):
        model.sheets.touch(subscription_id)
    either = {swap.source.sku_id, swap.target.sku_id}
    for person in swap.people:
        # Whoever lost the old licence elsewhere before, unread, has none that the swap could take.
        if either & model.licences(tenant_id, person.key):
            model.moving[tenant_id, person.key] = either
    if swap.way.value in (FULL, PARTIAL, MERGE):
        model.converting.add(order.lines[-1].operation_id)
        _converted(model, order, calculation, at=at)
    else:
        model.leaving.add(swap.source.subscription_id)
        _brought(model, order, calculation, at=at)


def _brought(model: "Model", order: Any, calculation: Any, *, at: dt.datetime) -> None:
    """The new seats are bought, and cost what they would cost alone."""
    swap = calculation.swap
    _bounded(model, order, swap, at=at)
    for line in order.lines:
        priced = next(each for each in calculation.lines if each.subscription_id == line.subscription_id)
        if line.subscription_id == swap.source.subscription_id:
            continue
        held = model.held.get(priced.subscription_id)
        on = at.date() if held is None else model.charged_on(held, at)
        if held is None:
            rate = _rate(model, swap.target, on=max(on, model.business_day(at)), seats=priced.seats_after)
            due = arithmetic.cents(priced.seats_after, rate, first=0, last=1, days=1)
        else:
            due = invariants.due_minor(held, before=priced.seats_before, after=priced.seats_after, on=on)
        model.require(priced.due_now_minor == due, f"02: quoted {priced.due_now_minor}, due are {due}")
        model.expected[line.operation_id] = Expected(
            what="bought" if held is None else "seats",
            subscription_id=priced.subscription_id,
            before=priced.seats_before,
            after=priced.seats_after,
            due_minor=due,
            on=on,
            asked_at=at,
            new_rate=rate if held is None else "",
        )


def _bounded(model: "Model", order: Any, swap: Any, *, at: dt.datetime) -> None:
    """The most that the old seats go on costing is what they cost from today to the end of their term."""
    held, overlap = model.held[swap.source.subscription_id], swap.overlap
    on = model.charged_on(held, at)
    term = arithmetic.term_on(held.terms, on)
    # People may have their licence from another subscription of the same plan.
    seats = min(len(swap.people), held.seats)
    most, start = 0, on
    while start < term["end_on"]:
        first, end = arithmetic.cycle(term["anchor_on"], term=term["term"], plan=term["billing_plan"], on=start)
        until, days = min(end, term["end_on"]), (end - first).days
        rate = term["unit_rate"]
        most += arithmetic.cents(seats, rate, first=(start - first).days, last=(until - first).days, days=days)
        start = until
    quoted = (overlap.most_minor, overlap.from_on, overlap.latest_on)
    wanted = (most, on, term["end_on"])
    model.require(quoted == wanted, f"25: the overlap is quoted as {quoted}, it can come to {wanted}")
    root_id = order.lines[-1].operation_id
    model.overlaps[root_id] = Overlap(
        subscription_id=swap.source.subscription_id,
        latest_on=term["end_on"],
        most_minor=most,
        asked_at=at,
        due_seats=_due_seats(held.wishes, held.seats),
    )


def _due_seats(wishes: dict[str, Any], seats: int) -> int:
    """What the next renewal brings of the seats that are held, as it is wished."""
    quantity = next(iter(wishes.values()), {}).get("quantity") or {}
    due: int = quantity.get("total", seats + quantity.get("difference", 0))
    return due


def _rate(model: "Model", side: Any, *, on: dt.date, seats: int) -> str:
    _vendor, product_id, vendor_sku_id, *_others = side.offer_key.split(":")
    return model.rate((product_id, vendor_sku_id, side.term, side.billing_plan), on=on, seats=seats)


def _converted(model: "Model", order: Any, calculation: Any, *, at: dt.datetime) -> None:
    """The vendor converts seats: the old ones are given back from today on, the new ones charged from today on."""
    swap = calculation.swap
    source, seats, way = model.held[swap.source.subscription_id], swap.seats, swap.way.value
    on = model.charged_on(source, at)
    model.require(swap.source.seats == source.seats, f"11: {swap.source.seats} seats quoted, {source.seats} held")
    given = invariants.due_minor(source, before=source.seats, after=source.seats - seats, on=on)
    sides = {swap.source.subscription_id: (source.seats, source.seats - seats)}
    if way == MERGE:
        entered = model.held[swap.target.subscription_id]
        taken = invariants.due_minor(entered, before=entered.seats, after=entered.seats + seats, on=on)
        sides[swap.target.subscription_id] = (entered.seats, entered.seats + seats)
    else:
        rate = _new_rate(model, source, swap.target, on=on, seats=seats)
        taken = invariants.due_minor(_at_the_price_of(source, rate, on=on), before=0, after=seats, on=on)
        sides[swap.target.subscription_id] = (source.seats, seats) if way == FULL else (0, seats)
    quoted = sum(each.due_now_minor for each in calculation.lines)
    model.require(quoted == given + taken, f"02: quoted {quoted}, due are {given} and {taken}")
    # On the last day of a term nothing of it is left, and the next one begins with the new offer anyway.
    is_last_day = on + dt.timedelta(days=1) >= arithmetic.term_on(source.terms, on)["end_on"]
    model.expected[order.lines[0].operation_id] = Expected(
        what="converted",
        subscription_id=swap.source.subscription_id,
        before=0,
        after=0,
        due_minor=quoted,
        on=on,
        asked_at=at,
        sides=sides,
        dues={OUT: given, IN: taken},
        offer_key=swap.target.offer_key if way == FULL and not is_last_day else "",
        new_rate="" if way == MERGE else rate,
    )


def _new_rate(model: "Model", source: "Held", side: Any, *, on: dt.date, seats: int) -> str:
    """The new plan's price of today in the old plan's term."""
    term = arithmetic.term_on(source.terms, on)
    plan = dataclasses.replace(side, term=term["term"], billing_plan=term["billing_plan"])
    return _rate(model, plan, on=on, seats=seats)


def _at_the_price_of(source: "Held", rate: str, *, on: dt.date) -> "Held":
    """The old plan's cycle at that price."""
    return dataclasses.replace(source, terms=[{**arithmetic.term_on(source.terms, on), "unit_rate": rate}])


def invariant_11_a_transition_moves_what_was_ordered(model: "Model", news: "News") -> None:
    """Every seat that one side loses the other gains, and each is charged as quoted; the same id where all change."""
    seats: dict[Any, Counter[Any]] = {}
    for entry in news.entries:
        seats.setdefault(entry["operation_id"], Counter())[entry["subscription_id"]] += entry["seats"]
    for charge in news.charges:
        expected = model.expected.get(charge["operation_id"])
        if expected is not None and expected.what == "converted":
            due = expected.dues[charge["kind"]]
            model.require(
                charge["amount_minor"] == due, f"02: {charge['amount_minor']} is {charge['kind']}, due are {due}"
            )
            booked = seats.get(charge["operation_id"], Counter())
            wanted = {key: after - before for key, (before, after) in expected.sides.items() if after != before}
            model.require(dict(booked) == wanted, f"11: a transition booked {dict(booked)}, ordered was {wanted}")
            if expected.offer_key:
                offer_key = model.held[expected.subscription_id].terms[-1]["offer_key"]
                model.require(offer_key == expected.offer_key, f"25: all seats became another offer, not {offer_key}")


def invariant_25_old_seats_cost_no_more_than_was_quoted(model: "Model", news: "News") -> None:
    """They go back before the day that bounds their cost, for nothing, or are wished away for that day, and then go."""
    returns = {uuid.uuid5(root_id, "return"): each for root_id, each in model.overlaps.items()}
    for entry in news.entries:
        overlap = returns.get(entry["operation_id"])
        if overlap is not None and entry["subscription_id"] == overlap.subscription_id:
            day = model.business_day(model.operations[entry["operation_id"]]["created_at"])
            model.require(day <= overlap.latest_on, f"25: old seats go back on {day}, after {overlap.latest_on}")
    for charge in news.charges:
        if charge["operation_id"] in returns:
            model.require(charge["amount_minor"] <= 0, "25: giving old seats back costs something")
    for row in news.operations:
        overlap = model.overlaps.get(row["id"])
        if overlap is not None and row["state"] == "done" and row["progress"].get("scheduled"):
            _require_wished_away(model, news, overlap, row["progress"])


def _require_wished_away(model: "Model", news: "News", overlap: Overlap, progress: dict[str, Any]) -> None:
    """The wish stands, and the renewal is to bring it, unless somebody else did something with the licence since."""
    key, seats = overlap.subscription_id, int(progress["scheduled"])
    held = model.held[key]
    is_its_own = held.terms[-1]["end_on"] == overlap.latest_on and held.row["status"] == "active"
    if not is_its_own or model.sheets.was_touched(key, since=overlap.asked_at):
        return
    stands = next(iter(news.wishes.get(key, {}).values()), {})
    theirs = model.vendor_row(held.vendor_id)
    if not stands and progress["scheduled_kind"] == "schedule_end" and theirs and not theirs["is_auto_renew"]:
        # It ends with its term by itself, of which no wish of ours is made.
        return
    ends = stands.get("ending") == "cancel"
    left = _due_seats(news.wishes.get(key, {}), held.seats)
    is_so = ends or left <= max(overlap.due_seats, held.seats) - seats
    model.require(is_so, f"25: {seats} old seats were to leave with the renewal, the wish is {stands}")
    model.world.did["old seats leave with the renewal"] += 1
    model.sheets.promise(
        key,
        sheet_model.Agreed(
            renews_on=overlap.latest_on,
            ends=ends,
            held_seats=held.seats,
            seats=left,
            plan=("", ""),
            at=overlap.asked_at,
        ),
    )


def invariant_25_the_vendor_leaves_nobody_without_a_licence(model: "Model", news: "News") -> None:
    """After the vendor's own move of licences, as after each call that moves one."""
    if any(effect["kind"] == "licences.moved" for effect in news.effects):
        invariants.invariant_25_nobody_is_ever_without_a_licence(model)


def invariant_10_the_licence_is_the_vendors(model: "Model") -> None:
    """What runs is the same product here and there, whichever way it changed."""
    rows = {row["id"]: row["offer_key"].split(":") for row in model.rows("Subscription", "id", "offer_key")}
    for key, held in model.held.items():
        theirs = model.vendor_row(held.vendor_id)
        if theirs is not None and theirs["status"] == held.row["status"] == "active":
            ours, shown = ":".join(rows[key][1:3]), f"{theirs['product_id']}:{theirs['sku_id']}"
            model.require(ours == shown, f"10: {ours} is ours, {shown} the vendor's")


def is_pending(model: "Model", request_id: Any) -> bool:
    """Whether the vendor took the transition and has not finished it."""
    row = model.world.books.execute(
        "SELECT 1 FROM transitions WHERE request_id = ? AND next_at IS NOT NULL AND stage = 'conversion'",
        (str(request_id),),
    ).fetchone()
    return row is not None


WHEN_CALM = (invariant_10_the_licence_is_the_vendors,)
EVERY_STEP = (
    invariant_25_old_seats_cost_no_more_than_was_quoted,
    invariant_11_a_transition_moves_what_was_ordered,
    invariant_25_the_vendor_leaves_nobody_without_a_licence,
)
