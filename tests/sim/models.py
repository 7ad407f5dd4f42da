"""What must be so, kept in plain dictionaries and integers beside the product; `invariants` holds both against it.

The model learns from the actions what people asked for, from the vendor's own log what happened there, and reads the
product's tables to compare. It never calls the product's rules.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import httpx2
from django.apps import apps
from django.db import connection
from django.db.models import Q

from tests.sim import arithmetic, at_send, invariants, prices, seeding, sheet_model, swap_model, term_invariants, wire
from tests.sim.records import Expected, Held, News, Sent
from vendor_simulator import books

Violated = invariants.Violated
TERMINAL = ("done", "refused")
OPERATION_COLUMNS = ("id", "request_id", "kind", "state", "progress", "created_at")
CARTS_MOST = 9


class Model:
    """Everything that is known; `check` is called after every action, `calm` when nothing is under way any more."""

    def __init__(self) -> None:
        self.world: Any = None
        self.held: dict[uuid.UUID, Held] = {}
        self.expected: dict[uuid.UUID, Expected] = {}
        self.operations: dict[uuid.UUID, dict[str, Any]] = {}
        self.requests: dict[str, uuid.UUID] = {}
        self.effects: list[dict[str, Any]] = []
        self.charges: dict[uuid.UUID, list[dict[str, Any]]] = {}
        self.sent: dict[str, Sent] = {}
        self.touched_wishes: dict[uuid.UUID, list[tuple[str, Any]]] = {}
        self.adopting: dict[uuid.UUID, dt.datetime] = {}
        self.swaps: set[uuid.UUID] = set()
        self.leaving: set[uuid.UUID] = set()
        self.overlaps: dict[uuid.UUID, swap_model.Overlap] = {}
        self.converting: set[uuid.UUID] = set()
        self.moving: dict[tuple[str, str], set[str]] = {}
        self.mutations = 0
        self.sheets = sheet_model.Sheets(self)
        self._newest = {"SeatEntry": 0, "Charge": 0, "HeldTerm": 0, "LatePrice": 0}
        self._seen = -1
        self._looked_at = seeding.START
        self._tables = {
            name: apps.get_model(label)
            for name, label in {
                "SeatEntry": "subscriptions.SeatEntry",
                "Charge": "billing.Charge",
                "HeldTerm": "subscriptions.HeldTerm",
                "LatePrice": "subscriptions.LatePrice",
                "Subscription": "subscriptions.Subscription",
                "Operation": "operations.Operation",
                "ChangeIntent": "orders.ChangeIntent",
                "Drift": "subscriptions.Drift",
                "RenewalSheet": "orders.RenewalSheet",
                "RenewalSheetLine": "orders.RenewalSheetLine",
                "RenewalSheetRecord": "orders.RenewalSheetRecord",
            }.items()
        }

    def look_at(self, world: Any) -> None:
        self.world, world.model = world, self

    def rows(self, name: str, *columns: str, **filters: Any) -> list[dict[str, Any]]:
        return list(self._tables[name].objects.filter(**filters).order_by("pk").values(*columns))

    def business_day(self, at: dt.datetime) -> dt.date:
        return arithmetic.business_day(at, zone=self.world.plan.zone)

    def charged_on(self, held: Held, at: dt.datetime) -> dt.date:
        """The day from which a change of the subscription at that instant is charged or given back."""
        return arithmetic.charged_on(held.terms, at, zone=self.world.plan.zone)

    def rate(self, plan: tuple[str, ...], *, on: dt.date, seats: int) -> str:
        """What a seat costs for one cycle where so many begin on that day, empty where no price is known."""
        return prices.rate(self.world.lists, plan, on=on, seats=seats)

    def require(self, holds: bool, what: str) -> None:
        if not holds:
            raise Violated(f"{what} at {self.world.at.isoformat()}")

    # What people asked for

    def asked(self, seats: dict[uuid.UUID, int], *, at: dt.datetime) -> None:
        """A price was asked for, which promises nothing yet."""

    def placed(self, order: Any, calculation: Any, answers: Any, *, at: dt.datetime) -> None:
        """An order was placed as quoted; the same one again changes nothing."""
        lines = {line.subscription_id: line for line in order.lines}
        for priced in calculation.lines:
            line = lines[priced.subscription_id]
            if line.operation_id in self.expected:
                continue
            self.mutations += 1
            self.sheets.touch(priced.subscription_id)
            held = self.held[priced.subscription_id]
            on = self.charged_on(held, at)
            due = invariants.due_minor(held, before=priced.seats_before, after=priced.seats_after, on=on)
            self.require(priced.due_now_minor == due, f"02: quoted {priced.due_now_minor}, due are {due}")
            self.require(
                priced.seats_before == held.seats, f"11: {priced.seats_before} seats quoted, {held.seats} held"
            )
            self.expected[line.operation_id] = Expected(
                what="seats",
                subscription_id=priced.subscription_id,
                before=priced.seats_before,
                after=priced.seats_after,
                due_minor=due,
                on=on,
                asked_at=at,
            )

    def bought(self, order: Any, calculation: Any, plan: tuple[str, ...], *, at: dt.datetime) -> None:
        """A purchase was ordered as quoted: its first charge cycle in full, from the vendor's day on."""
        ((line,), (priced,)) = (order.lines, calculation.lines)
        self.mutations += 1
        self.world.did["bought"] += 1
        on, seats = at.date(), priced.seats_after
        rate = self.rate(plan, on=max(on, self.business_day(at)), seats=seats)
        due = arithmetic.cents(seats, rate, first=0, last=1, days=1)
        self.require(priced.due_now_minor == due, f"02: quoted {priced.due_now_minor}, due are {due}")
        self.expected[line.operation_id] = Expected(
            what="bought",
            subscription_id=priced.subscription_id,
            before=0,
            after=priced.seats_after,
            due_minor=due,
            on=on,
            asked_at=at,
            new_rate=rate,
        )

    def term_ordered(self, order: Any, calculation: Any, *, at: dt.datetime) -> None:
        """A longer term was ordered as quoted: the rest of the old cycle given back, the first new one in full."""
        ((line,), (priced,)) = (order.lines, calculation.lines)
        if line.operation_id in self.expected:
            return
        self.mutations += 1
        self.world.did["term ordered"] += 1
        self.sheets.touch(priced.subscription_id)
        held, on = self.held[priced.subscription_id], at.date()
        leads_to = (priced.term, priced.billing_plan)
        row = arithmetic.term_on(held.terms, on)
        _vendor, product_id, vendor_sku_id, *_others = row["offer_key"].split(":")
        rate = self.rate((product_id, vendor_sku_id, *leads_to), on=on, seats=held.seats)
        due = arithmetic.cents(held.seats, rate, first=0, last=1, days=1)
        due += invariants.due_minor(held, before=held.seats, after=0, on=on)
        self.require(priced.due_now_minor == due, f"02: quoted {priced.due_now_minor}, due are {due}")
        self.expected[line.operation_id] = Expected(
            what="term",
            subscription_id=priced.subscription_id,
            before=held.seats,
            after=held.seats,
            due_minor=due,
            on=on,
            asked_at=at,
            leads_to=leads_to,
        )

    def let_go(self, tenant_id: str, user_id: str) -> None:
        """Somebody else took a licence from this person, so that no swap answers for what is left."""
        self.moving.pop((tenant_id, user_id), None)

    def wished(self, subscription_id: uuid.UUID, wished: dict[Any, Any], *, cleared: Sequence[Any] = ()) -> None:
        self.mutations += 1
        self.sheets.touch(subscription_id)
        touched = self.touched_wishes.setdefault(subscription_id, [])
        touched += [(str(dimension), None) for dimension in cleared]
        touched += [(str(dimension), invariants.plain(value)) for dimension, value in wished.items()]

    def revoked(self, subscription_id: uuid.UUID, dimension: Any) -> None:
        self.mutations += 1
        self.sheets.touch(subscription_id)
        self.touched_wishes.setdefault(subscription_id, []).append((str(dimension or "all"), None))

    def status_wanted(
        self, operation_id: uuid.UUID, subscription_id: uuid.UUID, status: str, refund_minor: int, *, at: dt.datetime
    ) -> None:
        self.mutations += 1
        self.sheets.touch(subscription_id)
        self.expected[operation_id] = Expected(
            what=status,
            subscription_id=subscription_id,
            before=self.held[subscription_id].seats,
            after=0 if status == "deleted" else self.held[subscription_id].seats,
            due_minor=-refund_minor,
            on=self.charged_on(self.held[subscription_id], at),
            asked_at=at,
        )

    def adopted(self, subscription_id: uuid.UUID, *, at: dt.datetime) -> None:
        self.mutations += 1
        self.sheets.touch(subscription_id)
        self.adopting[subscription_id] = at

    # What happens at the wire

    def before_call(self, request: httpx2.Request) -> None:
        if request.method == "PATCH" and "/subscriptions/" in request.url.path:
            at_send.check(self, request)
        if request.method == "POST" and request.url.path.endswith("/transitions"):
            at_send.check_transition(self, request)

    def after_call(self, exchange: wire.Exchange) -> None:
        if exchange.path.endswith("/assignLicense"):
            invariants.invariant_25_nobody_is_ever_without_a_licence(self)
        if exchange.method == "PATCH" or (exchange.method == "POST" and exchange.path.endswith("/transitions")):
            is_open = exchange.was_heard and (exchange.status < 300 or exchange.status >= 500)
            self.sent[exchange.request_id] = Sent(at=self.world.at, is_open=is_open)

    # What the vendor truly has

    def vendor_row(self, vendor_id: str) -> dict[str, Any] | None:
        row = self.world.books.execute("SELECT * FROM subscriptions WHERE subscription_id = ?", (vendor_id,)).fetchone()
        return None if row is None else dict(row)

    def licences(self, tenant_id: str, user_id: str) -> set[str]:
        rows = self.world.books.execute(
            "SELECT sku_id FROM directory_licences WHERE tenant_id = ? AND user_id = ?", (tenant_id, user_id)
        )
        return {row["sku_id"] for row in rows}

    def vendor_seats(self, vendor_id: str) -> int:
        row = self.vendor_row(vendor_id)
        return 0 if row is None else int(row["quantity"])

    def has_effect(self, row: dict[str, Any]) -> bool:
        """Whether the operation changed what somebody holds."""
        ids = self.request_ids(row)
        marks = ",".join("?" * len(ids))
        is_such = "kind = 'subscription.transitioned'" if row["kind"] == "transition" else "kind <> 'cart.created'"
        query = f"SELECT 1 FROM effects WHERE {is_such} AND request_id IN ({marks}) LIMIT 1"
        return self.world.books.execute(query, ids).fetchone() is not None

    def request_ids(self, row: dict[str, Any]) -> list[str]:
        """The ids of the operation's calls: its own, for a purchase one for each cart and checkout."""
        own: uuid.UUID = row["request_id"]
        derived = []
        if row["kind"] == "buy":
            derived = [f"cart:{number}" for number in range(CARTS_MOST)]
            derived += [f"checkout:{cart_id}" for cart_id in self.carts(own)]
        return [str(own), *(str(uuid.uuid5(own, name)) for name in derived)]

    def carts(self, own: uuid.UUID) -> list[str]:
        """The carts that the vendor made for this operation."""
        names = [str(uuid.uuid5(own, f"cart:{number}")) for number in range(CARTS_MOST)]
        rows = self.world.books.execute(
            f"SELECT subject FROM effects WHERE kind = 'cart.created' AND request_id IN ({','.join('?' * len(names))})",
            names,
        )
        return [str(row["subject"]) for row in rows]

    # What the product has

    def holders(self, lease_key: str) -> list[str]:
        """The request ids of the operations that hold this key."""
        rows = self._tables["Operation"].objects.filter(lease_key=lease_key).exclude(state__in=("queued", *TERMINAL))
        return [str(each) for each in rows.values_list("request_id", flat=True)]

    def is_swapping(self, customer_id: uuid.UUID, *, by_vendor: bool) -> bool:
        """Whether people of the customer are changing plans, where asked by the vendor's own way."""
        rows = self._tables["Operation"].objects.filter(customer_id=customer_id, kind="swap")
        if by_vendor:
            rows = rows.filter(pk__in=self.converting)
        return bool(rows.exclude(state__in=TERMINAL).exists())

    def change_behind(self, term: dict[str, Any]) -> Expected | None:
        """The order that made this term begin inside another one, None when it follows on one that ended."""
        for operation_id, expected in self.expected.items():
            is_ours = expected.subscription_id == term["subscription_id"]
            is_new = expected.what == "term" and expected.on == term["start_on"]
            is_such = is_ours and (is_new or term_invariants.is_rest(term, expected))
            if is_such and self.operations[operation_id]["state"] == "done":
                return expected
        return None

    def drifts(self) -> list[dict[str, Any]]:
        return self.rows("Drift", closed_at__isnull=True)

    def unfinished(self) -> list[dict[str, Any]]:
        return list(self._tables["Operation"].objects.exclude(state__in=TERMINAL).values())

    # Looking

    def fingerprint(self) -> int:
        """A number that changes with every write to the product's database; 0 where it cannot be told."""
        return int(connection.connection.total_changes) if connection.vendor == "sqlite" else 0

    def check(self) -> None:
        """Hold everything that is new since the last look against the invariants of every step."""
        seen = self.fingerprint()
        if connection.vendor == "sqlite" and seen == self._seen:
            return
        self._seen = seen
        news = self._news()
        self.sheets.check(news)
        for invariant in (*invariants.EVERY_STEP, *swap_model.EVERY_STEP):
            invariant(self, news)
        self.touched_wishes.clear()
        self.adopting.clear()

    def calm(self) -> None:
        """Hold books and vendor against each other when nothing is under way."""
        self.check()
        for invariant in (*invariants.WHEN_CALM, *swap_model.WHEN_CALM):
            invariant(self)
        self.sheets.calm()

    def _news(self) -> News:
        newest = self._newest_ids()
        news = News(
            entries=self._newer("SeatEntry", newest),
            charges=self._newer("Charge", newest),
            terms=self._newer("HeldTerm", newest),
            operations=self._operations(),
            effects=self._effects(),
            late=self._newer("LatePrice", newest),
            wishes={},
        )
        for row in self.rows("Subscription", "id", "vendor_subscription_id", "seats", "status"):
            held = self.held.setdefault(row["id"], Held(vendor_id=row["vendor_subscription_id"]))
            held.row = row
        for row in self.rows("ChangeIntent", "subscription_id", "effective_on", "changes", state="open"):
            dated = news.wishes.setdefault(row["subscription_id"], {})
            dated[row["effective_on"].isoformat()] = row["changes"]
        for charge in news.charges:
            self.charges.setdefault(charge["subscription_id"], []).append(charge)
        return news

    def _newest_ids(self) -> dict[str, int]:
        """The highest id in each table to which rows are only added, asked for all of them at once."""
        parts = [f'(SELECT COALESCE(MAX(id), 0) FROM "{self._tables[name]._meta.db_table}")' for name in self._newest]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}")
            return dict(zip(self._newest, cursor.fetchone(), strict=True))

    def _newer(self, name: str, newest: dict[str, int]) -> list[dict[str, Any]]:
        if newest[name] == self._newest[name]:
            return []
        found = self.rows(name, pk__gt=self._newest[name])
        self._newest[name] = newest[name]
        return found

    def _operations(self) -> list[dict[str, Any]]:
        """Every operation that is not known to have ended."""
        recent = Q(finished_at__isnull=True) | Q(finished_at__gte=self._looked_at - dt.timedelta(minutes=1))
        self._looked_at = self.world.now()
        found = list(self._tables["Operation"].objects.filter(recent).order_by("pk").values(*OPERATION_COLUMNS))
        found = [row for row in found if self.operations.get(row["id"], {}).get("state") not in TERMINAL]
        for row in found:
            self.operations[row["id"]] = row
            for request_id in self.request_ids(row):
                self.requests[request_id] = row["id"]
        return found

    def _effects(self) -> list[dict[str, Any]]:
        after = self.effects[-1]["effect_id"] if self.effects else 0
        rows = self.world.books.execute("SELECT * FROM effects WHERE effect_id > ? ORDER BY effect_id", (after,))
        found = [dict(row) | {"at": books.instant(row["at"])} for row in rows]
        self.effects += found
        return found
