"""The project's own catalogue file for demos and tests: real licences, made-up prices.

Pure. The prices go through the same reading and import as a vendor's price sheet.
"""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from seatwright.catalogue import price_sheet, tabular
from seatwright.catalogue.product_rows import ProductRules
from seatwright.catalogue.sku_rows import SkuNames

FILE = Path(__file__).parent / "data" / "demo_catalogue.csv"
VENDOR_KEY = "microsoft"
PRICES_FROM = dt.date(2024, 1, 1)
CURRENCY = "EUR"
COST_SHARE_OF_RRP = Decimal("0.8")
PRICE_COLUMNS = {
    ("P1M", "Monthly"): "example_eur_P1M_monthly",
    ("P1Y", "Monthly"): "example_eur_P1Y_monthly",
    ("P1Y", "Annual"): "example_eur_P1Y_annual",
    ("P3Y", "Annual"): "example_eur_P3Y_annual",
}
OTHER_COLUMNS = [
    "product_id",
    "vendor_sku_id",
    "title",
    "sku_id",
    "part_number",
    "old_names",
    "applies_to",
    "minimum",
    "maximum",
    "family",
    "is_add_on",
    "is_self_service",
    "prerequisites",
    "upgrades_to",
]
COLUMNS = tabular.Columns(
    headings={name: (name,) for name in [*OTHER_COLUMNS, *PRICE_COLUMNS.values()]},
    required=frozenset([*OTHER_COLUMNS, *PRICE_COLUMNS.values()]),
)
SHEET_HEADER = [
    "ProductTitle",
    "ProductId",
    "SkuId",
    "SkuTitle",
    "Publisher",
    "SkuDescription",
    "UnitOfMeasure",
    "TermDuration",
    "BillingPlan",
    "Market",
    "Currency",
    "UnitPrice",
    "PricingTierRangeMin",
    "PricingTierRangeMax",
    "EffectiveStartDate",
    "EffectiveEndDate",
    "Tags",
    "ERP Price",
    "Segment",
]


@dataclass(frozen=True, kw_only=True)
class DemoCatalogue:
    """The parsed file; `rows` are its cells by column."""

    sha256: str
    rows: tuple[dict[str, str], ...]

    @property
    def skus(self) -> tuple[SkuNames, ...]:
        """The SKUs with the names they were sold under before."""
        return tuple(
            SkuNames(
                sku_id=row["sku_id"],
                name=row["title"],
                part_number=row["part_number"],
                applies_to=row["applies_to"],
                old_names=_listed(row["old_names"]),
            )
            for row in self.rows
        )

    @property
    def rules(self) -> tuple[ProductRules, ...]:
        """The rules for buying each product."""
        return tuple(
            ProductRules(
                key=f"{row['product_id']}:{row['vendor_sku_id']}",
                sku_id=row["sku_id"],
                minimum=int(row["minimum"]),
                maximum=int(row["maximum"]) if row["maximum"] else None,
                family=row["family"],
                is_add_on=row["is_add_on"] == "yes",
                is_self_service=row["is_self_service"] == "yes",
                prerequisites=_listed(row["prerequisites"]),
                upgrade_targets=_listed(row["upgrades_to"]),
            )
            for row in self.rows
        )

    def price_sheet(self, *, markets: Sequence[str]) -> price_sheet.PriceSheet:
        """The example prices as a price sheet for these markets."""
        text = io.StringIO(newline="")
        sheet = csv.writer(text)
        sheet.writerow(SHEET_HEADER)
        for market in markets:
            for row in self.rows:
                sheet.writerows(_sheet_rows(row=row, market=market))
        source = io.BytesIO(text.getvalue().encode())
        return price_sheet.parse(table=tabular.read(source=source, columns=price_sheet.COLUMNS))


def _sheet_rows(*, row: dict[str, str], market: str) -> list[list[str]]:
    start = f"{PRICES_FROM.month}/{PRICES_FROM.day}/{PRICES_FROM.year} 12:00:00 AM"
    return [
        [
            *(row["title"], row["product_id"], row["vendor_sku_id"], row["title"], "Microsoft Corporation", "", ""),
            *(term, plan, market, CURRENCY, f"{Decimal(row[column]) * COST_SHARE_OF_RRP:f}", "", ""),
            *(start, "12/31/9999 11:59:59 PM", "example", row[column], "Commercial"),
        ]
        for (term, plan), column in PRICE_COLUMNS.items()
        if row[column]
    ]


def _listed(cell: str) -> frozenset[str]:
    return frozenset(part for part in cell.split("|") if part)


def read() -> DemoCatalogue:
    """The file that ships with the project; a fault in it is a bug, not a refusal."""
    with FILE.open("rb") as source:
        table = tabular.read(source=source, columns=COLUMNS)
        rows = tuple({name: row[place] for name, place in table.places.items()} for _, row in table.rows)
        assert not table.problems, table.problems[0].text
    return DemoCatalogue(sha256=table.sha256, rows=rows)
