"""What a test committed is gone before the next one, and the guards of append-only tables stand again."""

import datetime as dt

from django.db import connection

from seatwright.customers import changes as customers
from seatwright.customers.models import Reseller
from tests import emptying

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def guards() -> list[tuple[str, ...]]:
    """The triggers with their definitions, or with whether they are switched on."""
    asked = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        if connection.vendor == "sqlite"
        else "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid, tgname"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return list(cursor.fetchall())


def test_what_was_committed_is_gone_and_every_guard_stands_again(transactional_db: None) -> None:
    before = guards()
    assert before
    customers.create_reseller(
        name="Harbour Cloud", country="BE", time_zone="Europe/Brussels", currency="EUR", support_contact="", at=AT
    )
    assert Reseller.objects.exists()
    emptying.empty()
    assert guards() == before
    assert not Reseller.objects.exists()
