"""Answers kept by MS-RequestId, so that a repeated write gets its first answer again and no second effect."""

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass

from vendor_simulator import books


@dataclass(frozen=True, kw_only=True)
class Kept:
    status: int
    headers: dict[str, str]
    body: bytes


def find(connection: sqlite3.Connection, *, request_id: str, method: str, path: str) -> Kept | None:
    """The first answer to this very write; another method or path under the same id counts as another write."""
    row = connection.execute(
        "SELECT status, headers, body FROM replays WHERE request_id = ? AND method = ? AND path = ?",
        (request_id.lower(), method, path),
    ).fetchone()
    if row is None:
        return None
    return Kept(status=row["status"], headers=json.loads(row["headers"]), body=row["body"].encode())


def keep(
    connection: sqlite3.Connection, *, request_id: str, method: str, path: str, kept: Kept, at: dt.datetime
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO replays (request_id, method, path, status, headers, body, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            request_id.lower(),
            method,
            path,
            kept.status,
            json.dumps(kept.headers),
            kept.body.decode(),
            books.stamp(at),
        ),
    )
