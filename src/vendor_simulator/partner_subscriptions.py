"""Partner Center's subscriptions as they are read: list, one, and the state of provisioning."""

import base64
import datetime as dt
import json

from vendor_simulator import catalogue, exchange, holdings, partner_customers, partner_wire, terms, transitions

_DAY = dt.timedelta(days=1)


def list_subscriptions(call: exchange.Call) -> exchange.Answer:
    """All of a customer's subscriptions that this partner sold, in one collection, whatever their state."""
    customer = partner_customers.require(call)
    found = holdings.shown_of_tenant(
        call.connection,
        tenant_id=customer["tenant_id"],
        owner_tenant_id=call.settings.partner_tenant_id,
        now=call.now,
    )
    order_id = call.parameter("order_id")
    if order_id:
        found = [subscription for subscription in found if subscription.order_id == order_id]
    items = [document(call, subscription) for subscription in found]
    uri = f"/customers/{customer['customer_id']}/subscriptions"
    return exchange.Answer(body=partner_wire.collection(items, self_uri=uri))


def get_subscription(call: exchange.Call) -> exchange.Answer:
    return exchange.Answer(body=document(call, require_shown(call)))


def get_provisioning_status(call: exchange.Call) -> exchange.Answer:
    """Whether the tenant has the seats yet; the `skuId` here is the licence GUID."""
    partner_wire.require_user(call)
    subscription = require_shown(call)
    sku = catalogue.find_sku(call.connection, product_id=subscription.product_id, sku_id=subscription.sku_id)
    is_pending = holdings.is_pending(
        call.connection, subscription_id=subscription.subscription_id, now=call.now
    ) or transitions.is_running(call.connection, subscription_id=subscription.subscription_id)
    body = {
        "skuId": "" if sku is None else sku["provisioning_id"],
        "status": "pending" if is_pending else "success",
        "quantity": subscription.quantity,
        "endDate": partner_wire.day_start(subscription.term_ends_at.date() - _DAY),
        "attributes": {"objectType": "SubscriptionProvisioningStatus"},
    }
    return exchange.Answer(body=body)


def require_shown(call: exchange.Call) -> holdings.Subscription:
    """The subscription named in the path as a read shows it; 404 if another's, unknown or not visible yet."""
    found = holdings.shown(call.connection, subscription_id=_require_own(call), now=call.now)
    if found is None:
        raise partner_wire.refusal(404, 20003, "Subscription was not found.")
    return found


def require_true(call: exchange.Call) -> holdings.Subscription:
    """The subscription named in the path as it truly is, which is what a change works on."""
    found = holdings.find(call.connection, subscription_id=_require_own(call))
    if found is None or call.now < found.visible_from:
        raise partner_wire.refusal(404, 20003, "Subscription was not found.")
    return found


def _require_own(call: exchange.Call) -> str:
    customer = partner_customers.require(call)
    subscription_id = partner_wire.require_guid(call.path_params["subscription_id"], code=20003, what="Subscription")
    row = call.connection.execute(
        "SELECT 1 FROM subscriptions WHERE subscription_id = ? AND tenant_id = ? AND owner_tenant_id = ?",
        (subscription_id, customer["tenant_id"], call.settings.partner_tenant_id),
    ).fetchone()
    if row is None:
        raise partner_wire.refusal(404, 20003, "Subscription was not found.")
    return subscription_id


def etag(subscription: holdings.Subscription) -> str:
    known = {"id": subscription.subscription_id, "version": subscription.version}
    return base64.b64encode(json.dumps(known, separators=(",", ":")).encode()).decode()


def document(call: exchange.Call, subscription: holdings.Subscription) -> partner_wire.Document:
    """The subscription on the wire; end dates name the last day, members without a value are left out."""
    item = f"{subscription.product_id}:{subscription.sku_id}:{subscription.availability_id}"
    body: partner_wire.Document = {
        "id": subscription.subscription_id,
        "offerId": item,
        "offerName": subscription.offer_name,
        "friendlyName": subscription.friendly_name,
        "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
        "quantity": subscription.quantity,
        "unitType": "Licenses",
        "hasPurchasableAddons": False,
        "creationDate": partner_wire.moment(subscription.created_at),
        "effectiveStartDate": partner_wire.moment(subscription.term_started_at),
        **_ends(call, subscription),
        "status": subscription.status,
        "autoRenewEnabled": subscription.is_auto_renew,
        "isTrial": subscription.is_trial,
        "billingType": "license",
        "billingCycle": subscription.billing_cycle,
        "termDuration": subscription.term,
        "renewalTermDuration": "",
        "refundOptions": [
            {"type": "Full", "expiresAt": partner_wire.moment(subscription.term_started_at + _DAY)},
        ],
        "isMicrosoftProduct": True,
        "partnerId": subscription.partner_id,
        "attentionNeeded": False,
        "actionTaken": False,
        "contractType": "subscription",
        **_when_set(call, subscription),
        "links": _links(call, subscription),
        "publisherName": "Microsoft Corporation",
        "orderId": subscription.order_id,
        "attributes": {"objectType": "Subscription"},
    }
    if call.settings.etags:
        body["attributes"] = {"etag": etag(subscription), "objectType": "Subscription"}
    return body


def _ends(call: exchange.Call, subscription: holdings.Subscription) -> partner_wire.Document:
    term_ends_on = subscription.term_ends_at.date()
    today = min(max(call.now.date(), subscription.term_started_at.date()), term_ends_on - _DAY)
    cycle_ends_on = terms.cycle_end(
        subscription.anchored_on, billing_cycle=subscription.billing_cycle, term_ends_on=term_ends_on, on=today
    )
    return {
        "commitmentEndDate": partner_wire.day_start(term_ends_on - _DAY),
        "commitmentEndDateTime": partner_wire.day_end(term_ends_on - _DAY),
        "billingCycleEndDate": partner_wire.day_start(cycle_ends_on - _DAY),
        "billingCycleEndDateTime": partner_wire.day_end(cycle_ends_on - _DAY),
    }


def _when_set(call: exchange.Call, subscription: holdings.Subscription) -> partner_wire.Document:
    members: partner_wire.Document = {}
    until = subscription.cancellable_until
    if until is not None and call.now < until and subscription.status in {"active", "suspended"}:
        members["cancellationAllowedUntilDate"] = partner_wire.moment(until)
    if subscription.status == "active":
        members["refundableQuantity"] = _refundable(call, subscription)
    if subscription.suspension_reasons:
        members["suspensionReasons"] = list(subscription.suspension_reasons)
    if subscription.promotion_id:
        members["promotionId"] = subscription.promotion_id
    if subscription.coterm_on is not None:
        members["customTermEndDate"] = partner_wire.day_start(subscription.coterm_on)
    if subscription.scheduled is not None:
        members.update(_scheduled(call, subscription.scheduled))
    if subscription.next_charge is not None:
        members["nextChargeInstructions"] = subscription.next_charge
    return members


def _scheduled(call: exchange.Call, scheduled: dict[str, object]) -> partner_wire.Document:
    """The schedule in the shape it was sent in; when an action runs is told by either spelling of the member."""
    actions = scheduled.get("scheduledActions")
    if not isinstance(actions, list):
        return scheduled
    spelling = call.settings.schedule_member
    renamed = [
        {spelling if name == "scheduleType" else name: value for name, value in action.items()} for action in actions
    ]
    return {"scheduledActions": renamed}


def _refundable(call: exchange.Call, subscription: holdings.Subscription) -> partner_wire.Document:
    batches = subscription.refundable(now=call.now)
    details = [
        {"quantity": batch.quantity, "allowedUntilDateTime": partner_wire.moment(batch.until)} for batch in batches
    ]
    return {"totalQuantity": sum(batch.quantity for batch in batches), "details": details}


def _links(call: exchange.Call, subscription: holdings.Subscription) -> partner_wire.Document:
    product = f"/products/{subscription.product_id}"
    sku = f"{product}/skus/{subscription.sku_id}"
    own = f"/customers/{call.path_params['customer_id'].lower()}/subscriptions/{subscription.subscription_id}"
    return {
        "product": partner_wire.link(f"{product}?country=US"),
        "sku": partner_wire.link(f"{sku}?country=US"),
        "availability": partner_wire.link(f"{sku}/availabilities/{subscription.availability_id}?country=US"),
        "self": partner_wire.link(own),
    }
