"""The simulator as a process for tests and demos: started, killed and started again on the same books.

with testing.running(tmp_path / "books.sqlite3", now="2026-03-02T09:30:00Z") as simulator:
    simulator.seed({...})
    httpx2.get(simulator.base_url + "/v1/customers", headers=...)
    simulator.kill()
    simulator.start()
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from vendor_simulator import books

ADMIN_TOKEN = "simulator-admin"  # noqa: S105 - guards a simulator on this machine
_PACKAGE_PLACE = str(pathlib.Path(__file__).resolve().parent.parent)


class Simulator:
    """A simulator process on one port of 127.0.0.1 and a client of its admin routes."""

    def __init__(
        self,
        books_path: str | os.PathLike[str],
        *,
        arguments: tuple[str, ...] = (),
        certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
    ) -> None:
        """`certificate` names the files of a certificate for 127.0.0.1 and its key, and makes the server speak TLS."""
        self.books_path = os.fspath(books_path)
        self._arguments = arguments
        self._trust = None
        if certificate is not None:
            files = [os.fspath(file) for file in certificate]
            self._arguments += ("--tls-cert", files[0], "--tls-key", files[1])
            self._trust = ssl.create_default_context(cafile=files[0])
        self._process: subprocess.Popen[str] | None = None
        scheme = "http" if certificate is None else "https"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.base_url = f"{scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether it was started and neither stopped nor killed from here."""
        return self._process is not None

    def start(self) -> None:
        """Starts the process on the same port and books, and returns when it accepts calls."""
        assert self._process is None
        command = [sys.executable, "-m", "vendor_simulator.main", "serve", "--port", str(self.port)]
        command += ["--books", self.books_path, "--admin-token", ADMIN_TOKEN]
        command += ["--until-stdin-closes", *self._arguments]
        paths = [_PACKAGE_PLACE, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("ready on "):
            status = self._process.wait()
            self._process = None
            raise RuntimeError(f"the vendor simulator ended with status {status} before it was ready")

    def kill(self) -> None:
        """Ends the process as `kill -9` does."""
        self.end(signal.SIGKILL)

    def stop(self) -> int:
        """Ends the process by SIGTERM and tells its exit status."""
        return self.end(signal.SIGTERM)

    def end(self, number: signal.Signals) -> int:
        """Sends the signal, waits, and tells the exit status; 0 when there is no process."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        status = self._process.wait(timeout=20)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process = None
        return status

    def admin(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer of an admin route; ValueError carries the text of a refusal."""
        request = urllib.request.Request(  # noqa: S310 - the scheme is ours
            f"{self.base_url}/_admin/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Admin-Token": ADMIN_TOKEN, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._trust) as answer:  # noqa: S310
                read: dict[str, Any] = json.load(answer)
                return read
        except urllib.error.HTTPError as refused:
            raise ValueError(refused.read().decode()) from None

    def seed(self, seed: Mapping[str, Any]) -> None:
        self.admin("POST", "seed", seed)

    def reset(self) -> None:
        self.admin("POST", "reset")

    def settings(self, **changes: object) -> dict[str, Any]:
        """The vendor's settings after the given changes (`books.Settings`)."""
        return self.admin("POST", "settings", changes)

    def clock(self, **change: object) -> str:
        """Moves the clock as `now=`, `mode=` and `advance_s=` say and tells the instant it then shows."""
        return str(self.admin("POST", "clock", change)["now"])

    def fault(self, kind: str, *, match: Mapping[str, Any] | None = None, **members: object) -> int:
        """Arms one explicit fault rule."""
        return int(self.admin("POST", "faults", {"match": match or {}, "fault": {"kind": kind, **members}})["id"])

    def fault_plan(self, *, seed: int, rates: Mapping[str, float], match: Mapping[str, Any] | None = None) -> int:
        """Arms a seeded plan: each matching call draws its fate from the seed."""
        return int(self.admin("POST", "faults", {"match": match or {}, "seed": seed, "rates": rates})["id"])

    def clear_faults(self) -> None:
        self.admin("DELETE", "faults")

    def fired(self) -> dict[str, int]:
        """How often each fault kind has struck."""
        return dict(self.admin("GET", "fired")["fired"])

    def effects(self) -> list[dict[str, Any]]:
        """Everything that took effect, in order."""
        return list(self.admin("GET", "effects")["effects"])

    def calls(self) -> list[dict[str, Any]]:
        return list(self.admin("GET", "calls")["calls"])

    def dump(self) -> dict[str, Any]:
        return self.admin("GET", "dump")

    def token(self, *, audience: str = books.PARTNER_AUDIENCE, tenant_id: str | None = None) -> str:
        """An app-only access token for the service, of the partner's own tenant unless another is named."""
        settings = books.Settings(**self.admin("GET", "settings"))
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "scope": f"{audience}/.default",
        }
        url = f"{self.base_url}/{tenant_id or settings.partner_tenant_id}/oauth2/v2.0/token"
        data = urllib.parse.urlencode(form).encode()
        asked = urllib.request.Request(url, data=data)  # noqa: S310
        with urllib.request.urlopen(asked, timeout=60, context=self._trust) as answer:  # noqa: S310
            return str(json.load(answer)["access_token"])


@contextlib.contextmanager
def running(
    books_path: str | os.PathLike[str],
    *,
    now: str | None = None,
    seed: Mapping[str, Any] | None = None,
    certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
) -> Iterator[Simulator]:
    """A started simulator, frozen at `now` if given and filled with `seed`; ended on leaving, killed or not."""
    simulator = Simulator(books_path, certificate=certificate)
    simulator.start()
    try:
        if now is not None:
            simulator.clock(now=now)
        if seed is not None:
            simulator.seed(seed)
        yield simulator
    finally:
        simulator.stop()
