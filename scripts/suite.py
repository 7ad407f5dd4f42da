"""Run the whole suite on SQLite and, at the same time, what touches the database on PostgreSQL; arguments go to pytest.

Each line says which run it is from, and the last lines repeat pytest's own summary of each.
"""

import os
import re
import signal
import subprocess
import sys
import threading

from scripts import postgres

SUMMARY = re.compile(r"^(=+ )?(\d+ [a-z]+|no tests).* in [\d.]+s")
COLOUR = re.compile(r"\x1b\[[\d;]*m")
NOTHING_COLLECTED = 5
# Two runs share the machine with browsers and servers of their own, so more workers than this slow each other down.
WORKERS_MAX = 8
END_TIMEOUT_S = 30
# Every worker of every run would compile all tests anew.
KEEPS_NOTHING_COMPILED = "PYTHONDONTWRITEBYTECODE"
MEANT_FOR_TESTS = {"SEATWRIGHT_CONTRACTS", "SEATWRIGHT_CHROMIUM", "SEATWRIGHT_TEST_SIZE", "SEATWRIGHT_TEST_SEED"}


class Run:
    """One run of pytest, whose output is passed on line by line until it ends."""

    def __init__(self, *, name: str, workers: int, arguments: list[str], environment: dict[str, str]) -> None:
        colour = "yes" if sys.stdout.isatty() else "no"
        own = ["-p", "scripts.pytest_suite", "-n", str(workers), "--dist", "loadgroup", f"--color={colour}"]
        command = [sys.executable, "-m", "pytest", *own, *arguments]
        self.name, self.summary = name, "no summary: pytest did not get that far"
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, errors="replace")  # noqa: S603 -- the developer's own arguments
        self._reader = threading.Thread(target=self._pass_on, name=name)
        self._reader.start()

    def _pass_on(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            sys.stdout.write(f"{self.name:<11}{line}".rstrip() + "\n")
            sys.stdout.flush()
            plain = COLOUR.sub("", line).strip()
            if SUMMARY.match(plain):
                self.summary = plain

    def wait(self) -> int:
        """The exit code, once the run has ended and all its lines are out."""
        self.process.wait()
        self._reader.join()
        return self.process.returncode


def end_all(runs: list[Run]) -> None:
    """Wait for runs that were told to end, and end for good what does not."""
    for each in runs:
        try:
            each.process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            each.process.kill()
            each.process.wait()


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would point a test at the caller's own installation or slow it down."""
    left_out = ("SEATWRIGHT_", "DATABASE_URL", KEEPS_NOTHING_COMPILED)
    return {
        name: value for name, value in os.environ.items() if name in MEANT_FOR_TESTS or not name.startswith(left_out)
    }


def both(*, arguments: list[str], url: str) -> int:
    """The suite on SQLite beside the PostgreSQL at `url`; the first exit code that is not 0."""
    on_sqlite = clean_environment() | {"SEATWRIGHT_PROFILE": "test"}
    on_postgres = on_sqlite | {"DATABASE_URL": url, postgres.URL_VARIABLE: url}
    cores = min(os.cpu_count() or 1, WORKERS_MAX)
    runs: list[Run] = []
    try:
        runs.append(Run(name="SQLite", workers=cores, arguments=arguments, environment=on_sqlite))
        # A third of the work; its workers also use the time in which the others wait for processes of their own.
        few, only = -(-cores // 2), ["--only-database", *arguments]
        runs.append(Run(name="PostgreSQL", workers=few, arguments=only, environment=on_postgres))
        codes = [each.wait() for each in runs]
    except KeyboardInterrupt:
        # The terminal told pytest too, which now ends its own children before the database is taken from under them.
        end_all(runs)
        raise
    except BaseException:
        for each in runs:
            each.process.send_signal(signal.SIGINT)  # to which pytest ends its workers, as it does not on SIGTERM
        end_all(runs)
        raise
    sys.stdout.write("\n" + "".join(f"{each.name:<11}{each.summary}\n" for each in runs))
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
