"""Refusals of `rules.refusals` as members of a problem: the codes and data of the rules, with an English sentence."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from seatwright.api.errors import Fault
from seatwright.rules import purchases
from seatwright.rules.refusals import Refusal
from seatwright.workflows import buy_pricing, pricing

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


PURCHASE_SENTENCES = {
    "not_sold": "This offer is not sold to this customer.",
    "no_price": "No price is known for this offer.",
    "prerequisite_missing": "The tenant needs any one of these first: {any_of}.",
    "agreement_missing": "Nobody has accepted the vendor's customer agreement; send a signatory.",
    "promotion_wrong_plan": "The promotion is for other terms and billing plans.",
    "promotion_wrong_seats": "The promotion is for another number of seats.",
    "promotion_used": "The promotion, or the product, was bought before.",
    "promotion_not_granted": "The vendor does not grant the promotion.",
    "end_date_not_possible": "The first term cannot end on that day.",
    "vendor_not_reached": "The vendor cannot be asked at the moment; try again in some minutes.",
}
PURCHASE_FIELDS = {
    **dict.fromkeys(("below_minimum", "above_maximum", "above_family_maximum"), "seats"),
    **dict.fromkeys(("promotion_wrong_plan", "promotion_wrong_seats", "promotion_used"), "promotion"),
    "promotion_not_granted": "promotion",
    "end_date_not_possible": "first_term_ends_on",
    "agreement_missing": "signatory",
    "vendor_not_reached": "",
}


class NotForSale(Exception):
    """A priced purchase is refused."""

    def __init__(self, priced: buy_pricing.Priced) -> None:
        super().__init__("not for sale")
        self.priced = priced

    def faults(self, *, location: str) -> list[Fault]:
        """Each reason at the member of the body that it is about."""
        return [_purchase_fault(refusal, location=location) for refusal in self.priced.refusals]


class NoLongerForSale(NotForSale):
    """The purchase was possible when it was quoted and is not now."""


def _purchase_fault(refusal: purchases.Refusal, *, location: str) -> Fault:
    data = {name: _plain(value) for name, value in dataclasses.asdict(refusal).items()}
    return Fault(
        location=location,
        field="" if location == "quote" else PURCHASE_FIELDS.get(refusal.code, "offer_key"),
        code=refusal.code,
        detail=(PURCHASE_SENTENCES.get(refusal.code) or SENTENCES[refusal.code]).format(**data),
        data=data,
    )


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
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
