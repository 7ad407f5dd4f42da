"""Access tokens: three dotted parts like a JWT, signed with a key of these books, ending by the simulator's clock."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import secrets
import sqlite3
from dataclasses import dataclass

from vendor_simulator import books


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a token says: for which service (`audience`), in which tenant, for which app, with user rights or not."""

    audience: str
    tenant_id: str
    app_id: str
    has_user: bool
    ends_at: dt.datetime
    roles: tuple[str, ...] = ()


def issue(connection: sqlite3.Connection, *, claims: Claims, base_url: str, at: dt.datetime) -> str:
    header = {"typ": "JWT", "alg": "HS256", "kid": "simulator"}
    payload = {
        "aud": claims.audience,
        "iss": f"{base_url}/{claims.tenant_id}/v2.0",
        "iat": int(at.timestamp()),
        "nbf": int(at.timestamp()),
        "exp": int(claims.ends_at.timestamp()),
        "tid": claims.tenant_id,
        "appid": claims.app_id,
        "idtyp": "user" if claims.has_user else "app",
        "roles": list(claims.roles),
        "uti": secrets.token_urlsafe(12),
    }
    signed = f"{_encode(json.dumps(header).encode())}.{_encode(json.dumps(payload).encode())}"
    return f"{signed}.{_encode(_signature(connection, signed))}"


def read(connection: sqlite3.Connection, *, authorization: str, now: dt.datetime) -> Claims | str:
    """The claims of a bearer token, or the reason against it: `missing` (also when forged) or `expired`."""
    scheme, _, token = authorization.partition(" ")
    signed, _, signature = token.strip().rpartition(".")
    if scheme.lower() != "bearer" or not signed:
        return "missing"
    try:
        if not hmac.compare_digest(_decode(signature), _signature(connection, signed)):
            return "missing"
        payload = json.loads(_decode(signed.partition(".")[2]))
    except (ValueError, binascii.Error):
        return "missing"
    ends_at = dt.datetime.fromtimestamp(payload["exp"], dt.UTC)
    if ends_at <= now:
        return "expired"
    return Claims(
        audience=payload["aud"],
        tenant_id=payload["tid"],
        app_id=payload["appid"],
        has_user=payload["idtyp"] == "user",
        ends_at=ends_at,
        roles=tuple(payload["roles"]),
    )


def _signature(connection: sqlite3.Connection, signed: str) -> bytes:
    key = books.read_meta(connection, "token_key")
    if not key:
        key = secrets.token_hex(32)
        books.write_meta(connection, "token_key", key)
    return hmac.new(bytes.fromhex(key), signed.encode(), hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
