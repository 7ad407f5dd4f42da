"""Price sheets for tests, written the way the vendor writes them."""

import csv
import io

HEADER = [
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
BASIC = {
    "ProductTitle": "Microsoft 365 Business Basic",
    "ProductId": "CFQ7TTC0LH18",
    "SkuId": "0001",
    "SkuTitle": "Microsoft 365 Business Basic",
    "Publisher": "Microsoft Corporation",
    "SkuDescription": "Mail, files and meetings",
    "TermDuration": "P1Y",
    "BillingPlan": "Annual",
    "Market": "DE",
    "Currency": "EUR",
    "UnitPrice": "57.6",
    "EffectiveStartDate": "2/1/2026 12:00:00 AM",
    "EffectiveEndDate": "12/31/9999 11:59:59 PM",
    "ERP Price": "72",
    "Segment": "Commercial",
}


def row(**cells: str) -> dict[str, str]:
    """The sheet's line for Business Basic with other cells; `ERP` stands for the column with a blank in its name."""
    if "ERP" in cells:
        cells["ERP Price"] = cells.pop("ERP")
    return BASIC | cells


def text(*rows: dict[str, str], header: list[str] | None = None, delimiter: str = ",") -> str:
    """A sheet with these rows."""
    out = io.StringIO(newline="")
    sheet = csv.DictWriter(out, header or HEADER, delimiter=delimiter, extrasaction="ignore", restval="")
    sheet.writeheader()
    sheet.writerows(rows)
    return out.getvalue()


def file(*rows: dict[str, str], **how: object) -> io.BytesIO:
    """The same as an open file in UTF-8."""
    return io.BytesIO(text(*rows, **how).encode())  # type: ignore[arg-type]
