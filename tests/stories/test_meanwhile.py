"""What two people, two consoles or two clocks do at once: neither is lost, and what is charged is what was shown."""

import datetime as dt
from typing import Any

import pytest

from seatwright.customers import queries as customers
from seatwright.customers.models import Reseller
from seatwright.orders import intents
from seatwright.rules import renewals, timeline
from seatwright.workflows import (
    answer_sheet,
    change_status,
    charge_cycles,
    look_ahead,
    pricing,
    renewal_choices,
    renewal_radar,
    schedule_change,
    term_pricing,
)
from seatwright.workflows.change_status import Action, Effect
from tests.stories import swapping
from tests.stories.test_change_status import do
from tests.stories.test_change_term import E3, Plan, Term, charges, place, quoted, sell_three_years_by_the_month
from tests.stories.test_renewal_processing import go_to
from tests.stories.test_renewal_sheet import DEADLINE, answer, line, sheet_of, wished
from tests.stories.test_renewal_sheet import chores as sheet_chores
from tests.stories.test_unpriced import in_the_console, offer_id
from tests.stories.world import BASIC, EXCHANGE, ROWS, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)
Dimension = timeline.Dimension
ENDS_WITH_THE_TERM: dict[str, Any] = {
    "autoRenewEnabled": False,
    "scheduledActions": [{"scheduleType": "TermEnd", "actionType": "Cancel"}],
}


def renewal(world: World, sku_id: str) -> renewal_radar.Renewal:
    subscription_id = world.holding("north", sku_id).subscription_id
    found = renewal_radar.renewals_of(
        by=world.actor("north_owner"), customer_id=world.customer_ids["north"], at=world.at
    )
    return next(each for each in found if each.subscription_id == subscription_id)


def six_seats(world: World) -> dict[str, Any]:
    product = {
        "productId": ROWS[BASIC]["product_id"],
        "skuId": ROWS[BASIC]["vendor_sku_id"],
        "availabilityId": offer_id(world).split(":")[2],
        "billingCycle": "monthly",
        "termDuration": "P1Y",
    }
    return {"scheduledNextTermInstructions": {"product": product, "quantity": 6}}


def test_an_ending_that_was_stored_elsewhere_outlives_a_change_of_seats_here(world: World) -> None:
    """The vendor forgets it with the change; without it the licence would run on with a surcharge."""
    in_the_console(world, BASIC, **ENDS_WITH_THE_TERM)
    world.sync()
    assert world.holding("north", BASIC).end_of_term == "cancel"
    world.book("north_owner", "north", basic=11)
    world.work()
    world.sync()
    row = world.holding("north", BASIC)
    assert (row.seats, row.end_of_term, intents.open_intents(subscription_ids=[row.subscription_id])) == (
        11,
        "cancel",
        {},
    )


@pytest.mark.parametrize("change", ["seats", "resume"])
def test_a_next_term_that_was_stored_elsewhere_outlives_what_is_changed_here(world: World, change: str) -> None:
    """Six seats for a year are to follow ten; one more seat now, or a pause, is no word about them."""
    in_the_console(world, BASIC, **six_seats(world))
    world.sync()
    row = world.holding("north", BASIC)
    owner = world.actor("north_owner")
    if change == "seats":
        world.book("north_owner", "north", basic=11)
        world.work()
    else:
        for action in (Action.SUSPEND, Action.RESUME):
            shown = change_status.preview(by=owner, subscription_id=row.subscription_id, action=action, at=world.at)
            change_status.place(by=owner, shown=shown, reason="", at=world.at)
            world.work()
    world.sync()
    after = world.holding("north", BASIC)
    assert after.next_term is not None
    assert (after.status, after.seats, after.next_term["quantity"]) == ("active", 11 if change == "seats" else 10, 6)
    assert after.auto_renew
    assert intents.open_intents(subscription_ids=[row.subscription_id]) == {}


@pytest.mark.parametrize("is_wished", [True, False], ids=["wished here", "stored elsewhere"])
def test_seats_swapped_out_of_a_licence_that_is_to_end_end_with_it(world: World, is_wished: bool) -> None:
    """Two people leave Basic, which ends on 30 January 2027; their seats of Standard end that day too."""
    basic = world.holding("north", BASIC)
    if is_wished:
        ends = {Dimension.ENDING: renewals.Ending.CANCEL}
        schedule_change.schedule(
            by=world.actor("north_owner"), subscription_id=basic.subscription_id, wishes=ends, at=world.at
        )
        world.work()
    else:
        in_the_console(world, BASIC, **ENDS_WITH_THE_TERM)
    world.sync()
    swapping.book(world, swapping.choice(world, 1, 2))
    for _ in range(3):
        world.work(rounds=30, step_s=30)
        world.sync()
    born = next(row for row in swapping.rows_of(world, STANDARD) if row.seats == 2)
    kept = world.holding("north", BASIC)
    assert (born.commitment_end_on, born.end_of_term, kept.seats, kept.end_of_term) == (
        basic.commitment_end_on,
        "cancel",
        8,
        "cancel",
    )


@pytest.mark.parametrize("has_chore", [True, False], ids=["charges fall due first", "booked first"])
def test_a_licence_that_ends_before_its_next_day_begins_there_costs_nothing(world: World, has_chore: bool) -> None:
    """In New York it is 6 April, 23:59, when the end of a term that begins on the 7th is ordered, and past it after."""
    Reseller.objects.filter(pk=world.reseller_id).update(time_zone="America/New_York")
    world.at = dt.datetime(2026, 4, 7, 3, 59, 50, tzinfo=dt.UTC)
    world.simulator.clock(now=world.at.isoformat())
    world.sync()
    world.at = dt.datetime(2026, 4, 7, 3, 59, 58, tzinfo=dt.UTC)
    owner, key = world.actor("north_owner"), world.holding("north", EXCHANGE).subscription_id
    shown = change_status.preview(by=owner, subscription_id=key, action=Action.END, at=world.at)
    change_status.place(by=owner, shown=shown, reason="", at=world.at)
    world.move(seconds=30)
    if has_chore:
        charge_cycles.post_due(at=world.at)
    world.work()
    assert (shown.refund_minor, world.holding("north", EXCHANGE).status) == (444, "deleted")
    assert [each.amount_minor for each in charges(world, EXCHANGE)] == [444, -444]


@pytest.mark.parametrize(("first", "second", "ends"), [("keep", "cancel", True), ("cancel", "keep", False)])
def test_of_two_answers_at_once_the_later_one_stands_in_the_sheet_and_at_the_vendor(
    world: World, monkeypatch: pytest.MonkeyPatch, first: str, second: str, ends: bool
) -> None:
    sheet_id, real, troubles = sheet_of(world), answer_sheet.checkpoint, []

    def interrupted(name: str) -> None:
        if name == "intent.committed" and not troubles:
            troubles.append("begun")
            troubles.append(answer(world, sheet_id, basic=second))
        real(name)

    monkeypatch.setattr(answer_sheet, "checkpoint", interrupted)
    said = answer(world, sheet_id, basic=first)
    world.work()
    assert troubles[1] == {}
    assert [trouble.problem for trouble in said.values()] == ["decided"]
    decided = line(world, sheet_id)
    assert (decided.state, decided.choice) == ("answered", second)
    assert (world.holding("north", BASIC).end_of_term == "cancel") is ends
    kept = renewals.Ending.CANCEL if ends else renewals.Ending.RENEW
    assert wished(world, BASIC) == {timeline.Dimension.ENDING: kept}


def test_a_wish_for_the_plan_that_another_takes_the_place_of_is_kept(world: World) -> None:
    """Three years by the month become yearly on 1 April; wished before that, months at the renewal are a change."""
    sell_three_years_by_the_month(world)
    place(world, quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3))
    world.work()
    row, owner = world.holding("north", E3), world.actor("north_owner")
    assert row.billing_plan == "monthly"

    def rest_of_march() -> list[tuple[dt.date, int]]:
        on = dt.date(2029, 3, 10)
        ahead = look_ahead.licences(by=owner, customer_id=world.customer_ids["north"], on=on, at=world.at)
        found = next(each for each in ahead.lines if each.subscription_id == row.subscription_id)
        return [(each.end_on, each.amount_minor) for each in found.charges if each.start_on >= dt.date(2029, 1, 1)]

    before = rest_of_march()
    schedule_change.schedule(
        by=owner, subscription_id=row.subscription_id, wishes={Dimension.BILLING_PLAN: Plan.MONTHLY}, at=world.at
    )
    world.work()
    for days in (0, 15):
        world.move(days=days)
        charge_cycles.post_due(at=world.at)
        following = schedule_change.plan(by=owner, subscription_id=row.subscription_id, at=world.at).following
        assert (following.billing_plan, bool(wished(world, E3))) == (Plan.MONTHLY, True), days
    schedule_change.revoke(by=owner, subscription_id=row.subscription_id, dimension=None, at=world.at)
    assert rest_of_march() == before


def test_seats_added_before_another_billing_plan_begins_are_quoted_with_its_cycles(world: World) -> None:
    """Three seats at 39.00 a month until 1 April, then at 428.40 a year, of which 334 days of 365 are left.

    One more for 15 days of 31 is 18.87; the three cost 1176.05 from 1 April on, then 1285.20 twice.
    """
    sell_three_years_by_the_month(world)
    place(world, quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3))
    world.work()
    owner, row = world.actor("north_owner"), world.holding("north", E3)
    assert (row.seats, row.billing_plan) == (2, "monthly")
    customer = customers.customer(seen_by=owner, customer_id=world.customer_ids["north"])
    three = [pricing.Wish(subscription_id=row.subscription_id, seats=3)]
    priced = pricing.price(by=owner, customer=customer, wishes=three, at=world.at).calculation
    assert priced is not None
    (shown,) = priced.lines
    assert (shown.due_now_minor, shown.cycle_after_minor) == (1887, 128520)
    assert shown.rest_of_term_minor == 1887 + 117605 + 2 * 128520


def test_another_billing_plan_waits_for_the_vendors_day_where_its_own_has_begun(world: World) -> None:
    """In Brussels 1 April begins at 22:00 UTC: its cycle is charged, while the vendor still counts the one before."""
    sell_three_years_by_the_month(world)
    world.move(minutes=(dt.datetime(2026, 3, 31, 22, 15, tzinfo=dt.UTC) - world.at).total_seconds() / 60)
    charge_cycles.post_due(at=world.at)
    world.move(minutes=15)
    with pytest.raises(term_pricing.NotPossible) as refused:
        quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3)
    assert refused.value.why == "between_days"
    world.move(hours=2)
    place(world, quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3))


def test_the_list_of_renewals_counts_the_days_of_a_next_term_that_is_to_end_early(world: World) -> None:
    """Basic is to renew on 30 January 2027 and end with another licence in the same year."""
    owner, key = world.actor("north_owner"), world.holding("north", BASIC).subscription_id
    ends = renewal_choices.choices(by=owner, subscription_id=key, at=world.at).ends
    end_on = next(each.end_on for each in ends if "Standard" in " ".join(each.names))
    schedule_change.schedule(by=owner, subscription_id=key, wishes={Dimension.END_DATE: end_on}, at=world.at)
    world.work()
    plan = schedule_change.plan(by=owner, subscription_id=key, at=world.at)
    assert plan.price is not None
    shown = renewal(world, BASIC)
    assert shown.next_term_minor == plan.price.term_minor < 70560
    # Three of ten seats are free.
    assert shown.at_stake_minor is not None
    assert 0 < shown.at_stake_minor <= -(-plan.price.term_minor * 3 // 10) + 12


def test_a_suspended_licence_is_not_listed_as_running_on(world: World) -> None:
    do(world, Action.SUSPEND)
    world.sync()
    shown = renewal(world, BASIC)
    assert shown.following is not None
    assert (shown.following.outcome, shown.surcharge_minor, shown.next_term_minor) == (renewals.Ending.CANCEL, None, 0)


@pytest.mark.parametrize("default", ["keep", "reduce", "cancel"])
def test_silence_overrides_nothing_that_was_decided_in_another_console_since(world: World, default: str) -> None:
    sheet_id = sheet_of(world, default=default)
    in_the_console(world, BASIC, **(six_seats(world) if default == "cancel" else ENDS_WITH_THE_TERM))
    world.sync()
    before = world.holding("north", BASIC)
    world.at = DEADLINE
    world.simulator.clock(now=world.at.isoformat())
    world.sync()
    sheet_chores(world)
    world.work()
    world.sync()
    after = world.holding("north", BASIC)
    assert (after.end_of_term, after.next_term) == (before.end_of_term, before.next_term)
    assert (line(world, sheet_id).state, line(world, sheet_id).note) == ("standing", "elsewhere")
    assert intents.open_intents(subscription_ids=[after.subscription_id]) == {}


def test_a_wish_that_another_one_needs_is_not_taken_back_alone(world: World) -> None:
    """A month that is to become a year and end in April 2027 cannot end then as a month."""
    owner, key = world.actor("north_owner"), world.holding("north", EXCHANGE).subscription_id
    year_to_april = {Dimension.TERM: Term.P1Y, Dimension.END_DATE: dt.date(2027, 4, 1)}
    schedule_change.schedule(by=owner, subscription_id=key, wishes=year_to_april, at=world.at)
    with pytest.raises(schedule_change.Conflicted):
        schedule_change.revoke(by=owner, subscription_id=key, dimension=Dimension.TERM, at=world.at)
    assert wished(world, EXCHANGE) == year_to_april
    for dimension in (Dimension.END_DATE, Dimension.TERM):
        schedule_change.revoke(by=owner, subscription_id=key, dimension=dimension, at=world.at)
    assert wished(world, EXCHANGE) == {}
    schedule_change.schedule(by=owner, subscription_id=key, wishes=year_to_april, at=world.at)
    schedule_change.revoke(by=owner, subscription_id=key, dimension=None, at=world.at)
    assert wished(world, EXCHANGE) == {}


def test_resuming_stores_nothing_that_was_meant_before_another_console_resumed_and_more_seats_came(
    world: World,
) -> None:
    in_the_console(world, BASIC, **six_seats(world))
    world.sync()
    do(world, Action.SUSPEND)
    in_the_console(world, BASIC, status="active", autoRenewEnabled=True)
    world.sync()
    world.book("north_owner", "north", basic=20)
    world.work()
    in_the_console(world, BASIC, status="suspended")
    world.sync()
    assert do(world, Action.RESUME).effects == (Effect.ACCESS_RETURNS,)
    world.sync()
    holding = world.holding("north", BASIC)
    assert (holding.status, holding.seats, holding.next_term) == ("active", 20, None)


def test_resuming_stores_no_end_that_was_meant_for_an_earlier_term(world: World) -> None:
    in_the_console(world, BASIC, **ENDS_WITH_THE_TERM)
    world.sync()
    do(world, Action.SUSPEND)
    in_the_console(world, BASIC, status="active")
    in_the_console(world, BASIC, autoRenewEnabled=True)
    for at in (dt.datetime(2027, month, 31, 6, tzinfo=dt.UTC) for month in (1, 3)):
        go_to(world, at)
        world.sync()
    in_the_console(world, BASIC, status="suspended")
    world.sync()
    assert do(world, Action.RESUME).effects == (Effect.ACCESS_RETURNS,)
    world.sync()
    holding = world.holding("north", BASIC)
    assert (holding.status, holding.end_of_term == "cancel") == ("active", False)
