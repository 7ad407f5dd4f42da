"""Pages and readings ask the database as often for twelve rows as for four, each row unlike the others.

The licences added here lie in tenants of their own, are of different products and end in different months.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from seatwright.access import identifiers
from seatwright.access.actors import SYSTEM, Actor, Role
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import queries as catalogue_queries
from seatwright.customers import changes as customers
from seatwright.customers import queries as customer_queries
from seatwright.operations import changes as operations
from seatwright.operations import runs
from seatwright.orders import changes as order_changes
from seatwright.orders import intents
from seatwright.orders import queries as orders
from seatwright.rules import terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    change_seats,
    deadline_feed,
    overview,
    pricing,
    watch_renewals,
)
from tests.web import scene as scenes

FEW, MANY = 4, 12
LICENCE = re.compile(r"Licence \d+")
VISIO_OFFER = "microsoft:CFQ7TTC0HD32:0002:commercial:P1Y:monthly:BE"
Wishes = dict[timeline.Dimension, timeline.Value]


@pytest.fixture
def shop(scene: scenes.Scene) -> scenes.Scene:
    """The scene with the demo's catalogue."""
    catalogue.load_demo_catalogue(at=scenes.NOW, markets=("BE",))
    return scene


def actor(shop: scenes.Scene, name: str) -> Actor:
    """The person with the rights held now."""
    found = customer_queries.actor(user_id=shop.users[name], channel="test", request_ref="")
    assert found is not None
    return found


def hold_apart(
    shop: scenes.Scene, *, places: range, auto_renew: bool = True, is_one_tenant: bool = False
) -> list[uuid.UUID]:
    """Let `north` hold 3 seats of a further licence for each place, by the year and billed by the month."""
    sold = catalogue_queries.offers_for(market="BE", segment="commercial", reseller_id=shop.reseller_id)
    yearly = [each for each in sold if (each.term, each.billing_plan) == ("P1Y", "monthly")]
    yearly.sort(key=lambda each: not each.family)
    account_id = customers.connect_account(
        reseller_id=shop.reseller_id, vendor_key="microsoft", partner_tenant_id="partner", label=str(places)
    )
    made = []
    for place in places:
        customers.add_tenant(
            customer_id=shop.customers["north"],
            account_id=account_id,
            vendor_tenant_id=f"tenant{place}",
            vendor_customer_id=f"tenant{place}",
            primary_domain=f"tenant{place}.example",
        )
        found = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[shop.customers["north"]])
        wanted = "north" if is_one_tenant else f"tenant{place}"
        tenant = next(each for each in found if each.vendor_tenant_id == wanted)
        offer = yearly[place % len(yearly)]
        made.append(
            scenes._hold(
                tenant,
                f"Licence {place}",
                offer.sku_id,
                3,
                "6.00",
                offer_key=offer.offer_key,
                ends_on=dt.date(2026 + (4 + place) // 12, (4 + place) % 12 + 1, 1),
                returnable=((1, scenes.RETURNABLE_UNTIL),),
                auto_renew=auto_renew,
            )
        )
    return made


def wish(subscription_ids: list[uuid.UUID], changes: Wishes) -> None:
    """Plan this for the renewals of these licences, whatever speaks against it."""
    for row in holdings.by_ids(subscription_ids=subscription_ids):
        intents.put(
            by=SYSTEM,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            pending=[timeline.Pending(effective_on=row.commitment_end_on, changes=changes)],
            at=scenes.NOW,
        )


def hold_in_every_way(shop: scenes.Scene, places: range) -> None:
    """Further licences: as many that renew by themselves, that are planned otherwise, and that run on by the month."""
    hold_apart(shop, places=places[::4])
    wish(hold_apart(shop, places=places[1::4]), {timeline.Dimension.QUANTITY: timeline.SeatsTotal(9)})
    hold_apart(shop, places=places[2::4], auto_renew=False)
    wish(hold_apart(shop, places=places[3::4]), {timeline.Dimension.OFFER: VISIO_OFFER})


def book_one_more_each(shop: scenes.Scene, subscription_ids: list[uuid.UUID]) -> orders.OrderRow:
    """An order of a fourth seat for each of these licences."""
    by = actor(shop, "north_owner")
    quote_id = change_seats.prepare(
        by=by,
        customer_id=shop.customers["north"],
        wishes=[pricing.Wish(subscription_id=each, seats=4) for each in subscription_ids],
        at=scenes.NOW,
    )
    key = change_seats.prepared(by=by, quote_id=quote_id, at=scenes.NOW).idempotency_key
    order_id = change_seats.place(
        by=by, quote_id=quote_id, idempotency_key=key, agreed_words="", on_behalf_reason="", at=scenes.NOW
    )
    return orders.order(seen_by=SYSTEM, order_id=order_id)


def claimed(operation_id: uuid.UUID) -> int:
    """The fence with which a worker holds the operation."""
    hold = runs.claim(operation_id=operation_id, worker_id="w", at=scenes.NOW)
    assert hold is not None
    return hold.fence


def counted(client: Client, page: str) -> tuple[str, int]:
    """The page's text and the number of its queries, not counting what only a first visit asks."""
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        answer: HttpResponse = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode(), len(asked)


def few_and_many(client: Client, page: str, *, add: Callable[[range], None]) -> tuple[tuple[str, int], tuple[str, int]]:
    """The page with the first rows, and with three times as many, each with the number of its queries."""
    add(range(FEW))
    few = counted(client, page)
    add(range(FEW, MANY))
    return few, counted(client, page)


def test_home_with_plans_that_cannot_come_about(owner: Client, shop: scenes.Scene) -> None:
    # Three years are sold billed by the year only.
    three_years: Wishes = {timeline.Dimension.TERM: terms.Term.P3Y}
    (few, few_asked), (many, many_asked) = few_and_many(
        owner, reverse("home"), add=lambda places: wish(hold_apart(shop, places=places), three_years)
    )
    told = "cannot come about"
    assert (few.count(told), many.count(told)) == (FEW, MANY)
    assert many_asked == few_asked


def test_the_look_ahead(owner: Client, shop: scenes.Scene) -> None:
    page = f"{reverse('ahead', args=[shop.customers['north']])}?on=2028-06-01"
    (few, few_asked), (many, many_asked) = few_and_many(owner, page, add=lambda places: hold_in_every_way(shop, places))
    assert (len(set(LICENCE.findall(few))), len(set(LICENCE.findall(many)))) == (FEW * 3 // 4, MANY * 3 // 4)
    assert many_asked == few_asked


@pytest.mark.parametrize("page", ["renewals", "staff_renewals", "home", "licences", "new_sheet"])
def test_licences_that_renew_change_or_run_on(staff: Client, shop: scenes.Scene, page: str) -> None:
    args = [] if page in ("staff_renewals", "home") else [shop.customers["north"]]
    viewer = staff if args or page == "staff_renewals" else scenes.sign_in(Client(), "north_owner")
    (few, few_asked), (many, many_asked) = few_and_many(
        viewer, reverse(page, args=args), add=lambda places: hold_in_every_way(shop, places)
    )
    assert len(set(LICENCE.findall(many))) > len(set(LICENCE.findall(few))) > 0
    assert many_asked == few_asked


@pytest.mark.parametrize("name", ["north_owner", "staff"])
def test_the_calendar_feed(shop: scenes.Scene, name: str) -> None:
    asked, told = [], []
    for places in (range(FEW), range(FEW, MANY)):
        hold_in_every_way(shop, places)
        with CaptureQueriesContext(connection) as queries:
            told.append(deadline_feed.deadlines(by=actor(shop, name), at=scenes.NOW))
        asked.append(len(queries))
    windows = [sum(each.kind == "window" for each in deadlines) for deadlines in told]
    assert windows == [FEW + 1, MANY + 1]
    assert asked[0] == asked[1], asked


def test_home_and_the_calendar_feed_of_somebody_with_many_organisations(shop: scenes.Scene) -> None:
    asked = []
    for places in (range(FEW), range(FEW, MANY)):
        for place in places:
            customer_id = scenes._customer(f"branch{place}", reseller_id=shop.reseller_id)
            (tenant,) = customer_queries.tenants(seen_by=SYSTEM, customer_ids=[customer_id])
            scenes._hold(tenant, "Business Basic", scenes.BASIC, 4, "6.00", ends_on=dt.date(2026, 4, 1))
            customers.grant(
                user_id=shop.users["north_owner"],
                role=Role.CONTRACT_OWNER,
                reseller_id=shop.reseller_id,
                customer_id=customer_id,
                at=scenes.NOW,
            )
        by = actor(shop, "north_owner")
        with CaptureQueriesContext(connection) as queries:
            home = overview.home(by=by, at=scenes.NOW)
            feed = deadline_feed.deadlines(by=by, at=scenes.NOW)
        assert len(home.tiles) == 1 + places.stop
        assert sum(each.name == "Business Basic" and each.kind == "renewal" for each in feed) == 1 + places.stop
        asked.append(len(queries))
    assert asked[0] == asked[1], asked


def test_the_desk_with_parked_work_of_orders_and_of_renewals(staff: Client, shop: scenes.Scene) -> None:
    def park(places: range) -> None:
        held = hold_apart(shop, places=places)
        parked = [line.operation_id for line in book_one_more_each(shop, held).lines]
        for row in holdings.by_ids(subscription_ids=held):
            parked.append(identifiers.new_id())
            with transaction.atomic():
                operations.open_operation(
                    operation_id=parked[-1],
                    kind=watch_renewals.KIND,
                    lease_key="",
                    intent={"subscription_id": str(row.subscription_id)},
                    policy_version="test",
                    request_id=identifiers.new_id(),
                    reseller_id=row.reseller_id,
                    customer_id=row.customer_id,
                    by=SYSTEM,
                    due_at=scenes.NOW,
                    deadline_at=scenes.NOW,
                    at=scenes.NOW,
                )
        for each in parked:
            operations.park(operation_id=each, fence=claimed(each), reason="deadline_passed", at=scenes.NOW)

    (few, few_asked), (many, many_asked) = few_and_many(staff, reverse("staff_queue"), add=park)
    parked = 'id="operation-'
    assert (few.count(parked), many.count(parked)) == (FEW * 2, MANY * 2)
    assert many_asked == few_asked


def test_an_order_whose_lines_are_done(owner: Client, shop: scenes.Scene) -> None:
    asked = []
    for places in (range(FEW), range(FEW, FEW + MANY)):
        order = book_one_more_each(shop, hold_apart(shop, places=places))
        for line in order.lines:
            operations.finish(
                operation_id=line.operation_id, fence=claimed(line.operation_id), state="done", at=scenes.NOW
            )
            order_changes.end_line(operation_id=line.operation_id, state="done", at=scenes.NOW)
        text, queries = counted(owner, reverse("order", args=[order.order_id]))
        assert len(set(LICENCE.findall(text))) == len(places)
        asked.append(queries)
    assert asked[0] == asked[1], asked
