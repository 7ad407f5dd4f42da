"""Every question about what customers hold."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.subscriptions import late_prices
from seatwright.subscriptions.models import Drift, HeldTerm, SeatEntry, Subscription


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Seats still held of those added by one booking; `returnable_until` is our own arithmetic, in UTC."""

    lot_id: int
    seats: int
    added_at: dt.datetime
    returnable_until: dt.datetime | None
    kind: str


@dataclass(frozen=True, kw_only=True)
class HoldingRow:
    """A subscription as the books and the last reading have it; dates are half-open."""

    subscription_id: uuid.UUID
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    tenant_id: uuid.UUID
    vendor_key: str
    vendor_subscription_id: str
    offer_key: str
    sku_id: str
    name: str
    term: str
    billing_plan: str
    status: str
    seats: int
    vendor_seats: int
    anchor_on: dt.date
    term_start_on: dt.date
    commitment_end_on: dt.date
    unit_rate: str
    currency: str
    price_list_version: str
    auto_renew: bool
    is_trial: bool
    returnable: tuple[tuple[int, dt.datetime], ...] | None
    scheduled: dict[str, Any] | None
    end_of_term: str
    next_term: dict[str, Any] | None
    cancellable_until: dt.datetime | None
    read_at: dt.datetime
    lots: tuple[Lot, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the seat ledger with the running total after it."""

    at: dt.datetime
    kind: str
    seats: int
    total: int
    returnable_until: dt.datetime | None
    operation_id: uuid.UUID | None
    note: str


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term with the price frozen for it; cycles that start from `charged_from_on` on are charged by us.

    `followed_on` is the day on which another one began inside it: cycles that begin later are the other's. While the
    price of one that `is_priced_late` was not known, changes of its seats could not be charged.
    """

    start_on: dt.date
    end_on: dt.date
    anchor_on: dt.date
    term: str
    billing_plan: str
    unit_rate: str
    currency: str
    price_list_version: str
    charged_from_on: dt.date
    offer_key: str = ""
    followed_on: dt.date | None = None
    is_priced_late: bool = False


@dataclass(frozen=True, kw_only=True)
class SeatChange:
    """A signed change of the number of seats, with the operation that brought it, if one did."""

    at: dt.datetime
    seats: int
    operation_id: uuid.UUID | None


@dataclass(frozen=True, kw_only=True)
class DriftRow:
    """An open difference between our books and the vendor's."""

    subscription_id: uuid.UUID
    customer_id: uuid.UUID
    name: str
    kind: str
    ours: str
    theirs: str
    found_at: dt.datetime


def holding(*, seen_by: Actor, subscription_id: uuid.UUID, action: str = "licences.view") -> HoldingRow:
    """One subscription; raises access.permissions.Unknown for a foreign or unknown id, NotAllowed without the right."""
    row = Subscription.objects.filter(pk=subscription_id).first()
    if row is None:
        raise permissions.Unknown
    permissions.require(by=seen_by, action=action, reseller_id=row.reseller_id, customer_id=row.customer_id)
    return _with_lots([row])[0]


def holdings(*, seen_by: Actor, customer_ids: Sequence[uuid.UUID], action: str = "licences.view") -> list[HoldingRow]:
    """All subscriptions of these customers that the actor may see, by tenant and name, ended ones last."""
    rows = Subscription.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action=action), customer_id__in=customer_ids
    ).order_by("tenant_id", "name", "id")
    return _with_lots(list(rows))


def by_ids(*, subscription_ids: Sequence[uuid.UUID]) -> list[HoldingRow]:
    """These subscriptions with their lots, by id; for the product's own scheduled work."""
    return _with_lots(list(Subscription.objects.filter(pk__in=subscription_ids).order_by("pk")))


def holdings_of_tenant(*, tenant_id: uuid.UUID) -> dict[str, HoldingRow]:
    """The tenant's subscriptions by the vendor's id; for the product's own reading of the vendor."""
    return {row.vendor_subscription_id: row for row in holdings_of_tenants(tenant_ids=[tenant_id])}


def holdings_of_tenants(*, tenant_ids: Sequence[uuid.UUID]) -> list[HoldingRow]:
    """The subscriptions of all these tenants, in no order; for what one licence of a tenant means for another."""
    return _with_lots(list(Subscription.objects.filter(tenant_id__in=tenant_ids)))


def ledger(*, seen_by: Actor, subscription_id: uuid.UUID) -> list[Entry]:
    """The whole seat ledger of one subscription, oldest first."""
    visible = permissions.visible_rows(seen_by=seen_by, action="licences.view")
    rows = SeatEntry.objects.filter(visible, subscription_id=subscription_id).order_by("effective_at", "id")
    entries, total = [], 0
    for row in rows:
        total += row.seats
        entries.append(
            Entry(
                at=row.effective_at,
                kind=row.kind,
                seats=row.seats,
                total=total,
                returnable_until=row.returnable_until,
                operation_id=row.operation_id,
                note=row.note,
            )
        )
    return entries


def terms(*, subscription_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[Term, ...]]:
    """The terms of these subscriptions with their frozen prices, those found late among them, oldest first."""
    found: dict[uuid.UUID, list[Term]] = {}
    rows = list(HeldTerm.objects.filter(subscription_id__in=subscription_ids).order_by("start_on"))
    late = late_prices.frozen_for([row for row in rows if not row.unit_rate])
    for row in rows:
        price = late.get((row.subscription_id, row.start_on), row)
        found.setdefault(row.subscription_id, []).append(
            Term(
                start_on=row.start_on,
                end_on=row.end_on,
                anchor_on=row.anchor_on,
                term=row.term,
                billing_plan=row.billing_plan,
                unit_rate=price.unit_rate,
                currency=price.currency,
                price_list_version=price.price_list_version,
                charged_from_on=row.charged_from_on,
                offer_key=row.offer_key,
                is_priced_late=price is not row,
            )
        )
    return {key: _followed(value) for key, value in found.items()}


def _followed(rows: Sequence[Term]) -> tuple[Term, ...]:
    """The terms, oldest first, each with the day on which the next one began inside it."""
    following = [*rows[1:], None]
    return tuple(
        row if after is None or after.start_on >= row.end_on else replace(row, followed_on=after.start_on)
        for row, after in zip(rows, following, strict=True)
    )


def plans_ahead(*, subscription_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """The billing plan and the rate of each subscription that has others entered for a later cycle of its term.

    The newest entry of the term decides: one before it with another plan is past.
    """
    in_term = {"start_on__gt": F("subscription__term_start_on"), "end_on": F("subscription__commitment_end_on")}
    rows = HeldTerm.objects.filter(subscription_id__in=subscription_ids, **in_term).order_by("start_on", "id")
    found = rows.values_list("subscription_id", "billing_plan", "unit_rate", "subscription__billing_plan")
    newest = {key: (plan, rate, present) for key, plan, rate, present in found}
    return {key: (plan, rate) for key, (plan, rate, present) in newest.items() if plan != present}


def seat_changes(*, subscription_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[SeatChange, ...]]:
    """Every change of the number of seats of these subscriptions, oldest first."""
    found: dict[uuid.UUID, list[SeatChange]] = {}
    rows = SeatEntry.objects.filter(subscription_id__in=subscription_ids).order_by("effective_at", "id")
    values = rows.values_list("subscription_id", "effective_at", "seats", "operation_id")
    for subscription_id, at, seats, operation_id in values:
        found.setdefault(subscription_id, []).append(SeatChange(at=at, seats=seats, operation_id=operation_id))
    return {key: tuple(value) for key, value in found.items()}


def running_ids(*, after: uuid.UUID | None = None, limit: int = 500) -> list[uuid.UUID]:
    """A page of the subscriptions that are live or were until lately, by id, for the product's own scheduled work."""
    rows = Subscription.objects.exclude(status="deleted")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def term_ends(*, from_on: dt.date, until_on: dt.date) -> list[tuple[str, uuid.UUID, dt.date]]:
    """Vendor, tenant and day of each end of a live term from `from_on` until before `until_on`, each once."""
    rows = Subscription.objects.filter(
        status__in=("active", "pending", "suspended"),
        commitment_end_on__gte=from_on,
        commitment_end_on__lt=until_on,
    )
    return list(rows.values_list("vendor_key", "tenant_id", "commitment_end_on").distinct())


def coming(
    *,
    seen_by: Actor,
    from_on: dt.date,
    until_on: dt.date | None = None,
    customer_ids: Sequence[uuid.UUID] | None = None,
    words: Sequence[str] = (),
    monthly_ids: Sequence[uuid.UUID] = (),
    after: tuple[dt.date, uuid.UUID] | None = None,
    limit: int,
) -> list[HoldingRow]:
    """The live subscriptions whose terms end from `from_on` until before `until_on`, soonest first, without lots.

    Months that roll on are left out but for `monthly_ids`, those that are not renewed by themselves and those for
    which the vendor holds a next term. Every one of `words`, folded, is in the customer's name or domains.
    """
    is_renewed = Q(vendor_end_of_term="renew") | Q(vendor_end_of_term="", auto_renew=True)
    rows = Subscription.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="licences.view"),
        Q(pk__in=monthly_ids) | ~Q(term="P1M") | ~is_renewed | Q(vendor_next_term__isnull=False),
        status__in=("active", "pending", "suspended"),
        commitment_end_on__gte=from_on,
    )
    if until_on is not None:
        rows = rows.filter(commitment_end_on__lt=until_on)
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    for word in words:
        rows = rows.filter(customer__search_text__contains=word)
    if after is not None:
        on, last_id = after
        rows = rows.filter(Q(commitment_end_on__gt=on) | Q(commitment_end_on=on, pk__gt=last_id))
    return [_holding_row(row, ()) for row in rows.order_by("commitment_end_on", "pk")[:limit]]


def with_open_windows(*, seen_by: Actor, at: dt.datetime, limit: int) -> list[HoldingRow]:
    """Active subscriptions with seats that can be returned after `at` by our own arithmetic; months are left out."""
    lots = SeatEntry.objects.filter(subscription=OuterRef("pk"), seats__gt=0, returnable_until__gt=at)
    rows = Subscription.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="licences.view"),
        ~Q(term="P1M"),
        Exists(lots) | Q(reopened_until__gt=at),
        status="active",
    )
    return _with_lots(list(rows.order_by("pk")[:limit]))


def open_drifts(*, seen_by: Actor, customer_ids: Sequence[uuid.UUID] | None = None) -> list[DriftRow]:
    """Open differences that the actor may see, oldest first; of all visible customers when none are named."""
    rows = Drift.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="licences.view"), closed_at__isnull=True
    )
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    columns = ("subscription_id", "customer_id", "kind", "ours", "theirs", "found_at")
    found = rows.order_by("found_at", "id").values(*columns, name=F("subscription__name"))
    return [DriftRow(**row) for row in found[:500]]


def missing_since(*, subscription_id: uuid.UUID) -> dt.datetime | None:
    """Since when the vendor has shown no seats where the books have some, by the open drift; None without one."""
    rows = Drift.objects.filter(subscription_id=subscription_id, kind="quantity", theirs="0", closed_at__isnull=True)
    return rows.values_list("found_at", flat=True).first()


def miscounted() -> list[uuid.UUID]:
    """Subscriptions whose stored seats are not the sum of their ledger; must be empty (invariant 11)."""
    rows = Subscription.objects.annotate(total=Sum("seatentry__seats")).exclude(total=F("seats"))
    return [row.pk for row in rows if not (row.seats == 0 and row.total is None)]


def _with_lots(rows: list[Subscription]) -> list[HoldingRow]:
    lots = _lots({row.pk: row for row in rows})
    return [_holding_row(row, lots.get(row.pk, ())) for row in rows]


def _lots(rows: Mapping[uuid.UUID, Subscription]) -> dict[uuid.UUID, tuple[Lot, ...]]:
    entries = SeatEntry.objects.filter(subscription_id__in=list(rows)).order_by("effective_at", "id")
    columns = ("pk", "subscription_id", "lot_id", "seats", "effective_at", "returnable_until", "kind")
    seen: list[tuple[Any, ...]] = list(entries.values_list(*columns))
    taken: Counter[int] = Counter()
    for _key, _subscription_id, lot_id, seats, *_others in seen:
        if lot_id is not None:
            taken[lot_id] -= seats
    found: dict[uuid.UUID, list[Lot]] = {}
    for key, subscription_id, lot_id, seats, added_at, until, kind in seen:
        left = seats - taken[key]
        if lot_id is None and left > 0:
            window_end = _window_end(rows[subscription_id], added_at=added_at, until=until)
            found.setdefault(subscription_id, []).append(
                Lot(lot_id=key, seats=left, added_at=added_at, returnable_until=window_end, kind=kind)
            )
    return {key: tuple(value) for key, value in found.items()}


def _window_end(row: Subscription, *, added_at: dt.datetime, until: dt.datetime | None) -> dt.datetime | None:
    """The end of the lot's own window, or of the one that a renewal opened for seats held then."""
    return row.reopened_until if row.renewed_at is not None and added_at <= row.renewed_at else until


def _holding_row(row: Subscription, lots: tuple[Lot, ...]) -> HoldingRow:
    batches = row.vendor_returnable
    return HoldingRow(
        subscription_id=row.pk,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        tenant_id=row.tenant_id,
        vendor_key=row.vendor_key,
        vendor_subscription_id=row.vendor_subscription_id,
        offer_key=row.offer_key,
        sku_id=row.sku_id,
        name=row.name,
        term=row.term,
        billing_plan=row.billing_plan,
        status=row.status,
        seats=row.seats,
        vendor_seats=row.vendor_seats,
        anchor_on=row.anchor_on,
        term_start_on=row.term_start_on,
        commitment_end_on=row.commitment_end_on,
        unit_rate=row.unit_rate,
        currency=row.currency,
        price_list_version=row.price_list_version,
        auto_renew=row.auto_renew,
        is_trial=row.is_trial,
        returnable=None
        if batches is None
        else tuple((int(quantity), dt.datetime.fromisoformat(until)) for quantity, until in batches),
        scheduled=row.vendor_scheduled,
        end_of_term=row.vendor_end_of_term,
        next_term=row.vendor_next_term,
        cancellable_until=row.cancellable_until,
        read_at=row.read_at,
        lots=lots,
    )


def counts(*, customer_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    """How many live subscriptions and seats each of these customers has."""
    rows = (
        Subscription.objects.filter(customer_id__in=customer_ids, status__in=("active", "pending", "suspended"))
        .values("customer_id")
        .annotate(number=Count("id"), total=Sum("seats"))
    )
    return {row["customer_id"]: (row["number"], row["total"]) for row in rows}
