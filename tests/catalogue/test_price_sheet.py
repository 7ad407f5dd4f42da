"""The vendor's price sheet: what a row means, which rows are wrong, and how that is told."""

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.catalogue import price_sheet, tabular
from tests.catalogue import sheets

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def parse(content: io.BytesIO) -> price_sheet.PriceSheet:
    return price_sheet.parse(table=tabular.read(source=content, columns=price_sheet.COLUMNS))


def faults(*rows: dict[str, str]) -> list[str]:
    return [problem.text for problem in parse(sheets.file(*rows)).problems]


def test_a_row_becomes_the_price_of_one_seat_for_one_billing_period() -> None:
    (line,) = parse(sheets.file(sheets.row())).lines
    assert line.offer == ("CFQ7TTC0LH18", "0001", "commercial", "P1Y", "annual", "DE")
    assert line.currency == "EUR"
    assert line.price.unit_price_e8 == 5_760_000_000
    assert line.price.rrp_e8 == 7_200_000_000
    assert line.price.valid_from_on == dt.date(2026, 2, 1)
    assert line.price.valid_until_on is None
    assert (line.price.tier_min, line.price.tier_max) == (1, None)


def test_the_example_row_of_the_vendors_documentation_is_read() -> None:
    old_header = [name for name in sheets.HEADER if name != "Segment"]
    cells = sheets.row(SkuTitle="Advanced Communications", UnitPrice="115.2", ERP="144", Market="US", Currency="USD")
    sheet = parse(sheets.file(cells | {"EffectiveStartDate": "2/1/2019 12:00:00 AM"}, header=old_header))
    assert sheet.problems == []
    assert sheet.lines[0].offer.segment == "commercial"
    assert sheet.lines[0].price.unit_price_e8 == 11_520_000_000
    assert "There is no column Segment, so every price is taken as commercial." in sheet.notes


@pytest.mark.parametrize(
    ("column", "value", "place"),
    [
        ("UnitPrice", "1e5", "line 2, column UnitPrice (12): '1e5'"),
        ("UnitPrice", "", "line 2, column UnitPrice (12): ''"),
        ("ERP Price", "-1", "line 2, column ERP Price (18): '-1'"),
        ("EffectiveStartDate", "31/12/2026", "line 2, column EffectiveStartDate (15): '31/12/2026'"),
        ("EffectiveEndDate", "1/31/2026", "line 2, column EffectiveEndDate (16): '1/31/2026' is before the start"),
        ("TermDuration", "P1W", "line 2, column TermDuration (8): 'P1W'"),
        ("BillingPlan", "Weekly", "line 2, column BillingPlan (9): 'Weekly'"),
        ("BillingPlan", "Triennial", "line 2, column BillingPlan (9): 'Triennial' does not exist for the term P1Y"),
        ("Market", "GER", "line 2, column Market (10): 'GER'"),
        ("Currency", "EURO", "line 2, column Currency (11): 'EURO'"),
        ("Segment", "Secret", "line 2, column Segment (19): 'Secret'"),
        ("ProductId", "", "line 2, column ProductId (2): ''"),
        ("SkuId", "00 1", "line 2, column SkuId (3): '00 1'"),
        ("SkuTitle", "", "line 2, column SkuTitle (4): ''"),
        ("PricingTierRangeMin", "many", "line 2, column PricingTierRangeMin (13): 'many'"),
        ("PricingTierRangeMax", "0", "line 2, column PricingTierRangeMax (14): '0' is below the start"),
        ("Tags", "x" * 201, "line 2, column Tags (17): 'xxx"),
    ],
)
def test_each_wrong_cell_is_told_by_line_column_and_value(column: str, value: str, place: str) -> None:
    (fault,) = faults(sheets.row() | {column: value})
    assert fault.startswith(place)


def test_every_wrong_row_is_told_in_the_order_of_the_file() -> None:
    found = faults(sheets.row(UnitPrice="x", Market="?"), sheets.row(SkuId="0002"), sheets.row(UnitPrice="NaN"))
    assert [fault.split(":")[0] for fault in found] == [
        "line 2, column Market (10)",
        "line 2, column UnitPrice (12)",
        "line 4, column UnitPrice (12)",
    ]


def test_the_line_is_right_after_descriptions_that_break_lines() -> None:
    found = faults(sheets.row(SkuDescription="one\ntwo\nthree"), sheets.row(SkuId="0002", UnitPrice="x"))
    assert [fault.split(":")[0] for fault in found] == ["line 5, column UnitPrice (12)"]


@pytest.mark.parametrize(
    ("term", "plan", "is_sold"),
    [
        ("P1M", "Monthly", True),
        ("P1M", "Annual", False),
        ("P1M", "Triennial", False),
        ("P1Y", "Monthly", True),
        ("P1Y", "Annual", True),
        ("P1Y", "Triennial", False),
        ("P3Y", "Monthly", True),
        ("P3Y", "Annual", True),
        ("P3Y", "Triennial", True),
    ],
)
def test_terms_and_billing_plans_combine_as_the_vendor_sells_them(term: str, plan: str, is_sold: bool) -> None:
    assert (faults(sheets.row(TermDuration=term, BillingPlan=plan)) == []) is is_sold


def test_rows_that_sell_no_seats_are_left_out_and_counted() -> None:
    sheet = parse(
        sheets.file(
            sheets.row(), *[sheets.row(SkuId=f"000{n}", TermDuration="NoTerm", BillingPlan="OneTime") for n in (2, 3)]
        )
    )
    assert len(sheet.lines) == 1
    assert "2 rows with term 'NoTerm' billed 'OneTime' sell no seats: left out." in sheet.notes


def test_a_sheet_without_any_seats_is_refused() -> None:
    (fault,) = faults(sheets.row(TermDuration="NoTerm", BillingPlan="OneTime"))
    assert "no row of seats to sell" in fault


def test_a_repeated_row_is_ignored_and_noted_and_a_second_price_is_refused() -> None:
    sheet = parse(sheets.file(sheets.row(), sheets.row()))
    assert len(sheet.lines) == 1
    assert "1 rows repeat an earlier row, the first of them on line 3: ignored." in sheet.notes
    (fault,) = faults(sheets.row(), sheets.row(UnitPrice="58"))
    assert fault == "line 3: has a price for the same offer, seats and days as line 2; keep one of them."


@pytest.mark.parametrize("january_ends", ["2/1/2026 12:00:00 AM", "1/31/2026 12:00:00 AM", "1/31/2026 11:59:59 PM"])
def test_both_ways_of_writing_an_end_leave_no_gap_and_no_overlap(january_ends: str) -> None:
    sheet = parse(
        sheets.file(
            sheets.row(EffectiveStartDate="1/1/2026", EffectiveEndDate=january_ends, UnitPrice="50"), sheets.row()
        )
    )
    assert sheet.problems == []
    assert sheet.lines[0].price.valid_until_on == sheet.lines[1].price.valid_from_on == dt.date(2026, 2, 1)


def test_price_tiers_may_stand_side_by_side_but_not_overlap() -> None:
    assert faults(sheets.row(PricingTierRangeMax="99"), sheets.row(PricingTierRangeMin="100", UnitPrice="50")) == []
    found = faults(sheets.row(PricingTierRangeMax="100"), sheets.row(PricingTierRangeMin="100", UnitPrice="50"))
    assert len(found) == 1


def test_more_prices_for_one_offer_than_any_vendor_has_are_refused_quickly() -> None:
    rows = [sheets.row(PricingTierRangeMin=str(n + 1), PricingTierRangeMax=str(n + 1)) for n in range(2_000)]
    (fault,) = faults(*rows)
    assert "more than 200 prices for the same offer" in fault


def test_unknown_columns_and_lost_zeros_are_noted() -> None:
    sheet = parse(sheets.file(sheets.row(SkuId="1"), header=[*sheets.HEADER, "PreviousPrice"]))
    assert sheet.lines[0].offer.vendor_sku_id == "0001"
    assert "Columns that are not used: 'PreviousPrice'." in sheet.notes
    assert any(note.startswith("1 SKU ids had lost their leading zeros") for note in sheet.notes)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_sheet_saved_by_a_european_spreadsheet_is_read(delimiter: str) -> None:
    sheet = parse(sheets.file(sheets.row(SkuTitle="Büro, für alle"), delimiter=delimiter))
    assert [line.title for line in sheet.lines] == ["Büro, für alle"]
    (fault,) = [p.text for p in parse(sheets.file(sheets.row(UnitPrice="57,6"), delimiter=delimiter)).problems]
    assert "a dot" in fault


@given(st.lists(st.dictionaries(st.sampled_from(sheets.HEADER), CELLS), min_size=1, max_size=4))
def test_any_cells_are_either_lines_or_faults_with_a_place(rows: list[dict[str, str]]) -> None:
    sheet = parse(sheets.file(*[sheets.BASIC | cells for cells in rows]))
    assert sheet.lines or sheet.problems
    assert all(problem.line >= 1 and problem.advice for problem in sheet.problems)
    assert all(line.price.unit_price_e8 >= 0 for line in sheet.lines)


def test_a_sheet_in_windows_1252_is_read_and_noted() -> None:
    sheet = parse(io.BytesIO(sheets.text(sheets.row(SkuTitle="Büro")).encode("cp1252")))
    assert [line.title for line in sheet.lines] == ["Büro"]
    assert "The file is not UTF-8; it was read as Windows-1252." in sheet.notes
