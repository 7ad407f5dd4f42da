"""How wishes become subscriptions: what stands against a line of a cart or an order, and buying it."""

import dataclasses
import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from vendor_simulator import (
    catalogue,
    end_dates,
    exchange,
    holdings,
    order_book,
    partner_catalogue,
    partner_wire,
    promotions,
    renewals,
    terms,
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing to buy; `catalogue_item` is `product:sku:availability`, `renews_to` the term after a trial."""

    catalogue_item: str
    quantity: int
    term: str
    billing_cycle: str
    friendly_name: str = ""
    promotion_id: str = ""
    ends_on_text: str = ""
    renews_to: str = ""


@dataclass(frozen=True, kw_only=True)
class LineTrouble:
    """Why a line cannot be bought: the cart's error code and, for an order, status and code of the refusal."""

    cart_code: int
    status: int
    code: int
    text: str


def read_line(sent: partner_wire.Document) -> Line:
    """A cart's or an order's line item; missing members become values that `trouble` finds fault with."""
    quantity = sent.get("quantity")
    renews_to = sent.get("renewsTo")
    return Line(
        catalogue_item=str(sent.get("catalogItemId") or sent.get("offerId") or ""),
        quantity=quantity if isinstance(quantity, int) and not isinstance(quantity, bool) else 0,
        term=str(sent.get("termDuration") or "").upper(),
        billing_cycle=str(sent.get("billingCycle") or "").lower(),
        friendly_name=str(sent.get("friendlyName") or ""),
        promotion_id=str(sent.get("promotionId") or ""),
        ends_on_text=str(sent.get("customTermEndDate") or ""),
        renews_to=str(renews_to.get("termDuration") or "").upper() if isinstance(renews_to, dict) else "",
    )


def purchase(tenant_id: str, line: Line) -> promotions.Purchase:
    return promotions.Purchase(
        tenant_id=tenant_id,
        sku=line.catalogue_item.upper().rpartition(":")[0],
        quantity=line.quantity,
        term=line.term,
        billing_cycle=line.billing_cycle,
    )


def trouble(
    call: exchange.Call, *, line: Line, customer: sqlite3.Row, along: Sequence[Line] = ()
) -> LineTrouble | None:
    """What stands against buying the line now, None if nothing does; `along` are lines bought with it."""
    found = partner_catalogue.read_item(call, line.catalogue_item)
    if found is None:
        return LineTrouble(cart_code=10001, status=404, code=400019, text="The catalog item is not valid.")
    sku, availability = found
    if availability["segment"] not in {"commercial", customer["segment"]}:
        text = "The customer does not have the required qualification."
        return LineTrouble(cart_code=10006, status=400, code=800086, text=text)
    if f"{line.term}:{line.billing_cycle}" not in catalogue.plans(sku):
        text = "The term and billing cycle are not offered."
        return LineTrouble(cart_code=10013, status=400, code=800121, text=text)
    if not max(1, sku["minimum"]) <= line.quantity <= sku["maximum"]:
        text = f"The quantity must be between {max(1, sku['minimum'])} and {sku['maximum']}."
        cart_code = 10015 if line.quantity > sku["maximum"] else 10010
        return LineTrouble(cart_code=cart_code, status=400, code=900275, text=text)
    needed = json.loads(sku["prerequisites"])
    if needed and not _owns_any(call.connection, customer["tenant_id"], needed, along):
        return LineTrouble(cart_code=400041, status=400, code=400041, text="The add-on needs a base product.")
    if sku["is_trial"] and promotions.has_held(
        call.connection, tenant_id=customer["tenant_id"], sku=f"{sku['product_id']}:{sku['sku_id']}"
    ):
        return LineTrouble(cart_code=10002, status=403, code=800066, text="The trial was used before.")
    return _end_trouble(call, line=line, customer=customer, sku=sku) or _promotion_trouble(
        call, line=line, tenant_id=customer["tenant_id"]
    )


def _owns_any(connection: sqlite3.Connection, tenant_id: str, needed: Sequence[str], along: Sequence[Line]) -> bool:
    rows = connection.execute(
        "SELECT product_id, sku_id FROM subscriptions WHERE tenant_id = ? AND status = 'active'", (tenant_id,)
    ).fetchall()
    owned = {f"{row['product_id']}:{row['sku_id']}" for row in rows}
    owned |= {line.catalogue_item.upper().rpartition(":")[0] for line in along}
    return not owned.isdisjoint(needed)


def _end_trouble(call: exchange.Call, *, line: Line, customer: sqlite3.Row, sku: sqlite3.Row) -> LineTrouble | None:
    try:
        day = end_dates.read_day(line.ends_on_text)
    except exchange.Refused:
        return LineTrouble(cart_code=10017, status=400, code=900242, text="The custom term end date is not a date.")
    if day is None:
        return None
    wrong = end_dates.wrong_with(
        call.connection,
        day,
        tenant_id=customer["tenant_id"],
        owner_id=call.settings.partner_tenant_id,
        starts_on=call.now.date(),
        term=line.term,
        is_trial=bool(sku["is_trial"]),
    )
    return {
        end_dates.PRODUCT: LineTrouble(
            cart_code=10016, status=400, code=900244, text="The product takes no custom term end date."
        ),
        end_dates.RANGE: LineTrouble(
            cart_code=10017, status=400, code=900245, text="The custom term end date is outside the first full term."
        ),
        end_dates.MATCH: LineTrouble(
            cart_code=10017, status=400, code=900242, text="Nothing else ends on the custom term end date."
        ),
    }.get(wrong)


def _promotion_trouble(call: exchange.Call, *, line: Line, tenant_id: str) -> LineTrouble | None:
    """A named promotion must be open, for the SKU and have room; that it is for another term is not looked at."""
    if not line.promotion_id:
        return None
    wished = line.promotion_id.strip().upper()
    bought = purchase(tenant_id, line)
    open_ones = promotions.for_sku(call.connection, tenant_id=tenant_id, sku=bought.sku, at=call.now)
    found = next((document for document in open_ones if document["id"].upper() == wished), None)
    if found is not None:
        errors = promotions.errors(call.connection, found, bought)
        if all(error["type"] == "Term" for error in errors):
            return None
    return LineTrouble(cart_code=10014, status=400, code=10014, text="The promotion is not valid for this purchase.")


def buy(call: exchange.Call, *, customer: sqlite3.Row, lines: Sequence[Line], billing_cycle: str) -> sqlite3.Row:
    """Writes an order and its subscriptions; the lines must be free of trouble. Seats show once provisioned."""
    shown_after_s = call.settings.provisioning_s
    listed_after_s = call.settings.order_lag_s
    if call.fault is not None and call.strikes("late_visibility"):
        shown_after_s = listed_after_s = int(call.fault.visible_after_s)
    shown_from = call.now + dt.timedelta(seconds=shown_after_s)
    order_id = order_book.new_id()
    sold = [_sell(call, customer=customer, line=line, order_id=order_id, shown_from=shown_from) for line in lines]
    order_book.write(
        call.connection,
        tenant_id=customer["tenant_id"],
        billing_cycle=billing_cycle,
        lines=[order_book.line(found, quantity=found.quantity, transaction_type="New") for found in sold],
        at=call.now,
        settings=call.settings,
        order_id=order_id,
        listed_at=call.now + dt.timedelta(seconds=listed_after_s),
        provisioned_at=shown_from,
    )
    row = call.connection.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    assert isinstance(row, sqlite3.Row)
    return row


def _sell(
    call: exchange.Call, *, customer: sqlite3.Row, line: Line, order_id: str, shown_from: dt.datetime
) -> holdings.Subscription:
    found = partner_catalogue.read_item(call, line.catalogue_item)
    assert found is not None
    sku, _ = found
    tenant_id = customer["tenant_id"]
    until = call.now + dt.timedelta(seconds=call.settings.window_s)
    promotion_id = promotions.chosen(call.connection, purchase(tenant_id, line), at=call.now, wished=line.promotion_id)
    subscription = holdings.Subscription(
        subscription_id=str(uuid.uuid4()),
        tenant_id=tenant_id,
        owner_tenant_id=call.settings.partner_tenant_id,
        product_id=sku["product_id"],
        sku_id=sku["sku_id"],
        availability_id=line.catalogue_item.upper().rpartition(":")[2],
        offer_name=sku["title"],
        friendly_name=line.friendly_name or sku["title"],
        quantity=line.quantity,
        term=line.term,
        billing_cycle=line.billing_cycle,
        status="active",
        suspension_reasons=(),
        is_auto_renew=True,
        is_trial=bool(sku["is_trial"]),
        created_at=call.now,
        term_started_at=call.now,
        term_ends_at=_term_end(line, today=call.now.date(), is_trial=bool(sku["is_trial"])),
        anchored_on=call.now.date(),
        state_since=call.now,
        cancellable_until=until,
        scheduled=None,
        next_charge=None,
        promotion_id=promotion_id,
        partner_id="",
        order_id=order_id,
        version=1,
        updates=0,
        visible_from=shown_from,
        next_due_at=None,
        batches=(holdings.Batch(quantity=line.quantity, added_at=call.now, until=until),),
        coterm_on=end_dates.read_day(line.ends_on_text),
    )
    subscription = _as_trial(call, subscription, line) if subscription.is_trial else subscription
    due_at = renewals.next_due(subscription, after=call.now, settings=call.settings)
    subscription = dataclasses.replace(subscription, next_due_at=due_at)
    holdings.add(call.connection, subscription)
    promotions.note_use(
        call.connection, tenant_id=tenant_id, promotion_id=promotion_id, seats=line.quantity, at=call.now
    )
    call.record_effect(
        kind="subscription.created",
        tenant_id=tenant_id,
        subject=subscription.subscription_id,
        before=None,
        after={"quantity": line.quantity, "catalogItemId": line.catalogue_item, "orderId": order_id},
    )
    return subscription


def _term_end(line: Line, *, today: dt.date, is_trial: bool) -> dt.datetime:
    if is_trial:
        return terms.midnight(today) + renewals.TRIAL_LASTS
    day = end_dates.read_day(line.ends_on_text)
    if day is not None:
        return terms.midnight(day + dt.timedelta(days=1))
    return terms.midnight(terms.term_end(today, term=line.term, after=today))


def _as_trial(call: exchange.Call, subscription: holdings.Subscription, line: Line) -> holdings.Subscription:
    """No window, and a next term that is paid for unless somebody decides otherwise."""
    wished = line.renews_to if line.renews_to in terms.MONTHS else "P1Y"
    next_term = renewals.trial_instructions(call.connection, subscription, term=wished)
    closed = holdings.Batch(quantity=subscription.quantity, added_at=call.now, until=call.now)
    return dataclasses.replace(
        subscription,
        cancellable_until=None,
        batches=(closed,),
        scheduled={"scheduledNextTermInstructions": next_term},
    )


def record_change(call: exchange.Call, *, before: holdings.Subscription, after: holdings.Subscription) -> None:
    """Writes the order that a change of seats or a cancellation is at the vendor; other changes write none."""
    if after.status == "deleted":
        kind, quantity = "cancel", after.quantity
    elif after.quantity != before.quantity:
        kind = "addQuantity" if after.quantity > before.quantity else "removeQuantity"
        quantity = abs(after.quantity - before.quantity)
    elif (after.term, after.term_started_at) != (before.term, before.term_started_at):
        kind, quantity = "convert", after.quantity
    else:
        return
    order_book.write(
        call.connection,
        tenant_id=after.tenant_id,
        billing_cycle=after.billing_cycle,
        lines=[order_book.line(after, quantity=quantity, transaction_type=kind)],
        at=call.now,
        settings=call.settings,
    )
