"""Buying what is not held yet, told as stories: what it costs, what stands against it, and that it is bought once."""

import datetime as dt
import uuid
from typing import Any

import httpx2
import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations import queries as operations
from seatwright.rules import purchases, refusals
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy, buy_pricing, change_seats, follow_order, run_desk, sync_tenant
from tests.stories.world import BASIC, ROWS, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
PHONE = next(row for row in ROWS.values() if row["part_number"] == "MCOEV")
E3 = next(row for row in ROWS.values() if row["part_number"] == "SPE_E3")
SIGNATORY = buy.Signatory(first_name="Nora", last_name="North", email="nora@north.example")
WORDS = "Order with obligation to pay"


def key(row: dict[str, str], *, term: str = "P1Y", billing_plan: str = "monthly", market: str = "BE") -> str:
    return f"microsoft:{row['product_id']}:{row['vendor_sku_id']}:commercial:{term}:{billing_plan}:{market}"


def choice(world: World, row: dict[str, str], *, seats: int = 3, **more: Any) -> buy_pricing.Choice:
    plan = {name: more.pop(name) for name in ("term", "billing_plan") if name in more}
    tenant = world.holding("north", BASIC).tenant_id
    return buy_pricing.Choice(tenant_id=tenant, offer_key=key(row, **plan), seats=seats, **more)


def against(world: World, wanted: buy_pricing.Choice, *, by: str = "north_owner") -> tuple[purchases.Refusal, ...]:
    return buy.preview(by=world.actor(by), customer_id=world.customer_ids["north"], choice=wanted, at=world.at).refusals


def quote(world: World, wanted: buy_pricing.Choice, *, by: str = "north_owner", **more: Any) -> change_seats.Prepared:
    quote_id = buy.prepare(
        by=world.actor(by),
        customer_id=world.customer_ids["north"],
        choice=wanted,
        signatory=SIGNATORY,
        at=world.at,
        **more,
    )
    return buy.prepared(by=world.actor(by), quote_id=quote_id, at=world.at)


def place(world: World, made: change_seats.Prepared, *, by: str = "north_owner", **more: Any) -> uuid.UUID:
    return buy.place(
        by=world.actor(by),
        quote_id=made.quote_id,
        idempotency_key=made.idempotency_key,
        agreed_words=WORDS,
        on_behalf_reason=more.pop("reason", ""),
        at=world.at,
        **more,
    )


def at_the_vendor(world: World) -> list[dict[str, Any]]:
    answer = httpx2.get(
        f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions",
        headers={"Authorization": f"Bearer {world.simulator.token()}"},
    )
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def bought(world: World) -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    return [row for row in rows if any(lot.kind == "bought" for lot in row.lots)]


def test_a_purchase_starts_its_own_term_and_is_charged_as_quoted(world: World) -> None:
    made = quote(world, choice(world, E3, seats=3))
    (line,) = made.calculation.lines
    assert (line.seats_before, line.seats_after) == (0, 3)
    assert (line.purchase.start_on, line.commitment_end_on) == (dt.date(2026, 3, 17), dt.date(2027, 3, 17))
    (charge,) = line.charges
    assert (charge.days, charge.cycle_days, charge.end_on) == (31, 31, dt.date(2026, 4, 17))
    order_id = place(world, made)
    assert place(world, made) == order_id
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("done", "done")
    (row,) = bought(world)
    assert row.subscription_id == line.subscription_id
    assert (row.seats, row.unit_rate, row.offer_key) == (3, line.unit_rate, key(E3))
    assert (row.term_start_on, row.commitment_end_on) == (dt.date(2026, 3, 17), dt.date(2027, 3, 17))
    (posted,) = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert (posted.kind, posted.seats, posted.amount_minor) == ("purchase", 3, made.calculation.due_now.net_minor)
    assert len(at_the_vendor(world)) == 4
    assert holdings.miscounted() == []
    world.sync()
    assert len(bought(world)) == 1
    assert len(holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])) == 4


CHECKOUT = {"method": "POST", "path": "/checkout$", "nth": 1, "times": 1}
CART = {"method": "POST", "path": "/carts$", "nth": 1, "times": 1}
ORDER = {"method": "GET", "path": "/orders/", "nth": 1, "times": 1}


@pytest.mark.parametrize(
    ("kind", "where", "members"),
    [
        ("timeout_before_effect", CART, {}),
        ("timeout_after_effect", CART, {}),
        ("throttle_429", CART, {"variant": "integer"}),
        ("timeout_before_effect", CHECKOUT, {}),
        ("timeout_after_effect", CHECKOUT, {"variant": "closed"}),
        ("timeout_after_effect", CHECKOUT, {"variant": "mid_body"}),
        ("error_5xx_after_effect", CHECKOUT, {}),
        ("error_5xx_before_effect", CHECKOUT, {}),
        ("throttle_429", CHECKOUT, {"variant": "integer"}),
        ("garbled", CHECKOUT, {"variant": "html"}),
        ("error_5xx_before_effect", ORDER, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(part) for part in value.values()),
)
def test_a_fault_on_any_call_leaves_exactly_one_purchase(
    world: World, kind: str, where: dict[str, Any], members: dict[str, Any]
) -> None:
    world.simulator.fault(kind, match=where, **members)
    made = quote(world, choice(world, E3))
    order_id = place(world, made)
    world.work(rounds=80)
    assert world.simulator.fired()[kind] >= 1
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    assert len(at_the_vendor(world)) == 4
    assert [row.seats for row in bought(world)] == [3]
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert [charge.seats for charge in charges] == [3]
