"""Photographs of all tables, one digest for each owner of rows, so that any change of somebody else's rows shows."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection

from tests.isolation.world import World

# Tables that only say who is signed in since when, and allauth's copy of a person's own address, which it renews
# whenever a link for a new password is looked at.
FLEETING = {"django_session", "usersessions_usersession", "account_emailaddress"}
WRITE = re.compile(r"^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
CONTROL = re.compile(r"^\s*(?:SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)", re.IGNORECASE)
OWNING = ("customer_id", "tenant_id", "order_id", "person_id")
# A sign-in is noted with the person, which no other table tells of.
NOTED = {"access_user": {"last_login"}}


def tables() -> list[str]:
    """Every table with rows of the product's own, and those of sign-in that last."""
    return sorted(model._meta.db_table for model in apps.get_models() if model._meta.db_table not in FLEETING)


@dataclass
class Statements:
    """The SQL that a request ran, without its values, and the tables that it wrote."""

    shapes: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's hook around every statement."""
        if not CONTROL.match(sql):
            self.shapes.append(sql)
            match = WRITE.match(sql)
            if match and match.group(1).lower() not in FLEETING:
                self.written.add(match.group(1).lower())
        return execute(sql, params, many, context)


@contextmanager
def statements() -> Iterator[Statements]:
    """Collect what is run inside."""
    seen = Statements()
    with connection.execute_wrapper(seen):
        yield seen


class Books:
    """Knows whose each row is."""

    def __init__(self, world: World) -> None:
        self.owners: dict[str, str] = {}
        for letter, customer in world.customers.items():
            self.owners |= {_plain(each): letter for ids in customer.ids.values() for each in ids}
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, customer_id FROM assignments_person")
            self.people = {row[0]: self.owners[_plain(row[1])] for row in cursor.fetchall()}
            cursor.execute("SELECT reseller_id, id FROM customers_customer")
            self.resellers: dict[str, str] = {}
            for reseller_id, customer_id in cursor.fetchall():
                letters = self.resellers.get(_plain(reseller_id), "") + self.owners[_plain(customer_id)]
                self.resellers[_plain(reseller_id)] = letters
        self.tables = tables()

    def photograph(self, tables: Collection[str] = ()) -> Mapping[tuple[str, str], str]:
        """A digest of the rows of each owner and table, of these tables or of all.

        An owner is a letter, `all:` and a reseller's letters, `user:<id>`, or `shared`.
        """
        found: dict[tuple[str, str], list[str]] = {}
        with connection.cursor() as cursor:
            for table in [each for each in self.tables if not tables or each in tables]:
                cursor.execute(f'SELECT * FROM "{table}"')
                names = [column[0] for column in cursor.description]
                for row in cursor.fetchall():
                    values = dict(zip(names, row, strict=True))
                    for name in NOTED.get(table, ()):
                        values.pop(name)
                    found.setdefault((self.owner(table, values), table), []).append(repr(list(values.values())))
        return {key: hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() for key, rows in found.items()}

    def owner(self, table: str, values: Mapping[str, Any]) -> str:
        """Whose row this is."""
        if table == "customers_customer":
            return self.owners[_plain(values["id"])]
        if table == "access_auditchain":
            key = _plain(values["key"].partition(":")[2])
            return self.owners.get(key, self._of_reseller(key))
        if table == "access_user":
            return f"user:{values['id']}"
        if values.get("person_id") is not None:
            return self.people[values["person_id"]]
        for name in OWNING:
            if values.get(name) is not None:
                # A row that a probe has just made for one of the customers names that customer too.
                return self.owners.get(_plain(values[name]), "shared")
        if values.get("user_id") is not None:
            return f"user:{values['user_id']}"
        return self._of_reseller(_plain(values.get("reseller_id")))

    def _of_reseller(self, reseller_id: str) -> str:
        """What a reseller keeps for all of its customers together, which only its own staff may change."""
        return f"all:{self.resellers[reseller_id]}" if reseller_id in self.resellers else "shared"


def _plain(value: object) -> str:
    return str(value).replace("-", "").lower()
