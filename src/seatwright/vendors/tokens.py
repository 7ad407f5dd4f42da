"""Access tokens of an application, one per tenant and audience, kept in memory until shortly before they expire.

Two forms of the same request exist: the older one names a `resource` (Partner Center), the newer one a `scope`
(Graph). Tokens and the secret never appear in a text, a log line or a representation made here.
"""

import datetime as dt
import re
import threading
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from seatwright.vendors import bodies, http, port

RENEW_EARLY_S = 300
SHORTEST_LIFE_S = 60
LONGEST_LIFE_S = 86_400
UNKNOWN_LIFE_S = 600

_LOGIN_ERROR = re.compile(r"AADSTS[0-9]{4,9}")


@dataclass(frozen=True, kw_only=True)
class Application:
    """The application's own credential."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class _Token:
    text: str = field(repr=False)
    got_at: dt.datetime
    renew_at: dt.datetime

    def is_good(self, *, at: dt.datetime) -> bool:
        return self.got_at - dt.timedelta(seconds=RENEW_EARLY_S) <= at < self.renew_at


class Tokens:
    """Tokens from one login host for one application. Thread-safe; each tenant waits only for itself."""

    def __init__(self, *, login: http.HttpClient, application: Application) -> None:
        self._login = login
        self._application = application
        self._kept: dict[tuple[str, str], _Token] = {}
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def __repr__(self) -> str:
        return f"Tokens({self._login!r})"

    def for_resource(self, *, tenant_id: str, resource: str, at: dt.datetime) -> str:
        """A token in the older form, for example for `https://api.partnercenter.microsoft.com`."""
        return self._token(tenant_id, "/oauth2/token", {"resource": resource}, at)

    def for_scope(self, *, tenant_id: str, scope: str, at: dt.datetime) -> str:
        """A token in the newer form, for example for `https://graph.microsoft.com/.default`."""
        return self._token(tenant_id, "/oauth2/v2.0/token", {"scope": scope}, at)

    def forget(self, *, token: str) -> None:
        """Drop a token that the vendor no longer takes, unless it was replaced already."""
        with self._guard:
            self._kept = {key: kept for key, kept in self._kept.items() if kept.text != token}

    def _token(self, tenant_id: str, path: str, audience: dict[str, str], at: dt.datetime) -> str:
        key = (tenant_id.lower(), next(iter(audience.values())))
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept = self._kept.get(key)
            if kept is None or not kept.is_good(at=at):
                kept = self._ask(tenant_id, path, audience, at)
                with self._guard:
                    self._kept[key] = kept
            return kept.text

    def _ask(self, tenant_id: str, path: str, audience: dict[str, str], at: dt.datetime) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._application.client_id,
            "client_secret": self._application.client_secret,
            **audience,
        }
        reply = self._login.send(
            method="POST",
            link=f"/{http.path_part(tenant_id)}{path}",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            content=urllib.parse.urlencode(form).encode(),
        )
        try:
            answer = reply.json()
        except bodies.UnreadableBody:
            answer = None
        members = answer if isinstance(answer, dict) else {}
        if reply.status != 200:
            raise _refusal(reply, members, at)
        text = members.get("access_token")
        if not isinstance(text, str) or not re.fullmatch(r"[!-~]{1,20000}", text):
            raise port.VendorGarbled("The sign-in service gave no token", request_ref=reply.request_ref)
        life_s = _life_s(members.get("expires_in"))
        renew_s = life_s - min(RENEW_EARLY_S, life_s // 10)
        return _Token(text=text, got_at=at, renew_at=at + dt.timedelta(seconds=renew_s))


def _life_s(value: Any) -> int:
    """Seconds a token lives, from a number or a text; an unusable value counts as ten minutes."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return UNKNOWN_LIFE_S
    return min(max(int(text), SHORTEST_LIFE_S), LONGEST_LIFE_S)


def _refusal(reply: http.Reply, members: dict[str, Any], at: dt.datetime) -> port.VendorTrouble:
    found = _LOGIN_ERROR.search(str(members.get("error_description", ""))[:2000])
    detail = found[0] if found else ""
    if reply.status in (400, 401, 403):
        said = "The sign-in service refused the application" + (f" ({detail})" if detail else "")
        return port.VendorDenied(said, request_ref=reply.request_ref)
    return http.trouble_of(reply, vendor="The sign-in service", at=at, detail=detail)
