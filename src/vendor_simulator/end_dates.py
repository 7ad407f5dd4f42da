"""Ends of terms that are not a whole term away: at a month's end, or together with another subscription.

All days are UTC days and inclusive (reference: Align subscription end dates).
"""

import datetime as dt
import sqlite3
from collections.abc import Iterator

from vendor_simulator import books, exchange, holdings, partner_customers, partner_wire, terms

_DAY = dt.timedelta(days=1)
# The only days on which a monthly term cannot be cut, because not every month has them.
_UNEVEN_DAYS = frozenset({28, 29, 30})

_FIRST_YEAR, _LAST_YEAR = 2000, 2200

PRODUCT, RANGE, MATCH = "product", "range", "match"


def list_end_dates(call: exchange.Call) -> exchange.Answer:
    """What a purchase may be aligned to: the last month's end in its first full term, and the ends of others."""
    customer = partner_customers.require(call)
    term = call.parameter("term_duration").upper()
    if term not in terms.MONTHS:
        raise partner_wire.refusal(400, 400, "term_duration must be P1M, P1Y or P3Y.")
    starts_on = read_day(call.parameter("term_start_date")) or call.now.date()
    wanted = call.parameter("target_coterm_subscription_id").lower()
    by_day: dict[dt.date, list[str]] = {}
    for other in _others(call.connection, tenant_id=customer["tenant_id"], owner_id=call.settings.partner_tenant_id):
        days = list(_aligned(other, starts_on=starts_on, term=term))
        if days and wanted in {"", other.subscription_id}:
            by_day.setdefault(days[-1], []).append(other.subscription_id)
    items = [_item("subscriptionAligned", day, by_day[day]) for day in sorted(by_day)]
    if not wanted:
        items += [_item("calendarMonthAligned", day, []) for day in _month_ends(starts_on, term=term)[-1:]]
    uri = f"/customers/{customer['customer_id']}/subscriptions/customTermEndDates"
    return exchange.Answer(body=partner_wire.collection(items, self_uri=uri))


def _item(kind: str, day: dt.date, subscription_ids: list[str]) -> partner_wire.Document:
    return {
        "allowedCustomTermEndDateType": kind,
        "allowedCustomTermEndDate": partner_wire.day_start(day),
        "cotermSubscriptionIds": subscription_ids,
        "attributes": {"objectType": "CustomTermEndDate"},
    }


def read_day(sent: object) -> dt.date | None:
    """The day that a request names, None when it names none; 400 for what is no date."""
    if not sent:
        return None
    try:
        day = books.instant(str(sent)).date()
    except (ValueError, OverflowError):
        raise partner_wire.refusal(400, 900242, "The custom term end date is not a date.") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise partner_wire.refusal(400, 900245, "The custom term end date is not of this age.")
    return day


def wrong_with(
    connection: sqlite3.Connection,
    day: dt.date,
    *,
    tenant_id: str,
    owner_id: str,
    starts_on: dt.date,
    term: str,
    is_trial: bool,
    but_for: str = "",
) -> str:
    """What stands against a term that starts on a day and ends on `day`: `product`, `range`, `match` or nothing."""
    if is_trial or term not in terms.MONTHS:
        return PRODUCT
    if not starts_on <= day <= _full_end(starts_on, term=term):
        return RANGE
    if day in _month_ends(starts_on, term=term):
        return ""
    others = _others(connection, tenant_id=tenant_id, owner_id=owner_id)
    matches = any(
        day in _aligned(other, starts_on=starts_on, term=term) for other in others if other.subscription_id != but_for
    )
    return "" if matches else MATCH


def _others(connection: sqlite3.Connection, *, tenant_id: str, owner_id: str) -> Iterator[holdings.Subscription]:
    rows = connection.execute(
        "SELECT subscription_id FROM subscriptions WHERE tenant_id = ? AND owner_tenant_id = ? AND status = 'active'"
        " AND NOT is_trial ORDER BY created_at, subscription_id",
        (tenant_id, owner_id),
    ).fetchall()
    for row in rows:
        found = holdings.find(connection, subscription_id=row["subscription_id"])
        assert found is not None
        yield found


def _aligned(other: holdings.Subscription, *, starts_on: dt.date, term: str) -> Iterator[dt.date]:
    """The days inside the first full term on which the other one ends too, by its own years or, for P1M, months."""
    if term != "P1M" and other.term == "P1M":
        return
    step = 1 if term == "P1M" else 12
    ends_on = other.term_ends_at.date()
    months = (starts_on.year - ends_on.year) * 12 + starts_on.month - ends_on.month
    number = months // step - 1
    last = _full_end(starts_on, term=term)
    while (day := terms.add_months(ends_on, number * step) - _DAY) <= last:
        number += 1
        is_uneven = term == "P1M" and day.day in _UNEVEN_DAYS and (day + _DAY).day != 1
        if day >= starts_on and not is_uneven:
            yield day


def _month_ends(starts_on: dt.date, *, term: str) -> list[dt.date]:
    last = _full_end(starts_on, term=term)
    first_of_next = terms.add_months(starts_on.replace(day=1), 1)
    days = []
    while first_of_next - _DAY <= last:
        days.append(first_of_next - _DAY)
        first_of_next = terms.add_months(first_of_next, 1)
    return days


def _full_end(starts_on: dt.date, *, term: str) -> dt.date:
    return terms.add_months(starts_on, terms.MONTHS[term]) - _DAY
