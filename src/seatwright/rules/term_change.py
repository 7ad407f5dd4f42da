"""What it costs to begin a longer term at once, or to be billed in another rhythm from the next charge cycle on.

A new term starts today at today's price (Partner Center reference 5.7): the rest of the running charge cycle is given
back at the frozen price, and the first cycle of the new term is charged. Another billing plan costs nothing now.
"""

import datetime as dt
from dataclasses import dataclass

from seatwright.rules import money, periods, proration, stretches, terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Net amounts; `credit` is None where nothing of a charged cycle is left, `first` where nothing is charged now.

    `whole` is everything from the start of the change to the end of its term, `instead` what the seats would have cost
    until the old term's end. `term` and `cycle` are the term with the change and its first cycle, uncut.
    """

    credit: proration.ProratedChange | None
    first: proration.ProratedChange | None
    term: periods.Period
    cycle: periods.Period
    whole: money.Money
    instead: money.Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The term that runs: its frozen rate, the cycle in which the change falls, and the first day after it."""

    quantity: int
    unit_rate: money.Rate
    anchor_on: dt.date
    term: terms.Term
    billing_plan: terms.BillingPlan
    ends_on: dt.date

    def cycle(self, on: dt.date) -> periods.Period:
        """The uncut charge cycle of that day."""
        return periods.charge_cycle(anchor_on=self.anchor_on, term=self.term, billing_plan=self.billing_plan, on=on)

    def cost(self, during: periods.Period) -> money.Money:
        """What the seats cost for these days."""
        return stretches.of_plan(
            quantity=self.quantity,
            unit_rate=self.unit_rate,
            anchor_on=self.anchor_on,
            term=self.term,
            billing_plan=self.billing_plan,
            during=during,
        )


def new_term(
    *, running: Running, start_on: dt.date, unit_rate: money.Rate, term: terms.Term, billing_plan: terms.BillingPlan
) -> Priced:
    """The price of a term that begins on `start_on`, a day of the running one; raises CurrencyMismatch."""
    if unit_rate.currency != running.unit_rate.currency:
        raise money.CurrencyMismatch(f"{unit_rate.currency} and {running.unit_rate.currency}")
    whole = periods.term_period(anchor_on=start_on, term=term, index=0)
    first = periods.charge_cycle(anchor_on=start_on, term=term, billing_plan=billing_plan, on=start_on)
    cycle = running.cycle(start_on)
    return Priced(
        credit=proration.change(
            before=running.quantity,
            after=0,
            unit_rate=running.unit_rate,
            cycle=cycle,
            during=periods.Period(start_on, min(cycle.end_on, running.ends_on)),
        ),
        first=proration.change(before=0, after=running.quantity, unit_rate=unit_rate, cycle=first, during=first),
        term=whole,
        cycle=first,
        whole=stretches.of_plan(
            quantity=running.quantity,
            unit_rate=unit_rate,
            anchor_on=start_on,
            term=term,
            billing_plan=billing_plan,
            during=whole,
        ),
        instead=running.cost(periods.Period(start_on, running.ends_on)),
    )


def new_plan(*, running: Running, on: dt.date, unit_rate: money.Rate, billing_plan: terms.BillingPlan) -> Priced | None:
    """The price of another billing plan from the charge cycle after that of `on`; None when the term has no other one.

    Its cycles are those of the running term, so that a year that has begun is charged for what is left of it.
    """
    start_on = running.cycle(on).end_on
    if start_on >= running.ends_on:
        return None
    rest = periods.Period(start_on, running.ends_on)
    return Priced(
        credit=None,
        first=None,
        term=rest,
        cycle=periods.charge_cycle(
            anchor_on=running.anchor_on, term=running.term, billing_plan=billing_plan, on=start_on
        ),
        whole=stretches.of_plan(
            quantity=running.quantity,
            unit_rate=unit_rate,
            anchor_on=running.anchor_on,
            term=running.term,
            billing_plan=billing_plan,
            during=rest,
        ),
        instead=running.cost(rest),
    )
