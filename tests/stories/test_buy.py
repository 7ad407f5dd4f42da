"""Buying what is not held yet, told as stories: what it costs, what stands against it, and what is asked for."""

import dataclasses
import datetime as dt
import uuid
from decimal import Decimal

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.assignments.models import Pool
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import queries as offers
from seatwright.customers import agreements
from seatwright.customers.models import Customer
from seatwright.operations import queries as operations
from seatwright.orders import requests as offer_requests
from seatwright.rules import purchases, refusals
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import ask_for_offers, browse_catalogue, buy, buy_pricing, change_seats, follow_order, pricing
from tests.stories.buying import (
    CALLING,
    E3,
    PHONE,
    PREMIUM,
    ROOM,
    SPRING,
    against,
    at_the_vendor,
    bought,
    choice,
    key,
    place,
    promotion,
    quote,
    without_agreement,
)
from tests.stories.world import BASIC, ROWS, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_purchase_starts_its_own_term_and_is_charged_as_quoted(world: World) -> None:
    made = quote(world, choice(world, E3, seats=3))
    (line,) = made.calculation.lines
    assert (line.seats_before, line.seats_after) == (0, 3)
    assert (line.purchase.start_on, line.commitment_end_on) == (dt.date(2026, 3, 17), dt.date(2027, 3, 17))
    (charge,) = line.charges
    assert (charge.days, charge.cycle_days, charge.end_on) == (31, 31, dt.date(2026, 4, 17))
    order_id = place(world, made)
    assert place(world, made) == order_id
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("done", "done")
    (row,) = bought(world)
    assert row.subscription_id == line.subscription_id
    assert (row.seats, row.unit_rate, row.offer_key) == (3, line.unit_rate, key(E3))
    assert (row.term_start_on, row.commitment_end_on) == (dt.date(2026, 3, 17), dt.date(2027, 3, 17))
    (posted,) = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert (posted.kind, posted.seats, posted.amount_minor) == ("purchase", 3, made.calculation.due_now.net_minor)
    assert len(at_the_vendor(world)) == 4
    assert holdings.miscounted() == []
    world.sync()
    assert len(bought(world)) == 1
    assert len(holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])) == 4


def test_what_stands_against_a_purchase_is_said_before_anything_is_sent(world: World) -> None:
    calls = len(world.simulator.admin("GET", "calls")["calls"])
    premium = ROWS[PREMIUM]
    # 10 of Basic and 5 of Standard are held, and the family ends at 300.
    assert against(world, choice(world, premium, seats=285)) == ()
    (over,) = against(world, choice(world, premium, seats=286))
    assert over == refusals.AboveFamilyMaximum("m365_business", 300, 301)
    assert refusals.AboveMaximum(300) in against(world, choice(world, premium, seats=301))
    assert against(world, choice(world, E3, seats=0)) == (refusals.BelowMinimum(1),)
    assert against(world, choice(world, E3, term="P3Y", billing_plan="triennial")) == (purchases.NotSold(),)
    strange = dataclasses.replace(choice(world, E3), offer_key=key(E3, market="DE"))
    assert against(world, strange) == (purchases.NotSold(),)
    (missing,) = against(world, choice(world, ROOM))
    assert isinstance(missing, purchases.PrerequisiteMissing)
    assert "Microsoft Teams Phone Standard" in missing.any_of
    assert against(world, choice(world, PHONE)) == (), "Basic is held, and any one is enough"
    assert against(world, choice(world, CALLING))[0] == refusals.NotSelfService()
    assert refusals.NotSelfService() not in against(world, choice(world, CALLING), by="staff")
    for other, trouble in (("north_billing", permissions.NotAllowed), ("south_owner", permissions.Unknown)):
        with pytest.raises(trouble):
            quote(world, choice(world, E3), by=other)
    tenant_id = world.holding("south", BASIC).tenant_id
    with pytest.raises(permissions.Unknown):
        against(world, dataclasses.replace(choice(world, E3), tenant_id=tenant_id), by="staff")
    with pytest.raises(buy_pricing.Refused):
        quote(world, choice(world, premium, seats=286))
    assert len(world.simulator.admin("GET", "calls")["calls"]) == calls, "the vendor was not asked"
    place(world, quote(world, choice(world, premium, seats=200)))
    assert against(world, choice(world, premium, seats=86)) == (refusals.AboveFamilyMaximum("m365_business", 300, 301),)
    world.work()
    assert against(world, choice(world, premium, seats=86)) == (refusals.AboveFamilyMaximum("m365_business", 300, 301),)


def test_seats_bought_elsewhere_count_for_the_cap_and_a_price_for_companies_is_for_companies(world: World) -> None:
    premium = ROWS[PREMIUM]
    tenant_id = world.holding("north", BASIC).tenant_id
    Pool.objects.filter(tenant_id=tenant_id, sku_id=STANDARD).update(foreign_units=40)
    assert against(world, choice(world, premium, seats=245)) == ()
    assert against(world, choice(world, premium, seats=246)) == (
        refusals.AboveFamilyMaximum("m365_business", 300, 301),
    )
    with pytest.raises(pricing.Refused) as over:
        world.book("north_owner", "north", basic=10 + 246)
    assert refusals.AboveFamilyMaximum("m365_business", 300, 301) in sum(over.value.priced.refusals.values(), ())
    place(world, quote(world, choice(world, premium, seats=200)))
    with pytest.raises(pricing.Refused) as over:
        world.book("north_owner", "north", basic=10 + 46)
    assert refusals.AboveFamilyMaximum("m365_business", 300, 301) in sum(over.value.priced.refusals.values(), ())
    world.book("north_owner", "north", basic=10 + 45)
    Customer.objects.filter(pk=world.customer_ids["north"]).update(segment="non_profit")
    assert against(world, choice(world, premium, seats=1)) == (purchases.NotSold(),)


def test_an_agreement_is_accepted_once_and_told_to_the_vendor_before_the_purchase(world: World) -> None:
    without_agreement(world)
    with pytest.raises(buy_pricing.Refused) as refused:
        quote(world, choice(world, E3), signatory=None)
    (missing,) = refused.value.priced.refusals
    assert missing == purchases.AgreementMissing("https://simulator.example/customer-agreement")
    with pytest.raises(change_seats.ReasonMissing):
        quote(world, choice(world, E3), by="staff")
    world.simulator.fault("timeout_after_effect", match={"method": "POST", "path": "/agreements$", "nth": 1})
    made = quote(world, choice(world, E3))
    order_id = place(world, made)
    world.work(rounds=120)
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    confirmed = [each for each in world.simulator.effects() if each["kind"] == "agreement.confirmed"]
    assert len(confirmed) == 1
    tenant_id = world.holding("north", BASIC).tenant_id
    told = agreements.newest(tenant_id=tenant_id)
    assert told is not None
    assert (told.source, told.first_name, told.version) == ("portal", "Nora", 0)
    quote(world, choice(world, E3), signatory=None)
    known = agreements.newest(tenant_id=tenant_id)
    assert known is not None
    assert (known.source, known.last_name) == ("vendor", "North")


def test_a_promotion_that_does_not_fit_is_refused_by_us_and_one_that_fits_lowers_the_price(world: World) -> None:
    world.simulator.seed({"promotions": [promotion(totalSeats=10, redemptions=1)]})
    wrong = choice(world, E3, promotion_id=SPRING, term="P1M", billing_plan="monthly")
    assert against(world, wrong) == (purchases.PromotionWrongPlan((("P1Y", "monthly"),)),)
    assert against(world, choice(world, E3, promotion_id="NONE:0001:X")) == (purchases.PromotionNotGranted(),)
    with pytest.raises(buy_pricing.Refused) as refused:
        quote(world, choice(world, E3, seats=11, promotion_id=SPRING))
    assert refused.value.priced.refusals == (purchases.PromotionWrongSeats(1, 10, 10),)
    made = quote(world, choice(world, E3, seats=4, promotion_id=SPRING))
    full = quote(world, choice(world, E3, seats=4)).calculation.due_now.net_minor
    # 37.49 less 10 % is 33.741 for each of the 4 seats.
    assert (full, made.calculation.due_now.net_minor) == (14996, 13496)
    order_id = place(world, made)
    world.work()
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).state == "done"
    (sold,) = [each for each in at_the_vendor(world) if each.get("promotionId")]
    assert sold["promotionId"] == SPRING
    with pytest.raises(buy_pricing.Refused) as used:
        quote(world, choice(world, E3, seats=4, promotion_id=SPRING))
    assert purchases.PromotionUsed() in used.value.priced.refusals


def test_a_plan_has_no_promotion_but_by_a_share_of_its_own_that_is_part_of_the_price(world: World) -> None:
    offered = promotion()
    (year,) = offered["requiredProducts"]
    month = year | {"term": {"duration": "P1M", "billingCycle": "Monthly"}}
    for policy in ({"policyType": "AddOnFree", "value": "1"}, {"policyType": "PercentDiscount", "value": "10"}):
        offered["requiredProducts"] = [year, month | {"pricingPolicies": [policy]}]
        world.simulator.seed({"promotions": [offered]})
        wrong = choice(world, E3, promotion_id=SPRING, term="P1M", billing_plan="monthly")
        assert against(world, wrong) == (purchases.PromotionWrongPlan((("P1Y", "monthly"),)),)
        assert against(world, choice(world, E3, promotion_id=SPRING)) == ()


def test_the_catalogue_says_what_a_commitment_will_have_cost(world: World) -> None:
    """12.345 a month is charged as 12.35 each time: 148.20 for the year, and not 148.14."""
    catalogue.price_fixed(
        reseller_id=world.reseller_id,
        offer_pk=offers.offer(offer_key=key(E3)).offer_pk,
        valid_from_on=dt.date(2026, 3, 1),
        amount=Decimal("12.345"),
        currency="EUR",
        at=world.at,
    )
    page = browse_catalogue.product(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        product_key=f"{E3['product_id']}:{E3['vendor_sku_id']}",
        at=world.at,
    )
    shown = next(row for row in page.plans if row.offer_key == key(E3))
    made = quote(world, choice(world, E3, seats=1))
    assert shown.term_minor == made.calculation.rest_of_term.net_minor == 14820


def test_a_first_term_ends_with_another_subscription_and_is_charged_by_the_day(world: World) -> None:
    ends_on = world.holding("north", BASIC).commitment_end_on
    assert ends_on == dt.date(2027, 1, 30)
    made = quote(world, choice(world, E3, billing_plan="annual", custom_end_on=ends_on))
    (charge,) = made.calculation.lines[0].charges
    # 319 of 365 days of 3 x 428.40.
    assert (charge.days, charge.cycle_days, charge.amount_minor) == (319, 365, 112323)
    with pytest.raises(buy_pricing.Refused) as refused:
        quote(world, choice(world, E3, billing_plan="annual", custom_end_on=dt.date(2026, 11, 11)))
    (wrong,) = refused.value.priced.refusals
    assert isinstance(wrong, purchases.EndDateNotPossible)
    assert ends_on in wrong.possible
    too_late = choice(world, E3, custom_end_on=dt.date(2029, 1, 1))
    assert against(world, too_late) == (purchases.EndDateNotPossible((dt.date(2027, 3, 17),)),)
    place(world, made)
    world.work()
    (row,) = bought(world)
    assert (row.term_start_on, row.commitment_end_on) == (dt.date(2026, 3, 17), ends_on)


def test_a_quote_is_booked_only_as_it_was_shown(world: World) -> None:
    made = quote(world, choice(world, E3))
    with pytest.raises(change_seats.KeyMismatch):
        place(world, dataclasses.replace(made, idempotency_key="x" * 32))
    with pytest.raises(change_seats.ReasonMissing):
        place(world, made, by="staff")
    with pytest.raises(permissions.NotAllowed):
        place(world, made, by="support", reason="asked")
    catalogue.price_fixed(
        reseller_id=world.reseller_id,
        offer_pk=offers.offer(offer_key=key(E3)).offer_pk,
        valid_from_on=dt.date(2026, 3, 1),
        amount=Decimal("50"),
        currency="EUR",
        at=world.at,
    )
    with pytest.raises(change_seats.QuoteChanged) as changed:
        place(world, made)
    fresh = buy.prepared(by=world.actor("north_owner"), quote_id=changed.value.fresh_quote_id, at=world.at)
    assert fresh.calculation.due_now.net_minor == 15000
    world.move(minutes=31)
    with pytest.raises(change_seats.QuoteExpired):
        place(world, fresh)
    seats = change_seats.prepare(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        wishes=world.wish("north", basic=11),
        at=world.at,
    )
    with pytest.raises(permissions.Unknown):
        buy.prepared(by=world.actor("north_owner"), quote_id=seats, at=world.at)
    assert operations.open_views(kind="buy", customer_id=world.customer_ids["north"]) == []


def test_what_is_not_ordered_by_oneself_is_asked_for_and_booked_at_the_desk(world: World) -> None:
    wanted = choice(world, CALLING)

    def ask(by: str) -> uuid.UUID:
        return ask_for_offers.ask(
            by=world.actor(by),
            customer_id=world.customer_ids["north"],
            tenant_id=wanted.tenant_id,
            offer_key=wanted.offer_key,
            seats=2,
            wish=" for the shop ",
            at=world.at,
        )

    first = ask("north_billing")
    world.move(seconds=1)
    second = ask("north_owner")
    with pytest.raises(permissions.NotAllowed):
        ask("staff")
    with pytest.raises(permissions.Unknown):
        ask("south_owner")
    assert [line.request.request_id for line in ask_for_offers.desk(by=world.actor("staff"))] == [first, second]
    with pytest.raises(permissions.NotAllowed):
        ask_for_offers.desk(by=world.actor("north_owner"))

    def answer(request_id: uuid.UUID, text: str, *, is_declined: bool = False, by: str = "staff") -> None:
        ask_for_offers.answer(
            by=world.actor(by),
            request_id=request_id,
            text=text,
            promised_at=world.at + dt.timedelta(days=2),
            is_declined=is_declined,
            at=world.at,
        )

    with pytest.raises(ask_for_offers.AnswerMissing):
        answer(first, "  ")
    with pytest.raises(permissions.NotAllowed):
        answer(first, "no", by="support")
    answer(first, "Until Thursday.")
    answer(second, "Not in your country.", is_declined=True)
    with pytest.raises(offer_requests.WrongState):
        answer(second, "Or perhaps.")
    with pytest.raises(offer_requests.WrongState):
        ask_for_offers.for_booking(by=world.actor("staff"), request_id=second)
    place_phone = place(world, quote(world, choice(world, PHONE, seats=2)))
    world.work()
    made = quote(world, dataclasses.replace(wanted, seats=2), by="staff", on_whose_word="telephone")
    order_id = place(world, made, by="staff", reason="telephone", request_id=first)
    world.work()
    rows = ask_for_offers.requests_of(by=world.actor("north_billing"), customer_id=world.customer_ids["north"]).rows
    states = {row.request_id: (row.state, row.order_id) for row in rows}
    assert states == {first: ("booked", order_id), second: ("declined", None)}
    assert next(row for row in rows if row.request_id == first).answer == "Until Thursday."
    assert follow_order.order(by=world.actor("staff"), order_id=order_id).state == "done"
    assert follow_order.order(by=world.actor("staff"), order_id=place_phone).state == "done"


def test_a_reseller_keeps_a_product_for_requests(world: World) -> None:
    assert against(world, choice(world, E3)) == ()
    with pytest.raises(permissions.NotAllowed):
        keep(world, by="support")
    keep(world, by="staff")
    assert against(world, choice(world, E3)) == (refusals.NotSelfService(),)
    with pytest.raises(permissions.Unknown):
        keep(world, by="staff", product_key="NOTHING:0001")


def keep(world: World, *, by: str, product_key: str = "CFQ7TTC0LFLX:0001") -> None:
    ask_for_offers.set_self_service(
        by=world.actor(by),
        customer_id=world.customer_ids["north"],
        product_key=product_key,
        is_self_service=False,
        at=world.at,
    )
