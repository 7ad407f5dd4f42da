"""Partner Center's orders: single-step purchase, list, one, and the status of provisioning."""

import json
import sqlite3

from vendor_simulator import books, exchange, partner_customers, partner_sales, partner_wire

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def create_order(call: exchange.Call) -> exchange.Answer:
    """Buys without a cart; one troubled line refuses the whole order."""
    customer = partner_customers.require(call)
    body = partner_wire.read_json(call)
    sent = body.get("lineItems")
    if not isinstance(sent, list) or not sent:
        raise partner_wire.refusal(400, 400, "An order needs line items.")
    cycle = str(body.get("billingCycle") or "").lower()
    lines = [partner_sales.read_line({"billingCycle": cycle, **item}) for item in sent if isinstance(item, dict)]
    refuse_without_agreement(customer)
    for line in lines:
        found = partner_sales.trouble(call, line=line, customer=customer, along=lines)
        if found is not None:
            raise partner_wire.refusal(found.status, found.code, found.text)
    row = partner_sales.buy(call, customer=customer, lines=lines, billing_cycle=cycle or lines[0].billing_cycle)
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
