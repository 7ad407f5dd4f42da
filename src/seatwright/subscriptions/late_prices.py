"""Terms that were entered without a price, and the price frozen for them once one is known.

A term is append-only like every ledger, so that its late price is a row of its own: entered once, never changed, and
valid from the term's first day on.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.subscriptions.models import HeldTerm, LatePrice, Subscription
from seatwright.subscriptions.values import Offer

DELETED = "deleted"
SHOWN_MOST = 200


@dataclass(frozen=True, kw_only=True)
class UnpricedTerm:
    """A term that nobody is charged for; its price is that of `shown_key` on the day `priced_on`.

    `is_extended` is a month of extended service, whose price lies on that of the licence with this `sku_id`; `has_left`
    says that the subscription was ended and deleted.
    """

    subscription_id: uuid.UUID
    customer_id: uuid.UUID
    name: str
    shown_key: str
    sku_id: str
    term: str
    billing_plan: str
    start_on: dt.date
    end_on: dt.date
    priced_on: dt.date
    is_extended: bool
    has_left: bool


def unpriced(*, seen_by: Actor) -> list[UnpricedTerm]:
    """The terms without a price that the actor may see, the oldest first."""
    visible = permissions.visible_rows(seen_by=seen_by, action="licences.view")
    return _rows(_without_price().filter(visible)[:SHOWN_MOST])


def unpriced_of(*, subscription_ids: Sequence[uuid.UUID]) -> list[UnpricedTerm]:
    """The terms without a price of these subscriptions, the oldest first."""
    return _rows(_without_price().filter(subscription_id__in=subscription_ids))


def frozen_for(terms: Sequence[HeldTerm]) -> dict[tuple[uuid.UUID, dt.date], LatePrice]:
    """The late prices of these terms, by subscription and first day; no query where there are none."""
    if not terms:
        return {}
    rows = LatePrice.objects.filter(subscription_id__in={term.subscription_id for term in terms})
    return {(row.subscription_id, row.start_on): row for row in rows}


def freeze(*, subscription_id: uuid.UUID, start_on: dt.date, offer: Offer, at: dt.datetime) -> bool:
    """Give the term that begins on that day its price; False where it has one.

    Runs in the caller's transaction and locks the subscription, which takes price and offer over where the term is its
    newest one.
    """
    row = Subscription.objects.select_for_update().get(pk=subscription_id)
    term = _without_price().filter(subscription=row, start_on=start_on).first()
    if term is None:
        return False
    LatePrice(
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        subscription=row,
        start_on=start_on,
        offer_key=offer.offer_key,
        unit_rate=offer.unit_rate,
        currency=offer.currency,
        price_list_version=offer.price_list_version,
        entered_at=at,
    ).save(force_insert=True)
    if not HeldTerm.objects.filter(subscription=row, start_on__gt=start_on).exists():
        Subscription.objects.filter(pk=row.pk).update(
            offer_key=offer.offer_key,
            sku_id=offer.sku_id.lower(),
            name=offer.name,
            unit_rate=offer.unit_rate,
            currency=offer.currency,
            price_list_version=offer.price_list_version,
        )
    return True


def _without_price() -> QuerySet[HeldTerm]:
    """The terms that may owe something, the oldest first; what was deleted elsewhere waits until a person decides."""
    late = LatePrice.objects.filter(subscription_id=OuterRef("subscription_id"), start_on=OuterRef("start_on"))
    is_there = ~Q(subscription__status=DELETED) | Q(subscription__seats=0)
    return (
        HeldTerm.objects.filter(~Exists(late), is_there, unit_rate="")
        .filter(is_trial=False, subscription__is_trial=False, charged_from_on__lt=F("end_on"))
        .select_related("subscription")
        .order_by("start_on", "id")
    )


def _rows(rows: QuerySet[HeldTerm]) -> list[UnpricedTerm]:
    return [
        UnpricedTerm(
            subscription_id=row.subscription_id,
            customer_id=row.customer_id,
            name=row.subscription.name,
            shown_key=row.shown_key or row.offer_key,
            sku_id=row.sku_id,
            term=row.term,
            billing_plan=row.billing_plan,
            start_on=row.start_on,
            end_on=row.end_on,
            priced_on=max(row.start_on, row.charged_from_on),
            is_extended=row.is_extended,
            has_left=row.subscription.status == DELETED,
        )
        for row in rows
    ]
