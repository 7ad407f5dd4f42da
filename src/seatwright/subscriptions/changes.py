"""Every way rows of the subscriptions room change. The ledger is added to, never edited."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from seatwright.access import identifiers
from seatwright.subscriptions.models import ACTIVE_STATES, Drift, HeldTerm, SeatEntry, Subscription
from seatwright.subscriptions.values import Compared, NewSubscription, NextTerm, Offer, Reading, Recorded, Take

__all__ = ["Compared", "NewSubscription", "NextTerm", "NotInBooks", "Offer", "Reading", "Recorded", "Take"]

TERM_FIELDS = (
    "anchor_on",
    "term_start_on",
    "commitment_end_on",
    "term",
    "billing_plan",
    "offer_key",
    "sku_id",
    "name",
    "unit_rate",
    "currency",
    "price_list_version",
    "is_trial",
)
RENEWED_FIELDS = (*TERM_FIELDS, "renewed_at", "reopened_until")
CONVERTED_FIELDS = ("offer_key", "sku_id", "name", "unit_rate", "currency", "price_list_version")


class NotInBooks(Exception):
    """The subscription is not in the books."""


def adopt(
    *,
    new: NewSubscription,
    reading: Reading,
    policy_version: str,
    at: dt.datetime,
    lots: Sequence[tuple[int, dt.datetime | None]] | None = None,
    kind: str = "adopted",
    operation_id: uuid.UUID | None = None,
    first_part: int = 0,
    subscription_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Enter a subscription into the books as the vendor shows it now, one lot for each open window, or with `lots`.

    `subscription_id` is the id by which an order has named it already. Runs in the caller's transaction. The database
    refuses a second row for the same vendor subscription. The lots add up to the seats even where the vendor says that
    more can be returned than are held.
    """
    row = Subscription(
        id=subscription_id or identifiers.new_id(),
        reseller_id=new.reseller_id,
        customer_id=new.customer_id,
        tenant_id=new.tenant_id,
        vendor_key=new.vendor_key,
        vendor_subscription_id=new.vendor_subscription_id.lower(),
        offer_key=new.offer_key,
        sku_id=new.sku_id.lower(),
        name=new.name,
        term=new.term,
        billing_plan=new.billing_plan,
        status=reading.status,
        seats=reading.seats,
        anchor_on=new.anchor_on,
        term_start_on=new.term_start_on,
        commitment_end_on=reading.commitment_end_on,
        unit_rate=new.unit_rate,
        currency=new.currency,
        price_list_version=new.price_list_version,
        auto_renew=reading.auto_renew,
        is_trial=new.is_trial,
        vendor_seats=reading.seats,
        vendor_returnable=_batches(reading.returnable),
        vendor_scheduled=reading.scheduled,
        cancellable_until=reading.cancellable_until,
        vendor_end_of_term=reading.end_of_term,
        vendor_next_term=reading.next_term,
        read_at=at,
        created_at=at,
    )
    row.save(force_insert=True)
    charged_from_on = new.charged_from_on or at.astimezone(dt.UTC).date()
    _term(row, of=new, charged_from_on=charged_from_on, at=at).save(force_insert=True)
    for part, (seats, until) in enumerate(_first_lots(reading) if lots is None else lots, start=first_part):
        entry = _entry(
            row, kind=kind, seats=seats, effective_at=at, returnable_until=until, policy_version=policy_version
        )
        entry.operation_id, entry.part = operation_id, part if operation_id else 0
        entry.save(force_insert=True)
    return row.pk


def _first_lots(reading: Reading) -> list[tuple[int, dt.datetime | None]]:
    """The seats with the ends of their windows: first those that are bound, then those that the vendor takes back."""
    left, found = reading.seats, []
    for quantity, until in reading.returnable or ():
        if min(quantity, left) > 0:
            found.append((min(quantity, left), until))
            left -= min(quantity, left)
    return [(left, None), *found] if left > 0 else [*found]


def hold_still(*, subscription_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The seats of these subscriptions, locked in a fixed order until the caller's transaction ends."""
    rows = Subscription.objects.select_for_update().filter(pk__in=subscription_ids).order_by("pk")
    return {row.pk: row.seats for row in rows}


def hold_customer_still(*, customer_id: uuid.UUID) -> None:
    """Lock every subscription of the customer, in a fixed order, until the caller's transaction ends."""
    rows = Subscription.objects.select_for_update().filter(customer_id=customer_id).order_by("pk")
    list(rows.values_list("pk", flat=True))


def record_reading(*, subscription_id: uuid.UUID, reading: Reading, at: dt.datetime) -> Recorded:
    """Store what the vendor said at `at`, and return whether that was new.

    An older reading than the stored one is dropped. The ledger is not touched: a different number of seats is drift.
    Nor is the term: only `renew` moves its end, since a term that ends elsewhere without being entered is not charged.
    """
    with transaction.atomic():
        row = _locked(subscription_id)
        if row.read_at > at:
            return Recorded(is_new=False, status_before=row.status)
        fresh: dict[str, Any] = {
            "status": reading.status,
            # A deleted subscription gives nobody a seat, whatever number the vendor goes on to show for it.
            "vendor_seats": 0 if reading.status == "deleted" else reading.seats,
            "auto_renew": reading.auto_renew,
            "vendor_returnable": _batches(reading.returnable),
            "vendor_scheduled": reading.scheduled,
            "cancellable_until": reading.cancellable_until,
            "vendor_end_of_term": reading.end_of_term,
            "vendor_next_term": reading.next_term,
        }
        if row.seats < 1 and reading.status in ACTIVE_STATES:
            # What was ended in our books and runs again is a drift for a person, before it can be called active.
            fresh["status"] = row.status
        changed = any(getattr(row, name) != value for name, value in fresh.items())
        Subscription.objects.filter(pk=row.pk).update(read_at=at, **(fresh if changed else {}))
        return Recorded(is_new=changed, status_before=row.status)


def mark_ended(*, subscription_id: uuid.UUID) -> None:
    """Call the subscription deleted, whatever the last reading showed; in the transaction that takes its seats."""
    Subscription.objects.filter(pk=_locked(subscription_id).pk).update(status="deleted")


def renew(
    *,
    subscription_id: uuid.UUID,
    following: NextTerm,
    renewed_at: dt.datetime,
    reopened_until: dt.datetime,
    at: dt.datetime,
) -> bool:
    """Enter the next term and its frozen price; runs in the caller's transaction and locks the subscription.

    False, and nothing written, when that term is in the books already. Every seat held now can be returned until
    `reopened_until` (reference 6.3: renewal reopens the window).
    """
    row = _locked(subscription_id)
    if HeldTerm.objects.filter(subscription=row, start_on=following.start_on).exists():
        return False
    _follow(row, following)
    row.renewed_at, row.reopened_until = renewed_at, reopened_until
    row.save(update_fields=RENEWED_FIELDS)
    _term(row, of=following, charged_from_on=following.start_on, at=at).save(force_insert=True)
    return True


def begin_term(*, subscription_id: uuid.UUID, following: NextTerm, charged_from_on: dt.date, at: dt.datetime) -> None:
    """Enter a term that begins inside the running one; runs in the caller's transaction and locks the subscription.

    The windows of the seats stay as they are. Cycles from `charged_from_on` on are charged when they begin, the one
    before by the caller. The database refuses a second term from the same day.
    """
    row = _locked(subscription_id)
    _follow(row, following)
    row.save(update_fields=TERM_FIELDS)
    _term(row, of=following, charged_from_on=charged_from_on, at=at).save(force_insert=True)


def plan_ahead(*, subscription_id: uuid.UUID, following: NextTerm, charged_from_on: dt.date, at: dt.datetime) -> None:
    """Enter another billing plan that begins with a later charge cycle of the term; `follow` makes it the present one.

    A cycle that has begun on or after `charged_from_on` is charged from `following.start_on` on. Runs in the caller's
    transaction and locks the subscription.
    """
    row = _locked(subscription_id)
    ahead = Subscription(pk=row.pk, reseller_id=row.reseller_id, customer_id=row.customer_id)
    _follow(ahead, following)
    _term(ahead, of=following, charged_from_on=charged_from_on, at=at).save(force_insert=True)


def follow(*, subscription_id: uuid.UUID, on: dt.date) -> bool:
    """Make a plan that was entered ahead the present one once it has begun by the day `on`; False without one."""
    row = _locked(subscription_id)
    begun = HeldTerm.objects.filter(subscription=row, start_on__lte=on, start_on__gt=row.term_start_on)
    newest = begun.order_by("-start_on").first()
    if newest is None or newest.billing_plan == row.billing_plan or newest.end_on != row.commitment_end_on:
        return False
    row.billing_plan, row.unit_rate, row.offer_key = newest.billing_plan, newest.unit_rate, newest.offer_key
    row.price_list_version = newest.price_list_version
    row.save(update_fields=["billing_plan", "unit_rate", "offer_key", "price_list_version"])
    return True


def _follow(row: Subscription, following: NextTerm) -> None:
    row.anchor_on, row.term_start_on, row.commitment_end_on = following.anchor_on, following.start_on, following.end_on
    row.term, row.billing_plan = following.term, following.billing_plan
    row.offer_key, row.sku_id, row.name = following.offer_key, following.sku_id, following.name
    row.unit_rate, row.currency = following.unit_rate, following.currency
    row.price_list_version, row.is_trial = following.price_list_version, following.is_trial


def convert(*, subscription_id: uuid.UUID, offer: Offer, on: dt.date, at: dt.datetime) -> None:
    """Make it another offer inside its running term; runs in the caller's transaction and locks the subscription.

    The price holds for the charge cycles that begin after the day `on`; the caller charges the rest of the cycle of
    that day. Term, billing plan, seats and their windows stay. The database refuses a second one on the same day.
    """
    row = _locked(subscription_id)
    row.offer_key, row.sku_id, row.name = offer.offer_key, offer.sku_id.lower(), offer.name
    row.unit_rate, row.currency, row.price_list_version = offer.unit_rate, offer.currency, offer.price_list_version
    row.save(update_fields=CONVERTED_FIELDS)
    start_on = on + dt.timedelta(days=1)
    if start_on < row.commitment_end_on:
        term = _term(row, charged_from_on=start_on, at=at)
        term.start_on = start_on
        term.save(force_insert=True)


def _term(
    row: Subscription, *, of: NewSubscription | NextTerm | None = None, charged_from_on: dt.date, at: dt.datetime
) -> HeldTerm:
    return HeldTerm(
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        subscription=row,
        start_on=row.term_start_on,
        end_on=row.commitment_end_on,
        anchor_on=row.anchor_on,
        term=row.term,
        billing_plan=row.billing_plan,
        offer_key=row.offer_key,
        shown_key=(of.shown_key if of else "") or row.offer_key,
        sku_id=row.sku_id,
        is_extended=of.is_extended if of else False,
        is_trial=row.is_trial,
        unit_rate=row.unit_rate,
        currency=row.currency,
        price_list_version=row.price_list_version,
        charged_from_on=charged_from_on,
        entered_at=at,
    )


def add_lot(
    *,
    subscription_id: uuid.UUID,
    seats: int,
    kind: str,
    effective_at: dt.datetime,
    returnable_until: dt.datetime | None,
    policy_version: str,
    operation_id: uuid.UUID | None,
    part: int = 0,
    note: str = "",
) -> None:
    """Add a lot of `seats` and raise the total; runs in the caller's transaction and locks the subscription."""
    row = _locked(subscription_id)
    entry = _entry(
        row,
        kind=kind,
        seats=seats,
        effective_at=effective_at,
        returnable_until=returnable_until,
        policy_version=policy_version,
    )
    entry.operation_id, entry.part, entry.note = operation_id, part, note
    entry.save(force_insert=True)
    Subscription.objects.filter(pk=row.pk).update(seats=row.seats + seats)


def take_from_lots(
    *,
    subscription_id: uuid.UUID,
    takes: Sequence[Take],
    kind: str,
    effective_at: dt.datetime,
    policy_version: str,
    operation_id: uuid.UUID | None,
    note: str = "",
) -> None:
    """Take seats from the named lots and lower the total; runs in the caller's transaction, locks the subscription."""
    row = _locked(subscription_id)
    for part, take in enumerate(takes):
        entry = _entry(
            row,
            kind=kind,
            seats=-take.seats,
            effective_at=effective_at,
            returnable_until=None,
            policy_version=policy_version,
        )
        entry.lot_id, entry.operation_id, entry.part, entry.note = take.lot_id, operation_id, part, note
        entry.save(force_insert=True)
    taken = sum(take.seats for take in takes)
    Subscription.objects.filter(pk=row.pk).update(seats=row.seats - taken)


def compare_seats(*, subscription_id: uuid.UUID, at: dt.datetime) -> Compared:
    """Open, refresh or close the drift of the number of seats, from the books and the last reading as they stand now.

    Runs in the caller's transaction and locks the subscription.
    """
    row = _locked(subscription_id)
    ours, theirs = row.seats, row.vendor_seats
    if ours == theirs:
        closed = close_drift(subscription_id=subscription_id, kind="quantity", how="agrees_again", at=at)
        return Compared(ours=ours, theirs=theirs, closed=closed)
    opened = note_drift(subscription_id=subscription_id, kind="quantity", ours=str(ours), theirs=str(theirs), at=at)
    return Compared(ours=ours, theirs=theirs, opened=opened)


def note_drift(*, subscription_id: uuid.UUID, kind: str, ours: str, theirs: str, at: dt.datetime) -> bool:
    """Open a drift of this kind, or refresh the open one; True when it is new."""
    with transaction.atomic():
        row = _locked(subscription_id)
        open_one = Drift.objects.filter(subscription=row, kind=kind, closed_at__isnull=True).first()
        if open_one is None:
            Drift(
                reseller_id=row.reseller_id,
                customer_id=row.customer_id,
                subscription=row,
                kind=kind,
                ours=ours,
                theirs=theirs,
                found_at=at,
            ).save(force_insert=True)
            return True
        if (open_one.ours, open_one.theirs) != (ours, theirs):
            Drift.objects.filter(pk=open_one.pk).update(ours=ours, theirs=theirs)
        return False


def close_drift(*, subscription_id: uuid.UUID, kind: str, how: str, at: dt.datetime) -> bool:
    """Close the open drift of this kind, saying how; False when there was none."""
    return bool(
        Drift.objects.filter(subscription_id=subscription_id, kind=kind, closed_at__isnull=True).update(
            closed_at=at, closed_how=how
        )
    )


def _locked(subscription_id: uuid.UUID) -> Subscription:
    row = Subscription.objects.select_for_update().filter(pk=subscription_id).first()
    if row is None:
        raise NotInBooks
    return row


def _entry(
    row: Subscription,
    *,
    kind: str,
    seats: int,
    effective_at: dt.datetime,
    returnable_until: dt.datetime | None,
    policy_version: str,
) -> SeatEntry:
    return SeatEntry(
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        subscription=row,
        kind=kind,
        seats=seats,
        effective_at=effective_at,
        returnable_until=returnable_until,
        policy_version=policy_version,
    )


def _batches(returnable: tuple[tuple[int, dt.datetime], ...] | None) -> list[list[Any]] | None:
    if returnable is None:
        return None
    return [[quantity, until.astimezone(dt.UTC).isoformat()] for quantity, until in returnable]
