"""Every question about resellers, customers and tenants."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Q

from seatwright.access import permissions
from seatwright.access import queries as people
from seatwright.access.actors import Actor, Grant, Role
from seatwright.customers.models import Customer, Membership, Reseller, Tenant


@dataclass(frozen=True, kw_only=True)
class CustomerRow:
    """A customer with what its pages and prices need to know of it and of its reseller."""

    customer_id: uuid.UUID
    reseller_id: uuid.UUID
    name: str
    country: str
    vat_id: str
    segment: str
    time_zone: str
    package_minimum: int
    reseller_name: str
    reseller_country: str
    reseller_time_zone: str
    currency: str
    support_contact: str


@dataclass(frozen=True, kw_only=True)
class TenantRow:
    """A customer's tenant at one vendor."""

    tenant_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    vendor_key: str
    partner_tenant_id: str
    vendor_tenant_id: str
    vendor_customer_id: str
    primary_domain: str


@dataclass(frozen=True, kw_only=True)
class Page[Row]:
    """One page of a list; `after` continues it and is empty on the last page."""

    rows: tuple[Row, ...]
    after: str


def actor(*, user_id: int, channel: str, request_ref: str) -> Actor | None:
    """The person with all their roles as of now, or None when they may no longer sign in."""
    person = people.person(user_id=user_id)
    if person is None:
        return None
    rows = Membership.objects.filter(user_id=user_id).order_by("id")
    grants = tuple(Grant(role=Role(row.role), reseller_id=row.reseller_id, customer_id=row.customer_id) for row in rows)
    return Actor(
        kind="user",
        label=person.name or person.email,
        user_id=user_id,
        grants=grants,
        channel=channel,
        request_ref=request_ref,
    )


def customer(*, seen_by: Actor, customer_id: uuid.UUID, action: str = "customer.view") -> CustomerRow:
    """The customer; raises access.permissions.Unknown when the actor cannot see it, NotAllowed without the right."""
    row = Customer.objects.select_related("reseller").filter(pk=customer_id).first()
    if row is None:
        raise permissions.Unknown
    permissions.require(by=seen_by, action=action, reseller_id=row.reseller_id, customer_id=row.pk)
    return _customer_row(row)


def by_ids(*, customer_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, CustomerRow]:
    """These customers by id; for the product's own scheduled work."""
    rows = Customer.objects.select_related("reseller").filter(pk__in=customer_ids)
    return {row.pk: _customer_row(row) for row in rows}


def customers(*, seen_by: Actor, action: str = "customer.view", limit: int = 50) -> list[CustomerRow]:
    """The first `limit` customers by name that the actor may see."""
    rows = Customer.objects.select_related("reseller").filter(_visible(seen_by=seen_by, action=action))
    return [_customer_row(row) for row in rows.order_by("name", "id")[:limit]]


def search(*, seen_by: Actor, text: str, after: str = "", limit: int = 50) -> Page[CustomerRow]:
    """A page of the customers whose name or domain contains every word of `text`, by name."""
    rows = Customer.objects.select_related("reseller").filter(_visible(seen_by=seen_by, action="staff.customers"))
    for word in text.casefold().split()[:8]:
        rows = rows.filter(search_text__contains=word)
    name, _, last_id = after.rpartition("|")
    if name:
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=_uuid(last_id)))
    found = list(rows.order_by("name", "id")[: limit + 1])
    more = f"{found[limit - 1].name}|{found[limit - 1].pk}" if len(found) > limit else ""
    return Page(rows=tuple(_customer_row(row) for row in found[:limit]), after=more)


def count(*, seen_by: Actor) -> int:
    """How many customers the actor may open as staff."""
    return Customer.objects.filter(_visible(seen_by=seen_by, action="staff.customers")).count()


def tenants(*, seen_by: Actor, customer_ids: Sequence[uuid.UUID], action: str = "licences.view") -> list[TenantRow]:
    """The tenants of these customers that the actor may see, by domain."""
    rows = Tenant.objects.select_related("account").filter(
        permissions.visible_rows(seen_by=seen_by, action=action), customer_id__in=customer_ids
    )
    return [_tenant_row(row) for row in rows.order_by("primary_domain", "id")]


def tenant(*, seen_by: Actor, tenant_id: uuid.UUID, action: str = "licences.view") -> TenantRow:
    """One tenant; raises Unknown or NotAllowed as `customer` does."""
    row = Tenant.objects.select_related("account").filter(pk=tenant_id).first()
    if row is None:
        raise permissions.Unknown
    permissions.require(by=seen_by, action=action, reseller_id=row.reseller_id, customer_id=row.customer_id)
    return _tenant_row(row)


def tenants_of_installation() -> list[TenantRow]:
    """All tenants, for the worker's scheduled reading."""
    return [_tenant_row(row) for row in Tenant.objects.select_related("account").order_by("id")]


def resellers() -> list[tuple[uuid.UUID, str]]:
    """All resellers of the installation as (id, name), oldest first; for the operator's commands."""
    return [(row.pk, row.name) for row in Reseller.objects.order_by("created_at", "id")]


def members(
    *, roles: Collection[Role], reseller_id: uuid.UUID, customer_id: uuid.UUID | None = None
) -> list[people.Person]:
    """Who holds one of these roles at the customer, or at the reseller itself, and may sign in, by id; for mail."""
    place = Q(customer_id__isnull=True) if customer_id is None else Q(customer_id=customer_id)
    rows = Membership.objects.filter(place, reseller_id=reseller_id, role__in=sorted(roles), user__is_active=True)
    found = people.people(user_ids=list(rows.values_list("user_id", flat=True)))
    return [found[key] for key in sorted(found)]


def _visible(*, seen_by: Actor, action: str) -> Q:
    """`permissions.visible_rows` for the customer table, whose own key is the customer id."""
    if seen_by.is_system:
        return Q()
    roles = permissions.ACTIONS[action]
    held = [grant for grant in seen_by.grants if grant.role in roles]
    return Q(reseller_id__in=[g.reseller_id for g in held if g.customer_id is None]) | Q(
        pk__in=[g.customer_id for g in held if g.customer_id is not None]
    )


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _customer_row(row: Customer) -> CustomerRow:
    return CustomerRow(
        customer_id=row.pk,
        reseller_id=row.reseller_id,
        name=row.name,
        country=row.country,
        vat_id=row.vat_id,
        segment=row.segment,
        time_zone=row.time_zone,
        package_minimum=row.package_minimum,
        reseller_name=row.reseller.name,
        reseller_country=row.reseller.country,
        reseller_time_zone=row.reseller.time_zone,
        currency=row.reseller.currency,
        support_contact=row.reseller.support_contact,
    )


def _tenant_row(row: Tenant) -> TenantRow:
    return TenantRow(
        tenant_id=row.pk,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        vendor_key=row.vendor_key,
        partner_tenant_id=row.account.partner_tenant_id,
        vendor_tenant_id=row.vendor_tenant_id,
        vendor_customer_id=row.vendor_customer_id,
        primary_domain=row.primary_domain,
    )
