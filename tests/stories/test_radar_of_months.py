"""Months that run on with a surcharge are told with what a decision saves; ordinary months stay silent.

Ten seats of Basic, a year billed by the month, seven in use, end on 30 January 2027. The month alone costs 6.72, with
the surcharge of extended service 6.72 x 1.03 = 6.9216: 69.22 for ten, 67.20 without it, 47.04 for seven.
"""

import datetime as dt
from dataclasses import replace

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from seatwright.rules import renewals
from seatwright.workflows import overview, renewal_radar, wishes
from tests.stories.test_extended_service import day
from tests.stories.test_renewal_processing import an_hour_passes
from tests.stories.test_schedule_change import turn_auto_renew_off, wish
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def shown(world: World, sku_id: str) -> renewal_radar.Renewal:
    page = renewal_radar.radar(by=world.actor("north_owner"), customer_id=world.customer_ids["north"], at=world.at)
    key = world.holding("north", sku_id).subscription_id
    found = next(each for each in (*page.rows, *page.rollovers) if each.subscription_id == key)
    assert found.is_rollover is (found in page.rollovers)
    return found


def amounts(found: renewal_radar.Renewal) -> tuple[int | None, int | None, int | None]:
    return found.at_stake_minor, found.next_term_minor, found.surcharge_minor


def test_a_term_that_runs_on_tells_each_month_what_a_decision_saves(world: World) -> None:
    ordinary = shown(world, EXCHANGE)
    assert (ordinary.is_rollover, ordinary.surcharge_minor) == (True, None)
    assert shown(world, BASIC).surcharge_minor is None
    turn_auto_renew_off(world)
    world.sync()
    ahead = shown(world, BASIC)
    assert (amounts(ahead), ahead.can_save, ahead.has_wish) == ((6922 - 4704, 6922, 202), True, False)

    an_hour_passes(world, day(2027, 1, 30))
    month = shown(world, BASIC)
    assert (month.term, month.renews_on) == ("P1M", dt.date(2027, 2, 28))
    assert (amounts(month), month.is_rollover, month.can_save) == ((2218, 6922, 202), False, True)
    needs = {(need.kind, need.name): need for need in overview.home(by=world.actor("north_owner"), at=world.at).needs}
    assert needs["runs_on", month.name].amount_minor == 2218
    assert needs["runs_on", month.name].until == dt.datetime(2027, 2, 27, tzinfo=dt.UTC)
    assert shown(world, EXCHANGE).is_rollover, "a month that renews itself is no decision"
    told = [line.renewal for line in renewal_radar.staff_radar(by=world.actor("staff"), at=world.at).rows]
    assert [each.surcharge_minor for each in told if each.term == "P1M"] == [202]

    wish(world, ending=renewals.Ending.RENEW)
    world.work()
    an_hour_passes(world, day(2027, 2, 28))
    again = shown(world, BASIC)
    assert (again.is_rollover, again.surcharge_minor) == (True, None)


def test_what_follows_terms_without_renewal_is_read_once_for_all_of_them(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [
        replace(world.holding("north", sku_id), end_of_term="", auto_renew=False)
        for sku_id in (BASIC, STANDARD, EXCHANGE)
    ]
    with django_assert_num_queries(3):
        lines = wishes.timelines_of(rows=rows)
    extended, cancel = renewals.Ending.EXTENDED, renewals.Ending.CANCEL
    # The month ends before the vendor has extended service.
    assert [lines[row.subscription_id].running.ending for row in rows] == [extended, extended, cancel]
