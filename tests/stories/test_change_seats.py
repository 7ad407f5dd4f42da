"""Journey 1, told as stories: each runs from the wish to the booked charges, against the vendor over HTTP."""

import dataclasses
import datetime as dt

import pytest

from seatwright.access import audit, permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.orders import queries as orders
from seatwright.rules import refusals
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions.models import SeatEntry
from seatwright.workflows import change_seats, follow_order, pricing
from tests.stories.world import BASIC, EXCHANGE, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_more_seats_are_quoted_ordered_delivered_and_charged_alike(world: World) -> None:
    order_id = world.book("north_admin", "north", basic=13)
    world.work()

    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("done", "done")
    assert world.vendor_seats("north", BASIC) == 13
    holding = world.holding("north", BASIC)
    assert (holding.seats, holding.vendor_seats) == (13, 13)
    assert [lot.seats for lot in holding.lots] == [8, 2, 3]
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    # Bought on 30 January, so the cycle runs from the day before February's end to the day before March's: 27 February
    # to 30 March, 31 days; 17 to 29 March are 13 of them: 3 x 5.88 x 13 / 31 = 7.397 -> 7.40.
    assert [(c.seats, c.days, c.cycle_days, c.amount_minor, c.currency) for c in charges] == [(3, 13, 31, 740, "EUR")]
    assert page.calculation.due_now.net_minor == 740
    assert page.calculation.due_now.tax_minor == 155
    assert list(audit.breaks()) == []
    assert holdings.miscounted() == []


def test_the_same_quote_booked_twice_is_one_order_with_one_effect(world: World) -> None:
    actor = world.actor("north_admin")
    quote_id = change_seats.prepare(
        by=actor, customer_id=world.customer_ids["north"], wishes=world.wish("north", basic=11), at=world.at
    )
    key = change_seats.prepared(by=actor, quote_id=quote_id, at=world.at).idempotency_key
    first, second = (
        change_seats.place(
            by=actor, quote_id=quote_id, idempotency_key=key, agreed_words="x", on_behalf_reason="", at=world.at
        )
        for _ in range(2)
    )
    world.work()
    third = change_seats.place(
        by=actor, quote_id=quote_id, idempotency_key=key, agreed_words="x", on_behalf_reason="", at=world.at
    )
    assert first == second == third
    assert world.vendor_seats("north", BASIC) == 11
    assert len(orders.orders(seen_by=SYSTEM, customer_id=world.customer_ids["north"]).rows) == 1


def test_a_wrong_key_books_nothing(world: World) -> None:
    actor = world.actor("north_admin")
    quote_id = change_seats.prepare(
        by=actor, customer_id=world.customer_ids["north"], wishes=world.wish("north", basic=11), at=world.at
    )
    with pytest.raises(change_seats.KeyMismatch):
        change_seats.place(
            by=actor, quote_id=quote_id, idempotency_key="guess", agreed_words="x", on_behalf_reason="", at=world.at
        )
    assert world.open_operations() == 0


def test_only_the_seats_whose_window_is_open_can_be_returned_and_the_refusal_names_the_next_date(world: World) -> None:
    priced = change_seats.preview(
        by=world.actor("north_admin"),
        customer_id=world.customer_ids["north"],
        wishes=world.wish("north", basic=7),
        at=world.at,
    )
    assert priced.calculation is None
    holding = world.holding("north", BASIC)
    (refusal,) = priced.refusals[str(holding.subscription_id)]
    assert isinstance(refusal, refusals.NotReturnable)
    assert (refusal.wanted, refusal.returnable_now) == (3, 2)
    assert refusal.next_possible_on == holding.commitment_end_on == dt.date(2027, 1, 30)


def test_returning_what_was_added_gives_the_money_of_the_remaining_days_back(world: World) -> None:
    order_id = world.book("north_owner", "north", basic=8)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert page.state == "done"
    assert world.vendor_seats("north", BASIC) == 8
    assert [lot.seats for lot in world.holding("north", BASIC).lots] == [8]
    (charge,) = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    # 2 x 5.88 x 13 / 31 = 4.9316 given back
    assert (charge.seats, charge.amount_minor) == (-2, -493)


def test_seats_that_people_hold_are_not_given_back_and_the_holders_are_named(world: World) -> None:
    world.book("north_owner", "north", basic=8)
    world.work()
    priced = change_seats.preview(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        wishes=world.wish("north", basic=6),
        at=world.at,
    )
    kinds = priced.refusals[str(world.holding("north", BASIC).subscription_id)]
    below = next(refusal for refusal in kinds if isinstance(refusal, refusals.BelowAssigned))
    assert below.assigned == 7
    assert below.holders[:2] == ("Person 1 of north", "Person 2 of north")


def test_several_lines_are_one_order_and_are_carried_out_side_by_side(world: World) -> None:
    order_id = world.book("north_owner", "north", basic=9, standard=6, exchange=2)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert page.state == "done"
    assert [(line.seats_before, line.seats_after) for line in page.lines] == [(10, 9), (5, 6), (1, 2)]
    seats = {sku: world.vendor_seats("north", sku) for sku in (BASIC, STANDARD, EXCHANGE)}
    assert seats == {BASIC: 9, STANDARD: 6, EXCHANGE: 2}
    charges = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    assert sum(charge.amount_minor for charge in charges) == page.calculation.due_now.net_minor


def test_a_price_that_is_no_longer_the_quoted_one_is_shown_again_and_not_booked(world: World) -> None:
    actor = world.actor("north_admin")
    quote_id = change_seats.prepare(
        by=actor, customer_id=world.customer_ids["north"], wishes=world.wish("north", basic=12), at=world.at
    )
    quote = change_seats.prepared(by=actor, quote_id=quote_id, at=world.at)
    world.at = dt.datetime(2026, 3, 17, 22, 55, tzinfo=dt.UTC)
    fresh_id = change_seats.prepare(
        by=actor, customer_id=world.customer_ids["north"], wishes=world.wish("north", basic=12), at=world.at
    )
    fresh = change_seats.prepared(by=actor, quote_id=fresh_id, at=world.at)
    world.at += dt.timedelta(minutes=10)  # past midnight in Brussels: one day fewer to pay
    with pytest.raises(change_seats.QuoteExpired):
        change_seats.place(
            by=actor,
            quote_id=quote_id,
            idempotency_key=quote.idempotency_key,
            agreed_words="x",
            on_behalf_reason="",
            at=world.at,
        )
    with pytest.raises(change_seats.QuoteChanged) as changed:
        change_seats.place(
            by=actor,
            quote_id=fresh_id,
            idempotency_key=fresh.idempotency_key,
            agreed_words="x",
            on_behalf_reason="",
            at=world.at,
        )
    anew = change_seats.prepared(by=actor, quote_id=changed.value.fresh_quote_id, at=world.at)
    assert anew.calculation.lines[0].charges[0].days == fresh.calculation.lines[0].charges[0].days - 1
    assert world.open_operations() == 0


def test_a_change_made_elsewhere_meanwhile_stops_the_order_instead_of_being_overwritten(world: World) -> None:
    order_id = world.book("north_admin", "north", basic=12)
    holding = world.holding("north", BASIC)
    change_at_the_vendor(world, holding.vendor_subscription_id, seats=15)
    world.work()
    page = follow_order.order(by=world.actor("north_admin"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "changed_elsewhere")
    assert world.vendor_seats("north", BASIC) == 15
    assert billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"]) == []
    (drift,) = holdings.open_drifts(seen_by=SYSTEM)
    assert (drift.ours, drift.theirs) == ("10", "15")


def test_staff_say_on_whose_word_they_book_and_strangers_find_nothing(world: World) -> None:
    with pytest.raises(change_seats.ReasonMissing):
        world.book("staff", "north", basic=11)
    order_id = world.book("staff", "north", reason="Asked for by telephone on 17 March", basic=11)
    assert follow_order.order(by=world.actor("north_owner"), order_id=order_id).on_behalf_reason
    for stranger in ("south_owner", "other_staff"):
        with pytest.raises(permissions.Unknown):
            follow_order.order(by=world.actor(stranger), order_id=order_id)
        with pytest.raises(permissions.Unknown):
            change_seats.preview(
                by=world.actor(stranger),
                customer_id=world.customer_ids["north"],
                wishes=[pricing.Wish(subscription_id=world.holding("north", BASIC).subscription_id, seats=11)],
                at=world.at,
            )
    with pytest.raises(permissions.NotAllowed):
        world.book("north_billing", "north", basic=11)


def test_a_subscription_of_somebody_else_in_ones_own_booking_is_unknown(world: World) -> None:
    foreign = world.holding("south", BASIC).subscription_id
    with pytest.raises(permissions.Unknown):
        change_seats.preview(
            by=world.actor("north_owner"),
            customer_id=world.customer_ids["north"],
            wishes=[*world.wish("north", basic=11), pricing.Wish(subscription_id=foreign, seats=9)],
            at=world.at,
        )


def change_at_the_vendor(world: World, vendor_subscription_id: str, *, seats: int, customer: str = "north") -> None:
    """What another administrator does in the vendor's own portal."""
    import httpx2

    from tests.stories.world import tenant_id

    url = f"{world.simulator.base_url}/v1/customers/{tenant_id(customer)}/subscriptions/{vendor_subscription_id}"
    headers = {"Authorization": f"Bearer {world.simulator.token()}"}
    body = httpx2.get(url, headers=headers).json()
    answer = httpx2.patch(url, headers=headers, json={**body, "quantity": seats})
    assert answer.status_code == 200, answer.text


def test_two_administrators_who_book_the_same_licence_at_once_get_one_order(world: World) -> None:
    quotes = []
    for name, seats in (("north_owner", 12), ("north_admin", 13)):
        actor = world.actor(name)
        quote_id = change_seats.prepare(
            by=actor, customer_id=world.customer_ids["north"], wishes=world.wish("north", basic=seats), at=world.at
        )
        quotes.append((actor, change_seats.prepared(by=actor, quote_id=quote_id, at=world.at)))
    placed = []
    for actor, quote in quotes:
        try:
            placed.append(
                change_seats.place(
                    by=actor,
                    quote_id=quote.quote_id,
                    idempotency_key=quote.idempotency_key,
                    agreed_words="x",
                    on_behalf_reason="",
                    at=world.at,
                )
            )
        except pricing.Refused as refused:
            (reason,) = refused.priced.refusals[str(quote.calculation.lines[0].subscription_id)]
            assert isinstance(reason, refusals.NotChangeable)
            assert reason.status == "change_under_way"
    world.work()
    assert len(placed) == 1
    assert world.vendor_seats("north", BASIC) == 12


def test_another_length_of_the_window_is_a_row_of_policy_and_the_vendors_word_still_outranks_it(world: World) -> None:
    version = catalogue.add_return_policy(
        vendor_key="microsoft",
        offer_class="licence",
        valid_from_on=world.at.date(),
        return_window=dt.timedelta(hours=72),
        safety_margin=dt.timedelta(minutes=10),
        lock_before_renewal=dt.timedelta(hours=24),
        source="the vendor's notice",
    )
    world.book("north_admin", "north", basic=13)
    world.work()
    holding = world.holding("north", BASIC)
    added = holding.lots[-1]
    assert added.returnable_until == added.added_at + dt.timedelta(hours=72)
    entry = SeatEntry.objects.get(pk=added.lot_id)
    assert entry.policy_version == f"microsoft/licence/v{version}"
    # The vendor was read again after the change: two seats of the day before yesterday, three of now, for 168 hours.
    assert holding.returnable is not None
    assert [seats for seats, _until in holding.returnable] == [2, 3]
    assert holding.returnable[-1][1] > added.returnable_until
    policy = pricing.window_policy(vendor_key="microsoft", on=world.at.date())
    assert pricing.returnable_of(holding, at=world.at, policy=policy).total == 5
    # Once its 72 hours are over, our own arithmetic keeps the two seats of the older rule; the vendor's word counts.
    unheard = dataclasses.replace(holding, returnable=None)
    world.move(hours=71, minutes=51)
    assert pricing.returnable_of(unheard, at=world.at, policy=policy).total == 2
    assert pricing.returnable_of(holding, at=world.at, policy=policy).total == 5
