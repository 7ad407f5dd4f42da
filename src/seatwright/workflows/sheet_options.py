"""What a renewal sheet lets an owner choose for a licence, each with its price, and the wishes that a choice comes to.

Amounts are those of the prices known when the sheet is made, for the licence as it stood then; they are written down
with the line. A licence that changed since is told apart by `is_as_asked` and not decided by the sheet any more.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from seatwright.access.actors import Actor
from seatwright.catalogue import queries as catalogue
from seatwright.orders import intents, sheet_changes, sheets
from seatwright.rules import alarms, money, periods, renewals, stretches, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import licence_rows, schedule_change, wish_limits
from seatwright.workflows import wishes as wishing

KEEP, REDUCE, CANCEL, CHANGE = "keep", "reduce", "cancel", "change"
Dimension = timeline.Dimension
Wishes = dict[Dimension, timeline.Value]


def line(*, by: Actor, row: holdings.HoldingRow, at: dt.datetime) -> sheet_changes.NewLine | None:
    """The line that asks about this licence; None where its renewal cannot be decided or nothing about it is known."""
    policy = wishing.renewal_policy(row)
    lock_at = alarms.lock_at(renews_on=row.commitment_end_on, policy=policy)
    if row.status != "active" or not row.offer_key or at >= lock_at:
        return None
    try:
        allowed = wish_limits.allowed(row=row, term=terms.Term(row.term))
        options = _options(by=by, row=row, assigned=allowed.assigned, at=at)
    except (wishing.NotRunning, ValueError):
        return None
    return sheet_changes.NewLine(
        subscription_id=row.subscription_id,
        renews_on=row.commitment_end_on,
        facts=facts(row) | {"assigned": allowed.assigned, "lock_at": lock_at.isoformat(), "name": row.name},
        options=options,
        wishes=wishes_now(row),
    )


def lock_ats(*, rows: Sequence[holdings.HoldingRow], at: dt.datetime) -> dict[uuid.UUID, dt.datetime]:
    """Until when each of these licences' renewals can be decided, in a fixed number of queries; others are left out.

    A licence is there exactly when `line` asks about it.
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


def wishes_now(row: holdings.HoldingRow) -> dict[str, Any]:
    """The open wishes of the licence as JSON, by date."""
    return intents.open_as_json(subscription_id=row.subscription_id)


def is_as_asked(row: holdings.HoldingRow, asked: sheets.LineRow) -> bool:
    """Whether the licence still is what the line asked about."""
    return row.status == "active" and facts(row) == {name: asked.facts[name] for name in facts(row)}


def has_ended(row: holdings.HoldingRow) -> bool:
    """Whether the licence is over, so that nobody has to say what its renewal brings."""
    return row.status not in licence_rows.LIVE_STATES


def _options(*, by: Actor, row: holdings.HoldingRow, assigned: int | None, at: dt.datetime) -> list[dict[str, Any]]:
    keys = [KEEP]
    used = max(assigned or 0, 1)
    if assigned is not None and used < row.seats:
        keys.append(REDUCE)
    keys += [f"{CHANGE}:{term}:{plan}" for term, plan in _other_plans(row)]
    keys.append(CANCEL)
    found = []
    for key in keys:
        seats = used if key == REDUCE else row.seats
        option = _priced(by=by, row=row, key=key, seats=seats, at=at)
        if option is not None:
            found.append(option)
    return found


def _other_plans(row: holdings.HoldingRow) -> list[tuple[str, str]]:
    """The terms and billing plans that the licence is sold in besides its own, shortest first."""
    held = catalogue.offer(offer_key=row.offer_key, reseller_id=row.reseller_id)
    sold = {
        (terms.Term(each.term), terms.BillingPlan(each.billing_plan))
        for each in wish_limits.renewal_offers(held=held, reseller_id=row.reseller_id)
        if (each.product_id, each.vendor_sku_id) == (held.product_id, held.vendor_sku_id)
    }
    others = sold - {(terms.Term(row.term), terms.BillingPlan(row.billing_plan))}
    return [(str(term), str(plan)) for term, plan in sorted(others, key=lambda each: (each[0].months, each[1].months))]


def _priced(*, by: Actor, row: holdings.HoldingRow, key: str, seats: int, at: dt.datetime) -> dict[str, Any] | None:
    """The option with its price; None where something speaks against it."""
    wishes, clear = chosen(key=key, seats=seats, held_seats=row.seats)
    seen = schedule_change.preview(by=by, subscription_id=row.subscription_id, wishes=wishes, clear=clear, at=at)
    if seen.following is None:
        return None
    option: dict[str, Any] = {
        "key": key,
        "seats": seen.following.quantity,
        "term": str(seen.following.term),
        "billing_plan": str(seen.following.billing_plan),
        "end_on": None if seen.following.end_on is None else seen.following.end_on.isoformat(),
        "term_minor": None,
    }
    if seen.price is not None:
        option |= {
            "term_minor": seen.price.term_minor,
            "cycle_minor": seen.price.cycle_minor,
            "difference_minor": seen.price.difference_minor,
            "as_now_minor": seen.price.as_now_minor,
            "unit_rate": seen.price.unit_rate,
            "anchor_on": seen.price.anchor_on.isoformat(),
            "start_on": seen.price.start_on.isoformat(),
            "until_on": seen.price.end_on.isoformat(),
        }
    return option


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


def amount_minor(*, asked: sheets.LineRow, key: str, seats: int) -> int | None:
    """What the next term costs with that option for so many seats, at the price written down; None where none was."""
    option: Mapping[str, Any] | None = asked.option(key)
    if option is None or option["term_minor"] is None:
        return None
    if seats == option["seats"]:
        return int(option["term_minor"])
    return stretches.of_plan(
        quantity=seats,
        unit_rate=money.Rate.parse(option["unit_rate"], asked.facts["currency"]),
        anchor_on=dt.date.fromisoformat(option["anchor_on"]),
        term=terms.Term(option["term"]),
        billing_plan=terms.BillingPlan(option["billing_plan"]),
        during=periods.Period(dt.date.fromisoformat(option["start_on"]), dt.date.fromisoformat(option["until_on"])),
    ).minor
