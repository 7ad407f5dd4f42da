"""Quotes at the edges: before the first cycle, over the caps by what is under way, and for a whole company."""

import datetime as dt

import pytest

from seatwright.access.actors import SYSTEM, Actor
from seatwright.assignments import changes as assignments
from seatwright.customers import queries as customers
from seatwright.rules import refusals
from seatwright.workflows import change_seats, overview, pricing
from tests.subscriptions.test_cycle_charges import found
from tests.web import scene as scenes

pytestmark = pytest.mark.django_db


def owner(scene: scenes.Scene) -> Actor:
    actor = customers.actor(user_id=scene.users["north_owner"], channel="test", request_ref="")
    assert actor is not None
    return actor


def preview(scene: scenes.Scene, at: dt.datetime = scenes.NOW, **wanted: int) -> list[object]:
    """Why north's owner may not have these totals of `basic` and `standard`; nothing when they may."""
    ids = {"basic": scene.basic, "standard": scene.standard}
    wishes = [pricing.Wish(subscription_id=ids[name], seats=seats) for name, seats in wanted.items()]
    priced = change_seats.preview(by=owner(scene), customer_id=scene.customers["north"], wishes=wishes, at=at)
    return [refusal for found in priced.refusals.values() for refusal in found]


def test_a_subscription_that_starts_tomorrow_here_is_shown_and_priced_from_its_first_cycle_on() -> None:
    scene = scenes.build()
    tomorrow = found(scene, anchor_on=dt.date(2026, 3, 18))
    wish = pricing.Wish(subscription_id=tomorrow, seats=4)
    priced = change_seats.preview(by=owner(scene), customer_id=scene.customers["north"], wishes=[wish], at=scenes.NOW)
    assert priced.refusals == {str(tomorrow): (refusals.CycleNotCurrent(scenes.NOW.date()),)}
    page = overview.subscription(by=owner(scene), subscription_id=tomorrow, at=scenes.NOW)
    assert (page.cycle.start_on, page.cycle.end_on) == (dt.date(2026, 3, 18), dt.date(2026, 4, 18))


def test_a_quote_is_good_until_its_last_moment_and_not_at_it() -> None:
    scene = scenes.build()
    quote_id = change_seats.prepare(
        by=owner(scene),
        customer_id=scene.customers["north"],
        wishes=[pricing.Wish(subscription_id=scene.basic, seats=11)],
        at=scenes.NOW,
    )
    quote = change_seats.prepared(by=owner(scene), quote_id=quote_id, at=scenes.NOW)
    moment = dt.timedelta(microseconds=1)
    for at, is_expired in ((quote.expires_at - moment, False), (quote.expires_at, True)):
        assert change_seats.prepared(by=owner(scene), quote_id=quote_id, at=at).is_expired is is_expired


def pool(scene: scenes.Scene, *, applies_to: str, consumed: int) -> None:
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]
    assignments.replace_pools(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        pools=[
            assignments.FoundPool(
                sku_id=scenes.BASIC,
                part_number="PART",
                applies_to=applies_to,
                enabled_units=10,
                warning_units=0,
                suspended_units=0,
                consumed_units=consumed,
                foreign_units=0,
            )
        ],
        at=scenes.NOW,
    )


@pytest.mark.parametrize(("applies_to", "reasons"), [("User", [refusals.BelowAssigned]), ("Company", [])])
def test_seats_of_a_licence_for_the_whole_company_are_nobodys_and_can_be_returned(
    applies_to: str, reasons: list[type]
) -> None:
    scene = scenes.build()
    pool(scene, applies_to=applies_to, consumed=10)
    assert [type(each) for each in preview(scene, basic=8)] == reasons


def test_what_nobody_has_counted_is_judged_when_it_is_sent() -> None:
    scene = scenes.build()
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]
    assignments.replace_pools(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        pools=[],
        at=scenes.NOW,
    )
    assert preview(scene, basic=8) == []
