"""A swap as people follow it: the new seats, each person, and what becomes of the old seats."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.operations import queries as operations
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.workflows import swap, swap_give_back, swap_operation

STATES = {
    "queued": "waiting",
    "running": "moving",
    "waiting": "moving",
    "unclear": "checking",
    "parked": "parked",
    "done": "moved",
    "refused": "failed",
}


@dataclass(frozen=True, kw_only=True)
class PersonProgress:
    """How far one person is: waiting, moving, checking, parked, moved or failed, the last with its `reason`."""

    key: str
    name: str
    address: str
    state: str
    reason: str
    ended_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class OldSeats:
    """What became of old seats so far; `kept` are those that neither could be returned nor asked away."""

    returned: int
    scheduled: int
    kept: int
    is_ended: bool
    ends_with_term: bool
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A swap under way or over; `people` is empty for those who may not see people, the counts are not.

    `seats_state` is how the new seats stand: none, waiting, coming, parked, there or refused.
    """

    swap: swap_terms.Swap
    currency: str
    seats_state: str
    people: tuple[PersonProgress, ...]
    total: int
    moved: int
    failed: int
    old_seats: OldSeats
    is_running: bool
    may_try_again: bool


def progress(*, by: Actor, order_id: uuid.UUID) -> Progress:
    """The swap that this order is; raises access.permissions.Unknown for a foreign or unknown id and any other order.

    Raises NotAllowed without the right to see orders.
    """
    order = orders.order(seen_by=by, order_id=order_id)
    if order.kind != swap.KIND:
        raise permissions.Unknown
    return of_order(by=by, order=order)


def of_order(*, by: Actor, order: orders.OrderRow) -> Progress:
    """The same for an order that was read already."""
    quoted = swap_terms.from_json(order.calculation)
    rounds = swap.rounds_of(order)
    people = _people(quoted.swap.people, rounds)
    place = {"reseller_id": order.reseller_id, "customer_id": order.customer_id}
    may_see = permissions.allowed(by=by, action="people.view", **place)
    failed = sum(each.state == "failed" for each in people)
    seats_state = _seats_state(quoted.swap, order, rounds)
    is_running = order.state == "running"
    return Progress(
        swap=quoted.swap,
        currency=quoted.currency,
        seats_state=seats_state,
        people=people if may_see else (),
        total=len(people),
        moved=sum(each.state == "moved" for each in people),
        failed=failed,
        old_seats=_old_seats(rounds),
        is_running=is_running,
        may_try_again=may_see
        and not is_running
        and failed > 0
        and seats_state != "refused"
        and permissions.allowed(by=by, action="seats.book", **place),
    )


def _people(
    people: Sequence[swap_terms.Person], rounds: Sequence[operations.OperationView]
) -> tuple[PersonProgress, ...]:
    """Each person as the last round that took them up has left them; those whom nothing was opened for wait or failed.

    A round that has ended without opening a person's move has failed for that person.
    """
    ids = {
        (view.id, person.key): swap_operation.move_id(operation_id=view.id, person=person.key)
        for view in rounds
        for person in people
    }
    found = operations.views(operation_ids=list(ids.values()))
    is_over = all(view.is_finished for view in rounds)
    shown = []
    for person in people:
        moves = [found[ids[view.id, person.key]] for view in rounds if ids[view.id, person.key] in found]
        shown.append(_person(person, moves, is_over=is_over))
    return tuple(shown)


def _person(person: swap_terms.Person, moves: Sequence[operations.OperationView], *, is_over: bool) -> PersonProgress:
    last = moves[-1] if moves else None
    state = STATES[last.state] if last is not None else "failed" if is_over else "waiting"
    reason = "" if last is None or state == "moved" else last.last_error
    return PersonProgress(
        key=person.key,
        name=person.name,
        address=person.address,
        state=state,
        reason=reason if last is not None else "seats_refused" if is_over else "",
        ended_at=None if last is None else last.finished_at,
    )


def _seats_state(asked: swap_terms.Swap, order: orders.OrderRow, rounds: Sequence[operations.OperationView]) -> str:
    if asked.way is swap_terms.Way.FREE:
        return "none"
    child_id = swap_operation.acquire_id(root_id=rounds[0].id)
    child = operations.views(operation_ids=[child_id]).get(child_id)
    if child is None:
        return "waiting"
    known: Mapping[str, str] = {"done": "there", "refused": "refused", "parked": "parked"}
    return known.get(child.state, "coming")


def _old_seats(rounds: Sequence[operations.OperationView]) -> OldSeats:
    ids = {view.id: swap_give_back.return_id(operation_id=view.id) for view in rounds}
    found = operations.views(operation_ids=list(ids.values()))
    children = [found[ids[view.id]] for view in rounds if ids[view.id] in found]
    fewer = [view for view in rounds if view.progress.get("scheduled_kind") in ("schedule_fewer", "return")]
    return OldSeats(
        returned=sum(swap_give_back.returned(child) for child in children),
        scheduled=sum(int(view.progress["scheduled"]) for view in fewer),
        kept=sum(int(view.progress.get("kept", 0)) for view in rounds),
        is_ended=any(child.kind != swap_give_back.SEATS_KIND and child.state == "done" for child in children),
        ends_with_term=any(view.progress.get("scheduled_kind") in ("schedule_end", "end") for view in rounds),
        is_open=any(not child.is_finished for child in children),
    )
