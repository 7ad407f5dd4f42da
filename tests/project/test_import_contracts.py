"""Every import contract holds, and each of them fails when somebody goes against it."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import tree

# Per contract, what goes against it: the file planted, the line in it, and the word that the complaint must hold.
TRESPASSES = {
    "arrows": [
        ("seatwright/access/upwards.py", "import seatwright.workflows", "seatwright.access.upwards"),
        ("seatwright/web/sideways.py", "import seatwright.api", "seatwright.web.sideways"),
    ],
    "rules": [
        ("seatwright/rules/framework.py", "import django.db", "imports django"),
        ("seatwright/rules/third_party.py", "import babel", "imports babel"),
        ("seatwright/rules/room.py", "import seatwright.access", "imports seatwright.access"),
    ],
    "vendors-without-django": [
        ("seatwright/vendors/framework.py", "import django.conf", "seatwright.vendors.framework"),
    ],
    "vendors-behind-workflows": [
        ("seatwright/web/page.py", "import seatwright.vendors.port", "seatwright.web.page"),
        ("seatwright/orders/vendor.py", "import seatwright.vendors.port", "seatwright.orders.vendor"),
    ],
    "vendors-apart": [
        (
            "seatwright/vendors/graph/other.py",
            "import seatwright.vendors.partner_center",
            "seatwright.vendors.graph.other",
        ),
    ],
    "models": [
        ("seatwright/workflows/rows.py", "import seatwright.access.models", "seatwright.workflows.rows"),
        ("seatwright/orders/rows.py", "from seatwright.customers import models", "seatwright.orders.rows"),
    ],
    "simulator": [
        ("vendor_simulator/product.py", "import seatwright.rules", "vendor_simulator.product"),
        ("seatwright/cli/simulator.py", "import vendor_simulator", "seatwright.cli.simulator"),
    ],
    "cycles": [
        ("seatwright/rules/hen.py", "import seatwright.rules.egg", "hen"),
        ("seatwright/rules/egg.py", "import seatwright.rules.hen", "egg"),
    ],
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
    assert set(TRESPASSES) == contracts


@pytest.mark.parametrize("contract", TRESPASSES)
def test_a_contract_names_every_import_against_it(copy: Path, contract: str):
    for name, line, _word in TRESPASSES[contract]:
        (copy / "src" / name).write_text(line + "\n")
    said = lint(copy, "--contract", contract)
    assert said.returncode == 1, said.stdout + said.stderr
    assert "BROKEN" in said.stdout
    assert [word for _name, _line, word in TRESPASSES[contract] if word not in said.stdout] == []


def test_a_room_that_nobody_decided_on_breaks_the_arrows(copy: Path):
    (copy / "src" / "seatwright" / "utils").mkdir()
    (copy / "src" / "seatwright" / "utils" / "__init__.py").touch()
    said = lint(copy, "--contract", "arrows")
    assert said.returncode == 1
    assert "utils" in said.stdout
