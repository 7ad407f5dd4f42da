"""What people look at: home, a customer's licences, one subscription, the people of a tenant. Reads only.

Rows are plain values, complete for their page; amounts are minor units, dates half-open, instants UTC.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from seatwright.access import audit, permissions
from seatwright.access.actors import Actor
from seatwright.assignments import queries as assignments
from seatwright.billing import queries as billing
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.orders import queries as orders
from seatwright.rules import periods
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import blocked_wishes, licence_rows, pricing, renewal_radar

# A renewal that something can be saved at is told at home when it must be decided within this time.
AHEAD = dt.timedelta(days=30)
Band = licence_rows.Band
LicenceRow = licence_rows.LicenceRow


@dataclass(frozen=True, kw_only=True)
class Home:
    """The home page."""

    tiles: tuple[licence_rows.Tile, ...]
    needs: tuple[licence_rows.Need, ...]


@dataclass(frozen=True, kw_only=True)
class Licences:
    """The licences page of one customer."""

    customer: customers.CustomerRow
    bands: tuple[licence_rows.Band, ...]
    may_change: bool
    may_sync: bool


@dataclass(frozen=True, kw_only=True)
class SubscriptionPage:
    """One subscription with its lots, ledger, orders, charges and events, newest first."""

    customer: customers.CustomerRow
    tenant: customers.TenantRow
    row: licence_rows.LicenceRow
    lots: tuple[holdings.Lot, ...]
    ledger: tuple[holdings.Entry, ...]
    orders: tuple[orders.OrderRow, ...]
    charges: tuple[billing.ChargeRow, ...]
    events: tuple[audit.Entry, ...]
    holders: tuple[str, ...]
    cycle: periods.Period


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """A person with the names of the licences they hold; `key` is the directory's id."""

    key: str
    display_name: str
    user_principal_name: str
    department: str
    licences: tuple[str, ...]
    by_group: frozenset[str]
    errors: tuple[str, ...]
    is_enabled: bool
    is_guest: bool
    is_unlicensed: bool


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """A page of a customer's people."""

    customer: customers.CustomerRow
    rows: tuple[PersonLine, ...]
    after: str
    total: int
    unlicensed: int


def home(*, by: Actor, at: dt.datetime) -> Home:
    """The organisations that the actor belongs to, and what needs a decision, most urgent first."""
    own = [grant.customer_id for grant in by.grants if grant.customer_id is not None]
    shown = [row for row in customers.customers(seen_by=by, limit=100) if row.customer_id in own]
    books = licence_rows.Books(by=by, shown=shown, at=at)
    undecided = renewal_radar.to_decide(by=by, customer_ids=[row.customer_id for row in shown], within=AHEAD, at=at)
    impossible = blocked_wishes.blocked(by=by, rows=books.holdings, at=at)
    found = [*books.needs, *map(_renewal, undecided), *map(_blocked, impossible)]
    needs = sorted(found, key=lambda need: (need.until is None, need.until or at, need.name))
    return Home(tiles=tuple(books.tile(row) for row in shown), needs=tuple(needs))


def _blocked(each: blocked_wishes.Blocked) -> licence_rows.Need:
    return licence_rows.Need(
        kind="wish_blocked",
        customer_id=each.row.customer_id,
        subscription_id=each.row.subscription_id,
        name=each.row.name,
        seats=0,
        until=each.decide_until,
        amount_minor=0,
        currency=each.row.currency,
    )


def _renewal(each: renewal_radar.Renewal) -> licence_rows.Need:
    return licence_rows.Need(
        kind=_kind(each),
        customer_id=each.customer_id,
        subscription_id=each.subscription_id,
        name=each.name,
        seats=each.unassigned,
        until=each.decide_until,
        amount_minor=each.at_stake_minor or 0,
        currency=each.currency,
    )


def _kind(each: renewal_radar.Renewal) -> str:
    if each.is_planned_elsewhere:
        return "planned_elsewhere"
    return "renewal" if each.surcharge_minor is None else "runs_on"


def licences(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime) -> Licences:
    """The customer's licences by tenant; raises access.permissions.Unknown for a customer that is not the actor's."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="licences.view")
    books = licence_rows.Books(by=by, shown=[customer], at=at)
    place = {"reseller_id": customer.reseller_id, "customer_id": customer.customer_id}
    return Licences(
        customer=customer,
        bands=books.bands(customer),
        may_change=permissions.allowed(by=by, action="seats.book", **place),
        may_sync=permissions.allowed(by=by, action="sync.run", **place),
    )


def subscription(*, by: Actor, subscription_id: uuid.UUID, at: dt.datetime) -> SubscriptionPage:
    """One subscription; raises access.permissions.Unknown for a foreign or unknown id."""
    holding = holdings.holding(seen_by=by, subscription_id=subscription_id)
    customer = customers.customer(seen_by=by, customer_id=holding.customer_id, action="licences.view")
    books = licence_rows.Books(by=by, shown=[customer], at=at)
    row = next(each for band in books.bands(customer) for each in band.rows if each.subscription_id == subscription_id)
    return SubscriptionPage(
        customer=customer,
        tenant=customers.tenant(seen_by=by, tenant_id=holding.tenant_id),
        row=row,
        lots=holding.lots,
        ledger=tuple(reversed(holdings.ledger(seen_by=by, subscription_id=subscription_id))),
        orders=orders.orders(seen_by=by, subscription_id=subscription_id).rows,
        charges=tuple(
            reversed(billing.charges(seen_by=by, customer_id=customer.customer_id, subscription_id=subscription_id))
        ),
        events=tuple(audit.history(seen_by=by, subject_kind="subscription", subject_id=subscription_id)),
        holders=assignments.holders(tenant_id=holding.tenant_id, sku_id=holding.sku_id)
        if permissions.allowed(
            by=by, action="people.view", reseller_id=holding.reseller_id, customer_id=holding.customer_id
        )
        else (),
        cycle=pricing.cycle_of(holding, on=books.today(customer)),
    )


def people(*, by: Actor, customer_id: uuid.UUID, text: str, only_unlicensed: bool, after: str) -> PeoplePage:
    """A page of the customer's people; raises access.permissions.Unknown or NotAllowed."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="people.view")
    page = assignments.people(
        seen_by=by, customer_id=customer_id, text=text, only_unlicensed=only_unlicensed, after=after
    )
    names = catalogue.sku_names(
        vendor_key="microsoft",
        sku_ids=sorted({sku_id for row in page.rows for sku_id in row.sku_ids}),
    )
    return PeoplePage(
        customer=customer,
        rows=tuple(
            PersonLine(
                key=row.key,
                display_name=row.display_name,
                user_principal_name=row.user_principal_name,
                department=row.department,
                licences=tuple(licence_rows.shown(names, sku_id) or sku_id for sku_id in row.sku_ids),
                by_group=frozenset(licence_rows.shown(names, sku_id) or sku_id for sku_id in row.by_group),
                errors=row.errors,
                is_enabled=row.is_enabled,
                is_guest=row.is_guest,
                is_unlicensed=not row.sku_ids and row.is_enabled,
            )
            for row in page.rows
        ),
        after=page.after,
        total=page.total,
        unlicensed=page.unlicensed,
    )
