"""One database, one simulator, one order after the other: killed as its case says, revived until quiet, checked.

The worker lives in processes forked for each life; this process stands for the person, moves the clock of product and
vendor together when nothing else can happen, and holds the product's books against the vendor's own log of effects.
"""

import contextlib
import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kill import life
from tests.operations import installation, processes
from tests.stories import world as worlds

LIFE_MOST_S = 60.0
SETTLE_S = 10
PASSES_MOST = 2
PATCH = {"method": "PATCH", "path": "/subscriptions/", "nth": 1, "times": 1}
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
class Case:
    """A seat change under a fault of the vendor, with a death in each of its first lives."""

    scenario: str
    kills: tuple[Point, ...]


@dataclass(kw_only=True)
class Verdict:
    """What came of a case; every count but `killed` and `fired` has to be zero.

    `resent` counts calls after the one that took effect: harmless where a quantity is absolute, and still a guess.
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

    def discover(self, scenario: str) -> tuple[list[Point], Verdict]:
        """The points that an order under this fault passes when nobody dies, in their order, and what came of it.

        From its third pass on, a checkpoint is one of a loop of looking and waiting, and stands for nothing new.
        """
        verdict = self.run(Case(scenario=scenario, kills=()))
        return [point for point in dict.fromkeys(self._passed) if point.nth <= PASSES_MOST], verdict

    def run(self, case: Case) -> Verdict:
        """Book one more seat, or return the one added before, and let it be killed as the case says."""
        from seatwright.workflows import change_seats

        world, before = self.world, self._holding()
        effects_before, calls_before = len(world.simulator.effects()), len(world.simulator.calls())
        wanted = before.seats + (1 if self.seats_up else -1)
        self.seats_up = not self.seats_up
        actor = world.actor("north_owner")
        wish = worlds.pricing.Wish(subscription_id=before.subscription_id, seats=wanted)
        quote_id = change_seats.prepare(
            by=actor, customer_id=world.customer_ids["north"], wishes=[wish], at=self._now()
        )
        fired_before = sum(world.simulator.fired().values())
        if fault := SCENARIOS[case.scenario]:
            world.simulator.fault(match=PATCH, **fault)
        verdict = Verdict(case=case)
        for point in [*case.kills, None]:
            if not self._live(quote_id=quote_id, point=point, verdict=verdict):
                break
        world.simulator.clear_faults()
        verdict.fired = sum(world.simulator.fired().values()) - fired_before
        arrived = world.simulator.admin("GET", "calls", {"after": calls_before})["calls"]
        heard = [each for each in arrived if each["method"] == "PATCH" and "before_effect" not in each["fault"]]
        verdict.resent = max(0, len(heard) - 1)
        effects = world.simulator.effects()[effects_before:]
        self._judge(verdict, quote_id=quote_id, wanted=wanted, effects=effects, before=before)
        return verdict

    def _live(self, *, quote_id: uuid.UUID, point: Point | None, verdict: Verdict) -> bool:
        """Whether it was killed, so that another life is needed; one that hangs is ended and counts as stuck."""
        from seatwright.workflows import change_seats

        hits_file = self.place.data_dir / "hits"
        hits_file.unlink(missing_ok=True)
        quote = change_seats.prepared(by=self.world.actor("north_owner"), quote_id=quote_id, at=self._now())
        plan = {
            "kill_at": point.name if point else "",
            "nth": point.nth if point else 1,
            "hits_file": str(hits_file),
            "user_id": self.world.user_ids["north_owner"],
            "quote_id": str(quote_id),
            "idempotency_key": quote.idempotency_key,
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

        now, due_at = self._now(), queries.next_due_at()
        if due_at is not None and due_at > now and not runs.all_in_hand():
            self.world.simulator.clock(now=due_at.isoformat())
            clock.advance(by=SYSTEM, to=due_at, at=now)

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
def opened(*, place: installation.Installation) -> Iterator[Lane]:
    """A lane on this installation, with the vendor read once, without dedupe of request ids at the vendor."""
    from django.conf import settings

    from seatwright.access.actors import SYSTEM
    from seatwright.operations import clock

    settings.ENVIRONMENT.test_clock = True
    with place.connected():
        clock.freeze(by=SYSTEM, to=worlds.NOW, at=worlds.NOW)
        with worlds.running(place.data_dir / "books.sqlite3") as world:
            world.simulator.settings(dedupe=False)
            settings.ENVIRONMENT.worker_settle_s = SETTLE_S
            clock.advance(by=SYSTEM, to=world.at, at=world.at)
            yield Lane(place=place, world=world)
