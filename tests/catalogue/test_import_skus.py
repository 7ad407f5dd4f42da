"""Importing the table of SKUs: whole or not at all, twice is once, and no name is ever lost."""

import io
import pathlib

import pytest

from seatwright.access import actors, permissions
from seatwright.access.models import AuditEvent
from seatwright.catalogue import queries, tabular
from seatwright.catalogue.models import Sku, SkuServicePlan
from seatwright.workflows import import_catalogue
from tests.catalogue.conftest import AT, OPERATOR
from tests.catalogue.test_sku_table import E3, ORIGINAL, PLAN

pytestmark = pytest.mark.django_db
OTHER_PLAN = "09c38f1c-7fb2-4e2e-bdb7-c9bf7da3d0b7"


def load(text: str) -> import_catalogue.SkusReport:
    return import_catalogue.skus(by=OPERATOR, file=io.BytesIO(text.encode()), file_name="skus.csv", at=AT)


def sku(name: str, *plans: str) -> str:
    return "".join(f"{name},SPE_E3,{E3},P{plan[:2]},{plan},Plan {plan[:2]}\n" for plan in plans or (PLAN,))


def test_the_same_file_again_writes_nothing_and_leaves_no_trace() -> None:
    first = load(ORIGINAL + sku("Microsoft 365 E3"))
    assert first.done.skus_new == 1
    assert first.done.rows_written == 3
    assert load(ORIGINAL + sku("Microsoft 365 E3")).done.rows_written == 0
    assert AuditEvent.objects.count() == 1


def test_one_bad_row_imports_nothing() -> None:
    with pytest.raises(import_catalogue.FileRefused) as refused:
        load(ORIGINAL + sku("Microsoft 365 E3") + sku("Other").replace(E3, "no-guid"))
    assert refused.value.faults[0].startswith("line 3, column GUID (3): 'no-guid'")
    assert not Sku.objects.exists()


def test_a_renamed_sku_is_still_found_under_its_old_name() -> None:
    load(ORIGINAL + sku("Secure Productive Enterprise E3"))
    load(ORIGINAL + sku("Microsoft 365 E3"))
    assert queries.sku_names(sku_ids=[E3.upper()])[E3].name == "Microsoft 365 E3"
    (hit,) = queries.search(text="secure productive")
    assert (hit.key, hit.matched_by, hit.matched_text) == (E3, "old_name", "Secure Productive Enterprise E3")


def test_contents_follow_the_newest_table_and_skus_outside_it_stay() -> None:
    load(ORIGINAL + sku("Microsoft 365 E3", PLAN, OTHER_PLAN))
    done = load(ORIGINAL + sku("Microsoft 365 E3", OTHER_PLAN) + sku("Else").replace(E3, PLAN)).done
    assert (done.links_new, done.links_gone) == (1, 1)
    assert queries.service_plans(sku_id=E3) == {OTHER_PLAN: "Plan 09"}
    load(ORIGINAL + sku("Else").replace(E3, PLAN))
    assert Sku.objects.count() == 2


def test_only_the_operator_may_load_what_every_reseller_uses() -> None:
    stranger = actors.Actor(kind="person", label="somebody")
    with pytest.raises(permissions.Unknown):
        import_catalogue.skus(by=stranger, file=io.BytesIO(ORIGINAL.encode()), file_name="skus.csv", at=AT)


def test_all_619_published_skus_are_loaded_and_loading_them_again_writes_nothing(contracts: pathlib.Path) -> None:
    for written in (True, False):
        with (contracts / "graph" / "sku-service-plans.csv").open("rb") as file:
            done = import_catalogue.skus(by=OPERATOR, file=file, file_name=file.name, at=AT).done
        assert (done.rows_written > 0) is written
    with (contracts / "graph" / "skus.csv").open("rb") as file:
        assert import_catalogue.skus(by=OPERATOR, file=file, file_name=file.name, at=AT).done.rows_written == 0
    assert Sku.objects.count() == 619
    assert SkuServicePlan.objects.count() == 5_959
    (hit,) = queries.search(text="power virtual agent user license for gcc")
    assert hit.name == "Microsoft Copilot Studio User License for GCC"
    assert {found.key for found in queries.search(text="MCOPSTN5") if found.part_number == "MCOPSTN5"} == {
        "d43177b5-475b-4880-92d4-d54c27b5efbd",
        "54a152dc-90de-4996-93d2-bc47e670fc06",
    }


def test_a_service_plan_takes_the_name_of_the_newest_table() -> None:
    load(ORIGINAL + sku("Microsoft 365 E3"))
    assert load(ORIGINAL + sku("Microsoft 365 E3").replace("Plan d0", "Plan New")).done.rows_written == 1
    assert queries.service_plans(sku_id=E3) == {PLAN: "Plan New"}


def test_a_name_that_came_another_way_is_searchable_after_the_next_import() -> None:
    load(ORIGINAL + sku("Microsoft 365 E3"))
    two_names = sku("Microsoft 365 E3") + sku("M365 Enterprise Three")
    assert load(ORIGINAL + two_names).done.skus_changed == 1
    assert [hit.key for hit in queries.search(text="enterprise three")] == [E3]


def test_columns_that_mean_nothing_here_are_noted() -> None:
    header, rest = (ORIGINAL + sku("Microsoft 365 E3") + sku("Microsoft 365 E3")).split("\n", 1)
    text = "\n".join([f"{header},Colour", *[f"{line},red" for line in rest.splitlines()]])
    assert load(text).notes == (
        "1 rows repeat an earlier row: ignored.",
        "Columns that are not used: 'Colour'.",
    )


def test_a_file_that_turns_out_too_large_while_it_is_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "LIMITS", tabular.Limits(rows=1))
    with pytest.raises(import_catalogue.FileRefused) as refused:
        load(ORIGINAL + sku("Microsoft 365 E3", PLAN, OTHER_PLAN))
    assert refused.value.faults == ("The file has more than 1 rows; split it by market.",)
    assert not Sku.objects.exists()
