"""Another term of what the reseller sells on request, or does not sell now: refused to the customer as seats are."""

import uuid

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.catalogue.models import CatalogueItem, Product
from seatwright.rules import renewals, terms, timeline
from seatwright.workflows import ask_for_offers, buy_limits, change_seats, change_term, schedule_change
from tests.stories.test_change_term import E3, place, quoted, sell_three_years_by_the_month
from tests.stories.world import EXCHANGE, World

pytestmark = pytest.mark.django_db(transaction=True)
Term, Plan = terms.Term, terms.BillingPlan
YEAR = (Term.P1Y, Plan.MONTHLY)


def keep(world: World, sku_id: str = EXCHANGE) -> None:
    """Leave the licence to the reseller."""
    ask_for_offers.set_self_service(
        by=world.actor("staff"),
        customer_id=world.customer_ids["north"],
        product_key=buy_limits.product_of(world.holding("north", sku_id).offer_key),
        is_self_service=False,
        at=world.at,
    )


def hide(world: World, sku_id: str = EXCHANGE) -> None:
    """Take the licence out of the reseller's catalogue."""
    _, product_id, vendor_sku_id, *_ = world.holding("north", sku_id).offer_key.split(":")
    product = Product.objects.get(product_id=product_id, vendor_sku_id=vendor_sku_id)
    CatalogueItem.objects.update_or_create(
        reseller_id=world.reseller_id, product=product, defaults={"is_offered": False}
    )


def key_of(world: World, sku_id: str = EXCHANGE) -> uuid.UUID:
    return world.holding("north", sku_id).subscription_id


def test_a_term_that_the_reseller_changes_on_request_is_begun_by_its_people_only(world: World) -> None:
    before = quoted(world, YEAR)
    keep(world)
    for asked in (
        lambda: change_term.choices(by=world.actor("north_owner"), subscription_id=key_of(world), at=world.at),
        lambda: change_term.preview(by=world.actor("north_owner"), subscription_id=key_of(world), to=YEAR, at=world.at),
        lambda: quoted(world, YEAR),
        lambda: place(world, before),
    ):
        with pytest.raises(change_term.NotPossible, match="not_self_service"):
            asked()
    for by in (world.actor("staff"), SYSTEM):
        found = change_term.choices(by=by, subscription_id=key_of(world), at=world.at)
        assert [(each.line.term, each.line.billing_plan) for each in found] == [("P1Y", "monthly"), ("P1Y", "annual")]
    made = quoted(world, YEAR, by="staff")
    change_term.place(
        by=world.actor("staff"),
        quote_id=made.quote_id,
        idempotency_key=made.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="Ms North, by telephone",
        at=world.at,
    )
    world.work()
    assert world.holding("north", EXCHANGE).term == "P1Y"


def test_what_was_booked_before_is_carried_out_and_wishes_stay_with_the_customer(world: World) -> None:
    sell_three_years_by_the_month(world)
    place(world, quoted(world, YEAR))
    keep(world)
    hide(world)
    world.work()
    assert world.holding("north", EXCHANGE).term == "P1Y"
    keep(world, E3)
    owner, key = world.actor("north_owner"), key_of(world, E3)
    with pytest.raises(change_term.NotPossible, match="not_self_service"):
        quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3)
    wishes: dict[timeline.Dimension, timeline.Value] = {timeline.Dimension.ENDING: renewals.Ending.CANCEL}
    schedule_change.schedule(by=owner, subscription_id=key, wishes=wishes, at=world.at)


def test_no_term_begins_of_what_the_reseller_does_not_offer(world: World) -> None:
    before = quoted(world, YEAR)
    hide(world)
    for name in ("north_owner", "staff"):
        assert change_term.choices(by=world.actor(name), subscription_id=key_of(world), at=world.at) == ()
        with pytest.raises(change_term.NotPossible, match="not_offered") as refused:
            quoted(world, YEAR, by=name)
        assert refused.value.offered == ()
    with pytest.raises(change_term.NotPossible, match="not_offered"):
        place(world, before)
    with pytest.raises(change_term.NotPossible, match="not_a_change"):
        quoted(world, (Term.P1M, Plan.MONTHLY))
    CatalogueItem.objects.update(is_offered=True)
    assert isinstance(quoted(world, YEAR), change_seats.Prepared)


def test_another_rhythm_of_what_is_hidden_waits_for_the_reseller_too(world: World) -> None:
    sell_three_years_by_the_month(world)
    hide(world, E3)
    with pytest.raises(change_term.NotPossible, match="not_offered"):
        quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3)
    with pytest.raises(change_term.NotPossible, match="shorter_term"):
        quoted(world, (Term.P1Y, Plan.ANNUAL), sku_id=E3)
