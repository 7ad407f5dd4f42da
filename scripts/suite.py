"""Run the whole suite: on SQLite, then what touches the database again on PostgreSQL; arguments go to pytest.

The last lines repeat pytest's own summary of each run, so that nobody has to look for the first one.
"""

import os
import re
import signal
import subprocess
import sys

from scripts import postgres

SUMMARY = re.compile(r"^(=+ )?(\d+ [a-z]+|no tests).* in [\d.]+s")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
NOTHING_COLLECTED = 5
# Two runs share the machine with browsers and servers of their own, so more workers than this slow each other down.
WORKERS_MAX = 8
# Some tests mostly wait for processes of their own; one more worker uses the time.
WAITING = 1
END_TIMEOUT_S = 30
# Every worker of every run would compile all tests anew.
KEEPS_NOTHING_COMPILED = "PYTHONDONTWRITEBYTECODE"
MEANT_FOR_TESTS = {"SEATWRIGHT_CONTRACTS", "SEATWRIGHT_CHROMIUM", "SEATWRIGHT_TEST_SIZE", "SEATWRIGHT_TEST_SEED"}


def run(*, name: str, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """One run of pytest with its output passed on; its exit code and its summary line."""
    sys.stdout.write(f"\n{name}: pytest {' '.join(arguments)}\n")
    sys.stdout.flush()
    colour = "yes" if sys.stdout.isatty() else "no"
    workers = str(min((os.cpu_count() or 1) + WAITING, WORKERS_MAX))
    own = ["-p", "scripts.pytest_suite", "-n", workers, "--dist", "loadgroup", f"--color={colour}"]
    command = [sys.executable, "-m", "pytest", *own, *arguments]
    summary = "no summary: pytest did not get that far"
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, errors="replace")  # noqa: S603 -- the developer's own arguments
    try:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            plain = COLOUR.sub("", line).strip()
            if SUMMARY.match(plain):
                summary = plain
        process.wait()
    except KeyboardInterrupt:
        # The terminal told pytest too, which now ends its own children before the database is taken from under them.
        end(process)
        raise
    except BaseException:
        process.send_signal(signal.SIGINT)  # to which pytest ends its workers, as it does not on SIGTERM
        end(process)
        raise
    return process.returncode, summary


def end(process: subprocess.Popen[str]) -> None:
    """Wait for a process that was told to end, and end it for good when it does not."""
    try:
        process.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would point a test at the caller's own installation or slow it down."""
    left_out = ("SEATWRIGHT_", "DATABASE_URL", KEEPS_NOTHING_COMPILED)
    return {
        name: value for name, value in os.environ.items() if name in MEANT_FOR_TESTS or not name.startswith(left_out)
    }


def both(*, arguments: list[str], url: str) -> int:
    """The suite on SQLite and then on the PostgreSQL at `url`; the first exit code that is not 0."""
    on_sqlite = clean_environment() | {"SEATWRIGHT_PROFILE": "test"}
    on_postgres = on_sqlite | {"DATABASE_URL": url, postgres.URL_VARIABLE: url}
    results = {
        "SQLite": run(name="SQLite", arguments=arguments, environment=on_sqlite),
        "PostgreSQL": run(name="PostgreSQL", arguments=["--only-database", *arguments], environment=on_postgres),
    }
    sys.stdout.write("\n")
    for name, (_code, summary) in results.items():
        sys.stdout.write(f"{name:<11}{summary}\n")
    codes = [code for code, _summary in results.values()]
    # A chosen part of the suite need not touch the database; the whole suite does.
    if arguments and 0 in codes:
        codes = [code for code in codes if code != NOTHING_COLLECTED]
    return next((code for code in codes if code), 0)


def main(arguments: list[str]) -> int:
    """Run both; exit code 0 only when both passed."""
    postgres.leave_cleanly_when_told()
    try:
        with postgres.server() as url:
            return both(arguments=arguments, url=url)
    except postgres.UnavailableError as trouble:
        sys.stderr.write(f"dev: {trouble}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
