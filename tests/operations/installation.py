"""An installation for processes under test: a migrated database of its own, beside the test runner's."""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from django.db.utils import load_backend

from seatwright.config import databases
from tests.operations import processes, worker_process

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Where an installation keeps its data; `url` is empty for SQLite in `data_dir`."""

    data_dir: Path
    url: str

    @property
    def effects_file(self) -> Path:
        return self.data_dir / "effects"

    @property
    def hits_file(self) -> Path:
        return self.data_dir / "hits"

    def environment(self) -> dict[str, str]:
        """The environment of a process of this installation."""
        return {
            **os.environ,
            "SEATWRIGHT_PROFILE": "test",
            "SEATWRIGHT_DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "seatwright.config.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        }

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Work on this installation's database within the block, in this process and thread."""
        given = databases.from_url(url=self.url, data_dir=self.data_dir)
        settings = connections.configure_settings({"default": given})["default"]
        before = connections["default"]
        connections["default"] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"] = before

    def worker(self, **plan: Any) -> ForkServerProcess:
        """A worker process with the kinds of `worker_process`, not yet started."""
        plan = {"hits_file": str(self.hits_file), "effects_file": str(self.effects_file), **plan}
        return processes.process(worker_process.work, data_dir=self.data_dir, url=self.url, plan=plan)

    def effects(self) -> list[tuple[uuid.UUID, int, str, int]]:
        """What the steps did: operation, run, what, and the process."""
        if not self.effects_file.exists():
            return []
        lines = [line.split() for line in self.effects_file.read_text(encoding="ascii").splitlines()]
        return [(uuid.UUID(operation), int(run), what, int(pid)) for operation, run, what, pid in lines]

    def hits(self) -> list[str]:
        """The checkpoints passed, in order."""
        if not self.hits_file.exists():
            return []
        return [line.split()[0] for line in self.hits_file.read_text(encoding="ascii").splitlines()]


def migrate(installation: Installation) -> None:
    """Lay out the tables; takes some seconds."""
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=installation.environment(), cwd=ROOT, check=True)


def on_sqlite(*, template: Path, folder: Path) -> Installation:
    """A fresh installation on SQLite in `folder`; `template` is a folder that keeps the migrated file between uses."""
    if not (template / "seatwright.sqlite3").exists():
        template.mkdir(parents=True, exist_ok=True)
        migrate(Installation(data_dir=template, url=""))
        with contextlib.closing(sqlite3.connect(template / "seatwright.sqlite3")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template / "seatwright.sqlite3", folder / "seatwright.sqlite3")
    return Installation(data_dir=folder, url="")


def on_postgres(*, server_url: str, folder: Path) -> Installation:
    """A fresh installation in a database of its own on this server, copied from one that is migrated once."""
    folder.mkdir(parents=True, exist_ok=True)
    template = f"seatwright_template_{_digest_of_migrations()}"
    name = f"seatwright_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(4711)")
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone()
        if known is None:
            unfinished = f"{template}_unfinished"
            server.execute(f"DROP DATABASE IF EXISTS {unfinished}")
            server.execute(f"CREATE DATABASE {unfinished}")
            migrate(Installation(data_dir=folder, url=_with_name(server_url, unfinished)))
            server.execute(f"ALTER DATABASE {unfinished} RENAME TO {template}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return Installation(data_dir=folder, url=_with_name(server_url, name))


def drop(*, server_url: str, place: Installation) -> None:
    """Remove the database of an installation on a server that stays."""
    name = place.url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _digest_of_migrations() -> str:
    digest = hashlib.sha256()
    for file in sorted((ROOT / "src").rglob("migrations/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _with_name(server_url: str, name: str) -> str:
    head, _, query = server_url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{'?' + query if query else ''}"
