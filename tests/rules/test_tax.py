"""The seller's VAT: whose rate, on which day, and who pays it."""

import datetime as dt

import pytest

from seatwright.rules import tax
from seatwright.rules.money import Money
from seatwright.rules.tax import TaxRule

TODAY = dt.date(2026, 11, 22)
EU_RATES_IN_2026 = {
    "AT": 2000, "BE": 2100, "BG": 2000, "CY": 1900, "CZ": 2100, "DE": 1900, "DK": 2500, "EE": 2400, "ES": 2100,
    "FI": 2550, "FR": 2000, "GR": 2400, "HR": 2500, "HU": 2700, "IE": 2300, "IT": 2200, "LT": 2100, "LU": 1700,
    "LV": 2100, "MT": 1800, "NL": 2100, "PL": 2300, "PT": 2300, "RO": 2100, "SE": 2500, "SI": 2200, "SK": 2300,
}  # fmt: skip


def rule(seller: str, buyer: str, vat_id: str = "", on: dt.date = TODAY) -> TaxRule:
    return tax.tax_for(seller_country=seller, buyer_country=buyer, buyer_vat_id=vat_id, on=on)


def test_the_union_has_27_countries_with_their_rates_of_2026() -> None:
    assert len(EU_RATES_IN_2026) == 27
    for country, rate in EU_RATES_IN_2026.items():
        assert tax.standard_rate(country=country, on=TODAY) == rate
        assert rule(country, country) == TaxRule(rate, "standard")


@pytest.mark.parametrize(("country", "rate"), [("CH", 810), ("GB", 2000), ("UK", 2000), ("NO", 2500), ("EL", 2400)])
def test_neighbours_and_other_spellings_are_known(country: str, rate: int) -> None:
    assert tax.standard_rate(country=country, on=TODAY) == rate


@pytest.mark.parametrize(
    ("country", "on", "rate"),
    [
        ("DE", "2020-06-30", 1900),
        ("DE", "2020-07-01", 1600),
        ("DE", "2020-12-31", 1600),
        ("DE", "2021-01-01", 1900),
        ("EE", "2025-06-30", 2200),
        ("EE", "2025-07-01", 2400),
        ("FI", "2024-08-31", 2400),
        ("FI", "2024-09-01", 2550),
        ("RO", "2025-07-31", 1900),
        ("RO", "2025-08-01", 2100),
        ("SK", "2024-12-31", 2000),
        ("SK", "2025-01-01", 2300),
        ("LU", "2023-12-31", 1600),
        ("CH", "2023-12-31", 770),
        ("IE", "2021-02-28", 2100),
    ],
)
def test_a_rate_holds_from_its_day_to_the_day_before_the_next(country: str, on: str, rate: int) -> None:
    assert tax.standard_rate(country=country, on=dt.date.fromisoformat(on)) == rate


@pytest.mark.parametrize(("country", "on"), [("US", TODAY), ("", TODAY), ("DE", dt.date(2006, 12, 31))])
def test_what_the_table_does_not_know_is_said(country: str, on: dt.date) -> None:
    with pytest.raises(tax.NoRateKnown, match=f"{country} on {on}"):
        tax.standard_rate(country=country, on=on)
    with pytest.raises(tax.NoRateKnown):
        rule(country, "DE", on=on)


def test_at_home_the_rate_is_charged_with_and_without_a_vat_id() -> None:
    assert rule("DE", "DE", "DE136695976") == TaxRule(1900, "standard")
    assert rule("CH", "CH") == TaxRule(810, "standard")
    assert rule("de ", " DE") == TaxRule(1900, "standard")


def test_a_business_in_another_eu_country_pays_the_tax_itself() -> None:
    assert rule("DE", "NL", "NL004495445B01") == TaxRule(0, "reverse_charge")
    assert rule("DE", "GR", "EL094259216") == TaxRule(0, "reverse_charge")
    assert rule("DE", "EL", " el094259216") == TaxRule(0, "reverse_charge")


@pytest.mark.parametrize("vat_id", ["", "  ", "DE136695976", "004495445B01"])
def test_without_a_vat_id_of_its_own_country_the_buyer_is_charged_that_countrys_rate(vat_id: str) -> None:
    assert rule("DE", "NL", vat_id) == TaxRule(2100, "standard")


def test_a_greek_id_begins_with_el_and_not_with_gr() -> None:
    assert rule("DE", "GR", "GR094259216") == TaxRule(2400, "standard")


@pytest.mark.parametrize(("seller", "buyer"), [("DE", "CH"), ("DE", "US"), ("CH", "DE"), ("GB", "NO"), ("NO", "GB")])
def test_across_the_border_of_the_union_there_is_no_tax_of_the_seller(seller: str, buyer: str) -> None:
    assert rule(seller, buyer, "DE136695976") == TaxRule(0, "outside_scope")


@pytest.mark.parametrize(
    ("net", "basis_points", "expected"),
    [(1000, 1900, 190), (50, 1900, 10), (-50, 1900, -10), (1, 1900, 0), (3, 1900, 1), (999, 2550, 255), (100, 0, 0)],
)
def test_tax_is_rounded_once_half_away_from_zero(net: int, basis_points: int, expected: int) -> None:
    assert TaxRule(basis_points, "standard").of(Money(net, "EUR")) == Money(expected, "EUR")


@pytest.mark.parametrize("basis_points", [-1, 10_001])
def test_an_impossible_rate_cannot_be_made(basis_points: int) -> None:
    with pytest.raises(ValueError, match="between nothing and the whole"):
        TaxRule(basis_points, "standard")
    assert TaxRule(10_000, "standard").of(Money(7, "EUR")) == Money(7, "EUR")
