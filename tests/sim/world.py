"""One simulated world: the product's own workflows and steps, the vendor in the same process, one thread, one clock.

Nothing of the machine reaches the outcome: time is `at`, identifiers and keys come from the seed, and what happens is a
list of actions in which every decision is written down (`plans`). Ending a process is an exception at a checkpoint.
"""

import contextlib
import dataclasses
import datetime as dt
import functools
import json
import random
import secrets
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import httpx2
import stamina
from django.apps import apps
from django.conf import settings
from django.db import transaction
from pydantic import SecretStr

from seatwright.access.actors import Actor
from seatwright.config import wiring
from seatwright.customers import queries as customer_queries
from seatwright.operations import checkpoints, engine, queries, runs
from seatwright.vendors import deadline, http
from seatwright.workflows import connections, record_sheet, send_mail
from tests.sim import columns, database, plans, prices, seeding, wire
from vendor_simulator import books, connection_cut, faults

SETTLE_S = 60
ENVIRONMENT: dict[str, Any] = {
    "vendor_partner_tenant_id": seeding.PARTNER_TENANT_ID,
    "vendor_client_id": "00000000-0000-4000-8000-00000000c001",
    "vendor_client_secret": SecretStr("simulator-secret"),
    "vendor_partner_base_url": wire.BASE_URL,
    "vendor_graph_base_url": wire.BASE_URL,
    "vendor_login_base_url": wire.BASE_URL,
    "worker_settle_s": SETTLE_S,
}


class _Passing:
    """Stands for an armed plan, so that every checkpoint is passed to the world."""

    one_at_a_time = contextlib.nullcontext()


class Died(BaseException):
    """The process ended here; nothing of the product catches it."""


@dataclasses.dataclass(kw_only=True)
class World:
    """Product and vendor at an instant, and what a run counts; `now` is the product's clock, `at` the vendor's."""

    plan: plans.Plan
    people: seeding.People
    vendor: Any
    wire: wire.Wire
    model: Any = None
    at: dt.datetime = seeding.START
    behind: dt.timedelta = dt.timedelta()
    borrowed: dt.timedelta = dt.timedelta()
    worker: int = 0
    has_orphans: bool = False
    dies_at: int = 0
    pauses_at: int = 0
    deaths: Counter[str] = dataclasses.field(default_factory=Counter)
    did: Counter[str] = dataclasses.field(default_factory=Counter)
    quotes: dict[int, Any] = dataclasses.field(default_factory=dict)
    lists: list[prices.Listed] = dataclasses.field(default_factory=list)

    @property
    def books(self) -> sqlite3.Connection:
        """The vendor's own books, which the product never reads."""
        connection: sqlite3.Connection = self.vendor.state.books
        return connection

    def now(self) -> dt.datetime:
        return self.at - self.behind

    def pass_time(self, span: dt.timedelta) -> None:
        """Both clocks go on by this much; the product's may have been set back by a little."""
        self.at += max(span, dt.timedelta())
        books.freeze_clock(self.books, self.at)

    @functools.cache  # noqa: B019 -- a world lives as long as its cache
    def owner(self, number: int) -> Actor:
        return self._actor(self.people.owner_ids[number])

    @functools.cache  # noqa: B019
    def staff(self) -> Actor:
        return self._actor(self.people.staff_id)

    def _actor(self, user_id: int) -> Actor:
        actor = customer_queries.actor(user_id=user_id, channel="simulation", request_ref="")
        assert actor is not None
        return actor

    def __hash__(self) -> int:
        return id(self)

    def work(self, *, rounds: int, patience: dt.timedelta) -> None:
        """Let the workers work: what is due, then what falls due within `patience`, at most so many rounds."""
        for _ in range(rounds):
            waiting = [] if self.has_orphans else self._waiting()
            is_any_due = bool(waiting) and waiting[0] <= self.now()
            if not self.has_orphans and not (is_any_due and queries.due(at=self.now(), limit=1)):
                # One that waits behind another's lease has been due all along.
                due_at = next((each for each in waiting if each > self.now()), None)
                if due_at is None or due_at - self.now() > patience:
                    return
                self.pass_time(due_at - self.now())
            self.sweep()

    def _waiting(self) -> list[dt.datetime]:
        """When the operations that wait for their time fall due, the first one first."""
        rows = apps.get_model("operations.Operation").objects.filter(due_at__isnull=False)
        return sorted(rows.values_list("due_at", flat=True))

    def sweep(self) -> None:
        """One sweep of the present worker; one that dies is followed by the other, which takes its work over."""
        try:
            if self.has_orphans:
                self._take_over()
                self.has_orphans = False
            engine.run_due(clock=self.now, worker_id=self.worker_id)
        except Died:
            assert not transaction.get_connection().in_atomic_block
            self.worker += 1
            self.has_orphans = True

    @property
    def worker_id(self) -> str:
        return f"worker-{self.worker}"

    def _take_over(self) -> None:
        """What a survivor does with the runs of the dead: hold them under a new fence and go through their steps."""
        for operation_id, run in runs.all_in_hand():
            if queries.view(operation_id=operation_id).worker_id != self.worker_id:
                runs.hold(operation_id=operation_id, run=run, worker_id=self.worker_id, at=self.now())
                engine.run_once(operation_id=operation_id, at_clock=self.now, worker_id=self.worker_id)

    def pass_checkpoint(self, name: str) -> None:
        """Where a process may end, or stand still while another one takes its work over."""
        if self.dies_at:
            self.dies_at -= 1
            if not self.dies_at:
                self.deaths[name] += 1
                raise Died(name)
        if self.pauses_at and not transaction.get_connection().in_atomic_block:
            self.pauses_at -= 1
            if not self.pauses_at:
                self.deaths[f"paused {name}"] += 1
                self.worker += 1
                self._take_over()

    def calm_down(self) -> None:
        """End every fault, armed or under way, and let the product's clock agree with the vendor's."""
        faults.clear(self.books)
        self.wire.disarm()
        self.dies_at = self.pauses_at = 0
        self.behind = dt.timedelta()

    def by_another_console(self, method: str, path: str, body: bytes | None = None) -> httpx2.Response:
        """A call to Partner Center by somebody who is not the product; no fault of the product's strikes it."""
        rules = self.books.execute("SELECT rule_id, rule, matched, fired FROM fault_rules").fetchall()
        self.books.execute("DELETE FROM fault_rules")
        headers = {"Authorization": f"Bearer {self._token()}", "MS-RequestId": f"foreign-{self.did['foreign call']}"}
        self.did["foreign call"] += 1
        request = httpx2.Request(method, f"{wire.BASE_URL}{path}", headers=headers, content=body)
        status, _headers, content = self.wire._call(request, request.read())
        self.books.executemany("INSERT INTO fault_rules VALUES (?, ?, ?, ?)", [tuple(row) for row in rules])
        return httpx2.Response(status, content=content)

    def _token(self) -> str:
        form = f"grant_type=client_credentials&client_id={ENVIRONMENT['vendor_client_id']}"
        form += f"&client_secret=simulator-secret&scope={books.PARTNER_AUDIENCE}/.default"
        url = f"{wire.BASE_URL}/{seeding.PARTNER_TENANT_ID}/oauth2/v2.0/token"
        request = httpx2.Request("POST", url, content=form.encode())
        _status, _headers, content = self.wire._call(request, form.encode())
        return str(httpx2.Response(200, content=content).json()["access_token"])


@contextlib.contextmanager
def opened(
    plan: plans.Plan,
    *,
    before: Callable[[httpx2.Request], None] = lambda request: None,
    after: Callable[[wire.Exchange], None] = lambda exchange: None,
    is_postgres: bool = False,
) -> Iterator[World]:
    """The world as its plan says it begins, with nothing read from the vendor yet."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_seeded_identifiers(plan.seed))
        people = stack.enter_context(_populated(is_postgres=is_postgres))
        seeding.move_to(plan.zone)
        for listed in plan.lists:
            prices.bring_in(listed, at=seeding.START)
        stack.enter_context(columns.remembered())
        vendor = seeding.open_vendor(plan.vendor, seed=plan.seed, customers_used=plan.customers, trials=plan.trials)
        stack.callback(vendor.state.books.close)
        line = wire.Wire(vendor, before=before, after=after)
        world = World(plan=plan, people=people, vendor=vendor, wire=line, lists=[*plan.lists])
        stack.enter_context(_plugged_in(world))
        yield world


@contextlib.contextmanager
def _populated(*, is_postgres: bool) -> Iterator[seeding.People]:
    if is_postgres:
        with database.of_its_own(is_postgres=True):
            yield seeding.populate()
        return
    people, content = _template()
    with database.of_copy(content):
        yield people


@functools.cache
def _template() -> tuple[seeding.People, bytes]:
    with database.of_its_own(), _seeded_identifiers(0):
        return seeding.populate(), database.copy()


@contextlib.contextmanager
def _seeded_identifiers(seed: int) -> Iterator[None]:
    """Every identifier and key of product and vendor is drawn from the seed."""
    chance = random.Random(f"identifiers {seed}")

    def new_id() -> uuid.UUID:
        return uuid.UUID(int=chance.getrandbits(128), version=4)

    made_with = http.HttpClient.__init__.__kwdefaults__
    before = made_with["new_id"]
    made_with["new_id"] = new_id
    try:
        with (
            mock.patch.object(uuid, "uuid4", new_id),
            mock.patch.object(secrets, "choice", chance.choice),
            mock.patch.object(secrets, "token_urlsafe", lambda size=24: f"{chance.getrandbits(8 * size):x}"),
            mock.patch.object(secrets, "token_hex", lambda size=16: f"{chance.getrandbits(8 * size):0{2 * size}x}"),
        ):
            yield
    finally:
        made_with["new_id"] = before


@contextlib.contextmanager
def _plugged_in(world: World) -> Iterator[None]:
    """Product and vendor joined by the wire, waits between reads left out, checkpoints passed to the world."""
    environment = settings.ENVIRONMENT
    before = {name: getattr(environment, name) for name in ENVIRONMENT}
    stamina.set_testing(True, attempts=3, cap=True)
    wiring.connect.cache_clear()
    connections.plug_in(wiring.connect)
    for name, value in ENVIRONMENT.items():
        setattr(environment, name, value)
    try:
        with (
            mock.patch.object(deadline, "Transport", return_value=world.wire),
            mock.patch.object(connection_cut, "cut", world.wire.cut),
            mock.patch.object(send_mail, "EmailMessage", mock.MagicMock()),
            mock.patch.object(record_sheet, "_draw", [lambda content, language, at: json.dumps(content).encode()]),
            mock.patch.object(checkpoints, "_plan", _Passing()),
            mock.patch.object(checkpoints, "_pass", lambda *, plan, name: world.pass_checkpoint(name)),
        ):
            yield
    finally:
        for name, value in before.items():
            setattr(environment, name, value)
        wiring.connect.cache_clear()
        stamina.set_testing(False)
