"""Suspend, resume and end a subscription, with what each means said before it is done.

Suspending stops access at once and nothing else: the vendor goes on billing, turns auto-renew off and forgets what was
scheduled. Our wishes for the renewal stay, and are stored again when the subscription is resumed; without any, the
renewal becomes again what it was before. Ending at once is
possible only while all seats can be returned, and cannot be undone (Partner Center reference 5.9, 6.1, 6.9).
"""

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from seatwright.access import audit, identifiers
from seatwright.access.actors import Actor
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import queries as operation_queries
from seatwright.orders import intents
from seatwright.orders import queries as orders
from seatwright.rules import business_dates, renewals
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import carry_wishes, connections, pricing, status_operation
from seatwright.workflows import wishes as wishing


class Action(enum.StrEnum):
    """What is done to the subscription; the values are the vendor's states that it leads to."""

    SUSPEND = "suspended"
    RESUME = "active"
    END = "deleted"


class Effect(enum.StrEnum):
    """What the action brings with it; the words for people are the pages'."""

    ACCESS_STOPS = "access_stops"
    ACCESS_RETURNS = "access_returns"
    BILLING_GOES_ON = "billing_goes_on"
    BILLING_ENDS = "billing_ends"
    AUTO_RENEW_GOES_OFF = "auto_renew_goes_off"
    SEATS_CANNOT_BE_CHANGED = "seats_cannot_be_changed"
    WISHES_ARE_KEPT = "wishes_are_kept"
    WISHES_ARE_STORED_AGAIN = "wishes_are_stored_again"
    AUTO_RENEW_COMES_BACK = "auto_renew_comes_back"
    ENDING_COMES_BACK = "ending_comes_back"
    ENDS_WITH_THE_TERM = "ends_with_the_term"
    CANNOT_BE_UNDONE = "cannot_be_undone"


class NotPossible(Exception):
    """The action does not follow from the present state, or the window for it is closed; `why` is a short key."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ReasonMissing(Exception):
    """Staff who act for a customer say on whose word they do so (R077)."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the action means now; `refund_minor` is net and not negative, `until` the last safe moment for ending."""

    subscription_id: uuid.UUID
    name: str
    action: Action
    effects: tuple[Effect, ...]
    refund_minor: int
    currency: str
    until: dt.datetime | None
    fingerprint: str


_FROM = {
    Action.SUSPEND: frozenset({"active"}),
    Action.RESUME: frozenset({"suspended"}),
    Action.END: frozenset({"active"}),
}


def preview(*, by: Actor, subscription_id: uuid.UUID, action: Action, at: dt.datetime) -> Preview:
    """What the action would mean as of `at`; raises NotPossible, access.permissions.Unknown or NotAllowed."""
    row = holdings.holding(seen_by=by, subscription_id=subscription_id, action="seats.book")
    customer = customers.customer(seen_by=by, customer_id=row.customer_id)
    if row.status not in _FROM[action]:
        raise NotPossible("wrong_state")
    if at >= renewals.term_ends_at(renews_on=row.commitment_end_on):
        raise NotPossible("term_over")
    if _is_changing(row):
        raise NotPossible("change_under_way")
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    charges: list[dict[str, Any]] = []
    until = None
    if action is Action.END:
        until = ends_until(row=row, on=on, at=at)
        if until is None:
            raise NotPossible("window_closed")
        charges = status_operation.refund(row, at=at, zone=customer.reseller_time_zone)
    return Preview(
        subscription_id=subscription_id,
        name=row.name,
        action=action,
        effects=_effects(row, action),
        refund_minor=-sum(charge["amount_minor"] for charge in charges),
        currency=row.currency,
        until=until,
        fingerprint=f"{action}:{row.seats}:{on.isoformat()}:{sum(charge['amount_minor'] for charge in charges)}",
    )


def ends_until(*, row: holdings.HoldingRow, on: dt.date, at: dt.datetime) -> dt.datetime | None:
    """The last safe moment for ending at once by the rules of the day `on`; None when it cannot be ended.

    All seats must be returnable, unless the vendor lets the whole term be cancelled up to its end, as it does in
    extended service (reference 5.2, 6.8).
    """
    policy = pricing.window_policy(vendor_key=row.vendor_key, on=on)
    ends_at = renewals.term_ends_at(renews_on=row.commitment_end_on)
    if not row.seats or row.status != "active" or at >= ends_at:
        return None
    last_safe_at = ends_at - policy.safety_margin
    if row.cancellable_until is not None and row.cancellable_until >= ends_at and at < last_safe_at:
        return last_safe_at
    open_now = pricing.returnable_of(row, at=at, policy=policy)
    if open_now.total < row.seats:
        return None
    return min(batch.last_safe_at for batch in open_now.batches)


def _effects(row: holdings.HoldingRow, action: Action) -> tuple[Effect, ...]:
    has_wishes = bool(intents.open_intents(subscription_ids=[row.subscription_id]))
    if action is Action.SUSPEND:
        kept = (Effect.WISHES_ARE_KEPT,) if has_wishes else ()
        return (
            Effect.ACCESS_STOPS,
            Effect.BILLING_GOES_ON,
            Effect.AUTO_RENEW_GOES_OFF,
            Effect.SEATS_CANNOT_BE_CHANGED,
            *kept,
            Effect.ENDS_WITH_THE_TERM,
        )
    if action is Action.RESUME:
        if has_wishes:
            return (Effect.ACCESS_RETURNS, Effect.WISHES_ARE_STORED_AGAIN)
        before = status_operation.stored_before(row)
        if before is None:
            return (Effect.ACCESS_RETURNS,)
        is_renewed = before["ending"] == renewals.Ending.RENEW
        return (Effect.ACCESS_RETURNS, Effect.AUTO_RENEW_COMES_BACK if is_renewed else Effect.ENDING_COMES_BACK)
    return (Effect.ACCESS_STOPS, Effect.BILLING_ENDS, Effect.CANNOT_BE_UNDONE)


def place(*, by: Actor, shown: Preview, reason: str, at: dt.datetime) -> uuid.UUID:
    """Carry out what was previewed; returns the operation's id.

    The caller has asked for fresh proof of identity. Judged once more: raises NotPossible("changed") when anything
    shown is no longer so, ReasonMissing for staff who do not say on whose word they act, and what `preview` raises.
    """
    if by.is_staff and not reason.strip():
        raise ReasonMissing
    fresh = preview(by=by, subscription_id=shown.subscription_id, action=shown.action, at=at)
    if fresh.fingerprint != shown.fingerprint:
        raise NotPossible("changed")
    row = holdings.holding(seen_by=by, subscription_id=shown.subscription_id, action="seats.book")
    customer = customers.customer(seen_by=by, customer_id=row.customer_id)
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    operation_id = identifiers.new_id()
    with transaction.atomic(durable=True):
        status_operation.hold(row)
        if _is_changing(row):
            raise NotPossible("change_under_way")
        operations.open_operation(
            operation_id=operation_id,
            kind=status_operation.KIND,
            lease_key=_lease(row),
            intent={
                "subscription_id": str(row.subscription_id),
                "status": shown.action.value,
                "status_before": row.status,
                "seats": row.seats,
                "commitment_end_on": row.commitment_end_on.isoformat(),
                "stored_before": carry_wishes.stored(row)
                or {"ending": str(wishing.ending_shown(row)), "next_term": None},
                "charges": status_operation.refund(row, at=at, zone=customer.reseller_time_zone)
                if shown.action is Action.END
                else [],
            },
            policy_version=pricing.window_policy(vendor_key=row.vendor_key, on=on).version,
            request_id=identifiers.new_id(),
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            by=by,
            due_at=at,
            deadline_at=at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
            at=at,
        )
        audit.record(
            by=by,
            action=f"status.{shown.action.name.lower()}",
            subject_kind="subscription",
            subject_id=row.subscription_id,
            before={"status": row.status},
            after={"wanted": shown.action.value, "refund_minor": shown.refund_minor},
            at=at,
            reason=reason.strip(),
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            operation_id=operation_id,
        )
    return operation_id


def _is_changing(row: holdings.HoldingRow) -> bool:
    """Whether something is under way at the vendor, or an order such as a swap has yet to reach this subscription."""
    lines = orders.open_lines(subscription_ids=[row.subscription_id])
    return bool(lines) or operation_queries.is_open(lease_key=_lease(row))


def _lease(row: holdings.HoldingRow) -> str:
    return connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
