"""Drives the simulator with Microsoft's own Python client (msgraph-sdk, azure-identity) and says what was seen.

Run with the clients' environment: `.venv-clients/bin/python tests/clients/verify_msgraph.py`. One line per check; the
exit status is 1 when any of them failed.
"""

import asyncio
import contextlib
import logging
import pathlib
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import simulator_process
from azure.core.exceptions import ClientAuthenticationError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.groups.item.assign_license.assign_license_post_request_body import (
    AssignLicensePostRequestBody as GroupLicences,
)
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import AssignLicensePostRequestBody
from msgraph_core import PageIterator
from msgraph_session import (
    BUSINESS_PREMIUM,
    CLIENT_SECRET,
    GENERATED,
    GRAPH_SCOPE,
    LICENCE_MEMBERS,
    NOT_OWNED,
    NOWHERE,
    OFFICE_E3,
    READER,
    SEED,
    TEAM,
    TEAMS,
    TENANT,
    VISIO,
    WRITER,
    Session,
    connect,
    credential,
    licences,
    listing,
    refused,
    selecting,
)

Check = Callable[[Session], Awaitable[str]]
CHECKS: list[tuple[str, Check]] = []


def check(title: str) -> Callable[[Check], Check]:
    """Register a check; it answers with what it saw and fails by raising."""

    def register(work: Check) -> Check:
        CHECKS.append((title, work))
        return work

    return register


async def held_by(session: Session, user: str) -> list[str]:
    found = await session.graph.users.by_user_id(user).get(selecting(*LICENCE_MEMBERS))
    assert found is not None
    return sorted(str(held.sku_id) for held in found.assigned_licenses or [])


async def pool_of(session: Session, sku_id: str) -> Any:
    answer = await session.graph.subscribed_skus.get()
    assert answer is not None
    return next(sku for sku in answer.value or [] if str(sku.sku_id) == sku_id)


@check("the organisation is the customer's tenant")
async def _organization(session: Session) -> str:
    answer = await session.graph.organization.get()
    (found,) = answer.value
    assert (found.id, found.display_name) == (TENANT, "Fabrikam GmbH")
    return f"{found.display_name}, {len(found.verified_domains)} domains"


@check("domains are listed and read")
async def _domains(session: Session) -> str:
    answer = await session.graph.domains.get()
    names = [domain.id for domain in answer.value]
    assert names == ["fabrikam.example", "fabrikam.onmicrosoft.com"]
    one = await session.graph.domains.by_domain_id("fabrikam.example").get()
    assert one.is_default is True
    return ", ".join(names)


@check("subscribedSkus sums our seats and foreign ones")
async def _pools(session: Session) -> str:
    pool = await pool_of(session, BUSINESS_PREMIUM)
    assert (pool.prepaid_units.enabled, pool.consumed_units, pool.capability_status) == (15, 0, "Enabled")
    assert [plan.service_plan_name for plan in pool.service_plans] == ["EXCHANGE_S_ENTERPRISE", "TEAMS1"]
    one = await session.graph.subscribed_skus.by_subscribed_sku_id(f"{TENANT}_{BUSINESS_PREMIUM}").get()
    assert one.sku_part_number == "SPB"
    return f"{pool.sku_part_number}: {pool.prepaid_units.enabled} enabled"


@check("directory/subscriptions lead to commerce, also by the alternate key")
async def _subscriptions(session: Session) -> str:
    answer = await session.graph.directory.subscriptions.get()
    assert sorted(entry.total_licenses for entry in answer.value) == [1, 3, 5, 10]
    first = answer.value[0]
    by_key = session.graph.directory.subscriptions_with_commerce_subscription_id(first.commerce_subscription_id)
    again = await by_key.get()
    assert again.id == first.id
    return f"{len(answer.value)} subscriptions"


@check("users come in pages that nextLink connects")
async def _pages(session: Session) -> str:
    seen: list[str] = []
    sizes = []
    page = await session.graph.users.get()
    while page is not None:
        sizes.append(len(page.value))
        seen += [person.id for person in page.value]
        page = await session.graph.users.with_url(page.odata_next_link).get() if page.odata_next_link else None
    assert len(sizes) >= 3
    assert len(set(seen)) == len(seen) == GENERATED + 3
    return f"{len(seen)} people on {len(sizes)} pages {sizes}"


@check("the SDK's page iterator reaches everybody with the licence members selected")
async def _iterator(session: Session) -> str:
    first = await session.graph.users.get(listing(select=LICENCE_MEMBERS, top=60))
    seen: list[str] = []

    def take(person: Any) -> bool:
        assert person.assigned_licenses == []
        assert person.display_name is None
        seen.append(person.id)
        return True

    await PageIterator(first, session.adapter).iterate(take)
    assert len(set(seen)) == GENERATED + 3
    return f"{len(seen)} people"


@check("advanced queries need the header and the count")
async def _advanced(session: Session) -> str:
    clause = "assignedLicenses/$count eq 0"
    plain = session.graph.users.get(listing(filter=clause))
    text = await refused(plain, status=400, code="Request_UnsupportedQuery")
    answer = await session.graph.users.get(listing(eventual=True, filter=clause, count=True, top=5))
    assert (answer.odata_count, len(answer.value)) == (GENERATED + 3, 5)
    return f"{answer.odata_count} unlicensed; without: {text[:40]}"


@check("a licence is assigned and seen back on person, details and pool")
async def _assign(session: Session) -> str:
    person = session.graph.users.by_user_id("reader@fabrikam.example")
    answer = await person.assign_license.post(licences(BUSINESS_PREMIUM, disabled=(TEAMS,)))
    assert answer.id == READER
    read = await person.get(selecting(*LICENCE_MEMBERS))
    (held,) = read.assigned_licenses
    assert (str(held.sku_id), [str(plan) for plan in held.disabled_plans]) == (BUSINESS_PREMIUM, [TEAMS])
    (state,) = read.license_assignment_states
    assert (state.state, state.assigned_by_group) == ("Active", None)
    assert state.last_updated_date_time is not None
    details = await person.license_details.get()
    plans = {plan.service_plan_name: plan.provisioning_status for plan in details.value[0].service_plans}
    assert plans == {"EXCHANGE_S_ENTERPRISE": "Success", "TEAMS1": "Disabled"}
    assert (await pool_of(session, BUSINESS_PREMIUM)).consumed_units == 1
    return f"{read.user_principal_name} holds {details.value[0].sku_part_number}"


@check("people with a licence are found by filter")
async def _holders(session: Session) -> str:
    clause = f"assignedLicenses/any(l:l/skuId eq {BUSINESS_PREMIUM})"
    answer = await session.graph.users.get(listing(filter=clause, select=["id"]))
    assert [person.id for person in answer.value] == [READER]
    return "1 person"


@check("a swap changes the licence in one call")
async def _swap(session: Session) -> str:
    await session.graph.users.by_user_id(READER).assign_license.post(licences(OFFICE_E3, remove=(BUSINESS_PREMIUM,)))
    assert await held_by(session, READER) == [OFFICE_E3]
    return "SPB -> ENTERPRISEPACK"


def assigning(user: str, *add: str, **options: Any) -> Check:
    async def work(session: Session) -> Any:
        return await session.graph.users.by_user_id(user).assign_license.post(licences(*add, **options))

    return work


async def _without_an_array(session: Session) -> Any:
    body = AssignLicensePostRequestBody(add_licenses=[AssignedLicense(sku_id=UUID(OFFICE_E3), disabled_plans=[])])
    return await session.graph.users.by_user_id(WRITER).assign_license.post(body)


REFUSALS: tuple[tuple[str, Check, int, str, str], ...] = (
    ("no usage location", assigning(NOWHERE, OFFICE_E3), 400, "Request_BadRequest", "invalid usage location"),
    (
        "licence not owned",
        assigning(WRITER, NOT_OWNED),
        400,
        "Request_BadRequest",
        "does not correspond to a valid company license",
    ),
    (
        "licence not held",
        assigning(WRITER, remove=(OFFICE_E3,)),
        400,
        "Request_BadRequest",
        "does not have a corresponding license",
    ),
    (
        "plan of no licence",
        assigning(WRITER, OFFICE_E3, disabled=(NOT_OWNED,)),
        400,
        "Request_BadRequest",
        "service plan",
    ),
    ("an array missing", _without_an_array, 400, "Request_BadRequest", "parameters of the operation 'assignLicense'"),
    ("unknown person", assigning("nobody@fabrikam.example", OFFICE_E3), 404, "Request_ResourceNotFound", ""),
)


def _register_refusals() -> None:
    for title, work, status, code, words in REFUSALS:

        def run(
            session: Session, work: Check = work, status: int = status, code: str = code, words: str = words
        ) -> Any:
            return refused(work(session), status=status, code=code, words=words)

        CHECKS.append((f"refused: {title}", run))


_register_refusals()


@check("refused: no free unit, once the last one is taken")
async def _no_unit(session: Session) -> str:
    await session.graph.users.by_user_id(READER).assign_license.post(licences(VISIO))
    second = session.graph.users.by_user_id(WRITER).assign_license.post(licences(VISIO))
    words = f"Subscription with SKU {VISIO} does not have any available licenses"
    text = await refused(second, status=400, code="Request_BadRequest", words=words)
    assert await held_by(session, WRITER) == []
    return text


@check("a usage location set by PATCH lets the licence through")
async def _patch(session: Session) -> str:
    person = session.graph.users.by_user_id(NOWHERE)
    await person.patch(User(usage_location="FR"))
    await person.assign_license.post(licences(OFFICE_E3))
    assert await held_by(session, NOWHERE) == [OFFICE_E3]
    return "FR"


@check("a person is created, read by name and deleted")
async def _create(session: Session) -> str:
    created = await session.graph.users.post(
        User(
            account_enabled=True,
            display_name="New",
            mail_nickname="new",
            user_principal_name="new@fabrikam.example",
            password_profile=PasswordProfile(password="long enough 1!"),
        )
    )
    found = await session.graph.users.by_user_id("new@fabrikam.example").get()
    assert found.id == created.id
    await session.graph.users.by_user_id(created.id).delete()
    again = session.graph.users.by_user_id(created.id).get()
    return await refused(again, status=404, code="Request_ResourceNotFound")


@check("delta brings everybody, then changes and removals")
async def _delta(session: Session) -> str:
    parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["id", "assignedLicenses"])
    page = await session.graph.users.delta.get(RequestConfiguration(query_parameters=parameters))
    pages, everybody = 1, list(page.value)
    while page.odata_next_link:
        page = await session.graph.users.delta.with_url(page.odata_next_link).get()
        pages, everybody = pages + 1, everybody + page.value
    assert len({person.id for person in everybody}) == GENERATED + 3
    leaver = everybody[-1].id
    await session.graph.users.by_user_id(WRITER).assign_license.post(licences(BUSINESS_PREMIUM))
    await session.graph.users.by_user_id(leaver).delete()
    later = await session.graph.users.delta.with_url(page.odata_delta_link).get()
    changed = {person.id: person for person in later.value}
    assert set(changed) == {WRITER, leaver}
    assert str(changed[WRITER].assigned_licenses[0].sku_id) == BUSINESS_PREMIUM
    assert changed[leaver].additional_data["@removed"] == {"reason": "changed"}
    return f"{pages} pages, then 1 change and 1 removal"


@check("a group licence is accepted and reaches the members")
async def _group(session: Session) -> str:
    group = session.graph.groups.by_group_id(TEAM)
    reference = f"https://graph.microsoft.com/v1.0/directoryObjects/{READER}"
    await group.members.ref.post(ReferenceCreate(odata_id=reference))
    added = [AssignedLicense(sku_id=UUID(BUSINESS_PREMIUM), disabled_plans=[])]
    await group.assign_license.post(GroupLicences(add_licenses=added, remove_licenses=[]))
    members = await group.members.get()
    assert [type(member).__name__ for member in members.value] == ["User"]
    assert BUSINESS_PREMIUM in await held_by(session, READER)
    removal = session.graph.users.by_user_id(READER).assign_license.post(licences(remove=(BUSINESS_PREMIUM,)))
    return await refused(removal, status=400, code="Request_BadRequest", words="inherited from a group membership")


@check("the SDK waits out a 429 and a 503 by itself")
async def _throttled(session: Session) -> str:
    for kind, members in (
        ("throttle_429", {"wait_s": 1}),
        ("error_5xx_before_effect", {"status": 503, "retry_after": "1"}),
    ):
        rule = {"match": {"face": "graph", "path": "subscribedSkus"}, "fault": {"kind": kind, **members}}
        session.simulator.admin("POST", "faults", rule)
        began = time.monotonic()
        assert (await pool_of(session, OFFICE_E3)).sku_part_number == "ENTERPRISEPACK"
        assert time.monotonic() - began >= 1
    fired = session.simulator.admin("GET", "fired", {})["fired"]
    assert (fired["throttle_429"], fired["error_5xx_before_effect"]) == (1, 1)
    return "both retried after 1 s"


@check("a wrong secret and an unknown tenant get no token")
async def _wrong_secret(session: Session) -> str:
    told = []
    for tenant_id, secret in ((TENANT, "wrong"), (NOT_OWNED, CLIENT_SECRET)):
        try:
            credential(session.simulator, tenant_id=tenant_id, secret=secret).get_token(GRAPH_SCOPE)
        except ClientAuthenticationError as error:
            told.append(str(error))
    assert len(told) == 2
    assert "AADSTS7000215" in told[0]
    assert "Unable to get authority configuration" in told[1]
    return "AADSTS7000215, no authority"


@check("a token for another service is refused")
async def _wrong_audience(session: Session) -> str:
    partner = "https://api.partnercenter.microsoft.com/.default"
    other = connect(session.simulator, scope=partner)
    return await refused(other.graph.users.get(), status=401, code="InvalidAuthenticationToken", words="audience")


async def verify(simulator: simulator_process.Simulator) -> int:
    """Run every check in order and return how many failed."""
    session = connect(simulator)
    failed = 0
    for title, work in CHECKS:
        began = time.monotonic()
        try:
            seen = await work(session)
            word = "ok  "
        except Exception as error:  # noqa: BLE001 - a failed check must not hide the others
            failed += 1
            word, seen = "FAIL", f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):
                traceback.print_exc(file=sys.stderr)
        sys.stdout.write(f"{word} {time.monotonic() - began:6.2f} s  {title}: {seen}\n")
        sys.stdout.flush()
    return failed


def main() -> int:
    # Refusals are wanted here, and the library would report each of them.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="verify-msgraph-") as folder,
        simulator_process.running(pathlib.Path(folder), seed=SEED) as simulator,
    ):
        failed = asyncio.run(verify(simulator))
    sys.stdout.write(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed in {time.monotonic() - began:.1f} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
