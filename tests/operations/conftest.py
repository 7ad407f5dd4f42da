"""What the tests of operations share: an instant, an opener, and kinds that exist for one test only."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker
from scripts import postgres

from seatwright.access import actors
from seatwright.operations import changes, engine
from tests.operations import installation

T0 = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
PERSON = actors.Actor(kind="person", label="Ada", user_id=7)


def open_one(*, kind: str = "probe", lease_key: str = "", at: dt.datetime = T0, **given: Any) -> uuid.UUID:
    """Open an operation that is due at once and has an hour until its deadline."""
    operation_id = uuid.uuid4()
    values: dict[str, Any] = {
        "intent": {"seats": 3},
        "policy_version": "test-1",
        "request_id": uuid.uuid4(),
        "reseller_id": uuid.UUID(int=1),
        "customer_id": uuid.UUID(int=2),
        "by": PERSON,
        "due_at": at,
        "deadline_at": at + dt.timedelta(hours=1),
        "at": at,
    }
    with transaction.atomic():
        changes.open_operation(operation_id=operation_id, kind=kind, lease_key=lease_key, **{**values, **given})
    return operation_id


@pytest.fixture
def kinds() -> Iterator[Callable[..., None]]:
    """Registers a kind for one test: `kinds(name, step, step, ...)`; steps are named by their functions."""
    before = dict(engine._KINDS)

    def register(name: str, *steps: engine.Step) -> None:
        engine.register(engine.Kind(name=name, steps=tuple((step.__name__, step) for step in steps)))

    yield register
    engine._KINDS.clear()
    engine._KINDS.update(before)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the given one, or one that lives as long as this session."""
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[installation.Installation]:
    """An installation on each database, to which this process is connected; its workers are processes of their own."""
    if request.param == "sqlite":
        template = tmp_path_factory.getbasetemp() / "migrated"
        here = installation.on_sqlite(template=template, folder=tmp_path)
    else:
        here = installation.on_postgres(server_url=request.getfixturevalue("postgres_url"), folder=tmp_path)
    with django_db_blocker.unblock(), here.connected():
        yield here
    if here.url:
        installation.drop(server_url=request.getfixturevalue("postgres_url"), place=here)
