"""What happens at the vendor by the passing of time alone: terms and charge cycles end, upgrades get done.

Windows, tokens, carts and provisioning need no work here: their instants are compared with the clock when read.
"""

import datetime as dt
import heapq
import sqlite3
from collections.abc import Iterable

from vendor_simulator import books, holdings, order_book, renewals, transitions

LASTS = renewals.LASTS
_Due = tuple[dt.datetime, str, str]


def settle(connection: sqlite3.Connection, *, now: dt.datetime) -> int:
    """Brings the books up to `now` and tells how many things happened; asked at every call and after every advance.

    Everything happens in the order of its instants, however far the clock has leapt, in one transaction.
    """
    settings = books.read_settings(connection)
    due = [*_due_subscriptions(connection, holdings.due(connection, now=now), settings=settings, now=now)]
    due += [(at, "transition", operation_id) for at, operation_id in transitions.due(connection, now=now)]
    if not due:
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        happened = _work_off(connection, due, settings=settings, now=now)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return happened


def _work_off(connection: sqlite3.Connection, due: list[_Due], *, settings: books.Settings, now: dt.datetime) -> int:
    heapq.heapify(due)
    happened = 0
    while due:
        at, kind, key = heapq.heappop(due)
        if kind == "transition":
            touched = transitions.step(connection, operation_id=key, at=at, settings=settings)
            next_at = transitions.next_at(connection, operation_id=key)
            if next_at is not None and next_at <= now:
                heapq.heappush(due, (next_at, kind, key))
        else:
            touched = _age(connection, key, at=at, settings=settings)
        happened += bool(touched)
        for following in _due_subscriptions(connection, touched, settings=settings, now=now):
            heapq.heappush(due, following)
    return happened


def _due_subscriptions(
    connection: sqlite3.Connection,
    found: Iterable[holdings.Subscription],
    *,
    settings: books.Settings,
    now: dt.datetime,
) -> Iterable[_Due]:
    for subscription in found:
        at = renewals.ready_at(connection, subscription, settings=settings)
        if at is not None and at <= now:
            yield at, "subscription", subscription.subscription_id


def _age(
    connection: sqlite3.Connection, subscription_id: str, *, at: dt.datetime, settings: books.Settings
) -> list[holdings.Subscription]:
    """Does what is due for a subscription at `at`; nothing when something else has moved its instant meanwhile."""
    before = holdings.find(connection, subscription_id=subscription_id)
    if before is None or renewals.ready_at(connection, before, settings=settings) != at:
        return []
    if before.status in {"active", "suspended"} and before.next_due_at != before.term_ends_at:
        kind, line_kind, system = "charged", "renew", "SystemBilling"
        after = renewals.cycle_passed(before, at=at, settings=settings)
    else:
        kind, after = renewals.ended(connection, before, at=at, settings=settings)
        line_kind, system = ("convert" if before.is_trial else "renew"), "SystemPurchase"
    after = holdings.change(connection, before=before, after=after, now=at)
    is_billed = kind in {"renewed", "extended"} or (kind == "charged" and settings.cycle_orders)
    if is_billed and after.owner_tenant_id == settings.partner_tenant_id:
        order_book.write(
            connection,
            tenant_id=after.tenant_id,
            billing_cycle=after.billing_cycle,
            lines=[order_book.line(after, quantity=after.quantity, transaction_type=line_kind)],
            at=at,
            transaction_type=system,
            settings=settings,
        )
    if kind != "charged" or after.billing_cycle != before.billing_cycle:
        _record(connection, before=before, after=after, kind=f"subscription.{kind}", at=at)
    return [after]


def _record(
    connection: sqlite3.Connection,
    *,
    before: holdings.Subscription,
    after: holdings.Subscription,
    kind: str,
    at: dt.datetime,
) -> None:
    books.record_effect(
        connection,
        at=at,
        face="clock",
        kind=kind,
        tenant_id=before.tenant_id,
        subject=before.subscription_id,
        request_id="",
        correlation_id="",
        before=_essence(before),
        after=_essence(after),
    )


def _essence(subscription: holdings.Subscription) -> dict[str, object]:
    return {
        "quantity": subscription.quantity,
        "status": subscription.status,
        "catalogItemId": subscription.item,
        "termDuration": subscription.term,
        "billingCycle": subscription.billing_cycle,
        "termEndsAt": books.stamp(subscription.term_ends_at),
    }
