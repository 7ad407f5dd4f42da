"""Where the project's own files are, for the tests that read them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {".git", ".venv", ".venv-clients", ".tools", ".demo", "site", "node_modules", "build", "dist", "mutants"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git knows or would add, else (no git) all but built things."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        found = [ROOT / name for name in asked.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not LEFT_OUT & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in set(found) if path.is_file()))


def named(*, suffix: str, under: str = "") -> list[Path]:
    """The project's files whose name ends in `suffix`, below the folder `under`."""
    return [path for path in files() if path.name.endswith(suffix) and path.is_relative_to(ROOT / under)]


def text(name: str) -> str:
    """The content of one file, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")
