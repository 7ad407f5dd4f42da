"""The whole matrix of states and actions, refused moves included, and one audit event for each change of state."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest

from seatwright.access.models import AuditEvent
from seatwright.operations import changes, runs
from seatwright.operations.models import TRANSITIONS, Operation, State
from tests.operations.conftest import MINUTE, PERSON, T0, open_one

pytestmark = pytest.mark.django_db

NO = "-"


def bring_to(state: str) -> uuid.UUID:
    """An operation in this state, brought there by ordinary moves."""
    operation_id = open_one()
    if state == "queued":
        return operation_id
    held = runs.claim(operation_id=operation_id, worker_id="w1", at=T0)
    assert held is not None
    fence = held.fence
    if state == "waiting":
        runs.wait(operation_id=operation_id, fence=fence, due_at=T0 + MINUTE, why="later", at=T0, is_trouble=False)
    if state == "unclear":
        changes.mark_sent(operation_id=operation_id, fence=fence, at=T0)
        changes.mark_unclear(operation_id=operation_id, fence=fence, at=T0, note="no answer")
    if state == "parked":
        changes.park(operation_id=operation_id, fence=fence, reason="vendor_denied", at=T0)
    if state in ("done", "refused"):
        changes.finish(operation_id=operation_id, fence=fence, state=state, at=T0)
    return operation_id


def fence_of(operation_id: uuid.UUID) -> int:
    return Operation.objects.get(pk=operation_id).fence


def start(operation_id: uuid.UUID) -> None:
    if runs.claim(operation_id=operation_id, worker_id="w2", at=T0 + MINUTE) is None:
        raise changes.NotPossible(state="", action="start")


def wait(operation_id: uuid.UUID) -> None:
    runs.wait(
        operation_id=operation_id, fence=fence_of(operation_id), due_at=T0 + MINUTE, why="", at=T0, is_trouble=False
    )


def sent(operation_id: uuid.UUID) -> None:
    changes.mark_sent(operation_id=operation_id, fence=fence_of(operation_id), at=T0)


def unclear_after_sent(operation_id: uuid.UUID) -> None:
    if Operation.objects.get(pk=operation_id).sent_at is None:
        sent(operation_id)
    changes.mark_unclear(operation_id=operation_id, fence=fence_of(operation_id), at=T0)


def not_sent(operation_id: uuid.UUID) -> None:
    changes.mark_not_sent(operation_id=operation_id, fence=fence_of(operation_id), at=T0)


def answered(operation_id: uuid.UUID) -> None:
    changes.mark_answered(operation_id=operation_id, fence=fence_of(operation_id), at=T0, answer="done")


def done(operation_id: uuid.UUID) -> None:
    changes.finish(operation_id=operation_id, fence=fence_of(operation_id), state="done", at=T0)


def refused(operation_id: uuid.UUID) -> None:
    changes.finish(operation_id=operation_id, fence=fence_of(operation_id), state="refused", at=T0)


def park(operation_id: uuid.UUID) -> None:
    changes.park(operation_id=operation_id, fence=fence_of(operation_id), reason="bug", at=T0)


def look_again(operation_id: uuid.UUID) -> None:
    changes.settle(operation_id=operation_id, by=PERSON, decision="look_again", reason="seen", at=T0)


def settle_done(operation_id: uuid.UUID) -> None:
    changes.settle(operation_id=operation_id, by=PERSON, decision="done", reason="seen", at=T0)


def settle_not_done(operation_id: uuid.UUID) -> None:
    changes.settle(operation_id=operation_id, by=PERSON, decision="not_done", reason="seen", at=T0)


ACTIONS: list[Callable[[uuid.UUID], None]] = [
    start, wait, sent, unclear_after_sent, not_sent, answered,
    done, refused, park, look_again, settle_done, settle_not_done,
]  # fmt: skip
TABLE = """
          start    wait     sent     unclear  not_sent answered done  refused  park    look    done   not_done
queued    running  -        -        -        -        -        -     -        -       -       -      -
running   -        waiting  running  unclear  running  running  done  refused  parked  -       -      -
waiting   running  -        -        -        -        -        -     -        -       -       -      -
unclear   -        unclear  -        unclear  running  running  done  refused  parked  -       -      -
parked    -        -        -        -        -        -        -     -        -       queued  done   refused
done      -        -        -        -        -        -        -     -        -       -       -      -
refused   -        -        -        -        -        -        -     -        -       -       -      -
"""
MATRIX = {line.split()[0]: line.split()[1:] for line in TABLE.splitlines()[2:]}


@pytest.mark.parametrize("state", MATRIX)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_each_action_in_each_state_does_what_the_table_says(state: str, action: Callable[[uuid.UUID], None]) -> None:
    expected = MATRIX[state][ACTIONS.index(action)]
    operation_id = bring_to(state)
    events = AuditEvent.objects.filter(operation_id=operation_id).count()
    if expected == NO:
        before = Operation.objects.filter(pk=operation_id).values().get()
        with pytest.raises((changes.NotPossible, changes.AlreadySent)):
            action(operation_id)
        assert Operation.objects.filter(pk=operation_id).values().get() == before
        assert AuditEvent.objects.filter(operation_id=operation_id).count() == events
        return
    action(operation_id)
    assert Operation.objects.get(pk=operation_id).state == expected
    added = AuditEvent.objects.filter(operation_id=operation_id).count() - events
    assert added == (0 if expected == state else 1)


def test_the_table_covers_every_state_and_every_transition() -> None:
    assert set(MATRIX) == set(State)
    reached = {(state, to) for state, row in MATRIX.items() for to in row if to not in (NO, state)}
    allowed = {(str(state), str(to)) for state, followers in TRANSITIONS.items() for to in followers}
    assert reached | {("parked", "unclear")} == allowed


def test_a_parked_operation_that_may_have_been_sent_stays_unclear_when_somebody_looks_again() -> None:
    operation_id = bring_to("unclear")
    park(operation_id)
    look_again(operation_id)
    row = Operation.objects.get(pk=operation_id)
    assert (row.state, row.due_at, row.parked_reason) == ("unclear", T0, "")


def test_nothing_is_sent_a_second_time_without_an_answer_or_proof_of_absence() -> None:
    operation_id = bring_to("running")
    sent(operation_id)
    with pytest.raises(changes.AlreadySent):
        sent(operation_id)
    not_sent(operation_id)
    sent(operation_id)
    answered(operation_id)
    sent(operation_id)
    row = Operation.objects.get(pk=operation_id)
    assert (row.sent_at, row.answered_at, row.progress) == (T0, None, {"answer": "done"})


def test_unclear_without_a_send_is_refused() -> None:
    operation_id = bring_to("running")
    with pytest.raises(changes.NotPossible):
        changes.mark_unclear(operation_id=operation_id, fence=fence_of(operation_id), at=T0)


def test_an_operation_is_opened_inside_a_transaction_or_not_at_all(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="in the transaction of what it carries out"):
        changes.open_operation(
            operation_id=uuid.uuid4(), kind="probe", lease_key="", intent={}, policy_version="", by=PERSON,
            request_id=uuid.uuid4(), reseller_id=None, customer_id=None, due_at=T0, deadline_at=T0, at=T0,
        )  # fmt: skip


def test_a_person_who_settles_is_named_in_the_audit_with_the_reason() -> None:
    operation_id = bring_to("parked")
    changes.settle(operation_id=operation_id, by=PERSON, decision="done", reason="seen in the portal", at=T0)
    event = AuditEvent.objects.filter(operation_id=operation_id).latest("id")
    assert (event.actor_label, event.action, event.reason) == ("Ada", "operation.settled_done", "seen in the portal")
    assert (event.before["state"], event.after["state"]) == ("parked", "done")


def test_dates_in_progress_are_kept_as_text() -> None:
    operation_id = bring_to("running")
    changes.note_progress(
        operation_id=operation_id, fence=fence_of(operation_id), at=T0, looked_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    )
    assert Operation.objects.get(pk=operation_id).progress == {"looked_at": "2026-01-02T00:00:00Z"}
