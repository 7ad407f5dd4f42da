"""`seatwright token`: the operator makes, lists and revokes tokens; a secret is shown once."""

import re
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from seatwright.cli import main
from tests.api.program import UNKNOWN, Program
from tests.stories.world import World

pytestmark = pytest.mark.usefixtures("db")


def run(*words: Any) -> Result:
    return CliRunner().invoke(main.app, ["token", *(str(word) for word in words)])


def test_the_operator_makes_a_token_that_works_until_it_is_revoked(world: World) -> None:
    user = ("--user", "North_Admin@example.test")
    made = run("create", *user, "--label", "nightly", "--scope", "read", "--customer", world.customer_ids["north"])
    assert (made.exit_code, re.fullmatch(r"swt_[\w-]{32}\n", made.stdout) is not None) == (0, True)
    secret, token_id = made.stdout.strip(), re.findall(r"Token ([0-9a-f-]{36})", made.stderr)[0]
    path = f"/customers/{world.customer_ids['north']}/licences"
    assert Program(secret).get(path).status_code == 200

    listed = run("list", *user)
    assert token_id in listed.stdout
    assert f"...{secret[-4:]}" in listed.stdout
    assert "nightly" in listed.stdout
    assert secret not in listed.stdout

    assert run("revoke", token_id).exit_code == 0
    assert Program(secret).get(path).status_code == 401
    assert "revoked" in run("list", *user).stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("create", "--user", "nobody@example.test", "--label", "x"), "no active user"),
        (("create", "--user", "staff@example.test", "--label", " "), "--label"),
        (("create", "--user", "staff@example.test", "--label", "x", "--customer", UNKNOWN), "no such customer"),
        (("revoke", UNKNOWN), "no token"),
        (("list", "--user", "nobody@example.test"), "no active user"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_one(world: World, words: tuple[Any, ...], why: str) -> None:
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert why in done.stderr


def test_a_token_is_not_bound_to_a_customer_whom_its_user_cannot_see(world: World) -> None:
    done = run(
        "create", "--user", "south_owner@example.test", "--label", "x", "--customer", world.customer_ids["north"]
    )
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no such customer" in done.stderr
