"""Partner Center's orders: single-step purchase, list, one, provisioning status, and how a purchase becomes seats."""

import datetime as dt
import json
import secrets
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from vendor_simulator import (
    books,
    exchange,
    holdings,
    partner_catalogue,
    partner_customers,
    partner_wire,
    terms,
)

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing to buy; `catalogue_item` is `product:sku:availability`."""

    catalogue_item: str
    quantity: int
    term: str
    billing_cycle: str
    friendly_name: str = ""
    promotion_id: str = ""


@dataclass(frozen=True, kw_only=True)
class LineTrouble:
    """Why a line cannot be bought: the cart's error code and, for an order, status and code of the refusal."""

    cart_code: int
    status: int
    code: int
    text: str


def read_line(sent: partner_wire.Document) -> Line:
    """A cart's or an order's line item; missing members become values that `trouble` finds fault with."""
    quantity = sent.get("quantity")
    return Line(
        catalogue_item=str(sent.get("catalogItemId") or sent.get("offerId") or ""),
        quantity=quantity if isinstance(quantity, int) and not isinstance(quantity, bool) else 0,
        term=str(sent.get("termDuration") or "").upper(),
        billing_cycle=str(sent.get("billingCycle") or "").lower(),
        friendly_name=str(sent.get("friendlyName") or ""),
        promotion_id=str(sent.get("promotionId") or ""),
    )


def trouble(call: exchange.Call, *, line: Line, tenant_id: str, along: Sequence[Line] = ()) -> LineTrouble | None:
    """What stands against buying the line now, None if nothing does; `along` are lines bought with it."""
    found = partner_catalogue.read_item(call, line.catalogue_item)
    if found is None:
        return LineTrouble(cart_code=10001, status=404, code=400019, text="The catalog item is not valid.")
    sku, _ = found
    if f"{line.term}:{line.billing_cycle}" not in json.loads(sku["plans"]):
        text = "The term and billing cycle are not offered."
        return LineTrouble(cart_code=10013, status=400, code=800121, text=text)
    if not max(1, sku["minimum"]) <= line.quantity <= sku["maximum"]:
        text = f"The quantity must be between {max(1, sku['minimum'])} and {sku['maximum']}."
        cart_code = 10015 if line.quantity > sku["maximum"] else 10010
        return LineTrouble(cart_code=cart_code, status=400, code=900275, text=text)
    needed = json.loads(sku["prerequisites"])
    if needed and not _owns_any(call.connection, tenant_id, needed, along):
        return LineTrouble(cart_code=400041, status=400, code=400041, text="The add-on needs a base product.")
    return None


def _owns_any(connection: sqlite3.Connection, tenant_id: str, needed: Sequence[str], along: Sequence[Line]) -> bool:
    rows = connection.execute(
        "SELECT product_id, sku_id FROM subscriptions WHERE tenant_id = ? AND status = 'active'", (tenant_id,)
    ).fetchall()
    owned = {f"{row['product_id']}:{row['sku_id']}" for row in rows}
    owned |= {line.catalogue_item.upper().rpartition(":")[0] for line in along}
    return not owned.isdisjoint(needed)


def buy(call: exchange.Call, *, customer: sqlite3.Row, lines: Sequence[Line], billing_cycle: str) -> sqlite3.Row:
    """Writes an order and its subscriptions; the lines must be free of trouble. Seats show once provisioned."""
    shown_after_s = call.settings.provisioning_s
    listed_after_s = call.settings.order_lag_s
    if call.fault is not None and call.strikes("late_visibility"):
        shown_after_s = listed_after_s = int(call.fault.visible_after_s)
    shown_from = call.now + dt.timedelta(seconds=shown_after_s)
    order_id = secrets.token_hex(6)
    sold = [_sell(call, customer=customer, line=line, order_id=order_id, shown_from=shown_from) for line in lines]
    return _write_order(
        call,
        order_id=order_id,
        customer_id=customer["customer_id"],
        billing_cycle=billing_cycle,
        lines=sold,
        listed_at=call.now + dt.timedelta(seconds=listed_after_s),
        provisioned_at=shown_from,
    )


def _sell(
    call: exchange.Call, *, customer: sqlite3.Row, line: Line, order_id: str, shown_from: dt.datetime
) -> partner_wire.Document:
    found = partner_catalogue.read_item(call, line.catalogue_item)
    assert found is not None
    sku, availability = found
    today = call.now.date()
    ends_at = terms.midnight(terms.term_end(today, term=line.term, after=today))
    until = call.now + dt.timedelta(seconds=call.settings.window_s)
    subscription = holdings.Subscription(
        subscription_id=str(uuid.uuid4()),
        tenant_id=customer["tenant_id"],
        owner_tenant_id=call.settings.partner_tenant_id,
        product_id=sku["product_id"],
        sku_id=sku["sku_id"],
        availability_id=partner_catalogue.availability_id(call, availability),
        offer_name=sku["title"],
        friendly_name=line.friendly_name or sku["title"],
        quantity=line.quantity,
        term=line.term,
        billing_cycle=line.billing_cycle,
        status="active",
        suspension_reasons=(),
        is_auto_renew=True,
        is_trial=bool(sku["is_trial"]),
        created_at=call.now,
        term_started_at=call.now,
        term_ends_at=ends_at,
        anchored_on=today,
        state_since=call.now,
        cancellable_until=until,
        scheduled=None,
        next_charge=None,
        promotion_id=line.promotion_id,
        partner_id="",
        order_id=order_id,
        version=1,
        updates=0,
        visible_from=shown_from,
        next_due_at=ends_at,
        batches=(holdings.Batch(quantity=line.quantity, added_at=call.now, until=until),),
    )
    holdings.add(call.connection, subscription)
    call.record_effect(
        kind="subscription.created",
        tenant_id=subscription.tenant_id,
        subject=subscription.subscription_id,
        before=None,
        after={"quantity": line.quantity, "catalogItemId": line.catalogue_item, "orderId": order_id},
    )
    return _line_values(line, subscription, transaction_type="New")


def record_seat_change(call: exchange.Call, *, before: holdings.Subscription, after: holdings.Subscription) -> None:
    """Every change of seats is an order of its own at the vendor."""
    line = Line(
        catalogue_item=f"{after.product_id}:{after.sku_id}:{after.availability_id}",
        quantity=abs(after.quantity - before.quantity),
        term=after.term,
        billing_cycle=after.billing_cycle,
        friendly_name=after.friendly_name,
    )
    kind = "addQuantity" if after.quantity > before.quantity else "removeQuantity"
    listed_at = call.now + dt.timedelta(seconds=call.settings.order_lag_s)
    _write_order(
        call,
        order_id=secrets.token_hex(6),
        customer_id=call.path_params["customer_id"].lower(),
        billing_cycle=after.billing_cycle,
        lines=[_line_values(line, after, transaction_type=kind)],
        listed_at=listed_at,
        provisioned_at=call.now,
    )


def _line_values(line: Line, subscription: holdings.Subscription, *, transaction_type: str) -> partner_wire.Document:
    return {
        "offerId": line.catalogue_item,
        "subscriptionId": subscription.subscription_id,
        "termDuration": line.term,
        "transactionType": transaction_type,
        "friendlyName": subscription.friendly_name,
        "quantity": line.quantity,
    }


def _write_order(
    call: exchange.Call,
    *,
    order_id: str,
    customer_id: str,
    billing_cycle: str,
    lines: Sequence[partner_wire.Document],
    listed_at: dt.datetime,
    provisioned_at: dt.datetime,
) -> sqlite3.Row:
    call.connection.execute(
        "INSERT INTO orders (order_id, customer_id, billing_cycle, currency, transaction_type, lines, created_at,"
        " listed_at, provisioned_at) VALUES (?, ?, ?, ?, 'UserPurchase', ?, ?, ?, ?)",
        (
            order_id,
            customer_id,
            billing_cycle,
            currency(call, str(lines[0]["offerId"])),
            json.dumps(list(lines)),
            books.stamp(call.now),
            books.stamp(listed_at),
            books.stamp(provisioned_at),
        ),
    )
    row = call.connection.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    assert isinstance(row, sqlite3.Row)
    return row


def currency(call: exchange.Call, item: str) -> str:
    """The currency that a catalogue item is sold in; USD for an item that is not known."""
    product_id, _, rest = item.upper().partition(":")
    row = call.connection.execute(
        "SELECT currency FROM availabilities WHERE product_id = ? AND sku_id = ? LIMIT 1",
        (product_id, rest.partition(":")[0]),
    ).fetchone()
    return "USD" if row is None else str(row["currency"])


def create_order(call: exchange.Call) -> exchange.Answer:
    """Buys without a cart; one troubled line refuses the whole order."""
    customer = partner_customers.require(call)
    body = partner_wire.read_json(call)
    sent = body.get("lineItems")
    if not isinstance(sent, list) or not sent:
        raise partner_wire.refusal(400, 400, "An order needs line items.")
    cycle = str(body.get("billingCycle") or "").lower()
    lines = [read_line({"billingCycle": cycle, **item}) for item in sent if isinstance(item, dict)]
    refuse_without_agreement(customer)
    for line in lines:
        found = trouble(call, line=line, tenant_id=customer["tenant_id"], along=lines)
        if found is not None:
            raise partner_wire.refusal(found.status, found.code, found.text)
    row = buy(call, customer=customer, lines=lines, billing_cycle=cycle or lines[0].billing_cycle)
    return exchange.Answer(status=201, body=document(call, row))


def refuse_without_agreement(customer: sqlite3.Row) -> None:
    if not customer["has_agreement"]:
        raise partner_wire.refusal(403, 13605, "The customer has not accepted the Microsoft Customer Agreement.")


def list_orders(call: exchange.Call) -> exchange.Answer:
    customer = partner_customers.require(call)
    rows = call.connection.execute(
        "SELECT * FROM orders WHERE customer_id = ? AND listed_at <= ? ORDER BY created_at, order_id",
        (customer["customer_id"], books.stamp(call.now)),
    ).fetchall()
    cycle = call.parameter("billingType").lower()
    items = [document(call, row) for row in rows if not cycle or row["billing_cycle"] == cycle]
    uri = f"/customers/{customer['customer_id']}/orders"
    return exchange.Answer(body=partner_wire.collection(items, self_uri=uri))


def get_order(call: exchange.Call) -> exchange.Answer:
    return exchange.Answer(body=document(call, _require_order(call)))


def get_order_provisioning(call: exchange.Call) -> exchange.Answer:
    partner_wire.require_user(call)
    row = _require_order(call)
    status = "fulfilled" if _is_provisioned(call, row) else "unfulfilled"
    items = [
        {
            "lineItemNumber": number,
            "status": status,
            "quantityProvisioningInformation": [{"quantity": line["quantity"], "status": status}],
        }
        for number, line in enumerate(json.loads(row["lines"]))
    ]
    uri = f"/customers/{row['customer_id']}/orders/{row['order_id']}/provisioningstatus"
    return exchange.Answer(body=partner_wire.collection(items, self_uri=uri))


def _require_order(call: exchange.Call) -> sqlite3.Row:
    customer = partner_customers.require(call)
    row = call.connection.execute(
        "SELECT * FROM orders WHERE order_id = ? AND customer_id = ? AND listed_at <= ?",
        (call.path_params["order_id"], customer["customer_id"], books.stamp(call.now)),
    ).fetchone()
    if row is None:
        raise partner_wire.refusal(404, 20000, "Order was not found.")
    assert isinstance(row, sqlite3.Row)
    return row


def _is_provisioned(call: exchange.Call, row: sqlite3.Row) -> bool:
    return call.now >= books.instant(row["provisioned_at"])


def document(call: exchange.Call, row: sqlite3.Row) -> partner_wire.Document:
    """The order on the wire: pending and without subscription ids until it is provisioned."""
    is_provisioned = _is_provisioned(call, row)
    uri = f"/customers/{row['customer_id']}/orders/{row['order_id']}"
    lines = [
        _line_document(row, number, line, is_provisioned=is_provisioned)
        for number, line in enumerate(json.loads(row["lines"]))
    ]
    return {
        "id": row["order_id"],
        "alternateId": row["order_id"],
        "referenceCustomerId": row["customer_id"],
        "billingCycle": row["billing_cycle"],
        "currencyCode": row["currency"],
        "currencySymbol": _SYMBOLS.get(row["currency"], row["currency"]),
        "lineItems": lines,
        "creationDate": partner_wire.moment(books.instant(row["created_at"])),
        "status": "completed" if is_provisioned else "pending",
        "transactionType": row["transaction_type"],
        "links": {
            "provisioningStatus": partner_wire.link(f"{uri}/provisioningstatus"),
            "self": partner_wire.link(uri),
        },
        "client": {},
        "attributes": {"objectType": "Order"},
    }


def _line_document(
    row: sqlite3.Row, number: int, line: partner_wire.Document, *, is_provisioned: bool
) -> partner_wire.Document:
    product_id, sku_id, availability_id = str(line["offerId"]).split(":")
    sku = f"/products/{product_id}/skus/{sku_id}"
    links = {
        "product": partner_wire.link(f"/products/{product_id}?country=US"),
        "sku": partner_wire.link(f"{sku}?country=US"),
        "availability": partner_wire.link(f"{sku}/availabilities/{availability_id}?country=US"),
    }
    shown: partner_wire.Document = {"lineItemNumber": number} | line
    if is_provisioned:
        uri = f"/customers/{row['customer_id']}/subscriptions/{line['subscriptionId']}"
        links["subscription"] = partner_wire.link(uri)
    else:
        del shown["subscriptionId"]
    return shown | {"links": links}
