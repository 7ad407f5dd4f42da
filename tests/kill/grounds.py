"""More of the world for the kill matrix: people to move, subscriptions near an end, customers without an agreement.

Each case of a job uses some of it up, so that there is as much as there are cases.
"""

import datetime as dt
import uuid
from typing import Any

from tests.stories import world as worlds

PEOPLE_A_CASE = 2
# Plans for small businesses have 300 seats at most in all, so that every so many cases take another customer.
CASES_A_MOVER = {"more": 100, "buy": 50, "merge": 100, "partial": 100, "full": 1}
# Swaps pass the most checkpoints, so that most pairs are theirs.
MOVES_OFTENER = 2
FREE_SEATS = {"more": 220, "merge": 1}
MONTHLY_SEATS = 2
ENDING_DAYS, ASKED_DAYS = 363, 300
# The customer of subscriptions that end in two days, and of those that a sheet asks about.
NEAR = "near"


def movers(*, cases: int) -> list[tuple[str, str]]:
    """Customers with people on basic licences, each with the way that its people go."""
    return [
        (f"{way}{number}", way)
        for way, most in CASES_A_MOVER.items()
        for number in range(-(-MOVES_OFTENER * cases // most))
    ]


def buyers(*, cases: int) -> list[str]:
    """The customers whose people go to seats that are bought."""
    return [name for name, way in movers(cases=cases) if way == "buy"]


def _people(way: str, *, cases: int) -> int:
    """The people of such a customer: as many as its cases move, and one more where somebody must stay."""
    return PEOPLE_A_CASE * min(MOVES_OFTENER * cases, CASES_A_MOVER[way]) + (way != "full")


def person_key(customer: str, number: int) -> str:
    """The vendor's key of that person, counted from 1."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{customer}"))


def newcomer(number: int) -> str:
    """A customer that has not accepted the vendor's agreement, counted from 1."""
    return f"newcomer{number}"


def seed(*, cases: int, now: dt.datetime) -> dict[str, Any]:
    """The vendor's books: monthly subscriptions of `south`, and everything of the customers above."""
    south = [_one(f"monthly {number}", "P1M", days_old=10, now=now) for number in range(cases)]
    south += [_one(f"young {number}", "P1Y", days_old=1, now=now) for number in range(cases)]
    near = [_one(f"ending {number}", "P1Y", days_old=ENDING_DAYS, now=now) for number in range(cases)]
    near += [_one(f"asked {number}", "P1Y", days_old=ASKED_DAYS, now=now) for number in range(cases)]
    moving = [
        worlds._customer(
            name,
            "BE",
            [
                worlds._held(worlds.BASIC, (_people(way, cases=cases), 24 * 46), days_old=46, now=now),
                *(
                    worlds._held(worlds.STANDARD, (free, 24 * 20), days_old=20, now=now)
                    for free in [FREE_SEATS.get(way)]
                    if free
                ),
            ],
        )
        for name, way in movers(cases=cases)
    ]
    return {
        "customers": [
            worlds._customer("south", "DE", south),
            worlds._customer(NEAR, "BE", near),
            *moving,
            *(worlds._customer(newcomer(number), "BE", []) for number in range(1, cases + 1)),
        ],
        "directories": [
            *(_all_licensed(name, people=_people(way, cases=cases)) for name, way in movers(cases=cases)),
            worlds._directory(NEAR, people=1, licensed=0),
        ],
    }


def _one(name: str, term: str, *, days_old: int, now: dt.datetime) -> dict[str, Any]:
    row = worlds.ROWS[worlds.EXCHANGE]
    return {
        "id": vendor_id(name),
        "productId": row["product_id"],
        "skuId": row["vendor_sku_id"],
        "quantity": MONTHLY_SEATS,
        "term": term,
        "billingCycle": "monthly",
        "createdAt": (now - dt.timedelta(days=days_old)).isoformat(),
        "autoRenew": True,
    }


def _all_licensed(name: str, *, people: int) -> dict[str, Any]:
    return worlds._directory(name, people=people, licensed=people)


def vendor_id(name: str) -> str:
    """The vendor's id of a subscription: `monthly`, `young`, `ending` or `asked`, and a number from 0."""
    return str(uuid.UUID(int=uuid.uuid5(uuid.NAMESPACE_DNS, name).int, version=4))


def enter(world: worlds.World, *, cases: int) -> None:
    """The product's books: the customers with their tenants, all of them in the hands of north's owner, and read once.

    The newcomers have nothing to read.
    """
    _enter(world, [*(name for name, _way in movers(cases=cases)), NEAR])
    world.sync()
    _enter(world, [newcomer(number) for number in range(1, cases + 1)])


def _enter(world: worlds.World, names: list[str]) -> None:
    from django.apps import apps

    from seatwright.access.actors import Role
    from seatwright.customers import changes as customers

    account_id = apps.get_model("customers.Tenant").objects.earliest("pk").account_id
    for name in names:
        customer_id = customers.create_customer(
            reseller_id=world.reseller_id,
            name=name.title(),
            country="BE",
            vat_id="",
            time_zone="Europe/Brussels",
            at=world.at,
        )
        customers.add_tenant(
            customer_id=customer_id,
            account_id=account_id,
            vendor_tenant_id=worlds.tenant_id(name),
            vendor_customer_id=worlds.tenant_id(name),
            primary_domain=f"{name}.example",
        )
        customers.grant(
            user_id=world.user_ids["north_owner"],
            role=Role.CONTRACT_OWNER,
            reseller_id=world.reseller_id,
            customer_id=customer_id,
            at=world.at,
        )
        world.customer_ids[name] = customer_id
