"""The audit chain (invariant 28): a changed, deleted, added, reordered or cut-off event is found."""

import datetime as dt
import os
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction

from seatwright.access import append_only, audit
from seatwright.access.actors import Actor, Grant, Role
from seatwright.access.models import AuditChain, AuditEvent

NOW = dt.datetime(2026, 3, 17, 10, 0, tzinfo=dt.UTC)
RESELLER, CUSTOMER, OTHER = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
BY = Actor(kind="user", label="Ada", user_id=7, channel="web", request_ref="r1")
TAMPERINGS = 1000 if os.environ.get("SEATWRIGHT_TEST_SIZE") == "nightly" else 60

pytestmark = pytest.mark.django_db


def tell(number: int, *, customer_id: uuid.UUID | None = CUSTOMER, reason: str = "") -> None:
    with transaction.atomic():
        audit.record(
            by=BY,
            action="seats.changed",
            subject_kind="subscription",
            subject_id=uuid.UUID(int=100 + number),
            before={"seats": number},
            after={"seats": number + 1, "name": "Größe"},
            at=NOW + dt.timedelta(minutes=number),
            reason=reason,
            reseller_id=RESELLER,
            customer_id=customer_id,
            operation_id=uuid.UUID(int=200 + number),
        )


@pytest.fixture
def chain() -> list[int]:
    """Five events of one customer between three of another; the ids of the five in their order."""
    for number in range(1, 6):
        tell(number)
        if number % 2:
            tell(number, customer_id=OTHER)
    assert list(audit.breaks()) == []
    return list(AuditEvent.objects.filter(customer_id=CUSTOMER).order_by("sequence").values_list("id", flat=True))


@contextmanager
def unguarded() -> Iterator[None]:
    """The audit table without its triggers, as an intruder with the database's own password has it."""
    suffix = "" if connection.vendor == "sqlite" else " ON access_auditevent"
    with connection.cursor() as cursor:
        for verb in ("UPDATE", "DELETE"):
            cursor.execute(f"DROP TRIGGER access_auditevent_no_{verb}{suffix}")
        yield
        for statement in append_only.statements(vendor=connection.vendor, table="access_auditevent"):
            cursor.execute(statement)


def change(pk: int, **values: Any) -> None:
    with unguarded():
        AuditEvent.objects.filter(pk=pk).update(**values)


def delete(*pks: int) -> None:
    with unguarded():
        AuditEvent.objects.filter(pk__in=pks).delete()


def found() -> list[tuple[str, int]]:
    return [(each.what, each.sequence) for each in audit.breaks()]


def test_an_untouched_chain_has_no_break(chain: list[int]) -> None:
    assert found() == []
    assert AuditEvent.objects.filter(customer_id=CUSTOMER).count() == 5


OTHER_VALUES: dict[str, Any] = {
    "chain_key": "customer:somebody-else",
    "sequence": 77,
    "at": NOW - dt.timedelta(seconds=1),
    "before": {"seats": 400},
    "after": {"seats": 401},
    "reseller_id": uuid.UUID(int=9),
    "customer_id": uuid.UUID(int=9),
    "operation_id": uuid.UUID(int=9),
}


@pytest.mark.parametrize(
    "column", [field.name for field in AuditEvent._meta.get_fields() if field.name != "id"], ids=str
)
def test_a_changed_value_in_any_column_is_found(chain: list[int], column: str) -> None:
    change(chain[2], **{column: OTHER_VALUES.get(column, "x")})
    assert found() != []


def test_a_changed_event_is_found_where_it_is(chain: list[int]) -> None:
    change(chain[2], reason="nothing to see")
    assert found() == [("changed", 3)]


def test_a_changed_event_whose_own_hash_was_made_to_fit_breaks_the_link_to_the_next(chain: list[int]) -> None:
    event = AuditEvent.objects.get(pk=chain[2])
    event.reason = "nothing to see"
    change(chain[2], reason=event.reason, hash=audit.digest(event))
    assert found() == [("changed", 4)]


def test_a_rewritten_end_of_the_chain_does_not_meet_its_head(chain: list[int]) -> None:
    """Every event from the third on is hashed anew, as if the chain had always been like this."""
    previous = ""
    for pk in chain[2:]:
        event = AuditEvent.objects.get(pk=pk)
        event.reason, event.previous_hash = "nothing to see", previous or event.previous_hash
        previous = audit.digest(event)
        change(pk, reason=event.reason, previous_hash=event.previous_hash, hash=previous)
    assert found() == [("tail does not match the head", 6)]


def test_a_deleted_event_is_found(chain: list[int]) -> None:
    delete(chain[2])
    assert ("missing", 3) in found()


def test_a_deleted_first_event_is_found(chain: list[int]) -> None:
    delete(chain[0])
    assert ("missing", 1) in found()


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_a_cut_tail_is_found_even_when_nothing_is_left(chain: list[int], cut: int) -> None:
    delete(*chain[-cut:])
    assert found() == [("tail does not match the head", 6 - cut)]


def test_a_deleted_head_is_found_by_the_events_that_it_leaves(chain: list[int]) -> None:
    AuditChain.objects.filter(key=f"customer:{CUSTOMER}").delete()
    assert found() == [("tail does not match the head", 6)]


def test_events_in_another_order_are_found(chain: list[int]) -> None:
    change(chain[1], sequence=99)
    change(chain[2], sequence=2)
    change(chain[1], sequence=3)
    assert found() != []


def test_an_event_moved_to_another_customers_chain_is_found_in_both(chain: list[int]) -> None:
    change(chain[4], chain_key=f"customer:{OTHER}", sequence=4)
    assert {each.chain_key for each in audit.breaks()} == {f"customer:{CUSTOMER}", f"customer:{OTHER}"}


def test_an_added_event_is_found(chain: list[int]) -> None:
    event = AuditEvent.objects.get(pk=chain[4])
    event.pk, event.sequence = None, 6
    event.previous_hash, event.hash = event.hash, ""
    event.hash = audit.digest(event)
    event.save(force_insert=True)
    assert found() == [("tail does not match the head", 7)]


def test_the_chain_goes_on_after_a_break_and_the_break_stays(chain: list[int]) -> None:
    change(chain[0], reason="x")
    tell(9)
    assert found() == [("changed", 1)]


def test_random_tamperings_are_all_found(chain: list[int]) -> None:
    draw = random.Random(20260317)
    kinds: list[Callable[[int], None]] = [
        lambda pk: change(pk, actor_label=f"Eve {draw.random()}"),
        lambda pk: change(pk, at=NOW - dt.timedelta(microseconds=draw.randint(1, 10**9))),
        lambda pk: change(pk, after={"seats": draw.randint(1000, 9999)}),
        lambda pk: change(pk, sequence=draw.randint(100, 10**6)),
        lambda pk: change(pk, hash=f"{draw.getrandbits(256):064x}"),
        lambda pk: delete(pk),
        lambda pk: delete(*chain[chain.index(pk) :]),
    ]
    detected = 0
    for _ in range(TAMPERINGS):
        with transaction.atomic():
            draw.choice(kinds)(draw.choice(chain))
            detected += bool(found())
            transaction.set_rollback(True)
    assert detected == TAMPERINGS
    assert found() == []


def test_an_event_outside_a_transaction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event without the change that it records, or the other way round, cannot come about."""
    monkeypatch.setattr(transaction, "get_connection", lambda: SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError, match="in the transaction of the change"):
        audit.record(
            by=BY, action="x", subject_kind="x", subject_id="x", before={}, after={}, at=NOW, reseller_id=RESELLER
        )


def test_a_history_holds_what_its_reader_may_see_and_nothing_else(chain: list[int]) -> None:
    def seen(customer_id: uuid.UUID | None, role: Role) -> int:
        by = Actor(
            kind="user",
            label="x",
            user_id=1,
            grants=(Grant(role=role, reseller_id=RESELLER, customer_id=customer_id),),
        )
        return len(audit.history(seen_by=by, subject_kind="subscription", subject_id=uuid.UUID(int=101)))

    assert (seen(CUSTOMER, Role.CONTRACT_OWNER), seen(OTHER, Role.CONTRACT_OWNER)) == (1, 1)
    assert seen(uuid.UUID(int=99), Role.CONTRACT_OWNER) == 0
    assert seen(None, Role.RESELLER_ADMIN) == 2
    assert seen(CUSTOMER, Role.EMPLOYEE) == 0
