"""What a probe names: rows of one customer that belong together, or rows that nobody has."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.isolation.canaries import missing_id
from tests.isolation.routes import ROW_PARAMETERS
from tests.isolation.world import World


@dataclass(frozen=True)
class Subject:
    """The rows named; `letter` is empty for rows that do not exist."""

    letter: str
    ids: Mapping[str, str]
    key: str
    seats: int


def of_customer(world: World, letter: str) -> list[Subject]:
    """Subjects that together name every row of the customer; the first one is what can be acted on."""
    customer = world.customers[letter]
    found = []
    for number in range(max(len(ids) for ids in customer.ids.values())):
        ids = {kind: rows[number % len(rows)] for kind, rows in customer.ids.items()}
        found.append(
            Subject(
                letter=letter,
                ids=ids,
                key=customer.keys[ids["quote_id"]],
                seats=customer.seats[ids["subscription_id"]],
            )
        )
    return found


def missing() -> Subject:
    """Rows that nobody has."""
    ids = {kind: missing_id(place) for place, kind in enumerate(ROW_PARAMETERS)}
    return Subject(letter="", ids=ids, key="k" * 32, seats=11)
