"""The fault plan: which call goes wrong, and how. Rules live in the books, so they outlast a restart.

Explicit rules name a call (`nth` matching one, for `times` calls, 0 = all from there on); a seeded plan draws each
call's fate from its seed and the number of the call alone, so that the same calls meet the same faults again.
"""

import datetime as dt
import email.utils
import gzip
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vendor_simulator import books

BEFORE_EFFECT = frozenset({"timeout_before_effect", "throttle_429", "error_5xx_before_effect", "refuse"})
AFTER_EFFECT = frozenset({"timeout_after_effect", "error_5xx_after_effect", "garbled"})
# These change how a write takes effect; its handler applies and counts them.
IN_EFFECT = frozenset({"late_visibility", "flapping", "answer_202", "ignored_write", "no_dedupe"})
KINDS = BEFORE_EFFECT | AFTER_EFFECT | IN_EFFECT

RETRY_AFTER_FORMS = ("integer", "decimal", "http_date", "missing", "negative", "day")
GARBLED_FORMS = (
    "truncated",
    "html",
    "empty",
    "wrong_content_type",
    "bom",
    "nan",
    "duplicate_keys",
    "unknown_enum",
    "extra_fields",
    "deep_nesting",
    "missing_fields",
    "huge",
    "gzip_bomb",
)
SILENT_FORMS = ("closed", "mid_body")
_FORMS = {
    "throttle_429": RETRY_AFTER_FORMS,
    "garbled": GARBLED_FORMS,
    "timeout_after_effect": SILENT_FORMS,
}
_HUGE_BYTES = 50_000_000
_BOMB_BYTES = 200_000_000
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong; members that a kind does not use are ignored.

    `hang_s` are real seconds of silence before the connection is closed, `wait_s` is what a 429 asks for,
    `visible_after_s` counts seconds of the vendor's clock until a change shows, and `variant` is a form out of
    `RETRY_AFTER_FORMS`, `GARBLED_FORMS` or `SILENT_FORMS`.
    """

    kind: str
    variant: str = ""
    hang_s: float = 0.0
    wait_s: int = 2
    status: int = 0
    code: int = 0
    retry_after: str | None = None
    visible_after_s: float = 900.0

    @property
    def is_before_effect(self) -> bool:
        return self.kind in BEFORE_EFFECT


@dataclass(frozen=True, kw_only=True)
class Garbled:
    payload: bytes
    content_type: str = "application/json; charset=utf-8"
    encoding: str = ""


def fault_from(document: Mapping[str, object]) -> Fault:
    """The fault a rule asks for; ValueError names an unknown kind, variant or member."""
    kind = document.get("kind")
    if kind not in KINDS:
        raise ValueError(f"no fault kind is called {kind}; known are {', '.join(sorted(KINDS))}")
    variant = str(document.get("variant", ""))
    forms = _FORMS.get(str(kind), ())
    if variant and variant not in forms:
        raise ValueError(f"{kind} has no variant {variant}; known are {', '.join(forms)}")
    defaults: dict[str, object] = {"status": 503} if "5xx" in str(kind) else {}
    if forms and not variant:
        defaults["variant"] = forms[0]
    try:
        return Fault(**(defaults | dict(document)))  # type: ignore[arg-type]
    except TypeError as wrong:
        raise ValueError(f"fault {kind}: {wrong}") from wrong


def add_rule(connection: sqlite3.Connection, rule: Mapping[str, object]) -> int:
    """Arms a rule or a seeded plan and tells its number; ValueError says what is wrong with it."""
    unknown = set(rule) - {"match", "fault", "seed", "rates", "faults"}
    if unknown:
        raise ValueError(f"a rule has no member {', '.join(sorted(unknown))}")
    match = rule.get("match", {})
    if not isinstance(match, dict) or set(match) - {"face", "method", "path", "tenant", "nth", "times"}:
        raise ValueError("match takes face, method, path, tenant, nth and times")
    re.compile(str(match.get("path", "")))
    if "seed" in rule:
        rates = rule.get("rates", {})
        if not isinstance(rates, dict) or set(rates) - KINDS:
            raise ValueError("rates maps fault kinds to chances between 0 and 1")
    else:
        fault = rule.get("fault")
        if not isinstance(fault, dict):
            raise ValueError("a rule needs a fault, or a seed with rates")
        fault_from(fault)
    cursor = connection.execute(
        "INSERT INTO fault_rules (rule, matched, fired) VALUES (?, 0, 0)", (json.dumps(dict(rule)),)
    )
    return int(cursor.lastrowid or 0)


def list_rules(connection: sqlite3.Connection) -> list[dict[str, object]]:
    rows = connection.execute("SELECT rule_id, rule, matched, fired FROM fault_rules ORDER BY rule_id").fetchall()
    return [
        json.loads(row["rule"]) | {"id": row["rule_id"], "matched": row["matched"], "fired": row["fired"]}
        for row in rows
    ]


def clear(connection: sqlite3.Connection) -> None:
    """Disarms everything; the counts of what has fired stay."""
    connection.execute("DELETE FROM fault_rules")


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How often each kind has struck so far, those that never did included."""
    fired = {row["kind"]: row["fired"] for row in connection.execute("SELECT kind, fired FROM fault_counts")}
    return {kind: fired.get(kind, 0) for kind in sorted(KINDS)}


def count(connection: sqlite3.Connection, kind: str) -> None:
    connection.execute(
        "INSERT INTO fault_counts (kind, fired) VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET fired = fired + 1",
        (kind,),
    )


def draw(connection: sqlite3.Connection, *, face: str, method: str, path: str, tenant_id: str = "") -> Fault | None:
    """The fault of this call, from the first rule that has one to give; every matching rule counts the call.

    `tenant_id` is the token's tenant; a rule's `tenant` matches it or a customer named in the path.
    """
    chosen: Fault | None = None
    for row in connection.execute("SELECT rule_id, rule, matched, fired FROM fault_rules ORDER BY rule_id").fetchall():
        rule = json.loads(row["rule"])
        if not _matches(rule.get("match", {}), face=face, method=method, path=path, tenant_id=tenant_id):
            continue
        fault = None if chosen else _from_rule(rule, number=row["matched"] + 1, method=method)
        connection.execute(
            "UPDATE fault_rules SET matched = matched + 1, fired = fired + ? WHERE rule_id = ?",
            (int(fault is not None), row["rule_id"]),
        )
        chosen = chosen or fault
    if chosen is not None and chosen.kind not in IN_EFFECT:
        count(connection, chosen.kind)
    return chosen


def _matches(match: Mapping[str, object], *, face: str, method: str, path: str, tenant_id: str) -> bool:
    tenant = str(match.get("tenant", "")).lower()
    return (
        match.get("face", face) == face
        and (not tenant or tenant == tenant_id.lower() or tenant in path.lower())
        and str(match.get("method", method)).upper() == method
        and re.search(str(match.get("path", "")), path) is not None
    )


def _from_rule(rule: Mapping[str, object], *, number: int, method: str) -> Fault | None:
    if "seed" in rule:
        return _from_seed(rule, number=number, method=method)
    match = rule.get("match", {})
    fault = rule["fault"]
    assert isinstance(match, dict)
    assert isinstance(fault, dict)
    first = int(match.get("nth", 1))
    times = int(match.get("times", 1))
    strikes = number >= first and (times == 0 or number < first + times)
    return fault_from(fault) if strikes else None


def _from_seed(rule: Mapping[str, object], *, number: int, method: str) -> Fault | None:
    rates = rule.get("rates", {})
    shapes = rule.get("faults", {})
    assert isinstance(rates, dict)
    assert isinstance(shapes, dict)
    dice = int.from_bytes(hashlib.sha256(f"{rule['seed']}:{number}".encode()).digest()[:8])
    share = (dice % 1_000_000) / 1_000_000
    for kind in sorted(rates):
        if kind in IN_EFFECT and method not in _WRITES:
            continue
        share -= rates[kind]
        if share < 0:
            forms = _FORMS.get(kind, ("",))
            variant = forms[(dice // 1_000_000) % len(forms)]
            return fault_from({"kind": kind, "variant": variant} | shapes.get(kind, {}))
    return None


def retry_after(fault: Fault, *, now: dt.datetime) -> str | None:
    """The Retry-After header in the fault's form, None when it is left out; a date is of the vendor's clock."""
    if fault.retry_after is not None:
        return fault.retry_after
    return {
        "integer": str(fault.wait_s),
        "decimal": f"{fault.wait_s}.128",
        "http_date": email.utils.format_datetime(now + dt.timedelta(seconds=fault.wait_s), usegmt=True),
        "missing": None,
        "negative": "-5",
        "day": "86400",
    }[fault.variant or "integer"]


def garble(form: str, payload: bytes) -> Garbled:
    """A broken or unusual form of an answer's bytes; `bom`, `unknown_enum`, `extra_fields` can still be understood."""
    if form == "html":
        page = b"<!DOCTYPE html><html><body><h1>Our services are not available now</h1></body></html>"
        return Garbled(payload=page, content_type="text/html")
    if form == "wrong_content_type":
        return Garbled(payload=payload, content_type="text/plain")
    if form == "gzip_bomb":
        return Garbled(payload=gzip.compress(b" " * _BOMB_BYTES), encoding="gzip")
    return Garbled(payload=_mangled(form, payload))


def _mangled(form: str, payload: bytes) -> bytes:
    is_object = payload[:1] == b"{"
    prefixes = {
        "duplicate_keys": b'{"id": "duplicate", "quantity": -1, ',
        "extra_fields": b'{"unheardOf": {"nested": [1, {"deep": true}]}, ',
    }
    if form in prefixes:
        return prefixes[form] + payload[1:] if is_object else payload
    forms: dict[str, Callable[[], bytes]] = {
        "truncated": lambda: payload[: len(payload) // 2] or b"{",
        "empty": lambda: b"",
        "bom": lambda: b"\xef\xbb\xbf" + payload,
        "nan": lambda: re.sub(rb'("quantity": )\d+', rb"\1NaN", payload),
        "unknown_enum": lambda: re.sub(rb'("status": )"[^"]*"', rb'\1"quiescent"', payload),
        "missing_fields": lambda: re.sub(rb'"(quantity|status)": [^,}]+, ', b"", payload),
        "deep_nesting": lambda: b"[" * 100_000 + b"]" * 100_000,
        "huge": lambda: payload + b" " * (_HUGE_BYTES - len(payload)),
    }
    return forms[form]()


def visible_at(fault: Fault, *, now: dt.datetime) -> dt.datetime:
    """The instant of the vendor's clock from which a late change shows."""
    return now + dt.timedelta(seconds=fault.visible_after_s)


def describe(connection: sqlite3.Connection) -> dict[str, object]:
    """Rules and counts for the admin routes, with the vendor's present instant."""
    return {
        "at": books.stamp(books.now(connection)),
        "rules": list_rules(connection),
        "fired": counts(connection),
    }
