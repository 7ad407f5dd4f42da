"""One simulator process for all tests here; each test finds it emptied and filled anew."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.simulator import partner_scene, terms_scene
from vendor_simulator import testing


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with testing.running(tmp_path_factory.mktemp("simulator") / "books.sqlite3") as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: testing.Simulator) -> testing.Simulator:
    simulator_process.reset()
    simulator_process.seed(partner_scene.SEED)
    return simulator_process


@pytest.fixture
def partner(simulator: testing.Simulator) -> Iterator[partner_scene.Partner]:
    partner = partner_scene.Partner(simulator)
    yield partner
    partner.client.close()


@pytest.fixture
def desk(partner: partner_scene.Partner) -> terms_scene.Desk:
    return terms_scene.Desk(partner)


@pytest.fixture
def own_simulator(tmp_path: pathlib.Path) -> Iterator[testing.Simulator]:
    """A process of the test's own, to be killed."""
    with testing.running(tmp_path / "books.sqlite3", seed=partner_scene.SEED) as simulator:
        yield simulator
