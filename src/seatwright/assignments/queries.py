"""Every question about people, the licences they hold and the pools these come from."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.assignments.models import Assignment, Person, Pool


@dataclass(frozen=True, kw_only=True)
class PoolRow:
    """A tenant's units of one SKU over all sellers; `assignable` is negative when more are assigned than held."""

    tenant_id: uuid.UUID
    sku_id: str
    part_number: str
    applies_to: str
    enabled_units: int
    warning_units: int
    consumed_units: int
    foreign_units: int
    read_at: dt.datetime

    @property
    def assignable(self) -> int:
        """Units free to assign, counted without those in grace: the smaller of the two readings."""
        return self.enabled_units - self.consumed_units

    @property
    def is_for_people(self) -> bool:
        """Whether people hold these units; those for the company as a whole are used by nobody in particular."""
        return self.applies_to.lower() != "company"


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person with the SKUs they hold, in order; `errors` are the directory's words for what does not work."""

    person_id: int
    key: str
    display_name: str
    user_principal_name: str
    department: str
    usage_location: str
    is_enabled: bool
    is_guest: bool
    sku_ids: tuple[str, ...]
    by_group: frozenset[str]
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """A page of people; `after` continues it and is empty on the last page."""

    rows: tuple[PersonRow, ...]
    after: str
    total: int
    unlicensed: int


def pools(*, tenant_ids: Sequence[uuid.UUID]) -> dict[tuple[uuid.UUID, str], PoolRow]:
    """The pools of these tenants by tenant and SKU."""
    return {
        (row.tenant_id, row.sku_id): PoolRow(
            tenant_id=row.tenant_id,
            sku_id=row.sku_id,
            part_number=row.part_number,
            applies_to=row.applies_to,
            enabled_units=row.enabled_units,
            warning_units=row.warning_units,
            consumed_units=row.consumed_units,
            foreign_units=row.foreign_units,
            read_at=row.read_at,
        )
        for row in Pool.objects.filter(tenant_id__in=tenant_ids)
    }


def holders(*, tenant_id: uuid.UUID, sku_id: str, limit: int = 20) -> tuple[str, ...]:
    """The names of the first `limit` people who hold the SKU, by name (R007)."""
    rows = Person.objects.filter(tenant_id=tenant_id, assignment__sku_id=sku_id).distinct()
    return tuple(rows.order_by("display_name", "id").values_list("display_name", flat=True)[:limit])


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A person who holds a SKU; `key` is the directory's id, `sku_ids` all that they hold from whatever origin."""

    key: str
    name: str
    address: str
    department: str
    usage_location: str
    is_enabled: bool
    is_direct: bool
    is_by_group: bool
    sku_ids: frozenset[str]


def holders_of(*, seen_by: Actor, tenant_id: uuid.UUID, sku_id: str) -> list[Holder]:
    """Everybody who holds the SKU in the tenant, by name, as far as the actor may see people there."""
    visible = permissions.visible_rows(seen_by=seen_by, action="people.view")
    rows = Person.objects.filter(visible, tenant_id=tenant_id, assignment__sku_id=sku_id).distinct()
    people = list(rows.order_by("display_name", "id"))
    held: dict[int, list[Assignment]] = {}
    for each in Assignment.objects.filter(tenant_id=tenant_id, person_id__in=rows.order_by().values("pk")):
        held.setdefault(each.person_id, []).append(each)
    return [_holder(row, held[row.pk], sku_id=sku_id) for row in people]


def _holder(row: Person, held: Sequence[Assignment], *, sku_id: str) -> Holder:
    origins = {each.group_id for each in held if each.sku_id == sku_id}
    return Holder(
        key=row.vendor_person_id,
        name=row.display_name,
        address=row.user_principal_name,
        department=row.department,
        usage_location=row.usage_location,
        is_enabled=row.is_enabled,
        is_direct="" in origins,
        is_by_group=bool(origins - {""}),
        sku_ids=frozenset(each.sku_id for each in held),
    )


def holder_counts(*, tenant_ids: Sequence[uuid.UUID]) -> dict[tuple[uuid.UUID, str], int]:
    """How many people hold each SKU of each tenant, each person counted once."""
    rows = (
        Assignment.objects.filter(tenant_id__in=tenant_ids)
        .values("tenant_id", "sku_id")
        .annotate(people=Count("person_id", distinct=True))
    )
    return {(row["tenant_id"], row["sku_id"]): row["people"] for row in rows}


def people(
    *,
    seen_by: Actor,
    customer_id: uuid.UUID,
    text: str = "",
    only_unlicensed: bool = False,
    after: str = "",
    limit: int = 50,
) -> PeoplePage:
    """A page of the customer's people by name whose name, address or department contains every word of `text`."""
    base = Person.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="people.view"), customer_id=customer_id
    )
    counts = base.aggregate(total=Count("id"), unlicensed=Count("id", filter=Q(licence_count=0, is_enabled=True)))
    rows = base
    for word in text.casefold().split()[:8]:
        rows = rows.filter(search_text__contains=word)
    if only_unlicensed:
        rows = rows.filter(licence_count=0, is_enabled=True)
    name, _, last_id = after.rpartition("|")
    if name and last_id.isascii() and last_id.isdigit():
        rows = rows.filter(Q(display_name__gt=name) | Q(display_name=name, pk__gt=int(last_id[:18])))
    found = list(rows.order_by("display_name", "id")[: limit + 1])
    held: dict[int, list[Assignment]] = {}
    for assignment in Assignment.objects.filter(person_id__in=[row.pk for row in found]).order_by("sku_id"):
        held.setdefault(assignment.person_id, []).append(assignment)
    more = f"{found[limit - 1].display_name}|{found[limit - 1].pk}" if len(found) > limit else ""
    return PeoplePage(
        rows=tuple(_person_row(row, held.get(row.pk, [])) for row in found[:limit]),
        after=more,
        total=counts["total"],
        unlicensed=counts["unlicensed"],
    )


def _person_row(row: Person, held: list[Assignment]) -> PersonRow:
    return PersonRow(
        person_id=row.pk,
        key=row.vendor_person_id,
        display_name=row.display_name,
        user_principal_name=row.user_principal_name,
        department=row.department,
        usage_location=row.usage_location,
        is_enabled=row.is_enabled,
        is_guest=row.is_guest,
        sku_ids=tuple(dict.fromkeys(assignment.sku_id for assignment in held)),
        by_group=frozenset(assignment.sku_id for assignment in held if assignment.group_id),
        errors=tuple(assignment.error for assignment in held if assignment.error),
    )
