"""A longer term whose change is on its way while days, or the old term itself, go by.

One seat of Exchange by the month, 4.44, until 7 April 2026 (00:00 UTC); by the year, billed by the month, it is 3.89.
"""

import datetime as dt
from dataclasses import replace

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.customers import queries as customers
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.orders import intents
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import (
    charge_cycles,
    connections,
    follow_order,
    pricing,
    run_desk,
    schedule_change,
    sync_tenant,
)
from tests.stories.test_change_term import E3, Plan, Term, charges, place, quoted, sell_three_years_by_the_month
from tests.stories.test_renewal_processing import an_hour_passes, go_to
from tests.stories.world import EXCHANGE, World

pytestmark = pytest.mark.django_db(transaction=True)


def utc(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def lose_the_answer(world: World) -> None:
    match = {"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}
    world.simulator.fault("timeout_after_effect", match=match)


def terms_of(world: World) -> list[tuple[str, str, str]]:
    key = world.holding("north", EXCHANGE).subscription_id
    entered = holdings.terms(subscription_ids=[key])[key]
    return [(each.term, each.start_on.isoformat(), each.end_on.isoformat()) for each in entered]


def charged(world: World) -> list[tuple[str, str, int]]:
    return [(each.kind, each.period_start_on.isoformat(), each.amount_minor) for each in charges(world, EXCHANGE)]


def test_a_change_that_waits_for_a_person_over_the_end_of_the_old_term_is_no_renewal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_to(world, utc(4, 2, 10))
    charge_cycles.post_due(at=world.at)
    lose_the_answer(world)
    order_id = place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    engine.run_due(clock=world.clock)

    def denied(_tenant: object) -> port.Vendor:
        raise port.VendorDenied("The vendor does not accept our access.")

    with monkeypatch.context() as refused:
        refused.setattr(connections, "vendor_of", denied)
        world.move(seconds=5)
        engine.run_due(clock=world.clock)
    (parked,) = operation_queries.parked(seen_by=world.actor("staff"))
    an_hour_passes(world, utc(4, 7, 8))
    assert terms_of(world) == [("P1M", "2026-03-07", "2026-04-07")]
    run_desk.settle(
        by=world.actor("staff"), operation_id=parked.id, decision="look_again", reason="a new secret", at=world.at
    )
    world.work()
    an_hour_passes(world, utc(5, 3, 8))
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    assert terms_of(world) == [("P1M", "2026-03-07", "2026-04-07"), ("P1Y", "2026-04-02", "2027-04-02")]
    # Five of 31 days of 4.44 come back.
    assert charged(world) == [
        ("term_credit", "2026-04-02", -72),
        ("term", "2026-04-02", 389),
        ("cycle", "2026-05-02", 389),
    ]


def test_a_change_of_the_last_day_that_a_reading_meets_first_is_no_renewal(world: World) -> None:
    go_to(world, utc(4, 6, 21, 30))
    lose_the_answer(world)
    place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    engine.run_due(clock=world.clock)
    go_to(world, utc(4, 7, 0, 20))
    for tenant in customers.tenants(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]]):
        sync_tenant.read_tenant(tenant=tenant, at=world.at)
    world.work()
    assert terms_of(world) == [("P1M", "2026-03-07", "2026-04-07"), ("P1Y", "2026-04-06", "2027-04-06")]
    an_hour_passes(world, utc(5, 7, 0, 20))
    assert [each[1:] for each in charged(world)] == [("2026-04-06", -14), ("2026-04-06", 389), ("2026-05-06", 389)]


def test_a_renewal_under_a_change_that_never_came_is_entered_once_the_change_is_refused(world: World) -> None:
    go_to(world, utc(4, 6, 21, 30))
    world.simulator.fault(
        "timeout_before_effect", match={"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}
    )
    order_id = place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    engine.run_due(clock=world.clock)
    an_hour_passes(world, utc(4, 7, 8))
    world.sync()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "day_over")
    assert terms_of(world) == [("P1M", "2026-03-07", "2026-04-07"), ("P1M", "2026-04-07", "2026-05-07")]


def test_a_term_that_the_vendor_begins_after_midnight_has_the_vendors_days_and_keeps_its_wishes(world: World) -> None:
    world.at = utc(3, 17, 23, 59)
    world.simulator.clock(now="2026-03-18T00:00:05+00:00")
    quote = quoted(world, (Term.P1Y, Plan.MONTHLY))
    place(world, quote)
    while world.open_operations():
        engine.run_due(clock=world.clock)
        world.at += dt.timedelta(seconds=1)
    assert terms_of(world)[1:] == [("P1Y", "2026-03-18", "2027-03-18")]
    world.move(minutes=2)
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", EXCHANGE).subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(3)},
        at=world.at,
    )
    world.work()
    assert world.holding("north", EXCHANGE).next_term is not None
    for at in (utc(4, 19, 8), utc(3, 17, 8, year=2027), utc(3, 19, 8, year=2027)):
        an_hour_passes(world, at)
    assert terms_of(world)[2:] == [("P1Y", "2027-03-18", "2028-03-18")]
    row = world.holding("north", EXCHANGE)
    assert (row.seats, intents.open_intents(subscription_ids=[row.subscription_id])) == (3, {})
    (line,) = quote.calculation.lines
    assert [each.amount_minor for each in charges(world, EXCHANGE)][:2] == [each.amount_minor for each in line.charges]
    assert charged(world)[2] == ("cycle", "2026-04-18", 389)
    assert charged(world)[-1] == ("cycle", "2027-03-18", 3 * 389)


def test_a_term_with_days_that_nobody_ordered_waits_for_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    vendor_of = connections.vendor_of

    def three_days_off(tenant: object) -> port.Vendor:
        vendor = vendor_of(tenant)  # type: ignore[arg-type]
        read = vendor.read_subscription

        def shifted(**given: object) -> port.VendorSubscription:
            seen = read(**given)
            is_new = seen.term == "P1Y" and seen.commitment_end_on is not None
            return replace(seen, commitment_end_on=seen.commitment_end_on + dt.timedelta(days=3)) if is_new else seen

        vendor.read_subscription = shifted
        return vendor

    monkeypatch.setattr(connections, "vendor_of", three_days_off)
    world.work()
    (parked,) = operation_queries.parked(seen_by=world.actor("staff"))
    assert (parked.parked_reason, charged(world)) == ("third_value", [])


def test_a_plan_that_was_followed_by_another_waits_no_more(world: World) -> None:
    """Three years by the month, by the year from 1 April 2026 on, by the month again from 1 March 2027 on."""
    sell_three_years_by_the_month(world)
    for plan, until in ((Plan.ANNUAL, utc(4, 3, 8)), (Plan.MONTHLY, utc(3, 10, 8, year=2027))):
        place(world, quoted(world, (Term.P3Y, plan), sku_id=E3))
        world.work()
        an_hour_passes(world, until)
    row = world.holding("north", E3)
    assert (row.billing_plan, row.unit_rate) == ("monthly", "39")
    assert holdings.plans_ahead(subscription_ids=[row.subscription_id]) == {}
    owner = world.actor("north_owner")
    wishes = [pricing.Wish(subscription_id=row.subscription_id, seats=3)]
    customer = customers.customer(seen_by=owner, customer_id=world.customer_ids["north"])
    (line,) = pricing.price(by=owner, customer=customer, wishes=wishes, at=world.at).calculation.lines
    assert (line.cycle_before_minor, line.cycle_after_minor) == (2 * 3900, 3 * 3900)
