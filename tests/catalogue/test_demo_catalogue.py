"""The project's own catalogue: its facts are true, it loads, and it says that its prices are examples."""

import csv
import datetime as dt
import pathlib
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest

from seatwright.catalogue import changes, demo_catalogue, queries
from seatwright.catalogue.models import Offer, Product, ReturnPolicy, Sku, SkuAlias, SkuServicePlan, UpgradePath
from tests.catalogue.conftest import AT, ON

NOBODY = uuid.UUID(int=0)
STANDARD = "microsoft:CFQ7TTC0LDPB:0001:commercial:P1Y:annual:BE"


def test_sku_ids_and_part_numbers_are_those_of_the_vendors_table(contracts: pathlib.Path) -> None:
    with (contracts / "graph" / "skus.csv").open(encoding="utf-8", newline="") as source:
        published = {row["sku_id"]: row["sku_part_number"] for row in csv.DictReader(source)}
    demo = demo_catalogue.read()
    assert {row["sku_id"]: row["part_number"] for row in demo.rows}.items() <= published.items()


def test_what_the_licences_hold_is_what_the_vendors_table_says(contracts: pathlib.Path) -> None:
    with (contracts / "graph" / "sku-service-plans.csv").open(encoding="utf-8", newline="") as source:
        published: dict[str, dict[str, str]] = {}
        for row in csv.DictReader(source):
            published.setdefault(row["GUID"], {})[row["Service_Plan_Id"]] = row["Service_Plan_Name"]
    demo = demo_catalogue.read()
    names = {plan_id: plan.name for plan_id, plan in demo.plans.items()}
    chosen = {
        sku.sku_id: {plan_id: name for plan_id, name in names.items() if plan_id in published.get(sku.sku_id, {})}
        for sku in demo.skus
    }
    assert demo.contents == {sku_id: frozenset(plans) for sku_id, plans in chosen.items() if plans}
    assert all(plans.items() <= published[sku_id].items() for sku_id, plans in chosen.items() if plans)


def test_each_licence_stands_there_once_and_every_rule_names_a_licence_that_is_there() -> None:
    demo = demo_catalogue.read()
    keys = [rule.key for rule in demo.rules]
    assert 60 <= len(keys) == len(set(keys))
    assert len({sku.sku_id for sku in demo.skus}) == len(keys)
    for rule in demo.rules:
        assert rule.prerequisites | rule.upgrade_targets <= set(keys) - {rule.key}
        assert not rule.is_add_on or rule.prerequisites


def test_made_up_product_ids_and_prices_say_so() -> None:
    assert all(row["product_id"].startswith(("CFQ7TTC0", "EXAMPLE")) for row in demo_catalogue.read().rows)
    assert all("example" in column for column in demo_catalogue.PRICE_COLUMNS.values())


@pytest.mark.django_db
def test_it_loads_and_loading_it_again_writes_nothing() -> None:
    assert changes.load_demo_catalogue(at=AT, markets=("BE", "DE")) > 0
    later = AT + dt.timedelta(days=40)
    assert changes.load_demo_catalogue(at=later, markets=("BE", "DE")) == 0
    assert Product.objects.count() == len(demo_catalogue.read().rows)
    assert set(Offer.objects.values_list("market", flat=True)) == {"BE", "DE"}


@pytest.mark.django_db
def test_it_says_what_a_licence_holds_and_leaves_a_table_that_was_imported_alone() -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    basic, standard = (
        set(queries.service_plans(sku_id=sku.sku_id).values())
        for part_number in ("O365_BUSINESS_ESSENTIALS", "O365_BUSINESS_PREMIUM")
        for sku in demo_catalogue.read().skus
        if sku.part_number == part_number
    )
    assert basic < standard
    assert "Microsoft 365 Apps for business" in standard - basic
    kept = Sku.objects.get(part_number="O365_BUSINESS_PREMIUM")
    SkuServicePlan.objects.filter(sku=kept, plan__name="OFFICE_BUSINESS").delete()
    assert changes.load_demo_catalogue(at=AT, markets=("BE",)) == 0


@pytest.mark.django_db
def test_an_offer_of_it_has_limits_upgrades_and_example_prices() -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    offer = queries.offer(offer_key=STANDARD)
    assert (offer.minimum, offer.maximum, offer.family) == (1, 300, "m365_business")
    assert offer.term_code == "AA"
    assert "CFQ7TTC0LCHC:0002" in offer.upgrade_targets
    rate = queries.sales_rate(reseller_id=NOBODY, offer_key=STANDARD, on=ON)
    assert (rate.amount, rate.currency, rate.kind, rate.are_examples) == (Decimal("140.4"), "EUR", "rrp", True)
    assert queries.cost_rate(reseller_id=NOBODY, offer_key=STANDARD, on=ON).amount == Decimal("112.32")


@pytest.mark.django_db
def test_licences_that_nobody_is_assigned_to_are_marked() -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    rooms = queries.offer(offer_key="microsoft:CFQ7TTC0QW7C:0001:commercial:P1Y:annual:BE")
    assert rooms.is_non_user
    assert not queries.offer(offer_key=STANDARD).is_non_user


@pytest.mark.django_db
def test_offers_are_listed_by_market_and_segment_in_a_constant_number_of_queries(
    django_assert_num_queries: object, reseller_id: uuid.UUID
) -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    with django_assert_num_queries(4):  # type: ignore[operator]
        rows = queries.offers_for(market="BE", segment="commercial", reseller_id=reseller_id)
    assert len(rows) == Offer.objects.count()
    with django_assert_num_queries(4):  # type: ignore[operator]
        found = queries.offers(offer_keys=[row.offer_key for row in rows] + ["nonsense"], reseller_id=reseller_id)
    assert found.keys() == {row.offer_key for row in rows}


@pytest.mark.django_db
def test_it_brings_the_vendor_rules_back_where_they_are_missing() -> None:
    ReturnPolicy.objects.all().delete()
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    assert queries.return_policy(vendor_key="microsoft", on=ON).return_window == dt.timedelta(days=7)


@pytest.mark.django_db
def test_skus_that_an_import_brought_before_get_their_old_names_and_their_use() -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    Sku.objects.filter(part_number="Microsoft_Teams_Rooms_Pro").update(applies_to="user")
    SkuAlias.objects.all().delete()
    Sku.objects.update(search_text="")
    assert changes.load_demo_catalogue(at=AT, markets=("BE",)) > 0
    assert queries.offer(offer_key="microsoft:CFQ7TTC0QW7C:0001:commercial:P1Y:annual:BE").is_non_user
    assert queries.search(text="Office 365 Business Premium")[0].name == "Microsoft 365 Business Standard"


@pytest.mark.django_db
def test_rules_about_what_is_not_in_the_catalogue_are_refused() -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    rule = demo_catalogue.read().rules[0]
    with pytest.raises(ValueError, match="names SKU 77, which is not in the catalogue"):
        changes.set_product_rules(vendor_key="microsoft", rules=[replace(rule, sku_id="77")])
    with pytest.raises(ValueError, match="not in the catalogue: NOTHING:0001"):
        changes.set_product_rules(
            vendor_key="microsoft", rules=[replace(rule, upgrade_targets=frozenset({"NOTHING:0001"}))]
        )


@pytest.mark.django_db
def test_rules_that_are_dropped_are_gone_and_those_of_other_products_stay() -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    rule = next(rule for rule in demo_catalogue.read().rules if rule.key == "CFQ7TTC0LDPB:0001")
    before = UpgradePath.objects.count()
    written = changes.set_product_rules(
        vendor_key="microsoft", rules=[replace(rule, upgrade_targets=frozenset({"CFQ7TTC0LCHC:0002"}))]
    )
    assert written == len(rule.upgrade_targets) - 1
    assert UpgradePath.objects.count() == before - written
    assert queries.offer(offer_key=STANDARD).upgrade_targets == ("CFQ7TTC0LCHC:0002",)
