"""A connected vendor at invented addresses, for tests that watch the bytes on the wire."""

import datetime as dt
from collections.abc import Iterator

import pytest
import respx

from seatwright.vendors import microsoft, port
from tests.vendors import scene
from vendor_simulator import testing

AT = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
SECRET = "canary-secret-9f2"
TOKEN = "canary-token-7c1"
PARTNER_TENANT = "11111111-1111-4111-8111-111111111111"
TENANT = port.TenantRef(
    tenant_id="22222222-2222-4222-8222-222222222222", customer_id="33333333-3333-4333-8333-333333333333"
)
LOGIN = "https://login.example"
PARTNER = "https://partner.example"
GRAPH = "https://graph.example"


def settings(**changes: object) -> microsoft.MicrosoftSettings:
    members: dict[str, object] = {
        "partner_tenant_id": PARTNER_TENANT,
        "client_id": "app",
        "client_secret": SECRET,
        "partner_base_url": PARTNER,
        "graph_base_url": GRAPH,
        "login_base_url": LOGIN,
        "read_attempts": 1,
    }
    return microsoft.MicrosoftSettings(**(members | changes))  # type: ignore[arg-type]


@pytest.fixture
def httpx2_mock() -> Iterator[respx.Router]:
    """Answers instead of a network; a route that must not be called may be watched without complaint."""
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        yield router


@pytest.fixture
def vendor() -> Iterator[microsoft.MicrosoftVendor]:
    connected = microsoft.connect(settings())
    yield connected
    connected.close()


@pytest.fixture
def partner_token(httpx2_mock: respx.Router) -> respx.Route:
    return httpx2_mock.post(f"{LOGIN}/{PARTNER_TENANT}/oauth2/token").respond(
        200, json={"access_token": TOKEN, "token_type": "Bearer", "expires_in": "3599"}
    )


@pytest.fixture
def graph_token(httpx2_mock: respx.Router) -> respx.Route:
    return httpx2_mock.post(f"{LOGIN}/{TENANT.tenant_id}/oauth2/v2.0/token").respond(
        200, json={"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599}
    )


@pytest.fixture(scope="session")
def running_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Simulator]:
    with testing.running(tmp_path_factory.mktemp("scene") / "books.sqlite3") as simulator:
        yield simulator


@pytest.fixture
def simulator(running_scene: testing.Simulator) -> testing.Simulator:
    """The simulated vendor with the customer of `scene`."""
    running_scene.reset()
    running_scene.seed(scene.SEED)
    return running_scene


@pytest.fixture
def connected(simulator: testing.Simulator) -> Iterator[microsoft.MicrosoftVendor]:
    vendor = scene.connect(simulator.base_url)
    yield vendor
    vendor.close()
