"""Makes the requests: every route, method and principal, with rows of each customer and with rows that nobody has.

A request that names a stranger's row comes with a twin that names a row that does not exist; both must be answered
alike. A short run is thinned out: of the variants one in `every` is sent, and where only rows are named, principals of
one role take turns, so that each route, method and role still meets an own row, one of a customer beside, one of a
stranger's and one that nobody has. `seed` decides whose turn it is.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.urls import Resolver404, resolve

from tests.isolation import fields, shop, spider
from tests.isolation.asks import Answer, Ask
from tests.isolation.canaries import LETTERS
from tests.isolation.principals import Principal
from tests.isolation.routes import LINK_PARAMETERS, Route
from tests.isolation.subjects import Subject, missing, of_customer
from tests.isolation.world import World

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
CAPABLE = ("a_owner", "b_owner", "r1_admin")
# Some forms stand on every page, and a choice of ten products is ten forms of one kind.
FORMS_ALIKE_MOST = 4
# Of the forms without a token, which nobody's rows are behind, a short run sends one in so many.
TOKENLESS_EVERY = 3
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
LINKS = {"uidb36": "1", "key": "abc-def", "product_key": shop.PRODUCT}
assert LINKS.keys() == set(LINK_PARAMETERS)


@dataclass(frozen=True)
class Pair:
    """A request, and where it names a stranger's row, the same with a row that nobody has."""

    ask: Ask
    twin: Ask | None


@dataclass(frozen=True)
class Extra:
    """What a variant adds to a request."""

    label: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    suffix: str = ""


PLAIN = Extra(label="plain")
USUAL = Extra(label="usual", query=tuple((name, value) for name, value in fields.QUERY_VALUES.items() if value))
NOWHERE = missing()
VARIANTS = (
    Extra(label="fragment", headers=(("HX-Request", "true"),)),
    Extra(label="boosted", headers=(("HX-Request", "true"), ("HX-Boosted", "true"), ("HX-Target", "main"))),
    Extra(label="lib.js", suffix="/lib.js"),
    Extra(label="json suffix", suffix=".json"),
    Extra(label="slash", suffix="/"),
    Extra(label="as json", headers=(("Accept", "application/json"),)),
    Extra(label="german", headers=(("Accept-Language", "de"),)),
    Extra(label="method header", headers=(("X-HTTP-Method-Override", "DELETE"), ("X-Method-Override", "PUT"))),
    Extra(label="method query", query=(("_method", "DELETE"),)),
    Extra(label="forwarded", headers=(("X-Forwarded-Host", "evil.example"), ("X-Original-URL", "/staff/queue"))),
    Extra(
        label="conditional", headers=(("If-None-Match", "*"), ("If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT"))
    ),
)


class Generator:
    """All requests for one world."""

    def __init__(
        self, world: World, principals: list[Principal], *, every: int = 1, is_whole: bool = True, seed: int = 0
    ) -> None:
        self.world, self.principals, self.every, self.is_whole, self.seed = world, principals, every, is_whole, seed
        self.forms: dict[str, list[tuple[Principal, spider.Form]]] = {}
        self.subjects = {letter: of_customer(world, letter) for letter in LETTERS}
        self.names = {
            letter: world.shop.names[each.vendor_subscription["plain"]] for letter, each in world.customers.items()
        }

    def crawl(self, routes: list[Route], send: Callable[[Ask], Answer]) -> None:
        """Read the pages of those who can do much, and keep the forms there for the routes that take them."""
        by_name = {each.name: each for each in routes}
        for name in CAPABLE:
            principal = next(each for each in self.principals if each.name == name)
            home = self._home(principal)
            kinds = {each: kind for kind, ids in self.world.customers[home.letter].ids.items() for each in ids}

            def read(path: str, query: tuple[tuple[str, str], ...], who: Principal = principal) -> str:
                try:
                    route = by_name[resolve(path).view_name]
                except (Resolver404, KeyError):
                    return ""
                letters = frozenset(who.sees) if route.rows else frozenset()
                return send(Ask(route, who, "GET", path, "crawled", query=query, letters=letters)).text

            start = [each.path.format(**home.ids, **LINKS) for each in routes if not each.is_api]
            for form in spider.crawl(read, start, letter=home.letter, kinds=kinds):
                if form.name in by_name:
                    self.forms.setdefault(form.name, []).append((principal, form))

    def openers(self, route: Route) -> Iterator[Ask]:
        """Requests of those who can do much, about all of their own rows: they show that the route works at all."""
        seen = set()
        for ask in (*self._forms_sent(route), *self._openers(route)):
            said = (str(ask), repr(ask.form), repr(ask.body))
            if said not in seen:
                seen.add(said)
                yield ask

    def _forms_sent(self, route: Route) -> Iterator[Ask]:
        """The forms that lead to the route as their pages show them; of many alike some, evenly chosen."""
        alike: dict[tuple[str, ...], list[tuple[Principal, spider.Form]]] = defaultdict(list)
        for principal, form in self.forms.get(route.name, ()):
            alike[principal.name, form.path, *form.values].append((principal, form))
        for found in alike.values():
            for principal, form in found if self.is_whole else found[:: -(-len(found) // FORMS_ALIKE_MOST)]:
                yield Ask(
                    route=route,
                    principal=principal,
                    method="POST",
                    path=form.path,
                    variant="as on its page",
                    query=form.query,
                    form=dict(form.values),
                )

    def _openers(self, route: Route) -> Iterator[Ask]:
        """By each about their first row, about their others by each or, in a short run, by one whose they are too."""
        names = ("token a write", "token r1 staff") if route.is_api else CAPABLE
        able = [next(each for each in self.principals if each.name == name) for name in names]
        for principal in able:
            letter = self._home(principal).letter
            peers = [each for each in able if self._home(each).letter == letter]
            for method in METHODS:
                own = self.subjects[letter]
                for number, subject in enumerate(own if route.rows and method in ("GET", "POST") else own[:1]):
                    is_plain_first = number == 0 and method in ("GET", "POST")
                    in_turn = peers[self._dice(route.path, method, str(number)) % len(peers)]
                    if self.is_whole or is_plain_first or in_turn is principal:
                        yield self._ask(route, principal, method, subject, named=[subject], extra=PLAIN)
            if not route.is_api:
                home = self._home(principal)
                yield self._ask(route, principal, "GET", home, named=[home], extra=USUAL)

    def pairs(self, route: Route, *, takes: frozenset[str]) -> Iterator[Pair]:
        """Every request to this route that is not left out; variants only by the methods that it `takes`."""
        turns = self._turns(route, methods=[each for each in ("GET", "POST") if each in takes])
        for principal in self.principals:
            for method in METHODS:
                for number, subject in enumerate(self._subjects(route, principal)):
                    is_kept = self._is_first(subject) and (principal.name, method, subject.letter) in turns
                    if is_kept or self._is_chosen(route.path, principal.name, method, str(number)):
                        yield self._pair(route, principal, method, subject, named=[subject], extra=PLAIN)
            if _is_at_home(route, principal):
                yield from self._variants(route, principal, methods=[each for each in ("GET", "POST") if each in takes])
                yield from self._bodies(route, principal) if "POST" in takes else ()
                yield from self._without_csrf(route, principal)

    def _turns(self, route: Route, *, methods: list[str]) -> set[tuple[str, str, str]]:
        """Who asks how about whose rows, by the letter: all, or one for each role, method and standing."""
        may: dict[tuple[str, str, str], list[tuple[str, str, str]]] = defaultdict(list)
        for principal in self.principals:
            letters = [*LETTERS, ""] if route.rows else [self._home(principal).letter]
            for letter in letters if _is_at_home(route, principal) else []:
                for method in methods:
                    may[principal.role, method, principal.stands(letter)].append((principal.name, method, letter))
        if self.is_whole:
            return {each for found in may.values() for each in found}
        return {found[self._dice(route.path, *key) % len(found)] for key, found in may.items()}

    def _is_first(self, subject: Subject) -> bool:
        return not subject.letter or subject == self.subjects[subject.letter][0]

    def _subjects(self, route: Route, principal: Principal) -> list[Subject]:
        """Rows of everybody and rows that nobody has; the principal's own where the address names none."""
        if not route.rows:
            return [self._home(principal)]
        found = []
        for letter in LETTERS:
            rows = [{subject.ids[kind] for subject in self.subjects[letter]} for kind in route.rows]
            found += self.subjects[letter][: max(len(each) for each in rows)]
        return [*found, NOWHERE]

    def _home(self, principal: Principal) -> Subject:
        return self.subjects[min(principal.sees, default="A")][0]

    def _variants(self, route: Route, principal: Principal, *, methods: list[str]) -> Iterator[Pair]:
        """Suffixes, headers and parameters, about an own row and about one of each stranger."""
        letters = LETTERS if route.rows else (self._home(principal).letter,)
        for extra in (*VARIANTS, USUAL, *self._queries(route, principal)):
            for letter in letters:
                for method in methods:
                    if self._is_chosen(route.path, principal.name, extra.label, letter, method):
                        subject = self.subjects[letter][0]
                        yield self._pair(route, principal, method, subject, named=[subject], extra=extra)

    def _is_chosen(self, *parts: str) -> bool:
        return self._dice(*parts) % self.every == 0

    def _dice(self, *parts: str) -> int:
        return zlib.crc32("|".join(parts).encode(), self.seed)

    def _queries(self, route: Route, principal: Principal) -> list[Extra]:
        """Parameters that the product reads and some that it must not listen to, with a stranger's words and ids."""
        letter = next((each for each in LETTERS if each not in principal.sees), "B")
        stranger, name = self.subjects[letter][0], self.names[letter]
        instant = "2026-03-17T10:00:00+00:00"
        read = set(fields.QUERY_VALUES) | {"unlicensed"}
        if route.is_api:
            read |= {each for op in self._operations(route).values() for each in fields.api_query_names(op)}
        words = {
            "name": name,
            "customer": stranger.ids["customer_id"],
            "cursor of people": f"{name}|1",
            "cursor of customers": f"{name}|{stranger.ids['customer_id']}",
            "cursor of orders": f"{instant}|{stranger.ids['order_id']}",
            "first instant": f"0001-01-01T00:00:00+14:00|{stranger.ids['order_id']}",
            "last instant": f"9999-12-31T23:59:59-14:00|{stranger.ids['order_id']}",
            "nul": "a\x00b|1",
            "wildcards": "%_\\'\"--|9",
            "large": f"{'x' * 3000}|{'9' * 400}",
            "digits": "x|٣",
        }
        found = [
            Extra(label=f"{label} as {parameter}", query=((parameter, word),))
            for parameter in sorted(read)
            for label, word in words.items()
        ]
        found += [Extra(label=f"{each} twice", query=((each, "a"), (each, name))) for each in sorted(read)]
        for stray in fields.STRAY_NAMES:
            found.append(Extra(label=f"stray {stray}", query=((stray, stranger.ids["customer_id"]), ("q", "a"))))
        found.append(Extra(label="order by a secret", query=(("order_by", "idempotency_key"), ("o", "-password"))))
        tenant = (("X-Tenant", stranger.ids["tenant_id"]), ("X-Customer-Id", stranger.ids["customer_id"]))
        found.append(Extra(label="headers of a tenant", headers=(*tenant, ("X-User", "system"))))
        return found

    def _bodies(self, route: Route, principal: Principal) -> Iterator[Pair]:
        """Own address, and in the body a stranger's rows, own and strange ones mixed, or a stranger's key."""
        own = self._home(principal)
        if own.letter not in principal.sees or not (route.rows or route.is_api):
            return
        for letter in sorted(set(LETTERS) - principal.knows):
            peers = [each.name for each in self.principals if each.role == principal.role and each.sees]
            if (
                not self.is_whole
                and peers[self._dice(route.path, principal.role, letter) % len(peers)] != principal.name
            ):
                continue
            turn = self._dice(route.path, principal.name, letter) % 2
            for stranger in self.subjects[letter][:8] if self.is_whole else self.subjects[letter][turn : turn + 1]:
                shapes = [
                    ("strange body", [stranger], [NOWHERE]),
                    ("mixed body", [own, stranger], [own, NOWHERE]),
                ]
                if "quote_id" in route.rows:
                    keyed = [replace(own, key=stranger.key)], [replace(own, key=NOWHERE.key)]
                    shapes.append(("strange key", *keyed))
                for label, named, twin in shapes:
                    extra = Extra(label=f"{label} of {letter} {stranger.ids['subscription_id'][:4]}")
                    ask = self._ask(route, principal, "POST", own, named=named, extra=extra)
                    other = self._ask(route, principal, "POST", own, named=twin, extra=Extra(label=f"{label}, missing"))
                    if _names(ask) == _names(other):
                        continue  # nothing in the body names whom it is about
                    yield Pair(ask=replace(ask, letters=ask.letters | {letter}), twin=replace(other, is_missing=True))

    def _without_csrf(self, route: Route, principal: Principal) -> Iterator[Pair]:
        """Every method that could change something, without the form's token; programs have none and need none."""
        if principal.kind != "session" or route.is_api:
            return
        subject = self._home(principal)
        for method in WITH_BODY:
            every = self.every if method != "POST" else 1 if self.is_whole else TOKENLESS_EVERY
            if self._dice(route.path, principal.name, method, "no token") % every:
                continue
            ask = self._ask(route, principal, method, subject, named=[subject], extra=Extra(label="no token"))
            yield Pair(ask=replace(ask, has_csrf=False), twin=None)

    def _pair(
        self, route: Route, principal: Principal, method: str, subject: Subject, *, named: list[Subject], extra: Extra
    ) -> Pair:
        ask = self._ask(route, principal, method, subject, named=named, extra=extra)
        if not route.rows or not ask.is_foreign:
            return Pair(ask=ask, twin=None)
        return Pair(ask=ask, twin=self._ask(route, principal, method, NOWHERE, named=[NOWHERE], extra=extra))

    def _ask(
        self, route: Route, principal: Principal, method: str, subject: Subject, *, named: list[Subject], extra: Extra
    ) -> Ask:
        path = route.path.format(**subject.ids, **LINKS)
        ask = Ask(
            route=route,
            principal=principal,
            method=method,
            path=path + extra.suffix,
            variant=extra.label,
            query=extra.query,
            headers=dict(extra.headers),
            letters=frozenset(subject.letter) if route.rows else frozenset(),
            is_missing=bool(route.rows) and not subject.letter,
        )
        if method not in WITH_BODY:
            return ask
        if not route.is_api:
            forms = [form for _principal, form in self.forms.get(route.name, ())]
            if forms and not path.endswith(fields.EDITOR_PATHS) and "key" not in forms[0].values:
                return replace(ask, form=forms[0].about(named[0]), query=(*ask.query, *forms[0].query))
            return replace(ask, form=fields.form(path=path, named=named))
        operation = self._operations(route).get(method)
        body: Any = {} if operation is None else fields.api_body(operation, named=named)
        headers = {} if operation is None else fields.api_headers(operation, named=named)
        return replace(ask, body=body, headers={**ask.headers, **headers})

    @staticmethod
    def _operations(route: Route) -> dict[str, dict[str, Any]]:
        """The operations of the API at this route by method."""
        return {method: each for (method, path), each in fields.api_operations().items() if path == route.path}


def _is_at_home(route: Route, principal: Principal) -> bool:
    """Whether the route is meant for this kind of principal at all: pages for people, the API for programs."""
    return route.is_api == (principal.kind == "token") or principal.kind == "none"


def _names(ask: Ask) -> Any:
    """What the request says besides its address, but for numbers: they name nobody, and an answer may repeat them."""
    return _without_numbers(ask.body), ask.form, ask.headers


def _without_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_numbers(inner) for inner in value]
    return 0 if isinstance(value, int) else value
