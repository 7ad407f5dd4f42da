"""The tenant itself on the simulated Graph: organisation, domains, licence pools and the subscriptions behind them."""

from collections.abc import Mapping
from typing import Any

from vendor_simulator import (
    books,
    directory,
    exchange,
    graph_licences,
    graph_query,
    graph_replies,
    graph_users,
    graph_views,
)

Document = dict[str, Any]

ORGANIZATION = ("Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "User.Read.All")
DOMAINS = ("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
SKUS = (
    "LicenseAssignment.Read.All",
    "LicenseAssignment.ReadWrite.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
SUBSCRIPTIONS = ("Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All")

ORGANIZATION_MEMBERS: Mapping[str, object] = {
    "id": None,
    "deletedDateTime": None,
    "businessPhones": [],
    "city": None,
    "country": None,
    "countryLetterCode": None,
    "createdDateTime": None,
    "defaultUsageLocation": None,
    "displayName": None,
    "marketingNotificationEmails": [],
    "onPremisesLastSyncDateTime": None,
    "onPremisesSyncEnabled": None,
    "postalCode": None,
    "preferredLanguage": None,
    "securityComplianceNotificationMails": [],
    "securityComplianceNotificationPhones": [],
    "state": None,
    "street": None,
    "technicalNotificationMails": [],
    "tenantType": "AAD",
    "partnerTenantType": None,
    "assignedPlans": [],
    "provisionedPlans": [],
    "verifiedDomains": [],
}
DOMAIN_MEMBERS: Mapping[str, object] = {
    "authenticationType": "Managed",
    "availabilityStatus": None,
    "id": None,
    "isAdminManaged": True,
    "isDefault": False,
    "isInitial": False,
    "isRoot": True,
    "isVerified": True,
    "manufacturer": None,
    "model": None,
    "passwordNotificationWindowInDays": 14,
    "passwordValidityPeriodInDays": 2147483647,
    "state": None,
    "supportedServices": ["Email", "OfficeCommunicationsOnline", "Intune"],
}
SKU_MEMBERS = (
    "accountId",
    "accountName",
    "appliesTo",
    "capabilityStatus",
    "consumedUnits",
    "id",
    "prepaidUnits",
    "servicePlans",
    "skuId",
    "skuPartNumber",
    "subscriptionIds",
)
SUBSCRIPTION_MEMBERS = (
    "commerceSubscriptionId",
    "createdDateTime",
    "id",
    "isTrial",
    "nextLifecycleDateTime",
    "ownerId",
    "ownerTenantId",
    "ownerType",
    "serviceStatus",
    "skuId",
    "skuPartNumber",
    "status",
    "totalLicenses",
)


def _collection(
    call: exchange.Call, documents: list[Document], *, names: Mapping[str, object] | tuple[str, ...], kind: str
) -> exchange.Answer:
    """The whole list at once; $select everywhere, $filter, $top and $count where the caller gave them."""
    options = graph_replies.options_of(call=call)
    members = graph_query.selected(options=options, names=frozenset(names), default=tuple(names), kind=kind)
    if options.get("$filter"):
        test = graph_query.parse_filter(text=options["$filter"], names=frozenset(names))
        documents = [document for document in documents if test.matches(document)]
    body: Document = {}
    if graph_query.asks_count(options=options):
        body["@odata.count"] = len(documents)
    size = graph_query.page_size(options=options, default=999)
    after = 0
    if "$skiptoken" in options:
        tenant_id = graph_users.tenant_of(call)
        after = int(graph_query.unpack(token=options["$skiptoken"], purpose=kind, tenant_id=tenant_id)["after"])
    if len(documents) > after + size:
        token = {"for": kind, "tenant": graph_users.tenant_of(call), "after": after + size}
        kept = options | {"$skiptoken": graph_query.pack(content=token)}
        body["@odata.nextLink"] = graph_replies.link(call=call, options=kept)
    page = documents[after : after + size]
    body["value"] = [graph_views.chosen(document=document, members=members) for document in page]
    return graph_replies.answer(body, call=call, context=call.path.rsplit("/", 1)[-1])


def _entity(
    call: exchange.Call,
    document: Document | None,
    *,
    names: Mapping[str, object] | tuple[str, ...],
    kind: str,
    key: str,
) -> exchange.Answer:
    if document is None:
        raise graph_replies.not_found(what=key)
    options = graph_replies.options_of(call=call)
    members = graph_query.selected(options=options, names=frozenset(names), default=tuple(names), kind=kind)
    shown = graph_views.chosen(document=document, members=members)
    return graph_replies.answer(shown, call=call, context=f"{kind}/$entity")


def _organization(call: exchange.Call) -> Document:
    tenant_id = graph_users.tenant_of(call)
    stored = directory.organization(call.connection, tenant_id=tenant_id)
    assert stored is not None
    owned = [_domain(domain) for domain in directory.domains(call.connection, tenant_id=tenant_id)]
    verified = [
        {
            "capabilities": ", ".join(domain["supportedServices"]),
            "isDefault": domain["isDefault"],
            "isInitial": domain["isInitial"],
            "name": domain["id"],
            "type": domain["authenticationType"],
        }
        for domain in owned
    ]
    return {**ORGANIZATION_MEMBERS, "verifiedDomains": verified, **stored, "id": tenant_id}


def list_organization(call: exchange.Call) -> exchange.Answer:
    """Exactly one entry: the tenant of the token."""
    return _collection(call, [_organization(call)], names=ORGANIZATION_MEMBERS, kind="organization")


def read_organization(call: exchange.Call) -> exchange.Answer:
    key = call.path_params["organization"]
    document = _organization(call)
    found = document if document["id"] == key.lower() else None
    return _entity(call, found, names=ORGANIZATION_MEMBERS, kind="organization", key=key)


def _domain(stored: Document) -> Document:
    return {**DOMAIN_MEMBERS, **stored}


def list_domains(call: exchange.Call) -> exchange.Answer:
    stored = directory.domains(call.connection, tenant_id=graph_users.tenant_of(call))
    return _collection(call, [_domain(domain) for domain in stored], names=DOMAIN_MEMBERS, kind="domain")


def read_domain(call: exchange.Call) -> exchange.Answer:
    key = call.path_params["domain"]
    stored = directory.domains(call.connection, tenant_id=graph_users.tenant_of(call))
    found = next((_domain(domain) for domain in stored if domain["id"].lower() == key.lower()), None)
    return _entity(call, found, names=DOMAIN_MEMBERS, kind="domain", key=key)


def _skus(call: exchange.Call) -> list[Document]:
    """The pools of the tenant; one whose subscriptions are all deleted is gone."""
    tenant_id = graph_users.tenant_of(call)
    stored = directory.organization(call.connection, tenant_id=tenant_id) or {}
    pools = graph_licences.pools(call.connection, tenant_id=tenant_id)
    return [
        {
            "accountId": tenant_id,
            "accountName": stored.get("displayName"),
            "appliesTo": pool.applies_to,
            "capabilityStatus": pool.capability_status,
            "consumedUnits": pool.consumed,
            "id": f"{tenant_id}_{pool.sku_id}",
            "prepaidUnits": pool.units,
            "servicePlans": [graph_views.service_plan(plan=plan) for plan in pool.plans],
            "skuId": pool.sku_id,
            "skuPartNumber": pool.part_number,
            "subscriptionIds": [graph_licences.source_id(source=source) for source in pool.sources],
        }
        for pool in pools.values()
        if any(source.status != "Deleted" for source in pool.sources)
    ]


def list_skus(call: exchange.Call) -> exchange.Answer:
    if "$filter" in graph_replies.options_of(call=call):
        raise graph_query.Unsupported("$filter is not supported on this resource.")
    return _collection(call, _skus(call), names=SKU_MEMBERS, kind="subscribedSku")


def read_sku(call: exchange.Call) -> exchange.Answer:
    return _one_of(call, _skus(call), member="id", key=call.path_params["sku"], names=SKU_MEMBERS, kind="subscribedSku")


def _subscriptions(call: exchange.Call) -> list[Document]:
    sources = graph_licences.sources(call.connection, tenant_id=graph_users.tenant_of(call))
    return [
        {
            "commerceSubscriptionId": source.book.subscription_id,
            "createdDateTime": _wire_instant(source.book.created_at),
            "id": graph_licences.source_id(source=source),
            "isTrial": source.book.is_trial,
            "nextLifecycleDateTime": _wire_instant(source.book.next_lifecycle_at),
            "ownerId": None,
            "ownerTenantId": source.book.owner_tenant_id,
            "ownerType": None,
            "serviceStatus": [graph_views.service_plan(plan=plan) for plan in source.book.service_plans],
            "skuId": source.book.sku_id.lower(),
            "skuPartNumber": source.book.part_number,
            "status": source.status,
            "totalLicenses": source.book.quantity,
        }
        for source in sources
        if source.status != "Deleted"
    ]


def _wire_instant(at: Any) -> str | None:
    return None if at is None else books.stamp(at).partition(".")[0] + "Z"


def list_subscriptions(call: exchange.Call) -> exchange.Answer:
    return _collection(call, _subscriptions(call), names=SUBSCRIPTION_MEMBERS, kind="companySubscription")


def count_subscriptions(call: exchange.Call) -> exchange.Answer:
    return graph_replies.plain(str(len(_subscriptions(call))))


def read_subscription(call: exchange.Call) -> exchange.Answer:
    return _find_subscription(call, "id")


def read_by_commerce_id(call: exchange.Call) -> exchange.Answer:
    """By the alternate key: the id that the commerce side gave the subscription."""
    return _find_subscription(call, "commerceSubscriptionId")


def _find_subscription(call: exchange.Call, member: str) -> exchange.Answer:
    key = call.path_params["subscription"]
    return _one_of(
        call, _subscriptions(call), member=member, key=key, names=SUBSCRIPTION_MEMBERS, kind="companySubscription"
    )


def _one_of(
    call: exchange.Call, documents: list[Document], *, member: str, key: str, names: tuple[str, ...], kind: str
) -> exchange.Answer:
    found = next((document for document in documents if str(document[member]).lower() == key.lower()), None)
    return _entity(call, found, names=names, kind=kind, key=key)
