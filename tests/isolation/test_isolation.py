"""Nobody sees, changes, counts or infers what belongs to somebody else, on any address (invariants 26 and 27)."""

import datetime as dt
import os
import time

import pytest
from django.urls import get_resolver

from tests.isolation import fields, principals, prober, probes, routes
from tests.isolation.canaries import LETTERS
from tests.isolation.world import World

NIGHTLY = os.environ.get("SEATWRIGHT_TEST_SIZE") == "nightly"
# One in so many of the variants is sent, each night others of them; the figures printed name the seed.
THINNED = 45 if NIGHTLY else 800
SEED = int(os.environ.get("SEATWRIGHT_TEST_SEED") or (dt.date.today().toordinal() if NIGHTLY else 0))  # noqa: DTZ011 -- any number
PROBES_LEAST = 50_000 if NIGHTLY else 10_000
SHOWN_MOST = 25

pytestmark = [pytest.mark.simulation] if NIGHTLY else []


@pytest.fixture(scope="module")
def known() -> list[routes.Route]:
    return routes.all_routes(get_resolver().url_patterns, exempt=routes.exemptions())


@pytest.fixture(scope="module")
def everybody(world: World) -> list[principals.Principal]:
    return principals.all_of(world)


@pytest.fixture(scope="module")
def desk(world: World, everybody: list[principals.Principal]) -> prober.Prober:
    return prober.Prober(world)


@pytest.mark.django_db
def test_every_route_is_classified_or_exempt_for_a_reason(known: list[routes.Route]) -> None:
    assert routes.complaints(exempt=routes.exemptions(), patterns=get_resolver().url_patterns) == []
    assert len({each.name for each in known}) == len(known)


def test_every_field_that_the_portal_reads_is_known_to_the_probe() -> None:
    assert fields.complaints() == []


@pytest.mark.once
@pytest.mark.django_db
def test_no_route_shows_or_changes_what_belongs_to_somebody_else(
    desk: prober.Prober,
    world: World,
    everybody: list[principals.Principal],
    known: list[routes.Route],
    capsys: pytest.CaptureFixture[str],
) -> None:
    began, busy = time.monotonic(), time.process_time()
    tally = desk.run(known, probes.Generator(world, everybody, every=THINNED, is_whole=NIGHTLY, seed=SEED))
    controlled = {name for name, _method in tally.controls}
    with capsys.disabled():
        print(  # noqa: T201 -- the figures are the point of the run
            f"\nisolation: {tally.probes} probes (seed {SEED}), {len(known)} routes, {len(everybody)} principals, "
            f"{tally.twins} compared with a row that nobody has, {len(controlled)} routes with a positive control, "
            f"{tally.scanned_bytes / 1e6:.0f} MB scanned, {len(tally.signs_seen_by_those_who_may)} canaries seen by "
            f"those who may, {len(tally.findings)} findings, "
            f"{time.monotonic() - began:.0f} s ({time.process_time() - busy:.0f} s of one processor)"
        )
    assert tally.findings[:SHOWN_MOST] == []
    unanswered = {each.name for each in routes.exemptions() if each.kind == "unanswered"}
    assert {each.name for each in known} - controlled == unanswered, "nobody gets a success there, or now somebody does"
    assert missed(tally, known, everybody) == []
    assert tally.probes >= PROBES_LEAST
    assert tally.twins >= PROBES_LEAST // 4
    assert world.vendor.calls == []
    the_canaries_sing_for_those_who_may_hear_them(world, tally.signs_seen_by_those_who_may)


def missed(
    tally: prober.Tally, known: list[routes.Route], everybody: list[principals.Principal]
) -> list[tuple[str, str, str, str]]:
    """Routes with rows that no one of a role asked for an own row, one beside, a stranger's or none by some method."""
    return sorted(
        asked
        for route in known
        if route.rows
        for principal in everybody
        if principal.kind == "none" or route.is_api == (principal.kind == "token")
        for method in tally.takes[route.name] & {"GET", "POST"}
        for letter in (*LETTERS, "")
        if (asked := (route.name, method, principal.role, principal.stands(letter))) not in tally.met
    )


def the_canaries_sing_for_those_who_may_hear_them(world: World, seen: set[str]) -> None:
    """Without this, a scan that finds nothing could be one that cannot find anything.

    Part of the one test and not a second one: two processes that share the tests would each have half of the evidence.
    """
    for letter in LETTERS:
        assert world.customers[letter].ids["customer_id"][0] in seen
        assert len({sign for sign in seen if sign.lower().startswith(f"canary-{letter.lower()}-")}) >= 20
        assert len({sign for sign in seen if sign.lower().startswith(f"canary-{letter.lower()}p-")}) >= 3
        assert {number for number, owner in world.canaries.numbers.items() if owner == letter} & seen
