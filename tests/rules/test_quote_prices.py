"""A quote prices each change to the day, adds the lines up once and taxes the sum once."""

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.rules import money, quote
from seatwright.rules.money import Rate
from seatwright.rules.periods import Period
from seatwright.rules.quote import LineWish
from seatwright.rules.tax import TaxRule
from seatwright.rules.terms import BillingPlan, Term
from tests.rules.bookings import AT, GERMAN, ON, POLICY, eur, holding, lot, only_line, priced


def test_three_more_seats_for_the_rest_of_june() -> None:
    """3 x 10.00 x 11/30 = 11.00 now; then 15 seats a month for six months: 900.00."""
    quoted = priced({"standard": 15})
    line = only_line(quoted)
    assert not quoted.is_refused
    assert quoted.all_refusals == ()
    assert (line.quantity_before, line.quantity_after, line.delta) == (12, 15, 3)
    assert line.subscription_key == "standard"
    assert line.name == "Mail standard"
    assert line.commitment_end_on == dt.date(2027, 1, 1)
    assert line.due_now == eur(1100)
    assert line.per_cycle_before == eur(12000)
    assert line.next_period == eur(15000)
    assert line.rest_of_term == eur(1100 + 6 * 15000)
    (charge,) = line.charges
    assert charge.kind == "increase"
    assert charge.seats == 3
    assert charge.unit_rate == Rate.parse("10.00", "EUR")
    assert charge.price_list_version == "2026-01"
    assert (charge.days, charge.cycle_days) == (11, 30)
    assert charge.period == Period(dt.date(2026, 6, 20), dt.date(2026, 7, 1))
    assert charge.amount == eur(1100)
    assert charge.rounding_minor == 0
    assert quoted.totals is not None
    assert (quoted.totals.due_now.net, quoted.totals.due_now.tax) == (eur(1100), eur(209))
    assert quoted.totals.due_now.gross == eur(1309)
    assert (quoted.totals.next_period.net, quoted.totals.next_period.tax) == (eur(15000), eur(2850))
    assert (quoted.totals.rest_of_term.net, quoted.totals.rest_of_term.tax) == (eur(91100), eur(17309))


def test_cycles_after_the_running_one_have_the_plan_that_waits_for_them() -> None:
    """From July on 96.00 a year: 15 seats are 1440.00, of which 184 of 365 days are left, 725.92."""
    held = holding(plan_then=(BillingPlan.ANNUAL, Rate.parse("96.00", "EUR")))
    line = only_line(priced({"standard": 15}, held))
    assert (line.due_now, line.next_period, line.rest_of_term) == (eur(1100), eur(144000), eur(1100 + 72592))


def test_a_quote_keeps_what_it_was_judged_by() -> None:
    quoted = priced({"standard": 15})
    assert (quoted.on, quoted.at, quoted.policy_version, quoted.tax) == (ON, AT, "2026-1", GERMAN)


def test_two_seats_given_back_are_a_negative_charge_of_the_same_days() -> None:
    """2 x 10.00 x 11/30 = 7.33: twelve seats' rest is 44.00, ten seats' rest is 36.67."""
    line = only_line(priced({"standard": 10}))
    assert line.refusals == ()
    (charge,) = line.charges
    assert (charge.kind, charge.seats) == ("return", -2)
    assert charge.amount == line.due_now == eur(-733)
    assert line.next_period == eur(10000)
    assert line.rest_of_term == eur(-733 + 6 * 10000)


def test_a_rounding_difference_is_part_of_the_charge_line() -> None:
    """13 seats' rest is 130.00 - 82.33 = 47.67, twelve seats' 44.00: 3.67 like the plain product.

    At 9.99: 129.87 - 82.25 = 47.62 less 119.88 - 75.92 = 43.96 is 3.66, the plain product 3.663.
    At 10.05: 130.65 - 82.75 = 47.90 less 120.60 - 76.38 = 44.22 is 3.68, the plain product 3.685 makes 3.69.
    """
    amounts = {}
    for price in ("10.00", "9.99", "10.05"):
        (charge,) = only_line(priced({"standard": 13}, holding(unit_rate=Rate.parse(price, "EUR")))).charges
        amounts[price] = (charge.amount.minor, charge.rounding_minor)
    assert amounts == {"10.00": (367, 0), "9.99": (366, 0), "10.05": (368, -1)}


def test_on_the_first_day_of_the_cycle_the_whole_cycle_is_charged() -> None:
    line = only_line(priced({"standard": 13}, on=dt.date(2026, 6, 1)))
    assert line.due_now == eur(1000)
    assert (line.charges[0].kind, line.charges[0].seats) == ("increase", 1)
    assert line.charges[0].days == 30


def test_on_the_last_day_of_the_cycle_one_day_is_charged() -> None:
    line = only_line(priced({"standard": 15}, on=dt.date(2026, 6, 30)))
    assert line.due_now == eur(100)
    assert line.charges[0].days == 1


def test_a_year_paid_upfront_has_no_later_cycle() -> None:
    """120.00 a year, 195 of 365 days from 20 June: 833.42 for thirteen less 769.32 for twelve, and nothing later."""
    yearly = holding(
        unit_rate=Rate.parse("120", "EUR"),
        billing_plan=BillingPlan.ANNUAL,
        cycle=Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1)),
    )
    line = only_line(priced({"standard": 13}, yearly))
    assert line.due_now == eur(6410)
    assert line.charges[0].rounding_minor == -1
    assert line.rest_of_term == eur(6410)
    assert line.next_period == eur(13 * 12000)


def test_three_years_paid_yearly_have_the_later_years_to_come() -> None:
    """One more seat on the first day of the second year: 120.00 now and thirteen seats' third year of 1,560.00."""
    three_years = holding(
        unit_rate=Rate.parse("120", "EUR"),
        term=Term.P3Y,
        billing_plan=BillingPlan.ANNUAL,
        anchor_on=dt.date(2025, 6, 20),
        cycle=Period(dt.date(2026, 6, 20), dt.date(2027, 6, 20)),
        commitment_end_on=dt.date(2028, 6, 20),
    )
    line = only_line(priced({"standard": 13}, three_years))
    assert line.due_now == eur(12000)
    assert line.rest_of_term == eur(12000 + 13 * 12000)


def test_a_monthly_commitment_ends_with_its_cycle() -> None:
    monthly = holding(term=Term.P1M, anchor_on=dt.date(2026, 1, 1), commitment_end_on=dt.date(2026, 7, 1))
    line = only_line(priced({"standard": 15}, monthly))
    assert line.rest_of_term == line.due_now == eur(1100)


def test_a_commitment_aligned_to_another_date_cuts_the_last_cycle() -> None:
    """Until 11 September: July and August whole, ten of September's thirty days: 11.00 + 300.00 + 50.00."""
    line = only_line(priced({"standard": 15}, holding(commitment_end_on=dt.date(2026, 9, 11))))
    assert line.rest_of_term == eur(1100 + 2 * 15000 + 5000)


def test_a_commitment_that_ends_inside_the_running_cycle_ends_the_charge() -> None:
    """Until 25 June: five of thirty days of three seats."""
    line = only_line(priced({"standard": 15}, holding(commitment_end_on=dt.date(2026, 6, 25))))
    assert line.due_now == line.rest_of_term == eur(500)
    assert line.charges[0].period == Period(dt.date(2026, 6, 20), dt.date(2026, 6, 25))
    assert (line.charges[0].days, line.charges[0].cycle_days) == (5, 30)


def test_month_end_cycles_are_counted_whole_until_the_commitment_ends() -> None:
    """Started on 31 January 2026, changed on 28 February: ten more cycles from 31 March to 30 January."""
    month_end = holding(
        anchor_on=dt.date(2026, 1, 31),
        cycle=Period(dt.date(2026, 2, 28), dt.date(2026, 3, 31)),
        commitment_end_on=dt.date(2027, 1, 31),
    )
    line = only_line(priced({"standard": 13}, month_end, on=dt.date(2026, 2, 28)))
    assert line.due_now == eur(1000)
    assert line.rest_of_term == eur(1000 + 10 * 13000)


def test_invariant_01_tax_is_computed_once_on_the_sum_of_the_lines() -> None:
    """Two lines of 0.03 net: 19 % of each would be 0.01 and 0.01, of the sum 0.0114 it is 0.01."""
    cheap = Rate.parse("0.03", "EUR")
    first = holding("a", unit_rate=cheap, cycle=Period(ON, ON + dt.timedelta(days=30)))
    second = holding("b", unit_rate=cheap, cycle=Period(ON, ON + dt.timedelta(days=30)))
    quoted = priced({"a": 13, "b": 13}, first, second)
    assert quoted.totals is not None
    assert quoted.totals.due_now.net == eur(6)
    assert quoted.totals.due_now.tax == eur(1)
    assert quoted.totals.due_now.gross == eur(7)


@given(
    totals=st.lists(st.integers(1, 300).filter(lambda quantity: quantity != 12), min_size=2, max_size=5),
    cents=st.integers(1, 10_000),
    basis_points=st.integers(0, 2700),
    start_day=st.integers(1, 30),
)
def test_invariant_01_every_total_is_the_sum_of_its_lines_and_one_tax(
    totals: list[int], cents: int, basis_points: int, start_day: int
) -> None:
    rate = Rate.parse(f"{cents // 100}.{cents % 100:02d}7", "EUR")
    say = ((300, AT + dt.timedelta(days=1)),)
    holdings = [holding(str(number), unit_rate=rate, vendor_returnable=say) for number in range(len(totals))]
    quoted = priced(
        {str(number): quantity for number, quantity in enumerate(totals)},
        *holdings,
        on=dt.date(2026, 6, start_day),
        tax=TaxRule(basis_points, "standard"),
    )
    assert quoted.totals is not None
    for total, field in (
        (quoted.totals.due_now, "due_now"),
        (quoted.totals.next_period, "next_period"),
        (quoted.totals.rest_of_term, "rest_of_term"),
    ):
        assert total.net.minor == sum(getattr(line, field).minor for line in quoted.lines)
        assert abs(total.tax.minor - Fraction(total.net.minor * basis_points, 10_000)) <= Fraction(1, 2)
        assert total.gross.minor == total.net.minor + total.tax.minor
    for line in quoted.lines:
        assert line.due_now.minor == sum(charge.amount.minor for charge in line.charges)


def test_invariant_09_a_return_is_credited_at_the_price_frozen_for_the_term() -> None:
    """Bought for 8.40 under the old list: what was charged for five seats is what comes back for them."""
    old_price = Rate.parse("8.40", "EUR")
    bought = only_line(priced({"standard": 17}, holding(unit_rate=old_price, price_list_version="2025-07")))
    returned = only_line(
        priced({"standard": 12}, holding(quantity=17, unit_rate=old_price, price_list_version="2025-07"))
    )
    assert bought.due_now + returned.due_now == eur(0)
    for line in (bought, returned):
        assert line.charges[0].unit_rate == old_price
        assert line.charges[0].price_list_version == "2025-07"


def test_a_swap_is_one_booking_with_one_sum() -> None:
    """Five standard seats back, five premium seats at 18.00: (18 - 10) x 5 x 11/30 = 14.67 net, 2.79 tax."""
    premium = holding("premium", quantity=1, unit_rate=Rate.parse("18", "EUR"))
    quoted = priced({"standard": 7, "premium": 6}, holding(), premium)
    assert [(line.subscription_key, line.due_now) for line in quoted.lines] == [
        ("standard", eur(-1833)),
        ("premium", eur(3300)),
    ]
    assert quoted.totals is not None
    assert quoted.totals.due_now.net == eur(1467)
    assert quoted.totals.due_now.tax == eur(279)
    assert quoted.totals.next_period.net == eur(7000 + 10800)


def test_a_credit_carries_the_mirrored_tax() -> None:
    quoted = priced({"standard": 10})
    assert quoted.totals is not None
    assert quoted.totals.due_now.net == eur(-733)
    assert quoted.totals.due_now.tax == eur(-139)
    assert quoted.totals.due_now.gross == eur(-872)


def test_unchanged_lines_beside_changed_ones_are_left_out() -> None:
    quoted = priced({"a": 12, "b": 13}, holding("a"), holding("b"))
    assert only_line(quoted).subscription_key == "b"
    assert quoted.totals is not None
    assert quoted.totals.next_period.net == eur(13000)


def test_equal_wishes_at_equal_times_give_equal_quotes() -> None:
    assert priced({"standard": 15}) == priced({"standard": 15})


def test_the_currency_of_a_line_is_that_of_its_price() -> None:
    yen = holding(currency="JPY", unit_rate=Rate.parse("1000", "JPY"))
    quoted = priced({"standard": 15}, yen)
    assert only_line(quoted).due_now == money.Money(1100, "JPY")
    assert quoted.totals is not None
    assert quoted.totals.due_now.tax == money.Money(209, "JPY")
    with pytest.raises(money.CurrencyMismatch, match="EUR and JPY"):
        holding(currency="JPY", unit_rate=Rate.parse("1000", "EUR"))


@pytest.mark.parametrize("quantity", [-1, 1_000_001])
def test_an_impossible_wish_cannot_be_made(quantity: int) -> None:
    with pytest.raises(ValueError, match="seats"):
        LineWish("standard", quantity)
    assert LineWish("standard", 0).quantity == 0
    assert LineWish("standard", 1_000_000).quantity == 1_000_000


def test_a_step_has_at_least_one_seat() -> None:
    with pytest.raises(ValueError, match="at least one seat"):
        holding(step=0)


def test_a_wish_for_an_unknown_subscription_is_a_bug_of_the_caller() -> None:
    with pytest.raises(KeyError, match="elsewhere"):
        quote.quote(
            wishes=[LineWish("elsewhere", 1)],
            holdings=[holding()],
            package_minimum=1,
            on=ON,
            at=AT,
            policy=POLICY,
            tax=GERMAN,
        )


@given(first=st.integers(12, 300), second=st.integers(12, 300), start_day=st.integers(1, 30))
def test_two_bookings_on_one_day_cost_as_much_as_one(first: int, second: int, start_day: int) -> None:
    on = dt.date(2026, 6, start_day)
    rate = Rate.parse("7.77", "EUR")
    say = ((300, AT + dt.timedelta(days=1)),)
    way = [
        only_line(priced({"standard": after}, holding(quantity=before, unit_rate=rate, vendor_returnable=say), on=on))
        for before, after in ((11, first), (first, second))
        if before != after
    ]
    direct = only_line(priced({"standard": second}, holding(quantity=11, unit_rate=rate), on=on))
    assert sum(line.due_now.minor for line in way) == direct.due_now.minor
    assert way[-1].next_period == direct.next_period


def test_lots_are_only_for_windows_and_never_for_the_price() -> None:
    one_lot = only_line(priced({"standard": 15}, holding(lots=(lot(12, 1),))))
    assert one_lot == only_line(priced({"standard": 15}))
