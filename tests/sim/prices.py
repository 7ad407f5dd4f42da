"""Price lists over a world's time: dearer and cheaper ones, prices by quantity, products that a list leaves out.

They are drawn from a stream of their own and kept in the plan. What a seat costs is worked out here from the files that
the product imported, without asking it.
"""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import price_rows, price_sheet
from tests.sim import seeding

Plan = tuple[str, str, str, str]
BASE: dict[Plan, Decimal] = {
    (row["product_id"], row["vendor_sku_id"], *plan.split(":")): Decimal(row[column])
    for row in seeding.ROWS
    for column, plan in seeding.PLANS.items()
    if row[column]
}
SOLD = {key: amount for key, amount in BASE.items() if f"{key[0]}:{key[1]}" in seeding.SOLD_KEYS}
E8 = 10**8


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A price list from so many days after the start on: percent of the first one, and of that from some seats on.

    `lacks` are part numbers that it says nothing of; with `tier_from` 0 the quantity makes no difference.
    """

    from_day: int
    percent: int
    tier_from: int = 0
    tier_percent: int = 100
    lacks: tuple[str, ...] = ()

    @property
    def from_on(self) -> dt.date:
        return seeding.START.date() + dt.timedelta(days=self.from_day)


def drawn(chance: random.Random, *, days: int) -> tuple[Listed, ...]:
    """The lists that are known from the beginning on, each in force from some day of the run on."""
    starts = sorted(chance.sample(range(5, days), k=chance.choice((0, 1, 1, 2))))
    return tuple(
        Listed(
            from_day=start,
            percent=chance.choice((60, 105, 120, 300)),
            tier_from=chance.choice((0, 0, 3, 6)),
            tier_percent=chance.choice((50, 90, 95)),
            lacks=tuple(chance.sample(seeding.SOLD, k=chance.choice((0, 0, 1, 4)))),
        )
        for start in starts
    )


def completed(listed: Listed) -> Listed:
    """The same list with what it said nothing of."""
    return replace(listed, lacks=())


def rate(lists: Sequence[Listed], plan: tuple[str, ...], *, on: dt.date, seats: int) -> str:
    """What a seat costs for one cycle where so many begin on that day; empty where the list in force does not say."""
    key: Plan = (plan[0], plan[1], plan[2], plan[3])
    if key not in BASE:
        return ""
    in_force = [(each.from_day, number, each) for number, each in enumerate(lists) if each.from_on <= on]
    if not in_force:
        return f"{BASE[key]}"
    listed = max(in_force)[2]
    if key not in SOLD or any(f"{key[0]}:{key[1]}" == _key(part) for part in listed.lacks):
        return ""
    amount = BASE[key] * listed.percent / 100
    return f"{amount * listed.tier_percent / 100 if listed.tier_from and seats >= listed.tier_from else amount}"


def _key(part: str) -> str:
    row = seeding.BY_PART[part]
    return f"{row['product_id']}:{row['vendor_sku_id']}"


def bring_in(listed: Listed, *, at: dt.datetime) -> None:
    """The product imports the list."""
    lacks = {_key(part) for part in listed.lacks}
    lines = [
        line
        for key, amount in SOLD.items()
        if f"{key[0]}:{key[1]}" not in lacks
        for line in _lines(key, amount * listed.percent / 100, listed)
    ]
    source = price_rows.Source(
        vendor_key="microsoft",
        reseller_id=None,
        name=f"{listed}",
        sha256="",
        are_examples=True,
        valid_from_on=listed.from_on,
        at=at,
    )
    catalogue.import_prices(source=source, sheet=price_sheet.PriceSheet(lines=lines, problems=[], notes=[]))


def _lines(key: Plan, amount: Decimal, listed: Listed) -> list[price_sheet.SheetLine]:
    product_id, vendor_sku_id, term, billing_plan = key
    last = listed.tier_from - 1 if listed.tier_from else None
    tiers: list[tuple[int, int | None, Decimal]] = [(1, last, amount)]
    if listed.tier_from:
        tiers.append((listed.tier_from, None, amount * listed.tier_percent / 100))
    title = next(row["title"] for row in seeding.ROWS if row["product_id"] == product_id)
    return [
        price_sheet.SheetLine(
            line=1,
            offer=price_sheet.OfferParts(product_id, vendor_sku_id, "commercial", term, billing_plan, "BE"),
            currency="EUR",
            title=title,
            publisher="Microsoft Corporation",
            price=price_sheet.Price(
                valid_from_on=listed.from_on,
                valid_until_on=None,
                tier_min=first,
                tier_max=last_seat,
                unit_price_e8=int(each * E8),
                rrp_e8=int(each * E8),
                unit_of_measure="",
                tags="",
            ),
            ends_at_midnight=False,
        )
        for first, last_seat, each in tiers
    ]
