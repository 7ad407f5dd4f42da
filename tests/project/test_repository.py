"""The repository names no machine, no registry and no lock that would."""

import os
import re
import subprocess

import pytest

from tests.project import tree

# Written in parts, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("deb", "debian", "org"),
        ("crates", "io"),
        ("golang", "org"),
    )
]
MACHINE_PATHS = ["/" + "work/", "/" + "root/", "/" + "home/", "bash" + "_jobs"]
LOCKS = ["requirements/run.lock", "requirements/dev.lock", "requirements/tools.lock", "tests/clients/requirements.txt"]
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+")


def holding(words: list[str]) -> list[str]:
    """Every file that holds one of `words`, with the word."""
    found = []
    for path in tree.files():
        content = path.read_bytes()
        found += [f"{path.relative_to(tree.ROOT)}: {word}" for word in words if word.encode() in content]
    return found


def test_no_file_names_a_package_registry():
    assert holding(REGISTRY_HOSTS) == []


def test_no_file_names_a_folder_of_somebodys_machine():
    assert holding(MACHINE_PATHS) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_its_hashes_and_no_address(name: str):
    content = tree.text(name)
    entries = re.split(r"\n(?=[a-z0-9])", content.strip())
    assert [entry for entry in entries if not PINNED.match(entry) or "--hash=sha256:" not in entry] == []
    assert "://" not in content


def test_what_runs_is_locked_alike_for_those_who_develop():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", tree.text(name), flags=re.MULTILINE))

    assert pins("requirements/run.lock") - pins("requirements/dev.lock") == set()


def test_there_is_no_lock_that_names_registries():
    assert not (tree.ROOT / "uv.lock").exists()


@pytest.mark.parametrize("name", ["dev", ".ci/run"])
def test_the_entrances_can_be_executed(name: str):
    assert os.access(tree.ROOT / name, os.X_OK)


def test_dev_is_plain_posix_shell():
    script = tree.ROOT / "dev"
    assert script.read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert re.findall(r"\[\[|^ *(?:local|function|declare|source) |<<<|\$'", script.read_text(), re.MULTILINE) == []


def test_an_unknown_command_is_refused_with_the_list():
    said = subprocess.run([tree.ROOT / "dev", "tset"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "Usage: ./dev COMMAND" in said.stderr
    assert said.stderr.endswith("dev: there is no command 'tset'.\n")
