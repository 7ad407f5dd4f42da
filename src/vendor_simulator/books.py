"""The simulator's own books: one SQLite file with everything the vendor knows, its clock and its settings.

Each change is committed before the answer goes out, so `kill -9` between the two leaves exactly the state that a real
vendor would be in: the effect happened and nobody was told.
"""

import dataclasses
import datetime as dt
import json
import pathlib
import sqlite3
from dataclasses import dataclass

from vendor_simulator import schema

PARTNER_AUDIENCE = "https://api.partnercenter.microsoft.com"
GRAPH_AUDIENCE = "https://graph.microsoft.com"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this vendor behaves; kept in the books, changed by a seed or by `POST /_admin/settings`.

    Spans are in seconds. `dedupe` off means that a repeated MS-RequestId takes effect again. `patch_async_s` above
    zero answers changes of a subscription with 202 and shows them only after that span. `pool_lag_s` delays what Graph
    shows of a purchase. `reduce_first` names the seat batch that a reduction takes from: `newest` or `earliest`.
    `window_refusal` is the error code for a decrease that the windows do not cover. `calls_per_minute` zero means no
    throttling. `app_only_refused` makes the calls that need a signed-in user refuse an app's own token.

    A term that is `bought_from` or later and ends `extended_from` or later (days) goes on as an extended service term
    when nobody decides; `extended_auto_renews` is what it then shows as auto-renew. `schedule_member` names the member
    that says when a scheduled action runs. `cancel_refusal` is 900213 or 900117. `transition_s` and
    `licence_transfer_s` are how long an upgrade and the move of its licences take; `transition_failure` is what newly
    asked upgrades fail at: `conversion`, `licences` or nothing. `transition_quirks` writes the history as published,
    under `transition` and with a blank after Started. `cycle_orders` writes an order for each charge cycle.
    """

    partner_tenant_id: str = "00000000-0000-4000-8000-00000000a001"
    client_id: str = "00000000-0000-4000-8000-00000000c001"
    client_secret: str = "simulator-secret"  # noqa: S105 - a stand-in credential for a stand-in vendor
    refresh_token: str = "simulator-refresh-token"  # noqa: S105
    token_life_s: int = 3600
    window_s: int = 168 * 3600
    order_lag_s: int = 0
    provisioning_s: int = 0
    patch_async_s: int = 0
    pool_lag_s: int = 0
    cart_life_s: int = 7 * 86400
    renewal_delay_s: int = 0
    catalogue_drifts: bool = False
    dedupe: bool = True
    etags: bool = True
    reduce_first: str = "newest"
    window_refusal: int = 800090
    calls_per_minute: int = 0
    app_only_refused: bool = False
    bought_from: str = "2025-04-01"
    extended_from: str = "2026-05-04"
    extended_auto_renews: bool = False
    schedule_member: str = "scheduleType"
    cancel_refusal: int = 900213
    transition_s: int = 0
    licence_transfer_s: int = 0
    transition_failure: str = ""
    transition_quirks: bool = True
    cycle_orders: bool = False


@dataclass(frozen=True, kw_only=True)
class PoolSource:
    """One subscription as the tenant's directory sees it; `sku_id` is the licence GUID, not the catalogue's SKU.

    `next_lifecycle_at` is the end of the term (exclusive) or of the present state, None when nothing is due.
    """

    subscription_id: str
    tenant_id: str
    owner_tenant_id: str
    sku_id: str
    part_number: str
    applies_to: str
    service_plans: list[dict[str, str]]
    quantity: int
    status: str
    is_trial: bool
    created_at: dt.datetime
    next_lifecycle_at: dt.datetime | None


def stamp(at: dt.datetime) -> str:
    """The text form of a UTC instant in the books: fixed width, microseconds, sorts as time does."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> dt.datetime:
    """The UTC instant of an ISO 8601 text; a text without zone is taken as UTC, digits past microseconds are cut."""
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)].ljust(6, '0')}{tail[digits:]}"
    at = dt.datetime.fromisoformat(text)
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)


def open_books(path: str | pathlib.Path) -> sqlite3.Connection:
    """A connection to the books at `path`, made if absent; autocommit, so that each writer states its transaction."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=20)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(schema.TABLES)
    for table, column, kind in schema.ADDED_COLUMNS:
        if column not in {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    return connection


def read_meta(connection: sqlite3.Connection, name: str, default: str = "") -> str:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return default if row is None else str(row["value"])


def write_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))


def read_settings(connection: sqlite3.Connection) -> Settings:
    return Settings(**json.loads(read_meta(connection, "settings", "{}")))


def change_settings(connection: sqlite3.Connection, changes: dict[str, object]) -> Settings:
    """The settings after `changes`; ValueError names a setting that does not exist or has the wrong type."""
    known = {field.name: type(field.default) for field in dataclasses.fields(Settings)}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"no setting is called {name}")
        if type(value) is not known[name]:
            raise ValueError(f"setting {name} must be {known[name].__name__}")
    stored = json.loads(read_meta(connection, "settings", "{}")) | changes
    write_meta(connection, "settings", json.dumps(stored))
    return Settings(**stored)


def now(connection: sqlite3.Connection) -> dt.datetime:
    """The vendor's present instant (UTC): frozen, or the machine's clock moved by an offset."""
    frozen = read_meta(connection, "clock_frozen_at")
    if frozen:
        return instant(frozen)
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=float(read_meta(connection, "clock_offset_s", "0")))


def freeze_clock(connection: sqlite3.Connection, at: dt.datetime) -> None:
    write_meta(connection, "clock_frozen_at", stamp(at))


def run_clock(connection: sqlite3.Connection, at: dt.datetime | None = None) -> None:
    """Lets the clock run on from `at`, or from the machine's own time when no instant is given."""
    offset_s = 0.0 if at is None else (at - dt.datetime.now(dt.UTC)).total_seconds()
    write_meta(connection, "clock_frozen_at", "")
    write_meta(connection, "clock_offset_s", repr(offset_s))


def advance_clock(connection: sqlite3.Connection, seconds: float) -> dt.datetime:
    """Moves the clock by `seconds` (negative: back) and tells the new instant; a frozen clock stays frozen."""
    frozen = read_meta(connection, "clock_frozen_at")
    if frozen:
        freeze_clock(connection, instant(frozen) + dt.timedelta(seconds=seconds))
    else:
        offset_s = float(read_meta(connection, "clock_offset_s", "0")) + seconds
        write_meta(connection, "clock_offset_s", repr(offset_s))
    return now(connection)


def record_effect(
    connection: sqlite3.Connection,
    *,
    at: dt.datetime,
    face: str,
    kind: str,
    tenant_id: str,
    subject: str,
    request_id: str,
    correlation_id: str,
    before: object,
    after: object,
) -> None:
    """Notes a change that took effect; the log is only added to and is what tests hold the product's books against."""
    connection.execute(
        "INSERT INTO effects (at, face, kind, tenant_id, subject, request_id, correlation_id, before, after)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            stamp(at),
            face,
            kind,
            tenant_id,
            subject,
            request_id,
            correlation_id,
            None if before is None else json.dumps(before),
            None if after is None else json.dumps(after),
        ),
    )


def note_pool(connection: sqlite3.Connection, *, subscription_id: str, effective_at: dt.datetime) -> None:
    """Writes down the subscription's present seats and status as what the directory will see from `effective_at` on."""
    connection.execute(
        "INSERT INTO pool_history (subscription_id, effective_at, quantity, status, product_id, sku_id)"
        " SELECT subscription_id, ?, quantity, status, product_id, sku_id FROM subscriptions WHERE subscription_id = ?",
        (stamp(effective_at), subscription_id),
    )


def pool_sources(connection: sqlite3.Connection, tenant_id: str) -> list[PoolSource]:
    """Every subscription of a tenant that its directory shows now, of our partner and of others, oldest first.

    Seats and status are those that held `pool_lag_s` ago; a subscription whose first entry is younger is absent.
    """
    lag = dt.timedelta(seconds=read_settings(connection).pool_lag_s)
    shown_at = stamp(now(connection) - lag)
    rows = connection.execute(
        "SELECT s.subscription_id, s.tenant_id, s.owner_tenant_id, s.is_trial, s.created_at,"
        " CASE WHEN s.status IN ('active', 'suspended') THEN s.term_ends_at ELSE s.next_due_at END"
        " AS next_lifecycle_at,"
        " p.quantity, p.status, k.provisioning_id, k.part_number, k.applies_to, k.service_plans"
        " FROM subscriptions s"
        " JOIN pool_history p ON p.entry_id = (SELECT h.entry_id FROM pool_history h"
        "  WHERE h.subscription_id = s.subscription_id AND h.effective_at <= ?"
        "  ORDER BY h.effective_at DESC, h.entry_id DESC LIMIT 1)"
        " JOIN skus k ON k.product_id = p.product_id AND k.sku_id = p.sku_id"
        " WHERE s.tenant_id = ? ORDER BY s.created_at, s.subscription_id",
        (shown_at, tenant_id),
    ).fetchall()
    return [_pool_source(row) for row in rows]


def _pool_source(row: sqlite3.Row) -> PoolSource:
    return PoolSource(
        subscription_id=row["subscription_id"],
        tenant_id=row["tenant_id"],
        owner_tenant_id=row["owner_tenant_id"],
        sku_id=row["provisioning_id"],
        part_number=row["part_number"],
        applies_to=row["applies_to"],
        service_plans=json.loads(row["service_plans"]),
        quantity=row["quantity"],
        status=row["status"],
        is_trial=bool(row["is_trial"]),
        created_at=instant(row["created_at"]),
        next_lifecycle_at=None if row["next_lifecycle_at"] is None else instant(row["next_lifecycle_at"]),
    )
