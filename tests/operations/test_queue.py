"""At most one mutation of a subscription is in flight, and those behind it keep their order (invariant 19)."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction

from seatwright.access import actors
from seatwright.operations import changes, queries, runs
from seatwright.operations.models import Operation
from tests.operations.conftest import MINUTE, T0, open_one

pytestmark = pytest.mark.django_db
LEASE = "microsoft:subscription:1"


def claim(operation_id: uuid.UUID, at: dt.datetime = T0) -> runs.Hold | None:
    return runs.claim(operation_id=operation_id, worker_id="w1", at=at)


def test_operations_of_one_subscription_run_one_after_the_other_in_the_order_of_their_opening() -> None:
    first, second, third = (open_one(lease_key=LEASE) for _ in range(3))
    for now, behind in ((first, [second, third]), (second, [third]), (third, [])):
        assert queries.due(at=T0, limit=9) == [now]
        assert [claim(each) for each in behind] == [None] * len(behind)
        hold = claim(now)
        assert hold is not None
        assert queries.due(at=T0, limit=9) == []
        changes.finish(operation_id=now, fence=hold.fence, state="done", at=T0)


@pytest.mark.parametrize("how", ["waiting", "unclear", "parked"])
def test_an_operation_that_waits_is_unclear_or_parked_keeps_its_subscription(how: str) -> None:
    first, second = open_one(lease_key=LEASE), open_one(lease_key=LEASE)
    hold = claim(first)
    assert hold is not None
    given = {"operation_id": first, "fence": hold.fence, "at": T0}
    if how == "waiting":
        runs.wait(due_at=T0 + MINUTE, why="", is_trouble=False, **given)  # type: ignore[arg-type]
    elif how == "unclear":
        changes.mark_sent(**given)  # type: ignore[arg-type]
        changes.mark_unclear(**given)  # type: ignore[arg-type]
    else:
        changes.park(reason="bug", **given)  # type: ignore[arg-type]
    assert claim(second) is None
    assert queries.due(at=T0, limit=9) == []


def test_other_subscriptions_and_operations_without_a_lease_do_not_wait() -> None:
    ids = [open_one(lease_key=LEASE), open_one(lease_key=LEASE + "2"), open_one(), open_one()]
    assert set(queries.due(at=T0, limit=9)) == set(ids)
    assert all(claim(each) is not None for each in ids)


def test_one_that_is_due_next_year_holds_nobody_up() -> None:
    open_one(lease_key=LEASE, due_at=T0 + dt.timedelta(days=365))
    today = open_one(lease_key=LEASE)
    assert queries.due(at=T0, limit=9) == [today]
    assert claim(today) is not None


def test_many_blocked_operations_do_not_hide_one_that_can_run() -> None:
    hold = claim(open_one(lease_key=LEASE))
    assert hold is not None
    changes.park(operation_id=hold.operation_id, fence=hold.fence, reason="bug", at=T0)
    for _ in range(20):
        open_one(lease_key=LEASE)
    free = open_one(at=T0 + MINUTE)
    assert queries.due(at=T0 + MINUTE, limit=5) == [free]


def test_the_database_itself_refuses_a_second_operation_in_flight() -> None:
    first, second = open_one(lease_key=LEASE), open_one(lease_key=LEASE)
    claim(first)
    with pytest.raises(IntegrityError, match="lease"), transaction.atomic():
        Operation.objects.filter(pk=second).update(state="running", due_at=None)


def test_the_database_itself_refuses_a_second_operation_with_the_same_vendor_request_id() -> None:
    request_id = uuid.uuid4()
    open_one(request_id=request_id)
    with pytest.raises(IntegrityError, match="request"):
        open_one(request_id=request_id)


def test_nothing_is_claimed_before_it_is_due_or_while_it_runs() -> None:
    operation_id = open_one(due_at=T0 + MINUTE)
    assert claim(operation_id) is None
    assert claim(operation_id, T0 + MINUTE) is not None
    assert claim(operation_id, T0 + 2 * MINUTE) is None


def test_only_kinds_that_a_process_knows_are_offered_to_it() -> None:
    known = open_one(kind="known")
    open_one(kind="newer")
    assert queries.due(at=T0, limit=9, kinds=["known"]) == [known]


def test_the_queue_of_parked_operations_shows_only_the_readers_reseller() -> None:
    mine, foreign = uuid.uuid4(), uuid.uuid4()
    for reseller_id in (mine, foreign):
        hold = claim(open_one(reseller_id=reseller_id))
        assert hold is not None
        changes.park(operation_id=hold.operation_id, fence=hold.fence, reason="bug", at=T0)
    support = actors.Actor(
        kind="person", label="Sue", grants=(actors.Grant(role=actors.Role.RESELLER_SUPPORT, reseller_id=mine),)
    )
    assert [view.reseller_id for view in queries.parked(seen_by=support)] == [mine]
    assert queries.parked(seen_by=actors.Actor(kind="person", label="Nobody")) == []
    assert len(queries.parked(seen_by=actors.SYSTEM)) == 2


def test_the_timeline_tells_each_change_of_state_oldest_first() -> None:
    operation_id = open_one()
    hold = claim(operation_id)
    assert hold is not None
    changes.finish(operation_id=operation_id, fence=hold.fence, state="refused", at=T0, note="too late")
    entries = queries.timeline(seen_by=actors.SYSTEM, operation_id=operation_id)
    assert [entry.action for entry in entries] == ["operation.opened", "operation.started", "operation.refused"]
    assert entries[-1].reason == "too late"
    assert queries.timeline(seen_by=actors.Actor(kind="person", label="Nobody"), operation_id=operation_id) == []
