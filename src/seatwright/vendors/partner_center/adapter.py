"""Partner Center as the part of a vendor that changes seats and reports subscriptions and customers."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence

import msgspec

from seatwright.vendors import bodies, http, instants, lossless, port
from seatwright.vendors.partner_center import client, refusals, translate, wire


class PartnerCenter:
    """Changes and reads of one partner tenant; every change answers with an outcome, every read may raise trouble."""

    def __init__(self, *, client: client.PartnerCenterClient) -> None:
        self._client = client

    def list_tenants(self, *, at: dt.datetime) -> Iterator[port.VendorTenant]:
        """All customers of the partner, whatever their relationship."""
        return (translate.tenant(seen) for seen in self._client.customers(at=at))

    def read_subscription(
        self, *, tenant: port.TenantRef, subscription_id: str, at: dt.datetime
    ) -> port.VendorSubscription:
        return translate.subscription(self._read(tenant, subscription_id, at))

    def list_subscriptions(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.VendorSubscription]:
        found = self._client.subscriptions(customer_id=tenant.customer_id, at=at)
        return [translate.subscription(seen) for seen in found]

    def set_seats(
        self, *, tenant: port.TenantRef, subscription_id: str, quantity: int, request_id: uuid.UUID, at: dt.datetime
    ) -> port.Outcome:
        """See `port.Vendor.set_seats`; a subscription that already has `quantity` seats is answered without sending."""
        assert quantity >= 1, "no seats at all is a cancellation"
        try:
            before = self._read(tenant, subscription_id, at)
            seen = translate.subscription(before)
            self._client.sign_in(at=at)
        except port.VendorTrouble as trouble:
            return _nothing_sent(trouble)
        if seen.quantity == quantity:
            return port.Done(seen=seen)
        wanted = msgspec.structs.replace(before, quantity=quantity)
        try:
            reply = self._client.patch_subscription(
                customer_id=tenant.customer_id, changed=wanted, request_id=request_id, at=at
            )
        except (http.AnswerLost, http.AnswerRefused) as trouble:
            return port.Unclear(why=trouble.safe_text, request_ref=trouble.request_ref)
        except port.VendorTrouble as trouble:
            return _nothing_sent(trouble)
        return _outcome(reply, quantity=quantity, subscription_id=subscription_id, at=at)

    def _read(self, tenant: port.TenantRef, subscription_id: str, at: dt.datetime) -> wire.Subscription:
        seen = self._client.subscription(customer_id=tenant.customer_id, subscription_id=subscription_id, at=at)
        if (seen.id or "").lower() != subscription_id.lower():
            raise port.VendorGarbled("Partner Center answered with another subscription")
        return seen


def _nothing_sent(trouble: port.VendorTrouble) -> port.Refused:
    """The refusal for trouble before the first byte of the change."""
    reason, retry_at = "not_sent", None
    if isinstance(trouble, port.VendorBusy):
        reason, retry_at = "throttled", trouble.retry_at
    elif isinstance(trouble, port.VendorDenied):
        reason = "denied"
    elif isinstance(trouble, port.VendorMissing):
        reason = "not_found"
    return refusals.refusal(
        reason=reason, code=type(trouble).__name__, retry_at=retry_at, request_ref=trouble.request_ref
    )


def _outcome(reply: http.Reply, *, quantity: int, subscription_id: str, at: dt.datetime) -> port.Outcome:
    """What an answer to the change proves; anything that proves nothing is unclear."""
    if reply.status == 200:
        return _changed(reply, quantity=quantity, subscription_id=subscription_id)
    if reply.status == 202:
        return port.Later(at=instants.retry_at(reply.headers, at=at), request_ref=reply.request_ref)
    if reply.status == 401:
        return refusals.refusal(reason="not_sent", code="http-401", request_ref=reply.request_ref)
    error = refusals.error_in(reply) if 400 <= reply.status < 500 and reply.status != 408 else None
    if error is None and reply.status != 429:
        return port.Unclear(why=f"Partner Center answered {reply.status}", request_ref=reply.request_ref)
    return refusals.refused(reply=reply, error=error or wire.Error(), at=at)


def _changed(reply: http.Reply, *, quantity: int, subscription_id: str) -> port.Outcome:
    """Done only when the answer shows the very subscription with the wanted quantity."""
    try:
        seen = translate.subscription(lossless.from_tree(reply.json(), kind=wire.Subscription))
    except (bodies.UnreadableBody, port.VendorGarbled):
        return port.Unclear(why="Partner Center's answer cannot be read", request_ref=reply.request_ref)
    if seen.subscription_id != subscription_id.lower() or seen.quantity != quantity:
        return port.Unclear(why="Partner Center's answer shows another quantity", request_ref=reply.request_ref)
    return port.Done(seen=seen, request_ref=reply.request_ref)
