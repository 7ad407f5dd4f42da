"""A whole installation for the browser: the demo as its command starts it, on free ports, in a folder of its own."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
PASSWORD = "Seats-for-everyone-2026"
READY_WITHIN_S = 240
STOP_WITHIN_S = 40


@contextlib.contextmanager
def running(folder: pathlib.Path) -> Iterator[str]:
    """The address of a demo that is ready; it is stopped as Ctrl-C stops it."""
    port = _free_pair()
    ours = ("SEATWRIGHT_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    log = (folder / "demo.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "seatwright.cli.main", "demo", "--port", str(port)],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(SOURCE)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"http://localhost:{port}"
        _await(process, folder)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _await(process: subprocess.Popen[bytes], folder: pathlib.Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, (folder / "demo.log").read_text()
        if b"Seatwright runs on" in (folder / "demo.log").read_bytes():
            return
        time.sleep(0.2)
    raise AssertionError(f"the demo was not ready in {READY_WITHIN_S} s:\n" + (folder / "demo.log").read_text())


def _free_pair() -> int:
    """A port that is free together with the next one, which the vendor simulator takes."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two free ports beside each other")
