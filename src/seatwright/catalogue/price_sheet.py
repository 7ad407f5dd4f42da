"""The vendor's licence price sheet (`updatedlicensebased`): what one seat costs for one billing period.

Pure. There is no availability id in the sheet, so a line is known by product, SKU, segment, term, billing plan and
market. Rules of reading:

- UnitPrice is the price of one seat for one period of the billing plan, so a year's for P1Y billed annually.
- A sheet without Segment is a commercial one. Charity is our `non_profit`.
- P1M is billed monthly, P1Y monthly or annually, P3Y also for three years at once; another combination is wrong. Terms
  and billing plans in which no seats are sold (NoTerm, P5Y, OneTime) are left out and counted.
- Sheets disagree whether an end at midnight includes that day. It does, unless the next price starts on it.
- A range of seats that starts at 0 or at nothing starts at 1; one without an end has no end.
- Two prices for the same seats on the same day are wrong; a row that repeats an earlier one is counted and ignored.
"""

import datetime as dt
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

from seatwright.catalogue import price_cells, tabular
from seatwright.rules import terms

COLUMNS = tabular.Columns(
    headings={
        "product_title": ("ProductTitle",),
        "product_id": ("ProductId",),
        "vendor_sku_id": ("SkuId",),
        "title": ("SkuTitle",),
        "publisher": ("Publisher",),
        "description": ("SkuDescription",),
        "unit_of_measure": ("UnitOfMeasure",),
        "term": ("TermDuration",),
        "billing_plan": ("BillingPlan",),
        "market": ("Market",),
        "currency": ("Currency",),
        "unit_price": ("UnitPrice",),
        "tier_min": ("PricingTierRangeMin",),
        "tier_max": ("PricingTierRangeMax",),
        "starts": ("EffectiveStartDate",),
        "ends": ("EffectiveEndDate",),
        "tags": ("Tags",),
        "rrp": ("ERP Price", "ERP"),
        "segment": ("Segment",),
    },
    required=frozenset(
        {
            "product_id",
            "vendor_sku_id",
            "title",
            "term",
            "billing_plan",
            "market",
            "currency",
            "unit_price",
            "starts",
            "ends",
        }
    ),
)
TEXT_LENGTHS = {"title": 200, "publisher": 100, "unit_of_measure": 64, "tags": 200}
LINES_PER_OFFER = 200
NO_END_YEAR = 9999


class OfferParts(NamedTuple):
    """What makes an offer: never the vendor's availability id, which drifts."""

    product_id: str
    vendor_sku_id: str
    segment: str
    term: str
    billing_plan: str
    market: str


class Price(NamedTuple):
    """A price of one seat for one billing period, from a day on and until a day exclusive (None: no end)."""

    valid_from_on: dt.date
    valid_until_on: dt.date | None
    tier_min: int
    tier_max: int | None
    unit_price_e8: int
    rrp_e8: int | None
    unit_of_measure: str
    tags: str


class SheetLine(NamedTuple):
    """One row of the sheet; `ends_at_midnight` when its end was written as the very start of the last day."""

    line: int
    offer: OfferParts
    currency: str
    title: str
    publisher: str
    price: Price
    ends_at_midnight: bool


class PriceSheet(NamedTuple):
    """The parsed file. With `problems` nothing of it may be used; `notes` are for the person who imports."""

    lines: list[SheetLine]
    problems: list[tabular.Problem]
    notes: list[str]


def parse(*, table: tabular.Table) -> PriceSheet:
    """Everything in the file, or every reason why it cannot be used."""
    reader = _Reader(table)
    lines: list[SheetLine] = []
    for line, row in table.rows:
        read = reader.line(line=line, row=row)
        if read is not None:
            lines.append(read)
    repeated: list[int] = []
    lines, clashes = _settled(lines=lines, repeated=repeated)
    problems = sorted([*table.problems, *reader.problems, *clashes], key=lambda p: (p.line, p.position))
    if not lines and not problems:
        advice = "after the header there is no row of seats to sell (P1M, P1Y or P3Y)."
        problems.append(tabular.Problem(line=1, advice=advice))
    return PriceSheet(lines=lines, problems=problems, notes=_notes(table=table, reader=reader, repeated=repeated))


class _Sale(NamedTuple):
    """Cells that many rows share: how and where it is sold; `is_seats` is False for rows that are left out."""

    is_seats: bool
    segment: str
    term: str
    billing_plan: str
    market: str
    currency: str


class _Named(NamedTuple):
    """Cells that all rows of one product share."""

    product_id: str
    vendor_sku_id: str
    title: str
    publisher: str
    unit_of_measure: str
    tags: str
    lost_zeros: bool


class _Span(NamedTuple):
    """Cells that nearly all rows share: for which days and how many seats a price is."""

    valid_from_on: dt.date
    valid_until_on: dt.date | None
    tier_min: int
    tier_max: int | None
    ends_at_midnight: bool


class _Reader:
    """Turns rows into lines and remembers what was wrong or left out.

    Cells are read in three groups, each remembered by its text, because a sheet of 200,000 rows repeats most of them.
    """

    def __init__(self, table: tabular.Table) -> None:
        self.table = table
        self.problems: list[tabular.Problem] = []
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.padded = 0
        self._sale = _Group(table, ("term", "billing_plan", "market", "currency", "segment"), self._read_sale)
        texts = ("product_id", "vendor_sku_id", *TEXT_LENGTHS)
        self._named = _Group(table, texts, self._read_named)
        self._span = _Group(table, ("starts", "ends", "tier_min", "tier_max"), self._read_span)
        self._price = _Group(table, ("unit_price",), self._read_price)
        self._rrp = _Group(table, ("rrp",), self._read_rrp)

    def line(self, *, line: int, row: list[str]) -> SheetLine | None:
        """The row as a line, or None when something is wrong with it or it is not about seats."""
        sale = self._sale.read(line, row)
        if sale is not None and not sale.is_seats:
            self.left_out[self._cell(row, "term"), self._cell(row, "billing_plan")] += 1
            return None
        problems_before = len(self.problems)
        named, span = self._named.read(line, row), self._span.read(line, row)
        unit_price, rrp = self._price.read(line, row), self._rrp.read(line, row)
        if sale is None or named is None or span is None or unit_price is None or len(self.problems) > problems_before:
            return None
        self.padded += named.lost_zeros
        offer = OfferParts(
            named.product_id, named.vendor_sku_id, sale.segment, sale.term, sale.billing_plan, sale.market
        )
        price = Price(*span[:4], unit_price, rrp, named.unit_of_measure, named.tags)
        return SheetLine(line, offer, sale.currency, named.title, named.publisher, price, span.ends_at_midnight)

    def _read_sale(self, line: int, row: list[str]) -> _Sale | None:
        problems_before = len(self.problems)
        term = self._value(line, row, "term", price_cells.term)
        plan = self._value(line, row, "billing_plan", price_cells.billing_plan)
        if len(self.problems) == problems_before and (term is None or plan is None):
            return _Sale(False, "", "", "", "", "")
        if term and plan and plan not in terms.allowed_plans(term):
            possible = " or ".join(terms.allowed_plans(term))
            self._wrong(line, row, "billing_plan", f"does not exist for the term {term}, which is billed {possible}.")
        segment = self._optional(line, row, "segment", price_cells.segment) or "commercial"
        market = self._value(line, row, "market", price_cells.market)
        currency = self._value(line, row, "currency", price_cells.currency)
        if len(self.problems) > problems_before:
            return None
        return _Sale(True, segment, str(term), str(plan), str(market), str(currency))

    def _read_named(self, line: int, row: list[str]) -> _Named | None:
        problems_before = len(self.problems)
        product_id = self._value(line, row, "product_id", price_cells.product_id) or ""
        vendor_sku_id = self._value(line, row, "vendor_sku_id", price_cells.vendor_sku_id) or ""
        texts = {column: self._text(line, row, column) for column in TEXT_LENGTHS}
        if not texts["title"]:
            self._wrong(line, row, "title", "is empty; every line names what it sells.")
        if len(self.problems) > problems_before:
            return None
        lost_zeros = len(vendor_sku_id) != len(self._cell(row, "vendor_sku_id"))
        return _Named(product_id, vendor_sku_id, **texts, lost_zeros=lost_zeros)

    def _read_span(self, line: int, row: list[str]) -> _Span | None:
        problems_before = len(self.problems)
        tier_min = self._optional(line, row, "tier_min", price_cells.whole_number) or 1
        tier_max = self._optional(line, row, "tier_max", price_cells.whole_number)
        if tier_max is not None and tier_max < tier_min:
            self._wrong(line, row, "tier_max", f"is below the start of the range, {tier_min}; correct one of the two.")
        starts = self._value(line, row, "starts", price_cells.day)
        ends = self._optional(line, row, "ends", price_cells.day)
        if starts is not None and ends is not None and ends[0] < starts[0]:
            self._wrong(line, row, "ends", f"is before the start, {starts[0]}; correct one of the two.")
        if starts is None or len(self.problems) > problems_before:
            return None
        until = None if ends is None or ends[0].year >= NO_END_YEAR else ends[0] + dt.timedelta(days=1)
        return _Span(starts[0], until, tier_min, tier_max, ends is not None and ends[1])

    def _read_price(self, line: int, row: list[str]) -> int | None:
        return self._value(line, row, "unit_price", price_cells.price_e8)

    def _read_rrp(self, line: int, row: list[str]) -> int | None:
        return self._optional(line, row, "rrp", price_cells.price_e8)

    def _cell(self, row: list[str], column: str) -> str:
        place = self.table.places.get(column)
        return "" if place is None else row[place].strip()

    def _value[Value](self, line: int, row: list[str], column: str, reading: Callable[[str], Value]) -> Value | None:
        text = self._cell(row, column)
        try:
            return reading(text)
        except price_cells.Wrong as wrong:
            self._wrong(line, row, column, str(wrong))
        return None

    def _optional[Value](self, line: int, row: list[str], column: str, reading: Callable[[str], Value]) -> Value | None:
        return self._value(line, row, column, reading) if self._cell(row, column) else None

    def _text(self, line: int, row: list[str], column: str) -> str:
        text = tabular.plain(self._cell(row, column))
        if len(text) > TEXT_LENGTHS[column]:
            self._wrong(line, row, column, f"is longer than {TEXT_LENGTHS[column]} characters; shorten it.")
        return text

    def _wrong(self, line: int, row: list[str], column: str, advice: str) -> None:
        problem = self.table.problem(line=line, column=column, value=self._cell(row, column), advice=advice)
        self.problems.append(problem)


class _Group[Value]:
    """Columns that are read together; what was read without fault is remembered by the text of the cells."""

    def __init__(
        self, table: tabular.Table, columns: Iterable[str], reading: Callable[[int, list[str]], Value | None]
    ) -> None:
        places = [table.places[column] for column in columns if column in table.places]
        self._texts: Callable[[list[str]], object] = operator.itemgetter(*places) if places else lambda _row: ""
        self._reading = reading
        self._known: dict[object, Value] = {}

    def read(self, line: int, row: list[str]) -> Value | None:
        """The value of the group in this row, or None after the fault was noted."""
        texts = self._texts(row)
        value = self._known.get(texts)
        if value is None:
            value = self._reading(line, row)
            if value is not None:
                self._known[texts] = value
        return value


def _settled(*, lines: list[SheetLine], repeated: list[int]) -> tuple[list[SheetLine], Iterable[tabular.Problem]]:
    """The lines with ends at midnight settled, and a problem for each line whose seats and days another prices too."""
    offers: dict[tuple[OfferParts, str], list[SheetLine]] = defaultdict(list)
    for line in lines:
        offers[line.offer, line.currency].append(line)
    settled: list[SheetLine] = []
    problems: list[tabular.Problem] = []
    for same in offers.values():
        if len(same) == 1:
            settled.extend(same)
            continue
        same = _without_repeats(same, repeated)
        if len(same) > LINES_PER_OFFER:
            advice = f"is one of more than {LINES_PER_OFFER} prices for the same offer; is this the right file?"
            problems.append(tabular.Problem(line=same[-1].line, advice=advice))
            continue
        cut = _cut_at_successors(same)
        settled.extend(cut)
        problems.extend(_clashes(cut))
    settled.sort(key=lambda line: line.line)
    return settled, problems


def _without_repeats(lines: list[SheetLine], repeated: list[int]) -> list[SheetLine]:
    first: dict[Price, SheetLine] = {}
    for line in lines:
        if first.setdefault(line.price, line) is not line:
            repeated.append(line.line)
    return list(first.values())


def _cut_at_successors(lines: list[SheetLine]) -> list[SheetLine]:
    """The lines of one offer; an end at midnight on the day on which the next price starts excludes that day."""
    in_order = sorted(lines, key=lambda line: (line.price.tier_min, line.price.tier_max or 0, line.price.valid_from_on))
    cut: list[SheetLine] = []
    for earlier, later in pairwise(in_order):
        price, after = earlier.price, later.price
        same_range = (price.tier_min, price.tier_max) == (after.tier_min, after.tier_max)
        starts_on_last_day = price.valid_until_on == after.valid_from_on + dt.timedelta(days=1)
        if same_range and starts_on_last_day and earlier.ends_at_midnight and price.valid_from_on < after.valid_from_on:
            earlier = earlier._replace(price=price._replace(valid_until_on=after.valid_from_on))
        cut.append(earlier)
    cut.append(in_order[-1])
    return cut


def _clashes(lines: list[SheetLine]) -> Iterable[tabular.Problem]:
    by_line = sorted(lines, key=lambda line: line.line)
    for place, later in enumerate(by_line):
        for earlier in by_line[:place]:
            if _both_price_a_seat(earlier.price, later.price):
                advice = f"has a price for the same offer, seats and days as line {earlier.line}; keep one of them."
                yield tabular.Problem(line=later.line, advice=advice)
                break


def _both_price_a_seat(one: Price, other: Price) -> bool:
    days = (one.valid_until_on is None or other.valid_from_on < one.valid_until_on) and (
        other.valid_until_on is None or one.valid_from_on < other.valid_until_on
    )
    seats = (one.tier_max is None or other.tier_min <= one.tier_max) and (
        other.tier_max is None or one.tier_min <= other.tier_max
    )
    return days and seats


def _notes(*, table: tabular.Table, reader: _Reader, repeated: list[int]) -> list[str]:
    notes = []
    if table.unknown:
        notes.append("Columns that are not used: " + ", ".join(tabular.shown(title) for title in table.unknown) + ".")
    if "segment" not in table.places:
        notes.append("There is no column Segment, so every price is taken as commercial.")
    if table.encoding == "cp1252":
        notes.append("The file is not UTF-8; it was read as Windows-1252.")
    for (term, plan), count in sorted(reader.left_out.items()):
        notes.append(
            f"{count} rows with term {tabular.shown(term)} billed {tabular.shown(plan)} sell no seats: left out."
        )
    if repeated:
        notes.append(f"{len(repeated)} rows repeat an earlier row, the first of them on line {min(repeated)}: ignored.")
    if reader.padded:
        notes.append(f"{reader.padded} SKU ids had lost their leading zeros; they were put back (1 is 0001).")
    return notes
