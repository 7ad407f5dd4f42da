"""What an offer costs on a day: which version of which price list counts, and what the reseller makes of it."""

import datetime as dt
import functools
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from seatwright.catalogue import naming, price_cells
from seatwright.catalogue.models import Offer, PriceList, PriceListLine, SalesPrice


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
    parts = _parts(offer_key)
    prices = _prices(reseller_id=reseller_id, parts=parts, on=on)
    line = _line(prices, parts, quantity=quantity, currency=currency)
    return _rate(line=line, offer_key=offer_key, amount_e8=line.unit_price_e8, kind="cost")


def sales_rate(
    *, reseller_id: uuid.UUID, offer_key: str, on: dt.date, quantity: int = 1, currency: str = ""
) -> UnitRate:
    """What one seat costs the customer: the reseller's price for the offer on that day, or else the vendor's RRP.

    The price list version is that of the underlying line in any case. Raises OfferUnknown or PriceMissing.
    """
    parts = _parts(offer_key)
    prices = _prices(reseller_id=reseller_id, parts=parts, on=on)
    line = _line(prices, parts, quantity=quantity, currency=currency)
    price = prices.own.get(line.offer_id)
    amount = sales_amount(line=line, price=price)
    if amount is None:
        raise PriceMissing
    kind = "rrp" if price is None else price.kind
    return replace(_rate(line=line, offer_key=offer_key, amount_e8=0, kind=kind), amount=amount)


def is_listed(*, reseller_id: uuid.UUID, offer_key: str, on: dt.date) -> bool:
    """Whether a price list in force on that day has the offer, whatever it says of its price."""
    parts = _parts(offer_key)
    return bool(_prices(reseller_id=reseller_id, parts=parts, on=on).tiers(parts))


@dataclass
class _Prices:
    """Lines of price lists in force on a day by offer, the reseller's own prices, and what price lists ever had."""

    lines: Mapping[naming.OfferKey, Sequence[PriceListLine]]
    read_own: Callable[[], Mapping[int, SalesPrice]]
    is_known: Callable[[naming.OfferKey], bool]

    def tiers(self, parts: naming.OfferKey) -> Sequence[PriceListLine]:
        """The lines of that offer, one for each tier, currency and owner of the price list."""
        return self.lines.get(parts, ())

    @functools.cached_property
    def own(self) -> Mapping[int, SalesPrice]:
        """The newest price of the reseller's for each of the offers."""
        return self.read_own()


def _on(*, reseller_id: uuid.UUID, lines: QuerySet[PriceListLine], on: dt.date) -> _Prices:
    of_seller = Q(price_list__reseller=reseller_id) | Q(price_list__reseller=None)
    found = in_force(lines=lines, on=on).filter(of_seller)
    by_offer = _by_offer(found.select_related("price_list", "offer__product"))
    offer_pks = {line.offer_id for tiers in by_offer.values() for line in tiers}

    def own() -> Mapping[int, SalesPrice]:
        rows = SalesPrice.objects.filter(reseller=reseller_id, offer__in=offer_pks, valid_from_on__lte=on)
        return {price.offer_id: price for price in rows.order_by("valid_from_on", "pk")}

    return _Prices(lines=by_offer, read_own=own, is_known=lambda parts: _of_offer(parts).exists())


def _on_days(
    *,
    reseller_id: uuid.UUID,
    products: Iterable[tuple[str, str, str]],
    places: Iterable[tuple[str, str]],
    days: Collection[dt.date],
) -> dict[dt.date, _Prices]:
    """The prices of these products in these segments and markets by day, in five queries whatever the numbers.

    Each query is over one table or two, so that a database that knows nothing yet of how many rows there are, as after
    a first import, has no way to join them badly.
    """
    segments, markets = zip(*places, strict=True)
    wanted = {product_id for _, product_id, _ in products}
    found = Offer.objects.filter(product__product_id__in=wanted, segment__in=segments, market__in=markets)
    offers = {offer.pk: offer for offer in found.select_related("product")}
    of_seller = Q(reseller=reseller_id) | Q(reseller=None)
    versions = {each.pk: each for each in PriceList.objects.filter(of_seller, valid_from_on__lte=max(days))}
    counting = {on: _versions_on(versions.values(), on) for on in days}
    lines = list(PriceListLine.objects.filter(price_list__in=set().union(*counting.values()), offer__in=list(offers)))
    for line in lines:
        line.offer, line.price_list = offers[line.offer_id], versions[line.price_list_id]
    of_offers = SalesPrice.objects.filter(reseller=reseller_id, offer__in=list(offers))
    sales = list(of_offers.order_by("valid_from_on", "pk"))
    ever = PriceListLine.objects.filter(offer__in=list(offers)).values_list("offer_id", flat=True).distinct()
    known = {_key_of(offers[pk]) for pk in ever}

    def on_day(on: dt.date) -> _Prices:
        valid = (
            line
            for line in lines
            if line.price_list_id in counting[on]
            and line.valid_from_on <= on
            and (line.valid_until_on is None or on < line.valid_until_on)
        )
        own = {price.offer_id: price for price in sales if price.valid_from_on <= on}
        return _Prices(lines=_by_offer(valid), read_own=lambda: own, is_known=known.__contains__)

    return {on: on_day(on) for on in days}


def _versions_on(versions: Iterable[PriceList], on: dt.date) -> frozenset[int]:
    """Those of the price lists that no later version has replaced on that day, as `in_force` has it."""
    newest: dict[tuple[object, ...], PriceList] = {}
    for each in versions:
        key = (each.reseller_id, each.vendor_key, each.market, each.currency, each.segment)
        known = newest.get(key)
        is_later = known is None or (known.valid_from_on, known.version) < (each.valid_from_on, each.version)
        if each.valid_from_on <= on and is_later:
            newest[key] = each
    return frozenset(each.pk for each in newest.values())


def _by_offer(lines: Iterable[PriceListLine]) -> dict[naming.OfferKey, list[PriceListLine]]:
    found: dict[naming.OfferKey, list[PriceListLine]] = {}
    for line in lines:
        found.setdefault(_key_of(line.offer), []).append(line)
    return found


def _key_of(offer: Offer) -> naming.OfferKey:
    return naming.OfferKey(
        *(offer.product.vendor_key, offer.product.product_id, offer.product.vendor_sku_id),
        *(offer.segment, offer.term, offer.billing_plan, offer.market),
    )


class _Once:
    """What was looked up in a block, and the products and days that are looked up together."""

    def __init__(self, keys: Iterable[str], days: Iterable[dt.date]) -> None:
        wanted = [parts for parts in map(naming.offer_key, keys) if parts is not None]
        self.together = {_product(parts) for parts in wanted}
        self.places = {(parts.segment, parts.market) for parts in wanted}
        self.days = frozenset(days)
        self.found: dict[tuple[object, ...], _Prices] = {}
        self.on_days: dict[uuid.UUID, dict[dt.date, _Prices]] = {}

    def prices(self, *, reseller_id: uuid.UUID, parts: naming.OfferKey, on: dt.date) -> _Prices:
        """The prices of the offer's product in every term and plan, with those of the products looked up with it."""
        is_place = (parts.segment, parts.market) in self.places
        if _product(parts) in self.together and is_place and on in self.days:
            if reseller_id not in self.on_days:
                self.on_days[reseller_id] = _on_days(
                    reseller_id=reseller_id, products=self.together, places=self.places, days=self.days
                )
            return self.on_days[reseller_id][on]
        products = self.together if _product(parts) in self.together else {_product(parts)}
        key = (reseller_id, parts.segment, parts.market, on, min(products))
        if key not in self.found:
            self.found[key] = _on(reseller_id=reseller_id, lines=_lines_of(parts, products), on=on)
        return self.found[key]


_block: ContextVar[_Once | None] = ContextVar("prices looked up once", default=None)


@contextmanager
def each_once(*, offer_keys: Iterable[str] = (), days: Iterable[dt.date] = ()) -> Iterator[None]:
    """Look the prices of a product up in one go and once, until the block ends; `offer_keys` name products to join.

    With `days` the joined products are looked up for all of these days at once, in as many queries for many as for one.

    For calculations that ask for the same ones many times. Prices imported meanwhile are not seen in the block, whose
    calculation so has one state of the price lists.
    """
    token = _block.set(_Once(offer_keys, days))
    try:
        yield
    finally:
        _block.reset(token)


def _prices(*, reseller_id: uuid.UUID, parts: naming.OfferKey, on: dt.date) -> _Prices:
    once = _block.get()
    if once is not None:
        return once.prices(reseller_id=reseller_id, parts=parts, on=on)
    return _on(reseller_id=reseller_id, lines=_of_offer(parts), on=on)


def _product(parts: naming.OfferKey) -> tuple[str, str, str]:
    return parts.vendor_key, parts.product_id, parts.vendor_sku_id


def _lines_of(parts: naming.OfferKey, products: Iterable[tuple[str, str, str]]) -> QuerySet[PriceListLine]:
    """The lines of all offers of these products in the market and segment of that offer."""
    any_of = Q()
    for vendor_key, product_id, vendor_sku_id in sorted(products):
        any_of |= Q(
            offer__product__vendor_key=vendor_key,
            offer__product__product_id=product_id,
            offer__product__vendor_sku_id=vendor_sku_id,
        )
    return PriceListLine.objects.filter(any_of, offer__segment=parts.segment, offer__market=parts.market)


def _of_offer(parts: naming.OfferKey) -> QuerySet[PriceListLine]:
    lines = _lines_of(parts, [_product(parts)])
    return lines.filter(offer__term=parts.term, offer__billing_plan=parts.billing_plan)


def _parts(offer_key: str) -> naming.OfferKey:
    parts = naming.offer_key(offer_key)
    if parts is None:
        raise OfferUnknown
    return parts


def sales_amount(*, line: PriceListLine, price: SalesPrice | None) -> Decimal | None:
    """What the reseller makes of a line of a price list; None where that gives no price in the line's currency."""
    if price is None or price.kind == "rrp":
        return None if line.rrp_e8 is None else exact(line.rrp_e8)
    if price.kind == "fixed":
        return exact(price.fixed_e8 or 0) if price.currency == line.price_list.currency else None
    return plain(exact(line.unit_price_e8) * Decimal(10_000 + (price.markup_basis_points or 0)).scaleb(-4))


def _line(prices: _Prices, parts: naming.OfferKey, *, quantity: int, currency: str) -> PriceListLine:
    lines = [
        line
        for line in prices.tiers(parts)
        if line.tier_min <= quantity
        and (line.tier_max is None or quantity <= line.tier_max)
        and (not currency or line.price_list.currency == currency)
    ]
    own = [line for line in lines if line.price_list.reseller_id is not None]
    chosen = own or lines
    if len(chosen) != 1:
        if not chosen and not prices.is_known(parts):
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
