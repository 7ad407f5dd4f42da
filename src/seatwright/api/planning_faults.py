"""Refusals about what is ahead as members of a problem: the codes of the rules, with an English sentence."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any

from seatwright.api.errors import Fault
from seatwright.rules import conflicts, timeline

CONFLICTS = {
    "not_reachable": "No way leads from the licence held to the offer '{offer}'.",
    "not_on_sale": "The offer '{offer}' is not sold any more.",
    "plan_not_offered": "The offer is not sold for the term {term} billed {billing_plan}.",
    "end_date_not_allowed": "The next term cannot end before {end_on}.",
    "ending_not_offered": "The term cannot end with '{ending}'.",
    "contradicts_ending": "What ends with '{ending}' is not renewed with anything.",
    "after_the_end": "Nothing is renewed after {ended_on}.",
    "not_a_renewal": "No term begins on that day; the nearest ones begin on {earlier_on} and {later_on}.",
    "promotion_mismatch": "The promotion '{promotion_id}' does not go with this.",
    "locked": "The renewal has been fixed since {since_at}.",
    "still_assigned": "{assigned} people hold a seat; there would be {would_be}.",
    "below_minimum": "The offer is sold from {minimum} seats.",
    "above_maximum": "The offer ends at {maximum} seats.",
    "family_full": "The family '{family}' ends at {maximum} seats over all offers; {elsewhere} of them are held beside "
    "this subscription.",
    "step_size": "Seats are sold in blocks of {step}; the nearest totals are {below} and {above}.",
}
STATES = {
    "wrong_state": "It does not apply to the present state.",
    "change_under_way": "A change of the subscription is under way.",
    "term_over": "The term is over, and the vendor has yet to say what became of it.",
    "window_closed": "Not all of its seats can be returned any more.",
    "changed": "Something changed since the preview, or ending was asked for without its fingerprint.",
}
TERMS = {
    "wrong_state": "The term can only be changed while the subscription is active.",
    "not_during_trial": "The term of a trial cannot be changed.",
    "not_self_service": "The term of this licence is changed by the reseller on request; ask them.",
    "not_offered": "The reseller does not offer this product at present; ask them.",
    "change_under_way": "A change of the subscription is under way.",
    "term_over": "The term is over and being renewed.",
    "began_today": "A term of the subscription began today.",
    "plan_waits": "Another billing plan waits for the next charge cycle.",
    "not_a_change": "The subscription has this term and billing plan.",
    "not_sold": "There is no price for this term and billing plan.",
    "shorter_term": "A running term cannot be made shorter; wish for it at the renewal.",
    "upfront": "A running term cannot be billed so; wish for it at the renewal.",
    "between_days": "A charge cycle begins between the day in UTC and the reseller's; try again in a few hours.",
    "last_cycle": "This is the last charge cycle of the term; wish for it at the renewal.",
}
SHEETS = {
    "closed": "The sheet is closed.",
    "too_late": "The deadline of the sheet is past.",
    "changed": "The `content_hash` is not that of the sheet.",
    "nothing": "Answer for at least one licence.",
}
# The members of the body that stand for each dimension.
MEMBERS = {
    timeline.Dimension.QUANTITY: "seats",
    timeline.Dimension.OFFER: "to_offer_key",
    timeline.Dimension.END_DATE: "ends_on",
}


def conflict(found: conflicts.Conflict) -> Fault:
    """A conflict at the member whose wish it concerns."""
    fields = dataclasses.fields(found.reason)
    data = {each.name: _plain(getattr(found.reason, each.name)) for each in fields}
    return Fault(
        location="body",
        field=MEMBERS.get(found.dimension, str(found.dimension)),
        code=found.reason.code,
        detail=CONFLICTS[found.reason.code].format(**data),
        data=data,
    )


def plain(code: str, sentence: str, *, field: str = "", data: Mapping[str, Any] | None = None) -> Fault:
    """A refusal that is one short key."""
    return Fault(location="body", field=field, code=code, detail=sentence, data=dict(data or {}))


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, enum.Enum) else value
