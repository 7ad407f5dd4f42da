"""What is to happen at a subscription's renewal, in both shapes that the vendor has had for it."""

import json
import sqlite3

from vendor_simulator import exchange, holdings, partner_catalogue, partner_wire

_ACTIONS = frozenset({"renewtonewterm", "cancel", "renewtoextendedserviceterm", "transition"})


def product(subscription: holdings.Subscription) -> dict[str, object]:
    """The present product as the members that instructions carry."""
    return {
        "productId": subscription.product_id,
        "skuId": subscription.sku_id,
        "availabilityId": subscription.availability_id,
        "billingCycle": subscription.billing_cycle,
        "termDuration": subscription.term,
    }


def plans(connection: sqlite3.Connection, product_id: str, sku_id: str) -> list[str]:
    """The offered combinations as `term:billing cycle`, none for an unknown SKU."""
    sku = partner_catalogue.find_sku(connection, product_id=product_id, sku_id=sku_id)
    return [] if sku is None else [str(plan) for plan in json.loads(sku["plans"])]


def read(
    call: exchange.Call, subscription: holdings.Subscription, body: partner_wire.Document
) -> dict[str, object] | None:
    """The schedule that a PATCH asks for, as the member that the answers will show; None when it asks for none.

    `scheduledActions` counts alone when both shapes are sent.
    """
    actions = body.get("scheduledActions")
    if isinstance(actions, list) and actions:
        return {"scheduledActions": [_action(call, subscription, action) for action in actions]}
    instructions = body.get("scheduledNextTermInstructions")
    if instructions is None:
        return None
    return {"scheduledNextTermInstructions": _instructions(call, subscription, instructions)}


def _action(call: exchange.Call, subscription: holdings.Subscription, action: object) -> dict[str, object]:
    if not isinstance(action, dict) or str(action.get("actionType", "")).lower() not in _ACTIONS:
        raise partner_wire.refusal(400, 800096, "The scheduled action is not supported.")
    read_action: dict[str, object] = {
        "scheduleType": action.get("scheduleType") or action.get("scheduledType") or "TermEnd",
        "actionType": action["actionType"],
    }
    if action.get("instructions") is not None:
        read_action["instructions"] = _instructions(call, subscription, action["instructions"])
    return read_action


def _instructions(call: exchange.Call, subscription: holdings.Subscription, sent: object) -> dict[str, object]:
    wanted = sent.get("product") if isinstance(sent, dict) else None
    if not isinstance(sent, dict) or not isinstance(wanted, dict):
        raise partner_wire.refusal(400, 400, "Scheduled instructions need a product and a quantity.")
    sku = partner_catalogue.find_sku(
        call.connection, product_id=str(wanted.get("productId", "")), sku_id=str(wanted.get("skuId", ""))
    )
    if sku is None:
        raise partner_wire.refusal(404, 400018, "The scheduled product was not found.")
    own = (subscription.product_id, subscription.sku_id)
    if (sku["product_id"], sku["sku_id"]) != own and not sku["is_on_sale"]:
        raise partner_wire.refusal(403, 2091, "The scheduled product is no longer sold.")
    term, cycle = str(wanted.get("termDuration", "")).upper(), str(wanted.get("billingCycle", "")).lower()
    if f"{term}:{cycle}" not in json.loads(sku["plans"]):
        raise partner_wire.refusal(400, 800121, "The scheduled term and billing cycle are not offered.")
    quantity = sent.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not sku["minimum"] <= quantity <= sku["maximum"]:
        raise partner_wire.refusal(400, 2002, f"The quantity must be between {sku['minimum']} and {sku['maximum']}.")
    kept: dict[str, object] = {
        "product": wanted | {"termDuration": term, "billingCycle": cycle},
        "quantity": quantity,
    }
    if sent.get("customTermEndDate"):
        kept["customTermEndDate"] = sent["customTermEndDate"]
    return kept
