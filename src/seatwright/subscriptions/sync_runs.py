"""Every way the notes on readings of tenants change."""

import datetime as dt
import uuid

from seatwright.subscriptions.models import SyncRun


def begin_sync(*, tenant_id: uuid.UUID, reseller_id: uuid.UUID, customer_id: uuid.UUID, at: dt.datetime) -> int:
    """Note that a reading of the tenant began; returns the run's id."""
    run = SyncRun(tenant_id=tenant_id, reseller_id=reseller_id, customer_id=customer_id, started_at=at, state="running")
    run.save(force_insert=True)
    return int(run.pk)


def end_sync(*, run_id: int, state: str, note: str, found: dict[str, int], at: dt.datetime) -> None:
    """Note how a reading ended: `done` or `failed`, and what came of it."""
    SyncRun.objects.filter(pk=run_id).update(finished_at=at, state=state, note=note[:300], found=found)
