"""Stories run against a real simulator process and committed transactions."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.stories import world as worlds


@pytest.fixture
def world(transactional_db: None, tmp_path: pathlib.Path) -> Iterator[worlds.World]:
    """One reseller with two customers, read once from the vendor."""
    with worlds.running(tmp_path / "books.sqlite3") as world:
        yield world
