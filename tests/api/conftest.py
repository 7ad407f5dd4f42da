"""The API is asked in process, through all middleware, by programs with tokens of the people in the story's world.

Modules that commit are marked `django_db(transaction=True)` and each of their tests gets a world of its own. All others
use the fixture `db`, which here means the module's one world within a transaction that is rolled back after each test.
"""

import contextlib
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction

from seatwright.operations import clock
from tests.api import program
from tests.stories import world as worlds
from tests.stories.conftest import simulator as simulator
from vendor_simulator import testing


@contextlib.contextmanager
def rolled_back() -> Iterator[None]:
    """Undo everything within, as Django's TestCase does; the workflows may still ask for durable transactions."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture
def moving_world(transactional_db: None, simulator: testing.Simulator) -> worlds.World:
    return worlds.begun(simulator)


@pytest.fixture(scope="module")
def module_world(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, simulator: testing.Simulator
) -> Iterator[worlds.World]:
    with django_db_blocker.unblock(), rolled_back():
        yield worlds.begun(simulator)


@pytest.fixture
def db(module_world: worlds.World, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    with django_db_blocker.unblock(), rolled_back():
        yield
    module_world.at = worlds.NOW


@pytest.fixture
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> worlds.World:
    """The world of this test; the API reads its clock."""
    commits = request.node.get_closest_marker("django_db") is not None
    found: worlds.World = request.getfixturevalue("moving_world" if commits else "module_world")
    monkeypatch.setattr(clock, "now", found.clock)
    cache.clear()
    return found


@pytest.fixture
def ask(world: worlds.World) -> program.Programs:
    """Programs with tokens of the world's people."""
    return program.Programs(world)
