"""Reads the renewal form: how it ends, seats as a total or a difference, licence, term and billing plan, end date."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from seatwright.rules import conflicts, quantities, renewals, terms, timeline
from seatwright.web import formats, wording
from seatwright.workflows import renewal_choices, schedule_change

FIELDS = ("base", "ending", "total", "direction", "by", "offer", "plan", "end_on")
OTHER_FIELDS = frozenset({"csrfmiddlewaretoken"})
Dimension = timeline.Dimension
Choices = renewal_choices.Choices
# Which field shows what speaks against a dimension; the others concern the whole form.
FIELD_OF = {
    Dimension.QUANTITY: "seats",
    Dimension.OFFER: "offer",
    Dimension.TERM: "plan",
    Dimension.BILLING_PLAN: "plan",
    Dimension.END_DATE: "end_on",
    Dimension.ENDING: "ending",
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as typed; `errors` are sentences by field, those of the whole form under "form".

    `clear` names the dimensions whose wishes the form takes back.
    """

    ending: str
    total: str
    direction: str
    by: str
    offer: str
    plan: str
    end_on: str
    wishes: Mapping[Dimension, timeline.Value] = field(default_factory=dict)
    clear: tuple[Dimension, ...] = ()
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_fewer(self) -> bool:
        """Whether a difference is to be taken away."""
        return self.direction == quantities.Direction.FEWER


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the card about the renewal shows, with the form as typed."""

    choices: Choices
    typed: Typed
    base: str
    outcome: str
    warnings: tuple[tuple[bool, str], ...]
    offer_name: str
    renews_text: str
    last_on: dt.date | None
    ends: tuple[tuple[str, str], ...]


def untouched(choices: Choices) -> Typed:
    """The form of a renewal that nobody has touched: what will happen as it stands."""
    plan = choices.plan
    seats = _wished_seats(plan)
    is_by = isinstance(seats, timeline.SeatsBy)
    difference = seats.difference if isinstance(seats, timeline.SeatsBy) else 0
    is_renewed = plan.following.outcome is renewals.Ending.RENEW
    end_on = plan.following.aligned_end_on
    chosen = choices.chosen or choices.offers[0]
    return Typed(
        ending=str(plan.following.outcome),
        total=str(plan.seats if is_by or seats is None else seats.of(plan.seats)),
        direction=str(quantities.Direction.FEWER if difference < 0 else quantities.Direction.MORE),
        by=str(abs(difference)) if is_by else "",
        offer=chosen.value,
        plan=_plan_value(plan.following.term, plan.following.billing_plan)
        if is_renewed
        else _plan_value(choices.held_term, choices.held_plan),
        end_on="" if end_on is None else end_on.isoformat(),
    )


def base(plan: schedule_change.Plan) -> str:
    """What a page was made from, so that one older than the last change is told apart."""
    return f"{plan.seats}:{plan.changed_at.isoformat() if plan.changed_at else ''}"


def read(*, posted: QueryDict, choices: Choices) -> Typed:
    """The wishes in the form, strictly read: unknown, repeated and stale fields are refused, nothing is guessed.

    A choice that the page did not offer, because there was nothing to choose from, stays as it is.
    """
    held = untouched(choices)
    values = {name: posted.get(name, "")[:60] for name in FIELDS}
    typed = Typed(
        ending=values["ending"],
        total=values["total"][:20],
        direction=values["direction"],
        by=values["by"][:20],
        offer=values["offer"] if "offer" in posted else held.offer,
        plan=values["plan"],
        end_on=values["end_on"] if "end_on" in posted else held.end_on,
    )
    trouble = _trouble(posted, choices)
    if trouble:
        return refused(typed, "form", trouble)
    ending = next((each for each, _price in choices.endings if each == typed.ending), None)
    if ending is None:
        return refused(typed, "ending", _("Choose how the term ends."))
    if ending is not renewals.Ending.RENEW:
        others = tuple(each for each in Dimension if each is not Dimension.ENDING)
        return replace(typed, wishes={Dimension.ENDING: ending}, clear=others)
    return _read_renewal(typed, held, choices)


def _trouble(posted: QueryDict, choices: Choices) -> str:
    """What is wrong with the form as a whole; empty when it is this page's and fresh."""
    if set(posted) - {*FIELDS, *OTHER_FIELDS}:
        return _("The form does not belong to this page. Load the page again.")
    if any(len(posted.getlist(name)) != 1 for name in FIELDS if name in posted):
        return _("A field was sent twice. Load the page again.")
    if posted.get("base") != base(choices.plan):
        return changed_meanwhile()
    return ""


def changed_meanwhile() -> str:
    """What to say of a form that is older than the last change of the plan."""
    return _("The plan for this renewal was changed since you opened the page. Look at it again.")


def _read_renewal(typed: Typed, held: Typed, choices: Choices) -> Typed:
    """The form of a term that is renewed, with its wishes or with the reason at the first field that has one."""
    try:
        seats = _seats(typed, choices.plan)
    except quantities.BadQuantity as bad:
        return refused(typed, "seats", wording.quantity_refusal(bad.reason_code))
    except ValueError:
        return refused(typed, "seats", _("The total and the difference do not agree. Fill in only one of them."))
    wishes: dict[Dimension, timeline.Value] = {Dimension.QUANTITY: seats, Dimension.ENDING: renewals.Ending.RENEW}
    product = next((each for each in choices.offers if each.value == typed.offer), None)
    if product is None:
        return refused(typed, "offer", _("Choose one of the licences listed."))
    pair = next((_pair(each) for each in choices.plans if each.value == typed.plan), None)
    if pair is None and typed.plan != held.plan:
        return refused(typed, "plan", _("This licence is not sold like that. Choose one of the ways listed."))
    if pair is not None:
        wishes |= {Dimension.TERM: pair[0], Dimension.BILLING_PLAN: pair[1]}
    if product.is_held:
        wishes[Dimension.OFFER] = choices.held_offer
    else:
        wishes[Dimension.OFFER] = product.keys.get(pair or _pair(choices.plans[0]), next(iter(product.keys.values())))
    clear: tuple[Dimension, ...] = ()
    if not typed.end_on:
        clear = (Dimension.END_DATE,)
    else:
        chosen = next((each.end_on for each in choices.ends if each.end_on.isoformat() == typed.end_on), None)
        if chosen is None:
            return refused(typed, "end_on", _("The next term cannot end on that day. Let it run its full length."))
        wishes[Dimension.END_DATE] = chosen
    return replace(typed, wishes=wishes, clear=clear)


def _pair(choice: renewal_choices.PlanChoice) -> tuple[terms.Term, terms.BillingPlan]:
    return choice.term, choice.billing_plan


def refused(typed: Typed, name: str, *sentences: str) -> Typed:
    """The form with these sentences at that field, beside those already there."""
    errors = {**typed.errors, name: (*typed.errors.get(name, ()), *sentences)}
    return replace(typed, errors=errors, wishes={}, clear=())


def with_conflicts(typed: Typed, found: tuple[conflicts.Conflict, ...], *, zone: str) -> Typed:
    """The form with the sentence of each blocking conflict at its field."""
    for each in found:
        if each.is_blocking:
            name = "form" if isinstance(each.reason, conflicts.Locked) else FIELD_OF.get(each.dimension, "form")
            typed = refused(typed, name, wording.conflict(each.reason, zone=zone))
    return typed


def card(*, choices: Choices, typed: Typed | None, zone: str) -> Card:
    """The card about the renewal; without `typed`, the form shows what stands."""
    plan = choices.plan
    named = plan.following.offer if plan.following.offer != choices.held_offer else ""
    return Card(
        choices=choices,
        typed=typed or untouched(choices),
        base=base(plan),
        outcome=wording.renewal_outcome(plan.following),
        warnings=tuple((each.is_blocking, wording.conflict(each.reason, zone=zone)) for each in plan.found),
        offer_name=choices.offer_names.get(named, named),
        renews_text=formats.day(value=plan.renews_on),
        last_on=None if plan.following.end_on is None else plan.following.end_on - dt.timedelta(days=1),
        ends=tuple((each.end_on.isoformat(), _end_words(each)) for each in choices.ends),
    )


def _end_words(choice: renewal_choices.EndChoice) -> str:
    """The last day of the term, and what it ends together with."""
    day = formats.day(value=choice.end_on - dt.timedelta(days=1))
    if choice.names:
        return _("%(day)s, together with %(names)s") % {"day": day, "names": ", ".join(choice.names[:3])}
    return _("%(day)s, the end of a month") % {"day": day}


def _seats(typed: Typed, plan: schedule_change.Plan) -> timeline.Seats:
    """The wished seats in the customer's own words; raises BadQuantity, or ValueError when two contradict."""
    if typed.by:
        difference = quantities.parse_quantity(typed.by)
        direction = quantities.Direction(typed.direction)
        result = quantities.after_difference(quantity=plan.seats, direction=direction, by=difference)
        if typed.total and quantities.parse_quantity(typed.total) not in (plan.seats, result):
            raise ValueError
        return timeline.SeatsBy(difference if direction is quantities.Direction.MORE else -difference)
    total, before = quantities.parse_quantity(typed.total), _wished_seats(plan)
    # A total that was wished before keeps what the customer said about it.
    return before if isinstance(before, timeline.SeatsTotal) and before.total == total else timeline.SeatsTotal(total)


def _wished_seats(plan: schedule_change.Plan) -> timeline.Seats | None:
    return next((each.seats for each in plan.pending if each.effective_on == plan.renews_on), None)


def _plan_value(term: terms.Term, billing_plan: terms.BillingPlan) -> str:
    return f"{term}:{billing_plan}"
