"""Value added tax on licences: standard rates by country and date, and which treatment a sale gets."""

import datetime as dt
import enum
from dataclasses import dataclass

from seatwright.rules import money

FULL_BASIS_POINTS = 10_000

_EU_RATES = {
    "AT": (("1984-01-01", 2000),),
    "BE": (("1996-01-01", 2100),),
    "BG": (("1999-01-01", 2000),),
    "CY": (("2014-01-13", 1900),),
    "CZ": (("2013-01-01", 2100),),
    "DE": (("2007-01-01", 1900), ("2020-07-01", 1600), ("2021-01-01", 1900)),
    "DK": (("1992-01-01", 2500),),
    "EE": (("2009-07-01", 2000), ("2024-01-01", 2200), ("2025-07-01", 2400)),
    "ES": (("2012-09-01", 2100),),
    "FI": (("2013-01-01", 2400), ("2024-09-01", 2550)),
    "FR": (("2014-01-01", 2000),),
    "GR": (("2016-06-01", 2400),),
    "HR": (("2012-03-01", 2500),),
    "HU": (("2012-01-01", 2700),),
    "IE": (("2012-01-01", 2300), ("2020-09-01", 2100), ("2021-03-01", 2300)),
    "IT": (("2013-10-01", 2200),),
    "LT": (("2009-09-01", 2100),),
    "LU": (("2015-01-01", 1700), ("2023-01-01", 1600), ("2024-01-01", 1700)),
    "LV": (("2012-07-01", 2100),),
    "MT": (("2004-01-01", 1800),),
    "NL": (("2012-10-01", 2100),),
    "PL": (("2011-01-01", 2300),),
    "PT": (("2011-01-01", 2300),),
    "RO": (("2017-01-01", 1900), ("2025-08-01", 2100)),
    "SE": (("1990-07-01", 2500),),
    "SI": (("2013-07-01", 2200),),
    "SK": (("2011-01-01", 2000), ("2025-01-01", 2300)),
}
_OTHER_RATES = {
    "CH": (("2018-01-01", 770), ("2024-01-01", 810)),
    "GB": (("2011-01-04", 2000),),
    "NO": (("2005-01-01", 2500),),
}
_RATES = {
    country: tuple((dt.date.fromisoformat(valid_from), rate) for valid_from, rate in rows)
    for country, rows in (_EU_RATES | _OTHER_RATES).items()
}
_VAT_ID_PREFIX = {country: country for country in _EU_RATES} | {"GR": "EL"}


class NoRateKnown(ValueError):
    """The table has no standard rate for that country on that day."""


class Treatment(enum.StrEnum):
    """How a sale is taxed: by the seller, by the buyer, or not in the seller's country's law at all."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_SCOPE = "outside_scope"


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The rate in basis points of the net amount (1900 is 19 %) and its treatment."""

    rate_basis_points: int
    treatment: str

    def __post_init__(self) -> None:
        if not 0 <= self.rate_basis_points <= FULL_BASIS_POINTS:
            raise ValueError("a tax rate lies between nothing and the whole amount")

    def of(self, net: money.Money) -> money.Money:
        """The tax on a document's net total, rounded once; a credit carries the mirrored tax."""
        minor = money.round_half_away(net.minor * self.rate_basis_points, FULL_BASIS_POINTS)
        return money.Money(minor, net.currency)


def standard_rate(*, country: str, on: dt.date) -> int:
    """The standard rate of `country` in basis points on the day `on`; raises `NoRateKnown`."""
    known = [rate for valid_from, rate in _RATES.get(_iso(country), ()) if valid_from <= on]
    if not known:
        raise NoRateKnown(f"{country} on {on}")
    return known[-1]


def tax_for(*, seller_country: str, buyer_country: str, buyer_vat_id: str, on: dt.date) -> TaxRule:
    """How a licence sold on `on` is taxed; countries are ISO 3166 codes, EL and UK are understood.

    At home the home rate. Between EU countries the buyer with a VAT id of his own country pays the tax himself, and one
    without is charged his country's rate (one-stop shop for electronic services; no threshold is applied). Everything
    else is outside the seller's tax. Whether the id is valid is for the caller to have checked. Raises `NoRateKnown`.
    """
    seller = _iso(seller_country)
    buyer = _iso(buyer_country)
    home_rate = standard_rate(country=seller, on=on)
    if seller == buyer:
        return TaxRule(home_rate, Treatment.STANDARD)
    if seller not in _EU_RATES or buyer not in _EU_RATES:
        return TaxRule(0, Treatment.OUTSIDE_SCOPE)
    if buyer_vat_id.strip().upper().startswith(_VAT_ID_PREFIX[buyer]):
        return TaxRule(0, Treatment.REVERSE_CHARGE)
    return TaxRule(standard_rate(country=buyer, on=on), Treatment.STANDARD)


def _iso(country: str) -> str:
    code = country.strip().upper()
    return {"EL": "GR", "UK": "GB"}.get(code, code)
