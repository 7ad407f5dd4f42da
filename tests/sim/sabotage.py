"""Faults put into the product on purpose, each with the invariant that must find it."""

import contextlib
import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import msgspec

from seatwright.access import actors
from seatwright.billing import changes as billing
from seatwright.operations import engine, runs
from seatwright.orders import sheets
from seatwright.rules import business_dates, instructions, proration, renewals, term_change, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors.graph import adapter as graph
from seatwright.vendors.partner_center import adapter, client
from seatwright.workflows import (
    answer_sheet,
    charge_cycles,
    close_sheet,
    connections,
    price_terms,
    pricing,
    readings,
    rebase_wishes,
    renew_terms,
    schedule_change,
    sending,
    sheet_options,
    swap_give_back,
    swap_pricing,
    transition_booking,
    wishes,
)
from tests.sim import scenes

Replace = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sabotage:
    """What is broken: `name` of `place` is replaced by what `by` makes of it; `found_by` is an invariant's number."""

    what: str
    found_by: str
    place: Any
    name: str
    by: Replace
    actions: tuple[Any, ...] = ()

    @contextlib.contextmanager
    def done(self) -> Iterator[None]:
        if isinstance(self.place, dict):
            with mock.patch.dict(self.place, {self.name: self.by(self.place[self.name])}):
                yield
            return
        with mock.patch.object(self.place, self.name, self.by(getattr(self.place, self.name))):
            yield


def always(value: Any) -> Replace:
    return lambda original: lambda *args, **kwargs: value


def _twice(original: Any) -> Any:
    def post(*, charges: Any, **others: Any) -> None:
        original(charges=[*charges, *charges], **others)

    return post


def _a_cent_more(original: Any) -> Any:
    def change(**given: Any) -> Any:
        priced = original(**given)
        return dataclasses.replace(priced, amount=dataclasses.replace(priced.amount, minor=priced.amount.minor + 1))

    return change


def _all_seats(original: Any) -> Any:
    def returnable(*, lots: Any, vendor_says: Any, at: dt.datetime, policy: Any) -> Any:
        until = at + dt.timedelta(days=5)
        batch = windows.Batch(sum(lot.quantity for lot in lots), until, until)
        return windows.Returnable(total=batch.quantity, batches=(batch,))

    return returnable


def _a_day_longer(original: Any) -> Any:
    def following(*given: Any) -> Any:
        term = original(*given)
        return dataclasses.replace(term, end_on=term.end_on + dt.timedelta(days=1))

    return following


def _dearer(original: Any) -> Any:
    def price(*given: Any, **others: Any) -> Any:
        found = original(*given, **others)
        return found and dataclasses.replace(found, amount=found.amount * 2)

    return price


def _local_day(original: Any) -> Any:
    return lambda row, *, at, zone: business_dates.business_date(at=at, zone=zone)


def _one_seat(original: Any) -> Any:
    return lambda **given: original(**given | {"seats": 1})


def _forgotten(original: Any) -> Any:
    def carried(*, line: Any, **others: Any) -> Any:
        return dataclasses.replace(original(line=line, **others), pending=())

    return carried


def _one_seat_more(original: Any) -> Any:
    def add_lot(*, seats: int, **others: Any) -> None:
        original(seats=seats + 1, **others)

    return add_lot


def _another_request(original: Any) -> Any:
    def write(self: Any, *given: Any, request_id: Any, **others: Any) -> Any:
        return original(self, *given, request_id=uuid.uuid4(), **others)

    return write


def _forty_days_early(original: Any) -> Any:
    def post_due(*, at: dt.datetime) -> Any:
        return original(at=at + dt.timedelta(days=40))

    return post_due


def _never(original: Any) -> Any:
    def wait(*, due_at: dt.datetime, **others: Any) -> None:
        original(due_at=due_at + dt.timedelta(days=4000), **others)

    return wait


def _unconfirmed(original: Any) -> Any:
    return dataclasses.replace(original, steps=tuple(step for step in original.steps if step[0] != "confirm"))


def _given_up(original: Any) -> Any:
    def send(view: Any, *, refuse: Any, **others: Any) -> Any:
        result = original(view, refuse=refuse, **others)
        unclear = view.kind == "change_seats" and isinstance(result, engine.Again) and not result.is_trouble
        return refuse(mock.Mock(reason="silent")) if unclear else result

    return send


def _none_left(original: Any) -> Any:
    def change(self: Any, *given: Any, wish: Any, **others: Any) -> Any:
        def emptied(before: Any) -> Any:
            wished = wish(before)
            return wished if wished.quantity >= before.quantity else msgspec.structs.replace(wished, quantity=0)

        return original(self, *given, wish=emptied, **others)

    return change


def _taken_first(original: Any) -> Any:
    def assign(self: Any, *, add: Any, **others: Any) -> Any:
        return original(self, add={}, **others)

    return assign


def _ends_later(original: Any) -> Any:
    def begin_term(*, following: Any, **others: Any) -> None:
        original(following=dataclasses.replace(following, end_on=following.end_on + dt.timedelta(days=1)), **others)

    return begin_term


def _nothing_back(original: Any) -> Any:
    def new_term(**given: Any) -> Any:
        return dataclasses.replace(original(**given), credit=None)

    return new_term


def _default_for_all(original: Any) -> Any:
    def settle(view: Any, at: dt.datetime) -> Any:
        sheet = sheets.sheet(seen_by=actors.SYSTEM, sheet_id=uuid.UUID(view.intent["sheet_id"]))
        for line in sheet.lines if sheet.state == "sent" and sheet.default != "nothing" else ():
            if line.state == "answered":
                row = holdings.by_ids(subscription_ids=[line.subscription_id])[0]
                choice, seats = close_sheet._default(sheet, line, row)
                wished, clear = sheet_options.chosen(key=choice, seats=seats, held_seats=row.seats)
                schedule_change.schedule(
                    by=actors.SYSTEM, subscription_id=line.subscription_id, wishes=wished, clear=clear, at=at
                )
        return original.steps[0][1](view, at)

    return dataclasses.replace(original, steps=(("settle", settle),))


def _plain_renewal(original: Any) -> Any:
    return lambda line: instructions.Instruction(ending=renewals.Ending.RENEW)


def _half(original: Any) -> Any:
    return lambda source, seats, on: original(source, seats // 2, on)


def _only_noted(original: Any) -> Any:
    def wish(self: Any, wanted: Any, *, left: int) -> bool:
        self._note(scheduled=wanted.quantity, scheduled_kind=wanted.kind.value, kept=0)
        return True

    return wish


def _one_side(original: Any) -> Any:
    def charge(view: Any, order: Any, line: Any, quoted: Any, **others: Any) -> None:
        original(view, order, line, dataclasses.replace(quoted, lines=quoted.lines[-1:]), **others)

    return charge


ALL = (
    Sabotage(what="a cent too much", found_by="02", place=proration, name="change", by=_a_cent_more),
    Sabotage(what="charges are posted twice", found_by="02", place=billing, name="post", by=_twice),
    Sabotage(what="no cycle is charged", found_by="04", place=charge_cycles, name="_post_missing", by=always(0)),
    Sabotage(what="a new term at another price", found_by="09", place=price_terms, name="rate", by=_dearer),
    Sabotage(what="one seat pays", found_by="09", place=price_terms, name="rate", by=_one_seat, actions=scenes.TIERED),
    Sabotage(what="days of no term", found_by="02", place=pricing, name="day_of", by=_local_day, actions=scenes.LATE),
    Sabotage(
        what="differences go unnoticed",
        found_by="10",
        place=readings,
        name="settle_drift",
        by=always(False),
        actions=scenes.ELSEWHERE,
    ),
    Sabotage(what="a seat too many is booked", found_by="11", place=subscriptions, name="add_lot", by=_one_seat_more),
    Sabotage(
        what="a licence is taken before the other is given",
        found_by="25",
        place=graph.Graph,
        name="assign_licences",
        by=_taken_first,
        actions=scenes.MOVING,
    ),
    Sabotage(
        what="a transition is charged on one side",
        found_by="02",
        place=transition_booking,
        name="_charge",
        by=_one_side,
        actions=scenes.PARTIAL,
    ),
    Sabotage(
        what="old seats of a swap stay for good",
        found_by="25",
        place=swap_give_back._Round,
        name="_wish",
        by=_only_noted,
        actions=scenes.MOVING,
    ),
    Sabotage(
        what="an overlap is quoted for half of the seats",
        found_by="25",
        place=swap_pricing,
        name="_most",
        by=_half,
        actions=scenes.MOVING,
    ),
    Sabotage(
        what="seats become another offer at the vendor alone",
        found_by="25",
        place=subscriptions,
        name="convert",
        by=always(None),
        actions=scenes.FULL,
    ),
    Sabotage(
        what="no seat is left",
        found_by="12",
        place=adapter.PartnerCenter,
        name="_change",
        by=_none_left,
    ),
    Sabotage(
        what="the old term is paid beside the new one",
        found_by="02",
        place=term_change,
        name="new_term",
        by=_nothing_back,
        actions=scenes.LONGER,
    ),
    Sabotage(
        what="a new term of another length",
        found_by="25",
        place=subscriptions,
        name="begin_term",
        by=_ends_later,
        actions=scenes.LONGER,
    ),
    Sabotage(
        what="people are not looked at",
        found_by="13",
        place=sending,
        name="takes_from_people",
        by=always(False),
        actions=(("sync_all",), scenes.WORK, *scenes.CROWDED * 5),
    ),
    Sabotage(
        what="the default replaces an answer",
        found_by="15",
        place=engine._KINDS,
        name="close_sheet",
        by=_default_for_all,
        actions=scenes.ASKED,
    ),
    Sabotage(
        what="a closed sheet takes answers",
        found_by="15",
        place=answer_sheet,
        name="_require_open",
        by=always(None),
        actions=scenes.ANSWERED,
    ),
    Sabotage(
        what="the vendor is not told what was answered",
        found_by="25",
        place=wishes,
        name="instruction_of",
        by=_plain_renewal,
        actions=scenes.ANSWERED,
    ),
    Sabotage(what="windows never close", found_by="14", place=windows, name="returnable", by=_all_seats),
    Sabotage(
        what="wishes are lost with a change",
        found_by="15",
        place=rebase_wishes,
        name="carried",
        by=_forgotten,
        actions=scenes.WISHED,
    ),
    Sabotage(
        what="no settle window",
        found_by="18",
        place=connections,
        name="settled",
        by=always(True),
        actions=scenes.struck("timeout_before_effect"),
    ),
    Sabotage(
        what="nothing is read back",
        found_by="18",
        place=engine._KINDS,
        name="change_seats",
        by=_unconfirmed,
        actions=scenes.struck("ignored_write"),
    ),
    Sabotage(
        what="an open answer is called a refusal",
        found_by="18",
        place=sending,
        name="send",
        by=_given_up,
        actions=scenes.struck("timeout_after_effect"),
    ),
    Sabotage(
        what="every send has another request id",
        found_by="19",
        place=client.PartnerCenterClient,
        name="write",
        by=_another_request,
    ),
    Sabotage(what="waits never end", found_by="20", place=runs, name="wait", by=_never),
    Sabotage(
        what="cycles are charged early", found_by="24", place=charge_cycles, name="post_due", by=_forty_days_early
    ),
    Sabotage(what="terms of another length", found_by="25", place=renew_terms, name="_following", by=_a_day_longer),
)
BLIND = {"people are not looked at": (pricing._Assembly, "_assigned", always(None))}
