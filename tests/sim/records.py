"""What the model keeps: subscriptions as they must stand, what was asked for, what was sent, what is new."""

import dataclasses
import datetime as dt
import uuid
from typing import Any


@dataclasses.dataclass(kw_only=True)
class Held:
    """One subscription as it must stand; `changes` are seats by the day from which they are owed.

    `elsewhere` are stretches of days with the seats that somebody else charged on them before the product came.
    """

    vendor_id: str
    seats: int = 0
    changes: list[tuple[dt.date, int]] = dataclasses.field(default_factory=list)
    terms: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    elsewhere: list[tuple[dt.date, dt.date, int]] = dataclasses.field(default_factory=list)
    wishes: dict[str, Any] = dataclasses.field(default_factory=dict)
    row: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(kw_only=True)
class Expected:
    """What an operation must book once it is done, and when it was asked for; `leads_to` is a term with its plan.

    Of a transition: `sides` are the seats before and after by subscription, `dues` the amounts by the kind of charge,
    `new_rate` the price of what is made, and `offer_key` what all seats become under the same id for the rest of the
    term, empty where only some do or nothing is left of it.
    """

    what: str
    subscription_id: uuid.UUID
    before: int
    after: int
    due_minor: int
    on: dt.date
    asked_at: dt.datetime
    leads_to: tuple[str, str] = ("", "")
    sides: dict[uuid.UUID, tuple[int, int]] = dataclasses.field(default_factory=dict)
    dues: dict[str, int] = dataclasses.field(default_factory=dict)
    offer_key: str = ""
    new_rate: str = ""
    booked: int = 0

    def seats_of(self, subscription_id: uuid.UUID) -> tuple[int, int]:
        """Seats of the subscription before and after."""
        return self.sides.get(subscription_id, (self.before, self.after))


@dataclasses.dataclass(kw_only=True)
class Sent:
    """The last time that a request id went to the vendor, and whether the answer leaves open what happened."""

    at: dt.datetime
    is_open: bool


@dataclasses.dataclass(kw_only=True)
class News:
    """What the product's tables and the vendor's log have more than at the last look."""

    entries: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    terms: list[dict[str, Any]]
    operations: list[dict[str, Any]]
    effects: list[dict[str, Any]]
    late: list[dict[str, Any]]
    wishes: dict[uuid.UUID, dict[str, Any]]
