"""Renewal sheets as people meet them: staff send one, an owner answers some lines or none, and its deadline passes."""

import datetime as dt
import uuid

from seatwright.access.actors import SYSTEM
from seatwright.orders import sheets
from seatwright.workflows import answer_sheet as answering
from seatwright.workflows import close_sheet, renewal_sheets, sheet_options
from tests.sim import deeds
from tests.sim.world import Died, World


def send_sheet(world: World, number: int, share: float, count: int, default: int, when: float) -> None:
    """Staff ask about some licences, rather those that renew soon, until the last moment or until one before it."""
    by, at, customer_id = world.staff(), world.now(), world.people.customer_ids[number]
    making = renewal_sheets.candidates(by=by, customer_id=customer_id, at=at)
    free = [each for each in making.candidates if not each.is_asked]
    first = int(share**3 * len(free))
    chosen = free[first : first + count]
    if not chosen:
        return
    latest_at = min(each.lock_at for each in chosen) - renewal_sheets.LATEST_BEFORE_LOCK
    part = 1.0 if when >= 0.5 else when * 2
    deadline_at = at + dt.timedelta(seconds=max(int(part * (latest_at - at).total_seconds()), 1))
    try:
        sheet_id = renewal_sheets.make(
            by=by,
            customer_id=customer_id,
            subscription_ids=[each.subscription_id for each in chosen],
            default=renewal_sheets.DEFAULTS[default],
            deadline_at=deadline_at,
            at=at,
        )
        renewal_sheets.send(by=by, sheet_id=sheet_id, at=at)
    except renewal_sheets.Refused:
        world.did["refused sheet"] += 1
        return
    world.model.mutations += 1
    world.did["sheet sent"] += 1
    world.model.sheets.sent(sheets.sheet(seen_by=SYSTEM, sheet_id=sheet_id))


def answer_sheet(world: World, number: int, share: float, first: float, count: int, which: float, clicks: int) -> None:
    """The owner decides some lines of a sheet, perhaps of one that is closed; one cut off is not always said again."""
    by = world.owner(number)
    found = sheets.sheets(seen_by=by, customer_id=world.people.customer_ids[number])
    waiting = [each for each in found if each.state == "sent" and world.now() < each.deadline_at]
    sheet = deeds.picked(waiting if waiting and share < 0.9 else found, share)
    if sheet is None:
        return
    start = int(first * len(sheet.lines))
    said = {}
    for line in sheet.lines[start : start + count]:
        option = deeds.picked(line.options, (which + line.position / 3) % 1)
        assert option is not None
        key, seats = str(option["key"]), int(option["seats"])
        if key == sheet_options.REDUCE and seats + 1 < line.facts["seats"] and which > 0.5:
            said[line.subscription_id] = answering.Answer(option=key, seats=seats + 1)
        else:
            said[line.subscription_id] = answering.Answer(option=key)
    for _ in range(clicks):
        try:
            # What a click did before the worker died shows when the page is loaded again.
            _say(world, number, sheets.sheet(seen_by=by, sheet_id=sheet.sheet_id), said)
        except Died:
            world.worker += 1
            continue
        return


def _say(world: World, number: int, sheet: sheets.SheetRow, said: dict[uuid.UUID, answering.Answer]) -> None:
    before, is_open = world.model.fingerprint(), sheet.state == "sent" and world.now() < sheet.deadline_at
    world.model.sheets.said(sheet, said, at=world.now())
    try:
        troubles = answering.answer(
            by=world.owner(number),
            sheet_id=sheet.sheet_id,
            content_hash=sheet.content_hash,
            answers=said,
            at=world.now(),
        )
    except answering.NotAnswerable:
        world.model.require(not is_open, "15: an answer in time was not taken")
        world.model.require(world.model.fingerprint() == before, "15: an answer after the close changed something")
        world.did["late answer"] += 1
        return
    world.model.require(is_open, "15: an answer after the close was taken")
    world.did["answer in trouble"] += len(troubles)
    world.did["answer"] += len(said) - len(troubles)
    world.model.mutations += len(said) - len(troubles)
    world.model.sheets.taken(sheet, said.keys() - troubles.keys())


def withdraw_sheet(world: World, number: int, share: float) -> None:
    """Staff take a sheet back that waits for its answer."""
    found = sheets.sheets(seen_by=world.staff(), customer_id=world.people.customer_ids[number])
    sheet = deeds.picked([each for each in found if each.state == "sent"], share)
    if sheet is not None:
        renewal_sheets.withdraw(by=world.staff(), sheet_id=sheet.sheet_id, at=world.now())
        world.did["sheet withdrawn"] += 1


def watch(world: World) -> None:
    """The chore that reminds, and closes what is past its deadline."""
    try:
        close_sheet.remind_and_close(at=world.now())
    except Died:
        world.worker += 1
