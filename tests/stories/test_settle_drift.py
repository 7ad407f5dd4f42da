"""Seats changed in the vendor's own portal are shown, explained and taken over by a person, never silently."""

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import follow_order, settle_drift
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.world import BASIC, World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("theirs", "amount_minor"), [(13, 740), (9, -247)])
def test_an_adopted_number_is_booked_and_charged_from_today(world: World, theirs: int, amount_minor: int) -> None:
    holding = world.holding("north", BASIC)
    change_at_the_vendor(world, holding.vendor_subscription_id, seats=theirs)
    world.sync()
    (drift,) = holdings.open_drifts(seen_by=world.actor("north_owner"))
    assert (drift.ours, drift.theirs) == ("10", str(theirs))
    assert world.holding("north", BASIC).seats == 10

    settle_drift.adopt(
        by=world.actor("support"),
        subscription_id=holding.subscription_id,
        reason="The customer's own administrator did it in the vendor's portal.",
        at=world.at,
    )
    assert world.holding("north", BASIC).seats == theirs
    # 5.88 x 13 / 31 days for each seat: 3 more are 7.40, 1 fewer is 2.4658 back.
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert [(charge.kind, charge.amount_minor) for charge in charges] == [("adopted", amount_minor)]
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    assert holdings.miscounted() == []

    order_id = world.book("north_admin", "north", basic=14)
    world.work()
    assert follow_order.order(by=world.actor("north_admin"), order_id=order_id).state == "done"


def test_only_staff_with_the_right_and_a_reason_adopt(world: World) -> None:
    holding = world.holding("north", BASIC)
    change_at_the_vendor(world, holding.vendor_subscription_id, seats=13)
    world.sync()
    for name, refusal in (
        ("north_owner", permissions.NotAllowed),
        ("other_staff", permissions.Unknown),
        ("south_owner", permissions.Unknown),
    ):
        with pytest.raises(refusal):
            settle_drift.adopt(
                by=world.actor(name), subscription_id=holding.subscription_id, reason="mine", at=world.at
            )
    with pytest.raises(settle_drift.ReasonMissing):
        settle_drift.adopt(by=world.actor("support"), subscription_id=holding.subscription_id, reason="", at=world.at)
    assert world.holding("north", BASIC).seats == 10


def test_agreeing_books_have_nothing_to_settle(world: World) -> None:
    with pytest.raises(settle_drift.NothingToSettle):
        settle_drift.adopt(
            by=world.actor("support"),
            subscription_id=world.holding("north", BASIC).subscription_id,
            reason="Just so.",
            at=world.at,
        )
