"""Every path of Partner Center that the simulator answers."""

from starlette.routing import Route

from vendor_simulator import (
    end_dates,
    exchange,
    partner_agreements,
    partner_carts,
    partner_catalogue,
    partner_changes,
    partner_customers,
    partner_licences,
    partner_orders,
    partner_promotions,
    partner_subscriptions,
    partner_transitions,
    partner_wire,
)

_CUSTOMER = "/v1/customers/{customer_id}"
_SUBSCRIPTION = _CUSTOMER + "/subscriptions/{subscription_id}"
_ORDER = _CUSTOMER + "/orders/{order_id}"
_CART = _CUSTOMER + "/carts/{cart_id}"


def _unknown(call: exchange.Call) -> exchange.Answer:
    raise partner_wire.refusal(404, 404, f"No resource was found at {call.path}.")


def _catalogue(base: str) -> list[Route]:
    sku = base + "/products/{product_id}/skus"
    return [
        _route("GET", base + "/products", partner_catalogue.list_products),
        _route("GET", base + "/products/{product_id}", partner_catalogue.get_product),
        _route("GET", sku, partner_catalogue.list_skus),
        _route("GET", sku + "/{sku_id}", partner_catalogue.get_sku),
        _route("GET", sku + "/{sku_id}/availabilities", partner_catalogue.list_availabilities),
        _route("GET", sku + "/{sku_id}/availabilities/{availability_id}", partner_catalogue.get_availability),
    ]


def _route(method: str, path: str, handler: exchange.Handler) -> Route:
    return exchange.route(method, path, handler, face=partner_wire.FACE)


routes: list[Route] = [
    _route("GET", "/v1/customers", partner_customers.list_customers),
    _route("GET", _CUSTOMER, partner_customers.get_customer),
    _route("GET", "/v1/agreements", partner_agreements.list_templates),
    _route("GET", _CUSTOMER + "/agreements", partner_agreements.list_agreements),
    _route("POST", _CUSTOMER + "/agreements", partner_agreements.confirm),
    *_catalogue("/v1"),
    *_catalogue(_CUSTOMER),
    _route("GET", "/v1/productpromotions", partner_promotions.list_promotions),
    _route("GET", "/v1/productpromotions/{promotion_id}", partner_promotions.get_promotion),
    _route("POST", _CUSTOMER + "/promotionEligibilities", partner_promotions.verify),
    _route("GET", _CUSTOMER + "/subscribedskus", partner_licences.list_subscribed_skus),
    _route("GET", _CUSTOMER + "/subscriptions", partner_subscriptions.list_subscriptions),
    _route("GET", _CUSTOMER + "/subscriptions/customTermEndDates", end_dates.list_end_dates),
    _route("GET", _SUBSCRIPTION, partner_subscriptions.get_subscription),
    _route("PATCH", _SUBSCRIPTION, partner_changes.patch_subscription),
    _route("GET", _SUBSCRIPTION + "/provisioningstatus", partner_subscriptions.get_provisioning_status),
    _route("GET", _SUBSCRIPTION + "/transitionEligibilities", partner_transitions.list_eligibilities),
    _route("GET", _SUBSCRIPTION + "/transitions", partner_transitions.list_transitions),
    _route("POST", _SUBSCRIPTION + "/transitions", partner_transitions.transition),
    _route("GET", _CUSTOMER + "/orders", partner_orders.list_orders),
    _route("POST", _CUSTOMER + "/orders", partner_orders.create_order),
    _route("GET", _ORDER, partner_orders.get_order),
    _route("GET", _ORDER + "/provisioningstatus", partner_orders.get_order_provisioning),
    _route("POST", _CUSTOMER + "/carts", partner_carts.create_cart),
    _route("GET", _CART, partner_carts.get_cart),
    _route("PUT", _CART, partner_carts.replace_cart),
    _route("POST", _CART + "/checkout", partner_carts.check_out),
    *[_route(method, "/v1/{rest:path}", _unknown) for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")],
]
