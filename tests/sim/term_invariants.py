"""The invariants of terms: what each costs, where it begins, and that the vendor made it or somebody ordered it."""

import datetime as dt
import functools
import itertools
import json
import uuid
from typing import TYPE_CHECKING, Any

from tests.sim import arithmetic

if TYPE_CHECKING:
    from tests.sim.models import Model
    from tests.sim.records import Expected, Held, News

EXTENDED = "subscription.extended"
TRIAL_PLAN = "none"
BEGINNINGS = ("subscription.renewed", EXTENDED)


def invariant_09_terms_have_the_price_of_their_first_day(model: "Model", news: "News") -> None:
    for term in news.terms:
        held = model.held[term["subscription_id"]]
        changed = term["changed"] = model.change_behind(term) if held.terms else None
        if changed is not None and changed.what == "converted":
            _convert(held.terms[-1], term, changed)
        elif changed is not None:
            _cut(model, held, term)
        for earlier in held.terms:
            model.require(over_on(earlier) <= term["start_on"], "04: two terms overlap")
        held.terms.append(term)
        if term is held.terms[0]:
            _require_ours_to_charge(model, term)
        is_alone = (
            len(held.terms) > 1 and sum(each["subscription_id"] == term["subscription_id"] for each in news.terms) == 1
        )
        rates, entered = _prices(model, held, term, is_alone=is_alone), arithmetic.Fraction(term["unit_rate"] or 0)
        shown = " or ".join(f"{float(rate):g}" for rate in rates)
        model.require(entered in rates, f"09: a term was entered at {term['unit_rate']!r}, its price is {shown}")
    for late in news.late:
        _price_late(model, model.held[late["subscription_id"]], late)


def _require_ours_to_charge(model: "Model", term: dict[str, Any]) -> None:
    """What was bought is charged from its first day on.

    What nobody ordered here is, from the day on which it was met, by the clock that shows the earlier one.
    """
    key, at = term["subscription_id"], term["entered_at"]
    if not any(key == each.subscription_id or key in each.sides for each in model.expected.values()):
        met_on = min(model.business_day(at), at.date())
        model.require(term["charged_from_on"] == met_on, f"04: met on {met_on}, charged from {term['charged_from_on']}")
    for each in _purchases(model):
        if each.subscription_id == key and each.on == term["start_on"]:
            model.require(term["charged_from_on"] == each.on, f"04: bought on {each.on}, charged from later on")


def _price_late(model: "Model", held: "Held", late: dict[str, Any]) -> None:
    """A term that began without a price has the one of its first day, however late that is known."""
    term = next(each for each in held.terms if each["start_on"] == late["start_on"])
    model.require(not term["unit_rate"], f"09: the term of {term['start_on']} has a price and is priced again")
    rates = _prices(model, held, {**term, "offer_key": late["offer_key"]}, is_alone=False)
    shown = " or ".join(f"{float(rate):g}" for rate in rates)
    model.require(
        arithmetic.Fraction(late["unit_rate"]) in rates,
        f"09: a term is priced late at {late['unit_rate']}, not {shown}",
    )
    term["unit_rate"] = late["unit_rate"]
    model.world.did["priced late"] += 1


def _prices(model: "Model", held: "Held", term: dict[str, Any], *, is_alone: bool) -> list[arithmetic.Fraction]:
    """The price of the term, 0 where none is known: that of its product, with a surcharge where it is extended.

    The vendor's log tells which it is where one term was entered alone. Of several that went by unread, and of the one
    that a licence was met in, the product cannot always know it: either price is let pass then.
    """
    parts = term["offer_key"].split(":")
    if len(parts) < 3 or term["billing_plan"] == TRIAL_PLAN:
        return [arithmetic.Fraction()]
    quoted = _quoted(model, term["subscription_id"])
    if quoted and not held.terms[1:]:
        return [arithmetic.Fraction(quoted)]
    kinds = {kind for kind, start_on in _begun(model, held) if not is_alone or start_on == term["start_on"]}
    on, rates, extended = max(term["start_on"], term["charged_from_on"]), [], []
    for seats in _seats_shown(model, held, term):
        priced = functools.partial(_rate, model, (parts[1], parts[2]), on=on, seats=seats)
        rates.append(arithmetic.Fraction(priced((term["term"], term["billing_plan"])) or 0))
        extended.append(arithmetic.extended_rate(priced, on=on))
    # What a month of extended service became by a transition is sold at the new offer's own price, as it was quoted.
    if EXTENDED not in kinds or term.get("is_inside"):
        return rates
    return extended if is_alone else rates + extended


def _rate(model: "Model", product: tuple[str, str], plan: tuple[str, str], *, on: dt.date, seats: int) -> str:
    return model.rate((*product, *plan), on=on, seats=seats)


def _purchases(model: "Model") -> list["Expected"]:
    return [each for each in model.expected.values() if each.what == "bought"]


def _quoted(model: "Model", subscription_id: uuid.UUID) -> str:
    """The price at which the subscription came here: bought, or made by a transition, which is charged from the
    day after its order on.
    """
    came = (
        each.new_rate
        for each in model.expected.values()
        if (each.what == "bought" and each.subscription_id == subscription_id)
        or each.sides.get(subscription_id, (1, 1))[0] == 0
    )
    return next(came, "")


def _seats_shown(model: "Model", held: "Held", term: dict[str, Any]) -> set[int]:
    """The numbers of seats that the vendor showed since the term began, one of which the product sees, and ours."""
    ours = sum(seats for on, seats in held.changes if on <= term["start_on"])
    begins_at = dt.datetime.combine(term["start_on"], dt.time(), tzinfo=dt.UTC)
    theirs = [each for each in model.effects if each["subject"] == held.vendor_id]
    later = [json.loads(each["after"]).get("quantity") for each in theirs if each["at"] >= begins_at]
    row = model.vendor_row(held.vendor_id)
    changed = {} if term.get("changed") is None else {max(*each) for each in term["changed"].sides.values()}
    return {seats for seats in (*later, *changed, held.seats, ours, row and row["quantity"]) if seats}


def _begun(model: "Model", held: "Held") -> list[tuple[str, dt.date]]:
    """How the vendor began each term of the subscription that was not ordered, and on which day."""
    return [
        (each["kind"], dt.date.fromisoformat(str(json.loads(each["before"])["termEndsAt"])[:10]))
        for each in model.effects
        if each["subject"] == held.vendor_id and each["kind"] in BEGINNINGS
    ]


def _cut(model: "Model", held: "Held", term: dict[str, Any]) -> None:
    """The term before is over where this one begins.

    A cycle that began before the product came was charged by others: what is given back of it here leaves their seats
    on its days.
    """
    start, before = term["start_on"], held.terms[-1]
    before["cut_on"] = term["charged_from_on"] = start
    first, last = arithmetic.cycle(before["anchor_on"], term=before["term"], plan=before["billing_plan"], on=start)
    if first < max(before["start_on"], before["charged_from_on"]):
        ours = sum(
            charge["seats"]
            for charge in model.charges.get(term["subscription_id"], [])
            if charge["kind"] not in ("term", "term_credit")
            and charge["period_start_on"] <= start < charge["period_end_on"]
        )
        held.elsewhere.append((start, min(last, before["end_on"]), held.seats - ours))


def is_rest(term: dict[str, Any], expected: "Expected") -> bool:
    """Whether the term is what is left of one whose seats all became another offer, from the cycles after its day."""
    return bool(expected.offer_key) and term["start_on"] == expected.on + dt.timedelta(days=1)


def _convert(before: dict[str, Any], term: dict[str, Any], expected: "Expected") -> None:
    """The new price holds here from the day of the order on, from which it is charged."""
    before["cut_on"] = term["start_on"] = term["charged_from_on"] = expected.on
    term["is_inside"] = True


def _require_same_term(model: "Model", before: dict[str, Any], term: dict[str, Any], expected: "Expected") -> None:
    """Another offer, and nothing else, for what is left of the term."""
    names = ("term", "billing_plan", "anchor_on", "end_on")
    changed = [name for name in names if term[name] != before[name]]
    model.require(not changed, f"25: a transition changed {changed} of the term")
    model.require(term["offer_key"] == expected.offer_key, f"25: {term['offer_key']} is not what was ordered")


def over_on(term: dict[str, Any]) -> dt.date:
    """The first day after the term, or the one on which another one began inside it."""
    over_on: dt.date = term.get("cut_on", term["end_on"])
    return over_on


def invariant_25_terms_follow_what_the_vendor_renewed(model: "Model", news: "News") -> None:
    """A term of ours begins where one ended, after that day, with plan and length that the vendor gave it."""
    entered: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for term in news.terms:
        start, changed, terms = term["start_on"], term["changed"], model.held[term["subscription_id"]].terms
        if term is terms[0]:
            continue
        is_converted = changed is not None and changed.what == "converted"
        # A transition counts from the reseller's day on which it was ordered, any other term from the vendor's day.
        vendors_on = model.world.at.date()
        today = max(model.business_day(model.world.at), vendors_on) if is_converted else vendors_on
        model.require(start <= today, f"25: the term of {start} is entered before its day")
        if changed is None:
            entered.setdefault(term["subscription_id"], []).append(term)
            continue
        if is_converted:
            _require_same_term(model, terms[terms.index(term) - 1], term, changed)
            continue
        months = arithmetic.TERM_MONTHS[changed.leads_to[0]]
        wanted = (*changed.leads_to, arithmetic.months_later(start, months), start)
        is_so = (term["term"], term["billing_plan"], term["end_on"], term["anchor_on"])
        model.require(is_so == wanted, f"25: {is_so} is entered, {wanted} was ordered")
    for subscription_id, terms in entered.items():
        _require_as_renewed(model, model.held[subscription_id], terms)


def _require_as_renewed(model: "Model", held: "Held", terms: list[dict[str, Any]]) -> None:
    """Terms entered at one look are what the vendor made; on which days those between began is not told by it."""
    for before, after in itertools.pairwise(terms):
        model.require(before["end_on"] == after["start_on"], f"25: {after['start_on']} does not follow on a term")
    made = {
        str(json.loads(each["before"])["termEndsAt"])[:10]: json.loads(each["after"])
        for each in model.effects
        if each["subject"] == held.vendor_id and each["kind"] in BEGINNINGS
    }
    on, shown, end = terms[0]["start_on"].isoformat(), set(), terms[-1]["end_on"].isoformat()
    while on in made and on < end:
        shown.add((made[on]["termDuration"], made[on]["billingCycle"]))
        on = str(made[on]["termEndsAt"])[:10]
    model.require(on == end, f"25: a term to {end} is entered, the vendor made one to {on}")
    strange = {(term["term"], term["billing_plan"]) for term in terms} - shown
    model.require(not strange, f"25: {strange} is entered, the vendor made {shown}")
