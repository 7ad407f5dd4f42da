"""The demo's renewal sheet: one customer has been asked what becomes of its licences, and the answer is awaited."""

import datetime as dt

from seatwright.access.actors import Role
from seatwright.customers import queries as customers
from seatwright.workflows import renewal_sheets


def ask(*, customer_name: str, at: dt.datetime) -> None:
    """Send a sheet about everything that the customer can decide on, by the reseller's administrator.

    Silence means that only seats in use are renewed. Nothing happens when nothing can be asked.
    """
    ((reseller_id, _name),) = customers.resellers()
    (admin,) = customers.members(roles={Role.RESELLER_ADMIN}, reseller_id=reseller_id)
    by = customers.actor(user_id=admin.user_id, channel="cli", request_ref="")
    assert by is not None
    found = [row for row in customers.customers(seen_by=by, limit=1000) if row.name == customer_name]
    for customer in found:
        making = renewal_sheets.candidates(by=by, customer_id=customer.customer_id, at=at)
        if making.deadline_at is None:
            continue
        sheet_id = renewal_sheets.make(
            by=by,
            customer_id=customer.customer_id,
            subscription_ids=[each.subscription_id for each in making.candidates],
            default="reduce",
            deadline_at=making.deadline_at,
            at=at,
        )
        renewal_sheets.send(by=by, sheet_id=sheet_id, at=at)
