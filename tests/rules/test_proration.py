"""Parts of a cycle add up to the cycle, and only the quantities before and after count."""

import datetime as dt
import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import money, proration
from seatwright.rules.money import Money, Rate
from seatwright.rules.periods import Period

JUNE = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1))

rates = st.builds(
    lambda digits, decimals, currency: Rate.parse(
        f"{digits // 10**decimals}.{digits % 10**decimals:0{decimals}d}" if decimals else str(digits), currency
    ),
    st.integers(0, 10**9),
    st.integers(0, 6),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
quantities = st.integers(0, 20_000)


def rest(start_on: dt.date, cycle: Period = JUNE) -> Period:
    return Period(start_on, cycle.end_on)


@pytest.mark.parametrize(
    ("price", "quantity", "start_day", "end_day", "expected_minor"),
    [
        ("10.00", 3, 0, 30, 3000),
        ("10.00", 1, 0, 10, 333),
        ("10.00", 1, 10, 20, 334),
        ("10.00", 1, 20, 30, 333),
        ("10.00", 3, 20, 30, 1000),
        ("0.01", 1, 0, 15, 1),
        ("0.01", 1, 15, 30, 0),
        ("10.0833", 12, 2, 30, 11293),
        ("10.00", 1, 7, 7, 0),
        ("10.00", 0, 0, 30, 0),
        ("10.00", 1, 0, 0, 0),
        ("10.00", 1, 30, 30, 0),
    ],
)
def test_a_part_is_the_difference_of_its_rounded_edges(
    price: str, quantity: int, start_day: int, end_day: int, expected_minor: int
) -> None:
    amount = proration.part(
        quantity=quantity, unit_rate=Rate.parse(price, "EUR"), cycle_days=30, start_day=start_day, end_day=end_day
    )
    assert amount == Money(expected_minor, "EUR")


def test_days_outside_the_cycle_have_no_price() -> None:
    rate = Rate.parse("10", "EUR")
    for start_day, end_day, cycle_days in ((-1, 5, 30), (5, 4, 30), (0, 31, 30), (0, 0, 0)):
        with pytest.raises(ValueError, match=f"days {start_day} to {end_day} of {cycle_days}"):
            proration.part(quantity=1, unit_rate=rate, cycle_days=cycle_days, start_day=start_day, end_day=end_day)
    with pytest.raises(ValueError, match="seats cannot be negative"):
        proration.part(quantity=-1, unit_rate=rate, cycle_days=30, start_day=0, end_day=30)
    with pytest.raises(ValueError, match="days -1 to 30 of 30"):
        proration.change(before=1, after=2, unit_rate=rate, cycle=JUNE, during=rest(dt.date(2026, 5, 31)))


def test_a_whole_cycle_is_rounded_once() -> None:
    assert proration.cycle_amount(quantity=12, unit_rate=Rate.parse("10.0833", "EUR")) == Money(12100, "EUR")
    assert proration.cycle_amount(quantity=1, unit_rate=Rate.parse("0.005", "EUR")) == Money(1, "EUR")
    assert proration.cycle_amount(quantity=3, unit_rate=Rate.parse("33.5", "JPY")) == Money(101, "JPY")


def test_three_more_seats_for_ten_days_are_explained_to_the_cent() -> None:
    """3 seats x 7.99 x 11/30 = 8.789: 8.79. From the edges: (13-10) seats rest = 38.09 - 29.30 = 8.79."""
    change = proration.change(
        before=10, after=13, unit_rate=Rate.parse("7.99", "EUR"), cycle=JUNE, during=rest(dt.date(2026, 6, 20))
    )
    assert change.seats == 3
    assert change.days == 11
    assert change.cycle_days == 30
    assert change.period == Period(dt.date(2026, 6, 20), dt.date(2026, 7, 1))
    assert change.amount == Money(879, "EUR")
    assert change.plain == Money(879, "EUR")
    assert change.rounding_minor == 0
    assert change.unit_rate == Rate.parse("7.99", "EUR")


def test_a_rounding_difference_is_told_apart() -> None:
    """10.00 for 20/30 is 6.67 by itself; two seats cost 20.00 - 6.67 = 13.33, one costs 10.00 - 3.33 = 6.67: 6.66."""
    change = proration.change(
        before=1, after=2, unit_rate=Rate.parse("10", "EUR"), cycle=JUNE, during=rest(dt.date(2026, 6, 11))
    )
    assert change.amount == Money(666, "EUR")
    assert change.plain == Money(667, "EUR")
    assert change.rounding_minor == -1


def test_a_commitment_that_ends_inside_the_cycle_cuts_the_days_and_not_the_price_of_a_day() -> None:
    """From the 11th to the 21st: 10 of 30 days of 30.00."""
    change = proration.change(
        before=0,
        after=1,
        unit_rate=Rate.parse("30", "EUR"),
        cycle=JUNE,
        during=Period(dt.date(2026, 6, 11), dt.date(2026, 6, 21)),
    )
    assert change.amount == Money(1000, "EUR")
    assert change.days == 10
    assert change.cycle_days == 30


@given(
    rate=rates,
    quantity=quantities,
    cycle_days=st.integers(1, 1096),
    cuts=st.lists(st.integers(0, 1096), max_size=12),
    data=st.data(),
)
def test_invariant_03_any_split_of_a_cycle_in_any_order_adds_up_to_the_cycle(
    rate: Rate, quantity: int, cycle_days: int, cuts: list[int], data: st.DataObject
) -> None:
    edges = sorted({0, cycle_days, *(cut % (cycle_days + 1) for cut in cuts)})
    segments = data.draw(st.permutations(list(itertools.pairwise(edges))))
    parts = [
        proration.part(quantity=quantity, unit_rate=rate, cycle_days=cycle_days, start_day=start, end_day=end)
        for start, end in segments
    ]
    assert money.total(parts, currency=rate.currency) == proration.cycle_amount(quantity=quantity, unit_rate=rate)


@given(rate=rates, before=quantities, after=quantities, start_day=st.integers(0, 29))
def test_invariant_03_a_raise_and_the_equal_lowering_net_to_nothing(
    rate: Rate, before: int, after: int, start_day: int
) -> None:
    during = rest(JUNE.start_on + dt.timedelta(days=start_day))
    there = proration.change(before=before, after=after, unit_rate=rate, cycle=JUNE, during=during)
    back = proration.change(before=after, after=before, unit_rate=rate, cycle=JUNE, during=during)
    assert there.amount + back.amount == Money.zero(rate.currency)
    assert there.rounding_minor == -back.rounding_minor


@given(rate=rates, quantity=quantities, way=st.lists(quantities, min_size=1, max_size=6), start_day=st.integers(0, 29))
def test_invariant_03_only_the_first_and_the_last_quantity_of_a_day_count(
    rate: Rate, quantity: int, way: list[int], start_day: int
) -> None:
    during = rest(JUNE.start_on + dt.timedelta(days=start_day))
    steps = [
        proration.change(before=before, after=after, unit_rate=rate, cycle=JUNE, during=during).amount
        for before, after in itertools.pairwise([quantity, *way])
    ]
    direct = proration.change(before=quantity, after=way[-1], unit_rate=rate, cycle=JUNE, during=during)
    assert money.total(steps, currency=rate.currency) == direct.amount


@given(rate=rates, first=quantities, changes=st.dictionaries(st.integers(1, 29), quantities, max_size=6))
def test_invariant_03_the_cycle_charge_and_all_changes_are_the_sum_of_the_days_held(
    rate: Rate, first: int, changes: dict[int, int]
) -> None:
    charged = proration.cycle_amount(quantity=first, unit_rate=rate)
    held = first
    for start_day, quantity in sorted(changes.items()):
        during = rest(JUNE.start_on + dt.timedelta(days=start_day))
        charged += proration.change(before=held, after=quantity, unit_rate=rate, cycle=JUNE, during=during).amount
        held = quantity
    by_days = Money.zero(rate.currency)
    for day in range(30):
        holding = [first, *(quantity for start_day, quantity in sorted(changes.items()) if start_day <= day)][-1]
        by_days += proration.part(quantity=holding, unit_rate=rate, cycle_days=30, start_day=day, end_day=day + 1)
    assert charged == by_days


@given(rate=rates, before=quantities, after=quantities, start_day=st.integers(0, 29))
def test_a_change_is_never_more_than_two_minor_units_from_the_plain_product(
    rate: Rate, before: int, after: int, start_day: int
) -> None:
    during = rest(JUNE.start_on + dt.timedelta(days=start_day))
    change = proration.change(before=before, after=after, unit_rate=rate, cycle=JUNE, during=during)
    exact = rate.times(after - before) * Fraction(30 - start_day, 30)
    assert change.plain == Money.rounded(exact, rate.currency)
    assert abs(change.amount.minor - exact) <= 2
    assert abs(change.rounding_minor) <= 2


@pytest.mark.parametrize("cycle_days", [28, 29, 30, 31, 365, 366])
@pytest.mark.parametrize("price", ["0.01", "3.33", "7.99", "10.0833", "120.96"])
def test_invariant_03_every_single_cut_day_adds_up(cycle_days: int, price: str) -> None:
    rate = Rate.parse(price, "EUR")
    for quantity in (1, 3, 7, 300):
        whole = proration.cycle_amount(quantity=quantity, unit_rate=rate)
        for cut in range(cycle_days + 1):
            left, right = (
                proration.part(quantity=quantity, unit_rate=rate, cycle_days=cycle_days, start_day=start, end_day=end)
                for start, end in ((0, cut), (cut, cycle_days))
            )
            assert left + right == whole, (quantity, cut)
