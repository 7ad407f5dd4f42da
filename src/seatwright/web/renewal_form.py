"""Reads the renewal form: seats as a total or a difference, term and billing plan together, renew or end."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from seatwright.rules import conflicts, quantities, renewals, terms, timeline
from seatwright.web import formats, wording
from seatwright.workflows import renewal_radar, schedule_change

FIELDS = ("base", "ending", "total", "direction", "by", "plan")
OTHER_FIELDS = frozenset({"csrfmiddlewaretoken"})
ENDINGS = (renewals.Ending.RENEW, renewals.Ending.CANCEL)
Dimension = timeline.Dimension
# Which field shows what speaks against a dimension; the others concern the whole form.
FIELD_OF = {
    Dimension.QUANTITY: "seats",
    Dimension.TERM: "plan",
    Dimension.BILLING_PLAN: "plan",
    Dimension.ENDING: "ending",
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as typed; `errors` are sentences by field, those of the whole form under "form"."""

    ending: str
    total: str
    direction: str
    by: str
    plan: str
    wishes: Mapping[Dimension, timeline.Value] = field(default_factory=dict)
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_fewer(self) -> bool:
        """Whether a difference is to be taken away."""
        return self.direction == quantities.Direction.FEWER


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A term with its billing plan to choose."""

    value: str
    term: str
    billing_plan: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the card about the renewal shows, with the form as typed."""

    sheet: renewal_radar.Sheet
    typed: Typed
    base: str
    choices: tuple[Choice, ...]
    outcome: str
    wishes: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    offer_name: str
    renews_text: str
    last_on: dt.date | None


def untouched(sheet: renewal_radar.Sheet) -> Typed:
    """The form of a renewal that nobody has touched: what will happen as it stands."""
    plan = sheet.plan
    seats = _wished_seats(plan)
    is_by = isinstance(seats, timeline.SeatsBy)
    difference = seats.difference if isinstance(seats, timeline.SeatsBy) else 0
    return Typed(
        ending=str(plan.following.outcome),
        total=str(plan.seats if is_by or seats is None else seats.of(plan.seats)),
        direction=str(quantities.Direction.FEWER if difference < 0 else quantities.Direction.MORE),
        by=str(abs(difference)) if is_by else "",
        plan=_plan_value(plan.following.term, plan.following.billing_plan)
        if plan.following.outcome is renewals.Ending.RENEW
        else _plan_value(sheet.held_term, sheet.held_plan),
    )


def base(plan: schedule_change.Plan) -> str:
    """What a page was made from, so that one older than the last change is told apart."""
    return f"{plan.seats}:{plan.changed_at.isoformat() if plan.changed_at else ''}"


def read(*, posted: QueryDict, sheet: renewal_radar.Sheet) -> Typed:
    """The wishes in the form, strictly read: unknown, repeated and stale fields are refused, nothing is guessed."""
    values = {name: posted.get(name, "")[:30] for name in FIELDS}
    typed = Typed(
        ending=values["ending"],
        total=values["total"],
        direction=values["direction"],
        by=values["by"],
        plan=values["plan"],
    )
    if set(posted) - {*FIELDS, *OTHER_FIELDS}:
        return refused(typed, "form", _("The form does not belong to this page. Load the page again."))
    if any(len(posted.getlist(name)) != 1 for name in FIELDS if name in posted):
        return refused(typed, "form", _("A field was sent twice. Load the page again."))
    if posted.get("base") != base(sheet.plan):
        return refused(
            typed, "form", _("The plan for this renewal was changed since you opened the page. Look at it again.")
        )
    if typed.ending not in ENDINGS:
        return refused(typed, "ending", _("Choose whether the licence renews or ends with its term."))
    if typed.ending == renewals.Ending.CANCEL:
        return replace(typed, wishes=_only_end(sheet))
    try:
        seats = _seats(typed, sheet.plan)
    except quantities.BadQuantity as bad:
        return refused(typed, "seats", wording.quantity_refusal(bad.reason_code))
    except ValueError:
        return refused(typed, "seats", _("The total and the difference do not agree. Fill in only one of them."))
    chosen = next((each for each in sheet.combinations if _plan_value(*each) == typed.plan), None)
    if chosen is None and typed.plan != untouched(sheet).plan:
        return refused(typed, "plan", _("This licence is not sold like that. Choose one of the ways listed."))
    wishes: dict[Dimension, timeline.Value] = {Dimension.QUANTITY: seats, Dimension.ENDING: renewals.Ending.RENEW}
    if chosen is not None:
        wishes |= {Dimension.TERM: chosen[0], Dimension.BILLING_PLAN: chosen[1]}
    return replace(typed, wishes=wishes)


def _only_end(sheet: renewal_radar.Sheet) -> dict[Dimension, timeline.Value]:
    """The wish to end, with those for seats, term and plan put back: what ends is not renewed with anything."""
    wishes: dict[Dimension, timeline.Value] = {Dimension.ENDING: renewals.Ending.CANCEL}
    for dimension in (Dimension.QUANTITY, Dimension.TERM, Dimension.BILLING_PLAN):
        if dimension in _wished(sheet.plan):
            wishes[dimension] = _held(sheet, dimension)
    return wishes


def _held(sheet: renewal_radar.Sheet, dimension: Dimension) -> timeline.Value:
    if dimension is Dimension.TERM:
        return sheet.held_term
    if dimension is Dimension.BILLING_PLAN:
        return sheet.held_plan
    return timeline.SeatsTotal(sheet.plan.seats)


def refused(typed: Typed, name: str, *sentences: str) -> Typed:
    """The form with these sentences at that field, beside those already there."""
    errors = {**typed.errors, name: (*typed.errors.get(name, ()), *sentences)}
    return replace(typed, errors=errors, wishes={})


def with_conflicts(typed: Typed, found: tuple[conflicts.Conflict, ...], *, zone: str) -> Typed:
    """The form with the sentence of each conflict at its field."""
    for each in found:
        name = "form" if isinstance(each.reason, conflicts.Locked) else FIELD_OF.get(each.dimension, "form")
        typed = refused(typed, name, wording.conflict(each.reason, zone=zone))
    return typed


def card(*, sheet: renewal_radar.Sheet, typed: Typed | None, zone: str) -> Card:
    """The card about the renewal; without `typed`, the form shows what stands."""
    shown, plan = typed or untouched(sheet), sheet.plan
    named = plan.following.offer if plan.following.offer != sheet.held_offer else ""
    return Card(
        sheet=sheet,
        typed=shown,
        base=base(plan),
        choices=tuple(
            Choice(
                value=_plan_value(*each),
                term=str(each[0]),
                billing_plan=str(each[1]),
                is_chosen=_plan_value(*each) == shown.plan,
            )
            for each in sheet.combinations
        ),
        outcome=wording.renewal_outcome(plan.following),
        wishes=tuple(
            (str(dimension), wording.wish(dimension, value, names=sheet.offer_names))
            for dimension, value in _wished(plan).items()
        ),
        warnings=tuple(wording.conflict(each.reason, zone=zone) for each in plan.warnings),
        offer_name=sheet.offer_names.get(named, named),
        renews_text=formats.day(value=plan.renews_on),
        last_on=None if plan.following.end_on is None else plan.following.end_on - dt.timedelta(days=1),
    )


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
    value = _wished(plan).get(Dimension.QUANTITY)
    return value if isinstance(value, timeline.SeatsTotal | timeline.SeatsBy) else None


def _wished(plan: schedule_change.Plan) -> Mapping[Dimension, timeline.Value]:
    """The wishes for the coming renewal."""
    return next((entry.changes for entry in plan.pending if entry.effective_on == plan.renews_on), {})


def _plan_value(term: terms.Term, billing_plan: terms.BillingPlan) -> str:
    return f"{term}:{billing_plan}"
