"""The token endpoints of every known tenant, in the older form (`resource`) and the newer one (`scope`)."""

import base64
import binascii
import datetime as dt
import hmac
import urllib.parse
import uuid

from starlette.routing import Route

from vendor_simulator import books, exchange, tokens

_TEXTS = {
    700016: "The application was not found in the directory of the tenant.",
    7000215: "Invalid client secret provided.",
    90002: "The tenant was not found.",
    900144: "The request body must contain a parameter that is missing.",
    70003: "The grant type is not supported.",
    70011: "The scope is not valid.",
    500011: "The resource principal was not found in the tenant.",
    700082: "The refresh token has expired due to inactivity.",
}
_STATUSES = {7000215: 401}
_NAMES = {
    700016: "unauthorized_client",
    7000215: "invalid_client",
    90002: "invalid_request",
    900144: "invalid_request",
    70003: "unsupported_grant_type",
    70011: "invalid_scope",
    500011: "invalid_resource",
    700082: "invalid_grant",
}
_GRAPH_ROLES = (
    "LicenseAssignment.ReadWrite.All",
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Domain.Read.All",
    "AuditLog.Read.All",
    "Reports.Read.All",
)


def _refusal(call: exchange.Call, code: int) -> exchange.Refused:
    trace_id, correlation_id = str(uuid.uuid4()), call.correlation_id
    written = call.now.strftime("%Y-%m-%d %H:%M:%SZ")
    text = f"AADSTS{code}: {_TEXTS[code]}"
    body = {
        "error": _NAMES[code],
        "error_description": f"{text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {written}",
        "error_codes": [code],
        "timestamp": written,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"{call.base_url}/error?code={code}",
    }
    return exchange.Refused(exchange.Answer(status=_STATUSES.get(code, 400), body=body))


def _failed(call: exchange.Call, status: int, _code: int) -> exchange.Answer:
    body = {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred."}
    return exchange.Answer(status=status, body=body)


FACE = exchange.Face(
    name="login",
    audience=None,
    denied=lambda call, _reason: _failed(call, 401, 0),
    failed=_failed,
    throttled=lambda call, _wait_s: _failed(call, 429, 0),
    echoes=lambda _call: {"Cache-Control": "no-store, no-cache"},
    replays=False,
)


def _tenant(call: exchange.Call) -> str:
    """The tenant's id from the path, which may name a domain; the app must be known there."""
    named = call.path_params["tenant"].lower()
    if named == call.settings.partner_tenant_id.lower():
        return named
    row = call.connection.execute(
        "SELECT tenant_id, is_consented FROM customers WHERE tenant_id = ? OR lower(domain) = ?", (named, named)
    ).fetchone()
    if row is None:
        raise _refusal(call, 90002)
    if not row["is_consented"]:
        raise _refusal(call, 700016)
    return str(row["tenant_id"])


def _form(call: exchange.Call) -> dict[str, str]:
    form = dict(urllib.parse.parse_qsl(call.body.decode(errors="replace")))
    scheme, _, encoded = call.header("authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _refusal(call, 7000215) from None
        form.setdefault("client_id", urllib.parse.unquote(name))
        form.setdefault("client_secret", urllib.parse.unquote(password))
    return form


def _check_app(call: exchange.Call, form: dict[str, str]) -> bool:
    """Refuses a wrong app, secret or refresh token; tells whether the grant acts for a signed-in user."""
    grant = form.get("grant_type", "")
    if "client_id" not in form or not grant:
        raise _refusal(call, 900144)
    if grant not in {"client_credentials", "refresh_token"}:
        raise _refusal(call, 70003)
    if form["client_id"].lower() != call.settings.client_id.lower():
        raise _refusal(call, 700016)
    secret = form.get("client_secret", "")
    if not hmac.compare_digest(secret.encode(), call.settings.client_secret.encode()):
        raise _refusal(call, 7000215)
    if grant == "client_credentials":
        return False
    if not hmac.compare_digest(form.get("refresh_token", "").encode(), call.settings.refresh_token.encode()):
        raise _refusal(call, 700082)
    return True


def _audience(call: exchange.Call, wanted: str) -> str:
    wanted = wanted.rstrip("/")
    if wanted in {books.PARTNER_AUDIENCE, books.GRAPH_AUDIENCE}:
        return wanted
    raise _refusal(call, 500011)


def _issue(call: exchange.Call, *, tenant_id: str, audience: str, has_user: bool) -> tuple[str, dt.datetime]:
    ends_at = (call.now + dt.timedelta(seconds=call.settings.token_life_s)).replace(microsecond=0)
    claims = tokens.Claims(
        audience=audience,
        tenant_id=tenant_id,
        app_id=call.settings.client_id,
        has_user=has_user,
        ends_at=ends_at,
        roles=_GRAPH_ROLES if audience == books.GRAPH_AUDIENCE else (),
    )
    return tokens.issue(call.connection, claims=claims, base_url=call.base_url, at=call.now), ends_at


def grant_by_resource(call: exchange.Call) -> exchange.Answer:
    """The older form: numbers in the answer are texts."""
    tenant_id, form = _tenant(call), _form(call)
    has_user = _check_app(call, form)
    audience = _audience(call, form.get("resource", ""))
    token, ends_at = _issue(call, tenant_id=tenant_id, audience=audience, has_user=has_user)
    life = str(call.settings.token_life_s - 1)
    body = {
        "token_type": "Bearer",
        "expires_in": life,
        "ext_expires_in": life,
        "expires_on": str(int(ends_at.timestamp())),
        "not_before": str(int(call.now.timestamp())),
        "resource": audience,
        "access_token": token,
    }
    if has_user:
        body["refresh_token"] = call.settings.refresh_token
    return exchange.Answer(body=body)


def grant_by_scope(call: exchange.Call) -> exchange.Answer:
    tenant_id, form = _tenant(call), _form(call)
    has_user = _check_app(call, form)
    scopes = [scope for scope in form.get("scope", "").split() if scope not in {"openid", "profile", "offline_access"}]
    resource, _, permission = (scopes[0] if scopes else "").rpartition("/")
    if len(scopes) != 1 or (permission != ".default" and not has_user):
        raise _refusal(call, 70011)
    token, _ = _issue(call, tenant_id=tenant_id, audience=_audience(call, resource), has_user=has_user)
    life_s = call.settings.token_life_s - 1
    body: dict[str, object] = {"token_type": "Bearer", "expires_in": life_s, "ext_expires_in": life_s}
    if has_user:
        body |= {"scope": " ".join(scopes), "refresh_token": call.settings.refresh_token}
    return exchange.Answer(body=body | {"access_token": token})


def openid_configuration(call: exchange.Call) -> exchange.Answer:
    """What client libraries read first; all places are on the origin that was asked."""
    tenant_id = _tenant(call)
    base = f"{call.base_url}/{tenant_id}"
    return exchange.Answer(
        body={
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/v2.0",
            "request_uri_parameter_supported": False,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "simulator",
            "msgraph_host": call.base_url.partition("//")[2],
        }
    )


routes: list[Route] = [
    exchange.route("POST", "/{tenant}/oauth2/token", grant_by_resource, face=FACE),
    exchange.route("POST", "/{tenant}/oauth2/v2.0/token", grant_by_scope, face=FACE),
    exchange.route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration, face=FACE),
]
