"""Starts the simulator over TLS from the project's own environment, for clients that live in another one."""

import contextlib
import datetime as dt
import ipaddress
import json
import os
import pathlib
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SERVER_PYTHON = PROJECT / ".venv" / "bin" / "python"
ADMIN_TOKEN = "simulator-admin"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Files of a certificate for localhost: the authority to trust, the chain and the key to serve with."""

    authority: pathlib.Path
    chain: pathlib.Path
    key: pathlib.Path


def make_certificate(folder: pathlib.Path) -> Certificate:
    """A new authority and a certificate of it for localhost, good for a day."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Simulator test authority")])
    authority = _signed(
        issuer,
        issuer,
        authority_key.public_key(),
        authority_key,
        x509.BasicConstraints(ca=True, path_length=0),
        _usage(signs_certificates=True),
    )
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    server = _signed(
        subject,
        issuer,
        server_key.public_key(),
        authority_key,
        x509.BasicConstraints(ca=False, path_length=None),
        _usage(signs_certificates=False),
        names,
    )
    found = Certificate(authority=folder / "ca.pem", chain=folder / "server.pem", key=folder / "server.key")
    pem = serialization.Encoding.PEM
    found.authority.write_bytes(authority.public_bytes(pem))
    found.chain.write_bytes(server.public_bytes(pem))
    plain = serialization.NoEncryption()
    found.key.write_bytes(server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return found


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    signing_key: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(authority_id, critical=False)
    )
    for extension in extensions:
        is_critical = not isinstance(extension, x509.SubjectAlternativeName)
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(signing_key, hashes.SHA256())


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """A running simulator; `trust` accepts its certificate."""

    base_url: str
    certificate: Certificate
    trust: ssl.SSLContext

    def admin(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address is our own
            f"{self.base_url}/_admin/{path}",
            method=method,
            data=json.dumps(body).encode(),
            headers={"X-Admin-Token": ADMIN_TOKEN, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, context=self.trust, timeout=60) as answer:  # noqa: S310
            return json.load(answer)


@contextlib.contextmanager
def running(folder: pathlib.Path, *, seed: Mapping[str, Any]) -> Iterator[Simulator]:
    """The simulator over TLS with new books in `folder`; it ends with this block and with this process."""
    certificate = make_certificate(folder)
    seed_file = folder / "seed.json"
    seed_file.write_text(json.dumps(seed))
    python = os.environ.get("SEATWRIGHT_PYTHON", str(SERVER_PYTHON))
    command = [python, "-m", "vendor_simulator.main", "serve", "--port", "0", "--until-stdin-closes"]
    command += ["--books", str(folder / "books.sqlite3"), "--seed-file", str(seed_file), "--admin-token", ADMIN_TOKEN]
    command += ["--tls-cert", str(certificate.chain), "--tls-key", str(certificate.key)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=PROJECT
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith("ready on "):
            raise SystemExit(f"the simulator did not start (status {process.wait(timeout=20)})")
        port = line.rstrip().rpartition(":")[2]
        trust = ssl.create_default_context(cafile=str(certificate.authority))
        yield Simulator(base_url=f"https://localhost:{port}", certificate=certificate, trust=trust)
    finally:
        process.terminate()
        process.wait(timeout=20)
