"""What the stories of swaps share: booking one, and looking at what the vendor's log says of people and seats."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations.models import Operation
from seatwright.orders import queries as orders
from seatwright.orders import swap_terms
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import (
    buy,
    buy_pricing,
    connections,
    swap,
    swap_plan,
)
from tests.stories.world import BASIC, STANDARD, World, tenant_id

STANDARD_KEY, PREMIUM_KEY = "CFQ7TTC0LDPB:0001", "CFQ7TTC0LCHC:0002"
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
ALL = (1, 2, 3, 4, 5, 6, 7)
TRANSITION = {"method": "POST", "path": "/transitions$", "nth": 1, "times": 1}
ASSIGN = {"method": "POST", "path": "/assignLicense", "nth": 1, "times": 1}
Way = swap_terms.Way


def key(number: int, customer: str = "north") -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{customer}"))


def choice(world: World, *numbers: int, to: str = STANDARD_KEY, **more: Any) -> swap_plan.Choice:
    return swap_plan.Choice(
        subscription_id=world.holding("north", BASIC).subscription_id,
        to=to,
        people=tuple(key(number) for number in numbers),
        **more,
    )


def more_of(world: World, sku_id: str = STANDARD) -> str:
    return f"more:{world.holding('north', sku_id).subscription_id}"


def book(world: World, wish: swap_plan.Choice, *, by: str = "north_owner") -> uuid.UUID:
    actor = world.actor(by)
    quote_id = swap.prepare(by=actor, choice=wish, at=world.at)
    quote = swap.prepared(by=actor, quote_id=quote_id, at=world.at)
    return swap.place(
        by=actor,
        quote_id=quote_id,
        idempotency_key=quote.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        at=world.at,
    )


def order_of(world: World, order_id: uuid.UUID) -> orders.OrderRow:
    return orders.order(seen_by=world.actor("north_owner"), order_id=order_id)


def quoted(world: World, order_id: uuid.UUID) -> swap_terms.Calculation:
    return swap_terms.from_json(order_of(world, order_id).calculation)


def moves(world: World) -> list[dict[str, Any]]:
    return [effect for effect in world.simulator.effects() if effect["kind"] == "licences_assigned"]


def licences(world: World, *numbers: int) -> list[set[str]]:
    """What the simulator's directory has given these people in the end."""
    held = {key(number): {BASIC} for number in numbers}
    held |= {effect["subject"]: set(effect["after"]) for effect in moves(world) if effect["subject"] in held}
    return [held[key(number)] for number in numbers]


def require_nobody_ever_without(world: World) -> None:
    """No change of licences that the vendor logged has left anybody with none, and nobody was changed twice."""
    assert all(effect["after"] for effect in moves(world))
    assert set(Counter(effect["subject"] for effect in moves(world)).values()) <= {1}


def graph(world: World, method: str, number: int, *, what: str = "", body: dict[str, Any] | None = None) -> None:
    token = world.simulator.token(audience="https://graph.microsoft.com", tenant_id=tenant_id("north"))
    answer = httpx2.request(
        method,
        f"{world.simulator.base_url}/v1.0/users/{key(number)}{what}",
        headers={"Authorization": f"Bearer {token}"},
        json=body,
    )
    assert answer.status_code < 300, answer.text


def assign(world: World, number: int, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
    """Change licences in the vendor's own console."""
    added = [{"skuId": each, "disabledPlans": []} for each in add]
    graph(world, "POST", number, what="/assignLicense", body={"addLicenses": added, "removeLicenses": list(remove)})


class ShowsPeople:
    """The vendor account, with what it says about a person passed through `alter` first."""

    def __init__(self, vendor: port.Vendor, alter: Callable[[port.VendorPerson], port.VendorPerson]):
        self._vendor, self._alter = vendor, alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vendor, name)

    def read_person(self, **asked: Any) -> port.VendorPerson:
        return self._alter(self._vendor.read_person(**asked))


def failed(world: World) -> dict[str, str]:
    """The people who could not be moved, with the reason."""
    found = Operation.objects.filter(kind="move_person", state="refused")
    return {each.intent["name"]: each.last_error for each in found}


def accept_the_agreement(world: World) -> None:
    """Asking for the price of a purchase with somebody's name is what enters and sends the acceptance."""
    buy.prepare(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        choice=buy_pricing.Choice(
            tenant_id=world.holding("north", BASIC).tenant_id,
            offer_key=world.holding("north", BASIC).offer_key,
            seats=1,
        ),
        signatory=buy.Signatory(first_name="Nora", last_name="North", email="nora@north.example"),
        at=world.at,
    )
    world.work()


def rows_of(world: World, sku_id: str) -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    return [row for row in rows if row.sku_id == sku_id]


def charged(world: World) -> list[tuple[str, str, int, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    return [(row.kind, row.name, row.seats, row.amount_minor) for row in rows]


Answer = Callable[..., Any]


class Altered:
    """The vendor account with some of its answers made otherwise; each gets the plain vendor and what was asked."""

    def __init__(self, vendor: port.Vendor, answers: dict[str, Answer]):
        self._vendor, self._answers = vendor, answers

    def __getattr__(self, name: str) -> Any:
        if name not in self._answers:
            return getattr(self._vendor, name)
        return lambda **asked: self._answers[name](getattr(self._vendor, name), **asked)


@pytest.fixture
def alter(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """From now on the vendor answers as told."""
    plain = connections.vendor_of

    def install(**answers: Answer) -> None:
        monkeypatch.setattr(connections, "vendor_of", lambda tenant: Altered(plain(tenant), answers))

    return install
