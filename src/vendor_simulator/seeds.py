"""Filling the books from a JSON document; README.md describes its members.

Ids left out are derived from the names around them, so that the same seed always gives the same books.
"""

import dataclasses
import datetime as dt
import importlib
import importlib.util
import json
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from vendor_simulator import ageing, books, faults, holdings, promotions, renewals, terms

_NAMESPACE = uuid.UUID("6f0c5f52-9f5a-4b57-9d4e-5a3c8f2f7a10")

_TRIAL_SEATS = 25
_PLANS = ["P1M:monthly", "P1Y:monthly", "P1Y:annual"]

Seed = Mapping[str, Any]


def load(connection: sqlite3.Connection, seed: Seed) -> None:
    """Adds the seed's contents to the books in one transaction; ValueError or KeyError say what is wrong with it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _load(connection, seed)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    ageing.settle(connection, now=books.now(connection))


def is_filled(connection: sqlite3.Connection) -> bool:
    """Whether the books know a customer, so that a start with a seed leaves them alone."""
    return connection.execute("SELECT 1 FROM customers LIMIT 1").fetchone() is not None


def reset(connection: sqlite3.Connection) -> None:
    """Empties every table of the books, the directory's included; only the key that signs tokens stays."""
    connection.execute("BEGIN IMMEDIATE")
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'"
    ).fetchall()
    for table in tables:
        connection.execute(f"DELETE FROM {table['name']}")  # noqa: S608 - names come from the schema
    connection.execute("DELETE FROM meta WHERE name <> 'token_key'")
    connection.execute("COMMIT")


def _load(connection: sqlite3.Connection, seed: Seed) -> None:
    if "settings" in seed:
        books.change_settings(connection, dict(seed["settings"]))
    if "clock" in seed:
        set_clock(connection, seed["clock"])
    for product in seed.get("products", []):
        _add_product(connection, product)
    for promotion in seed.get("promotions", []):
        connection.execute(
            "INSERT OR REPLACE INTO promotions (promotion_id, country, segment, document) VALUES (?, ?, ?, ?)",
            (
                promotion["id"].upper(),
                promotion.get("country", "US").upper(),
                promotion.get("segment", "commercial"),
                json.dumps(dict(promotion)),
            ),
        )
    for customer in seed.get("customers", []):
        _add_customer(connection, customer)
    for rule in seed.get("faults", []):
        faults.add_rule(connection, rule)
    if importlib.util.find_spec("vendor_simulator.directory") is not None:
        importlib.import_module("vendor_simulator.directory").load(connection, seed)


def set_clock(connection: sqlite3.Connection, clock: Seed) -> None:
    """Sets the clock as `{now?, mode?: frozen|running, advance_s?}` says; a given `now` freezes unless told to run."""
    mode = clock.get("mode")
    if mode not in {None, "frozen", "running"}:
        raise ValueError("the clock's mode is frozen or running")
    at = books.instant(clock["now"]) if clock.get("now") else None
    if mode == "running":
        books.run_clock(connection, at)
    elif at is not None or mode == "frozen":
        books.freeze_clock(connection, at or books.now(connection))
    if clock.get("advance_s"):
        books.advance_clock(connection, float(clock["advance_s"]))


def _add_product(connection: sqlite3.Connection, product: Seed) -> None:
    product_id = product["productId"].upper()
    connection.execute(
        "INSERT OR REPLACE INTO products (product_id, title, description, product_type, publisher)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            product_id,
            product["title"],
            product.get("description", product["title"]),
            product.get("productType", "OnlineServicesNCE"),
            product.get("publisher", "Microsoft Corporation"),
        ),
    )
    for sku in product["skus"]:
        _add_sku(connection, product, sku)


def _add_sku(connection: sqlite3.Connection, product: Seed, sku: Seed) -> None:
    product_id, sku_id = product["productId"].upper(), sku["skuId"].upper()
    is_trial = bool(sku.get("isTrial", False))
    connection.execute(
        "INSERT OR REPLACE INTO skus (product_id, sku_id, title, description, provisioning_id, part_number, applies_to,"
        " minimum, maximum, is_trial, is_addon, is_on_sale, prerequisites, upgrades, plans, service_plans,"
        " traits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            product_id,
            sku_id,
            sku.get("title", product["title"]),
            sku.get("description", product.get("description", product["title"])),
            sku["provisioningId"].lower(),
            sku["partNumber"],
            sku.get("appliesTo", "User"),
            sku.get("minimum", _TRIAL_SEATS if is_trial else 1),
            sku.get("maximum", _TRIAL_SEATS if is_trial else 10_000_000),
            int(is_trial),
            int(sku.get("isAddon", False)),
            int(sku.get("isOnSale", True)),
            json.dumps(sku.get("prerequisites", [])),
            json.dumps(sku.get("upgrades", [])),
            json.dumps(sku.get("plans", ["P1M:none"] if is_trial else _PLANS)),
            json.dumps(sku.get("servicePlans", [])),
            json.dumps({name: sku[name] for name in ("extendedSku", "isRenewable", "renewsInto") if name in sku}),
        ),
    )
    for segment in sku.get("segments", ["commercial"]):
        derived = uuid.uuid5(_NAMESPACE, f"{product_id}:{sku_id}:{segment}").hex[:8].upper()
        connection.execute(
            "INSERT OR REPLACE INTO availabilities (product_id, sku_id, segment, availability_id, currency)"
            " VALUES (?, ?, ?, ?, ?)",
            (product_id, sku_id, segment, f"CFQ7{derived}", sku.get("currency", "EUR")),
        )


def _add_customer(connection: sqlite3.Connection, customer: Seed) -> None:
    tenant_id = customer["tenantId"].lower()
    connection.execute(
        "INSERT OR REPLACE INTO customers (customer_id, tenant_id, company, domain, country, segment, relationship,"
        " is_consented, has_agreement, details, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            customer.get("customerId", tenant_id).lower(),
            tenant_id,
            customer["company"],
            customer["domain"],
            customer.get("country", "DE").upper(),
            customer.get("segment", "commercial"),
            customer.get("relationship", "reseller"),
            int(customer.get("isConsented", True)),
            int(customer.get("hasAgreement", True)),
            json.dumps(customer.get("details", {})),
            books.stamp(books.now(connection)),
        ),
    )
    for number, subscription in enumerate(customer.get("subscriptions", [])):
        found = _subscription(connection, tenant_id, number, subscription)
        found = _ended(connection, found, subscription, now=books.now(connection))
        holdings.add(connection, found)
        promotions.note_use(
            connection,
            tenant_id=tenant_id,
            promotion_id=found.promotion_id,
            seats=found.quantity,
            at=found.created_at,
        )


def _subscription(connection: sqlite3.Connection, tenant_id: str, number: int, wanted: Seed) -> holdings.Subscription:
    """A subscription in its running term: bought at `createdAt`, with every term until now gone by without change."""
    settings = books.read_settings(connection)
    now = books.now(connection)
    product_id, sku_id = wanted["productId"].upper(), wanted["skuId"].upper()
    sku = connection.execute(
        "SELECT k.title, k.is_trial, a.availability_id FROM skus k JOIN availabilities a USING (product_id, sku_id)"
        " WHERE k.product_id = ? AND k.sku_id = ? ORDER BY a.segment LIMIT 1",
        (product_id, sku_id),
    ).fetchone()
    if sku is None:
        raise ValueError(f"the seed's products do not hold {product_id}:{sku_id}")
    created_at = books.instant(wanted["createdAt"]) if "createdAt" in wanted else now
    term, status = wanted.get("term", "P1Y"), wanted.get("status", "active")
    anchored_on = created_at.date()
    renews = wanted.get("autoRenew", status == "active")
    in_term = max(anchored_on, now.date())
    ends_on = terms.term_end(anchored_on, term=term, after=in_term)
    started_at = _term_start(created_at, term=term, on=in_term)
    window = dt.timedelta(seconds=settings.window_s)
    batches = wanted.get("batches") or [{"quantity": wanted["quantity"], "addedAt": books.stamp(started_at)}]
    return holdings.Subscription(
        subscription_id=wanted.get("id", str(uuid.uuid5(_NAMESPACE, f"{tenant_id}:{number}"))).lower(),
        tenant_id=tenant_id,
        owner_tenant_id=wanted.get("ownerTenantId", settings.partner_tenant_id).lower(),
        product_id=product_id,
        sku_id=sku_id,
        availability_id=wanted.get("availabilityId", sku["availability_id"]),
        offer_name=sku["title"],
        friendly_name=wanted.get("friendlyName", sku["title"]),
        quantity=sum(batch["quantity"] for batch in batches),
        term=term,
        billing_cycle=wanted.get("billingCycle", "monthly"),
        status=status,
        suspension_reasons=("CustomerCancellation",) if status == "suspended" else (),
        is_auto_renew=renews,
        is_trial=bool(wanted.get("isTrial", sku["is_trial"])),
        created_at=created_at,
        term_started_at=started_at,
        term_ends_at=terms.midnight(ends_on),
        anchored_on=anchored_on,
        state_since=started_at,
        cancellable_until=started_at + window,
        scheduled=wanted.get("scheduled"),
        next_charge=None,
        promotion_id=wanted.get("promotionId", ""),
        partner_id=wanted.get("partnerId", ""),
        order_id=wanted.get("orderId", uuid.uuid5(_NAMESPACE, f"{tenant_id}:{number}:order").hex[:12]),
        version=1,
        updates=0,
        visible_from=created_at,
        next_due_at=terms.midnight(ends_on),
        batches=tuple(_batch(batch, window) for batch in batches),
    )


def _ended(
    connection: sqlite3.Connection, subscription: holdings.Subscription, wanted: Seed, *, now: dt.datetime
) -> holdings.Subscription:
    """A subscription that is seeded as expired, disabled or deleted: its term is over since `stateSince`."""
    if subscription.status in {"active", "suspended"}:
        if subscription.is_trial:
            subscription = _trial(connection, subscription)
        due_at = renewals.next_due(subscription, after=now, settings=books.read_settings(connection))
        return dataclasses.replace(subscription, next_due_at=due_at)
    since = books.instant(wanted["stateSince"]) if "stateSince" in wanted else now
    lasts = ageing.LASTS.get(subscription.status)
    return dataclasses.replace(
        subscription,
        is_auto_renew=False,
        term_ends_at=terms.midnight(since.date()),
        state_since=since,
        cancellable_until=None,
        next_due_at=None if lasts is None else since + lasts,
        batches=(),
    )


def _trial(connection: sqlite3.Connection, subscription: holdings.Subscription) -> holdings.Subscription:
    """Thirty days without a window, and a paid year after them unless the seed schedules something else."""
    start = subscription.created_at
    next_term = renewals.trial_instructions(connection, subscription)
    return dataclasses.replace(
        subscription,
        term="P1M",
        billing_cycle="none",
        term_started_at=start,
        term_ends_at=terms.midnight(start.date()) + renewals.TRIAL_LASTS,
        cancellable_until=None,
        scheduled=subscription.scheduled or {"scheduledNextTermInstructions": next_term},
        batches=(holdings.Batch(quantity=subscription.quantity, added_at=start, until=start),),
    )


def _term_start(created_at: dt.datetime, *, term: str, on: dt.date) -> dt.datetime:
    """The purchase instant in the first term, midnight of the term's first day later on."""
    anchor, number, step = created_at.date(), 0, terms.MONTHS[term]
    while terms.add_months(anchor, (number + 1) * step) <= on:
        number += 1
    return created_at if number == 0 else terms.midnight(terms.add_months(anchor, number * step))


def _batch(batch: Seed, window: dt.timedelta) -> holdings.Batch:
    added_at = books.instant(batch["addedAt"])
    until = books.instant(batch["until"]) if "until" in batch else added_at + window
    return holdings.Batch(quantity=batch["quantity"], added_at=added_at, until=until)
