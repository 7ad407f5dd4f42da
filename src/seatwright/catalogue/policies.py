"""Vendor rules as data: the version of a rule that was in force on a day, with its source."""

import datetime as dt
import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

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
    """One number of a vendor's rules; the unit is seconds, days, seats, basis_points, percent or date (YYYYMMDD)."""

    amount: int
    unit: str
    version: str
    valid_from_on: dt.date
    source: str


@dataclass(frozen=True, kw_only=True)
class RenewalTerms:
    """A vendor's timing around the end of a term as of one day, with our alarms before it, the earliest first."""

    version: str
    lock_before_renewal: dt.timedelta
    alarms_before_renewal: tuple[dt.timedelta, ...]
    processing: dt.timedelta
    source: str


@dataclass(frozen=True, kw_only=True)
class AfterTerm:
    """What follows a term that is not renewed; surcharges in hundredths of a percent of the monthly list price.

    `extended_from_on` and `bought_from_on` are None while no extended service terms are in force.
    """

    version: str
    extended_from_on: dt.date | None
    bought_from_on: dt.date | None
    surcharge_basis_points: int
    surcharge_without_monthly_basis_points: int
    grace_days: int
    disabled_days: int
    source: str


@dataclass(frozen=True, kw_only=True)
class SheetRules:
    """When people are reminded of a renewal sheet, counted back from its deadline, earliest first.

    `answer_before_lock` is how long before the vendor's lock the deadline lies unless another is chosen.
    """

    version: str
    reminders_before: tuple[dt.timedelta, ...]
    answer_before_lock: dt.timedelta


def return_policy(*, vendor_key: str, on: dt.date, offer_class: str = "licence") -> ReturnTerms:
    """The return rule of that UTC day; raises PolicyMissing, for a missing rule is never read as permission."""
    rules = ReturnPolicy.objects.filter(vendor_key=vendor_key, offer_class=offer_class, valid_from_on__lte=on)
    return _return_terms(rules.order_by("-valid_from_on", "-version").first())


def _return_terms(rule: ReturnPolicy | None) -> ReturnTerms:
    if rule is None:
        raise PolicyMissing
    return ReturnTerms(
        version=f"{rule.vendor_key}/{rule.offer_class}/v{rule.version}",
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


class FamilyCaps:
    """The caps of all families, read in one query when first asked, for any day."""

    @functools.cached_property
    def _figures(self) -> list[PolicyFigure]:
        return list(PolicyFigure.objects.filter(subject__startswith="family:", figure="maximum_seats"))

    def on(self, day: dt.date, *, vendor_key: str, family: str) -> int | None:
        """The seats of that UTC day; None when the family has no cap."""
        wanted = (vendor_key, f"family:{family}")
        cap = _in_force([row for row in self._figures if (row.vendor_key, row.subject) == wanted], day)
        return None if cap is None else cap.amount


def family_cap(*, vendor_key: str, family: str, on: dt.date, caps: FamilyCaps | None = None) -> int | None:
    """How many seats a customer may hold over all products of a family; None when the family has no cap.

    Of many families and days the `caps` are read once.
    """
    return (caps or FamilyCaps()).on(on, vendor_key=vendor_key, family=family)


class RenewalRules:
    """The timing around renewals of some vendors, read once in two queries and asked for any day."""

    def __init__(self, *, vendor_keys: Collection[str]) -> None:
        self._returns = list(ReturnPolicy.objects.filter(vendor_key__in=vendor_keys))
        self._figures = list(PolicyFigure.objects.filter(vendor_key__in=vendor_keys, subject="renewal"))

    def on(self, day: dt.date, *, vendor_key: str, offer_class: str = "licence") -> RenewalTerms:
        """The rules of that UTC day; raises PolicyMissing."""
        offered = [r for r in self._returns if (r.vendor_key, r.offer_class) == (vendor_key, offer_class)]
        stored = _return_terms(_in_force(offered, day))
        figures = _figures_on([each for each in self._figures if each.vendor_key == vendor_key], day)
        if "processing_time" not in figures:
            raise PolicyMissing
        alarms = [dt.timedelta(seconds=row.amount) for name, row in figures.items() if name.startswith("alarm_")]
        return RenewalTerms(
            version=f"{stored.version}+renewal/v{max(row.version for row in figures.values())}",
            lock_before_renewal=stored.lock_before_renewal,
            alarms_before_renewal=tuple(sorted(alarms, reverse=True)),
            processing=dt.timedelta(seconds=figures["processing_time"].amount),
            source=stored.source,
        )


class _Version(Protocol):
    version: int
    valid_from_on: dt.date


def _in_force[Row: _Version](rows: Iterable[Row], day: dt.date) -> Row | None:
    return max(
        (row for row in rows if row.valid_from_on <= day),
        key=lambda row: (row.valid_from_on, row.version),
        default=None,
    )


def _figures_on(rows: Iterable[PolicyFigure], day: dt.date) -> dict[str, PolicyFigure]:
    """The figure in force on that day by its name."""
    found: dict[str, list[PolicyFigure]] = {}
    for row in rows:
        found.setdefault(row.figure, []).append(row)
    chosen = {name: _in_force(each, day) for name, each in found.items()}
    return {name: row for name, row in chosen.items() if row is not None}


class AfterTerms:
    """What follows terms that nobody renews: the rules of some vendors, read in one query when first asked."""

    SUBJECTS = ("after_term", "extended_service_term", "extended_service_term:no_monthly_term")

    def __init__(self, *, vendor_keys: Collection[str]) -> None:
        self._vendor_keys = vendor_keys

    @functools.cached_property
    def _figures(self) -> list[PolicyFigure]:
        return list(PolicyFigure.objects.filter(vendor_key__in=self._vendor_keys, subject__in=self.SUBJECTS))

    def surcharge_basis_points(self, day: dt.date, *, vendor_key: str, subject: str) -> int:
        """The surcharge of that UTC day under one of the `SUBJECTS`; raises PolicyMissing."""
        rows = [row for row in self._figures if (row.vendor_key, row.subject) == (vendor_key, subject)]
        figures = _figures_on(rows, day)
        if "surcharge" not in figures:
            raise PolicyMissing
        return figures["surcharge"].amount

    def on(self, day: dt.date, *, vendor_key: str) -> AfterTerm:
        """What follows a term whose last day is `day` and that is not renewed; raises PolicyMissing."""
        rows = [row for row in self._figures if row.vendor_key == vendor_key]
        lengths, extended, without = (
            _figures_on([row for row in rows if row.subject == each], day) for each in self.SUBJECTS
        )
        if "free_use" not in lengths or "disabled" not in lengths:
            raise PolicyMissing
        surcharge, bought = extended.get("surcharge"), extended.get("bought_from")
        used = [*lengths.values(), *extended.values(), *without.values()]
        return AfterTerm(
            version=f"{vendor_key}/after_term/v{max(row.version for row in used)}",
            extended_from_on=None if bought is None else bought.valid_from_on,
            bought_from_on=None if bought is None else dt.date.fromisoformat(str(bought.amount)),
            surcharge_basis_points=0 if surcharge is None else surcharge.amount,
            surcharge_without_monthly_basis_points=without["surcharge"].amount if "surcharge" in without else 0,
            grace_days=lengths["free_use"].amount,
            disabled_days=lengths["disabled"].amount,
            source=lengths["free_use"].source if surcharge is None else surcharge.source,
        )


def after_term(*, vendor_key: str, on: dt.date) -> AfterTerm:
    """What follows a term whose last day is `on` and that is not renewed; raises PolicyMissing."""
    return AfterTerms(vendor_keys=[vendor_key]).on(on, vendor_key=vendor_key)


def sheet_rules(*, on: dt.date) -> SheetRules:
    """How renewal sheets are reminded of on that day; raises PolicyMissing."""
    rows = PolicyFigure.objects.filter(vendor_key="seatwright", subject="renewal_sheet")
    figures = _figures_on(rows, on)
    if "answer_before_lock" not in figures:
        raise PolicyMissing
    days = [row.amount for name, row in figures.items() if name.startswith("reminder_") and row.amount > 0]
    return SheetRules(
        version=f"seatwright/renewal_sheet/v{max(row.version for row in figures.values())}",
        reminders_before=tuple(dt.timedelta(days=number) for number in sorted(set(days), reverse=True)),
        answer_before_lock=dt.timedelta(seconds=figures["answer_before_lock"].amount),
    )
