"""Deadlines around the end of a term: the lock, the alarms before it, the last safe moments, and what to decide first.

Everything here is an instant in UTC; that a page shows each of them in the customer's time as well is the page's
business (product idea 16). Lengths come from policy rows. Sources: Partner Center reference 5.5, 6.7; product ideas 1
and 7.
"""

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from seatwright.rules import instants, money, renewals, terms, windows


class DeadlineKind(enum.StrEnum):
    """What is over after a deadline."""

    RETURN_WINDOW = "return_window"
    RENEWAL_LOCK = "renewal_lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something ends at `at`; what is sent at `last_safe_at` or later may come too late, so nothing is. Both exclusive.

    `quantity` is how many seats close with a window, None for the renewal.
    """

    kind: DeadlineKind
    at: dt.datetime
    last_safe_at: dt.datetime
    quantity: int | None = None


def lock_at(*, renews_on: dt.date, policy: renewals.RenewalPolicy) -> dt.datetime:
    """The instant, exclusive, until which instructions for the renewal on `renews_on` are changed."""
    return renewals.term_ends_at(renews_on=renews_on) - policy.lock_before_renewal


def deadlines(
    *, returnable: windows.Returnable, renews_on: dt.date, at: dt.datetime, policy: renewals.RenewalPolicy
) -> tuple[Deadline, ...]:
    """Every deadline still ahead at `at`, earliest last safe moment first."""
    now = instants.utc(at)
    ahead = [
        Deadline(
            kind=DeadlineKind.RETURN_WINDOW, at=batch.until, last_safe_at=batch.last_safe_at, quantity=batch.quantity
        )
        for batch in returnable.batches
    ]
    ahead.append(
        Deadline(
            kind=DeadlineKind.RENEWAL_LOCK,
            at=renewals.term_ends_at(renews_on=renews_on),
            last_safe_at=lock_at(renews_on=renews_on, policy=policy),
        )
    )
    return tuple(sorted((one for one in ahead if now < one.last_safe_at), key=lambda one: (one.last_safe_at, one.kind)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The wanted instruction is missing upstream, `before` the term's end; from the lock on it `is_too_late`."""

    before: dt.timedelta
    due_at: dt.datetime
    is_too_late: bool


def alarm_due(
    *,
    is_applied: bool,
    renews_on: dt.date,
    raised: Collection[dt.timedelta],
    at: dt.datetime,
    policy: renewals.RenewalPolicy,
) -> Alarm | None:
    """The most urgent alarm to raise at `at`; None when the instruction is upstream, nothing is due or it was raised.

    `raised` are the lengths before the end at which an alarm for this renewal has been raised already. One that was
    slept through is not made up for when a later one is due as well. After the term's end there is nothing to instruct.
    """
    now = instants.utc(at)
    ends_at = renewals.term_ends_at(renews_on=renews_on)
    due = [before for before in policy.alarms_before_renewal if ends_at - before <= now < ends_at]
    if is_applied or not due or min(due) in raised:
        return None
    before = min(due)
    is_too_late = now >= lock_at(renews_on=renews_on, policy=policy)
    return Alarm(before=before, due_at=ends_at - before, is_too_late=is_too_late)


def next_look_at(*, renews_on: dt.date, at: dt.datetime, policy: renewals.RenewalPolicy) -> dt.datetime | None:
    """The next instant after `at` at which the vendor has to be looked at for this renewal; None when all are past.

    The alarms, the lock, the term's end and the end of the vendor's processing.
    """
    now = instants.utc(at)
    ends_at = renewals.term_ends_at(renews_on=renews_on)
    looks = [ends_at - before for before in policy.alarms_before_renewal]
    looks += [lock_at(renews_on=renews_on, policy=policy), ends_at, ends_at + policy.processing]
    return min((look for look in looks if look > now), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarLine:
    """One coming renewal; `wants_attention` is a pending change, or an instruction that is missing upstream."""

    subscription_key: str
    renews_on: dt.date
    term: terms.Term
    at_stake: money.Money
    wants_attention: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarEntry:
    """A renewal as the radar shows it: decidable until `decide_until_at`, exclusive."""

    line: RadarLine
    decide_until_at: dt.datetime
    is_decidable: bool


def radar(*, lines: Iterable[RadarLine], at: dt.datetime, policy: renewals.RenewalPolicy) -> tuple[RadarEntry, ...]:
    """The renewals to decide on: possible decisions first, then by deadline, then the most money first.

    A monthly term that just rolls on is left out. Amounts of different currencies are not compared: they stand in the
    order of their codes. Terms that are over are left out, their renewal is the vendor's now.
    """
    now = instants.utc(at)
    entries = []
    for line in lines:
        is_rollover = line.term is terms.Term.P1M and not line.wants_attention
        if is_rollover or now >= renewals.term_ends_at(renews_on=line.renews_on):
            continue
        until_at = lock_at(renews_on=line.renews_on, policy=policy)
        entries.append(RadarEntry(line=line, decide_until_at=until_at, is_decidable=now < until_at))
    return tuple(sorted(entries, key=_urgency))


def _urgency(entry: RadarEntry) -> tuple[bool, dt.datetime, str, int, str]:
    stake = entry.line.at_stake
    return not entry.is_decidable, entry.decide_until_at, stake.currency, -stake.minor, entry.line.subscription_key


class DecidedBy(enum.StrEnum):
    """Where a decision about the renewal comes from."""

    ANSWER = "answer"
    STANDING_WISH = "standing_wish"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer to a renewal sheet; `quantity` of a cancellation is 0."""

    answered_at: dt.datetime
    ending: renewals.Ending
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What holds for the renewal as things stand; it can still change unless `is_final`."""

    by: DecidedBy
    ending: renewals.Ending
    quantity: int
    is_final: bool


def decision(
    *,
    answers: Sequence[Answer],
    standing: tuple[renewals.Ending, int] | None,
    default: tuple[renewals.Ending, int],
    answer_until_at: dt.datetime,
    at: dt.datetime,
) -> Decision:
    """The last answer in time, else the wish that already stands on the timeline, else the default if silent.

    `answer_until_at` is exclusive: an answer at that instant comes too late.
    """
    until = instants.utc(answer_until_at)
    is_final = instants.utc(at) >= until
    in_time = [answer for answer in answers if instants.utc(answer.answered_at) < until]
    if in_time:
        last = max(in_time, key=lambda answer: instants.utc(answer.answered_at))
        return Decision(by=DecidedBy.ANSWER, ending=last.ending, quantity=last.quantity, is_final=is_final)
    by = DecidedBy.DEFAULT if standing is None else DecidedBy.STANDING_WISH
    ending, quantity = default if standing is None else standing
    return Decision(by=by, ending=ending, quantity=quantity, is_final=is_final)
