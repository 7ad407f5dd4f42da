"""Search over names, own labels, part numbers and old names (R034), without regard to case, accents and umlauts."""

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from seatwright.catalogue import naming
from seatwright.catalogue.models import CatalogueItem, Product, ProductAlias, Sku, SkuAlias

RANKS = {"name": 0, "own_label": 0, "part_number": 1, "old_name": 2}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A search hit; `matched_by` says whether the name, the own label, the part number or an old name was found."""

    kind: str
    key: str
    name: str
    own_label: str
    part_number: str
    matched_by: str
    matched_text: str


def search(
    *, text: str, reseller_id: uuid.UUID | None = None, vendor_key: str = "microsoft", limit: int = 50
) -> tuple[Found, ...]:
    """Products and SKUs in whose names every word of `text` occurs.

    What is or was called exactly that comes first, then names before part numbers before old names. A SKU that belongs
    to a product found is not listed again. Labels are those of `reseller_id` alone.
    """
    words = naming.folded(text).split()
    if not words:
        return ()
    labels = _labels(reseller_id=reseller_id)
    products = _products(words=words, vendor_key=vendor_key, labels=labels)
    shown = {product.sku_id for product in products}
    skus = [sku for sku in _having(Sku.objects.filter(vendor_key=vendor_key), words) if sku.pk not in shown]
    former_titles = _aliases(ProductAlias.objects.filter(product__in=products).values_list("product_id", "alias"))
    former_names = _aliases(
        SkuAlias.objects.filter(sku__in=[*skus, *(p.sku_id for p in products if p.sku_id)]).values_list(
            "sku_id", "alias"
        )
    )
    found = [
        _product_found(product, words, labels.get(product.pk, ""), former_titles, former_names) for product in products
    ]
    found += [_sku_found(sku, words, former_names) for sku in skus]
    wanted = naming.folded(text)
    found.sort(
        key=lambda hit: (
            naming.folded(hit.matched_text) != wanted,
            RANKS[hit.matched_by],
            not naming.folded(hit.name).startswith(words[0]),
            hit.name,
        )
    )
    return tuple(found[:limit])


def _labels(*, reseller_id: uuid.UUID | None) -> dict[int, str]:
    if reseller_id is None:
        return {}
    items = CatalogueItem.objects.filter(reseller=reseller_id).exclude(own_label="")
    return dict(items.values_list("product_id", "own_label"))


def _having[Row: (Sku, Product)](rows: QuerySet[Row], words: list[str]) -> list[Row]:
    for word in words:
        rows = rows.filter(search_text__contains=word)
    return list(rows[:200])


def _products(*, words: list[str], vendor_key: str, labels: dict[int, str]) -> list[Product]:
    labelled = [pk for pk, label in labels.items() if all(word in naming.folded(label) for word in words)]
    matches = Q(pk__in=labelled)
    own, of_sku = Q(), Q()
    for word in words:
        own &= Q(search_text__contains=word)
        of_sku &= Q(sku__search_text__contains=word)
    rows = Product.objects.filter(matches | own | of_sku, vendor_key=vendor_key)
    return list(rows.select_related("sku").order_by("title", "pk")[:200])


def _aliases(
    rows: QuerySet[ProductAlias, tuple[int, str]] | QuerySet[SkuAlias, tuple[int, str]],
) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for pk, alias in rows:
        names.setdefault(pk, []).append(alias)
    return names


def _matched(words: list[str], candidates: list[tuple[str, str]]) -> tuple[str, str]:
    """By what kind of name the words were found, and which; the words may also be spread over several names."""
    for kind, text in candidates:
        if all(word in naming.folded(text) for word in words):
            return kind, text
    return "old_name", ""


def _product_found(
    product: Product,
    words: list[str],
    label: str,
    former_titles: dict[int, list[str]],
    former_names: dict[int, list[str]],
) -> Found:
    sku = product.sku
    candidates = [("own_label", label), ("name", product.title)]
    if sku is not None:
        candidates += [("name", sku.name), ("part_number", sku.part_number)]
    candidates.append(("part_number", product.product_id))
    candidates += [("old_name", alias) for alias in former_titles.get(product.pk, [])]
    candidates += [("old_name", alias) for alias in former_names.get(sku.pk, [])] if sku else []
    matched_by, matched_text = _matched(words, candidates)
    return Found(
        kind="product",
        key=f"{product.product_id}:{product.vendor_sku_id}",
        name=product.title,
        own_label=label,
        part_number=sku.part_number if sku else "",
        matched_by=matched_by,
        matched_text=matched_text,
    )


def _sku_found(sku: Sku, words: list[str], former_names: dict[int, list[str]]) -> Found:
    candidates = [("name", sku.name), ("part_number", sku.part_number)]
    candidates += [("old_name", alias) for alias in former_names.get(sku.pk, [])]
    matched_by, matched_text = _matched(words, candidates)
    return Found(
        kind="sku",
        key=sku.sku_id,
        name=sku.name,
        own_label="",
        part_number=sku.part_number,
        matched_by=matched_by,
        matched_text=matched_text,
    )
