"""The tenant that the client check works in, and a client as any user of the SDK would build it."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import simulator_process
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.assigned_license import AssignedLicense
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.assign_license.assign_license_post_request_body import AssignLicensePostRequestBody
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core import GraphClientFactory

TENANT = "7d0a7c5e-3b1f-4c55-9f0a-0d2f4e8a1c01"
CLIENT_ID = "00000000-0000-4000-8000-00000000c001"
CLIENT_SECRET = "simulator-secret"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"

BUSINESS_PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
OFFICE_E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"
NOT_OWNED = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
EXCHANGE = "efb87545-963c-4e0d-99df-69c6916d9eb0"
TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
NOWHERE = "c0000000-0000-4000-8000-000000000001"
READER = "c0000000-0000-4000-8000-000000000002"
WRITER = "c0000000-0000-4000-8000-000000000003"
TEAM = "d0000000-0000-4000-8000-000000000001"
GENERATED = 250

LICENCE_MEMBERS = ["id", "userPrincipalName", "usageLocation", "assignedLicenses", "licenseAssignmentStates"]


def _product(product_id: str, sku_id: str, part_number: str, *plans: tuple[str, str]) -> dict[str, Any]:
    service_plans = [{"servicePlanId": plan_id, "servicePlanName": name} for plan_id, name in plans]
    sku = {"skuId": "0001", "provisioningId": sku_id, "partNumber": part_number, "servicePlans": service_plans}
    return {"productId": product_id, "title": part_number, "skus": [sku]}


def _person(user_id: str, name: str, location: str | None) -> dict[str, Any]:
    address = f"{name}@fabrikam.example"
    return {"id": user_id, "displayName": name, "userPrincipalName": address, "usageLocation": location}


SEED: dict[str, Any] = {
    "products": [
        _product("P1", BUSINESS_PREMIUM, "SPB", (EXCHANGE, "EXCHANGE_S_ENTERPRISE"), (TEAMS, "TEAMS1")),
        _product("P2", OFFICE_E3, "ENTERPRISEPACK", (EXCHANGE, "EXCHANGE_S_ENTERPRISE"), (TEAMS, "TEAMS1")),
        _product("P3", VISIO, "VISIOCLIENT", ("663a804f-1c30-4ff0-9915-9db84f0d1cea", "VISIO_CLIENT_SUBSCRIPTION")),
    ],
    "customers": [
        {
            "tenantId": TENANT,
            "company": "Fabrikam GmbH",
            "domain": "fabrikam.onmicrosoft.com",
            "subscriptions": [
                {"productId": "P1", "skuId": "0001", "quantity": 10},
                {
                    "productId": "P1",
                    "skuId": "0001",
                    "quantity": 5,
                    "ownerTenantId": "8" * 8 + "-0000-4000-8000-000000000000",
                },
                {"productId": "P2", "skuId": "0001", "quantity": 3},
                {"productId": "P3", "skuId": "0001", "quantity": 1},
            ],
        }
    ],
    "directories": [
        {
            "tenantId": TENANT,
            "domains": [{"id": "fabrikam.example"}, {"id": "fabrikam.onmicrosoft.com"}],
            "users": [
                _person(NOWHERE, "nowhere", None),
                _person(READER, "reader", "DE"),
                _person(WRITER, "writer", "DE"),
            ],
            "groups": [{"id": TEAM, "displayName": "Team"}],
            "generatedUsers": {"count": GENERATED, "domain": "fabrikam.example", "usageLocation": "DE"},
        }
    ],
}


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a check works with."""

    graph: GraphServiceClient
    adapter: GraphRequestAdapter
    simulator: simulator_process.Simulator


def credential(simulator: simulator_process.Simulator, *, tenant_id: str, secret: str) -> ClientSecretCredential:
    return ClientSecretCredential(
        tenant_id,
        CLIENT_ID,
        secret,
        authority=simulator.base_url,
        disable_instance_discovery=True,
        connection_verify=str(simulator.certificate.authority),
    )


def connect(simulator: simulator_process.Simulator, *, scope: str = GRAPH_SCOPE) -> Session:
    """A client as any user of the SDK would build it, but for the place and its certificate."""
    provider = AzureIdentityAuthenticationProvider(
        credential(simulator, tenant_id=TENANT, secret=CLIENT_SECRET), scopes=[scope], allowed_hosts=["localhost"]
    )
    base_url = f"{simulator.base_url}/v1.0"
    http = GraphClientFactory.create_with_default_middleware(
        client=httpx.AsyncClient(base_url=base_url, verify=simulator.trust, timeout=30)
    )
    adapter = GraphRequestAdapter(provider, client=http)
    adapter.base_url = base_url
    return Session(graph=GraphServiceClient(request_adapter=adapter), adapter=adapter, simulator=simulator)


def licences(*add: str, remove: tuple[str, ...] = (), disabled: tuple[str, ...] = ()) -> AssignLicensePostRequestBody:
    added = [AssignedLicense(sku_id=UUID(sku_id), disabled_plans=[UUID(plan) for plan in disabled]) for sku_id in add]
    return AssignLicensePostRequestBody(add_licenses=added, remove_licenses=[UUID(sku_id) for sku_id in remove])


def selecting(*members: str) -> RequestConfiguration[Any]:
    parameters = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=list(members))
    return RequestConfiguration(query_parameters=parameters)


def listing(*, eventual: bool = False, **options: Any) -> RequestConfiguration[Any]:
    configuration: RequestConfiguration[Any] = RequestConfiguration(
        query_parameters=UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(**options)
    )
    if eventual:
        configuration.headers.add("ConsistencyLevel", "eventual")
    return configuration


async def refused(work: Awaitable[Any], *, status: int, code: str, words: str = "") -> str:
    """The message of the documented refusal that `work` must end in."""
    caught = None
    try:
        await work
    except ODataError as error:
        caught = error
    assert caught is not None, "the call was not refused"
    assert caught.error is not None
    assert caught.response_status_code == status, f"status {caught.response_status_code}"
    assert caught.error.code == code, f"code {caught.error.code}"
    message = caught.error.message or ""
    assert words.lower() in message.lower(), message
    inner = caught.error.inner_error
    assert inner is not None
    assert inner.request_id
    assert inner.client_request_id
    assert inner.date is not None
    return f"{status} {code}: {message[:70]}"
