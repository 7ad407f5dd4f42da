"""Partner Center as the part of a vendor that knows customers and subscriptions and changes them in place."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence

import msgspec

from seatwright.vendors import http, lossless, port
from seatwright.vendors.partner_center import answers, client, scheduling, translate, wire


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
        seen = self._client.subscription(customer_id=tenant.customer_id, subscription_id=subscription_id, at=at)
        return translate.subscription(seen)

    def list_subscriptions(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.VendorSubscription]:
        found = self._client.subscriptions(customer_id=tenant.customer_id, at=at)
        return [translate.subscription(seen) for seen in found]

    def set_seats(
        self, *, tenant: port.TenantRef, subscription_id: str, quantity: int, request_id: uuid.UUID, at: dt.datetime
    ) -> port.Outcome:
        """See `port.Vendor.set_seats`; a subscription that already has `quantity` seats is answered without sending."""
        assert quantity >= 1, "no seats at all is a cancellation"
        return self._change(
            tenant,
            subscription_id,
            is_there=lambda seen: seen.quantity == quantity,
            wish=lambda before: msgspec.structs.replace(before, quantity=quantity),
            request_id=request_id,
            at=at,
        )

    def set_end_of_term(
        self,
        *,
        tenant: port.TenantRef,
        subscription_id: str,
        outcome: port.EndOfTerm,
        next_term: port.NextTerm | None,
        shape: port.ScheduleShape,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> port.Outcome:
        """See `port.Vendor.set_end_of_term`."""
        return self._change(
            tenant,
            subscription_id,
            is_there=lambda seen: seen.ends_as(outcome=outcome, next_term=next_term, shape=shape),
            wish=lambda before: scheduling.with_end_of_term(before, outcome=outcome, next_term=next_term, shape=shape),
            request_id=request_id,
            at=at,
        )

    def set_auto_renew(
        self, *, tenant: port.TenantRef, subscription_id: str, is_on: bool, request_id: uuid.UUID, at: dt.datetime
    ) -> port.Outcome:
        """See `port.Vendor.set_auto_renew`; what is scheduled goes back as it came and is the vendor's to erase."""
        return self._change(
            tenant,
            subscription_id,
            is_there=lambda seen: seen.auto_renew == is_on,
            wish=lambda before: msgspec.structs.replace(before, auto_renew_enabled=is_on),
            request_id=request_id,
            at=at,
        )

    def set_status(
        self,
        *,
        tenant: port.TenantRef,
        subscription_id: str,
        status: port.Status,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> port.Outcome:
        """See `port.Vendor.set_status`."""
        return self._change(
            tenant,
            subscription_id,
            is_there=lambda seen: seen.status == status,
            wish=lambda before: msgspec.structs.replace(before, status=status),
            request_id=request_id,
            at=at,
        )

    def set_term(
        self,
        *,
        tenant: port.TenantRef,
        subscription_id: str,
        term: str,
        billing_cycle: str,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> port.Outcome:
        """See `port.Vendor.set_term`; to go back to the present billing cycle takes the waiting one away."""

        def wish(before: wire.Subscription) -> wire.Subscription:
            seen = translate.subscription(before)
            is_withdrawn = (seen.term, seen.billing_cycle) == (term, billing_cycle)
            return msgspec.structs.replace(
                before,
                term_duration=term,
                billing_cycle=billing_cycle,
                next_charge_instructions=None if is_withdrawn else before.next_charge_instructions,
            )

        return self._change(
            tenant,
            subscription_id,
            is_there=lambda seen: (seen.term, seen.next_billing_cycle or seen.billing_cycle) == (term, billing_cycle),
            wish=wish,
            request_id=request_id,
            at=at,
        )

    def _change(
        self,
        tenant: port.TenantRef,
        subscription_id: str,
        *,
        is_there: Callable[[port.VendorSubscription], bool],
        wish: Callable[[wire.Subscription], wire.Subscription],
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> port.Outcome:
        """Look, then send the whole resource as wished, once; done only when the answer shows what was wished."""
        try:
            before = self._client.subscription(customer_id=tenant.customer_id, subscription_id=subscription_id, at=at)
            seen = translate.subscription(before)
            self._client.sign_in(at=at)
        except port.VendorTrouble as trouble:
            return answers.nothing_sent(trouble)
        if is_there(seen):
            return port.Done(seen=seen)
        wished = wish(before)
        return answers.answered(
            lambda: self._client.patch_subscription(
                customer_id=tenant.customer_id, changed=wished, request_id=request_id, at=at
            ),
            proof=lambda reply: shown(reply, subscription_id=subscription_id, is_there=is_there),
            at=at,
        )


def shown(
    reply: http.Reply, *, subscription_id: str, is_there: Callable[[port.VendorSubscription], bool]
) -> port.Done | None:
    """Done only when the answer shows the very subscription in the wanted state."""
    seen = translate.subscription(lossless.from_tree(reply.json(), kind=wire.Subscription))
    if seen.subscription_id != subscription_id.lower() or not is_there(seen):
        return None
    return port.Done(seen=seen, request_ref=reply.request_ref)
