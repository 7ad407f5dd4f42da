"""What a customer holds, as the pages and the API show it: read once for all customers of a page, then laid out.

Rows are plain values; amounts are minor units, dates half-open, instants UTC.
"""

import datetime as dt
import functools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import queries as orders
from seatwright.orders import sheets
from seatwright.rules import business_dates, money, proration, terms, windows
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions import renewal_alarms, sync_runs
from seatwright.workflows import pricing

ALARMS = {"missing": "renewal_alarm", "unverified": "renewal_unverified", "overdue": "renewal_overdue"}
TROUBLES = ("over_assigned", "drift", *ALARMS.values())
LIVE_STATES = ("active", "pending", "suspended")


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that waits for a decision, with its deadline.

    `kind` is window_closing, over_assigned, drift, an alarm, renewal, runs_on or planned_elsewhere, one that nobody has
    decided, wish_blocked, a plan that cannot come about any more, or sheet, a renewal sheet to answer.
    """

    kind: str
    customer_id: uuid.UUID
    subscription_id: uuid.UUID | None
    name: str
    seats: int
    until: dt.datetime | None
    amount_minor: int
    currency: str
    sheet_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Tile:
    """An organisation on the home page; `free` is negative when more is assigned than held."""

    customer_id: uuid.UUID
    name: str
    domains: tuple[str, ...]
    paid: int
    assigned: int
    free: int
    cost_per_month_minor: int
    currency: str
    next_renewal_on: dt.date | None
    days_left: int | None
    problems: int
    may_change: bool
    is_first_day: bool
    is_stale: bool


@dataclass(frozen=True, kw_only=True)
class ReturnBatch:
    """Seats that can still be returned: until when the vendor takes them, and the last moment we still send it."""

    seats: int
    until: dt.datetime
    last_safe_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class LicenceRow:
    """One subscription in the licences table; `foreign`, `assigned` and `free` are of the whole pool of its SKU.

    `order_id` and `wanted` tell of a change that is under way. `unit_minor` is the price of one seat for one charge
    cycle, rounded for display, None when no price is known.
    """

    subscription_id: uuid.UUID
    name: str
    part_number: str
    sku_id: str
    ours: int
    vendor_seats: int
    foreign: int
    assigned: int
    free: int
    shares_pool: bool
    term: str
    billing_plan: str
    unit_rate: str
    unit_minor: int | None
    currency: str
    renewal_on: dt.date
    days_left: int
    auto_renew: bool
    status: str
    is_trial: bool
    returnable: tuple[ReturnBatch, ...]
    returnable_total: int
    order_id: uuid.UUID | None
    wanted: int | None
    has_drift: bool
    is_changeable: bool
    read_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class ForeignRow:
    """A licence in the tenant that this reseller sold none of; shown so that totals match (R052)."""

    sku_id: str
    name: str
    part_number: str
    units: int
    assigned: int


@dataclass(frozen=True, kw_only=True)
class Band:
    """One tenant at one vendor; `sync_state` is empty, running, done or failed."""

    tenant_id: uuid.UUID
    vendor_key: str
    primary_domain: str
    sync_state: str
    sync_note: str
    read_at: dt.datetime | None
    rows: tuple[LicenceRow, ...]
    foreign: tuple[ForeignRow, ...]


class Books:
    """Everything that the pages of some customers are made of, read in a fixed number of queries."""

    def __init__(self, *, by: Actor, shown: Sequence[customers.CustomerRow], at: dt.datetime) -> None:
        self.by = by
        self.at = at
        self._policies: dict[tuple[str, dt.date], windows.WindowPolicy] = {}
        ids = [row.customer_id for row in shown]
        self.customers = {row.customer_id: row for row in shown}
        self.tenants = customers.tenants(seen_by=by, customer_ids=ids)
        tenant_ids = [tenant.tenant_id for tenant in self.tenants]
        self.holdings = holdings.holdings(seen_by=by, customer_ids=ids)
        self.pools = assignments.pools(tenant_ids=tenant_ids)
        self.syncs = sync_runs.sync_states(tenant_ids=tenant_ids)
        self.drifts = {row.subscription_id: row for row in holdings.open_drifts(seen_by=by, customer_ids=ids)}
        self.sheets = sheets.waiting(seen_by=by, customer_ids=ids)
        self.alarms = renewal_alarms.open_alarms(seen_by=by, customer_ids=ids)
        self.under_way = orders.open_lines(subscription_ids=[row.subscription_id for row in self.holdings])
        self.names = catalogue.sku_names(vendor_key="microsoft", sku_ids=sorted({sku_id for _, sku_id in self.pools}))

    def today(self, customer: customers.CustomerRow) -> dt.date:
        return business_dates.business_date(at=self.at, zone=customer.reseller_time_zone)

    def tile(self, customer: customers.CustomerRow) -> Tile:
        live = [row for row in self._of(customer) if row.status in LIVE_STATES]
        tenant_ids = {tenant.tenant_id for tenant in self.tenants if tenant.customer_id == customer.customer_id}
        skus = {(row.tenant_id, row.sku_id) for row in live}
        pools = [self.pools[key] for key in skus if key in self.pools]
        renewal_on = min((row.commitment_end_on for row in live), default=None)
        paid = sum(row.seats for row in live)
        assigned = sum(pool.consumed_units for pool in pools)
        syncs = [self.syncs.get(tenant_id) for tenant_id in tenant_ids]
        return Tile(
            customer_id=customer.customer_id,
            name=customer.name,
            domains=tuple(t.primary_domain for t in self.tenants if t.customer_id == customer.customer_id),
            paid=paid,
            assigned=assigned,
            free=sum(self._free(pool) for pool in pools),
            cost_per_month_minor=sum(_per_month_minor(row) for row in live),
            currency=customer.currency,
            next_renewal_on=renewal_on,
            days_left=None if renewal_on is None else (renewal_on - self.today(customer)).days,
            problems=sum(need.customer_id == customer.customer_id for need in self.needs if need.kind in TROUBLES),
            may_change=permissions.allowed(
                by=self.by, action="seats.book", reseller_id=customer.reseller_id, customer_id=customer.customer_id
            ),
            is_first_day=not self._of(customer),
            is_stale=any(sync is not None and sync.state == "failed" for sync in syncs),
        )

    @functools.cached_property
    def needs(self) -> tuple[Need, ...]:
        """What waits for a decision, of all customers shown."""
        found = []
        alarmed = {alarm.subscription_id: alarm for alarm in self.alarms if alarm.kind in ALARMS}
        unused: dict[tuple[uuid.UUID, str], int] = {}
        for row in self.holdings:
            licence = self._row(row)
            if row.subscription_id in alarmed:
                alarm = alarmed[row.subscription_id]
                found.append(self._need(ALARMS[alarm.kind], row, seats=0, until=alarm.ends_at))
            drift = self.drifts.get(row.subscription_id)
            if drift is not None:
                found.append(self._need("drift", row, seats=int(drift.theirs) - int(drift.ours), until=None))
            if licence.free < 0 and row.status in LIVE_STATES:
                found.append(self._need("over_assigned", row, seats=-licence.free, until=None))
            left = unused.setdefault((row.tenant_id, row.sku_id), max(licence.free, 0))
            free_to_return = min(licence.returnable_total, left, row.seats - 1)
            if free_to_return > 0 and row.status == "active" and row.term != "P1M":
                # Licences with one pool share its unused seats, so that no seat is offered twice.
                unused[row.tenant_id, row.sku_id] -= free_to_return
                # From the first batch's end on, so many can no longer be returned.
                until = min(batch.last_safe_at for batch in licence.returnable)
                found.append(self._need("window_closing", row, seats=free_to_return, until=until))
        return (*found, *self._sheets_to_answer())

    def _sheets_to_answer(self) -> list[Need]:
        return [
            Need(
                kind="sheet",
                customer_id=sheet.customer_id,
                subscription_id=None,
                name=str(sheet.lines[0].facts["name"]),
                seats=sum(line.state == "open" for line in sheet.lines),
                until=sheet.deadline_at,
                amount_minor=0,
                currency="",
                sheet_id=sheet.sheet_id,
            )
            for sheet in self.sheets
            if self.at < sheet.deadline_at
            and permissions.allowed(
                by=self.by, action="sheets.answer", reseller_id=sheet.reseller_id, customer_id=sheet.customer_id
            )
        ]

    def _need(self, kind: str, row: holdings.HoldingRow, *, seats: int, until: dt.datetime | None) -> Need:
        return Need(
            kind=kind,
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            name=row.name,
            seats=seats,
            until=until,
            amount_minor=0
            if not row.unit_rate
            else pricing.rest_of_term_minor(row, seats=abs(seats), on=self.today(self.customers[row.customer_id])),
            currency=row.currency,
        )

    def bands(self, customer: customers.CustomerRow) -> tuple[Band, ...]:
        bands = []
        for tenant in self.tenants:
            if tenant.customer_id != customer.customer_id:
                continue
            rows = [self._row(row) for row in self._of(customer) if row.tenant_id == tenant.tenant_id]
            held = {row.sku_id for row in rows}
            sync = self.syncs.get(tenant.tenant_id)
            bands.append(
                Band(
                    tenant_id=tenant.tenant_id,
                    vendor_key=tenant.vendor_key,
                    primary_domain=tenant.primary_domain,
                    sync_state="" if sync is None else sync.state,
                    sync_note="" if sync is None else sync.note,
                    read_at=None if sync is None else sync.read_at,
                    rows=tuple(rows),
                    foreign=tuple(
                        self._foreign(pool)
                        for (tenant_id, sku_id), pool in sorted(
                            self.pools.items(), key=lambda item: item[1].part_number
                        )
                        if tenant_id == tenant.tenant_id and sku_id not in held and pool.foreign_units
                    ),
                )
            )
        return tuple(bands)

    def _policy(self, vendor_key: str, on: dt.date) -> windows.WindowPolicy:
        if (vendor_key, on) not in self._policies:
            self._policies[vendor_key, on] = pricing.window_policy(vendor_key=vendor_key, on=on)
        return self._policies[vendor_key, on]

    def _of(self, customer: customers.CustomerRow) -> list[holdings.HoldingRow]:
        return [row for row in self.holdings if row.customer_id == customer.customer_id]

    def _free(self, pool: assignments.PoolRow) -> int:
        """Seats free to assign; counted from the books where one of ours changed after the pool was read.

        The directory follows a change of seats minutes later, and a page must not show both numbers at once.
        """
        ours = [row for row in self.holdings if (row.tenant_id, row.sku_id) == (pool.tenant_id, pool.sku_id)]
        if all(row.read_at <= pool.read_at for row in ours):
            return pool.assignable
        seats = sum(row.seats for row in ours if row.status in ("active", "pending"))
        return seats + pool.foreign_units - pool.consumed_units

    def _foreign(self, pool: assignments.PoolRow) -> ForeignRow:
        return ForeignRow(
            sku_id=pool.sku_id,
            name=shown(self.names, pool.sku_id) or pool.part_number,
            part_number=pool.part_number,
            units=pool.foreign_units,
            assigned=pool.consumed_units,
        )

    def _row(self, row: holdings.HoldingRow) -> LicenceRow:
        customer = self.customers[row.customer_id]
        pool = self.pools.get((row.tenant_id, row.sku_id))
        siblings = [each for each in self.holdings if (each.tenant_id, each.sku_id) == (row.tenant_id, row.sku_id)]
        returnable = pricing.returnable_of(row, at=self.at, policy=self._policy(row.vendor_key, self.today(customer)))
        order = self.under_way.get(row.subscription_id)
        return LicenceRow(
            subscription_id=row.subscription_id,
            name=row.name,
            part_number="" if pool is None else pool.part_number,
            sku_id=row.sku_id,
            ours=row.seats,
            vendor_seats=row.vendor_seats,
            foreign=0 if pool is None else pool.foreign_units,
            assigned=0 if pool is None else pool.consumed_units,
            free=row.seats if pool is None else self._free(pool),
            shares_pool=len(siblings) > 1,
            term=row.term,
            billing_plan=row.billing_plan,
            unit_rate=row.unit_rate,
            unit_minor=_unit_minor(row),
            currency=row.currency,
            renewal_on=row.commitment_end_on,
            days_left=(row.commitment_end_on - self.today(customer)).days,
            auto_renew=row.auto_renew,
            status=row.status,
            is_trial=row.is_trial,
            returnable=tuple(
                ReturnBatch(seats=batch.quantity, until=batch.until, last_safe_at=batch.last_safe_at)
                for batch in returnable.batches
            ),
            returnable_total=returnable.total,
            order_id=None if order is None else order[0],
            wanted=None if order is None else order[1],
            has_drift=row.subscription_id in self.drifts,
            is_changeable=row.status == "active" and bool(row.unit_rate) and not row.is_trial and order is None,
            read_at=row.read_at,
        )


def shown(names: Mapping[str, catalogue.SkuName], sku_id: str) -> str:
    """The reseller's label or the vendor's name of a SKU; empty when the catalogue does not know it."""
    found = names.get(sku_id)
    return "" if found is None else found.own_label or found.name


def _unit_minor(row: holdings.HoldingRow) -> int | None:
    if not row.unit_rate:
        return None
    return proration.cycle_amount(quantity=1, unit_rate=money.Rate.parse(row.unit_rate, row.currency)).minor


def _per_month_minor(row: holdings.HoldingRow) -> int:
    """What the seats cost per month on average, rounded; for tiles, never for a bill."""
    if not row.unit_rate:
        return 0
    cycle = proration.cycle_amount(quantity=row.seats, unit_rate=money.Rate.parse(row.unit_rate, row.currency))
    return money.round_half_away(cycle.minor, terms.BillingPlan(row.billing_plan).months)
