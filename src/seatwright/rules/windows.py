"""Return windows: which seats can be given back at an instant, until when, and from which lots they are taken.

Every addition of seats has its own window. Windows are half-open: at the edge itself they are closed, and inside the
policy's safety margin before the edge nothing is sent any more, since the call could arrive late. What the vendor says
outranks this arithmetic whenever it said anything (R036, R079, invariant 14).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from seatwright.rules import instants


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPolicy:
    """One version of a vendor's return rule: its length from the instant of addition, and our margin before its end."""

    version: str
    return_window: dt.timedelta
    safety_margin: dt.timedelta
    source: str

    def __post_init__(self) -> None:
        if self.return_window < dt.timedelta() or self.safety_margin < dt.timedelta():
            raise ValueError("windows and margins cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLot:
    """Seats still held of one addition; `returnable_until` is exclusive, None when they cannot be returned at all."""

    lot_id: str
    quantity: int
    added_at: dt.datetime
    returnable_until: dt.datetime | None

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise ValueError("a lot cannot hold fewer than no seats")
        instants.utc(self.added_at)
        if self.returnable_until is not None:
            instants.utc(self.returnable_until)


class Batch(NamedTuple):
    """Seats that close together: the vendor's edge `until` and our own, `last_safe_at`; both exclusive, in UTC."""

    quantity: int
    until: dt.datetime
    last_safe_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Returnable:
    """Seats that can be given back now; `batches` by deadline, earliest first, one per deadline."""

    total: int
    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """Seats taken from one lot."""

    lot_id: str
    quantity: int


class NotEnoughSeats(ValueError):
    """More seats were to be taken than are there, or than can be returned; `available` says how many."""

    def __init__(self, available: int) -> None:
        super().__init__(f"only {available} available")
        self.available = available


VendorSays = Sequence[tuple[int, dt.datetime]]
"""Seats with the instant until which the vendor takes them back; empty when it takes none."""


def window_end(*, added_at: dt.datetime, policy: WindowPolicy) -> dt.datetime:
    """The instant, in UTC and exclusive, until which seats added at `added_at` can be returned."""
    return instants.utc(added_at) + policy.return_window


def returnable(
    *, lots: Sequence[SeatLot], vendor_says: VendorSays | None, at: dt.datetime, policy: WindowPolicy
) -> Returnable:
    """The seats that can be returned by a call sent at `at`.

    With `vendor_says` given, even empty, the lots are not looked at; our margin holds for both.
    """
    now = instants.utc(at)
    if vendor_says is None:
        told = [(lot.quantity, lot.returnable_until) for lot in lots if lot.returnable_until is not None]
    else:
        told = list(vendor_says)
    seats_by_edge: dict[dt.datetime, int] = {}
    for quantity, edge in told:
        until = instants.utc(edge)
        if quantity > 0 and _is_open(until, now, policy):
            seats_by_edge[until] = seats_by_edge.get(until, 0) + quantity
    batches = tuple(
        Batch(quantity, until, until - policy.safety_margin) for until, quantity in sorted(seats_by_edge.items())
    )
    return Returnable(total=sum(batch.quantity for batch in batches), batches=batches)


def consume(
    *,
    lots: Sequence[SeatLot],
    quantity: int,
    at: dt.datetime,
    policy: WindowPolicy,
    vendor_says: VendorSays | None = None,
) -> tuple[Taken, ...]:
    """The lots from which `quantity` seats returned at `at` are taken, in the order of `allocate`.

    Raises `NotEnoughSeats` when that many cannot be returned at `at`.
    """
    allowed = returnable(lots=lots, vendor_says=vendor_says, at=at, policy=policy).total
    if quantity > allowed:
        raise NotEnoughSeats(allowed)
    return allocate(lots=lots, quantity=quantity, at=at, policy=policy)


def allocate(*, lots: Sequence[SeatLot], quantity: int, at: dt.datetime, policy: WindowPolicy) -> tuple[Taken, ...]:
    """The lots from which `quantity` seats are taken when the vendor has taken them already, whatever the windows.

    Open lots come first, earliest deadline first: that leaves the customer free for longest, and no vendor documents
    another order. Then closed ones, newest first. Raises `NotEnoughSeats` when the lots hold fewer.
    """
    if quantity < 1:
        raise ValueError("take at least one seat")
    now = instants.utc(at)
    held = sum(lot.quantity for lot in lots)
    if quantity > held:
        raise NotEnoughSeats(held)
    taken = []
    for lot in _in_order_of_return(lots, now, policy):
        seats = min(lot.quantity, quantity)
        if seats:
            taken.append(Taken(lot.lot_id, seats))
            quantity -= seats
    return tuple(taken)


def moved(*, lots: Sequence[SeatLot], quantity: int, at: dt.datetime, policy: WindowPolicy) -> tuple[SeatLot, ...]:
    """The lots that a partial upgrade gives to the new subscription: parts of the parent's, with the parent's windows.

    A transition opens no window of its own. Source: NCE cancellation policy, reference 6.1.
    """
    by_id = {lot.lot_id: lot for lot in lots}
    return tuple(
        replace(by_id[taken.lot_id], quantity=taken.quantity)
        for taken in allocate(lots=lots, quantity=quantity, at=at, policy=policy)
    )


def reopened(*, lots: Sequence[SeatLot], renewed_at: dt.datetime, policy: WindowPolicy) -> tuple[SeatLot, ...]:
    """The same lots after a renewal that finished at `renewed_at`: every seat can be returned anew (reference 6.3)."""
    until = window_end(added_at=renewed_at, policy=policy)
    return tuple(replace(lot, returnable_until=until) for lot in lots)


def _is_open(until: dt.datetime, now: dt.datetime, policy: WindowPolicy) -> bool:
    return now < until - policy.safety_margin


def _in_order_of_return(lots: Sequence[SeatLot], now: dt.datetime, policy: WindowPolicy) -> list[SeatLot]:
    open_lots = []
    closed_lots = []
    for lot in lots:
        until = lot.returnable_until
        if until is not None and _is_open(instants.utc(until), now, policy):
            open_lots.append((instants.utc(until), instants.utc(lot.added_at), lot.lot_id, lot))
        else:
            closed_lots.append((instants.utc(lot.added_at), lot.lot_id, lot))
    open_lots.sort(key=lambda entry: entry[:3])
    closed_lots.sort(key=lambda entry: entry[:2], reverse=True)
    return [entry[-1] for entry in open_lots] + [entry[-1] for entry in closed_lots]
