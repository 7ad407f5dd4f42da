"""A database of its own for each simulated world: SQLite in memory, copied from a template in an instant, or PostgreSQL."""

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
    with _connected():
        connections["default"].connection.deserialize(_migrated())
        yield


def copy() -> bytes:
    """The whole of the world's SQLite database as it stands."""
    return connections["default"].connection.serialize()


@contextlib.contextmanager
def of_copy(content: bytes) -> Iterator[None]:
    """Work on a copy of a database that `copy` gave."""
    with _connected():
        connections["default"].connection.deserialize(content)
        yield


@functools.cache
def _migrated() -> bytes:
    """A migrated database without rows; laid out once in each process, which takes seconds."""
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
