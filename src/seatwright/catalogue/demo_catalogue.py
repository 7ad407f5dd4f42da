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

from seatwright.catalogue import price_sheet, sku_table, tabular
from seatwright.catalogue.product_rows import ProductRules
from seatwright.catalogue.sku_rows import SkuNames

FILE = Path(__file__).parent / "data" / "demo_catalogue.csv"
PLANS_FILE = FILE.parent / "demo_service_plans.csv"
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
PLAN_COLUMNS = tabular.Columns(
    headings={name: (name,) for name in ("plan_id", "plan_name", "title", "part_numbers")},
    required=frozenset({"plan_id", "plan_name", "title", "part_numbers"}),
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
    """The parsed files; `rows` and `plan_rows` are their cells by column."""

    sha256: str
    rows: tuple[dict[str, str], ...]
    plan_rows: tuple[dict[str, str], ...]

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
    def plans(self) -> dict[str, sku_table.PlanNames]:
        """The service plans that buyers would miss, by id."""
        return {
            row["plan_id"]: sku_table.PlanNames(name=row["plan_name"], title=row["title"]) for row in self.plan_rows
        }

    @property
    def contents(self) -> dict[str, frozenset[str]]:
        """The ids of the service plans in each SKU that has any."""
        sku_ids = {row["part_number"]: row["sku_id"] for row in self.rows}
        held: dict[str, set[str]] = {}
        for row in self.plan_rows:
            for part_number in _listed(row["part_numbers"]):
                held.setdefault(sku_ids[part_number], set()).add(row["plan_id"])
        return {sku_id: frozenset(plans) for sku_id, plans in held.items()}

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
    """The files that ship with the project; a fault in one is a bug, not a refusal."""
    sha256, rows = _rows(FILE, COLUMNS)
    _, plan_rows = _rows(PLANS_FILE, PLAN_COLUMNS)
    return DemoCatalogue(sha256=sha256, rows=rows, plan_rows=plan_rows)


def _rows(path: Path, columns: tabular.Columns) -> tuple[str, tuple[dict[str, str], ...]]:
    with path.open("rb") as source:
        table = tabular.read(source=source, columns=columns)
        rows = tuple({name: row[place] for name, place in table.places.items()} for _, row in table.rows)
        assert not table.problems, table.problems[0].text
    return table.sha256, rows
