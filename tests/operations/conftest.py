"""What the tests of operations share: an instant, an opener, and kinds that exist for one test only."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from seatwright.access import actors
from seatwright.operations import changes, engine

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
