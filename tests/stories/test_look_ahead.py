"""The view of a chosen future day shows what time then really brings."""

import datetime as dt

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.rules import renewals, terms, timeline
from seatwright.subscriptions.models import Subscription
from seatwright.workflows import charge_cycles, look_ahead, schedule_change
from tests.stories.buying import PREMIUM, choice, place, quote
from tests.stories.world import BASIC, EXCHANGE, ROWS, STANDARD, World, key_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_expected_charges_are_the_ones_that_time_brings(world: World) -> None:
    ahead = look_ahead.licences(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        on=dt.date(2026, 6, 30),
        at=world.at,
    )
    for _ in range(15):
        world.move(days=7)
        world.sync()
        charge_cycles.post_due(at=world.at)
    world.move(hours=10)
    assert world.at.date() == dt.date(2026, 6, 30)
    charge_cycles.post_due(at=world.at)
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert ahead.totals == {"EUR": sum(row.amount_minor for row in rows)}
    expected = sorted(
        (line.name, charge.start_on, charge.amount_minor) for line in ahead.lines for charge in line.charges
    )
    assert expected == sorted((row.name, row.period_start_on, row.amount_minor) for row in rows)


def test_windows_that_will_be_closed_are_shown_closed_and_nothing_is_changed(world: World) -> None:
    def basic(on: dt.date) -> look_ahead.Line:
        ahead = look_ahead.licences(
            by=world.actor("north_owner"), customer_id=world.customer_ids["north"], on=on, at=world.at
        )
        wanted = world.holding("north", BASIC).subscription_id
        return next(line for line in ahead.lines if line.subscription_id == wanted)

    assert basic(dt.date(2026, 3, 17)).returnable == 2
    assert basic(dt.date(2026, 3, 25)).returnable == 0
    assert basic(dt.date(2027, 2, 1)).renewals == 1
    assert basic(dt.date(2027, 2, 1)).term_end_on == dt.date(2028, 1, 30)
    assert world.open_operations() == 0
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []


def test_days_out_of_reach_and_foreign_customers_are_refused(world: World) -> None:
    for on in (dt.date(2026, 3, 16), dt.date(2036, 1, 1)):
        with pytest.raises(look_ahead.DayRefused):
            look_ahead.licences(
                by=world.actor("north_owner"), customer_id=world.customer_ids["north"], on=on, at=world.at
            )
    with pytest.raises(permissions.Unknown):
        look_ahead.licences(
            by=world.actor("south_owner"),
            customer_id=world.customer_ids["north"],
            on=dt.date(2026, 4, 1),
            at=world.at,
        )


def test_a_wish_for_the_renewal_is_what_the_day_after_it_shows(world: World) -> None:
    owner, held = world.actor("north_owner"), world.holding("north", BASIC)
    schedule_change.schedule(
        by=owner,
        subscription_id=held.subscription_id,
        wishes={
            timeline.Dimension.QUANTITY: timeline.SeatsTotal(8),
            timeline.Dimension.BILLING_PLAN: terms.BillingPlan.ANNUAL,
        },
        at=world.at,
    )

    def shown(on: dt.date) -> look_ahead.Line:
        page = look_ahead.licences(by=owner, customer_id=world.customer_ids["north"], on=on, at=world.at)
        return next(line for line in page.lines if line.subscription_id == held.subscription_id)

    before, after = shown(dt.date(2027, 1, 29)), shown(dt.date(2028, 2, 1))
    assert (before.seats, before.renewals, len(before.charges)) == (10, 0, 10)
    assert (after.seats, after.renewals, after.term_end_on) == (8, 2, dt.date(2029, 1, 30))
    # Eight seats for a year at 67.20 each, twice, neither of them frozen yet.
    told = [(each.start_on, each.seats, each.amount_minor, each.is_frozen) for each in after.charges[-2:]]
    assert told == [
        (dt.date(2027, 1, 30), 8, 53760, False),
        (dt.date(2028, 1, 30), 8, 53760, False),
    ]
    schedule_change.schedule(
        by=owner,
        subscription_id=held.subscription_id,
        wishes={timeline.Dimension.ENDING: renewals.Ending.CANCEL},
        clear=[timeline.Dimension.QUANTITY, timeline.Dimension.BILLING_PLAN],
        at=world.at,
    )
    assert (shown(dt.date(2027, 1, 30)).seats, shown(dt.date(2027, 1, 30)).renewals) == (0, 0)


def test_the_windows_that_a_renewal_opens_again_are_shown_as_time_brings_them(world: World) -> None:
    """Exchange renews by the month, on 7 April; Basic on 30 January with the eight seats wished for it."""
    owner, held = world.actor("north_owner"), world.holding("north", BASIC)
    schedule_change.schedule(
        by=owner,
        subscription_id=held.subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
        at=world.at,
    )

    def shown(sku_id: str, on: dt.date) -> tuple[int, int, str]:
        page = look_ahead.licences(by=owner, customer_id=world.customer_ids["north"], on=on, at=world.at)
        wanted = world.holding("north", sku_id).subscription_id
        line = next(line for line in page.lines if line.subscription_id == wanted)
        return line.seats, line.returnable, line.returnable_until.isoformat() if line.returnable_until else ""

    # Open for seven days from the end of the term, 00:00 UTC, less our ten minutes.
    assert shown(EXCHANGE, dt.date(2026, 4, 6)) == (1, 0, "")
    assert shown(EXCHANGE, dt.date(2026, 4, 8)) == (1, 1, "2026-04-13T23:50:00+00:00")
    assert shown(EXCHANGE, dt.date(2026, 4, 14)) == (1, 1, "2026-04-13T23:50:00+00:00")
    assert shown(EXCHANGE, dt.date(2026, 4, 15)) == (1, 0, "")
    assert shown(BASIC, dt.date(2027, 1, 29)) == (10, 0, "")
    assert shown(BASIC, dt.date(2027, 1, 31)) == (8, 8, "2027-02-05T23:50:00+00:00")
    assert shown(BASIC, dt.date(2027, 2, 7)) == (8, 0, "")
    world.move(days=22)
    world.sync()
    assert shown(EXCHANGE, dt.date(2026, 4, 8))[:2] == (1, 1)


def test_what_is_under_way_is_named_and_a_wished_plan_bears_its_own_name(world: World) -> None:
    owner, held = world.actor("north_owner"), world.holding("north", BASIC)

    def ahead(on: dt.date) -> look_ahead.Ahead:
        return look_ahead.licences(by=owner, customer_id=world.customer_ids["north"], on=on, at=world.at)

    def basic(on: dt.date) -> tuple[str, bool]:
        line = next(each for each in ahead(on).lines if each.subscription_id == held.subscription_id)
        return line.name, line.is_changing

    premium = held.offer_key.replace(":".join(held.offer_key.split(":")[1:3]), key_of(ROWS[PREMIUM]))
    schedule_change.schedule(
        by=owner, subscription_id=held.subscription_id, wishes={timeline.Dimension.OFFER: premium}, at=world.at
    )
    world.work()
    last, first = dt.date(2027, 1, 29), dt.date(2027, 1, 30)
    assert (basic(last), basic(first)) == ((held.name, False), (ROWS[PREMIUM]["title"], False))
    assert ahead(last).being_bought == ()
    place(world, quote(world, choice(world, ROWS[PREMIUM], seats=2)))
    world.book("north_owner", "north", basic=held.seats + 1)
    assert (basic(last), ahead(last).being_bought) == ((held.name, True), (ROWS[PREMIUM]["title"],))


def test_a_licence_keeps_its_own_name_where_another_one_becomes_the_same_product(world: World) -> None:
    owner, held, other = world.actor("north_owner"), world.holding("north", BASIC), world.holding("north", STANDARD)
    Subscription.objects.filter(pk=held.subscription_id).update(name="Front desk")
    offer = other.offer_key.replace(":".join(other.offer_key.split(":")[1:3]), key_of(ROWS[BASIC]))
    assert offer == held.offer_key
    wishes = {timeline.Dimension.OFFER: offer}
    schedule_change.schedule(by=owner, subscription_id=other.subscription_id, wishes=wishes, at=world.at)
    world.work()
    on = dt.date(2027, 1, 30)
    ahead = look_ahead.licences(by=owner, customer_id=world.customer_ids["north"], on=on, at=world.at)
    names = {line.subscription_id: line.name for line in ahead.lines}
    assert names[held.subscription_id] == "Front desk"
