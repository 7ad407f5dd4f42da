"""One database, one simulator, one order after the other: killed as its case says, revived until quiet, checked.

The worker lives in processes forked for each life; this process stands for the person, moves the clock of product and
vendor together when nothing else can happen, and holds the product's books against the vendor's own log of effects.
"""

import contextlib
import datetime as dt
import email
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kill import grounds, jobs, journeys, life
from tests.operations import installation, processes
from tests.stories import world as worlds

LIFE_MOST_S = 60.0
SETTLE_S = 10
PASSES_MOST = 2
SCENARIOS: dict[str, dict[str, Any]] = {
    "no fault": {},
    "timeout_after_effect": {"kind": "timeout_after_effect"},
    "late_visibility": {"kind": "late_visibility", "visible_after_s": 7.0},
    "timeout_before_effect": {"kind": "timeout_before_effect"},
}


@dataclass(frozen=True)
class Point:
    """A place to die: the nth pass (from 1) of a checkpoint within one life."""

    name: str
    nth: int = 1


@dataclass(frozen=True, kw_only=True)
class _Seats:
    """A seat change that the lives are to bring about; `row` is the subscription before it."""

    plan: dict[str, Any]
    wanted: int
    row: Any


@dataclass(frozen=True, kw_only=True)
class Case:
    """A job under a fault of the vendor, with a death in each of its first lives."""

    scenario: str
    kills: tuple[Point, ...]
    job: str = "seats"


@dataclass(kw_only=True)
class Verdict:
    """What came of a case; every count but `killed`, `fired` and `crashed` has to be zero.

    `resent` counts calls after the one that took effect: harmless where a quantity is absolute, and still a guess. A
    spent cart is no such call: it is asked again on purpose, once it shows that it is spent, and tells what it became.
    """

    case: Case
    killed: tuple[Point, ...] = ()
    resent: int = 0
    doubled: int = 0
    lost: int = 0
    wrong: int = 0
    parked: int = 0
    stuck: int = 0
    fired: int = 0
    crashed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.resent or self.doubled or self.lost or self.wrong or self.parked or self.stuck)


class Lane:
    """A world in an installation of its own; `hits` counts the checkpoints passed over all cases."""

    def __init__(self, *, place: installation.Installation, world: worlds.World) -> None:
        self.place = place
        self.world = world
        self.hits: Counter[str] = Counter()
        self.seats_up = True
        self.jobs = {name: job() for name, job in journeys.JOBS.items()}
        self.seen_at_vendor: set[str] = set()
        self.newest = {"call": 0, "effect": 0}
        self.mails = place.data_dir / "mails"
        self.mails.mkdir(exist_ok=True)
        self._pages(jobs.Wanted(plan={}, tenant="north"))

    def discover(self, scenario: str, *, job: str = "seats") -> tuple[list[Point], Verdict]:
        """The points that this job under this fault passes when nobody dies, in their order, and what came of it.

        From its third pass on, a checkpoint is one of a loop of looking and waiting, and stands for nothing new.
        """
        verdict = self.run(Case(scenario=scenario, kills=(), job=job))
        return [point for point in dict.fromkeys(self._passed) if point.nth <= PASSES_MOST], verdict

    def run(self, case: Case) -> Verdict:
        """Begin the case's job and let it be killed as the case says, then hold the books against the vendor's."""
        world = self.world
        fired_before = sum(world.simulator.fired().values())
        known = set(self._operation_ids())
        begun = self._begin_seats() if case.job == "seats" else self.jobs[case.job].begin(world, at=self._now())
        self._news()
        if fault := SCENARIOS[case.scenario]:
            world.simulator.fault(match=jobs.PATCH if case.job == "seats" else self.jobs[case.job].write, **fault)
        verdict = Verdict(case=case)
        by = "north_owner" if case.job == "seats" else self.jobs[case.job].by
        points = [*case.kills]
        while self._live(plan=begun.plan, by=by, point=points.pop(0) if points else None, verdict=verdict):
            pass
        world.simulator.clear_faults()
        verdict.fired = sum(world.simulator.fired().values()) - fired_before
        arrived, effects = self._news()
        heard = Counter(
            each["request_id"] for each in arrived if each["method"] != "GET" and "before_effect" not in each["fault"]
        )
        verdict.resent = (
            0 if case.job != "seats" and self.jobs[case.job].has_cart else sum(count - 1 for count in heard.values())
        )
        if isinstance(begun, jobs.Wanted):
            opened = self._opened(known)
            self._judge_job(verdict, begun, effects=effects, opened=opened)
            news = jobs.News(calls=arrived, effects=effects, mails=self._mails_sent(), opened=opened)
            wrong = self.jobs[case.job].wrong(world, begun, news)
            verdict.wrong += len(wrong)
            verdict.notes.extend(wrong)
        else:
            self._judge(
                verdict,
                quote_id=uuid.UUID(begun.plan["quote_id"]),
                wanted=begun.wanted,
                effects=effects,
                before=begun.row,
            )
        return verdict

    def _news(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The calls that have arrived at the vendor since it was asked last, and what took effect."""
        admin = self.world.simulator.admin
        calls = admin("GET", "calls", {"after": self.newest["call"]})["calls"]
        effects = admin("GET", "effects", {"after": self.newest["effect"]})["effects"]
        for name, found in (("call", calls), ("effect", effects)):
            self.newest[name] = found[-1][f"{name}_id"] if found else self.newest[name]
        return calls, effects

    def _mails_sent(self) -> list[tuple[str, str]]:
        """Receiver and subject of each mail since this was asked last."""
        found = []
        for file in sorted(self.mails.iterdir()):
            message = email.message_from_bytes(file.read_bytes())
            found.append((str(message["To"]), str(message["Subject"])))
            file.unlink()
        return found

    def _operation_ids(self) -> list[uuid.UUID]:
        from django.apps import apps

        return list(apps.get_model("operations.Operation").objects.values_list("pk", flat=True))

    def _begin_seats(self) -> "_Seats":
        """One more seat, or the return of the one added before."""
        from seatwright.workflows import change_seats

        world, before = self.world, self._holding()
        wanted = before.seats + (1 if self.seats_up else -1)
        self.seats_up = not self.seats_up
        actor = world.actor("north_owner")
        wish = worlds.pricing.Wish(subscription_id=before.subscription_id, seats=wanted)
        quote_id = change_seats.prepare(
            by=actor, customer_id=world.customer_ids["north"], wishes=[wish], at=self._now()
        )
        quote = change_seats.prepared(by=actor, quote_id=quote_id, at=self._now())
        plan = {"what": "seats", "quote_id": str(quote_id), "idempotency_key": quote.idempotency_key}
        return _Seats(plan=plan, wanted=wanted, row=before)

    def _live(self, *, plan: dict[str, Any], by: str, point: Point | None, verdict: Verdict) -> bool:
        """Whether it died, so that another life is needed; one that hangs is ended and counts as stuck.

        A crash of the interpreter is one more death, at a point that nobody chose, and is told with its trace.
        """
        hits_file = self.place.data_dir / "hits"
        hits_file.unlink(missing_ok=True)
        plan = {
            **plan,
            "kill_at": point.name if point else "",
            "nth": point.nth if point else 1,
            "hits_file": str(hits_file),
            "mails": str(self.mails),
            "user_id": self.world.user_ids[by],
        }
        process = processes.process(
            life.live, data_dir=self.place.data_dir, url=self.place.url, plan=plan, settings=self._settings()
        )
        process.start()
        until = time.monotonic() + LIFE_MOST_S
        while process.exitcode is None and time.monotonic() < until:
            process.join(0.02)
            self._let_time_pass()
        if process.exitcode is None:
            process.kill()
            process.join()
            verdict.stuck += 1
            verdict.notes.append(f"still alive after {LIFE_MOST_S:.0f} s")
            return False
        self._count_hits(hits_file)
        if process.exitcode == -9 and point is not None:
            verdict.killed += (point,)
            return True
        if process.exitcode < 0 and not verdict.crashed:
            verdict.crashed += 1
            trace = processes.crash_file(self.place.data_dir).read_text(encoding="utf-8", errors="replace")
            verdict.notes.append(f"crashed with {process.exitcode}: {trace}")
            return True
        if process.exitcode != 0:
            verdict.stuck += 1
            verdict.notes.append(f"ended with {process.exitcode}")
        return False

    def _count_hits(self, hits_file: Path) -> None:
        lines = hits_file.read_text(encoding="ascii").split("\n") if hits_file.exists() else []
        passes = [line.split() for line in lines if line]
        self._passed = [Point(name, int(nth)) for name, nth, *_killed in passes]
        self.hits.update(point.name for point in self._passed)

    def _let_time_pass(self) -> None:
        """Move product and vendor to when the next operation falls due, if nothing else can happen before."""
        from seatwright.access.actors import SYSTEM
        from seatwright.operations import clock, queries, runs

        now = self._now()
        if queries.due(at=now, limit=1) or runs.all_in_hand():
            return
        due_at = self._next_due_at(after=now)
        if due_at is not None:
            self.world.simulator.clock(now=due_at.isoformat())
            clock.advance(by=SYSTEM, to=due_at, at=now)

    def _next_due_at(self, *, after: dt.datetime) -> dt.datetime | None:
        """When the next operation falls due; one that waits behind another's lease has been due all along."""
        from django.apps import apps

        rows = apps.get_model("operations.Operation").objects.filter(due_at__gt=after)
        found: dt.datetime | None = rows.order_by("due_at").values_list("due_at", flat=True).first()
        return found

    def _judge(
        self, verdict: Verdict, *, quote_id: uuid.UUID, wanted: int, effects: list[dict[str, Any]], before: Any
    ) -> None:
        from seatwright.access.actors import SYSTEM
        from seatwright.billing import queries as billing
        from seatwright.operations import queries
        from seatwright.orders import calculation as frozen
        from seatwright.orders import queries as orders
        from seatwright.subscriptions import queries as holdings

        order_id = orders.quote(seen_by=SYSTEM, quote_id=quote_id).order_id
        if order_id is None:
            verdict.lost += 1
            verdict.notes.append("no order")
            return
        (line,) = orders.order(seen_by=SYSTEM, order_id=order_id).lines
        operation = queries.view(operation_id=line.operation_id)
        charges = billing.charges(seen_by=SYSTEM, customer_id=self.world.customer_ids["north"])
        booked = sum(1 for charge in charges if charge.operation_id == operation.id)
        quoted = len(frozen.from_json(orders.quote(seen_by=SYSTEM, quote_id=quote_id).calculation).lines[0].charges)
        entries = holdings.ledger(seen_by=SYSTEM, subscription_id=before.subscription_id)
        moved = sum(1 for entry in entries if entry.operation_id == operation.id)
        seats = self._holding().seats
        vendor_seats = self.world.vendor_seats("north", worlds.BASIC)
        is_done = operation.state == "done"
        verdict.doubled += (len(effects) > 1) + (booked > quoted) + (moved > 1)
        verdict.lost += is_done and (len(effects) < 1 or booked < quoted or moved < 1)
        verdict.parked += operation.state == "parked"
        verdict.wrong += (
            (is_done and not seats == vendor_seats == wanted)
            or (operation.state == "refused")
            or (not is_done and (booked or moved) > 0)
            or bool(holdings.miscounted())
        )
        if not verdict.is_good:
            verdict.notes.append(
                f"{operation.state} ({operation.parked_reason or operation.last_error}); wanted {wanted}, ours {seats},"
                f" vendor {vendor_seats}; {verdict.resent} resent, {len(effects)} effects,"
                f" {booked} of {quoted} charges, {moved} ledger rows"
            )

    def _judge_job(
        self, verdict: Verdict, wanted: jobs.Wanted, *, effects: list[dict[str, Any]], opened: list[Any]
    ) -> None:
        """All that was opened is done with one effect at most, and the vendor's page shows what was wanted."""
        from seatwright.subscriptions import queries as holdings

        same = Counter((effect["request_id"], effect["kind"], effect["subject"]) for effect in effects)
        # The calls about people's licences carry no id of the operation's; what they did is judged by its job.
        requests = {effect["request_id"] for effect in effects if effect["kind"] != "licences_assigned"}
        pages = self._pages(wanted) if wanted.shows else []
        verdict.doubled += sum(count - 1 for count in same.values())
        verdict.doubled += sum(jobs.is_shown(page, wanted.shows) for page in pages) > 1
        verdict.lost += bool(wanted.shows) and not any(jobs.is_shown(page, wanted.shows) for page in pages)
        verdict.parked += sum(each.state == "parked" for each in opened)
        verdict.wrong += any(each.state != "done" for each in opened) or bool(holdings.miscounted())
        verdict.wrong += not requests <= {name for each in opened for name in jobs.request_ids(each)}
        if not verdict.is_good:
            states = [(each.kind, each.state, each.parked_reason or each.last_error) for each in opened]
            verdict.notes.append(f"{states}; {jobs.essence(effects)}; wanted {wanted.shows}")

    def _opened(self, known: set[uuid.UUID]) -> list[Any]:
        """The operations that are there now besides the known ones."""
        from seatwright.operations import queries

        return list(queries.views(operation_ids=[key for key in self._operation_ids() if key not in known]).values())

    def _pages(self, wanted: jobs.Wanted) -> list[dict[str, Any]]:
        """The subscription as the vendor shows it, or those that are new where none was named."""
        import httpx2

        url = f"{self.world.simulator.base_url}/v1/customers/{worlds.tenant_id(wanted.tenant)}/subscriptions"
        headers = {"Authorization": f"Bearer {self.world.simulator.token()}"}
        if wanted.vendor_subscription_id:
            return [httpx2.get(f"{url}/{wanted.vendor_subscription_id}", headers=headers).json()]
        items = httpx2.get(url, headers=headers).json()["items"]
        fresh = [item for item in items if item["id"] not in self.seen_at_vendor]
        self.seen_at_vendor |= {item["id"] for item in items}
        return fresh

    def _holding(self) -> Any:
        return self.world.holding("north", worlds.BASIC)

    def _now(self) -> dt.datetime:
        from seatwright.operations import clock

        return clock.now()

    def _settings(self) -> dict[str, Any]:
        from django.conf import settings

        names = "test_clock vendor_partner_tenant_id vendor_client_id vendor_client_secret vendor_partner_base_url"
        names += " vendor_graph_base_url vendor_login_base_url worker_settle_s"
        return {name: getattr(settings.ENVIRONMENT, name) for name in names.split()}


@contextlib.contextmanager
def _put_back(before: dict[str, Any]) -> Iterator[None]:
    """Leave the environment of this process as it was found."""
    from django.conf import settings

    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings.ENVIRONMENT, name, value)


@contextlib.contextmanager
def opened(*, place: installation.Installation, cases: int = 0) -> Iterator[Lane]:
    """A lane on this installation, with the vendor read once, without dedupe of request ids at the vendor.

    There is enough of everything for so many cases of each job; without any, for seat changes alone.
    """
    from django.conf import settings

    from seatwright.access.actors import SYSTEM
    from seatwright.operations import clock

    before = {name: getattr(settings.ENVIRONMENT, name) for name in ("test_clock", "worker_settle_s")}
    settings.ENVIRONMENT.test_clock = True
    with place.connected(), _put_back(before):
        clock.freeze(by=SYSTEM, to=worlds.NOW, at=worlds.NOW)
        with worlds.running(place.data_dir / "books.sqlite3") as world:
            world.simulator.settings(dedupe=False)
            if cases:
                world.simulator.seed(grounds.seed(cases=cases, now=worlds.NOW))
                grounds.enter(world, cases=cases)
            for customer in ("north", *grounds.buyers(cases=cases)):
                jobs.accept_agreement(world, customer)
            settings.ENVIRONMENT.worker_settle_s = SETTLE_S
            clock.advance(by=SYSTEM, to=world.at, at=world.at)
            yield Lane(place=place, world=world)
