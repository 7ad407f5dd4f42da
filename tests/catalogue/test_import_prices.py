"""Importing price sheets: whole or not at all, twice is once, and old versions stay."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from seatwright.access import actors, permissions
from seatwright.access.models import AuditEvent
from seatwright.catalogue import changes, price_rows, queries
from seatwright.catalogue.models import Offer, PriceList, PriceListLine, Product
from seatwright.workflows import import_catalogue
from tests.catalogue import sheets
from tests.catalogue.conftest import AT, ON, OPERATOR

KEY = "microsoft:CFQ7TTC0LH18:0001:commercial:P1Y:annual:DE"
NOBODY = uuid.UUID(int=0)


def load(
    *rows: dict[str, str],
    reseller_id: uuid.UUID | None = None,
    at: dt.datetime = AT,
    valid_from_on: dt.date | None = None,
) -> import_catalogue.PricesReport:
    return import_catalogue.prices(
        by=OPERATOR,
        file=sheets.file(*rows),
        file_name="sheet.csv",
        reseller_id=reseller_id,
        valid_from_on=valid_from_on,
        at=at,
    )


def cost(on: dt.date = ON, reseller_id: uuid.UUID = NOBODY, quantity: int = 1, key: str = KEY) -> Decimal:
    return queries.cost_rate(reseller_id=reseller_id, offer_key=key, on=on, quantity=quantity).amount


@pytest.mark.django_db
def test_the_same_sheet_again_writes_nothing_whatever_the_order_of_its_rows() -> None:
    rows = [sheets.row(), sheets.row(SkuId="0002"), sheets.row(Market="FR")]
    assert load(*rows).done.rows_written == 2 + 3 + 2 + 3
    again = load(*reversed(rows)).done
    assert (again.rows_written, again.versions, again.lists_unchanged) == (0, (), 2)
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_one_bad_row_imports_nothing() -> None:
    with pytest.raises(import_catalogue.FileRefused):
        load(sheets.row(), sheets.row(SkuId="0002", UnitPrice="NaN"))
    assert not Product.objects.exists()
    assert not PriceList.objects.exists()


@pytest.mark.django_db
def test_a_changed_sheet_makes_a_new_version_and_the_old_one_still_answers_for_its_days() -> None:
    load(sheets.row(UnitPrice="57.6"))
    (made,) = load(sheets.row(UnitPrice="60"), sheets.row(SkuId="0002")).done.versions
    assert (made.version, made.valid_from_on) == (2, ON)
    assert (made.offers_new, made.offers_gone, made.offers_repriced) == (1, 0, 1)
    assert cost(on=ON) == Decimal("60")
    assert cost(on=ON - dt.timedelta(days=1)) == Decimal("57.6")
    rate = queries.cost_rate(reseller_id=NOBODY, offer_key=KEY, on=ON)
    assert rate.price_list_version == "microsoft/DE/EUR/commercial/all/v2"


@pytest.mark.django_db
def test_an_offer_that_the_newest_version_leaves_out_has_no_price_any_more() -> None:
    load(sheets.row(), sheets.row(SkuId="0002"))
    (made,) = load(sheets.row(SkuId="0002")).done.versions
    assert made.offers_gone == 1
    with pytest.raises(queries.PriceMissing):
        cost()


@pytest.mark.django_db
def test_a_sheet_of_the_future_counts_from_the_start_of_its_prices() -> None:
    december = dt.date(2026, 12, 1)
    load(sheets.row(UnitPrice="50"))
    load(sheets.row(UnitPrice="55", EffectiveStartDate="12/1/2026"))
    assert cost(on=december - dt.timedelta(days=1)) == Decimal("50")
    assert cost(on=december) == Decimal("55")
    assert load(sheets.row(UnitPrice="55", EffectiveStartDate="12/1/2026")).done.rows_written == 0
    assert load(sheets.row(UnitPrice="50")).done.rows_written == 0


@pytest.mark.django_db
def test_segments_are_lists_of_their_own_so_that_one_file_each_does_not_hide_the_other() -> None:
    load(sheets.row())
    load(sheets.row(Segment="Charity", UnitPrice="20"))
    assert cost() == Decimal("57.6")
    assert cost(key=KEY.replace("commercial", "non_profit")) == Decimal("20")


@pytest.mark.django_db
def test_a_resellers_own_list_goes_before_the_installations(reseller_id: uuid.UUID) -> None:
    load(sheets.row(UnitPrice="57.6"), sheets.row(SkuId="0002", UnitPrice="1"))
    load(sheets.row(UnitPrice="55"), reseller_id=reseller_id)
    load(sheets.row(UnitPrice="58"), sheets.row(SkuId="0002", UnitPrice="2"))
    assert cost(reseller_id=reseller_id) == Decimal("55")
    assert cost(reseller_id=NOBODY) == Decimal("58")
    assert cost(reseller_id=reseller_id, key=KEY.replace("0001", "0002")) == Decimal("2")


@pytest.mark.django_db
def test_the_price_tier_follows_the_number_of_seats() -> None:
    load(sheets.row(PricingTierRangeMax="99"), sheets.row(PricingTierRangeMin="100", UnitPrice="50"))
    assert cost(quantity=99) == Decimal("57.6")
    assert cost(quantity=100) == Decimal("50")


@pytest.mark.django_db
def test_a_market_priced_in_two_currencies_needs_the_currency_said() -> None:
    load(sheets.row(), sheets.row(Currency="CHF", UnitPrice="54"))
    with pytest.raises(queries.PriceMissing):
        cost()
    rate = queries.cost_rate(reseller_id=NOBODY, offer_key=KEY, on=ON, currency="CHF")
    assert (rate.amount, rate.currency) == (Decimal("54"), "CHF")


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "nonsense", KEY.replace("0001", "0009"), KEY + ":x"])
def test_an_unknown_offer_is_refused(key: str) -> None:
    load(sheets.row())
    with pytest.raises(queries.OfferUnknown):
        cost(key=key)
    with pytest.raises(queries.OfferUnknown):
        queries.offer(offer_key=key)


@pytest.mark.django_db
def test_a_product_renamed_by_the_vendor_is_still_found_under_its_old_title() -> None:
    load(sheets.row(SkuTitle="Office 365 Business Essentials"))
    load(sheets.row())
    (hit,) = queries.search(text="business essentials")
    assert (hit.name, hit.matched_by) == ("Microsoft 365 Business Basic", "old_name")


@pytest.mark.django_db
def test_a_reseller_may_load_its_own_prices_and_nobody_elses(reseller_id: uuid.UUID) -> None:
    grant = actors.Grant(role=actors.Role.RESELLER_ADMIN, reseller_id=reseller_id)
    admin = actors.Actor(kind="person", label="Ada", grants=(grant,))
    own = {"file_name": "sheet.csv", "valid_from_on": None, "at": AT}
    import_catalogue.prices(by=admin, file=sheets.file(sheets.row()), reseller_id=reseller_id, **own)  # type: ignore[arg-type]
    for foreign in (None, uuid.uuid4()):
        with pytest.raises(permissions.Unknown):
            import_catalogue.prices(by=admin, file=sheets.file(sheets.row()), reseller_id=foreign, **own)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_the_database_refuses_to_change_a_price_that_was_in_force() -> None:
    load(sheets.row())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PriceListLine.objects.update(unit_price_e8=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PriceListLine.objects.all().delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PriceList.objects.update(valid_from_on=ON)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"unit_price_e8": -1}, "price_line_not_negative"),
        ({"valid_until_on": dt.date(2026, 2, 1)}, "price_line_has_days"),
        ({"tier_min": 9, "tier_max": 8}, "price_line_has_seats"),
        ({}, "price_line_once|unit_price|price_list_id"),
    ],
)
def test_the_database_refuses_a_line_that_must_not_be(fields: dict[str, object], constraint: str) -> None:
    load(sheets.row())
    (line,) = PriceListLine.objects.values()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PriceListLine.objects.create(**{**line, "id": None, **fields})


@pytest.mark.django_db
def test_the_database_refuses_a_term_and_a_billing_plan_that_do_not_agree() -> None:
    load(sheets.row())
    product = Product.objects.get()
    with pytest.raises(IntegrityError, match="offer_term_and_billing_plan_agree"), transaction.atomic():
        Offer.objects.create(product=product, segment="commercial", term="P1M", billing_plan="annual", market="DE")


@pytest.mark.django_db
def test_of_two_imports_that_make_the_same_version_the_second_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load(sheets.row())
    monkeypatch.setattr(price_rows, "list_to_replace", lambda **_: (None, ON, 1))
    with pytest.raises(changes.ImportClash):
        load(sheets.row(UnitPrice="60"), sheets.row(SkuId="0002"))
    assert Product.objects.count() == 1
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_row_that_the_database_refuses_for_another_reason_is_a_bug_and_not_called_a_clash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(price_rows, "list_to_replace", lambda **_: (None, ON, 0))
    with pytest.raises(IntegrityError, match="price_list_version_counts_from_one"):
        load(sheets.row())


@pytest.mark.django_db
def test_many_products_are_added_and_found_again() -> None:
    rows = [sheets.row(SkuId=f"{n:04}") for n in range(1, 503)]
    assert load(*rows).done.rows_written == 502 * 3 + 1
    changed = [*rows[:-1], sheets.row(SkuId="0502", UnitPrice="1")]
    assert load(*changed).done.rows_written == 502 + 1


@pytest.mark.django_db
def test_offers_can_be_listed_for_one_product() -> None:
    load(sheets.row(), sheets.row(SkuId="0002"), sheets.row(ProductId="CFQ7TTC0LDPB"))
    rows = queries.offers_for(market="DE", segment="commercial", product_id="CFQ7TTC0LH18", vendor_sku_id="0002")
    assert [(row.product_id, row.vendor_sku_id) for row in rows] == [("CFQ7TTC0LH18", "0002")]


PRICES = st.decimals(min_value=0, max_value=10_000, places=4)
ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["0001", "0002"]), st.sampled_from(["DE", "FR"])), PRICES, min_size=1, max_size=4
)


class AnySheet(TestCase):
    """Properties over random sheets, each example in a transaction of its own."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ROWS, ROWS)
    def test_importing_twice_writes_nothing_and_every_price_is_found_exactly(
        self, first: dict[tuple[str, str], Decimal], second: dict[tuple[str, str], Decimal]
    ) -> None:
        for prices in (first, second):
            rows = [
                sheets.row(SkuId=sku, Market=market, UnitPrice=f"{price:f}") for (sku, market), price in prices.items()
            ]
            load(*rows)
            assert load(*rows).done.rows_written == 0
        for (sku, market), price in second.items():
            assert cost(key=f"microsoft:CFQ7TTC0LH18:{sku}:commercial:P1Y:annual:{market}") == price
