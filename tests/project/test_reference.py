"""The reference pages list what the code has, no more and no less."""

import re
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from seatwright.cli import main
from seatwright.config import environment
from seatwright.operations import models
from tests.project import tree


def rows(name: str) -> list[list[str]]:
    """The cells of every table row of a page, headings and rules left out."""
    lines = [line for line in tree.text(name).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def variable(name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or f"SEATWRIGHT_{name.upper()}")


def written(default: object) -> str:
    """A default as the page writes it."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default == "":
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default.as_posix() if isinstance(default, Path) else default}`"


def test_every_setting_is_documented_with_its_default():
    documented = {cells[0].strip("`"): cells[1] for cells in rows("docs/reference/settings.md")}
    fields = environment.Environment.model_fields
    assert documented == {variable(name, field): written(field.default) for name, field in fields.items()}


def test_every_setting_says_what_it_means():
    assert [cells[0] for cells in rows("docs/reference/settings.md") if len(cells[2]) < 10] == []


def test_every_command_is_documented():
    named = {cells[0].split()[1] for cells in rows("docs/reference/commands.md") if cells[0].startswith("`seatwright ")}
    commands = [*main.app.registered_commands]
    for group in main.app.registered_groups:
        if group.name is None or not isinstance(group.name, str):
            commands += group.typer_instance.registered_commands
    registered = {
        command.name or command.callback.__name__.replace("_", "-")
        for command in commands
        if command.callback and not command.hidden
    } | {group.name for group in main.app.registered_groups if isinstance(group.name, str)}
    assert {name.strip("`") for name in named} == registered


def test_the_states_of_an_operation_are_those_of_the_code():
    documented = {
        cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[2])) for cells in rows("docs/reference/operations.md")
    }
    assert documented == {
        str(state): {str(following) for following in after} for state, after in models.TRANSITIONS.items()
    }
