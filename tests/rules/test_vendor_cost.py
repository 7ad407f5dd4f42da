"""The vendor's own arithmetic, line by line as published, and the gaps between the published lines."""

import calendar
import datetime as dt
import json
import pathlib
from fractions import Fraction
from typing import Any

import pytest

from seatwright.rules import periods, vendor_cost
from seatwright.rules.money import Money, Rate
from seatwright.rules.periods import Period
from seatwright.rules.terms import BillingPlan, Term
from seatwright.rules.vendor_cost import ChargeType, Convention

MONTHLY = BillingPlan.MONTHLY
JUNE_18 = Period(dt.date(2021, 6, 18), dt.date(2021, 7, 18))


@pytest.fixture(scope="module")
def vectors(contracts: pathlib.Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        (contracts / "partner-center" / "vectors" / "nce-proration.json").read_text(encoding="utf-8")
    )
    return loaded


def inclusive(first: str, last: str) -> Period:
    return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last) + dt.timedelta(days=1))


def minor(text: str) -> int:
    return int(Fraction(text) * 100)


def test_every_published_proration_line_is_reproduced(vectors: dict[str, Any]) -> None:
    lines = 0
    for case in vectors["proration"]:
        currency = case["currency"] or "EUR"
        for row in case["lines"]:
            line = vendor_cost.line(
                charge_type=ChargeType(case["chargeType"]),
                unit_rate=Rate.parse(row["unitPrice"], currency),
                quantity=row["quantity"],
                cycle=inclusive(case["cycleStart"], case["cycleEnd"]),
                event_on=dt.date.fromisoformat(case["eventDate"]),
                billing_plan=MONTHLY,
                is_credit=row["sign"] < 0,
            )
            assert line.subtotal == Money(minor(row["subtotal"]), currency), (case["id"], row)
            assert line.billable_days == case["billableDays"], case["id"]
            assert line.cycle_days == case["chargeCycleDays"], case["id"]
            assert line.quantity == row["quantity"]
            assert line.charge_type == case["chargeType"]
            lines += 1
    assert lines == 16


def test_each_convention_reproduces_the_published_lines_it_is_said_to(vectors: dict[str, Any]) -> None:
    for case in vectors["proration"]:
        for row in case["lines"]:
            by = [
                convention.name
                for convention in Convention
                if vendor_cost.subtotal(
                    unit_rate=Rate.parse(row["unitPrice"], "EUR"),
                    quantity=row["quantity"],
                    billable=Fraction(case["billableDays"], case["chargeCycleDays"]),
                    convention=convention,
                ).minor
                * row["sign"]
                == minor(row["subtotal"])
            ]
            assert by == row["reproducedBy"], (case["id"], row)


def test_the_two_lines_of_every_published_change_of_seats_come_together(vectors: dict[str, Any]) -> None:
    changes = [case for case in vectors["proration"] if case["chargeType"] in {"addQuantity", "removeQuantity"}]
    assert len(changes) == 5
    for case in changes:
        old, new = case["lines"]
        credit, charge = vendor_cost.seat_change(
            before=old["quantity"],
            after=new["quantity"],
            unit_rate=Rate.parse(old["unitPrice"], "EUR"),
            cycle=inclusive(case["cycleStart"], case["cycleEnd"]),
            event_on=dt.date.fromisoformat(case["eventDate"]),
            billing_plan=MONTHLY,
        )
        assert credit.charge_type == charge.charge_type == case["chargeType"]
        assert (credit.subtotal.minor, charge.subtotal.minor) == (minor(old["subtotal"]), minor(new["subtotal"]))


def test_a_year_paid_upfront_is_charged_whole(vectors: dict[str, Any]) -> None:
    assert vectors["prepaidYear"]
    for case in vectors["prepaidYear"]:
        cycle = inclusive(case["chargeStart"], case["chargeEnd"])
        whole = periods.term_period(anchor_on=cycle.start_on, term=Term.P1Y, index=0)
        assert cycle == whole
        line = vendor_cost.line(
            charge_type=ChargeType(case["chargeType"]),
            unit_rate=Rate.parse(case["unitPrice"], "EUR"),
            quantity=case["quantity"],
            cycle=cycle,
            event_on=cycle.start_on,
            billing_plan=BillingPlan.ANNUAL,
        )
        assert line.subtotal == Money(minor(case["subtotal"]), "EUR")
        assert line.cycle_days == line.billable_days == 365


def test_a_changed_billing_plan_is_charged_by_months(vectors: dict[str, Any]) -> None:
    assert len(vectors["changeBillingPlanInsideP3Y"]) == 2
    for case in vectors["changeBillingPlanInsideP3Y"]:
        first = dt.date.fromisoformat(case["chargeStart"])
        months = case.get("months", 1)
        assert periods.add_months(on=first, months=months) == inclusive(case["chargeStart"], case["chargeEnd"]).end_on
        unit, line = (
            vendor_cost.plan_change(
                new_unit_rate=Rate.parse(case["newUnitPrice"], "EUR"),
                quantity=quantity,
                months=months,
                billing_plan=BillingPlan(case["to"]),
            )
            for quantity in (1, case["quantity"])
        )
        assert unit == Money(minor(case["effectiveUnitPrice"]), "EUR")
        assert line == Money(minor(case["subtotal"]), "EUR")


def test_the_divisor_matches_the_published_cycles(vectors: dict[str, Any]) -> None:
    assert len(vectors["chargeCycleDaysExamples"]) == 2
    for case in vectors["chargeCycleDaysExamples"]:
        cycle = inclusive(case["cycleStart"], case["cycleEnd"])
        assert vendor_cost.cycle_days(cycle_start_on=cycle.start_on, billing_plan=MONTHLY) == case["days"]
        assert cycle.days == case["days"]


def test_the_divisor_of_a_monthly_cycle_is_the_month_it_starts_in() -> None:
    on = dt.date(2024, 1, 1)
    while on.year < 2033:
        days = vendor_cost.cycle_days(cycle_start_on=on, billing_plan=MONTHLY)
        assert days == calendar.monthrange(on.year, on.month)[1]
        on += dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "plan", "days"),
    [
        ("2023-03-01", BillingPlan.ANNUAL, 366),
        ("2024-03-01", BillingPlan.ANNUAL, 365),
        ("2024-02-29", BillingPlan.ANNUAL, 365),
        ("2023-06-18", BillingPlan.TRIENNIAL, 1096),
        ("2024-06-18", BillingPlan.TRIENNIAL, 1095),
    ],
)
def test_the_divisor_of_a_longer_cycle_is_its_real_days(start: str, plan: BillingPlan, days: int) -> None:
    assert vendor_cost.cycle_days(cycle_start_on=dt.date.fromisoformat(start), billing_plan=plan) == days


def cost(cycle: Period, event_on: str, charge_type: ChargeType = ChargeType.NEW) -> vendor_cost.CostLine:
    return vendor_cost.line(
        charge_type=charge_type,
        unit_rate=Rate.parse("31", "EUR"),
        quantity=1,
        cycle=cycle,
        event_on=dt.date.fromisoformat(event_on),
        billing_plan=MONTHLY,
    )


def test_a_short_month_end_cycle_is_whole_on_its_first_day_and_by_the_month_after_it() -> None:
    """31 January to 28 February has 28 days and starts in a month of 31."""
    cycle = Period(dt.date(2021, 1, 31), dt.date(2021, 2, 28))
    assert cost(cycle, "2021-01-31").subtotal == Money(3100, "EUR")
    assert cost(cycle, "2021-02-01").subtotal == Money(2700, "EUR")
    assert cost(cycle, "2021-02-27").subtotal == Money(100, "EUR")


def test_a_long_month_end_cycle_never_costs_more_than_the_whole() -> None:
    """28 February to 31 March has 31 days and starts in a month of 28: 30 days after the first are still one price."""
    cycle = Period(dt.date(2021, 2, 28), dt.date(2021, 3, 31))
    assert cost(cycle, "2021-02-28").subtotal == Money(3100, "EUR")
    assert cost(cycle, "2021-03-01").subtotal == Money(3100, "EUR")
    assert cost(cycle, "2021-03-03").subtotal == Money(3100, "EUR")
    assert cost(cycle, "2021-03-04").subtotal == Money(2989, "EUR")


@pytest.mark.parametrize("event_on", ["2021-06-17", "2021-07-18"])
def test_an_event_outside_the_cycle_has_no_cost_line(event_on: str) -> None:
    with pytest.raises(ValueError, match=f"{event_on} is not in the cycle from 2021-06-18"):
        cost(JUNE_18, event_on)


@pytest.mark.parametrize(
    ("charge_type", "convention"),
    [
        (ChargeType.NEW, Convention.A),
        (ChargeType.RENEW, Convention.A),
        (ChargeType.CYCLE_CHARGE, Convention.A),
        (ChargeType.CANCEL_IMMEDIATE, Convention.A),
        (ChargeType.CONVERT, Convention.A),
        (ChargeType.ADD_QUANTITY, Convention.B),
        (ChargeType.REMOVE_QUANTITY, Convention.B),
    ],
)
def test_only_changes_of_seats_multiply_before_cutting(charge_type: ChargeType, convention: Convention) -> None:
    assert vendor_cost.convention_of(charge_type) is convention


def test_decimals_are_cut_in_the_minor_unit_of_the_currency() -> None:
    """100 yen for 2 of 3 parts are 66.67: 66 each for three seats, or 200 for all."""
    for convention, expected in ((Convention.A, 198), (Convention.B, 200)):
        amount = vendor_cost.subtotal(
            unit_rate=Rate.parse("100", "JPY"), quantity=3, billable=Fraction(2, 3), convention=convention
        )
        assert amount == Money(expected, "JPY")


def test_an_unchanged_quantity_costs_nothing() -> None:
    credit, charge = vendor_cost.seat_change(
        before=7,
        after=7,
        unit_rate=Rate.parse("10.08", "EUR"),
        cycle=JUNE_18,
        event_on=dt.date(2021, 6, 20),
        billing_plan=MONTHLY,
    )
    assert credit.charge_type is ChargeType.ADD_QUANTITY
    assert credit.subtotal == Money(-6585, "EUR")
    assert charge.subtotal == Money(6585, "EUR")


def test_a_statement_line_may_differ_by_one_minor_unit_per_seat() -> None:
    assert vendor_cost.tolerance(quantity=300, currency="EUR") == Money(300, "EUR")
