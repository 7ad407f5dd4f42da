"""Ten thousand customer-years, split over processes; collected by `./dev simulate` alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
YEARS = 10_000
FIRST_SEED = 1_000
pytestmark = pytest.mark.simulation


def test_ten_thousand_customer_years_pass_without_a_violation(capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "tests.sim", "--years", str(YEARS), "--first", str(FIRST_SEED)]
    with capfd.disabled():
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
