"""Certificates are always verified: against the given authority, for the right host, within their time."""

import contextlib
import datetime as dt
import pathlib
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from seatwright.vendors import http

SECRET = b"canary-secret-9f2"
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FAR_AHEAD = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


def write_certificate(folder: pathlib.Path, *, host: str, ends_at: dt.datetime) -> tuple[str, str]:
    """Files of an authority and of a host's certificate with its key."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    base = x509.CertificateBuilder().issuer_name(NAME).not_valid_before(LONG_AGO)
    authority = (
        base.subject_name(NAME)
        .public_key(authority_key.public_key())
        .serial_number(1)
        .not_valid_after(FAR_AHEAD)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                key_cert_sign=True,
                crl_sign=True,
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        base.subject_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_after(ends_at)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    ca_file, chain = folder / "ca.pem", folder / "chain.pem"
    ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(ca_file), str(chain)


@contextlib.contextmanager
def serving(chain: str) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server for one connection: its port and what it was told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    told: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as secured:
                    told.append(secured.recv(65536))
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], told
        thread.join(6)


def get(port: int, ca_file: str) -> http.Reply:
    opened = http.HttpClient(vendor="Vendor", base_url=f"https://localhost:{port}", ca_file=ca_file)
    try:
        return opened.send(method="GET", link="/x", headers={"Authorization": SECRET.decode()})
    finally:
        opened.close()


def test_an_authority_of_ones_own_is_trusted_when_it_is_given(tmp_path: pathlib.Path) -> None:
    ca_file, chain = write_certificate(tmp_path, host="localhost", ends_at=FAR_AHEAD)
    with serving(chain) as (port, told):
        assert get(port, ca_file).json() == {}
    assert SECRET in told[0]


@pytest.mark.parametrize(
    ("host", "ends_at", "is_authority_given"),
    [
        ("localhost", FAR_AHEAD, False),
        ("elsewhere.example", FAR_AHEAD, True),
        ("localhost", LONG_AGO + dt.timedelta(days=1), True),
    ],
    ids=["unknown authority", "other host", "expired"],
)
def test_a_certificate_that_does_not_hold_gets_no_credential(
    tmp_path: pathlib.Path, host: str, ends_at: dt.datetime, is_authority_given: bool
) -> None:
    ca_file, chain = write_certificate(tmp_path, host=host, ends_at=ends_at)
    with serving(chain) as (port, told), pytest.raises(http.NotSent):
        get(port, ca_file if is_authority_given else "")
    assert told == []
