"""What customers do to their contracts: buy, begin a longer term, move people to another plan, renew or not."""

from seatwright.access.actors import SYSTEM
from seatwright.orders import queries as orders
from seatwright.rules import timeline
from seatwright.vendors import port
from seatwright.workflows import auto_renew as switching
from seatwright.workflows import buy as buying
from seatwright.workflows import buy_pricing, schedule_change, swap_plan, term_operation, wishes
from seatwright.workflows import change_term as changing_term
from seatwright.workflows import swap as swapping
from tests.sim import deeds, prices, seeding, swap_model
from tests.sim.world import Died, World

SIGNATORY = buying.Signatory(first_name="Ada", last_name="Owner", email="ada@customer.example")


def buy(world: World, number: int, share: float, which: float, seats: int) -> None:
    """A licence that may not be held yet, accepting the vendor's agreement where that is still to be done."""
    rows = deeds.held(world, number)
    plans = list(prices.SOLD)
    plan = deeds.picked([key for key in plans if key[2:] != ("P3Y", "annual")], which)
    if not rows or plan is None:
        return
    product_id, vendor_sku_id, term, billing_plan = plan
    choice = buy_pricing.Choice(
        tenant_id=rows[0].tenant_id,
        offer_key=f"microsoft:{product_id}:{vendor_sku_id}:commercial:{term}:{billing_plan}:BE",
        seats=seats,
    )
    by, customer_id = world.owner(number), world.people.customer_ids[number]
    try:
        quote_id = buying.prepare(by=by, customer_id=customer_id, choice=choice, at=world.now(), signatory=SIGNATORY)
    except (buy_pricing.Refused, port.VendorTrouble):
        world.did["refused purchase"] += 1
        return
    for _ in range(3):
        quoted = buying.prepared(by=by, quote_id=quote_id, at=world.now())
        try:
            order_id = buying.place(
                by=by,
                quote_id=quote_id,
                idempotency_key=quoted.idempotency_key,
                agreed_words=deeds.AGREED,
                on_behalf_reason="",
                at=world.now(),
            )
        except Died:
            world.worker += 1
            continue
        world.model.bought(orders.order(seen_by=SYSTEM, order_id=order_id), quoted.calculation, plan, at=world.now())
        return


def change_term(world: World, number: int, share: float, which: float) -> None:
    """A longer term at once, one of those that are offered now."""
    row = deeds.picked(deeds.held(world, number), share)
    if row is None:
        return
    by = world.owner(number)
    try:
        shown = changing_term.choices(by=by, subscription_id=row.subscription_id, at=world.now())
        chosen = deeds.picked([each for each in shown if each.change.is_new_term], which)
        if chosen is None:
            return
        pair = term_operation.pair_of(chosen.line)
        quote_id = changing_term.prepare(by=by, subscription_id=row.subscription_id, to=pair, at=world.now())
    except changing_term.NotPossible:
        world.did["refused term"] += 1
        return
    for _ in range(3):
        quoted = changing_term.prepared(by=by, quote_id=quote_id, at=world.now())
        try:
            order_id = changing_term.place(
                by=by,
                quote_id=quote_id,
                idempotency_key=quoted.idempotency_key,
                agreed_words=deeds.AGREED,
                on_behalf_reason="",
                at=world.now(),
            )
        except Died:
            world.worker += 1
            continue
        world.model.term_ordered(orders.order(seen_by=SYSTEM, order_id=order_id), quoted.calculation, at=world.now())
        return


def swap(world: World, number: int, share: float, which: float, count: int) -> None:
    """People change to another plan: more seats of it or a new licence, they move, the old seats go back."""
    _swap(world, number, share, which, count, by_vendor=False)


def transition(world: World, number: int, share: float, which: float, count: int) -> None:
    """People change to another plan by the vendor's own way; with no count all of them, and every seat with them."""
    _swap(world, number, share, which, count, by_vendor=True)


def _swap(world: World, number: int, share: float, which: float, count: int, *, by_vendor: bool) -> None:
    rows = deeds.held(world, number)
    row = deeds.picked(rows, share)
    # Licences are moved by plan at the vendor: two ways at once would be told apart by nobody.
    if row is None or world.model.is_swapping(world.people.customer_ids[number], by_vendor=not by_vendor):
        return
    by, at = world.owner(number), world.now()
    try:
        field = swapping.survey(by=by, subscription_id=row.subscription_id, at=at)
        ways = [(target, way) for target in field.targets for way in target.ways if way.is_transition is by_vendor]
        chosen = deeds.picked(ways, which)
        people = tuple(holder.key for holder in field.holders[: count or None])
        if chosen is None or not people:
            return
        target, way = chosen
        choice = swap_plan.Choice(
            subscription_id=row.subscription_id, to=target.to, people=people, way=way.key, is_whole=count == 0
        )
        quote_id = swapping.prepare(by=by, choice=choice, at=at)
    except (swap_plan.NotPossible, swap_plan.NothingToLeave, port.VendorTrouble):
        world.did["refused swap"] += 1
        return
    for _ in range(3):
        quoted = swapping.prepared(by=by, quote_id=quote_id, at=world.now())
        try:
            order_id = swapping.place(
                by=by,
                quote_id=quote_id,
                idempotency_key=quoted.idempotency_key,
                agreed_words=deeds.AGREED,
                on_behalf_reason="",
                at=world.now(),
            )
        except Died:
            world.worker += 1
            continue
        tenant_id = seeding.tenant_id(number)
        order = orders.order(seen_by=SYSTEM, order_id=order_id)
        swap_model.ordered(world.model, order, quoted.calculation, tenant_id, at=world.now())
        return


def auto_renew(world: World, number: int, share: float, which: float) -> None:
    """Turn the switch: one of the ways in which the term can end, with what it drops."""
    row = deeds.picked(deeds.held(world, number), share)
    if row is None:
        return
    by, subscription_id = world.owner(number), row.subscription_id
    try:
        shown = switching.switch(by=by, subscription_id=subscription_id, at=world.now())
        way = None if shown is None else deeds.picked(shown.ways, which)
        if shown is None or way is None:
            return
        switching.choose(by=by, subscription_id=subscription_id, ending=way.ending, base=shown.base, at=world.now())
    except (schedule_change.Conflicted, wishes.NotRunning):
        world.did["refused switch"] += 1
        return
    world.did["switched"] += 1
    world.model.wished(subscription_id, {timeline.Dimension.ENDING: way.ending}, cleared=switching.DROPPED[way.ending])
