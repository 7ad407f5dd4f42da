"""The papers of the project say what is so, and stay short enough to be read."""

import re

import pytest

from tests.project import tree

LINK = re.compile(r"(?<!\w)!?\[[^\]]*\]\(([^)\s]+)\)")
DECISIONS = sorted((tree.ROOT / "docs" / "decisions").glob("[0-9]*.md"))
HEADINGS = {
    "README.md": ["Try it", "What it does", "What it does not do", "How it is built", "Status and licence"],
    "CHANGELOG.md": ["Unreleased"],
}


def dev_commands() -> list[str]:
    """The subcommands that the script really has: the labels of its last `case`."""
    body = tree.text("dev").rsplit("case $command in", 1)[1]
    labels = re.findall(r"^    ([a-z][a-z| -]*)\)", body, flags=re.MULTILINE)
    return [label.split(" | ")[0] for label in labels]


def test_the_readme_is_read_in_one_sitting():
    assert len(tree.text("README.md").splitlines()) < 100


def test_the_readme_begins_with_a_name_a_sentence_and_a_screenshot():
    lines = [line for line in tree.text("README.md").split("\n\n") if line]
    assert lines[0] == "# Seatwright"
    assert lines[1].count(". ") == 0
    assert lines[2].startswith("![")


@pytest.mark.parametrize("name", HEADINGS)
def test_sections_come_in_their_order(name: str):
    assert re.findall(r"^## (.+)$", tree.text(name), flags=re.MULTILINE) == HEADINGS[name]


def test_the_architecture_is_one_page():
    assert len(tree.text("ARCHITECTURE.md").splitlines()) < 100


def test_every_link_to_a_file_leads_somewhere():
    astray = []
    for path in tree.named(suffix=".md"):
        targets = [link.partition("#")[0] for link in LINK.findall(path.read_text(encoding="utf-8"))]
        inside = [target for target in targets if target and "://" not in target]
        astray += [f"{path.relative_to(tree.ROOT)}: {name}" for name in inside if not (path.parent / name).exists()]
    assert astray == []


def test_every_command_of_dev_is_in_its_help_and_in_the_guide():
    commands = dev_commands()
    assert {"demo", "test", "check", "simulate", "bench", "verify-clients"} <= set(commands)
    listed = re.findall(r"^  ([a-z-]+) ", tree.text("dev").split("Usage:")[1].split("\nEND")[0], flags=re.MULTILINE)
    guide = tree.text("CONTRIBUTING.md")
    assert sorted(listed) == sorted(commands)
    assert [command for command in commands if f"`./dev {command}" not in guide] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_is_one_page_with_its_four_parts_and_is_listed(path):
    content = path.read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", content, flags=re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences", "Rejected"]
    assert len(content.splitlines()) < 60
    assert f"({path.name})" in tree.text("docs/decisions/index.md")
    assert f"decisions/{path.name}" in tree.text("mkdocs.yml")


def test_decisions_are_numbered_without_a_gap():
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
