"""What becomes of wishes when something changes inside the term, and the one question that it can raise (idea 2).

"+3 today, 20 -> 15 on 1 March: becomes 18, or stays at 15?" It is asked with the price, answered with the booking, and
applied when the change is booked; a wish that was answered for once is never asked about again.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import calculation as frozen
from seatwright.orders import intents
from seatwright.rules import alarms, conflicts, rebasing, renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import next_term_price, wish_limits
from seatwright.workflows import wishes as wishing

Way = rebasing.Way
Answers = Mapping[uuid.UUID, Way]


class Unanswered(Exception):
    """Wishes that the change reaches and nobody has been asked about: whether each follows the change or stays."""

    def __init__(self, questions: tuple[frozen.WishQuestion, ...]) -> None:
        super().__init__("unanswered")
        self.questions = questions


def choices(
    *,
    row: holdings.HoldingRow,
    line: timeline.Timeline,
    after: timeline.Running,
    limits: wish_limits.Limits | None = None,
) -> tuple[rebasing.Choice, ...]:
    """The ways in which the wishes of `line` can be carried over to the term `after`, at least one.

    A way that leads to what cannot be booked is none, unless there is no other. Of many the `limits` are read once.
    """
    found = rebasing.rebase(timeline=line, after=after).choices
    if len(found) < 2:
        return found
    limits = limits or wish_limits.Limits(rows=[row])
    allowed = limits.allowed(row=row, term=wishing.wished_term(found[0].timeline))
    possible = tuple(
        choice
        for choice in found
        if not any(each.is_blocking for each in conflicts.found(timeline=choice.timeline, allowed=allowed))
    )
    return possible or found[1:]


def carried(
    *, row: holdings.HoldingRow, line: timeline.Timeline, after: timeline.Running, way: Way | None
) -> timeline.Timeline:
    """The wishes after the change, carried over as answered; unasked, a total stays and may be asked about later.

    A difference that so few seats cannot bear is overtaken by the change and dropped.
    """
    found = choices(row=row, line=line, after=after)
    chosen = next((each for each in found if each.way is way), found[-1])
    if chosen.way is not Way.STAYS or way is Way.STAYS:
        return _without_overtaken(chosen.timeline)
    return replace(chosen.timeline, pending=tuple(_as_before(entry, line) for entry in chosen.timeline.pending))


def _without_overtaken(line: timeline.Timeline) -> timeline.Timeline:
    is_cancelled = timeline.next_term(timeline=line).outcome is renewals.Ending.CANCEL
    if is_cancelled or timeline.next_term(timeline=line).quantity >= 1:
        return line
    return timeline.revoke(timeline=line, dimension=timeline.Dimension.QUANTITY)


def _as_before(entry: timeline.Pending, line: timeline.Timeline) -> timeline.Pending:
    """The entry with its wished total as the customer put it: nobody has said that it is settled."""
    before = line.at(entry.effective_on).get(timeline.Dimension.QUANTITY)
    if not isinstance(before, timeline.SeatsTotal) or timeline.Dimension.QUANTITY not in entry.changes:
        return entry
    return replace(entry, changes={**entry.changes, timeline.Dimension.QUANTITY: before})


def questions(
    *, customer: customers.CustomerRow, seats: Mapping[uuid.UUID, int], at: dt.datetime
) -> tuple[frozen.WishQuestion, ...]:
    """What has to be asked before these subscriptions get so many seats; a renewal that is locked asks nothing."""
    rows = holdings.by_ids(subscription_ids=list(intents.open_intents(subscription_ids=list(seats))))
    wished = wishing.timelines_of(rows=rows)
    vendor_keys = {row.vendor_key for row in rows}
    rules = catalogue.RenewalRules(vendor_keys=vendor_keys)
    limits = wish_limits.Limits(rows=rows)
    asked = []
    for row in rows:
        line = wished.get(row.subscription_id)
        if line is None or not line.pending or row.seats == seats[row.subscription_id]:
            continue
        if at >= alarms.lock_at(renews_on=row.commitment_end_on, policy=wishing.policy_in(rules, row)):
            continue
        after = replace(line.running, quantity=seats[row.subscription_id])
        ways = choices(row=row, line=line, after=after, limits=limits)
        if len(ways) > 1:
            asked.append((row, line, {each.way: each.timeline for each in ways}))
    offers = {change.offer for _, line, _ in asked for change in line.pending if change.offer}
    offers |= {row.offer_key for row, _, _ in asked}
    after_terms = catalogue.AfterTerms(vendor_keys=vendor_keys)
    with catalogue.each_once(offer_keys=offers, days={row.commitment_end_on for row, _, _ in asked}):
        return tuple(_question(customer, row, line, ways, after_terms) for row, line, ways in asked)


def _question(
    customer: customers.CustomerRow,
    row: holdings.HoldingRow,
    line: timeline.Timeline,
    ways: Mapping[Way, timeline.Timeline],
    rules: catalogue.AfterTerms,
) -> frozen.WishQuestion:
    results = {}
    for way in (Way.FOLLOWS, Way.STAYS):
        following = timeline.next_term(timeline=ways[way])
        price = next_term_price.of(row=row, customer=customer, following=following, rules=rules)
        results[way] = frozen.WishResult(
            seats=following.quantity, next_term_minor=None if price is None else price.term_minor
        )
    return frozen.WishQuestion(
        subscription_id=row.subscription_id,
        effective_on=line.running.renews_on,
        wished=timeline.next_term(timeline=line).quantity,
        follows=results[Way.FOLLOWS],
        stays=results[Way.STAYS],
    )


def as_intent(*, question: frozen.WishQuestion | None, answers: Answers) -> dict[str, Any]:
    """What an operation keeps of the answer; nothing where nothing was asked."""
    if question is None:
        return {}
    return {"wish": {"way": str(answers[question.subscription_id]), "wished": question.wished}}


def answered(*, intent: Mapping[str, Any], row: holdings.HoldingRow) -> Way | None:
    """The answer that an operation keeps, as long as the wish is still the one that was asked about."""
    kept = intent.get("wish")
    line = None if kept is None else wishing.timelines_of(rows=[row]).get(row.subscription_id)
    if kept is None or line is None or timeline.next_term(timeline=line).quantity != kept["wished"]:
        return None
    return Way(kept["way"])


def require_answers(*, asked: Iterable[frozen.WishQuestion], answers: Answers) -> None:
    """Raise Unanswered unless each question has its answer."""
    missing = tuple(each for each in asked if answers.get(each.subscription_id) not in (Way.FOLLOWS, Way.STAYS))
    if missing:
        raise Unanswered(missing)
