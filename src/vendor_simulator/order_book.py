"""Orders as rows: every purchase, seat change, upgrade, renewal and charge at the vendor writes one."""

import datetime as dt
import json
import secrets
import sqlite3
from collections.abc import Sequence

from vendor_simulator import books, catalogue, holdings

Document = dict[str, object]


def new_id() -> str:
    return secrets.token_hex(6)


def line(subscription: holdings.Subscription, *, quantity: int, transaction_type: str) -> Document:
    """One line of an order for seats of the subscription as it now is."""
    values: Document = {
        "offerId": subscription.item,
        "subscriptionId": subscription.subscription_id,
        "termDuration": subscription.term,
        "transactionType": transaction_type,
        "friendlyName": subscription.friendly_name,
        "quantity": quantity,
    }
    if subscription.coterm_on is not None:
        values["customTermEndDate"] = f"{subscription.coterm_on.isoformat()}T00:00:00Z"
    if subscription.promotion_id:
        values["promotionId"] = subscription.promotion_id
    return values


def write(
    connection: sqlite3.Connection,
    *,
    tenant_id: str,
    billing_cycle: str,
    lines: Sequence[Document],
    at: dt.datetime,
    settings: books.Settings,
    order_id: str = "",
    transaction_type: str = "UserPurchase",
    listed_at: dt.datetime | None = None,
    provisioned_at: dt.datetime | None = None,
) -> str:
    """Writes an order of the tenant's customer and tells its id; without `listed_at` the usual lag applies."""
    order_id = order_id or new_id()
    if listed_at is None:
        listed_at = at + dt.timedelta(seconds=settings.order_lag_s)
    connection.execute(
        "INSERT INTO orders (order_id, customer_id, billing_cycle, currency, transaction_type, lines, created_at,"
        " listed_at, provisioned_at) SELECT ?, customer_id, ?, ?, ?, ?, ?, ?, ? FROM customers WHERE tenant_id = ?",
        (
            order_id,
            billing_cycle,
            catalogue.currency(connection, str(lines[0]["offerId"])),
            transaction_type,
            json.dumps(list(lines)),
            books.stamp(at),
            books.stamp(listed_at),
            books.stamp(provisioned_at or at),
            tenant_id,
        ),
    )
    return order_id
