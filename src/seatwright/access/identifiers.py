"""The one place where random identifiers and secrets are made."""

import secrets
import uuid


def new_id() -> uuid.UUID:
    """A random identifier for a new row or a vendor request."""
    return uuid.uuid4()


def new_key() -> str:
    """An unguessable key of 192 bits in URL-safe text, for idempotency keys and one-time links."""
    return secrets.token_urlsafe(24)
