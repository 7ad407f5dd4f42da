"""What a renewal sheet lets an owner choose for a licence, each with its price, and the wishes that a choice comes to.

Amounts are those of the prices known when the sheet is made, for the licence as it stood then; they are written down
with the line. A licence that changed since is told apart by `is_as_asked` and not decided by the sheet any more.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM, Actor
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import intents, sheet_changes, sheets
from seatwright.rules import alarms, conflicts, renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import end_of_life, next_term_price, schedule_change, stored_elsewhere, wish_limits
from seatwright.workflows import wishes as wishing

KEEP, REDUCE, CANCEL, CHANGE = "keep", "reduce", "cancel", "change"
Dimension = timeline.Dimension
Wishes = dict[Dimension, timeline.Value]


class Asking:
    """Makes the lines that ask about licences of one customer, with what is the same for several read once.

    Raises access.permissions.NotAllowed for who may not plan the renewals.
    """

    def __init__(
        self, *, by: Actor, customer: customers.CustomerRow, rows: Sequence[holdings.HoldingRow], at: dt.datetime
    ) -> None:
        permissions.require(
            by=by, action="seats.book", reseller_id=customer.reseller_id, customer_id=customer.customer_id
        )
        self._customer = customer
        self._limits = wish_limits.Limits(rows=rows)
        self._lines = wishing.timelines_of(rows=rows)
        self._wishes = wishes_of(rows)
        self._lock_ats = lock_ats(rows=rows, at=at)

    def line(self, row: holdings.HoldingRow) -> sheet_changes.NewLine | None:
        """The line that asks about this licence; None where its renewal cannot be decided or it is not known."""
        lock_at = self._lock_ats.get(row.subscription_id)
        if lock_at is None:
            return None
        try:
            assigned = self._limits.allowed(row=row, term=terms.Term(row.term)).assigned
            options = self._options(row, assigned)
        except (wishing.NotRunning, ValueError):
            return None
        return sheet_changes.NewLine(
            subscription_id=row.subscription_id,
            renews_on=row.commitment_end_on,
            facts=facts(row)
            | {"assigned": assigned, "lock_at": lock_at.isoformat(), "name": row.name, "stored": stored(row)},
            options=options,
            wishes=self._wishes[row.subscription_id],
        )

    def _options(self, row: holdings.HoldingRow, assigned: int | None) -> list[dict[str, Any]]:
        keys = [KEEP]
        used = max(assigned or 0, 1)
        if assigned is not None and used < row.seats:
            keys.append(REDUCE)
        keys += [f"{CHANGE}:{term}:{plan}" for term, plan in self._other_plans(row)]
        keys.append(CANCEL)
        found = [self._priced(row, key, seats=used if key == REDUCE else row.seats) for key in keys]
        return [option for option in found if option is not None]

    def _other_plans(self, row: holdings.HoldingRow) -> list[tuple[str, str]]:
        """The terms and billing plans that the licence is sold in besides its own, shortest first."""
        held = self._limits.held(row)
        sold = {
            (terms.Term(each.term), terms.BillingPlan(each.billing_plan))
            for each in self._limits.sold(row)
            if (each.product_id, each.vendor_sku_id) == (held.product_id, held.vendor_sku_id)
        }
        others = sold - {(terms.Term(row.term), terms.BillingPlan(row.billing_plan))}
        in_order = sorted(others, key=lambda each: (each[0].months, each[1].months))
        return [(str(term), str(plan)) for term, plan in in_order]

    def _priced(self, row: holdings.HoldingRow, key: str, *, seats: int) -> dict[str, Any] | None:
        """The option with its price; None where something speaks against it."""
        wishes, clear = chosen(key=key, seats=seats, held_seats=row.seats)
        planned = schedule_change.wished(self._lines[row.subscription_id], wishes, clear)
        allowed = self._limits.allowed(row=row, term=wishing.wished_term(planned))
        if any(each.is_blocking for each in conflicts.found(timeline=planned, allowed=allowed)):
            return None
        following = timeline.next_term(timeline=planned)
        option: dict[str, Any] = {
            "key": key,
            "seats": following.quantity,
            "term": str(following.term),
            "billing_plan": str(following.billing_plan),
            "end_on": None if following.end_on is None else following.end_on.isoformat(),
            "term_minor": None,
        }
        price = next_term_price.of(row=row, customer=self._customer, following=following)
        if price is not None:
            option |= {
                "term_minor": price.term_minor,
                "cycle_minor": price.cycle_minor,
                "difference_minor": price.difference_minor,
                "as_now_minor": price.as_now_minor,
                "unit_rate": price.unit_rate,
                "anchor_on": price.anchor_on.isoformat(),
                "start_on": price.start_on.isoformat(),
                "until_on": price.end_on.isoformat(),
            }
        return option


def lock_ats(*, rows: Sequence[holdings.HoldingRow], at: dt.datetime) -> dict[uuid.UUID, dt.datetime]:
    """Until when each of these licences' renewals can be decided, in a fixed number of queries; others are left out.

    A licence is there exactly when `Asking.line` asks about it.
    """
    rules = catalogue.RenewalRules(vendor_keys={row.vendor_key for row in rows})
    known: set[tuple[uuid.UUID, str]] = set()
    for reseller_id in {row.reseller_id for row in rows}:
        keys = {row.offer_key for row in rows if row.offer_key and row.reseller_id == reseller_id}
        known |= {(reseller_id, key) for key in catalogue.offers(offer_keys=keys, reseller_id=reseller_id)}
    planned = wishing.timelines_of(rows=rows)
    found = {}
    for row in rows:
        lock_at = alarms.lock_at(renews_on=row.commitment_end_on, policy=wishing.policy_in(rules, row))
        is_known = row.subscription_id in planned and (row.reseller_id, row.offer_key) in known
        if row.status == "active" and is_known and at < lock_at:
            found[row.subscription_id] = lock_at
    return found


def facts(row: holdings.HoldingRow) -> dict[str, Any]:
    """What a choice was priced for; a licence that differs in any of it is not the one that was asked about."""
    return {
        "offer_key": row.offer_key,
        "term": row.term,
        "billing_plan": row.billing_plan,
        "seats": row.seats,
        "unit_rate": row.unit_rate,
        "currency": row.currency,
        "renews_on": row.commitment_end_on.isoformat(),
    }


def stored(row: holdings.HoldingRow) -> dict[str, Any]:
    """What the vendor shows as decided about the end of the term, by whomever; each is empty where nothing is."""
    is_decided = row.end_of_term in (renewals.Ending.CANCEL, renewals.Ending.EXTENDED)
    return {
        "ending": row.end_of_term if is_decided else "",
        "next_term": row.next_term if stored_elsewhere.is_there(row) else None,
    }


def wishes_now(row: holdings.HoldingRow) -> dict[str, Any]:
    """The open wishes of the licence as JSON, by date."""
    return intents.open_as_json(subscription_id=row.subscription_id)


def wishes_of(rows: Sequence[holdings.HoldingRow]) -> dict[uuid.UUID, dict[str, Any]]:
    """The open wishes of each of these licences as JSON, by date, in one query."""
    found = intents.open_intents(subscription_ids=[row.subscription_id for row in rows])
    return {
        row.subscription_id: {
            each.pending.effective_on.isoformat(): intents.to_json(each.pending.changes)
            for each in found.get(row.subscription_id, ())
        }
        for row in rows
    }


def is_as_asked(row: holdings.HoldingRow, asked: sheets.LineRow) -> bool:
    """Whether the licence still is what the line asked about."""
    return row.status == "active" and facts(row) == {name: asked.facts[name] for name in facts(row)}


def has_ended(row: holdings.HoldingRow, *, at: dt.datetime) -> bool:
    """Whether the licence is over for good, so that nobody has to say what its renewal brings.

    A state that the vendor shows inside the term, and one that we do not know, may pass.
    """
    is_over = at >= renewals.term_ends_at(renews_on=row.commitment_end_on)
    return row.status == "deleted" or (is_over and row.status in end_of_life.STATES)


def chosen(*, key: str, seats: int, held_seats: int) -> tuple[Wishes, Collection[Dimension]]:
    """The wishes that an option comes to, and those to be cleared: a choice decides the whole renewal."""
    wishes: Wishes = {Dimension.ENDING: renewals.Ending.CANCEL if key == CANCEL else renewals.Ending.RENEW}
    kind, _, plan = key.partition(":")
    if kind == REDUCE and seats < held_seats:
        wishes[Dimension.QUANTITY] = timeline.SeatsTotal(seats)
    if kind == CHANGE:
        term, _, billing_plan = plan.partition(":")
        wishes |= {Dimension.TERM: terms.Term(term), Dimension.BILLING_PLAN: terms.BillingPlan(billing_plan)}
    return wishes, tuple(dimension for dimension in Dimension if dimension not in wishes)


def amount_minor(*, asked: sheets.LineRow, row: holdings.HoldingRow, key: str, seats: int) -> int | None:
    """What the next term costs with that option for so many seats; None where no price was written down.

    The offered number costs what was written down, another one the price of as many seats as known now.
    """
    option: Mapping[str, Any] | None = asked.option(key)
    if option is None or option["term_minor"] is None:
        return None
    if seats == option["seats"]:
        return int(option["term_minor"])
    wishes, clear = chosen(key=key, seats=seats, held_seats=row.seats)
    planned = schedule_change.wished(wishing.timeline_of(row), wishes, clear)
    customer = customers.customer(seen_by=SYSTEM, customer_id=row.customer_id)
    price = next_term_price.of(row=row, customer=customer, following=timeline.next_term(timeline=planned))
    return None if price is None else price.term_minor
