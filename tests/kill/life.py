"""One life of the product in a process of its own: a person books, or books again, and the worker works until idle."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

QUEUE_POLL_S = 0.05
LAST_WORDS_MOST_S = 10.0


def live(plan: Mapping[str, Any]) -> int:
    """Place what the plan says and work; dies at the plan's checkpoint, else ends when nothing is left to do."""
    from dbos._dbos import _get_or_create_dbos_registry
    from django.conf import settings

    from seatwright.cli import worker
    from seatwright.customers import queries as customers
    from seatwright.operations import checkpoints, clock, durable
    from tests.kill import journeys

    backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": plan["mails"]}}}
    checkpoints.arm(kill_at=plan["kill_at"], nth=plan["nth"], hits_file=Path(plan["hits_file"]))
    actor = customers.actor(user_id=plan["user_id"], channel="web", request_ref="")
    assert actor is not None
    journeys.place(plan, actor=actor, at=clock.now())
    # A resumed run waits for the engine's queue, which looks once a second in an installation.
    _get_or_create_dbos_registry().get_internal_queue()._polling_interval_sec = QUEUE_POLL_S
    # Ending the process is quicker than ending the engine's threads, and a death that every life but the last knows.
    durable.shut_down = lambda: None
    code = worker.run_worker(data_dir=settings.ENVIRONMENT.data_dir, poll_s=0.02, takeover_s=10, until_idle=True)
    _let_runs_end()
    os._exit(code)


def _let_runs_end() -> None:
    """Wait for the threads whose operation has ended while their run has not: they pass the last checkpoints."""
    from dbos import DBOS, error

    from seatwright.operations import durable

    until = time.monotonic() + LAST_WORDS_MOST_S
    while time.monotonic() < until:
        try:
            if not DBOS.list_workflows(status="PENDING", executor_id=durable._this_worker, limit=1):
                return
        except error.DBOSException:
            return
        time.sleep(0.02)
