"""Idea 20, the harmless half: what a customer will hold and owe on a chosen day, with nothing changed.

A renewal brings what is wished for it, at the price known today for its first day; those after it repeat it, and each
opens the windows of all its seats again. Seats added later will open others. Where no price is known, it says so, and
so it does of changes and purchases that are under way: none of them is counted before it is booked.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from seatwright.access.actors import Actor
from seatwright.billing import queries as billing
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import queries as orders
from seatwright.rules import business_dates, money, periods, proration, renewals, timeline, windows
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    blocked_wishes,
    buy_limits,
    charge_cycles,
    extended_service,
    next_term_price,
    pricing,
    stored_elsewhere,
    wishes,
)

FURTHEST = dt.timedelta(days=3 * 366)


class DayRefused(Exception):
    """The day lies in the past or more than three years ahead."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A charge that a charge cycle will bring; `is_frozen` is False where the price may change with a renewal."""

    start_on: dt.date
    end_on: dt.date
    seats: int
    amount_minor: int
    is_frozen: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One subscription as it will stand on the day; `seats` is 0 where it will have ended by then.

    Where `is_priced` is False there are days until then for which no price is known: `charges` leave them out.
    `is_planned_elsewhere` tells of a next term stored at the vendor that nobody planned here: none of this follows it.
    `is_blocked` tells of wishes that cannot come about any more, which `seats` and `charges` follow all the same.
    `is_changing` tells of an order that has not ended. The `name` is that of the plan held by then.
    """

    subscription_id: uuid.UUID
    name: str
    seats: int
    renewals: int
    term_end_on: dt.date
    returnable: int
    returnable_until: dt.datetime | None
    currency: str
    charges: tuple[Expected, ...]
    is_priced: bool
    is_planned_elsewhere: bool
    is_blocked: bool
    is_changing: bool

    @property
    def total_minor(self) -> int:
        """The sum of the expected charges, without tax."""
        return sum(charge.amount_minor for charge in self.charges)


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """A customer's licences and expected charges from today until the chosen day, that day included.

    `being_bought` are the names of what has been ordered and is not booked yet.
    """

    customer: customers.CustomerRow
    today: dt.date
    on: dt.date
    lines: tuple[Line, ...]
    totals: dict[str, int]
    being_bought: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the lines are made of, read for all of them at once; `posted` are the ids of charges that came already."""

    customer: customers.CustomerRow
    terms: Mapping[uuid.UUID, Sequence[holdings.Term]]
    timelines: Mapping[uuid.UUID, timeline.Timeline]
    names: Mapping[str, str]
    impossible: Set[uuid.UUID]
    under_way: Set[uuid.UUID]
    posted: Set[uuid.UUID]
    after_terms: catalogue.AfterTerms
    policies: Mapping[str, windows.WindowPolicy]
    today: dt.date
    on: dt.date
    at: dt.datetime


def licences(*, by: Actor, customer_id: uuid.UUID, on: dt.date, at: dt.datetime) -> Ahead:
    """What the customer will hold and owe on the day `on`; raises DayRefused, permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="licences.view")
    today = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    if not today <= on <= today + FURTHEST:
        raise DayRefused
    rows = [
        row for row in holdings.holdings(seen_by=by, customer_ids=[customer_id]) if row.status in pricing.LIVE_STATES
    ]
    ids = [row.subscription_id for row in rows]
    vendor_keys = {row.vendor_key for row in rows}
    wished = wishes.timelines_of(rows=rows)
    planned = {change.offer for line in wished.values() for change in line.pending if change.offer}
    offers = catalogue.offers(offer_keys=planned, reseller_id=customer.reseller_id) if planned else {}
    impossible = blocked_wishes.blocked(by=by, rows=rows, even_locked=True, at=at)
    known = _Known(
        customer=customer,
        terms=holdings.terms(subscription_ids=ids),
        timelines=wished,
        names={key: offer.own_label or offer.title for key, offer in offers.items()},
        impossible={each.row.subscription_id for each in impossible},
        under_way=orders.open_lines(subscription_ids=ids).keys(),
        posted=billing.posted_from(subscription_ids=ids, on=today),
        after_terms=catalogue.AfterTerms(vendor_keys=vendor_keys),
        policies={each: pricing.window_policy(vendor_key=each, on=on) for each in sorted(vendor_keys)},
        today=today,
        on=on,
        at=at,
    )
    keys = {row.offer_key for row in rows} | planned
    with catalogue.each_once(offer_keys=keys, days={row.commitment_end_on for row in rows}):
        lines = tuple(_line(row, known) for row in rows)
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.currency] = totals.get(line.currency, 0) + line.total_minor
    bought = buy_limits.names_being_bought(customer_id=customer_id)
    return Ahead(customer=customer, today=today, on=on, lines=lines, totals=totals, being_bought=bought)


def _line(row: holdings.HoldingRow, known: _Known) -> Line:
    line, on = known.timelines.get(row.subscription_id), known.on
    following = _following(row, line, known.after_terms)
    ahead = () if following is None else _terms_ahead(row, following, on=on)
    last_end_on = ahead[-1].period.end_on if ahead else row.commitment_end_on
    is_over = on >= last_end_on
    seats = following.quantity if following is not None and ahead else row.seats
    open_then = _open_then(row, ahead, known, seats=seats)
    after = () if following is None or not ahead else _terms_after(following, ahead, known)
    return Line(
        subscription_id=row.subscription_id,
        name=row.name if following is None or not ahead else _name_then(row, following.offer, known),
        seats=0 if is_over else seats,
        renewals=len(ahead),
        term_end_on=last_end_on,
        returnable=0 if is_over else open_then.total,
        returnable_until=min((batch.last_safe_at for batch in open_then.batches), default=None)
        if not is_over
        else None,
        currency=row.currency,
        charges=tuple(_charges(row, after, known, seats=seats)),
        is_priced=bool(row.unit_rate or row.is_trial) and len(after) == len(ahead),
        is_planned_elsewhere=line is not None and not line.pending and bool(ahead) and stored_elsewhere.is_there(row),
        is_blocked=row.subscription_id in known.impossible and bool(ahead),
        is_changing=row.subscription_id in known.under_way,
    )


def _name_then(row: holdings.HoldingRow, offer_key: str, known: _Known) -> str:
    """What the licence is called in its next term: its own name, unless it becomes another product."""
    return row.name if offer_key == row.offer_key else known.names.get(offer_key, row.name)


def _following(
    row: holdings.HoldingRow, line: timeline.Timeline | None, rules: catalogue.AfterTerms
) -> timeline.NextTerm | None:
    """The term after the running one; None where nothing follows, or nobody knows what does."""
    if line is None or row.status != "active":
        return None
    following = timeline.next_term(timeline=line)
    runs_on = row.auto_renew or line.pending or row.end_of_term or extended_service.applies(row=row, rules=rules)
    return following if runs_on and following.outcome is not renewals.Ending.CANCEL else None


def _terms_ahead(
    row: holdings.HoldingRow, following: timeline.NextTerm, *, on: dt.date
) -> tuple[renewals.TermAhead, ...]:
    """The terms after the running one up to that in which `on` lies; none while the running one lasts."""
    found: list[renewals.TermAhead] = []
    start_on, anchor_on, aligned_end_on = row.commitment_end_on, row.anchor_on, following.aligned_end_on
    while start_on <= on:
        each = renewals.term_ahead(
            anchor_on=anchor_on, starts_on=start_on, term=following.term, aligned_end_on=aligned_end_on
        )
        found.append(each)
        start_on, anchor_on, aligned_end_on = each.period.end_on, each.next_anchor_on, None
    return tuple(found)


def _open_then(
    row: holdings.HoldingRow, ahead: Sequence[renewals.TermAhead], known: _Known, *, seats: int
) -> windows.Returnable:
    """What can be returned when the day begins, on today now: after a renewal every seat of the new term.

    They can for the window from its start.
    The vendor finishes a renewal some hours into the term and its window ends as much later; the earliest is shown.
    """
    policy, at = known.policies[row.vendor_key], known.at
    if known.on != known.today:
        at = business_dates.start_of_day(on=known.on, zone=known.customer.reseller_time_zone)
    if not ahead or seats < 1:
        return pricing.returnable_of(row, at=at, policy=policy)
    renewed_at = renewals.term_ends_at(renews_on=ahead[-1].period.start_on)
    lots = renewals.lots_after_renewal(
        lots=pricing.seat_lots(row), quantity=seats, new_lot_id="renewed", renewed_at=renewed_at, policy=policy
    )
    return windows.returnable(lots=lots, vendor_says=None, at=max(at, renewed_at), policy=policy)


def _charges(
    row: holdings.HoldingRow, after: Sequence[holdings.Term], known: _Known, *, seats: int
) -> Iterable[Expected]:
    """What the cycles until then will bring: those of the terms held for the seats of today, `after` for `seats`."""
    due: dict[dt.date, tuple[holdings.Term, periods.Period, int]] = {}
    for term in known.terms.get(row.subscription_id, ()):
        for cycle in charge_cycles.cycles_of(term, until_on=known.on):
            if cycle.start_on >= term.charged_from_on:
                due[charge_cycles.first_day(term, cycle)] = (term, cycle, row.seats)
    for term in after:
        for cycle in charge_cycles.cycles_of(term, until_on=known.on):
            due[cycle.start_on] = (term, cycle, seats)
    shown = {start_on: each for start_on, each in due.items() if start_on >= known.today}
    for start_on, (term, cycle, number) in sorted(shown.items()):
        if charge_cycles.charge_id(subscription_id=row.subscription_id, start_on=start_on) in known.posted:
            continue
        during = periods.Period(start_on, min(cycle.end_on, term.end_on))
        rate = money.Rate.parse(term.unit_rate, term.currency)
        amount = proration.part_of_period(quantity=number, unit_rate=rate, cycle=cycle, during=during)
        yield Expected(
            start_on=start_on,
            end_on=during.end_on,
            seats=number,
            amount_minor=amount.minor,
            is_frozen=start_on < row.commitment_end_on,
        )


def _terms_after(
    following: timeline.NextTerm, ahead: Sequence[renewals.TermAhead], known: _Known
) -> tuple[holdings.Term, ...]:
    """The terms ahead at the price of the first; none where that is not known."""
    rate = next_term_price.rate(customer=known.customer, following=following, rules=known.after_terms)
    if rate is None:
        return ()
    return tuple(
        holdings.Term(
            start_on=each.period.start_on,
            end_on=each.period.end_on,
            anchor_on=each.anchor_on,
            term=following.term.value,
            billing_plan=following.billing_plan.value,
            unit_rate=rate.text,
            currency=rate.currency,
            price_list_version="",
            charged_from_on=each.period.start_on,
        )
        for each in ahead
    )
