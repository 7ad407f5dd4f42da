"""Ten thousand random changes: what was quoted is what was ordered is what is charged (invariants 2, 9 and 11).

Prices, quotes, orders, ledger and charges are the product's own, in one database; only the vendor's answer is taken for
granted. In the middle every licence is renewed at another price while an order is on its way.
"""

import datetime as dt
import math
import os
import random
import uuid
from collections.abc import Sequence
from fractions import Fraction

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import changes as billing
from seatwright.billing import queries as billing_queries
from seatwright.catalogue import changes as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import queries as order_queries
from seatwright.rules import money, windows
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import pricing, seat_operation
from tests.web import scene as scenes

CHANGES = 1_000_000 if os.environ.get("SEATWRIGHT_TEST_SIZE") == "nightly" else 10_000
PARTS = 10
HELD = 40
SEED = 20_261_102
PLANS = (("P1Y", "monthly"), ("P1Y", "annual"), ("P3Y", "triennial"), ("P3Y", "annual"), ("P3Y", "monthly"))
RATES = {"EUR": ("5.88", "0.333333", "199.995", "12.50", "0.01"), "JPY": ("588", "33.3333", "1")}
START = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
LAST = dt.datetime(2027, 1, 27, tzinfo=dt.UTC)
END_ON = {"P1Y": dt.date(2027, 1, 29), "P3Y": dt.date(2029, 1, 29)}


def adopt(tenant: customers.TenantRow, number: int, *, currency: str, rate: str) -> uuid.UUID:
    term, plan = PLANS[number % len(PLANS)]
    anchor_on = dt.date(2026, 1, 29)
    return subscriptions.adopt(
        new=subscriptions.NewSubscription(
            tenant_id=tenant.tenant_id,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            vendor_key="microsoft",
            vendor_subscription_id=str(uuid.UUID(int=number)),
            offer_key="",
            sku_id=f"sku-{number}",
            name=f"Licence {number}",
            term=term,
            billing_plan=plan,
            anchor_on=anchor_on,
            term_start_on=anchor_on,
            unit_rate=rate,
            currency=currency,
            price_list_version="first",
            is_trial=False,
        ),
        reading=subscriptions.Reading(
            status="active",
            seats=20,
            auto_renew=True,
            commitment_end_on=END_ON[term],
            returnable=None,
            scheduled=None,
            cancellable_until=None,
        ),
        policy_version="test",
        at=START,
    )


def wishes_for(
    rows: Sequence[holdings.HoldingRow], *, chance: random.Random, at: dt.datetime, policy: windows.WindowPolicy
) -> list[pricing.Wish]:
    """A booking: more seats, or some of those that can be returned, of several licences in one currency."""
    wishes = []
    for row in chance.sample(rows, k=chance.randint(len(rows) // 2, len(rows))):
        back = pricing.returnable_of(row, at=at, policy=policy).total
        fewer = -chance.randint(1, back) if back and chance.random() < 0.5 else chance.randint(1, 9)
        wishes.append(pricing.Wish(subscription_id=row.subscription_id, seats=row.seats + fewer))
    return wishes


def place(customer: customers.CustomerRow, calculation: frozen.Calculation, *, at: dt.datetime) -> uuid.UUID:
    quote_id = orders.save_quote(
        by=SYSTEM,
        reseller_id=customer.reseller_id,
        customer_id=customer.customer_id,
        kind="change_seats",
        calculation=frozen.to_json(calculation),
        fingerprint=frozen.fingerprint(calculation),
        at=at,
        expires_at=at + dt.timedelta(minutes=30),
    )
    return orders.place(
        by=SYSTEM,
        quote_id=quote_id,
        lines=[
            orders.NewLine(
                subscription_id=line.subscription_id,
                operation_id=uuid.uuid4(),
                name=line.name,
                seats_before=line.seats_before,
                seats_after=line.seats_after,
            )
            for line in calculation.lines
        ],
        agreed_words="Order with obligation to pay",
        on_behalf_reason="",
        at=at,
    )


def carry_out(order: order_queries.OrderRow, *, policy: windows.WindowPolicy, at: dt.datetime) -> None:
    """Ledger and charges of an order whose every line the vendor accepted, from the order's own calculation."""
    calculation = frozen.from_json(order.calculation)
    for line, priced in zip(order.lines, calculation.lines, strict=True):
        common = {"subscription_id": line.subscription_id, "operation_id": line.operation_id, "effective_at": at}
        if priced.delta > 0:
            until = windows.window_end(added_at=at, policy=policy)
            subscriptions.add_lot(
                seats=priced.delta, kind="added", returnable_until=until, policy_version=policy.version, **common
            )
        else:
            takes = [subscriptions.Take(lot_id=take.lot_id, seats=take.seats) for take in priced.takes]
            subscriptions.take_from_lots(takes=takes, kind="returned", policy_version=policy.version, **common)
        billing.post(
            operation_id=line.operation_id,
            order_line_id=line.line_id,
            reseller_id=order.reseller_id,
            customer_id=order.customer_id,
            subscription_id=line.subscription_id,
            charges=[seat_operation.new_charge(calculation, priced, charge) for charge in priced.charges],
            at=at,
        )
        orders.end_line(operation_id=line.operation_id, state="done", at=at)


def renew(rows: Sequence[holdings.HoldingRow]) -> None:
    """From now on every licence has another price, frozen for a term of its own."""
    for row in rows:
        dearer = money.Rate.parse(row.unit_rate, row.currency).amount * 2 + 1
        subscriptions.renew(
            subscription_id=row.subscription_id,
            following=subscriptions.NextTerm(
                start_on=row.anchor_on + dt.timedelta(days=1),
                end_on=row.commitment_end_on,
                anchor_on=row.anchor_on,
                term=row.term,
                billing_plan=row.billing_plan,
                offer_key="",
                sku_id=row.sku_id,
                name=row.name,
                unit_rate=f"{dearer:f}",
                currency=row.currency,
                price_list_version="second",
            ),
            renewed_at=START,
            reopened_until=START,
            at=START,
        )


def change_at_random(customer_id: uuid.UUID, *, chance: random.Random) -> dict[uuid.UUID, frozen.Calculation]:
    """Book, carry out and charge one part of the changes; the calculations as they were quoted, by order."""
    customer = customers.customer(seen_by=SYSTEM, customer_id=customer_id)
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[customer_id])[0]
    for number in range(1, 1 + HELD):
        currency = "JPY" if number % 4 == 0 else "EUR"
        adopt(tenant, number, currency=currency, rate=chance.choice(RATES[currency]))
    quoted: dict[uuid.UUID, frozen.Calculation] = {}
    at, done = START, 0
    while done < CHANGES // PARTS:
        at = at + dt.timedelta(seconds=chance.randint(1, 3600 * 96)) if at < LAST else START
        policy = pricing.window_policy(vendor_key="microsoft", on=at.date())
        currency = chance.choice(("EUR", "EUR", "JPY"))
        held = holdings.holdings(seen_by=SYSTEM, customer_ids=[customer_id])
        wishes = wishes_for([row for row in held if row.currency == currency], chance=chance, at=at, policy=policy)
        priced = pricing.price(by=SYSTEM, customer=customer, wishes=wishes, at=at)
        assert priced.calculation is not None, (SEED, at, priced.refusals)
        order_id = place(customer, priced.calculation, at=at)
        if not any(row.price_list_version == "second" for row in held) and done >= CHANGES // PARTS // 2:
            renew(held)  # between the order and its delivery: the order keeps the price that it was placed at
        carry_out(order_queries.order(seen_by=SYSTEM, order_id=order_id), policy=policy, at=at)
        quoted[order_id] = priced.calculation
        done += len(wishes)
    return quoted


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_invariant_02_and_09_random_changes_are_charged_to_the_cent_as_they_were_quoted(part: int) -> None:
    catalogue.restore_vendor_rules()
    customer_id = scenes._customer("buyer", reseller_id=scenes._reseller("Reseller"))
    quoted = change_at_random(customer_id, chance=random.Random(SEED + part))
    assert sum(len(calculation.lines) for calculation in quoted.values()) >= CHANGES // PARTS
    for order_id, calculation in quoted.items():
        require_charged(order_queries.order(seen_by=SYSTEM, order_id=order_id), calculation)
    versions = {line.price_list_version for calculation in quoted.values() for line in calculation.lines}
    assert versions == {"first", "second"}
    assert len(quoted) > 20
    assert {line.delta > 0 for calculation in quoted.values() for line in calculation.lines} == {True, False}
    assert holdings.miscounted() == []


def require_charged(order: order_queries.OrderRow, calculation: frozen.Calculation) -> None:
    """The order and its charges are the quote's to the cent, and each charge is what its own explanation says."""
    assert frozen.from_json(order.calculation) == calculation
    charges = billing_queries.charges(
        seen_by=SYSTEM, customer_id=order.customer_id, operation_ids=tuple(line.operation_id for line in order.lines)
    )
    priced = {line.subscription_id: line for line in calculation.lines}
    assert sum(charge.amount_minor for charge in charges) == calculation.due_now.net_minor
    assert len(charges) == len(order.lines) == len(priced)
    for charge in charges:
        line = priced[charge.subscription_id]
        assert (charge.amount_minor, charge.seats, charge.unit_rate) == (line.due_now_minor, line.delta, line.unit_rate)
        assert charge.currency == calculation.currency
        minor = charge.seats * Fraction(charge.unit_rate) * (1 if charge.currency == "JPY" else 100)
        exact = minor * Fraction(charge.days, charge.cycle_days)
        assert charge.amount_minor - charge.rounding_minor == half_away(exact)
        assert abs(charge.rounding_minor) <= 2
    net = calculation.due_now.net_minor
    tax_minor = half_away(Fraction(net * calculation.tax_basis_points, 10_000))
    assert (calculation.due_now.tax_minor, calculation.due_now.gross_minor) == (tax_minor, net + tax_minor)


def half_away(exact: Fraction) -> int:
    """The nearest integer, halves away from zero: worked out here a second time on purpose."""
    whole = math.floor(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole
