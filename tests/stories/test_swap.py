"""People change from one plan to another in one booking, on every way there is, told on the real simulator."""

import datetime as dt
import uuid
from typing import Any

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.assignments.models import Person
from seatwright.billing import queries as billing
from seatwright.operations.models import Operation
from seatwright.orders import intents, swap_terms
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    change_seats,
    charge_cycles,
    schedule_change,
    swap,
    swap_plan,
)
from tests.stories import world as worlds
from tests.stories.swapping import (
    ALL,
    PREMIUM,
    PREMIUM_KEY,
    Way,
    accept_the_agreement,
    book,
    charged,
    choice,
    graph,
    key,
    licences,
    more_of,
    moves,
    order_of,
    quoted,
    require_nobody_ever_without,
    rows_of,
)
from tests.stories.world import BASIC, STANDARD, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_part_of_the_seats_go_to_a_subscription_of_their_own_that_ends_with_the_old_one(world: World) -> None:
    order_id = book(world, choice(world, 1, 2, 3))
    assert quoted(world, order_id).swap.way is swap_terms.Way.PARTIAL
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    (basic,) = rows_of(world, BASIC)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 3)
    assert (basic.seats, born.commitment_end_on, born.anchor_on) == (7, basic.commitment_end_on, basic.anchor_on)
    # Two of the ten seats were added two days ago: they go first, and keep the five days that are left to return them.
    assert [(lot.seats, lot.returnable_until is None) for lot in born.lots] == [(2, False), (1, True)]
    assert licences(world, 1, 2, 3, 4) == [{STANDARD}, {STANDARD}, {STANDARD}, {BASIC}]
    require_nobody_ever_without(world)
    # 13 of the 31 days from 27 February: 3 x 5.88 x 13/31 = 7.40 back, 3 x 12.29 x 13/31 = 15.46 more.
    assert charged(world) == [
        ("swapped_out", "Microsoft 365 Business Basic", -3, -740),
        ("swapped_in", "Microsoft 365 Business Standard", 3, 1546),
    ]
    assert quoted(world, order_id).due_now.net_minor == 806
    assert (holdings.miscounted(), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])
    world.move(days=14)
    world.sync()
    charge_cycles.post_due(at=world.at)
    assert sorted(charged(world)[2:]) == [
        ("cycle", "Microsoft 365 Business Basic", 7, 4116),
        ("cycle", "Microsoft 365 Business Standard", 3, 3687),
    ]


def test_the_vendor_has_its_time_from_the_call_on_however_long_the_order_waited(world: World) -> None:
    world.simulator.settings(transition_s=7200)
    order_id = book(world, choice(world, 1, 2, 3))
    while not Operation.objects.filter(kind="transition", sent_at__isnull=False):
        world.work(rounds=1)
    waited = Operation.objects.filter(kind="transition")
    waited.update(created_at=world.at - dt.timedelta(days=3), deadline_at=world.at + dt.timedelta(days=1))
    world.work(rounds=60, step_s=600)
    assert order_of(world, order_id).state == "done"


def test_all_seats_become_the_other_plan_under_the_same_subscription_and_the_vendor_moves_the_people(
    world: World,
) -> None:
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", BASIC).subscription_id,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsTotal(8)},
        at=world.at,
    )
    world.work()
    before = world.holding("north", BASIC)
    order_id = book(world, choice(world, *ALL, is_whole=True))
    assert quoted(world, order_id).swap.way is Way.FULL
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    after = next(row for row in rows_of(world, STANDARD) if row.seats == 10)
    assert (after.subscription_id, after.commitment_end_on) == (before.subscription_id, before.commitment_end_on)
    assert (after.unit_rate, [lot.seats for lot in after.lots]) == ("12.29", [8, 2])
    assert moves(world) == []
    # 10 x 5.88 x 13/31 = 24.66 back and 10 x 12.29 x 13/31 = 51.54 more, each telescoped to the cycle's end.
    assert [(kind, seats, amount) for kind, _name, seats, amount in charged(world)] == [
        ("swapped_out", -10, -2466),
        ("swapped_in", 10, 5154),
    ]
    # The vendor forgot the wish for the renewal with the transition; ours is carried over and stored again.
    (kept,) = intents.open_intents(subscription_ids=[after.subscription_id])[after.subscription_id]
    assert kept.pending.changes[timeline.Dimension.QUANTITY] == timeline.SeatsTotal(8)
    world.move(days=14)
    world.sync()
    charge_cycles.post_due(at=world.at)
    assert charged(world)[2:] == [("cycle", "Microsoft 365 Business Standard", 10, 12290)]


def test_seats_join_a_subscription_that_ends_no_earlier(world: World) -> None:
    book(world, choice(world, 1, 2))
    world.work(rounds=60, step_s=30)
    born = next(row for row in rows_of(world, STANDARD) if row.seats == 2)
    into = choice(world, 3, way=f"merge:{born.subscription_id}")
    order_id = book(world, into)
    world.work(rounds=60, step_s=30)
    assert (order_of(world, order_id).state, quoted(world, order_id).swap.way) == ("done", Way.MERGE)
    assert sorted(row.seats for row in rows_of(world, STANDARD)) == [3, 5]
    assert world.holding("north", BASIC).seats == 7
    assert licences(world, 1, 2, 3) == [{STANDARD}] * 3
    assert [seats for kind, _name, seats, _amount in charged(world) if kind == "swapped_in"] == [2, 1]
    assert (holdings.miscounted(), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def test_where_enough_is_free_nothing_is_bought_and_the_old_seats_are_returned_or_leave_with_the_renewal(
    world: World,
) -> None:
    wish = choice(world, 1, 2, 3, way=more_of(world))
    order_id = book(world, wish)
    swapped = quoted(world, order_id).swap
    assert (swapped.way, swapped.seats) == (Way.FREE, 0)
    # Two of the ten seats can be returned for three more days; three old seats cost 3 x 5.88 for 10 cycles at most.
    assert swapped.overlap is not None
    assert (swapped.overlap.seats, swapped.overlap.returnable) == (3, 2)
    assert (swapped.overlap.most_minor, swapped.overlap.expected_minor) == (740 + 10 * 1764, 247 + 10 * 588)
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert licences(world, 1, 2, 3, 4) == [{STANDARD}, {STANDARD}, {STANDARD}, {BASIC}]
    require_nobody_ever_without(world)
    basic = world.holding("north", BASIC)
    assert (basic.seats, world.vendor_seats("north", BASIC)) == (8, 8)
    assert [(kind, seats, amount) for kind, _name, seats, amount in charged(world)] == [("return", -2, -493)]
    (kept,) = intents.open_intents(subscription_ids=[basic.subscription_id])[basic.subscription_id]
    assert kept.pending.changes[timeline.Dimension.QUANTITY] == timeline.SeatsTotal(7)
    assert (holdings.miscounted(), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def test_services_that_are_off_for_a_person_stay_off_where_the_new_plan_has_them(world: World) -> None:
    teams, exchange, sway = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
    for sku_id, plans in ((BASIC, (teams, exchange, sway)), (STANDARD, (teams, exchange))):
        product = worlds._product(sku_id)
        product["skus"][0]["servicePlans"] = [
            {"servicePlanId": plan, "servicePlanName": plan[-1], "appliesTo": "User"} for plan in plans
        ]
        world.simulator.seed({"products": [product]})
    off = {"skuId": BASIC, "disabledPlans": [teams.upper(), sway]}
    graph(world, "POST", 1, what="/assignLicense", body={"addLicenses": [off], "removeLicenses": []})
    book(world, choice(world, 1, 2, way=more_of(world)))
    world.work(rounds=60, step_s=30)
    after = {effect["subject"]: effect["after"] for effect in moves(world)}
    assert after[key(1)] == {STANDARD: [teams]}
    assert after[key(2)] == {STANDARD: []}


def test_the_overlap_is_charged_up_to_the_renewal_as_it_was_expected_and_then_no_more(world: World) -> None:
    order_id = book(world, choice(world, 1, 2, 3, way=more_of(world)))
    overlap = quoted(world, order_id).swap.overlap
    assert overlap is not None
    world.work(rounds=60, step_s=30)
    for _ in range(12):
        world.move(days=28)
        world.sync()
        charge_cycles.post_due(at=world.at)
    basic = world.holding("north", BASIC)
    assert (basic.commitment_end_on, basic.seats) == (dt.date(2028, 1, 30), 7)
    rows = billing.charges(
        seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=basic.subscription_id
    )
    before = [row for row in rows if row.kind == "cycle" and row.period_start_on < overlap.latest_on]
    assert [row.seats for row in before] == [8] * 10
    # Three old seats are paid until 30 March, two of them come back; one of eight costs 5.88 a month until January.
    paid = 740 - 493 + sum(row.amount_minor for row in before) - 10 * 7 * 588
    assert paid == overlap.expected_minor <= overlap.most_minor
    assert [(row.seats, row.amount_minor) for row in rows if row.period_start_on == overlap.latest_on] == [(7, 7 * 588)]


def test_only_the_seats_that_are_missing_are_bought(world: World) -> None:
    order_id = book(world, choice(world, *ALL, way=more_of(world)))
    assert (quoted(world, order_id).swap.way, quoted(world, order_id).swap.seats) == (Way.MORE, 2)
    world.work(rounds=80, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert [row.seats for row in rows_of(world, STANDARD)] == [7]
    assert [(kind, seats) for kind, _name, seats, _amount in charged(world)] == [("increase", 2), ("return", -2)]
    assert world.holding("north", BASIC).seats == 8
    assert licences(world, *ALL) == [{STANDARD}] * 7
    require_nobody_ever_without(world)


def test_a_plan_that_is_not_held_yet_is_bought_first(world: World) -> None:
    wish = choice(world, 1, 2, to=PREMIUM_KEY, way="buy")
    with pytest.raises(swap_plan.NotPossible) as refused:
        book(world, wish)
    assert [reason.code for reason in refused.value.planned.reasons] == ["agreement_missing"]
    accept_the_agreement(world)
    order_id = book(world, wish)
    assert quoted(world, order_id).swap.way is Way.BUY
    world.work(rounds=80, step_s=60)
    assert order_of(world, order_id).state == "done"
    (premium,) = rows_of(world, PREMIUM)
    assert (premium.seats, premium.subscription_id) == (2, quoted(world, order_id).swap.target.subscription_id)
    assert licences(world, 1, 2) == [{PREMIUM}, {PREMIUM}]
    # 2 x 21.63 for the first cycle of a term of its own; the two returnable seats of the old plan are credited.
    assert [(kind, seats, amount) for kind, _name, seats, amount in charged(world)] == [
        ("purchase", 2, 4326),
        ("return", -2, -493),
    ]
    require_nobody_ever_without(world)
    assert (holdings.miscounted(), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def test_a_swap_is_booked_once_and_only_as_quoted(world: World) -> None:
    actor = world.actor("north_admin")
    quote_id = swap.prepare(by=actor, choice=choice(world, 1, 2), at=world.at)
    quote = swap.prepared(by=actor, quote_id=quote_id, at=world.at)

    def place(key: str = quote.idempotency_key, by: str = "north_admin", reason: str = "") -> uuid.UUID:
        return swap.place(
            by=world.actor(by),
            quote_id=quote_id,
            idempotency_key=key,
            agreed_words="Order with obligation to pay",
            on_behalf_reason=reason,
            at=world.at,
        )

    with pytest.raises(change_seats.KeyMismatch):
        place(key="another")
    with pytest.raises(change_seats.ReasonMissing):
        place(by="staff")
    with pytest.raises(permissions.NotAllowed):
        place(by="support")
    with pytest.raises(permissions.Unknown):
        place(by="south_owner")
    world.move(hours=14, minutes=30)
    with pytest.raises(change_seats.QuoteExpired):
        place()
    world.move(hours=-14, minutes=-30)
    world.book("north_owner", "north", basic=11)
    with pytest.raises(swap_plan.NotPossible) as refused:
        place()
    assert [reason.code for reason in refused.value.planned.reasons] == ["change_under_way"]
    world.work()
    with pytest.raises(change_seats.QuoteChanged) as changed:
        place()
    fresh = swap.prepared(by=actor, quote_id=changed.value.fresh_quote_id, at=world.at)
    assert [line.seats_before for line in fresh.calculation.lines] == [11, 0]
    assert world.simulator.effects()[-1]["kind"] != "transition.accepted"


def test_what_is_not_possible_says_why(world: World) -> None:
    def reasons(*numbers: int, **more: Any) -> list[str]:
        planned = swap.preview(by=world.actor("north_owner"), choice=choice(world, *numbers, **more), at=world.at)
        assert planned.calculation is None
        return [reason.code for reason in planned.reasons]

    assert reasons() == ["nobody"]
    assert reasons(1, 12) == ["people_changed"]
    assert reasons(1, to="CFQ7TTC0LH18:0001") == ["no_way"]
    assert reasons(1, way="merge:of nothing") == ["no_way"]
    assert reasons(1, 2, is_whole=True) == ["others_hold_it"]
    Person.objects.filter(vendor_person_id=key(1)).update(usage_location="")
    assert reasons(1, 2) == ["people_blocked"]
    with pytest.raises(permissions.Unknown):
        swap.survey(by=world.actor("south_owner"), subscription_id=choice(world).subscription_id, at=world.at)
    with pytest.raises(permissions.NotAllowed):
        swap.survey(by=world.actor("north_billing"), subscription_id=choice(world).subscription_id, at=world.at)
