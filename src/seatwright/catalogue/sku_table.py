"""The vendor's table "Product names and service plan identifiers for licensing": one row per service plan of a SKU.

Pure. The key is the SKU's GUID, never the part number: one part number belongs to two SKUs, and three SKUs carry two
names each.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from seatwright.catalogue import tabular

COLUMNS = tabular.Columns(
    headings={
        "sku_id": ("GUID", "sku_id"),
        "part_number": ("String_Id", "sku_part_number"),
        "name": ("Product_Display_Name", "product_name"),
        "plan_id": ("Service_Plan_Id",),
        "plan_name": ("Service_Plan_Name",),
        "plan_title": ("Service_Plans_Included_Friendly_Names", "Service_Plan_Friendly_Name"),
        "plan_count": ("service_plan_count",),
    },
    required=frozenset({"sku_id", "part_number", "name"}),
)
LONGEST_NAME = 200
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class PlanNames:
    """A service plan: its name in the interface, and its name for people."""

    name: str
    title: str


@dataclass(kw_only=True)
class SkuEntry:
    """All that the file says of one SKU; `names` count the rows that carry each name."""

    names: Counter[str] = field(default_factory=Counter)
    part_numbers: Counter[str] = field(default_factory=Counter)
    plan_ids: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class SkuTable:
    """The parsed file. With `problems` nothing of it may be used; `has_plans` is False for the cut without plans."""

    skus: dict[str, SkuEntry]
    plans: dict[str, PlanNames]
    has_plans: bool
    repeated_rows: int
    problems: list[tabular.Problem]
    unknown_columns: tuple[str, ...]


def chosen(names: Counter[str], *, keep: str = "") -> str:
    """The name to show: `keep` while the file still carries it, else the most frequent, then the first by alphabet."""
    if keep and keep in names:
        return keep
    return min(names, key=lambda name: (-names[name], name))


def guid(text: str) -> str | None:
    """The GUID in lower case, or None when the text is none."""
    lowered = text.strip().casefold()
    return lowered if _GUID.fullmatch(lowered) else None


def parse(*, table: tabular.Table) -> SkuTable:
    """Everything in the file; rows that say the same twice are counted, not refused (the published file has some)."""
    has_plans = "plan_id" in table.places
    skus: dict[str, SkuEntry] = {}
    plan_names: dict[str, Counter[str]] = {}
    plan_titles: dict[str, Counter[str]] = {}
    seen: set[tuple[str, ...]] = set()
    repeated = 0
    problems: list[tabular.Problem] = []
    for line, row in table.rows:
        cells = {name: tabular.plain(row[place]) for name, place in table.places.items()}
        found = list(_problems(table=table, line=line, cells=cells))
        if found:
            problems.extend(found)
            continue
        cells["sku_id"] = cells["sku_id"].casefold()
        identity = tuple(cells.values())
        repeated += identity in seen
        seen.add(identity)
        entry = skus.setdefault(cells["sku_id"], SkuEntry())
        entry.names[cells["name"]] += 1
        entry.part_numbers[cells["part_number"]] += 1
        if has_plans and cells["plan_id"]:
            plan_id = cells["plan_id"].casefold()
            entry.plan_ids.add(plan_id)
            name = cells.get("plan_name") or plan_id
            plan_names.setdefault(plan_id, Counter())[name] += 1
            plan_titles.setdefault(plan_id, Counter())[cells.get("plan_title") or name] += 1
    plans = {
        plan_id: PlanNames(name=chosen(names), title=chosen(plan_titles[plan_id]))
        for plan_id, names in plan_names.items()
    }
    problems = [*table.problems, *problems]
    if not skus and not problems:
        problems.append(tabular.Problem(line=1, advice="after the header there is no row; is this the right file?"))
    return SkuTable(
        skus=skus,
        plans=plans,
        has_plans=has_plans,
        repeated_rows=repeated,
        problems=problems,
        unknown_columns=table.unknown,
    )


def _problems(*, table: tabular.Table, line: int, cells: dict[str, str]) -> Iterable[tabular.Problem]:
    for column in ("sku_id", "plan_id"):
        value = cells.get(column)
        if value is None or (column == "plan_id" and not value and not cells.get("plan_name")):
            continue
        if guid(value) is None:
            advice = "is not a GUID such as 05e9a617-0261-4cee-bb44-138d3ef5d965; correct the cell."
            yield table.problem(line=line, column=column, value=value, advice=advice)
    for column in ("name", "part_number"):
        if not cells[column]:
            yield table.problem(line=line, column=column, value="", advice="is empty; every SKU needs one.")
    for column in ("name", "part_number", "plan_name", "plan_title"):
        value = cells.get(column, "")
        if len(value) > LONGEST_NAME:
            advice = f"is longer than {LONGEST_NAME} characters; shorten it."
            yield table.problem(line=line, column=column, value=value, advice=advice)
