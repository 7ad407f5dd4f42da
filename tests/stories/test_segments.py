"""Customers of other segments than companies: they buy, schedule and end terms under the vendor's word for theirs."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import demo_catalogue
from seatwright.customers.models import Customer
from seatwright.rules import renewals, timeline
from seatwright.subscriptions.models import Subscription
from seatwright.workflows import follow_order, schedule_change
from tests.stories import world as worlds
from tests.stories.buying import E3, bought, choice, place, quote
from tests.stories.test_change_term import at_the_vendor
from tests.stories.world import ROWS, STANDARD, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
ESSENTIALS = next(row for row in ROWS.values() if (row["product_id"], row["vendor_sku_id"]) == ("CFQ7TTC0JN4R", "0002"))


def sell_to(world: World, ours: str, theirs: str, **more: Any) -> None:
    """Make north a customer of that segment, to which everything is sold at the prices for companies."""
    demo = demo_catalogue.read().price_sheet(markets=("BE",))
    lines = [line._replace(offer=line.offer._replace(segment=ours)) for line in demo.lines]
    source = catalogue.Source(
        vendor_key="microsoft",
        reseller_id=None,
        name=ours,
        sha256="5" * 64,
        are_examples=True,
        valid_from_on=dt.date(2025, 1, 1),
        at=world.at,
    )
    catalogue.import_prices(source=source, sheet=demo._replace(lines=lines))
    Customer.objects.filter(pk=world.customer_ids["north"]).update(segment=ours)
    products = worlds.seed()["products"]
    for product in products:
        product["skus"][0]["segments"] = ["commercial", theirs]
    north = {"tenantId": tenant_id("north"), "company": "North", "domain": "north.example", "country": "BE"}
    world.simulator.seed({"products": products, "customers": [north | {"segment": theirs} | more]})


def asked_for(world: World) -> set[str]:
    """The segments for which the vendor was asked what it sells."""
    calls = world.simulator.admin("GET", "calls")["calls"]
    return {value for call in calls for name, value in call["query"] if name == "targetSegment"}


@pytest.mark.parametrize(
    ("ours", "theirs"), [("non_profit", "nonprofit"), ("education", "education"), ("government", "government")]
)
def test_a_customer_of_another_segment_buys_what_is_sold_to_it(world: World, ours: str, theirs: str) -> None:
    sell_to(world, ours, theirs)
    wanted = choice(world, E3)
    wanted = dataclasses.replace(wanted, offer_key=wanted.offer_key.replace("commercial", ours))
    order_id = place(world, quote(world, wanted))
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("done", "")
    (row,) = bought(world)
    assert (row.seats, row.offer_key) == (3, wanted.offer_key)
    assert asked_for(world) == {theirs}


def test_a_term_of_a_non_profit_customer_that_nobody_renews_runs_on(world: World) -> None:
    held = {
        "id": "6b000000-0000-4000-8000-0000000000ab",
        "productId": E3["product_id"],
        "skuId": E3["vendor_sku_id"],
        "quantity": 2,
        "term": "P1Y",
        "billingCycle": "monthly",
        "createdAt": "2025-06-10T10:00:00+00:00",
        "autoRenew": False,
    }
    sell_to(world, "non_profit", "nonprofit", subscriptions=[held])
    world.sync()
    row = world.holding("north", E3["sku_id"])
    assert ":non_profit:" in row.offer_key
    shown = schedule_change.plan(by=world.actor("north_owner"), subscription_id=row.subscription_id, at=world.at)
    assert shown.following.outcome is renewals.Ending.EXTENDED


@pytest.mark.parametrize(("ours", "theirs"), [("education", "education"), ("non_profit", "nonprofit")])
def test_another_licence_at_the_renewal_is_scheduled_as_it_is_sold_to_the_segment(
    world: World, ours: str, theirs: str
) -> None:
    sell_to(world, ours, theirs)
    held = world.holding("north", STANDARD)
    own_key = held.offer_key.replace("commercial", ours)
    Subscription.objects.filter(pk=held.subscription_id).update(offer_key=own_key)
    wanted = own_key.replace("CFQ7TTC0LDPB:0001", f"{ESSENTIALS['product_id']}:{ESSENTIALS['vendor_sku_id']}")
    owner = world.actor("north_owner")
    schedule_change.schedule(
        by=owner, subscription_id=held.subscription_id, wishes={timeline.Dimension.OFFER: wanted}, at=world.at
    )
    world.work()
    assert schedule_change.plan(by=owner, subscription_id=held.subscription_id, at=world.at).is_applied
    assert asked_for(world) == {theirs}
    stored = at_the_vendor(world, STANDARD)["scheduledNextTermInstructions"]
    assert isinstance(stored, dict)
    shelf = shelf_of(world, theirs)
    assert stored["product"]["availabilityId"] == shelf[theirs] != shelf["commercial"]


def shelf_of(world: World, theirs: str) -> dict[str, str]:
    """The vendor's own ids of the smaller licence, by segment."""
    import httpx2

    found = {}
    for segment in ("commercial", theirs):
        path = f"products/{ESSENTIALS['product_id']}/skus/{ESSENTIALS['vendor_sku_id']}/availabilities"
        url = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/{path}?targetSegment={segment}"
        answer = httpx2.get(url, headers={"Authorization": f"Bearer {world.simulator.token()}"}).json()
        found[segment] = str(answer["items"][0]["id"])
    return found
