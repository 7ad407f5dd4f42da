"""Idea 20, the moving half: a demo or test installation is taken to a later instant, vendor simulator included."""

import datetime as dt
from collections.abc import Callable

from seatwright.access.actors import Actor
from seatwright.operations import clock
from seatwright.vendors import port
from seatwright.workflows import sync_tenant


class VendorStays(Exception):
    """The vendor simulator did not move its clock, so ours stays too."""


MoveVendor = Callable[[dt.datetime], None]
_move_vendor: list[MoveVendor] = []


def plug_in(move_vendor: MoveVendor) -> None:
    """Move the vendor's clock by `move_vendor` from now on."""
    _move_vendor[:] = [move_vendor]


def advance(*, by: Actor, to: dt.datetime, at: dt.datetime) -> int:
    """Move the test clock forwards to `to` and queue a reading of every tenant; returns how many.

    The vendor's clock moves first, so that the product never sees a vendor that is behind it. It is one leap: what
    chores would have done in between is done late or, where its time is past, not at all. Raises
    operations.clock.ClockRefused, VendorStays or access.permissions.NotAllowed with nothing moved here.
    """
    clock.check_advance(by=by, to=to)
    for move in _move_vendor:
        try:
            move(to)
        except port.VendorTrouble as trouble:
            raise VendorStays(trouble.safe_text) from trouble
    clock.advance(by=by, to=to, at=at)
    return sync_tenant.request_all(at=to)
