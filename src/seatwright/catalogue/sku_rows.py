"""Writes SKUs, their names and contents; part of `changes`, inside its transaction. Compares before it writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from seatwright.catalogue import bulk_rows, naming, sku_table
from seatwright.catalogue.models import ServicePlan, Sku, SkuAlias, SkuServicePlan


@dataclass(frozen=True, kw_only=True)
class SkuNames:
    """A SKU with the names it should be found by; `applies_to` is user, company or device."""

    sku_id: str
    name: str
    part_number: str
    applies_to: str
    old_names: frozenset[str]


def upsert(*, vendor_key: str, entries: Mapping[str, sku_table.SkuEntry]) -> tuple[dict[str, int], int, int, int]:
    """Primary keys by SKU id, and how many SKUs are new, how many changed, how many old names are new."""
    known = {sku.sku_id: sku for sku in Sku.objects.filter(vendor_key=vendor_key)}
    former = _aliases(vendor_key=vendor_key)
    new, changed = [], []
    wanted: dict[str, set[str]] = {}
    for sku_id, entry in entries.items():
        sku = known.get(sku_id)
        name = sku_table.chosen(entry.names, keep=sku.name if sku else "")
        part_number = sku_table.chosen(entry.part_numbers, keep=sku.part_number if sku else "")
        aliases = set(former[sku_id]) | set(entry.names) | set(entry.part_numbers)
        if sku is None:
            sku = Sku(vendor_key=vendor_key, sku_id=sku_id, name=name, part_number=part_number)
            new.append(sku)
        elif (sku.name, sku.part_number) != (name, part_number):
            aliases |= {sku.name, sku.part_number}
            sku.name, sku.part_number = name, part_number
            changed.append(sku)
        wanted[sku_id] = aliases - {name, part_number}
        text = naming.search_text(name, part_number, *sorted(wanted[sku_id]))
        if sku.search_text != text and sku.pk and sku not in changed:
            changed.append(sku)
        sku.search_text = text
    Sku.objects.bulk_create(new, batch_size=500)
    Sku.objects.bulk_update(changed, ["name", "part_number", "search_text"], batch_size=500)
    keys = dict(Sku.objects.filter(vendor_key=vendor_key).values_list("sku_id", "pk"))
    rows = [(keys[i], alias) for i, names in wanted.items() for alias in sorted(names - former[i])]
    bulk_rows.add(model=SkuAlias, fields=("sku", "alias"), rows=rows)
    return keys, len(new), len(changed), len(rows)


def _aliases(*, vendor_key: str) -> dict[str, set[str]]:
    former: dict[str, set[str]] = defaultdict(set)
    rows = SkuAlias.objects.filter(sku__vendor_key=vendor_key).values_list("sku__sku_id", "alias")
    for sku_id, alias in rows:
        former[sku_id].add(alias)
    return former


def upsert_plans(*, vendor_key: str, plans: Mapping[str, sku_table.PlanNames]) -> tuple[dict[str, int], int, int]:
    """Primary keys by plan id, how many rows were written, and how many of them are new."""
    known = {plan.plan_id: plan for plan in ServicePlan.objects.filter(vendor_key=vendor_key)}
    new, changed = [], []
    for plan_id, names in plans.items():
        plan = known.get(plan_id)
        if plan is None:
            new.append(ServicePlan(vendor_key=vendor_key, plan_id=plan_id, name=names.name, title=names.title))
        elif (plan.name, plan.title) != (names.name, names.title):
            plan.name, plan.title = names.name, names.title
            changed.append(plan)
    ServicePlan.objects.bulk_create(new, batch_size=500)
    ServicePlan.objects.bulk_update(changed, ["name", "title"], batch_size=500)
    keys = dict(ServicePlan.objects.filter(vendor_key=vendor_key).values_list("plan_id", "pk"))
    return keys, len(new) + len(changed), len(new)


def relink(*, table: sku_table.SkuTable, skus: Mapping[str, int], plans: Mapping[str, int]) -> tuple[int, int]:
    """Make the contents of the SKUs in the file what the file says; a file without plans changes no contents."""
    if not table.has_plans:
        return 0, 0
    named = {skus[sku_id] for sku_id in table.skus}
    rows = SkuServicePlan.objects.values_list("sku_id", "plan_id", "pk")
    held = {(sku, plan): pk for sku, plan, pk in rows if sku in named}
    wanted = {(skus[sku_id], plans[plan]) for sku_id, entry in table.skus.items() for plan in entry.plan_ids}
    missing, surplus = sorted(wanted - held.keys()), [held[link] for link in held.keys() - wanted]
    bulk_rows.add(model=SkuServicePlan, fields=("sku", "plan"), rows=missing)
    for start in range(0, len(surplus), 500):
        SkuServicePlan.objects.filter(pk__in=surplus[start : start + 500]).delete()
    return len(missing), len(surplus)


def ensure(*, vendor_key: str, skus: Iterable[SkuNames]) -> int:
    """Add the SKUs that are missing and the old names that are missing, and change no name; the rows written."""
    wanted = list(skus)
    known = {sku.sku_id: sku for sku in Sku.objects.filter(vendor_key=vendor_key)}
    former = _aliases(vendor_key=vendor_key)
    new, changed = [], []
    for names in wanted:
        sku = known.get(names.sku_id)
        if sku is None:
            sku = Sku(vendor_key=vendor_key, sku_id=names.sku_id, name=names.name, part_number=names.part_number)
            sku.applies_to = names.applies_to
            new.append(sku)
        elif sku.applies_to != names.applies_to:
            sku.applies_to = names.applies_to
            changed.append(sku)
        aliases = former[names.sku_id] | names.old_names
        text = naming.search_text(sku.name, sku.part_number, *sorted(aliases))
        if sku.pk and sku.search_text != text and sku not in changed:
            changed.append(sku)
        sku.search_text = text
    Sku.objects.bulk_create(new, batch_size=500)
    Sku.objects.bulk_update(changed, ["applies_to", "search_text"], batch_size=500)
    keys = dict(Sku.objects.filter(vendor_key=vendor_key).values_list("sku_id", "pk"))
    rows = [(keys[n.sku_id], alias) for n in wanted for alias in sorted(n.old_names - former[n.sku_id])]
    bulk_rows.add(model=SkuAlias, fields=("sku", "alias"), rows=rows)
    return len(new) + len(changed) + len(rows)


def ensure_contents(
    *, vendor_key: str, plans: Mapping[str, sku_table.PlanNames], contents: Mapping[str, Collection[str]]
) -> int:
    """Tell what is in the SKUs of which nothing is told yet, and change no plan that is known; the rows written."""
    skus = dict(Sku.objects.filter(vendor_key=vendor_key).values_list("sku_id", "pk"))
    told = set(SkuServicePlan.objects.values_list("sku_id", flat=True).distinct())
    wanted = {skus[sku_id]: ids for sku_id, ids in contents.items() if sku_id in skus and skus[sku_id] not in told}
    if not wanted:
        return 0
    known = set(ServicePlan.objects.filter(vendor_key=vendor_key).values_list("plan_id", flat=True))
    fresh = {plan_id: names for plan_id, names in plans.items() if plan_id not in known}
    _, written, _ = upsert_plans(vendor_key=vendor_key, plans=fresh)
    keys = dict(ServicePlan.objects.filter(vendor_key=vendor_key).values_list("plan_id", "pk"))
    rows = [(sku, keys[plan_id]) for sku, ids in wanted.items() for plan_id in sorted(ids)]
    bulk_rows.add(model=SkuServicePlan, fields=("sku", "plan"), rows=rows)
    return written + len(rows)
