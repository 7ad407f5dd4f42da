"""Files as vendors, spreadsheets and people leave them."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.catalogue import tabular

COLUMNS = tabular.Columns(
    headings={"name": ("Name",), "price": ("ERP Price",), "note": ("Note",)}, required=frozenset({"name", "price"})
)


def read(content: bytes, **limits: int) -> tuple[tabular.Table, list[tuple[int, list[str]]]]:
    table = tabular.read(source=io.BytesIO(content), columns=COLUMNS, limits=tabular.Limits(**limits))
    return table, list(table.rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_delimiter_and_encoding_is_read(delimiter: str, encoding: str) -> None:
    content = delimiter.join(["Name", "ERP Price"]) + "\r\n" + delimiter.join(["Büro, für alle", "5"]) + "\r\n"
    if delimiter == ",":
        content = content.replace("Büro, für alle", '"Büro, für alle"')
    table, rows = read(content.encode(encoding))
    assert rows == [(2, ["Büro, für alle", "5"])]
    assert table.delimiter == delimiter


def test_headings_are_found_without_regard_to_case_blanks_and_underscores() -> None:
    table, _ = read(b"name,erp_price,Colour\na,1,red\n")
    assert table.places == {"name": 0, "price": 1}
    assert table.unknown == ("Colour",)


def test_comments_blank_lines_and_the_separator_hint_before_the_header_are_skipped_and_counted() -> None:
    _, rows = read(b"# prices are examples\n\nsep=;\nName;ERP Price\n\na;1\n")
    assert rows == [(6, ["a", "1"])]


def test_lines_are_counted_right_when_a_cell_holds_line_breaks() -> None:
    _, rows = read(b'Name,ERP Price\n"one\ntwo\nthree",1\nb,2\n')
    assert rows == [(2, ["one\ntwo\nthree", "1"]), (5, ["b", "2"])]


def test_a_row_of_another_width_is_told_with_its_line_and_the_others_are_still_read() -> None:
    table, rows = read(b"Name,ERP Price\na,1,2\nb,2\n")
    assert rows == [(3, ["b", "2"])]
    assert [p.text for p in table.problems] == [
        "line 2: has 3 cells where the header has 2; quote texts that hold the delimiter."
    ]


def test_a_quotation_mark_that_is_never_closed_is_told_at_the_line_where_it_opens() -> None:
    table, rows = read(b'Name,ERP Price\na,1\n"b,2\nc,3\n')
    assert rows == [(2, ["a", "1"])]
    assert [p.line for p in table.problems] == [3]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(tabular.Unreadable, match="lacks the columns ERP Price"):
        read(b"Name,Prize\na,1\n")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(tabular.Unreadable, match="twice"):
        read(b"Name,ERP Price,erpprice\na,1,2\n")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xfe\x00"])
def test_what_is_no_text_table_is_refused(content: bytes) -> None:
    with pytest.raises(tabular.Unreadable):
        read(content)


def test_size_rows_and_cells_have_limits() -> None:
    with pytest.raises(tabular.Unreadable, match="larger than 10 bytes"):
        read(b"Name,ERP Price\na,1\n", size_bytes=10)
    with pytest.raises(tabular.Unreadable, match="more than 1 rows"):
        read(b"Name,ERP Price\na,1\nb,2\n", rows=1)
    table, rows = read(b"Name,ERP Price\nabcdef,1\nb,2\n", cell_characters=5)
    assert rows == [(3, ["b", "2"])]
    assert [p.line for p in table.problems] == [2]


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def test_a_zip_with_one_text_file_is_read_as_that_file() -> None:
    _, rows = read(zipped(prices__csv=b"Name,ERP Price\na,1\n", logo__png=b"x"))
    assert rows == [(2, ["a", "1"])]


def test_a_zip_bomb_stops_at_the_limit_of_the_unpacked_size() -> None:
    bomb = zipped(prices__csv=b"Name,ERP Price\n" + b"a,1\n" * 1_000_000)
    with pytest.raises(tabular.Unreadable, match="unpacked file is larger"):
        read(bomb, size_bytes=100_000)


def test_zips_with_two_tables_workbooks_and_damaged_zips_are_refused_with_advice() -> None:
    with pytest.raises(tabular.Unreadable, match="2 text files"):
        read(zipped(one__csv=b"a", two__csv=b"b"))
    with pytest.raises(tabular.Unreadable, match="Excel workbook"):
        read(zipped(**{"[Content_Types]__xml": b"<x/>"}))
    with pytest.raises(tabular.Unreadable, match="damaged"):
        read(b"PK\x03\x04rubbish")


def test_an_empty_file_in_a_zip_and_an_endless_first_line_are_refused() -> None:
    with pytest.raises(tabular.Unreadable, match="archive is empty"):
        read(zipped(prices__csv=b""))
    with pytest.raises(tabular.Unreadable, match="too long for a header"):
        read(b"Name," * 50_000)


def test_a_header_with_an_open_quotation_mark_lacks_its_columns() -> None:
    with pytest.raises(tabular.Unreadable, match="lacks the columns"):
        read(b'"Name,ERP Price\na,1\n')


def test_a_value_in_a_message_cannot_steer_the_terminal() -> None:
    assert tabular.shown("\x1b[2Jred") == "'\\x1b[2Jred'"


@given(st.binary(max_size=400))
def test_any_bytes_are_either_read_or_refused_in_words(content: bytes) -> None:
    try:
        table, rows = read(b"Name,ERP Price\n" + content)
    except tabular.Unreadable:
        return
    assert all(len(row) == 2 for _, row in rows)
    assert all(problem.line >= 2 for problem in table.problems)
