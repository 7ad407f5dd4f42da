"""Readings, previews and what else works on many rows asks the database as often for twelve as for four."""

import datetime as dt
import uuid

from django.db import connection
from django.test.utils import CaptureQueriesContext

from seatwright.access.actors import SYSTEM
from seatwright.catalogue import queries as catalogue_queries
from seatwright.customers import queries as customer_queries
from seatwright.rules import terms, timeline
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import late_prices, renewal_alarms
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    change_seats,
    price_terms,
    pricing,
    renewal_sheets,
    swap,
    watch_renewals,
)
from tests.web import scene as scenes
from tests.web.test_queries_of_pages import FEW, MANY, Wishes, actor, hold_apart, shop, wish

__all__ = ["shop"]


def test_a_sheet_that_is_made(shop: scenes.Scene) -> None:
    asked, staff = [], actor(shop, "staff")
    held = hold_apart(shop, places=range(MANY))
    # The first entry of a chain of the audit asks for more than those that follow it.
    for number in (FEW, FEW, MANY):
        with CaptureQueriesContext(connection) as queries:
            sheet_id = renewal_sheets.make(
                by=staff,
                customer_id=shop.customers["north"],
                subscription_ids=held[:number],
                default="keep",
                deadline_at=scenes.NOW + dt.timedelta(days=3),
                at=scenes.NOW,
            )
        lines = renewal_sheets.page(by=SYSTEM, sheet_id=sheet_id).sheet.lines
        assert [len(line.options) > 1 for line in lines] == [True] * number
        renewal_sheets.withdraw(by=staff, sheet_id=sheet_id, at=scenes.NOW)
        asked.append(len(queries))
    assert asked[1] == asked[2], asked


def test_more_seats_of_licences_that_are_planned_otherwise(shop: scenes.Scene) -> None:
    asked = []
    for places in (range(FEW), range(FEW, FEW + MANY)):
        held = hold_apart(shop, places=places)
        wish(held, {timeline.Dimension.QUANTITY: timeline.SeatsTotal(2)})
        with CaptureQueriesContext(connection) as queries:
            priced = change_seats.preview(
                by=actor(shop, "staff"),
                customer_id=shop.customers["north"],
                wishes=[pricing.Wish(subscription_id=each, seats=5) for each in held],
                at=scenes.NOW,
            )
        assert priced.calculation is not None
        assert len(priced.calculation.questions) == len(places)
        asked.append(len(queries))
    assert asked[0] == asked[1], asked


def test_alarms_that_nothing_has_answered_yet(shop: scenes.Scene) -> None:
    asked = []
    three_years: Wishes = {timeline.Dimension.TERM: terms.Term.P3Y}
    for places in (range(FEW), range(FEW, MANY)):
        held = hold_apart(shop, places=places)
        wish(held, three_years)
        for place, row in enumerate(holdings.by_ids(subscription_ids=held)):
            assert renewal_alarms.note(
                subscription_id=row.subscription_id,
                renews_on=row.commitment_end_on,
                kind="blocked" if place % 2 else "missing",
                before=dt.timedelta(hours=72),
                is_held=False,
                is_too_late=False,
                wanted={},
                shown={},
                at=scenes.NOW,
            )
        with CaptureQueriesContext(connection) as queries:
            assert watch_renewals.close_answered(at=scenes.NOW) == 0
        assert len(renewal_alarms.open_alarms(seen_by=SYSTEM)) == places.stop
        asked.append(len(queries))
    assert asked[0] == asked[1], asked


def test_the_plans_to_change_to_where_many_are_held(shop: scenes.Scene) -> None:
    left, by = scenes.sell(shop), actor(shop, "north_owner")
    asked, ways = [], []
    for places in (range(FEW), range(FEW, MANY)):
        hold_apart(shop, places=places, is_one_tenant=True)
        with CaptureQueriesContext(connection) as queries:
            found = swap.survey(by=by, subscription_id=left, at=scenes.NOW)
        ways.append(sum(way.into is not None for target in found.targets for way in target.ways))
        asked.append(len(queries))
    assert FEW // 2 < ways[0] < ways[1]
    assert asked[0] == asked[1], asked


def test_a_reading_that_finds_no_price_yet_for_terms_that_wait_for_one(shop: scenes.Scene) -> None:
    (tenant,) = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[shop.customers["north"]])
    customer = customer_queries.customer(seen_by=SYSTEM, customer_id=shop.customers["north"])
    sold = catalogue_queries.offers_for(market="BE", segment="commercial", reseller_id=shop.reseller_id)
    products = sorted({f"microsoft:{each.product_id}:{each.vendor_sku_id}:commercial" for each in sold})
    asked, held = [], []
    for places in (range(FEW), range(FEW, MANY)):
        for place in places:
            # Half of them are months of extended service, all began before there was any price list.
            start_on = dt.date(2023, 1 + place, 1)
            held.append(
                subscriptions.adopt(
                    new=subscriptions.NewSubscription(
                        tenant_id=tenant.tenant_id,
                        reseller_id=tenant.reseller_id,
                        customer_id=tenant.customer_id,
                        vendor_key="microsoft",
                        vendor_subscription_id=str(uuid.uuid4()),
                        offer_key="",
                        sku_id="",
                        name="Licence",
                        term="P1M",
                        billing_plan="monthly",
                        anchor_on=start_on,
                        term_start_on=start_on,
                        unit_rate="",
                        currency="EUR",
                        price_list_version="",
                        is_trial=False,
                        charged_from_on=start_on,
                        shown_key=f"{products[place]}:P1M:monthly:BE",
                        is_extended=place % 2 == 1,
                    ),
                    reading=subscriptions.Reading(
                        status="active",
                        seats=3,
                        auto_renew=True,
                        commitment_end_on=dt.date(2023, 2 + place, 1) if place < 11 else dt.date(2024, 1, 1),
                        returnable=None,
                        scheduled=None,
                        cancellable_until=None,
                    ),
                    policy_version="test",
                    at=scenes.NOW,
                )
            )
        with CaptureQueriesContext(connection) as queries:
            waiting = late_prices.unpriced_of(subscription_ids=held)
            assert price_terms.price_late(customer=customer, unpriced=waiting, at=scenes.NOW) == 0
        assert (len(waiting), sum(each.is_extended for each in waiting)) == (places.stop, places.stop // 2)
        asked.append(len(queries))
    assert asked[0] == asked[1], asked
