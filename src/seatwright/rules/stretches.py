"""What seats cost over any stretch of days: charge cycle by charge cycle, each cut where the stretch cuts it."""

import datetime as dt

from seatwright.rules import money, periods, proration, terms


def cost(
    *, quantity: int, unit_rate: money.Rate, cycles: tuple[periods.Period, ...], during: periods.Period
) -> money.Money:
    """What `quantity` seats at the rate of one cycle cost for the days of `during`; `cycles` are uncut and hold them.

    Every part is rounded like the charge that it will be, so that the sum is what will be invoiced.
    """
    parts = [
        proration.part_of_period(
            quantity=quantity,
            unit_rate=unit_rate,
            cycle=cycle,
            during=periods.Period(max(cycle.start_on, during.start_on), min(cycle.end_on, during.end_on)),
        )
        for cycle in cycles
        if max(cycle.start_on, during.start_on) < min(cycle.end_on, during.end_on)
    ]
    return money.total(parts, currency=unit_rate.currency)


def of_plan(
    *,
    quantity: int,
    unit_rate: money.Rate,
    anchor_on: dt.date,
    term: terms.Term,
    billing_plan: terms.BillingPlan,
    during: periods.Period,
) -> money.Money:
    """The same with the charge cycles of that term and plan, counted from `anchor_on`, which is not after the days."""
    cycles = periods.charge_cycles(anchor_on=anchor_on, term=term, billing_plan=billing_plan, within=during)
    return cost(quantity=quantity, unit_rate=unit_rate, cycles=cycles, during=during)
