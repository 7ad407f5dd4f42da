"""What becomes of a purchase when the vendor misbehaves or changes its mind: one purchase or none, told in words."""

import datetime as dt
from typing import Any

import httpx2
import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.operations import changes as operation_changes
from seatwright.operations import engine
from seatwright.operations import queries as operations
from seatwright.rules import purchases
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import buy_pricing, charge_cycles, follow_order, run_desk, sync_tenant
from tests.stories.buying import (
    E3,
    SPRING,
    at_the_vendor,
    bought,
    choice,
    created,
    place,
    promotion,
    quote,
    without_agreement,
)
from tests.stories.world import World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)


CHECKOUT = {"method": "POST", "path": "/checkout$", "nth": 1, "times": 1}
CART = {"method": "POST", "path": "/carts$", "nth": 1, "times": 1}
ORDER = {"method": "GET", "path": "/orders/", "nth": 1, "times": 1}
FAULTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("timeout_before_effect", CART, {}),
    ("timeout_after_effect", CART, {}),
    ("throttle_429", CART, {"variant": "integer"}),
    ("timeout_before_effect", CHECKOUT, {}),
    ("timeout_after_effect", CHECKOUT, {"variant": "closed"}),
    ("error_5xx_after_effect", CHECKOUT, {}),
    ("error_5xx_before_effect", CHECKOUT, {}),
    ("throttle_429", CHECKOUT, {"variant": "integer"}),
    ("garbled", CHECKOUT, {"variant": "html"}),
    ("late_visibility", CHECKOUT, {"visible_after_s": 40.0}),
    ("error_5xx_before_effect", ORDER, {}),
]


def test_a_fault_on_any_call_leaves_exactly_one_purchase(world: World) -> None:
    for number, (kind, where, members) in enumerate(FAULTS, start=1):
        fired = world.simulator.fired().get(kind, 0)
        world.simulator.fault(kind, match=where, **members)
        order_id = place(world, quote(world, choice(world, E3, seats=number)))
        world.work(rounds=120)
        assert world.simulator.fired()[kind] > fired, (kind, where)
        page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
        assert page.state == "done", (kind, where, page.lines[0].trouble)
        assert created(world) == number, (kind, where)
        assert len(at_the_vendor(world)) == 3 + number
        assert sorted(row.seats for row in bought(world)) == list(range(1, number + 1))
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert sorted(charge.seats for charge in charges) == list(range(1, len(FAULTS) + 1))
    assert holdings.miscounted() == []


def test_an_agreement_that_the_vendor_lost_refuses_the_purchase_in_words(world: World) -> None:
    quote(world, choice(world, E3))
    world.work()
    order_id = place(world, quote(world, choice(world, E3), signatory=None))
    without_agreement(world)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "agreement_missing")
    assert created(world) == 0


def test_a_promotion_that_is_gone_when_it_is_sent_refuses_the_purchase(world: World) -> None:
    world.simulator.seed({"promotions": [promotion(totalSeats=10)]})
    order_id = place(world, quote(world, choice(world, E3, seats=4, promotion_id=SPRING)))
    world.simulator.seed({"promotions": [promotion(totalSeats=3)]})
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "vendor_promotion_seats")
    assert created(world) == 0


def test_a_reading_leaves_an_open_purchase_alone_however_late_it_shows(world: World) -> None:
    world.simulator.settings(order_lag_s=600, pool_lag_s=900)
    order_id = place(world, quote(world, choice(world, E3)))
    world.work(rounds=3)
    assert len(at_the_vendor(world)) == 4
    sync_tenant.request_all(at=world.at)
    world.work(rounds=3)
    assert bought(world) == []
    assert len(holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])) == 3
    world.work(rounds=100, step_s=30)
    assert len(bought(world)) == 1
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].free_now) == ("done", 3), "the directory does not show the licences yet"
    world.sync()
    assert len(bought(world)) == 1
    assert len(holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])) == 4


def test_a_purchase_that_waits_until_the_next_day_is_not_sent_at_yesterdays_price(world: World) -> None:
    order_id = place(world, quote(world, choice(world, E3)))
    world.move(hours=15)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "day_over")
    assert created(world) == 0
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []


def test_a_cart_that_was_made_too_long_ago_is_replaced(world: World) -> None:
    world.simulator.settings(cart_life_s=3)
    world.simulator.fault("throttle_429", match=CHECKOUT, variant="integer")
    order_id = place(world, quote(world, choice(world, E3)))
    world.work(rounds=60)
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    assert created(world) == 1
    assert sum(each["kind"] == "cart.created" for each in world.simulator.effects()) == 2


def test_what_the_vendor_does_not_sell_any_more_is_refused_in_words(world: World) -> None:
    order_id = place(world, quote(world, choice(world, E3)))
    sku = {
        "skuId": E3["vendor_sku_id"],
        "provisioningId": E3["sku_id"],
        "partNumber": "SPE_E3",
        "plans": ["P1M:monthly"],
    }
    world.simulator.seed({"products": [{"productId": E3["product_id"], "title": E3["title"], "skus": [sku]}]})
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "vendor_not_for_sale")
    sku |= {"plans": ["P1Y:monthly"], "maximum": 2}
    world.simulator.seed({"products": [{"productId": E3["product_id"], "title": E3["title"], "skus": [sku]}]})
    order_id = place(world, quote(world, choice(world, E3)))
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert page.lines[0].refusal == "vendor_quantity_out_of_range"
    assert created(world) == 0


def test_a_person_settles_a_purchase_of_which_the_vendor_shows_something_else(world: World) -> None:
    orders = []
    for decision in ("not_done", "done"):
        orders.append(place(world, quote(world, choice(world, E3))))
        world.simulator.settings(order_lag_s=60)
        world.work(rounds=2)
        (other,) = [each for each in at_the_vendor(world) if each["quantity"] == 3]
        world.simulator.settings(order_lag_s=0)
        token = {"Authorization": f"Bearer {world.simulator.token()}"}
        where = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{other['id']}"
        assert httpx2.patch(where, json=other | {"quantity": 9}, headers=token).status_code == 200
        world.work(rounds=40)
        (view,) = operations.open_views(kind="buy", customer_id=world.customer_ids["north"])
        assert (view.state, view.parked_reason) == ("parked", "bought_otherwise")
        assert "seats 9, not 3" in view.last_error
        line = next(each for each in run_desk.queue(by=world.actor("staff")).parked if each.operation.id == view.id)
        assert (line.name, line.seats_after, line.vendor_seats) == ("Microsoft 365 E3", 3, 9)
        run_desk.settle(by=world.actor("staff"), operation_id=view.id, decision=decision, reason="looked", at=world.at)
    states = [follow_order.order(by=world.actor("staff"), order_id=each).state for each in orders]
    assert states == ["failed", "done"]
    assert [row.seats for row in bought(world)] == [3]
    assert len(billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])) == 1
    world.sync()
    assert [drift.theirs for drift in holdings.open_drifts(seen_by=SYSTEM)] == ["9"]


def test_what_the_vendor_refuses_ends_in_words_or_waits_for_a_person(world: World) -> None:
    cart_read = {"method": "GET", "path": "/carts/", "nth": 1, "times": 2}
    forever = {"times": 0}
    told: list[tuple[list[tuple[dict[str, Any], dict[str, Any], str]], str, str]] = [
        ([(CART, {"status": 400, "code": 800009}, "refuse")], "failed", "vendor_line_refused"),
        ([(CHECKOUT | forever, {"status": 404, "code": 800008}, "refuse")], "failed", "vendor_cart_gone"),
        ([(CHECKOUT, {"status": 403, "code": 13605}, "refuse")], "failed", "vendor_agreement_missing"),
        (
            [(CHECKOUT, {}, "timeout_after_effect"), (cart_read, {"status": 404, "code": 800008}, "refuse")],
            "done",
            "",
        ),
        ([(CART, {"status": 403, "code": 2032}, "refuse")], "running", "vendor_denied"),
        (
            [(CHECKOUT, {}, "timeout_after_effect"), (cart_read | forever, {"status": 404, "code": 800008}, "refuse")],
            "done",
            "",
        ),
        (
            [(CHECKOUT, {}, "timeout_before_effect"), (cart_read | forever, {"status": 404, "code": 800008}, "refuse")],
            "running",
            "deadline_passed",
        ),
    ]
    for rules, state, reason in told:
        for where, members, kind in rules:
            world.simulator.fault(kind, match=where, **members)
        order_id = place(world, quote(world, choice(world, E3)))
        world.work(rounds=40, step_s=20)
        if reason == "deadline_passed":
            world.move(hours=25)
            world.work(rounds=3)
        page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
        (line,) = page.lines
        assert page.state == state, (reason, line.trouble)
        if state == "running":
            view = operations.view(operation_id=line.operation_id)
            assert (view.state, view.parked_reason) == ("parked", reason)
            with pytest.raises(operation_changes.NotPossible):
                run_desk.settle(
                    by=world.actor("staff"), operation_id=view.id, decision="done", reason="looked", at=world.at
                )
        else:
            assert line.refusal == reason
        world.simulator.admin("DELETE", "faults")
    assert created(world) == 2
    assert len(bought(world)) == 2
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert len(charges) == 2


def test_an_order_that_the_vendor_does_not_name_is_found_among_the_customers_orders(world: World) -> None:
    again = {"method": "POST", "path": "/checkout$", "nth": 2, "times": 0}
    for number in (1, 2):
        world.simulator.fault("timeout_after_effect", match=CHECKOUT)
        world.simulator.fault("refuse", match=again, status=400, code=800065)
        order_id = place(world, quote(world, choice(world, E3)))
        world.work(rounds=40, step_s=20)
        assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
        world.simulator.admin("DELETE", "faults")
        assert [row.seats for row in bought(world)] == [3] * number
    assert created(world) == 2
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert [charge.amount_minor for charge in charges] == [11247, 11247]


def test_an_order_that_is_known_is_waited_for_however_long_it_takes(world: World) -> None:
    world.simulator.settings(order_lag_s=30 * 3600)
    world.simulator.fault("timeout_after_effect", match=CHECKOUT)
    order_id = place(world, quote(world, choice(world, E3)))
    world.work(rounds=60, step_s=1500)
    (view,) = operations.open_views(kind="buy", customer_id=world.customer_ids["north"])
    assert (view.state, view.parked_reason) == ("waiting", "")
    world.work(rounds=30, step_s=1500)
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    assert (created(world), len(bought(world))) == (1, 1)


def test_what_somebody_cancelled_before_it_was_read_back_waits_for_a_person(world: World) -> None:
    order_id = place(world, quote(world, choice(world, E3)))
    world.simulator.settings(order_lag_s=60)
    world.work(rounds=2)
    (made,) = [each for each in at_the_vendor(world) if each["quantity"] == 3]
    world.simulator.settings(order_lag_s=0)
    token = {"Authorization": f"Bearer {world.simulator.token()}"}
    where = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{made['id']}"
    assert httpx2.patch(where, json=made | {"status": "deleted"}, headers=token).status_code == 200
    world.work(rounds=40)
    (view,) = operations.open_views(kind="buy", customer_id=world.customer_ids["north"])
    assert (view.state, view.parked_reason) == ("parked", "bought_otherwise")
    assert "state deleted, not active" in view.last_error
    run_desk.settle(by=world.actor("staff"), operation_id=view.id, decision="not_done", reason="gone", at=world.at)
    world.sync()
    assert follow_order.order(by=world.actor("staff"), order_id=order_id).state == "failed"
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []
    assert holdings.open_drifts(seen_by=SYSTEM) == []


def test_the_agreement_that_the_vendor_refuses_lets_no_purchase_through(world: World) -> None:
    without_agreement(world)
    refusal = {"method": "POST", "path": "/agreements$", "times": 0}
    world.simulator.fault("refuse", match=refusal, status=400, code=400)
    order_id = place(world, quote(world, choice(world, E3)))
    world.work(rounds=60)
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "agreement_missing")
    with pytest.raises(buy_pricing.Refused) as refused:
        quote(world, choice(world, E3), signatory=None)
    assert isinstance(refused.value.priced.refusals[0], purchases.AgreementMissing)


@pytest.mark.parametrize(("ours", "theirs", "first"), [((18, 23), (19, 0), (19, 19)), ((19, 0), (18, 23), (18, 18))])
def test_a_purchase_that_the_vendor_began_on_another_day_pays_each_cycle_once(
    world: World, ours: tuple[int, int], theirs: tuple[int, int], first: tuple[int, int]
) -> None:
    """Ordered seconds beside midnight, while the vendor's clock stands on the other side of it."""

    def on_march(day: int, hour: int) -> dt.datetime:
        return dt.datetime(2026, 3, day, hour, 59 if hour else 0, 59 if hour else 5, tzinfo=dt.UTC)

    quote(world, choice(world, E3))
    world.work()  # the agreement is recorded first
    _go(world, on_march(*ours))
    order_id = place(world, quote(world, choice(world, E3)))
    world.simulator.clock(now=on_march(*theirs).isoformat())
    engine.run_due(clock=world.clock)
    _go(world, dt.datetime(2026, 3, 19, 0, 5, tzinfo=dt.UTC))
    world.work(rounds=20)
    (view,) = operations.open_views(kind="buy", customer_id=world.customer_ids["north"])
    assert view.parked_reason == "bought_otherwise"
    run_desk.settle(by=world.actor("staff"), operation_id=view.id, decision="done", reason="agreed", at=world.at)
    assert follow_order.order(by=world.actor("staff"), order_id=order_id).state == "done"
    for day in (16, 19, 20):
        _go(world, dt.datetime(2026, 4, day, 12, tzinfo=dt.UTC))
        charge_cycles.post_due(at=world.at)
    (row,) = bought(world)
    charges = billing.charges(
        seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=row.subscription_id
    )
    start, then = dt.date(2026, 3, first[0]), dt.date(2026, 4, first[1])
    assert [(each.period_start_on, each.period_end_on, each.amount_minor) for each in charges] == [
        (start, then, 11247),
        (then, then.replace(month=5), 11247),
    ]


def _go(world: World, at: dt.datetime) -> None:
    world.move(seconds=(at - world.at).total_seconds())
