"""What is to happen at a subscription's renewal, in both shapes that the vendor has had for it."""

import sqlite3

from vendor_simulator import catalogue, end_dates, exchange, holdings, partner_wire, promotions

_ACTIONS = frozenset({"renewtonewterm", "cancel", "renewtoextendedserviceterm", "transition"})
_END_DATE_REFUSALS = {
    end_dates.PRODUCT: (900244, "The product takes no custom term end date."),
    end_dates.RANGE: (900245, "The custom term end date is outside the next full term."),
    end_dates.MATCH: (900246, "Nothing else ends on the custom term end date of the renewal."),
}


def product(subscription: holdings.Subscription) -> dict[str, object]:
    """The present product as the members that instructions carry."""
    return {
        "productId": subscription.product_id,
        "skuId": subscription.sku_id,
        "availabilityId": subscription.availability_id,
        "billingCycle": subscription.billing_cycle,
        "termDuration": subscription.term,
    }


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


def fits(scheduled: dict[str, object], *, is_auto_renew: bool) -> bool:
    """Whether a schedule goes with the auto-renewal: a new term needs it on, cancelling needs it off."""
    actions = scheduled.get("scheduledActions")
    if not isinstance(actions, list):
        return is_auto_renew
    kinds = {str(action["actionType"]).lower() for action in actions}
    needs_renewal = not kinds.isdisjoint({"renewtonewterm", "transition"})
    return not (needs_renewal and not is_auto_renew) and not ("cancel" in kinds and is_auto_renew)


def _action(call: exchange.Call, subscription: holdings.Subscription, action: object) -> dict[str, object]:
    if not isinstance(action, dict) or str(action.get("actionType", "")).lower() not in _ACTIONS:
        raise partner_wire.refusal(400, 800096, "The scheduled action is not supported.")
    runs = str(action.get("scheduleType") or action.get("scheduledType") or "TermEnd")
    if runs.lower() != "termend":
        raise partner_wire.refusal(400, 800096, "Actions can be scheduled for the end of the term only.")
    read_action: dict[str, object] = {"scheduleType": "TermEnd", "actionType": action["actionType"]}
    if action.get("instructions") is not None:
        read_action["instructions"] = _instructions(call, subscription, action["instructions"])
    return read_action


def _instructions(call: exchange.Call, subscription: holdings.Subscription, sent: object) -> dict[str, object]:
    wanted = sent.get("product") if isinstance(sent, dict) else None
    if not isinstance(sent, dict) or not isinstance(wanted, dict):
        raise partner_wire.refusal(400, 400, "Scheduled instructions need a product and a quantity.")
    sku = _sku(call, subscription, wanted)
    term, cycle = str(wanted.get("termDuration", "")).upper(), str(wanted.get("billingCycle", "")).lower()
    if f"{term}:{cycle}" not in catalogue.plans(sku):
        raise partner_wire.refusal(400, 800121, "The scheduled term and billing cycle are not offered.")
    quantity = sent.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not sku["minimum"] <= quantity <= sku["maximum"]:
        raise partner_wire.refusal(400, 2002, f"The quantity must be between {sku['minimum']} and {sku['maximum']}.")
    product = wanted | {"termDuration": term, "billingCycle": cycle}
    promotion_id = _promotion(call, subscription, sku, term=term, cycle=cycle, quantity=quantity)
    if promotion_id:
        product["promotionId"] = promotion_id
    kept: dict[str, object] = {"product": product, "quantity": quantity}
    if sent.get("customTermEndDate"):
        _refuse_end_date(call, subscription, sent["customTermEndDate"], term=term)
        kept["customTermEndDate"] = sent["customTermEndDate"]
    return kept


def _sku(call: exchange.Call, subscription: holdings.Subscription, wanted: partner_wire.Document) -> sqlite3.Row:
    """The SKU of the next term: the present one, or one on sale that the present one may become."""
    sku = catalogue.find_sku(
        call.connection, product_id=str(wanted.get("productId", "")), sku_id=str(wanted.get("skuId", ""))
    )
    if sku is None:
        raise partner_wire.refusal(404, 400018, "The scheduled product was not found.")
    item = f"{sku['product_id']}:{sku['sku_id']}"
    own = (subscription.extended_from or subscription.item).rpartition(":")[0]
    if item == own and not subscription.is_trial:
        return sku
    if not sku["is_on_sale"]:
        raise partner_wire.refusal(403, 2091, "The scheduled product is no longer sold.")
    present = catalogue.find_item(call.connection, own)
    if item != own and (present is None or item not in catalogue.renewal_targets(present)):
        raise partner_wire.refusal(403, 800020, "The subscription cannot become the scheduled product.")
    return sku


def _promotion(
    call: exchange.Call,
    subscription: holdings.Subscription,
    sku: sqlite3.Row,
    *,
    term: str,
    cycle: str,
    quantity: int,
) -> str:
    """The promotion that the next term would get, by itself, if it began with the end of this one."""
    purchase = promotions.Purchase(
        tenant_id=subscription.tenant_id,
        sku=f"{sku['product_id']}:{sku['sku_id']}",
        quantity=quantity,
        term=term,
        billing_cycle=cycle,
    )
    if subscription.is_trial:
        return ""
    return promotions.chosen(call.connection, purchase, at=subscription.term_ends_at, is_renewal=True)


def _refuse_end_date(call: exchange.Call, subscription: holdings.Subscription, sent: object, *, term: str) -> None:
    day = end_dates.read_day(sent)
    assert day is not None
    wrong = end_dates.wrong_with(
        call.connection,
        day,
        tenant_id=subscription.tenant_id,
        owner_id=subscription.owner_tenant_id,
        starts_on=subscription.term_ends_at.date(),
        term=term,
        is_trial=subscription.is_trial,
        but_for=subscription.subscription_id,
    )
    if wrong:
        code, text = _END_DATE_REFUSALS[wrong]
        raise partner_wire.refusal(400, code, text)
