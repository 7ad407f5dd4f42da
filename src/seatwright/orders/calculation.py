"""The frozen calculation of a quote: what was priced, how, and what it adds up to.

It is stored as JSON on the quote and the order, shown on their pages, and its charges are the rows that are billed.
All amounts are minor units of `currency`; dates are half-open; rates are exact decimal texts.
"""

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Seats times days times price: `seats` is the difference, `simple_minor` the product rounded by itself."""

    kind: str
    seats: int
    days: int
    cycle_days: int
    start_on: dt.date
    end_on: dt.date
    unit_rate: str
    amount_minor: int
    rounding_minor: int


@dataclass(frozen=True, kw_only=True)
class Take:
    """Seats to be taken from a lot of the ledger when a return is carried out."""

    lot_id: int
    seats: int


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What a line buys that is not held yet; the term starts on `start_on`, a day of the vendor's calendar (UTC).

    `promotion_share` is the part taken off the price, as in "0.05"; both texts are empty without a promotion. With
    `has_custom_end` the first term ends where the customer chose, on the line's `commitment_end_on`.
    """

    tenant_id: uuid.UUID
    offer_key: str
    sku_id: str
    start_on: dt.date
    promotion_id: str = ""
    promotion_share: str = ""
    has_custom_end: bool = False


@dataclass(frozen=True, kw_only=True)
class TermChange:
    """A line that begins a new term or, without `is_new_term`, another billing plan; its seats stay as they are.

    From `start_on` on the line's term, plan and rate hold, with cycles counted from `anchor_on`; those that begin from
    `charged_from_on` on are charged when they begin. `instead_minor` is what the old term would still have cost.
    """

    is_new_term: bool
    start_on: dt.date
    anchor_on: dt.date
    charged_from_on: dt.date
    from_term: str
    from_plan: str
    from_price_list: str
    offer_key: str
    instead_minor: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One subscription's change with its price; `purchase` is set where the subscription is still to be bought."""

    subscription_id: uuid.UUID
    name: str
    term: str
    billing_plan: str
    seats_before: int
    seats_after: int
    unit_rate: str
    price_list_version: str
    commitment_end_on: dt.date
    cycle_end_on: dt.date
    due_now_minor: int
    cycle_before_minor: int
    cycle_after_minor: int
    rest_of_term_minor: int
    charges: tuple[Charge, ...]
    takes: tuple[Take, ...]
    purchase: Purchase | None = None
    term_change: TermChange | None = None

    @property
    def delta(self) -> int:
        """Seats more (or, negative, fewer) than before."""
        return self.seats_after - self.seats_before


@dataclass(frozen=True, kw_only=True)
class WishResult:
    """Seats at the renewal, and what the next term costs with them net and at today's prices, None where unknown."""

    seats: int
    next_term_minor: int | None


@dataclass(frozen=True, kw_only=True)
class WishQuestion:
    """A wished total for the renewal on `effective_on` that the change moves along or leaves as it is: asked once."""

    subscription_id: uuid.UUID
    effective_on: dt.date
    wished: int
    follows: WishResult
    stays: WishResult


@dataclass(frozen=True, kw_only=True)
class Sums:
    """An amount before tax, its tax, and both together."""

    net_minor: int
    tax_minor: int
    gross_minor: int


@dataclass(frozen=True, kw_only=True)
class Calculation:
    """A whole booking; `on` is the business date in the reseller's zone on which it takes effect.

    `questions` are answered with the booking; other wishes than those asked about make it another calculation.
    """

    on: dt.date
    currency: str
    tax_basis_points: int
    tax_treatment: str
    policy_version: str
    lines: tuple[Line, ...]
    due_now: Sums
    next_period: Sums
    rest_of_term: Sums
    questions: tuple[WishQuestion, ...] = ()


def to_json(calculation: Calculation) -> dict[str, Any]:
    """The calculation as plain JSON values; `from_json` gives an equal one back."""
    plain: dict[str, Any] = msgspec.to_builtins(calculation)
    return plain


def from_json(stored: dict[str, Any]) -> Calculation:
    """The calculation that was stored; raises msgspec.ValidationError when the JSON is not one."""
    return msgspec.convert(stored, Calculation)


def fingerprint(calculation: Calculation) -> str:
    """SHA-256 of the canonical JSON: equal exactly when every number, date and name is equal."""
    return hashlib.sha256(json.dumps(to_json(calculation), sort_keys=True).encode()).hexdigest()
