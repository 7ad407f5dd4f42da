"""Renewals: where the next term lies, what it costs, what happens without one, and how far the vendor has got.

A term ends at 00:00 UTC of its `renews_on`, the first day after its last one; the vendor works on the renewal from
then on, for hours. Nothing here follows the customer's zone. Sources: Partner Center reference 5.6, 5.9, 6.3, 6.7, 6.8.
"""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from seatwright.rules import instants, money, periods, proration, terms, windows

DAY = dt.timedelta(days=1)


class Ending(enum.StrEnum):
    """What the end of a term brings."""

    RENEW = "renew"
    CANCEL = "cancel"
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPolicy:
    """One version of a vendor's timing around the end of a term; every length is counted in hours, not days.

    Instructions are left alone from `lock_before_renewal` before the end on. A missing one is reported at each of
    `alarms_before_renewal`. A renewal may take `processing` after the end until the vendor shows it.
    """

    version: str
    lock_before_renewal: dt.timedelta
    alarms_before_renewal: tuple[dt.timedelta, ...]
    processing: dt.timedelta
    source: str

    def __post_init__(self) -> None:
        if min(self.lock_before_renewal, self.processing, *self.alarms_before_renewal) < dt.timedelta():
            raise ValueError("no length can be negative")


def term_ends_at(*, renews_on: dt.date) -> dt.datetime:
    """The instant at which the term before `renews_on` is over: its 00:00 UTC (reference 6.7)."""
    return dt.datetime.combine(renews_on, dt.time(), tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermAhead:
    """A term that is to come; its charge cycles are counted from `anchor_on`, and `is_cut` says it is no full term."""

    period: periods.Period
    anchor_on: dt.date
    is_cut: bool

    @property
    def next_anchor_on(self) -> dt.date:
        """The day from which the terms after this one are counted: a cut starts counting anew (reference 5.6)."""
        return self.period.end_on if self.is_cut else self.anchor_on


def term_ahead(
    *, anchor_on: dt.date, starts_on: dt.date, term: terms.Term, aligned_end_on: dt.date | None = None
) -> TermAhead:
    """The term that begins on `starts_on`, cut to the exclusive `aligned_end_on` if there is one.

    While `starts_on` is one of the term ends counted from `anchor_on`, counting goes on from there, so that a day 31
    comes back after February; otherwise it starts anew. Raises ValueError for a day before the
    anchor and for an alignment beyond the full term (reference 5.6: within the first full term).
    """
    regular = periods.term_containing(anchor_on=anchor_on, term=term, on=starts_on)
    if regular.start_on != starts_on:
        anchor_on = starts_on
        regular = periods.term_period(anchor_on=anchor_on, term=term, index=0)
    if aligned_end_on is None or aligned_end_on == regular.end_on:
        return TermAhead(period=regular, anchor_on=anchor_on, is_cut=False)
    if aligned_end_on > regular.end_on:
        raise ValueError(f"{aligned_end_on} lies beyond the full term, which ends on {regular.end_on}")
    return TermAhead(period=periods.Period(starts_on, aligned_end_on), anchor_on=anchor_on, is_cut=True)


class AlignedTo(enum.StrEnum):
    """What a shortened first term ends together with."""

    CALENDAR_MONTH = "calendar_month"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentTarget:
    """Another subscription of the same customer at the same account; its running term ends before `ends_on`."""

    subscription_key: str
    ends_on: dt.date
    term: terms.Term
    is_active: bool = True
    is_trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndChoice:
    """An end that may be chosen instead of the full term: `end_on` is the first day after it."""

    end_on: dt.date
    aligned_to: AlignedTo
    subscription_keys: tuple[str, ...]


def aligned_ends(
    *, anchor_on: dt.date, starts_on: dt.date, term: terms.Term, targets: Sequence[AlignmentTarget]
) -> tuple[EndChoice, ...]:
    """The ends that the term from `starts_on` may be cut to, earliest first, the full term itself left out.

    Per target the last of its ends within the full term, and the last calendar month end. Trials and inactive
    subscriptions are no targets, a longer term cannot follow a monthly one, and a monthly term cannot end on a 28th,
    29th or 30th that is not the month's last day. Source: reference 5.6.
    """
    full = term_ahead(anchor_on=anchor_on, starts_on=starts_on, term=term).period
    keys_by_end: dict[dt.date, list[str]] = {}
    for target in targets:
        if target.is_trial or not target.is_active or (target.term is terms.Term.P1M and term is not terms.Term.P1M):
            continue
        end_on = _last_end_within(target, full)
        if end_on is not None and not (term is terms.Term.P1M and _drifts(end_on)):
            keys_by_end.setdefault(end_on, []).append(target.subscription_key)
    choices = [
        EndChoice(end_on=end_on, aligned_to=AlignedTo.SUBSCRIPTION, subscription_keys=tuple(sorted(keys)))
        for end_on, keys in keys_by_end.items()
    ]
    month_end_on = full.end_on.replace(day=1)
    if month_end_on != full.end_on:
        choices.append(EndChoice(end_on=month_end_on, aligned_to=AlignedTo.CALENDAR_MONTH, subscription_keys=()))
    return tuple(sorted(choices, key=lambda choice: (choice.end_on, choice.aligned_to)))


def _last_end_within(target: AlignmentTarget, full: periods.Period) -> dt.date | None:
    found = None
    terms_later = 0
    end_on = target.ends_on
    while end_on < full.end_on:
        if end_on > full.start_on:
            found = end_on
        terms_later += 1
        end_on = periods.add_months(on=target.ends_on, months=terms_later * target.term.months)
    return found


def _drifts(end_on: dt.date) -> bool:
    """Whether the last day is a 28th, 29th or 30th with another day of its month after it."""
    return (end_on - DAY).day in (28, 29, 30) and end_on.day != 1


def lots_after_renewal(
    *,
    lots: Sequence[windows.SeatLot],
    quantity: int,
    new_lot_id: str,
    renewed_at: dt.datetime,
    policy: windows.WindowPolicy,
) -> tuple[windows.SeatLot, ...]:
    """The lots of a term that was renewed with `quantity` seats at `renewed_at`: each of them can be returned anew.

    Seats that were not renewed leave the lots in the order of `windows.allocate`; seats that the renewal added make the
    lot `new_lot_id`. `renewed_at` is the instant at which the vendor finished, not midnight (reference 6.1, 6.3).
    Raises ValueError for fewer than one seat.
    """
    if quantity < 1:
        raise ValueError("a renewed subscription has at least one seat")
    held = sum(lot.quantity for lot in lots)
    left = {lot.lot_id: lot.quantity for lot in lots}
    if quantity < held:
        for taken in windows.allocate(lots=lots, quantity=held - quantity, at=renewed_at, policy=policy):
            left[taken.lot_id] -= taken.quantity
    kept = [
        windows.SeatLot(
            lot_id=lot.lot_id, quantity=left[lot.lot_id], added_at=lot.added_at, returnable_until=lot.returnable_until
        )
        for lot in lots
        if left[lot.lot_id]
    ]
    if quantity > held:
        kept.append(
            windows.SeatLot(
                lot_id=new_lot_id, quantity=quantity - held, added_at=renewed_at, returnable_until=renewed_at
            )
        )
    return windows.reopened(lots=kept, renewed_at=renewed_at, policy=policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPrice:
    """Seats at one rate under one term and billing plan; `unit_rate` is per seat and charge cycle."""

    quantity: int
    unit_rate: money.Rate
    term: terms.Term
    billing_plan: terms.BillingPlan

    def __post_init__(self) -> None:
        terms.require_allowed(term=self.term, billing_plan=self.billing_plan)

    @property
    def per_cycle(self) -> money.Money:
        return proration.cycle_amount(quantity=self.quantity, unit_rate=self.unit_rate)

    def over(self, months: int) -> money.Money:
        """What is invoiced in `months`, which must be whole charge cycles: rounded per cycle, then added."""
        cycles, rest = divmod(months, self.billing_plan.months)
        if rest:
            raise ValueError(f"{months} months are no whole cycles of {self.billing_plan}")
        return money.Money(self.per_cycle.minor * cycles, self.unit_rate.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """The next term against the running one, both over the same `months`: those of the longer of the two terms.

    `by_rate` is what the present seats cost more or less at the next term's rate, term and plan; `by_quantity` is the
    rest. The two add up to `difference`.
    """

    months: int
    before: money.Money
    after: money.Money
    by_rate: money.Money
    by_quantity: money.Money

    @property
    def difference(self) -> money.Money:
        return self.after - self.before


def price_change(*, before: TermPrice, after: TermPrice) -> PriceChange:
    """What changes at the renewal, split into its two causes; raises `CurrencyMismatch` for two currencies."""
    months = max(before.term.months, after.term.months)
    same_seats = TermPrice(
        quantity=before.quantity, unit_rate=after.unit_rate, term=after.term, billing_plan=after.billing_plan
    ).over(months)
    paid_before, paid_after = before.over(months), after.over(months)
    return PriceChange(
        months=months,
        before=paid_before,
        after=paid_after,
        by_rate=same_seats - paid_before,
        by_quantity=paid_after - same_seats,
    )


def term_amount(*, price: TermPrice, ahead: TermAhead) -> money.Money:
    """Everything payable for the term `ahead`; a cut term is charged by day."""
    amounts = []
    for cycle in periods.charge_cycles(
        anchor_on=ahead.anchor_on, term=price.term, billing_plan=price.billing_plan, within=ahead.period
    ):
        during = periods.Period(max(cycle.start_on, ahead.period.start_on), min(cycle.end_on, ahead.period.end_on))
        amounts.append(
            proration.part_of_period(quantity=price.quantity, unit_rate=price.unit_rate, cycle=cycle, during=during)
        )
    return money.total(amounts, currency=price.unit_rate.currency)


class AfterTerm(enum.StrEnum):
    """What a term without a successor turns into."""

    EXTENDED = "extended"
    STOPPED = "stopped"
    EXPIRED = "expired"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterTermRules:
    """One version of what follows a term that is not renewed; all numbers come from policy rows.

    Extended service terms are for subscriptions of `segments` bought or last renewed from `bought_from_on` on whose
    last day is `last_day_from_on` or later. Others expire: used freely for `grace_days`, then disabled.
    """

    version: str
    bought_from_on: dt.date
    last_day_from_on: dt.date
    segments: frozenset[str]
    grace_days: int
    disabled_days: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What is left after the term; dates are exclusive, None when there is no end or no such access."""

    what: AfterTerm
    is_billed: bool
    used_until_on: dt.date | None
    admin_access_until_on: dt.date | None


def extended_term_applies(
    *, renews_on: dt.date, bought_or_renewed_on: dt.date, segment: str, rules: AfterTermRules
) -> bool:
    """Whether a term ending before `renews_on` falls under extended service terms (reference 6.8)."""
    return (
        segment in rules.segments
        and bought_or_renewed_on >= rules.bought_from_on
        and renews_on - DAY >= rules.last_day_from_on
    )


def if_not_renewed(
    *, renews_on: dt.date, has_extended_term: bool, cancel_is_stored: bool, is_suspended: bool, rules: AfterTermRules
) -> Consequence:
    """What happens on `renews_on` while auto-renew is off.

    Under extended service terms only a stored cancellation ends the service, at once and for good; without it the
    service continues and is billed. A suspended subscription is disabled, at first for as long as the grace lasts
    (reference 5.9; the sources disagree, reference 12).
    """
    grace_until_on = renews_on + rules.grace_days * DAY
    gone_on = grace_until_on + rules.disabled_days * DAY
    if is_suspended:
        return Consequence(what=AfterTerm.DISABLED, is_billed=False, used_until_on=None, admin_access_until_on=gone_on)
    if not has_extended_term:
        return Consequence(
            what=AfterTerm.EXPIRED, is_billed=False, used_until_on=grace_until_on, admin_access_until_on=gone_on
        )
    if cancel_is_stored:
        return Consequence(what=AfterTerm.STOPPED, is_billed=False, used_until_on=renews_on, admin_access_until_on=None)
    return Consequence(what=AfterTerm.EXTENDED, is_billed=True, used_until_on=None, admin_access_until_on=None)


def extended_month(*, price: TermPrice, surcharge_basis_points: int) -> money.Money:
    """What a month of the extended term is expected to cost; the price list's own row, once it is known, outranks it.

    `price` is the monthly term's list price, or any other where the offer has none; the policy has a surcharge for
    each case (reference 6.8).
    """
    with_surcharge = Fraction(10_000 + surcharge_basis_points, 10_000 * price.billing_plan.months)
    return money.Money.rounded(price.unit_rate.times(price.quantity) * with_surcharge, price.unit_rate.currency)


class RenewalState(enum.StrEnum):
    """How far the vendor has got with a renewal."""

    WAITING = "waiting"
    PROCESSING = "processing"
    DONE = "done"
    OVERDUE = "overdue"


def renewal_state(
    *, at: dt.datetime, renews_on: dt.date, seen_renews_on: dt.date | None, policy: RenewalPolicy
) -> RenewalState:
    """Where the renewal due on `renews_on` stands, given the end of term that the vendor shows.

    Done only by the vendor's word, a later end; None is a vendor that shows none. `processing` is exclusive.
    """
    now = instants.utc(at)
    ends_at = term_ends_at(renews_on=renews_on)
    if seen_renews_on is not None and seen_renews_on > renews_on:
        return RenewalState.DONE
    if now < ends_at:
        return RenewalState.WAITING
    return RenewalState.PROCESSING if now < ends_at + policy.processing else RenewalState.OVERDUE
