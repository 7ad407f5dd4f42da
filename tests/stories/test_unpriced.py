"""Terms that begin before anybody knows their price, and next terms that somebody stored in the vendor's console."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from seatwright.access import audit
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import naming
from seatwright.customers import changes as customers
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    charge_cycles,
    look_ahead,
    overview,
    renewal_radar,
    run_desk,
    schedule_change,
    settle_drift,
    stored_elsewhere,
)
from tests.stories import test_radar_of_months as radar
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.test_extended_service import charged, sell_its_own_line
from tests.stories.test_renewal_processing import an_hour_passes, go_to
from tests.stories.world import BASIC, EXCHANGE, PARTNER_TENANT_ID, ROWS, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)


def day(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 6, tzinfo=dt.UTC)


def serve_west(
    world: World, *, country: str, created_at: str, auto_renew: bool = True, term: str = "P1Y", **other: Any
) -> None:
    """A third customer, with four seats of Basic billed by the month or `other` than that; not read yet."""
    row = ROWS[BASIC]
    bought = {
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": 4,
        "term": term,
        "billingCycle": "monthly",
        "createdAt": created_at,
        "autoRenew": auto_renew,
    } | other
    names = {"tenantId": tenant_id("west"), "company": "West", "domain": "west.example", "country": country}
    directory = {
        "tenantId": tenant_id("west"),
        "organization": {"displayName": "West", "countryLetterCode": country},
        "domains": [{"id": "west.example", "isVerified": True}],
        "users": [],
    }
    world.simulator.seed({"customers": [names | {"subscriptions": [bought]}], "directories": [directory]})


def take_west_over(world: World, *, country: str) -> None:
    """The reseller enters the customer, who is read for the first time."""
    world.customer_ids["west"] = customers.create_customer(
        reseller_id=world.reseller_id, name="West", country=country, vat_id="", time_zone="Europe/Paris", at=world.at
    )
    account_id = customers.connect_account(
        reseller_id=world.reseller_id, vendor_key="microsoft", partner_tenant_id=PARTNER_TENANT_ID, label="CSP"
    )
    customers.add_tenant(
        customer_id=world.customer_ids["west"],
        account_id=account_id,
        vendor_tenant_id=tenant_id("west"),
        vendor_customer_id=tenant_id("west"),
        primary_domain="west.example",
    )
    world.sync()


def west(world: World) -> holdings.HoldingRow:
    (row,) = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["west"]])
    return row


def ahead_of_west(world: World, *, on: dt.date) -> look_ahead.Line:
    (line,) = look_ahead.licences(by=SYSTEM, customer_id=world.customer_ids["west"], on=on, at=world.at).lines
    return line


def test_seats_changed_elsewhere_are_taken_over_once_their_price_is_known(world: World) -> None:
    """Two seats more from 17 to 30 March, 13 days of the 31 since 27 February: 5.88 x 2 x 13 / 31 is 4.93."""
    serve_west(world, country="FR", created_at="2026-01-30T10:00:00+00:00")
    take_west_over(world, country="FR")
    change_at_the_vendor(world, west(world).vendor_subscription_id, seats=6, customer="west")
    world.sync()

    def adopt() -> None:
        settle_drift.adopt(
            by=world.actor("support"), subscription_id=west(world).subscription_id, reason="Asked them.", at=world.at
        )

    with pytest.raises(settle_drift.PriceUnknown):
        adopt()
    assert (west(world).seats, len(holdings.open_drifts(seen_by=SYSTEM))) == (4, 1)
    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    world.sync()
    adopt()
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"])
    assert (west(world).seats, [(row.kind, row.seats, row.days, row.amount_minor) for row in rows]) == (
        6,
        [("adopted", 2, 13, 493)],
    )


def test_a_term_without_a_known_price_waits_for_it_in_the_queue_and_is_charged_late_from_its_day(world: World) -> None:
    """No price in France until February 2027. Four seats at 5.88: 23.52 for each of eleven months since March."""
    serve_west(world, country="FR", created_at="2026-01-30T10:00:00+00:00")
    take_west_over(world, country="FR")
    an_hour_passes(world, day(2027, 2, 5))
    entered = holdings.terms(subscription_ids=[west(world).subscription_id])[west(world).subscription_id]
    assert [(term.start_on.isoformat(), term.unit_rate) for term in entered] == [("2026-01-30", ""), ("2027-01-30", "")]
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"]) == []
    waiting = run_desk.queue(by=world.actor("support")).unpriced
    assert [(term.start_on.isoformat(), term.priced_on.isoformat()) for term in waiting] == [
        ("2026-01-30", "2026-03-17"),
        ("2027-01-30", "2027-01-30"),
    ]
    assert run_desk.queue(by=world.actor("other_staff")).unpriced == ()
    line = ahead_of_west(world, on=dt.date(2027, 4, 1))
    assert (line.is_priced, line.charges) == (False, ())

    catalogue.load_demo_catalogue(at=world.at, markets=("FR",))
    assert ahead_of_west(world, on=dt.date(2027, 4, 1)).is_priced is False
    an_hour_passes(world, day(2027, 2, 6))
    assert (west(world).unit_rate, west(world).name) == ("5.88", ROWS[BASIC]["title"])
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"])
    days = sorted((row.period_start_on.isoformat(), row.amount_minor) for row in rows)
    assert (days[0], days[-1], len(days)) == (("2026-03-30", 2352), ("2027-01-30", 2352), 11)
    assert {row.amount_minor for row in rows} == {2352}
    assert run_desk.queue(by=world.actor("support")).unpriced == ()
    line = ahead_of_west(world, on=dt.date(2027, 4, 1))
    assert (line.is_priced, [each.amount_minor for each in line.charges]) == (True, [2352, 2352])
    subscription_id = west(world).subscription_id
    told = [e.action for e in audit.history(seen_by=SYSTEM, subject_kind="subscription", subject_id=subscription_id)]
    assert told.count("term.priced") == 2
    an_hour_passes(world, day(2027, 2, 7))
    assert charge_cycles.post_due(at=world.at) == 0
    assert len(billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"])) == 11


@pytest.mark.parametrize("has_own_line", [True, False], ids=["own line", "same line"])
def test_a_licence_first_met_inside_extended_service_has_the_surcharge_on_its_price(
    world: World, has_own_line: bool
) -> None:
    """The year ends on 10 June 2026 and nobody renews it: 6.72 x 1.03 = 6.9216; four seats 27.69 from July on."""
    if has_own_line:
        sell_its_own_line(world)
    serve_west(world, country="BE", created_at="2025-06-10T10:00:00+00:00", auto_renew=False)
    an_hour_passes(world, day(2026, 6, 20))
    take_west_over(world, country="BE")
    row = west(world)
    assert (row.term, row.unit_rate, row.sku_id) == ("P1M", "6.9216", BASIC)
    an_hour_passes(world, day(2026, 7, 11))
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"])
    assert [(row.period_start_on.isoformat(), row.amount_minor) for row in rows] == [("2026-07-10", 2769)]
    assert holdings.open_drifts(seen_by=SYSTEM) == []


def in_the_console(world: World, sku_id: str, **members: Any) -> None:
    """Somebody writes these members of North's subscription without the product."""
    vendor_id = world.holding("north", sku_id).vendor_subscription_id
    url = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{vendor_id}"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    body = httpx2.get(url, headers=headers).json() | members
    assert httpx2.patch(url, headers=headers, json=body).status_code == 200


def exchange_terms(world: World) -> list[tuple[str, str]]:
    subscription_id = world.holding("north", EXCHANGE).subscription_id
    entered = holdings.terms(subscription_ids=[subscription_id])[subscription_id]
    return [(term.start_on.isoformat(), term.unit_rate) for term in entered]


def test_a_month_that_ran_on_unannounced_has_the_surcharge_though_the_last_reading_said_renew(world: World) -> None:
    """Exchange, one seat by the month at 4.44: 4.44 x 1.03 = 4.5732. A friendly name hides the offer's title."""
    in_the_console(world, EXCHANGE, friendlyName="Mailboxes")
    for month in (4, 5):
        an_hour_passes(world, day(2026, month, 8))
    in_the_console(world, EXCHANGE, autoRenewEnabled=False)
    an_hour_passes(world, day(2026, 6, 8))
    assert exchange_terms(world)[1:] == [("2026-04-07", "4.44"), ("2026-05-07", "4.44"), ("2026-06-07", "4.5732")]
    assert charged(world, EXCHANGE, since=dt.date(2026, 5, 7)) == [
        ("cycle", "2026-05-07", 444),
        ("cycle", "2026-06-07", 457),
    ]


def test_of_unread_months_only_the_last_one_is_known_to_be_extended_where_the_first_was_to_renew(world: World) -> None:
    world.move(days=54)
    in_the_console(world, EXCHANGE, autoRenewEnabled=False)
    an_hour_passes(world, day(2026, 6, 20))
    assert exchange_terms(world)[1:] == [("2026-04-07", "4.44"), ("2026-05-07", "4.44"), ("2026-06-07", "4.5732")]


def test_a_month_that_runs_on_after_an_unread_change_of_product_is_the_new_products(world: World) -> None:
    """Exchange becomes Business Basic at 6.72 with its next month, and runs on after that: 6.72 x 1.03 = 6.9216."""
    row = world.holding("north", EXCHANGE)
    key = naming.offer_key(row.offer_key)
    assert key is not None
    basic = key._replace(product_id=ROWS[BASIC]["product_id"], vendor_sku_id=ROWS[BASIC]["vendor_sku_id"])
    world.move(days=25)
    world.sync()
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=row.subscription_id,
        wishes={timeline.Dimension.OFFER: str(basic)},
        at=world.at,
    )
    world.work()
    world.sync()
    go_to(world, day(2026, 5, 10))
    in_the_console(world, EXCHANGE, autoRenewEnabled=False)
    an_hour_passes(world, day(2026, 6, 20))
    (entered,) = holdings.by_ids(subscription_ids=[row.subscription_id])
    assert (entered.sku_id, entered.name) == (BASIC, ROWS[BASIC]["title"])
    rates = [term.unit_rate for term in holdings.terms(subscription_ids=[row.subscription_id])[row.subscription_id]]
    assert rates == ["4.44", "4.44", "6.72", "6.9216"]


def test_a_next_term_stored_in_the_vendors_console_is_shown_before_it_comes(world: World) -> None:
    row = world.holding("north", BASIC)
    assert stored_elsewhere.of(row, reseller_id=row.reseller_id) is None
    product = {
        "productId": ROWS[BASIC]["product_id"],
        "skuId": ROWS[BASIC]["vendor_sku_id"],
        "availabilityId": offer_id(world).split(":")[2],
        "billingCycle": "monthly",
        "termDuration": "P1Y",
    }
    in_the_console(world, BASIC, scheduledNextTermInstructions={"product": product, "quantity": 6})
    world.sync()
    row = world.holding("north", BASIC)
    assert stored_elsewhere.of(row, reseller_id=row.reseller_id) == stored_elsewhere.Elsewhere(
        name=row.name, seats=6, term="P1Y", billing_plan="monthly", last_on=None
    )

    def basic() -> look_ahead.Line:
        ahead = look_ahead.licences(
            by=SYSTEM, customer_id=world.customer_ids["north"], on=dt.date(2027, 2, 15), at=world.at
        )
        return next(line for line in ahead.lines if line.subscription_id == row.subscription_id)

    assert (basic().is_planned_elsewhere, basic().seats) == (True, 10)
    renewal = radar.shown(world, BASIC)
    assert (renewal.is_planned_elsewhere, radar.amounts(renewal)) == (True, (None, None, None))
    listed = renewal_radar.staff_radar(by=world.actor("staff"), only_savable=True, at=world.at).rows
    assert row.subscription_id in {line.renewal.subscription_id for line in listed}
    near = dt.datetime(2027, 1, 20, 10, tzinfo=dt.UTC)
    needs = overview.home(by=world.actor("north_owner"), at=near).needs
    assert ("planned_elsewhere", row.subscription_id) in {(need.kind, need.subscription_id) for need in needs}
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=row.subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
        at=world.at,
    )
    world.work()
    world.sync()
    assert (basic().is_planned_elsewhere, basic().seats) == (False, 8)
    assert radar.shown(world, BASIC).is_planned_elsewhere is False


def test_a_licence_met_in_a_short_month_is_charged_on_the_days_from_which_the_vendor_counts(world: World) -> None:
    """Bought on 31 January by the month, and met in the one from 28 February to 31 March.

    Four seats at 6.72 are 26.88 a month, and the first month that is ours to charge begins on 31 March.
    """
    serve_west(world, country="BE", created_at="2026-01-31T09:00:00Z", term="P1M")
    take_west_over(world, country="BE")
    met = west(world)
    assert (met.term_start_on, met.commitment_end_on) == (dt.date(2026, 2, 28), dt.date(2026, 3, 31))
    # Nobody reads for two months: each of them ends where the vendor ended it.
    an_hour_passes(world, day(2026, 6, 1))
    terms = holdings.terms(subscription_ids=[met.subscription_id])[met.subscription_id]
    ends = [(term.start_on.isoformat(), term.end_on.isoformat()) for term in terms[1:]]
    assert ends == [("2026-03-31", "2026-04-30"), ("2026-04-30", "2026-05-31"), ("2026-05-31", "2026-06-30")]
    charge_cycles.post_due(at=world.at)
    posted = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["west"])
    days = sorted((each.period_start_on.isoformat(), each.period_end_on.isoformat()) for each in posted)
    assert (days, {each.amount_minor for each in posted}) == (ends, {2688})


def offer_id(world: World) -> str:
    vendor_id = world.holding("north", BASIC).vendor_subscription_id
    url = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{vendor_id}"
    found: str = httpx2.get(url, headers={"Authorization": f"Bearer {world.simulator.token()}"}).json()["offerId"]
    return found


def test_what_the_vendor_repeats_of_the_running_term_is_no_other_one(world: World) -> None:
    row = world.holding("north", BASIC)
    parts = row.offer_key.split(":")
    as_now = {
        "product_id": parts[1],
        "vendor_sku_id": parts[2],
        "catalogue_id": "",
        "quantity": row.seats,
        "term": row.term,
        "billing_cycle": row.billing_plan,
        "promotion_id": "",
        "custom_end_on": None,
    }
    assert stored_elsewhere.is_there(replace(row, next_term=as_now)) is False
    other = as_now | {"product_id": "CFQ7TTC0XXXX", "custom_end_on": "2027-06-30"}
    found = stored_elsewhere.of(replace(row, next_term=other), reseller_id=uuid.uuid4())
    assert found is not None
    assert (found.name, found.last_on) == (f"CFQ7TTC0XXXX:{parts[2]}", dt.date(2027, 6, 29))
