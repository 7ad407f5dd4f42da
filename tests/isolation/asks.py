"""One request as the generator makes it and the prober sends it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.isolation.principals import Principal
from tests.isolation.routes import Route


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
