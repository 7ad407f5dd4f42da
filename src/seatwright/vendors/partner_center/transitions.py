"""Changing a subscription into another product at Partner Center; the vendor works on it for minutes."""

import datetime as dt
import uuid
from collections.abc import Sequence

from seatwright.vendors import http, instants, lossless, port
from seatwright.vendors.partner_center import (
    answers,
    client,
    refusals,
    translate,
    translate_transitions,
    values,
    wire_records,
)

LOOK_AGAIN_S = 20


class Transitions:
    """Transitions of one partner tenant's customers; see `port.Transitions` for what each call promises."""

    def __init__(self, *, client: client.PartnerCenterClient) -> None:
        self._client = client

    def transition_targets(
        self, *, tenant: port.TenantRef, subscription_id: str, is_scheduled: bool, at: dt.datetime
    ) -> Sequence[port.TransitionTarget]:
        kind = "scheduled" if is_scheduled else "immediate"
        link = f"{_subscription(tenant, subscription_id)}/transitionEligibilities?eligibilityType={kind}"
        found = self._client.pages(link, item=wire_records.Transition, at=at)
        return [translate_transitions.target(seen) for seen in found]

    def start_transition(
        self,
        *,
        tenant: port.TenantRef,
        subscription_id: str,
        to_catalogue_id: str,
        to_subscription_id: str | None,
        quantity: int,
        term: str,
        billing_cycle: str,
        with_licence_transfer: bool,
        request_id: uuid.UUID,
        at: dt.datetime,
    ) -> port.Outcome:
        """Look for what the subscription is now, then send once; a doubled part would move twice."""
        assert quantity >= 1, "no seats at all cannot move"
        try:
            before = self._client.subscription(customer_id=tenant.customer_id, subscription_id=subscription_id, at=at)
            seen = translate.subscription(before)
            self._client.sign_in(at=at)
        except port.VendorTrouble as trouble:
            return answers.nothing_sent(trouble)
        if to_subscription_id is None and _is_that_product(seen, to_catalogue_id):
            return port.Done(seen=seen)
        body = wire_records.Transition(
            from_catalog_item_id=before.offer_id,
            from_subscription_id=before.id,
            to_catalog_item_id=to_catalogue_id,
            to_subscription_id=to_subscription_id,
            quantity=quantity,
            term_duration=term,
            billing_cycle=billing_cycle,
            transition_type=translate_transitions.WITH_LICENCES
            if with_licence_transfer
            else translate_transitions.WITHOUT_LICENCES,
        )
        return answers.answered(
            lambda: self._client.write(
                "POST",
                f"{_subscription(tenant, subscription_id)}/transitions",
                content=lossless.encode(body),
                request_id=request_id,
                at=at,
            ),
            proof=lambda reply: _started(reply, asked=body, at=at),
            at=at,
            proving=answers.OK_OR_CREATED,
            later_s=LOOK_AGAIN_S,
        )

    def read_transition(
        self, *, tenant: port.TenantRef, subscription_id: str, operation_id: str, at: dt.datetime
    ) -> port.Transition:
        link = f"{_subscription(tenant, subscription_id)}/transitions?operationId={http.path_part(operation_id)}"
        found = self._history(link, at)
        wanted = [each for each in found if each.operation_id.lower() == operation_id.lower()]
        if not wanted:
            raise port.VendorMissing("Partner Center does not show this transition")
        return wanted[-1]

    def list_transitions(
        self, *, tenant: port.TenantRef, subscription_id: str, at: dt.datetime
    ) -> Sequence[port.Transition]:
        return self._history(f"{_subscription(tenant, subscription_id)}/transitions", at)

    def _history(self, link: str, at: dt.datetime) -> Sequence[port.Transition]:
        return translate_transitions.history(self._client.read(link, kind=wire_records.Transitions, at=at))


def _started(reply: http.Reply, *, asked: wire_records.Transition, at: dt.datetime) -> port.Later | port.Refused | None:
    """Work in progress when the answer repeats what was asked; refused when it says that the change failed already."""
    seen = lossless.from_tree(reply.json(), kind=wire_records.Transition)
    told = (values.text(seen.to_catalog_item_id).upper(), seen.quantity)
    if told != (values.text(asked.to_catalog_item_id).upper(), asked.quantity):
        return None
    started = translate_transitions.transition(seen)
    if started.status == "failed":
        codes = [problem.code for event in started.events for problem in event.problems] or ["failed"]
        return refusals.refusal(reason="transition_not_allowed", code=codes[0], request_ref=reply.request_ref)
    return port.Later(
        at=instants.retry_at(reply.headers, at=at, missing_s=LOOK_AGAIN_S),
        request_ref=reply.request_ref,
        operation_id=started.operation_id,
    )


def _is_that_product(seen: port.VendorSubscription, catalogue_id: str) -> bool:
    wanted = [part.upper() for part in values.catalogue_parts(catalogue_id)]
    return wanted == [seen.product_id.upper(), seen.vendor_sku_id.upper()]


def _subscription(tenant: port.TenantRef, subscription_id: str) -> str:
    return f"{client.customer_path(tenant.customer_id)}/subscriptions/{http.path_part(subscription_id)}"
