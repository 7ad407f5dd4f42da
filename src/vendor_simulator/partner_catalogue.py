"""Partner Center's catalogue: products, SKUs and availabilities, by country and by customer, and promotions."""

import hashlib
import json
import sqlite3

from vendor_simulator import catalogue, exchange, partner_customers, partner_wire

_VIEWS = frozenset({"onlineservices", "software", "softwaresubscriptions", "softwareperpetual"})
_KNOWN_VIEWS = _VIEWS | {"azure", "microsoftazure", "azurereservations", "marketplacesaas", "specializedoffers"}
_SEGMENTS = frozenset({"commercial", "education", "government", "nonprofit"})
_DESCRIPTIONS = {
    "P1M": "One-Month commitment for monthly billing",
    "P1Y": "One-Year commitment for monthly/yearly billing",
    "P3Y": "Three-Year commitment for monthly/yearly/triennial billing",
}
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def read_item(call: exchange.Call, item: str) -> tuple[sqlite3.Row, sqlite3.Row] | None:
    """SKU and availability of a `product:sku:availability` id of any segment; None when unknown, stale or ended."""
    parts = item.upper().split(":")
    if len(parts) != 3:
        return None
    sku = catalogue.find_sku(call.connection, product_id=parts[0], sku_id=parts[1])
    if sku is None or not sku["is_on_sale"]:
        return None
    for row in _all_availabilities(call, sku):
        if _id(call, row) == parts[2]:
            return sku, row
    return None


def list_products(call: exchange.Call) -> exchange.Answer:
    base, query = _place(call)
    view = call.parameter("targetView").lower()
    if view not in _KNOWN_VIEWS:
        raise partner_wire.refusal(403, 400036, "The target view is not allowed.")
    _require_segment(call)
    rows = call.connection.execute("SELECT * FROM products ORDER BY product_id").fetchall() if view in _VIEWS else []
    return exchange.Answer(
        body=partner_wire.collection(
            [_product(row, base=base, query=query) for row in rows],
            self_uri=f"{base}/products{query}{'&' if query else '?'}targetView={call.parameter('targetView')}",
        )
    )


def get_product(call: exchange.Call) -> exchange.Answer:
    base, query = _place(call)
    return exchange.Answer(body=_product(_require_product(call), base=base, query=query))


def list_skus(call: exchange.Call) -> exchange.Answer:
    base, query = _place(call)
    _require_segment(call)
    product = _require_product(call)
    rows = call.connection.execute(
        "SELECT * FROM skus WHERE product_id = ? ORDER BY sku_id", (product["product_id"],)
    ).fetchall()
    return exchange.Answer(
        body=partner_wire.collection(
            [_sku(row, base=base, query=query) for row in rows],
            self_uri=f"{base}/products/{product['product_id']}/skus{query}",
        )
    )


def get_sku(call: exchange.Call) -> exchange.Answer:
    base, query = _place(call)
    return exchange.Answer(body=_sku(_require_sku(call), base=base, query=query))


def list_availabilities(call: exchange.Call) -> exchange.Answer:
    """What can be bought now; empty for a SKU that is no longer sold."""
    base, query = _place(call)
    sku = _require_sku(call)
    uri = f"{base}/products/{sku['product_id']}/skus/{sku['sku_id']}/availabilities{query}"
    rows = _availabilities(call, sku) if sku["is_on_sale"] else []
    items = [_availability(call, sku, row, base=base, query=query) for row in rows]
    return exchange.Answer(body=partner_wire.collection(items, self_uri=uri))


def get_availability(call: exchange.Call) -> exchange.Answer:
    base, query = _place(call)
    sku = _require_sku(call)
    wanted = call.path_params["availability_id"].upper()
    for row in _all_availabilities(call, sku):
        if _id(call, row) == wanted:
            return exchange.Answer(body=_availability(call, sku, row, base=base, query=query))
    raise partner_wire.refusal(404, 400019, "Availability was not found.")


def _place(call: exchange.Call) -> tuple[str, str]:
    """The path prefix and the query of links: a customer's own tree knows its market, the other one asks for it."""
    if "customer_id" in call.path_params:
        customer = partner_customers.require(call)
        return f"/customers/{customer['customer_id']}", ""
    return "", f"?country={require_country(call)}"


def require_country(call: exchange.Call) -> str:
    country = call.parameter("country").upper()
    if len(country) != 2 or not country.isalpha():
        raise partner_wire.refusal(400, 400, "country is required and has two letters.")
    return country


def _require_segment(call: exchange.Call) -> str:
    segment = call.parameter("targetSegment").lower()
    if segment and segment not in _SEGMENTS:
        raise partner_wire.refusal(403, 400030, "The target segment is not allowed.")
    return segment


def _require_product(call: exchange.Call) -> sqlite3.Row:
    row = call.connection.execute(
        "SELECT * FROM products WHERE product_id = ?", (call.path_params["product_id"].upper(),)
    ).fetchone()
    if row is None:
        raise partner_wire.refusal(404, 400013, "Product was not found.")
    assert isinstance(row, sqlite3.Row)
    return row


def _require_sku(call: exchange.Call) -> sqlite3.Row:
    product = _require_product(call)
    row = catalogue.find_sku(call.connection, product_id=product["product_id"], sku_id=call.path_params["sku_id"])
    if row is None:
        raise partner_wire.refusal(404, 400018, "SKU was not found.")
    return row


def _id(call: exchange.Call, row: sqlite3.Row) -> str:
    return catalogue.current_id(row, settings=call.settings, now=call.now)


def _all_availabilities(call: exchange.Call, sku: sqlite3.Row) -> list[sqlite3.Row]:
    return call.connection.execute(
        "SELECT * FROM availabilities WHERE product_id = ? AND sku_id = ? ORDER BY segment",
        (sku["product_id"], sku["sku_id"]),
    ).fetchall()


def _availabilities(call: exchange.Call, sku: sqlite3.Row) -> list[sqlite3.Row]:
    """Those of the segment asked for; without one all but nonprofit, which only such a customer gets to see."""
    segment = _require_segment(call)
    rows = _all_availabilities(call, sku)
    if segment:
        return [row for row in rows if row["segment"] == segment]
    is_nonprofit = "customer_id" in call.path_params and partner_customers.require(call)["segment"] == "nonprofit"
    return [row for row in rows if is_nonprofit or row["segment"] != "nonprofit"]


def _product(row: sqlite3.Row, *, base: str, query: str) -> partner_wire.Document:
    uri = f"{base}/products/{row['product_id']}"
    return {
        "id": row["product_id"],
        "title": row["title"],
        "description": row["description"],
        "productType": {"id": row["product_type"], "displayName": row["product_type"]},
        "isMicrosoftProduct": True,
        "publisherName": row["publisher"],
        "links": {"skus": partner_wire.link(f"{uri}/skus{query}"), "self": partner_wire.link(f"{uri}{query}")},
    }


def _sku(row: sqlite3.Row, *, base: str, query: str) -> partner_wire.Document:
    uri = f"{base}/products/{row['product_id']}/skus/{row['sku_id']}"
    cycles = sorted({plan.split(":")[1] for plan in json.loads(row["plans"])})
    return {
        "id": row["sku_id"],
        "productId": row["product_id"],
        "title": row["title"],
        "description": row["description"],
        "minimumQuantity": row["minimum"],
        "maximumQuantity": row["maximum"],
        "isTrial": bool(row["is_trial"]),
        "supportedBillingCycles": cycles,
        "purchasePrerequisites": ["MicrosoftCustomerAgreement"],
        "inventoryVariables": [],
        "provisioningVariables": [],
        "actions": ["Refund"],
        "dynamicAttributes": {
            "isMicrosoftProduct": True,
            "hasConstraints": True,
            "isAddon": bool(row["is_addon"]),
            "prerequisiteSkus": json.loads(row["prerequisites"]),
            "isSoftwareAssuranceApplicable": False,
            "upgradeTargetOffers": json.loads(row["upgrades"]),
            "provisioningId": row["provisioning_id"],
            "internal": False,
        },
        "links": {
            "availabilities": partner_wire.link(f"{uri}/availabilities{query}"),
            "self": partner_wire.link(f"{uri}{query}"),
        },
    }


def _availability(
    call: exchange.Call, sku: sqlite3.Row, row: sqlite3.Row, *, base: str, query: str
) -> partner_wire.Document:
    current = _id(call, row)
    uri = f"{base}/products/{row['product_id']}/skus/{row['sku_id']}/availabilities/{current}"
    terms = [_term(row, plan) for plan in json.loads(sku["plans"])]
    return {
        "id": current,
        "productId": row["product_id"],
        "skuId": row["sku_id"],
        "catalogItemId": f"{row['product_id']}:{row['sku_id']}:{current}",
        "defaultCurrency": {"code": row["currency"], "symbol": _SYMBOLS.get(row["currency"], row["currency"])},
        "segment": row["segment"],
        "country": call.parameter("country", "US").upper(),
        "isPurchasable": True,
        "isRenewable": not sku["is_trial"] and catalogue.trait(sku, "isRenewable") is not False,
        "renewalInstructions": [
            {
                "applicableTermIds": [term["id"] for term in terms],
                "renewalOptions": [{"renewToId": f"{row['product_id']}:{row['sku_id']}", "isAutoRenewable": True}],
            }
        ],
        "terms": terms,
        "links": {"self": partner_wire.link(f"{uri}{query}")},
    }


def _term(row: sqlite3.Row, plan: str) -> partner_wire.Document:
    duration, cycle = plan.split(":")
    seed = f"{row['product_id']}:{row['sku_id']}:{row['segment']}:{plan}".encode()
    return {
        "id": hashlib.sha256(seed).hexdigest()[:12],
        "duration": duration,
        "description": _DESCRIPTIONS[duration],
        "billingCycle": cycle.capitalize(),
        "cancellationPolicies": [{"refundOptions": [{"sequenceId": 0, "type": "Full", "expiresAfter": "P1D"}]}],
    }
