"""Every question about what is owed."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.billing.models import Charge


@dataclass(frozen=True, kw_only=True)
class ChargeRow:
    """A posted charge; `amount_minor` is net, in minor units of `currency`."""

    charge_id: int
    subscription_id: uuid.UUID
    operation_id: uuid.UUID
    order_line_id: uuid.UUID | None
    kind: str
    name: str
    seats: int
    days: int
    cycle_days: int
    period_start_on: dt.date
    period_end_on: dt.date
    unit_rate: str
    amount_minor: int
    rounding_minor: int
    currency: str
    booked_at: dt.datetime


def posted(*, operation_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the operations under which something has been posted; for the product's own scheduled work."""
    return set(Charge.objects.filter(operation_id__in=operation_ids).values_list("operation_id", flat=True))


def posted_from(*, subscription_ids: Sequence[uuid.UUID], on: dt.date) -> set[uuid.UUID]:
    """The operations under which something has been posted on these subscriptions for periods from the day `on` on."""
    rows = Charge.objects.filter(subscription_id__in=subscription_ids, period_start_on__gte=on)
    return set(rows.values_list("operation_id", flat=True))


def charged_from(*, operation_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dt.date]:
    """The first day that each of these operations was charged or credited for; those without a charge are left out."""
    rows = Charge.objects.filter(operation_id__in=operation_ids).values("operation_id")
    return {row["operation_id"]: row["start_on"] for row in rows.annotate(start_on=Min("period_start_on"))}


def charges(
    *,
    seen_by: Actor,
    customer_id: uuid.UUID,
    subscription_id: uuid.UUID | None = None,
    operation_ids: tuple[uuid.UUID, ...] | None = None,
) -> list[ChargeRow]:
    """The customer's charges that the actor may see, oldest first, of one subscription or some operations if named."""
    rows = Charge.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="orders.view"), customer_id=customer_id
    )
    if subscription_id is not None:
        rows = rows.filter(subscription_id=subscription_id)
    if operation_ids is not None:
        rows = rows.filter(operation_id__in=operation_ids)
    return [
        ChargeRow(
            charge_id=row.pk,
            subscription_id=row.subscription_id,
            operation_id=row.operation_id,
            order_line_id=row.order_line_id,
            kind=row.kind,
            name=row.name,
            seats=row.seats,
            days=row.days,
            cycle_days=row.cycle_days,
            period_start_on=row.period_start_on,
            period_end_on=row.period_end_on,
            unit_rate=row.unit_rate,
            amount_minor=row.amount_minor,
            rounding_minor=row.rounding_minor,
            currency=row.currency,
            booked_at=row.booked_at,
        )
        for row in rows.order_by("id")
    ]
