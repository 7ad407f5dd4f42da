"""Journey 4: people change from one plan to another in one booking.

`preview` prices the choice, `prepare` stores it with a key, `place` books it, `again` tries failed people once more. An
operation carries it through and can be resumed at every point; nobody is at any time without one of the two licences.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import SYSTEM, Actor
from seatwright.customers import changes as customer_changes
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import checkpoints
from seatwright.operations import queries as operation_queries
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.orders import swap_terms
from seatwright.subscriptions import changes as subscriptions
from seatwright.vendors import port
from seatwright.workflows import buy_facts, change_seats, swap_operation, swap_plan, swap_wish

KIND = swap_operation.KIND
QUOTE_LIFE = change_seats.QUOTE_LIFE
DEADLINE = dt.timedelta(days=30)
Way = swap_terms.Way


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A stored swap as its review page shows it."""

    quote_id: uuid.UUID
    idempotency_key: str
    customer_id: uuid.UUID
    calculation: swap_terms.Calculation
    expires_at: dt.datetime
    is_expired: bool
    order_id: uuid.UUID | None


class NobodyLeft(Exception):
    """Nobody of this swap can be tried again: everybody has moved, or it is still under way."""


def survey(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime, to: str = "") -> swap_plan.Field:
    """What can be left and entered, with the price of the plan `to`.

    Raises swap_plan.NothingToLeave, access.permissions.Unknown or NotAllowed.
    """
    return swap_plan.survey(by=by, subscription_id=subscription_id, at=at, to=to)


def preview(*, by: Actor, choice: swap_plan.Choice, at: dt.datetime) -> swap_plan.Planned:
    """The price of the choice as of `at`, or the reasons against it; nothing is stored. Raises what `survey` raises."""
    return swap_wish.build(by=by, choice=choice, new_id=identifiers.new_id(), at=at)


def prepare(*, by: Actor, choice: swap_plan.Choice, at: dt.datetime) -> uuid.UUID:
    """Store the priced choice for half an hour with a fresh idempotency key; returns the quote's id.

    Raises swap_plan.NotPossible, and stores nothing then, and what `survey` raises.
    """
    planned = preview(by=by, choice=choice, at=at)
    return _save_planned(by=by, customer=planned.field.customer, planned=planned, at=at)


def _save_planned(
    *, by: Actor, customer: customers.CustomerRow, planned: swap_plan.Planned, at: dt.datetime
) -> uuid.UUID:
    if planned.calculation is not None and planned.calculation.swap.way is Way.BUY:
        planned = _agreed(planned, at=at)
    if planned.calculation is None:
        raise swap_plan.NotPossible(planned)
    return _save(by=by, customer=customer, calculation=planned.calculation, at=at)


def _agreed(planned: swap_plan.Planned, *, at: dt.datetime) -> swap_plan.Planned:
    """The same, refused where nothing can be bought because nobody has accepted the vendor's agreement yet."""
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=planned.field.source.tenant_id)
    try:
        code = "" if buy_facts.note_vendors_record(tenant=tenant, at=at) else "agreement_missing"
    except port.VendorTrouble:
        code = "vendor_not_reached"
    return replace(planned, reasons=(swap_plan.Reason(code=code),), calculation=None) if code else planned


def _save(
    *, by: Actor, customer: customers.CustomerRow, calculation: swap_terms.Calculation, at: dt.datetime
) -> uuid.UUID:
    return orders.save_quote(
        by=by,
        reseller_id=customer.reseller_id,
        customer_id=customer.customer_id,
        kind=KIND,
        calculation=frozen.to_json(calculation),
        fingerprint=frozen.fingerprint(calculation),
        at=at,
        expires_at=at + QUOTE_LIFE,
    )


def _row(*, by: Actor, quote_id: uuid.UUID, action: str) -> order_queries.QuoteRow:
    """The quote of a swap; one of anything else does not exist here."""
    row = order_queries.quote(seen_by=by, quote_id=quote_id, action=action)
    if row.kind != KIND:
        raise permissions.Unknown
    permissions.require(by=by, action="people.view", reseller_id=row.reseller_id, customer_id=row.customer_id)
    return row


def prepared(*, by: Actor, quote_id: uuid.UUID, at: dt.datetime) -> Prepared:
    """The stored swap; raises access.permissions.Unknown for a foreign or unknown id, NotAllowed without the right."""
    row = _row(by=by, quote_id=quote_id, action="seats.quote")
    return Prepared(
        quote_id=row.quote_id,
        idempotency_key=row.idempotency_key,
        customer_id=row.customer_id,
        calculation=swap_terms.from_json(row.calculation),
        expires_at=row.expires_at,
        is_expired=at >= row.expires_at,
        order_id=row.order_id,
    )


def choice_of(calculation: swap_terms.Calculation) -> swap_plan.Choice:
    """The choice that a calculation was made for."""
    swap = calculation.swap
    product_id, vendor_sku_id = swap.target.offer_key.split(":")[1:3]
    into = {Way.MERGE: "merge", Way.MORE: "more", Way.FREE: "more"}.get(swap.way)
    if swap.way is Way.BUY or (swap.way is Way.FREE and not swap.target.vendor_subscription_id):
        way = "buy"
    else:
        way = "transition" if into is None else f"{into}:{swap.target.subscription_id}"
    return swap_plan.Choice(
        subscription_id=swap.source.subscription_id,
        to=f"{product_id}:{vendor_sku_id}",
        people=tuple(person.key for person in swap.people),
        way=way,
        is_whole=swap.way is Way.FULL,
    )


def place(
    *,
    by: Actor,
    quote_id: uuid.UUID,
    idempotency_key: str,
    agreed_words: str,
    on_behalf_reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    """Book a swap and return the order's id; the same quote and key again return the same order and do nothing.

    Judged and priced once more while nothing else of the customer's can be booked. Order, operation and audit events
    are committed together, before anything is sent (law 1). The caller has asked for fresh proof of identity. Raises
    change_seats.KeyMismatch, ReasonMissing, QuoteExpired and QuoteChanged, and what `prepare` raises.
    """
    row = _row(by=by, quote_id=quote_id, action="seats.book")
    if row.idempotency_key != idempotency_key:
        raise change_seats.KeyMismatch
    if row.order_id is not None:
        return row.order_id
    if by.is_staff and not on_behalf_reason.strip():
        raise change_seats.ReasonMissing
    if at >= row.expires_at:
        raise change_seats.QuoteExpired
    quoted = swap_terms.from_json(row.calculation)
    customer = customers.customer(seen_by=by, customer_id=row.customer_id, action="seats.book")
    fresh: swap_plan.Planned | None = None
    with transaction.atomic(durable=True):
        customer_changes.hold_still(customer_id=row.customer_id)
        subscriptions.hold_customer_still(customer_id=row.customer_id)
        earlier = order_queries.order_of_quote(quote_id=quote_id)
        if earlier is not None:
            return earlier
        planned = swap_wish.build(by=by, choice=choice_of(quoted), new_id=quoted.swap.target.subscription_id, at=at)
        if planned.calculation is None:
            raise swap_plan.NotPossible(planned)
        if frozen.fingerprint(planned.calculation) == row.fingerprint:
            order_id = _commit(
                by=by, quote=row, quoted=quoted, agreed_words=agreed_words, reason=on_behalf_reason.strip(), at=at
            )
            checkpoints.checkpoint("intent.before_commit")
        else:
            fresh = planned
    if fresh is not None:
        fresh_quote_id = _save_planned(by=by, customer=customer, planned=fresh, at=at)
        raise change_seats.QuoteChanged(fresh_quote_id=fresh_quote_id)
    checkpoints.checkpoint("intent.committed")
    return order_id


def _commit(
    *,
    by: Actor,
    quote: order_queries.QuoteRow,
    quoted: swap_terms.Calculation,
    agreed_words: str,
    reason: str,
    at: dt.datetime,
) -> uuid.UUID:
    root_id = identifiers.new_id()
    order_id = orders.place(
        by=by,
        quote_id=quote.quote_id,
        lines=_lines(quoted, root_id=root_id),
        agreed_words=agreed_words,
        on_behalf_reason=reason,
        at=at,
    )
    swap = quoted.swap
    _open(
        by=by,
        operation_id=root_id,
        root_id=root_id,
        order_id=order_id,
        quote=(quote.reseller_id, quote.customer_id),
        quoted=quoted,
        people=[person.key for person in swap.people],
        at=at,
    )
    audit.record(
        by=by,
        action="order.placed",
        subject_kind="order",
        subject_id=order_id,
        before={},
        after={
            "quote_id": str(quote.quote_id),
            "due_now_minor": quoted.due_now.gross_minor,
            "currency": quoted.currency,
            "way": swap.way.value,
            "from": swap.source.name,
            "to": swap.target.name,
            "people": len(swap.people),
        },
        at=at,
        reason=reason,
        reseller_id=quote.reseller_id,
        customer_id=quote.customer_id,
    )
    return order_id


def _lines(quoted: swap_terms.Calculation, *, root_id: uuid.UUID) -> list[orders.NewLine]:
    """One line for what brings the new seats, and one for the swap itself on the plan that is left.

    Both subscriptions have a line as long as the swap is open, so that nothing else changes their seats and no reading
    calls the change a drift.
    """
    swap = quoted.swap
    prices = {line.subscription_id: line for line in quoted.lines}
    left = prices[swap.source.subscription_id]
    lines = []
    if swap.way is not Way.FREE:
        is_apart = swap.way in (Way.MERGE, Way.MORE, Way.BUY)
        changed = prices[swap.target.subscription_id] if is_apart else left
        lines.append((changed, swap_operation.acquire_id(root_id=root_id)))
    lines.append((left, root_id))
    return [
        orders.NewLine(
            subscription_id=line.subscription_id,
            operation_id=operation_id,
            name=line.name,
            seats_before=line.seats_before,
            seats_after=line.seats_after,
        )
        for line, operation_id in lines
    ]


def _open(
    *,
    by: Actor,
    operation_id: uuid.UUID,
    root_id: uuid.UUID,
    order_id: uuid.UUID,
    quote: tuple[uuid.UUID, uuid.UUID],
    quoted: swap_terms.Calculation,
    people: Sequence[str],
    at: dt.datetime,
) -> None:
    operations.open_operation(
        operation_id=operation_id,
        kind=KIND,
        lease_key=f"{KIND}:{order_id}",
        intent={
            "subscription_id": str(quoted.swap.source.subscription_id),
            "tenant_id": str(quoted.swap.tenant_id),
            "order_id": str(order_id),
            "root_id": str(root_id),
            "people": list(people),
        },
        policy_version=quoted.policy_version,
        request_id=identifiers.new_id(),
        reseller_id=quote[0],
        customer_id=quote[1],
        by=by,
        due_at=at,
        deadline_at=at + DEADLINE,
        at=at,
    )


def rounds_of(order: order_queries.OrderRow) -> list[operation_queries.OperationView]:
    """The operations that carried, or carry, the swap of this order through, the first one first."""
    found = operation_queries.views(operation_ids=[line.operation_id for line in order.lines])
    return [found[line.operation_id] for line in order.lines if line.operation_id in found and _is_round(found, line)]


def _is_round(found: dict[uuid.UUID, operation_queries.OperationView], line: order_queries.LineRow) -> bool:
    return found[line.operation_id].kind == KIND


def unmoved(order: order_queries.OrderRow) -> tuple[swap_terms.Person, ...]:
    """The people of this swap whom no round of it has moved."""
    people = swap_terms.from_json(order.calculation).swap.people
    moved = {person.key for view in rounds_of(order) for person in swap_operation.moved_people(view, people)}
    return tuple(person for person in people if person.key not in moved)


def again(*, by: Actor, order_id: uuid.UUID, at: dt.datetime) -> None:
    """Try to move those who could not be moved, and only them; nothing is bought and nothing costs more for it.

    Raises NobodyLeft, access.permissions.Unknown or NotAllowed.
    """
    order = order_queries.order(seen_by=by, order_id=order_id)
    for action in ("seats.book", "people.view"):
        permissions.require(by=by, action=action, reseller_id=order.reseller_id, customer_id=order.customer_id)
    if order.kind != KIND:
        raise permissions.Unknown
    quoted = swap_terms.from_json(order.calculation)
    with transaction.atomic(durable=True):
        subscriptions.hold_still(subscription_ids=[quoted.swap.source.subscription_id])
        order = order_queries.order(seen_by=by, order_id=order_id)
        left = unmoved(order)
        rounds = rounds_of(order)
        is_open = any(not each.is_finished for each in rounds) or order.state == "running"
        if not left or is_open or not _has_seats(order, rounds[0]):
            raise NobodyLeft
        operation_id = identifiers.new_id()
        source = order.lines[-1]
        orders.add_line(
            order_id=order_id,
            line=orders.NewLine(
                subscription_id=quoted.swap.source.subscription_id,
                operation_id=operation_id,
                name=quoted.swap.source.name,
                seats_before=source.seats_after,
                seats_after=source.seats_after,
            ),
        )
        _open(
            by=by,
            operation_id=operation_id,
            root_id=rounds[0].id,
            order_id=order_id,
            quote=(order.reseller_id, order.customer_id),
            quoted=quoted,
            people=[person.key for person in left],
            at=at,
        )
        audit.record(
            by=by,
            action="swap.again",
            subject_kind="order",
            subject_id=order_id,
            before={},
            after={"people": len(left)},
            at=at,
            reseller_id=order.reseller_id,
            customer_id=order.customer_id,
            operation_id=operation_id,
        )


def _has_seats(order: order_queries.OrderRow, root: operation_queries.OperationView) -> bool:
    """Whether the new seats came about, so that there is something to move people to."""
    child_id = swap_operation.acquire_id(root_id=root.id)
    return all(line.state != "refused" for line in order.lines if line.operation_id == child_id)
