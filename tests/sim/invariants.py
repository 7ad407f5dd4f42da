"""The invariants, each under its number: after every step, and when nothing is under way; `at_send` has the others.

They read the model, the rows that are new in the product's tables and the vendor's own log, and raise Violated.
"""

import datetime as dt
import json
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from seatwright.access import audit
from tests.sim import arithmetic, term_invariants

if TYPE_CHECKING:
    from tests.sim.models import Model
    from tests.sim.records import Held, News

LIVE = ("active", "pending")
# What a change inside the term may make true of the wishes of its own kind, so that they leave nothing behind.
OWN = {"term": {"term", "billing_plan"}, "converted": {"offer"}}
# What the vendor notes of a transition besides what it came to.
BESIDE = ("transition.accepted", "transition.failed", "licences.moved")
OVER = ("expired", "disabled", "deleted")


class Violated(BaseException):
    """An invariant does not hold; the text begins with its number. The product catches no such thing."""


def plain(value: Any) -> Any:
    """A wished value as the product stores it."""
    if hasattr(value, "difference"):
        return {"difference": value.difference}
    if hasattr(value, "total"):
        return {"total": value.total, "is_settled": value.is_settled}
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def due_minor(held: "Held", *, before: int, after: int, on: dt.date) -> int:
    """What the change costs until its charge cycle or the term is over."""
    term = arithmetic.term_on(held.terms, on)
    if not term["unit_rate"]:
        return 0
    start, end = arithmetic.cycle(
        term["anchor_on"], term=term["term"], plan=term["billing_plan"], on=max(on, term["anchor_on"])
    )
    days, first, last = (end - start).days, (on - start).days, (min(end, term["end_on"]) - start).days
    rate = term["unit_rate"]
    return arithmetic.cents(after, rate, first=first, last=last, days=days) - arithmetic.cents(
        before, rate, first=first, last=last, days=days
    )


# After every step


def invariant_11_seats_change_only_for_a_reason_and_add_up(model: "Model", news: "News") -> None:
    for entry in news.entries:
        held = model.held[entry["subscription_id"]]
        held.seats += entry["seats"]
        held.changes.append((_owed_from(model, held, entry, news), entry["seats"]))
        model.require(entry["effective_at"] <= model.world.at, "24: seats are booked for a time to come")
    for operation_id in {entry["operation_id"] for entry in news.entries} & model.expected.keys():
        expected = model.expected[operation_id]
        asked = expected.after - expected.before
        model.require(expected.booked == asked, f"11: {expected.booked} seats are booked, {asked} were asked for")
    for held in model.held.values():
        seats = held.row["seats"]
        model.require(seats == held.seats, f"11: {seats} seats are stored, the ledger has {held.seats}")


def _owed_from(model: "Model", held: "Held", entry: dict[str, Any], news: "News") -> dt.date:
    """The day from which the entry is owed, by the reason that there must be for it."""
    expected = model.expected.get(entry["operation_id"])
    if entry["kind"] == "ended" and entry["operation_id"] not in model.operations:
        return _over_at_the_vendor(model, held)
    is_given_back = entry["kind"] in ("returned", "ended") and entry["operation_id"] not in model.expected
    if is_given_back and entry["subscription_id"] in model.leaving:
        opened = model.operations[entry["operation_id"]]
        model.require(
            entry["seats"] < 0 and opened["state"] == "done", "16: a swap brought seats that nobody asked for"
        )
        return model.charged_on(held, opened["created_at"])
    if entry["kind"] in ("added", "returned", "ended", "bought", "swapped"):
        model.require(expected is not None, f"16: {entry['seats']} seats are {entry['kind']} that nobody asked for")
        assert expected is not None
        state = model.operations[entry["operation_id"]]["state"]
        model.require(state == "done", f"18: seats are booked by an operation that is {state}")
        expected.booked += entry["seats"]
        return expected.on
    if entry["kind"] == "renewed":
        invariant_25_a_renewal_comes_when_the_vendor_has_made_it(model, held, entry)
        # Where several of the vendor's terms went by unread, the seats are those of the first.
        return min(term["start_on"] for term in news.terms if term["subscription_id"] == entry["subscription_id"])
    if entry["operation_id"] is None:
        first = held.terms[0]["charged_from_on"]
        model.require(entry["seats"] > 0 and entry["kind"] == "adopted", "11: seats come from nowhere")
        return min(first, held.terms[0]["start_on"])
    model.require(entry["subscription_id"] in model.adopting, "10: a difference was taken over by nobody")
    return model.charged_on(held, model.adopting[entry["subscription_id"]])


def _over_at_the_vendor(model: "Model", held: "Held") -> dt.date:
    """The end of the last term of a subscription that nobody ended here: its life is over at the vendor."""
    row, over_on = model.vendor_row(held.vendor_id), term_invariants.over_on(held.terms[-1])
    is_over = row is None or row["status"] == "deleted"
    model.require(is_over and model.world.at.date() >= over_on, f"12: all seats are gone before {over_on}")
    return over_on


def invariant_25_a_renewal_comes_when_the_vendor_has_made_it(
    model: "Model", held: "Held", entry: dict[str, Any]
) -> None:
    starts = [term["start_on"] for term in held.terms[1:]]
    model.require(bool(starts), "25: seats of a renewal are booked without one")
    model.require(starts[-1] <= model.world.at.date(), f"25: the renewal of {starts[-1:]} is booked before its day")
    model.require(max(Counter(starts).values()) == 1, "25: a renewal is entered twice")


def invariant_25_no_wish_takes_effect_before_its_renewal(model: "Model", news: "News") -> None:
    """Storing a wish changes nothing that is held now."""
    for effect in news.effects:
        operation_id = model.requests.get(effect["request_id"])
        if operation_id is None or model.operations[operation_id]["kind"] != "apply_schedule":
            continue
        before, after = json.loads(effect["before"]), json.loads(effect["after"])
        for member in ("quantity", "status", "termDuration", "billingCycle"):
            model.require(before[member] == after[member], f"25: storing a wish changed {member}")


def invariant_25_nobody_is_ever_without_a_licence(model: "Model") -> None:
    """Whoever changes from one plan to another holds one of the two at every moment."""
    for (tenant_id, user_id), either in model.moving.items():
        model.require(
            bool(model.licences(tenant_id, user_id) & either), f"25: {user_id} holds neither licence of the swap"
        )


def invariant_12_a_running_licence_keeps_a_seat(model: "Model", news: "News") -> None:
    for held in model.held.values():
        if held.row["status"] in LIVE:
            model.require(held.row["seats"] >= 1, "12: a running subscription has no seat")


def invariant_02_charges_are_those_that_were_quoted(model: "Model", news: "News") -> None:
    sums: Counter[uuid.UUID] = Counter()
    for charge in news.charges:
        sums[charge["operation_id"]] += charge["amount_minor"]
    for operation_id, amount_minor in sums.items():
        expected = model.expected.get(operation_id)
        if expected is not None:
            model.require(
                amount_minor == expected.due_minor, f"02: {amount_minor} charged, {expected.due_minor} quoted"
            )
            state = model.operations[operation_id]["state"]
            model.require(state == "done", f"18: an operation that is {state} is billed")


def _charged_term(terms: list[dict[str, Any]], start: dt.date, end: dt.date, rate: str) -> dict[str, Any]:
    """The term that a charge belongs to: the one of its first day, or the one that ended early on that day.

    Of a term that ended with the first day of a cycle, that cycle may be charged and given back.
    """
    term = arithmetic.term_on(terms, start)
    before = next((each for each in terms if each.get("cut_on") == start), term)
    if before is term or rate != before["unit_rate"]:
        return term
    _first, last = arithmetic.cycle(before["anchor_on"], term=before["term"], plan=before["billing_plan"], on=start)
    return before if end <= min(last, before["end_on"]) else term


def _is_same(rate: str, wanted: str) -> bool:
    return bool(wanted) and arithmetic.Fraction(rate) == arithmetic.Fraction(wanted)


def invariant_01_amounts_are_seats_times_days_times_price(model: "Model", news: "News") -> None:
    for charge in news.charges:
        held = model.held[charge["subscription_id"]]
        start, end = charge["period_start_on"], charge["period_end_on"]
        rate = charge["unit_rate"]
        term = _charged_term(held.terms, start, end, rate)
        expected = model.expected.get(charge["operation_id"])
        is_new = expected is not None and charge["kind"] == "swapped_in" and _is_same(rate, expected.new_rate)
        model.require(is_new or rate == term["unit_rate"], f"09: charged at {rate}, frozen at {term['unit_rate']}")
        first, last = arithmetic.cycle(term["anchor_on"], term=term["term"], plan=term["billing_plan"], on=start)
        model.require(end <= min(last, term["end_on"]), "04: a charge reaches beyond its cycle or term")
        exact = charge["seats"] * arithmetic.Fraction(rate) * 100
        exact *= arithmetic.Fraction((end - start).days, (last - first).days)
        plain_minor = charge["amount_minor"] - charge["rounding_minor"]
        model.require(plain_minor == arithmetic.nearest(exact), f"01: {plain_minor} is not {exact}")
        model.require(abs(charge["rounding_minor"]) <= 2, "03: more than rounding was put right")
        # The first day of a term is the vendor's, which may begin before the reseller's.
        is_vendors = start in [each["start_on"] for each in held.terms] and start <= model.world.at.date()
        today = model.business_day(model.world.now())
        model.require(is_vendors or start <= today, f"24: the cycle of {start} is charged early")


def invariant_05_a_cycle_is_charged_once(model: "Model", news: "News") -> None:
    for subscription_id in {charge["subscription_id"] for charge in news.charges}:
        # Beside a cycle's own charge stand those of changes inside it that waited for its price.
        cycles = [each for each in model.charges[subscription_id] if (each["kind"], each["position"]) == ("cycle", 0)]
        starts = Counter(charge["period_start_on"] for charge in cycles)
        model.require(max(starts.values(), default=1) == 1, "05: a cycle is charged twice")


def invariant_15_wishes_change_only_as_wished(model: "Model", news: "News") -> None:
    """One set of wishes for a date; what was not touched stays, a value that holds anyway leaves nothing behind."""
    ended = {
        key: expected
        for row in news.operations
        if row["state"] == "done" and (expected := model.expected.get(row["id"])) is not None
        for key in (expected.subscription_id, *expected.sides)
    }
    renewed = {term["subscription_id"] for term in news.terms}
    for key, held in model.held.items():
        before, after = held.wishes, news.wishes.get(key, {})
        held.wishes = after
        model.require(len(after) <= 1, "15: wishes for more than the next renewal")
        if key in renewed or (before == after and key not in model.touched_wishes):
            continue
        was, now = (_beside_a_renewal(next(iter(each.values()), {})) for each in (before, after))
        touched = model.touched_wishes.get(key, [])
        names = {name for name, _value in touched}
        if (not now and held.row["status"] in OVER) or key in model.leaving:
            continue
        if not touched:
            model.require(key in ended, f"15: {was} became {now} without a wish")
        if "all" in names:
            model.require(not now, f"15: {now} is left after taking everything back")
            continue
        own = OWN.get(ended[key].what, set()) if key in ended else set()
        for name in (was.keys() | now.keys()) - names - {"quantity", "end_date", "ending"}:
            is_kept = now.get(name) == was.get(name) or (name in own and now.get(name) is None)
            model.require(is_kept, f"15: {name} went from {was.get(name)} to {now.get(name)}")
        for name, value in touched:
            model.require(now.get(name) in (value, None), f"15: {value} was wished for {name}, {now.get(name)} is kept")
        if key in ended and not touched:
            _require_carried_over(model, *ended[key].seats_of(key), was.get("quantity"), now.get("quantity"))


def _beside_a_renewal(wishes: dict[str, Any]) -> dict[str, Any]:
    """The wishes without the word that the term renews, which is kept where another ending was taken back."""
    return {name: value for name, value in wishes.items() if (name, value) != ("ending", "renew")}


def _require_carried_over(model: "Model", before: int, after: int, was: Any, now: Any) -> None:
    """A difference stays; a total stays, follows, or is gone when the change has reached or overtaken it."""
    if was is None or now is None:
        is_right = now is None
    elif "difference" in was:
        is_right = now == was
    else:
        stays, follows = was["total"], was["total"] + after - before
        number = now.get("total", after + now.get("difference", 0))
        is_right = number in (stays, follows)
    model.require(is_right, f"15: {was} became {now} when {before} seats became {after}")


def invariant_18_what_is_said_to_have_happened_has(model: "Model", news: "News") -> None:
    """Done means that the vendor did it, refused that it did not; a person's decision stands for itself."""
    for row in news.operations:
        expected = model.expected.get(row["id"])
        if expected is None or "decision" in row["progress"]:
            continue
        has_effect = model.has_effect(row)
        if row["state"] == "refused":
            model.require(not has_effect, f"18: {expected.what} is called refused and took effect")
        if row["state"] == "done" and not has_effect:
            model.require(_was_brought_about(model, expected), f"18: {expected.what} is called done and never was")


def _was_brought_about(model: "Model", expected: Any) -> bool:
    """Whether somebody else made the very same change meanwhile, which nobody can tell from ours."""
    if expected.what in ("bought", "converted"):
        return False
    vendor_id = model.held[expected.subscription_id].vendor_id
    for effect in model.effects:
        if effect["subject"] == vendor_id and effect["at"] >= expected.asked_at:
            after = json.loads(effect["after"])
            if expected.what == "term":
                is_same = (after.get("termDuration"), after.get("billingCycle")) == expected.leads_to
            else:
                is_same = after.get("quantity") == expected.after or after.get("status") == expected.what
            if is_same:
                return True
    return False


EVERY_STEP = (
    term_invariants.invariant_09_terms_have_the_price_of_their_first_day,
    invariant_11_seats_change_only_for_a_reason_and_add_up,
    invariant_12_a_running_licence_keeps_a_seat,
    invariant_01_amounts_are_seats_times_days_times_price,
    invariant_02_charges_are_those_that_were_quoted,
    invariant_05_a_cycle_is_charged_once,
    invariant_15_wishes_change_only_as_wished,
    invariant_18_what_is_said_to_have_happened_has,
    term_invariants.invariant_25_terms_follow_what_the_vendor_renewed,
    invariant_25_no_wish_takes_effect_before_its_renewal,
)


# When nothing is under way


def invariant_10_books_and_vendor_agree_or_the_difference_is_known(model: "Model") -> None:
    known = {row["subscription_id"] for row in model.drifts()}
    for key, held in model.held.items():
        row = model.vendor_row(held.vendor_id)
        theirs = 0 if row is None or row["status"] == "deleted" else row["quantity"]
        is_known = theirs == held.seats or key in known
        model.require(is_known, f"10: {held.seats} seats are ours, {theirs} the vendor's, and nobody knows")


def invariant_04_every_seat_is_charged_on_every_day(model: "Model") -> None:
    today = model.business_day(model.world.now())
    for key, held in model.held.items():
        charged = [
            (each["period_start_on"], each["period_end_on"], each["seats"]) for each in model.charges.get(key, [])
        ]
        charged += held.elsewhere
        for term in held.terms:
            first, last = max(term["start_on"], term["charged_from_on"]), min(term_invariants.over_on(term), today)
            if not term["unit_rate"] or last <= first or held.row["status"] == "deleted":
                continue
            first = _first_cycle(term, first)
            seats = arithmetic.seats_by_day(held.changes, first=first, last=max(last, first))
            billed = [0] * len(seats)
            for start, end, number in charged:
                for day in range(max((start - first).days, 0), min((end - first).days, len(billed))):
                    billed[day] += number
            wrong = next((day for day, pair in enumerate(zip(seats, billed, strict=True)) if len(set(pair)) > 1), None)
            if wrong is not None:
                day = first + dt.timedelta(days=wrong)
                model.require(False, f"04: {seats[wrong]} seats on {day}, {billed[wrong]} charged")


def _first_cycle(term: dict[str, Any], first: dt.date) -> dt.date:
    """The first day of a cycle that is ours to charge: one that began before we came was charged by others."""
    start, end = arithmetic.cycle(term["anchor_on"], term=term["term"], plan=term["billing_plan"], on=first)
    return start if start >= first else end


def invariant_16_every_change_at_the_vendor_has_one_operation(model: "Model") -> None:
    counts: Counter[str] = Counter()
    for effect in model.effects:
        if effect["face"] != "partner" or effect["request_id"].startswith("foreign-"):
            continue
        if effect["kind"] == "cart.created":
            # A cart binds nobody: one whose answer was lost is made again, and one of them is checked out.
            continue
        model.require(effect["request_id"] in model.requests, f"16: nobody intended {effect['request_id']}")
        counts[effect["request_id"]] += effect["kind"] not in BESIDE
    for request_id, count in counts.items():
        kind = model.operations[model.requests[request_id]]["kind"]
        model.require(count <= 1 or kind == "apply_schedule", f"16: {kind} took effect {count} times")


def invariant_20_nothing_outlives_its_owner(model: "Model") -> None:
    for row in model.unfinished():
        model.require(row["state"] == "parked", f"20: {row['kind']} is left {row['state']}")


def invariant_28_the_audit_chain_is_whole(model: "Model") -> None:
    broken = next(audit.breaks(), None)
    model.require(broken is None, f"28: the audit chain breaks: {broken}")


WHEN_CALM = (
    invariant_10_books_and_vendor_agree_or_the_difference_is_known,
    invariant_04_every_seat_is_charged_on_every_day,
    invariant_16_every_change_at_the_vendor_has_one_operation,
    invariant_20_nothing_outlives_its_owner,
)
