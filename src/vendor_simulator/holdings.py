"""Subscriptions with their seat batches: read, changed and written as one thing.

A change that shows late leaves a shadow: the state before it, which reads show until an instant (`hold`), every second
time (`flap`), or while a change accepted with 202 is being worked on (`pending`).
"""

import dataclasses
import datetime as dt
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from vendor_simulator import books

_COLUMNS = (
    "subscription_id, tenant_id, owner_tenant_id, product_id, sku_id, availability_id, offer_name, friendly_name,"
    " quantity, term, billing_cycle, status, suspension_reasons, is_auto_renew, is_trial, created_at, term_started_at,"
    " term_ends_at, anchored_on, state_since, cancellable_until, scheduled, next_charge, promotion_id, partner_id,"
    " order_id, version, updates, visible_from, next_due_at, coterm_on, extended_from"
)
_NAMES = tuple(name.strip() for name in _COLUMNS.split(","))
_INSTANTS = ("created_at", "term_started_at", "term_ends_at", "state_since", "visible_from")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Seats added together; they may be given back while the clock is before `until`."""

    quantity: int
    added_at: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription as the books have it; `term_ends_at` is exclusive, the wire's end dates are not.

    `cancellable_until` is exclusive. `next_due_at` is when time alone changes something next, None when never.
    `coterm_on` is the last day of a term that was cut to end with others. `extended_from` is the catalogue item that an
    extended service term follows on, empty in an ordinary term.
    """

    subscription_id: str
    tenant_id: str
    owner_tenant_id: str
    product_id: str
    sku_id: str
    availability_id: str
    offer_name: str
    friendly_name: str
    quantity: int
    term: str
    billing_cycle: str
    status: str
    suspension_reasons: tuple[str, ...]
    is_auto_renew: bool
    is_trial: bool
    created_at: dt.datetime
    term_started_at: dt.datetime
    term_ends_at: dt.datetime
    anchored_on: dt.date
    state_since: dt.datetime
    cancellable_until: dt.datetime | None
    scheduled: dict[str, object] | None
    next_charge: dict[str, object] | None
    promotion_id: str
    partner_id: str
    order_id: str
    version: int
    updates: int
    visible_from: dt.datetime
    next_due_at: dt.datetime | None
    batches: tuple[Batch, ...]
    coterm_on: dt.date | None = None
    extended_from: str = ""

    @property
    def item(self) -> str:
        """The catalogue item `product:sku:availability`."""
        return f"{self.product_id}:{self.sku_id}:{self.availability_id}"

    def refundable(self, *, now: dt.datetime) -> tuple[Batch, ...]:
        """The batches whose window is open at `now`, oldest first."""
        return tuple(batch for batch in self.batches if now < batch.until and batch.quantity > 0)


def find(connection: sqlite3.Connection, *, subscription_id: str) -> Subscription | None:
    """The subscription as it truly is, whatever reads are shown; ids are compared without regard to case."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE subscription_id = ?",  # noqa: S608 - a constant
        (subscription_id.lower(),),
    ).fetchone()
    return None if row is None else _from_row(connection, row)


def shown(connection: sqlite3.Connection, *, subscription_id: str, now: dt.datetime) -> Subscription | None:
    """The subscription as a read at `now` shows it; None when unknown or not visible yet."""
    found = find(connection, subscription_id=subscription_id)
    if found is None or now < found.visible_from:
        return None
    row = connection.execute(
        "SELECT shadow, shadow_until, shadow_kind, shadow_reads FROM subscriptions WHERE subscription_id = ?",
        (found.subscription_id,),
    ).fetchone()
    if row["shadow"] is None or now >= books.instant(row["shadow_until"]):
        return found
    if row["shadow_kind"] == "flap":
        connection.execute(
            "UPDATE subscriptions SET shadow_reads = shadow_reads + 1 WHERE subscription_id = ?",
            (found.subscription_id,),
        )
        if row["shadow_reads"] % 2 == 1:
            return found
    return _from_document(json.loads(row["shadow"]))


def shown_of_tenant(
    connection: sqlite3.Connection, *, tenant_id: str, owner_tenant_id: str, now: dt.datetime
) -> list[Subscription]:
    """What one reseller's list shows of a tenant at `now`, oldest first."""
    rows = connection.execute(
        "SELECT subscription_id FROM subscriptions WHERE tenant_id = ? AND owner_tenant_id = ?"
        " ORDER BY created_at, subscription_id",
        (tenant_id, owner_tenant_id),
    ).fetchall()
    found = (shown(connection, subscription_id=row["subscription_id"], now=now) for row in rows)
    return [subscription for subscription in found if subscription is not None]


def is_pending(connection: sqlite3.Connection, *, subscription_id: str, now: dt.datetime) -> bool:
    """Whether a change accepted with 202 is still being worked on."""
    row = connection.execute(
        "SELECT shadow_until FROM subscriptions WHERE subscription_id = ? AND shadow_kind = 'pending'",
        (subscription_id,),
    ).fetchone()
    return row is not None and now < books.instant(row["shadow_until"])


def add(connection: sqlite3.Connection, subscription: Subscription) -> None:
    """Writes a new subscription; the directory sees it from `visible_from` on."""
    marks = ", ".join("?" for _ in _NAMES)
    connection.execute(
        f"INSERT INTO subscriptions ({_COLUMNS}, shadow_kind, shadow_reads) VALUES ({marks}, '', 0)",  # noqa: S608
        _to_row(subscription),
    )
    _write_batches(connection, subscription)
    books.note_pool(connection, subscription_id=subscription.subscription_id, effective_at=subscription.visible_from)


def change(
    connection: sqlite3.Connection,
    *,
    before: Subscription,
    after: Subscription,
    now: dt.datetime,
    shown_from: dt.datetime | None = None,
    shadow_kind: str = "hold",
) -> Subscription:
    """Writes `after` as the next version and returns it; with `shown_from`, reads show `before` until then."""
    after = dataclasses.replace(after, version=before.version + 1, updates=before.updates + 1)
    sets = ", ".join(f"{name} = ?" for name in _NAMES)
    connection.execute(
        f"UPDATE subscriptions SET {sets}, shadow = ?, shadow_until = ?, shadow_kind = ?, shadow_reads = 0"  # noqa: S608
        " WHERE subscription_id = ?",
        (
            *_to_row(after),
            None if shown_from is None else json.dumps(_to_document(before)),
            None if shown_from is None else books.stamp(shown_from),
            "" if shown_from is None else shadow_kind,
            before.subscription_id,
        ),
    )
    connection.execute("DELETE FROM seat_batches WHERE subscription_id = ?", (before.subscription_id,))
    _write_batches(connection, after)
    if (before.quantity, before.status, before.item) != (after.quantity, after.status, after.item):
        effective_at = now if shown_from is None else shown_from
        books.note_pool(connection, subscription_id=after.subscription_id, effective_at=effective_at)
    return after


def due(connection: sqlite3.Connection, *, now: dt.datetime) -> list[Subscription]:
    """Subscriptions that time alone changes at or before `now`, the earliest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE next_due_at <= ?"  # noqa: S608
        " ORDER BY next_due_at, subscription_id",
        (books.stamp(now),),
    ).fetchall()
    return [_from_row(connection, row) for row in rows]


def take_seats(batches: Iterable[Batch], *, quantity: int, now: dt.datetime, first: str) -> tuple[Batch, ...]:
    """The batches after giving back `quantity` seats, open ones only; `first` is `newest` or `earliest` deadline."""
    kept = list(batches)
    order = sorted(
        (index for index, batch in enumerate(kept) if now < batch.until),
        key=lambda index: (kept[index].until, index),
        reverse=first == "newest",
    )
    for index in order:
        taken = min(quantity, kept[index].quantity)
        kept[index] = dataclasses.replace(kept[index], quantity=kept[index].quantity - taken)
        quantity -= taken
    return tuple(batch for batch in kept if batch.quantity > 0)


def move_seats(batches: Iterable[Batch], *, quantity: int) -> tuple[tuple[Batch, ...], tuple[Batch, ...]]:
    """What stays and what goes when `quantity` seats move on, the oldest first and each with its own window."""
    stays: list[Batch] = []
    goes: list[Batch] = []
    for batch in batches:
        moved = min(quantity, batch.quantity)
        quantity -= moved
        goes.append(dataclasses.replace(batch, quantity=moved))
        stays.append(dataclasses.replace(batch, quantity=batch.quantity - moved))
    return tuple(batch for batch in stays if batch.quantity), tuple(batch for batch in goes if batch.quantity)


def _write_batches(connection: sqlite3.Connection, subscription: Subscription) -> None:
    connection.executemany(
        "INSERT INTO seat_batches (subscription_id, quantity, added_at, until) VALUES (?, ?, ?, ?)",
        [
            (subscription.subscription_id, batch.quantity, books.stamp(batch.added_at), books.stamp(batch.until))
            for batch in subscription.batches
        ],
    )


def _to_document(subscription: Subscription) -> dict[str, object]:
    document: dict[str, object] = dict(zip(_NAMES, _to_row(subscription), strict=True))
    document["batches"] = [
        [batch.quantity, books.stamp(batch.added_at), books.stamp(batch.until)] for batch in subscription.batches
    ]
    return document


def _from_document(document: dict[str, object]) -> Subscription:
    batches = document.pop("batches")
    assert isinstance(batches, list)
    return _build(document, tuple(_batch(*entry) for entry in batches))


def _from_row(connection: sqlite3.Connection, row: sqlite3.Row) -> Subscription:
    batches = connection.execute(
        "SELECT quantity, added_at, until FROM seat_batches WHERE subscription_id = ? ORDER BY added_at, batch_id",
        (row["subscription_id"],),
    ).fetchall()
    return _build({name: row[name] for name in _NAMES}, tuple(_batch(*batch) for batch in batches))


def _batch(quantity: int, added_at: str, until: str) -> Batch:
    return Batch(quantity=quantity, added_at=books.instant(added_at), until=books.instant(until))


def _to_row(subscription: Subscription) -> tuple[str | int | None, ...]:
    return tuple(_to_column(getattr(subscription, name)) for name in _NAMES)


def _to_column(value: object) -> str | int | None:
    if isinstance(value, dt.datetime):
        return books.stamp(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict | tuple):
        return json.dumps(value)
    assert value is None or isinstance(value, str | int)
    return value


def _build(values: dict[str, object], batches: tuple[Batch, ...]) -> Subscription:
    made: dict[str, object] = dict(values)
    for name in _INSTANTS:
        made[name] = books.instant(str(values[name]))
    for name in ("cancellable_until", "next_due_at"):
        made[name] = None if values[name] is None else books.instant(str(values[name]))
    for name in ("scheduled", "next_charge"):
        made[name] = None if values[name] is None else json.loads(str(values[name]))
    if made["coterm_on"] is not None:
        made["coterm_on"] = dt.date.fromisoformat(str(made["coterm_on"]))
    made["anchored_on"] = dt.date.fromisoformat(str(values["anchored_on"]))
    made["suspension_reasons"] = tuple(json.loads(str(values["suspension_reasons"])))
    made["is_auto_renew"] = bool(values["is_auto_renew"])
    made["is_trial"] = bool(values["is_trial"])
    return Subscription(**made, batches=batches)  # type: ignore[arg-type]
