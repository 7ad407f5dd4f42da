"""Buying at Partner Center: a cart is made and then checked out, once; orders tell what came of it."""

import datetime as dt
import uuid
from collections.abc import Sequence

from seatwright.vendors import http, lossless, port
from seatwright.vendors.partner_center import answers, client, refusals, translate_orders, wire

IN_PROCESS = "800064"
# The cart may have been spent by an earlier checkout of ours: only a look can tell.
PERHAPS_SPENT = ("800060", "800065")


class Carts:
    """Purchases of one partner tenant; see `port.Purchases` for what each call promises."""

    def __init__(self, *, client: client.PartnerCenterClient) -> None:
        self._client = client

    def create_cart(
        self,
        *,
        tenant: port.TenantRef,
        lines: Sequence[port.CartLine],
        request_id: uuid.UUID,
        at: dt.datetime,
        is_partner_attested: bool = True,
    ) -> port.CartOutcome:
        assert lines, "an empty cart buys nothing"
        body = translate_orders.cart_body(lines, is_partner_attested=is_partner_attested)
        return answers.answered(
            lambda: self._client.write(
                "POST",
                f"{client.customer_path(tenant.customer_id)}/carts",
                content=lossless.encode(body),
                request_id=request_id,
                at=at,
            ),
            proof=lambda reply: _made(reply, asked=lines),
            at=at,
            proving=answers.OK_OR_CREATED,
        )

    def checkout(
        self, *, tenant: port.TenantRef, cart_id: str, request_id: uuid.UUID, at: dt.datetime
    ) -> port.CheckoutOutcome:
        outcome: port.CheckoutOutcome = answers.answered(
            lambda: self._client.write(
                "POST", f"{_cart(tenant, cart_id)}/checkout", content=None, request_id=request_id, at=at
            ),
            proof=_spent,
            at=at,
            proving=answers.OK_OR_CREATED,
        )
        if isinstance(outcome, port.Refused) and outcome.code == IN_PROCESS:
            look_at = outcome.retry_at or at + dt.timedelta(seconds=refusals.NOT_READY_AGAIN_S)
            return port.Later(at=look_at, request_ref=outcome.request_ref)
        if isinstance(outcome, port.Refused) and outcome.code in PERHAPS_SPENT:
            return port.Unclear(why=f"Partner Center answered {outcome.code}", request_ref=outcome.request_ref)
        return outcome

    def read_cart(self, *, tenant: port.TenantRef, cart_id: str, at: dt.datetime) -> port.Cart:
        """Raises `port.VendorGarbled` also when another cart comes."""
        seen = translate_orders.cart(self._client.read(_cart(tenant, cart_id), kind=wire.Cart, at=at))
        if seen.cart_id.lower() != cart_id.lower():
            raise port.VendorGarbled("Partner Center answered with another cart")
        return seen

    def read_order(self, *, tenant: port.TenantRef, order_id: str, at: dt.datetime) -> port.VendorOrder:
        """Raises `port.VendorGarbled` also when another order comes."""
        link = f"{client.customer_path(tenant.customer_id)}/orders/{http.path_part(order_id)}"
        seen = translate_orders.order(self._client.read(link, kind=wire.Order, at=at))
        if seen.order_id.lower() != order_id.lower():
            raise port.VendorGarbled("Partner Center answered with another order")
        return seen

    def list_orders(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.VendorOrder]:
        link = f"{client.customer_path(tenant.customer_id)}/orders"
        return [translate_orders.order(seen) for seen in self._client.pages(link, item=wire.Order, at=at)]


def _made(reply: http.Reply, *, asked: Sequence[port.CartLine]) -> port.Cart | None:
    """The cart as it was made; one that cannot be checked out any more is not ours."""
    seen = lossless.from_tree(reply.json(), kind=wire.Cart)
    made = translate_orders.cart(seen, asked=asked, request_ref=reply.request_ref)
    return made if made.status == "active" and len(made.lines) <= len(asked) else None


def _spent(reply: http.Reply) -> port.Bought | port.Refused | None:
    seen = lossless.from_tree(reply.json(), kind=wire.CartCheckoutResult)
    return translate_orders.bought(seen, request_ref=reply.request_ref)


def _cart(tenant: port.TenantRef, cart_id: str) -> str:
    return f"{client.customer_path(tenant.customer_id)}/carts/{http.path_part(cart_id)}"
