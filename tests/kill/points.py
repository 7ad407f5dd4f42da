"""Which checkpoints a seat change can pass, read from the source, so that one never hit does not go unnoticed."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "seatwright"
STEPS = ("submit", "confirm", "record")


def names() -> frozenset[str]:
    """The names of all checkpoints in the product, those of each step included."""
    return frozenset(name for path in PACKAGE.rglob("*.py") for name in _names_in(path))


def _names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "checkpoint":
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant):
            yield str(name.value)
        if isinstance(name, ast.JoinedStr):
            tail = "".join(str(part.value) for part in name.values if isinstance(part, ast.Constant))
            yield from (f"{step}{tail}" for step in STEPS)
