"""Writes the rules for buying products; part of `changes`, inside its transaction. Compares before it writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.catalogue import bulk_rows
from seatwright.catalogue.models import Prerequisite, Product, Sku, UpgradePath


@dataclass(frozen=True, kw_only=True)
class ProductRules:
    """The rules for buying one product; products are named `product_id:vendor_sku_id`, `maximum` None is no limit."""

    key: str
    sku_id: str
    minimum: int
    maximum: int | None
    family: str
    is_add_on: bool
    is_self_service: bool
    prerequisites: frozenset[str]
    upgrade_targets: frozenset[str]


FIELDS = ("sku_id", "minimum", "maximum", "family", "is_add_on", "is_self_service")


def apply(*, vendor_key: str, rules: Sequence[ProductRules]) -> int:
    """Make the products what the rules say and return the number of rows written; raises ValueError."""
    products = {f"{p.product_id}:{p.vendor_sku_id}": p for p in Product.objects.filter(vendor_key=vendor_key)}
    skus = dict(Sku.objects.filter(vendor_key=vendor_key).values_list("sku_id", "pk"))
    changed = []
    known = [rule for rule in rules if rule.key in products]
    for rule in known:
        if rule.sku_id not in skus:
            raise ValueError(f"{rule.key} names SKU {rule.sku_id}, which is not in the catalogue")
        product = products[rule.key]
        wanted = (
            skus[rule.sku_id],
            rule.minimum,
            rule.maximum,
            rule.family,
            rule.is_add_on,
            rule.is_self_service,
        )
        if tuple(getattr(product, name) for name in FIELDS) != wanted:
            for name, value in zip(FIELDS, wanted, strict=True):
                setattr(product, name, value)
            changed.append(product)
    Product.objects.bulk_update(changed, ["sku", *FIELDS[1:]], batch_size=500)
    keys = {key: product.pk for key, product in products.items()}
    return len(changed) + _relate(rules=known, keys=keys)


def _relate(*, rules: Sequence[ProductRules], keys: Mapping[str, int]) -> int:
    named = {key for rule in rules for key in rule.prerequisites | rule.upgrade_targets}
    if missing := sorted(named - keys.keys()):
        raise ValueError(f"rules name products that are not in the catalogue: {', '.join(missing)}")
    about = {keys[rule.key] for rule in rules}
    needs = {(keys[rule.key], keys[other]) for rule in rules for other in rule.prerequisites}
    held = {(one, two): pk for one, two, pk in Prerequisite.objects.values_list("product_id", "needs_id", "pk")}
    surplus = [pk for (one, two), pk in held.items() if one in about and (one, two) not in needs]
    bulk_rows.add(model=Prerequisite, fields=("product", "needs"), rows=sorted(needs - held.keys()))
    Prerequisite.objects.filter(pk__in=surplus).delete()
    leads = {(keys[rule.key], keys[other]) for rule in rules for other in rule.upgrade_targets}
    paths = {(one, two): pk for one, two, pk in UpgradePath.objects.values_list("source_id", "target_id", "pk")}
    dead = [pk for (one, two), pk in paths.items() if one in about and (one, two) not in leads]
    bulk_rows.add(model=UpgradePath, fields=("source", "target"), rows=sorted(leads - paths.keys()))
    UpgradePath.objects.filter(pk__in=dead).delete()
    return len(needs - held.keys()) + len(surplus) + len(leads - paths.keys()) + len(dead)
