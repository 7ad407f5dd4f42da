"""`seatwright import-skus` and `import-prices` as a person meets them."""

import datetime as dt
import pathlib

import pytest
from typer.testing import CliRunner

from seatwright.catalogue import price_rows
from seatwright.catalogue.models import PriceList, Sku
from seatwright.cli import imports
from tests.catalogue import sheets
from tests.catalogue.test_sku_table import E3, ORIGINAL, PLAN

pytestmark = pytest.mark.django_db
SKU = f"Microsoft 365 E3,SPE_E3,{E3},P,{PLAN},P\n"


def run(command: str, path: pathlib.Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(imports.app, [command, str(path), *options])
    return result.exit_code, result.stdout, result.stderr


def test_importing_skus_twice_says_that_nothing_was_written(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "skus.csv"
    path.write_text(ORIGINAL + SKU, encoding="utf-8")
    code, said, _ = run("import-skus", path)
    assert (code, said.startswith("1 SKUs read: 1 new")) == (0, True)
    assert run("import-skus", path) == (0, "Nothing new among 1 SKUs; 0 rows written.\n", "")


def test_importing_prices_names_the_versions_made(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(sheets.text(sheets.row()), encoding="utf-8")
    code, said, _ = run("import-prices", path)
    assert code == 0
    assert "DE/EUR/commercial: version 1, from 2026-02-01 on, 1 lines" in said
    code, said, _ = run("import-prices", path)
    assert (code, said) == (0, "1 price lists say nothing new.\n1 lines read, 0 rows written.\n")


def test_prices_can_count_from_a_day_that_is_said(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(sheets.text(sheets.row()), encoding="utf-8")
    assert run("import-prices", path, "--valid-from", "2026-03-01")[0] == 0
    assert [str(day) for day in PriceList.objects.values_list("valid_from_on", flat=True)] == ["2026-03-01"]


def test_faults_are_told_on_the_error_stream_with_exit_code_1_and_at_most_50(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(sheets.text(*[sheets.row(UnitPrice="x", SkuId=f"{n:04}") for n in range(60)]), encoding="utf-8")
    code, said, faults = run("import-prices", path)
    assert (code, said) == (1, "")
    assert faults.splitlines()[0].startswith("line 2, column UnitPrice (12): 'x' is not a price")
    assert faults.splitlines()[-2:] == ["... and 10 more.", "Nothing was imported."]
    assert not PriceList.objects.exists()


def test_a_picture_is_refused_in_words(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    code, _, faults = run("import-skus", path)
    assert code == 1
    assert "not readable as text" in faults
    assert not Sku.objects.exists()


def test_a_clash_with_another_import_is_told_in_words(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(sheets.text(sheets.row(Colour="red"), header=[*sheets.HEADER, "Colour"]), encoding="utf-8")
    assert run("import-prices", path)[2] == "Note: Columns that are not used: 'Colour'.\n"
    path.write_text(sheets.text(sheets.row(UnitPrice="60")), encoding="utf-8")
    monkeypatch.setattr(price_rows, "list_to_replace", lambda **_: (None, dt.date(2026, 2, 1), 1))
    code, _, faults = run("import-prices", path)
    assert code == 1
    assert faults.startswith("Another import of the same prices ran at this moment")
