"""Turns a price sheet into rows: products and offers that are new, and a new version of each price list that differs.

Part of `changes`, which calls it inside one transaction. Work is set-based: rows are compared before any is written.
"""

import datetime as dt
import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Max

from seatwright.catalogue import bulk_rows, naming, price_sheet
from seatwright.catalogue.models import Offer, PriceList, PriceListLine, Product, ProductAlias
from seatwright.catalogue.price_sheet import OfferParts, SheetLine

LINE_FIELDS = ("price_list", "offer", *price_sheet.Price._fields)


class ListKey(NamedTuple):
    """What a price list is for: one market, currency and segment."""

    market: str
    currency: str
    segment: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the prices come from and whose they are; `reseller_id` None means the whole installation."""

    vendor_key: str
    reseller_id: uuid.UUID | None
    name: str
    sha256: str
    are_examples: bool
    valid_from_on: dt.date | None
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """A version that was added, with what differs from the one in force before: offers new, gone and repriced."""

    key: ListKey
    version: int
    valid_from_on: dt.date
    lines: int
    offers_new: int
    offers_gone: int
    offers_repriced: int


def lists_of(lines: Iterable[SheetLine]) -> dict[ListKey, list[SheetLine]]:
    """The lines of each price list in the sheet."""
    lists: dict[ListKey, list[SheetLine]] = defaultdict(list)
    for line in lines:
        lists[ListKey(line.offer.market, line.currency, line.offer.segment)].append(line)
    return lists


def ensure_products(*, vendor_key: str, lines: Iterable[SheetLine]) -> tuple[dict[tuple[str, str], int], int]:
    """The primary key of every product in the sheet, and the number of rows written to add or rename products."""
    titles: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for line in lines:
        titles[line.offer.product_id, line.offer.vendor_sku_id][line.title, line.publisher] += 1
    known = {(p.product_id, p.vendor_sku_id): p for p in Product.objects.filter(vendor_key=vendor_key)}
    new, renamed, aliases = [], [], []
    for key, counted in titles.items():
        title, publisher = min(counted, key=lambda names: (-counted[names], names))
        product = known.get(key)
        if product is None:
            new.append(_new_product(vendor_key=vendor_key, key=key, title=title, publisher=publisher))
        elif product.title != title:
            aliases.append(ProductAlias(product=product, alias=product.title))
            product.title = title
            renamed.append(product)
    Product.objects.bulk_create(new, batch_size=500)
    ProductAlias.objects.bulk_create(aliases, ignore_conflicts=True, batch_size=500)
    _refresh_search(renamed)
    Product.objects.bulk_update(renamed, ["title", "search_text"], batch_size=500)
    keys = Product.objects.filter(vendor_key=vendor_key).values_list("product_id", "vendor_sku_id", "pk")
    return {(one, two): pk for one, two, pk in keys}, len(new) + len(renamed) + len(aliases)


def _new_product(*, vendor_key: str, key: tuple[str, str], title: str, publisher: str) -> Product:
    return Product(
        vendor_key=vendor_key,
        product_id=key[0],
        vendor_sku_id=key[1],
        title=title,
        publisher=publisher,
        search_text=naming.search_text(title, key[0]),
    )


def _refresh_search(products: list[Product]) -> None:
    former: dict[int, list[str]] = defaultdict(list)
    found = ProductAlias.objects.filter(product__in=products) if products else ProductAlias.objects.none()
    for product_id, alias in found.values_list("product_id", "alias"):
        former[product_id].append(alias)
    for product in products:
        product.search_text = naming.search_text(product.title, product.product_id, *sorted(former[product.pk]))


def ensure_offers(*, products: dict[tuple[str, str], int], parts: set[OfferParts]) -> tuple[dict[OfferParts, int], int]:
    """The primary key of every offer in the sheet, and the number of rows written to add the new ones."""
    product_pks = {products[p.product_id, p.vendor_sku_id] for p in parts}
    wanted = {(products[p.product_id, p.vendor_sku_id], p.segment, p.term, p.billing_plan, p.market): p for p in parts}
    known = _offers(product_pks)
    new = sorted(wanted.keys() - known.keys())
    bulk_rows.add(model=Offer, fields=("product", "segment", "term", "billing_plan", "market"), rows=new)
    if new:
        known = _offers(product_pks)
    return {offer: known[key] for key, offer in wanted.items()}, len(new)


def _offers(product_pks: set[int]) -> dict[tuple[int, str, str, str, str], int]:
    rows = Offer.objects.values_list("product_id", "segment", "term", "billing_plan", "market", "pk")
    if len(product_pks) <= 500:
        rows = rows.filter(product__in=product_pks)
    return {row[:5]: row[5] for row in rows.iterator(chunk_size=10_000)}


def content_hash(lines: list[SheetLine]) -> str:
    """A hash of what the lines say, whatever their order and the file they came in."""
    digest = hashlib.sha256()
    for text in sorted("\x1f".join([*line.offer, *map(str, line.price)]) for line in lines):
        digest.update(text.encode() + b"\x1e")
    return digest.hexdigest()


def starts_on(*, source: Source, lines: list[SheetLine], is_first: bool) -> dt.date:
    """The day from which a version counts: as given, else the import's UTC day, but not before its prices start.

    The first version of a list counts from the start of its earliest price, so that the past has prices too.
    """
    if source.valid_from_on is not None:
        return source.valid_from_on
    earliest = min(line.price.valid_from_on for line in lines)
    return earliest if is_first else max(source.at.date(), earliest)


def list_to_replace(*, source: Source, key: ListKey, lines: list[SheetLine]) -> tuple[PriceList | None, dt.date, int]:
    """The version in force where the new one would start, the day of that start, and the new version's number."""
    of_key = PriceList.objects.filter(vendor_key=source.vendor_key, reseller=source.reseller_id, **key._asdict())
    last = of_key.aggregate(last=Max("version"))["last"] or 0
    start = starts_on(source=source, lines=lines, is_first=last == 0)
    in_force = of_key.filter(valid_from_on__lte=start).order_by("-valid_from_on", "-version").first()
    return in_force, start, last + 1


def add_version(
    *,
    source: Source,
    key: ListKey,
    version: int,
    valid_from_on: dt.date,
    lines: list[SheetLine],
    offers: dict[OfferParts, int],
    before: PriceList | None,
    content: str,
) -> NewVersion:
    """Write a price list and all its lines; the versions before it stay as they are."""
    price_list = PriceList.objects.create(
        vendor_key=source.vendor_key,
        reseller_id=source.reseller_id,
        version=version,
        valid_from_on=valid_from_on,
        source_name=source.name[:200],
        source_hash=source.sha256,
        content_hash=content,
        line_count=len(lines),
        are_examples=source.are_examples,
        imported_at=source.at,
        **key._asdict(),
    )
    rows = [(price_list.pk, offers[line.offer], *line.price) for line in lines]
    bulk_rows.add(model=PriceListLine, fields=LINE_FIELDS, rows=rows)
    old = _prices(before)
    new = {(offers[line.offer], line.price.tier_min): line.price.unit_price_e8 for line in lines}
    return NewVersion(
        key=key,
        version=version,
        valid_from_on=valid_from_on,
        lines=len(lines),
        offers_new=len(new.keys() - old.keys()),
        offers_gone=len(old.keys() - new.keys()),
        offers_repriced=sum(new[offer] != price for offer, price in old.items() if offer in new),
    )


def _prices(price_list: PriceList | None) -> dict[tuple[int, int], int]:
    if price_list is None:
        return {}
    rows = PriceListLine.objects.filter(price_list=price_list).values_list("offer_id", "tier_min", "unit_price_e8")
    return {(offer, tier): price for offer, tier, price in rows.order_by("valid_from_on").iterator(chunk_size=10_000)}
