"""Partner Center's transitions: what a subscription may become, asking for it, and the history of it."""

import json
import sqlite3

from vendor_simulator import (
    catalogue,
    exchange,
    holdings,
    partner_catalogue,
    partner_changes,
    partner_customers,
    partner_subscriptions,
    partner_wire,
    terms,
    transitions,
)

_TYPES = ("transition_only", "transition_with_license_transfer")
_SENT = (
    "fromCatalogItemId",
    "fromSubscriptionId",
    "toCatalogItemId",
    "toSubscriptionId",
    "quantity",
    "termDuration",
    "billingCycle",
    "transitionType",
)


def list_eligibilities(call: exchange.Call) -> exchange.Answer:
    """The SKUs on sale that the subscription may become, now or at its renewal; only now into an existing one."""
    customer = partner_customers.require(call)
    subscription = partner_subscriptions.require_shown(call)
    kind = call.parameter("eligibilityType", "immediate").lower()
    if kind not in {"immediate", "scheduled"}:
        raise partner_wire.refusal(400, 400, "eligibilityType must be immediate or scheduled.")
    items = [
        _eligibility(call, customer, subscription, target, kind=kind)
        for target in targets(call.connection, subscription, is_scheduled=kind == "scheduled")
    ]
    body = {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}
    return exchange.Answer(body=body)


def targets(
    connection: sqlite3.Connection, subscription: holdings.Subscription, *, is_scheduled: bool = False
) -> list[sqlite3.Row]:
    sku = catalogue.find_item(connection, subscription.extended_from or subscription.item)
    leads = catalogue.renewal_targets if is_scheduled else catalogue.upgrades
    found = [] if sku is None else [catalogue.find_item(connection, target) for target in leads(sku)]
    return [target for target in found if target is not None and target["is_on_sale"]]


def _eligibility(
    call: exchange.Call,
    customer: sqlite3.Row,
    subscription: holdings.Subscription,
    target: sqlite3.Row,
    *,
    kind: str,
) -> partner_wire.Document:
    sold = catalogue.sold_id(
        call.connection, target, tenant_id=customer["tenant_id"], settings=call.settings, now=call.now
    )
    errors = []
    if subscription.status != "active":
        errors = [{"code": 2, "description": "The subscription is not active."}]
    transfer_errors = list(errors)
    if not customer["is_consented"]:
        text = "The granular admin permissions are not sufficient."
        transfer_errors.append({"code": 13, "description": text})
    judged = [
        {"isEligible": not found, "transitionType": name, "errors": found}
        for name, found in zip(_TYPES, (errors, transfer_errors), strict=True)
    ]
    item: partner_wire.Document = {
        "catalogItemId": f"{target['product_id']}:{target['sku_id']}:{sold}",
        "title": target["title"],
        "description": target["description"],
        "quantity": subscription.quantity,
        "eligibilities": judged,
    }
    destinations = []
    if kind == "immediate" and not subscription.is_trial:
        destinations = [_destination(call, subscription, other) for other in _held(call, customer, target)]
    return item | {
        "subscriptionEligibilities": destinations,
        "attributes": {"objectType": "TransitionEligibility"},
    }


def _held(call: exchange.Call, customer: sqlite3.Row, target: sqlite3.Row) -> list[holdings.Subscription]:
    found = holdings.shown_of_tenant(
        call.connection,
        tenant_id=customer["tenant_id"],
        owner_tenant_id=call.settings.partner_tenant_id,
        now=call.now,
    )
    sku = (target["product_id"], target["sku_id"])
    return [other for other in found if (other.product_id, other.sku_id) == sku and other.status != "deleted"]


def _destination(
    call: exchange.Call, source: holdings.Subscription, other: holdings.Subscription
) -> partner_wire.Document:
    errors = [{"code": code, "description": text} for code, _, text in _against_destination(call, source, other)]
    return {
        "isEligible": not errors,
        "subscriptionId": other.subscription_id,
        "subscriptionFriendlyName": other.friendly_name,
        "subscriptionTermDuration": other.term,
        "subscriptionBillingCycle": other.billing_cycle,
        "errors": errors,
    }


def _against_destination(
    call: exchange.Call, source: holdings.Subscription, other: holdings.Subscription
) -> list[tuple[int, int, str]]:
    """Why seats cannot be merged into the other one: the eligibility's code, the refusal's code and the text."""
    found = []
    if other.status != "active":
        found.append((1, 900258, "The target subscription is not active."))
    if other.cancellable_until is not None and call.now < other.cancellable_until and not other.extended_from:
        found.append((2, 900261, "The target subscription is in its cancellation window."))
    if terms.MONTHS[other.term] < terms.MONTHS[source.term]:
        found.append((3, 900267, "The term of the target subscription is shorter."))
    if other.term_ends_at < source.term_ends_at:
        found.append((4, 900236, "The target subscription ends earlier."))
    return found


def transition(call: exchange.Call) -> exchange.Answer:
    """Accepts an upgrade; nothing shows before its time has come, and the history tells how it went."""
    customer = partner_customers.require(call)
    source = partner_subscriptions.require_true(call)
    body = partner_wire.read_json(call)
    partner_changes.refuse_unless_updatable(call, source)
    if source.status != "active":
        raise partner_wire.refusal(400, 800091, "A suspended subscription cannot be updated.")
    wish = _wish(call, customer, source, body)
    asked = {name: body[name] for name in _SENT if body.get(name) is not None}
    transitions.start(
        call.connection,
        subscription=source,
        wish=wish,
        asked=asked | {"fromSubscriptionId": source.subscription_id, "fromCatalogItemId": source.item},
        at=call.now,
        settings=call.settings,
        request_id=call.request_id,
        correlation_id=call.correlation_id,
    )
    kept = transitions.history(call.connection, subscription_id=source.subscription_id)
    return exchange.Answer(body=_document(call, kept[-1]))


def _wish(
    call: exchange.Call, customer: sqlite3.Row, source: holdings.Subscription, body: partner_wire.Document
) -> transitions.Wish:
    kind = str(body.get("transitionType") or "").lower()
    if kind not in _TYPES:
        raise partner_wire.refusal(400, 400, "The transition type is not valid.")
    target = _target(call, customer, source, body)
    term = str(body.get("termDuration") or ("P1Y" if source.is_trial else source.term)).upper()
    cycle = str(body.get("billingCycle") or ("monthly" if source.is_trial else source.billing_cycle)).lower()
    to_subscription_id = str(body.get("toSubscriptionId") or "").lower()
    quantity = body.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise partner_wire.refusal(400, 2002, "The quantity must be a whole number.")
    added_to = 0
    if to_subscription_id:
        added_to = _refuse_unless_mergeable(call, source, target, to_subscription_id)
    else:
        _refuse_unless_offered(source, target, term=term, cycle=cycle)
    _refuse_quantity(call, source, target, quantity, added_to=added_to)
    return transitions.Wish(
        from_item=source.item,
        to_item=str(body["toCatalogItemId"]).upper(),
        to_subscription_id=to_subscription_id,
        quantity=quantity,
        term=term,
        billing_cycle=cycle,
        moves_licences=kind == _TYPES[1] and quantity >= source.quantity,
    )


def _target(
    call: exchange.Call, customer: sqlite3.Row, source: holdings.Subscription, body: partner_wire.Document
) -> sqlite3.Row:
    found = partner_catalogue.read_item(call, str(body.get("toCatalogItemId") or ""))
    if found is None:
        raise partner_wire.refusal(404, 400019, "The catalog item is not valid.")
    target, availability = found
    if target not in targets(call.connection, source):
        raise partner_wire.refusal(403, 800020, "The subscription cannot be transitioned to this item.")
    if availability["segment"] not in {"commercial", customer["segment"]}:
        raise partner_wire.refusal(400, 800086, "The customer does not have the required qualification.")
    return target


def _refuse_unless_offered(source: holdings.Subscription, target: sqlite3.Row, *, term: str, cycle: str) -> None:
    if term not in terms.MONTHS:
        raise partner_wire.refusal(400, 900268, "The term is not valid.")
    if not source.is_trial and terms.MONTHS[term] < terms.MONTHS[source.term]:
        raise partner_wire.refusal(400, 900267, "The term is shorter than that of the source subscription.")
    if cycle not in terms.CYCLE_MONTHS:
        raise partner_wire.refusal(400, 900269, "The billing cycle is not valid.")
    if terms.CYCLE_MONTHS[cycle] > terms.MONTHS[term]:
        raise partner_wire.refusal(400, 900270, "The billing cycle is longer than the term.")
    if f"{term}:{cycle}" not in catalogue.plans(target):
        raise partner_wire.refusal(400, 900269, "The term and billing cycle are not offered for the target.")


def _refuse_unless_mergeable(
    call: exchange.Call, source: holdings.Subscription, target: sqlite3.Row, to_subscription_id: str
) -> int:
    """The seats that the destination has already."""
    if to_subscription_id == source.subscription_id:
        raise partner_wire.refusal(400, 900259, "The target subscription is the source.")
    other = holdings.find(call.connection, subscription_id=to_subscription_id)
    own = call.settings.partner_tenant_id
    if other is None or (other.tenant_id, other.owner_tenant_id) != (source.tenant_id, own):
        raise partner_wire.refusal(404, 20003, "Subscription was not found.")
    if (other.product_id, other.sku_id) != (target["product_id"], target["sku_id"]):
        raise partner_wire.refusal(400, 900260, "The target subscription is of another item.")
    if transitions.is_running(call.connection, subscription_id=to_subscription_id):
        raise partner_wire.refusal(400, 900261, "The target subscription is not ready.")
    for _, code, text in _against_destination(call, source, other):
        raise partner_wire.refusal(400, code, text)
    return other.quantity


def _refuse_quantity(
    call: exchange.Call, source: holdings.Subscription, target: sqlite3.Row, quantity: int, *, added_to: int
) -> None:
    left = source.quantity - quantity
    own = catalogue.find_item(call.connection, source.item)
    lowest = 1 if own is None else max(1, own["minimum"])
    is_fitting = left <= 0 if source.is_trial else left == 0 or (quantity > 0 and left >= lowest)
    if not is_fitting or not target["minimum"] <= quantity + added_to <= target["maximum"]:
        raise partner_wire.refusal(400, 2002, "The quantity is outside the limits of source or target.")


def list_transitions(call: exchange.Call) -> exchange.Answer:
    """The history, under `transition` as the published sample has it unless the quirks are off."""
    subscription = partner_subscriptions.require_shown(call)
    kept = transitions.history(call.connection, subscription_id=subscription.subscription_id)
    wanted = call.parameter("operationId").lower()
    items = [_document(call, document) for document in kept if wanted in {"", document["operationId"]}]
    name = "transition" if call.settings.transition_quirks else "items"
    body = {"totalCount": len(items), name: items, "attributes": {"objectType": "Collection"}}
    return exchange.Answer(body=body)


def _document(call: exchange.Call, document: partner_wire.Document) -> partner_wire.Document:
    shown: partner_wire.Document = json.loads(json.dumps(document))
    events = shown["events"]
    assert isinstance(events, list)
    if call.settings.transition_quirks:
        for event in events:
            event["status"] = "Started " if event["status"] == "Started" else event["status"]
    return shown | {"attributes": {"objectType": "Transition"}}
