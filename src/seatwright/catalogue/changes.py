"""Every way the rows of the catalogue change; callers have checked permission and hold the transaction's audit duty."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from seatwright.catalogue import (
    demo_catalogue,
    naming,
    price_cells,
    price_rows,
    price_sheet,
    product_rows,
    sku_rows,
    sku_table,
    vendor_rules,
)
from seatwright.catalogue.models import CatalogueItem, PolicyFigure, Product, ReturnPolicy, SalesPrice
from seatwright.catalogue.price_lookup import OfferUnknown
from seatwright.catalogue.price_rows import NewVersion, Source


class ImportClash(Exception):
    """Another import of the same prices ran at this moment; nothing was imported here. Import again."""


@dataclass(frozen=True, kw_only=True)
class SkusImported:
    """What an import of the SKU table did; `rows_written` is 0 when the file says nothing new."""

    skus_in_file: int
    skus_new: int
    skus_changed: int
    aliases_new: int
    plans_new: int
    links_new: int
    links_gone: int
    rows_written: int


@dataclass(frozen=True, kw_only=True)
class PricesImported:
    """What an import of prices did; `lists_unchanged` counts the price lists that said nothing new."""

    lines_in_file: int
    versions: tuple[NewVersion, ...]
    lists_unchanged: int
    rows_written: int


def import_skus(*, vendor_key: str, table: sku_table.SkuTable) -> SkusImported:
    """Bring SKUs, their old names, service plans and contents in line with the vendor's table, all or nothing.

    SKUs that the table does not name stay: tenants hold licences that it does not know.
    """
    assert not table.problems, "a file with problems is not imported"
    with transaction.atomic():
        skus, new, renamed, aliases_new = sku_rows.upsert(vendor_key=vendor_key, entries=table.skus)
        plans, plan_writes, plans_new = sku_rows.upsert_plans(vendor_key=vendor_key, plans=table.plans)
        links_new, links_gone = sku_rows.relink(table=table, skus=skus, plans=plans)
    return SkusImported(
        skus_in_file=len(table.skus),
        skus_new=new,
        skus_changed=renamed,
        aliases_new=aliases_new,
        plans_new=plans_new,
        links_new=links_new,
        links_gone=links_gone,
        rows_written=new + renamed + aliases_new + plan_writes + links_new + links_gone,
    )


def import_prices(*, source: Source, sheet: price_sheet.PriceSheet) -> PricesImported:
    """Add a version of every price list in the sheet that differs from the one in force, all or nothing.

    Products and offers that the sheet names for the first time are added. Raises ImportClash.
    """
    assert not sheet.problems, "a file with problems is not imported"
    try:
        with transaction.atomic():
            return _import_prices(source=source, sheet=sheet)
    except IntegrityError as trouble:
        if "unique" in str(trouble).casefold():
            raise ImportClash from trouble
        raise


def _import_prices(*, source: Source, sheet: price_sheet.PriceSheet) -> PricesImported:
    products, written = price_rows.ensure_products(vendor_key=source.vendor_key, lines=sheet.lines)
    changed = []
    lists = price_rows.lists_of(sheet.lines)
    for key, lines in sorted(lists.items()):
        before, start, version = price_rows.list_to_replace(source=source, key=key, lines=lines)
        content = price_rows.content_hash(lines)
        if before is None or before.content_hash != content:
            changed.append((key, lines, before, start, version, content))
    parts = {line.offer for _, lines, *_ in changed for line in lines}
    offers, offers_new = price_rows.ensure_offers(products=products, parts=parts)
    written += offers_new
    versions = []
    for key, lines, before, start, version, content in changed:
        made = price_rows.add_version(
            source=source,
            key=key,
            version=version,
            valid_from_on=start,
            lines=lines,
            offers=offers,
            before=before,
            content=content,
        )
        versions.append(made)
        written += 1 + made.lines
    return PricesImported(
        lines_in_file=len(sheet.lines),
        versions=tuple(versions),
        lists_unchanged=len(lists) - len(versions),
        rows_written=written,
    )


def set_product_rules(*, vendor_key: str, rules: Iterable[product_rows.ProductRules]) -> int:
    """Make SKU, limits, family, prerequisites and upgrade paths of these products what `rules` say; rows written.

    Products that are not in the catalogue are passed over. Raises ValueError for an unknown SKU or a rule that names a
    product which is not there.
    """
    with transaction.atomic():
        return product_rows.apply(vendor_key=vendor_key, rules=tuple(rules))


def load_demo_catalogue(*, at: dt.datetime, markets: Sequence[str] = ("BE", "DE", "FR", "NL")) -> int:
    """Load the project's own catalogue with its example prices for the whole installation; returns the rows written.

    Loading it again writes nothing. Names and contents that the vendor's SKU table brought meanwhile stay.
    """
    demo = demo_catalogue.read()
    vendor_key = demo_catalogue.VENDOR_KEY
    source = Source(
        vendor_key=vendor_key,
        reseller_id=None,
        name=demo_catalogue.FILE.name,
        sha256=demo.sha256,
        are_examples=True,
        valid_from_on=demo_catalogue.PRICES_FROM,
        at=at,
    )
    with transaction.atomic():
        written = restore_vendor_rules()
        written += sku_rows.ensure(vendor_key=vendor_key, skus=demo.skus)
        written += sku_rows.ensure_contents(vendor_key=vendor_key, plans=demo.plans, contents=demo.contents)
        written += import_prices(source=source, sheet=demo.price_sheet(markets=markets)).rows_written
        written += set_product_rules(vendor_key=vendor_key, rules=demo.rules)
    return written


def restore_vendor_rules() -> int:
    """Add the vendor rules that ship with the product where they are missing, and return how many were."""
    return vendor_rules.add_missing(policies=ReturnPolicy, figures=PolicyFigure)


def label_product(*, reseller_id: uuid.UUID, product_pk: int, own_label: str, is_offered: bool = True) -> None:
    """Show a product under the reseller's own name; an empty label means the vendor's title."""
    label = " ".join(own_label.split())[:200]
    CatalogueItem.objects.update_or_create(
        reseller_id=reseller_id,
        product_id=product_pk,
        defaults={"own_label": label, "is_offered": is_offered, "search_text": naming.search_text(label)},
    )


def set_self_service(
    *, reseller_id: uuid.UUID, product_key: str, is_self_service: bool, vendor_key: str = "microsoft"
) -> None:
    """Let customers order a product themselves, or let them ask for it only (R049); a new product is to order.

    `product_key` is `product_id:vendor_sku_id`. Raises catalogue.queries.OfferUnknown for a product that is not there.
    """
    product_id, _, vendor_sku_id = product_key.partition(":")
    rows = Product.objects.filter(vendor_key=vendor_key, product_id=product_id, vendor_sku_id=vendor_sku_id)
    product_pk = rows.values_list("pk", flat=True).first()
    if product_pk is None:
        raise OfferUnknown
    CatalogueItem.objects.update_or_create(
        reseller_id=reseller_id, product_id=product_pk, defaults={"is_self_service": is_self_service}
    )


def price_at_rrp(*, reseller_id: uuid.UUID, offer_pk: int, valid_from_on: dt.date, at: dt.datetime) -> None:
    """From that day on the offer costs what the vendor recommends."""
    SalesPrice.objects.create(
        reseller_id=reseller_id, offer_id=offer_pk, valid_from_on=valid_from_on, kind="rrp", created_at=at
    )


def price_with_markup(
    *, reseller_id: uuid.UUID, offer_pk: int, valid_from_on: dt.date, markup_basis_points: int, at: dt.datetime
) -> None:
    """From that day on the offer costs the reseller's own cost plus so many hundredths of a percent."""
    SalesPrice.objects.create(
        reseller_id=reseller_id,
        offer_id=offer_pk,
        valid_from_on=valid_from_on,
        kind="markup",
        markup_basis_points=markup_basis_points,
        created_at=at,
    )


def price_fixed(
    *,
    reseller_id: uuid.UUID,
    offer_pk: int,
    valid_from_on: dt.date,
    amount: Decimal,
    currency: str,
    at: dt.datetime,
) -> None:
    """From that day on the offer costs exactly `amount` for one seat and billing period.

    Raises price_cells.Wrong for an amount with more than eight decimals, a sign or an exponent.
    """
    SalesPrice.objects.create(
        reseller_id=reseller_id,
        offer_id=offer_pk,
        valid_from_on=valid_from_on,
        kind="fixed",
        fixed_e8=price_cells.price_e8(f"{amount:f}"),
        currency=price_cells.currency(currency),
        created_at=at,
    )


def add_return_policy(
    *,
    vendor_key: str,
    offer_class: str,
    valid_from_on: dt.date,
    return_window: dt.timedelta | None,
    is_any_time: bool = False,
    safety_margin: dt.timedelta = dt.timedelta(0),
    takes_whole_line_only: bool = False,
    lock_before_renewal: dt.timedelta = dt.timedelta(0),
    source: str,
) -> int:
    """Add the next version of a return rule and return its number; without a window it is any time or never."""
    before = ReturnPolicy.objects.filter(vendor_key=vendor_key, offer_class=offer_class).order_by("-version").first()
    version = before.version + 1 if before else 1
    ReturnPolicy.objects.create(
        vendor_key=vendor_key,
        offer_class=offer_class,
        version=version,
        valid_from_on=valid_from_on,
        return_rule="window" if return_window is not None else "any_time" if is_any_time else "never",
        return_window_s=None if return_window is None else int(return_window.total_seconds()),
        safety_margin_s=int(safety_margin.total_seconds()),
        takes_whole_line_only=takes_whole_line_only,
        lock_before_renewal_s=int(lock_before_renewal.total_seconds()),
        source=source,
    )
    return version


def add_policy_figure(
    *, vendor_key: str, subject: str, figure: str, amount: int, unit: str, valid_from_on: dt.date, source: str
) -> int:
    """Add the next version of a number of the vendor's rules and return that version."""
    same = PolicyFigure.objects.filter(vendor_key=vendor_key, subject=subject, figure=figure)
    before = same.order_by("-version").first()
    version = before.version + 1 if before else 1
    PolicyFigure.objects.create(
        vendor_key=vendor_key,
        subject=subject,
        figure=figure,
        amount=amount,
        unit=unit,
        version=version,
        valid_from_on=valid_from_on,
        source=source,
    )
    return version
