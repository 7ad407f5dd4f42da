"""Idea 20, the moving half: a demo or test installation is taken to a later instant, vendor simulator included.

Time does not leap: the worker moves both clocks to the next moment at which something may happen (an operation falls
due, a charge cycle begins, a term ends, an alarm, a reminder, a deadline), does what is due there and only then moves
on. So a journey over a year brings the same mails, defaults, alarms, terms and charges as a year would.
"""

import datetime as dt
from collections.abc import Callable, Iterable

import structlog

from seatwright.access.actors import SYSTEM, Actor
from seatwright.catalogue import queries as catalogue
from seatwright.operations import clock, engine, runs
from seatwright.operations import queries as operations
from seatwright.orders import sheets
from seatwright.rules import renewals
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import charge_cycles, sync_tenant

MoveVendor = Callable[[dt.datetime], None]
# States that a vendor goes through by itself after a term's end are seen at least so often.
FARTHEST = dt.timedelta(days=7)
LEAST = dt.timedelta(seconds=1)
# A term that has ended longer ago is followed by a reading each week.
LIMBO = dt.timedelta(days=4)
# A vendor may renew in the first minutes after the end, or use all the time that it has for it.
SOON_AFTER = dt.timedelta(hours=1)

_move_vendor: list[MoveVendor] = []
log = structlog.get_logger(__name__)


def plug_in(move_vendor: MoveVendor) -> None:
    """Move the vendor's clock by `move_vendor` from now on."""
    _move_vendor[:] = [move_vendor]


def advance(*, by: Actor, to: dt.datetime, at: dt.datetime) -> None:
    """Send the test clock forwards to `to`; the worker moves it there, stop by stop (`go_on`).

    A journey that is under way goes there instead. Raises operations.clock.ClockRefused or
    access.permissions.NotAllowed with nothing changed.
    """
    clock.travel(by=by, to=to, at=at)


def stop(*, by: Actor, at: dt.datetime) -> None:
    """Let the clock stay where it has come to; raises what `advance` raises."""
    clock.travel(by=by, to=None, at=at)


def go_on(*, at: dt.datetime) -> bool:
    """Move to the next stop once nothing is left to do at `at`; whether the journey goes on. For the worker's chores.

    The vendor's clock moves first, so that the product never sees a vendor that is behind it; one that does not answer
    is asked again with the next call.
    """
    to = clock.destination()
    if to is None:
        return False
    if at >= to:
        clock.arrive()
        return False
    if runs.all_in_hand() or operations.due(at=at, limit=1, kinds=engine.known_kinds()):
        return True
    stop_at = max(min([to, *_stops(at=at)]), at + LEAST)
    try:
        for move in _move_vendor:
            move(stop_at)
        if not clock.advance(by=SYSTEM, to=stop_at, on_journey=True, at=at):
            return False
    except (port.VendorTrouble, clock.ClockRefused) as trouble:
        log.warning("the clock could not be moved", to=stop_at.isoformat(), why=str(trouble))
        return True
    _read_what_changes(at=clock.now(), is_there=stop_at >= to)
    return True


def _read_what_changes(*, at: dt.datetime, is_there: bool) -> None:
    """Queue a reading of the tenants whose terms end about then, and of those not read for long; at the end of all."""
    if is_there:
        sync_tenant.request_all(at=at)
        return
    sync_tenant.request_stale(older_than=FARTHEST, at=at)
    ends = holdings.term_ends(from_on=(at - LIMBO).date(), until_on=(at + dt.timedelta(days=1)).date())
    sync_tenant.request_of(tenant_ids={tenant_id for _, tenant_id, on in ends if on <= at.date()}, at=at)


def _stops(*, at: dt.datetime) -> Iterable[dt.datetime]:
    """The moments after `at` at which something may happen, the nearest among them."""
    due_at = operations.next_due_after(at=at)
    moments = [at + FARTHEST, *([due_at] if due_at else []), *_around_term_ends(at=at), *_of_sheets()]
    moments += charge_cycles.starts(within=FARTHEST, at=at)
    return [moment for moment in moments if moment > at]


def _around_term_ends(*, at: dt.datetime) -> Iterable[dt.datetime]:
    ends = holdings.term_ends(from_on=(at - LIMBO).date(), until_on=(at + FARTHEST + dt.timedelta(days=8)).date())
    rules = catalogue.RenewalRules(vendor_keys={vendor_key for vendor_key, _, _ in ends})
    for vendor_key, on in {(vendor_key, on) for vendor_key, _, on in ends}:
        policy = rules.on(on, vendor_key=vendor_key)
        ends_at = renewals.term_ends_at(renews_on=on)
        yield from (ends_at - before for before in policy.alarms_before_renewal)
        yield from (ends_at - policy.lock_before_renewal, ends_at, ends_at + SOON_AFTER)
        yield ends_at + policy.processing + SOON_AFTER


def _of_sheets() -> Iterable[dt.datetime]:
    after = None
    while page := sheets.sent(after=after):
        for sheet in page:
            assert sheet.sent_at is not None
            reminders = catalogue.sheet_rules(on=sheet.sent_at.date()).reminders_before
            yield from (sheet.deadline_at - before for before in (dt.timedelta(), *reminders))
        after = page[-1].sheet_id
