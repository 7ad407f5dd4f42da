"""Django's DATABASES entry from one URL: embedded SQLite by default, PostgreSQL where DATABASE_URL says so."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

SQLITE_BUSY_TIMEOUT_S = 20


def from_url(*, url: str, data_dir: Path) -> dict[str, Any]:
    """The settings for `url`; an empty url means SQLite in `data_dir`. Raises ValueError on an unknown scheme."""
    if not url:
        return sqlite(path=str(data_dir / "seatwright.sqlite3"))
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(path=unquote(parts.path.removeprefix("/")) or ":memory:")
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": _socket_or_host(query=parts.query, hostname=parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ValueError(f"DATABASE_URL starts with {parts.scheme!r}; use sqlite:///path or postgresql://user@host/name.")


def _socket_or_host(*, query: str, hostname: str) -> str:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == "host":
            return unquote(value)
    return hostname


def sqlite(*, path: str) -> dict[str, Any]:
    """SQLite in WAL mode whose transactions take the write lock at once, so that no read is upgraded to a write."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_BUSY_TIMEOUT_S,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
