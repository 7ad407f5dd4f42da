"""A whole installation to try out: vendor simulator, portal and worker on embedded SQLite, ended together."""

import contextlib
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request

import typer

DATA_DIR = pathlib.Path(".demo")
MARK = "this-folder-belongs-to-the-seatwright-demo"
PARTNER_TENANT_ID = "00000000-0000-4000-8000-00000000a001"
CLIENT_ID = "00000000-0000-4000-8000-00000000c001"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 - the stand-in vendor's stand-in credential
EXTRA_COMPANIES = 40
SIGN_IN_PATH = "/account/login/"
READY_WITHIN_S = 60
STOP_WITHIN_S = 20


class CannotStart(Exception):
    """The demo cannot start; the text says why and what to do."""


def run(*, port: int, keep: bool) -> int:
    """Start everything, say where it is, and wait for Ctrl-C or SIGTERM; returns the exit code."""
    try:
        with _Demo(port=port, keep=keep) as demo:
            demo.start()
            demo.say_where()
            return demo.wait()
    except CannotStart as why:
        typer.echo(str(why), err=True)
        return 1
    except KeyboardInterrupt:
        return 0


class _Demo:
    """The demo's processes; leaving the context ends each of them."""

    def __init__(self, *, port: int, keep: bool) -> None:
        self.port = port
        self.simulator_port = port + 1
        self.keep = keep
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment: dict[str, str] = {}
        self.is_told_to_stop = False

    def __enter__(self) -> "_Demo":
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.processes.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + STOP_WITHIN_S
        for process in self.processes.values():
            try:
                process.wait(timeout=max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _stop(self, _number: int, _frame: types.FrameType | None) -> None:
        if not self.is_told_to_stop:
            self.is_told_to_stop = True
            raise KeyboardInterrupt

    def start(self) -> None:
        """Prepare the data and start simulator, portal and worker in this order."""
        for name, number in (("portal", self.port), ("vendor simulator", self.simulator_port)):
            if _is_taken(number):
                raise CannotStart(f"Port {number} for the {name} is in use; choose another with --port.")
        is_new = self._prepare_folder()
        self.environment = _environment(port=self.port, simulator_port=self.simulator_port)
        os.environ.update(self.environment | {"SEATWRIGHT_LOG_LEVEL": "WARNING"})
        self._start_simulator(is_new=is_new)
        self._prepare_database(is_new=is_new)
        self._start("portal", "-m", "seatwright.cli.main", "serve", "--host", "127.0.0.1", "--port", str(self.port))
        self._start("worker", "-m", "seatwright.cli.main", "worker")
        self._await_portal()

    def _prepare_folder(self) -> bool:
        is_new = not (self.keep and DATA_DIR.is_dir())
        if is_new and DATA_DIR.exists():
            if not (DATA_DIR / MARK).exists():
                raise CannotStart(f"The folder {DATA_DIR} is not the demo's; move it away and start again.")
            shutil.rmtree(DATA_DIR)
        DATA_DIR.mkdir(exist_ok=True)
        (DATA_DIR / MARK).touch()
        return is_new

    def _start_simulator(self, *, is_new: bool) -> None:
        arguments = ["--port", str(self.simulator_port), "--books", str(DATA_DIR / "vendor-books.sqlite3")]
        arguments += ["--admin-token", self.environment["SEATWRIGHT_SIMULATOR_ADMIN_TOKEN"]]
        if is_new:
            import django

            django.setup()
            from seatwright.cli import demo_data
            from seatwright.operations import clock

            shown = demo_data.companies(extra=EXTRA_COMPANIES)
            seed_file = DATA_DIR / "vendor-seed.json"
            seed_file.write_text(json.dumps(demo_data.simulator_seed(shown=shown, at=clock.system_now())))
            arguments += ["--seed-file", str(seed_file)]
        process = self._start("vendor", "-m", "vendor_simulator.main", "serve", *arguments, piped=True)
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        if not line.startswith("ready on"):
            raise CannotStart(f"The vendor simulator did not start; see {DATA_DIR / 'vendor.log'}.")

    def _prepare_database(self, *, is_new: bool) -> None:
        import django

        django.setup()
        from django.core.management import call_command

        from seatwright.cli import demo_data, demo_sheets
        from seatwright.operations import clock, engine

        call_command("migrate", interactive=False, verbosity=0)
        if is_new:
            shown = demo_data.companies(extra=EXTRA_COMPANIES)
            demo_data.install(shown=shown, partner_tenant_id=PARTNER_TENANT_ID, at=clock.now())
            engine.run_due(clock=clock.now)
            demo_sheets.ask(customer_name=demo_data.STORY[0].name, at=clock.now())

    def _start(self, name: str, *arguments: str, piped: bool = False) -> subprocess.Popen[bytes]:
        log = (DATA_DIR / f"{name}.log").open("ab")
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes[name] = process
        return process

    def _await_portal(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            self._check_alive()
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                urllib.request.urlopen(f"http://localhost:{self.port}{SIGN_IN_PATH}", timeout=5).close()
                return
            time.sleep(0.1)
        raise CannotStart(f"The portal did not answer within {READY_WITHIN_S} s; see {DATA_DIR / 'portal.log'}.")

    def _check_alive(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise CannotStart(f"The {name} ended by itself; see {DATA_DIR / name}.log.")

    def say_where(self) -> None:
        """Print the address and the logins."""
        from seatwright.cli import demo_data

        typer.echo(f"\nSeatwright runs on http://localhost:{self.port}\n")
        typer.echo("Sign in as                            password " + demo_data.PASSWORD)
        for email, role in (
            ("owner@kade-logistics.example", "contract owner of two organisations"),
            ("admin@kade-logistics.example", "licence administrator"),
            ("owner@morgenrot.example", "contract owner, in German"),
            ("staff@noordkaap.example", "the reseller's administrator"),
        ):
            typer.echo(f"  {email:<36}{role}")
        typer.echo(f"\nThe vendor simulator listens on port {self.simulator_port}; logs are in {DATA_DIR}/.")
        typer.echo("Stop everything with Ctrl-C.\n")

    def wait(self) -> int:
        """Wait until told to stop, or until one of the processes ends by itself."""
        try:
            while True:
                self._check_alive()
                time.sleep(0.5)
        except KeyboardInterrupt:
            typer.echo("Stopping.")
            return 0


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _environment(*, port: int, simulator_port: int) -> dict[str, str]:
    key_file = DATA_DIR / "secret-key"
    if not key_file.exists():
        key_file.write_text(secrets.token_urlsafe(60))
        key_file.chmod(0o600)
    admin_token = hashlib.sha256(key_file.read_bytes()).hexdigest()
    vendor = f"http://localhost:{simulator_port}"
    return {
        "DJANGO_SETTINGS_MODULE": "seatwright.config.settings",
        "DATABASE_URL": "",
        "SEATWRIGHT_PROFILE": "demo",
        "SEATWRIGHT_DATA_DIR": str(DATA_DIR),
        "SEATWRIGHT_SECRET_KEY": key_file.read_text(),
        "SEATWRIGHT_BASE_URL": f"http://localhost:{port}",
        "SEATWRIGHT_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SEATWRIGHT_VENDOR_PARTNER_TENANT_ID": PARTNER_TENANT_ID,
        "SEATWRIGHT_VENDOR_CLIENT_ID": CLIENT_ID,
        "SEATWRIGHT_VENDOR_CLIENT_SECRET": CLIENT_SECRET,
        "SEATWRIGHT_VENDOR_PARTNER_BASE_URL": vendor,
        "SEATWRIGHT_VENDOR_GRAPH_BASE_URL": vendor,
        "SEATWRIGHT_VENDOR_LOGIN_BASE_URL": vendor,
        "SEATWRIGHT_TEST_CLOCK": "true",
        "SEATWRIGHT_SIMULATOR_ADMIN_URL": vendor,
        "SEATWRIGHT_SIMULATOR_ADMIN_TOKEN": admin_token,
        "SEATWRIGHT_WORKER_POLL_S": "0.5",
        "SEATWRIGHT_LOG_LEVEL": "INFO",
    }
