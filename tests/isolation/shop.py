"""The vendor while the world is built, and afterwards one that only counts: isolation probes never reach a vendor."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from seatwright.vendors import port

# A product that every customer may order, and its offer of a year billed monthly.
PRODUCT = "CFQ7TTC0LFLX:0001"
OFFER = f"microsoft:{PRODUCT}:commercial:P1Y:monthly:BE"
UNTIL = dt.date(2027, 3, 1)


@dataclass
class Shop:
    """A vendor with books of its own; `moods` says how it answers a change of a subscription, `trouble` fails reads."""

    seats: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    moods: dict[str, port.Outcome] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    people: dict[str, list[port.VendorPerson]] = field(default_factory=dict)
    pools: dict[str, list[port.LicencePool]] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    returnable: dict[str, tuple[port.ReturnableSeats, ...]] = field(default_factory=dict)

    def set_seats(
        self, *, tenant: port.TenantRef, subscription_id: str, quantity: int, request_id: uuid.UUID, at: dt.datetime
    ) -> port.Outcome:
        mood = self.moods.get(subscription_id, port.Done(seen=None))
        if isinstance(mood, port.Done):
            self.seats[subscription_id] = quantity
        return mood

    def read_subscription(
        self, *, tenant: port.TenantRef, subscription_id: str, at: dt.datetime
    ) -> port.VendorSubscription:
        return port.VendorSubscription(
            subscription_id=subscription_id,
            catalogue_id="",
            product_id="",
            vendor_sku_id="",
            name=self.names[subscription_id],
            quantity=self.seats[subscription_id],
            status="active",
            term="P1Y",
            billing_cycle="monthly",
            auto_renew=True,
            is_trial=False,
            created_at=at,
            effective_start_on=dt.date(2026, 3, 1),
            commitment_end_on=UNTIL,
            cycle_end_on=None,
            cancellable_until=None,
            returnable=self.returnable.get(subscription_id, ()),
            scheduled={"name": self.names[subscription_id]},
            etag="",
            order_id="",
        )

    def list_subscriptions(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.VendorSubscription]:
        if tenant.tenant_id in self.trouble:
            raise port.VendorDown(self.trouble[tenant.tenant_id])
        return [
            self.read_subscription(tenant=tenant, subscription_id=each, at=at)
            for each in self.members[tenant.tenant_id]
        ]

    def list_tenants(self, *, at: dt.datetime) -> Iterator[port.VendorTenant]:
        return iter(())

    def list_pools(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.LicencePool]:
        return self.pools[tenant.tenant_id]

    def list_pool_sources(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.PoolSource]:
        return [
            port.PoolSource(
                source_id="elsewhere",
                commerce_subscription_id="bought-elsewhere",
                sku_id=pool.sku_id,
                sku_part_number=pool.sku_part_number,
                status="Enabled",
                total=pool.enabled // 3,
                owner_tenant_id="",
                next_lifecycle_at=None,
            )
            for pool in self.pools[tenant.tenant_id][:1]
        ]

    def iter_people(self, *, tenant: port.TenantRef, at: dt.datetime) -> Iterator[port.VendorPerson]:
        return iter(self.people[tenant.tenant_id])


# Questions that a page about buying asks; they change nothing.
QUESTIONS = frozenset(
    {
        *("agreement_status", "agreement_template", "promotions", "promotion_eligibility"),
        *("custom_ends", "availability"),
    }
)


@dataclass
class Counting:
    """Stands in for every vendor during the probes: counts each call that is no question and answers none.

    `asked` are the questions with the tenant that each was about, empty where it was about none.
    """

    calls: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def call(*, tenant: port.TenantRef | None = None, **_: object) -> Any:
            if name in QUESTIONS:
                self.asked.append((name, "" if tenant is None else tenant.tenant_id))
            else:
                self.calls.append(name)
            raise port.VendorDown("No vendor is to be asked here.")

        return call
