"""Buying against the simulator: what is sold, carts, orders, promotions and the agreement."""

import datetime as dt
import uuid

import pytest

from seatwright.vendors import microsoft, port
from tests.vendors.scene import (
    AT,
    BASIC,
    CHECKOUT,
    PROMOTION,
    SEED,
    TENANT,
    available,
    buy,
    check_out,
    confirm,
    line,
    make_cart,
    read,
    sku,
)
from vendor_simulator import testing


@pytest.fixture
def vendor(connected: microsoft.MicrosoftVendor) -> microsoft.MicrosoftVendor:
    return connected


def test_a_purchase_shows_its_order_and_its_subscription(vendor: microsoft.MicrosoftVendor) -> None:
    made = make_cart(vendor)
    assert (made.problems, made.status) == ((), "active")
    assert made.expires_at == AT + dt.timedelta(days=7)
    bought = check_out(vendor, made.cart_id)
    assert isinstance(bought, port.Bought)
    (order,) = bought.orders
    assert vendor.read_order(tenant=TENANT, order_id=order.order_id, at=AT) == order
    assert order in vendor.list_orders(tenant=TENANT, at=AT)
    (sold,) = order.lines
    seen = read(vendor, sold.subscription_id)
    assert (seen.quantity, seen.vendor_sku_id, seen.term, seen.order_id) == (5, "0002", "P1Y", order.order_id)


def created(simulator: testing.Simulator) -> int:
    return sum(effect["kind"] == "subscription.created" for effect in simulator.effects())


@pytest.mark.parametrize(("kind", "status"), [("timeout_before_effect", "active"), ("timeout_after_effect", "ordered")])
@pytest.mark.parametrize("dedupe", [True, False])
def test_a_lost_checkout_is_decided_by_the_cart_and_never_buys_twice(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor, kind: str, status: str, dedupe: bool
) -> None:
    simulator.settings(dedupe=dedupe)
    cart_id = make_cart(vendor).cart_id
    simulator.fault(kind, match=CHECKOUT)
    assert isinstance(check_out(vendor, cart_id), port.Unclear)
    assert vendor.read_cart(tenant=TENANT, cart_id=cart_id, at=AT).status == status
    bought = check_out(vendor, cart_id)
    assert isinstance(bought, port.Bought)
    again = check_out(vendor, cart_id)
    assert isinstance(again, port.Bought)
    assert [order.order_id for order in again.orders] == [order.order_id for order in bought.orders]
    assert created(simulator) == 1


def test_an_order_shows_late_and_its_subscription_later(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    simulator.settings(order_lag_s=600, provisioning_s=900)
    bought = buy(vendor)
    assert isinstance(bought, port.Bought)
    (order,) = bought.orders
    assert (order.status, order.lines[0].subscription_id) == ("pending", "")
    with pytest.raises(port.VendorMissing):
        vendor.read_order(tenant=TENANT, order_id=order.order_id, at=AT)
    simulator.clock(advance_s=700)
    assert vendor.read_order(tenant=TENANT, order_id=order.order_id, at=AT).status == "pending"
    simulator.clock(advance_s=300)
    shown = vendor.read_order(tenant=TENANT, order_id=order.order_id, at=AT)
    assert shown.status == "completed"
    assert read(vendor, shown.lines[0].subscription_id).quantity == 5


def test_a_cart_of_good_and_bad_lines_tells_before_and_after_which_is_which(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    made = make_cart(vendor, line(vendor), line(vendor, quantity=301, billing_cycle="annual"))
    assert [(problem.line, problem.reason) for problem in made.problems] == [(1, "quantity_out_of_range")]
    bought = check_out(vendor, made.cart_id)
    assert isinstance(bought, port.Bought)
    assert len(bought.orders) == 1
    assert [(each.order_group, each.reason) for each in bought.problems] == [
        (made.lines[1].order_group, "quantity_out_of_range")
    ]
    assert created(simulator) == 1
    hopeless = make_cart(vendor, line(vendor, quantity=301))
    refused = check_out(vendor, hopeless.cart_id)
    assert isinstance(refused, port.Refused)
    assert refused.reason == "quantity_out_of_range"
    assert vendor.read_cart(tenant=TENANT, cart_id=hopeless.cart_id, at=AT).status == "active"


def test_an_expired_cart_is_gone_and_a_stale_item_is_a_problem(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    simulator.settings(catalogue_drifts=True)
    yesterday = line(vendor)
    made = make_cart(vendor, yesterday)
    assert made.problems == ()
    simulator.clock(advance_s=86_400)
    tomorrow = AT + dt.timedelta(days=1)
    stale = vendor.create_cart(tenant=TENANT, lines=[yesterday], request_id=uuid.uuid4(), at=tomorrow)
    assert isinstance(stale, port.Cart)
    assert [problem.reason for problem in stale.problems] == ["catalogue_changed"]
    assert available(vendor, at=tomorrow) != yesterday.catalogue_id
    simulator.clock(advance_s=7 * 86_400)
    gone = check_out(vendor, made.cart_id, AT + dt.timedelta(days=8))
    assert isinstance(gone, port.Refused)
    assert gone.reason == "cart_gone"


def test_without_an_agreement_nothing_is_sold_until_it_is_recorded(
    simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor
) -> None:
    (customer,) = SEED["customers"]
    simulator.reset()
    simulator.seed(SEED | {"customers": [customer | {"hasAgreement": False}]})
    assert not vendor.agreement_status(tenant=TENANT, at=AT).is_accepted
    cart_id = make_cart(vendor).cart_id
    refused = check_out(vendor, cart_id)
    assert isinstance(refused, port.Refused)
    assert refused.reason == "agreement_missing"
    assert isinstance(confirm(vendor), port.Done)
    assert isinstance(confirm(vendor), port.Done)
    seen = vendor.agreement_status(tenant=TENANT, at=AT)
    assert [each.contact.first_name for each in seen.accepted] == ["Tania"]
    assert seen.accepted[0].agreed_at == AT - dt.timedelta(hours=1)
    assert isinstance(check_out(vendor, cart_id), port.Bought)


def test_a_promotion_for_another_term_is_refused_by_us_while_the_vendor_drops_it_in_silence(
    vendor: microsoft.MicrosoftVendor,
) -> None:
    (promotion,) = vendor.promotions(country="DE", segment="commercial", at=AT)
    assert promotion.products[0].plan == port.Plan(term="P1Y", billing_cycle="annual")

    def verdict(billing_cycle: str) -> port.PromotionVerdict:
        return vendor.promotion_eligibility(
            tenant=TENANT,
            catalogue_id=available(vendor),
            quantity=5,
            term="P1Y",
            billing_cycle=billing_cycle,
            promotion_id=promotion.promotion_id,
            at=AT,
        )

    assert verdict("annual").is_eligible
    refused = verdict("monthly").refused
    assert refused is not None
    assert refused.reason == "promotion_term"
    bought = check_out(vendor, make_cart(vendor, line(vendor, promotion_id=PROMOTION)).cart_id)
    assert isinstance(bought, port.Bought)
    assert read(vendor, bought.orders[0].lines[0].subscription_id).promotion_id == ""


def test_what_is_no_longer_sold_has_no_item(simulator: testing.Simulator, vendor: microsoft.MicrosoftVendor) -> None:
    simulator.reset()
    products = [{"productId": "CFQ7TTC0OLD0", "title": "Old", "skus": [sku("0001", "OLD", isOnSale=False)]}]
    simulator.seed(SEED | {"products": [*SEED["products"], *products]})

    def ask(product_id: str, term: str) -> str | None:
        return vendor.availability(
            tenant=TENANT,
            product_id=product_id,
            vendor_sku_id="0001",
            term=term,
            billing_cycle="monthly",
            segment="commercial",
            at=AT,
        )

    assert ask("CFQ7TTC0OLD0", "P1Y") is None
    assert ask("CFQ7TTC0NONE", "P1Y") is None
    assert ask(BASIC[0], "P5Y") is None
    assert ask(BASIC[0], "P1Y") is not None
