"""Every way rows of the billing room change: charges are posted once and never edited."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from seatwright.billing.models import Charge


@dataclass(frozen=True, kw_only=True)
class NewCharge:
    """A charge as its quote computed it; `period_end_on` is the first day after, `amount_minor` net."""

    kind: str
    name: str
    seats: int
    days: int
    cycle_days: int
    period_start_on: dt.date
    period_end_on: dt.date
    unit_rate: str
    price_list_version: str
    amount_minor: int
    rounding_minor: int
    currency: str
    tax_basis_points: int
    tax_treatment: str


def post(
    *,
    operation_id: uuid.UUID,
    order_line_id: uuid.UUID | None,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    subscription_id: uuid.UUID,
    charges: Sequence[NewCharge],
    at: dt.datetime,
    first_position: int = 0,
) -> None:
    """Post an operation's charges; runs in the caller's transaction. The database refuses the same charge twice.

    An operation that charges several subscriptions posts them one after the other, each from the next free position.
    """
    Charge.objects.bulk_create(
        Charge(
            reseller_id=reseller_id,
            customer_id=customer_id,
            subscription_id=subscription_id,
            operation_id=operation_id,
            order_line_id=order_line_id,
            position=position,
            kind=charge.kind,
            name=charge.name,
            seats=charge.seats,
            days=charge.days,
            cycle_days=charge.cycle_days,
            period_start_on=charge.period_start_on,
            period_end_on=charge.period_end_on,
            unit_rate=charge.unit_rate,
            price_list_version=charge.price_list_version,
            amount_minor=charge.amount_minor,
            rounding_minor=charge.rounding_minor,
            currency=charge.currency,
            tax_basis_points=charge.tax_basis_points,
            tax_treatment=charge.tax_treatment,
            booked_at=at,
        )
        for position, charge in enumerate(charges, start=first_position)
    )
