"""Every way rows of the assignments room change: what the directory says is compared first, then written."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from seatwright.assignments.models import Assignment, Person, Pool

BATCH_ROWS = 2000


@dataclass(frozen=True, kw_only=True)
class Held:
    """A licence held by a person, direct when `group_id` is empty."""

    sku_id: str
    group_id: str
    state: str
    error: str


@dataclass(frozen=True, kw_only=True)
class FoundPerson:
    """A person as the directory shows them."""

    vendor_person_id: str
    user_principal_name: str
    display_name: str
    mail: str
    department: str
    usage_location: str
    is_enabled: bool
    is_guest: bool
    held: tuple[Held, ...]


@dataclass(frozen=True, kw_only=True)
class FoundPool:
    """A pool as the directory shows it; `foreign_units` are those of other sellers' subscriptions."""

    sku_id: str
    part_number: str
    applies_to: str
    enabled_units: int
    warning_units: int
    suspended_units: int
    consumed_units: int
    foreign_units: int


PERSON_FIELDS = (
    "user_principal_name",
    "display_name",
    "mail",
    "department",
    "usage_location",
    "is_enabled",
    "is_guest",
    "licence_count",
    "search_text",
)


def replace_people(
    *, tenant_id: uuid.UUID, reseller_id: uuid.UUID, customer_id: uuid.UUID, people: Iterable[FoundPerson]
) -> dict[str, int]:
    """Make the tenant's people equal to `people` in one transaction; returns how many rows were written of each kind.

    Only differences are written, so reading an unchanged directory again writes nothing (R059).
    """
    found = {person.vendor_person_id: person for person in people}
    with transaction.atomic():
        stored = {row.vendor_person_id: row for row in Person.objects.filter(tenant_id=tenant_id)}
        gone = [row.pk for key, row in stored.items() if key not in found]
        fresh, changed = [], []
        for key, person in found.items():
            values = _values(person)
            row = stored.get(key)
            if row is None:
                fresh.append(
                    Person(
                        tenant_id=tenant_id,
                        reseller_id=reseller_id,
                        customer_id=customer_id,
                        vendor_person_id=key,
                        **values,
                    )
                )
            elif any(getattr(row, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(row, name, value)
                changed.append(row)
        for start in range(0, len(gone), BATCH_ROWS):
            Person.objects.filter(pk__in=gone[start : start + BATCH_ROWS]).delete()
        Person.objects.bulk_create(fresh, batch_size=BATCH_ROWS)
        Person.objects.bulk_update(changed, PERSON_FIELDS, batch_size=BATCH_ROWS)
        ids = dict(Person.objects.filter(tenant_id=tenant_id).values_list("vendor_person_id", "id"))
        written = _replace_assignments(tenant_id, {ids[key]: person.held for key, person in found.items()})
    return {"people_new": len(fresh), "people_changed": len(changed), "people_gone": len(gone), "assignments": written}


def _replace_assignments(tenant_id: uuid.UUID, held: dict[int, tuple[Held, ...]]) -> int:
    stored = {(row.person_id, row.sku_id, row.group_id): row for row in Assignment.objects.filter(tenant_id=tenant_id)}
    wanted = {(person_id, h.sku_id, h.group_id): h for person_id, rows in held.items() for h in rows}
    gone = [row.pk for key, row in stored.items() if key not in wanted]
    fresh, changed = [], []
    for (person_id, sku_id, group_id), h in wanted.items():
        row = stored.get((person_id, sku_id, group_id))
        if row is None:
            fresh.append(
                Assignment(
                    person_id=person_id,
                    tenant_id=tenant_id,
                    sku_id=sku_id,
                    group_id=group_id,
                    state=h.state,
                    error=h.error,
                )
            )
        elif (row.state, row.error) != (h.state, h.error):
            row.state, row.error = h.state, h.error
            changed.append(row)
    for start in range(0, len(gone), BATCH_ROWS):
        Assignment.objects.filter(pk__in=gone[start : start + BATCH_ROWS]).delete()
    Assignment.objects.bulk_create(fresh, batch_size=BATCH_ROWS)
    Assignment.objects.bulk_update(changed, ["state", "error"], batch_size=BATCH_ROWS)
    return len(gone) + len(fresh) + len(changed)


def replace_person(
    *, tenant_id: uuid.UUID, reseller_id: uuid.UUID, customer_id: uuid.UUID, person: FoundPerson
) -> None:
    """Make one person of the tenant equal to `person`, in the caller's transaction."""
    row, _is_new = Person.objects.update_or_create(
        tenant_id=tenant_id,
        vendor_person_id=person.vendor_person_id,
        defaults={"reseller_id": reseller_id, "customer_id": customer_id, **_values(person)},
    )
    wanted = {(held.sku_id, held.group_id): held for held in person.held}
    for stored in Assignment.objects.filter(person=row):
        if (stored.sku_id, stored.group_id) not in wanted:
            stored.delete()
    for (sku_id, group_id), held in wanted.items():
        Assignment.objects.update_or_create(
            person=row,
            sku_id=sku_id,
            group_id=group_id,
            defaults={"tenant_id": tenant_id, "state": held.state, "error": held.error},
        )


def replace_pools(
    *,
    tenant_id: uuid.UUID,
    reseller_id: uuid.UUID,
    customer_id: uuid.UUID,
    pools: Iterable[FoundPool],
    at: dt.datetime,
) -> int:
    """Make the tenant's pools equal to `pools`; returns how many were new, changed or gone."""
    found = {pool.sku_id: pool for pool in pools}
    written = 0
    with transaction.atomic():
        stored = {row.sku_id: row for row in Pool.objects.select_for_update().filter(tenant_id=tenant_id)}
        gone = [row.pk for key, row in stored.items() if key not in found]
        written += Pool.objects.filter(pk__in=gone).delete()[0] if gone else 0
        for key, pool in found.items():
            values = {name: getattr(pool, name) for name in FoundPool.__dataclass_fields__}
            row = stored.get(key)
            if row is None:
                Pool(tenant_id=tenant_id, reseller_id=reseller_id, customer_id=customer_id, read_at=at, **values).save(
                    force_insert=True
                )
                written += 1
            elif any(getattr(row, name) != value for name, value in values.items()):
                Pool.objects.filter(pk=row.pk).update(read_at=at, **values)
                written += 1
        Pool.objects.filter(tenant_id=tenant_id).update(read_at=at)
    return written


def _values(person: FoundPerson) -> dict[str, str | bool | int]:
    return {
        "user_principal_name": person.user_principal_name,
        "display_name": person.display_name,
        "mail": person.mail,
        "department": person.department,
        "usage_location": person.usage_location,
        "is_enabled": person.is_enabled,
        "is_guest": person.is_guest,
        "licence_count": len({held.sku_id for held in person.held}),
        "search_text": f"{person.display_name} {person.user_principal_name} {person.department}".casefold()[:700],
    }
