"""A term that nobody renews or ends runs on by the month with a surcharge: charged as shown before, ended on any day.

Ten seats of Basic, a year billed by the month at 5.88, end on 30 January 2027 (00:00 UTC). The month alone costs 6.72,
so that a month of extended service costs 6.72 x 1.03 = 6.9216 a seat and 69.22 for ten.
"""

import datetime as dt
from typing import Any

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.orders.models import ChangeIntent
from seatwright.rules import renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import look_ahead, schedule_change
from seatwright.workflows.change_status import Action
from tests.stories.test_change_status import do
from tests.stories.test_renewal_processing import an_hour_passes
from tests.stories.test_schedule_change import at_the_vendor, plan, turn_auto_renew_off, wish
from tests.stories.world import BASIC, EXCHANGE, ROWS, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
Dimension = timeline.Dimension
COPILOT = "639dec6b-bb19-468b-871c-c5c441c4b0cb"
MARGIN = dt.timedelta(minutes=10)


def day(year: int, month: int, day: int, hour: int = 6) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def charged(world: World, sku_id: str = BASIC, *, since: dt.date = dt.date(2027, 1, 30)) -> list[tuple[str, str, int]]:
    rows = billing.charges(
        seen_by=SYSTEM,
        customer_id=world.customer_ids["north"],
        subscription_id=world.holding("north", sku_id).subscription_id,
    )
    return [
        (row.kind, row.period_start_on.isoformat(), row.amount_minor) for row in rows if row.period_start_on >= since
    ]


def sell_its_own_line(world: World) -> None:
    """The vendor's product line `00ES` beside Basic, for the same licence."""
    row = ROWS[BASIC]
    basic: dict[str, Any] = {
        "skuId": row["vendor_sku_id"],
        "provisioningId": BASIC,
        "partNumber": row["part_number"],
        "extendedSku": f"{row['product_id']}:00ES",
    }
    extended = {
        "skuId": "00ES",
        "title": f"{row['title']} Extended Service Term",
        "provisioningId": BASIC,
        "partNumber": row["part_number"],
        "plans": ["P1M:monthly"],
        "isOnSale": False,
    }
    world.simulator.seed(
        {"products": [{"productId": row["product_id"], "title": row["title"], "skus": [basic, extended]}]}
    )


@pytest.mark.parametrize("has_own_line", [True, False], ids=["own line", "same line"])
def test_months_that_run_on_are_charged_as_shown_before_and_lead_back_when_wished(
    world: World, has_own_line: bool
) -> None:
    if has_own_line:
        sell_its_own_line(world)
    wish(world, ending=renewals.Ending.EXTENDED)
    world.work()
    price = plan(world).price
    assert price is not None
    assert (price.unit_rate, price.cycle_minor, price.term_minor) == ("6.9216", 6922, 6922)
    ahead = look_ahead.licences(
        by=world.actor("north_owner"), customer_id=world.customer_ids["north"], on=dt.date(2027, 3, 30), at=world.at
    )
    basic = next(line for line in ahead.lines if line.subscription_id == world.holding("north", BASIC).subscription_id)
    assert [each.amount_minor for each in basic.charges[-3:]] == [6922, 6922, 6922]

    an_hour_passes(world, day(2027, 1, 30))
    offer_id = str(at_the_vendor(world)["offerId"])
    assert (":00ES:" in offer_id) is has_own_line
    row = world.holding("north", BASIC)
    assert (row.term, row.unit_rate, row.commitment_end_on) == ("P1M", "6.9216", dt.date(2027, 2, 28))
    assert list(ChangeIntent.objects.values_list("state", flat=True)) == ["carried_out"]
    again = plan(world)
    assert again.price is not None
    assert (again.following.outcome, again.price.cycle_minor) == (renewals.Ending.EXTENDED, 6922)
    an_hour_passes(world, day(2027, 2, 28))
    an_hour_passes(world, day(2027, 3, 30))
    assert charged(world) == [
        ("cycle", "2027-01-30", 6922),
        ("cycle", "2027-02-28", 6922),
        ("cycle", "2027-03-30", 6922),
    ]

    wish(world, ending=renewals.Ending.RENEW)
    world.work()
    an_hour_passes(world, day(2027, 4, 30))
    assert "00ES" not in str(at_the_vendor(world)["offerId"])
    assert at_the_vendor(world).get("scheduledActions") is None
    assert world.holding("north", BASIC).unit_rate == "6.72"
    assert charged(world)[-1] == ("cycle", "2027-04-30", 6720)
    assert holdings.open_drifts(seen_by=SYSTEM) == []


def test_three_unread_months_of_a_monthly_term_that_ran_on_are_three_terms_and_end_on_any_day(world: World) -> None:
    """Exchange, one seat by the month at 4.44 from 7 March 2026: 4.44 x 1.03 = 4.5732 a month."""
    subscription_id = world.holding("north", EXCHANGE).subscription_id
    world.move(days=45)
    world.sync()
    assert world.holding("north", EXCHANGE).commitment_end_on == dt.date(2026, 5, 7)
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=subscription_id,
        wishes={Dimension.ENDING: renewals.Ending.EXTENDED},
        at=world.at,
    )
    world.work()
    an_hour_passes(world, day(2026, 7, 20))
    ran_on = holdings.terms(subscription_ids=[subscription_id])[subscription_id][-3:]
    assert [(term.start_on.isoformat(), term.unit_rate) for term in ran_on] == [
        ("2026-05-07", "4.5732"),
        ("2026-06-07", "4.5732"),
        ("2026-07-07", "4.5732"),
    ]
    assert charged(world, EXCHANGE, since=dt.date(2026, 5, 7)) == [
        ("cycle", "2026-05-07", 457),
        ("cycle", "2026-06-07", 457),
        ("cycle", "2026-07-07", 457),
    ]
    # Thirteen days in, all windows are closed. 4.57 was charged; 13 of 31 days cost 1.92; the rest comes back.
    shown = do(world, Action.END, sku_id=EXCHANGE)
    assert (shown.refund_minor, shown.until) == (265, dt.datetime(2026, 8, 7, tzinfo=dt.UTC) - MARGIN)
    an_hour_passes(world, day(2026, 9, 1))
    assert charged(world, EXCHANGE, since=dt.date(2026, 7, 8)) == [("ended", "2026-07-20", -265)]
    assert world.holding("north", EXCHANGE).status == "deleted"
    assert holdings.open_drifts(seen_by=SYSTEM) == []


def test_auto_renew_switched_off_elsewhere_runs_on_and_is_charged_with_the_surcharge(world: World) -> None:
    turn_auto_renew_off(world)
    world.sync()
    assert plan(world).following.outcome is renewals.Ending.EXTENDED
    an_hour_passes(world, day(2027, 2, 1))
    row = world.holding("north", BASIC)
    assert (row.unit_rate, row.status, charged(world)) == ("6.9216", "active", [("cycle", "2027-01-30", 6922)])


def test_a_licence_without_a_monthly_price_carries_the_higher_surcharge(world: World) -> None:
    """Copilot is sold by the year only, billed by the month at 29.51; 29.51 x 1.23 = 36.2973, two seats 72.59."""
    row = ROWS[COPILOT]
    bought = {
        "id": "6b000000-0000-4000-8000-0000000000aa",
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": 2,
        "term": "P1Y",
        "billingCycle": "monthly",
        "createdAt": "2025-06-10T10:00:00+00:00",
        "autoRenew": False,
    }
    north = {"tenantId": tenant_id("north"), "company": "North", "domain": "north.example", "subscriptions": [bought]}
    world.simulator.seed({"customers": [north]})
    world.sync()
    subscription_id = world.holding("north", COPILOT).subscription_id
    shown = schedule_change.plan(by=world.actor("north_owner"), subscription_id=subscription_id, at=world.at)
    assert shown.price is not None
    assert (shown.following.outcome, shown.price.cycle_minor) == (renewals.Ending.EXTENDED, 7259)
    an_hour_passes(world, day(2026, 6, 10))
    an_hour_passes(world, day(2026, 7, 10))
    assert charged(world, COPILOT, since=dt.date(2026, 6, 10)) == [
        ("cycle", "2026-06-10", 7259),
        ("cycle", "2026-07-10", 7259),
    ]
    assert (world.holding("north", COPILOT).term, world.holding("north", COPILOT).unit_rate) == ("P1M", "36.2973")
