"""Vendor rules as data: the version of a rule that was in force on a day, with its source."""

import datetime as dt
from dataclasses import dataclass

from seatwright.catalogue.models import PolicyFigure, ReturnPolicy


class PolicyMissing(Exception):
    """The catalogue holds no such rule for that day; add a version of it with its source."""


@dataclass(frozen=True, kw_only=True)
class ReturnTerms:
    """How seats go back to a vendor, in one version of the rule.

    `return_window` runs from the exact instant of the purchase; None with `is_any_time` means that there is no limit,
    None without it that nothing goes back. We stop offering the return `safety_margin` before the end.
    """

    version: str
    return_window: dt.timedelta | None
    safety_margin: dt.timedelta
    is_any_time: bool
    takes_whole_line_only: bool
    lock_before_renewal: dt.timedelta
    valid_from_on: dt.date
    source: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of a vendor's rules; the unit is seconds, days, seats, basis_points or percent."""

    amount: int
    unit: str
    version: str
    valid_from_on: dt.date
    source: str


def return_policy(*, vendor_key: str, on: dt.date, offer_class: str = "licence") -> ReturnTerms:
    """The return rule of that UTC day; raises PolicyMissing, for a missing rule is never read as permission."""
    rules = ReturnPolicy.objects.filter(vendor_key=vendor_key, offer_class=offer_class, valid_from_on__lte=on)
    rule = rules.order_by("-valid_from_on", "-version").first()
    if rule is None:
        raise PolicyMissing
    return ReturnTerms(
        version=f"{vendor_key}/{offer_class}/v{rule.version}",
        return_window=None if rule.return_window_s is None else dt.timedelta(seconds=rule.return_window_s),
        safety_margin=dt.timedelta(seconds=rule.safety_margin_s),
        is_any_time=rule.return_rule == "any_time",
        takes_whole_line_only=rule.takes_whole_line_only,
        lock_before_renewal=dt.timedelta(seconds=rule.lock_before_renewal_s),
        valid_from_on=rule.valid_from_on,
        source=rule.source,
    )


def policy_figure(*, vendor_key: str, subject: str, name: str, on: dt.date) -> Figure:
    """The number of that day; raises PolicyMissing."""
    rows = PolicyFigure.objects.filter(vendor_key=vendor_key, subject=subject, figure=name, valid_from_on__lte=on)
    row = rows.order_by("-valid_from_on", "-version").first()
    if row is None:
        raise PolicyMissing
    return Figure(
        amount=row.amount,
        unit=row.unit,
        version=f"{vendor_key}/{subject}/{name}/v{row.version}",
        valid_from_on=row.valid_from_on,
        source=row.source,
    )


def family_cap(*, vendor_key: str, family: str, on: dt.date) -> int | None:
    """How many seats a customer may hold over all products of a family; None when the family has no cap."""
    try:
        return policy_figure(vendor_key=vendor_key, subject=f"family:{family}", name="maximum_seats", on=on).amount
    except PolicyMissing:
        return None
