"""People change from one plan to another in one booking, told on the real simulator."""

import threading
import types
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.assignments.models import Person
from seatwright.billing import queries as billing
from seatwright.operations import checkpoints, engine
from seatwright.operations.changes import NotPossible
from seatwright.operations.models import Operation
from seatwright.orders import intents, swap_terms
from seatwright.orders import queries as orders
from seatwright.rules import timeline
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import (
    buy,
    buy_pricing,
    change_seats,
    charge_cycles,
    connections,
    run_desk,
    schedule_change,
    swap,
    swap_plan,
    sync_tenant,
)
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.world import BASIC, STANDARD, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
STANDARD_KEY, PREMIUM_KEY = "CFQ7TTC0LDPB:0001", "CFQ7TTC0LCHC:0002"
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
ALL = (1, 2, 3, 4, 5, 6, 7)
TRANSITION = {"method": "POST", "path": "/transitions$", "nth": 1, "times": 1}
ASSIGN = {"method": "POST", "path": "/assignLicense", "nth": 1, "times": 1}
Way = swap_terms.Way


class PowerCut(BaseException):
    """The process ends here; nothing after it runs."""


def key(number: int, customer: str = "north") -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{customer}"))


def choice(world: World, *numbers: int, to: str = STANDARD_KEY, **more: Any) -> swap_plan.Choice:
    return swap_plan.Choice(
        subscription_id=world.holding("north", BASIC).subscription_id,
        to=to,
        people=tuple(key(number) for number in numbers),
        **more,
    )


def more_of(world: World, sku_id: str = STANDARD) -> str:
    return f"more:{world.holding('north', sku_id).subscription_id}"


def book(world: World, wish: swap_plan.Choice, *, by: str = "north_owner") -> uuid.UUID:
    actor = world.actor(by)
    quote_id = swap.prepare(by=actor, choice=wish, at=world.at)
    quote = swap.prepared(by=actor, quote_id=quote_id, at=world.at)
    return swap.place(
        by=actor,
        quote_id=quote_id,
        idempotency_key=quote.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        at=world.at,
    )


def order_of(world: World, order_id: uuid.UUID) -> orders.OrderRow:
    return orders.order(seen_by=world.actor("north_owner"), order_id=order_id)


def quoted(world: World, order_id: uuid.UUID) -> swap_terms.Calculation:
    return swap_terms.from_json(order_of(world, order_id).calculation)


def moves(world: World) -> list[dict[str, Any]]:
    return [effect for effect in world.simulator.effects() if effect["kind"] == "licences_assigned"]


def licences(world: World, *numbers: int) -> list[set[str]]:
    """What the simulator's directory has given these people in the end."""
    held = {key(number): {BASIC} for number in numbers}
    held |= {effect["subject"]: set(effect["after"]) for effect in moves(world) if effect["subject"] in held}
    return [held[key(number)] for number in numbers]


def require_nobody_ever_without(world: World) -> None:
    """No change of licences that the vendor logged has left anybody with none, and nobody was changed twice."""
    assert all(effect["after"] for effect in moves(world))
    assert set(Counter(effect["subject"] for effect in moves(world)).values()) <= {1}


def graph(world: World, method: str, number: int, *, what: str = "", body: dict[str, Any] | None = None) -> None:
    token = world.simulator.token(audience="https://graph.microsoft.com", tenant_id=tenant_id("north"))
    answer = httpx2.request(
        method,
        f"{world.simulator.base_url}/v1.0/users/{key(number)}{what}",
        headers={"Authorization": f"Bearer {token}"},
        json=body,
    )
    assert answer.status_code < 300, answer.text


def assign(world: World, number: int, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
    """Change licences in the vendor's own console."""
    added = [{"skuId": each, "disabledPlans": []} for each in add]
    graph(world, "POST", number, what="/assignLicense", body={"addLicenses": added, "removeLicenses": list(remove)})


class ShowsPeople:
    """The vendor account, with what it says about a person passed through `alter` first."""

    def __init__(self, vendor: port.Vendor, alter: Callable[[port.VendorPerson], port.VendorPerson]):
        self._vendor, self._alter = vendor, alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vendor, name)

    def read_person(self, **asked: Any) -> port.VendorPerson:
        return self._alter(self._vendor.read_person(**asked))


def failed(world: World) -> dict[str, str]:
    """The people who could not be moved, with the reason."""
    found = Operation.objects.filter(kind="move_person", state="refused")
    return {each.intent["name"]: each.last_error for each in found}


def accept_the_agreement(world: World) -> None:
    """Asking for the price of a purchase with somebody's name is what enters and sends the acceptance."""
    buy.prepare(
        by=world.actor("north_owner"),
        customer_id=world.customer_ids["north"],
        choice=buy_pricing.Choice(
            tenant_id=world.holding("north", BASIC).tenant_id,
            offer_key=world.holding("north", BASIC).offer_key,
            seats=1,
        ),
        signatory=buy.Signatory(first_name="Nora", last_name="North", email="nora@north.example"),
        at=world.at,
    )
    world.work()


def rows_of(world: World, sku_id: str) -> list[holdings.HoldingRow]:
    rows = holdings.holdings(seen_by=SYSTEM, customer_ids=[world.customer_ids["north"]])
    return [row for row in rows if row.sku_id == sku_id]


def charged(world: World) -> list[tuple[str, str, int, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"])
    return [(row.kind, row.name, row.seats, row.amount_minor) for row in rows]


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


def test_who_cannot_be_moved_keeps_the_old_licence_and_is_tried_again_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = book(world, choice(world, 1, 2, 3, 4, way=more_of(world)))
    assign(world, 2, remove=(BASIC,))
    graph(world, "DELETE", 3)
    plain = connections.vendor_of
    nowhere = key(4)

    def without_place(seen: port.VendorPerson) -> port.VendorPerson:
        return replace(seen, usage_location="") if seen.person_id == nowhere else seen

    monkeypatch.setattr(connections, "vendor_of", lambda tenant: ShowsPeople(plain(tenant), without_place))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "partly_done"
    assert failed(world) == {
        "Person 2 of north": "licence_not_held",
        "Person 3 of north": "person_gone",
        "Person 4 of north": "usage_location_missing",
    }
    assert licences(world, 1, 4) == [{STANDARD}, {BASIC}]
    assert world.holding("north", BASIC).seats == 9
    left = [person.name for person in swap.unmoved(order_of(world, order_id))]
    assert left == ["Person 2 of north", "Person 3 of north", "Person 4 of north"]
    with pytest.raises(permissions.Unknown):
        swap.again(by=world.actor("south_owner"), order_id=order_id, at=world.at)
    with pytest.raises(permissions.NotAllowed):
        swap.again(by=world.actor("north_billing"), order_id=order_id, at=world.at)

    nowhere = ""
    assign(world, 2, add=(BASIC,))
    swap.again(by=world.actor("north_admin"), order_id=order_id, at=world.at)
    with pytest.raises(swap.NobodyLeft):
        swap.again(by=world.actor("north_admin"), order_id=order_id, at=world.at)
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "partly_done"
    assert licences(world, 1, 2, 4) == [{STANDARD}, {STANDARD}, {STANDARD}]
    # The first round has returned one of the two returnable seats, the second the other one.
    basic = world.holding("north", BASIC)
    assert basic.seats == 8
    (kept,) = intents.open_intents(subscription_ids=[basic.subscription_id])[basic.subscription_id]
    assert kept.pending.changes[timeline.Dimension.QUANTITY] == timeline.SeatsTotal(7)


@pytest.mark.parametrize("match", [TRANSITION, ASSIGN], ids=["transition", "assign"])
@pytest.mark.parametrize("kind", ["timeout_after_effect", "timeout_before_effect", "error_5xx_after_effect"])
def test_a_lost_answer_leaves_one_effect(world: World, kind: str, match: dict[str, Any]) -> None:
    world.simulator.fault(kind, match=match)
    order_id = book(world, choice(world, 1, 2))
    world.work(rounds=80, step_s=30)
    assert world.simulator.fired()[kind] == 1
    assert order_of(world, order_id).state == "done"
    converted = [each for each in world.simulator.effects() if each["kind"] == "subscription.transitioned"]
    assert (len(converted), sorted(row.seats for row in rows_of(world, STANDARD))) == (1, [2, 5])
    assert licences(world, 1, 2) == [{STANDARD}, {STANDARD}]
    require_nobody_ever_without(world)
    assert [seats for _kind, _name, seats, _amount in charged(world)] == [-2, 2]


@pytest.mark.parametrize("way", ["transition", "more"])
def test_a_power_cut_at_every_point_leaves_one_effect_of_each_step(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    order_id = book(world, choice(world, *ALL[:6], way=way if way == "transition" else more_of(world)))
    passed: Counter[str] = Counter()

    def cut(*, plan: object, name: str) -> None:
        passed[name] += 1
        if passed[name] % 2:
            raise PowerCut

    monkeypatch.setattr(checkpoints, "_plan", types.SimpleNamespace(one_at_a_time=threading.RLock()))
    monkeypatch.setattr(checkpoints, "_pass", cut)
    for _ in range(600):
        try:
            engine.run_due(clock=world.clock)
        except PowerCut:
            continue
        if not world.open_operations():
            break
        world.move(seconds=30)
    assert sum(passed.values()) > 60
    assert order_of(world, order_id).state == "done"
    assert licences(world, *ALL[:6]) == [{STANDARD}] * 6
    require_nobody_ever_without(world)
    kinds = [(kind, seats) for kind, _name, seats, _amount in charged(world)]
    if way == "transition":
        assert kinds == [("swapped_out", -6), ("swapped_in", 6)]
    else:
        assert kinds == [("increase", 1), ("return", -2)]
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


def settle(world: World, decision: run_desk.Decision) -> None:
    (line,) = run_desk.queue(by=world.actor("support")).parked
    run_desk.settle(
        by=world.actor("support"),
        operation_id=line.operation.id,
        decision=decision,
        reason="Read in the vendor's console.",
        at=world.at,
    )


def test_a_transition_that_the_vendor_does_not_finish_waits_for_a_person_who_books_or_refuses_it(world: World) -> None:
    world.simulator.settings(transition_s=30 * 86400)
    refused = book(world, choice(world, 1))
    world.work(rounds=120, step_s=3600)
    assert run_desk.queue(by=world.actor("support")).parked[0].operation.parked_reason == "transition_stuck"
    with pytest.raises(NotPossible):
        settle(world, "done")
    settle(world, "not_done")
    world.work(rounds=10, step_s=3600)
    assert order_of(world, refused).state == "failed"
    assert [line.refusal for line in order_of(world, refused).lines] == ["settled_not_done", "seats_refused"]
    assert (charged(world), licences(world, 1)) == ([], [{BASIC}])


def test_a_transition_of_all_seats_can_be_booked_by_a_person_who_knows(world: World) -> None:
    world.simulator.settings(transition_s=30 * 86400)
    order_id = book(world, choice(world, *ALL, is_whole=True))
    world.work(rounds=120, step_s=3600)
    world.simulator.settings(transition_s=0)
    settle(world, "done")
    assert [row.seats for row in rows_of(world, BASIC)] == []
    assert [seats for _kind, _name, seats, _amount in charged(world)] == [-10, 10]
    assert order_of(world, order_id).state == "running"


def test_the_vendors_failure_is_a_refusal_and_nothing_is_charged(world: World) -> None:
    world.simulator.settings(transition_failure="conversion", transition_s=60)
    order_id = book(world, choice(world, 1, 2))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "failed"
    assert [line.refusal for line in order_of(world, order_id).lines] == ["transition_failed", "seats_refused"]
    assert (charged(world), holdings.open_drifts(seen_by=SYSTEM)) == ([], [])


def test_people_whom_the_vendor_failed_to_move_are_moved_one_by_one(world: World) -> None:
    world.simulator.settings(transition_failure="licences", licence_transfer_s=60)
    order_id = book(world, choice(world, *ALL, is_whole=True))
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert licences(world, *ALL) == [{STANDARD}] * 7
    require_nobody_ever_without(world)


def test_a_reading_while_a_transition_is_open_enters_nothing_and_finds_no_drift(world: World) -> None:
    order_id = book(world, choice(world, 1, 2))
    for _ in range(3):
        engine.run_due(clock=world.clock)
        world.move(seconds=1)
    sync_tenant.request_all(at=world.at)
    engine.run_due(clock=world.clock)
    engine.run_due(clock=world.clock)
    assert world.vendor_seats("north", BASIC) == 8
    assert [row.seats for row in rows_of(world, STANDARD)] == [5]
    assert holdings.open_drifts(seen_by=SYSTEM) == []
    world.work(rounds=60, step_s=30)
    assert order_of(world, order_id).state == "done"
    assert sorted(row.seats for row in rows_of(world, STANDARD)) == [2, 5]


def test_what_changed_at_the_vendor_since_the_booking_refuses_the_transition(world: World) -> None:
    order_id = book(world, choice(world, 1, 2))
    change_at_the_vendor(world, world.holding("north", BASIC).vendor_subscription_id, seats=12)
    world.work(rounds=20, step_s=30)
    assert order_of(world, order_id).lines[0].refusal == "changed_elsewhere"
    assert order_of(world, order_id).state == "failed"
