"""Microsoft as one vendor: seats at Partner Center, pools and people at Graph, one application for both."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seatwright.vendors import http, port, tokens
from seatwright.vendors.graph import adapter as graph_adapter
from seatwright.vendors.graph import client as graph_client
from seatwright.vendors.partner_center import adapter as partner_adapter
from seatwright.vendors.partner_center import client as partner_client


@dataclass(frozen=True, kw_only=True)
class MicrosoftSettings:
    """Where Microsoft is and who we are there; the addresses are hosts' roots, the defaults its commercial cloud."""

    partner_tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    partner_base_url: str = "https://api.partnercenter.microsoft.com"
    graph_base_url: str = "https://graph.microsoft.com"
    login_base_url: str = "https://login.microsoftonline.com"
    partner_resource: str = "https://api.partnercenter.microsoft.com"
    graph_scope: str = "https://graph.microsoft.com/.default"
    ca_file: str = ""
    timeouts: http.Timeouts = field(default_factory=http.Timeouts)
    read_attempts: int = 3


class MicrosoftVendor:
    """Satisfies `port.Vendor`; see there for what each call promises."""

    def __init__(
        self,
        *,
        partner_center: partner_adapter.PartnerCenter,
        graph: graph_adapter.Graph,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._partner_center = partner_center
        self._graph = graph
        self.close = close

    def set_seats(
        self, *, tenant: port.TenantRef, subscription_id: str, quantity: int, request_id: uuid.UUID, at: dt.datetime
    ) -> port.Outcome:
        return self._partner_center.set_seats(
            tenant=tenant, subscription_id=subscription_id, quantity=quantity, request_id=request_id, at=at
        )

    def read_subscription(
        self, *, tenant: port.TenantRef, subscription_id: str, at: dt.datetime
    ) -> port.VendorSubscription:
        return self._partner_center.read_subscription(tenant=tenant, subscription_id=subscription_id, at=at)

    def list_subscriptions(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.VendorSubscription]:
        return self._partner_center.list_subscriptions(tenant=tenant, at=at)

    def list_tenants(self, *, at: dt.datetime) -> Iterator[port.VendorTenant]:
        return self._partner_center.list_tenants(at=at)

    def list_pools(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.LicencePool]:
        return self._graph.list_pools(tenant=tenant, at=at)

    def list_pool_sources(self, *, tenant: port.TenantRef, at: dt.datetime) -> Sequence[port.PoolSource]:
        return self._graph.list_pool_sources(tenant=tenant, at=at)

    def iter_people(self, *, tenant: port.TenantRef, at: dt.datetime) -> Iterator[port.VendorPerson]:
        return self._graph.iter_people(tenant=tenant, at=at)

    def iter_people_changes(
        self, *, tenant: port.TenantRef, since: str, at: dt.datetime
    ) -> Iterator[port.PeopleChanges]:
        return self._graph.iter_people_changes(tenant=tenant, since=since, at=at)

    def assign_licences(
        self,
        *,
        tenant: port.TenantRef,
        person_id: str,
        add: Mapping[str, Sequence[str]],
        remove: Sequence[str],
        at: dt.datetime,
    ) -> port.Outcome:
        return self._graph.assign_licences(tenant=tenant, person_id=person_id, add=add, remove=remove, at=at)


def connect(settings: MicrosoftSettings) -> MicrosoftVendor:
    """A vendor that talks to the given hosts; nothing is sent before the first call. Share it between threads."""

    def channel(vendor: str, base_url: str) -> http.HttpClient:
        return http.HttpClient(vendor=vendor, base_url=base_url, ca_file=settings.ca_file, timeouts=settings.timeouts)

    login = channel("The sign-in service", settings.login_base_url)
    partner = channel(partner_client.VENDOR, settings.partner_base_url)
    graph = channel(graph_client.VENDOR, settings.graph_base_url)
    application = tokens.Application(client_id=settings.client_id, client_secret=settings.client_secret)
    kept = tokens.Tokens(login=login, application=application)

    def close() -> None:
        for opened in (login, partner, graph):
            opened.close()

    return MicrosoftVendor(
        partner_center=partner_adapter.PartnerCenter(
            client=partner_client.PartnerCenterClient(
                channel=partner,
                tokens=kept,
                partner_tenant_id=settings.partner_tenant_id,
                resource=settings.partner_resource,
                read_attempts=settings.read_attempts,
            )
        ),
        graph=graph_adapter.Graph(
            client=graph_client.GraphClient(
                channel=graph, tokens=kept, scope=settings.graph_scope, read_attempts=settings.read_attempts
            )
        ),
        close=close,
    )
