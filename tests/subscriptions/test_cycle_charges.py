"""Which cycles of a subscription that was found at the vendor are charged, and that one bad row stops no other."""

import dataclasses
import datetime as dt
import uuid

import pytest

from seatwright.access.actors import SYSTEM
from seatwright.billing import queries as billing
from seatwright.customers import queries as customers
from seatwright.rules import tax
from seatwright.subscriptions import changes as subscriptions
from seatwright.workflows import charge_cycles
from tests.web import scene as scenes

pytestmark = pytest.mark.django_db


def found(scene: scenes.Scene, *, anchor_on: dt.date, billing_plan: str = "monthly") -> uuid.UUID:
    """A subscription of three seats at 6.00, bought on `anchor_on` and found today."""
    tenant = customers.tenants(seen_by=SYSTEM, customer_ids=[scene.customers["north"]])[0]
    return subscriptions.adopt(
        new=subscriptions.NewSubscription(
            tenant_id=tenant.tenant_id,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            vendor_key="microsoft",
            vendor_subscription_id=str(uuid.uuid4()),
            offer_key="",
            sku_id="sku",
            name="Found",
            term="P1Y",
            billing_plan=billing_plan,
            anchor_on=anchor_on,
            term_start_on=anchor_on,
            unit_rate="6.00",
            currency="EUR",
            price_list_version="test",
            is_trial=False,
            charged_from_on=scenes.NOW.date(),
        ),
        reading=subscriptions.Reading(
            status="active",
            seats=3,
            auto_renew=True,
            commitment_end_on=dt.date(2027, 3, 17),
            returnable=None,
            scheduled=None,
            cancellable_until=None,
        ),
        policy_version="test",
        at=scenes.NOW,
    )


def charges_of(scene: scenes.Scene, subscription_id: uuid.UUID) -> list[tuple[str, int, int]]:
    rows = billing.charges(seen_by=SYSTEM, customer_id=scene.customers["north"], subscription_id=subscription_id)
    return [(row.period_start_on.isoformat(), row.seats, row.amount_minor) for row in rows]


def test_a_cycle_that_begins_on_the_day_a_subscription_is_found_is_charged() -> None:
    scene = scenes.build()
    today, yesterday = (found(scene, anchor_on=dt.date(2026, 3, day)) for day in (17, 16))
    assert charge_cycles.post_due(at=scenes.NOW) == 1
    assert charge_cycles.post_due(at=scenes.NOW) == 0
    assert charges_of(scene, today) == [("2026-03-17", 3, 1800)]
    assert charges_of(scene, yesterday) == []
    assert charge_cycles.post_due(at=scenes.NOW + dt.timedelta(days=30)) >= 1
    assert charges_of(scene, yesterday) == [("2026-04-16", 3, 1800)]


def test_a_billing_plan_that_nobody_sells_charges_nothing_and_stops_nobody_else() -> None:
    scene = scenes.build()
    odd = found(scene, anchor_on=scenes.NOW.date(), billing_plan="one_time")
    good = found(scene, anchor_on=scenes.NOW.date())
    assert charge_cycles.post_due(at=scenes.NOW) == 1
    assert (charges_of(scene, odd), charges_of(scene, good)) == ([], [("2026-03-17", 3, 1800)])


def test_a_country_without_a_tax_rate_charges_nothing_and_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scenes.build()
    ids = sorted([found(scene, anchor_on=scenes.NOW.date()) for _ in range(2)])
    rows = customers.by_ids(customer_ids=[scene.customers["north"]])
    abroad = dataclasses.replace(rows[scene.customers["north"]], reseller_country="AQ")
    with pytest.raises(tax.NoRateKnown):
        tax.tax_for(seller_country="AQ", buyer_country="AQ", buyer_vat_id="", on=scenes.NOW.date())
    monkeypatch.setattr(charge_cycles.customers, "by_ids", lambda *, customer_ids: dict.fromkeys(customer_ids, abroad))
    assert charge_cycles.post_due(at=scenes.NOW) == 0
    monkeypatch.undo()
    assert charge_cycles.post_due(at=scenes.NOW) == 2
    assert [charges_of(scene, each) for each in ids] == [[("2026-03-17", 3, 1800)]] * 2
