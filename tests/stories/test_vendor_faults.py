"""What becomes of an order when the vendor misbehaves: one effect or none, never a doubled, lost or guessed one."""

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations import queries as operations
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import follow_order, run_desk
from tests.stories.world import BASIC, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
PATCH = {"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}
READ_AFTER = {"method": "GET", "path": "/subscriptions/[0-9a-f-]+$", "nth": 3, "times": 1}


def effects_on_seats(world: World) -> list[tuple[int, int]]:
    vendor_id = world.holding("north", BASIC).vendor_subscription_id
    found = [effect for effect in world.simulator.effects() if vendor_id in effect["subject"]]
    return [(effect["before"]["quantity"], effect["after"]["quantity"]) for effect in found if effect["before"]]


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("timeout_before_effect", {}),
        ("timeout_after_effect", {"variant": "closed"}),
        ("timeout_after_effect", {"variant": "mid_body"}),
        ("error_5xx_before_effect", {}),
        ("error_5xx_after_effect", {}),
        ("throttle_429", {"variant": "integer"}),
        ("throttle_429", {"variant": "decimal"}),
        ("throttle_429", {"variant": "http_date"}),
        ("throttle_429", {"variant": "missing"}),
        ("throttle_429", {"variant": "negative"}),
        ("late_visibility", {"visible_after_s": 40.0}),
        ("answer_202", {"visible_after_s": 40.0}),
        ("garbled", {"variant": "truncated"}),
        ("garbled", {"variant": "html"}),
        ("garbled", {"variant": "empty"}),
        ("garbled", {"variant": "nan"}),
        ("garbled", {"variant": "unknown_enum"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(part) for part in value.values()),
)
def test_one_fault_on_the_call_leaves_exactly_one_effect_and_one_charge(
    world: World, kind: str, members: dict[str, object]
) -> None:
    world.simulator.fault(kind, match=PATCH, **members)
    order_id = world.book("north_admin", "north", basic=12)
    world.work(rounds=60)
    assert world.simulator.fired()[kind] >= 1
    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("done", "done")
    assert world.vendor_seats("north", BASIC) == 12
    assert effects_on_seats(world) == [(10, 12)]
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert [charge.seats for charge in charges] == [2]
    assert holdings.miscounted() == []


def test_a_change_that_the_vendor_acknowledges_and_ignores_is_parked_and_never_billed(world: World) -> None:
    world.simulator.fault("ignored_write", match=PATCH)
    order_id = world.book("north_admin", "north", basic=12)
    world.work(rounds=30, step_s=30)
    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("running", "parked")
    assert world.vendor_seats("north", BASIC) == 10
    assert effects_on_seats(world) == []
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []


def test_while_it_is_not_known_what_happened_nothing_is_billed_and_the_page_says_that_it_is_being_checked(
    world: World,
) -> None:
    world.simulator.fault("timeout_after_effect", match=PATCH)
    world.simulator.fault("error_5xx_before_effect", match={"method": "GET", "path": "/subscriptions/", "nth": 3})
    order_id = world.book("north_admin", "north", basic=12)
    world.work(rounds=1)
    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("running", "checking")
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []
    assert world.holding("north", BASIC).seats == 10


def test_a_refusal_by_the_vendor_ends_the_line_without_a_charge(world: World) -> None:
    world.simulator.fault("refuse", match=PATCH, status=400, code=800067)
    order_id = world.book("north_admin", "north", basic=12)
    world.work()
    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert (page.state, page.lines[0].stage, page.lines[0].refusal) == (
        "failed",
        "refused",
        "vendor_quantity_out_of_range",
    )
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []
    assert world.holding("north", BASIC).seats == world.vendor_seats("north", BASIC) == 10


def test_a_number_that_nobody_ordered_is_parked_and_only_a_permitted_person_settles_it(world: World) -> None:
    world.simulator.fault("timeout_after_effect", match=PATCH)
    order_id = world.book("north_admin", "north", basic=12)
    from tests.stories.test_change_seats import change_at_the_vendor

    world.simulator.fault("error_5xx_before_effect", match={"method": "GET", "path": "/subscriptions/", "nth": 3})
    world.work(rounds=1)
    change_at_the_vendor(world, world.holding("north", BASIC).vendor_subscription_id, seats=15)
    world.simulator.clear_faults()
    world.work()
    (parked,) = operations.parked(seen_by=world.actor("support"))
    assert parked.parked_reason == "third_value"
    line = run_desk.queue(by=world.actor("support")).parked[0]
    assert (line.seats_before, line.seats_after) == (10, 12)
    with pytest.raises(permissions.NotAllowed):
        run_desk.settle(
            by=world.actor("north_owner"), operation_id=parked.id, decision="done", reason="mine", at=world.at
        )
    with pytest.raises(permissions.Unknown):
        run_desk.settle(
            by=world.actor("other_staff"), operation_id=parked.id, decision="done", reason="mine", at=world.at
        )
    with pytest.raises(run_desk.ReasonMissing):
        run_desk.settle(by=world.actor("support"), operation_id=parked.id, decision="done", reason=" ", at=world.at)
    run_desk.settle(
        by=world.actor("support"),
        operation_id=parked.id,
        decision="done",
        reason="The vendor's log shows our change, then another one.",
        at=world.at,
    )
    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert page.state == "done"
    assert [charge.seats for charge in billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])] == [2]


def test_a_window_that_closes_between_booking_and_sending_stops_the_return(world: World) -> None:
    order_id = world.book("north_owner", "north", basic=8)
    world.move(days=5)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "window_closed")
    assert world.vendor_seats("north", BASIC) == 10


def test_seats_assigned_between_booking_and_sending_stop_the_return(world: World) -> None:
    order_id = world.book("north_owner", "north", basic=8)
    world.simulator.seed(
        {
            "directories": [
                {
                    "tenantId": tenant_id("north"),
                    "users": [
                        {
                            "id": f"00000000-0000-4000-8000-0000000000{number:02}",
                            "displayName": f"Late {number}",
                            "userPrincipalName": f"late{number}@north.example",
                            "usageLocation": "BE",
                            "licenses": [{"skuId": BASIC}],
                        }
                        for number in (1, 2)
                    ],
                }
            ]
        }
    )
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "below_assigned")
    assert world.vendor_seats("north", BASIC) == 10


def test_a_vendor_that_is_down_is_tried_again_until_it_answers(world: World) -> None:
    world.simulator.kill()
    order_id = world.book("north_admin", "north", basic=11)
    world.at = world.at.replace(minute=1)
    from seatwright.operations import engine

    for _ in range(3):
        engine.run_due(clock=world.clock)
        world.at = world.at.replace(minute=world.at.minute + 1)
    assert follow_order.order(by=world.actor("north_admin"), order_id=order_id).state == "running"
    world.simulator.start()
    world.move(minutes=1)
    world.work(step_s=60)
    assert follow_order.order(by=world.actor("north_admin"), order_id=order_id).state == "done"
    assert effects_on_seats(world) == [(10, 11)]
