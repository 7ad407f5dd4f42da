"""One request as the generator makes it and the prober sends it, and what comes back."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.isolation.canaries import UUID
from tests.isolation.principals import Principal
from tests.isolation.routes import Route

TOKEN_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


@dataclass(frozen=True)
class Ask:
    """One request: what is asked for by whom, and which ids it names."""

    route: Route
    principal: Principal
    method: str
    path: str
    variant: str
    query: tuple[tuple[str, str], ...] = ()
    form: dict[str, str] | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    has_csrf: bool = True
    letters: frozenset[str] = frozenset()
    is_missing: bool = False

    @property
    def is_own(self) -> bool:
        """Whether everything named belongs to whom the principal may act for."""
        return not self.is_missing and self.letters <= self.principal.sees

    @property
    def is_foreign(self) -> bool:
        """Whether something of a customer is named whom the principal has nothing to do with."""
        return bool(self.letters - self.principal.knows)

    def __str__(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.principal.name}: {self.method} {self.path}{query} [{self.variant}]"


@dataclass(frozen=True)
class Answer:
    """What came back, and the SQL that it took, without values."""

    status: int
    headers: str
    text: str
    cookies: tuple[str, ...]
    reference: str
    shapes: tuple[str, ...]

    def plain(self) -> tuple[object, ...]:
        """The answer without what differs from request to request: the reference, form tokens, and ids."""
        return (self.status, self._plain(self.headers), self._plain(self.text), self.cookies)

    def _plain(self, text: str) -> str:
        text = TOKEN_FIELD.sub("", UUID.sub("-", text))
        return text.replace(self.reference, "-") if self.reference else text
