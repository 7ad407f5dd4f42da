"""What becomes of a subscription when its term or charge cycle ends.

A term ends in one of these ways: `renewed`, `extended` (the paid extended service term, month by month), `expired`,
`disabled`, `deleted` (cancelled at term end). Renewing and extending take the vendor's processing time, the rest is
instantaneous (reference: Extended service terms; Subscription lifecycle states).
"""

import dataclasses
import datetime as dt
import sqlite3

from vendor_simulator import books, catalogue, holdings, promotions, terms

LASTS = {"expired": dt.timedelta(days=30), "disabled": dt.timedelta(days=90)}
# Suspended until the end of the term: disabled for 30 days and then for the usual 90.
DISABLED_AFTER_SUSPENSION = dt.timedelta(days=120)
TRIAL_LASTS = dt.timedelta(days=30)
_AFTER = {"expired": "disabled", "disabled": "deleted"}
_DAY = dt.timedelta(days=1)
_EXTENDED_TITLE = "Extended Service Term"

Instructions = dict[str, object]


def next_due(subscription: holdings.Subscription, *, after: dt.datetime, settings: books.Settings) -> dt.datetime:
    """When time next changes a running subscription: the end of its term, or of the charge cycle when that counts."""
    if subscription.next_charge is None and not settings.cycle_orders:
        return subscription.term_ends_at
    on = max(after, subscription.term_started_at).date()
    ends_on = terms.cycle_end(
        subscription.anchored_on,
        billing_cycle=subscription.billing_cycle,
        term_ends_on=subscription.term_ends_at.date(),
        on=on,
    )
    return terms.midnight(ends_on)


def ready_at(
    connection: sqlite3.Connection, subscription: holdings.Subscription, *, settings: books.Settings
) -> dt.datetime | None:
    """The instant at which what is due next is done, the vendor's processing time included; None when nothing is."""
    due_at = subscription.next_due_at
    if due_at is None or subscription.status != "active" or due_at < subscription.term_ends_at:
        return due_at
    if outcome(connection, subscription, settings=settings) in {"renewed", "extended"}:
        return due_at + dt.timedelta(seconds=settings.renewal_delay_s)
    return due_at


def outcome(connection: sqlite3.Connection, subscription: holdings.Subscription, *, settings: books.Settings) -> str:
    """How the running term will end, as things stand."""
    if subscription.status == "suspended":
        return "disabled"
    action = _action(subscription)
    if action == "cancel":
        return "deleted"
    sku = catalogue.find_item(connection, subscription.item)
    if subscription.is_trial:
        return "renewed" if subscription.is_auto_renew else "expired"
    if sku is not None and catalogue.trait(sku, "isRenewable") is False:
        return "expired"
    if action == "renewtoextendedserviceterm":
        return "extended"
    if action in {"renewtonewterm", "transition"} or _plain(subscription) is not None:
        return "renewed"
    if subscription.extended_from:
        return "extended"
    if subscription.is_auto_renew:
        return "renewed"
    return "extended" if is_in_scope(subscription, settings=settings) else "expired"


def is_in_scope(subscription: holdings.Subscription, *, settings: books.Settings) -> bool:
    """Whether a term falls under the rules of extended service terms, by the days of its start and end."""
    last_day = (subscription.term_ends_at - _DAY).date().isoformat()
    return (
        subscription.term_started_at.date().isoformat() >= settings.bought_from and last_day >= settings.extended_from
    )


def ended(
    connection: sqlite3.Connection, before: holdings.Subscription, *, at: dt.datetime, settings: books.Settings
) -> tuple[str, holdings.Subscription]:
    """What happened when the term or the present end state was over at `at`, and the subscription after it."""
    kind = _AFTER.get(before.status) or outcome(connection, before, settings=settings)
    if kind == "renewed":
        after = _renewed(connection, before, at=at, settings=settings)
    elif kind == "extended":
        after = _extended(connection, before, at=at, settings=settings)
    else:
        return kind, _declined(before, status=kind, at=at)
    return kind, dataclasses.replace(after, next_due_at=next_due(after, after=at, settings=settings))


def _renewed(
    connection: sqlite3.Connection, before: holdings.Subscription, *, at: dt.datetime, settings: books.Settings
) -> holdings.Subscription:
    """The next term from the day after the old one; all seats may be given back again from the instant of renewal."""
    wanted = instructions(connection, before)
    product = wanted["product"]
    assert isinstance(product, dict)
    quantity, term = wanted["quantity"], str(product["termDuration"])
    assert isinstance(quantity, int)
    started_on = before.term_ends_at.date()
    keeps_anchor = term == before.term and before.coterm_on is None and not before.extended_from and not before.is_trial
    anchored_on = before.anchored_on if keeps_anchor else started_on
    ends_on = terms.term_end(anchored_on, term=term, after=started_on)
    coterm_on = _day(wanted.get("customTermEndDate"))
    until = at + dt.timedelta(seconds=settings.window_s)
    item = f"{product['productId']}:{product['skuId']}"
    after = dataclasses.replace(
        moved_to(connection, before, item, str(product.get("availabilityId") or "")),
        quantity=quantity,
        term=term,
        billing_cycle=str(product["billingCycle"]),
        term_started_at=before.term_ends_at,
        term_ends_at=terms.midnight(ends_on if coterm_on is None else coterm_on + _DAY),
        anchored_on=anchored_on,
        state_since=at,
        is_trial=False,
        cancellable_until=until,
        scheduled=None,
        next_charge=None,
        coterm_on=coterm_on,
        extended_from="",
        batches=(holdings.Batch(quantity=quantity, added_at=at, until=until),),
    )
    wished = str(product.get("promotionId") or before.promotion_id)
    promotion_id = "" if before.is_trial else renewal_promotion(connection, after, at=at, wished=wished)
    return dataclasses.replace(after, promotion_id=promotion_id)


def _extended(
    connection: sqlite3.Connection, before: holdings.Subscription, *, at: dt.datetime, settings: books.Settings
) -> holdings.Subscription:
    """One more month of the extended service term, which may be cancelled on any day of it."""
    started_on = before.term_ends_at.date()
    anchored_on = before.anchored_on if before.extended_from else started_on
    ends_at = terms.midnight(terms.term_end(anchored_on, term="P1M", after=started_on))
    until = at + dt.timedelta(seconds=settings.window_s)
    after = before
    if not before.extended_from:
        after = _into_extension(connection, before)
    shown = {"scheduleType": "TermEnd", "actionType": "RenewToExtendedServiceTerm"}
    return dataclasses.replace(
        after,
        term="P1M",
        billing_cycle="monthly",
        term_started_at=before.term_ends_at,
        term_ends_at=ends_at,
        anchored_on=anchored_on,
        state_since=at,
        is_auto_renew=settings.extended_auto_renews,
        cancellable_until=ends_at,
        scheduled={"scheduledActions": [shown]},
        next_charge=None,
        promotion_id="",
        coterm_on=None,
        batches=(holdings.Batch(quantity=before.quantity, added_at=at, until=until),),
    )


def _into_extension(connection: sqlite3.Connection, before: holdings.Subscription) -> holdings.Subscription:
    """Under the SKU that the catalogue has for it, else under its own; the offer's name tells it either way."""
    sku = catalogue.find_item(connection, before.item)
    own = None if sku is None else catalogue.trait(sku, "extendedSku")
    after = moved_to(connection, before, str(own)) if own else before
    name = after.offer_name if _EXTENDED_TITLE in after.offer_name else f"{after.offer_name} {_EXTENDED_TITLE}"
    return dataclasses.replace(after, offer_name=name, extended_from=before.item)


def _declined(before: holdings.Subscription, *, status: str, at: dt.datetime) -> holdings.Subscription:
    """The next end state: expired or disabled, then disabled, then deleted."""
    lasts = DISABLED_AFTER_SUSPENSION if before.status == "suspended" else LASTS.get(status)
    return dataclasses.replace(
        before,
        status=status,
        state_since=at,
        suspension_reasons=("Expiration",) if lasts is not None else (),
        is_auto_renew=False,
        cancellable_until=None,
        scheduled=None,
        next_charge=None,
        batches=(),
        next_due_at=None if lasts is None else at + lasts,
    )


def cycle_passed(before: holdings.Subscription, *, at: dt.datetime, settings: books.Settings) -> holdings.Subscription:
    """The subscription in its next charge cycle; a pending change of the billing frequency is made."""
    product = (before.next_charge or {}).get("product", {})
    assert isinstance(product, dict)
    cycle = str(product.get("billingCycle") or before.billing_cycle)
    after = dataclasses.replace(before, billing_cycle=cycle, next_charge=None)
    return dataclasses.replace(after, next_due_at=next_due(after, after=at, settings=settings))


def instructions(connection: sqlite3.Connection, subscription: holdings.Subscription) -> Instructions:
    """Product, plan and seats of the next term: as scheduled, else as they are; never an extended term again."""
    planned = _plain(subscription)
    if planned is not None:
        return planned
    if subscription.is_trial:
        return trial_instructions(connection, subscription)
    item = (subscription.extended_from or subscription.item).split(":")
    product = dict(zip(("productId", "skuId", "availabilityId"), item, strict=True))
    plan = {"billingCycle": subscription.billing_cycle, "termDuration": subscription.term}
    return {"product": product | plan, "quantity": subscription.quantity}


def trial_instructions(
    connection: sqlite3.Connection, subscription: holdings.Subscription, *, term: str = "P1Y"
) -> Instructions:
    """What a trial turns into when nobody says otherwise: its paid SKU for a year, billed by the month."""
    sku = catalogue.find_item(connection, subscription.item)
    target = None if sku is None else next(iter(catalogue.upgrades(sku)), None)
    paid = sku if target is None else catalogue.find_item(connection, target)
    assert paid is not None
    product: dict[str, object] = {
        "productId": paid["product_id"],
        "skuId": paid["sku_id"],
        "availabilityId": "",
        "billingCycle": "monthly",
        "termDuration": term,
    }
    return {"product": product, "quantity": subscription.quantity}


def moved_to(
    connection: sqlite3.Connection, before: holdings.Subscription, item: str, availability_id: str = ""
) -> holdings.Subscription:
    """The subscription under another SKU with that SKU's title; the same one when it stays where it is."""
    product_id, sku_id = item.upper().split(":")[:2]
    sku = catalogue.find_sku(connection, product_id=product_id, sku_id=sku_id)
    if sku is None or ((product_id, sku_id) == (before.product_id, before.sku_id) and not before.extended_from):
        return before
    settings = books.read_settings(connection)
    sold = catalogue.sold_id(connection, sku, tenant_id=before.tenant_id, settings=settings, now=before.term_ends_at)
    return dataclasses.replace(
        before,
        product_id=product_id,
        sku_id=sku_id,
        availability_id=availability_id or sold,
        offer_name=sku["title"],
    )


def renewal_promotion(
    connection: sqlite3.Connection, subscription: holdings.Subscription, *, at: dt.datetime, wished: str
) -> str:
    """The promotion of a term that begins at `at`: one that is open on that day and meant for the plan."""
    purchase = promotions.Purchase(
        tenant_id=subscription.tenant_id,
        sku=f"{subscription.product_id}:{subscription.sku_id}",
        quantity=subscription.quantity,
        term=subscription.term,
        billing_cycle=subscription.billing_cycle,
    )
    return promotions.chosen(connection, purchase, at=at, wished=wished, is_renewal=True) or promotions.chosen(
        connection, purchase, at=at, is_renewal=True
    )


def _plain(subscription: holdings.Subscription) -> Instructions | None:
    """The scheduled instructions, from whichever shape they were sent in."""
    scheduled = subscription.scheduled or {}
    plain = scheduled.get("scheduledNextTermInstructions")
    if isinstance(plain, dict):
        return plain
    found = _at_term_end(subscription).get("instructions")
    return found if isinstance(found, dict) else None


def _action(subscription: holdings.Subscription) -> str:
    return str(_at_term_end(subscription).get("actionType", "")).lower()


def _at_term_end(subscription: holdings.Subscription) -> dict[str, object]:
    actions = (subscription.scheduled or {}).get("scheduledActions", [])
    assert isinstance(actions, list)
    return next(iter(actions), {})


def _day(text: object) -> dt.date | None:
    return books.instant(str(text)).date() if text else None
