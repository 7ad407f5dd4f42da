"""What tests of quotes start from: one subscription of twelve seats in June 2026, and the words to vary it."""

import datetime as dt
from typing import Any

from seatwright.rules import quote, tax, windows
from seatwright.rules.money import Money, Rate
from seatwright.rules.periods import Period
from seatwright.rules.quote import Holding, LineWish, Quote, QuoteLine
from seatwright.rules.tax import TaxRule
from seatwright.rules.terms import BillingPlan, Term
from seatwright.rules.windows import SeatLot, WindowPolicy

ON = dt.date(2026, 6, 20)
AT = dt.datetime(2026, 6, 20, 9, tzinfo=dt.UTC)
GERMAN = TaxRule(1900, tax.Treatment.STANDARD)
POLICY = WindowPolicy(
    version="2026-1",
    return_window=dt.timedelta(hours=168),
    safety_margin=dt.timedelta(minutes=10),
    source="made up for tests",
)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def lot(quantity: int, days_ago: int) -> SeatLot:
    added_at = AT - dt.timedelta(days=days_ago)
    return SeatLot(
        lot_id=f"{days_ago} days ago",
        quantity=quantity,
        added_at=added_at,
        returnable_until=windows.window_end(added_at=added_at, policy=POLICY),
    )


def holding(key: str = "standard", **changes: Any) -> Holding:
    """Twelve seats at 10.00 a month, five of them four days old, bought for a year on 1 January 2026."""
    facts: dict[str, Any] = {
        "subscription_key": key,
        "name": f"Mail {key}",
        "quantity": 12,
        "assigned": 0,
        "holders": (),
        "minimum": 1,
        "maximum": 300,
        "currency": "EUR",
        "unit_rate": Rate.parse("10.00", changes.get("currency", "EUR")),
        "price_list_version": "2026-01",
        "term": Term.P1Y,
        "billing_plan": BillingPlan.MONTHLY,
        "anchor_on": dt.date(2026, 1, 1),
        "cycle": Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1)),
        "commitment_end_on": dt.date(2027, 1, 1),
        "lots": (lot(7, 170), lot(5, 4)),
        "vendor_returnable": None,
        "status": "active",
        "is_self_service": True,
        "counts_as_active": True,
        "package_key": "example.org",
    }
    return Holding(**(facts | changes))


def priced(wishes: dict[str, int], *holdings: Holding, **changes: Any) -> Quote:
    """The quote for the wished totals on 20 June 2026, German tax, one seat to remain in each package."""
    arguments: dict[str, Any] = {
        "wishes": [LineWish(key, quantity) for key, quantity in wishes.items()],
        "holdings": holdings or (holding(),),
        "package_minimum": 1,
        "on": ON,
        "at": AT,
        "policy": POLICY,
        "tax": GERMAN,
    }
    return quote.quote(**(arguments | changes))


def only_line(quoted: Quote) -> QuoteLine:
    assert len(quoted.lines) == 1
    return quoted.lines[0]
