"""What stands against a purchase, and how the prices of its plans compare, as tables."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from seatwright.rules import money, purchases, refusals, terms

WANTED = purchases.Wanted(
    seats=5,
    is_sold=True,
    has_price=True,
    is_self_service=True,
    minimum=1,
    maximum=None,
    prerequisites=(),
    has_prerequisite=False,
    family=None,
)
FAMILY = purchases.Family(name="business", maximum=300, seats=296)
YEARLY = (terms.Term.P1Y, terms.BillingPlan.ANNUAL)
MONTHLY = (terms.Term.P1Y, terms.BillingPlan.MONTHLY)
LOOSE = (terms.Term.P1M, terms.BillingPlan.MONTHLY)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WANTED, ()),
        (replace(WANTED, is_sold=False, has_price=False, seats=0), (purchases.NotSold(),)),
        (replace(WANTED, is_self_service=False, has_price=False), (refusals.NotSelfService(),)),
        (replace(WANTED, has_price=False, seats=0), (purchases.NoPrice(),)),
        (replace(WANTED, minimum=5), ()),
        (replace(WANTED, minimum=6), (refusals.BelowMinimum(6),)),
        (replace(WANTED, maximum=5), ()),
        (replace(WANTED, maximum=4), (refusals.AboveMaximum(4),)),
        (replace(WANTED, seats=4, family=FAMILY), ()),
        (replace(WANTED, family=FAMILY), (refusals.AboveFamilyMaximum("business", 300, 301),)),
        (replace(WANTED, prerequisites=("A", "B")), (purchases.PrerequisiteMissing(("A", "B")),)),
        (replace(WANTED, prerequisites=("A", "B"), has_prerequisite=True), ()),
        (
            replace(WANTED, maximum=4, prerequisites=("A",)),
            (refusals.AboveMaximum(4), purchases.PrerequisiteMissing(("A",))),
        ),
    ],
)
def test_every_reason_against_a_purchase_is_named(wanted: purchases.Wanted, found: tuple[object, ...]) -> None:
    assert purchases.judge(wanted) == found


@pytest.mark.parametrize(
    ("price", "share", "left"),
    [
        ("37.49", "0.10", "33.741"),
        ("100", "0", "100"),
        ("100", "1", "0"),
        ("0.00000001", "0.5", "0.00000001"),  # half a unit of the eighth decimal is rounded up
        ("1200", "0.05", "1140"),
    ],
)
def test_a_promotion_takes_its_share_off_the_exact_price(price: str, share: str, left: str) -> None:
    rate = purchases.promoted(rate=money.Rate.parse(price, "EUR"), share=Decimal(share))
    assert rate.text == left


@pytest.mark.parametrize("share", ["-0.01", "1.01"])
def test_no_promotion_takes_more_than_all_or_adds_to_the_price(share: str) -> None:
    with pytest.raises(ValueError, match="a share of"):
        purchases.promoted(rate=money.Rate.parse("10", "EUR"), share=Decimal(share))


def test_plans_are_compared_by_the_month() -> None:
    rates = {
        YEARLY: money.Rate.parse("120", "EUR"),
        MONTHLY: money.Rate.parse("10.50", "EUR"),
        LOOSE: money.Rate.parse("12", "EUR"),
    }
    assert purchases.per_month(rate=rates[YEARLY], billing_plan=YEARLY[1]) == Fraction(1000)
    assert purchases.surcharges(rates=rates) == {YEARLY: 0, MONTHLY: 500, LOOSE: 2000}
    assert purchases.surcharges(rates={}) == {}
    assert purchases.surcharges(rates={LOOSE: money.Rate.parse("0", "EUR")}) == {LOOSE: 0}


def test_a_free_plan_beside_priced_ones_is_no_measure() -> None:
    rates = {LOOSE: money.Rate.parse("0", "EUR"), MONTHLY: money.Rate.parse("10", "EUR")}
    assert purchases.surcharges(rates=rates) == {LOOSE: 0, MONTHLY: 0}


def test_reasons_are_a_union_of_all_classes_with_a_code() -> None:
    own = {each for each in vars(purchases).values() if isinstance(each, type) and hasattr(each, "code")}
    shared = {
        refusals.BelowMinimum,
        refusals.AboveMaximum,
        refusals.AboveFamilyMaximum,
        refusals.NotSelfService,
    }
    assert own | shared == set(purchases.Refusal.__args__)
