"""Tables of money, seats and deeds are append-only: the database itself refuses every change (invariants 6, 28)."""

import pytest
from django.db import DatabaseError, connection, transaction

from tests.isolation.world import World

# What these tables hold must never change, whatever the migrations say today; others may be guarded too.
NEVER_LESS = {"access_auditevent", "billing_charge", "subscriptions_heldterm", "subscriptions_seatentry"}

pytestmark = pytest.mark.django_db


def triggers() -> dict[str, set[str]]:
    """The verbs that a trigger stands before, by table, as this database knows them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal")
        found: dict[str, set[str]] = {}
        for table, name in cursor.fetchall():
            found.setdefault(table, set()).add(name.rpartition("_")[2].upper())
    return found


def test_after_migrating_every_guarded_table_has_both_triggers_and_the_ledgers_are_among_them() -> None:
    found = triggers()
    assert found == {table: {"UPDATE", "DELETE"} for table in found}
    assert found.keys() >= NEVER_LESS


def test_the_database_refuses_to_change_or_delete_any_row_of_a_guarded_table(world: World) -> None:
    for table in sorted(triggers()):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
            rows = cursor.fetchone()[0]
            # A trigger says nothing about an empty table.
            assert rows > 0 or table not in NEVER_LESS, table
            for statement in (f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"') if rows else ():
                with pytest.raises(DatabaseError, match=f"{table} is append-only"), transaction.atomic():
                    cursor.execute(statement)
            cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
            assert cursor.fetchone()[0] == rows
