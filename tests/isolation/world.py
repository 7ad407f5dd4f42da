"""Two resellers and three customers whose every text and number names its owner, with everything a year of use leaves.

R1 serves A and B, R2 serves C. Each customer holds eight subscriptions, one for each thing that can be under way, and
three people. Rows come about as in real life, through workflows and changes, with a vendor that the test answers for.
"""

import datetime as dt
import functools
import uuid
from dataclasses import dataclass, field

from seatwright.access import changes as access
from seatwright.access.actors import SYSTEM, Actor, Role
from seatwright.catalogue import changes as catalogue
from seatwright.catalogue import queries as catalogue_queries
from seatwright.catalogue.models import Product
from seatwright.customers import changes as customers
from seatwright.customers import queries as customer_queries
from seatwright.operations import engine
from seatwright.orders import queries as orders
from seatwright.subscriptions import changes as subscriptions
from seatwright.subscriptions import queries as holdings
from seatwright.vendors import port
from seatwright.workflows import change_seats, connections, pricing, sync_tenant
from tests.isolation import purchases, sheets, swaps
from tests.isolation.canaries import LETTERS, Canaries
from tests.isolation.shop import UNTIL, Counting, Shop

NOW = dt.datetime(2026, 3, 17, 10, 0, tzinfo=dt.UTC)
PASSWORD = "correct horse battery staple"
# Among the first in the catalogue's list; customers only ask for it.
REQUESTED = "CFQ7TTC0LFJ1:0001"
PURPOSES = ("plain", "done", "running", "parked", "unclear", "refused", "drift", "open")
ANCHOR = dt.date(2026, 3, 1)
SKU = {"A": "3b555118-da6a-4418-894f-7df1e2096870", "B": "f245ecc8-75af-4f8e-b61f-27d8114de5f3"}
SKU["C"] = "4b9405b0-7788-4568-add1-99614e613b69"
# Primes: neither they nor the amounts that come of them fall together by chance.
FIRST_SEATS = {"A": 31_013, "B": 52_009, "C": 73_009}
RATES = {"A": "6.13", "B": "12.59", "C": "21.07"}


@dataclass
class Customer:
    """The ids of one customer by what an address calls them, and its quotes' keys."""

    customer_id: uuid.UUID
    tenant_id: uuid.UUID
    ids: dict[str, list[str]] = field(default_factory=dict)
    seats: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    subscription: dict[str, str] = field(default_factory=dict)
    quote: dict[str, str] = field(default_factory=dict)
    vendor_subscription: dict[str, str] = field(default_factory=dict)
    request: list[str] = field(default_factory=list)


@dataclass
class World:
    """Everything that the probes need to know."""

    canaries: Canaries
    resellers: dict[str, uuid.UUID]
    customers: dict[str, Customer]
    users: dict[str, int]
    shop: Shop = field(default_factory=Shop)
    vendor: Counting = field(default_factory=Counting)

    def actor(self, name: str) -> Actor:
        actor = customer_queries.actor(user_id=self.users[name], channel="test", request_ref="")
        assert actor is not None
        return actor

    def reseller_of(self, letter: str) -> uuid.UUID:
        return self.resellers["R2" if letter == "C" else "R1"]


PEOPLE: tuple[tuple[str, Role | None, str, str | None], ...] = (
    ("a_viewer", Role.BILLING_CONTACT, "R1", "A"),
    ("a_admin", Role.LICENCE_ADMIN, "R1", "A"),
    ("a_owner", Role.CONTRACT_OWNER, "R1", "A"),
    ("a_employee", Role.EMPLOYEE, "R1", "A"),
    ("a_gone", Role.CONTRACT_OWNER, "R1", "A"),
    ("b_owner", Role.CONTRACT_OWNER, "R1", "B"),
    ("c_owner", Role.CONTRACT_OWNER, "R2", "C"),
    ("r1_support", Role.RESELLER_SUPPORT, "R1", None),
    ("r1_billing", Role.RESELLER_BILLING, "R1", None),
    ("r1_admin", Role.RESELLER_ADMIN, "R1", None),
    ("r2_admin", Role.RESELLER_ADMIN, "R2", None),
    ("nobody", None, "R1", None),
)


def build() -> World:
    """Enter everything into the test's database; from then on any call to a vendor is counted."""
    canaries = Canaries()
    catalogue.load_demo_catalogue(at=NOW, markets=("BE",))
    resellers = {
        name: customers.create_reseller(
            name=canaries.text("C") if name == "R2" else "First Reseller",
            country="BE",
            time_zone="Europe/Brussels",
            currency="EUR",
            support_contact=canaries.text("C") if name == "R2" else "help@first.example",
            at=NOW,
        )
        for name in ("R1", "R2")
    }
    canaries.own_ids("C", [resellers["R2"]])
    world = World(canaries=canaries, resellers=resellers, customers={}, users={})
    accounts = {
        name: customers.connect_account(
            reseller_id=reseller_id,
            vendor_key="microsoft",
            partner_tenant_id=canaries.text("C") if name == "R2" else "first-partner",
            label=canaries.text("C") if name == "R2" else "First",
        )
        for name, reseller_id in resellers.items()
    }
    _price_for_second_reseller(world)
    connections.plug_in(lambda _vendor, _partner: world.shop)
    for letter in LETTERS:
        world.customers[letter] = _customer(world, letter, accounts["R2" if letter == "C" else "R1"])
    _sign_people_up(world)
    for letter in LETTERS:
        _hold(world, letter)
        _read_and_order(world, letter)
        _buy(world, letter)
        swaps.leave(world, letter, at=NOW)
        _collect(world, letter)
    connections.plug_in(lambda _vendor, _partner: world.vendor)
    return world


def _price_for_second_reseller(world: World) -> None:
    reseller_id = world.resellers["R2"]
    offer = catalogue_queries.offers_for(market="BE", segment="commercial", reseller_id=reseller_id)[0]
    product = Product.objects.order_by("id")[0]
    catalogue.label_product(reseller_id=reseller_id, product_pk=product.pk, own_label=world.canaries.text("C"))
    for each in world.resellers.values():
        catalogue.set_self_service(reseller_id=each, product_key=REQUESTED, is_self_service=False)
    catalogue.price_at_rrp(reseller_id=reseller_id, offer_pk=offer.offer_pk, valid_from_on=ANCHOR, at=NOW)


def _customer(world: World, letter: str, account_id: uuid.UUID) -> Customer:
    text = world.canaries.text
    customer_id = customers.create_customer(
        reseller_id=world.reseller_of(letter),
        name=text(letter),
        country="BE",
        vat_id=text(letter),
        time_zone="Europe/Brussels",
        at=NOW,
    )
    tenant_id = customers.add_tenant(
        customer_id=customer_id,
        account_id=account_id,
        vendor_tenant_id=text(letter),
        vendor_customer_id=text(letter),
        primary_domain=f"{text(letter)}.example",
    )
    return Customer(customer_id=customer_id, tenant_id=tenant_id)


def _sign_people_up(world: World) -> None:
    for name, role, reseller, letter in PEOPLE:
        owner = letter or ("C" if reseller == "R2" else None)
        word = world.canaries.text(owner) if owner else f"First {name}"
        world.users[name] = access.create_user(
            email=f"{word}@example.test".replace(" ", "-"),
            name=word,
            password=PASSWORD,
            language="en",
            time_zone="Europe/Brussels",
            at=NOW,
        )
        if role is not None:
            customers.grant(
                user_id=world.users[name],
                role=role,
                reseller_id=world.resellers[reseller],
                customer_id=world.customers[letter].customer_id if letter else None,
                at=NOW,
            )


def _hold(world: World, letter: str) -> None:
    """Eight subscriptions in the books and at the vendor, with pools and people."""
    customer, text, shop = world.customers[letter], world.canaries.text, world.shop
    tenant = customer_queries.tenant(seen_by=SYSTEM, tenant_id=customer.tenant_id)
    for position, purpose in enumerate(PURPOSES):
        vendor_id, name = text(letter).lower(), text(letter)
        seats = FIRST_SEATS[letter] + 18 * position
        shop.seats[vendor_id], shop.names[vendor_id] = seats, name
        shop.members.setdefault(tenant.vendor_tenant_id, []).append(vendor_id)
        shop.returnable[vendor_id] = (port.ReturnableSeats(quantity=211, until=NOW + dt.timedelta(days=5)),)
        # What is planned for a renewal, and who changes to another plan, is judged by the offer that two of them have.
        offer_key = unlimited_offer().offer_key if purpose in ("plain", "done") else ""
        row_id = _adopt(tenant, vendor_id, name, seats, letter=letter, version=text(letter), offer_key=offer_key)
        customer.subscription[purpose], customer.seats[str(row_id)] = str(row_id), seats
        customer.vendor_subscription[purpose] = vendor_id
        subscriptions.add_lot(
            subscription_id=row_id,
            seats=7,
            kind="adopted",
            effective_at=NOW - dt.timedelta(days=9),
            returnable_until=None,
            policy_version=text(letter),
            operation_id=None,
            part=position,
            note=text(letter),
        )
        shop.seats[vendor_id] = customer.seats[str(row_id)] = seats + 7
    shop.pools[tenant.vendor_tenant_id] = [_pool(letter, part=text(letter))]
    shop.people[tenant.vendor_tenant_id] = [_person(world, letter, number) for number in range(3)]


def unlimited_offer() -> catalogue_queries.OfferRow:
    """An offer of a year billed monthly that takes as many seats as the customers of this world have."""
    offers = catalogue_queries.offers_for(market="BE", segment="commercial")
    return next(
        each
        for each in offers
        if (each.term, each.billing_plan) == ("P1Y", "monthly")
        and (each.maximum is None or each.maximum > 1_000_000)
        and not each.is_add_on
        and not each.is_trial
        and each.is_self_service
    )


def _adopt(
    tenant: customer_queries.TenantRow,
    vendor_id: str,
    name: str,
    seats: int,
    *,
    letter: str,
    version: str,
    offer_key: str,
) -> uuid.UUID:
    return subscriptions.adopt(
        new=subscriptions.NewSubscription(
            tenant_id=tenant.tenant_id,
            reseller_id=tenant.reseller_id,
            customer_id=tenant.customer_id,
            vendor_key="microsoft",
            vendor_subscription_id=vendor_id,
            offer_key=offer_key,
            sku_id=SKU[letter],
            name=name,
            term="P1Y",
            billing_plan="monthly",
            anchor_on=ANCHOR,
            term_start_on=ANCHOR,
            unit_rate=RATES[letter],
            currency="EUR",
            price_list_version=version,
            is_trial=False,
        ),
        reading=subscriptions.Reading(
            status="active",
            seats=seats,
            auto_renew=True,
            commitment_end_on=UNTIL,
            returnable=((211, NOW + dt.timedelta(days=5)),),
            scheduled={"name": name},
            cancellable_until=None,
        ),
        policy_version=version,
        at=NOW,
    )


def _pool(letter: str, *, part: str) -> port.LicencePool:
    enabled = 12 * FIRST_SEATS[letter] + 101
    return port.LicencePool(
        sku_id=SKU[letter],
        sku_part_number=part,
        applies_to="User",
        enabled=enabled,
        warning=0,
        suspended=0,
        locked_out=0,
        consumed=3,
        capability_status="Enabled",
    )


def _person(world: World, letter: str, number: int) -> port.VendorPerson:
    def text() -> str:
        return world.canaries.text(letter, people=True)

    licence = port.PersonLicence(sku_id=SKU[letter], group_id=text(), state="error", error=text())
    return port.VendorPerson(
        person_id=text(),
        user_principal_name=f"{text()}@example.test",
        display_name=text(),
        mail=f"{text()}@example.test",
        is_enabled=True,
        is_guest=False,
        usage_location="BE",
        department=text(),
        licences=(licence,) if number else (),
    )


def _read_and_order(world: World, letter: str) -> None:
    """Readings, a difference, and an order in every state that an order can be in."""
    customer, text, shop = world.customers[letter], world.canaries.text, world.shop
    owner = world.actor(f"{letter.lower()}_owner")
    staff = world.actor("r2_admin" if letter == "C" else "r1_admin")
    named = customer.vendor_subscription
    sync_tenant.request(by=owner, customer_id=customer.customer_id, at=NOW)
    _work(NOW)
    shop.seats[named["drift"]] += 4_000
    sync_tenant.request(by=owner, customer_id=customer.customer_id, at=NOW + dt.timedelta(minutes=1))
    _work(NOW + dt.timedelta(minutes=1))
    shop.moods |= {
        named["running"]: port.Later(at=NOW + dt.timedelta(days=1)),
        named["unclear"]: port.Unclear(why=text(letter), request_ref=text(letter)),
        named["parked"]: port.Refused(code=text(letter), reason="denied", safe_text=text(letter)),
        named["refused"]: port.Refused(code=text(letter), reason="credit_limit", safe_text=text(letter)),
    }
    for position, purpose in enumerate(("done", "running", "unclear", "parked", "refused")):
        quote_id = _quote(world, letter, by=owner, purpose=purpose, more=101 + position)
        change_seats.place(
            by=staff if purpose == "done" else owner,
            quote_id=quote_id,
            idempotency_key=customer.keys[str(quote_id)],
            agreed_words=text(letter),
            on_behalf_reason=text(letter),
            at=NOW,
        )
    _work(NOW + dt.timedelta(seconds=30))
    customer.quote["open"] = str(_quote(world, letter, by=owner, purpose="plain", more=111))
    customer.quote["expired"] = str(_quote(world, letter, by=staff, purpose="open", more=112, hours=2))
    tenant = customer_queries.tenant(seen_by=SYSTEM, tenant_id=customer.tenant_id)
    shop.trouble[tenant.vendor_tenant_id] = text(letter)
    sync_tenant.request(by=owner, customer_id=customer.customer_id, at=NOW + dt.timedelta(minutes=2))
    _work(NOW + dt.timedelta(minutes=2))


def _buy(world: World, letter: str) -> None:
    customer = world.customers[letter]
    quote_id, customer.request = purchases.leave(
        owner=world.actor(f"{letter.lower()}_owner"),
        tenant=customer_queries.tenant(seen_by=SYSTEM, tenant_id=customer.tenant_id),
        text=functools.partial(world.canaries.text, letter),
        seats=FIRST_SEATS[letter],
        at=NOW,
    )
    customer.keys[str(quote_id)] = orders.quote(seen_by=SYSTEM, quote_id=quote_id).idempotency_key


def _quote(world: World, letter: str, *, by: Actor, purpose: str, more: int, hours: int = 0) -> uuid.UUID:
    customer, at = world.customers[letter], NOW - dt.timedelta(hours=hours)
    subscription_id = customer.subscription[purpose]
    wish = pricing.Wish(subscription_id=uuid.UUID(subscription_id), seats=customer.seats[subscription_id] + more)
    quote_id = change_seats.prepare(by=by, customer_id=customer.customer_id, wishes=[wish], at=at)
    customer.keys[str(quote_id)] = orders.quote(seen_by=SYSTEM, quote_id=quote_id).idempotency_key
    return quote_id


def _work(at: dt.datetime) -> None:
    """Run what is due as of `at`, without letting time pass."""
    for _ in range(4):
        engine.run_due(clock=lambda: at)


def _collect(world: World, letter: str) -> None:
    """Note every id, number and key of the customer."""
    customer = world.customers[letter]
    rows = orders.orders(seen_by=SYSTEM, customer_id=customer.customer_id).rows
    held = holdings.holdings(seen_by=SYSTEM, customer_ids=[customer.customer_id])
    customer.ids = {
        "sheet_id": sheets.ask(world, letter, at=NOW),
        "customer_id": [str(customer.customer_id)],
        "tenant_id": [str(customer.tenant_id)],
        "subscription_id": [customer.subscription["plain"], *(str(row.subscription_id) for row in held)],
        "quote_id": [customer.quote["open"], customer.quote["expired"], *sorted(customer.keys)],
        "order_id": [str(row.order_id) for row in rows],
        "request_id": customer.request,
        "operation_id": [str(line.operation_id) for row in rows for line in row.lines],
    }
    customer.ids = {kind: list(dict.fromkeys(ids)) for kind, ids in customer.ids.items()}
    states = {str(line.operation_id): line.name for row in rows for line in row.lines}
    parked = world.shop.names[customer.vendor_subscription["parked"]]
    customer.ids["operation_id"].sort(key=lambda each: states[each] != parked)
    for ids in customer.ids.values():
        world.canaries.own_ids(letter, ids)
    world.canaries.own_secrets(letter, customer.keys.values())
    customer.seats = {str(row.subscription_id): row.seats for row in held}
    numbers = [*customer.seats.values(), *(row.vendor_seats for row in held)]
    for row in rows:
        # As many people of each customer change their plan, at the same price.
        parts = ("next_period", "rest_of_term") if row.kind == "swap" else ("due_now", "next_period", "rest_of_term")
        numbers += [row.calculation[part]["net_minor"] for part in parts]
        numbers += [line.seats_after for line in row.lines]
    world.canaries.own_numbers(letter, set(numbers))
