"""What every test shares: the test profile, and append-only tables that a test database may still empty."""

import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("SEATWRIGHT_PROFILE", "test")
os.environ.setdefault("SEATWRIGHT_LOG_LEVEL", "WARNING")
os.environ.setdefault("SEATWRIGHT_DATA_DIR", tempfile.mkdtemp(prefix="seatwright-tests-"))
os.environ.setdefault("SEATWRIGHT_SECRET_KEY", "tests-only-" + "k" * 50)


@pytest.fixture(scope="session")
def contracts() -> pathlib.Path:
    """The folder of recorded and published vendor data; skips, naming it, where it is not there."""
    folder = pathlib.Path(
        os.environ.get("SEATWRIGHT_CONTRACTS", pathlib.Path(__file__).parents[2] / "shared" / "contracts")
    )
    if not folder.is_dir():
        pytest.skip("contract data is not there: set SEATWRIGHT_CONTRACTS to its folder")
    return folder


@pytest.fixture(autouse=True)
def _flush_lifts_append_only(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the test runner, and nobody else, empty guarded tables between transactional tests on SQLite."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not (marker.kwargs.get("transaction") or "transactional_db" in request.fixturenames):
        yield
        return
    from django.db import connection

    if connection.vendor != "sqlite":
        yield
        return
    original = connection.ops.execute_sql_flush

    def flush(statements: list[str], *args: Any, **kwargs: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            guards = cursor.fetchall()
            for name, _ in guards:
                cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            return original(statements, *args, **kwargs)
        finally:
            with connection.cursor() as cursor:
                for _, statement in guards:
                    cursor.execute(statement)

    connection.ops.execute_sql_flush = flush
    yield
    # The runner flushes after this fixture ends, so the replacement stays for the life of the process.
