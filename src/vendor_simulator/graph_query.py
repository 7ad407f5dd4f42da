"""The query options of the simulated Graph: $filter as a predicate, $select, $top, paging tokens, advanced-query rules.

Only the documented forms are understood; anything else is refused the way the service does, never silently ignored.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vendor_simulator import graph_replies

Document = dict[str, Any]
Predicate = Callable[[Document], bool]

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?P<instant>\d{4}-\d\d-\d\dT[0-9:.]+Z)"
    r"|(?P<number>-?\d+)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]*(?:/\$?[A-Za-z][A-Za-z0-9]*)*)"
    r"|(?P<mark>[(),:]))"
)
ANY_LICENCE = re.compile(
    r"assignedLicenses/any\(\s*(\w+)\s*:\s*\1/skuId\s+eq\s+(?P<sku>[0-9a-fA-F-]{36})\s*\)", re.IGNORECASE
)
HELD = "heldSku"
DEEPEST = 20
COMPARISONS = {"eq", "ne", "ge", "le", "gt", "lt"}
COLLECTIONS = frozenset(
    {
        "assignedLicenses",
        "assignedPlans",
        "businessPhones",
        "groupTypes",
        "identities",
        "imAddresses",
        "licenseAssignmentStates",
        "otherMails",
        "provisionedPlans",
        "proxyAddresses",
    }
)


class Unsupported(graph_replies.GraphError):
    """A query that the directory does not answer (400 Request_UnsupportedQuery)."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "Request_UnsupportedQuery", message)


def malformed(message: str) -> graph_replies.GraphError:
    """The refusal of a query that cannot be read (400 BadRequest)."""
    return graph_replies.GraphError(400, "BadRequest", message)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A parsed $filter: the test for one document, and whether it needs the advanced query headers."""

    matches: Predicate
    advanced: bool


class _Parser:
    """Recursive descent over: or > and > not > comparison, function, parentheses."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.text = text
        self.names = names
        self.tokens = self._split(ANY_LICENCE.sub(lambda found: f"{HELD} eq {found['sku']}", text))
        self.at = 0
        self.depth = 0
        self.advanced = False

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, position = [], 0
        text = text.rstrip()
        while position < len(text):
            found = TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise malformed(f"Invalid filter clause: syntax error at position {position} in '{self.text}'.")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        return tokens

    def parse(self) -> Predicate:
        test = self._either()
        if self.at != len(self.tokens):
            raise malformed(f"Invalid filter clause: unexpected '{self.tokens[self.at][1]}' in '{self.text}'.")
        return test

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or (wanted and self.tokens[self.at][1] != wanted):
            raise malformed(f"Invalid filter clause: '{wanted or 'a value'}' expected in '{self.text}'.")
        self.at += 1
        return self.tokens[self.at - 1]

    def _either(self) -> Predicate:
        first = self._both()
        while self._peek() == "or":
            self._take()
            first = _or(first, self._both())
        return first

    def _both(self) -> Predicate:
        first = self._single()
        while self._peek() == "and":
            self._take()
            first = _and(first, self._single())
        return first

    def _single(self) -> Predicate:
        self.depth += 1
        if self.depth > DEEPEST:
            raise malformed("Invalid filter clause: nested too deeply.")
        try:
            return self._negated_or_plain()
        finally:
            self.depth -= 1

    def _negated_or_plain(self) -> Predicate:
        if self._peek() == "not":
            self._take()
            self.advanced = True
            inner = self._single()
            return lambda document: not inner(document)
        if self._peek() == "(":
            self._take()
            inner = self._either()
            self._take(")")
            return inner
        kind, name = self._take()
        if kind != "name":
            raise malformed(f"Invalid filter clause: a property expected instead of '{name}' in '{self.text}'.")
        if name.lower() in {"startswith", "endswith"}:
            return self._function(name.lower())
        return self._comparison(name)

    def _function(self, name: str) -> Predicate:
        self._take("(")
        member = self._member(self._take()[1])
        self._take(",")
        wanted = str(self._literal()).lower()
        self._take(")")
        if name == "endswith":
            if member not in {"mail", "userPrincipalName"}:
                raise Unsupported(f"Unsupported or invalid query filter clause: endsWith on '{member}'.")
            self.advanced = True
            return lambda document: str(document.get(member) or "").lower().endswith(wanted)
        return lambda document: str(document.get(member) or "").lower().startswith(wanted)

    def _comparison(self, name: str) -> Predicate:
        counted = name == "assignedLicenses/$count"
        member = HELD if name == HELD else "assignedLicenses" if counted else self._member(name)
        operator = self._take()[1]
        if operator == "in":
            values = {_fold(value) for value in self._list()}
            return lambda document: _fold(document.get(member)) in values
        if operator not in COMPARISONS:
            raise malformed(f"Invalid filter clause: unknown operator '{operator}' in '{self.text}'.")
        literal = self._literal()
        if counted:
            self.advanced = True
            if literal != 0 or operator not in {"eq", "ne"}:
                raise Unsupported("Unsupported or invalid query filter clause: only 'eq 0' and 'ne 0' on $count.")
            return lambda document: (len(document.get(member) or ()) == 0) == (operator == "eq")
        if member == HELD:
            sku_id = str(literal).lower()
            return lambda document: any(held["skuId"] == sku_id for held in document["assignedLicenses"])
        return self._ordered(member, operator, literal)

    def _ordered(self, member: str, operator: str, literal: object) -> Predicate:
        wanted = _fold(literal)
        if operator == "eq":
            return lambda document: _fold(document.get(member)) == wanted
        if operator == "ne":
            self.advanced = True
            return lambda document: _fold(document.get(member)) != wanted
        if operator in {"gt", "lt"} or not member.endswith("DateTime"):
            raise Unsupported(f"Unsupported or invalid query filter clause: '{operator}' on '{member}'.")
        if operator == "ge":
            return lambda document: document.get(member) is not None and str(document[member]).lower() >= str(wanted)
        return lambda document: document.get(member) is not None and str(document[member]).lower() <= str(wanted)

    def _member(self, name: str) -> str:
        if name not in self.names:
            raise malformed(f"Invalid filter clause: Could not find a property named '{name}'.")
        if name in COLLECTIONS:
            raise Unsupported(f"Unsupported or invalid query filter clause specified for property '{name}'.")
        return name

    def _list(self) -> list[object]:
        self._take("(")
        values = [self._literal()]
        while self._peek() == ",":
            self._take()
            values.append(self._literal())
        self._take(")")
        return values

    def _literal(self) -> object:
        kind, text = self._take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if kind in {"guid", "instant"}:
            return text
        words: dict[str, object] = {"true": True, "false": False, "null": None}
        if text not in words:
            raise malformed(f"Invalid filter clause: a literal expected instead of '{text}' in '{self.text}'.")
        return words[text]


def _and(first: Predicate, second: Predicate) -> Predicate:
    return lambda document: first(document) and second(document)


def _or(first: Predicate, second: Predicate) -> Predicate:
    return lambda document: first(document) or second(document)


def _fold(value: object) -> object:
    """Text compares case-blind in the directory."""
    return value.lower() if isinstance(value, str) else value


def parse_filter(*, text: str, names: frozenset[str]) -> Filter:
    """The test that `text` describes over documents with members `names`; raises GraphError on anything else."""
    parser = _Parser(text, names)
    test = parser.parse()
    return Filter(matches=test, advanced=parser.advanced)


def selected(*, options: Mapping[str, str], names: frozenset[str], default: tuple[str, ...], kind: str) -> list[str]:
    """The members to show, in the order asked for; an unknown one is refused."""
    text = options.get("$select", "").strip()
    if not text or text == "*":
        return list(default)
    wanted = list(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in wanted:
        if name not in names:
            raise malformed(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type"
                f" 'microsoft.graph.{kind}'."
            )
    return wanted


def page_size(*, options: Mapping[str, str], default: int, largest: int = 999) -> int:
    """$top within 1..largest, else a refusal; `default` where it is not given."""
    text = options.get("$top")
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= largest:
        raise Unsupported(f"Invalid page size specified: '{text}'. Must be between 1 and {largest} inclusive.")
    return int(text)


def asks_count(*, options: Mapping[str, str]) -> bool:
    return options.get("$count", "").lower() == "true"


def pack(*, content: Document) -> str:
    """An opaque paging token."""
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def unpack(*, token: str, purpose: str, tenant_id: str) -> Document:
    """The content of a paging token of this tenant; anything else is refused as an expired page token."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, UnicodeError, ValueError):
        content = None
    if not isinstance(content, dict) or content.get("for") != purpose or content.get("tenant") != tenant_id:
        raise graph_replies.GraphError(400, "Directory_ExpiredPageToken", "The page token is not valid (any more).")
    return content
