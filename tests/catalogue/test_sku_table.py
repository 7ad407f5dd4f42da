"""The vendor's table of SKUs: both spellings of its columns, its known oddities, and the whole published file."""

import io
import pathlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.catalogue import sku_table, tabular

ORIGINAL = (
    "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names\n"
)
E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
PLAN = "d0ce5ebb-9db0-491f-b780-8973a1d815fe"


def parse(text: str) -> sku_table.SkuTable:
    return sku_table.parse(table=tabular.read(source=io.BytesIO(text.encode()), columns=sku_table.COLUMNS))


def test_a_sku_with_its_plan_is_read_and_its_guid_lowered() -> None:
    table = parse(f"{ORIGINAL} Microsoft 365 E3 ,SPE_E3,{E3.upper()},PLAN_A,{PLAN.upper()},Plan A\n")
    assert table.problems == []
    assert table.skus[E3].names == Counter({"Microsoft 365 E3": 1})
    assert table.skus[E3].plan_ids == {PLAN}
    assert table.plans[PLAN] == sku_table.PlanNames(name="PLAN_A", title="Plan A")


def test_the_cut_without_plans_is_read_too() -> None:
    table = parse(f"sku_id,sku_part_number,product_name,service_plan_count\n{E3},SPE_E3,Microsoft 365 E3,51\n")
    assert table.problems == []
    assert not table.has_plans
    assert table.unknown_columns == ()


def test_two_names_for_one_sku_are_both_kept_and_one_is_shown() -> None:
    table = parse(f"{ORIGINAL}Power Agent,VA,{E3},P,{PLAN},P\nCopilot Agent,VA,{E3},P,{PLAN},P\n")
    names = table.skus[E3].names
    assert set(names) == {"Power Agent", "Copilot Agent"}
    assert sku_table.chosen(names) == "Copilot Agent"
    assert sku_table.chosen(names, keep="Power Agent") == "Power Agent"
    assert sku_table.chosen(names, keep="Gone") == "Copilot Agent"


def test_wrong_rows_are_told_by_line_and_column() -> None:
    table = parse(f"{ORIGINAL}A,X,not-a-guid,P,{PLAN},P\n,X,{E3},P,{PLAN},P\nA,X,{E3},P,77,P\n")
    assert [problem.text.split(" is ")[0] for problem in table.problems] == [
        "line 2, column GUID (3): 'not-a-guid'",
        "line 3, column Product_Display_Name (1): ''",
        "line 4, column Service_Plan_Id (5): '77'",
    ]


def test_a_file_with_nothing_after_its_header_is_refused() -> None:
    assert len(parse(ORIGINAL).problems) == 1


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_after_the_header_is_either_skus_or_faults(text: str) -> None:
    table = parse(ORIGINAL + text)
    assert table.skus or table.problems


def test_all_619_published_skus_are_read(contracts: pathlib.Path) -> None:
    with (contracts / "graph" / "sku-service-plans.csv").open("rb") as source:
        table = sku_table.parse(table=tabular.read(source=source, columns=sku_table.COLUMNS))
    assert table.problems == []
    assert len(table.skus) == 619
    assert len(table.plans) == 791
    assert sum(len(entry.names) == 2 for entry in table.skus.values()) == 3
    twice = [entry for entry in table.skus.values() if "MCOPSTN5" in entry.part_numbers]
    assert len(twice) == 2


@pytest.mark.parametrize("name", ["sku-service-plans.csv", "skus.csv"])
def test_the_published_files_agree_on_names_and_part_numbers(contracts: pathlib.Path, name: str) -> None:
    with (contracts / "graph" / name).open("rb") as source:
        table = sku_table.parse(table=tabular.read(source=source, columns=sku_table.COLUMNS))
    e3 = table.skus[E3]
    assert (set(e3.names), set(e3.part_numbers)) == ({"Microsoft 365 E3"}, {"SPE_E3"})


def test_a_name_that_is_too_long_is_told() -> None:
    (problem,) = parse(f"{ORIGINAL}{'n' * 201},X,{E3},P,{PLAN},P\n").problems
    assert problem.text.endswith("is longer than 200 characters; shorten it.")
