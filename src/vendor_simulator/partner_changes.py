"""PATCH of a subscription: every change in place, with the vendor's rules and side effects.

The body is taken for the full resource: an absent `autoRenewEnabled` means false, absent schedules are erased. A change
of seats, status, term or auto-renew to off wipes the schedule even when it is sent along.
"""

import dataclasses
import datetime as dt

from vendor_simulator import (
    catalogue,
    exchange,
    faults,
    holdings,
    partner_sales,
    partner_subscriptions,
    partner_wire,
    promotions,
    renewals,
    schedules,
    terms,
    transitions,
)

_MOST_UPDATES = 1200
_STATUSES = frozenset({"active", "suspended", "deleted"})
_FREQUENCY_CHANGES = frozenset({("P3Y", "monthly", "annual"), ("P3Y", "annual", "monthly")})
_TERM_ORDER = ("P1M", "P1Y", "P3Y")


def patch_subscription(call: exchange.Call) -> exchange.Answer:
    before = partner_subscriptions.require_true(call)
    body = partner_wire.read_json(call)
    _refuse_read_only(call, before, body)
    refuse_unless_updatable(call, before)
    after = _renamed(before, body)
    after = _with_status(call, after, body)
    after = _with_term(call, after, body)
    after = _with_quantity(call, after, body)
    after = _with_renewal(call, before, after, body)
    if after.status in {"active", "suspended"}:
        due_at = renewals.next_due(after, after=call.now, settings=call.settings)
        after = dataclasses.replace(after, next_due_at=due_at)
    if call.strikes("ignored_write"):
        return exchange.Answer(body=partner_subscriptions.document(call, before))
    return _commit(call, before, after)


def _is_renewing(call: exchange.Call, before: holdings.Subscription) -> bool:
    return before.status == "active" and call.now >= before.term_ends_at


def _refuse_read_only(call: exchange.Call, before: holdings.Subscription, body: partner_wire.Document) -> None:
    """While a renewal is processed its own members are read-only; anything else is merely to be tried again."""
    if not _is_renewing(call, before):
        return
    wanted = str(body.get("status") or before.status).lower()
    is_moved = (wanted, body.get("autoRenewEnabled") is True) != (before.status, before.is_auto_renew)
    if is_moved or schedules.read(call, before, body) != before.scheduled:
        raise partner_wire.refusal(400, 900280, "The subscription cannot be updated while its renewal is processed.")


def refuse_unless_updatable(call: exchange.Call, before: holdings.Subscription) -> None:
    wanted = call.header("if-match").strip().strip('"')
    if before.status == "deleted":
        raise partner_wire.refusal(400, 2011, "A deleted subscription cannot be updated.")
    if before.status in {"expired", "disabled"}:
        raise partner_wire.refusal(400, 900279, "The subscription can no longer be updated.")
    if holdings.is_pending(
        call.connection, subscription_id=before.subscription_id, now=call.now
    ) or transitions.is_running(call.connection, subscription_id=before.subscription_id):
        raise partner_wire.refusal(
            409, 900278, "An operation on the subscription is pending. Try again after 24 hours."
        )
    if _is_renewing(call, before):
        raise partner_wire.refusal(409, 900278, "The renewal is being processed. Try again after 2 minutes.")
    if before.updates >= _MOST_UPDATES:
        raise partner_wire.refusal(400, 900311, "The subscription was updated too many times.")
    if wanted and wanted != "*" and call.settings.etags and wanted != partner_subscriptions.etag(before):
        raise partner_wire.refusal(400, 2055, "The entity tag does not match the present state.")


def _renamed(after: holdings.Subscription, body: partner_wire.Document) -> holdings.Subscription:
    return dataclasses.replace(
        after,
        friendly_name=str(body.get("friendlyName") or after.friendly_name),
        partner_id=str(body.get("partnerId") or after.partner_id),
    )


def _with_status(
    call: exchange.Call, after: holdings.Subscription, body: partner_wire.Document
) -> holdings.Subscription:
    wanted = str(body.get("status") or after.status).lower()
    if wanted == after.status:
        return after
    if wanted not in _STATUSES or after.is_trial:
        raise partner_wire.refusal(400, 800040, f"The status cannot change from {after.status} to {wanted}.")
    if wanted == "deleted" and (after.cancellable_until is None or call.now >= after.cancellable_until):
        hours = call.settings.window_s // 3600
        span = f"{hours // 24}-day" if call.settings.cancel_refusal == 900117 else f"{hours}-hour"
        text = f"The {span} cancellation window of the subscription has passed."
        raise partner_wire.refusal(400, call.settings.cancel_refusal, text)
    is_ended = wanted == "deleted"
    return dataclasses.replace(
        after,
        status=wanted,
        suspension_reasons=("CustomerCancellation",) if wanted == "suspended" else (),
        state_since=call.now,
        is_auto_renew=False,
        scheduled=None,
        batches=() if is_ended else after.batches,
        next_charge=None if is_ended else after.next_charge,
        next_due_at=None,
    )


def _with_term(call: exchange.Call, after: holdings.Subscription, body: partner_wire.Document) -> holdings.Subscription:
    """A longer term starts a new one now; a P3Y's billing frequency changes at the next charge."""
    term = str(body.get("termDuration") or after.term).upper()
    cycle = str(body.get("billingCycle") or after.billing_cycle).lower()
    if (term, cycle) == (after.term, after.billing_cycle):
        return after
    if after.is_trial:
        raise partner_wire.refusal(400, 800107, "The term of a trial cannot be changed.")
    if term == after.term:
        if (term, after.billing_cycle, cycle) not in _FREQUENCY_CHANGES:
            raise partner_wire.refusal(400, 800097, "The billing cycle of the subscription cannot be updated.")
        product = schedules.product(after) | {"billingCycle": cycle}
        return dataclasses.replace(after, next_charge={"product": product, "quantity": after.quantity})
    if term not in _TERM_ORDER:
        raise partner_wire.refusal(400, 800121, "The term is not valid.")
    if _TERM_ORDER.index(term) < _TERM_ORDER.index(after.term):
        raise partner_wire.refusal(400, 800122, "The term cannot be shortened.")
    sku = catalogue.find_item(call.connection, after.extended_from or after.item)
    if sku is None or f"{term}:{cycle}" not in catalogue.plans(sku):
        raise partner_wire.refusal(400, 800121, "The term and billing cycle are not offered for this product.")
    if not sku["is_on_sale"]:
        raise partner_wire.refusal(403, 2091, "The product is no longer sold for a new term.")
    return _on_new_term(call, after, term=term, cycle=cycle)


def _on_new_term(call: exchange.Call, after: holdings.Subscription, *, term: str, cycle: str) -> holdings.Subscription:
    """A term from now on at the price of today; out of an extended service term it opens the windows again."""
    today = call.now.date()
    if after.extended_from:
        until = call.now + dt.timedelta(seconds=call.settings.window_s)
        back = renewals.moved_to(call.connection, after, after.extended_from, after.extended_from.rpartition(":")[2])
        batch = holdings.Batch(quantity=after.quantity, added_at=call.now, until=until)
        after = dataclasses.replace(back, extended_from="", cancellable_until=until, batches=(batch,))
    after = dataclasses.replace(
        after,
        term=term,
        billing_cycle=cycle,
        term_started_at=call.now,
        anchored_on=today,
        term_ends_at=terms.midnight(terms.term_end(today, term=term, after=today)),
        coterm_on=None,
        next_charge=None,
    )
    purchase = promotions.Purchase(
        tenant_id=after.tenant_id,
        sku=f"{after.product_id}:{after.sku_id}",
        quantity=after.quantity,
        term=term,
        billing_cycle=cycle,
    )
    return dataclasses.replace(after, promotion_id=promotions.chosen(call.connection, purchase, at=call.now))


def _with_quantity(
    call: exchange.Call, after: holdings.Subscription, body: partner_wire.Document
) -> holdings.Subscription:
    wanted = body.get("quantity", after.quantity)
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise partner_wire.refusal(400, 2002, "The quantity must be a whole number.")
    if wanted == after.quantity:
        return after
    if after.status == "suspended":
        raise partner_wire.refusal(400, 2001, "The quantity of a suspended subscription cannot be changed.")
    if after.is_trial:
        raise partner_wire.refusal(400, 800095, "The seats of a trial cannot be updated.")
    sku = catalogue.find_item(call.connection, after.item)
    lowest, highest = (1, 2**31 - 1) if sku is None else (sku["minimum"], sku["maximum"])
    if not max(1, lowest) <= wanted <= highest:
        raise partner_wire.refusal(400, 2002, f"The quantity must be between {max(1, lowest)} and {highest}.")
    if wanted > after.quantity:
        _refuse_beyond_promotion(call, after, wanted - after.quantity)
        until = call.now + dt.timedelta(seconds=call.settings.window_s)
        added = holdings.Batch(quantity=wanted - after.quantity, added_at=call.now, until=until)
        return dataclasses.replace(after, quantity=wanted, batches=(*after.batches, added))
    return _reduced(call, after, wanted)


def _refuse_beyond_promotion(call: exchange.Call, after: holdings.Subscription, added: int) -> None:
    """Seats beyond a promotion's cap need a second subscription at the list price."""
    if not after.promotion_id:
        return
    left = promotions.seats_left(call.connection, tenant_id=after.tenant_id, promotion_id=after.promotion_id)
    if left is not None and added > left:
        raise partner_wire.refusal(400, 800088, f"The promotion has {max(0, left)} seats left.")


def _reduced(call: exchange.Call, after: holdings.Subscription, wanted: int) -> holdings.Subscription:
    returned = after.quantity - wanted
    if returned > sum(batch.quantity for batch in after.refundable(now=call.now)):
        hours = call.settings.window_s // 3600
        texts = {
            800090: "Subscription quantity cannot be decreased.",
            900214: f"The {hours}-hour window to reduce seats has passed.",
            900257: f"The {hours // 24}-day window to reduce seats has passed.",
        }
        code = call.settings.window_refusal
        raise partner_wire.refusal(400, code, texts.get(code, texts[800090]))
    batches = holdings.take_seats(after.batches, quantity=returned, now=call.now, first=call.settings.reduce_first)
    return dataclasses.replace(after, quantity=wanted, batches=batches)


def _with_renewal(
    call: exchange.Call, before: holdings.Subscription, after: holdings.Subscription, body: partner_wire.Document
) -> holdings.Subscription:
    """Auto-renew and the schedule as the body says, unless the change itself overrides them."""
    if after.status != before.status:
        return after
    sent_charge = body.get("nextChargeInstructions")
    keeps_charge = isinstance(sent_charge, dict) or after.next_charge != before.next_charge
    after = dataclasses.replace(after, next_charge=after.next_charge if keeps_charge else None)
    is_auto_renew = body.get("autoRenewEnabled") is True
    if after.status == "suspended":
        if is_auto_renew:
            raise partner_wire.refusal(400, 800091, "A suspended subscription cannot be updated.")
        return dataclasses.replace(after, is_auto_renew=False, scheduled=None)
    scheduled = schedules.read(call, after, body)
    is_moved = (before.quantity, before.term, before.term_started_at) != (
        after.quantity,
        after.term,
        after.term_started_at,
    )
    if is_moved:
        scheduled = None
    if scheduled is not None and not schedules.fits(scheduled, is_auto_renew=is_auto_renew):
        if scheduled != before.scheduled:
            raise partner_wire.refusal(400, 800093, "The schedule and the auto-renewal contradict each other.")
        scheduled = None
    if after.is_trial and is_auto_renew and scheduled is None:
        scheduled = before.scheduled
    return dataclasses.replace(after, is_auto_renew=is_auto_renew, scheduled=scheduled)


def _commit(call: exchange.Call, before: holdings.Subscription, after: holdings.Subscription) -> exchange.Answer:
    """Writes the change; a change that shows late leaves a shadow, a 202 keeps others out until it is done."""
    shown_from, shadow_kind = _lateness(call)
    if dataclasses.replace(after, version=before.version) == before:
        return exchange.Answer(body=partner_subscriptions.document(call, before))
    after = holdings.change(
        call.connection, before=before, after=after, now=call.now, shown_from=shown_from, shadow_kind=shadow_kind
    )
    partner_sales.record_change(call, before=before, after=after)
    if after.quantity > before.quantity:
        promotions.note_use(
            call.connection,
            tenant_id=after.tenant_id,
            promotion_id=after.promotion_id,
            seats=after.quantity - before.quantity,
            at=call.now,
        )
    call.record_effect(
        kind="subscription.changed",
        tenant_id=after.tenant_id,
        subject=after.subscription_id,
        before=_essence(before),
        after=_essence(after),
    )
    if shadow_kind == "pending":
        uri = f"/customers/{call.path_params['customer_id']}/subscriptions/{after.subscription_id}"
        return exchange.Answer(status=202, headers={"Location": uri})
    return exchange.Answer(body=partner_subscriptions.document(call, after))


def _lateness(call: exchange.Call) -> tuple[dt.datetime | None, str]:
    fault = call.fault
    if fault is not None:
        for kind, shadow_kind in (("answer_202", "pending"), ("late_visibility", "hold"), ("flapping", "flap")):
            if call.strikes(kind):
                return faults.visible_at(fault, now=call.now), shadow_kind
    if call.settings.patch_async_s > 0:
        return call.now + dt.timedelta(seconds=call.settings.patch_async_s), "pending"
    return None, "hold"


def _essence(subscription: holdings.Subscription) -> partner_wire.Document:
    return {
        "quantity": subscription.quantity,
        "status": subscription.status,
        "autoRenewEnabled": subscription.is_auto_renew,
        "termDuration": subscription.term,
        "billingCycle": subscription.billing_cycle,
        "friendlyName": subscription.friendly_name,
        "scheduled": subscription.scheduled,
        "version": subscription.version,
    }
