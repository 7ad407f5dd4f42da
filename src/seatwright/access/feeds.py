"""The secret address of a person's calendar feed: shown once, stored as a digest, gone at once when taken back.

It reads deadlines and nothing else. Whose it is says what it shows, asked anew at every reading, so that a revoked role
or a deactivated user counts at once (invariant 27).
"""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from django.db import transaction

from seatwright.access import audit, identifiers, permissions
from seatwright.access.actors import Actor, Grant
from seatwright.access.models import CalendarFeed, User

USE_NOTED_EVERY = dt.timedelta(hours=1)
_SECRET = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, kw_only=True)
class Feed:
    """The feed that a person has; `last_used_at` is exact to the hour, None before the first reading."""

    created_at: dt.datetime
    last_used_at: dt.datetime | None


def of(*, by: Actor) -> Feed | None:
    """The person's own feed that counts now."""
    row = CalendarFeed.objects.filter(user_id=_own(by), revoked_at__isnull=True).first()
    return None if row is None else Feed(created_at=row.created_at, last_used_at=row.last_used_at)


def replace(*, by: Actor, at: dt.datetime) -> str:
    """Make a new address for the person's own feed and end the one before; returns the secret, which is shown once.

    Raises access.permissions.NotAllowed for who may see no licences anywhere, and so has no deadline to read.
    """
    if _place(by) is None:
        raise permissions.NotAllowed("feed")
    user_id, secret = _own(by), identifiers.new_key()
    with transaction.atomic():
        _end(by=by, user_id=user_id, at=at)
        row = CalendarFeed(user_id=user_id, digest=_digest(secret), created_at=at)
        row.save(force_insert=True)
        _note(by=by, row=row, action="feed.created", at=at)
    return secret


def revoke(*, by: Actor, at: dt.datetime) -> None:
    """End the person's own feed; the next reading finds nothing. Without one nothing changes."""
    with transaction.atomic():
        _end(by=by, user_id=_own(by), at=at)


def redeem(*, secret: str, at: dt.datetime) -> int | None:
    """The id of the person whose feed this is while it counts, its use noted to the hour; None for any other text."""
    if not _SECRET.fullmatch(secret):
        return None
    row = CalendarFeed.objects.filter(digest=_digest(secret), revoked_at__isnull=True).first()
    if row is None:
        return None
    if row.last_used_at is None or abs(at - row.last_used_at) >= USE_NOTED_EVERY:
        CalendarFeed.objects.filter(pk=row.pk).update(last_used_at=at)
    return int(row.user_id)


def _own(by: Actor) -> int:
    if by.user_id is None:
        raise permissions.NotAllowed("feed")
    return by.user_id


def _end(*, by: Actor, user_id: int, at: dt.datetime) -> None:
    """End the feed that counts, with the person locked, so that two of them asking at once leave one."""
    User.objects.select_for_update().get(pk=user_id)
    row = CalendarFeed.objects.filter(user_id=user_id, revoked_at__isnull=True).first()
    if row is None:
        return
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    _note(by=by, row=row, action="feed.revoked", at=at)


def _digest(secret: str) -> str:
    """SHA-256 of the secret; it is random of 192 bits, so that no salt or slow hash adds to it."""
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def _place(by: Actor) -> Grant | None:
    """The first organisation whose licences the person may see."""
    return next((grant for grant in by.grants if grant.role in permissions.ACTIONS["licences.view"]), None)


def _note(*, by: Actor, row: CalendarFeed, action: str, at: dt.datetime) -> None:
    """The event stands with the first organisation that the person belongs to, whose owners may want to know."""
    place = _place(by)
    audit.record(
        by=by,
        action=action,
        subject_kind="calendar_feed",
        subject_id=row.pk,
        before={},
        after={"user_id": row.user_id},
        at=at,
        reseller_id=None if place is None else place.reseller_id,
        customer_id=None if place is None else place.customer_id,
    )
