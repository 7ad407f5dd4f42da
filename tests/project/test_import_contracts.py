"""Every import contract holds, and each of them fails when somebody goes against it."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import tree

# contract: what is planted, by file and content
TRESPASSES = {
    "an arrow upwards": ("arrows", {"seatwright/access/planted.py": "import seatwright.workflows"}),
    "an arrow sideways": ("arrows", {"seatwright/web/planted.py": "import seatwright.api"}),
    "a room nobody decided on": ("arrows", {"seatwright/utils/__init__.py": ""}),
    "a rule with a framework": ("rules", {"seatwright/rules/planted.py": "import django.db"}),
    "a rule with a third party": ("rules", {"seatwright/rules/planted.py": "import babel"}),
    "a rule with a room": ("rules", {"seatwright/rules/planted.py": "import seatwright.access"}),
    "a vendor with Django": ("vendors-without-django", {"seatwright/vendors/planted.py": "import django.conf"}),
    "a page with a vendor": (
        "vendors-behind-workflows",
        {"seatwright/web/planted.py": "import seatwright.vendors.port"},
    ),
    "an adapter with another": (
        "vendors-apart",
        {"seatwright/vendors/graph/planted.py": "import seatwright.vendors.partner_center"},
    ),
    "another room's models": ("models", {"seatwright/workflows/planted.py": "import seatwright.access.models"}),
    "a simulator with the product": ("simulator", {"vendor_simulator/planted.py": "import seatwright.rules"}),
    "a product with the simulator": ("simulator", {"seatwright/cli/planted.py": "import vendor_simulator"}),
    "a cycle": (
        "cycles",
        {
            "seatwright/rules/planted_one.py": "import seatwright.rules.planted_two",
            "seatwright/rules/planted_two.py": "import seatwright.rules.planted_one",
        },
    ),
}


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What import-linter says about the tree in `folder`."""
    program = Path(sys.executable).with_name("lint-imports")
    search_path = os.pathsep.join([str(folder / "src"), str(folder)])
    return subprocess.run(
        [str(program), "--no-logo", "--no-cache", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": search_path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code and its contracts, free to spoil."""
    left_out = shutil.ignore_patterns("__pycache__", "static", "templates", "locale", "*.json", "*.csv")
    for name in ("src", "scripts"):
        shutil.copytree(tree.ROOT / name, tmp_path / name, ignore=left_out)
    shutil.copy(tree.ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_every_contract_holds(copy: Path):
    said = lint(copy)
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_contract_is_tried():
    settings = configparser.ConfigParser()
    settings.read(tree.ROOT / ".importlinter")
    contracts = {section.rpartition(":")[2] for section in settings.sections() if ":contract:" in section}
    assert {contract for contract, _planted in TRESPASSES.values()} == contracts


@pytest.mark.parametrize("trespass", TRESPASSES)
def test_a_contract_fails_on(copy: Path, trespass: str):
    contract, planted = TRESPASSES[trespass]
    for name, line in planted.items():
        path = copy / "src" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(line + "\n")
    said = lint(copy, "--contract", contract)
    assert said.returncode == 1, said.stdout + said.stderr
    assert "BROKEN" in said.stdout
