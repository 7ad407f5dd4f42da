"""Every question about people who sign in."""

from dataclasses import dataclass

from seatwright.access.models import User


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person who signs in, with the language and time zone that their pages use."""

    user_id: int
    email: str
    name: str
    language: str
    time_zone: str


def person(*, user_id: int) -> Person | None:
    """The active user with this id, or None."""
    row = User.objects.filter(pk=user_id, is_active=True).first()
    if row is None:
        return None
    return Person(user_id=row.pk, email=row.email, name=row.name, language=row.language, time_zone=row.time_zone)


def people(*, user_ids: list[int]) -> dict[int, Person]:
    """The users with these ids, by id."""
    return {
        row.pk: Person(user_id=row.pk, email=row.email, name=row.name, language=row.language, time_zone=row.time_zone)
        for row in User.objects.filter(pk__in=user_ids)
    }
