"""Graph as the part of a vendor that knows licence pools and people, and assigns licences."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from seatwright.vendors import http, instants, port
from seatwright.vendors.graph import client, translate, wire

USERS_PER_PAGE = 999
USER_MEMBERS = (
    "id,userPrincipalName,displayName,mail,accountEnabled,userType,usageLocation,department,"
    "assignedLicenses,licenseAssignmentStates"
)

_SAFE_TEXTS = {
    "denied": "Microsoft does not allow us to do this in this tenant.",
    "not_found": "Microsoft does not know this person.",
    "operation_pending": "Microsoft is still working on an earlier change to this person.",
    "throttled": "Microsoft asks us to wait.",
    "not_sent": "Microsoft could not be reached; nothing was sent.",
    "usage_location_missing": "This person has no usage location, which Microsoft needs to give a licence.",
    "no_licence_left": "No licence of this kind is free.",
    "licence_unknown": "The tenant does not have this kind of licence, or not yet.",
    "licence_not_held": "This person does not hold a licence that was to be taken away.",
    "licence_from_group": "This person holds the licence through a group, where alone it can be taken away.",
    "plan_dependency": "A service of one licence needs another that the person would not have.",
    "plan_conflict": "Services of two licences exclude each other.",
    "other": "Microsoft refused to change the licences.",
}
# The vendor gives all of these the same code; its texts may change, and then the reason is "other".
_REASONS_BY_TEXT = {
    "invalid usage location": "usage_location_missing",
    "does not have any available licenses": "no_licence_left",
    "does not correspond to a valid company license": "licence_unknown",
    "does not have a corresponding license": "licence_not_held",
    "inherited from a group membership": "licence_from_group",
    "depends on the service plan": "plan_dependency",
    "are mutually exclusive": "plan_conflict",
}
_REASON_BY_STATUS = {401: "not_sent", 403: "denied", 404: "not_found", 409: "operation_pending", 429: "throttled"}


class Graph:
    """Reads and licence changes in customers' tenants."""

    def __init__(self, *, client: client.GraphClient) -> None:
        self._client = client

    def list_pools(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.LicencePool]:
        found = self._all(tenant, "/v1.0/subscribedSkus", wire.SubscribedSku, at)
        return [translate.pool(seen) for seen in found]

    def list_pool_sources(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.PoolSource]:
        found = self._all(tenant, "/v1.0/directory/subscriptions", wire.CompanySubscription, at)
        return [translate.pool_source(seen) for seen in found]

    def iter_people(self, *, tenant: port.TenantRef, at: dt.datetime) -> Iterator[port.VendorPerson]:
        """Every user of the tenant, page by page; a person who moves between pages may come twice."""
        link = f"/v1.0/users?$select={USER_MEMBERS}&$top={USERS_PER_PAGE}"
        return (translate.person(seen) for seen in self._all(tenant, link, wire.User, at))

    def iter_people_changes(
        self, *, tenant: port.TenantRef, since: str, at: dt.datetime
    ) -> Iterator[port.PeopleChanges]:
        """Pieces of what changed since the link of an earlier round, or of everything when `since` is empty.

        When the vendor no longer knows the link, everything comes, marked `is_full`. The last piece has the new link;
        a caller that stops before it keeps the old one.
        """
        try:
            first, rest = self._changes(tenant, since, at)
        except client.StartOver:
            since = ""
            first, rest = self._changes(tenant, since, at)
        is_full = not since
        yield _piece(first, is_full)
        for page in rest:
            yield _piece(page, is_full)

    def read_person(self, *, tenant: port.TenantRef, person_id: str, at: dt.datetime) -> port.VendorPerson:
        """One user with the licences held, by origin; raises `port.VendorMissing` for one created a moment ago."""
        link = f"/v1.0/users/{http.path_part(person_id)}?$select={USER_MEMBERS}"
        return translate.person(self._client.one(tenant_id=tenant.tenant_id, link=link, kind=wire.User, at=at))

    def assign_licences(
        self,
        *,
        tenant: port.TenantRef,
        person_id: str,
        add: Mapping[str, Sequence[str]],
        remove: Sequence[str],
        at: dt.datetime,
    ) -> port.Outcome:
        """Add and remove direct licences in one call; `add` maps SKU ids to the plans that stay off.

        All or nothing, sent once. The vendor has no key against doubled requests: adding twice changes nothing,
        removing twice is refused, which is as good as done when nothing but one removal was asked for.
        """
        body = {
            "addLicenses": [{"skuId": sku, "disabledPlans": list(plans)} for sku, plans in add.items()],
            "removeLicenses": list(remove),
        }
        try:
            self._client.sign_in(tenant_id=tenant.tenant_id, at=at)
        except port.VendorTrouble as trouble:
            return _nothing_sent(trouble)
        try:
            reply = self._client.post(
                tenant_id=tenant.tenant_id,
                link=f"/v1.0/users/{http.path_part(person_id)}/assignLicense",
                content=msgspec.json.encode(body),
                at=at,
            )
        except (http.AnswerLost, http.AnswerRefused) as trouble:
            return port.Unclear(why=trouble.safe_text, request_ref=trouble.request_ref)
        except port.VendorTrouble as trouble:
            return _nothing_sent(trouble)
        outcome = _outcome(reply, at=at)
        is_one_removal = not add and len(remove) == 1
        if is_one_removal and isinstance(outcome, port.Refused) and outcome.reason == "licence_not_held":
            return port.Done(seen=None, request_ref=outcome.request_ref)
        return outcome

    def _all[Item](self, tenant: port.TenantRef, link: str, item: type[Item], at: dt.datetime) -> Iterator[Item]:
        for page in self._client.pages(tenant_id=tenant.tenant_id, link=link, item=item, at=at):
            yield from page.value

    def _changes(
        self, tenant: port.TenantRef, since: str, at: dt.datetime
    ) -> tuple[wire.Page[wire.User], Iterator[wire.Page[wire.User]]]:
        """The first page, read at once, and the others."""
        link = since or f"/v1.0/users/delta?$select={USER_MEMBERS}"
        pages = self._client.pages(tenant_id=tenant.tenant_id, link=link, item=wire.User, at=at)
        return next(pages), pages


def _piece(page: wire.Page[wire.User], is_full: bool) -> port.PeopleChanges:
    people = tuple(translate.person(seen) for seen in page.value)
    missing = {
        person.person_id: names
        for person, seen in zip(people, page.value, strict=True)
        if (names := translate.left_out(seen)) and not person.removed
    }
    return port.PeopleChanges(
        people=people, missing=missing, is_full=is_full, link="" if page.next_link else page.delta_link or ""
    )


def _nothing_sent(trouble: port.VendorTrouble) -> port.Refused:
    if isinstance(trouble, port.VendorBusy):
        return _refused("throttled", "VendorBusy", trouble.request_ref, retry_at=trouble.retry_at)
    reason = "denied" if isinstance(trouble, port.VendorDenied) else "not_sent"
    return _refused(reason, type(trouble).__name__, trouble.request_ref)


def _outcome(reply: http.Reply, *, at: dt.datetime) -> port.Outcome:
    if reply.status == 200:
        return port.Done(seen=None, request_ref=reply.request_ref)
    if reply.status == 202:
        return port.Later(at=instants.retry_at(reply.headers, at=at), request_ref=reply.request_ref)
    code, said = client.error_in(reply)
    if not 400 <= reply.status < 500 or (not code and reply.status not in _REASON_BY_STATUS):
        return port.Unclear(why=f"Microsoft Graph answered {reply.status}", request_ref=reply.request_ref)
    reason = _REASON_BY_STATUS.get(reply.status) or _guessed(said)
    if code == "Directory_ConcurrencyViolation":
        reason = "operation_pending"
    retry_at = instants.retry_at(reply.headers, at=at) if reason in ("throttled", "operation_pending") else None
    return _refused(reason, code or f"http-{reply.status}", reply.request_ref, retry_at=retry_at)


def _guessed(said: str) -> str:
    folded = said.casefold()
    return next((reason for text, reason in _REASONS_BY_TEXT.items() if text in folded), "other")


def _refused(reason: str, code: str, request_ref: str, *, retry_at: dt.datetime | None = None) -> port.Refused:
    return port.Refused(
        code=code, reason=reason, safe_text=_SAFE_TEXTS[reason], retry_at=retry_at, request_ref=request_ref
    )
