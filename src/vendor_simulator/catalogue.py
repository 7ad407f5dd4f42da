"""Rows of the vendor's catalogue, for everyone who needs to know what a SKU is and under which id it is sold today."""

import datetime as dt
import hashlib
import json
import sqlite3

from vendor_simulator import books


def find_sku(connection: sqlite3.Connection, *, product_id: str, sku_id: str) -> sqlite3.Row | None:
    row = connection.execute(
        "SELECT * FROM skus WHERE product_id = ? AND sku_id = ?", (product_id.upper(), sku_id.upper())
    ).fetchone()
    assert row is None or isinstance(row, sqlite3.Row)
    return row


def find_item(connection: sqlite3.Connection, item: str) -> sqlite3.Row | None:
    """The SKU of `product:sku` or `product:sku:availability`, whatever the availability."""
    product_id, _, rest = item.partition(":")
    return find_sku(connection, product_id=product_id, sku_id=rest.partition(":")[0])


def plans(sku: sqlite3.Row) -> list[str]:
    """The offered combinations as `term:billing cycle`."""
    return [str(plan) for plan in json.loads(sku["plans"])]


def upgrades(sku: sqlite3.Row) -> list[str]:
    """The SKUs, as `product:sku`, that a subscription may become; a trial's first one is what it turns into."""
    return [str(target).upper() for target in json.loads(sku["upgrades"])]


def renewal_targets(sku: sqlite3.Row) -> list[str]:
    """The SKUs that a renewal can bring: those of an upgrade, and smaller ones that the seed names in `renewsInto`."""
    smaller = trait(sku, "renewsInto")
    return [*upgrades(sku), *(str(target).upper() for target in (smaller if isinstance(smaller, list) else []))]


def trait(sku: sqlite3.Row, name: str) -> object:
    """A rarely given member of the seed's SKU (`extendedSku`, `isRenewable`, `renewsInto`), None when left out."""
    found: object = json.loads(sku["traits"]).get(name)
    return found


def current_id(row: sqlite3.Row, *, settings: books.Settings, now: dt.datetime) -> str:
    """The availability's id as of `now`: with `catalogue_drifts` another one on every UTC day."""
    if not settings.catalogue_drifts:
        return str(row["availability_id"])
    seed = f"{row['availability_id']}:{now.date().isoformat()}".encode()
    return "CFQ7" + hashlib.sha256(seed).hexdigest()[:8].upper()


def sold_id(
    connection: sqlite3.Connection, sku: sqlite3.Row, *, tenant_id: str, settings: books.Settings, now: dt.datetime
) -> str:
    """The availability under which the tenant buys the SKU now: of its own segment, else the commercial one."""
    row = connection.execute(
        "SELECT a.* FROM availabilities a LEFT JOIN customers c ON c.tenant_id = ?"
        " WHERE a.product_id = ? AND a.sku_id = ?"
        " ORDER BY a.segment = c.segment DESC, a.segment = 'commercial' DESC, a.segment LIMIT 1",
        (tenant_id, sku["product_id"], sku["sku_id"]),
    ).fetchone()
    return "" if row is None else current_id(row, settings=settings, now=now)


def currency(connection: sqlite3.Connection, item: str) -> str:
    """The currency that a catalogue item is sold in; USD for an item that is not known."""
    product_id, _, rest = item.upper().partition(":")
    row = connection.execute(
        "SELECT currency FROM availabilities WHERE product_id = ? AND sku_id = ? LIMIT 1",
        (product_id, rest.partition(":")[0]),
    ).fetchone()
    return "USD" if row is None else str(row["currency"])
