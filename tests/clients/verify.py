"""Runs each independent client against the simulator, in the clients' own environment beside the project's.

`python -m tests.clients.verify`; the exit status is the number of clients that failed.
"""

import os
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CLIENTS_PYTHON = PROJECT / ".venv-clients" / "bin" / "python"
SCRIPTS = ("verify_msgraph.py",)


def main() -> int:
    """Run every script with this Python as the simulator's, and tell how many failed."""
    if not CLIENTS_PYTHON.exists():
        sys.stderr.write("The clients' environment is missing: ./dev verify-clients installs it.\n")
        return 1
    environment = os.environ | {"SEATWRIGHT_PYTHON": sys.executable}
    scripts = [pathlib.Path(__file__).parent / name for name in SCRIPTS]
    statuses = [subprocess.run([CLIENTS_PYTHON, script], env=environment, check=False).returncode for script in scripts]
    return sum(status != 0 for status in statuses)


if __name__ == "__main__":
    raise SystemExit(main())
