"""Microsoft as one vendor: seats at Partner Center, pools and people at Graph, one application for both."""

from collections.abc import Callable
from dataclasses import dataclass, field

from seatwright.vendors import http, tokens
from seatwright.vendors.graph import adapter as graph_adapter
from seatwright.vendors.graph import client as graph_client
from seatwright.vendors.partner_center import adapter as partner_adapter
from seatwright.vendors.partner_center import carts as partner_carts
from seatwright.vendors.partner_center import catalogue as partner_catalogue
from seatwright.vendors.partner_center import client as partner_client
from seatwright.vendors.partner_center import transitions as partner_transitions


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
    """Satisfies `port.Vendor`; see there for what each call promises.

    The calls are those of its parts, bound once and not written again.
    """

    def __init__(
        self,
        *,
        partner_center: partner_adapter.PartnerCenter,
        catalogue: partner_catalogue.Catalogue,
        carts: partner_carts.Carts,
        transitions: partner_transitions.Transitions,
        graph: graph_adapter.Graph,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._partner_center = partner_center
        self.set_seats = partner_center.set_seats
        self.set_end_of_term = partner_center.set_end_of_term
        self.set_auto_renew = partner_center.set_auto_renew
        self.set_status = partner_center.set_status
        self.set_term = partner_center.set_term
        self.read_subscription = partner_center.read_subscription
        self.list_subscriptions = partner_center.list_subscriptions
        self.list_tenants = partner_center.list_tenants
        self.availability = catalogue.availability
        self.promotions = catalogue.promotions
        self.promotion_eligibility = catalogue.promotion_eligibility
        self.custom_ends = catalogue.custom_ends
        self.agreement_template = catalogue.agreement_template
        self.agreement_status = catalogue.agreement_status
        self.confirm_agreement = catalogue.confirm_agreement
        self.create_cart = carts.create_cart
        self.checkout = carts.checkout
        self.read_cart = carts.read_cart
        self.read_order = carts.read_order
        self.list_orders = carts.list_orders
        self.transition_targets = transitions.transition_targets
        self.start_transition = transitions.start_transition
        self.read_transition = transitions.read_transition
        self.list_transitions = transitions.list_transitions
        self.list_pools = graph.list_pools
        self.list_pool_sources = graph.list_pool_sources
        self.iter_people = graph.iter_people
        self.iter_people_changes = graph.iter_people_changes
        self.read_person = graph.read_person
        self.assign_licences = graph.assign_licences
        self.close = close


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

    partner_access = partner_client.PartnerCenterClient(
        channel=partner,
        tokens=kept,
        partner_tenant_id=settings.partner_tenant_id,
        resource=settings.partner_resource,
        read_attempts=settings.read_attempts,
    )
    return MicrosoftVendor(
        partner_center=partner_adapter.PartnerCenter(client=partner_access),
        catalogue=partner_catalogue.Catalogue(client=partner_access),
        carts=partner_carts.Carts(client=partner_access),
        transitions=partner_transitions.Transitions(client=partner_access),
        graph=graph_adapter.Graph(
            client=graph_client.GraphClient(
                channel=graph, tokens=kept, scope=settings.graph_scope, read_attempts=settings.read_attempts
            )
        ),
        close=close,
    )
