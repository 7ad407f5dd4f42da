"""What the vendor shows, put into the form of the books, and compared with them."""

import datetime as dt
import uuid

from django.db import transaction

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.assignments import changes as assignments
from seatwright.orders import queries as orders
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import wishes


def reading(seen: port.VendorSubscription, *, ends_on: dt.date | None = None) -> subscriptions.Reading:
    """The vendor's view of a subscription as the books keep it; it ends on `ends_on` where the vendor does not say."""
    commitment_end_on = seen.commitment_end_on or ends_on
    assert commitment_end_on is not None
    return subscriptions.Reading(
        status=seen.status[:16],
        seats=seen.quantity,
        auto_renew=seen.auto_renew,
        commitment_end_on=commitment_end_on,
        returnable=None
        if seen.returnable is None
        else tuple((batch.quantity, batch.until) for batch in seen.returnable),
        scheduled=seen.scheduled,
        cancellable_until=seen.cancellable_until,
        end_of_term="" if seen.end_of_term is None else str(seen.end_of_term),
        next_term=None if seen.next_term is None else wishes.next_term_json(seen.next_term),
    )


def settle_drift(*, subscription_id: uuid.UUID, at: dt.datetime) -> bool:
    """Open, refresh or close the drift of the number of seats as last read; True when a new one was opened.

    While a change of our own is under way nothing is compared: its operation does so when it ends.
    """
    with transaction.atomic():
        subscriptions.hold_still(subscription_ids=[subscription_id])
        if orders.open_lines(subscription_ids=[subscription_id]):
            return False
        compared = subscriptions.compare_seats(subscription_id=subscription_id, at=at)
        if compared.opened or compared.closed:
            row = holdings.by_ids(subscription_ids=[subscription_id])[0]
            audit.record(
                by=SYSTEM,
                action="drift.opened" if compared.opened else "drift.closed",
                subject_kind="subscription",
                subject_id=subscription_id,
                before={},
                after={"ours": compared.ours, "theirs": compared.theirs},
                at=at,
                reseller_id=row.reseller_id,
                customer_id=row.customer_id,
            )
        return compared.opened


def take_in(*, row: holdings.HoldingRow, seen: subscriptions.Reading, at: dt.datetime) -> bool:
    """Store a reading, with an audit event when the vendor's state of the subscription is another; True if new."""
    with transaction.atomic():
        recorded = subscriptions.record_reading(subscription_id=row.subscription_id, reading=seen, at=at)
        if recorded.is_new and seen.status != recorded.status_before:
            audit.record(
                by=SYSTEM,
                action="subscription.status_seen",
                subject_kind="subscription",
                subject_id=row.subscription_id,
                before={"status": recorded.status_before},
                after={"status": seen.status},
                at=at,
                reseller_id=row.reseller_id,
                customer_id=row.customer_id,
            )
    return recorded.is_new


def person(seen: port.VendorPerson) -> assignments.FoundPerson:
    """The vendor's view of a person as the books keep it, each licence once by origin."""
    held: dict[tuple[str, str], assignments.Held] = {}
    for licence in seen.licences:
        held[(licence.sku_id.lower(), licence.group_id)] = assignments.Held(
            sku_id=licence.sku_id.lower(), group_id=licence.group_id, state=licence.state[:20], error=licence.error[:64]
        )
    return assignments.FoundPerson(
        vendor_person_id=seen.person_id,
        user_principal_name=seen.user_principal_name[:320],
        display_name=seen.display_name[:256] or seen.user_principal_name[:256],
        mail=seen.mail[:320],
        department=seen.department[:64],
        usage_location=seen.usage_location[:8],
        is_enabled=seen.is_enabled,
        is_guest=seen.is_guest,
        held=tuple(held.values()),
    )
