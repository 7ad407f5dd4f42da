"""Refusals of `rules.refusals` as members of a problem: the codes and data of the rules, with an English sentence."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from seatwright.api.errors import Fault
from seatwright.rules.refusals import Refusal
from seatwright.workflows import pricing

SENTENCES = {
    "not_a_change": "The number is the present one, or nothing was wished.",
    "named_twice": "The booking names this subscription more than once.",
    "other_currency": "The line is priced in {currency}, the booking in {booking_currency}.",
    "not_changeable": "Seats cannot be changed in the status '{status}'.",
    "not_self_service": "This licence is changed by the reseller on request.",
    "cycle_not_current": "{on} lies outside the charge cycle last read from the vendor; sync and try again.",
    "below_assigned": "{assigned} people hold a seat, so that no fewer are possible.",
    "below_minimum": "The offer is sold from {minimum} seats.",
    "above_maximum": "The offer ends at {maximum} seats.",
    "above_family_maximum": "The family '{family}' ends at {maximum} seats over all offers; this makes {would_be}.",
    "package_needs_one": "At least {minimum} seats stay active over the whole package; {would_leave} would be left.",
    "not_returnable": "{returnable_now} of {wanted} seats can be returned now, any number on {next_possible_on}.",
    "step_size": "Seats are sold in blocks of {step}; the nearest totals are {below} and {above}.",
}


class NotBookable(Exception):
    """A priced booking is refused; `lines` are its subscription ids in the order in which the client knows them."""

    def __init__(self, priced: pricing.Priced, *, lines: Sequence[object]) -> None:
        super().__init__("not bookable")
        self.priced = priced
        self.lines = [str(each) for each in lines]

    def faults(self, *, location: str, field: str) -> list[Fault]:
        """Each reason at its line of `field`, or at `field` itself when it is about the whole booking."""
        return [
            _fault(
                refusal, key=key, location=location, field=f"{field}.{self.lines.index(key)}.seats" if key else field
            )
            for key, refusal in self.priced.quote.all_refusals
        ]


def _fault(refusal: Refusal, *, key: str, location: str, field: str) -> Fault:
    data = {name: _plain(value) for name, value in dataclasses.asdict(refusal).items()}
    whose = {"subscription_id": key} if key else {}
    return Fault(
        location=location,
        field=field,
        code=refusal.code,
        detail=SENTENCES[refusal.code].format(**data),
        data={**whose, **data},
    )


def _plain(value: Any) -> Any:
    """A JSON value: dates and instants in ISO 8601, tuples as lists."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
