"""Money as it is sent: whole minor units, the currency, and the same amount as decimal text for reading."""

from pydantic import BaseModel

from seatwright.orders import calculation as frozen
from seatwright.rules import money


class Amount(BaseModel):
    """`minor` units of `currency`; `decimal` says the same with the currency's own number of decimals."""

    minor: int
    currency: str
    decimal: str


class Sums(BaseModel):
    """An amount before tax, its tax, and both together."""

    net: Amount
    tax: Amount
    gross: Amount


def amount(*, minor: int, currency: str) -> Amount:
    """The amount; no number is rounded or passes through a float."""
    digits = money.exponent(currency)
    text = str(abs(minor)).zfill(digits + 1)
    whole = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return Amount(minor=minor, currency=currency, decimal=f"-{whole}" if minor < 0 else whole)


def sums(stored: frozen.Sums, *, currency: str) -> Sums:
    """The stored sums, as they are."""
    return Sums(
        net=amount(minor=stored.net_minor, currency=currency),
        tax=amount(minor=stored.tax_minor, currency=currency),
        gross=amount(minor=stored.gross_minor, currency=currency),
    )
