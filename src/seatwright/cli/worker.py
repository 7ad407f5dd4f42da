"""The worker process: it takes due operations, runs them durably, and takes over from workers that died."""

import datetime as dt
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import structlog
from django.db import Error, connections

from seatwright.operations import beats, checkpoints, clock, durable, engine, queries, runs

EXIT_TAKEN_OVER = 75
MEND_EVERY_S = 5.0
CHORES_EVERY_S = 60.0
FORGET_EVERY_S = 60.0
FORGET_AFTER = dt.timedelta(hours=1)
SAY_TROUBLE_EVERY_S = 60.0

log = structlog.get_logger(__name__)


def run_worker(
    *,
    data_dir: Path,
    poll_s: float,
    takeover_s: float,
    threads: int = 8,
    drain_s: float = 30.0,
    accept_clock: bool = False,
    until_idle: bool = False,
    chores: Callable[[], object] | None = None,
) -> int:
    """Work until SIGTERM or SIGINT, finish what is in hand within `drain_s`, and return the exit code.

    Exit code 75 says that another worker took over because this one was silent for `takeover_s`; start it again.
    `accept_clock` forgets heartbeats from the future after the system's clock was corrected backwards. `until_idle`
    ends as soon as nothing is left that could become due by itself. `chores` are done about once a minute, and at once
    again after they returned True. Must be called in the main thread.
    """
    worker = _Worker(data_dir=data_dir, poll_s=poll_s, takeover_s=takeover_s, threads=threads, chores=chores)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.told_to_stop.set())
    if accept_clock:
        beats.forget_future(system_now=clock.system_now())
    worker.begin()
    try:
        worker.loop(until_idle=until_idle)
    finally:
        code = worker.end(drain_s=drain_s)
    return code


class _Worker:
    """The state of one worker process: its name, its stop signal, and how far the clock can be trusted."""

    def __init__(
        self,
        *,
        data_dir: Path,
        poll_s: float,
        takeover_s: float,
        threads: int,
        chores: Callable[[], object] | None,
    ) -> None:
        self.worker_id = uuid.uuid4().hex
        self.chores = chores
        self.chores_done_at_s = float("-inf")
        self.forgot_at_s = float("-inf")
        self.data_dir, self.poll_s, self.takeover_s, self.threads = data_dir, poll_s, takeover_s, threads
        self.told_to_stop, self.superseded = threading.Event(), threading.Event()
        self.start_reading = clock.reading()
        self.mended_at_s = float("-inf")
        self.said_trouble_at_s = float("-inf")
        self.heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """Enlist, launch the engine, and let the heart beat."""
        beats.enlist(worker_id=self.worker_id)
        durable.launch(
            worker_id=self.worker_id, data_dir=self.data_dir, threads=self.threads, superseded=self.superseded
        )
        self.heart.start()
        log.info("worker started", worker_id=self.worker_id)

    @property
    def stops(self) -> bool:
        """Whether nothing new may be begun."""
        return self.told_to_stop.is_set() or self.superseded.is_set()

    def _beat(self) -> None:
        while not self.superseded.wait(min(self.takeover_s / 5, 2.0)):
            try:
                if not beats.beat(worker_id=self.worker_id):
                    log.error("another worker took over; this one stops", worker_id=self.worker_id)
                    self.superseded.set()
            except Error as error:
                log.warning("heartbeat failed", worker_id=self.worker_id, error=str(error))
            finally:
                connections.close_all()

    def loop(self, *, until_idle: bool) -> None:
        """Sweep until told to stop; a database that cannot be reached is tried again."""
        while not self.stops:
            begun = 0
            try:
                if self._trusts_clock():
                    self._mend()
                    self._do_chores()
                    self._forget()
                    begun = self._sweep()
                    if until_idle and not begun and not queries.unfinished_count():
                        return
            except Error as error:
                log.warning("sweep failed", worker_id=self.worker_id, error=str(error))
                connections.close_all()
            if not begun:
                self.told_to_stop.wait(self.poll_s)

    def _do_chores(self) -> None:
        if self.chores is None or time.monotonic() - self.chores_done_at_s < CHORES_EVERY_S:
            return
        self.chores_done_at_s = time.monotonic()
        try:
            if self.chores():
                self.chores_done_at_s = float("-inf")
        except Error:
            raise
        except Exception as error:
            log.error("a chore failed", worker_id=self.worker_id, exc_info=error)

    def _forget(self) -> None:
        if time.monotonic() - self.forgot_at_s < FORGET_EVERY_S:
            return
        durable.forget_finished(before=clock.system_now() - FORGET_AFTER)
        self.forgot_at_s = time.monotonic()

    def _trusts_clock(self) -> bool:
        what = clock.trouble(
            start=self.start_reading,
            after=clock.reading(),
            last_seen_at=beats.last_seen_at(but=self.worker_id),
            database_now=beats.database_now(),
        )
        if what and time.monotonic() - self.said_trouble_at_s >= SAY_TROUBLE_EVERY_S:
            self.said_trouble_at_s = time.monotonic()
            log.error("nothing is sent because the clock cannot be trusted", worker_id=self.worker_id, why=what)
        return not what

    def _mend(self) -> None:
        """Take over from the dead at once, and every few seconds look for runs that nobody works on."""
        dead_ids = beats.dead(takeover_s=self.takeover_s, but=self.worker_id)
        taken = [
            dead_id
            for dead_id in dead_ids
            if beats.begin_takeover(dead_id=dead_id, by=self.worker_id, dead_ids=dead_ids)
        ]
        for dead_id in taken:
            count = durable.resume_all_of(executor_id=dead_id)
            log.warning("took over from a dead worker", worker_id=self.worker_id, dead_id=dead_id, runs=count)
        if not taken and time.monotonic() - self.mended_at_s < MEND_EVERY_S:
            return
        held, known = runs.all_in_hand(), beats.known() - set(dead_ids)
        durable.mend(held=held, dead_ids=dead_ids, known_ids=known, at=clock.now())
        self.mended_at_s = time.monotonic()
        for dead_id in taken:
            beats.end_takeover(dead_id=dead_id)

    def _sweep(self) -> int:
        """Claim and start what is due, as far as there are free threads; returns how many were started."""
        now = clock.now()
        due = queries.due(at=now, limit=self.threads, kinds=engine.known_kinds())
        if not due:
            return 0
        free = self.threads - len(runs.in_hand(worker_id=self.worker_id))
        begun = 0
        for operation_id in due:
            if begun >= free or self.stops:
                break
            begun += self._start(operation_id=operation_id, at=now)
        return begun

    def _start(self, *, operation_id: uuid.UUID, at: dt.datetime) -> bool:
        hold = runs.claim(operation_id=operation_id, worker_id=self.worker_id, at=at)
        if hold is None:
            return False
        checkpoints.checkpoint("run.claimed")
        durable.start(operation_id=operation_id, run=hold.run)
        return True

    def end(self, *, drain_s: float) -> int:
        """Wait for runs in hand, stop the engine, and say goodbye; leaves the process by force if a step hangs."""
        until = time.monotonic() + drain_s
        left = runs.in_hand(worker_id=self.worker_id)
        while left and not self.superseded.is_set() and time.monotonic() < until:
            time.sleep(0.1)
            left = runs.in_hand(worker_id=self.worker_id)
        code = EXIT_TAKEN_OVER if self.superseded.is_set() else 0
        beats.leave(worker_id=self.worker_id, is_idle=not left)
        if left:
            log.warning("worker leaves runs to others", worker_id=self.worker_id, runs=len(left))
            os._exit(code)
        durable.shut_down()
        log.info("worker stopped", worker_id=self.worker_id)
        return code
