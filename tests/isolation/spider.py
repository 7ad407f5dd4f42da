"""Reads the portal's pages as somebody who may see them, and keeps every form there with its values.

A form sent back as its page shows it is what a person does; so a new page brings its own positive control along.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.urls import Resolver404, resolve

from tests.isolation import fields
from tests.isolation.canaries import UUID
from tests.isolation.subjects import Subject

PAGES_MOST = 120
CHOICES_MOST = 4
# The catalogue alone would fill a crawl; this many pages of one kind show all that there is of it.
ALIKE_MOST = 12
VOID = ("submit", "button", "image", "reset", "file")


@dataclass(frozen=True)
class Form:
    """A form as its page shows it, with the answer that one of its buttons gives."""

    name: str
    path: str
    query: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    letter: str
    kinds: Mapping[str, str]

    def about(self, subject: Subject) -> dict[str, str]:
        """The same form about other rows: each id in a field's name or value is that subject's id of the same kind."""

        def swapped(text: str) -> str:
            return UUID.sub(lambda match: subject.ids.get(self.kinds.get(match.group(), ""), match.group()), text)

        return {swapped(name): swapped(value) for name, value in self.values.items()}


@dataclass
class Page(HTMLParser):
    """The links and forms of one page."""

    links: list[str] = field(default_factory=list)
    forms: list[tuple[str, dict[str, str], list[tuple[str, str]]]] = field(default_factory=list)
    _is_in_form: bool = False
    _choice: str = ""
    _long_text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, forms and their fields."""
        values = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(values.get("href", ""))
        elif tag == "form":
            self._is_in_form = values.get("method", "").lower() == "post"
            if self._is_in_form:
                self.forms.append((values.get("action", ""), {}, []))
        elif self._is_in_form:
            self._field(tag, values, "selected" in values or "checked" in values)

    def _field(self, tag: str, values: dict[str, str], is_chosen: bool) -> None:
        _action, found, buttons = self.forms[-1]
        name, value, kind = values.get("name", ""), values.get("value", ""), values.get("type", "text")
        if tag == "button" and name:
            buttons.append((name, value))
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice and (is_chosen or self._choice not in found):
            found[self._choice] = value
        elif tag == "textarea" and name:
            found[name] = ""
        elif tag == "input" and name and kind not in VOID:
            if kind == "radio" and not is_chosen:
                buttons.append((name, value))
            elif kind != "checkbox" or is_chosen:
                found[name] = value

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a choice."""
        if tag == "form":
            self._is_in_form = False
        elif tag == "select":
            self._choice = ""


def crawl(
    read: Callable[[str, tuple[tuple[str, str], ...]], str], start: list[str], *, letter: str, kinds: Mapping[str, str]
) -> Iterator[Form]:
    """Every form on the pages that can be reached from `start`; `read` gives the text of a page."""
    waiting, seen = deque(start), set(start)
    visits, alike = 0, Counter[str]()
    while waiting and visits < PAGES_MOST:
        here = waiting.popleft()
        parts = urlsplit(here)
        alike[_kind(parts.path)] += 1
        if alike[_kind(parts.path)] > ALIKE_MOST:
            continue
        visits += 1
        page = Page()
        page.feed(read(parts.path, tuple(parse_qsl(parts.query))))
        for link in page.links:
            target = urljoin(here, link).partition("#")[0]
            if target.startswith("/") and not target.startswith(("//", "/static/")) and target not in seen:
                seen.add(target)
                waiting.append(target)
        for action, values, buttons in page.forms:
            yield from _forms(urljoin(here, action or here), values, buttons, letter=letter, kinds=kinds)


def _kind(path: str) -> str:
    """The name of the page at a path; empty where there is none."""
    try:
        return str(resolve(path).view_name)
    except Resolver404:
        return ""


def _forms(
    target: str, values: dict[str, str], buttons: list[tuple[str, str]], *, letter: str, kinds: Mapping[str, str]
) -> Iterator[Form]:
    parts = urlsplit(target)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return
    filled = {each: value or fields.FORM_VALUES.get(each, "") for each, value in values.items()}
    filled.pop("csrfmiddlewaretoken", None)
    for chosen in [dict([each]) for each in buttons[:CHOICES_MOST]] or [{}]:
        yield Form(
            name=name,
            path=parts.path,
            query=tuple(parse_qsl(parts.query)),
            values={**filled, **chosen},
            letter=letter,
            kinds=kinds,
        )
