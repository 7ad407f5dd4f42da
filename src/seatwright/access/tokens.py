"""API tokens: made for a user, shown once, stored as a digest, and gone at once when revoked (S24, S25).

A token answers who is asking and how far it reaches; what the user may do is asked anew on every request, so that a
revoked role or a deactivated user counts at once (invariant 27).
"""

import datetime as dt
import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from seatwright.access import audit, identifiers, permissions, queries
from seatwright.access.actors import Actor
from seatwright.access.models import ApiToken, User

Scope = Literal["read", "write"]
PREFIX = "swt_"
LONGEST_LIFE = dt.timedelta(days=366)
USE_NOTED_EVERY = dt.timedelta(minutes=1)
_SECRET = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{32}}")


class LifeTooLong(Exception):
    """A token ends after its making and within `LONGEST_LIFE` of it."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token as its owner sees it; the secret itself is known only to whoever kept it."""

    token_id: uuid.UUID
    user_id: int
    label: str
    hint: str
    scope: str
    reseller_id: uuid.UUID | None
    customer_id: uuid.UUID | None
    created_at: dt.datetime
    expires_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def reaches(self, scope: Scope) -> bool:
        """Whether a request that needs `scope` is within this token's."""
        return scope == "read" or self.scope == "write"


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new token with its secret, which is shown now and never again."""

    token_id: uuid.UUID
    secret: str


def create(
    *,
    by: Actor,
    user_id: int,
    label: str,
    scope: Scope,
    expires_at: dt.datetime,
    at: dt.datetime,
    reseller_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
) -> Created:
    """Make a token that acts for this user until `expires_at` (exclusive), bound to one customer if named.

    A person makes tokens for themselves only; the operator for anybody. Raises access.permissions.NotAllowed
    otherwise and LifeTooLong.
    """
    _require_own(by=by, user_id=user_id)
    if not at < expires_at <= at + LONGEST_LIFE:
        raise LifeTooLong
    secret = PREFIX + identifiers.new_key()
    row = ApiToken(
        user_id=user_id,
        label=label.strip()[:80],
        digest=_digest(secret),
        hint=secret[-4:],
        scope=scope,
        reseller_id=reseller_id,
        customer_id=customer_id,
        created_by=by.label[:200],
        created_at=at,
        expires_at=expires_at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        after = {"user_id": user_id, "label": row.label, "scope": scope, "expires_at": expires_at.isoformat()}
        _note(by=by, row=row, action="token.created", after=after, at=at)
    return Created(token_id=row.pk, secret=secret)


def revoke(*, by: Actor, token_id: uuid.UUID, at: dt.datetime) -> None:
    """End the token; the next request with it is refused. Once more changes nothing.

    Raises access.permissions.Unknown when there is no such token for this actor.
    """
    with transaction.atomic():
        row = ApiToken.objects.select_for_update().filter(pk=token_id).first()
        if row is None or not _is_own(by=by, user_id=row.user_id):
            raise permissions.Unknown
        if row.revoked_at is not None:
            return
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        _note(by=by, row=row, action="token.revoked", after={"revoked_at": at.isoformat()}, at=at)


def redeem(*, secret: str, at: dt.datetime) -> Token | None:
    """The token with this secret while it counts, its use noted to the minute; None for every other text."""
    if not _SECRET.fullmatch(secret):
        return None
    row = ApiToken.objects.filter(digest=_digest(secret), revoked_at__isnull=True, expires_at__gt=at).first()
    if row is None:
        return None
    if row.last_used_at is None or abs(at - row.last_used_at) >= USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=at)
    return _token(row)


def tokens(*, seen_by: Actor, user_id: int) -> list[Token]:
    """All tokens of a user, newest first, ended ones included; raises NotAllowed for those of somebody else."""
    _require_own(by=seen_by, user_id=user_id)
    return [_token(row) for row in ApiToken.objects.filter(user_id=user_id).order_by("-created_at", "id")]


def holder(*, email: str) -> queries.Person | None:
    """The active user with this address, or None; for the operator, who names people by it."""
    user_id = User.objects.filter(email__iexact=email.strip()).values_list("pk", flat=True).first()
    return None if user_id is None else queries.person(user_id=user_id)


def _digest(secret: str) -> str:
    """SHA-256 of the secret; it is random of 192 bits, so that no salt or slow hash adds to it."""
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def _is_own(*, by: Actor, user_id: int) -> bool:
    return by.is_system or (by.user_id is not None and by.user_id == user_id)


def _require_own(*, by: Actor, user_id: int) -> None:
    if not _is_own(by=by, user_id=user_id):
        raise permissions.NotAllowed("tokens")


def _note(*, by: Actor, row: ApiToken, action: str, after: dict[str, object], at: dt.datetime) -> None:
    audit.record(
        by=by,
        action=action,
        subject_kind="api_token",
        subject_id=row.pk,
        before={},
        after=after,
        at=at,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
    )


def _token(row: ApiToken) -> Token:
    return Token(
        token_id=row.pk,
        user_id=row.user_id,
        label=row.label,
        hint=row.hint,
        scope=row.scope,
        reseller_id=row.reseller_id,
        customer_id=row.customer_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
