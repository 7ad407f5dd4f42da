"""Which of a customer's orders at the vendor a purchase of ours made, where the vendor does not say so itself."""

import datetime as dt

from seatwright.operations import queries as operation_queries
from seatwright.operations.queries import OperationView
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import buy_booking, buy_limits

# The vendor's clock may be behind ours by so much.
CLOCKS_APART = dt.timedelta(minutes=5)
NEW = ("new", "")


def made_by(view: OperationView, job: buy_booking.Job, *, at: dt.datetime) -> str:
    """The id of the one order that can be this purchase's; empty while there is none, or more than one.

    It was made no earlier than the purchase was ordered, is for the very product, seats, term and billing plan, and is
    no other purchase's: neither one under way nor one whose subscription the books hold already.
    """
    taken = holdings.holdings_of_tenant(tenant_id=job.tenant.tenant_id)
    under_way = {
        each.progress.get("order_id", "")
        for each in operation_queries.open_views(kind=buy_limits.KIND, customer_id=job.customer.customer_id)
        if each.id != view.id
    }
    found = [
        order.order_id
        for order in job.vendor.list_orders(tenant=job.ref, at=at)
        if order.order_id not in under_way
        and order.created_at is not None
        and order.created_at >= view.created_at - CLOCKS_APART
        and any(_is_ours(line, order, job) and line.subscription_id not in taken for line in order.lines)
    ]
    return found[0] if len(found) == 1 else ""


def _is_ours(line: port.OrderLine, order: port.VendorOrder, job: buy_booking.Job) -> bool:
    return (
        line.transaction in NEW
        and (line.product_id.upper(), line.vendor_sku_id.upper())
        == (job.offer.product_id.upper(), job.offer.vendor_sku_id.upper())
        and line.quantity == job.line.seats_after
        and line.term == job.offer.term
        and order.billing_cycle == job.offer.billing_plan
    )
