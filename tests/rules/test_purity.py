"""The rules know nothing but Python: no float near money, no clock, no I/O, no text for people."""

import ast
import pathlib

import pytest

import seatwright.rules

FOLDER = pathlib.Path(seatwright.rules.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
ALLOWED_IMPORTS = {
    "calendar",
    "collections.abc",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "re",
    "seatwright.rules",
    "typing",
    "zoneinfo",
}
FORBIDDEN_NAMES = {"float", "round", "open", "print", "input", "eval", "exec", "__import__"}
FORBIDDEN_ATTRIBUTES = {"now", "utcnow", "today", "time_ns", "monotonic", "total_seconds", "timestamp", "fromtimestamp"}


def offences(source: str) -> list[str]:
    """What a file of the rules must not hold, found in its syntax tree."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name not in ALLOWED_IMPORTS]
        elif isinstance(node, ast.ImportFrom):
            if node.module not in ALLOWED_IMPORTS or node.level:
                found.append(f"from {node.module}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append(repr(node.value))
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            found.append(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
            found.append(node.attr)
        elif isinstance(node, ast.Div):
            found.append("/")
    return found


def test_there_are_rules_to_look_at() -> None:
    assert {"money.py", "periods.py", "proration.py", "windows.py", "quote.py"} <= {file.name for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_invariant_01_no_float_clock_or_outside_world_in_any_rule(file: pathlib.Path) -> None:
    assert offences(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "offence"),
    [
        ("x = 0.5", "0.5"),
        ("x = 1 / 2", "/"),
        ("x = float('1')", "float"),
        ("x = round(y)", "round"),
        ("import django", "django"),
        ("from django.db import models", "from django.db"),
        ("from . import money", "from None"),
        ("x = dt.datetime.now()", "now"),
        ("x = dt.date.today()", "today"),
        ("x = open('f')", "open"),
        ("x = 2j", "2j"),
    ],
)
def test_the_search_finds_what_it_looks_for(source: str, offence: str) -> None:
    assert offence in offences(source)
