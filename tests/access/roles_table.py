"""The table of actions and roles of `docs/reference/roles.md`; `python -m tests.access.roles_table` writes it there."""

import pathlib

from seatwright.access import permissions
from seatwright.access.actors import CUSTOMER_ROLES, Role

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "roles.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
MEANINGS = {
    "customer.view": "see that the organisation exists, with its name and country",
    "licences.view": "see its licences, seat lots and history",
    "people.view": "see its people and what they hold",
    "seats.quote": "price a change of seats and store the quote",
    "seats.book": "order a quote, with obligation to pay",
    "orders.view": "see its orders, charges and receipts",
    "sheets.view": "see its renewal sheets and who decided",
    "sheets.answer": "answer a renewal sheet",
    "sheets.make": "make, send and withdraw renewal sheets",
    "sync.run": "have its tenants read again",
    "staff.customers": "list and search the reseller's customers",
    "staff.queue": "see the orders under way and what waits for a person",
    "operations.settle": "decide a parked operation, take over seats changed elsewhere",
    "audit.view": "read the audit events",
    "catalogue.view": "see what can be bought, and at what price",
    "catalogue.edit": "say which products customers order themselves",
    "offers.request": "ask the reseller for a product",
    "offers.answer": "answer such a request, book or decline it",
    "catalogue.import": "load SKUs and price lists",
    "clock.advance": "move the clock of a demo or test installation",
}


def columns() -> list[Role]:
    """The roles in the order of the table: those of a customer first."""
    return sorted(Role, key=lambda role: (role not in CUSTOMER_ROLES, list(Role).index(role)))


def rendered() -> str:
    """The table in Markdown; KeyError when an action has no meaning here."""
    head = ["action", "lets a person", *(role.value.replace("_", " ") for role in columns())]
    lines = [head, ["---"] * 2 + [":-:"] * len(columns())]
    for action, roles in permissions.ACTIONS.items():
        marks = ["yes" if role in roles else "" for role in columns()]
        lines.append([f"`{action}`", MEANINGS[action], *marks])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def write() -> None:
    """Put the table between its two marks in the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    _old, after = rest.split(END)
    PAGE.write_text(before + BEGIN + rendered() + END + after)


if __name__ == "__main__":
    write()
