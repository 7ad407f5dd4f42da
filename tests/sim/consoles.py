"""What happens at the vendor without the product: another console, and the tenant's own people."""

import json
from typing import Any

from tests.sim import seeding
from tests.sim.world import World
from vendor_simulator import books, graph_people


def _present(world: World, number: int, share: float) -> tuple[str, dict[str, Any]] | None:
    """A running subscription of the customer as Partner Center shows it, with its path."""
    rows = world.books.execute(
        "SELECT subscription_id FROM subscriptions WHERE tenant_id = ? AND status = 'active' ORDER BY subscription_id",
        (seeding.tenant_id(number),),
    ).fetchall()
    if not rows:
        return None
    chosen = rows[int(share * len(rows))]["subscription_id"]
    path = f"/v1/customers/{seeding.tenant_id(number)}/subscriptions/{chosen}"
    answer = world.by_another_console("GET", path)
    return (path, answer.json()) if answer.status_code == 200 else None


def _patch(world: World, number: int, share: float, **changes: Any) -> None:
    found = _present(world, number, share)
    if found is not None:
        path, body = found
        body |= {name: value(body) for name, value in changes.items()}
        answer = world.by_another_console("PATCH", path, json.dumps(body).encode())
        world.model.sheets.touch_at_vendor(path)
        world.did["foreign change" if answer.status_code == 200 else "foreign change refused"] += 1


def foreign_seats(world: World, number: int, share: float, difference: int) -> None:
    _patch(world, number, share, quantity=lambda body: max(body["quantity"] + difference, 1))


def foreign_auto_renew(world: World, number: int, share: float) -> None:
    _patch(world, number, share, autoRenewEnabled=lambda body: not body["autoRenewEnabled"])


def foreign_wipe(world: World, number: int, share: float) -> None:
    """Another console saves the page and loses what was scheduled."""
    _patch(world, number, share, scheduledNextTermInstructions=lambda body: None, scheduledActions=lambda body: [])


def assign(world: World, number: int, share: float, who: float, count: int) -> None:
    """Some people get a licence of which the tenant has free ones, as many as there are."""
    tenant_id = seeding.tenant_id(number)
    units: dict[str, int] = {}
    for source in books.pool_sources(world.books, tenant_id):
        if source.status == "active":
            units[source.sku_id] = units.get(source.sku_id, 0) + source.quantity
    used = graph_people.consumed(world.books, tenant_id=tenant_id)
    free = sorted(sku_id for sku_id, seats in units.items() if used.get(sku_id, 0) < seats)
    if not free:
        return
    sku_id = free[int(share * len(free))]
    rows = world.books.execute(
        "SELECT user_id FROM directory_users WHERE tenant_id = ? AND user_id NOT IN"
        " (SELECT user_id FROM directory_licences WHERE tenant_id = ? AND sku_id = ?) ORDER BY user_id",
        (tenant_id, tenant_id, sku_id),
    ).fetchall()
    first = int(who * len(rows)) if rows else 0
    for row in rows[first : first + min(count, units[sku_id] - used.get(sku_id, 0))]:
        licence = graph_people.Licence(sku_id=sku_id, group_id="", disabled_plans=())
        graph_people.write_licence(
            world.books, tenant_id=tenant_id, user_id=row["user_id"], licence=licence, at=world.at
        )
    world.did["assigned"] += bool(rows)


def unassign(world: World, number: int, share: float) -> None:
    tenant_id = seeding.tenant_id(number)
    rows = world.books.execute(
        "SELECT user_id, sku_id FROM directory_licences WHERE tenant_id = ? ORDER BY user_id, sku_id", (tenant_id,)
    ).fetchall()
    if rows:
        gone = rows[int(share * len(rows))]
        world.books.execute(
            "DELETE FROM directory_licences WHERE tenant_id = ? AND user_id = ? AND sku_id = ?",
            (tenant_id, gone["user_id"], gone["sku_id"]),
        )
        world.model.let_go(tenant_id, gone["user_id"])
        world.did["unassigned"] += 1
