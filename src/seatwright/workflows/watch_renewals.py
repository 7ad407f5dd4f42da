"""Idea 1, the watching half: before a renewal the vendor is read, and staff are alarmed when it lacks our wishes.

At each stage of the policy (72 and 25 hours before the end of the term as shipped) an operation reads the subscription
afresh. What it finds is written once for the stage: `held`, or an alarm, which queues storing the wishes again, mails
the reseller's staff and stands on the pages until a reading shows the wishes stored. Wishes that are stored and have
become impossible since are an alarm too. Of stages slept through only the
last one is looked at; a clock that goes back finds its stages looked at already. A look that could not be done is an
alarm of its own and is looked at anew; so is a term that is over with none following, once the vendor had its time.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from seatwright.access import audit, identifiers
from seatwright.access.actors import SYSTEM, Role
from seatwright.catalogue import queries as catalogue
from seatwright.customers import queries as customers
from seatwright.operations import changes as operations
from seatwright.operations import engine
from seatwright.operations import queries as operation_queries
from seatwright.operations.checkpoints import checkpoint
from seatwright.operations.queries import OperationView
from seatwright.orders import intents
from seatwright.rules import alarms, renewals, timeline
from seatwright.subscriptions import queries as holdings
from seatwright.subscriptions import renewal_alarms
from seatwright.vendors import port
from seatwright.workflows import blocked_wishes, connections, readings, schedule_change, send_mail
from seatwright.workflows import wishes as wishing

KIND = "watch_renewal"
# Shorter than the hour between the last stage and the lock, so that staff hear in time of a vendor that cannot be read.
DEADLINE = dt.timedelta(minutes=30)
# No alarm of any policy lies further before its renewal.
LOOK_AHEAD = dt.timedelta(days=31)
# Wishes that are being stored right now are waited for so long before their absence is an alarm.
BEING_STORED = dt.timedelta(minutes=30)
LOOK_AGAIN = dt.timedelta(minutes=5)
STAFF = frozenset({Role.RESELLER_ADMIN, Role.RESELLER_SALES, Role.RESELLER_SUPPORT})


def request_due(*, at: dt.datetime) -> int:
    """Queue a look at the vendor for every renewal with wishes that a stage is due for; returns how many.

    Renewals that the vendor has not made in its time are alarmed as well.
    """
    _alarm_overdue(at=at)
    queued, after = 0, None
    horizon = (at + LOOK_AHEAD).date()
    while ids := intents.wished_for(from_on=at.date(), until_on=horizon, after=after):
        queued += _request_page(ids, at=at)
        after = ids[-1]
    return queued


def _request_page(ids: Sequence[uuid.UUID], *, at: dt.datetime) -> int:
    rows = [row for row in holdings.by_ids(subscription_ids=ids) if row.status == "active"]
    rules = catalogue.RenewalRules(vendor_keys={row.vendor_key for row in rows})
    looked = renewal_alarms.looked(subscription_ids=ids)
    queued = 0
    for row in rows:
        done = looked.get((row.subscription_id, row.commitment_end_on), frozenset())
        policy = wishing.policy_in(rules, row)
        stage = _stage(row, policy, done, at=at)
        if stage is not None:
            queued += _queue(row, stage, policy, at=at)
    return queued


def _stage(
    row: holdings.HoldingRow, policy: renewals.RenewalPolicy, looked: frozenset[dt.timedelta], *, at: dt.datetime
) -> alarms.Alarm | None:
    return alarms.alarm_due(is_applied=False, renews_on=row.commitment_end_on, raised=looked, at=at, policy=policy)


def _queue(row: holdings.HoldingRow, stage: alarms.Alarm, policy: renewals.RenewalPolicy, *, at: dt.datetime) -> int:
    key = f"{KIND}:{row.subscription_id}"
    with transaction.atomic(durable=True):
        for parked in operation_queries.views(operation_ids=operation_queries.parked_ids(lease_key=key)).values():
            if parked.created_at >= stage.due_at:
                _alarm_of(row, "unverified", stage, at=at)
            # One that gave up at once waits as long as one that tried until its deadline.
            if at < parked.created_at + DEADLINE:
                return 0
            operations.settle(operation_id=parked.id, by=SYSTEM, decision="not_done", reason="looked at anew", at=at)
        if operation_queries.is_open(lease_key=key):
            return 0
        operations.open_operation(
            operation_id=identifiers.new_id(),
            kind=KIND,
            lease_key=key,
            intent={"subscription_id": str(row.subscription_id)},
            policy_version=policy.version,
            request_id=identifiers.new_id(),
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            by=SYSTEM,
            due_at=at,
            deadline_at=at + DEADLINE,
            at=at,
        )
    return 1


def look(view: OperationView, at: dt.datetime) -> engine.StepResult:
    """The operation's one step: read the subscription afresh and write what the stage that is due found."""
    row = holdings.holding(seen_by=SYSTEM, subscription_id=uuid.UUID(view.intent["subscription_id"]))
    policy = wishing.renewal_policy(row)
    looked = renewal_alarms.looked(subscription_ids=[row.subscription_id])
    stage = _stage(row, policy, looked.get((row.subscription_id, row.commitment_end_on), frozenset()), at=at)
    if stage is None or not intents.open_intents(subscription_ids=[row.subscription_id]):
        return _finish(view, note="nothing is due any more", at=at)
    tenant = customers.tenant(seen_by=SYSTEM, tenant_id=row.tenant_id)
    vendor, ref = connections.vendor_of(tenant), connections.reference(tenant)
    try:
        seen = vendor.read_subscription(tenant=ref, subscription_id=row.vendor_subscription_id, at=at)
    except port.VendorTrouble:
        if at >= view.created_at + DEADLINE:
            with transaction.atomic(durable=True):
                _alarm_of(row, "unverified", stage, at=at)
        raise
    is_held, wanted = _compared(row, seen)
    lease = connections.lease_of_subscription(
        vendor_key=row.vendor_key, vendor_subscription_id=row.vendor_subscription_id
    )
    if not is_held and operation_queries.is_open(lease_key=lease) and at < view.created_at + BEING_STORED:
        return engine.Again(at=at + LOOK_AGAIN, why="The wishes are being stored at the vendor.")
    shown = {"end_of_term": str(seen.end_of_term or ""), "next_term": _plain(seen.next_term)}
    checkpoint("record.before_commit")
    with transaction.atomic(durable=True):
        if seen.commitment_end_on == row.commitment_end_on:
            readings.take_in(row=row, seen=readings.reading(seen), at=at)
        is_new = renewal_alarms.note(
            subscription_id=row.subscription_id,
            renews_on=row.commitment_end_on,
            before=stage.before,
            is_held=is_held,
            is_too_late=stage.is_too_late,
            wanted=wanted,
            shown=shown,
            at=at,
        )
        if is_new and not is_held:
            schedule_change.store_again(row=row, at=at)
            _tell(row, "missing", stage, before={"wanted": wanted}, after={"shown": shown}, at=at)
        if is_new and is_held and _blocked_ids([row], at=at):
            _alarm_of(row, "blocked", stage, wanted=wanted, shown=shown, at=at)
        operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at)
    checkpoint("record.committed")
    return engine.Finished()


def _finish(view: OperationView, *, note: str, at: dt.datetime) -> engine.StepResult:
    operations.finish(operation_id=view.id, fence=view.fence, state="done", at=at, note=note)
    return engine.Finished()


def _compared(row: holdings.HoldingRow, seen: port.VendorSubscription) -> tuple[bool, dict[str, Any]]:
    """Whether what the vendor shows now brings about the wishes, and what it has to hold for them."""
    try:
        wanted = wishing.instruction_of(wishing.timeline_of(row))
    except (wishing.NotRunning, ValueError):
        return False, {"ending": ""}
    plain = {"ending": wanted.ending.value, "next_term": _plain(wishing.for_vendor(wanted, catalogue_id=""))}
    if seen.status != "active" or seen.commitment_end_on != row.commitment_end_on:
        return False, plain
    return wishing.is_held(wanted, seen=seen), plain


def _plain(following: port.NextTerm | None) -> dict[str, Any] | None:
    return None if following is None else wishing.next_term_json(following)


def _blocked_ids(rows: Sequence[holdings.HoldingRow], *, at: dt.datetime) -> set[uuid.UUID]:
    found = blocked_wishes.blocked(by=SYSTEM, rows=rows, even_locked=True, at=at)
    return {each.row.subscription_id for each in found}


def _alarm_of(
    row: holdings.HoldingRow,
    kind: renewal_alarms.Kind,
    stage: alarms.Alarm,
    *,
    wanted: Mapping[str, Any] | None = None,
    shown: Mapping[str, Any] | None = None,
    at: dt.datetime,
) -> None:
    """Note an alarm of that kind once for the stage, in the caller's transaction, and tell the staff."""
    is_new = renewal_alarms.note(
        subscription_id=row.subscription_id,
        renews_on=row.commitment_end_on,
        kind=kind,
        before=stage.before,
        is_held=False,
        is_too_late=stage.is_too_late,
        wanted=wanted or {},
        shown=shown or {},
        at=at,
    )
    if is_new:
        after = {"read_at": row.read_at.isoformat()} if kind == "overdue" else {}
        _tell(row, kind, stage, before={}, after=after, at=at)


def _alarm_overdue(*, at: dt.datetime) -> None:
    """Alarm each renewal that the newest reading did not show although the vendor's time for it was over by then."""
    ids = renewal_alarms.past_their_term(ended_until_on=at.date())
    rows = holdings.by_ids(subscription_ids=ids)
    rules = catalogue.RenewalRules(vendor_keys={row.vendor_key for row in rows})
    for row in rows:
        state = renewals.renewal_state(
            at=row.read_at,
            renews_on=row.commitment_end_on,
            seen_renews_on=None,
            policy=wishing.policy_in(rules, row),
        )
        if state is not renewals.RenewalState.OVERDUE:
            continue
        stage = alarms.Alarm(before=dt.timedelta(), due_at=at, is_too_late=True)
        with transaction.atomic(durable=True):
            _alarm_of(row, "overdue", stage, at=at)


def _tell(
    row: holdings.HoldingRow,
    kind: renewal_alarms.Kind,
    stage: alarms.Alarm,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    at: dt.datetime,
) -> None:
    """Audit a new alarm and write to the reseller's staff, in the caller's transaction."""
    audit.record(
        by=SYSTEM,
        action="alarm.raised" if kind == "missing" else f"alarm.{kind}",
        subject_kind="subscription",
        subject_id=row.subscription_id,
        before=before,
        after={**after, "hours_before": int(stage.before.total_seconds()) // 3600},
        at=at,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
    )
    send_mail.queue(
        readers=customers.members(roles=STAFF, reseller_id=row.reseller_id),
        template="renewal_alarm",
        values={
            "subscription_id": str(row.subscription_id),
            "customer_name": customers.customer(seen_by=SYSTEM, customer_id=row.customer_id).name,
            "name": row.name,
            "ends_at": renewals.term_ends_at(renews_on=row.commitment_end_on).isoformat(),
            "is_too_late": stage.is_too_late,
            "kind": kind,
        },
        action="staff.queue",
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        at=at,
    )


def close_answered(*, at: dt.datetime) -> int:
    """Close each open alarm whose wishes a later reading showed stored, were taken back, or are past; how many.

    One of a look that could not be done closes with a later look, one of an overdue renewal when that is entered, and
    a blocked one once nothing speaks against the wishes.
    """
    open_now = renewal_alarms.open_alarms(seen_by=SYSTEM)
    ids = sorted({alarm.subscription_id for alarm in open_now})
    rows = {row.subscription_id: row for row in holdings.by_ids(subscription_ids=ids)}
    wished = intents.open_intents(subscription_ids=ids)
    looked = renewal_alarms.looked(subscription_ids=ids)
    lines = wishing.timelines_of(rows=[rows[each.subscription_id] for each in open_now if each.kind != "blocked"])
    blocked = [rows[each.subscription_id] for each in open_now if each.kind == "blocked"]
    impossible = _blocked_ids(blocked, at=at) if blocked else set()
    closed = 0
    for alarm in open_now:
        if alarm.kind == "unverified" and _is_looked_at(alarm, looked):
            closed += _close(alarm, how="looked", at=at)
            continue
        key = alarm.subscription_id
        how = _answered(alarm, rows[key], lines.get(key), is_wished=key in wished, is_impossible=key in impossible)
        if how:
            closed += _close(alarm, how=how, at=at)
    return closed


def _is_looked_at(
    alarm: renewal_alarms.AlarmRow, looked: Mapping[tuple[uuid.UUID, dt.date], frozenset[dt.timedelta]]
) -> bool:
    """Whether the stage that could not be verified, or a later one, was looked at since."""
    stages = looked.get((alarm.subscription_id, alarm.renews_on), frozenset())
    return any(stage <= alarm.before for stage in stages)


def _answered(
    alarm: renewal_alarms.AlarmRow,
    row: holdings.HoldingRow,
    line: timeline.Timeline | None,
    *,
    is_wished: bool,
    is_impossible: bool,
) -> str:
    if row.commitment_end_on != alarm.renews_on or row.status in ("cancelled", "deleted", "disabled", "expired"):
        return "over"
    if alarm.kind == "overdue":
        return ""
    if not is_wished:
        return "revoked"
    if alarm.kind == "blocked":
        return "" if is_impossible else "possible"
    if line is None or row.read_at <= alarm.looked_at:
        return ""
    return "stored" if wishing.is_stored(row=row, line=line) else ""


def _close(alarm: renewal_alarms.AlarmRow, *, how: str, at: dt.datetime) -> int:
    with transaction.atomic(durable=True):
        if not renewal_alarms.close(alarm_id=alarm.alarm_id, how=how, at=at):
            return 0
        audit.record(
            by=SYSTEM,
            action="alarm.closed",
            subject_kind="subscription",
            subject_id=alarm.subscription_id,
            before={"hours_before": int(alarm.before.total_seconds()) // 3600},
            after={"how": how},
            at=at,
            reseller_id=alarm.reseller_id,
            customer_id=alarm.customer_id,
        )
    return 1


def register() -> None:
    """Tell the engine how this operation runs."""
    engine.register(engine.Kind(name=KIND, steps=(("look", look),)))
