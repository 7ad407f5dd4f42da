"""What else is begun and killed besides seats: a wish for the renewal, a state, a longer term, a purchase.

A job is prepared by the lane's process and placed, as often as it takes, by the lives; each looks at the vendor's own
page for what must be there once in the end. `journeys.py` has those that go further than one subscription.
"""

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.kill import grounds
from tests.stories import world as worlds

WORDS = "Order with obligation to pay"
CARTS_MOST = 9
PATCH = {"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the lives are to bring about: `plan` for them, and what the page of that tenant's subscription shows then.

    Without `shows` no page is looked at. `facts` are the job's own, for its `wrong`.
    """

    plan: dict[str, Any]
    tenant: str = ""
    vendor_subscription_id: str = ""
    shows: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class News:
    """What a case left behind: calls that reached the vendor, its effects, mails as (receiver, subject), operations."""

    calls: list[dict[str, Any]]
    effects: list[dict[str, Any]]
    mails: list[tuple[str, str]]
    opened: list[Any]


class Job:
    """One kind of work, begun anew for each case; `by` is the login of the person."""

    by = "south_owner"
    # The call that a fault strikes.
    write: Mapping[str, Any] = PATCH
    # Whether a spent cart may be asked for again on purpose.
    has_cart = False

    def __init__(self) -> None:
        self.count = 0

    def wrong(self, world: worlds.World, wanted: Wanted, news: News) -> list[str]:
        """What else is not as it must be in the end, in words."""
        return []

    def begin(self, world: worlds.World, *, at: dt.datetime) -> Wanted:
        """Prepare the next case."""
        self.count += 1
        return self.wanted(world, at=at)

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> Wanted:
        raise NotImplementedError


class Schedule(Job):
    """A wish for fewer seats at the renewal, another number each time."""

    by = "north_owner"

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> Wanted:
        row = world.holding("north", worlds.STANDARD)
        total = 2 + self.count % 2
        return Wanted(
            plan={"what": "schedule", "subscription_id": str(row.subscription_id), "seats": total},
            tenant="north",
            vendor_subscription_id=row.vendor_subscription_id,
            shows={"quantity": row.seats, "scheduledNextTermInstructions": {"quantity": total}},
        )


class Status(Job):
    """Suspended and resumed by turns."""

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> Wanted:
        row = world.holding("south", worlds.BASIC)
        status = "suspended" if self.count % 2 else "active"
        return Wanted(
            plan={"what": "status", "subscription_id": str(row.subscription_id), "status": status},
            tenant="south",
            vendor_subscription_id=row.vendor_subscription_id,
            shows={"quantity": row.seats, "status": status},
        )


class Term(Job):
    """A monthly subscription becomes a yearly one; the next case takes the next subscription."""

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> Wanted:
        from seatwright.access.actors import SYSTEM
        from seatwright.subscriptions import queries as holdings
        from seatwright.workflows import change_term

        rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["south"]])
        row = min((row for row in rows if row.term == "P1M"), key=lambda row: row.vendor_subscription_id)
        actor = world.actor(self.by)
        quote_id = change_term.prepare(by=actor, subscription_id=row.subscription_id, to=_yearly(), at=at)
        quote = change_term.prepared(by=actor, quote_id=quote_id, at=at)
        return Wanted(
            plan={"what": "term", "quote_id": str(quote_id), "idempotency_key": quote.idempotency_key},
            tenant="south",
            vendor_subscription_id=row.vendor_subscription_id,
            shows={"quantity": grounds.MONTHLY_SEATS, "termDuration": "P1Y"},
        )


class Purchase(Job):
    """A new subscription each time."""

    by = "north_owner"
    write = {"method": "POST", "path": "/checkout$", "nth": 1, "times": 1}
    has_cart = True

    def wanted(self, world: worlds.World, *, at: dt.datetime) -> Wanted:
        from seatwright.workflows import buy

        actor = world.actor(self.by)
        quote_id = buy.prepare(by=actor, customer_id=world.customer_ids["north"], choice=_choice(world), at=at)
        quote = buy.prepared(by=actor, quote_id=quote_id, at=at)
        return Wanted(
            plan={"what": "buy", "quote_id": str(quote_id), "idempotency_key": quote.idempotency_key},
            tenant="north",
            vendor_subscription_id="",
            shows={"quantity": 1},
        )


def _yearly() -> tuple[Any, Any]:
    from seatwright.rules import terms

    return terms.Term("P1Y"), terms.BillingPlan("monthly")


def _offer() -> str:
    row = next(row for row in worlds.ROWS.values() if row["part_number"] == "POWER_BI_PRO")
    return f"microsoft:{row['product_id']}:{row['vendor_sku_id']}:commercial:P1Y:monthly:BE"


def _choice(world: worlds.World, customer: str = "north") -> Any:
    from seatwright.workflows import buy_pricing

    tenant_id = world.holding(customer, worlds.BASIC).tenant_id
    return buy_pricing.Choice(tenant_id=tenant_id, offer_key=_offer(), seats=1)


def accept_agreement(world: worlds.World, customer: str) -> None:
    """The customer accepts the vendor's agreement, without which nothing is sold."""
    from seatwright.workflows import buy

    buy.prepare(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids[customer],
        choice=_choice(world, customer),
        signatory=buy.Signatory(first_name="Nora", last_name="North", email="nora@north.example"),
        at=world.at,
    )
    world.work()


def place(plan: Mapping[str, Any], *, actor: Any, at: dt.datetime) -> None:
    """What the person does in each life: the same as before, since they do not know what became of it."""
    from seatwright.rules import timeline
    from seatwright.workflows import buy, change_seats, change_status, change_term, schedule_change, swap

    if plan["what"] == "schedule":
        schedule_change.schedule(
            by=actor,
            subscription_id=uuid.UUID(plan["subscription_id"]),
            wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(plan["seats"])},
            at=at,
        )
        return
    if plan["what"] == "status":
        _place_status(plan, actor=actor, at=at, workflow=change_status)
        return
    booked: dict[str, Any] = {"seats": change_seats, "term": change_term, "buy": buy, "swap": swap}
    booked[plan["what"]].place(
        by=actor,
        quote_id=uuid.UUID(plan["quote_id"]),
        idempotency_key=plan["idempotency_key"],
        agreed_words=WORDS,
        on_behalf_reason="",
        at=at,
    )


def _place_status(plan: Mapping[str, Any], *, actor: Any, at: dt.datetime, workflow: Any) -> None:
    subscription_id, action = uuid.UUID(plan["subscription_id"]), workflow.Action(plan["status"])
    try:
        shown = workflow.preview(by=actor, subscription_id=subscription_id, action=action, at=at)
    except workflow.NotPossible:
        return  # under way, or done, in an earlier life
    workflow.place(by=actor, shown=shown, reason="", at=at)


def request_ids(view: Any) -> set[str]:
    """The ids of the operation's calls: its own, for a purchase one for each cart and checkout."""
    derived = [f"cart:{number}" for number in range(CARTS_MOST)] + [f"checkout:{view.progress.get('cart_id', '')}"]
    return {str(view.request_id), *(str(uuid.uuid5(view.request_id, name)) for name in derived)}


def is_shown(page: Mapping[str, Any], shows: Mapping[str, Any]) -> bool:
    """Whether the page has these members, and inside members that are objects at least these."""
    for name, value in shows.items():
        there = page.get(name)
        if isinstance(value, Mapping):
            if not isinstance(there, Mapping) or not is_shown(there, value):
                return False
        elif there != value:
            return False
    return True


def essence(effects: list[dict[str, Any]]) -> str:
    """The effects of a case for a note: what happened, in the order of the vendor's log."""
    return json.dumps([(each["kind"], each["request_id"][:8]) for each in effects])
