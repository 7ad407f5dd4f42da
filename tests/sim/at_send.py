"""The invariants that must hold at the moment at which a change goes out to the vendor, each under its number."""

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import httpx2

from vendor_simulator import books, graph_people

if TYPE_CHECKING:
    from tests.sim.models import Model

MARGIN = dt.timedelta(seconds=600)
# The product counts the settle window by its own clock, which may be put right by this much meanwhile.
CLOCK_MOST = dt.timedelta(seconds=4)
SETTLE = dt.timedelta(seconds=60) - CLOCK_MOST


def check(model: "Model", request: httpx2.Request) -> None:
    """What must hold right before a change of a subscription goes out."""
    vendor_id = request.url.path.rpartition("/")[2]
    body = json.loads(request.read())
    row = model.vendor_row(vendor_id)
    assert row is not None
    request_id = request.headers["MS-RequestId"]
    invariant_18_nothing_is_sent_again_before_its_absence_is_proven(model, request_id)
    invariant_19_the_sender_holds_the_subscription_alone(model, request_id, vendor_id)
    quantity, status = body.get("quantity", row["quantity"]), str(body.get("status", row["status"])).lower()
    model.require(quantity >= 1, f"12: {quantity} seats are sent")
    if quantity < row["quantity"]:
        invariant_13_no_seat_that_somebody_uses_is_given_back(model, row, quantity)
        invariant_14_seats_go_back_only_inside_their_window(model, row, quantity)
    if status == "deleted" and row["status"] != "deleted":
        until = row["cancellable_until"]
        is_open = until is not None and model.world.at < books.instant(until)
        model.require(is_open, f"14: a subscription is ended after {until}")


def check_transition(model: "Model", request: httpx2.Request) -> None:
    """What must hold right before the vendor is asked to convert seats, which a second time would convert twice."""
    vendor_id, request_id = request.url.path.split("/")[-2], request.headers["MS-RequestId"]
    invariant_18_nothing_is_sent_again_before_its_absence_is_proven(model, request_id)
    invariant_19_the_sender_holds_the_subscription_alone(model, request_id, vendor_id)


def invariant_13_no_seat_that_somebody_uses_is_given_back(model: "Model", row: dict[str, Any], quantity: int) -> None:
    sources = books.pool_sources(model.world.books, row["tenant_id"])
    sku_id = next(each.sku_id for each in sources if each.subscription_id == row["subscription_id"])
    enabled = sum(each.quantity for each in sources if each.sku_id == sku_id and each.status == "active")
    used = graph_people.consumed(model.world.books, tenant_id=row["tenant_id"]).get(sku_id, 0)
    left = enabled - (row["quantity"] - quantity)
    model.require(left >= used, f"13: {left} seats are left for {used} people")


def invariant_14_seats_go_back_only_inside_their_window(model: "Model", row: dict[str, Any], quantity: int) -> None:
    batches = model.world.books.execute(
        "SELECT quantity, until FROM seat_batches WHERE subscription_id = ?", (row["subscription_id"],)
    )
    edge = model.world.now() + MARGIN
    returnable = sum(batch["quantity"] for batch in batches if books.instant(batch["until"]) > edge)
    returned = row["quantity"] - quantity
    model.require(returned <= returnable, f"14: {returned} seats are given back, {returnable} can be")


def invariant_18_nothing_is_sent_again_before_its_absence_is_proven(model: "Model", request_id: str) -> None:
    before = model.sent.get(request_id)
    if before is not None and before.is_open:
        waited = model.world.at - before.at
        model.require(waited >= SETTLE, f"18: sent again {waited} after an answer that left it open")


def invariant_19_the_sender_holds_the_subscription_alone(model: "Model", request_id: str, vendor_id: str) -> None:
    holders = model.holders(f"microsoft:subscription:{vendor_id}")
    model.require(holders == [request_id], f"19: {request_id} is sent while {holders} hold the subscription")
