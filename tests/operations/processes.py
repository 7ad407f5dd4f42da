"""Processes under test are forked from one that has Django and the durable engine loaded, which saves seconds each."""

import faulthandler
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

Work = Callable[[Mapping[str, Any]], int]


def process(
    work: Work, *, data_dir: Path, url: str, plan: Mapping[str, Any], settings: Mapping[str, Any] | None = None
) -> ForkServerProcess:
    """A process, not yet started, that moves into the installation and exits with what `work(plan)` returns.

    `settings` are fields of `config.environment.Environment` that differ for it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.operations.preloaded"])
    changed = {**(settings or {}), "data_dir": data_dir, "database_url": url}
    return context.Process(target=_child, args=(work, changed, dict(plan)))


def crash_file(data_dir: Path) -> Path:
    """Where the last process of this installation wrote what each thread was doing when the interpreter crashed."""
    return data_dir / "crash"


def _child(work: Work, changed: dict[str, Any], plan: dict[str, Any]) -> None:
    from django.conf import settings
    from django.db import connections

    from seatwright.config import databases

    faulthandler.enable(file=crash_file(changed["data_dir"]).open("w", encoding="utf-8"))
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changed)
    given = databases.from_url(url=changed["database_url"], data_dir=changed["data_dir"])
    connections.settings = connections.configure_settings({"default": given})
    if connections.all(initialized_only=True):
        del connections["default"]
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    sys.exit(work(plan))


def _end_with_parent(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(1)
    os._exit(1)
