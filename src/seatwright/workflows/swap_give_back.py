"""What becomes of the old seats of those who have moved: returned now, scheduled for the renewal, or ended.

Everything is judged on what the vendor shows in this very operation, so that nothing is taken that anybody still holds
(invariant 13). A return that is refused at its last moment becomes a wish for the renewal.
"""

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.db import transaction

from seatwright.access.actors import SYSTEM
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import calculation as frozen
from seatwright.orders import changes as orders
from seatwright.orders import intents, swap_terms
from seatwright.orders import queries as order_queries
from seatwright.rules import renewals, tax, timeline, transitions
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.workflows import (
    carry_wishes,
    connections,
    pricing,
    readings,
    schedule_change,
    sending,
    status_operation,
    swap_pricing,
    wishes,
)

SEATS_KIND = "change_seats"
POOL_PATIENCE = dt.timedelta(minutes=15)
StepKind = transitions.StepKind


class ChangedMeanwhile(Exception):
    """The old subscription is no longer what was judged, so nothing was done with it; it has to be judged anew."""


def return_id(*, operation_id: uuid.UUID) -> uuid.UUID:
    """The id of the operation that returns or ends old seats in the round of that operation."""
    return uuid.uuid5(operation_id, "return")


def step(
    *,
    view: OperationView,
    order: order_queries.OrderRow,
    quoted: swap_terms.Calculation,
    tenant: customers.TenantRow,
    moved: int,
    at: dt.datetime,
) -> engine.StepResult:
    """One look at what is left to give back; Next once all of it is returned, wished for, or cannot be."""
    if moved == 0 or view.progress.get("given_back"):
        return engine.Next()
    child_id = return_id(operation_id=view.id)
    child = operation_queries.views(operation_ids=[child_id]).get(child_id)
    if child is not None and not child.is_finished:
        return engine.Again(at=at + _pause(view, at), why="The old seats are being returned.")
    try:
        return _Round(view, order, quoted, tenant, moved, at).look(child, child_id)
    except ChangedMeanwhile:
        return engine.Again(at=at + _pause(view, at), why="The old seats changed while they were judged.")


def _pause(view: OperationView, at: dt.datetime) -> dt.timedelta:
    return max(sending.LOOK_AGAIN, min((at - view.created_at) / 8, sending.LOOK_AGAIN_MOST))


class _Round:
    """The giving back of one round, judged on a fresh reading of the old subscription and of its pool."""

    def __init__(
        self,
        view: OperationView,
        order: order_queries.OrderRow,
        quoted: swap_terms.Calculation,
        tenant: customers.TenantRow,
        moved: int,
        at: dt.datetime,
    ) -> None:
        self.view, self.order, self.quoted, self.tenant, self.moved, self.at = view, order, quoted, tenant, moved, at
        self.customer = customers.customer(seen_by=SYSTEM, customer_id=order.customer_id)
        vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
        row = holdings.holding(seen_by=SYSTEM, subscription_id=quoted.swap.source.subscription_id)
        self.seen = vendor.read_subscription(tenant=ref, subscription_id=row.vendor_subscription_id, at=at)
        self.pools = vendor.list_pools(tenant=ref, at=at)
        readings.take_in(row=row, seen=readings.reading(self.seen, ends_on=row.commitment_end_on), at=at)
        self.row = holdings.holding(seen_by=SYSTEM, subscription_id=row.subscription_id)
        on = pricing.day_of(self.row, at=at, zone=self.customer.reseller_time_zone)
        self.moment = swap_pricing.Moment(
            at=at,
            on=on,
            policy=pricing.window_policy(vendor_key=tenant.vendor_key, on=on),
            tax=tax.tax_for(
                seller_country=self.customer.reseller_country,
                buyer_country=self.customer.country,
                buyer_vat_id=self.customer.vat_id,
                on=on,
            ),
        )

    def look(self, child: OperationView | None, child_id: uuid.UUID) -> engine.StepResult:
        """What is done now; `child` is the return that has ended, None before any. Raises ChangedMeanwhile."""
        if child is not None:
            # What stood at the vendor is stored again only after the return that made it forget.
            is_to_end = child.intent.get("stored", {}).get("ending") == renewals.Ending.CANCEL
            return self.schedule(self.steps(after=child) or (), back=returned(child), is_to_end=is_to_end)
        found = self.steps()
        if found is None:
            again_at = self.at + _pause(self.view, self.at)
            return engine.Again(at=again_at, why="The vendor does not count the moved people yet.")
        now = next((each for each in found if each.kind in (StepKind.RETURN, StepKind.END)), None)
        if now is None:
            return self.schedule(found)
        self.open(now, child_id)
        return engine.Again(at=self.at, why="The old seats are being returned.")

    def steps(self, *, after: OperationView | None = None) -> tuple[transitions.Step, ...] | None:
        """What follows for the old seats; None while the vendor still counts moved people on them.

        `after` is the return that has ended: what it brought back is not asked for again.
        """
        if self.seen.status != "active" or self.seen.quantity != self.row.seats:
            return ()
        back = returned(after)
        spare = sum(
            pool.enabled - pool.consumed for pool in self.pools if pool.sku_id.lower() == self.quoted.swap.source.sku_id
        )
        wanted = min(self.moved - back, self.row.seats)
        since = self.view.progress.get("pool_since")
        if spare < wanted and after is None:
            if since is None:
                since = self.at.isoformat()
                operations.note_progress(operation_id=self.view.id, fence=self.view.fence, at=self.at, pool_since=since)
            if self.at < dt.datetime.fromisoformat(since) + POOL_PATIENCE:
                return None
        open_now = pricing.returnable_of(self.row, at=self.at, policy=self.moment.policy)
        can_end = self.seen.cancellable_until is not None and self.at < self.seen.cancellable_until
        is_whole = wanted == self.row.seats
        assigned = self.row.seats - max(min(spare, self.row.seats), 0)
        self.needed = max(assigned, self._minimum())
        return transitions.give_back(
            moved=wanted,
            held=self.row.seats,
            assigned=assigned,
            minimum=self._minimum(),
            returnable=0 if after is not None or (is_whole and not can_end) else open_now.total,
        )

    def _minimum(self) -> int:
        try:
            return catalogue.offer(offer_key=self.row.offer_key).minimum
        except catalogue.OfferUnknown:
            return 1

    def open(self, now: transitions.Step, child_id: uuid.UUID) -> None:
        """Open the operation that returns the seats or ends the subscription, with its price; no line for an end.

        Raises ChangedMeanwhile.
        """
        with transaction.atomic(durable=True):
            subscriptions.hold_still(subscription_ids=[self.row.subscription_id])
            self._require_as_judged(holdings.by_ids(subscription_ids=[self.row.subscription_id])[0])
            intent = self._return(now, child_id) if now.kind is StepKind.RETURN else self._end()
            operations.note_progress(
                operation_id=self.view.id, fence=self.view.fence, at=self.at, give_back=now.kind.value
            )
            operations.open_operation(
                operation_id=child_id,
                kind=SEATS_KIND if now.kind is StepKind.RETURN else status_operation.KIND,
                lease_key=connections.lease_of_subscription(
                    vendor_key=self.row.vendor_key, vendor_subscription_id=self.row.vendor_subscription_id
                ),
                intent=intent,
                policy_version=self.moment.policy.version,
                request_id=uuid.uuid5(child_id, "request"),
                reseller_id=self.view.reseller_id,
                customer_id=self.view.customer_id,
                by=SYSTEM,
                due_at=self.at,
                deadline_at=self.at + dt.timedelta(seconds=settings.ENVIRONMENT.worker_deadline_s),
                at=self.at,
            )
            checkpoint("intent.before_commit")
        checkpoint("intent.committed")

    def _require_as_judged(self, row: holdings.HoldingRow) -> None:
        """Under the lock: seats booked or lost since they were judged are judged first."""
        if (row.status, row.seats, row.lots) != (self.row.status, self.row.seats, self.row.lots):
            raise ChangedMeanwhile

    def _return(self, now: transitions.Step, child_id: uuid.UUID) -> dict[str, Any]:
        line = swap_pricing.return_line(source=self.row, seats=now.quantity, moment=self.moment)
        orders.add_line(
            order_id=self.order.order_id,
            line=orders.NewLine(
                subscription_id=self.row.subscription_id,
                operation_id=child_id,
                name=self.row.name,
                seats_before=line.seats_before,
                seats_after=line.seats_after,
            ),
        )
        calculation = swap_pricing.plain_calculation(line=line, currency=self.row.currency, moment=self.moment)
        return {
            "subscription_id": str(self.row.subscription_id),
            "tenant_id": str(self.row.tenant_id),
            "vendor_subscription_id": self.row.vendor_subscription_id,
            "seats_before": line.seats_before,
            "seats_after": line.seats_after,
            "stored": carry_wishes.stored(self.row),
            "calculation": frozen.to_json(calculation),
        }

    def _end(self) -> dict[str, Any]:
        return {
            "subscription_id": str(self.row.subscription_id),
            "status": "deleted",
            "status_before": self.row.status,
            "seats": self.row.seats,
            "only_unassigned": True,
            "charges": status_operation.refund(self.row, at=self.at, zone=self.customer.reseller_time_zone),
        }

    def schedule(
        self, found: tuple[transitions.Step, ...], *, back: int = 0, is_to_end: bool = False
    ) -> engine.StepResult:
        """Wish for fewer seats, or the end, at the renewal where one step is left for it, and note how it went.

        `kept` are seats that stay and are paid: somebody else holds them, or the renewal can no longer be changed.
        Raises ChangedMeanwhile.
        """
        left = max(self.moved - back, 0)
        if left and (is_to_end or wishes.seats_to_come(self.row) == 0):
            self._note(scheduled=left, scheduled_kind=StepKind.SCHEDULE_END.value, kept=0)
            return engine.Next()
        if not any(self._wish(each, left=left) for each in found):
            self._note(kept=left)
        return engine.Next()

    def _note(self, **facts: Any) -> None:
        operations.note_progress(operation_id=self.view.id, fence=self.view.fence, at=self.at, given_back=True, **facts)

    def _wish(self, wanted: transitions.Step, *, left: int) -> bool:
        """Whether the wish could be entered, noted in its own transaction, so that no crash takes it further twice.

        Raises ChangedMeanwhile.
        """

        def made_of(row: holdings.HoldingRow) -> dict[timeline.Dimension, timeline.Value]:
            self._require_as_judged(row)
            self._note(
                scheduled=wanted.quantity,
                scheduled_kind=wanted.kind.value,
                kept=max(left - wanted.quantity, 0),
            )
            if wanted.kind in (StepKind.SCHEDULE_END, StepKind.END):
                return {timeline.Dimension.ENDING: renewals.Ending.CANCEL}
            return {timeline.Dimension.QUANTITY: _fewer(row, wanted.quantity, needed=self.needed)}

        try:
            schedule_change.schedule(by=SYSTEM, subscription_id=self.row.subscription_id, wishes=made_of, at=self.at)
        except (schedule_change.Conflicted, wishes.NotRunning):
            return False
        checkpoint("intent.committed")
        return True


def returned(child: OperationView | None) -> int:
    """The seats that an operation of giving back has brought back; none as long as it is not done."""
    if child is None or child.state != "done":
        return 0
    if child.kind == SEATS_KIND:
        return int(child.intent["seats_before"]) - int(child.intent["seats_after"])
    return int(child.intent["seats"])


def _fewer(row: holdings.HoldingRow, seats: int, *, needed: int) -> timeline.Value:
    """The wish for the renewal with so many seats fewer, beside a wish for it that stands already; under the lock.

    A typed total counts as the most that is wanted; a difference becomes so much larger, as far as the seats that are
    still `needed` remain: it may have meant these very seats.
    """
    rows = intents.open_intents(subscription_ids=[row.subscription_id]).get(row.subscription_id, ())
    standing = next(
        (
            each.pending.changes[timeline.Dimension.QUANTITY]
            for each in rows
            if each.pending.effective_on == row.commitment_end_on
            and timeline.Dimension.QUANTITY in each.pending.changes
        ),
        None,
    )
    if isinstance(standing, timeline.SeatsBy):
        return timeline.SeatsBy(min(standing.difference, max(standing.difference - seats, needed - row.seats)))
    if isinstance(standing, timeline.SeatsTotal):
        return timeline.SeatsTotal(min(standing.total, row.seats - seats))
    return timeline.SeatsTotal(row.seats - seats)


def settle_drifts(quoted: swap_terms.Calculation, *, at: dt.datetime) -> None:
    """Compare books and vendor again for both sides, which was left while the swap was open."""
    for subscription_id in {quoted.swap.source.subscription_id, quoted.swap.target.subscription_id}:
        if holdings.by_ids(subscription_ids=[subscription_id]):
            readings.settle_drift(subscription_id=subscription_id, at=at)
