"""A next term that the vendor holds and nobody planned here: stored in the vendor's own console or by another program.

The renewal brings it all the same. It is shown before, so that nobody learns of it as a difference afterwards.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from seatwright.catalogue import naming
from seatwright.catalogue import queries as catalogue
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import wishes


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What the vendor showed as the next term when last read; `last_on` is the last day of a shortened one."""

    name: str
    seats: int
    term: str
    billing_plan: str
    last_on: dt.date | None


def is_there(row: holdings.HoldingRow) -> bool:
    """Whether the vendor holds a next term unlike the running one; the caller knows that no wish stands behind it."""
    return row.status == "active" and wishes.is_other_stored(row)


def terms_of(row: holdings.HoldingRow) -> dict[str, Any] | None:
    """The next term that the vendor holds, as the JSON of an instruction, where `is_there`."""
    parts = naming.offer_key(row.offer_key)
    if parts is None or not is_there(row):
        return None
    assert row.next_term is not None
    stored = row.next_term
    product = {"product_id": stored["product_id"], "vendor_sku_id": stored["vendor_sku_id"]}
    return {
        "offer": str(parts._replace(**product, term=stored["term"], billing_plan=stored["billing_cycle"])),
        "quantity": stored["quantity"],
        "term": stored["term"],
        "billing_plan": stored["billing_cycle"],
        "aligned_end_on": stored["custom_end_on"],
    }


def of(row: holdings.HoldingRow, *, reseller_id: uuid.UUID) -> Elsewhere | None:
    """The next term that the vendor holds, in words, where `is_there`; of the same product it bears the row's name."""
    if not is_there(row):
        return None
    assert row.next_term is not None
    stored, ends_on = row.next_term, row.next_term["custom_end_on"]
    key = f"{stored['product_id']}:{stored['vendor_sku_id']}"
    is_same = row.offer_key.startswith(f"{row.vendor_key}:{key}:")
    names = {} if is_same else catalogue.product_names(product_keys=[key], reseller_id=reseller_id)
    return Elsewhere(
        name=row.name if is_same else (names[key].name if key in names else key),
        seats=stored["quantity"],
        term=stored["term"],
        billing_plan=stored["billing_cycle"],
        last_on=None if ends_on is None else dt.date.fromisoformat(ends_on) - dt.timedelta(days=1),
    )
