"""The intent ledger: wishes for renewals as rows, and their one form as JSON.

Rows are written by `put` and closed by `close`; wishes are `rules.timeline` values on the way in and out.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.orders.models import ChangeIntent
from seatwright.rules import renewals, terms, timeline


@dataclass(frozen=True, kw_only=True)
class IntentRow:
    """The open wishes of a subscription for one date, with who made them."""

    intent_id: uuid.UUID
    subscription_id: uuid.UUID
    pending: timeline.Pending
    wished_by: str
    created_at: dt.datetime
    changed_at: dt.datetime


def open_intents(*, subscription_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[IntentRow, ...]]:
    """The open wishes of these subscriptions, by date."""
    found: dict[uuid.UUID, list[IntentRow]] = {}
    rows = ChangeIntent.objects.filter(subscription_id__in=subscription_ids, state="open").order_by("effective_on")
    for row in rows:
        found.setdefault(row.subscription_id, []).append(
            IntentRow(
                intent_id=row.pk,
                subscription_id=row.subscription_id,
                pending=timeline.Pending(effective_on=row.effective_on, changes=from_json(row.changes)),
                wished_by=row.wished_by,
                created_at=row.created_at,
                changed_at=row.changed_at,
            )
        )
    return {key: tuple(value) for key, value in found.items()}


def wished_for(
    *, from_on: dt.date, until_on: dt.date, after: uuid.UUID | None = None, limit: int = 500
) -> list[uuid.UUID]:
    """A page of the subscriptions with open wishes for a day from `from_on` until before `until_on`, by id."""
    rows = ChangeIntent.objects.filter(state="open", effective_on__gte=from_on, effective_on__lt=until_on)
    if after is not None:
        rows = rows.filter(subscription_id__gt=after)
    return list(rows.order_by("subscription_id").values_list("subscription_id", flat=True).distinct()[:limit])


def wished_ids(*, seen_by: Actor, customer_ids: Sequence[uuid.UUID] | None = None) -> list[uuid.UUID]:
    """The subscriptions with open wishes that the actor may see, of all visible customers when none are named."""
    rows = ChangeIntent.objects.filter(permissions.visible_rows(seen_by=seen_by, action="licences.view"), state="open")
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    return list(rows.order_by("subscription_id").values_list("subscription_id", flat=True).distinct())


def put(
    *,
    by: Actor,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    subscription_id: uuid.UUID,
    pending: Sequence[timeline.Pending],
    at: dt.datetime,
) -> None:
    """Make the open wishes of a subscription equal to `pending`, in the caller's transaction; others are closed."""
    wanted = {entry.effective_on: entry for entry in pending}
    rows = ChangeIntent.objects.select_for_update().filter(subscription_id=subscription_id, state="open")
    for row in rows:
        entry = wanted.pop(row.effective_on, None)
        if entry is None:
            row.state, row.closed_at = "revoked", at
            row.save(update_fields=["state", "closed_at"])
        elif to_json(entry.changes) != row.changes:
            row.changes, row.changed_at, row.wished_by, row.wished_by_user_id = (
                to_json(entry.changes),
                at,
                by.label[:200],
                by.user_id,
            )
            row.save(update_fields=["changes", "changed_at", "wished_by", "wished_by_user_id"])
    for entry in wanted.values():
        ChangeIntent(
            reseller_id=reseller_id,
            customer_id=customer_id,
            subscription_id=subscription_id,
            effective_on=entry.effective_on,
            changes=to_json(entry.changes),
            state="open",
            wished_by_user_id=by.user_id,
            wished_by=by.label[:200],
            created_at=at,
            changed_at=at,
        ).save(force_insert=True)


def close_all(*, subscription_id: uuid.UUID, state: str, at: dt.datetime) -> bool:
    """Close every open wish of the subscription as `carried_out` or `lapsed`; False when there were none."""
    rows = ChangeIntent.objects.filter(subscription_id=subscription_id, state="open")
    return bool(rows.update(state=state, closed_at=at))


def close(*, subscription_id: uuid.UUID, effective_on: dt.date, state: str, at: dt.datetime) -> bool:
    """Close the open wishes for that date as `carried_out` or `lapsed`; False when there were none."""
    rows = ChangeIntent.objects.filter(subscription_id=subscription_id, effective_on=effective_on, state="open")
    return bool(rows.update(state=state, closed_at=at))


def open_as_json(*, subscription_id: uuid.UUID) -> dict[str, Any]:
    """The open wishes of a subscription by date, as JSON, to be compared with those of another moment."""
    rows = open_intents(subscription_ids=[subscription_id]).get(subscription_id, ())
    return {each.pending.effective_on.isoformat(): to_json(each.pending.changes) for each in rows}


def to_json(changes: Mapping[timeline.Dimension, timeline.Value]) -> dict[str, Any]:
    """The wishes as JSON; `from_json` gives equal ones back."""
    plain: dict[str, Any] = {}
    for dimension, value in changes.items():
        if isinstance(value, timeline.SeatsTotal):
            plain[dimension.value] = {"total": value.total, "is_settled": value.is_settled}
        elif isinstance(value, timeline.SeatsBy):
            plain[dimension.value] = {"difference": value.difference}
        elif isinstance(value, dt.date):
            plain[dimension.value] = value.isoformat()
        else:
            plain[dimension.value] = str(value)
    return plain


def from_json(plain: Mapping[str, Any]) -> dict[timeline.Dimension, timeline.Value]:
    """The wishes that were stored; raises ValueError when the JSON is not one of them."""
    return {timeline.Dimension(name): _value(timeline.Dimension(name), value) for name, value in plain.items()}


def _value(dimension: timeline.Dimension, value: Any) -> timeline.Value:
    match dimension:
        case timeline.Dimension.QUANTITY if "difference" in value:
            return timeline.SeatsBy(int(value["difference"]))
        case timeline.Dimension.QUANTITY:
            return timeline.SeatsTotal(int(value["total"]), is_settled=bool(value["is_settled"]))
        case timeline.Dimension.TERM:
            return terms.Term(value)
        case timeline.Dimension.BILLING_PLAN:
            return terms.BillingPlan(value)
        case timeline.Dimension.ENDING:
            return renewals.Ending(value)
        case timeline.Dimension.END_DATE:
            return dt.date.fromisoformat(value)
        case _:
            return str(value)
