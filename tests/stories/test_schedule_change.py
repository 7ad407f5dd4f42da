"""Journey 2, told as stories: a wish for the renewal survives what wipes it at the vendor, and is carried out once."""

import datetime as dt

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.orders import intents
from seatwright.rules import renewals, terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import change_status, charge_cycles, renewal_choices, schedule_change
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.world import BASIC, ROWS, STANDARD, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
Dimension = timeline.Dimension


def wish(world: World, *, by: str = "north_owner", **wishes: timeline.Value) -> None:
    schedule_change.schedule(
        by=world.actor(by),
        subscription_id=world.holding("north", BASIC).subscription_id,
        wishes={Dimension(name): value for name, value in wishes.items()},
        at=world.at,
    )


def plan(world: World) -> schedule_change.Plan:
    return schedule_change.plan(
        by=world.actor("north_owner"), subscription_id=world.holding("north", BASIC).subscription_id, at=world.at
    )


def at_the_vendor(world: World) -> dict[str, object]:
    import httpx2

    vendor_id = world.holding("north", BASIC).vendor_subscription_id
    url = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{vendor_id}"
    body: dict[str, object] = httpx2.get(url, headers={"Authorization": f"Bearer {world.simulator.token()}"}).json()
    return body


def scheduled_quantity(world: World) -> int | None:
    instructions = at_the_vendor(world).get("scheduledNextTermInstructions")
    return instructions["quantity"] if isinstance(instructions, dict) else None


def test_fewer_seats_at_the_renewal_are_booked_by_the_customer_and_stored_at_the_vendor(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    assert scheduled_quantity(world) == 8
    shown = plan(world)
    assert (shown.following.quantity, shown.is_applied, shown.is_sending) == (8, True, False)
    assert shown.lock_at == dt.datetime(2027, 1, 29, tzinfo=dt.UTC)


def test_the_wish_survives_a_change_that_wipes_it_at_the_vendor(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    world.book("north_admin", "north", basic=13)
    world.work()
    assert world.vendor_seats("north", BASIC) == 13
    assert scheduled_quantity(world) == 8
    assert plan(world).following.quantity == 8


def test_a_wish_that_somebody_wiped_at_the_vendor_is_stored_again_at_the_next_reading(world: World) -> None:
    wish(world, quantity=timeline.SeatsBy(-3))
    world.work()
    change_at_the_vendor(world, world.holding("north", BASIC).vendor_subscription_id, seats=10)
    body = at_the_vendor(world)
    if body.get("scheduledNextTermInstructions"):
        import httpx2

        url = (
            f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/"
            f"{world.holding('north', BASIC).vendor_subscription_id}"
        )
        headers = {"Authorization": f"Bearer {world.simulator.token()}"}
        body.pop("scheduledNextTermInstructions")
        assert httpx2.patch(url, headers=headers, json=body).status_code == 200
    assert scheduled_quantity(world) is None
    world.sync()
    assert scheduled_quantity(world) == 7


def test_revoking_leaves_no_residue_anywhere(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    schedule_change.revoke(
        by=world.actor("north_admin"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        dimension=None,
        at=world.at,
    )
    world.work()
    assert scheduled_quantity(world) is None
    assert at_the_vendor(world)["autoRenewEnabled"] is True
    assert plan(world).pending == ()
    subscription_id = world.holding("north", BASIC).subscription_id
    assert intents.open_intents(subscription_ids=[subscription_id]) == {}


def test_touching_one_dimension_keeps_the_other_and_returning_to_the_present_value_clears_it(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    wish(world, billing_plan=terms.BillingPlan.ANNUAL)
    world.work()
    following = plan(world).following
    assert (following.quantity, following.billing_plan) == (8, "annual")
    wish(world, quantity=timeline.SeatsTotal(10))
    world.work()
    assert plan(world).following.wished == {Dimension.BILLING_PLAN}
    assert scheduled_quantity(world) == 10


def test_the_renewal_carries_the_wish_out_and_the_new_term_is_charged_for_the_new_number(world: World) -> None:
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work()
    for _ in range(46):
        world.move(days=7)
        world.sync()
        charge_cycles.post_due(at=world.at)
    holding = world.holding("north", BASIC)
    assert (holding.seats, holding.commitment_end_on) == (8, dt.date(2028, 1, 30))
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    assert holdings.miscounted() == []
    last = billing.charges(
        seen_by=SYSTEM,
        customer_id=world.customer_ids["north"],
        subscription_id=holding.subscription_id,
    )[-1]
    assert (last.kind, last.seats, last.period_start_on) == ("cycle", 8, dt.date(2027, 1, 30))
    assert plan(world).pending == ()


def test_the_end_of_the_subscription_is_a_wish_like_any_other(world: World) -> None:
    wish(world, ending=renewals.Ending.CANCEL)
    world.work()
    shown = plan(world)
    assert (shown.following.outcome, shown.following.quantity, shown.is_applied) == (renewals.Ending.CANCEL, 0, True)
    assert at_the_vendor(world)["autoRenewEnabled"] is False


def test_wishes_are_refused_once_locked_for_strangers_and_below_the_minimum(world: World) -> None:
    with pytest.raises(schedule_change.Conflicted) as refused:
        wish(world, quantity=timeline.SeatsTotal(0))
    assert refused.value.found[0].reason.code == "below_minimum"
    with pytest.raises(permissions.Unknown):
        wish(world, by="south_owner", quantity=timeline.SeatsTotal(8))
    with pytest.raises(permissions.NotAllowed):
        wish(world, by="north_billing", quantity=timeline.SeatsTotal(8))
    world.at = dt.datetime(2027, 1, 29, 0, 0, tzinfo=dt.UTC)
    with pytest.raises(schedule_change.Conflicted) as locked:
        wish(world, quantity=timeline.SeatsTotal(8))
    assert locked.value.found[0].reason.code == "locked"
    assert world.open_operations() == 0


@pytest.mark.parametrize("kind", ["timeout_after_effect", "timeout_before_effect", "late_visibility"])
def test_a_fault_on_the_call_leaves_the_schedule_stored_once(world: World, kind: str) -> None:
    world.simulator.fault(
        kind, match={"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}, visible_after_s=30.0
    )
    wish(world, quantity=timeline.SeatsTotal(8))
    world.work(rounds=60)
    assert world.simulator.fired()[kind] >= 1
    assert scheduled_quantity(world) == 8
    assert plan(world).is_applied


def actions(world: World) -> list[str]:
    """The kinds of the newer shape's actions at the vendor, none where it holds the classic one."""
    found = at_the_vendor(world).get("scheduledActions")
    return [each["actionType"] for each in found] if isinstance(found, list) else []


def test_another_licence_term_and_end_date_are_wished_together_and_carried_out(world: World) -> None:
    held = world.holding("north", BASIC)
    choices = renewal_choices.choices(by=world.actor("north_owner"), subscription_id=held.subscription_id, at=world.at)
    assert choices is not None
    premium = next(each for each in choices.offers if each.name == "Microsoft 365 Business Premium")
    key = premium.keys[terms.Term.P1Y, terms.BillingPlan.ANNUAL]
    # Standard was bought on 7 December 2025: it ends on 6 December of each year.
    together = next(each for each in choices.ends if each.names == ("Microsoft 365 Business Standard",))
    assert together.end_on == dt.date(2027, 12, 7)
    wishes = {
        Dimension.OFFER: key,
        Dimension.BILLING_PLAN: terms.BillingPlan.ANNUAL,
        Dimension.END_DATE: together.end_on,
        Dimension.QUANTITY: timeline.SeatsTotal(8),
    }
    shown = schedule_change.preview(
        by=world.actor("north_owner"), subscription_id=held.subscription_id, wishes=wishes, at=world.at
    )
    assert shown.price is not None
    # 30 January to 7 December 2027 are 311 of 365 days: 8 x 247.20 x 311 / 365 = 1685.02.
    assert (shown.price.term_minor, shown.price.cycle_minor) == (168502, 197760)
    wish(world, **{str(name): value for name, value in wishes.items()})
    world.work()
    assert plan(world).is_applied
    stored = at_the_vendor(world)["scheduledNextTermInstructions"]
    assert isinstance(stored, dict)
    assert (stored["product"]["billingCycle"], stored["customTermEndDate"][:10]) == ("annual", "2027-12-06")
    world.move(days=319)
    world.sync()
    renewed = world.holding("north", premium_sku())
    assert (renewed.seats, renewed.billing_plan, renewed.commitment_end_on) == (8, "annual", dt.date(2027, 12, 7))
    assert (renewed.offer_key, renewed.name) == (key, "Microsoft 365 Business Premium")
    charge_cycles.post_due(at=world.at)
    assert holdings.miscounted() == []
    (charge,) = billing.charges(
        seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=renewed.subscription_id
    )[-1:]
    assert (charge.seats, charge.amount_minor) == (8, 168502)


def premium_sku() -> str:
    return next(key for key, row in ROWS.items() if row["title"] == "Microsoft 365 Business Premium")


def test_only_a_renewal_brings_a_smaller_licence_and_taking_it_back_leaves_nothing(world: World) -> None:
    held = world.holding("north", STANDARD)
    smaller = held.offer_key.replace("CFQ7TTC0LDPB:0001", "CFQ7TTC0JN4R:0002")  # two steps down: Teams Essentials
    owner = world.actor("north_owner")
    for wishes in ({Dimension.OFFER: smaller}, {Dimension.OFFER: held.offer_key}):
        schedule_change.schedule(by=owner, subscription_id=held.subscription_id, wishes=wishes, at=world.at)
        world.work()
        shown = schedule_change.plan(by=owner, subscription_id=held.subscription_id, at=world.at)
        assert shown.is_applied
        assert shown.following.offer == wishes[Dimension.OFFER]
    stranger = held.offer_key.replace("CFQ7TTC0LDPB:0001", "CFQ7TTC0QW7C:0001")
    with pytest.raises(schedule_change.Conflicted) as refused:
        schedule_change.schedule(
            by=owner, subscription_id=held.subscription_id, wishes={Dimension.OFFER: stranger}, at=world.at
        )
    assert refused.value.found[0].reason.code == "not_reachable"


def test_both_shapes_are_stored_and_stored_again_after_each_thing_that_wipes_them(world: World) -> None:
    """Seats, suspending and resuming, and auto-renew turned off in the vendor's console."""
    for ending, kinds in (
        (renewals.Ending.CANCEL, ["Cancel"]),
        (renewals.Ending.EXTENDED, ["RenewToExtendedServiceTerm"]),
    ):
        wish(world, ending=ending)
        world.work()
        assert (actions(world), plan(world).following.outcome) == (kinds, ending)
    world.book("north_admin", "north", basic=11)
    world.work()
    assert actions(world) == ["RenewToExtendedServiceTerm"]
    for action in (change_status.Action.SUSPEND, change_status.Action.RESUME):
        do(world, action)
    assert actions(world) == ["RenewToExtendedServiceTerm"]

    wish(world, ending=renewals.Ending.RENEW, quantity=timeline.SeatsTotal(8))
    world.work()
    assert (actions(world), scheduled_quantity(world), plan(world).is_applied) == ([], 8, True)
    turn_auto_renew_off(world)
    assert scheduled_quantity(world) is None
    world.sync()
    assert (scheduled_quantity(world), at_the_vendor(world)["autoRenewEnabled"]) == (8, True)


def turn_auto_renew_off(world: World) -> None:
    """As somebody does it in the vendor's console, which erases the schedule along with it."""
    import httpx2

    body = at_the_vendor(world) | {"autoRenewEnabled": False, "scheduledNextTermInstructions": None}
    url = (
        f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/"
        f"{world.holding('north', BASIC).vendor_subscription_id}"
    )
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    assert httpx2.patch(url, headers=headers, json=body).status_code == 200


def do(world: World, action: change_status.Action) -> None:
    shown = change_status.preview(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        action=action,
        at=world.at,
    )
    change_status.place(by=world.actor("north_owner"), shown=shown, reason="as asked", at=world.at)
    world.work()
