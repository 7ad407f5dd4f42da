"""The simulated directory: people, groups, domains and held licences of each tenant, in tables of its own.

Plain SQL over the connection that the caller gives; nothing here commits, reads a clock or knows HTTP. Documents keep
the member names of the wire, so that a seed file is written the way the vendor's answers are read.

Seed members read by `load` (all optional; licences and their plans come from the books' catalogue):

    planDependencies  [{plan, needsOneOf: [servicePlanId]}]
    planExclusions    [[servicePlanId, servicePlanId]]
    directories       [{tenantId, organization: {..}, domains: [{id, ..}],
                        users: [{.., licenses: [{skuId, disabledPlans}]}],
                        groups: [{.., members: [userId], licenses: [{skuId, disabledPlans}]}],
                        generatedUsers: {count, domain, usageLocation, skuIds}, settings: {name: number}}]

Settings of a tenant, in seconds unless said otherwise: `read_lag_s` (a written user shows its old state for so long),
`group_lag_s` (group work starts so late), `delta_life_s` (604800), `page_size` (100, rows).
"""

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vendor_simulator import books, graph_people

Document = graph_people.Document
NAMESPACE = uuid.UUID("5e41a6f5-4a3c-4a8e-9d0f-2f1c9a6f2b11")
SETTINGS: Mapping[str, float] = {
    "read_lag_s": 0,
    "group_lag_s": 0,
    "delta_life_s": 7 * 24 * 3600,
    "page_size": 100,
}
TABLES = """
CREATE TABLE IF NOT EXISTS directory_tenants (
    tenant_id TEXT PRIMARY KEY, organization TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS directory_settings (
    tenant_id TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (tenant_id, name));
CREATE TABLE IF NOT EXISTS directory_domains (
    tenant_id TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (tenant_id, name));
CREATE TABLE IF NOT EXISTS directory_plan_needs (
    plan_id TEXT NOT NULL, needed_plan_id TEXT NOT NULL, PRIMARY KEY (plan_id, needed_plan_id));
CREATE TABLE IF NOT EXISTS directory_plan_clashes (
    plan_id TEXT NOT NULL, other_plan_id TEXT NOT NULL, PRIMARY KEY (plan_id, other_plan_id));
CREATE TABLE IF NOT EXISTS directory_users (
    position INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, upn_key TEXT NOT NULL,
    document TEXT NOT NULL, deleted_at TEXT, UNIQUE (tenant_id, user_id));
CREATE UNIQUE INDEX IF NOT EXISTS directory_users_upn ON directory_users (tenant_id, upn_key) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS directory_users_page ON directory_users (tenant_id, position);
CREATE TABLE IF NOT EXISTS directory_groups (
    position INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, group_id TEXT NOT NULL,
    document TEXT NOT NULL, due_at TEXT, UNIQUE (tenant_id, group_id));
CREATE TABLE IF NOT EXISTS directory_members (
    tenant_id TEXT NOT NULL, group_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (tenant_id, group_id, user_id));
CREATE TABLE IF NOT EXISTS directory_group_licences (
    tenant_id TEXT NOT NULL, group_id TEXT NOT NULL, sku_id TEXT NOT NULL, disabled_plans TEXT NOT NULL,
    PRIMARY KEY (tenant_id, group_id, sku_id));
CREATE TABLE IF NOT EXISTS directory_licences (
    tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, sku_id TEXT NOT NULL, group_id TEXT NOT NULL DEFAULT '',
    disabled_plans TEXT NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, sku_id, group_id));
CREATE INDEX IF NOT EXISTS directory_licences_sku ON directory_licences (tenant_id, sku_id, state, user_id);
CREATE TABLE IF NOT EXISTS directory_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, members TEXT NOT NULL,
    visible_at TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS directory_changes_tenant ON directory_changes (tenant_id, seq);
CREATE TABLE IF NOT EXISTS directory_old_views (
    tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, until_at TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS directory_old_views_user ON directory_old_views (tenant_id, user_id, until_at);
"""


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the directory's tables where they are missing; costs one look where they are not."""
    there = "SELECT 1 FROM sqlite_master WHERE name = 'directory_old_views_user'"
    if connection.execute(there).fetchone() is None:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement)


def setting(connection: sqlite3.Connection, *, tenant_id: str, name: str) -> float:
    """The tenant's value of a setting, else its default."""
    row = connection.execute(
        "SELECT value FROM directory_settings WHERE tenant_id = ? AND name = ?", (tenant_id, name)
    ).fetchone()
    return SETTINGS[name] if row is None else float(row[0])


def set_setting(connection: sqlite3.Connection, *, tenant_id: str, name: str, value: float) -> None:
    """Change one setting of a tenant; an unknown name is a KeyError."""
    assert SETTINGS[name] is not None
    connection.execute("INSERT OR REPLACE INTO directory_settings VALUES (?, ?, ?)", (tenant_id, name, value))


def is_open(connection: sqlite3.Connection, *, tenant_id: str) -> bool:
    """Whether the tenant has a directory; a customer of the books gets an empty one on first use."""
    if organization(connection, tenant_id=tenant_id) is not None:
        return True
    row = connection.execute("SELECT * FROM customers WHERE tenant_id = ?", (tenant_id,)).fetchone()
    if row is None:
        return False
    created_at = books.instant(row["created_at"])
    document = {
        "displayName": row["company"],
        "countryLetterCode": row["country"],
        "createdDateTime": graph_people.stamp(at=created_at),
    }
    _put_organization(connection, tenant_id, document)
    _put_domains(connection, tenant_id, [{"id": row["domain"]}])
    return True


def organization(connection: sqlite3.Connection, *, tenant_id: str) -> Document | None:
    """The tenant's own document, or None for a tenant that is not known here."""
    create_tables(connection)
    row = connection.execute("SELECT organization FROM directory_tenants WHERE tenant_id = ?", (tenant_id,)).fetchone()
    return None if row is None else json.loads(row[0])


def domains(connection: sqlite3.Connection, *, tenant_id: str) -> list[Document]:
    rows = connection.execute("SELECT document FROM directory_domains WHERE tenant_id = ? ORDER BY rowid", (tenant_id,))
    return [json.loads(row[0]) for row in rows]


def load(connection: sqlite3.Connection, seed: Mapping[str, Any]) -> None:
    """Write the directory members of a seed (form above).

    People and groups that exist under the same id or name are replaced; a tenant's members that the seed does not
    mention stay as they are, so that a seed can change a setting alone.
    """
    create_tables(connection)
    for entry in seed.get("planDependencies", ()):
        rows = [(entry["plan"].lower(), needed.lower()) for needed in entry["needsOneOf"]]
        connection.executemany("INSERT OR IGNORE INTO directory_plan_needs VALUES (?, ?)", rows)
    for first, second in seed.get("planExclusions", ()):
        pair = sorted((first.lower(), second.lower()))
        connection.execute("INSERT OR IGNORE INTO directory_plan_clashes VALUES (?, ?)", pair)
    for entry in seed.get("directories", ()):
        _write_tenant(connection, entry)
        _write_people(connection, entry)
        _write_groups(connection, entry)


def _write_tenant(connection: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    tenant_id = entry["tenantId"].lower()
    is_open(connection, tenant_id=tenant_id)
    _put_organization(connection, tenant_id, entry.get("organization", {}))
    if "domains" in entry:
        _put_domains(connection, tenant_id, entry["domains"])
    for name, value in entry.get("settings", {}).items():
        set_setting(connection, tenant_id=tenant_id, name=name, value=value)


def _put_organization(connection: sqlite3.Connection, tenant_id: str, document: Mapping[str, Any]) -> None:
    before = organization(connection, tenant_id=tenant_id) or {"id": tenant_id}
    merged = json.dumps({**before, **document})
    connection.execute("INSERT OR REPLACE INTO directory_tenants VALUES (?, ?)", (tenant_id, merged))


def _put_domains(connection: sqlite3.Connection, tenant_id: str, found: Sequence[Mapping[str, Any]]) -> None:
    connection.execute("DELETE FROM directory_domains WHERE tenant_id = ?", (tenant_id,))
    for number, domain in enumerate(found):
        defaults = {"isDefault": number == 0, "isInitial": domain["id"].endswith(".onmicrosoft.com")}
        values = (tenant_id, domain["id"].lower(), json.dumps({**defaults, **domain}))
        connection.execute("INSERT INTO directory_domains VALUES (?, ?, ?)", values)


def _write_people(connection: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    tenant_id = entry["tenantId"].lower()
    for user in (*entry.get("users", ()), *_generated(entry)):
        document = {"accountEnabled": True, "userType": "Member"} | user
        graph_people.forget_user(connection, tenant_id=tenant_id, document=document)
        user_id = graph_people.insert_user(connection, tenant_id=tenant_id, document=document)
        for held in user.get("licenses", ()):
            _write_seeded(connection, tenant_id, user_id, held, group_id="")


def _generated(entry: Mapping[str, Any]) -> Iterable[Document]:
    wanted = entry.get("generatedUsers")
    if wanted is None:
        return
    for number in range(1, wanted["count"] + 1):
        name = f"person{number:06}"
        yield {
            "id": str(uuid.uuid5(NAMESPACE, f"{entry['tenantId'].lower()}/{number}")),
            "userPrincipalName": f"{name}@{wanted['domain']}",
            "displayName": f"Person {number:06}",
            "mail": f"{name}@{wanted['domain']}",
            "usageLocation": wanted.get("usageLocation"),
            "createdDateTime": wanted.get("createdDateTime", "2024-01-01T00:00:00Z"),
            "licenses": [{"skuId": sku_id} for sku_id in wanted.get("skuIds", ())],
        }


def _write_groups(connection: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    tenant_id = entry["tenantId"].lower()
    for group in entry.get("groups", ()):
        group_id = group["id"].lower()
        document = {name: value for name, value in group.items() if name not in {"members", "licenses"}}
        connection.execute("DELETE FROM directory_groups WHERE tenant_id = ? AND group_id = ?", (tenant_id, group_id))
        values = (tenant_id, group_id, json.dumps({"securityEnabled": True, "mailEnabled": False} | document))
        connection.execute("INSERT INTO directory_groups (tenant_id, group_id, document) VALUES (?, ?, ?)", values)
        for held in group.get("licenses", ()):
            plans = json.dumps(held.get("disabledPlans", []))
            row = (tenant_id, group_id, held["skuId"].lower(), plans)
            connection.execute("INSERT OR REPLACE INTO directory_group_licences VALUES (?, ?, ?, ?)", row)
        for user_id in group.get("members", ()):
            member = (tenant_id, group_id, user_id.lower())
            connection.execute("INSERT OR IGNORE INTO directory_members VALUES (?, ?, ?)", member)
            for held in group.get("licenses", ()):
                _write_seeded(connection, tenant_id, user_id.lower(), held, group_id=group_id)


def _write_seeded(
    connection: sqlite3.Connection, tenant_id: str, user_id: str, held: Mapping[str, Any], *, group_id: str
) -> None:
    licence = graph_people.Licence(
        sku_id=held["skuId"].lower(), group_id=group_id, disabled_plans=tuple(held.get("disabledPlans", ()))
    )
    since = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    graph_people.write_licence(connection, tenant_id=tenant_id, user_id=user_id, licence=licence, at=since)
