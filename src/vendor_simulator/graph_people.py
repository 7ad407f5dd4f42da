"""People of a simulated directory and the licences that they hold, by source; rows in, rows out."""

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One licence of one person from one source; `group_id` is empty for a direct one."""

    sku_id: str
    group_id: str
    disabled_plans: tuple[str, ...]
    state: str = "Active"
    error: str = "None"
    updated_at: str = ""


@dataclass(frozen=True, kw_only=True)
class User:
    """A person's stored document with the licences by source; `position` orders lists and never changes."""

    position: int
    user_id: str
    document: Document
    licences: tuple[Licence, ...]
    deleted_at: str | None


def stamp(*, at: dt.datetime) -> str:
    """`at` in the wire form, UTC to the second with a Z."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def licences_of(
    connection: sqlite3.Connection, *, tenant_id: str, user_ids: Sequence[str]
) -> dict[str, tuple[Licence, ...]]:
    """Held licences by user id; people without any are left out."""
    found: dict[str, list[Licence]] = {}
    rows = connection.execute(
        "SELECT user_id, sku_id, group_id, disabled_plans, state, error, updated_at FROM directory_licences"
        " WHERE tenant_id = ? AND user_id IN (SELECT value FROM json_each(?)) ORDER BY rowid",
        (tenant_id, json.dumps(user_ids)),
    )
    for row in rows:
        plans = () if row[3] == "[]" else tuple(json.loads(row[3]))
        licence = Licence(
            sku_id=row[1], group_id=row[2], disabled_plans=plans, state=row[4], error=row[5], updated_at=row[6]
        )
        found.setdefault(row[0], []).append(licence)
    return {user_id: tuple(held) for user_id, held in found.items()}


def find_user(connection: sqlite3.Connection, *, tenant_id: str, key: str) -> User | None:
    """The user with this object id or user principal name (case-blind), deleted ones left out."""
    rows = connection.execute(
        "SELECT position, user_id, document, deleted_at FROM directory_users"
        " WHERE tenant_id = ? AND deleted_at IS NULL AND (user_id = ? OR upn_key = ?)",
        (tenant_id, key.lower(), key.lower()),
    ).fetchall()
    users = _with_licences(connection, tenant_id, rows)
    return users[0] if users else None


def users_after(
    connection: sqlite3.Connection, *, tenant_id: str, position: int, limit: int, ids: Sequence[str] | None = None
) -> list[User]:
    """Up to `limit` existing users beyond `position` in list order, of `ids` only where given."""
    rows = connection.execute(
        "SELECT position, user_id, document, deleted_at FROM directory_users WHERE tenant_id = ? AND position > ?"
        " AND deleted_at IS NULL AND (? IS NULL OR user_id IN (SELECT value FROM json_each(?)))"
        " ORDER BY position LIMIT ?",
        (tenant_id, position, None if ids is None else 1, json.dumps(ids or []), limit),
    ).fetchall()
    return _with_licences(connection, tenant_id, rows)


def any_users(connection: sqlite3.Connection, *, tenant_id: str, user_ids: Sequence[str]) -> dict[str, User]:
    """Users by id, deleted ones included."""
    rows = connection.execute(
        "SELECT position, user_id, document, deleted_at FROM directory_users"
        " WHERE tenant_id = ? AND user_id IN (SELECT value FROM json_each(?))",
        (tenant_id, json.dumps(user_ids)),
    ).fetchall()
    return {user.user_id: user for user in _with_licences(connection, tenant_id, rows)}


def _with_licences(connection: sqlite3.Connection, tenant_id: str, rows: Sequence[Any]) -> list[User]:
    held = licences_of(connection, tenant_id=tenant_id, user_ids=[row[1] for row in rows])
    return [
        User(
            position=row[0],
            user_id=row[1],
            document=json.loads(row[2]),
            deleted_at=row[3],
            licences=held.get(row[1], ()),
        )
        for row in rows
    ]


def insert_user(connection: sqlite3.Connection, *, tenant_id: str, document: Document) -> str:
    """Store a new user and return its object id; raises sqlite3.IntegrityError when the name is taken."""
    user_id = str(document.get("id") or uuid.uuid4()).lower()
    stored = {name: value for name, value in document.items() if name not in {"passwordProfile", "licenses"}}
    stored["id"] = user_id
    connection.execute(
        "INSERT INTO directory_users (tenant_id, user_id, upn_key, document) VALUES (?, ?, ?, ?)",
        (tenant_id, user_id, str(document["userPrincipalName"]).lower(), json.dumps(stored)),
    )
    return user_id


def forget_user(connection: sqlite3.Connection, *, tenant_id: str, document: Document) -> None:
    """Make room for a person that is written again under the same object id or sign-in name."""
    taken = connection.execute(
        "SELECT user_id FROM directory_users WHERE tenant_id = ? AND user_id = ?"
        " UNION SELECT user_id FROM directory_users WHERE tenant_id = ? AND upn_key = ? AND deleted_at IS NULL",
        (tenant_id, str(document.get("id", "")).lower(), tenant_id, str(document["userPrincipalName"]).lower()),
    ).fetchall()
    for row in taken:
        connection.execute("DELETE FROM directory_licences WHERE tenant_id = ? AND user_id = ?", (tenant_id, row[0]))
        connection.execute("DELETE FROM directory_users WHERE tenant_id = ? AND user_id = ?", (tenant_id, row[0]))


def update_user(connection: sqlite3.Connection, *, tenant_id: str, user: User, changes: Document) -> None:
    """Merge `changes` into the user's document and note the changed members for delta readers."""
    document = user.document | changes
    connection.execute(
        "UPDATE directory_users SET document = ?, upn_key = ? WHERE tenant_id = ? AND user_id = ?",
        (json.dumps(document), document["userPrincipalName"].lower(), tenant_id, user.user_id),
    )
    changed = [name for name, value in changes.items() if user.document.get(name) != value]
    if changed:
        note_change(connection, tenant_id=tenant_id, user_id=user.user_id, members=changed)


def delete_user(connection: sqlite3.Connection, *, tenant_id: str, user_id: str, at: dt.datetime) -> None:
    """Soft-delete: the name becomes free and the licences stop counting at once."""
    connection.execute(
        "UPDATE directory_users SET deleted_at = ? WHERE tenant_id = ? AND user_id = ?",
        (stamp(at=at), tenant_id, user_id),
    )
    connection.execute("DELETE FROM directory_members WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id))
    connection.execute("DELETE FROM directory_licences WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id))
    note_change(connection, tenant_id=tenant_id, user_id=user_id, members=["@removed"])


def replace_licences(
    connection: sqlite3.Connection, *, tenant_id: str, user: User, licences: Iterable[Licence], at: dt.datetime
) -> bool:
    """Make `licences` the user's whole set and say whether anything changed; unchanged rows keep their time."""
    wanted = {(licence.sku_id, licence.group_id): licence for licence in licences}
    held = {(licence.sku_id, licence.group_id): licence for licence in user.licences}
    for key in held.keys() - wanted.keys():
        connection.execute(
            "DELETE FROM directory_licences WHERE tenant_id = ? AND user_id = ? AND sku_id = ? AND group_id = ?",
            (tenant_id, user.user_id, *key),
        )
    changed = held.keys() != wanted.keys()
    for key, licence in wanted.items():
        before = held.get(key)
        if before is not None and _substance(before) == _substance(licence):
            continue
        changed = True
        write_licence(connection, tenant_id=tenant_id, user_id=user.user_id, licence=licence, at=at)
    if changed:
        members = ["assignedLicenses", "licenseAssignmentStates", "assignedPlans"]
        note_change(connection, tenant_id=tenant_id, user_id=user.user_id, members=members)
    return changed


def _substance(licence: Licence) -> tuple[object, ...]:
    return sorted(licence.disabled_plans), licence.state, licence.error


def write_licence(
    connection: sqlite3.Connection, *, tenant_id: str, user_id: str, licence: Licence, at: dt.datetime
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO directory_licences VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tenant_id,
            user_id,
            licence.sku_id,
            licence.group_id,
            json.dumps(list(licence.disabled_plans)),
            licence.state,
            licence.error,
            stamp(at=at),
        ),
    )


def consumed(connection: sqlite3.Connection, *, tenant_id: str) -> dict[str, int]:
    """Users holding each SKU, counted once whatever the number of sources; rows in error do not count."""
    rows = connection.execute(
        "SELECT sku_id, COUNT(DISTINCT user_id) FROM directory_licences"
        " WHERE tenant_id = ? AND state IN ('Active', 'ActiveWithError') GROUP BY sku_id",
        (tenant_id,),
    )
    return {row[0]: row[1] for row in rows}


def note_change(connection: sqlite3.Connection, *, tenant_id: str, user_id: str, members: Sequence[str]) -> None:
    connection.execute(
        "INSERT INTO directory_changes (tenant_id, user_id, members) VALUES (?, ?, ?)",
        (tenant_id, user_id, json.dumps(list(members))),
    )


def last_change(connection: sqlite3.Connection, *, tenant_id: str, now: dt.datetime) -> int:
    """The number of the newest change before which every change is visible to readers, 0 before the first."""
    row = connection.execute(
        "SELECT COALESCE(MIN(CASE WHEN visible_at > ? THEN seq - 1 END), MAX(seq), 0)"
        " FROM directory_changes WHERE tenant_id = ?",
        (stamp(at=now), tenant_id),
    ).fetchone()
    return int(row[0])


def changes_between(
    connection: sqlite3.Connection, *, tenant_id: str, after: int, until: int
) -> list[tuple[int, str, frozenset[str]]]:
    """(last number, user id, changed members) per user changed in (after, until], by last change."""
    merged: dict[str, tuple[int, set[str]]] = {}
    rows = connection.execute(
        "SELECT seq, user_id, members FROM directory_changes WHERE tenant_id = ? AND seq > ? AND seq <= ? ORDER BY seq",
        (tenant_id, after, until),
    )
    for seq, user_id, members in rows:
        _, known = merged.get(user_id, (0, set()))
        merged[user_id] = (seq, known | set(json.loads(members)))
    return sorted((seq, user_id, frozenset(members)) for user_id, (seq, members) in merged.items())
