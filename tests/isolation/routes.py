"""Every address of the product, read from the URL resolver and classified by what its parameters name.

A route that fits no class stops the run and says what to do: leaving a new page untried must take a decision, written
down with its reason in `exemptions.txt`.
"""

import pathlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver
from django.urls.converters import UUIDConverter
from django.urls.resolvers import RegexPattern, RoutePattern

Scope = Literal["public", "own", "customer", "staff", "api"]
ROW_PARAMETERS = (
    "customer_id",
    "tenant_id",
    "subscription_id",
    "quote_id",
    "order_id",
    "operation_id",
    "request_id",
    "sheet_id",
)
# The one-time link of a password reset, and a product of the catalogue: they name no row of a customer.
LINK_PARAMETERS = ("uidb36", "key", "product_key")
EXEMPTIONS = pathlib.Path(__file__).with_name("exemptions.txt")
EXEMPTIONS_MOST = 10
API_PREFIX, STAFF_PREFIX = "/api/", "/staff/"


class Unclassified(Exception):
    """A route that the probe cannot try; the text says why and what to do."""


@dataclass(frozen=True)
class Route:
    """One address: its path with `{name}` for each parameter, and who it is for."""

    name: str
    path: str
    parameters: tuple[str, ...]
    scope: Scope

    @property
    def is_api(self) -> bool:
        return self.scope == "api"

    @property
    def rows(self) -> tuple[str, ...]:
        """The parameters that name rows."""
        return tuple(each for each in self.parameters if each in ROW_PARAMETERS)


@dataclass(frozen=True)
class Found:
    """A pattern of the resolver with all that the resolvers around it add."""

    name: str
    path: str
    converters: dict[str, object]
    view: Any
    is_open_ended: bool
    unnamed: int


def walk(patterns: Iterable[URLPattern | URLResolver], *, before: str = "", space: str = "") -> Iterator[Found]:
    """Every pattern with its whole path, through all includes."""
    for each in patterns:
        path, converters, is_open_ended, unnamed = _read(each.pattern)
        whole = before.rstrip("/") + path if path.startswith("/") else before + path
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            for found in walk(each.url_patterns, before=whole, space=inner):
                yield Found(
                    name=found.name,
                    path=found.path,
                    converters=converters | found.converters,
                    view=found.view,
                    is_open_ended=found.is_open_ended,
                    unnamed=unnamed + found.unnamed,
                )
            continue
        yield Found(
            name=f"{space}{each.name or ''}",
            path="/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", whole).lstrip("/"),
            converters=converters,
            view=each.callback,
            is_open_ended=is_open_ended,
            unnamed=unnamed,
        )


def _read(pattern: Any) -> tuple[str, dict[str, object], bool, int]:
    """A pattern's path, its parameters, whether anything may follow it, and how many of its groups have no name."""
    if isinstance(pattern, RoutePattern):
        return str(pattern), dict(pattern.converters), False, 0
    if isinstance(pattern, RegexPattern):
        regex = pattern.regex
        named = dict.fromkeys(regex.groupindex, None)
        return simplify_regex(str(pattern)), named, not regex.pattern.endswith("$"), regex.groups - len(named)
    raise Unclassified(f"{pattern!r} is a kind of pattern that tests/isolation/routes.py does not read yet.")


def classified(found: Found) -> Route:
    """The route with its class; raises Unclassified."""
    label = f"{found.path} ({found.name or 'without a name'})"
    remedy = "or give it a line with a reason in tests/isolation/exemptions.txt"
    if found.unnamed or found.is_open_ended:
        raise Unclassified(f"{label} has groups without names or no end: write it with path() and converters, {remedy}")
    for name, converter in found.converters.items():
        if name in LINK_PARAMETERS:
            continue
        if name not in ROW_PARAMETERS:
            raise Unclassified(
                f"{label} has the parameter {name!r}, of which nobody knows what it names: teach it to ROW_PARAMETERS "
                f"in tests/isolation/routes.py and to the world's ids, {remedy}"
            )
        if not isinstance(converter, UUIDConverter):
            raise Unclassified(f"{label} takes {name!r} otherwise than as <uuid:{name}>: change the address, {remedy}")
    if not found.name.split(":")[-1]:
        raise Unclassified(f"{label} has no name: name it, {remedy}")
    rows = [name for name in found.converters if name in ROW_PARAMETERS]
    is_public = not getattr(found.view, "login_required", True)
    scope: Scope = "customer" if rows else "public" if is_public else "own"
    if found.path.startswith(API_PREFIX):
        scope = "api"
    elif found.path.startswith(STAFF_PREFIX):
        scope = "staff"
    if is_public and scope in ("customer", "staff"):
        raise Unclassified(f"{label} is open to everybody and shows rows of a customer: require the sign-in, {remedy}")
    return Route(name=found.name, path=found.path, parameters=tuple(found.converters), scope=scope)


@dataclass(frozen=True)
class Exemption:
    """A route of which less is asked: `untried` ones are not generated, of `unanswered` ones no success is expected."""

    kind: str
    name: str
    reason: str


def exemptions(*, text: str | None = None) -> list[Exemption]:
    """The reviewed exemptions: one a line, its kind, the route's name, then the reason."""
    lines = (EXEMPTIONS.read_text() if text is None else text).splitlines()
    parts = [[*line.split(maxsplit=2), "", ""] for line in lines if line.strip() and not line.startswith("#")]
    return [Exemption(kind=part[0], name=part[1], reason=part[2]) for part in parts]


def all_routes(patterns: Iterable[URLPattern | URLResolver], *, exempt: Iterable[Exemption]) -> list[Route]:
    """Every route but the untried ones; raises Unclassified with one line for each route that fits no class."""
    untried = {each.name for each in exempt if each.kind == "untried"}
    known, troubles = [], []
    for found in walk(patterns):
        if found.name in untried:
            continue
        try:
            known.append(classified(found))
        except Unclassified as trouble:
            troubles.append(str(trouble))
    if troubles:
        raise Unclassified("\n".join(troubles))
    return known


def complaints(*, exempt: list[Exemption], patterns: Iterable[URLPattern | URLResolver]) -> list[str]:
    """What is wrong with the exemptions: too many, without a reason, for no route, or for one that needs none."""
    found = {each.name: each for each in walk(patterns)}
    wrong = [] if len(exempt) <= EXEMPTIONS_MOST else [f"there are {len(exempt)}, and {EXEMPTIONS_MOST} are the most"]
    for each in exempt:
        if each.kind not in ("untried", "unanswered"):
            wrong.append(f"{each.name}: {each.kind!r} is no kind of exemption")
        if len(each.reason.split()) < 4:
            wrong.append(f"{each.name}: say in a sentence why it is exempt")
        if each.name not in found:
            wrong.append(f"{each.name}: there is no such route any more, remove the line")
        elif each.kind == "untried" and _is_classifiable(found[each.name]):
            wrong.append(f"{each.name}: the probe can try it, remove the line")
    return wrong


def _is_classifiable(found: Found) -> bool:
    try:
        classified(found)
    except Unclassified:
        return False
    return True
