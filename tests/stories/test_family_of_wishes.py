"""The vendor's cap over a family of products, judged for what a renewal is to bring."""

import datetime as dt
import threading

import pytest
from django.core import mail
from django.db import connection, connections

from seatwright.assignments.models import Pool
from seatwright.rules import conflicts, renewals, timeline
from seatwright.workflows import look_ahead, overview, run_desk, schedule_change, settle_drift
from tests.stories.buying import PREMIUM, choice, place, quote
from tests.stories.test_alarms import HOUR, chores, go_to, rows
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.world import BASIC, ROWS, STANDARD, World, key_of

pytestmark = pytest.mark.django_db(transaction=True)
Dimension = timeline.Dimension


def wish(world: World, sku_id: str, **wishes: timeline.Value) -> None:
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", sku_id).subscription_id,
        wishes={Dimension(name): value for name, value in wishes.items()},
        at=world.at,
    )


def refused(world: World, sku_id: str, **wishes: timeline.Value) -> list[conflicts.Reason]:
    with pytest.raises(schedule_change.Conflicted) as conflicted:
        wish(world, sku_id, **wishes)
    return [each.reason for each in conflicted.value.found]


def take_back(world: World, sku_id: str) -> None:
    schedule_change.revoke(
        by=world.actor("north_owner"),
        subscription_id=world.holding("north", sku_id).subscription_id,
        dimension=None,
        at=world.at,
    )


def total(seats: int) -> timeline.SeatsTotal:
    return timeline.SeatsTotal(seats)


def test_a_renewal_cannot_bring_more_seats_of_a_family_than_the_vendor_allows(world: World) -> None:
    """300 in all: held, ordered, being bought and other sellers' count, and so do the other renewals as wished."""
    standard = world.holding("north", STANDARD)
    others = standard.seats
    wish(world, BASIC, quantity=total(300 - others))
    assert refused(world, BASIC, quantity=total(301 - others)) == [conflicts.FamilyFull("m365_business", 300, others)]
    foreign = Pool.objects.filter(tenant_id=standard.tenant_id, sku_id=STANDARD)
    foreign.update(foreign_units=40)
    place(world, quote(world, choice(world, ROWS[PREMIUM], seats=20)))
    world.book("north_owner", "north", standard=others + 3)
    others += 40 + 20 + 3
    assert refused(world, BASIC, quantity=total(301 - others)) == [conflicts.FamilyFull("m365_business", 300, others)]
    world.work()
    foreign.update(foreign_units=40)
    assert refused(world, BASIC, quantity=total(301 - others)) == [conflicts.FamilyFull("m365_business", 300, others)]
    found = schedule_change.plan(
        by=world.actor("north_owner"), subscription_id=world.holding("north", BASIC).subscription_id, at=world.at
    ).found
    assert [each.reason for each in found] == [conflicts.FamilyFull("m365_business", 300, others)], "what came since"
    wish(world, BASIC, quantity=total(300 - others))


def test_a_later_wish_for_more_of_the_family_counts_whatever_plan_it_is_for(world: World) -> None:
    standard, basic = world.holding("north", STANDARD), world.holding("north", BASIC)
    premium = standard.offer_key.replace(":".join(standard.offer_key.split(":")[1:3]), key_of(ROWS[PREMIUM]))
    wish(world, BASIC, quantity=total(200), offer=premium.replace(standard.billing_plan, basic.billing_plan))
    assert refused(world, STANDARD, quantity=total(101)) == [conflicts.FamilyFull("m365_business", 300, 200)]
    wish(world, STANDARD, quantity=total(100))


def test_a_plan_that_cannot_come_about_any_more_is_told_at_home(world: World) -> None:
    """Standard was to end and basic to take its place; then standard stays after all."""
    name = world.holding("north", BASIC).name

    def told() -> set[tuple[str, str]]:
        needs = overview.home(by=world.actor("north_owner"), at=world.at).needs
        return {(need.kind, need.name) for need in needs if need.kind == "wish_blocked"}

    wish(world, STANDARD, ending=renewals.Ending.CANCEL)
    wish(world, BASIC, quantity=total(300))
    assert told() == set()
    take_back(world, STANDARD)
    assert told() == {("wish_blocked", name)}
    customer_id, on = world.customer_ids["north"], dt.date(2027, 2, 1)
    ahead = look_ahead.licences(by=world.actor("north_owner"), customer_id=customer_id, on=on, at=world.at)
    assert [line.name for line in ahead.lines if line.is_blocked] == [name]
    wish(world, BASIC, quantity=total(290))
    assert told() == set()


def test_staff_are_alarmed_of_a_stored_plan_that_cannot_come_about_and_no_more_once_it_can(world: World) -> None:
    wish(world, BASIC, quantity=total(290))
    change_at_the_vendor(world, world.holding("north", STANDARD).vendor_subscription_id, seats=20)
    world.work()
    world.sync()
    settle_drift.adopt(
        by=world.actor("support"),
        subscription_id=world.holding("north", STANDARD).subscription_id,
        reason="Bought in the portal.",
        at=world.at,
    )
    go_to(world, 72)
    world.sync()
    chores(world)
    support = world.actor("support")
    assert [(alarm.kind, alarm.before) for alarm in run_desk.queue(by=support).alarms] == [("blocked", 72 * HOUR)]
    assert rows() == [(72, "held", ""), (72, "open", "")]
    staff = [message for message in mail.outbox if "cannot come about" in message.subject]
    assert sorted(message.to[0] for message in staff) == ["staff@example.test", "support@example.test"]
    assert "would refuse it" in staff[0].body
    wish(world, BASIC, quantity=total(280))
    chores(world)
    assert rows() == [(72, "held", ""), (72, "closed", "possible")]


def test_a_plan_that_cannot_come_about_is_alarmed_after_the_lock_too_where_nobody_looked_before(world: World) -> None:
    wish(world, BASIC, quantity=total(290))
    world.work()
    Pool.objects.filter(tenant_id=world.holding("north", STANDARD).tenant_id, sku_id=STANDARD).update(foreign_units=40)
    go_to(world, 20)
    chores(world)
    (alarm,) = run_desk.queue(by=world.actor("support")).alarms
    assert (alarm.kind, alarm.before, alarm.is_too_late) == ("blocked", 25 * HOUR, True)
    assert "The last safe moment is over" in mail.outbox[0].body
    customer_id, on = world.customer_ids["north"], dt.date(2027, 2, 1)
    ahead = look_ahead.licences(by=world.actor("north_owner"), customer_id=customer_id, on=on, at=world.at)
    assert [line.is_blocked for line in ahead.lines if line.name == world.holding("north", BASIC).name] == [True]


def test_the_seats_of_other_renewals_count_as_they_will_be_by_then(world: World) -> None:
    """Standard renews before basic; what renews later counts as held, or as wished where that is more."""
    standard, basic = world.holding("north", STANDARD), world.holding("north", BASIC)
    assert standard.commitment_end_on < basic.commitment_end_on
    premium = standard.offer_key.replace(":".join(standard.offer_key.split(":")[1:3]), key_of(ROWS[PREMIUM]))
    for wishes, left in (
        ({"quantity": total(2)}, 298),
        ({"quantity": total(90), "offer": premium}, 210),
        ({"ending": renewals.Ending.CANCEL}, 300),
        ({"ending": renewals.Ending.EXTENDED}, 295),
    ):
        take_back(world, STANDARD)
        wish(world, STANDARD, **wishes)
        assert refused(world, BASIC, quantity=total(left + 1))[-1:] == [
            conflicts.FamilyFull("m365_business", 300, 300 - left)
        ]
        wish(world, BASIC, quantity=total(left))
        take_back(world, BASIC)
    take_back(world, STANDARD)
    for wishes, left in (
        ({"quantity": total(200)}, 100),
        ({"quantity": total(3)}, 290),
        ({"ending": renewals.Ending.CANCEL}, 290),
    ):
        take_back(world, BASIC)
        wish(world, BASIC, **wishes)
        assert refused(world, STANDARD, quantity=total(left + 1)) == [
            conflicts.FamilyFull("m365_business", 300, 300 - left)
        ]
    assert refused(world, STANDARD, quantity=total(291), offer=premium) == [
        conflicts.FamilyFull("m365_business", 300, 10)
    ]


if connection.vendor == "postgresql":  # the database in memory that SQLite's tests use has one connection

    def test_two_wishes_at_once_do_not_share_the_last_seats_of_a_family(
        world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first has been judged and waits before it is stored; the second must not be judged meanwhile."""
        judged, is_over, outcomes = threading.Event(), threading.Event(), []
        store = schedule_change.store
        held = world.holding("north", STANDARD).seats + world.holding("north", BASIC).seats

        def slowly(**given: object) -> None:
            is_first = not judged.is_set()
            judged.set()
            if is_first:
                is_over.wait(1)
            store(**given)

        def ask(sku_id: str) -> None:
            try:
                wish(world, sku_id, quantity=total(world.holding("north", sku_id).seats + 300 - held))
                outcomes.append("stored")
            except schedule_change.Conflicted as conflicted:
                outcomes.append(type(conflicted.found[0].reason).__name__)
            finally:
                is_over.set()
                connections.close_all()

        monkeypatch.setattr(schedule_change, "store", slowly)
        first, second = (threading.Thread(target=ask, args=(sku_id,)) for sku_id in (STANDARD, BASIC))
        first.start()
        assert judged.wait(10)
        second.start()
        for thread in (first, second):
            thread.join(20)
        assert outcomes == ["stored", "FamilyFull"]
