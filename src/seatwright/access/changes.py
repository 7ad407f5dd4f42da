"""Every way rows of the access room change, besides the audit chain (`audit.py`)."""

import datetime as dt

from seatwright.access.models import User


def create_user(*, email: str, name: str, password: str, language: str, time_zone: str, at: dt.datetime) -> int:
    """Create a person who can sign in and return their id; the password is stored as an Argon2id hash."""
    user = User(
        email=email.strip().lower(), name=name, language=language, time_zone=time_zone, is_active=True, created_at=at
    )
    user.set_password(password)
    user.save(force_insert=True)
    return int(user.pk)


def set_language(*, user_id: int, language: str) -> None:
    """Remember the language that a person chose for the portal."""
    User.objects.filter(pk=user_id).update(language=language)
