"""What happens at the vendor by the passing of time alone: terms end, renew, expire, are disabled and deleted.

Windows, tokens, carts and provisioning need no work here: their instants are compared with the clock when read.
"""

import dataclasses
import datetime as dt
import sqlite3

from vendor_simulator import books, holdings, terms

LASTS = {"expired": dt.timedelta(days=30), "disabled": dt.timedelta(days=90)}
_AFTER = {"active": "expired", "suspended": "disabled", "expired": "disabled", "disabled": "deleted"}


def settle(connection: sqlite3.Connection, *, now: dt.datetime) -> int:
    """Brings the books up to `now` and tells how many things happened; asked at every call and after every advance."""
    happened = 0
    while due := holdings.due(connection, now=now):
        connection.execute("BEGIN IMMEDIATE")
        moved = sum(_age(connection, subscription, now=now) for subscription in due)
        connection.execute("COMMIT")
        happened += moved
        if moved == 0:
            break
    return happened


def _age(connection: sqlite3.Connection, before: holdings.Subscription, *, now: dt.datetime) -> int:
    settings = books.read_settings(connection)
    if before.status == "active" and before.is_auto_renew:
        at = before.term_ends_at + dt.timedelta(seconds=settings.renewal_delay_s)
        if now < at:
            return 0
        after = _renewed(before, at=at, window=dt.timedelta(seconds=settings.window_s))
        kind = "subscription.renewed"
    else:
        assert before.next_due_at is not None
        at = before.next_due_at
        after = _declined(before, at=at)
        kind = f"subscription.{after.status}"
    holdings.change(connection, before=before, after=after, now=at)
    books.record_effect(
        connection,
        at=at,
        face="clock",
        kind=kind,
        tenant_id=before.tenant_id,
        subject=before.subscription_id,
        request_id="",
        correlation_id="",
        before={"quantity": before.quantity, "status": before.status},
        after={"quantity": after.quantity, "status": after.status},
    )
    return 1


def _renewed(before: holdings.Subscription, *, at: dt.datetime, window: dt.timedelta) -> holdings.Subscription:
    """The next term from the day after the old one; all seats may be given back again from the instant of renewal."""
    wanted = _instructions(before)
    product = wanted.get("product", {})
    assert isinstance(product, dict)
    quantity = wanted.get("quantity", before.quantity)
    assert isinstance(quantity, int)
    term = str(product.get("termDuration", before.term))
    started_on = before.term_ends_at.date()
    anchored_on = before.anchored_on if term == before.term else started_on
    ends_at = terms.midnight(terms.term_end(anchored_on, term=term, after=started_on))
    until = at + window
    return dataclasses.replace(
        before,
        product_id=str(product.get("productId", before.product_id)),
        sku_id=str(product.get("skuId", before.sku_id)),
        availability_id=str(product.get("availabilityId", before.availability_id)),
        quantity=quantity,
        term=term,
        billing_cycle=str(product.get("billingCycle", before.billing_cycle)),
        term_started_at=before.term_ends_at,
        term_ends_at=ends_at,
        anchored_on=anchored_on,
        state_since=at,
        is_trial=False,
        cancellable_until=until,
        scheduled=None,
        next_charge=None,
        next_due_at=ends_at,
        batches=(holdings.Batch(quantity=quantity, added_at=at, until=until),),
    )


def _instructions(before: holdings.Subscription) -> dict[str, object]:
    scheduled = before.scheduled or {}
    plain = scheduled.get("scheduledNextTermInstructions")
    if isinstance(plain, dict):
        return plain
    actions = scheduled.get("scheduledActions", [])
    assert isinstance(actions, list)
    found: object = next((action["instructions"] for action in actions if "instructions" in action), {})
    assert isinstance(found, dict)
    return found


def _declined(before: holdings.Subscription, *, at: dt.datetime) -> holdings.Subscription:
    """The next state of a subscription that does not renew: expired or disabled, then disabled, then deleted."""
    status = _AFTER[before.status]
    lasts = LASTS.get(status)
    return dataclasses.replace(
        before,
        status=status,
        state_since=at,
        suspension_reasons=("Expiration",) if lasts is not None else (),
        is_auto_renew=False,
        cancellable_until=None,
        batches=(),
        next_due_at=None if lasts is None else at + lasts,
    )
