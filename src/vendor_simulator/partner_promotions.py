"""Partner Center's promotions: the list by country and segment, one, and which of them a purchase would get."""

import json
import urllib.parse

from vendor_simulator import (
    exchange,
    partner_catalogue,
    partner_customers,
    partner_sales,
    partner_wire,
    promotions,
)


def list_promotions(call: exchange.Call) -> exchange.Answer:
    country = partner_catalogue.require_country(call)
    segment = call.parameter("segment").lower()
    rows = call.connection.execute(
        "SELECT document FROM promotions WHERE country = ? AND (segment = ? OR ? = '') ORDER BY promotion_id",
        (country, segment, segment),
    ).fetchall()
    items = [promotions.on_the_wire(json.loads(row["document"])) for row in rows]
    query = urllib.parse.urlencode(call.query)
    return exchange.Answer(body=partner_wire.collection(items, self_uri=f"/productpromotions?{query}"))


def get_promotion(call: exchange.Call) -> exchange.Answer:
    document = promotions.find(call.connection, promotion_id=call.path_params["promotion_id"])
    if document is None:
        raise partner_wire.refusal(404, 400, "Promotion was not found.")
    return exchange.Answer(body=promotions.on_the_wire(document))


def verify(call: exchange.Call) -> exchange.Answer:
    """Per item the open promotions of its SKU, or the one that was named, with the reasons against them."""
    customer = partner_customers.require(call)
    sent = partner_wire.read_json(call).get("items")
    if not isinstance(sent, list) or not sent or not all(isinstance(item, dict) for item in sent):
        raise partner_wire.refusal(400, 400, "The request needs items.")
    items = [_verified(call, customer["tenant_id"], item) for item in sent]
    body = {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}
    return exchange.Answer(body=body)


def _verified(call: exchange.Call, tenant_id: str, item: partner_wire.Document) -> partner_wire.Document:
    shown = {
        name: item[name]
        for name in ("id", "catalogItemId", "quantity", "termDuration", "billingCycle")
        if item.get(name) is not None
    }
    line = partner_sales.read_line(item)
    eligibilities = _eligibilities(call, tenant_id, line)
    return shown | {"eligibilities": eligibilities, "attributes": {"objectType": "PromotionEligibilities"}}


def _eligibilities(call: exchange.Call, tenant_id: str, line: partner_sales.Line) -> list[partner_wire.Document]:
    if partner_catalogue.read_item(call, line.catalogue_item) is None:
        return [_judged(line.promotion_id.strip(), [_error("InvalidCatalogItemId", "The item is not valid.")])]
    sku = line.catalogue_item.upper().rpartition(":")[0]
    open_ones = promotions.for_sku(call.connection, tenant_id=tenant_id, sku=sku, at=call.now)
    wished = line.promotion_id.strip()
    if wished:
        open_ones = [document for document in open_ones if document["id"].upper() == wished.upper()]
    if not open_ones:
        kind = "InvalidPromotion" if wished else "NoPromotionsAvailable"
        return [_judged(wished, [_error(kind, "No such promotion is open for the item.")])]
    purchase = partner_sales.purchase(tenant_id, line)
    return [_judged(document["id"], promotions.errors(call.connection, document, purchase)) for document in open_ones]


def _judged(promotion_id: str, errors: list[partner_wire.Document]) -> partner_wire.Document:
    return {"promotionId": promotion_id, "isEligible": not errors, "errors": errors}


def _error(kind: str, text: str) -> partner_wire.Document:
    return {"type": kind, "description": text}
