"""A price found late is that of what the customer had: the product, the kind of month and the seats of its own time."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue.models import Offer
from seatwright.customers import queries as customers
from seatwright.customers.models import Reseller
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import late_prices
from seatwright.workflows import change_status, run_desk, settle_drift
from tests.stories.test_extended_service import sell_its_own_line
from tests.stories.test_renewal_processing import an_hour_passes, go_to
from tests.stories.test_unpriced import day, serve_west, take_west_over, west
from tests.stories.world import BASIC, ROWS, STANDARD, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)


def in_the_console(world: World, **members: Any) -> None:
    """Somebody writes these members of West's subscription without the product."""
    path = f"customers/{tenant_id('west')}/subscriptions/{west(world).vendor_subscription_id}"
    url = f"{world.simulator.base_url}/v1/{path}"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    body = httpx2.get(url, headers=headers).json() | members
    assert httpx2.patch(url, headers=headers, json=body).status_code == 200


def charges(world: World) -> list[tuple[str, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"])
    return sorted((row.period_start_on.isoformat(), row.amount_minor) for row in rows)


def waiting(world: World) -> list[str]:
    return [term.start_on.isoformat() for term in run_desk.queue(by=world.actor("support")).unpriced]


def test_a_month_before_a_change_of_product_is_charged_as_the_product_that_it_was(world: World) -> None:
    """Four seats of Basic by the month are 4 x 6.72 = 26.88; of Standard, from 10 June on, 4 x 14.04 = 56.16."""
    serve_west(world, country="FR", created_at="2026-03-10T10:00:00+00:00", term="P1M")
    take_west_over(world, country="FR")
    for month in (4, 5):
        an_hour_passes(world, day(2026, month, 11))
    standard = ROWS[STANDARD]
    product = next_product(world, standard, term="P1M")
    in_the_console(world, scheduledNextTermInstructions={"product": product, "quantity": 4})
    an_hour_passes(world, day(2026, 6, 11))
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    an_hour_passes(world, day(2026, 6, 12))
    assert charges(world) == [("2026-04-10", 2688), ("2026-05-10", 2688), ("2026-06-10", 5616)]
    assert (west(world).name, west(world).sku_id, waiting(world)) == (standard["title"], STANDARD, [])


def next_product(world: World, row: dict[str, Any], *, term: str) -> dict[str, str]:
    """What the vendor wants to read about the product of a next term, billed by the month."""
    path = f"products/{row['product_id']}/skus/{row['vendor_sku_id']}/availabilities?country=FR"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    found = httpx2.get(f"{world.simulator.base_url}/v1/{path}", headers=headers).json()["items"][0]["id"]
    return {
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "availabilityId": found,
        "billingCycle": "monthly",
        "termDuration": term,
    }


@pytest.mark.parametrize("zone", ["Europe/Brussels", "America/New_York"])
def test_what_a_licence_owes_that_ended_before_its_price_was_known_waits_for_it_and_is_charged(
    world: World, zone: str
) -> None:
    """The year ends on 10 June 2026; its cycles of 10 April and 10 May are 4 x 5.88 = 23.52 each."""
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone=zone)
    serve_west(world, country="FR", created_at="2025-06-10T10:00:00+00:00")
    take_west_over(world, country="FR")
    at_end = [{"scheduleType": "TermEnd", "actionType": "Cancel"}]
    in_the_console(world, autoRenewEnabled=False, scheduledActions=at_end)
    for number in (9, 10):
        an_hour_passes(world, day(2026, 6, number))
    assert (west(world).status, west(world).seats) == ("deleted", 0)
    assert (waiting(world), charges(world)) == (["2025-06-10"], [])
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    for _ in range(2):
        world.sync()
        assert (waiting(world), charges(world)) == ([], [("2026-04-10", 2352), ("2026-05-10", 2352)])


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Pacific/Auckland", "America/Los_Angeles"])
def test_what_was_met_on_its_first_day_is_charged_once_from_the_earlier_of_both_days(world: World, zone: str) -> None:
    """It is 1 April in Auckland already and 31 March for the vendor; a cycle of four seats is 23.52."""
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone=zone)
    go_to(world, dt.datetime(2026, 3, 31, 20, tzinfo=dt.UTC))
    serve_west(world, country="FR", created_at="2026-03-31T19:50:00+00:00")
    take_west_over(world, country="FR")
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    an_hour_passes(world, day(2026, 4, 2))
    assert (charges(world), waiting(world)) == ([("2026-03-31", 2352)], [])


@pytest.mark.parametrize("has_own_line", [True, False], ids=["own line", "same line"])
def test_months_of_extended_service_keep_their_surcharge_and_the_year_before_its_price(
    world: World, has_own_line: bool
) -> None:
    """Cycles of the year are 23.52; months of extended service 4 x 6.72 x 1.03 = 27.69, the first as the second."""
    if has_own_line:
        sell_its_own_line(world)
    serve_west(world, country="FR", created_at="2025-06-10T10:00:00+00:00", auto_renew=False)
    take_west_over(world, country="FR")
    for month in (6, 7):
        an_hour_passes(world, day(2026, month, 20))
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    an_hour_passes(world, dt.datetime(2026, 7, 21, 6, tzinfo=dt.UTC))
    assert charges(world) == [("2026-04-10", 2352), ("2026-05-10", 2352), ("2026-06-10", 2769), ("2026-07-10", 2769)]
    assert waiting(world) == []


def test_what_was_ended_elsewhere_without_a_price_is_charged_late_up_to_the_day_of_taking_over(world: World) -> None:
    """Months of 26.88; of that from 10 May the 27 days of 31 from the 14th on are given back, 23.41."""
    serve_west(world, country="FR", created_at="2026-03-10T10:00:00+00:00", term="P1M")
    take_west_over(world, country="FR")
    for month, number in ((4, 11), (5, 11), (5, 14)):
        an_hour_passes(world, day(2026, month, number))
    in_the_console(world, status="deleted")
    world.sync()
    settle_drift.adopt(
        by=world.actor("support"), subscription_id=west(world).subscription_id, reason="Ended there.", at=world.at
    )
    assert waiting(world) == ["2026-03-10", "2026-04-10", "2026-05-10"]
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    for _ in range(2):
        world.sync()
        assert waiting(world) == []
        assert charges(world) == [("2026-04-10", 2688), ("2026-05-10", 2688), ("2026-05-14", -2341)]


def test_a_price_and_the_end_of_the_licence_that_one_reading_shows_are_charged(world: World) -> None:
    serve_west(world, country="FR", created_at="2025-06-10T10:00:00+00:00")
    take_west_over(world, country="FR")
    at_end = [{"scheduleType": "TermEnd", "actionType": "Cancel"}]
    in_the_console(world, autoRenewEnabled=False, scheduledActions=at_end)
    an_hour_passes(world, day(2026, 6, 9))
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    an_hour_passes(world, day(2026, 6, 10))
    assert (west(world).status, waiting(world)) == ("deleted", [])
    assert charges(world) == [("2026-04-10", 2352), ("2026-05-10", 2352)]


def sold(*, term: str) -> Offer:
    """Basic in that term, billed by the month, as it is sold in Belgium."""
    return Offer.objects.get(
        product__product_id=ROWS[BASIC]["product_id"],
        product__vendor_sku_id=ROWS[BASIC]["vendor_sku_id"],
        market="BE",
        segment="commercial",
        term=term,
        billing_plan="monthly",
    )


@pytest.fixture
def without_monthly_price(world: World) -> World:
    """West's year ran on from 10 June 2026; the monthly term, on whose price its own lies, has one in dollars only."""
    serve_west(world, country="BE", created_at="2025-06-10T10:00:00+00:00", auto_renew=False)
    take_west_over(world, country="BE")
    catalogue.price_fixed(
        reseller_id=world.reseller_id,
        offer_pk=sold(term="P1M").pk,
        amount=Decimal("6.50"),
        currency="USD",
        valid_from_on=dt.date(2026, 6, 1),
        at=world.at,
    )
    an_hour_passes(world, day(2026, 6, 11))
    assert (west(world).unit_rate, waiting(world)) == ("", ["2026-06-10"])
    return world


def price_it(world: World) -> None:
    catalogue.price_at_rrp(
        reseller_id=world.reseller_id, offer_pk=sold(term="P1M").pk, valid_from_on=dt.date(2026, 6, 1), at=world.at
    )


def test_extended_service_waits_for_the_price_of_a_monthly_term_that_is_listed(without_monthly_price: World) -> None:
    """Only where no list has a monthly term is it 5.88 x 1.23, the price of the year; here it is 6.72 x 1.03."""
    price_it(without_monthly_price)
    an_hour_passes(without_monthly_price, day(2026, 6, 12))
    assert (west(without_monthly_price).unit_rate, charges(without_monthly_price)[-1]) == (
        "6.9216",
        ("2026-06-10", 2769),
    )


def test_a_month_without_a_price_that_is_ended_is_charged_late_up_to_that_day(without_monthly_price: World) -> None:
    """Ten of thirty days: 27.69 less 18.46 for the twenty from 20 June on."""
    world, staff = without_monthly_price, without_monthly_price.actor("staff")
    an_hour_passes(world, day(2026, 6, 20))
    shown = change_status.preview(
        by=staff, subscription_id=west(world).subscription_id, action=change_status.Action.END, at=world.at
    )
    change_status.place(by=staff, shown=shown, reason="as asked", at=world.at)
    world.work()
    assert (west(world).status, west(world).seats, waiting(world)) == ("deleted", 0, ["2026-06-10"])
    price_it(world)
    for date in (21, 22):
        an_hour_passes(world, day(2026, 6, date))
        assert charges(world)[-2:] == [("2026-06-10", 2769), ("2026-06-20", -1846)]
    assert waiting(world) == []


def test_terms_that_cannot_be_priced_keep_no_other_from_its_price(world: World) -> None:
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])[0]

    def enter(start_on: dt.date, offer_key: str) -> uuid.UUID:
        new = subscriptions.NewSubscription(
            tenant_id=tenant.tenant_id,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            vendor_key="microsoft",
            vendor_subscription_id=str(uuid.uuid4()),
            offer_key=offer_key,
            sku_id="",
            name="Licence",
            term="P1Y",
            billing_plan="monthly",
            anchor_on=start_on,
            term_start_on=start_on,
            unit_rate="",
            currency="EUR",
            price_list_version="",
            is_trial=False,
            charged_from_on=start_on,
        )
        reading = subscriptions.Reading(
            status="active",
            seats=3,
            auto_renew=True,
            commitment_end_on=start_on + dt.timedelta(days=365),
            returnable=None,
            scheduled=None,
            cancellable_until=None,
        )
        return subscriptions.adopt(new=new, reading=reading, policy_version="test", at=world.at)

    older = [enter(dt.date(2026, 1, 1), "") for _ in range(late_prices.SHOWN_MOST)]
    last = enter(dt.date(2026, 2, 1), world.holding("north", BASIC).offer_key)
    assert last in {term.subscription_id for term in late_prices.unpriced_of(subscription_ids=[*older, last])}
