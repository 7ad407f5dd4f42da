"""The notes on readings of tenants: how they are written, and how the newest stands."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max

from seatwright.subscriptions.models import SyncRun


@dataclass(frozen=True, kw_only=True)
class SyncState:
    """How the newest reading of a tenant stands; `read_at` is the end of the last good one."""

    state: str
    started_at: dt.datetime
    read_at: dt.datetime | None
    note: str


def begin_sync(*, tenant_id: uuid.UUID, reseller_id: uuid.UUID, customer_id: uuid.UUID, at: dt.datetime) -> int:
    """Note that a reading of the tenant began; returns the run's id."""
    run = SyncRun(tenant_id=tenant_id, reseller_id=reseller_id, customer_id=customer_id, started_at=at, state="running")
    run.save(force_insert=True)
    return int(run.pk)


def end_sync(*, run_id: int, state: str, note: str, found: dict[str, int], at: dt.datetime) -> None:
    """Note how a reading ended: `done` or `failed`, and what came of it."""
    SyncRun.objects.filter(pk=run_id).update(finished_at=at, state=state, note=note[:300], found=found)


def sync_states(*, tenant_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, SyncState]:
    """How the newest reading of each tenant stands, by tenant."""
    newest = SyncRun.objects.filter(tenant_id__in=tenant_ids).values("tenant_id").annotate(run=Max("id"))
    good = {
        row["tenant_id"]: row["at"]
        for row in SyncRun.objects.filter(tenant_id__in=tenant_ids, state="done")
        .values("tenant_id")
        .annotate(at=Max("finished_at"))
    }
    runs = SyncRun.objects.filter(pk__in=[row["run"] for row in newest])
    return {
        run.tenant_id: SyncState(
            state=run.state, started_at=run.started_at, read_at=good.get(run.tenant_id), note=run.note
        )
        for run in runs
    }
