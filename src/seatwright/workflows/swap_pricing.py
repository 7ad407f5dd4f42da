"""What a swap costs: the seats that go, the seats that come, and the most that holding both may come to."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatwright.orders import calculation as frozen
from seatwright.orders import swap_terms
from seatwright.rules import money, periods, proration, tax, terms, transitions, windows
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import pricing

OUT, IN = "swapped_out", "swapped_in"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When the swap is priced: the instant, the business date, and the policy and tax rule of that day."""

    at: dt.datetime
    on: dt.date
    policy: windows.WindowPolicy
    tax: tax.TaxRule


def transition_lines(
    *, source: holdings.HoldingRow, target: holdings.HoldingRow, way: swap_terms.Way, seats: int, moment: Moment
) -> tuple[frozen.Line, ...]:
    """The lines of a transition of `seats`: credited at the old frozen price, charged at the new one from the same day.

    `target` is the subscription as it will be, without the seats that come; for a full one it is the source again.
    """
    out = _charge(OUT, source, before=source.seats, after=source.seats - seats, on=moment.on)
    if way is swap_terms.Way.FULL:
        come = _charge(IN, target, before=0, after=seats, on=moment.on)
        whole = _line(target, after=seats, charges=(*out, *come), moment=moment)
        return (replace(whole, seats_before=source.seats, cycle_before_minor=_cycle(source, source.seats)),)
    taken = windows.allocate(lots=pricing.seat_lots(source), quantity=seats, at=moment.at, policy=moment.policy)
    gone = replace(
        _line(source, after=source.seats - seats, charges=out, moment=moment),
        takes=tuple(frozen.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken),
    )
    come = _charge(IN, target, before=target.seats, after=target.seats + seats, on=moment.on)
    return gone, _line(target, after=target.seats + seats, charges=come, moment=moment)


def unchanged_line(source: holdings.HoldingRow, *, moment: Moment) -> frozen.Line:
    """The line of the old plan where its seats stay for the time being."""
    return _line(source, after=source.seats, charges=(), moment=moment)


def return_line(*, source: holdings.HoldingRow, seats: int, moment: Moment) -> frozen.Line:
    """The line of giving back `seats` of the old plan now, credited at the price frozen on them.

    Raises windows.NotEnoughSeats when that many cannot be returned.
    """
    taken = windows.consume(
        lots=pricing.seat_lots(source),
        quantity=seats,
        at=moment.at,
        policy=moment.policy,
        vendor_says=source.returnable,
    )
    credit = _charge("return", source, before=source.seats, after=source.seats - seats, on=moment.on)
    return replace(
        _line(source, after=source.seats - seats, charges=credit, moment=moment),
        takes=tuple(frozen.Take(lot_id=int(each.lot_id), seats=each.quantity) for each in taken),
    )


def overlap(*, source: holdings.HoldingRow, seats: int, minimum: int, moment: Moment) -> swap_terms.Overlap:
    """The most that `seats` of the old plan cost while they wait to be returned or for the renewal (invariant 25).

    A licence that is not left by everybody keeps the `minimum` of its offer.
    """
    open_now = pricing.returnable_of(source, at=moment.at, policy=moment.policy)
    # A subscription that everybody leaves is ended as a whole, which is possible only while every seat is returnable.
    is_stuck = seats >= source.seats > open_now.total
    most = seats if seats >= source.seats else min(seats, max(source.seats - minimum, 0))
    returnable = 0 if is_stuck else min(most, open_now.total)
    until = open_now.batches[0].last_safe_at if returnable and open_now.batches else None
    return swap_terms.Overlap(
        seats=seats,
        from_on=moment.on,
        latest_on=source.commitment_end_on,
        most_minor=_most(source, seats, moment.on).minor,
        expected_minor=_most(source, seats - returnable, moment.on).minor,
        returnable=returnable,
        returnable_until=until,
    )


def _most(source: holdings.HoldingRow, seats: int, on: dt.date) -> money.Money:
    within = periods.Period(on, source.commitment_end_on)
    return transitions.Overlap(
        quantity=seats,
        unit_rate=_rate(source),
        from_on=on,
        latest_on=source.commitment_end_on,
        cycles=periods.charge_cycles(
            anchor_on=source.anchor_on,
            term=terms.Term(source.term),
            billing_plan=terms.BillingPlan(source.billing_plan),
            within=within,
        ),
    ).maximum


def calculation(
    *, lines: Sequence[frozen.Line], currency: str, swap: swap_terms.Swap, moment: Moment
) -> swap_terms.Calculation:
    """The whole swap with its sums and tax."""
    return swap_terms.Calculation(
        on=moment.on,
        currency=currency,
        tax_basis_points=moment.tax.rate_basis_points,
        tax_treatment=str(moment.tax.treatment),
        policy_version=moment.policy.version,
        lines=tuple(lines),
        due_now=_sums([line.due_now_minor for line in lines], currency, moment.tax),
        next_period=_sums([line.cycle_after_minor for line in lines], currency, moment.tax),
        rest_of_term=_sums([line.rest_of_term_minor for line in lines], currency, moment.tax),
        swap=swap,
    )


def plain_calculation(*, line: frozen.Line, currency: str, moment: Moment) -> frozen.Calculation:
    """A calculation of one line, as the operation that carries it out keeps it."""
    return frozen.Calculation(
        on=moment.on,
        currency=currency,
        tax_basis_points=moment.tax.rate_basis_points,
        tax_treatment=str(moment.tax.treatment),
        policy_version=moment.policy.version,
        lines=(line,),
        due_now=_sums([line.due_now_minor], currency, moment.tax),
        next_period=_sums([line.cycle_after_minor], currency, moment.tax),
        rest_of_term=_sums([line.rest_of_term_minor], currency, moment.tax),
    )


def _sums(amounts: Sequence[int], currency: str, rule: tax.TaxRule) -> frozen.Sums:
    net = money.Money(sum(amounts), currency)
    on_top = rule.of(net)
    return frozen.Sums(net_minor=net.minor, tax_minor=on_top.minor, gross_minor=net.minor + on_top.minor)


def _rate(row: holdings.HoldingRow) -> money.Rate:
    return money.Rate.parse(row.unit_rate, row.currency)


def _cycle(row: holdings.HoldingRow, seats: int) -> int:
    return proration.cycle_amount(quantity=seats, unit_rate=_rate(row)).minor


def _charge(kind: str, row: holdings.HoldingRow, *, before: int, after: int, on: dt.date) -> tuple[frozen.Charge, ...]:
    """One charge from `on` to the end of the running cycle."""
    cycle = pricing.cycle_of(row, on=on)
    priced = proration.change(
        before=before,
        after=after,
        unit_rate=_rate(row),
        cycle=cycle,
        during=periods.Period(on, min(cycle.end_on, row.commitment_end_on)),
    )
    charge = frozen.Charge(
        kind=kind,
        seats=priced.seats,
        days=priced.days,
        cycle_days=priced.cycle_days,
        start_on=priced.period.start_on,
        end_on=priced.period.end_on,
        unit_rate=priced.unit_rate.text,
        amount_minor=priced.amount.minor,
        rounding_minor=priced.rounding_minor,
    )
    return (charge,)


def _line(row: holdings.HoldingRow, *, after: int, charges: Sequence[frozen.Charge], moment: Moment) -> frozen.Line:
    due_now = sum(charge.amount_minor for charge in charges)
    cycle_end_on = min(pricing.cycle_of(row, on=moment.on).end_on, row.commitment_end_on)
    return frozen.Line(
        subscription_id=row.subscription_id,
        name=row.name,
        term=row.term,
        billing_plan=row.billing_plan,
        seats_before=row.seats,
        seats_after=after,
        unit_rate=row.unit_rate,
        price_list_version=row.price_list_version,
        commitment_end_on=row.commitment_end_on,
        cycle_end_on=cycle_end_on,
        due_now_minor=due_now,
        cycle_before_minor=_cycle(row, row.seats),
        cycle_after_minor=_cycle(row, after),
        rest_of_term_minor=due_now + pricing.rest_of_term_minor(row, seats=after, on=cycle_end_on),
        charges=tuple(charges),
        takes=(),
    )


def as_target(
    *, source: holdings.HoldingRow, offer: swap_terms.Side, currency: str, subscription_id: uuid.UUID
) -> holdings.HoldingRow:
    """A subscription that a transition makes: the source's term and cycles with another offer and price, no seats."""
    return replace(
        source,
        subscription_id=subscription_id,
        offer_key=offer.offer_key,
        sku_id=offer.sku_id,
        name=offer.name,
        unit_rate=offer.unit_rate,
        currency=currency,
        price_list_version=offer.price_list_version,
        seats=0,
        lots=(),
    )
