"""How a test's committed rows are gone again: only tables that have rows are touched, guarded or not.

Django's own flush names every table, which on PostgreSQL makes each of them anew, and then writes the content types and
permissions that it has just deleted; with dozens of tables that takes longer than most tests.
"""

from typing import Any

from django.db import connection, transaction

WRITTEN_BY_MIGRATE = {"django_content_type", "auth_permission"}
GUARDED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"


def empty(_case: Any = None) -> None:
    """Delete all rows of all models, those of append-only tables too; takes the place of a test case's flush."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = sorted(set(names) - WRITTEN_BY_MIGRATE)
    with transaction.atomic(), connection.cursor() as cursor:
        has_rows = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in tables)
        cursor.execute(has_rows)
        filled = [table for (table,) in cursor.fetchall()]
        lift, restore = _guards(cursor, filled)
        deleting = [f'DELETE FROM "{table}"' for table in filled]
        for statement in (*lift, *deleting, *restore):
            cursor.execute(statement)


def _guards(cursor: Any, tables: list[str]) -> tuple[list[str], list[str]]:
    """What lifts the append-only guards of these tables, and what sets them again."""
    if connection.vendor == "sqlite":
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = [(name, sql) for name, table, sql in cursor.fetchall() if table in tables]
        return [f'DROP TRIGGER "{name}"' for name, _ in found], [sql for _, sql in found]
    cursor.execute(GUARDED)
    guarded = sorted({name.strip('"') for (name,) in cursor.fetchall()} & set(tables))
    switch = 'ALTER TABLE "{}" {} TRIGGER USER'
    # A table cannot be altered while checks of its foreign keys are still to come.
    at_once = ["SET CONSTRAINTS ALL IMMEDIATE"]
    return (
        [switch.format(name, "DISABLE") for name in guarded],
        at_once + [switch.format(name, "ENABLE") for name in guarded],
    )
