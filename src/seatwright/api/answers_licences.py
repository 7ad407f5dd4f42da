"""What is sent about licences, subscriptions, people and the staff's lists: lists of fields allowed out (S11)."""

import datetime as dt
import uuid

from pydantic import BaseModel

from seatwright.api.amounts import Amount, amount
from seatwright.billing import queries as billing
from seatwright.customers import queries as customers
from seatwright.workflows import licence_rows, overview, run_desk


class Returnable(BaseModel):
    """Seats that can still be returned: the vendor's end of the window, and the last moment at which we send."""

    seats: int
    until: dt.datetime
    last_safe_at: dt.datetime


class Licence(BaseModel):
    """A subscription as the licences table shows it; `foreign`, `assigned` and `free` are of its SKU's whole pool."""

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
    currency: str
    renewal_on: dt.date
    days_left: int
    auto_renew: bool
    status: str
    is_trial: bool
    is_changeable: bool
    has_drift: bool
    returnable_total: int
    returnable: list[Returnable]
    order_id: uuid.UUID | None
    wanted: int | None
    read_at: dt.datetime


class ForeignLicence(BaseModel):
    """Units in the tenant that another seller provides."""

    sku_id: str
    name: str
    part_number: str
    units: int
    assigned: int


class Tenant(BaseModel):
    """A tenant at one vendor with what it holds; `read_at` is the end of the last good reading."""

    tenant_id: uuid.UUID
    vendor: str
    primary_domain: str
    sync_state: str
    read_at: dt.datetime | None
    licences: list[Licence]
    foreign_licences: list[ForeignLicence]


class Customer(BaseModel):
    """A customer."""

    id: uuid.UUID
    name: str
    country: str
    time_zone: str
    currency: str
    reseller_name: str


class Licences(BaseModel):
    """All licences of a customer by tenant."""

    customer: Customer
    may_change: bool
    may_sync: bool
    tenants: list[Tenant]


class Lot(BaseModel):
    """Seats still held of those added by one booking."""

    seats: int
    added_at: dt.datetime
    returnable_until: dt.datetime | None
    kind: str


class LedgerEntry(BaseModel):
    """One row of the seat ledger with the total after it."""

    at: dt.datetime
    kind: str
    seats: int
    total: int
    note: str


class BookedCharge(BaseModel):
    """A charge as it will be invoiced, before tax; `period_end_on` is the first day not charged."""

    kind: str
    seats: int
    days: int
    cycle_days: int
    period_start_on: dt.date
    period_end_on: dt.date
    unit_rate: str
    amount: Amount
    booked_at: dt.datetime


class Event(BaseModel):
    """Something that somebody did."""

    at: dt.datetime
    who: str
    action: str
    reason: str


class Subscription(BaseModel):
    """One subscription with its lots, ledger, charges and events, newest first."""

    customer_id: uuid.UUID
    tenant_id: uuid.UUID
    primary_domain: str
    licence: Licence
    cycle_start_on: dt.date
    cycle_end_on: dt.date
    lots: list[Lot]
    ledger: list[LedgerEntry]
    charges: list[BookedCharge]
    events: list[Event]
    holders: list[str]


class Person(BaseModel):
    """A person with the names of the licences they hold."""

    display_name: str
    user_principal_name: str
    department: str
    licences: list[str]
    by_group: list[str]
    errors: list[str]
    is_enabled: bool
    is_guest: bool
    is_unlicensed: bool


class People(BaseModel):
    """A page of people by name; `total` and `unlicensed` count all of the customer's."""

    items: list[Person]
    next: str | None
    total: int
    unlicensed: int


class ServedCustomer(Customer):
    """A customer in the staff's list."""

    domains: list[str]
    subscriptions: int
    seats: int
    drifts: int


class Customers(BaseModel):
    """A page of customers by name; `total` counts all that the staff serves."""

    items: list[ServedCustomer]
    next: str | None
    total: int


class ParkedOperation(BaseModel):
    """An operation that waits for a person: what was ordered, and what the vendor showed when last read."""

    id: uuid.UUID
    customer_id: uuid.UUID
    customer_name: str
    order_id: uuid.UUID | None
    name: str
    seats_before: int
    seats_after: int
    vendor_seats: int
    read_at: dt.datetime
    reason: str
    sent_at: dt.datetime | None
    created_at: dt.datetime
    may_settle: bool


class Parked(BaseModel):
    """The operations that wait for a person, the oldest first."""

    items: list[ParkedOperation]


class Queued(BaseModel):
    """How many readings were queued; 0 when each tenant has one under way."""

    queued: int


def licence(row: licence_rows.LicenceRow) -> Licence:
    """The row; `wanted` and `order_id` tell of a change under way."""
    names = Licence.model_fields.keys() - {"returnable"}
    batches = [Returnable(seats=b.seats, until=b.until, last_safe_at=b.last_safe_at) for b in row.returnable]
    return Licence(**{name: getattr(row, name) for name in names}, returnable=batches)


def customer(row: customers.CustomerRow) -> Customer:
    """The customer without what only its prices need."""
    return Customer(
        id=row.customer_id,
        name=row.name,
        country=row.country,
        time_zone=row.time_zone,
        currency=row.currency,
        reseller_name=row.reseller_name,
    )


def licences(page: overview.Licences) -> Licences:
    """The customer's licences."""
    return Licences(
        customer=customer(page.customer),
        may_change=page.may_change,
        may_sync=page.may_sync,
        tenants=[_tenant(band) for band in page.bands],
    )


def _tenant(band: licence_rows.Band) -> Tenant:
    return Tenant(
        tenant_id=band.tenant_id,
        vendor=band.vendor_key,
        primary_domain=band.primary_domain,
        sync_state=band.sync_state,
        read_at=band.read_at,
        licences=[licence(row) for row in band.rows],
        foreign_licences=[
            ForeignLicence(
                sku_id=row.sku_id, name=row.name, part_number=row.part_number, units=row.units, assigned=row.assigned
            )
            for row in band.foreign
        ],
    )


def subscription(page: overview.SubscriptionPage) -> Subscription:
    """The subscription with its history."""
    return Subscription(
        customer_id=page.customer.customer_id,
        tenant_id=page.tenant.tenant_id,
        primary_domain=page.tenant.primary_domain,
        licence=licence(page.row),
        cycle_start_on=page.cycle.start_on,
        cycle_end_on=page.cycle.end_on,
        lots=[
            Lot(seats=lot.seats, added_at=lot.added_at, returnable_until=lot.returnable_until, kind=lot.kind)
            for lot in page.lots
        ],
        ledger=[
            LedgerEntry(at=entry.at, kind=entry.kind, seats=entry.seats, total=entry.total, note=entry.note)
            for entry in page.ledger
        ],
        charges=[_charge(row) for row in page.charges],
        events=[
            Event(at=entry.at, who=entry.actor_label, action=entry.action, reason=entry.reason) for entry in page.events
        ],
        holders=list(page.holders),
    )


def _charge(row: billing.ChargeRow) -> BookedCharge:
    return BookedCharge(
        kind=row.kind,
        seats=row.seats,
        days=row.days,
        cycle_days=row.cycle_days,
        period_start_on=row.period_start_on,
        period_end_on=row.period_end_on,
        unit_rate=row.unit_rate,
        amount=amount(minor=row.amount_minor, currency=row.currency),
        booked_at=row.booked_at,
    )


def person(row: overview.PersonLine) -> Person:
    """The person; groups in a stable order."""
    return Person(
        display_name=row.display_name,
        user_principal_name=row.user_principal_name,
        department=row.department,
        licences=list(row.licences),
        by_group=sorted(row.by_group),
        errors=list(row.errors),
        is_enabled=row.is_enabled,
        is_guest=row.is_guest,
        is_unlicensed=row.is_unlicensed,
    )


def served(line: run_desk.CustomerLine) -> ServedCustomer:
    """The customer as the staff's list shows it."""
    return ServedCustomer(
        **customer(line.customer).model_dump(),
        domains=list(line.domains),
        subscriptions=line.subscriptions,
        seats=line.seats,
        drifts=line.drifts,
    )


def parked(line: run_desk.ParkedLine) -> ParkedOperation:
    """The parked operation with both views of it."""
    return ParkedOperation(
        id=line.operation.id,
        customer_id=line.customer.customer_id,
        customer_name=line.customer.name,
        order_id=line.order_id,
        name=line.name,
        seats_before=line.seats_before,
        seats_after=line.seats_after,
        vendor_seats=line.vendor_seats,
        read_at=line.read_at,
        reason=line.operation.parked_reason,
        sent_at=line.operation.sent_at,
        created_at=line.operation.created_at,
        may_settle=line.may_settle,
    )
