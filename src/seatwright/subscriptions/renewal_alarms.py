"""Alarms before a renewal: what each stage's look at the vendor found, written once, and every question about it."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from seatwright.access import permissions
from seatwright.access.actors import Actor
from seatwright.rules import renewals
from seatwright.subscriptions.models import RenewalAlarm, Subscription

SHOWN_MOST = 500
Kind = Literal["missing", "unverified", "blocked", "overdue"]


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """An open alarm: the vendor does not hold what is wished for the renewal; from the lock on it `is_too_late`.

    Of the kind unverified the vendor could not be asked, of the kind blocked it holds what it would refuse at the
    renewal, of the kind overdue it shows no term after the one that ended.
    """

    alarm_id: int
    reseller_id: uuid.UUID
    customer_id: uuid.UUID
    subscription_id: uuid.UUID
    name: str
    renews_on: dt.date
    kind: str
    before: dt.timedelta
    is_too_late: bool
    looked_at: dt.datetime

    @property
    def ends_at(self) -> dt.datetime:
        """The instant at which the term is over."""
        return renewals.term_ends_at(renews_on=self.renews_on)


def note(
    *,
    subscription_id: uuid.UUID,
    renews_on: dt.date,
    before: dt.timedelta,
    is_held: bool,
    is_too_late: bool,
    wanted: Mapping[str, Any],
    shown: Mapping[str, Any],
    at: dt.datetime,
    kind: Kind = "missing",
) -> bool:
    """Write what the look of this stage found, in the caller's transaction; False when the stage was looked at before.

    Holds the subscription still, so that of two looks one writes.
    """
    assert transaction.get_connection().in_atomic_block
    row = Subscription.objects.select_for_update().get(pk=subscription_id)
    stage = {
        "subscription_id": subscription_id,
        "renews_on": renews_on,
        "kind": kind,
        "before_s": int(before.total_seconds()),
    }
    if RenewalAlarm.objects.filter(**stage).exists():
        return False
    RenewalAlarm(
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        state="held" if is_held else "open",
        is_too_late=is_too_late and not is_held,
        wanted=dict(wanted),
        shown=dict(shown),
        looked_at=at,
        **stage,
    ).save(force_insert=True)
    return True


def close(*, alarm_id: int, how: str, at: dt.datetime) -> bool:
    """Close an open alarm because the wishes are `stored`, were `revoked`, or the term is `over`; False if it was.

    One that could not be verified is over too once the vendor was `looked` at, a blocked one once it is `possible`.
    """
    rows = RenewalAlarm.objects.filter(pk=alarm_id, state="open")
    return bool(rows.update(state="closed", closed_at=at, closed_how=how))


def past_their_term(*, ended_until_on: dt.date, limit: int = 500) -> list[uuid.UUID]:
    """Running subscriptions whose term ended on that day or before, read since, and not noted as overdue yet."""
    noted = RenewalAlarm.objects.filter(
        subscription_id=OuterRef("pk"), renews_on=OuterRef("commitment_end_on"), kind="overdue"
    )
    rows = Subscription.objects.filter(
        ~Exists(noted),
        status="active",
        commitment_end_on__lte=ended_until_on,
        read_at__date__gte=F("commitment_end_on"),
    )
    return list(rows.order_by("commitment_end_on", "id").values_list("id", flat=True)[:limit])


def looked(*, subscription_ids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, dt.date], frozenset[dt.timedelta]]:
    """The stages already looked at, by subscription and renewal."""
    found: dict[tuple[uuid.UUID, dt.date], set[dt.timedelta]] = {}
    rows = RenewalAlarm.objects.filter(subscription_id__in=subscription_ids, kind="missing")
    for subscription_id, renews_on, before_s in rows.values_list("subscription_id", "renews_on", "before_s"):
        found.setdefault((subscription_id, renews_on), set()).add(dt.timedelta(seconds=before_s))
    return {key: frozenset(stages) for key, stages in found.items()}


def open_alarms(*, seen_by: Actor, customer_ids: Sequence[uuid.UUID] | None = None) -> list[AlarmRow]:
    """The open alarms that the actor may see, soonest renewal first; of all visible customers when none are named."""
    rows = RenewalAlarm.objects.filter(
        permissions.visible_rows(seen_by=seen_by, action="licences.view"), state="open"
    ).select_related("subscription")
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    return [
        AlarmRow(
            alarm_id=row.pk,
            reseller_id=row.reseller_id,
            customer_id=row.customer_id,
            subscription_id=row.subscription_id,
            name=row.subscription.name,
            renews_on=row.renews_on,
            kind=row.kind,
            before=dt.timedelta(seconds=row.before_s),
            is_too_late=row.is_too_late,
            looked_at=row.looked_at,
        )
        for row in rows.order_by("renews_on", "before_s", "id")[:SHOWN_MOST]
    ]
