"""What a reseller makes of the vendor's prices, and what a product is called there."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from seatwright.catalogue import changes, price_cells, queries
from seatwright.catalogue.models import Product, SalesPrice
from tests.catalogue import sheets
from tests.catalogue.conftest import AT, ON
from tests.catalogue.test_import_prices import KEY, load


@pytest.fixture
def offer_pk(reseller_id: uuid.UUID) -> int:
    load(sheets.row(UnitPrice="57.6", ERP="72"))
    return queries.offer(offer_key=KEY).offer_pk


def price(reseller_id: uuid.UUID, on: dt.date = ON) -> tuple[Decimal, str]:
    rate = queries.sales_rate(reseller_id=reseller_id, offer_key=KEY, on=on)
    return rate.amount, rate.kind


def test_without_a_price_of_its_own_a_reseller_sells_at_the_recommended_price(
    reseller_id: uuid.UUID, offer_pk: int
) -> None:
    assert price(reseller_id) == (Decimal("72"), "rrp")


def test_a_markup_is_exact_on_the_cost(reseller_id: uuid.UUID, offer_pk: int) -> None:
    changes.price_with_markup(
        reseller_id=reseller_id, offer_pk=offer_pk, valid_from_on=ON, markup_basis_points=1_234, at=AT
    )
    assert price(reseller_id) == (Decimal("64.70784"), "markup")
    assert price(reseller_id, on=ON - dt.timedelta(days=1)) == (Decimal("72"), "rrp")


def test_the_latest_of_several_prices_counts_and_another_reseller_is_not_touched(
    reseller_id: uuid.UUID, offer_pk: int
) -> None:
    for amount in ("70", "69.99"):
        changes.price_fixed(
            reseller_id=reseller_id,
            offer_pk=offer_pk,
            valid_from_on=ON,
            amount=Decimal(amount),
            currency="EUR",
            at=AT,
        )
    assert price(reseller_id) == (Decimal("69.99"), "fixed")
    assert price(uuid.uuid4()) == (Decimal("72"), "rrp")
    changes.price_at_rrp(reseller_id=reseller_id, offer_pk=offer_pk, valid_from_on=ON, at=AT)
    assert price(reseller_id) == (Decimal("72"), "rrp")


def test_prices_looked_up_together_are_those_of_looking_each_up(
    reseller_id: uuid.UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    offers = queries.offers_for(market="BE", segment="commercial", reseller_id=reseller_id)
    changes.price_with_markup(
        reseller_id=reseller_id, offer_pk=offers[0].offer_pk, valid_from_on=ON, markup_basis_points=1_000, at=AT
    )
    keys = [offer.offer_key for offer in offers]

    def found(on: dt.date = ON) -> list[tuple[Decimal, str, str] | None]:
        rates = []
        for key in keys:
            try:
                rate = queries.sales_rate(reseller_id=reseller_id, offer_key=key, on=on, currency="EUR")
                rates.append((rate.amount, rate.kind, rate.price_list_version))
            except queries.PriceMissing:
                rates.append(None)
        return rates

    one_by_one = found()
    assert len({amount for amount, *_ in filter(None, one_by_one)}) > 20
    assert "markup" in {kind for _, kind, _ in filter(None, one_by_one)}
    with queries.each_once(offer_keys=keys), django_assert_num_queries(2):
        assert found() == one_by_one
    products = {key.rsplit(":", 4)[0] for key in keys}
    with queries.each_once(), django_assert_num_queries(2 * len(products)):
        assert found() == one_by_one
    days = [ON - dt.timedelta(days=1), ON, dt.date(2023, 12, 31), dt.date(2029, 1, 1)]
    day_by_day = [found(on) for on in days]
    assert len({str(rates) for rates in day_by_day}) == 3
    with queries.each_once(offer_keys=keys, days=days), django_assert_num_queries(5):
        assert [found(on) for on in days] == day_by_day
    with queries.each_once(), pytest.raises(queries.OfferUnknown):
        queries.sales_rate(reseller_id=reseller_id, offer_key=keys[0].replace(":0001:", ":9999:"), on=ON)


def test_prices_of_several_days_are_those_of_the_versions_that_counted_on_each(
    reseller_id: uuid.UUID, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    second = KEY.replace(":0001:", ":0002:")
    load(sheets.row(UnitPrice="57.6"), sheets.row(SkuId="0002", UnitPrice="1"))
    load(sheets.row(UnitPrice="60"), sheets.row(Segment="Charity", UnitPrice="20"))
    load(sheets.row(UnitPrice="55", EffectiveStartDate="12/1/2026"))
    load(sheets.row(UnitPrice="54", EffectiveStartDate="1/1/2027"), reseller_id=reseller_id)
    keys = [KEY, second, KEY.replace("commercial", "non_profit"), KEY.replace(":0001:", ":0009:")]
    days = [ON - dt.timedelta(days=1), ON, *(dt.date(2026, 12, 1) + dt.timedelta(days=n) for n in (-1, 0, 30, 31, 99))]

    def found() -> dict[str, list[str]]:
        rates: dict[str, list[str]] = {key: [] for key in keys}
        for key in keys:
            for on in days:
                try:
                    rate = queries.cost_rate(reseller_id=reseller_id, offer_key=key, on=on)
                    rates[key].append(f"{rate.amount:f}")
                except (queries.OfferUnknown, queries.PriceMissing) as none:
                    rates[key].append(type(none).__name__)
        return rates

    day_by_day = found()
    assert day_by_day[KEY] == ["57.6", "60", "60", "55", "55", "54", "54"]
    assert day_by_day[second] == ["1", *["PriceMissing"] * 6]
    with queries.each_once(offer_keys=keys, days=days), django_assert_num_queries(5):
        assert found() == day_by_day


@pytest.mark.parametrize("amount", ["-1", "NaN", "0.123456789"])
def test_a_fixed_price_that_cannot_be_kept_exactly_is_refused(
    reseller_id: uuid.UUID, offer_pk: int, amount: str
) -> None:
    with pytest.raises(price_cells.Wrong):
        changes.price_fixed(
            reseller_id=reseller_id,
            offer_pk=offer_pk,
            valid_from_on=ON,
            amount=Decimal(amount),
            currency="EUR",
            at=AT,
        )


def test_a_fixed_price_in_another_currency_is_no_price(reseller_id: uuid.UUID, offer_pk: int) -> None:
    changes.price_fixed(
        reseller_id=reseller_id, offer_pk=offer_pk, valid_from_on=ON, amount=Decimal(60), currency="CHF", at=AT
    )
    with pytest.raises(queries.PriceMissing):
        price(reseller_id)


def test_a_missing_recommended_price_is_never_read_as_nothing_to_pay(reseller_id: uuid.UUID) -> None:
    load(sheets.row(ERP=""))
    with pytest.raises(queries.PriceMissing):
        price(reseller_id)


def test_the_database_refuses_a_price_without_its_figure(reseller_id: uuid.UUID, offer_pk: int) -> None:
    with pytest.raises(IntegrityError, match="sales_price_has_its_figure"), transaction.atomic():
        SalesPrice.objects.create(
            reseller_id=reseller_id, offer_id=offer_pk, valid_from_on=ON, kind="fixed", created_at=AT
        )


def test_a_product_is_found_by_the_resellers_own_label_and_only_there(reseller_id: uuid.UUID, offer_pk: int) -> None:
    product = Product.objects.get()
    changes.label_product(reseller_id=reseller_id, product_pk=product.pk, own_label="Büropaket für Gründer")
    for text in ("büropaket", "bueropaket GRUENDER", "buropaket grunder"):
        (hit,) = queries.search(text=text, reseller_id=reseller_id)
        assert (hit.own_label, hit.matched_by) == ("Büropaket für Gründer", "own_label")
        assert queries.search(text=text, reseller_id=uuid.uuid4()) == ()
        assert queries.search(text=text) == ()
    assert queries.offer(offer_key=KEY, reseller_id=reseller_id).own_label == "Büropaket für Gründer"
    assert queries.offer(offer_key=KEY).own_label == ""


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "'; --", "zzz"])
def test_a_search_for_nothing_known_finds_nothing(offer_pk: int, text: str) -> None:
    assert queries.search(text=text) == ()


def test_a_sku_is_called_by_the_resellers_label_where_there_is_one(reseller_id: uuid.UUID) -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    standard = Product.objects.get(product_id="CFQ7TTC0LDPB")
    changes.label_product(reseller_id=reseller_id, product_pk=standard.pk, own_label="Harbour Office")
    sku_id = "f245ecc8-75af-4f8e-b61f-27d8114de5f3"
    named = queries.sku_names(sku_ids=[sku_id, "unknown"], reseller_id=reseller_id)
    assert {key: name.own_label for key, name in named.items()} == {sku_id: "Harbour Office"}
    assert queries.sku_names(sku_ids=[sku_id])[sku_id].own_label == ""


def test_words_may_be_spread_over_the_names_of_one_product(reseller_id: uuid.UUID) -> None:
    changes.load_demo_catalogue(at=AT, markets=("BE",))
    (hit,) = queries.search(text="mcoev telefonsystem")
    assert (hit.name, hit.matched_by, hit.matched_text) == ("Microsoft Teams Phone Standard", "old_name", "")
