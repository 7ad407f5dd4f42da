"""Journey 8, the reading half: read a tenant's subscriptions, pools and people, and enter what is new.

What the vendor shows is compared with the books. Unknown subscriptions are entered as found; a different number of
seats is never adopted silently but noted as drift, unless one of our own changes is still under way (invariant 10).
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence

from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import SYSTEM, Actor
from seatwright.assignments import changes as assignments
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.customers.queries import CustomerRow, TenantRow
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.rules import business_dates, periods, terms, unread_terms
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import late_prices, sync_runs
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import (
    buy_limits,
    charge_cycles,
    connections,
    end_of_life,
    extended_service,
    price_terms,
    readings,
    renew_terms,
    schedule_change,
    term_operation,
    transition_operation,
    vendor_list,
    wishes,
)

KIND = "sync_tenant"
DEADLINE = dt.timedelta(hours=6)


def request(*, by: Actor, customer_id: uuid.UUID, at: dt.datetime) -> int:
    """Queue a reading of each tenant of the customer; those with one under way are left alone. Returns how many."""
    customer = customers.customer(seen_by=by, customer_id=customer_id, action="sync.run")
    queued = 0
    for tenant in customers.tenants(seen_by=by, customer_ids=[customer.customer_id], action="sync.run"):
        queued += _queue(tenant, by=by, at=at)
    return queued


def request_all(*, at: dt.datetime) -> int:
    """Queue a reading of every tenant of the installation, as the schedule does; returns how many."""
    return sum(_queue(tenant, by=SYSTEM, at=at) for tenant in customers.tenants_of_installation())


def request_stale(*, older_than: dt.timedelta, at: dt.datetime) -> int:
    """Queue a reading of every tenant whose newest one began `older_than` ago or longer; returns how many."""
    tenants = customers.tenants_of_installation()
    states = sync_runs.sync_states(tenant_ids=[tenant.tenant_id for tenant in tenants])
    stale = [
        tenant
        for tenant in tenants
        if tenant.tenant_id not in states or states[tenant.tenant_id].started_at <= at - older_than
    ]
    return sum(_queue(tenant, by=SYSTEM, at=at) for tenant in stale)


def request_of(*, tenant_ids: Collection[uuid.UUID], at: dt.datetime) -> int:
    """Queue a reading of these tenants; returns how many."""
    tenants = [each for each in customers.tenants_of_installation() if each.tenant_id in tenant_ids]
    return sum(_queue(tenant, by=SYSTEM, at=at) for tenant in tenants)


def request_later(*, tenant: TenantRow, due_at: dt.datetime, at: dt.datetime) -> None:
    """Queue a reading of the tenant for `due_at`, in the caller's transaction, unless one is under way."""
    _queue(tenant, by=SYSTEM, at=at, due_at=due_at)


def _queue(tenant: TenantRow, *, by: Actor, at: dt.datetime, due_at: dt.datetime | None = None) -> int:
    key = f"{KIND}:{tenant.tenant_id}"
    with transaction.atomic():
        # A reading that gave up decides nothing and harms nobody: a new one takes its place without a person.
        for parked_id in operation_queries.parked_ids(lease_key=key):
            operations.settle(operation_id=parked_id, by=SYSTEM, decision="not_done", reason="read anew", at=at)
        if operation_queries.is_open(lease_key=key):
            return operations.bring_forward(kind=KIND, lease_key=key, at=at) if due_at is None else 0
        operation_id = identifiers.new_id()
        operations.open_operation(
            operation_id=operation_id,
            kind=KIND,
            lease_key=key,
            intent={"tenant_id": str(tenant.tenant_id)},
            policy_version="",
            request_id=identifiers.new_id(),
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            by=by,
            due_at=due_at or at,
            deadline_at=at + DEADLINE,
            at=at,
        )
        audit.record(
            by=by,
            action="sync.requested",
            subject_kind="tenant",
            subject_id=tenant.tenant_id,
            before={},
            after={},
            at=at,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            operation_id=operation_id,
        )
    return 1


def read(view: operation_queries.OperationView, at: dt.datetime) -> engine.StepResult:
    """The operation's one step: ask the vendor with no transaction open, then write what differs."""
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=uuid.UUID(view.intent["tenant_id"]))
    run_id = sync_runs.begin_sync(
        tenant_id=tenant.tenant_id, reseller_id=tenant.reseller_id, customer_id=tenant.customer_id, at=at
    )
    note = ""
    found: dict[str, int] | None = None
    try:
        found = read_tenant(tenant=tenant, at=at)
    except port.VendorTrouble as trouble:
        note = trouble.safe_text
        raise
    finally:
        if found is None:
            sync_runs.end_sync(run_id=run_id, state="failed", note=note, found={}, at=at)
    with transaction.atomic():
        note = "Something could not be read and stays as it was." if found["subscriptions_unreadable"] else ""
        sync_runs.end_sync(run_id=run_id, state="done", note=note, found=found, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    return engine.Finished()


def read_tenant(*, tenant: TenantRow, at: dt.datetime) -> dict[str, int]:
    """Read the tenant as of `at` and enter what differs; returns counts of what was written.

    Raises port.VendorTrouble before anything is written of the part that could not be read.
    """
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    listed, unreadable = vendor_list.read(vendor, ref, tenant_id=tenant.tenant_id, at=at)
    missing = vendor_list.missing(vendor, ref, tenant_id=tenant.tenant_id, listed=listed, unreadable=unreadable, at=at)
    seen = list(listed.values())
    sources = vendor.list_pool_sources(tenant=ref, at=at)
    pools = vendor.list_pools(tenant=ref, at=at)
    people = [readings.person(person) for person in vendor.iter_people(tenant=ref, at=at) if not person.removed]
    customer = customers.customer(seen_by=SYSTEM, customer_id=tenant.customer_id)
    sku_of = {source.commerce_subscription_id.lower(): source.sku_id.lower() for source in sources}
    written = _enter_subscriptions(customer, tenant, seen, sku_of, at=at)
    written["subscriptions_unreadable"] = len(unreadable)
    for row in missing:
        gone = subscriptions.Reading(
            status="deleted",
            seats=0,
            auto_renew=False,
            commitment_end_on=row.commitment_end_on,
            returnable=(),
            scheduled=None,
            cancellable_until=None,
        )
        written["subscriptions_changed"] += readings.take_in(row=row, seen=gone, at=at)
        end_of_life.enter(subscription_id=row.subscription_id, at=at)
        written["drifts"] += readings.settle_drift(subscription_id=row.subscription_id, at=at)
    # After the ends are entered: what an ended licence owes is charged with its price or never.
    held = [row.subscription_id for row in holdings.holdings_of_tenant(tenant_id=tenant.tenant_id).values()]
    unpriced = late_prices.unpriced_of(subscription_ids=held)
    written["terms_priced"] = price_terms.price_late(customer=customer, unpriced=unpriced, at=at)
    ours = {subscription.subscription_id.lower() for subscription in seen} | unreadable
    written["pools"] = assignments.replace_pools(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        pools=[_pool(pool, sources, ours) for pool in pools],
        at=at,
    )
    written |= assignments.replace_people(
        tenant_id=tenant.tenant_id, reseller_id=tenant.reseller_id, customer_id=tenant.customer_id, people=people
    )
    return written


def _enter_subscriptions(
    customer: CustomerRow,
    tenant: TenantRow,
    seen: Sequence[port.VendorSubscription],
    sku_of: dict[str, str],
    *,
    at: dt.datetime,
) -> dict[str, int]:
    # Asked before the books: a purchase that ends in between is in the books then.
    being_bought = buy_limits.products_being_bought(customer_id=tenant.customer_id, tenant_id=tenant.tenant_id)
    known = holdings.holdings_of_tenant(tenant_id=tenant.tenant_id)
    counts = {
        "subscriptions_new": 0,
        "subscriptions_changed": 0,
        "subscriptions_unusable": 0,
        "terms_renewed": 0,
        "wishes_missing": 0,
        "drifts": 0,
    }
    for subscription in seen:
        row = known.get(subscription.subscription_id.lower())
        if row is None and not _is_bookable(subscription):
            counts["subscriptions_unusable"] += 1
            continue
        if row is None and f"{subscription.product_id}:{subscription.vendor_sku_id}".upper() in being_bought:
            continue
        if row is None and transition_operation.makes(customer_id=tenant.customer_id, seen=subscription):
            continue
        if row is None:
            _adopt(customer, tenant, subscription, sku_of.get(subscription.subscription_id.lower(), ""), at=at)
            counts["subscriptions_new"] += 1
            continue
        if renew_terms.is_renewed(row=row, seen=subscription, at=at):
            if transition_operation.holds_up(row=row) or term_operation.holds_up(row=row):
                continue
            counts["terms_renewed"] += renew_terms.enter(
                customer=customer, row=row, seen=subscription, expected_seats=wishes.expected_seats(row), at=at
            )
            if subscription.status in end_of_life.STATES:
                # It is charged for no longer once its end is entered.
                charge_cycles.post_of(subscription_ids=[row.subscription_id], at=at)
            row = holdings.by_ids(subscription_ids=[row.subscription_id])[0]
        reading = readings.reading(subscription, ends_on=row.commitment_end_on)
        counts["subscriptions_changed"] += readings.take_in(row=row, seen=reading, at=at)
        counts["wishes_missing"] += schedule_change.reapply_if_missing(row=row, seen=subscription, at=at)
        if reading.status in end_of_life.STATES and (row.seats or reading.status != "deleted"):
            end_of_life.enter(subscription_id=row.subscription_id, at=at)
        counts["drifts"] += readings.settle_drift(subscription_id=row.subscription_id, at=at)
    return counts


def _is_bookable(seen: port.VendorSubscription) -> bool:
    """Whether the vendor gave what the books need: a term with days in it, and seats if it is running."""
    if seen.commitment_end_on is None or seen.effective_start_on is None:
        return False
    is_running = seen.status in ("active", "pending")
    return seen.commitment_end_on > seen.effective_start_on and seen.quantity >= (1 if is_running else 0)


def _adopt(
    customer: CustomerRow, tenant: TenantRow, seen: port.VendorSubscription, sku_id: str, *, at: dt.datetime
) -> None:
    on = business_dates.business_date(at=at, zone=customer.reseller_time_zone)
    offer = _offer(customer, tenant, seen, sku_id)
    assert seen.effective_start_on is not None
    # A cycle that begins today for the vendor has begun yesterday to the east of it, and nobody charged it before.
    met_on = min(on, at.astimezone(dt.UTC).date())
    # Where the reseller's day is behind the vendor's, the term may begin tomorrow, at the price of that day.
    price = None if offer is None else _price(customer, offer, seen, on=max(met_on, seen.effective_start_on))
    new = subscriptions.NewSubscription(
        tenant_id=tenant.tenant_id,
        reseller_id=tenant.reseller_id,
        customer_id=tenant.customer_id,
        vendor_key=tenant.vendor_key,
        vendor_subscription_id=seen.subscription_id,
        offer_key="" if offer is None else offer.offer_key,
        sku_id=(offer.sku_id if offer else "") or sku_id,
        name=((offer.own_label or offer.title) if offer else seen.name)[:200],
        term=seen.term[:8],
        billing_plan=seen.billing_cycle[:16],
        anchor_on=_anchor(seen),
        term_start_on=seen.effective_start_on,
        unit_rate="" if price is None else f"{price.amount:f}",
        currency=customer.currency if price is None else price.currency,
        price_list_version="" if price is None else price.price_list_version,
        is_trial=seen.is_trial,
        charged_from_on=met_on,
        shown_key=str(price_terms.offer_key_of(customer=customer, vendor_key=tenant.vendor_key, seen=seen)),
        is_extended=extended_service.is_certain(seen),
    )
    policy = catalogue.return_policy(vendor_key=tenant.vendor_key, on=on)
    with transaction.atomic():
        subscription_id = subscriptions.adopt(
            new=new, reading=readings.reading(seen), policy_version=policy.version, at=at
        )
        audit.record(
            by=SYSTEM,
            action="subscription.adopted",
            subject_kind="subscription",
            subject_id=subscription_id,
            before={},
            after={"seats": seen.quantity, "name": new.name, "vendor_subscription_id": new.vendor_subscription_id},
            at=at,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
        )


def _anchor(seen: port.VendorSubscription) -> dt.date:
    """The day from which the vendor counts the terms."""
    assert seen.effective_start_on is not None
    assert seen.commitment_end_on is not None
    during = periods.Period(seen.effective_start_on, seen.commitment_end_on)
    try:
        return unread_terms.anchor_of(term=terms.Term(seen.term), during=during)
    except ValueError:
        return seen.effective_start_on


def _offer(
    customer: CustomerRow, tenant: TenantRow, seen: port.VendorSubscription, sku_id: str
) -> catalogue.OfferRow | None:
    """The offer that it is an instance of; of a month of extended service the one that its price lies on."""
    shown = price_terms.offer_key_of(customer=customer, vendor_key=tenant.vendor_key, seen=seen)
    found = catalogue.offers(offer_keys=[str(shown)], reseller_id=customer.reseller_id).get(str(shown))
    if not extended_service.is_certain(seen):
        return found
    return extended_service.offer_behind(customer=customer, shown=shown, sku_id=sku_id)


def _price(
    customer: CustomerRow, offer: catalogue.OfferRow, seen: port.VendorSubscription, *, on: dt.date
) -> catalogue.UnitRate | None:
    if seen.is_trial:
        return None
    if extended_service.is_certain(seen):
        return extended_service.rate(customer=customer, offer_key=offer.offer_key, quantity=seen.quantity, on=on)
    return price_terms.rate(customer=customer, offer_key=offer.offer_key, seats=seen.quantity, on=on)


def _pool(pool: port.LicencePool, sources: Iterable[port.PoolSource], ours: set[str]) -> assignments.FoundPool:
    foreign = sum(
        source.total
        for source in sources
        if source.sku_id.lower() == pool.sku_id.lower()
        and source.status in ("Enabled", "Warning")
        and source.commerce_subscription_id.lower() not in ours
    )
    return assignments.FoundPool(
        sku_id=pool.sku_id.lower(),
        part_number=pool.sku_part_number,
        applies_to=pool.applies_to,
        enabled_units=pool.enabled,
        warning_units=pool.warning,
        suspended_units=pool.suspended,
        consumed_units=pool.consumed,
        foreign_units=foreign,
    )


def register() -> None:
    """Tell the engine how this journey's operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("read", read),)))


def may_sync(*, by: Actor, reseller_id: uuid.UUID, customer_id: uuid.UUID) -> bool:
    """Whether the sync button is for this actor."""
    return permissions.allowed(by=by, action="sync.run", reseller_id=reseller_id, customer_id=customer_id)
