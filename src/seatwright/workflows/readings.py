"""What the vendor shows, put into the form of the books, and compared with them."""

import datetime as dt

from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import wishes


def reading(seen: port.VendorSubscription) -> subscriptions.Reading:
    """The vendor's view of a subscription as the books keep it; the caller has checked that it has an end date."""
    assert seen.commitment_end_on is not None
    return subscriptions.Reading(
        status=seen.status[:16],
        seats=seen.quantity,
        auto_renew=seen.auto_renew,
        commitment_end_on=seen.commitment_end_on,
        returnable=None
        if seen.returnable is None
        else tuple((batch.quantity, batch.until) for batch in seen.returnable),
        scheduled=seen.scheduled,
        cancellable_until=seen.cancellable_until,
        end_of_term="" if seen.end_of_term is None else str(seen.end_of_term),
        next_term=None if seen.next_term is None else wishes.next_term_json(seen.next_term),
    )


def settle_drift(*, row: holdings.HoldingRow, theirs: int, at: dt.datetime) -> bool:
    """Open, refresh or close the drift of the number of seats; True when a new one was opened."""
    if row.seats == theirs:
        subscriptions.close_drift(subscription_id=row.subscription_id, kind="quantity", how="agrees_again", at=at)
        return False
    return subscriptions.note_drift(
        subscription_id=row.subscription_id, kind="quantity", ours=str(row.seats), theirs=str(theirs), at=at
    )
