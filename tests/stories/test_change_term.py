"""A longer term begun inside the running one, and another rhythm of billing: priced, sent once, charged as quoted."""

import datetime as dt
import itertools
import uuid
from dataclasses import replace

import pytest

from seatwright.access import permissions
from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import demo_catalogue
from seatwright.orders import intents
from seatwright.rules import terms, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions.models import Subscription
from seatwright.workflows import change_seats, change_term, charge_cycles, follow_order, schedule_change
from tests.stories.test_change_seats import change_at_the_vendor
from tests.stories.world import BASIC, EXCHANGE, ROWS, World, tenant_id

pytestmark = pytest.mark.django_db(transaction=True)
Term, Plan = terms.Term, terms.BillingPlan
E3 = next(key for key, row in ROWS.items() if row["title"] == "Microsoft 365 E3")


def quoted(
    world: World, to: change_term.Pair, *, sku_id: str = EXCHANGE, by: str = "north_owner"
) -> change_seats.Prepared:
    actor = world.actor(by)
    key = world.holding("north", sku_id).subscription_id
    quote_id = change_term.prepare(by=actor, subscription_id=key, to=to, at=world.at)
    return change_term.prepared(by=actor, quote_id=quote_id, at=world.at)


def place(world: World, quote: change_seats.Prepared, *, by: str = "north_owner") -> uuid.UUID:
    return change_term.place(
        by=world.actor(by),
        quote_id=quote.quote_id,
        idempotency_key=quote.idempotency_key,
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        at=world.at,
    )


def charges(world: World, sku_id: str) -> list[billing.ChargeRow]:
    key = world.holding("north", sku_id).subscription_id
    return billing.charges(seen_by=SYSTEM, customer_id=world.customer_ids["north"], subscription_id=key)


def at_the_vendor(world: World, sku_id: str) -> dict[str, object]:
    import httpx2

    vendor_id = world.holding("north", sku_id).vendor_subscription_id
    url = f"{world.simulator.base_url}/v1/customers/{tenant_id('north')}/subscriptions/{vendor_id}"
    body: dict[str, object] = httpx2.get(url, headers={"Authorization": f"Bearer {world.simulator.token()}"}).json()
    return body


def test_a_month_becomes_a_year_today_credited_and_charged_to_the_day_and_wishes_come_along(world: World) -> None:
    key = world.holding("north", EXCHANGE).subscription_id
    schedule_change.schedule(
        by=world.actor("north_owner"),
        subscription_id=key,
        wishes={timeline.Dimension.QUANTITY: timeline.SeatsBy(2)},
        at=world.at,
    )
    world.work()
    quote = quoted(world, (Term.P1Y, Plan.MONTHLY))
    (line,) = quote.calculation.lines
    # 7 March to 7 April are 31 days at 4.44: ten of them are 1.43, so that 3.01 come back; the first month costs 3.89.
    assert [(c.kind, c.seats, c.days, c.cycle_days, c.amount_minor) for c in line.charges] == [
        ("term_credit", -1, 21, 31, -301),
        ("term", 1, 31, 31, 389),
    ]
    assert (line.due_now_minor, line.rest_of_term_minor) == (88, 12 * 389 - 301)
    order_id = place(world, quote)
    assert place(world, quote) == order_id
    world.work()

    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].stage) == ("done", "done")
    held = world.holding("north", EXCHANGE)
    assert (held.term, held.billing_plan, held.unit_rate) == ("P1Y", "monthly", "3.89")
    assert (held.term_start_on, held.commitment_end_on) == (dt.date(2026, 3, 17), dt.date(2027, 3, 17))
    body = at_the_vendor(world, EXCHANGE)
    assert (body["termDuration"], str(body["commitmentEndDate"])[:10]) == ("P1Y", "2027-03-16")
    assert [lot.returnable_until for lot in held.lots] == [None]  # bought ten days ago: no window was opened again
    (wished,) = intents.open_intents(subscription_ids=[key])[key]
    assert (wished.pending.effective_on, wished.pending.seats) == (dt.date(2027, 3, 17), timeline.SeatsBy(2))
    scheduled = body["scheduledNextTermInstructions"]
    assert isinstance(scheduled, dict)
    assert scheduled["quantity"] == 3

    for _ in range(12):
        world.move(days=31)
        charge_cycles.post_due(at=world.at)
    posted = charges(world, EXCHANGE)
    # Eleven more months of 3.89, and nothing of the old month that would have begun on 7 April.
    assert [c.amount_minor for c in posted] == [-301, 389, *[389] * 11]
    days = [(c.period_start_on, c.period_end_on) for c in posted[1:]]
    assert all(one[1] == two[0] for one, two in itertools.pairwise(days))
    assert (days[0][0], days[-1][1]) == (dt.date(2026, 3, 17), dt.date(2027, 3, 17))


def test_a_cycle_that_was_not_posted_before_the_change_is_posted_late_in_full(world: World) -> None:
    world.move(days=22)
    world.sync()  # renewed on 7 April, and its month not charged by the 8th
    place(world, quoted(world, (Term.P1Y, Plan.ANNUAL)))
    world.work()
    charge_cycles.post_due(at=world.at)
    told = sorted((c.kind, c.period_start_on.day, c.days, c.amount_minor) for c in charges(world, EXCHANGE))
    # April has thirty days at 4.44; one of them was used: 0.15.
    assert told == [("cycle", 7, 30, 444), ("term", 8, 365, 4440), ("term_credit", 8, 29, -429)]
    world.move(days=200)
    charge_cycles.post_due(at=world.at)
    assert len(charges(world, EXCHANGE)) == 3
    assert holdings.miscounted() == []
    # The renewal, done at the latest a day after the term's end, had opened the window; a new term leaves it alone.
    (lot,) = world.holding("north", EXCHANGE).lots
    assert lot.returnable_until == dt.datetime(2026, 4, 15, tzinfo=dt.UTC)


def test_what_the_vendor_does_not_allow_is_refused_with_what_can_be_had_instead(world: World) -> None:
    owner, basic = world.actor("north_owner"), world.holding("north", BASIC).subscription_id
    for to, why in (
        ((Term.P1M, Plan.MONTHLY), "shorter_term"),
        ((Term.P1Y, Plan.ANNUAL), "upfront"),
        ((Term.P3Y, Plan.ANNUAL), "not_sold"),
        ((Term.P1Y, Plan.MONTHLY), "not_a_change"),
    ):
        with pytest.raises(change_term.NotPossible, match=why):
            change_term.preview(by=owner, subscription_id=basic, to=to, at=world.at)
    assert change_term.choices(by=owner, subscription_id=basic, at=world.at) == ()
    found = change_term.choices(by=owner, subscription_id=world.holding("north", EXCHANGE).subscription_id, at=world.at)
    assert [(each.line.term, each.line.billing_plan) for each in found] == [("P1Y", "monthly"), ("P1Y", "annual")]
    with pytest.raises(permissions.NotAllowed):
        quoted(world, (Term.P1Y, Plan.MONTHLY), by="north_billing")
    with pytest.raises(permissions.Unknown):
        quoted(world, (Term.P1Y, Plan.MONTHLY), by="south_owner")
    quote = quoted(world, (Term.P1Y, Plan.MONTHLY))
    with pytest.raises(permissions.Unknown):
        change_seats.place(
            by=owner,
            quote_id=quote.quote_id,
            idempotency_key=quote.idempotency_key,
            agreed_words="x",
            on_behalf_reason="",
            at=world.at,
        )
    place(world, quote)
    with pytest.raises(change_term.NotPossible, match="change_under_way"):
        quoted(world, (Term.P1Y, Plan.ANNUAL))
    world.work()
    with pytest.raises(change_term.NotPossible, match="began_today"):
        quoted(world, (Term.P3Y, Plan.ANNUAL))


def test_a_day_that_is_over_before_it_could_be_sent_refuses_and_charges_nothing(world: World) -> None:
    world.at = dt.datetime(2026, 3, 17, 23, 50, tzinfo=dt.UTC)
    order_id = place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    world.at += dt.timedelta(minutes=20)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.state, page.lines[0].refusal) == ("failed", "day_over")
    assert (world.holding("north", EXCHANGE).term, charges(world, EXCHANGE)) == ("P1M", [])
    assert at_the_vendor(world, EXCHANGE)["termDuration"] == "P1M"


@pytest.mark.parametrize("kind", ["timeout_after_effect", "timeout_before_effect", "late_visibility"])
def test_a_fault_on_the_call_begins_one_term(world: World, kind: str) -> None:
    world.simulator.fault(
        kind, match={"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}, visible_after_s=30.0
    )
    place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    world.work(rounds=60)
    assert world.simulator.fired()[kind] >= 1
    assert world.holding("north", EXCHANGE).term == "P1Y"
    assert [c.amount_minor for c in charges(world, EXCHANGE)] == [-301, 389]
    assert len(holdings.terms(subscription_ids=[world.holding("north", EXCHANGE).subscription_id]).popitem()[1]) == 2


def sell_three_years_by_the_month(world: World) -> None:
    """Put a price of 39.00 a month on three years of E3, and let `north` hold 2 seats of it since 1 March."""
    demo = demo_catalogue.read().price_sheet(markets=("BE", "DE"))
    row = ROWS[E3]
    yearly = next(
        line
        for line in demo.lines
        if (line.offer.product_id, line.offer.vendor_sku_id, line.offer.term, line.offer.market)
        == (row["product_id"], row["vendor_sku_id"], "P3Y", "BE")
    )
    monthly = yearly._replace(
        offer=yearly.offer._replace(billing_plan="monthly"),
        price=yearly.price._replace(unit_price_e8=30_00000000, rrp_e8=39_00000000),
    )
    source = catalogue.Source(
        vendor_key="microsoft",
        reseller_id=None,
        name="three years",
        sha256="3" * 64,
        are_examples=True,
        valid_from_on=dt.date(2026, 1, 1),
        at=world.at,
    )
    catalogue.import_prices(source=source, sheet=demo._replace(lines=[*demo.lines, monthly]))
    held = {
        "id": "00000000-0000-4000-8000-0000000003e3",
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": 2,
        "term": "P3Y",
        "billingCycle": "monthly",
        "createdAt": "2026-03-01T09:00:00+00:00",
        "autoRenew": True,
        "batches": [{"quantity": 2, "addedAt": "2026-03-01T09:00:00+00:00"}],
    }
    customer = {"tenantId": tenant_id("north"), "company": "North", "domain": "north.example", "country": "BE"}
    world.simulator.seed({"customers": [customer | {"subscriptions": [held]}]})
    world.sync()


def test_months_become_years_of_the_same_term_with_the_next_charge(world: World) -> None:
    sell_three_years_by_the_month(world)
    assert world.holding("north", E3).unit_rate == "39"
    quote = quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3)
    (line,) = quote.calculation.lines
    assert (line.charges, line.due_now_minor, line.cycle_before_minor, line.cycle_after_minor) == ((), 0, 7800, 85680)
    assert line.term_change is not None
    assert line.term_change.start_on == dt.date(2026, 4, 1)
    place(world, quote)
    world.work()
    waiting = at_the_vendor(world, E3)["nextChargeInstructions"]
    assert isinstance(waiting, dict)
    assert waiting["product"]["billingCycle"] == "annual"
    assert world.holding("north", E3).billing_plan == "monthly"
    with pytest.raises(change_term.NotPossible, match="plan_waits"):
        quoted(world, (Term.P3Y, Plan.ANNUAL), sku_id=E3)

    world.move(days=15)
    world.sync()
    charge_cycles.post_due(at=world.at)
    held = world.holding("north", E3)
    assert (held.billing_plan, held.unit_rate, held.commitment_end_on) == ("annual", "428.4", dt.date(2029, 3, 1))
    world.move(days=3 * 365)
    charge_cycles.post_due(at=world.at)
    # What is left of the first year, 334 of 365 days, then two years: 2 x 428.40 each.
    assert [(c.period_start_on, c.days, c.amount_minor) for c in charges(world, E3)] == [
        (dt.date(2026, 4, 1), 334, 78403),
        (dt.date(2027, 3, 1), 366, 85680),
        (dt.date(2028, 3, 1), 365, 85680),
    ]


def test_the_preview_says_what_becomes_of_wishes_and_states_without_a_term_to_change_are_refused(world: World) -> None:
    owner, key = world.actor("north_owner"), world.holding("north", EXCHANGE).subscription_id
    schedule_change.schedule(
        by=owner,
        subscription_id=key,
        wishes={timeline.Dimension.TERM: Term.P1Y, timeline.Dimension.QUANTITY: timeline.SeatsBy(1)},
        at=world.at,
    )
    world.work()
    shown = change_term.preview(by=owner, subscription_id=key, to=(Term.P1Y, Plan.MONTHLY), at=world.at)
    assert shown.rebased is not None
    assert [each.to_on for each in shown.rebased.moved] == [dt.date(2027, 3, 17)]
    assert [each.dimension for each in shown.rebased.choices[0].dropped] == [timeline.Dimension.TERM]
    rows = Subscription.objects.filter(pk=key)
    for changed, why in (
        ({"status": "suspended"}, "wrong_state"),
        ({"status": "active", "is_trial": True}, "not_during_trial"),
        ({"is_trial": False, "offer_key": ""}, "not_sold"),
    ):
        rows.update(**changed)
        with pytest.raises(change_term.NotPossible, match=why):
            change_term.preview(by=owner, subscription_id=key, to=(Term.P1Y, Plan.MONTHLY), at=world.at)
    rows.update(offer_key=world.holding("south", BASIC).offer_key)
    with pytest.raises(change_term.NotPossible, match="term_over"):
        change_term.choices(by=owner, subscription_id=key, at=world.at + dt.timedelta(days=30))


def test_a_quote_is_booked_by_its_key_in_its_time_and_at_its_price_only(world: World) -> None:
    quote = quoted(world, (Term.P1Y, Plan.MONTHLY))
    with pytest.raises(change_seats.KeyMismatch):
        place(world, replace(quote, idempotency_key="another key"))
    with pytest.raises(change_seats.ReasonMissing):
        place(world, quote, by="staff")
    world.book("north_owner", "north", exchange=2)
    world.work()
    with pytest.raises(change_seats.QuoteChanged) as changed:
        place(world, quote)
    actor = world.actor("north_owner")
    fresh = change_term.prepared(by=actor, quote_id=changed.value.fresh_quote_id, at=world.at)
    assert fresh.calculation.lines[0].due_now_minor == 2 * 389 - 602
    world.move(minutes=30)
    with pytest.raises(change_seats.QuoteExpired):
        place(world, fresh)
    seat_quote = change_seats.prepare(
        by=actor, customer_id=world.customer_ids["north"], wishes=world.wish("north", basic=11), at=world.at
    )
    with pytest.raises(permissions.Unknown):
        change_term.prepared(by=actor, quote_id=seat_quote, at=world.at)


def test_what_was_changed_elsewhere_meanwhile_is_refused_or_left_to_a_person(world: World) -> None:
    vendor_id = world.holding("north", EXCHANGE).vendor_subscription_id
    order_id = place(world, quoted(world, (Term.P1Y, Plan.MONTHLY)))
    change_at_the_vendor(world, vendor_id, seats=2)
    world.work()
    page = follow_order.order(by=world.actor("north_owner"), order_id=order_id)
    assert (page.lines[0].refusal, charges(world, EXCHANGE)) == ("changed_elsewhere", [])


def test_no_term_begins_between_two_midnights_where_a_cycle_does(world: World) -> None:
    """Half past midnight in Brussels on 7 April, where April's cycle is charged, is 6 April for the vendor."""
    asked = {"by": world.actor("north_owner"), "subscription_id": world.holding("north", EXCHANGE).subscription_id}
    for hour, why in ((21, ""), (22, "between_days")):
        at = dt.datetime(2026, 4, 6, hour, 30, tzinfo=dt.UTC)
        if not why:
            change_term.preview(to=(Term.P1Y, Plan.MONTHLY), at=at, **asked)
            continue
        with pytest.raises(change_term.NotPossible, match=why):
            change_term.preview(to=(Term.P1Y, Plan.MONTHLY), at=at, **asked)
        assert change_term.choices(at=at, **asked) == ()


def test_the_last_cycle_of_a_term_has_no_next_one(world: World) -> None:
    sell_three_years_by_the_month(world)
    world.at = dt.datetime(2029, 2, 10, tzinfo=dt.UTC)
    owner, key = world.actor("north_owner"), world.holding("north", E3).subscription_id
    assert change_term.choices(by=owner, subscription_id=key, at=world.at) == ()
    with pytest.raises(change_term.NotPossible, match="last_cycle"):
        change_term.preview(by=owner, subscription_id=key, to=(Term.P3Y, Plan.ANNUAL), at=world.at)
