"""A database of its own for each world: SQLite in memory, copied from a template in an instant, or PostgreSQL."""

import contextlib
import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connections
from django.db.utils import load_backend

from seatwright.config import databases
from tests.operations import installation


@contextlib.contextmanager
def of_its_own(*, is_postgres: bool = False) -> Iterator[None]:
    """Work on an empty, migrated database within the block, in this process and thread."""
    if is_postgres:
        with _on_postgres():
            yield
        return
    content = _migrated()
    with _connected():
        connections["default"].connection.deserialize(content)
        yield


def copy() -> bytes:
    """The whole of the world's SQLite database as it stands."""
    content: bytes = connections["default"].connection.serialize()
    # A database in memory has no write-ahead log, whatever the one that it is copied from says in its header.
    return content[:18] + b"\x01\x01" + content[20:]


@contextlib.contextmanager
def of_copy(content: bytes) -> Iterator[None]:
    """Work on a copy of a database that `copy` gave."""
    with _connected():
        connections["default"].connection.deserialize(content)
        yield


@functools.cache
def _migrated() -> bytes:
    """A migrated database: the test runner's own where it has one, else laid out once, which takes seconds."""
    runners_own = connections["default"]
    if runners_own.vendor == "sqlite" and runners_own.is_in_memory_db() and runners_own.introspection.table_names():
        return copy()
    with _connected():
        call_command("migrate", verbosity=0, skip_checks=True)
        return copy()


@contextlib.contextmanager
def _connected() -> Iterator[None]:
    given = databases.sqlite(path=":memory:")
    settings = connections.configure_settings({"default": given})["default"]
    before = connections["default"]
    connections["default"] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    connections["default"].ensure_connection()
    try:
        yield
    finally:
        # An ordinary close leaves a database in memory open.
        connections["default"].connection.close()
        connections["default"] = before


@contextlib.contextmanager
def _on_postgres() -> Iterator[None]:
    server_url = os.environ["SEATWRIGHT_TEST_POSTGRES"]
    with tempfile.TemporaryDirectory(prefix="seatwright-sim-") as folder:
        place = installation.on_postgres(server_url=server_url, folder=Path(folder))
        with place.connected():
            yield
        installation.drop(server_url=server_url, place=place)
