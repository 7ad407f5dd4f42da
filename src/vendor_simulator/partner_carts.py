"""Partner Center's carts: a list of wishes that checkout turns into orders, once."""

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Sequence

from vendor_simulator import (
    books,
    catalogue,
    exchange,
    partner_customers,
    partner_orders,
    partner_sales,
    partner_wire,
)


def create_cart(call: exchange.Call) -> exchange.Answer:
    """A cart is made even with bad lines; each of those carries its error."""
    customer = partner_customers.require(call)
    lines = _checked_lines(call, customer)
    cart_id = str(uuid.uuid4())
    expires_at = call.now + dt.timedelta(seconds=call.settings.cart_life_s)
    now = books.stamp(call.now)
    call.connection.execute(
        "INSERT INTO carts (cart_id, customer_id, status, lines, created_at, changed_at, expires_at, result)"
        " VALUES (?, ?, 'Active', ?, ?, ?, ?, NULL)",
        (cart_id, customer["customer_id"], json.dumps(lines), now, now, books.stamp(expires_at)),
    )
    call.record_effect(
        kind="cart.created", tenant_id=customer["tenant_id"], subject=cart_id, before=None, after={"lineItems": lines}
    )
    return exchange.Answer(status=201, body=_document(call, _row(call, cart_id)))


def get_cart(call: exchange.Call) -> exchange.Answer:
    partner_customers.require(call)
    return exchange.Answer(body=_document(call, _row(call, call.path_params["cart_id"])))


def replace_cart(call: exchange.Call) -> exchange.Answer:
    customer = partner_customers.require(call)
    row = _row(call, call.path_params["cart_id"])
    _refuse_unless_active(call, row)
    lines = _checked_lines(call, customer)
    call.connection.execute(
        "UPDATE carts SET lines = ?, changed_at = ? WHERE cart_id = ?",
        (json.dumps(lines), books.stamp(call.now), row["cart_id"]),
    )
    return exchange.Answer(body=_document(call, _row(call, row["cart_id"])))


def check_out(call: exchange.Call) -> exchange.Answer:
    """One order per order group; groups with a bad line fail alone. An ordered cart repeats its first result."""
    customer = partner_customers.require(call)
    row = _row(call, call.path_params["cart_id"])
    if row["result"] is not None:
        return exchange.Answer(status=201, body=_result(call, json.loads(row["result"])))
    _refuse_unless_active(call, row)
    partner_orders.refuse_without_agreement(customer)
    groups: dict[str, list[partner_sales.Line]] = {}
    for sent in json.loads(row["lines"]):
        groups.setdefault(str(sent["orderGroup"]), []).append(partner_sales.read_line(sent))
    result = _buy_groups(call, customer, groups)
    if result["orders"]:
        call.connection.execute(
            "UPDATE carts SET status = 'Ordered', result = ?, changed_at = ? WHERE cart_id = ?",
            (json.dumps(result), books.stamp(call.now), row["cart_id"]),
        )
    return exchange.Answer(status=201, body=_result(call, result))


def _buy_groups(
    call: exchange.Call, customer: sqlite3.Row, groups: dict[str, list[partner_sales.Line]]
) -> dict[str, list[object]]:
    orders: list[object] = []
    errors: list[object] = []
    along = [line for lines in groups.values() for line in lines]
    for group, lines in groups.items():
        troubles = [partner_sales.trouble(call, line=line, customer=customer, along=along) for line in lines]
        found = next((trouble for trouble in troubles if trouble is not None), None)
        if found is not None:
            errors.append({"orderGroupId": group, "code": found.code, "description": found.text})
            continue
        bought = partner_sales.buy(call, customer=customer, lines=lines, billing_cycle=lines[0].billing_cycle)
        orders.append(bought["order_id"])
    return {"orders": orders, "orderErrors": errors}


def _result(call: exchange.Call, result: dict[str, list[object]]) -> partner_wire.Document:
    rows = [
        call.connection.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        for order_id in result["orders"]
    ]
    body: partner_wire.Document = {"orders": [partner_orders.document(call, row) for row in rows]}
    if result["orderErrors"]:
        body["orderErrors"] = result["orderErrors"]
    return body | {"attributes": {"objectType": "CartCheckoutResult"}}


def _checked_lines(call: exchange.Call, customer: sqlite3.Row) -> list[partner_wire.Document]:
    sent = partner_wire.read_json(call).get("lineItems")
    if not isinstance(sent, list) or not sent or not all(isinstance(item, dict) for item in sent):
        raise partner_wire.refusal(400, 800009, "A cart needs line items.")
    lines = [partner_sales.read_line(item) for item in sent]
    groups: dict[str, str] = {}
    checked: list[partner_wire.Document] = []
    for number, (item, line) in enumerate(zip(sent, lines, strict=True)):
        group = groups.setdefault(line.billing_cycle, str(len(groups)))
        checked.append(_checked_line(call, customer, number=number, item=item, lines=lines, group=group))
    return checked


def _checked_line(
    call: exchange.Call,
    customer: sqlite3.Row,
    *,
    number: int,
    item: partner_wire.Document,
    lines: Sequence[partner_sales.Line],
    group: str,
) -> partner_wire.Document:
    line = lines[number]
    shown: partner_wire.Document = {
        "id": number,
        "catalogItemId": line.catalogue_item,
        "quantity": line.quantity,
        "currencyCode": catalogue.currency(call.connection, line.catalogue_item),
        "billingCycle": line.billing_cycle,
        "termDuration": line.term,
        "provisioningContext": item.get("provisioningContext") or {},
        "orderGroup": group,
    }
    for name in ("friendlyName", "promotionId", "renewsTo", "customTermEndDate", "participants"):
        if item.get(name) is not None:
            shown[name] = item[name]
    found = partner_sales.trouble(call, line=line, customer=customer, along=lines)
    if found is not None:
        shown["error"] = {"errorCode": found.cart_code, "errorDescription": found.text}
    return shown


def _row(call: exchange.Call, cart_id: str) -> sqlite3.Row:
    row = call.connection.execute(
        "SELECT * FROM carts WHERE cart_id = ? AND customer_id = ?",
        (cart_id.lower(), call.path_params["customer_id"].lower()),
    ).fetchone()
    if row is None:
        raise partner_wire.refusal(404, 800008, "Cart was not found.")
    assert isinstance(row, sqlite3.Row)
    return row


def _refuse_unless_active(call: exchange.Call, row: sqlite3.Row) -> None:
    if row["status"] != "Active":
        raise partner_wire.refusal(400, 800065, "The cart was already submitted.")
    if call.now >= books.instant(row["expires_at"]):
        raise partner_wire.refusal(404, 800008, "The cart has expired.")


def _document(call: exchange.Call, row: sqlite3.Row) -> partner_wire.Document:
    return {
        "id": row["cart_id"],
        "creationTimestamp": partner_wire.moment(books.instant(row["created_at"])),
        "lastModifiedTimestamp": partner_wire.moment(books.instant(row["changed_at"])),
        "expirationTimestamp": partner_wire.moment(books.instant(row["expires_at"])),
        "lastModifiedUser": "" if call.claims is None else call.claims.app_id,
        "status": row["status"],
        "lineItems": json.loads(row["lines"]),
        "links": {"self": partner_wire.link(f"/customers/{row['customer_id']}/carts/{row['cart_id']}")},
        "attributes": {"objectType": "Cart"},
    }
