"""Stories run against a real simulator process and committed transactions."""

from collections.abc import Iterator

import pytest

from tests.stories import world as worlds
from vendor_simulator import testing


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    """One vendor process for all stories; each begins with empty books."""
    with testing.running(tmp_path_factory.mktemp("vendor") / "books.sqlite3") as simulator:
        yield simulator


@pytest.fixture
def world(transactional_db: None, simulator: testing.Simulator) -> worlds.World:
    """One reseller with two customers, read once from the vendor."""
    return worlds.begun(simulator)
