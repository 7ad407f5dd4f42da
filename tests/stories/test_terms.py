"""Renewals and cycle charges as time goes by at the vendor and here."""

import datetime as dt
import itertools

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import charge_cycles, overview
from tests.stories.world import BASIC, EXCHANGE, World

pytestmark = pytest.mark.django_db(transaction=True)


def charges_of(world: World, sku_id: str) -> list[tuple[str, str, int, int, int]]:
    subscription_id = world.holding("north", sku_id).subscription_id
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=subscription_id)
    return [(row.kind, row.period_start_on.isoformat(), row.seats, row.days, row.amount_minor) for row in rows]


def test_each_charge_cycle_is_charged_once_for_the_seats_held_when_it_began(world: World) -> None:
    assert charge_cycles.post_due(at=world.at) == 0
    world.book("north_owner", "north", basic=13)
    world.work()
    world.move(days=50)
    charge_cycles.post_due(at=world.at)
    assert charge_cycles.post_due(at=world.at) == 0
    # Bought on the day before January's last: cycles begin on 30 March and 29 April, for 13 seats of 5.88.
    assert charges_of(world, BASIC) == [
        ("increase", "2026-03-17", 3, 13, 740),
        ("cycle", "2026-03-30", 13, 30, 7644),
        ("cycle", "2026-04-29", 13, 31, 7644),
    ]


def test_a_renewed_month_is_entered_with_its_price_and_its_window_reopens(world: World) -> None:
    before = world.holding("north", EXCHANGE)
    assert before.commitment_end_on == dt.date(2026, 4, 7)
    world.move(days=22)  # 8 April
    world.sync()
    charge_cycles.post_due(at=world.at)
    after = world.holding("north", EXCHANGE)
    assert (after.term_start_on, after.commitment_end_on) == (dt.date(2026, 4, 7), dt.date(2026, 5, 7))
    assert after.anchor_on == before.anchor_on
    assert after.lots[0].returnable_until is not None
    assert after.lots[0].returnable_until > world.at
    assert charges_of(world, EXCHANGE) == [("cycle", "2026-04-07", 1, 30, 444)]
    (exchange,) = [
        row
        for band in overview.licences(
            by=world.actor("north_owner"), customer_id=world.customer_ids["north"], at=world.at
        ).bands
        for row in band.rows
        if row.sku_id == EXCHANGE
    ]
    assert exchange.returnable_total == 1
    world.sync()
    assert len(holdings.terms(subscription_ids=[after.subscription_id])[after.subscription_id]) == 2


def test_a_year_of_renewals_is_charged_without_a_gap_or_an_overlap(world: World) -> None:
    for _ in range(14):
        world.move(days=30)
        world.sync()
        charge_cycles.post_due(at=world.at)
    for sku_id in (BASIC, EXCHANGE):
        rows = [
            row
            for row in billing.charges(
                seen_by=SYSTEM,
                customer_id=world.customer_ids["north"],
                subscription_id=world.holding("north", sku_id).subscription_id,
            )
            if row.kind == "cycle"
        ]
        edges = [(row.period_start_on, row.period_end_on) for row in rows]
        assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(edges)), edges
        assert edges[-1][1] > world.at.date()
        assert len(edges) >= 13
    assert holdings.miscounted() == []
    assert holdings.open_drifts(seen_by=SYSTEM) == []
