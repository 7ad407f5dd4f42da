"""The audit chain: one event for every change of state, in the same transaction, hashed onto the one before."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.access.models import AuditChain, AuditEvent

HASHED = (
    "chain_key",
    "sequence",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "channel",
    "request_ref",
    "action",
    "subject_kind",
    "subject_id",
    "reseller_id",
    "customer_id",
    "operation_id",
    "before",
    "after",
    "reason",
    "previous_hash",
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One audit event as shown to people; `at` is UTC."""

    at: dt.datetime
    actor_label: str
    channel: str
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Break:
    """Where a chain does not verify: the event's sequence number and what is wrong with it."""

    chain_key: str
    sequence: int
    what: str


def record(
    *,
    by: Actor,
    action: str,
    subject_kind: str,
    subject_id: object,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    at: dt.datetime,
    reason: str = "",
    reseller_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
    operation_id: uuid.UUID | None = None,
) -> None:
    """Add one event; must run inside the transaction of the change it tells of, and locks that customer's chain."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit event is written in the transaction of the change it records")
    key = f"customer:{customer_id}" if customer_id else f"reseller:{reseller_id}" if reseller_id else "installation"
    chain = _locked_chain(key) or _begun_chain(key)
    event = AuditEvent(
        chain_key=key,
        sequence=chain.sequence + 1,
        at=at,
        actor_kind=by.kind,
        actor_id=str(by.user_id or ""),
        actor_label=by.label[:200],
        channel=by.channel,
        request_ref=by.request_ref[:64],
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        reseller_id=reseller_id,
        customer_id=customer_id,
        operation_id=operation_id,
        before=dict(before),
        after=dict(after),
        reason=reason[:500],
        previous_hash=chain.head,
    )
    event.hash = digest(event)
    event.save(force_insert=True)
    AuditChain.objects.filter(key=key).update(sequence=event.sequence, head=event.hash)


def _locked_chain(key: str) -> AuditChain | None:
    return AuditChain.objects.select_for_update().filter(key=key).first()


def _begun_chain(key: str) -> AuditChain:
    """The chain of a customer of whom nothing was recorded yet; two who begin it at once get the same one."""
    AuditChain.objects.bulk_create([AuditChain(key=key)], ignore_conflicts=True)
    return AuditChain.objects.select_for_update().get(key=key)


def digest(event: AuditEvent) -> str:
    """SHA-256 over the canonical JSON of all fields of the event but its own hash."""
    content = {name: getattr(event, name) for name in HASHED}
    content["at"] = event.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def breaks() -> Iterator[Break]:
    """Every place where a chain does not verify: changed, missing, reordered, cut at its tail or without its head."""
    heads = {chain.key: (chain.sequence, chain.head) for chain in AuditChain.objects.all()}
    keys = heads.keys() | set(AuditEvent.objects.values_list("chain_key", flat=True).distinct())
    for key in sorted(keys):
        expected, previous = 1, ""
        for event in AuditEvent.objects.filter(chain_key=key).order_by("sequence").iterator():
            if event.sequence != expected:
                yield Break(chain_key=key, sequence=expected, what="missing")
            if event.previous_hash != previous or event.hash != digest(event):
                yield Break(chain_key=key, sequence=event.sequence, what="changed")
            expected, previous = event.sequence + 1, event.hash
        if heads.get(key) != (expected - 1, previous):
            yield Break(chain_key=key, sequence=expected, what="tail does not match the head")


def history(*, seen_by: Actor, subject_kind: str, subject_id: object, limit: int = 200) -> list[Entry]:
    """The newest `limit` events about one object that the actor may see, newest first."""
    rows = AuditEvent.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="licences.view"),
        subject_kind=subject_kind,
        subject_id=str(subject_id),
    ).order_by("-id")[:limit]
    return [
        Entry(
            at=row.at,
            actor_label=row.actor_label,
            channel=row.channel,
            action=row.action,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            before=row.before,
            after=row.after,
            reason=row.reason,
        )
        for row in rows
    ]
