"""Upgrades and trial conversions as the vendor works them off: asked for, converted, then the licences moved.

A full one keeps the subscription's id, a partial one makes a new subscription that ends with the old one, and one into
an existing subscription adds seats there. None opens a window: moved seats keep the one they have.
"""

import dataclasses
import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Mapping

from vendor_simulator import books, catalogue, holdings, licence_moves, order_book, promotions, renewals, terms

Document = dict[str, object]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """What a transition is to do; `to_subscription_id` empty makes or keeps one of its own."""

    from_item: str
    to_item: str
    to_subscription_id: str
    quantity: int
    term: str
    billing_cycle: str
    moves_licences: bool


def start(
    connection: sqlite3.Connection,
    *,
    subscription: holdings.Subscription,
    wish: Wish,
    asked: Mapping[str, object],
    at: dt.datetime,
    settings: books.Settings,
    request_id: str,
    correlation_id: str,
) -> None:
    """Accepts a transition that was found allowed; it is done when its time has come, at once when it takes none."""
    operation_id = str(uuid.uuid4())
    kept = dict(asked) | {"wish": dataclasses.asdict(wish)}
    connection.execute(
        "INSERT INTO transitions (operation_id, subscription_id, asked, events, stage, failure, next_at, request_id,"
        " correlation_id) VALUES (?, ?, ?, ?, 'conversion', ?, ?, ?, ?)",
        (
            operation_id,
            subscription.subscription_id,
            json.dumps(kept),
            json.dumps([_event("Conversion", "Started", at)]),
            settings.transition_failure,
            books.stamp(at + dt.timedelta(seconds=settings.transition_s)),
            request_id,
            correlation_id,
        ),
    )
    row = connection.execute("SELECT * FROM transitions WHERE operation_id = ?", (operation_id,)).fetchone()
    _record(connection, row, kind="transition.accepted", source=subscription, after=dict(asked), at=at)
    while (due_at := next_at(connection, operation_id=operation_id)) is not None and due_at <= at:
        step(connection, operation_id=operation_id, at=at, settings=settings)


def due(connection: sqlite3.Connection, *, now: dt.datetime) -> list[tuple[dt.datetime, str]]:
    rows = connection.execute(
        "SELECT next_at, operation_id FROM transitions WHERE next_at IS NOT NULL AND next_at <= ?", (books.stamp(now),)
    )
    return [(books.instant(row["next_at"]), row["operation_id"]) for row in rows]


def next_at(connection: sqlite3.Connection, *, operation_id: str) -> dt.datetime | None:
    """When the operation goes on; None when it is over."""
    row = connection.execute("SELECT next_at FROM transitions WHERE operation_id = ?", (operation_id,)).fetchone()
    return None if row["next_at"] is None else books.instant(row["next_at"])


def is_running(connection: sqlite3.Connection, *, subscription_id: str) -> bool:
    """Whether seats of the subscription are just being converted, or are about to be added to it."""
    rows = connection.execute("SELECT subscription_id, asked FROM transitions WHERE stage = 'conversion'")
    return any(
        subscription_id in {row["subscription_id"], json.loads(row["asked"])["wish"]["to_subscription_id"]}
        for row in rows
    )


def history(connection: sqlite3.Connection, *, subscription_id: str) -> list[Document]:
    """The subscription's transitions, oldest first, in the members of the wire."""
    rows = connection.execute(
        "SELECT * FROM transitions WHERE subscription_id = ? ORDER BY rowid", (subscription_id,)
    ).fetchall()
    return [_document(row) for row in rows]


def _document(row: sqlite3.Row) -> Document:
    asked: Document = json.loads(row["asked"])
    del asked["wish"]
    return {"operationId": row["operation_id"]} | asked | {"events": json.loads(row["events"])}


def step(
    connection: sqlite3.Connection, *, operation_id: str, at: dt.datetime, settings: books.Settings
) -> list[holdings.Subscription]:
    """Does the operation's next part at `at` and tells which subscriptions it changed."""
    row = connection.execute("SELECT * FROM transitions WHERE operation_id = ?", (operation_id,)).fetchone()
    wish = Wish(**json.loads(row["asked"])["wish"])
    events = json.loads(row["events"])
    if row["stage"] == "licences":
        _move_licences(connection, row, wish, events, at)
        _write(connection, row, events=events, stage="done", due_at=None)
        return []
    source = holdings.find(connection, subscription_id=row["subscription_id"])
    assert source is not None
    if row["failure"] == "conversion" or not _is_possible(connection, source, wish):
        text = "The subscription could not be transitioned."
        events.append(_event("Conversion", "Failed", at, errors=[{"code": 0, "description": text}]))
        _write(connection, row, events=events, stage="done", due_at=None)
        _record(connection, row, kind="transition.failed", source=source, after=None, at=at)
        return []
    touched = _convert(connection, row, source, wish, at=at, settings=settings)
    events.append(_event("Conversion", "Completed", at))
    moves = wish.moves_licences or wish.quantity >= source.quantity
    due_at = at + dt.timedelta(seconds=settings.licence_transfer_s) if moves else None
    if moves:
        events.append(_event("LicenseReassignment", "Started", at))
    _write(connection, row, events=events, stage="licences" if moves else "done", due_at=due_at)
    return touched


def _is_possible(connection: sqlite3.Connection, source: holdings.Subscription, wish: Wish) -> bool:
    """Whether source and destination are still as they were when the transition was asked for."""
    involved = [source.status]
    if wish.to_subscription_id:
        target = holdings.find(connection, subscription_id=wish.to_subscription_id)
        assert target is not None
        involved.append(target.status)
    has_seats = source.is_trial or source.quantity >= wish.quantity
    return has_seats and all(status == "active" for status in involved)


def _convert(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    source: holdings.Subscription,
    wish: Wish,
    *,
    at: dt.datetime,
    settings: books.Settings,
) -> list[holdings.Subscription]:
    """The seats under their new SKU; the schedule of everyone concerned is gone."""
    if wish.to_subscription_id:
        changed = _merge(connection, source, wish, at=at, settings=settings)
    elif wish.quantity < source.quantity:
        changed = _split(connection, source, wish, at=at, settings=settings)
    else:
        changed = [_convert_whole(connection, source, wish, at=at, settings=settings)]
    gained = changed[-1]
    order_book.write(
        connection,
        tenant_id=source.tenant_id,
        billing_cycle=gained.billing_cycle,
        lines=[
            order_book.line(source, quantity=wish.quantity, transaction_type="convert"),
            order_book.line(gained, quantity=wish.quantity, transaction_type="convert"),
        ],
        at=at,
        settings=settings,
        order_id="" if len(changed) == 1 or wish.to_subscription_id else gained.order_id,
    )
    _record(connection, row, kind="subscription.transitioned", source=source, after=gained, at=at)
    return changed


def _convert_whole(
    connection: sqlite3.Connection,
    source: holdings.Subscription,
    wish: Wish,
    *,
    at: dt.datetime,
    settings: books.Settings,
) -> holdings.Subscription:
    after = _on_plan(_under(connection, source, wish), wish, at=at)
    after = dataclasses.replace(after, quantity=wish.quantity, scheduled=None, next_charge=None, is_trial=False)
    if source.is_trial:
        closed = holdings.Batch(quantity=wish.quantity, added_at=at, until=at)
        after = dataclasses.replace(after, batches=(closed,), cancellable_until=None, is_auto_renew=True)
    after = _promoted(connection, after, at=at, seats=wish.quantity)
    after = dataclasses.replace(after, next_due_at=renewals.next_due(after, after=at, settings=settings))
    return holdings.change(connection, before=source, after=after, now=at)


def _split(
    connection: sqlite3.Connection,
    source: holdings.Subscription,
    wish: Wish,
    *,
    at: dt.datetime,
    settings: books.Settings,
) -> list[holdings.Subscription]:
    stays, goes = holdings.move_seats(source.batches, quantity=wish.quantity)
    rest = dataclasses.replace(source, quantity=source.quantity - wish.quantity, batches=stays, scheduled=None)
    born = dataclasses.replace(
        _on_plan(_under(connection, source, wish), wish, at=at),
        subscription_id=str(uuid.uuid4()),
        quantity=wish.quantity,
        batches=goes,
        created_at=at,
        state_since=at,
        visible_from=at,
        scheduled=None,
        next_charge=None,
        order_id=order_book.new_id(),
        version=1,
        updates=0,
    )
    born = dataclasses.replace(born, friendly_name=born.offer_name)
    born = _promoted(connection, born, at=at, seats=wish.quantity)
    born = dataclasses.replace(born, next_due_at=renewals.next_due(born, after=at, settings=settings))
    holdings.add(connection, born)
    return [holdings.change(connection, before=source, after=rest, now=at), born]


def _merge(
    connection: sqlite3.Connection,
    source: holdings.Subscription,
    wish: Wish,
    *,
    at: dt.datetime,
    settings: books.Settings,
) -> list[holdings.Subscription]:
    """Seats added to an existing subscription, whose term and billing stay and whose promotion is not extended."""
    target = holdings.find(connection, subscription_id=wish.to_subscription_id)
    assert target is not None
    stays, _ = holdings.move_seats(source.batches, quantity=wish.quantity)
    rest = dataclasses.replace(source, quantity=source.quantity - wish.quantity, batches=stays, scheduled=None)
    if rest.quantity <= 0:
        rest = dataclasses.replace(
            rest, quantity=source.quantity, status="deleted", state_since=at, is_auto_renew=False, next_due_at=None
        )
    closed = holdings.Batch(quantity=wish.quantity, added_at=at, until=at)
    grown = dataclasses.replace(
        target, quantity=target.quantity + wish.quantity, batches=(*target.batches, closed), scheduled=None
    )
    grown = dataclasses.replace(grown, next_due_at=renewals.next_due(grown, after=at, settings=settings))
    return [
        holdings.change(connection, before=source, after=rest, now=at),
        holdings.change(connection, before=target, after=grown, now=at),
    ]


def _under(connection: sqlite3.Connection, source: holdings.Subscription, wish: Wish) -> holdings.Subscription:
    availability_id = wish.to_item.rpartition(":")[2]
    moved = renewals.moved_to(connection, source, wish.to_item, availability_id)
    return dataclasses.replace(moved, extended_from="")


def _on_plan(subscription: holdings.Subscription, wish: Wish, *, at: dt.datetime) -> holdings.Subscription:
    """The same term to its end, or a new one from `at` when another length was asked for."""
    subscription = dataclasses.replace(subscription, billing_cycle=wish.billing_cycle)
    if wish.term == subscription.term and not subscription.is_trial:
        return subscription
    ends_at = terms.midnight(terms.term_end(at.date(), term=wish.term, after=at.date()))
    return dataclasses.replace(
        subscription,
        term=wish.term,
        term_started_at=at,
        anchored_on=at.date(),
        term_ends_at=ends_at,
        coterm_on=None,
    )


def _promoted(
    connection: sqlite3.Connection, subscription: holdings.Subscription, *, at: dt.datetime, seats: int
) -> holdings.Subscription:
    purchase = promotions.Purchase(
        tenant_id=subscription.tenant_id,
        sku=f"{subscription.product_id}:{subscription.sku_id}",
        quantity=seats,
        term=subscription.term,
        billing_cycle=subscription.billing_cycle,
    )
    promotion_id = promotions.chosen(connection, purchase, at=at)
    promotions.note_use(connection, tenant_id=subscription.tenant_id, promotion_id=promotion_id, seats=seats, at=at)
    return dataclasses.replace(subscription, promotion_id=promotion_id)


def _move_licences(
    connection: sqlite3.Connection, row: sqlite3.Row, wish: Wish, events: list[Document], at: dt.datetime
) -> None:
    if row["failure"] == "licences":
        text = "The licences of the users could not be reassigned."
        events.append(_event("LicenseReassignment", "Failed", at, errors=[{"code": 12, "description": text}]))
        return
    source = holdings.find(connection, subscription_id=row["subscription_id"])
    old, new = (catalogue.find_item(connection, item) for item in (wish.from_item, wish.to_item))
    assert source is not None
    assert old is not None
    assert new is not None
    moved = licence_moves.move(
        connection,
        tenant_id=source.tenant_id,
        old_sku_id=old["provisioning_id"],
        new_sku_id=new["provisioning_id"],
        most=wish.quantity,
        at=at,
    )
    events.append(_event("LicenseReassignment", "Completed", at))
    _record(connection, row, kind="licences.moved", source=source, after={"users": moved}, at=at)


def _event(name: str, status: str, at: dt.datetime, *, errors: list[Document] | None = None) -> Document:
    event: Document = {"name": name, "status": status, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")}
    if errors:
        event["errors"] = errors
    return event | {"attributes": {"objectType": "TransitionEvent"}}


def _write(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    *,
    events: list[Document],
    stage: str,
    due_at: dt.datetime | None,
) -> None:
    connection.execute(
        "UPDATE transitions SET events = ?, stage = ?, next_at = ? WHERE operation_id = ?",
        (json.dumps(events), stage, None if due_at is None else books.stamp(due_at), row["operation_id"]),
    )


def _record(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    *,
    kind: str,
    source: holdings.Subscription,
    after: holdings.Subscription | Document | None,
    at: dt.datetime,
) -> None:
    """The effect under the request id of the call that asked for the transition."""
    if isinstance(after, holdings.Subscription):
        after = {
            "subscriptionId": after.subscription_id,
            "catalogItemId": after.item,
            "quantity": after.quantity,
        }
    books.record_effect(
        connection,
        at=at,
        face="partner",
        kind=kind,
        tenant_id=source.tenant_id,
        subject=source.subscription_id,
        request_id=row["request_id"],
        correlation_id=row["correlation_id"],
        before={"catalogItemId": source.item, "quantity": source.quantity},
        after={"operationId": row["operation_id"]} | (after or {}),
    )
