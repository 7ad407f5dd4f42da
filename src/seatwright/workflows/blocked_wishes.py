"""Wishes that were possible when they were made and are not any more: other wishes and bookings came since."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from seatwright.access.actors import Actor
from seatwright.catalogue import queries as catalogue
from seatwright.orders import intents
from seatwright.rules import alarms, conflicts
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import wish_limits
from seatwright.workflows import wishes as wishing


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """A licence whose renewal cannot bring what is planned for it; `decide_until` is exclusive."""

    row: holdings.HoldingRow
    found: tuple[conflicts.Conflict, ...]
    decide_until: dt.datetime


def blocked(
    *, by: Actor, rows: Sequence[holdings.HoldingRow], even_locked: bool = False, at: dt.datetime
) -> list[Blocked]:
    """Those of the running licences with open wishes against which something speaks, while it can be decided.

    With `even_locked` also those whose renewal is fixed.
    """
    wished = set(intents.wished_ids(seen_by=by))
    concerned = [row for row in rows if row.status == "active" and row.subscription_id in wished]
    limits = wish_limits.Limits(rows=concerned)
    lines = wishing.timelines_of(rows=concerned)
    rules = catalogue.RenewalRules(vendor_keys={row.vendor_key for row in concerned})
    found = []
    for row in concerned:
        line = lines.get(row.subscription_id)
        until = alarms.lock_at(renews_on=row.commitment_end_on, policy=wishing.policy_in(rules, row))
        if line is None or (at >= until and not even_locked):
            continue
        try:
            allowed = limits.allowed(row=row, term=wishing.wished_term(line))
        except wishing.NotRunning:
            continue
        against = tuple(each for each in conflicts.found(timeline=line, allowed=allowed) if each.is_blocking)
        if against:
            found.append(Blocked(row=row, found=against, decide_until=until))
    return found
