"""Migration operations that make a table append-only: the database itself refuses UPDATE and DELETE (invariant 6)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import StateApps

SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION seatwright_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $body$
"""
POSTGRES = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION seatwright_append_only()
"""


def statements(*, vendor: str, table: str) -> list[str]:
    """The SQL that guards `table` on this database."""
    template = SQLITE if vendor == "sqlite" else POSTGRES
    guards = [template.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]
    return guards if vendor == "sqlite" else [POSTGRES_FUNCTION, *guards]


def guard(table: str) -> migrations.RunPython:
    """A migration operation that refuses changes to rows of `table` from now on."""

    def forwards(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        for statement in statements(vendor=editor.connection.vendor, table=table):
            editor.execute(statement, params=None)

    def backwards(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        suffix = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
        for verb in ("UPDATE", "DELETE"):
            editor.execute(f"DROP TRIGGER {table}_no_{verb}{suffix}")

    return migrations.RunPython(forwards, backwards)


def kept(table: str, operations: list[Operation]) -> list[Operation]:
    """The operations with the guard of `table` laid anew after them, in both directions.

    SQLite alters most of a table by making it again, and a table made again has no triggers.
    """

    def again(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        suffix = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
        for verb in ("UPDATE", "DELETE"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{suffix}")
        for statement in statements(vendor=editor.connection.vendor, table=table):
            editor.execute(statement, params=None)

    noop = migrations.RunPython.noop
    return [migrations.RunPython(noop, again), *operations, migrations.RunPython(again, noop)]
