"""Sends one request and judges the answer; whatever is not as it should be becomes a finding in words."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test.client import ClientHandler, RequestFactory

from tests.isolation.asks import Answer, Ask
from tests.isolation.books import Books, Statements, statements
from tests.isolation.principals import CSRF
from tests.isolation.probes import Generator
from tests.isolation.routes import Route
from tests.isolation.world import World

SAFE = ("GET", "HEAD", "OPTIONS")
# On a person's own recovery codes allauth notes that they were shown.
NOTED_BY_LIBRARIES = {"mfa_authenticator"}
COMPARED_HEADERS = ("Content-Type", "Location", "Allow", "HX-Redirect", "WWW-Authenticate", "Vary", "Cache-Control")


class Browser(RequestFactory):
    """Sends a request through all middleware and looks at no exception, as a server does."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = ClientHandler(enforce_csrf_checks=True)

    def request(self, **values: Any) -> HttpResponse:  # type: ignore[override]
        response: HttpResponse = self.handler(self._base_environ(**values))
        return response


class Lines(logging.Handler):
    """Keeps what would have been logged, as text."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logged() -> Iterator[Lines]:
    """Catch the log in place of the standard error."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    lines = Lines(handlers[0].formatter if handlers else None)
    root.handlers[:] = [lines]
    root.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@dataclass
class Tally:
    """What was counted on the way."""

    probes: int = 0
    scanned_bytes: int = 0
    signs_seen_by_those_who_may: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    controls: set[tuple[str, str]] = field(default_factory=set)
    # Route, method, role of who asked, and how they stand to the rows named.
    met: set[tuple[str, str, str, str]] = field(default_factory=set)
    takes: dict[str, frozenset[str]] = field(default_factory=dict)
    twins: int = 0
    findings: list[str] = field(default_factory=list)


class Prober:
    """Sends requests within savepoints that are always rolled back, so that every one meets the same world."""

    def __init__(self, world: World) -> None:
        self.world, self.lines = world, Lines(None)
        self.browser, self.books, self.tally = Browser(), Books(world), Tally()
        self.before = self.books.photograph()

    def send(self, ask: Ask) -> Answer:
        """The judged answer."""
        self.tally.probes += 1
        self.lines.lines.clear()
        cache.clear()
        mails, calls = len(mail.outbox), len(self.world.vendor.calls)
        self.world.vendor.asked.clear()
        atomic = transaction.atomic()
        atomic._from_testcase = True
        with atomic:
            with statements() as seen:
                response = self._respond(ask)
            text = _text(response)
            self._judge(ask, response, seen)
            self._scan(ask, response, text, mails=mails)
            for question, tenant_id in self.world.vendor.asked:
                for owner, _sign in self.world.canaries.found(tenant_id):
                    if not ask.principal.may_see(owner):
                        self._find(ask, f"asked the vendor {question} about {owner}")
            if len(self.world.vendor.calls) != calls:
                self._find(ask, f"asked the vendor: {self.world.vendor.calls[calls:]}")
            if seen.written:
                self.compare_books(str(ask), ask.principal.may_change, tables=seen.written)
            transaction.set_rollback(True)
        self.tally.statuses[response.status_code] += 1
        for letter in ask.letters or ("",):
            self.tally.met.add((ask.route.name, ask.method, ask.principal.role, ask.principal.stands(letter)))
        return _answer(response, text, seen)

    def run(self, routes: list[Route], generator: Generator) -> Tally:
        """Send everything, judge it, and compare each request that names a stranger's row with its twin."""
        with logged() as self.lines:
            generator.crawl(routes, self.send)
            for route in routes:
                self._run(route, generator)
        return self.tally

    def _run(self, route: Route, generator: Generator) -> None:
        takes = frozenset(each.method for each in generator.openers(route) if self.send(each).status != 405)
        self.tally.takes[route.name] = takes
        answers: dict[str, Answer] = {}
        for pair in generator.pairs(route, takes=takes):
            answer = self.send(pair.ask)
            if pair.twin is None:
                continue
            label = str(pair.twin)
            if label not in answers:
                answers[label] = self.send(pair.twin)
            self.compare(pair.ask, pair.twin, there=answer, nowhere=answers[label])
        self.compare_books(route.path, lambda _owner: False)

    def compare_books(self, label: str, may_change: Callable[[str], bool], *, tables: Collection[str] = ()) -> None:
        """Find rows that changed, in these tables or in all, and whose owner is not one of those allowed."""
        before = {key: digest for key, digest in self.before.items() if not tables or key[1] in tables}
        after = self.books.photograph(tables)
        changed = {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        strange = sorted(owner for owner in changed if not may_change(owner))
        if strange:
            self.tally.findings.append(f"{label}: changed rows of {', '.join(strange)}")

    def _respond(self, ask: Ask) -> HttpResponse:
        self.browser.cookies.clear()
        for name, value in ask.principal.cookies.items():
            self.browser.cookies[name] = value
        headers = {**ask.principal.headers, **ask.headers}
        if ask.has_csrf:
            self.browser.cookies[settings.CSRF_COOKIE_NAME] = CSRF
            headers["X-CSRFToken"] = CSRF
        data, content_type = "", ""
        if ask.body is not None:
            data, content_type = json.dumps(ask.body), "application/json"
        elif ask.form is not None:
            data, content_type = urlencode(ask.form), "application/x-www-form-urlencoded"
        path = f"{ask.path}?{urlencode(ask.query)}" if ask.query else ask.path
        response: HttpResponse = self.browser.generic(ask.method, path, data, content_type, headers=headers)
        return response

    def _find(self, ask: Ask, what: str) -> None:
        self.tally.findings.append(f"{ask}: {what}")

    def _judge(self, ask: Ask, response: HttpResponse, seen: Statements) -> None:
        status, is_login = response.status_code, _leads_to_login(response)
        is_success = status < 400 and not is_login
        if status >= 500:
            self._find(ask, f"answered {status}: {' '.join(self.lines.lines)[-600:]}")
        if response.headers.get("Cache-Control") != "no-store":
            self._find(ask, f"may be kept by caches: {response.headers.get('Cache-Control')}")
        if ask.method in SAFE and seen.written - NOTED_BY_LIBRARIES:
            self._find(ask, f"changes state by {ask.method}: {sorted(seen.written)}")
        if is_success and ask.method != "OPTIONS":
            if not ask.principal.is_valid and ask.route.scope != "public":
                self._find(ask, f"answered {status} to somebody who is not signed in")
            if ask.route.scope == "staff" and not ask.principal.is_staff:
                self._find(ask, f"answered {status} to somebody who is not of the staff")
            if ask.route.is_api and ask.principal.kind != "token":
                self._find(ask, f"answered {status} without a token")
            if ask.is_own:
                self.tally.controls.add((ask.route.name, ask.method))
        if not ask.has_csrf and (status != 403 or seen.written):
            self._find(ask, f"answered {status} to a form without its token")

    def _scan(self, ask: Ask, response: HttpResponse, text: str, *, mails: int) -> None:
        sent = f"{ask.path} {ask.query} {ask.form} {ask.body} {ask.headers} {ask.principal.signs}"
        places = {
            "the body": text,
            "the headers": str(response.headers),
            "the cookies": "\n".join(cookie.output() for cookie in response.cookies.values()),
            "the log": "\n".join(self.lines.lines),
            "a message": _messages(response),
        }
        for place, content in places.items():
            self.tally.scanned_bytes += len(content)
            for owner, sign in self.world.canaries.found(content):
                if ask.principal.may_see(owner):
                    self.tally.signs_seen_by_those_who_may.add(sign)
                elif sign not in sent:
                    self._find(ask, f"{place} shows {sign} of {owner}")
        for message in mail.outbox[mails:]:
            receivers = self.world.canaries.found(" ".join(message.to))
            for owner, sign in self.world.canaries.found(f"{message.subject} {message.body}"):
                if owner not in {each[0] for each in receivers}:
                    self._find(ask, f"a mail to {message.to} shows {sign} of {owner}")

    def compare(self, foreign: Ask, missing: Ask, *, there: Answer, nowhere: Answer) -> None:
        """Find any difference between the answer about a foreign row and that about one that nobody has."""
        self.tally.twins += 1
        pairs = list(zip(there.plain(), nowhere.plain(), strict=True))
        parted = next((pair for pair in pairs if pair[0] != pair[1]), None)
        if parted is not None:
            self._find(foreign, f"is answered otherwise than {missing}: {_excerpt(*parted)}")
        elif there.shapes != nowhere.shapes:
            self._find(foreign, f"takes other queries than {missing}: {len(there.shapes)} and {len(nowhere.shapes)}")


def _leads_to_login(response: HttpResponse) -> bool:
    """Whether the answer only asks who is there, or for fresh proof of it."""
    target = response.headers.get("Location", "") or response.headers.get("HX-Redirect", "")
    return target.startswith(("/account/login/", "/account/confirm/"))


def _text(response: HttpResponse) -> str:
    content = b"".join(response) if response.streaming else response.content
    return bytes(content).decode("utf-8", errors="replace")


def _messages(response: HttpResponse) -> str:
    """What the request left for the next page to show; in the cookie it is packed and not readable."""
    storage = getattr(response.wsgi_request, "_messages", None)  # type: ignore[attr-defined]
    return " ".join(str(each) for each in getattr(storage, "_queued_messages", ()))


def _answer(response: HttpResponse, text: str, seen: Statements) -> Answer:
    return Answer(
        status=response.status_code,
        headers=" ".join(f"{name}: {response.headers.get(name, '')}" for name in COMPARED_HEADERS),
        text=text,
        cookies=tuple(sorted(cookie.key for cookie in response.cookies.values())),
        reference=response.headers.get("X-Request-ID", ""),
        shapes=tuple(seen.shapes),
    )


def _excerpt(one: object, other: object) -> str:
    """The first place at which two texts part."""
    left, right = str(one), str(other)
    place = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    return f"{left[max(place - 40, 0) : place + 80]!r} and {right[max(place - 40, 0) : place + 80]!r}"
