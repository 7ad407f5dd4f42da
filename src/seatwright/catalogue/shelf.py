"""What a reseller shows to one market and segment: products with their plans, found by any name, priced at once."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from seatwright.catalogue import naming, price_lookup, searching
from seatwright.catalogue.models import CatalogueItem, Offer, PriceListLine, Product, SalesPrice

PRODUCTS_MOST = 200


@dataclass(frozen=True, kw_only=True)
class ShelfProduct:
    """A product on the shelf; `old_name` is the former name by which a search found it, empty when it was another."""

    product_pk: int
    product_key: str
    vendor_key: str
    name: str
    title: str
    part_number: str
    sku_id: str
    is_add_on: bool
    is_self_service: bool
    old_name: str
    offer_pks: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ProductName:
    """What to call a product, and the SKU of the directory that it gives."""

    product_key: str
    name: str
    sku_id: str


def shelf(
    *,
    reseller_id: uuid.UUID,
    market: str,
    segment: str,
    text: str = "",
    vendor_key: str = "microsoft",
    skip: int = 0,
    limit: int = PRODUCTS_MOST,
) -> tuple[tuple[ShelfProduct, ...], int]:
    """The products that have an offer in this market and segment and that the reseller shows, and how many there are.

    Best match first, without `text` by name; `skip` and `limit` cut a page out of them. Trials are left out: they are
    not bought here.
    """
    items = {item.product_id: item for item in CatalogueItem.objects.filter(reseller=reseller_id)}
    hidden = [pk for pk, item in items.items() if not item.is_offered]
    rows = (
        Product.objects.filter(vendor_key=vendor_key, is_trial=False)
        .filter(Exists(Offer.objects.filter(product=OuterRef("pk"), market=market, segment=segment)))
        .exclude(pk__in=hidden)
        .select_related("sku")
        .order_by("title", "pk")
    )
    hits: dict[str, searching.Found] = {}
    if naming.folded(text):
        found = searching.search(text=text, reseller_id=reseller_id, vendor_key=vendor_key, limit=PRODUCTS_MOST)
        hits = {hit.key: hit for hit in found if hit.kind == "product"}
        rows = rows.filter(product_id__in={key.partition(":")[0] for key in hits})
        by_key = {_key(product): product for product in rows}
        products = [by_key[key] for key in hits if key in by_key]
        total, page = len(products), products[skip : skip + limit]
    else:
        total, page = rows.count(), list(rows[skip : skip + limit])
    offers: dict[int, list[int]] = {}
    of_page = Offer.objects.filter(product__in=page, market=market, segment=segment)
    for product_pk, offer_pk in of_page.order_by("pk").values_list("product_id", "pk"):
        offers.setdefault(product_pk, []).append(offer_pk)
    return tuple(_shown(each, items.get(each.pk), hits.get(_key(each)), offers[each.pk]) for each in page), total


def _key(product: Product) -> str:
    return f"{product.product_id}:{product.vendor_sku_id}"


def _shown(
    product: Product, item: CatalogueItem | None, hit: searching.Found | None, offer_pks: Sequence[int]
) -> ShelfProduct:
    is_old = hit is not None and hit.matched_by == "old_name"
    return ShelfProduct(
        product_pk=product.pk,
        product_key=_key(product),
        vendor_key=product.vendor_key,
        name=(item.own_label if item else "") or product.title,
        title=product.title,
        part_number=product.sku.part_number if product.sku else "",
        sku_id=product.sku.sku_id if product.sku else "",
        is_add_on=product.is_add_on,
        is_self_service=product.is_self_service and (item is None or item.is_self_service),
        old_name=hit.matched_text if hit is not None and is_old else "",
        offer_pks=tuple(offer_pks),
    )


def product_names(
    *, product_keys: Iterable[str], reseller_id: uuid.UUID, vendor_key: str = "microsoft"
) -> dict[str, ProductName]:
    """The names of these products, by `product_id:vendor_sku_id`; unknown ones are left out."""
    wanted = set(product_keys)
    rows = Product.objects.filter(
        vendor_key=vendor_key, product_id__in={key.partition(":")[0] for key in wanted}
    ).select_related("sku")
    items = CatalogueItem.objects.filter(reseller=reseller_id, product__in=rows).exclude(own_label="")
    labels = dict(items.values_list("product_id", "own_label"))
    named = {}
    for row in rows:
        key = _key(row)
        if key in wanted:
            sku_id = row.sku.sku_id if row.sku else ""
            named[key] = ProductName(product_key=key, name=labels.get(row.pk, "") or row.title, sku_id=sku_id)
    return named


def family_of(*, sku_ids: Iterable[str], vendor_key: str = "microsoft") -> dict[str, str]:
    """The family of each of these SKUs of the directory that belongs to one, so that foreign seats can be counted."""
    rows = Product.objects.filter(vendor_key=vendor_key, sku__sku_id__in=set(sku_ids)).exclude(family="")
    return dict(rows.values_list("sku__sku_id", "family"))


@dataclass(frozen=True, kw_only=True)
class OfferRate:
    """The sales price of an offer for one seat and charge cycle, with the billing plan that says how long that is."""

    billing_plan: str
    amount: Decimal


def rates(*, reseller_id: uuid.UUID, offer_pks: Sequence[int], on: dt.date, currency: str) -> dict[int, OfferRate]:
    """The sales price of each of these offers that has one, as for a single seat.

    The same rules as `sales_rate`, in two queries whatever the number of offers.
    """
    of_offers = PriceListLine.objects.filter(offer__in=offer_pks, price_list__currency=currency, tier_min=1)
    of_seller = Q(price_list__reseller=reseller_id) | Q(price_list__reseller=None)
    lines: dict[int, list[PriceListLine]] = {}
    found = price_lookup.in_force(lines=of_offers, on=on).filter(of_seller)
    for line in found.select_related("price_list", "offer"):
        lines.setdefault(line.offer_id, []).append(line)
    prices: dict[int, SalesPrice] = {}
    rows = SalesPrice.objects.filter(reseller=reseller_id, offer__in=offer_pks, valid_from_on__lte=on)
    for price in rows.order_by("valid_from_on", "pk"):
        prices[price.offer_id] = price
    priced = {}
    for offer_pk, candidates in lines.items():
        own = [line for line in candidates if line.price_list.reseller_id is not None] or candidates
        amount = price_lookup.sales_amount(line=own[0], price=prices.get(offer_pk)) if len(own) == 1 else None
        if amount is not None:
            priced[offer_pk] = OfferRate(billing_plan=own[0].offer.billing_plan, amount=amount)
    return priced
