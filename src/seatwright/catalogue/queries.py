"""Every question about what can be sold, at what price, and under which vendor rules; answers are plain values."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from seatwright.catalogue import naming
from seatwright.catalogue.models import CatalogueItem, Offer, Prerequisite, ServicePlan, Sku, UpgradePath
from seatwright.catalogue.policies import (
    AfterTerm,
    AfterTerms,
    FamilyCaps,
    Figure,
    PolicyMissing,
    RenewalRules,
    RenewalTerms,
    ReturnTerms,
    SheetRules,
    after_term,
    family_cap,
    policy_figure,
    return_policy,
    sheet_rules,
)
from seatwright.catalogue.price_lookup import (
    OfferUnknown,
    PriceMissing,
    UnitRate,
    cost_rate,
    each_once,
    is_listed,
    sales_rate,
)
from seatwright.catalogue.searching import Found, search
from seatwright.catalogue.shelf import OfferRate, ProductName, ShelfProduct, family_of, product_names, rates, shelf

__all__ = [
    "AfterTerm",
    "AfterTerms",
    "FamilyCaps",
    "Figure",
    "Found",
    "OfferRate",
    "OfferRow",
    "OfferUnknown",
    "Paths",
    "PolicyMissing",
    "PriceMissing",
    "ProductName",
    "RenewalRules",
    "RenewalTerms",
    "ReturnTerms",
    "SheetRules",
    "ShelfProduct",
    "SkuName",
    "UnitRate",
    "after_term",
    "cost_rate",
    "each_once",
    "family_cap",
    "family_of",
    "is_listed",
    "offer",
    "offers",
    "offers_for",
    "offers_of",
    "offers_of_products",
    "policy_figure",
    "product_names",
    "rates",
    "return_policy",
    "sales_rate",
    "search",
    "service_plans",
    "sheet_rules",
    "shelf",
    "sku_names",
]


@dataclass(frozen=True, kw_only=True)
class OfferRow:
    """An offer with the rules for buying it.

    `prerequisites` and `upgrade_targets` are `product_id:vendor_sku_id`; any one prerequisite in the tenant is enough.
    `maximum` None means that no limit is known. `own_label` is empty where the reseller uses the vendor's title.
    """

    offer_pk: int
    offer_key: str
    vendor_key: str
    product_id: str
    vendor_sku_id: str
    sku_id: str
    part_number: str
    title: str
    own_label: str
    is_offered: bool
    segment: str
    term: str
    billing_plan: str
    term_code: str
    market: str
    minimum: int
    maximum: int | None
    family: str
    is_add_on: bool
    is_trial: bool
    is_non_user: bool
    is_self_service: bool
    prerequisites: tuple[str, ...]
    upgrade_targets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SkuName:
    """What to call a SKU: the reseller's label if any, the vendor's name, and its part number."""

    sku_id: str
    name: str
    part_number: str
    own_label: str
    is_non_user: bool


def offer(*, offer_key: str, reseller_id: uuid.UUID | None = None) -> OfferRow:
    """The offer with this key, with the reseller's label if one is given; raises OfferUnknown."""
    parts = naming.offer_key(offer_key)
    if parts is None:
        raise OfferUnknown
    rows = Offer.objects.filter(
        product__vendor_key=parts.vendor_key,
        product__product_id=parts.product_id,
        product__vendor_sku_id=parts.vendor_sku_id,
        segment=parts.segment,
        term=parts.term,
        billing_plan=parts.billing_plan,
        market=parts.market,
    )
    for row in _offer_rows(offers=rows, reseller_id=reseller_id):
        return row
    raise OfferUnknown


def offers(*, offer_keys: Iterable[str], reseller_id: uuid.UUID | None = None) -> dict[str, OfferRow]:
    """The offers with these keys that exist, in a constant number of queries."""
    wanted = set(offer_keys)
    parts = [key for key in map(naming.offer_key, wanted) if key is not None]
    rows = Offer.objects.filter(
        product__product_id__in={key.product_id for key in parts}, market__in={key.market for key in parts}
    )
    found = {row.offer_key: row for row in _offer_rows(offers=rows, reseller_id=reseller_id)}
    return {key: found[key] for key in wanted if key in found}


def offers_for(
    *,
    market: str,
    segment: str,
    reseller_id: uuid.UUID | None = None,
    vendor_key: str = "microsoft",
    product_id: str = "",
    vendor_sku_id: str = "",
) -> tuple[OfferRow, ...]:
    """The offers of a market and segment by title, term and billing plan; of one product if it is named."""
    rows = Offer.objects.filter(product__vendor_key=vendor_key, market=market, segment=segment)
    if product_id:
        rows = rows.filter(product__product_id=product_id)
    if vendor_sku_id:
        rows = rows.filter(product__vendor_sku_id=vendor_sku_id)
    rows = rows.order_by("product__title", "product_id", "term", "billing_plan")
    return tuple(_offer_rows(offers=rows, reseller_id=reseller_id))


def offers_of(
    *, market: str, segment: str, reseller_id: uuid.UUID, vendor_key: str, products: Collection[tuple[str, str]]
) -> tuple[OfferRow, ...]:
    """The offers of these products, given by product and SKU of the vendor, by title, term and billing plan."""
    found = offers_of_products(
        market=market,
        segment=segment,
        reseller_id=reseller_id,
        vendor_key=vendor_key,
        product_ids={product_id for product_id, _ in products},
    )
    return tuple(row for row in found if (row.product_id, row.vendor_sku_id) in products)


def offers_of_products(
    *, market: str, segment: str, reseller_id: uuid.UUID, vendor_key: str, product_ids: Collection[str]
) -> tuple[OfferRow, ...]:
    """The offers of these products of the vendor in every SKU, by title, term and billing plan."""
    rows = Offer.objects.filter(
        product__vendor_key=vendor_key, market=market, segment=segment, product__product_id__in=product_ids
    ).order_by("product__title", "product_id", "term", "billing_plan")
    return tuple(_offer_rows(offers=rows, reseller_id=reseller_id))


class Paths:
    """The paths between the products of one vendor, read in one query and asked for any product."""

    def __init__(self, *, vendor_key: str) -> None:
        self._up: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self._down: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        paths = UpgradePath.objects.filter(source__vendor_key=vendor_key)
        for source_id, source_sku, target_id, target_sku in paths.values_list(*_key_of("source"), *_key_of("target")):
            self._up[source_id, source_sku].add((target_id, target_sku))
            self._down[target_id, target_sku].add((source_id, source_sku))

    def related(self, *, product_id: str, vendor_sku_id: str) -> frozenset[tuple[str, str]]:
        """The products to which paths lead from this one, or from which they lead to it, over any number of steps."""
        start = (product_id, vendor_sku_id)
        return frozenset((_reached(start, self._up) | _reached(start, self._down)) - {start})


def _reached(start: tuple[str, str], paths: Mapping[tuple[str, str], set[tuple[str, str]]]) -> set[tuple[str, str]]:
    reached, ahead = {start}, [start]
    while ahead:
        fresh = paths.get(ahead.pop(), set()) - reached
        reached |= fresh
        ahead += sorted(fresh)
    return reached


def _offer_rows(*, offers: QuerySet[Offer], reseller_id: uuid.UUID | None) -> Iterable[OfferRow]:
    found = list(offers.select_related("product__sku"))
    pks = {o.product_id for o in found}
    needs = _neighbours(Prerequisite.objects.filter(product__in=pks).values_list("product_id", *_key_of("needs")))
    leads = _neighbours(UpgradePath.objects.filter(source__in=pks).values_list("source_id", *_key_of("target")))
    items = CatalogueItem.objects.filter(reseller=reseller_id, product__in=pks) if reseller_id else ()
    labels = {item.product_id: item for item in items}
    for row in found:
        product, sku, item = row.product, row.product.sku, labels.get(row.product_id)
        key = naming.OfferKey(
            product.vendor_key,
            product.product_id,
            product.vendor_sku_id,
            row.segment,
            row.term,
            row.billing_plan,
            row.market,
        )
        yield OfferRow(
            offer_pk=row.pk,
            offer_key=str(key),
            **key._asdict(),
            sku_id=sku.sku_id if sku else "",
            part_number=sku.part_number if sku else "",
            title=product.title,
            own_label=item.own_label if item else "",
            is_offered=item.is_offered if item else True,
            term_code=naming.TERM_CODES[row.term, row.billing_plan],
            minimum=product.minimum,
            maximum=product.maximum,
            family=product.family,
            is_add_on=product.is_add_on,
            is_trial=product.is_trial,
            is_non_user=sku is not None and sku.applies_to != "user",
            is_self_service=product.is_self_service and (item is None or item.is_self_service),
            prerequisites=needs[row.product_id],
            upgrade_targets=leads[row.product_id],
        )


def _key_of(relation: str) -> tuple[str, str]:
    return f"{relation}__product_id", f"{relation}__vendor_sku_id"


def _neighbours(rows: Iterable[tuple[int, str, str]]) -> dict[int, tuple[str, ...]]:
    keys: dict[int, list[str]] = defaultdict(list)
    for product, product_id, vendor_sku_id in rows:
        keys[product].append(f"{product_id}:{vendor_sku_id}")
    return defaultdict(tuple, {product: tuple(sorted(found)) for product, found in keys.items()})


def sku_names(
    *, sku_ids: Iterable[str], reseller_id: uuid.UUID | None = None, vendor_key: str = "microsoft"
) -> dict[str, SkuName]:
    """The names of the SKUs that the catalogue knows; for the others show the part number that the vendor reports."""
    wanted = {sku_id.casefold() for sku_id in sku_ids}
    skus = Sku.objects.filter(vendor_key=vendor_key, sku_id__in=wanted)
    labels: dict[int | None, str] = {}
    if reseller_id is not None:
        items = CatalogueItem.objects.filter(reseller=reseller_id, product__sku__in=skus).exclude(own_label="")
        labels = dict(items.order_by("-pk").values_list("product__sku_id", "own_label"))
    return {
        sku.sku_id: SkuName(
            sku_id=sku.sku_id,
            name=sku.name,
            part_number=sku.part_number,
            own_label=labels.get(sku.pk, ""),
            is_non_user=sku.applies_to != "user",
        )
        for sku in skus
    }


def service_plans(*, sku_id: str, vendor_key: str = "microsoft") -> dict[str, str]:
    """The service plans in a SKU: id and title, so that a swap can say what is gained and lost."""
    plans = ServicePlan.objects.filter(skuserviceplan__sku__sku_id=sku_id, vendor_key=vendor_key)
    return dict(plans.order_by("title").values_list("plan_id", "title"))
