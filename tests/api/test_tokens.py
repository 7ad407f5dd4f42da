"""What a token reaches: the least of its user's roles, its scope and the customer it is bound to (invariant 27)."""

import datetime as dt
import hashlib
import logging
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from seatwright.access import audit, permissions, tokens
from seatwright.access import models as access_rows
from seatwright.access.actors import SYSTEM, Role, operator
from seatwright.api import document, rates
from seatwright.customers import changes as customers
from seatwright.customers import models as customer_rows
from tests.api.program import BASE, UNKNOWN, Program, Programs
from tests.stories.world import BASIC, PASSWORD, World

pytestmark = pytest.mark.usefixtures("db")
READS_THOUGH_POSTED = {"preview_seats", "preview_status"}


def operations() -> list[tuple[str, str, str]]:
    """Every operation as method, path with an invented id, and name."""
    found = []
    for path, methods in document.document()["paths"].items():
        for method, operation in methods.items():
            for parameter in operation["parameters"]:
                path = path.replace("{" + parameter["name"] + "}", str(UNKNOWN))
            found.append((method.upper(), path, operation["operationId"]))
    return found


def send(method: str, path: str, **headers: str) -> Any:
    return Client(raise_request_exception=False).generic(
        method, path, "{}" if method == "POST" else "", content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(("method", "path", "name"), operations(), ids=lambda value: value)
def test_without_a_token_that_counts_every_operation_answers_alike(
    world: World, ask: Programs, method: str, path: str, name: str
) -> None:
    good = ask.token("staff").secret
    revoked = ask.token("staff")
    tokens.revoke(by=operator(label="test"), token_id=revoked.token_id, at=world.at)
    expired = ask.token("staff", days=1 / 86400)
    world.at += dt.timedelta(seconds=1)
    answers = [send(method, path)] + [
        send(method, path, Authorization=value)
        for value in (
            f"Bearer {revoked.secret}",
            f"Bearer {expired.secret}",
            f"Bearer {good[:-1]}",
            f"Bearer {good}x",
            f"Bearer  {good}",
            f"Basic {good}",
            f"Token {good}",
            good,
            f"Bearer {good}, Bearer {good}",
            f"Bearer {hashlib.sha256(good.encode()).hexdigest()}",
            "Bearer",
            "",
        )
    ]
    assert {(answer.status_code, answer.headers["WWW-Authenticate"]) for answer in answers} == {(401, "Bearer")}
    assert len({answer.content for answer in answers}) == 1
    assert send(method, path, Authorization=f"bearer {good}").status_code != 401


@pytest.mark.parametrize(("method", "path", "name"), operations(), ids=lambda value: value)
def test_a_token_that_only_reads_is_refused_whatever_changes_something(
    world: World, ask: Programs, method: str, path: str, name: str
) -> None:
    answer = send(method, path, **ask.by("staff", scope="read").headers())
    only_reads = method == "GET" or name in READS_THOUGH_POSTED
    assert (answer.status_code == 403) == (not only_reads)
    assert only_reads or answer.json()["type"] == "/problems/read-only-token"


def test_a_session_in_the_browser_is_nobody_to_the_api(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    person = access_rows.User.objects.get(pk=world.user_ids["staff"])
    client.force_login(person)
    for _method, path, _name in operations():
        assert client.get(path).status_code in (401, 405)
    assert client.get(f"{BASE}/openapi.json").status_code == 401


@pytest.mark.parametrize("place", ["access_token", "token", "Authorization"])
def test_a_token_in_the_address_is_nobody_to_the_api(world: World, ask: Programs, place: str) -> None:
    assert Client().get(f"{BASE}/customers", {place: ask.by("staff").secret}).status_code == 401


def test_a_token_bound_to_a_customer_shows_its_staff_that_customer_alone(world: World, ask: Programs) -> None:
    everywhere, bound = ask.by("staff"), ask.by("staff", only="north")
    north, south = (world.customer_ids[name] for name in ("north", "south"))
    assert [row["name"] for row in everywhere.get("/customers").json()["items"]] == ["North", "South"]
    listed = bound.get("/customers").json()
    assert ([row["name"] for row in listed["items"]], listed["total"]) == (["North"], 1)
    assert bound.get(f"/customers/{north}/licences").status_code == 200
    foreign = world.holding("south", BASIC).subscription_id
    for path in (f"/customers/{south}/licences", f"/customers/{south}/people", f"/subscriptions/{foreign}"):
        assert everywhere.get(path).status_code == 200
        assert bound.get(path).status_code == 404


def test_a_bound_token_does_not_widen_its_user(world: World, ask: Programs) -> None:
    stranger = ask.by("other_staff", only="north")
    assert stranger.get(f"/customers/{world.customer_ids['north']}/licences").status_code == 404
    assert stranger.get("/customers").status_code == 403
    billing = ask.by("north_billing", only="north")
    assert billing.get(f"/customers/{world.customer_ids['north']}/licences").status_code == 200
    assert billing.get(f"/customers/{world.customer_ids['north']}/people").status_code == 403
    assert billing.post(f"/customers/{world.customer_ids['north']}/sync", "").status_code == 403


def test_a_person_of_two_customers_reaches_one_with_a_token_bound_to_it(world: World, ask: Programs) -> None:
    customers.grant(
        user_id=world.user_ids["south_owner"],
        role=Role.CONTRACT_OWNER,
        reseller_id=world.reseller_id,
        customer_id=world.customer_ids["north"],
        at=world.at,
    )
    bound = ask.by("south_owner", only="south")
    found = [bound.get(f"/customers/{world.customer_ids[name]}/licences").status_code for name in ("south", "north")]
    assert found == [200, 404]


def test_a_revoked_role_and_a_deactivated_user_count_on_the_next_request(world: World, ask: Programs) -> None:
    program, path = ask.by("north_admin"), f"/customers/{world.customer_ids['north']}/licences"
    assert program.get(path).status_code == 200
    customer_rows.Membership.objects.filter(user_id=world.user_ids["north_admin"]).delete()
    assert program.get(path).status_code == 404
    access_rows.User.objects.filter(pk=world.user_ids["north_admin"]).update(is_active=False)
    assert program.get(path).status_code == 401


def test_a_revoked_token_is_refused_on_the_next_request_and_its_end_is_audited(world: World, ask: Programs) -> None:
    made = ask.token("north_admin", only="north")
    program, path = Program(made.secret), f"/customers/{world.customer_ids['north']}/licences"
    assert program.get(path).status_code == 200
    for _ in range(2):
        tokens.revoke(by=world.actor("north_admin"), token_id=made.token_id, at=world.at)
    assert program.get(path).status_code == 401
    events = audit.history(seen_by=SYSTEM, subject_kind="api_token", subject_id=made.token_id)
    assert [event.action for event in events] == ["token.revoked", "token.created"]
    assert made.secret not in str([(event.before, event.after) for event in events])
    assert list(audit.breaks()) == []


def test_the_secret_is_stored_as_its_digest_and_its_use_is_noted_by_the_minute(world: World, ask: Programs) -> None:
    made = ask.token("staff")
    assert len(made.secret.removeprefix("swt_")) * 6 == 192  # bits of a text with 64 different characters
    (row,) = access_rows.ApiToken.objects.filter(pk=made.token_id).values()
    assert made.secret not in str(row)
    assert row["digest"] == hashlib.sha256(made.secret.encode()).hexdigest()
    assert row["last_used_at"] is None
    began_at, uses = world.at, []
    for seconds in (0, 59, 60):
        world.at = began_at + dt.timedelta(seconds=seconds)
        Program(made.secret).get("/customers")
        uses.append(tokens.tokens(seen_by=SYSTEM, user_id=world.user_ids["staff"])[0].last_used_at)
    assert uses == [began_at, began_at, began_at + dt.timedelta(seconds=60)]


def test_people_make_see_and_revoke_their_own_tokens_only(world: World, ask: Programs) -> None:
    made = ask.token("staff")
    other = world.actor("north_admin")
    with pytest.raises(permissions.NotAllowed):
        tokens.tokens(seen_by=other, user_id=world.user_ids["staff"])
    with pytest.raises(permissions.Unknown):
        tokens.revoke(by=other, token_id=made.token_id, at=world.at)
    with pytest.raises(permissions.Unknown):
        tokens.revoke(by=other, token_id=UNKNOWN, at=world.at)
    with pytest.raises(permissions.NotAllowed):
        tokens.create(
            by=other,
            user_id=world.user_ids["staff"],
            label="x",
            scope="read",
            expires_at=world.at + dt.timedelta(days=1),
            at=world.at,
        )


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_token_ends_within_a_year_and_a_day(world: World, ask: Programs, days: int) -> None:
    with pytest.raises(tokens.LifeTooLong):
        ask.token("staff", days=days)


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("label", "", "token_has_label"),
        ("scope", "admin", "token_scope_known"),
        ("expires_at", dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "token_expires_later"),
        ("customer_id", UNKNOWN, "token_customer_has_reseller"),
    ],
)
def test_the_database_refuses_a_token_that_makes_no_sense(
    world: World, ask: Programs, field: str, value: object, constraint: str
) -> None:
    made = ask.token("staff")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        access_rows.ApiToken.objects.filter(pk=made.token_id).update(**{field: value})


def test_too_many_requests_of_one_token_wait_and_those_of_another_do_not(
    world: World, ask: Programs, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(rates.time, "time", lambda: 1_000_000_005.5)  # 45 s into its minute
    program = ask.by("staff")
    assert [program.get("/customers").status_code for _ in range(3)] == [200, 200, 200]
    for path in ("/customers", "/openapi.json", "/operations/parked"):
        refused = program.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "15")
        assert refused.json()["type"] == "/problems/too-many-requests"
    assert ask.by("support").get("/customers").status_code == 200
    monkeypatch.setattr(rates.time, "time", lambda: 1_000_000_020.5)
    assert program.get("/customers").status_code == 200


def test_no_secret_reaches_the_log(world: World, ask: Programs, caplog: pytest.LogCaptureFixture) -> None:
    program = ask.by("north_admin")
    with caplog.at_level(logging.DEBUG):
        program.get("/customers")
        program.get(f"/customers/{UNKNOWN}/licences")
        send("GET", f"{BASE}/customers", Authorization=f"Bearer {program.secret}x")
    assert program.secret not in caplog.text
    assert PASSWORD not in caplog.text
