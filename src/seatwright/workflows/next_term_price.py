"""What the term after the running one will cost as wished, against what the same days cost as things stand now.

The price is the one that the catalogue holds today for the first day of that term; a price list that comes later may
change it, which the pages say.
"""

import datetime as dt
from dataclasses import dataclass

from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.rules import money, periods, proration, renewals, stretches, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import extended_service, price_terms, pricing


@dataclass(frozen=True, kw_only=True)
class NextTermPrice:
    """Net amounts in minor units: one uncut charge cycle, the whole next term, and the same days as things stand now.

    `unit_rate` is the price of one seat for one cycle, exact; cycles are counted from `anchor_on`.

    The days are those from `start_on` up to, not including, `end_on`; an extended term is told month by month.
    """

    start_on: dt.date
    end_on: dt.date
    anchor_on: dt.date
    currency: str
    billing_plan: str
    unit_rate: str
    cycle_minor: int
    term_minor: int
    as_now_minor: int

    @property
    def difference_minor(self) -> int:
        """What the term costs more than the same days now, or less when negative."""
        return self.term_minor - self.as_now_minor


def of(
    *,
    row: holdings.HoldingRow,
    customer: customers.CustomerRow,
    following: timeline.NextTerm,
    rules: catalogue.AfterTerms | None = None,
) -> NextTermPrice | None:
    """The price of the following term; None where nobody knows one for it or for what is held, or no seat is left.

    Of many terms the `rules` are read once.
    """
    if not row.unit_rate or not pricing.is_sold(term=row.term, billing_plan=row.billing_plan):
        return None
    if following.quantity < 1 and following.outcome is not renewals.Ending.CANCEL:
        return None
    during = _days(row, following)
    found = rate(customer=customer, following=following, rules=rules)
    if found is None or found.currency != row.currency:
        return None
    as_now = stretches.of_plan(
        quantity=row.seats,
        unit_rate=money.Rate.parse(row.unit_rate, row.currency),
        anchor_on=row.anchor_on,
        term=terms.Term(row.term),
        billing_plan=terms.BillingPlan(row.billing_plan),
        during=during,
    )
    whole = stretches.of_plan(
        quantity=following.quantity,
        unit_rate=found,
        anchor_on=_anchor(row, following),
        term=following.term,
        billing_plan=following.billing_plan,
        during=during,
    )
    cycle = proration.cycle_amount(quantity=following.quantity, unit_rate=found)
    return NextTermPrice(
        start_on=during.start_on,
        end_on=during.end_on,
        anchor_on=_anchor(row, following),
        currency=row.currency,
        billing_plan=str(following.billing_plan),
        unit_rate=found.text,
        cycle_minor=cycle.minor,
        term_minor=whole.minor,
        as_now_minor=as_now.minor,
    )


def _days(row: holdings.HoldingRow, following: timeline.NextTerm) -> periods.Period:
    """The days of the next term; of a full one as now where nothing is renewed, of a month where it is extended."""
    if following.end_on is not None:
        return periods.Period(following.starts_on, following.end_on)
    term = following.term if following.outcome is renewals.Ending.EXTENDED else terms.Term(row.term)
    return renewals.term_ahead(anchor_on=row.anchor_on, starts_on=following.starts_on, term=term).period


def _anchor(row: holdings.HoldingRow, following: timeline.NextTerm) -> dt.date:
    return renewals.term_ahead(anchor_on=row.anchor_on, starts_on=following.starts_on, term=following.term).anchor_on


def rate(
    *, customer: customers.CustomerRow, following: timeline.NextTerm, rules: catalogue.AfterTerms | None = None
) -> money.Rate | None:
    """What a seat costs for a cycle of the following term, exact; 0 where nothing follows, None where nobody knows.

    Of many terms the `rules` are read once.
    """
    if following.outcome is renewals.Ending.CANCEL:
        return money.Rate.parse("0", customer.currency)
    if following.outcome is renewals.Ending.EXTENDED:
        price = extended_service.rate(
            customer=customer,
            offer_key=following.offer,
            quantity=following.quantity,
            on=following.starts_on,
            rules=rules,
        )
    else:
        price = _sold(customer, following)
    return None if price is None else money.Rate.parse(f"{price.amount.normalize():f}", price.currency)


def _sold(customer: customers.CustomerRow, following: timeline.NextTerm) -> catalogue.UnitRate | None:
    key = naming.offer_key(following.offer)
    if key is None:
        return None
    wished = key._replace(term=following.term.value, billing_plan=following.billing_plan.value)
    return price_terms.rate(customer=customer, offer_key=str(wished), seats=following.quantity, on=following.starts_on)
