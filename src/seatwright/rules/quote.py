"""What a booking of seats costs and whether it is allowed, judged as one whole.

The very charge lines computed here are stored with the order and collected by the invoice (invariant 2). Nothing here
reads a clock or a table: everything that decides is an argument. Reasons for a refusal are in `refusals`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.rules import money, periods, proration, quantities, refusals, stretches, tax, terms, windows

CHANGEABLE_STATUSES = frozenset({"active"})
INCREASE = "increase"
RETURN = "return"


@dataclass(frozen=True, slots=True)
class LineWish:
    """The total number of seats wished for one subscription."""

    subscription_key: str
    quantity: int

    def __post_init__(self) -> None:
        if not 0 <= self.quantity <= quantities.MAX_QUANTITY:
            raise ValueError(f"{self.quantity} seats")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One subscription as it is held now, with the price frozen for its term (invariant 9).

    `assigned` is None when nobody knows how many seats are in use: then it is judged only when the change is sent.
    `maximum` is None when the offer has none. `unit_rate` is the sales price of one seat for one charge cycle. `cycle`
    is the uncut charge cycle in which the booking falls and `commitment_end_on` the first day after the commitment;
    a commitment that ends inside a cycle cuts what is charged, not the price of a day. `vendor_returnable` is the
    vendor's word on returns, None when it said nothing. Holdings with one `package_key` share a package minimum.
    `plan_then` is the billing plan and the rate of the cycles after the running one where others wait for them.
    `counts_from_on` is the first day that a change is charged for where it is not the business date of the booking.
    """

    subscription_key: str
    name: str
    quantity: int
    assigned: int | None
    holders: tuple[str, ...]
    minimum: int
    maximum: int | None
    currency: str
    unit_rate: money.Rate
    price_list_version: str
    term: terms.Term
    billing_plan: terms.BillingPlan
    anchor_on: dt.date
    cycle: periods.Period
    commitment_end_on: dt.date
    lots: tuple[windows.SeatLot, ...]
    vendor_returnable: tuple[tuple[int, dt.datetime], ...] | None
    status: str
    is_self_service: bool
    counts_as_active: bool
    package_key: str
    step: int = 1
    plan_then: tuple[terms.BillingPlan, money.Rate] | None = None
    counts_from_on: dt.date | None = None

    def __post_init__(self) -> None:
        if self.unit_rate.currency != self.currency:
            raise money.CurrencyMismatch(f"{self.unit_rate.currency} and {self.currency}")
        if self.step < 1:
            raise ValueError("a step has at least one seat")

    def charged(self, *, booked_on: dt.date) -> periods.Period | None:
        """The days of the running cycle for which a change booked on that day is charged; None when it is not it."""
        on, end_on = self.counts_from_on or booked_on, min(self.cycle.end_on, self.commitment_end_on)
        return periods.Period(on, end_on) if self.cycle.start_on <= on < end_on else None

    @property
    def later(self) -> tuple[terms.BillingPlan, money.Rate]:
        """The billing plan and the rate of the cycles after the running one."""
        return self.plan_then or (self.billing_plan, self.unit_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCap:
    """A limit over several subscriptions of one tenant together, from a policy row.

    `elsewhere` are seats that count too and that none of these subscriptions holds: being bought, or other sellers'.
    """

    family: str
    subscription_keys: frozenset[str]
    maximum: int
    elsewhere: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """One charge row to be: `seats` is signed, `amount` is net and negative for a return.

    seats x unit rate x days / cycle days, rounded by itself, plus `rounding_minor` is `amount`.
    """

    kind: str
    seats: int
    unit_rate: money.Rate
    price_list_version: str
    days: int
    cycle_days: int
    period: periods.Period
    amount: money.Money
    rounding_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One subscription's change, priced; with `refusals` it cannot be booked and its amounts are only what it would be.

    `next_period` is a whole charge cycle after the change. `rest_of_term` is everything payable from the booking until
    the commitment ends: `due_now` and every later charge cycle at the new quantity, the last one cut where the
    commitment cuts it; what was already charged for the running cycle is not in it. All amounts are net.
    """

    subscription_key: str
    name: str
    quantity_before: int
    quantity_after: int
    charges: tuple[ChargeLine, ...]
    due_now: money.Money
    per_cycle_before: money.Money
    next_period: money.Money
    rest_of_term: money.Money
    commitment_end_on: dt.date
    refusals: tuple[refusals.Refusal, ...]

    @property
    def delta(self) -> int:
        return self.quantity_after - self.quantity_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum over the document's lines with its tax, which is computed once, here (invariant 1)."""

    net: money.Money
    tax: money.Money

    @property
    def gross(self) -> money.Money:
        return self.net + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the booking costs now, per charge cycle afterwards, and until the commitments end."""

    due_now: Total
    next_period: Total
    rest_of_term: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A judged and priced booking; `totals` is None exactly when it is refused.

    `booking_refusals` are those of the booking as a whole; `all_refusals` has every reason with the line it belongs to.
    `policy_version` names the return rules of each vendor concerned, joined by a plus.
    Unchanged lines beside changed ones are left out.
    """

    lines: tuple[QuoteLine, ...]
    booking_refusals: tuple[refusals.Refusal, ...]
    totals: Totals | None
    tax: tax.TaxRule
    policy_version: str
    on: dt.date
    at: dt.datetime

    @property
    def is_refused(self) -> bool:
        return self.totals is None

    @property
    def all_refusals(self) -> tuple[tuple[str, refusals.Refusal], ...]:
        """Every reason with its subscription key, which is empty for a reason of the whole booking."""
        whole = tuple(("", refusal) for refusal in self.booking_refusals)
        return whole + tuple((line.subscription_key, refusal) for line in self.lines for refusal in line.refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booking:
    """Everything that judging one line may need to know about the others."""

    after: Mapping[str, int]
    holdings: Sequence[Holding]
    families: Sequence[FamilyCap]
    package_minimum: int
    currency: str
    repeated_keys: frozenset[str]
    on: dt.date
    at: dt.datetime
    policy: windows.WindowPolicy
    policies: Mapping[str, windows.WindowPolicy]

    def policy_of(self, key: str) -> windows.WindowPolicy:
        return self.policies.get(key, self.policy)


def quote(
    *,
    wishes: Sequence[LineWish],
    holdings: Sequence[Holding],
    package_minimum: int,
    on: dt.date,
    at: dt.datetime,
    policy: windows.WindowPolicy,
    tax: tax.TaxRule,
    families: Sequence[FamilyCap] = (),
    policies: Mapping[str, windows.WindowPolicy] | None = None,
) -> Quote:
    """The price of the booking, or why it is refused; one refused line refuses all of it.

    `holdings` are all of the packages and families concerned, changed or not. `on` is the business date of the booking
    and its first charged day, `at` the instant at which windows are judged: by `policies` for the subscriptions named
    there, by `policy` for the others. Raises KeyError when a wish names a subscription that is not among `holdings`.
    """
    held = {holding.subscription_key: holding for holding in holdings}
    wished = {wish.subscription_key: wish.quantity for wish in wishes}
    keys = [wish.subscription_key for wish in wishes]
    changed = [key for key in wished if wished[key] != held[key].quantity]
    booking = _Booking(
        after={key: wished.get(key, holding.quantity) for key, holding in held.items()},
        holdings=holdings,
        families=families,
        package_minimum=package_minimum,
        currency=held[(changed or keys)[0]].currency if keys else "",
        repeated_keys=frozenset(key for key in keys if keys.count(key) > 1),
        on=on,
        at=at,
        policy=policy,
        policies=policies or {},
    )
    shown = [key for key in wished if key in changed or key in booking.repeated_keys] or list(wished)
    lines = tuple(_line(held[key], booking) for key in shown)
    whole = () if wishes else (refusals.NotAChange(),)
    is_refused = bool(whole) or any(line.refusals for line in lines)
    return Quote(
        lines=lines,
        booking_refusals=whole,
        totals=None if is_refused else _totals(lines, booking.currency, tax),
        tax=tax,
        policy_version="+".join(sorted({booking.policy_of(key).version for key in shown})) or policy.version,
        on=on,
        at=at,
    )


def _line(holding: Holding, booking: _Booking) -> QuoteLine:
    after = booking.after[holding.subscription_key]
    charges = _charges(holding, after, booking.on)
    due_now = money.total((charge.amount for charge in charges), currency=holding.currency)
    return QuoteLine(
        subscription_key=holding.subscription_key,
        name=holding.name,
        quantity_before=holding.quantity,
        quantity_after=after,
        charges=charges,
        due_now=due_now,
        per_cycle_before=proration.cycle_amount(quantity=holding.quantity, unit_rate=holding.unit_rate),
        next_period=proration.cycle_amount(quantity=after, unit_rate=holding.later[1]),
        rest_of_term=due_now + _later_cycles(holding, after),
        commitment_end_on=holding.commitment_end_on,
        refusals=_judge(holding, after, booking),
    )


def _charges(holding: Holding, after: int, on: dt.date) -> tuple[ChargeLine, ...]:
    during = holding.charged(booked_on=on)
    if after == holding.quantity or during is None:
        return ()
    change = proration.change(
        before=holding.quantity,
        after=after,
        unit_rate=holding.unit_rate,
        cycle=holding.cycle,
        during=during,
    )
    line = ChargeLine(
        kind=INCREASE if change.seats > 0 else RETURN,
        seats=change.seats,
        unit_rate=holding.unit_rate,
        price_list_version=holding.price_list_version,
        days=change.days,
        cycle_days=change.cycle_days,
        period=change.period,
        amount=change.amount,
        rounding_minor=change.rounding_minor,
    )
    return (line,)


def _later_cycles(holding: Holding, quantity: int) -> money.Money:
    """The charge cycles from the end of the running one to the end of the commitment."""
    if holding.cycle.end_on >= holding.commitment_end_on:
        return money.Money.zero(holding.currency)
    billing_plan, unit_rate = holding.later
    return stretches.of_plan(
        quantity=quantity,
        unit_rate=unit_rate,
        anchor_on=holding.anchor_on,
        term=holding.term,
        billing_plan=billing_plan,
        during=periods.Period(holding.cycle.end_on, holding.commitment_end_on),
    )


def _judge(holding: Holding, after: int, booking: _Booking) -> tuple[refusals.Refusal, ...]:
    """Every reason against this line; when its state forbids any change, only that."""
    if holding.status not in CHANGEABLE_STATUSES:
        return (refusals.NotChangeable(holding.status),)
    if not holding.is_self_service:
        return (refusals.NotSelfService(),)
    if holding.subscription_key in booking.repeated_keys:
        return (refusals.NamedTwice(),)
    if after == holding.quantity:
        return (refusals.NotAChange(),)
    found: list[refusals.Refusal] = []
    if holding.currency != booking.currency:
        found.append(refusals.OtherCurrency(holding.currency, booking.currency))
    if holding.charged(booked_on=booking.on) is None:
        found.append(refusals.CycleNotCurrent(booking.on))
    found += _judge_limits(holding, after)
    found += _judge_increase(holding, booking) if after > holding.quantity else _judge_return(holding, after, booking)
    return tuple(found)


def _judge_limits(holding: Holding, after: int) -> list[refusals.Refusal]:
    found: list[refusals.Refusal] = []
    if after < holding.minimum:
        found.append(refusals.BelowMinimum(holding.minimum))
    over = after % holding.step
    if over:
        found.append(refusals.StepSize(holding.step, after - over, after - over + holding.step))
    # A total above the limit that comes down is a step towards it, and its return window will not wait.
    if holding.maximum is not None and after > max(holding.maximum, holding.quantity):
        found.append(refusals.AboveMaximum(holding.maximum))
    return found


def _judge_increase(holding: Holding, booking: _Booking) -> list[refusals.Refusal]:
    """Family caps count the whole booking, so that a swap inside the family is no increase of it."""
    found: list[refusals.Refusal] = []
    for cap in booking.families:
        if holding.subscription_key not in cap.subscription_keys:
            continue
        members = [one for one in booking.holdings if one.subscription_key in cap.subscription_keys]
        now = cap.elsewhere + sum(one.quantity for one in members)
        would_be = cap.elsewhere + sum(booking.after[one.subscription_key] for one in members)
        if would_be > max(cap.maximum, now):
            found.append(refusals.AboveFamilyMaximum(cap.family, cap.maximum, would_be))
    return found


def _judge_return(holding: Holding, after: int, booking: _Booking) -> list[refusals.Refusal]:
    found: list[refusals.Refusal] = []
    if holding.assigned is not None and after < holding.assigned:
        found.append(refusals.BelowAssigned(holding.assigned, holding.holders))
    if holding.counts_as_active:
        would_leave = sum(
            booking.after[one.subscription_key]
            for one in booking.holdings
            if one.counts_as_active and one.package_key == holding.package_key
        )
        if would_leave < booking.package_minimum:
            found.append(refusals.PackageNeedsOne(booking.package_minimum, would_leave))
    returnable = windows.returnable(
        lots=holding.lots,
        vendor_says=holding.vendor_returnable,
        at=booking.at,
        policy=booking.policy_of(holding.subscription_key),
    )
    wanted = holding.quantity - after
    if wanted > returnable.total:
        until = returnable.batches[0].last_safe_at if returnable.batches else None
        found.append(refusals.NotReturnable(wanted, returnable.total, until, holding.commitment_end_on))
    return found


def _totals(lines: Sequence[QuoteLine], currency: str, rule: tax.TaxRule) -> Totals:
    def total(amounts: Sequence[money.Money]) -> Total:
        net = money.total(amounts, currency=currency)
        return Total(net=net, tax=rule.of(net))

    return Totals(
        due_now=total([line.due_now for line in lines]),
        next_period=total([line.next_period for line in lines]),
        rest_of_term=total([line.rest_of_term for line in lines]),
    )
