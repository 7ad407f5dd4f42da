"""The simulator as a process: what survives `kill -9`, how it ends, and what time alone does."""

import contextlib
import datetime as dt
import ipaddress
import json
import pathlib
import signal
import ssl
import subprocess
import sys
import uuid

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.simulator.partner_scene import ALPHA, BASIC, SEED, Partner, code_of
from vendor_simulator import books, testing


def test_a_change_without_an_answer_survives_kill_9(own_simulator: testing.Simulator) -> None:
    partner = Partner(own_simulator)
    request_id = str(uuid.uuid4())
    own_simulator.fault("timeout_after_effect", match={"method": "PATCH"})
    with pytest.raises(httpx2.RemoteProtocolError):
        partner.set_seats(18, request_id=request_id)
    own_simulator.kill()
    with pytest.raises(httpx2.ConnectError):
        partner.get("/customers")
    own_simulator.start()
    assert partner.subscription()["quantity"] == 18
    assert partner.set_seats(18, request_id=request_id).json()["quantity"] == 18
    assert len(own_simulator.effects()) == 1
    assert own_simulator.fired()["timeout_after_effect"] == 1
    assert own_simulator.admin("GET", "clock")["now"] == "2026-03-02T09:30:00.000000Z"


def test_fault_rules_keep_their_count_over_a_restart(own_simulator: testing.Simulator) -> None:
    partner = Partner(own_simulator)
    own_simulator.fault("refuse", match={"path": "/customers$", "nth": 2}, status=400)
    assert partner.get("/customers").status_code == 200
    own_simulator.kill()
    own_simulator.start()
    assert partner.get("/customers").status_code == 400


def test_sigterm_and_ctrl_c_end_it_with_status_zero_even_while_a_call_hangs(own_simulator: testing.Simulator) -> None:
    own_simulator.fault("timeout_before_effect", match={"face": "login"}, hang_s=60)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(f"{own_simulator.base_url}/{ALPHA}/oauth2/token", timeout=0.2)
    assert own_simulator.stop() == 0
    own_simulator.start()
    assert own_simulator.end(signal.SIGINT) == 0


def test_it_ends_with_the_one_who_started_it(tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "vendor_simulator.main", "serve", "--port", "0", "--until-stdin-closes"]
    command += ["--books", str(tmp_path / "books.sqlite3")]
    source = pathlib.Path(testing.__file__).parents[1]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(source)}
    )
    with contextlib.closing(process.stdout) as output, contextlib.closing(process.stdin) as held:
        assert output.readline().startswith("ready on http://127.0.0.1:")
        held.close()
        assert process.wait(timeout=10) == 0


def test_the_command_seeds_from_a_file_and_freezes_its_clock(tmp_path: pathlib.Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"customers": [{"tenantId": ALPHA, "company": "A", "domain": "a.example"}]}))
    arguments = ("--seed-file", str(seed), "--now", "2028-02-29T00:00:00Z")
    simulator = testing.Simulator(tmp_path / "books.sqlite3", arguments=arguments)
    simulator.start()
    try:
        assert simulator.admin("GET", "clock") == {"now": "2028-02-29T00:00:00.000000Z", "mode": "frozen"}
        assert [customer["company"] for customer in simulator.dump()["customers"]] == ["A"]
        simulator.clock(advance_s=60)
        simulator.kill()
        simulator.start()
        assert simulator.admin("GET", "clock")["now"] == "2028-02-29T00:01:00.000000Z"
    finally:
        simulator.stop()


def test_it_speaks_tls_when_given_a_certificate(tmp_path: pathlib.Path) -> None:
    certificate = made_certificate(tmp_path)
    with testing.running(tmp_path / "books.sqlite3", seed=SEED, certificate=certificate) as simulator:
        context = ssl.create_default_context(cafile=certificate[0])
        headers = {"Authorization": f"Bearer {simulator.token()}"}
        answer = httpx2.get(f"{simulator.base_url}/v1/customers", headers=headers, verify=context)
        assert simulator.base_url.startswith("https://")
        assert answer.json()["totalCount"] == 2
        simulator.fault("timeout_before_effect")
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(f"{simulator.base_url}/v1/customers", headers=headers, verify=context)


def made_certificate(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Files of a certificate for 127.0.0.1 that signs itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor simulator")])
    now = dt.datetime.now(dt.UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    built = built.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    certificate = built.sign(key, hashes.SHA256())
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_a_running_clock_goes_on_from_where_it_is_set(simulator: testing.Simulator) -> None:
    shown = simulator.clock(now="2030-01-01T00:00:00Z", mode="running")
    assert shown.startswith("2030-01-01T00:00:0")
    assert simulator.clock(advance_s=86400).startswith("2030-01-02T00:00:0")
    assert simulator.admin("GET", "clock")["mode"] == "running"


def test_renewal_opens_all_seats_again_and_applies_the_schedule(partner: Partner) -> None:
    product = {"productId": "CFQ7TTC0AAA1", "skuId": "0001", "billingCycle": "monthly", "termDuration": "P1Y"}
    body = partner.subscription() | {"scheduledNextTermInstructions": {"product": product, "quantity": 8}}
    assert partner.patch(body).status_code == 200
    partner.simulator.clock(now="2026-06-15T00:00:00Z")
    partner.renew_token()
    renewed = partner.subscription()
    assert (renewed["quantity"], renewed["status"]) == (8, "active")
    assert renewed["commitmentEndDate"] == "2027-06-14T00:00:00Z"
    assert renewed["refundableQuantity"]["totalQuantity"] == 8
    assert renewed["cancellationAllowedUntilDate"] == "2026-06-22T00:00:00.0000000Z"
    assert "scheduledNextTermInstructions" not in renewed


def test_renewal_may_be_processed_late_and_refuses_changes_until_then(partner: Partner) -> None:
    partner.simulator.settings(renewal_delay_s=7200)
    partner.simulator.clock(now="2026-06-15T00:30:00Z")
    partner.renew_token()
    assert partner.subscription()["commitmentEndDate"] == "2026-06-14T00:00:00Z"
    assert code_of(partner.set_seats(20)) == (409, 900278)
    partner.simulator.clock(now="2026-06-15T02:00:00Z")
    partner.renew_token()
    renewed = partner.subscription()
    assert renewed["commitmentEndDate"] == "2027-06-14T00:00:00Z"
    assert renewed["cancellationAllowedUntilDate"] == "2026-06-22T02:00:00.0000000Z"


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ({"autoRenewEnabled": False}, ["active", "expired", "disabled", "deleted"]),
        ({"status": "suspended"}, ["suspended", "disabled", "disabled", "deleted"]),
    ],
)
def test_a_subscription_that_does_not_renew_ages_until_it_is_deleted(
    partner: Partner, change: dict[str, object], states: list[str]
) -> None:
    partner.simulator.settings(extended_from="2026-06-15")
    partner.patch(partner.subscription() | change)
    seen = []
    for instant in ("2026-06-14T23:59:59Z", "2026-06-15T00:00:00Z", "2026-07-15T00:00:00Z", "2026-10-13T00:00:00Z"):
        partner.simulator.clock(now=instant)
        partner.renew_token()
        seen.append(partner.subscription()["status"])
    assert seen == states
    assert partner.set_seats(16).json()["code"] == 2011


def test_many_terms_pass_in_one_leap_of_the_clock(simulator: testing.Simulator) -> None:
    simulator.clock(now="2028-03-02T09:30:00Z")
    partner = Partner(simulator)
    monthly = [effect for effect in simulator.effects() if effect["subject"].endswith("3")]
    assert len(monthly) == 24
    assert [effect["at"][:10] for effect in monthly[:2]] == ["2026-04-02", "2026-05-02"]
    assert partner.subscription()["commitmentEndDate"] == "2028-06-14T00:00:00Z"


def test_emptied_books_can_be_filled_again(simulator: testing.Simulator) -> None:
    simulator.reset()
    assert {len(rows) for rows in simulator.dump().values()} == {0}
    simulator.seed(SEED)
    assert [row["quantity"] for row in simulator.dump()["subscriptions"] if row["subscription_id"] == BASIC] == [15]


def test_books_of_an_earlier_version_are_taken_over(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "books.sqlite3"
    connection = books.open_books(path)
    connection.execute("ALTER TABLE subscriptions DROP COLUMN extended_from")
    connection.execute("ALTER TABLE skus DROP COLUMN traits")
    connection.close()
    with testing.running(path, seed=SEED) as simulator:
        assert Partner(simulator).subscription()["quantity"] == 15
