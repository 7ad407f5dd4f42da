"""A booking is judged as one whole, and what speaks against it is said as data."""

import datetime as dt
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import quote, refusals
from seatwright.rules.money import Rate
from seatwright.rules.periods import Period
from seatwright.rules.quote import FamilyCap, LineWish
from seatwright.rules.refusals import (
    AboveFamilyMaximum,
    AboveMaximum,
    BelowAssigned,
    BelowMinimum,
    CycleNotCurrent,
    NamedTwice,
    NotAChange,
    NotChangeable,
    NotReturnable,
    NotSelfService,
    OtherCurrency,
    PackageNeedsOne,
    StepSize,
)
from tests.rules.bookings import AT, GERMAN, ON, POLICY, eur, holding, lot, only_line, priced

DAY = dt.timedelta(days=1)
EVERYTHING = ((300, AT + DAY),)
MICROSECOND = dt.timedelta(microseconds=1)
END_ON = dt.date(2027, 1, 1)


def test_every_reason_has_a_code_of_its_own() -> None:
    family = get_args(refusals.Refusal)
    assert len(family) == 13
    assert len({reason.code for reason in family}) == 13


def test_the_same_number_is_no_change() -> None:
    quoted = priced({"standard": 12})
    assert quoted.is_refused
    assert quoted.totals is None
    assert quoted.all_refusals == (("standard", NotAChange()),)
    assert only_line(quoted).charges == ()
    assert only_line(quoted).due_now == eur(0)
    assert only_line(quoted).rest_of_term == eur(6 * 12000)


def test_several_unchanged_lines_are_no_change_either() -> None:
    quoted = priced({"a": 12, "b": 12}, holding("a"), holding("b"))
    assert quoted.all_refusals == (("a", NotAChange()), ("b", NotAChange()))


def test_nothing_wished_is_no_change_of_the_whole_booking() -> None:
    quoted = priced({})
    assert quoted.is_refused
    assert quoted.lines == ()
    assert quoted.all_refusals == (("", NotAChange()),)


def test_a_subscription_named_twice_refuses_the_booking() -> None:
    for totals in ((13, 14), (13, 12), (12, 13), (13, 13)):
        quoted = quote.quote(
            wishes=[LineWish("standard", total) for total in totals],
            holdings=[holding()],
            package_minimum=1,
            on=ON,
            at=AT,
            policy=POLICY,
            tax=GERMAN,
        )
        assert quoted.is_refused
        assert quoted.all_refusals == (("standard", NamedTwice()),)


@pytest.mark.parametrize("status", ["suspended", "expired", "pending", "cancelled", "provisioning", ""])
def test_only_an_active_subscription_can_be_changed(status: str) -> None:
    for total in (10, 12, 15):
        quoted = priced({"standard": total}, holding(status=status))
        assert quoted.all_refusals == (("standard", NotChangeable(status)),)


def test_a_line_changed_by_staff_is_not_self_service() -> None:
    assert priced({"standard": 15}, holding(is_self_service=False)).all_refusals == (("standard", NotSelfService()),)


def test_two_currencies_are_not_one_booking() -> None:
    dollars = holding("us", currency="USD")
    quoted = priced({"standard": 15, "us": 15}, holding(), dollars)
    assert quoted.totals is None
    assert quoted.all_refusals == (("us", OtherCurrency("USD", "EUR")),)
    assert not priced({"us": 15}, holding(), dollars).is_refused
    assert not priced({"standard": 12, "us": 15}, holding(), dollars).is_refused


@pytest.mark.parametrize("on", ["2026-05-31", "2026-07-01"])
def test_a_day_outside_the_known_cycle_has_no_price(on: str) -> None:
    day = dt.date.fromisoformat(on)
    quoted = priced({"standard": 15}, on=day)
    assert quoted.all_refusals == (("standard", CycleNotCurrent(day)),)
    assert only_line(quoted).charges == ()


def test_a_day_at_or_after_the_end_of_the_commitment_has_no_price() -> None:
    assert priced({"standard": 15}, holding(commitment_end_on=ON)).all_refusals == (("standard", CycleNotCurrent(ON)),)
    assert not priced({"standard": 15}, holding(commitment_end_on=ON + DAY)).is_refused


def test_never_fewer_seats_than_people_hold() -> None:
    held = holding(assigned=9, holders=("Ada", "Grace"))
    assert not priced({"standard": 9}, held).is_refused
    assert priced({"standard": 8}, held).all_refusals == (("standard", BelowAssigned(9, ("Ada", "Grace"))),)


def test_what_is_assigned_matters_only_when_seats_go() -> None:
    over_assigned = holding(assigned=20)
    assert not priced({"standard": 13}, over_assigned).is_refused
    assert not priced({"standard": 8}, holding(assigned=None)).is_refused


def test_the_minimum_and_the_maximum_of_the_offer_hold() -> None:
    assert not priced({"standard": 300}).is_refused
    assert priced({"standard": 301}).all_refusals == (("standard", AboveMaximum(300)),)
    assert not priced({"standard": 301}, holding(maximum=None)).is_refused
    few = holding(minimum=10, vendor_returnable=EVERYTHING)
    assert not priced({"standard": 10}, few).is_refused
    assert priced({"standard": 9}, few).all_refusals == (("standard", BelowMinimum(10)),)
    assert priced({"standard": 13}, holding(minimum=14)).all_refusals == (("standard", BelowMinimum(14)),)


def test_above_a_lowered_maximum_seats_may_go_but_not_come() -> None:
    crowded = holding(maximum=10)
    assert not priced({"standard": 11}, crowded).is_refused
    assert priced({"standard": 13}, crowded).all_refusals == (("standard", AboveMaximum(10)),)


def test_blocks_are_sold_whole() -> None:
    assert not priced({"standard": 15}, holding(step=5)).is_refused
    assert priced({"standard": 16}, holding(step=5)).all_refusals == (("standard", StepSize(5, 15, 20)),)
    assert priced({"standard": 14}, holding(step=5)).all_refusals == (("standard", StepSize(5, 10, 15)),)


def test_zero_of_a_live_subscription_is_below_its_minimum() -> None:
    quoted = priced({"standard": 0}, holding(vendor_returnable=EVERYTHING), holding("other"))
    assert quoted.all_refusals == (("standard", BelowMinimum(1)),)


def test_a_package_keeps_one_seat_counted_over_all_its_lines() -> None:
    free = {"minimum": 0, "vendor_returnable": EVERYTHING}
    last = holding("a", quantity=1, **free)
    assert priced({"a": 0}, last).all_refusals == (("a", PackageNeedsOne(1, 0)),)
    assert not priced({"a": 0}, last, holding("b", quantity=1, **free)).is_refused
    assert priced({"a": 0}, last, holding("b", quantity=1, counts_as_active=False)).is_refused
    assert priced({"a": 0}, last, holding("b", quantity=1, package_key="example.net")).is_refused
    assert not priced({"a": 0}, last, package_minimum=0).is_refused


def test_a_package_is_judged_by_what_the_whole_booking_leaves() -> None:
    """The old tier to nothing and the new one to one is one swap and leaves one seat."""
    free = {"minimum": 0, "vendor_returnable": EVERYTHING}
    old, new = holding("old", quantity=1, **free), holding("new", quantity=0, lots=(), minimum=0)
    assert not priced({"old": 0, "new": 1}, old, new).is_refused
    assert not priced({"new": 1, "old": 0}, old, new).is_refused
    both = (holding("old", quantity=1, **free), holding("new", quantity=1, **free))
    assert priced({"old": 0, "new": 0}, *both).all_refusals == (
        ("old", PackageNeedsOne(1, 0)),
        ("new", PackageNeedsOne(1, 0)),
    )


def test_a_line_that_does_not_count_never_empties_a_package() -> None:
    spare = holding("spare", quantity=2, minimum=0, counts_as_active=False, vendor_returnable=EVERYTHING)
    assert not priced({"spare": 0}, spare).is_refused


@given(
    held=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    wished=st.lists(st.integers(0, 4), min_size=4, max_size=4),
    package_minimum=st.integers(0, 4),
)
def test_invariant_12_no_allowed_booking_leaves_a_package_below_its_minimum(
    held: list[int], wished: list[int], package_minimum: int
) -> None:
    holdings = [
        holding(str(number), quantity=quantity, minimum=0, vendor_returnable=EVERYTHING)
        for number, quantity in enumerate(held)
    ]
    wishes = {str(number): quantity for number, quantity in enumerate(wished[: len(held)])}
    left = sum(wishes.values())
    quoted = priced(wishes, *holdings, package_minimum=package_minimum)
    lowers = any(after < before for before, after in zip(held, wished, strict=False))
    changes = any(after != before for before, after in zip(held, wished, strict=False))
    assert quoted.is_refused is (not changes or (lowers and left < package_minimum))


def test_invariant_14_only_what_is_inside_its_window_can_be_given_back() -> None:
    """Seven seats are 170 days old, five are four days old: those close 168 hours after, less ten minutes."""
    closes_at = AT + 3 * DAY - dt.timedelta(minutes=10)
    assert not priced({"standard": 7}).is_refused
    assert priced({"standard": 6}).all_refusals == (("standard", NotReturnable(6, 5, closes_at, END_ON)),)
    assert not priced({"standard": 7}, at=closes_at - MICROSECOND).is_refused
    assert priced({"standard": 7}, at=closes_at).all_refusals == (("standard", NotReturnable(5, 0, None, END_ON)),)


def test_invariant_14_the_first_deadline_is_told_when_several_are_open() -> None:
    several = holding(lots=(lot(5, 6), lot(3, 1), lot(4, 90)))
    closes_at = AT + DAY - dt.timedelta(minutes=10)
    assert priced({"standard": 3}, several).all_refusals == (("standard", NotReturnable(9, 8, closes_at, END_ON)),)


def test_invariant_14_what_the_vendor_says_decides() -> None:
    says_none, says_two = holding(vendor_returnable=()), holding(vendor_returnable=((2, AT + DAY),))
    assert priced({"standard": 11}, says_none).all_refusals == (("standard", NotReturnable(1, 0, None, END_ON)),)
    assert not priced({"standard": 10}, says_two).is_refused
    assert priced({"standard": 9}, says_two).is_refused
    assert not priced({"standard": 1}, holding(vendor_returnable=EVERYTHING)).is_refused


def test_an_increase_is_always_possible_whatever_the_windows() -> None:
    assert not priced({"standard": 13}, holding(lots=(), vendor_returnable=())).is_refused


def family(maximum: int) -> list[FamilyCap]:
    return [
        FamilyCap(family="another", subscription_keys=frozenset({"z"}), maximum=0),
        FamilyCap(family="business", subscription_keys=frozenset({"a", "b"}), maximum=maximum),
    ]


def test_a_family_of_offers_has_a_limit_over_all_of_them() -> None:
    members = (holding("a"), holding("b"), holding("c"))
    assert not priced({"a": 18}, *members, families=family(30)).is_refused
    assert priced({"a": 19}, *members, families=family(30)).all_refusals == (
        ("a", AboveFamilyMaximum("business", 30, 31)),
    )
    assert not priced({"c": 100}, *members, families=family(30)).is_refused


def test_seats_that_are_being_bought_or_are_others_count_for_the_familys_limit() -> None:
    caps = [FamilyCap(family="business", subscription_keys=frozenset({"a", "b"}), maximum=30, elsewhere=5)]
    members = (holding("a"), holding("b"))
    assert not priced({"a": 13}, *members, families=caps).is_refused
    assert priced({"a": 14}, *members, families=caps).all_refusals == (("a", AboveFamilyMaximum("business", 30, 31)),)
    over = [replace(caps[0], elsewhere=50)]
    assert not priced({"a": 9, "b": 13}, *members, families=over).is_refused


def test_each_subscription_is_judged_by_the_return_rules_of_its_own_vendor() -> None:
    """The five seats can be returned for three days more; a vendor that wants four days' notice takes none."""
    early = replace(POLICY, version="other-1", safety_margin=dt.timedelta(days=4))
    members = (holding("a"), holding("b"))
    assert priced({"a": 10}, *members, policies={"b": early}).policy_version == "2026-1"
    both = priced({"a": 10, "b": 10}, *members, policies={"b": early})
    assert [(key, type(refusal)) for key, refusal in both.all_refusals] == [("b", NotReturnable)]
    assert both.policy_version == "2026-1+other-1"
    assert priced({}, *members).policy_version == "2026-1"


def test_a_swap_inside_a_full_family_is_no_increase_of_it() -> None:
    members = (holding("a"), holding("b"))
    assert not priced({"a": 10, "b": 14}, *members, families=family(24)).is_refused
    assert not priced({"a": 10, "b": 13}, *members, families=family(20)).is_refused
    assert priced({"a": 10, "b": 15}, *members, families=family(24)).all_refusals == (
        ("b", AboveFamilyMaximum("business", 24, 25)),
    )


def test_one_refused_line_refuses_the_booking_and_the_others_keep_their_price() -> None:
    quoted = priced({"a": 13, "b": 301}, holding("a"), holding("b"))
    assert quoted.is_refused
    assert quoted.totals is None
    assert quoted.all_refusals == (("b", AboveMaximum(300)),)
    assert [line.due_now for line in quoted.lines] == [eur(367), eur(105967)]


def test_all_reasons_against_a_line_are_told_together() -> None:
    held = holding(assigned=9, holders=("Ada",), minimum=10, step=4)
    quoted = priced({"standard": 6}, held, holding("us", currency="USD", quantity=0), on=dt.date(2026, 7, 1))
    closes_at = AT + 3 * DAY - dt.timedelta(minutes=10)
    assert [reason for _key, reason in quoted.all_refusals] == [
        CycleNotCurrent(dt.date(2026, 7, 1)),
        BelowMinimum(10),
        StepSize(4, 4, 8),
        BelowAssigned(9, ("Ada",)),
        NotReturnable(6, 5, closes_at, END_ON),
    ]


def test_the_cycle_may_be_of_any_length_and_price() -> None:
    """A free offer is priced at nothing and still judged."""
    free = holding(unit_rate=Rate.parse("0", "EUR"), cycle=Period(ON, ON + DAY), commitment_end_on=ON + DAY)
    quoted = priced({"standard": 13}, free)
    assert quoted.totals is not None
    assert quoted.totals.rest_of_term.gross == eur(0)
