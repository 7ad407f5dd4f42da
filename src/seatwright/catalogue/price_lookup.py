"""What an offer costs on a day: which version of which price list counts, and what the reseller makes of it."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from seatwright.catalogue import naming, price_cells
from seatwright.catalogue.models import PriceList, PriceListLine, SalesPrice

_found: ContextVar[dict[tuple[object, ...], Any] | None] = ContextVar("prices looked up once", default=None)


class OfferUnknown(Exception):
    """This offer is not in the catalogue; choose one from the list, or import the vendor's price sheet."""


class PriceMissing(Exception):
    """There is no price for this offer on that day; import the price sheet of that month."""


@dataclass(frozen=True, kw_only=True)
class UnitRate:
    """The exact price of one seat for one period of the billing plan, and the price list version that says so.

    `kind` is `cost`, or how the sales price came about: `rrp`, `markup`, `fixed`. `are_examples` marks prices that are
    nobody's: the demo's.
    """

    offer_key: str
    amount: Decimal
    currency: str
    price_list_version: str
    kind: str
    are_examples: bool


def cost_rate(
    *, reseller_id: uuid.UUID, offer_key: str, on: dt.date, quantity: int = 1, currency: str = ""
) -> UnitRate:
    """What one seat costs the reseller: its own price list before the installation's, in the version of that day.

    `quantity` chooses the price tier; `currency` chooses where a market is priced in several, else the only one counts.
    Raises OfferUnknown or PriceMissing.
    """
    line = _line(reseller_id=reseller_id, offer_key=offer_key, on=on, quantity=quantity, currency=currency)
    return _rate(line=line, offer_key=offer_key, amount_e8=line.unit_price_e8, kind="cost")


def sales_rate(
    *, reseller_id: uuid.UUID, offer_key: str, on: dt.date, quantity: int = 1, currency: str = ""
) -> UnitRate:
    """What one seat costs the customer: the reseller's price for the offer on that day, or else the vendor's RRP.

    The price list version is that of the underlying line in any case. Raises OfferUnknown or PriceMissing.
    """
    line = _line(reseller_id=reseller_id, offer_key=offer_key, on=on, quantity=quantity, currency=currency)
    price = _kept(("price", reseller_id, line.offer_id, on), lambda: _price(reseller_id, line.offer_id, on))
    amount = sales_amount(line=line, price=price)
    if amount is None:
        raise PriceMissing
    kind = "rrp" if price is None else price.kind
    return replace(_rate(line=line, offer_key=offer_key, amount_e8=0, kind=kind), amount=amount)


def _price(reseller_id: uuid.UUID, offer_pk: int, on: dt.date) -> SalesPrice | None:
    prices = SalesPrice.objects.filter(reseller=reseller_id, offer=offer_pk, valid_from_on__lte=on)
    return prices.order_by("-valid_from_on", "-pk").first()


@contextmanager
def each_once() -> Iterator[None]:
    """Look each price up once until the end of the block; for calculations that ask for the same ones many times.

    Prices imported meanwhile are not seen in the block, whose calculation so has one state of the price lists.
    """
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def _kept[Found](key: tuple[object, ...], look_up: Callable[[], Found]) -> Found:
    found = _found.get()
    if found is None:
        return look_up()
    if key not in found:
        found[key] = look_up()
    kept: Found = found[key]
    return kept


def sales_amount(*, line: PriceListLine, price: SalesPrice | None) -> Decimal | None:
    """What the reseller makes of a line of a price list; None where that gives no price in the line's currency."""
    if price is None or price.kind == "rrp":
        return None if line.rrp_e8 is None else exact(line.rrp_e8)
    if price.kind == "fixed":
        return exact(price.fixed_e8 or 0) if price.currency == line.price_list.currency else None
    return plain(exact(line.unit_price_e8) * Decimal(10_000 + (price.markup_basis_points or 0)).scaleb(-4))


def _line(*, reseller_id: uuid.UUID, offer_key: str, on: dt.date, quantity: int, currency: str) -> PriceListLine:
    parts = naming.offer_key(offer_key)
    if parts is None:
        raise OfferUnknown
    of_offer = PriceListLine.objects.filter(
        offer__product__vendor_key=parts.vendor_key,
        offer__product__product_id=parts.product_id,
        offer__product__vendor_sku_id=parts.vendor_sku_id,
        offer__segment=parts.segment,
        offer__term=parts.term,
        offer__billing_plan=parts.billing_plan,
        offer__market=parts.market,
    )
    of_seller = Q(price_list__reseller=reseller_id) | Q(price_list__reseller=None)
    tiers = _kept(
        ("lines", reseller_id, offer_key, on),
        lambda: list(in_force(lines=of_offer, on=on).filter(of_seller).select_related("price_list")),
    )
    lines = [
        line
        for line in tiers
        if line.tier_min <= quantity
        and (line.tier_max is None or quantity <= line.tier_max)
        and (not currency or line.price_list.currency == currency)
    ]
    own = [line for line in lines if line.price_list.reseller_id is not None]
    chosen = own or lines
    if len(chosen) != 1:
        if not chosen and not of_offer.exists():
            raise OfferUnknown
        raise PriceMissing
    return chosen[0]


def in_force(*, lines: QuerySet[PriceListLine], on: dt.date) -> QuerySet[PriceListLine]:
    """The lines valid on that day in versions that no later version had replaced by then."""
    later = Q(valid_from_on__gt=OuterRef("price_list__valid_from_on")) | Q(
        valid_from_on=OuterRef("price_list__valid_from_on"), version__gt=OuterRef("price_list__version")
    )
    same_reseller = Q(reseller=OuterRef("price_list__reseller")) | (
        Q(reseller=None) & Q(Exists(PriceList.objects.filter(pk=OuterRef(OuterRef("price_list")), reseller=None)))
    )
    newer = PriceList.objects.filter(
        later,
        same_reseller,
        valid_from_on__lte=on,
        vendor_key=OuterRef("price_list__vendor_key"),
        market=OuterRef("price_list__market"),
        currency=OuterRef("price_list__currency"),
        segment=OuterRef("price_list__segment"),
    )
    valid = Q(valid_until_on=None) | Q(valid_until_on__gt=on)
    return lines.filter(valid, ~Exists(newer), valid_from_on__lte=on, price_list__valid_from_on__lte=on)


def _rate(*, line: PriceListLine, offer_key: str, amount_e8: int, kind: str) -> UnitRate:
    prices = line.price_list
    owner = "own" if prices.reseller_id else "all"
    return UnitRate(
        offer_key=offer_key,
        amount=exact(amount_e8),
        currency=prices.currency,
        price_list_version=f"{prices.vendor_key}/{prices.market}/{prices.currency}/{prices.segment}/{owner}/v{prices.version}",
        kind=kind,
        are_examples=prices.are_examples,
    )


def exact(amount_e8: int) -> Decimal:
    """Hundred-millionths as the decimal they stand for, without trailing zeros, at least as a whole number."""
    return plain(Decimal(amount_e8).scaleb(-price_cells.PRICE_SCALE))


def plain(amount: Decimal) -> Decimal:
    """The same amount without trailing zeros and without an exponent."""
    return Decimal(f"{amount.normalize():f}")
