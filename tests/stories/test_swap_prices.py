"""What a swap costs at its edges: tiers, currencies, and two licences of one plan."""

import datetime as dt

import pytest

from seatwright.catalogue.models import PriceList, PriceListLine
from seatwright.subscriptions.models import Subscription
from seatwright.workflows import swap, swap_plan
from tests.stories.swapping import (
    ALL,
    PREMIUM_KEY,
    Way,
    accept_the_agreement,
    assign,
    book,
    choice,
    key,
    rows_of,
)
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def listed(world: World, product_id: str, *, currency: str = "EUR", tiers: dict[int, int]) -> None:
    """A newer price list with that product alone, its usual price divided by the number of the tier."""
    plain = PriceListLine.objects.get(
        offer__product__product_id=product_id, offer__term="P1Y", offer__billing_plan="monthly", offer__market="BE"
    )
    made = PriceList.objects.create(
        vendor_key="microsoft",
        reseller_id=world.reseller_id,
        market="BE",
        currency=currency,
        segment=plain.price_list.segment,
        version=1,
        valid_from_on=dt.date(2026, 1, 1),
        source_name="own",
        source_hash=currency,
        content_hash=currency,
        line_count=len(tiers),
        imported_at=world.at,
    )
    ends = [*(start - 1 for start in list(tiers)[1:]), None]
    for (start, divisor), end in zip(tiers.items(), ends, strict=True):
        PriceListLine.objects.create(
            price_list=made,
            offer=plain.offer,
            valid_from_on=made.valid_from_on,
            tier_min=start,
            tier_max=end,
            unit_price_e8=plain.unit_price_e8 // divisor,
            rrp_e8=(plain.rrp_e8 or 0) // divisor,
            unit_of_measure=plain.unit_of_measure,
            tags="",
        )


def test_seats_that_go_have_the_price_of_as_many_as_they_are(world: World) -> None:
    """Standard costs 12.29, and half of it from ten seats on; two of the ten of Basic go, or all."""
    listed(world, "CFQ7TTC0LDPB", tiers={1: 1, 10: 2})
    rates = {}
    for people in ((1, 2), ALL):
        wanted = choice(world, *people, is_whole=people == ALL)
        planned = swap.preview(by=world.actor("north_owner"), choice=wanted, at=world.at)
        assert planned.calculation is not None
        rates[planned.calculation.swap.way] = planned.calculation.swap.target.unit_rate
    assert rates == {Way.PARTIAL: "12.29", Way.FULL: "6.145"}


def test_seats_are_not_bought_in_another_currency_than_the_old_ones_have(world: World) -> None:
    accept_the_agreement(world)
    listed(world, "CFQ7TTC0LCHC", currency="CHF", tiers={1: 1})
    Subscription.objects.filter(pk=world.holding("north", BASIC).subscription_id).update(currency="CHF")
    planned = swap.preview(
        by=world.actor("north_owner"), choice=choice(world, 1, to=PREMIUM_KEY, way="buy"), at=world.at
    )
    assert "other_currency" in [reason.code for reason in planned.reasons]


def test_of_two_licences_of_one_plan_only_the_seats_of_the_one_that_is_left_are_paid_twice(world: World) -> None:
    accept_the_agreement(world)
    book(world, choice(world, 1, 2, 3))
    world.work(rounds=60, step_s=30)
    world.sync()
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 3)
    for number in (8, 9):
        assign(world, number, add=(STANDARD,))
    world.sync()
    wanted = swap_plan.Choice(
        subscription_id=born.subscription_id,
        to=PREMIUM_KEY,
        people=tuple(key(number) for number in (1, 2, 3, 8, 9)),
        way="buy",
    )
    planned = swap.preview(by=world.actor("north_owner"), choice=wanted, at=world.at)
    assert planned.calculation is not None
    assert planned.calculation.swap.overlap is not None
    assert (planned.calculation.swap.seats, planned.calculation.swap.overlap.seats) == (5, 3)
