"""Idea 16: every decision deadline of whoever asks, for their calendar program. Reads only.

Two kinds: the last safe moment to decide about a renewal, and the last safe moment to return seats whose window closes.
Months that roll on without a wish are silent, as on the radar.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from seatwright.access.actors import Actor
from seatwright.customers import queries as customers
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import pricing, renewal_radar

CUSTOMERS_MOST = 100
WITHIN_DAYS = 120
WINDOWS_MOST = 500
PAGES_MOST = 10


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """Something to decide before `at`, the last safe moment (UTC, exclusive); the vendor's own edge is `edge_at`.

    `key` stays the same for the same deadline however often it is told. `is_decided` says that nothing waits any more.
    """

    key: str
    kind: Literal["renewal", "window"]
    at: dt.datetime
    edge_at: dt.datetime
    subscription_id: uuid.UUID
    name: str
    seats: int
    customer_name: str
    time_zone: str
    is_decided: bool


def deadlines(*, by: Actor, at: dt.datetime) -> tuple[Deadline, ...]:
    """The deadlines of the actor's organisations, or of the customers that staff serve, soonest first.

    Staff see those of the next `WITHIN_DAYS` days.
    """
    found = [*(_staff_renewals(by, at) if by.is_staff else _renewals(by, at)), *_windows(by, at)]
    return tuple(sorted(found, key=lambda each: (each.at, each.customer_name, each.key)))


def _renewals(by: Actor, at: dt.datetime) -> Iterable[Deadline]:
    shown = customers.customers(seen_by=by, action="licences.view", limit=CUSTOMERS_MOST)
    named = {customer.customer_id: customer for customer in shown}
    for each in renewal_radar.renewals_of_all(by=by, customer_ids=list(named), at=at):
        if not each.is_rollover:
            yield _renewal(each, named[each.customer_id])


def _staff_renewals(by: Actor, at: dt.datetime) -> Iterable[Deadline]:
    after = ""
    for _page in range(PAGES_MOST):
        page = renewal_radar.staff_radar(by=by, within_days=WITHIN_DAYS, after=after, at=at)
        yield from (_renewal(line.renewal, line.customer) for line in page.rows)
        after = page.after
        if not after:
            return


def _renewal(each: renewal_radar.Renewal, customer: customers.CustomerRow) -> Deadline:
    return Deadline(
        key=f"renewal-{each.subscription_id}-{each.renews_on.isoformat()}",
        kind="renewal",
        at=each.decide_until,
        edge_at=each.ends_at,
        subscription_id=each.subscription_id,
        name=each.name,
        seats=each.seats,
        customer_name=customer.name,
        time_zone=customer.time_zone,
        is_decided=each.has_wish,
    )


def _windows(by: Actor, at: dt.datetime) -> Iterable[Deadline]:
    rows = holdings.with_open_windows(seen_by=by, at=at, limit=WINDOWS_MOST)
    buyers = customers.by_ids(customer_ids=sorted({row.customer_id for row in rows}))
    vendor_keys = sorted({row.vendor_key for row in rows})
    policies = {each: pricing.window_policy(vendor_key=each, on=at.date()) for each in vendor_keys}
    for row in rows:
        for batch in pricing.returnable_of(row, at=at, policy=policies[row.vendor_key]).batches:
            yield Deadline(
                key=f"window-{row.subscription_id}-{batch.until.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}",
                kind="window",
                at=batch.last_safe_at,
                edge_at=batch.until,
                subscription_id=row.subscription_id,
                name=row.name,
                seats=batch.quantity,
                customer_name=buyers[row.customer_id].name,
                time_zone=buyers[row.customer_id].time_zone,
                is_decided=False,
            )
