"""Partner Center's customers: the paged list and one customer."""

import base64
import binascii
import json
import sqlite3
import urllib.parse

from vendor_simulator import exchange, partner_wire

_LARGEST_PAGE = 500


def require(call: exchange.Call) -> sqlite3.Row:
    """The customer named in the path; 404 if there is none, 403 if the reseller relationship has ended."""
    customer_id = partner_wire.require_guid(call.path_params["customer_id"], code=60003, what="Customer")
    row = call.connection.execute("SELECT * FROM customers WHERE customer_id = ?", (customer_id,)).fetchone()
    if row is None:
        raise partner_wire.refusal(404, 60003, "Customer was not found.")
    if row["relationship"] == "none":
        raise partner_wire.refusal(403, 20002, "There is no commerce relationship with this customer.")
    assert isinstance(row, sqlite3.Row)
    return row


def list_customers(call: exchange.Call) -> exchange.Answer:
    """One page in the order of ids; a next page is named by a link that carries its token as a header."""
    size = _size(call)
    where, values = _filter(call)
    after = _after(call)
    total = call.connection.execute(f"SELECT COUNT(*) FROM customers WHERE {where}", values).fetchone()[0]  # noqa: S608
    rows = call.connection.execute(
        f"SELECT * FROM customers WHERE {where} AND customer_id > ? ORDER BY customer_id LIMIT ?",  # noqa: S608
        (*values, after, size + 1),
    ).fetchall()
    query = [(name, value) for name, value in call.query if name.lower() != "seekoperation"]
    query_text = urllib.parse.urlencode(query)
    self_uri = f"/customers?{query_text}" if query_text else "/customers"
    links = {}
    if len(rows) > size:
        token = base64.b64encode(rows[size - 1]["customer_id"].encode()).decode()
        uri = "/customers?" + urllib.parse.urlencode([*query, ("seekOperation", "Next")])
        links["next"] = partner_wire.link(uri, headers=[{"key": "MS-ContinuationToken", "value": token}])
    items = [_summary(row) for row in rows[:size]]
    return exchange.Answer(body=partner_wire.collection(items, self_uri=self_uri, total=total, **links))


def _size(call: exchange.Call) -> int:
    text = call.parameter("size", str(_LARGEST_PAGE))
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise partner_wire.refusal(400, 400, f"size must be between 1 and {_LARGEST_PAGE}.")
    return int(text)


def _after(call: exchange.Call) -> str:
    if call.parameter("seekOperation").lower() != "next":
        return ""
    try:
        return base64.b64decode(call.header("ms-continuationtoken"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise partner_wire.refusal(400, 400, "The continuation token is not valid.") from None


def _filter(call: exchange.Call) -> tuple[str, tuple[str, ...]]:
    text = call.parameter("filter")
    if not text:
        return "relationship <> 'none'", ()
    try:
        wanted = {str(name).lower(): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        raise partner_wire.refusal(400, 400, "The filter is not valid JSON.") from None
    column = {"companyname": "company", "domain": "domain"}.get(wanted.get("field", "").lower())
    if column is None or wanted.get("operator", "").lower() != "starts_with":
        raise partner_wire.refusal(400, 400, "The filter's field or operator is not supported.")
    prefix = wanted.get("value", "").lower()
    return f"relationship <> 'none' AND substr(lower({column}), 1, length(?)) = ?", (prefix, prefix)


def _company_profile(row: sqlite3.Row) -> partner_wire.Document:
    return {
        "tenantId": row["tenant_id"],
        "domain": row["domain"],
        "companyName": row["company"],
        "attributes": {"objectType": "CustomerCompanyProfile"},
    }


def _summary(row: sqlite3.Row) -> partner_wire.Document:
    return {
        "id": row["customer_id"],
        "companyProfile": _company_profile(row),
        "relationshipToPartner": row["relationship"],
        "attributes": {"objectType": "Customer"},
    }


def get_customer(call: exchange.Call) -> exchange.Answer:
    row = require(call)
    uri = f"/customers/{row['customer_id']}"
    details = json.loads(row["details"])
    address = {"country": row["country"]} | details.get("address", {})
    profile = _company_profile(row)
    profile["address"] = address
    profile["email"] = details.get("email", f"admin@{row['domain']}")
    profile["links"] = {"self": partner_wire.link(f"{uri}/profiles/company")}
    billing = {
        "id": row["customer_id"],
        "firstName": details.get("firstName", "Alex"),
        "lastName": details.get("lastName", "Example"),
        "email": profile["email"],
        "culture": details.get("culture", "en-US"),
        "language": details.get("language", "en"),
        "companyName": row["company"],
        "defaultAddress": address,
        "links": {"self": partner_wire.link(f"{uri}/profiles/billing")},
        "attributes": {"etag": row["created_at"], "objectType": "CustomerBillingProfile"},
    }
    body = {
        "id": row["customer_id"],
        "commerceId": row["customer_id"],
        "companyProfile": profile,
        "billingProfile": billing,
        "relationshipToPartner": row["relationship"],
        "allowDelegatedAccess": bool(row["is_consented"]),
        "customDomains": [row["domain"]],
        "links": {"self": partner_wire.link(uri)},
        "attributes": {"objectType": "Customer"},
    }
    return exchange.Answer(body=body)
