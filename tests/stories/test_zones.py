"""Terms begin on the vendor's day, in UTC, while the reseller counts days by a clock far to the west or east of it."""

import datetime as dt
from decimal import Decimal

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import queries as offers
from seatwright.customers import queries as customers
from seatwright.customers.models import Reseller
from seatwright.workflows import buy_pricing, change_seats, change_status, charge_cycles, pricing
from tests.stories.buying import E3, bought, choice, key, place, quote
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)
RENEWAL = dt.datetime(2027, 1, 30, tzinfo=dt.UTC)


def in_zone(world: World, zone: str) -> None:
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone=zone)


def go_to(world: World, at: dt.datetime) -> None:
    world.move(seconds=(at - world.at).total_seconds())


def dearer(world: World, offer_key: str, amount: str, *, from_on: dt.date) -> None:
    catalogue.price_fixed(
        reseller_id=world.reseller_id,
        offer_pk=offers.offer(offer_key=offer_key).offer_pk,
        valid_from_on=from_on,
        amount=Decimal(amount),
        currency="EUR",
        at=world.at,
    )


def charges(world: World, subscription_id: object) -> list[tuple[str, str, int, int, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=subscription_id)
    return [(row.kind, row.period_start_on.isoformat(), row.seats, row.days, row.amount_minor) for row in rows]


def test_west_of_the_vendor_a_change_after_the_renewal_counts_from_the_new_terms_first_day(world: World) -> None:
    """Half past midnight UTC on 30 January is the afternoon of the 29th in Los Angeles; a seat costs 20.00 from now."""
    in_zone(world, "America/Los_Angeles")
    row = world.holding("north", BASIC)
    go_to(world, RENEWAL - dt.timedelta(hours=12))
    world.sync()
    go_to(world, RENEWAL + dt.timedelta(minutes=30))
    dearer(world, row.offer_key, "20", from_on=dt.date(2027, 1, 1))
    world.sync()
    charge_cycles.post_due(at=world.at)
    old = charges(world, row.subscription_id)
    world.book("north_owner", "north", basic=12)
    world.work()
    assert world.holding("north", BASIC).seats == 12
    world.book("north_owner", "north", basic=11)
    world.work()
    # A day before the last of January, the cycle ends a day before the last of February: all 28 days of it.
    new = charges(world, row.subscription_id)[len(old) :]
    assert new == [("increase", "2027-01-30", 2, 28, 4000), ("return", "2027-01-30", -1, 28, -2000)]
    assert old[-1] == ("cycle", "2027-01-30", 10, 28, 20000)
    go_to(world, RENEWAL + dt.timedelta(hours=9))
    charge_cycles.post_due(at=world.at)
    assert charges(world, row.subscription_id)[len(old) + 2 :] == []


def test_east_of_the_vendor_what_was_bought_today_is_given_back_whole(world: World) -> None:
    """A quarter to midnight UTC on 31 March is 1 April in Brussels, and the licence began on 31 March."""
    go_to(world, dt.datetime(2026, 3, 31, 22, 30, tzinfo=dt.UTC))
    quote(world, choice(world, E3))
    world.work()
    place(world, quote(world, choice(world, E3)))
    world.work()
    (row,) = bought(world)
    wish = pricing.Wish(subscription_id=row.subscription_id, seats=2)
    priced = change_seats.preview(
        by=world.actor("north_owner"), customer_id=world.customer_ids["north"], wishes=[wish], at=world.at
    )
    assert priced.calculation is not None
    assert priced.calculation.due_now.net_minor == -3749
    ending = change_status.preview(
        by=world.actor("north_owner"),
        subscription_id=row.subscription_id,
        action=change_status.Action.END,
        at=world.at,
    )
    assert ending.refund_minor == 11247


def test_east_of_the_vendor_seats_can_be_added_until_the_term_ends_there(world: World) -> None:
    """In Auckland it is noon on 30 January when the term that ends before it still runs for twelve hours."""
    in_zone(world, "Pacific/Auckland")
    go_to(world, RENEWAL - dt.timedelta(hours=13))
    world.sync()
    charge_cycles.post_due(at=world.at)
    row = world.holding("north", BASIC)
    old = charges(world, row.subscription_id)
    world.book("north_owner", "north", basic=12)
    world.work()
    assert charges(world, row.subscription_id)[len(old) :] == [("increase", "2027-01-29", 2, 1, 38)]
    go_to(world, RENEWAL + dt.timedelta(hours=1))
    world.sync()
    charge_cycles.post_due(at=world.at)
    assert charges(world, row.subscription_id)[len(old) + 1 :] == [("cycle", "2027-01-30", 12, 28, 7056)]


def test_a_purchase_has_the_price_of_its_terms_first_day(world: World) -> None:
    """On the last evening of March in Los Angeles the vendor begins a term on 1 April, when the price rises."""
    in_zone(world, "America/Los_Angeles")
    go_to(world, dt.datetime(2026, 4, 1, 1, 0, tzinfo=dt.UTC))
    dearer(world, key(E3), "50", from_on=dt.date(2026, 4, 1))
    priced = buy_pricing.price(
        by=world.actor("north_owner"),
        customer=customers.customer(seen_by=SYSTEM, customer_id=world.customer_ids["north"]),
        choice=choice(world, E3),
        subscription_id=world.holding("north", BASIC).subscription_id,
        at=world.at,
    )
    assert priced.quote is not None
    assert priced.quote.lines[0].due_now.minor == 15000
