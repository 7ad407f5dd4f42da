"""Tables of money, seats and deeds are append-only on every database: the database itself refuses (invariants 6, 28)."""

import pathlib
import re

import pytest
from django.db import DatabaseError, connection, transaction

from tests.isolation.world import World

SOURCE = pathlib.Path(__file__).parents[2] / "src" / "seatwright"
# What these tables hold must never change, whatever the migrations say today.
NEVER_LESS = {"access_auditevent", "billing_charge", "subscriptions_seatentry"}

pytestmark = pytest.mark.django_db


def guarded() -> list[str]:
    """The tables that some migration guards."""
    texts = [file.read_text() for file in sorted(SOURCE.glob("*/migrations/*.py"))]
    return sorted({name for text in texts for name in re.findall(r'append_only\.guard\("(\w+)"\)', text)})


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


def test_the_tables_that_must_never_change_are_among_the_guarded() -> None:
    assert set(guarded()) >= NEVER_LESS


def test_after_migrating_every_guarded_table_and_no_other_has_both_triggers() -> None:
    assert triggers() == {table: {"UPDATE", "DELETE"} for table in guarded()}


@pytest.mark.parametrize("table", guarded())
def test_the_database_refuses_to_change_or_delete_a_row(world: World, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
        rows = cursor.fetchone()[0]
        assert rows > 0, "a trigger says nothing about an empty table"
        for statement in (f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"'):
            with pytest.raises(DatabaseError, match=f"{table} is append-only"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
        assert cursor.fetchone()[0] == rows
